/**
 * The global `structuredClone`.
 *
 * @module
 */

import { ops } from "stated:host";
import { dataCloneError } from "stated:clone-errors";
import { deserialize, serializeForClone } from "stated:serialize";
import { badArgument, badField, toDictionary } from "stated:webidl";

/**
 * Clones a value by the structured clone algorithm.
 *
 * Shared buffers are shared. The array buffers in `transfer` are moved, not copied, and are detached afterwards; nothing is detached when the call
 * throws before that.
 *
 * @param {any} value
 * @param {{ transfer?: Iterable<object> }} [options]
 * @returns {any}
 *
 * Source: https://html.spec.whatwg.org/multipage/structured-data.html
 */
export function structuredClone(value, options = undefined) {
  if (arguments.length < 1) throw badArgument("ServiceWorkerGlobalScope", "structuredClone", 1, "Value");
  if (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol" && options === undefined) return value;
  const given = toDictionary(options, () => badArgument("ServiceWorkerGlobalScope", "structuredClone", 2, "StructuredCloneOptions"));
  const transferred = transferList(given);
  const bytes = serializeForClone(value, transferred);
  /** @type {ArrayBuffer[]} */
  const moved = [];
  for (const buffer of transferred.keys()) {
    // Differs: the clone of a SharedArrayBuffer is itself, not another object with the same memory.
    moved.push(ops.classOf(buffer) === "SharedArrayBuffer" ? buffer : /** @type {any} */ (buffer).transfer());
  }
  return deserialize(bytes, moved);
}

/**
 * @param {{ transfer?: Iterable<object> } | undefined} options
 * @returns {Map<object, number>} buffers by position
 */
function transferList(options) {
  /** @type {Map<object, number>} */
  const list = new Map();
  const transfer = options?.transfer;
  if (transfer === undefined) return list;
  if (typeof transfer !== "object" || transfer === null || typeof transfer[Symbol.iterator] !== "function") {
    throw badField("transfer", "StructuredCloneOptions", "Array");
  }
  for (const item of transfer) {
    if (ops.classOf(item) !== "ArrayBuffer") throw dataCloneError("Object is not transferable");
    if (list.has(item)) throw dataCloneError("ArrayBuffer occurs in the transfer list more than once");
    if (isDetached(item)) throw dataCloneError("An ArrayBuffer is detached and could not be cloned.");
    list.set(item, list.size);
  }
  return list;
}

/** @param {object} buffer */
function isDetached(buffer) {
  try {
    return new Uint8Array(/** @type {ArrayBuffer} */ (buffer)) === undefined;
  } catch {
    return true;
  }
}
