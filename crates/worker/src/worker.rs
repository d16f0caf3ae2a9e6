//! A worker: one shard's runtime of a service, and the turns that run in it.
//!
//! `run` is the only way into JavaScript: it enters the realm in the frame of a context, drains the
//! microtasks, hands continuations of other contexts to those, and looks whether a limit ended the
//! turn. An object's caller holds its permit meanwhile.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rustc_hash::FxHashMap;
use stated_core::alarm::RetryAlarm;
use stated_core::error::{ErrorCode, Failure};
use stated_core::id::ObjectId;
use stated_engine::{
    FrameInfo, Limits, Local, Persistent, Realm, Runtime, Scope, StopReason, Thrown,
};
use stated_object::capability::{Home, Message, ServiceRef};
use stated_object::clock::Monotonic;
use stated_object::instance::Instance;
use stated_object::namespace::{Namespace, Numbers};

use crate::bodies::Bodies;
use crate::cache::Caches;
use crate::calls::Calls;
use crate::capabilities::Capabilities;
use crate::codec::Room;
use crate::content_coding::Codings;
use crate::context::{Context, Endings, Kind, Left};
use crate::dynamic::{Dynamics, Outbound};
use crate::header_names::HeaderNames;
use crate::lives::Lives;
use crate::ops::compress::Codecs;
use crate::ops::subtle::Hashers;
use crate::ops::text::Decoders;
use crate::ops::zlib::ZlibStreams;
use crate::progress::{Awaited, Pending, Progress};
use crate::rate_limits::RateLimits;
use crate::rewriter::Rewriters;
use crate::sockets::Sockets;
use crate::timers::Timers;

mod boundary;
mod errors;
mod events;
mod load;

pub use boundary::{
    ConsoleLine, Export, Hooks, Level, LoadError, LocalFuture, Network, NoResponse, NotConnected,
    Redirect, Settings, TcpConnection, Upgrade, WorkerOptions,
};

pub use load::Staged;
pub(crate) use load::startup_code_generation;

/// A program in its realm.
pub(crate) struct Loaded {
    realm: Realm,
    main: FxHashMap<&'static str, Persistent>,
    exports: RefCell<Vec<Export>>,
    /// What the `env` of a dynamic worker refers to, by position.
    pub(crate) env: Message,
    /// Where its `fetch()` goes.
    pub(crate) outbound: Outbound,
    /// How the bodies of its responses may be encoded.
    pub(crate) codings: Codings,
    /// Whether it hears of a rejection before later microtasks run, as before 2026-03-03.
    tells_rejections_early: bool,
}

impl Loaded {
    /// Whether the program exports something of this name.
    pub(crate) fn has_export(&self, name: &str) -> bool {
        self.exports
            .borrow()
            .iter()
            .any(|export| export.name == name)
    }
}

/// One shard's runtime of a service.
pub struct Worker {
    this: Weak<Self>,
    runtime: Runtime,
    settings: RefCell<Rc<Settings>>,
    heap_bytes: u64,
    home: Home,
    caches: Arc<Caches>,
    rate_limits: Arc<RateLimits>,
    network: Rc<dyn Network>,
    hooks: RefCell<Rc<dyn Hooks>>,
    numbers: Rc<Numbers>,
    clock: Monotonic,
    loaded: RefCell<Option<Rc<Loaded>>>,
    prepared: RefCell<Option<load::Prepared>>,
    contexts: RefCell<FxHashMap<u64, Rc<Context>>>,
    endings: Rc<Endings>,
    namespaces: RefCell<Vec<Rc<Namespace>>>,
    /// The context and section whose code runs now; for what happens outside of operations.
    current: RefCell<Vec<Rc<Context>>>,
    global: Rc<Context>,
    pub(crate) calls: Calls,
    pub(crate) bodies: Bodies,
    pub(crate) capabilities: Capabilities,
    pub(crate) lives: Lives,
    pub(crate) sockets: Sockets,
    pub(crate) timers: Timers,
    pub(crate) fetches: RefCell<FxHashMap<u64, tokio::sync::oneshot::Sender<()>>>,
    /// What can be asked of open TCP connections, with their contexts.
    pub(crate) upgrades: RefCell<FxHashMap<u64, (u64, Upgrade)>>,
    decoders: Decoders,
    pub(crate) hashers: Hashers,
    /// For all codecs of the shard.
    pub(crate) codec_room: Room,
    pub(crate) header_names: HeaderNames,
    pub(crate) codecs: Codecs,
    pub(crate) zlib_streams: ZlibStreams,
    pub(crate) rewriters: Rewriters,
    pub(crate) progress: Progress,
    pub(crate) dynamics: Dynamics,
    /// The size of the heap when memory was last given back.
    heap_bytes_kept: Cell<u64>,
    /// Collections of young values when that was last asked, and how often in a row there was none.
    nursery: Cell<(u32, u32)>,
    /// Turns until [`Self::was_quiet`] was asked for last.
    turns_seen: Cell<u64>,
}

