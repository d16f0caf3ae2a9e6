//! Outgoing WebSockets.

use futures_util::{SinkExt, StreamExt};
use http::{HeaderValue, StatusCode};
use stated_http::{Client, Limits, RedirectMode, SocketRules, Trust};
use stated_object::message::FetchResponse;
use stated_object::socket::SocketMessage;
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;

use crate::fixture::{Server, client, get, run, text, text_of};
use crate::sockets::sockets;

fn ws(server: &Server) -> String {
    format!("ws://{}/", server.address)
}

#[test]
fn messages_travel_both_ways_compressed_where_it_pays() {
    run(async {
        let (server, mut ends) = sockets(&Limits::default());
        let (client, there) = tokio::join!(
            async { client().connect(&ws(&server), &[]).await.unwrap() },
            async { ends.recv().await.unwrap() },
        );
        let (mut client, mut there) = (client, there);
        assert_eq!(
            client.extensions,
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
        );

        for text in ["short".to_owned(), "long ".repeat(1000)] {
            client
                .outgoing
                .send(SocketMessage::Text(text.clone()))
                .await
                .unwrap();
            assert_eq!(
                there.incoming.recv().await,
                Some(SocketMessage::Text(text.clone()))
            );
            there
                .outgoing
                .send(SocketMessage::Text(text.clone()))
                .await
                .unwrap();
            assert_eq!(
                client.incoming.recv().await,
                Some(SocketMessage::Text(text))
            );
        }
        let close = SocketMessage::Close {
            code: Some(4000),
            reason: "end".into(),
        };
        client.outgoing.send(close.clone()).await.unwrap();
        assert_eq!(there.incoming.recv().await, Some(close.clone()));
        there.outgoing.send(close.clone()).await.unwrap();
        assert_eq!(client.incoming.recv().await, Some(close));
        assert_eq!(client.incoming.recv().await, None);
    });
}

#[test]
fn rules_of_the_client_are_those_of_its_sockets() {
    run(async {
        let (server, mut ends) = sockets(&Limits::default());
        let limits = Limits {
            socket_message_bytes_max: 50,
            socket_large_message_bytes_max: 100,
            ..Limits::default()
        };
        let rules = SocketRules {
            compression: false,
            large_messages: true,
        };
        let client = Client::new(&limits, Trust::system()).with_socket_rules(rules);
        let (client, there) = tokio::join!(
            async { client.connect(&ws(&server), &[]).await.unwrap() },
            async { ends.recv().await.unwrap() },
        );
        let (mut client, there) = (client, there);

        assert_eq!(client.extensions, "");
        for length in [100, 101] {
            let message = SocketMessage::Binary(vec![1; length].into());
            there.outgoing.send(message).await.unwrap();
        }
        let first = client.incoming.recv().await;
        assert!(matches!(first, Some(SocketMessage::Binary(b)) if b.len() == 100));
        let second = client.incoming.recv().await;
        assert!(
            matches!(&second, Some(SocketMessage::Error(text)) if text.contains("Message is too large: 101 > 100")),
            "{second:?}"
        );
    });
}

#[test]
fn another_server_understands_us() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        let (peer, end) = tokio::join!(
            async {
                tokio_tungstenite::accept_async(listener.accept().await.unwrap().0)
                    .await
                    .unwrap()
            },
            async { client().connect(&url, &[]).await.unwrap() },
        );
        let (mut peer, mut end) = (peer, end);

        end.outgoing
            .send(SocketMessage::Text("masked".into()))
            .await
            .unwrap();
        assert_eq!(peer.next().await.unwrap().unwrap(), Message::text("masked"));
        peer.send(Message::binary(vec![1, 2])).await.unwrap();
        assert_eq!(
            end.incoming.recv().await,
            Some(SocketMessage::Binary(vec![1, 2].into()))
        );
    });
}

#[test]
fn a_fetch_with_upgrade_returns_the_socket() {
    run(async {
        let (server, mut ends) = sockets(&Limits::default());
        let mut request = get(server.url("/"));
        request
            .headers
            .insert("upgrade", HeaderValue::from_static("websocket"));

        let response = client().fetch(request, RedirectMode::Follow).await.unwrap();

        assert_eq!(response.status, 101);
        let mut end = response.socket.unwrap();
        let there = ends.recv().await.unwrap();
        there
            .outgoing
            .send(SocketMessage::Text("hi".into()))
            .await
            .unwrap();
        assert_eq!(
            end.incoming.recv().await,
            Some(SocketMessage::Text("hi".into()))
        );
    });
}

#[test]
fn a_server_that_does_not_switch_is_a_response_to_fetch_and_an_error_to_connect() {
    run(async {
        let server = Server::start(|_| async { FetchResponse::text(StatusCode::FORBIDDEN, "no") });
        let mut request = get(server.url("/"));
        request
            .headers
            .insert("upgrade", HeaderValue::from_static("websocket"));

        let response = client().fetch(request, RedirectMode::Follow).await.unwrap();
        assert!(response.socket.is_none());
        assert_eq!(text_of(response).await, "no");

        let error = client().connect(&ws(&server), &[]).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "Failed to establish the WebSocket connection: expected server to reply with HTTP status \
             code 101 (switching protocols), but received 403 instead."
        );
    });
}

#[test]
fn a_protocol_is_negotiated_and_one_that_was_not_offered_is_refused() {
    run(async {
        let server = |protocol: &'static str| {
            Server::start(move |_| async move {
                let (ours, theirs) = stated_object::socket::socket_pair();
                tokio::task::spawn_local(async move {
                    let mut ours = ours;
                    while ours.incoming.recv().await.is_some() {}
                });
                let mut response = text("");
                response.status = StatusCode::SWITCHING_PROTOCOLS;
                response
                    .headers
                    .insert("sec-websocket-protocol", HeaderValue::from_static(protocol));
                response.socket = Some(theirs);
                response
            })
        };
        let offered = ["v1".to_owned(), "v2".to_owned()];

        let end = client().connect(&ws(&server("v2")), &offered).await;
        assert_eq!(end.unwrap().protocol, "v2");

        let error = client()
            .connect(&ws(&server("v3")), &offered)
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "Failed to establish the WebSocket connection: the server chose a protocol that was not offered."
        );
    });
}

#[test]
fn a_socket_whose_server_disappears_just_ends() {
    run(async {
        let (server, mut ends) = sockets(&Limits::default());
        let mut end = client().connect(&ws(&server), &[]).await.unwrap();

        drop(ends.recv().await.unwrap());

        assert_eq!(end.incoming.recv().await, None);
    });
}
