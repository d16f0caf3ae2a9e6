//! Where the objects are: in a running node, or in the folder of a stopped one.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use serde_json::{Value, json};
use stated_core::id::{ObjectId, UniqueKey};
use stated_node::{ObjectNamespace, Objects};
use stated_object::operate::{Evicted, Part, Resident};
use stated_storage::{AlarmIndex, Backend, Database, NamespaceFolder, Stored};

use crate::facets;
use crate::refusal::Refusal;
use crate::stopped::Stopped;

/// Objects that are read from a directory at once.
const LIST_STEP: usize = 1000;

/// The objects that an operator works on.
pub enum Store {
    /// Those of a running node.
    Running(Objects),
    /// Those of a folder that no server uses.
    Stopped(Stopped),
}

/// A namespace, wherever it is.
#[derive(Clone)]
pub(crate) struct Namespace {
    pub(crate) key: UniqueKey,
    pub(crate) service: Arc<str>,
    pub(crate) class_name: Arc<str>,
    /// Known only from the project, that is, while it runs.
    pub(crate) is_sqlite: Option<bool>,
    pub(crate) folder: NamespaceFolder,
    pub(crate) alarms: Arc<AlarmIndex>,
}

/// Which objects are listed.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    /// The last id of the page before.
    pub(crate) after: Option<String>,
    pub(crate) limit: usize,
    /// What their names must contain.
    pub(crate) name: Option<String>,
}

impl Store {
    pub(crate) fn namespaces(&self) -> Vec<Namespace> {
        match self {
            Self::Running(objects) => objects
                .namespaces()
                .iter()
                .map(Namespace::of_node)
                .collect(),
            Self::Stopped(stopped) => stopped.namespaces.clone(),
        }
    }

    pub(crate) fn namespace(&self, key: &str) -> Result<Namespace, Refusal> {
        let found = self
            .namespaces()
            .into_iter()
            .find(|namespace| namespace.key.as_str() == key);
        found.ok_or_else(|| Refusal::UnknownNamespace(key.into()))
    }

    /// One page of the objects that exist or are in memory, sorted by id.
    pub(crate) async fn list(
        &self,
        namespace: &Namespace,
        page: &Page,
    ) -> Result<Vec<Value>, Refusal> {
        let residents: BTreeMap<String, Resident> = self
            .residents(namespace)
            .await?
            .into_iter()
            .map(|resident| (resident.id.to_string(), resident))
            .collect();
        // Objects that have nothing but facets.
        let owners = facets::owners(&namespace.folder)?;
        let mut facts = Vec::new();
        let mut after = page.after.clone();
        loop {
            let stored = namespace.folder.list(after.as_deref(), LIST_STEP)?;
            let end = (stored.len() == LIST_STEP).then(|| stored[LIST_STEP - 1].id.clone());
            let mut some: BTreeMap<String, Option<Stored>> = stored
                .into_iter()
                .map(|stored| (stored.id.clone(), Some(stored)))
                .collect();
            let is_in_step = |id: &&String| {
                after.as_ref().is_none_or(|after| *id > after)
                    && end.as_ref().is_none_or(|end| *id <= end)
            };
            for id in residents.keys().chain(&owners).filter(is_in_step) {
                some.entry(id.clone()).or_insert(None);
            }
            for (id, stored) in some {
                if facts.len() == page.limit {
                    return Ok(facts);
                }
                let resident = residents.get(&id);
                let name = namespace.name(&id, resident, stored.as_ref())?;
                let wanted = |part: &String| {
                    name.as_ref()
                        .is_some_and(|name| name.contains(part.as_str()))
                };
                if page.name.as_ref().is_none_or(wanted) {
                    facts.push(namespace.facts(&id, name, resident, stored.as_ref()));
                }
            }
            if end.is_none() {
                return Ok(facts);
            }
            after = end;
        }
    }

    /// What a list says about one object.
    pub(crate) async fn facts(
        &self,
        namespace: &Namespace,
        id: ObjectId,
    ) -> Result<Value, Refusal> {
        let text = id.to_string();
        let residents = self.residents(namespace).await?;
        let resident = residents.iter().find(|resident| resident.id == id);
        let stored = namespace.folder.stored(&text)?;
        let has_facets = facets::has_any(&namespace.folder, &text);
        if resident.is_none() && stored.is_none() && !has_facets {
            return Err(Refusal::UnknownObject(text));
        }
        let name = namespace.name(&text, resident, stored.as_ref())?;
        Ok(namespace.facts(&text, name, resident, stored.as_ref()))
    }

