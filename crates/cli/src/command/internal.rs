//! The listener for this machine only: health, and the API of `stated objects`.
//!
//! It accepts connections on 127.0.0.1. Web pages of a browser on the same machine are kept out: a
//! request must name a loopback host and must not come from another origin. Other users of the
//! machine are not kept out.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, ORIGIN};
use http::{HeaderValue, StatusCode};
use stated_admin::{Api, Reply, Request, Store, Upload};
use stated_http::{Handler, Limits, Shutdown, ShutdownTrigger, TrustedProxies};
use stated_node::Objects;
use stated_object::message::{Body, FetchRequest, FetchResponse, body_stream};
use tokio::io::AsyncReadExt;
use tokio::task::JoinHandle;

use crate::failure::Failure;

/// The file in the data folder that says where the server of the folder answers.
const ADDRESS_FILE: &str = "internal-address";
/// Bytes read at a time from a database that is sent.
const CHUNK_BYTES: usize = 256 << 10;

/// A listener that does not answer yet.
pub(crate) struct Internal {
    listener: tokio::net::TcpListener,
    address: SocketAddr,
}

/// A listener that answers.
pub(crate) struct Serving {
    stop: ShutdownTrigger,
    task: JoinHandle<()>,
    address_file: PathBuf,
}

impl Internal {
    /// Takes the port; 0 lets the system choose.
    pub(crate) fn listen(port: u16) -> Result<Self, Failure> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = std::net::TcpListener::bind(address).and_then(|listener| {
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            Ok(Self {
                listener: tokio::net::TcpListener::from_std(listener)?,
                address,
            })
        });
        listener.map_err(|error| {
            Failure::new(format!("listen on {address} for /healthz: {error}"))
                .with_hint("choose another port with --internal-port PORT")
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers from now on, and tells `stated objects` where.
    pub(crate) fn serve(self, objects: Objects, data: &Path) -> Result<Serving, Failure> {
        let address_file = data.join(ADDRESS_FILE);
        std::fs::write(&address_file, self.address.to_string()).map_err(|error| {
            Failure::new(format!("write `{}`: {error}", address_file.display()))
        })?;
        let (stop, stopped) = Shutdown::new();
        let front = Rc::new(Front {
            api: Api::new(Store::Running(objects)),
        });
        let task = tokio::task::spawn_local(async move {
            let (limits, proxies) = (Limits::default(), TrustedProxies::default());
            stated_http::serve(self.listener, front, &limits, &proxies, stopped).await;
        });
        Ok(Serving {
            stop,
            task,
            address_file,
        })
    }
}

impl Serving {
    /// Finishes the requests in flight.
    pub(crate) async fn stop(self) {
        // A file that stays behind is harmless: it counts only while the folder is locked.
        let _unused = std::fs::remove_file(&self.address_file);
        self.stop.begin(1001, "the server is shutting down");
        let _unused = self.task.await;
    }
}

/// Where the server that uses the folder answers.
pub(crate) fn address_of(data: &Path) -> Option<SocketAddr> {
    std::fs::read_to_string(data.join(ADDRESS_FILE))
        .ok()?
        .trim()
        .parse()
        .ok()
}

struct Front {
    api: Api,
}

impl Handler for Front {
    async fn handle(&self, request: FetchRequest) -> FetchResponse {
        let after_scheme = request.url.split_once("://").map_or("", |(_, rest)| rest);
        let (host, target) =
            after_scheme.split_at(after_scheme.find('/').unwrap_or(after_scheme.len()));
        match target {
            "/healthz" | "/readyz" => FetchResponse::text(StatusCode::OK, "ok"),
            _ if !target.starts_with("/objects/") => {
                FetchResponse::text(StatusCode::NOT_FOUND, "not found")
            }
            _ if !is_loopback(host) || request.headers.contains_key(ORIGIN) => FetchResponse::text(
                StatusCode::FORBIDDEN,
                "only programs on this machine may ask",
            ),
            _ => {
                let target = target.to_owned();
                match collect(request.body).await {
                    Ok(body) => {
                        let body = Upload::Bytes(body);
                        respond(
                            self.api
                                .answer(Request {
                                    method: request.method,
                                    target,
                                    body,
                                })
                                .await,
                        )
                        .await
                    }
                    Err(error) => FetchResponse::text(StatusCode::BAD_REQUEST, error),
                }
            }
        }
    }
}

/// A name that a web page's own host could have would let the page in.
fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    matches!(name, "127.0.0.1" | "localhost" | "[::1]")
}

/// All of a body; the listener bounds its size.
pub(crate) async fn collect(body: Body) -> Result<Bytes, String> {
    let mut stream = match body {
        Body::None => return Ok(Bytes::new()),
        Body::Bytes(bytes) => return Ok(bytes),
        Body::Stream(stream) => stream,
    };
    let mut all = BytesMut::new();
    while let Some(chunk) = stream.chunks.recv().await {
        all.extend_from_slice(&chunk.map_err(|error| error.to_string())?);
    }
    Ok(all.freeze())
}

async fn respond(reply: Reply) -> FetchResponse {
    match reply {
        Reply::Json(status, body) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = FetchResponse::text(status, body.to_string());
            response
                .headers
                .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
        Reply::Database { path, folder } => match tokio::fs::File::open(&path).await {
            Ok(file) => {
                let mut response = FetchResponse::text(StatusCode::OK, "");
                response.headers.insert(
                    CONTENT_TYPE,
                    HeaderValue::from_static("application/vnd.sqlite3"),
                );
                response.body = send(file, folder).await;
                response
            }
            Err(error) => FetchResponse::text(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        },
    }
}

/// Streams the file; its folder is kept as long as that takes.
async fn send<F: 'static>(mut file: tokio::fs::File, folder: F) -> Body {
    let length = file.metadata().await.ok().map(|status| status.len());
    let (writer, stream) = body_stream(length);
    tokio::task::spawn_local(async move {
        let _folder = folder;
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            let sent = match file.read(&mut chunk).await {
                Ok(0) => return,
                Ok(length) => {
                    writer
                        .send(Ok(Bytes::copy_from_slice(&chunk[..length])))
                        .await
                }
                Err(error) => {
                    let error = stated_object::message::BodyError::Failed(error.to_string());
                    writer.send(Err(error)).await
                }
            };
            if sent.is_err() {
                return;
            }
        }
    });
    Body::Stream(stream)
}
