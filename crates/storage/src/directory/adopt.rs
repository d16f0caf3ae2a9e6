//! Whole databases that come and go: files of other programs, copies put in an object's place, and
//! deletion.
//!
//! All of it is durable when it returns, and an interruption leaves the state before or after. The
//! row decides: files are made before a row points to them, and removed after no row does.

use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::rows::{self, Form, Row};
use super::settle::OWN_FILE_PAGES;
use super::{Base, Image, LocalDirectory, Mark, StorageError};
use crate::connection::{remove_if_present, sync_parent};
use crate::history::{ObjectTurns, Turn, epoch_after};
use crate::object_name::ObjectName;
use crate::object_pages::SettledBase;
use crate::page::{EncodedPage, PAGE_BYTES, Page, encode};

/// Pages of a database up to which its replacement is part of its history: 64 MiB.
const KEPT_PAGES_MAX: u32 = 1 << 14;

impl LocalDirectory {
    /// Takes over the file that another program, or an earlier version, has left for an object.
    pub(super) fn take_over(&self, name: &ObjectName) -> Result<(Mark, Base), StorageError> {
        let path = self.file_path(name);
        if is_header_missing(&path).map_err(|error| StorageError::file("read", &path, error))? {
            // A power failure caught it before its first commit was reported.
            self.delete(name)?;
            return Ok((Mark::default(), Base::Nothing));
        }
        self.replace(name, &path)?;
        let row = rows::find(&self.reader(), name)?;
        match row {
            Some(row) => self.base_of(name, row),
            None => Ok((Mark::default(), Base::Nothing)),
        }
    }

    /// Puts the database in the file `new` of the same folder in the place of the object's, which
    /// nobody uses. The file is gone afterwards, or is the object's.
    pub(super) fn replace(&self, name: &ObjectName, new: &Path) -> Result<(), StorageError> {
        let failed = |error| StorageError::file("replace database by", new, error);
        make_plain(new)?;
        let page_count = new.metadata().map_err(failed)?.len() / PAGE_BYTES as u64;
        let page_count = u32::try_from(page_count).unwrap_or(u32::MAX);
        let path = self.file_path(name);
        let mut writer = self.writer();
        let old = rows::find(&writer, name)?;
        let before = old.as_ref().map_or_else(Mark::default, |row| row.mark);
        let now_ms = crate::clock::wall_ms();
        let mark = Mark {
            txid: epoch_after(before.txid, now_ms),
            time_ms: now_ms.max(before.time_ms),
            page_count,
        };
        if let Some(row) = old.filter(|row| row.form != Form::Foreign) {
            self.keep_replaced(name, row, mark, new)?;
        }
        let is_own = page_count > OWN_FILE_PAGES;
        let image = match is_own {
            false => Some(read_image(new).map_err(failed)?),
            true => {
                fs::rename(new, &path).map_err(failed)?;
                sync_parent(&path).map_err(failed)?;
                None
            }
        };
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let number = rows::place(&transaction, name)?.and_then(|place| place.image);
        match image {
            Some(image) => {
                rows::put(&transaction, name, Form::Image, mark, None)?;
                rows::put_image(&transaction, name, number, image.bytes())?;
            }
            None => {
                rows::put(&transaction, name, Form::Own, mark, None)?;
                rows::delete_image(&transaction, name, number)?;
            }
        }
        transaction.commit()?;
        if !is_own {
            remove_if_present(new)
                .and_then(|()| remove_if_present(&path))
                .map_err(failed)?;
        }
        Ok(())
    }

    /// Gives the history what a replacement changes, so that it can be undone. Of a large database
    /// that would take too much memory: its history begins anew.
    fn keep_replaced(
        &self,
        name: &ObjectName,
        row: Row,
        mark: Mark,
        new: &Path,
    ) -> Result<(), StorageError> {
        let page_count = row.mark.page_count;
        let (old, base) = self.base_of(name, row)?;
        let is_unknown = matches!(base, Base::Damaged(_) | Base::Closed);
        if is_unknown || mark.page_count > KEPT_PAGES_MAX {
            return Ok(());
        }
        let image = read_image(new)
            .map_err(|error| StorageError::file("replace database by", new, error))?;
        let base = SettledBase {
            mark: Mark { page_count, ..old },
            base: &base,
        };
        let turn = Turn {
            txid: mark.txid,
            time_ms: mark.time_ms,
            db_pages: mark.page_count,
            pages: (1..=mark.page_count).map(|n| (n, image.page(n))).collect(),
        };
        let object = ObjectTurns {
            key: name.bytes(),
            base: &base,
            turns: vec![turn],
        };
        self.history
            .keep(&[object], mark.time_ms)
            .map_err(|error| StorageError::file("keep the history of", &self.folder, error))
    }

