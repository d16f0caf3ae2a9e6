//! The objects of one class on one shard: id to entry, start once, evict, break.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use stated_core::error::{ErrorCode, Failure};
use stated_core::id::{ObjectId, visible_name};
use stated_core::lifecycle::{self, Eviction, Residency, Verdict};
use stated_core::mailbox::Backlog;
use stated_storage::{
    AlarmIdentity, AlarmIndex, Backend, Database, DatabaseKey, DatabaseOptions, DurableReport,
    Lane, StorageError,
};

use crate::alarm::AlarmState;
use crate::clock::Monotonic;
use crate::facet::{Facet, FacetPosition};
use crate::hibernation::Hibernation;
use crate::instance::Instance;
use crate::program::Program;

/// How often new code waits for the outputs of one instance.
const UPDATE_ROUNDS_MAX: u32 = 100;

/// What a namespace is made of; the same on every shard.
#[derive(Clone, Debug)]
pub struct NamespaceConfig {
    /// Its place in the service's list of namespaces.
    pub index: usize,
    /// The class.
    pub class_name: Arc<str>,
    /// The folder of its databases, which exists.
    pub folder: PathBuf,
    /// Which storage API the class was declared with.
    pub backend: Backend,
    /// The index of its alarms.
    pub alarms: Arc<AlarmIndex>,
}

/// What the namespaces of one shard share.
#[derive(Clone)]
pub struct ShardParts {
    /// Runs the code.
    pub program: Rc<dyn Program>,
    /// Takes commits to the disk.
    pub lane: Lane,
    /// The shard's monotonic clock.
    pub clock: Monotonic,
    /// Gives out numbers of contexts and sockets.
    pub numbers: Rc<Numbers>,
    /// Finds the instance that a durability report is about.
    pub databases: Rc<Databases>,
    /// Ends SQL statements while it is up: the program has used up its CPU time.
    pub stop: Arc<AtomicBool>,
}

/// Objects that are put away before the thread's other tasks run: each takes some dozens of
/// microseconds.
const SWEPT_AT_ONCE: usize = 8;

/// What [`Namespace::sweep`] has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Instances that were put away.
    pub put_away: usize,
    /// Instances whose databases have given back what they kept open.
    pub rested: usize,
}

/// Numbers that are never used twice on a shard.
#[derive(Debug, Default)]
pub struct Numbers(Cell<u64>);

impl Numbers {
    /// The next one; the first is 1.
    pub fn next(&self) -> u64 {
        self.0.set(self.0.get() + 1);
        self.0.get()
    }
}

/// The instances whose databases are open.
#[derive(Default)]
pub struct Databases(RefCell<HashMap<DatabaseKey, Weak<Instance>>>);

impl Databases {
    /// Lets databases give back what they keep open.
    pub(crate) fn rest(&self, keys: &[DatabaseKey]) {
        for key in keys {
            let instance = self.0.borrow().get(key).and_then(Weak::upgrade);
            if let Some(instance) = instance {
                instance.rest();
            }
        }
    }

    /// Hands a report of the committer to its instance.
    pub fn report(&self, report: &DurableReport) {
        let instance = self
            .0
            .borrow()
            .get(&report.database)
            .and_then(Weak::upgrade);
        match instance {
            Some(instance) => instance.confirmed(report),
            None => {
                self.0.borrow_mut().remove(&report.database);
            }
        }
    }
}

/// The objects of one class on one shard.
pub struct Namespace {
    config: NamespaceConfig,
    pub(crate) parts: ShardParts,
    entries: RefCell<HashMap<ObjectId, Rc<Entry>>>,
}

/// One object, whether an instance of it runs or not.
#[derive(Debug)]
pub struct Entry {
    /// Its id.
    pub id: ObjectId,
    /// Its place in the service's list of namespaces.
    pub namespace: usize,
    /// Its class.
    pub class_name: Arc<str>,
    /// Its hibernatable sockets.
    pub sockets: Hibernation,
    pub(crate) alarm: AlarmState,
    /// What it is to its parent, for one that is a facet.
    pub(crate) facet: Option<Facet>,
    name: RefCell<Option<Arc<str>>>,
    /// Counts breaks, from 1.
    generation: Cell<u64>,
    last_break: RefCell<Option<Failure>>,
    instance: RefCell<Option<Rc<Instance>>>,
    /// The events that wait for their turn.
    backlog: RefCell<Backlog>,
    /// The events that somebody waits for, those with a running handler included.
    calls: Cell<u64>,
    last_access_ms: Cell<u64>,
}

impl Namespace {
    /// Makes a namespace without objects.
    pub fn new(config: NamespaceConfig, parts: ShardParts) -> Rc<Self> {
        Rc::new(Self {
            config,
            parts,
            entries: RefCell::default(),
        })
    }

    /// What it was made of.
    pub fn config(&self) -> &NamespaceConfig {
        &self.config
    }

