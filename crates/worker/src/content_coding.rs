//! Bodies under a content coding: what `Content-Encoding: gzip` and `br` mean to a program.
//!
//! A body from elsewhere stays as it came until a program reads it, so one that only passes through
//! is never decoded. A response that a program made is encoded as its headers say when it leaves.
//! Both happen piece by piece, as the reader has room, so data that expands to much costs what is
//! read of it.
//!
//! The name must be exactly "gzip" or "br": lists of codings and other spellings are left alone.
//!
//! Source: workerd, observed; <https://developers.cloudflare.com/workers/runtime-apis/response/>,
//! `encodeBody`.

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use stated_object::message::{Body, BodyError, BodyStream, BodyWriter, body_stream};

use crate::codec::{
    Admitted, Codec, CodecError, DeflateSettings, Flush, Members, Parameter, Room, Wrapper,
};

/// Bytes of one piece of output.
const PIECE_BYTES: usize = 64 << 10;
/// Bodies up to this size are encoded at once; larger ones as their reader has room.
const AT_ONCE_BYTES_MAX: usize = 64 << 10;
/// Quality and window of brotli: text shrinks almost as far as with the highest, in a tenth of the
/// time and a hundredth of the memory.
const BROTLI: [Parameter; 2] = [(1, 5), (2, 18)];
/// gzip's window is what the data says.
const ANY_WINDOW: u8 = 15;

/// How the bytes of a body are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// RFC 1952.
    Gzip,
    /// RFC 7932.
    Brotli,
}

/// The codings that a program's responses may have.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Codings {
    brotli: bool,
}

impl Codings {
    /// Those of a program with these compatibility flags.
    pub(crate) fn of(flags: &[String]) -> Self {
        let brotli = flags.iter().any(|flag| flag == "brotli_content_encoding");
        Self { brotli }
    }

    /// The coding that a response with these headers has.
    pub(crate) fn named_in(self, headers: &HeaderMap) -> Option<Coding> {
        let mut values = headers.get_all(CONTENT_ENCODING).iter();
        let first = values.next()?;
        match first.as_bytes() {
            _ if values.next().is_some() => None,
            b"gzip" => Some(Coding::Gzip),
            b"br" if self.brotli => Some(Coding::Brotli),
            _ => None,
        }
    }
}

impl Coding {
    fn decoder(self, room: &Room) -> Result<Admitted, CodecError> {
        room.admit(match self {
            Self::Gzip => Codec::inflate(Wrapper::Gzip, ANY_WINDOW, None, Members::Several)?,
            Self::Brotli => Codec::brotli_decode(&[])?,
        })
    }

    fn encoder(self, room: &Room) -> Result<Admitted, CodecError> {
        room.admit(match self {
            Self::Gzip => Codec::deflate(Wrapper::Gzip, DeflateSettings::default())?,
            Self::Brotli => Codec::brotli_encode(&BROTLI)?,
        })
    }

    fn failure(self, error: &CodecError) -> BodyError {
        BodyError::Undecodable(match (self, error.is_unexpected_end()) {
            (Self::Gzip, true) => "Gzip compressed stream ended prematurely.",
            (Self::Gzip, false) => "Gzip decompression failed.",
            (Self::Brotli, true) => "Brotli compressed stream ended prematurely.",
            (Self::Brotli, false) => "Brotli decompression failed.",
        })
    }

    /// Encodes a body that a program made.
    ///
    /// # Errors
    /// There is no room for one more codec.
    pub(crate) fn encode(self, body: Body, room: &Room) -> Result<Body, CodecError> {
        match body {
            Body::None => Ok(Body::None),
            // A response may say how its body would be encoded, and have none.
            Body::Bytes(bytes) if bytes.is_empty() => Ok(Body::Bytes(bytes)),
            Body::Bytes(bytes) if bytes.len() <= AT_ONCE_BYTES_MAX => {
                let mut encoder = Encoder::new(self.encoder(room)?);
                encoder.input = bytes;
                let mut all = Vec::new();
                while let Some(piece) = encoder.piece(Flush::Finish)? {
                    all.extend_from_slice(&piece);
                }
                Ok(Body::Bytes(all.into()))
            }
            Body::Bytes(bytes) => {
                let (writer, stream) = body_stream(None);
                // The channel is empty, so that it takes the one piece.
                let _taken = writer.try_send(Ok(bytes));
                drop(writer);
                self.encode(Body::Stream(stream), room)
            }
            Body::Stream(stream) => {
                let encoder = Encoder::new(self.encoder(room)?);
                let (writer, encoded) = body_stream(None);
                tokio::task::spawn_local(encode_to(BodyReader::plain(stream), encoder, writer));
                Ok(Body::Stream(encoded))
            }
        }
    }
}

