/**
 * The global `crypto`. Its `subtle` is in crypto/.
 *
 * @module
 */

import { DigestStream } from "stated:crypto/digest-stream";
import { SubtleCrypto } from "stated:crypto/subtle";
import { DOMException } from "stated:dom-exception";
import { ops } from "stated:host";
import { badArgument, defineInterface, illegalConstructor, internal, viewBytes } from "stated:webidl";

export { CryptoKey } from "stated:crypto/key";
export { SubtleCrypto };

/** The most bytes of one getRandomValues. */
const RANDOM_BYTES_MAX = 65_536;

/** @param {unknown} value */
function isIntegerArray(value) {
  return value instanceof Int8Array || value instanceof Uint8Array || value instanceof Uint8ClampedArray
    || value instanceof Int16Array || value instanceof Uint16Array || value instanceof Int32Array
    || value instanceof Uint32Array || value instanceof BigInt64Array || value instanceof BigUint64Array;
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

defineInterface(Crypto, ["subtle"]);
Object.defineProperty(Crypto.prototype, "DigestStream", {
  get: () => DigestStream, set: undefined, enumerable: true, configurable: true,
});

/** The global of that name. */
export const crypto = new Crypto(internal);
