//! A database as a plain map of pages, for the tests of the history.

use std::io;

use super::page::{Base, Page, Pages, Turn, decoded, page};

/// A whole database at one commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Database {
    pub(crate) txid: u64,
    pub(crate) db_pages: u32,
    pub(crate) pages: Pages,
}

impl Database {
    pub(crate) fn new(txid: u64, pages: &[(u32, &[u8])]) -> Self {
        Self {
            txid,
            db_pages: pages.iter().map(|(number, _)| *number).max().unwrap_or(0),
            pages: pages
                .iter()
                .map(|(number, bytes)| (*number, page(bytes)))
                .collect(),
        }
    }

    /// Carries a commit out.
    pub(crate) fn apply(&mut self, turn: &Turn<'_>) {
        self.txid = turn.txid;
        self.set(
            turn.db_pages,
            turn.pages
                .iter()
                .map(|(n, page)| (*n, decoded(page).unwrap())),
        );
    }

    /// Replaces pages.
    pub(crate) fn set(&mut self, db_pages: u32, pages: impl IntoIterator<Item = (u32, Box<Page>)>) {
        self.db_pages = db_pages;
        self.pages.extend(pages);
        self.pages.retain(|number, _| *number <= db_pages);
    }
}

impl Base for Database {
    fn txid(&self) -> u64 {
        self.txid
    }

    fn db_pages(&self) -> u32 {
        self.db_pages
    }

    fn page(&self, number: u32) -> io::Result<Box<Page>> {
        Ok(self
            .pages
            .get(&number)
            .cloned()
            .unwrap_or_else(|| page(b"")))
    }
}

pub(crate) fn turn<'a>(
    txid: u64,
    time_ms: i64,
    db_pages: u32,
    pages: &[(u32, &'a Page)],
) -> Turn<'a> {
    Turn {
        txid,
        time_ms,
        db_pages,
        pages: pages.iter().map(|(n, page)| (*n, &page[..])).collect(),
    }
}
