//! WebSocket messages as a load, with the frames of tungstenite and none of its buffers.

use std::io::Cursor;

use anyhow::{Result, bail, ensure};
use bytes::Bytes;
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::protocol::frame::{Frame, FrameHeader};

use super::{Load, Received};

/// Any key masks; a random one would only cost time on the client's side.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// Appends one message of a client.
pub(crate) fn write_message(kind: Data, payload: &[u8], outbox: &mut Vec<u8>) {
    let header = FrameHeader {
        opcode: OpCode::Data(kind),
        mask: Some(MASK),
        ..FrameHeader::default()
    };
    Frame::from_payload(header, Bytes::copy_from_slice(payload))
        .format(outbox)
        .expect("a vector takes everything");
}

/// Reads the message at the front of an inbox: its bytes on the wire and its payload.
///
/// # Errors
/// When it is no whole data message: no server here fragments, pings or closes.
pub(crate) fn read_message(inbox: &[u8]) -> Result<Option<(usize, &[u8])>> {
    let mut cursor = Cursor::new(inbox);
    let Some((header, length)) = FrameHeader::parse(&mut cursor)? else {
        return Ok(None);
    };
    let is_data = matches!(header.opcode, OpCode::Data(Data::Text | Data::Binary));
    ensure!(is_data && header.is_final, "a frame is {header:?}");
    let start = cursor.position() as usize;
    let end = start + usize::try_from(length)?;
    Ok(inbox.get(start..end).map(|payload| (end, payload)))
}

/// Every connection sends a message of its own and waits until the same comes back.
pub(crate) struct Echo {
    payloads: Vec<Vec<u8>>,
}

impl Echo {
    /// The payload of a connection is its number, filled up to `bytes`.
    pub(crate) fn new(connections: usize, bytes: usize) -> Self {
        let payloads = (0..connections)
            .map(|number| format!("{number:0bytes$}").into_bytes())
            .collect();
        Self { payloads }
    }
}

impl Load for Echo {
    fn begin(&mut self, connection: usize, outbox: &mut Vec<u8>) -> bool {
        write_message(Data::Text, &self.payloads[connection], outbox);
        true
    }

    fn receive(&mut self, connection: usize, inbox: &[u8]) -> Result<Received> {
        match read_message(inbox)? {
            None => Ok(Received::Part),
            Some((count, payload)) if payload == self.payloads[connection] => {
                Ok(Received::Answer(count))
            }
            Some((_, payload)) => bail!("echo is `{}`", String::from_utf8_lossy(payload)),
        }
    }
}

/// A connection sends a message, which must reach all; the one that it reaches last sends the next.
pub(crate) struct Broadcast {
    connections: usize,
    /// Counts the messages; it is their payload.
    sent: u64,
    /// How many copies of the current one have not come.
    missing: usize,
}

impl Broadcast {
    pub(crate) fn new(connections: usize) -> Self {
        Self {
            connections,
            sent: 0,
            missing: 0,
        }
    }

    fn payload(&self) -> Vec<u8> {
        // A star asks the room to send it to everybody.
        format!("*{:031}", self.sent).into_bytes()
    }
}

impl Load for Broadcast {
    fn begin(&mut self, _connection: usize, outbox: &mut Vec<u8>) -> bool {
        if self.missing > 0 {
            return false;
        }
        self.sent += 1;
        self.missing = self.connections;
        write_message(Data::Text, &self.payload(), outbox);
        true
    }

    fn receive(&mut self, _connection: usize, inbox: &[u8]) -> Result<Received> {
        let Some((count, payload)) = read_message(inbox)? else {
            return Ok(Received::Part);
        };
        ensure!(
            payload == self.payload(),
            "a copy is `{}`",
            String::from_utf8_lossy(payload)
        );
        self.missing -= 1;
        Ok(if self.missing == 0 {
            Received::Answer(count)
        } else {
            Received::Other(count)
        })
    }
}

#[cfg(test)]
mod tests;
