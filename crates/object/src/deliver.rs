//! The way of one event through an object. **Read this file first.**
//!
//! ```text
//! admit -> start if inactive -> input gate -> JavaScript (one turn) -> answer -> output gate -> caller
//! ```

use std::rc::Rc;
use std::time::Duration;

use stated_core::error::{ErrorCode, Failure};
use stated_core::limits;
use tokio::sync::oneshot;

use crate::capability::Life;
use crate::hibernation::SocketId;
use crate::instance::{Instance, Permit};
use crate::namespace::{Entry, Namespace};
use crate::program::{Answer, Event, SocketEvent};

impl Namespace {
    /// Delivers an event to an object of this namespace and waits for its answer.
    ///
    /// A stub's first call binds `life`, and the others are for that life only: a stub that saw the
    /// object break stays broken. The answer comes with the life's generation, and leaves only when
    /// everything it may depend on is durable. Dropping the future does not stop a handler that has
    /// started.
    ///
    /// # Errors
    /// What the handler threw, why the object broke, or why the event was not admitted.
    pub async fn deliver(
        self: &Rc<Self>,
        entry: &Rc<Entry>,
        life: impl Into<Life>,
        event: Event,
    ) -> Result<(u64, Answer), Failure> {
        let life = life.into();
        entry.check_generation(life.generation())?;
        let waiting = Backlogged::admit(entry, &event)?;
        let _call = Call::begin(entry);
        // Of an instance that its constructor breaks, the caller has seen this life as well.
        let current = entry.generation();
        life.bind(current);
        let instance = self.running(entry)?;
        let answer = instance
            .deliver(event, waiting)
            .await
            .map_err(|failure| failure.seen_through_stub(Some(entry.id)))?;
        Ok((current, answer))
    }

    /// Delivers what happened on a hibernatable socket, and waits until its handler has finished.
    ///
    /// It is not counted against the backlog: of each socket at most one event waits, and the bytes
    /// are here already. An instance that is replaced by new code before the handler began leaves
    /// the event to the next one.
    ///
    /// # Errors
    /// What the handler threw, or why the object broke.
    pub(crate) async fn deliver_socket_event(
        self: &Rc<Self>,
        entry: &Rc<Entry>,
        socket: SocketId,
        event: SocketEvent,
    ) -> Result<(), Failure> {
        let _call = Call::begin(entry);
        loop {
            let instance = self.running(entry)?;
            let active = instance.active();
            match instance.enter(None).await {
                Ok(turn) => {
                    let answer = instance.handle(turn, Event::Socket { socket, event }).await;
                    drop(active);
                    return answer.map(drop);
                }
                Err(failure) if failure.code.keeps_sockets() => {}
                Err(failure) => return Err(failure),
            }
        }
    }

    /// The running instance, started if the object is inactive.
    pub(crate) fn running(self: &Rc<Self>, entry: &Rc<Entry>) -> Result<Rc<Instance>, Failure> {
        if let Some(instance) = entry.instance() {
            return Ok(instance);
        }
        let instance = match &entry.facet {
            None => self.new_instance(entry)?,
            Some(facet) => self.new_facet_instance(entry, facet)?,
        };
        entry.set_instance(&instance);
        // The constructor's turn is the first of the gate; the event that caused it enters next.
        if let Some(permit) = instance.try_enter() {
            let constructed = instance.program().construct(&instance);
            if let Err(failure) = constructed {
                instance.break_with(failure.resetting());
            }
            drop(permit);
        }
        Ok(instance)
    }
}

impl Instance {
    /// Delivers the call of a target that this very instance has exported.
    ///
    /// It is an event like any other: admitted, ordered by the gate, answered through the gate.
    ///
    /// # Errors
    /// What the target threw, why the instance broke, or why the event was not admitted.
    pub async fn deliver_to_target(self: &Rc<Self>, event: Event) -> Result<Answer, Failure> {
        let waiting = Backlogged::admit(&self.entry, &event)?;
        let _call = Call::begin(&self.entry);
        self.deliver(event, waiting)
            .await
            .map_err(|failure| failure.seen_through_stub(Some(self.entry.id)))
    }

    /// Waits for the event's turn, runs its handler and waits until its answer may leave.
    async fn deliver(
        self: &Rc<Self>,
        event: Event,
        waiting: Backlogged,
    ) -> Result<Answer, Failure> {
        let _active = self.active();
        let turn = self.enter_for(&event).await?;
        drop(waiting);
        self.handle(turn, event).await
    }

