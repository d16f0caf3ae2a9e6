//! One instance of a class: the turns its JavaScript runs in, its storage, what it holds back.
//!
//! The gates' rules are `stated_core::gate`; this file drives them. Invariants:
//! - JavaScript of the instance runs only while a [`Permit`] exists, and there is at most one.
//! - What a turn sends out is collected during the turn and passes the output gate after the turn's
//!   commit, so nothing overtakes the write it may depend on.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use stated_core::error::{ErrorCode, Failure};
use stated_core::gate::{
    Admission, HeldOutputs, InputGate, OutputGate, Passage, Position, SectionId, Ticket, Turn,
};
use stated_core::limits;
use stated_storage::{CommitFailure, Database, DurableReport};
use tokio::sync::oneshot;

use crate::alarm_edits::AlarmEdits;
use crate::clock::Monotonic;
use crate::facet::{FacetPosition, Facets};
use crate::latch::Latch;
use crate::namespace::{Databases, Entry};
use crate::program::Program;
use crate::storage::storage_failure;

/// How long an object is idle before its database gives back what it keeps open. Opening it again
/// takes as long as some commits, so objects that are called every second or two keep it.
const DATABASE_REST_MS: u64 = 5000;

type Output = Box<dyn FnOnce()>;

/// SQLite's words for a database that cannot grow, which programs know.
const DISK_FULL: &str = "database or disk is full: SQLITE_FULL";

/// Which of the writes made before it an output waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waits {
    /// Those that were not made with `allowUnconfirmed`.
    Confirmed,
    /// All.
    Every,
}

/// A constructed (or just being constructed) object.
pub struct Instance {
    /// The number of its I/O context, never used twice on a shard.
    pub context: u64,
    /// The object it is an instance of.
    pub entry: Rc<Entry>,
    program: Rc<dyn Program>,
    clock: Monotonic,
    input: RefCell<InputGate>,
    waiting: RefCell<HashMap<Ticket, oneshot::Sender<Permit>>>,
    output: RefCell<OutputGate>,
    held: RefCell<HeldOutputs<Output>>,
    /// Outputs of the running turn. (An open transaction holds nothing back: a callback may wait for
    /// what it sends.)
    turn_outputs: RefCell<Vec<(Waits, Output)>>,
    in_turn: Cell<bool>,
    database: RefCell<Option<Database>>,
    /// Those of the shard.
    databases: Rc<Databases>,
    /// What the running transaction did to the alarm.
    pub(crate) alarm_edits: RefCell<AlarmEdits>,
    /// Where it is among the facets of its object.
    pub(crate) position: FacetPosition,
    /// Its own facets.
    pub(crate) facets: Facets,
    /// Why the instance breaks when the running turn ends.
    doom: RefCell<Option<Failure>>,
    broken: Latch<Failure>,
    activities: Cell<u32>,
    idle_since_ms: Cell<u64>,
}

/// The right to run JavaScript of the instance; dropping it ends the turn.
#[must_use]
pub struct Permit {
    instance: Rc<Instance>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.instance.end_turn();
    }
}

/// Keeps the instance from being evicted while it exists.
pub struct Active {
    instance: Rc<Instance>,
}

impl Drop for Active {
    fn drop(&mut self) {
        let instance = &self.instance;
        instance.activities.set(instance.activities.get() - 1);
        instance.idle_since_ms.set(instance.clock.now_ms());
    }
}

impl Instance {
    /// Makes an instance whose constructor has not run.
    pub(crate) fn new(
        context: u64,
        entry: Rc<Entry>,
        program: Rc<dyn Program>,
        clock: Monotonic,
        (database, databases): (Database, Rc<Databases>),
        position: FacetPosition,
    ) -> Rc<Self> {
        Rc::new(Self {
            context,
            entry,
            program,
            clock,
            input: RefCell::new(InputGate::new()),
            waiting: RefCell::default(),
            output: RefCell::new(OutputGate::new(Position(0))),
            held: RefCell::default(),
            turn_outputs: RefCell::default(),
            in_turn: Cell::new(false),
            database: RefCell::new(Some(database)),
            databases,
            alarm_edits: RefCell::default(),
            position,
            facets: Facets::default(),
            doom: RefCell::default(),
            broken: Latch::default(),
            activities: Cell::new(0),
            idle_since_ms: Cell::new(clock.now_ms()),
        })
    }

    pub(crate) fn program(&self) -> &Rc<dyn Program> {
        &self.program
    }

    // --- turns ---------------------------------------------------------------------------------

