//! One direction of a connection: messages in order, from one thread to another or the same.
//!
//! Two kinds of senders meet here. A network connection can wait: it asks for room and leaves what
//! nobody has taken with its peer. A program cannot wait, since `send()` returns at once: it is
//! bounded in bytes, and a refusal means that its peer does not read.
//!
//! Why this is not tokio's channel: that counts messages and not bytes, and it keeps a block for 32
//! messages while it is empty, which with tens of thousands of idle connections is most of what they
//! cost. A queue that is empty holds no buffer.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::SocketMessage;

/// Messages that a network connection may be ahead of whoever takes them.
pub const READ_AHEAD_MESSAGES: usize = 64;
/// Bytes that it may be ahead; the message that reaches this is still taken, whatever its size.
pub const READ_AHEAD_BYTES: usize = 1 << 20;
/// Bytes that a program may queue for a peer. A single message of any size fits an empty queue.
pub const QUEUE_BYTES_MAX: usize = 64 << 20;
/// Bytes that all queues of the process may hold together.
const TOTAL_BYTES_MAX: usize = 512 << 20;
/// Bytes that one queue may hold even then: it is not the small ones that filled the memory.
const SHARE_BYTES: usize = 64 << 10;
/// What a message counts beside its payload, so that empty ones are bounded too.
const MESSAGE_BYTES: usize = 64;

/// What all queues hold together, in bytes.
static TOTAL: AtomicUsize = AtomicUsize::new(0);

/// Why a message was not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The receiver is gone, or a last message was queued before.
    Closed,
    /// The receiver does not take what is queued.
    Full {
        /// What waits for it.
        queued_bytes: usize,
    },
}

/// Puts messages into the queue. Dropping it ends the queue after what is in it.
#[derive(Debug)]
pub struct SocketSender(Arc<Queue>);

/// Takes messages out of the queue. Dropping it tells the sender that nobody listens.
#[derive(Debug)]
pub struct SocketReceiver(Arc<Queue>);

#[derive(Debug)]
struct Queue {
    state: Mutex<State>,
    total: &'static AtomicUsize,
}

#[derive(Debug, Default)]
struct State {
    messages: VecDeque<SocketMessage>,
    bytes: usize,
    /// Whether a last message was queued.
    ended: bool,
    sender_gone: bool,
    receiver_gone: bool,
    reader: Option<Waker>,
    /// Tasks of the sender's side that wait for room or for the end. Each is in it once.
    waiting: Vec<Waker>,
}

pub(super) fn queue() -> (SocketSender, SocketReceiver) {
    queue_of(&TOTAL)
}

fn queue_of(total: &'static AtomicUsize) -> (SocketSender, SocketReceiver) {
    let queue = Arc::new(Queue {
        state: Mutex::default(),
        total,
    });
    (SocketSender(queue.clone()), SocketReceiver(queue))
}

impl SocketSender {
    /// Queues a message without waiting.
    ///
    /// # Errors
    /// [`Refused`]; the message is lost then.
    pub fn push(&self, message: SocketMessage) -> Result<(), Refused> {
        let mut state = self.0.lock();
        if state.ended || state.sender_gone || state.receiver_gone {
            return Err(Refused::Closed);
        }
        let bytes = cost(&message);
        if !self.0.fits(state.bytes, bytes) {
            return Err(Refused::Full {
                queued_bytes: state.bytes,
            });
        }
        self.0.add(&mut state, message, bytes);
        state.wake_reader();
        Ok(())
    }

    /// Waits for room, then queues a message.
    ///
    /// # Errors
    /// As [`SocketSender::push`].
    pub async fn send(&self, message: SocketMessage) -> Result<(), Refused> {
        self.room().await;
        self.push(message)
    }

    /// Replaces what is queued by a last message.
    pub fn give_up(&self, last: SocketMessage) {
        let mut state = self.0.lock();
        self.0.clear(&mut state);
        if !state.receiver_gone && !state.sender_gone {
            let bytes = cost(&last);
            self.0.add(&mut state, last, bytes);
        }
        state.wake_reader();
    }

    /// Ends the queue after what is in it.
    pub fn finish(&self) {
        let mut state = self.0.lock();
        state.sender_gone = true;
        state.wake_reader();
    }

    /// Ends the queue now; what is in it is lost.
    pub fn abort(&self) {
        let mut state = self.0.lock();
        self.0.clear(&mut state);
        state.sender_gone = true;
        state.wake_reader();
    }

    /// Whether a last message was queued.
    pub fn has_ended(&self) -> bool {
        self.0.lock().ended
    }

    /// Whether the receiver is gone.
    pub fn is_closed(&self) -> bool {
        self.0.lock().receiver_gone
    }

    /// Whether a connection may hand over another message. A queue without a receiver has room.
    pub fn has_room(&self) -> bool {
        self.0.lock().has_room()
    }

