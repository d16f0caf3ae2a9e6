//! The databases of an object's facets and their index, as files: copied out, and put in the place of
//! those that an object has.
//!
//! In a folder for one object they have workerd's names with `object` for the id.
//!
//! ```text
//! object.sqlite         the object's own database, which is the caller's business
//! object.facets         the index, if the object ever had facets
//! object.<n>.sqlite     what facet n has stored, if anything
//! ```
//!
//! Source: reference section 13.1.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::commit::Lane;
use crate::connection::{remove_if_present, sync_parent};
use crate::database::{Backend, Database, DatabaseOptions, delete_database, replace_database};
use crate::error::StorageError;
use crate::facet_index::{FacetIndex, ROOT};

/// The id in the names of files that belong to one object alone.
pub const OBJECT_STEM: &str = "object";

/// How the database of any facet is opened.
pub const FACET_OPTIONS: DatabaseOptions = DatabaseOptions {
    backend: Backend::Sqlite { sql_enabled: true },
    alarm: None,
};

/// Returns where the facet index of an object is.
pub fn facet_index_path(folder: &Path, id: &str) -> PathBuf {
    folder.join(format!("{id}.facets"))
}

/// Returns by what name a facet's database is known; there need not be a file of that name.
pub fn facet_path(folder: &Path, id: &str, number: u16) -> PathBuf {
    folder.join(format!("{id}.{number}.sqlite"))
}

/// Copies the facets of an object to the folder `target`, which has no facets.
///
/// `copy_running` copies a facet whose database somebody has open; it returns `None` for all others.
///
/// # Errors
/// [`StorageError::File`], or SQLite's.
pub fn copy_facets(
    folder: &Path,
    id: &str,
    lane: &Lane,
    target: &Path,
    mut copy_running: impl FnMut(u16, &Path) -> Option<Result<(), StorageError>>,
) -> Result<(), StorageError> {
    let index = facet_index_path(folder, id);
    let numbers = FacetIndex::open(&index)?.descendants(ROOT);
    if numbers.is_empty() {
        return Ok(());
    }
    fs::copy(&index, facet_index_path(target, OBJECT_STEM))
        .map_err(|error| StorageError::file("copy facet index", &index, error))?;
    for number in numbers {
        let copy = facet_path(target, OBJECT_STEM, number);
        if let Some(copied) = copy_running(number, &copy) {
            copied?;
            continue;
        }
        let mut database = Database::open(&facet_path(folder, id, number), FACET_OPTIONS, lane)?;
        if database.is_stored() {
            database.copy_to(&copy)?;
        }
        database.close()?;
    }
    Ok(())
}

/// Replaces the facets of an object by those in the folder `source`, whose databases are gone
/// afterwards. Nobody may have a facet of the object open, and `source` must be on the same file
/// system.
///
/// Durable when it returns. After an error the object has some of the old facets or some of the new.
///
/// # Errors
/// [`StorageError::File`], or SQLite's.
pub fn replace_facets(
    folder: &Path,
    id: &str,
    lane: &Lane,
    source: &Path,
) -> Result<(), StorageError> {
    let index = facet_index_path(folder, id);
    for number in FacetIndex::open(&index)?.descendants(ROOT) {
        delete_database(&facet_path(folder, id, number), &FACET_OPTIONS, lane)?;
    }
    let failed = |error| StorageError::file("replace facet index", &index, error);
    let new_index = facet_index_path(source, OBJECT_STEM);
    let numbers = FacetIndex::open(&new_index)?.descendants(ROOT);
    match File::open(&new_index) {
        Ok(new) => {
            let synced = new.sync_all();
            synced
                .and_then(|()| fs::rename(&new_index, &index))
                .map_err(failed)?;
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            remove_if_present(&index).map_err(failed)?;
        }
        Err(error) => return Err(failed(error)),
    }
    // A facet's number is known before anything is stored under it.
    sync_parent(&index).map_err(failed)?;
    for number in numbers {
        let new = facet_path(source, OBJECT_STEM, number);
        if new.exists() {
            let own = facet_path(folder, id, number);
            replace_database(&own, &FACET_OPTIONS, lane, &new)?;
        }
    }
    Ok(())
}
