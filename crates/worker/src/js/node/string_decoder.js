/**
 * `node:string_decoder`: text from bytes that arrive in pieces. What may be the beginning of a character waits for its end.
 *
 * @module
 */

import { Buffer } from "stated:node/buffer";
import { encodingOf, textOf } from "stated:node-support/byte-text";
import { invalidArgType, nodeError } from "stated:node-support/errors";

/**
 * What a decoder keeps: the bytes of a character that is not complete, how many there are, and how many are missing.
 *
 * @typedef {{ bytes: Buffer, count: number, missing: number }} State
 */

/** Where a decoder has its state, of which programs see the old names. */
const kept = Symbol("state");
/** Bytes of the longest character. */
const LONGEST = 4;

/** @param {number} byte */
const continues = (byte) => (byte & 0xc0) === 0x80;
/** Of UTF-16, whose second half is in another unit. @param {number} byte the higher one of a unit */
const isLead = (byte) => (byte & 0xfc) === 0xd8;

/** How many bytes the character has that begins so; 0 if none does. @param {number} byte */
function lengthInUtf8(byte) {
  if ((byte & 0xe0) === 0xc0) return 2;
  if ((byte & 0xf0) === 0xe0) return 3;
  return (byte & 0xf8) === 0xf0 ? 4 : 0;
}

/** How many bytes at the end belong to a character that is not complete, and how many of it are missing. @param {Uint8Array} bytes */
function openInUtf8(bytes) {
  for (let count = 1; count <= Math.min(bytes.length, LONGEST); count++) {
    const byte = bytes[bytes.length - count];
    if (!continues(byte)) return [count, lengthInUtf8(byte) - count];
  }
  return [0, 0];
}

/** @param {string} encoding @param {Uint8Array} bytes not empty @returns {number[]} as in `openInUtf8`, where nothing may be missing */
function openAtEnd(encoding, bytes) {
  switch (encoding) {
    case "utf8":
      return openInUtf8(bytes);
    case "utf16le":
      if (bytes.length % 2 === 1) return [1, 1];
      return isLead(bytes[bytes.length - 1]) ? [2, 2] : [0, 0];
    default:
      return [bytes.length % 3, 3 - bytes.length % 3];
  }
}

/**
 * Completes the character that waits.
 *
 * @param {any} encoding
 * @param {State} state
 * @param {Uint8Array} bytes
 * @returns {[string, Uint8Array]} its text, if there is enough, and the bytes that are left
 */
function complete(encoding, state, bytes) {
  let taken = Math.min(state.missing, bytes.length);
  if (encoding === "utf8") {
    // A byte that does not continue the character begins another; the decoder sees what is wrong with the first.
    const wrong = bytes.subarray(0, taken).findIndex((byte) => !continues(byte));
    if (wrong !== -1) [taken, state.missing] = [wrong, wrong];
  }
  state.bytes.set(bytes.subarray(0, taken), state.count);
  state.count += taken;
  state.missing -= taken;
  if (state.missing > 0) return ["", bytes.subarray(taken)];
  if (encoding === "utf16le" && state.count === 2 && isLead(state.bytes[1])) {
    state.missing = 2;
    return complete(encoding, state, bytes.subarray(taken));
  }
  const text = textOf(state.bytes.subarray(0, state.count), encoding);
  state.count = 0;
  return [text, bytes.subarray(taken)];
}

/** @param {any} encoding @param {State} state @param {Uint8Array} bytes @returns {string} */
function decode(encoding, state, bytes) {
  if (encoding === "latin1" || encoding === "ascii" || encoding === "hex") return textOf(bytes, encoding);
  const [head, rest] = state.missing > 0 ? complete(encoding, state, bytes) : ["", bytes];
  if (rest.length === 0) return head;
  const [count, missing] = openAtEnd(encoding, rest);
  if (count === 0 || missing <= 0) return head + textOf(rest, encoding);
  state.count = count;
  state.missing = missing;
  state.bytes.set(rest.subarray(rest.length - count));
  return head + textOf(rest.subarray(0, rest.length - count), encoding);
}

/**
 * Can be called on another object, as old classes do that extend it.
 *
 * @this {any}
 * @param {any} [encoding]
 */
export function StringDecoder(encoding = undefined) {
  const known = encoding === undefined || encoding === null || encoding === "" ? "utf8" : encodingOf(encoding);
  if (known === undefined) throw nodeError(TypeError, "ERR_UNKNOWN_ENCODING", `Unknown encoding: ${encoding}`);
  this.encoding = known;
  Object.defineProperty(this, kept, { value: { bytes: Buffer.alloc(LONGEST), count: 0, missing: 0 } });
}

/** @this {any} @param {any} chunk a string is text already @returns {string} */
StringDecoder.prototype.write = function (chunk) {
  if (typeof chunk === "string") return chunk;
  if (!ArrayBuffer.isView(chunk)) throw invalidArgType("buf", "an instance of Buffer, TypedArray, or DataView", chunk);
  return decode(this.encoding, this[kept], new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
};

/** The last piece, with what is left of a character. @this {any} @param {any} [chunk] @returns {string} */
StringDecoder.prototype.end = function (chunk = undefined) {
  const text = chunk === undefined ? "" : this.write(chunk);
  const state = this[kept];
  const count = this.encoding === "utf16le" ? state.count - state.count % 2 : state.count;
  const rest = count === 0 ? "" : textOf(state.bytes.subarray(0, count), this.encoding);
  state.count = state.missing = 0;
  return text + rest;
};

/** Of bytes from an offset, whatever came before. @this {any} @param {Uint8Array} bytes @param {number} offset @returns {string} */
StringDecoder.prototype.text = function (bytes, offset) {
  this[kept].count = this[kept].missing = 0;
  return this.write(bytes.slice(offset));
};

Object.defineProperties(StringDecoder.prototype, {
  lastChar: { configurable: true, enumerable: true, get() { return this[kept].bytes; } },
  lastNeed: { configurable: true, enumerable: true, get() { return this[kept].missing; } },
  lastTotal: { configurable: true, enumerable: true, get() { return this[kept].count + this[kept].missing; } },
});

export default { StringDecoder };
