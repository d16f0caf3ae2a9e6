//! Bookmarks: strings that name the states of one object, in the order of time.
//!
//! The text has Cloudflare's shape, four hexadecimal numbers. The first two are the number of the
//! commit whose state is meant; the third tells bookmarks of one state apart, so that each is
//! greater than those given out before it; the last one says whose bookmark it is.
//!
//! The upper half of a commit's number is an epoch, the lower one counts within it. A restore begins
//! a [new epoch](epoch_after), so there is a bookmark of the state just before it when it is asked
//! for, without knowing how many commits are still to come. An object's first epoch is the second in
//! which it began, so an object that was deleted and comes back does not use a number again.
//!
//! Source: reference section 7.1.

use std::fmt;
use std::str::FromStr;
use xxhash_rust::xxh3::xxh3_128;

/// A state of one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bookmark {
    txid: u64,
    serial: u32,
    object: u128,
}

/// A text that is no bookmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a bookmark is four hexadecimal numbers of 8, 8, 8 and 32 digits with hyphens between them"
)]
pub struct NotABookmark;

/// The first commit after a restore at this time: greater than all that can be made without one.
pub(crate) fn epoch_after(txid: u64, now_ms: i64) -> u64 {
    ((txid >> 32) + 1).max(epoch_at(now_ms)) << 32
}

/// The epoch that begins at a time: the seconds since 1970.
pub(crate) fn epoch_at(now_ms: i64) -> u64 {
    u64::try_from(now_ms / 1000)
        .unwrap_or(0)
        .min(u64::from(u32::MAX))
}

impl Bookmark {
    /// The state after the commit `txid` of the object `key`, as later than every bookmark that was
    /// given out while the commit was made.
    pub fn after(txid: u64, key: &[u8]) -> Self {
        Self::within(txid, u32::MAX, key)
    }

    /// The state after the commit `txid`, which is still being made; `serial` grows with each call.
    pub fn within(txid: u64, serial: u32, key: &[u8]) -> Self {
        Self {
            txid,
            serial,
            object: xxh3_128(key),
        }
    }

    /// The state just before the next restore, if the last commit so far is `txid`.
    pub fn before_restore(txid: u64, key: &[u8]) -> Self {
        Self::after(txid | u64::from(u32::MAX), key)
    }

    /// The commit; the state is that after the last commit until then.
    pub fn txid(&self) -> u64 {
        self.txid
    }

    /// Whether it names a state of this object.
    pub fn is_of(&self, key: &[u8]) -> bool {
        self.object == xxh3_128(key)
    }
}

impl fmt::Display for Bookmark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (high, low) = (self.txid >> 32, self.txid & u64::from(u32::MAX));
        write!(
            f,
            "{high:08x}-{low:08x}-{:08x}-{:032x}",
            self.serial, self.object
        )
    }
}

impl FromStr for Bookmark {
    type Err = NotABookmark;

    fn from_str(text: &str) -> Result<Self, NotABookmark> {
        let parts: Vec<&str> = text.split('-').collect();
        let [high, low, serial, object] = parts[..] else {
            return Err(NotABookmark);
        };
        let number = |digits: &str, length: usize| {
            let plain = digits.len() == length
                && digits
                    .bytes()
                    .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
            let number = u128::from_str_radix(digits, 16).ok();
            number.filter(|_| plain).ok_or(NotABookmark)
        };
        let word = |digits: &str| {
            let number = number(digits, 8)?;
            Ok(u32::try_from(number).expect("8 digits are 32 bits"))
        };
        Ok(Self {
            txid: u64::from(word(high)?) << 32 | u64::from(word(low)?),
            serial: word(serial)?,
            object: number(object, 32)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &[u8] = b"app-Room/1";

    #[test]
    fn a_bookmark_has_cloudflares_shape() {
        let text = Bookmark::within((7 << 32) | 0xb26e, 0x1538, KEY).to_string();

        assert_eq!(&text[..27], "00000007-0000b26e-00001538-");
        assert_eq!(text.len(), 27 + 32);
        assert!(text[27..].bytes().all(|digit| digit.is_ascii_hexdigit()));
    }

    #[test]
    fn other_texts_are_none() {
        let good = Bookmark::after(1, KEY).to_string();
        for bad in [
            "",
            "x",
            "0-0-0-0",
            &good[1..],
            &good.to_uppercase(),
            &format!("{good}-0"),
            &format!("+{}", &good[1..]),
            &good.replace('-', "_"),
        ] {
            let error = bad.parse::<Bookmark>().unwrap_err();
            assert_eq!(
                error.to_string(),
                "a bookmark is four hexadecimal numbers of 8, 8, 8 and 32 digits with hyphens \
                 between them",
                "{bad}"
            );
        }
    }

    #[test]
    fn a_bookmark_belongs_to_its_object() {
        let bookmark = Bookmark::after(1, KEY);

        assert!(bookmark.is_of(KEY));
        assert!(!bookmark.is_of(b"app-Room/2"));
    }

    #[test]
    fn the_undo_of_a_restore_is_between_all_commits_before_and_after_it() {
        let (last, restored) = (41, epoch_after(41, 0));
        let undo = Bookmark::before_restore(last, KEY).to_string();

        assert!(undo > Bookmark::after(last + 1000, KEY).to_string());
        assert!(undo < Bookmark::within(restored, 0, KEY).to_string());
        assert_eq!(undo.parse::<Bookmark>().unwrap().txid(), restored - 1);
    }

    proptest! {
        #[test]
        fn the_order_of_texts_is_the_order_of_states(
            one in any::<(u64, u32)>(),
            other in any::<(u64, u32)>(),
        ) {
            let texts = [one, other].map(|(txid, serial)| Bookmark::within(txid, serial, KEY).to_string());

            prop_assert_eq!(texts[0].cmp(&texts[1]), one.cmp(&other));
            let parsed: Bookmark = texts[0].parse().unwrap();
            prop_assert_eq!(parsed, Bookmark::within(one.0, one.1, KEY));
        }
    }
}
