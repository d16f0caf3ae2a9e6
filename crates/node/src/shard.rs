//! One shard: a thread with an engine, a runtime for its tasks, and the objects that hash to it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::StatusCode;
use stated_assets::Route;
use stated_bundle::SourceMap;
use stated_core::error::{ErrorCode, Failure};
use stated_http::{Client, Handler, Limits, Shutdown, SocketRules, Trust, TrustedProxies};
use stated_object::capability::Home;
use stated_object::clock::Monotonic;
use stated_object::message::{FetchRequest, FetchResponse};
use stated_object::namespace::{Databases, Namespace, Numbers, ShardParts, Swept};
use stated_object::program::{Event, Program};
use stated_storage::{Committer, DatabaseKey, DurableReport, LocalLane};
use stated_worker::{
    AsyncStacks, Caches, ConsoleLine, Export, Hooks, RateLimits, Source, Staged, Worker,
    WorkerOptions,
};
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::LocalSet;

use crate::assets::Files;
use crate::caller::GivenUp;
use crate::crons;
use crate::log::{Log, RequestLine};
use crate::network::{Own, ShardNetwork};
use crate::node::Audience;
use crate::plan::{Reach, ServicePlan};
use crate::topology::{Command, Topology};
use crate::trigger::{self, Trigger};

/// Stack of a shard thread, in bytes: the engine may use half of it.
pub(crate) const STACK_BYTES: usize = 16 << 20;
/// Databases that have given back what they kept before the freed memory is given back in turn: some
/// megabytes.
const RESTED_MIN: usize = 100;
/// How often idle objects are looked for.
const SWEEP_PERIOD: Duration = Duration::from_secs(1);

/// Everything a shard thread is started with.
pub(crate) struct ShardSetup {
    pub(crate) service: usize,
    pub(crate) shard: usize,
    pub(crate) plan: Arc<ServicePlan>,
    pub(crate) topology: Topology,
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) source: Arc<Source>,
    pub(crate) source_map: Arc<SourceMap>,
    pub(crate) heap_bytes: u64,
    pub(crate) caches: Arc<Caches>,
    pub(crate) rate_limits: Arc<RateLimits>,
    pub(crate) audience: Audience,
    /// The static files of all services.
    pub(crate) files: Arc<[Option<Files>]>,
    pub(crate) async_stacks: AsyncStacks,
    pub(crate) limits: Limits,
    pub(crate) proxies: TrustedProxies,
    /// Set on the shards of the service that is reached from outside.
    pub(crate) listener: Option<std::net::TcpListener>,
    pub(crate) shutdown: Shutdown,
    pub(crate) alarm_nudge: Arc<Notify>,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) ready: oneshot::Sender<Result<Vec<Export>, String>>,
    /// Told when the listener has finished its requests at shutdown.
    pub(crate) serving: oneshot::Sender<()>,
}

impl ShardSetup {
    /// Starts the thread, whose objects' commits become durable in `lane`.
    pub(crate) fn spawn(self, lane: LocalLane) -> std::io::Result<std::thread::JoinHandle<()>> {
        std::thread::Builder::new()
            .name(format!("{}/{}", self.plan.name, self.shard))
            .stack_size(STACK_BYTES)
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                match runtime {
                    Ok(runtime) => LocalSet::new().block_on(&runtime, self.run(lane)),
                    Err(error) => {
                        let _unused = self.ready.send(Err(format!("start a runtime: {error}")));
                    }
                }
            })
    }

    async fn run(self, lane: LocalLane) {
        let reports = Arc::new(Reports::default());
        let to_shard = reports.clone();
        let committer = match Committer::spawn_with_log(lane, move |report| to_shard.add(report)) {
            Ok(committer) => committer,
            Err(error) => {
                let _unused = self
                    .ready
                    .send(Err(format!("start the committer: {error}")));
                return;
            }
        };
        let shard = Rc::new(Shard::new(&self, &committer));
        let exports = match shard.worker.load((*self.source).clone()) {
            Ok(exports) => exports,
            Err(error) => {
                let _unused = self.ready.send(Err(error.text));
                return;
            }
        };
        if self.ready.send(Ok(exports)).is_err() {
            return;
        }
        tokio::task::spawn_local(shard.worker.clone().tend());
        if let Some(listener) = self.listener {
            let shard = shard.clone();
            tokio::task::spawn_local(async move {
                shard
                    .serve(listener, &self.limits, &self.proxies, self.shutdown)
                    .await;
                let _unused = self.serving.send(());
            });
        }
        shard.obey(self.commands, &reports).await;
        shard.end().await;
        drop(committer);
    }
}

