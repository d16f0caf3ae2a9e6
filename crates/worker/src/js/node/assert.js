/**
 * `node:assert`. A failed assertion shows both values, not their difference.
 *
 * @module
 */

import { inspect } from "stated:inspect";
import { deepEqual as sameDeeply } from "stated:node-support/deep-equal";
import { checkFunction, invalidArgType, invalidArgValue, nodeError } from "stated:node-support/errors";
import { isPromise, isRegExp } from "stated:node/util/types";

/** @type {Record<string, string>} */
const headlines = {
  deepStrictEqual: "Expected values to be strictly deep-equal:",
  strictEqual: "Expected values to be strictly equal:",
  deepEqual: "Expected values to be loosely deep-equal:",
  notDeepStrictEqual: 'Expected "actual" not to be strictly deep-equal to:',
  notStrictEqual: 'Expected "actual" to be strictly unequal to:',
  notDeepEqual: 'Expected "actual" not to be loosely deep-equal to:',
};

/** @param {string} operator @param {unknown} actual @param {unknown} expected */
function describe(operator, actual, expected) {
  if (operator === "partialDeepStrictEqual") return "Expected actual to be partially deeply strictly equal to expected";
  const [left, right] = [inspect(actual), inspect(expected)];
  const headline = headlines[operator];
  if (headline === undefined) return `${left} ${operator} ${right}`;
  if (operator.startsWith("not")) return `${headline}${right.includes("\n") ? "\n\n" : " "}${right}`;
  if (operator === "strictEqual" && !left.includes("\n") && !right.includes("\n")) return `${headline}\n\n${left} !== ${right}\n`;
  return `${headline}\n+ actual - expected\n\n${marked("+", left)}\n${marked("-", right)}`;
}

/** @param {string} mark @param {string} text */
function marked(mark, text) {
  return text.split("\n").map((line) => `${mark} ${line}`).join("\n");
}

/** What a failed assertion throws. */
export class AssertionError extends Error {
  /** @param {{ message?: any, actual?: any, expected?: any, operator?: string, stackStartFn?: Function }} options */
  constructor(options) {
    if (typeof options !== "object" || options === null) throw invalidArgType("options", "of type object", options);
    const { message, actual, expected, operator = "" } = options;
    super(message === undefined ? describe(operator, actual, expected) : String(message));
    Object.defineProperty(this, "name", { value: "AssertionError", writable: true, configurable: true });
    this.generatedMessage = message === undefined;
    this.code = "ERR_ASSERTION";
    this.actual = actual;
    this.expected = expected;
    this.operator = operator;
  }

  toString() {
    return `${this.name} [${this.code}]: ${this.message}`;
  }
}

/** @param {boolean} holds @param {any} message @param {{ actual?: any, expected?: any, operator: string }} about */
function require(holds, message, about) {
  if (holds) return;
  if (message instanceof Error) throw message;
  throw new AssertionError({ message, ...about });
}

/** @param {IArguments | unknown[]} args @param {number} count @param {string} names */
function requireArguments(args, count, names) {
  if (args.length < count) throw nodeError(TypeError, "ERR_MISSING_ARGS", `The ${names} arguments must be specified`);
}

/** @param {any[]} args @param {string} operator */
function requireTruthy(args, operator) {
  const [value, message] = args;
  if (args.length === 0) require(false, "No value argument passed to `assert.ok()`", { actual: value, expected: true, operator });
  require(Boolean(value), message ?? "The expression evaluated to a falsy value", { actual: value, expected: true, operator: "==" });
}

/** @param {...any} args @returns {any} */
function assert(...args) {
  requireTruthy(args, "==");
}

/** @param {...any} args */
export function ok(...args) {
  requireTruthy(args, "==");
}

/** @param {any} [message] @returns {never} */
export function fail(message = undefined) {
  if (message instanceof Error) throw message;
  const error = new AssertionError({ message: message ?? "Failed", operator: "fail" });
  error.generatedMessage = message === undefined;
  throw error;
}

const both = '"actual" and "expected"';

/** @param {any} actual @param {any} expected @param {any} [message] */
export function equal(actual, expected, message = undefined) {
  requireArguments(arguments, 2, both);
  require(actual == expected || (actual !== actual && expected !== expected), message, { actual, expected, operator: "==" });
}

/** @param {any} actual @param {any} expected @param {any} [message] */
export function notEqual(actual, expected, message = undefined) {
  requireArguments(arguments, 2, both);
  require(!(actual == expected || (actual !== actual && expected !== expected)), message, { actual, expected, operator: "!=" });
}

/** @param {any} actual @param {any} expected @param {any} [message] */
export function strictEqual(actual, expected, message = undefined) {
  requireArguments(arguments, 2, both);
  require(Object.is(actual, expected), message, { actual, expected, operator: "strictEqual" });
}

