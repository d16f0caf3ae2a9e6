//! The crate's promises, tested through its public interface only.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

mod copies;
mod counters;
mod delete_all;
mod durability;
mod fixture;
mod history;
mod interchange;
mod kv;
mod lanes;
mod model;
mod settling;
mod sql;
mod sql_rules;
mod store;
mod transactions;
