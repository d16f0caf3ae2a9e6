//! Connections for bytes of any protocol: what `connect()` of `cloudflare:sockets` opens.
//!
//! A connection is two streamed bodies, so both directions are bounded as bodies are: the peer is
//! read no faster than its bytes are taken, and a writer waits while the peer does not read.

use bytes::{Bytes, BytesMut};
use stated_object::message::{BodyStream, BodyWriter, body_stream};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::Client;
use super::dial::Origin;
use super::error::FetchError;
use crate::stall::StallGuard;

/// Bytes that are read at once.
const READ_BYTES: usize = 64 << 10;

/// An open connection. It ends when both directions have, when an error is written, and when
/// nobody holds its ends any more.
#[derive(Debug)]
pub struct Connection {
    /// What the peer sends. Its end is the peer's, or that of the connection.
    pub incoming: BodyStream,
    /// What is sent to the peer. Dropping it ends this direction; an error cuts the connection.
    pub outgoing: BodyWriter,
    /// What else can be asked of it.
    pub control: Control,
}

/// Starts TLS on a connection. Dropping it says that nothing more will be read: the connection
/// ends when `outgoing` has.
#[derive(Debug)]
pub struct Control(oneshot::Sender<Wanted>);

/// What is asked of the task that has the connection.
#[derive(Debug)]
struct Wanted {
    expected_name: Option<String>,
    answer: oneshot::Sender<Result<Connection, FetchError>>,
}

impl Control {
    /// Starts TLS on a connection without it, once `outgoing` is dropped and what was written has been sent. What the peer has
    /// sent until then belongs to the old `incoming`. The certificate must be for `expected_name`
    /// or, without one, for the host.
    ///
    /// # Errors
    /// [`FetchError`]; the connection is closed then.
    pub async fn start_tls(
        self,
        outgoing: BodyWriter,
        expected_name: Option<String>,
    ) -> Result<Connection, FetchError> {
        let (answer, answered) = oneshot::channel();
        let wanted = Wanted {
            expected_name,
            answer,
        };
        self.0.send(wanted).map_err(|_| FetchError::Lost)?;
        drop(outgoing);
        answered.await.map_err(|_| FetchError::Lost)?
    }
}

impl Client {
    /// Connects to a host and port, with TLS if `secure`.
    ///
    /// The connection counts against the limit of outgoing ones until it ends. Dropping the future
    /// gives it up.
    ///
    /// # Errors
    /// [`FetchError`]
    pub async fn connect_bytes(
        &self,
        host: &str,
        port: u16,
        secure: bool,
    ) -> Result<Connection, FetchError> {
        let origin = Origin::of_host(host, port, secure)?;
        let (stream, place) = self.pool.open_for_bytes(&origin).await?;
        if secure {
            return self.secure(origin, stream, place, None).await;
        }
        let (connection, ends) = ends();
        tokio::task::spawn_local(self.clone().run_plain(origin, stream, place, ends));
        Ok(connection)
    }

    async fn run_plain(
        self,
        origin: Origin,
        stream: StallGuard,
        place: OwnedSemaphorePermit,
        ends: Ends,
    ) {
        let Some((stream, wanted)) = carry(stream, ends).await else {
            return;
        };
        let secured = self.secure(origin, stream, place, wanted.expected_name);
        // Nobody waits for it when the program has ended meanwhile.
        drop(wanted.answer.send(secured.await));
    }

    async fn secure(
        &self,
        origin: Origin,
        stream: StallGuard,
        place: OwnedSemaphorePermit,
        expected_name: Option<String>,
    ) -> Result<Connection, FetchError> {
        let config = self.pool.trust().config_of_any_protocol();
        let stream = origin.secure(stream, config, expected_name);
        let stream = self.pool.in_time(&origin, stream).await?;
        let (connection, ends) = ends();
        tokio::task::spawn_local(async move {
            // TLS inside of TLS is nothing that anybody asks for: the connection would end.
            carry(stream, ends).await;
            drop(place);
        });
        Ok(connection)
    }
}

/// The connection's side of a [`Connection`].
struct Ends {
    incoming: BodyWriter,
    outgoing: BodyStream,
    asked: oneshot::Receiver<Wanted>,
}

fn ends() -> (Connection, Ends) {
    let (ask, asked) = oneshot::channel();
    let (to_program, incoming) = body_stream(None);
    let (outgoing, from_program) = body_stream(None);
    let connection = Connection {
        incoming,
        outgoing,
        control: Control(ask),
    };
    let ends = Ends {
        incoming: to_program,
        outgoing: from_program,
        asked,
    };
    (connection, ends)
}

/// How the outgoing direction ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    /// Everything has been sent.
    All,
    /// The program, or the peer, has given up.
    Cut,
}

/// Carries bytes both ways. Returns the stream when the program has ended its direction because it
/// wants TLS, and None when the connection has ended.
async fn carry<S: AsyncRead + AsyncWrite + Unpin>(stream: S, ends: Ends) -> Option<(S, Wanted)> {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let Ends {
        incoming,
        mut outgoing,
        mut asked,
    } = ends;
    let wanted = {
        let mut reading = Box::pin(read_all(&mut reader, incoming));
        let mut has_read = false;
        let written = {
            let mut writing = Box::pin(write_all(&mut writer, &mut outgoing));
            loop {
                tokio::select! {
                    written = &mut writing => break written,
                    () = &mut reading, if !has_read => has_read = true,
                }
            }
        };
        if written == Written::Cut {
            return None;
        }
        // It is here before the direction ends.
        let Ok(wanted) = asked.try_recv() else {
            if writer.shutdown().await.is_ok() && !has_read {
                tokio::select! {
                    () = reading => {}
                    _ = asked => {}
                }
            }
            return None;
        };
        wanted
    };
    Some((reader.unsplit(writer), wanted))
}

/// Gives the program what arrives, until the peer ends or nobody takes it.
async fn read_all<S: AsyncRead>(reader: &mut ReadHalf<S>, incoming: BodyWriter) {
    loop {
        // Room first, so that nothing is read that nobody wants.
        let Ok(room) = incoming.reserve().await else {
            return;
        };
        let mut buffer = BytesMut::with_capacity(READ_BYTES);
        match reader.read_buf(&mut buffer).await {
            // Source: workerd, for which a reset is an end, too.
            Ok(0) | Err(_) => return,
            Ok(_) => room.send(Ok(Bytes::from(buffer))),
        }
    }
}

async fn write_all<S: AsyncWrite>(writer: &mut WriteHalf<S>, outgoing: &mut BodyStream) -> Written {
    while let Some(chunk) = outgoing.chunks.recv().await {
        let Ok(chunk) = chunk else {
            return Written::Cut;
        };
        if writer.write_all(&chunk).await.is_err() || writer.flush().await.is_err() {
            return Written::Cut;
        }
    }
    Written::All
}
