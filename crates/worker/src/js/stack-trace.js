/**
 * `Error.stackTraceLimit`, which is V8's, and which libraries read and set.
 *
 * @module
 */

/** As many frames as V8 shows unless the program says otherwise. */
const FRAMES_SHOWN = 10;

/**
 * Defines the limit and lets it count.
 *
 * Differs: it counts when a stack is read, not when the error is made.
 */
export function defineStackTraceLimit() {
  Object.defineProperty(Error, "stackTraceLimit", { value: FRAMES_SHOWN, writable: true, enumerable: true, configurable: true });
  const whole = Object.getOwnPropertyDescriptor(Error.prototype, "stack");
  if (whole?.get === undefined) return;
  const { get: read, set } = whole;
  Object.defineProperty(Error.prototype, "stack", {
    /** @this {any} */
    get() {
      const stack = read.call(this);
      const limit = /** @type {any} */ (Error).stackTraceLimit;
      return typeof stack === "string" && typeof limit === "number" ? limited(stack, limit) : stack;
    },
    set,
    enumerable: false,
    configurable: true,
  });
}

/**
 * The stack with at most so many frames.
 *
 * @param {string} stack its lines of frames follow those of the message
 * @param {number} frames
 */
function limited(stack, frames) {
  let end = stack.search(/^ {4}at /m);
  if (end === -1) return stack;
  for (let count = 0; count < frames; count++) {
    end = stack.indexOf("\n    at ", end) + 1;
    if (end === 0) return stack;
  }
  return stack.slice(0, end).trimEnd();
}
