/**
 * Timers: setTimeout, setInterval and what clears them.
 *
 * The host keeps time and order, applies the limit on active timers and opens the input gate before `timerFired`. This
 * module only knows which function belongs to which id. A timer dies with its context (`forgetTimers`).
 *
 * Source: reference 2.9.
 *
 * @module
 */

import { ops } from "stated:host";
import { reportUncaught } from "stated:report";
import { flag } from "stated:settings";
import { badArgument } from "stated:webidl";

/** The longest delay, in milliseconds: a hundred years. */
const DELAY_MAX_MS = 3_153_600_000_000;

/**
 * @typedef {object} Timer
 * @property {Function} callback
 * @property {unknown[] | null} args
 * @property {unknown} frame the async-context value of the code that set it
 * @property {boolean} repeat
 * @property {number} contextId
 */

/** @type {Map<number, Timer>} */
const timers = new Map();
/** @type {Map<number, Set<number>>} ids by context */
const byContext = new Map();

/**
 * Milliseconds as the host takes them: an integer from 0 to a hundred years; what is no number is 0.
 *
 * @param {unknown} delay
 */
export function clampDelay(delay) {
  const ms = Number(delay);
  if (!(ms > 0)) return 0;
  return ms >= DELAY_MAX_MS ? DELAY_MAX_MS : Math.trunc(ms);
}

/**
 * @param {Function} callback
 * @param {unknown} delay
 * @param {boolean} repeat
 * @param {unknown[] | null} args
 * @returns {number}
 */
function start(callback, delay, repeat, args) {
  const id = ops.timerStart(clampDelay(delay), repeat);
  const contextId = ops.contextId();
  timers.set(id, { callback, args, frame: ops.asyncFrame(), repeat, contextId });
  const ids = byContext.get(contextId);
  if (ids === undefined) byContext.set(contextId, new Set([id]));
  else ids.add(id);
  return id;
}

/** @param {number} id @param {Timer} timer */
function forget(id, timer) {
  timers.delete(id);
  const ids = byContext.get(timer.contextId);
  if (ids === undefined) return;
  ids.delete(id);
  if (ids.size === 0) byContext.delete(timer.contextId);
}

/**
 * A timer of the library itself: `callback` runs once.
 *
 * @param {() => void} callback
 * @param {unknown} delay
 * @returns {number} for `stopTimer`
 */
export function startTimer(callback, delay) {
  return start(callback, delay, false, null);
}

/**
 * Stops a timer; unknown ids are ignored.
 *
 * @param {number} id
 */
export function stopTimer(id) {
  const timer = timers.get(id);
  if (timer === undefined) return;
  forget(id, timer);
  ops.timerStop(id);
}

/**
 * Called by the host when a timer is due, with the gate open and the timer's context current.
 *
 * @param {number} id
 */
export function timerFired(id) {
  const timer = timers.get(id);
  if (timer === undefined) return;
  if (!timer.repeat) forget(id, timer);
  try {
    ops.withAsyncFrame(timer.frame, run, timer);
  } catch (error) {
    reportUncaught(error);
  }
}

/** @param {Timer} timer */
function run(timer) {
  if (timer.args === null) timer.callback.call(globalThis);
  else timer.callback.apply(globalThis, timer.args);
}

/**
 * Drops the functions of a context that ended; the host has dropped its timers.
 *
 * @param {number} contextId
 */
export function forgetTimers(contextId) {
  const ids = byContext.get(contextId);
  if (ids === undefined) return;
  byContext.delete(contextId);
  for (const id of ids) timers.delete(id);
}

/**
 * Calls `callback(...args)` once, after `delay` milliseconds.
 *
 * @param {Function} callback
 * @param {number} [delay]
 * @param {...unknown} args
 * @returns {number}
 */
export function setTimeout(callback, delay = undefined, ...args) {
  if (typeof callback !== "function") throw notAFunction("setTimeout", callback);
  return start(callback, delay, false, args.length === 0 ? null : args);
}

/**
 * Calls `callback(...args)` every `delay` milliseconds.
 *
 * @param {Function} callback
 * @param {number} [delay]
 * @param {...unknown} args
 * @returns {number}
 */
export function setInterval(callback, delay = undefined, ...args) {
  if (typeof callback !== "function") throw notAFunction("setInterval", callback);
  return start(callback, delay, true, args.length === 0 ? null : args);
}

/** @param {number} [id] */
export function clearTimeout(id = undefined) {
  if (id !== undefined) stopTimer(Number(id));
}

/** @param {number} [id] */
export function clearInterval(id = undefined) {
  if (id !== undefined) stopTimer(Number(id));
}

for (const timerFunction of [setTimeout, setInterval]) Object.defineProperty(timerFunction, "length", { value: 1 });

/** Where the timers are Node's, so are their texts. @param {string} name @param {unknown} value */
function notAFunction(name, value) {
  if (!flag("enable_nodejs_global_timers")) return badArgument("ServiceWorkerGlobalScope", name, 1, "function");
  return new TypeError(`The "callback" argument must be of type function. Received ${received(value)}`);
}

/** @param {any} value */
function received(value) {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "object") {
    const name = value.constructor?.name;
    return typeof name === "string" && name !== "" ? `an instance of ${name}` : "[Object: null prototype] {}";
  }
  const text = String(value);
  const short = text.length > 28 ? `${text.slice(0, 25)}...` : text;
  return `type ${typeof value} (${typeof value === "string" ? `'${short}'` : typeof value === "bigint" ? `${short}n` : short})`;
}
