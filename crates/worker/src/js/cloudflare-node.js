/**
 * The module `cloudflare:node`: servers of `node:http` as handlers.
 *
 * Source: https://developers.cloudflare.com/workers/runtime-apis/nodejs/http/
 *
 * @module
 */

import { serve } from "stated:node/_http_server";
import { invalidArgType, nodeError } from "stated:node-support/errors";

/** @param {any} target a port, `{ port }`, or a server that listens @returns {number} */
function portOf(target) {
  if (typeof target === "number") return target;
  if (typeof target !== "object" || target === null) throw invalidArgType("desc", "of type number or object", target);
  const port = typeof target.address === "function" ? target.address()?.port : target.port;
  if (typeof port !== "number") throw nodeError(Error, "ERR_INVALID_ARG_VALUE", "Failed to determine port for server");
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
 * @param {any} target as for handleAsNodeRequest
 * @param {any} [handlers] further ones
 */
export function httpServerHandler(target, handlers = {}) {
  const port = portOf(target);
  return { ...handlers, fetch: (/** @type {any} */ request, /** @type {any} */ env, /** @type {any} */ ctx) => handleAsNodeRequest(port, request, env, ctx) };
}
