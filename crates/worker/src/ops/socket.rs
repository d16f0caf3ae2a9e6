//! WebSockets.

use std::rc::Rc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use stated_object::hibernation::{HibernatedSocket, SocketId};
use stated_object::instance::Instance;
use stated_object::message::{Body, FetchRequest};
use stated_object::socket::{Socket, SocketMessage, socket_pair};

use crate::op::{Op, OpError, OpResult};
use crate::settled::{Settled, Unsettled};
use crate::worker::Redirect;

/// WHATWG's number of the state in which messages pass.
const OPEN: u8 = 1;

impl<'s> Op<'_, 's> {
    /// The current object, if the running code belongs to one.
    fn current_instance(&self) -> Option<Rc<Instance>> {
        self.worker
            .context(self.scope.frame().context)?
            .instance()
            .cloned()
    }

    /// A hibernatable socket of the current object.
    fn hibernated(&self, id: u64) -> Option<Rc<HibernatedSocket>> {
        self.current_instance()?.entry.sockets.get(SocketId(id))
    }

    /// Queues a message behind the output gate.
    fn send_message(&self, id: u64, message: SocketMessage) {
        let context = self.worker.context_of_frame();
        let send: Box<dyn FnOnce()> = if let Some(socket) = self.worker.sockets.accepted(id) {
            Box::new(move || socket.push(message))
        } else if let Some(hibernated) = self.hibernated(id) {
            Box::new(move || hibernated.socket.push(message))
        } else {
            return;
        };
        match context {
            Some(context) => context.when_durable(send),
            None => send(),
        }
    }
}

/// The two ends of a WebSocketPair.
pub(crate) fn pair<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let context = op.context()?;
    let (left, right) = socket_pair();
    let ids = [left, right].map(|end| {
        op.worker
            .sockets
            .insert(op.worker.numbers().next(), &context, end)
    });
    let ids = ids.map(|id| op.scope.number(id as f64));
    Ok(op.scope.array(&ids))
}

/// `accept()`
pub(crate) fn accept<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let id = op.uint(0);
    op.worker.accept_socket(id);
    op.undefined()
}

/// `send()`
pub(crate) fn send<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let data = op.arg(1);
    let message = match op.scope.bytes(data) {
        Some(bytes) => SocketMessage::Binary(Bytes::from(bytes)),
        None => SocketMessage::Text(op.text(1)?),
    };
    op.send_message(op.uint(0), message);
    op.undefined()
}

/// `close()`
pub(crate) fn close<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let code = op.number(1);
    let reason = op.optional_text(2)?.unwrap_or_default();
    let code = (code >= 0.0).then_some(code as u16);
    op.send_message(op.uint(0), SocketMessage::Close { code, reason });
    op.undefined()
}

/// `new WebSocket(url)`
pub(crate) fn connect<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    op.require_network()?;
    let url = op.text(0)?;
    let protocols = op.texts(1)?;
    let url = match url.split_once(':') {
        Some(("ws", rest)) => format!("http:{rest}"),
        Some(("wss", rest)) => format!("https:{rest}"),
        _ => url,
    };
    let mut headers = HeaderMap::new();
    headers.insert("upgrade", HeaderValue::from_static("websocket"));
    if !protocols.is_empty() {
        let value = HeaderValue::from_str(&protocols.join(", ")).map_err(|_| {
            OpError::type_error("a protocol has characters that HTTP does not allow")
        })?;
        headers.insert("sec-websocket-protocol", value);
    }
    let request = FetchRequest {
        method: Method::GET,
        url,
        headers,
        body: Body::None,
        peer: None,
        cf: None,
    };
    let context = op.context()?;
    let network = op.worker.network().clone();
    op.promise(async move {
        context.until_durable().await?;
        let response = network.fetch(request, Redirect::Manual).await;
        let response = response.map_err(Unsettled::from)?;
        match response.socket {
            Some(end) if end.protocol.is_empty() || protocols.contains(&end.protocol) => {
                Ok(Settled::Socket(Box::new(end)))
            }
            Some(_) => Err(not_established(
                "the server chose a protocol that was not offered.",
            )),
            None => Err(not_established(&format!(
                "expected server to reply with HTTP status code 101 (switching protocols), but received {} instead.",
                response.status.as_u16()
            ))),
        }
    })
}

fn not_established(why: &str) -> Unsettled {
    Unsettled::Error(
        "TypeError",
        format!("Failed to establish the WebSocket connection: {why}"),
    )
}

