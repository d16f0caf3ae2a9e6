//! Lanes under power failures and failing disks.
//!
//! A power failure leaves what was synced, and any part of what was written later: of the lane a
//! prefix of its last batch, of the bases nothing that SQLite would not survive. Bases that are older
//! than the lane, as far back as the last release of a segment, are what a crash before their sync
//! leaves.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use stated_storage::{Committer, DataFolder, Database, ListOptions, SavepointEnd};
use tempfile::TempDir;

use crate::fixture::{Fixture, copy_folder, integer, run};
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

/// Bytes that cannot be compressed.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2) + 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    std::iter::repeat_with(next).take(length).collect()
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

/// A folder with the lanes of one and the bases of another.
fn lanes_and_bases(lanes: &Path, bases: &Path) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(bases, folder.path());
    let old = folder.path().join("lanes");
    if old.exists() {
        fs::remove_dir_all(&old).unwrap();
    }
    if lanes.join("lanes").exists() {
        fs::create_dir(&old).unwrap();
        copy_folder(&lanes.join("lanes"), &old);
    }
    folder
}

#[test]
fn commits_of_objects_whose_bases_are_all_lost_come_back() {
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

    let folder = lanes_and_bases(fixture.copy().path(), nothing.path());
    let after = Fixture::in_folder(folder);

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
        database.kv_put("b", &noise(2000, round.into())).unwrap();
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
            let expected = Some(noise(2000, kept.into()));
            assert_eq!(value(&mut database, "b"), expected, "{cut}");
        }
    }
}

#[test]
fn damage_between_records_is_named_and_nothing_is_touched() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    for round in 0..3u8 {
        put(&mut database, "a", &[round]);
        fixture.wait(&database);
    }
    let folder = fixture.copy();
    let path = segment(folder.path());
    let mut bytes = fs::read(&path).unwrap();
    // In the table of the first batch.
    bytes[4096 + 60] ^= 1;
    fs::write(&path, &bytes).unwrap();

    let error = DataFolder::open(folder.path()).unwrap_err();

    assert_eq!(
        error.to_string(),
        format!(
            "lane `{}` is damaged at byte 4096 and intact after it; restore it, or move it away to \
             go on without the commits that only it has",
            path.display()
        )
    );
    assert_eq!(fs::read(&path).unwrap(), bytes);
    fs::remove_file(&path).unwrap();
    assert_eq!(
        value(&mut Fixture::in_folder(folder).open("o.sqlite"), "a"),
        None
    );
}

