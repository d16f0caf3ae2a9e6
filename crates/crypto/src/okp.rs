//! Ed25519 signatures and X25519 agreement (RFC 8032, RFC 7748), with keys of 32 bytes.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::{Decode, Encode};
use pkcs8::spki::{AlgorithmIdentifierRef, ObjectIdentifier};
use pkcs8::{PrivateKeyInfoRef, SubjectPublicKeyInfoRef};

use crate::{CryptoError, random};

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Signatures.
    Ed25519,
    /// Key agreement.
    X25519,
}

/// Bytes of a key of either kind.
pub const KEY_BYTES: usize = 32;

impl Kind {
    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "Ed25519" => Self::Ed25519,
            "X25519" => Self::X25519,
            _ => return None,
        })
    }

    // Source: RFC 8410, 3. The parameters are absent.
    fn algorithm(self) -> AlgorithmIdentifierRef<'static> {
        let oid = match self {
            Self::X25519 => ObjectIdentifier::new_unwrap("1.3.101.110"),
            Self::Ed25519 => ObjectIdentifier::new_unwrap("1.3.101.112"),
        };
        AlgorithmIdentifierRef {
            oid,
            parameters: None,
        }
    }
}

fn bad_key() -> CryptoError {
    CryptoError::data("the key is not one of this algorithm")
}

fn key_bytes(bytes: &[u8]) -> Result<[u8; KEY_BYTES], CryptoError> {
    bytes.try_into().map_err(|_| {
        CryptoError::data(format!(
            "the key has {} bytes; it must have {KEY_BYTES}",
            bytes.len()
        ))
    })
}

/// A new private key.
pub fn generate() -> [u8; KEY_BYTES] {
    random::bytes()
}

/// The public key of a private one.
///
/// # Errors
/// [`CryptoError::Data`] when the key has another length than 32 bytes.
pub fn public_of(kind: Kind, private: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let private = key_bytes(private)?;
    Ok(match kind {
        Kind::Ed25519 => SigningKey::from_bytes(&private)
            .verifying_key()
            .to_bytes()
            .to_vec(),
        Kind::X25519 => {
            x25519_dalek::x25519(private, x25519_dalek::X25519_BASEPOINT_BYTES).to_vec()
        }
    })
}

/// The private key in a PKCS #8 document.
///
/// # Errors
/// [`CryptoError::Data`] when it holds no key of this kind.
pub fn from_pkcs8(kind: Kind, document: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let info = PrivateKeyInfoRef::from_der(document).map_err(|_| bad_key())?;
    if info.algorithm != kind.algorithm() {
        return Err(bad_key());
    }
    let inner = <&OctetStringRef>::from_der(info.private_key.as_bytes()).map_err(|_| bad_key())?;
    Ok(key_bytes(inner.as_bytes())?.to_vec())
}

/// The public key in a SubjectPublicKeyInfo document.
///
/// # Errors
/// [`CryptoError::Data`] when it holds no key of this kind.
pub fn from_spki(kind: Kind, document: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let info = SubjectPublicKeyInfoRef::from_der(document).map_err(|_| bad_key())?;
    if info.algorithm != kind.algorithm() {
        return Err(bad_key());
    }
    Ok(key_bytes(info.subject_public_key.as_bytes().ok_or_else(bad_key)?)?.to_vec())
}

/// The PKCS #8 document of a private key.
///
/// # Errors
/// [`CryptoError::Data`] when the key has another length than 32 bytes.
pub fn to_pkcs8(kind: Kind, private: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let private = key_bytes(private)?;
    let inner = OctetStringRef::new(&private)
        .and_then(|key| key.to_der())
        .map_err(|_| bad_key())?;
    let inner = OctetStringRef::new(&inner).map_err(|_| bad_key())?;
    PrivateKeyInfoRef::new(kind.algorithm(), inner)
        .to_der()
        .map_err(|_| bad_key())
}

/// The SubjectPublicKeyInfo document of a public key.
///
/// # Errors
/// [`CryptoError::Data`] when the key has another length than 32 bytes.
pub fn to_spki(kind: Kind, public: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let public = key_bytes(public)?;
    let subject_public_key =
        pkcs8::der::asn1::BitStringRef::from_bytes(&public).map_err(|_| bad_key())?;
    SubjectPublicKeyInfoRef {
        algorithm: kind.algorithm(),
        subject_public_key,
    }
    .to_der()
    .map_err(|_| bad_key())
}

/// The Ed25519 signature of a message.
///
/// # Errors
/// [`CryptoError::Data`] when the key has another length than 32 bytes.
pub fn sign(private: &[u8], message: &[u8]) -> Result<Vec<u8>, CryptoError> {
    Ok(SigningKey::from_bytes(&key_bytes(private)?)
        .sign(message)
        .to_bytes()
        .to_vec())
}

