/**
 * Bytes as text and back, in the encodings that Node's Buffer knows.
 *
 * Decoding of text is forgiving as Node's is: what is no digit of the encoding ends hexadecimal and is skipped in base64.
 *
 * @module
 */

import { ops } from "stated:host";

/** @typedef {"utf8" | "utf16le" | "latin1" | "ascii" | "base64" | "base64url" | "hex"} Encoding */

/** @type {Map<string, Encoding>} */
const names = new Map(Object.entries(/** @type {Record<string, Encoding>} */ ({
  utf8: "utf8", "utf-8": "utf8", ucs2: "utf16le", "ucs-2": "utf16le", utf16le: "utf16le", "utf-16le": "utf16le",
  latin1: "latin1", binary: "latin1", ascii: "ascii", base64: "base64", base64url: "base64url", hex: "hex",
})));

/** Code units of one String.fromCharCode. */
const CHUNK_UNITS = 8192;

/**
 * The one name of an encoding; undefined when there is none of that name.
 *
 * @param {unknown} name in any case
 * @returns {Encoding | undefined}
 */
export function encodingOf(name) {
  return typeof name === "string" ? names.get(name) ?? names.get(name.toLowerCase()) : undefined;
}

/**
 * @param {string} text
 * @param {Encoding} encoding
 * @returns {Uint8Array} fresh bytes
 */
export function bytesOf(text, encoding) {
  switch (encoding) {
    case "utf8":
      return ops.utf8Encode(text);
    case "utf16le":
      return fromUnits(text);
    case "latin1":
    case "ascii":
      return fromLatin1(text);
    case "base64":
    case "base64url":
      return fromBase64(text);
    case "hex":
      return fromHex(text);
  }
}

/**
 * @param {Uint8Array} bytes
 * @param {Encoding} encoding
 * @returns {string}
 */
export function textOf(bytes, encoding) {
  switch (encoding) {
    case "utf8":
      return ops.textDecode("utf-8", bytes, false, true);
    case "utf16le":
      return toUnits(bytes);
    case "latin1":
      return toLatin1(bytes);
    case "ascii":
      return toLatin1(bytes.map((byte) => byte & 0x7f));
    case "base64":
      return toBase64(bytes);
    case "base64url":
      return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
    case "hex":
      return toHex(bytes);
  }
}

/**
 * The number of bytes of a text. For base64 it is an estimate from the length, as Node's is.
 *
 * @param {string} text
 * @param {Encoding} encoding
 */
export function byteLengthOf(text, encoding) {
  switch (encoding) {
    case "utf8":
      return utf8Length(text);
    case "utf16le":
      return text.length * 2;
    case "latin1":
    case "ascii":
      return text.length;
    case "hex":
      return text.length >>> 1;
    default:
      return base64Length(text);
  }
}

/** @param {string} text */
function utf8Length(text) {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) length += 1;
    else if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      length += 2;
      i++;
    } else length += 2;
  }
  return length;
}

/** @param {string} text */
function base64Length(text) {
  let length = text.length;
  if (text.charCodeAt(length - 1) === 0x3d) length--;
  if (length > 1 && text.charCodeAt(length - 1) === 0x3d) length--;
  return (length * 3) >>> 2;
}

/** @param {string} text */
function fromUnits(text) {
  const bytes = new Uint8Array(text.length * 2);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    bytes[2 * i] = unit;
    bytes[2 * i + 1] = unit >> 8;
  }
  return bytes;
}

/** @param {Uint8Array} bytes */
function toUnits(bytes) {
  const units = new Uint16Array(bytes.length >> 1);
  for (let i = 0; i < units.length; i++) units[i] = bytes[2 * i] | bytes[2 * i + 1] << 8;
  return fromCodes(units);
}

/** @param {string} text */
function fromLatin1(text) {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** @param {Uint8Array} bytes */
function toLatin1(bytes) {
  return fromCodes(bytes);
}

/** @param {Uint8Array | Uint16Array} codes */
function fromCodes(codes) {
  let text = "";
  for (let start = 0; start < codes.length; start += CHUNK_UNITS) {
    text += String.fromCharCode.apply(null, /** @type {any} */ (codes.subarray(start, start + CHUNK_UNITS)));
  }
  return text;
}

const hexDigits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** @param {Uint8Array} bytes */
function toHex(bytes) {
  let text = "";
  for (const byte of bytes) text += hexDigits[byte];
  return text;
}

/** @param {string} text */
function fromHex(text) {
  const bytes = new Uint8Array(text.length >>> 1);
  for (let i = 0; i < bytes.length; i++) {
    const high = hexValue(text.charCodeAt(2 * i));
    const low = hexValue(text.charCodeAt(2 * i + 1));
    if (high === -1 || low === -1) return bytes.slice(0, i);
    bytes[i] = high << 4 | low;
  }
  return bytes;
}

/** @param {number} code */
function hexValue(code) {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** @param {Uint8Array} bytes */
function toBase64(bytes) {
  return /** @type {string} */ (ops.base64Encode(toLatin1(bytes)));
}

const base64Values = new Int8Array(256).fill(-1);
[..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].forEach((digit, value) => {
  base64Values[digit.charCodeAt(0)] = value;
});
base64Values["-".charCodeAt(0)] = 62;
base64Values["_".charCodeAt(0)] = 63;

/** Both alphabets; stops at the padding. @param {string} text */
function fromBase64(text) {
  const bytes = new Uint8Array((text.length * 3 >>> 2) + 1);
  let length = 0;
  let bits = 0;
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x3d) break;
    const value = code < 256 ? base64Values[code] : -1;
    if (value === -1) continue;
    bits = bits << 6 | value;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes[length++] = bits >> count;
      bits &= (1 << count) - 1;
    }
  }
  return bytes.slice(0, length);
}
