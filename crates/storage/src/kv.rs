//! The key-value API: a table of keys in UTF-8 order.
//!
//! Values are opaque bytes. Keys are compared bytewise (SQLite's BINARY collation over TEXT), which
//! is the order of their UTF-8 encoding. An iteration holds no open statement: each step seeks the
//! next key, so commits, rollbacks and writes in between need no special care.
//!
//! Source: reference sections 4.2, 6 and 13.2.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{OptionalExtension, Row, ToSql};

use crate::database::{Database, InternalTable};
use crate::error::StorageError;
use crate::transaction::run_cached;

/// A key with its value.
pub type KvEntry = (String, Vec<u8>);

/// Which keys a listing covers, and in which order. Contradictory bounds cover nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct ListOptions<'a> {
    /// First key, inclusive.
    pub start: Option<&'a str>,
    /// First key, exclusive.
    pub start_after: Option<&'a str>,
    /// Last key, exclusive.
    pub end: Option<&'a str>,
    /// What every key begins with.
    pub prefix: Option<&'a str>,
    /// From the last key to the first; `limit` then takes the last ones.
    pub reverse: bool,
    /// How many entries at most.
    pub limit: Option<u64>,
}

/// Names a lazy listing of one database; never used twice by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IteratorId(u64);

impl IteratorId {
    /// Returns the id as a number, at least 1.
    pub fn value(self) -> u64 {
        self.0
    }

    /// Returns the id with this number.
    pub fn from_value(value: u64) -> Self {
        Self(value)
    }
}

/// The one lazy listing a database may have.
#[derive(Debug, Default)]
pub(crate) struct KvIteration {
    last_id: u64,
    state: IterationState,
}

#[derive(Debug, Default)]
enum IterationState {
    #[default]
    Done,
    Active(Range),
    /// `deleteAll` ran while it was active.
    Deleted,
}

impl KvIteration {
    /// Invalidates the iterator that may be live, and returns the next id.
    fn restart(&mut self, state: IterationState) -> IteratorId {
        self.last_id += 1;
        self.state = state;
        IteratorId(self.last_id)
    }

    pub(crate) fn cancel_by_delete(&mut self) {
        if matches!(self.state, IterationState::Active(_)) {
            self.state = IterationState::Deleted;
        }
    }
}

impl Database {
    /// Returns the value of the key.
    ///
    /// # Errors
    /// A critical error of this turn, or SQLite's.
    pub fn kv_get(&mut self, key: &str) -> Result<Option<Vec<u8>>, StorageError> {
        let Some(sqlite) = self.table_for_read(InternalTable::Kv)? else {
            return Ok(None);
        };
        sqlite
            .prepare_cached("SELECT value FROM _cf_KV WHERE key = ?")
            .and_then(|mut statement| statement.query_row([key], |row| blob(row, 0)).optional())
            .map_err(|error| self.failed(error.into()))
    }

    /// Returns the entries of those keys that exist, sorted, each once.
    ///
    /// # Errors
    /// A critical error of this turn, or SQLite's.
    pub fn kv_get_many(&mut self, keys: &[&str]) -> Result<Vec<KvEntry>, StorageError> {
        let mut keys = keys.to_vec();
        keys.sort_unstable();
        keys.dedup();
        let mut found = Vec::new();
        for key in keys {
            if let Some(value) = self.kv_get(key)? {
                found.push((key.to_owned(), value));
            }
        }
        Ok(found)
    }

    /// Stores the value under the key.
    ///
    /// # Errors
    /// SQLite's `SQLITE_TOOBIG` when key and value together exceed
    /// [`VALUE_BYTES_MAX`](crate::limits::VALUE_BYTES_MAX); a critical error of this turn.
    pub fn kv_put(&mut self, key: &str, value: &[u8]) -> Result<(), StorageError> {
        self.table_for_write(InternalTable::Kv)?
            .prepare_cached(
                "INSERT INTO _cf_KV (key, value) VALUES (?, ?) \
                 ON CONFLICT DO UPDATE SET value = excluded.value",
            )
            .and_then(|mut statement| statement.execute((key, value)))
            .map_err(|error| self.failed(error.into()))?;
        Ok(())
    }