/// Whether it is the Ed25519 signature of the message. A key that is no point verifies nothing, and
/// neither does one of small order.
pub fn verify(public: &[u8], signature: &[u8], message: &[u8]) -> bool {
    let (Ok(public), Ok(signature)) = (key_bytes(public), Signature::from_slice(signature)) else {
        return false;
    };
    VerifyingKey::from_bytes(&public)
        .is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
}

/// The X25519 secret.
///
/// # Errors
/// [`CryptoError::Data`] when a key has another length than 32 bytes, [`CryptoError::Operation`] when
/// the secret would be zero, which it is for points of small order.
pub fn agree(private: &[u8], public: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let secret = x25519_dalek::StaticSecret::from(key_bytes(private)?);
    let shared = secret.diffie_hellman(&x25519_dalek::PublicKey::from(key_bytes(public)?));
    if !shared.was_contributory() {
        return Err(CryptoError::operation(
            "the public key is a point of small order",
        ));
    }
    Ok(shared.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::{Kind, agree, from_pkcs8, from_spki, public_of, sign, to_pkcs8, to_spki, verify};
    use crate::CryptoError;

    fn bytes(text: &str) -> Vec<u8> {
        hex::decode(text).unwrap()
    }

    // RFC 8032, 7.1: secret key, public key, message, signature of the tests 1 to 3.
    const SIGNATURES: [[&str; 4]; 3] = [
        [
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155\
             5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ],
        [
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ],
        [
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac\
             18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ],
    ];

    #[test]
    fn signatures_are_those_of_rfc_8032() {
        for [private, public, message, signature] in SIGNATURES.map(|case| case.map(bytes)) {
            assert_eq!(public_of(Kind::Ed25519, &private).unwrap(), public);
            assert_eq!(sign(&private, &message).unwrap(), signature);
            assert!(verify(&public, &signature, &message));
            assert!(!verify(&public, &signature, b"another message"));
            assert!(!verify(&public, &signature[..63], &message));
            assert!(!verify(&public[..31], &signature, &message));
        }
    }

    #[test]
    fn a_key_of_small_order_verifies_nothing() {
        let identity = bytes("0100000000000000000000000000000000000000000000000000000000000000");
        let mut signature = identity.clone();
        signature.extend([0; 32]);
        assert!(!verify(&identity, &signature, b"anything"));
    }

    #[test]
    fn public_keys_are_those_of_rfc_7748_6_1() {
        let [bob, bob_public] = [
            "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
        ]
        .map(bytes);
        assert_eq!(public_of(Kind::X25519, &bob).unwrap(), bob_public);
    }

    #[test]
    fn agreement_is_that_of_rfc_7748_5_2() {
        let [scalar, point, output] = [
            "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
            "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
        ]
        .map(bytes);
        assert_eq!(agree(&scalar, &point).unwrap(), output);
    }

    #[test]
    fn a_point_of_small_order_agrees_with_nobody() {
        assert_eq!(
            agree(&[9; 32], &[0; 32]),
            Err(CryptoError::Operation(
                "the public key is a point of small order".to_owned()
            ))
        );
    }

    #[test]
    fn documents_are_those_of_rfc_8410() {
        // 10.1 and 10.3.
        let public = bytes("19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
        let private = bytes("d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842");
        let spki = [bytes("302a300506032b6570032100"), public.clone()].concat();
        let pkcs8 = [bytes("302e020100300506032b657004220420"), private.clone()].concat();
        assert_eq!(public_of(Kind::Ed25519, &private).unwrap(), public);
        assert_eq!(to_spki(Kind::Ed25519, &public).unwrap(), spki);
        assert_eq!(to_pkcs8(Kind::Ed25519, &private).unwrap(), pkcs8);
        assert_eq!(from_spki(Kind::Ed25519, &spki).unwrap(), public);
        assert_eq!(from_pkcs8(Kind::Ed25519, &pkcs8).unwrap(), private);
        assert!(from_spki(Kind::X25519, &spki).is_err());
        assert!(from_pkcs8(Kind::X25519, &pkcs8).is_err());
        assert!(from_pkcs8(Kind::Ed25519, &pkcs8[..47]).is_err());
    }

    #[test]
    fn keys_have_32_bytes() {
        assert_eq!(
            public_of(Kind::X25519, &[0; 31]),
            Err(CryptoError::Data(
                "the key has 31 bytes; it must have 32".to_owned()
            ))
        );
        assert_eq!(public_of(Kind::X25519, &[0; 32]).unwrap().len(), 32);
        assert!(sign(&[0; 33], b"").is_err());
    }
}
