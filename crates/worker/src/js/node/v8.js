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
export const getHeapCodeStatistics = stub("getHeapCodeStatistics");
export const getHeapSnapshot = stub("getHeapSnapshot");
export const getHeapSpaceStatistics = stub("getHeapSpaceStatistics");
export const getHeapStatistics = stub("getHeapStatistics");
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
