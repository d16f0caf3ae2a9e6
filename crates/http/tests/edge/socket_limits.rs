//! WebSocket peers that break the protocol or a limit, and the pressure each side can put on.

use std::time::Duration;

use stated_http::{Limits, SocketRules};
use stated_object::socket::{READ_AHEAD_BYTES, READ_AHEAD_MESSAGES, SocketMessage};
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout};

use crate::fixture::{Raw, run, run_paused};
use crate::sockets::{connected_raw, connected_raw_with, frame};

/// Reads a Close frame of the server: its code and its reason.
async fn close_frame(raw: &mut Raw) -> (u16, String) {
    let header = raw.read_exactly(2).await;
    assert_eq!(header[0], 0x88, "a Close frame");
    let payload = raw.read_exactly(usize::from(header[1])).await;
    (
        u16::from_be_bytes([payload[0], payload[1]]),
        String::from_utf8(payload[2..].to_vec()).unwrap(),
    )
}

fn error_text(code: u16, reason: &str) -> String {
    format!(
        "WebSocket protocol error; protocolError.statusCode = {code}; protocolError.description = {reason}"
    )
}

#[test]
fn violations_are_answered_with_their_code_and_told_to_the_object() {
    run(async {
        let cases: [(Vec<u8>, u16, &str); 6] = [
            (frame(0x81, &[0xC3, 0x28]), 1007, "text is not valid UTF-8"),
            (
                vec![0x81, 0x01, b'x'],
                1002,
                "frame of a client is not masked",
            ),
            (frame(0x83, b""), 1002, "Unknown opcode 3"),
            (
                frame(0xA1, b""),
                1002,
                "Received frame had RSV bits 2 or 3 set",
            ),
            (frame(0x80, b""), 1002, "Unexpected continuation frame"),
            (
                frame(0x88, &1006u16.to_be_bytes()),
                1002,
                "Close has a code that may not be sent",
            ),
        ];
        for (bytes, code, reason) in cases {
            let (_server, mut end, mut raw, _) = connected_raw(&Limits::default(), "").await;

            raw.send(bytes).await;

            let text = error_text(code, reason);
            assert_eq!(end.incoming.recv().await, Some(SocketMessage::Error(text)));
            assert_eq!(end.incoming.recv().await, None);
            assert_eq!(close_frame(&mut raw).await, (code, reason.to_owned()));
            assert_eq!(raw.rest().await, "");
        }
    });
}

#[test]
fn a_message_of_the_allowed_size_passes_and_one_byte_more_fails_with_1009() {
    run(async {
        let limits = Limits {
            socket_message_bytes_max: 100,
            ..Limits::default()
        };
        let (_server, mut end, mut raw, _) = connected_raw(&limits, "").await;

        raw.send(frame(0x82, &[1; 100])).await;
        assert!(
            matches!(end.incoming.recv().await, Some(SocketMessage::Binary(b)) if b.len() == 100)
        );
        raw.send(frame(0x82, &[1; 101])).await;

        let text = error_text(1009, "Message is too large: 101 > 100");
        assert_eq!(end.incoming.recv().await, Some(SocketMessage::Error(text)));
        assert_eq!(
            close_frame(&mut raw).await,
            (1009, "Message is too large: 101 > 100".into())
        );
    });
}

#[test]
fn large_messages_have_a_limit_of_their_own() {
    run(async {
        let limits = Limits {
            socket_message_bytes_max: 50,
            socket_large_message_bytes_max: 100,
            ..Limits::default()
        };
        let rules = SocketRules {
            large_messages: true,
            ..SocketRules::default()
        };
        let (_server, mut end, mut raw, _) = connected_raw_with(&limits, rules, "").await;

        raw.send(frame(0x82, &[1; 100])).await;
        assert!(
            matches!(end.incoming.recv().await, Some(SocketMessage::Binary(b)) if b.len() == 100)
        );
        raw.send(frame(0x82, &[1; 101])).await;

        let text = error_text(1009, "Message is too large: 101 > 100");
        assert_eq!(end.incoming.recv().await, Some(SocketMessage::Error(text)));
    });
}

#[test]
fn compression_is_not_agreed_on_where_the_program_wants_none() {
    run(async {
        let rules = SocketRules {
            compression: false,
            ..SocketRules::default()
        };
        let offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

        let (_server, mut end, mut raw, head) =
            connected_raw_with(&Limits::default(), rules, offer).await;

        assert!(!head.contains("extensions"), "{head}");
        raw.send(frame(0xC1, b"x")).await;
        let error = end.incoming.recv().await;
        assert!(
            matches!(&error, Some(SocketMessage::Error(text)) if text.contains("was not negotiated")),
            "{error:?}"
        );
    });
}

#[test]
fn a_small_frame_that_inflates_beyond_the_limit_fails_with_1009() {
    run(async {
        let limits = Limits {
            socket_message_bytes_max: 1000,
            ..Limits::default()
        };
        let offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
        // 1001 times the letter a.
        let bomb = [
            0x4a, 0x4c, 0x1c, 0x05, 0xa3, 0x60, 0x14, 0x0c, 0x7b, 0x00, 0x00,
        ];
        let (_server, mut end, mut raw, _) = connected_raw(&limits, offer).await;

        raw.send(frame(0xC1, &bomb)).await;

        let text = error_text(1009, "Message is too large: 1001 > 1000");
        assert_eq!(end.incoming.recv().await, Some(SocketMessage::Error(text)));
        assert_eq!(
            close_frame(&mut raw).await,
            (1009, "Message is too large: 1001 > 1000".into())
        );
    });
}

