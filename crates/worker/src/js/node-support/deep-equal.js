/**
 * Deep comparison as `node:assert` and `util.isDeepStrictEqual` do it.
 *
 * @module
 */

import { ops } from "stated:host";

/** @typedef {"strict" | "loose" | "partial"} Mode */

/**
 * @param {unknown} actual
 * @param {unknown} expected
 * @param {Mode} mode strict compares primitives with Object.is and prototypes by identity, loose with ==; partial is as strict
 *   about what is in `expected`, and lets `actual` have more: properties, elements, members, another prototype
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
  if (mode === "loose" && tagOf(a) !== tagOf(b)) return false;
  switch (kind) {
    case "Array":
      return mode === "partial" ? hasElements(a, b, pairs) : a.length === b.length;
    case "Date":
      return a.getTime() === b.getTime();
    case "RegExp":
      return a.source === b.source && a.flags === b.flags && a.lastIndex === b.lastIndex;
    case "Number":
    case "String":
    case "Boolean":
    case "BigInt":
      return Object.is(a.valueOf(), b.valueOf());
    case "Error":
      // Neither is enumerable, and both are what an error says.
      return mode === "partial" ? hasErrorMembers(a, b, pairs) : a.message === b.message && a.name === b.name
        && equal(a.cause, b.cause, mode, pairs) && equal(a.errors, b.errors, mode, pairs);
    case "ArrayBuffer":
    case "SharedArrayBuffer":
      return (mode === "partial" ? hasBytes : sameBytes)(new Uint8Array(a), new Uint8Array(b));
    case "Set":
      if (mode === "partial") return a.size >= b.size && hasMembers(a, b, pairs);
      return a.size === b.size && sameMembers([...a], [...b], mode, pairs);
    case "Map":
      if (mode === "partial") return a.size >= b.size && hasEntries(a, b, pairs);
      return a.size === b.size && sameEntries(a, b, mode, pairs);
    default:
      return !ArrayBuffer.isView(a) || sameView(a, b, mode);
  }
}

/** @param {any} a @param {any} b @param {Mode} mode */
function sameView(a, b, mode) {
  if (!ArrayBuffer.isView(b)) return false;
  if (mode === "partial") return tagOf(a) === tagOf(b) && hasBytes(bytesOf(a), bytesOf(b));
  if (a.byteLength !== b.byteLength) return false;
  if (a instanceof Float32Array || a instanceof Float64Array) {
    const other = /** @type {any} */ (b);
    const same = mode === "strict" ? Object.is : (/** @type {number} */ x, /** @type {number} */ y) => x === y || (x !== x && y !== y);
    return a.length === other.length && a.every((value, i) => same(value, other[i]));
  }
  return sameBytes(bytesOf(a), bytesOf(b));
}

/** @param {ArrayBufferView} view */
const bytesOf = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

/** @param {object} object */
const tagOf = (object) => Object.prototype.toString.call(object);

/**
 * Whether the wanted ones are among those that are there, in their order.
 *
 * @param {number} length of what is there
 * @param {number} wanted how many
 * @param {(at: number, index: number) => boolean} matches
 */
function inOrder(length, wanted, matches) {
  for (let index = 0, at = 0; index < wanted; index++, at++) {
    while (at <= length - wanted + index && !matches(at, index)) at++;
    if (at > length - wanted + index) return false;
  }
  return true;
}

/** @param {Uint8Array} a @param {Uint8Array} b */
function hasBytes(a, b) {
  return inOrder(a.length, b.length, (at, index) => a[at] === b[index]);
}

/** Holes of what is expected ask for nothing. @param {any[]} a @param {any[]} b @param {Map<object, object>} pairs */
function hasElements(a, b, pairs) {
  const wanted = b.filter(() => true);
  const there = wanted.length === b.length ? a : a.filter(() => true);
  return a.length >= b.length && inOrder(there.length, wanted.length, (at, index) => equal(there[at], wanted[index], "partial", pairs));
}

/** @param {any} a @param {any} b @param {Map<object, object>} pairs */
function hasErrorMembers(a, b, pairs) {
  return ["message", "name", "cause", "errors"].every((key) => b[key] === undefined || key === "message" && b[key] === ""
    || equal(a[key], b[key], "partial", pairs));
}

/** @param {Set<any>} a @param {Set<any>} b @param {Map<object, object>} pairs */
function hasMembers(a, b, pairs) {
  const left = new Set(a);
  const unmatched = [...b].filter((member) => !left.delete(member));
  return unmatched.every((member) => {
    for (const candidate of left) {
      if (equal(candidate, member, "partial", pairs)) return left.delete(candidate);
    }
    return false;
  });
}

/** @param {Map<any, any>} a @param {Map<any, any>} b @param {Map<object, object>} pairs */
function hasEntries(a, b, pairs) {
  const left = new Map(a);
  return [...b].every(([key, value]) => {
    if (left.has(key) && equal(left.get(key), value, "partial", pairs)) return left.delete(key);
    for (const [candidate, other] of isObject(key) ? left : []) {
      if (isObject(candidate) && equal(candidate, key, "partial", pairs) && equal(other, value, "partial", pairs)) return left.delete(candidate);
    }
    return false;
  });
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
  if (mode === "partial") {
    const wanted = comparedKeys(b, mode).filter((key) => !Array.isArray(b) || typeof key === "symbol" || !/^\d+$/.test(String(key)));
    return wanted.every((key) => Object.prototype.propertyIsEnumerable.call(a, key) && equal(a[key], b[key], mode, pairs));
  }
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
