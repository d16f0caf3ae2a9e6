/**
 * `ctx.restore(params)` and the class's method `[restore]` behind it: how a program makes stubs that can be stored (reference
 * 10.11).
 *
 * @module
 */

import { CapabilityChannel } from "stated:capability-channel";
import { malformed } from "stated:clone-errors";
import { restore } from "stated:entrypoint-classes";
import { ServiceStub } from "stated:fetcher";
import { RestoredChannel, readRecipe, RPC_STUB, SERVICE_STUB } from "stated:restored-channel";
import { newStub } from "stated:rpc";
import { answer } from "stated:rpc-callee";
import { channelOf } from "stated:rpc-channel";
import { exportTarget } from "stated:rpc-export";
import { defineReceiving, IncomingMessage, TARGET } from "stated:rpc-message";
import { RpcTarget } from "stated:rpc-target";
import { decodeStored, encodeStored } from "stated:stored-value";
import { badArgument, internal } from "stated:webidl";
import { HOST_RESTORED_STUB } from "stated:wire-format";

const NO_METHOD = "The WorkerEntrypoint or DurableObject class does not implement a [restore]() method.";
const NOT_A_STUB = "The [restore]() method must return a ServiceStub or RpcStub.";
const NO_ADDRESS = "ctx.restore() cannot be used in this context because the system does not know how to restore this context "
  + "itself, in order to be able to invoke its [restore]() method. This may happen if the current worker is a Dynamic Worker or a "
  + "Durable Object Facet (or both), and the immediate caller did not specify how to restore it. To fix this, ensure that the "
  + "caller of this Worker uses a stub that was created via its own context.restore().";

/**
 * Calls the method now, and resolves with a stub of what it gives that knows how it was made.
 *
 * @param {string} interfaceName of the `ctx` that was asked
 * @param {import("stated:address-channel").Address | undefined} address of the class, if it has one
 * @param {any} instance of the class; undefined for what has none
 * @param {any} params
 */
export async function restoreStub(interfaceName, address, instance, params) {
  if ((typeof params !== "object" && typeof params !== "function") || params === null) {
    throw badArgument(interfaceName, "restore", 1, "Object");
  }
  const method = methodOf(instance);
  if (address === undefined) throw new Error(NO_ADDRESS);
  const stored = { address: encodeStored(address), params: encodeStored(params) };
  const value = await Reflect.apply(method, instance, [params]);
  checkResult(value);
  if (value instanceof ServiceStub) {
    return new ServiceStub(internal, new RestoredChannel({ kind: SERVICE_STUB, ...stored }, channelOf(value)));
  }
  return newStub(new RestoredChannel({ kind: RPC_STUB, ...stored }, takenOver(value)));
}

/**
 * Answers the host's wish to make a stub again. Never throws.
 *
 * @param {number} callId
 * @param {() => any} findInstance
 * @param {Uint8Array} params
 */
export function answerRestore(callId, findInstance, params) {
  answer(callId, new IncomingMessage([]), async () => {
    const instance = findInstance();
    const value = await Reflect.apply(methodOf(instance), instance, [decodeStored(params)]);
    checkResult(value);
    return value;
  });
}

/** @param {any} instance */
function methodOf(instance) {
  const method = instance?.[restore];
  if (typeof method !== "function") throw new TypeError(NO_METHOD);
  return method;
}

/** @param {unknown} value */
function checkResult(value) {
  if (typeof value !== "function" && channelOf(value) === undefined && !(value instanceof RpcTarget)) throw new TypeError(NOT_A_STUB);
}

/** The channel of a stub that is the runtime's from now on, or of a target. @param {any} value */
function takenOver(value) {
  const channel = channelOf(value);
  if (channel === undefined) return new CapabilityChannel(exportTarget(value));
  const duplicate = channel.duplicate();
  channel.dispose();
  return duplicate;
}

defineReceiving(HOST_RESTORED_STUB, (reader, message) => {
  const { recipe, position } = readRecipe(reader);
  if (recipe.kind === SERVICE_STUB) return new ServiceStub(internal, new RestoredChannel(recipe));
  const capability = position < 0 ? 0 : message.capability(position, TARGET);
  if (position >= 0 && capability === 0) throw malformed();
  const channel = new RestoredChannel(recipe, capability === 0 ? undefined : new CapabilityChannel(capability));
  message.owns(channel);
  return newStub(channel);
});
