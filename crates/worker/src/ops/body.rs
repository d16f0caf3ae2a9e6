//! Streamed bodies.

use bytes::Bytes;
use stated_object::message::BodyError;

use crate::bodies::collect;
use crate::op::{Op, OpError, OpResult};
use crate::settled::{Settled, Unsettled};

pub(super) fn lost(error: &BodyError) -> Unsettled {
    let class = match error {
        BodyError::Disconnected | BodyError::Failed(_) => "Error",
        BodyError::Reset
        | BodyError::TooLarge { .. }
        | BodyError::Undecodable(_)
        | BodyError::Unbuffered => "TypeError",
    };
    Unsettled::Error(class, error.to_string())
}

pub(super) fn spent<'s>() -> OpError<'s> {
    OpError::type_error(
        "This ReadableStream is disturbed (has already been read from), and cannot be used as a body.",
    )
}

/// Requires that the running context may read a body.
fn check_owner<'s>(op: &Op<'_, 's>, id: u64) -> Result<(), OpError<'s>> {
    match op.worker.bodies.context_of(id) {
        Some(context) => op
            .require_context(context, "ReadableStreamSource")
            .map(|_| ()),
        None => Ok(()),
    }
}

/// The next chunk.
pub(crate) fn read<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let id = op.uint(0);
    check_owner(op, id)?;
    let context = op.context()?;
    let worker = op.worker.clone();
    let Some(mut reader) = worker.bodies.take_reader(id) else {
        return op.promise(async { Ok(Settled::Undefined) });
    };
    op.promise(async move {
        match reader.next().await {
            Some(Ok(chunk)) => {
                worker.bodies.put_reader(id, &context, reader);
                Ok(Settled::Bytes(chunk.into()))
            }
            Some(Err(error)) => Err(lost(&error)),
            None => Ok(Settled::Undefined),
        }
    })
}

/// All that is left.
pub(crate) fn read_all<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    check_owner(op, op.uint(0))?;
    let reader = op.worker.bodies.take_reader(op.uint(0)).ok_or_else(spent)?;
    let bytes_max = op.worker.heap_bytes();
    op.promise(async move {
        collect(reader, bytes_max)
            .await
            .map(Settled::Bytes)
            .map_err(|error| lost(&error))
    })
}

/// Nobody will read it.
pub(crate) fn cancel<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    op.worker.bodies.remove(op.uint(0));
    op.undefined()
}

/// Makes reads give an encoded body as it came.
pub(crate) fn keep_encoded<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    op.worker.bodies.keep_encoded(op.uint(0));
    op.undefined()
}

/// A body that JavaScript fills.
pub(crate) fn new<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let length = op.number(0);
    let context = op.context()?;
    let id = op.worker.numbers().next();
    op.worker
        .bodies
        .insert_pipe(id, &context, (length >= 0.0).then_some(length as u64));
    Ok(op.scope.number(id as f64))
}

/// One chunk, after what was written before it is durable.
pub(crate) fn write<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let chunk = Bytes::from(op.bytes(1));
    let Some((writer, context)) = op.worker.bodies.writer(op.uint(0)) else {
        return op.promise(async { Ok(Settled::Bool(false)) });
    };
    op.promise(async move {
        context.until_durable().await?;
        Ok(Settled::Bool(writer.send(Ok(chunk)).await.is_ok()))
    })
}

/// The end.
pub(crate) fn close<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    if let Some((writer, context)) = op.worker.bodies.close_writer(op.uint(0)) {
        context.when_durable(move || drop(writer));
    }
    op.undefined()
}

/// A bad end.
pub(crate) fn abort<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let message = op.text(1)?;
    if let Some((writer, context)) = op.worker.bodies.close_writer(op.uint(0)) {
        context.when_durable(move || {
            tokio::task::spawn_local(async move {
                let _unused = writer.send(Err(BodyError::Failed(message))).await;
            });
        });
    }
    op.undefined()
}

/// Two copies of a host body.
pub(crate) fn tee<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let context = op.context()?;
    let source = op.worker.bodies.take_reader(op.uint(0)).ok_or_else(spent)?;
    let (left, right) = source.tee();
    let ids = [left, right].map(|reader| {
        let id = op.worker.numbers().next();
        op.worker.bodies.insert_reader(id, &context, reader);
        id
    });
    let ids = ids.map(|id| op.scope.number(id as f64));
    Ok(op.scope.array(&ids))
}
