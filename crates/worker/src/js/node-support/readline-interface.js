/**
 * What the interfaces of `node:readline` and `node:readline/promises` share: all but `question`. A Worker has no terminal, so nothing
 * is ever typed, and what is written goes nowhere; as on Workers.
 *
 * @module
 */

import { EventEmitter } from "stated:node/events";

export class TerminalInterface extends /** @type {any} */ (EventEmitter) {
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

  async [Symbol.asyncDispose]() {
    this.close();
  }

  async *[Symbol.asyncIterator]() {
    yield "";
  }
}
