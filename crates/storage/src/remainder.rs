//! The pages that the file of a damaged object lacks, as one run of bytes.
//!
//! The directory keeps them in the place of an image, so that commits which were reported as durable
//! are not lost with the lane that had them. Read only when an operator puts the object back together.
//!
//! Persisted, little-endian: `magic u32, pages u32, checksum u64` of what follows, then for each page
//! `number u32, bytes u16, bytes`, as [`crate::page`] keeps it. A changed meaning needs a new `MAGIC`.

use std::io;
use xxhash_rust::xxh3::xxh3_64;

use crate::history::Pages;
use crate::page::{EncodedPage, PAGE_BYTES, decode};

const MAGIC: u32 = u32::from_le_bytes(*b"str\x01");
const HEADER_BYTES: usize = 16;

/// Returns the bytes of these pages.
pub(crate) fn encode(pages: &[(u32, EncodedPage)]) -> Vec<u8> {
    let mut bytes = vec![0; HEADER_BYTES];
    for (number, page) in pages {
        let length = u16::try_from(page.len()).expect("a kept page has at most 4096");
        bytes.extend(number.to_le_bytes());
        bytes.extend(length.to_le_bytes());
        bytes.extend_from_slice(page);
    }
    let count = u32::try_from(pages.len()).expect("a database has fewer than 2^32 pages");
    bytes[..4].copy_from_slice(&MAGIC.to_le_bytes());
    bytes[4..8].copy_from_slice(&count.to_le_bytes());
    let checksum = xxh3_64(&bytes[HEADER_BYTES..]);
    bytes[8..HEADER_BYTES].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// Returns the pages in the bytes.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] for bytes that are damaged.
pub(crate) fn read(bytes: &[u8]) -> io::Result<Pages> {
    pages(bytes).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "the pages that its file lacks are damaged",
        )
    })
}

fn pages(bytes: &[u8]) -> Option<Pages> {
    let (magic, bytes) = bytes.split_first_chunk()?;
    let (count, bytes) = bytes.split_first_chunk()?;
    let (checksum, mut rest) = bytes.split_first_chunk()?;
    if u32::from_le_bytes(*magic) != MAGIC || u64::from_le_bytes(*checksum) != xxh3_64(rest) {
        return None;
    }
    let mut pages = Pages::new();
    for _ in 0..u32::from_le_bytes(*count) {
        let (number, after) = rest.split_first_chunk()?;
        let (length, after) = after.split_first_chunk()?;
        let (encoded, after) = after.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
        let mut page = Box::new([0; PAGE_BYTES]);
        decode(encoded, &mut page)?;
        pages.insert(u32::from_le_bytes(*number), page);
        rest = after;
    }
    rest.is_empty().then_some(pages)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> Vec<u8> {
        let whole = crate::page::encode(&[7; PAGE_BYTES]);
        encode(&[(3, whole), (9, EncodedPage::default())])
    }

    #[test]
    fn pages_come_back_from_their_bytes() {
        let pages = read(&written()).unwrap();

        assert_eq!(pages.len(), 2);
        assert_eq!(*pages[&3], [7; PAGE_BYTES]);
        assert_eq!(*pages[&9], [0; PAGE_BYTES]);
        assert_eq!(read(&encode(&[])).unwrap().len(), 0);
    }

    #[test]
    fn damaged_bytes_are_not_believed() {
        let bytes = written();
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 4;
            let error = read(&flipped).unwrap_err().to_string();
            assert_eq!(error, "the pages that its file lacks are damaged", "{at}");
            assert!(read(&bytes[..at]).is_err(), "length {at}");
        }
    }
}