    /// Waits for the input gate. `from` is the critical section the event belongs to, if any.
    ///
    /// Dropping the future gives the place in the queue up.
    ///
    /// # Errors
    /// Why the instance is broken.
    pub async fn enter(self: &Rc<Self>, from: Option<SectionId>) -> Result<Permit, Failure> {
        let admission = self.input.borrow_mut().enter(from);
        match admission {
            Admission::Now => Ok(self.begin_turn()),
            Admission::Broken(reason) => Err(reason),
            Admission::Wait(ticket) => {
                let (sender, receiver) = oneshot::channel();
                self.waiting.borrow_mut().insert(ticket, sender);
                let place = Place {
                    instance: self,
                    ticket,
                };
                let permit = receiver.await;
                drop(place);
                permit.map_err(|_| {
                    self.reason()
                        .unwrap_or_else(|| Failure::new(ErrorCode::CallCanceled))
                })
            }
        }
    }

    /// Enters if nothing is in the way.
    pub(crate) fn try_enter(self: &Rc<Self>) -> Option<Permit> {
        let mut input = self.input.borrow_mut();
        match input.enter(None) {
            Admission::Now => {
                drop(input);
                Some(self.begin_turn())
            }
            Admission::Wait(ticket) => {
                input.withdraw(ticket);
                None
            }
            Admission::Broken(_) => None,
        }
    }

    fn begin_turn(self: &Rc<Self>) -> Permit {
        self.in_turn.set(true);
        Permit {
            instance: self.clone(),
        }
    }

    /// Commits what the turn wrote, lets its outputs go to the gate, and starts the next turn.
    fn end_turn(self: &Rc<Self>) {
        loop {
            self.in_turn.set(false);
            self.commit();
            self.flush_turn_outputs();
            let next = self.input.borrow_mut().turn_ended();
            match next {
                None => return,
                Some(Turn::Event(ticket)) => {
                    let waiter = self.waiting.borrow_mut().remove(&ticket);
                    let Some(waiter) = waiter else { continue };
                    match waiter.send(self.begin_turn()) {
                        Ok(()) => return,
                        // Whoever waited is gone; its turn ends without having run.
                        Err(permit) => std::mem::forget(permit),
                    }
                }
                Some(Turn::Section(section)) => {
                    self.in_turn.set(true);
                    self.limit_section(section);
                    self.program.run_section(self, section);
                }
            }
        }
    }

    fn commit(self: &Rc<Self>) {
        if let Some(failure) = self.doom.take() {
            self.break_with(failure);
            return;
        }
        let (committed, restored_alarm, surplus) = match self.database.borrow_mut().as_mut() {
            Some(database) => {
                let committed = database.end_turn().map(|position| {
                    position.map(|position| (Position(position.value()), database.take_confirms()))
                });
                (
                    committed,
                    database.take_restored_alarm(),
                    database.surplus(),
                )
            }
            None => return,
        };
        self.databases.rest(&surplus);
        if let Some(at_ms) = restored_alarm {
            let program = self.program.clone();
            self.when_durable(move || program.alarm_hint(at_ms));
        }
        match committed {
            Ok(None | Some((_, false))) => self.alarm_edits_committed(),
            Ok(Some((position, true))) => {
                self.alarm_edits_committed();
                self.output.borrow_mut().lock(position, self.clock.now_ms());
            }
            Err(failure) => self.break_with(commit_failure(&failure)),
        }
    }

    /// Breaks the instance when the running turn ends, whose writes and outputs are lost.
    pub fn break_after_turn(&self, failure: Failure) {
        self.doom.borrow_mut().get_or_insert(failure);
    }

    // --- critical sections ---------------------------------------------------------------------

    /// Asks for a critical section from the running turn.
    ///
    /// # Errors
    /// The nesting limit, or why the instance is broken.
    pub fn request_section(&self, from: Option<SectionId>) -> Result<SectionId, Failure> {
        self.input.borrow_mut().request_section(from)
    }

    /// Whether a critical section is active.
    pub fn is_in_section(&self) -> bool {
        self.input.borrow().is_in_section()
    }

    /// Whether a critical section is active and no turn runs or is about to: only what belongs to the
    /// section can go on.
    pub fn is_held_by_section(&self) -> bool {
        self.input.borrow().is_held_by_section()
    }

