/**
 * `node:_http_client`, to be imported only: the client of `node:http`.
 *
 * @module
 */

import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("_http_client");

export const ClientRequest = stub("ClientRequest");

export default { ClientRequest };
