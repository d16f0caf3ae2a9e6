//! Whether an object takes one more event.
//!
//! This is the accounting of the queue in front of an object, not the queue: the object's crate
//! holds the events and asks here before it adds one. Every bound is a [`crate::limits`] entry and
//! every refusal is a [`Failure`] marked overloaded, which callers must not repeat at once.
//!
//! Differs: workerd queues without bounds; the texts are those of Cloudflare's network.

use crate::error::{ErrorCode, Failure};
use crate::limits;

/// The events that wait for one object, as numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    events: u64,
    bytes: u64,
}

impl Backlog {
    /// Counts one more waiting event that holds `bytes` of memory.
    ///
    /// # Errors
    /// [`ErrorCode::OverloadedCount`] or [`ErrorCode::OverloadedBytes`] when a limit would be
    /// exceeded; the event is then not counted. A single event larger than the limit is let in
    /// when nothing else waits, since the edge has its own bound for one message.
    pub fn admit(&mut self, bytes: u64) -> Result<(), Failure> {
        if !limits::MAILBOX_EVENTS.allows(self.events + 1) {
            return Err(Failure::new(ErrorCode::OverloadedCount));
        }
        let total = self.bytes.saturating_add(bytes);
        if self.events > 0 && !limits::MAILBOX_BYTES.allows(total) {
            return Err(Failure::new(ErrorCode::OverloadedBytes));
        }
        self.events += 1;
        self.bytes = total;
        Ok(())
    }

    /// Takes an admitted event of the same `bytes` off the account: it was delivered or withdrawn.
    pub fn release(&mut self, bytes: u64) {
        debug_assert!(self.events > 0, "an event is released at most once");
        self.events = self.events.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// Returns how many events wait.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Returns how many bytes they hold.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_allowed_event_is_admitted_and_the_next_is_refused() {
        let mut backlog = Backlog::default();
        for _ in 0..limits::MAILBOX_EVENTS.value {
            backlog.admit(1).unwrap();
        }

        let refusal = backlog.admit(1).unwrap_err();

        assert_eq!(refusal.code, ErrorCode::OverloadedCount);
        assert!(refusal.overloaded);
        assert_eq!(backlog.events(), limits::MAILBOX_EVENTS.value);
    }

    #[test]
    fn the_byte_limit_is_met_exactly_and_not_exceeded() {
        let mut backlog = Backlog::default();
        backlog.admit(limits::MAILBOX_BYTES.value - 1).unwrap();
        backlog.admit(1).unwrap();

        let refusal = backlog.admit(1).unwrap_err();

        assert_eq!(refusal.code, ErrorCode::OverloadedBytes);
        assert_eq!(backlog.bytes(), limits::MAILBOX_BYTES.value);
    }

    #[test]
    fn a_single_huge_event_is_let_in_alone() {
        let mut backlog = Backlog::default();

        backlog.admit(limits::MAILBOX_BYTES.value + 1).unwrap();

        assert!(backlog.admit(0).is_err());
    }

    #[test]
    fn a_released_event_makes_room() {
        let mut backlog = Backlog::default();
        backlog.admit(limits::MAILBOX_BYTES.value).unwrap();
        backlog.release(limits::MAILBOX_BYTES.value);

        backlog.admit(5).unwrap();

        assert_eq!((backlog.events(), backlog.bytes()), (1, 5));
    }
}
