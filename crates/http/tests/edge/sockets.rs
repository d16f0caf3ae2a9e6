//! WebSocket conversations with an independent client, and the frames it cannot make.

use futures_util::{SinkExt, StreamExt};
use http::{HeaderValue, StatusCode};
use stated_object::message::{Body, FetchRequest, FetchResponse};
use stated_object::socket::{SocketEnd, SocketMessage, socket_pair};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::fixture::{Raw, Server, run, text};
use stated_http::{Handler, Limits, SocketRules};

pub(crate) type Tungstenite = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(crate) fn accepting(theirs: SocketEnd) -> FetchResponse {
    let mut response = FetchResponse::text(StatusCode::SWITCHING_PROTOCOLS, "");
    response.body = Body::None;
    response.socket = Some(theirs);
    response
}

/// A server that hands the object's end of every WebSocket to the test.
pub(crate) fn sockets(limits: &Limits) -> (Server, mpsc::Receiver<SocketEnd>) {
    sockets_with(limits, SocketRules::default())
}

/// The same with other rules.
pub(crate) fn sockets_with(
    limits: &Limits,
    rules: SocketRules,
) -> (Server, mpsc::Receiver<SocketEnd>) {
    let (sender, receiver) = mpsc::channel(8);
    let server = Server::with_limits(limits, Accepting { sender, rules });
    (server, receiver)
}

struct Accepting {
    sender: mpsc::Sender<SocketEnd>,
    rules: SocketRules,
}

impl Handler for Accepting {
    async fn handle(&self, _: FetchRequest) -> FetchResponse {
        let (ours, theirs) = socket_pair();
        self.sender.send(ours).await.unwrap();
        accepting(theirs)
    }

    fn socket_rules(&self) -> SocketRules {
        self.rules
    }
}

pub(crate) async fn connected(limits: &Limits) -> (Server, SocketEnd, Tungstenite) {
    let (server, mut ends) = sockets(limits);
    let (peer, _) = tokio_tungstenite::connect_async(format!("ws://{}/", server.address))
        .await
        .unwrap();
    let end = ends.recv().await.unwrap();
    (server, end, peer)
}

pub(crate) const HANDSHAKE: &str = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// The same with a peer that writes and reads bytes; `fields` end with a line end each.
pub(crate) async fn connected_raw(
    limits: &Limits,
    fields: &str,
) -> (Server, SocketEnd, Raw, String) {
    connected_raw_with(limits, SocketRules::default(), fields).await
}

/// The same with other rules.
pub(crate) async fn connected_raw_with(
    limits: &Limits,
    rules: SocketRules,
    fields: &str,
) -> (Server, SocketEnd, Raw, String) {
    let (server, mut ends) = sockets_with(limits, rules);
    let mut raw = server.connect().await;
    raw.send(format!("{HANDSHAKE}{fields}\r\n")).await;
    let head = raw.read_to("\r\n\r\n").await.to_lowercase();
    let end = ends.recv().await.unwrap();
    (server, end, raw, head)
}

/// A frame of a client whose mask changes nothing.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    assert!(payload.len() < 126);
    [&[first, 0x80 | payload.len() as u8, 0, 0, 0, 0], payload].concat()
}

#[test]
fn messages_travel_both_ways() {
    run(async {
        let (_server, mut end, mut peer) = connected(&Limits::default()).await;

        peer.send(Message::text("h\u{e9}llo")).await.unwrap();
        peer.send(Message::binary(vec![0, 255])).await.unwrap();
        assert_eq!(
            end.incoming.recv().await,
            Some(SocketMessage::Text("h\u{e9}llo".into()))
        );
        assert_eq!(
            end.incoming.recv().await,
            Some(SocketMessage::Binary(Bytes::from_static(&[0, 255])))
        );

        end.outgoing
            .send(SocketMessage::Text("w\u{f6}rld".into()))
            .await
            .unwrap();
        end.outgoing
            .send(SocketMessage::Binary(Bytes::from_static(&[7])))
            .await
            .unwrap();
        assert_eq!(
            peer.next().await.unwrap().unwrap(),
            Message::text("w\u{f6}rld")
        );
        assert_eq!(
            peer.next().await.unwrap().unwrap(),
            Message::binary(vec![7])
        );
    });
}

#[test]
fn large_messages_travel_both_ways() {
    run(async {
        let (_server, mut end, mut peer) = connected(&Limits::default()).await;
        let large = Bytes::from((0..5_000_000u32).map(|n| n as u8).collect::<Vec<_>>());

        let (sent, got) = tokio::join!(
            peer.send(Message::Binary(large.clone())),
            end.incoming.recv()
        );
        sent.unwrap();
        assert!(got == Some(SocketMessage::Binary(large.clone())));

        end.outgoing
            .send(SocketMessage::Binary(large.clone()))
            .await
            .unwrap();
        assert!(peer.next().await.unwrap().unwrap() == Message::Binary(large));
    });
}

#[test]
fn a_ping_is_answered_without_the_object() {
    run(async {
        let (_server, mut end, mut peer) = connected(&Limits::default()).await;

        peer.send(Message::Ping(Bytes::from_static(b"p")))
            .await
            .unwrap();
        assert_eq!(
            peer.next().await.unwrap().unwrap(),
            Message::Pong(Bytes::from_static(b"p"))
        );

        peer.send(Message::text("after")).await.unwrap();
        assert_eq!(
            end.incoming.recv().await,
            Some(SocketMessage::Text("after".into()))
        );
    });
}

