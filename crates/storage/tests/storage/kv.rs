//! Key-value operations.

use stated_storage::{Database, ListOptions};

use crate::fixture::{Fixture, rows, text};

fn with_keys(fixture: &Fixture, keys: &[&str]) -> Database {
    let mut database = fixture.open("o.sqlite");
    for key in keys {
        database.kv_put(key, key.as_bytes()).unwrap();
    }
    database
}

fn keys(database: &mut Database, options: &ListOptions<'_>) -> Vec<String> {
    let entries = database.kv_list(options).unwrap();
    entries.into_iter().map(|(key, _)| key).collect()
}

#[test]
fn a_missing_key_has_no_value_and_makes_no_file() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");

    assert_eq!(database.kv_get("a").unwrap(), None);
    assert!(
        database
            .kv_list(&ListOptions::default())
            .unwrap()
            .is_empty()
    );
    assert!(!database.kv_delete("a").unwrap());
    assert_eq!(database.kv_delete_many(&["a", "b"]).unwrap(), 0);
    assert_eq!(database.alarm().unwrap(), None);
    assert_eq!(database.end_turn().unwrap(), None);
    assert_eq!(database.position().value(), 0);
}

#[test]
fn a_read_sees_the_write_before_it() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    database.kv_put("a", b"1").unwrap();
    database.kv_put("a", b"2").unwrap();
    database.kv_put("", b"").unwrap();

    assert_eq!(database.kv_get("a").unwrap(), Some(b"2".to_vec()));
    assert_eq!(database.kv_get("").unwrap(), Some(Vec::new()));
}

#[test]
fn deleting_tells_what_existed() {
    let fixture = Fixture::new();
    let mut database = with_keys(&fixture, &["a", "b", "c"]);

    assert!(database.kv_delete("a").unwrap());
    assert!(!database.kv_delete("a").unwrap());
    assert_eq!(database.kv_delete_many(&["a", "b", "c", "b"]).unwrap(), 2);
}

#[test]
fn getting_many_gives_existing_keys_sorted_and_once() {
    let fixture = Fixture::new();
    let mut database = with_keys(&fixture, &["b", "a", "c"]);

    let entries = database.kv_get_many(&["c", "x", "a", "c"]).unwrap();

    assert_eq!(
        entries,
        [("a".into(), b"a".to_vec()), ("c".into(), b"c".to_vec())]
    );
}

#[test]
fn keys_are_in_utf8_order() {
    let fixture = Fixture::new();
    // In UTF-16 order the last two would change places.
    let mut database = with_keys(&fixture, &["\u{1f600}", "\u{ffee}", "a\0b", "a", "B", "é"]);

    assert_eq!(
        keys(&mut database, &ListOptions::default()),
        ["B", "a", "a\0b", "é", "\u{ffee}", "\u{1f600}"]
    );
}

#[test]
fn bounds_intersect() {
    let fixture = Fixture::new();
    let mut database = with_keys(&fixture, &["a", "b", "ba", "bb", "bc", "c"]);
    let list = |options| keys(&mut database, &options);
    let mut list = list;
    let all = ListOptions::default();

    assert_eq!(
        list(ListOptions {
            start: Some("b"),
            end: Some("bc"),
            ..all
        }),
        ["b", "ba", "bb"]
    );
    assert_eq!(
        list(ListOptions {
            start_after: Some("b"),
            end: Some("bc"),
            ..all
        }),
        ["ba", "bb"]
    );
    assert_eq!(
        list(ListOptions {
            prefix: Some("b"),
            start: Some("bb"),
            ..all
        }),
        ["bb", "bc"]
    );
    assert_eq!(
        list(ListOptions {
            prefix: Some("b"),
            end: Some("bb"),
            ..all
        }),
        ["b", "ba"]
    );
    assert_eq!(
        list(ListOptions {
            prefix: Some(""),
            limit: Some(2),
            ..all
        }),
        ["a", "b"]
    );
    assert!(
        list(ListOptions {
            start: Some("c"),
            end: Some("b"),
            ..all
        })
        .is_empty()
    );
    assert!(
        list(ListOptions {
            prefix: Some("b"),
            start: Some("c"),
            ..all
        })
        .is_empty()
    );
}

#[test]
fn reverse_takes_the_last_ones() {
    let fixture = Fixture::new();
    let mut database = with_keys(&fixture, &["a", "b", "c", "d"]);
    let options = ListOptions {
        reverse: true,
        limit: Some(2),
        end: Some("d"),
        ..ListOptions::default()
    };

    assert_eq!(keys(&mut database, &options), ["c", "b"]);
}