/// Turns of a second with little to do: some requests.
const QUIET_TURNS_MAX: u64 = 50;

/// What the heap must have gained at least before memory is given back.
const SHRINK_BYTES_MIN: u64 = 4 << 20;
/// What young values may keep while no object runs: a thread's share with ten thousand hibernating sockets.
const NURSERY_BYTES_KEPT: u64 = 1 << 20;
/// How often in a row, a second apart, no young value was collected before their place is given back.
const QUIET_SECONDS: u32 = 5;

impl Worker {
    /// Starts an engine runtime on this thread, without a program.
    pub fn new(
        options: WorkerOptions,
        network: Rc<dyn Network>,
        hooks: Rc<dyn Hooks>,
        numbers: Rc<Numbers>,
    ) -> Rc<Self> {
        let runtime = Runtime::new(Limits {
            heap_bytes: options.heap_bytes,
            foreign_bytes: stated_storage::slab_bytes,
        });
        runtime.set_async_stacks(options.async_stacks);
        let endings = Rc::<Endings>::default();
        let cpu = options.settings.cpu;
        let global = Context::new(0, Kind::Stateless, None, cpu, &endings);
        let capabilities = Capabilities::new(options.home);
        let worker = Rc::new_cyclic(|this| Self {
            this: this.clone(),
            runtime,
            settings: RefCell::new(Rc::new(options.settings)),
            heap_bytes: options.heap_bytes,
            home: options.home,
            caches: options.caches,
            rate_limits: options.rate_limits,
            network,
            hooks: RefCell::new(hooks),
            numbers,
            clock: Monotonic::default(),
            loaded: RefCell::default(),
            prepared: RefCell::default(),
            contexts: RefCell::default(),
            endings,
            namespaces: RefCell::default(),
            current: RefCell::default(),
            global,
            calls: Calls::default(),
            bodies: Bodies::default(),
            capabilities,
            lives: Lives::default(),
            sockets: Sockets::default(),
            timers: Timers::default(),
            fetches: RefCell::default(),
            upgrades: RefCell::default(),
            decoders: Decoders::default(),
            heap_bytes_kept: Cell::default(),
            nursery: Cell::default(),
            turns_seen: Cell::default(),
            hashers: Hashers::default(),
            codec_room: Room::default(),
            header_names: HeaderNames::default(),
            codecs: Codecs::default(),
            zlib_streams: ZlibStreams::default(),
            rewriters: Rewriters::default(),
            progress: Progress::default(),
            dynamics: Dynamics::default(),
        });
        worker.runtime.set_host(worker.clone());
        worker
    }

    /// The flag that is up while the running event has used up its CPU time; ends SQL statements.
    pub fn stop_flag(&self) -> Arc<AtomicBool> {
        self.runtime.stop_flag()
    }

    /// Gives the worker its namespaces, in the order of their indices.
    pub fn set_namespaces(&self, namespaces: Vec<Rc<Namespace>>) {
        *self.namespaces.borrow_mut() = namespaces;
    }

