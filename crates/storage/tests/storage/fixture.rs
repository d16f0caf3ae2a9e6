//! A folder, a committer that reports to the test, and databases in them.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use stated_storage::{
    AlarmIdentity, AlarmIndex, Backend, CommitPosition, Committer, CursorId, DataFolder, Database,
    DatabaseKey, DatabaseOptions, DurableReport, Lane, SqlValue, StorageError,
};
use tempfile::TempDir;

use crate::store::Store;

/// Long enough that only a hang reaches it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);
/// Small, so that tests fill some.
const SEGMENT_BYTES: u64 = 1 << 20;

/// A data folder and a committer; dropped after the databases opened from it.
pub(crate) struct Fixture {
    pub(crate) committer: Committer,
    pub(crate) reports: Receiver<DurableReport>,
    /// The lane's files, for tests that break them.
    pub(crate) store: Arc<Store>,
    durable: RefCell<HashMap<DatabaseKey, CommitPosition>>,
    copies: Cell<u32>,
    _data: DataFolder,
    folder: TempDir,
}

impl Fixture {
    /// A committer with a log, in a new folder.
    pub(crate) fn new() -> Self {
        Self::in_folder(tempfile::tempdir().unwrap())
    }

    /// The same in a folder that a crash has left.
    pub(crate) fn in_folder(folder: TempDir) -> Self {
        let data = DataFolder::open(folder.path()).unwrap();
        let store = Arc::new(Store::default());
        let log = data
            .lane_with("test", store.clone(), SEGMENT_BYTES)
            .unwrap();
        Self::with(folder, data, store, |report| {
            Committer::spawn_with_log(log, report).unwrap()
        })
    }

    /// A committer that settles each commit.
    pub(crate) fn without_log() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open(folder.path()).unwrap();
        Self::with(folder, data, Arc::default(), |report| {
            Committer::spawn(report).unwrap()
        })
    }

    fn with(
        folder: TempDir,
        data: DataFolder,
        store: Arc<Store>,
        spawn: impl FnOnce(Box<dyn FnMut(DurableReport) + Send>) -> Committer,
    ) -> Self {
        let (sender, reports) = channel();
        Self {
            // The receiver may be gone when the last reports arrive; that is no failure.
            committer: spawn(Box::new(move |report| drop(sender.send(report)))),
            reports,
            store,
            durable: RefCell::default(),
            copies: Cell::default(),
            _data: data,
            folder,
        }
    }

    /// What a process that is killed now leaves, in a folder of its own.
    pub(crate) fn copy(&self) -> TempDir {
        // Files that change while they are copied are not those of any moment.
        self.store.wait_until_settled();
        let copy = tempfile::tempdir().unwrap();
        copy_folder(self.folder(), copy.path());
        copy
    }

    /// Ends the committer in an orderly way.
    pub(crate) fn end(self) -> TempDir {
        drop(self.committer);
        self.folder
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

    /// As [`Self::open`], for databases that may be refused.
    pub(crate) fn try_open(&self, name: &str) -> Result<Database, StorageError> {
        let options = DatabaseOptions {
            backend: Backend::Sqlite { sql_enabled: true },
            alarm: None,
        };
        Database::open(&self.path(name), options, &self.lane())
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

    /// Opens what is committed of a database as another program does that is given a copy.
    pub(crate) fn plain(&self, database: &mut Database) -> rusqlite::Connection {
        let copy = self.path(&format!("copy-{}", self.copies.get()));
        self.copies.set(self.copies.get() + 1);
        database.copy_to(&copy).unwrap();
        rusqlite::Connection::open(copy).unwrap()
    }

    /// Waits until the last commit of the database is reported as durable.
    pub(crate) fn wait(&self, database: &Database) {
        let mut durable = self.durable.borrow_mut();
        let reached = |durable: &HashMap<_, _>| durable.get(&database.key()).copied();
        while reached(&durable).unwrap_or_default() < database.position() {
            let report = self.reports.recv_timeout(DEADLINE).unwrap();
            report.result.unwrap();
            durable.insert(report.database, report.position);
        }
    }

    /// Waits for the next report, which must be a failure, and returns its text.
    pub(crate) fn failure(&self) -> String {
        let report = self.reports.recv_timeout(DEADLINE).unwrap();
        report.result.unwrap_err().to_string()
    }
}

pub(crate) fn copy_folder(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let copy = to.join(path.file_name().unwrap());
        if path.is_dir() {
            fs::create_dir_all(&copy).unwrap();
            copy_folder(&path, &copy);
        } else {
            match fs::copy(&path, &copy) {
                // The settler has renamed it meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                copied => drop(copied.unwrap()),
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
