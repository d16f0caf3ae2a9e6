//! Bodies at the edge: from hyper's incoming type to [`Body`], and from [`Body`] to a type hyper
//! can write.
//!
//! Used by the server for requests and responses and by the client for responses and requests.
//! Keeps two promises: a body that ends early is an error on both sides and never a clean end, and
//! nobody buffers more than the channel of a [`BodyStream`] holds.

use std::error::Error as _;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use stated_object::message::{Body, BodyError, BodyStream, BodyWriter, body_stream};

/// How often a small body is looked at before it becomes a stream.
///
/// hyper fills a body only while something polls it, so a body that arrived together with its head
/// shows on the second or third look.
const INLINE_LOOKS: usize = 3;

/// What an incoming body may be.
#[derive(Clone, Debug)]
pub(crate) struct Intake {
    /// Bodies up to this size that are here already become [`Body::Bytes`].
    pub(crate) inline_bytes_max: usize,
    /// More bytes end the stream with [`BodyError::TooLarge`].
    pub(crate) bytes_max: u64,
    /// The longest silence.
    pub(crate) read_timeout: Option<Duration>,
    /// What the stream ends with when the other side resets the connection.
    pub(crate) reset: BodyError,
}

impl Intake {
    /// Turns an incoming body into a [`Body`], starting a task where it has to be streamed.
    ///
    /// Waits for no byte: what is not here yet arrives by the stream. `ended` is called once the
    /// last byte was taken from the connection, or the body was given up.
    pub(crate) async fn take(
        self,
        mut incoming: Incoming,
        ended: impl FnOnce(Ended) + 'static,
    ) -> Body {
        let mut gathered = BytesMut::new();
        if let Some(length) = incoming.size_hint().exact()
            && length <= self.inline_bytes_max as u64
            && let Gathered::Whole(bytes) = gather(&mut incoming, &mut gathered, length).await
        {
            ended(Ended::Whole);
            return Body::Bytes(bytes);
        }
        self.stream(incoming, gathered.freeze(), ended)
    }

    /// Turns an incoming body into a stream without looking at it, so that a client that waits for
    /// `100 Continue` sends nothing before somebody reads.
    pub(crate) fn stream(
        self,
        incoming: Incoming,
        first: Bytes,
        ended: impl FnOnce(Ended) + 'static,
    ) -> Body {
        let length = incoming
            .size_hint()
            .exact()
            .map(|rest| rest + first.len() as u64);
        let (writer, stream) = body_stream(length);
        tokio::task::spawn_local(async move {
            ended(self.pump(incoming, first, length, writer).await);
        });
        Body::Stream(stream)
    }

    async fn pump(
        self,
        mut incoming: Incoming,
        first: Bytes,
        length: Option<u64>,
        to: BodyWriter,
    ) -> Ended {
        let mut total = first.len() as u64;
        if !first.is_empty() && to.send(Ok(first)).await.is_err() {
            return Ended::Early;
        }
        // Dropping `incoming` before its end makes hyper close the connection after the response.
        while let Ok(slot) = to.reserve().await {
            let next = tokio::select! {
                next = self.next_chunk(&mut incoming) => next,
                () = to.closed() => return Ended::Early,
            };
            let failure = match next {
                Ok(Some(chunk)) => {
                    total += chunk.len() as u64;
                    if total <= self.bytes_max {
                        slot.send(Ok(chunk));
                        continue;
                    }
                    BodyError::TooLarge {
                        limit_bytes: self.bytes_max,
                    }
                }
                Ok(None) if length.is_none_or(|length| total == length) => return Ended::Whole,
                Ok(None) => BodyError::Disconnected,
                Err(error) => error,
            };
            let ended = match failure {
                BodyError::Reset => Ended::Reset,
                _ => Ended::Early,
            };
            slot.send(Err(failure));
            return ended;
        }
        Ended::Early
    }

    /// The next bytes; trailers are dropped, since neither Request nor Response has them.
    async fn next_chunk(&self, incoming: &mut Incoming) -> Result<Option<Bytes>, BodyError> {
        loop {
            let frame = match self.read_timeout {
                None => incoming.frame().await,
                Some(limit) => tokio::time::timeout(limit, incoming.frame())
                    .await
                    .map_err(|_| BodyError::Disconnected)?,
            };
            match frame {
                None => return Ok(None),
                Some(Err(error)) if is_reset(&error) => return Err(self.reset.clone()),
                Some(Err(_)) => return Err(BodyError::Disconnected),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(chunk) if chunk.is_empty() => {}
                    Ok(chunk) => return Ok(Some(chunk)),
                    Err(_) => {}
                },
            }
        }
    }
}

/// How the taking of a body from its connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// With its last byte.
    Whole,
    /// Before that, for whatever reason.
    Early,
    /// Before that, with [`BodyError::Reset`].
    Reset,
}

fn is_reset(error: &hyper::Error) -> bool {
    let source = error
        .source()
        .and_then(|source| source.downcast_ref::<io::Error>());
    source.is_some_and(|error| error.kind() == io::ErrorKind::ConnectionReset)
}

