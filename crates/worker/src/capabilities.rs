//! The table of capabilities that JavaScript has numbers for, and the targets that its contexts
//! have exported.
//!
//! What a context holds ends with the context: dropping a reference is all that it takes to release
//! a target (`stated_object::capability`).

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use stated_core::error::{ErrorCode, Failure};
use stated_engine::{Local, Scope};
use stated_object::capability::{
    Capability, Home, Message, Releases, Target, TargetAddress, WeakTarget,
};
use stated_object::message::Body;
use stated_object::program::{Answer, Event};

use crate::context::{Context, Hold, Left};
use crate::worker::Worker;

/// What a capability is to JavaScript (host.d.ts `WireCapabilities`).
const TARGET: f64 = 0.0;
const SERVICE: f64 = 1.0;
const BODY: f64 = 2.0;

/// The table of one shard.
pub(crate) struct Capabilities {
    home: Home,
    releases: Arc<Releases>,
    held: RefCell<FxHashMap<u64, Held>>,
    exports: RefCell<FxHashMap<ExportKey, Export>>,
}

/// A capability that a context may use.
struct Held {
    context: u64,
    capability: Capability,
}

/// Context and target.
type ExportKey = (u64, u64);

struct Export {
    references: WeakTarget,
    /// Keeps the context alive; absent while only the context itself holds the target.
    hold: Option<Hold>,
}

/// With what a capability leaves its context.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// Arguments: a stateless event does not wait for those who keep its callbacks.
    Arguments,
    /// A result: whoever gets it may call back as long as it is not disposed.
    Result,
}

impl Capabilities {
    pub(crate) fn new(home: Home) -> Self {
        Self {
            home,
            releases: Arc::default(),
            held: RefCell::default(),
            exports: RefCell::default(),
        }
    }

    /// Puts a capability into the table for a context.
    pub(crate) fn insert(&self, id: u64, context: &Context, capability: Capability) {
        context.note_left(Left::Capabilities);
        self.held.borrow_mut().insert(
            id,
            Held {
                context: context.id,
                capability,
            },
        );
    }

    /// The context that a capability belongs to.
    pub(crate) fn context_of(&self, id: u64) -> Option<u64> {
        self.held.borrow().get(&id).map(|held| held.context)
    }

    /// Runs `f` on a capability.
    pub(crate) fn with<R>(&self, id: u64, f: impl FnOnce(&mut Capability) -> R) -> Option<R> {
        self.held
            .borrow_mut()
            .get_mut(&id)
            .map(|held| f(&mut held.capability))
    }

    /// Takes a capability out.
    pub(crate) fn take(&self, id: u64) -> Option<Capability> {
        self.held
            .borrow_mut()
            .remove(&id)
            .map(|held| held.capability)
    }

    /// Makes the first reference to a target of a context.
    pub(crate) fn export(&self, context: &Context, target: u64) -> Target {
        context.note_left(Left::Capabilities);
        let exported = Target::new(
            TargetAddress {
                home: self.home,
                context: context.id,
                target,
            },
            self.releases.clone(),
        );
        let export = Export {
            references: exported.downgrade(),
            hold: None,
        };
        self.exports
            .borrow_mut()
            .insert((context.id, target), export);
        exported
    }

    /// Keeps the context alive for those of its own targets that leave it in a message.
    pub(crate) fn leave(&self, context: &Rc<Context>, leaving: Leaving, message: &Message) {
        if context.instance().is_none()
            && (leaving == Leaving::Arguments || !context.lives_for_stubs.get())
        {
            return;
        }
        for capability in &message.capabilities {
            let Capability::Target(target) = capability else {
                continue;
            };
            let address = target.address();
            if address.home != self.home || address.context != context.id {
                continue;
            }
            if let Some(export) = self
                .exports
                .borrow_mut()
                .get_mut(&(address.context, address.target))
                && export.hold.is_none()
            {
                export.hold = Some(context.hold());
            }
        }
    }

