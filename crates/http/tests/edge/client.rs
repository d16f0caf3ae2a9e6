//! Outgoing requests: what they send and what comes back.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode};
use stated_object::message::{Body, BodyError, FetchRequest, FetchResponse, body_stream};
use tokio::sync::mpsc;

use crate::fixture::{
    FOLLOW, OK, Scripted, Server, client, fetch, get, read_body, request, run, run_paused, text,
    text_of, with_body,
};

#[test]
fn a_request_is_sent_as_it_is_but_for_what_belongs_to_the_connection() {
    run(async {
        let server = Scripted::start().await;
        let mut request = request(
            Method::from_bytes(b"PATCH").unwrap(),
            server.url() + "p?q=1#f",
        );
        request.body = Body::Bytes(Bytes::from_static(b"abc"));
        for (name, value) in [
            ("x", "1"),
            ("x", "2"),
            ("host", "evil"),
            ("connection", "x"),
            ("keep-alive", "1"),
            ("transfer-encoding", "gzip"),
            ("content-length", "99"),
            ("upgrade", "h2c"),
            ("accept-encoding", "gzip"),
        ] {
            request
                .headers
                .append(name, HeaderValue::from_static(value));
        }

        let (got, _) = tokio::join!(
            async {
                let mut raw = server.accept().await;
                let got = raw.read_to("abc").await;
                raw.send(OK).await;
                got
            },
            fetch(request),
        );

        let mut lines: Vec<_> = got.lines().collect();
        assert_eq!(lines.remove(0), "PATCH /p?q=1 HTTP/1.1");
        lines.sort_unstable();
        let host = format!("host: {}", server.0.local_addr().unwrap());
        assert_eq!(
            lines,
            [
                "",
                "abc",
                "accept-encoding: gzip",
                "content-length: 3",
                &host,
                "x: 1",
                "x: 2"
            ]
        );
    });
}

#[test]
fn a_response_comes_back_with_everything() {
    run(async {
        let server = Server::start(|request: FetchRequest| async move {
            let mut response = FetchResponse::text(StatusCode::CREATED, request.url);
            response.status_text = "Made".into();
            response
                .headers
                .append("set-cookie", HeaderValue::from_static("a"));
            response
                .headers
                .append("set-cookie", HeaderValue::from_static("b"));
            response
        });

        let response = client()
            .fetch(get(server.url("/x?y#z")), FOLLOW)
            .await
            .unwrap();

        assert_eq!(
            (response.status.as_u16(), response.status_text.as_str()),
            (201, "Made")
        );
        assert_eq!(
            response
                .headers
                .get_all("set-cookie")
                .iter()
                .collect::<Vec<_>>(),
            ["a", "b"]
        );
        assert_eq!(response.url, server.url("/x?y"));
        assert!(!response.redirected);
        assert_eq!(text_of(response).await, server.url("/x?y"));
    });
}

#[test]
fn a_name_and_password_in_the_url_are_in_that_of_the_response_and_are_not_sent() {
    run(async {
        let server = Server::start(|request: FetchRequest| async move {
            let sent = request.headers.contains_key("authorization");
            FetchResponse::text(StatusCode::OK, format!("{} {sent}", request.url))
        });
        let url = server.url("/x").replace("http://", "http://name:pw@");

        let response = client()
            .fetch(get(url.clone() + "#f"), FOLLOW)
            .await
            .unwrap();

        assert_eq!(response.url, url);
        let expected = format!("{} false", server.url("/x"));
        assert_eq!(text_of(response).await, expected);
    });
}

#[test]
fn path_and_query_are_sent_verbatim_where_the_program_has_another_parser() {
    run(async {
        for (target, line) in [
            ("", "GET / HTTP/1.1"),
            ("?a=b'&&{|}", "GET /?a=b'&&{|} HTTP/1.1"),
            ("//a/%7E/..;|^/%zz?%", "GET //a/%7E/..;|^/%zz?% HTTP/1.1"),
            ("/é?é", "GET /é?é HTTP/1.1"),
        ] {
            let server = Scripted::start().await;
            let url = server.url().trim_end_matches('/').to_owned() + target;
            let client = client();

            let (got, response) = tokio::join!(
                async {
                    let mut raw = server.accept().await;
                    let got = raw.read_to("\r\n\r\n").await;
                    raw.send("HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n")
                        .await;
                    got
                },
                client.fetch_verbatim(get(url.clone())),
            );

            assert_eq!(got.lines().next(), Some(line));
            let response = response.unwrap();
            assert_eq!((response.status.as_u16(), response.url), (302, url));
        }
    });
}

#[test]
fn a_target_that_no_request_line_can_have_is_refused_verbatim() {
    run(async {
        for target in ["/a b", "/<", "/`"] {
            let url = format!("http://127.0.0.1:9{target}");

            let error = client().fetch_verbatim(get(url.clone())).await.unwrap_err();

            assert_eq!(error.to_string(), format!("Invalid URL: {url}"));
        }
    });
}

