//! What an operator does to objects from outside.

use std::cell::Cell;
use std::rc::Rc;

use stated_object::operate::{Evicted, Part};
use stated_object::program::Answer;
use stated_storage::StorageError;

use crate::fixture::{call, in_world, settle};

#[test]
fn an_operation_on_an_object_that_does_not_run_constructs_nothing() {
    in_world(async |world| {
        let entry = world.entry("ann");

        let put = world
            .namespace
            .operate(entry.id, Part::Object, |database| {
                database.kv_put("k", b"v")
            })
            .await;
        let read = world
            .namespace
            .operate(entry.id, Part::Object, |database| database.kv_get("k"))
            .await;

        put.expect("the database opens")
            .expect("the value is stored");
        let value = read
            .expect("the database opens")
            .expect("the value is read");
        assert_eq!(value, Some(b"v".to_vec()));
        assert_eq!(world.log(), [""; 0]);
    });
}

#[test]
fn an_operation_on_a_running_object_is_answered_when_its_write_is_durable() {
    in_world(async |world| {
        let entry = world.entry("ann");
        let called = world.deliver(&entry, call("start")).await;
        called
            .await
            .expect("the task runs")
            .expect("the handler answers");
        let (namespace, id) = (world.namespace.clone(), entry.id);

        let operation = tokio::task::spawn_local(async move {
            namespace
                .operate(id, Part::Object, |database| database.kv_put("k", b"v"))
                .await
        });
        settle().await;
        assert!(!operation.is_finished(), "the commit is not reported yet");
        world.hand_over_report();
        settle().await;

        let written = operation
            .await
            .expect("the task runs")
            .expect("the object runs");
        written.expect("the value is stored");
    });
}

#[test]
fn an_object_with_an_unfinished_event_is_not_evicted() {
    in_world(async |world| {
        let entry = world.entry("ann");
        let (hold, held) = tokio::sync::oneshot::channel();
        world.on_event(move |_, _, answer| drop(hold.send(answer)));
        let called = world.deliver(&entry, call("slow")).await;

        assert_eq!(world.namespace.evict_if_idle(entry.id), Evicted::Busy);
        let answer = held.await.expect("the handler has begun");
        answer.send(Ok(Answer::Done)).expect("the caller waits");
        called
            .await
            .expect("the task runs")
            .expect("the handler answers");

        assert_eq!(world.namespace.evict_if_idle(entry.id), Evicted::Yes);
        assert!(entry.instance().is_none());
    });
}

#[test]
fn files_are_replaced_after_the_instance_has_ended() {
    in_world(async |world| {
        let entry = world.entry("ann");
        let called = world.deliver(&entry, call("start")).await;
        called
            .await
            .expect("the task runs")
            .expect("the handler answers");
        let was_running = Rc::new(Cell::new(true));
        let (seen, during) = (was_running.clone(), entry.clone());

        let replaced: Result<(), StorageError> = world
            .namespace
            .replace(entry.id, move || {
                seen.set(during.instance().is_some());
                Ok(())
            })
            .await;

        replaced.expect("nothing was stored, so there is nothing to read");
        assert!(!was_running.get());
        assert_eq!(world.log(), ["construct", "start", "forget 1"]);
    });
}
