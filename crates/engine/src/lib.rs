//! SpiderMonkey made safe: contexts, values, modules, promises and limits.
//!
//! Nothing here knows what the JavaScript is for. A [`Runtime`] belongs to one thread. Code runs
//! inside [`Runtime::enter`], which hands out a [`Scope`]; every [`Local`] value is rooted in the
//! scope that made it and cannot outlive it, so a rooting mistake does not compile. A [`Persistent`]
//! keeps a value between entries.
//!
//! All `unsafe` of the project's use of the engine lives in the private module `sys`.

#[expect(
    unsafe_code,
    reason = "the engine fence: every block carries its safety note"
)]
mod sys;

pub use sys::codegen::CodeGeneration;
pub use sys::coroutine::{Coroutine, Resumed, suspend};
pub use sys::frame::FrameInfo;
pub use sys::handles::Persistent;
pub use sys::limits::{AsyncStacks, Limits, StopReason, TurnBudget};
pub use sys::module::{ModuleSource, Modules};
pub use sys::native::{Args, Native, NativeResult};
pub use sys::promise::{Deferred, PromiseState};
pub use sys::runtime::{Realm, Runtime};
pub use sys::scope::{Local, Scope, Thrown};