#[test]
fn post_and_put_without_a_body_declare_that() {
    run(async {
        let server = Server::start(|request: FetchRequest| async move {
            FetchResponse::text(
                StatusCode::OK,
                format!("{:?}", request.headers.get("content-length")),
            )
        });
        for (method, expected) in [
            ("POST", "Some(\"0\")"),
            ("PUT", "Some(\"0\")"),
            ("GET", "None"),
            ("DELETE", "None"),
        ] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let response = client()
                .fetch(request(method.clone(), server.url("/")), FOLLOW)
                .await
                .unwrap();

            assert_eq!(text_of(response).await, expected, "{method}");
        }
    });
}

#[test]
fn responses_that_cannot_have_a_body_have_none() {
    run(async {
        let server = Server::start(|request: FetchRequest| async move {
            let mut response = text("body");
            if request.method != Method::HEAD {
                response.status = StatusCode::NO_CONTENT;
            }
            response
        });
        for method in [Method::HEAD, Method::GET] {
            let response = client()
                .fetch(request(method, server.url("/")), FOLLOW)
                .await
                .unwrap();

            assert!(matches!(response.body, Body::None));
        }
    });
}

#[test]
fn bodies_stream_both_ways() {
    run(async {
        let server = Server::start(|request: FetchRequest| async { with_body(request.body) });
        let (writer, stream) = body_stream(None);
        let mut request = request(Method::POST, server.url("/"));
        request.body = Body::Stream(stream);

        let response = client().fetch(request, FOLLOW).await.unwrap();
        let Body::Stream(mut body) = response.body else {
            panic!("a stream")
        };

        for word in ["one", "two"] {
            writer
                .send(Ok(Bytes::from_static(word.as_bytes())))
                .await
                .unwrap();
            assert_eq!(body.chunks.recv().await.unwrap().unwrap(), word);
        }
        drop(writer);
        assert!(body.chunks.recv().await.is_none());
    });
}

#[test]
fn a_response_that_breaks_off_is_an_error_and_no_end() {
    run(async {
        for start in [
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nabc",
        ] {
            let server = Scripted::start().await;
            let (_, response) = tokio::join!(
                async {
                    let mut raw = server.accept().await;
                    raw.read_to("\r\n\r\n").await;
                    raw.send(start).await;
                },
                fetch(get(server.url())),
            );

            let error = read_body(response.unwrap().body).await.unwrap_err();

            assert_eq!(error.to_string(), "Network connection lost.", "{start:?}");
        }
    });
}

#[test]
fn a_request_body_that_fails_fails_the_fetch() {
    run(async {
        let server = Server::start(|request: FetchRequest| async move {
            let _ = read_body(request.body).await;
            text("ok")
        });
        let (writer, stream) = body_stream(None);
        let mut request = request(Method::POST, server.url("/"));
        request.body = Body::Stream(stream);
        writer
            .send(Err(BodyError::Failed("my stream broke".into())))
            .await
            .unwrap();

        let error = client().fetch(request, FOLLOW).await.unwrap_err();

        assert_eq!(error.to_string(), "my stream broke");
    });
}

#[test]
fn dropping_a_fetch_or_its_body_hangs_up() {
    run(async {
        let server = Scripted::start().await;

        let url = server.url();
        let waiting =
            tokio::task::spawn_local(async move { client().fetch(get(url), FOLLOW).await });
        let mut raw = server.accept().await;
        raw.read_to("\r\n\r\n").await;
        waiting.abort();
        assert_eq!(raw.rest().await, "");

        let (mut raw, response) = tokio::join!(
            async {
                let mut raw = server.accept().await;
                raw.read_to("\r\n\r\n").await;
                raw.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
                    .await;
                raw
            },
            fetch(get(server.url())),
        );
        drop(response.unwrap());
        assert_eq!(raw.rest().await, "");
    });
}

#[test]
fn a_server_cannot_send_more_than_fits_until_the_body_is_read() {
    const CHUNK: usize = 64 * 1024;
    const COUNT: usize = 1000;
    run_paused(async {
        let (stuck, mut is_stuck) = mpsc::channel(1);
        let sent = Rc::new(RefCell::new(0));
        let counted = Rc::clone(&sent);
        let server = Server::start(move |_| {
            let (stuck, counted) = (stuck.clone(), Rc::clone(&counted));
            async move {
                let (writer, stream) = body_stream(None);
                tokio::task::spawn_local(async move {
                    for _ in 0..COUNT {
                        let chunk = Bytes::from(vec![0; CHUNK]);
                        if tokio::time::timeout(Duration::from_millis(1), writer.reserve())
                            .await
                            .is_err()
                        {
                            let _ = stuck.try_send(());
                        }
                        writer.send(Ok(chunk)).await.unwrap();
                        *counted.borrow_mut() += 1;
                    }
                });
                with_body(Body::Stream(stream))
            }
        });

        let response = client().fetch(get(server.url("/")), FOLLOW).await.unwrap();
        is_stuck.recv().await.unwrap();
        tokio::time::resume();

        assert!(
            *sent.borrow() < COUNT / 2,
            "{} chunks were sent",
            sent.borrow()
        );
        assert_eq!(read_body(response.body).await.unwrap().len(), CHUNK * COUNT);
    });
}
