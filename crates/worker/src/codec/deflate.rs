//! Deflate in its three wrappers, over zlib-rs.

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Inflate, InflateError, InflateFlush, Status};

use super::{CodecError, Flush, Step};

/// What stands around the compressed data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrapper {
    /// RFC 1950: header and Adler-32.
    Zlib,
    /// RFC 1952: header, CRC-32 and length.
    Gzip,
    /// RFC 1951: nothing.
    Raw,
    /// Of decompression alone: zlib or gzip, as the first bytes say.
    Any,
}

/// What may follow a gzip member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Members {
    /// Nothing that is taken in.
    One,
    /// More members, or zeros, which are padding.
    Several,
}

/// Settings of a compressor. Numbers outside of zlib's ranges become the nearest ones inside.
#[derive(Clone, Debug)]
pub(crate) struct DeflateSettings {
    /// 0 to 9, or -1 for the default.
    pub(crate) level: i32,
    /// 8 to 15.
    pub(crate) window_bits: u8,
    /// 1 to 9.
    pub(crate) mem_level: u8,
    /// 0 to 4, in zlib's numbering.
    pub(crate) strategy: u8,
    pub(crate) dictionary: Option<Vec<u8>>,
}

impl Default for DeflateSettings {
    fn default() -> Self {
        Self {
            level: -1,
            window_bits: 15,
            mem_level: 8,
            strategy: 0,
            dictionary: None,
        }
    }
}

/// The window and its copy that slides, and tables.
pub(super) const INFLATING_WEIGHT: usize = 64 << 10;

/// Of zlib's own documentation.
pub(super) fn deflating_weight(settings: &DeflateSettings) -> usize {
    (1 << (settings.window_bits.clamp(8, 15) + 2)) + (1 << (settings.mem_level.clamp(1, 9) + 9))
}

/// The first bytes of a gzip member.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// CRC-32 of gzip, continued from `value`.
pub(crate) fn crc32(value: u32, bytes: &[u8]) -> u32 {
    zlib_rs::crc32::crc32(value, bytes)
}

fn bad_dictionary() -> CodecError {
    CodecError::new("Failed to set dictionary", "Z_STREAM_ERROR", -2)
}

/// A compressor. zlib-rs makes the raw data; header, checksum and trailer are made here, because only so
/// can level and strategy change in the middle: what follows is a new compressor's.
pub(super) struct Deflating {
    state: Deflate,
    wrapper: Wrapper,
    settings: DeflateSettings,
    /// What comes out before anything else.
    pending: Vec<u8>,
    /// Of the input so far: Adler-32 or CRC-32.
    checksum: u32,
    /// Bytes of input so far.
    length: u64,
    /// The trailer was written.
    ended: bool,
}

/// Deflate without a wrapper. zlib has no windows of 8 bits there.
fn raw(settings: &DeflateSettings) -> Deflate {
    let strategy = match settings.strategy {
        1 => zlib_rs::Strategy::Filtered,
        2 => zlib_rs::Strategy::HuffmanOnly,
        3 => zlib_rs::Strategy::Rle,
        4 => zlib_rs::Strategy::Fixed,
        _ => zlib_rs::Strategy::Default,
    };
    Deflate::new_with_config(DeflateConfig {
        level: settings.level,
        window_bits: -i32::from(settings.window_bits),
        mem_level: i32::from(settings.mem_level),
        strategy,
        ..DeflateConfig::default()
    })
}

impl Deflating {
    pub(super) fn new(wrapper: Wrapper, mut settings: DeflateSettings) -> Result<Self, CodecError> {
        settings.level = settings.level.clamp(-1, 9);
        settings.window_bits = settings.window_bits.clamp(9, 15);
        settings.mem_level = settings.mem_level.clamp(1, 9);
        // gzip has none, and Node.js does not ask for it.
        settings.dictionary = settings.dictionary.filter(|_| wrapper != Wrapper::Gzip);
        let mut deflating = Self {
            state: raw(&settings),
            wrapper,
            settings,
            pending: Vec::new(),
            checksum: 0,
            length: 0,
            ended: false,
        };
        deflating.begin()?;
        Ok(deflating)
    }

    fn begin(&mut self) -> Result<(), CodecError> {
        self.pending = self.header();
        self.checksum = u32::from(self.wrapper == Wrapper::Zlib);
        self.length = 0;
        self.ended = false;
        match &self.settings.dictionary {
            Some(dictionary) => self
                .state
                .set_dictionary(dictionary)
                .map(|_| ())
                .map_err(|_| bad_dictionary()),
            None => Ok(()),
        }
    }

