//! The tables of a directory.
//!
//! ```sql
//! object (id, form, txid, time_ms, pages, name, image, damage)   one row for each object
//! image (number, bytes)                                          the pages of a small one
//! ```
//!
//! They are apart because the rows of objects are in the order of ids, which come at random: a row
//! without its image is a sixth of a page at most, so one settling finds many of its rows in the
//! same pages; and new images are appended.

use rusqlite::{Connection, OptionalExtension, Transaction};
use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

use crate::error::StorageError;
use crate::object_name::ObjectName;
use crate::object_pages::Mark;
use crate::page::PAGE_BYTES;

/// The version of the tables, in the file's header.
const VERSION: i64 = 1;

const DEFINITION: &str = "\
    CREATE TABLE object (\
      id BLOB PRIMARY KEY, form INTEGER NOT NULL, txid INTEGER NOT NULL, time_ms INTEGER NOT NULL, \
      pages INTEGER NOT NULL, name TEXT, image INTEGER, damage TEXT) WITHOUT ROWID; \
    CREATE TABLE image (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL)";

/// Where an object's pages are. Persisted: never reuse a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Form {
    /// In the table of images.
    Image = 1,
    /// In a file of its own, a plain SQLite database.
    Own = 2,
    /// In a file that another program or an earlier version wrote, perhaps with a WAL.
    Foreign = 3,
    /// Nowhere; the files are being removed.
    Deleted = 4,
}

impl Form {
    pub(super) fn from_number(number: i64) -> Option<Self> {
        Some(match number {
            1 => Self::Image,
            2 => Self::Own,
            3 => Self::Foreign,
            4 => Self::Deleted,
            _ => return None,
        })
    }
}

/// What the directory has of one object.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) form: Form,
    pub(super) mark: Mark,
    pub(super) damage: Option<String>,
    pub(super) image: Option<Vec<u8>>,
}

/// What settling has to know of the row it changes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) form: Form,
    pub(super) image: Option<i64>,
}

/// Makes the tables, with a row for each file that is in the folder.
pub(super) fn prepare(writer: &Connection, folder: &Path) -> Result<(), StorageError> {
    let version = writer.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))?;
    if version == VERSION {
        return Ok(());
    }
    if version > VERSION {
        let reason = std::io::Error::other("a later version of stated has written it");
        return Err(StorageError::file("open directory of", folder, reason));
    }
    let transaction = writer.unchecked_transaction()?;
    transaction.execute_batch(DEFINITION)?;
    add_files(&transaction, folder)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(())
}

/// The only time that a folder is read.
fn add_files(transaction: &Transaction<'_>, folder: &Path) -> Result<(), StorageError> {
    let failed = |error| StorageError::file("list folder", folder, error);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let Ok(file_name) = entry.file_name().into_string() else {
            continue;
        };
        let Some(id) = file_name.strip_suffix(".sqlite") else {
            continue;
        };
        if !crate::folder::is_object_id(id) {
            continue;
        }
        let status = entry.metadata().map_err(failed)?;
        let modified = status.modified().ok();
        let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let mark = Mark {
            txid: 0,
            time_ms: since.map_or(0, |since| since.as_millis() as i64),
            page_count: u32::try_from(status.len() / PAGE_BYTES as u64).unwrap_or(u32::MAX),
        };
        put(transaction, &ObjectName::new(id), Form::Foreign, mark, None)?;
    }
    Ok(())
}

pub(super) fn find(
    connection: &Connection,
    name: &ObjectName,
) -> Result<Option<Row>, StorageError> {
    let found = connection
        .prepare_cached(
            "SELECT form, txid, time_ms, pages, damage, image.bytes FROM object \
             LEFT JOIN image ON image.number = object.image WHERE id = ?",
        )?
        .query_row([name.bytes()], |row| {
            Ok(Row {
                form: form(row.get(0)?),
                mark: Mark {
                    txid: row.get::<_, i64>(1)?.unsigned_abs(),
                    time_ms: row.get(2)?,
                    page_count: row.get(3)?,
                },
                damage: row.get(4)?,
                image: row.get(5)?,
            })
        })
        .optional()?;
    Ok(found)
}

