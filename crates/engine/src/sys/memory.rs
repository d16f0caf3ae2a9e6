//! How much memory a runtime and its turn take, and whether that is too much.
//!
//! The heap is the runtime's own and is known exactly. The allocator counts for the whole process: what the heaps of
//! other runtimes have grown by is taken off, and of what is left, each turn that was seen running at the same time may
//! have taken as much as a turn may; only what stays more than that ends a turn.
//!
//! Not seen is the malloc memory that a turn takes in its first sampling period, which is not told from what other turns
//! took, or before it has made the process grow by some MiB, since asking the allocator is expensive where it has many free
//! chunks, and what it takes of memory that the process has and does not use. Heap memory of that kind is seen at the next
//! interrupt.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use mozjs::jsapi::js::GetGCHeapUsage;
use mozjs::jsapi::{GCReason, JS_GC, JSContext};

use super::limits::Limits;

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

/// Notes what the watchdog has seen: how many turns run, and the memory of the process in bytes if it looked at that.
pub(crate) fn note_process(running: u64, resident_bytes: Option<u64>) {
    RUNNING.store(running, Ordering::Relaxed);
    if let Some(bytes) = resident_bytes {
        RESIDENT.store(bytes, Ordering::Relaxed);
    }
}

/// What one runtime took when it was idle, for comparison with what its turn takes.
pub(crate) struct MemoryFigures {
    /// The most that its heap may hold, and that one turn may gain of malloc memory.
    bytes_max: u64,
    /// What others have taken past the allocator.
    foreign_bytes: fn() -> u64,
    /// This runtime's part of [`HEAPS`].
    published: Cell<u64>,
    idle: Cell<Idle>,
    turn: Cell<Turn>,
}

/// The process when the turn was first looked at or this runtime was known to be idle.
#[derive(Clone, Copy, Default)]
struct Idle {
    /// The figures of the allocator and of those who go past it.
    native_bytes: u64,
    /// What the other runtimes' heaps took.
    others_bytes: u64,
    resident_bytes: u64,
    /// When that was; None when much may have changed since, so that it has to be asked for.
    at: Option<Instant>,
}

/// What is known of the running turn.
#[derive(Clone, Copy, Default)]
struct Turn {
    /// Since when the malloc memory that it has gained is too much.
    too_much_since: Option<Instant>,
    /// The most turns that were seen running during this one.
    running_most: u64,
}

