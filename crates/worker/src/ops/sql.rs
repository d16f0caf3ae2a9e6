//! SQL statements and their cursors. The first argument of every operation is the object's context
//! id.
//!
//! Source: reference section 5.

use stated_engine::{Local, Scope};
use stated_storage::limits::{PARAMETERS_MAX, VALUE_BYTES_MAX};
use stated_storage::{CursorId, Database, SqlValue, StorageError};

use super::storage::{Budget, storable_bytes};
use super::values::array_of;
use crate::op::{Op, OpError, OpResult};

/// What a row costs in memory beside its values: a JavaScript array and its place.
const ROW_BYTES: usize = 128;

/// What a value costs beside its text or bytes.
const VALUE_BYTES: usize = 32;

/// `sqlExec`: runs statements; the id of the last one's cursor.
///
/// # Errors
/// Storage's; see [`Database::sql_exec`].
pub(crate) fn exec<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let query = op.text(1)?;
    let bindings = bindings(op, 2)?;
    let cursor = instance.with_database(|database| database.sql_exec(&query, &bindings))??;
    Ok(op.scope.number(cursor.value() as f64))
}

/// `sqlNext`: the next row, or undefined.
pub(crate) fn next<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let cursor = cursor(op);
    match instance.with_database(|database| database.cursor_next(cursor))?? {
        Some(row) => Ok(row_array(op.scope, row)),
        None => op.undefined(),
    }
}

/// `sqlRest`: all rows that are left.
///
/// # Errors
/// An `Error` when they take more memory than the heap may. The rows read until then are lost.
pub(crate) fn rest<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let cursor = cursor(op);
    let mut budget = Budget::new(op.worker.heap_bytes());
    let rows = instance.with_database(|database| remaining(database, cursor, &mut budget))??;
    let rows = rows.ok_or_else(too_large)?;
    Ok(array_of(op.scope, rows, row_array))
}

/// `sqlColumns`: the names of the columns.
pub(crate) fn columns<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let cursor = cursor(op);
    let names = instance.with_database(|database| database.cursor_columns(cursor))?;
    let names: Vec<Local<'s>> = names.iter().map(|name| op.scope.string(name)).collect();
    Ok(op.scope.array(&names))
}

/// `sqlCounters`: rows read and rows written so far.
pub(crate) fn counters<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let cursor = cursor(op);
    let counters = instance.with_database(|database| database.cursor_counters(cursor))??;
    let read = op.scope.number(counters.rows_read as f64);
    let written = op.scope.number(counters.rows_written as f64);
    Ok(op.scope.array(&[read, written]))
}

/// `sqlClose`: forgets a cursor that nobody can ask any more.
///
/// Called by a finalizer, so outside of the object's turns, and possibly after its end.
pub(crate) fn close<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let context = op.worker.context(op.uint(0));
    let cursor = cursor(op);
    if let Some(instance) = context.as_ref().and_then(|context| context.instance()) {
        // An object that is gone has closed its cursors.
        let _unused = instance.with_database(|database| database.cursor_close(cursor));
    }
    op.undefined()
}

/// `sqlIngest`: runs every complete statement; the rest, rows read and written, statements.
///
/// # Errors
/// Storage's; see [`Database::sql_ingest`].
pub(crate) fn ingest<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let script = op.text(1)?;
    let ingested = instance.with_database(|database| database.sql_ingest(&script))??;
    let remainder = op.scope.string(ingested.remainder);
    let counters = ingested.counters;
    let mut parts = vec![remainder];
    for count in [
        counters.rows_read,
        counters.rows_written,
        ingested.statements,
    ] {
        parts.push(op.scope.number(count as f64));
    }
    Ok(op.scope.array(&parts))
}

/// `sqlReused`: whether the cursor's statement was compiled before.
pub(crate) fn reused<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let cursor = cursor(op);
    let reused = instance.with_database(|database| database.cursor_was_reused(cursor))?;
    Ok(op.scope.boolean(reused))
}

/// `sqlSetMaxPageCount`: bounds the database.
pub(crate) fn set_max_page_count<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let pages = u32::try_from(op.uint(1)).unwrap_or(u32::MAX);
    instance.with_database(|database| database.set_max_page_count_for_test(pages))??;
    op.undefined()
}

/// `sqlDatabaseSize`: bytes of the pages in use.
pub(crate) fn database_size<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let bytes = instance.with_database(Database::database_size)??;
    Ok(op.scope.number(bytes as f64))
}

fn cursor(op: &Op<'_, '_>) -> CursorId {
    CursorId::from_value(op.uint(1))
}

fn too_large<'s>() -> OpError<'s> {
    OpError::error(
        "SQL query result set is too large to fit in memory. Use a streaming iterator instead of toArray().",
    )
}

