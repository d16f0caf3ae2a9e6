/**
 * A piece of work that keeps the async context in which it began.
 *
 * @module
 */

import { ops } from "stated:host";

/**
 * Remembers the running code's async context.
 *
 * @returns {(fn: Function, thisArg: unknown, ...args: unknown[]) => any} calls `fn` in it
 */
export function contextResource() {
  const frame = ops.asyncFrame();
  return (fn, thisArg, ...args) => ops.withAsyncFrame(frame, () => Reflect.apply(fn, thisArg, args));
}
