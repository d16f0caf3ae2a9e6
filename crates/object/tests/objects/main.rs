//! Objects with a scripted program instead of an engine: what is delivered when, and what leaves.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test may fail as loudly as a test"
)]

mod fixture;
mod alarms;
mod delivery;
mod life;
mod operations;
mod sections;
mod sockets;
