//! The bytes of a lane: batches of records behind a header.
//!
//! A batch is the unit of durability and of recovery: it has one checksum, so it counts as a whole
//! or not at all. The checksum is seeded with a random number of its segment, so that neither what
//! an earlier use of the file has left nor anything a program stores can pass for a batch.
//!
//! All numbers are little-endian. Persisted: a changed meaning needs a new `MAGIC`.
//!
//! ```text
//! segment  magic u64, number u64, first batch u64, seed u64, checksum u64, zeros up to 4096
//! batch    magic u64, number u64, payload bytes u64, checksum u64, payload, zeros up to 8
//! record   kind u8, zero u8, path bytes u16, data bytes u32, offset u64, path, data
//! ```

use xxhash_rust::xxh3::xxh3_64_with_seed;

const SEGMENT_MAGIC: u64 = u64::from_le_bytes(*b"stlane\x001");
const BATCH_MAGIC: u64 = u64::from_le_bytes(*b"stbatch\x01");

/// Where the batches of a segment begin: the header has a page of its own.
pub(super) const SEGMENT_HEADER_BYTES: u64 = 4096;
const BATCH_HEADER_BYTES: usize = 32;
const RECORD_HEADER_BYTES: usize = 16;
const ALIGNMENT: usize = 8;

/// What a record asks of recovery. Persisted: never reuse a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum RecordKind {
    /// The database file begins with the data, unless it has a header already.
    Base = 1,
    /// The WAL has the data at the offset.
    Frames = 2,
    /// The files themselves have everything before this record; what came before is void.
    Settled = 3,
}

/// One record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record<'a> {
    pub(super) kind: RecordKind,
    /// The database file, relative to the data folder.
    pub(super) path: &'a str,
    pub(super) offset: u64,
    pub(super) data: &'a [u8],
}

/// Records that become durable together.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The header's space, then the records.
    bytes: Vec<u8>,
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            bytes: vec![0; BATCH_HEADER_BYTES],
        }
    }
}

impl Batch {
    pub(crate) fn base(&mut self, path: &str, data: &[u8]) {
        self.push(Record {
            kind: RecordKind::Base,
            path,
            offset: 0,
            data,
        });
    }

    pub(crate) fn frames(&mut self, path: &str, offset: u64, data: &[u8]) {
        self.push(Record {
            kind: RecordKind::Frames,
            path,
            offset,
            data,
        });
    }

    pub(crate) fn settled(&mut self, path: &str) {
        self.push(Record {
            kind: RecordKind::Settled,
            path,
            offset: 0,
            data: &[],
        });
    }

    fn push(&mut self, record: Record<'_>) {
        let path_bytes = u16::try_from(record.path.len()).expect("a path has at most 4096 bytes");
        let data_bytes = u32::try_from(record.data.len()).expect("a record has at most 4 MiB");
        self.bytes.extend([record.kind as u8, 0]);
        self.bytes.extend(path_bytes.to_le_bytes());
        self.bytes.extend(data_bytes.to_le_bytes());
        self.bytes.extend(record.offset.to_le_bytes());
        self.bytes.extend(record.path.as_bytes());
        self.bytes.extend(record.data);
    }

    /// Returns the size on the disk.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len().next_multiple_of(ALIGNMENT)
    }

    /// Fills in the header and returns everything that is to be written.
    pub(super) fn encode(&mut self, number: u64, seed: u64) -> &[u8] {
        let payload_bytes = (self.bytes.len() - BATCH_HEADER_BYTES) as u64;
        let size = self.bytes();
        let checksum = batch_checksum(number, &self.bytes[BATCH_HEADER_BYTES..], seed);
        let header = [BATCH_MAGIC, number, payload_bytes, checksum];
        for (place, word) in header.into_iter().enumerate() {
            self.bytes[place * 8..][..8].copy_from_slice(&word.to_le_bytes());
        }
        self.bytes.resize(size, 0);
        &self.bytes
    }
}

fn batch_checksum(number: u64, payload: &[u8], seed: u64) -> u64 {
    // The length is part of what is hashed by being its length.
    xxh3_64_with_seed(payload, seed.wrapping_add(number.rotate_left(32)))
}

/// The header of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    /// Counts the segments of a lane from 1.
    pub(super) number: u64,
    /// The number of the first batch in it; batches are counted through all segments.
    pub(super) first_batch: u64,
    pub(super) seed: u64,
}

