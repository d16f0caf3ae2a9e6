/**
 * `node:querystring`.
 *
 * @module
 */

import { bytesOf, textOf } from "stated:node-support/byte-text";
import { Buffer } from "stated:node/buffer";
import { nodeError } from "stated:node-support/errors";

/** @param {unknown} value */
function primitiveText(value) {
  if (typeof value === "string") return value;
  if (typeof value === "number") return Number.isFinite(value) ? `${value}` : "";
  return typeof value === "boolean" || typeof value === "bigint" ? `${value}` : "";
}

/**
 * Percent-encodes what encodeURIComponent does.
 *
 * @param {unknown} text
 * @returns {string}
 */
export function escape(text) {
  const string = typeof text === "object" && text !== null ? String(text) : `${text}`;
  try {
    return encodeURIComponent(string);
  } catch {
    throw nodeError(URIError, "ERR_INVALID_URI", "URI malformed");
  }
}

/** @param {number} code */
function hexValue(code) {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

/** The bytes behind percent-encoding; what is malformed stays. @param {string} text @param {boolean} plusIsSpace */
function unescapedBytes(text, plusIsSpace) {
  const bytes = bytesOf(text, "utf8");
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    let byte = bytes[i];
    if (byte === 37 && i + 2 < bytes.length) {
      const [high, low] = [hexValue(bytes[i + 1]), hexValue(bytes[i + 2])];
      if (high !== -1 && low !== -1) {
        byte = high << 4 | low;
        i += 2;
      }
    } else if (plusIsSpace && byte === 43) byte = 32;
    bytes[length++] = byte;
  }
  return bytes.subarray(0, length);
}

/** @param {string} text @param {boolean} [plusIsSpace] */
export function unescapeBuffer(text, plusIsSpace = false) {
  // What is no string has a length, or fails as Node's buffer of that size does.
  if (typeof text !== "string") Buffer.allocUnsafe(/** @type {any} */ (text).length);
  const bytes = unescapedBytes(String(text), plusIsSpace);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** @param {string} text @returns {string} */
export function unescape(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return textOf(unescapeBuffer(text), "utf8");
  }
}

/**
 * @param {any} object
 * @param {string} [separator]
 * @param {string} [assignment]
 * @param {{ encodeURIComponent?: (text: string) => string }} [options]
 */
export function stringify(object, separator = "&", assignment = "=", options = undefined) {
  if (object === null || typeof object !== "object") return "";
  const encode = typeof options?.encodeURIComponent === "function" ? options.encodeURIComponent : querystring.escape;
  const pairs = [];
  for (const key of Object.keys(object)) {
    const name = encode(primitiveText(key)) + (assignment || "=");
    const value = object[key];
    if (Array.isArray(value)) for (const item of value) pairs.push(name + encode(primitiveText(item)));
    else pairs.push(name + encode(primitiveText(value)));
  }
  return pairs.join(separator || "&");
}

/**
 * @param {string} text
 * @param {string} [separator]
 * @param {string} [assignment]
 * @param {{ maxKeys?: number, decodeURIComponent?: (text: string) => string }} [options]
 * @returns {Record<string, string | string[]>}
 */
export function parse(text, separator = "&", assignment = "=", options = undefined) {
  /** @type {Record<string, any>} */
  const found = Object.create(null);
  if (typeof text !== "string" || text === "") return found;
  const max = options?.maxKeys ?? 1000;
  const parts = text.split(separator || "&");
  const decode = decoder(options?.decodeURIComponent);
  for (const part of max > 0 ? parts.slice(0, max) : parts) {
    if (part === "") continue;
    const [rawKey, rawValue] = cut(part, assignment || "=");
    const key = decode(rawKey);
    const value = decode(rawValue);
    if (!(key in found)) found[key] = value;
    else if (Array.isArray(found[key])) found[key].push(value);
    else found[key] = [found[key], value];
  }
  return found;
}

/** @param {string} part @param {string} assignment @returns {[string, string]} */
function cut(part, assignment) {
  const at = part.indexOf(assignment);
  return at === -1 ? [part, ""] : [part.slice(0, at), part.slice(at + assignment.length)];
}

/** @param {((text: string) => string) | undefined} custom */
function decoder(custom) {
  const decode = custom ?? querystring.unescape;
  return (/** @type {string} */ text) => {
    if (text === "") return text;
    const spaced = text.replaceAll("+", custom === undefined ? " " : "%20");
    if (!spaced.includes("%") && custom === undefined && querystring.unescape === unescape) return spaced;
    try {
      return decode(spaced);
    } catch {
      return unescape(spaced);
    }
  };
}

const querystring = { decode: parse, encode: stringify, escape, parse, stringify, unescape, unescapeBuffer };
export { parse as decode, stringify as encode };
export default querystring;
