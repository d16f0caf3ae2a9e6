/**
 * JSON Web Keys: base64url numbers and the fields that every kind of key shares.
 *
 * Source: RFC 7517, RFC 7518 and https://www.w3.org/TR/WebCryptoAPI/#JsonWebKey-dictionary
 *
 * @module
 */

import { dataError } from "stated:crypto/key";
import { ops } from "stated:host";

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
 * The bytes of a field.
 *
 * @param {any} jwk
 * @param {string} field
 * @returns {Uint8Array}
 */
export function fromBase64Url(jwk, field) {
  const value = jwk[field];
  if (typeof value !== "string") throw dataError(`The field "${field}" of the JWK is missing or not a string.`);
  const text = /[+/=\s]/.test(value) ? undefined : ops.base64Decode(value.replaceAll("-", "+").replaceAll("_", "/"));
  if (text === undefined) throw dataError(`The field "${field}" of the JWK is not base64url.`);
  return Uint8Array.from(text, (unit) => unit.charCodeAt(0));
}

/**
 * Requires what the standard asks of every JWK on import.
 *
 * @param {any} jwk
 * @param {string} kty
 * @param {{ extractable: boolean, usages: string[], use: "sig" | "enc", alg?: string }} expected
 */
export function checkJwk(jwk, kty, { extractable, usages, use, alg }) {
  if (jwk.kty !== kty) throw dataError(`The field "kty" of the JWK must be "${kty}".`);
  if (usages.length > 0 && jwk.use !== undefined && jwk.use !== use) {
    throw dataError(`The field "use" of the JWK must be "${use}".`);
  }
  if (jwk.key_ops !== undefined) {
    if (!Array.isArray(jwk.key_ops)) throw dataError("The field \"key_ops\" of the JWK must be a list.");
    if (new Set(jwk.key_ops).size !== jwk.key_ops.length) {
      throw dataError("The field \"key_ops\" of the JWK has an entry twice.");
    }
    for (const usage of usages) {
      if (!jwk.key_ops.includes(usage)) throw dataError(`The field "key_ops" of the JWK does not allow "${usage}".`);
    }
  }
  if (jwk.ext === false && extractable) throw dataError("The field \"ext\" of the JWK says that the key is not extractable.");
  if (alg !== undefined && jwk.alg !== undefined && jwk.alg !== alg) {
    throw dataError(`The field "alg" of the JWK must be "${alg}".`);
  }
}

/**
 * A JWK with the shared fields at its end.
 *
 * @param {Record<string, string>} fields
 * @param {import("stated:crypto/key").KeyFields} key
 */
export function newJwk(fields, key) {
  return { ...fields, key_ops: [...key.usages], ext: key.extractable };
}
