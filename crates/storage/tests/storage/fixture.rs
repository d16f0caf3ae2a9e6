//! A folder, a committer that reports to the test, and databases in them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use stated_storage::{
    AlarmIdentity, AlarmIndex, Backend, Committer, CursorId, Database, DatabaseOptions,
    DurableReport, Lane, SqlValue, StorageError,
};

/// Long enough that only a hang reaches it.
const DEADLINE: Duration = Duration::from_secs(60);

/// A folder and a committer; dropped after the databases opened from it.
pub(crate) struct Fixture {
    folder: tempfile::TempDir,
    pub(crate) committer: Committer,
    pub(crate) reports: Receiver<DurableReport>,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let (sender, reports) = channel();
        // The receiver may be gone when the last reports arrive; that is no failure.
        let committer = Committer::spawn(move |report| drop(sender.send(report))).unwrap();
        Self {
            folder: tempfile::tempdir().unwrap(),
            committer,
            reports,
        }
    }

    pub(crate) fn lane(&self) -> Lane {
        self.committer.lane()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Opens a database with SQL and without an alarm index.
    pub(crate) fn open(&self, name: &str) -> Database {
        self.open_as(name, Backend::Sqlite { sql_enabled: true })
    }

    pub(crate) fn open_as(&self, name: &str, backend: Backend) -> Database {
        let options = DatabaseOptions {
            backend,
            alarm: None,
        };
        Database::open(&self.path(name), options, &self.lane()).unwrap()
    }

    /// Opens a database whose alarms go to the index under the name of the file.
    pub(crate) fn open_with_alarms(&self, name: &str, index: &Arc<AlarmIndex>) -> Database {
        let options = DatabaseOptions {
            backend: Backend::Sqlite { sql_enabled: true },
            alarm: Some(AlarmIdentity {
                index: Arc::clone(index),
                id: name.into(),
                name: Some("the name".into()),
            }),
        };
        Database::open(&self.path(name), options, &self.lane()).unwrap()
    }

    /// Waits until the last commit of the database is reported as durable.
    pub(crate) fn wait(&self, database: &Database) {
        loop {
            let report = self.reports.recv_timeout(DEADLINE).unwrap();
            if report.database == database.key() && report.position == database.position() {
                report.result.unwrap();
                return;
            }
        }
    }
}

/// Runs SQL and returns all rows.
pub(crate) fn rows(
    database: &mut Database,
    sql: &str,
    bindings: &[SqlValue],
) -> Result<Vec<Vec<SqlValue>>, StorageError> {
    let cursor = database.sql_exec(sql, bindings)?;
    database.cursor_rest(cursor)
}

/// Runs SQL that must succeed.
pub(crate) fn run(database: &mut Database, sql: &str) -> Vec<Vec<SqlValue>> {
    rows(database, sql, &[]).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// Runs SQL that must fail, and returns the text of the error.
pub(crate) fn error(database: &mut Database, sql: &str) -> String {
    match rows(database, sql, &[]) {
        Ok(rows) => panic!("{sql}: succeeded with {rows:?}"),
        Err(error) => error.to_string(),
    }
}

/// Starts SQL that must succeed.
pub(crate) fn exec(database: &mut Database, sql: &str) -> CursorId {
    database
        .sql_exec(sql, &[])
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// One integer in one row.
pub(crate) fn integer(database: &mut Database, sql: &str) -> i64 {
    match run(database, sql).as_slice() {
        [row] => match row.as_slice() {
            [SqlValue::Integer(integer)] => *integer,
            other => panic!("{sql}: {other:?}"),
        },
        other => panic!("{sql}: {other:?}"),
    }
}

pub(crate) fn text(text: &str) -> SqlValue {
    SqlValue::Text(text.into())
}

pub(crate) fn int(integer: i64) -> SqlValue {
    SqlValue::Integer(integer)
}
