//! CPU and memory limits, by sampling.
//!
//! While JavaScript runs, one watchdog thread looks at each running context every few milliseconds:
//! at the CPU time of its thread and at the memory of the process. When a turn has lasted one
//! period, when memory has grown, and when the CPU time is used up, it asks the context for an
//! interrupt; the callback runs on the context's own thread, looks at the clock and at memory, and
//! ends the turn by returning false, which no JavaScript can catch. The engine's own ceiling
//! (JSGC_MAX_BYTES) is not used: near it the collector thrashes, and malloc memory escapes it.
//!
//! An interrupt without need would do harm: it restarts a regular expression that is being
//! matched, and after a few restarts the engine gives the match up.
//!
//! The allocator counts for the whole process. What the heaps of other runtimes have grown by is taken
//! off, and of what is left, each turn that was seen running at the same time may have taken as much as a
//! turn may; only what stays more than that ends a turn.
//!
//! Accuracy: a turn shorter than one sampling period costs nothing and is not counted; nor is the malloc
//! memory that a turn takes in its first period, which is not told from what other turns took, or before it has
//! made the process grow by some MiB, since asking the allocator is expensive where it has many free chunks, and what
//! it takes of memory that the process has and does not use. Heap memory of that kind is seen at the next
//! interrupt.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, Weak};
use std::time::{Duration, Instant};

use mozjs::jsapi::js::GetGCHeapUsage;
use mozjs::jsapi::{GCReason, JS_GC, JSContext};
use mozjs::rust::ThreadSafeJSContext;

use super::runtime::Inner;

/// Time between two samples of a running context.
const SAMPLE_PERIOD: Duration = Duration::from_millis(5);
/// Bytes by which the process grows between two interrupts that look at memory.
const GROWTH_BYTES: u64 = 1 << 20;
/// How old the allocator's figure may be, which takes milliseconds: the allocator walks all its free chunks.
const MALLOC_FIGURE_AGE_MAX: Duration = Duration::from_millis(100);
/// How old that of an idle runtime may be.
const IDLE_FIGURE_AGE_MAX: Duration = Duration::from_secs(1);
/// Bytes by which the process grows during a turn before the allocator is asked what there was at first.
const UNASKED_GROWTH_BYTES: u64 = 8 << 20;
/// How long the malloc memory that a turn has gained must be too much: longer than one figure is used.
const GAINED_TOO_MUCH_FOR: Duration = Duration::from_millis(150);
/// How many turns the watchdog saw running when it last looked.
static RUNNING: AtomicU64 = AtomicU64::new(0);
/// Memory of the process when the watchdog last looked, in bytes.
static RESIDENT: AtomicU64 = AtomicU64::new(0);
/// What the heaps of all runtimes took when each was last looked at, in bytes.
static HEAPS: AtomicU64 = AtomicU64::new(0);
/// Samples without any running context after which the watchdog goes to sleep.
const IDLE_SAMPLES_MAX: u32 = 40;

/// What one runtime may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the JavaScript heap, and of malloc memory gained by one turn.
    pub heap_bytes: u64,
}

/// Whether stacks go on across `await`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AsyncStacks {
    /// Errors show the functions that awaited; every promise captures a stack for that, which costs
    /// about a third of the throughput of small requests.
    Kept,
    /// Stacks end at the continuation.
    #[default]
    Dropped,
}

/// Why a turn was ended before its JavaScript was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The budget of CPU time was used up.
    Cpu,
    /// The heap limit was exceeded.
    Memory,
    /// A host function ended the turn.
    Aborted,
}

/// CPU time that an event may still use; shared by all turns of the event.
#[derive(Clone, Debug)]
pub struct TurnBudget {
    left: Rc<Cell<Duration>>,
}

impl TurnBudget {
    /// A budget of `cpu`.
    pub fn new(cpu: Duration) -> Self {
        Self {
            left: Rc::new(Cell::new(cpu)),
        }
    }

    /// Refills it, as a new event does.
    pub fn refill(&self, cpu: Duration) {
        self.left.set(cpu);
    }

    /// Takes from it what was used, and returns what is left.
    fn spend(&self, used: Duration) -> Duration {
        self.left.set(self.left.get().saturating_sub(used));
        self.left.get()
    }
}

