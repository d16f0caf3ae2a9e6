//! The composition root: shards, services, listeners and shutdown.
//!
//! [`Node::start`] builds everything from checked configurations: it bundles each service, opens the
//! data folder, starts the shard threads of every service, and listens. It holds no policy: what may
//! happen is decided in `core`, how objects run in `object` and `worker`.

mod alarms;
mod assets;
mod build;
mod caller;
mod check;
mod crons;
mod data;
mod log;
mod network;
mod node;
mod objects;
mod plan;
mod shard;
mod topology;
mod trigger;

pub use build::{BuildError, Built, build, exported};
pub use check::{Checked, check};
pub use log::{Log, RequestLine, ScheduledLine};
pub use node::{Audience, Node, NodeOptions, StartError, can_keep_running};
pub use objects::{ObjectNamespace, Objects};
pub use stated_storage::Retention;
