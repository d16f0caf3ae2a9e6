//! Errors of the engine that programs know in V8's or workerd's words.
//!
//! V8's own where the engine gives the same arguments; where one is missing, as near as it goes: programs look for a part of
//! the text. What is read of null or undefined stays in the engine's words, which name the expression.
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
    text: &'static CStr,
    /// The class of the error, where it changes.
    class: Option<JSExnType>,
    /// How many arguments the text has, where it changes. The engine passes as many as before.
    arguments: Option<u16>,
}

/// The same class and arguments, each of which has to be in the text exactly once: the engine counts.
const fn said(number: JSErrNum, text: &'static CStr) -> Message {
    Message {
        number,
        text,
        class: None,
        arguments: None,
    }
}

/// Without the arguments. Only for errors that the engine reports with a list of arguments, not with an array.
const fn said_alone(number: JSErrNum, text: &'static CStr) -> Message {
    Message {
        arguments: Some(0),
        ..said(number, text)
    }
}

const fn said_as(class: JSExnType, number: JSErrNum, text: &'static CStr) -> Message {
    Message {
        class: Some(class),
        ..said(number, text)
    }
}

const CODE_FROM_STRINGS: &CStr = c"Code generation from strings disallowed for this context";

/// What a method of the platform's classes says when it is called on something else, which the
/// engine notices when the method reads a private field.
const ILLEGAL_INVOCATION: &CStr = c"Illegal invocation: function called with incorrect `this` reference. See https://developers.cloudflare.com/workers/observability/errors/#illegal-invocation-errors for details.";

