/**
 * `node:repl`, to be imported only: a Worker has no terminal.
 *
 * @module
 */

import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("repl");

export const isValidSyntax = stub("isValidSyntax");
export const Recoverable = stub("Recoverable");
export const REPLServer = stub("REPLServer");
export const start = stub("start");
export const writer = stub("writer");
export const REPL_MODE_SLOPPY = Symbol("repl-sloppy");
export const REPL_MODE_STRICT = Symbol("repl-strict");

export default {
  isValidSyntax, Recoverable, REPL_MODE_SLOPPY, REPL_MODE_STRICT, REPLServer, start, writer,
};
