//! From checked configurations to what every shard of every service is made of.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use stated_config::migrations::StorageKind;
use stated_config::{Binding, Config};
use stated_core::id::{ObjectId, UniqueKey};
use stated_http::SocketRules;
use stated_object::capability::{Address, Capability, Life, ObjectRef, Props, ServiceRef};
use stated_object::namespace::NamespaceConfig;
use stated_storage::{AlarmIndex, Backend, DataFolder};
use stated_worker::{Export, Settings};

use crate::node::StartError;

/// One service.
pub(crate) struct ServicePlan {
    pub(crate) name: Arc<str>,
    pub(crate) init_json: String,
    pub(crate) cpu: Duration,
    /// Its own namespaces, by index.
    pub(crate) namespaces: Vec<NamespaceConfig>,
    pub(crate) reach: Reach,
    /// Classes that bindings name, with the binding, to compare with the exports.
    pub(crate) bound: Vec<(String, String)>,
}

/// What a program can reach, by the index it knows.
#[derive(Clone)]
pub(crate) struct Reach {
    /// Its own namespaces first.
    pub(crate) targets: Vec<NamespaceTarget>,
    pub(crate) services: Vec<ServiceRef>,
    /// All services, by index: what stored stubs lead to.
    pub(crate) named: Arc<[NamedService]>,
    /// What holds for its WebSockets on the network.
    pub(crate) sockets: SocketRules,
}

/// A service and its classes by name.
pub(crate) struct NamedService {
    name: String,
    /// By the index of their namespaces.
    classes: Vec<String>,
    /// Whether stubs that lead here may be stored.
    stubs_are_storable: bool,
}

impl NamedService {
    fn of(config: &Config) -> Self {
        Self {
            name: config.name.clone(),
            classes: config.classes.live.keys().cloned().collect(),
            stubs_are_storable: config.compatibility.has("allow_irrevocable_stub_storage"),
        }
    }
}

impl Reach {
    /// The address of what a stub leads to, if such stubs may be stored.
    pub(crate) fn address_of(&self, capability: &Capability) -> Option<Address> {
        let (Capability::Service(ServiceRef { service, .. })
        | Capability::Object(ObjectRef { service, .. })) = capability
        else {
            return None;
        };
        let named = self.named.get(*service)?;
        if !named.stubs_are_storable {
            return None;
        }
        let service = named.name.clone();
        match capability {
            Capability::Object(object) => Some(Address::Object {
                service,
                class: named.classes.get(object.namespace)?.clone(),
                id: object.id,
                name: object.name.clone(),
            }),
            Capability::Service(entrypoint) => Some(Address::Entrypoint {
                service,
                entrypoint: entrypoint.entrypoint.to_string(),
            }),
            Capability::Target(_) | Capability::Stream(_) => None,
        }
    }

    /// What is at an address; None when there is no such service or class any more.
    pub(crate) fn at_address(&self, address: &Address, props: Option<Props>) -> Option<Capability> {
        let (Address::Entrypoint { service, .. } | Address::Object { service, .. }) = address;
        let index = self.named.iter().position(|named| named.name == *service)?;
        match address {
            Address::Entrypoint { entrypoint, .. } => {
                let entrypoint = entrypoint_of(index, entrypoint);
                Some(Capability::Service(ServiceRef {
                    props,
                    ..entrypoint
                }))
            }
            Address::Object {
                class, id, name, ..
            } => {
                let classes = &self.named[index].classes;
                let namespace = classes.iter().position(|known| known == class)?;
                Some(Capability::Object(ObjectRef {
                    service: index,
                    namespace,
                    id: *id,
                    name: name.clone(),
                    life: Life::of(0),
                }))
            }
        }
    }

    pub(crate) fn object(
        &self,
        namespace: usize,
        id: ObjectId,
        name: Option<String>,
        life: Life,
    ) -> Option<ObjectRef> {
        let target = self.targets.get(namespace)?;
        Some(target.object(id, name, life))
    }

    pub(crate) fn service(&self, index: usize) -> Option<ServiceRef> {
        self.services.get(index).cloned()
    }

    /// The keys of the namespaces.
    fn keys(&self) -> Vec<UniqueKey> {
        let keys = self.targets.iter().map(|target| target.key.clone());
        keys.collect()
    }

