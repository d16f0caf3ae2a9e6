/**
 * `node:http`: requests by fetch, and servers for `cloudflare:node`.
 *
 * @module
 */

import { Agent, globalAgent } from "stated:node/_http_agent";
import { ClientRequest } from "stated:node/_http_client";
import { validateHeaderName, validateHeaderValue } from "stated:node/_http_common";
import { IncomingMessage } from "stated:node/_http_incoming";
import { OutgoingMessage } from "stated:node/_http_outgoing";
import { _connectionListener, Server, ServerResponse, STATUS_CODES } from "stated:node/_http_server";
import { checkInteger } from "stated:node-support/errors";
import { CloseEvent, MessageEvent } from "stated:event";
import { WebSocket } from "stated:websocket";

export { _connectionListener, Agent, ClientRequest, CloseEvent, globalAgent, IncomingMessage, MessageEvent, OutgoingMessage, Server,
  ServerResponse, STATUS_CODES, validateHeaderName, validateHeaderValue, WebSocket };
export const maxHeaderSize = 16384;
export const METHODS = [
  "ACL", "BIND", "CHECKOUT", "CONNECT", "COPY", "DELETE", "GET", "HEAD", "LINK", "LOCK", "M-SEARCH", "MERGE", "MKACTIVITY",
  "MKCALENDAR", "MKCOL", "MOVE", "NOTIFY", "OPTIONS", "PATCH", "POST", "PROPFIND", "PROPPATCH", "PURGE", "PUT", "QUERY",
  "REBIND", "REPORT", "SEARCH", "SOURCE", "SUBSCRIBE", "TRACE", "UNBIND", "UNLINK", "UNLOCK", "UNSUBSCRIBE",
];

/** @param {any} [options] @param {any} [listener] */
export function createServer(options = undefined, listener = undefined) {
  return new /** @type {any} */ (Server)(options, listener);
}

/** @param {any} url @param {any} [options] @param {any} [callback] */
export function request(url, options = undefined, callback = undefined) {
  return new /** @type {any} */ (ClientRequest)(url, options, callback);
}

/** @param {any} url @param {any} [options] @param {any} [callback] */
export function get(url, options = undefined, callback = undefined) {
  const made = request(url, options, callback);
  made.end();
  return made;
}

/** Nothing is parsed here. @param {number} max */
export function setMaxIdleHTTPParsers(max) {
  checkInteger("max", max, 1);
}

for (const [made, length] of /** @type {[Function, number][]} */ ([[createServer, 2], [request, 3], [get, 3], [Server, 2]])) {
  Object.defineProperty(made, "length", { value: length, configurable: true });
}

export default {
  _connectionListener, Agent, ClientRequest, CloseEvent, createServer, get, globalAgent, IncomingMessage, maxHeaderSize, MessageEvent,
  METHODS, OutgoingMessage, request, Server, ServerResponse, setMaxIdleHTTPParsers, STATUS_CODES, validateHeaderName,
  validateHeaderValue, WebSocket,
};
