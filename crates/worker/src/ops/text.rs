//! Text and bytes: UTF-8, the encodings of the Encoding standard, forgiving base64.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use encoding_rs::{CoderResult, Decoder, DecoderResult, Encoding};

use crate::op::{Op, OpError, OpResult};

/// Code units of the engine's longest string.
const STRING_UNITS_MAX: usize = (1 << 30) - 2;

/// Room for the characters of an output that does not grow with its input, as when a decoder puts
/// out what it kept of the piece before.
const OUTPUT_BYTES_MIN: usize = 64;

/// Base64 without padding, whose unused last bits may hold anything.
const UNPADDED: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// `utf8Encode`: the UTF-8 form of a text.
pub(crate) fn utf8_encode<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let text = op.text(0)?;
    Ok(op.scope.uint8_array(text.as_bytes()))
}

/// `utf8EncodeInto`: writes as many whole characters as fit.
pub(crate) fn utf8_encode_into<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let text = op.text(0)?;
    let target = op.arg(1);
    let written = op.scope.with_bytes_mut(target, |bytes| {
        let fitting = fitting(&text, bytes.len());
        bytes[..fitting.len()].copy_from_slice(fitting.as_bytes());
        fitting
    });
    let written = written.ok_or_else(|| OpError::type_error("the target is not a buffer"))?;
    let read = op.scope.number(units(written) as f64);
    let written = op.scope.number(written.len() as f64);
    Ok(op.scope.array(&[read, written]))
}

/// `encodingName`: the name of an encoding, or undefined.
pub(crate) fn encoding_name<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let label = op.text(0)?;
    match canonical_name(&label) {
        Some(name) => Ok(op.scope.string(&name)),
        None => op.undefined(),
    }
}

/// `textDecode`: decodes a whole buffer.
///
/// # Errors
/// A `TypeError` for malformed input when it is fatal.
pub(crate) fn text_decode<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let encoding = encoding(op, 0)?;
    let (fatal, bom) = (Malformed::from_flag(op.flag(2)), Bom::from_flag(op.flag(3)));
    let input = op.arg(1);
    let text = op
        .scope
        .with_bytes_mut(input, |bytes| decode(encoding, bytes, fatal, bom));
    let text = text.ok_or_else(not_a_buffer)?.ok_or_else(malformed)?;
    string(op, &text)
}

/// `decoderOpen`: a decoder for text that arrives in pieces.
pub(crate) fn decoder_open<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let encoding = encoding(op, 0)?;
    let (fatal, bom) = (Malformed::from_flag(op.flag(1)), Bom::from_flag(op.flag(2)));
    let id = op.worker.decoders().open(encoding, fatal, bom);
    Ok(op.scope.number(id as f64))
}

/// `decoderPush`: the text of the next piece. The last piece frees the decoder, malformed or not.
///
/// # Errors
/// A `TypeError` for malformed input when it is fatal.
pub(crate) fn decoder_push<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let id = op.uint(0);
    let piece = if op.flag(2) {
        Piece::Last
    } else {
        Piece::Inner
    };
    let input = op.arg(1);
    let decoders = op.worker.decoders();
    let text = op
        .scope
        .with_bytes_mut(input, |bytes| decoders.push(id, bytes, piece));
    let text = text.ok_or_else(not_a_buffer)?;
    let text = text.ok_or_else(|| OpError::error(format!("decoder {id} is not open")))?;
    string(op, &text.ok_or_else(malformed)?)
}

/// `base64Decode`: bytes as a byte string, or undefined.
pub(crate) fn base64_decode<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let text = op.arg(0);
    match op.scope.byte_text(text).and_then(forgiving_decode) {
        Some(bytes) => Ok(op.scope.byte_string(&bytes)),
        None => op.undefined(),
    }
}

/// `base64Encode`: of a byte string; undefined when it is none.
pub(crate) fn base64_encode<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let text = op.arg(0);
    let Some(bytes) = op.scope.byte_text(text) else {
        return op.undefined();
    };
    check_units(bytes.len().div_ceil(3) * 4)?;
    string(op, &STANDARD.encode(bytes))
}

/// Makes a string of a text that may be too long for one.
fn string<'s>(op: &mut Op<'_, 's>, text: &str) -> OpResult<'s> {
    if text.len() > STRING_UNITS_MAX {
        check_units(units(text))?;
    }
    Ok(op.scope.string(text))
}

fn check_units<'s>(units: usize) -> Result<(), OpError<'s>> {
    if units > STRING_UNITS_MAX {
        return Err(OpError::Error(
            "RangeError",
            "Invalid string length".to_owned(),
        ));
    }
    Ok(())
}

