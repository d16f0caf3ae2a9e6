//! Stored values as JSON, and JSON as stored values.
//!
//! A value in storage is V8's structured-clone format. What JSON can say is translated in both
//! directions; everything else (dates, maps, buffers, objects that occur twice, …) is refused by
//! name, because showing it as something similar and writing that back would change the data.
//!
//! Source: reference section 4.5; V8's `value-serializer.cc`.

use serde_json::{Map, Number, Value};

/// Begins every value, followed by the version.
const HEADER: u8 = 0xff;
/// The version that is written.
const VERSION: u8 = 15;
/// The oldest version that is read; also that of data without a header.
const VERSION_MIN: u8 = 13;
/// Objects inside objects, which are read by recursion. V8 has no such bound; its stack has.
const DEPTH_MAX: usize = 500;
/// Integers that V8 writes as such: those that it keeps in a tagged pointer.
const SMALL_INTEGERS: std::ops::RangeInclusive<i64> = -(1 << 30)..=(1 << 30) - 1;

/// Why stored bytes are not shown as JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Written by a newer program, or not a value at all.
    #[error("its format version is {version}; versions 13 to 15 are known")]
    Version {
        /// What the header says.
        version: u8,
    },
    /// A value that JSON has no word for.
    #[error("it contains {0}, which JSON cannot express")]
    NotJson(&'static str),
    /// Nested more deeply than can be read.
    #[error("it is nested deeper than {DEPTH_MAX} levels")]
    TooDeep,
    /// The bytes end early or have an unknown tag.
    #[error("its bytes are damaged at offset {offset}")]
    Damaged {
        /// Where, counted from the header.
        offset: usize,
    },
}

/// Checks that the bytes are of a version that programs can read.
///
/// # Errors
/// [`ValueError::Version`].
pub fn check_version(bytes: &[u8]) -> Result<(), ValueError> {
    Reader::new(bytes).map(|_| ())
}

/// Reads a stored value.
///
/// # Errors
/// [`ValueError`].
pub fn to_json(bytes: &[u8]) -> Result<Value, ValueError> {
    let mut reader = Reader::new(bytes)?;
    let value = reader.value(0)?;
    if reader.position == bytes.len() {
        Ok(value)
    } else {
        Err(reader.damaged())
    }
}

/// Writes a value as a program's `put` does.
pub fn from_json(value: &Value) -> Vec<u8> {
    let mut bytes = vec![HEADER, VERSION];
    write(&mut bytes, value);
    bytes
}

struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self, ValueError> {
        match bytes {
            [HEADER, VERSION_MIN..=VERSION, ..] => Ok(Self { bytes, position: 2 }),
            [HEADER, version, ..] => Err(ValueError::Version { version: *version }),
            [HEADER] | [] => Err(ValueError::Damaged {
                offset: bytes.len(),
            }),
            _ => Ok(Self { bytes, position: 0 }),
        }
    }

    fn damaged(&self) -> ValueError {
        ValueError::Damaged {
            offset: self.position,
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, ValueError> {
        if depth > DEPTH_MAX {
            return Err(ValueError::TooDeep);
        }
        match self.tag()? {
            b'0' => Ok(Value::Null),
            b'T' => Ok(Value::Bool(true)),
            b'F' => Ok(Value::Bool(false)),
            b'I' => Ok(self.signed()?.into()),
            b'U' => Ok(self.varint()?.into()),
            b'N' => self.double(),
            tag @ (b'"' | b'c' | b'S') => self.text(tag).map(Value::String),
            b'o' => self.object(depth),
            b'A' => self.dense_array(depth),
            tag => Err(refusal(tag).map_or_else(|| self.damaged(), ValueError::NotJson)),
        }
    }

    /// The next tag; padding before two-byte strings is skipped.
    fn tag(&mut self) -> Result<u8, ValueError> {
        loop {
            match self.byte()? {
                0 => {}
                tag => return Ok(tag),
            }
        }
    }

    fn byte(&mut self) -> Result<u8, ValueError> {
        Ok(self.take(1)?[0])
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], ValueError> {
        let end = self
            .position
            .checked_add(length)
            .filter(|end| *end <= self.bytes.len());
        let end = end.ok_or_else(|| self.damaged())?;
        let taken = &self.bytes[self.position..end];
        self.position = end;
        Ok(taken)
    }

    fn varint(&mut self) -> Result<u32, ValueError> {
        let mut value: u32 = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            value |= u32::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.damaged())
    }

    fn signed(&mut self) -> Result<i32, ValueError> {
        let zigzag = self.varint()?;
        Ok((zigzag >> 1) as i32 ^ -((zigzag & 1) as i32))
    }

    fn double(&mut self) -> Result<Value, ValueError> {
        let bytes = self.take(8)?.try_into().expect("eight bytes were taken");
        let number = f64::from_le_bytes(bytes);
        // As JSON.stringify prints it; 2^53 and more keep the form that says they are inexact.
        if number.fract() == 0.0
            && number.abs() < (1_u64 << 53) as f64
            && !(number == 0.0 && number.is_sign_negative())
        {
            return Ok((number as i64).into());
        }
        let not_a_number = if number.is_nan() {
            "NaN"
        } else {
            "an infinite number"
        };
        Number::from_f64(number)
            .map(Value::Number)
            .ok_or(ValueError::NotJson(not_a_number))
    }

    fn text(&mut self, tag: u8) -> Result<String, ValueError> {
        let length = self.varint()? as usize;
        let bytes = self.take(length)?;
        match tag {
            b'"' => Ok(bytes.iter().map(|&byte| char::from(byte)).collect()),
            b'S' => String::from_utf8(bytes.to_vec()).map_err(|_| self.damaged()),
            _ if length % 2 == 1 => Err(self.damaged()),
            _ => {
                let units = bytes
                    .chunks_exact(2)
                    .map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
                let text: Result<String, _> = char::decode_utf16(units).collect();
                text.map_err(|_| ValueError::NotJson("a string with half a surrogate pair"))
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, ValueError> {
        let mut object = Map::new();
        loop {
            match self.tag()? {
                b'{' => break,
                b'I' => object.insert(self.signed()?.to_string(), self.value(depth + 1)?),
                b'U' => object.insert(self.varint()?.to_string(), self.value(depth + 1)?),
                b'N' => {
                    let name = self.double()?.to_string();
                    object.insert(name, self.value(depth + 1)?)
                }
                tag @ (b'"' | b'c' | b'S') => {
                    let name = self.text(tag)?;
                    object.insert(name, self.value(depth + 1)?)
                }
                _ => return Err(self.damaged()),
            };
        }
        if self.varint()? as usize == object.len() {
            Ok(Value::Object(object))
        } else {
            Err(self.damaged())
        }
    }

    fn dense_array(&mut self, depth: usize) -> Result<Value, ValueError> {
        let length = self.varint()? as usize;
        let mut array = Vec::new();
        for _ in 0..length {
            array.push(self.value(depth + 1)?);
        }
        match self.tag()? {
            b'$' => {}
            _ => return Err(ValueError::NotJson("an array with named properties")),
        }
        let ends_as_it_began = self.varint()? == 0 && self.varint()? as usize == length;
        if ends_as_it_began {
            Ok(Value::Array(array))
        } else {
            Err(self.damaged())
        }
    }
}

/// What a tag stands for that JSON has no word for; `None` if no version knows the tag.
fn refusal(tag: u8) -> Option<&'static str> {
    Some(match tag {
        b'_' => "undefined",
        b'-' => "a hole of an array",
        b'^' => "an object that occurs twice",
        b'Z' | b'z' => "a BigInt",
        b'D' => "a Date",
        b'x' | b'y' | b'n' | b's' => "a primitive wrapped in an object",
        b'R' => "a RegExp",
        b';' => "a Map",
        b'\'' => "a Set",
        b'B' | b't' | b'u' | b'~' => "an ArrayBuffer",
        b'V' => "a typed array",
        b'a' => "a sparse array",
        b'r' => "an Error",
        b'\\' => "a host object",
        _ => return None,
    })
}

fn write(bytes: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => bytes.push(b'0'),
        Value::Bool(true) => bytes.push(b'T'),
        Value::Bool(false) => bytes.push(b'F'),
        Value::Number(number) => write_number(bytes, number),
        Value::String(text) => write_text(bytes, text),
        Value::Array(array) => {
            bytes.push(b'A');
            write_varint(bytes, array.len() as u32);
            array.iter().for_each(|element| write(bytes, element));
            bytes.extend([b'$', 0]);
            write_varint(bytes, array.len() as u32);
        }
        Value::Object(object) => {
            bytes.push(b'o');
            for (name, element) in object {
                write_name(bytes, name);
                write(bytes, element);
            }
            bytes.push(b'{');
            write_varint(bytes, object.len() as u32);
        }
    }
}

fn write_number(bytes: &mut Vec<u8>, number: &Number) {
    match number.as_i64() {
        Some(integer) if SMALL_INTEGERS.contains(&integer) => {
            bytes.push(b'I');
            write_varint(bytes, ((integer << 1) ^ (integer >> 63)) as u32);
        }
        _ => {
            bytes.push(b'N');
            // As JSON.parse reads it: larger integers are rounded to the nearest double.
            bytes.extend(number.as_f64().unwrap_or(f64::NAN).to_le_bytes());
        }
    }
}

/// An object's array indices are numbers in V8's eyes and in its format.
fn write_name(bytes: &mut Vec<u8>, name: &str) {
    match name.parse::<u32>() {
        Ok(index) if index != u32::MAX && index.to_string() == name => {
            write_number(bytes, &index.into())
        }
        _ => write_text(bytes, name),
    }
}

fn write_text(bytes: &mut Vec<u8>, text: &str) {
    if text.chars().all(|character| u32::from(character) <= 0xff) {
        bytes.push(b'"');
        write_varint(bytes, text.chars().count() as u32);
        bytes.extend(text.chars().map(|character| character as u8));
        return;
    }
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut length = Vec::new();
    write_varint(&mut length, units.len() as u32);
    // The units are aligned to two bytes.
    if (bytes.len() + 1 + length.len()) % 2 == 1 {
        bytes.push(0);
    }
    bytes.push(b'c');
    bytes.extend(length);
    bytes.extend(units);
}

fn write_varint(bytes: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

#[cfg(test)]
mod tests;
