/**
 * Algorithms with secret keys: AES, HMAC, HKDF and PBKDF2.
 *
 * @module
 */

import { checkJwk, fromBase64Url, newJwk, toBase64Url } from "stated:crypto/jwk";
import { checkUsages, dataError, newKey, notSupported, operationError, syntaxError } from "stated:crypto/key";
import { ops } from "stated:host";

/** @typedef {import("stated:crypto/algorithm").Normalized} Normalized */
/** @typedef {import("stated:crypto/key").KeyFields} KeyFields */

const none = new Uint8Array();
/** Bits of the blocks that the digests work on: the length of a new HMAC key. @type {Record<string, number>} */
const blockBits = { MD5: 512, "SHA-1": 512, "SHA-256": 512, "SHA-384": 1024, "SHA-512": 1024 };

/** @param {number} length */
function randomBytes(length) {
  const bytes = new Uint8Array(length);
  ops.randomFill(bytes);
  return bytes;
}

/** @param {unknown} bits */
function checkAesBits(bits) {
  if (bits !== 128 && bits !== 192 && bits !== 256) {
    throw operationError(`The length of an AES key is 128, 192 or 256 bits, not ${bits}.`);
  }
}

/** The tag's length. @param {Normalized} algorithm */
const tagBits = (algorithm) => algorithm.tagLength ?? 128;

/**
 * What the host's operation takes for each mode: `[iv, bits, extra]`.
 *
 * @type {Record<string, (algorithm: Normalized) => [Uint8Array, number, Uint8Array]>}
 */
const modes = {
  "AES-CBC": ({ iv }) => [iv, 0, none],
  "AES-CTR": ({ counter, length }) => [counter, length, none],
  "AES-GCM": (algorithm) => [algorithm.iv, tagBits(algorithm), algorithm.additionalData ?? none],
  "AES-KW": () => [none, 0, none],
};

/** @param {string} name */
function aes(name) {
  const usages = name === "AES-KW" ? ["wrapKey", "unwrapKey"] : ["encrypt", "decrypt", "wrapKey", "unwrapKey"];
  const toOperation = modes[name];
  /** @param {Normalized} algorithm @param {KeyFields} key @param {Uint8Array} data */
  const encrypt = (algorithm, key, data) => ops.aesEncrypt(name, key.bytes, ...toOperation(algorithm), data);
  /** @param {Normalized} algorithm @param {KeyFields} key @param {Uint8Array} data */
  const decrypt = (algorithm, key, data) => ops.aesDecrypt(name, key.bytes, ...toOperation(algorithm), data);
  return {
    /** @param {Normalized} algorithm @param {boolean} extractable @param {string[]} asked */
    generateKey(algorithm, extractable, asked) {
      checkUsages("AES", asked, usages);
      checkAesBits(algorithm.length);
      const bytes = randomBytes(algorithm.length / 8);
      return newKey({ type: "secret", extractable, algorithm: { name, length: algorithm.length }, usages: asked, bytes });
    },
    /** @param {string} format @param {any} data @param {Normalized} _ @param {boolean} extractable @param {string[]} asked */
    importKey(format, data, _, extractable, asked) {
      checkUsages("AES", asked, usages);
      const bytes = importSecret(format, data, extractable, asked, "enc");
      const length = bytes.length * 8;
      if (length !== 128 && length !== 192 && length !== 256) {
        throw dataError(`Imported AES key length must be 128, 192, or 256 bits but provided ${length}.`);
      }
      if (format === "jwk" && data.alg !== undefined && data.alg !== jwkAlg(length)) {
        throw dataError(`The field "alg" of the JWK must be "${jwkAlg(length)}".`);
      }
      return newKey({ type: "secret", extractable, algorithm: { name, length }, usages: asked, bytes });
    },
    /** @param {string} format @param {KeyFields} key */
    exportKey: (format, key) => exportSecret(format, key, jwkAlg(key.algorithm.length)),
    /** @param {Normalized} algorithm */
    getKeyLength(algorithm) {
      checkAesBits(algorithm.length);
      return algorithm.length;
    },
    encrypt,
    decrypt,
    wrapKey: encrypt,
    unwrapKey: decrypt,
  };

  /** @param {number} length */
  function jwkAlg(length) {
    return `A${length}${name.slice("AES-".length)}`;
  }
}

/**
 * @param {string} format
 * @param {any} data
 * @param {boolean} extractable
 * @param {string[]} usages
 * @param {"sig" | "enc"} use
 * @returns {Uint8Array}
 */
function importSecret(format, data, extractable, usages, use) {
  if (format === "raw") return data;
  if (format !== "jwk") throw notSupported(`A secret key has no format "${format}".`);
  checkJwk(data, "oct", { extractable, usages, use });
  return fromBase64Url(data, "k");
}

/**
 * @param {string} format
 * @param {KeyFields} key
 * @param {string | undefined} alg
 */
function exportSecret(format, key, alg) {
  if (format === "raw") return key.bytes;
  if (format !== "jwk") throw notSupported(`A secret key has no format "${format}".`);
  /** @type {Record<string, string>} */
  const fields = { kty: "oct", k: toBase64Url(key.bytes) };
  if (alg !== undefined) fields.alg = alg;
  return newJwk(fields, key);
}

