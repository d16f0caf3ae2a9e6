//! A small blocking HTTP/1.1 client that shows exactly what is sent and received.
//!
//! It is not a general client: no TLS, no redirects, no compression, no retries. It can send any
//! bytes, which the tests of malformed requests need, and keeps connections alive.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::EVENT_DEADLINE;

/// Sends requests to one server.
#[derive(Clone, Copy, Debug)]
pub struct HttpClient {
    address: SocketAddr,
}

impl HttpClient {
    /// Makes a client for the server at `address`. No connection is made yet.
    pub fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    /// Returns the server's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Opens a connection that can carry several requests.
    ///
    /// # Panics
    /// When nobody listens.
    #[track_caller]
    pub fn connect(&self) -> Connection {
        let stream = match TcpStream::connect_timeout(&self.address, EVENT_DEADLINE) {
            Ok(stream) => stream,
            Err(error) => panic!("connect to {}: {error}", self.address),
        };
        stream
            .set_read_timeout(Some(EVENT_DEADLINE))
            .expect("the deadline is not zero");
        stream
            .set_write_timeout(Some(EVENT_DEADLINE))
            .expect("the deadline is not zero");
        stream.set_nodelay(true).expect("TCP has this option");
        Connection {
            address: self.address,
            reader: BufReader::new(stream),
        }
    }

    /// Sends one request on a connection of its own and reads the response.
    ///
    /// # Panics
    /// When no complete response arrives before [`EVENT_DEADLINE`].
    #[track_caller]
    pub fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response {
        self.connect().request(method, path, headers, body)
    }

    /// Sends `bytes` on a connection of its own and returns everything the server answers until it closes.
    ///
    /// A reset counts as the end: a server that refuses a request may close before it has read all of it.
    #[track_caller]
    pub fn raw(&self, bytes: &[u8]) -> Vec<u8> {
        let mut connection = self.connect();
        // A refusal may come before everything is sent; what was answered is still to be read.
        let _refused = connection.try_send(bytes);
        connection.read_to_end()
    }
}

/// One keep-alive connection.
pub struct Connection {
    address: SocketAddr,
    reader: BufReader<TcpStream>,
}

