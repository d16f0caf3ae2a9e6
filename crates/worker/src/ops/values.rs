//! What the engine knows about a value and a program cannot ask; and arrays made by the host.

use stated_engine::{Local, PromiseState, Scope};

use crate::op::{Op, OpError, OpResult};

/// `classOf`: the internal class of a value.
pub(crate) fn class_of<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let value = op.arg(0);
    let class = op.scope.class_of(value);
    Ok(op.scope.string(class))
}

/// `promiseState`: the state of a promise, with its value or reason.
pub(crate) fn promise_state<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let value = op.arg(0);
    let Some(state) = op.scope.promise_state(value) else {
        return Err(OpError::type_error("the value is not a promise"));
    };
    let (number, result) = match state {
        PromiseState::Pending => (0.0, None),
        PromiseState::Fulfilled(value) => (1.0, Some(value)),
        PromiseState::Rejected(reason) => (2.0, Some(reason)),
    };
    let number = op.scope.number(number);
    Ok(match result {
        None => op.scope.array(&[number]),
        Some(result) => op.scope.array(&[number, result]),
    })
}

/// `proxyParts`: target and handler of a Proxy.
pub(crate) fn proxy_parts<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let value = op.arg(0);
    match op.scope.proxy_parts(value) {
        Some((target, handler)) => Ok(op.scope.array(&[target, handler])),
        None => op.undefined(),
    }
}

/// `heapBytesMax`: the limit of the shard's heap.
pub(crate) fn heap_bytes_max<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let bytes = op.worker.heap_bytes();
    Ok(op.scope.number(bytes as f64))
}

/// Makes an array of the values that `make` makes of the items, each in a scope of its own.
///
/// For results of any length; there must be fewer items than the engine has room for handles.
pub(crate) fn array_of<'s, T>(
    scope: &mut Scope<'s>,
    items: Vec<T>,
    make: impl for<'i> Fn(&mut Scope<'i>, T) -> Local<'i>,
) -> Local<'s> {
    // Every element exists before it is set: setting one that does not would run a setter that
    // the program has put on Array.prototype.
    let blank = scope.undefined();
    let array = scope.array(&vec![blank; items.len()]);
    for (index, item) in (0..).zip(items) {
        scope.nested(|scope| {
            let value = make(scope, item);
            scope
                .set_element(array, index, value)
                .expect("an element that exists is plain data of the array");
        });
    }
    array
}
