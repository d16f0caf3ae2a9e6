//! What an operator does to an object from outside its program: read, edit, evict, replace.
//!
//! An operation on a running object is a turn like any other: it waits for the input gate, commits,
//! and is answered when the commit is durable. An object that does not run is not constructed for
//! it; its database is opened, used and closed without an await, so no event can come in between.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use stated_core::error::{ErrorCode, Failure};
use stated_core::id::ObjectId;
use stated_storage::{Database, OBJECT_STEM, StorageError, copy_facets, replace_facets};

use crate::alarm_edits::AlarmEdit;
use crate::namespace::{Entry, Namespace};
use crate::storage::storage_failure;

/// An object that has something in memory on its shard.
#[derive(Clone, Debug)]
pub struct Resident {
    /// The object.
    pub id: ObjectId,
    /// Its name, if a caller has told it.
    pub name: Option<String>,
    /// Whether an instance runs.
    pub is_running: bool,
    /// Its hibernatable WebSockets.
    pub sockets: usize,
}

/// Which of an object's databases an operation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// That of the object itself.
    Object,
    /// That of the facet with this number in the object's index.
    Facet(u16),
}

/// What came of the wish to evict an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evicted {
    /// Its instance is gone, or there was none. Hibernatable sockets stay.
    Yes,
    /// It has an event to finish.
    Busy,
}

impl Namespace {
    /// Returns the objects that have something in memory, sorted by id.
    pub fn residents(&self) -> Vec<Resident> {
        let mut residents: Vec<_> = self
            .entries()
            .iter()
            .map(|entry| Resident {
                id: entry.id,
                name: entry.name().map(|name| name.to_string()),
                is_running: entry.instance().is_some(),
                sockets: entry.sockets.len(),
            })
            .collect();
        residents.sort_unstable_by_key(|resident| resident.id);
        residents
    }

    /// Runs `work` on a database of the object, as one turn, and waits until what it wrote is durable.
    ///
    /// # Errors
    /// Why the database cannot be used, or the commit failed.
    pub async fn operate<T>(
        self: &Rc<Self>,
        id: ObjectId,
        part: Part,
        work: impl FnOnce(&mut Database) -> T,
    ) -> Result<T, Failure> {
        // An instance that has just broken gives its database back in a task.
        tokio::task::yield_now().await;
        let entry = self.known_entry(id);
        let root = entry.as_ref().and_then(|entry| entry.instance());
        let running = match part {
            Part::Object => root,
            Part::Facet(number) => root.and_then(|root| root.running_facets().remove(&number)),
        };
        let Some(instance) = running else {
            return match part {
                Part::Object => self.operate_closed(id, entry.as_deref(), work),
                Part::Facet(number) => self.operate_closed_facet(id, number, work),
            };
        };
        let _active = instance.active();
        let result = {
            let _turn = instance.enter(None).await?;
            let (result, edit) =
                instance.with_database(|database| alarm_watched(database, work))?;
            instance.alarm_edits.borrow_mut().extend(edit);
            result
        };
        instance.until_durable().await?;
        Ok(result)
    }

    fn operate_closed<T>(
        &self,
        id: ObjectId,
        entry: Option<&Entry>,
        work: impl FnOnce(&mut Database) -> T,
    ) -> Result<T, Failure> {
        let name = entry.and_then(Entry::name);
        let mut database = self
            .open_database(id, name)
            .map_err(|error| storage_failure(&error))?;
        let (result, edit) = alarm_watched(&mut database, work);
        database
            .end_turn()
            .map_err(|failure| crate::instance::commit_failure(&failure))?;
        match (entry, edit) {
            (Some(entry), Some(AlarmEdit::Set(at_ms))) => entry.alarm_was_set(at_ms),
            (Some(entry), Some(AlarmEdit::Delete)) => entry.alarm_was_deleted(),
            _ => {}
        }
        database
            .wait_until_durable()
            .map_err(|error| Failure::storage_failed(&error.to_string()))?;
        Ok(result)
    }

    fn operate_closed_facet<T>(
        &self,
        id: ObjectId,
        number: u16,
        work: impl FnOnce(&mut Database) -> T,
    ) -> Result<T, Failure> {
        let mut database = self
            .open_facet(id, number)
            .map_err(|error| storage_failure(&error))?;
        let result = work(&mut database);
        database
            .end_turn()
            .map_err(|failure| crate::instance::commit_failure(&failure))?;
        database
            .wait_until_durable()
            .map_err(|error| Failure::storage_failed(&error.to_string()))?;
        Ok(result)
    }