    fn header(&self) -> Vec<u8> {
        let DeflateSettings {
            level, strategy, ..
        } = self.settings;
        let fast = strategy >= 2 || (0..2).contains(&level);
        match self.wrapper {
            Wrapper::Raw => Vec::new(),
            Wrapper::Gzip => {
                let effort = match level {
                    9 => 2,
                    _ if fast => 4,
                    _ => 0,
                };
                vec![GZIP_MAGIC[0], GZIP_MAGIC[1], 8, 0, 0, 0, 0, 0, effort, 3]
            }
            Wrapper::Zlib | Wrapper::Any => {
                let effort: u16 = match level {
                    _ if fast => 0,
                    2..=5 => 1,
                    -1 | 6 => 2,
                    _ => 3,
                };
                let window = u16::from(self.settings.window_bits) - 8;
                let preset = u16::from(self.settings.dictionary.is_some());
                let header = (8 + (window << 4)) << 8 | effort << 6 | preset << 5;
                let mut bytes = (header + 31 - header % 31).to_be_bytes().to_vec();
                if let Some(dictionary) = &self.settings.dictionary {
                    let id = zlib_rs::adler32::adler32(1, dictionary);
                    bytes.extend(id.to_be_bytes());
                }
                bytes
            }
        }
    }

    fn trailer(&self) -> Vec<u8> {
        match self.wrapper {
            Wrapper::Raw => Vec::new(),
            Wrapper::Gzip => {
                // The length is kept in 32 bits.
                let length = self.length as u32;
                [self.checksum.to_le_bytes(), length.to_le_bytes()].concat()
            }
            Wrapper::Zlib | Wrapper::Any => self.checksum.to_be_bytes().to_vec(),
        }
    }

    fn count(&mut self, input: &[u8]) {
        self.length += input.len() as u64;
        match self.wrapper {
            Wrapper::Raw => {}
            Wrapper::Gzip => self.checksum = crc32(self.checksum, input),
            Wrapper::Zlib | Wrapper::Any => {
                self.checksum = zlib_rs::adler32::adler32(self.checksum, input);
            }
        }
    }

    /// Moves what is pending to the output; how much that was.
    fn give(&mut self, output: &mut [u8]) -> usize {
        let count = self.pending.len().min(output.len());
        output[..count].copy_from_slice(&self.pending[..count]);
        self.pending.drain(..count);
        count
    }

    pub(super) fn step(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        flush: Flush,
    ) -> Result<Step, CodecError> {
        let mut step = Step {
            took: 0,
            wrote: self.give(output),
        };
        if !self.pending.is_empty() || self.ended {
            return Ok(step);
        }
        let flush = match flush {
            Flush::None => DeflateFlush::NoFlush,
            Flush::Partial => DeflateFlush::PartialFlush,
            Flush::Sync => DeflateFlush::SyncFlush,
            Flush::Full => DeflateFlush::FullFlush,
            Flush::Block => DeflateFlush::Block,
            Flush::Finish => DeflateFlush::Finish,
        };
        let before = (self.state.total_in(), self.state.total_out());
        let status = self
            .state
            .compress(input, &mut output[step.wrote..], flush)
            .map_err(|error| CodecError::new(error.as_str(), "Z_STREAM_ERROR", error as i32))?;
        step.took = (self.state.total_in() - before.0) as usize;
        step.wrote += (self.state.total_out() - before.1) as usize;
        self.count(&input[..step.took]);
        if status == Status::StreamEnd {
            self.ended = true;
            self.pending = self.trailer();
            step.wrote += self.give(&mut output[step.wrote..]);
        }
        Ok(step)
    }

    pub(super) fn reset(&mut self) -> Result<(), CodecError> {
        self.state.reset();
        self.begin()
    }

    pub(super) fn change(&mut self, level: i32, strategy: u8) {
        if self.ended {
            return;
        }
        // All of what the compressor holds, which is bounded by its own buffers. What follows begins at
        // the border of a byte.
        loop {
            let mut room = [0; 1024];
            let before = self.state.total_out();
            let flushed = self.state.compress(&[], &mut room, DeflateFlush::SyncFlush);
            let wrote = (self.state.total_out() - before) as usize;
            self.pending.extend_from_slice(&room[..wrote]);
            if flushed.is_err() || wrote < room.len() {
                break;
            }
        }
        self.settings.level = level.clamp(-1, 9);
        self.settings.strategy = strategy;
        self.state = raw(&self.settings);
    }
}

pub(super) struct Inflating {
    state: Inflate,
    wrapper: Wrapper,
    window_bits: u8,
    dictionary: Option<Vec<u8>>,
    members: Members,
    /// How many bytes of gzip's magic number were seen, while the wrapper is any.
    magic: usize,
    /// The end of the compressed data was seen.
    ended: bool,
}

impl Inflating {
    pub(super) fn new(
        wrapper: Wrapper,
        window_bits: u8,
        dictionary: Option<Vec<u8>>,
        members: Members,
    ) -> Result<Self, CodecError> {
        let mut inflating = Self {
            state: fresh(wrapper, window_bits),
            wrapper,
            window_bits,
            dictionary,
            members,
            magic: 0,
            ended: false,
        };
        inflating.use_raw_dictionary()?;
        Ok(inflating)
    }

