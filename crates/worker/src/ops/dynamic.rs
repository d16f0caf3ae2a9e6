//! Dynamic workers: loading, and calls of their entrypoints and of what their `env` holds.

use stated_object::capability::{Capability, Props};
use stated_object::program::Event;

use super::capability::{Callee, answer};
use super::fetch::aborted;
use super::stub::settled;
use crate::dynamic::{Dynamic, DynamicConfig, Outbound};
use crate::loader::{Asset, AssetKind, Source, is_reserved};
use crate::op::{Op, OpError, OpResult};
use crate::progress::Awaited;
use crate::settled::{Settled, Unsettled};

/// Modules of one dynamic worker.
const MODULES_MAX: u32 = 10_000;

/// The program that a call goes to.
struct Target {
    program: std::rc::Rc<crate::worker::Loaded>,
    entrypoint: String,
    props: Option<Props>,
}

impl<'s> Op<'_, 's> {
    /// Program, entrypoint and props from the first three arguments.
    fn dynamic_target(&mut self) -> Result<Target, OpError<'s>> {
        let program = self.worker.dynamic_program(self.uint(0));
        let program =
            program.ok_or_else(|| OpError::error("The dynamic worker is no longer loaded."))?;
        let entrypoint = self.text(1)?;
        if !program.has_export(&entrypoint) {
            return Err(OpError::error(format!(
                "Worker has no such entrypoint: {entrypoint}"
            )));
        }
        Ok(Target {
            program,
            entrypoint,
            props: self.kept_message(2)?.map(Props::Value),
        })
    }

    /// What `env` refers to at a position.
    fn of_env(&mut self) -> Result<Capability, OpError<'s>> {
        let program = self.worker.running_program();
        let position = self.uint(0) as usize;
        let found = program.and_then(|program| program.env.capabilities.get(position)?.duplicate());
        found.ok_or_else(|| OpError::type_error("no such binding of a dynamic worker"))
    }

    /// The modules of a flat array: name, kind, content. The kinds are those of `js/worker-loader.js`.
    fn modules(&mut self, index: u32) -> Result<Source, OpError<'s>> {
        let list = self.arg(index);
        let length = self.scope.array_length(list);
        if length > 3 * MODULES_MAX {
            let count = length / 3;
            return Err(OpError::type_error(format!(
                "a dynamic worker has {count} modules; the limit is {MODULES_MAX}"
            )));
        }
        let mut source = Source::default();
        for first in (0..length).step_by(3) {
            let name = self.scope.element(list, first)?;
            let name = self.scope.to_text(name)?;
            if is_reserved(&name) {
                return Err(OpError::type_error(format!(
                    "Module name must not contain ':', which built-in modules have. Got: {name}"
                )));
            }
            let kind = self.scope.element(list, first + 1)?;
            let kind = self.scope.to_text(kind)?;
            let content = self.scope.element(list, first + 2)?;
            let kind = match kind.as_str() {
                "js" => {
                    let code = self.scope.to_text(content)?;
                    source.chunks.push((name, code));
                    continue;
                }
                "text" => AssetKind::Text,
                "data" => AssetKind::Data,
                _ => AssetKind::Wasm,
            };
            let bytes = match self.scope.bytes(content) {
                Some(bytes) => bytes,
                None => self.scope.to_text(content)?.into_bytes(),
            };
            source.assets.push(Asset {
                specifier: name,
                kind,
                bytes,
            });
        }
        Ok(source)
    }
}

