//! Zstandard (RFC 8878), over the reference library.

use zstd_safe::zstd_sys::{ZSTD_EndDirective, ZSTD_strategy};
use zstd_safe::{CCtx, CParameter, DCtx, DParameter, InBuffer, OutBuffer, ResetDirective};

use super::{CodecError, Flush, Parameter, Step};

/// The largest window that is decompressed, as a power of two: the library's own default.
const WINDOW_LOG_MAX: i64 = 27;
/// A window that most frames have, and tables.
pub(super) const DECODING_WEIGHT: usize = 8 << 20;
/// Above this level the window is larger than [`WINDOW_LOG`].
const LEVEL_WITH_SMALL_WINDOW: i64 = 19;
const WINDOW_LOG: i64 = 23;
/// The parameters of compression by several threads, which are ignored: there is one.
const THREADS: std::ops::RangeInclusive<u32> = 400..=402;
/// What level 22 takes, divided by the largest window.
const WINDOWS_OF_ENCODER: usize = 5;

pub(super) struct Encoding {
    state: CCtx<'static>,
    size: Option<u64>,
    weight: usize,
}

fn not_set() -> CodecError {
    CodecError::new("Setting parameter failed", super::NOT_INITIALIZED, -1)
}

fn not_loaded(_: usize) -> CodecError {
    CodecError::new(
        "Failed to load zstd dictionary",
        "ERR_ZLIB_DICTIONARY_LOAD_FAILED",
        -1,
    )
}

fn unsigned(value: i64) -> Option<u32> {
    u32::try_from(value).ok()
}

fn strategy(value: i64) -> Option<ZSTD_strategy> {
    Some(match value {
        1 => ZSTD_strategy::ZSTD_fast,
        2 => ZSTD_strategy::ZSTD_dfast,
        3 => ZSTD_strategy::ZSTD_greedy,
        4 => ZSTD_strategy::ZSTD_lazy,
        5 => ZSTD_strategy::ZSTD_lazy2,
        6 => ZSTD_strategy::ZSTD_btlazy2,
        7 => ZSTD_strategy::ZSTD_btopt,
        8 => ZSTD_strategy::ZSTD_btultra,
        9 => ZSTD_strategy::ZSTD_btultra2,
        _ => return None,
    })
}

/// One of the numbers of `ZSTD_cParameter`.
fn parameter(number: u32, value: i64) -> Option<CParameter> {
    use CParameter as P;
    Some(match number {
        100 => P::CompressionLevel(i32::try_from(value.clamp(-131_072, 22)).unwrap_or(0)),
        101 => P::WindowLog(unsigned(value)?),
        102 => P::HashLog(unsigned(value)?),
        103 => P::ChainLog(unsigned(value)?),
        104 => P::SearchLog(unsigned(value)?),
        105 => P::MinMatch(unsigned(value)?),
        106 => P::TargetLength(unsigned(value)?),
        107 => P::Strategy(strategy(value)?),
        160 => P::EnableLongDistanceMatching(value != 0),
        161 => P::LdmHashLog(unsigned(value)?),
        162 => P::LdmMinMatch(unsigned(value)?),
        163 => P::LdmBucketSizeLog(unsigned(value)?),
        164 => P::LdmHashRateLog(unsigned(value)?),
        200 => P::ContentSizeFlag(value != 0),
        201 => P::ChecksumFlag(value != 0),
        202 => P::DictIdFlag(value != 0),
        _ => return None,
    })
}

/// What the library says about a result of its functions.
fn failure(result: usize) -> CodecError {
    // Errors are small numbers below zero.
    let number = 0usize.wrapping_sub(result) as i32;
    CodecError::new(
        zstd_safe::get_error_name(result),
        error_code(number),
        number,
    )
}

/// The names of `ZSTD_ErrorCode`.
fn error_code(number: i32) -> &'static str {
    match number {
        10 => "ZSTD_error_prefix_unknown",
        12 => "ZSTD_error_version_unsupported",
        14 => "ZSTD_error_frameParameter_unsupported",
        16 => "ZSTD_error_frameParameter_windowTooLarge",
        20 => "ZSTD_error_corruption_detected",
        22 => "ZSTD_error_checksum_wrong",
        24 => "ZSTD_error_literals_headerWrong",
        30 => "ZSTD_error_dictionary_corrupted",
        32 => "ZSTD_error_dictionary_wrong",
        34 => "ZSTD_error_dictionaryCreation_failed",
        40 => "ZSTD_error_parameter_unsupported",
        41 => "ZSTD_error_parameter_combination_unsupported",
        42 => "ZSTD_error_parameter_outOfBound",
        44 => "ZSTD_error_tableLog_tooLarge",
        46 => "ZSTD_error_maxSymbolValue_tooLarge",
        48 => "ZSTD_error_maxSymbolValue_tooSmall",
        50 => "ZSTD_error_stabilityCondition_notRespected",
        60 => "ZSTD_error_stage_wrong",
        62 => "ZSTD_error_init_missing",
        64 => "ZSTD_error_memory_allocation",
        66 => "ZSTD_error_workSpace_tooSmall",
        70 => "ZSTD_error_dstSize_tooSmall",
        72 => "ZSTD_error_srcSize_wrong",
        74 => "ZSTD_error_dstBuffer_null",
        80 => "ZSTD_error_noForwardProgress_destFull",
        82 => "ZSTD_error_noForwardProgress_inputEmpty",
        _ => "ZSTD_error_GENERIC",
    }
}

