/**
 * `JSON.parse` and `JSON.stringify` with V8's words for what fails.
 *
 * @module
 */

import { messageOfCircle } from "stated:json-circle";
import { messageOfBadJson } from "stated:json-syntax";

/** The engine's own messages. */
const badJson = /^JSON\.parse: /;
const circle = /^Converting circular structure to JSON$/;

/**
 * Replaces both functions.
 *
 * @param {any} target the realm's `JSON`
 */
export function replaceJson(target) {
  const { parse, stringify } = target;
  const functions = {
    /** @param {any} text @param {any} reviver */
    parse(text, reviver) {
      // Here, so that what an object says it is stays the same.
      const source = typeof text === "string" ? text : `${text}`;
      try {
        return parse(source, reviver);
      } catch (error) {
        if (!isEngines(error, SyntaxError, badJson)) throw error;
        throw new SyntaxError(messageOfBadJson(source));
      }
    },
    /** @param {any} value @param {any} replacer @param {any} space */
    stringify(value, replacer, space) {
      try {
        return stringify(value, replacer, space);
      } catch (error) {
        if (!isEngines(error, TypeError, circle) || typeof replacer === "function") throw error;
        throw new TypeError(messageOfCircle(value));
      }
    },
  };
  for (const [name, value] of Object.entries(functions)) {
    Object.defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true });
  }
}

/**
 * Whether the engine made this error, and not a reviver or `toJSON`.
 *
 * @param {unknown} error
 * @param {Function} Class
 * @param {RegExp} pattern of its message
 */
function isEngines(error, Class, pattern) {
  if (!(error instanceof Class)) return false;
  const message = Object.getOwnPropertyDescriptor(error, "message")?.value;
  return typeof message === "string" && pattern.test(message);
}
