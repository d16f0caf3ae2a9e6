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
import { checkFunction } from "stated:node-support/errors";
import { constants } from "stated:node-support/fs-constants";
import { Dir } from "stated:node-support/fs-dir";
import { glob as globFiles } from "stated:node-support/fs-glob";
import * as files from "stated:node-support/fs-operations";
import { Dirent, Stats } from "stated:node-support/fs-stats";
import { ReadStream, WriteStream } from "stated:node-support/fs-streams";
import { nextTick } from "stated:node-support/next-tick";

export { constants, Dir, Dirent, promises, ReadStream, Stats, WriteStream };
export const { F_OK, R_OK, W_OK, X_OK } = constants;
export const FileReadStream = ReadStream;
export const FileWriteStream = WriteStream;

/**
 * The form with a callback, which is the last argument. What is wrong with arguments is thrown, what is wrong with files is
 * given to it.
 *
 * @param {(...args: any[]) => any} operation
 * @param {string} name
 * @returns {any}
 */
function withCallback(operation, name) {
  const wrapped = (/** @type {any[]} */ ...args) => {
    const callback = args.pop();
    checkFunction("cb", args.length === 0 ? undefined : callback);
    answer(callback, () => [operation(...args)]);
  };
  Object.defineProperty(wrapped, "name", { value: name, configurable: true });
  return wrapped;
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

export const accessSync = files.access;
export const appendFileSync = files.appendFile;
export const chmodSync = files.chmod;
export const chownSync = files.chown;
export const closeSync = files.close;
export const copyFileSync = files.copyFile;
export const cpSync = files.cp;
export const existsSync = files.exists;
export const fchmodSync = files.fchmod;
export const fchownSync = files.fchown;
export const fdatasyncSync = files.fdatasync;
export const fstatSync = files.fstat;
export const fsyncSync = files.fsync;
export const ftruncateSync = files.ftruncate;
export const futimesSync = files.futimes;
export const lchmodSync = files.lchmod;
export const lchownSync = files.lchown;
export const globSync = globFiles;
export const linkSync = files.link;
export const lstatSync = files.lstat;
export const lutimesSync = files.lutimes;
export const mkdirSync = files.mkdir;
export const mkdtempSync = files.mkdtemp;
export const openSync = files.open;
export const readdirSync = files.readdir;
export const readFileSync = files.readFile;
export const readlinkSync = files.readlink;
export const readSync = files.read;
export const readvSync = files.readv;
export const renameSync = files.rename;
export const rmdirSync = files.rmdir;
export const rmSync = files.rm;
export const statfsSync = files.statfs;
export const statSync = files.stat;
export const symlinkSync = files.symlink;
export const truncateSync = files.truncate;
export const unlinkSync = files.unlink;
export const utimesSync = files.utimes;
export const writeFileSync = files.writeFile;
export const writeSync = files.write;
export const writevSync = files.writev;

/** @param {any} path @param {any} [options] */
export function realpathSync(path, options = undefined) {
  return files.realpath(path, options);
}
realpathSync.native = files.realpath;

/** @param {any} path @param {any} [options] */
export function opendirSync(path, options = undefined) {
  return new Dir(path, options);
}

export const access = withCallback(files.access, "access");
export const appendFile = withCallback(files.appendFile, "appendFile");
export const chmod = withCallback(files.chmod, "chmod");
export const chown = withCallback(files.chown, "chown");
export const copyFile = withCallback(files.copyFile, "copyFile");
export const cp = withCallback(files.cp, "cp");
export const fchmod = withCallback(files.fchmod, "fchmod");
export const fchown = withCallback(files.fchown, "fchown");
export const fdatasync = withCallback(files.fdatasync, "fdatasync");
export const fstat = withCallback(files.fstat, "fstat");
export const fsync = withCallback(files.fsync, "fsync");
export const ftruncate = withCallback(files.ftruncate, "ftruncate");
export const futimes = withCallback(files.futimes, "futimes");
export const lchmod = withCallback(files.lchmod, "lchmod");
export const lchown = withCallback(files.lchown, "lchown");
export const link = withCallback(files.link, "link");
export const lstat = withCallback(files.lstat, "lstat");
export const lutimes = withCallback(files.lutimes, "lutimes");
export const mkdir = withCallback(files.mkdir, "mkdir");
export const mkdtemp = withCallback(files.mkdtemp, "mkdtemp");
export const open = withCallback(files.open, "open");
export const opendir = withCallback(opendirSync, "opendir");
export const readdir = withCallback(files.readdir, "readdir");
export const readFile = withCallback(files.readFile, "readFile");
export const readlink = withCallback(files.readlink, "readlink");
export const realpath = withCallback(files.realpath, "realpath");
realpath.native = realpath;
export const rename = withCallback(files.rename, "rename");
export const rm = withCallback(files.rm, "rm");
export const rmdir = withCallback(files.rmdir, "rmdir");
export const stat = withCallback(files.stat, "stat");
export const statfs = withCallback(files.statfs, "statfs");
export const symlink = withCallback(files.symlink, "symlink");
export const truncate = withCallback(files.truncate, "truncate");
export const unlink = withCallback(files.unlink, "unlink");
export const utimes = withCallback(files.utimes, "utimes");
export const writeFile = withCallback(files.writeFile, "writeFile");

/** @param {any} fd @param {any} [callback] */
export function close(fd, callback = undefined) {
  if (callback !== undefined) checkFunction("cb", callback);
  answer(callback ?? rethrow, () => [files.close(fd)]);
}

/** @param {any} error */
function rethrow(error) {
  if (error !== null) throw error;
}

/** The forms that give the buffer, too. @param {(...args: any[]) => number} operation @param {string} name @param {string} count @returns {any} */
function withBuffer(operation, name, count) {
  const wrapped = (/** @type {any} */ fd, /** @type {any} */ buffer, /** @type {any[]} */ ...rest) => {
    const callback = rest.pop();
    checkFunction("cb", callback);
    answer(callback, () => [operation(fd, buffer, ...rest), buffer]);
  };
  Object.defineProperty(wrapped, "name", { value: name, configurable: true });
  const what = name.endsWith("v") ? "buffers" : "buffer";
  Object.defineProperty(wrapped, promisify.custom, {
    value: async (/** @type {any} */ fd, /** @type {any} */ buffer, /** @type {any[]} */ ...rest) => ({ [count]: operation(fd, buffer, ...rest), [what]: buffer }),
  });
  return wrapped;
}

export const readv = withBuffer(files.readv, "readv", "bytesRead");
export const write = withBuffer(files.write, "write", "bytesWritten");
export const writev = withBuffer(files.writev, "writev", "bytesWritten");
const readBuffer = withBuffer(files.read, "read", "bytesRead");

/** @param {any} fd @param {any} buffer or options with it @param {...any} rest */
export function read(fd, buffer, ...rest) {
  if (ArrayBuffer.isView(buffer)) return readBuffer(fd, buffer, ...rest);
  const callback = typeof buffer === "function" ? buffer : rest.at(-1);
  const { buffer: target = Buffer.alloc(16_384), ...options } = typeof buffer === "function" ? {} : buffer ?? {};
  return readBuffer(fd, target, options, callback);
}
Object.defineProperty(read, promisify.custom, { value: /** @type {any} */ (readBuffer)[promisify.custom] });

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

/** @param {any} path @param {{ type?: string }} [options] */
export async function openAsBlob(path, options = {}) {
  return new Blob([files.fileBytes(path)], { type: options.type ?? "" });
}

/** @param {any} pattern one or an array of them @param {...any} rest options and callback */
export function glob(pattern, ...rest) {
  const callback = rest.pop();
  checkFunction("cb", callback);
  answer(callback, () => [globFiles(pattern, ...rest)]);
}

/** @param {any} time */
export function _toUnixTimestamp(time) {
  return time instanceof Date ? time.getTime() / 1000 : Number(time);
}

/** Nothing changes here from outside. */
export function watch() {
  files.refuseWatching("fs.watch");
}

/** As for watch. */
export function watchFile() {
  files.refuseWatching("fs.watchFile");
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
