//! Moves messages between a connection and a [`SocketEnd`], both ways at once, until both are done.
//!
//! One loop, one event per turn: `next` waits for it, an `on_…` method applies it. What a pump
//! holds is bounded: towards the peer `socket_write_bytes` and one message, towards the object one
//! message that waits for room. So a peer that stops reading stops the object's queue, and an
//! object that stops reading stops the peer.
//!
//! Close is not answered here: the object's end sends the answer. The connection ends when Close
//! went both ways, when either side is gone, or when the peer does not answer our Close in time.

use std::future::{pending, poll_fn};
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use stated_object::socket::{SocketEnd, SocketMessage};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, sleep_until, timeout};

use super::assemble::{Assembler, Event};
use super::deflate::Terms;
use super::encode::Encoder;
use super::frame::Opcode;
use super::{Role, Violation};
use crate::limits::Limits;
use crate::serve::{Farewell, Shutdown};

/// Bytes read at once, on the stack, so that an idle connection holds no buffer.
const READ_BYTES: usize = 16 * 1024;

/// How long we wait for the peer's end of the connection after everything was said. Closing at
/// once could reset the connection and with it the Close frame on its way.
const LINGER_TIME: Duration = Duration::from_secs(2);

/// How far the peer's side has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inbound {
    /// Messages are read and handed over.
    Open,
    /// The last message came, or one was refused; bytes are dropped until the peer is gone.
    Draining,
    /// The peer is gone.
    Ended,
}

/// How far our side has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outbound {
    /// Messages of the object are written.
    Open,
    /// Our Close frame is queued or sent; nothing may follow it.
    Closing,
    /// Nothing can be sent any more.
    Ended,
}

/// What holds for one WebSocket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Agreed {
    /// How its messages are compressed.
    pub(crate) deflate: Option<Terms>,
    /// Bytes of a message from the peer.
    pub(crate) message_bytes_max: usize,
}

/// A running WebSocket.
#[derive(Debug)]
pub(crate) struct Pump<S> {
    wire: Wire<S>,
    end: SocketEnd,
    encoder: Encoder,
    inbound: Inbound,
    outbound: Outbound,
    /// A message for the object, waiting for room.
    undelivered: Option<SocketMessage>,
    /// The peer's ping that was not answered yet. A newer one replaces it (RFC 6455, 5.5.3).
    ping: Option<Bytes>,
    /// When a peer that does not answer our Close is dropped.
    deadline: Option<Instant>,
    /// When a peer that has begun a message is given up unless it sends something.
    unfinished: Option<Instant>,
    out_bytes_max: usize,
    close_timeout: Duration,
    message_timeout: Duration,
}

