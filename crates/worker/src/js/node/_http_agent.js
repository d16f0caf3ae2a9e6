/**
 * `node:_http_agent`, to be imported only: the agent of `node:http`.
 *
 * @module
 */

import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("_http_agent");

export const Agent = stub("Agent");
export const globalAgent = {};

export default { Agent, globalAgent };
