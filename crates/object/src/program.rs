//! What runs the code of a class: the engine's side of an object, as this crate needs it.

use std::rc::Rc;

use bytes::Bytes;
use stated_core::alarm::AlarmInfo;
use stated_core::error::{ErrorCode, Failure};
use stated_core::gate::SectionId;
use tokio::sync::oneshot;

use crate::capability::Message;
use crate::hibernation::SocketId;
use crate::instance::Instance;
use crate::message::{FetchRequest, FetchResponse};

/// Something that can be delivered to an object.
#[derive(Debug)]
pub enum Event {
    /// `fetch(request)`
    Fetch(FetchRequest),
    /// An RPC call, or the read of a property when `args` is absent.
    Call {
        /// The names to follow from the instance.
        path: Vec<String>,
        /// The arguments.
        args: Option<Message>,
    },
    /// The same for a target that a context has exported.
    TargetCall {
        /// The target's number in its context.
        target: u64,
        /// The names to follow from the target; none to call it itself.
        path: Vec<String>,
        /// The arguments.
        args: Option<Message>,
    },
    /// `[restore](params)`: a stub that was stored is made again.
    Restore {
        /// The params, as they were stored with the stub.
        params: Bytes,
    },
    /// `alarm(info)`
    Alarm(AlarmInfo),
    /// `scheduled(controller)` of a stateless entrypoint; objects have no such handler.
    Scheduled(Scheduled),
    /// An event of a hibernatable WebSocket.
    Socket {
        /// The connection.
        socket: SocketId,
        /// What happened on it.
        event: SocketEvent,
    },
}

impl Event {
    /// The memory the event holds while it waits, roughly, in bytes.
    pub fn size(&self) -> u64 {
        let bytes = match self {
            Self::Fetch(request) => match &request.body {
                crate::message::Body::Bytes(bytes) => request.url.len() + bytes.len(),
                crate::message::Body::None | crate::message::Body::Stream(_) => request.url.len(),
            },
            Self::Call { args, .. } | Self::TargetCall { args, .. } => {
                args.as_ref().map_or(0, |args| args.bytes.len())
            }
            Self::Restore { params } => params.len(),
            Self::Alarm(_) => 0,
            Self::Scheduled(scheduled) => scheduled.cron.len(),
            Self::Socket { event, .. } => match event {
                SocketEvent::Text(text) => text.len(),
                SocketEvent::Binary(bytes) => bytes.len(),
                SocketEvent::Close { .. } | SocketEvent::Error(_) => 0,
            },
        };
        bytes as u64 + 256
    }
}

/// Which occurrence of which cron expression it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheduled {
    /// The time it was due, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// The expression; may be empty when a program or a person asks for the event.
    pub cron: String,
}

/// How a scheduled event ended, with everything it gave to `waitUntil`.
#[derive(Debug)]
pub struct ScheduledRun {
    /// What the handler threw or the limit it met.
    pub result: Result<(), Failure>,
    /// Whether something that it gave to `waitUntil` was rejected.
    pub task_failed: bool,
    /// Whether the handler asked not to be run again.
    pub no_retry: bool,
}

impl ScheduledRun {
    /// The outcome in Cloudflare's words.
    pub fn outcome(&self) -> &'static str {
        match &self.result {
            Ok(()) if !self.task_failed => "ok",
            Err(failure) if failure.code == ErrorCode::CpuLimit => "exceededCpu",
            Err(failure) if failure.code == ErrorCode::MemoryLimit => "exceededMemory",
            Ok(()) | Err(_) => "exception",
        }
    }
}

/// What happened on a hibernatable WebSocket.
#[derive(Clone, Debug)]
pub enum SocketEvent {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Bytes),
    /// The connection ended.
    Close {
        /// The code of the Close frame, or 1006.
        code: u16,
        /// Its reason.
        reason: String,
        /// Whether there was a Close frame.
        was_clean: bool,
    },
    /// The connection failed.
    Error(String),
}

/// What a handler gave back.
#[derive(Debug)]
pub enum Answer {
    /// Of `fetch`.
    Response(FetchResponse),
    /// Of an RPC call.
    Value(Message),
    /// Of `scheduled`.
    Scheduled(ScheduledRun),
    /// Of a handler without result.
    Done,
}

/// Receives the answer of a started handler; its sender's drop means the code went away.
pub type AnswerReceiver = oneshot::Receiver<Result<Answer, Failure>>;

/// The program of a namespace on one shard.
///
/// Every method is called inside a turn of the instance, runs JavaScript until the microtask queue
/// is empty, and returns.
pub trait Program {
    /// Runs the constructor.
    ///
    /// # Errors
    /// What it threw, or the limit it met. The caller breaks the instance.
    fn construct(&self, instance: &Rc<Instance>) -> Result<(), Failure>;

    /// Starts the handler of an event.
    fn start(&self, instance: &Rc<Instance>, event: Event) -> AnswerReceiver;

    /// Starts the callback of a critical section.
    fn run_section(&self, instance: &Rc<Instance>, section: SectionId);

    /// Forgets the instance; called once, outside of its turns, after it broke or was evicted.
    fn forget(&self, context: u64);

    /// Whether the class has an `alarm()` handler.
    fn has_alarm_handler(&self, class_name: &str) -> bool;

    /// Tells whoever wakes objects that an alarm is stored which no program has just set.
    fn alarm_hint(&self, at_ms: i64);
}
