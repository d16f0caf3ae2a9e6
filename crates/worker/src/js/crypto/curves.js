/**
 * Algorithms on elliptic curves: ECDSA and ECDH on the NIST curves, Ed25519 and X25519.
 *
 * @module
 */

import { checkJwk, fromBase64Url, newJwk, toBase64Url } from "stated:crypto/jwk";
import { checkUsages, CryptoKey, dataError, invalidAccess, keyFields, newKey, notSupported,
  operationError } from "stated:crypto/key";
import { ops } from "stated:host";

/** The "alg" of a JWK for ECDSA, by curve. @type {Record<string, string>} */
const signatureOf = { "P-256": "ES256", "P-384": "ES384", "P-521": "ES512" };

/** @typedef {import("stated:crypto/algorithm").Normalized} Normalized */
/** @typedef {import("stated:crypto/key").KeyFields} KeyFields */

/** Bytes of a coordinate. @type {Record<string, number>} */
const fieldBytes = { "P-256": 32, "P-384": 48, "P-521": 66 };

/** @param {string} namedCurve */
function checkCurve(namedCurve) {
  if (!Object.hasOwn(fieldBytes, namedCurve)) {
    throw notSupported(`Unrecognized or unimplemented EC curve "${namedCurve}" requested.`);
  }
}

/** The usages that the two halves of a pair can have. @type {Record<string, { private: string[], public: string[] }>} */
const usagesOf = {
  ECDSA: { private: ["sign"], public: ["verify"] },
  Ed25519: { private: ["sign"], public: ["verify"] },
  ECDH: { private: ["deriveKey", "deriveBits"], public: [] },
  X25519: { private: ["deriveKey", "deriveBits"], public: [] },
};

/**
 * Makes both keys of a pair.
 *
 * @param {any} algorithm
 * @param {boolean} extractable
 * @param {string[]} asked
 * @param {() => [Uint8Array, Uint8Array]} generate
 */
function newPair(algorithm, extractable, asked, generate) {
  const possible = usagesOf[algorithm.name];
  checkUsages(algorithm.name, asked, [...possible.private, ...possible.public]);
  const [bytes, point] = generate();
  /** @param {string[]} usages */
  const of = (usages) => asked.filter((usage) => usages.includes(usage));
  return {
    publicKey: newKey({ type: "public", extractable: true, algorithm, usages: of(possible.public), bytes: point }),
    privateKey: newKey({ type: "private", extractable, algorithm, usages: of(possible.private), bytes, point }),
  };
}

/**
 * A key from its imported bytes: two parts for a private one, one for a public one.
 *
 * @param {any} algorithm
 * @param {boolean} extractable
 * @param {string[]} usages
 * @param {Uint8Array[]} parts
 */
function importedKey(algorithm, extractable, usages, [bytes, point]) {
  const type = point === undefined ? "public" : "private";
  return newKey({ type, extractable, algorithm, usages, bytes, point });
}

/**
 * Whether what is imported is a private key; checks the usages for it.
 *
 * @param {string} name
 * @param {string} format
 * @param {any} data
 * @param {string[]} usages
 */
function isPrivate(name, format, data, usages) {
  const type = format === "pkcs8" || (format === "jwk" && data.d !== undefined) ? "private" : "public";
  checkUsages(name, usages, usagesOf[name][type]);
  return type === "private";
}

/**
 * The other side's key of an agreement.
 *
 * @param {Normalized} algorithm
 * @param {KeyFields} key
 * @returns {KeyFields}
 */
function otherSide(algorithm, key) {
  const other = algorithm.public;
  if (!(other instanceof CryptoKey)) throw new TypeError("The field \"public\" of the algorithm is not a CryptoKey.");
  const fields = keyFields(other);
  if (fields.type !== "public") throw invalidAccess("The field \"public\" of the algorithm must be a public key.");
  if (fields.algorithm.name !== key.algorithm.name || fields.algorithm.namedCurve !== key.algorithm.namedCurve) {
    throw invalidAccess("The field \"public\" of the algorithm is a key of another algorithm or curve.");
  }
  return fields;
}

/**
 * The first `bits` of a secret; all of it for null.
 *
 * @param {Uint8Array} secret
 * @param {number | null} bits
 */
