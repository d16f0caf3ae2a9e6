//! The programs of `conformance/`, whose transcripts on workerd are what stated must write too.
//!
//! Each program's folder has `expected.txt`, the transcript that workerd wrote, and perhaps
//! `differs.txt`: the cases in which stated writes something else, each with its reason. So a
//! difference is asserted like everything else, and one that is gone must be taken out.
//!
//! `STATED_PEER=workerd` runs the programs on workerd and compares with `expected.txt` alone.
//! `STATED_PEER=workerd STATED_RECORD=1` writes that file, for new cases and new versions of workerd.

mod transcript;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use stated_testkit::project::repository;
use stated_testkit::{HttpClient, Launch, Runtime, Workerd};
use transcript::{Differences, Transcript};

/// Declares one test per program, so that they run in parallel and fail one by one.
macro_rules! programs {
    ($($test:ident: $folder:literal,)*) => {
        const PROGRAMS: &[&str] = &[$($folder),*];

        $(#[test]
        fn $test() {
            check($folder);
        })*
    };
}

programs! {
    alarms: "alarms",
    compatibility_date_of_2023: "compatibility-date-2023",
    compatibility_date_of_2025: "compatibility-date-2025",
    compatibility_flags: "compatibility-flags",
    compatibility_flags_off: "compatibility-flags-off",
    content_encoding: "content-encoding",
    content_encoding_without_brotli: "content-encoding-without-brotli",
    contexts: "contexts",
    dynamic_workers: "dynamic-workers",
    entrypoints: "entrypoints",
    errors: "errors",
    errors_that_cross_by_name: "errors-by-name",
    facets: "facets",
    gates: "gates",
    hibernation: "hibernation",
    hibernation_and_what_wakes_up: "hibernation-wake-up",
    hibernation_that_is_closed_by_hand: "hibernation-manual-close",
    html_rewriter: "html-rewriter",
    ids_and_stubs: "ids-and-stubs",
    import_meta: "import-meta",
    messages: "messages",
    modules_of_node: "node-modules",
    older_urls: "older-urls",
    persistent_stubs: "persistent-stubs",
    platform: "platform",
    request_signal: "request-signal",
    request_signal_that_cancels_what_is_sent_on: "request-signal-passthrough",
    rpc_with_hostile_values: "rpc-hostile",
    rpc_with_signals: "rpc-signals",
    rpc_with_streams: "rpc-streams",
    rpc_with_stubs: "rpc-stubs",
    rpc_with_stubs_that_are_given_away: "rpc-stubs-given-away",
    rpc_with_values: "rpc-values",
    sql: "sql",
    sql_with_the_experimental_flag: "sql-experimental",
    storage_kv: "storage-kv",
    storage_kv_sync: "storage-kv-sync",
    storage_without_sql: "storage-without-sql",
    transactions: "transactions",
    websockets: "websockets",
    websockets_of_older_dates: "websockets-older",
    websockets_that_are_closed_by_hand: "websockets-manual-close",
    websockets_with_pedantic_close_codes: "websockets-pedantic",
}

#[test]
fn every_program_has_a_test() {
    let folders = std::fs::read_dir(root()).expect("the folder is part of the repository");
    let programs: BTreeSet<String> = folders
        .map(|entry| entry.expect("a folder can be listed").path())
        .filter(|folder| folder.join("wrangler.toml").exists())
        .filter_map(|folder| Some(folder.file_name()?.to_str()?.to_owned()))
        .collect();

    assert_eq!(
        programs,
        PROGRAMS.iter().map(|&name| name.to_owned()).collect()
    );
}

#[test]
fn the_suite_has_at_least_150_behaviours() {
    let count: usize = PROGRAMS
        .iter()
        .map(|name| expected(&root().join(name)).cases.len())
        .sum();

    assert!(count >= 150, "{count} behaviours");
}

/// Where the programs are run.
enum Peer {
    Stated,
    Workerd,
    /// On workerd, whose answers become the expected ones.
    Record,
}

fn peer() -> Peer {
    match std::env::var("STATED_PEER").as_deref() {
        Ok("workerd") if std::env::var_os("STATED_RECORD").is_some() => Peer::Record,
        Ok("workerd") => Peer::Workerd,
        Ok(other) if !matches!(other, "" | "stated") => {
            panic!("STATED_PEER is `{other}`; for these tests it must be `stated` or `workerd`")
        }
        _ => Peer::Stated,
    }
}

#[track_caller]
fn check(program: &str) {
    let folder = root().join(program);
    match peer() {
        Peer::Stated => {
            let server = Launch::of(Runtime::Stated, &folder).start();
            let differences = Differences::read(&folder.join("differs.txt"));
            let expected = differences.apply(expected(&folder));
            run(server.http()).assert_is(&expected, program);
        }
        Peer::Workerd => run(Workerd::start(&folder).http()).assert_is(&expected(&folder), program),
        Peer::Record => {
            let transcript = run(Workerd::start(&folder).http());
            std::fs::write(folder.join("expected.txt"), transcript.to_string())
                .expect("the repository is writable");
        }
    }
}

/// Runs every case of the program that is served, one after the other.
#[track_caller]
fn run(http: &HttpClient) -> Transcript {
    let names: Vec<String> = serde_json::from_value(http.request("GET", "/", &[], b"").json())
        .expect("a program lists its cases");
    let cases = names.into_iter().map(|name| {
        let path = format!("/{}", transcript::percent_encoded(&name));
        let response = http.request("GET", &path, &[], b"");
        let (status, text) = response.status_and_text();
        assert_eq!(status, 200, "{name}: {text}");
        (name, text.to_owned())
    });
    Transcript {
        cases: cases.collect(),
    }
}

fn root() -> PathBuf {
    repository().join("conformance")
}

#[track_caller]
fn expected(folder: &Path) -> Transcript {
    let path = folder.join("expected.txt");
    let text = std::fs::read_to_string(&path);
    let text = text.unwrap_or_else(|error| panic!("read {}: {error}", path.display()));
    Transcript::parse(&text)
}
