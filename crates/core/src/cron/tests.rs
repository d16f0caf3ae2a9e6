use super::*;

/// 29 November 2025, 08:00 UTC, a Saturday.
const SATURDAY_MS: i64 = 1_764_403_200_000;

fn cron(text: &str) -> Cron {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn shown(at_ms: i64) -> String {
    let date = Date::of_day(at_ms.div_euclid(DAY_MS));
    let minutes = at_ms.rem_euclid(DAY_MS) / MINUTE_MS;
    let (hour, minute) = (minutes / 60, minutes % 60);
    format!(
        "{}-{:02}-{:02} {hour:02}:{minute:02}",
        date.year, date.month, date.day
    )
}

/// The next occurrences, `; ` between them.
fn next(text: &str, count: usize) -> String {
    let cron = cron(text);
    let first = cron.next_after(SATURDAY_MS);
    let all = std::iter::successors(first, |at_ms| cron.next_after(*at_ms));
    all.take(count).map(shown).collect::<Vec<_>>().join("; ")
}

#[test]
fn an_expression_occurs_when_cloudflare_says_it_does() {
    for (text, expected) in [
        ("* * * * *", "2025-11-29 08:01; 2025-11-29 08:02"),
        ("*/30 * * * *", "2025-11-29 08:30; 2025-11-29 09:00"),
        ("45 * * * *", "2025-11-29 08:45; 2025-11-29 09:45"),
        (
            "5/20 8 * * *",
            "2025-11-29 08:05; 2025-11-29 08:25; 2025-11-29 08:45; 2025-11-30 08:05",
        ),
        (
            "10-12,50 9 * * *",
            "2025-11-29 09:10; 2025-11-29 09:11; 2025-11-29 09:12; 2025-11-29 09:50",
        ),
        ("0 17 * * sun", "2025-11-30 17:00; 2025-12-07 17:00"),
        ("0 17 * * 1", "2025-11-30 17:00; 2025-12-07 17:00"),
        ("10 7 * * mon-FRI", "2025-12-01 07:10; 2025-12-02 07:10"),
        ("10 7 * * 2-6", "2025-12-01 07:10; 2025-12-02 07:10"),
        ("0 15 1 * *", "2025-12-01 15:00; 2026-01-01 15:00"),
        ("0 0 1 jan,Jul *", "2026-01-01 00:00; 2026-07-01 00:00"),
        ("0 18 * * 6L", "2025-12-26 18:00; 2026-01-30 18:00"),
        ("0 18 * * friL", "2025-12-26 18:00; 2026-01-30 18:00"),
        ("0 0 * * 2#1", "2025-12-01 00:00; 2026-01-05 00:00"),
        ("0 0 * 2 MON#5", "2044-02-29 00:00"),
        ("0 0 * * L", "2025-12-06 00:00; 2025-12-13 00:00"),
        (
            "0 0 L * *",
            "2025-11-30 00:00; 2025-12-31 00:00; 2026-01-31 00:00; 2026-02-28 00:00",
        ),
        (
            "0 0 L-2 * *",
            "2025-12-29 00:00; 2026-01-29 00:00; 2026-02-26 00:00",
        ),
        (
            "59 23 LW * *",
            "2025-12-31 23:59; 2026-01-30 23:59; 2026-02-27 23:59",
        ),
        (
            "0 0 L-1W * *",
            "2025-12-30 00:00; 2026-01-30 00:00; 2026-02-27 00:00",
        ),
        (
            "0 0 15W * *",
            "2025-12-15 00:00; 2026-01-15 00:00; 2026-02-16 00:00",
        ),
        (
            "0 0 1W * *",
            "2025-12-01 00:00; 2026-01-01 00:00; 2026-02-02 00:00",
        ),
        ("0 0 1W 8 *", "2026-08-03 00:00"),
        ("0 0 31W 1,5 *", "2026-01-30 00:00; 2026-05-29 00:00"),
        ("0 0 29 2 *", "2028-02-29 00:00; 2032-02-29 00:00"),
        // Either day is enough when both are restricted.
        (
            "0 0 13 * FRI",
            "2025-12-05 00:00; 2025-12-12 00:00; 2025-12-13 00:00",
        ),
        // A range may wrap around.
        (
            "0 22-1 * * *",
            "2025-11-29 22:00; 2025-11-29 23:00; 2025-11-30 00:00; 2025-11-30 01:00; 2025-11-30 22:00",
        ),
        (
            "0 0 * * SAT-MON",
            "2025-11-30 00:00; 2025-12-01 00:00; 2025-12-06 00:00",
        ),
        (
            "0 0 30-2 * *",
            "2025-11-30 00:00; 2025-12-01 00:00; 2025-12-02 00:00; 2025-12-30 00:00; 2025-12-31 00:00",
        ),
        ("0  0 01 *\t*", "2025-12-01 00:00"),
    ] {
        let count = expected.split("; ").count();
        assert_eq!(next(text, count), expected, "{text}");
    }
}

#[test]
fn an_expression_that_is_none_says_which_part_is_wrong() {
    for (text, expected) in [
        (
            "* * * *",
            "cron expression `* * * *` has 4 fields; it must have 5: minute, hour, day of the month, month, day of the week",
        ),
        (
            "0 0 0 1 1 *",
            "cron expression `0 0 0 1 1 *` has 6 fields; it must have 5: minute, hour, day of the month, month, day of the week",
        ),
        (
            "60 * * * *",
            "cron expression `60 * * * *`: `60` is no minute; it must be a number from 0 to 59, a range, a step or a list of these",
        ),
        (
            "* 24 * * *",
            "cron expression `* 24 * * *`: `24` is no hour; it must be a number from 0 to 23, a range, a step or a list of these",
        ),
        (
            "* * 32 * *",
            "cron expression `* * 32 * *`: `32` is no day of the month; it must be a number from 1 to 31, a range, a step or \
             a list of these, or one with L or W",
        ),
        (
            "* * * FOO *",
            "cron expression `* * * FOO *`: `FOO` is no month; it must be a number from 1 to 12, a name, a range, a step or \
             a list of these",
        ),
        (
            "* * * * 0",
            "cron expression `* * * * 0`: `0` is no day of the week; it must be a number from 1 to 7, a name, a range, a \
             step or a list of these, or one with L or #",
        ),
        (
            "0 0 30 2 *",
            "cron expression `0 0 30 2 *` never occurs: no month it names has such a day",
        ),
    ] {
        let error = text.parse::<Cron>().expect_err(text);
        assert_eq!(error.to_string(), expected);
    }
    for text in [
        "",
        "@daily",
        "*/0 * * * *",
        "*/60 * * * *",
        "1- * * * *",
        "-1 * * * *",
        "1,,2 * * * *",
        "+1 * * * *",
        "? * * * *",
        "* * L-31 * *",
        "* * L-0 * *",
        "* * 32W * *",
        "* * W * *",
        "* * LL * *",
        "* * 1,L * *",
        "* * * JANUARY *",
        "* * * * 8",
        "* * * * MON#0",
        "* * * * MON#6",
        "* * * * #1",
        "1\n* * * * *",
        "99999999999 * * * *",
    ] {
        assert!(text.parse::<Cron>().is_err(), "{text:?}");
    }
}

#[test]
fn an_occurrence_is_due_once_and_only_the_latest_of_several() {
    let hourly = cron("0 * * * *");
    let at = |hour: i64, minute: i64| SATURDAY_MS + hour * HOUR_MS + minute * MINUTE_MS;

    assert_eq!(hourly.due(at(0, 0), at(0, 59)), None);
    assert_eq!(hourly.due(at(0, 0), at(1, 0)), Some(at(1, 0)));
    assert_eq!(hourly.due(at(1, 0), at(1, 0)), None);
    assert_eq!(hourly.due(at(0, 0), at(5, 30)), Some(at(5, 0)));
    // A clock that was set back does not repeat anything.
    assert_eq!(hourly.due(at(3, 0), at(1, 30)), None);
}

#[test]
fn an_occurrence_that_is_too_late_does_not_run() {
    let weekly = cron("0 8 * * SAT");
    let late_ms = limits::CRON_LATE.value as i64;

    let due = |now_ms| weekly.due(SATURDAY_MS - DAY_MS, now_ms);

    assert_eq!(due(SATURDAY_MS + late_ms), Some(SATURDAY_MS));
    assert_eq!(due(SATURDAY_MS + late_ms + 1), None);
}

#[test]
fn an_expression_counts_from_its_last_occurrence_or_from_now() {
    let back_ms = limits::CRON_CLOCK_BACK.value as i64;
    for (recorded_ms, run, skip) in [
        (None, 1_000, 1_000),
        (Some(400), 400, 1_000),
        (Some(1_500), 1_500, 1_500),
        (Some(1_000 + back_ms), 1_000 + back_ms, 1_000 + back_ms),
        (Some(1_001 + back_ms), 1_000, 1_000),
    ] {
        assert_eq!(
            Missed::Run.since(recorded_ms, 1_000),
            run,
            "{recorded_ms:?}"
        );
        assert_eq!(
            Missed::Skip.since(recorded_ms, 1_000),
            skip,
            "{recorded_ms:?}"
        );
    }
}
