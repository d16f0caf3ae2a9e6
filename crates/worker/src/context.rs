//! I/O contexts: one stateless event or one live Durable Object.
//!
//! A context owns the bodies, sockets and timers made in it. A stateless one ends when nothing
//! holds it any more; then its pending operations are cancelled. An object's ends with its instance.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use rustc_hash::FxHashMap;
use stated_core::error::Failure;
use stated_core::gate::SectionId;
use stated_engine::TurnBudget;
use stated_object::instance::{Active, Instance, Permit};
use stated_object::latch::Latch;
use tokio::sync::Notify;

use crate::progress::PendingCounts;
use crate::worker::Loaded;

/// Whose code it is.
pub(crate) enum Kind {
    /// One event of a stateless entrypoint.
    Stateless,
    /// An instance of a Durable Object.
    Object(Rc<Instance>),
}

/// One context.
pub(crate) struct Context {
    pub(crate) id: u64,
    pub(crate) kind: Kind,
    /// The program whose code it runs, in whose realm its values live; none for the global scope.
    pub(crate) program: Option<Rc<Loaded>>,
    /// CPU time left to the current event.
    pub(crate) budget: TurnBudget,
    /// Timers that have not fired or been stopped.
    pub(crate) timers: Cell<u32>,
    /// Timers that have.
    pub(crate) timers_finished: Cell<u64>,
    /// Whether the stubs that it gave out keep it alive: so for a stateless event that is an RPC call.
    pub(crate) lives_for_stubs: Cell<bool>,
    /// The first object it called: class and name or id.
    pub(crate) called: RefCell<Option<String>>,
    /// What is left to happen in it.
    pub(crate) pending: PendingCounts,
    /// Whether something that was given to `waitUntil` was rejected.
    pub(crate) task_failed: Cell<bool>,
    /// Whether a scheduled event asked not to be run again.
    pub(crate) no_retry: Cell<bool>,
    /// Handlers of it that have not answered.
    pub(crate) open_calls: Cell<u32>,
    tasks: RefCell<Vec<Hold>>,
    sections: RefCell<FxHashMap<SectionId, Section>>,
    holds: Cell<u32>,
    ended: Latch<()>,
    /// Told when a stateless one has ended.
    endings: Rc<Endings>,
    left: Cell<u16>,
}

/// A critical section that JavaScript asked for.
struct Section {
    /// What JavaScript finds the callback by.
    token: u64,
    /// Whether its failure breaks the object (blockConcurrencyWhile) or not (transaction).
    breaks: bool,
}

/// Keeps a context (and an object's instance) alive while it exists.
pub(crate) enum Hold {
    Stateless(Rc<Context>),
    Object(#[expect(dead_code, reason = "held for its drop")] Active),
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Self::Stateless(context) = self {
            context.holds.set(context.holds.get() - 1);
            if context.holds.get() == 0 {
                context.set_ended();
            }
        }
    }
}

/// What a context may leave in tables that all contexts share, so that its end need not look
/// through those where it has nothing.
#[derive(Clone, Copy)]
pub(crate) enum Left {
    /// Timers, here and in the library.
    Timers = 1,
    /// Bodies.
    Bodies = 2,
    /// WebSockets, here and in the library.
    Sockets = 4,
    /// Capabilities and, in the library, the targets of some.
    Capabilities = 8,
    /// Streams of `node:zlib`.
    Zlib = 16,
    /// What modules of the library keep for it that are loaded only when they are used.
    Library = 32,
    /// Digests by pieces.
    Digests = 64,
    /// Streams of compression.
    Codecs = 128,
    /// Documents that are rewritten.
    Documents = 256,
    /// Rights to start TLS on a connection.
    Upgrades = 512,
}

/// The stateless contexts that have ended and were not put away yet.
#[derive(Default)]
pub(crate) struct Endings {
    ids: RefCell<Vec<u64>>,
    added: Notify,
}

impl Endings {
    fn add(&self, id: u64) {
        self.ids.borrow_mut().push(id);
        self.added.notify_one();
    }

    /// Waits for some.
    pub(crate) async fn next(&self) -> Vec<u64> {
        loop {
            let ids = std::mem::take(&mut *self.ids.borrow_mut());
            if !ids.is_empty() {
                return ids;
            }
            self.added.notified().await;
        }
    }
}

