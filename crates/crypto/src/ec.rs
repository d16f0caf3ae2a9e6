//! The NIST curves and secp256k1: keys, ECDSA and ECDH.
//!
//! A private key is its scalar in big-endian bytes of the curve's length, a public key its
//! uncompressed point. Signatures are `r` and `s` one after the other (IEEE P1363).

use pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};

use crate::random::system;
use crate::{CryptoError, Hash};

/// A curve of SP 800-186, or Bitcoin's. Web Crypto has neither that one nor P-224.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// secp256k1
    K256,
    /// P-224
    P224,
    /// P-256
    P256,
    /// P-384
    P384,
    /// P-521
    P521,
}

/// A private key and its public one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPair {
    /// The scalar.
    pub private: Vec<u8>,
    /// The uncompressed point.
    pub public: Vec<u8>,
}

/// Runs `$body` with `$module` as the crate of the curve.
macro_rules! on_curve {
    ($curve:expr, $module:ident => $body:expr) => {
        match $curve {
            Curve::K256 => {
                use k256::{self as $module};
                $body
            }
            Curve::P224 => {
                use p224::{self as $module};
                $body
            }
            Curve::P256 => {
                use p256::{self as $module};
                $body
            }
            Curve::P384 => {
                use p384::{self as $module};
                $body
            }
            Curve::P521 => {
                use p521::{self as $module};
                $body
            }
        }
    };
}

/// The uncompressed point of a public key.
macro_rules! uncompressed {
    ($key:expr) => {{
        use p256::elliptic_curve::sec1::ToSec1Point;
        $key.to_sec1_point(false).as_bytes().to_vec()
    }};
}

/// The pair of a secret key.
macro_rules! pair {
    ($nist:ident, $secret:expr) => {{
        let secret: $nist::SecretKey = $secret;
        KeyPair {
            public: uncompressed!(secret.public_key()),
            private: secret.to_bytes().to_vec(),
        }
    }};
}

