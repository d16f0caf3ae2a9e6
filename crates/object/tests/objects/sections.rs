//! Critical sections keep everything else out.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use stated_core::error::{ErrorCode, Failure};
use stated_core::gate::SectionId;
use stated_core::limits;
use stated_object::instance::Instance;

use crate::fixture::{World, call, in_world, settle};

/// Queues a handler that asks for a section and never answers, and a section whose id the test gets.
fn section(world: &World) -> Rc<Cell<Option<SectionId>>> {
    let id: Rc<Cell<Option<SectionId>>> = Rc::default();
    let known = id.clone();
    world.on_event(|instance, _, answer| {
        instance.request_section(None).unwrap();
        std::mem::forget(answer);
    });
    world
        .script
        .sections
        .borrow_mut()
        .push_back(Box::new(move |_, section| known.set(Some(section))));
    id
}

async fn end(instance: &Rc<Instance>, section: SectionId, failure: Option<Failure>) {
    let _turn = instance.enter(Some(section)).await.unwrap();
    instance.end_section(section, failure);
}

#[test]
fn a_section_runs_in_a_turn_of_its_own_ahead_of_waiting_events() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let id = section(&world);
        let _first = world.deliver(&entry, call("first")).await;

        let second = world.deliver(&entry, call("second")).await;
        assert_eq!(world.log(), ["construct", "first", "section"]);

        end(&entry.instance().unwrap(), id.get().unwrap(), None).await;
        second.await.unwrap().unwrap();
        assert_eq!(world.log(), ["construct", "first", "section", "second"]);
    });
}

#[test]
fn events_of_the_section_itself_are_let_in() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let id = section(&world);
        let _first = world.deliver(&entry, call("first")).await;
        let instance = entry.instance().unwrap();

        let permit = instance.enter(id.get()).await;

        assert!(permit.is_ok());
    });
}

#[test]
fn a_section_of_the_constructor_delays_the_first_event() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let id: Rc<Cell<Option<SectionId>>> = Rc::default();
        let known = id.clone();
        world
            .script
            .constructors
            .borrow_mut()
            .push_back(Box::new(|instance| {
                instance.request_section(None).unwrap();
                Ok(())
            }));
        world
            .script
            .sections
            .borrow_mut()
            .push_back(Box::new(move |_, section| known.set(Some(section))));

        let first = world.deliver(&entry, call("first")).await;
        assert_eq!(world.log(), ["construct", "section"]);

        end(&entry.instance().unwrap(), id.get().unwrap(), None).await;
        first.await.unwrap().unwrap();
    });
}

#[test]
fn a_section_that_fails_breaks_the_object_for_everyone() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let id = section(&world);
        let first = world.deliver(&entry, call("first")).await;
        let second = world.deliver(&entry, call("second")).await;

        let instance = entry.instance().unwrap();
        end(
            &instance,
            id.get().unwrap(),
            Some(Failure::thrown("Error: inside", 0)),
        )
        .await;

        for task in [first, second] {
            let failure = task.await.unwrap().unwrap_err();
            assert_eq!(
                (&*failure.message, failure.durable_object_reset),
                ("Error: inside", true)
            );
        }
    });
}

#[test]
fn a_section_may_take_thirty_seconds_and_no_millisecond_longer() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let _id = section(&world);
        let task = world.deliver(&entry, call("first")).await;

        tokio::time::advance(Duration::from_millis(limits::SECTION_TIME.value - 1)).await;
        settle().await;
        assert!(!task.is_finished());
        tokio::time::advance(Duration::from_millis(2)).await;
        settle().await;

        let failure = task.await.unwrap().unwrap_err();
        assert_eq!(failure.code, ErrorCode::CriticalSectionTimeLimit);
    });
}

#[test]
fn an_event_whose_caller_went_away_gives_up_its_place() {
    in_world(|world| async move {
        let entry = world.entry("a");
        let id = section(&world);
        let _first = world.deliver(&entry, call("first")).await;
        let gone = world.deliver(&entry, call("gone")).await;
        let last = world.deliver(&entry, call("last")).await;

        gone.abort();
        settle().await;
        end(&entry.instance().unwrap(), id.get().unwrap(), None).await;

        last.await.unwrap().unwrap();
        assert_eq!(world.log(), ["construct", "first", "section", "last"]);
    });
}
