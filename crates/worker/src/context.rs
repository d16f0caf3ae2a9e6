//! I/O contexts: one stateless event or one live Durable Object.
//!
//! A context owns the bodies, sockets and timers made in it. A stateless one ends when nothing
//! holds it any more; then its pending operations are cancelled. An object's ends with its instance.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use stated_core::error::Failure;
use stated_core::gate::SectionId;
use stated_engine::TurnBudget;
use stated_object::instance::{Active, Instance, Permit};
use tokio::sync::watch;

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
    /// Handlers of it that have not answered.
    pub(crate) open_calls: Cell<u32>,
    tasks: RefCell<Vec<Hold>>,
    sections: RefCell<HashMap<SectionId, Section>>,
    holds: Cell<u32>,
    ended: watch::Sender<bool>,
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
                context.ended.send_replace(true);
            }
        }
    }
}

impl Context {
    pub(crate) fn new(id: u64, kind: Kind, program: Option<Rc<Loaded>>, cpu: Duration) -> Rc<Self> {
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
            open_calls: Cell::new(0),
            tasks: RefCell::default(),
            sections: RefCell::default(),
            holds: Cell::new(0),
            ended: watch::Sender::new(false),
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
        self.ended.send_replace(true);
        let tasks = std::mem::take(&mut *self.tasks.borrow_mut());
        drop(tasks);
    }

    /// Whether somebody waits for its code: a caller, `waitUntil`, the reader of a body.
    pub(crate) fn is_unfinished(&self) -> bool {
        self.open_calls.get() > 0 || self.holds.get() > 0
    }

    /// Whether it has ended, though it may not have been put away yet.
    pub(crate) fn has_ended(&self) -> bool {
        *self.ended.borrow()
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&self) {
        let mut ended = self.ended.subscribe();
        // The sender lives in self, so this ends only when the context does.
        let _unused = ended.wait_for(|ended| *ended).await;
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
