//! Requests to the outside.

use std::borrow::Cow;

use http::Method;
use stated_core::error::{ErrorCode, Failure};
use stated_object::message::FetchRequest;
use tokio::sync::oneshot;

use crate::dynamic::Outbound;
use crate::op::{Op, OpError, OpResult};
use crate::settled::{Settled, Unsettled};
use crate::worker::{NoResponse, Redirect};

/// A number with which a fetch can be cancelled.
pub(crate) fn token<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let token = op.worker.numbers().next();
    Ok(op.scope.number(token as f64))
}

impl<'s> Op<'_, 's> {
    /// Method, URL, headers and body from four arguments.
    pub(crate) fn request(&mut self, first: u32) -> Result<FetchRequest, OpError<'s>> {
        let method = self.text(first)?;
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|_| OpError::type_error(format!("Invalid HTTP method string: {method}")))?;
        Ok(FetchRequest {
            method,
            url: self.text(first + 1)?,
            headers: self.headers(first + 2)?,
            body: self.body(first + 3)?,
            peer: None,
            cf: None,
        })
    }

    /// The same from five arguments, of which the last is the request's `cf`.
    pub(crate) fn request_with_cf(&mut self, first: u32) -> Result<FetchRequest, OpError<'s>> {
        let request = self.request(first)?;
        Ok(FetchRequest {
            cf: self.optional_text(first + 4)?.map(Cow::Owned),
            ..request
        })
    }

    /// Requires that the program may reach the outside.
    pub(crate) fn require_network(&self) -> Result<(), OpError<'s>> {
        let program = self.worker.running_program();
        match program.map(|program| program.outbound) {
            Some(Outbound::Nowhere) => Err(OpError::error(
                "This worker is not permitted to access the internet via global functions like fetch(). It must use capabilities (such as bindings in 'env') to talk to the outside world.",
            )),
            Some(Outbound::Network) | None => Ok(()),
        }
    }

    /// Registers a token; the receiver fires when the fetch is aborted.
    pub(crate) fn abortable(&self, token: u64) -> Abortable {
        let receiver = (token != 0).then(|| {
            let (sender, receiver) = oneshot::channel();
            self.worker.fetches.borrow_mut().insert(token, sender);
            receiver
        });
        Abortable {
            receiver,
            token,
            worker: self.worker.clone(),
        }
    }
}

/// Waits for an abort; forgets the token when dropped.
pub(crate) struct Abortable {
    receiver: Option<oneshot::Receiver<()>>,
    token: u64,
    worker: std::rc::Rc<crate::worker::Worker>,
}

impl Abortable {
    /// Waits for the abort; for ever without one.
    pub(crate) async fn aborted(&mut self) {
        let aborted = match &mut self.receiver {
            Some(receiver) => receiver.await.is_ok(),
            None => false,
        };
        if !aborted {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Abortable {
    fn drop(&mut self) {
        if self.receiver.is_some() {
            self.worker.fetches.borrow_mut().remove(&self.token);
        }
    }
}

/// The rejection that JavaScript replaces by the signal's reason.
pub(crate) fn aborted() -> Unsettled {
    Unsettled::Error(
        "DOMException:AbortError",
        "The operation was aborted".to_owned(),
    )
}

/// `fetch`
pub(crate) fn start<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    op.require_network()?;
    let mut abortable = op.abortable(op.uint(0));
    let request = op.request(1)?;
    let redirect = match op.text(5)?.as_str() {
        "error" => Redirect::Error,
        "manual" => Redirect::Manual,
        "verbatim" => Redirect::Verbatim,
        _ => Redirect::Follow,
    };
    let context = op.context()?;
    let network = op.worker.network().clone();
    op.promise(async move {
        context.until_durable().await?;
        tokio::select! {
            response = network.fetch(request, redirect) => {
                Ok(Settled::Response(Box::new(response?)))
            }
            () = abortable.aborted() => Err(aborted()),
        }
    })
}

impl From<NoResponse> for Unsettled {
    fn from(reason: NoResponse) -> Self {
        match reason {
            NoResponse::NetworkLost => Failure::new(ErrorCode::NetworkLost).into(),
            NoResponse::Refused => Self::System {
                code: "ECONNREFUSED",
                text: Failure::new(ErrorCode::NetworkLost).message.to_string(),
                retryable: true,
            },
            NoResponse::TypeError(text) => Self::Error("TypeError", text),
            NoResponse::Error(None, text) => Self::Error("Error", text),
            NoResponse::Error(Some(code), text) => Self::System {
                code,
                text,
                retryable: false,
            },
        }
    }
}

/// Cancels a fetch.
pub(crate) fn abort<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let sender = op.worker.fetches.borrow_mut().remove(&op.uint(0));
    if let Some(sender) = sender {
        let _unused = sender.send(());
    }
    op.undefined()
}
