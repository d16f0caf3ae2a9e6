//! The implicit transaction of a turn and the savepoints inside it.
//!
//! The first write after a commit opens the implicit transaction; [`Database::end_turn`] commits
//! it, unless an explicit transaction (a savepoint) is still open, which then spans several turns.
//!
//! Source: reference sections 3.4, 4.4 and 5.8.

use rusqlite::{Connection, ffi};
use std::rc::Rc;

use crate::clock::wall_ms;
use crate::commit::CommitPosition;
use crate::database::Database;
use crate::error::{CommitFailure, StorageError};
use crate::lane_log::AlarmChange;

/// What the program has done since the last commit.
#[derive(Debug, Default)]
pub(crate) struct TransactionState {
    /// The implicit transaction was begun and neither committed nor rolled back.
    pub(crate) is_open: bool,
    /// Open savepoints; more than 0 only while `is_open`, or after a critical error.
    savepoints: u32,
    /// Some write since the last commit must be durable before any output leaves.
    pub(crate) confirms: bool,
    /// What the operation that runs asked for.
    confirmation: Confirmation,
    /// SQLite rolled everything back by itself for this reason; the object must be reset.
    pub(crate) critical: Option<StorageError>,
    /// The last commit of which the owner knows. A deletion of everything has a commit of its own,
    /// in the middle of a turn.
    reported: CommitPosition,
}

/// Whether outputs wait until a write is durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Confirmation {
    /// They do.
    #[default]
    Needed,
    /// They do not: the program passed `allowUnconfirmed`.
    Waived,
}

/// What becomes of the writes since a savepoint was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SavepointEnd {
    /// They stay part of the surrounding transaction.
    Commit,
    /// They are undone, and statements that read what they wrote are canceled.
    RollBack,
}

impl Database {
    /// Opens the implicit transaction if it is not open.
    pub(crate) fn begin(&mut self) -> Result<Rc<Connection>, StorageError> {
        self.check()?;
        self.transaction.confirms |= self.transaction.confirmation == Confirmation::Needed;
        let sqlite = Rc::clone(&self.connect()?.sqlite);
        if self.transaction.is_open && sqlite.is_autocommit() {
            // An EXPLAIN of something that writes was interrupted, which rolls back like what it explains. Without this, the
            // next write would be committed by itself.
            let interrupted = ffi::Error::new(ffi::SQLITE_INTERRUPT);
            let error = rusqlite::Error::SqliteFailure(interrupted, Some("interrupted".into()));
            return Err(self.failed(error.into()));
        }
        if !self.transaction.is_open {
            // It would be refused when the turn ends.
            let pages = &self.target.pages;
            if let Some(reason) = pages.damage() {
                return Err(StorageError::damaged(&pages.name, &reason));
            }
            run_cached(&sqlite, "BEGIN").map_err(|error| self.failed(error.into()))?;
            self.transaction.is_open = true;
        }
        Ok(sqlite)
    }

    /// Runs an operation whose writes outputs wait for, or not.
    ///
    /// Writes are committed with the others of the turn; if one of them needs confirmation, outputs
    /// wait for all.
    ///
    /// Source: reference section 3.2, `allowUnconfirmed`.
    pub fn confirming<T>(
        &mut self,
        confirmation: Confirmation,
        operation: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let outer = std::mem::replace(&mut self.transaction.confirmation, confirmation);
        let result = operation(self);
        self.transaction.confirmation = outer;
        result
    }

    /// Returns whether outputs must wait for what the last calls of [`Self::end_turn`] committed,
    /// and forgets it.
    pub fn take_confirms(&mut self) -> bool {
        std::mem::take(&mut self.transaction.confirms)
    }

    /// Begins a savepoint and returns the new depth, 1 for the outermost.
    ///
    /// # Errors
    /// A critical error of this turn, or SQLite's.
    pub fn savepoint_begin(&mut self) -> Result<u32, StorageError> {
        let sqlite = self.begin()?;
        let depth = self.transaction.savepoints + 1;
        run_cached(&sqlite, "SAVEPOINT _cf_savepoint")
            .map_err(|error| self.failed(error.into()))?;
        self.transaction.savepoints = depth;
        Ok(depth)
    }

    /// Ends the innermost savepoint. Nothing is durable before the end of the turn.
    ///
    /// # Errors
    /// [`StorageError::CommitAfterCritical`] when it was to be kept although SQLite has rolled
    /// everything back; a rollback then succeeds. [`StorageError::NoSavepoint`] when none is open,
    /// as after [`Self::discard`]. Otherwise SQLite's.
    pub fn savepoint_end(&mut self, end: SavepointEnd) -> Result<(), StorageError> {
        let depth = self.transaction.savepoints;
        let Some(outer_depth) = depth.checked_sub(1) else {
            return Err(StorageError::NoSavepoint);
        };
        self.transaction.savepoints = outer_depth;
        if self.transaction.critical.is_some() {
            return match end {
                SavepointEnd::Commit => Err(StorageError::CommitAfterCritical),
                SavepointEnd::RollBack => Ok(()),
            };
        }
        let sqlite = Rc::clone(&self.connect()?.sqlite);
        let result = match end {
            SavepointEnd::Commit => {
                run_cached(&sqlite, "RELEASE _cf_savepoint").map_err(Into::into)
            }
            SavepointEnd::RollBack => {
                self.forget_uncommitted();
                self.wished = None;
                sqlite
                    .execute_batch("ROLLBACK TO _cf_savepoint; RELEASE _cf_savepoint")
                    .map_err(Into::into)
            }
        };
        result.map_err(|error| self.failed(error))
    }

