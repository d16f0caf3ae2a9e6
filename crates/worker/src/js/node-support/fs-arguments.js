/**
 * The arguments of `node:fs`, checked and in one form.
 *
 * @module
 */

import { Buffer } from "stated:node/buffer";
import { ops } from "stated:host";
import { cwd } from "stated:node/process";
import { checkInteger, invalidArgType, invalidArgValue, nodeError, outOfRange } from "stated:node-support/errors";

export const O = {
  RDONLY: 0, WRONLY: 1, RDWR: 2, ACCMODE: 3, CREAT: 0o100, EXCL: 0o200, TRUNC: 0o1000, APPEND: 0o2000, DIRECTORY: 0o200000,
  NOFOLLOW: 0o400000, SYNC: 0o4010000,
};

/** @type {Record<string, number>} */
const flagNumbers = {
  r: O.RDONLY, rs: O.SYNC, sr: O.SYNC, "r+": O.RDWR, "rs+": O.RDWR | O.SYNC, "sr+": O.RDWR | O.SYNC,
  w: O.TRUNC | O.CREAT | O.WRONLY, wx: O.TRUNC | O.CREAT | O.WRONLY | O.EXCL, xw: O.TRUNC | O.CREAT | O.WRONLY | O.EXCL,
  "w+": O.TRUNC | O.CREAT | O.RDWR, "wx+": O.TRUNC | O.CREAT | O.RDWR | O.EXCL, "xw+": O.TRUNC | O.CREAT | O.RDWR | O.EXCL,
  a: O.APPEND | O.CREAT | O.WRONLY, ax: O.APPEND | O.CREAT | O.WRONLY | O.EXCL, xa: O.APPEND | O.CREAT | O.WRONLY | O.EXCL,
  as: O.APPEND | O.CREAT | O.WRONLY | O.SYNC, sa: O.APPEND | O.CREAT | O.WRONLY | O.SYNC,
  "a+": O.APPEND | O.CREAT | O.RDWR, "ax+": O.APPEND | O.CREAT | O.RDWR | O.EXCL, "xa+": O.APPEND | O.CREAT | O.RDWR | O.EXCL,
  "as+": O.APPEND | O.CREAT | O.RDWR | O.SYNC, "sa+": O.APPEND | O.CREAT | O.RDWR | O.SYNC,
};

/** @param {any} flags @param {string} [name] @returns {number} */
export function openFlags(flags, name = "flags") {
  if (typeof flags === "number") {
    checkInteger(name, flags, -0x8000_0000, 0x7fff_ffff);
    return flags;
  }
  if (flags === undefined || flags === null) return O.RDONLY;
  if (Object.hasOwn(flagNumbers, flags)) return flagNumbers[flags];
  throw invalidArgValue(name, flags);
}

/**
 * An absolute path as text.
 *
 * @param {any} path string, Buffer or URL
 * @param {string} [name]
 * @returns {string}
 */
export function pathText(path, name = "path") {
  const text = givenPath(path, name);
  if (text.startsWith("/")) return text;
  return `${cwd()}/${text}`;
}

/** The path as it was given, for errors. @param {any} path @param {string} [name] @returns {string} */
export function givenPath(path, name = "path") {
  let text = path;
  if (path instanceof Uint8Array) text = Buffer.from(path.buffer, path.byteOffset, path.byteLength).toString();
  else if (typeof path === "object" && path !== null && typeof path.href === "string" && typeof path.protocol === "string") text = pathOfUrl(path);
  if (typeof text !== "string") throw invalidArgType(name, "of type string or an instance of Buffer or URL", path);
  if (text.includes("\0")) throw invalidArgValue(name, path, "must be a string, Uint8Array, or URL without null bytes");
  return text;
}

/** @param {any} url */
function pathOfUrl(url) {
  if (url.protocol !== "file:") throw nodeError(TypeError, "ERR_INVALID_URL_SCHEME", "The URL must be of scheme file");
  if (url.hostname !== "") throw nodeError(TypeError, "ERR_INVALID_FILE_URL_HOST", "File URL host must be \"localhost\" or empty on linux");
  if (/%2f/i.test(url.pathname)) {
    throw Object.assign(nodeError(TypeError, "ERR_INVALID_FILE_URL_PATH", "File URL path must not include encoded / characters"), { input: url });
  }
  return decodeURIComponent(url.pathname);
}

/**
 * Options that may be just an encoding.
 *
 * @param {any} options
 * @param {any} defaults
 */
export function optionsOf(options, defaults) {
  if (options === undefined || options === null || typeof options === "function") return defaults;
  if (typeof options === "string") options = { encoding: options };
  if (typeof options !== "object") throw invalidArgType("options", "one of type string or object", options);
  const all = { ...defaults, ...options };
  checkEncoding(all.encoding);
  if (all.signal !== undefined && all.signal !== null && typeof all.signal.aborted !== "boolean") {
    throw invalidArgType("options.signal", "an instance of AbortSignal", all.signal);
  }
  return all;
}

