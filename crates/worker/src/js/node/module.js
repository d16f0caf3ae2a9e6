/**
 * `node:module`: a program is one bundle, so only built-in modules can be required.
 *
 * @module
 */

import { ops } from "stated:host";
import { builtinModules } from "stated:node-support/builtin-modules";
import { checkString, invalidArgValue, nodeError } from "stated:node-support/errors";
import { classNotImplemented, methodNotImplemented } from "stated:node-support/unimplemented";
import { URL } from "stated:url";

export { builtinModules };

/** Modules that have their names only with the prefix. */
const prefixed = ["node:sqlite", "node:test"];

/** @param {any} name with or without `node:` */
export function isBuiltin(name) {
  return typeof name === "string" && (builtinModules.includes(name) || prefixed.includes(name)
    || name.startsWith("node:") && builtinModules.includes(name.slice("node:".length)));
}

/**
 * A `require` for built-in modules.
 *
 * @param {any} from names the asking file in errors; the modules are the same everywhere
 */
export function createRequire(from) {
  const text = String(from);
  if (!text.startsWith("/") && !text.startsWith("file:")) {
    throw invalidArgValue("filename", from, "must be a file URL object, file URL string, or absolute path string");
  }
  const file = text.startsWith("file:") ? decodeURIComponent(new URL(text).pathname) : text;
  /** @param {any} name @returns {string} */
  const resolve = (name) => {
    checkString("id", name);
    if (name === "") throw invalidArgValue("id", name, "must be a non-empty string");
    if (isBuiltin(name)) return name;
    if (name.startsWith("node:")) throw nodeError(Error, "ERR_UNKNOWN_BUILTIN_MODULE", `No such built-in module: ${name}`);
    const error = nodeError(Error, "MODULE_NOT_FOUND", `Cannot find module '${name}'\nRequire stack:\n- ${file}`);
    throw Object.assign(error, { requireStack: [file] });
  };
  /** There are no folders of modules. @param {any} name @returns {string[] | null} */
  resolve.paths = (name) => (isBuiltin(name) ? null : []);
  const require = (/** @type {any} */ name) => {
    const found = resolve(name);
    return ops.builtInModule(found.startsWith("node:") ? found : `node:${found}`).default;
  };
  return Object.assign(require, { resolve, cache: {}, extensions: {}, main: undefined });
}

/** @template {object} T @param {T} members @returns {T} */
const bare = (members) => Object.assign(Object.create(null), members);

export const constants = bare({ compileCacheStatus: bare({ FAILED: 0, ENABLED: 1, ALREADY_ENABLED: 2, DISABLED: 3 }) });

/** Nothing is compiled at run time, so nothing is kept. */
export function enableCompileCache() {}
export function flushCompileCache() {}
export function getCompileCacheDir() {
  return undefined;
}

/** Stacks are those of the sources whatever is asked for; what Node does with maps on demand is off. */
export function getSourceMapsSupport() {
  return Object.freeze(bare({ enabled: false, nodeModules: false, generatedCode: false }));
}

/** Files and folders of modules, of which there are none. @type {Record<string, any>} */
export const _cache = Object.create(null);
/** @type {Record<string, string>} */
export const _pathCache = Object.create(null);
/** @type {string[]} */
export const globalPaths = [];

const stub = (/** @type {string} */ name) => methodNotImplemented(`module.${name}`);
/** @type {Record<string, any>} */
export const _extensions = Object.fromEntries([".js", ".json", ".node"].map((name) => [name, stub(`_extensions${name}`)]));
export const _debug = stub("_debug");
export const _findPath = stub("_findPath");
export const _initPaths = stub("_initPaths");
export const _load = stub("_load");
export const _nodeModulePaths = stub("_nodeModulePaths");
export const _preloadModules = stub("_preloadModules");
export const _resolveFilename = stub("_resolveFilename");
export const _resolveLookupPaths = stub("_resolveLookupPaths");
export const findPackageJSON = stub("findPackageJSON");
export const findSourceMap = stub("findSourceMap");
export const register = stub("register");
export const registerHooks = stub("registerHooks");
export const runMain = stub("runMain");
export const setSourceMapsSupport = stub("setSourceMapsSupport");
export const SourceMap = stub("SourceMap");
export const stripTypeScriptTypes = stub("stripTypeScriptTypes");
export const wrap = stub("wrap");
export const syncBuiltinESMExports = () => {};

/** Old programs look for members on it. */
export const Module = classNotImplemented("module.Module", ["load", "require", "_compile"]);
Object.defineProperty(Module.prototype, "isPreloading", { configurable: true, get: () => false });
Object.assign(Module, {
  _cache, _debug, _extensions, _findPath, _initPaths, _load, _nodeModulePaths, _pathCache, _preloadModules, _resolveFilename,
  _resolveLookupPaths, builtinModules, constants, createRequire, enableCompileCache, findPackageJSON, findSourceMap, flushCompileCache,
  getCompileCacheDir, getSourceMapsSupport, globalPaths, isBuiltin, Module, register, registerHooks, runMain, setSourceMapsSupport,
  SourceMap, stripTypeScriptTypes, syncBuiltinESMExports, wrap,
});
export default Module;
