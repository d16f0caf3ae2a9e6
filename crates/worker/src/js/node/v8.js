/**
 * `node:v8`, mostly to be imported only: the engine is not V8.
 *
 * @module
 */

import { checkFunction, checkInteger, checkObject, checkString, invalidArgValue } from "stated:node-support/errors";
import { classNotImplemented, methodNotImplemented as stub } from "stated:node-support/unimplemented";

/** Of code that was compiled before: there is none. */
export function cachedDataVersionTag() {
  return 0;
}

export const deserialize = stub("deserialize");
export const Deserializer = classNotImplemented("Deserializer", ["_readHostObject", "getWireFormatVersion", "readDouble", "readHeader", "readRawBytes",
  "readUint32", "readUint64", "readValue", "transferArrayBuffer"]);
export class DefaultDeserializer extends Deserializer {}
export class GCProfiler {}
for (const name of ["start", "stop"]) {
  Object.defineProperty(GCProfiler.prototype, name, { value: stub(`GCProfiler.${name}`), writable: true, configurable: true });
}

const snapshot = stub("getHeapSnapshot");
/** @param {any} [options] */
export function getHeapSnapshot(options = undefined) {
  if (options !== undefined) checkObject("options", options);
  return snapshot();
}

const query = stub("queryObjects");
/** @param {any} constructor */
export function queryObjects(constructor) {
  checkFunction("constructor", constructor);
  return query();
}

export const serialize = stub("serialize");
export const Serializer = classNotImplemented("Serializer", ["_getDataCloneError", "_getSharedArrayBufferId", "_setTreatArrayBufferViewsAsHostObjects",
  "_writeHostObject", "releaseBuffer", "transferArrayBuffer", "writeDouble", "writeHeader", "writeRawBytes", "writeUint32", "writeUint64",
  "writeValue"]);
export class DefaultSerializer extends Serializer {}

const setFlags = stub("setFlagsFromString");
/** @param {any} flags */
export function setFlagsFromString(flags) {
  checkString("flags", flags);
  return setFlags();
}

const setSnapshot = stub("setHeapSnapshotNearHeapLimit");
/** @param {any} limit */
export function setHeapSnapshotNearHeapLimit(limit) {
  checkInteger("limit", limit, 1, 2 ** 32 - 1);
  return setSnapshot();
}

export const stopCoverage = stub("stopCoverage");
export const takeCoverage = stub("takeCoverage");
export const writeHeapSnapshot = stub("writeHeapSnapshot");
/** The heap is not V8's, and a program is not told of it. */
export function getHeapStatistics() {
  return {
    total_heap_size: 0, total_heap_size_executable: 0, total_physical_size: 0, total_available_size: 0, used_heap_size: 0, heap_size_limit: 0,
    malloced_memory: 0, peak_malloced_memory: 0, does_zap_garbage: 0, number_of_native_contexts: 0, number_of_detached_contexts: 0,
    total_global_handles_size: 0, used_global_handles_size: 0, external_memory: 0, total_allocated_bytes: 0,
  };
}

/** @returns {any[]} */
export function getHeapSpaceStatistics() {
  return [];
}

export function getHeapCodeStatistics() {
  return { code_and_metadata_size: 0, bytecode_and_metadata_size: 0, external_script_source_size: 0, cpu_profiler_metadata_size: 0 };
}

/** V8's C++ heap, which is not there. @param {string} [detail] "brief" or "detailed" */
export function getCppHeapStatistics(detail = "detailed") {
  if (detail !== "brief" && detail !== "detailed") throw invalidArgValue("type", detail, "must be one of: 'brief', 'detailed'");
  return { committed_size_bytes: 0, resident_size_bytes: 0, used_size_bytes: 0, space_statistics: [], type_names: [], detail_level: detail };
}

/** Whether all characters are of Latin-1. @param {any} content */
export function isStringOneByteRepresentation(content) {
  checkString("content", content);
  return !/[^\x00-\xff]/.test(content);
}

/** @param {string} object @param {string[]} names */
const stubs = (object, names) => Object.fromEntries(names.map((name) => [name, stub(`${object}.${name}`)]));
export const promiseHooks = stubs("promiseHooks", ["createHook", "onInit", "onBefore", "onAfter", "onSettled"]);
export const startupSnapshot = {
  ...stubs("startupSnapshot", ["addSerializeCallback", "addDeserializeCallback", "setDeserializeMainFunction"]), isBuildingSnapshot: () => false,
};

export default {
  cachedDataVersionTag, DefaultDeserializer, DefaultSerializer, deserialize, Deserializer, GCProfiler, getCppHeapStatistics,
  getHeapCodeStatistics, getHeapSnapshot, getHeapSpaceStatistics, getHeapStatistics, isStringOneByteRepresentation,
  promiseHooks, queryObjects, serialize, Serializer, setFlagsFromString, setHeapSnapshotNearHeapLimit, startupSnapshot,
  stopCoverage, takeCoverage, writeHeapSnapshot,
};
