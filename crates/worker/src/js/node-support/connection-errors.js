/**
 * Errors of connections that cannot be made, as Node.js makes them, and of the time they may take.
 *
 * @module
 */

import { checkNumber, outOfRange } from "stated:node-support/errors";

/** Numbers of the system's codes. @type {Record<string, number>} */
const numbers = { ECONNREFUSED: -111, ENETUNREACH: -101, ETIMEDOUT: -110, ECONNRESET: -104, ENOTFOUND: -3008 };

/**
 * @param {string} code of `systemCodeOf`
 * @param {string} host
 * @param {number} port
 * @param {any} cause
 * @returns {any}
 */
export function connectionError(code, host, port, cause) {
  if (code === "ENOTFOUND") {
    return Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`, { cause }), { errno: numbers.ENOTFOUND, code, syscall: "getaddrinfo", hostname: host });
  }
  if (Object.hasOwn(numbers, code)) {
    return Object.assign(new Error(`connect ${code} ${host}:${port}`, { cause }), { errno: numbers[code], code, syscall: "connect", address: host, port });
  }
  // Of a certificate, of TLS, or of what is no HTTP: the text says what it is.
  return Object.assign(new Error(String(cause?.message ?? cause), { cause }), { code });
}

/** Milliseconds that a connection may be silent. @param {string} name @param {any} ms */
export function checkDuration(name, ms) {
  checkNumber(name, ms);
  if (!(ms >= 0 && Number.isFinite(ms))) throw outOfRange(name, "a non-negative finite number", ms);
}
