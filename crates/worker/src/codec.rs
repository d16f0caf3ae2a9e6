//! Compression and decompression, piece by piece, with every setting of the formats.
//!
//! A [`Codec`] takes bytes and gives bytes; it knows nothing of JavaScript. How much comes out of one
//! step is what the caller has room for, so a small input that expands to much costs what the caller
//! lets it cost. What the state of a codec takes is bounded by the settings ([`Codec::weight`]).

mod brotli;
mod deflate;
mod room;
mod zstd;

use std::borrow::Cow;

pub(crate) use deflate::{DeflateSettings, Members, Wrapper, crc32};
pub(crate) use room::{Admitted, Room};

/// How much of what was taken in must come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flush {
    /// As much as compresses best.
    None,
    /// Of deflate alone: all, not at the border of a byte.
    Partial,
    /// All.
    Sync,
    /// All, and what follows does not refer to it.
    Full,
    /// Of deflate alone: all whole blocks.
    Block,
    /// The stream ends here.
    Finish,
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Bytes of the input that were taken in.
    pub(crate) took: usize,
    /// Bytes of the output that were filled.
    pub(crate) wrote: usize,
}

/// Why a codec cannot go on: text, code and number are those that Node.js has for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct CodecError {
    pub(crate) message: Cow<'static, str>,
    pub(crate) code: Cow<'static, str>,
    pub(crate) number: i32,
}

impl CodecError {
    fn new(
        message: impl Into<Cow<'static, str>>,
        code: impl Into<Cow<'static, str>>,
        number: i32,
    ) -> Self {
        Self {
            message: message.into(),
            code: code.into(),
            number,
        }
    }

    /// Settings that cannot be, or no room for the state of one more stream.
    pub(crate) fn not_initialized() -> Self {
        Self::new("Initialization failed", NOT_INITIALIZED, -1)
    }

    /// The input ended before the compressed data did.
    fn unexpected_end() -> Self {
        Self::new("unexpected end of file", UNEXPECTED_END, -5)
    }

    /// Whether all that is wrong is that the input ended before the compressed data did.
    pub(crate) fn is_unexpected_end(&self) -> bool {
        self.code == UNEXPECTED_END
    }
}

const UNEXPECTED_END: &str = "Z_BUF_ERROR";
const NOT_INITIALIZED: &str = "ERR_ZLIB_INITIALIZATION_FAILED";

/// A parameter of brotli or zstd: its number in the format's own interface, and its value.
pub(crate) type Parameter = (u32, i64);

/// One stream.
pub(crate) struct Codec {
    engine: Engine,
    weight: usize,
}

enum Engine {
    Deflate(deflate::Deflating),
    Inflate(deflate::Inflating),
    BrotliEncode(brotli::Encoding),
    BrotliDecode(brotli::Decoding),
    ZstdEncode(zstd::Encoding),
    ZstdDecode(zstd::Decoding),
}

impl Codec {
    /// A compressor of deflate in one of its wrappers.
    ///
    /// # Errors
    /// A dictionary that the wrapper cannot have.
    pub(crate) fn deflate(wrapper: Wrapper, settings: DeflateSettings) -> Result<Self, CodecError> {
        let weight = deflate::deflating_weight(&settings);
        let engine = Engine::Deflate(deflate::Deflating::new(wrapper, settings)?);
        Ok(Self { engine, weight })
    }

    /// A decompressor of deflate. `window_bits` 0 is what the data says. `members` counts for gzip alone.
    ///
    /// # Errors
    /// A dictionary that the wrapper cannot have.
    pub(crate) fn inflate(
        wrapper: Wrapper,
        window_bits: u8,
        dictionary: Option<Vec<u8>>,
        members: Members,
    ) -> Result<Self, CodecError> {
        let engine = deflate::Inflating::new(wrapper, window_bits, dictionary, members)?;
        Ok(Self {
            engine: Engine::Inflate(engine),
            weight: deflate::INFLATING_WEIGHT,
        })
    }

