//! The input gate: one turn at a time, and critical sections.
//!
//! A *turn* runs from the delivery of an event until its microtasks are used up. The gate is held
//! by at most one turn. A *section* (`blockConcurrencyWhile`, `transaction`) adds a level on top of
//! the outside; only what belongs to the innermost level is let in. What belongs to a section that
//! has ended counts as belonging to the nearest level around it that is still there.
//!
//! How the owner drives it: [`InputGate::enter`] for every event; run the turn when told
//! [`Admission::Now`]; after every turn call [`InputGate::turn_ended`] and run the turn it returns,
//! if any, until it returns none. Sections are requested and ended from within turns.

use std::collections::{HashMap, VecDeque};

use crate::error::{ErrorCode, Failure};
use crate::limits;

/// A critical section of one gate. Later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SectionId(u64);

impl SectionId {
    /// Returns the number, which is never 0.
    pub fn as_u64(self) -> u64 {
        self.0
    }

    /// Makes the id of a number that [`SectionId::as_u64`] gave; none for 0.
    pub fn from_u64(number: u64) -> Option<Self> {
        (number != 0).then_some(Self(number))
    }
}

/// A place in the queue of one gate. Later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// The answer to an event that wants to enter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Run it; the gate is held until [`InputGate::turn_ended`].
    Now,
    /// Keep it under this ticket until a [`Turn::Event`] names the ticket.
    Wait(Ticket),
    /// It can never run; fail it with this.
    Broken(Failure),
}

/// The turn to run next. It holds the gate until [`InputGate::turn_ended`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The waiting event with this ticket.
    Event(Ticket),
    /// The callback of this section, which is innermost from now on; its time limit starts here.
    Section(SectionId),
}

/// The input gate of one instance.
///
/// While no turn runs, nothing waits at the innermost level: every method that could change that
/// returns the next turn instead.
#[derive(Debug)]
pub struct InputGate {
    turn_runs: bool,
    /// The outside first, the innermost section last; never empty.
    levels: Vec<Level>,
    /// Ended sections inside one that is still active, with that one. Sections that ended outside
    /// of any other are not recorded, so the map is as large as what the active sections ended.
    enclosing: HashMap<SectionId, SectionId>,
    tickets_given: u64,
    sections_requested: u64,
    broken: Option<Failure>,
}

#[derive(Debug, Default)]
struct Level {
    /// Absent for the outside only.
    section: Option<SectionId>,
    /// Sections requested here and not yet started, ascending.
    requested: VecDeque<SectionId>,
    /// Events waiting here, ascending.
    waiting: VecDeque<Ticket>,
}

impl Default for InputGate {
    fn default() -> Self {
        Self::new()
    }
}

impl InputGate {
    /// Makes an open gate.
    pub fn new() -> Self {
        Self {
            turn_runs: false,
            levels: vec![Level::default()],
            enclosing: HashMap::new(),
            tickets_given: 0,
            sections_requested: 0,
            broken: None,
        }
    }

    /// Asks to run an event; `from` is the section it was started from, none for one from outside.
    ///
    /// Events of one level are admitted in the order of these calls.
    pub fn enter(&mut self, from: Option<SectionId>) -> Admission {
        if let Some(reason) = &self.broken {
            return Admission::Broken(reason.clone());
        }
        let level = self.level_of(from);
        if !self.turn_runs && level == self.levels.len() - 1 {
            self.turn_runs = true;
            return Admission::Now;
        }
        self.tickets_given += 1;
        let ticket = Ticket(self.tickets_given);
        self.levels[level].waiting.push_back(ticket);
        Admission::Wait(ticket)
    }

    /// Ends the running turn, and returns the one to run now.
    ///
    /// Requested sections of the innermost level come before its waiting events. A broken gate has
    /// no further turns.
    pub fn turn_ended(&mut self) -> Option<Turn> {
        debug_assert!(self.turn_runs, "a turn ends once");
        self.turn_runs = false;
        self.next_turn()
    }

    /// Requests a critical section from a running turn that belongs to `from`.
    ///
    /// The section starts with a [`Turn::Section`] of its own, ahead of all waiting events, as soon
    /// as its parent level is innermost; sections of one level run one after the other.
    ///
    /// # Errors
    /// [`ErrorCode::NestedTooDeep`] past [`limits::SECTION_DEPTH`] levels, and the reason of a
    /// broken gate. Nothing was requested then.
    pub fn request_section(&mut self, from: Option<SectionId>) -> Result<SectionId, Failure> {
        debug_assert!(self.turn_runs, "sections are requested by running code");
        if let Some(reason) = &self.broken {
            return Err(reason.clone());
        }
        let parent = self.level_of(from);
        if !limits::SECTION_DEPTH.allows(parent as u64 + 1) {
            return Err(Failure::new(ErrorCode::NestedTooDeep));
        }
        self.sections_requested += 1;
        let section = SectionId(self.sections_requested);
        self.levels[parent].requested.push_back(section);
        Ok(section)
    }

