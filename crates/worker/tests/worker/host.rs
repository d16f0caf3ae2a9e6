//! The least that a worker needs around it: a thread, a runtime, no network, a console.

use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use http::{HeaderMap, Method};
use stated_core::error::Failure;
use stated_core::id::ObjectId;
use stated_object::capability::{
    Address, Capability, Home, Life, ObjectRef, Props, ServiceRef, Target,
};
use stated_object::message::{Body, FetchRequest, FetchResponse};
use stated_object::namespace::Numbers;
use stated_object::program::{Answer, Event};
use stated_worker::{
    AsyncStacks, Caches, ConsoleLine, Hooks, LocalFuture, Network, NoResponse, NotConnected,
    Redirect, Settings, TcpConnection, Worker, WorkerOptions,
};
use tempfile::TempDir;
use tokio::task::LocalSet;

/// Stack of a thread with a worker, in bytes: the engine may use half of it.
const STACK_BYTES: usize = 16 << 20;

thread_local! {
    /// Where the worker of the thread keeps what its program caches; gone with the thread.
    static FOLDER: TempDir = TempDir::new().expect("the temporary folder is writable");
}

/// Runs `f` on a thread of its own; a thread has at most one worker in its life.
pub(crate) fn on_a_thread<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> R {
    let run = thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(f)
        .expect("a thread starts");
    run.join().expect("the host does not panic")
}

/// Drives a future that uses a worker.
pub(crate) fn block_on<R>(future: impl Future<Output = R>) -> R {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime starts");
    LocalSet::new().block_on(&runtime, future)
}

/// A worker without a program, with compatibility flags.
pub(crate) fn worker(flags: &[&str]) -> Rc<Worker> {
    let init = serde_json::json!({
        "serviceName": "tests",
        "compatibilityDate": "2026-08-01",
        "flags": flags,
        "bindings": [],
        "classes": {},
    });
    let options = WorkerOptions {
        settings: Settings {
            init_json: init.to_string(),
            cpu: Duration::from_secs(60),
            keys: Vec::new(),
            classes: Vec::new(),
        },
        heap_bytes: 256 << 20,
        caches: FOLDER.with(|folder| Arc::new(Caches::of_service(folder.path(), "tests"))),
        rate_limits: Arc::default(),
        home: Home::default(),
        async_stacks: AsyncStacks::default(),
    };
    Worker::new(
        options,
        Rc::new(NoNetwork),
        Rc::new(ToStderr),
        Rc::new(Numbers::default()),
    )
}

/// A request without a body.
pub(crate) fn request() -> FetchRequest {
    FetchRequest {
        method: Method::GET,
        url: "http://tests/".to_owned(),
        headers: HeaderMap::new(),
        body: Body::None,
        peer: None,
        cf: None,
    }
}

/// All of a response's body.
pub(crate) async fn bytes_of(body: Body) -> Vec<u8> {
    match body {
        Body::None => Vec::new(),
        Body::Bytes(bytes) => bytes.to_vec(),
        Body::Stream(mut stream) => {
            let mut bytes = Vec::new();
            while let Some(chunk) = stream.chunks.recv().await {
                bytes.extend_from_slice(&chunk.expect("the body is whole"));
            }
            bytes
        }
    }
}

/// The tests call nothing outside of the runtime.
struct NoNetwork;

impl Network for NoNetwork {
    fn object(
        &self,
        namespace: usize,
        _: ObjectId,
        _: Option<String>,
        _: Life,
    ) -> Option<ObjectRef> {
        panic!("a test refers to an object of namespace {namespace}");
    }

    fn bound_service(&self, index: usize) -> Option<ServiceRef> {
        panic!("a test refers to service {index}");
    }

    fn own_service(&self, entrypoint: &str) -> ServiceRef {
        panic!("a test refers to the entrypoint {entrypoint}");
    }

    fn address_of(&self, _: &Capability) -> Option<Address> {
        panic!("a test stores a stub");
    }

    fn at_address(&self, address: &Address, _: Option<Props>) -> Option<Capability> {
        panic!("a test uses a stored stub of {address:?}");
    }

    fn call_object(
        &self,
        object: &ObjectRef,
        _: Event,
    ) -> LocalFuture<Result<(u64, Answer), Failure>> {
        panic!("a test calls the object {}", object.id);
    }

    fn call_service(&self, service: &ServiceRef, _: Event) -> LocalFuture<Result<Answer, Failure>> {
        panic!("a test calls the entrypoint {}", service.entrypoint);
    }

    fn call_target(&self, target: &Target, _: Event) -> LocalFuture<Result<Answer, Failure>> {
        panic!("a test calls {:?}", target.address());
    }

    fn fetch(
        &self,
        request: FetchRequest,
        _: Redirect,
    ) -> LocalFuture<Result<FetchResponse, NoResponse>> {
        panic!("a test fetches {}", request.url);
    }

    fn connect(
        &self,
        host: String,
        port: u16,
        _: bool,
    ) -> LocalFuture<Result<TcpConnection, NotConnected>> {
        panic!("a test connects to {host}:{port}");
    }

    fn alarm_hint(&self, at_ms: i64) {
        panic!("a test sets an alarm for {at_ms}");
    }
}

struct ToStderr;

impl Hooks for ToStderr {
    fn console(&self, line: ConsoleLine) {
        eprintln!("{:?}: {}", line.level, line.text);
    }

    fn map_stack(&self, stack: &str) -> String {
        stack.to_owned()
    }
}
