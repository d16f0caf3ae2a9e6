//! Failures as they travel from an object to its caller.
//!
//! [`ErrorCode`] is the closed list of what can go wrong; every question about a code is an
//! exhaustive match here, so a new code cannot be added half done. A [`Failure`] is one occurrence:
//! the code, the text that JavaScript sees, and the properties that its error object carries. The
//! texts are Cloudflare's because programs compare them. Source: reference 2.5 to 2.7, 3.2 to 3.4.

use std::fmt;
use std::sync::Arc;

use crate::id::ObjectId;

/// What went wrong. In alphabetical order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The program called `ctx.abort()`.
    Aborted,
    /// One run of `alarm()` took too long.
    AlarmTimeLimit,
    /// A function or `RpcTarget` was called whose context has ended.
    CallbackContextEnded,
    /// The context that ran a call ended before the call did.
    CallCanceled,
    /// The program of the object was replaced.
    CodeUpdated,
    /// A commit found constraints violated.
    ConstraintViolated,
    /// The program used up its processor time.
    CpuLimit,
    /// A critical section waits for something that can never happen.
    CriticalSectionDeadlock,
    /// A critical section took too long.
    CriticalSectionTimeLimit,
    /// A handler of a hibernatable WebSocket took too long.
    EventTimeLimit,
    /// A facet was aborted, deleted or replaced by its parent; the text says which.
    FacetStopped,
    /// A facet was started at too great a depth.
    FacetTooDeep,
    /// A stateless program waits for something that can never happen.
    Hung,
    /// The instance that held a connection is gone.
    InstanceGone,
    /// A defect of this program; the text carries a reference to the log only.
    Internal,
    /// The program used up its memory.
    MemoryLimit,
    /// Critical sections are nested too deeply.
    NestedTooDeep,
    /// The connection to the object was lost.
    NetworkLost,
    /// The events waiting for the object hold too many bytes.
    OverloadedBytes,
    /// Too many events wait for the object.
    OverloadedCount,
    /// Too many events reached the object in a short time.
    OverloadedRate,
    /// The event waited too long for the object.
    OverloadedTime,
    /// A commit failed, or SQLite gave up a transaction.
    StorageFailed,
    /// The storage of an instance that is no longer running was used.
    StorageGone,
    /// A commit took too long.
    StorageTimeLimit,
    /// The program threw.
    Thrown,
}

/// Whether an error ends the instance that it happened in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aftermath {
    /// The instance goes on; only this call failed.
    Survives,
    /// The instance is reset, and its stubs keep failing with this error.
    Reset,
}

impl ErrorCode {
    /// All codes, in order.
    pub const ALL: [Self; 26] = [
        Self::Aborted,
        Self::AlarmTimeLimit,
        Self::CallbackContextEnded,
        Self::CallCanceled,
        Self::CodeUpdated,
        Self::ConstraintViolated,
        Self::CpuLimit,
        Self::CriticalSectionDeadlock,
        Self::CriticalSectionTimeLimit,
        Self::EventTimeLimit,
        Self::FacetStopped,
        Self::FacetTooDeep,
        Self::Hung,
        Self::InstanceGone,
        Self::Internal,
        Self::MemoryLimit,
        Self::NestedTooDeep,
        Self::NetworkLost,
        Self::OverloadedBytes,
        Self::OverloadedCount,
        Self::OverloadedRate,
        Self::OverloadedTime,
        Self::StorageFailed,
        Self::StorageGone,
        Self::StorageTimeLimit,
        Self::Thrown,
    ];

