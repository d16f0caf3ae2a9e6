/**
 * The serialized forms of errors: V8's own, which keeps prototype, message, cause and stack, Workers' (flag
 * enhanced_error_serialization, reference 2.7), which keeps every own property and the name, and Workers' DOMException.
 *
 * All are always read.
 *
 * @module
 */

import { malformed } from "stated:clone-errors";
import { DOMException } from "stated:dom-exception";
import { flag } from "stated:settings";
import * as wire from "stated:wire-format";

/** @typedef {import("stated:wire-writer").Writer} Writer */
/** @typedef {import("stated:wire-reader").Reader} Reader */

const nativePrototypes = /** @type {Record<string, number>} */ ({
  EvalError: wire.ERROR_EVAL,
  RangeError: wire.ERROR_RANGE,
  ReferenceError: wire.ERROR_REFERENCE,
  SyntaxError: wire.ERROR_SYNTAX,
  TypeError: wire.ERROR_TYPE,
  URIError: wire.ERROR_URI,
});
const nativeClasses = new Map([
  [wire.ERROR_EVAL, EvalError],
  [wire.ERROR_RANGE, RangeError],
  [wire.ERROR_REFERENCE, ReferenceError],
  [wire.ERROR_SYNTAX, SyntaxError],
  [wire.ERROR_TYPE, TypeError],
  [wire.ERROR_URI, URIError],
]);

/** Own properties of errors that only some engines have, or that are written apart from the others. */
const notCopied = new Set(["name", "message", "stack", "fileName", "lineNumber", "columnNumber"]);

const codeOf = /** @type {Function} */ (Object.getOwnPropertyDescriptor(DOMException.prototype, "code")?.get);

/**
 * Writes an error that has its id already.
 *
 * @param {Writer} writer
 * @param {Error} error
 */
export function writeError(writer, error) {
  if (isDOMException(error)) writeDOMException(writer, error);
  else if (flag("enhanced_error_serialization")) writeErrorWithProperties(writer, error);
  else writeErrorNatively(writer, error);
}

/**
 * Whether it was constructed as one: a prototype alone does not make a DOMException.
 *
 * @param {Error} error
 * @returns {error is DOMException}
 */
function isDOMException(error) {
  if (!(error instanceof DOMException)) return false;
  try {
    Reflect.apply(codeOf, error, []);
    return true;
  } catch {
    return false;
  }
}

/** @param {Writer} writer @param {DOMException} error */
function writeDOMException(writer, error) {
  writer.writeTag(wire.TAG_HOST_OBJECT);
  writer.writeVarint(wire.HOST_DOM_EXCEPTION);
  writer.writeUtf8(error.name);
  writer.writeUtf8(error.message);
  writer.writeUtf8(writer.errorStacks && typeof error.stack === "string" ? error.stack : "");
}

/** @param {Writer} writer @param {any} error */
function writeErrorNatively(writer, error) {
  const name = String(error.name);
  const message = Object.getOwnPropertyDescriptor(error, "message");
  const cause = Object.getOwnPropertyDescriptor(error, "cause");
  writer.writeTag(wire.TAG_ERROR);
  if (Object.hasOwn(nativePrototypes, name)) writer.writeVarint(nativePrototypes[name]);
  if (message !== undefined && "value" in message) {
    writer.writeVarint(wire.ERROR_MESSAGE);
    writer.writeString(String(message.value));
  }
  if (cause !== undefined && "value" in cause) {
    writer.writeVarint(wire.ERROR_CAUSE);
    writer.writeValue(cause.value);
  }
  const stack = writer.errorStacks ? error.stack : undefined;
  if (typeof stack === "string") {
    writer.writeVarint(wire.ERROR_STACK);
    writer.writeString(stack);
  }
  writer.writeVarint(wire.ERROR_END);
}

/** @param {Writer} writer @param {any} error */
function writeErrorWithProperties(writer, error) {
  const { name } = error;
  const message = Object.hasOwn(error, "message") ? error.message : "";
  const known = typeof name === "string" && Object.hasOwn(wire.errorTypes, name);
  writer.writeTag(wire.TAG_HOST_OBJECT);
  writer.writeVarint(wire.HOST_ERROR);
  writer.writeVarint(known ? wire.errorTypes[name] : wire.ERROR_CUSTOM);
  if (!known) writer.writeValue(name);
  writer.writeValue(message);
  writer.writeObject(ownProperties(error, writer.errorStacks));
}

/**
 * @param {any} error
 * @param {boolean} withStack
 */
function ownProperties(error, withStack) {
  /** @type {any} */
  const properties = {};
  if (withStack && typeof error.stack === "string") properties.stack = error.stack;
  for (const key of Object.getOwnPropertyNames(error)) {
    if (!notCopied.has(key)) define(properties, key, error[key], true);
  }
  return properties;
}

/**
 * Reads what follows TAG_ERROR.
 *
 * @param {Reader} reader
 * @returns {Error}
 */
export function readErrorNatively(reader) {
  const id = reader.reserve();
  let tag = reader.readVarint();
  const Class = nativeClasses.get(tag);
  /** @type {any} */
  const error = Class === undefined ? new Error() : new Class();
  // Known before its members are read: a cause may refer back to it.
  reader.resolve(id, error);
  if (Class !== undefined) tag = reader.readVarint();
  for (; tag !== wire.ERROR_END; tag = reader.readVarint()) {
    switch (tag) {
      case wire.ERROR_MESSAGE:
        define(error, "message", reader.readString(), false);
        break;
      case wire.ERROR_CAUSE:
        define(error, "cause", reader.readValue(), false);
        break;
      case wire.ERROR_STACK:
        define(error, "stack", reader.readString(), false);
        break;
      default:
        throw malformed();
    }
  }
  return error;
}

/**
 * Reads what follows HOST_ERROR.
 *
 * @param {Reader} reader
 * @returns {Error}
 */
export function readErrorWithProperties(reader) {
  const id = reader.reserve();
  const type = reader.readVarint();
  const name = type === wire.ERROR_CUSTOM ? reader.readValue() : nameOf(type);
  const error = newError(name);
  reader.resolve(id, error);
  const message = reader.readValue();
  if (message !== "") define(error, "message", message, false);
  if (type === wire.ERROR_CUSTOM) define(error, "name", name, true);
  const properties = reader.readValue();
  if (typeof properties !== "object" || properties === null) throw malformed();
  for (const key of Object.keys(properties)) define(error, key, properties[key], key !== "stack" && key !== "cause");
  return error;
}

/** @param {number} type */
function nameOf(type) {
  for (const name of Object.keys(wire.errorTypes)) if (wire.errorTypes[name] === type) return name;
  throw malformed();
}

/** @param {unknown} name @returns {any} */
function newError(name) {
  if (typeof name !== "string" || !Object.hasOwn(wire.errorTypes, name)) return new Error();
  if (name === "AggregateError") return new AggregateError([]);
  const Class = /** @type {any} */ (globalThis)[name];
  return typeof Class === "function" ? new Class() : new Error();
}

/**
 * @param {object} object
 * @param {string} key
 * @param {unknown} value
 * @param {boolean} enumerable
 */
function define(object, key, value, enumerable) {
  Object.defineProperty(object, key, { value, writable: true, enumerable, configurable: true });
}
