//! From bytes to messages: the reading half of the protocol, without any waiting.

use bytes::{Buf, Bytes, BytesMut};

use super::deflate::{Inflate, Terms};
use super::frame::{Header, Opcode, apply_mask};
use super::{Role, Violation};

/// Binary messages up to this size are copied, so that they do not keep the read buffer alive.
const COPY_BYTES_MAX: usize = 4 * 1024;
const NOT_NEGOTIATED: &str = "Received a WebSocket frame whose compression bit was set, but the compression extension was not \
                              negotiated for this connection.";

/// What a peer said.
#[derive(Debug, Hash, PartialEq, Eq)]
pub(crate) enum Event {
    Text(String),
    Binary(Bytes),
    Ping(Bytes),
    Pong,
    /// The last event: what follows a Close is not read.
    Close {
        code: Option<u16>,
        reason: String,
    },
}

/// Collects bytes and gives out events.
#[derive(Debug)]
pub(crate) struct Assembler {
    /// Whether frames of the peer must be masked.
    peer_masks: bool,
    message_bytes_max: usize,
    inflate: Option<Inflate>,
    /// Bytes that arrived and were not taken. Without allocation while nothing is there.
    inbox: BytesMut,
    /// The message that has begun and not ended.
    begun: Option<Begun>,
}

#[derive(Debug)]
struct Begun {
    opcode: Opcode,
    compressed: bool,
    payload: BytesMut,
}

impl Assembler {
    pub(crate) fn new(role: Role, terms: Option<Terms>, message_bytes_max: usize) -> Self {
        Self {
            peer_masks: role == Role::Server,
            message_bytes_max,
            inflate: terms.map(Inflate::new),
            inbox: BytesMut::new(),
            begun: None,
        }
    }

    /// Takes bytes that arrived.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.inbox.extend_from_slice(bytes);
    }

    /// Whether a frame or a message has begun and not ended.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun.is_some() || !self.inbox.is_empty()
    }

    /// Bytes that are held for what has begun.
    pub(crate) fn held_bytes(&self) -> usize {
        let begun = self.begun.as_ref();
        self.inbox.len() + begun.map_or(0, |begun| begun.payload.len())
    }

    /// Gives the next event; `None` until more bytes arrive. After an error nothing more comes.
    pub(crate) fn next(&mut self) -> Result<Option<Event>, Violation> {
        while let Some(header) = self.whole_frame()? {
            let mut payload = self.inbox.split_to(header.length as usize);
            if let Some(mask) = header.mask {
                apply_mask(&mut payload, mask);
            }
            if let Some(event) = self.frame(header, payload)? {
                return Ok(Some(event));
            }
        }
        if self.inbox.is_empty() {
            self.inbox = BytesMut::new();
        }
        Ok(None)
    }

    /// Removes the header of the next frame once all of its payload is here.
    fn whole_frame(&mut self) -> Result<Option<Header>, Violation> {
        let Some((header, header_bytes)) = Header::read(&self.inbox)? else {
            return Ok(None);
        };
        if header.mask.is_some() != self.peer_masks {
            return Err(Violation::protocol(if self.peer_masks {
                "frame of a client is not masked"
            } else {
                "frame of a server is masked"
            }));
        }
        let begun_bytes = self.begun.as_ref().map_or(0, |begun| begun.payload.len());
        let room = if header.opcode.is_control() {
            u64::MAX
        } else {
            (self.message_bytes_max - begun_bytes) as u64
        };
        // Before the payload arrives: nobody should send gigabytes to hear this.
        if header.length > room {
            let bytes = header.length.saturating_add(begun_bytes as u64);
            return Err(Violation::too_large(bytes, self.message_bytes_max));
        }
        if ((self.inbox.len() - header_bytes) as u64) < header.length {
            return Ok(None);
        }
        self.inbox.advance(header_bytes);
        Ok(Some(header))
    }

    fn frame(&mut self, header: Header, payload: BytesMut) -> Result<Option<Event>, Violation> {
        match header.opcode {
            Opcode::Ping => return Ok(Some(Event::Ping(copy_small(payload)))),
            Opcode::Pong => return Ok(Some(Event::Pong)),
            Opcode::Close => return close(&payload).map(Some),
            Opcode::Continuation => {
                let Some(begun) = &mut self.begun else {
                    return Err(Violation::protocol("Unexpected continuation frame"));
                };
                if header.compressed {
                    return Err(Violation::protocol("continuation is marked as compressed"));
                }
                begun.payload.unsplit(payload);
            }
            opcode @ (Opcode::Text | Opcode::Binary) => {
                if self.begun.is_some() {
                    return Err(Violation::protocol("Missing continuation frame"));
                }
                if header.compressed && self.inflate.is_none() {
                    return Err(Violation::protocol(NOT_NEGOTIATED));
                }
                self.begun = Some(Begun {
                    opcode,
                    compressed: header.compressed,
                    payload,
                });
            }
        }
        if !header.fin {
            return Ok(None);
        }
        self.begun
            .take()
            .map(|begun| self.message(begun))
            .transpose()
    }

    fn message(&mut self, begun: Begun) -> Result<Event, Violation> {
        let Begun {
            opcode,
            compressed,
            payload,
        } = begun;
        let inflated = match &mut self.inflate {
            Some(inflate) if compressed => Some(inflate.message(&payload, self.message_bytes_max)?),
            _ => None,
        };
        if opcode == Opcode::Text {
            let text = match inflated {
                Some(inflated) => String::from_utf8(Vec::from(inflated)).ok(),
                None => str::from_utf8(&payload).ok().map(str::to_owned),
            };
            return text.map(Event::Text).ok_or(Violation::NOT_UTF8);
        }
        Ok(Event::Binary(
            inflated.unwrap_or_else(|| copy_small(payload)),
        ))
    }
}

