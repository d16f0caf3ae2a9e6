/**
 * `node:tty`, to be imported only: a Worker has no terminal.
 *
 * @module
 */

import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("tty");

export const ReadStream = stub("ReadStream", ["setRawMode"]);
export const WriteStream = stub("WriteStream", ["_refreshSize", "clearLine", "clearScreenDown", "cursorTo", "getColorDepth",
  "getWindowSize", "hasColors", "moveCursor"]);

/** No file descriptor is a terminal. */
export function isatty() {
  return false;
}

export default { isatty, ReadStream, WriteStream };