/// What a turn of the loop is about.
enum Turn {
    Read,
    Wrote,
    PeerGone,
    Room,
    FromObject(Option<SocketMessage>),
    Farewell(Farewell),
    /// The peer did not answer our Close.
    Overdue,
    /// The peer did not go on with its message.
    Unfinished,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Pump<S> {
    pub(crate) fn new(io: S, role: Role, agreed: Agreed, end: SocketEnd, limits: &Limits) -> Self {
        let Agreed {
            deflate: terms,
            message_bytes_max,
        } = agreed;
        Self {
            wire: Wire {
                io,
                assembler: Assembler::new(role, terms, message_bytes_max),
                out: BytesMut::new(),
                unflushed: false,
                write_first: false,
            },
            end,
            encoder: Encoder::new(role, terms, limits),
            inbound: Inbound::Open,
            outbound: Outbound::Open,
            undelivered: None,
            ping: None,
            deadline: None,
            unfinished: None,
            out_bytes_max: limits.socket_write_bytes,
            close_timeout: limits.socket_close_timeout,
            message_timeout: limits.socket_message_timeout,
        }
    }

    /// Runs the connection to its end. `first` are bytes that arrived with the handshake.
    ///
    /// Dropping the future cuts the connection; the object's end sees a disconnect.
    ///
    /// All that a silent connection needs is on the heap, once.
    pub(crate) async fn run(mut self: Box<Self>, first: Bytes, shutdown: Option<Shutdown>) {
        self.wire.assembler.push(&first);
        drop(first);
        self.take_events();
        let mut farewell = Some(Box::pin(begun(shutdown)));
        while self.is_needed() {
            match self.next(&mut farewell).await {
                Turn::Read => self.on_read(),
                Turn::Wrote => self.on_wrote(),
                Turn::PeerGone => self.on_peer_gone(),
                Turn::Room => self.on_room(),
                Turn::FromObject(message) => self.on_object(message),
                Turn::Farewell(words) => {
                    farewell = None;
                    self.close(Some(words.code), &words.reason);
                }
                Turn::Unfinished => self.on_violation(Violation::UNFINISHED),
                Turn::Overdue => {
                    return tracing::debug!("peer did not answer Close; connection dropped");
                }
            }
        }
        let both_closed = (self.inbound, self.outbound) == (Inbound::Draining, Outbound::Closing);
        let Self { wire, end, .. } = *self;
        // The object hears of the end now, not when the peer has hung up.
        drop(end);
        if both_closed {
            Box::pin(wire.hang_up()).await;
        }
    }

    fn is_needed(&self) -> bool {
        if self.undelivered.is_some() {
            return true;
        }
        match (self.inbound, self.outbound) {
            (Inbound::Ended, _) | (_, Outbound::Ended) => false,
            // After the peer's Close the object may still speak.
            (Inbound::Open, _) | (Inbound::Draining, Outbound::Open) => true,
            (Inbound::Draining, Outbound::Closing) => self.wire.has_unsent(),
        }
    }

    async fn next<F: Future<Output = Farewell>>(
        &mut self,
        farewell: &mut Option<Pin<Box<F>>>,
    ) -> Turn {
        let waits = self.undelivered.is_some();
        let listens = self.outbound == Outbound::Open && self.wire.out.len() < self.out_bytes_max;
        let intake = match self.inbound {
            // Bytes that nobody can take yet stay with the peer.
            Inbound::Open if self.undelivered.is_none() => Intake::Keep,
            Inbound::Draining => Intake::Drop,
            Inbound::Open | Inbound::Ended => Intake::Leave,
        };
        // While the object takes its time, it is not the peer that is late.
        let deadline = self.deadline.filter(|_| !waits);
        let unfinished = self
            .unfinished
            .filter(|_| !waits && self.inbound == Inbound::Open);
        let Self {
            wire,
            end: SocketEnd {
                outgoing, incoming, ..
            },
            ..
        } = self;
        tokio::select! {
            // The rare ones first. The connection is last, but never starved: the arms above it run
            // dry as soon as the write buffer is full or the object has nothing to say.
            biased;
            words = said(farewell) => Turn::Farewell(words),
            () = until(deadline) => Turn::Overdue,
            () = until(unfinished) => Turn::Unfinished,
            () = outgoing.room(), if waits => Turn::Room,
            message = incoming.recv(), if listens => Turn::FromObject(message),
            turn = poll_fn(|cx| wire.poll_move(intake, cx)) => turn,
        }
    }

    fn on_read(&mut self) {
        self.postpone_deadline();
        self.take_events();
        let begun = self.wire.assembler.has_begun();
        self.unfinished = begun.then(|| Instant::now() + self.message_timeout);
    }

    /// Whoever still sends is alive: after our Close, messages are delivered until the peer's.
    fn postpone_deadline(&mut self) {
        if self.inbound == Inbound::Open && self.deadline.is_some() {
            self.deadline = Some(Instant::now() + self.close_timeout);
        }
    }

    /// Takes what the bytes that are here amount to, until the object has no room.
    fn take_events(&mut self) {
        while self.inbound != Inbound::Draining && self.undelivered.is_none() {
            match self.wire.assembler.next() {
                Ok(None) => return,
                Ok(Some(event)) => self.on_event(event),
                Err(violation) => self.on_violation(violation),
            }
        }
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::Text(text) => self.deliver(SocketMessage::Text(text)),
            Event::Binary(bytes) => self.deliver(SocketMessage::Binary(bytes)),
            Event::Pong => {}
            Event::Ping(payload) => {
                self.ping = Some(payload);
                self.answer_ping();
            }
            Event::Close { code, reason } => {
                self.inbound = Inbound::Draining;
                self.deliver(SocketMessage::Close { code, reason });
            }
        }
    }

    fn on_violation(&mut self, violation: Violation) {
        self.inbound = Inbound::Draining;
        self.deliver(SocketMessage::Error(violation.text()));
        match self.outbound {
            Outbound::Open => self.close(Some(violation.code), violation.close_reason()),
            // Our Close frame, with another code, is out already.
            Outbound::Closing | Outbound::Ended => self.outbound = Outbound::Ended,
        }
    }

    /// Hands a message to the object, or keeps it until there is room. An object that does not
    /// listen any more loses it.
    fn deliver(&mut self, message: SocketMessage) {
        if self.end.outgoing.has_room() {
            // Refused only where nobody listens any more.
            let _unused = self.end.outgoing.push(message);
        } else {
            self.undelivered = Some(message);
        }
    }

    fn on_room(&mut self) {
        if let Some(message) = self.undelivered.take() {
            self.deliver(message);
        }
        self.postpone_deadline();
        self.take_events();
    }

    fn on_object(&mut self, message: Option<SocketMessage>) {
        let mut next = message;
        loop {
            match next {
                Some(SocketMessage::Text(text)) => self.send(Opcode::Text, text.as_bytes()),
                Some(SocketMessage::Binary(bytes)) => self.send(Opcode::Binary, &bytes),
                Some(SocketMessage::Close { code, reason }) => return self.close(code, &reason),
                // The object is gone without a word: so is the connection.
                Some(SocketMessage::Error(_)) | None => return self.outbound = Outbound::Ended,
            }
            // What is queued already goes into the same write.
            if self.wire.out.len() >= self.out_bytes_max {
                return;
            }
            match self.end.incoming.try_recv() {
                Some(message) => next = Some(message),
                // Empty and disconnected alike: the next turn finds out which.
                None => return,
            }
        }
    }

