//! Lanes under power failures and failing disks.
//!
//! A power failure is simulated by choosing what of the objects' own files had reached the disk: of
//! what nothing has synced, anything. The lane has what was reported, and any part of what was
//! written to it later.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use stated_storage::{Committer, DataFolder, Database, ListOptions};
use tempfile::TempDir;

use crate::fixture::{Fixture, copy_folder};
use crate::store::{EIO, ENOSPC, Fault};

type Contents = Vec<(String, Vec<u8>)>;

fn contents(database: &mut Database) -> Contents {
    database.kv_list(&ListOptions::default()).unwrap()
}

/// Writes one key in a turn of its own.
fn put(database: &mut Database, key: &str, value: &[u8]) {
    database.kv_put(key, value).unwrap();
    database.end_turn().unwrap();
}

fn value(database: &mut Database, key: &str) -> Option<Vec<u8>> {
    database.kv_get(key).unwrap()
}

/// The segments of the only lane in a folder, oldest first.
fn segments(folder: &Path) -> Vec<PathBuf> {
    let lane = folder.join("lanes").join("test");
    let mut paths: Vec<PathBuf> = fs::read_dir(lane)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

fn segment(folder: &Path) -> PathBuf {
    let [path] = segments(folder).try_into().unwrap();
    path
}

/// The database and the WAL of an object.
fn files(folder: &Path, name: &str) -> [PathBuf; 2] {
    [folder.join(name), folder.join(format!("{name}-wal"))]
}

fn remove(path: &Path) {
    if path.exists() {
        fs::remove_file(path).unwrap();
    }
}

/// A folder with the lanes of one and the objects' files of another.
fn lanes_and_files(lanes: &Path, objects: &Path) -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(objects, folder.path());
    let old = folder.path().join("lanes");
    if old.exists() {
        fs::remove_dir_all(&old).unwrap();
    }
    if lanes.join("lanes").exists() {
        fs::create_dir(&old).unwrap();
        copy_folder(&lanes.join("lanes"), &old);
    }
    Fixture::in_folder(folder)
}

#[test]
fn commits_of_objects_whose_files_are_all_lost_come_back() {
    let fixture = Fixture::new();
    let mut one = fixture.open("1.sqlite");
    let mut two = fixture.open("2.sqlite");
    for round in 0..5u8 {
        put(&mut one, "a", &[round]);
        put(&mut two, "b", &vec![round; 10_000]);
    }
    fixture.wait(&one);
    fixture.wait(&two);
    let nothing = tempfile::tempdir().unwrap();

    let after = lanes_and_files(fixture.copy().path(), nothing.path());

    assert!(segments(after.folder()).is_empty());
    assert_eq!(value(&mut after.open("1.sqlite"), "a"), Some(vec![4]));
    assert_eq!(
        value(&mut after.open("2.sqlite"), "b"),
        Some(vec![4; 10_000])
    );
}

#[test]
fn a_lane_cut_anywhere_gives_whole_turns_before_the_cut() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    let mut ends = Vec::new();
    for round in 1..=3u8 {
        database.kv_put("a", &[round]).unwrap();
        database.kv_put("b", &vec![round; 3000]).unwrap();
        database.end_turn().unwrap();
        fixture.wait(&database);
        let bytes = fs::read(segment(fixture.folder())).unwrap();
        ends.push(bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1);
    }
    let whole = fixture.copy();
    let bytes = fs::read(segment(whole.path())).unwrap();

    let cuts = (4096..ends[2] + 8).step_by(151).chain(ends.clone());
    for cut in cuts {
        let folder = tempfile::tempdir().unwrap();
        copy_folder(whole.path(), folder.path());
        files(folder.path(), "o.sqlite")
            .iter()
            .for_each(|path| remove(path));
        let mut torn = bytes.clone();
        torn.resize(cut.max(torn.len()), 0);
        torn[cut..].fill(0);
        fs::write(segment(folder.path()), torn).unwrap();

        let after = Fixture::in_folder(folder);
        let mut database = after.open("o.sqlite");
        let turns = ends.iter().filter(|end| **end <= cut).count() as u8;
        let kept = value(&mut database, "a").map_or(0, |value| value[0]);

        assert_eq!(kept, turns, "{cut}");
        if kept > 0 {
            assert_eq!(value(&mut database, "b"), Some(vec![kept; 3000]), "{cut}");
        }
    }
}

