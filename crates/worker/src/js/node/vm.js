/**
 * `node:vm`, to be imported only: code cannot be made from text.
 *
 * @module
 */

import { checkObject } from "stated:node-support/errors";
import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("vm");

export const compileFunction = stub("compileFunction");
export const createContext = stub("createContext");
export const createScript = stub("createScript");
export const measureMemory = stub("measureMemory");
export const runInContext = stub("runInContext");
export const runInNewContext = stub("runInNewContext");
export const runInThisContext = stub("runInThisContext");
export const Script = stub("Script", ["createCachedData", "runInContext", "runInNewContext", "runInThisContext"]);
/** No object is one. @param {any} object */
export function isContext(object) {
  checkObject("object", object);
  return false;
}

export const constants = {};

export default {
  compileFunction, constants, createContext, createScript, isContext, measureMemory, runInContext, runInNewContext,
  runInThisContext, Script,
};
