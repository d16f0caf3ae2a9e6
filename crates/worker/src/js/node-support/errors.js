/**
 * Errors as Node.js makes them: an ECMAScript class, a `code`, and the name and code in front of the stack.
 *
 * @module
 */

import { inspect } from "stated:inspect";

/**
 * Makes an error with a code.
 *
 * @param {new (message: string) => Error} Base
 * @param {string} code
 * @param {string} message
 * @returns {any}
 */
export function nodeError(Base, code, message) {
  const error = /** @type {any} */ (new Base(message));
  error.code = code;
  // Node prints `TypeError [CODE]: message`, but keeps the name.
  Object.defineProperty(error, "toString", {
    value() {
      return `${this.name} [${code}]: ${this.message}`;
    },
    writable: true,
    configurable: true,
  });
  return error;
}

/**
 * An argument of the wrong type.
 *
 * @param {string} name
 * @param {string} expected for example "of type string"
 * @param {unknown} actual
 */
export function invalidArgType(name, expected, actual) {
  const what = name.endsWith(" argument") ? `The ${name}` : `The "${name}" ${name.includes(".") ? "property" : "argument"}`;
  return nodeError(TypeError, "ERR_INVALID_ARG_TYPE", `${what} must be ${expected}.${received(actual)}`);
}

/**
 * An argument of the right type and a wrong value.
 *
 * @param {string} name
 * @param {unknown} value
 * @param {string} [reason]
 */
export function invalidArgValue(name, value, reason = "is invalid") {
  const shown = inspect(value);
  const short = shown.length > 128 ? `${shown.slice(0, 128)}...` : shown;
  const type = name.includes(".") ? "property" : "argument";
  return nodeError(TypeError, "ERR_INVALID_ARG_VALUE", `The ${type} '${name}' ${reason}. Received ${short}`);
}

/**
 * A number outside of its range.
 *
 * @param {string} name
 * @param {string} range
 * @param {unknown} value
 */
export function outOfRange(name, range, value) {
  return nodeError(RangeError, "ERR_OUT_OF_RANGE", `The value of "${name}" is out of range. It must be ${range}. Received ${grouped(value)}`);
}

/** Large integers are shown with underscores. @param {unknown} value */
function grouped(value) {
  if (typeof value === "bigint" || typeof value === "number" && Number.isInteger(value) && Math.abs(value) > 2 ** 32) {
    const text = String(value).replace(/(?<=\d)(?=(\d{3})+$)/g, "_");
    return typeof value === "bigint" ? `${text}n` : text;
  }
  return inspect(value);
}

/** @param {any} value */
function received(value) {
  return ` Received ${receivedWhat(value)}`;
}

/** What kind of value a function got, for a message. @param {any} value */
export function receivedWhat(value) {
  if (value === null || value === undefined) return `${value}`;
  if (typeof value === "function") return `function ${value.name}`;
  if (typeof value === "object") {
    const name = value.constructor?.name;
    return name ? `an instance of ${name}` : inspect(value, { depth: -1 });
  }
  const shown = inspect(value);
  return `type ${typeof value} (${shown.length > 28 ? `${shown.slice(0, 25)}...` : shown})`;
}

/** @param {string} name @param {unknown} value @returns {asserts value is string} */
export function checkString(name, value) {
  if (typeof value !== "string") throw invalidArgType(name, "of type string", value);
}

/** @param {string} name @param {unknown} value @returns {asserts value is Function} */
export function checkFunction(name, value) {
  if (typeof value !== "function") throw invalidArgType(name, "of type function", value);
}

/**
 * @param {string} name
 * @param {any} value
 * @param {number} [min]
 * @param {number} [max]
 * @returns {asserts value is number}
 */
export function checkNumber(name, value, min = undefined, max = undefined) {
  if (typeof value !== "number") throw invalidArgType(name, "of type number", value);
  if (min === undefined && max === undefined) return;
  if (value >= (min ?? -Infinity) && value <= (max ?? Infinity)) return;
  throw outOfRange(name, [min === undefined ? [] : [`>= ${min}`], max === undefined ? [] : [`<= ${max}`]].flat().join(" && "), value);
}

/** @param {string} name @param {unknown} value @returns {asserts value is boolean} */
export function checkBoolean(name, value) {
  if (typeof value !== "boolean") throw invalidArgType(name, "of type boolean", value);
}

/** @param {string} name @param {unknown} value */
export function checkObject(name, value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalidArgType(name, "of type object", value);
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {number} [min]
 * @param {number} [max]
 * @returns {asserts value is number}
 */
export function checkInteger(name, value, min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER) {
  if (typeof value !== "number") throw invalidArgType(name, "of type number", value);
  if (!Number.isInteger(value)) throw outOfRange(name, "an integer", value);
  if (value < min || value > max) throw outOfRange(name, `>= ${min} && <= ${max}`, value);
}

/** @param {string} name @param {any} signal */
export function checkSignal(name, signal) {
  if (signal !== undefined && (typeof signal !== "object" || signal === null || !("aborted" in signal))) {
    throw invalidArgType(name, "an instance of AbortSignal", signal);
  }
}

/** What an aborted operation fails with. */
export class AbortError extends Error {
  /** @param {unknown} [cause] the signal's reason */
  constructor(cause = undefined) {
    super("The operation was aborted", cause === undefined ? undefined : { cause });
    this.code = "ABORT_ERR";
    this.name = "AbortError";
  }
}

/** @param {unknown} cause the signal's reason */
export function abortError(cause) {
  return new AbortError(cause);
}
