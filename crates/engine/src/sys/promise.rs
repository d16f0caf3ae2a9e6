//! Promises that the host settles, and the state of any promise.

use mozjs::glue::JS_GetPromiseResult;
use mozjs::jsapi::{
    AddPromiseReactions, GetPromiseState, IsPromiseObject, NewPromiseObject,
    PromiseState as RawState, RejectPromise, ResolvePromise,
};
use mozjs::jsval::UndefinedValue;
use mozjs::rooted;

use super::handles::Persistent;
use super::scope::{Local, Scope, Thrown};

/// A promise that the host settles later. Dropping it unsettled leaves the promise pending for ever.
#[derive(Debug)]
pub struct Deferred {
    promise: Persistent,
}

/// What a promise has come to.
#[derive(Clone, Copy, Debug)]
pub enum PromiseState<'s> {
    /// Not settled yet.
    Pending,
    /// Fulfilled with the value.
    Fulfilled(Local<'s>),
    /// Rejected with the reason.
    Rejected(Local<'s>),
}

impl<'s> Scope<'s> {
    /// A new pending promise and the right to settle it.
    pub fn deferred(&mut self) -> (Deferred, Local<'s>) {
        let cx = self.cx();
        rooted!(in(cx) let executor = std::ptr::null_mut::<mozjs::jsapi::JSObject>());
        // SAFETY: a null executor makes a promise that only the host settles.
        let promise = unsafe { NewPromiseObject(cx, executor.handle().into()) };
        assert!(!promise.is_null(), "the engine has memory for a promise");
        let local = self.root_object(promise);
        (
            Deferred {
                promise: self.persist(local),
            },
            local,
        )
    }

    /// Fulfils the promise (or follows the value, if that is a thenable).
    pub fn resolve(&mut self, deferred: Deferred, value: Local<'_>) {
        let cx = self.cx();
        rooted!(in(cx) let promise = deferred.promise.value().to_object());
        // SAFETY: promise and value are rooted. A failure can only be an exception of a hostile
        // `then` getter, which the engine has turned into a rejection, or the end of the turn.
        unsafe { ResolvePromise(cx, promise.handle().into(), value.raw()) };
    }

    /// Rejects the promise.
    pub fn reject(&mut self, deferred: Deferred, reason: Local<'_>) {
        let cx = self.cx();
        rooted!(in(cx) let promise = deferred.promise.value().to_object());
        // SAFETY: promise and reason are rooted.
        unsafe { RejectPromise(cx, promise.handle().into(), reason.raw()) };
    }

    /// The state of a promise; None when the value is no promise.
    pub fn promise_state(&mut self, value: Local<'_>) -> Option<PromiseState<'s>> {
        if !value.is_object() {
            return None;
        }
        let cx = self.cx();
        rooted!(in(cx) let promise = value.value().to_object());
        // SAFETY: the object is rooted; the type test precedes the accessors.
        unsafe {
            if !IsPromiseObject(promise.handle().into()) {
                return None;
            }
            let state = GetPromiseState(promise.handle().into());
            if state == RawState::Pending {
                return Some(PromiseState::Pending);
            }
            let result = self.root(UndefinedValue());
            JS_GetPromiseResult(promise.handle().into(), result.raw_mut());
            Some(if state == RawState::Fulfilled {
                PromiseState::Fulfilled(result)
            } else {
                PromiseState::Rejected(result)
            })
        }
    }

    /// `promise.then(fulfilled, rejected)` with the original `then`, without a result.
    ///
    /// # Errors
    /// [`Thrown`] when memory runs out.
    pub fn then(
        &mut self,
        promise: Local<'_>,
        fulfilled: Local<'_>,
        rejected: Local<'_>,
    ) -> Result<(), Thrown<'s>> {
        let cx = self.cx();
        rooted!(in(cx) let promise = promise.value().to_object());
        rooted!(in(cx) let fulfilled = fulfilled.value().to_object());
        rooted!(in(cx) let rejected = rejected.value().to_object());
        // SAFETY: all three are rooted objects.
        let added = unsafe {
            AddPromiseReactions(
                cx,
                promise.handle().into(),
                fulfilled.handle().into(),
                rejected.handle().into(),
            )
        };
        if added {
            Ok(())
        } else {
            Err(self.take_exception())
        }
    }
}