#[test]
fn damage_before_intact_commits_is_named_and_nothing_is_touched() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    for round in 0..3u8 {
        put(&mut database, "a", &[round]);
        fixture.wait(&database);
    }
    let folder = fixture.copy();
    let path = segment(folder.path());
    let mut bytes = fs::read(&path).unwrap();
    bytes[4200] ^= 1;
    fs::write(&path, bytes).unwrap();
    let before = fs::read(&files(folder.path(), "o.sqlite")[1]).unwrap();

    let error = DataFolder::open(folder.path()).unwrap_err();

    assert_eq!(
        error.to_string(),
        format!(
            "lane `{}` is damaged at byte 4096 and intact after it; restore it, or move it away to \
             go on with what the objects' own files have",
            path.display()
        )
    );
    assert_eq!(
        fs::read(&files(folder.path(), "o.sqlite")[1]).unwrap(),
        before
    );
    remove(&path);
    assert_eq!(
        value(&mut Fixture::in_folder(folder).open("o.sqlite"), "a"),
        Some(vec![2])
    );
}

#[test]
fn commits_after_a_checkpoint_come_back_over_what_it_left() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    let mut round = 0u8;
    while fs::metadata(fixture.path("o.sqlite")).map_or(0, |file| file.len()) < 100_000 {
        put(&mut database, "a", &vec![round; 300_000]);
        round += 1;
    }
    let at_checkpoint = fixture.copy();
    put(&mut database, "b", b"after");
    fixture.wait(&database);

    // Nothing has synced the files since the checkpoint.
    let after = lanes_and_files(fixture.copy().path(), at_checkpoint.path());

    let mut reopened = after.open("o.sqlite");
    assert_eq!(value(&mut reopened, "b"), Some(b"after".to_vec()));
    assert_eq!(value(&mut reopened, "a"), Some(vec![round - 1; 300_000]));
}

#[test]
fn a_wal_begun_anew_that_is_in_no_lane_gives_way_to_the_old_one() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    let mut round = 0u8;
    while fs::metadata(fixture.path("o.sqlite")).map_or(0, |file| file.len()) < 100_000 {
        put(&mut database, "a", &vec![round; 300_000]);
        round += 1;
    }
    let at_checkpoint = fixture.copy();
    let reported = contents(&mut database);
    for length in [10, 500_000, 2_000_000] {
        put(&mut database, "a", &vec![round; length]);

        // The new WAL is on the disk, the lane is as it was.
        let after = lanes_and_files(at_checkpoint.path(), fixture.copy().path());

        let mut reopened = after.open("o.sqlite");
        let kept = contents(&mut reopened);
        assert!(
            kept == reported || kept == contents(&mut database),
            "{length}"
        );
        put(&mut reopened, "more", b"1");
        let integrity = crate::fixture::run(&mut reopened, "PRAGMA quick_check");
        assert_eq!(integrity, [[crate::fixture::text("ok")]]);
    }
}

#[test]
fn commits_that_could_not_be_logged_do_not_harm_those_after_them() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    put(&mut database, "a", b"logged");
    fixture.wait(&database);
    fixture.store.set_fault(Fault::Write(ENOSPC));
    put(&mut database, "b", b"not logged");
    let failure = fixture.failure();
    fixture.store.set_fault(Fault::None);
    drop(database);

    let mut database = fixture.open("o.sqlite");
    assert_eq!(value(&mut database, "b"), Some(b"not logged".to_vec()));
    // Before it was readable the WAL was synced.
    let reopened = fixture.copy();
    put(&mut database, "c", b"logged as well");
    fixture.wait(&database);

    assert_eq!(
        failure,
        format!(
            "append to lane `{}`: No space left on device (os error 28)",
            segment(fixture.folder()).display()
        )
    );
    let after = lanes_and_files(fixture.copy().path(), reopened.path());
    assert_eq!(
        contents(&mut after.open("o.sqlite")),
        contents(&mut database)
    );
    // The log before the failure must not be written over what a checkpoint did with those commits.
    let mut round = 0u8;
    while fs::metadata(fixture.path("o.sqlite")).map_or(0, |file| file.len()) < 100_000 {
        put(&mut database, "a", &vec![round; 300_000]);
        round += 1;
    }
    let at_checkpoint = fixture.copy();
    let reported = contents(&mut database);
    // Begins a new WAL, over the place of what could not be logged.
    put(&mut database, "d", &[1; 200_000]);
    let after = lanes_and_files(at_checkpoint.path(), fixture.copy().path());
    let kept = contents(&mut after.open("o.sqlite"));
    assert!(kept == reported || kept == contents(&mut database));
}

