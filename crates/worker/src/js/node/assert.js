/**
 * `node:assert`. Its messages are Node's; that of a value that is not truthy shows the value, not the source.
 *
 * @module
 */

import { inspect } from "stated:inspect";
import { deepEqual as sameDeeply } from "stated:node-support/deep-equal";
import { describeFailure } from "stated:node-support/assert-text";
import { checkFunction, invalidArgType, invalidArgValue, nodeError, receivedWhat } from "stated:node-support/errors";
import { isNativeError, isPromise, isRegExp } from "stated:node/util/types";

/** What a failed assertion throws. */
export class AssertionError extends Error {
  /** @param {{ message?: any, actual?: any, expected?: any, operator?: string | undefined, stackStartFn?: Function }} options */
  constructor(options) {
    if (typeof options !== "object" || options === null) throw invalidArgType("options", "of type object", options);
    const { message, operator } = options;
    let { actual, expected } = options;
    // Two errors are shown by what they say, without where they were made.
    const errors = actual instanceof Error && expected instanceof Error && "stack" in actual && "stack" in expected;
    if (errors && (message === undefined || message === null)) [actual, expected] = [withoutStack(actual), withoutStack(expected)];
    super(message === undefined || message === null ? describeFailure(/** @type {any} */ (operator), actual, expected) : String(message));
    const { stack } = this;
    Object.defineProperty(this, "name", { value: "AssertionError", writable: true, configurable: true });
    if (typeof stack === "string") {
      const frames = stack.search(/\n\s+at /);
      const value = `AssertionError [ERR_ASSERTION]: ${this.message}${frames === -1 ? "" : stack.slice(frames)}`;
      Object.defineProperty(this, "stack", { value, writable: true, configurable: true });
    }
    this.generatedMessage = !message;
    this.code = "ERR_ASSERTION";
    this.actual = actual;
    this.expected = expected;
    this.operator = operator;
  }

  toString() {
    return `${this.name} [${this.code}]: ${this.message}`;
  }
}

/** @param {any} error */
function withoutStack(error) {
  const copy = Object.assign(Object.create(Object.getPrototypeOf(error)), error);
  Object.defineProperty(copy, "message", { value: error.message });
  if (Object.hasOwn(error, "cause")) Object.defineProperty(copy, "cause", { value: error.cause });
  return copy;
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

/** @param {any[]} args */
function requireTruthy(args) {
  const [value, message] = args;
  if (args.length > 0) {
    require(Boolean(value), message, { actual: value, expected: true, operator: "==" });
    return;
  }
  const error = new AssertionError({ message: "No value argument passed to `assert.ok()`", actual: value, expected: true, operator: "==" });
  error.generatedMessage = true;
  throw error;
}

/** @param {...any} args @returns {any} */
function assert(...args) {
  requireTruthy(args);
}

export { assert as ok };

/** @param {any} [actual] the message, if it is the only argument @param {any} [expected] @param {any} [message] @param {string} [operator] @returns {never} */
export function fail(actual = undefined, expected = undefined, message = undefined, operator = undefined) {
  const count = arguments.length;
  const none = count <= 1 && (actual === null || actual === undefined);
  const text = none ? "Failed" : count === 1 ? actual : message;
  if (text instanceof Error) throw text;
  const about = count > 1 ? { actual, expected, operator: count === 2 ? "!=" : operator ?? "fail" } : { actual: none ? actual : undefined, expected, operator: "fail" };
  const error = new AssertionError({ message: text, ...about });
  if (none) error.generatedMessage = true;
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
  if (typeof text === "string" && pattern.test(text) === (operator === "match")) return;
  if (message instanceof Error) throw message;
  const wanted = operator === "match" ? "The input did not match the regular expression" : "The input was expected to not match the regular expression";
  const about = typeof text === "string" ? `${wanted} ${inspect(pattern)}. Input:\n\n${inspect(text)}\n`
    : `The "string" argument must be of type string. Received type ${typeof text} (${inspect(text)})`;
  throwGenerated({ message: message || about, actual: text, expected: pattern, operator }, !message);
}

/** @param {{ message: any, actual: any, expected: any, operator: string }} options @param {boolean} generated whether the message is @returns {never} */
function throwGenerated(options, generated) {
  const error = new AssertionError(options);
  error.generatedMessage = generated;
  throw error;
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
        `Expected instance of Promise to be returned from the "promiseFn" function but got ${receivedWhat(promise)}.`);
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
    if (args.length > 1) throw invalidArgType("error", kinds, expected);
    const thrown = typeof error === "object" && error !== null ? error.message : error;
    if (thrown === expected) {
      const what = thrown === error ? `The error "${thrown}"` : `The error message "${thrown}"`;
      throw nodeError(TypeError, "ERR_AMBIGUOUS_ARGUMENT", `The "error/message" argument is ambiguous. ${what} is identical to the message.`);
    }
    message = expected;
    expected = undefined;
  } else if (expected !== undefined && expected !== null && typeof expected !== "object" && typeof expected !== "function") {
    throw invalidArgType("error", kinds, expected);
  }
  if (error === nothing) {
    const kind = operator === "rejects" ? "rejection" : "exception";
    const details = `${expected?.name ? ` (${expected.name})` : ""}${message ? `: ${message}` : "."}`;
    throw new AssertionError({ message: `Missing expected ${kind}${details}`, actual: undefined, expected, operator });
  }
  if (expected) requireMatch(operator, error, expected, message);
}

