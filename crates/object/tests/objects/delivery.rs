//! From the caller to the handler and back.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use stated_core::error::{ErrorCode, Failure};
use stated_core::limits;
use stated_object::hibernation::SocketId;
use stated_object::instance::Permit;
use stated_object::namespace::Entry;
use stated_object::program::{Answer, Event, SocketEvent};

use crate::fixture::{World, call, in_world, put, settle};

#[test]
fn the_first_event_constructs_the_instance_and_later_ones_do_not() {
    in_world(|world| async move {
        let entry = world.entry("a");

        for name in ["one", "two"] {
            world
                .deliver(&entry, call(name))
                .await
                .await
                .unwrap()
                .unwrap();
        }

        assert_eq!(world.log(), ["construct", "one", "two"]);
    });
}

#[test]
fn events_sent_at_once_to_an_inactive_object_arrive_in_order_at_one_instance() {
    in_world(|world| async move {
        let entry = world.entry("a");

        let tasks = [
            world.deliver(&entry, call("0")).await,
            world.deliver(&entry, call("1")).await,
            world.deliver(&entry, call("2")).await,
        ];
        for task in tasks {
            task.await.unwrap().unwrap();
        }

        assert_eq!(world.log(), ["construct", "0", "1", "2"]);
    });
}

#[test]
fn an_answer_waits_until_the_writes_of_its_turn_are_durable() {
    in_world(|world| async move {
        let entry = world.entry("a");
        world.on_event_put("k");

        let task = world.deliver(&entry, call("write")).await;
        assert!(!task.is_finished(), "the write is not reported durable yet");

        world.hand_over_report();
        task.await.unwrap().unwrap();
    });
}

#[test]
fn a_read_that_sees_an_unconfirmed_write_waits_for_it() {
    in_world(|world| async move {
        let entry = world.entry("a");
        // The write's own answer never comes; a later reader must still not run ahead of the disk.
        world.on_event(|instance, _, answer| {
            put(instance, "k");
            std::mem::forget(answer);
        });
        world.answer_done(1);
        let _writer = world.deliver(&entry, call("write")).await;

        let reader = world.deliver(&entry, call("read")).await;
        assert!(!reader.is_finished());

        world.hand_over_report();
        reader.await.unwrap().unwrap();
    });
}

#[test]
fn outputs_leave_in_the_order_they_were_made() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let left: Rc<RefCell<Vec<&str>>> = Rc::default();
        let (first, second, third) = (left.clone(), left.clone(), left.clone());
        world.on_event(move |instance, _, answer| {
            instance.when_durable(move || first.borrow_mut().push("before the write"));
            put(instance, "k");
            instance.when_durable(move || second.borrow_mut().push("after the write"));
            answer.send(Ok(Answer::Done)).unwrap();
        });
        world.on_event(move |instance, _, answer| {
            instance.when_durable(move || third.borrow_mut().push("of the next turn"));
            answer.send(Ok(Answer::Done)).unwrap();
        });

        let one = world.deliver(&entry, call("one")).await;
        let two = world.deliver(&entry, call("two")).await;
        assert_eq!(*left.borrow(), Vec::<&str>::new());
        world.hand_over_report();
        one.await.unwrap().unwrap();
        two.await.unwrap().unwrap();

        assert_eq!(
            *left.borrow(),
            ["before the write", "after the write", "of the next turn"]
        );
    });
}

#[test]
fn an_output_of_an_open_transaction_is_not_held_for_the_transaction() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let left: Rc<RefCell<bool>> = Rc::default();
        let output = left.clone();
        world.on_event(move |instance, _, answer| {
            instance
                .with_database(|database| {
                    database.savepoint_begin().unwrap();
                    database.kv_put("k", b"v").unwrap();
                })
                .unwrap();
            instance.when_durable(move || *output.borrow_mut() = true);
            std::mem::forget(answer);
        });

        let _task = world.deliver(&entry, call("transaction")).await;

        assert!(*left.borrow());
    });
}

