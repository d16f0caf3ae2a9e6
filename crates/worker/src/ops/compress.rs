//! Compression and decompression of streams, piece by piece.
//!
//! JavaScript pushes a piece and pulls what comes out until there is no more. Each pull gives a
//! bounded piece, so a small input that expands to much costs the program's own memory and ends at
//! its limit.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::context::Left;
use crate::op::{Op, OpError, OpResult};

/// Bytes of one piece of output.
const PIECE_BYTES: usize = 64 << 10;
/// The largest window that the formats know, as a power of two.
const WINDOW_BITS: u8 = 15;

/// Open streams, by number.
#[derive(Default)]
pub(crate) struct Codecs {
    last_id: Cell<u64>,
    open: RefCell<HashMap<u64, OpenCodec>>,
}

struct OpenCodec {
    context: u64,
    codec: Codec,
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
struct Codec {
    engine: Engine,
    /// What was pushed and not yet taken in.
    input: Vec<u8>,
    taken: usize,
    /// No more will be pushed.
    finishing: bool,
    /// The end of the compressed data was written or seen.
    ended: bool,
}

enum Engine {
    Compress(Compress),
    Decompress(Decompress),
}

/// Why a stream cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum CodecError {
    #[error("Decompression failed.")]
    Malformed,
    #[error("Trailing bytes after end of compressed data")]
    Trailing,
    #[error("Called close() on a decompression stream with incomplete data")]
    Incomplete,
}

impl Codec {
    /// A stream of a format: "gzip", "deflate" or "deflate-raw".
    fn new(format: &str, compress: bool) -> Option<Self> {
        let level = Compression::default();
        let engine = match (format, compress) {
            ("gzip", true) => Engine::Compress(Compress::new_gzip(level, WINDOW_BITS)),
            ("gzip", false) => Engine::Decompress(Decompress::new_gzip(WINDOW_BITS)),
            ("deflate", true) => Engine::Compress(Compress::new(level, true)),
            ("deflate", false) => Engine::Decompress(Decompress::new(true)),
            ("deflate-raw", true) => Engine::Compress(Compress::new(level, false)),
            ("deflate-raw", false) => Engine::Decompress(Decompress::new(false)),
            _ => return None,
        };
        Some(Self {
            engine,
            input: Vec::new(),
            taken: 0,
            finishing: false,
            ended: false,
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
    fn pull(&mut self) -> Result<Option<Vec<u8>>, CodecError> {
        let mut output = vec![0; PIECE_BYTES];
        let mut filled = 0;
        while filled < output.len() && !self.ended {
            let input = &self.input[self.taken..];
            let (took, wrote, status) =
                self.engine
                    .step(input, &mut output[filled..], self.finishing)?;
            self.taken += took;
            filled += wrote;
            self.ended = status == Status::StreamEnd;
            if took == 0 && wrote == 0 {
                break;
            }
        }
        if let Engine::Decompress(_) = self.engine {
            if self.ended && self.taken < self.input.len() {
                return Err(CodecError::Trailing);
            }
            if self.finishing && !self.ended && filled == 0 {
                return Err(CodecError::Incomplete);
            }
        }
        output.truncate(filled);
        Ok((filled > 0).then_some(output))
    }
}

impl Engine {
    /// Bytes taken in, bytes given out, and where the stream is.
    fn step(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        finishing: bool,
    ) -> Result<(usize, usize, Status), CodecError> {
        match self {
            Self::Compress(state) => {
                let (took, wrote) = (state.total_in(), state.total_out());
                let flush = if finishing {
                    FlushCompress::Finish
                } else {
                    FlushCompress::None
                };
                let status = state
                    .compress(input, output, flush)
                    .map_err(|_| CodecError::Malformed)?;
                Ok((
                    (state.total_in() - took) as usize,
                    (state.total_out() - wrote) as usize,
                    status,
                ))
            }
            Self::Decompress(state) => {
                let (took, wrote) = (state.total_in(), state.total_out());
                let status = state
                    .decompress(input, output, FlushDecompress::None)
                    .map_err(|_| CodecError::Malformed)?;
                Ok((
                    (state.total_in() - took) as usize,
                    (state.total_out() - wrote) as usize,
                    status,
                ))
            }
        }
    }
}

/// `codecOpen`
pub(crate) fn open<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let format = op.text(0)?;
    let codec = Codec::new(&format, op.flag(1)).ok_or_else(|| {
        OpError::type_error(format!("the compression format `{format}` does not exist"))
    })?;
    let context = op.leaves(Left::Codecs);
    let codecs = &op.worker.codecs;
    let id = codecs.last_id.get() + 1;
    codecs.last_id.set(id);
    codecs
        .open
        .borrow_mut()
        .insert(id, OpenCodec { context, codec });
    Ok(op.scope.number(id as f64))
}

/// `codecPush`
pub(crate) fn push<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let (id, piece) = (op.uint(0), op.bytes(1));
    if let Some(open) = op.worker.codecs.open.borrow_mut().get_mut(&id) {
        open.codec.push(piece);
    }
    op.undefined()
}

/// `codecFinish`
pub(crate) fn finish<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let id = op.uint(0);
    if let Some(open) = op.worker.codecs.open.borrow_mut().get_mut(&id) {
        open.codec.finishing = true;
    }
    op.undefined()
}

/// `codecPull`
pub(crate) fn pull<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let id = op.uint(0);
    let pulled = match op.worker.codecs.open.borrow_mut().get_mut(&id) {
        Some(open) => open.codec.pull(),
        None => Ok(None),
    };
    match pulled {
        Ok(Some(piece)) => Ok(op.scope.uint8_array(&piece)),
        Ok(None) => op.undefined(),
        Err(error) => Err(OpError::type_error(error.to_string())),
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
    use super::{Codec, CodecError, PIECE_BYTES};

    const FORMATS: [&str; 3] = ["gzip", "deflate", "deflate-raw"];

    /// Everything that comes out when the input is pushed in pieces of this length.
    fn run(
        format: &str,
        compress: bool,
        input: &[u8],
        piece_bytes: usize,
    ) -> Result<Vec<u8>, CodecError> {
        let mut codec = Codec::new(format, compress).unwrap();
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
        let mut codec = Codec::new("gzip", false).unwrap();
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
                    Err(CodecError::Incomplete),
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
                Err(CodecError::Trailing),
                "{format}"
            );
            assert_eq!(
                run(format, false, &compressed, 1),
                Err(CodecError::Trailing),
                "{format}"
            );
        }
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
                Err(CodecError::Malformed),
                "{format}"
            );
            let mut changed = compressed;
            changed[0] ^= 0xff;
            assert_eq!(
                run(format, false, &changed, 100),
                Err(CodecError::Malformed),
                "{format}"
            );
        }
    }

    #[test]
    fn other_formats_do_not_exist() {
        for format in ["", "GZIP", "br"] {
            assert!(Codec::new(format, true).is_none());
        }
    }
}
