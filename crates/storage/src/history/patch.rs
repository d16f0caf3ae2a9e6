//! One version of a page as what differs from the version before it.
//!
//! A small commit changes some dozens of bytes in each of its pages, so a version costs about that
//! much, and a page that is new costs what is not zero in it.
//!
//! Persisted: `ranges u16`, then for each range `offset u16, bytes u16, bytes`, all little-endian,
//! offsets ascending.

use super::page::{PAGE_BYTES, Page};

/// Equal bytes between two differences that cost less than a range of their own.
const GAP_BYTES: usize = 4;

/// Appends what turns `before` into `after`.
pub(crate) fn write(before: &Page, after: &Page, out: &mut Vec<u8>) {
    let count_at = out.len();
    out.extend([0; 2]);
    let mut ranges = 0_u16;
    let mut at = 0;
    while let Some(start) = next_difference(before, after, at) {
        let mut end = start + 1;
        while let Some(next) = next_difference(before, after, end) {
            if next - end > GAP_BYTES {
                break;
            }
            end = next + 1;
        }
        out.extend(number(start));
        out.extend(number(end - start));
        out.extend(&after[start..end]);
        ranges += 1;
        at = end;
    }
    out[count_at..count_at + 2].copy_from_slice(&ranges.to_le_bytes());
}

fn number(value: usize) -> [u8; 2] {
    u16::try_from(value)
        .expect("a page has 4096 bytes")
        .to_le_bytes()
}

fn next_difference(before: &Page, after: &Page, from: usize) -> Option<usize> {
    // Most of a page is equal: compare eight bytes at a time up to the first difference.
    let mut at = from;
    while at < PAGE_BYTES && !at.is_multiple_of(8) {
        if before[at] != after[at] {
            return Some(at);
        }
        at += 1;
    }
    while at + 8 <= PAGE_BYTES && before[at..at + 8] == after[at..at + 8] {
        at += 8;
    }
    (at..PAGE_BYTES).find(|&at| before[at] != after[at])
}

/// Changes the page and returns the bytes after the patch; none if it is not a patch.
pub(crate) fn apply<'b>(page: &mut Page, patch: &'b [u8]) -> Option<&'b [u8]> {
    let (ranges, mut rest) = take_number(patch)?;
    for _ in 0..ranges {
        let (offset, after) = take_number(rest)?;
        let (length, after) = take_number(after)?;
        let (bytes, after) = after.split_at_checked(length)?;
        page.get_mut(offset..offset + length)?
            .copy_from_slice(bytes);
        rest = after;
    }
    Some(rest)
}

fn take_number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((usize::from(u16::from_le_bytes(*number)), rest))
}

#[cfg(test)]
mod tests {
    use super::super::page::{ZERO_PAGE, page};
    use super::*;
    use proptest::prelude::*;

    fn patched(before: &Page, after: &Page) -> (Page, usize) {
        let mut patch = Vec::new();
        write(before, after, &mut patch);
        patch.extend(b"rest");
        let mut page = *before;
        assert_eq!(apply(&mut page, &patch), Some(&b"rest"[..]));
        (page, patch.len() - 4)
    }

    #[test]
    fn a_small_difference_costs_little() {
        let before = *page(&[7; PAGE_BYTES]);
        let mut after = before;
        after[100] = 1;
        after[104] = 1;
        after[4095] = 2;

        assert_eq!(patched(&before, &after), (after, 2 + 4 + 5 + 4 + 1));
        assert_eq!(patched(&before, &before), (before, 2));
    }

    #[test]
    fn a_page_that_differs_everywhere_is_kept_whole() {
        let after = *page(&[9; PAGE_BYTES]);

        assert_eq!(patched(&ZERO_PAGE, &after), (after, 2 + 4 + PAGE_BYTES));
    }

    #[test]
    fn what_is_cut_short_is_no_patch() {
        let mut patch = Vec::new();
        write(&ZERO_PAGE, &page(&[1, 2, 3]), &mut patch);

        for length in 0..patch.len() {
            assert_eq!(apply(&mut ZERO_PAGE.clone(), &patch[..length]), None);
        }
        patch[2..4].copy_from_slice(&4095_u16.to_le_bytes());
        assert_eq!(apply(&mut ZERO_PAGE.clone(), &patch), None, "past the page");
    }

    proptest! {
        #[test]
        fn a_patch_turns_any_page_into_any_other(
            edits in prop::collection::vec((0..PAGE_BYTES, prop::collection::vec(any::<u8>(), 0..300)), 0..20)
        ) {
            let mut after = ZERO_PAGE;
            for (at, bytes) in edits {
                for (place, byte) in after[at..].iter_mut().zip(bytes) {
                    *place = byte;
                }
            }
            prop_assert_eq!(patched(&ZERO_PAGE, &after).0, after);
            prop_assert_eq!(patched(&after, &ZERO_PAGE).0, ZERO_PAGE);
        }
    }
}
