/**
 * `node:fs`: the files of fs-tree.js, at once, by callback and by promise.
 *
 * Every operation is done at once, whichever way it is asked for; only its answer comes later.
 *
 * @module
 */

import { Blob } from "stated:blob";
import { Buffer } from "stated:node/buffer";
import promises from "stated:node/fs/promises";
import { promisify } from "stated:node/util";
import { checkFunction, checkObject, checkString, invalidArgType } from "stated:node-support/errors";
import { givenPath, timeMs } from "stated:node-support/fs-arguments";
import { constants } from "stated:node-support/fs-constants";
import { Dir, opendir as opendirAt } from "stated:node-support/fs-dir";
import { glob as globFiles } from "stated:node-support/fs-glob";
import { cp as copy, cpSync as copySync } from "stated:node-support/fs-copy";
import * as files from "stated:node-support/fs-operations";
import { Dirent, Stats } from "stated:node-support/fs-stats";
import { ReadStream, WriteStream } from "stated:node-support/fs-streams";
import { nextTick } from "stated:node-support/next-tick";

export { constants, Dir, Dirent, promises, ReadStream, Stats, WriteStream };
export const { F_OK, R_OK, W_OK, X_OK } = constants;
export const FileReadStream = ReadStream;
export const FileWriteStream = WriteStream;

/**
 * The form with a callback, which follows the arguments; those that may be missing may make room for it. What is wrong with
 * arguments is thrown, what is wrong with files is given to it.
 *
 * @param {(...args: any[]) => any} operation
 * @param {string} name
 * @param {number} required arguments
 * @param {number} [most] arguments
 * @returns {any}
 */
function withCallback(operation, name, required, most = required) {
  const wrapped = (/** @type {any[]} */ ...given) => {
    const [args, callback] = splitCallback(given, required, most, name === "opendir" ? "callback" : "cb");
    answer(callback, () => [operation(...args)]);
  };
  Object.defineProperty(wrapped, "name", { value: name, configurable: true });
  Object.defineProperty(wrapped, "length", { value: most + 1, configurable: true });
  return wrapped;
}

/**
 * The first function behind the required arguments is the callback.
 *
 * @param {any[]} given
 * @param {number} required
 * @param {number} most
 * @param {string} name of the callback
 * @returns {[any[], (...results: any[]) => void]}
 */
function splitCallback(given, required, most, name) {
  const early = given.slice(required, most).findIndex((arg) => typeof arg === "function");
  const at = early === -1 ? most : required + early;
  checkFunction(name, given[at]);
  return [given.slice(0, at), given[at]];
}

/** @param {(...results: any[]) => void} callback @param {() => any[]} run what follows the error */
function answer(callback, run) {
  let results;
  try {
    results = run();
  } catch (/** @type {any} */ error) {
    if (error?.syscall === undefined) throw error;
    nextTick(callback, error);
    return;
  }
  if (results.length === 1 && results[0] === undefined) nextTick(callback, null);
  else nextTick(callback, null, ...results);
}

/** @param {(...args: any[]) => any} operation @param {string} name @param {number} length @returns {any} */
function synchronous(operation, name, length) {
  const wrapped = (/** @type {any[]} */ ...args) => operation(...args);
  Object.defineProperty(wrapped, "name", { value: name, configurable: true });
  Object.defineProperty(wrapped, "length", { value: length, configurable: true });
  return wrapped;
}

