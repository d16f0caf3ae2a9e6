//! Construction, break, eviction.

use std::time::Duration;

use stated_core::error::{ErrorCode, Failure};
use stated_core::limits;
use stated_object::capability::Life;
use stated_object::program::Answer;
use stated_storage::Confirmation;

use crate::fixture::{call, in_world, put, settle};

#[test]
fn a_constructor_that_throws_fails_everyone_who_waits_and_is_tried_again_for_a_new_stub() {
    in_world(|world| async move {
        let entry = world.entry("a");
        world
            .script
            .constructors
            .borrow_mut()
            .push_back(Box::new(|_| Err(Failure::thrown("Error: not today", 0))));

        let failure = world
            .deliver(&entry, call("one"))
            .await
            .await
            .unwrap()
            .unwrap_err();
        assert_eq!(
            (&*failure.message, failure.durable_object_reset),
            ("Error: not today", true)
        );

        world
            .deliver(&entry, call("two"))
            .await
            .await
            .unwrap()
            .unwrap();
        settle().await;
        assert_eq!(world.log(), ["construct", "forget 1", "construct", "two"]);
    });
}

#[test]
fn a_stub_that_saw_the_break_stays_broken_and_a_new_one_works() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let (generation, _) = world
            .deliver(&entry, call("one"))
            .await
            .await
            .unwrap()
            .unwrap();
        entry
            .instance()
            .unwrap()
            .break_with(Failure::aborted(Some("enough")));

        let old = world
            .namespace
            .deliver(&entry, generation, call("two"))
            .await
            .unwrap_err();
        let (next, _) = world
            .namespace
            .deliver(&entry, 0, call("three"))
            .await
            .unwrap();

        assert_eq!((&*old.message, old.durable_object_reset), ("enough", true));
        assert_eq!(next, generation + 1);
    });
}

#[test]
fn calls_that_share_a_life_reach_no_other_although_none_was_answered_yet() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let mut life = Life::of(0);
        life.share();
        world.on_event(|instance, _, _| instance.break_with(Failure::aborted(Some("enough"))));
        let first = world
            .namespace
            .deliver(&entry, life.clone(), call("one"))
            .await
            .unwrap_err();

        let second = world
            .namespace
            .deliver(&entry, life.clone(), call("two"))
            .await
            .unwrap_err();
        let (next, _) = world
            .namespace
            .deliver(&entry, Life::of(0), call("three"))
            .await
            .unwrap();

        assert_eq!((&*first.message, &*second.message), ("enough", "enough"));
        assert_eq!(next, life.generation() + 1);
    });
}

#[test]
fn a_life_that_its_constructor_ends_is_the_one_its_calls_share() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let mut life = Life::of(0);
        life.share();
        world
            .script
            .constructors
            .borrow_mut()
            .push_back(Box::new(|_| Err(Failure::thrown("Error: not today", 0))));

        for name in ["one", "two"] {
            let failure = world
                .namespace
                .deliver(&entry, life.clone(), call(name))
                .await
                .unwrap_err();
            assert_eq!(&*failure.message, "Error: not today");
        }
        settle().await;

        assert_eq!(world.log(), ["construct", "forget 1"]);
    });
}

#[test]
fn calls_in_flight_fail_with_the_reason_of_the_break() {
    in_world(|world| async move {
        let entry = world.entry("a");
        world.on_event(|_, _, answer| std::mem::forget(answer));
        let task = world.deliver(&entry, call("stuck")).await;

        entry.instance().unwrap().break_with(Failure::aborted(None));

        let failure = task.await.unwrap().unwrap_err();
        assert_eq!((failure.code, failure.remote), (ErrorCode::Aborted, true));
    });
}

#[test]
fn what_was_not_committed_is_lost_by_a_break_and_what_was_is_kept() {
    in_world(|world| async move {
        let entry = world.entry("a");
        world.on_event_put("kept");
        world.on_event(|instance, _, answer| {
            put(instance, "lost");
            instance.break_with(Failure::aborted(None));
            drop(answer);
        });
        let first = world.deliver(&entry, call("one")).await;
        world.hand_over_report();
        first.await.unwrap().unwrap();
        world
            .deliver(&entry, call("two"))
            .await
            .await
            .unwrap()
            .unwrap_err();

        world
            .deliver(&entry, call("three"))
            .await
            .await
            .unwrap()
            .unwrap();

        let instance = entry.instance().unwrap();
        let read = |key| {
            instance
                .with_database(|database| database.kv_get(key))
                .unwrap()
                .unwrap()
        };
        assert_eq!((read("kept"), read("lost")), (Some(b"v".to_vec()), None));
    });
}

#[test]
fn an_output_held_at_the_gate_never_leaves_a_broken_instance() {
    in_world(|world| async move {
        let entry = world.entry("a");
        world.on_event_put("k");
        let task = world.deliver(&entry, call("write")).await;

        entry
            .instance()
            .unwrap()
            .break_with(Failure::aborted(Some("gone")));
        world.hand_over_report();

        assert_eq!(&*task.await.unwrap().unwrap_err().message, "gone");
    });
}

#[test]
fn an_idle_instance_is_dropped_after_ten_seconds_and_not_before() {
    in_world(|world| async move {
        let entry = world.entry("a");
        world
            .deliver(&entry, call("one"))
            .await
            .await
            .unwrap()
            .unwrap();

        tokio::time::advance(Duration::from_millis(limits::HIBERNATE_AFTER.value - 1)).await;
        world.namespace.sweep().await;
        assert!(entry.instance().is_some());

        tokio::time::advance(Duration::from_millis(1)).await;
        world.namespace.sweep().await;
        settle().await;
        assert!(entry.instance().is_none());
        assert_eq!(world.log(), ["construct", "one", "forget 1"]);
    });
}

