//! WebSockets of the real binary: frames as peers write them, peers that misbehave, and what becomes
//! of open connections when code or configuration changes and when the server ends.

mod frames;
mod peers;
mod raw;
mod reload;
