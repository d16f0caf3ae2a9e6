/**
 * The targets that contexts of this realm have exported: what stubs elsewhere stand for.
 *
 * Each time a target is sent it is exported anew, so its disposer runs once for each stub that was made of it. The host
 * counts the references and says when the last one is gone.
 *
 * @module
 */

import { ops } from "stated:host";
import { reportUncaught } from "stated:report";

/** @type {Map<number, Map<number, any>>} targets by context and number */
const contexts = new Map();
/** @type {Map<number, unknown>} the async-context frames of targets that were exported in one: their disposers run in it */
const frames = new Map();
let lastTarget = 0;

/**
 * Exports a target of the running context.
 *
 * @param {any} target an RpcTarget, a function, a plain object, or a Proxy of one
 * @returns {number} a capability: the first reference to it
 */
export function exportTarget(target) {
  const contextId = ops.contextId();
  const number = ++lastTarget;
  const capability = ops.capabilityOfTarget(number);
  const targets = contexts.get(contextId);
  if (targets === undefined) contexts.set(contextId, new Map([[number, target]]));
  else targets.set(number, target);
  const frame = ops.asyncFrame();
  if (frame !== undefined && frame !== null) frames.set(number, frame);
  return capability;
}

/** What using a stub that was disposed says. */
export const STUB_DISPOSED = "RPC stub used after being disposed.";

/** Stands for whatever a disposed stub stood for. */
const disposed = {};

/** Exports what a disposed stub is sent as. */
export function exportDisposed() {
  return exportTarget(disposed);
}

/** @param {unknown} target */
export function isDisposed(target) {
  return target === disposed;
}

/** @param {number} contextId @param {number} number @returns {any} undefined when there is no such target any more */
export function exportedTarget(contextId, number) {
  return contexts.get(contextId)?.get(number);
}

/**
 * Forgets a target that nobody refers to any more, and runs its disposer. What that throws is its own context's affair.
 *
 * @param {number} contextId
 * @param {number} number
 */
export function releaseTarget(contextId, number) {
  const targets = contexts.get(contextId);
  const target = targets?.get(number);
  if (targets === undefined || target === undefined) return;
  targets.delete(number);
  if (targets.size === 0) contexts.delete(contextId);
  const frame = frames.get(number);
  frames.delete(number);
  try {
    if (frame === undefined) dispose(target);
    else ops.withAsyncFrame(frame, dispose, target);
  } catch (error) {
    reportUncaught(error);
  }
}

/** @param {any} target */
function dispose(target) {
  const disposer = target[Symbol.dispose];
  if (typeof disposer === "function") Reflect.apply(disposer, target, []);
}

/** Forgets all targets of a context that ended. @param {number} contextId */
export function forgetTargets(contextId) {
  if (frames.size > 0) for (const number of contexts.get(contextId)?.keys() ?? []) frames.delete(number);
  contexts.delete(contextId);
}
