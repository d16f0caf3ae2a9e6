//! Rate limits.

use stated_object::clock::wall_ms;

use crate::op::{Op, OpResult};

/// Counts one use of a key.
pub(crate) fn rate_limit<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    // Like all I/O, it is not for global scope.
    op.context()?;
    let (namespace, key) = (op.text(0)?, op.text(1)?);
    // A fraction of a use is none; what is not finite or negative is the nearest bound.
    let limit = op.number(2) as u32;
    let allowed = op
        .worker
        .rate_limits()
        .allows(&namespace, &key, limit, op.uint(3), wall_ms());
    Ok(op.scope.boolean(allowed))
}
