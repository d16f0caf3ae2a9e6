/**
 * What serialization throws, in the words of V8 and of Workers.
 *
 * @module
 */

import { DOMException } from "stated:dom-exception";

/**
 * A DataCloneError with a text of its own.
 *
 * @param {string} message
 */
export function dataCloneError(message) {
  return new DOMException(message, "DataCloneError");
}

/**
 * V8's error for what the structured clone algorithm refuses: functions, symbols, promises and the like.
 *
 * @param {unknown} value
 */
export function notCloneable(value) {
  return dataCloneError(`${shown(value)} could not be cloned.`);
}

/**
 * Workers' error for an object of a class that has no serialized form.
 *
 * @param {string} className
 */
export function notSerializable(className) {
  return dataCloneError(`Could not serialize object of type "${className}". This type does not support serialization.`);
}

/**
 * The error for an instance of a platform class, or of one derived from it.
 *
 * @param {import("stated:platform-classes").PlatformClass} platform
 * @param {string} name of the instance's own class, which may be a derived one
 * @param {boolean} forRpc
 */
export function refusedBy(platform, name, forRpc) {
  const text = forRpc ? platform.forRpc : platform.outsideRpc;
  return text === undefined ? notSerializable(name) : dataCloneError(text);
}

/** The value nests deeper than DEPTH_MAX. V8 says it when its stack ends, which is no DataCloneError. */
export function nestedTooDeeply() {
  return new RangeError("Maximum call stack size exceeded");
}

/** The serialized form does not fit into an array buffer. */
export function outOfMemory() {
  return dataCloneError("Data cannot be cloned, out of memory.");
}

/** The bytes are not what a serializer writes. An Error and not a DOMException, as in V8. */
export function malformed() {
  return new Error("Unable to deserialize cloned data.");
}

/** The bytes are of a format version that is too old or too new. */
export function unsupportedVersion() {
  return new Error("Unable to deserialize cloned data due to invalid or unsupported version.");
}

/**
 * The name of an object's class without running any of the program's code.
 *
 * @param {object} object not a Proxy
 * @returns {string}
 */
export function constructorName(object) {
  for (let at = object; at !== null; at = Object.getPrototypeOf(at)) {
    const constructor = Object.getOwnPropertyDescriptor(at, "constructor")?.value;
    if (typeof constructor !== "function") continue;
    const name = Object.getOwnPropertyDescriptor(constructor, "name")?.value;
    if (typeof name === "string" && name !== "") return name;
  }
  return "Object";
}

/** @param {unknown} value @returns {string} */
function shown(value) {
  if (typeof value === "function") {
    // V8 has its own words for what is native.
    let text = "";
    try {
      text = Function.prototype.toString.call(value);
    } catch {
      // A revoked Proxy.
    }
    return text === "" || text.endsWith("[native code]\n}") ? "function () { [native code] }" : text;
  }
  if (typeof value !== "object" || value === null) return String(value);
  return isExotic(value) ? `[object ${exoticTag(value)}]` : `#<${constructorName(value)}>`;
}

/**
 * Generators and iterators have no constructor that names them; V8 shows their tag.
 *
 * @param {object} object
 */
function isExotic(object) {
  const prototype = Object.getPrototypeOf(object);
  return prototype !== null && prototype !== Object.prototype && constructorName(object) === "Object"
    && exoticTag(object) !== undefined;
}

/** @param {object} object @returns {string | undefined} */
function exoticTag(object) {
  for (let at = Object.getPrototypeOf(object); at !== null; at = Object.getPrototypeOf(at)) {
    const tag = Object.getOwnPropertyDescriptor(at, Symbol.toStringTag)?.value;
    if (typeof tag === "string") return tag;
  }
  return undefined;
}