    /// Ends a section. With a failure the instance breaks.
    pub fn end_section(self: &Rc<Self>, section: SectionId, failure: Option<Failure>) {
        if let Some(failure) = failure {
            self.break_with(failure.resetting());
            return;
        }
        let next = self.input.borrow_mut().end_section(section);
        debug_assert!(next.is_none(), "sections end inside turns");
    }

    /// Breaks the instance if the section is still active after its time limit.
    fn limit_section(self: &Rc<Self>, section: SectionId) {
        let instance = Rc::downgrade(self);
        let limit = Duration::from_millis(limits::SECTION_TIME.value);
        tokio::task::spawn_local(async move {
            tokio::time::sleep(limit).await;
            if let Some(instance) = instance.upgrade()
                && instance.input.borrow().is_active(section)
            {
                instance.break_with(Failure::new(ErrorCode::CriticalSectionTimeLimit));
            }
        });
    }

    // --- outputs -------------------------------------------------------------------------------

    /// Runs `output` when everything written before now is durable, except what was written with
    /// `allowUnconfirmed`; never if a commit fails.
    ///
    /// Outputs run in the order of these calls.
    pub fn when_durable(&self, output: impl FnOnce() + 'static) {
        self.send(Waits::Confirmed, Box::new(output));
    }

    fn send(&self, waits: Waits, output: Output) {
        self.turn_outputs.borrow_mut().push((waits, output));
        if !self.in_turn.get() {
            self.flush_turn_outputs();
        }
    }

    /// Waits until everything written before now is durable, as [`Instance::when_durable`] does.
    ///
    /// # Errors
    /// Why the instance is broken.
    pub async fn until_durable(&self) -> Result<(), Failure> {
        self.until(Waits::Confirmed).await
    }

    /// Waits until everything written before now is durable, without exception: `sync()`.
    ///
    /// # Errors
    /// Why the instance is broken.
    pub async fn until_all_durable(&self) -> Result<(), Failure> {
        self.until(Waits::Every).await
    }

    async fn until(&self, waits: Waits) -> Result<(), Failure> {
        let (sender, receiver) = oneshot::channel();
        let output = move || {
            // The waiting side may have gone away, which is its right.
            let _unused = sender.send(());
        };
        self.send(waits, Box::new(output));
        receiver.await.map_err(|_| {
            self.reason()
                .unwrap_or_else(|| Failure::new(ErrorCode::CallCanceled))
        })
    }

    fn flush_turn_outputs(&self) {
        let outputs = std::mem::take(&mut *self.turn_outputs.borrow_mut());
        for (waits, output) in outputs {
            self.pass(waits, output);
        }
    }

    fn pass(&self, waits: Waits, output: Output) {
        let passage = match (waits, self.committed()) {
            (Waits::Every, Some(committed)) => self.output.borrow().passage_after(committed),
            _ => self.output.borrow().passage(),
        };
        match passage {
            Passage::Broken(_) => {}
            Passage::Wait(position) => self.held.borrow_mut().push(position, output),
            Passage::Open if self.held.borrow().is_empty() => output(),
            Passage::Open => {
                let confirmed = self.output.borrow().confirmed();
                self.held.borrow_mut().push(confirmed, output);
            }
        }
    }

    /// The last commit, durable or not.
    fn committed(&self) -> Option<Position> {
        let database = self.database.borrow();
        Some(Position(database.as_ref()?.position().value()))
    }

    /// Takes the committer's report about this instance's database.
    pub fn confirmed(self: &Rc<Self>, report: &DurableReport) {
        if let Err(error) = &report.result {
            tracing::error!(%error, object_id = %self.entry.id, "storage lost a commit; the object is reset");
            self.break_with(match error.is_disk_full() {
                true => Failure::storage_failed(DISK_FULL),
                false => Failure::new(ErrorCode::StorageFailed),
            });
            return;
        }
        self.output
            .borrow_mut()
            .confirmed_up_to(Position(report.position.value()));
        loop {
            let confirmed = self.output.borrow().confirmed();
            let output = self.held.borrow_mut().pop_confirmed(confirmed);
            match output {
                Some(output) => output(),
                None => return,
            }
        }
    }

    /// Breaks the instance if its output gate has been held for too long.
    pub(crate) fn check_output_time(self: &Rc<Self>) {
        let late = self.output.borrow().check_time(self.clock.now_ms());
        if let Err(failure) = late {
            self.break_with(failure);
        }
        self.facets
            .for_each_instance(|facet| facet.check_output_time());
    }

    // --- storage -------------------------------------------------------------------------------

