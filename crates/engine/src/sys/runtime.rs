//! A runtime: the engine on one thread, its realms, its microtasks.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use mozjs::glue::{CreateJobQueue, JS_DequeueNextMicroTask, JobQueueTraps};
use mozjs::jsapi::{
    ClearKeptObjects, ContextOptionsRef, CurrentGlobalOrNull, GCOptions, GCReason,
    GetRegularMicroTaskCount, Handle as RawHandle, IsJSMicroTask, JS_AddInterruptCallback, JS_GC,
    JS_GetContextPrivate, JS_GetGCParameter, JS_GetRuntime, JS_NewGlobalObject,
    JS_SetContextPrivate, JS_SetGCParameter, JS_SetNativeStackQuota, JS_SetSecurityCallbacks,
    JSAutoRealm, JSContext, JSGCParamKey, JSObject, MaybeGetHostDefinedDataFromJSMicroTask,
    MaybeRunNurseryCollection, MutableHandle as RawMutableHandle, NonIncrementalGC,
    OnNewGlobalHookOption, PrepareForFullGC, PromiseRejectionHandlingState, RunJSMicroTask,
    SetHostCleanupFinalizationRegistryCallback, SetJobQueue, SetModuleLoadHook,
    SetModuleMetadataHook, SetPromiseRejectionTrackerCallback, SetStackFormat, StackFormat,
    ToUnwrappedJSMicroTask, Value,
};
use mozjs::jsval::{ObjectValue, UndefinedValue};
use mozjs::rooted;
use mozjs::rust::{JSEngine, JSEngineHandle, RealmOptions, SIMPLE_GLOBAL_CLASS};

use super::cleanup::{Cleanups, cleanup_is_due};
use super::codegen::{CodeGeneration, SECURITY};
use super::coroutine;
use super::frame::{FrameInfo, frame_async_value, new_frame, read_frame};
use super::handles::{Persistent, Roots};
use super::limits::{AsyncStacks, LimitState, Limits, StopReason, TurnBudget, interrupt};
use super::memory;
use super::messages::speak_as_v8;
use super::module::{Modules, load_hook, metadata_hook};
use super::native::Native;
use super::promise::PromiseState;
use super::scope::{Local, ReleaseOnDrop, Scope, Thrown};
use super::stencil::Stencils;

/// Native stack that JavaScript may use, in bytes. A thread with a runtime needs twice as much.
const JS_STACK_BYTES: usize = 4 << 20;

/// SpiderMonkey on this thread. At most one per thread.
pub struct Runtime {
    pub(crate) inner: Rc<Inner>,
}

/// A global object with its own built-ins and modules.
#[derive(Clone)]
pub struct Realm {
    pub(crate) inner: Rc<RealmInner>,
}

pub(crate) struct RealmInner {
    global: Persistent,
    pub(crate) loader: Rc<dyn Modules>,
    pub(crate) modules: RefCell<HashMap<String, Rc<Persistent>>>,
}

/// The part that natives and hooks reach through the context's private data.
pub(crate) struct Inner {
    /// Dropped first: the final collection still traces the roots below.
    _runtime: mozjs::rust::Runtime,
    pub(crate) cx: *mut JSContext,
    pub(crate) roots: Box<Roots>,
    pub(crate) limits: LimitState,
    pub(crate) natives: RefCell<Vec<Native>>,
    pub(crate) stencils: Stencils,
    frame: Persistent,
    queued: RefCell<VecDeque<QueuedRun>>,
    /// How many microtasks `queued` has in all.
    queued_count: Cell<usize>,
    rejected: RefCell<VecDeque<Persistent>>,
    /// How many of the queued microtasks were queued before the first of `rejected` was.
    before_rejected: Cell<usize>,
    /// Promises that got a handler after they had been taken from `rejected`. Emptied with it, at the end of each turn.
    handled_late: RefCell<Vec<Persistent>>,
    pub(crate) cleanups: Cleanups,
    pub(crate) code_generation: Cell<CodeGeneration>,
    realm: RefCell<Option<Rc<RealmInner>>>,
    depth: Cell<u32>,
    panic: RefCell<Option<Box<dyn Any + Send>>>,
    host: RefCell<Option<Rc<dyn Any>>>,
}

