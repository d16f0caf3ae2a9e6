//! hyper on one thread, with a constant answer: what HTTP itself costs here.

use std::convert::Infallible;
use std::net::SocketAddr;

use anyhow::Result;
use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// Starts it.
pub(crate) fn start() -> Result<SocketAddr> {
    super::serve(serve)
}

async fn serve(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        let _no_matter = stream.set_nodelay(true);
        tokio::task::spawn_local(async move {
            let answer = service_fn(|_request| async {
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"hello"))))
            });
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
            // A client that goes away is the end of its connection.
            let _ended = connection.await;
        });
    }
}
