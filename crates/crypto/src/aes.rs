//! AES in the four modes of Web Crypto, with keys of 128, 192 or 256 bits.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, StreamCipher};
use aes_gcm::AesGcm;
use aes_gcm::aead::consts::{U12, U16};
use aes_gcm::aead::{AeadInOut, KeyInit, Nonce, Tag};
use aes_kw::AesKw;
use ctr::Ctr128BE;
use subtle::ConstantTimeEq;

use crate::CryptoError;
use crate::cipher::{gcm_counter, gcm_tag, stream};

/// Bytes of a block.
const BLOCK_BYTES: usize = 16;
/// Bytes that wrapping adds to a key.
const WRAP_BYTES: usize = 8;

/// Runs `$body` with `$cipher` as the AES of the key's length.
macro_rules! with_aes {
    ($key:expr, $cipher:ident => $body:expr) => {
        match $key.len() {
            16 => {
                type $cipher = ::aes::Aes128;
                $body
            }
            24 => {
                type $cipher = ::aes::Aes192;
                $body
            }
            32 => {
                type $cipher = ::aes::Aes256;
                $body
            }
            bytes => Err($crate::aes::wrong_key(bytes)),
        }
    };
}
pub(crate) use with_aes;

/// The error for a key of such a length.
pub(crate) fn wrong_key(bytes: usize) -> CryptoError {
    CryptoError::operation(format!("an AES key of {} bits does not exist", bytes * 8))
}

fn wrong_iv(bytes: usize) -> CryptoError {
    CryptoError::operation(format!(
        "the iv has {bytes} bytes; it must have {BLOCK_BYTES}"
    ))
}

fn cannot_decrypt() -> CryptoError {
    CryptoError::operation(
        "Decryption failed. This could be due to a ciphertext authentication failure, bad padding, incorrect CryptoKey, or another algorithm-specific reason.",
    )
}

/// Encrypts by AES-CBC with the padding of PKCS #7.
///
/// # Errors
/// [`CryptoError::Operation`] for an `iv` of another length than 16 bytes.
pub fn cbc_encrypt(key: &[u8], iv: &[u8], message: &[u8]) -> Result<Vec<u8>, CryptoError> {
    with_aes!(key, Aes => {
        let cipher = cbc::Encryptor::<Aes>::new_from_slices(key, iv).map_err(|_| wrong_iv(iv.len()))?;
        Ok(cipher.encrypt_padded_vec::<Pkcs7>(message))
    })
}

/// Decrypts what [`cbc_encrypt`] made.
///
/// # Errors
/// [`CryptoError::Operation`] for an `iv` of another length than 16 bytes, and for bad padding.
pub fn cbc_decrypt(key: &[u8], iv: &[u8], message: &[u8]) -> Result<Vec<u8>, CryptoError> {
    with_aes!(key, Aes => {
        let cipher = cbc::Decryptor::<Aes>::new_from_slices(key, iv).map_err(|_| wrong_iv(iv.len()))?;
        cipher.decrypt_padded_vec::<Pkcs7>(message).map_err(|_| cannot_decrypt())
    })
}

/// Encrypts or decrypts by AES-CTR. The lowest `counter_bits` bits of `counter` count and wrap.
///
/// # Errors
/// [`CryptoError::Operation`] for a counter of another length than 16 bytes, for 0 or more than 128
/// bits, and for a message of more blocks than the bits can count.
pub fn ctr(
    key: &[u8],
    counter: &[u8],
    counter_bits: u32,
    message: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let start: [u8; BLOCK_BYTES] = counter.try_into().map_err(|_| wrong_iv(counter.len()))?;
    if counter_bits == 0 || counter_bits > 128 {
        return Err(CryptoError::operation(format!(
            "a counter of {counter_bits} bits is not possible; it has 1 to 128"
        )));
    }
    let mask = u128::MAX >> (128 - counter_bits);
    let start = u128::from_be_bytes(start);
    let blocks = message.len().div_ceil(BLOCK_BYTES) as u128;
    // One less on both sides: 2^128 blocks cannot be written down.
    if blocks > 0 && blocks - 1 > mask {
        return Err(CryptoError::operation(
            "the message is too long for the counter",
        ));
    }
    let before_wrap = (mask - (start & mask)).saturating_add(1);
    let split = usize::try_from(before_wrap).map_or(message.len(), |blocks| {
        blocks.saturating_mul(BLOCK_BYTES).min(message.len())
    });
    with_aes!(key, Aes => {
        let mut output = message.to_vec();
        let (first, wrapped) = output.split_at_mut(split);
        apply::<Ctr128BE<Aes>>(key, start, first);
        apply::<Ctr128BE<Aes>>(key, start & !mask, wrapped);
        Ok(output)
    })
}

fn apply<C: KeyIvInit + StreamCipher>(key: &[u8], counter: u128, message: &mut [u8]) {
    let mut cipher = C::new_from_slices(key, &counter.to_be_bytes())
        .expect("the key chose the cipher and a counter has 16 bytes");
    cipher.apply_keystream(message);
}

/// Which way GCM goes.
#[derive(Clone, Copy)]
enum Direction {
    Encrypt,
    Decrypt,
}

/// Encrypts by AES-GCM; the tag of `tag_bits` bits follows the ciphertext.
///
/// # Errors
/// [`CryptoError::Operation`] for another tag length than 32, 64, 96, 104, 112, 120 or 128 bits, and
/// for an empty `iv`.
pub fn gcm_encrypt(
    key: &[u8],
    iv: &[u8],
    extra: &[u8],
    tag_bits: u32,
    message: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    gcm(Direction::Encrypt, key, iv, extra, tag_bits, message)
}

