/**
 * Arguments and results that the parts of `node:crypto` share.
 *
 * @module
 */

import { Buffer } from "stated:node/buffer";
import { bytesOf, encodingOf } from "stated:node-support/byte-text";
import { checkFunction, checkString, invalidArgType, nodeError } from "stated:node-support/errors";
import * as hashing from "stated:node-support/hashing";
import { nextTick } from "stated:node-support/next-tick";

/** The bytes of a view or buffer; undefined of anything else. @param {any} value @returns {Uint8Array | undefined} */
export function viewBytes(value) {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return new Uint8Array(value);
  return undefined;
}

const anyBytes = "of type string or an instance of ArrayBuffer, Buffer, TypedArray, or DataView";

/** @param {any} value @param {string} name @param {any} [encoding] @param {string} [wanted] for the error @returns {Uint8Array} */
export function bytesArgument(value, name, encoding = undefined, wanted = anyBytes) {
  if (typeof value === "string") return bytesOf(value, encodingOf(encoding) ?? "utf8");
  const bytes = viewBytes(value);
  if (bytes === undefined) {
    throw invalidArgType(name, wanted, value);
  }
  return bytes;
}

/** Takes a time that depends only on the number of bytes. @param {Uint8Array} a @param {Uint8Array} b */
export function sameBytes(a, b) {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i] ^ b[i];
  return difference === 0;
}

/** @param {unknown} name */
export function hashNamed(name) {
  checkString("digest", name);
  const hash = hashing.algorithm(name);
  if (hash === undefined) throw nodeError(TypeError, "ERR_CRYPTO_INVALID_DIGEST", `Invalid digest: ${name}`);
  return hash;
}

/** A Buffer, or text in an encoding. @param {Uint8Array} bytes @param {any} [encoding] @returns {any} */
export function output(bytes, encoding = undefined) {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return encoding === undefined || encoding === null || encoding === "buffer" ? buffer : buffer.toString(encoding);
}

/**
 * The result of `compute`: returned, or given to a callback as Node's functions with one do.
 *
 * @param {any} callback
 * @param {() => any} compute
 */
export function answer(callback, compute) {
  if (callback === undefined) return compute();
  checkFunction("callback", callback);
  let value;
  try {
    value = compute();
  } catch (error) {
    // What is wrong with an argument is thrown, as Node does; the rest is the operation's failure.
    if (error instanceof TypeError || error instanceof RangeError) throw error;
    nextTick(callback, error);
    return undefined;
  }
  nextTick(callback, null, value);
  return undefined;
}

/** What stands before the reason in the codes of a library's errors. @type {Record<string, string>} */
const prefixes = {
  "asn1 encoding routines": "ASN1_", "Diffie-Hellman routines": "DH_", "digital envelope routines": "EVP_", "elliptic curve routines": "EC_", "rsa routines": "RSA_",
};

/**
 * An error as OpenSSL's, whose codes programs compare.
 *
 * @param {string} number
 * @param {string} library
 * @param {string} reason
 */
export function opensslError(number, library, reason) {
  const error = /** @type {any} */ (new Error(`error:${number}:${library}::${reason}`));
  return Object.assign(error, { library, reason, code: `ERR_OSSL_${prefixes[library] ?? ""}${reason.toUpperCase().replaceAll(" ", "_")}` });
}

export const unreadableKey = () => opensslError("1E08010C", "DECODER routines", "unsupported");
export const badDecrypt = () => opensslError("1C800064", "Provider routines", "bad decrypt");

/** What the host says about bytes, as another error. @template T @param {() => T} compute @param {() => any} error @returns {T} */
export function orElse(compute, error) {
  try {
    return compute();
  } catch {
    throw error();
  }
}
