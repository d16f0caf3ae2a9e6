//! What recovery has found of objects in lanes, put where settling takes it from.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use super::rows;
use super::{Base, Directory, Mark, ObjectPages, StorageError};
use crate::history::History;
use crate::lane_log::AlarmChange;
use crate::object_name::ObjectName;
use crate::object_pages::Turn;

/// The pages of one record.
pub(crate) type RecordPages<'a> = Vec<(u32, &'a [u8])>;

/// What lanes have of one object: its last state, in so far as it is not in its base.
#[derive(Debug, Default)]
pub(crate) struct Recovered<'a> {
    pub(crate) mark: Mark,
    pub(crate) pages: HashMap<u32, &'a [u8]>,
    /// The commits that made them, oldest first.
    pub(crate) turns: Vec<(Mark, RecordPages<'a>)>,
    pub(crate) name: Option<&'a str>,
    pub(crate) alarm: AlarmChange,
    /// Why not all of its commits could be read.
    pub(crate) damage: Option<String>,
}

impl Directory {
    /// Settles what was found of objects, which nobody uses yet.
    pub(crate) fn recover(
        &self,
        objects: Vec<(ObjectName, Recovered<'_>)>,
    ) -> Result<(), StorageError> {
        let mut sound = Vec::new();
        for (name, recovered) in objects {
            if let Some(reason) = &recovered.damage {
                tracing::error!(object_id = %name, %reason, "an object is damaged");
                rows::set_damage(&self.writer(), &name, reason)?;
                continue;
            }
            let base = (Mark::default(), Base::Closed);
            let pages = ObjectPages::new(name, Weak::clone(&self.myself), base, true);
            let encoded = |pages: &[(u32, &[u8])]| {
                let pages = pages.iter();
                pages
                    .map(|(number, page)| (*number, (*page).into()))
                    .collect()
            };
            pages.recovered(
                recovered.mark,
                recovered
                    .pages
                    .iter()
                    .map(|(number, page)| (*number, (*page).into())),
                recovered.turns.iter().map(|(mark, pages)| Turn {
                    mark: *mark,
                    pages: encoded(pages),
                }),
                recovered.name,
            );
            sound.push(Arc::new(pages));
        }
        self.settle_after(&sound, History::keep_again)
    }
}
