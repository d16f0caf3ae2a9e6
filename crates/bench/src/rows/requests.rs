//! Requests whose answer is known before: no state changes, or none that is looked at.

use std::borrow::Cow;

use anyhow::{Result, ensure};
use stated_testkit::HttpClient;

use crate::row::{CONNECTIONS, Effort, Limit, MakeWorkload, Measure, Row};
use crate::target::get;
use crate::workload::Workload;

/// With large bodies fewer keep the server busy.
const ECHO_CONNECTIONS: usize = 8;
const ECHO_BYTES: usize = 1 << 20;

pub(super) fn stateless() -> Vec<Row> {
    vec![
        Row {
            limit: Some(Limit::Hyper),
            aim: Some(2.0),
            effort: Effort::Main,
            ..requests("hello", "stateless hello", "hello", |_| {
                fixed("/", b"hello")
            })
        },
        Row {
            measure: Measure::Requests(ECHO_CONNECTIONS, |_| Box::new(Echo::new())),
            ..requests("echo", "echo of a 1 MiB body", "hello", |_| fixed("/", b""))
        },
    ]
}

pub(super) fn hono() -> Vec<Row> {
    vec![
        requests("hono-get", "JSON API with hono: read", "hono", |_| {
            fixed(
                "/api/users/7",
                br#"{"id":"7","name":"Ada","tags":["a","b","c"]}"#,
            )
        }),
        requests("hono-post", "JSON API with hono: write", "hono", |_| {
            Box::new(Fixed {
                path: "/api/orders",
                body: br#"{"id":42,"items":[{"price":3,"count":2},{"price":5,"count":1}]}"#,
                answer: br#"{"id":42,"total":11}"#,
                before: None,
            })
        }),
    ]
}

pub(super) fn objects() -> Vec<Row> {
    vec![
        Row {
            aim: Some(5.0),
            ..requests("memory", "memory of an object", "objects", |_| {
                Box::new(Rising {
                    path: "/memory/one",
                })
            })
        },
        Row {
            aim: Some(5.0),
            effort: Effort::Main,
            ..requests("get", "storage get", "objects", |_| fixed("/get/one", b"0"))
        },
        requests("list", "list of 1,000 keys", "objects", |_| {
            Box::new(Fixed {
                path: "/list/shelf",
                body: b"",
                answer: b"499500",
                before: Some("/fill/shelf"),
            })
        }),
        requests(
            "chain",
            "RPC through a chain of 5 objects",
            "objects",
            |_| fixed("/chain/link-5", b"5"),
        ),
    ]
}

/// A row of requests with the usual settings.
pub(super) fn requests(
    name: &'static str,
    title: &'static str,
    project: &'static str,
    workload: MakeWorkload,
) -> Row {
    Row::new(
        name,
        title,
        project,
        Measure::Requests(CONNECTIONS, workload),
    )
}

fn fixed(path: &'static str, answer: &'static [u8]) -> Box<dyn Workload> {
    Box::new(Fixed {
        path,
        body: b"",
        answer,
        before: None,
    })
}

/// The same request again and again, with the same answer.
struct Fixed {
    path: &'static str,
    body: &'static [u8],
    answer: &'static [u8],
    /// What must be asked once before.
    before: Option<&'static str>,
}

impl Workload for Fixed {
    fn prepare(&mut self, client: &HttpClient) -> Result<()> {
        if let Some(path) = self.before {
            get(client, path)?;
        }
        Ok(())
    }

    fn path(&self, _number: u64) -> Cow<'static, str> {
        self.path.into()
    }

    fn body(&self) -> &[u8] {
        self.body
    }

    fn check(&mut self, _number: u64, answer: &[u8]) -> Result<()> {
        ensure!(answer == self.answer, "the answer is another");
        Ok(())
    }
}

/// A count in memory, which is above zero and goes away with its object.
struct Rising {
    path: &'static str,
}

impl Workload for Rising {
    fn path(&self, _number: u64) -> Cow<'static, str> {
        self.path.into()
    }

    fn check(&mut self, _number: u64, answer: &[u8]) -> Result<()> {
        ensure!(crate::workload::number(answer)? > 0, "nothing was counted");
        Ok(())
    }
}

/// A large body that comes back.
struct Echo(Vec<u8>);

impl Echo {
    fn new() -> Self {
        Self((0..ECHO_BYTES).map(|at| (at % 251) as u8).collect())
    }
}

impl Workload for Echo {
    fn path(&self, _number: u64) -> Cow<'static, str> {
        "/echo".into()
    }

    fn body(&self) -> &[u8] {
        &self.0
    }

    fn check(&mut self, _number: u64, answer: &[u8]) -> Result<()> {
        ensure!(
            answer == self.0,
            "{} bytes came back, and not the same",
            answer.len()
        );
        Ok(())
    }
}
