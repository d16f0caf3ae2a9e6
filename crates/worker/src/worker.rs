//! A worker: one shard's runtime of a service, and the turns that run in it.
//!
//! `run` is the only way into JavaScript: it enters the realm in the frame of a context, drains the
//! microtasks, hands continuations of other contexts to those, and looks whether a limit ended the
//! turn. An object's caller holds its permit meanwhile.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use stated_core::alarm::RetryAlarm;
use stated_core::error::{ErrorCode, Failure};
use stated_core::id::{ObjectId, UniqueKey};
use stated_engine::{
    AsyncStacks, CodeGeneration, FrameInfo, Limits, Local, Persistent, Realm, Runtime, Scope,
    StopReason, Thrown,
};
use stated_object::capability::{Home, Message, ObjectRef, Props, ServiceRef, Target};
use stated_object::clock::Monotonic;
use stated_object::instance::Instance;
use stated_object::message::{FetchRequest, FetchResponse};
use stated_object::namespace::{Namespace, Numbers};
use stated_object::program::{Answer, AnswerReceiver, Event, SocketEvent};

use crate::bodies::Bodies;
use crate::cache::Caches;
use crate::calls::Calls;
use crate::capabilities::Capabilities;
use crate::context::{Context, Kind};
use crate::loader::{Loader, NodeModules, OPERATIONS as OPERATIONS_MODULE, PROGRAM, Source};
use crate::ops::OPERATIONS;
use crate::ops::compress::Codecs;
use crate::ops::subtle::Hashers;
use crate::ops::text::Decoders;
use crate::sockets::Sockets;
use crate::timers::Timers;

/// A future of this thread.
pub type LocalFuture<T> = Pin<Box<dyn Future<Output = T>>>;

/// How a worker reaches everything outside of its shard's runtime.
pub trait Network {
    /// An object as any service can address it; None when there is no such namespace.
    fn object(
        &self,
        namespace: usize,
        id: ObjectId,
        name: Option<String>,
        generation: u64,
    ) -> Option<ObjectRef>;

    /// The service behind a binding; None when there is no such binding.
    fn bound_service(&self, index: usize) -> Option<ServiceRef>;

    /// An entrypoint of this very service.
    fn own_service(&self, entrypoint: &str) -> ServiceRef;

    /// Delivers an event to an object, wherever it lives.
    fn call_object(
        &self,
        object: &ObjectRef,
        event: Event,
    ) -> LocalFuture<Result<(u64, Answer), Failure>>;

    /// Delivers an event to a stateless entrypoint.
    fn call_service(
        &self,
        service: &ServiceRef,
        event: Event,
    ) -> LocalFuture<Result<Answer, Failure>>;

    /// Delivers a call to a target, wherever its context is.
    fn call_target(&self, target: &Target, event: Event) -> LocalFuture<Result<Answer, Failure>>;

    /// Sends a request to the outside. The error is its class and text.
    fn fetch(
        &self,
        request: FetchRequest,
        redirect: Redirect,
    ) -> LocalFuture<Result<FetchResponse, (&'static str, String)>>;

    /// An object's alarm was set to this time: look at the index again.
    fn alarm_hint(&self, at_ms: i64);
}

/// What `fetch` does with a redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redirect {
    /// Follow it.
    Follow,
    /// Fail.
    Error,
    /// Return it.
    Manual,
}

/// Where what the program prints goes, and how positions are mapped back to its sources.
pub trait Hooks {
    /// A line of the console, or an uncaught exception.
    fn console(&self, line: ConsoleLine);
    /// A stack with positions in the program's own files.
    fn map_stack(&self, stack: &str) -> String;
}

/// The level of a console line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// `console.debug`
    Debug,
    /// `console.log`
    Log,
    /// `console.info`
    Info,
    /// `console.warn`
    Warn,
    /// `console.error`
    Error,
    /// Nobody caught it.
    Uncaught,
}