/// Microtasks that were queued in one frame, one after the other, and belong to it unless they carry their own.
struct QueuedRun {
    frame: Persistent,
    /// Those that have not run; none only where there is no other run.
    count: usize,
}

fn engine() -> JSEngineHandle {
    static ENGINE: OnceLock<JSEngineHandle> = OnceLock::new();
    ENGINE
        .get_or_init(|| {
            speak_as_v8();
            let engine = JSEngine::init().expect("the engine starts once per process");
            let handle = engine.handle();
            // The engine is never shut down: that would require every thread with a runtime to have
            // ended, and the process is about to end then. Its C++ statics must not be destroyed
            // either while its helper threads still wait on them, so the process ends before that.
            std::mem::forget(engine);
            // SAFETY: the handler is a plain function; it runs before handlers registered earlier.
            unsafe { on_exit(exit_without_destructors, std::ptr::null_mut()) };
            handle
        })
        .clone()
}

unsafe extern "C" {
    /// Registers a handler that learns the exit status. Source: on_exit(3), glibc.
    fn on_exit(
        handler: extern "C" fn(i32, *mut std::ffi::c_void),
        argument: *mut std::ffi::c_void,
    ) -> i32;
}

extern "C" fn exit_without_destructors(status: i32, _argument: *mut std::ffi::c_void) {
    // SAFETY: _exit has no preconditions. Rust has flushed its standard output by now.
    unsafe { libc::_exit(status) }
}

impl Runtime {
    /// Starts the engine on this thread.
    ///
    /// # Panics
    /// If this thread already has a runtime.
    pub fn new(limits: Limits) -> Self {
        let mut runtime = mozjs::rust::Runtime::new(engine());
        let roots = Roots::new();
        // SAFETY: the context is new and this thread's; the roots are boxed and outlive it.
        let cx = unsafe {
            let cx = runtime.cx().raw_cx();
            JS_SetNativeStackQuota(
                cx,
                JS_STACK_BYTES,
                JS_STACK_BYTES - (64 << 10),
                JS_STACK_BYTES - (192 << 10),
            );
            roots.register(cx);
            // When a place for young values is no longer needed is the caller's decision: see shrink_nursery.
            JS_SetGCParameter(
                cx,
                JSGCParamKey::JSGC_NURSERY_EAGER_COLLECTION_TIMEOUT_MS,
                1,
            );
            JS_AddInterruptCallback(cx, Some(interrupt));
            SetStackFormat(cx, StackFormat::V8);
            SetModuleLoadHook(runtime.rt(), Some(load_hook));
            SetModuleMetadataHook(runtime.rt(), Some(metadata_hook));
            SetPromiseRejectionTrackerCallback(cx, Some(track_rejection), std::ptr::null_mut());
            JS_SetSecurityCallbacks(cx, &raw const SECURITY);
            let traps = JobQueueTraps {
                getHostDefinedData: Some(host_defined_data),
                getHostDefinedGlobal: Some(host_defined_global),
                runJobs: Some(run_jobs),
                traceNonGCThingMicroTask: None,
            };
            SetJobQueue(cx, CreateJobQueue(&raw const traps).cast());
            cx
        };
        let limits = LimitState::new(limits, runtime.thread_safe_js_context());
        let frame = roots.persistents.insert(UndefinedValue());
        let inner = Rc::new(Inner {
            _runtime: runtime,
            cx,
            roots,
            limits,
            natives: RefCell::default(),
            stencils: Stencils::default(),
            frame,
            queued: RefCell::default(),
            queued_count: Cell::default(),
            rejected: RefCell::default(),
            before_rejected: Cell::default(),
            handled_late: RefCell::default(),
            cleanups: Cleanups::default(),
            code_generation: Cell::new(CodeGeneration::Disallowed),
            realm: RefCell::default(),
            depth: Cell::new(0),
            panic: RefCell::default(),
            host: RefCell::default(),
        });
        let address = Rc::as_ptr(&inner).cast_mut().cast();
        // SAFETY: the Rc's content has a stable address and is dropped with the context.
        unsafe { JS_SetContextPrivate(cx, address) };
        // SAFETY: as above.
        unsafe { SetHostCleanupFinalizationRegistryCallback(cx, Some(cleanup_is_due), address) };
        let runtime = Self { inner };
        runtime.set_async_stacks(AsyncStacks::default());
        runtime
    }

