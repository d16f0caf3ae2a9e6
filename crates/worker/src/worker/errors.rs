//! Errors in both directions, and what is printed.

use stated_core::error::{ErrorCode, Failure};
use stated_engine::{Local, Scope, Thrown};

use super::*;
use crate::context::Context;

impl Worker {
    // --- errors --------------------------------------------------------------------------------

    /// `main.makeError`
    pub(crate) fn make_error<'s>(
        &self,
        scope: &mut Scope<'s>,
        class: &str,
        message: &str,
        flags: u32,
        object_id: &str,
        value: Option<&[u8]>,
    ) -> Result<Local<'s>, Thrown<'s>> {
        let Some(loaded) = self.running_program() else {
            return Err(scope.type_error(message));
        };
        let make = scope.local(&loaded.main["makeError"]);
        let class = scope.string(class);
        let message = scope.string(message);
        let flags = scope.number(f64::from(flags));
        let object_id = scope.string(object_id);
        let value = match value {
            Some(bytes) => scope.uint8_array(bytes),
            None => scope.undefined(),
        };
        scope.call(make, &[class, message, flags, object_id, value])
    }

    pub(crate) fn failure_to_error<'s>(
        &self,
        scope: &mut Scope<'s>,
        failure: &Failure,
    ) -> Result<Local<'s>, Thrown<'s>> {
        let object_id = failure
            .object_id
            .map(|id| id.to_string())
            .unwrap_or_default();
        self.make_error(
            scope,
            failure.class.name(),
            &failure.message,
            failure.flags(),
            &object_id,
            failure.value.as_deref(),
        )
    }

    /// What was thrown, as a failure that breaks an object and is on its way to its callers.
    pub(crate) fn failure_of(&self, scope: &mut Scope<'_>, error: Local<'_>) -> Failure {
        let Some(loaded) = self.running_program() else {
            return Failure::new(ErrorCode::Internal);
        };
        let describe = scope.local(&loaded.main["describeBreak"]);
        let Ok(parts) = scope.call(describe, &[error]) else {
            return Failure::new(ErrorCode::Internal);
        };
        let text = scope
            .element(parts, 0)
            .ok()
            .and_then(|text| scope.text(text))
            .unwrap_or_default();
        let flags = scope
            .element(parts, 2)
            .ok()
            .and_then(Local::as_number)
            .unwrap_or(0.0);
        let value = scope.element(parts, 3).ok();
        let value = value.and_then(|value| scope.bytes(value));
        Failure::thrown(text, flags as u32).with_value(value)
    }

    /// Prints an exception that nobody caught.
    pub(crate) fn report(&self, scope: &mut Scope<'_>, error: Local<'_>) {
        let Some(loaded) = self.running_program() else {
            return;
        };
        let text = self.described(scope, &loaded, Thrown::Value(error));
        self.print(Level::Uncaught, text);
    }

    /// Tells the program of promises that nobody handles, and prints what it does not take for its own business. Returns
    /// whether any of its code may have run.
    pub(super) fn report_rejections(&self, scope: &mut Scope<'_>) -> bool {
        if scope.stop_reason().is_some() {
            return false;
        }
        let unhandled = scope.take_unhandled_rejections();
        let handled_late = scope.take_rejections_handled_late();
        let told = !unhandled.is_empty() || !handled_late.is_empty();
        for (promise, reason) in unhandled {
            if !self.tell(scope, "rejectionUnhandled", promise, reason) {
                self.report(scope, reason);
            }
        }
        for (promise, reason) in handled_late {
            self.tell(scope, "rejectionHandled", promise, reason);
        }
        told
    }

    /// Calls one of the library's two functions for rejections; true when a listener prevented the default.
    fn tell(
        &self,
        scope: &mut Scope<'_>,
        function: &str,
        promise: Local<'_>,
        reason: Local<'_>,
    ) -> bool {
        let Some(loaded) = self.running_program() else {
            return false;
        };
        let function = scope.local(&loaded.main[function]);
        let prevented = scope.call(function, &[promise, reason]);
        prevented.ok().and_then(Local::as_bool).unwrap_or(false)
    }

    /// Prints a stack or text of the program, with positions mapped to its sources.
    pub(crate) fn print_uncaught(&self, text: &str) {
        let text = self.hooks.borrow().map_stack(text);
        self.print(Level::Uncaught, text);
    }

    pub(crate) fn print(&self, level: Level, text: String) {
        let object = self
            .context_of_frame()
            .and_then(|context| self.object_label(&context));
        self.hooks.borrow().console(ConsoleLine {
            level,
            text,
            object,
        });
    }

    pub(super) fn object_label(&self, context: &Context) -> Option<(String, String)> {
        let entry = &context.instance()?.entry;
        let name = entry
            .name()
            .map_or_else(|| entry.id.to_string(), |name| name.to_string());
        Some((entry.class_name.to_string(), name))
    }
}
