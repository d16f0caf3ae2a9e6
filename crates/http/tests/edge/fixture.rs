//! Servers, a connection that speaks raw bytes, and the runtime they run on.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use stated_http::{
    Client, FetchError, Handler, Limits, RedirectMode, Served, Shutdown, ShutdownTrigger, Trust,
    TrustedProxies, listen, serve,
};
use stated_object::message::{Body, BodyError, FetchRequest, FetchResponse};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The longest a test may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// Runs a test on a runtime like a shard's.
pub(crate) fn run(test: impl Future<Output = ()>) {
    on_shard(async {
        tokio::time::timeout(DEADLINE, test)
            .await
            .expect("the test ends in time");
    });
}

/// The same with a clock that jumps to the next timer whenever nothing else happens.
///
/// "Nothing" includes a kernel that is still moving bytes: a test that goes on to move many of them
/// first calls `tokio::time::resume`.
pub(crate) fn run_paused(test: impl Future<Output = ()>) {
    on_shard(async {
        tokio::time::pause();
        test.await;
    });
}

fn on_shard(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, test);
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) stop: ShutdownTrigger,
    pub(crate) ended: JoinHandle<Served>,
}

impl Server {
    pub(crate) fn start(handler: impl Handler) -> Self {
        Self::with_limits(&Limits::default(), handler)
    }

    pub(crate) fn with_limits(limits: &Limits, handler: impl Handler) -> Self {
        Self::listening("127.0.0.1:0", limits, handler)
    }

    pub(crate) fn listening(address: &str, limits: &Limits, handler: impl Handler) -> Self {
        Self::behind(&TrustedProxies::default(), address, limits, handler)
    }

    pub(crate) fn behind(
        proxies: &TrustedProxies,
        address: &str,
        limits: &Limits,
        handler: impl Handler,
    ) -> Self {
        let listener = listen(address.parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, shutdown) = Shutdown::new();
        let limits = limits.clone();
        let proxies = proxies.clone();
        let ended = tokio::task::spawn_local(async move {
            serve(listener, Rc::new(handler), &limits, &proxies, shutdown).await
        });
        Self {
            address,
            stop,
            ended,
        }
    }

    pub(crate) async fn connect(&self) -> Raw {
        Raw(TcpStream::connect(self.address).await.unwrap())
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// A connection without any protocol.
pub(crate) struct Raw(pub(crate) TcpStream);

impl Raw {
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Ends the connection with a reset instead of a close.
    pub(crate) fn reset(self) {
        self.0.set_zero_linger().unwrap();
    }

    /// Sends a GET request for `path` on a connection that stays.
    pub(crate) async fn get(&mut self, path: &str) {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"))
            .await;
    }

    /// Reads up to and including `end`.
    pub(crate) async fn read_to(&mut self, end: &str) -> String {
        let mut got = Vec::new();
        while !got.ends_with(end.as_bytes()) {
            let byte = self.0.read_u8().await;
            got.push(
                byte.unwrap_or_else(|e| panic!("{e} after {:?}", String::from_utf8_lossy(&got))),
            );
        }
        String::from_utf8(got).unwrap()
    }

    pub(crate) async fn read_exactly(&mut self, count: usize) -> Vec<u8> {
        let mut got = vec![0; count];
        self.0.read_exact(&mut got).await.unwrap();
        got
    }

    /// Reads a response with a `content-length`: its status, its head in lower case, and its body.
    pub(crate) async fn response(&mut self) -> (u16, String, String) {
        let head = self.read_to("\r\n\r\n").await.to_lowercase();
        let length = field(&head, "content-length").map_or(0, |length| length.parse().unwrap());
        let body = String::from_utf8(self.read_exactly(length).await).unwrap();
        (head[9..12].parse().unwrap(), head, body)
    }

    pub(crate) async fn status(&mut self) -> u16 {
        self.response().await.0
    }

    /// Reads until the other side ends the connection in order.
    pub(crate) async fn rest(&mut self) -> String {
        let mut got = Vec::new();
        self.0.read_to_end(&mut got).await.unwrap();
        String::from_utf8(got).unwrap()
    }

    /// Reads until the connection ends, and tells whether it was reset.
    pub(crate) async fn was_reset(&mut self) -> bool {
        let mut got = Vec::new();
        match self.0.read_to_end(&mut got).await {
            Ok(_) => false,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}

/// The value of a field in a head that is in lower case.
pub(crate) fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

pub(crate) fn text(body: &'static str) -> FetchResponse {
    FetchResponse::text(StatusCode::OK, body)
}

pub(crate) fn with_body(body: Body) -> FetchResponse {
    let mut response = text("");
    response.body = body;
    response
}

/// Reads a body to its end, or to its error.
pub(crate) async fn read_body(body: Body) -> Result<Vec<u8>, BodyError> {
    let mut all = Vec::new();
    match body {
        Body::None => {}
        Body::Bytes(bytes) => all.extend_from_slice(&bytes),
        Body::Stream(mut stream) => {
            while let Some(chunk) = stream.chunks.recv().await {
                all.extend_from_slice(&chunk?);
            }
        }
    }
    Ok(all)
}

pub(crate) async fn text_of(response: FetchResponse) -> String {
    String::from_utf8(read_body(response.body).await.unwrap()).unwrap()
}

pub(crate) fn request(method: Method, url: impl Into<String>) -> FetchRequest {
    FetchRequest {
        method,
        url: url.into(),
        headers: HeaderMap::new(),
        body: Body::None,
        peer: None,
        cf: None,
    }
}

pub(crate) fn get(url: impl Into<String>) -> FetchRequest {
    request(Method::GET, url)
}

pub(crate) fn post(url: impl Into<String>, body: &'static str) -> FetchRequest {
    let mut request = request(Method::POST, url);
    request.body = Body::Bytes(Bytes::from_static(body.as_bytes()));
    request
}

pub(crate) fn client() -> Client {
    Client::new(&Limits::default(), Trust::system())
}

/// Fetches with a client that is forgotten after it.
pub(crate) async fn fetch(request: FetchRequest) -> Result<FetchResponse, FetchError> {
    client().fetch(request, RedirectMode::Follow).await
}

/// A server made by hand: what it accepts, the test answers.
pub(crate) struct Scripted(pub(crate) TcpListener);

impl Scripted {
    pub(crate) async fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.0.local_addr().unwrap())
    }

    pub(crate) async fn accept(&self) -> Raw {
        Raw(self.0.accept().await.unwrap().0)
    }
}

/// A whole response with the body `ok`.
pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

pub(crate) const FOLLOW: RedirectMode = RedirectMode::Follow;
