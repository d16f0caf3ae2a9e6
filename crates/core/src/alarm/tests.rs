use super::*;

const COUNTED: Outcome = Outcome::Failed(Counting::Counted);
const UNCOUNTED: Outcome = Outcome::Failed(Counting::Uncounted);

/// An alarm set for 1,000 whose first run is in progress.
fn running() -> Alarm {
    let mut alarm = Alarm::stored(Some(1_000));
    assert!(alarm.start(1_000).is_some());
    alarm
}

#[test]
fn an_alarm_never_fires_before_its_time() {
    let mut alarm = Alarm::stored(Some(1_000));

    assert_eq!(alarm.start(999), None);
    assert_eq!(
        alarm.start(1_000),
        Some(AlarmInfo {
            scheduled_time_ms: 1_000,
            retry_count: 0
        })
    );
}

#[test]
fn a_successful_run_leaves_nothing() {
    let mut alarm = running();

    assert_eq!(alarm.finish(Outcome::Succeeded, 1_500, 0), AfterRun::Done);

    assert_eq!(alarm, Alarm::default());
}

#[test]
fn a_failing_alarm_runs_seven_times_with_doubling_delays_and_is_then_abandoned() {
    let mut alarm = Alarm::stored(Some(0));
    let mut now = 0;
    let mut delays = Vec::new();
    for retry_count in 0..6 {
        let info = alarm.start(now).unwrap();
        assert_eq!(
            (info.retry_count, info.is_retry()),
            (retry_count, retry_count > 0)
        );
        assert_eq!(info.scheduled_time_ms, 0);
        let AfterRun::RetryAt { ms } = alarm.finish(COUNTED, now, 0) else {
            panic!("retry {retry_count} is allowed");
        };
        assert_eq!(alarm.visible_ms(), Some(0));
        delays.push(ms - now);
        now = ms;
    }

    assert_eq!(alarm.start(now).unwrap().retry_count, 6);
    assert_eq!(alarm.finish(COUNTED, now, 0), AfterRun::Abandoned);

    assert_eq!(delays, [2_000, 4_000, 8_000, 16_000, 32_000, 64_000]);
    assert_eq!(alarm.visible_ms(), None);
    assert_eq!(alarm.wake_at_ms(), None);
}

#[test]
fn jitter_adds_between_nothing_and_a_quarter() {
    let delay = |random| match Retries::default().after_failure(Counting::Counted, random) {
        Verdict::Retry { delay_ms, .. } => delay_ms,
        Verdict::Abandon => panic!("the first failure is retried"),
    };

    assert_eq!(delay(0), 2_000);
    assert_eq!(delay(u32::MAX / 2), 2_249);
    assert_eq!(delay(u32::MAX), 2_500);
}

#[test]
fn uncounted_failures_are_retried_for_ever_at_most_1024_seconds_apart() {
    let mut retries = Retries::default();
    let mut delays = Vec::new();
    for _ in 0..12 {
        let Verdict::Retry {
            delay_ms,
            retries: next,
        } = retries.after_failure(Counting::Uncounted, 0)
        else {
            panic!("uncounted failures are never given up");
        };
        delays.push(delay_ms / 1_000);
        retries = next;
    }

    assert_eq!(
        delays,
        [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024, 1024]
    );
    assert_eq!(retries.counted(), 0);
}

#[test]
fn the_first_counted_failure_after_uncounted_ones_waits_the_shortest_time() {
    let mut alarm = Alarm::stored(Some(0));
    alarm.start(0);
    alarm.finish(UNCOUNTED, 0, 0);
    alarm.start(10_000);
    alarm.finish(UNCOUNTED, 10_000, 0);
    alarm.start(20_000);

    assert_eq!(
        alarm.finish(COUNTED, 20_000, 0),
        AfterRun::RetryAt { ms: 22_000 }
    );
    assert_eq!(alarm.start(22_000).unwrap().retry_count, 1);
    assert_eq!(
        alarm.finish(COUNTED, 22_000, 0),
        AfterRun::RetryAt { ms: 26_000 }
    );
}

