//! Request and response bodies in motion: whole or streamed, held back, broken off.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use stated_http::Limits;
use stated_object::message::{Body, BodyError, FetchRequest, body_stream};
use tokio::sync::{mpsc, oneshot};

use crate::fixture::{Raw, Server, read_body, run, run_paused, text, with_body};

/// A server that gives each request's body to the test, and answers when the test says so.
fn handing_over(limits: &Limits) -> (Server, mpsc::Receiver<(Body, oneshot::Sender<()>)>) {
    let (sender, receiver) = mpsc::channel(8);
    let server = Server::with_limits(limits, move |request: FetchRequest| {
        let sender = sender.clone();
        async move {
            let (answer, answered) = oneshot::channel();
            sender.send((request.body, answer)).await.unwrap();
            let _ = answered.await;
            text("done")
        }
    });
    (server, receiver)
}

async fn post(raw: &mut Raw, length: usize) {
    raw.send(format!(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"
    ))
    .await;
}

#[test]
fn small_bodies_arrive_whole_and_larger_or_chunked_ones_as_streams() {
    run(async {
        let limits = Limits {
            body_inline_bytes_max: 1000,
            ..Limits::default()
        };
        for (length, is_whole) in [(0, true), (1000, true), (1001, false)] {
            let (server, mut bodies) = handing_over(&limits);
            let mut raw = server.connect().await;

            raw.send(format!(
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{}",
                "x".repeat(length)
            ))
            .await;
            let (body, _answer) = bodies.recv().await.unwrap();

            assert_eq!(matches!(body, Body::Bytes(_)), is_whole, "{length}");
            assert_eq!(read_body(body).await.unwrap().len(), length);
        }

        let (server, mut bodies) = handing_over(&limits);
        let mut raw = server.connect().await;
        raw.send(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        )
        .await;
        let (body, _answer) = bodies.recv().await.unwrap();
        assert!(matches!(&body, Body::Stream(stream) if stream.length.is_none()));
        assert_eq!(read_body(body).await.unwrap(), b"abc");
    });
}

#[test]
fn a_small_body_that_is_late_does_not_delay_the_handler() {
    run(async {
        let (server, mut bodies) = handing_over(&Limits::default());
        let mut raw = server.connect().await;

        post(&mut raw, 6).await;
        raw.send("abc").await;
        let (body, _answer) = bodies.recv().await.unwrap();
        raw.send("def").await;

        assert!(matches!(&body, Body::Stream(stream) if stream.length == Some(6)));
        assert_eq!(read_body(body).await.unwrap(), b"abcdef");
    });
}

#[test]
fn chunks_up_to_the_limit_pass_and_one_byte_more_breaks_the_body() {
    run(async {
        let limits = Limits {
            request_body_bytes_max: 6,
            ..Limits::default()
        };
        for (last, expected) in [
            ("3\r\ndef\r\n", Ok("abcdef")),
            (
                "4\r\ndefg\r\n",
                Err("request body is larger than the limit of 6 bytes"),
            ),
        ] {
            let (server, mut bodies) = handing_over(&limits);
            let mut raw = server.connect().await;
            raw.send(format!(
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n{last}0\r\n\r\n"
            ))
            .await;
            let (body, _answer) = bodies.recv().await.unwrap();

            let got = read_body(body).await.map_err(|error| error.to_string());

            assert_eq!(
                got,
                expected
                    .map(|text| text.as_bytes().to_vec())
                    .map_err(String::from)
            );
        }
    });
}

#[test]
fn a_client_that_leaves_in_the_middle_breaks_the_body() {
    run(async {
        for start in [
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n",
        ] {
            let (server, mut bodies) = handing_over(&Limits::default());
            let mut raw = server.connect().await;
            raw.send(start).await;
            let (body, _answer) = bodies.recv().await.unwrap();
            drop(raw);

            let error = read_body(body).await.unwrap_err();

            assert_eq!(error.to_string(), "Network connection lost.", "{start:?}");
        }
    });
}

#[test]
fn a_client_that_resets_its_connection_in_the_middle_breaks_the_body_and_loses_its_answer() {
    run(async {
        let (server, mut bodies) = handing_over(&Limits::default());
        let mut raw = server.connect().await;
        post(&mut raw, 100).await;
        let (body, mut answer) = bodies.recv().await.unwrap();
        raw.reset();

        let error = read_body(body).await.unwrap_err();

        assert_eq!(
            error.to_string(),
            "Can't read from request stream because client disconnected."
        );
        answer.closed().await;
    });
}

#[test]
fn a_body_without_a_byte_for_too_long_breaks() {
    run_paused(async {
        let limits = Limits {
            body_read_timeout: Duration::from_secs(7),
            ..Limits::default()
        };
        let (server, mut bodies) = handing_over(&limits);
        let mut raw = server.connect().await;
        post(&mut raw, 100).await;
        let (body, _answer) = bodies.recv().await.unwrap();
        let start = tokio::time::Instant::now();

        let error = read_body(body).await.unwrap_err();

        assert!(matches!(error, BodyError::Disconnected));
        assert_eq!(start.elapsed().as_secs(), 7);
    });
}

#[test]
fn the_client_is_told_to_continue_when_the_body_is_read() {
    run(async {
        let (server, mut bodies) = handing_over(&Limits::default());
        let mut raw = server.connect().await;
        raw.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
            .await;
        let (body, answer) = bodies.recv().await.unwrap();

        assert_eq!(
            raw.read_to("\r\n\r\n").await,
            "HTTP/1.1 100 Continue\r\n\r\n"
        );
        raw.send("abc").await;

        assert_eq!(read_body(body).await.unwrap(), b"abc");
        answer.send(()).unwrap();
        assert_eq!(raw.status().await, 200);
    });
}

