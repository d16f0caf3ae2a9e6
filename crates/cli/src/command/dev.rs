//! `stated dev`: run a project and load it again when it changes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use stated_bundle::Watcher;
use stated_config::{Config, LocalSecrets};
use stated_node::{Audience, Built, Node, NodeOptions, build, can_keep_running};
use stated_worker::AsyncStacks;

use super::internal::{Internal, Serving};
use super::project::{DEVELOPMENT, node_env};
use super::{StopSignals, project, takeover};
use crate::arguments::{Common, Dev, LogFormat};
use crate::failure::Failure;
use crate::lines;
use crate::printer::{self, Printer, Services};

/// How long requests in flight may take when the server ends or the project file changes.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// Runs until asked to stop.
pub(crate) async fn run(dev: &Dev) -> Result<(), Failure> {
    let common = &dev.common;
    let configs = project::load(&common.selection, &LocalSecrets::Read)?;
    let services = project::build_all(configs, &node_env(DEVELOPMENT)).await?;
    let mut stop = StopSignals::listen()?;
    let mut session = Session::start(common, services, None).await?;
    session.announce();
    loop {
        tokio::select! {
            () = stop.asked_to_stop() => break,
            changed = session.watcher.changed() => session = session.follow(common, &changed).await?,
        }
    }
    session.internal.stop().await;
    session.node.shutdown().await;
    Ok(())
}

struct Session {
    node: Node,
    internal: Serving,
    services: Vec<(Config, Built)>,
    watcher: Watcher,
    /// Whether the project file has changed since the services were loaded from it.
    is_outdated: bool,
}

impl Session {
    /// Starts the node; `port` keeps the port of the session before.
    async fn start(
        common: &Common,
        services: Vec<(Config, Built)>,
        port: Option<u16>,
    ) -> Result<Self, Failure> {
        let (first, _) = &services[0];
        let mut listen = project::address(common, first);
        if let Some(port) = port {
            listen.set_port(port);
        }
        let data = project::data(common, first);
        takeover::offer(&services, &data);
        let several = if services.len() > 1 {
            Services::Several
        } else {
            Services::One
        };
        let watcher = Watcher::new(watched(&services));
        lines::begin().map_err(|error| Failure::new(format!("start to print: {error}")))?;
        let node = Node::start(NodeOptions {
            listen,
            data: data.clone(),
            retention: common.retention(),
            shards: usize::from(common.shards.unwrap_or(1)),
            heap_bytes: common.heap_mb << 20,
            proxies: common.trusted_proxy.iter().copied().collect(),
            async_stacks: AsyncStacks::Kept,
            shutdown_timeout: SHUTDOWN_TIMEOUT,
            log: Arc::new(Printer::new(common.log_level, LogFormat::Text, several)),
            services: services.clone(),
            audience: Audience::Developer,
        })
        .await?;
        let internal = Internal::listen(0)?.serve(node.objects(), &data)?;
        Ok(Self {
            node,
            internal,
            services,
            watcher,
            is_outdated: false,
        })
    }

    fn announce(&self) {
        for (config, _) in &self.services {
            project::print_bindings(config);
            if let Some(assets) = &config.assets {
                let folder = assets.directory.display();
                printer::line(&format!(
                    "Service {} serves the files in {folder}",
                    config.name
                ));
            }
            for cron in &config.crons {
                printer::line(&format!("Service {} is scheduled: {cron}", config.name));
            }
        }
        printer::line(&format!("Ready on http://{}", self.node.address()));
    }

    /// Takes changed files over. A project that is broken for now leaves the running one as it is.
    async fn follow(mut self, common: &Common, changed: &[PathBuf]) -> Result<Self, Failure> {
        let configured = self
            .services
            .iter()
            .any(|(config, _)| config.watched.iter().any(|file| changed.contains(file)));
        if configured || self.is_outdated {
            return self.reconfigure(common).await;
        }
        let started = Instant::now();
        for index in 0..self.services.len() {
            let (config, before) = &self.services[index];
            if !before.watch_files.iter().any(|file| changed.contains(file)) {
                continue;
            }
            let name = config.name.clone();
            match build(config, &node_env(DEVELOPMENT)).await {
                Ok(built) => self.load(index, &name, built, started).await,
                Err(error) => printer::error(&error.into()),
            }
        }
        self.watcher.set_files(watched(&self.services));
        Ok(self)
    }

    async fn load(&mut self, index: usize, name: &str, built: Built, started: Instant) {
        for warning in &built.warnings {
            printer::warning(&warning.to_string());
        }
        match self.node.reload(name, &built).await {
            Ok(()) => printer::line(&format!("Reloaded in {} ms", started.elapsed().as_millis())),
            Err(text) => printer::error(&Failure::new(text)),
        }
        self.services[index].1 = built;
    }

    /// Takes the changed project file over: with what runs, if that can go on, or by starting over on the same port.
    async fn reconfigure(mut self, common: &Common) -> Result<Self, Failure> {
        let started = Instant::now();
        self.is_outdated = true;
        let services = match project::load(&common.selection, &LocalSecrets::Read) {
            Ok(configs) => project::build_all(configs, &node_env(DEVELOPMENT)).await,
            Err(failure) => Err(failure),
        };
        let services = match services {
            Ok(services) => services,
            Err(failure) => {
                printer::error(&failure);
                return Ok(self);
            }
        };
        if can_keep_running(&configs(&self.services), &configs(&services)) {
            match self.node.reconfigure(&services).await {
                Ok(()) => {
                    self.is_outdated = false;
                    printer::line(&format!(
                        "Reloaded with the changed configuration in {} ms",
                        started.elapsed().as_millis()
                    ));
                }
                Err(text) => printer::error(&Failure::new(text)),
            }
            self.services = services;
            self.watcher.set_files(watched(&self.services));
            return Ok(self);
        }
        let port = self.node.address().port();
        self.internal.stop().await;
        self.node.shutdown().await;
        let session = Self::start(common, services, Some(port)).await?;
        printer::line("Restarted with the changed configuration");
        session.announce();
        Ok(session)
    }
}

fn configs(services: &[(Config, Built)]) -> Vec<&Config> {
    services.iter().map(|(config, _)| config).collect()
}

fn watched(services: &[(Config, Built)]) -> Vec<PathBuf> {
    services
        .iter()
        .flat_map(|(_, built)| built.watch_files.iter().cloned())
        .collect()
}
