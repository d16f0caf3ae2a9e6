//! HMAC (RFC 2104).

use hmac::{KeyInit, Mac};

use crate::Hash;
use crate::hash::with_mac;

/// The code of a message.
pub fn sign(hash: Hash, key: &[u8], message: &[u8]) -> Vec<u8> {
    with_mac!(hash, M => {
        let mut mac = <M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
        mac.update(message);
        mac.finalize().into_bytes().to_vec()
    })
}

/// Whether `code` is the whole code of the message; compared in constant time.
pub fn verify(hash: Hash, key: &[u8], code: &[u8], message: &[u8]) -> bool {
    with_mac!(hash, M => {
        let mut mac = <M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
        mac.update(message);
        mac.verify_slice(code).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::{sign, verify};
    use crate::Hash;

    #[test]
    fn codes_are_those_of_rfc_4231_case_2() {
        let message = b"what do ya want for nothing?";
        let codes = [
            (
                Hash::Sha256,
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                Hash::Sha384,
                "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
            ),
            (
                Hash::Sha512,
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
                 9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            ),
        ];
        for (hash, code) in codes {
            assert_eq!(hex::encode(sign(hash, b"Jefe", message)), code);
        }
    }

    #[test]
    fn codes_are_those_of_rfc_2202_case_2() {
        let message = b"what do ya want for nothing?";
        assert_eq!(
            hex::encode(sign(Hash::Sha1, b"Jefe", message)),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
        );
        assert_eq!(
            hex::encode(sign(Hash::Md5, b"Jefe", message)),
            "750c783e6ab0b503eaa86e310a5db738"
        );
    }

    #[test]
    fn a_changed_or_shortened_code_does_not_verify() {
        let code = sign(Hash::Sha256, b"key", b"message");
        assert!(verify(Hash::Sha256, b"key", &code, b"message"));
        assert!(!verify(Hash::Sha256, b"key", &code, b"massage"));
        assert!(!verify(Hash::Sha256, b"key", &code[..31], b"message"));
        assert!(!verify(Hash::Sha256, b"other", &code, b"message"));
        assert!(!verify(Hash::Sha256, b"key", b"", b"message"));
    }
}
