//! Throws mutated bytes at the decoder of values, inside the engine:
//! `cargo run --release -p stated-worker --example values -- 120 1`, for 120 seconds with seed 1.
//!
//! The decoder reads storage, RPC messages and attachments. Whatever the bytes are, it must end soon, stay within
//! the memory of an event, and throw nothing but its own errors; what it accepts must be written and read again
//! without a change. A violation ends the program with the bytes in hexadecimal.

#[path = "../tests/worker/host.rs"]
mod host;

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::{Duration, Instant};

use http::Method;
use stated_object::message::{Body, FetchRequest};
use stated_testkit::fuzz::{CHANGES, Corpus, Random, change, hexadecimal, seconds_and_seed};
use stated_worker::{LibraryAccess, Source, Worker};

const INPUT_BYTES_MAX: usize = 64 * 1024;
const CORPUS_MAX: usize = 2048;
/// Inputs of one event.
const BATCH: usize = 64;
/// A batch may take this long.
const TIME_MAX: Duration = Duration::from_secs(10);
const PROGRAM: &str = r#"export { default } from "fuzz";"#;

/// What the program says of a batch.
#[derive(serde::Deserialize)]
struct Seen {
    /// How each input ended.
    ends: Vec<String>,
    /// What must not happen, after the last of them.
    violation: Option<String>,
}

fn main() -> ExitCode {
    let (seconds, seed) = seconds_and_seed();
    let result = host::on_a_thread(move || {
        host::block_on(async move {
            let worker = host::worker(&["allow_irrevocable_stub_storage"]);
            worker.load(source()).map_err(|error| error.text)?;
            tokio::task::spawn_local(worker.clone().tend());
            fuzz(&worker, seconds, seed).await
        })
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("{what}\nseed {seed}");
            ExitCode::FAILURE
        }
    }
}

fn source() -> Source {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/js/fuzz/engine.js");
    let code = fs::read_to_string(path).expect("the program is there");
    Source {
        code: PROGRAM.to_owned(),
        chunks: vec![("fuzz".to_owned(), code)],
        library: LibraryAccess::Internal,
        ..Source::default()
    }
}

async fn fuzz(worker: &Rc<Worker>, seconds: u64, seed: u64) -> Result<(), String> {
    let mut random = Random::new(seed);
    let mut batch = split(&send(worker, Method::GET, Vec::new()).await?);
    let mut corpus = Corpus::new(batch.clone(), CORPUS_MAX);
    let mut runs = 0_u64;
    let until = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < until {
        let seen = check(worker, &batch).await?;
        for (input, end) in batch.into_iter().zip(seen.ends) {
            runs += 1;
            let is_read = end.starts_with("read");
            // Inputs that are accepted, or end in a rare way, are worth changing further.
            let is_worth = corpus.count(end) < 100 || is_read && random.below(20) == 0;
            if is_worth && input.len() < 8192 {
                corpus.keep(input, &mut random);
            }
        }
        batch = (0..BATCH)
            .map(|_| {
                let mut input = corpus.one(&mut random).to_vec();
                for _ in 0..=random.below(4) {
                    mutate(&mut input, &corpus, &mut random);
                }
                input.truncate(INPUT_BYTES_MAX);
                input
            })
            .collect();
    }
    println!("{runs} inputs in {seconds} s, seed {seed}; they ended with:");
    corpus.print_ends();
    Ok(())
}

async fn check(worker: &Rc<Worker>, batch: &[Vec<u8>]) -> Result<Seen, String> {
    let started = Instant::now();
    let answer = send(worker, Method::POST, joined(batch)).await;
    let answer = answer.map_err(|what| format!("{what}: one of {}", hexadecimals(batch)))?;
    let seen: Seen = serde_json::from_slice(&answer).map_err(|error| error.to_string())?;
    if let Some(what) = &seen.violation {
        return Err(format!(
            "{what}: {}",
            hexadecimals(&batch[seen.ends.len()..=seen.ends.len()])
        ));
    }
    if started.elapsed() > TIME_MAX {
        return Err(format!("it takes too long: one of {}", hexadecimals(batch)));
    }
    Ok(seen)
}

async fn send(worker: &Rc<Worker>, method: Method, body: Vec<u8>) -> Result<Vec<u8>, String> {
    let request = FetchRequest {
        method,
        body: if body.is_empty() {
            Body::None
        } else {
            Body::Bytes(body.into())
        },
        ..host::request()
    };
    let response = worker
        .fetch("default", request, &mut None)
        .await
        .map_err(|failure| failure.to_string())?;
    Ok(host::bytes_of(response.body).await)
}

/// Inputs one after the other, each behind its length in four bytes.
fn joined(inputs: &[Vec<u8>]) -> Vec<u8> {
    let each = |input: &Vec<u8>| [&(input.len() as u32).to_le_bytes()[..], input].concat();
    inputs.iter().flat_map(each).collect()
}

fn split(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut inputs = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let (input, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
        inputs.push(input.to_vec());
        bytes = rest;
    }
    inputs
}

fn mutate(input: &mut Vec<u8>, corpus: &Corpus, random: &mut Random) {
    const WORTH_TRYING: &[u8] =
        b"\0\"cSIUNZ_0TF-?^o{a@A$Dyxnzs;:',RBVt~\\r.\x7f\x80\xff\x01\x0f\xc8\xc9";
    let at = random.below(input.len() + 1);
    match random.below(CHANGES + 2) {
        which @ 0..CHANGES => change(which, input, at, WORTH_TRYING, random),
        CHANGES => {
            let byte = input.get(at).copied().unwrap_or(b'o');
            let many = std::iter::repeat_n(byte, 1 + random.below(40));
            input.splice(at..at, many);
        }
        _ => {
            // A value in the place of another: without its header.
            let other = corpus.one(random);
            let value = other
                .strip_prefix(&[0xff])
                .map_or(other, |rest| rest.get(1..).unwrap_or_default());
            input.splice(at..at, value.iter().copied());
        }
    }
}

fn hexadecimals(inputs: &[Vec<u8>]) -> String {
    let each = inputs.iter().map(|input| hexadecimal(input));
    each.collect::<Vec<_>>().join(" ")
}