#[test]
fn during_a_run_no_alarm_is_visible_and_no_second_run_starts() {
    let mut alarm = running();

    assert_eq!(alarm.visible_ms(), None);
    alarm.set(1_200);
    assert_eq!(alarm.visible_ms(), Some(1_200));
    assert_eq!(alarm.start(5_000), None);
    assert!(alarm.is_running());
}

#[test]
fn an_alarm_set_during_a_failing_run_replaces_the_retry_with_fresh_retries() {
    let mut alarm = running();
    alarm.finish(COUNTED, 1_000, 0);
    assert_eq!(alarm.start(3_000).unwrap().retry_count, 1);
    alarm.set(9_000);

    assert_eq!(
        alarm.finish(COUNTED, 3_500, 0),
        AfterRun::Replaced { ms: 9_000 }
    );

    assert_eq!(
        alarm.start(9_000),
        Some(AlarmInfo {
            scheduled_time_ms: 9_000,
            retry_count: 0
        })
    );
}

#[test]
fn an_alarm_set_during_a_successful_run_follows_it() {
    let mut alarm = running();
    alarm.set(9_000);

    assert_eq!(
        alarm.finish(Outcome::Succeeded, 1_500, 0),
        AfterRun::Replaced { ms: 9_000 }
    );
}

#[test]
fn deleting_between_two_tries_cancels_the_retry() {
    let mut alarm = running();
    alarm.finish(COUNTED, 1_000, 0);

    alarm.delete();

    assert_eq!(alarm.visible_ms(), None);
    assert_eq!(alarm.start(i64::MAX), None);
}

#[test]
fn deleting_during_a_run_cancels_a_newer_alarm_and_the_retry() {
    let mut alarm = running();
    alarm.set(9_000);
    alarm.delete();

    assert_eq!(alarm.finish(COUNTED, 1_500, 0), AfterRun::Done);
    assert_eq!(alarm.wake_at_ms(), None);
}

#[test]
fn setting_between_two_tries_starts_over() {
    let mut alarm = running();
    alarm.finish(COUNTED, 1_000, 0);

    alarm.set(1_500);

    assert_eq!(alarm.start(1_500).unwrap().retry_count, 0);
}

#[test]
fn an_abort_is_retried_unless_it_says_not_to() {
    let mut alarm = running();
    assert_eq!(
        alarm.finish(Outcome::Aborted(RetryAlarm::Yes), 1_000, 0),
        AfterRun::RetryAt { ms: 3_000 }
    );
    assert!(alarm.start(3_000).is_some());
    assert_eq!(
        alarm.finish(Outcome::Aborted(RetryAlarm::No), 3_000, 0),
        AfterRun::Done
    );
}

#[test]
fn a_class_without_handler_is_not_retried() {
    assert_eq!(
        running().finish(Outcome::NoHandler, 1_000, 0),
        AfterRun::Done
    );
}

#[test]
fn a_wake_up_for_another_alarm_than_the_stored_one_is_cancelled() {
    assert_eq!(delivery(None, 1_000, 2_000), Delivery::Cancelled);
    assert_eq!(delivery(Some(1_001), 1_000, 2_000), Delivery::Cancelled);
    assert_eq!(delivery(Some(900), 1_000, 2_000), Delivery::Cancelled);
    assert_eq!(delivery(Some(1_000), 1_000, 1_000), Delivery::Run);
    assert_eq!(
        delivery(Some(1_000), 1_000, 999),
        Delivery::Early { at_ms: 1_000 }
    );
}

#[test]
fn alarm_times_are_cut_to_milliseconds_and_past_ones_become_now() {
    assert_eq!(alarm_time_ms(5_000.9, 4_000), Ok(5_000));
    assert_eq!(alarm_time_ms(1.0, 4_000), Ok(4_000));
    assert_eq!(alarm_time_ms(f64::INFINITY, 4_000), Ok(i64::MAX));
}

#[test]
fn alarm_times_of_zero_below_or_no_number_are_refused() {
    for argument in [0.0, 0.9, -1.0, f64::NAN, f64::NEG_INFINITY] {
        assert_eq!(
            alarm_time_ms(argument, 0).unwrap_err().to_string(),
            "setAlarm() cannot be called with an alarm time <= 0"
        );
    }
}
