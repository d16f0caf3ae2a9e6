/**
 * IdentityTransformStream and FixedLengthStream of Workers: bytes in, the same bytes out, nothing kept in between. A write
 * settles when the chunk was read.
 *
 * Source: https://developers.cloudflare.com/workers/runtime-apis/streams/transformstream/
 *
 * @module
 */

import { ops } from "stated:host";
import { ReadableStream, TransformStream, WritableStream } from "stated:vendor/web-streams-polyfill";
import { badConstructorArgument, defineInspection, defineInterface, toDictionary, viewBytes } from "stated:webidl";

/** @type {WeakMap<object, number>} the readable ends of FixedLengthStreams, to their lengths */
const lengths = new WeakMap();

/**
 * The number of bytes that a readable end promises, or -1.
 *
 * @param {object} readable
 */
export function lengthOf(readable) {
  return lengths.get(readable) ?? -1;
}

/** @type {(stream: IdentityTransformStream, ends: { readable: ReadableStream<any>, writable: WritableStream<any> }) => void} */
let replaceEnds;

/** Passes bytes through unchanged. */
export class IdentityTransformStream extends TransformStream {
  #readable;
  #writable;

  /** @param {{ highWaterMark?: number }} [strategy] how many bytes may wait to be read; none by default */
  constructor(strategy = undefined) {
    super();
    const ends = pipe(-1, highWaterMark(strategy, "IdentityTransformStream", 1));
    this.#readable = ends.readable;
    this.#writable = ends.writable;
  }

  /** @override */
  get readable() {
    return this.#readable;
  }

  /** @override */
  get writable() {
    return this.#writable;
  }

  static {
    replaceEnds = (stream, ends) => {
      stream.#readable = ends.readable;
      stream.#writable = ends.writable;
    };
  }
}

/**
 * Passes exactly `expectedLength` bytes; as a body it gives a Content-Length. More bytes fail the reader and what is written next,
 * fewer fail the reader alone.
 */
export class FixedLengthStream extends IdentityTransformStream {
  /**
   * @param {number | bigint} expectedLength
   * @param {{ highWaterMark?: number }} [strategy]
   */
  constructor(expectedLength, strategy = undefined) {
    if (arguments.length < 1) throw badConstructorArgument("FixedLengthStream", 1, "bigint");
    const length = toLength(expectedLength);
    super();
    const ends = pipe(length, highWaterMark(strategy, "FixedLengthStream", 2));
    lengths.set(ends.readable, length);
    replaceEnds(this, ends);
  }
}

/** @param {any} value */
function toLength(value) {
  const length = toUnsigned(value);
  if (length > Number.MAX_SAFE_INTEGER) {
    throw new TypeError("FixedLengthStream requires an integer expected length less than 2^53.");
  }
  return length;
}

/** @param {any} value @returns {number} */
function toUnsigned(value) {
  const number = typeof value === "bigint" ? Number(value) : Math.trunc(Number(value));
  if (!Number.isFinite(number)) throw new TypeError("The value cannot be converted because it is not an integer.");
  if (number < 0) {
    throw new TypeError("The value cannot be converted because it is negative and this API expects a positive bigint.");
  }
  return number;
}

/**
 * @param {{ highWaterMark?: number } | undefined} strategy
 * @param {string} name of the class
 * @param {number} position
 */
function highWaterMark(strategy, name, position) {
  const value = toDictionary(strategy, () => badConstructorArgument(name, position, "QueuingStrategy"))?.highWaterMark;
  return value === undefined ? 0 : toUnsigned(value);
}

/**
 * Two connected ends.
 *
 * @param {number} length -1 for any number of bytes
 * @param {number} waitingMax bytes that may be written ahead of the reader
 */
function pipe(length, waitingMax) {
  let left = length;
  /** @type {any} */ let readableController;
  /** Resolves when the reader wants bytes. */
  let wanted = deferred();
  let ended = false;
  /** @param {string} message */
  const fail = (message) => {
    const error = new TypeError(message);
    ended = true;
    readableController.error(error);
    return error;
  };

  const readable = new ReadableStream({
    type: "bytes",
    start(controller) {
      readableController = controller;
    },
    pull() {
      wanted.resolve(true);
    },
    cancel(reason) {
      ended = true;
      wanted.resolve(false);
      writableController.error(reason === undefined ? new Error("Stream was cancelled.") : reason);
    },
  }, { highWaterMark: 0 });

  /** @type {any} */ let writableController;
  const writable = new WritableStream({
    start(controller) {
      writableController = controller;
    },
    async write(chunk) {
      const bytes = chunk === undefined ? undefined : copyOf(chunk);
      if (bytes === null) {
        throw fail("This TransformStream is being used as a byte stream, but received an object of "
          + "non-ArrayBuffer/ArrayBufferView type on its writable side.");
      }
      if (bytes === undefined || bytes.byteLength === 0) return;
      if (!(await wanted.promise)) return;
      wanted = deferred();
      if (left !== -1 && bytes.byteLength > left) {
        // As in Workers the reader hears of it, and the writer with what it does next.
        writableController.error(fail("Attempt to write too many bytes through a FixedLengthStream."));
        return;
      }
      if (left !== -1) left -= bytes.byteLength;
      readableController.enqueue(bytes);
    },
    close() {
      if (left > 0) {
        fail("FixedLengthStream did not see all expected bytes before close().");
        return;
      }
      ended = true;
      readableController.close();
      // A pending BYOB read gets its buffer back only by an answer of no bytes.
      readableController.byobRequest?.respond(0);
    },
    abort(reason) {
      if (ended) return;
      ended = true;
      wanted.resolve(false);
      readableController.error(reason);
    },
  }, waitingMax > 0 ? { highWaterMark: waitingMax, size: (chunk) => chunk.byteLength ?? 1 } : undefined);

  return { readable, writable };
}

function deferred() {
  /** @type {(value: boolean) => void} */ let resolve = () => {};
  /** @type {Promise<boolean>} */
  const promise = new Promise((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** The chunk's bytes, or null where it has none. @param {unknown} chunk */
function copyOf(chunk) {
  if (typeof chunk === "string") return /** @type {Uint8Array<ArrayBuffer>} */ (ops.utf8Encode(chunk));
  return viewBytes(chunk)?.slice() ?? null;
}

defineInterface(IdentityTransformStream);
defineInterface(FixedLengthStream);
for (const Class of [IdentityTransformStream, FixedLengthStream]) {
  defineInspection(Class.prototype, (self) => ({ readable: self.readable, writable: self.writable }));
}
