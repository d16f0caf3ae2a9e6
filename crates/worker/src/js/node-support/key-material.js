/**
 * Keys as the host's operations take them, read from documents and JSON Web Keys and written as such.
 *
 * @module
 */

import { fromBase64Url, toBase64Url } from "stated:crypto/jwk";
import { ops } from "stated:host";
import { badDecrypt, orElse, unreadableKey } from "stated:node-support/crypto-arguments";
import { invalidArgValue, nodeError } from "stated:node-support/errors";

/**
 * What is behind a KeyObject.
 *
 * @typedef {object} Material
 * @property {"secret" | "public" | "private"} type
 * @property {"rsa" | "ec" | "ed25519" | "x25519" | undefined} kind of an asymmetric key
 * @property {string} [curve] Web Crypto's name, of an EC key
 * @property {Uint8Array} bytes as host.d.ts describes keys
 * @property {Uint8Array} [point] the public key of a private EC or OKP key
 */

/** OpenSSL's names of the curves, the first of each being the one that is told. @type {Record<string, string>} */
const curves = {
  prime256v1: "P-256", secp256r1: "P-256", "P-256": "P-256", secp384r1: "P-384", "P-384": "P-384", secp521r1: "P-521", "P-521": "P-521",
  secp224r1: "P-224", "P-224": "P-224", secp256k1: "secp256k1",
};

export const curveNames = ["prime256v1", "secp224r1", "secp256k1", "secp384r1", "secp521r1"];

/** Web Crypto's name of a curve. @param {any} name */
export function curveNamed(name) {
  if (!Object.hasOwn(curves, name)) throw nodeError(TypeError, "ERR_CRYPTO_INVALID_CURVE", "Invalid EC curve name");
  return curves[name];
}

/** OpenSSL's name of a curve. @param {string} curve */
export const curveTold = (curve) => /** @type {string} */ (curveNames.find((name) => curves[name] === curve));

/** The host's name of a kind. */
const okpNames = { ed25519: "Ed25519", x25519: "X25519" };

/** @param {any} kind @returns {"Ed25519" | "X25519"} */
export const okpName = (kind) => /** @type {any} */ (okpNames)[kind];

/** @param {string} algorithm as `keyAlgorithm` says it @returns {{ kind: any, curve?: string }} */
function kindOf(algorithm) {
  return algorithm === "rsa" || algorithm in okpNames ? { kind: algorithm } : { kind: "ec", curve: algorithm };
}

/**
 * @param {"pkcs8" | "pkcs1" | "sec1" | "encrypted"} format
 * @param {Uint8Array} der
 * @param {Uint8Array | undefined} passphrase
 * @returns {Material}
 */
export function readPrivate(format, der, passphrase) {
  if (format === "encrypted") {
    if (passphrase === undefined) throw passphraseMissing();
    return readPrivate("pkcs8", orElse(() => ops.keyDecrypt(der, passphrase), badDecrypt), undefined);
  }
  return orElse(() => {
    if (format === "pkcs1") return { type: "private", kind: "rsa", bytes: ops.rsaConvert("from-pkcs1-private", der) };
    const { kind, curve } = kindOf(ops.keyAlgorithm(format, der));
    if (kind === "rsa") return { type: "private", kind, bytes: ops.rsaImport("pkcs8", der) };
    if (kind === "ec") return pairHalf(kind, ops.ecImport(/** @type {string} */ (curve), format, der), curve);
    const bytes = ops.okpImport(okpName(kind), "pkcs8", der);
    return pairHalf(kind, [bytes, ops.okpPublic(okpName(kind), bytes)]);
  }, unreadableKey);
}

export const passphraseMissing = () => nodeError(TypeError, "ERR_MISSING_PASSPHRASE", "Passphrase required for encrypted key");

/** @param {"ec" | "ed25519" | "x25519"} kind @param {Uint8Array[]} parts @param {string} [curve] @returns {Material} */
export function pairHalf(kind, [bytes, point], curve = undefined) {
  return { type: "private", kind, curve, bytes, point };
}