fn encoding<'s>(op: &mut Op<'_, 's>, index: u32) -> Result<&'static Encoding, OpError<'s>> {
    let name = op.text(index)?;
    let found = Encoding::for_label_no_replacement(name.as_bytes());
    found
        .ok_or_else(|| OpError::Error("RangeError", format!("\"{name}\" is not a valid encoding.")))
}

fn not_a_buffer<'s>() -> OpError<'s> {
    OpError::type_error("the value to decode is not a buffer")
}

fn malformed<'s>() -> OpError<'s> {
    OpError::type_error("Failed to decode input.")
}

/// UTF-16 code units of a text.
fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The longest start of whole characters within a number of bytes.
fn fitting(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

/// The name of the encoding with a label. The replacement encoding decodes nothing, so the
/// standard counts it as unknown.
fn canonical_name(label: &str) -> Option<String> {
    Encoding::for_label_no_replacement(label.as_bytes())
        .map(|encoding| encoding.name().to_ascii_lowercase())
}

/// What becomes of malformed input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// It is replaced by U+FFFD.
    Replaced,
    /// It is an error.
    Fatal,
}

impl Malformed {
    fn from_flag(fatal: bool) -> Self {
        if fatal { Self::Fatal } else { Self::Replaced }
    }
}

/// What becomes of the encoding's own byte order mark at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bom {
    /// It is no part of the text.
    Removed,
    /// It is decoded like any other character (the option `ignoreBOM`).
    Kept,
}

impl Bom {
    fn from_flag(ignore_bom: bool) -> Self {
        if ignore_bom {
            Self::Kept
        } else {
            Self::Removed
        }
    }
}

/// Decodes a whole buffer; None when malformed input is fatal.
fn decode(
    encoding: &'static Encoding,
    bytes: &[u8],
    on_malformed: Malformed,
    bom: Bom,
) -> Option<String> {
    let text = match Encoding::for_bom(bytes) {
        Some((found, length)) if found == encoding && bom == Bom::Removed => &bytes[length..],
        _ => bytes,
    };
    let decoded = match on_malformed {
        Malformed::Fatal => encoding.decode_without_bom_handling_and_without_replacement(text)?,
        Malformed::Replaced => encoding.decode_without_bom_handling(text).0,
    };
    Some(decoded.into_owned())
}

/// Whether more of a text follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// More follows.
    Inner,
    /// The text ends here.
    Last,
}

/// The decoders of texts whose end has not arrived.
///
/// The library closes a decoder with its last piece, or when its `TextDecoder` was collected, so
/// there are never more than the heap has objects for.
#[derive(Debug, Default)]
pub(crate) struct Decoders {
    last_id: Cell<u64>,
    open: RefCell<HashMap<u64, OpenDecoder>>,
}

impl Decoders {
    fn open(&self, encoding: &'static Encoding, on_malformed: Malformed, bom: Bom) -> u64 {
        self.last_id.set(self.last_id.get() + 1);
        let id = self.last_id.get();
        self.open
            .borrow_mut()
            .insert(id, OpenDecoder::new(encoding, on_malformed, bom));
        id
    }

    /// The text of a piece: the outer None for an unknown id, the inner one for malformed input
    /// when it is fatal.
    fn push(&self, id: u64, bytes: &[u8], piece: Piece) -> Option<Option<String>> {
        let mut open = self.open.borrow_mut();
        match piece {
            Piece::Inner => Some(open.get_mut(&id)?.push(bytes, piece)),
            Piece::Last => Some(open.remove(&id)?.push(bytes, piece)),
        }
    }
}

struct OpenDecoder {
    decoder: Decoder,
    on_malformed: Malformed,
}

impl OpenDecoder {
    fn new(encoding: &'static Encoding, on_malformed: Malformed, bom: Bom) -> Self {
        let decoder = match bom {
            Bom::Removed => encoding.new_decoder_with_bom_removal(),
            Bom::Kept => encoding.new_decoder_without_bom_handling(),
        };
        Self {
            decoder,
            on_malformed,
        }
    }

