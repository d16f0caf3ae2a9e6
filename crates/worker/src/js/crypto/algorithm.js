/**
 * Conversion of algorithm arguments: a name in any case, and the parameters that the operation and the algorithm need.
 *
 * Source: https://www.w3.org/TR/WebCryptoAPI/#algorithm-normalization
 *
 * @module
 */

import { dataError, invalidAccess, notSupported } from "stated:crypto/key";
import { badArgument, badField, toDOMString, viewBytes } from "stated:webidl";

/** @typedef {Record<string, any> & { name: string }} Normalized */
/** @typedef {(value: any, field: string, dictionary: string) => any} Converter throws for a value of a wrong type */

const hashes = ["SHA-1", "SHA-256", "SHA-384", "SHA-512", "MD5"];

/**
 * The standard's spelling of a digest's name, or undefined.
 *
 * @param {string} name
 */
export function hashName(name) {
  const upper = name.toUpperCase();
  return hashes.find((hash) => hash === upper);
}

/** @param {any} value @returns {string} */
function nameOf(value) {
  return toDOMString(typeof value === "object" && value !== null ? value.name : value);
}

/** @type {Converter} */
function hash(value, field, dictionary) {
  if (value === null) throw badField(field, dictionary, "string or HashAlgorithm");
  const name = hashName(nameOf(value));
  if (name === undefined) throw notSupported("Unrecognized or unimplemented digest algorithm requested.");
  return { name };
}

/** Bytes, copied: they may change while the promise is pending. @type {Converter} */
function bytes(value, field, dictionary) {
  const view = viewBytes(value);
  if (view === undefined) throw badField(field, dictionary, "BufferSource");
  return view.slice();
}

/** What is no number is 0; the range is up to the algorithm. @type {Converter} */
function integer(value) {
  const number = Number(value);
  if (number < -0x8000_0000 || number > 0x7fff_ffff) {
    throw new TypeError("Value out of range. Must be between -2147483648 and 2147483647 (inclusive).");
  }
  return Math.trunc(number) || 0;
}

/** @type {Converter} */
const text = (value) => toDOMString(value);
/** @type {Converter} */
const any = (value) => value;

/** Fields with a question mark may be absent. @type {Record<string, Record<string, Converter>>} */
const parameters = {
  none: {},
  hashed: { hash },
  hmacKey: { hash, "length?": integer },
  aesKey: { length: integer },
  rsaKey: { modulusLength: integer, publicExponent: bytes, hash },
  ecKey: { namedCurve: text },
  cbc: { iv: bytes },
  ctr: { counter: bytes, length: integer },
  gcm: { iv: bytes, "additionalData?": bytes, "tagLength?": integer },
  oaep: { "label?": bytes },
  pss: { saltLength: integer },
  agreement: { public: any },
  hkdf: { hash, salt: bytes, info: bytes },
  pbkdf2: { hash, salt: bytes, iterations: integer },
};

const aes = { generateKey: "aesKey", importKey: "none", getKeyLength: "aesKey" };
const rsa = { generateKey: "rsaKey", importKey: "hashed" };
const ec = { generateKey: "ecKey", importKey: "ecKey" };

/** Of each algorithm, its operations with the names of their parameters. @type {Record<string, Record<string, string>>} */
const algorithms = {
  "AES-CBC": { ...aes, encrypt: "cbc", decrypt: "cbc", wrapKey: "cbc", unwrapKey: "cbc" },
  "AES-CTR": { ...aes, encrypt: "ctr", decrypt: "ctr", wrapKey: "ctr", unwrapKey: "ctr" },
  "AES-GCM": { ...aes, encrypt: "gcm", decrypt: "gcm", wrapKey: "gcm", unwrapKey: "gcm" },
  "AES-KW": { ...aes, wrapKey: "none", unwrapKey: "none" },
  ECDH: { ...ec, deriveBits: "agreement" },
  ECDSA: { ...ec, sign: "hashed", verify: "hashed" },
  Ed25519: { generateKey: "none", importKey: "none", sign: "none", verify: "none" },
  "NODE-ED25519": { generateKey: "ecKey", importKey: "ecKey", sign: "none", verify: "none" },
  HKDF: { importKey: "none", deriveBits: "hkdf", getKeyLength: "none" },
  HMAC: { generateKey: "hmacKey", importKey: "hmacKey", sign: "none", verify: "none", getKeyLength: "hmacKey" },
  PBKDF2: { importKey: "none", deriveBits: "pbkdf2", getKeyLength: "none" },
  "RSA-OAEP": { ...rsa, encrypt: "oaep", decrypt: "oaep", wrapKey: "oaep", unwrapKey: "oaep" },
  "RSA-PSS": { ...rsa, sign: "pss", verify: "pss" },
  "RSASSA-PKCS1-v1_5": { ...rsa, sign: "none", verify: "none" },
  X25519: { generateKey: "none", importKey: "none", deriveBits: "agreement" },
};

