//! Block and stream ciphers piece by piece, as Node's ciphers run them: without padding, at any
//! offset of a key stream, and with the tag of an authenticated mode apart from its ciphertext.
//!
//! A caller that feeds pieces keeps the chaining value, the offset and what the tag is over. Nothing
//! is remembered here between two calls.

use aes::cipher::consts::U16;
use aes::cipher::{
    Block, BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, KeyInit,
    KeyIvInit, StreamCipher, StreamCipherSeek,
};
use chacha20::ChaCha20;
use ctr::{Ctr32BE, Ctr128BE};
use des::{TdesEde2, TdesEde3};
use ghash::GHash;
use ghash::universal_hash::UniversalHash;
use ofb::Ofb;
use poly1305::Poly1305;

use crate::CryptoError;
use crate::aes::with_aes;

/// Which way a cipher goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To ciphertext.
    Encrypt,
    /// To plaintext.
    Decrypt,
}

/// A tag of GCM or Poly1305.
pub type Tag = [u8; 16];

fn wrong_key(bytes: usize) -> CryptoError {
    CryptoError::operation(format!("a key of {bytes} bytes does not exist"))
}

fn wrong_iv() -> CryptoError {
    CryptoError::operation("Invalid initialization vector")
}

/// Runs `$body` with `$cipher` as the triple DES of the key's length.
macro_rules! with_des {
    ($key:expr, $cipher:ident => $body:expr) => {
        match $key.len() {
            16 => {
                type $cipher = TdesEde2;
                $body
            }
            24 => {
                type $cipher = TdesEde3;
                $body
            }
            bytes => Err(wrong_key(bytes)),
        }
    };
}

/// A block cipher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// AES with a key of 16, 24 or 32 bytes.
    Aes,
    /// Triple DES with a key of 16 or 24 bytes.
    Des,
}

/// Runs whole blocks by CBC, or by ECB without an `iv`. What does not fill a block stays as it is.
///
/// # Errors
/// [`CryptoError::Operation`] for a key or an `iv` of a length that the cipher does not have.
pub fn blocks(
    family: Family,
    direction: Direction,
    key: &[u8],
    iv: Option<&[u8]>,
    data: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    match family {
        Family::Aes => with_aes!(key, C => blocks_by::<C>(direction, key, iv, data)),
        Family::Des => with_des!(key, C => blocks_by::<C>(direction, key, iv, data)),
    }
}

fn blocks_by<C: BlockCipherEncrypt + BlockCipherDecrypt + KeyInit>(
    direction: Direction,
    key: &[u8],
    iv: Option<&[u8]>,
    data: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let mut output = data.to_vec();
    let (blocks, _) = Block::<C>::slice_as_chunks_mut(&mut output);
    let cipher = C::new_from_slice(key).map_err(|_| wrong_key(key.len()))?;
    match (direction, iv) {
        (Direction::Encrypt, None) => cipher.encrypt_blocks(blocks),
        (Direction::Decrypt, None) => cipher.decrypt_blocks(blocks),
        (Direction::Encrypt, Some(iv)) => cbc::Encryptor::<C>::new_from_slices(key, iv)
            .map_err(|_| wrong_iv())?
            .encrypt_blocks(blocks),
        (Direction::Decrypt, Some(iv)) => cbc::Decryptor::<C>::new_from_slices(key, iv)
            .map_err(|_| wrong_iv())?
            .decrypt_blocks(blocks),
    }
    Ok(output)
}

/// Applies a key stream of AES or ChaCha20 from its byte `offset` on. `mode` is `ctr`, `gcm`, which
/// counts in the last 32 bits, `ofb`, whose offset must be 0, or `chacha20`, whose counter begins at 0.
///
/// # Errors
/// [`CryptoError::Operation`] for a key or an `iv` of a length that the cipher does not have, and for an
/// offset past the end of the key stream.
pub fn stream(
    mode: &str,
    key: &[u8],
    iv: &[u8],
    offset: u64,
    data: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    match mode {
        "chacha20" => seek::<ChaCha20>(key, iv, offset, data),
        "ctr" => with_aes!(key, C => seek::<Ctr128BE<C>>(key, iv, offset, data)),
        "gcm" => with_aes!(key, C => seek::<Ctr32BE<C>>(key, iv, offset, data)),
        "ofb" => with_aes!(key, C => {
            let mut output = data.to_vec();
            Ofb::<C>::new_from_slices(key, iv).map_err(|_| wrong_iv())?.apply_keystream(&mut output);
            Ok(output)
        }),
        _ => Err(CryptoError::not_supported(format!(
            "there is no mode {mode}"
        ))),
    }
}

