//! The streams behind `node:zlib`: one codec each, fed and emptied piece by piece.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use stated_engine::Local;

use crate::codec::{
    self, Admitted, Codec, CodecError, DeflateSettings, Flush, Members, Parameter, Wrapper,
};
use crate::context::Left;
use crate::op::{Op, OpError, OpResult};

/// Bytes of one piece of output. A program asks for what it likes; it gets more pieces.
const PIECE_BYTES_MAX: usize = 1 << 20;

/// Open streams, by number.
#[derive(Default)]
pub(crate) struct ZlibStreams {
    last_id: Cell<u64>,
    open: RefCell<HashMap<u64, Stream>>,
}

struct Stream {
    context: u64,
    codec: Admitted,
    mode: u32,
    /// What was written and not yet taken in.
    input: Vec<u8>,
    taken: usize,
}

impl ZlibStreams {
    /// Drops what a context left open.
    pub(crate) fn end_context(&self, context: u64) {
        self.open
            .borrow_mut()
            .retain(|_, stream| stream.context != context);
    }

    /// Keeps a stream and returns its number.
    fn open(&self, context: u64, mode: u32, codec: Admitted) -> u64 {
        let id = self.last_id.get() + 1;
        self.last_id.set(id);
        let stream = Stream {
            context,
            codec,
            mode,
            input: Vec::new(),
            taken: 0,
        };
        self.open.borrow_mut().insert(id, stream);
        id
    }
}

/// The numbers of `zlib.constants`: 1 to 7.
fn deflate_codec(mode: u32, settings: DeflateSettings) -> Result<Codec, CodecError> {
    let (wrapper, compress) = match mode {
        1 => (Wrapper::Zlib, true),
        2 => (Wrapper::Zlib, false),
        3 => (Wrapper::Gzip, true),
        4 => (Wrapper::Gzip, false),
        5 => (Wrapper::Raw, true),
        6 => (Wrapper::Raw, false),
        7 => (Wrapper::Any, false),
        _ => return Err(CodecError::not_initialized()),
    };
    if compress {
        Codec::deflate(wrapper, settings)
    } else {
        Codec::inflate(
            wrapper,
            settings.window_bits,
            settings.dictionary,
            Members::Several,
        )
    }
}

/// The numbers of `zlib.constants`: 8 to 11.
fn other_codec(
    mode: u32,
    parameters: &[Parameter],
    size: Option<u64>,
    dictionary: Option<&[u8]>,
) -> Result<Codec, CodecError> {
    match mode {
        8 => Codec::brotli_decode(parameters),
        9 => Codec::brotli_encode(parameters),
        10 => Codec::zstd_encode(parameters, size, dictionary),
        11 => Codec::zstd_decode(parameters, dictionary),
        _ => Err(CodecError::not_initialized()),
    }
}

/// The flush values of each format, as `zlib.constants` has them.
fn flush_of(mode: u32, value: u32) -> Flush {
    match (mode, value) {
        (..=7, 1) => Flush::Partial,
        (..=7, 2) => Flush::Sync,
        (..=7, 3) => Flush::Full,
        (..=7, 4) => Flush::Finish,
        (..=7, 5) => Flush::Block,
        (8.., 1) => Flush::Sync,
        (8.., 2) => Flush::Finish,
        _ => Flush::None,
    }
}

/// `[message, code, number]`
fn failure<'s>(op: &mut Op<'_, 's>, error: &CodecError) -> Vec<Local<'s>> {
    vec![
        op.scope.string(&error.message),
        op.scope.string(&error.code),
        op.scope.number(f64::from(error.number)),
    ]
}

fn opened<'s>(op: &mut Op<'_, 's>, mode: u32, codec: Result<Codec, CodecError>) -> OpResult<'s> {
    let context = op.leaves(Left::Zlib);
    match codec.and_then(|codec| op.worker.codec_room.admit(codec)) {
        Ok(codec) => {
            let id = op.worker.zlib_streams.open(context, mode, codec);
            Ok(op.scope.number(id as f64))
        }
        Err(error) => {
            let parts = failure(op, &error);
            Ok(op.scope.array(&parts))
        }
    }
}

fn optional_bytes(op: &Op<'_, '_>, index: u32) -> Option<Vec<u8>> {
    (!op.arg(index).is_nullish()).then(|| op.bytes(index))
}

