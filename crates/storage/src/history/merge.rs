//! Many small packs made into one, so that years of settling leave neither millions of files nor
//! searches in thousands of them.
//!
//! The chunks are copied as they are; an object then has several in one pack. What is merged was
//! written one after another and has about the same size, so that each byte is copied a few times at
//! most, and not more of it than retention gives up at once.
//!
//! A merged pack is named after the first and the last of its sources. It is durable before they go; sources that a crash has left are inside of its numbers and are removed at the next
//! start.

use std::ops::Range;

use super::retention::Retention;

/// So many packs of about one size are merged.
const PACKS_MIN: usize = 8;
/// So many at most are merged at once.
const PACKS_MAX: usize = 64;
/// The size of a merged pack, at most.
const BYTES_MAX: u64 = 64 << 20;
/// The parts of what retention keeps, of which a merged pack is one at most.
const PARTS: u64 = 16;

/// What is to be known of a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) bytes: u64,
    pub(super) first_ms: i64,
    pub(super) last_ms: i64,
}

impl Size {
    /// Sizes that differ by less than a factor of 8; those below 64 KiB are one.
    fn magnitude(&self) -> u32 {
        (self.bytes >> 16)
            .checked_ilog2()
            .map_or(0, |bits| bits / 3 + 1)
    }
}

/// Returns which of the packs, in the order in which they were written, are to become one.
pub(super) fn run(packs: &[Size], retention: Retention) -> Option<Range<usize>> {
    let bytes_max = BYTES_MAX.min(retention.bytes / PARTS);
    let span_max = retention.age_ms / PARTS;
    (0..packs.len()).find_map(|start| {
        let first = packs[start];
        let (mut bytes, mut from, mut to) = (0, first.first_ms, first.last_ms);
        let fit = packs[start..].iter().take(PACKS_MAX).take_while(|pack| {
            bytes += pack.bytes;
            from = from.min(pack.first_ms);
            to = to.max(pack.last_ms);
            pack.magnitude() == first.magnitude()
                && bytes <= bytes_max
                && to.abs_diff(from) <= span_max
        });
        let count = fit.count();
        (count >= PACKS_MIN).then(|| start..start + count)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: u64 = 24 * 60 * 60 * 1000;

    fn packs(sizes: &[u64]) -> Vec<Size> {
        let sizes = sizes.iter().zip(0..);
        sizes
            .map(|(&bytes, at)| Size {
                bytes,
                first_ms: at,
                last_ms: at + 1,
            })
            .collect()
    }

    #[test]
    fn eight_packs_of_one_size_are_merged_and_seven_are_not() {
        let keep = Retention::default();
        assert_eq!(run(&packs(&[1000; 7]), keep), None);
        assert_eq!(run(&packs(&[1000; 8]), keep), Some(0..8));
        assert_eq!(run(&packs(&[1000; 65]), keep), Some(0..64));
    }

    #[test]
    fn packs_of_other_sizes_are_left_alone() {
        let keep = Retention::default();
        let mut sizes = vec![1 << 20; 3];
        sizes.extend([1000; 8]);
        assert_eq!(run(&packs(&sizes), keep), Some(3..11));
        sizes[5] = 1 << 20;
        assert_eq!(run(&packs(&sizes), keep), None);
    }

    #[test]
    fn a_merged_pack_has_at_most_64_mib() {
        let keep = Retention::default();
        assert_eq!(run(&packs(&[8 << 20; 8]), keep), Some(0..8));
        assert_eq!(run(&packs(&[(8 << 20) + 1; 8]), keep), None);
    }

    #[test]
    fn a_merged_pack_is_a_small_part_of_what_is_kept() {
        let keep = |bytes| Retention {
            bytes,
            ..Retention::default()
        };
        assert_eq!(run(&packs(&[1000; 8]), keep(16 * 8000)), Some(0..8));
        assert_eq!(run(&packs(&[1000; 8]), keep(16 * 8000 - 1)), None);
        let mut packs = packs(&[1000; 8]);
        let age = |age_ms| Retention {
            age_ms,
            ..Retention::default()
        };
        packs[7].last_ms = DAY_MS.cast_signed();
        assert_eq!(run(&packs, age(16 * DAY_MS)), Some(0..8));
        assert_eq!(run(&packs, age(16 * DAY_MS - 1)), None);
    }
}
