//! `stated serve`: run a project for its users.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use stated_config::LocalSecrets;
use stated_node::{Audience, Node, NodeOptions};
use stated_worker::AsyncStacks;

use super::internal::Internal;
use super::project::{PRODUCTION, node_env};
use super::{StopSignals, project};
use crate::arguments::{LogFormat, Serve};
use crate::failure::Failure;
use crate::lines;
use crate::printer::{self, Printer, Services};

/// Runs until asked to stop, then lets requests finish.
pub(crate) async fn run(serve: &Serve) -> Result<(), Failure> {
    let common = &serve.common;
    let configs = project::load(&common.selection, &LocalSecrets::Read)?;
    let services = project::build_all(configs, &node_env(PRODUCTION)).await?;
    let (first, _) = &services[0];
    let internal = Internal::listen(serve.internal_port)?;
    let data = project::data(common, first);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let several = if services.len() > 1 {
        Services::Several
    } else {
        Services::One
    };
    let mut stop = StopSignals::listen()?;
    lines::begin().map_err(|error| Failure::new(format!("start to print: {error}")))?;
    let node = Node::start(NodeOptions {
        listen: project::address(common, first),
        data: data.clone(),
        retention: common.retention(),
        shards: common.shards.map_or(cores, usize::from),
        heap_bytes: common.heap_mb << 20,
        proxies: common.trusted_proxy.iter().copied().collect(),
        async_stacks: AsyncStacks::Dropped,
        shutdown_timeout: Duration::from_secs(serve.shutdown_timeout),
        log: Arc::new(Printer::new(common.log_level, serve.log_format, several)),
        services,
        audience: Audience::Users,
    })
    .await?;
    announce(serve, &node, internal.address());
    let internal = internal.serve(node.objects(), &data)?;
    stop.asked_to_stop().await;
    node.shutdown().await;
    internal.stop().await;
    Ok(())
}

fn announce(serve: &Serve, node: &Node, internal: SocketAddr) {
    let address = node.address();
    if serve.log_format == LogFormat::Json {
        let record =
            serde_json::json!({ "type": "ready", "address": address, "internal": internal });
        printer::line(&record.to_string());
    } else {
        printer::line(&format!("Health on http://{internal}/healthz"));
        printer::line(&format!("Ready on http://{address}"));
    }
}
