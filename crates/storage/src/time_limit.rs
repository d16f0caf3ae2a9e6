//! A bound on how long statements may run that are not a program's own: an operator's.
//!
//! A program's statements end with its event's processor time; see [`Database::set_stop_flag`].

use std::rc::Rc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::database::Database;
use crate::error::StorageError;

/// How often statements are interrupted after the limit: the next one of a script begins anew.
const INTERRUPT_PERIOD: Duration = Duration::from_millis(5);

impl Database {
    /// Runs `work`, whose statements fail with `SQLITE_INTERRUPT` once `limit` has passed.
    ///
    /// One that was writing undoes everything since the last commit; the owner then has to
    /// [`discard`](Self::discard) it.
    ///
    /// # Errors
    /// SQLite's, when the database cannot be opened, or the operating system's, when there is no
    /// thread to watch the time.
    pub fn within<T>(
        &mut self,
        limit: Duration,
        work: impl FnOnce(&mut Self) -> T,
    ) -> Result<T, StorageError> {
        let sqlite = Rc::clone(&self.connect()?.sqlite);
        let handle = sqlite.get_interrupt_handle();
        let mut settling = sqlite.prepare("SELECT 1")?;
        let (done, is_done) = mpsc::channel::<()>();
        let watch = move || {
            let mut wait = limit;
            while is_done.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                handle.interrupt();
                wait = INTERRUPT_PERIOD;
            }
        };
        let result = thread::scope(|scope| {
            let spawned = thread::Builder::new()
                .name("time limit".to_owned())
                .spawn_scoped(scope, watch);
            if let Err(error) = spawned {
                return Err(StorageError::file(
                    "watch the time of",
                    self.target.pages.name.to_string(),
                    error,
                ));
            }
            let result = work(self);
            drop(done);
            Ok(result)
        });
        // An interrupt that met no statement is still there, and would refuse whatever is compiled next, a ROLLBACK too. It
        // goes when a compiled statement begins.
        if let Err(error) = settling.exists([]) {
            tracing::debug!(%error, "end a time limit");
        }
        result
    }
}
