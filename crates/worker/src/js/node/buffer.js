/**
 * `node:buffer`: the package `buffer`, with texts encoded and decoded by the host and what the package does not have yet.
 *
 * @module
 */

import { Blob, File } from "stated:blob";
import { atob, btoa } from "stated:encoding";
import { ops } from "stated:host";
import { bytesOf, byteLengthOf, encodingOf, textOf } from "stated:node-support/byte-text";
import { invalidArgType, nodeError, outOfRange } from "stated:node-support/errors";
import packaged from "stated:vendor/node/buffer";
import { inspectSymbol } from "stated:webidl";

/** @type {any} */
const Packaged = packaged;

/** @type {any} The class: also a function that makes one. */
export const Buffer = Packaged.Buffer;

/** The longest Buffer. */
export const kMaxLength = Number.MAX_SAFE_INTEGER;
/** The longest string of the engine. */
export const kStringMaxLength = 2 ** 30 - 2;
export const constants = { MAX_LENGTH: kMaxLength, MAX_STRING_LENGTH: kStringMaxLength };
/** Bytes that printing a Buffer shows. */
export const INSPECT_MAX_BYTES = 50;

const packagedFrom = Buffer.from;
// The bundler numbered it.
Object.defineProperty(Buffer, "name", { value: "Buffer", configurable: true });

/** @param {unknown} name */
function encoding(name) {
  if (name === undefined || name === null || name === "") return "utf8";
  const found = encodingOf(name);
  if (found === undefined) throw nodeError(TypeError, "ERR_UNKNOWN_ENCODING", `Unknown encoding: ${String(name)}`);
  return found;
}

/** @param {Uint8Array} bytes fresh ones */
function wrap(bytes) {
  return Object.setPrototypeOf(bytes, Buffer.prototype);
}

