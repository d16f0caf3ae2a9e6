/**
 * The value operations of the stand-in host: what the engine knows about a value and JavaScript does not.
 *
 * @module
 */

import { types } from "node:util";
import { defineOps } from "./host.js";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** @param {unknown} value */
function classOf(value) {
  if ((typeof value !== "object" || value === null) && typeof value !== "function") return "";
  if (types.isProxy(value)) return "Proxy";
  if (typeof value === "function") return "Function";
  if (Array.isArray(value)) return "Array";
  if (types.isNumberObject(value)) return "Number";
  if (types.isStringObject(value)) return "String";
  if (types.isBooleanObject(value)) return "Boolean";
  if (types.isBigIntObject(value)) return "BigInt";
  if (types.isRegExp(value)) return "RegExp";
  if (types.isSharedArrayBuffer(value)) return "SharedArrayBuffer";
  if (types.isArrayBuffer(value)) return "ArrayBuffer";
  if (types.isDate(value)) return "Date";
  if (types.isSet(value)) return "Set";
  if (types.isMap(value)) return "Map";
  if (types.isPromise(value)) return "Promise";
  if (types.isMapIterator(value)) return "MapIterator";
  if (types.isSetIterator(value)) return "SetIterator";
  if (types.isArgumentsObject(value)) return "Arguments";
  if (types.isNativeError(value)) return "Error";
  if (isOther(value)) return "Other";
  return "Object";
}

const intl = Object.getOwnPropertyNames(Intl).map((name) => Intl[name]).filter((Class) => typeof Class === "function" && Class.prototype);
const iteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));

/** @param {object} value */
function isOther(value) {
  return types.isWeakMap(value) || types.isWeakSet(value) || types.isGeneratorObject(value) || ArrayBuffer.isView(value)
    || types.isSymbolObject(value) || types.isModuleNamespaceObject(value) || value instanceof WeakRef
    || value instanceof FinalizationRegistry || intl.some((Class) => value instanceof Class)
    || iteratorPrototype.isPrototypeOf(value) && Object.getPrototypeOf(value).constructor === Object;
}

// Newer than Node 20. Node's structuredClone, before the library's can take its place.
const nodeClone = globalThis.structuredClone;
if (!("transfer" in ArrayBuffer.prototype)) {
  Object.defineProperty(ArrayBuffer.prototype, "transfer", {
    value: function transfer() {
      return nodeClone(this, { transfer: [this] });
    },
    writable: true,
    configurable: true,
  });
}

defineOps({
  classOf,
  heapBytesMax: () => 256 << 20,
  utf8Encode: (text) => encoder.encode(text),
  textDecode: (_name, bytes) => decoder.decode(bytes),
});