#[test]
fn a_damaged_commit_fails_its_object_and_no_other() {
    let fixture = Fixture::new();
    let mut bad = fixture.open("bad.sqlite");
    put(&mut bad, "a", &noise(3000, 1));
    fixture.wait(&bad);
    let mut good = fixture.open("good.sqlite");
    put(&mut good, "a", b"1");
    fixture.wait(&good);
    let folder = fixture.copy();
    let path = segment(folder.path());
    let mut bytes = fs::read(&path).unwrap();
    let place = bytes
        .windows(8)
        .position(|part| part == &noise(3000, 1)[500..508]);
    bytes[place.unwrap()] ^= 1;
    fs::write(&path, bytes).unwrap();

    let after = Fixture::in_folder(folder);

    assert_eq!(value(&mut after.open("good.sqlite"), "a"), Some(vec![b'1']));
    let mut bad = after.open("bad.sqlite");
    let expected = format!(
        "what is stored of object `bad` is damaged: its commit 1 in lane `{}` is unreadable; other \
         objects are not concerned. Put it back to an earlier state with `stated objects \
         restore`, or put a copy in its place with `stated objects import`",
        segment_name(after.folder()).display()
    );
    assert_eq!(bad.kv_get("a").unwrap_err().to_string(), expected);
    assert_eq!(bad.kv_put("a", b"2").unwrap_err().to_string(), expected);
    drop(bad);
    let error = after.open("bad.sqlite").kv_get("a").unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[test]
fn what_was_committed_before_a_damaged_commit_can_be_restored() {
    let fixture = Fixture::new();
    let mut database = fixture.open("bad.sqlite");
    for round in 1..=5 {
        put(&mut database, "a", &noise(3000, round));
        fixture.wait(&database);
    }
    let folder = fixture.copy();
    let path = segment(folder.path());
    let mut bytes = fs::read(&path).unwrap();
    let part = &noise(3000, 4)[500..508];
    let place = bytes.windows(8).position(|found| found == part);
    bytes[place.unwrap()] ^= 1;
    fs::write(&path, bytes).unwrap();

    let after = Fixture::in_folder(folder);

    let error = after.open("bad.sqlite").kv_get("a").unwrap_err();
    assert!(
        error.to_string().contains("its commit 4 in lane"),
        "{error}"
    );
    let (txid, pages): (i64, i64) = rusqlite::Connection::open(after.path("objects.sqlite"))
        .unwrap()
        .query_row("SELECT txid, pages FROM object", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!((txid & 0xffff_ffff, pages > 1), (3, true));
}

#[test]
fn a_lane_that_is_older_than_the_bases_is_not_replayed() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    put(&mut database, "a", b"old");
    fixture.wait(&database);
    let old = fixture.copy();
    put(&mut database, "a", b"new");
    drop(database);
    let new = fixture.end();

    let after = Fixture::in_folder(lanes_and_bases(old.path(), new.path()));

    assert_eq!(
        value(&mut after.open("o.sqlite"), "a"),
        Some(b"new".to_vec())
    );
}

#[test]
fn lanes_that_were_being_removed_are_not_read_and_go() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    put(&mut database, "a", b"1");
    fixture.wait(&database);
    let folder = fixture.copy();
    let doomed = folder.path().join("lanes.settled");
    fs::rename(folder.path().join("lanes"), &doomed).unwrap();

    let after = Fixture::in_folder(folder);

    assert!(!doomed.exists());
    assert_eq!(value(&mut after.open("o.sqlite"), "a"), None);
}

/// An object with a file of its own and a commit that the file has not got.
fn large_object(fixture: &Fixture, name: &str) -> Database {
    let mut database = fixture.open(name);
    put(&mut database, "a", &noise(1_300_000, 1));
    database.close().unwrap();
    let mut database = fixture.open(name);
    put(&mut database, "b", b"unsettled");
    fixture.wait(&database);
    database
}

/// Makes a file impossible to open for a while.
fn hide(path: &Path) -> PathBuf {
    let hidden = path.with_extension("hidden");
    fs::rename(path, &hidden).unwrap();
    // A loop: neither there nor missing.
    std::os::unix::fs::symlink(path, path).unwrap();
    hidden
}

#[test]
fn a_file_that_cannot_be_opened_for_a_while_is_no_damage() {
    let fixture = Fixture::new();
    let mut database = large_object(&fixture, "o.sqlite");
    assert!(database.rest());
    let path = fixture.path("o.sqlite");
    let hidden = hide(&path);
    let message = format!(
        "open `{}`: Too many levels of symbolic links (os error 40)",
        path.display()
    );
    assert_eq!(database.kv_get("b").unwrap_err().to_string(), message);
    drop(database);
    let error = fixture.open("o.sqlite").close().unwrap_err();
    assert_eq!(error.to_string(), message);

    fs::rename(hidden, &path).unwrap();

    let mut database = fixture.open("o.sqlite");
    assert_eq!(contents(&mut database).len(), 2);
    database.close().unwrap();
    assert_eq!(contents(&mut fixture.open("o.sqlite")).len(), 2);
}