/** @param {any} encoding */
function checkEncoding(encoding) {
  if (encoding && encoding !== "buffer" && !Buffer.isEncoding(encoding)) {
    throw invalidArgValue("encoding", encoding, "is invalid encoding");
  }
}

/** Text or bytes, as an encoding asks. @param {Uint8Array} bytes that are not used any more @param {any} encoding */
export function decoded(bytes, encoding) {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return encoding && encoding !== "buffer" ? buffer.toString(encoding) : buffer;
}

/** A name in an encoding. @param {string} name @param {any} encoding */
export function encodedName(name, encoding) {
  if (!encoding || encoding === "utf8" || encoding === "utf-8") return name;
  return encoding === "buffer" ? Buffer.from(name) : Buffer.from(name).toString(encoding);
}

/** @param {any} fd @returns {number} */
export function descriptor(fd) {
  if (typeof fd !== "number") throw invalidArgType("fd", "of type number", fd);
  if (!Number.isInteger(fd)) throw outOfRange("fd", "an integer", fd);
  if (fd < 0 || fd > 0x7fff_ffff) throw outOfRange("fd", ">= 0 && <= 2147483647", fd);
  return fd;
}

/** Permissions, also as octal text. @param {any} mode @param {string} name @param {number} [otherwise] @returns {number} */
export function permissions(mode, name, otherwise = undefined) {
  if (mode === undefined || mode === null) {
    if (otherwise !== undefined) return otherwise;
    throw invalidArgType(name, "of type number", mode);
  }
  if (typeof mode === "string") {
    if (!/^[0-7]+$/.test(mode)) throw invalidArgValue(name, mode, "must be a 32-bit unsigned integer or an octal string");
    return Number.parseInt(mode, 8);
  }
  checkInteger(name, mode, 0, 0xffff_ffff);
  return mode;
}

/** @param {any} data @param {any} encoding @param {string} [name] @returns {Uint8Array} */
export function bytesOfData(data, encoding, name = "data") {
  if (typeof data === "string") return Buffer.from(data, encoding || "utf8");
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  throw invalidArgType(name, "of type string or an instance of Buffer, TypedArray, or DataView", data);
}

/**
 * Milliseconds of a time: seconds, also as text, or a Date. Seconds before 1970 are the time it is now, as in Node.
 *
 * @param {any} time
 * @param {string} [name]
 * @returns {number}
 */
export function timeMs(time, name = "time") {
  if (time instanceof Date && !Number.isNaN(time.getTime())) return time.getTime();
  // Empty text is zero.
  const seconds = typeof time === "string" ? Number(time) : time;
  if (typeof seconds !== "number" || !Number.isFinite(seconds)) throw invalidArgType(name, "an instance of Date or an Time in seconds", time);
  return seconds < 0 && typeof time === "number" ? ops.now() : seconds * 1000;
}

/**
 * Where a read or write goes: `(buffer, offset, length, position)` or `(buffer, options)`.
 *
 * @param {any} buffer
 * @param {any} offset
 * @param {any} length
 * @param {any} position
 * @returns {{ bytes: Uint8Array, position: number | null }}
 */
export function region(buffer, offset, length, position) {
  if (!ArrayBuffer.isView(buffer)) throw invalidArgType("buffer", "an instance of Buffer, TypedArray, or DataView", buffer);
  if (typeof offset === "object" && offset !== null) ({ offset = 0, length = buffer.byteLength - offset, position = null } = offset);
  offset ??= 0;
  checkInteger("offset", offset, 0);
  length ??= buffer.byteLength - offset;
  if (offset > buffer.byteLength) throw outOfRange("offset", `<= ${buffer.byteLength}`, offset);
  checkInteger("length", length, -0x8000_0000, 0x7fff_ffff);
  if (length < 0) throw outOfRange("length", ">= 0", length);
  if (length > buffer.byteLength - offset) throw outOfRange("length", `<= ${buffer.byteLength - offset}`, length);
  return { bytes: new Uint8Array(buffer.buffer, buffer.byteOffset + offset, length), position: positionOf(position) };
}

/** @param {any} position @returns {number | null} null: where the descriptor is */
export function positionOf(position) {
  if (position === undefined || position === null) return null;
  if (typeof position === "bigint") return position < 0n ? null : Number(position);
  if (typeof position !== "number") throw invalidArgType("position", "of type bigint or integer", position);
  if (!Number.isInteger(position)) throw outOfRange("position", "an integer", position);
  return position < 0 ? null : position;
}

/** @param {any} buffers @returns {Uint8Array[]} */
export function listOfViews(buffers) {
  if (!Array.isArray(buffers) || !buffers.every((view) => ArrayBuffer.isView(view))) {
    throw invalidArgType("buffers", "an ArrayBufferView[]", buffers);
  }
  return buffers.map((view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
}