impl SegmentHeader {
    pub(super) fn encode(&self) -> [u8; 40] {
        let mut bytes = [0; 40];
        let words = [SEGMENT_MAGIC, self.number, self.first_batch, self.seed];
        for (place, word) in words.into_iter().enumerate() {
            bytes[place * 8..][..8].copy_from_slice(&word.to_le_bytes());
        }
        let checksum = xxh3_64_with_seed(&bytes[..32], SEGMENT_MAGIC);
        bytes[32..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Returns `None` for a header that was damaged.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let header = Self {
            number: word(bytes, 8)?,
            first_batch: word(bytes, 16)?,
            seed: word(bytes, 24)?,
        };
        (bytes.get(..40)? == header.encode()).then_some(header)
    }
}

/// What a segment holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Contents<'a> {
    /// The payloads of the batches, oldest first.
    pub(super) payloads: Vec<&'a [u8]>,
    /// Where they end.
    pub(super) end: u64,
    /// The offset of a batch that cannot be read although a later one can.
    pub(super) damage: Option<u64>,
}

/// Finds the batches of a segment, whose whole file is `bytes`.
///
/// A batch is written after the one before it is on the disk. So an unreadable batch at the end is
/// one that was never reported, and an unreadable batch before a readable one is damage.
pub(super) fn contents<'a>(header: &SegmentHeader, bytes: &'a [u8]) -> Contents<'a> {
    let mut contents = Contents::default();
    let mut at = SEGMENT_HEADER_BYTES as usize;
    let mut number = header.first_batch;
    while let Some(payload) = batch_at(bytes, at, number, header.seed) {
        contents.payloads.push(payload);
        at += (BATCH_HEADER_BYTES + payload.len()).next_multiple_of(ALIGNMENT);
        number += 1;
    }
    let later = (at..bytes.len())
        .step_by(ALIGNMENT)
        .filter(|&at| word(bytes, at) == Some(BATCH_MAGIC))
        .any(|at| {
            word(bytes, at + 8).is_some_and(|later| {
                later > number && batch_at(bytes, at, later, header.seed).is_some()
            })
        });
    contents.end = at as u64;
    contents.damage = later.then_some(contents.end);
    contents
}

fn batch_at(bytes: &[u8], at: usize, number: u64, seed: u64) -> Option<&[u8]> {
    if word(bytes, at)? != BATCH_MAGIC || word(bytes, at + 8)? != number {
        return None;
    }
    let payload_bytes = usize::try_from(word(bytes, at + 16)?).ok()?;
    let payload = bytes.get(at + BATCH_HEADER_BYTES..)?.get(..payload_bytes)?;
    (word(bytes, at + 24)? == batch_checksum(number, payload, seed)).then_some(payload)
}

/// Takes the payload of a batch apart; `None` if a version wrote it that knows other records.
pub(super) fn records(mut payload: &[u8]) -> Option<Vec<Record<'_>>> {
    let mut records = Vec::new();
    while !payload.is_empty() {
        let (head, rest) = payload.split_at_checked(RECORD_HEADER_BYTES)?;
        let kind = match head[0] {
            1 => RecordKind::Base,
            2 => RecordKind::Frames,
            3 => RecordKind::Settled,
            _ => return None,
        };
        let path_bytes = u16::from_le_bytes([head[2], head[3]]);
        let data_bytes = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        let (path, rest) = rest.split_at_checked(path_bytes.into())?;
        let (data, rest) = rest.split_at_checked(data_bytes as usize)?;
        records.push(Record {
            kind,
            path: str::from_utf8(path).ok()?,
            offset: word(head, 8)?,
            data,
        });
        payload = rest;
    }
    Some(records)
}

