//! How much history is kept: by age and by size, whichever is reached first.

/// The bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// How long a state can be restored, in milliseconds.
    pub age_ms: u64,
    /// How many bytes the packs may take together. The newest pack is kept whatever its size.
    pub bytes: u64,
}

impl Default for Retention {
    /// 30 days and 10 GiB.
    fn default() -> Self {
        Self {
            age_ms: 30 * 24 * 60 * 60 * 1000,
            bytes: 10 << 30,
        }
    }
}

/// What is younger than this is not deleted to make room: a day. A disk that something else fills
/// would cost all of the history otherwise.
pub(crate) const SPARED_MS: u64 = 24 * 60 * 60 * 1000;

/// What is to be known of a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) last_ms: i64,
    pub(crate) bytes: u64,
}

impl Retention {
    /// Everything, for ever.
    pub const UNBOUNDED: Self = Self {
        age_ms: u64::MAX,
        bytes: u64::MAX,
    };

    /// Whether no history is kept at all.
    pub fn is_off(&self) -> bool {
        self.age_ms == 0 || self.bytes == 0
    }

    /// Returns when the time that is kept begins.
    pub fn horizon_ms(&self, now_ms: i64) -> i64 {
        now_ms.saturating_sub_unsigned(self.age_ms)
    }

    /// Whether the oldest pack may go before its time, because there is no space for what is newer.
    pub(crate) fn is_expendable(packs: &[Held], now_ms: i64) -> bool {
        match packs {
            [oldest, _, ..] => oldest.last_ms < now_ms.saturating_sub_unsigned(SPARED_MS),
            _ => false,
        }
    }

    /// Returns how many of the packs, oldest first, are to be deleted.
    ///
    /// A pack is needed to restore any state before its last commit.
    pub(crate) fn expired(&self, packs: &[Held], now_ms: i64) -> usize {
        if self.is_off() {
            return packs.len();
        }
        let horizon_ms = self.horizon_ms(now_ms);
        let mut bytes: u64 = packs.iter().map(|pack| pack.bytes).sum();
        let mut expired = 0;
        for pack in packs {
            let is_newest = expired + 1 == packs.len();
            let too_many = bytes > self.bytes && !is_newest;
            if pack.last_ms >= horizon_ms && !too_many {
                break;
            }
            bytes -= pack.bytes;
            expired += 1;
        }
        expired
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packs(held: &[(i64, u64)]) -> Vec<Held> {
        let held = held.iter();
        held.map(|&(last_ms, bytes)| Held { last_ms, bytes })
            .collect()
    }

    #[test]
    fn a_pack_goes_when_its_last_commit_is_older_than_the_age() {
        let retention = Retention {
            age_ms: 100,
            bytes: 1000,
        };
        let packs = packs(&[(10, 1), (20, 1), (30, 1)]);

        assert_eq!(retention.expired(&packs, 110), 0, "exactly the age");
        assert_eq!(retention.expired(&packs, 111), 1);
        assert_eq!(retention.expired(&packs, 121), 2);
        assert_eq!(retention.expired(&packs, 1000), 3);
    }

    #[test]
    fn the_oldest_go_when_together_they_are_too_large() {
        let retention = Retention {
            age_ms: 1000,
            bytes: 100,
        };

        assert_eq!(retention.expired(&packs(&[(1, 50), (2, 50)]), 3), 0);
        assert_eq!(retention.expired(&packs(&[(1, 50), (2, 51)]), 3), 1);
        assert_eq!(
            retention.expired(&packs(&[(1, 50), (2, 50), (3, 60)]), 3),
            2
        );
        assert_eq!(
            retention.expired(&packs(&[(1, 500)]), 3),
            0,
            "the newest stays"
        );
    }

    #[test]
    fn the_oldest_makes_room_when_it_is_older_than_a_day_and_not_the_only_one() {
        let now_ms = 10 * SPARED_MS as i64;
        let day_ago_ms = now_ms - SPARED_MS as i64;

        let is_expendable = |held: &[(i64, u64)]| Retention::is_expendable(&packs(held), now_ms);
        assert!(is_expendable(&[(day_ago_ms - 1, 1), (day_ago_ms, 1)]));
        assert!(!is_expendable(&[(day_ago_ms, 1), (now_ms, 1)]));
        assert!(!is_expendable(&[(1, 1)]));
        assert!(!is_expendable(&[]));
    }

    #[test]
    fn without_age_or_size_nothing_is_kept() {
        for retention in [
            Retention {
                age_ms: 0,
                bytes: 9,
            },
            Retention {
                age_ms: 9,
                bytes: 0,
            },
        ] {
            assert!(retention.is_off());
            assert_eq!(retention.expired(&packs(&[(5, 1)]), 5), 1);
        }
        assert!(!Retention::default().is_off());
    }
}
