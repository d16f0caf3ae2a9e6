/**
 * `node:v8`, mostly to be imported only: the engine is not V8.
 *
 * @module
 */

import { checkString } from "stated:node-support/errors";
import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("v8");

export const cachedDataVersionTag = stub("cachedDataVersionTag");
export const DefaultDeserializer = stub("DefaultDeserializer");
export const DefaultSerializer = stub("DefaultSerializer");
export const deserialize = stub("deserialize");
export const Deserializer = stub("Deserializer", ["_readHostObject", "getWireFormatVersion", "readDouble", "readHeader", "readRawBytes",
  "readUint32", "readUint64", "readValue", "transferArrayBuffer"]);
export const GCProfiler = stub("GCProfiler", ["start", "stop"]);
export const getHeapSnapshot = stub("getHeapSnapshot");
export const queryObjects = stub("queryObjects");
export const serialize = stub("serialize");
export const Serializer = stub("Serializer", ["_getDataCloneError", "_getSharedArrayBufferId", "_setTreatArrayBufferViewsAsHostObjects",
  "_writeHostObject", "releaseBuffer", "transferArrayBuffer", "writeDouble", "writeHeader", "writeRawBytes", "writeUint32", "writeUint64",
  "writeValue"]);
export const setFlagsFromString = stub("setFlagsFromString");
export const setHeapSnapshotNearHeapLimit = stub("setHeapSnapshotNearHeapLimit");
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
  return { committed_size_bytes: 0, resident_size_bytes: 0, used_size_bytes: 0, space_statistics: [], type_names: [], detail_level: detail };
}

/** Whether all characters are of Latin-1. @param {any} content */
export function isStringOneByteRepresentation(content) {
  checkString("content", content);
  return !/[^\x00-\xff]/.test(content);
}

export const promiseHooks = {};
export const startupSnapshot = {};

export default {
  cachedDataVersionTag, DefaultDeserializer, DefaultSerializer, deserialize, Deserializer, GCProfiler, getCppHeapStatistics,
  getHeapCodeStatistics, getHeapSnapshot, getHeapSpaceStatistics, getHeapStatistics, isStringOneByteRepresentation,
  promiseHooks, queryObjects, serialize, Serializer, setFlagsFromString, setHeapSnapshotNearHeapLimit, startupSnapshot,
  stopCoverage, takeCoverage, writeHeapSnapshot,
};
