/**
 * `node:buffer`. Texts are encoded and decoded by the host; what is checked, and what an error says, is Node's.
 *
 * @module
 */

import { ops } from "stated:host";
import { Blob, File } from "stated:blob";
import { atob, btoa } from "stated:encoding";
import { inspect } from "stated:inspect";
import { defineNumberMethods } from "stated:node-support/buffer-numbers";
import { bytesOf, byteLengthOf, encodingOf, textOf } from "stated:node-support/byte-text";
import { checkInteger, checkNumber, checkString, invalidArgType, invalidArgValue, nodeError, outOfRange } from "stated:node-support/errors";
import { inspectSymbol } from "stated:webidl";

/** The longest Buffer. */
export const kMaxLength = Number.MAX_SAFE_INTEGER;
/** The longest string of the engine. */
export const kStringMaxLength = 2 ** 30 - 2;
export const constants = { MAX_LENGTH: kMaxLength, MAX_STRING_LENGTH: kStringMaxLength };

let inspectMax = 50;
/** Bytes that printing a Buffer shows. As a member of the module it can be set. */
export const INSPECT_MAX_BYTES = inspectMax;

const bytesType = "an instance of Buffer or Uint8Array";

/** What Buffers are: a class of its own, because `Buffer` is called without `new` too. */
class FastBuffer extends Uint8Array {
  /** @param {any} [source] a length, or the memory with its bounds @param {number} [offset] @param {number} [length] */
  constructor(source = undefined, offset = undefined, length = undefined) {
    super(source, offset, length);
  }
}

/**
 * Deprecated in Node: use `from` and `alloc`.
 *
 * @param {any} value @param {any} [encodingOrOffset] @param {any} [length]
 * @returns {any}
 */
function makeBuffer(value, encodingOrOffset = undefined, length = undefined) {
  if (typeof value !== "number") return Buffer.from(value, encodingOrOffset, length);
  if (typeof encodingOrOffset === "string") throw invalidArgType("string", "of type string", value);
  return Buffer.alloc(value);
}

/** @type {any} The class: also a function that makes one. */
export const Buffer = makeBuffer;
Object.defineProperty(Buffer, "name", { value: "Buffer", configurable: true });
Object.setPrototypeOf(Buffer, Uint8Array);
Object.defineProperty(Buffer, Symbol.species, { configurable: true, get: () => FastBuffer });
/** @type {any} */
const proto = FastBuffer.prototype;
Buffer.prototype = proto;
Object.defineProperty(proto, "constructor", { value: Buffer, writable: true, configurable: true });

/** @param {unknown} name @returns {any} */
function unknownEncoding(name) {
  return nodeError(TypeError, "ERR_UNKNOWN_ENCODING", `Unknown encoding: ${String(name)}`);
}

/** @param {string} [name] @returns {any} */
function outOfBounds(name = undefined) {
  const text = name === undefined ? "Attempt to access memory outside buffer bounds" : `"${name}" is outside of buffer bounds`;
  return nodeError(RangeError, "ERR_BUFFER_OUT_OF_BOUNDS", text);
}

/** @param {unknown} name what a program named, which may be a value of any type */
function knownEncoding(name) {
  const found = encodingOf(`${/** @type {any} */ (name)}`);
  if (found === undefined) throw unknownEncoding(name);
  return found;
}

