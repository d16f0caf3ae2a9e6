/**
 * `fs.Dir`: a folder that is read entry by entry.
 *
 * @module
 */

import { readdir } from "stated:node-support/fs-operations";
import { givenPath } from "stated:node-support/fs-arguments";
import { checkFunction, nodeError } from "stated:node-support/errors";
import { nextTick } from "stated:node-support/next-tick";

export class Dir {
  #entries;
  #closed = false;
  #path;

  /** @param {any} path @param {any} options */
  constructor(path, options) {
    this.#path = givenPath(path);
    this.#entries = readdir(path, { encoding: options?.encoding, recursive: options?.recursive, withFileTypes: true });
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
