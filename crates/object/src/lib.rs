//! One live Durable Object: its mailbox, its gates, and the order of its events.
//!
//! This crate does not know which engine runs the program nor which server accepted the request:
//! the engine sits behind [`program::Program`], and requests arrive as the plain messages of
//! [`message`]. Everything here lives on one shard thread. Read [`deliver`] first.

pub mod message;
pub mod socket;
pub mod program;
pub mod deliver;
pub mod instance;
pub mod latch;
pub mod storage;
mod alarm_edits;
pub mod namespace;
pub mod alarm;
pub mod facet;
mod facet_storage;
pub mod capability;
pub mod hibernation;
pub mod operate;
pub mod clock;
