//! Namespaces, stubs and service bindings.

use bytes::Bytes;
use stated_core::error::{ErrorCode, Failure};
use stated_core::id::{ObjectId, UniqueKey};
use stated_object::program::{Answer, Event};

use super::fetch::aborted;
use crate::op::{Op, OpError, OpResult};
use crate::settled::{Settled, SettledResult};

fn key<'a, 's>(op: &'a Op<'_, 's>) -> Result<&'a UniqueKey, OpError<'s>> {
    op.worker.key(op.uint(0)).ok_or_else(|| OpError::type_error("no such Durable Object namespace"))
}

fn hex<'s>(op: &mut Op<'_, 's>, id: ObjectId) -> OpResult<'s> {
    Ok(op.scope.string(&id.to_string()))
}

/// `idFromName`
pub(crate) fn id_from_name<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let name = op.text(1)?;
    let id = ObjectId::from_name(key(op)?, &name);
    hex(op, id)
}

/// `newUniqueId`
pub(crate) fn id_random<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| OpError::error(format!("random bytes: {error}")))?;
    let id = ObjectId::from_random(key(op)?, random);
    hex(op, id)
}

/// `idFromString`
pub(crate) fn id_parse<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let text = op.text(1)?;
    let id = ObjectId::parse(key(op)?, &text).map_err(|error| OpError::type_error(error.to_string()))?;
    hex(op, id)
}

struct Target {
    namespace: usize,
    id: ObjectId,
    name: Option<String>,
    generation: u64,
}

fn target<'s>(op: &mut Op<'_, 's>) -> Result<Target, OpError<'s>> {
    let text = op.text(1)?;
    let id = ObjectId::from_hex(&text).ok_or_else(|| OpError::type_error("the stub has no valid id"))?;
    Ok(Target { namespace: op.uint(0) as usize, id, name: op.optional_text(2)?, generation: op.uint(3) })
}

fn settled(answer: Answer) -> SettledResult {
    match answer {
        Answer::Response(response) => Ok(Settled::Response(Box::new(response))),
        Answer::Value(value) => Ok(Settled::Bytes(value.into())),
        Answer::Done => Err(Failure::new(ErrorCode::Internal).into()),
    }
}

/// `stub.fetch()`
pub(crate) fn fetch<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let target = target(op)?;
    let mut abortable = op.abortable(op.uint(4));
    let request = op.request(5)?;
    let context = op.context()?;
    op.worker.note_called(&context, target.namespace, target.name.as_deref(), target.id);
    let network = op.worker.network().clone();
    op.promise(async move {
        context.until_durable().await?;
        let event = Event::Fetch(request);
        let delivery = network.deliver(target.namespace, target.id, target.name, target.generation, event);
        let (generation, answer) = tokio::select! {
            answer = delivery => answer?,
            () = abortable.aborted() => return Err(aborted()),
        };
        Ok(Settled::OfStub(generation, Box::new(settled(answer)?)))
    })
}

/// An RPC call or property read through a stub.
pub(crate) fn call<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let target = target(op)?;
    let path = op.texts(4)?;
    let args = op.scope.bytes(op.arg(5)).map(Bytes::from);
    let context = op.context()?;
    op.worker.note_called(&context, target.namespace, target.name.as_deref(), target.id);
    let network = op.worker.network().clone();
    op.promise(async move {
        context.until_durable().await?;
        let event = Event::Call { path, args };
        let (generation, answer) =
            network.deliver(target.namespace, target.id, target.name, target.generation, event).await?;
        Ok(Settled::OfStub(generation, Box::new(settled(answer)?)))
    })
}

/// `fetch()` of a service binding.
pub(crate) fn service_fetch<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let service = op.uint(0) as usize;
    let mut abortable = op.abortable(op.uint(1));
    let request = op.request(2)?;
    let context = op.context()?;
    let network = op.worker.network().clone();
    op.promise(async move {
        context.until_durable().await?;
        tokio::select! {
            answer = network.service(service, Event::Fetch(request)) => settled(answer?),
            () = abortable.aborted() => Err(aborted()),
        }
    })
}

/// An RPC call through a service binding.
pub(crate) fn service_call<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let service = op.uint(0) as usize;
    let path = op.texts(1)?;
    let args = op.scope.bytes(op.arg(2)).map(Bytes::from);
    let context = op.context()?;
    let network = op.worker.network().clone();
    op.promise(async move {
        context.until_durable().await?;
        settled(network.service(service, Event::Call { path, args }).await?)
    })
}