/// What the committer has reported and the shard has not yet taken: one report per database.
#[derive(Default)]
struct Reports {
    waiting: Mutex<HashMap<DatabaseKey, DurableReport>>,
    notify: Notify,
}

impl Reports {
    fn add(&self, report: DurableReport) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match waiting.entry(report.database) {
            // The first failure is what its object has to know.
            Entry::Occupied(known) if known.get().result.is_err() => {}
            entry => drop(entry.insert_entry(report)),
        }
        drop(waiting);
        self.notify.notify_one();
    }

    /// Takes all of them, in any order: each is about another object.
    fn take(&self) -> HashMap<DatabaseKey, DurableReport> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Shard {
    worker: Rc<Worker>,
    network: Rc<ShardNetwork>,
    namespaces: Vec<Rc<Namespace>>,
    databases: Rc<Databases>,
    service: Arc<str>,
    log: Arc<dyn Log>,
    audience: Audience,
    files: Option<Files>,
    /// What was loaded to take over.
    next: RefCell<Option<Next>>,
    is_sweeping: Cell<bool>,
    /// What sweeps have done since memory was given back.
    swept: Cell<Swept>,
}

/// A program that is about to take over, with what belongs to it.
struct Next {
    program: Staged,
    hooks: Rc<dyn Hooks>,
    reach: Option<Reach>,
}

impl Shard {
    fn new(setup: &ShardSetup, committer: &Committer) -> Self {
        let numbers = Rc::new(Numbers::default());
        let clock = Monotonic::default();
        let databases = Rc::new(Databases::default());
        let own = Rc::new(RefCell::new(Own::default()));
        let home = Home {
            service: setup.service,
            shard: setup.shard,
        };
        let network = Rc::new(ShardNetwork {
            home,
            topology: setup.topology.clone(),
            reach: RefCell::new(setup.plan.reach.clone()),
            client: Client::new(&setup.limits, Trust::system()),
            nudge: setup.alarm_nudge.clone(),
            files: setup.files.clone(),
            own: own.clone(),
        });
        let options = WorkerOptions {
            settings: setup.plan.settings(),
            heap_bytes: setup.heap_bytes,
            async_stacks: setup.async_stacks,
            caches: setup.caches.clone(),
            rate_limits: setup.rate_limits.clone(),
            home,
        };
        let hooks = hooks(&setup.plan.name, &setup.log, &setup.source_map);
        let worker = Worker::new(options, network.clone(), hooks, numbers.clone());
        let program: Rc<dyn Program> = worker.clone();
        let parts = ShardParts {
            program,
            lane: committer.lane(),
            clock,
            numbers,
            databases: databases.clone(),
            stop: worker.stop_flag(),
        };
        let namespaces: Vec<_> = setup
            .plan
            .namespaces
            .iter()
            .map(|config| Namespace::new(config.clone(), parts.clone()))
            .collect();
        worker.set_namespaces(namespaces.clone());
        *own.borrow_mut() = Own {
            worker: Rc::downgrade(&worker),
            namespaces: namespaces.iter().map(Rc::downgrade).collect(),
        };
        Self {
            worker,
            network,
            namespaces,
            databases,
            service: setup.plan.name.clone(),
            log: setup.log.clone(),
            audience: setup.audience,
            files: setup.files[setup.service].clone(),
            next: RefCell::default(),
            is_sweeping: Cell::new(false),
            swept: Cell::default(),
        }
    }

    /// Answers a request with a static file or with the program.
    async fn answer(&self, request: FetchRequest, object: &mut Option<String>) -> FetchResponse {
        let request = match &self.files {
            None => request,
            Some(files) => match files.route(request).await {
                Route::Answered(response) => return response,
                Route::ToProgram(request) => request,
            },
        };
        let answer = self.worker.fetch("default", request, object);
        answer.await.unwrap_or_else(|failure| refusal(&failure))
    }

    /// Runs a scheduled event that somebody asked for.
    async fn scheduled(&self, trigger: &Trigger) -> FetchResponse {
        let started = Instant::now();
        let event = Event::Scheduled(trigger.scheduled.clone());
        let run = crons::run_of(self.worker.event("default", None, event).await);
        crons::report(&*self.log, &self.service, &trigger.scheduled, started, &run);
        trigger.answer(&run)
    }

