use super::{
    Curve, agree, from_pkcs8, from_point, from_scalar, from_spki, generate, sign, to_pkcs8,
    to_spki, verify,
};
use crate::{CryptoError, Hash};

const CURVES: [Curve; 5] = [
    Curve::K256,
    Curve::P224,
    Curve::P256,
    Curve::P384,
    Curve::P521,
];
const HASHES: [Hash; 4] = [Hash::Sha1, Hash::Sha256, Hash::Sha384, Hash::Sha512];

fn data(text: &str) -> CryptoError {
    CryptoError::Data(text.to_owned())
}

#[test]
fn a_deterministic_signature_is_that_of_rfc_6979_a_2_5() {
    let private =
        hex::decode("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721").unwrap();
    let signature = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716\
                     f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
    assert_eq!(
        hex::encode(sign(Curve::P256, Hash::Sha256, &private, b"sample").unwrap()),
        signature
    );
}

#[test]
fn every_curve_signs_over_every_digest() {
    for curve in CURVES {
        let pair = generate(curve);
        for hash in HASHES {
            let signature = sign(curve, hash, &pair.private, b"message").unwrap();
            assert_eq!(signature.len(), 2 * curve.field_bytes());
            assert_eq!(
                verify(curve, hash, &pair.public, &signature, b"message"),
                Ok(true)
            );
            assert_eq!(
                verify(curve, hash, &pair.public, &signature, b"massage"),
                Ok(false)
            );
            assert_eq!(
                verify(curve, hash, &pair.public, &signature[1..], b"message"),
                Ok(false)
            );
            assert_eq!(
                verify(curve, hash, &generate(curve).public, &signature, b"message"),
                Ok(false)
            );
        }
    }
}

#[test]
fn keys_survive_their_documents() {
    for curve in CURVES {
        let pair = generate(curve);
        assert_eq!(from_scalar(curve, &pair.private).unwrap(), pair);
        assert_eq!(
            from_pkcs8(curve, &to_pkcs8(curve, &pair.private).unwrap()).unwrap(),
            pair
        );
        assert_eq!(
            from_spki(curve, &to_spki(curve, &pair.public).unwrap()).unwrap(),
            pair.public
        );
        let mut compressed = vec![2 + (pair.public.last().unwrap() & 1)];
        compressed.extend_from_slice(&pair.public[1..=curve.field_bytes()]);
        assert_eq!(from_point(curve, &compressed).unwrap(), pair.public);
    }
}

#[test]
fn both_sides_agree() {
    for curve in CURVES {
        let (left, right) = (generate(curve), generate(curve));
        let secret = agree(curve, &left.private, &right.public).unwrap();
        assert_eq!(secret.len(), curve.field_bytes());
        assert_eq!(agree(curve, &right.private, &left.public).unwrap(), secret);
    }
}

#[test]
fn what_is_no_key_is_refused() {
    let pair = generate(Curve::P256);
    let not_private = data("the private key is not one of this curve");
    let not_public = data("the public key is not a point of this curve");
    assert_eq!(from_scalar(Curve::P256, &[0; 32]), Err(not_private.clone()));
    assert_eq!(
        from_scalar(Curve::P256, &[0xff; 32]),
        Err(not_private.clone())
    );
    assert_eq!(
        from_scalar(Curve::P256, &pair.private[1..]),
        Err(not_private.clone())
    );
    assert_eq!(
        from_pkcs8(Curve::P384, &to_pkcs8(Curve::P256, &pair.private).unwrap()),
        Err(not_private)
    );
    assert_eq!(
        from_spki(Curve::P384, &to_spki(Curve::P256, &pair.public).unwrap()),
        Err(not_public.clone())
    );
    let mut off_curve = pair.public.clone();
    off_curve[64] ^= 1;
    assert_eq!(from_point(Curve::P256, &off_curve), Err(not_public.clone()));
    assert_eq!(from_point(Curve::P256, &[0]), Err(not_public));
}
