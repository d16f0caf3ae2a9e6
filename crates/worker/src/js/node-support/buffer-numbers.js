/**
 * Numbers in Buffers: the methods `readUInt16LE`, `writeIntBE` and their kind, with Node's checks and errors.
 *
 * @module
 */

import { checkNumber, invalidArgType, nodeError, outOfRange } from "stated:node-support/errors";

const floats = new Float32Array(1);
const doubles = new Float64Array(1);
/** The bytes of either, in the order of the machine, which is little-endian. */
const floatBytes = new Uint8Array(floats.buffer);
const doubleBytes = new Uint8Array(doubles.buffer);

/** @param {any} value @param {number} length @param {string} [name] @returns {never} */
function boundsError(value, length, name = undefined) {
  if (Math.floor(value) !== value) {
    checkNumber(name ?? "offset", value);
    throw outOfRange(name ?? "offset", "an integer", value);
  }
  if (length < 0) throw nodeError(RangeError, "ERR_BUFFER_OUT_OF_BOUNDS", "Attempt to access memory outside buffer bounds");
  throw outOfRange(name ?? "offset", `>= ${name === undefined ? 0 : 1} and <= ${length}`, value);
}

/** @param {any} bytes @param {any} offset @param {number} size */
function checkBounds(bytes, offset, size) {
  checkNumber("offset", offset);
  if (bytes[offset] === undefined || bytes[offset + size - 1] === undefined) boundsError(offset, bytes.length - size);
}

/** @param {any} value @param {any} min @param {any} max @param {number} size */
function checkValue(value, min, max, size) {
  if (!(value > max || value < min)) return;
  const n = typeof min === "bigint" ? "n" : "";
  const bits = size * 8;
  if (size <= 4) throw outOfRange("value", `>= ${min} and <= ${max}`, value);
  throw outOfRange("value", min === 0 || min === 0n ? `>= 0${n} and < 2${n} ** ${bits}${n}` : `>= -(2${n} ** ${bits - 1}${n}) and < 2${n} ** ${bits - 1}${n}`, value);
}

/** @param {any} bytes @param {number} offset @param {number} size @param {boolean} little */
function unsigned(bytes, offset, size, little) {
  let value = 0;
  if (little) for (let i = size - 1; i >= 0; i--) value = value * 256 + bytes[offset + i];
  else for (let i = 0; i < size; i++) value = value * 256 + bytes[offset + i];
  return value;
}

/** @param {any} bytes @param {number} offset @param {number} size @param {boolean} little */
function signed(bytes, offset, size, little) {
  const value = unsigned(bytes, offset, size, little);
  const half = 2 ** (8 * size - 1);
  return value >= half ? value - 2 * half : value;
}

/** @param {any} bytes @param {number} value @param {number} offset @param {number} size @param {boolean} little */
function put(bytes, value, offset, size, little) {
  // Two parts, since the operators work on 32 bits.
  let low = value;
  let high = Math.floor(value / 2 ** 32);
  for (let i = 0; i < size; i++) {
    const at = little ? offset + i : offset + size - 1 - i;
    if (i < 4) {
      bytes[at] = low;
      low = low >>> 8;
    } else {
      bytes[at] = high;
      high = high >>> 8;
    }
  }
  return offset + size;
}

/** @param {any} bytes @param {any} value @param {any} offset @param {number} min @param {number} max @param {number} size @param {boolean} little */
function writeInteger(bytes, value, offset, min, max, size, little) {
  const number = +value;
  if (size === 1) {
    checkNumber("offset", offset);
    checkValue(number, min, max, 1);
    if (bytes[offset] === undefined) boundsError(offset, bytes.length - 1);
    bytes[offset] = number;
    return offset + 1;
  }
  checkValue(number, min, max, size);
  checkBounds(bytes, offset, size);
  return put(bytes, Number.isFinite(number) ? Math.trunc(number) : 0, offset, size, little);
}

/** @param {boolean} isSigned @param {number} size @returns {[number, number]} */
const rangeOf = (isSigned, size) => (isSigned ? [-(2 ** (8 * size - 1)), 2 ** (8 * size - 1) - 1] : [0, 2 ** (8 * size) - 1]);

