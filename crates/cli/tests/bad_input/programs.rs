//! Programs that throw, loop, or eat memory. The fixture's CPU limit is 1000 ms: a slow
//! machine needs some hundred to fill the memory.

use serde_json::{Value, json};

use crate::{hostile, hostile_in_stated, serves_and_remembers};

const CPU_LIMIT: &str = "Durable Object exceeded its CPU time limit and was reset.";
const MEMORY_LIMIT: &str = "Durable Object's isolate exceeded its memory limit and was reset.";

#[test]
fn an_exception_reaches_the_caller_and_the_object_lives_on() {
    let mut server = hostile();

    assert_eq!(
        server.get("/object/throw").json(),
        json!({ "name": "RangeError", "message": "thrown on purpose", "remote": true })
    );
    assert_eq!(
        server.get("/object/throw-nothing").json(),
        json!({ "name": "Error", "message": "undefined", "remote": true })
    );
    // The second call in the same life of the object.
    assert_eq!(
        server.get("/add").json(),
        json!({ "value": { "stored": 2, "calls": 2 } })
    );
    assert!(server.is_running());
}

#[test]
fn an_exception_that_nobody_catches_is_a_500_and_a_line_in_the_log() {
    let mut server = hostile();

    assert_eq!(server.get("/worker/throw").status, 500);
    server.wait_for_output("RangeError: thrown on purpose");
    assert_eq!(server.get("/worker/throw-nothing").status, 500);
    assert_eq!(server.get("/uncaught/throw").status, 500);
    assert_eq!(server.get("/stillborn-uncaught").status, 500);
    serves_and_remembers(&mut server);
}

#[test]
fn an_overload_that_nobody_catches_is_a_503_that_says_when_to_come_again() {
    let mut server = hostile_in_stated();

    let answer = server.get("/uncaught/overload");

    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(server.get("/uncaught/throw").header("retry-after"), None);
    serves_and_remembers(&mut server);
}

#[test]
fn a_handler_that_returns_no_response_is_a_500() {
    let mut server = hostile();

    assert_eq!(server.get("/not-a-response").status, 500);
    server
        .wait_for_output("Incorrect type for Promise: the Promise did not resolve to 'Response'.");
    serves_and_remembers(&mut server);
}

#[test]
fn a_status_outside_200_to_599_is_a_range_error() {
    let mut server = hostile();

    for status in ["101", "199", "600"] {
        assert_eq!(
            server.get(&format!("/status/{status}")).json(),
            json!({
                "name": "RangeError",
                "message": "Responses may only be constructed with status codes in the range 200 to 599, inclusive.",
            })
        );
    }
    for status in [200, 599] {
        assert_eq!(
            server.get(&format!("/status/{status}")).json(),
            json!({ "value": status })
        );
    }
    serves_and_remembers(&mut server);
}

#[test]
fn a_constructor_that_throws_fails_every_call_with_its_error() {
    let mut server = hostile();

    for _ in 0..3 {
        let error = server.get("/stillborn").json();
        assert_eq!(
            (
                &error["name"],
                &error["message"],
                &error["durableObjectReset"]
            ),
            (&json!("Error"), &json!("not ready to live"), &json!(true))
        );
    }
    serves_and_remembers(&mut server);
}

#[test]
fn a_recursion_without_end_is_a_range_error_and_resets_nothing() {
    let mut server = hostile();

    assert_eq!(
        server.get("/object/recurse").json(),
        json!({ "name": "RangeError", "message": "Maximum call stack size exceeded", "remote": true })
    );
    assert_eq!(server.get("/worker/recurse").status, 500);
    assert_eq!(
        server.get("/add").json(),
        json!({ "value": { "stored": 2, "calls": 2 } })
    );
    assert!(server.is_running());
}

#[test]
fn an_endless_loop_in_an_object_resets_it() {
    resets_the_object("loop", CPU_LIMIT);
}

#[test]
fn a_catastrophic_regular_expression_resets_the_object() {
    resets_the_object("backtrack", CPU_LIMIT);
}

#[test]
fn a_sql_statement_without_end_resets_the_object() {
    resets_the_object("endless-sql", CPU_LIMIT);
    resets_the_object("catch-endless-sql", CPU_LIMIT);
}

#[test]
fn code_from_strings_is_refused() {
    let mut server = hostile();

    for deed in ["eval", "new-function"] {
        assert_eq!(
            server.get(&format!("/object/{deed}")).json(),
            json!({
                "name": "EvalError",
                "message": "Code generation from strings disallowed for this context",
                "remote": true,
            })
        );
    }
    serves_and_remembers(&mut server);
}

#[test]
fn a_loop_that_catches_everything_resets_the_object() {
    resets_the_object("catch-and-go-on", CPU_LIMIT);
}

#[test]
fn an_object_that_allocates_objects_for_ever_is_reset() {
    resets_the_object("grow-objects", MEMORY_LIMIT);
}

#[test]
fn an_object_that_allocates_buffers_for_ever_is_reset() {
    resets_the_object("grow-buffers", MEMORY_LIMIT);
}

#[test]
fn an_endless_loop_in_the_worker_fails_its_request_only() {
    fails_the_request("/worker/loop");
}

#[test]
fn a_worker_that_allocates_for_ever_fails_its_request_only() {
    fails_the_request("/worker/grow-objects");
    fails_the_request("/worker/grow-buffers");
}

#[test]
fn an_object_that_is_reset_and_nobody_catches_it_is_a_500() {
    fails_the_request("/uncaught/loop");
}

#[track_caller]
fn resets_the_object(deed: &str, message: &str) {
    let mut server = hostile_in_stated();

    let answer = server.get(&format!("/object/{deed}"));

    let error = answer.json();
    assert_eq!(
        (&error["name"], &error["message"]),
        (&json!("Error"), &json!(message)),
        "{error}"
    );
    assert_eq!(error["durableObjectReset"], Value::Bool(true), "{error}");
    // What was stored is there, and a new instance counts its calls from 1.
    assert_eq!(
        server.get("/add").json(),
        json!({ "value": { "stored": 2, "calls": 1 } })
    );
    assert_eq!(server.get("/ok").status_and_text(), (200, "ok"));
    assert!(server.is_running());
}

/// Requires a server error for `path`, for nobody is left who could say anything else.
#[track_caller]
fn fails_the_request(path: &str) {
    let mut server = hostile_in_stated();

    let answer = server.get(path);

    assert!(matches!(answer.status, 500 | 503), "{answer:?}");
    serves_and_remembers(&mut server);
}
