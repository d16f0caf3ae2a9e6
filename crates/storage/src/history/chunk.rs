//! What a pack knows about one object: the pages as they were, and each commit that changed them.
//!
//! A chunk stands for itself. It has every page its commits changed as the page was before the
//! first of them, so the commits can be undone without looking at older chunks, and older ones can
//! be deleted at any time.
//!
//! Persisted, little-endian:
//!
//! ```text
//! before u64, db pages before u32, pages u32, then for each page: number u32, patch from zeros
//! turns u32, then for each turn: txid u64, time_ms i64, db pages u32, changes u32,
//!            then for each change: place among the pages u32, patch from the version before
//! ```

use std::collections::BTreeMap;
use std::io;

use super::page::{Base, Page, Pages, Turn, ZERO_PAGE, decoded};
use super::patch;

/// The patch of a page that is cut off: should it come back, its next version differs from this one.
const NO_DIFFERENCE: [u8; 2] = [0; 2];

/// One commit of a chunk, without its pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TurnMark {
    /// The number of the commit.
    pub(crate) txid: u64,
    /// When it was committed, milliseconds since the Unix epoch.
    pub(crate) time_ms: i64,
}

/// A chunk that was read and understood.
#[derive(Debug)]
pub(crate) struct Chunk<'b> {
    /// The last commit before the first turn.
    pub(crate) before: u64,
    db_pages_before: u32,
    /// The pages that the turns change, as they were before.
    pages: Vec<(u32, Page)>,
    turns: Vec<Changes<'b>>,
}

#[derive(Debug)]
struct Changes<'b> {
    mark: TurnMark,
    db_pages: u32,
    /// Places among the pages, with patches.
    patches: Vec<(usize, &'b [u8])>,
}

/// A state of the pages that a chunk knows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) db_pages: u32,
    pub(crate) pages: Pages,
}

