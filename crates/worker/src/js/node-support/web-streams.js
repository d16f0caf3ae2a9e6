/**
 * Node's streams as the platform's and back.
 *
 * @module
 */

import { invalidArgType } from "stated:node-support/errors";
import { isReadableStream, ReadableStream, WritableStream } from "stated:streams";

/** @param {any} chunk a Buffer becomes a plain Uint8Array, as byte streams of the platform give */
function plainChunk(chunk) {
  return chunk instanceof Uint8Array && chunk.constructor !== Uint8Array
    ? new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength) : chunk;
}

/**
 * @param {any} stream a Readable
 * @param {any} [options]
 * @returns {ReadableStream}
 */
export function toWebReadable(stream, options = undefined) {
  const strategy = options?.strategy ?? { highWaterMark: 0 };
  return new ReadableStream({
    start(/** @type {any} */ controller) {
      let open = true;
      stream.pause();
      stream.on("data", (/** @type {any} */ chunk) => {
        controller.enqueue(plainChunk(chunk));
        if (controller.desiredSize <= 0) stream.pause();
      });
      stream.on("end", () => {
        if (open) controller.close();
        open = false;
      });
      stream.on("error", (/** @type {unknown} */ error) => {
        if (open) controller.error(error);
        open = false;
      });
      stream.on("close", () => {
        if (open) controller.error(Object.assign(new Error("Premature close"), { code: "ERR_STREAM_PREMATURE_CLOSE" }));
        open = false;
      });
    },
    pull() {
      stream.resume();
    },
    cancel(/** @type {unknown} */ reason) {
      stream.destroy(reason);
    },
  }, strategy);
}

/**
 * @param {any} Readable
 * @param {any} source a ReadableStream
 * @param {any} [options]
 */
export function fromWebReadable(Readable, source, options = undefined) {
  if (!isReadableStream(source)) throw invalidArgType("readableStream", "an instance of ReadableStream", source);
  const reader = source.getReader();
  return new Readable({
    ...options,
    /** @this {any} */
    read() {
      reader.read().then(
        (/** @type {any} */ { value, done }) => {
          this.push(done ? null : value);
        },
        (/** @type {any} */ error) => this.destroy(error),
      );
    },
    destroy(/** @type {any} */ error, /** @type {(error: any) => void} */ callback) {
      reader.cancel(error ?? undefined).then(() => callback(error), () => callback(error));
    },
  });
}

/** @param {any} stream a Writable @returns {WritableStream} */
export function toWebWritable(stream) {
  return new WritableStream({
    start(/** @type {any} */ controller) {
      stream.on("error", (/** @type {unknown} */ error) => controller.error(error));
      stream.on("close", () => {
        if (!stream.writableFinished) {
          controller.error(Object.assign(new Error("Premature close"), { code: "ERR_STREAM_PREMATURE_CLOSE" }));
        }
      });
    },
    write(/** @type {any} */ chunk) {
      return new Promise((resolve, reject) => {
        stream.write(chunk, (/** @type {any} */ error) => (error ? reject(error) : resolve(undefined)));
      });
    },
    close() {
      return new Promise((resolve, reject) => {
        stream.once("error", reject);
        stream.end(() => resolve(undefined));
      });
    },
    abort(/** @type {unknown} */ reason) {
      stream.destroy(reason);
    },
  });
}

/**
 * @param {any} Writable
 * @param {any} target a WritableStream
 * @param {any} [options]
 */
export function fromWebWritable(Writable, target, options = undefined) {
  if (!(target instanceof WritableStream)) throw invalidArgType("writableStream", "an instance of WritableStream", target);
  const writer = target.getWriter();
  return new Writable({
    ...options,
    write(/** @type {any} */ chunk, /** @type {any} */ _encoding, /** @type {any} */ callback) {
      writer.write(plainChunk(chunk)).then(() => callback(), callback);
    },
    final(/** @type {any} */ callback) {
      writer.close().then(() => callback(), callback);
    },
    destroy(/** @type {any} */ error, /** @type {any} */ callback) {
      if (error === null) callback(null);
      else writer.abort(error).then(() => callback(error), () => callback(error));
    },
  });
}
