//! One line of the table: what is measured, on which project, and what it is held against.

use std::time::Duration;

use anyhow::Result;

use crate::target::Site;
use crate::workload::Workload;

/// A measurement that is made on both runtimes.
pub(crate) struct Row {
    /// The word for `--row`.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// The folder below `bench/`.
    pub(crate) project: &'static str,
    pub(crate) unit: Unit,
    pub(crate) measure: Measure,
    /// What the machine itself could do at most.
    pub(crate) limit: Option<Limit>,
    /// How many times as good as workerd it is meant to be.
    pub(crate) aim: Option<f64>,
    pub(crate) effort: Effort,
}

impl Row {
    /// A rate without an aim, measured as often as most.
    pub(crate) fn new(
        name: &'static str,
        title: &'static str,
        project: &'static str,
        measure: Measure,
    ) -> Self {
        Self {
            name,
            title,
            project,
            unit: Unit::PER_SECOND,
            measure,
            limit: None,
            aim: None,
            effort: Effort::Usual,
        }
    }
}

/// How a row is measured.
pub(crate) enum Measure {
    /// By HTTP requests on this many connections.
    Requests(usize, MakeWorkload),
    /// In a way of its own.
    Own(MeasureTarget),
}

/// The number is one that no other measurement of the run has: for objects that must be new.
pub(crate) type MakeWorkload = fn(u64) -> Box<dyn Workload>;
/// The number is as for [`MakeWorkload`]; the result is in the unit of the row.
pub(crate) type MeasureTarget = fn(&Site, &Pace, u64) -> Result<f64>;

/// Connections of most rows.
pub(crate) const CONNECTIONS: usize = 32;

/// How many times and how long a row is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// As the others, and with latencies at half the peak rate; its ratio is kept and compared.
    Main,
    Usual,
    /// As most, but one round with `--quick`: it takes long.
    OnceIfQuick,
    /// One round: it takes long, or hardly varies.
    Once,
    /// One round, and none with `--quick`.
    OnceInFull,
}

/// What the numbers count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) name: &'static str,
    pub(crate) better: Better,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Better {
    More,
    Less,
}

impl Unit {
    pub(crate) const PER_SECOND: Self = Self {
        name: "/s",
        better: Better::More,
    };
    pub(crate) const MS: Self = Self {
        name: "ms",
        better: Better::Less,
    };
    pub(crate) const KIB: Self = Self {
        name: "KiB",
        better: Better::Less,
    };
    pub(crate) const DESCRIPTORS: Self = Self {
        name: "fds",
        better: Better::Less,
    };

    /// How many times as good `ours` is as `theirs`.
    pub(crate) fn ratio(self, ours: f64, theirs: f64) -> f64 {
        // A size of nothing is measured as nothing; a hundredth keeps the ratio a number.
        let at_least = |value: f64| value.max(0.01);
        match self.better {
            Better::More => ours / at_least(theirs),
            Better::Less => at_least(theirs) / at_least(ours),
        }
    }
}

/// The machine without a runtime, for comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// hyper answering with a constant.
    Hyper,
    /// tungstenite sending every message back.
    WebSocket,
    /// A loop of append and fdatasync, with as many bytes as stated writes for the same commits.
    Disk,
}

impl Limit {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Hyper => "bare hyper",
            Self::WebSocket => "bare tungstenite",
            Self::Disk => "append + fdatasync",
        }
    }
}

/// How much is done in a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// One measurement of a rate.
    pub(crate) duration: Duration,
    pub(crate) rounds: usize,
    /// How often each latency of the main rows is taken.
    pub(crate) latency_rounds: usize,
    /// Objects of the rows about memory and waking.
    pub(crate) objects: usize,
    pub(crate) quick: bool,
}

impl Pace {
    pub(crate) const FULL: Self = Self {
        duration: Duration::from_millis(2000),
        rounds: 3,
        latency_rounds: 3,
        objects: 2000,
        quick: false,
    };
    pub(crate) const QUICK: Self = Self {
        duration: Duration::from_millis(400),
        rounds: 3,
        latency_rounds: 1,
        objects: 500,
        quick: true,
    };

    /// How many rounds a row gets; none when it is left out.
    pub(crate) fn rounds_of(&self, row: &Row) -> usize {
        match row.effort {
            Effort::Main | Effort::Usual => self.rounds,
            Effort::OnceIfQuick if self.quick => 1,
            Effort::OnceIfQuick => self.rounds,
            Effort::Once => 1,
            Effort::OnceInFull => usize::from(!self.quick),
        }
    }
}
