/**
 * `node:readline/promises`, to be imported only: a Worker has no terminal.
 *
 * @module
 */

import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("readline/promises");

export const createInterface = stub("createInterface");
export const Interface = stub("Interface", ["close", "getCursorPos", "getPrompt", "pause", "prompt", "question", "resume", "setPrompt",
  "write"]);
export const Readline = stub("Readline", ["clearLine", "clearScreenDown", "commit", "cursorTo", "moveCursor", "rollback"]);

export default { createInterface, Interface, Readline };