#[test]
fn an_exception_fails_its_call_only() {
    in_world(|world| async move {
        let entry = world.entry("a");
        world.on_event(|_, _, answer| drop(answer.send(Err(Failure::thrown("TypeError: no", 0)))));
        world.answer_done(1);

        let failure = world
            .deliver(&entry, call("bad"))
            .await
            .await
            .unwrap()
            .unwrap_err();
        world
            .deliver(&entry, call("good"))
            .await
            .await
            .unwrap()
            .unwrap();

        assert_eq!(
            (&*failure.message, failure.remote, failure.object_id),
            ("TypeError: no", true, Some(entry.id))
        );
        assert_eq!(world.log(), ["construct", "bad", "good"]);
    });
}

#[test]
fn the_last_admitted_event_waits_and_the_next_is_refused() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let _turn = turn(&world, &entry).await;
        let mut waiting = Vec::new();
        for _ in 0..limits::MAILBOX_EVENTS.value {
            let (namespace, entry) = (world.namespace.clone(), entry.clone());
            waiting.push(tokio::task::spawn_local(async move {
                namespace.deliver(&entry, 0, call("more")).await
            }));
        }
        settle().await;
        assert!(waiting.iter().all(|task| !task.is_finished()));

        let refusal = world
            .deliver(&entry, call("too many"))
            .await
            .await
            .unwrap()
            .unwrap_err();

        assert_eq!(
            (refusal.code, refusal.overloaded),
            (ErrorCode::OverloadedCount, true)
        );
    });
}

#[test]
fn events_whose_handlers_run_do_not_count_as_waiting() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let mut running = Vec::new();
        for _ in 0..=limits::MAILBOX_EVENTS.value {
            world.on_event(|_, _, answer| std::mem::forget(answer));
            let (namespace, entry) = (world.namespace.clone(), entry.clone());
            running.push(tokio::task::spawn_local(async move {
                namespace.deliver(&entry, 0, call("long")).await
            }));
        }
        settle().await;

        world.answer_done(1);
        world
            .deliver(&entry, call("one more"))
            .await
            .await
            .unwrap()
            .unwrap();

        assert!(running.iter().all(|task| !task.is_finished()));
    });
}

#[test]
fn a_call_waits_thirty_seconds_and_a_sockets_event_until_it_is_served() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let turn = turn(&world, &entry).await;
        let waiting = world.deliver(&entry, call("call")).await;
        let event = Event::Socket {
            socket: SocketId(1),
            event: SocketEvent::Text("message".to_owned()),
        };
        let message = world.deliver(&entry, event).await;

        advance(limits::MAILBOX_TIME.value - 1).await;
        assert!(!waiting.is_finished());
        advance(2).await;
        let refusal = waiting.await.unwrap().unwrap_err();
        assert_eq!(
            (refusal.code, refusal.overloaded),
            (ErrorCode::OverloadedTime, true)
        );

        advance(limits::MAILBOX_TIME.value).await;
        drop(turn);
        message.await.unwrap().unwrap();
        assert_eq!(world.log(), ["construct", "first", "Text(\"message\")"]);
    });
}

/// A turn of the running object, which keeps everything else waiting.
async fn turn(world: &World, entry: &Rc<Entry>) -> Permit {
    let first = world
        .deliver(entry, call("first"))
        .await
        .await
        .expect("the delivery is not aborted");
    first.expect("the handler succeeds");
    entry
        .instance()
        .expect("the object runs")
        .enter(None)
        .await
        .expect("nothing is in the way")
}

async fn advance(ms: u64) {
    tokio::time::advance(Duration::from_millis(ms)).await;
    settle().await;
}

#[test]
fn a_call_of_a_target_is_an_event_of_the_instance_that_exported_it() {
    in_world(|world| async move {
        let entry = world.entry("a");
        world
            .deliver(&entry, call("one"))
            .await
            .await
            .unwrap()
            .unwrap();
        let first = entry.instance().unwrap();
        let on_target = || Event::TargetCall {
            target: 7,
            path: vec!["method".to_owned()],
            args: None,
        };

        first.deliver_to_target(on_target()).await.unwrap();
        first.break_with(Failure::aborted(Some("enough")));
        let failure = first.deliver_to_target(on_target()).await.unwrap_err();
        world
            .deliver(&entry, call("two"))
            .await
            .await
            .unwrap()
            .unwrap();

        assert_eq!((&*failure.message, failure.remote), ("enough", true));
        assert_eq!(
            world.log(),
            [
                "construct",
                "one",
                "target 7 method",
                "forget 1",
                "construct",
                "two"
            ]
        );
    });
}
