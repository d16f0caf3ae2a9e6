/**
 * `node:vm`. Code cannot be made from text, so scripts and contexts can be made and not be run; as on Workers.
 *
 * @module
 */

import { checkBoolean, checkInteger, checkObject, checkString, invalidArgType, invalidArgValue } from "stated:node-support/errors";
import { methodNotImplemented } from "stated:node-support/unimplemented";
import { Buffer } from "stated:node/buffer";

const run = methodNotImplemented("runInThisContext");
const compile = methodNotImplemented("compileFunction");
const measure = methodNotImplemented("measureMemory");

export const constants = Object.freeze({
  __proto__: null, USE_MAIN_CONTEXT_DEFAULT_LOADER: Symbol("vm_dynamic_import_main_context_default"),
  DONT_CONTEXTIFY: Symbol("vm_context_no_contextify"),
});

/** @type {WeakSet<object>} */
const contexts = new WeakSet();

/** @param {any} options @param {string} name @param {(path: string, value: any) => void} check */
function checkOption(options, name, check) {
  if (options[name] !== undefined) check(`options.${name}`, options[name]);
}

/** @param {string} path @param {any} value */
function checkBytes(path, value) {
  if (!ArrayBuffer.isView(value)) throw invalidArgType(path, "an instance of Buffer, TypedArray, or DataView", value);
}

/** @param {string} path @param {any} value */
function checkArray(path, value) {
  if (!Array.isArray(value)) throw invalidArgType(path, "an instance of Array", value);
}

/** @param {string} path @param {any} value @param {string[]} choices */
function checkChoice(path, value, choices) {
  if (!choices.includes(value)) throw invalidArgValue(path, value, `must be one of: ${choices.map((choice) => `'${choice}'`).join(", ")}`);
}

/** The options that scripts and functions share. @param {any} options */
function checkSource(options) {
  checkOption(options, "filename", checkString);
  for (const name of ["lineOffset", "columnOffset"]) checkOption(options, name, (path, value) => checkInteger(path, value, -(2 ** 31), 2 ** 31 - 1));
  checkOption(options, "cachedData", checkBytes);
  checkOption(options, "produceCachedData", checkBoolean);
}

export class Script {
  cachedDataRejected = undefined;
  cachedDataProduced = undefined;
  cachedData = undefined;
  sourceMapURL = undefined;

  /** @param {any} code @param {any} [options] or the name of the file */
  constructor(code, options = {}) {
    void `${code}`;
    const all = typeof options === "string" ? { filename: options } : options;
    checkObject("options", all);
    checkSource(all);
    checkOption(all, "importModuleDynamically", (path, value) => {
      if (value !== constants.USE_MAIN_CONTEXT_DEFAULT_LOADER && typeof value !== "function") checkBoolean(path, value);
    });
  }

  createCachedData() {
    return Buffer.alloc(0);
  }

  /** @param {any} context */
  runInContext(context) {
    requireContext(context);
    run();
  }

  /** @param {any} [object] @param {any} [options] */
  runInNewContext(object = {}, options = undefined) {
    createContext(object, options);
    run();
  }

  runInThisContext() {
    run();
  }
}

/** @param {any} code @param {any} [options] */
export function createScript(code, options = undefined) {
  return new Script(code, options);
}

/** @param {any} object */
export function isContext(object) {
  checkObject("object", object);
  return contexts.has(object);
}

/** @param {any} object */
function requireContext(object) {
  if (!isContext(object)) throw invalidArgType("contextifiedObject", "an vm.Context", object);
}

/** Marks an object as a context, as no code will see. @param {any} [object] @param {any} [options] */
export function createContext(object = {}, options = {}) {
  const context = object === constants.DONT_CONTEXTIFY ? {} : object;
  if (isContext(context)) return context;
  checkObject("options", options);
  for (const name of ["name", "origin"]) checkOption(options, name, checkString);
  checkOption(options, "codeGeneration", checkObject);
  contexts.add(context);
  return context;
}

/** @param {any} code @param {any} context @param {any} [options] */
export function runInContext(code, context, options = undefined) {
  requireContext(context);
  new Script(code, options).runInContext(context);
}

/** @param {any} code @param {any} [object] @param {any} [options] */
export function runInNewContext(code, object = undefined, options = undefined) {
  new Script(code, options).runInNewContext(object);
}

/** @param {any} code @param {any} [options] */
export function runInThisContext(code, options = undefined) {
  new Script(code, options).runInThisContext();
}

/** @param {any} code @param {any} [params] @param {any} [options] */
export function compileFunction(code, params = [], options = {}) {
  checkString("code", code);
  checkArray("params", params);
  params.forEach((/** @type {any} */ param, /** @type {number} */ index) => checkString(`params[${index}]`, param));
  checkObject("options", options);
  checkSource(options);
  checkOption(options, "parsingContext", (path, value) => {
    if (typeof value !== "object" || value === null || !isContext(value)) throw invalidArgType(path, "an instance of Context", value);
  });
  checkOption(options, "contextExtensions", checkArray);
  return compile();
}

/** @param {any} [options] */
export function measureMemory(options = {}) {
  checkObject("options", options);
  checkOption(options, "mode", (path, value) => checkChoice(path, value, ["summary", "detailed"]));
  checkOption(options, "execution", (path, value) => checkChoice(path, value, ["default", "eager"]));
  return measure();
}

export default {
  compileFunction, constants, createContext, createScript, isContext, measureMemory, runInContext, runInNewContext,
  runInThisContext, Script,
};