    fn send(&mut self, opcode: Opcode, payload: &[u8]) {
        self.encoder.message(opcode, payload, &mut self.wire.out);
    }

    fn close(&mut self, code: Option<u16>, reason: &str) {
        if self.outbound == Outbound::Open {
            self.encoder.close(code, reason, &mut self.wire.out);
            self.outbound = Outbound::Closing;
            self.deadline = Some(Instant::now() + self.close_timeout);
            // Whoever of the object's side is still sending stops waiting for room.
            self.end.incoming.close();
        }
    }

    fn on_wrote(&mut self) {
        self.answer_ping();
    }

    fn answer_ping(&mut self) {
        if self.outbound == Outbound::Open
            && self.wire.out.len() < self.out_bytes_max
            && let Some(payload) = self.ping.take()
        {
            self.encoder.pong(&payload, &mut self.wire.out);
        }
    }

    fn on_peer_gone(&mut self) {
        self.inbound = Inbound::Ended;
        self.outbound = Outbound::Ended;
        self.wire.out = BytesMut::new();
        self.end.incoming.close();
    }
}

/// What happens to bytes of the peer.
#[derive(Clone, Copy)]
enum Intake {
    Keep,
    Drop,
    Leave,
}

/// The connection with its two buffers.
#[derive(Debug)]
struct Wire<S> {
    io: S,
    assembler: Assembler,
    /// Bytes for the peer.
    out: BytesMut,
    /// Whether bytes may linger in a layer below, as TLS does.
    unflushed: bool,
    /// Turns take turns, so that neither direction starves the other.
    write_first: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    fn has_unsent(&self) -> bool {
        !self.out.is_empty() || self.unflushed
    }

    fn poll_move(&mut self, intake: Intake, cx: &mut Context<'_>) -> Poll<Turn> {
        self.write_first = !self.write_first;
        let first = if self.write_first {
            self.poll_write(cx)
        } else {
            self.poll_read(intake, cx)
        };
        match first {
            Poll::Ready(turn) => Poll::Ready(turn),
            Poll::Pending if self.write_first => self.poll_read(intake, cx),
            Poll::Pending => self.poll_write(cx),
        }
    }

    fn poll_read(&mut self, intake: Intake, cx: &mut Context<'_>) -> Poll<Turn> {
        if matches!(intake, Intake::Leave) {
            return Poll::Pending;
        }
        let mut scratch = [MaybeUninit::uninit(); READ_BYTES];
        let mut scratch = ReadBuf::uninit(&mut scratch);
        match Pin::new(&mut self.io).poll_read(cx, &mut scratch) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(())) if !scratch.filled().is_empty() => {
                if matches!(intake, Intake::Keep) {
                    self.assembler.push(scratch.filled());
                }
                Poll::Ready(Turn::Read)
            }
            Poll::Ready(Ok(()) | Err(_)) => Poll::Ready(Turn::PeerGone),
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        let written = if !self.out.is_empty() {
            Pin::new(&mut self.io).poll_write(cx, &self.out)
        } else if self.unflushed {
            Pin::new(&mut self.io).poll_flush(cx).map_ok(|()| 0)
        } else {
            return Poll::Pending;
        };
        written.map(|result| self.wrote(result))
    }

    fn wrote(&mut self, result: io::Result<usize>) -> Turn {
        match result {
            Ok(0) if !self.out.is_empty() => Turn::PeerGone,
            Ok(count) => {
                self.out.advance(count);
                self.unflushed = count > 0;
                if self.out.is_empty() {
                    // A broadcast to many that then are silent must not leave a buffer with each.
                    self.out = BytesMut::new();
                }
                Turn::Wrote
            }
            Err(_) => Turn::PeerGone,
        }
    }

    /// Ends our direction and waits a little for the peer to end its own.
    async fn hang_up(mut self) {
        let _ = timeout(LINGER_TIME, async {
            if self.io.shutdown().await.is_ok() {
                while matches!(
                    poll_fn(|cx| self.poll_read(Intake::Drop, cx)).await,
                    Turn::Read
                ) {}
            }
        })
        .await;
    }
}

async fn begun(shutdown: Option<Shutdown>) -> Farewell {
    match shutdown {
        Some(mut shutdown) => shutdown.begun().await,
        None => pending().await,
    }
}

async fn said<F: Future<Output = Farewell>>(farewell: &mut Option<Pin<Box<F>>>) -> Farewell {
    match farewell {
        Some(farewell) => farewell.await,
        None => pending().await,
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        // Rare, so not a part of every connection.
        Some(deadline) => Box::pin(sleep_until(deadline)).await,
        None => pending().await,
    }
}
