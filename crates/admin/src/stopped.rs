//! The objects of a data folder that no server uses.

use std::path::Path;
use std::sync::Arc;

use stated_core::id::{ObjectId, UniqueKey};
use stated_object::operate::Part;
use stated_storage::{
    AlarmIdentity, AlarmIndex, Backend, CommitFailure, Committer, DataFolder, Database,
    DatabaseOptions, FACET_OPTIONS, Lane, OBJECT_STEM, Retention, StorageError, copy_facets,
    facet_path, replace_facets,
};

use crate::refusal::Refusal;
use crate::store::Namespace;

/// A data folder, locked while this value lives.
pub struct Stopped {
    pub(crate) folder: DataFolder,
    pub(crate) namespaces: Vec<Namespace>,
    committer: Committer,
}

impl Stopped {
    /// Locks the folder.
    ///
    /// # Errors
    /// [`Refusal::Folder`], also when a server uses it; [`Refusal::Storage`] for an alarm index that
    /// cannot be read.
    pub fn open(path: &Path) -> Result<Self, Refusal> {
        // What the server was told to keep is not known here: nothing is deleted.
        let folder = DataFolder::open_keeping(path, Retention::UNBOUNDED)?;
        let mut namespaces = Vec::new();
        for key in folder.namespace_keys()? {
            let own = folder.namespace(&key)?;
            let (service, class_name) = split_key(&key);
            namespaces.push(Namespace {
                service: service.into(),
                class_name: class_name.into(),
                is_sqlite: None,
                alarms: Arc::new(AlarmIndex::open(own.path())?),
                folder: own,
                key: UniqueKey::new(&key),
            });
        }
        // Nobody waits for reports: each operation waits for its own commit.
        let committer = folder
            .committer()
            .map_err(|error| Refusal::File("start a thread", error))?;
        Ok(Self {
            folder,
            namespaces,
            committer,
        })
    }

    pub(crate) fn operate<T>(
        &self,
        namespace: &Namespace,
        id: ObjectId,
        part: Part,
        work: impl FnOnce(&mut Database) -> T,
    ) -> Result<T, Refusal> {
        let lane = self.committer.lane();
        let mut database = match part {
            Part::Object => open(namespace, id, &lane)?,
            Part::Facet(number) => {
                let path = facet_path(namespace.folder.path(), &id.to_string(), number);
                Database::open(&path, FACET_OPTIONS, &lane)?
            }
        };
        let result = work(&mut database);
        database.end_turn().map_err(|failure| match failure {
            CommitFailure::Constraint(error) => Refusal::Sql(StorageError::Sql(error.into())),
            CommitFailure::Critical(error) | CommitFailure::Storage(error) => {
                Refusal::Storage(error)
            }
        })?;
        database.wait_until_durable()?;
        database.close()?;
        Ok(result)
    }

    pub(crate) fn replace<T>(
        &self,
        namespace: &Namespace,
        id: ObjectId,
        work: impl FnOnce() -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let lane = self.committer.lane();
        Database::replace_files(|| open(namespace, id, &lane), work)
    }

    pub(crate) fn export(
        &self,
        namespace: &Namespace,
        id: ObjectId,
        target: &Path,
    ) -> Result<(), Refusal> {
        let own = target.join(format!("{OBJECT_STEM}.sqlite"));
        self.operate(namespace, id, Part::Object, |database| {
            database.copy_to(&own)
        })??;
        let (folder, lane) = (namespace.folder.path(), self.committer.lane());
        copy_facets(folder, &id.to_string(), &lane, target, |_, _| None)?;
        Ok(())
    }

    pub(crate) fn replace_with_facets<T>(
        &self,
        namespace: &Namespace,
        id: ObjectId,
        source: &Path,
        work: impl FnOnce() -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        self.replace(namespace, id, || {
            let result = work()?;
            let (folder, lane) = (namespace.folder.path(), self.committer.lane());
            replace_facets(folder, &id.to_string(), &lane, source)?;
            Ok(result)
        })
    }
}

fn open(namespace: &Namespace, id: ObjectId, lane: &Lane) -> Result<Database, StorageError> {
    let id: Arc<str> = id.to_string().into();
    let path = namespace.folder.object_path(&id);
    let identity = AlarmIdentity {
        index: namespace.alarms.clone(),
        id,
        name: None,
    };
    // Which API the class was declared with is the project's knowledge; the files are the same.
    let backend = Backend::Sqlite { sql_enabled: true };
    Database::open(
        &path,
        DatabaseOptions {
            backend,
            alarm: Some(identity),
        },
        lane,
    )
}

/// A key is `<service>-<class>`, and the name of a class has no hyphen.
pub(crate) fn split_key(key: &str) -> (&str, &str) {
    key.rsplit_once('-').unwrap_or(("", key))
}
