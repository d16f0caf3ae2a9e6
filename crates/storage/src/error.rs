//! What can go wrong in storage, and the exact words a program sees.
//!
//! [`StorageError`] is what every operation returns; its `Display` is the message of the JavaScript
//! error (always a plain `Error`), because programs match on these texts. [`CommitFailure`] is what
//! the end of a turn returns; it always breaks the object. Nothing here decides what happens next.
//!
//! Source: reference sections 3.4, 4.3, 5.1, 5.4, 5.8 and 6.

use rusqlite::ffi;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::code_names;
use crate::commit::DurabilityError;
use crate::object_name::ObjectName;

/// Why a storage operation was refused.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StorageError {
    /// SQLite refused; the message is SQLite's own with code names appended.
    #[error("{0}")]
    Sql(Arc<SqlError>),
    /// The text held only white space, comments or semicolons.
    #[error("SQL code did not contain a statement.")]
    NoStatement,
    /// The number of values differs from the number of parameters of the last statement.
    #[error("Wrong number of parameter bindings for SQL query.")]
    WrongBindingCount,
    /// A statement before the last one has parameters, which nothing could fill.
    #[error(
        "When executing multiple SQL statements in a single call, only the last statement can have \
         parameters."
    )]
    ParametersBeforeLast,
    /// SQL tried to begin or end a transaction or savepoint.
    #[error(
        "To execute a transaction, please use the state.storage.transaction() or \
         state.storage.transactionSync() APIs instead of the SQL BEGIN TRANSACTION or SAVEPOINT \
         statements. The JavaScript API is safer because it will automatically roll back on \
         exceptions, and because it interacts correctly with Durable Objects' automatic atomic \
         write coalescing."
    )]
    TransactionStatement,
    /// The cursor or iterator was open when `deleteAll` ran.
    #[error("SQLite query was canceled because the database was deleted.")]
    CanceledByDelete,
    /// A newer listing replaced this iterator.
    #[error(
        "kv.list() iterator was invalidated because a new call to kv.list() was started. Only one \
         kv.list() iterator can exist at a time."
    )]
    IteratorInvalidated,
    /// `deleteAll` while a savepoint is open.
    #[error("Cannot call deleteAll() within a transaction")]
    DeleteAllInTransaction,
    /// A savepoint was to be kept although SQLite has rolled everything back.
    #[error("Cannot commit transaction due to an earlier SQL critical error")]
    CommitAfterCritical,
    /// A savepoint was to end although none is open.
    #[error("no savepoint is open")]
    NoSavepoint,
    /// The class keeps its data in a SQLite file, but was not declared with the SQL API.
    #[error(
        "SQL is not enabled for this Durable Object class. To enable it, change `new_classes` to \
         `new_sqlite_classes` within the 'migrations' field in your wrangler.jsonc or wrangler.toml \
         file. If using workerd directly,set `enableSql = true` in your workerd config for the \
         class. Note that this change cannot be made after the class is already deployed to \
         production."
    )]
    SqlNotEnabled,
    /// The class uses the key-value back end.
    #[error(
        "This Durable Object is not backed by SQLite storage, so the SQL API is not available. SQL \
         can be enabled on a new Durable Object class by using the `new_sqlite_classes` instead of \
         `new_classes` under `[[migrations]]` in your wrangler.toml, but an already-deployed class \
         cannot be converted to SQLite (except by deleting the existing data)."
    )]
    NotSqlite,
    /// A damaged object that cannot be put together again.
    #[error("object `{object_id}` cannot be put together from its history: {reason}")]
    NotRebuilt {
        /// The object.
        object_id: String,
        /// What is missing or wrong.
        reason: Arc<str>,
    },
    /// A bookmark whose state cannot be restored.
    #[error(
        "The bookmark `{0}` cannot be restored: it is not a bookmark of this Durable Object, or it is \
         older than the history that is kept."
    )]
    BookmarkNotKept(String),
    /// A time whose state cannot be restored.
    #[error("The history that is kept of this Durable Object does not reach back to that time.")]
    TimeNotKept,
    /// The local bookmark counter holds a value that no version writes.
    #[error("internal error; bookmark counter is not a number")]
    BookmarkCorrupt,
    /// What is stored of the object cannot be read.
    #[error(
        "what is stored of object `{object_id}` is damaged: {reason}; other objects are not \
         concerned. Put it back to an earlier state with `stated objects restore`, or put a copy in \
         its place with `stated objects import`"
    )]
    Damaged {
        /// The object.
        object_id: String,
        /// What was found.
        reason: Arc<str>,
    },
    /// The operating system refused an operation on the object's files.
    #[error("{action} `{path}`: {source}")]
    File {
        /// What was attempted, verb first.
        action: &'static str,
        /// The file or folder concerned.
        path: PathBuf,
        /// The operating system's reason.
        #[source]
        source: Arc<io::Error>,
    },
}

impl StorageError {
    pub(crate) fn file(action: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::File {
            action,
            path: path.into(),
            source: Arc::new(source),
        }
    }

