//! RSA: keys, OAEP, PSS and PKCS #1 v1.5.
//!
//! A private key is its PKCS #8 document, a public one its SubjectPublicKeyInfo. Both are made by
//! this module, so a key that was taken in once is read again without surprise. Private operations
//! are blinded and run in constant time, as far as the crate `rsa` promises.

use pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};
use rsa::pkcs1::{
    DecodeRsaPrivateKey, DecodeRsaPublicKey, EncodeRsaPrivateKey, EncodeRsaPublicKey,
};
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use rsa::{BoxedUint, Oaep, Pkcs1v15Encrypt, Pkcs1v15Sign, Pss, RsaPrivateKey, RsaPublicKey};

use crate::hash::with_hash;
use crate::random::system;
use crate::{CryptoError, Hash};

/// Bits of the shortest modulus.
///
/// Differs: the standard leaves it open; Workers takes keys from 256 bits on, which anyone can break.
pub const MODULUS_BITS_MIN: usize = 1024;
/// Bits of the longest modulus of a new key: longer ones take minutes.
pub const GENERATED_BITS_MAX: usize = 4096;

/// How a signature is padded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    /// RSASSA-PKCS1-v1_5
    Pkcs1,
    /// RSA-PSS with a salt of any length; signatures get the longest that fits.
    PssAnySalt,
    /// RSA-PSS with a salt of this many bytes.
    Pss {
        /// Bytes of the salt.
        salt_bytes: usize,
    },
}

/// What a program may know of any key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicParts {
    /// Modulus, big-endian, without zeros in front.
    pub n: Vec<u8>,
    /// Public exponent, likewise.
    pub e: Vec<u8>,
}

/// The numbers of a private key in the order of RFC 7518, 6.3: n, e, d, p, q, dp, dq, qi.
pub type PrivateParts = [Vec<u8>; 8];

fn bad_key() -> CryptoError {
    CryptoError::data("the key is not an RSA key of 1024 to 8192 bits")
}

fn private_key(document: &[u8]) -> Result<RsaPrivateKey, CryptoError> {
    let key = RsaPrivateKey::from_pkcs8_der(document).map_err(|_| bad_key())?;
    if key.n().bits() < MODULUS_BITS_MIN as u32 {
        Err(bad_key())
    } else {
        Ok(key)
    }
}

fn public_key(document: &[u8]) -> Result<RsaPublicKey, CryptoError> {
    RsaPublicKey::from_public_key_der(document).map_err(|_| bad_key())
}

fn private_document(key: &RsaPrivateKey) -> Result<Vec<u8>, CryptoError> {
    key.to_pkcs8_der()
        .map(|document| document.as_bytes().to_vec())
        .map_err(|_| bad_key())
}

fn public_document(key: &RsaPublicKey) -> Result<Vec<u8>, CryptoError> {
    key.to_public_key_der()
        .map(|document| document.as_bytes().to_vec())
        .map_err(|_| bad_key())
}

fn number(bytes: &[u8]) -> Result<BoxedUint, CryptoError> {
    let bits = u32::try_from(bytes.len() * 8).map_err(|_| bad_key())?;
    BoxedUint::from_be_slice(bytes, bits).map_err(|_| bad_key())
}

fn minimal(number: &BoxedUint) -> Vec<u8> {
    number.to_be_bytes_trimmed_vartime().into_vec()
}

/// A new private key with the public exponent 65537 or 3. Takes from a tenth of a second to many.
///
/// # Errors
/// [`CryptoError::Operation`] for another exponent, and for a modulus that is shorter than
/// [`MODULUS_BITS_MIN`], longer than [`GENERATED_BITS_MAX`], or not of whole bytes.
pub fn generate(modulus_bits: usize, exponent: &[u8]) -> Result<Vec<u8>, CryptoError> {
    if !(MODULUS_BITS_MIN..=GENERATED_BITS_MAX).contains(&modulus_bits)
        || !modulus_bits.is_multiple_of(8)
    {
        return Err(CryptoError::operation(format!(
            "The modulus length must be a multiple of 8 and between {MODULUS_BITS_MIN} and {GENERATED_BITS_MAX}, but {modulus_bits} was requested."
        )));
    }
    let significant = exponent
        .iter()
        .position(|byte| *byte != 0)
        .map_or(&[][..], |first| &exponent[first..]);
    if !matches!(significant, [3] | [1, 0, 1]) {
        return Err(CryptoError::operation(
            "The \"publicExponent\" must be either 3 or 65537.",
        ));
    }
    let key = RsaPrivateKey::new_with_exp(&mut system(), modulus_bits, number(significant)?)
        .map_err(|_| CryptoError::operation("no such key could be made"))?;
    private_document(&key)
}