/// Sends the message again and again until the peer takes no more; gives the number of whole ones,
/// and the connection with what was left of the last.
async fn send_until_stuck(mut raw: Raw, message: Vec<u8>) -> (usize, Raw, Vec<u8>) {
    for count in 0.. {
        let mut left = &message[..];
        while !left.is_empty() {
            match timeout(Duration::from_millis(1), raw.0.write(left)).await {
                Ok(written) => left = &left[written.unwrap()..],
                Err(_) => return (count, raw, left.to_vec()),
            }
        }
    }
    unreachable!("a peer takes no more at some time")
}

#[test]
fn an_object_that_does_not_read_holds_the_peer_back() {
    run_paused(async {
        let (_server, mut end, raw, _) = connected_raw(&Limits::default(), "").await;
        let message = [&[0x82, 0xFE, 0x20, 0x00, 0, 0, 0, 0][..], &vec![0; 0x2000]].concat();

        let (sent, _raw, _) = send_until_stuck(raw, message).await;
        tokio::time::resume();

        assert_eq!(end.incoming.len(), READ_AHEAD_MESSAGES);
        for _ in 0..sent {
            assert!(
                matches!(end.incoming.recv().await, Some(SocketMessage::Binary(b)) if b.len() == 0x2000)
            );
        }
    });
}

#[test]
fn large_messages_take_the_room_of_many() {
    run_paused(async {
        let (_server, mut end, raw, _) = connected_raw(&Limits::default(), "").await;
        let header = [0x82, 0xFF, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0];
        let message = [&header[..], &vec![0; READ_AHEAD_BYTES]].concat();

        let (sent, mut raw, left) = send_until_stuck(raw, message).await;
        tokio::time::resume();

        assert_eq!(end.incoming.len(), 1);
        let rest = tokio::task::spawn_local(async move { raw.send(left).await });
        for _ in 0..=sent {
            assert!(
                matches!(end.incoming.recv().await, Some(SocketMessage::Binary(b)) if b.len() == READ_AHEAD_BYTES)
            );
        }
        rest.await.unwrap();
    });
}

#[test]
fn a_peer_that_stops_reading_holds_the_object_back_and_is_cut_in_time() {
    run_paused(async {
        let limits = Limits {
            socket_stall_timeout: Duration::from_secs(6),
            ..Limits::default()
        };
        let (_server, end, mut raw, _) = connected_raw(&limits, "").await;
        let start = Instant::now();
        let chunk = bytes::Bytes::from(vec![0; 64 * 1024]);

        let mut sent = 0;
        while end
            .outgoing
            .send(SocketMessage::Binary(chunk.clone()))
            .await
            .is_ok()
        {
            sent += 1;
        }

        assert!(sent < 1024, "{sent} messages were taken");
        assert!(start.elapsed() >= Duration::from_secs(6));
        assert!(raw.was_reset().await);
    });
}

#[test]
fn a_peer_that_does_not_finish_its_message_is_closed_with_1008() {
    let half_a_frame = frame(0x82, &[1; 100])[..50].to_vec();
    let half_a_message = frame(0x02, &[1; 100]);
    for half in [half_a_frame, half_a_message] {
        run_paused(async {
            let limits = Limits {
                socket_message_timeout: Duration::from_secs(7),
                ..Limits::default()
            };
            let (_server, mut end, mut raw, _) = connected_raw(&limits, "").await;
            tokio::time::advance(Duration::from_secs(60)).await;
            raw.send(frame(0x81, b"silence between messages is allowed"))
                .await;
            end.incoming.recv().await.unwrap();
            let start = Instant::now();
            raw.send(half).await;

            let text = error_text(1008, "message was not finished in time");
            assert_eq!(end.incoming.recv().await, Some(SocketMessage::Error(text)));
            assert_eq!(start.elapsed().as_secs(), 7);
            assert_eq!(
                close_frame(&mut raw).await,
                (1008, "message was not finished in time".into())
            );
        });
    }
}

#[test]
fn a_flood_of_pings_is_answered_with_few_pongs_and_no_growing_buffer() {
    run_paused(async {
        let (_server, mut end, mut raw, _) = connected_raw(&Limits::default(), "").await;
        let pings = frame(0x89, &[b'p'; 125]).repeat(1000);
        for _ in 0..200 {
            // The peer reads no pong; when its own window is full, so is ours.
            if timeout(Duration::from_millis(1), raw.0.write_all(&pings))
                .await
                .is_err()
            {
                break;
            }
        }
        raw.0.shutdown().await.unwrap();

        assert_eq!(end.incoming.recv().await, None);
    });
}

#[test]
fn both_directions_move_at_once() {
    run(async {
        let (_server, mut end, raw, _) = connected_raw(&Limits::default(), "").await;
        let total = 4000;
        let (mut reader, mut writer) = raw.0.into_split();
        let from_object = async {
            for _ in 0..total {
                end.outgoing
                    .send(SocketMessage::Text("down".into()))
                    .await
                    .unwrap();
            }
        };
        let to_object = async {
            for _ in 0..total {
                writer.write_all(&frame(0x81, b"up")).await.unwrap();
            }
        };
        let at_object = async {
            for _ in 0..total {
                assert_eq!(
                    end.incoming.recv().await,
                    Some(SocketMessage::Text("up".into()))
                );
            }
        };
        let at_peer = async {
            let mut frame = [0; 6];
            for _ in 0..total {
                tokio::io::AsyncReadExt::read_exact(&mut reader, &mut frame)
                    .await
                    .unwrap();
                assert_eq!(&frame, b"\x81\x04down");
            }
        };

        tokio::join!(from_object, to_object, at_object, at_peer);
    });
}
