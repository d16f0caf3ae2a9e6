//! Point-in-time recovery of one object: bookmarks of its states, and the way back to one.
//!
//! A wish to go back is a row of the object's own database, so it is part of the turn that made it.
//! The first use of the database by the next instance carries it out, before anything else is read:
//! the pages of the earlier state and the removal of the wish are one commit. So a restore happens
//! whole or not at all, happens once, and can be undone like any other commit.
//!
//! Source: reference section 7.1.

use rusqlite::OptionalExtension;
use rusqlite::types::Value;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use crate::clock::wall_ms;
use crate::commit::CommitPosition;
use crate::database::Database;
use crate::error::StorageError;
use crate::history::{Base as _, Bookmark, HistoryError, Timeline, Turn, TurnMark};
use crate::lane_log::AlarmChange;
use crate::object_pages::{self, SettledBase};

const BOOKMARK_KEY: i64 = 2;
const RESTORE_KEY: i64 = 3;

/// The states of an object that can be restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bookmarks {
    /// The oldest state.
    pub oldest: String,
    /// The states after each commit since, oldest first, with the time of the commit in milliseconds
    /// since the Unix epoch.
    pub commits: Vec<(String, i64)>,
}

impl Database {
    /// Returns a bookmark of the present state, greater than every one returned before, in plain
    /// string order.
    ///
    /// What the turn has written is part of that state. Counting the bookmark is a write like any
    /// other: part of the running transaction.
    ///
    /// # Errors
    /// [`StorageError::BookmarkCorrupt`], a critical error of this turn, or SQLite's.
    pub fn current_bookmark(&mut self) -> Result<String, StorageError> {
        let next = match self.metadata(BOOKMARK_KEY)? {
            None | Some(Value::Null) => 0,
            Some(Value::Integer(last)) if (0..i64::MAX).contains(&last) => last + 1,
            Some(_) => return Err(StorageError::BookmarkCorrupt),
        };
        // One that was counted in a savepoint that was rolled back may still be known to somebody.
        let next = next.max(self.next_bookmark);
        self.set_metadata(BOOKMARK_KEY, Value::Integer(next))?;
        self.next_bookmark = next + 1;
        let pages = &self.target.pages;
        let serial = u32::try_from(next % i64::from(u32::MAX)).expect("a remainder is less");
        let txid = pages.next_txid(wall_ms());
        Ok(Bookmark::within(txid, serial, pages.name.bytes()).to_string())
    }

    /// Returns the bookmark of the state at a time, in milliseconds since the Unix epoch: that after
    /// the last commit until then.
    ///
    /// Waits until what is committed is durable.
    ///
    /// # Errors
    /// [`StorageError::TimeNotKept`]; [`StorageError::File`] when the history cannot be read.
    pub fn bookmark_for_time(&mut self, time_ms: i64) -> Result<String, StorageError> {
        self.check()?;
        let found = self.with_timeline(|timeline, horizon_ms| timeline.at(time_ms, horizon_ms));
        match found {
            Ok(txid) => Ok(self.bookmark_after(txid)),
            Err(HistoryError::NotKept) => Err(StorageError::TimeNotKept),
            Err(HistoryError::Unreadable(error)) => Err(self.unreadable(error)),
        }
    }

    /// Returns the states that can be restored, of the newest commits so many at most. The present
    /// state is there whatever the history has.
    ///
    /// # Errors
    /// [`StorageError::TimeNotKept`] when no history is kept; [`StorageError::File`] when it cannot
    /// be read.
    pub fn bookmarks(&mut self, limit: usize) -> Result<Bookmarks, StorageError> {
        self.check()?;
        let found =
            self.with_timeline(|timeline, _| Ok((timeline.oldest()?, timeline.marks(limit)?)));
        let (oldest, mut marks) = match found {
            Ok(found) => found,
            Err(HistoryError::NotKept) => return Err(StorageError::TimeNotKept),
            Err(HistoryError::Unreadable(error)) => return Err(self.unreadable(error)),
        };
        let (present, _) = self.target.pages.recent();
        if marks.is_empty() && present.txid > 0 {
            marks.push(TurnMark {
                txid: present.txid,
                time_ms: present.time_ms,
            });
        }
        Ok(Bookmarks {
            oldest: self.bookmark_after(oldest),
            commits: marks
                .iter()
                .map(|mark| (self.bookmark_after(mark.txid), mark.time_ms))
                .collect(),
        })
    }