    /// Their classes.
    fn classes(&self) -> Vec<String> {
        let classes = self.targets.iter().map(|target| target.class_name.clone());
        classes.collect()
    }
}

/// An entrypoint without props.
pub(crate) fn entrypoint_of(service: usize, entrypoint: &str) -> ServiceRef {
    ServiceRef {
        service,
        entrypoint: Arc::from(entrypoint),
        props: None,
    }
}

/// A namespace, seen from a program.
#[derive(Clone)]
pub(crate) struct NamespaceTarget {
    pub(crate) service: usize,
    pub(crate) namespace: usize,
    pub(crate) key: UniqueKey,
    pub(crate) class_name: String,
}

impl NamespaceTarget {
    /// One of its objects.
    pub(crate) fn object(&self, id: ObjectId, name: Option<String>, life: Life) -> ObjectRef {
        ObjectRef {
            service: self.service,
            namespace: self.namespace,
            id,
            name,
            life,
        }
    }
}

/// Plans all services; the index of a service is its place in `configs`.
pub(crate) fn plan(
    configs: &[Config],
    folder: &DataFolder,
) -> Result<Vec<ServicePlan>, StartError> {
    configs
        .iter()
        .map(|config| {
            let mut plan = wire(config, configs);
            for (index, (class, storage)) in config.classes.live.iter().enumerate() {
                plan.namespaces
                    .push(namespace(index, config, class, *storage, folder)?);
            }
            Ok(plan)
        })
        .collect()
}

/// Plans a service without its namespaces, which need a data folder: enough to load its program.
pub(crate) fn wire(config: &Config, configs: &[Config]) -> ServicePlan {
    let service = configs
        .iter()
        .position(|other| other.name == config.name)
        .unwrap_or(0);
    let mut planner = Planner {
        configs,
        service,
        targets: Vec::new(),
        services: Vec::new(),
        bound: Vec::new(),
    };
    for (index, class) in config.classes.live.keys().enumerate() {
        planner.targets.push(NamespaceTarget {
            service,
            namespace: index,
            key: UniqueKey::for_class(&config.name, class),
            class_name: class.clone(),
        });
    }
    let bindings: Vec<Value> = config
        .bindings
        .iter()
        .map(|binding| planner.binding(binding))
        .collect();
    let classes: serde_json::Map<String, Value> = config
        .classes
        .live
        .iter()
        .enumerate()
        .map(|(index, (class, storage))| {
            (
                class.clone(),
                json!({ "namespace": index, "sqlite": *storage == StorageKind::Sqlite }),
            )
        })
        .collect();
    let flags: Vec<&str> = config.compatibility.in_force().collect();
    let other_flags: Vec<&str> = config.compatibility.not_in_force().collect();
    let init = json!({
        "serviceName": config.name,
        "compatibilityDate": config.compatibility.date().to_string(),
        "flags": flags,
        "otherFlags": other_flags,
        "bindings": bindings,
        "classes": classes,
    });
    ServicePlan {
        name: Arc::from(config.name.as_str()),
        init_json: init.to_string(),
        cpu: Duration::from_millis(config.cpu_ms),
        namespaces: Vec::new(),
        reach: Reach {
            targets: planner.targets,
            services: planner.services,
            named: configs.iter().map(NamedService::of).collect(),
            sockets: SocketRules {
                compression: config.compatibility.has("web_socket_compression"),
                large_messages: config.compatibility.has("increase_websocket_message_size"),
            },
        },
        bound: planner.bound,
    }
}

impl ServicePlan {
    /// What a worker is told of the program.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            init_json: self.init_json.clone(),
            cpu: self.cpu,
            keys: self.reach.keys(),
            classes: self.reach.classes(),
        }
    }

    /// The bindings whose classes are not among the exports of the program at `main`.
    pub(crate) fn not_exported(&self, exports: &[Export], main: &str) -> Vec<StartError> {
        let missing = self
            .bound
            .iter()
            .filter(|(class, _)| !exports.iter().any(|export| export.name == *class));
        missing
            .map(|(class, binding)| StartError::NotExported {
                class: class.clone(),
                binding: binding.clone(),
                main: main.to_owned(),
            })
            .collect()
    }
}

