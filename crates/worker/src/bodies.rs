//! Streamed bodies that JavaScript has an id for.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use rustc_hash::FxHashMap;
use stated_object::message::{Body, BodyError, BodyWriter, body_stream};

use crate::callers::{Caller, Watch};
use crate::content_coding::BodyReader;
use crate::context::{Context, Hold, Left};

/// The open bodies of one shard.
#[derive(Default)]
pub(crate) struct Bodies(RefCell<FxHashMap<u64, Slot>>);

struct Slot {
    context: Rc<Context>,
    /// Absent while a read is in progress and after the end.
    reader: Option<BodyReader>,
    writer: Option<BodyWriter>,
    /// Keeps the context alive while JavaScript may still write.
    writing: Option<Hold>,
    /// The call whose response it is; 0 for none.
    call: u64,
    /// A watch on the reader, which has a writing end of its own.
    watch: Option<Watch>,
}

impl Slot {
    fn new(context: &Rc<Context>, reader: Option<BodyReader>) -> Self {
        Self {
            context: context.clone(),
            reader,
            writer: None,
            writing: None,
            call: 0,
            watch: None,
        }
    }
}

impl Bodies {
    /// Registers a body that JavaScript may read.
    pub(crate) fn insert_reader(&self, id: u64, context: &Rc<Context>, reader: BodyReader) {
        let slot = Slot::new(context, Some(reader));
        context.note_left(Left::Bodies);
        self.0.borrow_mut().insert(id, slot);
    }

    /// Registers a body that JavaScript will write.
    pub(crate) fn insert_pipe(&self, id: u64, context: &Rc<Context>, length: Option<u64>) {
        let (writer, reader) = body_stream(length);
        let slot = Slot {
            writer: Some(writer),
            writing: Some(context.hold()),
            ..Slot::new(context, Some(BodyReader::plain(reader)))
        };
        context.note_left(Left::Bodies);
        self.0.borrow_mut().insert(id, slot);
    }

    /// Registers a body that JavaScript will write and somebody else reads. It keeps an object
    /// alive, but no stateless event.
    pub(crate) fn insert_writer(&self, id: u64, context: &Rc<Context>, writer: BodyWriter) {
        context.note_left(Left::Bodies);
        let slot = Slot {
            writer: Some(writer),
            writing: context.hold_for_operation(),
            ..Slot::new(context, None)
        };
        self.0.borrow_mut().insert(id, slot);
    }

    /// The context that a body belongs to.
    pub(crate) fn context_of(&self, id: u64) -> Option<u64> {
        self.0.borrow().get(&id).map(|slot| slot.context.id)
    }

    /// Takes the reading end away, for a body that moves on or is read.
    pub(crate) fn take_reader(&self, id: u64) -> Option<BodyReader> {
        let mut bodies = self.0.borrow_mut();
        let slot = bodies.get_mut(&id)?;
        let reader = slot.reader.take();
        if slot.writer.is_none() {
            bodies.remove(&id);
        }
        reader
    }

    /// Gives a reading end back after a read that did not reach the end.
    ///
    /// The context may have ended meanwhile, and put away what it had: then nobody reads on, and whoever writes must
    /// hear of it.
    pub(crate) fn put_reader(&self, id: u64, context: &Rc<Context>, reader: BodyReader) {
        if !context.has_ended() {
            self.insert_reader(id, context, reader);
        }
    }

    /// Makes readers of a body that has not been read get it as it came, encoded or not.
    pub(crate) fn keep_encoded(&self, id: u64) {
        if let Some(slot) = self.0.borrow_mut().get_mut(&id)
            && let Some(reader) = &mut slot.reader
        {
            reader.keep_encoded();
        }
    }

    /// The writing end, with the context that writes.
    pub(crate) fn writer(&self, id: u64) -> Option<(BodyWriter, Rc<Context>)> {
        let bodies = self.0.borrow();
        let slot = bodies.get(&id)?;
        Some((slot.writer.clone()?, slot.context.clone()))
    }

    /// Notes that a body that is still written is the response to a call.
    pub(crate) fn note_response(&self, id: u64, call: u64) {
        if let Some(slot) = self.0.borrow_mut().get_mut(&id) {
            slot.call = call;
        }
    }

    /// The body with which a call was answered, while it is written, with its context and whether its
    /// reader is there.
    pub(crate) fn response_of(&self, call: u64) -> Option<(u64, Rc<Context>, Caller)> {
        self.0.borrow().iter().find_map(|(id, slot)| {
            let writer = slot.writer.as_ref().filter(|_| slot.call == call)?;
            Some((*id, slot.context.clone(), Caller::of(writer.is_closed())))
        })
    }

    /// Keeps a watch on the reader while the body is written.
    pub(crate) fn set_watch(&self, id: u64, watch: Watch) {
        if let Some(slot) = self.0.borrow_mut().get_mut(&id) {
            slot.watch = Some(watch);
        }
    }

    /// Closes the writing end.
    pub(crate) fn close_writer(&self, id: u64) -> Option<(BodyWriter, Rc<Context>)> {
        let mut bodies = self.0.borrow_mut();
        let slot = bodies.get_mut(&id)?;
        let writer = slot.writer.take()?;
        let hold = slot.writing.take();
        slot.watch = None;
        let context = slot.context.clone();
        if slot.reader.is_none() {
            bodies.remove(&id);
        }
        drop(bodies);
        drop(hold);
        Some((writer, context))
    }

    /// Drops a body.
    pub(crate) fn remove(&self, id: u64) {
        let slot = self.0.borrow_mut().remove(&id);
        drop(slot);
    }

    /// Fails what a context was writing; its readers see the text.
    pub(crate) fn fail_context(&self, context: u64, text: &str) {
        for slot in self.0.borrow_mut().values_mut() {
            if slot.context.id == context
                && let Some(writer) = slot.writer.take()
            {
                let _unused = writer.try_send(Err(BodyError::Failed(text.to_owned())));
            }
        }
    }

    /// Drops what a context left open.
    pub(crate) fn end_context(&self, context: u64) {
        let mut left = Vec::new();
        self.0.borrow_mut().retain(|_, slot| {
            if slot.context.id != context {
                return true;
            }
            left.push((slot.writer.take(), slot.writing.take()));
            false
        });
        for (writer, _hold) in left {
            if let Some(writer) = writer {
                // The reader must not take the end of the context for the end of the body.
                let _unused = writer.try_send(Err(BodyError::Disconnected));
            }
        }
    }
}

/// All bytes of a body, of which there may be so many.
pub(crate) async fn collect(mut reader: BodyReader, bytes_max: u64) -> Result<Vec<u8>, BodyError> {
    let mut all = Vec::with_capacity(reader.length().unwrap_or(0).min(1 << 20) as usize);
    while let Some(chunk) = reader.next().await {
        let chunk = chunk?;
        if (all.len() + chunk.len()) as u64 > bytes_max {
            return Err(BodyError::Unbuffered);
        }
        all.extend_from_slice(&chunk);
    }
    Ok(all)
}

/// A body from its wire form: bytes stay bytes.
pub(crate) fn bytes_body(bytes: Vec<u8>) -> Body {
    Body::Bytes(Bytes::from(bytes))
}
