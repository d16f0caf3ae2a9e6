//! Digests: of a whole message, or piece by piece.

use sha2::Digest;
use sha3::digest::{DynDigest, ExtendableOutput, Update, XofReader};

/// A digest algorithm.
///
/// Web Crypto has MD5, SHA-1 and three of SHA-2; the others are Node's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// MD5
    Md5,
    /// SHA-1
    Sha1,
    /// SHA-224
    Sha224,
    /// SHA-256
    Sha256,
    /// SHA-384
    Sha384,
    /// SHA-512
    Sha512,
    /// SHA-512/224
    Sha512Of224,
    /// SHA-512/256
    Sha512Of256,
    /// SHA3-224
    Sha3Of224,
    /// SHA3-256
    Sha3Of256,
    /// SHA3-384
    Sha3Of384,
    /// SHA3-512
    Sha3Of512,
    /// RIPEMD-160
    Ripemd160,
    /// BLAKE2b-512
    Blake2b512,
    /// BLAKE2s-256
    Blake2s256,
}

/// Runs `$body` with `$digest` as the type that computes the hash.
macro_rules! with_hash {
    ($hash:expr, $digest:ident => $body:expr) => {
        match $hash {
            $crate::Hash::Md5 => {
                type $digest = md5::Md5;
                $body
            }
            $crate::Hash::Sha1 => {
                type $digest = sha1::Sha1;
                $body
            }
            $crate::Hash::Sha224 => {
                type $digest = sha2::Sha224;
                $body
            }
            $crate::Hash::Sha256 => {
                type $digest = sha2::Sha256;
                $body
            }
            $crate::Hash::Sha384 => {
                type $digest = sha2::Sha384;
                $body
            }
            $crate::Hash::Sha512 => {
                type $digest = sha2::Sha512;
                $body
            }
            $crate::Hash::Sha512Of224 => {
                type $digest = sha2::Sha512_224;
                $body
            }
            $crate::Hash::Sha512Of256 => {
                type $digest = sha2::Sha512_256;
                $body
            }
            $crate::Hash::Sha3Of224 => {
                type $digest = sha3::Sha3_224;
                $body
            }
            $crate::Hash::Sha3Of256 => {
                type $digest = sha3::Sha3_256;
                $body
            }
            $crate::Hash::Sha3Of384 => {
                type $digest = sha3::Sha3_384;
                $body
            }
            $crate::Hash::Sha3Of512 => {
                type $digest = sha3::Sha3_512;
                $body
            }
            $crate::Hash::Ripemd160 => {
                type $digest = ripemd::Ripemd160;
                $body
            }
            $crate::Hash::Blake2b512 => {
                type $digest = blake2::Blake2b512;
                $body
            }
            $crate::Hash::Blake2s256 => {
                type $digest = blake2::Blake2s256;
                $body
            }
        }
    };
}
pub(crate) use with_hash;

/// Runs `$body` with `$mac` as the type of the HMAC over the hash.
macro_rules! with_mac {
    ($hash:expr, $mac:ident => $body:expr) => {
        match $hash {
            $crate::Hash::Md5 => {
                type $mac = hmac::Hmac<md5::Md5>;
                $body
            }
            $crate::Hash::Sha1 => {
                type $mac = hmac::Hmac<sha1::Sha1>;
                $body
            }
            $crate::Hash::Sha224 => {
                type $mac = hmac::Hmac<sha2::Sha224>;
                $body
            }
            $crate::Hash::Sha256 => {
                type $mac = hmac::Hmac<sha2::Sha256>;
                $body
            }
            $crate::Hash::Sha384 => {
                type $mac = hmac::Hmac<sha2::Sha384>;
                $body
            }
            $crate::Hash::Sha512 => {
                type $mac = hmac::Hmac<sha2::Sha512>;
                $body
            }
            $crate::Hash::Sha512Of224 => {
                type $mac = hmac::Hmac<sha2::Sha512_224>;
                $body
            }
            $crate::Hash::Sha512Of256 => {
                type $mac = hmac::Hmac<sha2::Sha512_256>;
                $body
            }
            $crate::Hash::Sha3Of224 => {
                type $mac = hmac::SimpleHmac<sha3::Sha3_224>;
                $body
            }
            $crate::Hash::Sha3Of256 => {
                type $mac = hmac::SimpleHmac<sha3::Sha3_256>;
                $body
            }
            $crate::Hash::Sha3Of384 => {
                type $mac = hmac::SimpleHmac<sha3::Sha3_384>;
                $body
            }
            $crate::Hash::Sha3Of512 => {
                type $mac = hmac::SimpleHmac<sha3::Sha3_512>;
                $body
            }
            $crate::Hash::Ripemd160 => {
                type $mac = hmac::Hmac<ripemd::Ripemd160>;
                $body
            }
            $crate::Hash::Blake2b512 => {
                type $mac = hmac::SimpleHmac<blake2::Blake2b512>;
                $body
            }
            $crate::Hash::Blake2s256 => {
                type $mac = hmac::SimpleHmac<blake2::Blake2s256>;
                $body
            }
        }
    };
}
pub(crate) use with_mac;

