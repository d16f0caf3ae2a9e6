//! SQL as programs run it: `exec` and the cursors it returns.
//!
//! `exec` steps to the first row, so a statement that writes is done when it returns. Whether a
//! text may run is decided by [`crate::authorizer`]; where one statement ends and the next begins,
//! by [`crate::script`].
//!
//! Source: reference sections 5.1 to 5.7.

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{StatementStatus, ToSql, ffi};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use crate::authorizer::is_reserved;
use crate::counters::{RowCounters, Tally};
use crate::cursor::{CursorId, Live, full_scan_steps, values};
use crate::database::{Backend, Database};
use crate::error::{SqlError, StorageError};
use crate::limit_clause;
use crate::limits::SQL_BYTES_MAX;
use crate::script;
use crate::statement_cache::{LiveRows, Prepared};

/// A value as SQLite stores it.
///
/// A program's numbers are bound as `Real`; a column's affinity turns them into integers.
#[derive(Clone, Debug, PartialEq)]
pub enum SqlValue {
    /// NULL.
    Null,
    /// A 64-bit integer.
    Integer(i64),
    /// A double.
    Real(f64),
    /// Text; bytes that are not UTF-8 read as U+FFFD.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl ToSql for SqlValue {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(Value::Null),
            Self::Integer(integer) => ToSqlOutput::Owned(Value::Integer(*integer)),
            Self::Real(real) => ToSqlOutput::Owned(Value::Real(*real)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Blob(blob) => ToSqlOutput::Borrowed(ValueRef::Blob(blob)),
        })
    }
}

/// What [`Database::sql_ingest`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ingested<'a> {
    /// The part after the last complete statement.
    pub remainder: &'a str,
    /// Rows read and written by all statements together.
    pub counters: RowCounters,
    /// How many statements ran.
    pub statements: u64,
}

impl Database {
    /// Runs the statements of `query`; the cursor stands on the first row of the last one.
    ///
    /// All statements but the last are run to their end and their rows dropped. `bindings` are the
    /// values of the last one. If a later statement fails, what the earlier ones did stays part of
    /// the transaction.
    ///
    /// # Errors
    /// [`StorageError::NoStatement`], [`StorageError::WrongBindingCount`],
    /// [`StorageError::ParametersBeforeLast`], [`StorageError::TransactionStatement`],
    /// [`StorageError::SqlNotEnabled`], [`StorageError::NotSqlite`], a critical error of this turn,
    /// or SQLite's.
    pub fn sql_exec(
        &mut self,
        query: &str,
        bindings: &[SqlValue],
    ) -> Result<CursorId, StorageError> {
        self.check()?;
        self.check_sql_enabled()?;
        if query.len() > SQL_BYTES_MAX {
            let error = SqlError::new("statement too long", ffi::SQLITE_TOOBIG);
            return Err(StorageError::Sql(Arc::new(error)));
        }
        if let Some(prepared) = self.statements.take(query) {
            let cursor = self.run_last(prepared, Some(query.into()), bindings)?;
            self.cursors.mark_reused(cursor);
            return Ok(cursor);
        }
        // A NUL ends what SQLite sees. What is after it counts as one more text, without a statement.
        let visible = script::visible(query);
        let is_cut = visible.len() < query.len();
        let mut rest = visible;
        loop {
            let piece = script::pieces(rest).next();
            let Some(piece) = piece.filter(|piece| piece.has_tokens) else {
                return Err(StorageError::NoStatement);
            };
            let is_first = rest.len() == visible.len();
            // Offsets in SQLite's messages count from the first character of a statement, except
            // that the space before the first one counts too.
            rest = script::trim_start(&rest[piece.text.len()..]);
            let prepared = self.prepare(piece.text)?;
            if rest.is_empty() && !is_cut {
                let cache_text = is_first.then(|| query.into());
                return self.run_last(prepared, cache_text, bindings);
            }
            self.run_before_last(prepared)?;
        }
    }