const spellings = new Map(Object.keys(algorithms).map((name) => [name.toUpperCase(), name]));

/** The names that Workers has for the arguments of each operation. @type {Record<string, string>} */
const dictionaries = {
  encrypt: "EncryptAlgorithm", decrypt: "EncryptAlgorithm", wrapKey: "EncryptAlgorithm", unwrapKey: "EncryptAlgorithm",
  sign: "SignAlgorithm", verify: "SignAlgorithm", deriveBits: "DeriveKeyAlgorithm", generateKey: "GenerateKeyAlgorithm",
  importKey: "ImportKeyAlgorithm", getKeyLength: "ImportKeyAlgorithm",
};

/** How a text calls what is asked of an algorithm that is not known. @type {Record<string, string>} */
const asked = { generateKey: "key generation algorithm", importKey: "key import algorithm", getKeyLength: "derived key type" };

/**
 * Normalizes an algorithm argument for an operation.
 *
 * @param {string} operation
 * @param {unknown} algorithm
 * @param {{ method: string, position: number, key?: import("stated:crypto/key").KeyFields, usage?: string }} use the method and
 *   the argument's position; for an operation with a key, the key, which must be of that algorithm and allow the usage
 * @returns {Normalized}
 */
export function normalize(operation, algorithm, { method, position, key, usage = operation }) {
  const dictionary = dictionaries[operation];
  if (algorithm === undefined || algorithm === null) throw badArgument("SubtleCrypto", method, position, `string or ${dictionary}`);
  const given = nameOf(algorithm);
  const upper = given.toUpperCase();
  const name = spellings.get(upper);
  const kind = name === undefined ? undefined : algorithms[name][operation];
  /** @type {Normalized} */
  const normalized = { name: name ?? given };
  const fields = Object.entries(parameters[kind ?? "none"]);
  for (const [key, convert] of fields) {
    const field = key.replace("?", "");
    const value = typeof algorithm === "object" ? /** @type {any} */ (algorithm)[field] : undefined;
    if (value !== undefined) normalized[field] = convert(value, field, dictionary);
  }
  if (key !== undefined) {
    if (name !== key.algorithm.name) {
      throw invalidAccess(`Requested algorithm "${given}" does not match this CryptoKey's algorithm "${key.algorithm.name}".`);
    }
    if (!key.usages.includes(usage)) {
      throw invalidAccess(`Requested key usage "${usage}" does not match any usage listed in this CryptoKey.`);
    }
  }
  if (name === undefined || kind === undefined) {
    throw notSupported(asked[operation] === undefined ? `The algorithm "${given}" has no ${operation}().`
      : `Unrecognized ${asked[operation]} "${given}" requested.`);
  }
  for (const [field] of fields) {
    if (!field.endsWith("?") && normalized[field] === undefined) throw missing(operation, name, field);
  }
  return normalized;
}

/** @param {string} operation @param {string} name @param {string} field */
function missing(operation, name, field) {
  if (field === "saltLength") return dataError("Failed to provide salt for RSA-PSS key operation which requires a salt");
  if (name === "ECDSA" && field === "hash") {
    return new TypeError('Missing "hash" in AlgorithmIdentifier. (ECDSA requires that the hash algorithm be specified at call time '
      + "rather than on the key. This differs from other WebCrypto algorithms for historical reasons.)");
  }
  if (name === "AES-CTR" && operation !== "generateKey" && operation !== "getKeyLength") {
    return new TypeError(`Missing "${field}" member in "algorithm".`);
  }
  const inDerived = operation === "getKeyLength" || field === "public";
  return new TypeError(`Missing field "${field}" in "${inDerived ? "derivedKeyParams" : "algorithm"}".`);
}
