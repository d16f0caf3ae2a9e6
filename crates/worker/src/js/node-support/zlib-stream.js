/**
 * The stream behind every class of `node:zlib`: a Transform with a codec of the host in it.
 *
 * @module
 */

import { ops } from "stated:host";
import { Buffer, kMaxLength } from "stated:node/buffer";
import { invalidArgType, nodeError, outOfRange } from "stated:node-support/errors";
import { nextTick } from "stated:node-support/next-tick";
import { constants } from "stated:node-support/zlib-constants";
import { finished, Transform } from "stated:node/stream";
import { Registry } from "stated:registries";

/** Bytes asked for in one call when a program wants larger chunks: the host gives no more. */
const PIECE_BYTES_MAX = 1 << 20;

/** Streams that nobody closed. */
const abandoned = new Registry((/** @type {number} */ id) => ops.zlibClose(id));

/** How much the flush values of deflate flush, for the larger of two. */
const flushiness = [0, 2, 3, 4, 5, 1];

/** The error that destroyed a stream, for calls that are synchronous. */
const failed = Symbol("kError");
/** On an empty chunk: the flush that it stands for. */
const flushFlag = Symbol("kFlushFlag");
const flushChunks = flushiness.map((_, flag) => Object.assign(Buffer.alloc(0), { [flushFlag]: flag }));

/**
 * Whether it is a number to look at; NaN and undefined are none.
 *
 * @param {unknown} number
 * @param {string} name
 * @returns {number is number}
 */
export function isGiven(number, name) {
  if (number === undefined || Number.isNaN(number)) return false;
  if (Number.isFinite(number)) return true;
  if (typeof number !== "number") throw invalidArgType(name, "of type number", number);
  throw outOfRange(name, "a finite number", number);
}

/**
 * @param {unknown} number
 * @param {string} name
 * @param {number} lower
 * @param {number} upper
 * @param {number} otherwise for a number that is not given
 */
export function inRange(number, name, lower, upper, otherwise) {
  if (!isGiven(number, name)) return otherwise;
  if (number < lower || number > upper) throw outOfRange(name, `>= ${lower} and <= ${upper}`, number);
  return number;
}

/** @param {import("stated:host").ZlibFailure} failure */
function zlibError([message, code, errno]) {
  const error = new Error(message);
  return Object.assign(error, { errno, code });
}

/**
 * What an operation that opens a stream gave.
 *
 * @param {number | import("stated:host").ZlibFailure} opened
 */
export function openedOrThrow(opened) {
  if (typeof opened === "number") return opened;
  throw nodeError(Error, opened[1], opened[0]);
}

/** @typedef {{ flush: number, finishFlush: number, fullFlush: number, flushMax: number }} FlushDefaults */

/**
 * The base of all classes. A function, because Node's classes can be called without `new`.
 *
 * @this {any}
 * @param {any} options
 * @param {number} id of the host's stream
 * @param {FlushDefaults} defaults
 */
export function ZlibBase(options, id, { flush, finishFlush, fullFlush, flushMax }) {
  let chunkBytes = constants.Z_DEFAULT_CHUNK;
  let outputMax = kMaxLength;
  try {
    if (options) {
      if (isGiven(options.chunkSize, "options.chunkSize")) chunkBytes = options.chunkSize;
      if (chunkBytes < constants.Z_MIN_CHUNK) throw outOfRange("options.chunkSize", `>= ${constants.Z_MIN_CHUNK}`, chunkBytes);
      flush = inRange(options.flush, "options.flush", 0, flushMax, flush);
      finishFlush = inRange(options.finishFlush, "options.finishFlush", 0, flushMax, finishFlush);
      outputMax = inRange(options.maxOutputLength, "options.maxOutputLength", 1, kMaxLength, kMaxLength);
      if (options.encoding || options.objectMode || options.writableObjectMode) {
        options = { ...options, encoding: null, objectMode: false, writableObjectMode: false };
      }
    }
    Transform.call(this, { autoDestroy: true, ...options });
  } catch (error) {
    ops.zlibClose(id);
    throw error;
  }
  this[failed] = null;
  this.bytesWritten = 0;
  this._handle = id;
  this._chunkSize = chunkBytes;
  this._defaultFlushFlag = flush;
  this._finishFlushFlag = finishFlush;
  this._defaultFullFlushFlag = fullFlush;
  this._info = options?.info;
  this._maxOutputLength = outputMax;
  abandoned.register(this, id, this);
}

Object.setPrototypeOf(ZlibBase.prototype, Transform.prototype);
Object.setPrototypeOf(ZlibBase, Transform);