    /// Returns the name that logs and metrics use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aborted => "aborted",
            Self::AlarmTimeLimit => "alarm_time_limit",
            Self::CallbackContextEnded => "callback_context_ended",
            Self::CallCanceled => "call_canceled",
            Self::CodeUpdated => "code_updated",
            Self::ConstraintViolated => "constraint_violated",
            Self::CpuLimit => "cpu_limit",
            Self::CriticalSectionDeadlock => "critical_section_deadlock",
            Self::CriticalSectionTimeLimit => "critical_section_time_limit",
            Self::EventTimeLimit => "event_time_limit",
            Self::FacetStopped => "facet_stopped",
            Self::FacetTooDeep => "facet_too_deep",
            Self::Hung => "hung",
            Self::InstanceGone => "instance_gone",
            Self::Internal => "internal",
            Self::MemoryLimit => "memory_limit",
            Self::NestedTooDeep => "nested_too_deep",
            Self::NetworkLost => "network_lost",
            Self::OverloadedBytes => "overloaded_bytes",
            Self::OverloadedCount => "overloaded_count",
            Self::OverloadedRate => "overloaded_rate",
            Self::OverloadedTime => "overloaded_time",
            Self::StorageFailed => "storage_failed",
            Self::StorageGone => "storage_gone",
            Self::StorageTimeLimit => "storage_time_limit",
            Self::Thrown => "thrown",
        }
    }

    /// Returns the fixed text of the code, or the default text of one that takes a text of its own.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Aborted => "Application called abort() to reset Durable Object.",
            Self::AlarmTimeLimit => "Alarm exceeded its allowed execution time",
            Self::CallbackContextEnded => {
                "The execution context which hosts this callback is no longer running."
            }
            Self::CallCanceled => "The execution context responding to this call was canceled.",
            Self::CodeUpdated => "Durable Object reset because its code was updated.",
            Self::ConstraintViolated => {
                "Durable Object was reset and rolled back to its last known good state because \
                 the application left the database in a state where constraints were violated"
            }
            Self::CpuLimit => "Durable Object exceeded its CPU time limit and was reset.",
            Self::CriticalSectionDeadlock => {
                "A critical section within this Durable Object awaited a Promise that apparently \
                 will never complete. This could happen in particular if a critical section \
                 awaits a task that was initiated outside of the critical section. Since a \
                 critical section blocks all other tasks from completing, this leads to deadlock."
            }
            Self::CriticalSectionTimeLimit => {
                "A call to blockConcurrencyWhile() in a Durable Object waited for too long. The \
                 call was canceled and the Durable Object was reset."
            }
            Self::EventTimeLimit => "Actor exceeded event execution time and was disconnected.",
            Self::FacetStopped => "Facet was stopped.",
            Self::FacetTooDeep => {
                "Facet nesting depth limit exceeded. The maximum depth including the root Durable \
                 Object is 4."
            }
            Self::Hung => {
                "The Workers runtime canceled this request because it detected that your Worker's \
                 code had hung and would never generate a response. Refer to: \
                 https://developers.cloudflare.com/workers/observability/errors/"
            }
            Self::InstanceGone => {
                "Connection closed: this Durable Object instance is no longer active. Reconnect \
                 or retry the request."
            }
            Self::Internal => "internal error",
            Self::MemoryLimit => {
                "Durable Object's isolate exceeded its memory limit and was reset."
            }
            Self::NestedTooDeep => "blockConcurrencyWhile() calls are nested too deeply.",
            Self::NetworkLost => "Network connection lost.",
            Self::OverloadedBytes => "Durable Object is overloaded. Too much data queued.",
            Self::OverloadedCount => "Durable Object is overloaded. Too many requests queued.",
            Self::OverloadedRate => {
                "Durable Object is overloaded. Too many requests for the same object within a 10 \
                 second window."
            }
            Self::OverloadedTime => "Durable Object is overloaded. Requests queued for too long.",
            Self::StorageFailed => "Durable Object storage failed.",
            Self::StorageGone => "Durable Object storage is no longer accessible.",
            Self::StorageTimeLimit => {
                "Durable Object storage operation exceeded timeout which caused object to be reset."
            }
            Self::Thrown => "Error",
        }
    }

    /// Tells whether repeating the call may help (`.retryable`): the failure was in the connection.
    pub const fn retryable(self) -> bool {
        match self {
            Self::InstanceGone | Self::NetworkLost => true,
            Self::Aborted
            | Self::AlarmTimeLimit
            | Self::CallbackContextEnded
            | Self::CallCanceled
            | Self::CodeUpdated
            | Self::ConstraintViolated
            | Self::CpuLimit
            | Self::CriticalSectionDeadlock
            | Self::CriticalSectionTimeLimit
            | Self::EventTimeLimit
            | Self::FacetStopped
            | Self::FacetTooDeep
            | Self::Hung
            | Self::Internal
            | Self::MemoryLimit
            | Self::NestedTooDeep
            | Self::OverloadedBytes
            | Self::OverloadedCount
            | Self::OverloadedRate
            | Self::OverloadedTime
            | Self::StorageFailed
            | Self::StorageGone
            | Self::StorageTimeLimit
            | Self::Thrown => false,
        }
    }

    /// Tells whether the object has more to do than it can (`.overloaded`): do not repeat the call.
    pub const fn overloaded(self) -> bool {
        match self {
            Self::CriticalSectionTimeLimit
            | Self::OverloadedBytes
            | Self::OverloadedCount
            | Self::OverloadedRate
            | Self::OverloadedTime
            | Self::StorageTimeLimit => true,
            Self::Aborted
            | Self::AlarmTimeLimit
            | Self::CallbackContextEnded
            | Self::CallCanceled
            | Self::CodeUpdated
            | Self::ConstraintViolated
            | Self::CpuLimit
            | Self::CriticalSectionDeadlock
            | Self::EventTimeLimit
            | Self::FacetStopped
            | Self::FacetTooDeep
            | Self::Hung
            | Self::InstanceGone
            | Self::Internal
            | Self::MemoryLimit
            | Self::NestedTooDeep
            | Self::NetworkLost
            | Self::StorageFailed
            | Self::StorageGone
            | Self::Thrown => false,
        }
    }

    /// Tells what becomes of the instance. A [`ErrorCode::Thrown`] resets it only where the
    /// constructor or a critical section threw: see [`Failure::resetting`].
    pub const fn aftermath(self) -> Aftermath {
        match self {
            Self::Aborted
            | Self::AlarmTimeLimit
            | Self::CodeUpdated
            | Self::ConstraintViolated
            | Self::CpuLimit
            | Self::CriticalSectionDeadlock
            | Self::CriticalSectionTimeLimit
            | Self::EventTimeLimit
            | Self::MemoryLimit
            | Self::StorageFailed
            | Self::StorageTimeLimit => Aftermath::Reset,
            Self::CallbackContextEnded
            | Self::CallCanceled
            | Self::FacetStopped
            | Self::FacetTooDeep
            | Self::Hung
            | Self::InstanceGone
            | Self::Internal
            | Self::NestedTooDeep
            | Self::NetworkLost
            | Self::OverloadedBytes
            | Self::OverloadedCount
            | Self::OverloadedRate
            | Self::OverloadedTime
            | Self::StorageGone
            | Self::Thrown => Aftermath::Survives,
        }
    }

    /// Tells whether the hibernatable WebSockets of an instance that ends so stay for the next one.
    ///
    /// Differs: on Cloudflare's network and in workerd new code disconnects them.
    pub const fn keeps_sockets(self) -> bool {
        match self {
            Self::CodeUpdated => true,
            Self::Aborted
            | Self::AlarmTimeLimit
            | Self::CallbackContextEnded
            | Self::CallCanceled
            | Self::ConstraintViolated
            | Self::CpuLimit
            | Self::CriticalSectionDeadlock
            | Self::CriticalSectionTimeLimit
            | Self::EventTimeLimit
            | Self::InstanceGone
            | Self::Internal
            | Self::MemoryLimit
            | Self::NestedTooDeep
            | Self::NetworkLost
            | Self::OverloadedBytes
            | Self::OverloadedCount
            | Self::OverloadedRate
            | Self::OverloadedTime
            | Self::StorageFailed
            | Self::StorageGone
            | Self::StorageTimeLimit
            | Self::FacetStopped
            | Self::FacetTooDeep
            | Self::Hung
            | Self::Thrown => false,
        }
    }

    /// Tells whether the failure arose in the called program, its limits included, so that the
    /// caller sees `.remote`; the rest arose on the way to it.
    pub const fn arises_in_program(self) -> bool {
        match self {
            Self::Aborted
            | Self::AlarmTimeLimit
            | Self::CallbackContextEnded
            | Self::CallCanceled
            | Self::CodeUpdated
            | Self::ConstraintViolated
            | Self::CpuLimit
            | Self::CriticalSectionDeadlock
            | Self::CriticalSectionTimeLimit
            | Self::EventTimeLimit
            | Self::Hung
            | Self::MemoryLimit
            | Self::NestedTooDeep
            | Self::StorageFailed
            | Self::StorageGone
            | Self::StorageTimeLimit
            | Self::Thrown => true,
            Self::FacetStopped
            | Self::FacetTooDeep
            | Self::InstanceGone
            | Self::Internal
            | Self::NetworkLost
            | Self::OverloadedBytes
            | Self::OverloadedCount
            | Self::OverloadedRate
            | Self::OverloadedTime => false,
        }
    }

    /// Tells whether the called program certainly did not run, so that a repeat cannot run it twice.
    pub const fn certainly_no_effects(self) -> bool {
        match self {
            Self::OverloadedBytes
            | Self::OverloadedCount
            | Self::OverloadedRate
            | Self::OverloadedTime => true,
            Self::Aborted
            | Self::AlarmTimeLimit
            | Self::CallbackContextEnded
            | Self::CallCanceled
            | Self::CodeUpdated
            | Self::ConstraintViolated
            | Self::CpuLimit
            | Self::CriticalSectionDeadlock
            | Self::CriticalSectionTimeLimit
            | Self::EventTimeLimit
            | Self::FacetStopped
            | Self::FacetTooDeep
            | Self::Hung
            | Self::InstanceGone
            | Self::Internal
            | Self::MemoryLimit
            | Self::NestedTooDeep
            | Self::NetworkLost
            | Self::StorageFailed
            | Self::StorageGone
            | Self::StorageTimeLimit
            | Self::Thrown => false,
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The JavaScript class of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// `Error`.
    Error,
    /// `RangeError`.
    RangeError,
    /// `TypeError`.
    TypeError,
    /// The message is what the program's error printed; the caller's side finds class and message
    /// in it (reference 2.7).
    Described,
}

impl ErrorClass {
    /// Returns the name as the JavaScript library takes it: empty for [`ErrorClass::Described`].
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "Error",
            Self::RangeError => "RangeError",
            Self::TypeError => "TypeError",
            Self::Described => "",
        }
    }
}