enum Gathered {
    Whole(Bytes),
    Partial,
}

/// Collects what has arrived of a body of `length` bytes.
///
/// An error is left for the stream to meet again: hyper repeats none, but the short count tells.
async fn gather(incoming: &mut Incoming, into: &mut BytesMut, length: u64) -> Gathered {
    let mut looks = INLINE_LOOKS;
    poll_fn(|cx| {
        loop {
            match Pin::new(&mut *incoming).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    let Ok(chunk) = frame.into_data() else {
                        continue;
                    };
                    if into.is_empty() && chunk.len() as u64 == length {
                        return Poll::Ready(Gathered::Whole(chunk));
                    }
                    into.extend_from_slice(&chunk);
                    if into.len() as u64 == length {
                        return Poll::Ready(Gathered::Whole(into.split().freeze()));
                    }
                }
                Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(Gathered::Partial),
                Poll::Pending if looks == 0 => return Poll::Ready(Gathered::Partial),
                Poll::Pending => {
                    looks -= 1;
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
            }
        }
    })
    .await
}

/// A body in the shape hyper writes.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// Nothing, or everything was taken.
    Empty,
    /// All of it, in one frame.
    Whole(Bytes),
    /// Chunks, and how many bytes are still owed where a length was declared.
    Stream {
        stream: BodyStream,
        owed: Option<u64>,
    },
}

impl From<Body> for Outgoing {
    fn from(body: Body) -> Self {
        match body {
            Body::None => Self::Empty,
            Body::Bytes(bytes) if bytes.is_empty() => Self::Empty,
            Body::Bytes(bytes) => Self::Whole(bytes),
            Body::Stream(stream) => Self::Stream {
                owed: stream.length,
                stream,
            },
        }
    }
}

impl HttpBody for Outgoing {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        match this {
            Self::Empty => Poll::Ready(None),
            Self::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                *this = Self::Empty;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Self::Stream { stream, owed } => {
                let item = ready!(stream.chunks.poll_recv(cx));
                Poll::Ready(settle(item, owed).map(|chunk| chunk.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Empty)
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Stream {
                owed: Some(owed), ..
            } => SizeHint::with_exact(*owed),
            Self::Stream { owed: None, .. } => SizeHint::default(),
        }
    }
}

/// Compares a chunk, or the end, with the declared length: hyper would silently cut a longer body.
fn settle(
    item: Option<Result<Bytes, BodyError>>,
    owed: &mut Option<u64>,
) -> Option<Result<Bytes, BodyError>> {
    let wrong = |text: &str| Some(Err(BodyError::Failed(text.into())));
    match (item, owed) {
        (Some(Ok(chunk)), Some(owed)) => match owed.checked_sub(chunk.len() as u64) {
            Some(rest) => {
                *owed = rest;
                Some(Ok(chunk))
            }
            None => wrong("body is longer than its declared length"),
        },
        (None, Some(1..)) => wrong("body is shorter than its declared length"),
        (item, _) => item,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(mut body: Outgoing) -> Result<Vec<u8>, String> {
        let mut all = Vec::new();
        while let Some(frame) = body.frame().await {
            all.extend_from_slice(&frame.map_err(|e| e.to_string())?.into_data().unwrap());
        }
        Ok(all)
    }

    async fn streamed(length: Option<u64>, chunks: &[&'static str]) -> Outgoing {
        let (writer, stream) = body_stream(length);
        for chunk in chunks {
            writer
                .send(Ok(Bytes::from_static(chunk.as_bytes())))
                .await
                .unwrap();
        }
        Outgoing::from(Body::Stream(stream))
    }

    #[tokio::test]
    async fn a_stream_of_its_declared_length_passes() {
        assert_eq!(
            read(streamed(Some(5), &["ab", "cde"]).await).await.unwrap(),
            b"abcde"
        );
    }

    #[tokio::test]
    async fn a_stream_one_byte_longer_than_declared_fails() {
        let error = read(streamed(Some(4), &["ab", "cde"]).await)
            .await
            .unwrap_err();

        assert_eq!(error, "body is longer than its declared length");
    }

    #[tokio::test]
    async fn a_stream_one_byte_shorter_than_declared_fails() {
        let error = read(streamed(Some(6), &["ab", "cde"]).await)
            .await
            .unwrap_err();

        assert_eq!(error, "body is shorter than its declared length");
    }

    #[tokio::test]
    async fn the_error_of_a_producer_reaches_the_writer() {
        let (writer, stream) = body_stream(None);
        writer
            .send(Err(BodyError::Failed("broken".into())))
            .await
            .unwrap();

        let error = read(Outgoing::from(Body::Stream(stream)))
            .await
            .unwrap_err();

        assert_eq!(error, "broken");
    }

    #[tokio::test]
    async fn whole_bodies_declare_their_size() {
        let body = Outgoing::from(Body::Bytes(Bytes::from_static(b"abc")));

        assert_eq!(body.size_hint().exact(), Some(3));
        assert_eq!(read(body).await.unwrap(), b"abc");
    }
}
