//! The table: every row, in the order in which it is measured and printed.
//!
//! Rows of one project stand together, so that each project is started once.

mod alarms;
mod counters;
mod document;
mod memory;
mod requests;
pub(crate) mod sockets;
mod start_up;
mod wake;

use crate::row::Row;

/// Returns all rows.
pub(crate) fn all() -> Vec<Row> {
    let groups = [
        requests::stateless(),
        start_up::rows(),
        requests::hono(),
        requests::objects(),
        counters::rows(),
        wake::rows(),
        alarms::rows(),
        memory::objects(),
        sockets::rows(),
        memory::sockets(),
        document::rows(),
    ];
    groups.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests;
