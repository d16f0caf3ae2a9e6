//! The edges over real loopback connections. Each module is one subject; `fixture` is shared.

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
