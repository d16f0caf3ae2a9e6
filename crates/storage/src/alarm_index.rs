//! The alarms of one namespace, so that due ones are found without opening objects; and the
//! [`names`] of its objects, which share the file.
//!
//! A copy: the truth about an object's alarm is in its own database. The table has the shape that
//! other programs know, and an index by time. Nothing is loaded at the start: a million alarms that
//! are armed cost what is asked of them. Any shard may call it; it decides nothing about delivery.
//!
//! # What is durable when
//!
//! *Claim.* After any crash the index names every alarm whose `setAlarm` was acknowledged, at its
//! time or earlier.
//!
//! Writing a row is a commit without sync, which a killed process cannot lose. Against a power
//! failure the lane has what each commit did to the alarm, in the commit's own record, and recovery
//! writes the rows again ([`crate::directory`]). Before the base of an object is settled, which is
//! when recovery no longer looks at its records, [`AlarmIndex::sync`] makes the rows durable: one
//! sync for a whole segment of a lane. The row is written before the object's commit, so none is
//! missed. Rows that move to a later time or disappear are written after the object's commit is
//! durable and need no sync at all: if they are lost, the object is woken once for nothing. SQLite
//! syncs around its checkpoints itself (`synchronous=NORMAL`).
//!
//! After a failed sync a second one proves nothing, so the rows are written once more, to the other
//! file: by a checkpoint. Until that has succeeded nothing is settled, so the lane keeps the alarms.
//!
//! What can still go wrong: if the power fails in the middle of such a checkpoint, the file may be
//! damaged; the start then names it.
//!
//! Source: reference sections 8.4 and 13.2.

mod names;

use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::alarm::{ms_from_nanos, nanos_from_ms};
use crate::connection::wal_path;
use crate::error::StorageError;
use crate::lane_log::AlarmChange;
use crate::sys::vfs;

const FILE_NAME: &str = "metadata.sqlite";

/// One row of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmEntry {
    /// The object id, 64 lower-case hexadecimal digits.
    pub id: Arc<str>,
    /// The name the id was made from, if it was ever known.
    pub name: Option<Arc<str>>,
    /// When the alarm is due, milliseconds since the Unix epoch.
    pub at: i64,
}

/// The alarm index of one namespace.
#[derive(Debug)]
pub struct AlarmIndex {
    path: PathBuf,
    rows: Mutex<Rows>,
    durability: Mutex<Durability>,
}

#[derive(Debug, Default)]
struct Rows {
    /// Opened by the first write; a namespace without alarms and names has no file.
    connection: Option<Connection>,
    /// Counts the writes.
    written: u64,
}

#[derive(Debug, Default)]
struct Durability {
    wal: Option<File>,
    /// Value of `Rows::written` that the last sync covered.
    synced: u64,
    /// A sync has failed, and what the WAL has was not written elsewhere since.
    is_doubtful: bool,
}

impl AlarmIndex {
    /// Opens the index in a namespace's folder.
    ///
    /// # Errors
    /// SQLite's, for a file that cannot be opened or read.
    pub fn open(folder: &Path) -> Result<Self, StorageError> {
        let path = folder.join(FILE_NAME);
        let mut rows = Rows::default();
        if path.exists() {
            rows.connection = Some(open_file(&path)?);
        }
        Ok(Self {
            path,
            rows: Mutex::new(rows),
            durability: Mutex::default(),
        })
    }

    /// Records that the object's alarm is due at `at` milliseconds since the Unix epoch.
    ///
    /// A `name` of `None` keeps the recorded one. Durable after the next [`Self::sync`].
    ///
    /// # Errors
    /// SQLite's; the index is then unchanged.
    pub fn set(&self, id: &str, name: Option<&str>, at: i64) -> Result<(), StorageError> {
        let mut rows = self.rows();
        rows.connection(&self.path)?
            .prepare_cached(
                "INSERT INTO _cf_ALARM (actor_id, scheduled_time, actor_name) VALUES (?, ?, ?) \
                 ON CONFLICT DO UPDATE SET scheduled_time = excluded.scheduled_time, \
                 actor_name = coalesce(excluded.actor_name, actor_name)",
            )?
            .execute((id, nanos_from_ms(at), name))?;
        rows.written += 1;
        Ok(())
    }