/// The values of an argument that is an array.
///
/// No statement takes more than [`PARAMETERS_MAX`], so of more values only one more is read: the
/// statement will find their number wrong.
fn bindings<'s>(op: &mut Op<'_, 's>, index: u32) -> Result<Vec<SqlValue>, OpError<'s>> {
    let array = op.arg(index);
    let length = op.scope.array_length(array);
    let mut values = Vec::new();
    for position in (0..length).take(PARAMETERS_MAX + 1) {
        let value = op.scope.nested(|scope| {
            let value = scope.element(array, position).ok()?;
            binding(scope, value)
        });
        values.push(value.ok_or_else(|| {
            OpError::type_error("SQLite stores null, numbers, strings and bytes only")
        })?);
    }
    Ok(values)
}

fn binding(scope: &Scope<'_>, value: Local<'_>) -> Option<SqlValue> {
    if value.is_nullish() {
        return Some(SqlValue::Null);
    }
    if let Some(number) = value.as_number() {
        return Some(SqlValue::Real(number));
    }
    match scope.text(value) {
        Some(text) => Some(SqlValue::Text(storable_text(text))),
        None => storable_bytes(scope, value).map(SqlValue::Blob),
    }
}

/// Of a text that is too long to be stored only the start that makes it so.
fn storable_text(mut text: String) -> String {
    if text.len() > VALUE_BYTES_MAX {
        text.truncate(text.ceil_char_boundary(VALUE_BYTES_MAX + 1));
        text.shrink_to_fit();
    }
    text
}

/// The rows that are left; None when they exceed the budget.
fn remaining(
    database: &mut Database,
    cursor: CursorId,
    budget: &mut Budget,
) -> Result<Option<Vec<Vec<SqlValue>>>, StorageError> {
    let mut rows = Vec::new();
    while let Some(row) = database.cursor_next(cursor)? {
        if !budget.take(cost(&row)) {
            return Ok(None);
        }
        rows.push(row);
    }
    Ok(Some(rows))
}

fn cost(row: &[SqlValue]) -> usize {
    let content = |value: &SqlValue| match value {
        SqlValue::Null | SqlValue::Integer(_) | SqlValue::Real(_) => 0,
        SqlValue::Text(text) => text.len(),
        SqlValue::Blob(blob) => blob.len(),
    };
    row.iter().fold(ROW_BYTES, |sum, value| {
        sum.saturating_add(VALUE_BYTES)
            .saturating_add(content(value))
    })
}

fn row_array<'s>(scope: &mut Scope<'s>, row: Vec<SqlValue>) -> Local<'s> {
    let values: Vec<Local<'s>> = row.iter().map(|value| js_value(scope, value)).collect();
    scope.array(&values)
}

/// A stored value as JavaScript has it; integers beyond 2^53 lose precision.
fn js_value<'s>(scope: &mut Scope<'s>, value: &SqlValue) -> Local<'s> {
    match value {
        SqlValue::Null => scope.null(),
        SqlValue::Integer(integer) => scope.number(*integer as f64),
        SqlValue::Real(real) => scope.number(*real),
        SqlValue::Text(text) => scope.string(text),
        SqlValue::Blob(blob) => scope.array_buffer(blob),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_costs_its_texts_and_bytes_and_something_for_each_value() {
        assert_eq!(cost(&[]), 128);
        assert_eq!(
            cost(&[
                SqlValue::Null,
                SqlValue::Integer(i64::MAX),
                SqlValue::Real(0.5)
            ]),
            128 + 3 * 32
        );
        assert_eq!(
            cost(&[
                SqlValue::Text("\u{e9}".to_owned()),
                SqlValue::Blob(vec![0; 10])
            ]),
            128 + 2 * 32 + 2 + 10
        );
    }

    #[test]
    fn a_text_that_can_be_stored_is_whole_and_a_longer_one_stays_too_long() {
        let longest = "a".repeat(VALUE_BYTES_MAX);

        assert_eq!(storable_text(longest.clone()), longest);
        assert_eq!(
            storable_text(format!("{longest}bc")).len(),
            VALUE_BYTES_MAX + 1
        );
        assert_eq!(
            storable_text(format!("{longest}\u{1f600}c")).len(),
            VALUE_BYTES_MAX + 4
        );
    }

    #[test]
    fn a_result_that_is_too_large_says_what_to_do() {
        match too_large() {
            OpError::Error(class, message) => {
                assert_eq!(class, "Error");
                assert_eq!(
                    message,
                    "SQL query result set is too large to fit in memory. Use a streaming iterator instead of toArray()."
                );
            }
            other => panic!("{other:?}"),
        }
    }
}