    /// Has the next instance of the object begin with the state of a bookmark. Returns the bookmark of
    /// the state just before that.
    ///
    /// Part of the running transaction; a later call replaces the wish.
    ///
    /// # Errors
    /// [`StorageError::BookmarkNotKept`] for a text that is no bookmark of this object, or one whose
    /// state is not kept any more; as [`Self::current_bookmark`].
    pub fn restore_next(&mut self, bookmark: &str) -> Result<String, StorageError> {
        self.check()?;
        self.kept(bookmark)?;
        self.set_metadata(RESTORE_KEY, Value::Text(bookmark.to_owned()))?;
        self.wished = Some(bookmark.to_owned());
        let pages = &self.target.pages;
        let next = pages.next_txid(wall_ms());
        Ok(Bookmark::before_restore(next, pages.name.bytes()).to_string())
    }

    /// Commits a wish of the turn that was just discarded: who wishes to go back and then aborts does
    /// not mean to take the wish back.
    ///
    /// # Errors
    /// As [`Self::end_turn`].
    pub fn keep_wish(&mut self) -> Result<(), StorageError> {
        let Some(bookmark) = self.wished.take() else {
            return Ok(());
        };
        self.set_metadata(RESTORE_KEY, Value::Text(bookmark))?;
        self.commit().map(drop)
    }

    /// Returns the alarm that a restore has brought back since the last call.
    pub fn take_restored_alarm(&mut self) -> Option<i64> {
        self.restored_alarm.take()
    }

    /// Writes the database as it was at a bookmark to a new file, which any SQLite program opens.
    ///
    /// # Errors
    /// As [`Self::restore_next`]; [`StorageError::File`].
    pub fn copy_state_to(&mut self, bookmark: &str, target: &Path) -> Result<(), StorageError> {
        let txid = self.kept(bookmark)?.txid();
        self.settle()?;
        let (pages, directory) = (&self.target.pages, &self.target.directory);
        directory.open_base(pages)?;
        let (mark, base) = pages.settled_base();
        let settled = SettledBase { mark, base: &base };
        let key = pages.name.bytes();
        let timeline = Timeline::new(directory.history(), key, &settled, &[]);
        let state = timeline
            .state(txid.min(mark.txid))
            .map_err(|error| self.refused(error, bookmark))?;
        let write = || -> io::Result<()> {
            let mut file = File::create_new(target)?;
            for number in 1..=state.db_pages {
                match state.pages.get(&number) {
                    Some(page) => file.write_all(&page[..])?,
                    None => file.write_all(&settled.page(number)?[..])?,
                }
            }
            file.sync_all()
        };
        write().map_err(|error| StorageError::file("write copy", target, error))
    }

    /// Carries out what the last instance has wished by [`Self::restore_next`]. The connection is
    /// open, and nothing was done with it.
    pub(crate) fn restore_if_wished(&mut self) -> Result<(), StorageError> {
        let Some(Value::Text(bookmark)) = self.metadata(RESTORE_KEY)? else {
            return Ok(());
        };
        self.close_connection();
        self.forget_uncommitted();
        let state = self.kept(&bookmark).and_then(|kept| {
            self.settle()?;
            let (mark, _) = self.target.pages.recent();
            let base = SettledBase {
                mark,
                base: &object_pages::Base::Nothing,
            };
            let key = self.target.pages.name.bytes();
            Timeline::new(self.target.directory.history(), key, &base, &[])
                .state(kept.txid().min(mark.txid))
                .map_err(|error| self.refused(error, &bookmark))
        });
        let object_id = &self.target.pages.name;
        match state {
            Ok(state) => {
                tracing::info!(%object_id, bookmark, "an earlier state is restored");
                let pages = &self.target.pages;
                pages.write_state(state.db_pages, state.pages, wall_ms());
            }
            // It was there when it was wished. The object goes on as it is.
            Err(error) => tracing::error!(%object_id, %error, "restore an earlier state"),
        }
        self.reopen()?;
        if self.metadata_for_read()?.is_some() {
            let sqlite = std::rc::Rc::clone(&self.connect()?.sqlite);
            sqlite.execute("DELETE FROM _cf_METADATA WHERE key = ?", [RESTORE_KEY])?;
        }
        self.forget_uncommitted();
        let alarm = self.alarm()?;
        let mut change = AlarmChange::None;
        if let Some(link) = &self.target.alarm {
            link.before_commit(alarm)?;
            link.committed(CommitPosition(self.position.0 + 1), alarm);
            change = AlarmChange::to(alarm);
        }
        self.restored_alarm = alarm;
        self.submit_if_committed(change);
        self.transaction.confirms = true;
        Ok(())
    }