    /// Gives natives access to the host's state ([`Scope::host`]).
    pub fn set_host(&self, host: Rc<dyn Any>) {
        *self.inner.host.borrow_mut() = Some(host);
    }

    /// Gives the host's state up: no JavaScript runs any more. A host that owns its runtime must say
    /// so, or neither would ever be dropped.
    pub fn clear_host(&self) {
        let host = self.inner.host.take();
        drop(host);
    }

    /// Chooses whether stacks go on across `await`; dropped unless asked for.
    pub fn set_async_stacks(&self, stacks: AsyncStacks) {
        // SAFETY: the context is this thread's; the options are read at each capture.
        unsafe { (*ContextOptionsRef(self.inner.cx)).set_asyncStack_(stacks == AsyncStacks::Kept) };
    }

    /// A new global object with the standard built-ins, and modules from `loader`.
    pub fn new_realm(&self, loader: Rc<dyn Modules>) -> Realm {
        let cx = self.inner.cx;
        let mut options = RealmOptions::default();
        options.creationOptions_.sharedMemoryAndAtomics_ = true;
        // SAFETY: the class is a constant; the new global is rooted at once.
        let global = unsafe {
            let global = JS_NewGlobalObject(
                cx,
                &raw const SIMPLE_GLOBAL_CLASS,
                std::ptr::null_mut(),
                OnNewGlobalHookOption::FireOnNewGlobalHook,
                &raw const *options,
            );
            assert!(!global.is_null(), "the engine has memory for a realm");
            self.inner.roots.persistents.insert(ObjectValue(global))
        };
        Realm {
            inner: Rc::new(RealmInner {
                global,
                loader,
                modules: RefCell::default(),
            }),
        }
    }

