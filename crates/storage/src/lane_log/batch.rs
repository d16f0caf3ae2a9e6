//! The bytes of a segment: a header, and batches of records behind it.
//!
//! A batch is the unit of durability: it is written after the one before it is on the disk. Header
//! and table of a batch have one checksum, each body has its own. They are seeded with a random
//! number of the lane, so that nothing a program stores can pass for a batch. What an earlier use of
//! the file has left has lower numbers.
//!
//! All numbers are little-endian. Persisted: a changed meaning needs a new `MAGIC`.
//!
//! ```text
//! segment  magic u64, number u64, first batch u64, seed u64, checksum u64, zeros up to 4096
//! batch    magic u64, number u64, table bytes u32, records u32, body bytes u64, checksum u64,
//!          table, bodies, zeros up to 8
//! ```
//!
//! Records are in [`super::record`].

use xxhash_rust::xxh3::{Xxh3, xxh3_64_with_seed};

use super::record::{self, LaneRecord};
use crate::object_name::ObjectName;
use crate::object_pages::Commit;

const SEGMENT_MAGIC: u64 = u64::from_le_bytes(*b"stlane\x002");
/// Of versions that logged the bytes of WALs.
const OLD_SEGMENT_MAGIC: u64 = u64::from_le_bytes(*b"stlane\x001");
const BATCH_MAGIC: u64 = u64::from_le_bytes(*b"stbatch\x02");

/// Where the batches of a segment begin: the header has a page of its own.
pub(super) const SEGMENT_HEADER_BYTES: u64 = 4096;
const BATCH_HEADER_BYTES: usize = 40;
const ALIGNMENT: usize = 8;

/// Records that become durable together.
#[derive(Debug, Default)]
pub(super) struct Batch {
    seed: u64,
    records: u32,
    table: Vec<u8>,
    bodies: Vec<u8>,
}

impl Batch {
    /// Returns a batch for the lane with this seed.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            ..Self::default()
        }
    }

    pub(super) fn commit(&mut self, object: (&str, &ObjectName), commit: &Commit) {
        record::push_commit(&mut self.table, &mut self.bodies, self.seed, object, commit);
        self.records += 1;
    }

    pub(super) fn void(&mut self, object: (&str, &ObjectName)) {
        record::push_void(&mut self.table, self.seed, object);
        self.records += 1;
    }

    /// Returns the size on the disk.
    pub(super) fn bytes(&self) -> usize {
        (BATCH_HEADER_BYTES + self.table.len() + self.bodies.len()).next_multiple_of(ALIGNMENT)
    }

    /// Returns everything that is to be written.
    pub(super) fn encode(&self, number: u64) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.bytes());
        let table_bytes = u32::try_from(self.table.len()).expect("a table has less than 4 GiB");
        bytes.extend(BATCH_MAGIC.to_le_bytes());
        bytes.extend(number.to_le_bytes());
        bytes.extend(table_bytes.to_le_bytes());
        bytes.extend(self.records.to_le_bytes());
        bytes.extend((self.bodies.len() as u64).to_le_bytes());
        let checksum = checksum(&bytes[8..], &self.table, self.seed);
        bytes.extend(checksum.to_le_bytes());
        bytes.extend_from_slice(&self.table);
        bytes.extend_from_slice(&self.bodies);
        bytes.resize(self.bytes(), 0);
        bytes
    }
}

fn checksum(header: &[u8], table: &[u8], seed: u64) -> u64 {
    let mut hash = Xxh3::with_seed(seed);
    hash.update(header);
    hash.update(table);
    hash.digest()
}

/// The header of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    /// Counts the segments of a lane from 1.
    pub(super) number: u64,
    /// The number of the first batch in it; batches are counted through all segments. What an
    /// earlier segment has from this number on was never reported and is void.
    pub(super) first_batch: u64,
    pub(super) seed: u64,
}