impl Connection {
    /// Sends a request and reads its response; the connection stays open for the next one.
    ///
    /// `Host` and, for a body or a method that has one, `Content-Length` are added unless given.
    ///
    /// # Panics
    /// When no complete response arrives before [`EVENT_DEADLINE`].
    #[track_caller]
    pub fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response {
        let has = |name: &str| {
            headers
                .iter()
                .any(|(field, _)| field.eq_ignore_ascii_case(name))
        };
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        if !has("host") {
            head.push_str(&format!("Host: {}\r\n", self.address));
        }
        let takes_body = matches!(method, "POST" | "PUT" | "PATCH");
        if (takes_body || !body.is_empty()) && !has("content-length") && !has("transfer-encoding") {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let mut message = head.into_bytes();
        message.extend_from_slice(body);
        // A server may answer before it has read the whole request, so the answer decides.
        let _refused = self.try_send(&message);
        self.read_response(method)
    }

    /// Sends bytes as they are.
    ///
    /// # Panics
    /// When the server no longer reads.
    #[track_caller]
    pub fn send(&mut self, bytes: &[u8]) {
        if let Err(error) = self.try_send(bytes) {
            panic!("send {} bytes to {}: {error}", bytes.len(), self.address);
        }
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// When the server no longer reads, or the deadline passes.
    pub fn try_send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.reader.get_mut().write_all(bytes)
    }

    /// Returns the sending side, for a request that is written while its response is read.
    ///
    /// # Panics
    /// When the process has no file descriptors left.
    #[track_caller]
    pub fn sender(&self) -> TcpStream {
        self.reader
            .get_ref()
            .try_clone()
            .expect("a descriptor is free")
    }

    /// Ends the connection with a reset instead of an orderly close.
    pub fn reset(self) {
        let socket = socket2::SockRef::from(self.reader.get_ref());
        socket
            .set_linger(Some(Duration::ZERO))
            .expect("TCP has this option");
    }

    /// Reads one response to a request of `method`; interim responses (100, 103) are skipped.
    ///
    /// # Panics
    /// When no complete response arrives before [`EVENT_DEADLINE`].
    #[track_caller]
    pub fn read_response(&mut self, method: &str) -> Response {
        match self.try_read_response(method) {
            Ok(response) => response,
            Err(error) => panic!("read a response from {}: {error}", self.address),
        }
    }

    /// Reads one response to a request of `method`.
    ///
    /// # Errors
    /// When the connection ends, the deadline passes or the bytes are not HTTP.
    pub fn try_read_response(&mut self, method: &str) -> std::io::Result<Response> {
        loop {
            let (status, headers) = self.read_head()?;
            let interim = (100..200).contains(&status) && status != 101;
            if interim {
                continue;
            }
            let mut response = Response {
                status,
                headers,
                body: Vec::new(),
            };
            let bodyless = method == "HEAD" || matches!(status, 101 | 204 | 304);
            if !bodyless {
                response.body = self.read_body(&response)?;
            }
            return Ok(response);
        }
    }

    /// Reads everything until the server closes or resets the connection.
    ///
    /// # Panics
    /// When it does neither before [`EVENT_DEADLINE`].
    #[track_caller]
    pub fn read_to_end(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self.reader.read_to_end(&mut bytes) {
            Err(error) if error.kind() != std::io::ErrorKind::ConnectionReset => panic!(
                "{} keeps the connection open after `{}`: {error}",
                self.address,
                String::from_utf8_lossy(&bytes)
            ),
            _ended => bytes,
        }
    }

    fn read_head(&mut self) -> std::io::Result<(u16, Vec<(String, String)>)> {
        let start = self.read_line()?;
        let status = start
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3))
            .and_then(|status| status.parse().ok())
            .ok_or_else(|| malformed(&start))?;
        let mut headers = Vec::new();
        loop {
            let line = self.read_line()?;
            if line.is_empty() {
                return Ok((status, headers));
            }
            let (name, value) = line.split_once(':').ok_or_else(|| malformed(&line))?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    fn read_body(&mut self, response: &Response) -> std::io::Result<Vec<u8>> {
        let mut body = Vec::new();
        if response
            .header("transfer-encoding")
            .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
        {
            loop {
                let line = self.read_line()?;
                let size = line.split(';').next().unwrap_or_default().trim();
                let size = u64::from_str_radix(size, 16).map_err(|_| malformed(&line))?;
                self.read_exactly(size, &mut body)?;
                // The line end after a chunk, and after the last chunk the end of no trailers.
                let end = self.read_line()?;
                if !end.is_empty() {
                    return Err(malformed(&end));
                }
                if size == 0 {
                    return Ok(body);
                }
            }
        }
        match response.header("content-length") {
            Some(length) => {
                let length = length.parse().map_err(|_| malformed(length))?;
                self.read_exactly(length, &mut body)?;
            }
            None => {
                self.reader.read_to_end(&mut body)?;
            }
        }
        Ok(body)
    }

    fn read_exactly(&mut self, length: u64, body: &mut Vec<u8>) -> std::io::Result<()> {
        let read = (&mut self.reader).take(length).read_to_end(body)?;
        if (read as u64) < length {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    /// Reads a line without its end. Header bytes are ISO-8859-1, one character each.
    fn read_line(&mut self) -> std::io::Result<String> {
        let mut line = Vec::new();
        self.reader.read_until(b'\n', &mut line)?;
        if line.pop() != Some(b'\n') {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(line.into_iter().map(char::from).collect())
    }
}

fn malformed(line: &str) -> std::io::Error {
    std::io::Error::other(format!("`{line}` is not a part of an HTTP/1.1 response"))
}

/// A complete response.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names in lower case, in the order received.
    pub headers: Vec<(String, String)>,
    /// All of the body, without transfer coding.
    pub body: Vec<u8>,
}

impl Response {
    /// Returns the first value of a header, whose name is given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, value)| value.as_str())
    }

    /// Returns the body as text.
    ///
    /// # Panics
    /// When it is not UTF-8.
    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is UTF-8")
    }

    /// Returns the body as JSON.
    ///
    /// # Panics
    /// When it is not JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("the body is not JSON: {error}: {self:?}"),
        }
    }

    /// Returns what most assertions compare: the status and the body.
    #[track_caller]
    pub fn status_and_text(&self) -> (u16, &str) {
        (self.status, self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread;

    /// Accepts one connection, answers with `bytes` and closes.
    fn answer(bytes: &'static [u8]) -> HttpClient {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let _read = stream.read(&mut request).unwrap();
            stream.write_all(bytes).unwrap();
        });
        HttpClient::new(address)
    }

    fn get(bytes: &'static [u8]) -> std::io::Result<Response> {
        let mut connection = answer(bytes).connect();
        connection.send(b"GET / HTTP/1.1\r\n\r\n");
        connection.try_read_response("GET")
    }

    #[test]
    fn a_body_with_a_length_ends_there() {
        let response = get(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc").unwrap();

        assert_eq!(response.status_and_text(), (200, "ab"));
    }

    #[test]
    fn a_chunked_body_is_joined() {
        let response =
            get(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n");

        assert_eq!(response.unwrap().text(), "ab0123456789");
    }

    #[test]
    fn a_body_without_a_length_ends_with_the_connection() {
        assert_eq!(get(b"HTTP/1.1 200 OK\r\n\r\nabc").unwrap().text(), "abc");
    }

    #[test]
    fn a_body_that_breaks_off_is_an_error() {
        for bytes in [
            &b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc"[..],
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabc",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Le",
        ] {
            assert_eq!(
                get(bytes).unwrap_err().kind(),
                std::io::ErrorKind::UnexpectedEof
            );
        }
    }

    #[test]
    fn what_is_not_http_is_an_error_that_shows_it() {
        assert_eq!(
            get(b"SSH-2.0-x\r\n").unwrap_err().to_string(),
            "`SSH-2.0-x` is not a part of an HTTP/1.1 response"
        );
    }

    #[test]
    fn an_interim_response_is_skipped_and_a_204_has_no_body() {
        let response =
            get(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n").unwrap();

        assert_eq!(response.status_and_text(), (204, ""));
    }

    #[test]
    fn header_names_are_found_in_any_case_and_bytes_are_kept_as_latin_1() {
        let response =
            get(b"HTTP/1.1 200 OK\r\nX-Test: \xE9\r\nContent-Length: 0\r\n\r\n").unwrap();

        assert_eq!(response.header("x-test"), Some("\u{E9}"));
    }
}
