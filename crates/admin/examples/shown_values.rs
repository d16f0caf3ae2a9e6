//! Throws mutated bytes at what shows stored values as JSON:
//! `cargo run --release -p stated-admin --example shown_values -- 120 1`, for 120 seconds with seed 1.
//!
//! Whatever the bytes are, reading them must not panic, must end soon, and must give either an error or JSON that is
//! written as a value which is read as the same JSON. A violation ends the program with the bytes in hexadecimal.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::json;
use stated_admin::value::{from_json, to_json};

const INPUT_BYTES_MAX: usize = 64 * 1024;
const CORPUS_MAX: usize = 1024;
/// One input may take this long.
const TIME_MAX: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let mut number = |usual| {
        let text = arguments.next();
        text.and_then(|text| text.parse().ok()).unwrap_or(usual)
    };
    let (seconds, seed) = (number(10), number(1));
    let mut random = Random(seed | 1);
    let mut corpus = first_inputs();
    let mut ends: BTreeMap<String, u64> = BTreeMap::new();
    let mut runs = 0_u64;
    let until = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < until {
        let mut input = corpus[random.below(corpus.len())].clone();
        for _ in 0..=random.below(4) {
            mutate(&mut input, &corpus, &mut random);
        }
        input.truncate(INPUT_BYTES_MAX);
        let end = match check(&input) {
            Ok(end) => end,
            Err(what) => {
                let bytes: String = input.iter().map(|byte| format!("{byte:02x}")).collect();
                eprintln!("{what}, seed {seed}: {bytes}");
                return ExitCode::FAILURE;
            }
        };
        runs += 1;
        let count = ends.entry(end.clone()).or_default();
        *count += 1;
        // Inputs that are accepted, or end in a rare way, are worth changing further.
        let is_worth = *count < 100 || end == "read" && random.below(50) == 0;
        if is_worth && input.len() < 4096 {
            if corpus.len() < CORPUS_MAX {
                corpus.push(input);
            } else {
                let place = random.below(corpus.len());
                corpus[place] = input;
            }
        }
    }
    println!("{runs} inputs in {seconds} s, seed {seed}; they ended with:");
    for (end, count) in ends {
        println!("{count:>10}  {end}");
    }
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

fn mutate(input: &mut Vec<u8>, corpus: &[Vec<u8>], random: &mut Random) {
    const WORTH_TRYING: &[u8] = b"\0\"cSIUN0TF_-^Zo{A$a@DrV\\\x7f\x80\xff\x01\x0f\x0d";
    let worth = |random: &mut Random| WORTH_TRYING[random.below(WORTH_TRYING.len())];
    let at = random.below(input.len() + 1);
    let end = |length: usize| (at + length).min(input.len());
    match random.below(7) {
        0 if at < input.len() => input[at] ^= 1 << random.below(8),
        1 if at < input.len() => input[at] = worth(random),
        2 => input.insert(at, worth(random)),
        3 => input.truncate(at),
        4 => {
            let end = end(1 + random.below(16));
            input.drain(at..end);
        }
        5 => {
            let piece = input[at..end(1 + random.below(64))].to_vec();
            input.splice(at..at, piece);
        }
        _ => {
            // A value in the place of another: without its header.
            let other = &corpus[random.below(corpus.len())];
            let value = other.get(2..).unwrap_or_default();
            input.splice(at..at, value.iter().copied());
        }
    }
}

/// Marsaglia's xorshift: repeatable, and good enough to choose mutations.
struct Random(u64);

impl Random {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % count
    }
}
