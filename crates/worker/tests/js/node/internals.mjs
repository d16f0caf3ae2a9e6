/**
 * What only an engine can know about a promise or a Proxy, asked of V8 through its inspector.
 *
 * @module
 */

import { Session } from "node:inspector";

const session = new Session();
session.connect();

/** @param {string} method @param {object} parameters @returns {any} */
function post(method, parameters) {
  let answer;
  session.post(method, parameters, (error, result) => {
    if (error) throw error;
    answer = result;
  });
  return answer;
}

const slot = Symbol.for("stated tests: inspected value");

/** @param {object} value */
function internalProperties(value) {
  globalThis[slot] = value;
  const { result } = post("Runtime.evaluate", { expression: `globalThis[Symbol.for("${slot.description}")]` });
  const { internalProperties: found } = post("Runtime.getProperties", { objectId: result.objectId, ownProperties: true });
  delete globalThis[slot];
  return Object.fromEntries(found.map(({ name, value: inner }) => [name, inner]));
}

/** The object behind a remote reference. @param {any} remote */
function toLocal(remote) {
  if (remote.objectId === undefined) return remote.subtype === "null" ? null : remote.value;
  const keep = `function () { globalThis[Symbol.for("${slot.description}")] = this; }`;
  post("Runtime.callFunctionOn", { objectId: remote.objectId, functionDeclaration: keep });
  const value = globalThis[slot];
  delete globalThis[slot];
  return value;
}

/** @param {Promise<unknown>} promise @returns {{ state: number, result: unknown }} */
export function promiseDetails(promise) {
  const properties = internalProperties(promise);
  const state = { pending: 0, fulfilled: 1, rejected: 2 }[properties["[[PromiseState]]"].value];
  return { state, result: state === 0 ? undefined : toLocal(properties["[[PromiseResult]]"]) };
}

/** @param {object} proxy @returns {[unknown, unknown]} */
export function proxyDetails(proxy) {
  const properties = internalProperties(proxy);
  return [toLocal(properties["[[Target]]"]), toLocal(properties["[[Handler]]"])];
}