#[test]
fn a_batch_with_an_entry_that_is_too_big_stores_nothing() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    database.kv_put("before", b"1").unwrap();
    let big = vec![0; stated_storage::limits::VALUE_BYTES_MAX + 1];

    let error = database
        .kv_put_many(&[("a", b"1"), ("before", b"2"), ("b", &big)])
        .unwrap_err();

    assert_eq!(error.to_string(), "string or blob too big: SQLITE_TOOBIG");
    assert_eq!(database.kv_get("a").unwrap(), None);
    assert_eq!(database.kv_get("before").unwrap(), Some(b"1".to_vec()));
}

#[test]
fn a_first_batch_that_fails_leaves_the_table_to_be_made_again() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    let big = vec![0; stated_storage::limits::VALUE_BYTES_MAX + 1];
    database
        .kv_put_many(&[("a", b"1"), ("b", &big)])
        .unwrap_err();

    database.kv_put("a", b"2").unwrap();

    assert_eq!(database.kv_get("a").unwrap(), Some(b"2".to_vec()));
}

#[test]
fn an_entry_may_fill_a_row_and_no_more() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");
    let mut fits = |bytes: usize| database.kv_put("k", &vec![7; bytes]).is_ok();
    let max = stated_storage::limits::VALUE_BYTES_MAX;

    // The row holds the key, a header and the value; the exact header is SQLite's business.
    assert!(fits(max - 16));
    assert!(!fits(max));
}

#[test]
fn an_iterator_sees_writes_made_while_it_runs() {
    let fixture = Fixture::new();
    let mut database = with_keys(&fixture, &["k0", "k1", "k2", "k3"]);
    let iterator = database.kv_iterate(&ListOptions::default()).unwrap();
    assert_eq!(database.kv_next(iterator).unwrap().unwrap().0, "k0");

    database.kv_put("k1", b"new").unwrap();
    database.kv_delete("k2").unwrap();
    database.kv_put("k11", b"").unwrap();
    database.end_turn().unwrap();

    assert_eq!(
        database.kv_next(iterator).unwrap(),
        Some(("k1".into(), b"new".to_vec()))
    );
    assert_eq!(database.kv_next(iterator).unwrap().unwrap().0, "k11");
    assert_eq!(database.kv_next(iterator).unwrap().unwrap().0, "k3");
    assert_eq!(database.kv_next(iterator).unwrap(), None);
    assert_eq!(database.kv_next(iterator).unwrap(), None);
}

#[test]
fn an_iterator_keeps_to_its_bounds() {
    let fixture = Fixture::new();
    let mut database = with_keys(&fixture, &["a", "b", "c", "d", "e"]);
    let options = ListOptions {
        start: Some("b"),
        reverse: true,
        limit: Some(3),
        ..ListOptions::default()
    };
    let iterator = database.kv_iterate(&options).unwrap();

    let mut found = Vec::new();
    while let Some((key, _)) = database.kv_next(iterator).unwrap() {
        found.push(key);
    }

    assert_eq!(found, ["e", "d", "c"]);
}

#[test]
fn a_newer_listing_of_either_kind_invalidates_an_iterator() {
    let fixture = Fixture::new();
    let mut database = with_keys(&fixture, &["a", "b"]);
    let text = "kv.list() iterator was invalidated because a new call to kv.list() was started. \
                Only one kv.list() iterator can exist at a time.";

    let first = database.kv_iterate(&ListOptions::default()).unwrap();
    let second = database.kv_iterate(&ListOptions::default()).unwrap();
    assert_eq!(database.kv_next(first).unwrap_err().to_string(), text);
    assert_eq!(database.kv_next(second).unwrap().unwrap().0, "a");

    database.kv_list(&ListOptions::default()).unwrap();
    assert_eq!(database.kv_next(second).unwrap_err().to_string(), text);
}

#[test]
fn a_program_sees_the_table_by_name_and_no_further() {
    let fixture = Fixture::new();
    let mut database = with_keys(&fixture, &["a"]);

    assert_eq!(
        rows(&mut database, "SELECT name FROM sqlite_master", &[]).unwrap(),
        [[text("_cf_KV")]]
    );
}

#[test]
fn bookmarks_grow() {
    let fixture = Fixture::new();
    let mut database = fixture.open("o.sqlite");

    let first = database.current_bookmark().unwrap();
    let second = database.current_bookmark().unwrap();

    // The same state, counted.
    assert_eq!(first[..18], second[..18]);
    assert_eq!(
        (&first[18..27], &second[18..27]),
        ("00000000-", "00000001-")
    );
    assert!(first < second);
}
