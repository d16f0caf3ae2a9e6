//! One live Durable Object: its mailbox, its gates, and the order of its events.
//!
//! This crate does not know which engine runs the program nor which server accepted the request:
//! the engine sits behind a trait defined here, and requests arrive as the plain messages of
//! [`message`].

pub mod message;
pub mod socket;
