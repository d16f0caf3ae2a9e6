/**
 * JSON Web Keys: base64url numbers and the fields that every kind of key shares.
 *
 * Source: RFC 7517, RFC 7518 and https://www.w3.org/TR/WebCryptoAPI/#JsonWebKey-dictionary
 *
 * @module
 */

import { dataError } from "stated:crypto/key";
import { ops } from "stated:host";
import { badField } from "stated:webidl";

/**
 * @param {Uint8Array} bytes
 * @returns {string} base64url without padding
 */
export function toBase64Url(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x2000) text += String.fromCharCode(...bytes.subarray(at, at + 0x2000));
  return /** @type {string} */ (ops.base64Encode(text)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * The bytes of a field. As in Workers, it may have the alphabet and the padding of base64, too.
 *
 * @param {any} jwk
 * @param {string} field
 * @param {string} [wrong] the text of the error when it is missing or not base64url
 * @returns {Uint8Array}
 */
export function fromBase64Url(jwk, field, wrong = `Invalid "${field}".`) {
  const value = jwk[field];
  const text = typeof value !== "string" ? undefined : ops.base64Decode(value.replaceAll("-", "+").replaceAll("_", "/"));
  if (text === undefined) throw dataError(wrong);
  return Uint8Array.from(text, (unit) => unit.charCodeAt(0));
}

/**
 * The list "key_ops", or undefined.
 *
 * @param {any} jwk
 * @returns {string[] | undefined}
 */
export function keyOps(jwk) {
  if (jwk.key_ops === undefined) return undefined;
  if (!Array.isArray(jwk.key_ops)) throw badField("key_ops", "JsonWebKey", "Array");
  return jwk.key_ops.map(String);
}

/**
 * Requires that a JWK does not forbid what is asked: a key that may be exported.
 *
 * @param {any} jwk
 * @param {string} name of the algorithm
 * @param {boolean} extractable
 */
export function checkExt(jwk, name, extractable) {
  if (jwk.ext !== undefined && !jwk.ext && extractable) {
    throw dataError(`JWK ext field for "${name}" is set to false but extractable is true`);
  }
}

/**
 * Requires what the standard asks of the JWK of an asymmetric key, but for its "kty" and "alg".
 *
 * @param {any} jwk
 * @param {{ name: string, extractable: boolean, usages: string[], use: "sig" | "enc" }} expected
 */
export function checkPairJwk(jwk, { name, extractable, usages, use }) {
  if (usages.length > 0 && jwk.use !== undefined && jwk.use !== use) {
    // As in Workers the text says "sig" for every algorithm.
    throw dataError(`Asymmetric "jwk" key import with usages requires a JSON Web Key with Public Key Use parameter "use" ("${jwk.use}") equal to "sig".`);
  }
  const listed = keyOps(jwk);
  if (listed !== undefined) {
    if (new Set(listed).size !== listed.length) {
      throw dataError('A JSON Web Key\'s Key Operations parameter ("key_ops") must not contain duplicates.');
    }
    if (!usages.every((usage) => listed.includes(usage))) {
      throw dataError('All specified key usages must be present in the JSON Web Key\'s Key Operations parameter ("key_ops").');
    }
  }
  checkExt(jwk, name, extractable);
}

/** The order in which Workers has a JWK's fields. */
const order = ["kty", "key_ops", "alg", "ext", "crv", "x", "y", "d", "n", "e", "p", "q", "dp", "dq", "qi", "k"];

/**
 * A JWK with the shared fields.
 *
 * @param {Record<string, string>} fields
 * @param {import("stated:crypto/key").KeyFields} key
 */
export function newJwk(fields, key) {
  /** @type {Record<string, any>} */
  const all = { ...fields, key_ops: [...key.usages], ext: key.extractable };
  return Object.fromEntries(order.filter((name) => Object.hasOwn(all, name)).map((name) => [name, all[name]]));
}