fn word(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEADER: SegmentHeader = SegmentHeader {
        number: 7,
        first_batch: 40,
        seed: 0x1234_5678_9abc_def0,
    };

    /// What surrounds the data of a batch of one record.
    const RECORD_OVERHEAD: usize = BATCH_HEADER_BYTES + RECORD_HEADER_BYTES + PATH.len();
    const PATH: &str = "do/w-C/0.sqlite";

    fn segment(payloads: &[&[u8]]) -> Vec<u8> {
        let mut bytes = HEADER.encode().to_vec();
        bytes.resize(SEGMENT_HEADER_BYTES as usize, 0);
        for (place, data) in payloads.iter().enumerate() {
            let mut batch = Batch::default();
            batch.frames(PATH, 32, data);
            bytes.extend(batch.encode(HEADER.first_batch + place as u64, HEADER.seed));
        }
        bytes
    }

    fn data(contents: &Contents<'_>) -> Vec<Vec<u8>> {
        let all = contents.payloads.iter();
        all.flat_map(|payload| records(payload).unwrap())
            .map(|record| record.data.to_vec())
            .collect()
    }

    #[test]
    fn the_bytes_of_a_batch_are_these() {
        let mut batch = Batch::default();
        batch.frames("a", 0x0102, b"xy");
        batch.settled("b");

        let bytes = batch.encode(5, 9);

        assert_eq!(&bytes[..16], b"stbatch\x01\x05\0\0\0\0\0\0\0");
        assert_eq!(&bytes[16..24], 36u64.to_le_bytes());
        assert_eq!(&bytes[24..32], 0x2b99_db3c_c836_0654_u64.to_le_bytes());
        assert_eq!(
            &bytes[32..],
            b"\x02\0\x01\0\x02\0\0\0\x02\x01\0\0\0\0\0\0axy\
              \x03\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0b\0\0\0\0"
        );
    }

    #[test]
    fn a_segment_cut_at_any_byte_keeps_the_whole_batches_before_the_cut() {
        let payloads: [&[u8]; 3] = [b"first", &[7; 300], b"third"];
        let whole = segment(&payloads);
        // Without the padding, which carries nothing.
        let ends = (0..3).map(|place| {
            let start = segment(&payloads[..place]).len();
            start + RECORD_OVERHEAD + payloads[place].len()
        });
        let ends: Vec<usize> = ends.collect();

        for length in SEGMENT_HEADER_BYTES as usize..=whole.len() {
            let mut cut = whole[..length].to_vec();
            let kept = ends.iter().filter(|&&end| end <= length).count();
            assert_eq!(contents(&HEADER, &cut).payloads.len(), kept, "{length}");

            // A preallocated file has zeros after the cut.
            cut.resize(whole.len() + 64, 0);
            let found = contents(&HEADER, &cut);
            assert_eq!(found.payloads.len(), kept, "{length}");
            assert_eq!(found.damage, None, "{length}");
        }
    }

    #[test]
    fn any_flipped_bit_of_the_last_batch_drops_it_alone() {
        let payloads: [&[u8]; 2] = [b"first", b"second"];
        let whole = segment(&payloads);
        let last = segment(&payloads[..1]).len();
        let used = last + RECORD_OVERHEAD + 6;

        for at in last..used {
            for bit in 0..8 {
                let mut flipped = whole.clone();
                flipped[at] ^= 1 << bit;

                let contents = contents(&HEADER, &flipped);

                assert_eq!(data(&contents), [b"first"], "byte {at}, bit {bit}");
                assert_eq!(contents.damage, None);
            }
        }
    }

    #[test]
    fn any_flipped_bit_before_the_last_batch_is_damage() {
        let payloads: [&[u8]; 3] = [b"first", b"second", b"third"];
        let whole = segment(&payloads);
        let damaged = segment(&payloads[..1]).len();
        let used = damaged + RECORD_OVERHEAD + 6;

        for at in damaged..used {
            for bit in 0..8 {
                let mut flipped = whole.clone();
                flipped[at] ^= 1 << bit;

                let contents = contents(&HEADER, &flipped);

                assert_eq!(data(&contents), [b"first"], "byte {at}, bit {bit}");
                assert_eq!(contents.damage, Some(damaged as u64));
            }
        }
    }

    #[test]
    fn what_an_earlier_use_of_the_file_left_is_not_read() {
        let old = segment(&[b"first", b"second", b"third"]);
        let header = SegmentHeader { seed: 1, ..HEADER };

        let contents = contents(&header, &old);

        assert!(contents.payloads.is_empty());
        assert_eq!(contents.damage, None);
    }

    #[test]
    fn a_damaged_segment_header_is_not_believed() {
        let bytes = HEADER.encode();
        assert_eq!(SegmentHeader::decode(&bytes), Some(HEADER));
        for at in 0..bytes.len() {
            let mut flipped = bytes;
            flipped[at] ^= 4;
            assert_eq!(SegmentHeader::decode(&flipped), None, "byte {at}");
        }
        assert_eq!(SegmentHeader::decode(&bytes[..39]), None);
    }

    proptest! {
        #[test]
        fn records_come_back_as_they_were(
            written in prop::collection::vec(
                (1u8..=3, "[a-z/.]{0,40}", any::<u64>(), prop::collection::vec(any::<u8>(), 0..200)),
                0..10,
            )
        ) {
            let mut batch = Batch::default();
            for (kind, path, offset, data) in &written {
                match kind {
                    1 => batch.base(path, data),
                    2 => batch.frames(path, *offset, data),
                    _ => batch.settled(path),
                }
            }
            let mut bytes = HEADER.encode().to_vec();
            bytes.resize(SEGMENT_HEADER_BYTES as usize, 0);
            bytes.extend(batch.encode(HEADER.first_batch, HEADER.seed));

            let found = contents(&HEADER, &bytes);
            let found = records(found.payloads[0]).unwrap();

            prop_assert_eq!(found.len(), written.len());
            for (record, (kind, path, offset, data)) in found.iter().zip(&written) {
                prop_assert_eq!(record.kind as u8, *kind);
                prop_assert_eq!(record.path, path);
                if record.kind == RecordKind::Frames {
                    prop_assert_eq!(record.offset, *offset);
                }
                if record.kind != RecordKind::Settled {
                    prop_assert_eq!(record.data, data);
                }
            }
        }
    }
}
