//! One operation: arguments in, a value or an error out.
//!
//! Every function in [`crate::ops`] has the shape `fn(&mut Op<'_, 's>) -> OpResult<'s>`. Errors are
//! described here and become JavaScript error objects in one place, [`run`].

use std::rc::Rc;

use stated_core::error::{ErrorCode, Failure};
use stated_engine::{Args, Local, NativeResult, Scope, Thrown};
use stated_object::instance::Instance;
use stated_object::storage::hidden;
use stated_storage::StorageError;

use crate::context::{Context, Left};
use crate::worker::Worker;

// Source: reference 2.4 and 11.1.
const OTHER_OBJECT: &str = "Cannot perform I/O on behalf of a different Durable Object. I/O objects (such as streams, request/response bodies, and others) created in the context of one Durable Object cannot be accessed from a different Durable Object in the same isolate. This is a limitation of Cloudflare Workers which allows us to improve overall performance.";
const OTHER_REQUEST: &str = "Cannot perform I/O on behalf of a different request. I/O objects (such as streams, request/response bodies, and others) created in the context of one request handler cannot be accessed from a different request's handler. This is a limitation of Cloudflare Workers which allows us to improve overall performance.";
const GLOBAL_SCOPE: &str = "Disallowed operation called within global scope. Asynchronous I/O (ex: fetch() or connect()), setting a timeout, and generating random values are not allowed within global scope. To fix this error, perform this operation within a handler. https://developers.cloudflare.com/workers/runtime-apis/handlers/";

/// What an operation returns.
pub(crate) type OpResult<'s> = Result<Local<'s>, OpError<'s>>;

/// Why an operation failed.
#[derive(Debug)]
pub(crate) enum OpError<'s> {
    /// JavaScript that the operation ran threw, or the turn ended.
    Thrown(Thrown<'s>),
    /// A new error: class (an ECMAScript class or "DOMException:<name>") and message.
    Error(&'static str, String),
    /// A failure with its flags.
    Failure(Failure),
}

impl OpError<'_> {
    /// A `TypeError`.
    pub(crate) fn type_error(message: impl Into<String>) -> Self {
        Self::Error("TypeError", message.into())
    }

    /// An `Error`.
    pub(crate) fn error(message: impl Into<String>) -> Self {
        Self::Error("Error", message.into())
    }
}

impl<'s> From<Thrown<'s>> for OpError<'s> {
    fn from(thrown: Thrown<'s>) -> Self {
        Self::Thrown(thrown)
    }
}

impl From<Failure> for OpError<'_> {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<StorageError> for OpError<'_> {
    fn from(error: StorageError) -> Self {
        match hidden(&error) {
            Some(failure) => Self::Failure(failure),
            None => Self::error(error.to_string()),
        }
    }
}

/// A running operation.
pub(crate) struct Op<'a, 's> {
    /// The engine.
    pub(crate) scope: &'a mut Scope<'s>,
    /// The shard's worker.
    pub(crate) worker: Rc<Worker>,
    args: Args<'s>,
}

