//! An object whose base is damaged, put together again from what its history knows.
//!
//! Packs have every page that changed within the time that is kept. A page that did not is where it
//! always was: in the base, if that can be read at all. An object that is younger than the history is
//! complete without it.

use std::fs;
use std::io;

use super::rows::{self, Form};
use super::{Base, Image, LocalDirectory, StorageError};
use crate::copy::check_integrity;
use crate::history::{Bookmark, HistoryError, Pages, Timeline};
use crate::object_name::ObjectName;
use crate::object_pages::SettledBase;

impl LocalDirectory {
    /// Makes the state of a bookmark the object's, whatever its base is. Nobody may be using it.
    ///
    /// # Errors
    /// [`StorageError::BookmarkNotKept`]; [`StorageError::NotRebuilt`] when pages are nowhere, or the
    /// result is not a sound database.
    pub(super) fn rebuild(&self, name: &ObjectName, bookmark: &str) -> Result<(), StorageError> {
        let refused = || StorageError::BookmarkNotKept(bookmark.to_owned());
        let key = name.bytes();
        let parsed: Bookmark = bookmark.parse().map_err(|_| refused())?;
        let row = rows::find(&self.reader(), name)?.ok_or_else(refused)?;
        let mark = row.mark;
        if !parsed.is_of(key) || parsed.txid() >> 32 > mark.txid >> 32 {
            return Err(refused());
        }
        let nothing = SettledBase {
            mark,
            base: &Base::Nothing,
        };
        let unreadable = |error| StorageError::file("read the history of", name.to_string(), error);
        let state = Timeline::new(&self.history, key, &nothing, &[])
            .state(parsed.txid().min(mark.txid))
            .map_err(|error| match error {
                HistoryError::NotKept => refused(),
                HistoryError::Unreadable(error) => unreadable(error),
            })?;
        let mut pages = self.history.latest(key, mark.txid).map_err(unreadable)?;
        pages.extend(state.pages);
        let base = match (row.form, row.image.and_then(Image::new)) {
            (Form::Own, _) => self
                .open_file(name)
                .ok()
                .map(|(file, _)| Base::File(file.into())),
            (_, image) => image.map(|image| Base::Image(image.into())),
        };
        let base = base.as_ref().map(|base| SettledBase { mark, base });
        self.put_together(name, state.db_pages, &pages, base.as_ref())
    }

    fn put_together(
        &self,
        name: &ObjectName,
        db_pages: u32,
        pages: &Pages,
        base: Option<&SettledBase<'_>>,
    ) -> Result<(), StorageError> {
        let not_rebuilt = |reason: String| StorageError::NotRebuilt {
            object_id: name.to_string(),
            reason: reason.into(),
        };
        let mut bytes = Vec::new();
        for number in 1..=db_pages {
            match (pages.get(&number), base) {
                (Some(page), _) => bytes.extend_from_slice(&page[..]),
                (None, Some(base)) => {
                    let page = crate::history::Base::page(base, number)
                        .map_err(|error| not_rebuilt(error.to_string()))?;
                    bytes.extend_from_slice(&page[..]);
                }
                (None, None) => {
                    return Err(not_rebuilt(format!(
                        "page {number} did not change within the time that is kept"
                    )));
                }
            }
        }
        let path = self.folder.join(format!(".rebuilt-{name}"));
        let written = fs::write(&path, &bytes)
            .map_err(|error: io::Error| StorageError::file("write database", &path, error));
        let result = written.and_then(|()| match check_integrity(&path)? {
            Some(fault) => Err(not_rebuilt(fault)),
            None => self.replace(name, &path),
        });
        if result.is_err() {
            // It is of no use, and nobody reads it.
            let _unused = fs::remove_file(&path);
        }
        result
    }
}
