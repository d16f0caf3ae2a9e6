//! The node: started from configurations, reloaded with new code, shut down in order.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use stated_assets::AssetsError;
use stated_config::Config;
use stated_core::cron::Missed;
use stated_http::{Limits, ListenError, Shutdown, ShutdownTrigger, TrustedProxies};
use stated_storage::{DataFolder, Retention, StorageError};
use stated_worker::{AsyncStacks, Caches, RateLimits};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::alarms::Alarms;
use crate::assets::{self, Files};
use crate::build::Built;
use crate::crons::Crons;
use crate::data::{self, DataError};
use crate::log::Log;
use crate::objects::Objects;
use crate::plan::{self, ServicePlan, plan};
use crate::shard::ShardSetup;
use crate::topology::{COMMANDS_MAX, Command, Topology};

/// How a node is started.
pub struct NodeOptions {
    /// The services with their programs; the first is reached from outside.
    pub services: Vec<(Config, Built)>,
    /// Where to listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The data folder.
    pub data: PathBuf,
    /// How much of the objects' history is kept.
    pub retention: Retention,
    /// Shard threads per service, at least 1.
    pub shards: usize,
    /// Bytes of JavaScript heap per shard.
    pub heap_bytes: u64,
    /// Whether stacks go on across `await`, which costs throughput.
    pub async_stacks: AsyncStacks,
    /// The reverse proxies that are believed what they say of clients.
    pub proxies: TrustedProxies,
    /// How long requests in flight may take to finish at shutdown.
    pub shutdown_timeout: Duration,
    /// Who prints.
    pub log: Arc<dyn Log>,
    /// For whom it runs.
    pub audience: Audience,
}

/// For whom a node runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// For its users: scheduled events that passed while the process was down run when it starts.
    Users,
    /// For whoever develops the project: such events do not run, but any can be triggered by hand from this machine, by a
    /// request for `/__scheduled` or `/cdn-cgi/handler/scheduled`.
    Developer,
}

