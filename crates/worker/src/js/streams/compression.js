/**
 * CompressionStream and DecompressionStream of the Compression standard.
 *
 * Source: https://compression.spec.whatwg.org/
 *
 * @module
 */

import { ops } from "stated:host";
import { lacks } from "stated:settings";
import { TransformStream } from "stated:vendor/web-streams-polyfill";
import { badConstructorArgument, defineInterface, toDOMString, viewBytes } from "stated:webidl";

/** Bytes that may have come out and wait for a reader. Up to here a program may write first and read afterwards. */
const WAITING_MAX = 16 * 1024 * 1024;

const formats = ["gzip", "deflate", "deflate-raw"];

/**
 * A pair of streams with a codec of the host between them.
 *
 * @param {string} name of the class, for texts
 * @param {unknown} value the format
 * @param {boolean} compress
 */
function codecStream(name, value, compress) {
  if (value === undefined) throw badConstructorArgument(name, 1, "string");
  const format = toDOMString(value);
  if (!formats.includes(format)) {
    throw new TypeError("The compression format must be either 'deflate', 'deflate-raw' or 'gzip'.");
  }
  const codecId = ops.codecOpen(format, compress, lacks("strict_compression_checks"));

  /** @param {any} controller */
  function drain(controller) {
    for (let piece = ops.codecPull(codecId); piece !== undefined; piece = ops.codecPull(codecId)) controller.enqueue(piece);
  }

  return new TransformStream(/** @type {any} */ ({
    /** @param {unknown} chunk @param {any} controller */
    transform(chunk, controller) {
      const bytes = typeof chunk === "string" ? ops.utf8Encode(chunk) : viewBytes(chunk);
      if (bytes === undefined) {
        throw new TypeError("This TransformStream is being used as a byte stream, but received an object of "
          + "non-ArrayBuffer/ArrayBufferView type on its writable side.");
      }
      ops.codecPush(codecId, bytes);
      drain(controller);
    },
    /** @param {any} controller */
    flush(controller) {
      ops.codecFinish(codecId);
      drain(controller);
      ops.codecClose(codecId);
    },
    cancel() {
      ops.codecClose(codecId);
    },
  }), undefined, { highWaterMark: WAITING_MAX, size: (/** @type {Uint8Array} */ piece) => piece.byteLength });
}

/** Bytes in, compressed bytes out. */
export class CompressionStream {
  #stream;

  /** @param {"gzip" | "deflate" | "deflate-raw"} format */
  constructor(format) {
    this.#stream = codecStream("CompressionStream", format, true);
  }

  get readable() {
    return this.#stream.readable;
  }

  get writable() {
    return this.#stream.writable;
  }
}

/** Compressed bytes in, bytes out. What is malformed, incomplete, or followed by more is a TypeError. */
export class DecompressionStream {
  #stream;

  /** @param {"gzip" | "deflate" | "deflate-raw"} format */
  constructor(format) {
    this.#stream = codecStream("DecompressionStream", format, false);
  }

  get readable() {
    return this.#stream.readable;
  }

  get writable() {
    return this.#stream.writable;
  }
}

defineInterface(CompressionStream, ["readable", "writable"]);
defineInterface(DecompressionStream, ["readable", "writable"]);