/// Writes the chunk of an object's commits, oldest first, at least one.
///
/// # Errors
/// The base's; [`io::ErrorKind::InvalidData`] for a page that is damaged.
pub(crate) fn write(base: &dyn Base, turns: &[Turn<'_>], out: &mut Vec<u8>) -> io::Result<()> {
    let mut versions: BTreeMap<u32, (usize, Page)> = BTreeMap::new();
    out.extend(base.txid().to_le_bytes());
    out.extend(base.db_pages().to_le_bytes());
    let mut db_pages = base.db_pages();
    for turn in turns {
        // A page that is cut off is lost without having been written.
        let cut = turn.db_pages + 1..=db_pages;
        for number in turn.pages.iter().map(|(number, _)| *number).chain(cut) {
            versions.entry(number).or_insert((0, ZERO_PAGE));
        }
        db_pages = turn.db_pages;
    }
    out.extend(count(versions.len()));
    for (place, (number, version)) in versions.iter_mut().enumerate() {
        if *number <= base.db_pages() {
            version.1 = *base.page(*number)?;
        }
        version.0 = place;
        out.extend(number.to_le_bytes());
        patch::write(&ZERO_PAGE, &version.1, out);
    }
    out.extend(count(turns.len()));
    let mut db_pages = base.db_pages();
    for turn in turns {
        let cut = turn.db_pages + 1..=db_pages;
        db_pages = turn.db_pages;
        out.extend(turn.txid.to_le_bytes());
        out.extend(turn.time_ms.to_le_bytes());
        out.extend(turn.db_pages.to_le_bytes());
        out.extend(count(turn.pages.len() + cut.clone().count()));
        for number in cut {
            out.extend(count(versions[&number].0));
            out.extend(NO_DIFFERENCE);
        }
        for (number, encoded) in &turn.pages {
            let page = decoded(encoded)?;
            let (place, version) = versions.get_mut(number).expect("every page was entered");
            out.extend(count(*place));
            patch::write(version, &page, out);
            *version = *page;
        }
    }
    Ok(())
}

fn count(number: usize) -> [u8; 4] {
    u32::try_from(number)
        .expect("a database has fewer than 2^32 pages")
        .to_le_bytes()
}

impl<'b> Chunk<'b> {
    /// Reads a chunk; none if the bytes are not one.
    pub(crate) fn read(bytes: &'b [u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let before = reader.u64()?;
        let db_pages_before = reader.u32()?;
        let pages = (0..reader.u32()?)
            .map(|_| {
                let number = reader.u32()?;
                let mut page = ZERO_PAGE;
                reader.0 = patch::apply(&mut page, reader.0)?;
                Some((number, page))
            })
            .collect::<Option<Vec<_>>>()?;
        let turns = (0..reader.u32()?)
            .map(|_| reader.changes(pages.len()))
            .collect::<Option<Vec<_>>>()?;
        (reader.0.is_empty() && !turns.is_empty()).then_some(Self {
            before,
            db_pages_before,
            pages,
            turns,
        })
    }

    /// The commits, oldest first.
    pub(crate) fn turns(&self) -> impl Iterator<Item = TurnMark> {
        self.turns.iter().map(|turn| turn.mark)
    }

    /// The number of the last commit.
    pub(crate) fn last(&self) -> u64 {
        self.turns.last().map_or(self.before, |turn| turn.mark.txid)
    }

    /// The pages that commits after `txid` changed, as they were after it; of a `txid` that is
    /// before all commits, as they were before them.
    ///
    /// `None` if no commit is after `txid`.
    pub(crate) fn undo(&self, txid: u64) -> Option<Known> {
        let kept = self.turns.partition_point(|turn| turn.mark.txid <= txid);
        let (kept, undone) = self.turns.split_at(kept);
        if undone.is_empty() {
            return None;
        }
        let mut undone: Vec<usize> = undone
            .iter()
            .flat_map(|turn| turn.patches.iter().map(|(place, _)| *place))
            .collect();
        undone.sort_unstable();
        undone.dedup();
        Some(self.after(kept, undone.into_iter()))
    }

    /// The pages as the last commit left them; those past the end of the database count for nothing.
    pub(crate) fn latest(&self) -> Known {
        self.after(&self.turns, 0..self.pages.len())
    }

    /// Some of the pages as they were after the first `turns` of this chunk.
    fn after(&self, turns: &[Changes<'b>], places: impl Iterator<Item = usize>) -> Known {
        let mut versions: BTreeMap<usize, Box<Page>> = places
            .map(|place| (place, Box::new(self.pages[place].1)))
            .collect();
        for (place, patch) in turns.iter().flat_map(|turn| &turn.patches) {
            if let Some(version) = versions.get_mut(place) {
                patch::apply(version, patch).expect("the patch was read before");
            }
        }
        Known {
            db_pages: turns
                .last()
                .map_or(self.db_pages_before, |turn| turn.db_pages),
            pages: versions
                .into_iter()
                .map(|(place, page)| (self.pages[place].0, page))
                .collect(),
        }
    }
}

/// The bytes that were not read yet.
struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    fn changes(&mut self, pages: usize) -> Option<Changes<'b>> {
        let mark = TurnMark {
            txid: self.u64()?,
            time_ms: self.array().map(i64::from_le_bytes)?,
        };
        let db_pages = self.u32()?;
        let patches = (0..self.u32()?)
            .map(|_| {
                let place = usize::try_from(self.u32()?).ok()?;
                let patch = self.0;
                self.0 = patch::apply(&mut ZERO_PAGE.clone(), patch)?;
                (place < pages).then_some((place, &patch[..patch.len() - self.0.len()]))
            })
            .collect::<Option<Vec<_>>>()?;
        Some(Changes {
            mark,
            db_pages,
            patches,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::{Database, turn};
    use super::super::page::page;
    use super::*;

    fn chunk_of(base: &Database, turns: &[Turn<'_>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(base, turns, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_chunk_knows_the_pages_before_between_and_after_its_turns() {
        let base = Database::new(7, &[(1, b"one"), (2, b"two"), (3, b"three")]);
        let (first, second) = (page(b"uno"), page(b"due"));
        let fourth = page(b"four");
        let turns = [
            turn(8, 100, 4, &[(1, &first), (4, &fourth)]),
            turn(9, 200, 2, &[(2, &second)]),
        ];
        let bytes = chunk_of(&base, &turns);

        let chunk = Chunk::read(&bytes).unwrap();

        assert_eq!(chunk.before, 7);
        let marks: Vec<_> = chunk
            .turns()
            .map(|mark| (mark.txid, mark.time_ms))
            .collect();
        assert_eq!(marks, [(8, 100), (9, 200)]);
        let known = |pages: &[(u32, &[u8])], db_pages| {
            Some(Known {
                db_pages,
                pages: pages.iter().map(|(n, bytes)| (*n, page(bytes))).collect(),
            })
        };
        let before = known(&[(1, b"one"), (2, b"two"), (3, b"three"), (4, b"")], 3);
        assert_eq!(chunk.undo(0), before, "long before");
        assert_eq!(chunk.undo(7), before);
        let between = known(&[(2, b"two"), (3, b"three"), (4, b"four")], 4);
        assert_eq!(
            chunk.undo(8),
            between,
            "with the pages that the second cut off"
        );
        assert_eq!(chunk.undo(9), None);
        assert_eq!(
            chunk.latest().pages.into_iter().collect::<Vec<_>>(),
            [
                (1, page(b"uno")),
                (2, page(b"due")),
                (3, page(b"three")),
                (4, page(b"four"))
            ]
        );
    }

    #[test]
    fn a_counter_costs_less_than_a_hundred_bytes_a_turn() {
        let base = Database::new(0, &[(1, &[3; 4096]), (2, &[5; 4096])]);
        let versions: Vec<_> = (0..100_u8)
            .map(|n| {
                let mut version = page(&[3; 4096]);
                version[24] = n;
                version[92] = n;
                version
            })
            .collect();
        let turns: Vec<_> = (1..)
            .zip(&versions)
            .map(|(txid, version)| turn(txid, 0, 2, &[(1, version)]))
            .collect();

        let bytes = chunk_of(&base, &turns);

        assert!(bytes.len() < 100 * 100, "{} bytes", bytes.len());
    }

    #[test]
    fn what_is_damaged_is_no_chunk() {
        let one = page(b"one");
        let bytes = chunk_of(&Database::new(0, &[]), &[turn(1, 0, 1, &[(1, &one)])]);

        for length in 0..bytes.len() {
            assert!(Chunk::read(&bytes[..length]).is_none(), "{length}");
        }
        assert!(Chunk::read(&[&bytes[..], b"x"].concat()).is_none());
    }
}
