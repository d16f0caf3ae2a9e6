//! Throws mutated bytes at what shows stored values as JSON:
//! `cargo run --release -p stated-admin --example shown_values -- 120 1`, for 120 seconds with seed 1.
//!
//! Whatever the bytes are, reading them must not panic, must end soon, and must give either an error or JSON that is
//! written as a value which is read as the same JSON. A violation ends the program with the bytes in hexadecimal.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::json;
use stated_admin::value::{from_json, to_json};
use stated_testkit::fuzz::{CHANGES, Corpus, Random, change, hexadecimal, seconds_and_seed};

const INPUT_BYTES_MAX: usize = 64 * 1024;
const CORPUS_MAX: usize = 1024;
/// One input may take this long.
const TIME_MAX: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let (seconds, seed) = seconds_and_seed();
    let mut random = Random::new(seed);
    let mut corpus = Corpus::new(first_inputs(), CORPUS_MAX);
    let mut runs = 0_u64;
    let until = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < until {
        let mut input = corpus.one(&mut random).to_vec();
        for _ in 0..=random.below(4) {
            mutate(&mut input, &corpus, &mut random);
        }
        input.truncate(INPUT_BYTES_MAX);
        let end = match check(&input) {
            Ok(end) => end,
            Err(what) => {
                eprintln!("{what}, seed {seed}: {}", hexadecimal(&input));
                return ExitCode::FAILURE;
            }
        };
        runs += 1;
        let is_read = end == "read";
        // Inputs that are accepted, or end in a rare way, are worth changing further.
        let is_worth = corpus.count(end) < 100 || is_read && random.below(50) == 0;
        if is_worth && input.len() < 4096 {
            corpus.keep(input, &mut random);
        }
    }
    println!("{runs} inputs in {seconds} s, seed {seed}; they ended with:");
    corpus.print_ends();
    ExitCode::SUCCESS
}

/// How an input ended; places in it are left out.
fn check(input: &[u8]) -> Result<String, String> {
    let started = Instant::now();
    let end = match to_json(input) {
        Ok(value) => match to_json(&from_json(&value)) {
            Ok(again) if again == value => "read".to_owned(),
            other => return Err(format!("{value} is written and read as {other:?}")),
        },
        Err(error) => error.to_string().replace(|c: char| c.is_ascii_digit(), ""),
    };
    if started.elapsed() > TIME_MAX {
        return Err("it takes too long".to_owned());
    }
    Ok(end)
}

fn first_inputs() -> Vec<Vec<u8>> {
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1_u64 << 40),
        json!(1.5),
        json!("text"),
        json!("ā€😀"),
        json!("x".repeat(300)),
        json!([1, [2, [3]], {}]),
        json!({ "a": 1, "0": "zero", "b": { "c": [null, false] } }),
    ];
    let bombs: [&[u8]; 6] = [
        b"\xff\x0fA\xff\xff\xff\xff\x0f",
        b"\xff\x0f\"\xff\xff\xff\xff\x0f",
        b"\xff\x0fc\xff\xff\xff\xff\x0f",
        b"\xff\x0fo\"\x01a0{\xff\xff\xff\xff\x0f",
        b"\xff\x0f\x5c\xc8\x01",
        b"\xff\x0fo\"\x01a\x5c\x01{\x01",
    ];
    let deep = [&b"\xff\x0f"[..], &b"A\x01".repeat(4000)].concat();
    let mut inputs: Vec<_> = values.iter().map(from_json).collect();
    inputs.extend(bombs.map(<[u8]>::to_vec));
    inputs.push(deep);
    inputs
}

fn mutate(input: &mut Vec<u8>, corpus: &Corpus, random: &mut Random) {
    const WORTH_TRYING: &[u8] = b"\0\"cSIUN0TF_-^Zo{A$a@DrV\\\x7f\x80\xff\x01\x0f\x0d";
    let at = random.below(input.len() + 1);
    match random.below(CHANGES + 1) {
        which @ 0..CHANGES => change(which, input, at, WORTH_TRYING, random),
        _ => {
            // A value in the place of another: without its header.
            let value = corpus.one(random).get(2..).unwrap_or_default();
            input.splice(at..at, value.iter().copied());
        }
    }
}
