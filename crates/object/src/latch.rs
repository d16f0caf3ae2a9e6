//! A value that is set once and that many may wait for.
//!
//! One thread, no lock, and 40 bytes where a channel has hundreds: every object and every event has one.

use std::cell::OnceCell;

use tokio::sync::Notify;

/// Set at most once; read and awaited any number of times on the same thread.
#[derive(Debug)]
pub struct Latch<T> {
    value: OnceCell<T>,
    set: Notify,
}

impl<T> Default for Latch<T> {
    fn default() -> Self {
        Self {
            value: OnceCell::new(),
            set: Notify::new(),
        }
    }
}

impl<T> Latch<T> {
    /// Sets the value and wakes all that wait. Returns whether this was the first call; a later one
    /// changes nothing.
    pub fn set(&self, value: T) -> bool {
        let first = self.value.set(value).is_ok();
        if first {
            self.set.notify_waiters();
        }
        first
    }

    /// The value, if it was set.
    pub fn get(&self) -> Option<&T> {
        self.value.get()
    }

    /// Whether it was set.
    pub fn is_set(&self) -> bool {
        self.value.get().is_some()
    }

    /// Waits for the value. Dropping the future leaves nothing behind.
    pub async fn wait(&self) -> &T {
        loop {
            // Made before the look, so that nothing set after the look is missed.
            let set = self.set.notified();
            if let Some(value) = self.value.get() {
                return value;
            }
            set.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn all_that_wait_see_the_value() {
        let latch = Latch::default();
        let (mut first, mut second) = (pin!(latch.wait()), pin!(latch.wait()));
        assert!(poll(first.as_mut()).is_pending());
        assert!(poll(second.as_mut()).is_pending());

        assert!(latch.set(7));

        assert_eq!(poll(first.as_mut()), Poll::Ready(&7));
        assert_eq!(poll(second.as_mut()), Poll::Ready(&7));
    }

    #[test]
    fn a_value_that_is_there_is_not_waited_for() {
        let latch = Latch::default();
        latch.set("there");

        assert_eq!(poll(pin!(latch.wait()).as_mut()), Poll::Ready(&"there"));
    }

    #[test]
    fn the_first_value_stays() {
        let latch = Latch::default();

        assert!(latch.set(1));
        assert!(!latch.set(2));

        assert_eq!(latch.get(), Some(&1));
    }
}