/// Why a node did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be used.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The data folder cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// An alarm index cannot be read.
    #[error("open an alarm index: {0}")]
    Alarms(#[from] StorageError),
    /// The program failed while it was loaded.
    #[error("service `{service}`: {text}")]
    Program {
        /// The service.
        service: String,
        /// What was thrown, with its stack.
        text: String,
    },
    /// A binding names a class that the program does not export.
    #[error("class `{class}` of binding `{binding}` is not exported by {main}")]
    NotExported {
        /// The class.
        class: String,
        /// The binding.
        binding: String,
        /// The entry module.
        main: String,
    },
    /// The static files cannot be served.
    #[error("service `{service}`: {source}")]
    Assets {
        /// The service.
        service: String,
        /// Why.
        source: AssetsError,
    },
    /// The system refused a thread.
    #[error("start a thread: {0}")]
    Thread(#[source] io::Error),
}

/// A running node. Dropping it ends the process's part in it at once; [`Node::shutdown`] is orderly.
pub struct Node {
    address: SocketAddr,
    topology: Topology,
    shutdown: ShutdownTrigger,
    threads: Vec<JoinHandle<()>>,
    /// The schedulers, which hold the alarm indices open.
    alarms: Vec<tokio::task::JoinHandle<()>>,
    /// The scheduler of cron expressions, and what makes it stop.
    crons: Option<(oneshot::Sender<()>, tokio::task::JoinHandle<()>)>,
    /// Each resolves when a listener has finished its requests.
    served: Vec<oneshot::Receiver<()>>,
    names: Vec<String>,
    objects: Objects,
    /// Holds the lock of the data folder.
    folder: DataFolder,
}

impl Node {
    /// Starts all services and listens; returns when requests are answered.
    ///
    /// # Errors
    /// [`StartError`]; nothing keeps running then.
    pub async fn start(options: NodeOptions) -> Result<Self, StartError> {
        let configs: Vec<Config> = options
            .services
            .iter()
            .map(|(config, _)| config.clone())
            .collect();
        let files: Arc<[Option<Files>]> = assets::open(&configs)?.into();
        // The address first: a second server must fail before it touches anything.
        let (address, listeners) = open_listeners(options.listen, options.shards)?;
        let folder = data::open(&options.data, options.retention, &configs)?;
        let caches_folder = data::caches(&options.data, &configs);
        let plans: Vec<Arc<ServicePlan>> =
            plan(&configs, &folder)?.into_iter().map(Arc::new).collect();
        let nudges: Vec<Arc<Notify>> = plans.iter().map(|_| Arc::default()).collect();
        let (topology, mut receivers) = channels(plans.len(), options.shards);
        let (trigger, shutdown) = Shutdown::new();
        let limits = Limits {
            shutdown_timeout: options.shutdown_timeout,
            ..Limits::default()
        };
        let mut node = Self {
            address,
            topology: topology.clone(),
            shutdown: trigger,
            threads: Vec::new(),
            alarms: Vec::new(),
            crons: None,
            served: Vec::new(),
            names: configs.iter().map(|config| config.name.clone()).collect(),
            objects: Objects::new(&plans, &nudges, &folder, topology.clone())?,
            folder,
        };
        let mut listeners = listeners.into_iter();
        let rate_limits: Arc<RateLimits> = Arc::default();
        for (service, (config, built)) in options.services.iter().enumerate() {
            let mut answers = Vec::new();
            let caches = Arc::new(Caches::of_service(&caches_folder, &config.name));
            for shard in 0..options.shards {
                let (ready, answer) = oneshot::channel();
                let (serving, served) = oneshot::channel();
                if service == 0 {
                    node.served.push(served);
                }
                let setup = ShardSetup {
                    service,
                    shard,
                    plan: plans[service].clone(),
                    topology: topology.clone(),
                    commands: receivers[service].remove(0),
                    source: built.source.clone(),
                    source_map: built.source_map.clone(),
                    heap_bytes: options.heap_bytes,
                    caches: caches.clone(),
                    rate_limits: rate_limits.clone(),
                    audience: options.audience,
                    files: files.clone(),
                    async_stacks: options.async_stacks,
                    limits: limits.clone(),
                    proxies: options.proxies.clone(),
                    listener: if service == 0 { listeners.next() } else { None },
                    shutdown: shutdown.clone(),
                    alarm_nudge: nudges[service].clone(),
                    log: options.log.clone(),
                    ready,
                    serving,
                };
                let lane = node
                    .folder
                    .lane(&format!("{service}-{shard}"))
                    .map_err(DataError::from)?;
                node.threads
                    .push(setup.spawn(lane).map_err(StartError::Thread)?);
                answers.push(answer);
            }
            for answer in answers {
                node.check_program(config, &plans[service], answer.await)?;
            }
        }
        for (service, plan) in plans.iter().enumerate() {
            let indices = plan
                .namespaces
                .iter()
                .map(|namespace| namespace.alarms.clone())
                .collect();
            let alarms = Alarms::new(service, topology.clone(), indices, nudges[service].clone());
            node.alarms.push(tokio::task::spawn_local(alarms.run()));
        }
        let missed = match options.audience {
            Audience::Users => Missed::Run,
            Audience::Developer => Missed::Skip,
        };
        let crons = Crons::open(&options.data, &configs, missed, topology, options.log)?;
        let (stop, stopped) = oneshot::channel();
        let crons = tokio::task::spawn_local(crons.run(stopped, options.shutdown_timeout));
        node.crons = Some((stop, crons));
        Ok(node)
    }

    fn check_program(
        &self,
        config: &Config,
        plan: &ServicePlan,
        answer: Result<Result<Vec<stated_worker::Export>, String>, oneshot::error::RecvError>,
    ) -> Result<(), StartError> {
        let failed = |text: String| StartError::Program {
            service: config.name.clone(),
            text,
        };
        let exports = answer
            .map_err(|_| failed("the shard ended while it was starting".to_owned()))?
            .map_err(failed)?;
        let is_scheduled = exports.iter().any(|export| {
            export.name == "default" && export.handlers.iter().any(|name| name == "scheduled")
        });
        if !config.crons.is_empty() && !is_scheduled {
            tracing::warn!(
                service = config.name,
                "the project has cron triggers, but its default export has no scheduled() handler"
            );
        }
        match plan
            .not_exported(&exports, &main_of(config))
            .into_iter()
            .next()
        {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// The address that is listened on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The objects of all services, for an operator. Usable until the node shuts down.
    pub fn objects(&self) -> Objects {
        self.objects.clone()
    }

    /// Loads new code of a service; objects restart, storage and alarms stay.
    ///
    /// # Errors
    /// What the new program threw while it was loaded; the old one goes on then.
    pub async fn reload(&self, service: &str, built: &Built) -> Result<(), String> {
        let Some(index) = self.names.iter().position(|name| name == service) else {
            return Err(format!("no service `{service}` is running"));
        };
        self.replace(&[(index, built, None)]).await
    }

    /// Loads all services again, with changed project files that [`can_keep_running`] accepts: as a reload of each, with
    /// new bindings, variables, flags and limits.
    ///
    /// # Errors
    /// As of [`Node::reload`]; all services go on as they were then.
    pub async fn reconfigure(&self, services: &[(Config, Built)]) -> Result<(), String> {
        let configs: Vec<Config> = services.iter().map(|(config, _)| config.clone()).collect();
        let plan = |config| Some(Arc::new(plan::wire(config, &configs)));
        let replaced: Vec<_> = services
            .iter()
            .enumerate()
            .map(|(index, (config, built))| (index, built, plan(config)))
            .collect();
        self.replace(&replaced).await
    }

    /// Replaces the programs of services when all of them could be loaded on all shards.
    async fn replace(
        &self,
        services: &[(usize, &Built, Option<Arc<ServicePlan>>)],
    ) -> Result<(), String> {
        let shards = || {
            services.iter().flat_map(|service| {
                (0..self.topology.shard_count(service.0))
                    .map(move |shard| (service, self.topology.sender(service.0, shard)))
            })
        };
        for ((_, built, plan), sender) in shards() {
            let (reply, answer) = oneshot::channel();
            let command = Command::Stage {
                source: built.source.clone(),
                source_map: built.source_map.clone(),
                plan: plan.clone(),
                reply,
            };
            let sent = sender.send(command).await;
            let staged = match sent {
                Ok(()) => answer.await.unwrap_or_else(|_| Err(ended())),
                Err(_) => Err(ended()),
            };
            if let Err(text) = staged {
                for (_, sender) in shards() {
                    let _unused = sender.send(Command::Discard).await;
                }
                return Err(text);
            }
        }
        for (_, sender) in shards() {
            let (reply, answer) = oneshot::channel();
            let sent = sender.send(Command::Activate { reply }).await;
            sent.map_err(|_| ended())?;
            answer.await.map_err(|_| ended())?;
        }
        Ok(())
    }

    /// Stops accepting, lets requests in flight finish within the bound, and ends every thread.
    pub async fn shutdown(self) {
        self.shutdown.begin(1001, "the server is shutting down");
        // Shards go on carrying out commands meanwhile: a request of one may need objects of another.
        for served in self.served {
            let _unused = served.await;
        }
        if let Some((stop, crons)) = self.crons {
            let _unused = stop.send(());
            let _unused = crons.await;
        }
        for alarms in self.alarms {
            alarms.abort();
            let _unused = alarms.await;
        }
        for sender in self.topology.all() {
            let _unused = sender.send(Command::Stop).await;
        }
        let threads = self.threads;
        #[expect(
            clippy::disallowed_methods,
            reason = "joining threads blocks, and nothing else is left to run"
        )]
        let joined = tokio::task::spawn_blocking(move || {
            for thread in threads {
                let _unused = thread.join();
            }
        });
        let _unused = joined.await;
    }
}

/// Whether a running node can go on with changed project files: they have the same services with the same classes, and
/// listen, serve files and run on schedule as before.
pub fn can_keep_running(before: &[&Config], after: &[&Config]) -> bool {
    let same = |(before, after): (&&Config, &&Config)| {
        before.path == after.path
            && before.name == after.name
            && before.main.is_some() == after.main.is_some()
            && before.classes == after.classes
            && before.assets == after.assets
            && before.crons == after.crons
            && before.dev == after.dev
    };
    before.len() == after.len() && before.iter().zip(after).all(same)
}

fn ended() -> String {
    "the shard has ended".to_owned()
}

/// The entry module, as messages name it.
pub(crate) fn main_of(config: &Config) -> String {
    let main = config.main.as_deref().unwrap_or(&config.path);
    main.display().to_string()
}

fn channels(services: usize, shards: usize) -> (Topology, Vec<Vec<mpsc::Receiver<Command>>>) {
    let mut senders = Vec::new();
    let mut receivers = Vec::new();
    for _ in 0..services {
        let (own_senders, own_receivers) = (0..shards).map(|_| mpsc::channel(COMMANDS_MAX)).unzip();
        senders.push(own_senders);
        receivers.push(own_receivers);
    }
    (Topology::new(senders), receivers)
}

/// Opens one listener per shard on one address.
///
/// They share the port by `SO_REUSEPORT`, which would let another server of the same user in as
/// well; so the address is first taken without the option, which fails if anyone has it.
fn open_listeners(
    address: SocketAddr,
    shards: usize,
) -> Result<(SocketAddr, Vec<std::net::TcpListener>), StartError> {
    let refused = |source| ListenError { address, source };
    let probe = std::net::TcpListener::bind(address).map_err(refused)?;
    let actual = probe.local_addr().map_err(refused)?;
    drop(probe);
    let mut listeners = Vec::new();
    for _ in 0..shards {
        let listener = stated_http::listen(actual)?;
        listeners.push(listener.into_std().map_err(refused)?);
    }
    Ok((actual, listeners))
}
