/**
 * What the global scope's listeners hear of exceptions and rejections that nobody handled: "error", "unhandledrejection"
 * and "rejectionhandled".
 *
 * Source: https://html.spec.whatwg.org/multipage/webappapis.html#runtime-script-errors and #unhandled-promise-rejections
 *
 * @module
 */

import { dispatch, ErrorEvent, EventTarget, hasListeners, PromiseRejectionEvent } from "stated:event";
import { messageOf, setErrorListener } from "stated:report";

/** What listeners added to the global itself are registered on. */
export const globalTarget = new EventTarget();

setErrorListener((error) => {
  if (!hasListeners(globalTarget, "error")) return false;
  return !dispatch(globalTarget, new ErrorEvent("error", { message: messageOf(error), error, cancelable: true }));
});

/** Promises of which the program has heard that nobody handled them. @type {WeakSet<Promise<unknown>>} */
const outstanding = new WeakSet();

/**
 * @param {Promise<unknown>} promise
 * @param {unknown} reason
 * @returns {boolean} whether a listener prevented the report
 */
export function rejectionUnhandled(promise, reason) {
  outstanding.add(promise);
  if (!hasListeners(globalTarget, "unhandledrejection")) return false;
  return !dispatch(globalTarget, new PromiseRejectionEvent("unhandledrejection", { promise, reason, cancelable: true }));
}

/**
 * @param {Promise<unknown>} promise
 * @param {unknown} reason
 * @returns {boolean}
 */
export function rejectionHandled(promise, reason) {
  if (!outstanding.delete(promise) || !hasListeners(globalTarget, "rejectionhandled")) return false;
  return !dispatch(globalTarget, new PromiseRejectionEvent("rejectionhandled", { promise, reason }));
}
