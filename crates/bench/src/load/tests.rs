//! The two ways of making load, against servers that are made for the purpose.

use std::borrow::Cow;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::http::HttpLoad;
use super::{Clients, closed, open};
use crate::load::web_socket::{Broadcast, Echo};
use crate::machine::{hyper_server, web_socket_server};
use crate::workload::Workload;

/// A number of requests for the constant of the bare server.
struct Hello(Option<u64>);

impl Workload for Hello {
    fn path(&self, _number: u64) -> Cow<'static, str> {
        "/".into()
    }

    fn requests_max(&self) -> Option<u64> {
        self.0
    }

    fn check(&mut self, _number: u64, answer: &[u8]) -> Result<()> {
        ensure!(answer == b"hello", "it is not hello");
        Ok(())
    }
}

#[test]
fn a_load_with_an_end_is_answered_to_its_end() {
    let mut clients = Clients::connect(hyper_server::start().unwrap(), 4).unwrap();
    let mut hello = Hello(Some(10));

    let outcome = closed(&mut clients, &mut HttpLoad::new(&mut hello, 4), super::LONG).unwrap();

    assert_eq!(outcome.answers, 10);
    assert!(outcome.per_second > 0.0);
}

#[test]
fn connections_without_a_request_do_not_stop_the_others() {
    let mut clients = Clients::connect(hyper_server::start().unwrap(), 4).unwrap();
    let mut hello = Hello(Some(2));

    let outcome = closed(&mut clients, &mut HttpLoad::new(&mut hello, 4), super::LONG).unwrap();

    assert_eq!(outcome.answers, 2);
}

#[test]
fn every_request_that_was_due_is_answered() {
    let mut clients = Clients::connect(hyper_server::start().unwrap(), 4).unwrap();
    let mut hello = Hello(None);
    let duration = Duration::from_millis(200);

    let mut load = HttpLoad::new(&mut hello, 4);
    let outcome = open(&mut clients, &mut load, 500.0, duration).unwrap();

    assert_eq!(outcome.answers, 100);
}

/// Forty requests are due while the server is silent, and each of them has waited.
#[test]
fn a_stall_delays_all_requests_that_were_due_in_it() {
    let stall = Duration::from_millis(400);
    let mut clients = Clients::connect(stalling_server(stall), 1).unwrap();
    let mut hello = Hello(None);

    let mut load = HttpLoad::new(&mut hello, 1);
    let outcome = open(&mut clients, &mut load, 100.0, stall).unwrap();

    assert_eq!(outcome.answers, 40);
    assert!(
        outcome.latencies.ms(0.5) >= 150.0,
        "{:?}",
        outcome.latencies.shares_ms()
    );
}

/// A server of one connection that lets the first request wait.
fn stalling_server(stall: Duration) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 1024];
        let mut first = true;
        while matches!(stream.read(&mut request), Ok(1..)) {
            if std::mem::take(&mut first) {
                thread::sleep(stall);
            }
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
            if stream.write_all(answer).is_err() {
                return;
            }
        }
    });
    address
}

#[test]
fn a_server_that_closes_is_an_error() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || drop(listener.accept()));
    let mut clients = Clients::connect(address, 1).unwrap();
    let mut hello = Hello(None);

    let mut load = HttpLoad::new(&mut hello, 1);
    let error = closed(&mut clients, &mut load, super::LONG).unwrap_err();

    let text = format!("{error:#}");
    assert!(
        text.contains("closed a connection") || text.contains("reset by peer"),
        "{text}"
    );
}

#[test]
fn every_echo_is_the_message_that_was_sent() {
    let address = web_socket_server::start().unwrap();
    let mut clients = Clients::connect_web_sockets(address, 3, |_| "/".to_owned()).unwrap();
    let duration = Duration::from_millis(50);

    let outcome = closed(&mut clients, &mut Echo::new(3, 32), duration).unwrap();

    assert!(outcome.answers >= 3);
}

/// The bare server sends a message to its sender only.
#[test]
fn a_broadcast_to_one_is_delivered_when_it_comes_back() {
    let address = web_socket_server::start().unwrap();
    let mut clients = Clients::connect_web_sockets(address, 1, |_| "/".to_owned()).unwrap();
    let duration = Duration::from_millis(50);

    let outcome = closed(&mut clients, &mut Broadcast::new(1), duration).unwrap();

    assert!(outcome.answers >= 1);
}
