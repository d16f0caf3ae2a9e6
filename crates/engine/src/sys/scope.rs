//! A scope: permission to use the engine for a while, and the values made in it.

use std::marker::PhantomData;
use std::ptr::NonNull;

use mozjs::jsapi::{Handle as RawHandle, MutableHandle as RawMutableHandle};
use mozjs::jsapi::{JS_ClearPendingException, JS_GetPendingException, JS_IsExceptionPending};
use mozjs::jsapi::{JSContext, JSObject, Value};
use mozjs::jsval::{BooleanValue, DoubleValue, Int32Value, NullValue, ObjectValue, UndefinedValue};

use super::handles::Persistent;
use super::runtime::Inner;

/// A value that is rooted as long as the scope `'s` that made it.
#[derive(Clone, Copy, Debug)]
pub struct Local<'s> {
    slot: NonNull<Value>,
    scope: PhantomData<&'s Value>,
}

/// Why running JavaScript failed.
#[derive(Clone, Copy, Debug)]
pub enum Thrown<'s> {
    /// It threw this value.
    Value(Local<'s>),
    /// It was ended by a limit or by an abort, which no JavaScript can catch. The reason is
    /// [`Scope::stop_reason`].
    Stopped,
}

/// The engine, entered. Everything that may collect garbage takes `&mut Scope`.
pub struct Scope<'s> {
    pub(crate) inner: &'s Inner,
    // Invariant, so that a scope cannot be passed where a longer-lived one is expected.
    scope: PhantomData<std::cell::Cell<&'s ()>>,
}

impl<'s> Scope<'s> {
    /// Wraps the entered runtime.
    ///
    /// The caller releases the handle stack to its former mark when the scope ends, and hands the
    /// scope only to a closure or function that is generic over `'s`.
    pub(crate) fn new(inner: &'s Inner) -> Self {
        Self {
            inner,
            scope: PhantomData,
        }
    }

    #[inline]
    pub(crate) fn cx(&self) -> *mut JSContext {
        self.inner.cx
    }

    /// Roots a value in this scope.
    #[inline]
    pub(crate) fn root(&self, value: Value) -> Local<'s> {
        Local {
            slot: self.inner.roots.handles.push(value),
            scope: PhantomData,
        }
    }

    #[inline]
    pub(crate) fn root_object(&self, object: *mut JSObject) -> Local<'s> {
        self.root(ObjectValue(object))
    }

    /// Runs `f` in an inner scope whose values are released when it returns; for loops over data.
    pub fn nested<R>(&mut self, f: impl for<'i> FnOnce(&mut Scope<'i>) -> R) -> R {
        let _release = ReleaseOnDrop::new(self.inner);
        f(&mut Scope::new(self.inner))
    }

    /// Keeps a value beyond this scope.
    pub fn persist(&self, value: Local<'_>) -> Persistent {
        self.inner.roots.persistents.insert(value.value())
    }

    /// A kept value, in this scope.
    pub fn local(&self, persistent: &Persistent) -> Local<'s> {
        self.root(persistent.value())
    }

    /// `undefined`
    pub fn undefined(&self) -> Local<'s> {
        self.root(UndefinedValue())
    }

    /// `null`
    pub fn null(&self) -> Local<'s> {
        self.root(NullValue())
    }

    /// `true` or `false`
    pub fn boolean(&self, value: bool) -> Local<'s> {
        self.root(BooleanValue(value))
    }

    /// A number.
    pub fn number(&self, value: f64) -> Local<'s> {
        let integer = value as i32;
        if f64::from(integer) == value && (integer != 0 || value.is_sign_positive()) {
            return self.root(Int32Value(integer));
        }
        self.root(DoubleValue(value))
    }

    /// Takes the pending exception after an engine call returned failure.
    pub(crate) fn take_exception(&self) -> Thrown<'s> {
        let cx = self.cx();
        let slot = self.root(UndefinedValue());
        // SAFETY: the context is this thread's; the slot is rooted.
        unsafe {
            if !JS_IsExceptionPending(cx) || !JS_GetPendingException(cx, slot.raw_mut()) {
                JS_ClearPendingException(cx);
                return Thrown::Stopped;
            }
            JS_ClearPendingException(cx);
        }
        Thrown::Value(slot)
    }
}

/// Frees the handle slots taken during its life, also when unwinding.
pub(crate) struct ReleaseOnDrop<'a> {
    inner: &'a Inner,
    mark: usize,
}

impl<'a> ReleaseOnDrop<'a> {
    pub(crate) fn new(inner: &'a Inner) -> Self {
        Self {
            inner,
            mark: inner.roots.handles.mark(),
        }
    }
}

impl Drop for ReleaseOnDrop<'_> {
    fn drop(&mut self) {
        self.inner.roots.handles.release_to(self.mark);
    }
}

impl<'s> Local<'s> {
    /// Wraps a traced place, such as an argument slot of a native call.
    ///
    /// # Safety
    /// `slot` stays traced and valid for `'s`.
    pub(crate) unsafe fn from_slot(slot: NonNull<Value>) -> Self {
        Self {
            slot,
            scope: PhantomData,
        }
    }

    #[inline]
    pub(crate) fn value(self) -> Value {
        // SAFETY: the slot is valid for 's by construction.
        unsafe { self.slot.read() }
    }

    #[inline]
    pub(crate) fn raw(self) -> RawHandle<Value> {
        RawHandle {
            _phantom_0: PhantomData,
            ptr: self.slot.as_ptr(),
        }
    }

    #[inline]
    pub(crate) fn raw_mut(self) -> RawMutableHandle<Value> {
        // SAFETY: the slot is a traced location.
        unsafe { RawMutableHandle::from_marked_location(self.slot.as_ptr()) }
    }

    /// Whether it is `undefined`.
    pub fn is_undefined(self) -> bool {
        self.value().is_undefined()
    }

    /// Whether it is `undefined` or `null`.
    pub fn is_nullish(self) -> bool {
        self.value().is_null_or_undefined()
    }

    /// Whether it is a string.
    pub fn is_string(self) -> bool {
        self.value().is_string()
    }

    /// Whether it is an object (functions included, null excluded).
    pub fn is_object(self) -> bool {
        self.value().is_object()
    }

    /// Its number, without conversion.
    pub fn as_number(self) -> Option<f64> {
        let value = self.value();
        value.is_number().then(|| value.to_number())
    }

    /// Its boolean, without conversion.
    pub fn as_bool(self) -> Option<bool> {
        let value = self.value();
        value.is_boolean().then(|| value.to_boolean())
    }
}
