//! The frame: what every continuation carries about where it came from.
//!
//! A frame is an engine object with three reserved slots: the I/O context, the critical section and
//! the async-context value (AsyncLocalStorage). The current one is attached to each promise reaction
//! when it is registered (`host_defined_data`) and made current again when the reaction runs.

use mozjs::glue::JS_GetReservedSlot;
use mozjs::jsapi::{JS_NewObject, JS_SetReservedSlot, JSClass, JSContext, JSObject, Value};
use mozjs::jsapi::{JSCLASS_RESERVED_SLOTS_MASK, JSCLASS_RESERVED_SLOTS_SHIFT};
use mozjs::jsval::{DoubleValue, UndefinedValue};
use mozjs::rooted;

const SLOT_CONTEXT: u32 = 0;
const SLOT_SECTION: u32 = 1;
const SLOT_ASYNC: u32 = 2;

static FRAME_CLASS: JSClass = JSClass {
    name: c"Frame".as_ptr(),
    flags: (3 & JSCLASS_RESERVED_SLOTS_MASK) << JSCLASS_RESERVED_SLOTS_SHIFT,
    cOps: std::ptr::null(),
    spec: std::ptr::null(),
    ext: std::ptr::null(),
    oOps: std::ptr::null(),
};

/// The part of a frame that the host decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameInfo {
    /// The I/O context; 0 is the global scope.
    pub context: u64,
    /// The critical section; 0 is none.
    pub section: u32,
}

/// Makes a frame object in the entered realm.
///
/// # Safety
/// A realm is entered; `async_value` is in a rooted place of its caller.
pub(crate) unsafe fn new_frame(
    cx: *mut JSContext,
    info: FrameInfo,
    async_value: Value,
) -> *mut JSObject {
    rooted!(in(cx) let rooted_value = async_value);
    // SAFETY: the class is a constant without hooks.
    let object = unsafe { JS_NewObject(cx, &raw const FRAME_CLASS) };
    assert!(!object.is_null(), "out of memory for a frame of 56 bytes");
    let context = DoubleValue(info.context as f64);
    let section = DoubleValue(f64::from(info.section));
    // SAFETY: the object was made of a class with three reserved slots just above.
    unsafe {
        JS_SetReservedSlot(object, SLOT_CONTEXT, &raw const context);
        JS_SetReservedSlot(object, SLOT_SECTION, &raw const section);
        let value = rooted_value.get();
        JS_SetReservedSlot(object, SLOT_ASYNC, &raw const value);
    }
    object
}

/// Reads a frame object.
///
/// # Safety
/// `frame` was made by [`new_frame`] and is rooted.
pub(crate) unsafe fn read_frame(frame: *mut JSObject) -> FrameInfo {
    let mut context = UndefinedValue();
    let mut section = UndefinedValue();
    // SAFETY: frames have these slots.
    unsafe {
        JS_GetReservedSlot(frame, SLOT_CONTEXT, &raw mut context);
        JS_GetReservedSlot(frame, SLOT_SECTION, &raw mut section);
    }
    FrameInfo {
        context: context.to_number() as u64,
        section: section.to_number() as u32,
    }
}

/// The async-context value of a frame.
///
/// # Safety
/// As [`read_frame`].
pub(crate) unsafe fn frame_async_value(frame: *mut JSObject) -> Value {
    let mut value = UndefinedValue();
    // SAFETY: frames have this slot.
    unsafe { JS_GetReservedSlot(frame, SLOT_ASYNC, &raw mut value) };
    value
}
