//! Facets: child objects of an instance, each with its own class, instance and database.
//!
//! A facet is an object like any other, with gates, events and breaks of its own, except that its
//! parent starts it, that it can have no alarm, and that it shares the parent's fate: it breaks with
//! the parent and is evicted with the parent. Who may call it is the parent alone, so its entry is
//! the parent's and in no registry. What starts a facet is the parent's program; it hands over a
//! [`Program`] that knows the class.
//!
//! Source: reference section 2.8.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use stated_core::error::{ErrorCode, Failure};
use stated_core::limits;
use stated_storage::{AlarmFate, FacetIndex, ROOT, StorageError};

use crate::instance::Instance;
use crate::namespace::{Entry, Namespace};
use crate::program::{Answer, Event, Program};
use crate::storage::storage_failure;

const DELETED: &str = "Facet was deleted.";
const CLONED_OVER: &str = "Facet was cloned-over.";
/// What a facet that sets an alarm breaks with.
pub const NO_ALARMS: &str = "Facets currently cannot set alarms.";

/// What a facet is started with.
pub struct FacetStart {
    /// Constructs and runs its class.
    pub program: Rc<dyn Program>,
    /// The class, for the log.
    pub class_name: Arc<str>,
}

/// What an entry that is a facet's knows of its parent.
pub(crate) struct Facet {
    parent: Weak<Instance>,
    number: u16,
    /// Present until the instance is made.
    start: RefCell<Option<Rc<dyn Program>>>,
}

impl std::fmt::Debug for Facet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Facet")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

/// Where an instance is among the facets of its object.
#[derive(Clone)]
pub(crate) struct FacetPosition {
    number: u16,
    /// 1 for the object itself.
    depth: u64,
    tree: Rc<FacetTree>,
}

/// The facet index, read when the first facet is asked for.
#[derive(Default)]
struct FacetTree(RefCell<Option<FacetIndex>>);

impl FacetPosition {
    /// That of an object.
    pub(crate) fn root() -> Self {
        Self {
            number: ROOT,
            depth: 1,
            tree: Rc::default(),
        }
    }
}

/// The facets that an instance has started.
#[derive(Default)]
pub(crate) struct Facets {
    by_name: RefCell<BTreeMap<String, Rc<Entry>>>,
}

impl Facets {
    fn get(&self, name: &str) -> Option<Rc<Entry>> {
        self.by_name.borrow().get(name).cloned()
    }

    fn all(&self) -> Vec<Rc<Entry>> {
        self.by_name.borrow().values().cloned().collect()
    }

    pub(crate) fn for_each_instance(&self, each: impl Fn(&Rc<Instance>)) {
        for instance in self.all().iter().filter_map(|entry| entry.instance()) {
            each(&instance);
        }
    }

    /// When the last of them became idle, 0 if none runs; None while one is active or has hibernatable sockets,
    /// which could not wake it without its parent.
    pub(crate) fn idle_since_ms(&self) -> Option<u64> {
        let mut since_ms = 0;
        for entry in self.by_name.borrow().values() {
            if !entry.sockets.is_empty() || entry.has_backlog() {
                return None;
            }
            if let Some(instance) = entry.instance() {
                since_ms = since_ms.max(instance.idle_since_ms()?);
            }
        }
        Some(since_ms)
    }

    /// Drops them with their idle parent.
    pub(crate) fn evict(&self) {
        for entry in self.all() {
            entry.evict();
        }
        self.by_name.borrow_mut().clear();
    }

    /// Breaks them with their parent.
    pub(crate) fn stop(&self, reason: &Failure) {
        for entry in self.all() {
            stop(&entry, reason);
        }
        self.by_name.borrow_mut().clear();
    }
}

/// Ends an instance, or a start that has not come to one.
fn stop(entry: &Rc<Entry>, reason: &Failure) {
    let starting = entry
        .facet
        .as_ref()
        .is_some_and(|facet| facet.start.take().is_some());
    match entry.instance() {
        Some(instance) => instance.break_with(reason.clone()),
        None if starting => entry.note_break(reason.clone()),
        None => {}
    }
}

impl Instance {
    /// Whether it is a facet's.
    pub fn is_facet(&self) -> bool {
        self.position.number != ROOT
    }

