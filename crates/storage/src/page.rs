//! One page of a database, and the form in which it is kept.
//!
//! Pages of small databases are mostly zeros, so they are kept compressed: in memory, in lanes and
//! in images. The form has no header; its length tells what it is. Persisted: a changed meaning
//! needs new magic numbers in `lane_log::batch` and `image`.

use std::sync::Arc;

/// The size of every page. A database with another one is converted when it is taken over.
pub(crate) const PAGE_BYTES: usize = 4096;

/// The bytes of a page.
pub(crate) type Page = [u8; PAGE_BYTES];

/// A page as it is kept: nothing if it is all zeros, the page itself if its length is
/// [`PAGE_BYTES`], otherwise the page in LZ4's block format.
pub(crate) type EncodedPage = Arc<[u8]>;

/// What a page that cannot be compressed may grow to, with room to spare.
const COMPRESSED_BYTES_MAX: usize = 4600;

/// Returns the form in which the page is kept.
pub(crate) fn encode(page: &Page) -> EncodedPage {
    if *page == [0; PAGE_BYTES] {
        return Arc::default();
    }
    let mut compressed = [0; COMPRESSED_BYTES_MAX];
    match lz4_flex::block::compress_into(page, &mut compressed) {
        Ok(length) if length < PAGE_BYTES => compressed[..length].into(),
        _ => page.as_slice().into(),
    }
}

/// Restores a page; `None` if it is damaged.
pub(crate) fn decode(encoded: &[u8], into: &mut Page) -> Option<()> {
    match encoded.len() {
        0 => into.fill(0),
        PAGE_BYTES => into.copy_from_slice(encoded),
        _ => {
            let length = lz4_flex::block::decompress_into(encoded, into).ok()?;
            (length == PAGE_BYTES).then_some(())?;
        }
    }
    Some(())
}

/// Restores a page of a [`LaneRecord`](crate::LaneRecord); `None` if it is damaged.
pub fn decode_page(encoded: &[u8]) -> Option<Box<[u8; 4096]>> {
    let mut page = Box::new([0; PAGE_BYTES]);
    decode(encoded, &mut page)?;
    Some(page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn comes_back(page: &Page) -> usize {
        let encoded = encode(page);
        let mut decoded = [7; PAGE_BYTES];
        decode(&encoded, &mut decoded).unwrap();
        assert_eq!(*page, decoded);
        encoded.len()
    }

    #[test]
    fn a_page_of_zeros_is_kept_as_nothing() {
        assert_eq!(comes_back(&[0; PAGE_BYTES]), 0);
    }

    #[test]
    fn a_page_with_a_gap_is_kept_small() {
        let mut page = [0; PAGE_BYTES];
        page[..100].fill(3);
        page[4000..].fill(9);
        assert!(comes_back(&page) < 100);
    }

    #[test]
    fn damage_is_an_error_and_no_panic() {
        let mut page = [0; PAGE_BYTES];
        for (place, byte) in page.iter_mut().enumerate() {
            *byte = (place % 251) as u8;
        }
        let encoded = encode(&page);
        let mut into = [0; PAGE_BYTES];
        for length in 1..encoded.len() {
            assert_eq!(decode(&encoded[..length], &mut into), None, "{length}");
        }
        assert_eq!(decode(&[0xff; 5000], &mut into), None);
    }

    proptest! {
        #[test]
        fn every_page_comes_back(seed in prop::collection::vec(any::<u8>(), 0..PAGE_BYTES), gap in 0..PAGE_BYTES) {
            let mut page = [0; PAGE_BYTES];
            page[..seed.len()].copy_from_slice(&seed);
            page[gap..].reverse();
            prop_assert!(comes_back(&page) <= PAGE_BYTES);
        }
    }
}