fn copy_small(payload: BytesMut) -> Bytes {
    if payload.len() <= COPY_BYTES_MAX {
        Bytes::copy_from_slice(&payload)
    } else {
        payload.freeze()
    }
}

fn close(payload: &[u8]) -> Result<Event, Violation> {
    let (code, reason) = match payload {
        [] => (None, &[][..]),
        [_] => return Err(Violation::protocol("Close has half a code")),
        [high, low, reason @ ..] => (Some(u16::from_be_bytes([*high, *low])), reason),
    };
    if code.is_some_and(|code| !is_sendable(code)) {
        return Err(Violation::protocol("Close has a code that may not be sent"));
    }
    let reason = str::from_utf8(reason).map_err(|_| Violation::NOT_UTF8)?;
    Ok(Event::Close {
        code,
        reason: reason.to_owned(),
    })
}

/// Source: RFC 6455, 7.4, and the registry it created.
fn is_sendable(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket::deflate;

    const KEEPS: Terms = Terms {
        peer_keeps_window: false,
    };

    /// Frames as a client masks them with zero, so that the bytes stay readable.
    fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
        assert!(payload.len() < 126);
        let mut frame = vec![first, 0x80 | payload.len() as u8, 0, 0, 0, 0];
        frame.extend_from_slice(payload);
        frame
    }

    fn server(message_bytes_max: usize) -> Assembler {
        Assembler::new(Role::Server, Some(KEEPS), message_bytes_max)
    }

    fn events(assembler: &mut Assembler, bytes: &[u8]) -> Result<Vec<Event>, Violation> {
        assembler.push(bytes);
        let mut all = Vec::new();
        while let Some(event) = assembler.next()? {
            all.push(event);
        }
        Ok(all)
    }

    #[test]
    fn a_message_arrives_whole_however_its_bytes_are_cut() {
        let mut bytes = masked(0x01, b"he");
        bytes.extend(masked(0x89, b"ping"));
        bytes.extend(masked(0x00, b"l"));
        bytes.extend(masked(0x80, b"lo"));
        let expected = [
            Event::Ping(Bytes::from_static(b"ping")),
            Event::Text("hello".into()),
        ];

        let mut one_by_one = server(5);
        let got: Vec<Event> = bytes
            .iter()
            .flat_map(|byte| events(&mut one_by_one, &[*byte]).unwrap())
            .collect();

        assert_eq!(got, expected);
        assert_eq!(events(&mut server(5), &bytes).unwrap(), expected);
    }

    #[test]
    fn the_size_limit_holds_for_a_frame_and_for_a_sum_of_frames() {
        let text = |text: &str| Ok(vec![Event::Text(text.into())]);
        let pieces = |rest: &[u8]| [masked(0x01, b"abc"), masked(0x80, rest)].concat();

        assert_eq!(
            events(&mut server(5), &masked(0x81, b"abcde")),
            text("abcde")
        );
        assert_eq!(
            events(&mut server(5), &masked(0x81, b"abcdef")),
            Err(Violation::too_large(6, 5))
        );
        assert_eq!(events(&mut server(5), &pieces(b"de")), text("abcde"));
        assert_eq!(
            events(&mut server(5), &pieces(b"def")),
            Err(Violation::too_large(6, 5))
        );
    }

    #[test]
    fn a_message_is_refused_by_its_header_before_its_payload() {
        let header = [0x82, 0xFF, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0];

        assert_eq!(
            events(&mut server(1024), &header),
            Err(Violation::too_large(1 << 31, 1024))
        );
    }

    #[test]
    fn compressed_messages_inflate_also_in_pieces() {
        let compressed = deflate::compress(&[b'x'; 500]).unwrap();
        let (head, tail) = compressed.split_at(3);
        let bytes = [masked(0x41, head), masked(0x80, tail)].concat();

        assert_eq!(
            events(&mut server(500), &bytes),
            Ok(vec![Event::Text("x".repeat(500))])
        );
        assert_eq!(
            events(&mut server(499), &bytes),
            Err(Violation::too_large(500, 499))
        );
    }

    #[test]
    fn violations_carry_the_code_and_the_reason() {
        let no_deflate = || Assembler::new(Role::Server, None, 100);
        let client = || Assembler::new(Role::Client, None, 100);
        let twice = |a: Vec<u8>, b: Vec<u8>| [a, b].concat();
        let cases = [
            (
                server(100),
                masked(0x81, &[0xFF]),
                1007,
                "text is not valid UTF-8",
            ),
            (
                server(100),
                vec![0x81, 0x00],
                1002,
                "frame of a client is not masked",
            ),
            (
                client(),
                masked(0x81, b""),
                1002,
                "frame of a server is masked",
            ),
            (
                server(100),
                masked(0x80, b""),
                1002,
                "Unexpected continuation frame",
            ),
            (
                server(100),
                twice(masked(0x01, b""), masked(0x81, b"")),
                1002,
                "Missing continuation frame",
            ),
            (
                server(100),
                twice(masked(0x41, b""), masked(0xC0, b"")),
                1002,
                "continuation is marked as compressed",
            ),
            (no_deflate(), masked(0xC1, b""), 1002, NOT_NEGOTIATED),
            (
                server(100),
                masked(0xC1, &[0xFF; 4]),
                1007,
                "compressed data is not valid",
            ),
            (
                server(100),
                masked(0x88, &[3]),
                1002,
                "Close has half a code",
            ),
            (
                server(100),
                masked(0x88, &1005u16.to_be_bytes()),
                1002,
                "Close has a code that may not be sent",
            ),
            (
                server(100),
                masked(0x88, &[3, 0xE8, 0xFF]),
                1007,
                "text is not valid UTF-8",
            ),
        ];
        for (mut assembler, bytes, code, reason) in cases {
            assert_eq!(
                events(&mut assembler, &bytes),
                Err(Violation {
                    code,
                    reason: reason.into()
                }),
                "{reason}"
            );
        }
    }

    #[test]
    fn close_codes_are_those_that_may_be_sent() {
        let sendable: Vec<u16> = (0..=u16::MAX).filter(|code| is_sendable(*code)).collect();

        let expected: Vec<u16> = (1000..=1003)
            .chain(1007..=1014)
            .chain(3000..=4999)
            .collect();
        assert_eq!(sendable, expected);
    }

    #[test]
    fn an_empty_close_has_no_code() {
        let got = events(&mut server(100), &masked(0x88, b"")).unwrap();

        assert_eq!(
            got,
            [Event::Close {
                code: None,
                reason: String::new()
            }]
        );
    }

    #[test]
    fn nothing_is_kept_between_messages() {
        let mut assembler = server(100);

        events(&mut assembler, &masked(0x82, b"abc")).unwrap();

        assert_eq!(assembler.inbox.capacity(), 0);
    }
}
