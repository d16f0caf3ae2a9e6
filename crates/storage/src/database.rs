//! The database of one object: what it is made of, how it opens and closes.
//!
//! [`Database`] is the only thing callers hold. Its operations are in the modules named after them
//! (`kv`, `sql`, `transaction`, `alarm`, `delete_all`, `bookmark`); this one keeps the state they
//! share. Callers see neither the pages nor the connection: a connection is opened when it is needed
//! and given up when it is not.
//!
//! It belongs to one shard thread. Nothing here waits for the disk except opening and closing;
//! durability is the [`Committer`](crate::Committer)'s.

use rusqlite::{Connection, OptionalExtension, ffi};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::alarm::{AlarmIdentity, AlarmLink};
use crate::commit::{CommitPosition, DatabaseKey, DurabilityError, Lane};
use crate::connection::OpenConnection;
use crate::cursor::CursorTable;
use crate::error::StorageError;
use crate::kv::KvIteration;
use crate::object_name::ObjectName;
use crate::statement_cache::StatementCache;
use crate::sync_target::SyncTarget;
use crate::transaction::TransactionState;

/// Which storage API the object's class was declared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Declared under `new_sqlite_classes`.
    Sqlite {
        /// Whether programs may use SQL.
        sql_enabled: bool,
    },
    /// Declared under `new_classes`. The file is the same; SQL is refused, and the limits of keys
    /// and values are the caller's business.
    KeyValue,
}

/// How a database is opened.
#[derive(Clone, Debug)]
pub struct DatabaseOptions {
    /// Which storage API the object's class was declared with.
    pub backend: Backend,
    /// Who the object is for its namespace's alarm index; `None` keeps its alarms to itself.
    pub alarm: Option<AlarmIdentity>,
}

/// The storage of one object.
///
/// Writes collect in an implicit transaction that [`Self::end_turn`] commits. Dropping it loses
/// what was not committed and waits until submitted commits are durable; [`Self::close`] does the
/// same and leaves nothing in the lane.
#[derive(Debug)]
pub struct Database {
    pub(crate) backend: Backend,
    pub(crate) lane: Lane,
    // Statements borrow from the connection, so `cursors` and `statements` must be empty when
    // `connection` is dropped.
    pub(crate) cursors: CursorTable,
    pub(crate) statements: StatementCache,
    pub(crate) connection: Option<OpenConnection>,
    pub(crate) target: Arc<SyncTarget>,
    /// Something is or may be stored: reading needs a connection.
    is_stored: bool,
    /// A wish to restore an earlier state was looked for.
    restore_is_checked: bool,
    /// The alarm of a state that was restored, until it was asked for.
    pub(crate) restored_alarm: Option<i64>,
    /// The bookmark that the running transaction wishes to be restored.
    pub(crate) wished: Option<String>,
    /// The least serial number that no bookmark of this instance has.
    pub(crate) next_bookmark: i64,
    /// What the alarm index says was compared with what is stored.
    alarm_is_checked: bool,
    /// The name that the id was made from, until a commit has taken it along.
    pub(crate) visible_name: Option<Arc<str>>,
    stop: Option<Arc<AtomicBool>>,
    pub(crate) transaction: TransactionState,
    known: KnownTables,
    /// The stored alarm, uncommitted changes included, if it is known.
    pub(crate) alarm_known: Option<Option<i64>>,
    pub(crate) alarm_changed: bool,
    pub(crate) kv_iteration: KvIteration,
    pub(crate) position: CommitPosition,
}

/// Deletes the database that is kept as `path`, which nobody may have open; that there is none is no
/// error. Durable when it returns.
///
/// # Errors
/// As [`Database::replace_files`].
pub fn delete_database(
    path: &Path,
    options: &DatabaseOptions,
    lane: &Lane,
) -> Result<(), StorageError> {
    let (folder, name) = place(path);
    let directory = lane.directory(folder)?;
    Database::replace_files(
        || Database::open(path, options.clone(), lane),
        || directory.delete(&name),
    )
}

/// Puts the database file `new`, which is in the same folder, in the place of the database that is
/// kept as `path`, which nobody may have open. Durable when it returns; `new` is gone then.
///
/// # Errors
/// As [`Database::replace_files`].
pub fn replace_database(
    path: &Path,
    options: &DatabaseOptions,
    lane: &Lane,
    new: &Path,
) -> Result<(), StorageError> {
    let (folder, name) = place(path);
    let directory = lane.directory(folder)?;
    Database::replace_files(
        || Database::open(path, options.clone(), lane),
        || directory.replace(&name, new),
    )
}

