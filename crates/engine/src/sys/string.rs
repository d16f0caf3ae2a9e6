//! Strings and bytes, copied across the boundary.

use std::ptr::NonNull;

use mozjs::conversions::Utf8Chars;
use mozjs::jsapi::{
    GetArrayBufferMaybeSharedLengthAndData, GetArrayBufferViewLengthAndData,
    IsArrayBufferObjectMaybeShared, JS_DeprecatedStringHasLatin1Chars,
    JS_GetLatin1StringCharsAndLength, JS_GetTwoByteStringCharsAndLength, JS_GetUint8ArrayData,
    JS_IsArrayBufferViewObject, JS_NewStringCopyN, JS_NewStringCopyUTF8N, JS_NewUint8Array,
    JSString, NewArrayBuffer, ToStringSlow,
};
use mozjs::jsval::StringValue;
use mozjs::rooted;

use super::scope::{Local, Scope, Thrown};

impl<'s> Scope<'s> {
    /// A string from UTF-8.
    pub fn string(&mut self, text: &str) -> Local<'s> {
        let cx = self.cx();
        let string = if text.is_ascii() {
            // SAFETY: the pointer and length describe `text`; ASCII is Latin-1.
            unsafe { JS_NewStringCopyN(cx, text.as_ptr().cast(), text.len()) }
        } else {
            // SAFETY: `text` is UTF-8 and outlives the call.
            unsafe { JS_NewStringCopyUTF8N(cx, &raw const *Utf8Chars::from(text)) }
        };
        self.root_string(string)
    }

    /// A string with one code unit per byte (a ByteString).
    pub fn byte_string(&mut self, bytes: &[u8]) -> Local<'s> {
        // SAFETY: the pointer and length describe `bytes`, which are taken as Latin-1.
        let string = unsafe { JS_NewStringCopyN(self.cx(), bytes.as_ptr().cast(), bytes.len()) };
        self.root_string(string)
    }

    fn root_string(&self, string: *mut JSString) -> Local<'s> {
        let string = NonNull::new(string).expect("the engine has memory for a string");
        // SAFETY: the string was made or found by the engine and nothing ran since.
        self.root(StringValue(unsafe { string.as_ref() }))
    }

    /// `String(value)`, which may run JavaScript.
    ///
    /// # Errors
    /// What the conversion throws.
    pub fn to_text(&mut self, value: Local<'_>) -> Result<String, Thrown<'s>> {
        if let Some(text) = self.text(value) {
            return Ok(text);
        }
        // SAFETY: the value is rooted.
        let string = unsafe { ToStringSlow(self.cx(), value.raw()) };
        if string.is_null() {
            return Err(self.take_exception());
        }
        let local = self.root_string(string);
        Ok(self.text(local).expect("ToString gives a string"))
    }

    /// The text of a string value; lone surrogates become U+FFFD. None when it is no string.
    pub fn text(&self, value: Local<'_>) -> Option<String> {
        let value = value.value();
        if !value.is_string() {
            return None;
        }
        let string = value.to_string();
        let mut length = 0;
        // SAFETY: the string is rooted by the caller's handle; nothing allocates in the engine
        // between getting the characters and copying them.
        unsafe {
            if JS_DeprecatedStringHasLatin1Chars(string) {
                let chars = JS_GetLatin1StringCharsAndLength(
                    self.cx(),
                    std::ptr::null(),
                    string,
                    &raw mut length,
                );
                let chars = latin1_slice(chars, length);
                Some(match std::str::from_utf8(chars) {
                    Ok(ascii) if ascii.is_ascii() => ascii.to_owned(),
                    _ => encoding_rs::mem::decode_latin1(chars).into_owned(),
                })
            } else {
                let chars = JS_GetTwoByteStringCharsAndLength(
                    self.cx(),
                    std::ptr::null(),
                    string,
                    &raw mut length,
                );
                Some(if chars.is_null() {
                    String::new()
                } else {
                    String::from_utf16_lossy(std::slice::from_raw_parts(chars, length))
                })
            }
        }
    }

    /// The bytes of a ByteString. None when it is no string or has a code unit above 0xFF.
    pub fn byte_text(&self, value: Local<'_>) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        self.append_byte_text(value, &mut bytes).then_some(bytes)
    }

    /// Appends the bytes of a ByteString. False, and some of them may be there, when it is none.
    #[must_use]
    pub fn append_byte_text(&self, value: Local<'_>, bytes: &mut Vec<u8>) -> bool {
        let value = value.value();
        if !value.is_string() {
            return false;
        }
        let string = value.to_string();
        let mut length = 0;
        // SAFETY: as in `text`.
        unsafe {
            if JS_DeprecatedStringHasLatin1Chars(string) {
                let chars = JS_GetLatin1StringCharsAndLength(
                    self.cx(),
                    std::ptr::null(),
                    string,
                    &raw mut length,
                );
                bytes.extend_from_slice(latin1_slice(chars, length));
                return true;
            }
            let chars = JS_GetTwoByteStringCharsAndLength(
                self.cx(),
                std::ptr::null(),
                string,
                &raw mut length,
            );
            if chars.is_null() {
                return true;
            }
            for unit in std::slice::from_raw_parts(chars, length) {
                let Ok(byte) = u8::try_from(*unit) else {
                    return false;
                };
                bytes.push(byte);
            }
            true
        }
    }

    /// A fresh `Uint8Array`.
    pub fn uint8_array(&mut self, bytes: &[u8]) -> Local<'s> {
        let cx = self.cx();
        // SAFETY: a realm is entered.
        let array = unsafe { JS_NewUint8Array(cx, bytes.len()) };
        assert!(
            !array.is_null(),
            "the engine has memory for {} bytes",
            bytes.len()
        );
        let mut shared = false;
        // SAFETY: the array has bytes.len() bytes; nothing collects before the copy is done.
        unsafe {
            let data = JS_GetUint8ArrayData(array, &raw mut shared, std::ptr::null());
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), data, bytes.len());
        }
        self.root_object(array)
    }

    /// A fresh `ArrayBuffer`.
    pub fn array_buffer(&mut self, bytes: &[u8]) -> Local<'s> {
        // SAFETY: a realm is entered.
        let buffer = unsafe { NewArrayBuffer(self.cx(), bytes.len()) };
        assert!(
            !buffer.is_null(),
            "the engine has memory for {} bytes",
            bytes.len()
        );
        let local = self.root_object(buffer);
        self.with_bytes_mut(local, |target| target.copy_from_slice(bytes));
        local
    }

    /// A copy of the bytes of an `ArrayBuffer` or a view. None for anything else.
    pub fn bytes(&self, value: Local<'_>) -> Option<Vec<u8>> {
        self.with_bytes_mut(value, |bytes| bytes.to_vec())
    }

    /// Runs `f` on the bytes of an `ArrayBuffer` or a view, in place. None for anything else.
    ///
    /// `f` gets no scope, so nothing can move the bytes meanwhile.
    pub fn with_bytes_mut<R>(&self, value: Local<'_>, f: impl FnOnce(&mut [u8]) -> R) -> Option<R> {
        let value = value.value();
        if !value.is_object() {
            return None;
        }
        let object = value.to_object();
        let (mut length, mut shared, mut data) = (0, false, std::ptr::null_mut());
        // SAFETY: the object is rooted; the type test precedes each accessor; `f` cannot run the
        // engine; shared memory is only ever touched by this thread since no worker threads exist.
        unsafe {
            if JS_IsArrayBufferViewObject(object) {
                GetArrayBufferViewLengthAndData(
                    object,
                    &raw mut length,
                    &raw mut shared,
                    &raw mut data,
                );
            } else if IsArrayBufferObjectMaybeShared(object) {
                GetArrayBufferMaybeSharedLengthAndData(
                    object,
                    &raw mut length,
                    &raw mut shared,
                    &raw mut data,
                );
            } else {
                return None;
            }
            if length == 0 {
                return Some(f(&mut []));
            }
            Some(f(std::slice::from_raw_parts_mut(data, length)))
        }
    }

    /// Whether the value is an `ArrayBuffer` or a view of one.
    pub fn is_bytes(&self, value: Local<'_>) -> bool {
        let value = value.value();
        // SAFETY: the object is rooted by the caller.
        value.is_object()
            && unsafe {
                JS_IsArrayBufferViewObject(value.to_object())
                    || IsArrayBufferObjectMaybeShared(value.to_object())
            }
    }

    /// Parses JSON text.
    ///
    /// # Errors
    /// The engine's SyntaxError.
    pub fn parse_json(&mut self, text: &str) -> Result<Local<'s>, Thrown<'s>> {
        let cx = self.cx();
        let units: Vec<u16> = text.encode_utf16().collect();
        let result = self.undefined();
        rooted!(in(cx) let _anchor = result.value());
        // SAFETY: the pointer and length describe `units`; the result slot is rooted.
        if unsafe {
            mozjs::jsapi::JS_ParseJSON(cx, units.as_ptr(), units.len() as u32, result.raw_mut())
        } {
            Ok(result)
        } else {
            Err(self.take_exception())
        }
    }
}

/// # Safety
/// `chars` is null (then the length is taken as 0) or points to `length` bytes that stay valid.
unsafe fn latin1_slice<'a>(chars: *const u8, length: usize) -> &'a [u8] {
    if chars.is_null() || length == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(chars, length) }
}