#[test]
fn an_object_that_cannot_be_settled_is_not_replaced_and_loses_nothing() {
    let fixture = Fixture::new();
    drop(large_object(&fixture, "o.sqlite"));
    let path = fixture.path("o.sqlite");
    let hidden = hide(&path);

    let error = Database::replace_files(
        || fixture.try_open("o.sqlite"),
        || -> Result<(), stated_storage::StorageError> { panic!("it is not settled") },
    )
    .unwrap_err();

    assert!(error.to_string().starts_with("open `"), "{error}");
    fs::rename(hidden, &path).unwrap();
    let after = Fixture::in_folder(fixture.copy());
    let mut database = after.open("o.sqlite");
    assert_eq!(value(&mut database, "b"), Some(b"unsettled".to_vec()));
}

#[test]
fn a_file_that_an_interrupted_settling_has_left_is_not_taken_for_another_programs() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    put(&mut database, "a", b"1");
    fixture.wait(&database);
    fs::write(fixture.path("o.sqlite"), noise(8192, 1)).unwrap();
    assert!(database.rest());

    assert_eq!(value(&mut database, "a"), Some(b"1".to_vec()));
}

/// The path of the first segment, which recovery has removed.
fn segment_name(folder: &Path) -> PathBuf {
    folder.join("lanes/test/0000000000000001.lane")
}

#[test]
fn an_image_that_is_damaged_fails_its_object_and_no_other() {
    let fixture = Fixture::new();
    for name in ["bad", "good"] {
        let mut database = fixture.open(&format!("{name}.sqlite"));
        put(&mut database, "a", name.as_bytes());
        database.close().unwrap();
    }
    let folder = fixture.end();
    let plain = rusqlite::Connection::open(folder.path().join("objects.sqlite")).unwrap();
    let damage = "UPDATE image SET bytes = x'00' WHERE number = \
                  (SELECT image FROM object WHERE id = x'00626164')";
    assert_eq!(plain.execute(damage, []).unwrap(), 1);
    drop(plain);

    let after = Fixture::in_folder(folder);

    assert_eq!(
        value(&mut after.open("good.sqlite"), "a"),
        Some(b"good".to_vec())
    );
    let error = after.open("bad.sqlite").kv_get("a").unwrap_err();
    assert!(
        error.to_string().starts_with(
            "what is stored of object `bad` is damaged: its image in the directory is damaged; "
        ),
        "{error}"
    );
}

#[test]
fn refused_commits_are_undone_and_those_of_other_objects_stay() {
    for fault in [Fault::Write(EIO), Fault::Sync(EIO)] {
        let fixture = Fixture::new();
        let mut one = fixture.open("1.sqlite");
        let mut two = fixture.open("2.sqlite");
        put(&mut one, "a", b"1");
        put(&mut two, "a", b"1");
        fixture.wait(&one);
        fixture.wait(&two);
        let path = segment(fixture.folder());
        fixture.store.set_fault(fault);
        put(&mut one, "b", b"refused");
        let action = match fault {
            Fault::Write(_) => "append to",
            _ => "sync",
        };
        let message = format!(
            "{action} lane `{}`: Input/output error (os error 5)",
            path.display()
        );
        assert_eq!(fixture.failure(), message);
        fixture.store.set_fault(Fault::None);

        // What was made on top of the refused commit is refused as well.
        put(&mut one, "c", b"refused as well");
        assert_eq!(fixture.failure(), message);
        put(&mut two, "b", b"2");
        fixture.wait(&two);
        drop(one);
        let mut one = fixture.open("1.sqlite");
        assert_eq!(contents(&mut one), [("a".to_owned(), b"1".to_vec())]);
        put(&mut one, "d", b"4");
        fixture.wait(&one);

        let expected = [contents(&mut one), contents(&mut two)];
        let after = Fixture::in_folder(fixture.copy());
        for (name, expected) in ["1.sqlite", "2.sqlite"].iter().zip(expected) {
            assert_eq!(contents(&mut after.open(name)), expected);
        }
    }
}