/// The tables this crate makes at their first use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InternalTable {
    Kv,
    Metadata,
}

/// Whether each internal table exists, as far as known. Forgotten by every rollback, which may have
/// undone the creation.
#[derive(Debug, Default)]
struct KnownTables {
    kv: Option<bool>,
    metadata: Option<bool>,
}

impl Database {
    /// Opens the database that is kept as `path`: `<object id>.sqlite` in the folder of a namespace,
    /// which must exist. There need not be a file of that name.
    ///
    /// Nothing is stored before the first write or SQL statement. Commits are submitted to `lane`.
    ///
    /// # Errors
    /// [`StorageError::File`] or SQLite's, when the namespace's directory cannot be used, when a file
    /// that another program left cannot be taken over, or when an alarm row of an object that was
    /// never stored cannot be removed. An object that is damaged is opened; using it fails.
    pub fn open(path: &Path, options: DatabaseOptions, lane: &Lane) -> Result<Self, StorageError> {
        let (folder, name) = place(path);
        let directory = lane.directory(folder)?;
        let visible_name = options.alarm.as_ref().and_then(|own| own.name.clone());
        if let Some(own) = &options.alarm {
            directory.alarms_are_in(&own.index);
        }
        let link = options.alarm.map(AlarmLink::new);
        let pages = directory.object(&name)?;
        let is_stored = pages.is_stored();
        let database = Self {
            backend: options.backend,
            lane: lane.clone(),
            cursors: CursorTable::default(),
            statements: StatementCache::default(),
            connection: None,
            target: Arc::new(SyncTarget::new(directory, pages, link)),
            is_stored,
            restore_is_checked: false,
            restored_alarm: None,
            wished: None,
            next_bookmark: 0,
            alarm_is_checked: false,
            visible_name,
            stop: None,
            transaction: TransactionState::default(),
            known: KnownTables::default(),
            alarm_known: None,
            alarm_changed: false,
            kv_iteration: KvIteration::default(),
            position: CommitPosition::default(),
        };
        if !is_stored && let Some(link) = &database.target.alarm {
            // A crash between the index and the first commit can leave a row without an object.
            link.opened(None)?;
        }
        Ok(database)
    }

    /// Lets another thread end a statement that runs too long, by setting the flag.
    ///
    /// The statement fails with `SQLITE_INTERRUPT`, and so does every later one until the flag is
    /// cleared; if it was writing, SQLite undoes the turn. To be called before the first operation:
    /// an open connection keeps the flag it has.
    pub fn set_stop_flag(&mut self, stop: Arc<AtomicBool>) {
        self.stop = Some(stop);
    }

    /// Whether anything is or may be stored.
    pub(crate) fn is_stored(&self) -> bool {
        self.is_stored
    }

    /// Returns the name of this database in the committer's reports.
    pub fn key(&self) -> DatabaseKey {
        self.target.key
    }

    /// Returns the position of the last commit: when it is durable, everything committed so far is.
    pub fn position(&self) -> CommitPosition {
        self.position
    }

