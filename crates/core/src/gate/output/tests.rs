use proptest::prelude::*;

use super::*;

#[test]
fn a_gate_without_writes_is_open() {
    assert_eq!(OutputGate::new(Position(7)).passage(), Passage::Open);
}

#[test]
fn an_output_waits_for_the_commits_requested_before_it_and_no_later_ones() {
    let mut gate = OutputGate::new(Position(4));
    gate.lock(Position(5), 0);
    let early = gate.wait_position();
    gate.lock(Position(6), 0);

    assert_eq!(early, Some(Position(5)));
    assert_eq!(gate.passage(), Passage::Wait(Position(6)));

    gate.confirmed_up_to(Position(5));
    assert_eq!(gate.passage(), Passage::Wait(Position(6)));
    gate.confirmed_up_to(Position(6));
    assert_eq!(gate.passage(), Passage::Open);
}

#[test]
fn a_position_that_is_already_durable_locks_nothing() {
    let mut gate = OutputGate::new(Position(4));

    gate.lock(Position(4), 0);

    assert_eq!(gate.passage(), Passage::Open);
}

#[test]
fn confirmations_may_skip_positions_and_never_go_back() {
    let mut gate = OutputGate::default();
    gate.lock(Position(1), 0);
    gate.lock(Position(3), 0);

    gate.confirmed_up_to(Position(9));
    gate.confirmed_up_to(Position(2));

    assert_eq!(gate.confirmed(), Position(9));
    assert_eq!(gate.passage(), Passage::Open);
}

#[test]
fn a_wait_for_every_commit_counts_those_that_locked_nothing() {
    let mut gate = OutputGate::new(Position(4));

    assert_eq!(gate.passage_after(Position(4)), Passage::Open);
    assert_eq!(gate.passage_after(Position(6)), Passage::Wait(Position(6)));
    assert_eq!(gate.passage(), Passage::Open);

    gate.lock(Position(7), 0);
    assert_eq!(gate.passage_after(Position(6)), Passage::Wait(Position(7)));
    assert_eq!(gate.passage_after(Position(8)), Passage::Wait(Position(8)));
}

#[test]
fn a_broken_gate_lets_nothing_out_whatever_is_confirmed() {
    let mut gate = OutputGate::default();
    gate.lock(Position(1), 0);
    let reason = Failure::storage_failed("disk I/O error: SQLITE_IOERR");
    gate.break_with(reason.clone());
    gate.break_with(Failure::aborted(None));

    gate.confirmed_up_to(Position(1));

    assert_eq!(gate.passage(), Passage::Broken(reason.clone()));
    assert_eq!(gate.broken(), Some(&reason));
}

#[test]
fn a_lock_may_last_thirty_seconds_and_no_millisecond_longer() {
    let mut gate = OutputGate::default();
    gate.lock(Position(1), 1_000);
    gate.lock(Position(1), 20_000);

    assert_eq!(gate.check_time(31_000), Ok(()));
    let failure = gate.check_time(31_001).unwrap_err();
    assert_eq!(
        failure.to_string(),
        "Durable Object storage operation exceeded timeout which caused object to be reset."
    );
    assert!(failure.overloaded && failure.durable_object_reset);
}

#[test]
fn the_time_limit_is_that_of_the_oldest_open_commit() {
    let mut gate = OutputGate::default();
    gate.lock(Position(1), 1_000);
    gate.lock(Position(2), 5_000);

    gate.confirmed_up_to(Position(1));

    assert_eq!(gate.deadline_ms(), Some(35_000));
    gate.confirmed_up_to(Position(2));
    assert_eq!(gate.deadline_ms(), None);
    assert_eq!(gate.check_time(u64::MAX), Ok(()));
}

#[test]
fn held_outputs_leave_in_the_order_they_were_made() {
    let mut held = HeldOutputs::default();
    held.push(Position(2), "a");
    held.push(Position(1), "b");
    held.push(Position(3), "c");

    assert_eq!(held.pop_confirmed(Position(1)), None);
    assert_eq!(held.pop_confirmed(Position(2)), Some("a"));
    assert_eq!(held.pop_confirmed(Position(2)), Some("b"));
    assert_eq!(held.pop_confirmed(Position(2)), None);
    assert!(!held.is_empty());
    assert_eq!(held.drain().collect::<Vec<_>>(), ["c"]);
    assert!(held.is_empty());
}

#[derive(Clone, Debug)]
enum Step {
    Write,
    Output,
    Confirm(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        Just(Step::Write),
        Just(Step::Output),
        (0u64..4).prop_map(Step::Confirm),
    ];
    prop::collection::vec(step, 0..100)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn outputs_leave_in_order_and_exactly_when_their_writes_are_durable(steps in steps()) {
        let mut gate = OutputGate::default();
        let mut held = HeldOutputs::default();
        let (mut written, mut confirmed) = (0, 0);
        let mut made: Vec<u64> = Vec::new();
        let mut left = Vec::new();
        for step in steps {
            match step {
                Step::Write => {
                    written += 1;
                    gate.lock(Position(written), 0);
                }
                Step::Output => {
                    let output = made.len();
                    made.push(written);
                    match gate.passage() {
                        Passage::Open => {
                            prop_assert!(held.is_empty());
                            left.push(output);
                        }
                        Passage::Wait(position) => held.push(position, output),
                        Passage::Broken(_) => prop_assert!(false, "nobody broke the gate"),
                    }
                }
                Step::Confirm(more) => {
                    confirmed = written.min(confirmed + more);
                    gate.confirmed_up_to(Position(confirmed));
                    while let Some(output) = held.pop_confirmed(gate.confirmed()) {
                        left.push(output);
                    }
                }
            }
            let durable = made.iter().filter(|after| **after <= confirmed).count();
            prop_assert_eq!(&left, &(0..durable).collect::<Vec<_>>());
        }
    }
}
