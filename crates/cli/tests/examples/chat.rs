//! The WebSocket examples.

use serde_json::{Value, json};
use stated_testkit::{Server, WebSocketClient, example};

#[test]
fn a_chat_room_passes_messages_to_all_others() {
    let server = Server::start(example("chat-room"));
    let mut ann = server.web_socket("/lobby");
    let mut bob = server.web_socket("/lobby");
    let mut cid = server.web_socket("/kitchen");

    ann.send_text("hello");
    bob.expect_text("hello");
    bob.send_text("hi ann");
    // Had the room sent Ann her own message too, it would arrive before Bob's.
    ann.expect_text("hi ann");

    let mut dan = server.web_socket("/kitchen");
    dan.send_text("anyone?");
    cid.expect_text("anyone?");
    assert_eq!(
        server.get("/lobby").status_and_text(),
        (400, "Expected WebSocket")
    );
}

#[test]
fn a_client_that_leaves_a_chat_room_gets_no_more_messages() {
    let server = Server::start(example("chat-room"));
    let mut ann = server.web_socket("/lobby");
    let mut bob = server.web_socket("/lobby");
    let mut cid = server.web_socket("/lobby");

    bob.close(1000, "bye");
    bob.expect_close(1000, "bye");

    ann.send_text("still here?");
    cid.expect_text("still here?");
}

#[test]
fn the_echo_room_passes_messages_to_everybody() {
    let server = Server::start(example("chat-room-echo"));
    let mut ann = server.web_socket("/lobby");
    let mut bob = server.web_socket("/lobby");

    ann.send_text("hello");
    ann.expect_text("hello");
    bob.expect_text("hello");
    // From 2026-03-17 a binary message is a Blob, which send() turns into its name.
    bob.send_binary(&[0, 255, 7]);
    ann.expect_text("[object Blob]");
    bob.expect_text("[object Blob]");
}

#[test]
fn the_room_with_history_announces_who_joins_and_leaves() {
    let server = Server::start(example("chat-room-hibernation"));

    let mut ann = server.web_socket("/rooms/lobby/websocket?user=ann");
    expect_notice(&mut ann, "join", "ann");
    assert_eq!(
        ann.next_json(),
        json!({ "type": "history", "messages": [] })
    );
    let mut bob = server.web_socket("/rooms/lobby/websocket?user=bob");
    expect_notice(&mut ann, "join", "bob");
    expect_notice(&mut bob, "join", "bob");
    assert_eq!(
        bob.next_json(),
        json!({ "type": "history", "messages": [] })
    );

    // The closing socket is still in getWebSockets(), so Bob reads of his own leaving.
    bob.close(1000, "bye");
    expect_notice(&mut ann, "leave", "bob");
    expect_notice(&mut bob, "leave", "bob");
}

#[test]
fn the_room_with_history_keeps_its_messages_over_a_crash() {
    let server = Server::start(example("chat-room-hibernation"));
    assert_eq!(server.get("/rooms/lobby/history").text(), "[]");
    let mut ann = server.web_socket("/rooms/lobby/websocket?user=ann");
    expect_notice(&mut ann, "join", "ann");
    ann.next_json();

    ann.send_text("this is not JSON and is dropped");
    ann.send_text(r#"{"type":"message","content":"hello"}"#);
    let message = ann.next_json();

    assert_eq!(
        without_timestamp(&message),
        json!({ "type": "message", "user": "ann", "content": "hello" })
    );
    assert_eq!(server.get("/rooms/lobby/history").json(), json!([message]));

    let server = server.kill_and_restart();
    ann.expect_disconnect();

    assert_eq!(server.get("/rooms/lobby/history").json(), json!([message]));
    let mut bob = server.web_socket("/rooms/lobby/websocket?user=bob");
    expect_notice(&mut bob, "join", "bob");
    assert_eq!(
        bob.next_json(),
        json!({ "type": "history", "messages": [message] })
    );
}

#[test]
fn a_request_that_is_no_upgrade_is_told_to_upgrade() {
    let server = Server::start(example("chat-room-hibernation"));

    let response = server.get("/rooms/lobby/websocket");

    assert_eq!(response.status_and_text(), (426, "Expected WebSocket"));
}

#[test]
fn the_hibernating_room_sends_to_everybody_and_reads_the_tag() {
    let server = Server::start(example("hibernating-room"));
    let mut ann = server.web_socket("/lobby");
    let mut bob = server.web_socket("/lobby");

    ann.send_text("hello");

    ann.expect_text("hello");
    bob.expect_text("hello");
    let line = server.wait_for_output("Message from:");
    assert!(line.contains("user-123"), "{line}");
    assert_eq!(server.get("/lobby").status_and_text(), (404, "Not found"));
}

#[test]
fn the_hibernating_room_goes_on_when_a_client_leaves() {
    let server = Server::start(example("hibernating-room"));
    let mut ann = server.web_socket("/lobby");
    let mut bob = server.web_socket("/lobby");
    let mut cid = server.web_socket("/lobby");

    ann.close(3001, "done");
    bob.send_text("still here?");

    bob.expect_text("still here?");
    cid.expect_text("still here?");
}

#[test]
fn an_edit_reaches_all_editors_and_the_storage() {
    let server = Server::start(example("collaborative-document"));
    assert_eq!(server.get("/notes").status_and_text(), (200, "{}"));
    let mut ann = server.web_socket("/notes");
    let mut bob = server.web_socket("/notes");

    ann.send_text(r#"{ "content": "draft 1" }"#);

    ann.expect_text(r#"{"content":"draft 1"}"#);
    bob.expect_text(r#"{"content":"draft 1"}"#);
    assert_eq!(server.get("/notes").text(), r#"{"content":"draft 1"}"#);

    let server = server.kill_and_restart();

    assert_eq!(server.get("/notes").text(), r#"{"content":"draft 1"}"#);
}

#[track_caller]
fn expect_notice(client: &mut WebSocketClient, kind: &str, user: &str) {
    let notice = client.next_json();
    assert_eq!(
        without_timestamp(&notice),
        json!({ "type": kind, "user": user })
    );
}

/// Removes the time, which must be there and be a number.
#[track_caller]
fn without_timestamp(message: &Value) -> Value {
    let mut message = message.clone();
    let timestamp = message
        .as_object_mut()
        .and_then(|fields| fields.remove("timestamp"));
    assert!(
        timestamp.is_some_and(|timestamp| timestamp.is_u64()),
        "{message}"
    );
    message
}
