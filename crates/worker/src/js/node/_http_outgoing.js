/**
 * `node:_http_outgoing`, to be imported only: sent messages of `node:http`.
 *
 * @module
 */

import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("_http_outgoing");

export const OutgoingMessage = stub("OutgoingMessage");
export const parseUniqueHeadersOption = stub("parseUniqueHeadersOption");
export const validateHeaderName = stub("validateHeaderName");
export const validateHeaderValue = stub("validateHeaderValue");

export default { OutgoingMessage, parseUniqueHeadersOption, validateHeaderName, validateHeaderValue };
