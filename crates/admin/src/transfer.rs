//! Whole folders of objects: taken over from workerd, and handed back.
//!
//! workerd's layout is ours, namespace by namespace, so a transfer copies databases and carries the
//! alarms over. A copy is consistent even while the other program runs, object by object.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use stated_storage::{
    AlarmIndex, FacetIndex, NamespaceFolder, ROOT, check_integrity, copy_database, facet_path,
    for_each_entry,
};
use tempfile::TempDir;

use crate::refusal::Refusal;
use crate::stopped::Stopped;
use crate::value::check_version;

/// Objects that are read from a directory at once.
const EXPORT_STEP: usize = 1000;

/// What was transferred of one namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transferred {
    /// The unique key.
    pub key: String,
    /// How many objects.
    pub objects: usize,
    /// How many of them have an alarm.
    pub alarms: usize,
}

impl Stopped {
    /// Copies every namespace of a folder in workerd's layout (`.wrangler/state/v3/do`) into this
    /// one. The source is not changed. A namespace is taken over whole or not at all.
    ///
    /// # Errors
    /// [`Refusal::Conflict`] when there is nothing to take over, when a namespace has objects here
    /// already, or when a database is damaged or holds values that cannot be read; [`Refusal::File`],
    /// [`Refusal::Storage`], [`Refusal::Folder`].
    pub fn import_folder(&mut self, source: &Path) -> Result<Vec<Transferred>, Refusal> {
        let mut found = Vec::new();
        for (key, folder) in namespaces_in(source)? {
            let files = database_files(&folder)?;
            if files.iter().any(|file| file.is_object) {
                if !self.folder.namespace(&key)?.list(None, 1)?.is_empty() {
                    let text = format!("namespace `{key}` has objects here already");
                    return Err(Refusal::Conflict(text));
                }
                found.push((key, folder, files));
            }
        }
        if found.is_empty() {
            return Err(Refusal::Conflict(format!(
                "`{}` has no objects in workerd's layout",
                source.display()
            )));
        }
        // Indices keep their files open, and the folders are about to be replaced.
        self.namespaces.clear();
        found
            .into_iter()
            .map(|(key, folder, files)| self.import_namespace(&key, &folder, &files))
            .collect()
    }

    fn import_namespace(
        &self,
        key: &str,
        source: &Path,
        files: &[DatabaseFile],
    ) -> Result<Transferred, Refusal> {
        let staging = TempDir::with_prefix_in(".import-", self.folder.path())
            .map_err(file("make a folder"))?;
        let staged = staging.path().join(key);
        fs::create_dir(&staged).map_err(file("make a folder"))?;
        copy_files(files, &staged)?;
        for each in files.iter().filter(|file| file.is_database) {
            let copy = staged.join(&each.name);
            if let Some(fault) = check_integrity(&copy)? {
                return Err(Refusal::Conflict(format!(
                    "`{}` is damaged: {fault}",
                    each.path.display()
                )));
            }
            check_values(&copy)?;
        }
        let alarms = copy_alarms(source, &staged)?;
        self.folder.delete_namespace(key)?;
        self.folder.adopt_namespace(key, &staged)?;
        Ok(Transferred {
            key: key.into(),
            objects: count_objects(files),
            alarms,
        })
    }

    /// Writes every namespace in workerd's layout into a folder that does not exist or is empty.
    ///
    /// # Errors
    /// [`Refusal::Conflict`] when the folder has something in it; [`Refusal::File`],
    /// [`Refusal::Storage`].
    pub fn export_folder(&mut self, target: &Path) -> Result<Vec<Transferred>, Refusal> {
        fs::create_dir_all(target).map_err(file("make the folder"))?;
        if fs::read_dir(target)
            .map_err(file("read the folder"))?
            .next()
            .is_some()
        {
            return Err(Refusal::Conflict(format!(
                "`{}` is not empty",
                target.display()
            )));
        }
        let mut written = Vec::new();
        for namespace in self.namespaces.drain(..) {
            let key = namespace.key.as_str().to_owned();
            let folder = namespace.folder.clone();
            let source = folder.path().to_owned();
            // The index holds its file exclusively.
            drop(namespace);
            let own = target.join(&key);
            fs::create_dir(&own).map_err(file("make a folder"))?;
            let objects = export_objects(&folder, &own)?;
            let indices: Vec<_> = database_files(&source)?
                .into_iter()
                .filter(|file| !file.is_database)
                .collect();
            copy_files(&indices, &own)?;
            for index in &indices {
                export_facets(&folder, index, &own)?;
            }
            if objects == 0 && indices.is_empty() {
                fs::remove_dir(&own).map_err(file("remove a folder"))?;
                continue;
            }
            let alarms = copy_alarms(&source, &own)?;
            written.push(Transferred {
                key,
                objects,
                alarms,
            });
        }
        Ok(written)
    }
}

