//! The tests of the JavaScript library (tests/js), run inside the engine with the real operations.
//!
//! Each file is a program of its own in a runtime of its own. Its tests run inside an event, where
//! I/O is allowed. The same files run on Node.js with stand-ins for the operations, see
//! js/package.json.

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use http::{HeaderMap, Method};
use stated_core::error::Failure;
use stated_core::id::ObjectId;
use stated_object::message::{Body, FetchRequest, FetchResponse};
use stated_object::namespace::Numbers;
use stated_object::program::{Answer, Event};
use stated_worker::{
    AsyncStacks, ConsoleLine, Hooks, LibraryAccess, LocalFuture, Network, Redirect, Source, Worker, WorkerOptions,
};
use tokio::task::LocalSet;

/// Stack of the thread of a test file, in bytes: the engine may use half of it.
const STACK_BYTES: usize = 16 << 20;

/// Imports the test file, which notes its tests, and exports what runs them.
const PROGRAM: &str = r#"import "test-file"; export { worker as default } from "stated:test";"#;

const INIT: &str = r#"{
    "serviceName": "tests", "compatibilityDate": "2026-08-01", "flags": [], "bindings": [], "classes": {}
}"#;

#[derive(serde::Deserialize)]
struct Outcome {
    count: usize,
    failures: Vec<String>,
}

#[test]
fn the_library_passes_its_own_tests_inside_the_engine() {
    let files = test_files();
    assert!(files.len() > 20, "found only {files:?}");

    let failures: Vec<String> = files.iter().flat_map(|file| failures_of(file)).collect();

    assert!(failures.is_empty(), "{} tests failed:\n{}", failures.len(), failures.join("\n"));
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/js")
}

fn test_files() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).expect("the folder of the tests exists");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("its entries can be read").path()).collect();
    files.retain(|file| file.to_string_lossy().ends_with(".test.js"));
    files.sort();
    files
}

/// What failed in a file, each as `file: test` and its stack. A file without tests is a failure.
fn failures_of(file: &Path) -> Vec<String> {
    let name = file.file_name().expect("a file has a name").to_string_lossy().into_owned();
    let source = source_of(file);
    let run = thread::Builder::new().stack_size(STACK_BYTES).spawn(move || run(source)).expect("a thread starts");
    match run.join().expect("the host does not panic") {
        Ok(Outcome { count: 0, .. }) => vec![format!("{name}: has no tests")],
        Ok(outcome) => outcome.failures.iter().map(|failure| format!("{name}: {failure}")).collect(),
        Err(text) => vec![format!("{name}: {text}")],
    }
}

fn source_of(file: &Path) -> Source {
    let chunk = |specifier: &str, path: &Path| (specifier.to_owned(), fs::read_to_string(path).expect("the file is text"));
    Source {
        code: PROGRAM.to_owned(),
        chunks: vec![
            chunk("test-file", file),
            chunk("stated:test", &folder().join("engine/runner.js")),
            chunk("stated:test/assertions", &folder().join("assertions.js")),
        ],
        library: LibraryAccess::Internal,
        ..Source::default()
    }
}

fn run(source: Source) -> Result<Outcome, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    LocalSet::new().block_on(&runtime, async {
        let worker = Worker::new(options(), Rc::new(NoNetwork), Rc::new(ToStderr), Rc::new(Numbers::default()));
        worker.load(source).map_err(|error| error.text)?;
        let response = worker.fetch("default", request(), &mut None).await.map_err(|failure| failure.to_string())?;
        serde_json::from_slice(&bytes_of(response.body).await).map_err(|error| error.to_string())
    })
}

fn options() -> WorkerOptions {
    WorkerOptions {
        init_json: INIT.to_owned(),
        cpu: Duration::from_secs(60),
        heap_bytes: 256 << 20,
        keys: Vec::new(),
        classes: Vec::new(),
        async_stacks: AsyncStacks::default(),
    }
}

fn request() -> FetchRequest {
    FetchRequest {
        method: Method::GET,
        url: "http://tests/".to_owned(),
        headers: HeaderMap::new(),
        body: Body::None,
        peer: None,
    }
}

async fn bytes_of(body: Body) -> Vec<u8> {
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
    fn deliver(
        &self,
        namespace: usize,
        _: ObjectId,
        _: Option<String>,
        _: u64,
        _: Event,
    ) -> LocalFuture<Result<(u64, Answer), Failure>> {
        panic!("a test calls an object of namespace {namespace}");
    }

    fn service(&self, service: usize, _: Event) -> LocalFuture<Result<Answer, Failure>> {
        panic!("a test calls service {service}");
    }

    fn fetch(
        &self,
        request: FetchRequest,
        _: Redirect,
    ) -> LocalFuture<Result<FetchResponse, (&'static str, String)>> {
        panic!("a test fetches {}", request.url);
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