    /// Returns how many savepoints are open.
    pub fn savepoint_depth(&self) -> u32 {
        self.transaction.savepoints
    }

    /// Commits the implicit transaction unless a savepoint keeps it open, and returns the position
    /// of what was committed since the last call; `None` if nothing was.
    ///
    /// The position is not durable yet: it was submitted to the committer, whose report opens the
    /// output gate. An alarm that becomes earlier is in the alarm index when this returns.
    ///
    /// # Errors
    /// Everything since the last commit is lost and the object must be reset.
    pub fn end_turn(&mut self) -> Result<Option<CommitPosition>, CommitFailure> {
        if let Some(error) = &self.transaction.critical {
            return Err(CommitFailure::Critical(error.clone()));
        }
        if self.transaction.is_open
            && self.transaction.savepoints == 0
            && let Err(error) = self.commit()
        {
            self.discard();
            self.transaction.critical = Some(error.clone());
            return Err(commit_failure(error));
        }
        self.note_memory();
        let moved = self.position > self.transaction.reported;
        self.transaction.reported = self.position;
        Ok(moved.then_some(self.position))
    }

    /// Undoes everything since the last commit, savepoints and a critical error included.
    ///
    /// Statements that were reading are canceled.
    pub fn discard(&mut self) {
        self.transaction.savepoints = 0;
        self.transaction.critical = None;
        self.transaction.confirms = false;
        self.forget_uncommitted();
        self.alarm_changed = false;
        if !std::mem::take(&mut self.transaction.is_open) {
            return;
        }
        let Some(connection) = &self.connection else {
            return;
        };
        // With autocommit SQLite was faster; otherwise ROLLBACK cannot fail in a way that keeps the
        // transaction, and if the file is broken the close drops it.
        if !connection.sqlite.is_autocommit()
            && let Err(error) = connection.sqlite.execute_batch("ROLLBACK")
        {
            tracing::warn!(%error, "roll back");
        }
        self.target.pages.discard();
    }

    /// Commits the implicit transaction. After an error it is still open.
    pub(crate) fn commit(&mut self) -> Result<Option<CommitPosition>, StorageError> {
        let alarm = match (self.alarm_changed, &self.target.alarm) {
            (true, Some(_)) => Some(self.alarm()?),
            _ => None,
        };
        if let (Some(alarm), Some(link)) = (alarm, &self.target.alarm) {
            link.before_commit(alarm)?;
        }
        run_cached(&self.connect()?.sqlite, "COMMIT")?;
        self.transaction.is_open = false;
        self.alarm_changed = false;
        self.wished = None;
        if let (Some(alarm), Some(link)) = (alarm, &self.target.alarm) {
            link.committed(CommitPosition(self.position.0 + 1), alarm);
        }
        let change = alarm.map_or(AlarmChange::None, AlarmChange::to);
        Ok(self.submit_if_committed(change))
    }

    /// Counts and submits what SQLite has committed since the last time.
    pub(crate) fn submit_if_committed(&mut self, alarm: AlarmChange) -> Option<CommitPosition> {
        let pages = &self.target.pages;
        let commit = pages.take_commit(wall_ms(), &mut self.visible_name, alarm)?;
        self.position.0 += 1;
        self.lane.submit(&self.target, self.position, commit);
        Some(self.position)
    }
}

/// Runs one of this crate's own statements that returns nothing.
pub(crate) fn run_cached(sqlite: &Connection, sql: &str) -> rusqlite::Result<()> {
    sqlite.prepare_cached(sql)?.execute([])?;
    Ok(())
}

fn commit_failure(error: StorageError) -> CommitFailure {
    match error.sql() {
        Some(sql) if sql.code() == ffi::SQLITE_CONSTRAINT => CommitFailure::Constraint(sql.clone()),
        _ => CommitFailure::Storage(error),
    }
}

#[cfg(test)]
mod tests {
    use crate::{Backend, Committer, Database, DatabaseOptions};

    #[test]
    fn nothing_is_written_after_a_rollback_of_which_nobody_heard() {
        let folder = tempfile::tempdir().unwrap();
        let committer = Committer::spawn(drop).unwrap();
        let options = DatabaseOptions {
            backend: Backend::Sqlite { sql_enabled: true },
            alarm: None,
        };
        let path = folder.path().join("object.sqlite");
        let mut database = Database::open(&path, options, &committer.lane()).unwrap();
        database.sql_exec("CREATE TABLE a (x)", &[]).unwrap();
        // As an interrupted EXPLAIN does it.
        let sqlite = std::rc::Rc::clone(&database.connect().unwrap().sqlite);
        sqlite.execute_batch("ROLLBACK").unwrap();

        let refused = database.sql_exec("CREATE TABLE b (x)", &[]).unwrap_err();

        assert!(refused.is_interrupted(), "{refused}");
        database.discard();
        let tables: i64 = sqlite
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .unwrap();
        assert_eq!(tables, 0);
        drop(sqlite);
        drop(database);
    }
}
