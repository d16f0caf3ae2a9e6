/**
 * `fs.Dir`: a folder that is read entry by entry.
 *
 * @module
 */

import { readdir } from "stated:node-support/fs-operations";
import { givenPath, optionsOf } from "stated:node-support/fs-arguments";
import { fsError } from "stated:node-support/fs-errors";
import { checkFunction, checkInteger, invalidArgType, nodeError } from "stated:node-support/errors";
import { nextTick } from "stated:node-support/next-tick";

/** What `opendir` alone has. */
const opening = {};

/** @param {any} path @param {any} [options] */
export function opendir(path, options = undefined) {
  return new Dir(opening, path, options);
}

export class Dir {
  #entries;
  #closed = false;
  #path;

  /** @param {any} handle of `opendir` @param {any} path @param {any} options */
  constructor(handle, path, options) {
    if (handle === undefined) throw nodeError(TypeError, "ERR_MISSING_ARGS", 'The "handle" argument must be specified');
    if (handle !== opening) throw invalidArgType("handle", "of type object", handle);
    this.#path = givenPath(path);
    const { encoding, bufferSize, recursive } = optionsOf(options, { encoding: "utf8", bufferSize: 32, recursive: false });
    checkInteger("options.bufferSize", bufferSize, 1, 0xffff_ffff);
    this.#entries = entriesOf(path, encoding, recursive);
  }

  get path() {
    return this.#path;
  }

  #requireOpen() {
    if (this.#closed) throw nodeError(Error, "ERR_DIR_CLOSED", "Directory handle was closed");
  }

  readSync() {
    this.#requireOpen();
    return this.#entries.shift() ?? null;
  }

  /** @param {any} [callback] @returns {any} */
  read(callback = undefined) {
    return answered(callback, () => this.readSync());
  }

  closeSync() {
    this.#requireOpen();
    this.#closed = true;
  }

  /** @param {any} [callback] @returns {any} */
  close(callback = undefined) {
    return answered(callback, () => this.closeSync());
  }

  async* entries() {
    try {
      for (let entry = this.readSync(); entry !== null; entry = this.readSync()) yield entry;
    } finally {
      if (!this.#closed) this.closeSync();
    }
  }

  [Symbol.asyncIterator]() {
    return this.entries();
  }

  [Symbol.dispose]() {
    if (!this.#closed) this.closeSync();
  }

  async [Symbol.asyncDispose]() {
    this[Symbol.dispose]();
  }
}

/** An error is one of `opendir`. @param {any} path @param {any} encoding @param {any} recursive @returns {any[]} */
function entriesOf(path, encoding, recursive) {
  try {
    return readdir(path, { encoding, recursive, withFileTypes: true });
  } catch (/** @type {any} */ error) {
    throw error?.syscall === "scandir" ? fsError(error.code, "opendir", error.path) : error;
  }
}

/** By callback, or by promise without one. @param {any} callback @param {() => any} run */
function answered(callback, run) {
  if (callback === undefined) return new Promise((resolve) => { resolve(run()); });
  checkFunction("callback", callback);
  try {
    const result = run();
    nextTick(callback, null, result);
  } catch (error) {
    nextTick(callback, error);
  }
  return undefined;
}
