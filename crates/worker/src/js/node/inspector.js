/**
 * `node:inspector`, to be imported only: there is no inspector.
 *
 * @module
 */

import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("inspector");

export const close = stub("close");
export const open = stub("open");
export const Session = stub("Session", ["connect", "connectToMainThread", "disconnect", "post"]);
/** Of an inspector that listens: none. @returns {undefined} */
export function url() {
  return undefined;
}
export const waitForDebugger = stub("waitForDebugger");
export const console = {};
export const Network = {};

export default {
  close, console, Network, open, Session, url, waitForDebugger,
};
