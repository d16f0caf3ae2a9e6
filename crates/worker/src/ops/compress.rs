//! Compression and decompression of streams, piece by piece.
//!
//! JavaScript pushes a piece and pulls what comes out until there is no more. Each pull gives a
//! bounded piece, so a small input that expands to much costs the program's own memory and ends at
//! its limit.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use crate::codec::{Admitted, Codec, CodecError, DeflateSettings, Flush, Members, Room, Wrapper};
use crate::context::Left;
use crate::op::{Op, OpError, OpResult};

/// Bytes of one piece of output.
const PIECE_BYTES: usize = 64 << 10;
/// The largest window that the formats know, as a power of two: data with any is taken.
const WINDOW_BITS: u8 = 15;

/// Open streams, by number.
#[derive(Default)]
pub(crate) struct Codecs {
    last_id: Cell<u64>,
    open: RefCell<HashMap<u64, OpenCodec>>,
}

struct OpenCodec {
    context: u64,
    stream: Stream,
}

impl Codecs {
    /// Drops what a context left open.
    pub(crate) fn end_context(&self, context: u64) {
        self.open
            .borrow_mut()
            .retain(|_, open| open.context != context);
    }
}

/// One stream.
struct Stream {
    codec: Admitted,
    compresses: bool,
    /// What ends early, or before other bytes, is no mistake.
    lenient: bool,
    /// What was pushed and not yet taken in.
    input: Vec<u8>,
    taken: usize,
    /// No more will be pushed.
    finishing: bool,
    /// The last step left nothing to come out before more is pushed.
    drained: bool,
}

/// Why a stream cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum StreamError {
    #[error("Decompression failed.")]
    Malformed,
    #[error("Trailing bytes after end of compressed data")]
    Trailing,
    #[error("Called close() on a decompression stream with incomplete data")]
    Incomplete,
}

impl From<CodecError> for StreamError {
    fn from(error: CodecError) -> Self {
        if error.is_unexpected_end() {
            Self::Incomplete
        } else {
            Self::Malformed
        }
    }
}

/// The wrapper of a format of the Compression standard: "gzip", "deflate" or "deflate-raw".
fn wrapper_of(format: &str) -> Option<Wrapper> {
    match format {
        "gzip" => Some(Wrapper::Gzip),
        "deflate" => Some(Wrapper::Zlib),
        "deflate-raw" => Some(Wrapper::Raw),
        _ => None,
    }
}

impl Stream {
    /// # Errors
    /// There is no room for one more.
    fn new(wrapper: Wrapper, compresses: bool, room: &Room) -> Result<Self, CodecError> {
        let codec = if compresses {
            Codec::deflate(wrapper, DeflateSettings::default())?
        } else {
            // The standard: what follows the first member is an error.
            Codec::inflate(wrapper, WINDOW_BITS, None, Members::One)?
        };
        Ok(Self {
            codec: room.admit(codec)?,
            compresses,
            lenient: false,
            input: Vec::new(),
            taken: 0,
            finishing: false,
            drained: false,
        })
    }

    fn push(&mut self, piece: Vec<u8>) {
        if self.taken == self.input.len() {
            self.input = piece;
        } else {
            self.input.drain(..self.taken);
            self.input.extend_from_slice(&piece);
        }
        self.taken = 0;
    }

    /// The next piece of output; None when more input is needed, or at the end.
    fn pull(&mut self) -> Result<Option<Vec<u8>>, StreamError> {
        let input = &self.input[self.taken..];
        if self.drained && input.is_empty() && !self.finishing {
            return Ok(None);
        }
        let flush = if self.finishing {
            Flush::Finish
        } else {
            Flush::None
        };
        let mut output = vec![0; PIECE_BYTES];
        let step = match self.codec.step(input, &mut output, flush) {
            Err(error) if self.lenient && error.is_unexpected_end() => return Ok(None),
            step => step?,
        };
        self.taken += step.took;
        self.drained = step.wrote < PIECE_BYTES;
        if self.drained && !self.compresses && self.taken < self.input.len() {
            if !self.lenient {
                return Err(StreamError::Trailing);
            }
            self.taken = self.input.len();
        }
        output.truncate(step.wrote);
        Ok((step.wrote > 0).then_some(output))
    }
}

/// `codecOpen`
pub(crate) fn open<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let format = op.text(0)?;
    let wrapper = wrapper_of(&format).ok_or_else(|| {
        OpError::type_error(format!("the compression format `{format}` does not exist"))
    })?;
    let stream = Stream::new(wrapper, op.flag(1), &op.worker.codec_room);
    let mut stream = stream.map_err(|error| OpError::error(error.to_string()))?;
    stream.lenient = op.flag(2);
    let context = op.leaves(Left::Codecs);
    let codecs = &op.worker.codecs;
    let id = codecs.last_id.get() + 1;
    codecs.last_id.set(id);
    codecs
        .open
        .borrow_mut()
        .insert(id, OpenCodec { context, stream });
    Ok(op.scope.number(id as f64))
}

/// `codecPush`
pub(crate) fn push<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let (id, piece) = (op.uint(0), op.bytes(1));
    if let Some(open) = op.worker.codecs.open.borrow_mut().get_mut(&id) {
        open.stream.push(piece);
    }
    op.undefined()
}

/// `codecFinish`
pub(crate) fn finish<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let id = op.uint(0);
    if let Some(open) = op.worker.codecs.open.borrow_mut().get_mut(&id) {
        open.stream.finishing = true;
    }
    op.undefined()
}

