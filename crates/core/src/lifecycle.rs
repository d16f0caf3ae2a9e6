//! When an object that nobody uses is put away.
//!
//! An object has an entry in the registry of its namespace and, while it runs, an instance. Two
//! clocks look at it: ten idle seconds drop the instance (its hibernatable WebSockets stay with
//! the entry), and seventy seconds without any reference remove the entry and all it holds, even
//! pending timers. Both are decided here and carried out by the registry, which also knows the
//! time. Breaking an object is not a matter of time and not in this module.
//!
//! Source: reference 2.5.

use crate::limits;

/// What the decision needs to know about one object. Times are milliseconds of one monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Residency {
    /// Whether an instance exists, that is, the constructor has been started.
    pub instance: Instance,
    /// Stubs, calls in progress, and attached hibernatable WebSockets.
    pub references: u64,
    /// When the last reference was taken or given back, or the last event was delivered.
    pub last_access_ms: u64,
    /// Whether the namespace is configured to keep its objects.
    pub eviction: Eviction,
}

/// The running half of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instance {
    /// There is none.
    Absent,
    /// It has something to do: a request or its streaming body, `waitUntil`, a timer, a fetch, an
    /// accepted WebSocket that cannot hibernate, or an RPC stub that a caller holds.
    Busy,
    /// It has had nothing to do since then.
    Idle {
        /// The moment the last activity ended.
        since_ms: u64,
    },
}

/// Whether idle objects of a namespace are put away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Eviction {
    /// As usual.
    #[default]
    Allowed,
    /// Never (`preventEviction`).
    Prevented,
}

/// What the registry should do with an object now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing, and nothing can change by itself: ask again after the next event.
    Keep,
    /// Nothing yet; ask again then, unless an event comes first.
    KeepUntil {
        /// The earliest time at which the answer may differ.
        ms: u64,
    },
    /// Drop the instance and let its hibernatable WebSockets hibernate; stubs stay valid.
    Hibernate,
    /// Remove the whole entry; pending timers never fire.
    Remove,
}

/// Decides about one object at the time `now_ms`.
///
/// Each deadline is reached at exactly its number of milliseconds: 9,999 idle ones keep the
/// instance, 10,000 drop it.
pub fn decide(object: &Residency, now_ms: u64) -> Verdict {
    if object.eviction == Eviction::Prevented {
        return Verdict::Keep;
    }
    let remove_at = match object.references {
        0 => Some(
            object
                .last_access_ms
                .saturating_add(limits::REMOVE_AFTER.value),
        ),
        _ => None,
    };
    let hibernate_at = match object.instance {
        Instance::Idle { since_ms } => Some(since_ms.saturating_add(limits::HIBERNATE_AFTER.value)),
        Instance::Absent | Instance::Busy => None,
    };
    if remove_at.is_some_and(|at| at <= now_ms) {
        return Verdict::Remove;
    }
    if hibernate_at.is_some_and(|at| at <= now_ms) {
        return Verdict::Hibernate;
    }
    match remove_at.into_iter().chain(hibernate_at).min() {
        Some(ms) => Verdict::KeepUntil { ms },
        None => Verdict::Keep,
    }
}

/// The state of an object in Cloudflare's words, for operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Something is running in the object.
    Active,
    /// The instance is in memory, idle, and will be dropped soon.
    Idle,
    /// Only WebSockets are left; the next event constructs a new instance.
    Hibernated,
    /// Neither an instance nor sockets.
    Inactive,
}

/// Names the state of an object that has `sockets` attached hibernatable WebSockets.
pub fn state(instance: Instance, sockets: u64) -> State {
    match instance {
        Instance::Busy => State::Active,
        Instance::Idle { .. } => State::Idle,
        Instance::Absent if sockets > 0 => State::Hibernated,
        Instance::Absent => State::Inactive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idle(references: u64) -> Residency {
        Residency {
            instance: Instance::Idle { since_ms: 1_000 },
            references,
            last_access_ms: 1_000,
            eviction: Eviction::Allowed,
        }
    }

    #[test]
    fn ten_idle_seconds_drop_the_instance_and_one_millisecond_less_does_not() {
        assert_eq!(decide(&idle(1), 10_999), Verdict::KeepUntil { ms: 11_000 });
        assert_eq!(decide(&idle(1), 11_000), Verdict::Hibernate);
    }

    #[test]
    fn seventy_seconds_without_references_remove_the_entry() {
        let object = Residency {
            instance: Instance::Absent,
            ..idle(0)
        };

        assert_eq!(decide(&object, 70_999), Verdict::KeepUntil { ms: 71_000 });
        assert_eq!(decide(&object, 71_000), Verdict::Remove);
    }

    #[test]
    fn an_instance_kept_alive_by_timers_goes_with_its_entry() {
        let object = Residency {
            instance: Instance::Busy,
            ..idle(0)
        };

        assert_eq!(decide(&object, 70_999), Verdict::KeepUntil { ms: 71_000 });
        assert_eq!(decide(&object, 71_000), Verdict::Remove);
    }

    #[test]
    fn a_referenced_object_without_instance_waits_for_the_next_event() {
        let object = Residency {
            instance: Instance::Absent,
            ..idle(1)
        };

        assert_eq!(decide(&object, u64::MAX), Verdict::Keep);
    }

    #[test]
    fn a_busy_referenced_object_stays() {
        let object = Residency {
            instance: Instance::Busy,
            ..idle(1)
        };

        assert_eq!(decide(&object, u64::MAX), Verdict::Keep);
    }

    #[test]
    fn the_earlier_of_two_deadlines_is_reported() {
        assert_eq!(decide(&idle(0), 1_000), Verdict::KeepUntil { ms: 11_000 });
    }

    #[test]
    fn a_namespace_that_prevents_eviction_keeps_everything() {
        let object = Residency {
            eviction: Eviction::Prevented,
            ..idle(0)
        };

        assert_eq!(decide(&object, u64::MAX), Verdict::Keep);
    }

    #[test]
    fn states_have_cloudflares_names() {
        assert_eq!(state(Instance::Busy, 0), State::Active);
        assert_eq!(state(Instance::Idle { since_ms: 0 }, 3), State::Idle);
        assert_eq!(state(Instance::Absent, 1), State::Hibernated);
        assert_eq!(state(Instance::Absent, 0), State::Inactive);
    }
}
