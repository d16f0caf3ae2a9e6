/**
 * Makes `env` from the configuration's bindings.
 *
 * @module
 */

import { DurableObjectNamespace } from "stated:namespace";
import { RateLimit } from "stated:rate-limit";
import { serviceStub } from "stated:service";
import { internal } from "stated:webidl";
import { WorkerLoader } from "stated:worker-loader";

/** @typedef {import("stated:host").InitConfig["bindings"][number]} Binding */
/** @typedef {{ id: string, tag: string, timestamp: string }} Version */

/** What `process.env` begins with: the variables as text. @type {Record<string, string>} */
export const variables = {};

/**
 * Defines the bindings as properties of `env`.
 *
 * @param {Record<string, any>} env
 * @param {readonly Binding[]} bindings
 * @param {Version} version
 */
export function defineBindings(env, bindings, version) {
  for (const binding of bindings) {
    if (binding.type === "text") variables[binding.name] = binding.value;
    if (binding.type === "json") variables[binding.name] = JSON.stringify(binding.value);
    Object.defineProperty(env, binding.name, {
      value: makeBinding(binding, version),
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
}

/** @param {Binding} binding @param {Version} version */
function makeBinding(binding, version) {
  switch (binding.type) {
    case "text":
    case "json":
      return binding.value;
    case "namespace":
      return new DurableObjectNamespace(internal, binding.namespace);
    case "service":
      return serviceStub(binding.service);
    case "workerLoader":
      return new WorkerLoader(internal);
    case "versionMetadata":
      return { ...version };
    case "rateLimit":
      return new RateLimit(internal, binding.namespaceId, binding.limit, binding.period);
    case "unsupported":
      return unsupported(binding.name, binding.kind);
    default:
      throw new TypeError(`binding \`${/** @type {any} */ (binding).name}\` has an unknown type`);
  }
}

/**
 * A binding of a kind that does not exist here: a program that never uses it runs; one that does learns its name.
 *
 * @param {string} name
 * @param {string} kind
 */
function unsupported(name, kind) {
  const refuse = () => {
    throw new Error(`The binding "${name}" cannot be used: bindings of kind "${kind}" are not supported.`);
  };
  return new Proxy({}, {
    // Symbols and `then` are looked at by printing and by awaiting, which are no use of the binding.
    get: (target, key) => (typeof key === "symbol" || key === "then" ? Reflect.get(target, key) : refuse()),
    set: refuse,
    has: refuse,
    deleteProperty: refuse,
  });
}
