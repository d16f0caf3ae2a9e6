/**
 * The receiving end of RPC: finds the member a call names, calls it and answers the host with the serialized result.
 *
 * @module
 */

import { respondFailure } from "stated:error-transport";
import { ops } from "stated:host";
import { followPath, notAFunction } from "stated:rpc-path";
import { deserialize, serialize } from "stated:serialize";

/** Serialized arguments and results may be this long (reference 10.3). */
const MESSAGE_BYTES_MAX = 33554432;
/** A function with more parameters than (arg, env, ctx) cannot be a handler. */
const HANDLER_PARAMETERS = 3;

const forRpc = { forRpc: true };

/**
 * What calls are made on: an instance, a handler object with the two values its functions get, or a value behind a stub.
 *
 * @typedef {object} Receiver
 * @property {any} target
 * @property {import("stated:rpc-path").ReceiverKind} kind
 * @property {any} [env]
 * @property {any} [ctx]
 */

/**
 * Serializes arguments or a result.
 *
 * @param {unknown} value
 * @returns {Uint8Array}
 */
export function encodeMessage(value) {
  const bytes = serialize(value, forRpc);
  if (bytes.length > MESSAGE_BYTES_MAX) {
    throw new Error(`Serialized RPC arguments or return values are limited to 32MiB, but the size of this value was: ${bytes.length} bytes.`);
  }
  return bytes;
}

/**
 * Reads a member, or calls it when there are arguments. Returns its value, which may be a promise.
 *
 * @param {Receiver} receiver
 * @param {readonly string[]} path
 * @param {Uint8Array | undefined} args
 * @returns {any}
 */
export function invoke(receiver, path, args) {
  const { value, holder } = followPath(receiver.target, receiver.kind, path);
  if (args === undefined) return value;
  if (typeof value !== "function") throw notAFunction(path);
  const list = deserialize(args);
  if (receiver.kind === "handlers") return callHandler(receiver, value, holder, path[path.length - 1], list);
  return Reflect.apply(value, holder, list);
}

/**
 * A function of a handler object gets `env` and `ctx` behind the one argument that came from the caller.
 *
 * @param {Receiver} receiver
 * @param {Function} fn
 * @param {any} holder
 * @param {string} name
 * @param {any[]} list
 */
function callHandler({ env, ctx }, fn, holder, name, list) {
  if (fn.length > HANDLER_PARAMETERS) {
    throw new TypeError(`Cannot call handler function "${name}" over RPC because it has the wrong number of arguments. A simple `
      + "function handler can only be called over RPC if it has exactly the arguments (arg, env, ctx), where only the first "
      + "argument comes from the client. To support multi-argument RPC functions, use class-based syntax (extending "
      + "WorkerEntrypoint) instead.");
  }
  if (list.length !== 1) {
    throw new TypeError(`Attempted to call RPC function "${name}" with the wrong number of arguments. When calling a top-level `
      + "handler function that is not declared as part of a class, you must always send exactly one argument. In order to "
      + "support variable numbers of arguments, the server must use class-based syntax (extending WorkerEntrypoint) instead.");
  }
  return Reflect.apply(fn, holder, [list[0], env, ctx]);
}

/**
 * Runs a call and answers it. Never throws.
 *
 * @param {number} callId
 * @param {Receiver} receiver
 * @param {string[]} path
 * @param {Uint8Array | undefined} args
 */
export function answerCall(callId, receiver, path, args) {
  try {
    const result = invoke(receiver, path, args);
    if ((typeof result === "object" && result !== null) || typeof result === "function") {
      if (typeof result.then === "function") {
        Promise.resolve(result).then((value) => answerValue(callId, value), (error) => respondFailure(callId, error));
        return;
      }
    }
    ops.respondValue(callId, encodeMessage(result));
  } catch (error) {
    respondFailure(callId, error);
  }
}

/** @param {number} callId @param {unknown} value */
function answerValue(callId, value) {
  try {
    ops.respondValue(callId, encodeMessage(value));
  } catch (error) {
    respondFailure(callId, error);
  }
}
