/**
 * `fs.ReadStream` and `fs.WriteStream`.
 *
 * @module
 */

import { Buffer } from "stated:node/buffer";
import { bytesOfData, descriptor, givenPath, optionsOf } from "stated:node-support/fs-arguments";
import { close, open, read, write } from "stated:node-support/fs-operations";
import { checkBoolean, checkInteger, invalidArgType, outOfRange } from "stated:node-support/errors";
import { nextTick } from "stated:node-support/next-tick";
import { finished, Readable, Writable } from "stated:node/stream";

/** Bytes of one chunk. */
const CHUNK_BYTES = 64 << 10;

/** The FileHandle that a stream is of. */
const handleOf = Symbol("handle");

/** @param {any} stream @param {any} path @param {any} options @param {string} flags */
function prepare(stream, path, options, flags) {
  const handle = options.fd !== null && typeof options.fd === "object" ? options.fd : undefined;
  stream.fd = handle === undefined ? options.fd ?? null : handle.fd;
  if (stream.fd !== null && typeof stream.fd !== "number") throw invalidArgType("options.fd", "of type number or an instance of FileHandle", options.fd);
  if (stream.fd !== null && handle === undefined) descriptor(stream.fd);
  if (stream.fd === null) stream.path = typeof path === "string" ? path : path instanceof Uint8Array ? path : givenPath(path);
  if (stream.fd === null) givenPath(path);
  stream.flags = options.flags ?? options.flag ?? flags;
  stream.mode = options.mode ?? 0o666;
  Object.defineProperty(stream, handleOf, { value: handle });
}

/** @param {any} stream @param {(error?: any) => void} callback */
function construct(stream, callback) {
  if (stream.fd !== null) {
    callback();
    return;
  }
  try {
    stream.fd = open(stream.path, stream.flags, stream.mode);
  } catch (error) {
    callback(error);
    return;
  }
  callback();
  stream.emit("open", stream.fd);
  stream.emit("ready");
}

/** @param {any} stream @param {any} error @param {(error: any) => void} callback */
function destroy(stream, error, callback) {
  const { fd, [handleOf]: handle } = stream;
  stream.fd = null;
  if (fd === null || !stream.autoClose && error === null) return callback(error);
  if (handle !== undefined) {
    handle.close().then(() => callback(error), callback);
    return undefined;
  }
  try {
    close(fd);
  } catch (failed) {
    return callback(error ?? failed);
  }
  return callback(error);
}

/**
 * @this {any}
 * @param {any} path
 * @param {any} [options]
 * @returns {any}
 */
export function ReadStream(path, options = undefined) {
  if (!(/** @type {any} */ (this) instanceof ReadStream)) return new /** @type {any} */ (ReadStream)(path, options);
  const all = optionsOf(options, {});
  prepare(this, path, all, "r");
  this.start = all.start;
  this.end = all.end ?? Infinity;
  this.pos = undefined;
  this.bytesRead = 0;
  if (this.start !== undefined) {
    checkInteger("start", this.start, 0);
    this.pos = this.start;
  }
  if (this.end !== Infinity) {
    checkInteger("end", this.end, 0);
    if (this.start !== undefined && this.start > this.end) throw outOfRange("start", `<= "end" (here: ${this.end})`, this.start);
  }
  const { encoding, ...rest } = all;
  Readable.call(this, {
    highWaterMark: CHUNK_BYTES, emitClose: true, autoDestroy: all.autoClose ?? true, ...rest, fd: undefined, read: undefined,
    construct: (/** @type {any} */ callback) => nextTick(() => construct(this, callback)),
  });
  if (encoding) Readable.prototype.setEncoding.call(this, encoding);
}
Object.setPrototypeOf(ReadStream.prototype, Readable.prototype);
Object.setPrototypeOf(ReadStream, Readable);

