//! The names that objects' ids were made from, as far as this file knows them.
//!
//! An id is a hash of its name, so the name cannot be found again unless it is kept. Names are kept
//! by the directory now ([`crate::directory`]); here are those that came with an alarm, also from
//! other programs, and those of a table that earlier versions filled.

use rusqlite::{Connection, OptionalExtension};

use super::AlarmIndex;
use crate::error::StorageError;

pub(super) const DEFINITION: &str = "CREATE TABLE IF NOT EXISTS _stated_NAME (\
     actor_id TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID";

impl AlarmIndex {
    /// Records the name of an object as earlier versions did.
    #[cfg(test)]
    fn record_name(&self, id: &str, name: &str) -> Result<(), StorageError> {
        let mut rows = self.rows();
        rows.connection(&self.path)?
            .prepare_cached("INSERT OR IGNORE INTO _stated_NAME (actor_id, name) VALUES (?, ?)")?
            .execute((id, name))?;
        Ok(())
    }

    /// Returns the name of an object: the recorded one, or the one that came with its alarm.
    ///
    /// # Errors
    /// SQLite's.
    pub fn name_of(&self, id: &str) -> Result<Option<String>, StorageError> {
        let rows = self.rows();
        let Some(connection) = &rows.connection else {
            return Ok(None);
        };
        match name_in(
            connection,
            "SELECT name FROM _stated_NAME WHERE actor_id = ?",
            id,
        )? {
            Some(name) => Ok(Some(name)),
            None => {
                let of_alarm = "SELECT actor_name FROM _cf_ALARM WHERE actor_id = ?";
                Ok(name_in(connection, of_alarm, id)?)
            }
        }
    }

    /// Forgets an object that was deleted: its name and its alarm.
    ///
    /// # Errors
    /// SQLite's.
    pub fn forget_object(&self, id: &str) -> Result<(), StorageError> {
        self.delete(id)?;
        if let Some(connection) = &self.rows().connection {
            connection
                .prepare_cached("DELETE FROM _stated_NAME WHERE actor_id = ?")?
                .execute([id])?;
        }
        Ok(())
    }
}

fn name_in(connection: &Connection, sql: &str, id: &str) -> rusqlite::Result<Option<String>> {
    let name = connection
        .prepare_cached(sql)?
        .query_row([id], |row| row.get::<_, Option<String>>(0))
        .optional()?;
    Ok(name.flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_name_outlives_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let index = AlarmIndex::open(folder.path()).unwrap();
        index.record_name("a", "Ann").unwrap();
        index.record_name("a", "Ann").unwrap();
        drop(index);

        let index = AlarmIndex::open(folder.path()).unwrap();

        assert_eq!(index.name_of("a").unwrap(), Some("Ann".to_owned()));
        assert_eq!(index.name_of("b").unwrap(), None);
    }

    #[test]
    fn the_name_of_an_alarm_counts_where_none_was_recorded() {
        let folder = tempfile::tempdir().unwrap();
        let index = AlarmIndex::open(folder.path()).unwrap();

        index.set("a", Some("Ann"), 20).unwrap();

        assert_eq!(index.name_of("a").unwrap(), Some("Ann".to_owned()));
    }

    #[test]
    fn a_forgotten_object_has_neither_name_nor_alarm() {
        let folder = tempfile::tempdir().unwrap();
        let index = AlarmIndex::open(folder.path()).unwrap();
        index.record_name("a", "Ann").unwrap();
        index.set("a", Some("Ann"), 20).unwrap();

        index.forget_object("a").unwrap();

        assert_eq!(index.name_of("a").unwrap(), None);
        assert_eq!(index.time_of("a"), None);
    }
}
