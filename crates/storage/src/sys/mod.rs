//! What this crate asks of the operating system and of SQLite that has no safe wrapper.
//!
//! The only place of the crate with `unsafe`: the file layer under SQLite, where its memory comes
//! from, what a connection keeps in memory, and what it must not offer.

#![allow(
    unsafe_code,
    reason = "SQLite's interfaces for files, memory, counters and modules have no safe wrapper"
)]

pub(crate) mod extras;
pub(crate) mod heap;
pub(crate) mod memory;
pub(crate) mod vfs;
