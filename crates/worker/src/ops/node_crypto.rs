//! What `node:crypto` has beside Web Crypto, over `stated_crypto`.
//!
//! All of it answers at once, as Node's synchronous functions do, and holds the shard up meanwhile.

use serde_json::{Value, json};
use stated_crypto::certificate::{AlternativeName, Certificate};
use stated_crypto::cipher::{self, Direction, Family};
use stated_crypto::document::{self, Algorithm};
use stated_crypto::number::{self, Kind};
use stated_crypto::spkac::Spkac;
use stated_crypto::{derive, ec, rsa, shake};

use super::subtle::{ROUNDS_MAX, unknown};
use crate::op::{Op, OpError, OpResult};

// --- digests and derivation -----------------------------------------------------------------------

/// `shake`
pub(crate) fn shake_digest<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let name = op.text(0)?;
    match shake(&name, &op.bytes(1), op.uint(2) as usize) {
        Some(digest) => op.new_bytes(&digest),
        None => Err(unknown("digest", &name)),
    }
}

/// `pbkdf2Now`
///
/// # Errors
/// A `RangeError` for more rounds than [`ROUNDS_MAX`], counted once for each digest of output.
pub(crate) fn pbkdf2_now<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let (hash, rounds, length) = (op.hash(0)?, op.uint(3), op.uint(4) as usize);
    let work = rounds.saturating_mul(length.div_ceil(hash.digest(b"").len()) as u64);
    if work > ROUNDS_MAX {
        return Err(OpError::Error(
            "RangeError",
            format!("pbkdf2: {work} iterations are too many; the limit is {ROUNDS_MAX}"),
        ));
    }
    let derived = derive::pbkdf2(hash, &op.bytes(1), &op.bytes(2), rounds as u32, length);
    op.new_bytes(&derived)
}

/// `scrypt`
pub(crate) fn scrypt<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let (cost, block_size, parallelization) = (op.uint(2), op.uint(3) as u32, op.uint(4) as u32);
    let (password, salt, length) = (op.bytes(0), op.bytes(1), op.uint(5) as usize);
    let derived = derive::scrypt(&password, &salt, cost, block_size, parallelization, length)?;
    op.new_bytes(&derived)
}

// --- ciphers --------------------------------------------------------------------------------------

/// `cipherBlocks`
pub(crate) fn cipher_blocks<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let family = match op.text(0)?.as_str() {
        "des" => Family::Des,
        _ => Family::Aes,
    };
    let direction = if op.flag(1) {
        Direction::Encrypt
    } else {
        Direction::Decrypt
    };
    let iv = op.bytes(3);
    let iv = (!iv.is_empty()).then_some(iv.as_slice());
    let blocks = cipher::blocks(family, direction, &op.bytes(2), iv, &op.bytes(4))?;
    op.new_bytes(&blocks)
}

/// `cipherStream`
pub(crate) fn cipher_stream<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let (mode, offset) = (op.text(0)?, op.uint(3));
    let output = cipher::stream(&mode, &op.bytes(1), &op.bytes(2), offset, &op.bytes(4))?;
    op.new_bytes(&output)
}

/// `gcmCounter`
pub(crate) fn gcm_counter<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let counter = cipher::gcm_counter(&op.bytes(0), &op.bytes(1))?;
    op.new_bytes(&counter)
}

/// `gcmTag`
pub(crate) fn gcm_tag<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let tag = cipher::gcm_tag(&op.bytes(0), &op.bytes(1), &op.bytes(2), &op.bytes(3))?;
    op.new_bytes(&tag)
}

/// `poly1305Tag`
pub(crate) fn poly1305_tag<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let tag = cipher::poly1305_tag(&op.bytes(0), &op.bytes(1), &op.bytes(2), &op.bytes(3))?;
    op.new_bytes(&tag)
}

// --- keys -----------------------------------------------------------------------------------------

/// `keyAlgorithm`
pub(crate) fn key_algorithm<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let (format, bytes) = (op.text(0)?, op.bytes(1));
    let algorithm = match format.as_str() {
        "pkcs8" => document::of_pkcs8(&bytes)?,
        "sec1" => document::of_sec1(&bytes)?,
        _ => document::of_spki(&bytes)?,
    };
    Ok(op.scope.string(match algorithm {
        Algorithm::Rsa => "rsa",
        Algorithm::Ec(curve) => curve,
        Algorithm::Ed25519 => "ed25519",
        Algorithm::X25519 => "x25519",
    }))
}

/// `keyEncrypt`
pub(crate) fn key_encrypt<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let encrypted = document::encrypt(&op.bytes(0), &op.bytes(1), &op.text(2)?)?;
    op.new_bytes(&encrypted)
}

/// `keyDecrypt`
pub(crate) fn key_decrypt<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let decrypted = document::decrypt(&op.bytes(0), &op.bytes(1))?;
    op.new_bytes(&decrypted)
}

