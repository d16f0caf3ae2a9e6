use super::*;

fn ticket(admission: Admission) -> Ticket {
    match admission {
        Admission::Wait(ticket) => ticket,
        other => panic!("the event should wait: {other:?}"),
    }
}

/// A gate whose running turn has requested a section that then started.
fn in_section() -> (InputGate, SectionId) {
    let mut gate = InputGate::new();
    assert_eq!(gate.enter(None), Admission::Now);
    let section = gate.request_section(None).unwrap();
    assert_eq!(gate.turn_ended(), Some(Turn::Section(section)));
    (gate, section)
}

#[test]
fn the_first_event_enters_at_once_and_the_next_waits_for_its_turn() {
    let mut gate = InputGate::new();

    assert_eq!(gate.enter(None), Admission::Now);
    let second = ticket(gate.enter(None));
    let third = ticket(gate.enter(None));

    assert_eq!(gate.turn_ended(), Some(Turn::Event(second)));
    assert_eq!(gate.turn_ended(), Some(Turn::Event(third)));
    assert_eq!(gate.turn_ended(), None);
    assert_eq!(gate.enter(None), Admission::Now);
}

#[test]
fn a_section_starts_ahead_of_events_that_arrived_before_it_was_requested() {
    let mut gate = InputGate::new();
    assert_eq!(gate.enter(None), Admission::Now);
    let earlier = ticket(gate.enter(None));

    let section = gate.request_section(None).unwrap();

    assert_eq!(gate.turn_ended(), Some(Turn::Section(section)));
    assert_eq!(gate.end_section(section), None);
    assert_eq!(gate.turn_ended(), Some(Turn::Event(earlier)));
}

#[test]
fn a_section_keeps_outside_events_out_and_lets_its_own_in() {
    let (mut gate, section) = in_section();
    let outside = ticket(gate.enter(None));

    assert_eq!(gate.turn_ended(), None);
    assert!(gate.blocks_all_waiting());
    assert_eq!(gate.enter(Some(section)), Admission::Now);
    assert!(!gate.blocks_all_waiting());
    assert_eq!(gate.end_section(section), None);

    assert_eq!(gate.turn_ended(), Some(Turn::Event(outside)));
}

#[test]
fn two_sections_requested_together_run_one_after_the_other() {
    let mut gate = InputGate::new();
    assert_eq!(gate.enter(None), Admission::Now);
    let first = gate.request_section(None).unwrap();
    let second = gate.request_section(None).unwrap();
    let event = ticket(gate.enter(None));

    assert_eq!(gate.turn_ended(), Some(Turn::Section(first)));
    assert_eq!(gate.turn_ended(), None);
    assert_eq!(gate.enter(Some(first)), Admission::Now);
    assert_eq!(gate.end_section(first), None);
    assert_eq!(gate.turn_ended(), Some(Turn::Section(second)));
    assert_eq!(gate.end_section(second), None);
    assert_eq!(gate.turn_ended(), Some(Turn::Event(event)));
}

#[test]
fn a_nested_section_keeps_events_of_its_parent_out() {
    let (mut gate, outer) = in_section();
    let inner = gate.request_section(Some(outer)).unwrap();
    assert_eq!(gate.turn_ended(), Some(Turn::Section(inner)));
    assert_eq!(gate.turn_ended(), None);

    let of_outer = ticket(gate.enter(Some(outer)));
    assert_eq!(gate.enter(Some(inner)), Admission::Now);
    assert_eq!(gate.end_section(inner), None);

    assert_eq!(gate.turn_ended(), Some(Turn::Event(of_outer)));
    assert_eq!(gate.innermost(), Some(outer));
}

#[test]
fn a_section_ended_between_turns_names_the_next_turn() {
    let (mut gate, section) = in_section();
    let outside = ticket(gate.enter(None));
    assert_eq!(gate.turn_ended(), None);

    assert_eq!(gate.end_section(section), Some(Turn::Event(outside)));
}