export const accessSync = synchronous(files.access, "accessSync", 2);
export const appendFileSync = synchronous(files.appendFile, "appendFileSync", 3);
export const chmodSync = synchronous(files.chmod, "chmodSync", 2);
export const chownSync = synchronous(files.chown, "chownSync", 3);
export const closeSync = synchronous(files.close, "closeSync", 1);
export const copyFileSync = synchronous(files.copyFile, "copyFileSync", 3);
export const cpSync = synchronous(copySync, "cpSync", 3);
export const existsSync = synchronous(files.exists, "existsSync", 1);
export const fchmodSync = synchronous(files.fchmod, "fchmodSync", 2);
export const fchownSync = synchronous(files.fchown, "fchownSync", 3);
export const fdatasyncSync = synchronous(files.fdatasync, "fdatasyncSync", 1);
export const fstatSync = synchronous(files.fstat, "fstatSync", 1);
export const fsyncSync = synchronous(files.fsync, "fsyncSync", 1);
export const ftruncateSync = synchronous(files.ftruncate, "ftruncateSync", 1);
export const futimesSync = synchronous(files.futimes, "futimesSync", 3);
export const lchmodSync = synchronous(files.lchmod, "lchmodSync", 2);
export const lchownSync = synchronous(files.lchown, "lchownSync", 3);
export const globSync = synchronous(globFiles, "globSync", 2);
export const linkSync = synchronous(files.link, "linkSync", 2);
export const lstatSync = synchronous(files.lstat, "lstatSync", 1);
export const lutimesSync = synchronous(files.lutimes, "lutimesSync", 3);
export const mkdirSync = synchronous(files.mkdir, "mkdirSync", 2);
export const mkdtempSync = synchronous(files.mkdtemp, "mkdtempSync", 2);
export const openSync = synchronous(files.open, "openSync", 3);
export const readdirSync = synchronous(files.readdir, "readdirSync", 2);
export const readFileSync = synchronous(files.readFile, "readFileSync", 2);
export const readlinkSync = synchronous(files.readlink, "readlinkSync", 2);
export const readSync = synchronous(files.read, "readSync", 5);
export const readvSync = synchronous(files.readv, "readvSync", 3);
export const renameSync = synchronous(files.rename, "renameSync", 2);
export const rmdirSync = synchronous(files.rmdir, "rmdirSync", 2);
export const rmSync = synchronous(files.rm, "rmSync", 2);
export const statfsSync = synchronous(files.statfs, "statfsSync", 1);
export const statSync = synchronous(files.stat, "statSync", 1);
export const symlinkSync = synchronous(files.symlink, "symlinkSync", 3);
export const truncateSync = synchronous(files.truncate, "truncateSync", 2);
export const unlinkSync = synchronous(files.unlink, "unlinkSync", 1);
export const utimesSync = synchronous(files.utimes, "utimesSync", 3);
export const writeFileSync = synchronous(files.writeFile, "writeFileSync", 3);
export const writeSync = synchronous(files.write, "writeSync", 5);
export const writevSync = synchronous(files.writev, "writevSync", 3);

/** @param {any} path @param {any} [options] */
export function realpathSync(path, options = undefined) {
  return files.realpath(path, options);
}
realpathSync.native = files.realpath;

/** @param {any} path @param {any} [options] */
export function opendirSync(path, options = undefined) {
  return opendirAt(path, options);
}

