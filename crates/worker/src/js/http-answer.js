/**
 * Answers a fetch call of the host with what a handler returned.
 *
 * @module
 */

import { respondFailure } from "stated:error-transport";
import { ops } from "stated:host";
import { isResponse, responseToWire } from "stated:response";
import { socketForResponse } from "stated:websocket";

const NOT_A_RESPONSE = "Incorrect type for Promise: the Promise did not resolve to 'Response'.";
const NOTHING_TO_AWAIT = "Callback returned incorrect type; expected 'Promise'";
const NO_UPGRADE = 'Worker tried to return a WebSocket in a response to a request which did not contain the header "Upgrade: websocket".';

let warned = false;

/** The error for a fetch of something that has no such handler; the program's author is told once. */
export function noFetchHandler() {
  if (!warned) {
    warned = true;
    ops.log(3, "Received a FetchEvent but we lack a handler for FetchEvents. Did you remember to export a fetch() function?");
  }
  return new Error("Handler does not export a fetch() function.");
}

/**
 * Answers now or when the promise settles. Never throws.
 *
 * @param {number} callId
 * @param {readonly string[]} requestHeaders flat
 * @param {any} result
 */
export function answerFetch(callId, requestHeaders, result) {
  if (isResponse(result)) {
    respond(callId, requestHeaders, result);
    return;
  }
  if (typeof result !== "object" || result === null) {
    respondFailure(callId, new TypeError(NOTHING_TO_AWAIT));
    return;
  }
  Promise.resolve(result).then(
    (value) => respond(callId, requestHeaders, value),
    (error) => respondFailure(callId, error),
  );
}

/** @param {number} callId @param {readonly string[]} requestHeaders @param {unknown} response */
function respond(callId, requestHeaders, response) {
  try {
    if (!isResponse(response)) throw new TypeError(NOT_A_RESPONSE);
    const [status, statusText, headers, body, webSocket, encoded] = responseToWire(response);
    let socketId = 0;
    if (webSocket !== null) {
      if (!asksForWebSocket(requestHeaders)) throw new TypeError(NO_UPGRADE);
      socketId = socketForResponse(webSocket);
    }
    ops.respond(callId, status, statusText, headers, body, socketId, encoded);
  } catch (error) {
    respondFailure(callId, error);
  }
}

/** @param {readonly string[]} headers flat */
function asksForWebSocket(headers) {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] === "upgrade") return headers[i + 1].toLowerCase() === "websocket";
  }
  return false;
}
