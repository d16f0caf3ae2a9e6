//! Random bytes and digests.

use stated_crypto::Hash;

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
/// `NotSupportedError` for any other name than those of [`Hash::from_name`].
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
    Some(Hash::from_name(name)?.digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_has_its_exact_name() {
        assert_eq!(
            digest_of("MD5", b"abc").map(|digest| digest.len()),
            Some(16)
        );
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
