//! The data folder: locked by this process, brought up to date with the migrations.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use stated_config::Config;
use stated_config::migrations::Change;
use stated_core::id::UniqueKey;
use stated_storage::{DataFolder, FolderError, Retention};
use stated_worker::Caches;

/// The file that remembers each service's last migration.
const APPLIED: &str = "migrations.json";

/// Why the data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The folder or one of its namespaces.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A record: of applied migrations, or of scheduled events.
    #[error("{action} `{path}`: {source}")]
    Record {
        /// What was attempted.
        action: &'static str,
        /// The record.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
}

/// Locks the folder and applies what the services' migrations still ask for.
pub(crate) fn open(
    path: &Path,
    retention: Retention,
    services: &[Config],
) -> Result<DataFolder, DataError> {
    let folder = DataFolder::open_keeping(path, retention)?;
    let record = path.join(APPLIED);
    let before: BTreeMap<String, String> = read_record(&record)?;
    let mut applied = before.clone();
    for service in services {
        let last = applied.get(&service.name).map(String::as_str);
        let (steps, known) = service.classes.steps_after(last);
        if !known {
            tracing::warn!(
                service = service.name,
                "the last applied migration is not in the project; all are applied again"
            );
        }
        for step in steps {
            apply(&folder, service, &step.change)?;
        }
        if let Some(tag) = service.classes.last_tag() {
            applied.insert(service.name.clone(), tag.to_owned());
        }
    }
    if applied != before {
        write_record(&record, &applied)?;
    }
    Ok(folder)
}

fn apply(folder: &DataFolder, service: &Config, change: &Change) -> Result<(), DataError> {
    let key = |service: &str, class: &str| UniqueKey::for_class(service, class).as_str().to_owned();
    match change {
        Change::Create { .. } | Change::HandOver { .. } => {}
        Change::Delete { class } => folder.delete_namespace(&key(&service.name, class))?,
        Change::Rename { from, to } => {
            folder.rename_namespace(&key(&service.name, from), &key(&service.name, to))?
        }
        Change::Receive {
            from_service,
            from,
            to,
        } => {
            folder.rename_namespace(&key(from_service, from), &key(&service.name, to))?;
        }
    }
    Ok(())
}

/// The folder of what the services' programs cache, without what former services left there.
pub(crate) fn caches(path: &Path, services: &[Config]) -> PathBuf {
    let folder = path.join("caches");
    let known: BTreeSet<String> = services
        .iter()
        .map(|service| Caches::folder_name(&service.name))
        .collect();
    for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
        if !known.contains(&*entry.file_name().to_string_lossy()) {
            // A cache is no promise, and one that stays is looked at again at the next start.
            let _stays = std::fs::remove_dir_all(entry.path());
        }
    }
    folder
}

/// Reads a record, which is empty when it was never written.
pub(crate) fn read_record<T: DeserializeOwned + Default>(record: &Path) -> Result<T, DataError> {
    match std::fs::read(record) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| DataError::Record {
            action: "read",
            path: record.to_owned(),
            source: std::io::Error::other(error),
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(T::default()),
        Err(source) => Err(DataError::Record {
            action: "read",
            path: record.to_owned(),
            source,
        }),
    }
}

/// Replaces a record as a whole, so that a crash leaves the old or the new one. It is on the disk
/// when this returns.
pub(crate) fn write_record(record: &Path, value: &impl Serialize) -> Result<(), DataError> {
    let failed = |source| DataError::Record {
        action: "write",
        path: record.to_owned(),
        source,
    };
    let bytes = serde_json::to_vec_pretty(value).expect("a map with strings as keys is JSON");
    let temporary = record.with_extension("json.new");
    let mut file = std::fs::File::create(&temporary).map_err(failed)?;
    std::io::Write::write_all(&mut file, &bytes).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&temporary, record).map_err(failed)?;
    // If the old record came back, a deletion would be carried out again, on a class that a later
    // migration has made.
    let folder = record.parent().unwrap_or_else(|| Path::new("."));
    std::fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(failed)
}
