/**
 * RSA algorithms: RSASSA-PKCS1-v1_5, RSA-PSS and RSA-OAEP.
 *
 * @module
 */

import { importedBytes, requireHalf } from "stated:crypto/curves";
import { checkPairJwk, fromBase64Url, newJwk, toBase64Url } from "stated:crypto/jwk";
import { checkUsages, dataError, newKey, notSupported, operationError } from "stated:crypto/key";
import { DOMException } from "stated:dom-exception";
import { ops } from "stated:host";
import { lacks } from "stated:settings";

/** @typedef {import("stated:crypto/algorithm").Normalized} Normalized */
/** @typedef {import("stated:crypto/key").KeyFields} KeyFields */

const publicFields = ["n", "e"];
const privateFields = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];

/** Prefix and suffixes of the JWK's "alg". @type {Record<string, (hash: string) => string>} */
const jwkAlgs = {
  "RSASSA-PKCS1-v1_5": (hash) => `RS${hash.slice(4)}`,
  "RSA-PSS": (hash) => `PS${hash.slice(4)}`,
  "RSA-OAEP": (hash) => (hash === "SHA-1" ? "RSA-OAEP" : `RSA-OAEP-${hash.slice(4)}`),
};

/**
 * @param {string} name
 * @param {{ private: string[], public: string[] }} usagesOf
 * @param {object} operations
 */
function rsa(name, usagesOf, operations) {
  return {
    /** @param {Normalized} algorithm @param {boolean} extractable @param {string[]} asked */
    async generateKey({ modulusLength, publicExponent, hash }, extractable, asked) {
      checkUsages(`generate ${name}`, asked, [...usagesOf.private, ...usagesOf.public]);
      if (modulusLength <= 0) throw operationError(`modulusLength must be greater than zero (requested ${modulusLength}).`);
      checkExponent(publicExponent);
      checkHash(hash);
      const bytes = await ops.rsaGenerate(modulusLength, publicExponent);
      const algorithm = { name, modulusLength, publicExponent: exponentOf(publicExponent), hash };
      /** @param {string[]} usages */
      const of = (usages) => asked.filter((usage) => usages.includes(usage));
      return {
        publicKey: newKey({
          type: "public", extractable: true, algorithm, usages: of(usagesOf.public), bytes: ops.rsaPublic(bytes),
        }),
        privateKey: newKey({ type: "private", extractable, algorithm, usages: of(usagesOf.private), bytes }),
      };
    },
    /**
     * @param {string} format @param {any} data @param {Normalized} algorithm @param {boolean} extractable
     * @param {string[]} usages
     */
    importKey(format, data, { hash }, extractable, usages) {
      checkHash(hash);
      const type = format === "pkcs8" || (format === "jwk" && data.d !== undefined) ? "private" : "public";
      if (format === "jwk" && data.kty !== "RSA") {
        throw dataError(`${name} "jwk" key import requires a JSON Web Key with Key Type parameter "kty" ("${data.kty}") equal to "RSA".`);
      }
      const encoded = format === "jwk" ? undefined : importedBytes(format, () => ops.rsaImport(/** @type {"pkcs8" | "spki"} */ (format), data));
      checkUsages(`import ${type} ${name}`, usages, usagesOf[type]);
      const bytes = encoded ?? fromJwk(data, type, hash.name, extractable, usages);
      const [n, e] = ops.rsaNumbers("spki", type === "private" ? ops.rsaPublic(bytes) : bytes);
      const modulusLength = n.length * 8 - (Math.clz32(n[0]) - 24);
      return newKey({ type, extractable, algorithm: { name, modulusLength, publicExponent: exponentOf(e), hash }, usages, bytes });
    },
    /** @param {string} format @param {KeyFields} key */
    exportKey(format, key) {
      if (format === "jwk") return toJwk(key);
      requireHalf(format, key);
      return key.bytes;
    },
    ...operations,
  };

  /**
   * @param {any} jwk
   * @param {"private" | "public"} type
   * @param {string} hash
   * @param {boolean} extractable
   * @param {string[]} usages
   */
  function fromJwk(jwk, type, hash, extractable, usages) {
    const use = name === "RSA-OAEP" ? "enc" : "sig";
    checkPairJwk(jwk, { name, extractable, usages, use });
    checkAlg(jwk.alg, jwkAlgs[name](hash));
    if (jwk.oth !== undefined) throw notSupported("Multi-prime private keys not supported.");
    return ops.rsaFromNumbers((type === "private" ? privateFields : publicFields).map((field) => fromBase64Url(jwk, field, wrongNumber(field))));
  }

  /** @param {KeyFields} key */
  function toJwk(key) {
    const names = key.type === "private" ? privateFields : publicFields;
    const numbers = ops.rsaNumbers(key.type === "private" ? "pkcs8" : "spki", key.bytes);
    const fields = Object.fromEntries(names.map((field, index) => [field, toBase64Url(numbers[index])]));
    return newJwk({ kty: "RSA", alg: jwkAlgs[name](key.algorithm.hash.name), ...fields }, key);
  }
}