impl Curve {
    /// The curve of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "secp256k1" => Self::K256,
            "P-224" => Self::P224,
            "P-256" => Self::P256,
            "P-384" => Self::P384,
            "P-521" => Self::P521,
            _ => return None,
        })
    }

    /// Bytes of a coordinate or scalar.
    pub fn field_bytes(self) -> usize {
        match self {
            Self::P224 => 28,
            Self::K256 | Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

fn bad_private_key() -> CryptoError {
    CryptoError::data("the private key is not one of this curve")
}

fn bad_public_key() -> CryptoError {
    CryptoError::data("the public key is not a point of this curve")
}

/// A new key.
pub fn generate(curve: Curve) -> KeyPair {
    use p256::elliptic_curve::Generate;

    on_curve!(curve, nist => pair!(nist, nist::SecretKey::generate_from_rng(&mut system())))
}

/// The pair of a scalar.
///
/// # Errors
/// [`CryptoError::Data`] when the scalar is not in the curve's range or has another length.
pub fn from_scalar(curve: Curve, scalar: &[u8]) -> Result<KeyPair, CryptoError> {
    if scalar.len() != curve.field_bytes() {
        return Err(bad_private_key());
    }
    on_curve!(curve, nist => Ok(pair!(nist, nist::SecretKey::from_slice(scalar).map_err(|_| bad_private_key())?)))
}

/// The uncompressed form of a point, which may be compressed.
///
/// # Errors
/// [`CryptoError::Data`] when it is no point of the curve.
pub fn from_point(curve: Curve, point: &[u8]) -> Result<Vec<u8>, CryptoError> {
    on_curve!(curve, nist => {
        nist::PublicKey::from_sec1_bytes(point).map(|key| uncompressed!(key)).map_err(|_| bad_public_key())
    })
}

/// The pair in a PKCS #8 document.
///
/// # Errors
/// [`CryptoError::Data`] when it holds no key of this curve.
pub fn from_pkcs8(curve: Curve, document: &[u8]) -> Result<KeyPair, CryptoError> {
    on_curve!(curve, nist => {
        Ok(pair!(nist, nist::SecretKey::from_pkcs8_der(document).map_err(|_| bad_private_key())?))
    })
}

/// The point in a SubjectPublicKeyInfo document.
///
/// # Errors
/// [`CryptoError::Data`] when it holds no key of this curve.
pub fn from_spki(curve: Curve, document: &[u8]) -> Result<Vec<u8>, CryptoError> {
    on_curve!(curve, nist => {
        nist::PublicKey::from_public_key_der(document).map(|key| uncompressed!(key)).map_err(|_| bad_public_key())
    })
}

/// The PKCS #8 document of a scalar.
///
/// # Errors
/// [`CryptoError::Data`] as in [`from_scalar`].
pub fn to_pkcs8(curve: Curve, scalar: &[u8]) -> Result<Vec<u8>, CryptoError> {
    on_curve!(curve, nist => {
        let key = nist::SecretKey::from_slice(scalar).map_err(|_| bad_private_key())?;
        key.to_pkcs8_der().map(|document| document.as_bytes().to_vec()).map_err(|_| bad_private_key())
    })
}

/// The SubjectPublicKeyInfo document of a point.
///
/// # Errors
/// [`CryptoError::Data`] as in [`from_point`].
pub fn to_spki(curve: Curve, point: &[u8]) -> Result<Vec<u8>, CryptoError> {
    on_curve!(curve, nist => {
        let key = nist::PublicKey::from_sec1_bytes(point).map_err(|_| bad_public_key())?;
        key.to_public_key_der().map(|document| document.as_bytes().to_vec()).map_err(|_| bad_public_key())
    })
}

/// The pair in an `ECPrivateKey` document (SEC 1), whose curve the caller knows.
///
/// # Errors
/// [`CryptoError::Data`] when it holds no key of this curve.
pub fn from_sec1(curve: Curve, document: &[u8]) -> Result<KeyPair, CryptoError> {
    on_curve!(curve, nist => {
        Ok(pair!(nist, nist::SecretKey::from_sec1_der(document).map_err(|_| bad_private_key())?))
    })
}

/// The `ECPrivateKey` document (SEC 1) of a scalar, with its curve and public key.
///
/// # Errors
/// [`CryptoError::Data`] as in [`from_scalar`].
pub fn to_sec1(curve: Curve, scalar: &[u8]) -> Result<Vec<u8>, CryptoError> {
    on_curve!(curve, nist => {
        let key = nist::SecretKey::from_slice(scalar).map_err(|_| bad_private_key())?;
        key.to_sec1_der().map(|document| document.to_vec()).map_err(|_| bad_private_key())
    })
}

/// A signature of [`sign`] as the SEQUENCE of two INTEGERs that X.509 and OpenSSL have.
///
/// # Errors
/// [`CryptoError::Data`] when it is no signature of this curve.
pub fn signature_to_der(curve: Curve, signature: &[u8]) -> Result<Vec<u8>, CryptoError> {
    on_curve!(curve, nist => {
        let signature = nist::ecdsa::Signature::from_slice(signature).map_err(|_| bad_signature())?;
        Ok(signature.to_der().as_bytes().to_vec())
    })
}

/// The reverse of [`signature_to_der`].
///
/// # Errors
/// [`CryptoError::Data`] when it is no signature of this curve.
pub fn signature_from_der(curve: Curve, signature: &[u8]) -> Result<Vec<u8>, CryptoError> {
    on_curve!(curve, nist => {
        let signature = nist::ecdsa::Signature::from_der(signature).map_err(|_| bad_signature())?;
        Ok(signature.to_bytes().to_vec())
    })
}

fn bad_signature() -> CryptoError {
    CryptoError::data("the signature is not one of this curve")
}

/// The compressed form of a point.
///
/// # Errors
/// [`CryptoError::Data`] as in [`from_point`].
pub fn compress(curve: Curve, point: &[u8]) -> Result<Vec<u8>, CryptoError> {
    use p256::elliptic_curve::sec1::ToSec1Point;

    on_curve!(curve, nist => {
        let key = nist::PublicKey::from_sec1_bytes(point).map_err(|_| bad_public_key())?;
        Ok(key.to_sec1_point(true).as_bytes().to_vec())
    })
}

/// The ECDSA signature of a message.
///
/// # Errors
/// [`CryptoError::Data`] as in [`from_scalar`].
pub fn sign(
    curve: Curve,
    hash: Hash,
    scalar: &[u8],
    message: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    use p256::ecdsa::signature::hazmat::PrehashSigner;

    let digest = digest_of_field(curve, hash, message);
    on_curve!(curve, nist => {
        let key = nist::ecdsa::SigningKey::from_slice(scalar).map_err(|_| bad_private_key())?;
        let signature: nist::ecdsa::Signature =
            key.sign_prehash(&digest).map_err(|_| CryptoError::operation("the message cannot be signed"))?;
        Ok(signature.to_bytes().to_vec())
    })
}

/// Whether it is the ECDSA signature of the message.
///
/// # Errors
/// [`CryptoError::Data`] as in [`from_point`].
pub fn verify(
    curve: Curve,
    hash: Hash,
    point: &[u8],
    signature: &[u8],
    message: &[u8],
) -> Result<bool, CryptoError> {
    use p256::ecdsa::signature::hazmat::PrehashVerifier;

    let digest = digest_of_field(curve, hash, message);
    on_curve!(curve, nist => {
        let key = nist::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(|_| bad_public_key())?;
        let signature = nist::ecdsa::Signature::from_slice(signature);
        // Either of the two numbers that fit makes a signature; the crate of secp256k1 knows only Bitcoin's choice.
        let chosen = signature.map(|signature| signature.normalize_s());
        Ok(chosen.is_ok_and(|signature| key.verify_prehash(&digest, &signature).is_ok()))
    })
}

/// The digest as ECDSA takes it: at least as long as the field.
///
/// The standard reads a shorter digest as a number, so zeros in front change nothing; the crate
/// refuses digests of less than half the field, which Web Crypto allows.
fn digest_of_field(curve: Curve, hash: Hash, message: &[u8]) -> Vec<u8> {
    let digest = hash.digest(message);
    let mut padded = vec![0; curve.field_bytes().saturating_sub(digest.len())];
    padded.extend(digest);
    padded
}

/// The ECDH secret: the first coordinate of the common point.
///
/// # Errors
/// [`CryptoError::Data`] as in [`from_scalar`] and [`from_point`].
pub fn agree(curve: Curve, scalar: &[u8], point: &[u8]) -> Result<Vec<u8>, CryptoError> {
    on_curve!(curve, nist => {
        let private = nist::SecretKey::from_slice(scalar).map_err(|_| bad_private_key())?;
        let public = nist::PublicKey::from_sec1_bytes(point).map_err(|_| bad_public_key())?;
        Ok(private.diffie_hellman(&public).raw_secret_bytes().to_vec())
    })
}

#[cfg(test)]
mod tests;
