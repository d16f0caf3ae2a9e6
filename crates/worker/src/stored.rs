//! Stored values on their way to JavaScript.
//!
//! Most values that programs store are numbers and short texts. Those are made here; the library's
//! reader makes all others from the bytes, and is what defines the format.

use stated_engine::{Local, Scope};

/// V8's header byte, and the versions that are read.
const TAG_VERSION: u8 = 0xff;
const VERSIONS: std::ops::RangeInclusive<u8> = 13..=15;

/// A primitive value in the format's one way to write it.
#[derive(Debug, PartialEq)]
enum Primitive<'a> {
    Null,
    Boolean(bool),
    Number(f64),
    /// Latin-1.
    Text(&'a [u8]),
}

/// The value, or the bytes for the library to read: for everything that is no primitive, for undefined
/// (which means that there is no value), and for what is written in an unusual way.
pub(crate) fn stored_value<'s>(scope: &mut Scope<'s>, bytes: &[u8]) -> Local<'s> {
    match primitive(bytes) {
        Some(Primitive::Null) => scope.null(),
        Some(Primitive::Boolean(value)) => scope.boolean(value),
        Some(Primitive::Number(value)) => scope.number(value),
        Some(Primitive::Text(latin1)) => scope.byte_string(latin1),
        None => scope.uint8_array(bytes),
    }
}

fn primitive(bytes: &[u8]) -> Option<Primitive<'_>> {
    let [TAG_VERSION, version, tag, rest @ ..] = bytes else {
        return None;
    };
    if !VERSIONS.contains(version) {
        return None;
    }
    match tag {
        b'0' => rest.is_empty().then_some(Primitive::Null),
        b'T' => rest.is_empty().then_some(Primitive::Boolean(true)),
        b'F' => rest.is_empty().then_some(Primitive::Boolean(false)),
        b'I' => {
            let (zigzag, rest) = varint(rest)?;
            let value = (zigzag >> 1) as i32 ^ -((zigzag & 1) as i32);
            rest.is_empty().then(|| Primitive::Number(value.into()))
        }
        b'N' => {
            let value = f64::from_le_bytes(rest.try_into().ok()?);
            // The bits of a NaN must not get into the engine, whose values are NaNs.
            (!value.is_nan()).then_some(Primitive::Number(value))
        }
        b'"' => {
            let (length, text) = varint(rest)?;
            (text.len() == length as usize).then_some(Primitive::Text(text))
        }
        _ => None,
    }
}

/// A number of at most 32 bits, and what follows it.
fn varint(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let mut value = 0;
    for (position, byte) in bytes.iter().enumerate().take(4) {
        value |= u32::from(byte & 0x7f) << (7 * position);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[position + 1..]));
        }
    }
    // A fifth byte has bits to spare.
    let (&last, rest) = bytes.get(4..)?.split_first()?;
    (last < 0x10).then_some((value | u32::from(last) << 28, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primitives_are_read_as_the_library_writes_them() {
        for (bytes, value) in [
            (&b"\xff\x0f0"[..], Primitive::Null),
            (b"\xff\x0fT", Primitive::Boolean(true)),
            (b"\xff\x0fF", Primitive::Boolean(false)),
            (b"\xff\x0fI\x00", Primitive::Number(0.0)),
            (b"\xff\x0fI\x01", Primitive::Number(-1.0)),
            (b"\xff\x0eI\xac\x02", Primitive::Number(150.0)),
            (
                b"\xff\x0fI\xfe\xff\xff\xff\x0f",
                Primitive::Number(2147483647.0),
            ),
            (
                b"\xff\x0fI\xff\xff\xff\xff\x0f",
                Primitive::Number(-2147483648.0),
            ),
            (
                b"\xff\x0fN\x00\x00\x00\x00\x00\x00\xf0\xbf",
                Primitive::Number(-1.0),
            ),
            (b"\xff\x0f\"\x00", Primitive::Text(b"")),
            (b"\xff\x0f\"\x03a\xe9b", Primitive::Text(b"a\xe9b")),
        ] {
            assert_eq!(primitive(bytes), Some(value), "{bytes:?}");
        }
    }

    #[test]
    fn a_long_text_has_a_length_of_several_bytes() {
        let mut bytes = b"\xff\x0f\"\xac\x02".to_vec();
        bytes.extend([b'x'; 300]);

        assert_eq!(primitive(&bytes), Some(Primitive::Text(&[b'x'; 300])));
    }

    #[test]
    fn everything_else_is_left_to_the_library() {
        for bytes in [
            &b""[..],
            b"\xff",
            b"\xff\x0f",
            b"\xff\x0f_",
            b"\xff\x0c0",
            b"\xff\x100",
            b"I\x00",
            b"\xff\x0fo{\x00",
            b"\xff\x0f0\x00",
            b"\xff\x0fI",
            b"\xff\x0fI\x80",
            b"\xff\x0fI\x00\x00",
            b"\xff\x0fI\xff\xff\xff\xff\x10",
            b"\xff\x0fN\x00",
            b"\xff\x0fN\x01\x00\x00\x00\x00\x00\xf8\x7f",
            b"\xff\x0f\"\x02a",
            b"\xff\x0f\"\x01ab",
        ] {
            assert_eq!(primitive(bytes), None, "{bytes:?}");
        }
    }
}
