/**
 * Algorithms with secret keys: AES, HMAC, HKDF and PBKDF2.
 *
 * @module
 */

import { checkExt, fromBase64Url, keyOps, newJwk, toBase64Url } from "stated:crypto/jwk";
import { checkUsages, dataError, newKey, notSupported, operationError, syntaxError } from "stated:crypto/key";
import { DOMException } from "stated:dom-exception";
import { ops } from "stated:host";

/** @typedef {import("stated:crypto/algorithm").Normalized} Normalized */
/** @typedef {import("stated:crypto/key").KeyFields} KeyFields */

const none = new Uint8Array();
/** Bits of the blocks that the digests work on: the length of a new HMAC key. @type {Record<string, number>} */
const blockBits = { MD5: 512, "SHA-1": 512, "SHA-256": 512, "SHA-384": 1024, "SHA-512": 1024 };

/** @type {Record<string, number>} */
const digestBytes = { MD5: 16, "SHA-1": 20, "SHA-256": 32, "SHA-384": 48, "SHA-512": 64 };

/** @param {number} length */
function randomBytes(length) {
  const bytes = new Uint8Array(length);
  ops.randomFill(bytes);
  return bytes;
}

/** @param {unknown} bits */
const isAesBits = (bits) => bits === 128 || bits === 192 || bits === 256;

/** The tag's length. @param {Normalized} algorithm */
function tagBits({ tagLength = 128 }) {
  if (![32, 64, 96, 104, 112, 120, 128].includes(tagLength)) throw operationError(`Invalid AES-GCM tag length ${tagLength}.`);
  return tagLength;
}

/** @param {Uint8Array} iv */
function checkedIv(iv) {
  if (iv.length !== 16) throw operationError(`AES-CBC IV must be 16 bytes long (provided ${iv.length} bytes).`);
  return iv;
}

/** @param {Normalized} algorithm @returns {[Uint8Array, number, Uint8Array]} */
function checkedCounter({ counter, length }) {
  if (counter.length !== 16) throw operationError(`Counter must have length of 16 bytes (provided ${counter.length}).`);
  if (length < 1 || length > 128) throw operationError(`Invalid counter of ${length} bits length provided.`);
  return [counter, length, none];
}

/**
 * What the host's operation takes for each mode: `[iv, bits, extra]`.
 *
 * @type {Record<string, (algorithm: Normalized) => [Uint8Array, number, Uint8Array]>}
 */
const modes = {
  "AES-CBC": ({ iv }) => [checkedIv(iv), 0, none],
  "AES-CTR": checkedCounter,
  "AES-GCM": (algorithm) => [algorithm.iv, tagBits(algorithm), algorithm.additionalData ?? none],
  "AES-KW": () => [none, 0, none],
};

