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
//! Accuracy: a turn shorter than one sampling period costs nothing and is not counted. What memory means here, and
//! what is not seen of it, is in `memory.rs`.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, Weak};
use std::time::{Duration, Instant};

use mozjs::jsapi::JSContext;
use mozjs::rust::ThreadSafeJSContext;

use super::memory::{self, MemoryFigures};
use super::runtime::Inner;

/// Time between two samples of a running context.
const SAMPLE_PERIOD: Duration = Duration::from_millis(5);
/// Bytes by which the process grows between two interrupts that look at memory.
const GROWTH_BYTES: u64 = 1 << 20;
/// Samples without any running context after which the watchdog goes to sleep.
const IDLE_SAMPLES_MAX: u32 = 40;

/// What one runtime may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the JavaScript heap, and of other memory gained by one turn.
    pub heap_bytes: u64,
    /// Tells how many bytes libraries of this process have taken from the system by themselves, so
    /// that the allocator does not know of them.
    pub foreign_bytes: fn() -> u64,
}

impl Limits {
    /// A heap of `heap_bytes` in a process in which nothing goes past the allocator.
    pub fn of_heap(heap_bytes: u64) -> Self {
        Self {
            heap_bytes,
            foreign_bytes: || 0,
        }
    }
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
    memory: MemoryFigures,
    shared: Arc<Shared>,
    stopped: Cell<Option<StopReason>>,
    turn: Cell<Option<Turn>>,
    budget: Cell<Option<TurnBudget>>,
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
            memory: MemoryFigures::new(limits),
            shared,
            stopped: Cell::new(None),
            turn: Cell::new(None),
            budget: Cell::new(None),
            cpu_read: Cell::new(thread_cpu()),
        }
    }

    /// Marks the start of the outermost turn.
    pub(crate) fn begin_turn(&self, budget: &TurnBudget) {
        self.stopped.set(None);
        self.memory.begin_turn();
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
            self.memory.note_grown(cx);
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
        self.memory.note_idle(cx);
    }

    /// Tells the other runtimes what this one's heap takes.
    pub(crate) fn publish_heap(&self, cx: *mut JSContext) {
        self.memory.look_at_heap(cx);
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
            self.memory.note_idle_if_unknown();
        }
        if self.memory.is_too_much(cx, is_first) {
            self.stop(StopReason::Memory);
            return false;
        }
        true
    }
}

impl Drop for LimitState {
    fn drop(&mut self) {
        self.shared.running.store(false, Ordering::Release);
    }
}

/// The engine's callback on the context's thread.
pub(crate) unsafe extern "C" fn interrupt(cx: *mut JSContext) -> bool {
    // SAFETY: the engine passes its own context, whose private data is the Inner.
    unsafe { Inner::of(cx) }.limits.sample(cx)
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
        let resident = *resident_bytes.get_or_insert_with(memory::resident_bytes);
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
        memory::note_process(running, resident_bytes);
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