/// `zlibOpen`
pub(crate) fn open<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let mode = op.uint(0) as u32;
    let settings = DeflateSettings {
        window_bits: op.uint(1) as u8,
        level: op.number(2) as i32,
        mem_level: op.uint(3) as u8,
        strategy: op.uint(4) as u8,
        dictionary: optional_bytes(op, 5),
    };
    opened(op, mode, deflate_codec(mode, settings))
}

/// `zlibOpenWith`
pub(crate) fn open_with<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let mode = op.uint(0) as u32;
    let list = op.arg(1);
    let mut numbers = Vec::new();
    for index in 0..op.scope.array_length(list) {
        let element = op.scope.element(list, index)?;
        numbers.push(element.as_number().unwrap_or(0.0));
    }
    let parameters: Vec<Parameter> = numbers
        .chunks_exact(2)
        .map(|pair| (pair[0] as u32, pair[1] as i64))
        .collect();
    let size = op.arg(2).as_number().map(|size| size as u64);
    let dictionary = optional_bytes(op, 3);
    let codec = other_codec(mode, &parameters, size, dictionary.as_deref());
    opened(op, mode, codec)
}

/// `zlibWrite`
pub(crate) fn write<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let (id, value) = (op.uint(0), op.uint(1) as u32);
    let input = optional_bytes(op, 2);
    let room = (op.uint(3) as usize).clamp(1, PIECE_BYTES_MAX);
    let worker = op.worker.clone();
    let mut open = worker.zlib_streams.open.borrow_mut();
    let Some(stream) = open.get_mut(&id) else {
        return Err(OpError::error("zlib binding closed"));
    };
    if let Some(input) = input {
        stream.input = input;
        stream.taken = 0;
    }
    let mut output = vec![0; room];
    let flush = flush_of(stream.mode, value);
    let rest = &stream.input[stream.taken..];
    let parts = match stream.codec.step(rest, &mut output, flush) {
        Ok(step) => {
            stream.taken += step.took;
            let left = stream.input.len() - stream.taken;
            if left == 0 {
                stream.input = Vec::new();
                stream.taken = 0;
            }
            vec![
                op.scope.uint8_array(&output[..step.wrote]),
                op.scope.boolean(step.wrote == room),
                op.scope.number(left as f64),
            ]
        }
        Err(error) => {
            let mut parts = vec![
                op.scope.undefined(),
                op.scope.boolean(false),
                op.scope.number(0.0),
            ];
            parts.extend(failure(op, &error));
            parts
        }
    };
    Ok(op.scope.array(&parts))
}

/// `zlibReset`
pub(crate) fn reset<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    change(op, |stream| {
        stream.input = Vec::new();
        stream.taken = 0;
        stream.codec.reset()
    })
}

/// `zlibParams`
pub(crate) fn params<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let (level, strategy) = (op.number(1) as i32, op.uint(2) as u8);
    change(op, |stream| {
        stream.codec.change(level, strategy);
        Ok(())
    })
}

/// Undefined, or what went wrong.
fn change<'s>(
    op: &mut Op<'_, 's>,
    f: impl FnOnce(&mut Stream) -> Result<(), CodecError>,
) -> OpResult<'s> {
    let id = op.uint(0);
    let worker = op.worker.clone();
    let changed = match worker.zlib_streams.open.borrow_mut().get_mut(&id) {
        Some(stream) => f(stream),
        None => Ok(()),
    };
    match changed {
        Ok(()) => op.undefined(),
        Err(error) => {
            let parts = failure(op, &error);
            Ok(op.scope.array(&parts))
        }
    }
}

/// `zlibClose`
pub(crate) fn close<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let closed = op.worker.zlib_streams.open.borrow_mut().remove(&op.uint(0));
    drop(closed);
    op.undefined()
}

/// `crc32`
pub(crate) fn crc32<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let value = codec::crc32(op.uint(1) as u32, &op.bytes(0));
    Ok(op.scope.number(f64::from(value)))
}

#[cfg(test)]
mod tests {
    use super::ZlibStreams;
    use crate::codec::{Codec, DeflateSettings, Room, Wrapper};

    #[test]
    fn a_context_that_ends_gives_back_what_its_streams_take() {
        let (streams, room) = (ZlibStreams::default(), Room::default());
        let codec = || Codec::deflate(Wrapper::Raw, DeflateSettings::default()).unwrap();
        for context in [1, 2] {
            streams.open(context, 5, room.admit(codec()).unwrap());
        }

        streams.end_context(1);

        assert_eq!(room.taken(), codec().weight());
    }
}