    /// Runs `f` on the object's database.
    ///
    /// # Errors
    /// "Durable Object storage is no longer accessible." after the instance broke.
    pub fn with_database<R>(&self, f: impl FnOnce(&mut Database) -> R) -> Result<R, Failure> {
        match self.database.borrow_mut().as_mut() {
            Some(database) => Ok(f(database)),
            None => Err(Failure::new(ErrorCode::StorageGone)),
        }
    }

    // --- life ----------------------------------------------------------------------------------

    /// Keeps the instance from being evicted until the guard is dropped.
    pub fn active(self: &Rc<Self>) -> Active {
        self.activities.set(self.activities.get() + 1);
        Active {
            instance: self.clone(),
        }
    }

    /// When the instance and its facets became idle; None while something is active.
    pub(crate) fn idle_since_ms(&self) -> Option<u64> {
        let quiet = self.activities.get() == 0 && self.held.borrow().is_empty();
        let since_ms = quiet.then(|| self.idle_since_ms.get())?;
        Some(since_ms.max(self.facets.idle_since_ms()?))
    }

    /// Gives back what the database keeps open if no event has come for a while. Returns whether
    /// there was something.
    pub(crate) fn rest_if_idle(&self, now_ms: u64) -> bool {
        let is_idle = |since_ms: u64| now_ms.saturating_sub(since_ms) >= DATABASE_REST_MS;
        self.idle_since_ms().is_some_and(is_idle) && self.rest()
    }

    /// Gives back what the database keeps open, unless it is in the middle of something. Returns
    /// whether there was something.
    pub(crate) fn rest(&self) -> bool {
        match self.database.borrow_mut().as_mut() {
            Some(database) if !database.is_resting() => database.rest(),
            _ => false,
        }
    }

    /// Whether something was sent that waits for its commit.
    pub(crate) fn holds_outputs(&self) -> bool {
        !self.held.borrow().is_empty()
    }

    /// Why the instance is broken, if it is.
    pub fn reason(&self) -> Option<Failure> {
        self.broken.get().cloned()
    }

    /// Waits until the instance breaks.
    pub async fn broken(&self) -> Failure {
        self.broken.wait().await.clone()
    }

    /// Breaks the instance for ever: uncommitted writes and held outputs are lost, all calls fail
    /// with `reason`, hibernatable sockets are cut unless only the code is new, and the next new
    /// stub finds a new instance.
    pub fn break_with(self: &Rc<Self>, reason: Failure) {
        if !self.broken.set(reason.clone()) {
            return;
        }
        self.stop(reason.clone());
        self.entry.instance_broke(self, reason);
    }

    /// Drops an idle instance; hibernatable sockets and stubs stay.
    pub(crate) fn evict(self: &Rc<Self>) {
        let reason = Failure::new(ErrorCode::InstanceGone);
        self.broken.set(reason.clone());
        self.facets.evict();
        self.stop(reason);
    }

    fn stop(self: &Rc<Self>, reason: Failure) {
        let is_aborted = reason.code == ErrorCode::Aborted;
        self.facets.stop(&reason);
        self.input.borrow_mut().break_with(reason.clone());
        self.output.borrow_mut().break_with(reason);
        self.waiting.borrow_mut().clear();
        self.turn_outputs.borrow_mut().clear();
        drop(std::mem::take(&mut *self.held.borrow_mut()));
        // Now, before a new instance can open the same file. No storage call is running: those return
        // before their outcome can break the instance.
        if let Some(mut database) = self.database.borrow_mut().take() {
            database.discard();
            if is_aborted && let Err(error) = database.keep_wish() {
                tracing::error!(%error, object_id = %self.entry.id, "keep the wish to restore a bookmark");
            }
        }
        let program = self.program.clone();
        let context = self.context;
        // Not now: this may be inside a turn of the instance.
        tokio::task::spawn_local(async move { program.forget(context) });
    }
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Instance")
            .field("context", &self.context)
            .field("id", &self.entry.id)
            .finish_non_exhaustive()
    }
}

/// Gives the place in the queue up when whoever waited goes away.
struct Place<'a> {
    instance: &'a Rc<Instance>,
    ticket: Ticket,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.instance.waiting.borrow_mut().remove(&self.ticket);
        self.instance.input.borrow_mut().withdraw(self.ticket);
    }
}

pub(crate) fn commit_failure(failure: &CommitFailure) -> Failure {
    match failure {
        CommitFailure::Constraint(error) => Failure::constraint_violated(&error.to_string()),
        CommitFailure::Critical(error) | CommitFailure::Storage(error) => storage_failure(error),
    }
}