    async fn residents(&self, namespace: &Namespace) -> Result<Vec<Resident>, Refusal> {
        match self {
            Self::Running(objects) => Ok(objects.residents(of_node(objects, namespace)).await?),
            Self::Stopped(_) => Ok(Vec::new()),
        }
    }

    /// Runs `work` on a database of the object as one turn; durable when it returns.
    pub(crate) async fn operate<T: Send + 'static>(
        &self,
        namespace: &Namespace,
        id: ObjectId,
        part: Part,
        work: impl FnOnce(&mut Database) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        match self {
            Self::Running(objects) => {
                objects
                    .operate(of_node(objects, namespace), id, part, work)
                    .await?
            }
            Self::Stopped(stopped) => stopped.operate(namespace, id, part, work)?,
        }
    }

    /// Runs `work` while the object's files are closed and nobody can open them.
    pub(crate) async fn replace<T: Send + 'static>(
        &self,
        namespace: &Namespace,
        id: ObjectId,
        work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        match self {
            Self::Running(objects) => objects.replace(of_node(objects, namespace), id, work).await,
            Self::Stopped(stopped) => stopped.replace(namespace, id, work),
        }
    }

    /// Copies the object with its facets to a folder.
    pub(crate) async fn export(
        &self,
        namespace: &Namespace,
        id: ObjectId,
        target: &Path,
    ) -> Result<(), Refusal> {
        match self {
            Self::Running(objects) => {
                let own = of_node(objects, namespace);
                Ok(objects.export(own, id, target.to_owned()).await?)
            }
            Self::Stopped(stopped) => stopped.export(namespace, id, target),
        }
    }

    /// As [`Store::replace`], and then gives the object the facets in the folder `source`.
    pub(crate) async fn replace_with_facets<T: Send + 'static>(
        &self,
        namespace: &Namespace,
        id: ObjectId,
        source: &Path,
        work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        match self {
            Self::Running(objects) => {
                let own = of_node(objects, namespace);
                let source = source.to_owned();
                objects.replace_with_facets(own, id, source, work).await
            }
            Self::Stopped(stopped) => stopped.replace_with_facets(namespace, id, source, work),
        }
    }

    pub(crate) async fn evict(&self, namespace: &Namespace, id: ObjectId) -> Result<(), Refusal> {
        let evicted = match self {
            Self::Running(objects) => objects.evict(of_node(objects, namespace), id).await?,
            Self::Stopped(_) => Evicted::Yes,
        };
        match evicted {
            Evicted::Yes => Ok(()),
            Evicted::Busy => Err(Refusal::Busy(id.to_string())),
        }
    }
}

fn of_node<'o>(objects: &'o Objects, namespace: &Namespace) -> &'o ObjectNamespace {
    let found = objects
        .namespaces()
        .iter()
        .find(|own| own.key.as_str() == namespace.key.as_str());
    found.expect("a namespace of a running store was made from one of the node's")
}

impl Namespace {
    fn of_node(own: &ObjectNamespace) -> Self {
        Self {
            key: own.key.clone(),
            service: own.service.clone(),
            class_name: own.class_name.clone(),
            is_sqlite: Some(matches!(own.backend, Backend::Sqlite { .. })),
            folder: own.folder.clone(),
            alarms: own.alarms.clone(),
        }
    }

    fn name(
        &self,
        id: &str,
        resident: Option<&Resident>,
        stored: Option<&Stored>,
    ) -> Result<Option<String>, Refusal> {
        let known = resident
            .and_then(|resident| resident.name.clone())
            .or_else(|| stored?.name.clone());
        match known {
            Some(name) => Ok(Some(name)),
            None => Ok(self.alarms.name_of(id)?),
        }
    }

    fn facts(
        &self,
        id: &str,
        name: Option<String>,
        resident: Option<&Resident>,
        stored: Option<&Stored>,
    ) -> Value {
        let modified_ms = stored
            .and_then(|stored| stored.modified)
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
            .map(|since| since.as_millis() as u64);
        json!({
            "id": id,
            "hasStoredData": stored.is_some() || facets::has_any(&self.folder, id),
            "class": &*self.class_name,
            "name": name,
            "bytes": stored.map_or(0, |stored| stored.bytes),
            "lastWriteMs": modified_ms,
            "alarmMs": self.alarms.time_of(id),
            "running": resident.is_some_and(|resident| resident.is_running),
            "sockets": resident.map_or(0, |resident| resident.sockets),
        })
    }
}
