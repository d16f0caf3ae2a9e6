/**
 * What the host calls: exactly the interface `Main` of host.d.ts.
 *
 * @module
 */

import { defineBindings } from "stated:bindings";
import { contextEnded } from "stated:context";
import { runSection } from "stated:critical-section";
import { DurableObjectState, dropObject as dropObjectState } from "stated:durable-object";
import { ExecutionContext } from "stated:execution-context";
import { defineExtraHandlers } from "stated:fetcher";
import { globalClasses, installGlobals } from "stated:globals";
import { installNodeGlobals } from "stated:node-globals";
import { restoreOlder, restoreOlderUrls } from "stated:older-behaviours";
import { removeNewer } from "stated:older-dates";
import { registerGlobals } from "stated:platform-classes";
import { env, setClasses, setExports } from "stated:program";
import { forgetTargets } from "stated:rpc-export";
import "stated:kept-values";
import "stated:rpc-values";
import { flag, setFlags, setServiceName, STORABLE } from "stated:settings";
import { defineExperimentalSql } from "stated:sql";
import { defineExperimentalStorage } from "stated:storage";
import { forgetTimers } from "stated:timers";
import { forgetSockets } from "stated:websocket";

export { alarmObject, callObject, createObject, fetchObject, restoreObject, socketHandler } from "stated:durable-object";
export { setEnv } from "stated:dynamic-env";
export { callEntrypoint, fetchEntrypoint, restoreEntrypoint } from "stated:entrypoint";
export { describeBreak, describeError, makeError } from "stated:error-transport";
export { callTarget } from "stated:rpc-callee";
export { releaseTarget } from "stated:rpc-export";
export { scheduledEntrypoint } from "stated:scheduled";
export { rejectionHandled, rejectionUnhandled } from "stated:uncaught";
export { timerFired } from "stated:timers";
export { socketEvent } from "stated:websocket";
export { runSection };

/**
 * Prepares the realm: flags, globals and `env`.
 *
 * @param {string} configJson an InitConfig
 * @param {string} versionId
 * @param {number} versionMs
 */
export function init(configJson, versionId, versionMs) {
  /** @type {import("stated:host").InitConfig} */
  const config = JSON.parse(configJson);
  setFlags(config.flags, config.otherFlags);
  setServiceName(config.serviceName);
  defineExperimentalSql();
  defineExperimentalStorage();
  defineExtraHandlers();
  if (!flag(STORABLE)) removeRestore();
  restoreOlderUrls(globalClasses);
  const before = new Set(Object.getOwnPropertyNames(globalThis));
  installGlobals(globalThis, config);
  registerGlobals(globalThis, before);
  installNodeGlobals(globalThis);
  removeNewer(globalThis, globalClasses);
  restoreOlder(globalThis);
  setClasses(config.classes);
  defineBindings(env, config.bindings, { id: versionId, tag: "", timestamp: new Date(versionMs).toISOString() });
}

/** Without its flag, `ctx.restore` is not there at all. */
function removeRestore() {
  for (const { prototype } of [DurableObjectState, ExecutionContext]) Reflect.deleteProperty(prototype, "restore");
}

/**
 * Takes the program's exports and describes them as JSON.
 *
 * @param {Record<string, any>} moduleExports
 * @returns {string}
 */
export function start(moduleExports) {
  return JSON.stringify(setExports(moduleExports));
}

/** @param {number} contextId */
export function dropObject(contextId) {
  dropObjectState(contextId);
  forgetTargets(contextId);
  forgetTimers(contextId);
  contextEnded(contextId);
}

/** @param {number} contextId */
export function endContext(contextId) {
  forgetSockets(contextId);
  forgetTargets(contextId);
  forgetTimers(contextId);
  contextEnded(contextId);
}