/// One failure on its way to whoever waits for the result.
///
/// The fields from `retryable` on become properties of the same name (in JavaScript's spelling) of
/// the caught error; false and absent ones are not set. Cloning shares the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong.
    pub code: ErrorCode,
    /// Which class the error object gets.
    pub class: ErrorClass,
    /// The text of the error, shown to the program and to callers: no paths, addresses or secrets.
    pub message: Arc<str>,
    /// The call may be repeated.
    pub retryable: bool,
    /// The object is overloaded; wins over `retryable` where a program set both.
    pub overloaded: bool,
    /// The error came from another Worker or object.
    pub remote: bool,
    /// The instance was reset.
    pub durable_object_reset: bool,
    /// The object whose program threw.
    pub object_id: Option<ObjectId>,
    /// What the program threw, serialized, where that crosses whole (flag
    /// `enhanced_error_serialization`).
    pub value: Option<Arc<[u8]>>,
}

impl Failure {
    /// Makes the failure of a code whose text is fixed.
    pub fn new(code: ErrorCode) -> Self {
        Self::with_message(code, code.text())
    }

    fn with_message(code: ErrorCode, message: impl Into<Arc<str>>) -> Self {
        Self {
            code,
            class: ErrorClass::Error,
            message: message.into(),
            retryable: code.retryable(),
            overloaded: code.overloaded(),
            remote: false,
            durable_object_reset: code.aftermath() == Aftermath::Reset,
            object_id: None,
            value: None,
        }
    }

