/**
 * `node:_http_incoming`, to be imported only: received messages of `node:http`.
 *
 * @module
 */

import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("_http_incoming");

export const IncomingMessage = stub("IncomingMessage");
export const readStart = stub("readStart");
export const readStop = stub("readStop");

export default { IncomingMessage, readStart, readStop };
