//! Prints what a data folder with very many objects and armed alarms costs at the start.
//!
//! ```text
//! cargo run --release -p stated-storage --example scale -- FOLDER [OBJECTS]
//! ```
//!
//! The folder is filled first if it does not exist. A server of the project
//! `crates/cli/tests/fixtures/crash` opens it too: `/object-999999/add` is then asked of the last one.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use stated_core::id::{ObjectId, UniqueKey};
use stated_storage::{
    AlarmIdentity, AlarmIndex, Backend, Committer, DataFolder, Database, DatabaseOptions, Lane,
    NamespaceFolder,
};

const SERVICE: &str = "crash";
const CLASS: &str = "Ledger";
/// An alarm in the distant future.
const LATER_MS: i64 = 4_000_000_000_000;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder: PathBuf = arguments.next().context("a folder is needed")?.into();
    let objects = arguments
        .next()
        .map_or(Ok(1_000_000), |text| text.parse())?;
    if !folder.exists() {
        let start = Instant::now();
        fill(&folder, objects)?;
        let rate = objects as f64 / start.elapsed().as_secs_f64();
        println!("made {objects} objects with alarms: {rate:.0}/s");
    }
    let start = Instant::now();
    let data = DataFolder::open(&folder)?;
    let namespace = data.namespace(UniqueKey::for_class(SERVICE, CLASS).as_str())?;
    println!("open the folder: {:?}", start.elapsed());
    let start = Instant::now();
    let alarms = Arc::new(AlarmIndex::open(namespace.path())?);
    let next = alarms.next();
    println!("open the alarm index: {:?}, next {next:?}", start.elapsed());
    let committer = Committer::spawn_with_log(data.lane("0-0")?, |_| ())?;
    // A server has this done when it answers its first request.
    while !folder.join("lanes/0-0/spare").exists() {
        std::thread::yield_now();
    }
    let start = Instant::now();
    let page = namespace.list(Some(&id(objects / 2)), 1000)?;
    println!(
        "list {} objects from the middle: {:?}",
        page.len(),
        start.elapsed()
    );
    for object in [objects - 1, objects / 3, objects / 7] {
        let start = Instant::now();
        let mut database = open(&namespace, object, &alarms, &committer.lane())?;
        let value = database
            .kv_get("count")?
            .context("the object has a value")?;
        let read = start.elapsed();
        // Another one: writing the same would change no page.
        database.kv_put("read", &value)?;
        database.end_turn()?;
        database.wait_until_durable()?;
        println!(
            "first request: read after {read:?}, write durable after {:?}",
            start.elapsed()
        );
    }
    Ok(())
}

fn name(object: usize) -> String {
    format!("object-{object}")
}

/// Ids in no order, as those of all names are.
fn id(object: usize) -> String {
    ObjectId::from_name(&UniqueKey::for_class(SERVICE, CLASS), &name(object)).to_string()
}

/// The number 0 as programs store it, in V8's format.
const ZERO: &[u8] = b"\xff\x0fI\x00";

fn fill(folder: &Path, objects: usize) -> Result<()> {
    let data = DataFolder::open(folder)?;
    let namespace = data.namespace(UniqueKey::for_class(SERVICE, CLASS).as_str())?;
    let alarms = Arc::new(AlarmIndex::open(namespace.path())?);
    let committer = Committer::spawn_with_log(data.lane("0-0")?, |_| ())?;
    let mut waiting = Vec::new();
    for object in 0..objects {
        let mut database = open(&namespace, object, &alarms, &committer.lane())?;
        database.kv_put("count", ZERO)?;
        database.set_alarm(Some(LATER_MS + object as i64))?;
        database.end_turn()?;
        waiting.push(database);
        if waiting.len() == 1000 {
            waiting.clear();
        }
    }
    Ok(())
}

fn open(
    namespace: &NamespaceFolder,
    object: usize,
    alarms: &Arc<AlarmIndex>,
    lane: &Lane,
) -> Result<Database> {
    let id = id(object);
    let path = namespace.object_path(&id);
    let options = DatabaseOptions {
        backend: Backend::Sqlite { sql_enabled: true },
        alarm: Some(AlarmIdentity {
            index: Arc::clone(alarms),
            id: id.into(),
            name: Some(name(object).into()),
        }),
    };
    Ok(Database::open(&path, options, lane)?)
}
