//! `stated serve`: run a project for its users.

use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use stated_config::LocalSecrets;
use stated_http::{Limits, Shutdown};
use stated_worker::AsyncStacks;
use stated_node::{Node, NodeOptions};
use stated_object::message::{FetchRequest, FetchResponse};

use super::{asked_to_stop, project};
use crate::arguments::{LogFormat, Serve};
use crate::failure::Failure;
use crate::printer::{self, Printer, Services};

/// Runs until asked to stop, then lets requests finish.
pub(crate) async fn run(serve: &Serve) -> Result<(), Failure> {
    let common = &serve.common;
    let services = project::build_all(project::load(common, &LocalSecrets::Read)?).await?;
    let (first, _) = &services[0];
    let internal = listen_internal(serve.internal_port)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let several = if services.len() > 1 { Services::Several } else { Services::One };
    let node = Node::start(NodeOptions {
        listen: project::address(common, first),
        data: project::data(common, first),
        shards: common.shards.map_or(cores, usize::from),
        heap_bytes: common.heap_mb << 20,
        async_stacks: AsyncStacks::Dropped,
        shutdown_timeout: Duration::from_secs(serve.shutdown_timeout),
        log: Arc::new(Printer::new(common.log_level, serve.log_format, several)),
        services,
    })
    .await?;
    let (stop_internal, internal_stopped) = Shutdown::new();
    announce(serve, &node, internal.local_addr().map_err(|error| Failure::new(format!("listen: {error}")))?);
    let health = tokio::task::spawn_local(async move {
        stated_http::serve(internal, Rc::new(answer_internal), &Limits::default(), internal_stopped).await;
    });
    asked_to_stop().await;
    node.shutdown().await;
    stop_internal.begin(1001, "the server is shutting down");
    let _unused = health.await;
    Ok(())
}

fn announce(serve: &Serve, node: &Node, internal: SocketAddr) {
    let address = node.address();
    if serve.log_format == LogFormat::Json {
        let record = serde_json::json!({ "type": "ready", "address": address, "internal": internal });
        printer::line(&record.to_string());
    } else {
        printer::line(&format!("Health on http://{internal}/healthz"));
        printer::line(&format!("Ready on http://{address}"));
    }
}

fn listen_internal(port: u16) -> Result<tokio::net::TcpListener, Failure> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listener = std::net::TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        tokio::net::TcpListener::from_std(listener)
    });
    listener.map_err(|error| {
        Failure::new(format!("listen on {address} for /healthz: {error}"))
            .with_hint("choose another port with --internal-port PORT")
    })
}

async fn answer_internal(request: FetchRequest) -> FetchResponse {
    let path = request.url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    match path {
        Some("/healthz" | "/readyz") => FetchResponse::text(StatusCode::OK, "ok"),
        _ => FetchResponse::text(StatusCode::NOT_FOUND, "not found"),
    }
}
