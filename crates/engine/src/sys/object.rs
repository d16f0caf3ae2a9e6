//! Objects, arrays and calls.

use std::ffi::CString;

use mozjs::glue::GetProxyPrivate;
use mozjs::glue::GetProxyReservedSlot;
use mozjs::jsapi::{
    Construct1, ESClass, GetArrayLength, GetBuiltinClass, HandleValueArray, IsArrayObject,
    JS_CallFunctionValue, JS_DefineProperty, JS_GetElement, JS_GetProperty, JS_NewPlainObject,
    JS_SetElement, JSCLASS_IS_PROXY, JSPROP_ENUMERATE, NewArrayObject,
};
use mozjs::jsval::UndefinedValue;
use mozjs::rooted;
use mozjs::rust::get_object_class;

use super::scope::{Local, Scope, Thrown};

impl<'s> Scope<'s> {
    /// A plain object without properties.
    pub fn object(&mut self) -> Local<'s> {
        // SAFETY: a realm is entered.
        let object = unsafe { JS_NewPlainObject(self.cx()) };
        assert!(!object.is_null(), "the engine has memory for an object");
        self.root_object(object)
    }

    /// An array of the values.
    pub fn array(&mut self, items: &[Local<'_>]) -> Local<'s> {
        let mark = self.inner.roots.handles.mark();
        let contents = self.contiguous(items);
        // SAFETY: contents describes consecutive traced slots.
        let array = unsafe { NewArrayObject(self.cx(), &raw const contents) };
        self.inner.roots.handles.release_to(mark);
        assert!(
            !array.is_null(),
            "the engine has memory for an array of {}",
            items.len()
        );
        self.root_object(array)
    }

    /// Copies values to consecutive slots at the top of the handle stack.
    fn contiguous(&self, items: &[Local<'_>]) -> HandleValueArray {
        let mut first = None;
        for item in items {
            let slot = self.inner.roots.handles.push(item.value());
            first.get_or_insert(slot);
        }
        HandleValueArray {
            length_: items.len(),
            elements_: first.map_or(std::ptr::null(), |slot| slot.as_ptr().cast_const()),
        }
    }

    /// Whether the value is an array (not a Proxy of one).
    pub fn is_array(&mut self, value: Local<'_>) -> bool {
        if !value.is_object() {
            return false;
        }
        let cx = self.cx();
        let mut answer = false;
        // SAFETY: the value is rooted.
        unsafe { IsArrayObject(cx, value.raw(), &raw mut answer) && answer }
    }

    /// The length of an array; 0 for anything else.
    pub fn array_length(&mut self, array: Local<'_>) -> u32 {
        if !self.is_array(array) {
            return 0;
        }
        let cx = self.cx();
        rooted!(in(cx) let object = array.value().to_object());
        let mut length = 0;
        // SAFETY: the object is a rooted array.
        if unsafe { GetArrayLength(cx, object.handle().into(), &raw mut length) } {
            length
        } else {
            0
        }
    }

    /// `object[index]`
    ///
    /// # Errors
    /// What a getter throws.
    pub fn element(&mut self, object: Local<'_>, index: u32) -> Result<Local<'s>, Thrown<'s>> {
        let cx = self.cx();
        let result = self.root(UndefinedValue());
        rooted!(in(cx) let object = object.value().to_object());
        // SAFETY: object and result are rooted.
        if unsafe { JS_GetElement(cx, object.handle().into(), index, result.raw_mut()) } {
            Ok(result)
        } else {
            Err(self.take_exception())
        }
    }

    /// `object[index] = value`
    ///
    /// # Errors
    /// What a setter throws.
    pub fn set_element(
        &mut self,
        object: Local<'_>,
        index: u32,
        value: Local<'_>,
    ) -> Result<(), Thrown<'s>> {
        let cx = self.cx();
        rooted!(in(cx) let object = object.value().to_object());
        // SAFETY: object and value are rooted.
        if unsafe { JS_SetElement(cx, object.handle().into(), index, value.raw()) } {
            Ok(())
        } else {
            Err(self.take_exception())
        }
    }

    /// `object.name`
    ///
    /// # Errors
    /// What a getter throws.
    pub fn property(&mut self, object: Local<'_>, name: &str) -> Result<Local<'s>, Thrown<'s>> {
        let cx = self.cx();
        let name = CString::new(name).expect("property names of the host have no NUL");
        let result = self.root(UndefinedValue());
        if !object.is_object() {
            return Ok(result);
        }
        rooted!(in(cx) let object = object.value().to_object());
        // SAFETY: object and result are rooted; the name outlives the call.
        if unsafe { JS_GetProperty(cx, object.handle().into(), name.as_ptr(), result.raw_mut()) } {
            Ok(result)
        } else {
            Err(self.take_exception())
        }
    }

    /// Defines an own, enumerable, writable data property.
    pub fn define(&mut self, object: Local<'_>, name: &str, value: Local<'_>) {
        let cx = self.cx();
        let name = CString::new(name).expect("property names of the host have no NUL");
        rooted!(in(cx) let object = object.value().to_object());
        // SAFETY: object and value are rooted; the name outlives the call.
        let defined = unsafe {
            JS_DefineProperty(
                cx,
                object.handle().into(),
                name.as_ptr(),
                value.raw(),
                JSPROP_ENUMERATE.into(),
            )
        };
        assert!(
            defined,
            "the host defines properties on its own extensible objects only"
        );
    }

    /// Calls `function` with `this` undefined. Microtasks are not drained.
    ///
    /// # Errors
    /// What it throws, or [`Thrown::Stopped`].
    pub fn call(
        &mut self,
        function: Local<'_>,
        args: &[Local<'_>],
    ) -> Result<Local<'s>, Thrown<'s>> {
        let cx = self.cx();
        let result = self.root(UndefinedValue());
        let mark = self.inner.roots.handles.mark();
        let arguments = self.contiguous(args);
        rooted!(in(cx) let this = std::ptr::null_mut::<mozjs::jsapi::JSObject>());
        // SAFETY: function, arguments and result are traced slots; a null `this` means undefined.
        let done = unsafe {
            JS_CallFunctionValue(
                cx,
                this.handle().into(),
                function.raw(),
                &raw const arguments,
                result.raw_mut(),
            )
        };
        self.inner.roots.handles.release_to(mark);
        self.inner.resume_panic();
        if done {
            Ok(result)
        } else {
            Err(self.take_exception())
        }
    }

    /// `new constructor(...args)`
    ///
    /// # Errors
    /// What it throws, or [`Thrown::Stopped`].
    pub fn construct(
        &mut self,
        constructor: Local<'_>,
        args: &[Local<'_>],
    ) -> Result<Local<'s>, Thrown<'s>> {
        let cx = self.cx();
        let mark = self.inner.roots.handles.mark();
        let arguments = self.contiguous(args);
        rooted!(in(cx) let mut object = std::ptr::null_mut::<mozjs::jsapi::JSObject>());
        // SAFETY: constructor and arguments are traced slots; the result is rooted.
        let done = unsafe {
            Construct1(
                cx,
                constructor.raw(),
                &raw const arguments,
                object.handle_mut().into(),
            )
        };
        self.inner.roots.handles.release_to(mark);
        self.inner.resume_panic();
        if done {
            Ok(self.root_object(object.get()))
        } else {
            Err(self.take_exception())
        }
    }

    /// The internal class of an object, seen through no Proxy; empty for a primitive.
    pub fn class_of(&mut self, value: Local<'_>) -> &'static str {
        if !value.is_object() {
            return "";
        }
        if self.is_proxy(value) {
            return "Proxy";
        }
        let cx = self.cx();
        rooted!(in(cx) let object = value.value().to_object());
        let mut class = ESClass::Other;
        // SAFETY: the object is rooted.
        if !unsafe { GetBuiltinClass(cx, object.handle().into(), &raw mut class) } {
            let _ = self.take_exception();
        }
        match class {
            ESClass::Object => "Object",
            ESClass::Array => "Array",
            ESClass::Number => "Number",
            ESClass::String => "String",
            ESClass::Boolean => "Boolean",
            ESClass::RegExp => "RegExp",
            ESClass::ArrayBuffer => "ArrayBuffer",
            ESClass::SharedArrayBuffer => "SharedArrayBuffer",
            ESClass::Date => "Date",
            ESClass::Set => "Set",
            ESClass::Map => "Map",
            ESClass::Promise => "Promise",
            ESClass::MapIterator => "MapIterator",
            ESClass::SetIterator => "SetIterator",
            ESClass::Arguments => "Arguments",
            ESClass::Error => "Error",
            ESClass::BigInt => "BigInt",
            ESClass::Function => "Function",
            ESClass::Other => "Other",
        }
    }

    fn is_proxy(&self, value: Local<'_>) -> bool {
        // SAFETY: the value is a rooted object, whose class is a constant.
        unsafe { (*get_object_class(value.value().to_object())).flags & JSCLASS_IS_PROXY != 0 }
    }

    /// `(target, handler)` of a Proxy, without running its traps. None for anything else.
    pub fn proxy_parts(&mut self, value: Local<'_>) -> Option<(Local<'s>, Local<'s>)> {
        if !value.is_object() || !self.is_proxy(value) {
            return None;
        }
        let (mut target, mut handler) = (UndefinedValue(), UndefinedValue());
        // SAFETY: the object is a proxy; scripted ones keep the handler in their first slot.
        unsafe {
            GetProxyPrivate(value.value().to_object(), &raw mut target);
            GetProxyReservedSlot(value.value().to_object(), 0, &raw mut handler);
        }
        Some((self.root(target), self.root(handler)))
    }
}