export const access = withCallback(files.access, "access", 1, 2);
export const appendFile = withCallback(files.appendFile, "appendFile", 2, 3);
export const chmod = withCallback(files.chmod, "chmod", 2);
export const chown = withCallback(files.chown, "chown", 3);
export const copyFile = withCallback(files.copyFile, "copyFile", 2, 3);
export const fchmod = withCallback(files.fchmod, "fchmod", 2);
export const fchown = withCallback(files.fchown, "fchown", 3);
export const fdatasync = withCallback(files.fdatasync, "fdatasync", 1);
export const fstat = withCallback(files.fstat, "fstat", 1, 2);
export const fsync = withCallback(files.fsync, "fsync", 1);
export const ftruncate = withCallback(files.ftruncate, "ftruncate", 1, 2);
export const futimes = withCallback(files.futimes, "futimes", 3);
export const lchmod = withCallback(files.lchmod, "lchmod", 2);
export const lchown = withCallback(files.lchown, "lchown", 3);
export const link = withCallback(files.link, "link", 2);
export const lstat = withCallback(files.lstat, "lstat", 1, 2);
export const lutimes = withCallback(files.lutimes, "lutimes", 3);
export const mkdir = withCallback(files.mkdir, "mkdir", 1, 2);
export const mkdtemp = withCallback(files.mkdtemp, "mkdtemp", 1, 2);
export const open = withCallback(files.open, "open", 1, 3);
export const opendir = withCallback(opendirSync, "opendir", 1, 2);
export const readdir = withCallback(files.readdir, "readdir", 1, 2);
export const readFile = withCallback(files.readFile, "readFile", 1, 2);
export const readlink = withCallback(files.readlink, "readlink", 1, 2);
export const realpath = withCallback(files.realpath, "realpath", 1, 2);
realpath.native = realpath;
export const rename = withCallback(files.rename, "rename", 2);
export const rm = withCallback(files.rm, "rm", 1, 2);
export const rmdir = withCallback(files.rmdir, "rmdir", 1, 2);
export const stat = withCallback(files.stat, "stat", 1, 2);
export const statfs = withCallback(files.statfs, "statfs", 1, 2);
export const symlink = withCallback(files.symlink, "symlink", 2, 3);
export const truncate = withCallback(files.truncate, "truncate", 1, 2);
export const unlink = withCallback(files.unlink, "unlink", 1);
export const utimes = withCallback(files.utimes, "utimes", 3);
export const writeFile = withCallback(files.writeFile, "writeFile", 2, 3);

/** @param {any} from @param {any} to @param {...any} rest options and callback */
export function cp(from, to, ...rest) {
  const [[options], callback] = splitCallback(rest, 0, 1, "cb");
  copy(from, to, options).then(() => nextTick(callback, null), (error) => nextTick(callback, error));
}
Object.defineProperty(cp, "length", { value: 4, configurable: true });

/** @param {any} fd @param {any} [callback] */
export function close(fd, callback = undefined) {
  if (callback !== undefined) checkFunction("cb", callback);
  answer(callback ?? rethrow, () => [files.close(fd)]);
}

/** @param {any} error */
function rethrow(error) {
  if (error !== null) throw error;
}

/**
 * The forms that give the buffer, too.
 *
 * @param {(...args: any[]) => number} operation
 * @param {string} name
 * @param {string} count what the promise's answer calls the number
 * @param {number} most arguments
 * @returns {any}
 */
function withBuffer(operation, name, count, most) {
  const wrapped = (/** @type {any[]} */ ...given) => {
    const [args, callback] = splitCallback(given, 2, most, "cb");
    answer(callback, () => [operation(...args), args[1]]);
  };
  Object.defineProperty(wrapped, "name", { value: name, configurable: true });
  Object.defineProperty(wrapped, "length", { value: most + 1, configurable: true });
  const what = name.endsWith("v") ? "buffers" : "buffer";
  Object.defineProperty(wrapped, promisify.custom, {
    value: async (/** @type {any} */ fd, /** @type {any} */ buffer, /** @type {any[]} */ ...rest) => ({ [count]: operation(fd, buffer, ...rest), [what]: buffer }),
  });
  return wrapped;
}

export const readv = withBuffer(files.readv, "readv", "bytesRead", 3);
export const write = withBuffer(files.write, "write", "bytesWritten", 5);
export const writev = withBuffer(files.writev, "writev", "bytesWritten", 3);
const readBuffer = withBuffer(files.read, "read", "bytesRead", 5);

/**
 * `(fd, buffer, offset, length, position, callback)`, `(fd, buffer, options, callback)`, `(fd, options, callback)` or
 * `(fd, callback)`.
 *
 * @param {any} fd
 * @param {...any} rest
 */
