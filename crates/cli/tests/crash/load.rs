//! The load: clients that ask many objects for writes and note what was acknowledged.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};

use stated_testkit::{EVENT_DEADLINE, HttpClient};

use crate::harness::random::Random;

/// Objects that are written to.
pub(crate) const OBJECTS: u64 = 48;
const CLIENTS: u64 = 6;
/// Alarms are set at most this far ahead.
const ALARM_DELAY_MS_MAX: u64 = 1500;

/// The kinds of writes; each method of the program answers how often it was called.
pub(crate) const METHODS: [&str; 3] = ["add", "batch", "arm"];

/// What was acknowledged: the greatest answer of each object and method.
#[derive(Clone, Default)]
pub(crate) struct Acknowledged(Arc<Mutex<BTreeMap<(u64, &'static str), u64>>>);

impl Acknowledged {
    /// Returns what is known now.
    pub(crate) fn snapshot(&self) -> Self {
        let greatest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Self(Arc::new(Mutex::new(greatest.clone())))
    }

    fn note(&self, object: u64, method: &'static str, answer: u64) {
        let mut greatest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = greatest.entry((object, method)).or_default();
        *known = answer.max(*known);
    }

    /// Returns the greatest answer, 0 if there was none.
    pub(crate) fn greatest(&self, object: u64, method: &'static str) -> u64 {
        let greatest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        greatest.get(&(object, method)).copied().unwrap_or(0)
    }
}

/// What a client heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Acknowledged,
    /// The server could not write.
    Refused,
}

/// Clients at work.
pub(crate) struct Load {
    clients: Vec<JoinHandle<u64>>,
    answers: mpsc::Receiver<Heard>,
    may_refuse: Arc<AtomicBool>,
}

impl Load {
    /// Starts the clients; they end by themselves when the server no longer answers.
    pub(crate) fn start(
        server: &HttpClient,
        acknowledged: &Acknowledged,
        random: &mut Random,
    ) -> Self {
        let (heard, answers) = mpsc::channel();
        let may_refuse = Arc::new(AtomicBool::new(false));
        let clients = (0..CLIENTS)
            .map(|_| {
                let mut client = Client {
                    server: *server,
                    acknowledged: acknowledged.clone(),
                    random: Random::new(random.next()),
                    may_refuse: may_refuse.clone(),
                };
                let heard = heard.clone();
                thread::spawn(move || client.run(&heard))
            })
            .collect();
        Self {
            clients,
            answers,
            may_refuse,
        }
    }

    /// From now on the server may refuse writes.
    pub(crate) fn allow_refusals(&self) {
        self.may_refuse.store(true, Relaxed);
    }

    /// Waits for so many acknowledged writes.
    pub(crate) fn wait_for_answers(&self, count: u64) {
        self.wait_for(count, |heard| heard == Heard::Acknowledged);
    }

    /// Waits for so many of the wanted answers.
    pub(crate) fn wait_for(&self, count: u64, wanted: impl Fn(Heard) -> bool) {
        for heard in 0..count {
            while !self
                .answers
                .recv_timeout(EVENT_DEADLINE)
                .map(&wanted)
                .unwrap_or_else(|_| panic!("the server stopped answering after {heard} writes"))
            {
            }
        }
    }

    /// Waits until every client has noticed that the server is gone; returns how many writes were
    /// acknowledged in all.
    pub(crate) fn end(self) -> u64 {
        self.clients
            .into_iter()
            .map(|client| client.join().expect("every answer was a number"))
            .sum()
    }
}

struct Client {
    server: HttpClient,
    acknowledged: Acknowledged,
    random: Random,
    may_refuse: Arc<AtomicBool>,
}

impl Client {
    fn run(&mut self, heard: &mpsc::Sender<Heard>) -> u64 {
        let mut connection = self.server.connect();
        let mut count = 0;
        loop {
            let object = self.random.below(OBJECTS);
            let method = METHODS[self.random.below(METHODS.len() as u64) as usize];
            let delay = self.random.below(ALARM_DELAY_MS_MAX);
            let request =
                format!("GET /o{object}/{method}/{delay} HTTP/1.1\r\nHost: crash\r\n\r\n");
            let answer = connection
                .try_send(request.as_bytes())
                .and_then(|()| connection.try_read_response("GET"));
            let Ok(answer) = answer else { return count };
            if answer.status == 500 && self.may_refuse.load(Relaxed) {
                // The harness listens only until it kills the server.
                let _unheard = heard.send(Heard::Refused);
                continue;
            }
            assert_eq!(answer.status, 200, "{}", answer.text());
            let number = answer
                .json()
                .as_u64()
                .expect("a method answers with a number");
            self.acknowledged.note(object, method, number);
            count += 1;
            let _unheard = heard.send(Heard::Acknowledged);
        }
    }
}
