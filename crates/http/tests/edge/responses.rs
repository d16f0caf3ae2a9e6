//! What a handler's response becomes on the wire.

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use stated_object::message::{Body, BodyError, FetchRequest, FetchResponse, body_stream};

use crate::fixture::{Server, field, run, text, with_body};

#[test]
fn a_response_has_status_phrase_fields_date_and_length() {
    run(async {
        let server = Server::start(|_| async {
            let mut response = FetchResponse::text(StatusCode::IM_A_TEAPOT, "short and stout");
            response.status_text = "Teapot".into();
            response
                .headers
                .append("set-cookie", HeaderValue::from_static("a=1"));
            response
                .headers
                .append("set-cookie", HeaderValue::from_static("b=2"));
            response
                .headers
                .insert("x", HeaderValue::from_bytes(b"\xff").unwrap());
            response
        });
        let mut raw = server.connect().await;
        raw.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            .await;

        let mut bytes = Vec::new();
        tokio::io::AsyncReadExt::read_to_end(&mut raw.0, &mut bytes)
            .await
            .unwrap();

        let got = String::from_utf8_lossy(&bytes);
        assert!(got.starts_with("HTTP/1.1 418 Teapot\r\n"), "{got}");
        assert!(
            got.contains("set-cookie: a=1\r\nset-cookie: b=2\r\n"),
            "{got}"
        );
        assert!(got.contains("content-length: 15\r\n"), "{got}");
        assert!(got.to_lowercase().contains("\r\ndate: "), "{got}");
        assert!(got.ends_with("\r\n\r\nshort and stout"), "{got}");
        assert!(
            bytes.windows(6).any(|window| window == b"x: \xff\r\n"),
            "{got}"
        );
    });
}

#[test]
fn a_stream_without_length_is_chunked_and_one_with_length_is_not() {
    run(async {
        let server = Server::start(|request: FetchRequest| async move {
            let length = request.url.ends_with("/known").then_some(5);
            let (writer, stream) = body_stream(length);
            tokio::task::spawn_local(async move {
                for chunk in ["he", "llo"] {
                    writer
                        .send(Ok(Bytes::from_static(chunk.as_bytes())))
                        .await
                        .unwrap();
                }
            });
            with_body(Body::Stream(stream))
        });
        let mut raw = server.connect().await;

        raw.get("/known").await;
        let (_, head, body) = raw.response().await;
        assert_eq!(
            (field(&head, "content-length"), body.as_str()),
            (Some("5"), "hello")
        );

        raw.get("/unknown").await;
        let head = raw.read_to("\r\n\r\n").await.to_lowercase();
        assert_eq!(field(&head, "transfer-encoding"), Some("chunked"));
        assert_eq!(
            raw.read_to("0\r\n\r\n").await,
            "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
        );
    });
}

#[test]
fn head_204_and_304_have_no_body_and_leave_the_connection_usable() {
    run(async {
        let server = Server::start(|request: FetchRequest| async move {
            let mut response = text("body");
            response.status = match request.url.rsplit('/').next() {
                Some("204") => StatusCode::NO_CONTENT,
                Some("304") => StatusCode::NOT_MODIFIED,
                _ => StatusCode::OK,
            };
            response
        });
        let mut raw = server.connect().await;

        raw.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let head = raw.read_to("\r\n\r\n").await.to_lowercase();
        assert_eq!(field(&head, "content-length"), Some("4"));

        raw.get("/204").await;
        let head = raw.read_to("\r\n\r\n").await.to_lowercase();
        assert!(head.starts_with("http/1.1 204 "));
        assert_eq!(field(&head, "content-length"), None);

        raw.get("/304").await;
        assert!(raw.read_to("\r\n\r\n").await.starts_with("HTTP/1.1 304 "));

        raw.get("/").await;
        assert_eq!(raw.response().await.2, "body");
    });
}

/// A server whose body breaks after three bytes, declared as `length`.
fn breaking(length: Option<u64>) -> Server {
    Server::start(move |_| async move {
        let (writer, stream) = body_stream(length);
        writer.send(Ok(Bytes::from_static(b"abc"))).await.unwrap();
        writer
            .send(Err(BodyError::Failed("broken".into())))
            .await
            .unwrap();
        with_body(Body::Stream(stream))
    })
}

#[test]
fn a_chunked_body_that_breaks_never_ends_in_order() {
    run(async {
        let server = breaking(None);
        let mut raw = server.connect().await;
        raw.get("/").await;

        assert!(raw.was_reset().await);
    });
}

#[test]
fn a_body_of_declared_length_that_breaks_resets_the_connection() {
    run(async {
        let server = breaking(Some(10));
        let mut raw = server.connect().await;
        raw.get("/").await;

        assert!(raw.was_reset().await);
    });
}

#[test]
fn a_client_of_http_1_0_sees_a_broken_body_as_a_reset() {
    run(async {
        let server = breaking(None);
        let mut raw = server.connect().await;
        raw.send("GET / HTTP/1.0\r\n\r\n").await;

        assert!(raw.was_reset().await);
    });
}

#[test]
fn an_interim_status_from_a_handler_becomes_500() {
    run(async {
        let server = Server::start(|_| async { FetchResponse::text(StatusCode::EARLY_HINTS, "") });
        let mut raw = server.connect().await;
        raw.get("/").await;

        assert_eq!(raw.status().await, 500);
    });
}
