/**
 * `process.nextTick`, apart from `process` so that streams can have it without the rest.
 *
 * @module
 */

import { invalidArgType } from "stated:node-support/errors";
import { reportUncaught } from "stated:report";

const settled = Promise.resolve();

/**
 * Calls `callback(...args)` after the running function. As on Workers it is a microtask like any other, and so keeps its
 * async context.
 *
 * @param {Function} callback
 * @param {...unknown} args
 */
export function nextTick(callback, ...args) {
  if (typeof callback !== "function") throw invalidArgType("callback", "of type function", callback);
  settled.then(() => {
    try {
      callback(...args);
    } catch (error) {
      reportUncaught(error);
    }
  });
}
