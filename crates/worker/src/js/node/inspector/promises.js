/**
 * `node:inspector/promises`, to be imported only: there is no inspector.
 *
 * @module
 */

import { methodNotImplemented } from "stated:node-support/unimplemented";
import { console, Network, Session } from "stated:node/inspector";

export const close = methodNotImplemented("Inspector.close");
export const open = methodNotImplemented("Inspector.open");
export const url = methodNotImplemented("Inspector.url");
export const waitForDebugger = methodNotImplemented("Inspector.waitForDebugger");

export { console, Network, Session };
export default {
  close, console, Network, open, Session, url, waitForDebugger,
};
