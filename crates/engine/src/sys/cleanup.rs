//! Finalization registries: the engine says that callbacks are due, the host says when they run.

use std::cell::RefCell;
use std::ffi::c_void;

use mozjs::jsapi::{
    CurrentGlobalOrNull, GetNonCCWObjectGlobal, JS_GetFunctionObject, JSFunction, JSObject,
};
use mozjs::jsval::ObjectValue;

use super::handles::Persistent;
use super::runtime::{Inner, Runtime};
use super::scope::{Local, Scope, Thrown};

/// The engine's functions that run due callbacks, one per registry.
#[derive(Debug, Default)]
pub(crate) struct Cleanups(RefCell<Vec<Persistent>>);

impl Runtime {
    /// Whether callbacks of finalization registries are due ([`Scope::run_cleanups`]).
    pub fn has_cleanups(&self) -> bool {
        !self.inner.cleanups.0.borrow().is_empty()
    }
}

impl<'s> Scope<'s> {
    /// Runs the callbacks of finalization registries that are due, and returns what they threw.
    ///
    /// Those of another realm than the entered one are forgotten: its program is gone.
    pub fn run_cleanups(&mut self) -> Vec<Local<'s>> {
        let due = std::mem::take(&mut *self.inner.cleanups.0.borrow_mut());
        due.iter()
            .filter_map(|cleanup| self.run_cleanup(cleanup))
            .collect()
    }

    fn run_cleanup(&mut self, cleanup: &Persistent) -> Option<Local<'s>> {
        let function = self.local(cleanup);
        // SAFETY: the function is an unwrapped object of the engine's.
        let own_global = unsafe { GetNonCCWObjectGlobal(function.value().to_object()) };
        // SAFETY: a realm is entered.
        let entered_global = unsafe { CurrentGlobalOrNull(self.cx()) };
        if own_global != entered_global {
            return None;
        }
        match self.call(function, &[]) {
            Err(Thrown::Value(error)) => Some(error),
            Ok(_) | Err(Thrown::Stopped) => None,
        }
    }
}

/// Notes a registry with work to do. Called during a collection, so it only stores a pointer.
pub(crate) unsafe extern "C" fn cleanup_is_due(
    run: *mut JSFunction,
    _global: *mut JSObject,
    inner: *mut c_void,
) {
    // SAFETY: Runtime::new registered the Inner, which lives as long as the context.
    let inner = unsafe { &*inner.cast::<Inner>() };
    // SAFETY: the engine passes a live function.
    let function = unsafe { JS_GetFunctionObject(run) };
    inner
        .cleanups
        .0
        .borrow_mut()
        .push(inner.roots.persistents.insert(ObjectValue(function)));
}