    /// The entry of an object, made if the object was not referred to before.
    ///
    /// The first caller that knows the name supplies it.
    pub fn entry(&self, id: ObjectId, name: Option<&str>) -> Rc<Entry> {
        let mut entries = self.entries.borrow_mut();
        let entry = entries.entry(id).or_insert_with(|| {
            Rc::new(Entry::new(
                id,
                self.config.index,
                self.config.class_name.clone(),
                None,
            ))
        });
        entry.last_access_ms.set(self.parts.clock.now_ms());
        if let Some(name) = name.and_then(visible_name)
            && entry.name.borrow().is_none()
        {
            *entry.name.borrow_mut() = Some(Arc::from(name));
        }
        entry.clone()
    }

    pub(crate) fn new_instance(&self, entry: &Rc<Entry>) -> Result<Rc<Instance>, Failure> {
        let database = self.open_database(entry.id, entry.name());
        let program = self.parts.program.clone();
        self.instance_with(entry, database, program, FacetPosition::root())
    }

    /// Makes the instance that runs `program` on a database.
    pub(crate) fn instance_with(
        &self,
        entry: &Rc<Entry>,
        database: Result<Database, StorageError>,
        program: Rc<dyn Program>,
        position: FacetPosition,
    ) -> Result<Rc<Instance>, Failure> {
        let mut database = database.map_err(|error| {
            tracing::error!(%error, object_id = %entry.id, "open the object's database");
            Failure::new(ErrorCode::Internal)
        })?;
        database.set_stop_flag(self.parts.stop.clone());
        let key = database.key();
        let instance = Instance::new(
            self.parts.numbers.next(),
            entry.clone(),
            program,
            self.parts.clock,
            (database, self.parts.databases.clone()),
            position,
        );
        self.parts
            .databases
            .0
            .borrow_mut()
            .insert(key, Rc::downgrade(&instance));
        Ok(instance)
    }

    /// Opens the database of an object, which must not be open.
    pub(crate) fn open_database(
        &self,
        id: ObjectId,
        name: Option<Arc<str>>,
    ) -> Result<Database, StorageError> {
        let id: Arc<str> = Arc::from(id.to_string());
        let path = self.config.folder.join(format!("{id}.sqlite"));
        let identity = AlarmIdentity {
            index: self.config.alarms.clone(),
            id,
            name,
        };
        let options = DatabaseOptions {
            backend: self.config.backend,
            alarm: Some(identity),
        };
        Database::open(&path, options, &self.parts.lane)
    }

    /// The entries of all objects that were referred to and not put away since.
    pub(crate) fn entries(&self) -> Vec<Rc<Entry>> {
        self.entries.borrow().values().cloned().collect()
    }

    /// The entry of an object, if it has one.
    pub(crate) fn known_entry(&self, id: ObjectId) -> Option<Rc<Entry>> {
        self.entries.borrow().get(&id).cloned()
    }

    /// Puts away what has been idle for long enough; called about once a second, by one caller at a
    /// time.
    ///
    /// Events go on meanwhile: after some objects that were put away, the other tasks of the thread
    /// run.
    pub async fn sweep(&self) -> Swept {
        let mut swept = Swept::default();
        let mut since_pause = 0;
        let entries: Vec<_> = self.entries.borrow().values().cloned().collect();
        for entry in entries {
            let done = self.sweep_one(&entry);
            swept.put_away += done.put_away;
            swept.rested += done.rested;
            since_pause += done.put_away + done.rested;
            if since_pause >= SWEPT_AT_ONCE {
                since_pause = 0;
                tokio::task::yield_now().await;
            }
        }
        self.parts
            .databases
            .0
            .borrow_mut()
            .retain(|_, instance| instance.strong_count() > 0);
        swept
    }

    fn sweep_one(&self, entry: &Rc<Entry>) -> Swept {
        let now_ms = self.parts.clock.now_ms();
        let mut swept = Swept::default();
        if let Some(instance) = entry.instance() {
            instance.check_output_time();
            swept.rested += usize::from(instance.rest_if_idle(now_ms));
        }
        match lifecycle::decide(&entry.residency(), now_ms) {
            Verdict::Keep | Verdict::KeepUntil { .. } => {}
            Verdict::Hibernate => {
                swept.put_away += usize::from(entry.instance().is_some());
                entry.evict();
            }
            Verdict::Remove => {
                swept.put_away += usize::from(entry.instance().is_some());
                entry.evict();
                let mut entries = self.entries.borrow_mut();
                if entries
                    .get(&entry.id)
                    .is_some_and(|known| Rc::ptr_eq(known, entry))
                {
                    entries.remove(&entry.id);
                }
            }
        }
        swept
    }

    /// Whether no instance runs.
    pub fn is_at_rest(&self) -> bool {
        let entries = self.entries.borrow();
        entries.values().all(|entry| entry.instance().is_none())
    }

    /// Ends every running instance because its code was replaced. Hibernatable sockets stay.
    ///
    /// An instance first sends what waits for its commits, so that a socket that goes on misses
    /// nothing. One that never comes to rest is ended after [`UPDATE_ROUNDS_MAX`] rounds.
    pub async fn update_code(&self) {
        let reason = Failure::new(ErrorCode::CodeUpdated);
        for entry in self.entries() {
            for _ in 0..UPDATE_ROUNDS_MAX {
                match entry.instance() {
                    // The error is the break of the instance, which ends the loop too.
                    Some(instance) if instance.holds_outputs() => {
                        let _unused = instance.until_durable().await;
                    }
                    _ => break,
                }
            }
            if let Some(instance) = entry.instance() {
                instance.break_with(reason.clone());
            }
        }
    }

