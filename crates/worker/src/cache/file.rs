//! The file of one kept response.
//!
//! Layout, persisted: the mark (8 bytes), CRC-32 of the rest, the length of the head (both 4 bytes,
//! little endian), the head as JSON, the body. Another layout needs another mark: files with marks
//! that are not known count as damaged, and damaged files as not there.
//!
//! A large body has its own: the mark, CRC-32 of what follows up to the body, the length of the head (4), of the body (8),
//! CRC-32 of the body (4), the head, the body.

use std::fs::File;
use std::io::Read;

use bytes::{Buf, Bytes};
use serde::{Deserialize, Serialize};

use super::{CachedResponse, Found, Key, LargeBody};
use crate::codec::crc32;

const MARK: [u8; 8] = *b"stcache1";
const LARGE_MARK: [u8; 8] = *b"stcache2";
/// Bytes of a large one before its head.
const LARGE_START: usize = 8 + 4 + 4 + 8 + 4;
/// The longest head that is read.
const HEAD_BYTES_MAX: usize = 16 << 20;

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
    let head = head_of(key, response);
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

/// What comes before a large body; as long for any length and checksum.
pub(super) fn large_head(
    key: &Key,
    response: &CachedResponse,
    length: u64,
    checksum: u32,
) -> Vec<u8> {
    let head = head_of(key, response);
    let head_bytes = u32::try_from(head.len()).expect("a head is within the limits of headers");
    let rest = [
        &head_bytes.to_le_bytes()[..],
        &length.to_le_bytes(),
        &checksum.to_le_bytes(),
        &head,
    ]
    .concat();
    [&LARGE_MARK[..], &crc32(0, &rest).to_le_bytes(), &rest].concat()
}

fn head_of(key: &Key, response: &CachedResponse) -> Vec<u8> {
    let head = Head {
        cache: key.cache.clone(),
        key: key.key.clone(),
        status: response.status,
        status_text: response.status_text.clone(),
        headers: response.headers.clone(),
        stored_ms: response.stored_ms,
        expires_ms: response.expires_ms,
    };
    serde_json::to_vec(&head).expect("texts and numbers are JSON")
}

/// What a file holds for a key; None when it is damaged, or another key's. The body of a large one is looked at when it is
/// read.
pub(super) fn read(key: &Key, mut file: File) -> Option<Found> {
    let mut start = [0; LARGE_START];
    let mut known = 0;
    while known < LARGE_START {
        match file.read(&mut start[known..]).ok()? {
            0 => break,
            more => known += more,
        }
    }
    if !start.starts_with(&LARGE_MARK) {
        let mut bytes = start[..known].to_vec();
        file.read_to_end(&mut bytes).ok()?;
        let response = decode(key, bytes)?;
        return Some(Found {
            response,
            large: None,
        });
    }
    let mut fields = Bytes::copy_from_slice(&start[LARGE_MARK.len()..]);
    let checksum = fields.get_u32_le();
    let head_bytes = fields.get_u32_le() as usize;
    let length = fields.get_u64_le();
    let body_checksum = fields.get_u32_le();
    if head_bytes > HEAD_BYTES_MAX {
        return None;
    }
    let mut head = vec![0; head_bytes];
    file.read_exact(&mut head).ok()?;
    let covered = crc32(crc32(0, &start[LARGE_MARK.len() + 4..]), &head);
    let body_start = (LARGE_START + head_bytes) as u64;
    let whole = body_start.checked_add(length) == Some(file.metadata().ok()?.len());
    if covered != checksum || !whole {
        return None;
    }
    let response = response_of(key, &head, Bytes::new())?;
    let large = LargeBody {
        file,
        start: body_start,
        length,
        checksum: body_checksum,
    };
    Some(Found {
        response,
        large: Some(large),
    })
}

fn decode(key: &Key, bytes: Vec<u8>) -> Option<CachedResponse> {
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
    let head = bytes.split_to(length);
    response_of(key, &head, bytes)
}

fn response_of(key: &Key, head: &[u8], body: Bytes) -> Option<CachedResponse> {
    let head: Head = serde_json::from_slice(head).ok()?;
    (head.cache == key.cache && head.key == key.key).then_some(CachedResponse {
        status: head.status,
        status_text: head.status_text,
        headers: head.headers,
        body,
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
