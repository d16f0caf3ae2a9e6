//! Starting handlers: of stateless entrypoints and of objects.

use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use stated_core::error::{ErrorCode, Failure};
use stated_core::limits;
use stated_engine::{FrameInfo, Local, Scope};
use stated_object::capability::{Message, Props, ServiceRef};
use stated_object::instance::Instance;
use stated_object::message::{FetchRequest, FetchResponse};
use stated_object::program::{Answer, AnswerReceiver, Event, ScheduledRun, SocketEvent};

use super::*;
use crate::context::Context;

impl Worker {
    // --- stateless events ----------------------------------------------------------------------

    /// Runs `fetch` of a stateless entrypoint. `object` becomes the first object that was called.
    ///
    /// The response may still be streaming when this returns; the context lives until it is done.
    ///
    /// # Errors
    /// What the handler threw, or the limit it met.
    pub async fn fetch(
        self: &Rc<Self>,
        entrypoint: &str,
        request: FetchRequest,
        object: &mut Option<String>,
    ) -> Result<FetchResponse, Failure> {
        let context = self.new_context(self.loaded());
        let answer = self
            .event_in(&context, entrypoint, None, Event::Fetch(request))
            .await;
        *object = context.called.take();
        match answer? {
            Answer::Response(response) => Ok(response),
            Answer::Value(_) | Answer::Scheduled(_) | Answer::Done => {
                Err(Failure::new(ErrorCode::Internal))
            }
        }
    }

    /// Runs an event of a stateless entrypoint: fetch or a call.
    ///
    /// # Errors
    /// What the handler threw, or the limit it met.
    pub async fn event(
        self: &Rc<Self>,
        entrypoint: &str,
        props: Option<Props>,
        event: Event,
    ) -> Result<Answer, Failure> {
        self.event_of(self.loaded(), entrypoint, props, event).await
    }

    /// Runs an event of an entrypoint of a program that is loaded.
    pub(crate) async fn event_of(
        self: &Rc<Self>,
        program: Rc<Loaded>,
        entrypoint: &str,
        props: Option<Props>,
        event: Event,
    ) -> Result<Answer, Failure> {
        let context = self.new_context(program);
        self.event_in(&context, entrypoint, props, event).await
    }

    async fn event_in(
        self: &Rc<Self>,
        context: &Rc<Context>,
        entrypoint: &str,
        props: Option<Props>,
        event: Event,
    ) -> Result<Answer, Failure> {
        context
            .lives_for_stubs
            .set(matches!(event, Event::Call { .. } | Event::Restore { .. }));
        let scheduled = matches!(event, Event::Scheduled(_));
        let answer = self.stateless_turn(context, |scope, call| {
            self.start_stateless(scope, context, call, entrypoint, props, event)
        });
        if scheduled {
            let limit = Duration::from_millis(limits::SCHEDULED_TIME.value);
            return Ok(Answer::Scheduled(finish(context, answer, limit).await));
        }
        answer.await
    }

    /// Calls a target of a stateless context, which lives at least until the answer.
    pub(crate) async fn call_stateless_target(
        self: &Rc<Self>,
        context: &Rc<Context>,
        event: Event,
    ) -> Result<Answer, Failure> {
        self.refill(context);
        self.stateless_turn(context, |scope, call| {
            self.start_target_call(scope, context, call, event)
        })
        .await
    }

