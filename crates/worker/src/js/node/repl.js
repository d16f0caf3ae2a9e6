/**
 * `node:repl`, to be imported only: a Worker has no terminal.
 *
 * @module
 */

import { builtinModules as allModules } from "stated:node-support/builtin-modules";
import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("repl");

export const isValidSyntax = stub("isValidSyntax");
export const Recoverable = stub("Recoverable");
export const REPLServer = stub("REPLServer", ["clearBufferedCommand", "defineCommand", "displayPrompt", "setupHistory"]);
export const start = stub("start");
export const writer = stub("writer");
/** Without those that are internal. */
export const builtinModules = allModules.filter((name) => !name.startsWith("_"));
export const _builtinLibs = builtinModules;
export const REPL_MODE_SLOPPY = Symbol("repl-sloppy");
export const REPL_MODE_STRICT = Symbol("repl-strict");

export default {
  _builtinLibs, builtinModules, isValidSyntax, Recoverable, REPL_MODE_SLOPPY, REPL_MODE_STRICT, REPLServer, start, writer,
};
