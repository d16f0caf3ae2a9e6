//! Answers of handlers that the host started.

use http::StatusCode;
use stated_core::error::Failure;
use stated_object::message::FetchResponse;
use stated_object::program::Answer;

use crate::callers::Caller;
use crate::capabilities::Leaving;
use crate::op::{Op, OpError, OpResult};

/// The response of a fetch handler.
pub(crate) fn respond<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let call = op.uint(0);
    if op.uint(1) == 0 {
        return Err(OpError::type_error(
            "Return value from serve handler must not be an error response (like Response.error())",
        ));
    }
    let status = u16::try_from(op.uint(1))
        .ok()
        .and_then(|status| StatusCode::from_u16(status).ok());
    let status = status.ok_or_else(|| {
        OpError::Error(
            "RangeError",
            "the status of the response is not an HTTP status".into(),
        )
    })?;
    let status_text = op.text(2)?;
    let headers = op.headers(3)?;
    let coding = match op.flag(6) {
        true => None,
        false => op.worker.codings().named_in(&headers),
    };
    let body = op.coded_body(4, coding)?;
    if let Some(id) = op.arg(4).as_number() {
        op.worker.response_is_body(call, id as u64);
    }
    let socket = match op.uint(5) {
        0 => None,
        id => {
            let taken = op.worker.sockets.take(id);
            Some(
                taken
                    .ok_or_else(|| {
                        OpError::type_error(
                            "Can't return WebSocket that was already used in a response.",
                        )
                    })?
                    .0,
            )
        }
    };
    let response = FetchResponse {
        status,
        status_text,
        headers,
        body,
        socket,
        url: String::new(),
        redirected: false,
    };
    op.worker.calls.answer(call, Ok(Answer::Response(response)));
    op.undefined()
}

/// The serialized result of an RPC call.
pub(crate) fn respond_value<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let message = op.message(1, Leaving::Result)?;
    op.worker
        .calls
        .answer(op.uint(0), Ok(Answer::Value(message)));
    op.undefined()
}

/// A handler without result is done.
pub(crate) fn respond_done<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    op.worker.calls.answer(op.uint(0), Ok(Answer::Done));
    op.undefined()
}

/// The handler threw.
pub(crate) fn respond_error<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let text = op.text(1)?;
    let stack = op.text(2)?;
    let flags = op.uint(3) as u32;
    if !stack.is_empty() {
        op.worker.print_uncaught(&stack);
    }
    let value = op.scope.bytes(op.arg(4));
    op.worker.calls.answer(
        op.uint(0),
        Err(Failure::thrown(text, flags).with_value(value)),
    );
    op.undefined()
}

/// Has a function called when the caller leaves before it has the whole response.
pub(crate) fn watch_caller<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let function = op.arg(1);
    let function = op.scope.persist(function);
    let caller = op.worker.watch_caller(op.uint(0), function);
    Ok(op.scope.boolean(caller == Caller::Left))
}
