//! Settling: what lanes have of objects goes to where the objects are kept, so that lanes can be
//! given up.
//!
//! Settling an object again, or after a failure, is harmless: it writes whole pages, and what they
//! are has not changed or is newer. After an error nothing counts as settled. The next attempt
//! writes every page anew, so it does not depend on what became of pages whose sync has failed.
//!
//! An object whose own file cannot be opened or written for some attempts in a row does not keep
//! others waiting: it is given up. What its file lacks goes into the directory
//! ([`crate::remainder`]), and an operator can put it back together ([`super::rebuild`]).

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use rusqlite::Connection;

use super::rows::{self, Form, Place};
use super::{Base, Image, LocalDirectory, Mark, OPEN, ObjectPages, StorageError};
use crate::clock::wall_ms;
use crate::connection::sync_parent;
use crate::history::{History, ObjectTurns, Turn};
use crate::object_name::ObjectName;
use crate::object_pages::{self, SettledBase, Unsettled, Verdict};
use crate::page::{EncodedPage, PAGE_BYTES, decode};
use crate::remainder;

/// Pages from which on a database has a file of its own: 1 MiB. Rewriting the image of a smaller one
/// costs less than a file's sync.
pub(super) const OWN_FILE_PAGES: u32 = 256;
/// Objects of one transaction: openings of objects never wait for longer than it takes.
const TRANSACTION_OBJECTS: usize = 1000;

/// What a disk says of a place that it cannot read or write, and a file system of a file that is
/// damaged: "Input/output error", "Structure needs cleaning".
const BROKEN: [i32; 2] = [5, 117];
/// What is said of a file that belongs to somebody else: "Operation not permitted", "Permission
/// denied".
const FORBIDDEN: [i32; 2] = [1, 13];

/// Objects of one pack. Their bases are in memory meanwhile.
const PACK_OBJECTS: usize = 8000;