    /// The generation of a facet that runs or is about to; None for one that must be started.
    pub fn facet_generation(&self, name: &str) -> Option<u64> {
        let entry = self.facets.get(name)?;
        let starts = |facet: &Facet| facet.start.borrow().is_some();
        let is_there = entry.instance().is_some() || entry.facet.as_ref().is_some_and(starts);
        is_there.then(|| entry.generation())
    }

    /// The facets that run, by their numbers; those of facets included.
    pub(crate) fn running_facets(self: &Rc<Self>) -> BTreeMap<u16, Rc<Self>> {
        let mut running = BTreeMap::new();
        collect_running(self, &mut running);
        running
    }

    /// Stops a facet and its own facets; one that does not run is left alone.
    pub fn abort_facet(&self, name: &str, reason: &Failure) {
        if let Some(entry) = self.facets.get(name) {
            stop(&entry, reason);
        }
    }
}

impl Namespace {
    /// Makes a facet of a running instance ready, which is constructed when its first event comes.
    /// Returns the generation of its stubs.
    ///
    /// Its number is durable when this returns.
    ///
    /// # Errors
    /// The nesting limit, or why the facet index cannot be used.
    pub fn start_facet(
        &self,
        parent: &Rc<Instance>,
        name: &str,
        start: FacetStart,
    ) -> Result<u64, Failure> {
        if let Some(generation) = parent.facet_generation(name) {
            return Ok(generation);
        }
        if !limits::FACET_DEPTH.allows(parent.position.depth + 1) {
            return Err(Failure::new(ErrorCode::FacetTooDeep));
        }
        let number = self.with_index(parent, |index| index.assign(parent.position.number, name))?;
        let facet = Facet {
            parent: Rc::downgrade(parent),
            number,
            start: RefCell::new(Some(start.program)),
        };
        let id = parent.entry.id;
        let entry = Entry::new(id, parent.entry.namespace, start.class_name, Some(facet));
        if let Some(former) = parent.facets.get(name) {
            entry.inherit_breaks(&former);
        }
        let generation = entry.generation();
        let mut facets = parent.facets.by_name.borrow_mut();
        facets.insert(name.to_owned(), Rc::new(entry));
        Ok(generation)
    }

    /// Makes the instance of a facet that was made ready.
    pub(crate) fn new_facet_instance(
        &self,
        entry: &Rc<Entry>,
        facet: &Facet,
    ) -> Result<Rc<Instance>, Failure> {
        let gone = || Failure::new(ErrorCode::InstanceGone);
        let parent = facet.parent.upgrade().ok_or_else(gone)?;
        let program = facet.start.take().ok_or_else(gone)?;
        let position = FacetPosition {
            number: facet.number,
            depth: parent.position.depth + 1,
            tree: parent.position.tree.clone(),
        };
        let database = self.open_facet(entry.id, facet.number);
        self.instance_with(entry, database, program, position)
    }

    /// Delivers an event to a facet, as [`Namespace::deliver`] does to an object.
    ///
    /// # Errors
    /// As there.
    pub async fn deliver_to_facet(
        self: &Rc<Self>,
        parent: &Rc<Instance>,
        name: &str,
        generation: u64,
        event: Event,
    ) -> Result<(u64, Answer), Failure> {
        let entry = parent.facets.get(name).ok_or_else(|| {
            let reason = parent.reason();
            reason.unwrap_or_else(|| Failure::new(ErrorCode::InstanceGone))
        })?;
        self.deliver(&entry, generation, event).await
    }

    /// Stops a facet and deletes what it and its own facets have stored. One that never was is no
    /// error.
    ///
    /// # Errors
    /// Why the files cannot be deleted.
    pub fn delete_facet(&self, parent: &Rc<Instance>, name: &str) -> Result<(), Failure> {
        self.replace_facet(parent, name, DELETED)
    }

