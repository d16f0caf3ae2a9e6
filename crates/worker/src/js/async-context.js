/**
 * Values that follow asynchronous code: the async-context frame that the host carries from a promise to its reactions.
 *
 * A frame is an immutable Map from a key to its value, so that several users (the scoped `env` of `cloudflare:workers`,
 * AsyncLocalStorage) share the one slot the host has. `undefined` is the empty frame.
 *
 * @module
 */

import { ops } from "stated:host";

/** @typedef {ReadonlyMap<unknown, unknown> | undefined} Frame */

/**
 * The value that the running code sees under `key`, or undefined.
 *
 * @param {unknown} key
 */
export function contextValue(key) {
  return /** @type {Frame} */ (ops.asyncFrame())?.get(key);
}

/**
 * Calls `fn` so that it, and everything asynchronous it starts, sees `value` under `key`.
 *
 * @param {unknown} key
 * @param {unknown} value
 * @param {Function} fn
 * @param {...unknown} args
 * @returns {any} what `fn` returns
 */
export function withContextValue(key, value, fn, ...args) {
  const frame = new Map(/** @type {Frame} */ (ops.asyncFrame()) ?? []);
  frame.set(key, value);
  return ops.withAsyncFrame(frame, fn, ...args);
}
