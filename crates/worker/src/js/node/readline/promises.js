/**
 * `node:readline/promises`. A Worker has no terminal: every question is answered with nothing; as on Workers.
 *
 * @module
 */

import { EventEmitter } from "stated:node/events";

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

  /** @param {string} query @param {any} [options] */
  async question(query, options = undefined) {
    void [query, options];
    return "";
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

export class Readline {
  clearLine() {
    return this;
  }

  clearScreenDown() {
    return this;
  }

  async commit() {}

  cursorTo() {
    return this;
  }

  moveCursor() {
    return this;
  }

  rollback() {
    return this;
  }
}

export function createInterface() {
  return new Interface();
}

export default { createInterface, Interface, Readline };
