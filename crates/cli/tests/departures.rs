//! `request.signal`: what a program learns of clients that leave before they have the whole response.
//!
//! Tests say how a client ended its connection: closing the sending side is enough for stated; workerd, without
//! Cloudflare's network before it, waits for a reset.

use std::net::Shutdown;

use stated_testkit::{Connection, Launch, Runtime, Server, fixture};

fn server() -> Server {
    Launch::of(Runtime::Stated, fixture("departures")).start()
}

/// Sends a request and waits until its handler says that it has begun.
#[track_caller]
fn begin(server: &Server, path: &str, says: &str) -> Connection {
    let mut connection = server.http().connect();
    connection.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
    server.wait_for_output(&format!("{says} begins"));
    connection
}

const LEFT: &str = "AbortError: The client has disconnected";

/// How often the output has a text.
fn count(server: &Server, text: &str) -> usize {
    server.output().stdout().matches(text).count() + server.output().stderr().matches(text).count()
}

#[test]
fn a_client_that_closes_its_connection_aborts_the_signal() {
    let server = server();

    drop(begin(&server, "/wait", "wait"));

    server.wait_for_output(&format!("wait: {LEFT}"));
}

#[test]
fn a_client_that_only_stops_sending_has_left() {
    let server = server();

    let connection = begin(&server, "/wait", "wait");
    connection
        .sender()
        .shutdown(Shutdown::Write)
        .expect("the connection is open");

    server.wait_for_output(&format!("wait: {LEFT}"));
}

#[test]
fn a_client_that_resets_its_connection_aborts_the_signal() {
    let server = server();

    let connection = begin(&server, "/wait", "wait");
    connection.reset();

    server.wait_for_output(&format!("wait: {LEFT}"));
}

#[test]
fn a_handler_ends_with_its_client_and_what_it_gave_to_wait_until_goes_on() {
    let server = server();
    drop(begin(&server, "/wait/both", "wait"));
    drop(begin(&server, "/waitUntil/both", "waitUntil"));
    server.wait_for_output(&format!("wait: {LEFT}"));
    server.wait_for_output(&format!("waitUntil: {LEFT}"));

    server.get("/open/both");

    server.wait_for_output("waitUntil goes on, aborted true");
    assert_eq!(count(&server, "wait goes on"), 0);
}

#[test]
fn a_signal_that_is_looked_at_later_says_that_the_client_has_left() {
    let server = server();
    drop(begin(&server, "/wait/late", "wait"));
    drop(begin(&server, "/late", "late"));
    server.wait_for_output(&format!("wait: {LEFT}"));

    server.get("/open/late");

    server.wait_for_output("late goes on, aborted true");
}

#[test]
fn a_client_that_leaves_in_the_middle_of_a_response_aborts_the_signal() {
    let server = server();

    drop(begin(&server, "/endless", "endless"));
    server.wait_for_output(&format!("endless: {LEFT}"));
    server.wait_for_output("endless is cancelled");

    // Nothing has to be written for it.
    drop(begin(&server, "/silent", "silent"));
    server.wait_for_output(&format!("silent: {LEFT}"));
}

/// Sends the beginning of a body and waits until its handler has begun.
fn begin_upload(server: &Server, name: &str) -> Connection {
    let mut connection = server.http().connect();
    let head = format!("POST /upload/{name} HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n");
    connection.send(head.as_bytes());
    connection.send(b"some");
    server.wait_for_output("upload begins");
    connection
}

#[test]
fn a_client_that_resets_its_connection_in_the_middle_of_its_body_aborts_the_signal() {
    let server = server();

    begin_upload(&server, "reset").reset();

    server.wait_for_output(&format!("upload: {LEFT}"));
    server.wait_for_output(
        "upload: TypeError: Can't read from request stream because client disconnected.",
    );
    server.get("/open/reset");
    server.wait_for_output("upload goes on, aborted true");
}

#[test]
fn a_client_that_closes_its_connection_in_the_middle_of_its_body_only_breaks_the_body() {
    let server = server();

    drop(begin_upload(&server, "close"));

    server.wait_for_output("upload: Error: Network connection lost.");
    server.get("/open/close");
    server.wait_for_output("upload goes on, aborted false");
}

#[test]
fn a_client_that_has_everything_may_leave() {
    for kind in ["complete", "completeStream"] {
        let server = server();
        let mut connection = begin(&server, &format!("/{kind}"), kind);
        assert_eq!(
            connection.read_response("GET").status_and_text(),
            (200, "complete")
        );
        drop(connection);
        // By the time this client is missed, that one's end has been noticed as well.
        drop(begin(&server, "/wait/other", "wait"));
        server.wait_for_output(&format!("wait: {LEFT}"));

        server.get(&format!("/open/{kind}"));

        server.wait_for_output(&format!("{kind} goes on, aborted false"));
        assert_eq!(count(&server, &format!("{kind}: ")), 0);
    }
}

#[test]
fn a_client_that_stays_for_its_next_request_has_not_left() {
    let server = server();
    let mut connection = begin(&server, "/complete", "complete");
    connection.read_response("GET");

    let opened = connection.request("GET", "/open/complete", &[], b"");

    assert_eq!(opened.text(), "open");
    server.wait_for_output("complete goes on, aborted false");
}

#[test]
fn an_object_learns_of_a_client_on_whichever_thread_it_is() {
    let server = server();
    // Names enough that their objects are on all threads.
    for name in 0..8 {
        let object = format!("object /object/{name}");
        drop(begin(&server, &format!("/object/{name}"), &object));
        server.wait_for_output(&format!("{object}: {LEFT}"));

        // Its handler goes on, unlike one that has no object.
        server.get(&format!("/open/{name}"));
        server.wait_for_output(&format!("{object} goes on, aborted true"));
    }
}
