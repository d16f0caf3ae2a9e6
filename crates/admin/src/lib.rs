//! What an operator does with objects: list, inspect, edit, evict, copy, delete.
//!
//! [`Api`] answers the same requests for a running node and for the data folder of a stopped one, so
//! the command line has one way to ask, over HTTP or in the process. Operations on one object are
//! [`operation`]s on its database; [`transfer`] moves whole folders. It reaches objects only through
//! `stated_node` and `stated_storage`: there is no way around the input gate or the folder's lock.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a failed test may panic"))]

mod api;
mod archive;
mod facets;
pub mod operation;
mod refusal;
mod store;
mod stopped;
pub mod transfer;
pub mod value;

pub use api::{Api, Method, Reply, Request, Upload};
pub use archive::ObjectFiles;
pub use refusal::Refusal;
pub use stopped::Stopped;
pub use store::Store;
