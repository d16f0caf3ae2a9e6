/**
 * `node:_tls_wrap`: sockets of `node:tls`.
 *
 * @module
 */

import { connect, createServer, Server, TLSSocket } from "stated:node/tls";

export { connect, createServer, Server, TLSSocket };
export default { connect, createServer, Server, TLSSocket };