impl MemoryFigures {
    /// Those of a runtime that may take so much.
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            bytes_max: limits.heap_bytes,
            foreign_bytes: limits.foreign_bytes,
            published: Cell::new(0),
            idle: Cell::default(),
            turn: Cell::default(),
        }
    }

    /// Marks the start of a turn.
    pub(crate) fn begin_turn(&self) {
        self.turn.set(Turn {
            too_much_since: None,
            running_most: 1,
        });
    }

    /// Notes that the turn which ends has taken memory that may stay.
    pub(crate) fn note_grown(&self, cx: *mut JSContext) {
        self.look_at_heap(cx);
        self.idle.set(Idle {
            at: None,
            ..self.idle.get()
        });
    }

    /// Takes the present memory as that of an idle runtime.
    pub(crate) fn note_idle(&self, cx: *mut JSContext) {
        self.look_at_heap(cx);
        self.idle
            .set(self.idle_now(RESIDENT.load(Ordering::Relaxed)));
    }

    /// Takes it as that, unless a figure is there that is not old. The allocator is asked only if the turn takes much.
    pub(crate) fn note_idle_if_unknown(&self) {
        let known = self.idle.get().at;
        if known.is_none_or(|at| at.elapsed() > IDLE_FIGURE_AGE_MAX) {
            self.idle.set(Idle {
                resident_bytes: RESIDENT.load(Ordering::Relaxed),
                at: None,
                ..self.idle.get()
            });
        }
    }

    /// What the allocator and the other heaps say now.
    fn idle_now(&self, resident_bytes: u64) -> Idle {
        Idle {
            native_bytes: self.native_bytes(),
            others_bytes: self.others_bytes(),
            resident_bytes,
            at: Some(Instant::now()),
        }
    }

    /// Whether the heap, or what the turn has gained beside it, is over the limit. Collects garbage before it says so.
    pub(crate) fn is_too_much(&self, cx: *mut JSContext, is_first_look: bool) -> bool {
        let too_much =
            |heap: u64| heap > self.bytes_max || (!is_first_look && self.has_gained_too_much());
        if !too_much(self.look_at_heap(cx)) {
            return false;
        }
        // Garbage is not over the limit. A collection here cannot repeat at every sample: either it
        // brings the heap below the limit by what was garbage, or the turn ends.
        // SAFETY: interrupt callbacks may collect.
        unsafe { JS_GC(cx, GCReason::API) };
        if heap_bytes(cx) > self.bytes_max {
            // What the collection found may still be given back on another thread; the next one waits for that.
            // SAFETY: as above.
            unsafe { JS_GC(cx, GCReason::API) };
        }
        too_much(self.look_at_heap(cx))
    }

    /// Looks at this runtime's heap, and tells the others.
    pub(crate) fn look_at_heap(&self, cx: *mut JSContext) -> u64 {
        let bytes = heap_bytes(cx);
        let before = self.published.replace(bytes);
        HEAPS.fetch_add(bytes.wrapping_sub(before), Ordering::Relaxed);
        bytes
    }

    fn native_bytes(&self) -> u64 {
        malloc_bytes() + (self.foreign_bytes)()
    }

    /// What the heaps of the other runtimes took when each was last looked at.
    fn others_bytes(&self) -> u64 {
        HEAPS
            .load(Ordering::Relaxed)
            .saturating_sub(self.published.get())
    }

    /// Whether the turn has gained more malloc memory than it may for too long.
    fn has_gained_too_much(&self) -> bool {
        let mut turn = self.turn.get();
        turn.running_most = turn.running_most.max(RUNNING.load(Ordering::Relaxed));
        let is_too_much = self.gained_bytes() > self.bytes_max.saturating_mul(turn.running_most);
        turn.too_much_since = is_too_much.then(|| turn.too_much_since.unwrap_or_else(Instant::now));
        self.turn.set(turn);
        turn.too_much_since
            .is_some_and(|since| since.elapsed() >= GAINED_TOO_MUCH_FOR)
    }

    /// The malloc memory that the process has gained since this runtime was idle, other runtimes' heaps apart; not asked
    /// for, and 0, before the process itself has gained half of what is allowed.
    fn gained_bytes(&self) -> u64 {
        let resident = RESIDENT.load(Ordering::Relaxed);
        let mut idle = self.idle.get();
        let grown = resident.saturating_sub(idle.resident_bytes);
        if idle.at.is_none() && grown >= UNASKED_GROWTH_BYTES {
            idle = self.idle_now(idle.resident_bytes);
            self.idle.set(idle);
        }
        if grown < self.bytes_max / 2 {
            return 0;
        }
        let gained = self.native_bytes().saturating_sub(idle.native_bytes);
        gained.saturating_sub(self.others_bytes().saturating_sub(idle.others_bytes))
    }
}

impl Drop for MemoryFigures {
    fn drop(&mut self) {
        HEAPS.fetch_sub(self.published.get(), Ordering::Relaxed);
    }
}

/// What the runtime's things take with all they own: elements of arrays, text, buffers, code.
pub(crate) fn heap_bytes(cx: *mut JSContext) -> u64 {
    // SAFETY: the context is this thread's.
    unsafe { GetGCHeapUsage(cx) }
}

/// Bytes of the process that are in memory; 0 if the system does not tell.
pub(crate) fn resident_bytes() -> u64 {
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

/// The allocator's figure, which may be as old as [`MALLOC_FIGURE_AGE_MAX`].
fn malloc_bytes() -> u64 {
    static FIGURE: Mutex<Option<(Instant, u64)>> = Mutex::new(None);
    let mut figure = FIGURE.lock().unwrap_or_else(PoisonError::into_inner);
    match *figure {
        Some((at, bytes)) if at.elapsed() <= MALLOC_FIGURE_AGE_MAX => bytes,
        _ => {
            // SAFETY: mallinfo2 has no preconditions.
            let info = unsafe { libc::mallinfo2() };
            let bytes = (info.uordblks + info.hblkhd) as u64;
            *figure = Some((Instant::now(), bytes));
            bytes
        }
    }
}
