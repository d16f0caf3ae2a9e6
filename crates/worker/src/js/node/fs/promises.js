/**
 * `node:fs/promises`: the operations of `node:fs` as promises, and FileHandle.
 *
 * @module
 */

import { EventEmitter } from "stated:node/events";
import { Buffer } from "stated:node/buffer";
import { opendir as opendirAt } from "stated:node-support/fs-dir";
import { constants } from "stated:node-support/fs-constants";
import { glob as globFiles } from "stated:node-support/fs-glob";
import { givenPath } from "stated:node-support/fs-arguments";
import { cp as copy } from "stated:node-support/fs-copy";
import * as files from "stated:node-support/fs-operations";
import { ReadStream, WriteStream } from "stated:node-support/fs-streams";
import { abortError, checkBoolean, checkObject, nodeError } from "stated:node-support/errors";
import { fsError } from "stated:node-support/fs-errors";
import { ReadableStream } from "stated:streams";

export { constants };

/** @param {(...args: any[]) => any} operation @param {string} name @param {number} length @returns {(...args: any[]) => Promise<any>} */
function promised(operation, name, length) {
  // Asynchronous, and with the arguments looked at in it, as in Node: what is wrong with them rejects.
  const wrapped = async (/** @type {any[]} */ ...args) => operation(...args);
  Object.defineProperty(wrapped, "name", { value: name, configurable: true });
  Object.defineProperty(wrapped, "length", { value: length, configurable: true });
  return wrapped;
}

/** The option `signal` of those who have one. @param {any} options */
function checkAborted(options) {
  const signal = options?.signal;
  if (signal?.aborted) throw abortError(signal.reason);
}

/** An open file. */
export class FileHandle extends /** @type {any} */ (EventEmitter) {
  /** @type {number} */ #fd;
  /** Whether a web stream reads it. */ #streaming = false;

  /** @param {number} fd */
  constructor(fd) {
    super();
    this.#fd = fd;
  }

  get fd() {
    return this.#fd;
  }

  /** @param {string} syscall */
  #open(syscall) {
    if (this.#fd === -1) throw Object.assign(fsError("EBADF", syscall), { message: "file closed" });
    return this.#fd;
  }

  /** @param {any} data @param {any} [options] */
  async appendFile(data, options = undefined) {
    return this.writeFile(data, options);
  }

