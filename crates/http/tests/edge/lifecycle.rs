//! Connections from accept to end: keep-alive, pipelining, time limits, places, shutdown.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use stated_http::{Limits, Served};
use stated_object::message::FetchRequest;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use crate::fixture::{Raw, Server, run, run_paused, text};

#[test]
fn a_connection_serves_one_request_after_the_other() {
    run(async {
        let server = Server::start(|_| async { text("ok") });
        let mut raw = server.connect().await;

        for _ in 0..3 {
            raw.get("/").await;
            assert_eq!(raw.response().await.2, "ok");
        }
    });
}

#[test]
fn a_connection_closes_when_the_client_says_so() {
    run(async {
        let server = Server::start(|_| async { text("ok") });
        for request in [
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "GET / HTTP/1.0\r\nHost: a\r\n\r\n",
        ] {
            let mut raw = server.connect().await;
            raw.send(request).await;

            assert!(raw.rest().await.ends_with("\r\n\r\nok"));
        }
    });
}

#[test]
fn pipelined_requests_are_answered_in_order_whatever_they_take() {
    run(async {
        let seen = Rc::new(RefCell::new(Vec::new()));
        let recorded = Rc::clone(&seen);
        let server = Server::start(move |request: FetchRequest| {
            let seen = Rc::clone(&recorded);
            async move {
                let path = request.url.rsplit('/').next().unwrap().to_owned();
                for _ in 0..if path == "1" { 50 } else { 0 } {
                    tokio::task::yield_now().await;
                }
                seen.borrow_mut().push(path.clone());
                stated_object::message::FetchResponse::text(http::StatusCode::OK, path)
            }
        });
        let mut raw = server.connect().await;

        let request =
            |path| format!("POST /{path} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
        raw.send(["1", "2", "3"].map(request).concat()).await;

        for expected in ["1", "2", "3"] {
            assert_eq!(raw.response().await.2, expected);
        }
        assert_eq!(*seen.borrow(), ["1", "2", "3"]);
    });
}

#[test]
fn a_head_that_is_not_finished_in_time_ends_the_connection() {
    run_paused(async {
        let limits = Limits {
            head_read_timeout: Duration::from_secs(5),
            ..Limits::default()
        };
        let server = Server::with_limits(&limits, |_| async { text("ok") });
        let mut raw = server.connect().await;
        let start = Instant::now();
        raw.send("GET / HTTP/1.1\r\nHost: a\r\nX-Slow").await;

        raw.was_reset().await;

        assert_eq!(start.elapsed().as_secs(), 5);
    });
}

#[test]
fn an_idle_connection_is_closed_in_time() {
    run_paused(async {
        let limits = Limits {
            head_read_timeout: Duration::from_secs(5),
            ..Limits::default()
        };
        let server = Server::with_limits(&limits, |_| async { text("ok") });
        let mut raw = server.connect().await;
        raw.get("/").await;
        raw.response().await;
        let start = Instant::now();

        assert_eq!(raw.rest().await, "");

        assert_eq!(start.elapsed().as_secs(), 5);
    });
}

/// Tells the test when the handler's future is dropped.
struct Dropped(mpsc::Sender<()>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = self.0.try_send(());
    }
}

#[test]
fn a_handler_is_dropped_when_its_client_leaves() {
    run(async {
        let (dropped, mut is_dropped) = mpsc::channel(1);
        let (begun, mut has_begun) = mpsc::channel(1);
        let server = Server::start(move |_| {
            let (guard, begun) = (Dropped(dropped.clone()), begun.clone());
            async move {
                begun.send(()).await.unwrap();
                std::future::pending::<()>().await;
                drop(guard);
                text("never")
            }
        });
        let mut raw = server.connect().await;
        raw.get("/").await;
        has_begun.recv().await.unwrap();

        drop(raw);

        is_dropped.recv().await.unwrap();
    });
}

#[test]
fn a_full_server_serves_the_next_connection_when_one_ends() {
    run_paused(async {
        let limits = Limits {
            connection_count_max: 2,
            ..Limits::default()
        };
        let server = Server::with_limits(&limits, |_| async { text("ok") });
        let mut served = [server.connect().await, server.connect().await];
        for raw in &mut served {
            raw.get("/").await;
            raw.response().await;
        }
        let mut waiting = server.connect().await;
        waiting.get("/").await;
        let soon = tokio::time::timeout(Duration::from_secs(1), waiting.response()).await;
        assert!(soon.is_err(), "the third of two connections was served");

        tokio::time::resume();
        drop(served);

        waiting.get("/").await;
        waiting.read_to("ok").await;
    });
}

/// A server with a handler that waits until it is told to go on, and a request in flight.
async fn in_flight(limits: &Limits) -> (Server, Raw, Rc<Notify>) {
    let (begun, mut has_begun) = mpsc::channel(1);
    let go_on = Rc::new(Notify::new());
    let waited = Rc::clone(&go_on);
    let server = Server::with_limits(limits, move |request: FetchRequest| {
        let (begun, go_on) = (begun.clone(), Rc::clone(&waited));
        async move {
            if request.url.ends_with("/quick") {
                return text("quick");
            }
            begun.send(()).await.unwrap();
            go_on.notified().await;
            text("finished")
        }
    });
    let mut raw = server.connect().await;
    raw.get("/").await;
    has_begun.recv().await.unwrap();
    (server, raw, go_on)
}

#[test]
fn a_shutdown_closes_idle_connections_and_finishes_requests_in_flight() {
    run(async {
        let (server, mut busy, go_on) = in_flight(&Limits::default()).await;
        let mut idle = server.connect().await;
        idle.get("/quick").await;
        idle.response().await;

        server.stop.begin(1001, "");
        assert_eq!(idle.rest().await, "");
        go_on.notify_one();

        assert!(busy.rest().await.ends_with("finished"));
        assert_eq!(server.ended.await.unwrap(), Served { cut_count: 0 });
        assert!(
            tokio::net::TcpStream::connect(server.address)
                .await
                .is_err()
        );
    });
}

#[test]
fn a_shutdown_cuts_what_does_not_finish_in_time() {
    run_paused(async {
        let limits = Limits {
            shutdown_timeout: Duration::from_secs(3),
            ..Limits::default()
        };
        let (server, mut busy, _go_on) = in_flight(&limits).await;
        let start = Instant::now();

        server.stop.begin(1001, "");

        assert_eq!(server.ended.await.unwrap(), Served { cut_count: 1 });
        assert_eq!(start.elapsed().as_secs(), 3);
        assert_eq!(busy.rest().await, "");
    });
}