function firstBits(secret, bits) {
  if (bits === null) return secret;
  if (bits > secret.length * 8) {
    throw operationError(`The agreed secret has ${secret.length * 8} bits, fewer than the ${bits} asked for.`);
  }
  const cut = secret.slice(0, Math.ceil(bits / 8));
  if (bits % 8 !== 0) cut[cut.length - 1] &= 0xff << (8 - bits % 8);
  return cut;
}

/** @param {"ECDSA" | "ECDH"} name */
function ec(name) {
  const use = name === "ECDSA" ? "sig" : "enc";
  return {
    /** @param {Normalized} algorithm @param {boolean} extractable @param {string[]} usages */
    generateKey({ namedCurve }, extractable, usages) {
      checkCurve(namedCurve);
      return newPair({ name, namedCurve }, extractable, usages, () => ops.ecGenerate(namedCurve));
    },
    /**
     * @param {string} format @param {any} data @param {Normalized} algorithm @param {boolean} extractable
     * @param {string[]} usages
     */
    importKey(format, data, { namedCurve }, extractable, usages) {
      checkCurve(namedCurve);
      const fromPrivate = isPrivate(name, format, data, usages);
      const algorithm = { name, namedCurve };
      if (format === "jwk") {
        checkJwk(data, "EC", { extractable, usages, use, alg: name === "ECDSA" ? signatureOf[namedCurve] : undefined });
        return importedKey(algorithm, extractable, usages, fromJwk(data, namedCurve, fromPrivate));
      }
      const parts = ops.ecImport(namedCurve, format === "raw" ? "point" : /** @type {"pkcs8" | "spki"} */ (format), data);
      return importedKey(algorithm, extractable, usages, parts);
    },
    /** @param {string} format @param {KeyFields} key */
    exportKey(format, key) {
      const { namedCurve } = key.algorithm;
      if (format === "jwk") return toJwk(key);
      requireHalf(format, key);
      if (format === "raw") return key.bytes;
      return ops.ecExport(namedCurve, /** @type {"pkcs8" | "spki"} */ (format), key.bytes);
    },
    /** @param {Normalized} algorithm @param {KeyFields} key @param {Uint8Array} data */
    sign: ({ hash }, key, data) => ops.ecdsaSign(key.algorithm.namedCurve, hash.name, key.bytes, data),
    /** @param {Normalized} algorithm @param {KeyFields} key @param {Uint8Array} signature @param {Uint8Array} data */
    verify: ({ hash }, key, signature, data) =>
      ops.ecdsaVerify(key.algorithm.namedCurve, hash.name, key.bytes, signature, data),
    /** @param {Normalized} algorithm @param {KeyFields} key @param {number | null} bits */
    deriveBits(algorithm, key, bits) {
      const other = otherSide(algorithm, key);
      return firstBits(ops.ecdhAgree(key.algorithm.namedCurve, key.bytes, other.bytes), bits);
    },
  };
}

/**
 * @param {any} jwk
 * @param {string} namedCurve
 * @param {boolean} isPrivateKey
 */
function fromJwk(jwk, namedCurve, isPrivateKey) {
  if (jwk.crv !== namedCurve) throw dataError(`The field "crv" of the JWK must be "${namedCurve}".`);
  const length = fieldBytes[namedCurve];
  const [x, y] = [fromBase64Url(jwk, "x"), fromBase64Url(jwk, "y")];
  if (x.length !== length || y.length !== length) {
    throw dataError(`The fields "x" and "y" of the JWK must have ${length} bytes each.`);
  }
  const [point] = ops.ecImport(namedCurve, "point", Uint8Array.of(4, ...x, ...y));
  if (!isPrivateKey) return [point];
  const parts = ops.ecImport(namedCurve, "scalar", fromBase64Url(jwk, "d"));
  if (!parts[1].every((byte, index) => byte === point[index])) {
    throw dataError("The field \"d\" of the JWK does not fit \"x\" and \"y\".");
  }
  return parts;
}

