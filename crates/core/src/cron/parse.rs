//! From the text of a cron expression to its fields.

use super::Cron;
use super::calendar::{Date, days_in_month};

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

const SUNDAY: u32 = 1;
const SATURDAY: u32 = 7;

/// Why a text is no cron expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// There are more or fewer than five fields.
    #[error(
        "cron expression `{text}` has {count} fields; it must have 5: minute, hour, day of the month, month, day of the week"
    )]
    Fields {
        /// The expression.
        text: String,
        /// How many it has.
        count: usize,
    },
    /// A field is none.
    #[error(
        "cron expression `{text}`: `{part}` is no {field}; it must be a number from {min} to {max}{more}"
    )]
    Field {
        /// The expression.
        text: String,
        /// What cannot be read.
        part: String,
        /// The name of the field.
        field: &'static str,
        /// Its smallest value.
        min: u32,
        /// Its largest value.
        max: u32,
        /// What else it may be, beginning with a comma.
        more: &'static str,
    },
    /// No day is ever meant.
    #[error("cron expression `{text}` never occurs: no month it names has such a day")]
    Never {
        /// The expression.
        text: String,
    },
}

/// One of the five fields: what it is called and which values it has.
struct Field {
    name: &'static str,
    min: u32,
    max: u32,
    names: &'static [&'static str],
    more: &'static str,
}

const MINUTE: Field = Field {
    name: "minute",
    min: 0,
    max: 59,
    names: &[],
    more: ", a range, a step or a list of these",
};
const HOUR: Field = Field {
    name: "hour",
    max: 23,
    ..MINUTE
};
const DAY: Field = Field {
    name: "day of the month",
    min: 1,
    max: 31,
    more: ", a range, a step or a list of these, or one with L or W",
    ..MINUTE
};
const MONTH: Field = Field {
    name: "month",
    min: 1,
    max: 12,
    names: &MONTHS,
    more: ", a name, a range, a step or a list of these",
};
const WEEKDAY: Field = Field {
    name: "day of the week",
    min: 1,
    max: 7,
    names: &WEEKDAYS,
    more: ", a name, a range, a step or a list of these, or one with L or #",
};

/// Which days of a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Days {
    /// `*`
    Every,
    /// Bit n is day n.
    Of(u64),
    /// `L`, `L-n`: so many days before the last.
    BeforeLast(u32),
    /// `LW`, `L-nW`: the working day nearest to that.
    NearestToLast(u32),
    /// `nW`: the working day nearest to a day.
    NearestTo(u32),
}

impl Days {
    pub(super) fn has(&self, date: Date) -> bool {
        let last = days_in_month(date.year, date.month);
        match *self {
            Self::Every => true,
            Self::Of(days) => days & (1 << date.day) != 0,
            Self::BeforeLast(offset) => date.day + offset == last,
            Self::NearestToLast(offset) => {
                offset < last && date.day == working_day(date, last - offset, last)
            }
            Self::NearestTo(day) => day <= last && date.day == working_day(date, day, last),
        }
    }
}

/// The day from Monday to Friday that is nearest to a day and in the same month.
fn working_day(date: Date, day: u32, last: u32) -> u32 {
    match (Date { day, ..date }).weekday() {
        SATURDAY if day == 1 => 3,
        SATURDAY => day - 1,
        SUNDAY if day == last => day - 2,
        SUNDAY => day + 1,
        _ => day,
    }
}

/// Which days of a week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Weekdays {
    /// `*`
    Every,
    /// Bit n is weekday n, 1 being Sunday.
    Of(u64),
    /// `nL`: the last such day of the month.
    Last(u32),
    /// `n#m`: the m-th such day of the month.
    Nth(u32, u32),
}

impl Weekdays {
    pub(super) fn has(&self, date: Date) -> bool {
        match *self {
            Self::Every => true,
            Self::Of(days) => days & (1 << date.weekday()) != 0,
            Self::Last(day) => {
                date.weekday() == day && date.day + 7 > days_in_month(date.year, date.month)
            }
            Self::Nth(day, nth) => date.weekday() == day && (date.day - 1) / 7 + 1 == nth,
        }
    }
}

