//! The Cache API.

use bytes::Bytes;

use crate::cache::{CachedResponse, Key};
use crate::content_coding::BodyReader;
use crate::op::{Op, OpError, OpResult};
use crate::ops::body::{lost, spent};
use crate::settled::Settled;

impl<'s> Op<'_, 's> {
    /// The name of a cache and a key in it, the first two arguments.
    fn cache_key(&mut self) -> Result<Key, OpError<'s>> {
        Ok(Key {
            cache: self.text(0)?,
            key: self.text(1)?,
        })
    }
}

/// `cacheGet`
pub(crate) fn get<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    // Like all I/O, it is not for global scope.
    op.context()?;
    let key = op.cache_key()?;
    let worker = op.worker.clone();
    op.promise(async move {
        let found = worker.caches().get(key).await;
        Ok(Settled::Cached(found.map(Box::new)))
    })
}

/// `cacheRange`
pub(crate) fn range<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let context = op.context()?;
    let key = op.cache_key()?;
    let (stored_ms, first, count) = (op.number(2), op.uint(3), op.uint(4));
    let worker = op.worker.clone();
    op.promise(async move {
        let found = worker.caches().get(key).await;
        // Another response may have taken its place.
        let same = found.filter(|found| found.response.stored_ms == stored_ms);
        let Some(large) = same.and_then(|found| found.large) else {
            return Ok(Settled::Undefined);
        };
        let within = first
            .checked_add(count)
            .is_some_and(|end| end <= large.length());
        if !within {
            return Ok(Settled::Undefined);
        }
        let id = worker.numbers().next();
        let reader = BodyReader::plain(large.stream(first, count));
        worker.bodies.insert_reader(id, &context, reader);
        Ok(Settled::Number(id))
    })
}

/// `cachePut`, after what was written before it is durable.
pub(crate) fn put<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let context = op.context()?;
    let key = op.cache_key()?;
    let response = CachedResponse {
        status: op.uint(2) as u16,
        status_text: op.text(3)?,
        headers: op.texts(4)?,
        body: Bytes::new(),
        stored_ms: op.number(6),
        expires_ms: op.number(7),
    };
    let reader = match op.arg(5).as_number() {
        Some(id) => Some(op.worker.bodies.take_reader(id as u64).ok_or_else(spent)?),
        None => None,
    };
    let mut bytes = Some(Bytes::from(op.bytes(5))).filter(|bytes| !bytes.is_empty());
    let worker = op.worker.clone();
    op.promise(async move {
        context.until_durable().await?;
        let caches = worker.caches();
        let kept = match reader {
            Some(mut reader) => {
                caches
                    .put_pieces(key, response, async || reader.next().await)
                    .await
            }
            None => {
                caches
                    .put_pieces(key, response, async || bytes.take().map(Ok))
                    .await
            }
        };
        kept.map(Settled::Bool).map_err(|error| lost(&error))
    })
}

/// `cacheDelete`, after what was written before it is durable.
pub(crate) fn delete<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let context = op.context()?;
    let key = op.cache_key()?;
    let worker = op.worker.clone();
    op.promise(async move {
        context.until_durable().await?;
        Ok(Settled::Bool(worker.caches().delete(key).await))
    })
}
