//! Runs the bundler so that its panics and its silence stay outside of the server.
//!
//! The bundler runs tasks of its own; a task that panics is gone, and the loader then waits for it
//! for ever. So the work gets a thread and a runtime to itself, a panic on the thread is caught,
//! and a runtime without tasks whose work is not done counts as stopped.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// How often the runtime's tasks are counted.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How many looks in a row must find no task before the work counts as stopped. The work itself
/// waits for nothing but its tasks, so a second is plenty even on a busy machine.
const EMPTY_LOOKS_MAX: u32 = 10;

/// Deeply nested sources recurse deeply; an overflow could not be caught.
const STACK_BYTES: usize = 16 << 20;

/// More threads than this gain nothing for projects of Worker size.
const THREADS_MAX: usize = 4;

/// Why there is no result.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Stopped {
    /// The work panicked with this message.
    #[error("the bundler panicked: {0}")]
    Panicked(String),
    /// A task of the work disappeared; its panic went to the standard error stream.
    #[error("the bundler stopped before it was done")]
    Silent,
    /// The operating system gives no thread.
    #[error("start the bundler's thread: {0}")]
    NoThread(String),
}

/// Runs the future that `make` gives on a thread and a runtime of its own.
///
/// Dropping the returned future lets the work run to its end unseen.
///
/// # Errors
/// [`Stopped`], when the work panics, dies silently or cannot start.
pub(crate) async fn run<T, F>(make: impl FnOnce() -> F + Send + 'static) -> Result<T, Stopped>
where
    T: Send + 'static,
    F: Future<Output = T>,
{
    let (sender, receiver) = oneshot::channel();
    let work = move || {
        let outcome = catch_unwind(AssertUnwindSafe(|| drive(make)));
        let outcome = outcome.unwrap_or_else(|payload| Err(Stopped::Panicked(message(&*payload))));
        // The caller may have gone away; then nobody wants the result.
        drop(sender.send(outcome));
    };
    std::thread::Builder::new()
        .name("stated-bundle".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(work)
        .map_err(|error| Stopped::NoThread(error.to_string()))?;
    receiver.await.unwrap_or(Err(Stopped::Silent))
}

fn drive<T, F: Future<Output = T>>(make: impl FnOnce() -> F) -> Result<T, Stopped> {
    let threads = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(THREADS_MAX);
    let runtime = Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name("stated-bundle")
        .thread_stack_size(STACK_BYTES)
        .enable_time()
        .build()
        .map_err(|error| Stopped::NoThread(error.to_string()))?;
    let outcome = runtime.block_on(unless_silent(make));
    // What is left of a stopped build must not keep the caller waiting.
    runtime.shutdown_background();
    outcome
}

async fn unless_silent<T, F: Future<Output = T>>(make: impl FnOnce() -> F) -> Result<T, Stopped> {
    let metrics = Handle::current().metrics();
    let mut work = pin!(make());
    let mut empty_looks = 0;
    while empty_looks < EMPTY_LOOKS_MAX {
        tokio::select! {
            // The result wins over a look that is due at the same time.
            biased;
            result = &mut work => return Ok(result),
            () = tokio::time::sleep(LOOK_EVERY) => {
                empty_looks = if metrics.num_alive_tasks() == 0 { empty_looks + 1 } else { 0 };
            }
        }
    }
    Err(Stopped::Silent)
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_result_comes_back() {
        assert_eq!(run(|| async { 7 }).await, Ok(7));
    }

    #[tokio::test]
    async fn a_panic_comes_back_as_its_message() {
        let outcome = run(|| async { panic!("at line {}", 3) }).await;

        assert_eq!(
            outcome,
            Err::<(), _>(Stopped::Panicked("at line 3".to_owned()))
        );
    }

    #[tokio::test]
    async fn work_that_waits_for_a_task_that_panicked_is_given_up() {
        let outcome = run(|| async {
            let (sender, mut receiver) = tokio::sync::mpsc::channel::<()>(1);
            let theirs = sender.clone();
            let task = tokio::spawn(async move {
                let _theirs = theirs;
                panic!("lost");
            });
            drop(task);
            // `sender` is still here, so this waits for a message that nobody will send.
            receiver.recv().await;
            drop(sender);
        })
        .await;

        assert_eq!(outcome, Err(Stopped::Silent));
    }
}