export function read(fd, ...rest) {
  if (rest.length > 3) {
    const [buffer, offset, length, position, callback] = rest;
    checkFunction("cb", callback);
    if (typeof offset === "object" && offset !== null) throw invalidArgType("offset", "of type number", offset);
    answer(callback, () => [files.read(fd, buffer, offset, length, position), buffer]);
    return undefined;
  }
  if (rest.length === 3 || ArrayBuffer.isView(rest[0])) return readBuffer(fd, ...rest);
  const [given, callback] = rest.length === 1 ? [{}, rest[0]] : rest;
  if (given !== null) checkObject("options", given);
  const { buffer = Buffer.alloc(16_384), ...options } = given ?? {};
  return readBuffer(fd, buffer, options, callback);
}
Object.defineProperty(read, "length", { value: 6, configurable: true });
Object.defineProperty(read, promisify.custom, { value: readBuffer[promisify.custom] });

/** @param {any} path @param {(exists: boolean) => void} callback */
export function exists(path, callback) {
  checkFunction("cb", callback);
  nextTick(callback, files.exists(path));
}
Object.defineProperty(exists, promisify.custom, { value: async (/** @type {any} */ path) => files.exists(path) });

/** @param {any} path @param {any} [options] */
export function createReadStream(path, options = undefined) {
  return new /** @type {any} */ (ReadStream)(path, options);
}

/** @param {any} path @param {any} [options] */
export function createWriteStream(path, options = undefined) {
  return new /** @type {any} */ (WriteStream)(path, options);
}

/** @param {any} path @param {{ type?: string }} [options] @returns {Promise<Blob>} */
export function openAsBlob(path, options = {}) {
  checkObject("options", options);
  const { type = "" } = options;
  checkString("options.type", type);
  givenPath(path);
  return new Promise((resolve) => { resolve(new Blob([files.readFile(path)], { type })); });
}

/** @param {any} pattern one or an array of them @param {...any} rest options and callback */
export function glob(pattern, ...rest) {
  const [options, callback] = splitCallback(rest, 0, 1, "cb");
  answer(callback, () => [globFiles(pattern, ...options)]);
}
Object.defineProperty(glob, "length", { value: 3, configurable: true });

/** Seconds. @param {any} time @param {string} [name] */
export function _toUnixTimestamp(time, name = "time") {
  return timeMs(time, name) / 1000;
}

/** Nothing changes here from outside. */
export function watch() {
  files.refuseWatching();
}

/** As for watch. */
export function watchFile() {
  files.refuseWatching();
}

/** Nothing is watched. */
export function unwatchFile() {}

const all = {
  _toUnixTimestamp, access, accessSync, appendFile, appendFileSync, chmod, chmodSync, chown, chownSync, close, closeSync,
  constants, copyFile, copyFileSync, cp, cpSync, createReadStream, createWriteStream, Dir, Dirent, exists, existsSync, F_OK,
  fchmod, fchmodSync, fchown, fchownSync, fdatasync, fdatasyncSync, FileReadStream, FileWriteStream, fstat, fstatSync, fsync,
  fsyncSync, ftruncate, ftruncateSync, futimes, futimesSync, glob, globSync, lchmod, lchmodSync, lchown, lchownSync, link, linkSync, lstat,
  lstatSync, lutimes, lutimesSync, mkdir, mkdirSync, mkdtemp, mkdtempSync, open, openAsBlob, opendir, opendirSync, openSync,
  promises, R_OK, read, readdir, readdirSync, readFile, readFileSync, readlink, readlinkSync, ReadStream, readSync, readv,
  readvSync, realpath, realpathSync, rename, renameSync, rm, rmdir, rmdirSync, rmSync, stat, statfs, statfsSync, Stats,
  statSync, symlink, symlinkSync, truncate, truncateSync, unlink, unlinkSync, unwatchFile, utimes, utimesSync, W_OK, watch,
  watchFile, write, writeFile, writeFileSync, WriteStream, writeSync, writev, writevSync, X_OK,
};
export default all;
