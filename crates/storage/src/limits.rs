//! The run-time limits of every object's SQLite connection.
//!
//! Source: reference section 5.6. The value of `value_bytes_max` is the local runtime's; Cloudflare
//! documents 2 MB.

use rusqlite::limits::Limit;
use rusqlite::{Connection, Result};

/// Bytes of one text handed to `sql_exec`, all statements together.
pub const SQL_BYTES_MAX: usize = 100_000;
/// Bytes of one string, blob or row; a key-value entry is a row too.
pub const VALUE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Columns of one table or result.
pub const COLUMNS_MAX: usize = 100;
/// Parameters of one statement.
pub const PARAMETERS_MAX: usize = 100;

const LIMITS: &[(Limit, usize)] = &[
    (Limit::SQLITE_LIMIT_SQL_LENGTH, SQL_BYTES_MAX),
    (Limit::SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX),
    (Limit::SQLITE_LIMIT_COLUMN, COLUMNS_MAX),
    (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, PARAMETERS_MAX),
    (Limit::SQLITE_LIMIT_FUNCTION_ARG, 127),
    (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50),
    (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
    (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 5),
    (Limit::SQLITE_LIMIT_VDBE_OP, 25_000),
    (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 10),
    (Limit::SQLITE_LIMIT_ATTACHED, 0),
];

/// Sets every limit on a new connection.
pub(crate) fn apply(connection: &Connection) -> Result<()> {
    for &(limit, value) in LIMITS {
        let value = i32::try_from(value).expect("every limit in the table fits");
        connection.set_limit(limit, value)?;
    }
    Ok(())
}