    /// Waits until everything committed so far is durable.
    ///
    /// # Errors
    /// The first failure, if a sync of this database ever failed.
    pub fn wait_until_durable(&self) -> Result<(), DurabilityError> {
        self.lane.wait_until_idle(self.target.key);
        match self.target.failure() {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }

    /// Runs `work`, which deletes or replaces the object that `open` opens, and then makes the alarm
    /// index say what the new one contains. No other database of it may be open.
    ///
    /// What the lane has of the object is settled and made void first, so that a crash cannot bring
    /// it back over the new one. Of one that is too damaged for that, it is given up.
    ///
    /// # Errors
    /// `work`'s, or [`StorageError`] when the old one cannot be settled, as on a full disk, or the new
    /// one cannot be read.
    pub fn replace_files<T, E: From<StorageError>>(
        open: impl Fn() -> Result<Self, StorageError>,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let mut old = open()?;
        let (pages, lane) = (Arc::clone(&old.target.pages), old.lane.clone());
        let directory = Arc::clone(&old.target.directory);
        if let Err(error) = old.alarm() {
            tracing::warn!(%error, object_id = %pages.name, "read a database that is to be replaced");
        }
        old.close()?;
        // Commits that a failure of the old one has kept from being settled. Void they would be lost,
        // should `work` fail; and they would lie over the new one.
        directory.settle(std::slice::from_ref(&pages))?;
        // Otherwise recovery might give the new one commits of the old one.
        lane.forget(&pages).map_err(StorageError::from)?;
        drop(pages);
        let result = work()?;
        open()?.alarm()?;
        directory.sync_alarms()?;
        Ok(result)
    }

    /// Drops what was not committed, waits for the rest to be durable and settles it: the object's
    /// base then stands alone, and no lane has anything of it.
    ///
    /// Costs a few syncs on the calling thread; dropping costs none.
    ///
    /// # Errors
    /// The lane's or the base's. The data is safe then, and the database is closed all the same.
    pub fn close(mut self) -> Result<(), StorageError> {
        self.cursors.clear();
        self.close_connection();
        self.lane.wait_until_idle(self.target.key);
        if self.target.failure().is_some() {
            return Ok(());
        }
        let pages = &self.target.pages;
        if pages.unsettled_mark().is_some() {
            self.target.directory.settle(std::slice::from_ref(pages))?;
            self.lane.forget(pages)?;
        }
        Ok(())
    }

    /// Gives back the connection and what it keeps in memory, unless it is in use; the next
    /// operation opens it again. Returns whether there is none now.
    pub fn rest(&mut self) -> bool {
        let is_in_use = self.transaction.is_open
            || self.transaction.critical.is_some()
            || self.cursors.any_live();
        if !is_in_use {
            self.close_connection();
        }
        self.connection.is_none()
    }

    /// Whether there is no connection.
    pub fn is_resting(&self) -> bool {
        self.connection.is_none()
    }

    /// Returns the databases of the same lane, this one included, that should [`Self::rest`] because
    /// together they keep too much in memory: the least recently used ones, if any. To be asked after
    /// [`Self::end_turn`].
    pub fn surplus(&self) -> Vec<DatabaseKey> {
        self.lane.connections().surplus()
    }

    /// Tells the lane what this database keeps in memory.
    pub(crate) fn note_memory(&mut self) {
        if let Some(connection) = &mut self.connection {
            let bytes = connection.bytes(self.statements.len()) + self.target.pages.base_bytes();
            self.lane.connections().used(self.target.key, bytes);
        }
    }

    /// Closes the connection, which no cursor uses. Cursors that have ended stay known.
    pub(crate) fn close_connection(&mut self) {
        self.statements.clear();
        if self.connection.take().is_some() {
            self.lane.connections().closed(self.target.key);
            self.target.pages.discard();
            self.target.pages.close_base();
        }
    }

    /// Returns the connection, opening it if needed.
    pub(crate) fn connect(&mut self) -> Result<&mut OpenConnection, StorageError> {
        if self.connection.is_none() {
            self.open_connection()?;
        }
        Ok(self
            .connection
            .as_mut()
            .expect("open_connection succeeded or it was open before"))
    }

    fn open_connection(&mut self) -> Result<(), StorageError> {
        self.reopen()?;
        if !std::mem::replace(&mut self.restore_is_checked, true) && self.is_stored {
            self.restore_if_wished()?;
        }
        if !self.is_stored {
            self.known = KnownTables {
                kv: Some(false),
                metadata: Some(false),
            };
            self.is_stored = true;
        } else if !self.alarm_is_checked && self.target.alarm.is_some() {
            let stored = self.alarm()?;
            if let Some(link) = &self.target.alarm {
                link.opened(stored)?;
            }
        }
        self.alarm_is_checked = true;
        Ok(())
    }

    /// Opens the connection, and does nothing with it.
    pub(crate) fn reopen(&mut self) -> Result<(), StorageError> {
        let SyncTarget {
            directory, pages, ..
        } = &*self.target;
        directory.open_base(pages)?;
        if let Some(reason) = pages.damage() {
            return Err(StorageError::damaged(&pages.name, &reason));
        }
        self.connection = Some(OpenConnection::open(pages, self.stop.clone())?);
        self.lane.connections().used(self.target.key, 0);
        Ok(())
    }

    /// Fails if SQLite has rolled back this turn by itself.
    pub(crate) fn check(&self) -> Result<(), StorageError> {
        match &self.transaction.critical {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    /// Notes what a failed operation means for the transaction, and hands the error back: that of the
    /// object, if it was given up while the connection was open.
    pub(crate) fn failed(&mut self, error: StorageError) -> StorageError {
        let is_unreadable = error
            .sql()
            .is_some_and(|sql| sql.code() == ffi::SQLITE_IOERR);
        let error = match self.target.pages.damage().filter(|_| is_unreadable) {
            Some(reason) => StorageError::damaged(&self.target.pages.name, &reason),
            None => error,
        };
        let rolled_back = self.transaction.is_open
            && self
                .connection
                .as_ref()
                .is_some_and(|connection| connection.sqlite.is_autocommit());
        if rolled_back {
            self.transaction.is_open = false;
            self.transaction.critical = Some(error.clone());
            self.forget_uncommitted();
        }
        error
    }

    /// Forgets everything that a rollback may have changed.
    pub(crate) fn forget_uncommitted(&mut self) {
        self.known = KnownTables::default();
        self.alarm_known = None;
    }

    /// Returns the connection unless nothing was ever stored.
    pub(crate) fn connection_if_stored(&mut self) -> Result<Option<Rc<Connection>>, StorageError> {
        self.check()?;
        if !self.is_stored {
            return Ok(None);
        }
        Ok(Some(Rc::clone(&self.connect()?.sqlite)))
    }

    /// Returns the connection if the table exists.
    pub(crate) fn table_for_read(
        &mut self,
        table: InternalTable,
    ) -> Result<Option<Rc<Connection>>, StorageError> {
        let Some(sqlite) = self.connection_if_stored()? else {
            return Ok(None);
        };
        let exists = match self.known.get(table) {
            Some(exists) => exists,
            None => {
                let exists =
                    table_exists(&sqlite, table).map_err(|error| self.failed(error.into()))?;
                self.known.set(table, exists);
                exists
            }
        };
        Ok(exists.then_some(sqlite))
    }

    /// Returns the connection in a transaction, with the table made if needed.
    pub(crate) fn table_for_write(
        &mut self,
        table: InternalTable,
    ) -> Result<Rc<Connection>, StorageError> {
        let sqlite = self.begin()?;
        if self.known.get(table) != Some(true) {
            sqlite
                .execute_batch(table.definition())
                .map_err(|error| self.failed(error.into()))?;
            self.known.set(table, true);
        }
        Ok(sqlite)
    }

    pub(crate) fn metadata_for_read(&mut self) -> Result<Option<Rc<Connection>>, StorageError> {
        self.table_for_read(InternalTable::Metadata)
    }

    pub(crate) fn metadata_for_write(&mut self) -> Result<Rc<Connection>, StorageError> {
        self.table_for_write(InternalTable::Metadata)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.cursors.clear();
        self.close_connection();
        // Whoever opens the object next must not read what may still be lost.
        self.lane.wait_until_idle(self.target.key);
        self.target.directory.release(&self.target.pages);
    }
}

/// Returns the folder of a path, and the object whose database it is.
fn place(path: &Path) -> (&Path, ObjectName) {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    (
        path.parent().unwrap_or_else(|| Path::new("")),
        ObjectName::new(&stem),
    )
}

impl InternalTable {
    fn name(self) -> &'static str {
        match self {
            Self::Kv => "_cf_KV",
            Self::Metadata => "_cf_METADATA",
        }
    }

    /// Source: reference section 13.2.
    fn definition(self) -> &'static str {
        match self {
            Self::Kv => {
                "CREATE TABLE IF NOT EXISTS _cf_KV (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID"
            }
            Self::Metadata => {
                "CREATE TABLE IF NOT EXISTS _cf_METADATA (key INTEGER PRIMARY KEY, value BLOB)"
            }
        }
    }
}

impl KnownTables {
    fn get(&self, table: InternalTable) -> Option<bool> {
        match table {
            InternalTable::Kv => self.kv,
            InternalTable::Metadata => self.metadata,
        }
    }

    fn set(&mut self, table: InternalTable, exists: bool) {
        match table {
            InternalTable::Kv => self.kv = Some(exists),
            InternalTable::Metadata => self.metadata = Some(exists),
        }
    }
}

fn table_exists(sqlite: &Connection, table: InternalTable) -> rusqlite::Result<bool> {
    sqlite
        .prepare_cached("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?")?
        .query_row([table.name()], |_| Ok(()))
        .optional()
        .map(|row| row.is_some())
}