    /// Waits until there is room.
    pub async fn room(&self) {
        self.until(State::has_room).await;
    }

    /// Waits until a last message was queued or the receiver is gone.
    pub async fn ended_or_closed(&self) {
        self.until(|state| state.ended || state.receiver_gone).await;
    }

    async fn until(&self, condition: impl Fn(&State) -> bool) {
        poll_fn(|cx| {
            let mut state = self.0.lock();
            if condition(&state) {
                return Poll::Ready(());
            }
            if !state
                .waiting
                .iter()
                .any(|waker| waker.will_wake(cx.waker()))
            {
                state.waiting.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }
}

impl Drop for SocketSender {
    fn drop(&mut self) {
        self.finish();
    }
}

impl SocketReceiver {
    /// Waits for the next message; `None` when the sender is gone or the queue was closed.
    ///
    /// Dropping the future loses nothing.
    pub async fn recv(&mut self) -> Option<SocketMessage> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// The same for one waiting task.
    pub fn poll_recv(&self, cx: &mut Context<'_>) -> Poll<Option<SocketMessage>> {
        let mut state = self.0.lock();
        if let Some(message) = self.0.take(&mut state) {
            return Poll::Ready(Some(message));
        }
        if state.sender_gone || state.receiver_gone {
            return Poll::Ready(None);
        }
        state.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    /// The next message, if one is there.
    pub fn try_recv(&self) -> Option<SocketMessage> {
        let mut state = self.0.lock();
        self.0.take(&mut state)
    }

    /// Takes nothing any more; what is queued is lost.
    pub fn close(&self) {
        let mut state = self.0.lock();
        self.0.clear(&mut state);
        state.receiver_gone = true;
        state.wake_reader();
        state.wake_waiting();
    }

    /// How many messages are queued.
    pub fn len(&self) -> usize {
        self.0.lock().messages.len()
    }

    /// Whether none is queued.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Drop for SocketReceiver {
    fn drop(&mut self) {
        self.close();
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fits(&self, queued: usize, more: usize) -> bool {
        if queued == 0 {
            return true;
        }
        let own = queued.saturating_add(more);
        let all = self.total.load(Ordering::Relaxed).saturating_add(more);
        own <= QUEUE_BYTES_MAX && (all <= TOTAL_BYTES_MAX || own <= SHARE_BYTES)
    }

    fn add(&self, state: &mut State, message: SocketMessage, bytes: usize) {
        if is_last(&message) {
            state.ended = true;
            state.wake_waiting();
        }
        state.bytes += bytes;
        self.total.fetch_add(bytes, Ordering::Relaxed);
        state.messages.push_back(message);
    }

    fn take(&self, state: &mut State) -> Option<SocketMessage> {
        let message = state.messages.pop_front()?;
        let bytes = cost(&message);
        state.bytes -= bytes;
        self.total.fetch_sub(bytes, Ordering::Relaxed);
        if state.messages.is_empty() {
            state.messages = VecDeque::new();
        }
        if state.has_room() {
            state.wake_waiting();
        }
        Some(message)
    }

    fn clear(&self, state: &mut State) {
        self.total.fetch_sub(state.bytes, Ordering::Relaxed);
        state.bytes = 0;
        state.messages = VecDeque::new();
    }
}

impl State {
    fn has_room(&self) -> bool {
        self.receiver_gone
            || (self.messages.len() < READ_AHEAD_MESSAGES && self.bytes < READ_AHEAD_BYTES)
    }

    fn wake_reader(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    fn wake_waiting(&mut self) {
        for waker in std::mem::take(&mut self.waiting) {
            waker.wake();
        }
    }
}

fn is_last(message: &SocketMessage) -> bool {
    matches!(
        message,
        SocketMessage::Close { .. } | SocketMessage::Error(_)
    )
}

fn cost(message: &SocketMessage) -> usize {
    let payload = match message {
        SocketMessage::Text(text) | SocketMessage::Error(text) => text.len(),
        SocketMessage::Binary(bytes) => bytes.len(),
        SocketMessage::Close { reason, .. } => reason.len(),
    };
    payload + MESSAGE_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A queue whose account nobody shares.
    fn lonely() -> (SocketSender, SocketReceiver) {
        queue_of(Box::leak(Box::default()))
    }

    fn bytes(count: usize) -> SocketMessage {
        SocketMessage::Binary(vec![0; count].into())
    }

    fn close() -> SocketMessage {
        SocketMessage::Close {
            code: Some(1000),
            reason: String::new(),
        }
    }

    fn fill(sender: &SocketSender, total: usize) {
        let size = 1 << 20;
        for _ in 0..total / size {
            sender.push(bytes(size - MESSAGE_BYTES)).unwrap();
        }
    }

    #[test]
    fn a_program_may_queue_64_mebibytes_and_not_one_byte_more() {
        let (sender, receiver) = lonely();
        fill(&sender, QUEUE_BYTES_MAX);

        let refused = sender.push(SocketMessage::Text(String::new()));

        let queued_bytes = QUEUE_BYTES_MAX;
        assert_eq!(refused, Err(Refused::Full { queued_bytes }));
        receiver.try_recv().unwrap();
        sender.push(SocketMessage::Text(String::new())).unwrap();
    }

    #[test]
    fn a_message_of_any_size_fits_an_empty_queue() {
        let (sender, receiver) = lonely();

        sender.push(bytes(QUEUE_BYTES_MAX + 1)).unwrap();

        assert_eq!(receiver.len(), 1);
    }

    #[test]
    fn a_million_empty_messages_do_not_fit() {
        let (sender, _receiver) = lonely();

        let taken = (0..2_000_000)
            .take_while(|_| sender.push(SocketMessage::Text(String::new())).is_ok())
            .count();

        assert_eq!(taken, QUEUE_BYTES_MAX / MESSAGE_BYTES);
    }

    #[test]
    fn when_all_queues_together_are_full_only_small_ones_may_grow() {
        let total: &'static AtomicUsize = Box::leak(Box::default());
        let queues: Vec<_> = (0..8).map(|_| queue_of(total)).collect();
        for (sender, _) in &queues {
            fill(sender, QUEUE_BYTES_MAX);
        }
        let (small, _receiver) = queue_of(total);

        small.push(bytes(SHARE_BYTES / 2 - MESSAGE_BYTES)).unwrap();
        small.push(bytes(SHARE_BYTES / 2 - MESSAGE_BYTES)).unwrap();
        assert!(small.push(bytes(0)).is_err());

        drop(queues);
        small.push(bytes(0)).unwrap();
    }

    #[test]
    fn a_connection_is_held_back_by_messages_and_by_bytes() {
        let (sender, receiver) = lonely();
        for _ in 0..READ_AHEAD_MESSAGES {
            assert!(sender.has_room());
            sender.push(bytes(0)).unwrap();
        }
        assert!(!sender.has_room());
        receiver.try_recv().unwrap();
        assert!(sender.has_room());

        let (sender, receiver) = lonely();
        sender
            .push(bytes(READ_AHEAD_BYTES - 1 - MESSAGE_BYTES))
            .unwrap();
        assert!(sender.has_room());
        sender.push(bytes(0)).unwrap();
        assert!(!sender.has_room());
        receiver.close();
        assert!(sender.has_room(), "nobody is held back by nobody");
    }

    #[test]
    fn nothing_follows_the_last_message() {
        let (sender, receiver) = lonely();

        sender.push(close()).unwrap();

        assert!(sender.has_ended());
        assert_eq!(sender.push(bytes(1)), Err(Refused::Closed));
        assert_eq!(receiver.try_recv(), Some(close()));
    }

    #[test]
    fn giving_up_leaves_only_the_last_message() {
        let (sender, receiver) = lonely();
        sender.push(bytes(1)).unwrap();

        sender.give_up(close());

        assert_eq!(receiver.try_recv(), Some(close()));
        assert_eq!(receiver.try_recv(), None);
    }

    #[test]
    fn an_empty_queue_holds_no_buffer_and_counts_nothing() {
        let (sender, receiver) = lonely();
        sender.push(bytes(5)).unwrap();
        sender.push(bytes(5)).unwrap();

        receiver.try_recv().unwrap();
        receiver.try_recv().unwrap();

        let state = sender.0.lock();
        assert_eq!((state.messages.capacity(), state.bytes), (0, 0));
        assert_eq!(sender.0.total.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn the_queue_ends_after_what_is_in_it_and_an_aborted_one_at_once() {
        let (sender, mut receiver) = lonely();
        sender.push(bytes(1)).unwrap();
        drop(sender);
        assert_eq!(receiver.recv().await, Some(bytes(1)));
        assert_eq!(receiver.recv().await, None);

        let (sender, mut receiver) = lonely();
        sender.push(bytes(1)).unwrap();
        sender.abort();
        assert_eq!(receiver.recv().await, None);
    }

    #[tokio::test]
    async fn a_waiting_sender_goes_on_when_there_is_room_and_when_the_receiver_goes() {
        let (sender, mut receiver) = lonely();
        sender.push(bytes(READ_AHEAD_BYTES)).unwrap();
        tokio::join!(sender.room(), async { receiver.recv().await });

        sender.push(bytes(READ_AHEAD_BYTES)).unwrap();
        let (refused, ()) = tokio::join!(sender.send(bytes(1)), async { drop(receiver) });
        assert_eq!(refused, Err(Refused::Closed));
    }
}
