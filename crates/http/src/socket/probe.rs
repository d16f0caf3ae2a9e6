//! Reads frames without a connection, for `examples/frames.rs`, which throws bytes at it for minutes.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::Role;
use super::assemble::Assembler;
use super::deflate::Terms;

/// Who sends the frames, and what was agreed on.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// Whether it is a client, whose frames are masked.
    pub is_client: bool,
    /// Whether messages may be compressed, with a window that is kept or not.
    pub compresses: Option<KeepsWindow>,
    /// Bytes of the largest message.
    pub message_bytes_max: usize,
}

/// Whether a message may refer to the ones before.
#[derive(Clone, Copy, Debug)]
pub enum KeepsWindow {
    /// It may.
    Yes,
    /// It may not.
    No,
}

/// What was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// A hash of each event.
    pub events: Vec<u64>,
    /// The code and reason with which the connection was failed.
    pub failure: Option<(u16, Cow<'static, str>)>,
    /// The most that was held for a message that had not ended.
    pub held_bytes_max: usize,
}

/// Reads what a peer sends in pieces, until it breaks the protocol.
pub fn read<'a>(peer: Peer, pieces: impl IntoIterator<Item = &'a [u8]>) -> Seen {
    let role = if peer.is_client {
        Role::Server
    } else {
        Role::Client
    };
    let terms = peer.compresses.map(|keeps| Terms {
        peer_keeps_window: matches!(keeps, KeepsWindow::Yes),
    });
    let mut assembler = Assembler::new(role, terms, peer.message_bytes_max);
    let mut seen = Seen::default();
    for piece in pieces {
        assembler.push(piece);
        loop {
            match assembler.next() {
                Ok(Some(event)) => {
                    let mut hasher = DefaultHasher::new();
                    event.hash(&mut hasher);
                    seen.events.push(hasher.finish());
                }
                Ok(None) => break,
                Err(violation) => {
                    seen.failure = Some((violation.code, violation.reason));
                    return seen;
                }
            }
        }
        seen.held_bytes_max = seen.held_bytes_max.max(assembler.held_bytes());
    }
    seen
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MESSAGE_BYTES_MAX: usize = 1000;
    /// The longest header.
    const HEADER_BYTES_MAX: usize = 14;

    fn frame() -> impl Strategy<Value = Vec<u8>> {
        let first = prop_oneof![
            8 => prop::sample::select(vec![0x81u8, 0x82, 0x01, 0x02, 0x00, 0x80, 0xC1, 0x41, 0x89, 0x8A, 0x88]),
            1 => any::<u8>(),
        ];
        let payload = prop::collection::vec(any::<u8>(), 0..130);
        (first, payload, any::<[u8; 4]>()).prop_map(|(first, payload, mask)| {
            let mut frame = vec![first];
            match payload.len() {
                length @ 0..126 => frame.push(0x80 | length as u8),
                length => frame.extend([0x80 | 126, 0, length as u8]),
            }
            frame.extend(mask);
            frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(b, m)| b ^ m));
            frame
        })
    }

    proptest! {
        #[test]
        fn how_bytes_are_cut_changes_nothing_and_little_is_held(
            frames in prop::collection::vec(frame(), 1..20),
            noise in prop::collection::vec(any::<u8>(), 0..20),
            cut in 1usize..50,
        ) {
            let bytes = [frames.concat(), noise].concat();
            let peer = Peer {
                is_client: true,
                compresses: Some(KeepsWindow::No),
                message_bytes_max: MESSAGE_BYTES_MAX,
            };

            let whole = read(peer, [&bytes[..]]);
            let pieces = read(peer, bytes.chunks(cut));

            prop_assert_eq!(whole.events, pieces.events);
            prop_assert_eq!(whole.failure, pieces.failure);
            prop_assert!(pieces.held_bytes_max <= MESSAGE_BYTES_MAX + HEADER_BYTES_MAX + cut + 130);
        }
    }
}
