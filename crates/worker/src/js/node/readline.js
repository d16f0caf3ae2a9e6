/**
 * `node:readline`, to be imported only: a Worker has no terminal.
 *
 * @module
 */

import { unimplementedIn } from "stated:node-support/unimplemented";
import promises from "stated:node/readline/promises";

const stub = unimplementedIn("readline");

export const clearLine = stub("clearLine");
export const clearScreenDown = stub("clearScreenDown");
export const createInterface = stub("createInterface");
export const cursorTo = stub("cursorTo");
export const emitKeypressEvents = stub("emitKeypressEvents");
export const Interface = stub("Interface", ["close", "getCursorPos", "getPrompt", "pause", "prompt", "question", "resume", "setPrompt",
  "write"]);
export const moveCursor = stub("moveCursor");

export { promises };

export default {
  clearLine, clearScreenDown, createInterface, cursorTo, emitKeypressEvents, Interface, moveCursor, promises,
};
