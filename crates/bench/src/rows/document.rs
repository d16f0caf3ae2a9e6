//! A document that several people type into, with Yjs.

use anyhow::{Result, ensure};
use stated_testkit::HttpClient;
use tungstenite::protocol::frame::coding::Data;

use crate::load::web_socket::{read_message, write_message};
use crate::load::{Clients, Load, Received, closed};
use crate::row::{Measure, Pace, Row};
use crate::target::{Site, get};
use crate::workload::number;

const PEOPLE: usize = 8;
/// Updates of each person in a second: more than any server here takes.
const UPDATES_PER_SECOND: f64 = 4000.0;

pub(super) fn rows() -> Vec<Row> {
    let title = "Yjs updates, 8 people in one document";
    vec![Row::new("yjs", title, "yjs", Measure::Own(updates))]
}

fn updates(site: &Site, pace: &Pace, run: u64) -> Result<f64> {
    let client = site.target.client();
    let count = (UPDATES_PER_SECOND * pace.duration.as_secs_f64()) as usize;
    let mut typing = Typing::read(&client, count)?;
    let path = format!("/document/document-{run}");
    let mut clients =
        Clients::connect_web_sockets(site.target.address(), PEOPLE, |_| path.clone())?;
    let outcome = closed(&mut clients, &mut typing, pace.duration)?;
    let length = number(&get(&client, &path)?)?;
    ensure!(
        length == outcome.answers,
        "the document has {length} letters, but {} were acknowledged",
        outcome.answers
    );
    Ok(outcome.per_second)
}

/// Each person sends an update and waits until it comes back; those of others come in between.
struct Typing {
    updates: Vec<Vec<Vec<u8>>>,
    sent: Vec<usize>,
}

impl Typing {
    /// The server makes the updates itself, so that this program needs no Yjs.
    fn read(client: &HttpClient, count: usize) -> Result<Self> {
        let mut updates = Vec::new();
        for person in 1..=PEOPLE {
            let bytes = get(client, &format!("/updates/{person}?count={count}"))?;
            updates.push(split(&bytes)?);
        }
        Ok(Self {
            updates,
            sent: vec![0; PEOPLE],
        })
    }
}

/// Takes apart what has a length of four bytes before each part.
fn split(mut bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
    let mut parts = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk() {
        let length = u32::from_be_bytes(*length) as usize;
        ensure!(length <= rest.len(), "the updates end in the middle of one");
        parts.push(rest[..length].to_vec());
        bytes = &rest[length..];
    }
    Ok(parts)
}

impl Load for Typing {
    fn begin(&mut self, connection: usize, outbox: &mut Vec<u8>) -> bool {
        let Some(update) = self.updates[connection].get(self.sent[connection]) else {
            return false;
        };
        write_message(Data::Binary, update, outbox);
        self.sent[connection] += 1;
        true
    }

    fn receive(&mut self, connection: usize, inbox: &[u8]) -> Result<Received> {
        let Some((count, payload)) = read_message(inbox)? else {
            return Ok(Received::Part);
        };
        let own = self.sent[connection].checked_sub(1);
        let own = own.map(|last| &self.updates[connection][last]);
        Ok(if own.is_some_and(|own| own == payload) {
            Received::Answer(count)
        } else {
            Received::Other(count)
        })
    }
}
