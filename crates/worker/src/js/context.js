/**
 * What the library knows about the I/O contexts of this realm: the live objects, and how long a context must stay.
 *
 * The host owns contexts, gates and their order; a `contextId` is its name for one. Nothing here outlives the calls to
 * `forgetObject` for objects, and stateless contexts leave nothing behind.
 *
 * @module
 */

import { ops } from "stated:host";
import { reportUncaught } from "stated:report";

/** One live Durable Object. */
export class ObjectContext {
  /** @type {any} the program's instance; undefined while its constructor runs */ instance = undefined;
  /** Savepoints that are open, of either kind of transaction. */
  savepoints = 0;
  /** @type {Map<number, any>} the WebSocket objects of hibernatable connections, by socket id */ sockets = new Map();

  /**
   * @param {number} contextId
   * @param {string} className
   * @param {boolean} legacy whether the class extends nothing known
   * @param {boolean} sqlite whether its namespace has SQL and synchronous key-value storage
   * @param {import("stated:host").WireMessage | undefined} props of a facet's class
   */
  constructor(contextId, className, legacy, sqlite, props) {
    this.contextId = contextId;
    this.className = className;
    this.legacy = legacy;
    this.sqlite = sqlite;
    this.props = props;
  }
}

/** @type {Map<number, ObjectContext>} */
const objects = new Map();

/** @param {ObjectContext} object */
export function rememberObject(object) {
  objects.set(object.contextId, object);
}

/** @param {number} contextId @returns {ObjectContext | undefined} */
export function objectOf(contextId) {
  return objects.get(contextId);
}

/** @param {number} contextId @returns {ObjectContext | undefined} what was forgotten */
export function forgetObject(contextId) {
  const object = objects.get(contextId);
  objects.delete(contextId);
  return object;
}

/** @type {((contextId: number) => void)[]} */
const endings = [];

/**
 * Has something forgotten with each context that ends. For modules that are loaded only when a program uses them, which also
 * call `ops.contextKept` when they begin to keep something for a context.
 *
 * @param {(contextId: number) => void} forget
 */
export function whenContextEnds(forget) {
  endings.push(forget);
}

/** @param {number} contextId */
export function contextEnded(contextId) {
  for (const forget of endings) forget(contextId);
}

/**
 * Keeps a context alive until a promise is settled. A rejection is reported as uncaught and has no other effect.
 *
 * @param {number} contextId
 * @param {unknown} promise anything; what is not a promise counts as settled
 */
export function keepAlive(contextId, promise) {
  ops.taskBegin(contextId);
  Promise.resolve(promise).then(
    () => ops.taskEnd(contextId, false),
    (error) => {
      reportUncaught(error);
      ops.taskEnd(contextId, true);
    },
  );
}

/**
 * Defines a property that is made when first read and is an ordinary own property from then on; assigning replaces it.
 *
 * @param {object} prototype
 * @param {string} name
 * @param {(self: any) => unknown} make
 *
 * Differs: in Workers such a property is the instance's own before it is read, too.
 */
export function defineLazy(prototype, name, make) {
  Object.defineProperty(prototype, name, {
    configurable: true,
    enumerable: true,
    get() {
      const value = make(this);
      define(this, name, value);
      return value;
    },
    set(value) {
      define(this, name, value);
    },
  });
}

/** @param {object} object @param {string} name @param {unknown} value */
function define(object, name, value) {
  Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}
