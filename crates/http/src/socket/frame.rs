//! The header of a frame, and the mask. Source: RFC 6455, 5.2 and 5.3.

use super::Violation;
use bytes::{BufMut, BytesMut};

/// Bytes of the payload of a control frame.
pub(crate) const CONTROL_BYTES_MAX: usize = 125;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    pub(crate) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }

    fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            _ => return None,
        })
    }

    fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xA,
        }
    }
}

/// A frame without its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) fin: bool,
    /// Set on the first frame of a compressed message.
    pub(crate) compressed: bool,
    pub(crate) opcode: Opcode,
    pub(crate) mask: Option<[u8; 4]>,
    pub(crate) length: u64,
}

impl Header {
    /// Reads the header at the start of `bytes` and tells how long it is; `None` = more is needed.
    ///
    /// Checks what can be checked on one frame, as early as the bytes allow.
    pub(crate) fn read(bytes: &[u8]) -> Result<Option<(Self, usize)>, Violation> {
        let [first, second, ..] = *bytes else {
            return Ok(None);
        };
        if first & 0x30 != 0 {
            return Err(Violation::protocol(
                "Received frame had RSV bits 2 or 3 set",
            ));
        }
        let bits = first & 0x0F;
        let Some(opcode) = Opcode::from_bits(bits) else {
            return Err(Violation::protocol(format!("Unknown opcode {bits}")));
        };
        let fin = first & 0x80 != 0;
        let compressed = first & 0x40 != 0;
        let short = second & 0x7F;
        if opcode.is_control() {
            if !fin {
                return Err(Violation::protocol("Received fragmented control frame"));
            }
            if compressed {
                return Err(Violation::protocol("control frame is compressed"));
            }
            if usize::from(short) > CONTROL_BYTES_MAX {
                return Err(Violation::protocol(
                    "control frame is longer than 125 bytes",
                ));
            }
        }
        let Some((length, mut end)) = read_length(short, bytes)? else {
            return Ok(None);
        };
        let mut mask = None;
        if second & 0x80 != 0 {
            let Some(key) = bytes.get(end..end + 4) else {
                return Ok(None);
            };
            mask = Some([key[0], key[1], key[2], key[3]]);
            end += 4;
        }
        Ok(Some((
            Self {
                fin,
                compressed,
                opcode,
                mask,
                length,
            },
            end,
        )))
    }

    /// Appends the header to `out`.
    pub(crate) fn write(&self, out: &mut BytesMut) {
        out.put_u8(u8::from(self.fin) << 7 | u8::from(self.compressed) << 6 | self.opcode.bits());
        let masked = u8::from(self.mask.is_some()) << 7;
        match self.length {
            length @ 0..=125 => out.put_u8(masked | length as u8),
            length @ 126..=0xFFFF => {
                out.put_u8(masked | 126);
                out.put_u16(length as u16);
            }
            length => {
                out.put_u8(masked | 127);
                out.put_u64(length);
            }
        }
        if let Some(mask) = self.mask {
            out.put_slice(&mask);
        }
    }
}

/// The payload length and where the header goes on after it.
fn read_length(short: u8, bytes: &[u8]) -> Result<Option<(u64, usize)>, Violation> {
    let (length, end, smallest) = match short {
        126 => match bytes.get(2..4) {
            Some(field) => (u64::from(u16::from_be_bytes([field[0], field[1]])), 4, 126),
            None => return Ok(None),
        },
        127 => match bytes.get(2..10) {
            Some(field) => {
                let mut long = [0; 8];
                long.copy_from_slice(field);
                (u64::from_be_bytes(long), 10, 0x1_0000)
            }
            None => return Ok(None),
        },
        short => return Ok(Some((u64::from(short), 2))),
    };
    if length < smallest || length > i64::MAX as u64 {
        return Err(Violation::protocol(
            "payload length is not in its shortest form",
        ));
    }
    Ok(Some((length, end)))
}

/// Applies the mask; applying it again takes it off.
pub(crate) fn apply_mask(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let mut chunks = payload.chunks_exact_mut(8);
    for chunk in &mut chunks {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        chunk.copy_from_slice(&(u64::from_ne_bytes(word) ^ wide).to_ne_bytes());
    }
    for (byte, key) in chunks.into_remainder().iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(length: u64, mask: Option<[u8; 4]>) -> Header {
        Header {
            fin: true,
            compressed: false,
            opcode: Opcode::Binary,
            mask,
            length,
        }
    }

    #[test]
    fn a_written_header_reads_back_and_every_prefix_asks_for_more() {
        for length in [0, 1, 125, 126, 0xFFFF, 0x1_0000, 1 << 40] {
            for mask in [None, Some([1, 2, 3, 4])] {
                let mut out = BytesMut::new();
                header(length, mask).write(&mut out);

                assert_eq!(
                    Header::read(&out),
                    Ok(Some((header(length, mask), out.len())))
                );
                for prefix in 0..out.len() {
                    assert_eq!(
                        Header::read(&out[..prefix]),
                        Ok(None),
                        "{prefix} of {length}"
                    );
                }
            }
        }
    }

    #[test]
    fn malformed_headers_are_refused_with_their_reason() {
        let cases: [(&[u8], &str); 9] = [
            (&[0x83, 0x00], "Unknown opcode 3"),
            (&[0x8B, 0x00], "Unknown opcode 11"),
            (&[0xA2, 0x00], "Received frame had RSV bits 2 or 3 set"),
            (&[0x92, 0x00], "Received frame had RSV bits 2 or 3 set"),
            (&[0x09, 0x00], "Received fragmented control frame"),
            (&[0xC9, 0x00], "control frame is compressed"),
            (&[0x88, 0x7E], "control frame is longer than 125 bytes"),
            (
                &[0x82, 0x7E, 0x00, 0x7D],
                "payload length is not in its shortest form",
            ),
            (
                &[0x82, 0x7F, 0x80, 0, 0, 0, 0, 0, 0, 0],
                "payload length is not in its shortest form",
            ),
        ];
        for (bytes, reason) in cases {
            assert_eq!(
                Header::read(bytes),
                Err(Violation::protocol(reason)),
                "{bytes:02x?}"
            );
        }
    }

    #[test]
    fn the_mask_covers_every_remainder_of_eight() {
        for length in 0..20 {
            let plain: Vec<u8> = (0..length).collect();
            let mut masked = plain.clone();

            apply_mask(&mut masked, [0x11, 0x22, 0x33, 0x44]);

            let expected: Vec<u8> = plain
                .iter()
                .enumerate()
                .map(|(i, b)| b ^ [0x11, 0x22, 0x33, 0x44][i % 4])
                .collect();
            assert_eq!(masked, expected);
        }
    }
}