#[test]
fn a_client_cannot_send_more_than_fits_until_the_handler_reads() {
    const TOTAL: usize = 64 * 1024 * 1024;
    run_paused(async {
        let (server, mut bodies) = handing_over(&Limits::default());
        let mut raw = server.connect().await;
        post(&mut raw, TOTAL).await;
        let (body, answer) = bodies.recv().await.unwrap();
        let sent = Rc::new(Cell::new(0));
        let counted = Rc::clone(&sent);
        let (stuck, mut is_stuck) = mpsc::channel(1);
        let sender = tokio::task::spawn_local(async move {
            let chunk = vec![0; 64 * 1024];
            while counted.get() < TOTAL {
                // On the paused clock this is over as soon as nothing else happens any more.
                let ready = tokio::time::timeout(Duration::from_millis(1), raw.0.writable()).await;
                match ready {
                    Ok(_) => match raw
                        .0
                        .try_write(&chunk[..chunk.len().min(TOTAL - counted.get())])
                    {
                        Ok(count) => counted.set(counted.get() + count),
                        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
                    },
                    Err(_) => drop(stuck.try_send(())),
                }
            }
            raw
        });

        is_stuck.recv().await.unwrap();
        tokio::time::resume();
        assert!(sent.get() < TOTAL / 2, "{} bytes were taken", sent.get());

        assert_eq!(read_body(body).await.unwrap().len(), TOTAL);
        answer.send(()).unwrap();
        assert_eq!(sender.await.unwrap().status().await, 200);
    });
}

#[test]
fn a_handler_cannot_produce_more_than_fits_until_the_client_reads() {
    const CHUNK: usize = 64 * 1024;
    const TOTAL: usize = 64 * 1024 * 1024;
    run_paused(async {
        let (stuck, mut is_stuck) = mpsc::channel(1);
        let server = Server::start(move |_| {
            let stuck = stuck.clone();
            async move {
                let (writer, stream) = body_stream(Some(TOTAL as u64));
                tokio::task::spawn_local(async move {
                    for index in 0..TOTAL / CHUNK {
                        let room = tokio::time::timeout(Duration::from_millis(1), writer.reserve());
                        match room.await {
                            Ok(slot) => slot.unwrap().send(Ok(Bytes::from(vec![0; CHUNK]))),
                            Err(_) => {
                                let _ = stuck.try_send(index);
                                writer.send(Ok(Bytes::from(vec![0; CHUNK]))).await.unwrap();
                            }
                        }
                    }
                });
                with_body(Body::Stream(stream))
            }
        });
        let mut raw = server.connect().await;
        raw.get("/").await;

        let chunks = is_stuck.recv().await.unwrap();
        tokio::time::resume();
        assert!(chunks < TOTAL / CHUNK / 2, "{chunks} chunks were taken");

        raw.read_to("\r\n\r\n").await;
        assert_eq!(raw.read_exactly(TOTAL).await.len(), TOTAL);
    });
}

#[test]
fn the_producer_of_a_response_learns_that_the_client_left() {
    run(async {
        let (gone, mut is_gone) = mpsc::channel(1);
        let server = Server::start(move |_| {
            let gone = gone.clone();
            async move {
                let (writer, stream) = body_stream(None);
                tokio::task::spawn_local(async move {
                    writer.send(Ok(Bytes::from_static(b"x"))).await.unwrap();
                    writer.closed().await;
                    gone.send(()).await.unwrap();
                });
                with_body(Body::Stream(stream))
            }
        });
        let mut raw = server.connect().await;
        raw.get("/").await;
        raw.read_to("1\r\nx\r\n").await;

        drop(raw);

        is_gone.recv().await.unwrap();
    });
}

#[test]
fn a_client_that_stops_reading_is_cut() {
    run_paused(async {
        let limits = Limits {
            response_stall_timeout: Duration::from_secs(9),
            ..Limits::default()
        };
        let (gone, mut is_gone) = mpsc::channel(1);
        let server = Server::with_limits(&limits, move |_| {
            let gone = gone.clone();
            async move {
                let (writer, stream) = body_stream(None);
                tokio::task::spawn_local(async move {
                    while writer
                        .send(Ok(Bytes::from(vec![0; 64 * 1024])))
                        .await
                        .is_ok()
                    {}
                    gone.send(()).await.unwrap();
                });
                with_body(Body::Stream(stream))
            }
        });
        let mut raw = server.connect().await;
        raw.get("/").await;
        let start = tokio::time::Instant::now();

        is_gone.recv().await.unwrap();

        assert!(start.elapsed() >= Duration::from_secs(9));
        assert!(raw.was_reset().await);
    });
}

#[test]
fn a_body_can_be_echoed_while_it_arrives() {
    run(async {
        let server = Server::start(|request: FetchRequest| async { with_body(request.body) });
        let mut raw = server.connect().await;
        raw.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            .await;

        for word in ["one", "two"] {
            raw.send(format!("3\r\n{word}\r\n")).await;
            // Waits for the echo before the next word is sent.
            raw.read_to(&format!("3\r\n{word}\r\n")).await;
        }
        raw.send("0\r\n\r\n").await;

        assert_eq!(raw.read_to("0\r\n\r\n").await, "0\r\n\r\n");
    });
}