    /// Decodes the next bytes; None when malformed input is fatal. Nothing may follow the last piece.
    fn push(&mut self, bytes: &[u8], piece: Piece) -> Option<String> {
        let last = piece == Piece::Last;
        let mut text = String::new();
        let mut rest = bytes;
        loop {
            text.reserve(rest.len() + OUTPUT_BYTES_MIN);
            let (ended, read) = match self.on_malformed {
                Malformed::Replaced => {
                    let (result, read, _) = self.decoder.decode_to_string(rest, &mut text, last);
                    (result == CoderResult::InputEmpty, read)
                }
                Malformed::Fatal => {
                    match self
                        .decoder
                        .decode_to_string_without_replacement(rest, &mut text, last)
                    {
                        (DecoderResult::Malformed(..), _) => return None,
                        (result, read) => (result == DecoderResult::InputEmpty, read),
                    }
                }
            };
            if ended {
                return Some(text);
            }
            rest = &rest[read..];
        }
    }
}

impl std::fmt::Debug for OpenDecoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenDecoder")
            .field("encoding", &self.decoder.encoding().name())
            .finish_non_exhaustive()
    }
}

/// The forgiving base64 decode of the Infra standard; None when the text is malformed.
///
/// Source: https://infra.spec.whatwg.org/#forgiving-base64-decode
fn forgiving_decode(mut text: Vec<u8>) -> Option<Vec<u8>> {
    text.retain(|byte| !matches!(byte, b'\t' | b'\n' | b'\x0c' | b'\r' | b' '));
    if text.len().is_multiple_of(4) {
        for _ in 0..2 {
            text.pop_if(|last| *last == b'=');
        }
    }
    UNPADDED.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> Option<Vec<u8>> {
        forgiving_decode(text.as_bytes().to_vec())
    }

    fn named(name: &str) -> &'static Encoding {
        Encoding::for_label_no_replacement(name.as_bytes()).unwrap()
    }

    #[test]
    fn as_much_is_encoded_as_fits_in_whole_characters() {
        assert_eq!(fitting("a\u{e9}\u{1f600}", 0), "");
        assert_eq!(fitting("a\u{e9}\u{1f600}", 2), "a");
        assert_eq!(fitting("a\u{e9}\u{1f600}", 3), "a\u{e9}");
        assert_eq!(fitting("a\u{e9}\u{1f600}", 6), "a\u{e9}");
        assert_eq!(fitting("a\u{e9}\u{1f600}", 7), "a\u{e9}\u{1f600}");
        assert_eq!(fitting("a\u{e9}\u{1f600}", 8), "a\u{e9}\u{1f600}");
    }

    #[test]
    fn characters_beyond_the_basic_plane_are_two_units() {
        assert_eq!(units("a\u{e9}\u{ffff}\u{1f600}"), 5);
    }

    #[test]
    fn the_longest_string_is_made_and_a_longer_one_is_not() {
        assert!(check_units(STRING_UNITS_MAX).is_ok());
        match check_units(STRING_UNITS_MAX + 1) {
            Err(OpError::Error(class, message)) => {
                assert_eq!(
                    (class, message.as_str()),
                    ("RangeError", "Invalid string length")
                );
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn labels_lead_to_the_standards_names() {
        assert_eq!(canonical_name(" UTF8\n").as_deref(), Some("utf-8"));
        assert_eq!(canonical_name("latin1").as_deref(), Some("windows-1252"));
        assert_eq!(canonical_name("logical").as_deref(), Some("iso-8859-8-i"));
        assert_eq!(canonical_name("Shift_JIS").as_deref(), Some("shift_jis"));
    }

    #[test]
    fn unknown_labels_and_the_replacement_encoding_have_no_name() {
        assert_eq!(canonical_name("utf-9"), None);
        assert_eq!(canonical_name("replacement"), None);
        assert_eq!(canonical_name("iso-2022-kr"), None);
        assert_eq!(canonical_name("utf-8\u{0}"), None);
    }

    #[test]
    fn malformed_input_is_replaced_or_fatal() {
        let utf8 = named("utf-8");

        assert_eq!(
            decode(utf8, b"a\xffb", Malformed::Replaced, Bom::Removed).as_deref(),
            Some("a\u{fffd}b")
        );
        assert_eq!(
            decode(utf8, b"a\xffb", Malformed::Fatal, Bom::Removed),
            None
        );
        assert_eq!(
            decode(utf8, b"ab", Malformed::Fatal, Bom::Removed).as_deref(),
            Some("ab")
        );
    }

    #[test]
    fn only_the_encodings_own_byte_order_mark_is_removed() {
        let with_mark = b"\xef\xbb\xbfa";
        for on_malformed in [Malformed::Replaced, Malformed::Fatal] {
            let text = |encoding, bom| decode(named(encoding), with_mark, on_malformed, bom);

            assert_eq!(text("utf-8", Bom::Removed).as_deref(), Some("a"));
            assert_eq!(text("utf-8", Bom::Kept).as_deref(), Some("\u{feff}a"));
            assert_eq!(
                text("windows-1252", Bom::Removed).as_deref(),
                Some("\u{ef}\u{bb}\u{bf}a")
            );
        }
        let utf16 = decode(
            named("utf-16le"),
            b"\xff\xfea\0",
            Malformed::Fatal,
            Bom::Removed,
        );
        assert_eq!(utf16.as_deref(), Some("a"));
    }

    #[test]
    fn pieces_may_end_inside_a_character_and_inside_the_mark() {
        let decoders = Decoders::default();
        let id = decoders.open(named("utf-8"), Malformed::Fatal, Bom::Removed);

        assert_eq!(
            decoders.push(id, b"\xef\xbb", Piece::Inner),
            Some(Some(String::new()))
        );
        assert_eq!(
            decoders.push(id, b"\xbfa\xe2\x82", Piece::Inner),
            Some(Some("a".to_owned()))
        );
        assert_eq!(
            decoders.push(id, b"\xac", Piece::Last),
            Some(Some("\u{20ac}".to_owned()))
        );
        assert_eq!(decoders.push(id, b"", Piece::Last), None);
    }

    #[test]
    fn an_unfinished_character_at_the_end_is_malformed() {
        let decoders = Decoders::default();
        let replacing = decoders.open(named("utf-8"), Malformed::Replaced, Bom::Removed);
        let fatal = decoders.open(named("utf-8"), Malformed::Fatal, Bom::Removed);

        assert_eq!(
            decoders.push(replacing, b"\xe2\x82", Piece::Inner),
            Some(Some(String::new()))
        );
        assert_eq!(
            decoders.push(replacing, b"", Piece::Last),
            Some(Some("\u{fffd}".to_owned()))
        );
        assert_eq!(decoders.push(fatal, b"\xe2\x82", Piece::Last), Some(None));
        assert!(decoders.open.borrow().is_empty());
    }

    #[test]
    fn a_fatal_decoder_stays_open_after_a_malformed_inner_piece() {
        let decoders = Decoders::default();
        let id = decoders.open(named("utf-8"), Malformed::Fatal, Bom::Removed);

        assert_eq!(decoders.push(id, b"a\xff", Piece::Inner), Some(None));
        assert_eq!(
            decoders.push(id, b"", Piece::Last),
            Some(Some(String::new()))
        );
    }

    #[test]
    fn output_may_be_three_times_as_long_as_the_input() {
        let decoders = Decoders::default();
        let id = decoders.open(named("utf-8"), Malformed::Replaced, Bom::Removed);

        let text = decoders.push(id, &[0xff; 10_000], Piece::Last).flatten();

        assert_eq!(text, Some("\u{fffd}".repeat(10_000)));
    }

    #[test]
    fn decoder_ids_start_at_one_and_differ() {
        let decoders = Decoders::default();

        assert_eq!(
            decoders.open(named("utf-8"), Malformed::Replaced, Bom::Removed),
            1
        );
        assert_eq!(
            decoders.open(named("utf-8"), Malformed::Replaced, Bom::Removed),
            2
        );
        assert_eq!(decoders.push(0, b"a", Piece::Inner), None);
    }

    #[test]
    fn base64_may_be_padded_or_not_and_spaced() {
        for text in ["Zm9vYg==", "Zm9vYg", " Zm\t9v\nY\x0cg=\r= "] {
            assert_eq!(decoded(text).as_deref(), Some(&b"foob"[..]), "{text:?}");
        }
        assert_eq!(decoded("Zm9vYmE=").as_deref(), Some(&b"fooba"[..]));
        assert_eq!(decoded("").as_deref(), Some(&b""[..]));
        assert_eq!(decoded(" ").as_deref(), Some(&b""[..]));
    }

    #[test]
    fn unused_last_bits_are_ignored() {
        assert_eq!(decoded("YR").as_deref(), Some(&b"a"[..]));
        assert_eq!(decoded("YR==").as_deref(), Some(&b"a"[..]));
    }

    #[test]
    fn other_text_is_no_base64() {
        let short = ["A", "AAAAA", "A-B_", "AA\u{b}A"];
        let padded = [
            "=", "==", "A=", "AA=", "AAA==", "AA=A", "AAAA=", "A===", "AA===",
        ];
        for text in short.iter().chain(&padded) {
            assert_eq!(decoded(text), None, "{text:?}");
        }
    }

    #[test]
    fn all_bytes_survive_base64() {
        let bytes: Vec<u8> = (0..=255).collect();

        assert_eq!(decoded(&STANDARD.encode(&bytes)), Some(bytes));
    }
}
