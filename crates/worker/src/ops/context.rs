//! Contexts, critical sections, diagnostics.

use stated_core::alarm::RetryAlarm;
use stated_core::error::Failure;
use stated_core::gate::SectionId;
use stated_engine::{Local, Thrown};

use crate::context::Left;
use crate::op::{Op, OpError, OpResult};
use crate::settled::Settled;
use crate::worker::Level;

/// One finished console line.
pub(crate) fn log<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let level = match op.uint(0) {
        0 => Level::Debug,
        1 => Level::Log,
        2 => Level::Info,
        3 => Level::Warn,
        _ => Level::Error,
    };
    let text = op.text(1)?;
    op.worker.print(level, text);
    op.undefined()
}

/// An exception nobody caught.
pub(crate) fn report_uncaught<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let text = op.text(0)?;
    op.worker.print_uncaught(&text);
    op.undefined()
}

/// The number of the running context.
pub(crate) fn context_id<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let id = op.scope.frame().context;
    Ok(op.scope.number(id as f64))
}

/// The library keeps something for the running context, which wants to be forgotten with it.
pub(crate) fn context_kept<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    // While the program is loaded there is none, and nothing ends.
    if let Ok(context) = op.context() {
        context.note_left(Left::Library);
    }
    op.undefined()
}

/// Throws unless the context is the running one.
pub(crate) fn check_context<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let io_type = op.text(1)?;
    op.require_context(op.uint(0), &io_type)?;
    op.undefined()
}

/// The async-context value.
pub(crate) fn async_frame<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    Ok(op.scope.async_value())
}

/// Calls a function with another async-context value.
pub(crate) fn with_async_frame<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let value = op.arg(0);
    let function = op.arg(1);
    let args: Vec<Local<'s>> = (2..op.arg_count()).map(|index| op.arg(index)).collect();
    let info = op.scope.frame();
    let result = op
        .scope
        .with_frame(info, value, |scope| scope.call(function, &args));
    Ok(result?)
}

/// Keeps a context alive.
pub(crate) fn task_begin<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    if let Some(context) = op.worker.context(op.uint(0)) {
        context.task_begin();
    }
    op.undefined()
}

/// Ends what task_begin began.
pub(crate) fn task_end<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    if let Some(context) = op.worker.context(op.uint(0)) {
        if op.flag(1) {
            context.task_failed.set(true);
        }
        context.task_end();
    }
    op.undefined()
}

/// `controller.noRetry()`
pub(crate) fn scheduled_no_retry<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let context = op.require_context(op.uint(0), "ScheduledController")?;
    context.no_retry.set(true);
    op.undefined()
}

/// `ctx.abort()`
pub(crate) fn abort_object<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let reason = op.optional_text(1)?;
    let retry = if op.flag(2) {
        RetryAlarm::Yes
    } else {
        RetryAlarm::No
    };
    let context = op.worker.context(op.uint(0));
    if let Some(instance) = context.as_ref().and_then(|context| context.instance()) {
        op.worker.abort(instance, reason.as_deref(), retry);
    }
    Err(OpError::Thrown(Thrown::Stopped))
}

/// `ctx.abort()` of a stateless event: its open calls reject with the reason.
pub(crate) fn abort_event<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let context = op.require_context(op.uint(0), "ExecutionContext")?;
    let failure =
        Failure::thrown(op.text(1)?, op.uint(2) as u32).with_value(op.scope.bytes(op.arg(3)));
    op.worker.calls.fail_context(context.id, &failure);
    Err(OpError::Thrown(Thrown::Stopped))
}

/// Asks for a critical section.
pub(crate) fn section_request<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let kind = op.uint(1);
    let token = op.uint(2);
    let from = SectionId::from_u64(op.scope.frame().section.into());
    let section = instance.request_section(from)?;
    op.context()?.remember_section(section, kind, token);
    op.undefined()
}

/// Ends a critical section.
pub(crate) fn section_end<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let context = op.context()?;
    let Some(section) = SectionId::from_u64(op.uint(1)) else {
        return op.undefined();
    };
    let breaks = context.section_breaks(section);
    let failure = op
        .optional_text(2)?
        .filter(|_| breaks)
        .map(|text| Failure::thrown(text, op.uint(3) as u32).with_value(op.scope.bytes(op.arg(4))));
    let broken = failure.is_some();
    instance.end_section(section, failure);
    if broken {
        return Err(OpError::Thrown(Thrown::Stopped));
    }
    op.undefined()
}

/// Resolves when all writes made so far are durable.
pub(crate) fn sync<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    op.promise(async move {
        instance.until_all_durable().await?;
        Ok(Settled::Undefined)
    })
}
