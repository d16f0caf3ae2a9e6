/**
 * SubtleCrypto: the methods, as steps that are the same for every algorithm. What an algorithm does is in secret.js,
 * curves.js and rsa.js.
 *
 * Source: https://www.w3.org/TR/WebCryptoAPI/#subtlecrypto-interface
 *
 * @module
 */

import { hashName, normalize } from "stated:crypto/algorithm";
import { curveAlgorithms } from "stated:crypto/curves";
import { CryptoKey, dataError, invalidAccess, keyFields, notSupported, syntaxError, toUsages } from "stated:crypto/key";
import { rsaAlgorithms } from "stated:crypto/rsa";
import { secretAlgorithms } from "stated:crypto/secret";
import { ops } from "stated:host";
import { badArgument, defineInspection, defineInterface, illegalConstructor, internal, toDOMString,
  viewBytes } from "stated:webidl";

/** @typedef {import("stated:crypto/key").KeyFields} KeyFields */
/** @typedef {import("stated:crypto/algorithm").Normalized} Normalized */

/** @type {Record<string, any>} */
const implementations = { ...secretAlgorithms, ...curveAlgorithms, ...rsaAlgorithms };

const formats = ["raw", "pkcs8", "spki"];

/** @param {string} method @param {number} position @param {string} type */
const wrongArgument = (method, position, type) => badArgument("SubtleCrypto", method, position, type);

/**
 * @param {string} method
 * @param {number} position
 * @param {unknown} value
 * @returns {Uint8Array} not copied: operations read it before anything else runs
 */
function toBytes(method, position, value) {
  const bytes = viewBytes(value);
  if (bytes === undefined) throw wrongArgument(method, position, "BufferSource");
  return bytes;
}

/**
 * @param {string} method
 * @param {number} position
 * @param {unknown} value
 */
function toKey(method, position, value) {
  if (!(value instanceof CryptoKey)) throw wrongArgument(method, position, "CryptoKey");
  return keyFields(value);
}

/**
 * Requires the arguments of a method, before anything is done with them.
 *
 * @param {string} method
 * @param {number} given how many there are
 * @param {string[]} types of all that are needed
 */
function checkCount(method, given, types) {
  if (given < types.length) throw wrongArgument(method, given + 1, types[given]);
}

/** What is imported: bytes, or a JWK. @param {string} format @param {any} value @returns {any} */
function toKeyData(format, value) {
  if (typeof value !== "object" || value === null) throw wrongArgument("importKey", 2, "BufferSource or JsonWebKey");
  const bytes = viewBytes(value);
  if (format === "jwk") {
    if (bytes !== undefined) throw new TypeError("Import data provided for \"jwk\" import format must be a JsonWebKey.");
    return value;
  }
  if (bytes === undefined) {
    if (!formats.includes(format)) return value;
    throw new TypeError("Import data provided for \"raw\", \"pkcs8\", or \"spki\" import formats must be a buffer source.");
  }
  return bytes.slice();
}

/** @param {CryptoKey | CryptoKeyPair} made */
function checkUsable(made) {
  if (!(made instanceof CryptoKey)) {
    if (keyFields(made.privateKey).usages.length > 0) return;
    throw syntaxError("Attempt to generate asymmetric keys with no valid private key usages.");
  }
  const { type, usages } = keyFields(made);
  if (type !== "public" && usages.length === 0) throw syntaxError("Secret/private CryptoKeys must have at least one usage.");
}

const transformTypes = {
  encrypt: ["string or EncryptAlgorithm", "CryptoKey", "BufferSource"],
  decrypt: ["string or EncryptAlgorithm", "CryptoKey", "BufferSource"],
  sign: ["string or SignAlgorithm", "CryptoKey", "BufferSource"],
};

/** @typedef {{ publicKey: CryptoKey, privateKey: CryptoKey }} CryptoKeyPair */

/** @param {Uint8Array} bytes @returns {ArrayBuffer} */
const toBuffer = (bytes) => /** @type {ArrayBuffer} */ (bytes.slice().buffer);

