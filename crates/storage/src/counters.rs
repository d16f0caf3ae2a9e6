//! How many rows a statement read and wrote: an estimate of what the reference counts.
//!
//! Differs: the reference counts single instructions of SQLite's virtual machine with a patch.
//! An unpatched SQLite tells how many rows changed and how many steps full scans took; how often
//! the other counted instructions ran is inferred from the compiled program (`EXPLAIN`), and only
//! when somebody asks. Exact for statements on one table that scan it, seek by key, insert, update
//! or delete; too low or too high for range scans that filter or aggregate, joins of more than two
//! tables, and programs that jump over the counted instructions. The tests list both kinds.
//!
//! Source: reference section 5.7.

use rusqlite::{Connection, Statement};
use std::cell::{OnceCell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;

/// Rows a statement has touched so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowCounters {
    /// Rows and index entries read.
    pub rows_read: u64,
    /// Rows and index entries written.
    pub rows_written: u64,
}

/// What is known about the text of a statement, shared by its runs.
#[derive(Debug)]
pub(crate) struct Program {
    text: Box<str>,
    columns: RefCell<Rc<[String]>>,
    shape: OnceCell<Shape>,
}

impl Program {
    pub(crate) fn new(text: &str) -> Self {
        Self {
            text: text.into(),
            columns: RefCell::default(),
            shape: OnceCell::new(),
        }
    }

    /// Returns the statement's column names, which can change whenever it is started.
    pub(crate) fn columns(&self, statement: &Statement<'_>) -> Rc<[String]> {
        let mut known = self.columns.borrow_mut();
        let names = statement.column_names();
        if names.len() != known.len() || !names.zip(known.iter()).all(|(now, then)| now == then) {
            *known = statement.column_names().map(str::to_owned).collect();
        }
        Rc::clone(&known)
    }

    /// Returns what the coming run of a statement that defines something will do; nothing for any other statement.
    ///
    /// Must be called before each such run: afterwards what it defines exists, so that the statement cannot be explained
    /// any more, or does nothing the next time (`IF NOT EXISTS`).
    pub(crate) fn definition(&self, sqlite: &Connection) -> Option<Rc<Shape>> {
        let defines = |word: &str| {
            self.text
                .trim_start()
                .get(..word.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(word))
        };
        ["create", "drop", "alter"]
            .into_iter()
            .any(defines)
            .then(|| Rc::new(explain(sqlite, &self.text).unwrap_or_default()))
    }

    fn shape(&self, sqlite: &Connection) -> &Shape {
        self.shape.get_or_init(|| {
            // What cannot be explained (a PRAGMA, a table dropped since) counts nothing.
            explain(sqlite, &self.text).unwrap_or_default()
        })
    }
}

/// What one run of a statement has done so far.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    pub(crate) program: Rc<Program>,
    /// What this run does, if it defines something: another run may do something else.
    definition: Option<Rc<Shape>>,
    /// Rows changed, by triggers and foreign key actions too.
    pub(crate) changes: u64,
    /// Rows returned.
    pub(crate) rows: u64,
    /// Steps to a next row in full scans.
    pub(crate) full_scan_steps: u64,
    /// Rows that were read ahead of the reader, beside the one that every cursor is ahead.
    pub(crate) rows_ahead: u64,
    /// The first row, if it is a single integer: what `SELECT count(*)` counted.
    pub(crate) sole_integer: u64,
}

impl Tally {
    pub(crate) fn new(program: Rc<Program>, definition: Option<Rc<Shape>>, changes: u64) -> Self {
        Self {
            program,
            definition,
            changes,
            rows: 0,
            full_scan_steps: 0,
            rows_ahead: 0,
            sole_integer: 0,
        }
    }

    pub(crate) fn counters(&self, sqlite: &Connection) -> RowCounters {
        let shape = match &self.definition {
            Some(definition) => definition,
            None => self.program.shape(sqlite),
        };
        let full_turns = self.full_scan_steps + shape.full_scans;
        let other_turns = self.rows.max(self.changes);
        // Each loop's first row is found by the seek or rewind before it, which counts itself.
        let other_steps = shape.other_loops * other_turns.saturating_sub(1);
        let rows_read = self.full_scan_steps
            + other_steps
            + shape.seeks_once
            + shape.seeks_in_full_scans * full_turns
            + shape.seeks_in_other_loops * other_turns
            + shape.counts.min(1) * self.sole_integer;
        let per_change = shape.change_ops + shape.index_inserts;
        let rows_written = match shape.change_ops {
            0 => self.changes,
            change_ops => self.changes * per_change / change_ops,
        };
        RowCounters {
            rows_read: rows_read.saturating_sub(self.rows_ahead),
            rows_written: rows_written + shape.schema_writes,
        }
    }
}

