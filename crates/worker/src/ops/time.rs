//! Clocks and timers.

use std::time::Duration;

use crate::op::{Op, OpError, OpResult};
use crate::timers::Repeat;

/// Active timers of one context. Source: reference 2.9.
const TIMERS_MAX: u32 = 10_000;

/// Milliseconds since the Unix epoch.
pub(crate) fn now<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let now = stated_object::clock::wall_ms();
    Ok(op.scope.number(now as f64))
}

/// Milliseconds since the worker started.
pub(crate) fn monotonic_now<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let elapsed = op.worker.clock().elapsed();
    Ok(op.scope.number(elapsed.as_secs_f64() * 1000.0))
}

/// Starts a timer of the current context.
pub(crate) fn timer_start<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let context = op.context()?;
    if context.timers.get() >= TIMERS_MAX {
        let message = format!(
            "You have exceeded the number of active timeouts you may set. max active timeouts: {TIMERS_MAX}, current active timeouts: {}, finished timeouts: {}",
            context.timers.get(),
            context.timers_finished.get()
        );
        return Err(OpError::Error("DOMException:QuotaExceededError", message));
    }
    let delay = Duration::from_secs_f64(op.number(0).max(0.0) / 1000.0);
    let repeat = if op.flag(1) {
        Repeat::Always
    } else {
        Repeat::Once
    };
    let frame = op.scope.frame();
    let id = op.worker.start_timer(&context, frame, delay, repeat);
    Ok(op.scope.number(id as f64))
}

/// Stops a timer.
pub(crate) fn timer_stop<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    op.worker.stop_timer(op.uint(0));
    op.undefined()
}
