//! Programs loaded only to see what they export: no listener, no data folder, no objects.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use stated_bundle::SourceMap;
use stated_config::{Binding, Config};
use stated_core::error::Failure;
use stated_core::id::ObjectId;
use stated_object::capability::{
    Address, Capability, Home, Life, ObjectRef, Props, ServiceRef, Target,
};
use stated_object::message::{FetchRequest, FetchResponse};
use stated_object::namespace::Numbers;
use stated_object::program::{Answer, Event};
use stated_worker::{
    AsyncStacks, ConsoleLine, Export, Hooks, LocalFuture, Network, NoResponse, NotConnected,
    Redirect, Source, TcpConnection, Worker, WorkerOptions,
};
use tokio::sync::oneshot;

use crate::build::Built;
use crate::node::{StartError, main_of};
use crate::plan::{Reach, ServicePlan, entrypoint_of, wire};
use crate::shard::STACK_BYTES;
use crate::topology::shard_gone;

/// What came of loading one service.
#[derive(Debug)]
pub struct Checked {
    /// What its program exports; empty if it could not be loaded.
    pub exports: Vec<Export>,
    /// Why it would not start.
    pub errors: Vec<StartError>,
    /// What it names and does not find, without being stopped by it.
    pub warnings: Vec<String>,
}

/// Loads the program of every service, evaluates its modules, and compares what it exports with what
/// the configurations name. `None` is a service that could not be built; nothing is said about what
/// others name in it.
///
/// Nothing listens, no file is written, and what programs print while they are loaded is dropped.
pub async fn check(services: &[(Config, Option<Built>)], heap_bytes: u64) -> Vec<Checked> {
    let configs: Vec<Config> = services.iter().map(|(config, _)| config.clone()).collect();
    let mut loaded = Vec::new();
    for (config, built) in services {
        let exports = match built {
            None => None,
            Some(built) => Some(load(config, &configs, built, heap_bytes).await),
        };
        loaded.push(exports);
    }
    let exports: Vec<Option<&[Export]>> = loaded
        .iter()
        .map(|outcome| outcome.as_ref()?.as_deref().ok())
        .collect();
    let warnings: Vec<Vec<String>> = configs
        .iter()
        .map(|config| missing(config, &configs, &exports))
        .collect();
    loaded
        .into_iter()
        .zip(&configs)
        .zip(warnings)
        .map(|((outcome, config), warnings)| {
            let (exports, errors) = match outcome {
                None => (Vec::new(), Vec::new()),
                Some(Err(error)) => (Vec::new(), vec![error]),
                Some(Ok(exports)) => {
                    let errors = wire(config, &configs).not_exported(&exports, &main_of(config));
                    (exports, errors)
                }
            };
            Checked {
                exports,
                errors,
                warnings,
            }
        })
        .collect()
}

/// Loads one program on a thread of its own, as a shard would.
async fn load(
    config: &Config,
    configs: &[Config],
    built: &Built,
    heap_bytes: u64,
) -> Result<Vec<Export>, StartError> {
    let plan = wire(config, configs);
    let (source, source_map) = (built.source.clone(), built.source_map.clone());
    let home = Home {
        service: configs
            .iter()
            .position(|other| other.name == config.name)
            .unwrap_or(0),
        shard: 0,
    };
    let (reply, answer) = oneshot::channel();
    let thread = std::thread::Builder::new()
        .name(config.name.clone())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            let _unused = reply.send(evaluate(plan, &source, source_map, home, heap_bytes));
        })
        .map_err(StartError::Thread)?;
    let outcome = answer
        .await
        .unwrap_or_else(|_| Err("the thread ended while the program was loaded".to_owned()));
    // It has answered, so it is about to end.
    let _unused = thread.join();
    outcome.map_err(|text| StartError::Program {
        service: config.name.clone(),
        text,
    })
}

fn evaluate(
    plan: ServicePlan,
    source: &Arc<Source>,
    source_map: Arc<SourceMap>,
    home: Home,
    heap_bytes: u64,
) -> Result<Vec<Export>, String> {
    let options = WorkerOptions {
        settings: plan.settings(),
        heap_bytes,
        async_stacks: AsyncStacks::Kept,
        caches: Arc::default(),
        rate_limits: Arc::default(),
        home,
    };
    let nowhere = Rc::new(Nowhere {
        home,
        reach: plan.reach,
    });
    let worker = Worker::new(
        options,
        nowhere,
        Rc::new(Silent { source_map }),
        Rc::new(Numbers::default()),
    );
    let exports = worker.load((**source).clone()).map_err(|error| error.text);
    worker.shut_down();
    exports
}

