//! One commit of one object, as lanes have it.
//!
//! A record is in two parts. Its *entry*, in the table of its batch, tells whose commit it is; its
//! *body* has the pages. Each has a checksum, so a body that is damaged is a known object's.
//! All numbers are little-endian. Persisted: a changed meaning needs a new magic number of batches.
//!
//! ```text
//! entry  kind u8, alarm u8, label bytes u16, id bytes u16, name bytes u16, txid u64, time u64,
//!        alarm time u64, database pages u32, page images u32, body bytes u64, body checksum u64,
//!        label, id, name
//! body   for each page image: number u32, bytes u16, the page as `crate::page` keeps it
//! ```

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::batch::word;
use crate::object_name::ObjectName;
use crate::object_pages::{Commit, Mark};

const ENTRY_BYTES: usize = 56;
const PAGE_HEADER_BYTES: usize = 6;

/// What a record asks of recovery. Persisted: never reuse a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum RecordKind {
    /// The object has these pages from now on, and the number of pages that is told.
    Commit = 1,
    /// The object was deleted or replaced: earlier records of it in this lane are void.
    Void = 2,
}

/// What a commit did to the object's alarm. Persisted: never reuse a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AlarmChange {
    /// Nothing.
    #[default]
    None,
    /// It was removed.
    Removed,
    /// It is due then, in milliseconds since the Unix epoch.
    Set(i64),
}

impl AlarmChange {
    /// The change that makes `alarm` the object's.
    pub(crate) fn to(alarm: Option<i64>) -> Self {
        alarm.map_or(Self::Removed, Self::Set)
    }

    /// This change, or the one before it if this is none.
    pub(crate) fn or(self, earlier: Self) -> Self {
        match self {
            Self::None => earlier,
            change => change,
        }
    }
}

/// One record, borrowed from the bytes of its segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneRecord<'a> {
    /// What it asks of recovery.
    pub kind: RecordKind,
    /// The folder of the object's namespace, relative to the data folder.
    pub namespace: &'a str,
    /// The object, 64 lower-case hexadecimal digits.
    pub id: String,
    /// The name the id was made from: with the first commit after each start of the object.
    pub name: Option<&'a str>,
    /// Counts the object's commits, from 1, without gaps; begins anew after [`RecordKind::Void`].
    pub txid: u64,
    /// When it was committed, in milliseconds since the Unix epoch; never goes back for an object.
    pub time_ms: i64,
    /// How many pages the database has.
    pub db_pages: u32,
    /// What it did to the alarm.
    pub alarm: AlarmChange,
    /// Whether the pages were changed by anybody else; there are none then.
    pub is_damaged: bool,
    pub(super) object: ObjectName,
    body: &'a [u8],
}

impl<'a> LaneRecord<'a> {
    /// Returns the pages that the commit has changed, each once: its number, from 1, and the page in
    /// the compact form that [`decode_page`](crate::decode_page) reads.
    pub fn pages(&self) -> impl Iterator<Item = (u32, &'a [u8])> + use<'a> {
        let mut rest = self.body;
        std::iter::from_fn(move || {
            let (head, after) = rest.split_at_checked(PAGE_HEADER_BYTES)?;
            let number = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
            let length = usize::from(u16::from_le_bytes([head[4], head[5]]));
            let (page, after) = after.split_at_checked(length)?;
            rest = after;
            Some((number, page))
        })
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            txid: self.txid,
            time_ms: self.time_ms,
            page_count: self.db_pages,
        }
    }
}

/// Appends a commit's entry and body. The caller has checked that the body is not too large.
pub(super) fn push_commit(
    table: &mut Vec<u8>,
    bodies: &mut Vec<u8>,
    seed: u64,
    (label, object): (&str, &ObjectName),
    commit: &Commit,
) {
    let start = bodies.len();
    for (number, page) in &commit.pages {
        let length = u16::try_from(page.len()).expect("a kept page has at most 4096 bytes");
        bodies.extend(number.to_le_bytes());
        bodies.extend(length.to_le_bytes());
        bodies.extend_from_slice(page);
    }
    let body = &bodies[start..];
    let name = commit.visible_name.as_deref().unwrap_or_default();
    let (alarm, alarm_time) = match commit.alarm {
        AlarmChange::None => (0, 0),
        AlarmChange::Removed => (1, 0),
        AlarmChange::Set(at) => (2, at),
    };
    table.extend([RecordKind::Commit as u8, alarm]);
    push_lengths(table, label, object, name);
    table.extend(commit.mark.txid.to_le_bytes());
    table.extend(commit.mark.time_ms.to_le_bytes());
    table.extend(alarm_time.to_le_bytes());
    table.extend(commit.mark.page_count.to_le_bytes());
    table.extend((commit.pages.len() as u32).to_le_bytes());
    table.extend((body.len() as u64).to_le_bytes());
    table.extend(xxh3_64_with_seed(body, seed).to_le_bytes());
    table.extend_from_slice(label.as_bytes());
    table.extend_from_slice(object.bytes());
    table.extend_from_slice(name.as_bytes());
}

/// Appends a record that makes earlier ones void.
pub(super) fn push_void(table: &mut Vec<u8>, seed: u64, (label, object): (&str, &ObjectName)) {
    table.extend([RecordKind::Void as u8, 0]);
    push_lengths(table, label, object, "");
    table.extend([0; 40]);
    table.extend(xxh3_64_with_seed(&[], seed).to_le_bytes());
    table.extend_from_slice(label.as_bytes());
    table.extend_from_slice(object.bytes());
}

fn push_lengths(table: &mut Vec<u8>, label: &str, object: &ObjectName, name: &str) {
    for length in [label.len(), object.bytes().len(), name.len()] {
        let length = u16::try_from(length).expect("names and paths have at most 4096 bytes");
        table.extend(length.to_le_bytes());
    }
}

/// Takes a record from the front of a table and of the bodies; `None` if a version wrote it that
/// knows other records.
pub(super) fn take<'a>(
    table: &mut &'a [u8],
    bodies: &mut &'a [u8],
    seed: u64,
) -> Option<LaneRecord<'a>> {
    let (head, rest) = table.split_at_checked(ENTRY_BYTES)?;
    let length = |at: usize| usize::from(u16::from_le_bytes([head[at], head[at + 1]]));
    let (label, rest) = rest.split_at_checked(length(2))?;
    let (object, rest) = rest.split_at_checked(length(4))?;
    let (name, rest) = rest.split_at_checked(length(6))?;
    let body_bytes = usize::try_from(word(head, 40)?).ok()?;
    let (body, other_bodies) = bodies.split_at_checked(body_bytes)?;
    let is_damaged = word(head, 48)? != xxh3_64_with_seed(body, seed);
    let object = ObjectName::from_bytes(object);
    let record = LaneRecord {
        kind: match head[0] {
            1 => RecordKind::Commit,
            2 => RecordKind::Void,
            _ => return None,
        },
        namespace: str::from_utf8(label).ok()?,
        id: object.to_string(),
        name: Some(str::from_utf8(name).ok()?).filter(|name| !name.is_empty()),
        txid: word(head, 8)?,
        time_ms: word(head, 16)? as i64,
        db_pages: u32::from_le_bytes(*head.get(32..)?.first_chunk()?),
        alarm: match head[1] {
            0 => AlarmChange::None,
            1 => AlarmChange::Removed,
            2 => AlarmChange::Set(word(head, 24)? as i64),
            _ => return None,
        },
        is_damaged,
        object,
        body: if is_damaged { &[] } else { body },
    };
    *table = rest;
    *bodies = other_bodies;
    Some(record)
}
