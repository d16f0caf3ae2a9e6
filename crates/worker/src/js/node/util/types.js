/**
 * `node:util/types`: what kind of object a value is, whatever its prototype says.
 *
 * @module
 */

import { ops } from "stated:host";

/** @param {...string} kinds as ops.classOf names them @returns {(value: unknown) => boolean} */
const ofKind = (...kinds) => (value) => kinds.includes(ops.classOf(value));

const tagGetter = /** @type {() => string | undefined} */ (Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)?.get);

/** @param {string} name @returns {(value: unknown) => boolean} */
const viewOf = (name) => (value) => tagGetter.call(value) === name;

/** Whether a method that looks at internal slots accepts the value. @param {() => unknown} probe */
function accepts(probe) {
  try {
    probe();
    return true;
  } catch {
    return false;
  }
}

/** @param {any} value */
const prototypeName = (value) => Object.prototype.toString.call(value);

export const isArgumentsObject = ofKind("Arguments");
export const isArrayBuffer = ofKind("ArrayBuffer");
export const isSharedArrayBuffer = ofKind("SharedArrayBuffer");
export const isAnyArrayBuffer = ofKind("ArrayBuffer", "SharedArrayBuffer");
export const isArrayBufferView = ArrayBuffer.isView;
export const isBigIntObject = ofKind("BigInt");
export const isBooleanObject = ofKind("Boolean");
export const isDate = ofKind("Date");
export const isMap = ofKind("Map");
export const isMapIterator = ofKind("MapIterator");
export const isNativeError = ofKind("Error");
export const isNumberObject = ofKind("Number");
export const isPromise = ofKind("Promise");
export const isProxy = ofKind("Proxy");
export const isRegExp = ofKind("RegExp");
export const isSet = ofKind("Set");
export const isSetIterator = ofKind("SetIterator");
export const isStringObject = ofKind("String");
export const isBigInt64Array = viewOf("BigInt64Array");
export const isBigUint64Array = viewOf("BigUint64Array");
export const isFloat16Array = viewOf("Float16Array");
export const isFloat32Array = viewOf("Float32Array");
export const isFloat64Array = viewOf("Float64Array");
export const isInt16Array = viewOf("Int16Array");
export const isInt32Array = viewOf("Int32Array");
export const isInt8Array = viewOf("Int8Array");
export const isUint16Array = viewOf("Uint16Array");
export const isUint32Array = viewOf("Uint32Array");
export const isUint8Array = viewOf("Uint8Array");
export const isUint8ClampedArray = viewOf("Uint8ClampedArray");

/** @param {unknown} value */
export function isTypedArray(value) {
  return tagGetter.call(value) !== undefined;
}

/** @param {any} value */
export function isDataView(value) {
  return ArrayBuffer.isView(value) && !isTypedArray(value);
}

/** @param {any} value */
export function isSymbolObject(value) {
  return typeof value === "object" && accepts(() => Symbol.prototype.valueOf.call(value));
}

/** @param {any} value */
export function isBoxedPrimitive(value) {
  return isNumberObject(value) || isStringObject(value) || isBooleanObject(value) || isBigIntObject(value) || isSymbolObject(value);
}

const noKey = {};

/** @param {any} value */
export function isWeakMap(value) {
  return accepts(() => WeakMap.prototype.has.call(value, noKey));
}

/** @param {any} value */
export function isWeakSet(value) {
  return accepts(() => WeakSet.prototype.has.call(value, noKey));
}

/** @param {any} value */
export function isAsyncFunction(value) {
  const name = typeof value === "function" ? prototypeName(value) : "";
  return name === "[object AsyncFunction]" || name === "[object AsyncGeneratorFunction]";
}

/** @param {any} value */
export function isGeneratorFunction(value) {
  const name = typeof value === "function" ? prototypeName(value) : "";
  return name === "[object GeneratorFunction]" || name === "[object AsyncGeneratorFunction]";
}

/** @param {any} value */
export function isGeneratorObject(value) {
  const name = typeof value === "object" && value !== null ? prototypeName(value) : "";
  return name === "[object Generator]" || name === "[object AsyncGenerator]";
}

/** @param {any} value */
export function isModuleNamespaceObject(value) {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === null
    && !Object.isExtensible(value) && value[Symbol.toStringTag] === "Module";
}

/** No value is one here. */
export function isExternal() {
  return false;
}

/** Told by its tag, so that cryptography is not loaded for it. @param {any} value */
export function isKeyObject(value) {
  return typeof value === "object" && value !== null && prototypeName(value) === "[object KeyObject]";
}

/** @param {any} value */
export function isCryptoKey(value) {
  const Class = /** @type {any} */ (globalThis).CryptoKey;
  return typeof Class === "function" && value instanceof Class;
}

export default {
  isAnyArrayBuffer, isArgumentsObject, isArrayBuffer, isArrayBufferView, isAsyncFunction, isBigInt64Array, isBigIntObject,
  isBigUint64Array, isBooleanObject, isBoxedPrimitive, isCryptoKey, isDataView, isDate, isExternal, isFloat16Array,
  isFloat32Array, isFloat64Array, isGeneratorFunction, isGeneratorObject, isInt16Array, isInt32Array, isInt8Array, isKeyObject,
  isMap, isMapIterator, isModuleNamespaceObject, isNativeError, isNumberObject, isPromise, isProxy, isRegExp, isSet,
  isSetIterator, isSharedArrayBuffer, isStringObject, isSymbolObject, isTypedArray, isUint16Array, isUint32Array, isUint8Array,
  isUint8ClampedArray, isWeakMap, isWeakSet,
};
