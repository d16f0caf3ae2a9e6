//! Wake-ups for alarms.

use std::rc::Rc;
use std::time::Duration;

use stated_core::error::Failure;
use stated_core::limits;
use stated_object::clock::wall_ms;
use stated_object::instance::Instance;
use stated_object::namespace::Entry;
use stated_object::program::Answer;
use stated_storage::{Confirmation, SavepointEnd};

use crate::fixture::{World, call, in_world, settle};

/// Stores an alarm for a time that is past, durably.
async fn arm(world: &World, entry: &Rc<Entry>) -> i64 {
    let at_ms = wall_ms() - 5;
    world.on_event(move |instance, _, answer| {
        instance
            .set_alarm(at_ms, Confirmation::Needed)
            .unwrap()
            .unwrap();
        answer.send(Ok(Answer::Done)).unwrap();
    });
    let task = world.deliver(entry, call("arm")).await;
    world.hand_over_report();
    task.await.unwrap().unwrap();
    at_ms
}

/// What `getAlarm()` answers.
fn visible(instance: &Rc<Instance>) -> Option<i64> {
    instance.alarm().unwrap().unwrap()
}

fn stored(entry: &Rc<Entry>) -> Option<i64> {
    entry
        .instance()
        .unwrap()
        .with_database(|database| database.alarm())
        .unwrap()
        .unwrap()
}

/// Wakes the object and hands over the one report that a finished run needs.
async fn wake(world: &World, entry: &Rc<Entry>, at_ms: i64) -> Option<i64> {
    let (namespace, own) = (world.namespace.clone(), entry.clone());
    let task = tokio::task::spawn_local(async move { namespace.wake(&own, at_ms).await });
    settle().await;
    if !task.is_finished() {
        world.hand_over_report();
    }
    task.await.unwrap()
}

#[test]
fn a_run_that_succeeds_removes_the_alarm() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let at_ms = arm(&world, &entry).await;
        world.answer_done(1);

        assert_eq!(wake(&world, &entry, at_ms).await, None);

        assert_eq!(world.log(), ["construct", "arm", "alarm 0"]);
        assert_eq!(stored(&entry), None);
    });
}

#[test]
fn a_failed_run_is_tried_again_after_two_seconds_with_its_count() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let at_ms = arm(&world, &entry).await;
        world.on_event(|_, _, answer| drop(answer.send(Err(Failure::thrown("Error: no", 0)))));

        let again_ms = wake(&world, &entry, at_ms).await.expect("it is retried");

        let delay_ms = again_ms - wall_ms();
        assert!((1_900..=2_500).contains(&delay_ms), "{delay_ms}");
        assert_eq!(stored(&entry), Some(at_ms));
        assert_eq!(visible(&entry.instance().unwrap()), Some(at_ms));
    });
}

#[test]
fn a_wake_up_for_an_alarm_that_was_moved_does_nothing() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let at_ms = arm(&world, &entry).await;

        assert_eq!(wake(&world, &entry, at_ms - 1).await, None);

        assert_eq!(world.log(), ["construct", "arm"]);
    });
}

#[test]
fn a_wake_up_that_comes_early_is_repeated_at_the_stored_time() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let later_ms = wall_ms() + 60_000;
        world.on_event(move |instance, _, answer| {
            instance
                .set_alarm(later_ms, Confirmation::Needed)
                .unwrap()
                .unwrap();
            answer.send(Ok(Answer::Done)).unwrap();
        });
        let task = world.deliver(&entry, call("arm")).await;
        world.hand_over_report();
        task.await.unwrap().unwrap();

        assert_eq!(wake(&world, &entry, later_ms).await, Some(later_ms));
    });
}

#[test]
fn while_the_handler_runs_only_a_new_alarm_is_visible() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let at_ms = arm(&world, &entry).await;
        let next_ms = at_ms + 100_000;
        world.on_event(move |instance, _, answer| {
            assert_eq!(visible(instance), None);
            instance
                .set_alarm(next_ms, Confirmation::Needed)
                .unwrap()
                .unwrap();
            assert_eq!(visible(instance), Some(next_ms));
            answer.send(Ok(Answer::Done)).unwrap();
        });

        assert_eq!(wake(&world, &entry, at_ms).await, Some(next_ms));

        assert_eq!(stored(&entry), Some(next_ms));
    });
}

#[test]
fn an_alarm_without_a_handler_is_removed_and_not_retried() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let at_ms = arm(&world, &entry).await;
        world.script.no_alarm_handler.set(true);

        assert_eq!(wake(&world, &entry, at_ms).await, None);

        assert_eq!(stored(&entry), None);
        assert_eq!(world.log(), ["construct", "arm"]);
    });
}

#[test]
fn a_seventh_failure_gives_the_alarm_up() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let at_ms = arm(&world, &entry).await;
        for _ in 0..7 {
            world.on_event(|_, _, answer| drop(answer.send(Err(Failure::thrown("Error: no", 0)))));
        }

        let mut runs = 0;
        // The real clock decides when a retry is due, so the machine is asked with the time passed.
        while wake(&world, &entry, at_ms).await.is_some() {
            runs += 1;
            entry.alarm_retry_is_due();
            assert!(runs < 10, "it is given up");
        }

        assert_eq!(stored(&entry), None);
        let expected: Vec<String> = (0..7).map(|count| format!("alarm {count}")).collect();
        assert_eq!(world.log()[2..], expected);
    });
}

#[test]
fn a_run_of_more_than_fifteen_minutes_breaks_the_object_and_is_retried() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let at_ms = arm(&world, &entry).await;
        world.on_event(|_, _, answer| std::mem::forget(answer));
        let (namespace, own) = (world.namespace.clone(), entry.clone());
        let woken = tokio::task::spawn_local(async move { namespace.wake(&own, at_ms).await });
        settle().await;

        tokio::time::advance(Duration::from_millis(limits::ALARM_TIME.value - 1)).await;
        settle().await;
        assert!(entry.instance().is_some());
        tokio::time::advance(Duration::from_millis(2)).await;
        settle().await;

        assert!(entry.instance().is_none());
        assert!(
            woken.await.unwrap() > Some(wall_ms()),
            "the retry lies in the future"
        );
    });
}

#[test]
fn an_alarm_that_is_set_and_rolled_back_does_not_replace_the_retry() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let at_ms = arm(&world, &entry).await;
        world.on_event(|instance, _, answer| {
            instance.savepoint_begin().unwrap().unwrap();
            instance
                .set_alarm(at_far_future(), Confirmation::Needed)
                .unwrap()
                .unwrap();
            assert_eq!(visible(instance), Some(at_far_future()));
            instance
                .savepoint_end(SavepointEnd::RollBack)
                .unwrap()
                .unwrap();
            assert_eq!(visible(instance), None);
            answer
                .send(Err(Failure::thrown("Error: failed", 0)))
                .unwrap();
        });

        let next_ms = wake(&world, &entry, at_ms).await;

        assert!(next_ms < Some(at_far_future()), "{next_ms:?}");
        assert_eq!(stored(&entry), Some(at_ms));
    });
}

/// An hour from now or later, rounded so that it does not move during a test.
fn at_far_future() -> i64 {
    (wall_ms() / 86_400_000 + 2) * 86_400_000
}