    /// Raw data does not say that it has a dictionary; zlib's asks for it.
    fn use_raw_dictionary(&mut self) -> Result<(), CodecError> {
        match (&self.dictionary, self.wrapper) {
            (Some(dictionary), Wrapper::Raw) => self
                .state
                .set_dictionary(dictionary)
                .map(|_| ())
                .map_err(|_| bad_dictionary()),
            _ => Ok(()),
        }
    }

    pub(super) fn step(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        flush: Flush,
    ) -> Result<Step, CodecError> {
        self.look_for_magic(input);
        let zlib_flush = match flush {
            Flush::None | Flush::Partial => InflateFlush::NoFlush,
            Flush::Sync | Flush::Full => InflateFlush::SyncFlush,
            Flush::Block => InflateFlush::Block,
            Flush::Finish => InflateFlush::Finish,
        };
        let mut step = Step { took: 0, wrote: 0 };
        loop {
            let rest = &input[step.took..];
            if self.ended && !self.next_member(rest)? {
                return Ok(step);
            }
            self.inflate(rest, &mut output[step.wrote..], zlib_flush, &mut step)?;
            if !self.ended {
                break;
            }
        }
        if flush == Flush::Finish && step.wrote < output.len() {
            return Err(CodecError::unexpected_end());
        }
        Ok(step)
    }

    /// Begins the next member of a gzip file, if one follows. Zeros after a member are padding.
    fn next_member(&mut self, rest: &[u8]) -> Result<bool, CodecError> {
        let follows = self.wrapper == Wrapper::Gzip
            && self.members == Members::Several
            && rest.first().is_some_and(|byte| *byte != 0);
        if follows {
            self.restart()?;
        }
        Ok(follows)
    }

    fn inflate(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        flush: InflateFlush,
        step: &mut Step,
    ) -> Result<(), CodecError> {
        let before = (self.state.total_in(), self.state.total_out());
        let mut result = self.state.decompress(input, output, flush);
        if let (Err(InflateError::NeedDict { .. }), Some(dictionary)) = (&result, &self.dictionary)
        {
            if self.state.set_dictionary(dictionary).is_err() {
                return Err(CodecError::new("Bad dictionary", "Z_NEED_DICT", 2));
            }
            let took = (self.state.total_in() - before.0) as usize;
            result = self.state.decompress(&input[took..], output, flush);
        }
        step.took += (self.state.total_in() - before.0) as usize;
        step.wrote += (self.state.total_out() - before.1) as usize;
        match result {
            Ok(status) => self.ended = status == Status::StreamEnd,
            Err(InflateError::NeedDict { .. }) => {
                return Err(CodecError::new("Missing dictionary", "Z_NEED_DICT", 2));
            }
            Err(error) => return Err(self.failure(error)),
        }
        Ok(())
    }

    fn failure(&self, error: InflateError) -> CodecError {
        let (code, number) = match error {
            InflateError::NeedDict { .. } => ("Z_NEED_DICT", 2),
            InflateError::StreamError => ("Z_STREAM_ERROR", -2),
            InflateError::DataError => ("Z_DATA_ERROR", -3),
            InflateError::MemError => ("Z_MEM_ERROR", -4),
        };
        let message = self.state.error_message().unwrap_or("Zlib error");
        CodecError::new(message, code, number)
    }

    /// Decides what the data is, so that only gzip may have several members.
    fn look_for_magic(&mut self, input: &[u8]) {
        for byte in input {
            if self.wrapper != Wrapper::Any {
                return;
            }
            if *byte != GZIP_MAGIC[self.magic] {
                self.wrapper = Wrapper::Zlib;
            } else if self.magic == 1 {
                self.wrapper = Wrapper::Gzip;
            }
            self.magic += 1;
        }
    }

    fn restart(&mut self) -> Result<(), CodecError> {
        self.state = fresh(self.wrapper, self.window_bits);
        self.ended = false;
        self.use_raw_dictionary()
    }

    pub(super) fn reset(&mut self) -> Result<(), CodecError> {
        if self.magic > 0 {
            self.wrapper = Wrapper::Any;
            self.magic = 0;
        }
        self.restart()
    }
}

fn fresh(wrapper: Wrapper, window_bits: u8) -> Inflate {
    let bits = match window_bits {
        0 => 0,
        bits => bits.clamp(8, 15),
    };
    match wrapper {
        Wrapper::Zlib => Inflate::new(true, bits),
        Wrapper::Gzip => Inflate::new(true, bits + 16),
        Wrapper::Any => Inflate::new(true, bits + 32),
        Wrapper::Raw => Inflate::new(false, bits.max(8)),
    }
}