const numberNames = /** @type {Record<string, string>} */ ({ n: "Modulus", e: "Exponent", d: "Private Exponent" });

/** @param {string} field */
function wrongNumber(field) {
  if (numberNames[field] === undefined) {
    return "Invalid RSA private key in JSON Web Key; if one Prime Factor or CRT Exponent/Coefficient parameter is present, then they must all be "
      + "present (\"p\", \"q\", \"dp\", \"dq\", \"qi\").";
  }
  return `Invalid RSA key in JSON Web Key; missing or invalid ${numberNames[field]} parameter ("${field}").`;
}

const knownAlgs = /^(RS|PS)(1|256|384|512)$|^RSA-OAEP(-(256|384|512))?$/;

/** @param {unknown} alg of a JWK @param {string} expected */
function checkAlg(alg, expected) {
  if (alg === undefined || alg === expected) return;
  if (!knownAlgs.test(`${alg}`)) {
    throw notSupported(`Unrecognized or unimplemented algorithm "${alg}" listed in JSON Web Key Algorithm parameter.`);
  }
  // As in Workers, "alg" stands in both places.
  throw dataError(`JSON Web Key Algorithm parameter "alg" ("${alg}") does not match requested hash algorithm "${alg}".`);
}

/** The exponent as programs see it: in those of dates before 2023-12-01, a buffer. @param {Uint8Array} bytes */
function exponentOf(bytes) {
  return lacks("crypto_preserve_public_exponent") ? bytes.slice().buffer : bytes;
}

/** @param {Uint8Array} bytes */
function checkExponent(bytes) {
  const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  const told = value >= 2 ** 32 ? "a number larger than 2^32" : value;
  if (value !== 3 && value !== 65537) throw operationError(`The "publicExponent" must be either 3 or 65537, but got ${told}.`);
}

/** @param {{ name: string }} hash */
function checkHash(hash) {
  if (hash.name === "MD5") throw dataError("RSA keys over MD5 are not supported.");
}

/** @type {Record<string, number>} */
const digestBytes = { "SHA-1": 20, "SHA-256": 32, "SHA-384": 48, "SHA-512": 64 };

/** @param {number} saltLength */
function checkSalt(saltLength) {
  if (saltLength < 0) throw dataError(`SaltLength for RSA-PSS must be non-negative (provided ${saltLength}).`);
}

/** @param {"pkcs1" | "pss"} scheme */
function signing(scheme) {
  return {
    /** @param {Normalized} algorithm @param {KeyFields} key @param {Uint8Array} data */
    sign({ saltLength = 0 }, key, data) {
      checkSalt(saltLength);
      const { hash, modulusLength } = key.algorithm;
      if (scheme === "pss" && saltLength > Math.ceil((modulusLength - 1) / 8) - digestBytes[hash.name] - 2) {
        throw operationError("key too small for signing with given digest and salt length");
      }
      return ops.rsaSign(scheme, hash.name, saltLength, key.bytes, data);
    },
    /** @param {Normalized} algorithm @param {KeyFields} key @param {Uint8Array} signature @param {Uint8Array} data */
    verify({ saltLength = 0 }, key, signature, data) {
      checkSalt(saltLength);
      return ops.rsaVerify(scheme, key.algorithm.hash.name, saltLength, key.bytes, signature, data);
    },
  };
}

/** @param {Normalized} algorithm */
const labelOf = ({ label }) => label ?? new Uint8Array();
/** @param {Normalized} algorithm @param {KeyFields} key @param {Uint8Array} data */
const encrypt = (algorithm, key, data) => oaep(() => ops.rsaEncrypt(key.algorithm.hash.name, labelOf(algorithm), key.bytes, data));
/** @param {Normalized} algorithm @param {KeyFields} key @param {Uint8Array} data */
const decrypt = (algorithm, key, data) => oaep(() => ops.rsaDecrypt(key.algorithm.hash.name, labelOf(algorithm), key.bytes, data));

/** @param {() => Uint8Array} action */
function oaep(action) {
  try {
    return action();
  } catch (error) {
    throw error instanceof DOMException ? operationError("RSA-OAEP failed encrypt/decrypt.") : error;
  }
}

const signs = { private: ["sign"], public: ["verify"] };
const encrypts = { private: ["decrypt", "unwrapKey"], public: ["encrypt", "wrapKey"] };

/** The algorithms of this file, by name. @type {Record<string, any>} */
export const rsaAlgorithms = {
  "RSA-OAEP": rsa("RSA-OAEP", encrypts, { encrypt, decrypt, wrapKey: encrypt, unwrapKey: decrypt }),
  "RSA-PSS": rsa("RSA-PSS", signs, signing("pss")),
  "RSASSA-PKCS1-v1_5": rsa("RSASSA-PKCS1-v1_5", signs, signing("pkcs1")),
};
