//! Moments as people write and read them, in UTC.

const MS_PER_DAY: i64 = 86_400_000;

/// Writes milliseconds since 1970 as `2026-11-20 19:16:23Z`.
pub(crate) fn format(at_ms: i64) -> String {
    let (year, month, day) = date(at_ms.div_euclid(MS_PER_DAY));
    let seconds = at_ms.rem_euclid(MS_PER_DAY) / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02} {hours:02}:{minutes:02}:{seconds:02}Z")
}

/// Reads milliseconds since 1970, or a delay from `now_ms`: `+90s`, `+5m`, `+2h`, `+1d`.
pub(crate) fn parse(text: &str, now_ms: i64) -> Option<i64> {
    match text.strip_prefix('+') {
        Some(delay) => now_ms.checked_add(duration_ms(delay)?),
        None => text.parse().ok(),
    }
}

/// Reads milliseconds since 1970, or a time before `now_ms`: `-90s`, `-5m`, `-2h`, `-1d`.
pub(crate) fn parse_past(text: &str, now_ms: i64) -> Option<i64> {
    match text.strip_prefix('-') {
        Some(ago) => now_ms.checked_sub(duration_ms(ago)?),
        None => text.parse().ok(),
    }
}

fn duration_ms(text: &str) -> Option<i64> {
    let unit_at = text.find(|character: char| !character.is_ascii_digit())?;
    let (count, unit) = text.split_at(unit_at);
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => MS_PER_DAY,
        _ => return None,
    };
    count.parse::<i64>().ok()?.checked_mul(unit_ms)
}

/// The date of a day counted from 1970-01-01, by whole Gregorian cycles of 400 years that begin on
/// 1 March, so that the leap day is the last of its year.
fn date(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let (cycle, day) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month + 2) / 5 + 1;
    let calendar_month = if month < 10 { month + 3 } else { month - 9 };
    (
        cycle * 400 + year + i64::from(calendar_month <= 2),
        calendar_month,
        day_of_month,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_in_utc() {
        assert_eq!(format(0), "1970-01-01 00:00:00Z");
        assert_eq!(format(-1), "1969-12-31 23:59:59Z");
        assert_eq!(format(951_782_400_000), "2000-02-29 00:00:00Z");
        assert_eq!(format(1_795_202_183_999), "2026-11-20 19:16:23Z");
        assert_eq!(format(4_107_542_400_000), "2100-03-01 00:00:00Z");
    }

    #[test]
    fn a_delay_counts_from_now() {
        assert_eq!(parse("1700000000000", 5), Some(1_700_000_000_000));
        assert_eq!(parse("+90s", 1000), Some(91_000));
        assert_eq!(parse("+2h", 0), Some(7_200_000));
        assert_eq!(parse("+1ms", 0), Some(1));
        for odd in ["", "+", "+5", "+5y", "soon", "+99999999999999999999s"] {
            assert_eq!(parse(odd, 0), None, "{odd}");
        }
    }

    #[test]
    fn a_time_ago_counts_back_from_now() {
        assert_eq!(parse_past("1700000000000", 5), Some(1_700_000_000_000));
        assert_eq!(parse_past("-90s", 100_000), Some(10_000));
        assert_eq!(parse_past("-1d", 0), Some(-MS_PER_DAY));
        for odd in ["", "-", "+5m", "-5y", "yesterday"] {
            assert_eq!(parse_past(odd, 0), None, "{odd}");
        }
    }
}