fn namespace(
    index: usize,
    config: &Config,
    class: &str,
    storage: StorageKind,
    folder: &DataFolder,
) -> Result<NamespaceConfig, StartError> {
    let key = UniqueKey::for_class(&config.name, class);
    let own = folder
        .namespace(key.as_str())
        .map_err(crate::data::DataError::from)?;
    let alarms = AlarmIndex::open(own.path())?;
    Ok(NamespaceConfig {
        index,
        class_name: Arc::from(class),
        folder: own.path().to_owned(),
        backend: match storage {
            StorageKind::Sqlite => Backend::Sqlite { sql_enabled: true },
            StorageKind::KeyValue => Backend::KeyValue,
        },
        alarms: Arc::new(alarms),
    })
}

struct Planner<'a> {
    configs: &'a [Config],
    service: usize,
    targets: Vec<NamespaceTarget>,
    services: Vec<ServiceRef>,
    bound: Vec<(String, String)>,
}

impl Planner<'_> {
    fn binding(&mut self, binding: &Binding) -> Value {
        match binding {
            Binding::Text { name, value } => {
                json!({ "type": "text", "name": name, "value": value.0 })
            }
            Binding::Json { name, value } => {
                json!({ "type": "json", "name": name, "value": value.0 })
            }
            Binding::Namespace {
                name,
                class,
                service,
            } => self.namespace(name, class, service.as_deref()),
            Binding::Service {
                name,
                service,
                entrypoint,
                props,
            } => {
                let index = self.index_of(service);
                let entrypoint = entrypoint.clone().unwrap_or_else(|| "default".to_owned());
                let empty = props.as_object().is_none_or(serde_json::Map::is_empty);
                self.services.push(ServiceRef {
                    service: index,
                    entrypoint: Arc::from(entrypoint.as_str()),
                    props: (!empty).then(|| Props::Json(Arc::from(props.to_string()))),
                });
                let index = self.services.len() - 1;
                json!({ "type": "service", "name": name, "service": index, "entrypoint": entrypoint })
            }
            Binding::Assets { name } => {
                // Static files have the numbers after those of the services (`ShardNetwork::call_service`).
                self.services.push(ServiceRef {
                    service: self.configs.len() + self.service,
                    entrypoint: Arc::from("default"),
                    props: None,
                });
                let index = self.services.len() - 1;
                json!({ "type": "service", "name": name, "service": index, "entrypoint": "default" })
            }
            Binding::WorkerLoader { name } => json!({ "type": "workerLoader", "name": name }),
            Binding::VersionMetadata { name } => json!({ "type": "versionMetadata", "name": name }),
            Binding::RateLimit {
                name,
                namespace_id,
                limit,
                period_seconds,
            } => json!({
                "type": "rateLimit",
                "name": name,
                "namespaceId": namespace_id,
                "limit": limit,
                "period": period_seconds,
            }),
            Binding::Unsupported { name, kind, .. } => {
                json!({ "type": "unsupported", "name": name, "kind": kind })
            }
        }
    }

    fn namespace(&mut self, name: &str, class: &str, service: Option<&str>) -> Value {
        let owner = service.map_or(self.service, |service| self.index_of(service));
        let owning = &self.configs[owner];
        if owner == self.service {
            self.bound.push((class.to_owned(), name.to_owned()));
        }
        let own = owning
            .classes
            .live
            .keys()
            .position(|live| live == class)
            .unwrap_or(0);
        let sqlite = owning.classes.live.get(class) == Some(&StorageKind::Sqlite);
        let known = self
            .targets
            .iter()
            .position(|target| target.service == owner && target.namespace == own);
        let index = known.unwrap_or_else(|| {
            self.targets.push(NamespaceTarget {
                service: owner,
                namespace: own,
                key: UniqueKey::for_class(&owning.name, class),
                class_name: class.to_owned(),
            });
            self.targets.len() - 1
        });
        json!({ "type": "namespace", "name": name, "namespace": index, "className": class, "sqlite": sqlite })
    }

    /// The references were checked before, so the service exists.
    fn index_of(&self, service: &str) -> usize {
        self.configs
            .iter()
            .position(|config| config.name == service)
            .unwrap_or(self.service)
    }
}
