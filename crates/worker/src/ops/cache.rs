//! The Cache API.

use bytes::Bytes;

use crate::cache::{CachedResponse, Key};
use crate::op::{Op, OpError, OpResult};
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
        let response = worker.caches().get(key).await;
        Ok(Settled::Cached(response.map(Box::new)))
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
        body: Bytes::from(op.bytes(5)),
        stored_ms: op.number(6),
        expires_ms: op.number(7),
    };
    let worker = op.worker.clone();
    op.promise(async move {
        context.until_durable().await?;
        Ok(Settled::Bool(worker.caches().put(key, response).await))
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
