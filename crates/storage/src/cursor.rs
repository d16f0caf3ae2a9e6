//! Running queries: what a program's cursors can still ask.
//!
//! A cursor is one row ahead of its reader: the row that `next` returns was fetched before, and
//! fetching the one after it is part of the call. A cursor that ends gives its statement back at
//! once and keeps only its column names and counters.
//!
//! Source: reference section 5.3.

use rusqlite::types::ValueRef;
use rusqlite::{Row, Statement, StatementStatus};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use crate::counters::Tally;
use crate::error::StorageError;
use crate::sql::SqlValue;
use crate::statement_cache::{LiveRows, Prepared};

/// Ended cursors that are remembered; the oldest are forgotten first.
const ENDED_MAX: usize = 1024;

/// Names a cursor of one database; never used twice by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CursorId(u64);

impl CursorId {
    /// Returns the id as a number, at least 1.
    pub fn value(self) -> u64 {
        self.0
    }

    /// Returns the id with this number.
    pub fn from_value(value: u64) -> Self {
        Self(value)
    }
}

/// The cursors of one database.
#[derive(Debug, Default)]
pub(crate) struct CursorTable {
    last_id: u64,
    cursors: BTreeMap<CursorId, Cursor>,
    ended: VecDeque<CursorId>,
    live: usize,
}

#[derive(Debug)]
pub(crate) struct Cursor {
    pub(crate) columns: Rc<[String]>,
    pub(crate) tally: Tally,
    /// Whether the statement came out of the statement cache.
    pub(crate) reused_statement: bool,
    state: CursorState,
}

#[derive(Debug)]
enum CursorState {
    Live(Live),
    /// The statement wrote, and ended at once; these are the rows it returned.
    Buffered(VecDeque<Vec<SqlValue>>),
    Ended,
    Deleted,
}

/// A statement that stands on a row.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) rows: LiveRows,
    /// The row it stands on.
    pub(crate) row: Vec<SqlValue>,
    /// Under which text it goes back to the cache.
    pub(crate) cache_text: Option<Rc<str>>,
}

/// What fetching a row led to.
pub(crate) struct Fetched {
    pub(crate) row: Option<Vec<SqlValue>>,
    /// The statement, when the cursor has just ended.
    pub(crate) done: Option<(Option<Rc<str>>, Prepared)>,
}

impl CursorTable {
    /// Adds a cursor that stands on its first row.
    pub(crate) fn add_live(&mut self, columns: Rc<[String]>, tally: Tally, live: Live) -> CursorId {
        self.live += 1;
        self.add(Cursor {
            columns,
            tally,
            reused_statement: false,
            state: CursorState::Live(live),
        })
    }

    /// Adds a cursor without rows.
    pub(crate) fn add_ended(&mut self, columns: Rc<[String]>, tally: Tally) -> CursorId {
        let id = self.add(Cursor {
            columns,
            tally,
            reused_statement: false,
            state: CursorState::Ended,
        });
        self.note_end(id);
        id
    }

    fn add(&mut self, cursor: Cursor) -> CursorId {
        self.last_id += 1;
        let id = CursorId(self.last_id);
        self.cursors.insert(id, cursor);
        id
    }

    /// Notes that the cursor's statement was compiled before.
    pub(crate) fn mark_reused(&mut self, id: CursorId) {
        if let Some(cursor) = self.cursors.get_mut(&id) {
            cursor.reused_statement = true;
        }
    }

    pub(crate) fn get(&self, id: CursorId) -> Option<&Cursor> {
        self.cursors.get(&id)
    }

    /// Whether any statement is being stepped.
    pub(crate) fn any_live(&self) -> bool {
        self.live > 0
    }

    /// Takes the row the cursor stands on and moves it to the next one.
    ///
    /// A failure ends the cursor; the row it stood on is lost with it.
    pub(crate) fn fetch(&mut self, id: CursorId) -> Result<Fetched, StorageError> {
        let nothing = Fetched {
            row: None,
            done: None,
        };
        let Some(cursor) = self.cursors.get_mut(&id) else {
            return Ok(nothing);
        };
        let live = match &mut cursor.state {
            CursorState::Live(live) => live,
            CursorState::Buffered(rows) => {
                let row = rows.pop_front();
                if row.is_none() {
                    cursor.state = CursorState::Ended;
                    self.note_end(id);
                }
                return Ok(Fetched { row, done: None });
            }
            CursorState::Ended => return Ok(nothing),
            CursorState::Deleted => return Err(StorageError::CanceledByDelete),
        };
        match live
            .rows
            .with_rows(|rows| rows.next().map(|row| row.map(values)))
        {
            Ok(Some(next)) => {
                cursor.tally.rows += 1;
                Ok(Fetched {
                    row: Some(std::mem::replace(&mut live.row, next)),
                    done: None,
                })
            }
            end => {
                let result = end.map(|_| std::mem::take(&mut live.row));
                let done = self.end(id);
                Ok(Fetched {
                    row: Some(result?),
                    done,
                })
            }
        }
    }

