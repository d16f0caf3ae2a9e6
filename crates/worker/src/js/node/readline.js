/**
 * `node:readline`. A Worker has no terminal: every question is answered with nothing, and nothing is written; as on Workers.
 *
 * @module
 */

import { EventEmitter } from "stated:node/events";
import promises from "stated:node/readline/promises";

export class Interface extends /** @type {any} */ (EventEmitter) {
  /** Whether its ends are terminals, what was typed, and where the cursor is. */
  terminal = false;
  line = "";
  cursor = 0;

  getPrompt() {
    return "";
  }

  /** @param {string} prompt */
  setPrompt(prompt) {
    void prompt;
  }

  /** @param {boolean} [preserveCursor] */
  prompt(preserveCursor = undefined) {
    void preserveCursor;
  }

  /** @param {string} query @param {any} options or the callback @param {any} [callback] */
  question(query, options, callback = options) {
    void query;
    if (typeof callback === "function") callback("");
  }

  pause() {
    return this;
  }

  resume() {
    return this;
  }

  close() {}

  /** @param {any} data @param {any} key */
  write(data, key) {
    void [data, key];
  }

  getCursorPos() {
    return { rows: 0, cols: 0 };
  }

  [Symbol.dispose]() {
    this.close();
  }

  async *[Symbol.asyncIterator]() {
    yield "";
  }
}

export function createInterface() {
  return new Interface();
}

/** Neither of these moves anything, nor calls back. */
export function clearLine() {
  return false;
}

export function clearScreenDown() {
  return false;
}

export function cursorTo() {
  return false;
}

export function moveCursor() {
  return false;
}

export function emitKeypressEvents() {}

export { promises };

export default {
  clearLine, clearScreenDown, createInterface, cursorTo, emitKeypressEvents, Interface, moveCursor, promises,
};
