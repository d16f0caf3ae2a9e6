//! The way to the objects: over HTTP to the server that uses the folder, or in this process.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;

use http::HeaderMap;
use serde_json::Value;
use stated_admin::{Api, Method, Reply, Request, Stopped, Store, Upload};
use stated_http::{Client, Limits, RedirectMode, Trust};
use stated_object::message::{Body, FetchRequest, FetchResponse};

use crate::command::internal;
use crate::failure::Failure;

/// Where requests are answered.
pub(super) enum Connection {
    /// By the server that uses the folder.
    Server(Client, SocketAddr),
    /// Here: no server uses it.
    Folder(Box<Api>),
}

impl Connection {
    /// Locks the folder, or finds the server that has locked it.
    pub(super) fn open(data: &Path) -> Result<Self, Failure> {
        match Stopped::open(data) {
            Ok(stopped) => Ok(Self::Folder(Box::new(Api::new(Store::Stopped(stopped))))),
            Err(refusal) if refusal.folder_is_in_use() => {
                match internal::address_of(data) {
                    Some(address) => Ok(Self::Server(
                        Client::new(&Limits::default(), Trust::system()),
                        address,
                    )),
                    None => Err(Failure::from(refusal)
                        .with_hint("wait until its server is ready, or stop it")),
                }
            }
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// Sends a request and returns the envelope of its result.
    pub(super) async fn ask(
        &self,
        method: Method,
        target: String,
        body: Upload,
    ) -> Result<Value, Failure> {
        let envelope: Value = match self {
            Self::Folder(api) => match api
                .answer(Request {
                    method,
                    target,
                    body,
                })
                .await
            {
                Reply::Json(_, envelope) => envelope,
                Reply::Database { .. } => return Err(Failure::new("the answer is a database")),
            },
            Self::Server(client, address) => {
                let response = fetch(client, *address, method, &target, body).await?;
                read_envelope(response).await?
            }
        };
        checked(envelope)
    }

    /// Writes the answer of a GET to a new file.
    pub(super) async fn download(&self, target: String, file: &Path) -> Result<(), Failure> {
        let failed =
            |error: std::io::Error| Failure::new(format!("write `{}`: {error}", file.display()));
        let mut out = std::fs::File::create_new(file).map_err(failed)?;
        let written = self.download_into(target, &mut out).await;
        if written.is_err() {
            // Nothing of use is in it.
            let _unused = std::fs::remove_file(file);
        }
        written?.map_err(failed)
    }

    async fn download_into(
        &self,
        target: String,
        out: &mut std::fs::File,
    ) -> Result<std::io::Result<()>, Failure> {
        match self {
            Self::Folder(api) => {
                let request = Request {
                    method: Method::GET,
                    target,
                    body: Upload::Bytes(bytes::Bytes::new()),
                };
                match api.answer(request).await {
                    Reply::Json(_, envelope) => checked(envelope).map(|_| Ok(())),
                    Reply::Database {
                        path,
                        folder: _folder,
                    } => {
                        let copied = std::fs::File::open(&path)
                            .and_then(|mut from| std::io::copy(&mut from, out));
                        Ok(copied.map(drop))
                    }
                }
            }
            Self::Server(client, address) => {
                let body = Upload::Bytes(bytes::Bytes::new());
                let response = fetch(client, *address, Method::GET, &target, body).await?;
                if !response.status.is_success() {
                    return checked(read_envelope(response).await?).map(|_| Ok(()));
                }
                save(response.body, out).await
            }
        }
    }
}

async fn save(body: Body, out: &mut std::fs::File) -> Result<std::io::Result<()>, Failure> {
    let mut stream = match body {
        Body::None => return Ok(Ok(())),
        Body::Bytes(bytes) => return Ok(out.write_all(&bytes)),
        Body::Stream(stream) => stream,
    };
    while let Some(chunk) = stream.chunks.recv().await {
        let chunk = chunk.map_err(|error| Failure::new(error.to_string()))?;
        if let Err(error) = out.write_all(&chunk) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}

async fn fetch(
    client: &Client,
    address: SocketAddr,
    method: Method,
    target: &str,
    body: Upload,
) -> Result<FetchResponse, Failure> {
    let body = match body {
        Upload::Bytes(_) if method == Method::GET => Body::None,
        Upload::Bytes(bytes) => Body::Bytes(bytes),
        Upload::File(path) => match std::fs::read(&path) {
            Ok(bytes) => Body::Bytes(bytes.into()),
            Err(error) => return Err(Failure::new(format!("read `{}`: {error}", path.display()))),
        },
    };
    let url = format!("http://{address}{target}");
    let request = FetchRequest {
        method,
        url,
        headers: HeaderMap::new(),
        body,
        peer: None,
        cf: None,
    };
    client
        .fetch(request, RedirectMode::Error)
        .await
        .map_err(|error| Failure::new(format!("ask the server at {address}: {error}")))
}

async fn read_envelope(response: FetchResponse) -> Result<Value, Failure> {
    let status = response.status;
    let bytes = internal::collect(response.body)
        .await
        .map_err(Failure::new)?;
    serde_json::from_slice(&bytes).map_err(|_| {
        Failure::new(format!(
            "the server answered {status}: {}",
            String::from_utf8_lossy(&bytes)
        ))
    })
}

fn checked(envelope: Value) -> Result<Value, Failure> {
    if envelope["success"] == true {
        return Ok(envelope);
    }
    let message = envelope["errors"][0]["message"]
        .as_str()
        .unwrap_or("the request failed without a reason");
    Err(Failure::new(message))
}
