/**
 * `node:dgram`, to be imported only: a Worker has no datagram sockets.
 *
 * @module
 */

import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("dgram");

export const _createSocketHandle = stub("_createSocketHandle");
export const createSocket = stub("createSocket");
export const Socket = stub("Socket");

export default { _createSocketHandle, createSocket, Socket };
