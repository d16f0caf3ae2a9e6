/**
 * `node:readline/promises`. A Worker has no terminal: every question is answered with nothing; as on Workers.
 *
 * @module
 */

import { TerminalInterface } from "stated:node-support/readline-interface";

export class Interface extends TerminalInterface {
  /** @param {string} query @param {any} [options] */
  async question(query, options = undefined) {
    void [query, options];
    return "";
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
