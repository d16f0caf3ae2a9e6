//! From messages to bytes: the writing half of the protocol, without any waiting.

use bytes::BytesMut;
use ring::rand::{SecureRandom, SystemRandom};

use super::Role;
use super::deflate;
use super::frame::{CONTROL_BYTES_MAX, Header, Opcode, apply_mask};
use crate::limits::Limits;

/// Writes frames into a buffer.
#[derive(Debug)]
pub(crate) struct Encoder {
    role: Role,
    /// The sizes between which messages are compressed; `None` when that was not agreed on.
    deflate: Option<std::ops::RangeInclusive<usize>>,
    random: SystemRandom,
}

impl Encoder {
    pub(crate) fn new(role: Role, terms: Option<deflate::Terms>, limits: &Limits) -> Self {
        let deflate =
            terms.map(|_| limits.socket_deflate_bytes_min..=limits.socket_deflate_bytes_max);
        Self {
            role,
            deflate,
            random: SystemRandom::new(),
        }
    }

    /// Appends a whole text or binary message to `out`.
    pub(crate) fn message(&self, opcode: Opcode, payload: &[u8], out: &mut BytesMut) {
        let compress = self
            .deflate
            .as_ref()
            .is_some_and(|sizes| sizes.contains(&payload.len()));
        match compress.then(|| deflate::compress(payload)).flatten() {
            Some(smaller) => self.frame(opcode, true, &smaller, out),
            None => self.frame(opcode, false, payload, out),
        }
    }

    /// Appends the answer to a ping.
    pub(crate) fn pong(&self, payload: &[u8], out: &mut BytesMut) {
        self.frame(Opcode::Pong, false, payload, out);
    }

    /// Appends a Close frame. A reason too long for one is cut at a character.
    pub(crate) fn close(&self, code: Option<u16>, reason: &str, out: &mut BytesMut) {
        let mut payload = Vec::new();
        if let Some(code) = code {
            payload.extend_from_slice(&code.to_be_bytes());
            let end = reason.floor_char_boundary(CONTROL_BYTES_MAX - 2);
            payload.extend_from_slice(&reason.as_bytes()[..end]);
        }
        self.frame(Opcode::Close, false, &payload, out);
    }

    fn frame(&self, opcode: Opcode, compressed: bool, payload: &[u8], out: &mut BytesMut) {
        let mask = (self.role == Role::Client).then(|| self.mask());
        out.reserve(14 + payload.len());
        Header {
            fin: true,
            compressed,
            opcode,
            mask,
            length: payload.len() as u64,
        }
        .write(out);
        let start = out.len();
        out.extend_from_slice(payload);
        if let Some(mask) = mask {
            apply_mask(&mut out[start..], mask);
        }
    }

    fn mask(&self) -> [u8; 4] {
        let mut mask = [0; 4];
        self.random
            .fill(&mut mask)
            .expect("the operating system gives random bytes");
        mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket::assemble::{Assembler, Event};
    use crate::socket::deflate::Terms;

    const TERMS: Option<Terms> = Some(Terms {
        peer_keeps_window: false,
    });

    fn encoded(role: Role, terms: Option<Terms>, text: &str) -> BytesMut {
        let mut out = BytesMut::new();
        Encoder::new(role, terms, &Limits::default()).message(
            Opcode::Text,
            text.as_bytes(),
            &mut out,
        );
        out
    }

    #[test]
    fn what_one_role_writes_the_other_reads() {
        for (from, to) in [(Role::Client, Role::Server), (Role::Server, Role::Client)] {
            for length in [0, 1, 255, 256, 70_000] {
                let text = "a".repeat(length);
                let mut assembler = Assembler::new(to, TERMS, length);

                assembler.push(&encoded(from, TERMS, &text));

                assert_eq!(assembler.next(), Ok(Some(Event::Text(text))));
            }
        }
    }

    #[test]
    fn a_client_never_masks_two_frames_alike() {
        let frame = || encoded(Role::Client, None, "same");

        assert_ne!(frame()[2..6], frame()[2..6]);
    }

    #[test]
    fn only_messages_within_the_sizes_are_compressed() {
        let mut limits = Limits::default();
        (
            limits.socket_deflate_bytes_min,
            limits.socket_deflate_bytes_max,
        ) = (100, 200);
        let encoder = Encoder::new(Role::Server, TERMS, &limits);
        let is_compressed = |length: usize| {
            let mut out = BytesMut::new();
            encoder.message(Opcode::Text, &vec![b'x'; length], &mut out);
            out[0] & 0x40 != 0
        };

        assert_eq!(
            [99, 100, 200, 201].map(is_compressed),
            [false, true, true, false]
        );
    }

    #[test]
    fn a_close_reason_of_123_bytes_is_kept_and_a_longer_one_is_cut_at_a_character() {
        let reason_bytes = |reason: &str| {
            let mut out = BytesMut::new();
            Encoder::new(Role::Server, None, &Limits::default()).close(
                Some(1000),
                reason,
                &mut out,
            );
            out.len() - 4
        };

        assert_eq!(reason_bytes(&"a".repeat(123)), 123);
        assert_eq!(reason_bytes(&"a".repeat(124)), 123);
        assert_eq!(reason_bytes(&"\u{20ac}".repeat(42)), 123);
        assert_eq!(
            reason_bytes(&("a".to_owned() + &"\u{20ac}".repeat(41))),
            121
        );
    }
}
