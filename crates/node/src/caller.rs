//! Callers on other shards, and what becomes of their events when they no longer wait.
//!
//! On the same shard a caller drops the event itself; here that is done for it, so that a program cannot tell on which
//! shard it was called.

use std::pin::pin;

use stated_object::program::Event;
use tokio::sync::oneshot;

/// What becomes of an event whose caller, on another shard, no longer waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GivenUp {
    /// It goes on, as calls do whose result nobody wants.
    GoesOn,
    /// It is dropped: it does not begin any more, or its program is told.
    Dropped,
}

impl GivenUp {
    pub(crate) fn of(event: &Event) -> Self {
        match event {
            Event::Fetch(_) => Self::Dropped,
            Event::Call { .. }
            | Event::TargetCall { .. }
            | Event::Restore { .. }
            | Event::Scheduled(_)
            | Event::Alarm(_)
            | Event::Socket { .. } => Self::GoesOn,
        }
    }

    /// Sends the answer when it is there, if it is still wanted. A handler that can begin at once does
    /// so, whoever waits for it.
    pub(crate) async fn reply<T>(
        self,
        answer: impl Future<Output = T>,
        mut reply: oneshot::Sender<T>,
    ) {
        let answer = pin!(answer);
        let answer = match self {
            Self::GoesOn => answer.await,
            Self::Dropped => tokio::select! {
                biased;
                answer = answer => answer,
                () = reply.closed() => return,
            },
        };
        let _unused = reply.send(answer);
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method};
    use stated_object::message::{Body, FetchRequest};

    use super::*;

    fn fetch() -> Event {
        Event::Fetch(FetchRequest {
            method: Method::GET,
            url: "http://host/".to_owned(),
            headers: HeaderMap::new(),
            body: Body::None,
            peer: None,
            cf: None,
        })
    }

    fn call() -> Event {
        Event::Call {
            path: vec!["method".to_owned()],
            args: None,
        }
    }

    #[tokio::test]
    async fn a_fetch_ends_with_its_caller() {
        let (reply, answer) = oneshot::channel::<u8>();
        drop(answer);

        let never = std::future::pending();
        GivenUp::of(&fetch()).reply(never, reply).await;
    }

    #[tokio::test]
    async fn what_can_begin_at_once_does_so_without_its_caller() {
        for event in [fetch(), call()] {
            let (reply, answer) = oneshot::channel::<u8>();
            let (sender, mut begun) = oneshot::channel();
            drop(answer);

            let handler = async move {
                let _unused = sender.send("begun");
                1
            };
            GivenUp::of(&event).reply(handler, reply).await;

            assert_eq!(begun.try_recv(), Ok("begun"));
        }
    }

    #[tokio::test]
    async fn a_call_goes_on_without_its_caller() {
        let (reply, answer) = oneshot::channel::<u8>();
        let (sender, mut ended) = oneshot::channel();
        drop(answer);

        let handler = async move {
            tokio::task::yield_now().await;
            let _unused = sender.send("ended");
            1
        };
        GivenUp::of(&call()).reply(handler, reply).await;

        assert_eq!(ended.try_recv(), Ok("ended"));
    }

    #[tokio::test]
    async fn a_caller_that_waits_gets_the_answer() {
        let (reply, answer) = oneshot::channel();

        GivenUp::of(&fetch()).reply(async { 7 }, reply).await;

        assert_eq!(answer.await, Ok(7));
    }
}