    /// The bookmark of this object whose state can be restored.
    fn kept(&self, bookmark: &str) -> Result<Bookmark, StorageError> {
        let refused = || StorageError::BookmarkNotKept(bookmark.to_owned());
        let pages = &self.target.pages;
        let parsed: Bookmark = bookmark.parse().map_err(|_| refused())?;
        let next = pages.next_txid(wall_ms());
        // The last state of the running epoch is the one that is going to be when it ends.
        if !parsed.is_of(pages.name.bytes()) || parsed.txid() >> 32 > next >> 32 {
            return Err(refused());
        }
        let oldest = self
            .with_timeline(|timeline, _| timeline.oldest())
            .map_err(|error| self.refused(error, bookmark))?;
        if parsed.txid() < oldest {
            return Err(refused());
        }
        Ok(parsed)
    }

    fn with_timeline<T>(
        &self,
        work: impl FnOnce(&Timeline<'_>, i64) -> Result<T, HistoryError>,
    ) -> Result<T, HistoryError> {
        let (pages, history) = (&self.target.pages, self.target.directory.history());
        // The last state of a damaged object does not depend on the history.
        if history.retention().is_off() && pages.damage().is_none() {
            return Err(HistoryError::NotKept);
        }
        // A commit that is on its way is not among the turns.
        self.lane.wait_until_idle(self.target.key);
        let (mark, turns) = pages.recent();
        let base = SettledBase {
            mark,
            base: &object_pages::Base::Nothing,
        };
        let live: Vec<Turn<'_>> = turns.iter().map(object_pages::Turn::as_history).collect();
        let horizon_ms = history.retention().horizon_ms(wall_ms());
        let timeline = Timeline::new(history, pages.name.bytes(), &base, &live);
        work(&timeline, horizon_ms)
    }

    /// Moves every commit of the object to its base and to the history.
    fn settle(&self) -> Result<(), StorageError> {
        self.lane.wait_until_idle(self.target.key);
        let pages = std::slice::from_ref(&self.target.pages);
        self.target.directory.settle(pages)
    }

    fn bookmark_after(&self, txid: u64) -> String {
        Bookmark::after(txid, self.target.pages.name.bytes()).to_string()
    }

    fn refused(&self, error: HistoryError, bookmark: &str) -> StorageError {
        match error {
            HistoryError::NotKept => StorageError::BookmarkNotKept(bookmark.to_owned()),
            HistoryError::Unreadable(error) => self.unreadable(error),
        }
    }

    fn unreadable(&self, error: io::Error) -> StorageError {
        StorageError::file(
            "read the history of",
            self.target.pages.name.to_string(),
            error,
        )
    }

    fn metadata(&mut self, key: i64) -> Result<Option<Value>, StorageError> {
        let Some(sqlite) = self.metadata_for_read()? else {
            return Ok(None);
        };
        sqlite
            .prepare_cached("SELECT value FROM _cf_METADATA WHERE key = ?")
            .and_then(|mut statement| statement.query_row([key], |row| row.get(0)).optional())
            .map_err(|error| self.failed(error.into()))
    }

    fn set_metadata(&mut self, key: i64, value: Value) -> Result<(), StorageError> {
        let sqlite = self.metadata_for_write()?;
        sqlite
            .prepare_cached("INSERT OR REPLACE INTO _cf_METADATA (key, value) VALUES (?, ?)")
            .and_then(|mut statement| statement.execute((key, value)))
            .map(drop)
            .map_err(|error| self.failed(error.into()))
    }
}
