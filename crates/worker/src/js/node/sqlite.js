/**
 * `node:sqlite`, to be imported only: use `ctx.storage.sql`.
 *
 * @module
 */

import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("sqlite");

export const backup = stub("backup");
export const DatabaseSync = stub("DatabaseSync");
export const StatementSync = stub("StatementSync");
export const constants = {};

export default { backup, constants, DatabaseSync, StatementSync };