impl Context {
    pub(crate) fn new(
        id: u64,
        kind: Kind,
        program: Option<Rc<Loaded>>,
        cpu: Duration,
        endings: &Rc<Endings>,
    ) -> Rc<Self> {
        Rc::new(Self {
            id,
            kind,
            program,
            budget: TurnBudget::new(cpu),
            timers: Cell::new(0),
            timers_finished: Cell::new(0),
            lives_for_stubs: Cell::new(false),
            called: RefCell::default(),
            pending: PendingCounts::default(),
            task_failed: Cell::new(false),
            no_retry: Cell::new(false),
            open_calls: Cell::new(0),
            tasks: RefCell::default(),
            sections: RefCell::default(),
            holds: Cell::new(0),
            ended: Latch::default(),
            endings: endings.clone(),
            left: Cell::new(0),
        })
    }

    /// The instance, for an object's context.
    pub(crate) fn instance(&self) -> Option<&Rc<Instance>> {
        match &self.kind {
            Kind::Object(instance) => Some(instance),
            Kind::Stateless => None,
        }
    }

    /// Keeps it alive.
    pub(crate) fn hold(self: &Rc<Self>) -> Hold {
        match &self.kind {
            Kind::Object(instance) => Hold::Object(instance.active()),
            Kind::Stateless => {
                self.holds.set(self.holds.get() + 1);
                Hold::Stateless(self.clone())
            }
        }
    }

    /// Keeps an object alive during an operation; a stateless context does not wait for one.
    pub(crate) fn hold_for_operation(self: &Rc<Self>) -> Option<Hold> {
        self.instance().is_some().then(|| self.hold())
    }

    /// `taskBegin`
    pub(crate) fn task_begin(self: &Rc<Self>) {
        let hold = self.hold();
        self.tasks.borrow_mut().push(hold);
    }

    /// `taskEnd`
    pub(crate) fn task_end(&self) {
        let hold = self.tasks.borrow_mut().pop();
        drop(hold);
    }

    /// Notes a requested section; `kind` 0 is blockConcurrencyWhile.
    pub(crate) fn remember_section(&self, section: SectionId, kind: u64, token: u64) {
        self.sections.borrow_mut().insert(
            section,
            Section {
                token,
                breaks: kind == 0,
            },
        );
    }

    /// The token of a section that starts.
    pub(crate) fn section_token(&self, section: SectionId) -> u64 {
        self.sections
            .borrow()
            .get(&section)
            .map_or(0, |section| section.token)
    }

    /// Forgets a section that ended; tells whether its failure breaks the object.
    pub(crate) fn section_breaks(&self, section: SectionId) -> bool {
        self.sections
            .borrow_mut()
            .remove(&section)
            .is_some_and(|section| section.breaks)
    }

    /// Ends it now, whatever holds it.
    pub(crate) fn end(&self) {
        self.set_ended();
        let tasks = std::mem::take(&mut *self.tasks.borrow_mut());
        drop(tasks);
    }

    fn set_ended(&self) {
        if self.ended.set(()) && self.id != 0 && self.instance().is_none() {
            self.endings.add(self.id);
        }
    }

    /// Notes that tables of the worker, or of the library, have something that must go with it.
    pub(crate) fn note_left(&self, what: Left) {
        self.left.set(self.left.get() | what as u16);
    }

    /// Whether there ever was something of the kind.
    pub(crate) fn left(&self, what: Left) -> bool {
        self.left.get() & what as u16 != 0
    }

    /// Whether somebody waits for its code: a caller, `waitUntil`, the reader of a body.
    pub(crate) fn is_unfinished(&self) -> bool {
        self.open_calls.get() > 0 || self.holds.get() > 0
    }

    /// Whether it has ended, though it may not have been put away yet.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.is_set()
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&self) {
        self.ended.wait().await;
    }

    /// Waits until everything written before now is durable; at once for a stateless context.
    pub(crate) async fn until_durable(&self) -> Result<(), Failure> {
        match &self.kind {
            Kind::Stateless => Ok(()),
            Kind::Object(instance) => instance.until_durable().await,
        }
    }

    /// Runs `output` when everything written before now is durable.
    pub(crate) fn when_durable(&self, output: impl FnOnce() + 'static) {
        match &self.kind {
            Kind::Stateless => output(),
            Kind::Object(instance) => instance.when_durable(output),
        }
    }

    /// Waits for the input gate of an object.
    pub(crate) async fn enter(&self, section: u32) -> Result<Option<Permit>, Failure> {
        match &self.kind {
            Kind::Stateless => Ok(None),
            Kind::Object(instance) => instance
                .enter(SectionId::from_u64(section.into()))
                .await
                .map(Some),
        }
    }
}
