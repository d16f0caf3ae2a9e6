//! What the program sees: globals, modules, bindings, and the operations behind them.
//!
//! The visible API is JavaScript (`js/`); what it cannot do itself are the operations of
//! `js/host.d.ts`, implemented in `ops`. A [`Worker`] is one shard's instance of a service: an
//! engine runtime with a realm, the contexts whose code runs in it, and what they have open. It runs
//! the code of Durable Objects by implementing `stated_object::program::Program`.

mod bodies;
mod cache;
mod callers;
mod calls;
mod capabilities;
mod codec;
mod content_coding;
mod context;
mod dynamic;
mod header_names;
mod library;
mod lives;
mod loader;
mod op;
mod ops;
mod program;
mod progress;
mod rate_limits;
mod rewriter;
mod settled;
mod sockets;
mod stored;
mod timers;
mod wire;
mod worker;

pub use stated_engine::AsyncStacks;

pub use cache::Caches;
pub use loader::{Asset, AssetKind, LibraryAccess, Source, Version, has_built_in};
pub use rate_limits::RateLimits;
pub use worker::{
    ConsoleLine, Export, Hooks, Level, LoadError, LocalFuture, Network, NoResponse, NotConnected,
    Redirect, Settings, Staged, TcpConnection, Upgrade, Worker, WorkerOptions,
};