/// `codecPull`
pub(crate) fn pull<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let id = op.uint(0);
    let worker = op.worker.clone();
    let mut streams = worker.codecs.open.borrow_mut();
    let pulled = match streams.get_mut(&id) {
        Some(open) => open.stream.pull(),
        None => Ok(None),
    };
    match pulled {
        Ok(Some(piece)) => Ok(op.scope.uint8_array(&piece)),
        Ok(None) => op.undefined(),
        Err(error) => {
            streams.remove(&id);
            Err(OpError::type_error(error.to_string()))
        }
    }
}

/// `codecClose`
pub(crate) fn close<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let id = op.uint(0);
    let closed = op.worker.codecs.open.borrow_mut().remove(&id);
    drop(closed);
    op.undefined()
}

#[cfg(test)]
mod tests {
    use super::{PIECE_BYTES, Stream, StreamError, wrapper_of};
    use crate::codec::Room;

    const FORMATS: [&str; 3] = ["gzip", "deflate", "deflate-raw"];

    fn stream(format: &str, compress: bool) -> Stream {
        Stream::new(wrapper_of(format).unwrap(), compress, &Room::default()).unwrap()
    }

    /// Everything that comes out when the input is pushed in pieces of this length.
    fn run(
        format: &str,
        compress: bool,
        input: &[u8],
        piece_bytes: usize,
    ) -> Result<Vec<u8>, StreamError> {
        let mut codec = stream(format, compress);
        let mut output = Vec::new();
        for piece in input.chunks(piece_bytes) {
            codec.push(piece.to_vec());
            while let Some(piece) = codec.pull()? {
                output.extend(piece);
            }
        }
        codec.finishing = true;
        while let Some(piece) = codec.pull()? {
            output.extend(piece);
        }
        Ok(output)
    }

    #[test]
    fn what_was_compressed_comes_back_whatever_the_pieces() {
        let text = b"to be or not to be ".repeat(500);
        for format in FORMATS {
            for piece_bytes in [1, 7, 10_000] {
                let compressed = run(format, true, &text, piece_bytes).unwrap();
                assert!(compressed.len() < 200, "{format}: {}", compressed.len());
                assert_eq!(run(format, false, &compressed, piece_bytes).unwrap(), text);
            }
        }
    }

    #[test]
    fn nothing_compresses_to_an_empty_stream() {
        for format in FORMATS {
            let compressed = run(format, true, b"", 1).unwrap();
            assert!(!compressed.is_empty());
            assert_eq!(run(format, false, &compressed, 1).unwrap(), b"");
        }
    }

    #[test]
    fn output_comes_in_bounded_pieces() {
        let compressed = run("gzip", true, &vec![0; 10 * PIECE_BYTES + 1], usize::MAX).unwrap();
        let mut codec = stream("gzip", false);
        codec.push(compressed);
        let mut pieces = Vec::new();
        while let Some(piece) = codec.pull().unwrap() {
            pieces.push(piece.len());
        }
        assert_eq!(pieces, [[PIECE_BYTES].repeat(10), vec![1]].concat());
    }

    #[test]
    fn a_stream_that_ends_early_is_incomplete() {
        for format in FORMATS {
            let compressed = run(format, true, b"some text", 100).unwrap();
            for length in 0..compressed.len() {
                assert_eq!(
                    run(format, false, &compressed[..length], 100),
                    Err(StreamError::Incomplete),
                    "{format} {length}"
                );
            }
        }
    }

    #[test]
    fn bytes_after_the_end_are_refused() {
        for format in FORMATS {
            let mut compressed = run(format, true, b"some text", 100).unwrap();
            compressed.push(0);
            assert_eq!(
                run(format, false, &compressed, 100),
                Err(StreamError::Trailing),
                "{format}"
            );
            assert_eq!(
                run(format, false, &compressed, 1),
                Err(StreamError::Trailing),
                "{format}"
            );
        }
    }

    #[test]
    fn a_lenient_stream_takes_data_that_ends_early_or_before_other_bytes() {
        let compressed = run("gzip", true, b"some text", 100).unwrap();
        let short = compressed[..compressed.len() - 8].to_vec();
        for input in [short, compressed.repeat(2)] {
            let mut stream = stream("gzip", false);
            stream.lenient = true;
            stream.push(input);
            assert_eq!(stream.pull(), Ok(Some(b"some text".to_vec())));
            stream.finishing = true;
            assert_eq!(stream.pull(), Ok(None));
        }
    }

    #[test]
    fn a_second_member_is_trailing_data() {
        let compressed = run("gzip", true, b"some text", 100).unwrap();
        assert_eq!(
            run("gzip", false, &compressed.repeat(2), 100),
            Err(StreamError::Trailing)
        );
    }

    #[test]
    fn a_wrong_checksum_or_header_is_malformed() {
        for format in ["gzip", "deflate"] {
            let compressed = run(format, true, b"some text", 100).unwrap();
            let mut changed = compressed.clone();
            let checksum = if format == "gzip" {
                changed.len() - 8
            } else {
                changed.len() - 1
            };
            changed[checksum] ^= 1;
            assert_eq!(
                run(format, false, &changed, 100),
                Err(StreamError::Malformed),
                "{format}"
            );
            let mut changed = compressed;
            changed[0] ^= 0xff;
            assert_eq!(
                run(format, false, &changed, 100),
                Err(StreamError::Malformed),
                "{format}"
            );
        }
    }

    #[test]
    fn other_formats_do_not_exist() {
        for format in ["", "GZIP", "br"] {
            assert_eq!(wrapper_of(format), None);
        }
    }
}
