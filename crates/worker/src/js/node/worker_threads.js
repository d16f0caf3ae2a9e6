/**
 * `node:worker_threads`: a Worker has no threads; there are channels, which stay in the one there is, and values for the threads to come.
 *
 * @module
 */

import { MessageChannel, MessagePort, takeMessage } from "stated:message-channel";
import { invalidArgType } from "stated:node-support/errors";
import { classNotImplemented, methodNotImplemented } from "stated:node-support/unimplemented";
import { EventEmitter } from "stated:node/events";

/** @type {Map<any, any>} */
const environment = new Map();

/** @param {any} key */
export function getEnvironmentData(key) {
  return environment.get(key);
}

/** @param {any} key @param {any} [value] none takes the key away */
export function setEnvironmentData(key, value = undefined) {
  if (value === undefined) environment.delete(key);
  else environment.set(key, value);
}

/** Marks have no effect, as on Workers. @param {unknown} value */
export function markAsUntransferable(value) {
  void value;
}

/** @param {unknown} value */
export function isMarkedAsUntransferable(value) {
  void value;
  return false;
}

/** As for markAsUntransferable. @param {unknown} value */
export function markAsUncloneable(value) {
  void value;
}

/** The oldest message that waits at a port which was not started. @param {any} port @returns {{ message: any } | undefined} */
export function receiveMessageOnPort(port) {
  if (!(port instanceof MessagePort)) throw invalidArgType("port", "a MessagePort instance", port);
  return takeMessage(port);
}

export const BroadcastChannel = classNotImplemented("BroadcastChannel", []);
export const moveMessagePortToContext = methodNotImplemented("moveMessagePortToContext");
export const postMessageToThread = methodNotImplemented("postMessageToThread");
export const Worker = classNotImplemented("Worker", ["cpuUsage", "getHeapSnapshot", "getHeapStatistics", "postMessage", "postMessageToThread", "ref",
  "startCpuProfile", "startHeapProfile", "terminate", "unref"], EventEmitter);
export const isInternalThread = false;
export const isMainThread = true;
export const parentPort = null;
export const resourceLimits = {};
export const SHARE_ENV = Symbol.for("nodejs.worker_threads.SHARE_ENV");
export const threadId = 0;
export const workerData = null;

export { MessageChannel, MessagePort };
export default {
  BroadcastChannel, getEnvironmentData, isInternalThread, isMainThread, isMarkedAsUntransferable, markAsUncloneable,
  markAsUntransferable, MessageChannel, MessagePort, moveMessagePortToContext, parentPort, postMessageToThread, receiveMessageOnPort,
  resourceLimits, setEnvironmentData, SHARE_ENV, threadId, Worker, workerData,
};
