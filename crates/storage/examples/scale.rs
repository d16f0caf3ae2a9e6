//! Prints what a data folder with very many objects and armed alarms costs at the start.
//!
//! ```text
//! cargo run --release -p stated-storage --example scale -- FOLDER [OBJECTS]
//! ```
//!
//! The folder is filled first if it does not exist.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use stated_storage::{
    AlarmIdentity, AlarmIndex, Backend, Committer, DataFolder, Database, DatabaseOptions, Lane,
    NamespaceFolder,
};

const NAMESPACE: &str = "scale-Object";
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
    let namespace = data.namespace(NAMESPACE)?;
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
        database.kv_put("count", &[&value[..], b"+"].concat())?;
        database.end_turn()?;
        database.wait_until_durable()?;
        println!(
            "first request: read after {read:?}, write durable after {:?}",
            start.elapsed()
        );
    }
    Ok(())
}

/// Ids in no order, as real ones are.
fn id(object: usize) -> String {
    let mut state = object as u64;
    let mut word = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb)
    };
    format!(
        "{:016x}{:016x}{:016x}{:016x}",
        word(),
        word(),
        word(),
        word()
    )
}

fn fill(folder: &Path, objects: usize) -> Result<()> {
    let data = DataFolder::open(folder)?;
    let namespace = data.namespace(NAMESPACE)?;
    let alarms = Arc::new(AlarmIndex::open(namespace.path())?);
    let committer = Committer::spawn_with_log(data.lane("0-0")?, |_| ())?;
    let mut waiting = Vec::new();
    for object in 0..objects {
        let mut database = open(&namespace, object, &alarms, &committer.lane())?;
        database.kv_put("count", object.to_string().as_bytes())?;
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
            name: Some(format!("object-{object}").into()),
        }),
    };
    Ok(Database::open(&path, options, lane)?)
}
