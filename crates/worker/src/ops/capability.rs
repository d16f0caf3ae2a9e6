//! Capabilities: what messages carry besides bytes, and calls of what they stand for.

use std::sync::Arc;

use bytes::Bytes;
use stated_core::error::{ErrorCode, Failure};
use stated_object::capability::{Address, Capability, Life, Message, ObjectRef, Props, ServiceRef};
use stated_object::program::Event;

use super::fetch::aborted;
use super::stub::settled;
use crate::capabilities::Leaving;
use crate::op::{Op, OpError, OpResult};
use crate::progress::Awaited;
use crate::settled::SettledResult;
use crate::worker::Worker;

impl<'s> Op<'_, 's> {
    /// A message from two arguments: bytes and capabilities, which are taken out of the context's table.
    pub(crate) fn message(&mut self, first: u32, leaving: Leaving) -> Result<Message, OpError<'s>> {
        let bytes = Bytes::from(self.bytes(first));
        let ids = self.arg(first + 1);
        let mut capabilities = Vec::new();
        for position in 0..self.scope.array_length(ids) {
            let id = self
                .scope
                .element(ids, position)?
                .as_number()
                .unwrap_or(0.0) as u64;
            capabilities.push(self.worker.capabilities.take(id).ok_or_else(gone)?);
        }
        let message = Message {
            bytes,
            capabilities,
        };
        let context = self.context()?;
        self.worker.capabilities.leave(&context, leaving, &message);
        Ok(message)
    }

    /// The arguments of a call; undefined bytes read a property.
    pub(crate) fn arguments(&mut self, first: u32) -> Result<Option<Message>, OpError<'s>> {
        if self.arg(first).is_nullish() {
            return Ok(None);
        }
        self.message(first, Leaving::Arguments).map(Some)
    }

    /// Puts a capability into the running context's table and returns its number.
    pub(crate) fn hold(&mut self, capability: Capability) -> OpResult<'s> {
        let context = self.context()?;
        let id = self.worker.numbers().next();
        self.worker.capabilities.insert(id, &context, capability);
        Ok(self.scope.number(id as f64))
    }

    /// A bound service by its index, or an entrypoint of this program by its name, with props of one's own if any.
    pub(crate) fn service(&mut self, service: u32, props: u32) -> Result<ServiceRef, OpError<'s>> {
        let network = self.worker.network().clone();
        let found = match self.arg(service).as_number() {
            Some(index) => network.bound_service(index as usize),
            None => Some(network.own_service(&self.text(service)?)),
        };
        let mut found = found.ok_or_else(|| OpError::type_error("no such service binding"))?;
        if let Some(value) = self.kept_message(props)? {
            found.props = Some(Props::Value(value));
        }
        Ok(found)
    }

    /// A WireMessage that the program keeps: what it refers to stays in the context's table. None for
    /// undefined.
    pub(crate) fn kept_message(&mut self, index: u32) -> Result<Option<Arc<Message>>, OpError<'s>> {
        let value = self.arg(index);
        if value.is_nullish() {
            return Ok(None);
        }
        let bytes = self.scope.element(value, 0)?;
        let bytes = Bytes::from(self.scope.bytes(bytes).unwrap_or_default());
        let ids = self.scope.element(value, 1)?;
        let mut capabilities = Vec::new();
        for position in 0..self.scope.array_length(ids) {
            let id = self.scope.element(ids, position)?;
            let id = id.as_number().unwrap_or(0.0) as u64;
            if let Some(context) = self.worker.capabilities.context_of(id) {
                self.require_context(context, "Client")?;
            }
            let copy = self.worker.capabilities.with(id, |held| held.duplicate());
            capabilities.push(copy.flatten().ok_or_else(gone)?);
        }
        Ok(Some(Arc::new(Message {
            bytes,
            capabilities,
        })))
    }

    /// An object from a namespace's index, an id, a name, and a generation or the negative number of a stub that knows none.
    pub(crate) fn object(&mut self, first: u32) -> Result<ObjectRef, OpError<'s>> {
        let text = self.text(first + 1)?;
        let id = stated_core::id::ObjectId::from_hex(&text)
            .ok_or_else(|| OpError::type_error("the stub has no valid id"))?;
        let name = self.optional_text(first + 2)?;
        let network = self.worker.network();
        let life = match self.number(first + 3) {
            stub if stub < 0.0 => self.worker.lives.of_stub(-stub as u64),
            generation => Life::of(generation as u64),
        };
        let object = network.object(self.uint(first) as usize, id, name, life);
        object.ok_or_else(|| OpError::type_error("no such Durable Object namespace"))
    }
}

