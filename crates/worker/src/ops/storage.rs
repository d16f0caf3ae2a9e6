//! An object's own storage: keys and values, transactions, the alarm. SQL is in [`super::sql`].
//!
//! The first argument of every operation is the object's context id. The last argument of a write
//! is whether it may stay unconfirmed: outputs do not wait for it then.
//!
//! Source: reference sections 4, 6, 7.1 and 8.1.

use stated_core::error::Failure;
use stated_engine::{Local, Scope};
use stated_object::facet::NO_ALARMS;
use stated_storage::limits::VALUE_BYTES_MAX;
use stated_storage::{
    AlarmFate, Confirmation, Database, IteratorId, KvEntry, ListOptions, SavepointEnd, StorageError,
};

use super::values::array_of;
use crate::op::{Op, OpError, OpResult};
use crate::stored::stored_value;

/// What an entry costs in memory beside its key and value: two JavaScript objects and their places.
const ENTRY_BYTES: usize = 256;

/// `kvGet`: the value of a key, or undefined.
pub(crate) fn kv_get<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let key = op.text(1)?;
    match instance.with_database(|database| database.kv_get(&key))?? {
        Some(value) => Ok(stored_value(op.scope, &value)),
        None => op.undefined(),
    }
}

/// `kvGetMany`: the entries of those keys that exist, sorted, each once.
///
/// # Errors
/// A `RangeError` when they take more memory than the heap may.
pub(crate) fn kv_get_many<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let keys = op.texts(1)?;
    let mut budget = Budget::new(op.worker.heap_bytes());
    let found = instance.with_database(|database| get_many(database, keys, &mut budget))??;
    let entries = found.ok_or_else(|| too_large(op, "get()", "fewer keys"))?;
    Ok(flat(op.scope, entries))
}

/// `kvPut`: stores a value under a key.
pub(crate) fn kv_put<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let key = op.text(1)?;
    let value = op.arg(2);
    let confirmation = confirmation(op, 3);
    let stored = op.scope.with_bytes_mut(value, |bytes| {
        instance.with_database(|database| {
            database.confirming(confirmation, |database| database.kv_put(&key, bytes))
        })
    });
    stored.ok_or_else(|| OpError::type_error("the value to store is not bytes"))???;
    op.undefined()
}

/// `kvPutMany`: stores all entries or none.
pub(crate) fn kv_put_many<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let entries = entries(op, 1)?;
    let entries: Vec<_> = entries
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_slice()))
        .collect();
    let confirmation = confirmation(op, 2);
    instance.with_database(|database| {
        database.confirming(confirmation, |database| database.kv_put_many(&entries))
    })??;
    op.undefined()
}

/// `kvDelete`: removes a key; whether it existed.
pub(crate) fn kv_delete<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let key = op.text(1)?;
    let confirmation = confirmation(op, 2);
    let existed = instance.with_database(|database| {
        database.confirming(confirmation, |database| database.kv_delete(&key))
    })??;
    Ok(op.scope.boolean(existed))
}

/// `kvDeleteMany`: removes keys; how many existed.
pub(crate) fn kv_delete_many<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let keys = op.texts(1)?;
    let keys: Vec<_> = keys.iter().map(String::as_str).collect();
    let confirmation = confirmation(op, 2);
    let removed = instance.with_database(|database| {
        database.confirming(confirmation, |database| database.kv_delete_many(&keys))
    })??;
    Ok(op.scope.number(removed as f64))
}

/// `kvList`: the entries in a range.
///
/// # Errors
/// A `RangeError` when they take more memory than the heap may.
pub(crate) fn kv_list<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let bounds = Bounds::from_args(op)?;
    let mut budget = Budget::new(op.worker.heap_bytes());
    let found =
        instance.with_database(|database| list(database, &bounds.options(), &mut budget))??;
    let entries = found.ok_or_else(|| too_large(op, "list()", "fewer entries with `limit`"))?;
    Ok(flat(op.scope, entries))
}

/// `kvIterate`: starts a lazy listing.
pub(crate) fn kv_iterate<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let bounds = Bounds::from_args(op)?;
    let iterator = instance.with_database(|database| database.kv_iterate(&bounds.options()))??;
    Ok(op.scope.number(iterator.value() as f64))
}

/// `kvNext`: the next entry of a lazy listing, or undefined.
pub(crate) fn kv_next<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let iterator = IteratorId::from_value(op.uint(1));
    let Some((key, value)) = instance.with_database(|database| database.kv_next(iterator))?? else {
        return op.undefined();
    };
    let key = op.scope.string(&key);
    let value = stored_value(op.scope, &value);
    Ok(op.scope.array(&[key, value]))
}