#[test]
fn a_full_disk_refuses_commits_and_nothing_else_until_there_is_space() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    put(&mut database, "a", b"1");
    fixture.wait(&database);
    fixture.store.set_fault(Fault::Create(ENOSPC));
    let path = fixture.folder().join("lanes/test/0000000000000002.lane");
    let message = format!(
        "create lane `{}`: No space left on device (os error 28)",
        path.display()
    );
    for round in 0..3 {
        // More than there is room for.
        put(&mut database, "b", &noise(1_100_000, round));
        assert_eq!(fixture.failure(), message);
        drop(database);
        database = fixture.open("o.sqlite");
        assert_eq!(contents(&mut database), [("a".to_owned(), vec![b'1'])]);
    }
    put(&mut database, "small", b"has room");
    fixture.wait(&database);

    fixture.store.set_fault(Fault::None);
    put(&mut database, "b", &noise(1_100_000, 9));
    fixture.wait(&database);

    let expected = contents(&mut database);
    assert_eq!(expected.len(), 3);
    let after = Fixture::in_folder(fixture.copy());
    assert_eq!(contents(&mut after.open("o.sqlite")), expected);
}

#[test]
fn a_commit_larger_than_a_segment_has_one_of_its_own() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    put(&mut database, "a", b"1");
    for part in 0..3u8 {
        let key = format!("b{part}");
        database
            .kv_put(&key, &noise(1_500_000, part.into()))
            .unwrap();
    }
    database.end_turn().unwrap();
    put(&mut database, "c", b"3");
    fixture.wait(&database);
    fixture.store.wait_until_released(2);

    let after = Fixture::in_folder(fixture.copy());

    assert_eq!(
        contents(&mut after.open("o.sqlite")),
        contents(&mut database)
    );
}

#[test]
fn a_deleted_object_does_not_come_back() {
    let fixture = Fixture::new();
    let data = DataFolder::open(&fixture.path("data")).unwrap();
    let log = data.lane("0-0").unwrap();
    let committer = Committer::spawn_with_log(log, drop).unwrap();
    let namespace = data.namespace("w-C").unwrap();
    let id = "a".repeat(64);
    let open = || -> Result<Database, stated_storage::StorageError> {
        let options = stated_storage::DatabaseOptions {
            backend: stated_storage::Backend::Sqlite { sql_enabled: true },
            alarm: None,
        };
        Database::open(&namespace.object_path(&id), options, &committer.lane())
    };
    let mut database = open().unwrap();
    put(&mut database, "a", b"1");
    drop(database);
    assert!(namespace.stored(&id).unwrap().is_some());

    let delete = || {
        namespace.delete_object(&id).map_err(|error| match error {
            stated_storage::FolderError::Storage(error) => error,
            other => panic!("{other}"),
        })
    };
    Database::replace_files(open, delete).unwrap();
    let killed = tempfile::tempdir().unwrap();
    copy_folder(data.path(), killed.path());

    assert_eq!(namespace.stored(&id).unwrap(), None);
    let after = DataFolder::open(killed.path()).unwrap();
    assert_eq!(after.namespace("w-C").unwrap().list(None, 9).unwrap(), []);
    let mut database = open().unwrap();
    assert_eq!(value(&mut database, "a"), None);
    put(&mut database, "b", b"2");
    drop(database);
    assert_eq!(namespace.list(None, 9).unwrap().len(), 1);
    let killed = tempfile::tempdir().unwrap();
    copy_folder(data.path(), killed.path());
    let after = DataFolder::open(killed.path()).unwrap();
    assert_eq!(
        after.namespace("w-C").unwrap().list(None, 9).unwrap().len(),
        1
    );
}

#[test]
fn full_segments_are_released_in_order() {
    let fixture = Fixture::new();
    let mut small = fixture.open("small.sqlite");
    let mut large = fixture.open("large.sqlite");
    for round in 0..20 {
        put(&mut small, "a", &noise(200_000, round));
        put(&mut large, &format!("{round}"), &noise(200_000, round));
        assert!(segments(fixture.folder()).len() <= 4);
    }
    fixture.wait(&small);
    fixture.wait(&large);
    fixture.store.wait_until_released(6);

    assert!(fixture.path("large.sqlite").exists());
    assert!(!fixture.path("small.sqlite").exists());
    let expected = contents(&mut large);
    drop((small, large));
    let after = Fixture::in_folder(fixture.end());
    assert_eq!(
        value(&mut after.open("small.sqlite"), "a"),
        Some(noise(200_000, 19))
    );
    assert_eq!(contents(&mut after.open("large.sqlite")), expected);
}

