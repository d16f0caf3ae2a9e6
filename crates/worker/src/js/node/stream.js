/**
 * `node:stream`: the package `readable-stream`, with conversions from and to the streams of the platform.
 *
 * @module
 */

import { abortError, checkObject, invalidArgType } from "stated:node-support/errors";
import { nextTick } from "stated:node-support/next-tick";
import { fromWebReadable, fromWebWritable, toWebReadable, toWebWritable } from "stated:node-support/web-streams";
import { isReadableStream, WritableStream } from "stated:streams";
import packaged from "stated:vendor/node/readable-stream";

/** @type {any} */
const Stream = packaged;

export const { addAbortSignal, compose, destroy, Duplex, finished, PassThrough, pipeline, promises, Readable, Transform, Writable,
  getDefaultHighWaterMark, isDisturbed, isErrored, isReadable, setDefaultHighWaterMark, _isUint8Array, _uint8ArrayToBuffer } = Stream;

/** @param {any} stream */
export function isWritable(stream) {
  return typeof stream?.writable === "boolean" ? stream.writable && !stream.destroyed && !stream.writableEnded : null;
}

/** Two streams that read what is written to the other. @param {any} [options] */
export function duplexPair(options = undefined) {
  /** @type {any[]} */
  const waiting = [undefined, undefined];
  /** @type {any[]} */
  const sides = [0, 1].map((own) => new Duplex({
    ...options,
    read() {
      const callback = waiting[own];
      waiting[own] = undefined;
      callback?.();
    },
    write(/** @type {any} */ chunk, /** @type {any} */ _encoding, /** @type {() => void} */ callback) {
      if (chunk.length === 0) nextTick(callback);
      else {
        waiting[1 - own] = callback;
        sides[1 - own].push(chunk);
      }
    },
    final(/** @type {() => void} */ callback) {
      sides[1 - own].on("end", callback);
      sides[1 - own].push(null);
    },
  }));
  return sides;
}

/** @param {any} value @param {any} Class @param {string} name */
function requireInstance(value, Class, name) {
  if (!(value instanceof Class)) throw invalidArgType(name, `an stream.${Class.name}`, value);
}

Readable.toWeb = (/** @type {any} */ stream, /** @type {any} */ options) => {
  requireInstance(stream, Readable, "streamReadable");
  return toWebReadable(stream, options);
};
Readable.fromWeb = (/** @type {any} */ stream, /** @type {any} */ options) => fromWebReadable(Readable, stream, options);
Writable.toWeb = (/** @type {any} */ stream) => {
  requireInstance(stream, Writable, "streamWritable");
  return toWebWritable(stream);
};
Writable.fromWeb = (/** @type {any} */ stream, /** @type {any} */ options) => fromWebWritable(Writable, stream, options);
Duplex.toWeb = (/** @type {any} */ stream) => {
  requireInstance(stream, Duplex, "duplex");
  return { readable: toWebReadable(stream, undefined), writable: toWebWritable(stream) };
};
Duplex.fromWeb = (/** @type {any} */ pair, /** @type {any} */ options) => {
  checkObject("pair", pair);
  if (!isReadableStream(pair.readable)) throw invalidArgType("pair.readable", "an instance of ReadableStream", pair.readable);
  if (!(pair.writable instanceof WritableStream)) throw invalidArgType("pair.writable", "an instance of WritableStream", pair.writable);
  return Duplex.from({ readable: fromWebReadable(Readable, pair.readable, options), writable: fromWebWritable(Writable, pair.writable, options) });
};

/** Destroys what is not finished. @this {any} */
Writable.prototype[Symbol.asyncDispose] = async function () {
  const error = this.destroyed || this.writableFinished ? null : abortError(undefined);
  if (!this.destroyed) this.destroy(error);
  await new Promise((resolve, reject) => {
    finished(this, (/** @type {unknown} */ failure) => (failure && failure !== error ? reject(failure) : resolve(undefined)));
  });
};

/** @param {any} value */
export const _isArrayBufferView = (value) => ArrayBuffer.isView(value);

Object.assign(Stream, { _isArrayBufferView, duplexPair, isWritable });
export { Stream };
export default Stream;
