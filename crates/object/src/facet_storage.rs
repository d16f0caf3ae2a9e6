//! Where the facets of an object keep their data: one more database each, beside the object's.
//!
//! Nothing here knows whether a facet runs; callers have stopped those whose storage they delete or
//! replace. Source: reference sections 2.8 and 13.

use std::path::PathBuf;

use stated_core::id::ObjectId;
use stated_storage::{
    Database, FACET_OPTIONS, FacetIndex, StorageError, delete_database, facet_index_path,
    facet_path, replace_database,
};

use crate::namespace::Namespace;

impl Namespace {
    /// Reads which facets an object ever had.
    pub(crate) fn open_facet_index(&self, id: ObjectId) -> Result<FacetIndex, StorageError> {
        FacetIndex::open(&facet_index_path(&self.config().folder, &id.to_string()))
    }

    /// Opens the database of a facet, which must not be open.
    pub(crate) fn open_facet(&self, id: ObjectId, number: u16) -> Result<Database, StorageError> {
        Database::open(
            &self.facet_path(id, number),
            FACET_OPTIONS,
            &self.parts.lane,
        )
    }

    /// Deletes what a facet has stored; its database must be closed.
    pub(crate) fn delete_facet_storage(
        &self,
        id: ObjectId,
        number: u16,
    ) -> Result<(), StorageError> {
        delete_database(
            &self.facet_path(id, number),
            &FACET_OPTIONS,
            &self.parts.lane,
        )
    }

    /// Copies what a facet has committed to another one, whose database must be closed. `live` is
    /// the open database of the first, if it runs.
    pub(crate) fn copy_facet_storage(
        &self,
        id: ObjectId,
        from: u16,
        live: Option<&mut Database>,
        to: u16,
    ) -> Result<(), StorageError> {
        let copy = self.config().folder.join(format!("{id}.{to}.copy"));
        match live {
            Some(database) => database.copy_to(&copy)?,
            None => self.open_facet(id, from)?.copy_to(&copy)?,
        }
        let target = self.facet_path(id, to);
        replace_database(&target, &FACET_OPTIONS, &self.parts.lane, &copy)
    }

    /// By what name a facet's database is known; there need not be a file of that name.
    fn facet_path(&self, id: ObjectId, number: u16) -> PathBuf {
        facet_path(&self.config().folder, &id.to_string(), number)
    }
}
