/**
 * Deep comparison as `node:assert` and `util.isDeepStrictEqual` do it.
 *
 * @module
 */

import { ops } from "stated:host";

/** @typedef {"strict" | "loose"} Mode */

/**
 * @param {unknown} actual
 * @param {unknown} expected
 * @param {Mode} mode strict compares primitives with Object.is and prototypes by identity, loose with ==
 * @returns {boolean}
 */
export function deepEqual(actual, expected, mode) {
  return equal(actual, expected, mode, new Map());
}

/** @param {any} a @param {any} b @param {Mode} mode @param {Map<object, object>} pairs being compared @returns {boolean} */
function equal(a, b, mode, pairs) {
  if (Object.is(a, b)) return true;
  const objects = isObject(a) && isObject(b);
  if (!objects) return mode === "loose" && !isObject(a) && !isObject(b) && (a == b || (a !== a && b !== b));
  if (mode === "strict" && Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (pairs.get(a) === b) return true;
  pairs.set(a, b);
  const result = sameKind(a, b, mode, pairs) && sameProperties(a, b, mode, pairs);
  pairs.delete(a);
  return result;
}

/** @param {unknown} value @returns {value is object} */
function isObject(value) {
  return typeof value === "object" && value !== null;
}

/** Everything but the properties. @param {any} a @param {any} b @param {Mode} mode @param {Map<object, object>} pairs @returns {boolean} */
function sameKind(a, b, mode, pairs) {
  const kind = ops.classOf(a);
  if (kind !== ops.classOf(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  switch (kind) {
    case "Array":
      return a.length === b.length;
    case "Date":
      return Object.is(a.getTime(), b.getTime());
    case "RegExp":
      return a.source === b.source && a.flags === b.flags && a.lastIndex === b.lastIndex;
    case "Number":
    case "String":
    case "Boolean":
    case "BigInt":
      return Object.is(a.valueOf(), b.valueOf());
    case "Error":
      // Neither is enumerable, and both are what an error says.
      return a.message === b.message && a.name === b.name && equal(a.cause, b.cause, mode, pairs)
        && equal(a.errors, b.errors, mode, pairs);
    case "ArrayBuffer":
    case "SharedArrayBuffer":
      return sameBytes(new Uint8Array(a), new Uint8Array(b));
    case "Set":
      return a.size === b.size && sameMembers([...a], [...b], mode, pairs);
    case "Map":
      return a.size === b.size && sameEntries(a, b, mode, pairs);
    default:
      return !ArrayBuffer.isView(a) || sameView(a, b, mode);
  }
}

/** @param {any} a @param {any} b @param {Mode} mode */
function sameView(a, b, mode) {
  if (!ArrayBuffer.isView(b) || a.byteLength !== b.byteLength) return false;
  if (a instanceof Float32Array || a instanceof Float64Array) {
    const other = /** @type {any} */ (b);
    const same = mode === "strict" ? Object.is : (/** @type {number} */ x, /** @type {number} */ y) => x === y || (x !== x && y !== y);
    return a.length === other.length && a.every((value, i) => same(value, other[i]));
  }
  return sameBytes(new Uint8Array(a.buffer, a.byteOffset, a.byteLength), new Uint8Array(b.buffer, b.byteOffset, b.byteLength));
}

/** @param {Uint8Array} a @param {Uint8Array} b */
function sameBytes(a, b) {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Order does not matter. @param {unknown[]} a @param {unknown[]} b @param {Mode} mode @param {Map<object, object>} pairs */
function sameMembers(a, b, mode, pairs) {
  const left = new Set(b);
  const unmatched = a.filter((member) => !left.delete(member));
  return unmatched.every((member) => {
    for (const candidate of left) {
      if (equal(member, candidate, mode, pairs)) return left.delete(candidate);
    }
    return false;
  });
}

/** @param {Map<any, any>} a @param {Map<any, any>} b @param {Mode} mode @param {Map<object, object>} pairs */
function sameEntries(a, b, mode, pairs) {
  const left = new Map(b);
  return [...a].every(([key, value]) => {
    if (left.has(key) && equal(value, left.get(key), mode, pairs)) return left.delete(key);
    for (const [candidate, other] of left) {
      const sameKey = isObject(key) || mode === "loose" ? equal(key, candidate, mode, pairs) : Object.is(key, candidate);
      if (sameKey && equal(value, other, mode, pairs)) return left.delete(candidate);
    }
    return false;
  });
}

/** @param {any} a @param {any} b @param {Mode} mode @param {Map<object, object>} pairs @returns {boolean} */
function sameProperties(a, b, mode, pairs) {
  const keys = comparedKeys(a, mode);
  if (keys.length !== comparedKeys(b, mode).length) return false;
  return keys.every((key) => Object.prototype.propertyIsEnumerable.call(b, key) && equal(a[key], b[key], mode, pairs));
}

/** @param {object} object @param {Mode} mode @returns {PropertyKey[]} */
function comparedKeys(object, mode) {
  // The elements of a view were compared as bytes.
  const names = ArrayBuffer.isView(object) ? Object.keys(object).filter((key) => !/^\d+$/.test(key)) : Object.keys(object);
  if (mode === "loose") return names;
  const symbols = Object.getOwnPropertySymbols(object).filter((key) => Object.prototype.propertyIsEnumerable.call(object, key));
  return [...names, ...symbols];
}
