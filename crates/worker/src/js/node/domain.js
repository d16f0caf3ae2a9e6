/**
 * `node:domain`, to be imported only: domains.
 *
 * @module
 */

import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("domain");

export const create = stub("create");
export const createDomain = stub("createDomain");
export const Domain = stub("Domain", ["add", "bind", "enter", "exit", "intercept", "remove", "run"]);
export const active = null;

export default { active, create, createDomain, Domain };