pub(super) fn parse(text: &str) -> Result<Cron, CronError> {
    let fields: Vec<&str> = text
        .split([' ', '\t'])
        .filter(|field| !field.is_empty())
        .collect();
    let [minutes, hours, days, months, weekdays] = fields[..] else {
        return Err(CronError::Fields {
            text: text.to_owned(),
            count: fields.len(),
        });
    };
    let bad = |field: &Field, part: &str| CronError::Field {
        text: text.to_owned(),
        part: part.to_owned(),
        field: field.name,
        min: field.min,
        max: field.max,
        more: field.more,
    };
    let set = |field: &'static Field, part: &str| field.set(part).ok_or_else(|| bad(field, part));
    let cron = Cron {
        text: text.to_owned(),
        minutes: set(&MINUTE, minutes)?,
        hours: set(&HOUR, hours)?,
        days: parse_days(days).ok_or_else(|| bad(&DAY, days))?,
        months: set(&MONTH, months)?,
        weekdays: parse_weekdays(weekdays).ok_or_else(|| bad(&WEEKDAY, weekdays))?,
    };
    // Whether a day exists does not depend on when the search begins.
    if cron.next_after(0).is_none() {
        return Err(CronError::Never {
            text: text.to_owned(),
        });
    }
    Ok(cron)
}

fn parse_days(part: &str) -> Option<Days> {
    if part == "*" {
        return Some(Days::Every);
    }
    if let Some(rest) = part.strip_prefix('L') {
        let (rest, working) = match rest.strip_suffix('W') {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let offset = match rest.strip_prefix('-') {
            Some(offset) => number(offset, 1, 30)?,
            None if rest.is_empty() => 0,
            None => return None,
        };
        return Some(if working {
            Days::NearestToLast(offset)
        } else {
            Days::BeforeLast(offset)
        });
    }
    if let Some(day) = part.strip_suffix('W') {
        return Some(Days::NearestTo(DAY.value(day)?));
    }
    DAY.set(part).map(Days::Of)
}

fn parse_weekdays(part: &str) -> Option<Weekdays> {
    if part == "*" {
        return Some(Weekdays::Every);
    }
    if part == "L" {
        return Some(Weekdays::Of(1 << SATURDAY));
    }
    if let Some(day) = part.strip_suffix('L') {
        return Some(Weekdays::Last(WEEKDAY.value(day)?));
    }
    if let Some((day, nth)) = part.split_once('#') {
        return Some(Weekdays::Nth(WEEKDAY.value(day)?, number(nth, 1, 5)?));
    }
    WEEKDAY.set(part).map(Weekdays::Of)
}

impl Field {
    /// A list of values, ranges and steps, as bits.
    fn set(&self, part: &str) -> Option<u64> {
        part.split(',')
            .try_fold(0, |bits, item| Some(bits | self.item(item)?))
    }

    /// One value, range or step. A range whose end is before its start goes on from the smallest value.
    fn item(&self, item: &str) -> Option<u64> {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(number(step, 1, self.max - self.min)?)),
            None => (item, None),
        };
        let (start, end) = match range.split_once('-') {
            _ if range == "*" => (self.min, self.max),
            Some((start, end)) => (self.value(start)?, self.value(end)?),
            // A step without an end goes on to the largest value.
            None if step.is_some() => (self.value(range)?, self.max),
            None => (self.value(range)?, self.value(range)?),
        };
        let values = self.max - self.min + 1;
        let length = (end + values - start) % values + 1;
        let offsets = (0..length).step_by(step.unwrap_or(1) as usize);
        Some(offsets.fold(0, |bits, offset| {
            bits | 1 << ((start - self.min + offset) % values + self.min)
        }))
    }

    /// A number or a name.
    fn value(&self, text: &str) -> Option<u32> {
        let named = self
            .names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(text));
        match named {
            Some(index) => Some(self.min + index as u32),
            None => number(text, self.min, self.max),
        }
    }
}

/// Digits alone, within bounds; leading zeros are allowed.
fn number(text: &str, min: u32, max: u32) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let value = text.parse().ok().filter(|_| digits)?;
    (min..=max).contains(&value).then_some(value)
}
