//! Shared fixtures of the end-to-end tests: a started server, an HTTP client, a WebSocket client.
//!
//! The fixtures drive a runtime from outside, through its command line and its sockets, and know
//! nothing of its crates. So the same test runs against `stated` and, with `STATED_PEER=wrangler`,
//! against Cloudflare's own development server, which settles what the expected values are.
//!
//! Nothing here sleeps: every wait ends with the event it is for, or panics at [`EVENT_DEADLINE`]
//! with what the server printed until then. Fixtures panic instead of returning errors, because in
//! a test every failure ends the test; `#[track_caller]` makes the panic name the test's line.

use std::time::Duration;

pub mod project;
pub mod runtime;
pub mod output;
pub mod process;
pub mod server;
pub mod command;
pub mod http;
pub mod web_socket;
pub mod workerd;
pub mod fuzz;

pub use command::stated;
pub use http::{Connection, HttpClient, Response};
pub use process::Process;
pub use project::{Copy, example, fixture};
pub use runtime::Runtime;
pub use server::{Exit, Launch, Server};
pub use web_socket::WebSocketClient;
pub use workerd::{Workerd, WorkerdLaunch};

/// How long a server may take to print that it is ready.
///
/// Wrangler starts Node.js, esbuild and workerd, which takes several seconds on a busy machine.
pub const READY_DEADLINE: Duration = Duration::from_secs(60);

/// How long anything else may take: a response, a message, a line of output, an exit.
pub const EVENT_DEADLINE: Duration = Duration::from_secs(30);
