//! Results of asynchronous operations, on their way back into JavaScript.

use std::future::Future;
use std::rc::Rc;

use stated_core::error::{ErrorCode, Failure};
use stated_engine::{Deferred, Local, Scope, Thrown};
use stated_object::capability::{Life, Message};
use stated_object::message::FetchResponse;

use crate::cache::Found;
use crate::content_coding::BodyReader;
use crate::context::Context;
use crate::op::{self, Op, OpError, OpResult};
use crate::progress::{Awaited, Pending};
use crate::worker::Worker;

/// What an asynchronous operation came to.
pub(crate) enum Settled {
    /// Nothing.
    Undefined,
    /// A number.
    Number(u64),
    /// Several.
    Numbers(Vec<u64>),
    /// A boolean.
    Bool(bool),
    /// A `Uint8Array`.
    Bytes(Vec<u8>),
    /// A WireResponse.
    Response(Box<FetchResponse>),
    /// `[bytes, capabilities]`, a result of an RPC call.
    Message(Message),
    /// `[generation, result]` of a call through a stub.
    OfStub(Life, Box<Settled>),
    /// `[outcome, noRetry]`
    Scheduled(&'static str, bool),
    /// `[status, statusText, headers, body, storedMs, expiresMs]`, or undefined.
    Cached(Option<Box<Found>>),
    /// `[socketId, protocol, extensions]`
    Socket(Box<stated_object::socket::SocketEnd>),
}

/// Why it failed.
pub(crate) enum Unsettled {
    /// A new error of a class.
    Error(&'static str, String),
    /// A failure with its flags.
    Failure(Failure),
    /// A failure of the network or the system: what the program is told, and the code that Node's modules add to it.
    System {
        code: &'static str,
        text: String,
        retryable: bool,
    },
}

impl From<Failure> for Unsettled {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// The result of an asynchronous operation.
pub(crate) type SettledResult = Result<Settled, Unsettled>;

impl<'s> Op<'_, 's> {
    /// Starts an asynchronous operation of the current context and returns its promise.
    ///
    /// The promise settles in a turn of the context, through its input gate; never after the
    /// context has ended.
    pub(crate) fn promise(
        &mut self,
        operation: impl Future<Output = SettledResult> + 'static,
    ) -> OpResult<'s> {
        self.promise_for(Awaited::Operation, operation)
    }

    /// The same, for an operation that is `awaited` as something else.
    pub(crate) fn promise_for(
        &mut self,
        awaited: Awaited,
        operation: impl Future<Output = SettledResult> + 'static,
    ) -> OpResult<'s> {
        let frame = self.scope.frame();
        let context = self.context()?;
        let (deferred, promise) = self.scope.deferred();
        let worker = self.worker.clone();
        let hold = context.hold_for_operation();
        let pending = Pending::new(&worker, &context, frame.section, awaited);
        tokio::task::spawn_local(async move {
            let result = tokio::select! {
                result = operation => result,
                () = context.ended() => return,
            };
            let Ok(permit) = context.enter(frame.section).await else {
                return;
            };
            worker.settle(&context, frame.section, deferred, result);
            drop(permit);
            drop(hold);
            drop(pending);
        });
        Ok(promise)
    }
}

impl Worker {
    fn settle(
        self: &Rc<Self>,
        context: &Rc<Context>,
        section: u32,
        deferred: Deferred,
        result: SettledResult,
    ) {
        self.run(context, section, |scope| match result {
            Ok(settled) => match self.to_js(scope, context, settled) {
                Ok(value) => scope.resolve(deferred, value),
                Err(Thrown::Value(error)) => scope.reject(deferred, error),
                Err(Thrown::Stopped) => {}
            },
            Err(unsettled) => {
                let thrown = match unsettled {
                    Unsettled::Error(class, message) => {
                        op::throw(scope, self, OpError::Error(class, message))
                    }
                    Unsettled::Failure(failure) => {
                        op::throw(scope, self, OpError::Failure(failure))
                    }
                    Unsettled::System {
                        code,
                        text,
                        retryable,
                    } => self.system_error(scope, code, &text, retryable),
                };
                if let Thrown::Value(error) = thrown {
                    scope.reject(deferred, error);
                }
            }
        });
    }

    /// An error whose code `systemCodeOf` of the library knows.
    fn system_error<'s>(
        &self,
        scope: &mut Scope<'s>,
        code: &str,
        text: &str,
        retryable: bool,
    ) -> Thrown<'s> {
        let flags = if retryable {
            Failure::new(ErrorCode::NetworkLost).flags()
        } else {
            0
        };
        match self.make_error(scope, &format!("Error:{code}"), text, flags, "", None) {
            Ok(error) => Thrown::Value(error),
            Err(thrown) => thrown,
        }
    }

    fn to_js<'s>(
        self: &Rc<Self>,
        scope: &mut Scope<'s>,
        context: &Rc<Context>,
        settled: Settled,
    ) -> Result<Local<'s>, Thrown<'s>> {
        Ok(match settled {
            Settled::Undefined => scope.undefined(),
            Settled::Number(value) => scope.number(value as f64),
            Settled::Numbers(values) => {
                let values: Vec<_> = values
                    .into_iter()
                    .map(|value| scope.number(value as f64))
                    .collect();
                scope.array(&values)
            }
            Settled::Bool(value) => scope.boolean(value),
            Settled::Bytes(bytes) => scope.uint8_array(&bytes),
            Settled::Response(response) => self.response_to_wire(scope, context, *response),
            Settled::Message(message) => {
                let parts = self.message_to_wire(scope, context, message);
                scope.array(&parts)
            }
            Settled::OfStub(life, inner) => {
                let generation = scope.number(life.generation() as f64);
                let inner = self.to_js(scope, context, *inner)?;
                scope.array(&[generation, inner])
            }
            Settled::Scheduled(outcome, no_retry) => {
                let parts = [scope.string(outcome), scope.boolean(no_retry)];
                scope.array(&parts)
            }
            Settled::Cached(None) => scope.undefined(),
            Settled::Cached(Some(found)) => {
                let Found { response, large } = *found;
                let body = match large {
                    None => scope.uint8_array(&response.body),
                    Some(large) => {
                        let length = large.length();
                        let reader = BodyReader::plain(large.stream(0, length));
                        let id = self.reader_to_wire(scope, context, reader);
                        let length = scope.number(length as f64);
                        scope.array(&[id, length])
                    }
                };
                let headers: Vec<_> = response
                    .headers
                    .iter()
                    .map(|text| scope.string(text))
                    .collect();
                let parts = [
                    scope.number(f64::from(response.status)),
                    scope.string(&response.status_text),
                    scope.array(&headers),
                    body,
                    scope.number(response.stored_ms),
                    scope.number(response.expires_ms),
                ];
                scope.array(&parts)
            }
            Settled::Socket(end) => {
                let protocol = scope.string(&end.protocol);
                let extensions = scope.string(&end.extensions);
                let id = self.sockets.insert(self.numbers().next(), context, *end);
                let id = scope.number(id as f64);
                scope.array(&[id, protocol, extensions])
            }
        })
    }
}
