//! The tests of the JavaScript library (tests/js), run inside the engine with the real operations.
//!
//! Each file is a program of its own in a runtime of its own. Its tests run inside an event, where
//! I/O is allowed. The files of the folder itself and of standards/ run on Node.js, too, with
//! stand-ins for the operations, see js/package.json; those in host/ are about the operations.

use std::fs;
use std::path::{Path, PathBuf};

use stated_worker::{Asset, AssetKind, LibraryAccess, Source};

use crate::host;

/// Imports the test file, which notes its tests, and exports what runs them.
const PROGRAM: &str = r#"import "test-file"; export { worker as default } from "stated:test";"#;

/// Exports `add`, which adds two 32-bit integers.
const ADD_WASM: &[u8] =
    b"\0asm\x01\0\0\0\x01\x07\x01\x60\x02\x7f\x7f\x01\x7f\x03\x02\x01\0\x07\x07\x01\x03add\0\0\
    \x0a\x09\x01\x07\0\x20\0\x20\x01\x6a\x0b";

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

    assert!(
        failures.is_empty(),
        "{} tests failed:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/js")
}

fn test_files() -> Vec<PathBuf> {
    let folders = [".", "host", "standards"]
        .map(|name| fs::read_dir(folder().join(name)).expect("the folder exists"));
    let entries = folders.into_iter().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("its entries can be read").path())
        .collect();
    files.retain(|file| file.to_string_lossy().ends_with(".test.js"));
    files.sort();
    files
}

/// What failed in a file, each as `file: test` and its stack. A file without tests is a failure.
fn failures_of(file: &Path) -> Vec<String> {
    let name = file
        .file_name()
        .expect("a file has a name")
        .to_string_lossy()
        .into_owned();
    let source = source_of(file);
    let mut flags = vec!["expose_global_message_channel"];
    if name.starts_with("node-") {
        flags.extend(["nodejs_compat", "nodejs_compat_v2"]);
    }
    match host::on_a_thread(move || run(source, &flags)) {
        Ok(Outcome { count: 0, .. }) => vec![format!("{name}: has no tests")],
        Ok(outcome) => outcome
            .failures
            .iter()
            .map(|failure| format!("{name}: {failure}"))
            .collect(),
        Err(text) => vec![format!("{name}: {text}")],
    }
}

fn source_of(file: &Path) -> Source {
    let chunk = |specifier: &str, path: &Path| {
        (
            specifier.to_owned(),
            fs::read_to_string(path).expect("the file is text"),
        )
    };
    Source {
        code: PROGRAM.to_owned(),
        chunks: vec![
            chunk("test-file", file),
            chunk("stated:test", &folder().join("engine/runner.js")),
            chunk("stated:test/assertions", &folder().join("assertions.js")),
        ],
        assets: vec![Asset {
            specifier: "./add.wasm".to_owned(),
            kind: AssetKind::Wasm,
            bytes: ADD_WASM.to_vec(),
        }],
        library: LibraryAccess::Internal,
        ..Source::default()
    }
}

fn run(source: Source, flags: &[&str]) -> Result<Outcome, String> {
    host::block_on(async {
        let worker = host::worker(flags);
        worker.load(source).map_err(|error| error.text)?;
        tokio::task::spawn_local(worker.clone().tend());
        let response = worker
            .fetch("default", host::request(), &mut None)
            .await
            .map_err(|failure| failure.to_string())?;
        serde_json::from_slice(&host::bytes_of(response.body).await)
            .map_err(|error| error.to_string())
    })
}
