//! The rules of Durable Objects as pure data: ids, gates, alarms, limits and errors.
//!
//! This crate decides and never does. It has no clock, randomness, disk, socket, task or engine:
//! time and random bytes are arguments, and what should happen next is a return value. Production
//! and simulation feed it the same way, so a test here needs no runtime.
//!
//! The modules in the order of an event's life: who is addressed ([`id`]), whether the object takes
//! the event ([`mailbox`]), when its JavaScript may run and its answer may leave ([`gate`]), when
//! it wakes by itself ([`alarm`]), when it is put away ([`lifecycle`]). Beside it: when a service's scheduled events are due
//! ([`cron`]), and how often something may be done ([`rate_limit`]).

pub mod id;
pub mod mailbox;
pub mod gate;
pub mod alarm;
pub mod cron;
pub mod rate_limit;
pub mod lifecycle;
pub mod limits;
pub mod error;
pub mod compat;
pub mod wildcard;
