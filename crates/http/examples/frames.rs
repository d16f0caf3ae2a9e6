//! Throws mutated frames at the frame decoder: `cargo run --release -p stated-http --example frames -- 120 1`,
//! for 120 seconds with seed 1.
//!
//! Whatever arrives, the decoder must not panic, must see the same in one piece as in many, and must
//! hold little more than one message. A violation ends the program with the bytes in hexadecimal.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use stated_http::probe::{KeepsWindow, Peer, Seen, read};
use stated_testkit::fuzz::{Corpus, Random, hexadecimal, seconds_and_seed};

const MESSAGE_BYTES_MAX: usize = 64 * 1024;
const INPUT_BYTES_MAX: usize = 256 * 1024;
const CORPUS_MAX: usize = 512;
/// One input may take this long.
const TIME_MAX: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let (seconds, seed) = seconds_and_seed();
    let mut random = Random::new(seed);
    let mut corpus = Corpus::new(first_inputs(), CORPUS_MAX);
    let (mut runs, mut bytes) = (0u64, 0u64);
    let end = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < end {
        let mut input = corpus.one(&mut random).to_vec();
        for _ in 0..=random.below(4) {
            mutate(&mut input, &corpus, &mut random);
        }
        input.truncate(INPUT_BYTES_MAX);
        let peer = peer(&mut random);
        let seen = match check(peer, &input, &mut random) {
            Ok(seen) => seen,
            Err(what) => {
                eprintln!("{what}, seed {seed}, {peer:?}: {}", hexadecimal(&input));
                return ExitCode::FAILURE;
            }
        };
        runs += 1;
        bytes += input.len() as u64;
        let name = seen.failure.as_ref().map_or_else(
            || "goes on".to_owned(),
            // Without the numbers in it.
            |(code, reason)| format!("{code} {}", reason.split(':').next().unwrap_or_default()),
        );
        // Inputs that go far, or end in a rare way, are worth changing further.
        let is_rare = corpus.count(name) < 50;
        if (is_rare || seen.events.len() > 20 && random.below(100) == 0) && input.len() < 4096 {
            corpus.keep(input, &mut random);
        }
    }
    println!(
        "{runs} inputs, {} MiB, in {seconds} s, seed {seed}; they ended with:",
        bytes >> 20
    );
    corpus.print_ends();
    ExitCode::SUCCESS
}

fn check(peer: Peer, input: &[u8], random: &mut Random) -> Result<Seen, &'static str> {
    let started = Instant::now();
    let whole = read(peer, [input]);
    let cut = 1 + random.below(if input.len() > 4096 { 4096 } else { 64 });
    let pieces = read(peer, input.chunks(cut));
    if (&whole.events, &whole.failure) != (&pieces.events, &pieces.failure) {
        return Err("pieces are read in another way than the whole");
    }
    // A message, the frame that would go beyond it is refused by its header, and a control frame.
    if pieces.held_bytes_max > MESSAGE_BYTES_MAX + 14 + 139 + cut {
        return Err("too much is held");
    }
    if started.elapsed() > TIME_MAX {
        return Err("it takes too long");
    }
    Ok(whole)
}

fn peer(random: &mut Random) -> Peer {
    Peer {
        is_client: random.below(4) != 0,
        compresses: match random.below(4) {
            0 => None,
            1 => Some(KeepsWindow::Yes),
            _ => Some(KeepsWindow::No),
        },
        message_bytes_max: MESSAGE_BYTES_MAX,
    }
}

fn first_inputs() -> Vec<Vec<u8>> {
    let masked = |first: u8, payload: &[u8]| {
        [&[first, 0x80 | payload.len() as u8, 0, 0, 0, 0], payload].concat()
    };
    let plain = |first: u8, payload: &[u8]| [&[first, payload.len() as u8], payload].concat();
    let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let long = [&[0x82, 0xFE, 0x20, 0x00, 1, 2, 3, 4][..], &[7; 0x2000]].concat();
    let longer = [
        &[0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4][..],
        &[7; 0x1_0000],
    ]
    .concat();
    vec![
        masked(0x81, "h\u{e9}llo w\u{f6}rld \u{1f600}".as_bytes()),
        masked(0x82, &[0, 255]),
        [
            masked(0x01, b"one"),
            masked(0x89, b"ping"),
            masked(0x00, b"two"),
            masked(0x80, b"three"),
        ]
        .concat(),
        masked(0xC1, &hello),
        [masked(0x41, &hello[..3]), masked(0x80, &hello[3..])].concat(),
        [
            masked(0xC1, &hello),
            masked(0xC1, &[0xf2, 0x00, 0x11, 0x00, 0x00]),
        ]
        .concat(),
        masked(0x88, &[3, 0xE8, b'b', b'y', b'e']),
        masked(0x88, b""),
        [masked(0x8A, b""), masked(0x81, b"x").repeat(50)].concat(),
        plain(0x81, b"from a server"),
        [plain(0x01, b"a"), plain(0x80, b"b"), plain(0x89, b"")].concat(),
        long,
        longer,
    ]
}

fn mutate(input: &mut Vec<u8>, corpus: &Corpus, random: &mut Random) {
    const WORTH_TRYING: [u8; 16] = [
        0x00, 0x01, 0x41, 0x7D, 0x7E, 0x7F, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8A, 0xC1, 0xFE, 0xFF,
        0xED,
    ];
    let at = random.below(input.len() + 1);
    match random.below(8) {
        0 if !input.is_empty() => {
            let place = at % input.len();
            input[place] ^= 1 << random.below(8);
        }
        1 if !input.is_empty() => {
            let place = at % input.len();
            input[place] = WORTH_TRYING[random.below(WORTH_TRYING.len())];
        }
        2 => input.insert(at, random.below(256) as u8),
        3 => input.truncate(at),
        4 => {
            let end = (at + 1 + random.below(16)).min(input.len());
            input.drain(at.min(end)..end);
        }
        5 => {
            let end = (at + 1 + random.below(64)).min(input.len());
            let piece = input[at.min(end)..end].to_vec();
            input.splice(at..at, piece);
        }
        6 => input.extend_from_slice(corpus.one(random)),
        _ => {
            let other = corpus.one(random);
            let from = random.below(other.len() + 1);
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
    }
}