/// The limits of one runtime and the state of its current turn.
pub(crate) struct LimitState {
    heap_bytes: u64,
    shared: Arc<Shared>,
    stopped: Cell<Option<StopReason>>,
    turn: Cell<Option<Turn>>,
    budget: Cell<Option<TurnBudget>>,
    /// The allocator's figure when the turn was first looked at or this runtime was known to be idle.
    malloc_idle_bytes: Cell<u64>,
    /// When that was; None when much may have changed since, so that it has to be asked for.
    malloc_idle_at: Cell<Option<Instant>>,
    /// What the other runtimes' heaps took then.
    others_idle_bytes: Cell<u64>,
    /// The memory of the process then.
    resident_idle_bytes: Cell<u64>,
    /// This runtime's part of [`HEAPS`].
    published: Cell<u64>,
    /// Since when the malloc memory that the turn has gained is too much.
    gained_too_much_at: Cell<Option<Instant>>,
    /// The most turns that were seen running during this one.
    running_most: Cell<u64>,
    /// The thread's CPU time when it was last read.
    cpu_read: Cell<Duration>,
}

#[derive(Clone, Copy)]
struct Turn {
    started: Instant,
    /// Thread CPU time at the last sample; None before the first.
    last_cpu: Option<Duration>,
    /// Whether there were further samples, because memory has grown.
    grew: bool,
}

/// What the watchdog knows of a context.
struct Shared {
    running: AtomicBool,
    /// Counts turns, so that the watchdog sees that another one has begun.
    turn: AtomicU64,
    /// CPU time left to the running turn when it began.
    left_ns: AtomicU64,
    /// Raised when that is used up; for what runs without looking at interrupts.
    stop: Arc<AtomicBool>,
    /// The CPU clock of the context's thread.
    clock: libc::clockid_t,
    context: ThreadSafeJSContext,
}

impl LimitState {
    pub(crate) fn new(limits: Limits, context: ThreadSafeJSContext) -> Self {
        let shared = Arc::new(Shared {
            running: AtomicBool::new(false),
            turn: AtomicU64::new(0),
            left_ns: AtomicU64::new(0),
            stop: Arc::default(),
            clock: clock_of_this_thread(),
            context,
        });
        watchdog().register(&shared);
        Self {
            heap_bytes: limits.heap_bytes,
            shared,
            stopped: Cell::new(None),
            turn: Cell::new(None),
            budget: Cell::new(None),
            malloc_idle_bytes: Cell::new(0),
            malloc_idle_at: Cell::new(None),
            others_idle_bytes: Cell::new(0),
            resident_idle_bytes: Cell::new(0),
            published: Cell::new(0),
            gained_too_much_at: Cell::new(None),
            running_most: Cell::new(1),
            cpu_read: Cell::new(thread_cpu()),
        }
    }

    /// Marks the start of the outermost turn.
    pub(crate) fn begin_turn(&self, budget: &TurnBudget) {
        self.stopped.set(None);
        self.gained_too_much_at.set(None);
        self.running_most.set(1);
        self.budget.set(Some(budget.clone()));
        self.turn.set(Some(Turn {
            started: Instant::now(),
            last_cpu: None,
            grew: false,
        }));
        let left_ns = u64::try_from(budget.left.get().as_nanos()).unwrap_or(u64::MAX);
        self.shared.left_ns.store(left_ns, Ordering::Relaxed);
        self.shared.turn.fetch_add(1, Ordering::Relaxed);
        self.shared.stop.store(false, Ordering::Relaxed);
        self.shared.running.store(true, Ordering::Release);
        watchdog().wake_if_asleep();
    }

    /// How many turns there were.
    pub(crate) fn turns(&self) -> u64 {
        self.shared.turn.load(Ordering::Relaxed)
    }

    /// Marks its end.
    pub(crate) fn end_turn(&self, cx: *mut JSContext) {
        self.shared.running.store(false, Ordering::Release);
        self.shared.stop.store(false, Ordering::Relaxed);
        let turn = self.turn.take();
        let budget = self.budget.take();
        let Some(turn) = turn else { return };
        if let (Some(last), Some(budget)) = (turn.last_cpu, budget) {
            budget.spend(self.read_cpu().saturating_sub(last));
        }
        if turn.grew {
            self.look_at_heap(cx);
            self.malloc_idle_at.set(None);
        }
    }

    /// The flag that rises when the turn's CPU time is used up.
    pub(crate) fn stop_flag(&self) -> Arc<AtomicBool> {
        self.shared.stop.clone()
    }

    /// Tells after a host function whether its turn has to end, which it may have overrun.
    #[inline]
    pub(crate) fn must_end(&self, cx: *mut JSContext) -> bool {
        self.shared.stop.load(Ordering::Relaxed) && !self.sample(cx)
    }

