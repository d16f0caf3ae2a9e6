/**
 * How errors cross from the object or entrypoint that threw them to the code that called it.
 *
 * What crosses is a text, a few bits and nothing of the callee's stack (reference 2.7); with the flag
 * enhanced_error_serialization also the error itself, serialized. `describeError` makes the text on the callee's side,
 * `makeError` the error on the caller's; the host carries both without looking inside.
 *
 * @module
 */

import { DOMException } from "stated:dom-exception";
import { ops } from "stated:host";
import { deserialize, serialize } from "stated:serialize";
import { flag } from "stated:settings";

/** Bits of the flags that go with a text. */
export const RETRYABLE = 1;
export const OVERLOADED = 2;
export const REMOTE = 4;
export const RESET = 8;

/** The classes a text can name. WebAssembly's are properties of that object. */
const builtIns = ["Error", "RangeError", "TypeError", "SyntaxError", "ReferenceError", "CompileError", "LinkError",
  "RuntimeError", "SuspendError", "AggregateError", "SuppressedError", "URIError", "EvalError"];
const fromWebAssembly = new Set(["CompileError", "LinkError", "RuntimeError", "SuspendError"]);

const domExceptionText = /^DOMException\((\w+)\)(?:: ([^]*))?$/;

/** @type {WeakSet<Error>} the errors with which the host ended an instance */
const resets = new WeakSet();

/**
 * Whether the host made this error for the reset of the object that was called, in contrast to an error that only says so.
 *
 * @param {unknown} error
 */
export function isReset(error) {
  return typeof error === "object" && error !== null && resets.has(/** @type {Error} */ (error));
}

/**
 * Describes anything thrown: `[text for the caller, text with stack for the log, flags]`.
 *
 * Never throws: the error's own getters may.
 *
 * @param {any} error
 * @returns {[string, string, number]}
 */
export function describeError(error) {
  try {
    if (typeof error !== "object" || error === null || !isError(error)) {
      const text = `Error: ${nameOf(error)}`;
      return [text, text, flagsOf(error)];
    }
    const shown = String(error);
    const text = error instanceof DOMException ? domText(error) : shown;
    return [text, withStack(shown, error.stack), flagsOf(error)];
  } catch {
    const text = "Error: the error could not be converted to a string";
    return [text, text, 0];
  }
}

/**
 * What is shown of a thrown value that is no error: as in V8, whose text it is, without calling the value's own `toString`.
 *
 * @param {any} value
 */
function nameOf(value) {
  if (typeof value !== "object" || value === null) return String(value);
  if (value.toString === Object.prototype.toString) {
    const { constructor } = value;
    if (typeof constructor === "function" && typeof constructor.name === "string" && constructor.name !== "") {
      return `#<${constructor.name}>`;
    }
  }
  return Object.prototype.toString.call(value);
}

/** @param {object} error */
function isError(error) {
  return error instanceof Error || ops.classOf(error) === "Error";
}

/** @param {DOMException} error */
function domText({ name, message }) {
  return message === "" ? `DOMException(${name})` : `DOMException(${name}): ${message}`;
}

/** Engines differ in whether a stack begins with the error itself. @param {string} shown @param {unknown} stack */
function withStack(shown, stack) {
  if (typeof stack !== "string" || stack === "") return shown;
  return stack.startsWith(shown) ? stack : `${shown}\n${stack}`;
}

/**
 * Overload wins over retryability, as with Cloudflare. RESET is the host's to set: an error that passes through an object
 * after another one was reset does not say that this object was.
 *
 * @param {any} error
 */
function flagsOf(error) {
  if (typeof error !== "object" || error === null) return 0;
  const kind = error.overloaded ? OVERLOADED : error.retryable ? RETRYABLE : 0;
  return error.remote === true ? kind | REMOTE : kind;
}

/**
 * Makes the error that the host throws or rejects with.
 *
 * `className` is an ECMAScript class, `DOMException:<name>`, or `Error:<code>` with a code for `systemCodeOf`; when it is empty, `message` is a text of `describeError`.
 * An `objectId` of "" means unknown.
 *
 * @param {string} className
 * @param {string} message
 * @param {number} flags
 * @param {string} objectId
 * @param {Uint8Array} [value] of `respondError`
 * @returns {Error}
 */
