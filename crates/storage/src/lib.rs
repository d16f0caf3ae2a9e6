//! One SQLite database for one object, and nothing about what runs above it.
//!
//! [`Database`] has the object's storage operations: key-value, SQL, transactions, the stored
//! alarm. A turn's writes are committed together by [`Database::end_turn`], which gives the
//! [`CommitPosition`] that the object's outputs wait for; a [`Committer`] per shard makes commits
//! durable, by the shard's log ([`LocalLane`]), and reports positions. [`DataFolder`] knows where the databases of a namespace are, and
//! [`AlarmIndex`] which of its alarms are due.
//!
//! This crate has no word for the programs' language or for gates, and no asynchronous code.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a failed test may panic"))]

mod alarm;
mod alarm_index;
mod authorizer;
mod blob;
mod bookmark;
mod clock;
mod code_names;
mod commit;
mod connection;
mod copy;
mod counters;
mod cursor;
mod database;
mod delete_all;
mod directory;
mod error;
mod facet_files;
mod facet_index;
mod folder;
mod history;
mod image;
mod kv;
mod lane_log;
mod limit_clause;
pub mod limits;
mod math;
mod object_name;
mod object_pages;
mod open_connections;
mod page;
mod remainder;
mod script;
mod sql;
mod statement_cache;
mod sync_target;
mod sys;
mod time_limit;
mod transaction;

pub use alarm::AlarmIdentity;
pub use alarm_index::{AlarmEntry, AlarmIndex};
pub use blob::{Blob, BlobStore};
pub use bookmark::Bookmarks;
pub use commit::{CommitPosition, Committer, DatabaseKey, DurabilityError, DurableReport, Lane};
pub use copy::{check_integrity, copy_database, for_each_entry};
pub use counters::RowCounters;
pub use cursor::CursorId;
pub use database::{Backend, Database, DatabaseOptions, delete_database, replace_database};
pub use delete_all::AlarmFate;
pub use directory::Stored;
pub use error::{CommitFailure, SqlError, StorageError};
pub use facet_files::{
    FACET_OPTIONS, OBJECT_STEM, copy_facets, facet_index_path, facet_path, replace_facets,
};
pub use facet_index::{FACETS_MAX, FacetIndex, ROOT};
pub use folder::{DataFolder, FolderError, NamespaceFolder};
pub use history::{Bookmark, NotABookmark, Retention};
pub use kv::{IteratorId, KvEntry, ListOptions};
pub use lane_log::{
    AlarmChange, LaneRecord, LocalLane, RecordKind, ReleasedSegment, SegmentFile, SegmentStore,
};
pub use page::decode_page;
pub use sql::{Ingested, SqlValue};
pub use sys::heap::slab_bytes;
pub use transaction::{Confirmation, SavepointEnd};
