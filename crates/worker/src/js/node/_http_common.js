/**
 * `node:_http_common`: what client and server of `node:http` share.
 *
 * @module
 */

import { nodeError } from "stated:node-support/errors";
import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("_http_common");

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

const token = /^[\^_`a-zA-Z\-0-9!#$%&'*+.|~]+$/;
const invalidCharacter = /[^\t\x20-\x7e\x80-\xff]/;

/** @param {unknown} value */
export function _checkIsHttpToken(value) {
  return token.test(/** @type {string} */ (value));
}

/** @param {unknown} value */
export function _checkInvalidHeaderChar(value) {
  return invalidCharacter.test(/** @type {string} */ (value));
}

/** @param {any} name @param {string} [label] */
export function validateHeaderName(name, label = "Header name") {
  if (typeof name !== "string" || !_checkIsHttpToken(name)) {
    throw nodeError(TypeError, "ERR_INVALID_HTTP_TOKEN", `${label} must be a valid HTTP token ["${name}"]`);
  }
}

/** @param {any} name @param {any} value */
export function validateHeaderValue(name, value) {
  if (value === undefined) throw nodeError(TypeError, "ERR_HTTP_INVALID_HEADER_VALUE", `Invalid value "${value}" for header "${name}"`);
  if (_checkInvalidHeaderChar(value)) throw nodeError(TypeError, "ERR_INVALID_CHAR", `Invalid character in header content ["${name}"]`);
}

export default {
  _checkInvalidHeaderChar, _checkIsHttpToken, CRLF, freeParser, HTTPParser, isLenient, methods, prepareError,
};
