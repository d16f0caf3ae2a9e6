use super::*;
use crate::id::UniqueKey;

fn text_of(code: ErrorCode) -> String {
    Failure::new(code).to_string()
}

#[test]
fn fixed_texts_are_those_that_programs_compare() {
    let expected = [
        (
            ErrorCode::Aborted,
            "Application called abort() to reset Durable Object.",
        ),
        (
            ErrorCode::AlarmTimeLimit,
            "Alarm exceeded its allowed execution time",
        ),
        (
            ErrorCode::CallbackContextEnded,
            "The execution context which hosts this callback is no longer running.",
        ),
        (
            ErrorCode::CallCanceled,
            "The execution context responding to this call was canceled.",
        ),
        (
            ErrorCode::CodeUpdated,
            "Durable Object reset because its code was updated.",
        ),
        (
            ErrorCode::CpuLimit,
            "Durable Object exceeded its CPU time limit and was reset.",
        ),
        (
            ErrorCode::CriticalSectionDeadlock,
            "A critical section within this Durable Object awaited a Promise that apparently will never complete. This could happen in particular if a critical section awaits a task that was initiated outside of the critical section. Since a critical section blocks all other tasks from completing, this leads to deadlock.",
        ),
        (
            ErrorCode::CriticalSectionTimeLimit,
            "A call to blockConcurrencyWhile() in a Durable Object waited for too long. The call was canceled and the Durable Object was reset.",
        ),
        (
            ErrorCode::EventTimeLimit,
            "Actor exceeded event execution time and was disconnected.",
        ),
        (
            ErrorCode::InstanceGone,
            "Connection closed: this Durable Object instance is no longer active. Reconnect or retry the request.",
        ),
        (
            ErrorCode::MemoryLimit,
            "Durable Object's isolate exceeded its memory limit and was reset.",
        ),
        (
            ErrorCode::NestedTooDeep,
            "blockConcurrencyWhile() calls are nested too deeply.",
        ),
        (ErrorCode::NetworkLost, "Network connection lost."),
        (
            ErrorCode::OverloadedBytes,
            "Durable Object is overloaded. Too much data queued.",
        ),
        (
            ErrorCode::OverloadedCount,
            "Durable Object is overloaded. Too many requests queued.",
        ),
        (
            ErrorCode::OverloadedRate,
            "Durable Object is overloaded. Too many requests for the same object within a 10 second window.",
        ),
        (
            ErrorCode::OverloadedTime,
            "Durable Object is overloaded. Requests queued for too long.",
        ),
        (
            ErrorCode::StorageGone,
            "Durable Object storage is no longer accessible.",
        ),
        (
            ErrorCode::StorageTimeLimit,
            "Durable Object storage operation exceeded timeout which caused object to be reset.",
        ),
    ];
    for (code, text) in expected {
        assert_eq!(text_of(code), text, "{code}");
    }
}

#[test]
fn texts_with_a_cause_carry_it() {
    assert_eq!(
        Failure::constraint_violated("FOREIGN KEY constraint failed: SQLITE_CONSTRAINT")
            .to_string(),
        "Durable Object was reset and rolled back to its last known good state because the application left the database in a state where constraints were violated: FOREIGN KEY constraint failed: SQLITE_CONSTRAINT"
    );
    assert_eq!(
        Failure::storage_failed("database or disk is full: SQLITE_FULL").to_string(),
        "database or disk is full: SQLITE_FULL"
    );
    assert_eq!(
        Failure::internal("7f3a").to_string(),
        "internal error; reference = 7f3a"
    );
    assert_eq!(Failure::aborted(Some("Error: x")).to_string(), "Error: x");
    assert_eq!(
        Failure::aborted(None).to_string(),
        "Application called abort() to reset Durable Object."
    );
}

#[test]
fn codes_are_listed_once_in_alphabetical_order() {
    let names: Vec<_> = ErrorCode::ALL
        .iter()
        .map(|code| format!("{code:?}").to_lowercase())
        .collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();

    assert_eq!(names, sorted);
}

#[test]
fn code_names_are_the_variants_in_snake_case() {
    for code in ErrorCode::ALL {
        let variant = format!("{code:?}").to_lowercase();
        assert_eq!(code.name().replace('_', ""), variant);
    }
}

#[test]
fn an_abort_resets_the_object_and_is_remote_to_its_caller() {
    let seen = Failure::aborted(None).seen_through_stub(Some(some_id()));

    assert!(seen.durable_object_reset);
    assert!(seen.remote);
    assert_eq!(seen.object_id, None);
    assert_eq!(seen.flags(), 0b1100);
}

#[test]
fn a_thrown_error_names_the_object_to_its_caller() {
    let seen = Failure::thrown("TypeError: no", 0).seen_through_stub(Some(some_id()));

    assert_eq!(seen.object_id, Some(some_id()));
    assert_eq!(seen.class.name(), "");
    assert_eq!(seen.flags(), 0b0100);
}

#[test]
fn a_thrown_error_of_a_stateless_service_names_no_object() {
    let seen = Failure::thrown("Error: no", 0).seen_through_stub(None);

    assert!(seen.remote);
    assert_eq!(seen.object_id, None);
}

#[test]
fn an_error_passed_on_keeps_the_object_that_threw_it() {
    let other = ObjectId::from_bytes([9; 32]);

    let seen = Failure::thrown("Error: no", 0)
        .seen_through_stub(Some(other))
        .seen_through_stub(Some(some_id()));

    assert_eq!(seen.object_id, Some(other));
}

#[test]
fn a_throwing_constructor_resets_without_naming_the_object() {
    let seen = Failure::thrown("Error: no", 0)
        .resetting()
        .seen_through_stub(Some(some_id()));

    assert!(seen.durable_object_reset && seen.remote);
    assert_eq!(seen.object_id, None);
}

#[test]
fn a_lost_connection_is_retryable_and_not_remote() {
    let seen = Failure::new(ErrorCode::NetworkLost).seen_through_stub(Some(some_id()));

    assert_eq!(seen.flags(), 0b0001);
}

#[test]
fn an_overload_answers_503_and_everything_else_500() {
    for code in ErrorCode::ALL {
        let expected = if code.overloaded() { 503 } else { 500 };
        assert_eq!(Failure::new(code).http_status(), expected, "{code}");
    }
    assert_eq!(Failure::new(ErrorCode::OverloadedCount).http_status(), 503);
    assert_eq!(Failure::thrown("Error: x", 0).http_status(), 500);
}

#[test]
fn overloaded_wins_over_retryable_on_a_thrown_error() {
    let thrown = Failure::thrown("Error: busy", 0b0011);

    assert!(thrown.overloaded);
    assert!(!thrown.retryable);
    assert_eq!(Failure::thrown("Error: busy", 0b0001).flags(), 0b0001);
}

fn some_id() -> ObjectId {
    ObjectId::from_name(&UniqueKey::new("mykey"), "name")
}