impl Encoding {
    pub(super) fn new(
        parameters: &[Parameter],
        size: Option<u64>,
        dictionary: Option<&[u8]>,
    ) -> Result<Self, CodecError> {
        let mut state = CCtx::create();
        let mut window_log = WINDOW_LOG;
        for &(number, value) in parameters {
            if THREADS.contains(&number) {
                continue;
            }
            match number {
                100 if value > LEVEL_WITH_SMALL_WINDOW => window_log = WINDOW_LOG_MAX,
                101 => window_log = value,
                _ => {}
            }
            let parameter = parameter(number, value).ok_or_else(not_set)?;
            state.set_parameter(parameter).map_err(|_| not_set())?;
        }
        // What is compressed with a larger one would not be decompressed here.
        if window_log > WINDOW_LOG_MAX {
            return Err(not_set());
        }
        if let Some(dictionary) = dictionary {
            state.load_dictionary(dictionary).map_err(not_loaded)?;
        }
        let mut encoding = Self {
            state,
            size,
            weight: WINDOWS_OF_ENCODER << window_log.max(10),
        };
        encoding.pledge()?;
        Ok(encoding)
    }

    pub(super) fn weight(&self) -> usize {
        self.weight
    }

    fn pledge(&mut self) -> Result<(), CodecError> {
        self.state
            .set_pledged_src_size(self.size)
            .map(|_| ())
            .map_err(failure)
    }

    pub(super) fn step(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        flush: Flush,
    ) -> Result<Step, CodecError> {
        let end = match flush {
            Flush::None | Flush::Partial | Flush::Block => ZSTD_EndDirective::ZSTD_e_continue,
            Flush::Sync | Flush::Full => ZSTD_EndDirective::ZSTD_e_flush,
            Flush::Finish => ZSTD_EndDirective::ZSTD_e_end,
        };
        let mut input = InBuffer::around(input);
        let mut output = OutBuffer::around(output);
        // One call may stop at the end of a block although there is room.
        loop {
            let before = (input.pos, output.pos());
            let left = self
                .state
                .compress_stream2(&mut output, &mut input, end)
                .map_err(failure)?;
            let finished = left == 0
                || end == ZSTD_EndDirective::ZSTD_e_continue && input.pos == input.src.len();
            if finished || output.pos() == output.capacity() || before == (input.pos, output.pos())
            {
                break;
            }
        }
        Ok(Step {
            took: input.pos,
            wrote: output.pos(),
        })
    }

    pub(super) fn reset(&mut self) -> Result<(), CodecError> {
        self.state
            .reset(ResetDirective::SessionOnly)
            .map_err(failure)?;
        self.pledge()
    }
}

/// Whether what stands behind a frame is another one. Anything else is ignored, as in Node.js.
///
/// Differs: Node.js ignores further frames, too, which is a mistake (RFC 8878, section 3).
fn frame_follows(rest: &[u8]) -> bool {
    matches!(rest.first(), Some(0x28 | 0x50..=0x5f))
}

pub(super) struct Decoding {
    state: DCtx<'static>,
    /// What the last call said: 0 at the end of a frame.
    hint: usize,
    /// No byte of the frame was seen.
    fresh: bool,
}

impl Decoding {
    pub(super) fn new(
        parameters: &[Parameter],
        dictionary: Option<&[u8]>,
    ) -> Result<Self, CodecError> {
        let mut state = DCtx::create();
        for &(number, value) in parameters {
            if number != 100 {
                return Err(not_set());
            }
            // 0 is the default; more than that is accepted, and not taken.
            let window_log = match value {
                0 => WINDOW_LOG_MAX,
                28..=31 => WINDOW_LOG_MAX,
                value => value,
            };
            let parameter = unsigned(window_log).map(DParameter::WindowLogMax);
            let set = parameter.map(|parameter| state.set_parameter(parameter));
            if !matches!(set, Some(Ok(_))) {
                return Err(not_set());
            }
        }
        if let Some(dictionary) = dictionary {
            state.load_dictionary(dictionary).map_err(not_loaded)?;
        }
        Ok(Self {
            state,
            hint: 0,
            fresh: true,
        })
    }

    pub(super) fn step(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        flush: Flush,
    ) -> Result<Step, CodecError> {
        let mut input = InBuffer::around(input);
        let mut output = OutBuffer::around(output);
        loop {
            let before = (input.pos, output.pos());
            if self.hint == 0 && !self.fresh && !frame_follows(&input.src[input.pos..]) {
                break;
            }
            self.hint = self
                .state
                .decompress_stream(&mut output, &mut input)
                .map_err(failure)?;
            self.fresh = self.fresh && input.pos == 0;
            if output.pos() == output.capacity() || before == (input.pos, output.pos()) {
                break;
            }
        }
        let room = output.pos() < output.capacity();
        let inside = self.hint != 0 && !self.fresh;
        if flush == Flush::Finish && room && inside {
            return Err(CodecError::unexpected_end());
        }
        Ok(Step {
            took: input.pos,
            wrote: output.pos(),
        })
    }

    pub(super) fn reset(&mut self) -> Result<(), CodecError> {
        self.hint = 0;
        self.fresh = true;
        self.state
            .reset(ResetDirective::SessionOnly)
            .map(|_| ())
            .map_err(failure)
    }
}