    /// Removes the object's row; that there is none is no error.
    ///
    /// # Errors
    /// SQLite's; the index is then unchanged.
    pub fn delete(&self, id: &str) -> Result<(), StorageError> {
        let mut rows = self.rows();
        let Some(connection) = &rows.connection else {
            return Ok(());
        };
        let deleted = connection
            .prepare_cached("DELETE FROM _cf_ALARM WHERE actor_id = ?")?
            .execute([id])?;
        rows.written += deleted as u64;
        Ok(())
    }

    /// Returns the alarms due at `now` milliseconds since the Unix epoch, earliest first, so many at
    /// most.
    ///
    /// A row stays until the object's stored alarm changes, so the caller keeps those it is already
    /// delivering apart.
    pub fn due(&self, now: i64, limit: usize) -> Vec<AlarmEntry> {
        self.ask(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT actor_id, actor_name, scheduled_time FROM _cf_ALARM \
                 WHERE scheduled_time <= ? ORDER BY scheduled_time, actor_id LIMIT ?",
            )?;
            let entries = statement.query_map((nanos_from_ms(now), limit as i64), |row| {
                Ok(AlarmEntry {
                    id: row.get::<_, String>(0)?.into(),
                    name: row.get::<_, Option<String>>(1)?.map(Into::into),
                    at: ms_from_nanos(row.get(2)?),
                })
            })?;
            entries.collect()
        })
        .unwrap_or_default()
    }

    /// Returns the earliest time in the index.
    pub fn next(&self) -> Option<i64> {
        self.next_after(i64::MIN)
    }

    /// Returns the earliest time after `after`, for a caller that is already delivering the rest.
    pub fn next_after(&self, after: i64) -> Option<i64> {
        let next = self.ask(|connection| {
            connection
                .prepare_cached(
                    "SELECT min(scheduled_time) FROM _cf_ALARM WHERE scheduled_time > ?",
                )?
                .query_row([nanos_from_ms(after)], |row| row.get(0))
        });
        next.flatten().map(ms_from_nanos)
    }

    /// Returns the object's time.
    pub fn time_of(&self, id: &str) -> Option<i64> {
        let time = self.ask(|connection| {
            connection
                .prepare_cached("SELECT scheduled_time FROM _cf_ALARM WHERE actor_id = ?")?
                .query_row([id], |row| row.get::<_, Option<i64>>(0))
                .optional()
        });
        time.flatten().flatten().map(ms_from_nanos)
    }

    /// Returns how many alarms there are.
    pub fn count(&self) -> usize {
        let count = self.ask(|connection| {
            let sql = "SELECT count(*) FROM _cf_ALARM WHERE scheduled_time IS NOT NULL";
            connection.query_row(sql, [], |row| row.get::<_, i64>(0))
        });
        count.map_or(0, |count| usize::try_from(count).unwrap_or(0))
    }

    /// Asks the file; `None` if there is none or it cannot be read.
    fn ask<T>(&self, question: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Option<T> {
        let rows = self.rows();
        match question(rows.connection.as_ref()?) {
            Ok(answer) => Some(answer),
            Err(error) => {
                // Its alarms are late until the file can be read again.
                tracing::error!(%error, path = %self.path.display(), "read the alarm index");
                None
            }
        }
    }

    /// Writes what recovery has found to have become of alarms, with the names of their objects.
    ///
    /// # Errors
    /// SQLite's; the index is then unchanged.
    pub(crate) fn apply(
        &self,
        changes: &[(String, Option<String>, AlarmChange)],
    ) -> Result<(), StorageError> {
        if changes.iter().all(|change| change.2 == AlarmChange::None) {
            return Ok(());
        }
        let run = |sql| -> Result<(), StorageError> {
            Ok(self.rows().connection(&self.path)?.execute_batch(sql)?)
        };
        run("BEGIN")?;
        let written = changes
            .iter()
            .try_for_each(|(id, name, alarm)| match *alarm {
                AlarmChange::None => Ok(()),
                AlarmChange::Removed => self.delete(id),
                AlarmChange::Set(at) => self.set(id, name.as_deref(), at),
            });
        match written.and_then(|()| run("COMMIT")) {
            Ok(()) => Ok(()),
            Err(error) => {
                run("ROLLBACK")?;
                Err(error)
            }
        }
    }

    /// Makes every row written so far durable; returns at once if they are.
    ///
    /// # Errors
    /// The operating system's or SQLite's. The next call writes everything again.
    pub fn sync(&self) -> Result<(), StorageError> {
        let mut durability = self.durability();
        let written = self.rows().written;
        if durability.synced == written && !durability.is_doubtful {
            return Ok(());
        }
        let synced = match durability.is_doubtful {
            false => durability.sync(&self.path),
            true => self.checkpoint(),
        };
        durability.is_doubtful = synced.is_err();
        synced?;
        durability.synced = written;
        Ok(())
    }

    /// Returns whether every row written so far is durable.
    pub fn is_synced(&self) -> bool {
        let durability = self.durability();
        !durability.is_doubtful && durability.synced == self.rows().written
    }

    /// Writes what the WAL has to the database, synced.
    fn checkpoint(&self) -> Result<(), StorageError> {
        let mut rows = self.rows();
        let connection = rows.connection(&self.path)?;
        let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
        let is_busy: i64 = connection.query_row(sql, [], |row| row.get(0))?;
        match is_busy {
            0 => Ok(()),
            _ => Err(StorageError::file(
                "checkpoint",
                &self.path,
                io::Error::other("it is in use"),
            )),
        }
    }

    /// Makes durable what is in the files of an index that nobody has open.
    pub(crate) fn sync_files(folder: &Path) -> Result<(), StorageError> {
        let path = folder.join(FILE_NAME);
        for path in [wal_path(&path), path] {
            match File::open(&path).and_then(|file| file.sync_data()) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(StorageError::file("sync file", &path, error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn durability(&self) -> MutexGuard<'_, Durability> {
        self.durability
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rows {
    fn connection(&mut self, path: &Path) -> Result<&Connection, StorageError> {
        Ok(match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(open_file(path)?),
        })
    }
}

impl Durability {
    fn sync(&mut self, path: &Path) -> Result<(), StorageError> {
        let wal_path = wal_path(path);
        let failed = |error| StorageError::file("sync file", &wal_path, error);
        let wal = match &mut self.wal {
            Some(wal) => wal,
            none => none.insert(File::open(&wal_path).map_err(failed)?),
        };
        wal.sync_data().map_err(failed)
    }
}

fn open_file(path: &Path) -> Result<Connection, StorageError> {
    vfs::configure();
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_EXRESCODE,
    )?;
    connection.busy_timeout(std::time::Duration::ZERO)?;
    connection.execute_batch(
        "PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=NORMAL; PRAGMA journal_mode=WAL; \
         CREATE TABLE IF NOT EXISTS _cf_ALARM (\
           actor_id TEXT PRIMARY KEY, scheduled_time INTEGER, actor_name TEXT) WITHOUT ROWID; \
         CREATE INDEX IF NOT EXISTS _stated_ALARM_TIME ON _cf_ALARM (scheduled_time)",
    )?;
    connection.execute_batch(names::DEFINITION)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(entries: &[AlarmEntry]) -> Vec<&str> {
        entries.iter().map(|entry| &*entry.id).collect()
    }

    #[test]
    fn due_alarms_come_earliest_first_and_include_the_present_moment() {
        let folder = tempfile::tempdir().unwrap();
        let index = AlarmIndex::open(folder.path()).unwrap();
        index.set("c", None, 30).unwrap();
        index.set("a", Some("name"), 20).unwrap();
        index.set("b", None, 10).unwrap();

        assert_eq!(ids(&index.due(19, 9)), ["b"]);
        assert_eq!(ids(&index.due(20, 9)), ["b", "a"]);
        assert_eq!(ids(&index.due(20, 1)), ["b"]);
        assert_eq!(index.count(), 3);
        assert_eq!(index.next(), Some(10));
        assert_eq!(index.next_after(10), Some(20));
        assert_eq!(index.next_after(30), None);
    }

    #[test]
    fn rows_outlive_the_process_and_keep_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let index = AlarmIndex::open(folder.path()).unwrap();
        index.set("a", Some("name"), 20).unwrap();
        index.set("a", None, 25).unwrap();
        index.set("gone", None, 5).unwrap();
        index.delete("gone").unwrap();
        drop(index);

        let index = AlarmIndex::open(folder.path()).unwrap();

        assert_eq!(
            index.due(i64::MAX, 9),
            [AlarmEntry {
                id: "a".into(),
                name: Some("name".into()),
                at: 25
            }]
        );
    }

    #[test]
    fn after_a_failed_sync_the_rows_are_written_to_the_other_file() {
        let folder = tempfile::tempdir().unwrap();
        let index = AlarmIndex::open(folder.path()).unwrap();
        index.set("a", None, 20).unwrap();
        let wal = wal_path(&folder.path().join(FILE_NAME));
        assert!(wal.metadata().unwrap().len() > 0);
        index.durability().is_doubtful = true;
        assert!(!index.is_synced());

        index.sync().unwrap();

        assert!(index.is_synced());
        assert_eq!(wal.metadata().unwrap().len(), 0);
        assert_eq!(index.next(), Some(20));
    }

    #[test]
    fn a_failed_sync_makes_the_rows_doubtful_until_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let index = AlarmIndex::open(folder.path()).unwrap();
        index.set("a", None, 20).unwrap();
        let wal = wal_path(&folder.path().join(FILE_NAME));
        let away = wal.with_extension("away");
        std::fs::rename(&wal, &away).unwrap();

        let error = index.sync().unwrap_err();

        assert_eq!(
            error.to_string(),
            format!(
                "sync file `{}`: No such file or directory (os error 2)",
                wal.display()
            )
        );
        std::fs::rename(&away, &wal).unwrap();
        assert!(!index.is_synced());
        index.sync().unwrap();
        assert!(index.is_synced());
    }

    #[test]
    fn a_namespace_without_alarms_has_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let index = AlarmIndex::open(folder.path()).unwrap();
        index.delete("a").unwrap();
        index.sync().unwrap();

        assert_eq!(index.next(), None);
        assert!(!folder.path().join(FILE_NAME).exists());
    }

    #[test]
    fn the_table_is_the_one_other_programs_know() {
        let folder = tempfile::tempdir().unwrap();
        let index = AlarmIndex::open(folder.path()).unwrap();
        index.set("a", Some("n"), 1_700_000_000_000).unwrap();
        index.sync().unwrap();
        drop(index);

        let plain = Connection::open(folder.path().join(FILE_NAME)).unwrap();
        let row = plain
            .query_row("SELECT * FROM _cf_ALARM", [], |row| {
                Ok((
                    row.get::<_, String>("actor_id")?,
                    row.get::<_, i64>("scheduled_time")?,
                    row.get::<_, String>("actor_name")?,
                ))
            })
            .unwrap();

        assert_eq!(row, ("a".into(), 1_700_000_000_000_000_000, "n".into()));
    }
}
