//! TCP connections. Their two directions are host bodies.

use std::rc::Rc;

use crate::content_coding::BodyReader;
use crate::context::{Context, Left};
use crate::op::{Op, OpError, OpResult};
use crate::settled::{Settled, Unsettled};
use crate::worker::{NotConnected, TcpConnection, Worker};

/// Connects; `[connectionId, incomingBodyId, outgoingBodyId]`.
pub(crate) fn connect<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    op.require_network()?;
    let host = op.text(0)?;
    let port = op.uint(1) as u16;
    let secure = op.flag(2);
    let context = op.context()?;
    let worker = op.worker.clone();
    op.promise(async move {
        context.until_durable().await?;
        let connected = worker.network().connect(host, port, secure).await;
        Ok(worker.keep_connection(&context, connected?))
    })
}

/// Starts TLS on a connection without it; the same three numbers of what it becomes.
///
/// What was written before is sent first. The outgoing body is closed.
pub(crate) fn start_tls<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let (id, outgoing) = (op.uint(0), op.uint(1));
    let expected_name = op.optional_text(2)?;
    let context = op.context()?;
    let worker = op.worker.clone();
    let upgrade = worker.upgrades.borrow_mut().remove(&id);
    let upgrade = upgrade.map(|(_, upgrade)| upgrade);
    let writer = worker.bodies.close_writer(outgoing);
    let (Some(upgrade), Some((writer, _))) = (upgrade, writer) else {
        return Err(OpError::error("Network connection lost."));
    };
    op.promise(async move {
        context.until_durable().await?;
        let secured = upgrade(writer, expected_name).await;
        Ok(worker.keep_connection(&context, secured?))
    })
}

impl From<NotConnected> for Unsettled {
    fn from(NotConnected { code, text }: NotConnected) -> Self {
        match code {
            Some(code) => Self::System {
                code,
                text,
                retryable: false,
            },
            None => Self::Error("Error", text),
        }
    }
}

impl Worker {
    /// Registers both directions, and the right to start TLS, with the context.
    fn keep_connection(&self, context: &Rc<Context>, connection: TcpConnection) -> Settled {
        let [id, incoming, outgoing] = [(); 3].map(|()| self.numbers().next());
        self.bodies
            .insert_reader(incoming, context, BodyReader::plain(connection.incoming));
        self.bodies
            .insert_writer(outgoing, context, connection.outgoing);
        let entry = (context.id, connection.upgrade);
        context.note_left(Left::Upgrades);
        self.upgrades.borrow_mut().insert(id, entry);
        Settled::Numbers(vec![id, incoming, outgoing])
    }
}

/// Nothing more is read: a connection ends when its outgoing body has.
pub(crate) fn forget<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let forgotten = op.worker.upgrades.borrow_mut().remove(&op.uint(0));
    drop(forgotten);
    op.undefined()
}