/** @param {string} name */
function aes(name) {
  const usages = name === "AES-KW" ? ["wrapKey", "unwrapKey"] : ["encrypt", "decrypt", "wrapKey", "unwrapKey"];
  const toOperation = modes[name];
  /** @param {Normalized} algorithm @param {KeyFields} key @param {Uint8Array} data */
  const encrypt = (algorithm, key, data) => {
    if (name === "AES-KW" && (data.length % 8 !== 0 || data.length < 16)) {
      throw operationError(`Unwrapped key bit length must be a multiple of 64 bits but unwrapped key has a length of ${data.length * 8} bits.`);
    }
    return ops.aesEncrypt(name, key.bytes, ...toOperation(algorithm), data);
  };
  /** @param {Normalized} algorithm @param {KeyFields} key @param {Uint8Array} data */
  const decrypt = (algorithm, key, data) => {
    const parameters = toOperation(algorithm);
    const length = name === "AES-GCM" ? data.length - parameters[1] / 8 : data.length;
    if (length < 0) {
      throw operationError(`Ciphertext length of ${data.length * 8} bits must be greater than or equal to the size of the AES-GCM tag length of ${parameters[1]} bits.`);
    }
    if (name === "AES-KW" && data.length % 8 !== 0) {
      throw operationError(`Provided a wrapped key to unwrap that is ${data.length * 8} bits which isn't a multiple of 64 bits.`);
    }
    try {
      return ops.aesDecrypt(name, key.bytes, ...parameters, data);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      if (name === "AES-KW") throw operationError("AES-KW key unwrapping failed.");
      const expected = name === "AES-CBC" ? Math.max(0, Math.ceil(length / 16) - 1) * 16 : length;
      throw operationError("Decryption failed. This could be due to a ciphertext authentication failure, bad padding, incorrect CryptoKey, "
        + `or another algorithm-specific reason. Input length was ${length}, output length expected to be ${expected} for ${name}`);
    }
  };
  return {
    /** @param {Normalized} algorithm @param {boolean} extractable @param {string[]} asked */
    generateKey(algorithm, extractable, asked) {
      checkUsages(`generate ${name}`, asked, usages);
      if (!isAesBits(algorithm.length)) {
        throw operationError(`Generated AES key length must be 128, 192, or 256 bits but requested ${algorithm.length}.`);
      }
      const bytes = randomBytes(algorithm.length / 8);
      return newKey({ type: "secret", extractable, algorithm: { name, length: algorithm.length }, usages: asked, bytes });
    },
    /** @param {string} format @param {any} data @param {Normalized} _ @param {boolean} extractable @param {string[]} asked */
    importKey(format, data, _, extractable, asked) {
      checkUsages(`import secret ${name}`, asked, usages);
      const bytes = format === "jwk" ? fromJwk(data, extractable, asked) : rawSecret(format, data);
      const length = bytes.length * 8;
      if (!isAesBits(length)) {
        throw dataError(`Imported AES key length must be 128, 192, or 256 bits but provided ${length}.`);
      }
      if (format === "jwk" && data.alg !== undefined && data.alg !== jwkAlg(length)) {
        throw dataError(`Symmetric "jwk" key contains invalid "alg" value "${data.alg}", expected "${jwkAlg(length)}".`);
      }
      return newKey({ type: "secret", extractable, algorithm: { name, length }, usages: asked, bytes });
    },
    /** @param {string} format @param {KeyFields} key */
    exportKey(format, key) {
      if (format !== "raw" && format !== "jwk") {
        throw notSupported(`${name} key only supports exporting "raw" & "jwk", not "${format}".`);
      }
      return exportSecret(format, key, jwkAlg(key.algorithm.length));
    },
    /** @param {Normalized} algorithm */
    getKeyLength(algorithm) {
      if (!isAesBits(algorithm.length)) {
        throw operationError(`Derived AES key must be 128, 192, or 256 bits in length but provided ${algorithm.length}.`);
      }
      return algorithm.length;
    },
    encrypt,
    decrypt,
    wrapKey: encrypt,
    unwrapKey: decrypt,
  };

  /** @param {any} jwk @param {boolean} extractable @param {string[]} asked */
  function fromJwk(jwk, extractable, asked) {
    if (jwk.kty !== "oct") {
      throw dataError(`Symmetric "jwk" key import requires a JSON Web Key with Key Type parameter "kty" equal to "oct" (encountered "${jwk.kty}").`);
    }
    const bytes = fromBase64Url(jwk, "k", "Symmetric \"jwk\" key import requires a base64Url encoding of the key.");
    if (asked.length > 0 && jwk.use !== undefined && jwk.use !== "enc") {
      throw dataError(`Symmetric "jwk" key must have a "use" of "enc", not "${jwk.use}".`);
    }
    const listed = keyOps(jwk);
    if (listed !== undefined) {
      const twice = listed.find((usage, index) => listed.indexOf(usage) !== index);
      if (twice !== undefined) throw dataError(`Symmetric "jwk" key contains duplicate value "${twice}", in "key_op".`);
      const missing = asked.find((usage) => !listed.includes(usage));
      if (missing !== undefined) throw dataError(`"jwk" key missing usage "${missing}", in "key_ops".`);
    }
    checkExt(jwk, name, extractable);
    return bytes;
  }

  /** @param {number} length */
  function jwkAlg(length) {
    return `A${length}${name.slice("AES-".length)}`;
  }
}

/** @param {string} format @param {any} data @returns {Uint8Array} */
function rawSecret(format, data) {
  if (format !== "raw") throw notSupported(`Unrecognized key import format "${format}".`);
  return data;
}

/**
 * @param {string} format
 * @param {KeyFields} key
 * @param {string | undefined} alg
 */