/// The same private key in the form of this module.
///
/// # Errors
/// [`CryptoError::Data`] when the document holds no valid key.
pub fn from_pkcs8(document: &[u8]) -> Result<Vec<u8>, CryptoError> {
    private_document(&private_key(document)?)
}

/// The same public key in the form of this module.
///
/// # Errors
/// [`CryptoError::Data`] when the document holds no valid key.
pub fn from_spki(document: &[u8]) -> Result<Vec<u8>, CryptoError> {
    public_document(&public_key(document)?)
}

/// The private key of its numbers; the last three are computed anew.
///
/// # Errors
/// [`CryptoError::Data`] when they do not fit each other.
pub fn from_private_parts([n, e, d, p, q, ..]: &PrivateParts) -> Result<Vec<u8>, CryptoError> {
    let bits = n.len() * 8;
    let sized = |bytes: &[u8]| {
        BoxedUint::from_be_slice(bytes, u32::try_from(bits).map_err(|_| bad_key())?)
            .map_err(|_| bad_key())
    };
    let key = RsaPrivateKey::from_components(
        number(n)?,
        number(e)?,
        sized(d)?,
        vec![sized(p)?, sized(q)?],
    )
    .map_err(|_| bad_key())?;
    from_pkcs8(&private_document(&key)?)
}

/// The public key of its numbers.
///
/// # Errors
/// [`CryptoError::Data`] when they are no key.
pub fn from_public_parts(parts: &PublicParts) -> Result<Vec<u8>, CryptoError> {
    let key = RsaPublicKey::new(number(&parts.n)?, number(&parts.e)?).map_err(|_| bad_key())?;
    public_document(&key)
}

/// The public key of a private one.
///
/// # Errors
/// [`CryptoError::Data`] when the document holds no valid key.
pub fn public_of(private: &[u8]) -> Result<Vec<u8>, CryptoError> {
    public_document(private_key(private)?.as_public_key())
}

/// Modulus and exponent of a public key.
///
/// # Errors
/// [`CryptoError::Data`] when the document holds no valid key.
pub fn public_parts(public: &[u8]) -> Result<PublicParts, CryptoError> {
    let key = public_key(public)?;
    Ok(PublicParts {
        n: minimal(key.n()),
        e: minimal(key.e()),
    })
}

/// All numbers of a private key.
///
/// # Errors
/// [`CryptoError::Data`] when the document holds no valid key.
pub fn private_parts(private: &[u8]) -> Result<PrivateParts, CryptoError> {
    let key = private_key(private)?;
    let [p, q] = key.primes() else {
        return Err(bad_key());
    };
    let (Some(dp), Some(dq), Some(qi)) = (key.dp(), key.dq(), key.crt_coefficient()) else {
        return Err(bad_key());
    };
    Ok([key.n(), key.e(), key.d(), p, q, dp, dq, &qi].map(minimal))
}

/// Signs a message.
///
/// # Errors
/// [`CryptoError::Data`] when the document holds no valid key, [`CryptoError::Operation`] when the
/// modulus is too short for digest and salt.
pub fn sign(
    scheme: Signing,
    hash: Hash,
    private: &[u8],
    message: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let key = private_key(private)?;
    let digest = hash.digest(message);
    let mut random = system();
    let signature = match scheme {
        Signing::Pkcs1 => key.sign_with_rng(&mut random, pkcs1(hash)?, &digest),
        Signing::PssAnySalt => {
            // RFC 8017, 9.1.1: the encoded message has a bit less than the modulus, and two bytes beside.
            let encoded_bytes = (key.n().bits() as usize - 1).div_ceil(8);
            let salt_bytes = encoded_bytes.saturating_sub(digest.len() + 2);
            with_hash!(hash, D => key.sign_with_rng(&mut random, Pss::<D>::new_blinded_with_salt(salt_bytes), &digest))
        }
        Signing::Pss { salt_bytes } => {
            with_hash!(hash, D => key.sign_with_rng(&mut random, Pss::<D>::new_blinded_with_salt(salt_bytes), &digest))
        }
    };
    signature
        .map_err(|_| CryptoError::operation("the modulus is too short for this digest and salt"))
}

