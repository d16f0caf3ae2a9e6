//! Durable Objects' code, run by the worker.

use std::rc::Rc;

use stated_core::error::{ErrorCode, Failure};
use stated_core::gate::SectionId;
use stated_engine::Thrown;
use stated_object::instance::Instance;
use stated_object::program::{AnswerReceiver, Event, Program};

use crate::worker::Worker;

impl Program for Worker {
    fn construct(&self, instance: &Rc<Instance>) -> Result<(), Failure> {
        let worker = self.rc();
        let context = worker.context_of(instance);
        worker.run(&context, 0, |scope| {
            let entry = &instance.entry;
            let id = scope.number(context.id as f64);
            let class = scope.string(&entry.class_name);
            let namespace = scope.number(entry.namespace as f64);
            let hex = scope.string(&entry.id.to_string());
            let name = match entry.name() {
                Some(name) => scope.string(&name),
                None => scope.undefined(),
            };
            match worker.try_main(scope, "createObject", &[id, class, namespace, hex, name]) {
                Ok(()) => Ok(()),
                Err(Thrown::Value(error)) => {
                    worker.report(scope, error);
                    Err(worker.failure_of(scope, error))
                }
                // The limit that stopped it breaks the instance with its own failure.
                Err(Thrown::Stopped) => {
                    Err(instance
                        .reason()
                        .unwrap_or_else(|| match scope.stop_reason() {
                            Some(stated_engine::StopReason::Memory) => {
                                Failure::new(ErrorCode::MemoryLimit)
                            }
                            _ => Failure::new(ErrorCode::CpuLimit),
                        }))
                }
            }
        })
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
}