/// Loads a worker; resolves to its number.
///
/// Arguments: DynamicConfig as JSON, the main module's name, the modules, `env` and the outbound stub as
/// one WireMessage, and whether `fetch()` goes to the network.
pub(crate) fn load<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let config: DynamicConfig = serde_json::from_str(&op.text(0)?)
        .map_err(|error| OpError::type_error(error.to_string()))?;
    let init_json = config.init_json().map_err(OpError::error)?;
    let main = op.text(1)?;
    let mut source = op.modules(2)?;
    if !source.chunks.iter().any(|(name, _)| *name == main) {
        let is_asset = source.assets.iter().any(|asset| asset.specifier == main);
        let reason = if is_asset {
            "TypeError: Main module must be an ES module.".to_owned()
        } else {
            format!("Error: No such module: {main}")
        };
        return Err(OpError::error(failed_to_start(&reason)));
    }
    source.main = Some(main);
    let env = op.kept_message(3)?;
    let dynamic = Dynamic {
        env: env.and_then(|env| env.duplicate()).unwrap_or_default(),
        outbound: if op.flag(4) {
            Outbound::Network
        } else {
            Outbound::Nowhere
        },
    };
    let worker = op.worker.clone();
    // Not in this turn, which is another realm's and may be an object's.
    op.promise(async move {
        tokio::task::yield_now().await;
        match worker.load_dynamic(source, &init_json, dynamic) {
            Ok(number) => Ok(Settled::Number(number)),
            Err(error) => Err(Unsettled::Error("Error", failed_to_start(&error.text))),
        }
    })
}

fn failed_to_start(reason: &str) -> String {
    format!("Failed to start Worker:\nUncaught {reason}")
}

/// Whether a worker is still loaded.
pub(crate) fn is_loaded<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let loaded = op.worker.dynamic_program(op.uint(0)).is_some();
    Ok(op.scope.boolean(loaded))
}

/// An RPC call or property read.
pub(crate) fn call<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let target = op.dynamic_target()?;
    let path = op.texts(3)?;
    let args = op.arguments(4)?;
    let context = op.context()?;
    let worker = op.worker.clone();
    op.promise_for(Awaited::LocalCall, async move {
        context.until_durable().await?;
        let event = Event::Call { path, args };
        settled(worker.call_dynamic(target, event).await?)
    })
}

/// `fetch()`
pub(crate) fn fetch<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let target = op.dynamic_target()?;
    let mut abortable = op.abortable(op.uint(3));
    let request = op.request_with_cf(4)?;
    let context = op.context()?;
    let worker = op.worker.clone();
    op.promise_for(Awaited::LocalCall, async move {
        context.until_durable().await?;
        tokio::select! {
            answer = worker.call_dynamic(target, Event::Fetch(request)) => settled(answer?),
            () = abortable.aborted() => Err(aborted()),
        }
    })
}

impl crate::worker::Worker {
    async fn call_dynamic(
        self: &std::rc::Rc<Self>,
        target: Target,
        event: Event,
    ) -> Result<stated_object::program::Answer, stated_core::error::Failure> {
        let Target {
            program,
            entrypoint,
            props,
        } = target;
        self.event_of(program, &entrypoint, props, event)
            .await
            .map_err(|failure| failure.seen_through_stub(None))
    }
}

/// An RPC call or property read of what `env` holds.
pub(crate) fn env_call<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let callee = Callee::of(op.of_env()?)?;
    let path = op.texts(1)?;
    let args = op.arguments(2)?;
    let context = op.context()?;
    let worker = op.worker.clone();
    op.promise(async move {
        context.until_durable().await?;
        answer(&worker, callee, Event::Call { path, args }).await
    })
}

/// `fetch()` of what `env` holds.
pub(crate) fn env_fetch<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let callee = Callee::of(op.of_env()?)?;
    let mut abortable = op.abortable(op.uint(1));
    let request = op.request_with_cf(2)?;
    let context = op.context()?;
    let worker = op.worker.clone();
    op.promise(async move {
        context.until_durable().await?;
        tokio::select! {
            answer = answer(&worker, callee, Event::Fetch(request)) => answer,
            () = abortable.aborted() => Err(aborted()),
        }
    })
}

/// A capability for a message.
pub(crate) fn capability_of_env<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let capability = op.of_env()?;
    op.hold(capability)
}