    /// Stores all entries or none; of two with the same key the later one wins.
    ///
    /// # Errors
    /// As [`Self::kv_put`].
    pub fn kv_put_many(&mut self, entries: &[(&str, &[u8])]) -> Result<(), StorageError> {
        if entries.is_empty() {
            return Ok(());
        }
        self.all_or_nothing(|database| {
            for (key, value) in entries {
                database.kv_put(key, value)?;
            }
            Ok(())
        })
    }

    /// Removes the key; returns whether it existed.
    ///
    /// # Errors
    /// A critical error of this turn, or SQLite's.
    pub fn kv_delete(&mut self, key: &str) -> Result<bool, StorageError> {
        if self.table_for_read(InternalTable::Kv)?.is_none() {
            return Ok(false);
        }
        self.begin()?
            .prepare_cached("DELETE FROM _cf_KV WHERE key = ?")
            .and_then(|mut statement| statement.execute([key]))
            .map(|removed| removed > 0)
            .map_err(|error| self.failed(error.into()))
    }

    /// Removes all keys or, if that fails, none; returns how many existed.
    ///
    /// # Errors
    /// A critical error of this turn, or SQLite's.
    pub fn kv_delete_many(&mut self, keys: &[&str]) -> Result<u64, StorageError> {
        if keys.is_empty() || self.table_for_read(InternalTable::Kv)?.is_none() {
            return Ok(0);
        }
        self.all_or_nothing(|database| {
            let mut removed = 0;
            for key in keys {
                removed += u64::from(database.kv_delete(key)?);
            }
            Ok(removed)
        })
    }

    /// Returns the entries in the range, in order. Invalidates the live iterator.
    ///
    /// # Errors
    /// A critical error of this turn, or SQLite's.
    pub fn kv_list(&mut self, options: &ListOptions<'_>) -> Result<Vec<KvEntry>, StorageError> {
        let mut entries = Vec::new();
        self.kv_visit(options, |entry| {
            entries.push(entry);
            true
        })?;
        Ok(entries)
    }

    /// Gives the entries in the range to `visit`, in order, until that returns false. Returns whether it
    /// never did. Invalidates the live iterator.
    ///
    /// # Errors
    /// A critical error of this turn, or SQLite's.
    pub fn kv_visit(
        &mut self,
        options: &ListOptions<'_>,
        visit: impl FnMut(KvEntry) -> bool,
    ) -> Result<bool, StorageError> {
        self.kv_iteration.restart(IterationState::Done);
        let Some(sqlite) = self.table_for_read(InternalTable::Kv)? else {
            return Ok(true);
        };
        let range = Range::new(options);
        range
            .visit(&sqlite, range.remaining, visit)
            .map_err(|error| self.failed(error.into()))
    }

    /// Starts a lazy listing, which sees writes made while it runs. Invalidates the live one.
    ///
    /// # Errors
    /// A critical error of this turn.
    pub fn kv_iterate(&mut self, options: &ListOptions<'_>) -> Result<IteratorId, StorageError> {
        self.check()?;
        Ok(self
            .kv_iteration
            .restart(IterationState::Active(Range::new(options))))
    }

    /// Returns the next entry of a lazy listing, `None` at its end and ever after.
    ///
    /// # Errors
    /// [`StorageError::IteratorInvalidated`], [`StorageError::CanceledByDelete`], a critical error
    /// of this turn, or SQLite's.
    pub fn kv_next(&mut self, iterator: IteratorId) -> Result<Option<KvEntry>, StorageError> {
        if iterator.0 != self.kv_iteration.last_id {
            return Err(StorageError::IteratorInvalidated);
        }
        let range = match &self.kv_iteration.state {
            IterationState::Done => return Ok(None),
            IterationState::Deleted => return Err(StorageError::CanceledByDelete),
            IterationState::Active(range) => range.clone(),
        };
        let entry = match self.table_for_read(InternalTable::Kv)? {
            Some(sqlite) if range.remaining > 0 => range
                .first(&sqlite)
                .map_err(|error| self.failed(error.into()))?,
            _ => None,
        };
        self.kv_iteration.state = match &entry {
            Some((key, _)) => IterationState::Active(range.after(key)),
            None => IterationState::Done,
        };
        Ok(entry)
    }

