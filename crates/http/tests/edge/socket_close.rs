//! How WebSockets end: Close both ways, its absence, and what the other side hears.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use stated_http::Limits;
use stated_object::socket::SocketMessage;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::fixture::{run, run_paused};
use crate::sockets::{connected, connected_raw, frame};

fn close(code: u16, reason: &str) -> SocketMessage {
    SocketMessage::Close {
        code: Some(code),
        reason: reason.into(),
    }
}

fn close_frame(code: u16, reason: &str) -> Message {
    Message::Close(Some(CloseFrame {
        code: CloseCode::from(code),
        reason: reason.to_owned().into(),
    }))
}

#[test]
fn the_objects_close_is_answered_and_ends_the_connection() {
    run(async {
        let (_server, mut end, mut peer) = connected(&Limits::default()).await;

        end.outgoing.send(close(4001, "bye")).await.unwrap();

        assert_eq!(
            peer.next().await.unwrap().unwrap(),
            close_frame(4001, "bye")
        );
        assert!(peer.next().await.is_none());
        assert_eq!(end.incoming.recv().await, Some(close(4001, "bye")));
        assert_eq!(end.incoming.recv().await, None);
    });
}

#[test]
fn the_peers_close_is_answered_by_the_object() {
    run(async {
        let (_server, mut end, mut peer) = connected(&Limits::default()).await;

        peer.send(close_frame(3000, "done")).await.unwrap();
        assert_eq!(end.incoming.recv().await, Some(close(3000, "done")));
        end.outgoing.send(close(3000, "done")).await.unwrap();

        assert_eq!(
            peer.next().await.unwrap().unwrap(),
            close_frame(3000, "done")
        );
        assert!(peer.next().await.is_none());
    });
}

#[test]
fn the_object_may_still_send_after_the_peers_close() {
    run(async {
        let (_server, mut end, mut raw, _) = connected_raw(&Limits::default(), "").await;
        raw.send(frame(0x88, &1000u16.to_be_bytes())).await;
        assert_eq!(end.incoming.recv().await, Some(close(1000, "")));

        end.outgoing
            .send(SocketMessage::Text("late".into()))
            .await
            .unwrap();
        end.outgoing.send(close(1001, "")).await.unwrap();

        assert_eq!(raw.read_exactly(6).await, b"\x81\x04late");
        assert_eq!(raw.read_exactly(4).await, [0x88, 2, 0x03, 0xE9]);
        drop(raw);
        assert_eq!(end.incoming.recv().await, None);
    });
}

#[test]
fn the_peer_may_still_send_after_the_objects_close() {
    run(async {
        let (_server, mut end, mut raw, _) = connected_raw(&Limits::default(), "").await;
        end.outgoing.send(close(1000, "")).await.unwrap();
        assert_eq!(raw.read_exactly(4).await, [0x88, 2, 0x03, 0xE8]);

        raw.send(frame(0x81, b"late")).await;
        raw.send(frame(0x88, &1000u16.to_be_bytes())).await;

        assert_eq!(
            end.incoming.recv().await,
            Some(SocketMessage::Text("late".into()))
        );
        assert_eq!(end.incoming.recv().await, Some(close(1000, "")));
    });
}

#[test]
fn a_close_without_code_stays_without_code() {
    run(async {
        let (_server, mut end, mut raw, _) = connected_raw(&Limits::default(), "").await;
        let empty = SocketMessage::Close {
            code: None,
            reason: String::new(),
        };

        raw.send(frame(0x88, b"")).await;
        assert_eq!(end.incoming.recv().await, Some(empty.clone()));
        end.outgoing.send(empty).await.unwrap();

        assert_eq!(raw.read_exactly(2).await, [0x88, 0]);
    });
}

#[test]
fn an_end_that_is_dropped_breaks_the_connection_without_close() {
    run(async {
        let (_server, end, mut raw, _) = connected_raw(&Limits::default(), "").await;

        drop(end);

        assert_eq!(raw.rest().await, "");
    });
}

#[test]
fn a_peer_that_disappears_just_ends_the_queue() {
    run(async {
        let (_server, mut end, mut raw, _) = connected_raw(&Limits::default(), "").await;
        raw.send(frame(0x81, b"last")).await;

        drop(raw);

        assert_eq!(
            end.incoming.recv().await,
            Some(SocketMessage::Text("last".into()))
        );
        assert_eq!(end.incoming.recv().await, None);
        assert!(end.outgoing.is_closed());
    });
}

#[test]
fn a_peer_that_never_answers_close_is_dropped_in_time() {
    run_paused(async {
        let limits = Limits {
            socket_close_timeout: Duration::from_secs(4),
            ..Limits::default()
        };
        let (_server, mut end, mut raw, _) = connected_raw(&limits, "").await;
        let start = Instant::now();
        end.outgoing.send(close(1000, "")).await.unwrap();

        assert_eq!(end.incoming.recv().await, None);

        assert_eq!(start.elapsed().as_secs(), 4);
        assert_eq!(raw.read_exactly(4).await, [0x88, 2, 0x03, 0xE8]);
    });
}

#[test]
fn a_shutdown_closes_websockets_with_the_given_code() {
    run(async {
        let (server, _end, mut peer) = connected(&Limits::default()).await;

        server.stop.begin(1012, "restarting");

        assert_eq!(
            peer.next().await.unwrap().unwrap(),
            close_frame(1012, "restarting")
        );
        assert!(peer.next().await.is_none());
        assert_eq!(server.ended.await.unwrap().cut_count, 0);
    });
}