/// The counted instructions of a program, by where they stand.
#[derive(Debug, Default)]
pub(crate) struct Shape {
    seeks_once: u64,
    seeks_in_full_scans: u64,
    seeks_in_other_loops: u64,
    full_scans: u64,
    /// Loops over a range, over sorted rows or over a temporary table.
    other_loops: u64,
    /// Instructions that count a whole table or index.
    counts: u64,
    /// Instructions that count as a change of a row.
    change_ops: u64,
    /// Insertions into the indexes of changed rows.
    index_inserts: u64,
    /// Insertions that are no change of a program's row.
    schema_writes: u64,
}

struct Op {
    address: i64,
    name: String,
    p1: i64,
    p2: i64,
    p5: i64,
}

/// OPFLAG_NCHANGE: the instruction counts as a change.
const COUNTS_AS_CHANGE: i64 = 1;
/// SQLITE_STMTSTATUS_FULLSCAN_STEP in P5 of `Next`.
const IS_FULL_SCAN: i64 = 1;

fn explain(sqlite: &Connection, text: &str) -> rusqlite::Result<Shape> {
    let mut statement = sqlite.prepare(&format!("EXPLAIN {text}"))?;
    let mut rows = statement.raw_query();
    let mut shape = Shape::default();
    let mut program: Vec<Op> = Vec::new();
    while let Some(row) = rows.next()? {
        let op = Op {
            address: row.get(0)?,
            name: row.get(1)?,
            p1: row.get(2)?,
            p2: row.get(3)?,
            p5: row.get(6)?,
        };
        // The programs of triggers follow, each with addresses from 0.
        if op.address == 0 && !program.is_empty() {
            shape.add(&program);
            program.clear();
        }
        program.push(op);
    }
    shape.add(&program);
    Ok(shape)
}

impl Shape {
    fn add(&mut self, program: &[Op]) {
        let temporary: HashSet<i64> = program
            .iter()
            .filter(|op| matches!(op.name.as_str(), "OpenEphemeral" | "OpenAutoindex"))
            .map(|op| op.p1)
            .collect();
        let loops: Vec<Loop> = program.iter().filter_map(Loop::closed_by).collect();
        let mut found = Self::default();
        for op in program {
            match op.name.as_str() {
                "Next" | "Prev" | "VNext" | "SorterNext" => {
                    if op.p5 == IS_FULL_SCAN {
                        found.full_scans += 1;
                    } else {
                        found.other_loops += 1;
                    }
                }
                "Rewind" | "Sort" | "SorterSort" | "Last" | "SeekLT" | "SeekLE" | "SeekGE"
                | "SeekGT" | "SeekRowid" | "NotExists" => {
                    let inside = loops.iter().filter(|other| other.contains(op.address));
                    match inside.min_by_key(|other| other.to - other.from) {
                        None => found.seeks_once += 1,
                        Some(innermost) if innermost.is_full_scan => found.seeks_in_full_scans += 1,
                        Some(_) => found.seeks_in_other_loops += 1,
                    }
                }
                "Count" => found.counts += 1,
                "Delete" if op.p2 & COUNTS_AS_CHANGE != 0 => found.change_ops += 1,
                "Insert" | "IdxInsert" if temporary.contains(&op.p1) => {}
                "Insert" | "IdxInsert" if op.p5 & COUNTS_AS_CHANGE != 0 => found.change_ops += 1,
                "IdxInsert" => found.index_inserts += 1,
                "Insert" => found.schema_writes += 1,
                _ => {}
            }
        }
        // Index entries that belong to no change of a row are those of a new index or schema row.
        if found.change_ops == 0 {
            found.schema_writes += std::mem::take(&mut found.index_inserts);
        }
        self.seeks_once += found.seeks_once;
        self.seeks_in_full_scans += found.seeks_in_full_scans;
        self.seeks_in_other_loops += found.seeks_in_other_loops;
        self.full_scans += found.full_scans;
        self.other_loops += found.other_loops;
        self.counts += found.counts;
        self.change_ops += found.change_ops;
        self.index_inserts += found.index_inserts;
        self.schema_writes += found.schema_writes;
    }
}

/// The addresses between a backward jump and its target.
struct Loop {
    from: i64,
    to: i64,
    is_full_scan: bool,
}

impl Loop {
    fn closed_by(op: &Op) -> Option<Self> {
        let closes = match op.name.as_str() {
            "Next" | "Prev" | "VNext" | "SorterNext" => true,
            // Over the rows of a subprogram. Every program ends with a jump to address 1.
            "Goto" => op.p2 > 1,
            _ => false,
        };
        (closes && op.p2 < op.address).then_some(Self {
            from: op.p2,
            to: op.address,
            is_full_scan: op.name != "Goto" && op.p5 == IS_FULL_SCAN,
        })
    }

    fn contains(&self, address: i64) -> bool {
        (self.from..self.to).contains(&address)
    }
}