/** @type {Record<string, string>} */
const hmacAlgs = { "SHA-1": "HS1", "SHA-256": "HS256", "SHA-384": "HS384", "SHA-512": "HS512" };

const hmac = {
  /** @param {Normalized} algorithm @param {boolean} extractable @param {string[]} usages */
  generateKey(algorithm, extractable, usages) {
    checkUsages("HMAC", usages, ["sign", "verify"]);
    const { hash } = algorithm;
    const length = hmac.getKeyLength(algorithm);
    const bytes = trimmed(randomBytes(Math.ceil(length / 8)), length);
    return newKey({ type: "secret", extractable, algorithm: { name: "HMAC", hash, length }, usages, bytes });
  },
  /**
   * @param {string} format @param {any} data @param {Normalized} algorithm @param {boolean} extractable
   * @param {string[]} usages
   */
  importKey(format, data, { hash, length }, extractable, usages) {
    checkUsages("HMAC", usages, ["sign", "verify"]);
    const bytes = importSecret(format, data, extractable, usages, "sig");
    if (format === "jwk" && data.alg !== undefined && data.alg !== hmacAlgs[hash.name]) {
      throw dataError(`The field "alg" of the JWK must be "${hmacAlgs[hash.name]}".`);
    }
    const bits = bytes.length * 8;
    if (bits === 0) throw dataError("Imported HMAC key length (0) must be a non-zero value.");
    if (length !== undefined && (length > bits || length <= bits - 8)) {
      throw dataError(`Imported HMAC key length (${length}) does not fit the ${bits} bits of the key.`);
    }
    const used = length ?? bits;
    const algorithm = { name: "HMAC", hash, length: used };
    return newKey({ type: "secret", extractable, algorithm, usages, bytes: trimmed(bytes, used) });
  },
  /** @param {string} format @param {KeyFields} key */
  exportKey: (format, key) => exportSecret(format, key, hmacAlgs[key.algorithm.hash.name]),
  /** @param {Normalized} algorithm */
  getKeyLength({ hash, length }) {
    if (length === 0) throw operationError("The length of an HMAC key must not be 0.");
    return length ?? blockBits[hash.name];
  },
  /** @param {Normalized} _ @param {KeyFields} key @param {Uint8Array} data */
  sign: (_, key, data) => ops.hmacSign(key.algorithm.hash.name, key.bytes, data),
  /** @param {Normalized} _ @param {KeyFields} key @param {Uint8Array} signature @param {Uint8Array} data */
  verify: (_, key, signature, data) => ops.hmacVerify(key.algorithm.hash.name, key.bytes, signature, data),
};

/**
 * Clears the bits after the first `bits`.
 *
 * @param {Uint8Array} bytes
 * @param {number} bits
 */
function trimmed(bytes, bits) {
  if (bits % 8 !== 0) bytes[bytes.length - 1] &= 0xff << (8 - bits % 8);
  return bytes;
}

/**
 * @param {string} name
 * @param {(algorithm: Normalized, secret: Uint8Array, bytes: number) => Uint8Array | Promise<Uint8Array>} derive
 */
function derivation(name, derive) {
  return {
    /** @param {string} format @param {any} data @param {Normalized} _ @param {boolean} extractable @param {string[]} usages */
    importKey(format, data, _, extractable, usages) {
      if (format !== "raw") throw notSupported(`A key for ${name} has no format "${format}".`);
      checkUsages(name, usages, ["deriveKey", "deriveBits"]);
      if (extractable) {
        throw syntaxError(`A key for ${name} cannot be extractable.`);
      }
      return newKey({ type: "secret", extractable: false, algorithm: { name }, usages, bytes: data });
    },
    getKeyLength: () => null,
    /** @param {Normalized} algorithm @param {KeyFields} key @param {number | null} bits */
    deriveBits(algorithm, key, bits) {
      if (bits === null) throw operationError(`${name} cannot derive a key with null length.`);
      if (bits % 8 !== 0) {
        throw operationError(`${name} requires a derived key length that is a multiple of eight (requested ${bits}).`);
      }
      return derive(algorithm, key.bytes, bits / 8);
    },
  };
}

const hkdf = derivation("HKDF", ({ hash, salt, info }, secret, bytes) => ops.hkdf(hash.name, secret, salt, info, bytes));

const pbkdf2 = derivation("PBKDF2", ({ hash, salt, iterations }, secret, bytes) => {
  if (iterations === 0) throw operationError("PBKDF2 needs at least one iteration.");
  return ops.pbkdf2(hash.name, secret, salt, iterations, bytes);
});

/** The algorithms of this file, by name. @type {Record<string, any>} */
export const secretAlgorithms = {
  "AES-CBC": aes("AES-CBC"),
  "AES-CTR": aes("AES-CTR"),
  "AES-GCM": aes("AES-GCM"),
  "AES-KW": aes("AES-KW"),
  HKDF: hkdf,
  HMAC: hmac,
  PBKDF2: pbkdf2,
};
