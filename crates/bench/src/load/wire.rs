//! One connection that never blocks: bytes to send, and bytes that have come.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context, Result, bail, ensure};
use tungstenite::handshake::derive_accept_key;

/// The key of every handshake here: it proves nothing to us, and the answer to it is checked.
const KEY: &str = "c3RhdGVkLWJlbmNoLWtleQ==";

/// A connected stream with its two buffers.
pub(crate) struct Wire {
    stream: TcpStream,
    outbox: Vec<u8>,
    sent: usize,
    inbox: Vec<u8>,
    taken: usize,
    is_web_socket: bool,
}

impl Wire {
    /// Connects.
    pub(crate) fn connect(address: SocketAddr) -> Result<Self> {
        let stream =
            TcpStream::connect(address).with_context(|| format!("connect to {address}"))?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream,
            outbox: Vec::new(),
            sent: 0,
            inbox: Vec::new(),
            taken: 0,
            is_web_socket: false,
        })
    }

    /// Connects and opens a WebSocket.
    pub(crate) fn connect_web_socket(address: SocketAddr, path: &str) -> Result<Self> {
        let mut wire = Self::connect(address)?;
        wire.is_web_socket = true;
        wire.stream.set_nonblocking(false)?;
        write!(
            wire.stream,
            "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: {KEY}\r\n\r\n"
        )?;
        let mut chunk = [0; 1024];
        let head = loop {
            let count = wire.stream.read(&mut chunk)?;
            ensure!(count > 0, "{path}: the connection ends in the handshake");
            wire.inbox.extend_from_slice(&chunk[..count]);
            if let Some(end) = wire.inbox.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let text = String::from_utf8_lossy(&wire.inbox[..head]).into_owned();
        let accepted =
            text.starts_with("HTTP/1.1 101 ") && text.contains(&derive_accept_key(KEY.as_bytes()));
        ensure!(accepted, "{path}: no WebSocket but `{text}`");
        wire.take(head);
        wire.stream.set_nonblocking(true)?;
        Ok(wire)
    }

    /// Whether it cannot be replaced by another connection.
    pub(crate) fn is_web_socket(&self) -> bool {
        self.is_web_socket
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Where the next request is written; [`Wire::flush`] sends it.
    pub(crate) fn outbox(&mut self) -> &mut Vec<u8> {
        &mut self.outbox
    }

    /// What has come and is not taken yet.
    pub(crate) fn inbox(&self) -> &[u8] {
        &self.inbox[self.taken..]
    }

    /// Removes bytes from the front of the inbox.
    pub(crate) fn take(&mut self, count: usize) {
        self.taken += count;
        if self.taken == self.inbox.len() {
            self.inbox.clear();
            self.taken = 0;
        }
    }

    /// Sends as much as the kernel takes.
    pub(crate) fn flush(&mut self) -> Result<()> {
        while self.sent < self.outbox.len() {
            match self.stream.write(&self.outbox[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error).context("send to the server"),
            }
        }
        self.outbox.clear();
        self.sent = 0;
        Ok(())
    }

    /// Reads all that is there, by way of `scratch`.
    pub(crate) fn fill(&mut self, scratch: &mut [u8]) -> Result<()> {
        loop {
            match self.stream.read(scratch) {
                Ok(0) => bail!("the server closed a connection"),
                Ok(count) => {
                    self.inbox.extend_from_slice(&scratch[..count]);
                    // A short read has emptied the socket: the next byte makes a new event.
                    if count < scratch.len() {
                        return Ok(());
                    }
                }
                Err(error) if would_come_later(&error) => return Ok(()),
                Err(error) => return Err(error).context("read from the server"),
            }
        }
    }
}

fn would_come_later(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
