/**
 * The numbers of V8's structured-clone wire format, version 15, and of Workers' additions to it.
 *
 * Stored values are in this format, so every number here is persisted: never reuse, never renumber. What is read and
 * written with them is in wire-writer.js and wire-reader.js.
 *
 * Source: V8's value-serializer; the host object tags were read off values that workerd stored.
 *
 * @module
 */

/** The version that is written. */
export const VERSION = 15;
/** The oldest version that is read; bytes without a header count as this one. */
export const VERSION_MIN = 13;
/** From this version on, views carry a word of flags. */
export const VERSION_VIEW_FLAGS = 14;

/**
 * Objects may nest this deep in a value, written or read. V8 has no number of its own: it stops where its stack ends,
 * which in Workers is between 2,500 and 3,500 levels.
 */
export const DEPTH_MAX = 3000;

/** First byte of each item. */
export const TAG_VERSION = 0xff;
export const TAG_PADDING = 0x00;
export const TAG_OBJECT_COUNT = 0x3f; // ?
export const TAG_HOLE = 0x2d; // -
export const TAG_UNDEFINED = 0x5f; // _
export const TAG_NULL = 0x30; // 0
export const TAG_TRUE = 0x54; // T
export const TAG_FALSE = 0x46; // F
export const TAG_INT32 = 0x49; // I
export const TAG_UINT32 = 0x55; // U
export const TAG_DOUBLE = 0x4e; // N
export const TAG_BIGINT = 0x5a; // Z
export const TAG_UTF8_STRING = 0x53; // S
export const TAG_ONE_BYTE_STRING = 0x22; // "
export const TAG_TWO_BYTE_STRING = 0x63; // c
export const TAG_REFERENCE = 0x5e; // ^
export const TAG_OBJECT = 0x6f; // o
export const TAG_OBJECT_END = 0x7b; // {
export const TAG_SPARSE_ARRAY = 0x61; // a
export const TAG_SPARSE_ARRAY_END = 0x40; // @
export const TAG_DENSE_ARRAY = 0x41; // A
export const TAG_DENSE_ARRAY_END = 0x24; // $
export const TAG_DATE = 0x44; // D
export const TAG_TRUE_OBJECT = 0x79; // y
export const TAG_FALSE_OBJECT = 0x78; // x
export const TAG_NUMBER_OBJECT = 0x6e; // n
export const TAG_BIGINT_OBJECT = 0x7a; // z
export const TAG_STRING_OBJECT = 0x73; // s
export const TAG_REGEXP = 0x52; // R
export const TAG_MAP = 0x3b; // ;
export const TAG_MAP_END = 0x3a; // :
export const TAG_SET = 0x27; // '
export const TAG_SET_END = 0x2c; // ,
export const TAG_ARRAY_BUFFER = 0x42; // B
export const TAG_RESIZABLE_ARRAY_BUFFER = 0x7e; // ~
export const TAG_ARRAY_BUFFER_TRANSFER = 0x74; // t
export const TAG_VIEW = 0x56; // V
export const TAG_ERROR = 0x72; // r
export const TAG_HOST_OBJECT = 0x5c; // \

/** Bits of a view's flags. */
export const VIEW_LENGTH_TRACKING = 1;
export const VIEW_RESIZABLE = 2;

/** The second byte of a view: its element type, by `Symbol.toStringTag`; a DataView has none. */
export const viewTags = /** @type {Record<string, number>} */ ({
  Int8Array: 0x62, // b
  Uint8Array: 0x42, // B
  Uint8ClampedArray: 0x43, // C
  Int16Array: 0x77, // w
  Uint16Array: 0x57, // W
  Int32Array: 0x64, // d
  Uint32Array: 0x44, // D
  Float16Array: 0x68, // h
  Float32Array: 0x66, // f
  Float64Array: 0x46, // F
  BigInt64Array: 0x71, // q
  BigUint64Array: 0x51, // Q
  DataView: 0x3f, // ?
});

/** A RegExp's flags: the bit of each, in V8's order. */
export const regExpBits = /** @type {[string, string, number][]} */ ([
  ["hasIndices", "d", 128],
  ["global", "g", 1],
  ["ignoreCase", "i", 2],
  ["multiline", "m", 4],
  ["dotAll", "s", 32],
  ["unicode", "u", 16],
  ["unicodeSets", "v", 256],
  ["sticky", "y", 8],
]);

/** What follows TAG_ERROR: a prototype, then members, then the end. */
export const ERROR_EVAL = 0x45; // E
export const ERROR_RANGE = 0x52; // R
export const ERROR_REFERENCE = 0x46; // F
export const ERROR_SYNTAX = 0x53; // S
export const ERROR_TYPE = 0x54; // T
export const ERROR_URI = 0x55; // U
export const ERROR_MESSAGE = 0x6d; // m
export const ERROR_CAUSE = 0x63; // c
export const ERROR_STACK = 0x73; // s
export const ERROR_END = 0x2e; // .

/**
 * The number after TAG_HOST_OBJECT. Those without a note are in messages only, which nobody stores. Headers, Request and
 * Response have one form in messages and another, persisted, where they are kept (kept-values.js).
 */
export const HOST_STUB = 1;
export const HOST_WRITABLE_STREAM = 2;
export const HOST_READABLE_STREAM = 3;
export const HOST_HEADERS = 4;
export const HOST_REQUEST = 5;
export const HOST_RESPONSE = 6;
export const HOST_ABORT_SIGNAL = 9;
export const HOST_SERVICE_STUB = 11;
export const HOST_BLOB = 12;
export const HOST_FILE = 13;
/** Persisted. */
export const HOST_KEPT_BLOB = 15;
export const HOST_OBJECT_CLASS = 20;
/** Persisted: an address. */
export const HOST_STORED_SERVICE = 200;
/** Persisted, and in messages: what makes a stub again. */
export const HOST_RESTORED_STUB = 201;
/** Persisted. */
export const HOST_DOM_EXCEPTION = 8;
/** Persisted. An error with all its own properties: type, name when the type is ERROR_CUSTOM, message, properties. */
export const HOST_ERROR = 10;

/** HOST_ERROR's type of an error whose name is none of errorTypes: the name follows. */
export const ERROR_CUSTOM = 0;
/** HOST_ERROR's other types by name. 6 to 9 are WebAssembly's, which Workers writes as custom ones. */
export const errorTypes = /** @type {Record<string, number>} */ ({
  Error: 1,
  TypeError: 2,
  RangeError: 3,
  ReferenceError: 4,
  SyntaxError: 5,
  EvalError: 10,
  URIError: 11,
  AggregateError: 12,
  SuppressedError: 13,
});