/** @type {Record<string, Function>} */
const methods = {};

for (const isSigned of [false, true]) {
  const kind = isSigned ? "Int" : "UInt";
  const read = isSigned ? signed : unsigned;
  for (const size of [1, 2, 4]) {
    const [min, max] = rangeOf(isSigned, size);
    for (const order of size === 1 ? [""] : ["LE", "BE"]) {
      const little = order !== "BE";
      const name = `${kind}${8 * size}${order}`;
      methods[`read${name}`] = /** @this {any} @param {any} [offset] */ function (offset = 0) {
        checkBounds(this, offset, size);
        return read(this, offset, size, little);
      };
      methods[`write${name}`] = /** @this {any} @param {any} value @param {any} [offset] */ function (value, offset = 0) {
        return writeInteger(this, value, offset, min, max, size, little);
      };
    }
  }
  for (const order of ["LE", "BE"]) {
    const little = order === "LE";
    methods[`read${kind}${order}`] = /** @this {any} @param {any} offset @param {any} size */ function (offset, size) {
      if (offset === undefined) throw invalidArgType("offset", "of type number", offset);
      if (!(Number.isInteger(size) && size >= 1 && size <= 6)) boundsError(size, 6, "byteLength");
      checkBounds(this, offset, size);
      return read(this, offset, size, little);
    };
    methods[`write${kind}${order}`] = /** @this {any} @param {any} value @param {any} offset @param {any} size */ function (value, offset, size) {
      if (!(Number.isInteger(size) && size >= 1 && size <= 6)) boundsError(size, 6, "byteLength");
      const [min, max] = rangeOf(isSigned, size);
      return writeInteger(this, value, offset, min, max, size, little);
    };
  }
}

for (const order of ["LE", "BE"]) {
  const little = order === "LE";
  for (const [name, values, bytes] of /** @type {[string, any, Uint8Array][]} */ ([["Float", floats, floatBytes], ["Double", doubles, doubleBytes]])) {
    const size = bytes.length;
    const at = (/** @type {number} */ i) => (little ? i : size - 1 - i);
    methods[`read${name}${order}`] = /** @this {any} @param {any} [offset] */ function (offset = 0) {
      checkBounds(this, offset, size);
      for (let i = 0; i < size; i++) bytes[at(i)] = this[offset + i];
      return values[0];
    };
    methods[`write${name}${order}`] = /** @this {any} @param {any} value @param {any} [offset] */ function (value, offset = 0) {
      const number = +value;
      checkBounds(this, offset, size);
      values[0] = number;
      for (let i = 0; i < size; i++) this[offset + i] = bytes[at(i)];
      return offset + size;
    };
  }
  for (const isSigned of [false, true]) {
    const name = `Big${isSigned ? "Int" : "UInt"}64${order}`;
    const [min, max] = isSigned ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
    methods[`read${name}`] = /** @this {any} @param {any} [offset] */ function (offset = 0) {
      checkBounds(this, offset, 8);
      const [low, high] = little ? [offset, offset + 4] : [offset + 4, offset];
      const top = (isSigned ? signed : unsigned)(this, high, 4, little);
      return (BigInt(top) << 32n) + BigInt(unsigned(this, low, 4, little));
    };
    methods[`write${name}`] = /** @this {any} @param {any} value @param {any} [offset] */ function (value, offset = 0) {
      checkValue(value, min, max, 8);
      checkBounds(this, offset, 8);
      const [low, high] = little ? [offset, offset + 4] : [offset + 4, offset];
      put(this, Number(value & 0xffffffffn), low, 4, little);
      put(this, Number(value >> 32n & 0xffffffffn), high, 4, little);
      return offset + 8;
    };
  }
}

/** @param {any} prototype of Buffer */
export function defineNumberMethods(prototype) {
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(value, "name", { value: name, configurable: true });
    for (const alias of [name, name.replace("UInt", "Uint")]) {
      Object.defineProperty(prototype, alias, { value, writable: true, enumerable: true, configurable: true });
    }
  }
}