#[test]
fn a_commit_that_could_not_be_logged_is_not_checkpointed() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    put(&mut database, "a", b"1");
    fixture.wait(&database);
    fixture.store.set_fault(Fault::Write(ENOSPC));

    // More pages than the WAL may grow by.
    put(&mut database, "b", &vec![1; 4_100_000]);

    assert_eq!(fs::metadata(fixture.path("o.sqlite")).unwrap().len(), 4096);
    drop(database);
    fixture.store.set_fault(Fault::None);
    let mut database = fixture.open("o.sqlite");
    put(&mut database, "c", b"2");
    assert!(fs::metadata(fixture.path("o.sqlite")).unwrap().len() > 4_000_000);
}

#[test]
fn a_full_disk_refuses_commits_and_nothing_else_until_there_is_space() {
    let fixture = Fixture::new();
    fixture.store.set_fault(Fault::Create(ENOSPC));
    let mut database = fixture.open("o.sqlite");
    put(&mut database, "a", b"1");
    let path = fixture.folder().join("lanes/test/0000000000000001.lane");
    let message = format!(
        "create lane `{}`: No space left on device (os error 28)",
        path.display()
    );
    assert_eq!(fixture.failure(), message);
    drop(database);

    let mut database = fixture.open("o.sqlite");
    assert_eq!(value(&mut database, "a"), Some(b"1".to_vec()));
    put(&mut database, "b", b"2");
    assert_eq!(fixture.failure(), message);
    drop(database);

    fixture.store.set_fault(Fault::None);
    let mut database = fixture.open("o.sqlite");
    put(&mut database, "c", b"3");
    fixture.wait(&database);
    assert_eq!(contents(&mut database).len(), 3);
}

#[test]
fn after_a_failed_sync_the_lane_makes_nothing_durable_any_more() {
    let fixture = Fixture::new();
    let mut one = fixture.open("1.sqlite");
    put(&mut one, "a", b"1");
    fixture.wait(&one);
    let message = format!(
        "sync lane `{}`: Input/output error (os error 5)",
        segment(fixture.folder()).display()
    );
    fixture.store.set_fault(Fault::Sync(EIO));
    put(&mut one, "a", b"2");
    assert_eq!(fixture.failure(), message);
    fixture.store.set_fault(Fault::None);

    let mut two = fixture.open("2.sqlite");
    put(&mut two, "a", b"1");

    assert_eq!(fixture.failure(), message);
    drop((one, two));
    let folder = fixture.end();
    assert_eq!(segments(folder.path()).len(), 1);
}

#[test]
fn a_commit_too_large_for_the_lane_is_made_durable_in_its_own_files() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    put(&mut database, "a", b"1");
    fixture.wait(&database);
    assert_eq!(fixture.store.settled(), 0);
    for part in 0..3u8 {
        database
            .kv_put(&format!("b{part}"), &vec![part; 1_500_000])
            .unwrap();
    }
    database.end_turn().unwrap();
    fixture.wait(&database);
    assert_eq!(fixture.store.settled(), 1);
    let settled = fixture.copy();
    put(&mut database, "c", b"3");
    fixture.wait(&database);

    let after = lanes_and_files(fixture.copy().path(), settled.path());

    assert_eq!(
        contents(&mut after.open("o.sqlite")),
        contents(&mut database)
    );
}

#[test]
fn an_object_deleted_after_its_close_does_not_come_back() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    put(&mut database, "a", b"1");
    database.close().unwrap();
    files(fixture.folder(), "o.sqlite")
        .iter()
        .for_each(|path| remove(path));

    let after = Fixture::in_folder(fixture.copy());
    assert!(!after.path("o.sqlite").exists());
    let mut database = fixture.open("o.sqlite");
    put(&mut database, "b", b"2");
    fixture.wait(&database);
    let nothing = tempfile::tempdir().unwrap();
    let after = lanes_and_files(fixture.copy().path(), nothing.path());
    assert_eq!(
        contents(&mut after.open("o.sqlite")),
        [("b".to_owned(), b"2".to_vec())]
    );
}

