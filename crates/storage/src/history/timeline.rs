//! All states of one object that can be restored, and how to get back to one.
//!
//! The newest are in the lane, as commits on top of the base; before them come the chunks of the
//! packs, each with what undoes it. A state has the number of the commit that made it. The state 0
//! is the empty database before the first commit.

use std::io;

use super::chunk::{Chunk, TurnMark};
use super::page::{Base, Pages, Turn, decoded};
use super::{History, pack};

/// The restorable states of one object.
pub(crate) struct Timeline<'a> {
    history: &'a History,
    key: &'a [u8],
    base: &'a dyn Base,
    live: &'a [Turn<'a>],
}

/// What makes the base into another state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// The pages of the database.
    pub(crate) db_pages: u32,
    /// Those of them that may differ from the base's.
    pub(crate) pages: Pages,
}

/// Why a state cannot be restored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HistoryError {
    /// It is older than what is kept, or never was.
    #[error("the state is not in the history that is kept of this object")]
    NotKept,
    /// A file cannot be read.
    #[error("{0}")]
    Unreadable(#[from] io::Error),
}

impl<'a> Timeline<'a> {
    /// Makes the timeline of the object `key` from the base and the commits after it, oldest first.
    pub(crate) fn new(
        history: &'a History,
        key: &'a [u8],
        base: &'a dyn Base,
        live: &'a [Turn<'a>],
    ) -> Self {
        Self {
            history,
            key,
            base,
            live,
        }
    }

    /// The current state.
    pub(crate) fn latest(&self) -> u64 {
        match self.live.last() {
            Some(turn) => turn.txid,
            None => self.base.txid(),
        }
    }

    /// The oldest state.
    ///
    /// # Errors
    /// [`HistoryError::Unreadable`].
    pub(crate) fn oldest(&self) -> Result<u64, HistoryError> {
        let chain = self.history.chain(self.key, self.base.txid())?;
        Ok(match chain.last() {
            Some((_, entry)) => entry.before,
            None => self.base.txid(),
        })
    }

    /// The last commits, so many at most, oldest first.
    ///
    /// # Errors
    /// [`HistoryError::Unreadable`].
    pub(crate) fn marks(&self, limit: usize) -> Result<Vec<TurnMark>, HistoryError> {
        let mut newest: Vec<TurnMark> = self.live_marks().collect();
        newest.reverse();
        for (pack, entry) in self.history.chain(self.key, self.base.txid())? {
            if newest.len() >= limit {
                break;
            }
            let bytes = pack.chunk(&entry)?;
            let chunk = Chunk::read(&bytes).ok_or_else(|| pack::damaged("pack", &pack.place()))?;
            let marks: Vec<TurnMark> = chunk.turns().collect();
            newest.extend(marks.into_iter().rev());
        }
        newest.truncate(limit);
        newest.reverse();
        Ok(newest)
    }

    /// The state that the object had at a time; one that is to come has the current state.
    ///
    /// `horizon_ms` is when the time begins that is kept of objects that did not change.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub(crate) fn at(&self, time_ms: i64, horizon_ms: i64) -> Result<u64, HistoryError> {
        // The time of an object's commits never goes back.
        let until = |mark: &TurnMark| mark.time_ms <= time_ms;
        if let Some(mark) = self.live_marks().filter(until).last() {
            return Ok(mark.txid);
        }
        let mut oldest = self.base.txid();
        for (pack, entry) in self.history.chain(self.key, self.base.txid())? {
            let bytes = pack.chunk(&entry)?;
            let chunk = Chunk::read(&bytes).ok_or_else(|| pack::damaged("pack", &pack.place()))?;
            if let Some(mark) = chunk.turns().filter(until).last() {
                return Ok(mark.txid);
            }
            oldest = chunk.before;
        }
        match time_ms >= horizon_ms {
            true => Ok(oldest),
            false => Err(HistoryError::NotKept),
        }
    }

    fn live_marks(&self) -> impl Iterator<Item = TurnMark> {
        self.live.iter().map(|turn| TurnMark {
            txid: turn.txid,
            time_ms: turn.time_ms,
        })
    }

    /// Returns what makes the base into the state after the commit `txid`, or after the last one
    /// before it if there is none of this number.
    ///
    /// # Errors
    /// [`HistoryError::NotKept`] for a number before the oldest state or after the current one.
    pub(crate) fn state(&self, txid: u64) -> Result<State, HistoryError> {
        if txid > self.latest() {
            return Err(HistoryError::NotKept);
        }
        let mut state = State {
            db_pages: self.base.db_pages(),
            pages: Pages::new(),
        };
        if txid >= self.base.txid() {
            for turn in self.live.iter().take_while(|turn| turn.txid <= txid) {
                let pages = turn.pages.iter();
                let pages = pages.map(|(number, page)| Ok((*number, decoded(page)?)));
                state.set(turn.db_pages, pages.collect::<io::Result<Pages>>()?);
            }
            return Ok(state);
        }
        let mut reached = self.base.txid();
        for (pack, entry) in self.history.chain(self.key, self.base.txid())? {
            if reached <= txid {
                break;
            }
            let bytes = pack.chunk(&entry)?;
            let chunk = Chunk::read(&bytes).ok_or_else(|| pack::damaged("pack", &pack.place()))?;
            if let Some(known) = chunk.undo(txid) {
                state.set(known.db_pages, known.pages);
            }
            reached = chunk.before;
        }
        if reached > txid {
            return Err(HistoryError::NotKept);
        }
        Ok(state)
    }
}

impl State {
    fn set(&mut self, db_pages: u32, pages: Pages) {
        self.db_pages = db_pages;
        self.pages.extend(pages);
        self.pages.retain(|number, _| *number <= db_pages);
    }
}
