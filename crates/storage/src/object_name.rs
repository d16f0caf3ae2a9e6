//! What an object is called inside of its namespace: the stem of its file's name.

use std::fmt;
use std::sync::Arc;

/// Bytes of an object id.
const ID_BYTES: usize = 32;

/// The name of an object's database, compact: an id has 32 bytes.
///
/// Persisted, in lanes and in the directory. Any other text has zeros in front, so that its length is
/// not that of an id.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ObjectName(Arc<[u8]>);

impl ObjectName {
    /// Returns the name with this text, which is not empty and does not begin with a zero.
    pub(crate) fn new(text: &str) -> Self {
        if let Some(id) = id_bytes(text) {
            return Self(id.as_slice().into());
        }
        let mut bytes = vec![0];
        if text.len() + 1 == ID_BYTES {
            bytes.push(0);
        }
        bytes.extend_from_slice(text.as_bytes());
        Self(bytes.into())
    }

    /// Whether it is the name of an object, and not that of one of its facets.
    pub(crate) fn is_id(&self) -> bool {
        self.0.len() == ID_BYTES
    }

    /// Returns the name that has been written as these bytes.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.len() == ID_BYTES {
            return self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"));
        }
        let text = String::from_utf8_lossy(&self.0);
        f.write_str(text.trim_start_matches('\0'))
    }
}

impl fmt::Debug for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads 64 lower-case hexadecimal digits.
fn id_bytes(text: &str) -> Option<[u8; ID_BYTES]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * ID_BYTES {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut id = [0; ID_BYTES];
    for (byte, pair) in id.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_from_their_bytes_and_differ() {
        let texts = [
            "0f".repeat(32),
            "0F".repeat(32),
            "o".into(),
            "o".repeat(30),
            "o".repeat(31),
            "o".repeat(32),
            format!("{}.1", "0f".repeat(32)),
        ];
        let mut seen = std::collections::HashSet::new();
        for text in texts {
            let name = ObjectName::new(&text);
            assert_eq!(ObjectName::from_bytes(name.bytes()).to_string(), text);
            assert!(seen.insert(name), "{text}");
        }
        assert_eq!(ObjectName::new(&"0f".repeat(32)).bytes().len(), 32);
    }
}
