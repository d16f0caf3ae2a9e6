//! A namespace whose program is a script, and a committer whose reports the test hands over itself.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::{Arc, mpsc};

use stated_core::error::Failure;
use stated_core::gate::SectionId;
use stated_core::id::{ObjectId, UniqueKey};
use stated_object::capability::Message;
use stated_object::clock::Monotonic;
use stated_object::instance::Instance;
use stated_object::namespace::{Databases, Entry, Namespace, NamespaceConfig, Numbers, ShardParts};
use stated_object::program::{Answer, AnswerReceiver, Event, Program};
use stated_storage::{AlarmIndex, Backend, Committer, DurableReport};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::LocalSet;

/// What the handler of one event does in its first turn.
pub(crate) type Handler =
    Box<dyn FnOnce(&Rc<Instance>, Event, oneshot::Sender<Result<Answer, Failure>>)>;

/// What a constructor does.
pub(crate) type Constructor = Box<dyn FnOnce(&Rc<Instance>) -> Result<(), Failure>>;

/// What the callback of a critical section does in its first turn.
pub(crate) type Section = Box<dyn FnOnce(&Rc<Instance>, SectionId)>;

/// A program that does what the test queued, and notes what it was asked.
#[derive(Default)]
pub(crate) struct Script {
    pub(crate) constructors: RefCell<VecDeque<Constructor>>,
    pub(crate) handlers: RefCell<VecDeque<Handler>>,
    pub(crate) sections: RefCell<VecDeque<Section>>,
    pub(crate) log: RefCell<Vec<String>>,
    pub(crate) no_alarm_handler: Cell<bool>,
}

impl Script {
    pub(crate) fn note(&self, text: impl Into<String>) {
        self.log.borrow_mut().push(text.into());
    }
}

fn label(event: &Event) -> String {
    match event {
        Event::Fetch(request) => format!("fetch {}", request.url),
        Event::Call { path, .. } => path.join("."),
        Event::TargetCall { target, path, .. } => format!("target {target} {}", path.join(".")),
        Event::Alarm(info) => format!("alarm {}", info.retry_count),
        Event::Restore { .. } => "restore".to_owned(),
        Event::Scheduled(_) => "scheduled".to_owned(),
        Event::Socket { event, .. } => format!("{event:?}"),
    }
}

impl Program for Script {
    fn construct(&self, instance: &Rc<Instance>) -> Result<(), Failure> {
        self.note("construct");
        let constructor = self.constructors.borrow_mut().pop_front();
        constructor.map_or(Ok(()), |constructor| constructor(instance))
    }

    fn start(&self, instance: &Rc<Instance>, event: Event) -> AnswerReceiver {
        self.note(label(&event));
        let (answer, receiver) = oneshot::channel();
        let handler = self.handlers.borrow_mut().pop_front();
        match handler {
            Some(handler) => handler(instance, event, answer),
            None => answer.send(Ok(Answer::Done)).expect("the caller waits"),
        }
        receiver
    }

    fn run_section(&self, instance: &Rc<Instance>, section: SectionId) {
        self.note("section");
        let body = self
            .sections
            .borrow_mut()
            .pop_front()
            .expect("the test queued the section's body");
        body(instance, section);
    }

    fn forget(&self, context: u64) {
        self.note(format!("forget {context}"));
    }

    fn has_alarm_handler(&self, _class_name: &str) -> bool {
        !self.no_alarm_handler.get()
    }

    fn alarm_hint(&self, _at_ms: i64) {
        self.note("alarm hint");
    }
}

/// One namespace on a fresh folder.
pub(crate) struct World {
    pub(crate) script: Rc<Script>,
    pub(crate) namespace: Rc<Namespace>,
    databases: Rc<Databases>,
    reports: mpsc::Receiver<DurableReport>,
    key: UniqueKey,
    _committer: Committer,
    _folder: TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("the temporary folder is writable");
        let (sender, reports) = mpsc::channel();
        let committer = Committer::spawn(move |report| {
            // The test may be over.
            let _unused = sender.send(report);
        })
        .expect("a thread starts");
        let script = Rc::new(Script::default());
        let databases = Rc::new(Databases::default());
        let parts = ShardParts {
            program: script.clone(),
            lane: committer.lane(),
            clock: Monotonic::default(),
            numbers: Rc::new(Numbers::default()),
            databases: databases.clone(),
            stop: Arc::default(),
        };
        let config = NamespaceConfig {
            index: 0,
            class_name: Arc::from("Thing"),
            folder: folder.path().to_owned(),
            backend: Backend::Sqlite { sql_enabled: true },
            alarms: Arc::new(AlarmIndex::open(folder.path()).expect("a new index opens")),
        };
        Self {
            script,
            namespace: Namespace::new(config, parts),
            databases,
            reports,
            key: UniqueKey::new("test"),
            _committer: committer,
            _folder: folder,
        }
    }

    pub(crate) fn entry(&self, name: &str) -> Rc<Entry> {
        self.namespace
            .entry(ObjectId::from_name(&self.key, name), Some(name))
    }

    /// Queues the handler of the next event.
    pub(crate) fn on_event(
        &self,
        handler: impl FnOnce(&Rc<Instance>, Event, oneshot::Sender<Result<Answer, Failure>>) + 'static,
    ) {
        self.script
            .handlers
            .borrow_mut()
            .push_back(Box::new(handler));
    }

    /// Queues handlers that answer at once.
    pub(crate) fn answer_done(&self, count: usize) {
        for _ in 0..count {
            self.on_event(|_, _, answer| drop(answer.send(Ok(Answer::Done))));
        }
    }

    /// Queues a handler that puts `key` and answers.
    pub(crate) fn on_event_put(&self, key: &'static str) {
        self.on_event(move |instance, _, answer| {
            put(instance, key);
            answer.send(Ok(Answer::Done)).expect("the caller waits");
        });
    }

    /// Waits for the committer's next report and hands it to the instance.
    pub(crate) fn hand_over_report(&self) {
        let deadline = std::time::Duration::from_secs(10);
        let report = self
            .reports
            .recv_timeout(deadline)
            .expect("a commit becomes durable");
        self.databases.report(&report);
    }

    /// Starts a delivery and lets it run as far as it gets.
    pub(crate) async fn deliver(
        &self,
        entry: &Rc<Entry>,
        event: Event,
    ) -> tokio::task::JoinHandle<Result<(u64, Answer), Failure>> {
        let (namespace, entry) = (self.namespace.clone(), entry.clone());
        let task =
            tokio::task::spawn_local(async move { namespace.deliver(&entry, 0, event).await });
        settle().await;
        task
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.script.log.borrow().clone()
    }
}

/// Puts a value of no importance.
pub(crate) fn put(instance: &Instance, key: &str) {
    instance
        .with_database(|database| database.kv_put(key, b"v"))
        .expect("the database opens")
        .expect("the value is kept");
}

/// An RPC call of a method, as the simplest event.
pub(crate) fn call(name: &str) -> Event {
    Event::Call {
        path: vec![name.to_owned()],
        args: Some(Message::default()),
    }
}

/// Lets every task that can run do so.
pub(crate) async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

/// Runs a test on a current-thread runtime whose clock stands still.
pub(crate) fn in_world<F: Future<Output = ()>>(test: impl FnOnce(World) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime starts");
    LocalSet::new().block_on(&runtime, async { test(World::new()).await });
}
