//! How the events of one object meet: input gate, critical sections, transactions, alarms, breaks.
//!
//! The scenarios are in fixtures/objects; a test asks for one by its path and compares what it saw.
//! The expected values are Cloudflare's: `STATED_PEER=wrangler` runs the same tests against
//! wrangler. Source: reference appendix A.

use serde_json::{Value, json};
use stated_testkit::{Launch, Runtime, Server, fixture};

#[track_caller]
fn saw(scenario: &str) -> Value {
    saw_in(Runtime::selected(), scenario)
}

#[track_caller]
fn saw_in(runtime: Runtime, scenario: &str) -> Value {
    let response = Launch::of(runtime, fixture("objects"))
        .start()
        .get(&format!("/{scenario}"));
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

#[test]
fn an_abort_loses_what_its_turn_wrote_and_breaks_the_stub_for_ever() {
    let broken =
        json!({ "name": "Error", "message": "aborted on purpose", "durableObjectReset": true });

    assert_eq!(
        saw("abort"),
        json!({ "aborted": broken, "again": broken, "afterwards": "committed" })
    );
}

#[test]
fn an_exception_rolls_nothing_back() {
    assert_eq!(saw("throw-after-writes"), json!([1, 2]));
}

#[test]
fn a_constraint_that_is_violated_at_the_commit_breaks_the_object() {
    let message = "Durable Object was reset and rolled back to its last known good state because the \
                   application left the database in a state where constraints were violated: \
                   FOREIGN KEY constraint failed: SQLITE_CONSTRAINT";

    let saw = saw("deferred-constraint");

    let first = saw["first"].as_str().unwrap();
    assert!(first.starts_with(message), "{first}");
    assert_eq!((&saw["again"], &saw["rows"]), (&saw["first"], &json!([])));
}

#[test]
fn awaiting_storage_lets_no_other_event_in() {
    assert_eq!(saw("storage-holds-the-gate"), json!("aaabbb"));
}

#[test]
fn awaiting_a_timer_lets_other_events_in() {
    assert_eq!(saw("timers-open-the-gate"), json!("ababab"));
}

#[test]
fn requests_wait_until_the_constructor_has_loaded() {
    assert_eq!(saw("loading-in-the-constructor"), json!([true, true]));
}

#[test]
fn a_section_that_fails_in_the_constructor_fails_every_queued_request() {
    let failed =
        json!({ "name": "RangeError", "message": "not ready to live", "durableObjectReset": true });

    assert_eq!(
        saw("failing-in-the-constructor"),
        json!({ "queued": [failed, failed], "next": failed })
    );
}

#[test]
fn a_section_that_fails_in_a_handler_breaks_the_object() {
    let failed =
        json!({ "name": "TypeError", "message": "failed inside", "durableObjectReset": true });

    assert_eq!(
        saw("failing-section"),
        json!({ "failed": failed, "again": failed, "next": { "value": true } })
    );
}

#[test]
fn a_section_that_can_never_end_resets_the_object_at_once() {
    // Only stated finds it before the section's time is up.
    let saw = saw_in(Runtime::Stated, "deadlocked-section");

    assert_eq!(
        saw,
        json!({
            "deadlocked": {
                "name": "Error",
                "message": "A critical section within this Durable Object awaited a Promise that apparently will never \
                            complete. This could happen in particular if a critical section awaits a task that was \
                            initiated outside of the critical section. Since a critical section blocks all other tasks \
                            from completing, this leads to deadlock.",
                "durableObjectReset": true
            },
            "next": { "value": true }
        })
    );
}

#[test]
fn one_request_continues_another() {
    assert_eq!(saw("one-request-wakes-another"), json!("b"));
}

#[test]
fn a_timer_fires_after_the_request_that_set_it() {
    assert_eq!(saw("timer-outlives-its-request"), json!("timer"));
}

#[test]
fn an_object_calls_itself_and_the_events_interleave() {
    assert_eq!(saw("object-calls-itself"), json!("outer inner outer"));
}

#[test]
fn other_events_wait_for_the_end_of_a_transaction() {
    assert_eq!(
        saw("transaction-commits"),
        json!({ "log": "begin end other ", "moved": true })
    );
}

#[test]
fn a_transaction_that_throws_is_rolled_back_and_breaks_nothing() {
    assert_eq!(
        saw("transaction-rolls-back"),
        json!({ "message": "thrown in the transaction", "log": "begin end other ", "moved": null })
    );
}

#[test]
fn other_events_wait_for_the_end_of_a_critical_section() {
    assert_eq!(saw("section-in-a-handler"), json!("begin end other "));
}

#[test]
fn deleting_everything_takes_tables_alarm_and_open_cursors() {
    assert_eq!(
        saw("delete-all"),
        json!({
            "key": null,
            "alarm": null,
            "cursor": "Error: SQLite query was canceled because the database was deleted.",
            "table": "Error: no such table: numbers: SQLITE_ERROR",
        })
    );
}

#[test]
fn a_cursor_that_nobody_can_read_any_more_is_closed() {
    assert_eq!(
        saw("abandoned-cursor"),
        json!({ "locked": true, "dropped": true })
    );
}

#[test]
fn internal_tables_are_made_again_after_their_creation_was_rolled_back() {
    assert_eq!(
        saw("roll-back-the-first-writes"),
        json!({ "lost": null, "alarm": null, "kept": 2, "alarmAfter": true })
    );
}

/// Takes two seconds: the delay before the first retry.
#[test]
fn a_failed_alarm_is_retried_and_only_a_committed_set_alarm_replaces_the_retry() {
    assert_eq!(
        saw("alarms"),
        json!({
            "runs": [
                { "retryCount": 0, "isRetry": false, "visible": null },
                { "retryCount": 1, "isRetry": true, "visible": null },
                { "retryCount": 0, "isRetry": false, "visible": null },
            ],
            "left": null,
        })
    );
}

#[test]
fn calls_made_at_once_to_an_object_that_is_not_running_arrive_in_order() {
    assert_eq!(saw("order-of-calls"), json!("012"));
}

#[test]
fn one_class_in_two_namespaces_has_separate_ids_and_storage() {
    assert_eq!(
        saw("two-namespaces"),
        json!({
            "sameId": false,
            "stored": null,
            "foreign": { "name": "TypeError", "message": "Durable Object ID is not valid for this namespace." },
        })
    );
}

#[test]
fn an_id_read_from_text_is_equal_and_nameless() {
    assert_eq!(
        saw("id-from-string"),
        json!({ "equal": true, "name": "a name", "parsedName": null })
    );
}

#[test]
fn a_stub_shows_its_id_and_name() {
    assert_eq!(
        saw("keys-of-a-stub"),
        json!({ "keys": ["id", "name"], "sameId": true })
    );
}

/// In stated only: workerd names the object in Cloudflare's network only.
#[test]
fn an_error_keeps_its_class_and_names_the_object() {
    assert_eq!(
        saw_in(Runtime::Stated, "error-of-an-object"),
        json!({ "isTypeError": true, "message": "thrown in the object", "remote": true, "ofTheObject": true })
    );
}

#[test]
fn a_hibernating_socket_keeps_its_tags_attachment_and_place() {
    let server = Server::start(fixture("objects"));
    let mut ann = server.web_socket("/room?name=ann");
    let mut bob = server.web_socket("/room?name=bob");

    ann.send_text("who");
    let first = ann.next_json();
    bob.send_text("who");
    let second = bob.next_json();

    assert_eq!(
        first,
        json!({
            "handled": 1,
            "attachment": { "name": "ann" },
            "tags": ["all", "ann"],
            "newestFirst": ["bob", "ann"],
            "oldestFirst": ["ann", "bob"],
            "answered": false,
        })
    );
    assert_eq!(
        (&second["handled"], &second["tags"]),
        (&json!(2), &json!(["all", "bob"]))
    );
}

#[test]
fn an_automatic_response_runs_no_handler_and_leaves_its_time() {
    let server = Server::start(fixture("objects"));
    let mut ann = server.web_socket("/room?name=ann");

    ann.send_text("ping");
    ann.expect_text("pong");
    ann.send_text("who");

    let seen = ann.next_json();
    assert_eq!(
        (&seen["handled"], &seen["answered"]),
        (&json!(1), &json!(true))
    );
}

/// Takes twelve seconds: an object that has been idle for ten hibernates.
#[test]
fn a_message_wakes_a_hibernating_object_and_its_sockets_are_there() {
    let server = Server::start(fixture("objects"));
    let mut ann = server.web_socket("/room?name=ann");
    let mut bob = server.web_socket("/room?name=bob");
    ann.send_text("who");
    assert_eq!(ann.next_json()["handled"], json!(1));

    assert_eq!(server.get("/hibernation-time").json(), json!("over"));
    bob.send_text("who");

    assert_eq!(
        bob.next_json(),
        json!({
            "handled": 1,
            "attachment": { "name": "bob" },
            "tags": ["all", "bob"],
            "newestFirst": ["bob", "ann"],
            "oldestFirst": ["ann", "bob"],
            "answered": false,
        })
    );
}

/// In stated only: wrangler's proxy ends the connection without the answering Close frame.
#[test]
fn a_client_that_closes_is_answered_and_the_others_are_told() {
    let server = Launch::of(Runtime::Stated, fixture("objects")).start();
    let mut ann = server.web_socket("/room?name=ann");
    let mut bob = server.web_socket("/room?name=bob");

    bob.close(4001, "enough");

    bob.expect_close(4001, "enough");
    assert_eq!(
        ann.next_json(),
        json!({ "left": "bob", "code": 4001, "reason": "enough", "wasClean": true })
    );
}

#[test]
fn an_exception_in_a_handler_closes_no_socket() {
    let server = Server::start(fixture("objects"));
    let mut ann = server.web_socket("/room?name=ann");

    ann.send_text("throw");
    ann.send_text("who");

    assert_eq!(ann.next_json()["handled"], json!(2));
}

#[test]
fn an_abort_disconnects_hibernating_sockets() {
    let server = Server::start(fixture("objects"));
    let mut ann = server.web_socket("/room?name=ann");
    let mut bob = server.web_socket("/room?name=bob");

    ann.send_text("abort");

    ann.expect_disconnect();
    bob.expect_disconnect();
    assert_eq!(server.get("/keys-of-a-stub").status, 200);
}

/// In stated only: workerd on its own lets the handler go on.
#[test]
fn a_handler_that_takes_longer_than_its_object_allows_disconnects_the_sockets() {
    let server = Launch::of(Runtime::Stated, fixture("objects")).start();
    let mut ann = server.web_socket("/room?name=ann");
    let mut bob = server.web_socket("/room?name=bob");
    ann.send_text("hang");
    ann.expect_text("hanging from the next message on");

    ann.send_text("hang now");

    ann.expect_disconnect();
    bob.expect_disconnect();
    let mut again = server.web_socket("/room?name=again");
    again.send_text("who");
    assert_eq!(again.next_json()["newestFirst"], json!(["again"]));
}