/// `deleteAll`: removes everything, on request the alarm too.
///
/// # Errors
/// An `Error` while a savepoint is open.
pub(crate) fn delete_all<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let fate = if op.flag(1) {
        AlarmFate::Delete
    } else {
        AlarmFate::Keep
    };
    let instance = op.instance(0)?;
    instance.delete_all(fate)??;
    if let Some(namespace) = op.worker.namespace(instance.entry.namespace as u64) {
        namespace.wipe_facets(&instance)?;
    }
    op.undefined()
}

/// `savepointBegin`: the new depth.
pub(crate) fn savepoint_begin<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let depth = op.instance(0)?.savepoint_begin()??;
    Ok(op.scope.number(f64::from(depth)))
}

/// `savepointEnd`: keeps or undoes what was written since the innermost savepoint.
pub(crate) fn savepoint_end<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let end = if op.flag(1) {
        SavepointEnd::Commit
    } else {
        SavepointEnd::RollBack
    };
    op.instance(0)?.savepoint_end(end)??;
    op.undefined()
}

/// `alarmGet`: the alarm as the program may see it, or null.
pub(crate) fn alarm_get<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    Ok(match op.instance(0)?.alarm()?? {
        Some(at_ms) => op.scope.number(at_ms as f64),
        None => op.scope.null(),
    })
}

/// `alarmSet`: sets the alarm and tells the scheduler.
pub(crate) fn alarm_set<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let at_ms = op.number(1) as i64;
    if instance.is_facet() {
        // The call succeeds; what depends on it does not.
        instance.break_after_turn(Failure::facet_stopped(NO_ALARMS));
        return op.undefined();
    }
    instance.set_alarm(at_ms, confirmation(op, 2))??;
    // The index knows the time when the turn has committed; a scheduler that looks earlier finds
    // nothing and goes back to sleep.
    let worker = op.worker.clone();
    instance.when_durable(move || worker.alarm_hint(at_ms));
    op.undefined()
}

/// `alarmDelete`: removes the alarm. A scheduler that wakes for it finds nothing.
pub(crate) fn alarm_delete<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let confirmation = confirmation(op, 1);
    op.instance(0)?.delete_alarm(confirmation)??;
    op.undefined()
}

/// `bookmarkCurrent`: a bookmark greater than all before.
pub(crate) fn bookmark_current<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let bookmark = instance.with_database(Database::current_bookmark)??;
    Ok(op.scope.string(&bookmark))
}

/// `bookmarkForTime`: the bookmark of the state at a time.
///
/// # Errors
/// Storage's; see [`Database::bookmark_for_time`].
pub(crate) fn bookmark_for_time<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let time_ms = op.number(1) as i64;
    let bookmark = instance.with_database(|database| database.bookmark_for_time(time_ms))??;
    Ok(op.scope.string(&bookmark))
}

/// `bookmarkRestore`: has the next instance restore a bookmark; the bookmark of the state before.
///
/// # Errors
/// Storage's; see [`Database::restore_next`].
pub(crate) fn bookmark_restore<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let instance = op.instance(0)?;
    let bookmark = op.text(1)?;
    let undo = instance.with_database(|database| database.restore_next(&bookmark))??;
    Ok(op.scope.string(&undo))
}

/// How much memory the result of one operation may still take.
///
/// Own bound, as large as the shard's heap: the engine looks at its heap only while JavaScript
/// runs, which is too late for a result of some gigabytes.
#[derive(Debug)]
pub(super) struct Budget {
    left: usize,
}

impl Budget {
    pub(super) fn new(heap_bytes: u64) -> Self {
        Self {
            left: usize::try_from(heap_bytes).unwrap_or(usize::MAX),
        }
    }

    /// Takes so many bytes; false when fewer are left.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        let left = self.left.checked_sub(bytes);
        self.left = left.unwrap_or(0);
        left.is_some()
    }

    fn take_entry(&mut self, (key, value): &KvEntry) -> bool {
        self.take(
            ENTRY_BYTES
                .saturating_add(key.len())
                .saturating_add(value.len()),
        )
    }
}

fn too_large<'s>(op: &Op<'_, 's>, call: &str, advice: &str) -> OpError<'s> {
    OpError::Error(
        "RangeError",
        too_large_text(call, advice, op.worker.heap_bytes()),
    )
}

fn too_large_text(call: &str, advice: &str, bytes_max: u64) -> String {
    format!("{call}: the result is larger than {bytes_max} bytes; ask for {advice}")
}

