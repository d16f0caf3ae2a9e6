//! permessage-deflate (RFC 7692): what is agreed on, and the compression of one message.
//!
//! We never keep a compression window between messages: with tens of thousands of hibernating
//! connections, the windows (about 300 KiB for writing and 40 KiB for reading) would dwarf the
//! objects. As a server we therefore ask the client to do the same, which it must; as a client we
//! ask the server and, should it answer without, keep a window for reading only.
//!
//! All compression of a thread uses one pair of states: a message is compressed in one go, so two
//! connections never need it at the same time.

use std::cell::RefCell;

use bytes::Bytes;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::Violation;

/// The bytes that end every compressed message and are not sent.
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// The growth of a buffer while (de)compressing.
const STEP_BYTES: usize = 16 * 1024;

/// What both sides agreed on. We never use a window of the previous message for writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    /// Whether the peer compresses a message with the help of the previous ones.
    pub(crate) peer_keeps_window: bool,
}

/// What a client of ours offers.
pub(crate) const OFFER: &str =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// What a server of ours answers to an offer it takes.
pub(crate) const ANSWER: &str = OFFER;

/// Looks for an offer a server of ours can take in a `Sec-WebSocket-Extensions` field.
pub(crate) fn choose(field: &str) -> Option<Terms> {
    field.split(',').find_map(|offer| {
        let parameters = parameters(offer)?;
        let acceptable = parameters.iter().all(|(name, value)| match *name {
            "server_no_context_takeover" | "client_no_context_takeover" => value.is_none(),
            // We say nothing about the client's window: it may use any size.
            "client_max_window_bits" => value.is_none_or(is_window_bits),
            // A smaller window than zlib's usual one would need a compressor of its own.
            "server_max_window_bits" => *value == Some("15"),
            _ => false,
        });
        (acceptable && !has_repeated_name(&parameters)).then_some(Terms {
            peer_keeps_window: false,
        })
    })
}

/// Checks the answer of a server to [`OFFER`]. `Err` when the server agreed to something else.
pub(crate) fn confirm(field: &str) -> Result<Option<Terms>, ()> {
    if field.trim().is_empty() {
        return Ok(None);
    }
    let parameters = parameters(field).ok_or(())?;
    let acceptable = parameters.iter().all(|(name, value)| match *name {
        "server_no_context_takeover" | "client_no_context_takeover" => value.is_none(),
        // A smaller window of the server's needs nothing on our side.
        "server_max_window_bits" => value.is_some_and(is_window_bits),
        _ => false,
    });
    if !acceptable || has_repeated_name(&parameters) {
        return Err(());
    }
    let resets = parameters
        .iter()
        .any(|(name, _)| *name == "server_no_context_takeover");
    Ok(Some(Terms {
        peer_keeps_window: !resets,
    }))
}

fn is_window_bits(value: &str) -> bool {
    matches!(value, "8" | "9" | "10" | "11" | "12" | "13" | "14" | "15")
}

fn has_repeated_name(parameters: &[(&str, Option<&str>)]) -> bool {
    let seen = |i: usize, name| parameters[..i].iter().any(|(earlier, _)| *earlier == name);
    parameters
        .iter()
        .enumerate()
        .any(|(i, (name, _))| seen(i, *name))
}

/// The parameters of one extension, if it is this one.
fn parameters(extension: &str) -> Option<Vec<(&str, Option<&str>)>> {
    let mut parts = extension.split(';').map(str::trim);
    if parts.next() != Some("permessage-deflate") {
        return None;
    }
    Some(
        parts
            .map(|part| match part.split_once('=') {
                None => (part, None),
                Some((name, value)) => (name.trim(), Some(value.trim().trim_matches('"'))),
            })
            .collect(),
    )
}

struct Scratch {
    compress: Compress,
    decompress: Decompress,
}

thread_local! {
    static SCRATCH: RefCell<Option<Box<Scratch>>> = const { RefCell::new(None) };
}

fn with_scratch<T>(run: impl FnOnce(&mut Scratch) -> T) -> T {
    SCRATCH.with_borrow_mut(|scratch| {
        run(scratch.get_or_insert_with(|| {
            Box::new(Scratch {
                compress: Compress::new(Compression::fast(), false),
                decompress: Decompress::new(false),
            })
        }))
    })
}

/// Compresses a message; `None` when it would not get smaller, which permits sending it as it is.
pub(crate) fn compress(message: &[u8]) -> Option<Vec<u8>> {
    with_scratch(|scratch| {
        let compress = &mut scratch.compress;
        compress.reset();
        let mut out = Vec::with_capacity(message.len());
        loop {
            let rest = &message[compress.total_in() as usize..];
            let before = (rest.len(), out.len());
            // Running out of room is the sign that the message does not get smaller.
            match compress.compress_vec(rest, &mut out, FlushCompress::Sync) {
                Ok(Status::Ok | Status::BufError) => {}
                Ok(Status::StreamEnd) | Err(_) => return None,
            }
            if out.len() == out.capacity() {
                return None;
            }
            let left = message.len() - compress.total_in() as usize;
            if left == 0 && out.ends_with(&TAIL) {
                out.truncate(out.len() - TAIL.len());
                return Some(out);
            }
            if before == (left, out.len()) {
                return None;
            }
        }
    })
}

/// Decompresses the messages of one connection.
#[derive(Debug)]
pub(crate) struct Inflate {
    /// Present when the peer keeps its window, and then after the first message.
    window: Option<Box<Decompress>>,
    terms: Terms,
}

impl Inflate {
    pub(crate) fn new(terms: Terms) -> Self {
        Self {
            window: None,
            terms,
        }
    }

