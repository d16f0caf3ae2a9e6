//! Host functions that JavaScript calls.

use std::ffi::CString;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

use mozjs::jsapi::ExceptionStackBehavior;
use mozjs::jsapi::{
    CallArgs, GetFunctionNativeReserved, JS_GetFunctionObject, JS_SetPendingException, JSContext,
    NewFunctionWithReserved, ReportUncatchableException, SetFunctionNativeReserved, Value,
};
use mozjs::jsval::{Int32Value, UndefinedValue};

use super::limits::StopReason;
use super::runtime::Inner;
use super::scope::{Local, ReleaseOnDrop, Scope, Thrown};

/// What a host function returns. [`Thrown::Stopped`] ends the turn uncatchably.
pub type NativeResult<'s> = Result<Local<'s>, Thrown<'s>>;

/// A host function. A panic in it ends the turn and resumes when the engine has returned.
pub type Native = for<'s> fn(&mut Scope<'s>, Args<'s>) -> NativeResult<'s>;

/// The arguments of a call.
#[derive(Clone, Copy)]
pub struct Args<'s> {
    first: *mut Value,
    count: u32,
    scope: PhantomData<&'s Value>,
}

impl<'s> Args<'s> {
    /// How many were passed.
    pub fn len(&self) -> u32 {
        self.count
    }

    /// Whether none was passed.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The argument, or undefined when fewer were passed.
    pub fn get(&self, scope: &Scope<'s>, index: u32) -> Local<'s> {
        if index >= self.count {
            return scope.undefined();
        }
        // SAFETY: the index is within the frame's arguments, which the engine traces until the
        // native returns; 's ends before that.
        unsafe { Local::from_slot(NonNull::new_unchecked(self.first.add(index as usize))) }
    }
}

impl<'s> Scope<'s> {
    /// A function that calls `native`.
    pub fn function(&mut self, name: &str, length: u32, native: Native) -> Local<'s> {
        let cx = self.cx();
        let index = {
            let mut natives = self.inner.natives.borrow_mut();
            natives.push(native);
            i32::try_from(natives.len() - 1).expect("there are few host functions")
        };
        let name = CString::new(name).expect("function names of the host have no NUL");
        // SAFETY: a realm is entered; the engine copies the name.
        let function =
            unsafe { NewFunctionWithReserved(cx, Some(trampoline), length, 0, name.as_ptr()) };
        assert!(!function.is_null(), "the engine has memory for a function");
        // SAFETY: the function was made just above, with reserved slots.
        unsafe {
            let object = JS_GetFunctionObject(function);
            let slot = Int32Value(index);
            SetFunctionNativeReserved(object, 0, &raw const slot);
            self.root_object(object)
        }
    }
}

/// The only native the engine sees; the real one is found by the index in the callee's slot.
unsafe extern "C" fn trampoline(cx: *mut JSContext, argc: u32, vp: *mut Value) -> bool {
    // SAFETY: the engine passes its own context, whose private data is the Inner.
    let inner = unsafe { Inner::of(cx) };
    // SAFETY: vp and argc describe the call's frame.
    let args = unsafe { CallArgs::from_vp(vp, argc) };
    // SAFETY: only `function` makes functions with this native, with an index in slot 0.
    let index = unsafe { (*GetFunctionNativeReserved(args.callee(), 0)).to_int32() };
    let native = inner.natives.borrow()[index as usize];
    let release = ReleaseOnDrop::new(inner);
    let arguments = Args {
        first: args.argv_,
        count: args.argc_,
        scope: PhantomData,
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let mut scope = Scope::new(inner);
        match native(&mut scope, arguments) {
            Ok(value) => Ok(value.value()),
            Err(Thrown::Value(error)) => {
                // SAFETY: the error is rooted in the scope.
                unsafe { JS_SetPendingException(cx, error.raw(), ExceptionStackBehavior::Capture) };
                Err(())
            }
            Err(Thrown::Stopped) => {
                inner.limits.stop(StopReason::Aborted);
                // SAFETY: the context is this thread's.
                unsafe { ReportUncatchableException(cx) };
                Err(())
            }
        }
    }));
    drop(release);
    match outcome {
        Ok(_) if inner.limits.must_end(cx) => {
            // SAFETY: the context is this thread's.
            unsafe { ReportUncatchableException(cx) };
            false
        }
        Ok(Ok(value)) => {
            args.rval().set(value);
            true
        }
        Ok(Err(())) => false,
        Err(panic) => {
            inner.keep_panic(panic);
            args.rval().set(UndefinedValue());
            // SAFETY: the context is this thread's.
            unsafe { ReportUncatchableException(cx) };
            false
        }
    }
}
