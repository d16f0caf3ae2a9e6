//! Settling: what lanes have of objects goes to where the objects are kept, so that lanes can be
//! given up.
//!
//! Settling an object again, or after a failure, is harmless: it writes whole pages, and what they
//! are has not changed or is newer. After an error nothing counts as settled. The next attempt
//! writes every page anew, so it does not depend on what became of pages whose sync has failed.
//!
//! An object whose own file cannot be written for some attempts in a row does not keep others
//! waiting: it is given up. Its history, which was kept before, has its last commits, and an operator
//! can put it back together ([`super::rebuild`]). Without history it keeps everything waiting, since
//! its last commits are nowhere but in the lane.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use rusqlite::Connection;

use super::rows::{self, Form, Place};
use super::{Base, Image, LocalDirectory, Mark, ObjectPages, StorageError};
use crate::clock::wall_ms;
use crate::connection::sync_parent;
use crate::history::{History, ObjectTurns, Turn};
use crate::object_name::ObjectName;
use crate::object_pages::{self, SettledBase, Unsettled, Verdict};
use crate::page::{EncodedPage, PAGE_BYTES, decode};

/// Pages from which on a database has a file of its own: 1 MiB. Rewriting the image of a smaller one
/// costs less than a file's sync.
pub(super) const OWN_FILE_PAGES: u32 = 256;
/// Objects of one transaction: openings of objects never wait for longer than it takes.
const TRANSACTION_OBJECTS: usize = 1000;

/// "Input/output error": what a disk says of a place that it cannot write to.
const EIO: i32 = 5;

/// Objects of one pack. Their bases are in memory meanwhile.
const PACK_OBJECTS: usize = 8000;

/// What to do for the history before objects are settled.
pub(super) type Keep = fn(&History, &[ObjectTurns<'_>], i64) -> io::Result<()>;

/// An object, what is to be settled of it, and its base before.
type Work<'p> = (&'p Arc<ObjectPages>, Unsettled, (Mark, Base));

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
            let settled = match &unsettled.base {
                Base::Closed => self.settled_base(writer, &pages.name)?,
                known => (unsettled.settled, known.clone()),
            };
            work.push((pages, unsettled, settled));
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
        for (pages, unsettled, (_, base)) in work {
            let was_damaged = matches!(base, Base::Damaged(_));
            match self.settle_one(&transaction, pages, &unsettled, base) {
                Ok(base) => done.push((pages, unsettled, base, was_damaged)),
                // So that each of several whose files fail counts its own failures.
                Err(error) if is_broken(&error) => failure = Some(error),
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
            .map(|(_, _, (mark, base))| SettledBase { mark: *mark, base })
            .collect();
        let objects: Vec<ObjectTurns<'_>> = work
            .iter()
            .zip(&bases)
            // Of a damaged one nothing is known.
            .filter(|(_, base)| !matches!(base.base, Base::Damaged(_)))
            .map(|((pages, unsettled, (settled, _)), base)| ObjectTurns {
                key: pages.name.bytes(),
                base,
                turns: turns_after(settled.txid, unsettled),
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
                Err(error) if is_broken(&error) => {
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

    /// Decides what becomes of an object whose own file could not be written.
    fn file_failed(
        &self,
        writer: &Connection,
        pages: &ObjectPages,
        unsettled: &Unsettled,
        error: StorageError,
    ) -> Result<Base, StorageError> {
        let StorageError::File { source, .. } = &error else {
            return Err(error);
        };
        if !is_broken(&error) || self.history.retention().is_off() {
            return Err(error);
        }
        let reason = format!("its file cannot be written: {source}");
        if pages.not_settled(unsettled, &reason) == Verdict::TryAgain {
            return Err(error);
        }
        let name = &pages.name;
        tracing::error!(object_id = %name, %reason, "an object is damaged");
        // The history ends here, so this is what can be restored.
        let visible_name = unsettled.visible_name.as_deref();
        rows::put(writer, name, Form::Own, unsettled.mark, visible_name)?;
        rows::set_damage(writer, name, &reason)?;
        Ok(Base::Damaged(reason.into()))
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

/// Whether the disk has failed at a place of its own; other errors pass, as that of a full disk.
fn is_broken(error: &StorageError) -> bool {
    matches!(error, StorageError::File { source, .. } if source.raw_os_error() == Some(EIO))
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