    /// Runs the writes in a savepoint of their own.
    fn all_or_nothing<T>(
        &mut self,
        writes: impl FnOnce(&mut Self) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let sqlite = self.begin()?;
        run_cached(&sqlite, "SAVEPOINT _cf_batch").map_err(|error| self.failed(error.into()))?;
        let result = writes(self);
        if result.is_err() && self.check().is_ok() {
            self.forget_uncommitted();
            sqlite
                .execute_batch("ROLLBACK TO _cf_batch")
                .map_err(|error| self.failed(error.into()))?;
        }
        if self.check().is_ok() {
            run_cached(&sqlite, "RELEASE _cf_batch").map_err(|error| self.failed(error.into()))?;
        }
        result
    }
}

/// A half-open range of keys, both bounds as bytes: the end of a prefix need not be UTF-8.
#[derive(Clone, Debug)]
struct Range {
    /// Inclusive; empty is before every key.
    start: Vec<u8>,
    /// Exclusive.
    end: Option<Vec<u8>>,
    reverse: bool,
    remaining: i64,
}

impl Range {
    fn new(options: &ListOptions<'_>) -> Self {
        let starts = [
            options.start.map(|key| key.as_bytes().to_vec()),
            options.start_after.map(successor),
            options.prefix.map(|prefix| prefix.as_bytes().to_vec()),
        ];
        let ends = [
            options.end.map(|key| key.as_bytes().to_vec()),
            options.prefix.and_then(end_of_prefix),
        ];
        Self {
            start: starts.into_iter().flatten().max().unwrap_or_default(),
            end: ends.into_iter().flatten().min(),
            reverse: options.reverse,
            remaining: options
                .limit
                .map_or(i64::MAX, |limit| i64::try_from(limit).unwrap_or(i64::MAX)),
        }
    }

    /// What is left of the range once `key` was visited.
    fn after(mut self, key: &str) -> Self {
        if self.reverse {
            self.end = Some(key.as_bytes().to_vec());
        } else {
            self.start = successor(key);
        }
        self.remaining -= 1;
        self
    }

    fn visit(
        &self,
        sqlite: &rusqlite::Connection,
        limit: i64,
        mut visit: impl FnMut(KvEntry) -> bool,
    ) -> rusqlite::Result<bool> {
        let start = Text(&self.start);
        let mut statement;
        let mut rows = match (&self.end, self.reverse) {
            (None, false) => {
                statement = sqlite.prepare_cached(
                    "SELECT key, value FROM _cf_KV WHERE key >= ? ORDER BY key LIMIT ?",
                )?;
                statement.query((start, limit))?
            }
            (None, true) => {
                statement = sqlite.prepare_cached(
                    "SELECT key, value FROM _cf_KV WHERE key >= ? ORDER BY key DESC LIMIT ?",
                )?;
                statement.query((start, limit))?
            }
            (Some(end), false) => {
                statement = sqlite.prepare_cached(
                    "SELECT key, value FROM _cf_KV WHERE key >= ? AND key < ? \
                     ORDER BY key LIMIT ?",
                )?;
                statement.query((start, Text(end), limit))?
            }
            (Some(end), true) => {
                statement = sqlite.prepare_cached(
                    "SELECT key, value FROM _cf_KV WHERE key >= ? AND key < ? \
                     ORDER BY key DESC LIMIT ?",
                )?;
                statement.query((start, Text(end), limit))?
            }
        };
        while let Some(row) = rows.next()? {
            if !visit((key(row)?, blob(row, 1)?)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn first(&self, sqlite: &rusqlite::Connection) -> rusqlite::Result<Option<KvEntry>> {
        let mut first = None;
        self.visit(sqlite, 1, |entry| {
            first = Some(entry);
            true
        })?;
        Ok(first)
    }
}

/// The first key after `key`: nothing lies between a key and itself with a zero byte appended.
fn successor(key: &str) -> Vec<u8> {
    let mut next = key.as_bytes().to_vec();
    next.push(0);
    next
}

/// The first byte string after every string with the prefix; `None` if there is no prefix.
fn end_of_prefix(prefix: &str) -> Option<Vec<u8>> {
    let mut end = prefix.as_bytes().to_vec();
    // No byte of UTF-8 is 0xff, so the last one can be incremented.
    *end.last_mut()? += 1;
    Some(end)
}

/// Bytes bound as TEXT.
struct Text<'a>(&'a [u8]);

impl ToSql for Text<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(self.0)))
    }
}

fn key(row: &Row<'_>) -> rusqlite::Result<String> {
    Ok(match row.get_ref(0)? {
        ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    })
}

fn blob(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<u8>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Blob(bytes) | ValueRef::Text(bytes) => bytes.to_vec(),
        _ => Vec::new(),
    })
}
