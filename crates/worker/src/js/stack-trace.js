/**
 * What V8 has around `stack` of errors, which libraries read and set: `Error.stackTraceLimit`, `Error.prepareStackTrace`,
 * `Error.captureStackTrace`.
 *
 * Source: https://v8.dev/docs/stack-trace-api
 *
 * @module
 */

import { CallSite } from "stated:call-site";
import { isError, replaceOwnKeys } from "stated:error-keys";

/** As many frames as V8 shows unless the program says otherwise. */
const FRAMES_SHOWN = 10;

const { apply, getOwnPropertyDescriptor } = Reflect;
const { defineProperty } = Object;

/** Whether the program's function runs: what it reads meanwhile is text. */
let preparing = false;

/** What `Error.prepareStackTrace` made of an error's stack. @type {WeakMap<object, unknown>} */
const prepared = new WeakMap();

/**
 * Defines all of it.
 *
 * Differs: the limit counts when a stack is read, not when the error is made; what a frame belongs to is not known.
 */
export function defineStackTraces() {
  const native = getOwnPropertyDescriptor(Error.prototype, "stack");
  // Not where errors have their stacks themselves: there all of this is so already.
  if (native?.get === undefined) return;
  const read = native.get;
  const capture = /** @type {any} */ (Error).captureStackTrace;
  hidden("stackTraceLimit", FRAMES_SHOWN, true);
  hidden("captureStackTrace", {
    /** @param {any} object @param {Function} [above] */
    captureStackTrace(object, above) {
      // The text that an error begins with is the one it was made with.
      const heading = isError(object) ? parts(apply(read, object, []))[0] : `${headingOf(object)}\n`;
      capture(object, above);
      const { value } = /** @type {PropertyDescriptor} */ (getOwnPropertyDescriptor(object, "stack"));
      defineStack(object, shown(object, `${heading}${value}`));
    },
  }.captureStackTrace, false);
  defineProperty(Error.prototype, "stack", {
    /** @this {any} */
    get() {
      const stack = apply(read, this, []);
      if (typeof stack !== "string") return stack;
      if (prepared.has(this)) return prepared.get(this);
      const program = prepares();
      const result = shown(this, stack);
      if (program) prepared.set(this, result);
      return result;
    },
    /** @this {any} @param {unknown} value */
    set(value) {
      if (Object(this) !== this) throw new TypeError("Cannot set the stack of what is no object");
      defineStack(this, value);
    },
    enumerable: false,
    configurable: true,
  });
  replaceOwnKeys();
}

/** @param {string} name @param {unknown} value @param {boolean} enumerable */
function hidden(name, value, enumerable) {
  defineProperty(Error, name, { value, writable: true, enumerable, configurable: true });
}

/** @param {object} object @param {unknown} value */
function defineStack(object, value) {
  defineProperty(object, "stack", { value, writable: true, enumerable: false, configurable: true });
}

/** @param {any} object */
function headingOf(object) {
  const { name, message } = object;
  if (name === undefined && message === undefined) return "Error";
  return apply(Error.prototype.toString, object, []);
}

function prepares() {
  return !preparing && typeof (/** @type {any} */ (Error).prepareStackTrace) === "function";
}

/**
 * What a program sees as a stack.
 *
 * @param {object} error
 * @param {string} stack the engine's
 * @returns {unknown} text, unless the program prepares it
 */
function shown(error, stack) {
  const limit = /** @type {any} */ (Error).stackTraceLimit;
  const [heading, lines] = parts(stack);
  const frames = typeof limit === "number" ? lines.slice(0, Math.max(0, limit)) : lines;
  if (prepares()) {
    preparing = true;
    try {
      return /** @type {any} */ (Error).prepareStackTrace(error, frames.map((frame) => new CallSite(frame)));
    } finally {
      preparing = false;
    }
  }
  return `${heading}${frames.join("\n")}`.trimEnd();
}

/**
 * A stack's text before its frames, and the frames that are the program's.
 *
 * @param {unknown} stack
 * @returns {[string, string[]]}
 */
function parts(stack) {
  if (typeof stack !== "string") return ["", []];
  const start = stack.search(/^ {4}at /m);
  if (start === -1) return [stack === "" || stack.endsWith("\n") ? stack : `${stack}\n`, []];
  const lines = stack.slice(start).split("\n").filter((line) => line !== "" && !/(?: at |\()stated:/.test(line));
  return [stack.slice(0, start), lines.map(named)];
}

/** A frame with the name that V8 has for its function: none where the engine only describes where it was written. @param {string} frame */
function named(frame) {
  const [, begin, name, place] = /^( {4}at (?:async )?)(.*[/<].*) \((.*)\)$/.exec(frame) ?? [];
  if (name === undefined) return frame;
  const last = name.slice(name.lastIndexOf("/") + 1);
  return last === "" || last.includes("<") ? `${begin}${place}` : `${begin}${last} (${place})`;
}