    /// Runs every complete statement of `script`, each to its first row.
    ///
    /// # Errors
    /// As [`Self::sql_exec`]. What the statements before did stays part of the transaction.
    ///
    /// Source: reference section 5.9; the texts are those of a run of the reference runtime.
    pub fn sql_ingest<'a>(&mut self, script: &'a str) -> Result<Ingested<'a>, StorageError> {
        self.check()?;
        self.check_sql_enabled()?;
        let mut ingested = Ingested {
            remainder: script,
            counters: RowCounters::default(),
            statements: 0,
        };
        loop {
            let visible = script::visible(ingested.remainder);
            if script::begins_with_semicolon(visible) {
                return Err(StorageError::NoStatement);
            }
            let piece = script::pieces(visible).next();
            let Some(piece) = piece.filter(|piece| piece.terminated) else {
                return Ok(ingested);
            };
            let prepared = self.prepare(piece.text)?;
            let cursor = self.run_last(prepared, None, &[])?;
            let counters = self.cursor_counters(cursor)?;
            self.cursor_close(cursor);
            ingested.remainder = &ingested.remainder[piece.text.len()..];
            ingested.counters.rows_read += counters.rows_read;
            ingested.counters.rows_written += counters.rows_written;
            ingested.statements += 1;
        }
    }

    /// Returns the row the cursor stands on and moves it to the next one; `None` at the end, and
    /// for a cursor that ended long ago.
    ///
    /// # Errors
    /// [`StorageError::CanceledByDelete`], a critical error of this turn, or SQLite's when fetching
    /// the row after the returned one fails.
    pub fn cursor_next(&mut self, cursor: CursorId) -> Result<Option<Vec<SqlValue>>, StorageError> {
        self.check()?;
        let judging = self.connection.as_ref().map(|open| open.gatekeeper.enter());
        let fetched = self.cursors.fetch(cursor);
        drop(judging);
        let fetched = fetched.map_err(|error| self.failed(error))?;
        if let Some((Some(text), prepared)) = fetched.done {
            self.statements.put(text, prepared);
        }
        Ok(fetched.row)
    }

    /// Returns all remaining rows.
    ///
    /// # Errors
    /// As [`Self::cursor_next`].
    pub fn cursor_rest(&mut self, cursor: CursorId) -> Result<Vec<Vec<SqlValue>>, StorageError> {
        let mut rows = Vec::new();
        while let Some(row) = self.cursor_next(cursor)? {
            rows.push(row);
        }
        Ok(rows)
    }

    /// Returns the column names, with duplicates; empty for a statement without result.
    ///
    /// Known before, during and after the reading, but not forever: of the ended cursors only the
    /// last thousand are remembered.
    pub fn cursor_columns(&self, cursor: CursorId) -> Rc<[String]> {
        match self.cursors.get(cursor) {
            Some(cursor) => Rc::clone(&cursor.columns),
            None => Rc::new([]),
        }
    }

    /// Returns the rows read and written so far by the cursor's statement.
    ///
    /// An estimate, except for plain statements: an unpatched SQLite does not count what the
    /// reference counts.
    ///
    /// # Errors
    /// [`StorageError::CanceledByDelete`], a critical error of this turn, or SQLite's.
    pub fn cursor_counters(&mut self, cursor: CursorId) -> Result<RowCounters, StorageError> {
        self.check()?;
        let Some(cursor) = self.cursors.get(cursor) else {
            return Ok(RowCounters::default());
        };
        if cursor.is_canceled() {
            return Err(StorageError::CanceledByDelete);
        }
        let Some(connection) = &self.connection else {
            return Ok(RowCounters::default());
        };
        Ok(cursor.current_tally().counters(&connection.sqlite))
    }

    /// Returns whether the cursor's statement was compiled before.
    pub fn cursor_was_reused(&self, cursor: CursorId) -> bool {
        self.cursors
            .get(cursor)
            .is_some_and(|cursor| cursor.reused_statement)
    }

    /// Forgets the cursor, which need not have ended.
    pub fn cursor_close(&mut self, cursor: CursorId) {
        if let Some((Some(text), prepared)) = self.cursors.remove(cursor) {
            self.statements.put(text, prepared);
        }
    }

    /// Returns the size of the stored data in bytes: whole pages, without free ones.
    ///
    /// # Errors
    /// As [`Self::sql_exec`].
    pub fn database_size(&mut self) -> Result<u64, StorageError> {
        self.check()?;
        self.check_sql_enabled()?;
        let sqlite = Rc::clone(&self.connect()?.sqlite);
        let pragma = |name| sqlite.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let pages = pragma("page_count")
            .and_then(|pages| Ok(pages - pragma("freelist_count")?))
            // The first page is there even if nothing was ever stored.
            .and_then(|used| Ok(used.max(1) * pragma("page_size")?))
            .map_err(|error| self.failed(error.into()))?;
        Ok(u64::try_from(pages).unwrap_or(0))
    }

    /// Bounds the database to `pages` pages, for tests of what happens when it is full.
    ///
    /// # Errors
    /// As [`Self::sql_exec`].
    pub fn set_max_page_count_for_test(&mut self, pages: u32) -> Result<(), StorageError> {
        self.check()?;
        self.check_sql_enabled()?;
        let sqlite = Rc::clone(&self.connect()?.sqlite);
        sqlite
            .query_row(&format!("PRAGMA max_page_count={pages}"), [], |_| Ok(()))
            .map_err(|error| self.failed(error.into()))
    }

    /// Reads a statement that wrote to its end, and keeps its rows for the reader.
    ///
    /// All writing is done with the first row. As long as the statement runs, SQLite refuses to commit
    /// and does not tell how many rows changed.
    fn finish_writing(&mut self, cursor: CursorId) -> Result<(), StorageError> {
        let mut rows = VecDeque::new();
        while let Some(row) = self.cursor_next(cursor)? {
            rows.push_back(row);
        }
        self.cursors.buffer(cursor, rows);
        Ok(())
    }

    fn check_sql_enabled(&self) -> Result<(), StorageError> {
        match self.backend {
            Backend::Sqlite { sql_enabled: true } => Ok(()),
            Backend::Sqlite { sql_enabled: false } => Err(StorageError::SqlNotEnabled),
            Backend::KeyValue => Err(StorageError::NotSqlite),
        }
    }

    fn prepare(&mut self, text: &str) -> Result<Prepared, StorageError> {
        if script::renamed_to(text).is_some_and(|name| is_reserved(&name)) {
            return Err(SqlError::not_authorized());
        }
        match self.try_prepare(text) {
            Err(StorageError::Sql(error)) if limit_clause::is_refused(&error) => {
                self.prepare_limited(text, StorageError::Sql(error))
            }
            // The second message is for functions in stored definitions.
            Err(StorageError::Sql(error))
                if (error.message.starts_with("no such function:")
                    || error.message.starts_with("unknown function:"))
                    && self.connect()?.register_math()? =>
            {
                self.try_prepare(text)
            }
            result => result,
        }
    }

    /// Compiles a DELETE or UPDATE with `ORDER BY` or `LIMIT`, which this SQLite's grammar lacks.
    fn prepare_limited(
        &mut self,
        text: &str,
        refusal: StorageError,
    ) -> Result<Prepared, StorageError> {
        let sqlite = Rc::clone(&self.connect()?.sqlite);
        let Some(rewritten) = limit_clause::rewrite(&sqlite, text) else {
            return Err(refusal);
        };
        let rewritten = rewritten?;
        match self.try_prepare(&rewritten.text) {
            Err(StorageError::Sql(error)) => {
                let error = rewritten.original_offset(&error);
                Err(StorageError::Sql(Arc::new(error)))
            }
            result => result,
        }
    }

    fn try_prepare(&mut self, text: &str) -> Result<Prepared, StorageError> {
        let connection = self.connect()?;
        let judging = connection.gatekeeper.enter();
        let result = Prepared::new(&connection.sqlite, text);
        drop(judging);
        let refused_transaction = connection.gatekeeper.refused_transaction();
        match result {
            Err(_) if refused_transaction => Err(StorageError::TransactionStatement),
            Ok(prepared) if prepared.is_nothing() => Err(StorageError::NoStatement),
            result => result.map_err(|error| self.failed(error.into())),
        }
    }

    fn run_before_last(&mut self, mut prepared: Prepared) -> Result<(), StorageError> {
        if prepared.statement().parameter_count() > 0 {
            return Err(StorageError::ParametersBeforeLast);
        }
        if !prepared.statement().readonly() {
            self.begin()?;
        }
        let judging = self.connect()?.gatekeeper.enter();
        let result = prepared.with_statement(|statement| {
            let mut rows = statement.raw_query();
            while rows.next()?.is_some() {}
            Ok::<_, rusqlite::Error>(())
        });
        drop(judging);
        result.map_err(|error| self.failed(error.into()))
    }

    fn run_last(
        &mut self,
        mut prepared: Prepared,
        cache_text: Option<Rc<str>>,
        bindings: &[SqlValue],
    ) -> Result<CursorId, StorageError> {
        if prepared.statement().parameter_count() != bindings.len() {
            return Err(StorageError::WrongBindingCount);
        }
        let writes = !prepared.statement().readonly();
        let sqlite = Rc::clone(&self.connect()?.sqlite);
        let program = Rc::clone(&prepared.program);
        // Before the transaction is looked at, which an interrupt may end here.
        let definition = program.definition(&sqlite);
        if writes {
            self.begin()?;
        }
        bind(&mut prepared, bindings).map_err(|error| self.failed(error.into()))?;
        let changes_before = sqlite.total_changes();
        let judging = self.connect()?.gatekeeper.enter();
        let started = start(prepared);
        drop(judging);
        let started = started.map_err(|error| self.failed(error.into()))?;
        let mut tally = Tally::new(program, definition, sqlite.total_changes() - changes_before);
        match started {
            Started::Ended(prepared) => {
                let statement = prepared.statement();
                tally.full_scan_steps = full_scan_steps(statement);
                let columns = tally.program.columns(statement);
                if let Some(text) = cache_text {
                    self.statements.put(text, prepared);
                }
                Ok(self.cursors.add_ended(columns, tally))
            }
            Started::Live(rows, row) => {
                tally.rows = 1;
                if let [SqlValue::Integer(integer)] = row.as_slice() {
                    tally.sole_integer = u64::try_from(*integer).unwrap_or(0);
                }
                let statement = rows.statement();
                let columns = statement.map(|statement| tally.program.columns(statement));
                let live = Live {
                    rows,
                    row,
                    cache_text,
                };
                let id = self
                    .cursors
                    .add_live(columns.unwrap_or_default(), tally, live);
                if writes {
                    self.finish_writing(id)?;
                    let changes = sqlite.total_changes() - changes_before;
                    self.cursors.set_changes(id, changes);
                }
                Ok(id)
            }
        }
    }
}

/// Where the first step of a statement led.
enum Started {
    Ended(Prepared),
    Live(LiveRows, Vec<SqlValue>),
}

fn start(mut prepared: Prepared) -> rusqlite::Result<Started> {
    // A statement without columns ends with its first step: it needs no place to keep its rows.
    if prepared.statement().column_count() == 0 {
        prepared.with_statement(|statement| statement.raw_query().next().map(|_| ()))?;
        return Ok(Started::Ended(prepared));
    }
    let mut rows = prepared.into_rows();
    let first = rows.with_rows(|rows| rows.next().map(|row| row.map(values)))?;
    Ok(match first {
        Some(row) => Started::Live(rows, row),
        None => Started::Ended(rows.into_prepared()),
    })
}

fn bind(prepared: &mut Prepared, bindings: &[SqlValue]) -> rusqlite::Result<()> {
    prepared.with_statement(|statement| {
        statement.reset_status(StatementStatus::FullscanStep);
        for (index, value) in bindings.iter().enumerate() {
            statement.raw_bind_parameter(index + 1, value)?;
        }
        Ok(())
    })
}
