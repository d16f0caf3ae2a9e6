//! Documents that hold keys: which algorithm is in them, and their encryption with a passphrase.

use pkcs5::pbes2;
use pkcs8::der::Decode;
use pkcs8::der::asn1::ObjectIdentifier;
use pkcs8::spki::AlgorithmIdentifierRef;
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef, SubjectPublicKeyInfoRef};
use sec1::{EcParameters, EcPrivateKey};

use crate::CryptoError;
use crate::random;

/// Rounds of PBKDF2 in an encrypted document: those of OpenSSL.
const ROUNDS: u32 = 2048;
/// Rounds that a document may ask for: about five seconds.
const ROUNDS_MAX: u32 = 10_000_000;

/// What a key is for. Names are Node's, curves Web Crypto's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA of any padding.
    Rsa,
    /// A curve, by name.
    Ec(&'static str),
    /// Ed25519
    Ed25519,
    /// X25519
    X25519,
}

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const X25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.110");

fn curve(oid: ObjectIdentifier) -> Result<Algorithm, CryptoError> {
    Ok(Algorithm::Ec(match oid.to_string().as_str() {
        "1.2.840.10045.3.1.7" => "P-256",
        "1.3.132.0.33" => "P-224",
        "1.3.132.0.34" => "P-384",
        "1.3.132.0.35" => "P-521",
        "1.3.132.0.10" => "secp256k1",
        other => {
            return Err(CryptoError::data(format!(
                "the curve {other} is not supported"
            )));
        }
    }))
}

fn identified(algorithm: AlgorithmIdentifierRef<'_>) -> Result<Algorithm, CryptoError> {
    match algorithm.oid {
        RSA => Ok(Algorithm::Rsa),
        EC => curve(algorithm.parameters_oid().map_err(|_| unreadable())?),
        ED25519 => Ok(Algorithm::Ed25519),
        X25519 => Ok(Algorithm::X25519),
        other => Err(CryptoError::data(format!(
            "keys of the algorithm {other} are not supported"
        ))),
    }
}

fn unreadable() -> CryptoError {
    CryptoError::data("the document holds no key")
}

/// The algorithm of a PKCS #8 document.
///
/// # Errors
/// [`CryptoError::Data`] when it is none, or of an algorithm that is not here.
pub fn of_pkcs8(document: &[u8]) -> Result<Algorithm, CryptoError> {
    let document = PrivateKeyInfoRef::from_der(document).map_err(|_| unreadable())?;
    identified(document.algorithm)
}

/// The algorithm of a SubjectPublicKeyInfo document.
///
/// # Errors
/// As [`of_pkcs8`].
pub fn of_spki(document: &[u8]) -> Result<Algorithm, CryptoError> {
    let document = SubjectPublicKeyInfoRef::from_der(document).map_err(|_| unreadable())?;
    identified(document.algorithm)
}

/// The curve of an `ECPrivateKey` document (SEC 1).
///
/// # Errors
/// As [`of_pkcs8`], and when it does not name its curve.
pub fn of_sec1(document: &[u8]) -> Result<Algorithm, CryptoError> {
    let document = EcPrivateKey::from_der(document).map_err(|_| unreadable())?;
    match document.parameters {
        Some(EcParameters::NamedCurve(oid)) => curve(oid),
        None => Err(unreadable()),
    }
}

/// A PKCS #8 document, encrypted by PBES2: PBKDF2 with HMAC-SHA-256, and a cipher of OpenSSL's name.
///
/// # Errors
/// [`CryptoError::Data`] when it is none, [`CryptoError::NotSupported`] for other ciphers than AES and triple DES in CBC.
pub fn encrypt(document: &[u8], passphrase: &[u8], cipher: &str) -> Result<Vec<u8>, CryptoError> {
    use pbes2::EncryptionScheme;

    let iv = random::bytes::<16>();
    let encryption = match cipher {
        "aes-128-cbc" => EncryptionScheme::Aes128Cbc { iv },
        "aes-192-cbc" => EncryptionScheme::Aes192Cbc { iv },
        "aes-256-cbc" => EncryptionScheme::Aes256Cbc { iv },
        "des-ede3-cbc" => EncryptionScheme::DesEde3Cbc {
            iv: random::bytes::<8>(),
        },
        _ => {
            return Err(CryptoError::not_supported(
                "private keys are encrypted with AES or triple DES in CBC mode",
            ));
        }
    };
    let kdf = pbes2::Pbkdf2Params::hmac_sha256(ROUNDS, &random::bytes::<16>());
    let kdf = kdf.map_err(|_| unreadable())?.into();
    let document = PrivateKeyInfoRef::from_der(document).map_err(|_| unreadable())?;
    let encrypted = document
        .encrypt_with_params(pbes2::Parameters { kdf, encryption }, passphrase)
        .map_err(|_| unreadable())?;
    Ok(encrypted.as_bytes().to_vec())
}