    /// Gives up the program and everything that keeps the worker and its runtime alive. No code runs
    /// any more.
    pub fn shut_down(&self) {
        self.set_namespaces(Vec::new());
        self.dynamics.clear();
        let contexts = self.contexts.take();
        drop(contexts);
        let loaded = self.loaded.take();
        drop(loaded);
        self.runtime.clear_host();
    }

    /// Replaces where the console goes and how stacks are mapped, as new code is loaded. Returns the former.
    pub fn set_hooks(&self, hooks: Rc<dyn Hooks>) -> Rc<dyn Hooks> {
        self.hooks.replace(hooks)
    }

    // --- entering ------------------------------------------------------------------------------

    /// Runs `f` and its microtasks as a turn of the context.
    pub(crate) fn run<R>(
        self: &Rc<Self>,
        context: &Rc<Context>,
        section: u32,
        f: impl for<'s> FnOnce(&mut Scope<'s>) -> R,
    ) -> R {
        let program = context.program.clone().unwrap_or_else(|| self.loaded());
        self.enter(&program.realm, context, section, f)
    }

    fn enter<R>(
        self: &Rc<Self>,
        realm: &Realm,
        context: &Rc<Context>,
        section: u32,
        f: impl for<'s> FnOnce(&mut Scope<'s>) -> R,
    ) -> R {
        let frame = FrameInfo {
            context: context.id,
            section,
        };
        let mut foreign = Vec::new();
        self.current.borrow_mut().push(context.clone());
        let (result, stopped) = self.runtime.enter(realm, frame, &context.budget, |scope| {
            let result = f(scope);
            let early = self
                .running_program()
                .is_some_and(|program| program.tells_rejections_early);
            // A listener for rejections may leave jobs behind, and reject more.
            loop {
                let mut keep = |info, job| foreign.push((info, job));
                if early {
                    while scope.drain_to_rejection(&mut keep) && self.report_rejections(scope) {}
                }
                scope.drain(&mut keep);
                if !self.report_rejections(scope) {
                    break;
                }
            }
            (result, scope.stop_reason())
        });
        self.current.borrow_mut().pop();
        for (info, job) in foreign {
            self.resume(info, job);
        }
        if let Some(reason) = stopped {
            self.stopped(context, reason);
        }
        self.turn_ended(context, section);
        if self.runtime.has_cleanups()
            && self.current.borrow().is_empty()
            && let Some(program) = &context.program
        {
            self.run_cleanups(program);
        }
        result
    }

    /// Runs callbacks of finalization registries, in no context: whose value it was is not known.
    fn run_cleanups(self: &Rc<Self>, program: &Rc<Loaded>) {
        let context = self.no_event(Some(program.clone()));
        self.enter(&program.realm, &context, 0, |scope| {
            for error in scope.run_cleanups() {
                self.report(scope, error);
            }
        });
    }

    /// The program whose code runs now: after a reload, contexts of the former one go on in theirs.
    ///
    /// None while the library itself is loading.
    pub(crate) fn running_program(&self) -> Option<Rc<Loaded>> {
        self.context_of_frame()?.program.clone()
    }

    /// How bodies of the running program's responses may be encoded.
    pub(crate) fn codings(&self) -> Codings {
        let program = self.running_program();
        program.map(|program| program.codings).unwrap_or_default()
    }

    /// The program of new contexts.
    pub(crate) fn loaded(&self) -> Rc<Loaded> {
        self.loaded
            .borrow()
            .clone()
            .expect("a program was loaded before its code is called")
    }

    /// Calls a function of main.js and ignores what it returns; the library catches what it can.
    pub(crate) fn call_main(&self, scope: &mut Scope<'_>, name: &'static str, args: &[Local<'_>]) {
        let Some(loaded) = self.running_program() else {
            return;
        };
        let function = scope.local(&loaded.main[name]);
        if let Err(Thrown::Value(error)) = scope.call(function, args) {
            self.report(scope, error);
        }
    }

    /// Calls a function of main.js that may throw.
    pub(crate) fn try_main<'s>(
        &self,
        scope: &mut Scope<'s>,
        name: &'static str,
        args: &[Local<'_>],
    ) -> Result<(), Thrown<'s>> {
        let loaded = self
            .running_program()
            .expect("a context with a program called");
        let function = scope.local(&loaded.main[name]);
        scope.call(function, args).map(|_| ())
    }

    /// Continues a job of another context in a turn of that.
    fn resume(self: &Rc<Self>, info: FrameInfo, job: Persistent) {
        let Some(context) = self.context(info.context) else {
            return;
        };
        let worker = self.clone();
        let hold = context.hold_for_operation();
        let pending = Pending::new(self, &context, info.section, Awaited::Operation);
        tokio::task::spawn_local(async move {
            let Ok(permit) = context.enter(info.section).await else {
                return;
            };
            worker.run(&context, info.section, |scope| scope.run_job(&job));
            drop(permit);
            drop(hold);
            drop(pending);
        });
    }

    /// A limit ended a turn.
    fn stopped(self: &Rc<Self>, context: &Rc<Context>, reason: StopReason) {
        let failure = match reason {
            // abortObject has broken the instance already.
            StopReason::Aborted => Failure::aborted(None),
            StopReason::Cpu => Failure::new(ErrorCode::CpuLimit),
            StopReason::Memory => Failure::new(ErrorCode::MemoryLimit),
        };
        if reason != StopReason::Aborted {
            self.hooks.borrow().console(ConsoleLine {
                level: Level::Uncaught,
                text: self.limit_text(reason),
                object: self.object_label(context),
            });
        }
        match context.instance() {
            Some(instance) => instance.break_with(failure),
            None => {
                self.calls.fail_context(context.id, &failure);
                context.end();
            }
        }
        if reason == StopReason::Memory {
            self.runtime.collect_garbage();
        }
    }

    fn limit_text(&self, reason: StopReason) -> String {
        match reason {
            StopReason::Cpu => format!(
                "the event used more than {} ms of CPU time and was ended; raise limits.cpu_ms if it needs more",
                self.cpu().as_millis()
            ),
            _ => format!(
                "the event used more than {} MiB of memory and was ended; raise --heap-mb if it needs more",
                self.heap_bytes >> 20
            ),
        }
    }

    /// Refills the CPU budget, as every new event does.
    pub(crate) fn refill(&self, context: &Context) {
        context.budget.refill(self.cpu());
    }

    // --- contexts ------------------------------------------------------------------------------

    pub(crate) fn context(&self, id: u64) -> Option<Rc<Context>> {
        if id == 0 {
            return Some(self.global.clone());
        }
        self.contexts.borrow().get(&id).cloned()
    }

    /// The context whose code is running.
    pub(crate) fn context_of_frame(&self) -> Option<Rc<Context>> {
        self.current.borrow().last().cloned()
    }

    fn new_context(&self, program: Rc<Loaded>) -> Rc<Context> {
        let context = Context::new(
            self.numbers.next(),
            Kind::Stateless,
            Some(program),
            self.cpu(),
            &self.endings,
        );
        self.contexts
            .borrow_mut()
            .insert(context.id, context.clone());
        context
    }

    /// As what the answer of an entrypoint is awaited.
    pub(crate) fn awaited_of(&self, service: &ServiceRef) -> Awaited {
        if service.service == self.home.service {
            Awaited::LocalCall
        } else {
            Awaited::Operation
        }
    }

    pub(crate) fn stateless_contexts(&self) -> Vec<Rc<Context>> {
        let contexts = self.contexts.borrow();
        let stateless = contexts
            .values()
            .filter(|context| context.instance().is_none());
        stateless.cloned().collect()
    }

    pub(crate) fn console(&self, line: ConsoleLine) {
        self.hooks.borrow().console(line);
    }

    /// The context of an instance, made at its construction.
    pub(crate) fn context_of(&self, instance: &Rc<Instance>) -> Rc<Context> {
        let known = self.contexts.borrow().get(&instance.context).cloned();
        known.unwrap_or_else(|| self.context_in(instance, self.loaded()))
    }

    /// The context of an instance whose code is a program's.
    pub(crate) fn context_in(&self, instance: &Rc<Instance>, program: Rc<Loaded>) -> Rc<Context> {
        let mut contexts = self.contexts.borrow_mut();
        let context = contexts.entry(instance.context);
        context
            .or_insert_with(|| {
                let kind = Kind::Object(instance.clone());
                Context::new(
                    instance.context,
                    kind,
                    Some(program),
                    self.cpu(),
                    &self.endings,
                )
            })
            .clone()
    }

    /// Forgets a context and what it left open.
    pub(crate) fn end_context(self: &Rc<Self>, id: u64) {
        let context = self.contexts.borrow_mut().remove(&id);
        let Some(context) = context else { return };
        context.end();
        if context.left(Left::Timers) {
            self.stop_timers_of(id);
        }
        if context.left(Left::Bodies) {
            self.bodies.end_context(id);
        }
        if context.left(Left::Sockets) {
            self.sockets.end_context(id);
        }
        if context.left(Left::Capabilities) {
            self.capabilities.end_context(id);
        }
        if context.left(Left::Digests) {
            self.hashers.end_context(id);
        }
        if context.left(Left::Codecs) {
            self.codecs.end_context(id);
        }
        if context.left(Left::Zlib) {
            self.zlib_streams.end_context(id);
        }
        if context.left(Left::Documents) {
            self.rewriters.end_context(id);
        }
        if context.left(Left::Upgrades) {
            let mut upgrades = self.upgrades.borrow_mut();
            upgrades.retain(|_, (context, _)| *context != id);
        }
        let is_object = context.instance().is_some();
        let in_library = [
            Left::Timers,
            Left::Sockets,
            Left::Capabilities,
            Left::Library,
        ];
        if !is_object && !in_library.into_iter().any(|what| context.left(what)) {
            return;
        }
        let function = if is_object {
            "dropObject"
        } else {
            "endContext"
        };
        let host = self.no_event(context.program.clone());
        self.run(&host, 0, |scope| {
            let id = scope.number(id as f64);
            self.call_main(scope, function, &[id]);
        });
    }

    /// Puts away what nobody needs any more: contexts that have ended, targets that were released.
    /// Runs beside everything else, and never ends.
    pub async fn tend(self: Rc<Self>) {
        tokio::join!(self.end_contexts(), self.release_targets());
    }

    async fn end_contexts(self: &Rc<Self>) {
        loop {
            for id in self.endings.next().await {
                if let Some(context) = self.context(id)
                    && context.open_calls.get() > 0
                {
                    self.calls
                        .fail_context(id, &Failure::new(ErrorCode::CallCanceled));
                }
                self.end_context(id);
            }
        }
    }

    /// A context for code that runs for no event.
    fn no_event(&self, program: Option<Rc<Loaded>>) -> Rc<Context> {
        Context::new(0, Kind::Stateless, program, self.cpu(), &self.endings)
    }

    // --- parts ---------------------------------------------------------------------------------

    pub(crate) fn rc(&self) -> Rc<Self> {
        self.this.upgrade().expect("a worker that runs is alive")
    }

    pub(crate) fn numbers(&self) -> &Numbers {
        &self.numbers
    }

    pub(crate) fn network(&self) -> &Rc<dyn Network> {
        &self.network
    }

    /// The most that the shard's heap may hold.
    pub(crate) fn heap_bytes(&self) -> u64 {
        self.heap_bytes
    }

    pub(crate) fn caches(&self) -> &Caches {
        &self.caches
    }

    pub(crate) fn rate_limits(&self) -> &RateLimits {
        &self.rate_limits
    }

    pub(crate) fn decoders(&self) -> &Decoders {
        &self.decoders
    }

    pub(crate) fn clock(&self) -> Monotonic {
        self.clock
    }

    pub(crate) fn namespace(&self, index: u64) -> Option<Rc<Namespace>> {
        self.namespaces.borrow().get(index as usize).cloned()
    }

    /// The settings of the program that runs.
    pub(crate) fn settings(&self) -> Rc<Settings> {
        self.settings.borrow().clone()
    }

    fn cpu(&self) -> Duration {
        self.settings.borrow().cpu
    }

    /// Remembers the first object that a stateless event called, for the request log.
    pub(crate) fn note_called(
        &self,
        context: &Context,
        namespace: usize,
        name: Option<&str>,
        id: ObjectId,
    ) {
        if context.instance().is_none() && context.called.borrow().is_none() {
            let settings = self.settings();
            let class = settings.classes.get(namespace).map_or("", String::as_str);
            let label = match name {
                Some(name) => format!("{class}/{name}"),
                None => format!("{class}/{id}"),
            };
            context.called.replace(Some(label));
        }
    }

    pub(crate) fn alarm_hint(&self, at_ms: i64) {
        self.network.alarm_hint(at_ms);
    }

    pub(crate) fn exports(&self) -> Vec<Export> {
        self.loaded
            .borrow()
            .as_ref()
            .map(|loaded| loaded.exports.borrow().clone())
            .unwrap_or_default()
    }

    /// Tells the limits of the other shards how much memory this one's values take; called now and then.
    pub fn publish_heap(&self) {
        self.runtime.publish_heap();
    }

    /// Gives the place of young values back when it is much and seems not to be needed; called once a second.
    ///
    /// Under load they are collected all the time, and the place is what makes that cheap. An object that stays in
    /// memory without load, for a timer or an open socket, would keep it for ever.
    pub fn shrink_quiet_nursery(&self) {
        let collections = self.runtime.nursery_collections();
        let (before, quiet) = self.nursery.get();
        let quiet = if collections == before { quiet + 1 } else { 0 };
        self.nursery.set((collections, quiet));
        if quiet >= QUIET_SECONDS && self.runtime.nursery_bytes() > NURSERY_BYTES_KEPT {
            self.runtime.shrink_nursery();
        }
    }

    /// Whether there was little to do since the last call.
    pub fn was_quiet(&self) -> bool {
        let turns = self.runtime.turns();
        turns - self.turns_seen.replace(turns) <= QUIET_TURNS_MAX
    }

    /// Gives memory outside of the heap back that was freed.
    pub fn trim(&self) {
        self.runtime.trim();
    }

    /// Gives memory back after objects were put away, if it has become much since it did so last.
    ///
    /// The engine collects garbage when JavaScript allocates. Objects that hibernate leave theirs
    /// behind and then nothing allocates, perhaps for days.
    pub fn put_away(&self) {
        let kept = self.heap_bytes_kept.get();
        if self.runtime.heap_bytes() > kept + (kept / 2).max(SHRINK_BYTES_MIN) {
            self.runtime.shrink();
            self.heap_bytes_kept.set(self.runtime.heap_bytes());
        } else {
            self.runtime.publish_heap();
        }
    }

    /// As [`Worker::put_away`] when no object runs any more: what the next turns may need is given back, too.
    pub fn rest(&self) {
        if self.runtime.nursery_bytes() > NURSERY_BYTES_KEPT {
            self.runtime.shrink();
            self.heap_bytes_kept.set(self.runtime.heap_bytes());
        } else {
            self.put_away();
        }
    }

    /// Breaks an object for `ctx.abort()`.
    pub(crate) fn abort(&self, instance: &Rc<Instance>, reason: Option<&str>, retry: RetryAlarm) {
        instance.entry.alarm_was_aborted(retry);
        instance.break_with(Failure::aborted(reason));
    }
}