#[test]
fn a_file_torn_in_the_middle_of_settling_is_written_again() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    for key in 0..8 {
        put(&mut database, &format!("{key}"), &noise(200_000, key));
    }
    database.close().unwrap();
    let mut database = fixture.open("o.sqlite");
    assert!(fixture.path("o.sqlite").exists());
    put(&mut database, "3", &noise(300_000, 33));
    fixture.wait(&database);
    let expected = contents(&mut database);
    let settled = fixture.path("settled");
    database.copy_to(&settled).unwrap();
    let folder = fixture.copy();

    // Any of the pages that settling writes may have been written, or half of it.
    let (old, new) = (fs::read(folder.path().join("o.sqlite")), fs::read(settled));
    let (old, new) = (old.unwrap(), new.unwrap());
    let mut torn = new.clone();
    for (place, byte) in torn.iter_mut().enumerate() {
        if place / 2048 % 3 == 0 {
            *byte = old.get(place).copied().unwrap_or(0);
        }
    }
    assert!(torn != old && torn != new);
    fs::write(folder.path().join("o.sqlite"), torn).unwrap();

    let after = Fixture::in_folder(folder);
    let mut database = after.open("o.sqlite");
    assert_eq!(contents(&mut database), expected);
    let integrity = run(&mut database, "PRAGMA quick_check");
    assert_eq!(integrity, [[crate::fixture::text("ok")]]);
}

#[test]
fn segments_that_cannot_be_released_are_kept_until_there_is_no_room_and_then_again() {
    let fixture = Fixture::new();
    fixture.store.set_fault(Fault::Release(ENOSPC));
    let mut database = fixture.open("o.sqlite");
    let mut durable = 0;
    let message = loop {
        put(&mut database, "a", &noise(300_000, durable));
        match fixture.reports.recv().unwrap().result {
            Ok(()) => durable += 1,
            Err(error) => break error.to_string(),
        }
    };

    assert_eq!(segments(fixture.folder()).len(), 4);
    assert_eq!(
        message,
        format!(
            "release lane `{}`: No space left on device (os error 28)",
            segment_name(fixture.folder()).display()
        )
    );
    drop(database);
    let mut database = fixture.open("o.sqlite");
    assert_eq!(value(&mut database, "a"), Some(noise(300_000, durable - 1)));
    fixture.store.set_fault(Fault::None);
    fixture.store.wait_until_released(3);
    put(&mut database, "a", b"goes on");
    fixture.wait(&database);
    drop(database);
    let after = Fixture::in_folder(fixture.end());
    assert_eq!(
        value(&mut after.open("o.sqlite"), "a"),
        Some(b"goes on".to_vec())
    );
}

#[test]
fn refused_commits_do_not_come_back_when_no_new_segment_says_that_they_are_void() {
    let fixture = Fixture::new();
    fixture.store.set_fault(Fault::Release(EIO));
    let mut database = fixture.open("o.sqlite");
    let mut durable = 0;
    loop {
        put(&mut database, "a", &noise(300_000, durable));
        match fixture.reports.recv().unwrap().result {
            Ok(()) => durable += 1,
            Err(_) => break,
        }
    }
    drop(database);
    let mut database = fixture.open("o.sqlite");
    fixture.store.set_fault(Fault::SyncAndRelease(EIO));
    // There is room for this one where the other did not fit.
    put(&mut database, "a", b"refused");
    let path = segments(fixture.folder()).pop().unwrap();
    let message = format!(
        "sync lane `{}`: Input/output error (os error 5)",
        path.display()
    );
    assert_eq!(fixture.failure(), message);

    let after = Fixture::in_folder(fixture.copy());
    let mut database = after.open("o.sqlite");
    let last = noise(300_000, durable - 1);
    assert!(
        value(&mut database, "a") == Some(last),
        "it is not the last durable one"
    );
}