impl<'s> Op<'_, 's> {
    /// An argument as it is; undefined when absent.
    pub(crate) fn arg(&self, index: u32) -> Local<'s> {
        self.args.get(self.scope, index)
    }

    /// How many arguments were passed.
    pub(crate) fn arg_count(&self) -> u32 {
        self.args.len()
    }

    /// A string argument; other values are converted as `String(value)` does.
    pub(crate) fn text(&mut self, index: u32) -> Result<String, OpError<'s>> {
        let value = self.arg(index);
        Ok(self.scope.to_text(value)?)
    }

    /// A string argument, or None for undefined and null.
    pub(crate) fn optional_text(&mut self, index: u32) -> Result<Option<String>, OpError<'s>> {
        if self.arg(index).is_nullish() {
            return Ok(None);
        }
        self.text(index).map(Some)
    }

    /// A number argument; 0 when it is none.
    pub(crate) fn number(&self, index: u32) -> f64 {
        self.arg(index).as_number().unwrap_or(0.0)
    }

    /// An id or count; 0 when it is none.
    pub(crate) fn uint(&self, index: u32) -> u64 {
        self.number(index) as u64
    }

    /// A boolean argument; false when it is none.
    pub(crate) fn flag(&self, index: u32) -> bool {
        self.arg(index).as_bool().unwrap_or(false)
    }

    /// A copy of the bytes of a buffer or view; empty for anything else.
    pub(crate) fn bytes(&self, index: u32) -> Vec<u8> {
        self.scope.bytes(self.arg(index)).unwrap_or_default()
    }

    /// An array of strings.
    pub(crate) fn texts(&mut self, index: u32) -> Result<Vec<String>, OpError<'s>> {
        let array = self.arg(index);
        let length = self.scope.array_length(array);
        // Not reserved: the program can say any length.
        let mut texts = Vec::new();
        for position in 0..length {
            let text = self.scope.nested(|scope| {
                let element = scope.element(array, position).ok()?;
                scope.to_text(element).ok()
            });
            texts.push(
                text.ok_or_else(|| OpError::type_error("the value is not a list of strings"))?,
            );
        }
        Ok(texts)
    }

    /// The context whose code is running.
    pub(crate) fn context(&self) -> Result<Rc<Context>, OpError<'s>> {
        let id = self.scope.frame().context;
        if id == 0 {
            return Err(OpError::error(GLOBAL_SCOPE));
        }
        self.worker.context(id).ok_or_else(|| {
            OpError::error("The execution context which hosts this callback is no longer running.")
        })
    }

    /// Notes what the running context leaves in a table of the worker, and returns its number.
    ///
    /// While a program is loaded there is no context, and nothing ends.
    pub(crate) fn leaves(&self, what: Left) -> u64 {
        if let Ok(context) = self.context() {
            context.note_left(what);
        }
        self.scope.frame().context
    }

    /// Requires that `id` is the running context.
    pub(crate) fn require_context(
        &self,
        id: u64,
        io_type: &str,
    ) -> Result<Rc<Context>, OpError<'s>> {
        let running = self.scope.frame().context;
        if running == id {
            return self.context();
        }
        let in_object = self
            .worker
            .context(running)
            .is_some_and(|context| context.instance().is_some());
        let message = if in_object {
            OTHER_OBJECT
        } else {
            OTHER_REQUEST
        };
        Err(OpError::error(format!("{message} (I/O type: {io_type})")))
    }

    /// The instance that a context id argument names; it must be the running one.
    pub(crate) fn instance(&mut self, index: u32) -> Result<Rc<Instance>, OpError<'s>> {
        let context = self.require_context(self.uint(index), "ActorCacheInterface")?;
        match context.instance() {
            Some(instance) => Ok(instance.clone()),
            None => Err(Failure::new(ErrorCode::StorageGone).into()),
        }
    }

    /// Undefined, the result of an operation without one.
    pub(crate) fn undefined(&self) -> OpResult<'s> {
        Ok(self.scope.undefined())
    }
}

/// Calls an operation for JavaScript and turns its error into an error object.
pub(crate) fn run<'s>(
    scope: &mut Scope<'s>,
    args: Args<'s>,
    operation: for<'a> fn(&mut Op<'a, 's>) -> OpResult<'s>,
) -> NativeResult<'s> {
    let worker = scope.host::<Worker>();
    let mut op = Op {
        scope,
        worker: worker.clone(),
        args,
    };
    match operation(&mut op) {
        Ok(value) => Ok(value),
        Err(error) => Err(throw(scope, &worker, error)),
    }
}

/// Makes the JavaScript error of an [`OpError`].
pub(crate) fn throw<'s>(scope: &mut Scope<'s>, worker: &Worker, error: OpError<'_>) -> Thrown<'s> {
    let made = match error {
        OpError::Thrown(Thrown::Value(value)) => {
            let kept = scope.persist(value);
            Ok(scope.local(&kept))
        }
        OpError::Thrown(Thrown::Stopped) => return Thrown::Stopped,
        OpError::Error(class, message) => worker.make_error(scope, class, &message, 0, "", None),
        OpError::Failure(failure) => worker.failure_to_error(scope, &failure),
    };
    match made {
        Ok(error) => Thrown::Value(error),
        Err(thrown) => thrown,
    }
}
