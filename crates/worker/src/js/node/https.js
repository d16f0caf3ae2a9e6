/**
 * `node:https`, to be imported only: use `fetch`.
 *
 * @module
 */

import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("https");

export const Agent = stub("Agent");
export const createServer = stub("createServer");
export const get = stub("get");
export const request = stub("request");
export const Server = stub("Server");
export const globalAgent = {};

export default {
  Agent, createServer, get, globalAgent, request, Server,
};