#[test]
fn a_forgotten_object_does_not_come_back() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    put(&mut database, "a", b"1");
    drop(database);

    fixture.lane().forget(&fixture.path("o.sqlite")).unwrap();
    files(fixture.folder(), "o.sqlite")
        .iter()
        .for_each(|path| remove(path));

    let after = Fixture::in_folder(fixture.copy());
    assert!(!after.path("o.sqlite").exists());
}

#[test]
fn a_file_that_was_made_for_nothing_is_synced_before_its_first_commit() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    database.kv_put("a", b"never committed").unwrap();
    drop(database);
    let mut database = fixture.open("o.sqlite");
    assert_eq!(value(&mut database, "a"), None);
    // The opening has synced it.
    let opened = fixture.copy();
    put(&mut database, "a", b"1");
    fixture.wait(&database);

    let after = lanes_and_files(fixture.copy().path(), opened.path());

    assert_eq!(value(&mut after.open("o.sqlite"), "a"), Some(b"1".to_vec()));
}

#[test]
fn full_segments_are_given_up_in_order() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    for round in 0..40u8 {
        put(&mut database, "a", &vec![round; 1_000_000]);
        assert!(segments(fixture.folder()).len() <= 4);
    }
    fixture.wait(&database);
    assert!(fixture.store.settled() >= 3);

    let after = Fixture::in_folder(fixture.copy());

    assert_eq!(
        value(&mut after.open("o.sqlite"), "a"),
        Some(vec![39; 1_000_000])
    );
}

#[test]
fn segments_that_cannot_be_given_up_are_kept_until_there_is_no_room() {
    let fixture = Fixture::new();
    fixture.store.set_fault(Fault::Settle(EIO));
    let mut database = fixture.open("o.sqlite");
    let mut durable = 0;
    let message = loop {
        put(&mut database, "a", &vec![durable; 1_000_000]);
        match fixture.reports.recv().unwrap().result {
            Ok(()) => durable += 1,
            Err(error) => break error.to_string(),
        }
    };

    assert_eq!(segments(fixture.folder()).len(), 4);
    assert!(message.starts_with("sync file system of `"), "{message}");
    assert!(
        message.ends_with("Input/output error (os error 5)"),
        "{message}"
    );
    let after = Fixture::in_folder(fixture.copy());
    let kept = value(&mut after.open("o.sqlite"), "a").unwrap();
    assert!(kept[0] >= durable - 1);
}

#[test]
fn a_segment_whose_removal_was_undone_is_not_replayed_over_a_gap() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    put(&mut database, "a", b"1");
    fixture.wait(&database);
    let first = fs::read(segment(fixture.folder())).unwrap();
    let mut round = 0u8;
    while segments(fixture.folder())
        .first()
        .is_none_or(|path| !path.ends_with("0000000000000003.lane"))
    {
        put(&mut database, "a", &vec![round; 1_000_000]);
        fixture.wait(&database);
        round += 1;
    }
    put(&mut database, "a", b"last");
    fixture.wait(&database);
    let folder = fixture.copy();
    fs::write(
        folder.path().join("lanes/test/0000000000000001.lane"),
        first,
    )
    .unwrap();

    let after = Fixture::in_folder(folder);

    assert_eq!(
        value(&mut after.open("o.sqlite"), "a"),
        Some(b"last".to_vec())
    );
}

#[test]
fn a_real_lane_is_gone_after_an_orderly_end_and_the_files_stand_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = DataFolder::open(folder.path()).unwrap();
    let committer = Committer::spawn_with_log(data.lane("0-0").unwrap(), drop).unwrap();
    let mut database = Database::open(
        &folder.path().join("o.sqlite"),
        stated_storage::DatabaseOptions {
            backend: stated_storage::Backend::Sqlite { sql_enabled: true },
            alarm: None,
        },
        &committer.lane(),
    )
    .unwrap();
    for round in 0..40u8 {
        put(&mut database, "a", &vec![round; 1_000_000]);
    }
    let lane = folder.path().join("lanes/0-0");
    assert!(lane.exists());
    drop(database);
    drop(committer);

    assert!(!lane.exists());
    let plain = rusqlite::Connection::open(folder.path().join("o.sqlite")).unwrap();
    let length: i64 = plain
        .query_row("SELECT length(value) FROM _cf_KV", [], |row| row.get(0))
        .unwrap();
    assert_eq!(length, 1_000_000);
}

