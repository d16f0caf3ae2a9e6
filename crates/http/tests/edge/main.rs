//! The edges over real loopback connections. Each module is one subject; `fixture` is shared.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test may fail as loudly as a test"
)]

mod bodies;
mod client;
mod client_failures;
mod client_pool;
mod client_redirects;
mod client_sockets;
mod fixture;
mod lifecycle;
mod requests;
mod responses;
mod socket_close;
mod socket_limits;
mod sockets;
mod tls;
