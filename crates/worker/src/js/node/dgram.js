/**
 * `node:dgram`. A Worker has no datagram sockets: one can be made, sends nothing and hears nothing; as on Workers.
 *
 * @module
 */

import { checkFunction, checkObject } from "stated:node-support/errors";
import { methodNotImplemented } from "stated:node-support/unimplemented";
import { EventEmitter } from "stated:node/events";

/** @this {any} @param {any} type "udp4", "udp6", or options @param {any} [callback] for messages */
export function Socket(type, callback = undefined) {
  if (typeof type !== "string") checkObject("type", type);
  if (callback !== undefined) checkFunction("callback", callback);
  EventEmitter.call(this);
}
Object.setPrototypeOf(Socket, EventEmitter);
Object.setPrototypeOf(Socket.prototype, EventEmitter.prototype);

for (const name of ["bind", "close", "ref", "unref"]) {
  Socket.prototype[name] = {
    /** @this {any} */
    [name]() {
      return this;
    },
  }[name];
}
for (const name of ["addMembership", "addSourceSpecificMembership", "connect", "disconnect", "dropMembership", "dropSourceSpecificMembership",
  "send", "sendto", "setBroadcast", "setMulticastInterface", "setMulticastLoopback", "setMulticastTTL", "setRecvBufferSize",
  "setSendBufferSize", "setTTL"]) {
  Socket.prototype[name] = { [name]() {} }[name];
}
for (const name of ["getRecvBufferSize", "getSendBufferSize", "getSendQueueCount", "getSendQueueSize"]) {
  Socket.prototype[name] = { [name]: () => 0 }[name];
}
for (const name of ["address", "remoteAddress"]) Socket.prototype[name] = { [name]: () => ({}) }[name];

/** @param {any} type @param {any} [callback] */
export function createSocket(type, callback = undefined) {
  return new /** @type {any} */ (Socket)(type, callback);
}

export const _createSocketHandle = methodNotImplemented("_createSocketHandle");

export default { _createSocketHandle, createSocket, Socket };
