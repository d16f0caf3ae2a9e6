//! `connect()` of `cloudflare:sockets`, against a server of the test's own.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

use serde_json::{Value, json};
use stated_testkit::{Launch, Runtime, Server, fixture};

const UNREACHABLE: &str = "Error: proxy request failed, cannot connect to the specified address";

/// A server that answers each line by what it says. Gives its port.
fn peer() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let port = listener.local_addr().expect("it is bound").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.expect("connections are accepted");
            std::thread::spawn(move || drop(answer(stream)));
        }
    });
    port
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?);
    // The first byte of a TLS handshake is no line.
    while !matches!(lines.fill_buf()?.first(), None | Some(0x16)) {
        let mut line = String::new();
        lines.read_line(&mut line)?;
        let line = line.trim_end();
        match line.split_once(' ') {
            Some(("send", count)) => {
                let count = count.parse().expect("the fixture says how many");
                stream.write_all(&vec![7; count])?;
                return stream.shutdown(Shutdown::Both);
            }
            None if line == "bye" => {
                stream.write_all(b"bye!")?;
                return stream.shutdown(Shutdown::Both);
            }
            None if line == "half" => {
                stream.write_all(b"half!")?;
                stream.shutdown(Shutdown::Write)?;
            }
            // In one piece: a client reads what is there.
            _ => stream.write_all(format!("echo {line}\n").as_bytes())?,
        }
    }
    stream.shutdown(Shutdown::Both)
}

/// A port on which nobody listens.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("it is bound").port()
}

fn scene(server: &Server, name: &str, port: u16) -> Value {
    let free = free_port();
    server
        .get(&format!("/{name}?port={port}&free={free}"))
        .json()
}

#[test]
fn a_program_talks_to_a_server_by_tcp() {
    let server = Launch::of(Runtime::Stated, fixture("tcp")).start();
    let port = peer();
    let scene = |name| scene(&server, name, port);

    assert_eq!(
        scene("echo"),
        json!({
            "opened": { "remoteAddress": format!("127.0.0.1:{port}") },
            "first": "echo hello\n",
            "second": "echo text\n",
            "shown": [false, "off", "[object Socket]"],
            "closed": null,
        })
    );
    assert_eq!(
        scene("peerEnds"),
        json!({
            "text": "bye!",
            "closed": null,
            "write": "TypeError: This WritableStream has been closed.",
        })
    );
    assert_eq!(
        scene("halfOpen"),
        json!({ "text": "half!", "closed": false, "atLast": null })
    );
    assert_eq!(
        scene("closedWhileRead"),
        json!({ "read": "Error: Stream was cancelled.", "closed": null })
    );
    assert_eq!(scene("much"), json!(true));
    assert_eq!(scene("keeper"), json!("echo kept\n"));
}

#[test]
fn a_connection_that_cannot_be_made_says_so_everywhere() {
    let server = Launch::of(Runtime::Stated, fixture("tcp")).start();
    let port = peer();
    let scene = |name| scene(&server, name, port);

    assert_eq!(
        scene("refused"),
        json!({
            "opened": UNREACHABLE,
            "closed": UNREACHABLE,
            "read": UNREACHABLE,
            "write": UNREACHABLE,
        })
    );
    assert_eq!(
        scene("startTls"),
        json!({
            "first": "echo hello\n",
            "again": "TypeError: startTls has already been called on this socket, or the socket was transferred over RPC.",
            "shown": ["starttls", "on"],
            "opened": UNREACHABLE,
            "closed": null,
        })
    );
    assert_eq!(
        scene("startTlsRefused"),
        json!([
            "TypeError: The `secureTransport` socket option must be set to 'starttls' for startTls to be used.",
            "TypeError: Cannot startTls on a TLS socket.",
        ])
    );
    assert_eq!(
        scene("nowhere"),
        json!(
            "Error: This worker is not permitted to access the internet via global functions like fetch(). It must use capabilities (such as bindings in 'env') to talk to the outside world."
        )
    );
    let at_start = scene("atStart");
    let text = at_start.as_str().expect("it is a text");
    assert!(
        text.starts_with("Error: Disallowed operation called within global scope."),
        "{text}"
    );
    assert_eq!(
        scene("arguments"),
        json!([
            "TypeError: Specified address is missing hostname.",
            "TypeError: Specified address is missing port.",
            "TypeError: Specified address is missing port.",
            "TypeError: Specified address could not be parsed.",
            "TypeError: Specified address could not be parsed.",
            "TypeError: Specified address could not be parsed.",
            "TypeError: Specified address could not be parsed.",
            "TypeError: Specified address is empty string, contains unsupported characters or is too long.",
            "TypeError: The value cannot be converted because it is not an integer.",
            "TypeError: Value out of range. Must be less than or equal to 65535.",
            "TypeError: The value cannot be converted because it is negative and this API expects a positive number.",
            "TypeError: Failed to execute 'connect' on 'SocketsModule': parameter 2 is not of type 'SocketOptions'.",
            "TypeError: Unsupported value in secureTransport socket option: x",
            "TypeError: The value cannot be converted because it is negative and this API expects a positive bigint.",
            "TypeError: The value cannot be converted because it is not an integer.",
        ])
    );
}
