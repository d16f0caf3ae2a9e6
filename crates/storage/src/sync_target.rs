//! One open database as the committer sees it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::alarm::AlarmLink;
use crate::commit::{DatabaseKey, DurabilityError};
use crate::directory::Directory;
use crate::object_pages::ObjectPages;

/// What is needed to make the commits of one open database durable.
#[derive(Debug)]
pub(crate) struct SyncTarget {
    pub(crate) key: DatabaseKey,
    pub(crate) pages: Arc<ObjectPages>,
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) alarm: Option<AlarmLink>,
    failure: Mutex<Option<DurabilityError>>,
}

impl SyncTarget {
    pub(crate) fn new(
        directory: Arc<dyn Directory>,
        pages: Arc<ObjectPages>,
        alarm: Option<AlarmLink>,
    ) -> Self {
        Self {
            key: DatabaseKey::next(),
            pages,
            directory,
            alarm,
            failure: Mutex::default(),
        }
    }

    /// The first failure, if commits of this database ever failed.
    pub(crate) fn failure(&self) -> Option<DurabilityError> {
        let failure = self.failure.lock();
        failure.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes every later commit fail with this error, or with an earlier one.
    pub(crate) fn fail(&self, error: DurabilityError) -> DurabilityError {
        let failure = self.failure.lock();
        let mut failure = failure.unwrap_or_else(PoisonError::into_inner);
        failure.get_or_insert(error).clone()
    }
}