    /// Copies the object's database and those of its facets to the folder `target`: its files are
    /// there as [`copy_facets`] says. All are as they are at one moment.
    ///
    /// # Errors
    /// Why a database cannot be used, or a file not be made.
    pub async fn export(self: &Rc<Self>, id: ObjectId, target: PathBuf) -> Result<(), Failure> {
        let own = target.join(format!("{OBJECT_STEM}.sqlite"));
        let copy = move |database: &mut Database| database.copy_to(&own);
        // An instance that has just broken gives its database back in a task.
        tokio::task::yield_now().await;
        let entry = self.known_entry(id);
        let Some(instance) = entry.as_ref().and_then(|entry| entry.instance()) else {
            self.operate_closed(id, entry.as_deref(), copy)?
                .map_err(|error| storage_failure(&error))?;
            return self.copy_facets_with(id, &target, |_, _| None);
        };
        let _active = instance.active();
        {
            let _turn = instance.enter(None).await?;
            instance
                .with_database(copy)?
                .map_err(|error| storage_failure(&error))?;
            let running = instance.running_facets();
            self.copy_facets_with(id, &target, |number, copy| {
                let copied = running
                    .get(&number)?
                    .with_database(|database| database.copy_to(copy));
                // Without its database it has just broken, and what is on the disk is what it has.
                copied.ok()
            })?;
        }
        instance.until_durable().await
    }

    fn copy_facets_with(
        &self,
        id: ObjectId,
        target: &Path,
        copy_running: impl FnMut(u16, &Path) -> Option<Result<(), StorageError>>,
    ) -> Result<(), Failure> {
        let folder = &self.config().folder;
        copy_facets(
            folder,
            &id.to_string(),
            &self.parts.lane,
            target,
            copy_running,
        )
        .map_err(|error| storage_failure(&error))
    }

    /// As [`Namespace::replace`], and then gives the object the facets in the folder `source`.
    ///
    /// # Errors
    /// As there, and those of [`replace_facets`].
    pub async fn replace_with_facets<T, E: From<StorageError>>(
        &self,
        id: ObjectId,
        source: &Path,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let (folder, lane) = (&self.config().folder, &self.parts.lane);
        self.replace(id, || {
            let result = work()?;
            replace_facets(folder, &id.to_string(), lane, source)?;
            Ok(result)
        })
        .await
    }

    /// Drops the object's instance if it has nothing to do.
    pub fn evict_if_idle(&self, id: ObjectId) -> Evicted {
        match self.known_entry(id) {
            Some(entry) if entry.is_busy() => Evicted::Busy,
            Some(entry) => {
                entry.evict();
                Evicted::Yes
            }
            None => Evicted::Yes,
        }
    }

    /// Breaks the object's instance, cuts its sockets, and runs `work` while no event can start it
    /// again: its files may be deleted or replaced.
    ///
    /// # Errors
    /// `work`'s, or the new database's.
    pub async fn replace<T, E: From<StorageError>>(
        &self,
        id: ObjectId,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let entry = self.known_entry(id);
        if let Some(entry) = &entry {
            entry.sockets.cut_all();
            if let Some(instance) = entry.instance() {
                instance.break_with(Failure::new(ErrorCode::InstanceGone));
            }
            entry.forget_alarm();
        }
        // The database is given back in a task of this thread; from then on there is no await.
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        let name = entry.and_then(|entry| entry.name());
        Database::replace_files(|| self.open_database(id, name.clone()), work)
    }
}

/// Runs `work` and tells what it did to the alarm: a retry may be waiting that is about the old one.
///
/// An alarm that cannot be read has not changed; what is wrong is for `work` to say.
fn alarm_watched<T>(
    database: &mut Database,
    work: impl FnOnce(&mut Database) -> T,
) -> (T, Option<AlarmEdit>) {
    let before = database.alarm();
    let result = work(database);
    let edit = match (before, database.alarm()) {
        (Ok(before), Ok(after)) if after != before => Some(match after {
            Some(at_ms) => AlarmEdit::Set(at_ms),
            None => AlarmEdit::Delete,
        }),
        _ => None,
    };
    (result, edit)
}
