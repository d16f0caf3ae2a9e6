/**
 * `node:repl`, to be imported only: a Worker has no terminal.
 *
 * @module
 */

import { builtinModules as allModules } from "stated:node-support/builtin-modules";
import { classNotImplemented, methodNotImplemented } from "stated:node-support/unimplemented";
import { Interface } from "stated:node/readline";

/** What a line that goes on with the next one fails with. */
export class Recoverable extends SyntaxError {
  /** @param {unknown} err */
  constructor(err) {
    super();
    this.err = err;
  }
}

export const isValidSyntax = methodNotImplemented("isValidSyntax");
export const REPLServer = classNotImplemented("REPLServer", ["clearBufferedCommand", "defineCommand", "displayPrompt", "setupHistory"], Interface);
export const start = methodNotImplemented("start");
export const writer = Object.assign(methodNotImplemented("writer"), {
  options: {
    showHidden: false, depth: 2, colors: true, customInspect: true, showProxy: true, maxArrayLength: 100, maxStringLength: 10000,
    breakLength: 80, compact: 3, sorted: false, getters: false, numericSeparator: false,
  },
});
/** Without those that are internal. */
export const builtinModules = allModules.filter((name) => !name.startsWith("_"));
export const _builtinLibs = builtinModules;
export const REPL_MODE_SLOPPY = Symbol("repl-sloppy");
export const REPL_MODE_STRICT = Symbol("repl-strict");

export default {
  _builtinLibs, builtinModules, isValidSyntax, Recoverable, REPL_MODE_SLOPPY, REPL_MODE_STRICT, REPLServer, start, writer,
};