/// The entries of the keys, sorted, each once; None when they exceed the budget.
fn get_many(
    database: &mut Database,
    mut keys: Vec<String>,
    budget: &mut Budget,
) -> Result<Option<Vec<KvEntry>>, StorageError> {
    keys.sort_unstable();
    keys.dedup();
    let mut entries = Vec::new();
    for key in keys {
        let Some(value) = database.kv_get(&key)? else {
            continue;
        };
        let entry = (key, value);
        if !budget.take_entry(&entry) {
            return Ok(None);
        }
        entries.push(entry);
    }
    Ok(Some(entries))
}

/// The entries in the range; None when they exceed the budget.
fn list(
    database: &mut Database,
    options: &ListOptions<'_>,
    budget: &mut Budget,
) -> Result<Option<Vec<KvEntry>>, StorageError> {
    let mut entries: Vec<KvEntry> = Vec::new();
    let all = database.kv_visit(options, |entry| {
        let fits = budget.take_entry(&entry);
        if fits {
            entries.push(entry);
        }
        fits
    })?;
    Ok(all.then_some(entries))
}

/// Whether outputs wait for a write, as its last argument says.
fn confirmation(op: &Op<'_, '_>, index: u32) -> Confirmation {
    if op.flag(index) {
        Confirmation::Waived
    } else {
        Confirmation::Needed
    }
}

/// The bounds of a listing, as arguments 1 to 6 give them.
struct Bounds {
    start: Option<String>,
    start_after: Option<String>,
    end: Option<String>,
    prefix: Option<String>,
    reverse: bool,
    limit: Option<u64>,
}

impl Bounds {
    fn from_args<'s>(op: &mut Op<'_, 's>) -> Result<Self, OpError<'s>> {
        Ok(Self {
            start: op.optional_text(1)?,
            start_after: op.optional_text(2)?,
            end: op.optional_text(3)?,
            prefix: op.optional_text(4)?,
            reverse: op.flag(5),
            limit: op.arg(6).as_number().map(|limit| limit as u64),
        })
    }

    fn options(&self) -> ListOptions<'_> {
        ListOptions {
            start: self.start.as_deref(),
            start_after: self.start_after.as_deref(),
            end: self.end.as_deref(),
            prefix: self.prefix.as_deref(),
            reverse: self.reverse,
            limit: self.limit,
        }
    }
}

/// `[key, bytes, …]` of an argument. Of a value that is too long to be stored only so much is
/// copied that storage still finds it too long.
fn entries<'s>(op: &mut Op<'_, 's>, index: u32) -> Result<Vec<KvEntry>, OpError<'s>> {
    let array = op.arg(index);
    let length = op.scope.array_length(array);
    let mut entries = Vec::new();
    for position in (0..length).step_by(2) {
        let entry = op.scope.nested(|scope| {
            let key = scope.element(array, position).ok()?;
            let key = scope.text(key)?;
            let value = scope.element(array, position + 1).ok()?;
            Some((key, storable_bytes(scope, value)?))
        });
        entries.push(
            entry
                .ok_or_else(|| OpError::type_error("the value is not a list of keys and bytes"))?,
        );
    }
    Ok(entries)
}

/// A copy of a buffer's bytes, of too many only the first that make it too long to be stored.
pub(super) fn storable_bytes(scope: &Scope<'_>, value: Local<'_>) -> Option<Vec<u8>> {
    scope.with_bytes_mut(value, |bytes| {
        bytes[..bytes.len().min(VALUE_BYTES_MAX + 1)].to_vec()
    })
}

/// The array `[key, value, …]`.
fn flat<'s>(scope: &mut Scope<'s>, entries: Vec<KvEntry>) -> Local<'s> {
    let parts = entries
        .into_iter()
        .flat_map(|(key, value)| [Part::Key(key), Part::Value(value)])
        .collect();
    array_of(scope, parts, |scope, part| match part {
        Part::Key(key) => scope.string(&key),
        Part::Value(value) => stored_value(scope, &value),
    })
}

enum Part {
    Key(String),
    Value(Vec<u8>),
}

#[cfg(test)]
mod tests {
    use stated_storage::{Backend, Committer, DatabaseOptions};
    use tempfile::TempDir;

    use super::*;

    struct Fixture {
        // Before the committer, which it waits for.
        database: Database,
        _committer: Committer,
        _folder: TempDir,
    }

    impl Fixture {
        /// A database with as many keys: `k000`, `k001`, …
        fn with_keys(count: usize) -> Self {
            let folder = TempDir::new().unwrap();
            let committer = Committer::spawn(drop).unwrap();
            let options = DatabaseOptions {
                backend: Backend::KeyValue,
                alarm: None,
            };
            let path = folder.path().join("object.sqlite");
            let mut database = Database::open(&path, options, &committer.lane()).unwrap();
            for number in 0..count {
                database.kv_put(&format!("k{number:03}"), b"value").unwrap();
            }
            Self {
                database,
                _committer: committer,
                _folder: folder,
            }
        }

