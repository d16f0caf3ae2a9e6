//! Dates of the Gregorian calendar in UTC, without leap seconds, as Unix time has them.

pub(super) const MINUTE_MS: i64 = 60_000;
pub(super) const HOUR_MS: i64 = 60 * MINUTE_MS;
pub(super) const DAY_MS: i64 = 24 * HOUR_MS;

/// Days from 1 January 1970 to 1 March 2000, the start of a cycle of 400 years.
const CYCLE_START: i64 = 11_017;
const CYCLE_DAYS: i64 = 146_097;

/// A day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Date {
    pub(super) year: i64,
    /// 1 to 12.
    pub(super) month: u32,
    /// 1 to 31.
    pub(super) day: u32,
}

impl Date {
    /// The date that is so many days after 1 January 1970.
    ///
    /// Years are counted from March, so that a leap day is the last of its year.
    pub(super) fn of_day(days: i64) -> Self {
        let since = days - CYCLE_START;
        let cycle = since.div_euclid(CYCLE_DAYS);
        let day = since.rem_euclid(CYCLE_DAYS);
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day_of_year = day - (365 * year + year / 4 - year / 100);
        // Months from March have 31, 30, 31, 30, 31 days, again and again: 153 days in five.
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let year = 2000 + 400 * cycle + year + i64::from(month >= 10);
        Self {
            year,
            month: (if month < 10 { month + 3 } else { month - 9 }) as u32,
            day: day as u32,
        }
    }

    /// Days since 1 January 1970.
    fn days(self) -> i64 {
        let year = self.year - i64::from(self.month <= 2) - 2000;
        let month = (i64::from(self.month) + 9) % 12;
        let (cycle, year) = (year.div_euclid(400), year.rem_euclid(400));
        let day_of_year = (153 * month + 2) / 5 + i64::from(self.day) - 1;
        CYCLE_START + cycle * CYCLE_DAYS + 365 * year + year / 4 - year / 100 + day_of_year
    }

    /// The start of the day, in milliseconds since the Unix epoch.
    pub(super) fn start_ms(self) -> i64 {
        self.days() * DAY_MS
    }

    /// 1 is Sunday, 7 is Saturday.
    pub(super) fn weekday(self) -> u32 {
        // 1 January 1970 was a Thursday.
        ((self.days() + 4).rem_euclid(7) + 1) as u32
    }
}

/// 28 to 31.
pub(super) fn days_in_month(year: i64, month: u32) -> u32 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_each_other_over_a_whole_cycle_and_before_the_epoch() {
        let mut date = Date {
            year: 1899,
            month: 12,
            day: 31,
        };
        let mut weekday = 1;
        for days in -25_568..140_000 {
            assert_eq!(Date::of_day(days), date, "{days}");
            assert_eq!(date.start_ms(), days * DAY_MS, "{date:?}");
            assert_eq!(date.weekday(), weekday, "{date:?}");
            weekday = weekday % 7 + 1;
            date.day += 1;
            if date.day > days_in_month(date.year, date.month) {
                date = Date {
                    day: 1,
                    month: date.month + 1,
                    ..date
                };
            }
            if date.month > 12 {
                date = Date {
                    month: 1,
                    year: date.year + 1,
                    ..date
                };
            }
        }
    }
}