/// The reading end of a host body, decoded as it is read.
pub(crate) struct BodyReader {
    stream: BodyStream,
    coding: Option<(Coding, Room)>,
    /// From the first read on.
    decoder: Option<Decoder>,
}

impl BodyReader {
    /// A body that is read as it is.
    pub(crate) fn plain(stream: BodyStream) -> Self {
        Self {
            stream,
            coding: None,
            decoder: None,
        }
    }

    /// A body that is encoded.
    pub(crate) fn coded(stream: BodyStream, coding: Coding, room: Room) -> Self {
        Self {
            coding: Some((coding, room)),
            ..Self::plain(stream)
        }
    }

    /// The size, if it was declared, of what is not decoded yet.
    pub(crate) fn length(&self) -> Option<u64> {
        self.stream.length
    }

    /// Leaves what has not been read as it came.
    pub(crate) fn keep_encoded(&mut self) {
        if self.decoder.is_none() {
            self.coding = None;
        }
    }

    /// The next bytes; None at the end. Dropping the future loses nothing that is still to be read.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, BodyError>> {
        let Some((coding, room)) = &self.coding else {
            return self.stream.chunks.recv().await;
        };
        let coding = *coding;
        if self.decoder.is_none() {
            match coding.decoder(room) {
                Ok(codec) => self.decoder = Some(Decoder::new(codec)),
                Err(error) => return Some(Err(BodyError::Failed(error.to_string()))),
            }
        }
        let decoder = self.decoder.as_mut()?;
        loop {
            // What expands to much shall not keep the thread from its other tasks.
            tokio::task::coop::consume_budget().await;
            match decoder.piece() {
                Ok(None) => {}
                Ok(Some(piece)) => return Some(Ok(piece)),
                Err(error) => return Some(Err(coding.failure(&error))),
            }
            match self.stream.chunks.recv().await {
                Some(Ok(chunk)) => decoder.input = chunk,
                Some(Err(error)) => return Some(Err(error)),
                None => {
                    let ended = decoder.end();
                    return ended.err().map(|error| Err(coding.failure(&error)));
                }
            }
        }
    }

    /// Whether a read would have to wait.
    fn waits(&self) -> bool {
        let has_more = self.decoder.as_ref().is_some_and(Decoder::has_more);
        !has_more && self.stream.chunks.is_empty() && !self.stream.chunks.is_closed()
    }

    /// The body as somebody else takes it: under that coding, or none.
    ///
    /// It moves as it is when that is its coding and nothing has been read.
    ///
    /// # Errors
    /// There is no room for one more codec.
    pub(crate) fn into_stream(
        self,
        wanted: Option<Coding>,
        room: &Room,
    ) -> Result<BodyStream, CodecError> {
        let has = self.coding.as_ref().map(|(coding, _)| *coding);
        if has == wanted && self.decoder.is_none() {
            return Ok(self.stream);
        }
        let (writer, stream) = body_stream(None);
        match wanted {
            None => drop(tokio::task::spawn_local(copy_to(self, writer))),
            Some(coding) => {
                let encoder = Encoder::new(coding.encoder(room)?);
                tokio::task::spawn_local(encode_to(self, encoder, writer));
            }
        }
        Ok(stream)
    }

    /// Two readers of the same, neither of which has read anything.
    pub(crate) fn tee(self) -> (Self, Self) {
        let (left_writer, left) = body_stream(self.stream.length);
        let (right_writer, right) = body_stream(self.stream.length);
        let coding = self.coding.clone();
        // Encoded bytes are copied, and each side decodes what it reads.
        tokio::task::spawn_local(copy_to_both(self.stream, left_writer, right_writer));
        let side = |stream, coding| Self {
            stream,
            coding,
            decoder: None,
        };
        (side(left, coding.clone()), side(right, coding))
    }
}