        fn listed(&mut self, options: ListOptions<'_>) -> Vec<String> {
            let entries = list(&mut self.database, &options, &mut Budget::new(u64::MAX))
                .unwrap()
                .unwrap();
            entries.into_iter().map(|(key, _)| key).collect()
        }
    }

    fn keys(numbers: impl Iterator<Item = usize>) -> Vec<String> {
        numbers.map(|number| format!("k{number:03}")).collect()
    }

    fn cost_of(entries: usize) -> usize {
        entries * (ENTRY_BYTES + "k000".len() + "value".len())
    }

    #[test]
    fn a_listing_has_every_key_once() {
        for count in [0, 1, 31, 32, 33, 64, 65] {
            let mut fixture = Fixture::with_keys(count);

            assert_eq!(fixture.listed(ListOptions::default()), keys(0..count));
            let reverse = ListOptions {
                reverse: true,
                ..ListOptions::default()
            };
            assert_eq!(fixture.listed(reverse), keys((0..count).rev()));
        }
    }

    #[test]
    fn bounds_and_limit_of_a_listing_hold() {
        let mut fixture = Fixture::with_keys(120);
        let bounded = ListOptions {
            start: Some("k010"),
            end: Some("k110"),
            ..ListOptions::default()
        };

        assert_eq!(fixture.listed(bounded), keys(10..110));
        assert_eq!(
            fixture.listed(ListOptions {
                limit: Some(33),
                ..bounded
            }),
            keys(10..43)
        );
        assert_eq!(
            fixture.listed(ListOptions {
                limit: Some(64),
                ..bounded
            }),
            keys(10..74)
        );
        let last = ListOptions {
            limit: Some(33),
            reverse: true,
            ..bounded
        };
        assert_eq!(fixture.listed(last), keys((77..110).rev()));
        let after = ListOptions {
            start_after: Some("k010"),
            prefix: Some("k0"),
            ..ListOptions::default()
        };
        assert_eq!(fixture.listed(after), keys(11..100));
    }

    #[test]
    fn a_listing_within_the_budget_is_read_and_a_larger_one_is_not() {
        let mut fixture = Fixture::with_keys(40);
        let mut list_with = |left| {
            list(
                &mut fixture.database,
                &ListOptions::default(),
                &mut Budget { left },
            )
            .unwrap()
        };

        assert_eq!(
            list_with(cost_of(40)).map(|entries| entries.len()),
            Some(40)
        );
        assert_eq!(list_with(cost_of(40) - 1), None);
    }

    #[test]
    fn many_keys_are_sorted_and_counted_once() {
        let mut fixture = Fixture::with_keys(3);
        let asked = ["k002", "nothing", "k000", "k002"]
            .map(str::to_owned)
            .to_vec();

        let within = get_many(
            &mut fixture.database,
            asked.clone(),
            &mut Budget { left: cost_of(2) },
        )
        .unwrap();
        let found: Vec<_> = within.unwrap().into_iter().map(|(key, _)| key).collect();
        assert_eq!(found, ["k000", "k002"]);

        let beyond = get_many(
            &mut fixture.database,
            asked,
            &mut Budget {
                left: cost_of(2) - 1,
            },
        )
        .unwrap();
        assert_eq!(beyond, None);
    }

    #[test]
    fn a_result_may_take_the_bytes_of_the_heap_and_no_byte_more() {
        let mut budget = Budget::new(128 << 20);

        assert!(budget.take((128 << 20) - 1));
        assert!(budget.take(1));
        assert!(!budget.take(1));
        assert!(budget.take(0));
    }

    #[test]
    fn a_refused_entry_ends_the_budget() {
        let mut budget = Budget {
            left: ENTRY_BYTES + 3,
        };
        let entry = |value: &[u8]| ("k".to_owned(), value.to_vec());

        assert!(!budget.take_entry(&entry(b"abc")));
        assert!(!budget.take_entry(&entry(b"ab")));
    }

    #[test]
    fn an_entry_counts_its_key_and_value() {
        let mut budget = Budget {
            left: ENTRY_BYTES + 3,
        };

        assert!(budget.take_entry(&("k".to_owned(), b"ab".to_vec())));
        assert_eq!(budget.left, 0);
    }

    #[test]
    fn a_result_that_is_too_large_says_what_to_do() {
        assert_eq!(
            too_large_text("list()", "fewer entries with `limit`", 128 << 20),
            "list(): the result is larger than 134217728 bytes; ask for fewer entries with `limit`"
        );
    }
}
