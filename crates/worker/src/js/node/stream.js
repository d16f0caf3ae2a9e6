/**
 * `node:stream`: the package `readable-stream`, with conversions from and to the streams of the platform.
 *
 * @module
 */

import { invalidArgType } from "stated:node-support/errors";
import { nextTick } from "stated:node-support/next-tick";
import { fromWebReadable, fromWebWritable, toWebReadable, toWebWritable } from "stated:node-support/web-streams";
import packaged from "stated:vendor/node/readable-stream";

/** @type {any} */
const Stream = packaged;

export const { addAbortSignal, compose, destroy, Duplex, finished, PassThrough, pipeline, promises, Readable, Transform, Writable,
  isDisturbed, isErrored, isReadable, _isUint8Array, _uint8ArrayToBuffer } = Stream;

/** @type {any} */
let defaults = { bytes: 64 * 1024, objects: 16 };

/** @param {boolean} objectMode */
export function getDefaultHighWaterMark(objectMode) {
  return objectMode ? defaults.objects : defaults.bytes;
}

/** Differs: streams are made with their own default, whatever is set here. @param {boolean} objectMode @param {number} value */
export function setDefaultHighWaterMark(objectMode, value) {
  defaults = objectMode ? { ...defaults, objects: value } : { ...defaults, bytes: value };
}

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
  if (!(value instanceof Class)) throw invalidArgType(name, `an instance of stream.${Class.name}`, value);
}

Readable.toWeb = (/** @type {any} */ stream, /** @type {any} */ options) => {
  requireInstance(stream, Readable, "streamReadable");
  return toWebReadable(stream, options);
};
Readable.fromWeb = (/** @type {any} */ stream, /** @type {any} */ options) => fromWebReadable(Readable, stream, options);
Writable.toWeb = (/** @type {any} */ stream) => toWebWritable(stream);
Writable.fromWeb = (/** @type {any} */ stream, /** @type {any} */ options) => fromWebWritable(Writable, stream, options);
Duplex.toWeb = (/** @type {any} */ stream) => ({ readable: toWebReadable(stream, undefined), writable: toWebWritable(stream) });
Duplex.fromWeb = (/** @type {any} */ pair, /** @type {any} */ options) => Duplex.from({
  readable: fromWebReadable(Readable, pair.readable, options), writable: fromWebWritable(Writable, pair.writable, options),
});

/** @param {any} value */
export const _isArrayBufferView = (value) => ArrayBuffer.isView(value);

Object.assign(Stream, { _isArrayBufferView, duplexPair, getDefaultHighWaterMark, isWritable, setDefaultHighWaterMark });
export { Stream };
export default Stream;
