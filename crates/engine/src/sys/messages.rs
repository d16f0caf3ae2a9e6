//! Errors of the engine that programs know in V8's or workerd's words.
//!
//! The engine makes these errors itself, deep inside, and offers no hook to change them. But it
//! takes their class and text from one table, an entry of which [`GetErrorMessage`] hands out, so
//! the entries are rewritten once, before the first context exists.

use std::ffi::{CStr, c_void};
use std::ptr::null_mut;

use mozjs::jsapi::js::GetErrorMessage;
use mozjs::jsapi::{JSErrNum, JSErrorFormatString, JSExnType};

struct Message {
    number: JSErrNum,
    class: JSExnType,
    text: &'static CStr,
}

const CODE_FROM_STRINGS: &CStr = c"Code generation from strings disallowed for this context";

/// What a method of the platform's classes says when it is called on something else, which the
/// engine notices when the method reads a private field.
const ILLEGAL_INVOCATION: &CStr = c"Illegal invocation: function called with incorrect `this` reference. See https://developers.cloudflare.com/workers/observability/errors/#illegal-invocation-errors for details.";

const MESSAGES: [Message; 12] = [
    Message {
        number: JSErrNum::JSMSG_SYMBOL_TO_STRING,
        class: JSExnType::JSEXN_TYPEERR,
        text: c"Cannot convert a Symbol value to a string",
    },
    Message {
        number: JSErrNum::JSMSG_SYMBOL_TO_NUMBER,
        class: JSExnType::JSEXN_TYPEERR,
        text: c"Cannot convert a Symbol value to a number",
    },
    Message {
        number: JSErrNum::JSMSG_BIGINT_TO_NUMBER,
        class: JSExnType::JSEXN_TYPEERR,
        text: c"Cannot convert a BigInt value to a number",
    },
    Message {
        number: JSErrNum::JSMSG_BIGINT_NOT_SERIALIZABLE,
        class: JSExnType::JSEXN_TYPEERR,
        text: c"Do not know how to serialize a BigInt",
    },
    Message {
        number: JSErrNum::JSMSG_CANT_CALL_CLASS_CONSTRUCTOR,
        class: JSExnType::JSEXN_TYPEERR,
        text: c"Class constructors cannot be invoked without 'new'",
    },
    Message {
        number: JSErrNum::JSMSG_GET_MISSING_PRIVATE,
        class: JSExnType::JSEXN_TYPEERR,
        text: ILLEGAL_INVOCATION,
    },
    Message {
        number: JSErrNum::JSMSG_SET_MISSING_PRIVATE,
        class: JSExnType::JSEXN_TYPEERR,
        text: ILLEGAL_INVOCATION,
    },
    // What a string that grows too long ends with, far more often than anything else.
    Message {
        number: JSErrNum::JSMSG_ALLOC_OVERFLOW,
        class: JSExnType::JSEXN_RANGEERR,
        text: c"Invalid string length",
    },
    Message {
        number: JSErrNum::JSMSG_OVER_RECURSED,
        class: JSExnType::JSEXN_RANGEERR,
        text: c"Maximum call stack size exceeded",
    },
    Message {
        number: JSErrNum::JSMSG_CSP_BLOCKED_EVAL,
        class: JSExnType::JSEXN_EVALERR,
        text: CODE_FROM_STRINGS,
    },
    Message {
        number: JSErrNum::JSMSG_CSP_BLOCKED_FUNCTION,
        class: JSExnType::JSEXN_EVALERR,
        text: CODE_FROM_STRINGS,
    },
    Message {
        number: JSErrNum::JSMSG_CSP_BLOCKED_WASM,
        class: JSExnType::JSEXN_WASMCOMPILEERROR,
        text: c"{0}(): Wasm code generation disallowed by embedder",
    },
];

/// Rewrites the entries. To be called once, before any thread has a context.
///
/// # Panics
/// When the system does not let the table's memory be changed.
pub(crate) fn speak_as_v8() {
    for message in MESSAGES {
        // SAFETY: the function reads its table; the number is one of the engine's own.
        let entry = unsafe { GetErrorMessage(null_mut(), message.number as u32) };
        replace(entry.cast_mut(), &message);
    }
}

fn replace(entry: *mut JSErrorFormatString, message: &Message) {
    let _writable = Writable::new(entry);
    // SAFETY: the entry is a live, aligned element of the engine's table, writable for now. No
    // other thread reads it yet. The number of arguments and the name stay as they are.
    unsafe { (*entry).format = message.text.as_ptr() };
    // SAFETY: as above.
    unsafe { (*entry).exnType = message.class as i16 };
}

/// Makes the pages of a table entry writable until it is dropped.
///
/// The table holds addresses, so it is in the part of the program that the loader writes to and
/// then protects.
struct Writable {
    start: *mut c_void,
    bytes: usize,
}

impl Writable {
    fn new(entry: *mut JSErrorFormatString) -> Self {
        // SAFETY: sysconf has no preconditions.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        let page = usize::try_from(page).expect("a page has a size");
        let start = entry.addr() & !(page - 1);
        let end = entry.addr() + size_of::<JSErrorFormatString>();
        let writable = Self {
            start: entry.with_addr(start).cast(),
            bytes: end - start,
        };
        writable.protect(libc::PROT_READ | libc::PROT_WRITE);
        writable
    }

    fn protect(&self, access: libc::c_int) {
        // SAFETY: the range is within the program's own relocated data, and only its access to
        // writing changes.
        let result = unsafe { libc::mprotect(self.start, self.bytes, access) };
        assert_eq!(
            result,
            0,
            "the engine's messages can be changed: {}",
            std::io::Error::last_os_error()
        );
    }
}

impl Drop for Writable {
    fn drop(&mut self) {
        self.protect(libc::PROT_READ);
    }
}