    /// Carries out commands and durability reports until told to stop.
    async fn obey(self: &Rc<Self>, mut commands: mpsc::Receiver<Command>, reports: &Reports) {
        let first = tokio::time::Instant::now() + SWEEP_PERIOD;
        let mut sweep = tokio::time::interval_at(first, SWEEP_PERIOD);
        loop {
            tokio::select! {
                () = reports.notify.notified() => {
                    for report in reports.take().into_values() {
                        self.databases.report(&report);
                    }
                }
                command = commands.recv() => match command {
                    Some(Command::Stop) | None => return,
                    Some(command) => self.carry_out(command),
                },
                _ = sweep.tick() => self.tidy(),
            }
        }
    }

    /// Looks for what idle objects keep, in a task of its own; called once a second.
    fn tidy(self: &Rc<Self>) {
        self.worker.shrink_quiet_nursery();
        // A sweep that takes longer than a second goes on.
        if self.is_sweeping.get() {
            return;
        }
        self.give_back();
        if self.audience == Audience::Developer {
            self.worker.prepare();
        }
        self.is_sweeping.set(true);
        let shard = self.clone();
        tokio::task::spawn_local(async move {
            for own in &shard.namespaces {
                let Swept { put_away, rested } = own.sweep().await;
                let mut swept = shard.swept.get();
                swept.put_away += put_away;
                swept.rested += rested;
                shard.swept.set(swept);
            }
            shard.is_sweeping.set(false);
        });
    }

    /// Gives memory back that the last sweeps have freed. That takes some milliseconds, so it is done
    /// when the shard has little to do; until then the engine's own collections go on.
    fn give_back(&self) {
        let Swept { put_away, rested } = self.swept.get();
        let is_quiet = self.worker.was_quiet();
        if put_away > 0 && is_quiet {
            match self.namespaces.iter().all(|own| own.is_at_rest()) {
                true => self.worker.rest(),
                false => self.worker.put_away(),
            }
            self.swept.set(Swept {
                put_away: 0,
                rested,
            });
        } else {
            self.worker.publish_heap();
        }
        if rested >= RESTED_MIN && is_quiet {
            self.worker.trim();
            self.swept.set(Swept::default());
        }
    }

    fn carry_out(self: &Rc<Self>, command: Command) {
        match command {
            Command::Deliver {
                namespace,
                id,
                name,
                life,
                event,
                reply,
            } => {
                let namespace = self.namespaces[namespace].clone();
                let entry = namespace.entry(id, name.as_deref());
                let given_up = GivenUp::of(&event);
                tokio::task::spawn_local(async move {
                    let answer = namespace.deliver(&entry, life, event);
                    given_up.reply(answer, reply).await;
                });
            }
            Command::Service {
                entrypoint,
                props,
                event,
                reply,
            } => {
                let worker = self.worker.clone();
                let given_up = GivenUp::of(&event);
                tokio::task::spawn_local(async move {
                    let answer = worker.event(&entrypoint, props, event);
                    given_up.reply(answer, reply).await;
                });
            }
            Command::Target {
                address,
                event,
                reply,
            } => {
                let worker = self.worker.clone();
                tokio::task::spawn_local(async move {
                    let _unused = reply.send(worker.call_target(address, event).await);
                });
            }
            Command::Wake {
                namespace,
                id,
                name,
                at_ms,
                reply,
            } => {
                let namespace = self.namespaces[namespace].clone();
                let entry = namespace.entry(id, name.as_deref());
                tokio::task::spawn_local(async move {
                    let _unused = reply.send(namespace.wake(&entry, at_ms).await);
                });
            }
            Command::Operate { namespace, task } => {
                let namespace = self.namespaces[namespace].clone();
                tokio::task::spawn_local(task(namespace));
            }
            Command::Stage {
                source,
                source_map,
                plan,
                reply,
            } => {
                let _unused = reply.send(self.stage(&source, &source_map, plan.as_deref()));
            }
            Command::Activate { reply } => {
                let shard = self.clone();
                tokio::task::spawn_local(async move {
                    shard.activate().await;
                    let _unused = reply.send(());
                });
            }
            Command::Discard => drop(self.next.take()),
            Command::Stop => {}
        }
    }

