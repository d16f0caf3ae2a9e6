/**
 * Conversion of algorithm arguments: a name in any case, and the parameters that the operation and the algorithm need.
 *
 * Source: https://www.w3.org/TR/WebCryptoAPI/#algorithm-normalization
 *
 * @module
 */

import { notSupported } from "stated:crypto/key";
import { toDOMString, viewBytes } from "stated:webidl";

/** @typedef {Record<string, any> & { name: string }} Normalized */
/** @typedef {(value: any, field: string) => any} Converter */

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

/** @param {any} value */
function nameOf(value) {
  if (typeof value === "string") return value;
  if ((typeof value === "object" || typeof value === "function") && value !== null && value.name !== undefined) {
    return toDOMString(value.name);
  }
  throw new TypeError("The algorithm has no name: it must be a string or an object with the field \"name\".");
}

/** @type {Converter} */
function hash(value) {
  const name = hashName(nameOf(value));
  if (name === undefined) throw notSupported("Unrecognized or unimplemented digest algorithm requested.");
  return { name };
}

/** Bytes, copied: they may change while the promise is pending. @type {Converter} */
function bytes(value, field) {
  const view = viewBytes(value);
  if (view === undefined) throw new TypeError(`The field "${field}" of the algorithm is not a BufferSource.`);
  return view.slice();
}

/** @type {Converter} */
function bigInteger(value, field) {
  if (!(value instanceof Uint8Array)) throw new TypeError(`The field "${field}" of the algorithm is not a Uint8Array.`);
  return value.slice();
}

/** @param {number} max @returns {Converter} */
function integer(max) {
  return (value, field) => {
    const number = Math.trunc(Number(value));
    if (!(number >= 0 && number <= max)) {
      throw new TypeError(`The field "${field}" of the algorithm is not an integer from 0 to ${max}.`);
    }
    return number;
  };
}

const octet = integer(0xff);
const short = integer(0xffff);
const long = integer(0xffff_ffff);
/** @type {Converter} */
const text = (value) => toDOMString(value);
/** @type {Converter} */
const any = (value) => value;

/** Fields with a question mark may be absent. @type {Record<string, Record<string, Converter>>} */
const parameters = {
  none: {},
  hashed: { hash },
  hmacKey: { hash, "length?": long },
  aesKey: { length: short },
  rsaKey: { modulusLength: long, publicExponent: bigInteger, hash },
  ecKey: { namedCurve: text },
  cbc: { iv: bytes },
  ctr: { counter: bytes, length: octet },
  gcm: { iv: bytes, "additionalData?": bytes, "tagLength?": octet },
  oaep: { "label?": bytes },
  pss: { saltLength: long },
  agreement: { public: any },
  hkdf: { hash, salt: bytes, info: bytes },
  pbkdf2: { hash, salt: bytes, iterations: long },
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
  HKDF: { importKey: "none", deriveBits: "hkdf", getKeyLength: "none" },
  HMAC: { generateKey: "hmacKey", importKey: "hmacKey", sign: "none", verify: "none", getKeyLength: "hmacKey" },
  PBKDF2: { importKey: "none", deriveBits: "pbkdf2", getKeyLength: "none" },
  "RSA-OAEP": { ...rsa, encrypt: "oaep", decrypt: "oaep", wrapKey: "oaep", unwrapKey: "oaep" },
  "RSA-PSS": { ...rsa, sign: "pss", verify: "pss" },
  "RSASSA-PKCS1-v1_5": { ...rsa, sign: "none", verify: "none" },
  X25519: { generateKey: "none", importKey: "none", deriveBits: "agreement" },
};

/** Names that Workers knows beside the standard's. @type {Record<string, string>} */
const aliases = { "NODE-ED25519": "Ed25519" };
const spellings = new Map(Object.keys(algorithms).map((name) => [name.toUpperCase(), name]));

/**
 * Normalizes an algorithm argument for an operation.
 *
 * @param {string} operation
 * @param {unknown} algorithm
 * @returns {Normalized}
 */
export function normalize(operation, algorithm) {
  const given = nameOf(algorithm);
  const upper = given.toUpperCase();
  const name = aliases[upper] ?? spellings.get(upper);
  const kind = name === undefined ? undefined : algorithms[name][operation];
  if (name === undefined || kind === undefined) {
    throw notSupported(`Unrecognized or unimplemented algorithm "${given}" requested for ${operation}().`);
  }
  /** @type {Normalized} */
  const normalized = { name };
  for (const [key, convert] of Object.entries(parameters[kind])) {
    const field = key.replace("?", "");
    const value = typeof algorithm === "object" && algorithm !== null ? /** @type {any} */ (algorithm)[field] : undefined;
    if (value !== undefined) normalized[field] = convert(value, field);
    else if (field === key) throw new TypeError(`The field "${field}" of the algorithm "${name}" is missing.`);
  }
  return normalized;
}