#[test]
fn bytes_that_come_with_the_handshake_are_not_lost() {
    run(async {
        let (server, mut ends) = sockets(&Limits::default());
        let mut raw = server.connect().await;
        let bytes = [
            format!("{HANDSHAKE}\r\n").as_bytes(),
            &frame(0x81, b"early"),
        ]
        .concat();

        raw.send(bytes).await;

        let mut end = ends.recv().await.unwrap();
        assert_eq!(
            end.incoming.recv().await,
            Some(SocketMessage::Text("early".into()))
        );
    });
}

#[test]
fn a_fragmented_message_arrives_whole_with_a_ping_in_its_middle() {
    run(async {
        let (_server, mut end, mut raw, _) = connected_raw(&Limits::default(), "").await;

        for part in [
            frame(0x01, b"one "),
            frame(0x89, b"?"),
            frame(0x00, b"mess"),
            frame(0x80, b"age"),
        ] {
            raw.send(part).await;
        }

        assert_eq!(
            end.incoming.recv().await,
            Some(SocketMessage::Text("one message".into()))
        );
        assert_eq!(raw.read_exactly(3).await, [0x8A, 1, b'?']);
    });
}

#[test]
fn compression_is_used_where_the_client_offers_it() {
    run(async {
        let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
        let (_server, mut end, mut raw, head) = connected_raw(&Limits::default(), offer).await;
        assert!(head.contains(
            "sec-websocket-extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n"
        ));

        // "Hello", from RFC 7692, 7.2.3.1.
        raw.send(frame(0xC1, &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]))
            .await;
        assert_eq!(
            end.incoming.recv().await,
            Some(SocketMessage::Text("Hello".into()))
        );

        end.outgoing
            .send(SocketMessage::Text("x".repeat(10_000)))
            .await
            .unwrap();
        let header = raw.read_exactly(2).await;
        assert_eq!(header[0], 0xC1);
        assert!(
            header[1] < 126,
            "10000 equal letters take {} bytes",
            header[1]
        );
    });
}

#[test]
fn without_an_offer_nothing_is_compressed() {
    run(async {
        let (_server, end, mut raw, head) = connected_raw(&Limits::default(), "").await;
        assert!(!head.contains("sec-websocket-extensions"));

        end.outgoing
            .send(SocketMessage::Text("x".repeat(10_000)))
            .await
            .unwrap();

        assert_eq!(raw.read_exactly(4).await, [0x81, 126, 0x27, 0x10]);
    });
}

#[test]
fn the_protocol_a_handler_chooses_reaches_the_client() {
    run(async {
        let server = Server::start(|_| async {
            let (ours, theirs) = socket_pair();
            tokio::task::spawn_local(async move {
                let mut ours = ours;
                while ours.incoming.recv().await.is_some() {}
            });
            let mut response = accepting(theirs);
            response.headers.insert(
                "sec-websocket-protocol",
                HeaderValue::from_static("chat.v2"),
            );
            response
                .headers
                .insert("x-mine", HeaderValue::from_static("kept"));
            response
        });
        let mut request = format!("ws://{}/", server.address)
            .into_client_request()
            .unwrap();
        request.headers_mut().insert(
            "sec-websocket-protocol",
            HeaderValue::from_static("chat.v1, chat.v2"),
        );

        let (_, response) = tokio_tungstenite::connect_async(request).await.unwrap();

        assert_eq!(response.headers()["sec-websocket-protocol"], "chat.v2");
        assert_eq!(response.headers()["x-mine"], "kept");
    });
}

#[test]
fn a_socket_for_a_request_that_cannot_have_one_becomes_an_error() {
    run(async {
        let (server, mut ends) = sockets(&Limits::default());
        let version = HANDSHAKE.replace("Version: 13", "Version: 8");
        let keyless = HANDSHAKE.replace("Sec-WebSocket-Key", "X");
        let cases = [
            (
                "GET / HTTP/1.1\r\nHost: a\r\n",
                426,
                "this endpoint needs a WebSocket: send `Upgrade: websocket`",
            ),
            (&version, 426, "Sec-WebSocket-Version must be 13"),
            (
                &keyless,
                400,
                "Sec-WebSocket-Key must be 16 bytes in base64",
            ),
        ];
        for (head, status, text) in cases {
            let mut raw = server.connect().await;
            raw.send(format!("{head}\r\n")).await;

            let (got, _, body) = raw.response().await;

            assert_eq!((got, body.as_str()), (status, text));
            let mut end = ends.recv().await.unwrap();
            assert_eq!(
                end.incoming.recv().await,
                None,
                "the object sees a disconnect"
            );
        }
    });
}

#[test]
fn an_upgrade_that_no_handler_accepts_is_an_ordinary_request() {
    run(async {
        let server = Server::start(|_: FetchRequest| async { text("plain") });
        let mut raw = server.connect().await;

        raw.send(format!("{HANDSHAKE}\r\n")).await;
        assert_eq!(raw.response().await.2, "plain");

        raw.get("/").await;
        assert_eq!(raw.response().await.2, "plain");
    });
}