fn gone<'s>() -> OpError<'s> {
    OpError::error("RPC stub used after being disposed.")
}

/// The first reference to a target of the running context.
pub(crate) fn of_target<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let context = op.context()?;
    let target = op.worker.capabilities.export(&context, op.uint(0));
    op.hold(Capability::Target(target))
}

/// A stub of an object.
pub(crate) fn of_object<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let object = op.object(0)?;
    op.hold(Capability::Object(object.for_another()))
}

/// A stub of an entrypoint.
pub(crate) fn of_service<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let service = op.service(0, 1)?;
    op.hold(Capability::Service(service))
}

/// A host body.
pub(crate) fn of_body<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let reader = op.worker.bodies.take_reader(op.uint(0));
    let reader = reader.ok_or_else(|| OpError::type_error("the body was already used"))?;
    let stream = reader.into_stream(None, &op.worker.codec_room);
    let stream = stream.map_err(|error| OpError::error(error.to_string()))?;
    op.hold(Capability::Stream(stream))
}

/// Another reference to the same.
pub(crate) fn dup<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let copy = op
        .worker
        .capabilities
        .with(op.uint(0), |capability| capability.duplicate());
    let copy = copy.flatten().ok_or_else(gone)?;
    op.hold(copy)
}

/// Whether the reference is there: neither given up nor gone with its context.
pub(crate) fn is_held<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let context = op.worker.capabilities.context_of(op.uint(0));
    Ok(op.scope.boolean(context.is_some()))
}

/// Gives a reference up.
pub(crate) fn drop_reference<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let dropped = op.worker.capabilities.take(op.uint(0));
    drop(dropped);
    op.undefined()
}

/// Where a stub leads, for storage: `[service, entrypoint, props]` or `[service, class, id, name]`;
/// undefined if such stubs must not be stored.
pub(crate) fn address<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let held = op
        .worker
        .capabilities
        .with(op.uint(0), |capability| capability.duplicate());
    let capability = held.flatten().ok_or_else(gone)?;
    let Some(address) = op.worker.network().address_of(&capability) else {
        return op.undefined();
    };
    let parts = match address {
        Address::Entrypoint {
            service,
            entrypoint,
        } => {
            let props = match capability {
                Capability::Service(service) => service.props,
                _ => None,
            };
            let context = op.context()?;
            let worker = op.worker.clone();
            vec![
                op.scope.string(&service),
                op.scope.string(&entrypoint),
                worker.props_to_wire(op.scope, &context, props),
            ]
        }
        Address::Object {
            service,
            class,
            id,
            name,
        } => {
            let name = match name {
                Some(name) => op.scope.string(&name),
                None => op.scope.undefined(),
            };
            vec![
                op.scope.string(&service),
                op.scope.string(&class),
                op.scope.string(&id.to_string()),
                name,
            ]
        }
    };
    Ok(op.scope.array(&parts))
}