#[test]
fn an_event_of_an_ended_section_belongs_to_the_level_around_it() {
    let (mut gate, outer) = in_section();
    let inner = gate.request_section(Some(outer)).unwrap();
    assert_eq!(gate.turn_ended(), Some(Turn::Section(inner)));
    assert_eq!(gate.end_section(inner), None);
    assert_eq!(gate.turn_ended(), None);

    assert_eq!(gate.enter(Some(inner)), Admission::Now);
    assert_eq!(gate.turn_ended(), None);
    assert_eq!(gate.end_section(outer), None);

    assert_eq!(gate.enter(Some(inner)), Admission::Now);
    assert!(gate.enclosing.is_empty());
}

#[test]
fn a_parent_that_ends_first_leaves_its_child_running() {
    let (mut gate, outer) = in_section();
    let inner = gate.request_section(Some(outer)).unwrap();
    assert_eq!(gate.turn_ended(), Some(Turn::Section(inner)));
    let outside = ticket(gate.enter(None));
    let of_outer = ticket(gate.enter(Some(outer)));

    assert_eq!(gate.end_section(outer), None);

    assert_eq!(gate.innermost(), Some(inner));
    assert_eq!(gate.turn_ended(), None);
    assert_eq!(gate.end_section(inner), Some(Turn::Event(outside)));
    assert_eq!(gate.turn_ended(), Some(Turn::Event(of_outer)));
}

#[test]
fn sixty_four_sections_nest_and_the_sixty_fifth_is_refused() {
    let mut gate = InputGate::new();
    assert_eq!(gate.enter(None), Admission::Now);
    let mut from = None;
    for _ in 0..64 {
        let section = gate.request_section(from).unwrap();
        assert_eq!(gate.turn_ended(), Some(Turn::Section(section)));
        from = Some(section);
    }

    let refusal = gate.request_section(from).unwrap_err();

    assert_eq!(
        refusal.to_string(),
        "blockConcurrencyWhile() calls are nested too deeply."
    );
    assert!(!refusal.durable_object_reset);
    assert_eq!(gate.turn_ended(), None);
    assert_eq!(gate.innermost(), from);
}

#[test]
fn a_broken_gate_returns_everyone_in_order_of_arrival_and_refuses_the_rest() {
    let (mut gate, section) = in_section();
    let first = ticket(gate.enter(None));
    let second = ticket(gate.enter(Some(section)));
    let third = ticket(gate.enter(None));
    let reason = Failure::thrown("Error: no", 0).resetting();

    assert_eq!(gate.break_with(reason.clone()), [first, second, third]);

    assert_eq!(gate.turn_ended(), None);
    assert_eq!(gate.enter(None), Admission::Broken(reason.clone()));
    assert_eq!(gate.enter(Some(section)), Admission::Broken(reason.clone()));
    assert_eq!(gate.broken(), Some(&reason));
}

#[test]
fn the_first_reason_of_a_break_stays() {
    let mut gate = InputGate::new();
    assert_eq!(gate.enter(None), Admission::Now);
    gate.break_with(Failure::aborted(Some("first")));

    assert_eq!(gate.break_with(Failure::aborted(Some("second"))), []);

    let refusal = gate.request_section(None).unwrap_err();
    assert_eq!(refusal.to_string(), "first");
}

#[test]
fn a_withdrawn_event_never_runs() {
    let mut gate = InputGate::new();
    assert_eq!(gate.enter(None), Admission::Now);
    let gone = ticket(gate.enter(None));
    let kept = ticket(gate.enter(None));

    assert!(gate.withdraw(gone));
    assert!(!gate.withdraw(gone));

    assert_eq!(gate.turn_ended(), Some(Turn::Event(kept)));
    assert_eq!(gate.waiting(), 0);
}

#[test]
fn a_section_that_is_not_active_ends_without_effect() {
    let (mut gate, section) = in_section();
    let pending = gate.request_section(Some(section)).unwrap();

    assert_eq!(gate.end_section(pending), None);
    assert!(!gate.is_active(pending));

    assert_eq!(gate.turn_ended(), Some(Turn::Section(pending)));
    assert!(gate.is_active(pending));
}

#[test]
fn a_section_number_survives_the_boundary_to_javascript() {
    let (_, section) = in_section();

    assert_eq!(SectionId::from_u64(section.as_u64()), Some(section));
    assert_eq!(SectionId::from_u64(0), None);
}
