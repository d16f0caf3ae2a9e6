/**
 * `node:inspector`. There is no inspector: opening, closing and waiting for one do nothing, a session cannot be made; as on Workers.
 *
 * @module
 */

import { classNotImplemented, methodNotImplemented } from "stated:node-support/unimplemented";
import { EventEmitter } from "stated:node/events";

export function close() {}

export function open() {
  return { [Symbol.dispose]() {} };
}

export const Session = classNotImplemented("Session", ["connect", "connectToMainThread", "disconnect", "post"], EventEmitter);

/** Of an inspector that listens: none. @returns {undefined} */
export function url() {
  return undefined;
}

export function waitForDebugger() {}

/** The console of an inspector, which nobody sees. */
export const console = Object.fromEntries(["debug", "error", "info", "log", "warn", "dir", "dirxml", "table", "trace", "group", "groupCollapsed",
  "groupEnd", "clear", "count", "countReset", "assert", "profile", "profileEnd", "time", "timeLog", "timeEnd", "timeStamp"].map((name) => [name, () => {}]));
export const Network = Object.fromEntries(["dataReceived", "dataSent", "loadingFailed", "loadingFinished", "requestWillBeSent", "responseReceived", "webSocketClosed",
  "webSocketCreated", "webSocketHandshakeResponseReceived"].map((name) => [name, methodNotImplemented(`Network.${name}`)]));

export default {
  close, console, Network, open, Session, url, waitForDebugger,
};