    /// Takes the present memory as that of an idle runtime.
    pub(crate) fn note_idle(&self, cx: *mut JSContext) {
        self.look_at_heap(cx);
        self.resident_idle_bytes
            .set(RESIDENT.load(Ordering::Relaxed));
        self.note_malloc_idle();
    }

    fn note_malloc_idle(&self) {
        self.malloc_idle_bytes.set(malloc_bytes());
        self.malloc_idle_at.set(Some(Instant::now()));
        self.others_idle_bytes.set(self.others_bytes());
    }

    /// What the heaps of the other runtimes took when each was last looked at.
    fn others_bytes(&self) -> u64 {
        HEAPS
            .load(Ordering::Relaxed)
            .saturating_sub(self.published.get())
    }

    /// Looks at this runtime's heap, and tells the others.
    pub(crate) fn look_at_heap(&self, cx: *mut JSContext) -> u64 {
        let bytes = heap_bytes(cx);
        let before = self.published.replace(bytes);
        HEAPS.fetch_add(bytes.wrapping_sub(before), Ordering::Relaxed);
        bytes
    }

    /// Whether the turn has gained more malloc memory than it may for too long.
    fn has_gained_too_much(&self) -> bool {
        let running = self.running_most.get().max(RUNNING.load(Ordering::Relaxed));
        self.running_most.set(running);
        if self.gained_bytes() <= self.heap_bytes.saturating_mul(running) {
            self.gained_too_much_at.set(None);
            return false;
        }
        let at = self.gained_too_much_at.get().unwrap_or_else(Instant::now);
        self.gained_too_much_at.set(Some(at));
        at.elapsed() >= GAINED_TOO_MUCH_FOR
    }

    /// The malloc memory that the process has gained since this runtime was idle, other runtimes' heaps apart; not asked
    /// for, and 0, before the process itself has gained half of what is allowed.
    fn gained_bytes(&self) -> u64 {
        let resident = RESIDENT.load(Ordering::Relaxed);
        let grown = resident.saturating_sub(self.resident_idle_bytes.get());
        if self.malloc_idle_at.get().is_none() && grown >= UNASKED_GROWTH_BYTES {
            self.note_malloc_idle();
        }
        if grown < self.heap_bytes / 2 {
            return 0;
        }
        let gained = malloc_bytes().saturating_sub(self.malloc_idle_bytes.get());
        let others = self.others_bytes();
        gained.saturating_sub(others.saturating_sub(self.others_idle_bytes.get()))
    }

    /// Takes it as that, unless a figure is there that is not old. The allocator is asked only if the turn takes much.
    fn note_idle_if_unknown(&self) {
        let known = self.malloc_idle_at.get();
        if known.is_none_or(|at| at.elapsed() > IDLE_FIGURE_AGE_MAX) {
            self.malloc_idle_at.set(None);
            self.resident_idle_bytes
                .set(RESIDENT.load(Ordering::Relaxed));
        }
    }

    pub(crate) fn stop(&self, reason: StopReason) {
        if self.stopped.get().is_none() {
            self.stopped.set(Some(reason));
        }
    }

    pub(crate) fn stopped(&self) -> Option<StopReason> {
        self.stopped.get()
    }

    fn read_cpu(&self) -> Duration {
        let cpu = thread_cpu();
        self.cpu_read.set(cpu);
        cpu
    }

    /// One sample. Returns whether the JavaScript may go on.
    fn sample(&self, cx: *mut JSContext) -> bool {
        if self.stopped.get().is_some() {
            return false;
        }
        let Some(mut turn) = self.turn.get() else {
            return true;
        };
        let read_before = self.cpu_read.get();
        let cpu = self.read_cpu();
        let is_first = turn.last_cpu.is_none();
        let used = match turn.last_cpu {
            Some(last) => cpu.saturating_sub(last),
            // Neither alone: other turns have run since the last reading, and a process that is stopped uses no CPU.
            None => turn.started.elapsed().min(cpu.saturating_sub(read_before)),
        };
        turn.last_cpu = Some(cpu);
        turn.grew = !is_first;
        self.turn.set(Some(turn));
        if let Some(budget) = self.budget.take() {
            let left = budget.spend(used);
            self.budget.set(Some(budget));
            if left.is_zero() {
                self.stop(StopReason::Cpu);
                return false;
            }
        }
        if is_first {
            self.note_idle_if_unknown();
        }
        if self.over_memory(cx, is_first) {
            self.stop(StopReason::Memory);
            return false;
        }
        true
    }

