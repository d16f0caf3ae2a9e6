//! What a directory tells about its objects: one, or a page of many.

use rusqlite::{OptionalExtension, Row};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::rows::{self, Form};
use super::{Base, LocalDirectory, StorageError};
use crate::copy;
use crate::object_name::ObjectName;
use crate::object_pages::Mark;
use crate::page::{PAGE_BYTES, decode};

/// What is stored of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The object id, 64 lower-case hexadecimal digits.
    pub id: String,
    /// The name the id was made from, if it was ever known.
    pub name: Option<String>,
    /// The size of its database.
    pub bytes: u64,
    /// When it last committed, if that is known.
    pub modified: Option<SystemTime>,
}

impl Stored {
    fn new(id: &ObjectName, mark: Mark, name: Option<String>) -> Self {
        let since = u64::try_from(mark.time_ms).ok().filter(|time| *time > 0);
        Self {
            id: id.to_string(),
            name,
            bytes: u64::from(mark.page_count) * PAGE_BYTES as u64,
            modified: since.map(|time| UNIX_EPOCH + Duration::from_millis(time)),
        }
    }

    fn of_row(row: &Row<'_>) -> rusqlite::Result<(ObjectName, Self)> {
        let id = ObjectName::from_bytes(row.get_ref(0)?.as_blob()?);
        let mark = Mark {
            txid: 0,
            time_ms: row.get(1)?,
            page_count: row.get(2)?,
        };
        let stored = Self::new(&id, mark, row.get(3)?);
        Ok((id, stored))
    }
}

impl LocalDirectory {
    /// Returns what is stored of an object; `None` if nothing ever was.
    pub(super) fn stored(&self, id: &ObjectName) -> Result<Option<Stored>, StorageError> {
        let row = self
            .reader()
            .prepare_cached(
                "SELECT id, time_ms, pages, name FROM object WHERE id = ? AND form <> 4",
            )?
            .query_row([id.bytes()], Stored::of_row)
            .optional()?;
        let unsettled = self.unsettled(id);
        let known = row.map(|(_, stored)| stored);
        match (unsettled, known) {
            (Some(newer), known) => Ok(Some(merge(newer, known))),
            (None, None) if self.file_path(id).exists() => {
                // A file that was put there; the first use takes it over.
                Ok(Some(Stored::new(id, Mark::default(), None)))
            }
            (None, known) => Ok(known),
        }
    }

    /// Returns the objects after one, sorted by id, so many at most.
    pub(super) fn list(
        &self,
        after: Option<&ObjectName>,
        limit: usize,
    ) -> Result<Vec<Stored>, StorageError> {
        let after = after.map_or(&[][..], ObjectName::bytes);
        let mut found = BTreeMap::new();
        {
            let reader = self.reader();
            let mut statement = reader.prepare_cached(
                "SELECT id, time_ms, pages, name FROM object WHERE id > ? AND form <> 4 AND length(id) = 32 \
                 ORDER BY id LIMIT ?",
            )?;
            let rows = statement.query_map((after, limit as i64), Stored::of_row)?;
            for row in rows {
                let (id, stored) = row?;
                found.insert(id, stored);
            }
        }
        let unsettled: Vec<ObjectName> = self
            .live()
            .values()
            .filter(|pages| pages.name.is_id() && pages.name.bytes() > after)
            .filter(|pages| pages.unsettled_mark().is_some())
            .map(|pages| pages.name.clone())
            .collect();
        for id in unsettled {
            if let Some(newer) = self.unsettled(&id) {
                let known = found.remove(&id);
                found.insert(id, merge(newer, known));
            }
        }
        Ok(found.into_values().take(limit).collect())
    }

    /// What is not in the row of an object yet.
    fn unsettled(&self, id: &ObjectName) -> Option<Stored> {
        let live = self.live();
        let pages = live.get(id)?;
        let mark = pages.unsettled_mark()?;
        let name = pages.visible_name().map(|name| name.to_string());
        Some(Stored::new(id, mark, name))
    }

    /// Writes an object's settled database to a new file at `target`, which is synced.
    pub(super) fn export(&self, id: &ObjectName, target: &Path) -> Result<(), StorageError> {
        let row = rows::find(&self.reader(), id)?;
        let foreign = row.as_ref().is_none_or(|row| row.form == Form::Foreign);
        let (_, base) = match row {
            Some(row) if !foreign => self.base_of(id, row)?,
            _ => return copy::copy_database(&self.file_path(id), target),
        };
        let failed = |error| StorageError::file("write file", target, error);
        match base {
            Base::File(_) => copy::copy_database(&self.file_path(id), target),
            Base::Image(image) => {
                let mut bytes = vec![0; image.database_bytes()];
                let (pages, _) = bytes.as_chunks_mut::<PAGE_BYTES>();
                for (number, page) in (1..).zip(pages) {
                    decode(image.page(number), page)
                        .ok_or_else(|| failed(std::io::Error::other("a page is damaged")))?;
                }
                std::fs::write(target, bytes)
                    .and_then(|()| std::fs::File::open(target)?.sync_all())
                    .map_err(failed)
            }
            Base::Damaged(reason) => Err(StorageError::damaged(id, &reason)),
            Base::Closed | Base::Nothing => Ok(()),
        }
    }
}

/// A row's name stays known when what is newer does not repeat it.
fn merge(newer: Stored, known: Option<Stored>) -> Stored {
    let name = newer.name.or_else(|| known.and_then(|known| known.name));
    Stored { name, ..newer }
}