    /// Whether a section is active.
    pub fn is_in_section(&self) -> bool {
        self.levels.len() > 1
    }

    /// Whether a section is active and no turn runs.
    pub fn is_held_by_section(&self) -> bool {
        !self.turn_runs && self.broken.is_none() && self.levels.len() > 1
    }

    /// Ends a section successfully; what still belongs to it belongs to the level around it now.
    ///
    /// Called from the turn in which the callback settled, it returns none, and the code that
    /// awaited the section goes on in that same turn. Called between turns it returns the turn to
    /// run. A section that is not active is ignored. (One that fails breaks the gate instead:
    /// [`InputGate::break_with`].)
    pub fn end_section(&mut self, section: SectionId) -> Option<Turn> {
        let level = self.active_level(section)?;
        let ended = self.levels.remove(level);
        let parent = &mut self.levels[level - 1];
        merge(&mut parent.requested, ended.requested);
        merge(&mut parent.waiting, ended.waiting);
        let around = parent.section;
        self.enclosing.retain(|_, enclosing| {
            if *enclosing != section {
                return true;
            }
            match around {
                Some(around) => *enclosing = around,
                None => return false,
            }
            true
        });
        if let Some(around) = around {
            self.enclosing.insert(section, around);
        }
        if self.turn_runs {
            return None;
        }
        self.next_turn()
    }

    /// Takes a waiting event out of the queue, because whoever wanted it is gone.
    ///
    /// Returns whether it was still waiting.
    pub fn withdraw(&mut self, ticket: Ticket) -> bool {
        self.levels.iter_mut().any(|level| {
            let found = level.waiting.binary_search(&ticket);
            found.is_ok_and(|index| level.waiting.remove(index).is_some())
        })
    }

    /// Breaks the gate for ever and returns the events to fail with `reason`, in order of arrival.
    ///
    /// The first reason stays. Requested sections never start. The running turn, if there is one,
    /// is the owner's to end.
    pub fn break_with(&mut self, reason: Failure) -> Vec<Ticket> {
        if self.broken.is_some() {
            return Vec::new();
        }
        self.broken = Some(reason);
        self.enclosing.clear();
        let mut waiting: Vec<_> = self
            .levels
            .drain(..)
            .flat_map(|level| level.waiting)
            .collect();
        self.levels.push(Level::default());
        waiting.sort_unstable();
        waiting
    }

    /// Returns why the gate is broken.
    pub fn broken(&self) -> Option<&Failure> {
        self.broken.as_ref()
    }

    /// Returns the innermost active section.
    pub fn innermost(&self) -> Option<SectionId> {
        self.levels.last().and_then(|level| level.section)
    }

    /// Tells whether `section` has started and not ended.
    pub fn is_active(&self, section: SectionId) -> bool {
        self.active_level(section).is_some()
    }

    /// Returns how many events wait at all levels.
    pub fn waiting(&self) -> usize {
        self.levels.iter().map(|level| level.waiting.len()).sum()
    }

    /// Tells whether a section is active, no turn runs, and events that it keeps out are waiting.
    ///
    /// If nothing outside the gate can still produce an event of the section (no I/O or timer of
    /// it is pending), this is a deadlock: [`ErrorCode::CriticalSectionDeadlock`].
    pub fn blocks_all_waiting(&self) -> bool {
        self.levels.len() > 1 && !self.turn_runs && self.waiting() > 0
    }

    fn next_turn(&mut self) -> Option<Turn> {
        if self.broken.is_some() {
            return None;
        }
        let innermost = self.levels.last_mut().expect("the outside is always there");
        if let Some(section) = innermost.requested.pop_front() {
            self.levels.push(Level {
                section: Some(section),
                ..Level::default()
            });
            self.turn_runs = true;
            return Some(Turn::Section(section));
        }
        let ticket = innermost.waiting.pop_front()?;
        self.turn_runs = true;
        Some(Turn::Event(ticket))
    }

    fn active_level(&self, section: SectionId) -> Option<usize> {
        self.levels
            .iter()
            .rposition(|level| level.section == Some(section))
    }

    /// Returns the level that `from` belongs to now.
    fn level_of(&self, from: Option<SectionId>) -> usize {
        let Some(section) = from else { return 0 };
        self.active_level(section)
            .or_else(|| self.active_level(*self.enclosing.get(&section)?))
            .unwrap_or(0)
    }
}

/// Adds the items of one ascending queue to another, keeping the order.
fn merge<T: Ord>(into: &mut VecDeque<T>, from: VecDeque<T>) {
    if !from.is_empty() {
        into.extend(from);
        into.make_contiguous().sort_unstable();
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
