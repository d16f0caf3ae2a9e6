//! The client's connections: shared, bounded, expired, found dead.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use http::Method;
use stated_http::{Client, Limits, Trust};
use tokio::net::TcpListener;

use crate::fixture::{
    FOLLOW, OK, Raw, Scripted, client, get, post, request, run, run_paused, text_of,
};

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
