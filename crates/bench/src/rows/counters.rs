//! Objects that count: what is acknowledged must be in the count, neither more nor less.

use std::borrow::Cow;
use std::collections::HashMap;

use anyhow::{Result, ensure};
use stated_testkit::HttpClient;

use super::requests::requests;
use crate::row::{Effort, Limit, Row};
use crate::target::get;
use crate::workload::{Workload, number};

/// How many objects are looked at afterwards.
const LOOKED_AT: usize = 200;

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row {
            limit: Some(Limit::Disk),
            aim: Some(6.0),
            effort: Effort::Main,
            ..requests("kv", "KV increment, one hot object", "objects", |_| {
                hot(&KV)
            })
        },
        Row {
            limit: Some(Limit::Disk),
            aim: Some(6.0),
            ..requests("sql", "SQL increment, one hot object", "objects", |_| {
                hot(&SQL)
            })
        },
        Row {
            limit: Some(Limit::Disk),
            aim: Some(6.0),
            ..requests("rpc", "RPC increment, one hot object", "objects", |_| {
                hot(&RPC)
            })
        },
        Row {
            limit: Some(Limit::Disk),
            aim: Some(10.0),
            effort: Effort::Main,
            ..requests("kv-1000", "KV increment, 1,000 objects", "objects", |_| {
                known(&KV, 1000)
            })
        },
        once_in_full(requests(
            "sql-1000",
            "SQL increment, 1,000 objects",
            "objects",
            |_| known(&SQL, 1000),
        )),
        once_in_full(requests(
            "rpc-1000",
            "RPC increment, 1,000 objects",
            "objects",
            |_| known(&RPC, 1000),
        )),
        requests(
            "kv-100000",
            "KV increment, 100,000 objects, none there before",
            "objects",
            |run| fresh(&KV, run, Some(100_000)),
        ),
        once_in_full(requests(
            "sql-100000",
            "SQL increment, 100,000 objects, none there before",
            "objects",
            |run| fresh(&SQL, run, Some(100_000)),
        )),
        once_in_full(requests(
            "rpc-100000",
            "RPC increment, 100,000 objects, none there before",
            "objects",
            |run| fresh(&RPC, run, Some(100_000)),
        )),
        Row {
            aim: Some(8.0),
            ..requests("create", "create an object", "objects", |run| {
                fresh(&KV, run, None)
            })
        },
        requests("transaction", "transaction of 10 keys", "objects", |_| {
            Box::new(Transaction::default())
        }),
    ]
}

/// A way to count.
struct Way {
    increment: &'static str,
    read: &'static str,
}

const KV: Way = Way {
    increment: "kv",
    read: "get",
};
const SQL: Way = Way {
    increment: "sql",
    read: "sql-get",
};
const RPC: Way = Way {
    increment: "rpc",
    read: "get",
};

fn once_in_full(row: Row) -> Row {
    Row {
        effort: Effort::OnceInFull,
        ..row
    }
}

/// One object that all requests go to.
fn hot(way: &'static Way) -> Box<dyn Workload> {
    let name = format!("hot-{}", way.increment);
    Box::new(Counters::new(way, name, Pick::OneOf(1)))
}

/// Objects that are there and loaded.
fn known(way: &'static Way, count: u64) -> Box<dyn Workload> {
    let name = format!("known-{}", way.increment);
    Box::new(Counters::new(way, name, Pick::OneOf(count)))
}

/// Objects that nothing has called before.
fn fresh(way: &'static Way, run: u64, count: Option<u64>) -> Box<dyn Workload> {
    let pick = count.map_or(Pick::Next, Pick::OneOfNew);
    Box::new(Counters::new(way, format!("fresh-{run}"), pick))
}

/// Which object a request goes to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pick {
    OneOf(u64),
    OneOfNew(u64),
    Next,
}

struct Counters {
    way: &'static Way,
    name: String,
    pick: Pick,
    /// The counts before the first request.
    before: HashMap<u64, u64>,
    /// The acknowledged increments of each object.
    acknowledged: HashMap<u64, u64>,
}

impl Counters {
    fn new(way: &'static Way, name: String, pick: Pick) -> Self {
        Self {
            way,
            name,
            pick,
            before: HashMap::new(),
            acknowledged: HashMap::new(),
        }
    }

    fn object(&self, request: u64) -> u64 {
        match self.pick {
            Pick::OneOf(count) | Pick::OneOfNew(count) => scatter(request) % count,
            Pick::Next => request,
        }
    }

    fn count(&self, client: &HttpClient, object: u64) -> Result<u64> {
        let path = format!("/{}/{}-{object}", self.way.read, self.name);
        number(&get(client, &path)?)
    }
}

/// Spreads consecutive numbers over all 64 bits (the finalizer of SplitMix64).
fn scatter(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

impl Workload for Counters {
    fn prepare(&mut self, client: &HttpClient) -> Result<()> {
        if let Pick::OneOf(count) = self.pick {
            for object in 0..count {
                let before = self.count(client, object)?;
                self.before.insert(object, before);
            }
        }
        Ok(())
    }

    fn path(&self, request: u64) -> Cow<'static, str> {
        format!(
            "/{}/{}-{}",
            self.way.increment,
            self.name,
            self.object(request)
        )
        .into()
    }

    fn check(&mut self, request: u64, answer: &[u8]) -> Result<()> {
        let object = self.object(request);
        let count = number(answer)?;
        let before = self.before.get(&object).copied().unwrap_or(0);
        let acknowledged = self.acknowledged.entry(object).or_default();
        *acknowledged += 1;
        match self.pick {
            Pick::Next => ensure!(count == 1, "a new object has counted before"),
            Pick::OneOf(_) | Pick::OneOfNew(_) => ensure!(count > before, "the count went back"),
        }
        Ok(())
    }

    fn verify(&mut self, client: &HttpClient) -> Result<()> {
        for (object, acknowledged) in self.acknowledged.iter().take(LOOKED_AT) {
            let before = self.before.get(object).copied().unwrap_or(0);
            let count = self.count(client, *object)?;
            ensure!(
                count == before + acknowledged,
                "object {object} has counted from {before} to {count}, but {acknowledged} increments were acknowledged"
            );
        }
        Ok(())
    }
}

/// Ten counters that always change together, so their sum is ten times the transactions.
#[derive(Default)]
struct Transaction {
    acknowledged: u64,
    highest: u64,
    lowest: Option<u64>,
}

impl Workload for Transaction {
    fn path(&self, _number: u64) -> Cow<'static, str> {
        "/transaction/ten".into()
    }

    fn check(&mut self, _number: u64, answer: &[u8]) -> Result<()> {
        let total = number(answer)?;
        ensure!(total.is_multiple_of(10), "a transaction was half there");
        self.acknowledged += 1;
        self.highest = self.highest.max(total);
        self.lowest = Some(self.lowest.map_or(total, |lowest| lowest.min(total)));
        Ok(())
    }

    fn verify(&mut self, _client: &HttpClient) -> Result<()> {
        let lowest = self.lowest.unwrap_or(self.highest + 10);
        let transactions = (self.highest + 10 - lowest) / 10;
        ensure!(
            transactions == self.acknowledged,
            "{transactions} transactions happened and {} were acknowledged",
            self.acknowledged
        );
        Ok(())
    }
}