    /// Enters the realm and runs `f`, whose JavaScript belongs to `frame` and uses up `budget`.
    ///
    /// Microtasks run when `f` calls [`Scope::drain`].
    pub fn enter<R>(
        &self,
        realm: &Realm,
        frame: FrameInfo,
        budget: &TurnBudget,
        f: impl for<'s> FnOnce(&mut Scope<'s>) -> R,
    ) -> R {
        assert!(
            !coroutine::is_running(),
            "JavaScript runs on the stack of its thread"
        );
        let inner = &*self.inner;
        let _release = ReleaseOnDrop::new(inner);
        let global = realm.inner.global.value().to_object();
        let _realm = JSAutoRealm::new(inner.cx, global);
        let _turn = TurnGuard::begin(inner, realm, budget);
        // SAFETY: a realm is entered.
        inner.set_frame(unsafe { new_frame(inner.cx, frame, UndefinedValue()) });
        f(&mut Scope::new(inner))
    }

    /// Collects all garbage.
    pub fn collect_garbage(&self) {
        // SAFETY: the context is this thread's.
        unsafe { JS_GC(self.inner.cx, GCReason::API) };
        self.inner.limits.note_idle(self.inner.cx);
    }

    /// Collects all garbage and gives memory that nothing uses back to the operating system, also what
    /// Rust has freed.
    ///
    /// Takes milliseconds, more with a large heap.
    pub fn shrink(&self) {
        // SAFETY: the context is this thread's.
        unsafe { PrepareForFullGC(self.inner.cx) };
        // Not GCOptions::Shrink, which also forgets the bytecode of functions: the first event after it then took a
        // third longer, and the process was as large. The reason is what makes the nursery small.
        // SAFETY: as above, and the zones are chosen.
        unsafe { NonIncrementalGC(self.inner.cx, GCOptions::Normal, GCReason::MEM_PRESSURE) };
        self.trim();
        self.inner.limits.note_idle(self.inner.cx);
    }

    /// Gives memory outside of the heap that nothing uses back to the operating system.
    ///
    /// Takes a millisecond or more, in which other threads may have to wait for memory.
    pub fn trim(&self) {
        // SAFETY: it takes nothing that anybody holds.
        unsafe { libc::malloc_trim(0) };
    }

    /// Returns how many turns there were.
    pub fn turns(&self) -> u64 {
        self.inner.limits.turns()
    }

    /// Collects the part of the heap where values are young and makes it small again, unless it is. It grows
    /// with the next load as it did with the last.
    ///
    /// Takes a millisecond or less. Nothing happens within a millisecond of the last collection there.
    pub fn shrink_nursery(&self) {
        // SAFETY: the context is this thread's, and no JavaScript of it runs.
        unsafe { MaybeRunNurseryCollection(JS_GetRuntime(self.inner.cx), GCReason::MEM_PRESSURE) };
    }

    /// How often that part was collected, as a part of larger collections or alone.
    pub fn nursery_collections(&self) -> u32 {
        // SAFETY: the context is this thread's.
        unsafe { JS_GetGCParameter(self.inner.cx, JSGCParamKey::JSGC_MINOR_GC_NUMBER) }
    }

    /// Bytes of the part of the heap where values are young, which grows under load and is kept for the next.
    pub fn nursery_bytes(&self) -> u64 {
        // SAFETY: the context is this thread's.
        u64::from(unsafe { JS_GetGCParameter(self.inner.cx, JSGCParamKey::JSGC_NURSERY_BYTES) })
    }

    /// The flag that rises when the running turn has used up its CPU time, for host functions that
    /// run long without the engine, on any thread. It falls when the next turn begins.
    pub fn stop_flag(&self) -> Arc<AtomicBool> {
        self.inner.limits.stop_flag()
    }

    /// Bytes of the JavaScript heap and of all that its values own, garbage included.
    pub fn heap_bytes(&self) -> u64 {
        memory::heap_bytes(self.inner.cx)
    }

    /// Tells the other runtimes' limits how much memory this one's values take.
    pub fn publish_heap(&self) {
        self.inner.limits.publish_heap(self.inner.cx);
    }
}

/// Restores frame, realm and turn when an entry ends, also when unwinding.
struct TurnGuard<'a> {
    inner: &'a Inner,
    /// The slot that roots the former frame.
    outer_frame: NonNull<Value>,
    outer_realm: Option<Rc<RealmInner>>,
}

impl<'a> TurnGuard<'a> {
    fn begin(inner: &'a Inner, realm: &Realm, budget: &TurnBudget) -> Self {
        if inner.depth.get() == 0 {
            inner.limits.begin_turn(budget);
        }
        inner.depth.set(inner.depth.get() + 1);
        // The former frame object stays reachable: it is rooted in this entry's handle region.
        let outer_frame = inner.roots.handles.push(inner.frame.value());
        let outer_realm = inner.realm.borrow_mut().replace(realm.inner.clone());
        Self {
            inner,
            outer_frame,
            outer_realm,
        }
    }
}

impl Drop for TurnGuard<'_> {
    fn drop(&mut self) {
        let depth = self.inner.depth.get() - 1;
        self.inner.depth.set(depth);
        *self.inner.realm.borrow_mut() = self.outer_realm.take();
        if depth == 0 {
            self.inner.limits.end_turn(self.inner.cx);
            self.inner.frame.set(UndefinedValue());
        } else {
            // SAFETY: the slot belongs to this entry, which is ending only now.
            self.inner.frame.set(unsafe { self.outer_frame.read() });
        }
    }
}

impl Inner {
    /// The Inner of a context.
    ///
    /// # Safety
    /// `cx` is the context of a live [`Runtime`] on this thread.
    pub(crate) unsafe fn of<'a>(cx: *mut JSContext) -> &'a Self {
        // SAFETY: Runtime::new stored the address, which stays valid as long as the context.
        unsafe { &*JS_GetContextPrivate(cx).cast::<Self>() }
    }

    pub(crate) fn current_realm(&self) -> Option<Rc<RealmInner>> {
        self.realm.borrow().clone()
    }

