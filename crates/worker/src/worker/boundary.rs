//! What a worker is given: its options, the way to everything outside, and who is told what it prints.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use stated_core::error::Failure;
use stated_core::id::{ObjectId, UniqueKey};
use stated_engine::AsyncStacks;
use stated_object::capability::{
    Address, Capability, Home, Life, ObjectRef, Props, ServiceRef, Target,
};
use stated_object::message::{BodyStream, BodyWriter, FetchRequest, FetchResponse};
use stated_object::program::{Answer, Event};

use crate::cache::Caches;
use crate::rate_limits::RateLimits;

/// A future of this thread.
pub type LocalFuture<T> = Pin<Box<dyn Future<Output = T>>>;

/// How a worker reaches everything outside of its shard's runtime.
pub trait Network {
    /// An object as any service can address it; None when there is no such namespace.
    fn object(
        &self,
        namespace: usize,
        id: ObjectId,
        name: Option<String>,
        life: Life,
    ) -> Option<ObjectRef>;

    /// The service behind a binding; None when there is no such binding.
    fn bound_service(&self, index: usize) -> Option<ServiceRef>;

    /// An entrypoint of this very service.
    fn own_service(&self, entrypoint: &str) -> ServiceRef;

    /// The address of an object or entrypoint; None if its service does not have the flag
    /// `allow_irrevocable_stub_storage`, and for what has no address.
    fn address_of(&self, capability: &Capability) -> Option<Address>;

    /// What is at an address; None when there is no such service or class any more.
    fn at_address(&self, address: &Address, props: Option<Props>) -> Option<Capability>;

    /// Delivers an event to an object, wherever it lives.
    fn call_object(
        &self,
        object: &ObjectRef,
        event: Event,
    ) -> LocalFuture<Result<(u64, Answer), Failure>>;

    /// Delivers an event to a stateless entrypoint.
    fn call_service(
        &self,
        service: &ServiceRef,
        event: Event,
    ) -> LocalFuture<Result<Answer, Failure>>;

    /// Delivers a call to a target, wherever its context is.
    fn call_target(&self, target: &Target, event: Event) -> LocalFuture<Result<Answer, Failure>>;

    /// Sends a request to the outside.
    fn fetch(
        &self,
        request: FetchRequest,
        redirect: Redirect,
    ) -> LocalFuture<Result<FetchResponse, NoResponse>>;

    /// Connects to a host and port, with TLS if `secure`.
    fn connect(
        &self,
        host: String,
        port: u16,
        secure: bool,
    ) -> LocalFuture<Result<TcpConnection, NotConnected>>;

    /// An object's alarm was set to this time: look at the index again.
    fn alarm_hint(&self, at_ms: i64);
}

/// Why a request to the outside has no response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoResponse {
    /// The connection broke. The error can be retried.
    NetworkLost,
    /// Nobody listens there. For the program the same, unless it asks by a module of Node's.
    Refused,
    /// The request can have none as it is: the text of a `TypeError`.
    TypeError(String),
    /// Anything else: the code that Node has for it, if any, and the text of an `Error`.
    Error(Option<&'static str>, String),
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotConnected {
    /// The code that Node has for it, if any.
    pub code: Option<&'static str>,
    /// What the program is told.
    pub text: String,
}

/// An open TCP connection, with or without TLS.
pub struct TcpConnection {
    /// What the peer sends.
    pub incoming: BodyStream,
    /// What is sent to the peer. Dropping it ends this direction; an error cuts the connection.
    pub outgoing: BodyWriter,
    /// Starts TLS, on a connection without it. Dropping it says that nothing more will be read.
    pub upgrade: Upgrade,
}

/// Starts TLS, when `outgoing` and what was written has been sent; the text is the name that the
/// certificate must be for, instead of the host's.
pub type Upgrade =
    Box<dyn FnOnce(BodyWriter, Option<String>) -> LocalFuture<Result<TcpConnection, NotConnected>>>;

/// What `fetch` does with a redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redirect {
    /// Follow it.
    Follow,
    /// Fail.
    Error,
    /// Return it.
    Manual,
    /// Return it, and send the request's path and query as they are: not in the URL standard's spelling, with escapes where a
    /// request line needs them.
    Verbatim,
}

/// Where what the program prints goes, and how positions are mapped back to its sources.
pub trait Hooks {
    /// A line of the console, or an uncaught exception.
    fn console(&self, line: ConsoleLine);
    /// A stack with positions in the program's own files.
    fn map_stack(&self, stack: &str) -> String;
}

/// The level of a console line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// `console.debug`
    Debug,
    /// `console.log`
    Log,
    /// `console.info`
    Info,
    /// `console.warn`
    Warn,
    /// `console.error`
    Error,
    /// Nobody caught it.
    Uncaught,
}

/// A line that the program printed.
#[derive(Clone, Debug)]
pub struct ConsoleLine {
    /// Its level.
    pub level: Level,
    /// Its text, possibly of several lines.
    pub text: String,
    /// The class and the name (or id) of the object that printed it.
    pub object: Option<(String, String)>,
}

/// What the project file says of a program; a new one may come with new code.
pub struct Settings {
    /// What the library's `init` receives, as JSON (host.d.ts `InitConfig`).
    pub init_json: String,
    /// CPU time of one event.
    pub cpu: Duration,
    /// The keys of the namespaces that the program can reach, by index.
    pub keys: Vec<UniqueKey>,
    /// The classes of those namespaces.
    pub classes: Vec<String>,
}

/// What a worker is made of.
pub struct WorkerOptions {
    /// Those of its first program.
    pub settings: Settings,
    /// Bytes of the JavaScript heap of the shard.
    pub heap_bytes: u64,
    /// Whether stacks go on across `await`.
    pub async_stacks: AsyncStacks,
    /// What the service's Cache API keeps, for all of its shards.
    pub caches: Arc<Caches>,
    /// The counts of rate limits, for all services of the node.
    pub rate_limits: Arc<RateLimits>,
    /// Which shard this is.
    pub home: Home,
}

/// What an export of the program is.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Export {
    /// The name it is exported under.
    pub name: String,
    /// "durable-object", "legacy-class", "entrypoint", "object" or "other".
    pub kind: String,
    /// The handlers it has.
    pub handlers: Vec<String>,
}

/// Why a program could not be loaded.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct LoadError {
    /// What was thrown, with a stack mapped to the sources.
    pub text: String,
}
