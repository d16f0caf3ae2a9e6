//! Bad input of every kind: each gives one clear answer, and the process goes on serving.
//!
//! `startup` asks for what stops the command before it serves: one error that says what is wrong,
//! where, and what to do. `requests` sends what no good client sends. `programs` runs code that
//! throws, loops or eats memory. The last two end every test with [`serves_and_remembers`].

use serde_json::json;
use stated_testkit::{Launch, Runtime, Server, fixture};

mod programs;
mod requests;
mod startup;

/// Requires that the server still answers and that the object still has what it stored.
///
/// Each test calls `/add` once before it does harm.
#[track_caller]
fn serves_and_remembers(server: &mut Server) {
    assert!(server.is_running(), "{}", server.output().describe());
    assert_eq!(server.get("/ok").status_and_text(), (200, "ok"));
    assert_eq!(server.get("/add").json()["value"]["stored"], json!(2));
}

/// Starts the fixture for hostile requests and programs, with one value stored.
#[track_caller]
fn hostile() -> Server {
    hostile_in(Runtime::selected())
}

/// The same in stated only, for limits and answers that Cloudflare has in front of its runtime.
#[track_caller]
fn hostile_in_stated() -> Server {
    hostile_in(Runtime::Stated)
}

#[track_caller]
fn hostile_in(runtime: Runtime) -> Server {
    let server = Launch::of(runtime, fixture("hostile")).start();
    assert_eq!(
        server.get("/add").json(),
        json!({ "value": { "stored": 1, "calls": 1 } })
    );
    server
}