    /// Makes the failure of `ctx.abort(reason)`; without a reason the text is the default one.
    pub fn aborted(reason: Option<&str>) -> Self {
        Self::with_message(
            ErrorCode::Aborted,
            reason.unwrap_or(ErrorCode::Aborted.text()),
        )
    }

    /// Makes the failure of a facet that its parent has stopped, with one of Cloudflare's texts.
    pub fn facet_stopped(text: &str) -> Self {
        Self::with_message(ErrorCode::FacetStopped, text)
    }

    /// Makes the failure of a facet that its parent has aborted with a reason of the program's;
    /// the arguments are those of [`Failure::thrown`].
    pub fn facet_aborted(described: impl Into<Arc<str>>, flags: u32) -> Self {
        Self {
            code: ErrorCode::FacetStopped,
            ..Self::thrown(described, flags)
        }
    }

    /// Makes the failure of a commit that found constraints violated.
    ///
    /// `sqlite` is SQLite's message with its code, such as
    /// `FOREIGN KEY constraint failed: SQLITE_CONSTRAINT`.
    pub fn constraint_violated(sqlite: &str) -> Self {
        let code = ErrorCode::ConstraintViolated;
        Self::with_message(code, format!("{}: {sqlite}", code.text()))
    }

    /// Makes the failure of a commit, or of a transaction that SQLite itself gave up.
    ///
    /// `sqlite` is SQLite's message with its code, such as
    /// `database or disk is full: SQLITE_FULL`.
    pub fn storage_failed(sqlite: &str) -> Self {
        Self::with_message(ErrorCode::StorageFailed, sqlite)
    }

