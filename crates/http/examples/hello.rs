//! A server that answers every request with the same few bytes, and WebSockets with an echo.
//!
//! It has the whole edge and nothing behind it, so its numbers are the most this machine can do:
//! `cargo run --release -p stated-http --example hello -- 8787`, then `wrk -t1 -c64 http://127.0.0.1:8787/`.

use std::net::SocketAddr;
use std::rc::Rc;

use bytes::Bytes;
use http::StatusCode;
use stated_http::{Limits, Shutdown, TrustedProxies, listen, serve};
use stated_object::message::{Body, FetchRequest, FetchResponse};
use stated_object::socket::{SocketEnd, SocketMessage, socket_pair};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let port = std::env::args()
        .nth(1)
        .and_then(|port| port.parse().ok())
        .unwrap_or(8787);
    let tasks = tokio::task::LocalSet::new();
    tasks
        .run_until(run(SocketAddr::from(([127, 0, 0, 1], port))))
        .await;
}

async fn run(address: SocketAddr) {
    let listener = match listen(address) {
        Ok(listener) => listener,
        Err(error) => return eprintln!("error: {error}"),
    };
    eprintln!("http://{}", listener.local_addr().unwrap_or(address));
    let (stop, shutdown) = Shutdown::new();
    tokio::task::spawn_local(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.begin(1001, "going away");
        }
    });
    let (limits, proxies) = (Limits::default(), TrustedProxies::default());
    serve(listener, Rc::new(answer), &limits, &proxies, shutdown).await;
}

async fn answer(request: FetchRequest) -> FetchResponse {
    if request.headers.contains_key(http::header::UPGRADE) {
        let (ours, theirs) = socket_pair();
        tokio::task::spawn_local(echo(ours));
        let mut response = FetchResponse::text(StatusCode::SWITCHING_PROTOCOLS, "");
        response.body = Body::None;
        response.socket = Some(theirs);
        return response;
    }
    let mut response = FetchResponse::text(StatusCode::OK, "");
    response.body = Body::Bytes(Bytes::from_static(b"hello"));
    response
}

async fn echo(mut end: SocketEnd) {
    while let Some(message) = end.incoming.recv().await {
        let last = matches!(
            message,
            SocketMessage::Close { .. } | SocketMessage::Error(_)
        );
        if end.outgoing.send(message).await.is_err() || last {
            return;
        }
    }
}
