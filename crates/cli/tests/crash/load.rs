//! The load: clients that ask many objects for writes and note what was acknowledged.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};

use stated_testkit::HttpClient;

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

/// Clients at work.
pub(crate) struct Load {
    clients: Vec<JoinHandle<u64>>,
    answers: mpsc::Receiver<()>,
}

impl Load {
    /// Starts the clients; they end by themselves when the server no longer answers.
    pub(crate) fn start(
        server: &HttpClient,
        acknowledged: &Acknowledged,
        random: &mut Random,
    ) -> Self {
        let (heard, answers) = mpsc::channel();
        let clients = (0..CLIENTS)
            .map(|_| {
                let mut client = Client {
                    server: *server,
                    acknowledged: acknowledged.clone(),
                    random: Random::new(random.next()),
                };
                let heard = heard.clone();
                thread::spawn(move || client.run(&heard))
            })
            .collect();
        Self { clients, answers }
    }

    /// Waits for so many acknowledged writes.
    pub(crate) fn wait_for_answers(&self, count: u64) {
        let heard = self.answers.iter().take(count as usize).count() as u64;
        assert!(
            heard == count,
            "the server stopped answering after {heard} writes"
        );
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
}

impl Client {
    fn run(&mut self, heard: &mpsc::Sender<()>) -> u64 {
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
            assert_eq!(answer.status, 200, "{}", answer.text());
            let number = answer
                .json()
                .as_u64()
                .expect("a method answers with a number");
            self.acknowledged.note(object, method, number);
            count += 1;
            // The harness listens only until it kills the server.
            let _unheard = heard.send(());
        }
    }
}