/**
 * @param {string} format
 * @param {any} data bytes, or a JWK
 * @param {Normalized} algorithm
 * @param {boolean} extractable
 * @param {string[]} usages
 * @returns {CryptoKey}
 */
function importKey(format, data, algorithm, extractable, usages) {
  const key = implementations[algorithm.name].importKey(format, data, algorithm, extractable, usages);
  checkUsable(key);
  return key;
}

/**
 * @param {string} format
 * @param {KeyFields} key
 * @returns {any} bytes, or a JWK
 */
function exportKey(format, key) {
  const { name } = key.algorithm;
  const implementation = implementations[name];
  if (implementation.exportKey === undefined) throw notSupported(`A key for ${name} cannot be exported.`);
  if (!key.extractable) throw invalidAccess(`Attempt to export non-extractable ${name} key.`);
  return implementation.exportKey(format, key);
}

/** The class of `crypto.subtle`. */
export class SubtleCrypto {
  #brand = true;

  /** @param {unknown} [token] */
  constructor(token = undefined) {
    if (token !== internal) throw illegalConstructor();
  }

  /**
   * @param {any} algorithm
   * @param {CryptoKey} key
   * @param {ArrayBuffer | ArrayBufferView} data
   * @returns {Promise<ArrayBuffer>}
   */
  async encrypt(algorithm, key, data) {
    return this.#transform("encrypt", arguments.length, algorithm, key, data);
  }

  /**
   * @param {any} algorithm
   * @param {CryptoKey} key
   * @param {ArrayBuffer | ArrayBufferView} data
   * @returns {Promise<ArrayBuffer>}
   */
  async decrypt(algorithm, key, data) {
    return this.#transform("decrypt", arguments.length, algorithm, key, data);
  }

  /**
   * @param {any} algorithm
   * @param {CryptoKey} key
   * @param {ArrayBuffer | ArrayBufferView} data
   * @returns {Promise<ArrayBuffer>}
   */
  async sign(algorithm, key, data) {
    return this.#transform("sign", arguments.length, algorithm, key, data);
  }

