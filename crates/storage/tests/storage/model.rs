//! Random programs of writes, savepoints, turns, aborts and crashes against a map.

use std::collections::BTreeMap;

use proptest::prelude::*;
use stated_storage::{Database, ListOptions, SavepointEnd};

use crate::fixture::{Fixture, integer, rows, text};

#[derive(Clone, Debug)]
enum Step {
    Put(u8, u8),
    Delete(u8),
    Insert(u8),
    SetAlarm(Option<i64>),
    Begin,
    End(bool),
    EndTurn,
    Discard,
    DeleteAll,
    /// Dropped in the middle of whatever it is doing, and opened again.
    Reopen,
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..8u8, any::<u8>()).prop_map(|(key, value)| Step::Put(key, value)),
        3 => (0..8u8).prop_map(Step::Delete),
        3 => any::<u8>().prop_map(Step::Insert),
        2 => prop::option::of(1..9i64).prop_map(Step::SetAlarm),
        2 => Just(Step::Begin),
        3 => any::<bool>().prop_map(Step::End),
        4 => Just(Step::EndTurn),
        1 => Just(Step::Discard),
        1 => Just(Step::DeleteAll),
        1 => Just(Step::Reopen),
        1 => Just(Step::Close),
    ]
}

/// Everything an object can store, as plain data.
#[derive(Clone, Debug, Default, PartialEq)]
struct State {
    keys: BTreeMap<String, Vec<u8>>,
    /// `None` while the table does not exist.
    table: Option<Vec<i64>>,
    alarm: Option<i64>,
}

#[derive(Default)]
struct Model {
    committed: State,
    now: State,
    savepoints: Vec<State>,
}

impl Model {
    fn commit(&mut self) {
        if self.savepoints.is_empty() {
            self.committed = self.now.clone();
        }
    }

    fn lose(&mut self) {
        self.savepoints.clear();
        self.now = self.committed.clone();
    }
}

fn key(number: u8) -> String {
    // Prefixes of each other, and beyond ASCII: the order is part of the comparison.
    ["a", "aa", "a\0", "b", "é", "\u{ffff}", "\u{10000}", ""][usize::from(number)].to_owned()
}

fn apply(fixture: &Fixture, mut database: Database, model: &mut Model, step: &Step) -> Database {
    match step {
        Step::Put(number, value) => {
            database.kv_put(&key(*number), &[*value]).unwrap();
            model.now.keys.insert(key(*number), vec![*value]);
        }
        Step::Delete(number) => {
            let existed = database.kv_delete(&key(*number)).unwrap();
            assert_eq!(existed, model.now.keys.remove(&key(*number)).is_some());
        }
        Step::Insert(value) => {
            let sql = format!("CREATE TABLE IF NOT EXISTS t (x); INSERT INTO t VALUES ({value})");
            rows(&mut database, &sql, &[]).unwrap();
            let table = model.now.table.get_or_insert_default();
            table.push(i64::from(*value));
        }
        Step::SetAlarm(at) => {
            database.set_alarm(*at).unwrap();
            model.now.alarm = *at;
        }
        Step::Begin => {
            database.savepoint_begin().unwrap();
            model.savepoints.push(model.now.clone());
        }
        Step::End(commit) => {
            if let Some(before) = model.savepoints.pop() {
                if *commit {
                    database.savepoint_end(SavepointEnd::Commit).unwrap();
                } else {
                    database.savepoint_end(SavepointEnd::RollBack).unwrap();
                    model.now = before;
                }
            }
        }
        Step::EndTurn => {
            database.end_turn().unwrap();
            model.commit();
        }
        Step::Discard => {
            database.discard();
            model.lose();
        }
        Step::DeleteAll => {
            let deleted = database.delete_all(stated_storage::AlarmFate::Keep);
            assert_eq!(deleted.is_ok(), model.savepoints.is_empty());
            if deleted.is_ok() {
                model.now = State {
                    alarm: model.now.alarm,
                    ..State::default()
                };
                model.commit();
            }
        }
        Step::Reopen => {
            drop(database);
            model.lose();
            return fixture.open("o.sqlite");
        }
        Step::Close => {
            database.close().unwrap();
            model.lose();
            return fixture.open("o.sqlite");
        }
    }
    database
}

fn state(database: &mut Database) -> State {
    let table_exists = rows(
        database,
        "SELECT 1 FROM sqlite_master WHERE name = ?",
        &[text("t")],
    );
    State {
        keys: database
            .kv_list(&ListOptions::default())
            .unwrap()
            .into_iter()
            .collect(),
        table: (!table_exists.unwrap().is_empty()).then(|| {
            (0..integer(database, "SELECT count(*) FROM t"))
                .map(|row| {
                    integer(
                        database,
                        &format!("SELECT x FROM t WHERE rowid = {row} + 1"),
                    )
                })
                .collect()
        }),
        alarm: database.alarm().unwrap(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_database_behaves_like_a_map_with_undo(steps in prop::collection::vec(step(), 1..60)) {
        let fixture = Fixture::new();
        let mut database = fixture.open("o.sqlite");
        let mut model = Model::default();
        for step in &steps {
            database = apply(&fixture, database, &mut model, step);
            prop_assert_eq!(&state(&mut database), &model.now, "after {:?}", step);
        }
        drop(database);
        model.lose();
        prop_assert_eq!(&state(&mut fixture.open("o.sqlite")), &model.now);
    }

    #[test]
    fn a_listing_is_a_range_of_the_map(
        numbers in prop::collection::vec(0..8u8, 0..8),
        start in prop::option::of(0..8u8),
        start_after in prop::option::of(0..8u8),
        end in prop::option::of(0..8u8),
        prefix in prop::option::of(0..8u8),
        reverse in any::<bool>(),
        limit in prop::option::of(0..9u64),
    ) {
        let fixture = Fixture::new();
        let mut database = fixture.open("o.sqlite");
        let mut keys: Vec<String> = numbers.iter().map(|&number| key(number)).collect();
        for key in &keys {
            database.kv_put(key, b"").unwrap();
        }
        let bounds = [start, start_after, end, prefix].map(|bound| bound.map(key));
        let [start, start_after, end, prefix] = &bounds;
        let options = ListOptions {
            start: start.as_deref(),
            start_after: start_after.as_deref(),
            end: end.as_deref(),
            prefix: prefix.as_deref(),
            reverse,
            limit,
        };

        keys.sort();
        keys.dedup();
        keys.retain(|key| {
            start.as_ref().is_none_or(|start| key >= start)
                && start_after.as_ref().is_none_or(|start| key > start)
                && end.as_ref().is_none_or(|end| key < end)
                && prefix.as_ref().is_none_or(|prefix| key.starts_with(prefix.as_str()))
        });
        if reverse {
            keys.reverse();
        }
        keys.truncate(limit.map_or(usize::MAX, |limit| limit as usize));

        let listed: Vec<String> =
            database.kv_list(&options).unwrap().into_iter().map(|(key, _)| key).collect();
        prop_assert_eq!(&listed, &keys);
        let iterator = database.kv_iterate(&options).unwrap();
        let mut iterated = Vec::new();
        while let Some((key, _)) = database.kv_next(iterator).unwrap() {
            iterated.push(key);
        }
        prop_assert_eq!(&iterated, &keys);
    }
}