    fn over_memory(&self, cx: *mut JSContext, is_first: bool) -> bool {
        let too_much =
            |heap: u64| heap > self.heap_bytes || (!is_first && self.has_gained_too_much());
        if !too_much(self.look_at_heap(cx)) {
            return false;
        }
        // Garbage is not over the limit. A collection here cannot repeat at every sample: either it
        // brings the heap below the limit by what was garbage, or the turn ends.
        // SAFETY: interrupt callbacks may collect.
        unsafe { JS_GC(cx, GCReason::API) };
        if heap_bytes(cx) > self.heap_bytes {
            // What the collection found may still be given back on another thread; the next one waits for that.
            // SAFETY: as above.
            unsafe { JS_GC(cx, GCReason::API) };
        }
        too_much(self.look_at_heap(cx))
    }
}

impl Drop for LimitState {
    fn drop(&mut self) {
        self.shared.running.store(false, Ordering::Release);
        HEAPS.fetch_sub(self.published.get(), Ordering::Relaxed);
    }
}

/// The engine's callback on the context's thread.
pub(crate) unsafe extern "C" fn interrupt(cx: *mut JSContext) -> bool {
    // SAFETY: the engine passes its own context, whose private data is the Inner.
    unsafe { Inner::of(cx) }.limits.sample(cx)
}

/// What the runtime's things take with all they own: elements of arrays, text, buffers, code.
pub(crate) fn heap_bytes(cx: *mut JSContext) -> u64 {
    // SAFETY: the context is this thread's.
    unsafe { GetGCHeapUsage(cx) }
}

fn thread_cpu() -> Duration {
    cpu_of(libc::CLOCK_THREAD_CPUTIME_ID).expect("a thread that runs has a clock")
}

/// The time of a thread's CPU clock; None when the thread has ended.
fn cpu_of(clock: libc::clockid_t) -> Option<Duration> {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer is valid; an unknown clock is an error.
    let result = unsafe { libc::clock_gettime(clock, &raw mut time) };
    (result == 0).then(|| Duration::new(time.tv_sec as u64, time.tv_nsec as u32))
}

fn clock_of_this_thread() -> libc::clockid_t {
    let mut clock = libc::CLOCK_THREAD_CPUTIME_ID;
    // SAFETY: pthread_self has no preconditions.
    let thread = unsafe { libc::pthread_self() };
    // SAFETY: the thread is running and the pointer is valid.
    let result = unsafe { libc::pthread_getcpuclockid(thread, &raw mut clock) };
    assert_eq!(result, 0, "a thread that runs has a CPU clock");
    clock
}

/// Bytes of the process that are in memory; 0 if the system does not tell.
fn resident_bytes() -> u64 {
    let Ok(text) = std::fs::read_to_string("/proc/self/statm") else {
        return 0;
    };
    let pages = text
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok());
    // SAFETY: sysconf has no preconditions.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    pages.unwrap_or(0) * u64::try_from(page).unwrap_or(4096)
}

/// What tells of memory that the allocator does not know.
static ALSO_COUNTED: OnceLock<fn() -> u64> = OnceLock::new();

/// Has the limit on memory count bytes that a library has taken from the system by itself. The first
/// call in the process counts.
pub fn also_count(bytes: fn() -> u64) {
    ALSO_COUNTED.get_or_init(|| bytes);
}

/// The allocator's figure, which may be as old as [`MALLOC_FIGURE_AGE_MAX`].
fn malloc_bytes() -> u64 {
    static FIGURE: Mutex<Option<(Instant, u64)>> = Mutex::new(None);
    let mut figure = FIGURE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    match *figure {
        Some((at, bytes)) if at.elapsed() <= MALLOC_FIGURE_AGE_MAX => bytes,
        _ => {
            // SAFETY: mallinfo2 has no preconditions.
            let info = unsafe { libc::mallinfo2() };
            let others = ALSO_COUNTED.get().map_or(0, |bytes| bytes());
            let bytes = (info.uordblks + info.hblkhd) as u64 + others;
            *figure = Some((Instant::now(), bytes));
            bytes
        }
    }
}

struct Watchdog {
    contexts: Mutex<Vec<Watched>>,
    asleep: AtomicBool,
    wake: Condvar,
    wake_lock: Mutex<()>,
    generation: AtomicU64,
}

