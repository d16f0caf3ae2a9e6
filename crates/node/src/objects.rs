//! The objects of a running node, as an operator reaches them: each on the shard that owns it.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use stated_core::error::Failure;
use stated_core::id::{ObjectId, UniqueKey};
use stated_object::namespace::Namespace;
use stated_object::operate::{Evicted, Part, Resident};
use stated_storage::{AlarmIndex, Backend, DataFolder, Database, NamespaceFolder, StorageError};
use tokio::sync::{Notify, oneshot};

use crate::data::DataError;
use crate::plan::ServicePlan;
use crate::topology::{Command, Topology, shard_gone};

/// What a shard does for an operator; the answer leaves through a channel that the task holds.
pub(crate) type Task = Box<dyn FnOnce(Rc<Namespace>) -> Pin<Box<dyn Future<Output = ()>>> + Send>;

/// The objects of all services. Cheap to clone.
#[derive(Clone)]
pub struct Objects {
    namespaces: Arc<[ObjectNamespace]>,
    topology: Topology,
}

/// One namespace of a running node.
#[derive(Clone)]
pub struct ObjectNamespace {
    /// Its unique key, which is also the name of its folder.
    pub key: UniqueKey,
    /// The service whose class it is.
    pub service: Arc<str>,
    /// The class.
    pub class_name: Arc<str>,
    /// Which storage API the class was declared with.
    pub backend: Backend,
    /// Where its databases are.
    pub folder: NamespaceFolder,
    /// Its alarms and names.
    pub alarms: Arc<AlarmIndex>,
    /// The service and the place in its list of namespaces.
    place: (usize, usize),
    nudge: Arc<Notify>,
}

impl Objects {
    pub(crate) fn new(
        plans: &[Arc<ServicePlan>],
        nudges: &[Arc<Notify>],
        folder: &DataFolder,
        topology: Topology,
    ) -> Result<Self, DataError> {
        let mut namespaces = Vec::new();
        for (service, plan) in plans.iter().enumerate() {
            for config in &plan.namespaces {
                let key = UniqueKey::for_class(&plan.name, &config.class_name);
                namespaces.push(ObjectNamespace {
                    service: plan.name.clone(),
                    class_name: config.class_name.clone(),
                    backend: config.backend,
                    folder: folder.namespace(key.as_str())?,
                    alarms: config.alarms.clone(),
                    place: (service, config.index),
                    nudge: nudges[service].clone(),
                    key,
                });
            }
        }
        Ok(Self {
            namespaces: namespaces.into(),
            topology,
        })
    }

    /// Returns the namespaces, those of the first service first.
    pub fn namespaces(&self) -> &[ObjectNamespace] {
        &self.namespaces
    }

    /// Returns the objects of a namespace that have something in memory, of each shard sorted by id.
    ///
    /// # Errors
    /// The node is shutting down.
    pub async fn residents(&self, namespace: &ObjectNamespace) -> Result<Vec<Resident>, Failure> {
        let mut residents = Vec::new();
        for shard in 0..self.topology.shard_count(namespace.place.0) {
            residents.extend(
                self.ask(namespace, shard, |own| async move { own.residents() })
                    .await?,
            );
        }
        Ok(residents)
    }

    /// Runs `work` on a database of an object as one turn; returns when what it wrote is durable.
    ///
    /// # Errors
    /// Why the database cannot be used, why the commit failed, or that the node is shutting down.
    pub async fn operate<T: Send + 'static>(
        &self,
        namespace: &ObjectNamespace,
        id: ObjectId,
        part: Part,
        work: impl FnOnce(&mut Database) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let shard = self.topology.owner(namespace.place.0, &id);
        let result = self
            .ask(namespace, shard, move |own| async move {
                own.operate(id, part, work).await
            })
            .await?;
        // The alarm may be another one now.
        namespace.nudge.notify_one();
        result
    }

    /// Ends an object's instance and runs `work` while no event can start it again.
    ///
    /// # Errors
    /// `work`'s, the new database's, or that the node is shutting down.
    pub async fn replace<
        T: Send + 'static,
        E: From<StorageError> + From<Failure> + Send + 'static,
    >(
        &self,
        namespace: &ObjectNamespace,
        id: ObjectId,
        work: impl FnOnce() -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let shard = self.topology.owner(namespace.place.0, &id);
        let result = self
            .ask(namespace, shard, move |own| async move {
                own.replace(id, work).await
            })
            .await?;
        namespace.nudge.notify_one();
        result
    }

    /// Copies an object's database and those of its facets to a folder, as
    /// [`Namespace::export`] says.
    ///
    /// # Errors
    /// As there, or that the node is shutting down.
    pub async fn export(
        &self,
        namespace: &ObjectNamespace,
        id: ObjectId,
        target: PathBuf,
    ) -> Result<(), Failure> {
        let shard = self.topology.owner(namespace.place.0, &id);
        self.ask(namespace, shard, move |own| async move {
            own.export(id, target).await
        })
        .await?
    }

    /// As [`Objects::replace`], and then gives the object the facets in the folder `source`.
    ///
    /// # Errors
    /// As there, and those of the facets' files.
    pub async fn replace_with_facets<
        T: Send + 'static,
        E: From<StorageError> + From<Failure> + Send + 'static,
    >(
        &self,
        namespace: &ObjectNamespace,
        id: ObjectId,
        source: PathBuf,
        work: impl FnOnce() -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let shard = self.topology.owner(namespace.place.0, &id);
        let result = self
            .ask(namespace, shard, move |own| async move {
                own.replace_with_facets(id, &source, work).await
            })
            .await?;
        namespace.nudge.notify_one();
        result
    }

    /// Drops an object's instance if it has nothing to do.
    ///
    /// # Errors
    /// The node is shutting down.
    pub async fn evict(
        &self,
        namespace: &ObjectNamespace,
        id: ObjectId,
    ) -> Result<Evicted, Failure> {
        let shard = self.topology.owner(namespace.place.0, &id);
        self.ask(
            namespace,
            shard,
            move |own| async move { own.evict_if_idle(id) },
        )
        .await
    }

    async fn ask<T, F>(
        &self,
        namespace: &ObjectNamespace,
        shard: usize,
        task: impl FnOnce(Rc<Namespace>) -> F + Send + 'static,
    ) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Future<Output = T> + 'static,
    {
        let (service, index) = namespace.place;
        let (reply, answer) = oneshot::channel();
        let task: Task = Box::new(move |own| {
            let result = task(own);
            Box::pin(async move {
                let _unused = reply.send(result.await);
            })
        });
        let sent = self
            .topology
            .sender(service, shard)
            .send(Command::Operate {
                namespace: index,
                task,
            })
            .await;
        sent.map_err(|_| shard_gone())?;
        answer.await.map_err(|_| shard_gone())
    }
}