const MESSAGES: &[Message] = &[
    said(JSErrNum::JSMSG_BAD_ARRAY_LENGTH, c"Invalid array length"),
    said(JSErrNum::JSMSG_EMPTY_ARRAY_REDUCE, c"Reduce of empty array with no initial value"),
    said(JSErrNum::JSMSG_EMPTY_ITERATOR_REDUCE, c"Reduce of a done iterator with no initial value"),
    said(JSErrNum::JSMSG_NESTING_GENERATOR, c"Generator is already running"),
    said(JSErrNum::JSMSG_UNINITIALIZED_THIS, c"Must call super constructor in derived class before accessing 'this' or returning from derived constructor"),
    said(JSErrNum::JSMSG_REINIT_THIS, c"Super constructor may only be called once"),
    said(JSErrNum::JSMSG_UNINITIALIZED_LEXICAL, c"Cannot access '{0}' before initialization"),
    said(JSErrNum::JSMSG_INVALID_DATE, c"Invalid time value"),
    said(JSErrNum::JSMSG_BAD_URI, c"URI malformed"),
    said(JSErrNum::JSMSG_INVALID_NORMALIZE_FORM, c"The normalization form should be one of NFC, NFD, NFKC, NFKD."),
    said(JSErrNum::JSMSG_NEGATIVE_REPETITION_COUNT, c"Invalid count value"),
    said(JSErrNum::JSMSG_RESULTING_STRING_TOO_LARGE, c"Invalid string length"),
    said(JSErrNum::JSMSG_NOT_A_CODEPOINT, c"Invalid code point {0}"),
    said(JSErrNum::JSMSG_BAD_RADIX, c"toString() radix must be between 2 and 36"),
    said(JSErrNum::JSMSG_TOO_MANY_ARGUMENTS, c"Maximum call stack size exceeded"),
    said(JSErrNum::JSMSG_TOO_MANY_FUN_SPREADARGS, c"Maximum call stack size exceeded"),
    said(JSErrNum::JSMSG_TOO_MANY_CON_SPREADARGS, c"Maximum call stack size exceeded"),
    said(JSErrNum::JSMSG_OFFSET_OUT_OF_DATAVIEW, c"Offset is outside the bounds of the DataView"),
    said(JSErrNum::JSMSG_TYPED_ARRAY_CONSTRUCT_OFFSET_MISALIGNED, c"byte length of {0}Array should be a multiple of {1}"),
    said(JSErrNum::JSMSG_BUILTIN_CTOR_NO_NEW, c"Constructor {0} requires 'new'"),
    said(JSErrNum::JSMSG_INCOMPATIBLE_PROTO, c"Method {0}.prototype.{1} called on incompatible receiver {2}"),
    said(JSErrNum::JSMSG_CANT_CONVERT_TO, c"Cannot convert {0} to {1}"),
    said(JSErrNum::JSMSG_CANT_SET_PROTO_CYCLE, c"Cyclic __proto__ value"),
    said(JSErrNum::JSMSG_GETTER_ONLY, c"Cannot set property {0} which has only a getter"),
    said(JSErrNum::JSMSG_READ_ONLY, c"Cannot assign to read only property {0}"),
    said(JSErrNum::JSMSG_CANT_DELETE, c"Cannot delete property {0}"),
    said(JSErrNum::JSMSG_CANT_DEFINE_PROP_OBJECT_NOT_EXTENSIBLE, c"Cannot add property {1} to {0}, object is not extensible"),
    said(JSErrNum::JSMSG_CANT_DEFINE_PAST_ARRAY_LENGTH, c"Cannot add property, object is not extensible"),
    said(JSErrNum::JSMSG_CANT_REDEFINE_PROP, c"Cannot redefine property: {0}"),
    said(JSErrNum::JSMSG_IN_NOT_OBJECT, c"Cannot use 'in' operator to search for a property in {0}"),
    said(JSErrNum::JSMSG_IN_STRING, c"Cannot use 'in' operator to search for {0} in {1}"),
    said(JSErrNum::JSMSG_INVALID_LANGUAGE_TAG, c"Invalid language tag: {0}"),
    said(JSErrNum::JSMSG_TEMPORAL_TIMEZONE_INVALID_IDENTIFIER, c"Invalid time zone specified: {0}"),
    said(JSErrNum::JSMSG_NONINTEGER_NUMBER_TO_BIGINT, c"The number {0} cannot be converted to a BigInt because it is not an integer"),
    said(JSErrNum::JSMSG_BIGINT_TOO_LARGE, c"Maximum BigInt size exceeded"),
    said(JSErrNum::JSMSG_BIGINT_DIVISION_BY_ZERO, c"Division by zero"),
    said(JSErrNum::JSMSG_BIGINT_NEGATIVE_EXPONENT, c"Exponent must be non-negative"),
    said(JSErrNum::JSMSG_WEAKMAP_KEY_CANT_BE_HELD_WEAKLY, c"Invalid value used as weak map key: {0}"),
    said(JSErrNum::JSMSG_WEAKSET_VAL_CANT_BE_HELD_WEAKLY, c"Invalid value used in weak set: {0}"),
    said(JSErrNum::JSMSG_CANNOT_RESOLVE_PROMISE_WITH_ITSELF, c"Chaining cycle detected for promise #<Promise>"),
    said(JSErrNum::JSMSG_PROMISE_ANY_REJECTION, c"All promises were rejected"),
    said(JSErrNum::JSMSG_JSON_CYCLIC_VALUE, c"Converting circular structure to JSON"),
    said(JSErrNum::JSMSG_SYMBOL_TO_STRING, c"Cannot convert a Symbol value to a string"),
    said(JSErrNum::JSMSG_SYMBOL_TO_NUMBER, c"Cannot convert a Symbol value to a number"),
    said(JSErrNum::JSMSG_BIGINT_TO_NUMBER, c"Cannot convert a BigInt value to a number"),
    said(JSErrNum::JSMSG_BIGINT_NOT_SERIALIZABLE, c"Do not know how to serialize a BigInt"),
    said(JSErrNum::JSMSG_CANT_CALL_CLASS_CONSTRUCTOR, c"Class constructors cannot be invoked without 'new'"),
    said_alone(JSErrNum::JSMSG_BAD_CONST_ASSIGN, c"Assignment to constant variable."),
    said_alone(JSErrNum::JSMSG_BAD_INSTANCEOF_RHS, c"Right-hand side of 'instanceof' is not an object"),
    said_alone(JSErrNum::JSMSG_BAD_DERIVED_RETURN, c"Derived constructors may only return object or undefined"),
    said(JSErrNum::JSMSG_GET_MISSING_PRIVATE, ILLEGAL_INVOCATION),
    said(JSErrNum::JSMSG_SET_MISSING_PRIVATE, ILLEGAL_INVOCATION),
    // What a string that grows too long ends with, far more often than anything else.
    said_as(JSExnType::JSEXN_RANGEERR, JSErrNum::JSMSG_ALLOC_OVERFLOW, c"Invalid string length"),
    said_as(JSExnType::JSEXN_RANGEERR, JSErrNum::JSMSG_OVER_RECURSED, c"Maximum call stack size exceeded"),
    said_as(JSExnType::JSEXN_EVALERR, JSErrNum::JSMSG_CSP_BLOCKED_EVAL, CODE_FROM_STRINGS),
    said_as(JSExnType::JSEXN_EVALERR, JSErrNum::JSMSG_CSP_BLOCKED_FUNCTION, CODE_FROM_STRINGS),
    said_as(
        JSExnType::JSEXN_WASMCOMPILEERROR,
        JSErrNum::JSMSG_CSP_BLOCKED_WASM,
        c"{0}(): Wasm code generation disallowed by embedder",
    ),
];

/// Rewrites the entries. To be called once, before any thread has a context.
///
/// # Panics
/// When the system does not let the table's memory be changed, or a text does not have its arguments.
pub(crate) fn speak_as_v8() {
    for message in MESSAGES {
        // SAFETY: the function reads its table; the number is one of the engine's own.
        let entry = unsafe { GetErrorMessage(null_mut(), message.number as u32) };
        // SAFETY: the entry is a live element of the table.
        let count = message.arguments.unwrap_or(unsafe { (*entry).argCount });
        let text = message.text.to_str().unwrap_or("");
        // With any other the engine would end the process.
        let once = |n| text.matches(&format!("{{{n}}}")).count() == 1;
        assert!(
            text.matches('{').count() == usize::from(count) && (0..count).all(once),
            "{text}"
        );
        replace(entry.cast_mut(), message);
    }
}

fn replace(entry: *mut JSErrorFormatString, message: &Message) {
    let _writable = Writable::new(entry);
    // SAFETY: the entry is a live, aligned element of the engine's table, writable for now. No
    // other thread reads it yet. The name stays as it is.
    unsafe { (*entry).format = message.text.as_ptr() };
    if let Some(class) = message.class {
        // SAFETY: as above.
        unsafe { (*entry).exnType = class as i16 };
    }
    if let Some(count) = message.arguments {
        // SAFETY: as above.
        unsafe { (*entry).argCount = count };
    }
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