/** @param {any} actual @param {any} expected @param {any} [message] */
export function notStrictEqual(actual, expected, message = undefined) {
  requireArguments(arguments, 2, both);
  require(!Object.is(actual, expected), message, { actual, expected, operator: "notStrictEqual" });
}

/** @param {any} actual @param {any} expected @param {any} [message] */
export function deepEqual(actual, expected, message = undefined) {
  requireArguments(arguments, 2, both);
  require(sameDeeply(actual, expected, "loose"), message, { actual, expected, operator: "deepEqual" });
}

/** @param {any} actual @param {any} expected @param {any} [message] */
export function notDeepEqual(actual, expected, message = undefined) {
  requireArguments(arguments, 2, both);
  require(!sameDeeply(actual, expected, "loose"), message, { actual, expected, operator: "notDeepEqual" });
}

/** @param {any} actual @param {any} expected @param {any} [message] */
export function deepStrictEqual(actual, expected, message = undefined) {
  requireArguments(arguments, 2, both);
  require(sameDeeply(actual, expected, "strict"), message, { actual, expected, operator: "deepStrictEqual" });
}

/** @param {any} actual @param {any} expected @param {any} [message] */
export function notDeepStrictEqual(actual, expected, message = undefined) {
  requireArguments(arguments, 2, both);
  require(!sameDeeply(actual, expected, "strict"), message, { actual, expected, operator: "notDeepStrictEqual" });
}

/** What is in `expected` is in `actual`, which may have more. @param {any} actual @param {any} expected @param {any} [message] */
export function partialDeepStrictEqual(actual, expected, message = undefined) {
  requireArguments(arguments, 2, both);
  require(sameDeeply(actual, expected, "partial"), message, { actual, expected, operator: "partialDeepStrictEqual" });
}

/** @param {any} text @param {RegExp} pattern @param {any} [message] */
export function match(text, pattern, message = undefined) {
  matches("match", text, pattern, message);
}

/** @param {any} text @param {RegExp} pattern @param {any} [message] */
export function doesNotMatch(text, pattern, message = undefined) {
  matches("doesNotMatch", text, pattern, message);
}

/** @param {"match" | "doesNotMatch"} operator @param {any} text @param {RegExp} pattern @param {any} message */
function matches(operator, text, pattern, message) {
  if (!isRegExp(pattern)) throw invalidArgType("regexp", "an instance of RegExp", pattern);
  const about = { actual: text, expected: pattern, operator };
  if (typeof text !== "string") {
    require(false, message ?? `The "string" argument must be of type string. Received type ${typeof text} (${inspect(text)})`, about);
    return;
  }
  const wanted = operator === "match" ? "The input did not match the regular expression" : "The input was expected to not match the regular expression";
  require(pattern.test(text) === (operator === "match"), message ?? `${wanted} ${inspect(pattern)}. Input:\n\n${inspect(text)}\n`, about);
}

/** Nothing was thrown. */
const nothing = Symbol("nothing");

/** @param {any} fn */
function thrownBy(fn) {
  checkFunction("fn", fn);
  try {
    fn();
  } catch (error) {
    return error;
  }
  return nothing;
}

/** @param {any} promiseOrFunction @returns {Promise<any>} */
async function rejectionOf(promiseOrFunction) {
  let promise = promiseOrFunction;
  if (typeof promiseOrFunction === "function") {
    promise = promiseOrFunction();
    if (!isPromiseLike(promise)) {
      throw nodeError(TypeError, "ERR_INVALID_RETURN_VALUE",
        `Expected instance of Promise to be returned from the "promiseFn" function but got ${promise === undefined ? "undefined" : `an instance of ${promise?.constructor?.name}`}.`);
    }
  } else if (!isPromiseLike(promise)) throw invalidArgType("promiseFn", "of type function or an instance of Promise", promise);
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return nothing;
}

/** @param {any} value */
function isPromiseLike(value) {
  return isPromise(value) || typeof value?.then === "function" && typeof value?.catch === "function";
}

/**
 * @param {string} operator "throws" or "rejects"
 * @param {any} error what was thrown
 * @param {any[]} args of the assertion, after the function
 */
function expectError(operator, error, args) {
  let [expected, message] = args;
  if (typeof expected === "string") {
    if (args.length > 1) throw invalidArgType("error", "of type function or an instance of Error, RegExp, or Object", expected);
    message = expected;
    expected = undefined;
  } else if (expected !== undefined && expected !== null && typeof expected !== "object" && typeof expected !== "function") {
    throw invalidArgType("error", "of type function or an instance of Error, RegExp, or Object", expected);
  }
  if (error === nothing) {
    const kind = operator === "rejects" ? "rejection" : "exception";
    const details = `${expected?.name ? ` (${expected.name})` : ""}${typeof message === "string" ? `: ${message}` : "."}`;
    if (message instanceof Error) throw message;
    throw new AssertionError({ message: `Missing expected ${kind}${details}`, actual: undefined, expected, operator });
  }
  if (expected !== undefined) requireMatch(operator, error, expected, message);
}

