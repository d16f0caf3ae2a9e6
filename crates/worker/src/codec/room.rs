//! How much the states of a shard's open codecs may take together.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use super::{Codec, CodecError};

/// What the states of all open streams of a shard may take, in bytes.
pub(crate) const WEIGHT_MAX: usize = 512 << 20;

/// The room for a shard's codecs; clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Room(Rc<Cell<usize>>);

impl Room {
    /// Keeps a codec, which gives its room back when it is dropped.
    ///
    /// # Errors
    /// All codecs together would take more than [`WEIGHT_MAX`].
    pub(crate) fn admit(&self, codec: Codec) -> Result<Admitted, CodecError> {
        let weight = self.0.get() + codec.weight();
        if weight > WEIGHT_MAX {
            return Err(CodecError::not_initialized());
        }
        self.0.set(weight);
        let room = self.clone();
        Ok(Admitted { codec, room })
    }

    /// What is taken, in bytes.
    #[cfg(test)]
    pub(crate) fn taken(&self) -> usize {
        self.0.get()
    }
}

/// A codec that has room.
pub(crate) struct Admitted {
    codec: Codec,
    room: Room,
}

impl Deref for Admitted {
    type Target = Codec;

    fn deref(&self) -> &Codec {
        &self.codec
    }
}

impl DerefMut for Admitted {
    fn deref_mut(&mut self) -> &mut Codec {
        &mut self.codec
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.room.0.set(self.room.0.get() - self.codec.weight());
    }
}

#[cfg(test)]
mod tests {
    use super::{Room, WEIGHT_MAX};
    use crate::codec::{Codec, DeflateSettings, Wrapper};

    fn codec() -> Codec {
        Codec::deflate(Wrapper::Raw, DeflateSettings::default()).unwrap()
    }

    #[test]
    fn codecs_take_so_much_and_no_more() {
        let room = Room::default();
        let fit = WEIGHT_MAX / codec().weight();
        // Their states would take that much, too: what counts is the sum.
        room.0.set((fit - 1) * codec().weight());

        let last = room.admit(codec()).expect("it still fits");
        let refused = room.admit(codec()).err().expect("it does not");
        assert_eq!(refused.message, "Initialization failed");

        drop(last);
        assert!(room.admit(codec()).is_ok());
    }
}