/// What is at an address: the names of an entrypoint, and its props, or of an object. 0 if it is gone.
pub(crate) fn at_address<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let mut names = op.texts(0)?.into_iter();
    let (Some(service), Some(second)) = (names.next(), names.next()) else {
        return Err(OpError::type_error("the address has no names"));
    };
    let address = match names.next() {
        None => Address::Entrypoint {
            service,
            entrypoint: second,
        },
        Some(id) => Address::Object {
            service,
            class: second,
            id: stated_core::id::ObjectId::from_hex(&id)
                .ok_or_else(|| OpError::type_error("the stub has no valid id"))?,
            name: names.next(),
        },
    };
    let props = op.kept_message(1)?.map(Props::Value);
    match op.worker.network().at_address(&address, props) {
        Some(capability) => op.hold(capability),
        None => Ok(op.scope.number(0.0)),
    }
}

/// Where a call goes.
pub(crate) enum Callee {
    Target(stated_object::capability::Target),
    Object(ObjectRef),
    Service(ServiceRef),
}

impl Callee {
    /// What a capability stands for.
    pub(crate) fn of<'s>(capability: Capability) -> Result<Self, OpError<'s>> {
        match capability {
            Capability::Target(target) => Ok(Self::Target(target)),
            Capability::Object(object) => Ok(Self::Object(object)),
            Capability::Service(service) => Ok(Self::Service(service)),
            Capability::Stream(_) => Err(gone()),
        }
    }

    /// As what its answer is awaited.
    fn awaited(&self, worker: &Worker) -> Awaited {
        match self {
            Self::Service(service) => worker.awaited_of(service),
            Self::Target(_) | Self::Object(_) => Awaited::Operation,
        }
    }
}

fn callee<'s>(op: &Op<'_, 's>) -> Result<Callee, OpError<'s>> {
    let id = op.uint(0);
    if let Some(context) = op.worker.capabilities.context_of(id) {
        op.require_context(context, "Client")?;
    }
    let held = op
        .worker
        .capabilities
        .with(id, |capability| match capability {
            // The stub is broken for ever once the life of its first call is.
            Capability::Object(object) => {
                object.life.share();
                Some(Capability::Object(object.clone()))
            }
            other => other.duplicate(),
        });
    Callee::of(held.flatten().ok_or_else(gone)?)
}

/// An RPC call or property read.
pub(crate) fn call<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let callee = callee(op)?;
    let path = op.texts(1)?;
    let args = op.arguments(2)?;
    let context = op.context()?;
    let worker = op.worker.clone();
    op.promise_for(callee.awaited(&op.worker.clone()), async move {
        context.until_durable().await?;
        answer(&worker, callee, Event::Call { path, args }).await
    })
}

/// Has a stub made again by the class that it leads to.
pub(crate) fn restore<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let callee = callee(op)?;
    let params = Bytes::from(op.bytes(1));
    let context = op.context()?;
    let worker = op.worker.clone();
    op.promise_for(callee.awaited(&op.worker.clone()), async move {
        context.until_durable().await?;
        answer(&worker, callee, Event::Restore { params }).await
    })
}

/// `fetch()` of a service or object stub that came in a message.
pub(crate) fn fetch<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let callee = callee(op)?;
    let mut abortable = op.abortable(op.uint(1));
    let request = op.request_with_cf(2)?;
    let context = op.context()?;
    let worker = op.worker.clone();
    op.promise_for(callee.awaited(&op.worker.clone()), async move {
        context.until_durable().await?;
        tokio::select! {
            answer = answer(&worker, callee, Event::Fetch(request)) => answer,
            () = abortable.aborted() => Err(aborted()),
        }
    })
}

/// Calls what a capability stands for.
pub(crate) async fn answer(worker: &Worker, callee: Callee, event: Event) -> SettledResult {
    match callee {
        Callee::Target(target) => {
            let Event::Call { path, args } = event else {
                return Err(Failure::new(ErrorCode::Internal).into());
            };
            let event = Event::TargetCall {
                target: target.address().target,
                path,
                args,
            };
            settled(worker.network().call_target(&target, event).await?)
        }
        Callee::Service(service) => settled(worker.call_service(&service, event).await?),
        Callee::Object(object) => {
            let (_, answer) = worker.network().call_object(&object, event).await?;
            settled(answer)
        }
    }
}