/// `ecCompress`
pub(crate) fn ec_compress<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let compressed = ec::compress(op.curve(0)?, &op.bytes(1))?;
    op.new_bytes(&compressed)
}

/// `ecdsaEncode`
pub(crate) fn ecdsa_encode<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let (curve, to, signature) = (op.curve(0)?, op.text(1)?, op.bytes(2));
    let encoded = match to.as_str() {
        "der" => ec::signature_to_der(curve, &signature)?,
        _ => ec::signature_from_der(curve, &signature)?,
    };
    op.new_bytes(&encoded)
}

/// `rsaConvert`
pub(crate) fn rsa_convert<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let (which, bytes) = (op.text(0)?, op.bytes(1));
    let converted = match which.as_str() {
        "from-pkcs1-private" => rsa::from_pkcs1_private(&bytes)?,
        "from-pkcs1-public" => rsa::from_pkcs1_public(&bytes)?,
        "to-pkcs1-private" => rsa::to_pkcs1_private(&bytes)?,
        _ => rsa::to_pkcs1_public(&bytes)?,
    };
    op.new_bytes(&converted)
}

/// `rsaGenerateNow`
pub(crate) fn rsa_generate_now<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let key = rsa::generate(op.uint(0) as usize, &op.bytes(1))?;
    op.new_bytes(&key)
}

/// `rsaApply`
pub(crate) fn rsa_apply<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let (operation, key, message) = (op.text(0)?, op.bytes(1), op.bytes(2));
    let result = match operation.as_str() {
        "encrypt" => rsa::encrypt_pkcs1(&key, &message)?,
        "decrypt" => rsa::decrypt_pkcs1(&key, &message)?,
        "sign" => rsa::sign_bytes(&key, &message)?,
        "recover" => rsa::signed_bytes(&key, &message)?,
        "public" => rsa::apply_public(&key, &message)?,
        _ => rsa::apply_private(&key, &message)?,
    };
    op.new_bytes(&result)
}

// --- numbers --------------------------------------------------------------------------------------

/// `modPower`
pub(crate) fn mod_power<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let power = number::power(&op.bytes(0), &op.bytes(1), &op.bytes(2))?;
    op.new_bytes(&power)
}

/// `primeNew`
pub(crate) fn prime_new<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let kind = if op.flag(1) { Kind::Safe } else { Kind::Any };
    let prime = number::prime(op.uint(0) as usize, kind)?;
    op.new_bytes(&prime)
}

/// `primeCheck`
pub(crate) fn prime_check<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let is_prime = number::is_prime(&op.bytes(0))?;
    Ok(op.scope.boolean(is_prime))
}

// --- certificates ---------------------------------------------------------------------------------

/// `certificateRead`
pub(crate) fn certificate_read<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let certificate = Certificate::read(&op.bytes(0))?;
    let (valid_from, valid_to) = certificate.validity_ms();
    let names = certificate.alternative_names();
    let access = certificate.authority_access();
    let fields = json!({
        "subject": certificate.subject(),
        "issuer": certificate.issuer(),
        "serialNumber": certificate.serial_number(),
        "validFrom": valid_from,
        "validTo": valid_to,
        "authority": certificate.is_authority(),
        "usages": certificate.key_usages(),
        "names": names.as_ref().map(|names| names.iter().map(kind_and_value).collect::<Vec<_>>()),
        "access": access.as_ref().map(|access| access.iter().map(access_entry).collect::<Vec<_>>()),
    });
    let text = op.scope.string(&fields.to_string());
    let key = op.scope.uint8_array(&certificate.public_key()?);
    Ok(op.scope.array(&[text, key]))
}

/// A name in OpenSSL's words.
fn kind_and_value(name: &AlternativeName) -> [&str; 2] {
    match name {
        AlternativeName::Dns(name) => ["DNS", name],
        AlternativeName::Email(address) => ["email", address],
        AlternativeName::Ip(address) => ["IP Address", address],
        AlternativeName::Uri(uri) => ["URI", uri],
        AlternativeName::Other(text) => ["other", text],
    }
}

fn access_entry((method, name): &(String, AlternativeName)) -> Value {
    let [kind, value] = kind_and_value(name);
    json!([method, kind, value])
}

/// `certificateSignedBy`
pub(crate) fn certificate_signed_by<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let signed = Certificate::read(&op.bytes(0))?.is_signed_by(&op.bytes(1))?;
    Ok(op.scope.boolean(signed))
}

/// `spkacRead`
pub(crate) fn spkac_read<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let document = Spkac::read(&op.bytes(0))?;
    let challenge = op.scope.string(&document.challenge);
    let key = op.scope.uint8_array(&document.public_key);
    // A kind of signature that is not here proves nothing.
    let signed = op.scope.boolean(document.is_signed().unwrap_or(false));
    Ok(op.scope.array(&[challenge, key, signed]))
}