/// Decrypts what [`gcm_encrypt`] made.
///
/// # Errors
/// As there, and [`CryptoError::Operation`] when the tag is wrong.
pub fn gcm_decrypt(
    key: &[u8],
    iv: &[u8],
    extra: &[u8],
    tag_bits: u32,
    message: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    gcm(Direction::Decrypt, key, iv, extra, tag_bits, message)
}

fn gcm(
    direction: Direction,
    key: &[u8],
    iv: &[u8],
    extra: &[u8],
    tag_bits: u32,
    message: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    if !matches!(tag_bits, 32 | 64 | 96 | 104 | 112 | 120 | 128) {
        return Err(CryptoError::operation(format!(
            "a tag of {tag_bits} bits is not possible; it has 32, 64, 96, 104, 112, 120 or 128"
        )));
    }
    if iv.is_empty() {
        // Source: workerd, whose program-visible text this is.
        return Err(CryptoError::operation("AES-GCM IV must not be empty."));
    }
    match (iv.len(), tag_bits) {
        (12, 128) => {
            with_aes!(key, C => gcm_usual::<AesGcm<C, U12>>(direction, key, iv, extra, message))
        }
        _ => gcm_in_parts(direction, key, iv, extra, tag_bits as usize / 8, message),
    }
}

/// With an iv of 12 bytes and a whole tag, which is what nearly everybody has.
fn gcm_usual<C: AeadInOut<TagSize = U16> + KeyInit>(
    direction: Direction,
    key: &[u8],
    iv: &[u8],
    extra: &[u8],
    message: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let cipher = C::new_from_slice(key).expect("the key chose the cipher");
    let nonce = Nonce::<C>::try_from(iv).expect("the iv chose the nonce");
    match direction {
        Direction::Encrypt => {
            let mut output = message.to_vec();
            let tag = cipher
                .encrypt_inout_detached(&nonce, extra, output.as_mut_slice().into())
                .map_err(|_| CryptoError::operation("the message is too long"))?;
            output.extend_from_slice(&tag);
            Ok(output)
        }
        Direction::Decrypt => {
            let (ciphertext, tag) = split_tag(message, BLOCK_BYTES)?;
            let tag = Tag::<C>::try_from(tag).expect("the tag has been cut off");
            let mut output = ciphertext.to_vec();
            cipher
                .decrypt_inout_detached(&nonce, extra, output.as_mut_slice().into(), &tag)
                .map_err(|_| cannot_decrypt())?;
            Ok(output)
        }
    }
}

/// From the parts of SP 800-38D, which have an iv of any length. A short tag is the beginning of the whole
/// one (7.1).
fn gcm_in_parts(
    direction: Direction,
    key: &[u8],
    iv: &[u8],
    extra: &[u8],
    tag_bytes: usize,
    message: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let counter = gcm_counter(key, iv)?;
    // The first block of the key stream is the tag's.
    let apply = |data| stream("gcm", key, &counter, BLOCK_BYTES as u64, data);
    match direction {
        Direction::Encrypt => {
            let mut output = apply(message)?;
            let tag = gcm_tag(key, &counter, extra, &output)?;
            output.extend_from_slice(&tag[..tag_bytes]);
            Ok(output)
        }
        Direction::Decrypt => {
            let (ciphertext, tag) = split_tag(message, tag_bytes)?;
            let whole = gcm_tag(key, &counter, extra, ciphertext)?;
            if bool::from(whole[..tag_bytes].ct_eq(tag)) {
                apply(ciphertext)
            } else {
                Err(cannot_decrypt())
            }
        }
    }
}

fn split_tag(message: &[u8], tag_bytes: usize) -> Result<(&[u8], &[u8]), CryptoError> {
    let at = message.len().checked_sub(tag_bytes);
    Ok(message.split_at(at.ok_or_else(cannot_decrypt)?))
}

/// Wraps a key by AES-KW (RFC 3394).
///
/// # Errors
/// [`CryptoError::Operation`] unless the key is 16 bytes or more, in whole blocks of 8.
pub fn wrap(key: &[u8], wrapped: &[u8]) -> Result<Vec<u8>, CryptoError> {
    if wrapped.len() < 2 * WRAP_BYTES || !wrapped.len().is_multiple_of(WRAP_BYTES) {
        return Err(CryptoError::operation(format!(
            "a key of {} bytes cannot be wrapped; AES-KW takes 16 or more, in multiples of 8",
            wrapped.len()
        )));
    }
    let mut output = vec![0; wrapped.len() + WRAP_BYTES];
    with_aes!(key, Aes => {
        let cipher = AesKw::<Aes>::new_from_slice(key).expect("the key chose the cipher");
        cipher.wrap_key(wrapped, &mut output).map_err(|_| CryptoError::operation("the key cannot be wrapped"))?;
        Ok(())
    })?;
    Ok(output)
}

/// Unwraps what [`wrap`] made.
///
/// # Errors
/// [`CryptoError::Operation`] when the integrity check fails.
pub fn unwrap(key: &[u8], wrapped: &[u8]) -> Result<Vec<u8>, CryptoError> {
    let bytes = wrapped.len().saturating_sub(WRAP_BYTES);
    if bytes < 2 * WRAP_BYTES || !bytes.is_multiple_of(WRAP_BYTES) {
        return Err(cannot_decrypt());
    }
    let mut output = vec![0; bytes];
    with_aes!(key, Aes => {
        let cipher = AesKw::<Aes>::new_from_slice(key).expect("the key chose the cipher");
        cipher.unwrap_key(wrapped, &mut output).map_err(|_| cannot_decrypt())?;
        Ok(())
    })?;
    Ok(output)
}

#[cfg(test)]
mod tests;
