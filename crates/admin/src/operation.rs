//! What can be done to one object's database. Each is one turn: all of it happens or nothing.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use stated_storage::{CursorId, Database, ListOptions, SqlValue, StorageError};

use crate::refusal::Refusal;
use crate::value;

/// Keys of one listing.
pub const KEYS_MAX: u64 = 1000;

/// A statement with the values of its parameters.
#[derive(Clone, Debug, Deserialize)]
pub struct Query {
    /// One or more statements; only the last may have parameters.
    pub sql: String,
    /// Their values.
    #[serde(default)]
    pub params: Vec<Value>,
}

/// Which keys are listed.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// What they begin with.
    pub prefix: Option<String>,
    /// The last key of the page before.
    pub start_after: Option<String>,
    /// How many at most; never more than [`KEYS_MAX`].
    pub limit: Option<u64>,
}

/// How long the statements of one request may run together. They hold the object's shard.
pub const QUERY_TIME: Duration = Duration::from_secs(30);

/// Runs the queries in order and returns the rows of each.
///
/// # Errors
/// [`Refusal::Sql`], [`Refusal::QueryTime`]; what the queries before it did is undone.
///
/// Source: the shape is that of Cloudflare's local explorer, reference section 16.
pub fn query(database: &mut Database, queries: &[Query]) -> Result<Value, Refusal> {
    query_within(database, queries, QUERY_TIME)
}

fn query_within(
    database: &mut Database,
    queries: &[Query],
    limit: Duration,
) -> Result<Value, Refusal> {
    let results = database.within(limit, |database| {
        queries.iter().map(|query| run(database, query)).collect()
    })?;
    let results: Result<Vec<Value>, Refusal> = results;
    results.map(Value::Array).map_err(|refusal| {
        database.discard();
        match refusal {
            Refusal::Sql(error) if error.is_interrupted() => Refusal::QueryTime(limit.as_secs()),
            refusal => refusal,
        }
    })
}

fn run(database: &mut Database, query: &Query) -> Result<Value, Refusal> {
    let params = query
        .params
        .iter()
        .map(parameter)
        .collect::<Result<Vec<_>, _>>()?;
    let cursor = database
        .sql_exec(&query.sql, &params)
        .map_err(Refusal::Sql)?;
    let result = rows(database, cursor);
    database.cursor_close(cursor);
    result.map_err(Refusal::Sql)
}

fn rows(database: &mut Database, cursor: CursorId) -> Result<Value, StorageError> {
    let columns = database.cursor_columns(cursor);
    let rows: Vec<Value> = database
        .cursor_rest(cursor)?
        .into_iter()
        .map(|row| row.into_iter().map(column).collect())
        .collect();
    let counters = database.cursor_counters(cursor)?;
    Ok(json!({
        "columns": &columns[..],
        "rows": rows,
        "meta": { "rows_read": counters.rows_read, "rows_written": counters.rows_written },
    }))
}

/// Returns the bookmarks of the states after the last commits.
///
/// # Errors
/// [`Refusal::History`], or storage's.
pub fn bookmarks(database: &mut Database, limit: usize) -> Result<Value, Refusal> {
    let found = database.bookmarks(limit).map_err(refused)?;
    let commit =
        |(bookmark, time_ms): &(String, i64)| json!({ "bookmark": bookmark, "timeMs": time_ms });
    let commits: Vec<Value> = found.commits.iter().map(commit).collect();
    Ok(json!({ "oldest": found.oldest, "commits": commits }))
}

/// Returns the bookmark of the state at a time.
///
/// # Errors
/// [`Refusal::History`], or storage's.
pub fn bookmark_at(database: &mut Database, time_ms: i64) -> Result<Value, Refusal> {
    database
        .bookmark_for_time(time_ms)
        .map(Value::from)
        .map_err(refused)
}

/// Has the next instance begin with an earlier state; returns the bookmark that undoes it.
///
/// # Errors
/// [`Refusal::History`], or storage's.
pub fn restore(database: &mut Database, bookmark: &str) -> Result<Value, Refusal> {
    database
        .restore_next(bookmark)
        .map(Value::from)
        .map_err(refused)
}

/// Writes the database as it was at a bookmark to a new file.
///
/// # Errors
/// [`Refusal::History`], or storage's.
pub fn copy_at(database: &mut Database, bookmark: &str, path: &Path) -> Result<(), Refusal> {
    database.copy_state_to(bookmark, path).map_err(refused)
}

pub(crate) fn refused(error: StorageError) -> Refusal {
    match error {
        StorageError::BookmarkNotKept(_)
        | StorageError::TimeNotKept
        | StorageError::NotRebuilt { .. } => Refusal::History(error),
        error => Refusal::Storage(error),
    }
}