/// Entrypoints and classes that bindings name in other services, and classes with a namespace that
/// nothing binds: all of them are found missing only when they are used.
fn missing(config: &Config, configs: &[Config], exports: &[Option<&[Export]>]) -> Vec<String> {
    let exports_of = |service: &str| {
        let index = configs.iter().position(|other| other.name == service)?;
        exports[index]
    };
    let lacks = |service: &str, name: &str| {
        exports_of(service).is_some_and(|exports| !exports.iter().any(|export| export.name == name))
    };
    let mut texts = Vec::new();
    let mut bound = BTreeSet::new();
    for binding in &config.bindings {
        match binding {
            Binding::Namespace {
                name,
                class,
                service: Some(service),
            } if lacks(service, class) => texts.push(format!(
                "class `{class}` of binding `{name}` is not exported by service `{service}`"
            )),
            Binding::Namespace {
                class,
                service: None,
                ..
            } => _ = bound.insert(class.as_str()),
            Binding::Service {
                name,
                service,
                entrypoint,
                ..
            } => {
                let entrypoint = entrypoint.as_deref().unwrap_or("default");
                if lacks(service, entrypoint) {
                    texts.push(format!(
                        "entrypoint `{entrypoint}` of binding `{name}` is not exported by service `{service}`"
                    ));
                }
            }
            _ => {}
        }
    }
    let unbound = config
        .classes
        .live
        .keys()
        .filter(|class| !bound.contains(class.as_str()) && lacks(&config.name, class));
    texts.extend(unbound.map(|class| {
        format!(
            "class `{class}` is declared and neither bound nor exported by {}",
            main_of(config)
        )
    }));
    texts
}

/// Leads nowhere: while modules are evaluated, nothing may be called.
struct Nowhere {
    home: Home,
    reach: Reach,
}

impl Network for Nowhere {
    fn object(
        &self,
        namespace: usize,
        id: ObjectId,
        name: Option<String>,
        life: Life,
    ) -> Option<ObjectRef> {
        self.reach.object(namespace, id, name, life)
    }

    fn bound_service(&self, index: usize) -> Option<ServiceRef> {
        self.reach.service(index)
    }

    fn own_service(&self, entrypoint: &str) -> ServiceRef {
        entrypoint_of(self.home.service, entrypoint)
    }

    fn address_of(&self, _: &Capability) -> Option<Address> {
        None
    }

    fn at_address(&self, _: &Address, _: Option<Props>) -> Option<Capability> {
        None
    }

    fn call_object(&self, _: &ObjectRef, _: Event) -> LocalFuture<Result<(u64, Answer), Failure>> {
        Box::pin(async { Err(shard_gone()) })
    }

    fn call_service(&self, _: &ServiceRef, _: Event) -> LocalFuture<Result<Answer, Failure>> {
        Box::pin(async { Err(shard_gone()) })
    }

    fn call_target(&self, _: &Target, _: Event) -> LocalFuture<Result<Answer, Failure>> {
        Box::pin(async { Err(shard_gone()) })
    }

    fn fetch(
        &self,
        _: FetchRequest,
        _: Redirect,
    ) -> LocalFuture<Result<FetchResponse, NoResponse>> {
        Box::pin(async { Err(NoResponse::NetworkLost) })
    }

    fn connect(
        &self,
        _: String,
        _: u16,
        _: bool,
    ) -> LocalFuture<Result<TcpConnection, NotConnected>> {
        Box::pin(async {
            Err(NotConnected {
                code: None,
                text: shard_gone().to_string(),
            })
        })
    }

    fn alarm_hint(&self, _: i64) {}
}

/// Drops what the program prints.
struct Silent {
    source_map: Arc<SourceMap>,
}

impl Hooks for Silent {
    fn console(&self, _: ConsoleLine) {}

    fn map_stack(&self, stack: &str) -> String {
        self.source_map.map_stack(stack)
    }
}
