//! Durable Objects' code, run by the worker.

use std::rc::{Rc, Weak};
use std::sync::Arc;

use stated_core::error::{ErrorCode, Failure};
use stated_core::gate::SectionId;
use stated_engine::{Local, Scope, StopReason, Thrown};
use stated_object::capability::Message;
use stated_object::instance::Instance;
use stated_object::program::{AnswerReceiver, Event, Program};

use crate::context::Context;
use crate::worker::{Loaded, Worker};

/// What `createObject` is told of an instance.
struct Identity<'a> {
    class: &'a str,
    /// What `ctx.id` shows: 64 hexadecimal digits, unless a facet has a text of its own.
    id: &'a str,
    name: Option<&'a str>,
    facet: Option<&'a FacetClass>,
}

impl Worker {
    fn construct_as(
        self: &Rc<Self>,
        instance: &Rc<Instance>,
        context: &Rc<Context>,
        identity: &Identity<'_>,
    ) -> Result<(), Failure> {
        self.run(context, 0, |scope| {
            let id = scope.number(context.id as f64);
            let class = scope.string(identity.class);
            let namespace = scope.number(instance.entry.namespace as f64);
            let shown = scope.string(identity.id);
            let name = match identity.name {
                Some(name) => scope.string(name),
                None => scope.undefined(),
            };
            let (props, kind) = match identity.facet {
                Some(facet) => (facet.props(scope, self, context), facet.id.kind()),
                None => (scope.undefined(), 0.0),
            };
            let kind = scope.number(kind);
            let args = [id, class, namespace, shown, name, props, kind];
            match self.try_main(scope, "createObject", &args) {
                Ok(()) => Ok(()),
                Err(Thrown::Value(error)) => {
                    self.report(scope, error);
                    Err(self.failure_of(scope, error))
                }
                // The limit that stopped it breaks the instance with its own failure.
                Err(Thrown::Stopped) => Err(instance.reason().unwrap_or_else(|| {
                    Failure::new(match scope.stop_reason() {
                        Some(StopReason::Memory) => ErrorCode::MemoryLimit,
                        _ => ErrorCode::CpuLimit,
                    })
                })),
            }
        })
    }
}

/// What a facet shows as its `ctx.id`.
pub(crate) enum FacetId {
    /// An object's id, with its name if known.
    Object(String, Option<String>),
    /// A text of the parent's choice.
    Text(String),
}

impl FacetId {
    /// The number that `createObject` knows it by: 1 for an id, 2 for a text.
    fn kind(&self) -> f64 {
        match self {
            Self::Object(..) => 1.0,
            Self::Text(_) => 2.0,
        }
    }
}

/// A class that a facet is started with, in the realm of the program that has it.
pub(crate) struct FacetClass {
    pub(crate) worker: Weak<Worker>,
    pub(crate) loaded: Rc<Loaded>,
    pub(crate) class: String,
    pub(crate) id: FacetId,
    pub(crate) props: Option<Arc<Message>>,
}

impl FacetClass {
    fn props<'s>(
        &self,
        scope: &mut Scope<'s>,
        worker: &Worker,
        context: &Rc<Context>,
    ) -> Local<'s> {
        match &self.props {
            Some(props) => worker.kept_to_wire(scope, context, props),
            None => scope.undefined(),
        }
    }

    fn worker(&self) -> Rc<Worker> {
        self.worker
            .upgrade()
            .expect("a worker that runs facets is alive")
    }
}

impl Program for FacetClass {
    fn construct(&self, instance: &Rc<Instance>) -> Result<(), Failure> {
        let worker = self.worker();
        let context = worker.context_in(instance, self.loaded.clone());
        let (id, name) = match &self.id {
            FacetId::Object(id, name) => (id, name.as_deref()),
            FacetId::Text(text) => (text, None),
        };
        let identity = Identity {
            class: &self.class,
            id,
            name,
            facet: Some(self),
        };
        worker.construct_as(instance, &context, &identity)
    }

    fn start(&self, instance: &Rc<Instance>, event: Event) -> AnswerReceiver {
        self.worker().start(instance, event)
    }

    fn run_section(&self, instance: &Rc<Instance>, section: SectionId) {
        self.worker().run_section(instance, section);
    }

    fn forget(&self, context: u64) {
        self.worker().forget(context);
    }

    fn has_alarm_handler(&self, _class_name: &str) -> bool {
        false
    }

    /// Facets have no alarms.
    fn alarm_hint(&self, _at_ms: i64) {}
}

impl Program for Worker {
    fn construct(&self, instance: &Rc<Instance>) -> Result<(), Failure> {
        let worker = self.rc();
        let context = worker.context_of(instance);
        let entry = &instance.entry;
        let (id, name) = (entry.id.to_string(), entry.name());
        let identity = Identity {
            class: &entry.class_name,
            id: &id,
            name: name.as_deref(),
            facet: None,
        };
        worker.construct_as(instance, &context, &identity)
    }

    fn start(&self, instance: &Rc<Instance>, event: Event) -> AnswerReceiver {
        self.rc().start_object(instance, event)
    }

    fn run_section(&self, instance: &Rc<Instance>, section: SectionId) {
        let worker = self.rc();
        let context = worker.context_of(instance);
        let token = context.section_token(section);
        worker.run(&context, section.as_u64() as u32, |scope| {
            let section = scope.number(section.as_u64() as f64);
            let token = scope.number(token as f64);
            worker.call_main(scope, "runSection", &[section, token]);
        });
    }

    fn forget(&self, context: u64) {
        self.rc().end_context(context);
    }

    fn has_alarm_handler(&self, class_name: &str) -> bool {
        self.exports().iter().any(|export| {
            export.name == class_name && export.handlers.iter().any(|handler| handler == "alarm")
        })
    }

    fn alarm_hint(&self, at_ms: i64) {
        Self::alarm_hint(self, at_ms);
    }
}
