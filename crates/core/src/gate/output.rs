//! The output gate: nothing leaves before what it may reveal is durable.
//!
//! Commits have positions in the object's commit order. A write that needs confirmation locks the
//! gate at the position of its commit; an output waits for the position that was the last one
//! locked when the output was made, so later writes do not delay it. The log confirms positions in
//! order. [`HeldOutputs`] keeps the waiting outputs of one channel in the order they were made.

use std::collections::VecDeque;

use crate::error::{ErrorCode, Failure};
use crate::limits;

/// A place in the commit order of one object. The first commit has position 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

/// What an output that is made now must do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passage {
    /// It may leave.
    Open,
    /// It waits until this position is confirmed.
    Wait(Position),
    /// It must not leave; whoever waits for it gets this instead.
    Broken(Failure),
}

/// The output gate of one instance.
#[derive(Debug, Default)]
pub struct OutputGate {
    confirmed: Position,
    /// Locked positions above `confirmed`, ascending, with the time of their first lock.
    locks: VecDeque<(Position, u64)>,
    broken: Option<Failure>,
}

impl OutputGate {
    /// Makes an open gate of an object whose commits up to `confirmed` are durable.
    pub fn new(confirmed: Position) -> Self {
        Self {
            confirmed,
            ..Self::default()
        }
    }

    /// Locks the gate until the commit at `position` is confirmed.
    ///
    /// Call it for the first write of a commit that needs confirmation; further calls with the same
    /// position change nothing. Positions never go back. `now_ms` starts the time limit.
    pub fn lock(&mut self, position: Position, now_ms: u64) {
        let last = self.locks.back().map_or(self.confirmed, |(last, _)| *last);
        if position > last {
            self.locks.push_back((position, now_ms));
        }
    }

    /// Notes that every commit up to and including `position` is durable.
    pub fn confirmed_up_to(&mut self, position: Position) {
        self.confirmed = self.confirmed.max(position);
        while self
            .locks
            .front()
            .is_some_and(|(at, _)| *at <= self.confirmed)
        {
            self.locks.pop_front();
        }
    }

    /// Returns the position that an output made now must wait for; none when it may leave.
    ///
    /// The answer ignores a break: see [`OutputGate::passage`].
    pub fn wait_position(&self) -> Option<Position> {
        self.locks.back().map(|(position, _)| *position)
    }

    /// Decides about an output that is made now.
    pub fn passage(&self) -> Passage {
        match (&self.broken, self.wait_position()) {
            (Some(reason), _) => Passage::Broken(reason.clone()),
            (None, Some(position)) => Passage::Wait(position),
            (None, None) => Passage::Open,
        }
    }

    /// Decides about something that is made now and waits for every commit up to `position`, also
    /// for those that did not lock the gate.
    pub fn passage_after(&self, position: Position) -> Passage {
        match self.passage() {
            Passage::Open if position > self.confirmed => Passage::Wait(position),
            Passage::Wait(locked) => Passage::Wait(locked.max(position)),
            passage => passage,
        }
    }

    /// Breaks the gate for ever: a commit failed or the object was reset. The first reason stays.
    pub fn break_with(&mut self, reason: Failure) {
        self.broken.get_or_insert(reason);
    }

    /// Returns why the gate is broken.
    pub fn broken(&self) -> Option<&Failure> {
        self.broken.as_ref()
    }

    /// Returns the last position known to be durable.
    pub fn confirmed(&self) -> Position {
        self.confirmed
    }

    /// Returns the last millisecond at which the oldest lock is still within its time limit.
    pub fn deadline_ms(&self) -> Option<u64> {
        let (_, since_ms) = self.locks.front()?;
        Some(since_ms.saturating_add(limits::OUTPUT_GATE_TIME.value))
    }

    /// Checks the time limit of the oldest lock.
    ///
    /// # Errors
    /// [`ErrorCode::StorageTimeLimit`] when it is older than [`limits::OUTPUT_GATE_TIME`]; the
    /// object must then be reset with that failure.
    pub fn check_time(&self, now_ms: u64) -> Result<(), Failure> {
        match self.deadline_ms() {
            Some(deadline_ms) if now_ms > deadline_ms => {
                Err(Failure::new(ErrorCode::StorageTimeLimit))
            }
            _ => Ok(()),
        }
    }
}

/// Outputs of one channel that wait for their positions, in the order they were made.
#[derive(Debug)]
pub struct HeldOutputs<T> {
    held: VecDeque<(Position, T)>,
}

impl<T> Default for HeldOutputs<T> {
    fn default() -> Self {
        Self {
            held: VecDeque::new(),
        }
    }
}

impl<T> HeldOutputs<T> {
    /// Adds an output that waits for `position`, behind all others of the channel.
    ///
    /// An output never overtakes an earlier one, whatever position that one waits for.
    pub fn push(&mut self, position: Position, output: T) {
        self.held.push_back((position, output));
    }

    /// Takes out the next output that may leave, given what is confirmed.
    pub fn pop_confirmed(&mut self, confirmed: Position) -> Option<T> {
        self.held
            .pop_front_if(|(position, _)| *position <= confirmed)
            .map(|(_, output)| output)
    }

    /// Takes out every output, to be failed after a break.
    pub fn drain(&mut self) -> impl Iterator<Item = T> {
        self.held.drain(..).map(|(_, output)| output)
    }

    /// Tells whether nothing is held. A channel that holds something must also hold what follows.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }
}

#[cfg(test)]
mod tests;