#[test]
fn a_segment_whose_release_was_undone_is_not_replayed_over_a_gap() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    put(&mut database, "a", b"1");
    fixture.wait(&database);
    let first = fs::read(segment(fixture.folder())).unwrap();
    for round in 0..12 {
        put(&mut database, "a", &noise(300_000, round));
    }
    put(&mut database, "a", b"last");
    fixture.wait(&database);
    fixture.store.wait_until_released(3);
    let folder = fixture.copy();
    fs::write(segment_name(folder.path()), first).unwrap();

    let after = Fixture::in_folder(folder);

    assert_eq!(
        value(&mut after.open("o.sqlite"), "a"),
        Some(b"last".to_vec())
    );
}

#[test]
fn a_lane_of_an_earlier_version_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("lanes/test")).unwrap();
    let path = segment_name(folder.path());
    fs::write(&path, b"stlane\x001 and more").unwrap();

    assert_eq!(
        DataFolder::open(folder.path()).unwrap_err().to_string(),
        format!(
            "lane `{}` was left by an earlier version of stated that did not end in an orderly way; \
             start and stop that version once, then this one",
            path.display()
        )
    );
}

#[test]
fn a_real_lane_is_gone_after_an_orderly_end_and_the_base_stands_alone() {
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
    for round in 0..40 {
        put(&mut database, "a", &noise(1_300_000, round));
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
    assert_eq!(length, 1_300_000);
}

#[derive(Clone, Debug)]
enum Step {
    Put {
        object: usize,
        key: u8,
        length: usize,
        byte: u8,
    },
    Delete {
        object: usize,
        key: u8,
    },
    UndoPut {
        object: usize,
        length: usize,
    },
    EndTurn(usize),
    Rest(usize),
    Evict(usize),
    Fail(Fault),
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    let length = prop_oneof![4 => 0..9000usize, 1 => 0..400_000usize];
    prop_oneof![
        6 => (0..3usize, 0..4u8, length, 1..255u8)
            .prop_map(|(object, key, length, byte)| Step::Put { object, key, length, byte }),
        1 => (0..3usize, 0..4u8).prop_map(|(object, key)| Step::Delete { object, key }),
        1 => (0..3usize, 0..400_000usize)
            .prop_map(|(object, length)| Step::UndoPut { object, length }),
        5 => (0..3usize).prop_map(Step::EndTurn),
        1 => (0..3usize).prop_map(Step::Rest),
        1 => (0..3usize).prop_map(Step::Evict),
        1 => prop_oneof![
            Just(Fault::Write(EIO)),
            Just(Fault::Sync(EIO)),
            Just(Fault::Create(ENOSPC)),
            Just(Fault::Release(ENOSPC)),
        ].prop_map(Step::Fail),
        2 => Just(Step::Wait),
    ]
}

/// One object of a run, and what is known of it.
struct Subject {
    name: &'static str,
    database: Option<Database>,
    /// Its contents after each turn.
    turns: Vec<Contents>,
    /// The last turn that is known to be durable.
    reported: usize,
    /// Commits on top of the last durable one were refused.
    is_refused: bool,
}

impl Subject {
    fn database(&mut self) -> &mut Database {
        self.database.as_mut().unwrap()
    }

    fn end_turn(&mut self) {
        if self.database().end_turn().unwrap().is_some() {
            let now = contents(self.database());
            self.turns.push(now);
        }
    }

    /// Learns what became of the commits.
    fn wait(&mut self) {
        self.database().discard();
        match self.database().wait_until_durable() {
            Ok(()) => self.reported = self.turns.len() - 1,
            Err(_) => self.is_refused = true,
        }
    }

    fn reopen(&mut self, fixture: &Fixture) {
        self.wait();
        self.database = None;
        self.database = Some(fixture.open(self.name));
        if std::mem::take(&mut self.is_refused) {
            let now = contents(self.database());
            let known = &self.turns[self.reported..];
            // Some of its commits may have been durable before one was refused.
            let found = known.iter().rposition(|turn| *turn == now).unwrap();
            self.reported += found;
            self.turns.truncate(self.reported + 1);
        }
    }
}

/// The last segment, and its length.
fn end_of_lane(folder: &Path) -> (PathBuf, u64) {
    let last = segments(folder).pop().unwrap_or_default();
    let length = fs::metadata(&last).map_or(0, |file| file.len());
    (last, length)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    /// At the end the power fails: of what was appended since anybody waited, any prefix may be there.
    #[test]
    fn every_reported_turn_survives_any_power_failure(
        steps in prop::collection::vec(step(), 1..60),
        cut in any::<prop::sample::Index>(),
    ) {
        let fixture = Fixture::new();
        let mut subjects = ["0.sqlite", "1.sqlite", "2.sqlite"].map(|name| Subject {
            name,
            database: Some(fixture.open(name)),
            turns: vec![Vec::new()],
            reported: 0,
            is_refused: false,
        });
        let mut durable = end_of_lane(fixture.folder());
        for step in steps {
            match step {
                Step::Put { object, key, length, byte } => {
                    let value = noise(length, byte.into());
                    subjects[object].database().kv_put(&key.to_string(), &value).unwrap();
                }
                Step::Delete { object, key } => {
                    subjects[object].database().kv_delete(&key.to_string()).unwrap();
                }
                Step::UndoPut { object, length } => {
                    let database = subjects[object].database();
                    database.savepoint_begin().unwrap();
                    database.kv_put("undone", &noise(length, 3)).unwrap();
                    database.savepoint_end(SavepointEnd::RollBack).unwrap();
                }
                Step::EndTurn(object) => subjects[object].end_turn(),
                Step::Rest(object) => drop(subjects[object].database().rest()),
                Step::Evict(object) => {
                    subjects[object].reopen(&fixture);
                    durable = end_of_lane(fixture.folder());
                }
                Step::Fail(fault) => {
                    fixture.store.set_fault(fault);
                    for subject in &mut subjects {
                        subject.end_turn();
                        subject.reopen(&fixture);
                    }
                    fixture.store.set_fault(Fault::None);
                    durable = end_of_lane(fixture.folder());
                }
                Step::Wait => {
                    for subject in &mut subjects {
                        subject.wait();
                    }
                    durable = end_of_lane(fixture.folder());
                }
            }
        }
        let names = subjects.map(|mut subject| {
            let kept = subject.turns.split_off(subject.reported);
            subject.database().discard();
            // What was not waited for is in the lane afterwards, and may be cut off.
            drop(subject.database);
            (subject.name, kept)
        });
        let folder = fixture.copy();
        // With one segment nothing was settled, so the bases have nothing that is cut off.
        if let [path] = &segments(folder.path())[..] {
            let end = fs::metadata(path).unwrap().len();
            let is_same = durable.0.file_name() == path.file_name();
            let least = if is_same { durable.1 } else { 4096 };
            let length = least + cut.index((end - least) as usize + 1) as u64;
            let file = fs::OpenOptions::new().write(true).open(path).unwrap();
            if path.ends_with("0000000000000001.lane") {
                file.set_len(length).unwrap();
            }
        }
        let after = Fixture::in_folder(folder);
        for (name, kept) in names {
            let mut database = after.open(name);
            let found = contents(&mut database);
            prop_assert!(kept.contains(&found), "{name}");
            prop_assert_eq!(run(&mut database, "PRAGMA quick_check").len(), 1);
            prop_assert_eq!(integer(&mut database, "SELECT 1"), 1);
        }
    }
}
