//! The input gate against a model that remembers everything and searches.

use proptest::prelude::*;
use std::collections::BTreeMap;

use super::*;

/// One step of a schedule. The numbers pick among what is possible at that moment.
#[derive(Clone, Debug)]
enum Step {
    Enter(usize),
    EndTurn,
    Request,
    EndSection(usize),
    Withdraw(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => any::<usize>().prop_map(Step::Enter),
        6 => Just(Step::EndTurn),
        2 => Just(Step::Request),
        2 => any::<usize>().prop_map(Step::EndSection),
        1 => any::<usize>().prop_map(Step::Withdraw),
    ];
    prop::collection::vec(step, 0..120)
}

#[derive(Default)]
struct Model {
    /// Every section ever started, in the order of starting, with the level that requested it.
    parents: BTreeMap<SectionId, Option<SectionId>>,
    active: Vec<SectionId>,
    requested: BTreeMap<SectionId, Option<SectionId>>,
    waiting: BTreeMap<Ticket, Option<SectionId>>,
    /// What the running turn belongs to.
    turn: Option<Option<SectionId>>,
    admitted: Vec<Ticket>,
}

impl Model {
    fn innermost(&self) -> Option<SectionId> {
        self.active.last().copied()
    }

    /// Follows requesters outward until one is still active.
    fn belongs_to(&self, from: Option<SectionId>) -> Option<SectionId> {
        let mut at = from?;
        while !self.active.contains(&at) {
            at = (*self.parents.get(&at)?)?;
        }
        Some(at)
    }

    fn first_of_innermost<K: Copy + Ord>(&self, of: &BTreeMap<K, Option<SectionId>>) -> Option<K> {
        of.iter()
            .find(|(_, from)| self.belongs_to(**from) == self.innermost())
            .map(|(key, _)| *key)
    }

    /// Says which turn must come now, and makes it the running one.
    fn advance(&mut self) -> Option<Turn> {
        self.turn = None;
        if let Some(section) = self.first_of_innermost(&self.requested) {
            let from = self.requested.remove(&section).unwrap();
            let parent = self.belongs_to(from);
            self.parents.insert(section, parent);
            self.active.push(section);
            self.turn = Some(Some(section));
            return Some(Turn::Section(section));
        }
        let ticket = self.first_of_innermost(&self.waiting)?;
        self.turn = Some(self.waiting.remove(&ticket).unwrap());
        self.admitted.push(ticket);
        Some(Turn::Event(ticket))
    }

    fn end(&mut self, section: SectionId) {
        self.active.retain(|active| *active != section);
    }
}

fn pick<T: Copy>(from: impl IntoIterator<Item = T>, number: usize) -> Option<T> {
    let items: Vec<_> = from.into_iter().collect();
    (!items.is_empty()).then(|| items[number % items.len()])
}

fn apply(gate: &mut InputGate, model: &mut Model, step: Step) {
    match step {
        Step::Enter(number) => {
            let sections = model.parents.keys().copied().map(Some);
            let from = pick(sections.chain([None, None]), number).unwrap();
            let free = model.turn.is_none() && model.belongs_to(from) == model.innermost();
            match gate.enter(from) {
                Admission::Now => {
                    assert!(free, "a second turn or a second level was let in");
                    model.turn = Some(from);
                }
                Admission::Wait(ticket) => {
                    assert!(!free, "an event waits at an open gate");
                    model.waiting.insert(ticket, from);
                }
                Admission::Broken(_) => panic!("nobody broke the gate"),
            }
        }
        Step::EndTurn => {
            if model.turn.is_some() {
                assert_eq!(gate.turn_ended(), model.advance());
            }
        }
        Step::Request => {
            if let Some(from) = model.turn {
                let section = gate.request_section(from).unwrap();
                model.requested.insert(section, from);
            }
        }
        Step::EndSection(number) => {
            if let Some(section) = pick(model.active.iter().copied(), number) {
                let next = gate.end_section(section);
                model.end(section);
                let expected = match model.turn {
                    Some(_) => None,
                    None => model.advance(),
                };
                assert_eq!(next, expected);
            }
        }
        Step::Withdraw(number) => {
            if let Some(ticket) = pick(model.waiting.keys().copied(), number) {
                assert!(gate.withdraw(ticket));
                model.waiting.remove(&ticket);
            }
        }
    }
    assert_eq!(gate.innermost(), model.innermost());
    assert_eq!(gate.waiting(), model.waiting.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_schedule_is_ordered_exclusive_and_complete(steps in steps()) {
        let mut gate = InputGate::new();
        let mut model = Model::default();
        for step in steps {
            // Deeper nesting has a test of its own; here every request must succeed.
            if matches!(step, Step::Request) && model.active.len() + model.requested.len() >= 60 {
                continue;
            }
            apply(&mut gate, &mut model, step);
        }

        // Once sections end, everything that waits is let in, each once.
        let waiting = model.waiting.len();
        let before = model.admitted.len();
        for _ in 0..1000 {
            if let Some(innermost) = model.active.len().checked_sub(1) {
                apply(&mut gate, &mut model, Step::EndSection(innermost));
            }
            apply(&mut gate, &mut model, Step::EndTurn);
        }
        prop_assert_eq!(model.admitted.len() - before, waiting);
        prop_assert_eq!(gate.waiting(), 0);
        prop_assert!(gate.enclosing.is_empty());
        let mut distinct = model.admitted.clone();
        distinct.sort_unstable();
        distinct.dedup();
        prop_assert_eq!(distinct.len(), model.admitted.len());
    }

    #[test]
    fn a_break_returns_exactly_what_was_waiting(steps in steps()) {
        let mut gate = InputGate::new();
        let mut model = Model::default();
        for step in steps.into_iter().filter(|step| !matches!(step, Step::Request)) {
            apply(&mut gate, &mut model, step);
        }

        let failed = gate.break_with(Failure::aborted(None));

        prop_assert_eq!(failed, model.waiting.keys().copied().collect::<Vec<_>>());
        prop_assert_eq!(gate.waiting(), 0);
    }
}
