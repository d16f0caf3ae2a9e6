//! The way from one shard's program to everything else: objects, services, targets, the net.

use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use stated_core::error::Failure;
use stated_core::id::ObjectId;
use stated_http::{Client, Connection, FetchError, RedirectMode, SocketRules};
use stated_object::capability::{
    Address, Capability, Home, Life, ObjectRef, Props, ServiceRef, Target,
};
use stated_object::message::{FetchRequest, FetchResponse};
use stated_object::namespace::Namespace;
use stated_object::program::{Answer, Event};
use stated_worker::{
    LocalFuture, Network, NoResponse, NotConnected, Redirect, TcpConnection, Worker,
};
use tokio::sync::Notify;

use crate::assets::Files;
use crate::plan::{Reach, entrypoint_of};
use crate::topology::{Command, Topology, ask, shard_gone};

/// What is on the shard itself, which is made after its network.
#[derive(Default)]
pub(crate) struct Own {
    pub(crate) worker: Weak<Worker>,
    pub(crate) namespaces: Vec<Weak<Namespace>>,
}

/// The way from one shard's program to everything else.
pub(crate) struct ShardNetwork {
    pub(crate) home: Home,
    pub(crate) topology: Topology,
    /// What the program that runs can reach.
    pub(crate) reach: RefCell<Reach>,
    pub(crate) client: Client,
    pub(crate) nudge: Arc<Notify>,
    pub(crate) files: Arc<[Option<Files>]>,
    pub(crate) own: Rc<RefCell<Own>>,
}

impl ShardNetwork {
    /// The rules of the running program's WebSockets.
    pub(crate) fn socket_rules(&self) -> SocketRules {
        self.reach.borrow().sockets
    }
}

impl Network for ShardNetwork {
    fn object(
        &self,
        namespace: usize,
        id: ObjectId,
        name: Option<String>,
        life: Life,
    ) -> Option<ObjectRef> {
        self.reach.borrow().object(namespace, id, name, life)
    }

    fn bound_service(&self, index: usize) -> Option<ServiceRef> {
        self.reach.borrow().service(index)
    }

    fn own_service(&self, entrypoint: &str) -> ServiceRef {
        entrypoint_of(self.home.service, entrypoint)
    }

    fn address_of(&self, capability: &Capability) -> Option<Address> {
        self.reach.borrow().address_of(capability)
    }

    fn at_address(&self, address: &Address, props: Option<Props>) -> Option<Capability> {
        self.reach.borrow().at_address(address, props)
    }

    fn call_object(
        &self,
        object: &ObjectRef,
        event: Event,
    ) -> LocalFuture<Result<(u64, Answer), Failure>> {
        let ObjectRef {
            service,
            namespace,
            id,
            ..
        } = *object;
        let name = object.name.clone();
        let life = object.life.clone();
        let owner = Home {
            service,
            shard: self.topology.owner(service, &id),
        };
        if owner == self.home {
            let Some(namespace) = self.own.borrow().namespaces[namespace].upgrade() else {
                return Box::pin(async { Err(shard_gone()) });
            };
            let entry = namespace.entry(id, name.as_deref());
            return Box::pin(async move { namespace.deliver(&entry, life, event).await });
        }
        let sender = self.topology.sender(owner.service, owner.shard).clone();
        Box::pin(ask(sender, move |reply| Command::Deliver {
            namespace,
            id,
            name,
            life,
            event,
            reply,
        }))
    }

    fn call_service(
        &self,
        service: &ServiceRef,
        event: Event,
    ) -> LocalFuture<Result<Answer, Failure>> {
        let ServiceRef {
            service,
            entrypoint,
            props,
        } = service.clone();
        // A number past the last service's is that of a service's static files.
        if let Some(index) = service.checked_sub(self.files.len()) {
            let files = self.files.get(index).cloned().flatten();
            return Box::pin(async move { files.ok_or_else(shard_gone)?.event(event).await });
        }
        if service == self.home.service {
            let worker = self.own.borrow().worker.upgrade();
            return Box::pin(async move {
                worker
                    .ok_or_else(shard_gone)?
                    .event(&entrypoint, props, event)
                    .await
            });
        }
        let shard = self.home.shard % self.topology.shard_count(service);
        let sender = self.topology.sender(service, shard).clone();
        Box::pin(ask(sender, move |reply| Command::Service {
            entrypoint,
            props,
            event,
            reply,
        }))
    }

    fn call_target(&self, target: &Target, event: Event) -> LocalFuture<Result<Answer, Failure>> {
        // The reference lives as long as the call: the target is not released under it.
        let target = target.clone();
        let address = target.address();
        if address.home == self.home {
            let worker = self.own.borrow().worker.upgrade();
            return Box::pin(async move {
                let answer = worker
                    .ok_or_else(shard_gone)?
                    .call_target(address, event)
                    .await;
                drop(target);
                answer
            });
        }
        let sender = self
            .topology
            .sender(address.home.service, address.home.shard)
            .clone();
        Box::pin(async move {
            let answer = ask(sender, move |reply| Command::Target {
                address,
                event,
                reply,
            })
            .await;
            drop(target);
            answer
        })
    }

    fn fetch(
        &self,
        request: FetchRequest,
        redirect: Redirect,
    ) -> LocalFuture<Result<FetchResponse, NoResponse>> {
        let client = self.client.with_socket_rules(self.socket_rules());
        Box::pin(async move {
            let fetched = match redirect {
                Redirect::Follow => client.fetch(request, RedirectMode::Follow).await,
                Redirect::Error => client.fetch(request, RedirectMode::Error).await,
                Redirect::Manual => client.fetch(request, RedirectMode::Manual).await,
                Redirect::Verbatim => client.fetch_verbatim(request).await,
            };
            fetched.map_err(|error| match error {
                FetchError::Lost => NoResponse::NetworkLost,
                FetchError::Refused { .. } => NoResponse::Refused,
                error if error.is_type_error() => NoResponse::TypeError(error.to_string()),
                error => NoResponse::Error(error.system_code(), error.to_string()),
            })
        })
    }

    fn connect(
        &self,
        host: String,
        port: u16,
        secure: bool,
    ) -> LocalFuture<Result<TcpConnection, NotConnected>> {
        let client = self.client.clone();
        Box::pin(async move {
            let connected = client.connect_bytes(&host, port, secure).await;
            connected.map(tcp_connection).map_err(not_connected)
        })
    }

    fn alarm_hint(&self, _at_ms: i64) {
        self.nudge.notify_one();
    }
}

/// A connection of the client's as the worker takes it.
fn tcp_connection(connection: Connection) -> TcpConnection {
    let Connection {
        incoming,
        outgoing,
        control,
    } = connection;
    TcpConnection {
        incoming,
        outgoing,
        upgrade: Box::new(move |outgoing, expected_name| {
            Box::pin(async move {
                let secured = control.start_tls(outgoing, expected_name).await;
                secured.map(tcp_connection).map_err(not_connected)
            })
        }),
    }
}

fn not_connected(error: FetchError) -> NotConnected {
    tracing::debug!(%error, "connect() of a program");
    // Source: workerd, which does not say why.
    let text = "proxy request failed, cannot connect to the specified address".to_owned();
    NotConnected {
        code: error.system_code(),
        text,
    }
}
