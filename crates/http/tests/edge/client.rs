//! Outgoing requests: what they send, what comes back, redirects, connections and failures.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode};
use stated_http::{Client, FetchError, Limits, RedirectMode, Trust};
use stated_object::message::{Body, BodyError, FetchRequest, FetchResponse, body_stream};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::fixture::{
    Raw, Server, client, fetch, get, post, read_body, request, run, run_paused, text, text_of,
    with_body,
};

const FOLLOW: RedirectMode = RedirectMode::Follow;

/// A server made by hand: what it accepts, the test answers.
struct Scripted(TcpListener);

impl Scripted {
    async fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    fn url(&self) -> String {
        format!("http://{}/", self.0.local_addr().unwrap())
    }

    async fn accept(&self) -> Raw {
        Raw(self.0.accept().await.unwrap().0)
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

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
            ("accept-encoding", "gzip"),
            ("upgrade", "h2c"),
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
            ["", "abc", "content-length: 3", &host, "x: 1", "x: 2"]
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

/// A server that redirects `/<status>/<anything>` to `/end` and tells at `/end` what it got.
fn redirecting() -> Server {
    Server::start(|request: FetchRequest| async move {
        let path = request.url.splitn(4, '/').nth(3).unwrap_or("").to_owned();
        if let Some(status) = path
            .get(..3)
            .and_then(|s| StatusCode::from_bytes(s.as_bytes()).ok())
        {
            let mut response = FetchResponse::text(status, "moved");
            let next = if path.contains("loop") {
                format!("/{path}")
            } else {
                "/end".into()
            };
            response
                .headers
                .insert("location", HeaderValue::try_from(next).unwrap());
            return response;
        }
        let auth = request.headers.contains_key("authorization");
        let body = String::from_utf8(read_body(request.body).await.unwrap()).unwrap();
        FetchResponse::text(
            StatusCode::OK,
            format!("{} {body:?} auth={auth}", request.method),
        )
    })
}

#[test]
fn redirects_are_followed_and_the_response_says_so() {
    run(async {
        let server = redirecting();
        for (status, expected) in [
            (301, "GET \"\" auth=false"),
            (303, "GET \"\" auth=false"),
            (307, "POST \"abc\" auth=false"),
            (308, "POST \"abc\" auth=false"),
        ] {
            let response = client()
                .fetch(post(server.url(&format!("/{status}/")), "abc"), FOLLOW)
                .await
                .unwrap();

            assert_eq!(response.url, server.url("/end"));
            assert!(response.redirected);
            assert_eq!(text_of(response).await, expected);
        }
    });
}

#[test]
fn a_redirect_is_the_response_where_the_program_asks_for_it() {
    run(async {
        let server = redirecting();

        let response = client()
            .fetch(get(server.url("/302/")), RedirectMode::Manual)
            .await
            .unwrap();

        assert_eq!(response.status, 302);
        assert_eq!(response.headers["location"], "/end");
        assert_eq!(
            (response.url.as_str(), response.redirected),
            (server.url("/302/").as_str(), false)
        );
    });
}

#[test]
fn credentials_are_not_sent_to_another_origin() {
    run(async {
        let there = redirecting();
        let target = there.url("/end");
        let here = Server::start(move |_| {
            let mut response = FetchResponse::text(StatusCode::FOUND, "");
            response
                .headers
                .insert("location", HeaderValue::try_from(target.clone()).unwrap());
            async { response }
        });
        let mut request = get(here.url("/"));
        request
            .headers
            .insert("authorization", HeaderValue::from_static("secret"));

        let response = client().fetch(request, FOLLOW).await.unwrap();

        assert_eq!(text_of(response).await, "GET \"\" auth=false");
    });
}

#[test]
fn as_many_redirects_as_allowed_are_followed_and_one_more_is_an_error() {
    run(async {
        let limits = Limits {
            client_redirect_count_max: 20,
            ..Limits::default()
        };
        for (redirect_count, expected) in [
            (20, Ok("end")),
            (21, Err("fetch(): too many redirects; the limit is 20")),
        ] {
            let left = Cell::new(redirect_count);
            let server = Server::start(move |_| {
                let mut response = text("end");
                if left.get() > 0 {
                    left.set(left.get() - 1);
                    response.status = StatusCode::FOUND;
                    response
                        .headers
                        .insert("location", HeaderValue::from_static("/"));
                }
                async { response }
            });

            let got = Client::new(&limits, Trust::system())
                .fetch(get(server.url("/")), FOLLOW)
                .await;

            match got {
                Ok(response) => assert_eq!(Ok(text_of(response).await.as_str()), expected),
                Err(error) => assert_eq!(Err(error.to_string().as_str()), expected),
            }
        }
    });
}

#[test]
fn failures_say_what_is_wrong_and_whether_to_try_again() {
    run(async {
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = closed.local_addr().unwrap().port();
        drop(closed);
        let redirects = redirecting();
        let cases = [
            (
                "no url".to_owned(),
                "Invalid URL: no url".to_owned(),
                true,
                false,
            ),
            ("http://".into(), "Invalid URL: http://".into(), true, false),
            (
                "ftp://a/".into(),
                "Fetch API cannot load: ftp://a/".into(),
                true,
                false,
            ),
            (
                format!("http://127.0.0.1:{port}/"),
                format!("fetch(): connection to `127.0.0.1:{port}` was refused"),
                false,
                true,
            ),
            (
                "http://nothing.invalid/".into(),
                "fetch(): host `nothing.invalid` cannot be resolved".into(),
                false,
                false,
            ),
        ];
        for (url, text, is_type_error, is_retryable) in cases {
            let error = client().fetch(get(url), FOLLOW).await.unwrap_err();

            assert_eq!(error.to_string(), text);
            assert_eq!(
                (error.is_type_error(), error.is_retryable()),
                (is_type_error, is_retryable),
                "{text}"
            );
        }
        let error = client()
            .fetch(get(redirects.url("/302/")), RedirectMode::Error)
            .await
            .unwrap_err();
        assert!(matches!(error, FetchError::RedirectRefused));
    });
}

#[test]
fn a_server_that_hangs_up_or_speaks_something_else_is_told_apart() {
    run(async {
        for (answer, lost) in [
            ("", true),
            ("HTTP/1.1 200 OK\r\nX", true),
            ("SSH-2.0-x\r\n\r\n", false),
        ] {
            let server = Scripted::start().await;
            let (_, result) = tokio::join!(
                async {
                    let mut raw = server.accept().await;
                    raw.read_to("\r\n\r\n").await;
                    raw.send(answer).await;
                },
                fetch(get(server.url())),
            );

            let authority = server.0.local_addr().unwrap();
            let expected = if lost {
                "Network connection lost.".to_owned()
            } else {
                format!("fetch(): `{authority}` did not answer in valid HTTP")
            };
            assert_eq!(result.unwrap_err().to_string(), expected, "{answer:?}");
        }
    });
}

#[test]
fn a_server_that_never_accepts_tls_times_out() {
    run_paused(async {
        let server = Scripted::start().await;
        let limits = Limits {
            client_connect_timeout: Duration::from_secs(5),
            ..Limits::default()
        };
        let client = Client::new(&limits, Trust::roots(rustls::RootCertStore::empty()));
        let address = server.0.local_addr().unwrap();

        let error = client
            .fetch(get(format!("https://{address}/")), FOLLOW)
            .await
            .unwrap_err();

        assert_eq!(
            error.to_string(),
            format!("fetch(): no connection to `{address}` within 5000 ms")
        );
        assert!(error.is_retryable());
    });
}

/// A server that answers every request on every connection, and counts the connections.
fn counting() -> (String, Rc<Cell<usize>>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let listener = TcpListener::from_std(listener).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let count = Rc::new(Cell::new(0));
    let counted = Rc::clone(&count);
    tokio::task::spawn_local(async move {
        loop {
            let mut raw = Raw(listener.accept().await.unwrap().0);
            counted.set(counted.get() + 1);
            tokio::task::spawn_local(async move {
                let mut byte = [0];
                let mut head = Vec::new();
                while tokio::io::AsyncReadExt::read_exact(&mut raw.0, &mut byte)
                    .await
                    .is_ok()
                {
                    head.push(byte[0]);
                    if head.ends_with(b"\r\n\r\n") {
                        raw.send(OK).await;
                    }
                }
            });
        }
    });
    (url, count)
}

async fn fetch_ok(client: &Client, url: &str) {
    assert_eq!(
        text_of(client.fetch(get(url), FOLLOW).await.unwrap()).await,
        "ok"
    );
}

#[test]
fn requests_that_follow_each_other_share_a_connection() {
    run(async {
        let (url, connection_count) = counting();
        let client = client();

        for _ in 0..5 {
            fetch_ok(&client, &url).await;
        }

        assert_eq!(connection_count.get(), 1);
    });
}

#[test]
fn requests_at_the_same_time_have_connections_of_their_own_and_few_are_kept() {
    run(async {
        let (url, connection_count) = counting();
        let limits = Limits {
            client_idle_count_max: 2,
            ..Limits::default()
        };
        let client = Client::new(&limits, Trust::system());
        let three = || async {
            tokio::join!(
                fetch_ok(&client, &url),
                fetch_ok(&client, &url),
                fetch_ok(&client, &url)
            );
        };

        three().await;
        assert_eq!(connection_count.get(), 3);

        three().await;
        assert_eq!(connection_count.get(), 4);
    });
}

#[test]
fn an_idle_connection_is_closed_in_time() {
    run_paused(async {
        let (url, connection_count) = counting();
        let limits = Limits {
            client_idle_timeout: Duration::from_secs(10),
            ..Limits::default()
        };
        let client = Client::new(&limits, Trust::system());
        fetch_ok(&client, &url).await;

        tokio::time::advance(Duration::from_secs(9)).await;
        fetch_ok(&client, &url).await;
        assert_eq!(connection_count.get(), 1);

        tokio::time::advance(Duration::from_secs(10)).await;
        fetch_ok(&client, &url).await;
        assert_eq!(connection_count.get(), 2);
    });
}

#[test]
fn a_request_waits_for_a_place_and_takes_that_of_an_idle_connection() {
    run(async {
        let (first, _) = counting();
        let (second, _) = counting();
        let limits = Limits {
            client_connection_count_max: 1,
            ..Limits::default()
        };
        let client = Client::new(&limits, Trust::system());

        fetch_ok(&client, &first).await;
        fetch_ok(&client, &second).await;
        tokio::join!(
            fetch_ok(&client, &first),
            fetch_ok(&client, &second),
            fetch_ok(&client, &first)
        );
    });
}

#[test]
fn a_request_that_finds_no_place_in_time_fails() {
    run_paused(async {
        let server = Scripted::start().await;
        let limits = Limits {
            client_connection_count_max: 1,
            client_connect_timeout: Duration::from_secs(3),
            ..Limits::default()
        };
        let client = Client::new(&limits, Trust::system());
        let holder = client.clone();
        let url = server.url();
        let held = tokio::task::spawn_local(async move { holder.fetch(get(url), FOLLOW).await });
        let mut raw = server.accept().await;
        raw.read_to("\r\n\r\n").await;

        let error = client.fetch(get(server.url()), FOLLOW).await.unwrap_err();

        let authority = server.0.local_addr().unwrap();
        assert_eq!(
            error.to_string(),
            format!("fetch(): no connection to `{authority}` within 3000 ms")
        );
        held.abort();
    });
}

#[test]
fn a_get_is_repeated_when_its_idle_connection_was_closed_and_a_post_is_not() {
    run(async {
        for (method, repeated) in [(Method::GET, true), (Method::POST, false)] {
            let server = Scripted::start().await;
            let client = client();
            let (mut raw, first) = tokio::join!(
                async {
                    let mut raw = server.accept().await;
                    raw.read_to("\r\n\r\n").await;
                    raw.send(OK).await;
                    raw
                },
                client.fetch(get(server.url()), FOLLOW),
            );
            first.unwrap();

            let request = request(method.clone(), server.url());
            let second =
                tokio::task::spawn_local(async move { client.fetch(request, FOLLOW).await });
            // The request is on the old connection; the server hangs up without a word.
            raw.read_to("\r\n\r\n").await;
            drop(raw);
            if repeated {
                let mut raw = server.accept().await;
                raw.read_to("\r\n\r\n").await;
                raw.send(OK).await;
            }

            let result = second
                .await
                .unwrap()
                .map(|response| response.status.as_u16());
            assert_eq!(
                result.map_err(|error| error.to_string()),
                if repeated {
                    Ok(200)
                } else {
                    Err("Network connection lost.".to_owned())
                },
                "{method}"
            );
        }
    });
}

#[test]
fn a_connection_closed_while_idle_is_not_used_for_a_post() {
    run(async {
        let server = Scripted::start().await;
        let client = client();
        let (raw, first) = tokio::join!(
            async {
                let mut raw = server.accept().await;
                raw.read_to("\r\n\r\n").await;
                raw.send(OK).await;
                raw
            },
            client.fetch(get(server.url()), FOLLOW),
        );
        first.unwrap();
        drop(raw);

        let (_, second) = tokio::join!(
            async {
                let mut raw = server.accept().await;
                raw.read_to("abc").await;
                raw.send(OK).await;
            },
            client.fetch(post(server.url(), "abc"), FOLLOW),
        );

        assert_eq!(second.unwrap().status, 200);
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

        assert!(
            *sent.borrow() < COUNT / 2,
            "{} chunks were sent",
            sent.borrow()
        );
        assert_eq!(read_body(response.body).await.unwrap().len(), CHUNK * COUNT);
    });
}
