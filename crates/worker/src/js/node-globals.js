/**
 * The globals that `nodejs_compat` adds in its second version. Each is made when it is first used, so that a program without them does not pay for
 * Node's modules.
 *
 * @module
 */

import { ops } from "stated:host";
import { flag } from "stated:settings";

/** The module behind each global, which exports it under the same name or, for `process`, by default. */
const sources = {
  Buffer: "node:buffer",
  clearImmediate: "node:timers",
  process: "node:process",
  setImmediate: "node:timers",
};

/** Those that a later flag replaces by Node's own. */
const timers = ["clearInterval", "clearTimeout", "setInterval", "setTimeout"];

/**
 * @param {any} target the global object
 */
export function installNodeGlobals(target) {
  if (flag("enable_nodejs_global_timers")) {
    for (const name of timers) defineAtFirstUse(target, name, () => ops.builtInModule("node:timers")[name]);
  }
  if (!flag("nodejs_compat_v2")) return;
  Object.defineProperty(target, "global", { value: target, writable: true, enumerable: false, configurable: true });
  for (const [name, module] of Object.entries(sources)) {
    defineAtFirstUse(target, name, () => ops.builtInModule(module)[name === "process" ? "default" : name]);
  }
}

/** @param {object} target @param {string} name @param {() => unknown} make */
function defineAtFirstUse(target, name, make) {
  const define = (/** @type {unknown} */ value) => {
    Object.defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true });
    return value;
  };
  Object.defineProperty(target, name, { get: () => define(make()), set: define, enumerable: false, configurable: true });
}
