//! Digests: of a whole message, or piece by piece.

use sha2::Digest;

/// A digest algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// MD5, which Workers has beside the standard's. For digests and HMAC only.
    Md5,
    /// SHA-1
    Sha1,
    /// SHA-256
    Sha256,
    /// SHA-384
    Sha384,
    /// SHA-512
    Sha512,
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
        }
    };
}
pub(crate) use with_hash;

impl Hash {
    /// The algorithm of this name, written exactly as the standard writes it.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "MD5" => Self::Md5,
            "SHA-1" => Self::Sha1,
            "SHA-256" => Self::Sha256,
            "SHA-384" => Self::Sha384,
            "SHA-512" => Self::Sha512,
            _ => return None,
        })
    }

    /// The digest of a message.
    pub fn digest(self, message: &[u8]) -> Vec<u8> {
        with_hash!(self, D => D::digest(message).to_vec())
    }
}

/// A digest in progress.
#[derive(Clone)]
pub enum Hasher {
    /// MD5
    Md5(md5::Md5),
    /// SHA-1
    Sha1(sha1::Sha1),
    /// SHA-256
    Sha256(sha2::Sha256),
    /// SHA-384
    Sha384(sha2::Sha384),
    /// SHA-512
    Sha512(sha2::Sha512),
}

impl Hasher {
    /// Starts a digest.
    pub fn new(hash: Hash) -> Self {
        match hash {
            Hash::Md5 => Self::Md5(md5::Md5::new()),
            Hash::Sha1 => Self::Sha1(sha1::Sha1::new()),
            Hash::Sha256 => Self::Sha256(sha2::Sha256::new()),
            Hash::Sha384 => Self::Sha384(sha2::Sha384::new()),
            Hash::Sha512 => Self::Sha512(sha2::Sha512::new()),
        }
    }

    /// Adds the next piece of the message.
    pub fn update(&mut self, piece: &[u8]) {
        match self {
            Self::Md5(state) => state.update(piece),
            Self::Sha1(state) => state.update(piece),
            Self::Sha256(state) => state.update(piece),
            Self::Sha384(state) => state.update(piece),
            Self::Sha512(state) => state.update(piece),
        }
    }

    /// The digest of all pieces.
    pub fn finish(self) -> Vec<u8> {
        match self {
            Self::Md5(state) => state.finalize().to_vec(),
            Self::Sha1(state) => state.finalize().to_vec(),
            Self::Sha256(state) => state.finalize().to_vec(),
            Self::Sha384(state) => state.finalize().to_vec(),
            Self::Sha512(state) => state.finalize().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Hash, Hasher};

    // FIPS 180-4 examples and RFC 1321 A.5, of "abc".
    const OF_ABC: [(&str, &str); 5] = [
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
    fn names_are_exact() {
        assert_eq!(Hash::from_name("sha-256"), None);
        assert_eq!(Hash::from_name("SHA-224"), None);
    }
}