/** @param {"spki" | "pkcs1"} format @param {Uint8Array} der @returns {Material} */
export function readPublic(format, der) {
  return orElse(() => {
    if (format === "pkcs1") return { type: "public", kind: "rsa", bytes: ops.rsaConvert("from-pkcs1-public", der) };
    const { kind, curve } = kindOf(ops.keyAlgorithm("spki", der));
    if (kind === "rsa") return { type: "public", kind, bytes: ops.rsaImport("spki", der) };
    const bytes = kind === "ec" ? ops.ecImport(/** @type {string} */ (curve), "spki", der)[0] : ops.okpImport(okpName(kind), "spki", der);
    return { type: "public", kind, curve, bytes };
  }, unreadableKey);
}

/** The public half. @param {Material} key @returns {Material} */
export function publicOf({ kind, curve, bytes, point }) {
  return { type: "public", kind, curve, bytes: kind === "rsa" ? ops.rsaPublic(bytes) : /** @type {Uint8Array} */ (point) };
}

/** @param {Material} key @param {"pkcs8" | "pkcs1" | "sec1" | "spki"} format @returns {Uint8Array} a document */
export function write({ type, kind, curve, bytes }, format) {
  if (format === "pkcs1") return ops.rsaConvert(type === "private" ? "to-pkcs1-private" : "to-pkcs1-public", bytes);
  if (kind === "rsa") return bytes;
  if (kind === "ec") return ops.ecExport(/** @type {string} */ (curve), format, bytes);
  return ops.okpExport(okpName(kind), /** @type {"pkcs8" | "spki"} */ (format), bytes);
}

/** The numbers of an RSA key in the order of the host. */
const rsaFields = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];

/** @param {Material} key @returns {Record<string, string>} */
export function toJwk({ type, kind, curve, bytes, point }) {
  if (type === "secret") return { kty: "oct", k: toBase64Url(bytes) };
  if (kind === "rsa") {
    const numbers = ops.rsaNumbers(type === "private" ? "pkcs8" : "spki", bytes);
    return { kty: "RSA", ...Object.fromEntries(numbers.map((number, index) => [rsaFields[index], toBase64Url(number)])) };
  }
  const shown = point ?? bytes;
  /** @type {Record<string, string>} */
  const secret = type === "private" ? { d: toBase64Url(bytes) } : {};
  if (curve === "P-224") throw nodeError(Error, "ERR_CRYPTO_JWK_UNSUPPORTED_CURVE", "Unsupported JWK EC curve: secp224r1.");
  if (kind !== "ec") return { crv: okpName(kind), ...secret, x: toBase64Url(shown), kty: "OKP" };
  const length = (shown.length - 1) / 2;
  return { kty: "EC", x: toBase64Url(shown.subarray(1, 1 + length)), y: toBase64Url(shown.subarray(1 + length)), crv: /** @type {string} */ (curve), ...secret };
}

/** @param {any} jwk @param {"private" | "public"} type what is wanted; of a private JWK the public half is, too @returns {Material} */
export function fromJwk(jwk, type) {
  const field = (/** @type {string} */ name) => orElse(() => fromBase64Url(jwk, name), invalidJwk);
  switch (jwk.kty) {
    case "RSA": {
      const numbers = (type === "private" ? rsaFields : ["n", "e"]).map(field);
      return { type, kind: "rsa", bytes: orElse(() => ops.rsaFromNumbers(numbers), invalidJwk) };
    }
    case "EC": {
      const curve = orElse(() => curveNamed(jwk.crv), invalidJwk);
      const point = orElse(() => ops.ecImport(curve, "point", Uint8Array.of(4, ...field("x"), ...field("y")))[0], invalidJwk);
      if (type === "public") return { type, kind: "ec", curve, bytes: point };
      return pairHalf("ec", orElse(() => ops.ecImport(curve, "scalar", field("d")), invalidJwk), curve);
    }
    case "OKP": {
      const kind = jwk.crv === "Ed25519" ? "ed25519" : jwk.crv === "X25519" ? "x25519" : undefined;
      if (kind === undefined) throw invalidJwk();
      const bytes = field(type === "private" ? "d" : "x");
      if (bytes.length !== 32) throw invalidJwk();
      return type === "public" ? { type, kind, bytes } : pairHalf(kind, [bytes, ops.okpPublic(okpName(kind), bytes)]);
    }
    default:
      throw invalidArgValue("key.kty", jwk.kty, "must be one of: 'RSA', 'EC', 'OKP'");
  }
}

function invalidJwk() {
  return nodeError(TypeError, "ERR_CRYPTO_INVALID_JWK", "Invalid JWK data");
}
