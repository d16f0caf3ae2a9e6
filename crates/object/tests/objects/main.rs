//! Objects with a scripted program instead of an engine: what is delivered when, and what leaves.

mod fixture;
mod alarms;
mod delivery;
mod life;
mod operations;
mod sections;
mod sockets;
