/**
 * The global `crypto`: random values and digests. The other methods of SubtleCrypto exist and reject.
 *
 * @module
 */

import { DOMException } from "stated:dom-exception";
import { ops } from "stated:host";
import { badArgument, defineInspection, defineInterface, illegalConstructor, internal, toDOMString, viewBytes } from "stated:webidl";

/** The most bytes of one getRandomValues. */
const RANDOM_BYTES_MAX = 65_536;

const digests = new Set(["SHA-1", "SHA-256", "SHA-384", "SHA-512", "MD5"]);
const unimplemented = ["encrypt", "decrypt", "sign", "verify", "generateKey", "deriveKey", "deriveBits", "importKey", "exportKey",
  "wrapKey", "unwrapKey"];

/** @param {unknown} value */
function isIntegerArray(value) {
  return value instanceof Int8Array || value instanceof Uint8Array || value instanceof Uint8ClampedArray
    || value instanceof Int16Array || value instanceof Uint16Array || value instanceof Int32Array
    || value instanceof Uint32Array || value instanceof BigInt64Array || value instanceof BigUint64Array;
}

/** The class of `crypto.subtle`. */
export class SubtleCrypto {
  #brand = true;

  /** @param {unknown} [token] */
  constructor(token = undefined) {
    if (token !== internal) throw illegalConstructor();
  }

  /**
   * @param {string | { name: string }} algorithm SHA-1, SHA-256, SHA-384, SHA-512 or MD5
   * @param {ArrayBuffer | ArrayBufferView} data
   * @returns {Promise<ArrayBuffer>}
   */
  async digest(algorithm, data) {
    void this.#brand;
    if (arguments.length < 1) throw badArgument("SubtleCrypto", "digest", 1, "string or HashAlgorithm");
    const given = typeof algorithm === "object" && algorithm !== null ? algorithm.name : algorithm;
    const name = given === undefined ? "" : toDOMString(given).toUpperCase();
    const bytes = viewBytes(data);
    if (bytes === undefined) throw badArgument("SubtleCrypto", "digest", 2, "BufferSource");
    if (!digests.has(name)) {
      throw new DOMException("Unrecognized or unimplemented digest algorithm requested.", "NotSupportedError");
    }
    return /** @type {ArrayBuffer} */ (ops.digest(name, bytes).slice().buffer);
  }

  /**
   * Compares bytes in a time that depends only on their number.
   *
   * @param {ArrayBuffer | ArrayBufferView} a
   * @param {ArrayBuffer | ArrayBufferView} b
   * @returns {boolean}
   */
  timingSafeEqual(a, b) {
    void this.#brand;
    const left = viewBytes(a);
    const right = viewBytes(b);
    if (left === undefined) throw badArgument("SubtleCrypto", "timingSafeEqual", 1, "BufferSource");
    if (right === undefined) throw badArgument("SubtleCrypto", "timingSafeEqual", 2, "BufferSource");
    if (left.byteLength !== right.byteLength) throw new TypeError("Input buffers must have the same byte length.");
    let difference = 0;
    for (let i = 0; i < left.byteLength; i++) difference |= left[i] ^ right[i];
    return difference === 0;
  }
}

for (const name of unimplemented) {
  const methods = {
    async [name]() {
      throw new DOMException(`SubtleCrypto.${name}() is not implemented.`, "NotSupportedError");
    },
  };
  Object.defineProperty(SubtleCrypto.prototype, name, { value: methods[name], writable: true, configurable: true });
}

/** The class of `crypto`. */
export class Crypto {
  #subtle;

  /** @param {unknown} [token] */
  constructor(token = undefined) {
    if (token !== internal) throw illegalConstructor();
    this.#subtle = new SubtleCrypto(internal);
  }

  get subtle() {
    return this.#subtle;
  }

  /**
   * Fills a typed array of integers, at most 65536 bytes.
   *
   * @template {ArrayBufferView} T
   * @param {T} array
   * @returns {T}
   */
  getRandomValues(array) {
    void this.#subtle;
    if (!ArrayBuffer.isView(array)) throw badArgument("Crypto", "getRandomValues", 1, "ArrayBufferView");
    if (!isIntegerArray(array)) {
      throw new DOMException("ArrayBufferView argument to getRandomValues() must be an integer-typed view.", "TypeMismatchError");
    }
    if (array.byteLength > RANDOM_BYTES_MAX) {
      throw new DOMException(`getRandomValues() only accepts buffers of size <= 64K but provided ${array.byteLength} bytes.`,
        "QuotaExceededError");
    }
    ops.randomFill(/** @type {Uint8Array} */ (viewBytes(array)));
    return array;
  }

  /** @returns {string} */
  randomUUID() {
    void this.#subtle;
    return ops.randomUuid();
  }
}

defineInterface(SubtleCrypto);
defineInspection(SubtleCrypto.prototype, () => ({}));
defineInterface(Crypto, ["subtle"]);

/** The global of that name. */
export const crypto = new Crypto(internal);