    /// Whether anybody refers to a target of the context.
    pub(crate) fn may_be_called(&self, context: u64) -> bool {
        self.exports
            .borrow()
            .iter()
            .any(|((owner, _), export)| *owner == context && export.references.is_referenced())
    }

    /// Drops what a context held and forgets what it exported.
    pub(crate) fn end_context(&self, context: u64) {
        // Dropped after the tables are free again.
        let held: Vec<_> = self
            .held
            .borrow_mut()
            .extract_if(|_, held| held.context == context)
            .collect();
        let exports: Vec<_> = self
            .exports
            .borrow_mut()
            .extract_if(|(owner, _), _| *owner == context)
            .collect();
        drop((held, exports));
    }
}

impl Worker {
    /// Calls a target that a context of this shard has exported.
    ///
    /// # Errors
    /// What it threw, or that its context is no longer running.
    pub async fn call_target(
        self: &Rc<Self>,
        address: TargetAddress,
        event: Event,
    ) -> Result<Answer, Failure> {
        let context = self
            .context(address.context)
            .filter(|context| !context.has_ended());
        let Some(context) = context else {
            return Err(Failure::new(ErrorCode::CallbackContextEnded));
        };
        match context.instance() {
            Some(instance) => instance.deliver_to_target(event).await,
            None => self
                .call_stateless_target(&context, event)
                .await
                .map_err(|failure| failure.seen_through_stub(None)),
        }
    }

    /// Tells contexts of their targets that nobody refers to any more. Never ends.
    pub(crate) async fn release_targets(self: &Rc<Self>) {
        loop {
            for address in self.capabilities.releases.next().await {
                let worker = self.clone();
                // Each waits for its own object's input gate.
                tokio::task::spawn_local(async move { worker.release_target(address).await });
            }
        }
    }

    async fn release_target(self: &Rc<Self>, address: TargetAddress) {
        let Some(context) = self.context(address.context) else {
            return;
        };
        let Ok(permit) = context.enter(0).await else {
            return;
        };
        let export = self
            .capabilities
            .exports
            .borrow_mut()
            .remove(&(address.context, address.target));
        let Some(export) = export else { return };
        debug_assert!(
            !export.references.is_referenced(),
            "a released target has no reference"
        );
        self.refill(&context);
        self.run(&context, 0, |scope| {
            let id = scope.number(address.context as f64);
            let target = scope.number(address.target as f64);
            self.call_main(scope, "releaseTarget", &[id, target]);
        });
        drop(permit);
        // Its end may be what the context waited for.
        drop(export);
    }

    /// The two values that stand for a message in JavaScript: its bytes and its capabilities, which
    /// are now the context's.
    pub(crate) fn message_to_wire<'s>(
        &self,
        scope: &mut Scope<'s>,
        context: &Rc<Context>,
        message: Message,
    ) -> [Local<'s>; 2] {
        let bytes = scope.uint8_array(&message.bytes);
        let mut flat = Vec::with_capacity(message.capabilities.len() * 2);
        for capability in message.capabilities {
            let (kind, id) = match capability {
                Capability::Stream(stream) => (
                    BODY,
                    self.body_to_wire(scope, context, Body::Stream(stream)),
                ),
                Capability::Target(_) => (TARGET, self.hold_capability(scope, context, capability)),
                Capability::Object(_) | Capability::Service(_) => {
                    (SERVICE, self.hold_capability(scope, context, capability))
                }
            };
            flat.push(scope.number(kind));
            flat.push(id);
        }
        [bytes, scope.array(&flat)]
    }

    fn hold_capability<'s>(
        &self,
        scope: &mut Scope<'s>,
        context: &Context,
        capability: Capability,
    ) -> Local<'s> {
        let id = self.numbers().next();
        self.capabilities.insert(id, context, capability);
        scope.number(id as f64)
    }
}