    /// Decompresses a message that may become `bytes_max` long.
    pub(crate) fn message(
        &mut self,
        compressed: &[u8],
        bytes_max: usize,
    ) -> Result<Bytes, Violation> {
        if self.terms.peer_keeps_window {
            let state = self
                .window
                .get_or_insert_with(|| Box::new(Decompress::new(false)));
            return inflate(state, compressed, bytes_max);
        }
        with_scratch(|scratch| {
            scratch.decompress.reset(false);
            inflate(&mut scratch.decompress, compressed, bytes_max)
        })
    }
}

fn inflate(
    state: &mut Decompress,
    compressed: &[u8],
    bytes_max: usize,
) -> Result<Bytes, Violation> {
    let mut out = Vec::with_capacity(STEP_BYTES.min(compressed.len().saturating_mul(4)).max(64));
    // Feeding the tail apart saves a copy of the message.
    for part in [compressed, TAIL.as_slice()] {
        let start = state.total_in();
        loop {
            let taken = (state.total_in() - start) as usize;
            let before = (taken, out.len());
            let status = state
                .decompress_vec(&part[taken..], &mut out, FlushDecompress::Sync)
                .map_err(|_| Violation::BAD_DEFLATE)?;
            if out.len() > bytes_max {
                // How much more is not looked at.
                return Err(Violation::too_large(bytes_max as u64 + 1, bytes_max));
            }
            let taken = (state.total_in() - start) as usize;
            if status == Status::StreamEnd {
                // A final block ends the message; what follows it can only be padding.
                state.reset(false);
                return Ok(Bytes::from(out));
            }
            if out.len() == out.capacity() {
                out.reserve(
                    STEP_BYTES
                        .max(out.len())
                        .min(bytes_max + 1 - out.len())
                        .max(1),
                );
            } else if taken == part.len() {
                break;
            } else if before == (taken, out.len()) {
                return Err(Violation::BAD_DEFLATE);
            }
        }
    }
    Ok(Bytes::from(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Terms = Terms {
        peer_keeps_window: false,
    };

    #[test]
    fn offers_are_chosen_in_the_clients_order() {
        let cases = [
            ("permessage-deflate", true),
            ("permessage-deflate; client_max_window_bits", true),
            (
                "permessage-deflate; client_max_window_bits=10; server_no_context_takeover",
                true,
            ),
            ("x-unknown, permessage-deflate", true),
            (
                "permessage-deflate; server_max_window_bits=10, permessage-deflate",
                true,
            ),
            ("permessage-deflate; server_max_window_bits=15", true),
            ("permessage-deflate; server_max_window_bits=10", false),
            ("permessage-deflate; client_max_window_bits=16", false),
            ("permessage-deflate; unknown", false),
            ("permessage-deflate; server_no_context_takeover=1", false),
            (
                "permessage-deflate; client_max_window_bits; client_max_window_bits",
                false,
            ),
            ("", false),
        ];
        for (field, chosen) in cases {
            assert_eq!(choose(field).is_some(), chosen, "{field}");
        }
    }

    #[test]
    fn a_servers_answer_is_checked_against_the_offer() {
        let resets = "permessage-deflate; server_no_context_takeover";

        assert_eq!(confirm(""), Ok(None));
        assert_eq!(confirm(resets), Ok(Some(PLAIN)));
        assert_eq!(
            confirm("permessage-deflate"),
            Ok(Some(Terms {
                peer_keeps_window: true
            }))
        );
        assert_eq!(
            confirm("permessage-deflate; client_max_window_bits=10"),
            Err(())
        );
        assert_eq!(confirm("x-unknown"), Err(()));
    }

    #[test]
    fn a_compressed_message_inflates_to_itself() {
        for message in ["", "a", &"hello ".repeat(10_000)] {
            let Some(compressed) = compress(message.as_bytes()) else {
                assert!(message.len() < 10, "a long repetition gets smaller");
                continue;
            };

            let inflated = Inflate::new(PLAIN)
                .message(&compressed, message.len())
                .unwrap();

            assert_eq!(inflated, message.as_bytes());
        }
    }

    #[test]
    fn a_message_that_would_grow_is_sent_as_it_is() {
        assert_eq!(compress(&[7, 1, 255, 3]), None);
    }

    #[test]
    fn inflation_stops_one_byte_past_the_limit() {
        let compressed = compress(&[b'x'; 1_000_000]).unwrap();

        assert_eq!(
            Inflate::new(PLAIN)
                .message(&compressed, 1_000_000)
                .unwrap()
                .len(),
            1_000_000
        );
        assert_eq!(
            Inflate::new(PLAIN).message(&compressed, 999_999),
            Err(Violation::too_large(1_000_000, 999_999))
        );
    }

    #[test]
    fn garbage_is_refused() {
        let error = Inflate::new(PLAIN)
            .message(&[0xFF, 0xFF, 0xFF], 1000)
            .unwrap_err();

        assert_eq!(error, Violation::BAD_DEFLATE);
    }

    #[test]
    fn the_example_of_the_standard_inflates() {
        // RFC 7692, 7.2.3.1 and 7.2.3.2: the second message refers to the first.
        let mut inflate = Inflate::new(Terms {
            peer_keeps_window: true,
        });

        let first = inflate
            .message(&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], 5)
            .unwrap();
        let second = inflate.message(&[0xf2, 0x00, 0x11, 0x00, 0x00], 5).unwrap();

        assert_eq!((&first[..], &second[..]), (&b"Hello"[..], &b"Hello"[..]));
    }

    #[test]
    fn a_final_block_ends_a_message() {
        // RFC 7692, 7.2.3.4.
        let message =
            Inflate::new(PLAIN).message(&[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00], 5);

        assert_eq!(message.unwrap(), &b"Hello"[..]);
    }
}
