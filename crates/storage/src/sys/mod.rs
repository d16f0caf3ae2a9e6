//! What this crate asks of the operating system and of SQLite that has no safe wrapper.
//!
//! The only place of the crate with `unsafe`: one system call, and the file layer under SQLite.

#![allow(
    unsafe_code,
    reason = "a system call and SQLite's file interface have no safe wrapper"
)]

pub(crate) mod vfs;
