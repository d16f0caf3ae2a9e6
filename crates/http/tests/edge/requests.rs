//! What a request becomes, and which requests no handler sees.

use std::cell::RefCell;
use std::rc::Rc;

use stated_http::{Limits, TrustedProxies};
use stated_object::message::{Body, FetchRequest};

use crate::fixture::{Raw, Server, read_body, run, text};

/// A server that hands its requests to the test.
fn recording(limits: &Limits) -> (Server, Rc<RefCell<Vec<FetchRequest>>>) {
    recording_behind(&TrustedProxies::default(), limits)
}

fn recording_behind(
    proxies: &TrustedProxies,
    limits: &Limits,
) -> (Server, Rc<RefCell<Vec<FetchRequest>>>) {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let recorded = Rc::clone(&seen);
    let server = Server::behind(proxies, "127.0.0.1:0", limits, move |request| {
        recorded.borrow_mut().push(request);
        async { text("ok") }
    });
    (server, seen)
}

async fn answered(limits: &Limits, request: impl AsRef<[u8]>) -> (u16, Option<FetchRequest>) {
    let (server, seen) = recording(limits);
    let mut raw = server.connect().await;
    raw.send(request).await;
    let status = raw.status().await;
    let request = seen.borrow_mut().pop();
    (status, request)
}

#[test]
fn a_request_arrives_with_method_url_fields_and_peer() {
    run(async {
        let bytes =
            "PATCH /p/q?r=%20 HTTP/1.1\r\nHost: Example.com:8787\r\nX-One: 1\r\nx-one: 2\r\n\r\n";

        let (_, request) = answered(&Limits::default(), bytes).await;

        let request = request.unwrap();
        assert_eq!(request.method, "PATCH");
        assert_eq!(request.url, "http://example.com:8787/p/q?r=%20");
        assert_eq!(
            request.headers.get_all("x-one").iter().collect::<Vec<_>>(),
            ["1", "2"]
        );
        assert_eq!(request.peer.unwrap().to_string(), "127.0.0.1");
        assert!(matches!(request.body, Body::None));
    });
}

#[test]
fn a_proxy_says_who_the_client_is_and_how_it_came() {
    run(async {
        let proxies = ["127.0.0.0/8".parse().unwrap()].into_iter().collect();
        let (server, seen) = recording_behind(&proxies, &Limits::default());
        let mut raw = server.connect().await;

        // One connection of the proxy has the requests of many clients.
        for (fields, ip, url) in [
            (
                "X-Forwarded-For: 6.6.6.6, 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Real-IP: 7.7.7.7\r\n",
                "1.2.3.4",
                "https://a:80/p",
            ),
            (
                "X-Forwarded-For: 2001:db8::1\r\nX-Forwarded-Proto: http\r\n",
                "2001:db8::1",
                "http://a/p",
            ),
            ("", "127.0.0.1", "http://a/p"),
        ] {
            raw.send(format!("GET /p HTTP/1.1\r\nHost: A:80\r\n{fields}\r\n"))
                .await;
            assert_eq!(raw.status().await, 200);

            let request = seen.borrow_mut().pop().unwrap();
            assert_eq!(request.url, url);
            assert_eq!(request.peer.unwrap().to_string(), ip);
            assert_eq!(request.headers["cf-connecting-ip"], ip);
            assert_eq!(request.headers["x-real-ip"], ip);
        }
    });
}

#[test]
fn cf_of_a_request_has_its_protocol() {
    run(async {
        for version in ["HTTP/1.0", "HTTP/1.1"] {
            let bytes = format!("GET / {version}\r\nHost: a\r\n\r\n");

            let request = answered(&Limits::default(), bytes).await.1.unwrap();

            assert_eq!(
                request.cf.unwrap(),
                format!(r#"{{"httpProtocol":"{version}"}}"#)
            );
        }
    });
}

#[test]
fn the_peers_address_replaces_what_the_client_claims() {
    run(async {
        let bytes = "GET / HTTP/1.1\r\nHost: a\r\nCF-Connecting-IP: 1.1.1.1\r\nCF-Connecting-IP: 2.2.2.2\r\n\
                     X-Real-IP: 3.3.3.3\r\nX-Forwarded-For: 4.4.4.4\r\n\r\n";

        let headers = answered(&Limits::default(), bytes).await.1.unwrap().headers;

        let all = |name: &str| headers.get_all(name).iter().cloned().collect::<Vec<_>>();
        assert_eq!(all("cf-connecting-ip"), ["127.0.0.1"]);
        assert_eq!(all("x-real-ip"), ["127.0.0.1"]);
        assert_eq!(all("x-forwarded-for"), ["4.4.4.4"]);
    });
}

#[test]
fn bytes_beyond_ascii_in_a_field_stay_as_they_are() {
    run(async {
        let bytes = b"GET / HTTP/1.1\r\nHost: a\r\nX: \xff\xfe\xc3\xa9\r\n\r\n";

        let headers = answered(&Limits::default(), bytes).await.1.unwrap().headers;

        assert_eq!(headers["x"].as_bytes(), b"\xff\xfe\xc3\xa9");
    });
}

#[test]
fn every_form_of_target_has_an_absolute_url() {
    run(async {
        let cases = [
            ("GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n", "http://b/x"),
            (
                "GET http://B:80/x#f HTTP/1.1\r\nHost: a\r\n\r\n",
                "http://b/x",
            ),
            ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "http://a/*"),
            ("GET /x HTTP/1.0\r\nHost: a\r\n\r\n", "http://a/x"),
        ];
        for (bytes, url) in cases {
            assert_eq!(
                answered(&Limits::default(), bytes).await.1.unwrap().url,
                url,
                "{bytes}"
            );
        }
    });
}