    async fn stateless_turn(
        self: &Rc<Self>,
        context: &Rc<Context>,
        start: impl for<'s> FnOnce(&mut Scope<'s>, u64),
    ) -> Result<Answer, Failure> {
        let hold = context.hold();
        let call = self.numbers.next();
        let answer = self.calls.open(call, context);
        self.run(context, 0, |scope| start(scope, call));
        let answer = answer
            .await
            .unwrap_or_else(|_| Err(Failure::new(ErrorCode::CallCanceled)));
        drop(hold);
        answer
    }

    fn start_stateless(
        &self,
        scope: &mut Scope<'_>,
        context: &Rc<Context>,
        call: u64,
        entrypoint: &str,
        props: Option<Props>,
        event: Event,
    ) {
        let call = scope.number(call as f64);
        let id = scope.number(context.id as f64);
        let entrypoint = scope.string(entrypoint);
        let props = self.props_to_wire(scope, context, props);
        match event {
            Event::Fetch(request) => {
                let method = scope.string(request.method.as_str());
                let url = scope.string(&request.url);
                let headers = Self::headers_to_wire(scope, &request.headers);
                let body = self.body_to_wire(scope, context, request.body);
                let cf = optional_string(scope, request.cf.as_deref());
                self.call_main(
                    scope,
                    "fetchEntrypoint",
                    &[call, id, entrypoint, props, method, url, headers, body, cf],
                );
            }
            Event::Call { path, args } => {
                let path = strings(scope, &path);
                let [args, capabilities] = self.arguments_to_wire(scope, context, args);
                self.call_main(
                    scope,
                    "callEntrypoint",
                    &[call, id, entrypoint, props, path, args, capabilities],
                );
            }
            Event::Restore { params } => {
                let params = scope.uint8_array(&params);
                self.call_main(
                    scope,
                    "restoreEntrypoint",
                    &[call, id, entrypoint, props, params],
                );
            }
            Event::Scheduled(scheduled) => {
                let at = scope.number(scheduled.at_ms as f64);
                let cron = scope.string(&scheduled.cron);
                self.call_main(
                    scope,
                    "scheduledEntrypoint",
                    &[call, id, entrypoint, props, at, cron],
                );
            }
            Event::TargetCall { .. } | Event::Alarm(_) | Event::Socket { .. } => {}
        }
    }

    fn start_target_call(
        &self,
        scope: &mut Scope<'_>,
        context: &Rc<Context>,
        call: u64,
        event: Event,
    ) {
        let Event::TargetCall { target, path, args } = event else {
            return;
        };
        let call = scope.number(call as f64);
        let id = scope.number(context.id as f64);
        let target = scope.number(target as f64);
        let path = strings(scope, &path);
        let [args, capabilities] = self.arguments_to_wire(scope, context, args);
        self.call_main(
            scope,
            "callTarget",
            &[call, id, target, path, args, capabilities],
        );
    }

    /// Bytes and capabilities of a call's arguments; undefined bytes for the read of a property.
    fn arguments_to_wire<'s>(
        &self,
        scope: &mut Scope<'s>,
        context: &Rc<Context>,
        args: Option<Message>,
    ) -> [Local<'s>; 2] {
        match args {
            Some(message) => self.message_to_wire(scope, context, message),
            None => [scope.undefined(), scope.array(&[])],
        }
    }

    /// The WireProps of an entrypoint.
    pub(crate) fn props_to_wire<'s>(
        &self,
        scope: &mut Scope<'s>,
        context: &Rc<Context>,
        props: Option<Props>,
    ) -> Local<'s> {
        match props {
            None => scope.undefined(),
            Some(Props::Json(json)) => scope.string(&json),
            Some(Props::Value(value)) => self.kept_to_wire(scope, context, &value),
        }
    }

    /// The WireMessage of a value that stays where it is; undefined if it cannot be read twice.
    pub(crate) fn kept_to_wire<'s>(
        &self,
        scope: &mut Scope<'s>,
        context: &Rc<Context>,
        value: &Message,
    ) -> Local<'s> {
        let Some(copy) = value.duplicate() else {
            return scope.undefined();
        };
        let parts = self.message_to_wire(scope, context, copy);
        scope.array(&parts)
    }

    /// Calls a stateless entrypoint, as its callers see it.
    pub(crate) async fn call_service(
        &self,
        service: &ServiceRef,
        event: Event,
    ) -> Result<Answer, Failure> {
        self.network
            .call_service(service, event)
            .await
            .map_err(|failure| failure.seen_through_stub(None))
    }

    // --- objects' events -----------------------------------------------------------------------

    /// Starts a handler of an object in the running turn.
    pub(crate) fn start_object(
        self: &Rc<Self>,
        instance: &Rc<Instance>,
        event: Event,
    ) -> AnswerReceiver {
        let context = self.context_of(instance);
        self.refill(&context);
        let call_id = self.numbers.next();
        let answer = self.calls.open(call_id, &context);
        self.run(&context, 0, |scope| {
            let call = scope.number(call_id as f64);
            let id = scope.number(context.id as f64);
            match event {
                Event::Fetch(request) => {
                    let method = scope.string(request.method.as_str());
                    let url = scope.string(&request.url);
                    let headers = Self::headers_to_wire(scope, &request.headers);
                    let body = self.body_to_wire(scope, &context, request.body);
                    let cf = optional_string(scope, request.cf.as_deref());
                    self.call_main(
                        scope,
                        "fetchObject",
                        &[call, id, method, url, headers, body, cf],
                    );
                }
                Event::Call { path, args } => {
                    let path = strings(scope, &path);
                    let [args, capabilities] = self.arguments_to_wire(scope, &context, args);
                    self.call_main(scope, "callObject", &[call, id, path, args, capabilities]);
                }
                Event::TargetCall { .. } => self.start_target_call(scope, &context, call_id, event),
                Event::Restore { params } => {
                    let params = scope.uint8_array(&params);
                    self.call_main(scope, "restoreObject", &[call, id, params]);
                }
                Event::Alarm(info) => {
                    let at = scope.number(info.scheduled_time_ms as f64);
                    let retries = scope.number(f64::from(info.retry_count));
                    self.call_main(scope, "alarmObject", &[call, id, at, retries]);
                }
                Event::Scheduled(_) => {}
                Event::Socket { socket, event } => {
                    let socket = scope.number(socket.0 as f64);
                    let [kind, a, b, c] = socket_event(scope, event);
                    self.call_main(scope, "socketHandler", &[call, id, socket, kind, a, b, c]);
                }
            }
        });
        answer
    }

    pub(crate) fn dispatch_socket_event(
        self: &Rc<Self>,
        context: &Rc<Context>,
        socket: u64,
        event: SocketEvent,
    ) {
        self.run(context, 0, |scope| {
            let socket = scope.number(socket as f64);
            let [kind, a, b, c] = socket_event(scope, event);
            self.call_main(scope, "socketEvent", &[socket, kind, a, b, c]);
        });
    }

    pub(crate) fn fire_timer(self: &Rc<Self>, context: &Rc<Context>, frame: FrameInfo, id: u64) {
        self.refill(context);
        self.run(context, frame.section, |scope| {
            let id = scope.number(id as f64);
            self.call_main(scope, "timerFired", &[id]);
        });
    }
}

