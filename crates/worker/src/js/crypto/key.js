/**
 * CryptoKey: what programs see of a key, and the bytes behind it that only this library sees.
 *
 * @module
 */

import { DOMException } from "stated:dom-exception";
import { defineInterface, illegalConstructor, internal } from "stated:webidl";

/**
 * @typedef {object} KeyFields
 * @property {"secret" | "private" | "public"} type
 * @property {boolean} extractable
 * @property {any} algorithm
 * @property {string[]} usages
 * @property {Uint8Array} bytes in the form of host.d.ts
 * @property {Uint8Array} [point] of a private EC or OKP key: the public one
 */

/** Every usage, in the order in which `usages` lists them. */
const allUsages = ["encrypt", "decrypt", "sign", "verify", "deriveKey", "deriveBits", "wrapKey", "unwrapKey"];

/** @type {(key: CryptoKey) => KeyFields} */
let fieldsOf;

/** A key of Web Crypto. */
export class CryptoKey {
  /** @type {KeyFields} */ #fields;

  /**
   * @param {unknown} [token]
   * @param {KeyFields} [fields]
   */
  constructor(token = undefined, fields = undefined) {
    if (token !== internal || fields === undefined) throw illegalConstructor();
    this.#fields = fields;
  }

  get type() {
    return this.#fields.type;
  }

  get extractable() {
    return this.#fields.extractable;
  }

  get algorithm() {
    return this.#fields.algorithm;
  }

  get usages() {
    return this.#fields.usages;
  }

  static {
    fieldsOf = (key) => key.#fields;
  }
}

defineInterface(CryptoKey, ["type", "extractable", "algorithm", "usages"]);

/**
 * Makes a key. `usages` are put into order and each is kept once.
 *
 * @param {KeyFields} fields
 */
export function newKey(fields) {
  const usages = allUsages.filter((usage) => fields.usages.includes(usage));
  return new CryptoKey(internal, { ...fields, usages });
}

/**
 * The fields of a key, bytes included.
 *
 * @param {CryptoKey} key
 */
export function keyFields(key) {
  return fieldsOf(key);
}

/**
 * Converts an argument to a list of usages.
 *
 * @param {unknown} value
 * @param {() => TypeError} error
 */
export function toUsages(value, error) {
  if (typeof value !== "object" || value === null || !(Symbol.iterator in value)) throw error();
  return [...(/** @type {Iterable<any>} */ (value))].map(String);
}

/**
 * Requires that all usages are possible for the kind of key.
 *
 * @param {string} what how the key comes and its kind, for the text: "generate HMAC", "import public ECDSA"
 * @param {string[]} usages
 * @param {string[]} possible
 */
export function checkUsages(what, usages, possible) {
  for (const usage of usages) {
    if (!possible.includes(usage)) {
      throw new DOMException(`Attempt to ${what} key with invalid usage "${usage}".`, "SyntaxError");
    }
  }
}

/** @param {string} text */
export const dataError = (text) => new DOMException(text, "DataError");
/** @param {string} text */
export const operationError = (text) => new DOMException(text, "OperationError");
/** @param {string} text */
export const notSupported = (text) => new DOMException(text, "NotSupportedError");
/** @param {string} text */
export const invalidAccess = (text) => new DOMException(text, "InvalidAccessError");
/** @param {string} text */
export const syntaxError = (text) => new DOMException(text, "SyntaxError");