    /// Makes the failure that hides a defect: `reference` finds the details in the log.
    pub fn internal(reference: &str) -> Self {
        let code = ErrorCode::Internal;
        Self::with_message(code, format!("{}; reference = {reference}", code.text()))
    }

    /// Makes the failure of a program that threw; `described` is `String(error)`.
    ///
    /// `flags` are those of [`Failure::flags`] that the program's error object carried.
    pub fn thrown(described: impl Into<Arc<str>>, flags: u32) -> Self {
        let overloaded = flags & FLAG_OVERLOADED != 0;
        Self {
            class: ErrorClass::Described,
            retryable: flags & FLAG_RETRYABLE != 0 && !overloaded,
            overloaded,
            remote: flags & FLAG_REMOTE != 0,
            durable_object_reset: flags & FLAG_RESET != 0,
            ..Self::with_message(ErrorCode::Thrown, described)
        }
    }

    /// Adds what was thrown in serialized form.
    #[must_use]
    pub fn with_value(self, value: Option<Vec<u8>>) -> Self {
        Self {
            value: value.map(Arc::from),
            ..self
        }
    }

    /// Marks that this failure resets the instance: the constructor or a critical section threw it.
    #[must_use]
    pub fn resetting(self) -> Self {
        Self {
            durable_object_reset: true,
            ..self
        }
    }

    /// Returns the failure as the holder of a stub sees it.
    ///
    /// `.remote` is set on everything that arose in the called program; the object's id is added
    /// to what its program threw, but not to what broke its gate. Source: reference 2.7.
    #[must_use]
    pub fn seen_through_stub(self, callee: Option<ObjectId>) -> Self {
        let threw = self.code == ErrorCode::Thrown && !self.durable_object_reset;
        Self {
            remote: self.remote || self.code.arises_in_program(),
            object_id: self.object_id.or_else(|| callee.filter(|_| threw)),
            ..self
        }
    }

    /// Returns the status of the HTTP response when nobody caught the failure: 503 for an overload,
    /// 500 for everything else.
    pub const fn http_status(&self) -> u16 {
        if self.overloaded { 503 } else { 500 }
    }

    /// Returns the properties as the bits of the boundary to JavaScript: 1 retryable, 2 overloaded,
    /// 4 remote, 8 reset.
    pub const fn flags(&self) -> u32 {
        let mut flags = 0;
        if self.retryable {
            flags |= FLAG_RETRYABLE;
        }
        if self.overloaded {
            flags |= FLAG_OVERLOADED;
        }
        if self.remote {
            flags |= FLAG_REMOTE;
        }
        if self.durable_object_reset {
            flags |= FLAG_RESET;
        }
        flags
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

const FLAG_RETRYABLE: u32 = 1;
const FLAG_OVERLOADED: u32 = 2;
const FLAG_REMOTE: u32 = 4;
const FLAG_RESET: u32 = 8;

/// The reason in the Close frame of a WebSocket whose object was reset.
pub const SOCKET_CLOSED_BY_RESET: &str =
    "Durable Object connection closed because the object was reset.";

#[cfg(test)]
mod tests;
