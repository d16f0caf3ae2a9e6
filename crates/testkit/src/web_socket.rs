//! A blocking WebSocket client whose every wait has a deadline.

use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use tungstenite::client::IntoClientRequest;
use tungstenite::http::HeaderValue;
use tungstenite::protocol::CloseFrame;
use tungstenite::{HandshakeError, Message, WebSocket};

use crate::EVENT_DEADLINE;

/// An open WebSocket. Dropping it closes the connection without a close frame, as a crash would.
pub struct WebSocketClient {
    socket: WebSocket<TcpStream>,
}

impl WebSocketClient {
    /// Opens a WebSocket to `path`.
    ///
    /// # Panics
    /// When the server does not answer with 101 before [`EVENT_DEADLINE`].
    #[track_caller]
    pub fn connect(address: SocketAddr, path: &str) -> Self {
        Self::connect_with(address, path, &[])
    }

    /// Opens a WebSocket to `path` with further request headers.
    ///
    /// # Panics
    /// When the server does not answer with 101 before [`EVENT_DEADLINE`].
    #[track_caller]
    pub fn connect_with(address: SocketAddr, path: &str, headers: &[(&'static str, &str)]) -> Self {
        match Self::try_connect(address, path, headers) {
            Ok(client) => client,
            Err(refusal) => panic!("open a WebSocket to {address}{path}: {refusal}"),
        }
    }

    /// Opens a WebSocket to `path`.
    ///
    /// # Errors
    /// The refusal in words; an HTTP answer other than 101 reads `HTTP <status>: <body>`.
    pub fn try_connect(
        address: SocketAddr,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, String> {
        let mut request = format!("ws://{address}{path}")
            .into_client_request()
            .map_err(|error| error.to_string())?;
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).map_err(|error| error.to_string())?;
            request.headers_mut().insert(*name, value);
        }
        let stream = TcpStream::connect_timeout(&address, EVENT_DEADLINE)
            .map_err(|error| error.to_string())?;
        stream
            .set_read_timeout(Some(EVENT_DEADLINE))
            .expect("the deadline is not zero");
        stream
            .set_write_timeout(Some(EVENT_DEADLINE))
            .expect("the deadline is not zero");
        stream.set_nodelay(true).expect("TCP has this option");
        match tungstenite::client(request, stream) {
            Ok((socket, _response)) => Ok(Self { socket }),
            Err(HandshakeError::Interrupted(_)) => Err("no answer before the deadline".to_owned()),
            Err(HandshakeError::Failure(tungstenite::Error::Http(response))) => {
                let body = response.body().as_deref().unwrap_or_default();
                let body = String::from_utf8_lossy(body);
                Err(format!("HTTP {}: {body}", response.status().as_u16()))
            }
            Err(HandshakeError::Failure(error)) => Err(error.to_string()),
        }
    }

    /// Sends a text message.
    ///
    /// # Panics
    /// When the connection is closed.
    #[track_caller]
    pub fn send_text(&mut self, text: &str) {
        self.send(Message::text(text));
    }

    /// Sends a binary message.
    ///
    /// # Panics
    /// When the connection is closed.
    #[track_caller]
    pub fn send_binary(&mut self, bytes: &[u8]) {
        self.send(Message::binary(bytes.to_vec()));
    }

    /// Sends any message or control frame.
    ///
    /// # Panics
    /// When the connection is closed.
    #[track_caller]
    pub fn send(&mut self, message: Message) {
        if let Err(error) = self.socket.send(message) {
            panic!("send a WebSocket message: {error}");
        }
    }

    /// Waits for the next message and requires it to be this text.
    ///
    /// # Panics
    /// When something else arrives, or nothing before [`EVENT_DEADLINE`].
    #[track_caller]
    pub fn expect_text(&mut self, expected: &str) {
        assert_eq!(self.next_text(), expected);
    }

    /// Waits for the next message, requires it to be text and returns it.
    ///
    /// # Panics
    /// When something else arrives, or nothing before [`EVENT_DEADLINE`].
    #[track_caller]
    pub fn next_text(&mut self) -> String {
        match self.next_message() {
            Message::Text(text) => text.as_str().to_owned(),
            other => panic!("expected a text message, received {other:?}"),
        }
    }

    /// Waits for the next message, requires it to be JSON text and returns the value.
    ///
    /// # Panics
    /// When something else arrives, or nothing before [`EVENT_DEADLINE`].
    #[track_caller]
    pub fn next_json(&mut self) -> serde_json::Value {
        let text = self.next_text();
        match serde_json::from_str(&text) {
            Ok(value) => value,
            Err(error) => panic!("`{text}` is not JSON: {error}"),
        }
    }

    /// Waits for the next message, requires it to be binary and returns it.
    ///
    /// # Panics
    /// When something else arrives, or nothing before [`EVENT_DEADLINE`].
    #[track_caller]
    pub fn next_binary(&mut self) -> Vec<u8> {
        match self.next_message() {
            Message::Binary(bytes) => bytes.to_vec(),
            other => panic!("expected a binary message, received {other:?}"),
        }
    }

    /// Waits for the next message of any kind; pings are answered and skipped.
    ///
    /// # Panics
    /// When the connection ends without a close frame, or nothing arrives before [`EVENT_DEADLINE`].
    #[track_caller]
    pub fn next_message(&mut self) -> Message {
        let end = Instant::now() + EVENT_DEADLINE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no WebSocket message before the deadline");
            self.socket
                .get_ref()
                .set_read_timeout(Some(left))
                .expect("the rest is not zero");
            match self.socket.read() {
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Ok(message) => return message,
                Err(error) => panic!("wait for a WebSocket message: {error}"),
            }
        }
    }

    /// Starts the closing handshake.
    ///
    /// # Panics
    /// When the connection is gone already.
    #[track_caller]
    pub fn close(&mut self, code: u16, reason: &str) {
        let frame = CloseFrame {
            code: code.into(),
            reason: reason.into(),
        };
        if let Err(error) = self.socket.close(Some(frame)) {
            panic!("close a WebSocket: {error}");
        }
    }

    /// Waits for the server's close frame and requires its code and reason; messages before it fail.
    ///
    /// A close frame without a code counts as 1005, as in browsers.
    ///
    /// # Panics
    /// When something else arrives, or nothing before [`EVENT_DEADLINE`].
    #[track_caller]
    pub fn expect_close(&mut self, code: u16, reason: &str) {
        match self.next_message() {
            Message::Close(frame) => {
                let frame = frame.map_or((1005, String::new()), |frame| {
                    (u16::from(frame.code), frame.reason.as_str().to_owned())
                });
                assert_eq!(frame, (code, reason.to_owned()));
            }
            other => panic!("expected the WebSocket to close, received {other:?}"),
        }
    }

    /// Waits until the connection ends without a close frame, as it does when the server is killed.
    ///
    /// # Panics
    /// When a message or a close frame arrives, or nothing happens before [`EVENT_DEADLINE`].
    #[track_caller]
    pub fn expect_disconnect(&mut self) {
        match self.socket.read() {
            Ok(message) => panic!("expected a lost connection, received {message:?}"),
            Err(tungstenite::Error::Io(error))
                if error.kind() == std::io::ErrorKind::WouldBlock =>
            {
                panic!("the connection is still open at the deadline");
            }
            Err(_lost) => {}
        }
    }
}