/// What to do for the history before objects are settled.
pub(super) type Keep = fn(&History, &[ObjectTurns<'_>], i64) -> io::Result<()>;

/// An object that is to be settled.
#[derive(Debug)]
struct Work<'p> {
    pages: &'p Arc<ObjectPages>,
    /// What its base lacks.
    unsettled: Unsettled,
    /// Where the base is, and what it has.
    settled: (Mark, Base),
    /// Why the base, its own file, cannot be opened; it counts as damaged then.
    failure: Option<StorageError>,
}

impl LocalDirectory {
    /// Settles the objects, after what `keep` does for the history.
    pub(super) fn settle_after(
        &self,
        objects: &[Arc<ObjectPages>],
        keep: Keep,
    ) -> Result<(), StorageError> {
        for some in objects.chunks(PACK_OBJECTS) {
            let writer = self.writer();
            let work = self.work_on(&writer, some)?;
            // Recovery takes the alarms of commits that a base lacks from the lane, and no others.
            self.sync_alarms()?;
            // After an attempt that failed, a base may have pages of later than its row says.
            let keep = match self.is_unfinished.swap(true, Relaxed) {
                true => History::keep_again,
                false => keep,
            };
            self.keep(&work, keep)?;
            let mut work = work.into_iter().peekable();
            while work.peek().is_some() {
                self.settle_some(&writer, work.by_ref().take(TRANSACTION_OBJECTS))?;
            }
            self.is_unfinished.store(false, Relaxed);
        }
        Ok(())
    }

    /// What is to be settled of the objects, and where each is before.
    fn work_on<'p>(
        &self,
        writer: &Connection,
        objects: &'p [Arc<ObjectPages>],
    ) -> Result<Vec<Work<'p>>, StorageError> {
        let mut work = Vec::new();
        for pages in objects {
            let Some(unsettled) = pages.unsettled() else {
                continue;
            };
            let found = match &unsettled.base {
                Base::Closed => self.settled_base(writer, &pages.name),
                known => Ok((unsettled.settled, known.clone())),
            };
            let (settled, failure) = match found {
                Ok(settled) => (settled, None),
                Err(error) if self.is_of_one(&error) => {
                    let base = Base::Damaged(error.to_string().into());
                    ((unsettled.settled, base), Some(error))
                }
                Err(error) => return Err(error),
            };
            work.push(Work {
                pages,
                unsettled,
                settled,
                failure,
            });
        }
        Ok(work)
    }

    fn settle_some<'p>(
        &self,
        writer: &Connection,
        work: impl Iterator<Item = Work<'p>>,
    ) -> Result<(), StorageError> {
        let transaction = writer.unchecked_transaction()?;
        let mut done = Vec::new();
        let mut failure = None;
        for work in work {
            let (pages, unsettled, (_, base)) = (work.pages, work.unsettled, work.settled);
            let was_damaged = work.failure.is_none() && matches!(base, Base::Damaged(_));
            let settled = match work.failure {
                Some(error) => self.file_failed(&transaction, pages, &unsettled, error),
                None => self.settle_one(&transaction, pages, &unsettled, base),
            };
            match settled {
                Ok(base) => done.push((pages, unsettled, base, was_damaged)),
                // So that each of several whose files fail counts its own failures.
                Err(error) if self.is_of_one(&error) => failure = Some(error),
                Err(error) => return Err(error),
            }
        }
        if let Some(error) = failure {
            return Err(error);
        }
        transaction.commit()?;
        let mut live = self.live();
        for (pages, unsettled, base, was_damaged) in done {
            match &base {
                Base::Damaged(reason) => {
                    pages.give_up(reason, (!was_damaged).then_some(unsettled.mark));
                    if !was_damaged {
                        let object_id = &pages.name;
                        tracing::error!(%object_id, %reason, "an object is damaged");
                    }
                }
                base => pages.settled(&unsettled, base),
            }
            Self::forget_if_unused(&mut live, pages);
        }
        Ok(())
    }

    /// Gives the history what is about to be settled, while the bases are what they were before.
    fn keep(&self, work: &[Work<'_>], keep: Keep) -> Result<(), StorageError> {
        let bases: Vec<SettledBase<'_>> = work
            .iter()
            .map(|Work { settled, .. }| SettledBase {
                mark: settled.0,
                base: &settled.1,
            })
            .collect();
        let objects: Vec<ObjectTurns<'_>> = work
            .iter()
            .zip(&bases)
            // Of a damaged one nothing is known.
            .filter(|(_, base)| !matches!(base.base, Base::Damaged(_)))
            .map(|(work, base)| ObjectTurns {
                key: work.pages.name.bytes(),
                base,
                turns: turns_after(work.settled.0.txid, &work.unsettled),
            })
            .collect();
        keep(&self.history, &objects, wall_ms())
            .map_err(|error| StorageError::file("keep the history of", &self.folder, error))
    }

    fn settle_one(
        &self,
        writer: &Connection,
        pages: &ObjectPages,
        unsettled: &Unsettled,
        base: Base,
    ) -> Result<Base, StorageError> {
        let name = &pages.name;
        let place = rows::place(writer, name)?;
        if let Base::Damaged(reason) = &base {
            rows::set_damage(writer, name, reason)?;
            return Ok(base);
        }
        let is_own = place.is_some_and(|place| place.form == Form::Own);
        if is_own || unsettled.mark.page_count > OWN_FILE_PAGES {
            match self.settle_file(writer, name, unsettled, &base, place) {
                Err(error) if is_own => return self.file_failed(writer, pages, unsettled, error),
                Err(error) if self.is_of_one(&error) => {
                    tracing::warn!(%error, object_id = %name, "the object stays an image");
                }
                result => return result,
            }
        }
        let old = match &base {
            Base::Image(image) => Some(&**image),
            _ => None,
        };
        let pages = unsettled.pages.iter().map(|(number, page)| (*number, page));
        let image = Image::merge(old, unsettled.mark.page_count, &pages.collect());
        let visible_name = unsettled.visible_name.as_deref();
        rows::put(writer, name, Form::Image, unsettled.mark, visible_name)?;
        let number = place.and_then(|place| place.image);
        rows::put_image(writer, name, number, image.bytes())?;
        Ok(Base::Image(Arc::new(image)))
    }

    /// Decides what becomes of an object whose own file could not be opened or written.
    fn file_failed(
        &self,
        writer: &Connection,
        pages: &ObjectPages,
        unsettled: &Unsettled,
        error: StorageError,
    ) -> Result<Base, StorageError> {
        let StorageError::File { action, source, .. } = &error else {
            return Err(error);
        };
        if !self.is_of_one(&error) {
            return Err(error);
        }
        let what = if *action == OPEN { "opened" } else { "written" };
        let reason = format!("its file cannot be {what}: {source}");
        if pages.not_settled(unsettled, &reason) == Verdict::TryAgain {
            return Err(error);
        }
        let name = &pages.name;
        // Nothing comes after these commits, so their state is what can be restored.
        let visible_name = unsettled.visible_name.as_deref();
        rows::put(writer, name, Form::Own, unsettled.mark, visible_name)?;
        let number = rows::place(writer, name)?.and_then(|place| place.image);
        rows::put_image(writer, name, number, &remainder::encode(&unsettled.pages))?;
        rows::set_damage(writer, name, &reason)?;
        Ok(Base::Damaged(reason.into()))
    }

    /// Whether an error is that of one object's own file, which others need not wait for. Other errors
    /// pass, as that of a full disk, or concern all objects, as that of a folder which is closed to
    /// this process.
    fn is_of_one(&self, error: &StorageError) -> bool {
        let StorageError::File { source, path, .. } = error else {
            return false;
        };
        match source.raw_os_error() {
            Some(code) if BROKEN.contains(&code) => true,
            Some(code) => FORBIDDEN.contains(&code) && fs::symlink_metadata(path).is_ok(),
            None => false,
        }
    }

    /// The base of an object that has commits here. A file without a row is what settling has left
    /// that was interrupted, not another program's.
    pub(super) fn settled_base(
        &self,
        connection: &Connection,
        name: &ObjectName,
    ) -> Result<(Mark, Base), StorageError> {
        Ok(match rows::find(connection, name)? {
            Some(row) => {
                // A file that was being written has another length.
                let page_count = row.mark.page_count;
                let (mark, base) = self.base_of(name, row)?;
                (Mark { page_count, ..mark }, base)
            }
            None => (Mark::default(), Base::Nothing),
        })
    }

    /// Writes the pages to the object's own file, which is made if needed, and syncs it.
    fn settle_file(
        &self,
        writer: &Connection,
        name: &ObjectName,
        unsettled: &Unsettled,
        base: &Base,
        place: Option<Place>,
    ) -> Result<Base, StorageError> {
        let path = self.file_path(name);
        let failed = |error| StorageError::file("write file", &path, error);
        let mark = unsettled.mark;
        let (file, image) = match base {
            Base::File(file) => (Arc::clone(file), None),
            Base::Image(image) => (Arc::new(create(&path).map_err(failed)?), Some(&**image)),
            _ => (Arc::new(create(&path).map_err(failed)?), None),
        };
        let pages: HashMap<u32, &EncodedPage> = unsettled
            .pages
            .iter()
            .map(|(number, page)| (*number, page))
            .collect();
        write_file(&file, image, &pages, mark.page_count).map_err(failed)?;
        if !matches!(base, Base::File(_)) {
            sync_parent(&path).map_err(failed)?;
        }
        rows::put(
            writer,
            name,
            Form::Own,
            mark,
            unsettled.visible_name.as_deref(),
        )?;
        rows::delete_image(writer, name, place.and_then(|place| place.image))?;
        Ok(Base::File(file))
    }
}