/** @param {KeyFields} key */
function toJwk(key) {
  const { namedCurve } = key.algorithm;
  const length = fieldBytes[namedCurve];
  const point = key.point ?? key.bytes;
  /** @type {Record<string, string>} */
  const fields = {
    kty: "EC", crv: namedCurve, x: toBase64Url(point.subarray(1, 1 + length)), y: toBase64Url(point.subarray(1 + length)),
  };
  if (key.type === "private") fields.d = toBase64Url(key.bytes);
  return newJwk(fields, key);
}

/**
 * Requires the half of a pair that a format is for.
 *
 * @param {string} format
 * @param {KeyFields} key
 */
export function requireHalf(format, key) {
  const type = format === "pkcs8" ? "private" : "public";
  if (key.type !== type) throw invalidAccess(`A ${key.type} key cannot be exported as "${format}".`);
}

/** @param {"Ed25519" | "X25519"} name */
function okp(name) {
  return {
    /** @param {Normalized} _ @param {boolean} extractable @param {string[]} usages */
    generateKey(_, extractable, usages) {
      return newPair({ name }, extractable, usages, () => withPublic(name, ops.okpGenerate()));
    },
    /** @param {string} format @param {any} data @param {Normalized} _ @param {boolean} extractable @param {string[]} usages */
    importKey(format, data, _, extractable, usages) {
      const fromPrivate = isPrivate(name, format, data, usages);
      const bytes = okpBytes(name, format, data, extractable, usages, fromPrivate);
      return importedKey({ name }, extractable, usages, fromPrivate ? withPublic(name, bytes) : [bytes]);
    },
    /** @param {string} format @param {KeyFields} key */
    exportKey(format, key) {
      if (format === "jwk") {
        /** @type {Record<string, string>} */
        const fields = { kty: "OKP", crv: name, x: toBase64Url(key.point ?? key.bytes) };
        if (key.type === "private") fields.d = toBase64Url(key.bytes);
        return newJwk(fields, key);
      }
      requireHalf(format, key);
      return format === "raw" ? key.bytes : ops.okpExport(name, /** @type {"pkcs8" | "spki"} */ (format), key.bytes);
    },
    /** @param {Normalized} _ @param {KeyFields} key @param {Uint8Array} data */
    sign: (_, key, data) => ops.ed25519Sign(key.bytes, data),
    /** @param {Normalized} _ @param {KeyFields} key @param {Uint8Array} signature @param {Uint8Array} data */
    verify: (_, key, signature, data) => ops.ed25519Verify(key.bytes, signature, data),
    /** @param {Normalized} algorithm @param {KeyFields} key @param {number | null} bits */
    deriveBits: (algorithm, key, bits) => firstBits(ops.x25519Agree(key.bytes, otherSide(algorithm, key).bytes), bits),
  };
}

/** @param {string} name @param {Uint8Array} bytes @returns {[Uint8Array, Uint8Array]} */
function withPublic(name, bytes) {
  return [bytes, ops.okpPublic(name, bytes)];
}

/**
 * @param {"Ed25519" | "X25519"} name
 * @param {string} format
 * @param {any} data
 * @param {boolean} extractable
 * @param {string[]} usages
 * @param {boolean} isPrivateKey
 * @returns {Uint8Array}
 */
function okpBytes(name, format, data, extractable, usages, isPrivateKey) {
  if (format !== "raw" && format !== "jwk") return ops.okpImport(name, /** @type {"pkcs8" | "spki"} */ (format), data);
  let bytes = data;
  if (format === "jwk") {
    checkJwk(data, "OKP", { extractable, usages, use: name === "Ed25519" ? "sig" : "enc" });
    if (data.crv !== name) throw dataError(`The field "crv" of the JWK must be "${name}".`);
    bytes = fromBase64Url(data, "x");
  }
  if (bytes.length !== 32) throw dataError(`An ${name} key has 32 bytes, not ${bytes.length}.`);
  if (!isPrivateKey) return bytes;
  const secret = fromBase64Url(data, "d");
  if (!ops.okpPublic(name, secret).every((byte, index) => byte === bytes[index])) {
    throw dataError("The field \"d\" of the JWK does not fit \"x\".");
  }
  return secret;
}

/** The algorithms of this file, by name. @type {Record<string, any>} */
export const curveAlgorithms = { ECDH: ec("ECDH"), ECDSA: ec("ECDSA"), Ed25519: okp("Ed25519"), X25519: okp("X25519") };