fn parameter(value: &Value) -> Result<SqlValue, Refusal> {
    Ok(match value {
        Value::Null => SqlValue::Null,
        Value::Bool(truth) => SqlValue::Integer(i64::from(*truth)),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => SqlValue::Integer(integer),
            None => SqlValue::Real(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => SqlValue::Text(text.clone()),
        Value::Array(_) => SqlValue::Blob(serde_json::from_value(value.clone()).map_err(|_| {
            Refusal::BadRequest("a parameter that is an array must hold bytes, 0 to 255".into())
        })?),
        Value::Object(_) => {
            return Err(Refusal::BadRequest(
                "a parameter cannot be an object".into(),
            ));
        }
    })
}

fn column(value: SqlValue) -> Value {
    match value {
        SqlValue::Null => Value::Null,
        SqlValue::Integer(integer) => integer.into(),
        // NaN is NULL in SQLite; infinities are shown as SQLite's shell does.
        SqlValue::Real(real) if real.is_infinite() => {
            if real > 0.0 { "Inf" } else { "-Inf" }.into()
        }
        SqlValue::Real(real) => json!(real),
        SqlValue::Text(text) => text.into(),
        SqlValue::Blob(blob) => blob.into(),
    }
}

/// Returns the value of a key.
///
/// # Errors
/// [`Refusal::UnknownKey`], [`Refusal::Value`], [`Refusal::Storage`].
pub fn get(database: &mut Database, id: &str, key: &str) -> Result<Value, Refusal> {
    let bytes = database.kv_get(key)?.ok_or_else(|| Refusal::UnknownKey {
        id: id.into(),
        key: key.into(),
    })?;
    value::to_json(&bytes).map_err(|source| Refusal::Value {
        key: key.into(),
        source,
    })
}

/// Returns `{key, bytes, value}` of keys in order; a value that JSON cannot express is replaced by
/// an `error` that says why.
///
/// # Errors
/// [`Refusal::Storage`].
pub fn list(database: &mut Database, keys: &Keys) -> Result<Value, Refusal> {
    let entries = database.kv_list(&ListOptions {
        prefix: keys.prefix.as_deref(),
        start_after: keys.start_after.as_deref(),
        limit: Some(keys.limit.unwrap_or(KEYS_MAX).min(KEYS_MAX)),
        ..ListOptions::default()
    })?;
    let show = |(key, bytes): (String, Vec<u8>)| match value::to_json(&bytes) {
        Ok(value) => json!({ "key": key, "bytes": bytes.len(), "value": value }),
        Err(error) => json!({ "key": key, "bytes": bytes.len(), "error": error.to_string() }),
    };
    Ok(entries.into_iter().map(show).collect())
}

/// Stores a value under a key.
///
/// # Errors
/// [`Refusal::Storage`].
pub fn put(database: &mut Database, key: &str, value: &Value) -> Result<(), Refusal> {
    Ok(database.kv_put(key, &value::from_json(value))?)
}

/// Removes a key.
///
/// # Errors
/// [`Refusal::UnknownKey`], [`Refusal::Storage`].
pub fn delete(database: &mut Database, id: &str, key: &str) -> Result<(), Refusal> {
    if database.kv_delete(key)? {
        return Ok(());
    }
    Err(Refusal::UnknownKey {
        id: id.into(),
        key: key.into(),
    })
}

/// Returns what the database is made of: its size and the program's tables.
///
/// # Errors
/// [`Refusal::Storage`].
pub fn contents(database: &mut Database) -> Result<Value, Refusal> {
    let tables = query(
        database,
        &[Query {
            sql: "SELECT name FROM sqlite_master WHERE type = 'table' \
                  AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
                .into(),
            params: Vec::new(),
        }],
    )?;
    let names: Vec<&Value> = tables[0]["rows"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| &row[0])
        .collect();
    Ok(json!({ "databaseSize": database.database_size()?, "tables": names }))
}

#[cfg(test)]
mod tests {
    use stated_storage::{Backend, Committer, DatabaseOptions};

    use super::*;

    #[test]
    fn statements_that_do_not_end_are_ended_and_leave_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let committer = Committer::spawn(drop).unwrap();
        let options = DatabaseOptions {
            backend: Backend::Sqlite { sql_enabled: true },
            alarm: None,
        };
        let path = folder.path().join("object.sqlite");
        let mut database = Database::open(&path, options, &committer.lane()).unwrap();
        let queries = |texts: &[&str]| -> Vec<Query> {
            let query = |text: &&str| Query {
                sql: (*text).to_owned(),
                params: Vec::new(),
            };
            texts.iter().map(query).collect()
        };
        let endless = "INSERT INTO t WITH RECURSIVE c (x) AS \
                       (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c";

        let asked = queries(&["CREATE TABLE t (x)", endless]);
        let refusal = query_within(&mut database, &asked, Duration::ZERO).unwrap_err();

        assert_eq!(
            refusal.to_string(),
            "the statements ran for 0 seconds, which is the limit; nothing of what they did is kept"
        );
        let asked = queries(&["SELECT count(*) AS n FROM sqlite_schema"]);
        let result = query(&mut database, &asked).unwrap();
        assert_eq!(result[0]["rows"], json!([[0]]));
        drop(database);
        drop(committer);
    }
}
