/**
 * `node:worker_threads`, to be imported only: a Worker has no threads.
 *
 * @module
 */

import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("worker_threads");

export const getEnvironmentData = stub("getEnvironmentData");
export const markAsUntransferable = stub("markAsUntransferable");
export const moveMessagePortToContext = stub("moveMessagePortToContext");
export const postMessageToThread = stub("postMessageToThread");
export const receiveMessageOnPort = stub("receiveMessageOnPort");
export const setEnvironmentData = stub("setEnvironmentData");
export const Worker = stub("Worker");
export const isMainThread = true;
export const parentPort = null;
export const resourceLimits = {};
export const SHARE_ENV = Symbol.for("nodejs.worker_threads.SHARE_ENV");
export const threadId = 0;
export const workerData = null;

export default {
  getEnvironmentData, isMainThread, markAsUntransferable, moveMessagePortToContext, parentPort, postMessageToThread,
  receiveMessageOnPort, resourceLimits, setEnvironmentData, SHARE_ENV, threadId, Worker, workerData,
};