/// A line that the program printed.
#[derive(Clone, Debug)]
pub struct ConsoleLine {
    /// Its level.
    pub level: Level,
    /// Its text, possibly of several lines.
    pub text: String,
    /// The class and the name (or id) of the object that printed it.
    pub object: Option<(String, String)>,
}

/// What a worker is made of.
pub struct WorkerOptions {
    /// What the library's `init` receives, as JSON (host.d.ts `InitConfig`).
    pub init_json: String,
    /// CPU time of one event.
    pub cpu: Duration,
    /// Bytes of the JavaScript heap of the shard.
    pub heap_bytes: u64,
    /// Whether stacks go on across `await`.
    pub async_stacks: AsyncStacks,
    /// What the service's Cache API keeps, for all of its shards.
    pub caches: Arc<Caches>,
    /// The keys of the service's namespaces, by index.
    pub keys: Vec<UniqueKey>,
    /// The classes of those namespaces.
    pub classes: Vec<String>,
    /// Which shard this is.
    pub home: Home,
}

/// What an export of the program is.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Export {
    /// The name it is exported under.
    pub name: String,
    /// "durable-object", "legacy-class", "entrypoint", "object" or "other".
    pub kind: String,
    /// The handlers it has.
    pub handlers: Vec<String>,
}

/// Why a program could not be loaded.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct LoadError {
    /// What was thrown, with a stack mapped to the sources.
    pub text: String,
}

/// A program in its realm.
pub(crate) struct Loaded {
    realm: Realm,
    main: HashMap<&'static str, Persistent>,
    exports: RefCell<Vec<Export>>,
}

/// One shard's runtime of a service.
pub struct Worker {
    this: Weak<Self>,
    runtime: Runtime,
    options: WorkerOptions,
    network: Rc<dyn Network>,
    hooks: RefCell<Rc<dyn Hooks>>,
    numbers: Rc<Numbers>,
    clock: Monotonic,
    /// Whether the program may make code from strings while it is loaded.
    startup_code_generation: CodeGeneration,
    loaded: RefCell<Option<Rc<Loaded>>>,
    contexts: RefCell<HashMap<u64, Rc<Context>>>,
    namespaces: RefCell<Vec<Rc<Namespace>>>,
    /// The context and section whose code runs now; for what happens outside of operations.
    current: RefCell<Vec<Rc<Context>>>,
    global: Rc<Context>,
    pub(crate) calls: Calls,
    pub(crate) bodies: Bodies,
    pub(crate) capabilities: Capabilities,
    pub(crate) sockets: Sockets,
    pub(crate) timers: Timers,
    pub(crate) fetches: RefCell<HashMap<u64, tokio::sync::oneshot::Sender<()>>>,
    decoders: Decoders,
    pub(crate) hashers: Hashers,
    pub(crate) codecs: Codecs,
}

