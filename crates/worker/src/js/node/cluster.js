/**
 * `node:cluster`, to be imported only: a Worker has no processes.
 *
 * @module
 */

import { EventEmitter } from "stated:node/events";
import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("cluster");

export const disconnect = stub("disconnect");
export const fork = stub("fork");
export const setupMaster = stub("setupMaster");
export const setupPrimary = stub("setupPrimary");
export const Worker = stub("Worker", ["destroy", "disconnect", "isConnected", "isDead", "kill", "send"]);
export const isMaster = true;
export const isPrimary = true;
export const isWorker = false;
export const SCHED_NONE = 1;
export const SCHED_RR = 2;
export const schedulingPolicy = 2;
export const settings = {};
export const workers = {};

/** An emitter without events. @type {any} */
const cluster = Object.assign(new /** @type {any} */ (EventEmitter)(), {
  disconnect, domain: null, fork, isMaster, isPrimary, isWorker, SCHED_NONE, SCHED_RR, schedulingPolicy, settings, setupMaster, setupPrimary,
  Worker, workers,
});
export default cluster;