function exportSecret(format, key, alg) {
  if (format === "raw") return key.bytes;
  if (format !== "jwk") throw notSupported(`Unimplemented key export format "${format}".`);
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
    checkUsages("generate HMAC", usages, ["sign", "verify"]);
    const { hash } = algorithm;
    if (algorithm.length <= 0) {
      throw operationError(`HMAC key length must be a non-zero unsigned long integer (requested ${algorithm.length}).`);
    }
    const length = hmac.getKeyLength(algorithm);
    const bytes = trimmed(randomBytes(Math.ceil(length / 8)), length);
    return newKey({ type: "secret", extractable, algorithm: { name: "HMAC", hash, length }, usages, bytes });
  },
  /**
   * @param {string} format @param {any} data @param {Normalized} algorithm @param {boolean} extractable
   * @param {string[]} usages
   */
  importKey(format, data, { hash, length }, extractable, usages) {
    checkUsages("import secret HMAC", usages, ["sign", "verify"]);
    const bytes = format === "jwk" ? hmacFromJwk(data, hash.name, extractable) : rawSecret(format, data);
    const bits = bytes.length * 8;
    const used = length ?? bits;
    if (used === 0 || used > bits || used <= bits - 8) {
      throw dataError(`Imported HMAC key length (${used}) must be a non-zero value up to 7 bits less than, and no greater than, `
        + `the bit length of the raw key data (${bits}).`);
    }
    const algorithm = { name: "HMAC", hash, length: used };
    return newKey({ type: "secret", extractable, algorithm, usages, bytes: trimmed(bytes, used) });
  },
  /** @param {string} format @param {KeyFields} key */
  exportKey(format, key) {
    const hash = key.algorithm.hash.name;
    if (format === "jwk" && hmacAlgs[hash] === undefined) {
      throw notSupported(`Unimplemented JWK key export format for key algorithm "${hash}".`);
    }
    return exportSecret(format, key, hmacAlgs[hash]);
  },
  /** @param {Normalized} algorithm */
  getKeyLength({ hash, length }) {
    if (length <= 0) throw new TypeError("HMAC key length must be a non-zero unsigned long integer.");
    return length ?? blockBits[hash.name];
  },
  /** @param {Normalized} _ @param {KeyFields} key @param {Uint8Array} data */
  sign: (_, key, data) => ops.hmacSign(key.algorithm.hash.name, key.bytes, data),
  /** @param {Normalized} _ @param {KeyFields} key @param {Uint8Array} signature @param {Uint8Array} data */
  verify: (_, key, signature, data) => ops.hmacVerify(key.algorithm.hash.name, key.bytes, signature, data),
};

/** As in Workers, "use" and "key_ops" are not looked at. @param {any} jwk @param {string} hash @param {boolean} extractable */
function hmacFromJwk(jwk, hash, extractable) {
  if (jwk.kty !== "oct") {
    throw dataError(`HMAC "jwk" key import requires a JSON Web Key with Key Type parameter ("kty") equal to "oct" (encountered "${jwk.kty}").`);
  }
  keyOps(jwk);
  const bytes = fromBase64Url(jwk, "k", "HMAC \"jwk\" key import requires a base64Url encoding of the key");
  if (jwk.alg !== undefined && jwk.alg !== hmacAlgs[hash]) {
    throw dataError("HMAC \"jwk\" key import specifies \"alg\" that is incompatible with the hash name "
      + `(encountered "${jwk.alg}", expected "${hmacAlgs[hash]}").`);
  }
  checkExt(jwk, "HMAC", extractable);
  return bytes;
}

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
      if (format !== "raw") throw notSupported(`${name} key must be imported in "raw" format (requested "${format}")`);
      checkUsages(`import secret ${name}`, usages, ["deriveKey", "deriveBits"]);
      if (extractable) {
        throw syntaxError(`${name} key cannot be extractable.`);
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

const hkdf = derivation("HKDF", ({ hash, salt, info }, secret, bytes) => {
  if (bytes > 255 * digestBytes[hash.name]) throw operationError("HKDF deriveBits failed.");
  return ops.hkdf(hash.name, secret, salt, info, bytes);
});

const pbkdf2 = derivation("PBKDF2", ({ hash, salt, iterations }, secret, bytes) => {
  if (iterations <= 0) throw operationError(`PBKDF2 requires a positive iteration count (requested ${iterations}).`);
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
