/**
 * `node:_tls_wrap`, to be imported only: sockets of `node:tls`.
 *
 * @module
 */

import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("_tls_wrap");

export const connect = stub("connect");
export const createServer = stub("createServer");
export const Server = stub("Server");
export const TLSSocket = stub("TLSSocket");

export default { connect, createServer, Server, TLSSocket };
