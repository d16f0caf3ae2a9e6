//! Where Rust keeps JavaScript values: a stack of slots for scopes, a table for persistent ones.
//!
//! Both are traced at every collection, minor ones included, so a slot is always a valid root and
//! needs no write barrier. The engine's "extra roots tracers" skip minor collections; a custom
//! rooter at the bottom of the context's rooter list does not ([`Roots::register`]). Slots never move: the stack is one allocation of fixed
//! capacity, of which the system commits only the pages that were used.

use std::cell::{Cell, RefCell};
use std::ptr::NonNull;
use std::rc::{Rc, Weak};

use mozjs::glue::CallValueRootTracer;
use mozjs::jsapi::{JSContext, JSTracer, Value};
use mozjs::jsval::UndefinedValue;
use mozjs::rust::{CustomAutoRooter, CustomTrace};

/// Values that all scopes of a thread together may hold. Code that loops over data opens an inner
/// scope per round, so a program cannot reach this; running into it is a bug in the host.
const HANDLES_MAX: usize = 1 << 22;

/// The slots of all open scopes of one thread.
pub(crate) struct HandleStack {
    base: NonNull<Value>,
    top: Cell<usize>,
}

impl HandleStack {
    pub(crate) fn new() -> Self {
        let slots: Vec<Value> = Vec::with_capacity(HANDLES_MAX);
        let slots = std::mem::ManuallyDrop::new(slots);
        Self {
            base: NonNull::new(slots.as_ptr().cast_mut()).expect("a vector's buffer is not null"),
            top: Cell::new(0),
        }
    }

    /// The number of slots in use; restoring it later frees all slots taken since.
    #[inline]
    pub(crate) fn mark(&self) -> usize {
        self.top.get()
    }

    #[inline]
    pub(crate) fn release_to(&self, mark: usize) {
        debug_assert!(mark <= self.top.get());
        self.top.set(mark);
    }

    /// Takes a slot for `value`. The slot stays valid and traced until its mark is released.
    #[inline]
    pub(crate) fn push(&self, value: Value) -> NonNull<Value> {
        let index = self.top.get();
        assert!(index < HANDLES_MAX, "the handle stack is exhausted");
        // SAFETY: index is below the capacity of the allocation, which lives as long as self.
        let slot = unsafe { self.base.add(index) };
        // SAFETY: the slot is inside the allocation, aligned, and no reference to it exists.
        unsafe { slot.write(value) };
        self.top.set(index + 1);
        slot
    }

    fn trace(&self, tracer: *mut JSTracer) {
        for index in 0..self.top.get() {
            // SAFETY: slots below top are initialised and inside the allocation.
            unsafe {
                CallValueRootTracer(tracer, self.base.add(index).as_ptr(), c"handle".as_ptr())
            };
        }
    }
}

impl Drop for HandleStack {
    fn drop(&mut self) {
        // SAFETY: base and HANDLES_MAX are the parts of the vector made in new; Value has no drop.
        drop(unsafe { Vec::from_raw_parts(self.base.as_ptr(), 0, HANDLES_MAX) });
    }
}

/// The values behind [`Persistent`]s: stable indices, freed ones reused.
#[derive(Default)]
pub(crate) struct PersistentTable {
    slots: RefCell<Vec<Value>>,
    free: RefCell<Vec<usize>>,
}

impl PersistentTable {
    pub(crate) fn insert(self: &Rc<Self>, value: Value) -> Persistent {
        let index = match self.free.borrow_mut().pop() {
            Some(index) => {
                self.slots.borrow_mut()[index] = value;
                index
            }
            None => {
                let mut slots = self.slots.borrow_mut();
                slots.push(value);
                slots.len() - 1
            }
        };
        Persistent {
            table: Rc::downgrade(self),
            index,
        }
    }

    fn trace(&self, tracer: *mut JSTracer) {
        for slot in self.slots.borrow_mut().iter_mut() {
            // SAFETY: the slot is initialised and borrowed only here.
            unsafe {
                CallValueRootTracer(tracer, std::ptr::from_mut(slot), c"persistent".as_ptr())
            };
        }
    }
}

/// Keeps a JavaScript value alive between entries into its runtime.
///
/// Every minor collection visits all of them, so they are for things in flight and for the few
/// functions the host calls, not one per resident object. Dropping it releases the value.
#[derive(Debug)]
pub struct Persistent {
    table: Weak<PersistentTable>,
    index: usize,
}

impl std::fmt::Debug for PersistentTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PersistentTable")
            .field("len", &self.slots.borrow().len())
            .finish()
    }
}

impl Persistent {
    /// The value; undefined when the runtime is gone.
    pub(crate) fn value(&self) -> Value {
        self.table
            .upgrade()
            .map_or_else(UndefinedValue, |table| table.slots.borrow()[self.index])
    }
}

impl Persistent {
    /// Replaces the value.
    pub(crate) fn set(&self, value: Value) {
        if let Some(table) = self.table.upgrade() {
            table.slots.borrow_mut()[self.index] = value;
        }
    }
}

impl Drop for Persistent {
    fn drop(&mut self) {
        if let Some(table) = self.table.upgrade() {
            table.slots.borrow_mut()[self.index] = UndefinedValue();
            table.free.borrow_mut().push(self.index);
        }
    }
}

/// Both root sets of one thread, at a stable address for the collector.
pub(crate) struct Roots {
    pub(crate) handles: HandleStack,
    pub(crate) persistents: Rc<PersistentTable>,
}

impl Roots {
    pub(crate) fn new() -> Box<Self> {
        Box::new(Self {
            handles: HandleStack::new(),
            persistents: Rc::default(),
        })
    }

    /// Has the collector trace these roots from now on.
    ///
    /// # Safety
    /// The context has no rooter yet, and the roots outlive it.
    pub(crate) unsafe fn register(&self, cx: *mut JSContext) {
        // One small block per runtime is never freed: the rooter stays at the bottom of the
        // context's list until the context itself is gone.
        let rooter = Box::leak(Box::new(CustomAutoRooter::new(RootsTracer(
            std::ptr::from_ref(self),
        ))));
        std::mem::forget(rooter.root(cx));
    }
}

struct RootsTracer(*const Roots);

// SAFETY: traces every value that the roots hold.
unsafe impl CustomTrace for RootsTracer {
    fn trace(&self, tracer: *mut JSTracer) {
        // SAFETY: register's caller promised that the roots outlive the context.
        let roots = unsafe { &*self.0 };
        roots.handles.trace(tracer);
        roots.persistents.trace(tracer);
    }
}