/** @param {any} value @returns {Uint8Array} */
function viewOf(value) {
  return value instanceof Uint8Array ? value : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

/** @param {any} value @param {string} name */
function bytesArgument(value, name) {
  if (ArrayBuffer.isView(value)) return viewOf(value);
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  throw invalidArgType(name, "an instance of ArrayBuffer, Buffer, or TypedArray", value);
}

const statics = {
  /** @param {any} value @param {any} [encodingOrOffset] @param {any} [length] */
  from(value, encodingOrOffset = undefined, length = undefined) {
    if (typeof value === "string") return wrap(bytesOf(value, encoding(encodingOrOffset)));
    if (typeof value !== "object" || value === null) {
      throw invalidArgType("first argument",
        "of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object", value);
    }
    return packagedFrom.call(Buffer, value, encodingOrOffset, length);
  },
  /** @param {any} value @param {any} [name] */
  byteLength(value, name = undefined) {
    if (typeof value === "string") return byteLengthOf(value, encodingOf(name) ?? "utf8");
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return value.byteLength;
    throw invalidArgType("string", "of type string or an instance of Buffer or ArrayBuffer", value);
  },
  /** @param {unknown} name */
  isEncoding(name) {
    return encodingOf(name) !== undefined;
  },
  /** @param {any} view @param {number} [offset] @param {number} [length] in elements */
  copyBytesFrom(view, offset = 0, length = undefined) {
    if (!ArrayBuffer.isView(view) || view instanceof DataView) throw invalidArgType("view", "an instance of TypedArray", view);
    const elements = /** @type {any} */ (view);
    return packagedFrom.call(Buffer, viewOf(elements.slice(offset, length === undefined ? undefined : offset + length)));
  },
};
for (const [name, value] of Object.entries(statics)) {
  Object.defineProperty(Buffer, name, { value, writable: true, enumerable: true, configurable: true });
}

const methods = {
  /** @this {any} @param {any} [name] @param {number} [start] @param {number} [end] @returns {string} */
  toString(name = undefined, start = 0, end = Number.MAX_SAFE_INTEGER) {
    const decoding = encoding(name);
    const from = Math.max(0, Math.trunc(start) || 0);
    const to = Math.min(this.length, Math.trunc(end) || 0);
    if (to <= from) return "";
    const whole = from === 0 && to === this.length;
    return textOf(whole ? this : Uint8Array.prototype.subarray.call(this, from, to), decoding);
  },
  /** @this {any} @param {any} text @param {any} [offset] @param {any} [length] @param {any} [name] */
  write(text, offset = undefined, length = undefined, name = undefined) {
    if (typeof text !== "string") throw invalidArgType("argument", "of type string", text);
    let start = 0;
    let room = this.length;
    if (typeof offset === "string") name = offset;
    else if (offset !== undefined) {
      start = integerArgument(offset, "offset", this.length);
      room = this.length - start;
      if (typeof length === "string") name = length;
      else if (length !== undefined) room = Math.min(room, integerArgument(length, "length", this.length));
    }
    const decoding = encoding(name);
    return decoding === "utf8" ? ops.utf8EncodeInto(text, viewOf(this).subarray(start, start + room))[1]
      : writeBytes(this, bytesOf(text, decoding), start, room, decoding === "utf16le" ? 2 : 1);
  },
  /** @this {any} */
  [inspectSymbol]() {
    const shown = textOf(Uint8Array.prototype.subarray.call(this, 0, INSPECT_MAX_BYTES), "hex").replace(/(..)(?=.)/g, "$1 ");
    const left = this.length - INSPECT_MAX_BYTES;
    const rest = left > 0 ? ` ... ${left} more byte${left > 1 ? "s" : ""}` : "";
    return `<${this.constructor.name} ${shown}${rest}>`;
  },
};
for (const name of Reflect.ownKeys(methods)) {
  const value = /** @type {any} */ (methods)[name];
  Object.defineProperty(Buffer.prototype, name, { value, writable: true, enumerable: true, configurable: true });
}
Buffer.prototype.inspect = Buffer.prototype[inspectSymbol];
Buffer.prototype.toLocaleString = Buffer.prototype.toString;

/** @type {["utf8" | "latin1" | "ascii" | "base64" | "base64url" | "hex" | "utf16le" | "ucs2", string][]} */
const sliced = [["utf8", "utf8"], ["latin1", "latin1"], ["ascii", "ascii"], ["base64", "base64"], ["base64url", "base64url"],
  ["hex", "hex"], ["ucs2", "utf16le"]];
for (const [short, name] of sliced) {
  /** @this {any} @param {number} [start] @param {number} [end] */
  Buffer.prototype[`${short}Slice`] = function slice(start = undefined, end = undefined) {
    return this.toString(name, start, end);
  };
  /** @this {any} @param {string} text @param {number} [offset] @param {number} [length] */
  Buffer.prototype[`${short}Write`] = function write(text, offset = undefined, length = undefined) {
    return this.write(text, offset ?? 0, length ?? this.length, name);
  };
}

// The package's own errors have no code.
for (const name of Object.keys(Buffer.prototype)) {
  if (/^(read|write)(U?Int|Uint|Big|Float|Double)/.test(name)) withCode(name, "ERR_OUT_OF_RANGE");
  if (/^swap\d+$/.test(name)) withCode(name, "ERR_INVALID_BUFFER_SIZE");
}

/** @param {string} name of a method @param {string} code of its range errors */
function withCode(name, code) {
  const method = Buffer.prototype[name];
  /** @this {any} @param {...any} args */
  Buffer.prototype[name] = function (...args) {
    try {
      return Reflect.apply(method, this, args);
    } catch (error) {
      if (error instanceof RangeError) Object.assign(error, { code });
      throw error;
    }
  };
}

/** @param {unknown} value @param {string} name @param {number} max */
function integerArgument(value, name, max) {
  if (typeof value !== "number") throw invalidArgType(name, "of type number", value);
  if (!Number.isInteger(value)) throw outOfRange(name, "an integer", value);
  if (value < 0 || value > max) throw outOfRange(name, `>= 0 && <= ${max}`, value);
  return value;
}

/** @param {Uint8Array} target @param {Uint8Array} bytes @param {number} start @param {number} room @param {number} unit */
function writeBytes(target, bytes, start, room, unit) {
  const count = Math.min(bytes.length, room - room % unit);
  Uint8Array.prototype.set.call(target, bytes.subarray(0, count), start);
  return count;
}

/** @param {any} input @returns {boolean} */
export function isAscii(input) {
  return bytesArgument(input, "input").every((byte) => byte < 0x80);
}

/** @param {any} input @returns {boolean} */
export function isUtf8(input) {
  try {
    ops.textDecode("utf-8", bytesArgument(input, "input"), true, true);
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
  if (!(source instanceof Uint8Array)) throw invalidArgType("source", "an instance of Buffer or Uint8Array", source);
  const [from, to] = [encodingOf(fromName), encodingOf(toName)];
  const known = ["utf8", "utf16le", "latin1", "ascii"];
  if (from === undefined || to === undefined || !known.includes(from) || !known.includes(to)) {
    throw Object.assign(new Error("Unable to transcode Buffer [U_ILLEGAL_ARGUMENT_ERROR]"),
      { code: "U_ILLEGAL_ARGUMENT_ERROR", errno: 1 });
  }
  let text = textOf(source, from);
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
export default {
  atob, Blob, btoa, Buffer, constants, File, INSPECT_MAX_BYTES, isAscii, isUtf8, kMaxLength, kStringMaxLength, resolveObjectURL,
  SlowBuffer, transcode,
};
