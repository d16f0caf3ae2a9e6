/**
 * The hibernation API of `ctx` (reference 9.4) and the delivery of hibernatable sockets' events to an object's handlers.
 *
 * Within one life of an object a connection is always the same WebSocket object: the object's context keeps them by id.
 *
 * @module
 */

import { respondFailure } from "stated:error-transport";
import { ops } from "stated:host";
import { badArgument, toDOMString } from "stated:webidl";
import { answerClose, checkCanHibernate, CLOSE, detach, ERROR, hibernate, isRequestResponsePair, isWebSocket, MESSAGE, noteEnd, socketIdOf,
  toBuffer, useOf, wakeSocket, WebSocketRequestResponsePair } from "stated:websocket";

/** @typedef {import("stated:context").ObjectContext} ObjectContext */
/** @typedef {import("stated:websocket").WebSocket} WebSocket */

const SOCKETS_MAX = 32768;
const TAGS_MAX = 10;
const TAG_BYTES_MAX = 256;
const AUTO_RESPONSE_BYTES_MAX = 2048;
const EVENT_TIMEOUT_MS_MAX = 604800000;

/** @param {string} method @param {number} position @param {string} type */
function bad(method, position, type) {
  return badArgument("DurableObjectState", method, position, type);
}

/** @param {ObjectContext} object @param {any} ws @param {any} tags */
export function acceptWebSocket(object, ws, tags) {
  if (!isWebSocket(ws)) throw bad("acceptWebSocket", 1, "WebSocket");
  if (tags !== undefined && !Array.isArray(tags)) throw bad("acceptWebSocket", 2, "Array");
  checkCanHibernate(ws);
  if (ops.socketCount(object.contextId) >= SOCKETS_MAX) {
    throw new Error(`only ${SOCKETS_MAX} websockets can be accepted on a single Durable Object instance`);
  }
  hibernate(ws, object.contextId, distinctTags(tags ?? []));
  object.sockets.set(socketIdOf(ws), ws);
}

/** @param {any[]} tags */
function distinctTags(tags) {
  const texts = tags.map((tag) => toDOMString(tag));
  if (texts.length > TAGS_MAX) throw new Error(`a Hibernatable WebSocket cannot have more than ${TAGS_MAX} tags`);
  const distinct = [...new Set(texts)];
  for (const tag of distinct) {
    if (tag.length * 3 > TAG_BYTES_MAX && ops.utf8Encode(tag).length > TAG_BYTES_MAX) {
      throw new Error(`"${tag}" is longer than the max tag length (${TAG_BYTES_MAX} characters).`);
    }
  }
  return distinct;
}

/** @param {ObjectContext} object @param {any} tag @returns {WebSocket[]} */
export function getWebSockets(object, tag) {
  const { contextId, sockets } = object;
  /** @type {any[]} first pairs of id and ready state, in the end the sockets: no element is made that a setter could see */
  const list = ops.socketList(contextId, tag === undefined ? undefined : `${tag}`);
  const count = list.length / 2;
  for (let i = 0; i < count; i++) {
    const id = list[2 * i];
    let ws = sockets.get(id);
    if (ws === undefined) sockets.set(id, (ws = wakeSocket(id, list[2 * i + 1], contextId)));
    list[i] = ws;
  }
  list.length = count;
  return list;
}

/** @param {ObjectContext} object @param {number} socketId @returns {WebSocket} */
function socketOf(object, socketId) {
  let ws = object.sockets.get(socketId);
  if (ws === undefined) {
    ws = wakeSocket(socketId, ops.socketReadyState(socketId), object.contextId);
    object.sockets.set(socketId, ws);
  }
  return ws;
}

/** @param {any} ws @returns {string[]} */
export function getTags(ws) {
  if (!isWebSocket(ws)) throw bad("getTags", 1, "WebSocket");
  const use = useOf(ws);
  if (use === "accepted" || use === "client") throw new Error("only hibernatable websockets can have tags.");
  if (use !== "hibernating") {
    throw new Error("you must call 'acceptWebSocket()' before attempting to access the tags of a WebSocket.");
  }
  return ops.socketTags(socketIdOf(ws));
}