/// Whether it is the signature of the message.
///
/// # Errors
/// [`CryptoError::Data`] when the document holds no valid key.
pub fn verify(
    scheme: Signing,
    hash: Hash,
    public: &[u8],
    signature: &[u8],
    message: &[u8],
) -> Result<bool, CryptoError> {
    let key = public_key(public)?;
    let digest = hash.digest(message);
    let verified = match scheme {
        Signing::Pkcs1 => key.verify(pkcs1(hash)?, &digest, signature),
        Signing::PssAnySalt => {
            with_hash!(hash, D => key.verify(Pss::<D> { salt_len: None, ..Pss::new() }, &digest, signature))
        }
        Signing::Pss { salt_bytes } => {
            with_hash!(hash, D => key.verify(Pss::<D>::new_with_salt(salt_bytes), &digest, signature))
        }
    };
    Ok(verified.is_ok())
}

fn pkcs1(hash: Hash) -> Result<Pkcs1v15Sign, CryptoError> {
    Ok(match hash {
        Hash::Blake2b512 | Hash::Blake2s256 => {
            return Err(CryptoError::not_supported(
                "RSA signatures over BLAKE2 are not supported",
            ));
        }
        Hash::Md5 => Pkcs1v15Sign::new::<md5::Md5>(),
        Hash::Ripemd160 => Pkcs1v15Sign::new::<ripemd::Ripemd160>(),
        Hash::Sha1 => Pkcs1v15Sign::new::<sha1::Sha1>(),
        Hash::Sha224 => Pkcs1v15Sign::new::<sha2::Sha224>(),
        Hash::Sha256 => Pkcs1v15Sign::new::<sha2::Sha256>(),
        Hash::Sha384 => Pkcs1v15Sign::new::<sha2::Sha384>(),
        Hash::Sha512 => Pkcs1v15Sign::new::<sha2::Sha512>(),
        Hash::Sha512Of224 => Pkcs1v15Sign::new::<sha2::Sha512_224>(),
        Hash::Sha512Of256 => Pkcs1v15Sign::new::<sha2::Sha512_256>(),
        Hash::Sha3Of224 => Pkcs1v15Sign::new::<sha3::Sha3_224>(),
        Hash::Sha3Of256 => Pkcs1v15Sign::new::<sha3::Sha3_256>(),
        Hash::Sha3Of384 => Pkcs1v15Sign::new::<sha3::Sha3_384>(),
        Hash::Sha3Of512 => Pkcs1v15Sign::new::<sha3::Sha3_512>(),
    })
}

/// Encrypts by RSA-OAEP.
///
/// # Errors
/// [`CryptoError::Data`] when the document holds no valid key, [`CryptoError::Operation`] when the
/// message is too long for it.
pub fn encrypt(
    hash: Hash,
    label: &[u8],
    public: &[u8],
    message: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let key = public_key(public)?;
    let encrypted = with_hash!(hash, D => key.encrypt(&mut system(), Oaep::<D>::new_with_label(label.to_vec()), message));
    encrypted.map_err(|_| CryptoError::operation("the message is too long for this key"))
}

/// Decrypts what [`encrypt`] made.
///
/// # Errors
/// [`CryptoError::Data`] when the document holds no valid key, [`CryptoError::Operation`] when the
/// message was not made for it.
pub fn decrypt(
    hash: Hash,
    label: &[u8],
    private: &[u8],
    message: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let key = private_key(private)?;
    let decrypted = with_hash!(hash, D => {
        key.decrypt_blinded(&mut system(), Oaep::<D>::new_with_label(label.to_vec()), message)
    });
    decrypted.map_err(|_| CryptoError::operation("Decryption failed."))
}

/// Encrypts with the padding of PKCS #1 v1.5.
///
/// # Errors
/// As [`encrypt`].
pub fn encrypt_pkcs1(public: &[u8], message: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let key = public_key(public)?;
    let encrypted = key.encrypt(&mut system(), Pkcs1v15Encrypt, message);
    encrypted.map_err(|_| CryptoError::operation("the message is too long for this key"))
}

/// Decrypts what [`encrypt_pkcs1`] made. Another message gives bytes that mean nothing, always the same ones: whoever
/// learns which messages fail could decrypt others.
///
/// # Errors
/// [`CryptoError::Data`] when the document holds no valid key, [`CryptoError::Operation`] when the message is none of
/// this key's length.
pub fn decrypt_pkcs1(private: &[u8], message: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let key = private_key(private)?;
    let decrypted = key.decrypt_blinded(&mut system(), Pkcs1v15Encrypt, message);
    decrypted.map_err(|_| CryptoError::operation("Decryption failed."))
}