fn optional_string<'s>(scope: &mut Scope<'s>, text: Option<&str>) -> Local<'s> {
    match text {
        Some(text) => scope.string(text),
        None => scope.undefined(),
    }
}

fn strings<'s>(scope: &mut Scope<'s>, texts: &[String]) -> Local<'s> {
    let items: Vec<_> = texts.iter().map(|text| scope.string(text)).collect();
    scope.array(&items)
}

fn socket_event<'s>(scope: &mut Scope<'s>, event: SocketEvent) -> [Local<'s>; 4] {
    let undefined = scope.undefined();
    match event {
        SocketEvent::Text(text) => [scope.number(0.0), scope.string(&text), undefined, undefined],
        SocketEvent::Binary(bytes) => [
            scope.number(0.0),
            scope.uint8_array(&bytes),
            undefined,
            undefined,
        ],
        SocketEvent::Close {
            code,
            reason,
            was_clean,
        } => [
            scope.number(1.0),
            scope.number(f64::from(code)),
            scope.string(&reason),
            scope.boolean(was_clean),
        ],
        SocketEvent::Error(message) => [
            scope.number(2.0),
            scope.string(&message),
            undefined,
            undefined,
        ],
    }
}

/// Waits for a scheduled event's handler and for everything it gave to `waitUntil`, for as long as both may take together.
async fn finish(
    context: &Rc<Context>,
    answer: impl Future<Output = Result<Answer, Failure>>,
    limit: Duration,
) -> ScheduledRun {
    let ended = tokio::time::timeout(limit, async {
        let answer = answer.await;
        context.ended().await;
        answer
    });
    let result = ended.await.unwrap_or_else(|_| {
        context.end();
        Err(Failure::new(ErrorCode::EventTimeLimit))
    });
    ScheduledRun {
        result: result.map(|_| ()),
        task_failed: context.task_failed.get(),
        no_retry: context.no_retry.get(),
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;
    use crate::context::{Endings, Kind};

    fn context() -> Rc<Context> {
        let endings = Rc::<Endings>::default();
        Context::new(1, Kind::Stateless, None, Duration::from_secs(1), &endings)
    }

    fn run(future: impl Future<Output = ScheduledRun>) -> ScheduledRun {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(future)
    }

    #[test]
    fn a_scheduled_event_that_ends_in_its_time_has_its_own_result() {
        let context = context();
        context.end();

        let run = run(finish(&context, ready(Ok(Answer::Done)), Duration::MAX));

        assert!(run.result.is_ok());
    }

    #[test]
    fn a_scheduled_event_whose_handler_takes_longer_is_ended() {
        let context = context();

        let run = run(finish(&context, pending(), Duration::ZERO));

        let failure = run.result.unwrap_err();
        assert_eq!(
            failure.message,
            Failure::new(ErrorCode::EventTimeLimit).message
        );
        assert!(context.has_ended());
    }

    #[test]
    fn what_it_gave_to_wait_until_counts_as_well() {
        let context = context();

        let run = run(finish(&context, ready(Ok(Answer::Done)), Duration::ZERO));

        assert!(run.result.is_err());
        assert!(context.has_ended());
    }
}
