//! Peers that do not read, do not finish, or are a library.

use stated_testkit::{Launch, Runtime, Server, WebSocketClient, fixture};

use crate::raw::{BINARY, CLOSE, FIN, Frame, Raw, TEXT, frame};

fn server() -> Server {
    Launch::of(Runtime::Stated, fixture("sockets")).start()
}

#[test]
fn a_peer_that_does_not_read_is_closed_with_1013_and_a_log_line() {
    let server = server();
    let mut peer = Raw::connect(&server, "/slow");

    peer.send(&frame(FIN | TEXT, b"flood 100"));
    server.wait_for_output("WebSocket peer does not read; connection closed with 1013");
    server.wait_for_output("close 1006 false WebSocket disconnected without sending Close frame.");

    // Whatever was on its way arrives whole, then the reason.
    let mut messages = 0;
    let close = loop {
        let frame = peer.receive();
        if frame.first == FIN | CLOSE {
            break frame;
        }
        assert_eq!((frame.first, frame.payload.len()), (FIN | BINARY, 1 << 20));
        messages += 1;
    };
    assert!(messages < 70, "{messages}");
    assert_eq!(
        close,
        Frame::close(1013, "too many messages wait to be read")
    );
    // The object goes on without it.
    let mut other = server.web_socket("/slow");
    other.send_text("state");
    assert_eq!(other.next_json()["sockets"], 1);
}

#[test]
fn a_peer_that_reads_slowly_gets_everything() {
    let server = server();
    let mut peer = Raw::connect(&server, "/patient");

    peer.send(&frame(FIN | TEXT, b"flood 50"));
    server.wait_for_output("flooded");

    for _ in 0..50 {
        assert_eq!(peer.receive().payload.len(), 1 << 20);
    }
    peer.send(&frame(FIN | TEXT, b"after"));
    assert_eq!(peer.receive(), Frame::new(FIN | TEXT, "after"));
}

#[test]
fn half_a_frame_delays_nobody_else_and_is_lost_with_its_connection() {
    let server = server();
    let mut half = Raw::connect(&server, "/half");
    let whole = frame(FIN | BINARY, &[1; 1000]);
    half.send(&whole[..500]);

    let mut other = server.web_socket("/half");
    other.send_text("hello");
    other.expect_text("hello");
    half.send(&whole[500..]);
    assert_eq!(half.receive().payload, [1; 1000]);

    half.send(&whole[..500]);
    drop(half);
    server.wait_for_output("close 1006 false WebSocket disconnected without sending Close frame.");
}

#[test]
fn a_client_library_talks_to_an_object() {
    let server = server();
    let mut client = server.web_socket("/library?tag=a&tag=b");

    client.send_text("h\u{e9}llo");
    client.expect_text("h\u{e9}llo");
    client.send_binary(&[0, 255]);
    assert_eq!(client.next_binary(), [0, 255]);
    client.send_text("ping");
    client.expect_text("pong");
    client.send_text("state");
    let state = client.next_json();
    assert_eq!(state["tags"], serde_json::json!(["a", "b"]));
    assert_eq!(state["received"], 3, "an auto-response is no event");
    assert!(state["answered"].is_number());

    client.close(4000, "bye");
    client.expect_close(4000, "bye");
    server.wait_for_output("close 4000 true bye");
}

#[test]
fn an_object_closes_and_the_answer_ends_the_connection() {
    let server = server();
    let mut client = server.web_socket("/close");

    client.send_text("close 4001 enough of this");

    client.expect_close(4001, "enough of this");
    client.expect_disconnect();
    server.wait_for_output("close 4001 true enough of this");
}

#[test]
fn a_broadcast_reaches_everybody_once_and_in_order() {
    let server = server();
    let mut clients: Vec<WebSocketClient> = (0..20).map(|_| server.web_socket("/all")).collect();

    for text in ["all one", "all two", "all three"] {
        clients[0].send_text(text);
    }

    for client in &mut clients {
        for expected in ["one", "two", "three"] {
            client.expect_text(expected);
        }
    }
}
