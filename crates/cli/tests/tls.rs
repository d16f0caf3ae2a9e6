//! TLS of `cloudflare:sockets` and `node:tls`, against a server of the test's own, whose root the
//! process is told to trust.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use stated_testkit::project::repository;
use stated_testkit::{Launch, Runtime, Server, fixture};

const UNREACHABLE: &str = "Error: proxy request failed, cannot connect to the specified address";

/// The certificate is for `localhost`.
fn certificates() -> PathBuf {
    repository().join("crates/http/tests/edge/certs")
}

fn config() -> Arc<ServerConfig> {
    let folder = certificates();
    let certificate = CertificateDer::from_pem_file(folder.join("server.pem"));
    let key = PrivateKeyDer::from_pem_file(folder.join("server.key"));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has the ciphers of the default versions")
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.expect("it is in the repository")],
            key.expect("it is in the repository"),
        );
    Arc::new(config.expect("the key is the certificate's"))
}

/// A server that answers the lines of a connection, which may become secure before each. Gives its
/// port.
fn peer() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let config = config();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.expect("connections are accepted");
            let config = config.clone();
            // A client that does not trust the server ends the connection.
            std::thread::spawn(move || drop(answer(stream, config)));
        }
    });
    port
}

fn answer(mut stream: TcpStream, config: Arc<ServerConfig>) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?);
    // The first byte of a TLS handshake is no line.
    while !matches!(lines.fill_buf()?.first(), None | Some(0x16)) {
        let mut line = String::new();
        lines.read_line(&mut line)?;
        stream.write_all(format!("open {line}").as_bytes())?;
    }
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut secure = BufReader::new(StreamOwned::new(connection, Both(lines, stream)));
    loop {
        let mut line = String::new();
        if secure.read_line(&mut line)? == 0 || line == "bye\n" {
            break;
        }
        let answered = format!("secure {line}");
        secure.get_mut().write_all(answered.as_bytes())?;
    }
    let stream = secure.get_mut();
    stream.write_all(b"bye!")?;
    stream.conn.send_close_notify();
    stream.flush()?;
    stream.sock.1.shutdown(Shutdown::Write)
}

/// A connection some bytes of which have been read ahead.
struct Both(BufReader<TcpStream>, TcpStream);

impl Read for Both {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Both {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.1.flush()
    }
}

fn scene(server: &Server, name: &str, port: u16) -> Value {
    server.get(&format!("/{name}?port={port}")).json()
}

#[test]
fn a_program_talks_to_a_server_by_tls_from_the_start_and_later() {
    let server = Launch::of(Runtime::Stated, fixture("tls"))
        .environment("SSL_CERT_FILE", certificates().join("ca.pem"))
        .start();
    let port = peer();
    let scene = |name| scene(&server, name, port);

    assert_eq!(
        scene("fromTheStart"),
        json!({
            "answers": ["secure one\n", "secure two\n"],
            "atLast": "bye!",
            "closed": null,
            "shown": "on",
        })
    );
    assert_eq!(
        scene("later"),
        json!({
            "before": "open open\n",
            "opened": "string",
            "after": "secure hidden\n",
            "upgraded": true,
            "closed": null,
        })
    );
    assert_eq!(scene("underAnotherName"), json!("secure hidden\n"));
    assert_eq!(
        scene("wrongName"),
        json!({ "opened": UNREACHABLE, "read": UNREACHABLE })
    );
    assert_eq!(
        scene("node"),
        json!([
            ["secureConnect", true, true],
            ["data", "secure one\n"],
            ["data", "bye!"],
            ["end"],
            ["close", false],
        ])
    );
}

#[test]
fn a_server_whose_root_is_not_trusted_is_not_talked_to() {
    let server = Launch::of(Runtime::Stated, fixture("tls")).start();
    let port = peer();

    let node = scene(&server, "node", port);

    assert_eq!(
        scene(&server, "wrongName", port)["opened"],
        json!(UNREACHABLE)
    );
    let events = node.as_array().expect("the fixture gives a list");
    assert_eq!(events.last(), Some(&json!(["close", true])), "{node}");
    assert!(
        events.iter().all(|event| event[0] != "secureConnect"),
        "{node}"
    );
}
