/**
 * The module `cloudflare:workers` (reference 11.2).
 *
 * `env` and `exports` are views of what belongs to the running code: the realm's bindings, or those that `withEnv` and its
 * relatives put in their place for a callback and everything asynchronous it starts.
 *
 * @module
 */

import { contextValue, withContextValue } from "stated:async-context";
import { keepAlive } from "stated:context";
import { ServiceStub } from "stated:fetcher";
import { ops } from "stated:host";
import { env as realmEnv, loopBackBindings } from "stated:program";
import { flag } from "stated:settings";
import { tracing } from "stated:tracing";
import { badArgument } from "stated:webidl";

export { DurableObject, restore, WorkerEntrypoint, WorkflowEntrypoint } from "stated:entrypoint-classes";
export { RpcPromise, RpcProperty, RpcStub } from "stated:rpc";
export { RpcTarget } from "stated:rpc-target";
export { ServiceStub, tracing };

const ENV = Symbol("env");
const EXPORTS = Symbol("exports");
const nothing = Object.freeze({});

/**
 * A view of whatever object `current` returns at the time.
 *
 * @param {() => any} current
 * @returns {any}
 */
function liveView(current) {
  return new Proxy({}, {
    get: (_target, key) => Reflect.get(current(), key),
    set: (_target, key, value) => Reflect.set(current(), key, value),
    has: (_target, key) => Reflect.has(current(), key),
    deleteProperty: (_target, key) => Reflect.deleteProperty(current(), key),
    ownKeys: () => Reflect.ownKeys(current()),
    getOwnPropertyDescriptor(_target, key) {
      const descriptor = Reflect.getOwnPropertyDescriptor(current(), key);
      // The Proxy's own target has none of these, so it may not claim that one is fixed.
      return descriptor === undefined ? undefined : { ...descriptor, configurable: true };
    },
    defineProperty: (_target, key, descriptor) => Reflect.defineProperty(current(), key, descriptor),
  });
}

/** The bindings; also readable while the program's modules are evaluated. */
export const env = liveView(() => contextValue(ENV) ?? (flag("disallow_importable_env") ? nothing : realmEnv));

/** The loop-back bindings of the program's own exports. */
export const exports = liveView(() => contextValue(EXPORTS) ?? (flag("disallow_importable_env") ? nothing : loopBackBindings()));

/** The cache of the running event: nothing, since no event has one here (`ctx.cache`). */
export const cache = liveView(() => nothing);

/** Keeps the current context alive until the promise is settled. @param {unknown} promise */
export function waitUntil(promise) {
  if (arguments.length < 1) throw badArgument("EntrypointsModule", "waitUntil", 1, "Promise");
  keepAlive(ops.contextId(), promise);
}

/** Calls `fn` with other bindings. @template T @param {object} newEnv @param {() => T} fn @returns {T} */
export function withEnv(newEnv, fn) {
  if (typeof fn !== "function") throw badArgument("EnvModule", "withEnv", 2, "function");
  return withContextValue(ENV, replacing(newEnv), fn);
}

/** Calls `fn` with other loop-back bindings. @template T @param {object} newExports @param {() => T} fn @returns {T} */
export function withExports(newExports, fn) {
  if (typeof fn !== "function") throw badArgument("EnvModule", "withExports", 2, "function");
  return withContextValue(EXPORTS, replacing(newExports), fn);
}

/**
 * Calls `fn` with other bindings of both kinds.
 *
 * @template T
 * @param {object} newEnv
 * @param {object} newExports
 * @param {() => T} fn
 * @returns {T}
 */
export function withEnvAndExports(newEnv, newExports, fn) {
  if (typeof fn !== "function") throw badArgument("EnvModule", "withEnvAndExports", 3, "function");
  return withContextValue(ENV, replacing(newEnv), () => withContextValue(EXPORTS, replacing(newExports), fn));
}

/** Only objects replace anything. @param {unknown} value */
function replacing(value) {
  return typeof value === "object" || typeof value === "function" ? value : undefined;
}

/** Not supported: an isolate is shared by the objects of a service. @param {string} [_reason] */
export function abortIsolate(_reason = undefined) {
  throw new Error("abortIsolate() is not supported.");
}
