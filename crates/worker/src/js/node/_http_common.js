/**
 * `node:_http_common`, to be imported only: what `node:http`'s client and server share.
 *
 * @module
 */

import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("_http_common");

export const _checkInvalidHeaderChar = stub("_checkInvalidHeaderChar");
export const _checkIsHttpToken = stub("_checkIsHttpToken");
export const freeParser = stub("freeParser");
export const HTTPParser = stub("HTTPParser");
export const isLenient = stub("isLenient");
export const prepareError = stub("prepareError");
export const CRLF = "\r\n";
export const methods = [
  "DELETE", "GET", "HEAD", "POST", "PUT", "CONNECT", "OPTIONS", "TRACE", "COPY", "LOCK", "MKCOL", "MOVE", "PROPFIND",
  "PROPPATCH", "SEARCH", "UNLOCK", "BIND", "REBIND", "UNBIND", "ACL", "REPORT", "MKACTIVITY", "CHECKOUT", "MERGE", "M-SEARCH",
  "NOTIFY", "SUBSCRIBE", "UNSUBSCRIBE", "PATCH", "PURGE", "MKCALENDAR", "LINK", "UNLINK", "SOURCE", "QUERY",
];

export default {
  _checkInvalidHeaderChar, _checkIsHttpToken, CRLF, freeParser, HTTPParser, isLenient, methods, prepareError,
};
