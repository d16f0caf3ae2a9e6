//! Namespaces, stubs and service bindings.

use stated_core::error::{ErrorCode, Failure};
use stated_core::id::{ObjectId, UniqueKey};
use stated_object::capability::{Life, ObjectRef};
use stated_object::clock::wall_ms;
use stated_object::program::{Answer, Event, Scheduled};

use super::fetch::aborted;
use crate::op::{Op, OpError, OpResult};
use crate::settled::{Settled, SettledResult};

/// Runs `f` with the key of the namespace that the first argument names.
fn with_key<'s, T>(
    op: &Op<'_, 's>,
    f: impl FnOnce(&UniqueKey) -> Result<T, OpError<'s>>,
) -> Result<T, OpError<'s>> {
    let settings = op.worker.settings();
    match settings.keys.get(op.uint(0) as usize) {
        Some(key) => f(key),
        None => Err(OpError::type_error("no such Durable Object namespace")),
    }
}

fn hex<'s>(op: &mut Op<'_, 's>, id: ObjectId) -> OpResult<'s> {
    Ok(op.scope.string(&id.to_string()))
}

/// `idFromName`
pub(crate) fn id_from_name<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let name = op.text(1)?;
    let id = with_key(op, |key| Ok(ObjectId::from_name(key, &name)))?;
    hex(op, id)
}

/// `newUniqueId`
pub(crate) fn id_random<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let mut random = [0; 16];
    getrandom::fill(&mut random)
        .map_err(|error| OpError::error(format!("random bytes: {error}")))?;
    let id = with_key(op, |key| Ok(ObjectId::from_random(key, random)))?;
    hex(op, id)
}

/// `idFromString`
pub(crate) fn id_parse<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let text = op.text(1)?;
    let id = with_key(op, |key| {
        ObjectId::parse(key, &text).map_err(|error| OpError::type_error(error.to_string()))
    })?;
    hex(op, id)
}

/// What JavaScript gets for an answer.
pub(super) fn settled(answer: Answer) -> SettledResult {
    match answer {
        Answer::Response(response) => Ok(Settled::Response(Box::new(response))),
        Answer::Value(message) => Ok(Settled::Message(message)),
        Answer::Scheduled(run) => Ok(Settled::Scheduled(run.outcome(), run.no_retry)),
        Answer::Done => Err(Failure::new(ErrorCode::Internal).into()),
    }
}

/// The object that a stub stands for; the context's first one is noted for the request log.
fn target<'s>(op: &mut Op<'_, 's>) -> Result<ObjectRef, OpError<'s>> {
    let object = op.object(0)?;
    let context = op.context()?;
    op.worker.note_called(
        &context,
        op.uint(0) as usize,
        object.name.as_deref(),
        object.id,
    );
    Ok(object)
}

/// An answer with the life it came from, which calls made before JavaScript hears of it share.
fn of_stub(object: ObjectRef, generation: u64, answer: Settled) -> Settled {
    let life = match object.life {
        Life::Known(0) => Life::of(generation),
        life => life,
    };
    Settled::OfStub(life, Box::new(answer))
}

/// `stub.fetch()`
pub(crate) fn fetch<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let object = target(op)?;
    let mut abortable = op.abortable(op.uint(4));
    let request = op.request_with_cf(5)?;
    let context = op.context()?;
    let network = op.worker.network().clone();
    op.promise(async move {
        context.until_durable().await?;
        let (generation, answer) = tokio::select! {
            answer = network.call_object(&object, Event::Fetch(request)) => answer?,
            () = abortable.aborted() => return Err(aborted()),
        };
        Ok(of_stub(object, generation, settled(answer)?))
    })
}

/// An RPC call or property read through a stub.
pub(crate) fn call<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let object = target(op)?;
    let path = op.texts(4)?;
    let args = op.arguments(5)?;
    let context = op.context()?;
    let network = op.worker.network().clone();
    op.promise(async move {
        context.until_durable().await?;
        let (generation, answer) = network
            .call_object(&object, Event::Call { path, args })
            .await?;
        Ok(of_stub(object, generation, settled(answer)?))
    })
}

/// `fetch()` of a service binding.
pub(crate) fn service_fetch<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let service = op.service(0, 1)?;
    let mut abortable = op.abortable(op.uint(2));
    let request = op.request_with_cf(3)?;
    let context = op.context()?;
    let worker = op.worker.clone();
    op.promise_for(worker.awaited_of(&service), async move {
        context.until_durable().await?;
        tokio::select! {
            answer = worker.call_service(&service, Event::Fetch(request)) => settled(answer?),
            () = abortable.aborted() => Err(aborted()),
        }
    })
}

/// An RPC call through a service binding.
pub(crate) fn service_call<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let service = op.service(0, 1)?;
    let path = op.texts(2)?;
    let args = op.arguments(3)?;
    let context = op.context()?;
    let worker = op.worker.clone();
    op.promise_for(worker.awaited_of(&service), async move {
        context.until_durable().await?;
        settled(
            worker
                .call_service(&service, Event::Call { path, args })
                .await?,
        )
    })
}

/// `scheduled()` of a service binding.
pub(crate) fn service_scheduled<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let service = op.service(0, 1)?;
    let at_ms = match op.number(2) {
        at_ms if at_ms < 0.0 => wall_ms(),
        at_ms => at_ms as i64,
    };
    let cron = op.text(3)?;
    let context = op.context()?;
    let worker = op.worker.clone();
    op.promise_for(worker.awaited_of(&service), async move {
        context.until_durable().await?;
        let event = Event::Scheduled(Scheduled { at_ms, cron });
        settled(worker.call_service(&service, event).await?)
    })
}