    /// Stops facet `target` and gives it a copy of what facet `source` and its own facets have
    /// stored. A source that never was leaves the target without storage.
    ///
    /// # Errors
    /// Why the files cannot be copied.
    pub fn clone_facet(
        &self,
        parent: &Rc<Instance>,
        source: &str,
        target: &str,
    ) -> Result<(), Failure> {
        if source == target {
            parent.abort_facet(target, &Failure::facet_stopped(CLONED_OVER));
            return Ok(());
        }
        self.replace_facet(parent, target, CLONED_OVER)?;
        let own = parent.position.number;
        let numbers = self.with_index(parent, |index| match index.number(own, source) {
            Some(from) => Ok(Some((from, index.assign(own, target)?))),
            None => Ok(None),
        })?;
        match numbers {
            Some((from, to)) => self.copy_tree(parent, parent.facets.get(source), from, to),
            None => Ok(()),
        }
    }

    /// Deletes what all facets of an instance have stored. Those that run go on with nothing stored.
    ///
    /// Durable when it returns.
    ///
    /// # Errors
    /// Why the storage cannot be deleted.
    pub fn wipe_facets(&self, parent: &Rc<Instance>) -> Result<(), Failure> {
        let own = parent.position.number;
        let doomed = self.with_index(parent, |index| Ok(index.descendants(own)))?;
        let running = parent.running_facets();
        for number in doomed {
            match running.get(&number) {
                Some(instance) => wipe(instance)?,
                None => self
                    .delete_facet_storage(parent.entry.id, number)
                    .map_err(|error| storage_failure(&error))?,
            }
        }
        Ok(())
    }

    fn replace_facet(
        &self,
        parent: &Rc<Instance>,
        name: &str,
        text: &'static str,
    ) -> Result<(), Failure> {
        parent.abort_facet(name, &Failure::facet_stopped(text));
        let own = parent.position.number;
        let doomed = self.with_index(parent, |index| {
            let number = index.number(own, name);
            Ok(number.map_or_else(Vec::new, |number| {
                let mut doomed = index.descendants(number);
                doomed.insert(0, number);
                doomed
            }))
        })?;
        for number in doomed {
            self.delete_facet_storage(parent.entry.id, number)
                .map_err(|error| storage_failure(&error))?;
        }
        Ok(())
    }

    /// Copies facet `from` to `to`, then each of its own facets. `running` is the first one's entry.
    fn copy_tree(
        &self,
        root: &Rc<Instance>,
        running: Option<Rc<Entry>>,
        from: u16,
        to: u16,
    ) -> Result<(), Failure> {
        let id = root.entry.id;
        let instance = running.as_ref().and_then(|entry| entry.instance());
        let copied = match &instance {
            Some(instance) => instance
                .with_database(|database| self.copy_facet_storage(id, from, Some(database), to))?,
            None => self.copy_facet_storage(id, from, None, to),
        };
        copied.map_err(|error| storage_failure(&error))?;
        let children = self.with_index(root, |index| {
            let found: Vec<_> = index
                .children(from)
                .map(|(number, name)| (number, name.to_owned()))
                .collect();
            let mut children = Vec::new();
            for (number, name) in found {
                let copy = index.assign(to, &name)?;
                children.push((number, name, copy));
            }
            Ok(children)
        })?;
        for (number, name, copy) in children {
            let running = instance.as_ref().and_then(|facet| facet.facets.get(&name));
            self.copy_tree(root, running, number, copy)?;
        }
        Ok(())
    }

    fn with_index<T>(
        &self,
        instance: &Instance,
        work: impl FnOnce(&mut FacetIndex) -> Result<T, StorageError>,
    ) -> Result<T, Failure> {
        let mut tree = instance.position.tree.0.borrow_mut();
        let opened = match tree.take() {
            Some(index) => Ok(index),
            None => self.open_facet_index(instance.entry.id),
        };
        let done = opened.and_then(|index| work(tree.insert(index)));
        done.map_err(|error| storage_failure(&error))
    }
}

fn collect_running(parent: &Rc<Instance>, running: &mut BTreeMap<u16, Rc<Instance>>) {
    for instance in parent
        .facets
        .all()
        .iter()
        .filter_map(|entry| entry.instance())
    {
        collect_running(&instance, running);
        running.insert(instance.position.number, instance);
    }
}

/// Deletes what a running facet has stored.
fn wipe(instance: &Instance) -> Result<(), Failure> {
    instance
        .delete_all(AlarmFate::Delete)?
        .map_err(|error| storage_failure(&error))?;
    instance
        .with_database(|database| database.wait_until_durable())?
        .map_err(|error| Failure::storage_failed(&error.to_string()))
}
