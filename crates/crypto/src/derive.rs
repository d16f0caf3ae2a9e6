//! Keys from secrets: HKDF (RFC 5869), PBKDF2 (RFC 8018) and scrypt (RFC 7914).

use hkdf::GenericHkdf;

use crate::hash::with_mac;
use crate::{CryptoError, Hash};

/// `length` bytes by HKDF.
///
/// # Errors
/// [`CryptoError::Operation`] for more than 255 times the length of the digest.
pub fn hkdf(
    hash: Hash,
    secret: &[u8],
    salt: &[u8],
    info: &[u8],
    length: usize,
) -> Result<Vec<u8>, CryptoError> {
    let mut derived = vec![0; length];
    let expanded =
        with_mac!(hash, M => GenericHkdf::<M>::new(Some(salt), secret).expand(info, &mut derived));
    expanded.map_err(|_| CryptoError::operation("HKDF cannot derive that many bits."))?;
    Ok(derived)
}

/// `length` bytes by PBKDF2 with HMAC. Takes time in proportion to `iterations` and `length`.
pub fn pbkdf2(hash: Hash, password: &[u8], salt: &[u8], iterations: u32, length: usize) -> Vec<u8> {
    let mut derived = vec![0; length];
    with_mac!(hash, M => {
        pbkdf2::pbkdf2::<M>(password, salt, iterations, &mut derived).expect("HMAC takes keys of any length")
    });
    derived
}

/// `length` bytes by scrypt. Takes `128 * cost * block_size` bytes of memory meanwhile.
///
/// # Errors
/// [`CryptoError::Operation`] for a cost that is no power of two from 2 on, and for other parameters
/// that are zero or too large.
pub fn scrypt(
    password: &[u8],
    salt: &[u8],
    cost: u64,
    block_size: u32,
    parallelization: u32,
    length: usize,
) -> Result<Vec<u8>, CryptoError> {
    let invalid = || CryptoError::operation("Invalid scrypt params");
    if cost < 2 || !cost.is_power_of_two() {
        return Err(invalid());
    }
    let cost_bits = cost.trailing_zeros() as u8;
    let parameters =
        scrypt::Params::new(cost_bits, block_size, parallelization).map_err(|_| invalid())?;
    // The crate refuses to derive nothing.
    let mut derived = vec![0; length.max(1)];
    scrypt::scrypt(password, salt, &parameters, &mut derived).map_err(|_| invalid())?;
    derived.truncate(length);
    Ok(derived)
}

#[cfg(test)]
mod tests {
    use super::{hkdf, pbkdf2, scrypt};
    use crate::{CryptoError, Hash};

    #[test]
    fn hkdf_is_that_of_rfc_5869_case_1() {
        let secret = [0x0b; 22];
        let salt: Vec<u8> = (0..=0x0c).collect();
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        assert_eq!(
            hex::encode(hkdf(Hash::Sha256, &secret, &salt, &info, 42).unwrap()),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        );
    }

    #[test]
    fn hkdf_is_that_of_rfc_5869_case_7() {
        assert_eq!(
            hex::encode(hkdf(Hash::Sha1, &[0x0c; 22], b"", b"", 42).unwrap()),
            "2c91117204d745f3500d636a62f64f0ab3bae548aa53d423b0d1f27ebba6f5e5673a081d70cce7acfc48"
        );
    }

    #[test]
    fn hkdf_derives_255_digests_and_no_more() {
        assert_eq!(
            hkdf(Hash::Sha256, b"x", b"", b"", 255 * 32).unwrap().len(),
            255 * 32
        );
        assert_eq!(
            hkdf(Hash::Sha256, b"x", b"", b"", 255 * 32 + 1),
            Err(CryptoError::Operation(
                "HKDF cannot derive that many bits.".to_owned()
            ))
        );
    }

    #[test]
    fn pbkdf2_is_that_of_rfc_6070() {
        let cases = [
            (1, "0c60c80f961f0e71f3a9b524af6012062fe037a6"),
            (2, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"),
            (4096, "4b007901b765489abead49d926f721d065a429c1"),
        ];
        for (iterations, derived) in cases {
            assert_eq!(
                hex::encode(pbkdf2(Hash::Sha1, b"password", b"salt", iterations, 20)),
                derived
            );
        }
        assert_eq!(
            hex::encode(pbkdf2(Hash::Sha1, b"pass\0word", b"sa\0lt", 4096, 16)),
            "56fa6aa75548099dcc37d7f03425e0c3"
        );
    }

    #[test]
    fn pbkdf2_with_sha_256_is_that_of_rfc_7914() {
        assert_eq!(
            hex::encode(pbkdf2(Hash::Sha256, b"passwd", b"salt", 1, 64)),
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc\
             49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"
        );
    }

    #[test]
    fn scrypt_is_that_of_rfc_7914() {
        assert_eq!(
            hex::encode(scrypt(b"", b"", 16, 1, 1, 64).unwrap()),
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442\
             fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
        );
        assert_eq!(scrypt(b"a", b"b", 2, 1, 1, 0), Ok(Vec::new()));
        for cost in [0, 1, 15] {
            assert_eq!(
                scrypt(b"a", b"b", cost, 1, 1, 1),
                Err(CryptoError::Operation("Invalid scrypt params".to_owned()))
            );
        }
    }
}
