//! Compatibility dates and flags: which behaviours a program gets.
//!
//! A program names a date and perhaps flags; every flag of the [table](mod@table) that is on by
//! default from that date is in force, unless the program names its off name. What a flag *does*
//! is up to whoever asks [`Compatibility::has`]; most flags of the table concern products or
//! corners that this system does not have, and are listed so that a project that names them is
//! not told they were misspelled. Source: reference 11.5.

pub mod table;

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use table::{FLAGS, Flag};

/// A day of the calendar, written `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CompatDate {
    year: u16,
    month: u8,
    day: u8,
}

impl CompatDate {
    /// The date of a project that names none: the newest day the flag table knows about.
    pub const LATEST: Self = Self::new(2026, 11, 17);

    /// Makes a date of numbers that are known to be one.
    pub(crate) const fn new(year: u16, month: u8, day: u8) -> Self {
        Self { year, month, day }
    }
}

impl FromStr for CompatDate {
    type Err = InvalidDate;

    /// Reads exactly `YYYY-MM-DD`, and only days that exist.
    fn from_str(text: &str) -> Result<Self, InvalidDate> {
        let shaped = text.len() == 10
            && text.bytes().enumerate().all(|(index, byte)| match index {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !shaped {
            return Err(InvalidDate);
        }
        let number = |range: Range<usize>| text[range].parse::<u16>().map_err(|_| InvalidDate);
        let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
        let exists = (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
        if !exists {
            return Err(InvalidDate);
        }
        Ok(Self::new(
            year,
            u8::try_from(month).map_err(|_| InvalidDate)?,
            u8::try_from(day).map_err(|_| InvalidDate)?,
        ))
    }
}

fn days_in_month(year: u16, month: u16) -> u16 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl fmt::Display for CompatDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// The text is not a day written `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a date of the form YYYY-MM-DD")]
pub struct InvalidDate;

/// The behaviours in force for one program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compatibility {
    date: CompatDate,
    in_force: BTreeSet<&'static str>,
}

/// What is odd about the flags a program names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlagProblem {
    /// No flag has this name; it is ignored.
    #[error("no compatibility flag is named `{flag}`")]
    Unknown {
        /// The name as the program wrote it.
        flag: String,
    },
    /// The program turns a flag on and off at once; it is on.
    #[error("compatibility flags `{on}` and `{off}` contradict each other")]
    Conflict {
        /// The name that turns it on.
        on: &'static str,
        /// The name that turns it off.
        off: &'static str,
    },
}

impl Compatibility {
    /// Works out what is in force for a date and the flags a program names, in any order.
    ///
    /// Naming a flag that is on (or off) anyway is allowed, and so is naming it twice. The result
    /// is usable whatever the problems are; a conflict should nevertheless stop the program.
    pub fn resolve<S: AsRef<str>>(date: CompatDate, flags: &[S]) -> (Self, Vec<FlagProblem>) {
        let mut problems = Vec::new();
        let (mut on, mut off) = (BTreeSet::new(), BTreeSet::new());
        for name in flags.iter().map(AsRef::as_ref) {
            match find(name) {
                Some((flag, Switch::On)) => _ = on.insert(flag.on),
                Some((flag, Switch::Off)) => _ = off.insert(flag.on),
                None => problems.push(FlagProblem::Unknown {
                    flag: name.to_owned(),
                }),
            }
        }
        problems.extend(
            FLAGS
                .iter()
                .filter(|flag| on.contains(flag.on) && off.contains(flag.on))
                .map(|flag| FlagProblem::Conflict {
                    on: flag.on,
                    off: flag.off,
                }),
        );
        let node = on.contains(NODE) || (default_on(NODE, date) && !off.contains(NODE));
        let in_force = FLAGS
            .iter()
            .filter(|flag| {
                on.contains(flag.on) || (flag.on_from(date, node) && !off.contains(flag.on))
            })
            .map(|flag| flag.on)
            .collect();
        (Self { date, in_force }, problems)
    }

    /// Tells whether Node.js's modules and globals are there: also of programs that have turned `nodejs_compat` off and its
    /// second version not.
    ///
    /// Source: workerd, which asks for either.
    pub fn has_node(&self) -> bool {
        self.has(NODE) || self.has("nodejs_compat_v2")
    }

    /// Tells whether the flag with this on name is in force.
    pub fn has(&self, on: &str) -> bool {
        self.in_force.contains(on)
    }

    /// Returns the on names of all flags in force, in alphabetical order.
    pub fn in_force(&self) -> impl Iterator<Item = &'static str> {
        self.in_force.iter().copied()
    }

    /// Returns the on names of all other flags, in alphabetical order.
    pub fn not_in_force(&self) -> impl Iterator<Item = &'static str> {
        let names: BTreeSet<&str> = FLAGS.iter().map(|flag| flag.on).collect();
        names.into_iter().filter(|name| !self.has(name))
    }

    /// Returns the date.
    pub fn date(&self) -> CompatDate {
        self.date
    }
}

/// The flag that gives other flags an earlier date.
const NODE: &str = "nodejs_compat";

enum Switch {
    On,
    Off,
}

fn find(name: &str) -> Option<(&'static Flag, Switch)> {
    FLAGS.iter().find_map(|flag| match name {
        _ if name == flag.on => Some((flag, Switch::On)),
        _ if !name.is_empty() && name == flag.off => Some((flag, Switch::Off)),
        _ => None,
    })
}

fn default_on(name: &str, date: CompatDate) -> bool {
    find(name).is_some_and(|(flag, _)| flag.on_from(date, false))
}

#[cfg(test)]
mod tests;
