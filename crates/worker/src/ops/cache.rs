//! The Cache API.

use bytes::Bytes;

use crate::cache::CachedResponse;
use crate::op::{Op, OpResult};
use crate::settled::Settled;

/// `cacheGet`
pub(crate) fn get<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    // Like all I/O, it is not for global scope.
    op.context()?;
    let (cache, key) = (op.text(0)?, op.text(1)?);
    let Some(response) = op.worker.caches().get(&cache, &key) else {
        return op.undefined();
    };
    let headers: Vec<_> = response
        .headers
        .iter()
        .map(|text| op.scope.string(text))
        .collect();
    let parts = [
        op.scope.number(f64::from(response.status)),
        op.scope.string(&response.status_text),
        op.scope.array(&headers),
        op.scope.uint8_array(&response.body),
        op.scope.number(response.stored_ms),
        op.scope.number(response.expires_ms),
    ];
    Ok(op.scope.array(&parts))
}

/// `cachePut`, after what was written before it is durable.
pub(crate) fn put<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let context = op.context()?;
    let (cache, key) = (op.text(0)?, op.text(1)?);
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
        Ok(Settled::Bool(worker.caches().put(&cache, &key, response)))
    })
}

/// `cacheDelete`, after what was written before it is durable.
pub(crate) fn delete<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let context = op.context()?;
    let (cache, key) = (op.text(0)?, op.text(1)?);
    let worker = op.worker.clone();
    op.promise(async move {
        context.until_durable().await?;
        Ok(Settled::Bool(worker.caches().delete(&cache, &key)))
    })
}