    /// Returns whether there was no space on the disk.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Sql(error) => error.code() == ffi::SQLITE_FULL,
            Self::File { source, .. } => source.kind() == io::ErrorKind::StorageFull,
            _ => false,
        }
    }

    /// Returns whether a statement was ended because it ran too long.
    pub fn is_interrupted(&self) -> bool {
        self.sql()
            .is_some_and(|error| error.code() == ffi::SQLITE_INTERRUPT)
    }

    pub(crate) fn damaged(object_id: &ObjectName, reason: &str) -> Self {
        Self::Damaged {
            object_id: object_id.to_string(),
            reason: reason.into(),
        }
    }

    /// Returns the SQLite error, when it is one.
    pub fn sql(&self) -> Option<&SqlError> {
        match self {
            Self::Sql(error) => Some(error),
            _ => None,
        }
    }
}

impl From<DurabilityError> for StorageError {
    fn from(error: DurabilityError) -> Self {
        Self::File {
            action: error.action,
            path: error.path,
            source: error.source,
        }
    }
}

impl From<rusqlite::Error> for StorageError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(Arc::new(SqlError::from(error)))
    }
}

/// An error of SQLite in the form programs see it.
///
/// `Display` gives `<message>[ at offset N]: SQLITE_CODE[ (extended: SQLITE_CODE_DETAIL)]`.
///
/// Source: reference section 5.4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlError {
    /// SQLite's message.
    pub message: String,
    /// Byte offset into the statement, where SQLite knows it.
    pub offset: Option<usize>,
    /// The extended result code; its low byte is the primary code.
    pub extended_code: i32,
}

impl SqlError {
    pub(crate) fn new(message: impl Into<String>, extended_code: i32) -> Self {
        Self {
            message: message.into(),
            offset: None,
            extended_code,
        }
    }

    /// The error of an action that the authorization rules forbid.
    pub(crate) fn not_authorized() -> StorageError {
        StorageError::Sql(Arc::new(Self::new("not authorized", ffi::SQLITE_AUTH)))
    }

    /// Returns the primary result code, for example `SQLITE_CONSTRAINT`.
    pub fn code(&self) -> i32 {
        self.extended_code & 0xff
    }
}

impl std::error::Error for SqlError {}

impl std::fmt::Display for SqlError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        if let Some(offset) = self.offset {
            write!(f, " at offset {offset}")?;
        }
        match code_names::primary(self.code()) {
            Some(name) => write!(f, ": {name}")?,
            None => write!(f, ": SQLite error {}", self.code())?,
        }
        if self.extended_code != self.code() {
            match code_names::extended(self.extended_code) {
                Some(name) => write!(f, " (extended: {name})")?,
                None => write!(f, " (extended: {})", self.extended_code)?,
            }
        }
        Ok(())
    }
}

impl From<rusqlite::Error> for SqlError {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::SqliteFailure(code, message) => Self {
                message: message.unwrap_or_else(|| code.to_string()),
                offset: None,
                extended_code: code.extended_code,
            },
            rusqlite::Error::SqlInputError {
                error, msg, offset, ..
            } => Self {
                message: msg,
                offset: usize::try_from(offset).ok(),
                extended_code: error.extended_code,
            },
            // The remaining variants are rusqlite's own checks; none is reachable with checked SQL.
            other => Self::new(other.to_string(), ffi::SQLITE_ERROR),
        }
    }
}

/// Why a turn could not be committed. The object must be reset; nothing of the turn is kept.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CommitFailure {
    /// A constraint that is checked at commit does not hold.
    #[error(
        "Durable Object was reset and rolled back to its last known good state because the \
         application left the database in a state where constraints were violated: {0}"
    )]
    Constraint(SqlError),
    /// SQLite rolled the transaction back by itself earlier in the turn; this was its reason.
    #[error("{0}")]
    Critical(StorageError),
    /// The commit itself failed: the disk is full, broken or gone.
    #[error("{0}")]
    Storage(StorageError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_without_detail_shows_message_and_code() {
        let error = SqlError::new("no such table: X", ffi::SQLITE_ERROR);

        assert_eq!(error.to_string(), "no such table: X: SQLITE_ERROR");
    }

    #[test]
    fn an_offset_comes_before_the_code() {
        let mut error = SqlError::new("near \"INSER\": syntax error", ffi::SQLITE_ERROR);
        error.offset = Some(0);

        assert_eq!(
            error.to_string(),
            "near \"INSER\": syntax error at offset 0: SQLITE_ERROR"
        );
    }

    #[test]
    fn an_extended_code_is_named() {
        let error = SqlError::new(
            "UNIQUE constraint failed: t.c",
            ffi::SQLITE_CONSTRAINT_UNIQUE,
        );

        assert_eq!(
            error.to_string(),
            "UNIQUE constraint failed: t.c: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)"
        );
    }

    #[test]
    fn an_unknown_code_is_shown_as_a_number() {
        let error = SqlError::new("odd", 77 | (9 << 8));

        assert_eq!(error.to_string(), "odd: SQLite error 77 (extended: 2381)");
    }
}
