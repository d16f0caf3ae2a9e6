/**
 * Streams over bodies: made from content when a program asks for `.body`, read as a whole, and pumped into a host body when
 * the program made them itself.
 *
 * A stream made here remembers its content until it is first read, so that passing it on moves the content.
 *
 * @module
 */

import { isAbortSignal } from "stated:abort";
import { ops } from "stated:host";
import { reportUncaught } from "stated:report";
import { isDisturbed, markSpent, ReadableStream } from "stated:streams";
import { viewBytes } from "stated:webidl";

/** @typedef {import("stated:abort").AbortSignal} AbortSignal */
/** @typedef {import("stated:vendor/web-streams-polyfill").UnderlyingByteSource} UnderlyingByteSource */
/** @typedef {(error: unknown) => unknown} Failure what readers see instead of the host's error */
/** @typedef {string | Uint8Array | number} Content text, bytes, or the id of a host body */

/**
 * @typedef {object} Source what a stream made here will deliver, as long as nobody has read from it
 * @property {Content} content
 * @property {Failure | null} failure
 */

/** @type {WeakMap<object, Source>} */
const sources = new WeakMap();

/** The error for a body that was consumed. */
export const used = () => new TypeError("Body has already been used. It can only be used once. Use tee() first if you need to read it "
  + "twice.");
/** The error for a stream that somebody else reads. */
export const locked = () => new TypeError("This ReadableStream is currently locked to a reader.");

/** The error of a body that cannot be shared, with Workers' comma. */
export const lockedForSharing = () => new TypeError("This ReadableStream is currently locked to a reader,");
const notBytes = () => new TypeError("This ReadableStream did not return bytes.");

/**
 * The content of a stream that was made here and never read, or undefined. Whoever takes it marks the stream as spent.
 *
 * @param {ReadableStream<any>} stream neither disturbed nor locked
 * @returns {Content | undefined}
 */
export function untouchedContent(stream) {
  return sources.get(stream)?.content;
}

/**
 * Consumes a stream as a whole, from its source when that is still untouched.
 *
 * Throws a TypeError when the stream was read or is locked.
 *
 * @param {ReadableStream<any>} stream
 * @returns {Content | Promise<Uint8Array>}
 */
export function takeStream(stream) {
  if (isDisturbed(stream)) throw used();
  if (stream.locked) throw locked();
  const source = sources.get(stream);
  if (source === undefined) return readAll(stream);
  markSpent(stream);
  const { content, failure } = source;
  if (typeof content !== "number") return content;
  return failure === null ? ops.bodyReadAll(content) : ops.bodyReadAll(content).catch((error) => {
    throw failure(error);
  });
}

/** Always a copy: the chunks may still be the program's. @param {ReadableStream<any>} stream @returns {Promise<Uint8Array>} */
async function readAll(stream) {
  const reader = stream.getReader();
  /** @type {Uint8Array[]} */
  const chunks = [];
  let length = 0;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const bytes = viewBytes(value);
    if (bytes === undefined) {
      const error = notBytes();
      reader.cancel(error).catch(() => {});
      throw error;
    }
    chunks.push(bytes);
    length += bytes.byteLength;
  }
  const result = new Uint8Array(length);
  let position = 0;
  for (const chunk of chunks) {
    result.set(chunk, position);
    position += chunk.byteLength;
  }
  return result;
}

/**
 * A byte stream over content that is still whole.
 *
 * @param {Content} content
 * @param {Failure | null} failure
 * @returns {ReadableStream<any>}
 */
export function contentStream(content, failure) {
  const source = { content, failure };
  const stream = new ReadableStream(typeof content === "number" ? hostSource(content, failure) : memorySource(content),
    { highWaterMark: 0 });
  sources.set(stream, source);
  return stream;
}

/** @param {string | Uint8Array} content @returns {UnderlyingByteSource} */
function memorySource(content) {
  return {
    type: "bytes",
    pull(controller) {
      const bytes = typeof content === "string" ? ops.utf8Encode(content) : content;
      if (bytes.byteLength > 0) controller.enqueue(/** @type {Uint8Array<ArrayBuffer>} */ (bytes));
      controller.close();
      if (bytes.byteLength === 0) controller.byobRequest?.respond(0);
    },
  };
}

/** @param {number} bodyId @param {Failure | null} failure @returns {UnderlyingByteSource} */
function hostSource(bodyId, failure) {
  return {
    type: "bytes",
    async pull(controller) {
      let chunk;
      try {
        do chunk = await ops.bodyRead(bodyId);
        while (chunk !== undefined && chunk.byteLength === 0);
      } catch (error) {
        throw failure === null ? error : failure(error);
      }
      if (chunk !== undefined) {
        controller.enqueue(/** @type {Uint8Array<ArrayBuffer>} */ (chunk));
        return;
      }
      controller.close();
      controller.byobRequest?.respond(0);
    },
    cancel() {
      ops.bodyCancel(bodyId);
    },
  };
}

/**
 * A byte stream over a host body.
 *
 * Nothing is read before the first `read`. Cancelling the stream cancels the body. When `signal` is given, a failure after
 * it was aborted is its reason.
 *
 * @param {number} bodyId
 * @param {AbortSignal | null} [signal]
 * @returns {ReadableStream<Uint8Array>}
 */
export function hostBodyStream(bodyId, signal = null) {
  if (signal === null || !isAbortSignal(signal)) return contentStream(bodyId, null);
  return contentStream(bodyId, (error) => (signal.aborted ? signal.reason : error));
}

/**
 * Makes a host body that is filled from a stream, one chunk at a time as the host has room.
 *
 * The stream must be neither locked nor read; it is locked from now on. The context stays alive until the stream has ended.
 * An error of the stream, or a chunk that is not bytes, aborts the body.
 *
 * @param {ReadableStream<any>} stream
 * @param {number} [length] in bytes when known, else -1
 * @returns {number} the body's id
 */
export function streamToHostBody(stream, length = -1) {
  const bodyId = ops.bodyNew(length);
  const contextId = ops.contextId();
  ops.taskBegin(contextId);
  pump(stream.getReader(), bodyId).finally(() => ops.taskEnd(contextId, false));
  return bodyId;
}

/** Never rejects. @param {import("stated:streams").ReadableStreamDefaultReader<any>} reader @param {number} bodyId */
async function pump(reader, bodyId) {
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      // Text leaves as UTF-8, as in Workers; only a body that is read here insists on bytes.
      const bytes = typeof value === "string" ? ops.utf8Encode(value) : viewBytes(value);
      if (bytes === undefined) {
        const error = notBytes();
        reader.cancel(error).catch(() => {});
        throw error;
      }
      if (bytes.byteLength > 0 && !(await ops.bodyWrite(bodyId, bytes))) {
        reader.cancel(Object.assign(new Error("Network connection lost."), { retryable: true })).catch(() => {});
        return;
      }
    }
    ops.bodyClose(bodyId);
  } catch (error) {
    reportUncaught(error);
    ops.bodyAbort(bodyId, messageOf(error));
  }
}

/** @param {unknown} error */
function messageOf(error) {
  try {
    return `${error}`;
  } catch {
    return "the stream failed";
  }
}