/** @param {string} operator @param {any} error @param {any} expected @param {any} message */
function requireMatch(operator, error, expected, message) {
  const about = { actual: error, expected, operator };
  if (isRegExp(expected)) {
    require(expected.test(String(error)), message ?? `The input did not match the regular expression ${inspect(expected)}. Input:\n\n${inspect(String(error))}\n`, about);
  } else if (typeof expected === "object") requireProperties(error, expected, message, about);
  else if (expected.prototype !== undefined && error instanceof expected) return;
  else if (Error.isPrototypeOf(expected) || expected === Error) {
    if (message !== undefined) require(false, message, about);
    throw typeof error === "object" && error !== null ? new AssertionError({
      message: `The error is expected to be an instance of "${expected.name}". Received ${error.constructor?.name ? `"${error.constructor.name}"` : inspect(error)}\n\nError message:\n\n${error.message}`, ...about,
    }) : error;
  } else {
    const result = Reflect.apply(expected, {}, [error]);
    require(result === true, message ?? `${expected.name ? `The "${expected.name}" validation function` : "The validation function"} is expected to return "true". Received ${inspect(result)}\n\nCaught error:\n\n${error}`, about);
  }
}

/** @param {any} error @param {any} expected @param {any} message @param {any} about */
function requireProperties(error, expected, message, about) {
  const keys = Object.keys(expected);
  if (expected instanceof Error) keys.push("name", "message");
  else if (keys.length === 0) throw invalidArgValue("error", expected, "may not be an empty object");
  for (const key of keys) {
    const matches = typeof error?.[key] === "string" && isRegExp(expected[key]) ? expected[key].test(error[key])
      : key in Object(error) && sameDeeply(error[key], expected[key], "strict");
    require(matches, message, { ...about, operator: about.operator, actual: error, expected });
  }
}

/** @param {any} fn @param {...any} args */
export function throws(fn, ...args) {
  expectError("throws", thrownBy(fn), args);
}

/** @param {any} promise @param {...any} args */
export async function rejects(promise, ...args) {
  expectError("rejects", await rejectionOf(promise), args);
}

/** @param {string} operator @param {any} error @param {any} expected @param {any} message */
function expectNone(operator, error, expected, message) {
  if (error === nothing) return;
  const text = typeof expected === "string" ? expected : message;
  const relevant = typeof expected !== "function" || error instanceof expected;
  if (typeof expected !== "string" && expected !== undefined && !relevant) throw error;
  const kind = operator === "doesNotReject" ? "rejection" : "exception";
  throw new AssertionError({
    message: `Got unwanted ${kind}${text ? `: ${text}` : "."}\nActual message: "${error?.message}"`, actual: error, expected, operator,
  });
}

/** @param {any} fn @param {any} [expected] @param {any} [message] */
export function doesNotThrow(fn, expected = undefined, message = undefined) {
  expectNone("doesNotThrow", thrownBy(fn), expected, message);
}

/** @param {any} promise @param {any} [expected] @param {any} [message] */
export async function doesNotReject(promise, expected = undefined, message = undefined) {
  expectNone("doesNotReject", await rejectionOf(promise), expected, message);
}

/** Throws unless the value is undefined or null; for the first argument of callbacks. @param {any} value */
export function ifError(value) {
  if (value === null || value === undefined) return;
  const text = typeof value === "object" && typeof value.message === "string" ? value.message || value.constructor?.name : inspect(value);
  throw new AssertionError({ message: `ifError got unwanted exception: ${text}`, actual: value, expected: null, operator: "ifError" });
}

const members = {
  AssertionError, deepEqual, deepStrictEqual, doesNotMatch, doesNotReject, doesNotThrow, equal, fail, ifError, match, notDeepEqual,
  notDeepStrictEqual, notEqual, notStrictEqual, ok, partialDeepStrictEqual, rejects, strictEqual, throws,
};

/** The same functions where the loose comparisons are strict. @type {any} */
export const strict = Object.assign((/** @type {any[]} */ ...args) => requireTruthy(args, "=="), members, {
  deepEqual: deepStrictEqual, equal: strictEqual, notDeepEqual: notDeepStrictEqual, notEqual: notStrictEqual,
});
strict.strict = strict;

export default Object.assign(assert, members, { strict });
