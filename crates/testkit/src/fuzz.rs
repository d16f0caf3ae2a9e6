//! What the programs that throw mutated bytes at a decoder share: repeatable randomness, the inputs that are worth
//! changing further, and how the inputs ended.

use std::collections::BTreeMap;

/// Reads how long to run, in seconds, and the seed from the command line; 10 and 1 unless given.
pub fn seconds_and_seed() -> (u64, u64) {
    let mut arguments = std::env::args().skip(1);
    let mut number = |usual| {
        let text = arguments.next();
        text.and_then(|text| text.parse().ok()).unwrap_or(usual)
    };
    (number(10), number(1))
}

/// Marsaglia's xorshift: repeatable, and good enough to choose mutations.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// The numbers that belong to a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// A number below `count`, which is not 0.
    pub fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % count
    }
}

/// The inputs that are worth changing further, at most so many, and how all inputs ended.
#[derive(Debug)]
pub struct Corpus {
    inputs: Vec<Vec<u8>>,
    count_max: usize,
    ends: BTreeMap<String, u64>,
}

impl Corpus {
    /// Begins with these inputs.
    pub fn new(inputs: Vec<Vec<u8>>, count_max: usize) -> Self {
        Self {
            inputs,
            count_max,
            ends: BTreeMap::new(),
        }
    }

    /// One of the inputs.
    pub fn one(&self, random: &mut Random) -> &[u8] {
        &self.inputs[random.below(self.inputs.len())]
    }

    /// Counts an end, and returns how often it was seen by now.
    pub fn count(&mut self, end: String) -> u64 {
        let count = self.ends.entry(end).or_default();
        *count += 1;
        *count
    }

    /// Keeps an input, in the place of another when there are too many.
    pub fn keep(&mut self, input: Vec<u8>, random: &mut Random) {
        if self.inputs.len() < self.count_max {
            self.inputs.push(input);
        } else {
            let place = random.below(self.inputs.len());
            self.inputs[place] = input;
        }
    }

    /// Prints how often each end was seen.
    pub fn print_ends(&self) {
        for (end, count) in &self.ends {
            println!("{count:>10}  {end}");
        }
    }
}

/// How many changes [`change`] knows.
pub const CHANGES: usize = 6;

/// Makes one of the changes that suit any format of bytes; `worth_trying` are bytes that mean something in it.
pub fn change(
    which: usize,
    input: &mut Vec<u8>,
    at: usize,
    worth_trying: &[u8],
    random: &mut Random,
) {
    let worth = |random: &mut Random| worth_trying[random.below(worth_trying.len())];
    let end = |length: usize| (at + length).min(input.len());
    match which {
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
        // Past the last byte there is none to change.
        _ => {}
    }
}

/// Bytes as they are printed with a violation.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
