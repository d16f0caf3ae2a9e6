//! The facets that objects have, as an operator sees them: read from the files, whoever runs.
//!
//! An object that has only facets has no database, so the index of its facets is what says that it
//! exists. That index is a file of its own beside the databases.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};
use stated_storage::{FacetIndex, NamespaceFolder, ROOT, facet_index_path};

use crate::refusal::Refusal;

/// Returns the ids of the objects that ever had facets.
pub(crate) fn owners(folder: &NamespaceFolder) -> Result<BTreeSet<String>, Refusal> {
    let failed = |error| Refusal::File("read the folder of a namespace", error);
    let mut ids = BTreeSet::new();
    for entry in fs::read_dir(folder.path()).map_err(failed)? {
        // Names that are not UTF-8 are nobody's objects.
        let Ok(name) = entry.map_err(failed)?.file_name().into_string() else {
            continue;
        };
        if let Some(id) = name.strip_suffix(".facets")
            && stated_core::id::ObjectId::from_hex(id).is_some()
        {
            ids.insert(id.to_owned());
        }
    }
    Ok(ids)
}

/// Whether an object ever had facets.
pub(crate) fn has_any(folder: &NamespaceFolder, id: &str) -> bool {
    facet_index_path(folder.path(), id).exists()
}

/// Returns the number of the facet that the names lead to, the first one of the object's own.
///
/// # Errors
/// [`Refusal::UnknownFacet`], also when it has nothing stored; [`Refusal::Storage`].
pub(crate) fn number(folder: &NamespaceFolder, id: &str, path: &[String]) -> Result<u16, Refusal> {
    let index = FacetIndex::open(&facet_index_path(folder.path(), id))?;
    let found = path
        .iter()
        .try_fold(ROOT, |parent, name| index.number(parent, name));
    match found {
        Some(number) if folder.stored(&format!("{id}.{number}"))?.is_some() => Ok(number),
        _ => Err(Refusal::UnknownFacet {
            id: id.to_owned(),
            path: path.to_owned(),
        }),
    }
}

/// Returns `{path, number, bytes}` of each facet of an object that has stored something, parents
/// before children; the path begins with the name of a facet of the object's own.
pub(crate) fn of_object(folder: &NamespaceFolder, id: &str) -> Result<Vec<Value>, Refusal> {
    let index = FacetIndex::open(&facet_index_path(folder.path(), id))?;
    let mut facets = Vec::new();
    // The index bounds it: each facet has one parent.
    let mut parents: Vec<(u16, Vec<String>)> = vec![(ROOT, Vec::new())];
    while let Some((parent, path)) = parents.pop() {
        for (number, name) in index.children(parent) {
            let path = [path.as_slice(), &[name.to_owned()]].concat();
            if let Some(stored) = folder.stored(&format!("{id}.{number}"))? {
                facets.push(json!({ "path": path, "number": number, "bytes": stored.bytes }));
            }
            parents.push((number, path));
        }
    }
    facets.sort_by_key(|facet| facet["number"].as_u64());
    Ok(facets)
}