impl Hash {
    /// The algorithm of this name, written exactly as its standard writes it.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "MD5" => Self::Md5,
            "SHA-1" => Self::Sha1,
            "SHA-224" => Self::Sha224,
            "SHA-256" => Self::Sha256,
            "SHA-384" => Self::Sha384,
            "SHA-512" => Self::Sha512,
            "SHA-512/224" => Self::Sha512Of224,
            "SHA-512/256" => Self::Sha512Of256,
            "SHA3-224" => Self::Sha3Of224,
            "SHA3-256" => Self::Sha3Of256,
            "SHA3-384" => Self::Sha3Of384,
            "SHA3-512" => Self::Sha3Of512,
            "RIPEMD-160" => Self::Ripemd160,
            "BLAKE2b-512" => Self::Blake2b512,
            "BLAKE2s-256" => Self::Blake2s256,
            _ => return None,
        })
    }

    /// The digest of a message.
    pub fn digest(self, message: &[u8]) -> Vec<u8> {
        with_hash!(self, D => D::digest(message).to_vec())
    }
}

/// The first `length` bytes of the extendable digest SHAKE128 or SHAKE256; none of another name.
pub fn shake(name: &str, message: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut output = vec![0; length];
    match name {
        "SHAKE128" => {
            let mut state = shake::Shake128::default();
            state.update(message);
            state.finalize_xof().read(&mut output);
        }
        "SHAKE256" => {
            let mut state = shake::Shake256::default();
            state.update(message);
            state.finalize_xof().read(&mut output);
        }
        _ => return None,
    }
    Some(output)
}

/// A digest in progress.
pub struct Hasher(Box<dyn DynDigest>);

impl Hasher {
    /// Starts a digest.
    pub fn new(hash: Hash) -> Self {
        with_hash!(hash, D => Self(Box::new(D::default())))
    }

    /// Adds the next piece of the message.
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The digest of all pieces.
    pub fn finish(self) -> Vec<u8> {
        self.0.finalize().into_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::{Hash, Hasher, shake};

    // FIPS 180-4 and 202, RFC 1321 A.5 and RFC 7693; RIPEMD-160's own examples. All of "abc".
    const OF_ABC: [(&str, &str); 15] = [
        ("MD5", "900150983cd24fb0d6963f7d28e17f72"),
        ("SHA-1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "SHA-256",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
        (
            "SHA-384",
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
        ),
        (
            "SHA-512",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
        (
            "SHA-224",
            "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
        ),
        (
            "SHA-512/224",
            "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa",
        ),
        (
            "SHA-512/256",
            "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23",
        ),
        (
            "SHA3-224",
            "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf",
        ),
        (
            "SHA3-256",
            "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
        ),
        (
            "SHA3-384",
            "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25",
        ),
        (
            "SHA3-512",
            "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0",
        ),
        ("RIPEMD-160", "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"),
        (
            "BLAKE2b-512",
            "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
        ),
        (
            "BLAKE2s-256",
            "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982",
        ),
    ];

    #[test]
    fn digests_are_those_of_the_standards_examples() {
        for (name, digest) in OF_ABC {
            assert_eq!(
                hex::encode(Hash::from_name(name).unwrap().digest(b"abc")),
                digest,
                "{name}"
            );
        }
    }

    #[test]
    fn a_digest_by_pieces_is_that_of_the_whole() {
        for (name, digest) in OF_ABC {
            let mut hasher = Hasher::new(Hash::from_name(name).unwrap());
            hasher.update(b"a");
            hasher.update(b"");
            hasher.update(b"bc");
            assert_eq!(hex::encode(hasher.finish()), digest, "{name}");
        }
    }

    #[test]
    fn shake_is_as_long_as_asked() {
        assert_eq!(
            shake("SHAKE128", b"abc", 20).map(hex::encode).as_deref(),
            Some("5881092dd818bf5cf8a3ddb793fbcba74097d5c5")
        );
        assert_eq!(
            shake("SHAKE256", b"abc", 40).map(hex::encode).as_deref(),
            Some(
                "483366601360a8771c6863080cc4114d8db44530f8f1e1ee4f94ea37e78b5739d5a15bef186a5386"
            )
        );
        assert_eq!(shake("SHAKE256", b"abc", 0), Some(Vec::new()));
        assert_eq!(shake("SHAKE512", b"abc", 1), None);
    }

    #[test]
    fn names_are_exact() {
        assert_eq!(Hash::from_name("sha-256"), None);
        assert_eq!(Hash::from_name("SHA-225"), None);
    }
}