fn seek<C: KeyIvInit + StreamCipher + StreamCipherSeek>(
    key: &[u8],
    iv: &[u8],
    offset: u64,
    data: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let too_long = |_| CryptoError::operation("the message is too long for the counter");
    let mut cipher = C::new_from_slices(key, iv).map_err(|_| wrong_iv())?;
    let mut output = data.to_vec();
    cipher.try_seek(offset).map_err(too_long)?;
    cipher.try_apply_keystream(&mut output).map_err(too_long)?;
    Ok(output)
}

/// GHASH under the key's block of zeros.
fn ghash(key: &[u8], parts: &[&[u8]], lengths: [usize; 2]) -> Result<Tag, CryptoError> {
    let mut zero = Block::<aes::Aes128>::default();
    with_aes!(key, C => {
        let cipher = <C as KeyInit>::new_from_slice(key).map_err(|_| wrong_key(key.len()))?;
        encrypt_block(&cipher, &mut zero);
        Ok(())
    })?;
    let mut state = GHash::new(&zero);
    for part in parts {
        state.update_padded(part);
    }
    let mut last = [0; 16];
    for (half, length) in last.chunks_exact_mut(8).zip(lengths) {
        half.copy_from_slice(&(length as u64 * 8).to_be_bytes());
    }
    state.update(&[last.into()]);
    Ok(state.finalize().into())
}

/// One block of a cipher with any block size; only those of 16 bytes come here.
fn encrypt_block<C: BlockCipherEncrypt>(cipher: &C, block: &mut Block<aes::Aes128>) {
    let (blocks, _) = Block::<C>::slice_as_chunks_mut(block.as_mut_slice());
    cipher.encrypt_blocks(blocks);
}

/// The counter of AES-GCM that an `iv` of any length begins with (SP 800-38D, 7.1, step 2).
///
/// # Errors
/// [`CryptoError::Operation`] for an empty `iv` and for a key that AES does not have.
pub fn gcm_counter(key: &[u8], iv: &[u8]) -> Result<Tag, CryptoError> {
    if iv.is_empty() {
        return Err(wrong_iv());
    }
    if iv.len() == 12 {
        let mut counter = [0; 16];
        counter[..12].copy_from_slice(iv);
        counter[15] = 1;
        return Ok(counter);
    }
    ghash(key, &[iv], [0, iv.len()])
}

/// The tag of AES-GCM over what is not encrypted and the ciphertext.
///
/// # Errors
/// [`CryptoError::Operation`] for a key that AES does not have.
pub fn gcm_tag(
    key: &[u8],
    counter: &[u8],
    extra: &[u8],
    ciphertext: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let hash = ghash(key, &[extra, ciphertext], [extra.len(), ciphertext.len()])?;
    stream("gcm", key, counter, 0, &hash)
}

/// The tag of ChaCha20-Poly1305 (RFC 8439, 2.8) over what is not encrypted and the ciphertext.
///
/// # Errors
/// [`CryptoError::Operation`] for another key than one of 32 bytes, or another nonce than one of 12.
pub fn poly1305_tag(
    key: &[u8],
    nonce: &[u8],
    extra: &[u8],
    ciphertext: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let one_time = stream("chacha20", key, nonce, 0, &[0; 32])?;
    let mut state = Poly1305::new_from_slice(&one_time).expect("its key has 32 bytes");
    state.update_padded(extra);
    state.update_padded(ciphertext);
    let mut last = ghash::universal_hash::common::array::Array::<u8, U16>::default();
    last[..8].copy_from_slice(&(extra.len() as u64).to_le_bytes());
    last[8..].copy_from_slice(&(ciphertext.len() as u64).to_le_bytes());
    state.update(&[last]);
    Ok(state.finalize().to_vec())
}

#[cfg(test)]
mod tests {
    use super::{Direction, Family, blocks, gcm_counter, gcm_tag, poly1305_tag, stream};
    use crate::{CryptoError, aes};

    fn bytes(text: &str) -> Vec<u8> {
        hex::decode(text).unwrap()
    }

