//! Random bytes and digests.

use sha2::Digest;

use crate::op::{Op, OpError, OpResult};

/// `randomFill`: overwrites a buffer with random bytes.
///
/// # Errors
/// An `Error` when the system gives none.
pub(crate) fn random_fill<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let target = op.arg(0);
    match op.scope.with_bytes_mut(target, getrandom::fill) {
        None => Err(OpError::type_error("the value to fill is not a buffer")),
        Some(filled) => {
            filled.map_err(|error| no_random_bytes(&error))?;
            op.undefined()
        }
    }
}

/// `randomUuid`: a random UUID (version 4), in lower case.
///
/// # Errors
/// An `Error` when the system gives no random bytes.
pub(crate) fn random_uuid<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| no_random_bytes(&error))?;
    Ok(op.scope.string(&uuid_text(bytes)))
}

/// `digest`: the digest of bytes.
///
/// # Errors
/// `NotSupportedError` for any other name than the five of host.d.ts.
pub(crate) fn digest<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let name = op.text(0)?;
    let input = op.arg(1);
    let Some(digest) = op
        .scope
        .with_bytes_mut(input, |bytes| digest_of(&name, bytes))
    else {
        return Err(OpError::type_error("the value to digest is not a buffer"));
    };
    match digest {
        Some(digest) => Ok(op.scope.uint8_array(&digest)),
        None => Err(OpError::Error(
            "DOMException:NotSupportedError",
            "Unrecognized or unimplemented digest algorithm requested.".to_owned(),
        )),
    }
}

fn no_random_bytes<'s>(error: &getrandom::Error) -> OpError<'s> {
    OpError::error(format!("read random bytes: {error}"))
}

fn uuid_text(random: [u8; 16]) -> String {
    uuid::Builder::from_random_bytes(random)
        .into_uuid()
        .hyphenated()
        .to_string()
}

fn digest_of(name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    Some(match name {
        "SHA-1" => sha1::Sha1::digest(bytes).to_vec(),
        "SHA-256" => sha2::Sha256::digest(bytes).to_vec(),
        "SHA-384" => sha2::Sha384::digest(bytes).to_vec(),
        "SHA-512" => sha2::Sha512::digest(bytes).to_vec(),
        "MD5" => md5::Md5::digest(bytes).to_vec(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex_digest(name: &str, bytes: &[u8]) -> Option<String> {
        digest_of(name, bytes)
            .map(|digest| digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    #[test]
    fn digests_are_those_of_the_standards_examples() {
        assert_eq!(
            hex_digest("SHA-1", b"abc").as_deref(),
            Some("a9993e364706816aba3e25717850c26c9cd0d89d")
        );
        assert_eq!(
            hex_digest("SHA-256", b"abc").as_deref(),
            Some("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        );
        assert_eq!(
            hex_digest("SHA-384", b"abc").as_deref(),
            Some(
                "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed\
                 8086072ba1e7cc2358baeca134c825a7"
            )
        );
        assert_eq!(
            hex_digest("SHA-512", b"abc").as_deref(),
            Some(
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                 2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
            )
        );
        assert_eq!(
            hex_digest("MD5", b"abc").as_deref(),
            Some("900150983cd24fb0d6963f7d28e17f72")
        );
    }

    #[test]
    fn other_names_have_no_digest() {
        assert_eq!(digest_of("SHA-224", b"abc"), None);
        assert_eq!(digest_of("sha-256", b"abc"), None);
    }

    #[test]
    fn a_uuid_states_its_version_and_variant() {
        assert_eq!(
            uuid_text([0x00; 16]),
            "00000000-0000-4000-8000-000000000000"
        );
        assert_eq!(
            uuid_text([0xff; 16]),
            "ffffffff-ffff-4fff-bfff-ffffffffffff"
        );
    }
}