#[test]
fn a_request_of_http_1_0_without_host_gets_the_listeners_address() {
    run(async {
        let (server, seen) = recording(&Limits::default());
        let mut raw = server.connect().await;

        raw.send("GET /x HTTP/1.0\r\n\r\n").await;
        raw.status().await;

        assert_eq!(seen.borrow()[0].url, server.url("/x"));
    });
}

#[test]
fn malformed_requests_are_refused_before_any_handler() {
    run(async {
        let long_target = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(70_000));
        let cases: [(&str, u16); 27] = [
            ("nonsense\r\n\r\n", 400),
            ("GET /\r\n\r\n", 400),
            ("GET / HTTP/9.9\r\nHost: a\r\n\r\n", 400),
            ("G<>T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: \r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: user@a\r\n\r\n", 400),
            ("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400),
            (
                "GET / HTTP/1.1\r\nHost: a\r\nX : space before colon\r\n\r\n",
                400,
            ),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 400),
            (
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
                400,
            ),
            (
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
                400,
            ),
            (
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                400,
            ),
            (
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
                400,
            ),
            (
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n",
                400,
            ),
            (
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n",
                400,
            ),
            (
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
                400,
            ),
            (
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
                501,
            ),
            (
                "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
                400,
            ),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n folded\r\n\r\n", 400),
            ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("\u{16}\u{3}\u{1}\u{2}\0 a TLS client\r\n\r\n", 400),
            ("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 501),
            (&long_target, 414),
        ];
        for (bytes, status) in cases {
            let (got, request) = answered(&Limits::default(), bytes).await;

            assert_eq!((got, request.is_some()), (status, false), "{:.80}", bytes);
        }
    });
}

#[test]
fn a_refused_connection_takes_no_further_request() {
    run(async {
        let (server, seen) = recording(&Limits::default());
        let mut raw = server.connect().await;

        raw.send("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
            .await;
        let (status, _, body) = raw.response().await;

        assert_eq!(
            (status, body.as_str()),
            (400, "Host header field is missing")
        );
        assert_eq!(raw.rest().await, "");
        assert!(seen.borrow().is_empty());
    });
}

#[test]
fn as_many_fields_as_allowed_pass_and_one_more_is_refused() {
    run(async {
        for header_count_max in [100, 10] {
            let limits = Limits {
                header_count_max,
                ..Limits::default()
            };
            let with = |count: usize| {
                format!(
                    "GET / HTTP/1.1\r\nHost: a\r\n{}\r\n",
                    "X: y\r\n".repeat(count - 1)
                )
            };

            assert_eq!(answered(&limits, with(header_count_max)).await.0, 200);
            assert_eq!(answered(&limits, with(header_count_max + 1)).await.0, 431);
        }
    });
}

#[test]
fn a_head_of_the_allowed_size_passes_and_one_byte_more_is_refused() {
    run(async {
        let limits = Limits {
            head_bytes_max: 20_000,
            ..Limits::default()
        };
        let with = |bytes: usize| {
            let rest = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n".len();
            format!(
                "GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n",
                "y".repeat(bytes - rest)
            )
        };

        assert_eq!(answered(&limits, with(20_000)).await.0, 200);
        assert_eq!(answered(&limits, with(20_001)).await.0, 431);
    });
}

#[test]
fn a_declared_body_of_the_allowed_size_passes_and_one_byte_more_is_refused_at_once() {
    run(async {
        let limits = Limits {
            request_body_bytes_max: 10,
            ..Limits::default()
        };
        let head =
            |length| format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");

        let (status, request) = answered(&limits, head(10) + "0123456789").await;
        assert_eq!(status, 200);
        assert_eq!(
            read_body(request.unwrap().body).await.unwrap(),
            b"0123456789"
        );

        let (server, seen) = recording(&limits);
        let mut raw = server.connect().await;
        raw.send(head(11)).await;
        let (status, _, body) = raw.response().await;
        assert_eq!(
            (status, body.as_str()),
            (413, "request body is larger than the limit of 10 bytes")
        );
        assert!(seen.borrow().is_empty());
    });
}

#[test]
fn a_client_that_keeps_sending_a_refused_body_still_reads_the_refusal() {
    run(async {
        let limits = Limits {
            request_body_bytes_max: 10,
            ..Limits::default()
        };
        let (server, _) = recording(&limits);
        let mut raw = server.connect().await;

        raw.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
            .await;
        raw.send(vec![b'x'; 1_000_000]).await;

        assert_eq!(raw.status().await, 413);
    });
}

#[test]
fn a_length_beside_chunks_is_not_believed_and_ends_the_connection() {
    run(async {
        let (server, seen) = recording(&Limits::default());
        let mut raw = server.connect().await;

        raw.send(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n\
             0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
        )
        .await;

        assert_eq!(raw.status().await, 200);
        raw.was_reset().await;
        assert_eq!(seen.borrow().len(), 1);
        assert!(!seen.borrow()[0].headers.contains_key("content-length"));
    });
}

#[test]
fn an_ipv4_client_of_an_ipv6_listener_has_an_ipv4_address() {
    run(async {
        let seen = Rc::new(RefCell::new(Vec::<FetchRequest>::new()));
        let recorded = Rc::clone(&seen);
        let server = Server::listening("[::]:0", &Limits::default(), move |request| {
            recorded.borrow_mut().push(request);
            async { text("ok") }
        });
        let port = server.address.port();
        let mut raw = Raw(tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .unwrap());

        raw.get("/").await;
        raw.status().await;

        assert_eq!(seen.borrow()[0].headers["cf-connecting-ip"], "127.0.0.1");
        assert!(seen.borrow()[0].peer.unwrap().is_ipv4());
    });
}
