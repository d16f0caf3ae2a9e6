//! The file of one kept response.
//!
//! Layout, persisted: the mark (8 bytes), CRC-32 of the rest, the length of the head (both 4 bytes,
//! little endian), the head as JSON, the body. Another layout needs another mark: files with marks
//! that are not known count as damaged, and damaged files as not there.

use bytes::{Buf, Bytes};
use serde::{Deserialize, Serialize};

use super::{CachedResponse, Key};
use crate::codec::crc32;

const MARK: [u8; 8] = *b"stcache1";

#[derive(Serialize, Deserialize)]
struct Head {
    cache: String,
    key: String,
    status: u16,
    status_text: String,
    headers: Vec<String>,
    stored_ms: f64,
    expires_ms: f64,
}

/// The bytes of a file.
pub(super) fn encode(key: &Key, response: &CachedResponse) -> Vec<u8> {
    let head = Head {
        cache: key.cache.clone(),
        key: key.key.clone(),
        status: response.status,
        status_text: response.status_text.clone(),
        headers: response.headers.clone(),
        stored_ms: response.stored_ms,
        expires_ms: response.expires_ms,
    };
    let head = serde_json::to_vec(&head).expect("texts and numbers are JSON");
    let length = u32::try_from(head.len()).expect("a head is within the limits of headers");
    let mut bytes = Vec::with_capacity(MARK.len() + 8 + head.len() + response.body.len());
    bytes.extend_from_slice(&MARK);
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&head);
    bytes.extend_from_slice(&response.body);
    let rest = MARK.len() + 4;
    let checksum = crc32(0, &bytes[rest..]);
    bytes[MARK.len()..rest].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// What a file holds for a key; None when it is damaged, or another key's.
pub(super) fn decode(key: &Key, bytes: Vec<u8>) -> Option<CachedResponse> {
    let mut bytes = Bytes::from(bytes);
    if bytes.len() < MARK.len() + 8 || bytes.split_to(MARK.len()) != MARK[..] {
        return None;
    }
    let checksum = bytes.get_u32_le();
    if crc32(0, &bytes) != checksum {
        return None;
    }
    let length = usize::try_from(bytes.get_u32_le()).ok()?;
    if length > bytes.len() {
        return None;
    }
    let head: Head = serde_json::from_slice(&bytes.split_to(length)).ok()?;
    (head.cache == key.cache && head.key == key.key).then_some(CachedResponse {
        status: head.status,
        status_text: head.status_text,
        headers: head.headers,
        body: bytes,
        stored_ms: head.stored_ms,
        expires_ms: head.expires_ms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: &str) -> Key {
        Key {
            cache: "named:a".to_owned(),
            key: key.to_owned(),
        }
    }

    fn response() -> CachedResponse {
        CachedResponse {
            status: 404,
            status_text: "Nope".to_owned(),
            headers: vec!["x".to_owned(), "\u{e9}\"".to_owned()],
            body: Bytes::from_static(b"\0body"),
            stored_ms: 1.5,
            expires_ms: 1e12,
        }
    }

    #[test]
    fn a_response_comes_back_from_its_file() {
        let bytes = encode(&key("k"), &response());
        assert_eq!(decode(&key("k"), bytes), Some(response()));
    }

    #[test]
    fn a_file_of_another_key_or_with_any_other_byte_or_length_is_not_there() {
        let bytes = encode(&key("k"), &response());
        assert_eq!(decode(&key("other"), bytes.clone()), None);
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 1;
            assert_eq!(decode(&key("k"), changed), None, "byte {index}");
            assert_eq!(
                decode(&key("k"), bytes[..index].to_vec()),
                None,
                "{index} bytes"
            );
        }
    }
}