/// Copies a body until its end, or until nobody reads any more.
async fn copy_to(mut reader: BodyReader, writer: BodyWriter) {
    while let Some(chunk) = reader.next().await {
        let failed = chunk.is_err();
        if writer.send(chunk).await.is_err() || failed {
            return;
        }
    }
}

/// Copies a stream to two; runs until the source ends or both readers are gone.
async fn copy_to_both(mut source: BodyStream, left: BodyWriter, right: BodyWriter) {
    while let Some(chunk) = source.chunks.recv().await {
        let failed = chunk.is_err();
        let (first, second) = (left.send(chunk.clone()).await, right.send(chunk).await);
        if failed || (first.is_err() && second.is_err()) {
            return;
        }
    }
}

/// Encodes a body until its end, or until nobody reads any more.
///
/// Differs: what a program has written goes out when nothing follows at once; workerd keeps it until
/// it has more, so that events of a compressed stream arrive late.
async fn encode_to(mut reader: BodyReader, mut encoder: Encoder, writer: BodyWriter) {
    let mut wrote = false;
    loop {
        let flush = match reader.next().await {
            Some(Ok(chunk)) => {
                encoder.input = chunk;
                wrote = true;
                if reader.waits() {
                    Flush::Sync
                } else {
                    Flush::None
                }
            }
            Some(Err(error)) => {
                let _gone = writer.send(Err(error)).await;
                return;
            }
            None => Flush::Finish,
        };
        if flush == Flush::Finish && !wrote {
            return;
        }
        loop {
            tokio::task::coop::consume_budget().await;
            let piece = match encoder.piece(flush) {
                Ok(None) => break,
                Ok(Some(piece)) => Ok(piece),
                Err(error) => Err(BodyError::Failed(error.to_string())),
            };
            let failed = piece.is_err();
            if writer.send(piece).await.is_err() || failed {
                return;
            }
        }
        if flush == Flush::Finish {
            return;
        }
    }
}

struct Encoder {
    codec: Admitted,
    input: Bytes,
    /// The last step left nothing to come out.
    drained: bool,
}

impl Encoder {
    fn new(codec: Admitted) -> Self {
        Self {
            codec,
            input: Bytes::new(),
            drained: false,
        }
    }

    /// The next piece of what comes out of the input; None when that is all, which is so once.
    fn piece(&mut self, flush: Flush) -> Result<Option<Bytes>, CodecError> {
        if std::mem::take(&mut self.drained) {
            return Ok(None);
        }
        let mut output = vec![0; PIECE_BYTES];
        let step = self.codec.step(&self.input, &mut output, flush)?;
        self.input.advance(step.took);
        self.drained = step.wrote > 0 && step.wrote < PIECE_BYTES;
        Ok(cut(output, step.wrote))
    }
}

struct Decoder {
    codec: Admitted,
    input: Bytes,
    /// The last step filled its piece, so that there may be more without new input.
    filled: bool,
}

impl Decoder {
    fn new(codec: Admitted) -> Self {
        Self {
            codec,
            input: Bytes::new(),
            filled: false,
        }
    }

    fn has_more(&self) -> bool {
        self.filled || !self.input.is_empty()
    }

    /// The next piece of what comes out of the input; None when that is all.
    fn piece(&mut self) -> Result<Option<Bytes>, CodecError> {
        while self.has_more() {
            let mut output = vec![0; PIECE_BYTES];
            let step = self.codec.step(&self.input, &mut output, Flush::None)?;
            self.input.advance(step.took);
            self.filled = step.wrote == PIECE_BYTES;
            if step.wrote > 0 {
                return Ok(cut(output, step.wrote));
            }
            if step.took == 0 && !self.input.is_empty() {
                // The data has ended before the input: another stream must follow.
                self.codec.reset()?;
            }
        }
        Ok(None)
    }

    /// What is wrong when nothing follows.
    fn end(&mut self) -> Result<(), CodecError> {
        self.codec
            .step(&[], &mut [0; 64], Flush::Finish)
            .map(|_| ())
    }
}

/// The first bytes of a piece. A small one does not keep the memory of a large one.
fn cut(mut piece: Vec<u8>, length: usize) -> Option<Bytes> {
    match length {
        0 => None,
        _ if length < PIECE_BYTES / 2 => Some(Bytes::copy_from_slice(&piece[..length])),
        _ => {
            piece.truncate(length);
            Some(piece.into())
        }
    }
}

#[cfg(test)]
mod tests;
