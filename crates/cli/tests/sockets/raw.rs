//! A WebSocket client that writes and reads frames as bytes, also such as no library would.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use stated_testkit::{EVENT_DEADLINE, Server};

pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
pub(crate) const CONTINUATION: u8 = 0x0;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;
pub(crate) const PONG: u8 = 0xA;
pub(crate) const FIN: u8 = 0x80;
/// The first reserved bit: compressed.
pub(crate) const RSV1: u8 = 0x40;

/// A connection whose handshake is done.
pub(crate) struct Raw {
    stream: TcpStream,
    /// The response to the handshake, in lower case.
    pub(crate) head: String,
}

/// A frame of the server: its first byte and its payload.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) first: u8,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    pub(crate) fn new(first: u8, payload: impl Into<Vec<u8>>) -> Self {
        Self {
            first,
            payload: payload.into(),
        }
    }

    pub(crate) fn close(code: u16, reason: &str) -> Self {
        Self::new(FIN | CLOSE, close_payload(code, reason.as_bytes()))
    }
}

pub(crate) fn close_payload(code: u16, reason: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes()[..], reason].concat()
}

/// A masked frame with its shortest length field.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | length as u8),
        length @ 126..=0xFFFF => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(
        payload
            .iter()
            .zip(MASK.iter().cycle())
            .map(|(byte, mask)| byte ^ mask),
    );
    frame
}

impl Raw {
    pub(crate) fn connect(server: &Server, path: &str) -> Self {
        Self::connect_with(server, path, "")
    }

    /// `fields` are further lines of the request, each with its line end.
    pub(crate) fn connect_with(server: &Server, path: &str, fields: &str) -> Self {
        let address = server.address();
        let mut stream = TcpStream::connect(address).expect("the server listens");
        stream
            .set_read_timeout(Some(EVENT_DEADLINE))
            .expect("the deadline is not zero");
        stream
            .set_write_timeout(Some(EVENT_DEADLINE))
            .expect("the deadline is not zero");
        stream.set_nodelay(true).expect("TCP has this option");
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{fields}\r\n"
        );
        stream
            .write_all(request.as_bytes())
            .expect("the server reads");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("the server answers");
            head.push(byte[0]);
        }
        let head = String::from_utf8(head)
            .expect("a head is ASCII")
            .to_lowercase();
        assert!(head.starts_with("http/1.1 101"), "{head}");
        Self { stream, head }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the server reads");
    }

    /// Sends what may meet a server that has hung up already.
    pub(crate) fn send_unless_closed(&mut self, bytes: &[u8]) {
        let _unused = self.stream.write_all(bytes);
    }

    pub(crate) fn receive(&mut self) -> Frame {
        let [first, short] = self.bytes();
        assert_eq!(short & 0x80, 0, "a server does not mask");
        let length = match short {
            126 => u64::from(u16::from_be_bytes(self.bytes())),
            127 => u64::from_be_bytes(self.bytes()),
            short => u64::from(short),
        };
        let mut payload = vec![0; length as usize];
        self.stream
            .read_exact(&mut payload)
            .expect("the frame arrives whole");
        Frame { first, payload }
    }

    /// Waits until the server has ended the connection, in order or not.
    pub(crate) fn expect_end(&mut self) {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Ok(_) => assert!(rest.is_empty(), "{rest:?} follows"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
    }

    fn bytes<const COUNT: usize>(&mut self) -> [u8; COUNT] {
        let mut bytes = [0; COUNT];
        self.stream
            .read_exact(&mut bytes)
            .expect("a frame arrives in time");
        bytes
    }
}
