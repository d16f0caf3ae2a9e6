/**
 * `node:readline`. A Worker has no terminal: every question is answered with nothing, and nothing is written; as on Workers.
 *
 * @module
 */

import { TerminalInterface } from "stated:node-support/readline-interface";
import promises from "stated:node/readline/promises";

export class Interface extends TerminalInterface {
  /** @param {string} query @param {any} options or the callback @param {any} [callback] */
  question(query, options, callback = options) {
    void query;
    if (typeof callback === "function") callback("");
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