/// The functions of main.js that the host calls.
const MAIN: &[&str] = &[
    "init",
    "start",
    "fetchEntrypoint",
    "callEntrypoint",
    "createObject",
    "dropObject",
    "endContext",
    "fetchObject",
    "callObject",
    "callTarget",
    "releaseTarget",
    "alarmObject",
    "socketHandler",
    "socketEvent",
    "timerFired",
    "runSection",
    "makeError",
    "describeError",
];

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
        });
        runtime.set_async_stacks(options.async_stacks);
        let global = Context::new(0, Kind::Stateless, None, options.cpu);
        let startup_code_generation = startup_code_generation(&options.init_json);
        let capabilities = Capabilities::new(options.home);
        let worker = Rc::new_cyclic(|this| Self {
            this: this.clone(),
            runtime,
            options,
            network,
            hooks: RefCell::new(hooks),
            numbers,
            clock: Monotonic::default(),
            startup_code_generation,
            loaded: RefCell::default(),
            contexts: RefCell::default(),
            namespaces: RefCell::default(),
            current: RefCell::default(),
            global,
            calls: Calls::default(),
            bodies: Bodies::default(),
            capabilities,
            sockets: Sockets::default(),
            timers: Timers::default(),
            fetches: RefCell::default(),
            decoders: Decoders::default(),
            hashers: Hashers::default(),
            codecs: Codecs::default(),
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

    /// Replaces where the console goes and how stacks are mapped, as new code is loaded.
    pub fn set_hooks(&self, hooks: Rc<dyn Hooks>) {
        *self.hooks.borrow_mut() = hooks;
    }

    /// Loads a program into a new realm. The former one, if any, stays until this succeeded; its
    /// objects must be reset by the caller.
    ///
    /// # Errors
    /// What the program threw while its modules were evaluated.
    pub fn load(self: &Rc<Self>, source: Source) -> Result<Vec<Export>, LoadError> {
        let loader = Rc::new(Loader::new(
            source,
            NodeModules::of(&self.options.init_json),
        ));
        let realm = self.runtime.new_realm(loader.clone());
        let library = Context::new(0, Kind::Stateless, None, self.options.cpu);
        let main = self.enter(&realm, &library, 0, |scope| {
            self.load_library(scope, &loader)
        });
        let main = main.map_err(|text| LoadError { text })?;
        let loaded = Rc::new(Loaded {
            realm: realm.clone(),
            main,
            exports: RefCell::default(),
        });
        let global = Context::new(0, Kind::Stateless, Some(loaded.clone()), self.options.cpu);
        let exports = self.enter(&realm, &global, 0, |scope| {
            self.load_program(scope, &loaded, &loader)
        });
        let exports = exports.map_err(|text| LoadError { text })?;
        *loaded.exports.borrow_mut() = exports.clone();
        *self.loaded.borrow_mut() = Some(loaded);
        Ok(exports)
    }

    /// Evaluates the library and finds the functions that the host calls.
    fn load_library(
        &self,
        scope: &mut Scope<'_>,
        loader: &Loader,
    ) -> Result<HashMap<&'static str, Persistent>, String> {
        let operations = scope.object();
        for (name, native) in OPERATIONS {
            let function = scope.function(name, 0, *native);
            scope.define(operations, name, function);
        }
        loader.provide(OPERATIONS_MODULE, scope.persist(operations));
        let library = scope
            .evaluate_module("stated:main")
            .map_err(|thrown| self.plain_text(scope, thrown))?;
        scope
            .evaluate_module("cloudflare:workers")
            .map_err(|thrown| self.plain_text(scope, thrown))?;
        let mut main = HashMap::new();
        for name in MAIN {
            let function = scope
                .property(library.0, name)
                .map_err(|thrown| self.plain_text(scope, thrown))?;
            main.insert(*name, scope.persist(function));
        }
        Ok(main)
    }

    /// Evaluates the program and finds what it exports.
    fn load_program(
        &self,
        scope: &mut Scope<'_>,
        loaded: &Loaded,
        loader: &Loader,
    ) -> Result<Vec<Export>, String> {
        let config = scope.string(&self.options.init_json);
        let init = scope.local(&loaded.main["init"]);
        scope
            .call(init, &[config])
            .map_err(|thrown| self.described(scope, loaded, thrown))?;
        self.provide_assets(scope, loader)
            .map_err(|thrown| self.described(scope, loaded, thrown))?;
        let (namespace, evaluation) = scope
            .with_code_generation(self.startup_code_generation, |scope| {
                let evaluated = scope.evaluate_module(PROGRAM);
                scope.drain(|_, _| {});
                evaluated
            })
            .map_err(|thrown| self.described(scope, loaded, thrown))?;
        match scope.promise_state(evaluation) {
            Some(stated_engine::PromiseState::Rejected(reason)) => {
                // It is reported here, and so not once more as a rejection that nobody handled.
                scope.take_unhandled_rejections();
                return Err(self.described(scope, loaded, Thrown::Value(reason)));
            }
            Some(stated_engine::PromiseState::Pending) => {
                return Err("the program's top-level await never settles; asynchronous I/O is not possible in global scope".to_owned());
            }
            Some(stated_engine::PromiseState::Fulfilled(_)) | None => {}
        }
        let start = scope.local(&loaded.main["start"]);
        let exports = scope
            .call(start, &[namespace])
            .map_err(|thrown| self.described(scope, loaded, thrown))?;
        let exports = scope.text(exports).unwrap_or_default();
        serde_json::from_str(&exports).map_err(|error| format!("describe the exports: {error}"))
    }

    fn provide_assets<'s>(&self, scope: &mut Scope<'s>, loader: &Loader) -> Result<(), Thrown<'s>> {
        use crate::loader::AssetKind;
        for asset in &loader.source().assets {
            let value = match asset.kind {
                AssetKind::Text => scope.string(&String::from_utf8_lossy(&asset.bytes)),
                AssetKind::Data => scope.array_buffer(&asset.bytes),
                AssetKind::Wasm => {
                    let bytes = scope.array_buffer(&asset.bytes);
                    let global = scope.global();
                    let wasm = scope.property(global, "WebAssembly")?;
                    let module = scope.property(wasm, "Module")?;
                    scope.with_code_generation(CodeGeneration::Allowed, |scope| {
                        scope.construct(module, &[bytes])
                    })?
                }
            };
            loader.provide(&asset.specifier, scope.persist(value));
        }
        Ok(())
    }

    fn plain_text(&self, scope: &mut Scope<'_>, thrown: Thrown<'_>) -> String {
        match thrown {
            Thrown::Value(value) => {
                let stack = scope
                    .property(value, "stack")
                    .ok()
                    .and_then(|stack| scope.text(stack));
                stack.unwrap_or_else(|| scope.to_text(value).unwrap_or_default())
            }
            Thrown::Stopped => self.stop_text(scope),
        }
    }

    fn stop_text(&self, scope: &Scope<'_>) -> String {
        match scope.stop_reason() {
            Some(StopReason::Cpu) => {
                format!(
                    "the program used more than {} ms of CPU time while it was loaded",
                    self.options.cpu.as_millis()
                )
            }
            Some(StopReason::Memory) => {
                format!(
                    "the program used more than {} MiB of memory while it was loaded",
                    self.options.heap_bytes >> 20
                )
            }
            Some(StopReason::Aborted) | None => {
                "the program was aborted while it was loaded".to_owned()
            }
        }
    }

    fn described(&self, scope: &mut Scope<'_>, loaded: &Loaded, thrown: Thrown<'_>) -> String {
        let Thrown::Value(value) = thrown else {
            return self.stop_text(scope);
        };
        let describe = scope.local(&loaded.main["describeError"]);
        let Ok(parts) = scope.call(describe, &[value]) else {
            return self.plain_text(scope, Thrown::Value(value));
        };
        let text = scope
            .element(parts, 1)
            .ok()
            .and_then(|text| scope.text(text))
            .unwrap_or_default();
        self.hooks.borrow().map_stack(&text)
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
            scope.drain(|info, job| foreign.push((info, job)));
            self.report_rejections(scope);
            (result, scope.stop_reason())
        });
        self.current.borrow_mut().pop();
        for (info, job) in foreign {
            self.resume(info, job);
        }
        if let Some(reason) = stopped {
            self.stopped(context, reason);
        }
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
        let context = Context::new(0, Kind::Stateless, Some(program.clone()), self.options.cpu);
        self.enter(&program.realm, &context, 0, |scope| {
            for error in scope.run_cleanups() {
                self.report(scope, error);
            }
        });
    }

    /// The program whose code runs now: after a reload, contexts of the former one go on in theirs.
    ///
    /// None while the library itself is loading.
    fn running_program(&self) -> Option<Rc<Loaded>> {
        self.context_of_frame()?.program.clone()
    }

    /// The program of new contexts.
    fn loaded(&self) -> Rc<Loaded> {
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
        tokio::task::spawn_local(async move {
            let Ok(permit) = context.enter(info.section).await else {
                return;
            };
            worker.run(&context, info.section, |scope| scope.run_job(&job));
            drop(permit);
            drop(hold);
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
                self.options.cpu.as_millis()
            ),
            _ => format!(
                "the event used more than {} MiB of memory and was ended; raise --heap-mb if it needs more",
                self.options.heap_bytes >> 20
            ),
        }
    }

    /// Refills the CPU budget, as every new event does.
    pub(crate) fn refill(&self, context: &Context) {
        context.budget.refill(self.options.cpu);
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

    fn new_context(&self) -> Rc<Context> {
        let context = Context::new(
            self.numbers.next(),
            Kind::Stateless,
            Some(self.loaded()),
            self.options.cpu,
        );
        self.contexts
            .borrow_mut()
            .insert(context.id, context.clone());
        context
    }

    /// The context of an instance, made at its construction.
    pub(crate) fn context_of(&self, instance: &Rc<Instance>) -> Rc<Context> {
        let mut contexts = self.contexts.borrow_mut();
        let context = contexts.entry(instance.context);
        context
            .or_insert_with(|| {
                let kind = Kind::Object(instance.clone());
                Context::new(
                    instance.context,
                    kind,
                    Some(self.loaded()),
                    self.options.cpu,
                )
            })
            .clone()
    }

    /// Forgets a context and what it left open.
    pub(crate) fn end_context(self: &Rc<Self>, id: u64) {
        let context = self.contexts.borrow_mut().remove(&id);
        let Some(context) = context else { return };
        context.end();
        self.stop_timers_of(id);
        self.bodies.end_context(id);
        self.hashers.end_context(id);
        self.codecs.end_context(id);
        self.sockets.end_context(id);
        self.capabilities.end_context(id);
        let function = if context.instance().is_some() {
            "dropObject"
        } else {
            "endContext"
        };
        let host = Context::new(
            0,
            Kind::Stateless,
            context.program.clone(),
            self.options.cpu,
        );
        self.run(&host, 0, |scope| {
            let id = scope.number(id as f64);
            self.call_main(scope, function, &[id]);
        });
    }

    // --- stateless events ----------------------------------------------------------------------

    /// Runs `fetch` of a stateless entrypoint. `object` becomes the first object that was called.
    ///
    /// The response may still be streaming when this returns; the context lives until it is done.
    ///
    /// # Errors
    /// What the handler threw, or the limit it met.
    pub async fn fetch(
        self: &Rc<Self>,
        entrypoint: &str,
        request: FetchRequest,
        object: &mut Option<String>,
    ) -> Result<FetchResponse, Failure> {
        let context = self.new_context();
        let answer = self
            .event_in(&context, entrypoint, None, Event::Fetch(request))
            .await;
        *object = context.called.take();
        match answer? {
            Answer::Response(response) => Ok(response),
            Answer::Value(_) | Answer::Done => Err(Failure::new(ErrorCode::Internal)),
        }
    }

    /// Runs an event of a stateless entrypoint: fetch or a call.
    ///
    /// # Errors
    /// What the handler threw, or the limit it met.
    pub async fn event(
        self: &Rc<Self>,
        entrypoint: &str,
        props: Option<Props>,
        event: Event,
    ) -> Result<Answer, Failure> {
        let context = self.new_context();
        self.event_in(&context, entrypoint, props, event).await
    }

    async fn event_in(
        self: &Rc<Self>,
        context: &Rc<Context>,
        entrypoint: &str,
        props: Option<Props>,
        event: Event,
    ) -> Result<Answer, Failure> {
        context
            .lives_for_stubs
            .set(matches!(event, Event::Call { .. }));
        let ending = Ending {
            worker: self.clone(),
            context: context.clone(),
        };
        tokio::task::spawn_local(ending.run());
        self.stateless_turn(context, |scope, call| {
            self.start_stateless(scope, context, call, entrypoint, props, event)
        })
        .await
    }

    /// Calls a target of a stateless context, which lives at least until the answer.
    pub(crate) async fn call_stateless_target(
        self: &Rc<Self>,
        context: &Rc<Context>,
        event: Event,
    ) -> Result<Answer, Failure> {
        self.refill(context);
        self.stateless_turn(context, |scope, call| {
            self.start_target_call(scope, context, call, event)
        })
        .await
    }

    async fn stateless_turn(
        self: &Rc<Self>,
        context: &Rc<Context>,
        start: impl for<'s> FnOnce(&mut Scope<'s>, u64),
    ) -> Result<Answer, Failure> {
        let hold = context.hold();
        let call = self.numbers.next();
        let answer = self.calls.open(call, context.id);
        self.run(context, 0, |scope| start(scope, call));
        let answer = answer
            .await
            .unwrap_or_else(|_| Err(Failure::new(ErrorCode::CallCanceled)));
        drop(hold);
        answer
    }

    fn start_stateless(
        &self,
        scope: &mut Scope<'_>,
        context: &Rc<Context>,
        call: u64,
        entrypoint: &str,
        props: Option<Props>,
        event: Event,
    ) {
        let call = scope.number(call as f64);
        let id = scope.number(context.id as f64);
        let entrypoint = scope.string(entrypoint);
        let props = match props {
            None => scope.undefined(),
            Some(Props::Json(json)) => scope.string(&json),
            Some(Props::Value(bytes)) => scope.uint8_array(&bytes),
        };
        match event {
            Event::Fetch(request) => {
                let method = scope.string(request.method.as_str());
                let url = scope.string(&request.url);
                let headers = Self::headers_to_wire(scope, &request.headers);
                let body = self.body_to_wire(scope, context, request.body);
                self.call_main(
                    scope,
                    "fetchEntrypoint",
                    &[call, id, entrypoint, props, method, url, headers, body],
                );
            }
            Event::Call { path, args } => {
                let path = strings(scope, &path);
                let [args, capabilities] = self.arguments_to_wire(scope, context, args);
                self.call_main(
                    scope,
                    "callEntrypoint",
                    &[call, id, entrypoint, props, path, args, capabilities],
                );
            }
            Event::TargetCall { .. } | Event::Alarm(_) | Event::Socket { .. } => {}
        }
    }

    fn start_target_call(
        &self,
        scope: &mut Scope<'_>,
        context: &Rc<Context>,
        call: u64,
        event: Event,
    ) {
        let Event::TargetCall { target, path, args } = event else {
            return;
        };
        let call = scope.number(call as f64);
        let id = scope.number(context.id as f64);
        let target = scope.number(target as f64);
        let path = strings(scope, &path);
        let [args, capabilities] = self.arguments_to_wire(scope, context, args);
        self.call_main(
            scope,
            "callTarget",
            &[call, id, target, path, args, capabilities],
        );
    }

    /// Bytes and capabilities of a call's arguments; undefined bytes for the read of a property.
    fn arguments_to_wire<'s>(
        &self,
        scope: &mut Scope<'s>,
        context: &Rc<Context>,
        args: Option<Message>,
    ) -> [Local<'s>; 2] {
        match args {
            Some(message) => self.message_to_wire(scope, context, message),
            None => [scope.undefined(), scope.array(&[])],
        }
    }

    /// Calls a stateless entrypoint, as its callers see it.
    pub(crate) async fn call_service(
        &self,
        service: &ServiceRef,
        event: Event,
    ) -> Result<Answer, Failure> {
        self.network
            .call_service(service, event)
            .await
            .map_err(|failure| failure.seen_through_stub(None))
    }

    // --- objects' events -----------------------------------------------------------------------

    /// Starts a handler of an object in the running turn.
    pub(crate) fn start_object(
        self: &Rc<Self>,
        instance: &Rc<Instance>,
        event: Event,
    ) -> AnswerReceiver {
        let context = self.context_of(instance);
        self.refill(&context);
        let call_id = self.numbers.next();
        let answer = self.calls.open(call_id, context.id);
        self.run(&context, 0, |scope| {
            let call = scope.number(call_id as f64);
            let id = scope.number(context.id as f64);
            match event {
                Event::Fetch(request) => {
                    let method = scope.string(request.method.as_str());
                    let url = scope.string(&request.url);
                    let headers = Self::headers_to_wire(scope, &request.headers);
                    let body = self.body_to_wire(scope, &context, request.body);
                    self.call_main(
                        scope,
                        "fetchObject",
                        &[call, id, method, url, headers, body],
                    );
                }
                Event::Call { path, args } => {
                    let path = strings(scope, &path);
                    let [args, capabilities] = self.arguments_to_wire(scope, &context, args);
                    self.call_main(scope, "callObject", &[call, id, path, args, capabilities]);
                }
                Event::TargetCall { .. } => self.start_target_call(scope, &context, call_id, event),
                Event::Alarm(info) => {
                    let at = scope.number(info.scheduled_time_ms as f64);
                    let retries = scope.number(f64::from(info.retry_count));
                    self.call_main(scope, "alarmObject", &[call, id, at, retries]);
                }
                Event::Socket { socket, event } => {
                    let socket = scope.number(socket.0 as f64);
                    let [kind, a, b, c] = socket_event(scope, event);
                    self.call_main(scope, "socketHandler", &[call, id, socket, kind, a, b, c]);
                }
            }
        });
        answer
    }

    pub(crate) fn dispatch_socket_event(
        self: &Rc<Self>,
        context: &Rc<Context>,
        socket: u64,
        event: SocketEvent,
    ) {
        self.run(context, 0, |scope| {
            let socket = scope.number(socket as f64);
            let [kind, a, b, c] = socket_event(scope, event);
            self.call_main(scope, "socketEvent", &[socket, kind, a, b, c]);
        });
    }

    pub(crate) fn fire_timer(self: &Rc<Self>, context: &Rc<Context>, frame: FrameInfo, id: u64) {
        self.refill(context);
        self.run(context, frame.section, |scope| {
            let id = scope.number(id as f64);
            self.call_main(scope, "timerFired", &[id]);
        });
    }

    // --- errors --------------------------------------------------------------------------------

    /// `main.makeError`
    pub(crate) fn make_error<'s>(
        &self,
        scope: &mut Scope<'s>,
        class: &str,
        message: &str,
        flags: u32,
        object_id: &str,
        value: Option<&[u8]>,
    ) -> Result<Local<'s>, Thrown<'s>> {
        let Some(loaded) = self.running_program() else {
            return Err(scope.type_error(message));
        };
        let make = scope.local(&loaded.main["makeError"]);
        let class = scope.string(class);
        let message = scope.string(message);
        let flags = scope.number(f64::from(flags));
        let object_id = scope.string(object_id);
        let value = match value {
            Some(bytes) => scope.uint8_array(bytes),
            None => scope.undefined(),
        };
        scope.call(make, &[class, message, flags, object_id, value])
    }

    pub(crate) fn failure_to_error<'s>(
        &self,
        scope: &mut Scope<'s>,
        failure: &Failure,
    ) -> Result<Local<'s>, Thrown<'s>> {
        let object_id = failure
            .object_id
            .map(|id| id.to_string())
            .unwrap_or_default();
        self.make_error(
            scope,
            failure.class.name(),
            &failure.message,
            failure.flags(),
            &object_id,
            failure.value.as_deref(),
        )
    }

    /// What was thrown, as a failure on its way to a caller; also printed with its stack.
    pub(crate) fn failure_of(&self, scope: &mut Scope<'_>, error: Local<'_>) -> Failure {
        let Some(loaded) = self.running_program() else {
            return Failure::new(ErrorCode::Internal);
        };
        let describe = scope.local(&loaded.main["describeError"]);
        let Ok(parts) = scope.call(describe, &[error]) else {
            return Failure::new(ErrorCode::Internal);
        };
        let text = scope
            .element(parts, 0)
            .ok()
            .and_then(|text| scope.text(text))
            .unwrap_or_default();
        let flags = scope
            .element(parts, 2)
            .ok()
            .and_then(Local::as_number)
            .unwrap_or(0.0);
        Failure::thrown(text, flags as u32)
    }

    /// Prints an exception that nobody caught.
    pub(crate) fn report(&self, scope: &mut Scope<'_>, error: Local<'_>) {
        let Some(loaded) = self.running_program() else {
            return;
        };
        let text = self.described(scope, &loaded, Thrown::Value(error));
        self.print(Level::Uncaught, text);
    }

    fn report_rejections(&self, scope: &mut Scope<'_>) {
        if scope.stop_reason().is_some() {
            return;
        }
        for reason in scope.take_unhandled_rejections() {
            self.report(scope, reason);
        }
    }

    /// Prints a stack or text of the program, with positions mapped to its sources.
    pub(crate) fn print_uncaught(&self, text: &str) {
        let text = self.hooks.borrow().map_stack(text);
        self.print(Level::Uncaught, text);
    }

    pub(crate) fn print(&self, level: Level, text: String) {
        let object = self
            .context_of_frame()
            .and_then(|context| self.object_label(&context));
        self.hooks.borrow().console(ConsoleLine {
            level,
            text,
            object,
        });
    }

    fn object_label(&self, context: &Context) -> Option<(String, String)> {
        let entry = &context.instance()?.entry;
        let name = entry
            .name()
            .map_or_else(|| entry.id.to_string(), |name| name.to_string());
        Some((entry.class_name.to_string(), name))
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
        self.options.heap_bytes
    }

    pub(crate) fn caches(&self) -> &Caches {
        &self.options.caches
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

    pub(crate) fn key(&self, index: u64) -> Option<&UniqueKey> {
        self.options.keys.get(index as usize)
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
            let class = self
                .options
                .classes
                .get(namespace)
                .map_or("", String::as_str);
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

    /// Tells the limits that no turn holds memory at the moment; called now and then.
    pub fn note_idle(&self) {
        self.runtime.note_idle();
    }

    /// Breaks an object for `ctx.abort()`.
    pub(crate) fn abort(&self, instance: &Rc<Instance>, reason: Option<&str>, retry: RetryAlarm) {
        instance.entry.alarm_was_aborted(retry);
        instance.break_with(Failure::aborted(reason));
    }
}

/// Reads from `InitConfig` whether `eval` works while modules are evaluated.
fn startup_code_generation(init_json: &str) -> CodeGeneration {
    #[derive(serde::Deserialize)]
    struct Config {
        flags: Vec<String>,
    }
    match serde_json::from_str::<Config>(init_json) {
        Ok(config)
            if config
                .flags
                .iter()
                .any(|flag| flag == "allow_eval_during_startup") =>
        {
            CodeGeneration::Allowed
        }
        Ok(_) | Err(_) => CodeGeneration::Disallowed,
    }
}

/// Ends a stateless context when nothing holds it any more.
struct Ending {
    worker: Rc<Worker>,
    context: Rc<Context>,
}

impl Ending {
    async fn run(self) {
        self.context.ended().await;
        self.worker
            .calls
            .fail_context(self.context.id, &Failure::new(ErrorCode::CallCanceled));
        self.worker.end_context(self.context.id);
    }
}

fn strings<'s>(scope: &mut Scope<'s>, texts: &[String]) -> Local<'s> {
    let items: Vec<_> = texts.iter().map(|text| scope.string(text)).collect();
    scope.array(&items)
}

fn socket_event<'s>(scope: &mut Scope<'s>, event: SocketEvent) -> [Local<'s>; 4] {
    let undefined = scope.undefined();
    match event {
        SocketEvent::Text(text) => [scope.number(0.0), scope.string(&text), undefined, undefined],
        SocketEvent::Binary(bytes) => [
            scope.number(0.0),
            scope.uint8_array(&bytes),
            undefined,
            undefined,
        ],
        SocketEvent::Close {
            code,
            reason,
            was_clean,
        } => [
            scope.number(1.0),
            scope.number(f64::from(code)),
            scope.string(&reason),
            scope.boolean(was_clean),
        ],
        SocketEvent::Error(message) => [
            scope.number(2.0),
            scope.string(&message),
            undefined,
            undefined,
        ],
    }
}