    /// A compressor of brotli.
    ///
    /// # Errors
    /// A parameter that does not exist or cannot have the value.
    pub(crate) fn brotli_encode(parameters: &[Parameter]) -> Result<Self, CodecError> {
        let encoding = brotli::Encoding::new(parameters).ok_or_else(CodecError::not_initialized)?;
        Ok(Self {
            weight: encoding.weight(),
            engine: Engine::BrotliEncode(encoding),
        })
    }

    /// A decompressor of brotli.
    ///
    /// # Errors
    /// A parameter that does not exist.
    pub(crate) fn brotli_decode(parameters: &[Parameter]) -> Result<Self, CodecError> {
        let decoding = brotli::Decoding::new(parameters).ok_or_else(CodecError::not_initialized)?;
        Ok(Self {
            engine: Engine::BrotliDecode(decoding),
            weight: brotli::DECODING_WEIGHT,
        })
    }

    /// A compressor of zstd. With `size`, so many bytes must be pushed.
    ///
    /// # Errors
    /// A parameter that does not exist or cannot have the value, or a dictionary that is none.
    pub(crate) fn zstd_encode(
        parameters: &[Parameter],
        size: Option<u64>,
        dictionary: Option<&[u8]>,
    ) -> Result<Self, CodecError> {
        let encoding = zstd::Encoding::new(parameters, size, dictionary)?;
        Ok(Self {
            weight: encoding.weight(),
            engine: Engine::ZstdEncode(encoding),
        })
    }

    /// A decompressor of zstd.
    ///
    /// # Errors
    /// As for [`Codec::zstd_encode`].
    pub(crate) fn zstd_decode(
        parameters: &[Parameter],
        dictionary: Option<&[u8]>,
    ) -> Result<Self, CodecError> {
        Ok(Self {
            engine: Engine::ZstdDecode(zstd::Decoding::new(parameters, dictionary)?),
            weight: zstd::DECODING_WEIGHT,
        })
    }

    /// About how many bytes the state of the stream takes.
    pub(crate) fn weight(&self) -> usize {
        self.weight
    }

    /// Takes in bytes of `input` and fills bytes of `output`.
    ///
    /// When it leaves room in `output`, it is done with what `flush` asks for: either all of the input
    /// was taken, or the compressed data has ended before it.
    ///
    /// # Errors
    /// Data that is malformed, or that ends early with [`Flush::Finish`]. What was written before the
    /// mistake is lost.
    pub(crate) fn step(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        flush: Flush,
    ) -> Result<Step, CodecError> {
        match &mut self.engine {
            Engine::Deflate(state) => state.step(input, output, flush),
            Engine::Inflate(state) => state.step(input, output, flush),
            Engine::BrotliEncode(state) => state.step(input, output, flush),
            Engine::BrotliDecode(state) => state.step(input, output, flush),
            Engine::ZstdEncode(state) => state.step(input, output, flush),
            Engine::ZstdDecode(state) => state.step(input, output, flush),
        }
    }

    /// Begins a new stream with the same settings.
    ///
    /// # Errors
    /// As for the constructor.
    pub(crate) fn reset(&mut self) -> Result<(), CodecError> {
        match &mut self.engine {
            Engine::Deflate(state) => state.reset(),
            Engine::Inflate(state) => state.reset(),
            Engine::BrotliEncode(state) => state.reset(),
            Engine::BrotliDecode(state) => state.reset(),
            Engine::ZstdEncode(state) => state.reset(),
            Engine::ZstdDecode(state) => state.reset(),
        }
    }

    /// Changes level and strategy of deflate for what follows; nothing for other formats.
    ///
    /// What was taken in before is compressed with the former ones, and comes out first.
    pub(crate) fn change(&mut self, level: i32, strategy: u8) {
        if let Engine::Deflate(state) = &mut self.engine {
            state.change(level, strategy);
        }
    }
}

#[cfg(test)]
mod tests;
