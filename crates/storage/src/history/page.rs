//! Pages of databases, and the commits that change them, as the history knows them.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};

use crate::page::decode_page;
pub(crate) use crate::page::{PAGE_BYTES, Page};

/// The page that does not exist yet.
pub(crate) const ZERO_PAGE: Page = [0; PAGE_BYTES];

/// Pages by number; the first one of a database is 1.
pub(crate) type Pages = BTreeMap<u32, Box<Page>>;

/// What one commit changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Turn<'a> {
    /// The number of the commit. Each commit of an object has a greater one than those before it.
    pub(crate) txid: u64,
    /// When it was committed, milliseconds since the Unix epoch.
    pub(crate) time_ms: i64,
    /// The pages of the database after it.
    pub(crate) db_pages: u32,
    /// The pages it changed, each once, in the form in which lanes keep them.
    pub(crate) pages: Vec<(u32, &'a [u8])>,
}

/// The database before the first of some commits.
pub(crate) trait Base {
    /// The last commit that is part of it; 0 for a database that never had one.
    fn txid(&self) -> u64;

    /// How many pages it has.
    fn db_pages(&self) -> u32;

    /// Reads a page, whose number is at most [`Self::db_pages`].
    ///
    /// # Errors
    /// The operating system's.
    fn page(&self, number: u32) -> io::Result<Box<Page>>;
}

/// Reads a page in the form in which lanes keep it.
///
/// # Errors
/// [`ErrorKind::InvalidData`] if it is damaged.
pub(crate) fn decoded(encoded: &[u8]) -> io::Result<Box<Page>> {
    decode_page(encoded).ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "a page is damaged"))
}

/// A page that begins with `bytes` and is zero after them.
#[cfg(test)]
pub(crate) fn page(bytes: &[u8]) -> Box<Page> {
    let mut page = Box::new(ZERO_PAGE);
    page[..bytes.len()].copy_from_slice(bytes);
    page
}