    /// Runs the event's handler in its turn and waits until its answer may leave.
    async fn handle(self: &Rc<Self>, turn: Permit, event: Event) -> Result<Answer, Failure> {
        let limit = time_limit(&event, self.entry.sockets.event_timeout_ms());
        let answer = self.program().start(self, event);
        drop(turn);
        let answer = match limit {
            Some((time, code)) => self.within(time, code, answer).await?,
            None => self.unless_broken(answer).await?,
        };
        self.until_durable().await?;
        answer
    }

    /// Waits for the input gate; not for ever when somebody can be told and call again.
    async fn enter_for(self: &Rc<Self>, event: &Event) -> Result<Permit, Failure> {
        match event {
            Event::Fetch(_)
            | Event::Call { .. }
            | Event::TargetCall { .. }
            | Event::Restore { .. } => {
                let limit = Duration::from_millis(limits::MAILBOX_TIME.value);
                let entered = tokio::time::timeout(limit, self.enter(None)).await;
                entered.unwrap_or_else(|_| Err(Failure::new(ErrorCode::OverloadedTime)))
            }
            Event::Alarm(_) | Event::Scheduled(_) | Event::Socket { .. } => self.enter(None).await,
        }
    }

    /// Waits for the answer of a handler that breaks the instance when it takes longer.
    async fn within<T>(
        self: &Rc<Self>,
        limit: Duration,
        code: ErrorCode,
        answer: oneshot::Receiver<T>,
    ) -> Result<T, Failure> {
        if let Ok(answer) = tokio::time::timeout(limit, self.unless_broken(answer)).await {
            return answer;
        }
        let failure = Failure::new(code);
        self.break_with(failure.clone());
        Err(failure)
    }

    /// Waits for the answer, or for the break of the instance.
    async fn unless_broken<T>(&self, answer: oneshot::Receiver<T>) -> Result<T, Failure> {
        tokio::select! {
            biased;
            answer = answer => answer.map_err(|_| self.reason().unwrap_or_else(|| Failure::new(ErrorCode::CallCanceled))),
            reason = self.broken() => Err(reason),
        }
    }
}

/// How long the handler of an event may take, and what exceeding that is called.
///
/// A caller's patience limits its own calls; nobody waits for an alarm or a socket's event.
fn time_limit(event: &Event, socket_event_ms: Option<u32>) -> Option<(Duration, ErrorCode)> {
    match event {
        Event::Fetch(_)
        | Event::Call { .. }
        | Event::TargetCall { .. }
        | Event::Restore { .. }
        | Event::Scheduled(_) => None,
        Event::Alarm(_) => Some((
            Duration::from_millis(limits::ALARM_TIME.value),
            ErrorCode::AlarmTimeLimit,
        )),
        Event::Socket { .. } => {
            socket_event_ms.map(|ms| (Duration::from_millis(ms.into()), ErrorCode::EventTimeLimit))
        }
    }
}

/// Keeps the object's entry while somebody waits for an event.
struct Call {
    entry: Rc<Entry>,
}

impl Call {
    fn begin(entry: &Rc<Entry>) -> Self {
        entry.call_begins();
        Self {
            entry: entry.clone(),
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.entry.call_ends();
    }
}

/// Counts an event as waiting until its handler starts or it is given up.
struct Backlogged {
    entry: Rc<Entry>,
    size: u64,
}

impl Backlogged {
    fn admit(entry: &Rc<Entry>, event: &Event) -> Result<Self, Failure> {
        let size = event.size();
        entry.admit(size)?;
        Ok(Self {
            entry: entry.clone(),
            size,
        })
    }
}

impl Drop for Backlogged {
    fn drop(&mut self) {
        self.entry.release(self.size);
    }
}

#[cfg(test)]
mod tests {
    use stated_core::alarm::AlarmInfo;

    use super::*;

    #[test]
    fn an_alarm_may_take_fifteen_minutes() {
        let alarm = Event::Alarm(AlarmInfo {
            scheduled_time_ms: 1,
            retry_count: 0,
        });

        assert_eq!(
            time_limit(&alarm, Some(5)),
            Some((Duration::from_secs(900), ErrorCode::AlarmTimeLimit))
        );
    }

    #[test]
    fn an_event_of_a_socket_may_take_what_the_object_has_set() {
        let event = Event::Socket {
            socket: SocketId(1),
            event: SocketEvent::Text("hello".to_owned()),
        };

        assert_eq!(time_limit(&event, None), None);
        assert_eq!(
            time_limit(&event, Some(5)),
            Some((Duration::from_millis(5), ErrorCode::EventTimeLimit))
        );
    }

    #[test]
    fn a_call_may_take_as_long_as_its_caller_waits() {
        let call = Event::Call {
            path: vec!["method".to_owned()],
            args: None,
        };

        assert_eq!(time_limit(&call, Some(5)), None);
    }
}
