/**
 * `node:string_decoder`: text from bytes that arrive in pieces.
 *
 * @module
 */

import { Buffer } from "stated:node/buffer";
import { invalidArgType } from "stated:node-support/errors";
import packaged from "stated:vendor/node/string_decoder";

export const { StringDecoder } = /** @type {any} */ (packaged);
Object.defineProperty(StringDecoder, "name", { value: "StringDecoder", configurable: true });

/** The package knows Buffers only. @param {any} chunk */
function bufferOf(chunk) {
  if (typeof chunk === "string" || Buffer.isBuffer(chunk)) return chunk;
  if (ArrayBuffer.isView(chunk)) return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  throw invalidArgType("buf", "an instance of Buffer, TypedArray, or DataView", chunk);
}

const { end, write } = StringDecoder.prototype;
/** @this {any} @param {any} chunk */
StringDecoder.prototype.write = function (chunk) {
  return write.call(this, bufferOf(chunk));
};
/** @this {any} @param {any} [chunk] */
StringDecoder.prototype.end = function (chunk = undefined) {
  return end.call(this, chunk === undefined ? undefined : bufferOf(chunk));
};
export default { StringDecoder };