    #[test]
    fn modes_give_the_vectors_of_sp_800_38a() {
        let key = bytes("2b7e151628aed2a6abf7158809cf4f3c");
        let iv = bytes("000102030405060708090a0b0c0d0e0f");
        let plain = bytes("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
        let cbc = "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2";
        let ecb = "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf";
        let ofb = "3b3fd92eb72dad20333449f8e83cfb4a7789508d16918f03f53c52dac54ed825";

        for (iv, expected) in [(Some(iv.as_slice()), cbc), (None, ecb)] {
            let encrypted = blocks(Family::Aes, Direction::Encrypt, &key, iv, &plain).unwrap();
            assert_eq!(hex::encode(&encrypted), expected);
            assert_eq!(
                blocks(Family::Aes, Direction::Decrypt, &key, iv, &encrypted).unwrap(),
                plain
            );
        }
        assert_eq!(
            hex::encode(stream("ofb", &key, &iv, 0, &plain).unwrap()),
            ofb
        );
        let counter = bytes("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
        let ctr = "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff";
        assert_eq!(
            hex::encode(stream("ctr", &key, &counter, 0, &plain).unwrap()),
            ctr
        );
        assert_eq!(
            hex::encode(stream("ctr", &key, &counter, 17, &plain[17..]).unwrap()),
            ctr[34..]
        );
    }

    #[test]
    fn triple_des_gives_the_vector_of_sp_800_67() {
        let key = bytes("0123456789abcdef23456789abcdef01456789abcdef0123");
        let plain = b"The qufck brown fox jump";
        assert_eq!(
            hex::encode(blocks(Family::Des, Direction::Encrypt, &key, None, plain).unwrap()),
            "a826fd8ce53b855fcce21c8112256fe668d5c05dd9b6b900"
        );
    }

    #[test]
    fn gcm_by_pieces_is_gcm_as_a_whole() {
        for (key, iv) in [
            ([7; 16].as_slice(), [9; 12].as_slice()),
            (&[7; 32], &[9; 16]),
        ] {
            let (message, extra) = ([5; 100], [3; 21]);
            let whole = aes::gcm_encrypt(key, iv, &extra, 128, &message).unwrap();
            let counter = gcm_counter(key, iv).unwrap();
            let mut pieces = stream("gcm", key, &counter, 16, &message[..33]).unwrap();
            pieces.extend(stream("gcm", key, &counter, 16 + 33, &message[33..]).unwrap());
            pieces.extend(gcm_tag(key, &counter, &extra, &pieces).unwrap());
            assert_eq!(pieces, whole);
        }
    }

    #[test]
    fn chacha20_poly1305_gives_the_vector_of_rfc_8439() {
        let key: Vec<u8> = (0x80..0xa0).collect();
        let nonce = bytes("070000004041424344454647");
        let extra = bytes("50515253c0c1c2c3c4c5c6c7");
        let message = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";
        let encrypted = stream("chacha20", &key, &nonce, 64, message).unwrap();
        assert_eq!(
            hex::encode(&encrypted[..16]),
            "d31a8d34648e60db7b86afbc53ef7ec2"
        );
        assert_eq!(
            hex::encode(poly1305_tag(&key, &nonce, &extra, &encrypted).unwrap()),
            "1ae10b594f09e26a7e902ecbd0600691"
        );
    }

    #[test]
    fn keys_and_ivs_have_the_ciphers_lengths() {
        let wrong_iv = CryptoError::Operation("Invalid initialization vector".to_owned());
        let encrypt = |key: &[u8], iv| blocks(Family::Aes, Direction::Encrypt, key, iv, &[0; 16]);
        assert_eq!(
            encrypt(&[0; 15], None),
            Err(CryptoError::Operation(
                "an AES key of 120 bits does not exist".to_owned()
            ))
        );
        assert_eq!(encrypt(&[0; 16], Some(&[0; 15])), Err(wrong_iv.clone()));
        assert_eq!(
            stream("chacha20", &[0; 32], &[0; 11], 0, b"a"),
            Err(wrong_iv.clone())
        );
        assert_eq!(gcm_counter(&[0; 16], b""), Err(wrong_iv));
        assert_eq!(
            stream("cfb", &[0; 16], &[0; 16], 0, b"a"),
            Err(CryptoError::NotSupported("there is no mode cfb".to_owned()))
        );
    }
}