/** @type {any} */
const proto = ZlibBase.prototype;

Object.defineProperty(proto, "_closed", {
  configurable: true,
  enumerable: true,
  /** @this {any} */
  get() {
    return this._handle === null;
  },
});

/** The former name of bytesWritten. */
Object.defineProperty(proto, "bytesRead", {
  configurable: true,
  enumerable: true,
  /** @this {any} */
  get() {
    return this.bytesWritten;
  },
  /** @this {any} */
  set(/** @type {number} */ value) {
    this.bytesWritten = value;
  },
});

/** @param {any} stream */
function requireOpen(stream) {
  if (stream._handle === null) throw nodeError(Error, "ERR_INTERNAL_ASSERTION", "zlib binding closed");
}

/** @param {any} stream @param {import("stated:host").ZlibFailure | undefined} failure */
function failWith(stream, failure) {
  if (failure === undefined) return false;
  const error = zlibError(failure);
  stream[failed] = error;
  stream.destroy(error);
  return true;
}

/** @param {any} stream */
function closeStream(stream) {
  if (stream._handle === null) return;
  ops.zlibClose(stream._handle);
  abandoned.unregister(stream);
  stream._handle = null;
}

/** Begins a new stream with the same settings. @this {any} */
proto.reset = function reset() {
  requireOpen(this);
  failWith(this, ops.zlibReset(this._handle));
};

/** @this {any} @param {(error?: any) => void} callback */
proto._flush = function _flush(callback) {
  this._transform(Buffer.alloc(0), "", callback);
};

/** @this {any} @param {() => void} callback */
proto._final = function _final(callback) {
  callback();
};

/** @this {any} @param {any} kind @param {any} [callback] */
proto.flush = function flush(kind, callback = undefined) {
  if (typeof kind === "function" || kind === undefined && !callback) {
    callback = kind;
    kind = this._defaultFullFlushFlag;
  }
  if (this.writableFinished) {
    if (callback) nextTick(callback);
  } else if (this.writableEnded) {
    if (callback) this.once("end", callback);
  } else {
    this.write(flushChunks[kind], "", callback);
  }
};

/** @this {any} @param {any} [callback] */
proto.close = function close(callback = undefined) {
  if (callback) finished(this, callback);
  this.destroy();
};

/** @this {any} @param {any} error @param {(error: any) => void} callback */
proto._destroy = function _destroy(error, callback) {
  closeStream(this);
  callback(error);
};

/** @this {any} @param {any} chunk @param {any} _encoding @param {(error?: any) => void} callback */
proto._transform = function _transform(chunk, _encoding, callback) {
  let flag = chunk[flushFlag] ?? this._defaultFlushFlag;
  // The last chunk is also the one that ends the stream.
  if (this.writableEnded && this.writableLength === chunk.byteLength
    && flushiness[this._finishFlushFlag] > flushiness[flag]) flag = this._finishFlushFlag;
  transformChunk(this, chunk, flag, callback);
};

/** Part of what old programs use. @this {any} @param {any} chunk @param {number} flag @param {any} [callback] */
proto._processChunk = function _processChunk(chunk, flag, callback = undefined) {
  if (typeof callback === "function") return transformChunk(this, chunk, flag, callback);
  return transformSync(this, chunk, flag);
};

/**
 * Transforms a chunk, and stops while the reader has enough.
 *
 * @param {any} stream
 * @param {Uint8Array} chunk
 * @param {number} flag
 * @param {(error?: any) => void} callback
 */
function transformChunk(stream, chunk, flag, callback) {
  if (stream._handle === null) return nextTick(callback);
  /** @type {Uint8Array | undefined} */
  let input = chunk;
  let left = chunk.byteLength;
  const step = () => {
    for (;;) {
      if (stream.destroyed) return callback();
      const [output, more, after, ...failure] = ops.zlibWrite(stream._handle, flag, input, Math.min(stream._chunkSize, PIECE_BYTES_MAX));
      input = undefined;
      if (output === undefined) return void failWith(stream, /** @type {any} */ (failure));
      stream.bytesWritten += left - after;
      left = after;
      const full = output.length > 0 && !stream.push(bufferOf(output));
      if (stream.destroyed) return callback();
      if (more) {
        if (!full) continue;
        const read = stream._read;
        /** @this {any} */
        stream._read = function _read(/** @type {number} */ size) {
          stream._read = read;
          step();
          // Not what the step may have put in its place: the reader asks for that itself.
          read.call(stream, size);
        };
        return;
      }
      // The compressed data has ended before the input: what follows it is ignored.
      if (left > 0) stream.push(null);
      return callback();
    }
  };
  step();
}

