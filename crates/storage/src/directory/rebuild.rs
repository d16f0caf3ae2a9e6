//! An object whose base is damaged, put together again from what its history knows.
//!
//! Packs have every page that changed within the time that is kept. A page that did not is where it
//! always was: in the base, if that can be read at all. An object that is younger than the history is
//! complete without it. Of one that was given up the directory has the pages that its file lacks, so
//! its last state needs no history.

use std::fs;
use std::io;

use super::rows::{self, Form};
use super::{Base, Image, LocalDirectory, StorageError};
use crate::copy::check_integrity;
use crate::history::{Bookmark, HistoryError, Pages, Timeline};
use crate::object_name::ObjectName;
use crate::object_pages::SettledBase;
use crate::remainder;

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
        let base = match (row.form, row.image) {
            (Form::Own, remainder) => {
                if let Some(bytes) = remainder {
                    pages.extend(remainder::read(&bytes).map_err(unreadable)?);
                }
                let file = self.open_file(name);
                file.map(|(file, _)| Base::File(file.into())).map_err(Some)
            }
            (_, image) => image
                .and_then(Image::new)
                .map(|image| Base::Image(image.into()))
                .ok_or(None),
        };
        pages.extend(state.pages);
        let base = base.as_ref().map(|base| SettledBase { mark, base });
        self.put_together(name, state.db_pages, &pages, &base)
    }

    /// `base` is the error of opening it, if there is something to be opened.
    fn put_together(
        &self,
        name: &ObjectName,
        db_pages: u32,
        pages: &Pages,
        base: &Result<SettledBase<'_>, &Option<io::Error>>,
    ) -> Result<(), StorageError> {
        let not_rebuilt = |reason: String| StorageError::NotRebuilt {
            object_id: name.to_string(),
            reason: reason.into(),
        };
        let mut bytes = Vec::new();
        for number in 1..=db_pages {
            match (pages.get(&number), base) {
                (Some(page), _) => bytes.extend_from_slice(&page[..]),
                (None, Ok(base)) => {
                    let page = crate::history::Base::page(base, number)
                        .map_err(|error| not_rebuilt(error.to_string()))?;
                    bytes.extend_from_slice(&page[..]);
                }
                (None, Err(Some(error))) => {
                    return Err(not_rebuilt(format!("its file cannot be opened: {error}")));
                }
                (None, Err(None)) => {
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