    fn set_frame(&self, frame: *mut JSObject) {
        self.frame.set(ObjectValue(frame));
    }

    pub(crate) fn keep_panic(&self, panic: Box<dyn Any + Send>) {
        self.panic.borrow_mut().get_or_insert(panic);
    }

    /// Continues a panic that a native started, once the engine has returned.
    pub(crate) fn resume_panic(&self) {
        let panic = self.panic.borrow_mut().take();
        if let Some(panic) = panic {
            std::panic::resume_unwind(panic);
        }
    }
}

impl<'s> Scope<'s> {
    /// The host's state, as given to [`Runtime::set_host`].
    ///
    /// # Panics
    /// If none was given or it has another type.
    pub fn host<T: 'static>(&self) -> Rc<T> {
        let host = self
            .inner
            .host
            .borrow()
            .clone()
            .expect("the host was set at start");
        host.downcast().expect("the host has this type")
    }

    /// Why the last turn was ended early, if it was.
    pub fn stop_reason(&self) -> Option<StopReason> {
        self.inner.limits.stopped()
    }

    /// The frame of the running code.
    pub fn frame(&self) -> FrameInfo {
        let frame = self.inner.frame.value();
        if !frame.is_object() {
            return FrameInfo::default();
        }
        // SAFETY: the current frame is made by new_frame and rooted.
        unsafe { read_frame(frame.to_object()) }
    }

    /// The async-context value of the running code.
    pub fn async_value(&mut self) -> Local<'s> {
        let frame = self.inner.frame.value();
        if !frame.is_object() {
            return self.undefined();
        }
        // SAFETY: as in `frame`.
        let value = unsafe { frame_async_value(frame.to_object()) };
        self.root(value)
    }

    /// Runs `f` in a frame with another section or async-context value.
    pub fn with_frame<R>(
        &mut self,
        info: FrameInfo,
        async_value: Local<'_>,
        f: impl FnOnce(&mut Self) -> R,
    ) -> R {
        let outer = self.root(self.inner.frame.value());
        // Microtasks queued so far belong to the outer frame.
        self.note_queued();
        // SAFETY: a realm is entered and the value is rooted.
        let frame = unsafe { new_frame(self.cx(), info, async_value.value()) };
        self.inner.set_frame(frame);
        let result = f(self);
        self.note_queued();
        self.inner.frame.set(outer.value());
        result
    }

    /// Attributes microtasks queued since the last call to the current frame.
    fn note_queued(&self) {
        // SAFETY: the context is this thread's.
        let queued = unsafe { GetRegularMicroTaskCount(self.cx()) };
        let known = self.inner.queued_count.get();
        if queued <= known {
            return;
        }
        self.inner.queued_count.set(queued);
        let count = queued - known;
        let frame = self.inner.frame.value();
        let mut runs = self.inner.queued.borrow_mut();
        match runs.back_mut() {
            Some(last) if last.frame.value().asBits_ == frame.asBits_ => last.count += count,
            last => {
                if last.is_some_and(|last| last.count == 0) {
                    runs.pop_back();
                }
                let frame = self.inner.roots.persistents.insert(frame);
                runs.push_back(QueuedRun { frame, count });
            }
        }
    }

    /// Runs microtasks until none is left or the turn is stopped.
    ///
    /// A continuation that belongs to another I/O context than the entered one is not run but handed
    /// to `foreign`, which delivers it there ([`Scope::run_job`]). After a stop, what is left of the
    /// entered context is dropped.
    pub fn drain(&mut self, foreign: impl FnMut(FrameInfo, Persistent)) {
        self.run_tasks(false, foreign);
    }

    /// The same, but stops where there is something to tell of rejections, as if telling were a microtask that is queued by the
    /// first of them; and as soon as one that was told has got a handler. Returns whether it did.
    pub fn drain_to_rejection(&mut self, foreign: impl FnMut(FrameInfo, Persistent)) -> bool {
        self.run_tasks(true, foreign)
    }

    /// Whether rejections are to be told before the next microtask.
    fn rejection_is_due(&self) -> bool {
        let is_next = self.inner.before_rejected.get() == 0;
        (is_next && !self.inner.rejected.borrow().is_empty())
            || !self.inner.handled_late.borrow().is_empty()
    }

    fn run_tasks(
        &mut self,
        to_rejection: bool,
        mut foreign: impl FnMut(FrameInfo, Persistent),
    ) -> bool {
        let entered = self.frame().context;
        let outer = self.root(self.inner.frame.value());
        loop {
            self.note_queued();
            if to_rejection && self.rejection_is_due() {
                self.inner.frame.set(outer.value());
                return true;
            }
            let release = ReleaseOnDrop::new(self.inner);
            let task = self.root(UndefinedValue());
            // SAFETY: the slot is rooted.
            unsafe { JS_DequeueNextMicroTask(self.cx(), task.raw_mut()) };
            let value = task.value();
            // SAFETY: the value is rooted in `task`.
            if !value.is_object() || !unsafe { IsJSMicroTask(&raw const value) } {
                break;
            }
            let before = &self.inner.before_rejected;
            before.set(before.get().saturating_sub(1));
            let frame = self.frame_of_next(value);
            // SAFETY: frames come from new_frame and are rooted by the task or the queue.
            let info = unsafe { read_frame(frame.value().to_object()) };
            if info.context != entered {
                foreign(info, self.persist(task));
            } else if self.inner.limits.stopped().is_none() {
                self.inner.frame.set(frame.value());
                self.run_task(value);
            }
            drop(release);
        }
        self.inner.queued.borrow_mut().clear();
        self.inner.queued_count.set(0);
        self.inner.frame.set(outer.value());
        // SAFETY: the context is this thread's.
        unsafe { ClearKeptObjects(self.cx()) };
        self.inner.resume_panic();
        false
    }

    /// Takes the frame of the task that was dequeued just now.
    fn frame_of_next(&self, task: Value) -> Local<'s> {
        let fallback = {
            let mut runs = self.inner.queued.borrow_mut();
            let front = runs.front_mut().expect("every queued task was counted");
            front.count -= 1;
            self.inner
                .queued_count
                .set(self.inner.queued_count.get() - 1);
            let frame = self.root(front.frame.value());
            // The last one stays: what queues one task after the other does so in one frame.
            if front.count == 0 && runs.len() > 1 {
                runs.pop_front();
            }
            frame
        };
        self.carried_frame(task).unwrap_or(fallback)
    }

    /// The frame a task carries itself.
    fn carried_frame(&self, task: Value) -> Option<Local<'s>> {
        let cx = self.cx();
        rooted!(in(cx) let mut global = std::ptr::null_mut::<JSObject>());
        rooted!(in(cx) let mut data = std::ptr::null_mut::<JSObject>());
        // SAFETY: the task is a rooted JS microtask.
        let found = unsafe {
            MaybeGetHostDefinedDataFromJSMicroTask(
                ToUnwrappedJSMicroTask(&raw const task),
                global.handle_mut().into(),
                data.handle_mut().into(),
            )
        };
        (found && !data.get().is_null()).then(|| self.root_object(data.get()))
    }

    fn run_task(&mut self, task: Value) {
        let cx = self.cx();
        // SAFETY: the task is a JS microtask, rooted by the caller.
        rooted!(in(cx) let job = unsafe { ToUnwrappedJSMicroTask(&raw const task) });
        // SAFETY: as above; tasks run in the realm that was entered, since each realm has its own
        // contexts and foreign ones were handed over.
        if !unsafe { RunJSMicroTask(cx, job.handle().into()) } {
            // Either the turn was stopped, or the job's own machinery ran out of memory.
            let _ = self.take_exception();
        }
    }

    /// Runs a continuation handed to `foreign` by [`Scope::drain`], in its own frame.
    pub fn run_job(&mut self, job: &Persistent) {
        let task = self.root(job.value());
        if let Some(frame) = self.carried_frame(task.value()) {
            self.inner.frame.set(frame.value());
        }
        self.run_task(task.value());
    }

    /// The promises that were rejected and have no handler, and their reasons. Each is given once.
    pub fn take_unhandled_rejections(&mut self) -> Vec<(Local<'s>, Local<'s>)> {
        let promises = Vec::from(self.inner.rejected.take());
        self.rejections_of(&promises)
    }

    /// Promises that [`Scope::take_unhandled_rejections`] has given and that got a handler since, and their reasons.
    pub fn take_rejections_handled_late(&mut self) -> Vec<(Local<'s>, Local<'s>)> {
        let promises = std::mem::take(&mut *self.inner.handled_late.borrow_mut());
        self.rejections_of(&promises)
    }

    fn rejections_of(&mut self, promises: &[Persistent]) -> Vec<(Local<'s>, Local<'s>)> {
        promises
            .iter()
            .filter_map(|promise| {
                let promise = self.local(promise);
                match self.promise_state(promise) {
                    Some(PromiseState::Rejected(reason)) => Some((promise, reason)),
                    _ => None,
                }
            })
            .collect()
    }

    /// Collects all garbage now; every value that Rust still needs must be in a scope or persistent.
    pub fn collect_garbage(&mut self) {
        // SAFETY: the context is this thread's.
        unsafe { JS_GC(self.cx(), GCReason::API) };
    }

    /// The global object.
    pub fn global(&mut self) -> Local<'s> {
        // SAFETY: a realm is entered.
        let global = unsafe { CurrentGlobalOrNull(self.cx()) };
        self.root_object(global)
    }

    /// Ends the turn uncatchably; for a native to return.
    pub fn stop(&self) -> Thrown<'s> {
        Thrown::Stopped
    }
}

