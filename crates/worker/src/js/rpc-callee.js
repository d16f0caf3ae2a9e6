/**
 * The receiving end of RPC: finds the member a call names, calls it and answers the host with the serialized result.
 *
 * @module
 */

import { respondFailure } from "stated:error-transport";
import { ops } from "stated:host";
import { exportedTarget, isDisposed, STUB_DISPOSED } from "stated:rpc-export";
import { decodeArguments, encodeResult, IncomingMessage } from "stated:rpc-message";
import { followPath, notAFunction } from "stated:rpc-path";

/** A function with more parameters than (arg, env, ctx) cannot be a handler. */
const HANDLER_PARAMETERS = 3;

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
 * Reads a member, or calls it when there are arguments. Returns its value, which may be a promise.
 *
 * @param {Receiver} receiver
 * @param {readonly string[]} path
 * @param {Uint8Array | undefined} args
 * @param {IncomingMessage} message what the arguments refer to
 * @returns {any}
 */
function invoke(receiver, path, args, message) {
  const { value, holder } = followPath(receiver.target, receiver.kind, path);
  if (args === undefined) return value;
  if (typeof value !== "function") throw notAFunction(path);
  const list = decodeArguments(args, message);
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
 * Runs a call and answers it. Never throws. Stubs among the arguments are disposed when the call is done.
 *
 * @param {number} callId
 * @param {Receiver} receiver
 * @param {string[]} path
 * @param {Uint8Array | undefined} args
 * @param {number[]} capabilities
 */
export function answerCall(callId, receiver, path, args, capabilities) {
  const message = new IncomingMessage(capabilities);
  answer(callId, message, () => invoke(receiver, path, args, message));
}

/**
 * Answers a call with what a function gives, now or when its promise settles. Never throws.
 *
 * @param {number} callId
 * @param {IncomingMessage} message what came with the call; disposed when it is done
 * @param {() => any} run
 */
export function answer(callId, message, run) {
  try {
    const result = run();
    if (isThenable(result)) {
      Promise.resolve(result).then((value) => answerValue(callId, value, message), (error) => answerError(callId, error, message));
    } else {
      answerValue(callId, result, message);
    }
  } catch (error) {
    answerError(callId, error, message);
  }
}

/** @param {any} value */
function isThenable(value) {
  return ((typeof value === "object" && value !== null) || typeof value === "function") && typeof value.then === "function";
}

/** @param {number} callId @param {unknown} value @param {IncomingMessage} message */
function answerValue(callId, value, message) {
  try {
    const { bytes, capabilities } = encodeResult(value);
    ops.respondValue(callId, bytes, capabilities);
    message.dispose();
  } catch (error) {
    answerError(callId, error, message);
  }
}

/** @param {number} callId @param {unknown} error @param {IncomingMessage} message */
function answerError(callId, error, message) {
  respondFailure(callId, error);
  message.dispose();
}

/**
 * Runs a call of a target that a context has exported.
 *
 * @param {number} callId
 * @param {number} contextId
 * @param {number} number
 * @param {string[]} path
 * @param {Uint8Array | undefined} args
 * @param {number[]} capabilities
 */
export function callTarget(callId, contextId, number, path, args, capabilities) {
  const target = exportedTarget(contextId, number);
  if (target === undefined) {
    answerError(callId, new Error("The execution context which hosts this callback is no longer running."), new IncomingMessage(capabilities));
    return;
  }
  if (isDisposed(target)) {
    answerError(callId, new Error(STUB_DISPOSED), new IncomingMessage(capabilities));
    return;
  }
  answerCall(callId, { target, kind: "value" }, path, args, capabilities);
}