/// A number that no version writes counts as an image, which is then found missing.
fn form(number: i64) -> Form {
    Form::from_number(number).unwrap_or(Form::Image)
}

pub(super) fn place(
    connection: &Connection,
    name: &ObjectName,
) -> Result<Option<Place>, StorageError> {
    let found = connection
        .prepare_cached("SELECT form, image FROM object WHERE id = ?")?
        .query_row([name.bytes()], |row| {
            Ok(Place {
                form: form(row.get(0)?),
                image: row.get(1)?,
            })
        })
        .optional()?;
    Ok(found)
}

/// What recovery has to know of an object.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The last commit that its base has.
    pub(super) txid: u64,
    pub(super) name: Option<String>,
}

pub(super) fn known(
    connection: &Connection,
    name: &ObjectName,
) -> Result<Option<Known>, StorageError> {
    let found = connection
        .prepare_cached("SELECT txid, name FROM object WHERE id = ?")?
        .query_row([name.bytes()], |row| {
            Ok(Known {
                txid: row.get::<_, i64>(0)?.unsigned_abs(),
                name: row.get(1)?,
            })
        })
        .optional()?;
    Ok(found)
}

/// Writes a row; a name of `None` keeps the one it has.
pub(super) fn put(
    connection: &Connection,
    name: &ObjectName,
    form: Form,
    mark: Mark,
    visible_name: Option<&str>,
) -> Result<(), StorageError> {
    connection
        .prepare_cached(
            "INSERT INTO object (id, form, txid, time_ms, pages, name) VALUES (?, ?, ?, ?, ?, ?) \
             ON CONFLICT DO UPDATE SET form = excluded.form, txid = excluded.txid, \
             time_ms = excluded.time_ms, pages = excluded.pages, damage = NULL, \
             name = coalesce(excluded.name, name)",
        )?
        .execute((
            name.bytes(),
            form as u8,
            mark.txid as i64,
            mark.time_ms,
            mark.page_count,
            visible_name,
        ))?;
    Ok(())
}

/// Gives the object of a row an image; `number` is the one it has.
pub(super) fn put_image(
    connection: &Connection,
    name: &ObjectName,
    number: Option<i64>,
    bytes: &[u8],
) -> Result<(), StorageError> {
    if let Some(number) = number {
        connection
            .prepare_cached("UPDATE image SET bytes = ? WHERE number = ?")?
            .execute((bytes, number))?;
        return Ok(());
    }
    connection
        .prepare_cached("INSERT INTO image (bytes) VALUES (?)")?
        .execute([bytes])?;
    connection
        .prepare_cached("UPDATE object SET image = ? WHERE id = ?")?
        .execute((connection.last_insert_rowid(), name.bytes()))?;
    Ok(())
}

/// Removes an image whose object has its pages elsewhere, or nowhere, from now on.
pub(super) fn delete_image(
    connection: &Connection,
    name: &ObjectName,
    number: Option<i64>,
) -> Result<(), StorageError> {
    let Some(number) = number else {
        return Ok(());
    };
    connection
        .prepare_cached("DELETE FROM image WHERE number = ?")?
        .execute([number])?;
    connection
        .prepare_cached("UPDATE object SET image = NULL WHERE id = ?")?
        .execute([name.bytes()])?;
    Ok(())
}

pub(super) fn set_damage(
    connection: &Connection,
    name: &ObjectName,
    reason: &str,
) -> Result<(), StorageError> {
    connection
        .prepare_cached(
            "INSERT INTO object (id, form, txid, time_ms, pages, damage) VALUES (?, 1, 0, 0, 1, ?) \
             ON CONFLICT DO UPDATE SET damage = excluded.damage",
        )?
        .execute((name.bytes(), reason))?;
    Ok(())
}

pub(super) fn delete(connection: &Connection, name: &ObjectName) -> Result<(), StorageError> {
    connection
        .prepare_cached("DELETE FROM object WHERE id = ?")?
        .execute([name.bytes()])?;
    Ok(())
}