    /// Deletes an object that nobody uses, its facets included; that there is none is no error.
    pub(super) fn delete(&self, name: &ObjectName) -> Result<(), StorageError> {
        for facet in self.facets_of(name)? {
            self.delete(&facet)?;
        }
        if let Some(pages) = self.live().remove(name) {
            pages.make_void();
        }
        let failed = |error| StorageError::file("delete files in", &self.folder, error);
        let files = self.files_of(name).map_err(failed)?;
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let number = rows::place(&transaction, name)?.and_then(|place| place.image);
        rows::delete_image(&transaction, name, number)?;
        match files.is_empty() {
            true => rows::delete(&transaction, name)?,
            // Without the row, a file that is still there would be taken for another program's.
            false => rows::put(&transaction, name, Form::Deleted, Mark::default(), None)?,
        }
        transaction.commit()?;
        if files.is_empty() {
            return Ok(());
        }
        for file in &files {
            remove_if_present(file).map_err(failed)?;
        }
        sync_parent(&files[0]).map_err(failed)?;
        rows::delete(&writer, name)
    }

    /// The facets of an object that have something stored here.
    fn facets_of(&self, name: &ObjectName) -> Result<Vec<ObjectName>, StorageError> {
        if !name.is_id() {
            return Ok(Vec::new());
        }
        let first = ObjectName::new(&format!("{name}."));
        // A slash comes after a dot.
        let end = ObjectName::new(&format!("{name}/"));
        let reader = self.reader();
        let mut statement =
            reader.prepare_cached("SELECT id FROM object WHERE id > ? AND id < ?")?;
        let rows = statement.query_map((first.bytes(), end.bytes()), |row| {
            Ok(ObjectName::from_bytes(row.get_ref(0)?.as_blob()?))
        })?;
        let mut facets: BTreeSet<ObjectName> = rows.collect::<rusqlite::Result<_>>()?;
        let live = self.live();
        let unsettled = live.keys().filter(|other| **other > first && **other < end);
        facets.extend(unsettled.cloned());
        Ok(facets.into_iter().collect())
    }

    /// The files of an object that may exist, without reading the folder.
    fn files_of(&self, name: &ObjectName) -> io::Result<Vec<PathBuf>> {
        let own = self.file_path(name);
        let mut files = Vec::new();
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let mut path = own.as_os_str().to_owned();
            path.push(suffix);
            files.push(PathBuf::from(path));
        }
        let facets = self.folder.join(format!("{name}.facets"));
        if facets.exists() {
            // The databases of facets that workerd wrote.
            let prefix = format!("{name}.");
            for entry in fs::read_dir(&self.folder)? {
                let entry = entry?;
                if entry.file_name().to_string_lossy().starts_with(&prefix) {
                    files.push(entry.path());
                }
            }
        }
        files.retain(|path| path.exists());
        Ok(files)
    }
}

/// Whether there is a database file without the beginning that SQLite gives it.
fn is_header_missing(path: &Path) -> io::Result<bool> {
    let mut header = [0; 16];
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    match file.metadata()?.len() {
        0 => return Ok(true),
        // Not one of ours; SQLite shall name the problem.
        1..16 => return Ok(false),
        _ => file.read_exact(&mut header)?,
    }
    Ok(header == [0; 16])
}

/// Makes a database one synced file without WAL, with pages of the size that all have here.
fn make_plain(path: &Path) -> Result<(), StorageError> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_EXRESCODE,
    )?;
    // Another program that has the file open must be noticed, not waited for.
    connection.busy_timeout(std::time::Duration::ZERO)?;
    connection.execute_batch(
        "PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=FULL; PRAGMA journal_mode=DELETE",
    )?;
    let page_bytes: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    if page_bytes != PAGE_BYTES as i64 {
        connection.execute_batch(&format!("PRAGMA page_size={PAGE_BYTES}; VACUUM"))?;
    }
    drop(connection);
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(|error| StorageError::file("sync file", path, error))
}

/// Reads a plain database file.
fn read_image(path: &Path) -> io::Result<Image> {
    let bytes = fs::read(path)?;
    let pages: Vec<EncodedPage> = bytes
        .chunks_exact(PAGE_BYTES)
        .map(|page| encode(<&Page>::try_from(page).expect("a chunk has the size of a page")))
        .collect();
    let count = pages.len() as u32;
    let pages: HashMap<u32, &EncodedPage> = (1..).zip(&pages).collect();
    Ok(Image::merge(None, count, &pages))
}
