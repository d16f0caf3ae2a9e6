/**
 * Live Durable Objects: `ctx`, construction, and delivery of events to the handlers of an instance (reference 2).
 *
 * Order, gates and life cycle are the host's; what happens here happens in the turn the host has begun.
 *
 * @module
 */

import { defineLazy, forgetObject, keepAlive, ObjectContext, objectOf, rememberObject } from "stated:context";
import { BLOCKING, dropSections, enterSection } from "stated:critical-section";
import { DurableObjectId } from "stated:durable-object-id";
import { respondFailure } from "stated:error-transport";
import { DurableObjectFacets } from "stated:facets";
import { acceptWebSocket, deliverSocketEvent, getAutoResponse, getAutoResponseTimestamp, getTags, getWebSockets, setAutoResponse,
  setEventTimeout } from "stated:hibernation";
import { ops } from "stated:host";
import { answerFetch, noFetchHandler } from "stated:http-answer";
import { decodeKept } from "stated:kept-message";
import { registerPlatformClass } from "stated:platform-classes";
import { answerRestore, restoreStub } from "stated:persistent-stub";
import { env, exportNamed, isSqlite, loopBackBindings } from "stated:program";
import { requestFromHost } from "stated:request";
import { answerCall } from "stated:rpc-callee";
import { flag, serviceName } from "stated:settings";
import { DurableObjectStorage } from "stated:storage";
import { badArgument, defineInterface, illegalConstructor, internal, toDictionary } from "stated:webidl";
import { forgetSockets } from "stated:websocket";

/** @typedef {import("stated:host").WireBody} WireBody */

/** A name longer than this is not shown to the object (reference 1.5). */
const NAME_BYTES_MAX = 1024;
/** Kinds of an id, as the host says. */
const OWN_ID = 0;
const TEXT_ID = 2;
const ABORTED = "Application called abort() to reset Durable Object.";
const NO_RPC = "The receiving Durable Object does not support RPC, because its class was not declared with `extends "
  + "DurableObject`. In order to enable RPC, make sure your class extends the special class `DurableObject`, which can be "
  + 'imported from the module "cloudflare:workers".';

/** @type {(state: DurableObjectState) => ObjectContext} */
let objectOfState;

/**
 * The `ctx` of an object, also called its state.
 *
 * Source: https://developers.cloudflare.com/durable-objects/api/state/
 */
export class DurableObjectState {
  /** @type {ObjectContext} */ #object;
  /** @type {import("stated:address-channel").Address | undefined} */ #address;

  static {
    objectOfState = (state) => state.#object;
  }

  /**
   * @param {symbol} key
   * @param {ObjectContext} object
   * @param {DurableObjectId | string} id
   * @param {import("stated:address-channel").Address | undefined} address
   */
  constructor(key, object, id, address) {
    if (key !== internal) throw illegalConstructor();
    this.#object = object;
    this.#address = address;
    this.id = id;
    this.storage = new DurableObjectStorage(internal, object);
  }