/// Writes the database of each object to a file of its own.
fn export_objects(folder: &NamespaceFolder, target: &Path) -> Result<usize, Refusal> {
    let mut count = 0;
    let mut after = None;
    loop {
        let some = folder.list(after.as_deref(), EXPORT_STEP)?;
        let Some(last) = some.last() else {
            return Ok(count);
        };
        after = Some(last.id.clone());
        for stored in &some {
            folder.export_object(&stored.id, &target.join(format!("{}.sqlite", stored.id)))?;
        }
        count += some.len();
    }
}

/// Writes the databases of an object's facets, those that have stored something.
fn export_facets(
    folder: &NamespaceFolder,
    index: &DatabaseFile,
    target: &Path,
) -> Result<(), Refusal> {
    let (id, _) = index.name.split_once('.').unwrap_or((&index.name, ""));
    for number in FacetIndex::open(&index.path)?.descendants(ROOT) {
        let facet = format!("{id}.{number}");
        if folder.stored(&facet)?.is_some() {
            folder.export_object(&facet, &facet_path(target, id, number))?;
        }
    }
    Ok(())
}

/// Checks that every value in a database can be read.
///
/// # Errors
/// [`Refusal::Value`] with the first key whose value cannot.
pub(crate) fn check_values(database: &Path) -> Result<(), Refusal> {
    let mut refused = None;
    for_each_entry(database, |key, bytes| {
        refused = check_version(bytes).err().map(|source| Refusal::Value {
            key: key.into(),
            source,
        });
        refused.is_none()
    })?;
    refused.map_or(Ok(()), Err)
}

/// A file of a namespace's folder.
struct DatabaseFile {
    path: PathBuf,
    name: String,
    /// Not one of an object's facets.
    is_object: bool,
    is_database: bool,
}

fn namespaces_in(folder: &Path) -> Result<Vec<(String, PathBuf)>, Refusal> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(file("read the folder"))? {
        let entry = entry.map_err(file("read the folder"))?;
        let path = entry.path();
        if let (true, Ok(key)) = (path.is_dir(), entry.file_name().into_string())
            && !key.starts_with('.')
        {
            found.push((key, path));
        }
    }
    found.sort();
    Ok(found)
}

/// The objects' databases, their facets, and the indices of facets; sorted.
fn database_files(folder: &Path) -> Result<Vec<DatabaseFile>, Refusal> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(file("read the folder"))? {
        let entry = entry.map_err(file("read the folder"))?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let Some((id, rest)) = name.split_once('.') else {
            continue;
        };
        let is_id = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_object = rest == "sqlite";
        let is_facet = rest
            .strip_suffix(".sqlite")
            .is_some_and(|number| number.parse::<u16>().is_ok());
        if is_id && (is_object || is_facet || rest == "facets") {
            files.push(DatabaseFile {
                path: entry.path(),
                name,
                is_object,
                is_database: is_object || is_facet,
            });
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn copy_files(files: &[DatabaseFile], target: &Path) -> Result<(), Refusal> {
    for each in files {
        let copy = target.join(&each.name);
        if each.is_database {
            copy_database(&each.path, &copy)?;
        } else {
            fs::copy(&each.path, &copy).map_err(file("copy a facet index"))?;
        }
    }
    Ok(())
}

fn count_objects(files: &[DatabaseFile]) -> usize {
    files.iter().filter(|file| file.is_object).count()
}

/// Carries alarms and names over by way of a copy, since opening an index changes its file.
fn copy_alarms(source: &Path, target: &Path) -> Result<usize, Refusal> {
    let metadata = source.join("metadata.sqlite");
    if !metadata.exists() {
        return Ok(0);
    }
    copy_database(&metadata, &target.join("metadata.sqlite"))?;
    let index = AlarmIndex::open(target)?;
    Ok(index.count())
}

fn file(action: &'static str) -> impl Fn(io::Error) -> Refusal {
    move |error| Refusal::File(action, error)
}