export function makeError(className, message, flags, objectId, value = undefined) {
  /** @type {any} */
  const error = decodeValue(value) ?? (className === "" ? decode(message) : construct(className, message));
  if (flags & RETRYABLE) error.retryable = true;
  if (flags & OVERLOADED) error.overloaded = true;
  if (flags & REMOTE) error.remote = true;
  if (flags & RESET) {
    error.durableObjectReset = true;
    resets.add(error);
  }
  if (objectId !== "") error.durableObjectId = objectId;
  return error;
}

/**
 * What was thrown, or undefined when it did not cross or is no object: a primitive arrives as an Error with its text.
 *
 * @param {Uint8Array | undefined} value
 */
function decodeValue(value) {
  if (value === undefined) return undefined;
  try {
    return deserialize(value);
  } catch {
    // The text says what there is to say.
    return undefined;
  }
}

/** @param {string} text */
function decode(text) {
  const dom = domExceptionText.exec(text);
  if (dom !== null) return new DOMException(dom[2] ?? "", dom[1]);
  for (const name of builtIns) {
    if (!text.startsWith(name)) continue;
    if (text.length === name.length) return construct(name, "");
    if (text.startsWith(": ", name.length)) return construct(name, text.slice(name.length + 2));
  }
  return new Error(text);
}

/** Codes of the errors that came from the network or the system. @type {WeakMap<Error, string>} */
const systemCodes = new WeakMap();

/** The code that Node's modules show for an error of the host, which has none itself. @param {any} error @returns {string | undefined} */
export function systemCodeOf(error) {
  return systemCodes.get(error);
}

/** @param {string} className @param {string} message @returns {Error} */
function construct(className, message) {
  if (className.startsWith("Error:")) {
    const error = new Error(message);
    systemCodes.set(error, className.slice("Error:".length));
    return error;
  }
  if (className.startsWith("DOMException:")) return new DOMException(message, className.slice("DOMException:".length));
  if (className === "AggregateError") return new AggregateError([], message);
  const realm = /** @type {any} */ (globalThis);
  const holder = fromWebAssembly.has(className) ? realm.WebAssembly : realm;
  const Class = builtIns.includes(className) ? holder?.[className] : undefined;
  if (typeof Class !== "function") return new Error(className === "Error" ? message : `${className}: ${message}`);
  if (className === "SuppressedError") return new Class(undefined, undefined, message);
  return new Class(message);
}

/**
 * Answers a call of the host with what a handler threw.
 *
 * @param {number} callId
 * @param {unknown} error
 */
export function respondFailure(callId, error) {
  const [text, stack, flags] = describeError(error);
  ops.respondError(callId, text, stack, flags, encodeThrown(error));
}

/**
 * Ends a stateless event with what its callers shall see.
 *
 * @param {number} contextId
 * @param {unknown} reason
 * @returns {never}
 */
export function abortEvent(contextId, reason = new Error("Worker execution was aborted due to call to ctx.abort().")) {
  const [text, , flags] = describeError(reason);
  return ops.abortEvent(contextId, text, flags, encodeThrown(reason));
}

/**
 * What `describeError` says of an error that breaks its object, and what was thrown in serialized form, for the callers.
 *
 * @param {unknown} error
 * @returns {[string, string, number, Uint8Array | undefined]}
 */
export function describeBreak(error) {
  return [...describeError(error), encodeThrown(error)];
}

/**
 * What was thrown in serialized form, where it crosses whole. In contrast to values, instances of the program's classes
 * do, too, as plain objects.
 *
 * @param {unknown} error
 * @returns {Uint8Array | undefined}
 */
export function encodeThrown(error) {
  if (typeof error !== "object" || error === null || !flag("enhanced_error_serialization")) return undefined;
  try {
    return serialize(error, { forErrors: true });
  } catch {
    // Something in it cannot be passed on; the text can.
    return undefined;
  }
}