/// Decrypts what [`encrypt`] or another implementation of PBES2 made.
///
/// # Errors
/// [`CryptoError::Data`] when it is no such document, [`CryptoError::Operation`] when the passphrase is wrong,
/// or the document wants more than [`ROUNDS_MAX`] rounds.
pub fn decrypt(document: &[u8], passphrase: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let document = EncryptedPrivateKeyInfoRef::from_der(document).map_err(|_| unreadable())?;
    let kdf = document
        .encryption_algorithm
        .pbes2()
        .map(|scheme| &scheme.kdf);
    let rounds = kdf
        .and_then(|kdf| kdf.pbkdf2())
        .map(|kdf| kdf.iteration_count);
    if rounds.is_some_and(|rounds| rounds > ROUNDS_MAX) {
        return Err(CryptoError::operation("the document wants too many rounds"));
    }
    let decrypted = document.decrypt(passphrase);
    let decrypted = decrypted.map_err(|_| CryptoError::operation("bad decrypt"))?;
    Ok(decrypted.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::{Algorithm, decrypt, encrypt, of_pkcs8, of_sec1, of_spki};
    use crate::ec::{self, Curve};
    use crate::{CryptoError, okp};

    #[test]
    fn documents_tell_their_algorithm() {
        for name in ["P-224", "P-256", "P-384", "P-521", "secp256k1"] {
            let curve = Curve::from_name(name).unwrap();
            let pair = ec::generate(curve);
            let expected = Ok(Algorithm::Ec(name));
            assert_eq!(
                of_pkcs8(&ec::to_pkcs8(curve, &pair.private).unwrap()),
                expected
            );
            assert_eq!(
                of_spki(&ec::to_spki(curve, &pair.public).unwrap()),
                expected
            );
            let sec1 = ec::to_sec1(curve, &pair.private).unwrap();
            assert_eq!(of_sec1(&sec1), expected);
            assert_eq!(ec::from_sec1(curve, &sec1), Ok(pair));
        }
        let key = okp::generate();
        for (kind, expected) in [
            (okp::Kind::Ed25519, Algorithm::Ed25519),
            (okp::Kind::X25519, Algorithm::X25519),
        ] {
            assert_eq!(of_pkcs8(&okp::to_pkcs8(kind, &key).unwrap()), Ok(expected));
        }
        let nothing = CryptoError::Data("the document holds no key".to_owned());
        assert_eq!(of_pkcs8(b"x"), Err(nothing.clone()));
        assert_eq!(of_spki(b""), Err(nothing.clone()));
        assert_eq!(of_sec1(&[0x30, 0]), Err(nothing));
    }

    #[test]
    fn a_document_is_opened_by_its_passphrase_alone() {
        let document = ec::to_pkcs8(Curve::P256, &ec::generate(Curve::P256).private).unwrap();
        for cipher in ["aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "des-ede3-cbc"] {
            let encrypted = encrypt(&document, b"secret", cipher).unwrap();
            assert_eq!(decrypt(&encrypted, b"secret").as_ref(), Ok(&document));
            assert_eq!(
                decrypt(&encrypted, b"another"),
                Err(CryptoError::Operation("bad decrypt".to_owned()))
            );
        }
        assert_eq!(
            encrypt(&document, b"secret", "aes-128-ctr"),
            Err(CryptoError::NotSupported(
                "private keys are encrypted with AES or triple DES in CBC mode".to_owned()
            ))
        );
    }

    #[test]
    fn a_document_of_older_algorithms_is_opened() {
        // `openssl pkcs8 -topk8 -v2 des3 -v2prf hmacWithSHA1 -passout pass:secret`, and what it was made of.
        let encrypted = hex::decode(concat!(
            "3081d5304006092a864886f70d01050d3033301b06092a864886f70d01050c300e0408692100158c1fe7c10202",
            "0800301406082a864886f70d03070408756540c81cb8e70c0481901aa34cf7e5d685556d9d6cba489dd558d46a",
            "749dbaa93f03c00eb3303c30dfa2ca667671c7f2657e62c232839ac84233b95ca3a2a935f2636a89f4d85c3ade",
            "98bb558c3ec90dae4b71b6b2bd1810e9c4c67693ab86d9edbff254a88f764c3091b716d664ea9522873d161d79",
            "c7b9085727ffbc85bd5bc6d1d7363005672c1e9a84d6777f20d5cf11825ad69ad38c6805"
        ));
        let made_of = hex::decode(concat!(
            "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b02010104209d358e63bec0a1361a",
            "503567e440f1f9ef473e8cadb6b76229163e36fa17b10da14403420004f4aff26cfcc8041e5e2c1acb816a0ff9",
            "0e67aaad5a2372d0f38221ae1e6b727101710c15702e3bdc5694126bd67f69b8f0042215fc6b9f603e8f18b5d4",
            "1eac4e"
        ));
        assert_eq!(
            decrypt(&encrypted.unwrap(), b"secret").unwrap(),
            made_of.unwrap()
        );
    }
}