/// SQLite keeps up to 2 MB of pages for each; 128 MiB are kept for all of a shard.
#[test]
fn objects_whose_databases_keep_too_much_together_give_back_the_least_recently_used_ones() {
    in_world(|world| async move {
        for object in 0..90 {
            let entry = world.entry(&format!("o{object}"));
            world.on_event(|instance, _, answer| {
                let filled = instance.with_database(|database| {
                    let sql = "CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(3000000)); \
                               SELECT sum(length(x)) FROM t";
                    let cursor = database.sql_exec(sql, &[]).unwrap();
                    database.cursor_rest(cursor).unwrap().len()
                });
                assert_eq!(filled.unwrap(), 1);
                drop(answer.send(Ok(Answer::Done)));
            });
            let call = world.deliver(&entry, call("fill")).await;
            world.hand_over_report();
            call.await.unwrap().unwrap();

            let instance = entry.instance().expect("it is not idle for long");
            let surplus = instance.with_database(|database| database.surplus());
            assert_eq!(surplus.unwrap(), [], "after {object}");
        }
    });
}

#[test]
fn events_go_on_while_many_objects_are_put_away() {
    in_world(|world| async move {
        let mut entries = Vec::new();
        for number in 0..20 {
            let entry = world.entry(&number.to_string());
            world
                .deliver(&entry, call("one"))
                .await
                .await
                .unwrap()
                .unwrap();
            entries.push(entry);
        }
        tokio::time::advance(Duration::from_millis(limits::HIBERNATE_AFTER.value)).await;
        let running = || {
            let entries = entries.iter();
            entries.filter(|entry| entry.instance().is_some()).count()
        };

        let mut sweep = std::pin::pin!(world.namespace.sweep());
        let mut left = vec![running()];
        let swept = std::future::poll_fn(|context| {
            let polled = sweep.as_mut().poll(context);
            left.push(running());
            polled
        })
        .await;

        assert_eq!(left, [20, 12, 4, 0]);
        assert_eq!((swept.put_away, swept.rested), (20, 0));
    });
}

#[test]
fn a_database_rests_after_five_idle_seconds_and_not_before() {
    in_world(|world| async move {
        let entry = world.entry("a");
        world.on_event_put("a");
        let task = world.deliver(&entry, call("one")).await;
        world.hand_over_report();
        task.await.unwrap().unwrap();

        tokio::time::advance(Duration::from_millis(4999)).await;
        assert_eq!(world.namespace.sweep().await.rested, 0);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(world.namespace.sweep().await.rested, 1);
        assert_eq!(world.namespace.sweep().await.rested, 0, "it rests already");
    });
}

#[test]
fn an_instance_with_work_is_not_dropped() {
    in_world(|world| async move {
        let entry = world.entry("a");
        world.on_event(|_, _, answer| std::mem::forget(answer));
        let _stuck = world.deliver(&entry, call("stuck")).await;

        tokio::time::advance(Duration::from_secs(3600)).await;
        world.namespace.sweep().await;

        assert!(entry.instance().is_some());
    });
}

#[test]
fn a_stub_kept_across_an_eviction_still_works() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let (generation, _) = world
            .deliver(&entry, call("one"))
            .await
            .await
            .unwrap()
            .unwrap();
        tokio::time::advance(Duration::from_secs(11)).await;
        world.namespace.sweep().await;

        world
            .namespace
            .deliver(&entry, generation, call("two"))
            .await
            .unwrap();

        settle().await;
        assert_eq!(
            world.log(),
            ["construct", "one", "construct", "two", "forget 1"]
        );
    });
}

#[test]
fn storage_of_a_broken_instance_is_no_longer_accessible() {
    in_world(|world| async move {
        let entry = world.entry("a");
        world
            .deliver(&entry, call("one"))
            .await
            .await
            .unwrap()
            .unwrap();
        let instance = entry.instance().unwrap();

        instance.break_with(Failure::aborted(None));

        let failure = instance
            .with_database(|database| database.kv_get("k"))
            .unwrap_err();
        assert_eq!(
            &*failure.message,
            "Durable Object storage is no longer accessible."
        );
    });
}

#[test]
fn an_answer_does_not_wait_for_an_unconfirmed_write_but_sync_does() {
    in_world(|world| async move {
        let entry = world.entry("a");
        world.on_event(|instance, _, answer| {
            instance
                .with_database(|database| {
                    database.confirming(Confirmation::Waived, |database| database.kv_put("k", b"v"))
                })
                .unwrap()
                .unwrap();
            answer.send(Ok(Answer::Done)).unwrap();
        });
        let answered = world.deliver(&entry, call("write")).await;
        assert!(answered.is_finished(), "the write is not durable yet");
        let instance = entry.instance().unwrap();
        let synced = tokio::task::spawn_local(async move { instance.until_all_durable().await });
        settle().await;
        assert!(!synced.is_finished());

        world.hand_over_report();
        settle().await;

        assert!(synced.is_finished());
    });
}

#[test]
fn a_commit_that_takes_longer_than_its_limit_resets_the_object() {
    in_world(|world| async move {
        let entry = world.entry("a");
        world.on_event_put("k");
        let task = world.deliver(&entry, call("write")).await;

        tokio::time::advance(Duration::from_millis(limits::OUTPUT_GATE_TIME.value)).await;
        world.namespace.sweep().await;
        assert!(!task.is_finished());
        tokio::time::advance(Duration::from_millis(1)).await;
        world.namespace.sweep().await;

        let failure = task.await.unwrap().unwrap_err();
        assert_eq!(
            (failure.code, failure.overloaded),
            (ErrorCode::StorageTimeLimit, true)
        );
    });
}