fn turns_after(txid: u64, unsettled: &Unsettled) -> Vec<Turn<'_>> {
    let turns = unsettled.turns.iter();
    let new = turns.filter(|turn| turn.mark.txid > txid);
    new.map(object_pages::Turn::as_history).collect()
}

/// Makes an empty file; one that is there is what an interrupted change has left.
fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)
}

/// Writes the pages, and those of the image that they do not replace, and syncs the file.
fn write_file(
    file: &File,
    image: Option<&Image>,
    pages: &HashMap<u32, &EncodedPage>,
    page_count: u32,
) -> io::Result<()> {
    let write = |number: u32, encoded: &[u8]| {
        let mut page = [0; PAGE_BYTES];
        decode(encoded, &mut page)
            .ok_or_else(|| io::Error::other(format!("page {number} is damaged")))?;
        file.write_all_at(&page, u64::from(number - 1) * PAGE_BYTES as u64)
    };
    if let Some(image) = image {
        for number in 1..=image.page_count().min(page_count) {
            if !pages.contains_key(&number) {
                write(number, image.page(number))?;
            }
        }
    }
    let mut numbers: Vec<u32> = pages.keys().copied().collect();
    numbers.sort_unstable();
    for number in numbers {
        write(number, pages[&number])?;
    }
    file.set_len(u64::from(page_count) * PAGE_BYTES as u64)?;
    file.sync_all()
}
