//! `deleteAll`: an object's whole data, gone in one transaction.
//!
//! Everything is dropped by ordinary SQL and committed with the rows that survive (the alarm, the
//! bookmark counter), so a crash leaves either all of it or nothing, and the alarm is never lost
//! between the two. Replacing the file would be faster for large databases but could not be atomic
//! with keeping the alarm. The file shrinks afterwards, in a second transaction nobody waits for.
//!
//! Source: reference sections 4.2 and 8.5.

use rusqlite::Connection;
use rusqlite::limits::Limit;
use std::rc::Rc;

use crate::commit::CommitPosition;
use crate::database::Database;
use crate::error::StorageError;
use crate::lane_log::AlarmChange;

/// Free pages from which on the file is worth shrinking: 1 MB.
const SHRINK_PAGES: i64 = 256;

/// What `deleteAll` does to the alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmFate {
    /// It stays, with uncommitted changes of it.
    Keep,
    /// It is removed in the same transaction.
    Delete,
}

impl Database {
    /// Removes every key, table, index, trigger and view, and commits at once.
    ///
    /// What the turn wrote before is discarded. Running cursors and the live iterator fail from now
    /// on. Returns the position to wait for; `None` if there was nothing to delete.
    ///
    /// # Errors
    /// [`StorageError::DeleteAllInTransaction`] while a savepoint is open. After any other error
    /// nothing is deleted, the turn's writes are lost, and the object must be reset.
    pub fn delete_all(&mut self, fate: AlarmFate) -> Result<Option<CommitPosition>, StorageError> {
        self.check()?;
        if self.savepoint_depth() > 0 {
            return Err(StorageError::DeleteAllInTransaction);
        }
        let Some(sqlite) = self.connection_if_stored()? else {
            return Ok(None);
        };
        let alarm = match fate {
            AlarmFate::Keep => self.alarm()?,
            AlarmFate::Delete => None,
        };
        self.cursors.cancel_by_delete();
        self.kv_iteration.cancel_by_delete();
        self.statements.clear();
        self.discard();
        let result = self.drop_everything(&sqlite, alarm);
        if let Err(error) = &result {
            self.discard();
            self.transaction.critical = Some(error.clone());
        }
        // Programs find foreign keys switched on, as in a new database.
        sqlite
            .execute_batch("PRAGMA foreign_keys=ON")
            .map_err(|error| self.failed(error.into()))?;
        let position = result?;
        Ok(self.shrink(&sqlite).or(position))
    }

    fn drop_everything(
        &mut self,
        sqlite: &Rc<Connection>,
        alarm: Option<i64>,
    ) -> Result<Option<CommitPosition>, StorageError> {
        // Otherwise dropping a table would delete its rows one by one, and in some order fail.
        sqlite.execute_batch("PRAGMA foreign_keys=OFF")?;
        self.begin()?;
        // A virtual table takes its shadow tables along, which must not be dropped themselves.
        drop_each(
            sqlite,
            "SELECT 'TABLE', name FROM sqlite_schema \
             WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE%'",
        )?;
        drop_each(
            sqlite,
            "SELECT upper(type), name FROM sqlite_schema WHERE type IN ('table', 'view') \
             AND name NOT IN ('_cf_METADATA', 'sqlite_sequence')",
        )?;
        delete_rows(sqlite, "sqlite_sequence", "")?;
        delete_rows(sqlite, "_cf_METADATA", "WHERE key <> 2")?;
        self.forget_uncommitted();
        self.alarm_changed = true;
        self.set_alarm(alarm)?;
        self.commit()
    }

    /// Gives the free pages back.
    fn shrink(&mut self, sqlite: &Connection) -> Option<CommitPosition> {
        let free = sqlite.pragma_query_value(None, "freelist_count", |row| row.get::<_, i64>(0));
        if !matches!(free, Ok(SHRINK_PAGES..)) {
            return None;
        }
        if let Err(error) = vacuum(sqlite) {
            // The data is deleted; only the database stays large.
            tracing::warn!(%error, object_id = %self.target.pages.name, "shrink database");
            return None;
        }
        self.submit_if_committed(AlarmChange::None)
    }
}

fn drop_each(sqlite: &Connection, list: &str) -> rusqlite::Result<()> {
    let mut statement = sqlite.prepare(list)?;
    let objects: Vec<(String, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    drop(statement);
    for (kind, name) in objects {
        let name = name.replace('"', "\"\"");
        sqlite.execute_batch(&format!("DROP {kind} \"{name}\""))?;
    }
    Ok(())
}

fn delete_rows(sqlite: &Connection, table: &str, condition: &str) -> rusqlite::Result<()> {
    if sqlite.table_exists(None, table)? {
        sqlite.execute_batch(&format!("DELETE FROM {table} {condition}"))?;
    }
    Ok(())
}

fn vacuum(sqlite: &Connection) -> rusqlite::Result<()> {
    // VACUUM attaches the copy it makes.
    let attached_max = sqlite.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 1)?;
    let result = sqlite.execute_batch("VACUUM");
    sqlite.set_limit(Limit::SQLITE_LIMIT_ATTACHED, attached_max)?;
    result
}