/** Answers later, as in Node: what is pushed at once is joined to what waits. @this {any} @param {number} size */
ReadStream.prototype._read = function _read(size) {
  const left = this.end === Infinity ? size : Math.min(size, this.pos === undefined ? this.end - this.bytesRead + 1 : this.end - this.pos + 1);
  if (left <= 0) {
    this.push(null);
    return;
  }
  nextTick(() => {
    if (this.fd === null || this.destroyed) return;
    const buffer = Buffer.alloc(left);
    let count;
    try {
      count = read(this.fd, buffer, 0, left, this.pos ?? null);
    } catch (/** @type {any} */ error) {
      this.destroy(error);
      return;
    }
    if (this.pos !== undefined) this.pos += count;
    this.bytesRead += count;
    this.push(count === 0 ? null : buffer.subarray(0, count));
  });
};

/** @this {any} @param {any} error @param {(error: any) => void} callback */
ReadStream.prototype._destroy = function _destroy(error, callback) {
  destroy(this, error, callback);
};

/** @this {any} @param {any} [callback] */
ReadStream.prototype.close = function close(callback = undefined) {
  if (callback) finished(this, callback);
  this.destroy();
};

/**
 * @this {any}
 * @param {any} path
 * @param {any} [options]
 * @returns {any}
 */
export function WriteStream(path, options = undefined) {
  if (!(/** @type {any} */ (this) instanceof WriteStream)) return new /** @type {any} */ (WriteStream)(path, options);
  const all = optionsOf(options, {});
  prepare(this, path, all, "w");
  this.start = all.start;
  this.pos = undefined;
  this.bytesWritten = 0;
  if (this.start !== undefined) {
    checkInteger("start", this.start, 0);
    this.pos = this.start;
  }
  this.flush = all.flush ?? false;
  checkBoolean("options.flush", this.flush);
  const { encoding, ...rest } = all;
  Writable.call(this, {
    emitClose: true, autoDestroy: all.autoClose ?? true, decodeStrings: true, ...rest, fd: undefined, write: undefined,
    construct: (/** @type {any} */ callback) => nextTick(() => construct(this, callback)),
  });
  if (encoding) Writable.prototype.setDefaultEncoding.call(this, encoding);
}
Object.setPrototypeOf(WriteStream.prototype, Writable.prototype);
Object.setPrototypeOf(WriteStream, Writable);

/** @this {any} @param {any} chunk @param {any} encoding @param {(error?: any) => void} callback */
WriteStream.prototype._write = function _write(chunk, encoding, callback) {
  const bytes = bytesOfData(chunk, encoding);
  try {
    write(this.fd, bytes, 0, bytes.length, this.pos ?? null);
  } catch (error) {
    callback(error);
    return;
  }
  if (this.pos !== undefined) this.pos += bytes.length;
  this.bytesWritten += bytes.length;
  callback();
};

/** @this {any} @param {{ chunk: any, encoding: any }[]} pieces @param {(error?: any) => void} callback */
WriteStream.prototype._writev = function _writev(pieces, callback) {
  this._write(Buffer.concat(pieces.map(({ chunk, encoding }) => bytesOfData(chunk, encoding))), "buffer", callback);
};

/** @this {any} @param {any} error @param {(error: any) => void} callback */
WriteStream.prototype._destroy = function _destroy(error, callback) {
  destroy(this, error, callback);
};

/** @this {any} @param {any} [callback] */
WriteStream.prototype.close = function close(callback = undefined) {
  if (callback) {
    if (this.closed) nextTick(callback);
    else this.on("close", callback);
  }
  if (!this.autoClose) this.on("finish", this.destroy);
  this.end();
};
WriteStream.prototype.destroySoon = WriteStream.prototype.end;

for (const [Class, state] of /** @type {[any, string][]} */ ([[ReadStream, "_readableState"], [WriteStream, "_writableState"]])) {
  Object.defineProperty(Class.prototype, "autoClose", {
    configurable: true,
    /** @this {any} */
    get() {
      return this[state].autoDestroy;
    },
    /** @this {any} */
    set(value) {
      this[state].autoDestroy = value;
    },
  });
  Object.defineProperty(Class.prototype, "pending", {
    configurable: true,
    /** @this {any} */
    get() {
      return this.fd === null;
    },
  });
}
