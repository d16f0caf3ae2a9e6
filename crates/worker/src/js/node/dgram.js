/**
 * `node:dgram`, to be imported only: a Worker has no datagram sockets.
 *
 * @module
 */

import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("dgram");

export const _createSocketHandle = stub("_createSocketHandle");
export const createSocket = stub("createSocket");
export const Socket = stub("Socket", ["addMembership", "addSourceSpecificMembership", "address", "bind", "close", "connect", "disconnect",
  "dropMembership", "dropSourceSpecificMembership", "getRecvBufferSize", "getSendBufferSize", "getSendQueueCount", "getSendQueueSize", "ref",
  "remoteAddress", "send", "sendto", "setBroadcast", "setMulticastInterface", "setMulticastLoopback", "setMulticastTTL", "setRecvBufferSize",
  "setSendBufferSize", "setTTL", "unref"]);

export default { _createSocketHandle, createSocket, Socket };