/// "Encrypts" with the private key: the signature of PKCS #1 v1.5 over bytes that are no digest.
///
/// # Errors
/// As [`encrypt`].
pub fn sign_bytes(private: &[u8], message: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let key = private_key(private)?;
    let signed = key.sign_with_rng(&mut system(), Pkcs1v15Sign::new_unprefixed(), message);
    signed.map_err(|_| CryptoError::operation("the message is too long for this key"))
}

/// The bytes that [`sign_bytes`] signed.
///
/// # Errors
/// [`CryptoError::Data`] when the document holds no valid key, [`CryptoError::Operation`] when it is no
/// such signature.
pub fn signed_bytes(public: &[u8], signature: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let padded = apply_public(public, signature)?;
    let wrong = || CryptoError::operation("Decryption failed.");
    // RFC 8017, 9.2: 0, 1, at least eight times 255, 0, and the message.
    let ones = padded
        .iter()
        .skip(2)
        .take_while(|byte| **byte == 0xff)
        .count();
    let (head, tail) = padded.split_at_checked(2 + ones).ok_or_else(wrong)?;
    match (head, tail) {
        ([0, 1, ..], [0, message @ ..]) if ones >= 8 => Ok(message.to_vec()),
        _ => Err(wrong()),
    }
}

/// The number raised to the public exponent, without padding; as many bytes as the modulus has.
///
/// # Errors
/// [`CryptoError::Data`] when the document holds no valid key, [`CryptoError::Operation`] when the number
/// is not less than the modulus or has another length.
pub fn apply_public(public: &[u8], message: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let key = public_key(public)?;
    let number = representative(key.n(), message)?;
    let raised = rsa::hazmat::rsa_encrypt(&key, &number).map_err(|_| not_a_representative())?;
    Ok(padded_to(key.size(), &raised))
}

/// The number raised to the private exponent, without padding; as many bytes as the modulus has.
///
/// # Errors
/// As [`apply_public`].
pub fn apply_private(private: &[u8], message: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let key = private_key(private)?;
    let number = representative(key.n(), message)?;
    let raised = rsa::hazmat::rsa_decrypt_and_check(&key, Some(&mut system()), &number)
        .map_err(|_| not_a_representative())?;
    Ok(padded_to(key.size(), &raised))
}

fn not_a_representative() -> CryptoError {
    CryptoError::operation("data too large for modulus")
}

fn representative(modulus: &BoxedUint, message: &[u8]) -> Result<BoxedUint, CryptoError> {
    let precision = modulus.bits_precision();
    let number =
        BoxedUint::from_be_slice(message, precision).map_err(|_| not_a_representative())?;
    if number < *modulus {
        Ok(number)
    } else {
        Err(not_a_representative())
    }
}

fn padded_to(bytes: usize, number: &BoxedUint) -> Vec<u8> {
    let significant = minimal(number);
    let mut padded = vec![0; bytes.saturating_sub(significant.len())];
    padded.extend(significant);
    padded
}

/// The private key in an `RSAPrivateKey` document (PKCS #1), in the form of this module.
///
/// # Errors
/// [`CryptoError::Data`] when the document holds no valid key.
pub fn from_pkcs1_private(document: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let key = RsaPrivateKey::from_pkcs1_der(document).map_err(|_| bad_key())?;
    from_pkcs8(&private_document(&key)?)
}

/// The `RSAPrivateKey` document of a private key.
///
/// # Errors
/// [`CryptoError::Data`] when the document holds no valid key.
pub fn to_pkcs1_private(private: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let document = private_key(private)?
        .to_pkcs1_der()
        .map_err(|_| bad_key())?;
    Ok(document.as_bytes().to_vec())
}

/// The public key in an `RSAPublicKey` document (PKCS #1), in the form of this module.
///
/// # Errors
/// [`CryptoError::Data`] when the document holds no valid key.
pub fn from_pkcs1_public(document: &[u8]) -> Result<Vec<u8>, CryptoError> {
    public_document(&RsaPublicKey::from_pkcs1_der(document).map_err(|_| bad_key())?)
}

/// The `RSAPublicKey` document of a public key.
///
/// # Errors
/// [`CryptoError::Data`] when the document holds no valid key.
pub fn to_pkcs1_public(public: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let document = public_key(public)?.to_pkcs1_der().map_err(|_| bad_key())?;
    Ok(document.as_bytes().to_vec())
}

#[cfg(test)]
mod tests;
