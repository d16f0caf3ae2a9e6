//! A small database as one run of bytes: its pages, each in the form in which pages are kept.
//!
//! Persisted, in the directory's file: a changed meaning needs a new `MAGIC`. Little-endian:
//!
//! ```text
//! magic u32, pages u32, checksum u64 of everything after it, length of each page u16, the pages
//! ```

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64;

use crate::page::{EncodedPage, PAGE_BYTES};

const MAGIC: u32 = u32::from_le_bytes(*b"sti\x01");
const HEADER_BYTES: usize = 16;
const LENGTH_BYTES: usize = 2;

/// The bytes of a sound image.
#[derive(Debug)]
pub(crate) struct Image {
    bytes: Box<[u8]>,
    /// Where each page ends.
    ends: Box<[u32]>,
}

impl Image {
    /// Takes the bytes for an image; `None` if they are damaged.
    pub(crate) fn new(bytes: Vec<u8>) -> Option<Self> {
        let word = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let checksum = u64::from_le_bytes(*bytes.get(8..)?.first_chunk()?);
        let rest = bytes.get(HEADER_BYTES..)?;
        if word(0)? != MAGIC || checksum != xxh3_64(rest) {
            return None;
        }
        let count = usize::try_from(word(4)?).ok()?;
        let lengths = rest.get(..count.checked_mul(LENGTH_BYTES)?)?;
        let mut end = HEADER_BYTES + lengths.len();
        let ends: Box<[u32]> = lengths
            .chunks_exact(LENGTH_BYTES)
            .map(|length| {
                end += usize::from(u16::from_le_bytes([length[0], length[1]]));
                end as u32
            })
            .collect();
        (end == bytes.len()).then(|| Self {
            bytes: bytes.into(),
            ends,
        })
    }

    /// Makes an image of `count` pages: those in `pages` over those of `base`. A page of neither is
    /// all zeros.
    pub(crate) fn merge<'a>(
        base: Option<&'a Self>,
        count: u32,
        pages: &HashMap<u32, &'a EncodedPage>,
    ) -> Self {
        let page = |number: u32| match pages.get(&number) {
            Some(page) => &page[..],
            None => base.map_or(&[][..], |base| base.page(number)),
        };
        let mut bytes = vec![0; HEADER_BYTES];
        for number in 1..=count {
            let length = u16::try_from(page(number).len()).expect("a kept page has at most 4096");
            bytes.extend(length.to_le_bytes());
        }
        let mut ends = Vec::with_capacity(count as usize);
        for number in 1..=count {
            bytes.extend_from_slice(page(number));
            ends.push(bytes.len() as u32);
        }
        bytes[..4].copy_from_slice(&MAGIC.to_le_bytes());
        bytes[4..8].copy_from_slice(&count.to_le_bytes());
        let checksum = xxh3_64(&bytes[HEADER_BYTES..]);
        bytes[8..HEADER_BYTES].copy_from_slice(&checksum.to_le_bytes());
        Self {
            bytes: bytes.into(),
            ends: ends.into(),
        }
    }

    /// Returns how many pages there are.
    pub(crate) fn page_count(&self) -> u32 {
        self.ends.len() as u32
    }

    /// Returns a page, numbered from 1, as it is kept; one after the last is all zeros.
    pub(crate) fn page(&self, number: u32) -> &[u8] {
        let place = number as usize;
        let Some(&end) = place.checked_sub(1).and_then(|place| self.ends.get(place)) else {
            return &[];
        };
        let start = match place {
            1 => HEADER_BYTES + self.ends.len() * LENGTH_BYTES,
            _ => self.ends[place - 2] as usize,
        };
        &self.bytes[start..end as usize]
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What the database has as a file.
    pub(crate) fn database_bytes(&self) -> usize {
        self.ends.len() * PAGE_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(pages: &[(u32, &EncodedPage)], base: Option<&Image>, count: u32) -> Image {
        Image::merge(base, count, &pages.iter().copied().collect())
    }

    #[test]
    fn later_pages_replace_earlier_ones_and_missing_ones_are_zeros() {
        let [a, b, c]: [EncodedPage; 3] = [b"a"[..].into(), b"bb"[..].into(), b"ccc"[..].into()];
        let base = image(&[(1, &a), (2, &b)], None, 2);

        let merged = image(&[(2, &c), (4, &a)], Some(&base), 4);

        let pages: Vec<&[u8]> = (0..=5).map(|number| merged.page(number)).collect();
        assert_eq!(pages, [&b""[..], b"a", b"ccc", b"", b"a", b""]);
        assert_eq!(merged.page_count(), 4);
    }

    #[test]
    fn an_image_comes_back_from_its_bytes() {
        let page: EncodedPage = b"page"[..].into();
        let written = image(&[(2, &page)], None, 3);

        let read = Image::new(written.bytes().to_vec()).unwrap();

        assert_eq!(read.bytes(), written.bytes());
        assert_eq!(read.page(2), b"page");
        assert_eq!(read.page_count(), 3);
    }

    #[test]
    fn a_damaged_image_is_not_believed() {
        let page: EncodedPage = b"page"[..].into();
        let written = image(&[(1, &page)], None, 1);
        for at in 0..written.bytes().len() {
            let mut flipped = written.bytes().to_vec();
            flipped[at] ^= 4;
            assert!(Image::new(flipped).is_none(), "byte {at}");
            assert!(
                Image::new(written.bytes()[..at].to_vec()).is_none(),
                "length {at}"
            );
        }
    }
}