#[derive(Clone, Debug)]
enum Step {
    Put {
        object: usize,
        key: u8,
        length: usize,
        byte: u8,
    },
    EndTurn(usize),
    Evict(usize),
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..3usize, 0..4u8, 0..9000usize, 1..255u8)
            .prop_map(|(object, key, length, byte)| Step::Put { object, key, length, byte }),
        4 => (0..3usize).prop_map(Step::EndTurn),
        1 => (0..3usize).prop_map(Step::Evict),
        1 => Just(Step::Wait),
    ]
}

/// Leaves of a WAL what had reached the disk: some of its pages, up to some length, or nothing.
fn wal_survives(path: &Path, choices: &[bool], length: usize) {
    let Ok(mut bytes) = fs::read(path) else {
        return;
    };
    for (page, choice) in bytes.chunks_mut(4096).zip(choices.iter().cycle()) {
        if !choice {
            page.fill(0);
        }
    }
    bytes.truncate(length);
    match choices[0] || length.is_multiple_of(2) {
        true => fs::write(path, bytes).unwrap(),
        false => fs::remove_file(path).unwrap(),
    }
}

/// Leaves of a new database file its page, zeros, its name, or nothing.
fn database_survives(path: &Path, choice: usize) {
    if path.exists() {
        match choice {
            0 => fs::remove_file(path).unwrap(),
            1 => fs::write(path, []).unwrap(),
            2 => fs::write(path, [0; 4096]).unwrap(),
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// The objects' files are never synced in these runs, so a power failure may take any of them.
    #[test]
    fn every_reported_turn_survives_any_power_failure(
        steps in prop::collection::vec(step(), 1..60),
        choices in prop::collection::vec(any::<bool>(), 7),
        length in 0..100_000usize,
        database_choice in 0..4usize,
        cut in any::<prop::sample::Index>(),
    ) {
        let names = ["0.sqlite", "1.sqlite", "2.sqlite"];
        let fixture = Fixture::new();
        let mut databases: Vec<Database> = names.iter().map(|name| fixture.open(name)).collect();
        let mut turns: Vec<Vec<Contents>> = vec![vec![Vec::new()]; 3];
        let mut reported = [0; 3];
        let mut lane_reported: Option<TempDir> = None;
        for step in steps {
            match step {
                Step::Put { object, key, length, byte } => {
                    databases[object].kv_put(&key.to_string(), &vec![byte; length]).unwrap();
                }
                Step::EndTurn(object) => {
                    if databases[object].end_turn().unwrap().is_some() {
                        turns[object].push(contents(&mut databases[object]));
                    }
                }
                // Without a commit, opening it again would sync its file.
                Step::Evict(object) if turns[object].len() == 1 => {}
                Step::Evict(object) => {
                    databases[object].discard();
                    databases[object] = fixture.open(names[object]);
                    reported[object] = turns[object].len() - 1;
                    lane_reported = Some(fixture.copy());
                }
                Step::Wait => {
                    for object in 0..3 {
                        fixture.wait(&databases[object]);
                        reported[object] = turns[object].len() - 1;
                    }
                    lane_reported = Some(fixture.copy());
                }
            }
        }
        drop(databases);

        let folder = fixture.copy();
        if let [path] = &segments(folder.path())[..] {
            let old = lane_reported.and_then(|copy| segments(copy.path()).first().map(fs::read));
            let mut bytes = fs::read(path).unwrap();
            bytes.truncate(cut.index(bytes.len()).max(4096));
            if let Some(Ok(old)) = old
                && let Some(rest) = old.get(bytes.len()..)
            {
                bytes.extend(rest);
            }
            fs::write(path, bytes).unwrap();
        }
        for name in names {
            let [database, wal] = files(folder.path(), name);
            database_survives(&database, database_choice);
            wal_survives(&wal, &choices, length);
        }
        let after = Fixture::in_folder(folder);
        for object in 0..3 {
            let mut database = after.open(names[object]);
            let kept = contents(&mut database);
            prop_assert!(
                turns[object][reported[object]..].contains(&kept),
                "object {object}: {} turns, {} reported",
                turns[object].len() - 1,
                reported[object]
            );
        }
    }
}