/// A context and what was seen of its running turn.
struct Watched {
    shared: Weak<Shared>,
    turn: u64,
    /// CPU time of the thread when the turn was first seen.
    first_cpu: Duration,
    /// Memory of the process when the context was last interrupted.
    resident_bytes: u64,
}

impl Watched {
    fn new(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::downgrade(shared),
            turn: 0,
            first_cpu: Duration::ZERO,
            resident_bytes: 0,
        }
    }

    /// Looks at the context's turn, and interrupts it if there is a reason. Returns whether one runs.
    fn look(&mut self, resident_bytes: &mut Option<u64>) -> bool {
        let Some(shared) = self.shared.upgrade() else {
            return false;
        };
        if !shared.running.load(Ordering::Acquire) {
            return false;
        }
        let turn = shared.turn.load(Ordering::Relaxed);
        let Some(cpu) = cpu_of(shared.clock) else {
            return false;
        };
        let resident = *resident_bytes.get_or_insert_with(self::resident_bytes);
        if turn != self.turn {
            (self.turn, self.first_cpu, self.resident_bytes) = (turn, cpu, resident);
            shared.context.request_interrupt_callback();
            return true;
        }
        let left = Duration::from_nanos(shared.left_ns.load(Ordering::Relaxed));
        if cpu.saturating_sub(self.first_cpu) >= left {
            shared.raise_stop(turn);
            shared.context.request_interrupt_callback();
        } else if resident >= self.resident_bytes + GROWTH_BYTES {
            self.resident_bytes = resident;
            shared.context.request_interrupt_callback();
        }
        true
    }
}

impl Shared {
    /// Raises the flag, and takes that back if it came too late for the turn it was meant for.
    fn raise_stop(&self, turn: u64) {
        self.stop.store(true, Ordering::SeqCst);
        if !self.running.load(Ordering::SeqCst) || self.turn.load(Ordering::SeqCst) != turn {
            self.stop.store(false, Ordering::SeqCst);
        }
    }
}

fn watchdog() -> &'static Watchdog {
    static WATCHDOG: OnceLock<&'static Watchdog> = OnceLock::new();
    WATCHDOG.get_or_init(|| {
        let watchdog: &'static Watchdog = Box::leak(Box::new(Watchdog {
            contexts: Mutex::new(Vec::new()),
            asleep: AtomicBool::new(false),
            wake: Condvar::new(),
            wake_lock: Mutex::new(()),
            generation: AtomicU64::new(0),
        }));
        std::thread::Builder::new()
            .name("watchdog".to_owned())
            .spawn(move || watchdog.run())
            .expect("the system has room for one more thread");
        watchdog
    })
}

impl Watchdog {
    fn register(&self, shared: &Arc<Shared>) {
        let mut contexts = self
            .contexts
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        contexts.retain(|context| context.shared.strong_count() > 0);
        contexts.push(Watched::new(shared));
    }

    #[inline]
    fn wake_if_asleep(&self) {
        self.generation.fetch_add(1, Ordering::Relaxed);
        if self.asleep.load(Ordering::Acquire) {
            let _guard = self
                .wake_lock
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            self.wake.notify_one();
        }
    }

    fn run(&self) {
        let mut idle_samples = 0;
        loop {
            std::thread::sleep(SAMPLE_PERIOD);
            if self.look_at_running() {
                idle_samples = 0;
                continue;
            }
            idle_samples += 1;
            if idle_samples >= IDLE_SAMPLES_MAX {
                self.sleep_until_a_turn_begins();
                idle_samples = 0;
            }
        }
    }

    fn look_at_running(&self) -> bool {
        let mut contexts = self
            .contexts
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut resident_bytes = None;
        let mut running = 0;
        for context in contexts.iter_mut() {
            running += u64::from(context.look(&mut resident_bytes));
        }
        RUNNING.store(running, Ordering::Relaxed);
        if let Some(bytes) = resident_bytes {
            RESIDENT.store(bytes, Ordering::Relaxed);
        }
        running > 0
    }

    fn sleep_until_a_turn_begins(&self) {
        let before = self.generation.load(Ordering::Relaxed);
        let guard = self
            .wake_lock
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        self.asleep.store(true, Ordering::SeqCst);
        // A turn that began between the last sample and the store above did not see `asleep`; its
        // generation shows. The timeout bounds what a missed wake-up could cost.
        if self.generation.load(Ordering::SeqCst) == before {
            let _unused = self.wake.wait_timeout(guard, Duration::from_millis(500));
        }
        self.asleep.store(false, Ordering::SeqCst);
    }
}
