//! The two gates of a Durable Object, as state machines without tasks.
//!
//! The **input gate** decides whose JavaScript may run: one turn at a time, in order of arrival,
//! and inside a critical section only what belongs to it. Programs rely on it when they read, await
//! storage and write without a lock. The **output gate** decides when what a turn produced may be
//! seen: not before the commits requested earlier are durable. Callers rely on it, because they
//! never learn something that a crash undoes.
//!
//! Neither machine calls back, waits or owns an event. A gate says what may happen next; the
//! object's crate, which keeps the events, does it. Source: reference 3.1 to 3.3.

mod input;
mod output;

pub use input::{Admission, InputGate, SectionId, Ticket, Turn};
pub use output::{HeldOutputs, OutputGate, Passage, Position};