/** @param {ObjectContext} object @param {any} pair */
export function setAutoResponse(object, pair) {
  if (pair === undefined) {
    ops.socketSetAutoResponse(object.contextId, undefined, undefined);
    return;
  }
  if (!isRequestResponsePair(pair)) throw bad("setWebSocketAutoResponse", 1, "WebSocketRequestResponsePair");
  checkAutoResponse("Request", pair.request);
  checkAutoResponse("Response", pair.response);
  ops.socketSetAutoResponse(object.contextId, pair.request, pair.response);
}

/** @param {string} which @param {string} text */
function checkAutoResponse(which, text) {
  const size = ops.utf8Encode(text).length;
  if (size > AUTO_RESPONSE_BYTES_MAX) {
    throw new RangeError(`${which} cannot be larger than ${AUTO_RESPONSE_BYTES_MAX} bytes. A ${which.toLowerCase()} of size ${size} was provided.`);
  }
}

/** @param {ObjectContext} object */
export function getAutoResponse(object) {
  const pair = ops.socketAutoResponse(object.contextId);
  return pair === undefined ? null : new WebSocketRequestResponsePair(pair[0], pair[1]);
}

/** @param {any} ws @returns {Date | null} */
export function getAutoResponseTimestamp(ws) {
  if (!isWebSocket(ws)) throw bad("getWebSocketAutoResponseTimestamp", 1, "WebSocket");
  const time = useOf(ws) === "hibernating" ? ops.socketAutoResponseTime(socketIdOf(ws)) : undefined;
  return time === undefined ? null : new Date(time);
}

/** @param {ObjectContext} object @param {any} timeout */
export function setEventTimeout(object, timeout) {
  const ms = timeout === undefined ? 0 : toMilliseconds(timeout);
  if (ms > EVENT_TIMEOUT_MS_MAX) throw new Error(`Event timeout should not exceed ${EVENT_TIMEOUT_MS_MAX} ms.`);
  ops.socketSetEventTimeout(object.contextId, ms === 0 ? undefined : ms);
}

/** @param {any} value */
function toMilliseconds(value) {
  const number = Number(value);
  if (!Number.isFinite(number)) throw new TypeError("The value cannot be converted because it is not an integer.");
  if (number < 0) {
    throw new TypeError("The value cannot be converted because it is negative and this API expects a positive number.");
  }
  const whole = Math.trunc(number);
  if (whole > 0xFFFF_FFFF) throw new TypeError("Value out of range. Must be less than or equal to 4294967295.");
  return whole;
}

/**
 * Calls the handler for a socket's event and answers the host when it has finished. A missing handler drops the event.
 *
 * @param {number} callId
 * @param {ObjectContext} object
 * @param {number} socketId
 * @param {number} kind
 * @param {any} a message, code or error message
 * @param {any} b reason
 * @param {any} c wasClean
 */
export function deliverSocketEvent(callId, object, socketId, kind, a, b, c) {
  const ws = socketOf(object, socketId);
  if (kind !== MESSAGE) noteEnd(ws, kind, a, b, c);
  const ended = () => {
    if (kind === CLOSE && c) answerClose(ws, a, b);
    if (kind === MESSAGE) return;
    detach(ws);
    object.sockets.delete(socketId);
  };
  const succeed = () => {
    ended();
    ops.respondDone(callId);
  };
  /** @param {unknown} error */
  const fail = (error) => {
    ended();
    respondFailure(callId, error);
  };
  let result;
  try {
    result = callHandler(object.instance, ws, kind, a, b, c);
  } catch (error) {
    fail(error);
    return;
  }
  if ((typeof result !== "object" && typeof result !== "function") || result === null) succeed();
  else Promise.resolve(result).then(succeed, fail);
}

/** @param {any} instance @param {WebSocket} ws @param {number} kind @param {any} a @param {any} b @param {any} c */
function callHandler(instance, ws, kind, a, b, c) {
  switch (kind) {
    case CLOSE:
      return typeof instance.webSocketClose === "function" ? instance.webSocketClose(ws, a, b, c) : undefined;
    case ERROR:
      return typeof instance.webSocketError === "function" ? instance.webSocketError(ws, new Error(a)) : undefined;
    default: {
      const message = typeof a === "string" ? a : toBuffer(a);
      return typeof instance.webSocketMessage === "function" ? instance.webSocketMessage(ws, message) : undefined;
    }
  }
}
