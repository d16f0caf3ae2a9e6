//! The engine fence. See each file for what it wraps; together they keep three invariants:
//!
//! 1. Every JavaScript value that Rust holds across a call into the engine sits in a traced place:
//!    a slot of the handle stack, a slot of the persistent table, or an engine root.
//! 2. The raw context is used on the thread that made it, inside an entered realm.
//! 3. No panic crosses a frame of the engine: natives and hooks catch it and end the turn, and the
//!    panic resumes when the engine has returned.

pub(crate) mod cleanup;
pub(crate) mod codegen;
pub(crate) mod coroutine;
pub(crate) mod frame;
pub(crate) mod handles;
pub(crate) mod limits;
pub(crate) mod memory;
pub(crate) mod messages;
pub(crate) mod module;
pub(crate) mod native;
pub(crate) mod object;
pub(crate) mod promise;
pub(crate) mod runtime;
pub(crate) mod scope;
pub(crate) mod stencil;
pub(crate) mod string;
