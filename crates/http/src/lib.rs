//! HTTP and WebSocket at the edges of the process: the listener and the client.
//!
//! The server side turns what arrives on a connection into [`FetchRequest`]s and writes the
//! [`FetchResponse`]s back; the client side does the opposite. Both end in the same plain types, so
//! nobody behind this crate sees a frame, a chunk header or a TLS record, and this crate knows
//! nothing of JavaScript or Durable Objects.
//!
//! Everything runs on the current-thread runtime of the caller: futures are not `Send`, and tasks
//! are started with [`tokio::task::spawn_local`], so callers poll inside a `LocalSet`. There is no
//! global state except a per-thread scratch for compression.
//!
//! Every bound is a field of [`Limits`]; no queue, wait or buffer here is without one.
//!
//! [`FetchRequest`]: stated_object::message::FetchRequest
//! [`FetchResponse`]: stated_object::message::FetchResponse

pub mod client;
pub mod limits;
pub mod listen;
pub mod serve;

mod body;
mod connection;
mod forwarded;
mod host;
mod refusal;
mod reply;
mod request;
mod socket;
mod stall;

pub use client::{Client, Connection, Control, FetchError, RedirectMode, Trust};
pub use forwarded::{Network, NotANetwork, TrustedProxies};
pub use limits::{Limits, SocketRules};
pub use listen::{ListenError, listen};
pub use serve::{Handler, Served, Shutdown, ShutdownTrigger, serve};
#[doc(hidden)]
pub use socket::probe;
