/**
 * `node:cluster`. A Worker has no processes: it is the primary one, without others; as on Workers.
 *
 * @module
 */

import { ops } from "stated:host";
import { methodNotImplemented } from "stated:node-support/unimplemented";
import { EventEmitter } from "stated:node/events";

/** A process that was never there. */
export class Worker extends /** @type {any} */ (EventEmitter) {
  _connected = false;
  id = 0;

  /** The one process there is. @returns {any} */
  get process() {
    return ops.builtInModule("node:process").default;
  }

  get exitedAfterDisconnect() {
    return false;
  }

  isConnected() {
    return false;
  }

  isDead() {
    return true;
  }

  /** @param {...any} message */
  send(...message) {
    void message;
    return false;
  }

  /** @param {any} [signal] */
  kill(signal = undefined) {
    void signal;
  }

  /** @param {any} [signal] */
  destroy(signal = undefined) {
    void signal;
  }

  disconnect() {
    return this;
  }
}

export const disconnect = methodNotImplemented("cluster.disconnect");
export const fork = methodNotImplemented("cluster.fork");
export const setupMaster = methodNotImplemented("cluster.setupMaster");
export const setupPrimary = methodNotImplemented("cluster.setupPrimary");
export const isMaster = true;
export const isPrimary = true;
export const isWorker = false;
export const SCHED_NONE = 1;
export const SCHED_RR = 2;
export const schedulingPolicy = SCHED_RR;
export const settings = {};
export const workers = {};

export class Cluster extends /** @type {any} */ (EventEmitter) {
  Worker = Worker;
  isMaster = isMaster;
  isPrimary = isPrimary;
  isWorker = isWorker;
  SCHED_NONE = SCHED_NONE;
  SCHED_RR = SCHED_RR;
  schedulingPolicy = schedulingPolicy;
  settings = settings;
  workers = workers;
}
for (const [name, value] of Object.entries({ disconnect, fork, setupMaster, setupPrimary })) {
  Object.defineProperty(Cluster.prototype, name, { value, writable: true, configurable: true });
}

/** An emitter without events. @type {any} */
const cluster = new Cluster();
cluster.domain = null;
export default cluster;