    /// Breaks every running instance, as when the node ends or the heap is given up.
    pub fn reset_all(&self, reason: &Failure) {
        let entries: Vec<_> = self.entries.borrow().values().cloned().collect();
        for entry in entries {
            if let Some(instance) = entry.instance() {
                instance.break_with(reason.clone());
            }
        }
    }

    /// How many instances run.
    pub fn running_count(&self) -> usize {
        self.entries
            .borrow()
            .values()
            .filter(|entry| entry.instance.borrow().is_some())
            .count()
    }
}

impl Entry {
    /// Makes the entry of an object without instance.
    pub(crate) fn new(
        id: ObjectId,
        namespace: usize,
        class_name: Arc<str>,
        facet: Option<Facet>,
    ) -> Self {
        Self {
            id,
            namespace,
            class_name,
            sockets: Hibernation::default(),
            alarm: AlarmState::default(),
            facet,
            name: RefCell::new(None),
            generation: Cell::new(1),
            last_break: RefCell::default(),
            instance: RefCell::default(),
            backlog: RefCell::default(),
            calls: Cell::new(0),
            last_access_ms: Cell::new(0),
        }
    }

    /// Goes on with the breaks of another entry, whose stubs stay broken.
    pub(crate) fn inherit_breaks(&self, former: &Self) {
        self.generation.set(former.generation.get());
        self.last_break.replace(former.last_break.borrow().clone());
    }

    /// The name the id was made from, if a caller supplied it and it is short enough.
    pub fn name(&self) -> Option<Arc<str>> {
        self.name.borrow().clone()
    }

    /// The running instance.
    pub fn instance(&self) -> Option<Rc<Instance>> {
        self.instance.borrow().clone()
    }

    pub(crate) fn set_instance(&self, instance: &Rc<Instance>) {
        *self.instance.borrow_mut() = Some(instance.clone());
    }

    /// The number that stubs of unbroken instances carry.
    pub fn generation(&self) -> u64 {
        self.generation.get()
    }

    pub(crate) fn check_generation(&self, generation: u64) -> Result<(), Failure> {
        if generation == 0 || generation == self.generation.get() {
            return Ok(());
        }
        Err(self
            .last_break
            .borrow()
            .clone()
            .unwrap_or_else(|| Failure::new(ErrorCode::InstanceGone)))
    }

    pub(crate) fn call_begins(&self) {
        self.calls.set(self.calls.get() + 1);
    }

    pub(crate) fn call_ends(&self) {
        self.calls.set(self.calls.get() - 1);
    }

    pub(crate) fn admit(&self, bytes: u64) -> Result<(), Failure> {
        self.backlog.borrow_mut().admit(bytes)
    }

    pub(crate) fn release(&self, bytes: u64) {
        self.backlog.borrow_mut().release(bytes);
    }

    pub(crate) fn instance_broke(&self, instance: &Rc<Instance>, reason: Failure) {
        let current = self
            .instance
            .borrow()
            .as_ref()
            .is_some_and(|current| Rc::ptr_eq(current, instance));
        if !current {
            return;
        }
        *self.instance.borrow_mut() = None;
        // A facet starts again only when its parent asks for it, so nobody would hear its sockets.
        let keeps_sockets = reason.code.keeps_sockets() && self.facet.is_none();
        self.note_break(reason);
        if !keeps_sockets {
            self.sockets.cut_all();
        }
    }

    /// Ends the stubs of the present generation.
    pub(crate) fn note_break(&self, reason: Failure) {
        self.generation.set(self.generation.get() + 1);
        *self.last_break.borrow_mut() = Some(reason);
    }

    /// Whether an event waits to be delivered.
    pub(crate) fn has_backlog(&self) -> bool {
        self.backlog.borrow().events() > 0
    }

    /// Whether an event, an alarm or a JavaScript activity is unfinished.
    pub(crate) fn is_busy(&self) -> bool {
        let is_active = self
            .instance
            .borrow()
            .as_ref()
            .is_some_and(|instance| instance.idle_since_ms().is_none());
        is_active || self.has_backlog() || self.alarm.is_engaged()
    }

    pub(crate) fn evict(&self) {
        let instance = self.instance.borrow_mut().take();
        if let Some(instance) = instance {
            instance.evict();
        }
    }

    fn residency(&self) -> Residency {
        let instance = match self.instance.borrow().as_ref() {
            None => lifecycle::Instance::Absent,
            Some(instance) => match instance.idle_since_ms() {
                Some(since_ms) => lifecycle::Instance::Idle { since_ms },
                None => lifecycle::Instance::Busy,
            },
        };
        Residency {
            instance,
            references: self.calls.get()
                + self.sockets.len() as u64
                + u64::from(self.alarm.is_engaged()),
            last_access_ms: self.last_access_ms.get(),
            eviction: Eviction::Allowed,
        }
    }
}
