//! Load on a server: what is sent, what must come back, and how fast.
//!
//! [`closed`] is for rates: every connection sends its next request when the last one is answered.
//! [`open`] is for latencies: requests are due at fixed times whatever the server does, and each is
//! timed from the moment it was due, so a server that stalls cannot hide it.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

pub(crate) mod clients;
pub(crate) mod http;
pub(crate) mod latencies;
pub(crate) mod web_socket;
mod wire;

pub(crate) use clients::Clients;
pub(crate) use latencies::Latencies;

/// How long a server may be silent while an answer is due.
const STALL: Duration = Duration::from_secs(20);

/// A time that no load with an end reaches.
pub(crate) const LONG: Duration = Duration::from_secs(120);

/// Writes requests and recognizes their answers, on any number of connections with one request on
/// its way each.
pub(crate) trait Load {
    /// Appends the next request of a connection; false when there is none left.
    fn begin(&mut self, connection: usize, outbox: &mut Vec<u8>) -> bool;

    /// Looks at the bytes that a connection has received.
    ///
    /// # Errors
    /// When they are not what the server must answer.
    fn receive(&mut self, connection: usize, inbox: &[u8]) -> Result<Received>;
}

/// What stands at the front of an inbox, with its length in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// The beginning of something.
    Part,
    /// Something that answers no request of this connection.
    Other(usize),
    /// The answer to its request.
    Answer(usize),
}

/// What a load has measured.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) answers: u64,
    /// Answers per second until the last one.
    pub(crate) per_second: f64,
    pub(crate) latencies: Latencies,
}

/// Keeps every connection busy for `duration`, or until the load is at its end.
pub(crate) fn closed(
    clients: &mut Clients,
    load: &mut dyn Load,
    duration: Duration,
) -> Result<Outcome> {
    let start = Instant::now();
    let end = start + duration;
    let mut begun = vec![start; clients.len()];
    let mut on_their_way = 0;
    for connection in 0..clients.len() {
        on_their_way += usize::from(clients.begin(connection, load)?);
    }
    let mut tally = Tally::default();
    while on_their_way > 0 {
        let ready = clients.wait(None)?;
        let now = Instant::now();
        for &connection in &ready {
            if clients.answered(connection, load)? {
                tally.add(now, begun[connection]);
                begun[connection] = now;
                let more = now < end && clients.begin(connection, load)?;
                on_their_way -= usize::from(!more);
            }
        }
        clients.recycle(ready);
    }
    Ok(tally.outcome(start))
}

/// Sends `per_second` requests for `duration`, evenly spread.
///
/// A request that is due while all connections wait is sent by the first that becomes free.
pub(crate) fn open(
    clients: &mut Clients,
    load: &mut dyn Load,
    per_second: f64,
    duration: Duration,
) -> Result<Outcome> {
    let start = Instant::now();
    let count = (per_second * duration.as_secs_f64()) as u64;
    let due = |number: u64| start + Duration::from_secs_f64(number as f64 / per_second);
    let mut free: Vec<usize> = (0..clients.len()).collect();
    let mut begun = vec![start; clients.len()];
    let mut next = 0;
    let mut tally = Tally::default();
    while next < count || free.len() < clients.len() {
        while next < count && due(next) <= Instant::now() {
            let Some(connection) = free.pop() else { break };
            ensure!(clients.begin(connection, load)?, "the load has an end");
            begun[connection] = due(next);
            next += 1;
        }
        let can_send = next < count && !free.is_empty();
        let ready =
            clients.wait(can_send.then(|| due(next).saturating_duration_since(Instant::now())))?;
        let now = Instant::now();
        for &connection in &ready {
            if clients.answered(connection, load)? {
                tally.add(now, begun[connection]);
                free.push(connection);
            }
        }
        clients.recycle(ready);
    }
    Ok(tally.outcome(start))
}

/// Counts answers while they come.
#[derive(Default)]
struct Tally {
    latencies: Latencies,
    answers: u64,
    last: Option<Instant>,
}

impl Tally {
    fn add(&mut self, now: Instant, begun: Instant) {
        self.answers += 1;
        self.latencies.record(now.saturating_duration_since(begun));
        self.last = Some(now);
    }

    /// The time ends with the last answer: to leave out those that come after the last request was
    /// sent would make the slow appear slower, up to a rate of nothing.
    fn outcome(self, start: Instant) -> Outcome {
        let seconds = self.last.map_or(0.0, |last| (last - start).as_secs_f64());
        Outcome {
            answers: self.answers,
            per_second: self.answers as f64 / seconds.max(1e-9),
            latencies: self.latencies,
        }
    }
}

#[cfg(test)]
mod tests;