/// Why the header of a segment is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadHeader {
    /// It was damaged.
    Damaged,
    /// A version wrote it whose lanes are not understood here.
    OldVersion,
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

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, BadHeader> {
        if word(bytes, 0) == Some(OLD_SEGMENT_MAGIC) {
            return Err(BadHeader::OldVersion);
        }
        let read = |at| word(bytes, at).ok_or(BadHeader::Damaged);
        let header = Self {
            number: read(8)?,
            first_batch: read(16)?,
            seed: read(24)?,
        };
        match bytes.get(..40) == Some(&header.encode()[..]) {
            true => Ok(header),
            false => Err(BadHeader::Damaged),
        }
    }
}

/// Bytes that nobody wrote, before something that is intact, and not in the body of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Damage {
    pub(super) offset: u64,
}

/// Finds the records of a segment, oldest first, whose whole file is `bytes`. `end` is the first
/// batch of the next segment, if there is one.
///
/// An unreadable batch at the end is one that was never reported, and does not count. One that was
/// reported, because something follows it, is damaged. If only bodies of it are, its records say so.
pub(super) fn records<'a>(
    header: &SegmentHeader,
    bytes: &'a [u8],
    end: Option<u64>,
) -> Result<Vec<LaneRecord<'a>>, Damage> {
    let mut found = Vec::new();
    let mut at = SEGMENT_HEADER_BYTES as usize;
    let mut number = header.first_batch;
    while end.is_none_or(|end| number < end) {
        let followed = || end.is_some() || later_batch(bytes, at + ALIGNMENT, number, header.seed);
        let Some(frame) = Frame::at(bytes, at, number, header.seed) else {
            return match followed() {
                true => Err(Damage { offset: at as u64 }),
                false => Ok(found),
            };
        };
        let records = frame.records(header.seed);
        let is_whole = records
            .as_ref()
            .is_some_and(|records| records.iter().all(|record| !record.is_damaged));
        if !is_whole && !followed() {
            return Ok(found);
        }
        found.extend(records.ok_or(Damage { offset: at as u64 })?);
        at = frame.end;
        number += 1;
    }
    Ok(found)
}

/// A batch whose header and table are intact.
struct Frame<'a> {
    table: &'a [u8],
    records: u32,
    bodies: &'a [u8],
    end: usize,
}

impl<'a> Frame<'a> {
    fn at(bytes: &'a [u8], at: usize, number: u64, seed: u64) -> Option<Self> {
        if word(bytes, at)? != BATCH_MAGIC || word(bytes, at + 8)? != number {
            return None;
        }
        let sizes = word(bytes, at + 16)?;
        let (table_bytes, records) = (sizes as u32 as usize, (sizes >> 32) as u32);
        let body_bytes = usize::try_from(word(bytes, at + 24)?).ok()?;
        let rest = bytes.get(at + BATCH_HEADER_BYTES..)?;
        let table = rest.get(..table_bytes)?;
        if word(bytes, at + 32)? != checksum(&bytes[at + 8..at + 32], table, seed) {
            return None;
        }
        // A file that was cut has less than all bodies.
        let end = table_bytes.checked_add(body_bytes)?;
        let bodies = &rest[table_bytes..end.min(rest.len())];
        Some(Self {
            table,
            records,
            bodies,
            end: (at + BATCH_HEADER_BYTES + end).next_multiple_of(ALIGNMENT),
        })
    }

    fn records(&self, seed: u64) -> Option<Vec<LaneRecord<'a>>> {
        let (mut table, mut bodies) = (self.table, self.bodies);
        (0..self.records)
            .map(|_| record::take(&mut table, &mut bodies, seed))
            .collect()
    }
}

/// Whether there is a batch after the one with this number.
fn later_batch(bytes: &[u8], from: usize, number: u64, seed: u64) -> bool {
    (from..bytes.len())
        .step_by(ALIGNMENT)
        .filter(|&at| word(bytes, at) == Some(BATCH_MAGIC))
        .any(|at| {
            word(bytes, at + 8)
                .is_some_and(|later| later > number && Frame::at(bytes, at, later, seed).is_some())
        })
}

pub(super) fn word(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests;