const kinds = "of type function or an instance of Error, RegExp, or Object";

/** @param {string} operator @param {any} error @param {any} expected @param {any} message */
function requireMatch(operator, error, expected, message) {
  const generated = mismatch(operator, error, expected, message);
  if (generated === undefined) return;
  throwGenerated({ message: message || generated, actual: error, expected, operator }, !message);
}

/**
 * What to say of an error that is not as expected. Comparing objects throws instead.
 *
 * @param {string} operator @param {any} error @param {any} expected @param {any} message
 * @returns {string | undefined} undefined if it is as expected
 */
function mismatch(operator, error, expected, message) {
  if (isRegExp(expected)) {
    const text = String(error);
    return expected.test(text) ? undefined : `The input did not match the regular expression ${inspect(expected)}. Input:\n\n${inspect(text)}\n`;
  }
  if (typeof expected === "object") {
    requireProperties(operator, error, expected, message);
    return undefined;
  }
  // Arrow functions have no prototype.
  if (expected.prototype !== undefined && error instanceof expected) return undefined;
  if (Error.isPrototypeOf(expected)) {
    const received = isNativeError(error) ? `"${error.name}"\n\nError message:\n\n${error.message}` : `"${inspect(error, { depth: -1 })}"`;
    return `The error is expected to be an instance of "${expected.name}". Received ${received}`;
  }
  const result = Reflect.apply(expected, {}, [error]);
  if (result === true) return undefined;
  const caught = isNativeError(error) ? `\n\nCaught error:\n\n${error}` : "";
  return `The ${expected.name ? `"${expected.name}" ` : ""}validation function is expected to return "true". Received ${inspect(result)}${caught}`;
}

/** @param {any} actual @param {any} expected */
function matchesText(actual, expected) {
  return typeof actual === "string" && isRegExp(expected) && expected.test(actual);
}

/** What is compared of an object. */
class Comparison {
  /** @param {any} object @param {string[]} keys @param {any} [actual] whose texts stand for the patterns they match */
  constructor(object, keys, actual = undefined) {
    for (const key of keys) {
      if (key in object) /** @type {any} */ (this)[key] = actual !== undefined && matchesText(actual[key], object[key]) ? actual[key] : object[key];
    }
  }
}

/** @param {string} operator @param {any} error @param {any} expected @param {any} message */
function requireProperties(operator, error, expected, message) {
  if (typeof error !== "object" || error === null) {
    const failure = new AssertionError({ message, actual: error, expected, operator: "deepStrictEqual" });
    failure.operator = operator;
    throw failure;
  }
  const keys = Object.keys(expected);
  if (expected instanceof Error) keys.push("name", "message");
  else if (keys.length === 0) throw invalidArgValue("error", expected, "may not be an empty object");
  for (const key of keys) {
    if (matchesText(error[key], expected[key]) || key in error && sameDeeply(error[key], expected[key], "strict")) continue;
    if (message) require(false, message, { actual: error, expected, operator });
    const failure = new AssertionError({
      actual: new Comparison(error, keys), expected: new Comparison(expected, keys, error), operator: "deepStrictEqual",
    });
    throw Object.assign(failure, { actual: error, expected, operator });
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
  if (typeof expected !== "string" && expected && !isUnwanted(error, expected)) throw error;
  const kind = operator === "doesNotReject" ? "rejection" : "exception";
  throw new AssertionError({
    message: `Got unwanted ${kind}${text ? `: ${text}` : "."}\nActual message: "${error?.message}"`, actual: error,
    expected: typeof expected === "string" ? undefined : expected, operator,
  });
}

/** @param {any} error @param {any} expected */
function isUnwanted(error, expected) {
  if (isRegExp(expected)) return expected.test(String(error));
  if (typeof expected !== "function") throw invalidArgType("expected", "of type function or an instance of RegExp", expected);
  if (expected.prototype !== undefined && error instanceof expected) return true;
  return !Error.isPrototypeOf(expected) && Reflect.apply(expected, {}, [error]) === true;
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
  notDeepStrictEqual, notEqual, notStrictEqual, ok: assert, partialDeepStrictEqual, rejects, strictEqual, throws,
};

/** The same functions where the loose comparisons are strict. @type {any} */
export const strict = Object.assign((/** @type {any[]} */ ...args) => requireTruthy(args), members, {
  deepEqual: deepStrictEqual, equal: strictEqual, notDeepEqual: notDeepStrictEqual, notEqual: notStrictEqual,
});
strict.strict = strict;

export default Object.assign(assert, members, { strict });
