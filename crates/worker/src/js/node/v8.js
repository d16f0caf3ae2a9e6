/**
 * `node:v8`, to be imported only: the engine is not V8.
 *
 * @module
 */

import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("v8");

export const cachedDataVersionTag = stub("cachedDataVersionTag");
export const DefaultDeserializer = stub("DefaultDeserializer");
export const DefaultSerializer = stub("DefaultSerializer");
export const deserialize = stub("deserialize");
export const Deserializer = stub("Deserializer");
export const GCProfiler = stub("GCProfiler");
export const getHeapCodeStatistics = stub("getHeapCodeStatistics");
export const getHeapSnapshot = stub("getHeapSnapshot");
export const getHeapSpaceStatistics = stub("getHeapSpaceStatistics");
export const getHeapStatistics = stub("getHeapStatistics");
export const queryObjects = stub("queryObjects");
export const serialize = stub("serialize");
export const Serializer = stub("Serializer");
export const setFlagsFromString = stub("setFlagsFromString");
export const setHeapSnapshotNearHeapLimit = stub("setHeapSnapshotNearHeapLimit");
export const stopCoverage = stub("stopCoverage");
export const takeCoverage = stub("takeCoverage");
export const writeHeapSnapshot = stub("writeHeapSnapshot");
export const promiseHooks = {};
export const startupSnapshot = {};

export default {
  cachedDataVersionTag, DefaultDeserializer, DefaultSerializer, deserialize, Deserializer, GCProfiler, getHeapCodeStatistics,
  getHeapSnapshot, getHeapSpaceStatistics, getHeapStatistics, promiseHooks, queryObjects, serialize, Serializer,
  setFlagsFromString, setHeapSnapshotNearHeapLimit, startupSnapshot, stopCoverage, takeCoverage, writeHeapSnapshot,
};
