/**
 * The module `cloudflare:node`: servers of `node:http` as handlers.
 *
 * Source: https://developers.cloudflare.com/workers/runtime-apis/nodejs/http/
 *
 * @module
 */

import { serve } from "stated:node/_http_server";

const PORT_MAX = 65_535;

/** @param {any} target a port, `{ port }`, or a server that listens @returns {number} */
function portOf(target) {
  const port = typeof target === "number" ? target : typeof target?.address === "function" ? target.address()?.port : target?.port;
  if (typeof port !== "number" || !(port >= 0 && port <= PORT_MAX)) throw new Error("Failed to determine port for server");
  return port;
}

/**
 * Gives a request to a server.
 *
 * @param {any} target a port, `{ port }`, or a server that listens
 * @param {any} request
 * @param {any} [env]
 * @param {any} [ctx]
 * @returns {Promise<any>} its response
 */
export async function handleAsNodeRequest(target, request, env = undefined, ctx = undefined) {
  return serve(portOf(target), request, env, ctx);
}

/**
 * A handler whose requests go to a server.
 *
 * @param {any} target as for handleAsNodeRequest, or a server that does not listen yet
 * @param {any} [handlers] further ones
 */
export function httpServerHandler(target, handlers = {}) {
  if (target === undefined || target === null) throw new Error("Server descriptor cannot be null or undefined");
  // One that does not listen gets a port of its own.
  if (typeof target.listen === "function" && typeof target.address === "function" && target.address() === null) target.listen();
  const port = portOf(target);
  return { ...handlers, fetch: (/** @type {any} */ request, /** @type {any} */ env, /** @type {any} */ ctx) => handleAsNodeRequest(port, request, env, ctx) };
}
Object.defineProperty(handleAsNodeRequest, "length", { value: 4, configurable: true });
