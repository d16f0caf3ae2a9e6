/**
 * `node:timers/promises`.
 *
 * @module
 */

import { abortError, checkObject, checkSignal, invalidArgType } from "stated:node-support/errors";
import * as host from "stated:timers";

/** @param {any} options @returns {any} the signal */
function signalOf(options) {
  if (options === undefined) return undefined;
  checkObject("options", options);
  checkSignal("options.signal", options.signal);
  if (options.ref !== undefined && typeof options.ref !== "boolean") throw invalidArgType("options.ref", "of type boolean", options.ref);
  return options.signal;
}

/**
 * @param {unknown} delay
 * @param {any} value
 * @param {any} signal
 */
function after(delay, value, signal) {
  if (delay !== undefined && typeof delay !== "number") return Promise.reject(invalidArgType("delay", "of type number", delay));
  if (signal?.aborted) return Promise.reject(abortError(signal.reason));
  return new Promise((resolve, reject) => {
    const aborted = () => {
      host.clearTimeout(id);
      reject(abortError(signal.reason));
    };
    const id = host.setTimeout(() => {
      signal?.removeEventListener("abort", aborted);
      resolve(value);
    }, /** @type {number} */ (delay));
    signal?.addEventListener("abort", aborted, { once: true });
  });
}

/**
 * @param {number} [delay]
 * @param {any} [value] what the promise resolves with
 * @param {{ signal?: any, ref?: boolean }} [options]
 * @returns {Promise<any>}
 */
export async function setTimeout(delay = 1, value = undefined, options = undefined) {
  return after(delay, value, signalOf(options));
}

/** @param {any} [value] @param {{ signal?: any, ref?: boolean }} [options] @returns {Promise<any>} */
export async function setImmediate(value = undefined, options = undefined) {
  return after(0, value, signalOf(options));
}

/**
 * @param {number} [delay]
 * @param {any} [value]
 * @param {{ signal?: any, ref?: boolean }} [options]
 */
export async function* setInterval(delay = 1, value = undefined, options = undefined) {
  const signal = signalOf(options);
  if (signal?.aborted) throw abortError(signal.reason);
  let due = 0;
  let wake = () => {};
  const id = host.setInterval(() => {
    due++;
    wake();
  }, delay);
  const aborted = () => wake();
  signal?.addEventListener("abort", aborted, { once: true });
  try {
    for (;;) {
      if (due === 0 && !signal?.aborted) {
        await new Promise((resolve) => {
          wake = () => resolve(undefined);
        });
      }
      if (signal?.aborted) throw abortError(signal.reason);
      for (; due > 0; due--) yield value;
    }
  } finally {
    host.clearInterval(id);
    signal?.removeEventListener("abort", aborted);
  }
}

export const scheduler = {
  /** @param {number} delay @param {{ signal?: any }} [options] */
  wait: (delay, options = undefined) => setTimeout(delay, undefined, options),
  yield: () => setImmediate(),
};

export default { scheduler, setImmediate, setInterval, setTimeout };