/** @param {Uint8Array} bytes fresh ones @returns {any} */
function wrap(bytes) {
  return new FastBuffer(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** @param {any} value @returns {value is ArrayBufferLike} */
function isMemory(value) {
  return value instanceof ArrayBuffer || value instanceof SharedArrayBuffer || ["ArrayBuffer", "SharedArrayBuffer"].includes(ops.classOf(value));
}

/** @param {any} value @param {string} name @returns {asserts value is Uint8Array} */
function checkBytes(value, name) {
  if (!(value instanceof Uint8Array)) throw invalidArgType(name, bytesType, value);
}

/** @param {string} text @param {any} encoding */
function fromString(text, encoding) {
  return wrap(bytesOf(text, typeof encoding === "string" && encoding !== "" ? knownEncoding(encoding) : "utf8"));
}

/** @param {any} memory @param {any} offset @param {any} length */
function fromMemory(memory, offset, length) {
  const start = offset === undefined ? 0 : +offset || 0;
  const room = memory.byteLength - start;
  if (room < 0) throw outOfBounds("offset");
  if (length === undefined) return new FastBuffer(memory, start);
  const size = +length > 0 ? +length : 0;
  if (size > room) throw outOfBounds("length");
  return new FastBuffer(memory, start, size);
}

/** @param {any} object */
function fromObject(object) {
  if (object.length !== undefined || typeof object.buffer === "object" && object.buffer !== null && isMemory(object.buffer)) {
    return typeof object.length === "number" ? fromArrayLike(object) : new FastBuffer();
  }
  return object.type === "Buffer" && Array.isArray(object.data) ? fromArrayLike(object.data) : undefined;
}

/** @param {ArrayLike<any>} object */
function fromArrayLike(object) {
  if (object.length <= 0) return new FastBuffer();
  const buffer = new FastBuffer(object.length);
  buffer.set(object);
  return buffer;
}

/** @param {any} size @param {any} [fill] @param {any} [encoding] */
function allocate(size, fill = undefined, encoding = undefined) {
  checkNumber("size", size, 0, kMaxLength);
  const buffer = new FastBuffer(size);
  return fill === undefined || fill === 0 || size <= 0 ? buffer : fillBytes(buffer, fill, 0, buffer.length, encoding);
}

/** @param {any} buffer @param {any} value @param {any} offset @param {any} end @param {any} encoding */
function fillBytes(buffer, value, offset, end, encoding) {
  if (typeof value === "string") {
    if (offset === undefined || typeof offset === "string") [encoding, offset, end] = [offset, 0, buffer.length];
    else if (typeof end === "string") [encoding, end] = [end, buffer.length];
    if (encoding !== undefined && encoding !== null && encoding !== "") {
      if (encodingOf(encoding) === undefined) {
        checkString("encoding", encoding);
        throw unknownEncoding(encoding);
      }
    }
    if (value === "") value = 0;
  } else encoding = undefined;
  if (offset === undefined) [offset, end] = [0, buffer.length];
  else {
    checkInteger("offset", offset, 0);
    if (end === undefined) end = buffer.length;
    else checkInteger("end", end, 0, buffer.length);
    if (offset >= end) return buffer;
  }
  if (typeof value !== "string" && !(value instanceof Uint8Array)) {
    return Uint8Array.prototype.fill.call(buffer, typeof value === "number" ? value : /** @type {any} */ (value) & 255, offset, end);
  }
  const pattern = typeof value === "string" ? bytesOf(value, encodingOf(encoding) ?? "utf8") : Uint8Array.from(value);
  if (pattern.length === 0) throw invalidArgValue("value", value);
  for (let at = offset; at < end; at += pattern.length) {
    Uint8Array.prototype.set.call(buffer, at + pattern.length <= end ? pattern : pattern.subarray(0, end - at), at);
  }
  return buffer;
}

/** @param {Uint8Array} a @param {Uint8Array} b */
function compareBytes(a, b) {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
  return Math.sign(a.length - b.length);
}

/** Functions, not methods: as in Node, packages call some of them with `new`. */
const statics = {
  poolSize: 8192,
  /** @param {any} value @param {any} [encodingOrOffset] @param {any} [length] @returns {any} */
  from: function from(value, encodingOrOffset = undefined, length = undefined) {
    if (typeof value === "string") return fromString(value, encodingOrOffset);
    if (typeof value === "object" && value !== null) {
      if (isMemory(value)) return fromMemory(value, encodingOrOffset, length);
      const inner = value.valueOf && value.valueOf();
      if (inner !== value && inner !== undefined && inner !== null && (typeof inner === "string" || typeof inner === "object")) {
        return Buffer.from(inner, encodingOrOffset, length);
      }
      const buffer = fromObject(value);
      if (buffer !== undefined) return buffer;
      if (typeof value[Symbol.toPrimitive] === "function") {
        const text = value[Symbol.toPrimitive]("string");
        if (typeof text === "string") return fromString(text, encodingOrOffset);
      }
    }
    throw invalidArgType("first argument", "of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object", value);
  },
  /** @param {any} view @param {any} [offset] @param {any} [length] in elements */
  copyBytesFrom: function copyBytesFrom(view, offset = undefined, length = undefined) {
    if (!ArrayBuffer.isView(view) || view instanceof DataView) throw invalidArgType("view", "an instance of TypedArray", view);
    if (offset !== undefined) checkInteger("offset", offset, 0);
    if (length !== undefined) checkInteger("length", length, 0);
    const elements = /** @type {any} */ (view).slice(offset ?? 0, length === undefined ? undefined : (offset ?? 0) + length);
    return wrap(new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength));
  },
  /** @param {...any} items */
  of: function of(...items) {
    return fromArrayLike(items);
  },
  alloc: allocate,
  /** @param {any} size */
  allocUnsafe: function allocUnsafe(size) {
    return allocate(size);
  },
  /** @param {any} size */
  allocUnsafeSlow: function allocUnsafeSlow(size) {
    return allocate(size);
  },
  /** @param {any} value */
  isBuffer: function isBuffer(value) {
    return value instanceof Buffer;
  },
  /** @param {any} a @param {any} b */
  compare: function compare(a, b) {
    checkBytes(a, "buf1");
    checkBytes(b, "buf2");
    return a === b ? 0 : compareBytes(a, b);
  },
  /** @param {any} name */
  isEncoding: function isEncoding(name) {
    return encodingOf(name) !== undefined;
  },
  /** @param {any} list @param {any} [length] */
  concat: function concat(list, length = undefined) {
    if (!Array.isArray(list)) throw invalidArgType("list", "an instance of Array", list);
    if (list.length === 0) return new FastBuffer();
    if (length === undefined) length = list.reduce((sum, part) => sum + (part?.length || 0), 0);
    else checkInteger("length", length, 0);
    const buffer = new FastBuffer(length);
    let at = 0;
    list.forEach((part, index) => {
      checkBytes(part, `list[${index}]`);
      if (at >= length) return;
      buffer.set(at + part.length > length ? Uint8Array.prototype.subarray.call(part, 0, length - at) : part, at);
      at += part.length;
    });
    return buffer;
  },
  /** @param {any} value @param {any} [name] */
  byteLength: function byteLength(value, name = undefined) {
    if (typeof value === "string") return byteLengthOf(value, encodingOf(name) ?? "utf8");
    if (ArrayBuffer.isView(value) || typeof value === "object" && value !== null && isMemory(value)) return value.byteLength;
    throw invalidArgType("string", "of type string or an instance of Buffer or ArrayBuffer", value);
  },
};
for (const [name, value] of Object.entries(statics)) Object.defineProperty(Buffer, name, { value, writable: true, enumerable: true, configurable: true });

/** @param {any} offset @param {number} length */
function relative(offset, length) {
  const whole = Math.trunc(offset);
  if (whole === 0 || Number.isNaN(whole)) return 0;
  return whole < 0 ? Math.max(0, whole + length) : Math.min(whole, length);
}

/** @param {any} value @param {number} absent */
function toInteger(value, absent) {
  const number = +value;
  return Number.isSafeInteger(Math.floor(number)) ? Math.floor(number) : absent;
}

/** Where a search begins; -1 for nowhere. @param {number} length @param {number} offset @param {number} wanted @param {boolean} forward */
function searchStart(length, offset, wanted, forward) {
  if (offset < 0) {
    if (offset + length >= 0) return length + offset;
    return forward || wanted === 0 ? 0 : -1;
  }
  if (offset + wanted <= length) return offset;
  if (wanted === 0) return length;
  return forward ? -1 : length - 1;
}

/** @param {any} bytes @param {any} value @param {any} offset @param {any} encoding @param {boolean} forward */
function search(bytes, value, offset, encoding, forward) {
  if (typeof offset === "string") [encoding, offset] = [offset, undefined];
  let from = Math.trunc(Math.min(Math.max(+offset, -(2 ** 31)), 2 ** 31 - 1));
  if (Number.isNaN(from)) from = forward ? 0 : bytes.length;
  if (typeof value === "number") {
    const start = searchStart(bytes.length, from, 1, forward);
    if (start < 0) return -1;
    return forward ? Uint8Array.prototype.indexOf.call(bytes, value & 255, start) : Uint8Array.prototype.lastIndexOf.call(bytes, value & 255, start);
  }
  const known = encoding === undefined ? "utf8" : encodingOf(`${encoding}`);
  if (typeof value === "string") {
    if (known === undefined) throw unknownEncoding(encoding);
    return searchBytes(bytes, bytesOf(value, known), from, known === "utf16le" ? 2 : 1, forward);
  }
  if (value instanceof Uint8Array) return searchBytes(bytes, value, from, known === "utf16le" ? 2 : 1, forward);
  throw invalidArgType("value", "one of type number or string or an instance of Buffer or Uint8Array", value);
}

/** @param {any} bytes @param {Uint8Array} wanted @param {number} offset @param {number} unit bytes of a character @param {boolean} forward */
function searchBytes(bytes, wanted, offset, unit, forward) {
  const { length } = bytes;
  let start = searchStart(length, offset, wanted.length, forward);
  if (wanted.length === 0) return start;
  if (start < 0 || wanted.length > length || forward && start + wanted.length > length || unit > Math.min(length, wanted.length)) return -1;
  start = Math.min(start, length - wanted.length);
  start -= start % unit;
  const [first] = wanted;
  for (let at = start; at >= 0 && at + wanted.length <= length; at += forward ? unit : -unit) {
    if (bytes[at] !== first) continue;
    let same = 1;
    while (same < wanted.length && bytes[at + same] === wanted[same]) same++;
    if (same === wanted.length) return at;
  }
  return -1;
}

/** @param {Uint8Array} target @param {Uint8Array} bytes @param {number} start @param {number} room @param {number} unit */
function writeBytes(target, bytes, start, room, unit) {
  const count = Math.min(bytes.length, room - room % unit);
  Uint8Array.prototype.set.call(target, bytes.subarray(0, count), start);
  return count;
}

function notText() {
  return nodeError(TypeError, "ERR_INVALID_ARG_TYPE", "argument must be a string");
}

/** @param {any} target @param {any} text @param {number} start @param {number} room @param {import("stated:node-support/byte-text").Encoding} encoding */
function writeText(target, text, start, room, encoding) {
  if (typeof text !== "string") throw notText();
  if (encoding !== "utf8") return writeBytes(target, bytesOf(text, encoding), start, room, encoding === "utf16le" ? 2 : 1);
  return ops.utf8EncodeInto(text, new Uint8Array(target.buffer, target.byteOffset + start, room))[1];
}

/** @param {any} bytes @param {number} size of what is swapped */
function swap(bytes, size) {
  if (bytes.length % size !== 0) throw nodeError(RangeError, "ERR_INVALID_BUFFER_SIZE", `Buffer size must be a multiple of ${size * 8}-bits`);
  for (let at = 0; at < bytes.length; at += size) Uint8Array.prototype.subarray.call(bytes, at, at + size).reverse();
  return bytes;
}

const methods = {
  /** @this {any} @param {any} [encoding] @param {any} [start] @param {any} [end] @returns {string} */
  toString(encoding = undefined, start = 0, end = undefined) {
    const { length } = this;
    const from = start <= 0 ? 0 : Math.trunc(start) || 0;
    const to = end === undefined || end > length ? length : Math.trunc(end) || 0;
    if (from >= length || to <= from) return "";
    const decoding = encoding === undefined ? "utf8" : knownEncoding(encoding);
    return textOf(from === 0 && to === length ? this : Uint8Array.prototype.subarray.call(this, from, to), decoding);
  },
  /** @this {any} @param {any} other */
  equals(other) {
    checkBytes(other, "otherBuffer");
    return this === other || this.length === other.length && compareBytes(this, other) === 0;
  },
  /** @this {any} @param {any} target @param {any} [targetStart] @param {any} [targetEnd] @param {any} [sourceStart] @param {any} [sourceEnd] */
  compare(target, targetStart = 0, targetEnd = target?.length, sourceStart = 0, sourceEnd = undefined) {
    checkBytes(target, "target");
    if (sourceEnd === undefined) sourceEnd = this.length;
    checkInteger("targetStart", targetStart, 0);
    checkInteger("targetEnd", targetEnd, 0, target.length);
    checkInteger("sourceStart", sourceStart, 0);
    checkInteger("sourceEnd", sourceEnd, 0, this.length);
    if (sourceStart >= sourceEnd) return targetStart >= targetEnd ? 0 : -1;
    if (targetStart >= targetEnd) return 1;
    const { subarray } = Uint8Array.prototype;
    return compareBytes(subarray.call(this, sourceStart, sourceEnd), subarray.call(target, targetStart, targetEnd));
  },
  /** @this {any} @param {any} value @param {any} [offset] @param {any} [encoding] @returns {number} */
  indexOf(value, offset = undefined, encoding = undefined) {
    return search(this, value, offset, encoding, true);
  },
  /** @this {any} @param {any} value @param {any} [offset] @param {any} [encoding] @returns {number} */
  lastIndexOf(value, offset = undefined, encoding = undefined) {
    return search(this, value, offset, encoding, false);
  },
  /** @this {any} @param {any} value @param {any} [offset] @param {any} [encoding] */
  includes(value, offset = undefined, encoding = undefined) {
    return search(this, value, offset, encoding, true) !== -1;
  },
  /** @this {any} @param {any} target @param {any} [targetStart] @param {any} [sourceStart] @param {any} [sourceEnd] */
  copy(target, targetStart = 0, sourceStart = 0, sourceEnd = undefined) {
    checkBytes(this, "source");
    checkBytes(target, "target");
    if (sourceEnd === undefined) sourceEnd = this.length;
    const at = toInteger(targetStart, 0);
    if (at < 0) throw outOfRange("targetStart", ">= 0", at);
    const from = toInteger(sourceStart, 0);
    if (from < 0 || from > this.length) throw outOfRange("sourceStart", `>= 0 && <= ${this.length}`, from);
    const to = toInteger(sourceEnd, 0);
    if (to < 0) throw outOfRange("sourceEnd", ">= 0", to);
    if (at >= target.length || from >= to) return 0;
    const count = Math.min(to - from, target.length - at, this.length - from);
    Uint8Array.prototype.set.call(target, Uint8Array.prototype.subarray.call(this, from, from + count), at);
    return count;
  },
  /** @this {any} @param {any} value @param {any} [offset] @param {any} [end] @param {any} [encoding] */
  fill(value, offset = undefined, end = undefined, encoding = undefined) {
    return fillBytes(this, value, offset, end, encoding);
  },
  /** @this {any} @param {any} text @param {any} [offset] @param {any} [length] @param {any} [encoding] */
  write(text, offset = undefined, length = undefined, encoding = undefined) {
    let room = this.length;
    let start = 0;
    if (length === undefined && typeof offset === "string") encoding = offset;
    else if (offset !== undefined) {
      checkInteger("offset", offset, 0, this.length);
      start = offset;
      room -= offset;
      if (typeof length === "string") encoding = length;
      else if (length !== undefined) {
        checkInteger("length", length, 0, this.length);
        room = Math.min(room, length);
      }
    }
    if (typeof text !== "string") throw notText();
    return writeText(this, text, start, room, encoding ? knownEncoding(encoding) : "utf8");
  },
  /** @this {any} @param {any} [start] @param {any} [end] @returns {any} */
  subarray(start = 0, end = undefined) {
    const from = relative(start, this.length);
    const to = end === undefined ? this.length : relative(end, this.length);
    return new FastBuffer(this.buffer, this.byteOffset + from, Math.max(0, to - from));
  },
  /** @this {any} @param {any} [start] @param {any} [end] @returns {any} the same memory, unlike that of a Uint8Array */
  slice(start = undefined, end = undefined) {
    return this.subarray(start, end);
  },
  /** @this {any} */
  swap16() {
    return swap(this, 2);
  },
  /** @this {any} */
  swap32() {
    return swap(this, 4);
  },
  /** @this {any} */
  swap64() {
    return swap(this, 8);
  },
  /** @this {any} */
  toJSON() {
    return { type: "Buffer", data: this.length > 0 ? Array.from(this) : [] };
  },
  /** @this {any} @param {any} [depth] @param {any} [options] */
  [inspectSymbol](depth = undefined, options = undefined) {
    void depth;
    const shown = textOf(Uint8Array.prototype.subarray.call(this, 0, inspectMax), "hex").replace(/(..)(?=.)/g, "$1 ");
    const left = this.length - inspectMax;
    const rest = left > 0 ? ` ... ${left} more byte${left > 1 ? "s" : ""}` : "";
    const own = Object.entries(this).slice(this.length);
    const members = own.length === 0 ? "" : inspect(Object.fromEntries(own), { ...options, breakLength: Infinity, compact: true }).slice(2, -2);
    return `<${this.constructor.name} ${shown}${rest}${members !== "" && this.length > 0 ? ", " : ""}${members}>`;
  },
};
for (const name of Reflect.ownKeys(methods)) {
  Object.defineProperty(proto, name, { value: /** @type {any} */ (methods)[name], writable: true, enumerable: true, configurable: true });
}
proto.inspect = proto[inspectSymbol];
proto.toLocaleString = proto.toString;
defineNumberMethods(proto);
for (const [name, member] of [["parent", "buffer"], ["offset", "byteOffset"]]) {
  Object.defineProperty(proto, name, {
    enumerable: true, configurable: true,
    /** @this {any} */
    get() {
      return this instanceof Buffer ? /** @type {any} */ (this)[member] : undefined;
    },
  });
}

/** @type {["utf8" | "latin1" | "ascii" | "base64" | "base64url" | "hex" | "utf16le", string][]} */
const sliced = [["utf8", "utf8"], ["latin1", "latin1"], ["ascii", "ascii"], ["base64", "base64"], ["base64url", "base64url"],
  ["hex", "hex"], ["utf16le", "ucs2"], ["utf16le", "utf16le"]];
for (const [encoding, short] of sliced) {
  /** @this {any} @param {number} [start] @param {number} [end] */
  proto[`${short}Slice`] = function slice(start = 0, end = undefined) {
    if (end === undefined) end = /** @type {number} */ (this.length);
    if (start < 0 || end > this.length || start > this.length) throw nodeError(RangeError, "ERR_OUT_OF_RANGE", "Index out of range");
    return textOf(Uint8Array.prototype.subarray.call(this, start, Math.max(start, end)), encoding);
  };
  /** @this {any} @param {string} text @param {number} [offset] @param {number} [length] */
  proto[`${short}Write`] = function write(text, offset = 0, length = undefined) {
    if (length === undefined) length = /** @type {number} */ (this.length - offset);
    if (typeof text !== "string") throw notText();
    if (offset < 0 || offset > this.length) throw outOfBounds("offset");
    if (length < 0 || length > this.length - offset) throw outOfBounds("length");
    return writeText(this, text, offset, length, encoding);
  };
}

/** @param {any} value @param {string} name */
function bytesArgument(value, name) {
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (typeof value === "object" && value !== null && isMemory(value)) return new Uint8Array(value);
  throw invalidArgType(name, "an instance of ArrayBuffer, Buffer, or TypedArray", value);
}

/** @param {any} input @returns {boolean} */
export function isAscii(input) {
  return bytesArgument(input, "input").every((byte) => byte < 0x80);
}

/** @param {any} input @returns {boolean} */
export function isUtf8(input) {
  const bytes = bytesArgument(input, "input");
  try {
    ops.textDecode("utf-8", bytes, true, true);
    return true;
  } catch {
    return false;
  }
}

/**
 * The same text in another encoding. A character that the encoding does not have becomes a question mark.
 *
 * @param {any} source
 * @param {string} fromName
 * @param {string} toName
 */
export function transcode(source, fromName, toName) {
  checkBytes(source, "source");
  const [from, to] = [encodingOf(fromName || "utf8"), encodingOf(toName || "utf8")];
  const known = ["utf8", "utf16le", "latin1", "ascii"];
  if (from === undefined || to === undefined || !known.includes(from) || !known.includes(to)) {
    throw Object.assign(new Error("Unable to transcode Buffer [U_ILLEGAL_ARGUMENT_ERROR]"), { code: "U_ILLEGAL_ARGUMENT_ERROR", errno: 1 });
  }
  let text = from === "ascii" ? textOf(source, "latin1").replace(/[^\u0000-\u007f]/g, "\ufffd") : textOf(source, from);
  if (to === "latin1") text = text.replace(/[^\u0000-\u00ff]/gu, "?");
  if (to === "ascii") text = text.replace(/[^\u0000-\u007f]/gu, "?");
  return wrap(bytesOf(text, to));
}

/** There are no object URLs here. @param {string} id */
export function resolveObjectURL(id) {
  void id;
  return undefined;
}

/** @param {number} size */
export function SlowBuffer(size) {
  return Buffer.allocUnsafeSlow(size);
}

export { atob, Blob, btoa, File };
export default Object.defineProperty({
  atob, Blob, btoa, Buffer, constants, File, isAscii, isUtf8, kMaxLength, kStringMaxLength, resolveObjectURL, SlowBuffer, transcode,
}, "INSPECT_MAX_BYTES", {
  enumerable: true, configurable: true, get: () => inspectMax,
  /** @param {any} value */
  set(value) {
    checkNumber("INSPECT_MAX_BYTES", value, 0);
    inspectMax = value;
  },
});