  /** Keeps the object from being evicted until the promise is settled. @param {unknown} promise */
  waitUntil(promise) {
    if (arguments.length < 1) throw badArgument("DurableObjectState", "waitUntil", 1, "Promise");
    keepAlive(this.#object.contextId, promise);
  }

  /**
   * Runs a callback while no other event is delivered. When it fails the object is reset, and the promise stays pending.
   *
   * @template T
   * @param {() => T | Promise<T>} callback
   * @returns {Promise<T>}
   */
  blockConcurrencyWhile(callback) {
    if (typeof callback !== "function") {
      return Promise.reject(badArgument("DurableObjectState", "blockConcurrencyWhile", 1, "function"));
    }
    return enterSection(this.#object.contextId, BLOCKING, callback);
  }

  /** Resets the object; does not return. @param {string} [reason] @param {{ retryAlarm?: boolean }} [options] */
  abort(reason = undefined, options = undefined) {
    const text = reason === undefined ? ABORTED : `${reason}`;
    const given = toDictionary(options, () => badArgument("DurableObjectState", "abort", 2, "AbortOptions"));
    const retryAlarm = given?.retryAlarm;
    return ops.abortObject(this.#object.contextId, text, retryAlarm === undefined || Boolean(retryAlarm));
  }

  /** Makes a stub that can be stored, by the class's method `[restore]`. @param {object} [params] */
  restore(params = undefined) {
    return restoreStub("DurableObjectState", this.#address, this.#object.instance, params);
  }

  /** @param {import("stated:websocket").WebSocket} ws @param {string[]} [tags] */
  acceptWebSocket(ws, tags = undefined) {
    acceptWebSocket(this.#object, ws, tags);
  }

  /** @param {string} [tag] */
  getWebSockets(tag = undefined) {
    return getWebSockets(this.#object, tag);
  }

  /** @param {import("stated:websocket").WebSocketRequestResponsePair} [pair] */
  setWebSocketAutoResponse(pair = undefined) {
    setAutoResponse(this.#object, pair);
  }

  getWebSocketAutoResponse() {
    return getAutoResponse(this.#object);
  }

  /** @param {import("stated:websocket").WebSocket} ws */
  getWebSocketAutoResponseTimestamp(ws) {
    return getAutoResponseTimestamp(ws);
  }

  /** @param {number} [timeout] in milliseconds */
  setHibernatableWebSocketEventTimeout(timeout = undefined) {
    setEventTimeout(this.#object, timeout);
  }

  getHibernatableWebSocketEventTimeout() {
    return ops.socketEventTimeout(this.#object.contextId) ?? null;
  }

  /** @param {import("stated:websocket").WebSocket} ws */
  getTags(ws) {
    return getTags(ws);
  }
}

defineInterface(DurableObjectState);
defineLazy(DurableObjectState.prototype, "props", (state) => {
  const { props } = objectOfState(state);
  return props === undefined ? {} : decodeKept(props);
});
defineLazy(DurableObjectState.prototype, "facets", (state) =>
  new DurableObjectFacets(internal, objectOfState(state).contextId, state.id));
defineLazy(DurableObjectState.prototype, "exports", () => (flag("enable_ctx_exports") ? loopBackBindings() : undefined));
registerPlatformClass(DurableObjectState);

/**
 * Constructs the instance of an object. Throws what its constructor throws; the context is forgotten then.
 *
 * @param {number} contextId
 * @param {string} className
 * @param {number} _namespace
 * @param {string} id
 * @param {string | undefined} name
 * @param {import("stated:host").WireMessage | undefined} props of a facet's class
 * @param {number} kind of the id: 0 an object's own, 1 what a facet shows as its id, 2 a text that a facet shows
 */
export function createObject(contextId, className, _namespace, id, name, props, kind) {
  const found = exportNamed(className);
  if (found === undefined || (found.kind !== "durable-object" && found.kind !== "legacy-class")) {
    throw new TypeError(`The Durable Object class ${className} was not found in this worker.`);
  }
  // What a facet stores has nothing to do with a namespace that its class may have.
  const sqlite = kind !== OWN_ID || isSqlite(className);
  const object = new ObjectContext(contextId, className, found.kind === "legacy-class", sqlite, props);
  const shown = kind === TEXT_ID ? id : new DurableObjectId(internal, id, shownName(name));
  const ctx = new DurableObjectState(internal, object, shown, addressIfOwn(kind, className, id, name));
  rememberObject(object);
  try {
    object.instance = new found.value(ctx, env);
  } catch (error) {
    dropObject(contextId);
    throw error;
  }
}

/**
 * Facets and the objects of dynamic workers are found by nobody but their parents.
 *
 * @param {number} kind
 * @param {string} className
 * @param {string} id
 * @param {string | undefined} name
 * @returns {import("stated:address-channel").Address | undefined}
 */
function addressIfOwn(kind, className, id, name) {
  return kind === OWN_ID && serviceName() !== "" ? [serviceName(), className, id, name] : undefined;
}

/** @param {string | undefined} name */
function shownName(name) {
  if (name === undefined || name.length * 3 <= NAME_BYTES_MAX) return name;
  return ops.utf8Encode(name).length <= NAME_BYTES_MAX ? name : undefined;
}

/** Forgets an object and what waits for it. @param {number} contextId */
export function dropObject(contextId) {
  forgetObject(contextId);
  dropSections(contextId);
  forgetSockets(contextId);
}

/** @param {number} contextId @returns {ObjectContext} */
function liveObject(contextId) {
  const object = objectOf(contextId);
  if (object === undefined) throw new Error(`context ${contextId} has no object`);
  return object;
}

/**
 * @param {number} callId
 * @param {number} contextId
 * @param {string} method
 * @param {string} url
 * @param {string[]} headers
 * @param {WireBody} body
 * @param {string | undefined} cf JSON
 */
export function fetchObject(callId, contextId, method, url, headers, body, cf) {
  try {
    const { instance } = liveObject(contextId);
    if (typeof instance.fetch !== "function") throw noFetchHandler();
    answerFetch(callId, headers, instance.fetch(requestFromHost(method, url, headers, body, callId, cf)));
  } catch (error) {
    respondFailure(callId, error);
  }
}

/**
 * @param {number} callId
 * @param {number} contextId
 * @param {string[]} path
 * @param {Uint8Array | undefined} args
 * @param {number[]} capabilities
 */
export function callObject(callId, contextId, path, args, capabilities) {
  try {
    const { instance, legacy } = liveObject(contextId);
    if (legacy) throw new TypeError(NO_RPC);
    answerCall(callId, { target: instance, kind: "entrypoint" }, path, args, capabilities);
  } catch (error) {
    respondFailure(callId, error);
  }
}

/**
 * Makes a stub again that this object had made. Never throws.
 *
 * @param {number} callId
 * @param {number} contextId
 * @param {Uint8Array} params
 */
export function restoreObject(callId, contextId, params) {
  answerRestore(callId, () => liveObject(contextId).instance, params);
}

/** @param {number} callId @param {number} contextId @param {number} scheduledTime @param {number} retryCount */
export function alarmObject(callId, contextId, scheduledTime, retryCount) {
  try {
    const { instance } = liveObject(contextId);
    if (typeof instance.alarm !== "function") {
      ops.log(3, "Attempted to run a scheduled alarm without a handler, did you remember to export an alarm() function?");
      ops.respondDone(callId);
      return;
    }
    const result = instance.alarm({ scheduledTime, retryCount, isRetry: retryCount > 0 });
    Promise.resolve(result).then(() => ops.respondDone(callId), (error) => respondFailure(callId, error));
  } catch (error) {
    respondFailure(callId, error);
  }
}

/**
 * @param {number} callId
 * @param {number} contextId
 * @param {number} socketId
 * @param {number} kind
 * @param {any} a
 * @param {any} b
 * @param {any} c
 */
export function socketHandler(callId, contextId, socketId, kind, a, b, c) {
  try {
    deliverSocketEvent(callId, liveObject(contextId), socketId, kind, a, b, c);
  } catch (error) {
    respondFailure(callId, error);
  }
}