/// `acceptWebSocket()`
pub(crate) fn hibernate<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let id = op.uint(1);
    let tags = op.texts(2)?;
    let (end, attachment) = op
        .worker
        .sockets
        .take(id)
        .ok_or_else(|| OpError::error("the WebSocket cannot be accepted any more"))?;
    let namespace = op
        .worker
        .namespace(instance.entry.namespace as u64)
        .ok_or_else(|| OpError::error("the object has no namespace"))?;
    namespace.attach_socket(&instance.entry, SocketId(id), Socket::new(end), tags);
    if let (Some(attachment), Some(socket)) = (attachment, instance.entry.sockets.get(SocketId(id)))
    {
        socket.set_attachment(attachment);
    }
    op.undefined()
}

/// The object's hibernatable sockets: of each its id and its ready state.
pub(crate) fn list<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let tag = op.optional_text(1)?;
    let mut flat = Vec::new();
    instance.entry.sockets.for_each(tag.as_deref(), |socket| {
        flat.push(op.scope.number(socket.id.0 as f64));
        flat.push(op.scope.number(f64::from(socket.socket.ready_state())));
    });
    Ok(op.scope.array(&flat))
}

/// How many hibernatable sockets the object has.
pub(crate) fn count<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    Ok(op.scope.number(instance.entry.sockets.len() as f64))
}

/// The tags of a hibernatable socket.
pub(crate) fn tags<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let tags = op
        .hibernated(op.uint(0))
        .map(|socket| socket.tags.clone())
        .unwrap_or_default();
    let tags: Vec<_> = tags.iter().map(|tag| op.scope.string(tag)).collect();
    Ok(op.scope.array(&tags))
}

/// The ready state of a hibernatable socket; open if there is none.
pub(crate) fn ready_state<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let state = op
        .hibernated(op.uint(0))
        .map_or(OPEN, |own| own.socket.ready_state());
    Ok(op.scope.number(f64::from(state)))
}

/// `[protocol, extensions]`
pub(crate) fn negotiated<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let id = op.uint(0);
    let (protocol, extensions) = match op.hibernated(id).as_deref() {
        Some(HibernatedSocket { socket, .. }) => {
            (socket.protocol.clone(), socket.extensions.clone())
        }
        None => op.worker.sockets.negotiated(id).unwrap_or_default(),
    };
    let parts = [op.scope.string(&protocol), op.scope.string(&extensions)];
    Ok(op.scope.array(&parts))
}

/// The serialized attachment.
pub(crate) fn attachment<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let id = op.uint(0);
    let bytes = match op.hibernated(id) {
        Some(socket) => socket.attachment(),
        None => op.worker.sockets.attachment(id),
    };
    match bytes {
        Some(bytes) => Ok(op.scope.uint8_array(&bytes)),
        None => op.undefined(),
    }
}

/// Replaces the attachment.
pub(crate) fn set_attachment<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let id = op.uint(0);
    let bytes = Bytes::from(op.bytes(1));
    match op.hibernated(id) {
        Some(socket) => socket.set_attachment(bytes),
        None => op.worker.sockets.set_attachment(id, bytes),
    }
    op.undefined()
}

/// Sets or removes the auto-response.
pub(crate) fn set_auto_response<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let request = op.optional_text(1)?;
    let response = op.optional_text(2)?;
    instance
        .entry
        .sockets
        .set_auto_response(request.zip(response));
    op.undefined()
}

/// `[request, response]`
pub(crate) fn auto_response<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    match instance.entry.sockets.auto_response() {
        Some((request, response)) => {
            let parts = [op.scope.string(&request), op.scope.string(&response)];
            Ok(op.scope.array(&parts))
        }
        None => op.undefined(),
    }
}

/// When the runtime last answered on this socket.
pub(crate) fn auto_response_time<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    match op
        .hibernated(op.uint(0))
        .and_then(|socket| socket.auto_response_ms())
    {
        Some(ms) => Ok(op.scope.number(ms as f64)),
        None => op.undefined(),
    }
}

/// Sets or removes the time limit of socket events.
pub(crate) fn set_event_timeout<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let ms = op
        .arg(1)
        .as_number()
        .map(|ms| ms as u32)
        .filter(|ms| *ms > 0);
    instance.entry.sockets.set_event_timeout_ms(ms);
    op.undefined()
}

/// That limit.
pub(crate) fn event_timeout<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    match instance.entry.sockets.event_timeout_ms() {
        Some(ms) => Ok(op.scope.number(f64::from(ms))),
        None => op.undefined(),
    }
}