  /**
   * @param {"encrypt" | "decrypt" | "sign"} operation
   * @param {number} count of the arguments
   * @param {unknown} algorithm
   * @param {unknown} key
   * @param {unknown} data
   */
  #transform(operation, count, algorithm, key, data) {
    void this.#brand;
    checkCount(operation, count, transformTypes[operation]);
    const fields = toKey(operation, 2, key);
    const bytes = toBytes(operation, 3, data);
    const normalized = normalize(operation, algorithm, { method: operation, position: 1, key: fields });
    return toBuffer(implementations[normalized.name][operation](normalized, fields, bytes));
  }

  /**
   * @param {any} algorithm
   * @param {CryptoKey} key
   * @param {ArrayBuffer | ArrayBufferView} signature
   * @param {ArrayBuffer | ArrayBufferView} data
   * @returns {Promise<boolean>}
   */
  async verify(algorithm, key, signature, data) {
    void this.#brand;
    checkCount("verify", arguments.length, [...transformTypes.sign, "BufferSource"]);
    const fields = toKey("verify", 2, key);
    const [given, bytes] = [toBytes("verify", 3, signature), toBytes("verify", 4, data)];
    const normalized = normalize("verify", algorithm, { method: "verify", position: 1, key: fields });
    return implementations[normalized.name].verify(normalized, fields, given, bytes);
  }

  /**
   * @param {string | { name: string }} algorithm SHA-1, SHA-256, SHA-384, SHA-512 or MD5
   * @param {ArrayBuffer | ArrayBufferView} data
   * @returns {Promise<ArrayBuffer>}
   */
  async digest(algorithm, data) {
    void this.#brand;
    if (arguments.length < 1) throw wrongArgument("digest", 1, "string or HashAlgorithm");
    const given = typeof algorithm === "object" && algorithm !== null ? algorithm.name : algorithm;
    const name = hashName(given === undefined ? "" : toDOMString(given));
    const bytes = toBytes("digest", 2, data);
    if (name === undefined) throw notSupported("Unrecognized or unimplemented digest algorithm requested.");
    return toBuffer(ops.digest(name, bytes));
  }

  /**
   * @param {any} algorithm
   * @param {boolean} extractable
   * @param {string[]} keyUsages
   * @returns {Promise<CryptoKey | CryptoKeyPair>}
   */
  async generateKey(algorithm, extractable, keyUsages) {
    void this.#brand;
    checkCount("generateKey", arguments.length, ["string or GenerateKeyAlgorithm", "boolean", "Array"]);
    const normalized = normalize("generateKey", algorithm, { method: "generateKey", position: 1 });
    const usages = toUsages(keyUsages, () => wrongArgument("generateKey", 3, "Array"));
    const made = await implementations[normalized.name].generateKey(normalized, Boolean(extractable), usages);
    checkUsable(made);
    return made;
  }

  /**
   * @param {any} algorithm
   * @param {CryptoKey} baseKey
   * @param {any} derivedKeyType
   * @param {boolean} extractable
   * @param {string[]} keyUsages
   * @returns {Promise<CryptoKey>}
   */
  async deriveKey(algorithm, baseKey, derivedKeyType, extractable, keyUsages) {
    void this.#brand;
    checkCount("deriveKey", arguments.length, ["string or DeriveKeyAlgorithm", "CryptoKey", "string or ImportKeyAlgorithm", "boolean", "Array"]);
    const fields = toKey("deriveKey", 2, baseKey);
    const usages = toUsages(keyUsages, () => wrongArgument("deriveKey", 5, "Array"));
    const normalized = normalize("deriveBits", algorithm, { method: "deriveKey", position: 1, key: fields, usage: "deriveKey" });
    const withLength = normalize("getKeyLength", derivedKeyType, { method: "deriveKey", position: 3 });
    const derived = normalize("importKey", derivedKeyType, { method: "deriveKey", position: 3 });
    const bits = implementations[derived.name].getKeyLength(withLength);
    const secret = await implementations[normalized.name].deriveBits(normalized, fields, bits);
    return importKey("raw", secret, derived, Boolean(extractable), usages);
  }

  /**
   * @param {any} algorithm
   * @param {CryptoKey} baseKey
   * @param {number | null} [length] bits; null for as many as the algorithm gives
   * @returns {Promise<ArrayBuffer>}
   */
  async deriveBits(algorithm, baseKey, length = null) {
    void this.#brand;
    checkCount("deriveBits", arguments.length, ["string or DeriveKeyAlgorithm", "CryptoKey"]);
    const fields = toKey("deriveBits", 2, baseKey);
    const bits = length === null ? null : toBits(length);
    const normalized = normalize("deriveBits", algorithm, { method: "deriveBits", position: 1, key: fields });
    return toBuffer(await implementations[normalized.name].deriveBits(normalized, fields, bits));
  }

  /**
   * @param {"raw" | "pkcs8" | "spki" | "jwk"} format
   * @param {any} keyData
   * @param {any} algorithm
   * @param {boolean} extractable
   * @param {string[]} keyUsages
   * @returns {Promise<CryptoKey>}
   */
  async importKey(format, keyData, algorithm, extractable, keyUsages) {
    void this.#brand;
    checkCount("importKey", arguments.length, ["string", "BufferSource or JsonWebKey", "string or ImportKeyAlgorithm", "boolean", "Array"]);
    const checked = toDOMString(format);
    if (typeof keyData !== "object" || keyData === null) throw wrongArgument("importKey", 2, "BufferSource or JsonWebKey");
    const usages = toUsages(keyUsages, () => wrongArgument("importKey", 5, "Array"));
    const data = toKeyData(checked, keyData);
    const normalized = normalize("importKey", algorithm, { method: "importKey", position: 3 });
    return importKey(checked, data, normalized, Boolean(extractable), usages);
  }

  /**
   * @param {"raw" | "pkcs8" | "spki" | "jwk"} format
   * @param {CryptoKey} key
   * @returns {Promise<any>}
   */
  async exportKey(format, key) {
    void this.#brand;
    checkCount("exportKey", arguments.length, ["string", "CryptoKey"]);
    const checked = toDOMString(format);
    const exported = exportKey(checked, toKey("exportKey", 2, key));
    return checked === "jwk" ? exported : toBuffer(exported);
  }

  /**
   * @param {"raw" | "pkcs8" | "spki" | "jwk"} format
   * @param {CryptoKey} key
   * @param {CryptoKey} wrappingKey
   * @param {any} wrapAlgorithm
   * @returns {Promise<ArrayBuffer>}
   */
  async wrapKey(format, key, wrappingKey, wrapAlgorithm) {
    void this.#brand;
    checkCount("wrapKey", arguments.length, ["string", "CryptoKey", "CryptoKey", "string or EncryptAlgorithm"]);
    const checked = toDOMString(format);
    const [inner, outer] = [toKey("wrapKey", 2, key), toKey("wrapKey", 3, wrappingKey)];
    const normalized = normalize("wrapKey", wrapAlgorithm, { method: "wrapKey", position: 4, key: outer });
    const exported = exportKey(checked, inner);
    const bytes = checked === "jwk" ? ops.utf8Encode(JSON.stringify(exported)) : exported;
    return toBuffer(implementations[normalized.name].wrapKey(normalized, outer, bytes));
  }

  /**
   * @param {"raw" | "pkcs8" | "spki" | "jwk"} format
   * @param {ArrayBuffer | ArrayBufferView} wrappedKey
   * @param {CryptoKey} unwrappingKey
   * @param {any} unwrapAlgorithm
   * @param {any} unwrappedKeyAlgorithm
   * @param {boolean} extractable
   * @param {string[]} keyUsages
   * @returns {Promise<CryptoKey>}
   */
  async unwrapKey(format, wrappedKey, unwrappingKey, unwrapAlgorithm, unwrappedKeyAlgorithm, extractable, keyUsages) {
    void this.#brand;
    checkCount("unwrapKey", arguments.length, ["string", "BufferSource", "CryptoKey", "string or EncryptAlgorithm",
      "string or ImportKeyAlgorithm", "boolean", "Array"]);
    const checked = toDOMString(format);
    const bytes = toBytes("unwrapKey", 2, wrappedKey);
    const outer = toKey("unwrapKey", 3, unwrappingKey);
    const usages = toUsages(keyUsages, () => wrongArgument("unwrapKey", 7, "Array"));
    const normalized = normalize("unwrapKey", unwrapAlgorithm, { method: "unwrapKey", position: 4, key: outer });
    const inner = normalize("importKey", unwrappedKeyAlgorithm, { method: "unwrapKey", position: 5 });
    const unwrapped = implementations[normalized.name].unwrapKey(normalized, outer, bytes);
    return importKey(checked, checked === "jwk" ? parseJwk(unwrapped) : unwrapped, inner, Boolean(extractable), usages);
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
    const left = toBytes("timingSafeEqual", 1, a);
    const right = toBytes("timingSafeEqual", 2, b);
    if (left.byteLength !== right.byteLength) throw new TypeError("Input buffers must have the same byte length.");
    let difference = 0;
    for (let i = 0; i < left.byteLength; i++) difference |= left[i] ^ right[i];
    return difference === 0;
  }
}

/** @param {any} value @returns {number} */
function toBits(value) {
  const bits = Number(value);
  if (bits < -0x8000_0000 || bits > 0x7fff_ffff) {
    throw new TypeError("Value out of range. Must be between -2147483648 and 2147483647 (inclusive).");
  }
  const whole = Math.trunc(bits) || 0;
  if (whole < 0) throw new TypeError("deriveBits length must be an unsigned long integer.");
  return whole;
}

/** @param {Uint8Array} bytes */
function parseJwk(bytes) {
  try {
    const jwk = JSON.parse(ops.textDecode("utf-8", bytes, true, true));
    if (typeof jwk === "object" && jwk !== null) return jwk;
  } catch {
    // Told below.
  }
  throw dataError("The unwrapped bytes are not a JWK.");
}

defineInterface(SubtleCrypto);
defineInspection(SubtleCrypto.prototype, () => ({}));