  /** @param {any} mode */
  async chmod(mode) {
    files.fchmod(this.#open("fchmod"), mode);
  }

  /** @param {any} uid @param {any} gid */
  async chown(uid, gid) {
    files.fchown(this.#open("fchown"), uid, gid);
  }

  async datasync() {
    files.fdatasync(this.#open("fdatasync"));
  }

  async sync() {
    files.fsync(this.#open("fsync"));
  }

  /** @param {any} [buffer] or options @param {any} [offset] @param {any} [length] @param {any} [position] */
  async read(buffer = undefined, offset = undefined, length = undefined, position = undefined) {
    const fd = this.#open("read");
    if (!ArrayBuffer.isView(buffer)) {
      const options = buffer ?? {};
      buffer = options.buffer ?? Buffer.alloc(16_384);
      ({ offset = 0, length = undefined, position = null } = options);
    }
    return { bytesRead: files.read(fd, buffer, offset, length, position), buffer };
  }

  /** @param {any} buffers @param {any} [position] */
  async readv(buffers, position = undefined) {
    return { bytesRead: files.readv(this.#open("read"), buffers, position), buffers };
  }

  /** @param {any} [options] */
  async readFile(options = undefined) {
    checkAborted(options);
    return files.readFile(this.#open("read"), options);
  }

  /** @param {any} [options] */
  async *readLines(options = undefined) {
    let rest = "";
    for await (const chunk of this.createReadStream({ encoding: "utf8", ...options })) {
      const lines = (rest + chunk).split(/\r\n|\n|\r(?=.)/);
      rest = /** @type {string} */ (lines.pop());
      yield* lines;
    }
    if (rest !== "") yield rest;
  }

  /** A stream of bytes, which closes the file at its end if it is asked to. @param {any} [options] */
  readableWebStream(options = {}) {
    checkObject("options", options);
    const { autoClose = false } = options;
    checkBoolean("options.autoClose", autoClose);
    if (this.#fd === -1) throw nodeError(Error, "ERR_INVALID_STATE", "Invalid state: The FileHandle is closed");
    if (this.#streaming) throw nodeError(Error, "ERR_INVALID_STATE", "Invalid state: The FileHandle is locked");
    this.#streaming = true;
    const fd = this.#fd;
    const end = () => (autoClose ? this.close() : undefined);
    return new ReadableStream({
      type: "bytes",
      async pull(/** @type {any} */ controller) {
        const buffer = new Uint8Array(65_536);
        const count = files.read(fd, buffer);
        if (count > 0) controller.enqueue(buffer.subarray(0, count));
        else {
          controller.close();
          controller.byobRequest?.respond(0);
          await end();
        }
      },
      cancel: end,
    });
  }

  /** @param {any} [options] */
  async stat(options = undefined) {
    return files.fstat(this.#open("fstat"), options);
  }

  /** @param {any} [length] */
  async truncate(length = 0) {
    files.ftruncate(this.#open("ftruncate"), length);
  }

  /** @param {any} accessed @param {any} modified */
  async utimes(accessed, modified) {
    files.futimes(this.#open("futime"), accessed, modified);
  }

  /** @param {any} data @param {any} [offset] @param {any} [length] @param {any} [position] */
  async write(data, offset = undefined, length = undefined, position = undefined) {
    return { bytesWritten: files.write(this.#open("write"), data, offset, length, position), buffer: data };
  }

  /** @param {any} buffers @param {any} [position] */
  async writev(buffers, position = undefined) {
    return { bytesWritten: files.writev(this.#open("write"), buffers, position), buffers };
  }

  /** @param {any} data @param {any} [options] */
  async writeFile(data, options = undefined) {
    await writeAll(this.#open("write"), data, options, files.writeFile);
  }

  async close() {
    if (this.#fd === -1) return;
    const fd = this.#fd;
    this.#fd = -1;
    files.close(fd);
    this.emit("close");
  }

  /** @param {any} [options] */
  createReadStream(options = undefined) {
    return new /** @type {any} */ (ReadStream)(undefined, { ...options, fd: this });
  }

  /** @param {any} [options] */
  createWriteStream(options = undefined) {
    return new /** @type {any} */ (WriteStream)(undefined, { ...options, fd: this });
  }

  [Symbol.asyncDispose]() {
    return this.close();
  }
}

/**
 * Data may also come piece by piece.
 *
 * @param {any} file path or descriptor
 * @param {any} data
 * @param {any} options
 * @param {(file: any, data: any, options: any) => void} begin
 */
async function writeAll(file, data, options, begin) {
  checkAborted(options);
  const pieces = typeof data === "object" && data !== null && !ArrayBuffer.isView(data) && (data[Symbol.asyncIterator] ?? data[Symbol.iterator]);
  if (!pieces) {
    begin(file instanceof FileHandle ? file.fd : file, data, options);
    return;
  }
  const given = typeof options === "string" ? { encoding: options } : options ?? {};
  const fd = typeof file === "number" ? file : file instanceof FileHandle ? file.fd : files.open(file, given.flag ?? (begin === files.appendFile ? "a" : "w"), given.mode);
  try {
    for await (const piece of data) {
      checkAborted(options);
      files.write(fd, typeof piece === "string" ? Buffer.from(piece, given.encoding ?? "utf8") : piece);
    }
  } finally {
    if (typeof file !== "number" && !(file instanceof FileHandle)) files.close(fd);
  }
}

/** @param {any} path or FileHandle */
const fileOf = (path) => (path instanceof FileHandle ? path.fd : path);

export const access = promised(files.access, "access", 1);
export const chmod = promised(files.chmod, "chmod", 2);
export const chown = promised(files.chown, "chown", 3);
export const copyFile = promised(files.copyFile, "copyFile", 3);
export const cp = promised(copy, "cp", 3);
export const lchmod = promised(files.lchmod, "lchmod", 2);
export const lchown = promised(files.lchown, "lchown", 3);
export const link = promised(files.link, "link", 2);
export const lstat = promised(files.lstat, "lstat", 1);
export const lutimes = promised(files.lutimes, "lutimes", 3);
export const mkdir = promised(files.mkdir, "mkdir", 2);
export const mkdtemp = promised(files.mkdtemp, "mkdtemp", 2);
export const open = promised((path, flags, mode) => new FileHandle(files.open(path, flags, mode)), "open", 3);
export const opendir = promised(opendirAt, "opendir", 3);
export const readdir = promised(files.readdir, "readdir", 2);
export const readlink = promised(files.readlink, "readlink", 2);
export const realpath = promised(files.realpath, "realpath", 2);
export const rename = promised(files.rename, "rename", 2);
export const rm = promised(files.rm, "rm", 2);
export const rmdir = promised(files.rmdir, "rmdir", 2);
export const stat = promised(files.stat, "stat", 1);
export const statfs = promised(files.statfs, "statfs", 1);
export const symlink = promised(files.symlink, "symlink", 3);
export const truncate = promised((path, length) => (givenPath(path), files.truncate(path, length)), "truncate", 1);
export const unlink = promised(files.unlink, "unlink", 1);
export const utimes = promised(files.utimes, "utimes", 3);

/** @param {any} path @param {any} data @param {any} [options] */
export async function appendFile(path, data, options = undefined) {
  await writeAll(path, data, options, files.appendFile);
}

/** @param {any} path @param {any} [options] */
export async function readFile(path, options = undefined) {
  checkAborted(options);
  return files.readFile(fileOf(path), options);
}

/** @param {any} path @param {any} data @param {any} [options] */
export async function writeFile(path, data, options = undefined) {
  await writeAll(path, data, options, files.writeFile);
}

/** @param {any} pattern one or an array of them @param {any} [options] */
export async function* glob(pattern, options = undefined) {
  yield* globFiles(pattern, options);
}

/** Nothing changes here from outside. */
export function watch() {
  files.refuseWatching();
}

export default {
  access, appendFile, chmod, chown, constants, copyFile, cp, FileHandle, glob, lchmod, lchown, link, lstat, lutimes, mkdir, mkdtemp, open,
  opendir, readdir, readFile, readlink, realpath, rename, rm, rmdir, stat, statfs, symlink, truncate, unlink, utimes, watch, writeFile,
};