/** @param {Uint8Array} bytes */
function bufferOf(bytes) {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * All of the output of the one and only chunk.
 *
 * @param {any} stream is closed
 * @param {Uint8Array} chunk
 * @param {number} flag
 * @returns {any} a Buffer
 */
function transformSync(stream, chunk, flag) {
  requireOpen(stream);
  /** @type {Uint8Array | undefined} */
  let input = chunk;
  let length = 0;
  let more = true;
  const pieces = [];
  while (more) {
    const [output, again, left, ...failure] = ops.zlibWrite(stream._handle, flag, input, Math.min(stream._chunkSize, PIECE_BYTES_MAX));
    input = undefined;
    if (output === undefined) {
      closeStream(stream);
      throw zlibError(/** @type {any} */ (failure));
    }
    stream.bytesWritten = chunk.byteLength - left;
    if (output.length > 0) pieces.push(output);
    length += output.length;
    if (length > stream._maxOutputLength) {
      closeStream(stream);
      throw tooLarge(stream._maxOutputLength);
    }
    more = again;
  }
  closeStream(stream);
  return pieces.length === 1 ? bufferOf(pieces[0]) : Buffer.concat(pieces, length);
}

/** @param {number} max */
function tooLarge(max) {
  return nodeError(RangeError, "ERR_BUFFER_TOO_LARGE", `Cannot create a Buffer larger than ${max} bytes`);
}

/** @param {any} buffer @returns {any} bytes of a buffer or view; anything else as it is */
function asBytes(buffer) {
  if (ArrayBuffer.isView(buffer)) {
    return buffer instanceof Uint8Array ? buffer : Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  }
  return buffer instanceof ArrayBuffer || buffer instanceof SharedArrayBuffer ? Buffer.from(buffer) : buffer;
}

/**
 * Gives all output of a stream for one input to `callback(error, buffer)`.
 *
 * @param {any} stream
 * @param {any} input
 * @param {(error: any, result?: any) => void} callback
 */
export function processBuffer(stream, input, callback) {
  /** @type {any[]} */
  const pieces = [];
  let length = 0;
  stream.on("data", (/** @type {any} */ piece) => {
    pieces.push(piece);
    length += piece.length;
    if (length <= stream._maxOutputLength) return;
    stream.close();
    stream.removeAllListeners("end");
    callback(tooLarge(stream._maxOutputLength));
  });
  stream.on("error", (/** @type {any} */ error) => {
    stream.removeAllListeners("end");
    callback(error);
  });
  stream.on("end", () => {
    const buffer = Buffer.concat(pieces, length);
    stream.close();
    callback(null, stream._info ? { buffer, engine: stream } : buffer);
  });
  stream.end(asBytes(input));
}

/**
 * @param {any} stream
 * @param {any} input
 * @returns {any} the output, or it and the stream if that was asked for
 */
export function processBufferSync(stream, input) {
  const bytes = typeof input === "string" ? Buffer.from(input) : asBytes(input);
  if (!(bytes instanceof Uint8Array)) {
    closeStream(stream);
    throw invalidArgType("buffer", "of type string or an instance of Buffer, TypedArray, DataView, or ArrayBuffer", input);
  }
  const buffer = transformSync(stream, bytes, stream._finishFlushFlag);
  return stream._info ? { buffer, engine: stream } : buffer;
}

/**
 * The bytes of the option `dictionary`.
 *
 * @param {any} dictionary
 * @returns {Uint8Array | undefined}
 */
export function dictionaryOf(dictionary) {
  if (dictionary === undefined) return undefined;
  const bytes = asBytes(dictionary);
  if (bytes instanceof Uint8Array) return bytes;
  throw invalidArgType("options.dictionary", "an instance of Buffer, TypedArray, DataView, or ArrayBuffer", dictionary);
}

/**
 * Changes level and strategy of a deflating stream after what was written.
 *
 * @param {any} stream
 * @param {number} level
 * @param {number} strategy
 * @param {any} callback
 */
export function changeParameters(stream, level, strategy, callback) {
  inRange(level, "level", constants.Z_MIN_LEVEL, constants.Z_MAX_LEVEL, NaN);
  inRange(strategy, "strategy", constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED, NaN);
  if (stream._level === level && stream._strategy === strategy) {
    nextTick(callback);
    return;
  }
  stream.flush(constants.Z_SYNC_FLUSH, () => {
    requireOpen(stream);
    if (failWith(stream, ops.zlibParams(stream._handle, level, strategy))) return;
    stream._level = level;
    stream._strategy = strategy;
    if (callback) callback();
  });
}
