/**
 * Runs the handlers of stateless entrypoints: plain objects and classes that extend WorkerEntrypoint (reference 10.9, 11.1).
 *
 * @module
 */

import { respondFailure } from "stated:error-transport";
import { ExecutionContext, setInstance } from "stated:execution-context";
import { answerFetch, noFetchHandler } from "stated:http-answer";
import { answerRestore } from "stated:persistent-stub";
import { env, exportNamed } from "stated:program";
import { requestFromHost } from "stated:request";
import { answerCall } from "stated:rpc-callee";
import { internal } from "stated:webidl";

/** @typedef {import("stated:host").WireBody} WireBody */
/** @typedef {import("stated:host").WireProps} WireProps */

/** @param {string} name */
function statelessExport(name) {
  const found = exportNamed(name);
  if (found?.kind === "object" || found?.kind === "entrypoint") return found;
  if (found?.kind === "durable-object" || found?.kind === "legacy-class") {
    throw new TypeError(`The entrypoint name ${name} refers to a Durable Object class, but the incoming request is trying to invoke it as a stateless worker.`);
  }
  throw new TypeError(`The entrypoint name ${name} was not found in this worker. Ensure the worker exports an entrypoint with that name.`);
}

/**
 * What answers an event of a stateless entrypoint: the program's object, or a new instance of its class.
 *
 * @param {string} entrypoint
 * @param {number} contextId
 * @param {WireProps} props
 */
export function statelessHandler(entrypoint, contextId, props) {
  const { kind, value } = statelessExport(entrypoint);
  const ctx = new ExecutionContext(internal, contextId, entrypoint, props);
  return { kind, handler: kind === "entrypoint" ? newInstance(value, ctx) : value, ctx, env };
}

/** @param {any} Class @param {ExecutionContext} ctx */
function newInstance(Class, ctx) {
  const instance = new Class(ctx, env);
  setInstance(ctx, instance);
  return instance;
}

/**
 * Answers a request. Never throws: every failure is answered.
 *
 * @param {number} callId
 * @param {number} contextId
 * @param {string} entrypoint
 * @param {WireProps} props
 * @param {string} method
 * @param {string} url
 * @param {string[]} headers
 * @param {WireBody} body
 * @param {string | undefined} cf JSON
 */
export function fetchEntrypoint(callId, contextId, entrypoint, props, method, url, headers, body, cf) {
  try {
    const request = requestFromHost(method, url, headers, body, callId, cf);
    const { kind, handler, ctx } = statelessHandler(entrypoint, contextId, props);
    if (typeof handler.fetch !== "function") throw noFetchHandler();
    const result = kind === "entrypoint" ? handler.fetch(request) : handler.fetch(request, env, ctx);
    answerFetch(callId, headers, result);
  } catch (error) {
    respondFailure(callId, error);
  }
}

/**
 * Answers an RPC call. Never throws.
 *
 * @param {number} callId
 * @param {number} contextId
 * @param {string} entrypoint
 * @param {WireProps} props
 * @param {string[]} path
 * @param {Uint8Array | undefined} args
 * @param {number[]} capabilities
 */
export function callEntrypoint(callId, contextId, entrypoint, props, path, args, capabilities) {
  try {
    const { kind, value } = statelessExport(entrypoint);
    const ctx = new ExecutionContext(internal, contextId, entrypoint, props);
    if (kind === "entrypoint") answerCall(callId, { target: newInstance(value, ctx), kind: "entrypoint" }, path, args, capabilities);
    else answerCall(callId, { target: value, kind: "handlers", env, ctx }, path, args, capabilities);
  } catch (error) {
    respondFailure(callId, error);
  }
}

/**
 * Makes a stub again that an entrypoint of this name had made. Never throws.
 *
 * @param {number} callId
 * @param {number} contextId
 * @param {string} entrypoint
 * @param {WireProps} props
 * @param {Uint8Array} params
 */
export function restoreEntrypoint(callId, contextId, entrypoint, props, params) {
  answerRestore(callId, () => statelessHandler(entrypoint, contextId, props).handler, params);
}
