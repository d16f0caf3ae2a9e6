//! Brotli (RFC 7932), over the crate of that name.

use brotli::enc::StandardAlloc;
use brotli::enc::encode::{
    BrotliEncoderOperation, BrotliEncoderParameter, BrotliEncoderStateStruct,
};
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState};

use super::{CodecError, Flush, Parameter, Step};

/// The largest window of the format, as a power of two; "large windows" are not part of it.
const WINDOW_BITS_MAX: i64 = 24;
/// The window that the encoder has when nobody says one.
const WINDOW_BITS: i64 = 22;
const QUALITY: i64 = 11;
/// From this quality on the encoder keeps a tree as large as some windows.
const QUALITY_WITH_TREE: i64 = 10;

/// A ring buffer of the largest window, and tables.
pub(super) const DECODING_WEIGHT: usize = 1 << WINDOW_BITS_MAX;

type Encoder = BrotliEncoderStateStruct<StandardAlloc>;
type Decoder = BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>;

pub(super) struct Encoding {
    state: Box<Encoder>,
    parameters: Vec<Parameter>,
}

fn parameter(number: u32) -> Option<BrotliEncoderParameter> {
    use BrotliEncoderParameter as P;
    Some(match number {
        0 => P::BROTLI_PARAM_MODE,
        1 => P::BROTLI_PARAM_QUALITY,
        2 => P::BROTLI_PARAM_LGWIN,
        3 => P::BROTLI_PARAM_LGBLOCK,
        4 => P::BROTLI_PARAM_DISABLE_LITERAL_CONTEXT_MODELING,
        5 => P::BROTLI_PARAM_SIZE_HINT,
        _ => return None,
    })
}

/// Exist, and are left to the encoder: large windows, postfix bits and direct distances.
const IGNORED: std::ops::RangeInclusive<u32> = 6..=8;

fn encoder(parameters: &[Parameter]) -> Option<Box<Encoder>> {
    let mut state = Box::new(Encoder::new(StandardAlloc::default()));
    for &(number, value) in parameters {
        if IGNORED.contains(&number) {
            continue;
        }
        let value = match number {
            1 => value.clamp(0, QUALITY),
            2 => value.clamp(10, WINDOW_BITS_MAX),
            3 if value != 0 => value.clamp(16, WINDOW_BITS_MAX),
            _ => value,
        };
        if !state.set_parameter(parameter(number)?, u32::try_from(value).ok()?) {
            return None;
        }
    }
    Some(state)
}

impl Encoding {
    pub(super) fn new(parameters: &[Parameter]) -> Option<Self> {
        Some(Self {
            state: encoder(parameters)?,
            parameters: parameters.to_vec(),
        })
    }

    /// The ring buffer twice, and hash tables or a tree.
    pub(super) fn weight(&self) -> usize {
        let value = |number, otherwise| {
            let found = self.parameters.iter().rfind(|(key, _)| *key == number);
            found.map_or(otherwise, |(_, value)| *value)
        };
        let bits = value(2, WINDOW_BITS).clamp(10, WINDOW_BITS_MAX);
        let windows = match value(1, QUALITY) {
            QUALITY_WITH_TREE.. => 12,
            _ => 4,
        };
        windows << bits
    }

    pub(super) fn step(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        flush: Flush,
    ) -> Result<Step, CodecError> {
        let operation = match flush {
            Flush::None | Flush::Partial | Flush::Block => {
                BrotliEncoderOperation::BROTLI_OPERATION_PROCESS
            }
            Flush::Sync | Flush::Full => BrotliEncoderOperation::BROTLI_OPERATION_FLUSH,
            Flush::Finish => BrotliEncoderOperation::BROTLI_OPERATION_FINISH,
        };
        let (mut input_left, mut output_left) = (input.len(), output.len());
        let mut step = Step { took: 0, wrote: 0 };
        let done = self.state.compress_stream(
            operation,
            &mut input_left,
            input,
            &mut step.took,
            &mut output_left,
            output,
            &mut step.wrote,
            &mut None,
            &mut |_, _, _, _| (),
        );
        if done {
            Ok(step)
        } else {
            let code = "ERR_BROTLI_COMPRESSION_FAILED";
            Err(CodecError::new("Compression failed", code, -1))
        }
    }

    pub(super) fn reset(&mut self) -> Result<(), CodecError> {
        self.state = encoder(&self.parameters).expect("the parameters were accepted before");
        Ok(())
    }
}

pub(super) struct Decoding {
    state: Box<Decoder>,
    ended: bool,
}

fn decoder() -> Box<Decoder> {
    Box::new(Decoder::new_strict(
        StandardAlloc::default(),
        StandardAlloc::default(),
        StandardAlloc::default(),
    ))
}

impl Decoding {
    /// The decoder's two parameters change nothing here: it takes no large windows.
    pub(super) fn new(parameters: &[Parameter]) -> Option<Self> {
        let known = parameters.iter().all(|(number, _)| *number <= 1);
        known.then(|| Self {
            state: decoder(),
            ended: false,
        })
    }

    pub(super) fn step(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        flush: Flush,
    ) -> Result<Step, CodecError> {
        let mut step = Step { took: 0, wrote: 0 };
        if self.ended {
            return Ok(step);
        }
        let (mut input_left, mut output_left) = (input.len(), output.len());
        let result = BrotliDecompressStream(
            &mut input_left,
            &mut step.took,
            input,
            &mut output_left,
            &mut step.wrote,
            output,
            &mut 0,
            &mut self.state,
        );
        match result {
            BrotliResult::ResultSuccess => self.ended = true,
            BrotliResult::NeedsMoreOutput => {}
            BrotliResult::NeedsMoreInput if flush != Flush::Finish => {}
            BrotliResult::NeedsMoreInput => return Err(CodecError::unexpected_end()),
            BrotliResult::ResultFailure => {
                let name = format!("{:?}", self.state.error_code);
                let number = self.state.error_code as i32;
                // "ERR_" and the name after its prefix, which begins with an underscore itself.
                let code = format!("ERR_{}", name.trim_start_matches("BROTLI_DECODER"));
                return Err(CodecError::new("Decompression failed", code, number));
            }
        }
        Ok(step)
    }

    pub(super) fn reset(&mut self) -> Result<(), CodecError> {
        self.state = decoder();
        self.ended = false;
        Ok(())
    }
}
