use std::sync::LazyLock;

use super::{
    PublicParts, Signing, decrypt, encrypt, from_pkcs8, from_private_parts, from_public_parts,
    from_spki, generate, private_parts, public_of, public_parts, sign, verify,
};
use crate::{CryptoError, Hash};

static KEY: LazyLock<Vec<u8>> = LazyLock::new(|| generate(1024, &[1, 0, 1]).unwrap());

fn operation(text: &str) -> CryptoError {
    CryptoError::Operation(text.to_owned())
}

#[test]
fn a_new_key_has_the_modulus_and_exponent_asked_for() {
    let public = public_of(&KEY).unwrap();
    let PublicParts { n, e } = public_parts(&public).unwrap();
    assert_eq!((n.len(), n[0] >> 7, e), (128, 1, vec![1, 0, 1]));
    let three = generate(1024, &[0, 0, 3]).unwrap();
    assert_eq!(public_parts(&public_of(&three).unwrap()).unwrap().e, [3]);
}

#[test]
fn new_keys_have_1024_to_4096_bits_and_a_usual_exponent() {
    for bits in [0, 1016, 1025, 4104] {
        let text = format!(
            "The modulus length must be a multiple of 8 and between 1024 and 4096, but {bits} was requested."
        );
        assert_eq!(generate(bits, &[1, 0, 1]), Err(operation(&text)));
    }
    for exponent in [&[][..], &[0], &[1], &[2], &[17], &[1, 0, 2]] {
        assert_eq!(
            generate(1024, exponent),
            Err(operation(
                "The \"publicExponent\" must be either 3 or 65537."
            ))
        );
    }
}

#[test]
fn keys_survive_their_documents_and_numbers() {
    let public = public_of(&KEY).unwrap();
    assert_eq!(from_pkcs8(&KEY).unwrap(), *KEY);
    assert_eq!(from_spki(&public).unwrap(), public);
    assert_eq!(
        from_private_parts(&private_parts(&KEY).unwrap()).unwrap(),
        *KEY
    );
    assert_eq!(
        from_public_parts(&public_parts(&public).unwrap()).unwrap(),
        public
    );
}

#[test]
fn what_is_no_key_is_refused() {
    let refused = Err(CryptoError::Data(
        "the key is not an RSA key of 1024 to 8192 bits".to_owned(),
    ));
    assert_eq!(from_pkcs8(b""), refused);
    assert_eq!(from_spki(&KEY), refused);
    assert_eq!(
        from_public_parts(&PublicParts {
            n: vec![0xff; 64],
            e: vec![3]
        }),
        refused
    );
    assert_eq!(
        from_public_parts(&PublicParts {
            n: vec![],
            e: vec![]
        }),
        refused
    );
    let mut parts = private_parts(&KEY).unwrap();
    parts[2][0] ^= 1;
    assert_eq!(from_private_parts(&parts), refused);
}

#[test]
fn signatures_verify_until_something_changes() {
    let public = public_of(&KEY).unwrap();
    for scheme in [
        Signing::Pkcs1,
        Signing::Pss { salt_bytes: 0 },
        Signing::Pss { salt_bytes: 20 },
    ] {
        for hash in [Hash::Sha1, Hash::Sha256, Hash::Sha384] {
            let signature = sign(scheme, hash, &KEY, b"message").unwrap();
            assert_eq!(
                verify(scheme, hash, &public, &signature, b"message"),
                Ok(true)
            );
            assert_eq!(
                verify(scheme, hash, &public, &signature, b"massage"),
                Ok(false)
            );
            assert_eq!(
                verify(scheme, hash, &public, &signature[1..], b"message"),
                Ok(false)
            );
        }
    }
    let salted = sign(
        Signing::Pss { salt_bytes: 20 },
        Hash::Sha1,
        &KEY,
        b"message",
    )
    .unwrap();
    assert_eq!(
        verify(
            Signing::Pss { salt_bytes: 19 },
            Hash::Sha1,
            &public,
            &salted,
            b"message"
        ),
        Ok(false)
    );
}

#[test]
fn a_salt_fills_the_modulus_and_not_more() {
    // RFC 8017, 9.1.1: the encoded message holds digest, salt and two bytes.
    let longest = Signing::Pss {
        salt_bytes: 128 - 32 - 2,
    };
    assert_eq!(sign(longest, Hash::Sha256, &KEY, b"").unwrap().len(), 128);
    assert_eq!(
        sign(
            Signing::Pss {
                salt_bytes: 128 - 32 - 1
            },
            Hash::Sha256,
            &KEY,
            b""
        ),
        Err(operation(
            "the modulus is too short for this digest and salt"
        ))
    );
}

#[test]
fn messages_are_encrypted_up_to_their_limit() {
    // RFC 8017, 7.1.1: modulus less two digests and two bytes.
    let public = public_of(&KEY).unwrap();
    let longest = vec![7; 128 - 2 * 32 - 2];
    let encrypted = encrypt(Hash::Sha256, b"label", &public, &longest).unwrap();
    assert_eq!(
        decrypt(Hash::Sha256, b"label", &KEY, &encrypted).unwrap(),
        longest
    );
    assert_eq!(
        decrypt(Hash::Sha256, b"other", &KEY, &encrypted),
        Err(operation("Decryption failed."))
    );
    assert_eq!(
        decrypt(Hash::Sha256, b"label", &KEY, &encrypted[1..]),
        Err(operation("Decryption failed."))
    );
    assert_eq!(
        encrypt(Hash::Sha256, b"", &public, &[7; 128 - 2 * 32 - 1]),
        Err(operation("the message is too long for this key"))
    );
}