    /// Loads a program beside the one that runs, with what the project file says of it if there is a new plan.
    fn stage(
        &self,
        source: &Source,
        source_map: &Arc<SourceMap>,
        plan: Option<&ServicePlan>,
    ) -> Result<(), String> {
        let hooks = hooks(&self.service, &self.log, source_map);
        let reach = plan.map(|plan| plan.reach.clone());
        // While it is evaluated it is the one that speaks and calls.
        let hooks_before = self.worker.set_hooks(hooks.clone());
        let reach_before = reach.clone().map(|reach| self.network.reach.replace(reach));
        let staged = self
            .worker
            .stage(source.clone(), plan.map(ServicePlan::settings));
        self.worker.set_hooks(hooks_before);
        if let Some(reach) = reach_before {
            self.network.reach.replace(reach);
        }
        let program = staged.map_err(|error| error.text)?;
        *self.next.borrow_mut() = Some(Next {
            program,
            hooks,
            reach,
        });
        Ok(())
    }

    /// Replaces the program by the one that was loaded last. Objects start anew in it; their hibernatable sockets stay.
    async fn activate(&self) {
        let Some(next) = self.next.take() else { return };
        self.worker.set_hooks(next.hooks);
        if let Some(reach) = next.reach {
            self.network.reach.replace(reach);
        }
        self.worker.activate(next.program);
        self.worker.close_sockets_for_restart();
        for namespace in &self.namespaces {
            namespace.update_code().await;
        }
    }

    async fn serve(
        self: Rc<Self>,
        listener: std::net::TcpListener,
        limits: &Limits,
        proxies: &TrustedProxies,
        shutdown: Shutdown,
    ) {
        let listener = match TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => {
                tracing::error!(%error, "listen");
                return;
            }
        };
        stated_http::serve(listener, Rc::new(Front(self)), limits, proxies, shutdown).await;
    }

    /// Breaks what still runs, so that databases close before the committer does.
    async fn end(&self) {
        for namespace in &self.namespaces {
            namespace.reset_all(&Failure::new(ErrorCode::InstanceGone));
        }
        // Breaking hands the databases to tasks of this thread; let those run.
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        // The namespaces know the worker as their program, and the engine knows it as its host: without
        // this none of them would ever go, and with them the alarm indices would stay open.
        self.worker.shut_down();
    }
}

/// Answers requests from outside with the program's default entrypoint.
struct Front(Rc<Shard>);

impl Handler for Front {
    async fn handle(&self, request: FetchRequest) -> FetchResponse {
        if !self.0.log.wants_requests() {
            return self.answer(request, &mut None).await;
        }
        let started = Instant::now();
        let method = request.method.clone();
        let path = path_of(&request.url).to_owned();
        let mut object = None;
        let response = self.answer(request, &mut object).await;
        self.0.log.request(&RequestLine {
            method: method.as_str(),
            path: &path,
            status: response.status.as_u16(),
            elapsed_ms: started.elapsed().as_secs_f64() * 1000.0,
            object: object.as_deref(),
        });
        response
    }

    fn socket_rules(&self) -> SocketRules {
        self.0.network.socket_rules()
    }
}

impl Front {
    /// `object` becomes the first object that was called.
    async fn answer(&self, request: FetchRequest, object: &mut Option<String>) -> FetchResponse {
        let trigger = match self.0.audience {
            Audience::Users => None,
            Audience::Developer => trigger::read(&request),
        };
        match trigger {
            Some(Ok(trigger)) => return self.0.scheduled(&trigger).await,
            Some(Err(refused)) => return refused,
            None => {}
        }
        self.0.answer(request, object).await
    }
}

/// The path and query of an absolute URL.
fn path_of(url: &str) -> &str {
    let after_scheme = url.find("://").map_or(0, |at| at + 3);
    url[after_scheme..]
        .find('/')
        .map_or("/", |at| &url[after_scheme + at..])
}

fn refusal(failure: &Failure) -> FetchResponse {
    let status =
        StatusCode::from_u16(failure.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = FetchResponse::text(
        status,
        status.canonical_reason().unwrap_or("Internal Server Error"),
    );
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers.insert(
            http::header::RETRY_AFTER,
            http::HeaderValue::from_static("1"),
        );
    }
    response
}

fn hooks(service: &Arc<str>, log: &Arc<dyn Log>, source_map: &Arc<SourceMap>) -> Rc<dyn Hooks> {
    Rc::new(ProgramHooks {
        service: service.clone(),
        log: log.clone(),
        source_map: source_map.clone(),
    })
}

struct ProgramHooks {
    service: Arc<str>,
    log: Arc<dyn Log>,
    source_map: Arc<SourceMap>,
}

impl Hooks for ProgramHooks {
    fn console(&self, line: ConsoleLine) {
        self.log.console(&self.service, &line);
    }

    fn map_stack(&self, stack: &str) -> String {
        self.source_map.map_stack(stack)
    }
}
