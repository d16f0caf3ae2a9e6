//! The lives of objects that stubs are bound to before an answer has told them.
//!
//! A stub learns from its first answer which life of its object its calls are for. Those it makes until then share what the
//! first to arrive finds, so that none of them reaches an object that has begun anew after a break.

use std::cell::RefCell;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Weak};

use rustc_hash::FxHashMap;
use stated_object::capability::Life;

/// So many may be forgotten together with their calls before they are looked for.
const KEPT_MIN: usize = 64;

/// By the number of the stub, as long as a call of it is under way.
#[derive(Debug, Default)]
pub(crate) struct Lives(RefCell<Kept>);

#[derive(Debug, Default)]
struct Kept {
    shared: FxHashMap<u64, Weak<AtomicU64>>,
    /// How many there may be before those of calls that have ended are removed.
    limit: usize,
}

impl Lives {
    /// The life that the calls of this stub share.
    pub(crate) fn of_stub(&self, number: u64) -> Life {
        let Kept { shared, limit } = &mut *self.0.borrow_mut();
        if let Some(life) = shared.get(&number).and_then(Weak::upgrade) {
            return Life::Shared(life);
        }
        if shared.len() >= *limit {
            shared.retain(|_, life| life.strong_count() > 0);
            *limit = KEPT_MIN.max(2 * shared.len());
        }
        let life = Arc::new(AtomicU64::new(0));
        shared.insert(number, Arc::downgrade(&life));
        Life::Shared(life)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_under_way_share_a_life_and_others_do_not() {
        let lives = Lives::default();

        let (Life::Shared(first), Life::Shared(second), Life::Shared(other)) =
            (lives.of_stub(1), lives.of_stub(1), lives.of_stub(2))
        else {
            panic!("they are shared");
        };

        assert!(Arc::ptr_eq(&first, &second));
        assert!(!Arc::ptr_eq(&first, &other));
    }

    #[test]
    fn lives_of_calls_that_have_ended_are_forgotten() {
        let lives = Lives::default();
        let kept = lives.of_stub(0);

        for number in 1..10_000 {
            lives.of_stub(number);
        }

        assert!(lives.0.borrow().shared.len() <= KEPT_MIN);
        let (Life::Shared(kept), Life::Shared(again)) = (kept, lives.of_stub(0)) else {
            panic!("they are shared");
        };
        assert!(Arc::ptr_eq(&kept, &again));
    }
}