    /// Notes how many rows the cursor's statement changed, which is known when it has ended.
    pub(crate) fn set_changes(&mut self, id: CursorId, changes: u64) {
        if let Some(cursor) = self.cursors.get_mut(&id) {
            cursor.tally.changes = changes;
        }
    }

    /// Lets the cursor read its remaining rows from memory.
    pub(crate) fn buffer(&mut self, id: CursorId, rows: VecDeque<Vec<SqlValue>>) {
        if let Some(cursor) = self.cursors.get_mut(&id) {
            cursor.state = CursorState::Buffered(rows);
        }
    }

    /// Forgets the cursor; its statement, if it was still running, is handed back.
    pub(crate) fn remove(&mut self, id: CursorId) -> Option<(Option<Rc<str>>, Prepared)> {
        let done = self.end(id);
        self.cursors.remove(&id);
        done
    }

    /// Ends every statement because the database is being deleted.
    pub(crate) fn cancel_by_delete(&mut self) {
        for cursor in self.cursors.values_mut() {
            if matches!(
                cursor.state,
                CursorState::Live(_) | CursorState::Buffered(_)
            ) {
                cursor.state = CursorState::Deleted;
            }
        }
        self.live = 0;
    }

    /// Forgets every cursor.
    pub(crate) fn clear(&mut self) {
        self.cursors.clear();
        self.ended.clear();
        self.live = 0;
    }

    fn end(&mut self, id: CursorId) -> Option<(Option<Rc<str>>, Prepared)> {
        let cursor = self.cursors.get_mut(&id)?;
        let CursorState::Live(live) = std::mem::replace(&mut cursor.state, CursorState::Ended)
        else {
            return None;
        };
        let prepared = live.rows.into_prepared();
        cursor.tally.full_scan_steps = full_scan_steps(prepared.statement());
        self.live -= 1;
        self.note_end(id);
        Some((live.cache_text, prepared))
    }

    fn note_end(&mut self, id: CursorId) {
        self.ended.push_back(id);
        if self.ended.len() > ENDED_MAX
            && let Some(oldest) = self.ended.pop_front()
        {
            self.cursors.remove(&oldest);
        }
    }
}

impl Cursor {
    /// Whether the database was deleted before the cursor had ended.
    pub(crate) fn is_canceled(&self) -> bool {
        matches!(self.state, CursorState::Deleted)
    }

    /// What the statement did so far.
    pub(crate) fn current_tally(&self) -> Tally {
        let mut tally = self.tally.clone();
        match &self.state {
            CursorState::Live(live) => {
                if let Some(statement) = live.rows.statement() {
                    tally.full_scan_steps = full_scan_steps(statement);
                }
            }
            CursorState::Buffered(rows) => tally.rows_ahead = rows.len().saturating_sub(1) as u64,
            CursorState::Ended | CursorState::Deleted => {}
        }
        tally
    }
}

/// How many steps the current run of the statement took in full scans.
pub(crate) fn full_scan_steps(statement: &Statement<'_>) -> u64 {
    u64::try_from(statement.get_status(StatementStatus::FullscanStep)).unwrap_or(0)
}

/// Copies a row out of SQLite.
pub(crate) fn values(row: &Row<'_>) -> Vec<SqlValue> {
    let columns = row.as_ref().column_count();
    let mut values = Vec::with_capacity(columns);
    for column in 0..columns {
        values.push(match row.get_ref(column) {
            Ok(ValueRef::Integer(integer)) => SqlValue::Integer(integer),
            Ok(ValueRef::Real(real)) => SqlValue::Real(real),
            Ok(ValueRef::Text(text)) => SqlValue::Text(String::from_utf8_lossy(text).into_owned()),
            Ok(ValueRef::Blob(blob)) => SqlValue::Blob(blob.to_vec()),
            // The only error is a column out of range, which the loop excludes.
            Ok(ValueRef::Null) | Err(_) => SqlValue::Null,
        });
    }
    values
}
