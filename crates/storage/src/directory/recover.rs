//! What recovery has found of objects in lanes, put where settling takes it from.

use std::collections::HashMap;
use std::sync::Arc;

use super::rows;
use super::{Base, LocalDirectory, Mark, ObjectPages, StorageError};
use crate::alarm_index::AlarmIndex;
use crate::history::History;
use crate::lane_log::AlarmChange;
use crate::object_name::ObjectName;
use crate::object_pages::Turn;
use crate::page::EncodedPage;

/// How often recovery settles before it says that it cannot.
const ATTEMPTS_MAX: u32 = 16;

/// What a lane has of one commit.
#[derive(Debug)]
pub(crate) struct Recovered<'a> {
    pub(crate) mark: Mark,
    pub(crate) pages: Vec<(u32, &'a [u8])>,
    pub(crate) name: Option<&'a str>,
    pub(crate) alarm: AlarmChange,
    /// Why its pages cannot be read.
    pub(crate) damage: Option<String>,
}

/// An object's commits that its base has not got, put together.
#[derive(Debug, Default)]
struct Tail {
    mark: Mark,
    pages: HashMap<u32, EncodedPage>,
    turns: Vec<Turn>,
    name: Option<String>,
    alarm: AlarmChange,
}

impl LocalDirectory {
    pub(super) fn recover(
        &self,
        objects: Vec<(ObjectName, Vec<Recovered<'_>>)>,
    ) -> Result<(), StorageError> {
        let mut found = Vec::new();
        let mut damages = Vec::new();
        let mut alarms = Vec::new();
        for (name, commits) in objects {
            let known = rows::known(&self.reader(), &name)?.unwrap_or_default();
            let mut tail = Tail {
                name: known.name,
                ..Tail::default()
            };
            // The base was synced with these. A lane that ends before the base does was given up.
            let new = commits
                .into_iter()
                .filter(|commit| commit.mark.txid > known.txid);
            for commit in new {
                if let Some(reason) = commit.damage {
                    damages.push((name.clone(), reason));
                    break;
                }
                tail.add(commit);
            }
            if tail.turns.is_empty() {
                continue;
            }
            alarms.push((name.to_string(), tail.name.clone(), tail.alarm));
            let base = (Mark::default(), Base::Closed);
            let pages = ObjectPages::new(name, self.myself(), base, true);
            pages.recovered(tail.mark, tail.pages, tail.turns, tail.name.as_deref());
            found.push(Arc::new(pages));
        }
        let index = Arc::new(AlarmIndex::open(&self.folder)?);
        index.apply(&alarms)?;
        self.alarms_are_in(&index);
        // One whose file cannot be written is given up after some attempts.
        let mut attempts = 1;
        while let Err(error) = self.settle_after(&found, History::keep_again) {
            if attempts == ATTEMPTS_MAX || !found.iter().any(|pages| pages.has_failed()) {
                return Err(error);
            }
            attempts += 1;
        }
        for (name, reason) in damages {
            tracing::error!(object_id = %name, %reason, "an object is damaged");
            rows::set_damage(&self.writer(), &name, &reason)?;
        }
        Ok(())
    }
}

impl Tail {
    fn add(&mut self, commit: Recovered<'_>) {
        let pages: Arc<[(u32, EncodedPage)]> = commit
            .pages
            .into_iter()
            .map(|(number, page)| (number, page.into()))
            .collect();
        if commit.mark.page_count < self.mark.page_count {
            let page_count = commit.mark.page_count;
            self.pages.retain(|number, _| *number <= page_count);
        }
        self.pages.extend(pages.iter().cloned());
        self.mark = commit.mark;
        self.turns.push(Turn {
            mark: commit.mark,
            pages,
        });
        self.name = commit.name.map(Into::into).or_else(|| self.name.take());
        self.alarm = commit.alarm.or(self.alarm);
    }
}