/// Attaches the current frame to a promise reaction.
unsafe extern "C" fn host_defined_data(
    cx: *mut JSContext,
    global: RawMutableHandle<*mut JSObject>,
    data: RawMutableHandle<*mut JSObject>,
) -> bool {
    // SAFETY: the engine passes its own context, whose private data is the Inner.
    let inner = unsafe { Inner::of(cx) };
    let frame = inner.frame.value();
    if frame.is_object() {
        // SAFETY: the context is this thread's.
        global.set(unsafe { CurrentGlobalOrNull(cx) });
        data.set(frame.to_object());
    } else {
        global.set(std::ptr::null_mut());
        data.set(std::ptr::null_mut());
    }
    true
}

unsafe extern "C" fn host_defined_global(
    cx: *mut JSContext,
    global: RawMutableHandle<*mut JSObject>,
) -> bool {
    // SAFETY: the context is this thread's.
    global.set(unsafe { CurrentGlobalOrNull(cx) });
    true
}

/// The engine never drains by itself: turns are drained by [`Scope::drain`].
unsafe extern "C" fn run_jobs(_cx: *mut JSContext) {}

unsafe extern "C" fn track_rejection(
    cx: *mut JSContext,
    _muted: bool,
    promise: RawHandle<*mut JSObject>,
    state: PromiseRejectionHandlingState,
    _data: *mut std::ffi::c_void,
) {
    // SAFETY: the engine passes its own context, whose private data is the Inner.
    let inner = unsafe { Inner::of(cx) };
    let promise = promise.get();
    let mut rejected = inner.rejected.borrow_mut();
    match state {
        PromiseRejectionHandlingState::Unhandled => {
            if rejected.is_empty() {
                // SAFETY: the context is this thread's; the call only reads.
                let queued = unsafe { GetRegularMicroTaskCount(cx) };
                inner.before_rejected.set(queued);
            }
            rejected.push_back(inner.roots.persistents.insert(ObjectValue(promise)));
        }
        PromiseRejectionHandlingState::Handled => {
            let is_it = |kept: &Persistent| kept.value().to_object() == promise;
            // Many at once are mostly handled in the order in which they were rejected, or the last one is at once.
            if rejected.back().is_some_and(is_it) {
                rejected.pop_back();
            } else if let Some(index) = rejected.iter().position(is_it) {
                rejected.remove(index);
            } else {
                let kept = inner.roots.persistents.insert(ObjectValue(promise));
                inner.handled_late.borrow_mut().push(kept);
            }
        }
    }
}
