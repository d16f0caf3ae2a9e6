/**
 * `node:module`: a program is one bundle, so only built-in modules can be required.
 *
 * @module
 */

import { ops } from "stated:host";
import { builtinModules } from "stated:node-support/builtin-modules";
import { invalidArgValue, nodeError } from "stated:node-support/errors";
import { unimplementedIn } from "stated:node-support/unimplemented";

export { builtinModules };

/** @param {string} name with or without `node:` */
export function isBuiltin(name) {
  return builtinModules.includes(name) || name.startsWith("node:") && builtinModules.includes(name.slice("node:".length))
    || name === "node:test";
}

/**
 * A `require` for built-in modules.
 *
 * @param {any} from ignored: they are the same everywhere
 */
export function createRequire(from) {
  const text = String(from);
  if (!text.startsWith("/") && !text.startsWith("file:")) {
    throw invalidArgValue("filename", from, "must be a file URL object, file URL string, or absolute path string");
  }
  const require = (/** @type {string} */ name) => {
    if (!isBuiltin(name)) throw nodeError(Error, "MODULE_NOT_FOUND", `Cannot find module '${name}'`);
    return ops.builtInModule(name.startsWith("node:") ? name : `node:${name}`).default;
  };
  return Object.assign(require, { resolve: (/** @type {string} */ name) => name, cache: {}, extensions: {}, main: undefined });
}

const stub = unimplementedIn("module");
export const register = stub("register");
export const findSourceMap = stub("findSourceMap");
export const syncBuiltinESMExports = () => {};

/** Old programs look for members on it. */
export const Module = stub("Module");
Object.assign(Module, { builtinModules, createRequire, findSourceMap, isBuiltin, Module, register, syncBuiltinESMExports });
export default Module;
