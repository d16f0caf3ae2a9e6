/**
 * RSA algorithms: RSASSA-PKCS1-v1_5, RSA-PSS and RSA-OAEP.
 *
 * @module
 */

import { requireHalf } from "stated:crypto/curves";
import { checkJwk, fromBase64Url, newJwk, toBase64Url } from "stated:crypto/jwk";
import { checkUsages, dataError, newKey, notSupported } from "stated:crypto/key";
import { ops } from "stated:host";

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
      checkUsages(name, asked, [...usagesOf.private, ...usagesOf.public]);
      checkHash(hash);
      const bytes = await ops.rsaGenerate(modulusLength, publicExponent);
      const algorithm = { name, modulusLength, publicExponent, hash };
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
      if (format === "raw") throw notSupported("An RSA key has no format \"raw\".");
      checkHash(hash);
      const type = format === "pkcs8" || (format === "jwk" && data.d !== undefined) ? "private" : "public";
      checkUsages(name, usages, usagesOf[type]);
      const bytes = format === "jwk" ? fromJwk(data, type, hash.name, extractable, usages)
        : ops.rsaImport(/** @type {"pkcs8" | "spki"} */ (format), data);
      const [n, e] = ops.rsaNumbers("spki", type === "private" ? ops.rsaPublic(bytes) : bytes);
      const modulusLength = n.length * 8 - (Math.clz32(n[0]) - 24);
      return newKey({ type, extractable, algorithm: { name, modulusLength, publicExponent: e, hash }, usages, bytes });
    },
    /** @param {string} format @param {KeyFields} key */
    exportKey(format, key) {
      if (format === "raw") throw notSupported("An RSA key has no format \"raw\".");
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
    checkJwk(jwk, "RSA", { extractable, usages, use, alg: jwkAlgs[name](hash) });
    if (jwk.oth !== undefined) throw notSupported("RSA keys of more than two primes are not supported.");
    return ops.rsaFromNumbers((type === "private" ? privateFields : publicFields).map((field) => fromBase64Url(jwk, field)));
  }

  /** @param {KeyFields} key */
  function toJwk(key) {
    const names = key.type === "private" ? privateFields : publicFields;
    const numbers = ops.rsaNumbers(key.type === "private" ? "pkcs8" : "spki", key.bytes);
    const fields = Object.fromEntries(names.map((field, index) => [field, toBase64Url(numbers[index])]));
    return newJwk({ kty: "RSA", alg: jwkAlgs[name](key.algorithm.hash.name), ...fields }, key);
  }
}

/** @param {{ name: string }} hash */
function checkHash(hash) {
  if (hash.name === "MD5") throw dataError("RSA keys over MD5 are not supported.");
}

/** @param {"pkcs1" | "pss"} scheme */
function signing(scheme) {
  return {
    /** @param {Normalized} algorithm @param {KeyFields} key @param {Uint8Array} data */
    sign: ({ saltLength = 0 }, key, data) =>
      ops.rsaSign(scheme, key.algorithm.hash.name, saltLength, key.bytes, data),
    /** @param {Normalized} algorithm @param {KeyFields} key @param {Uint8Array} signature @param {Uint8Array} data */
    verify: ({ saltLength = 0 }, key, signature, data) =>
      ops.rsaVerify(scheme, key.algorithm.hash.name, saltLength, key.bytes, signature, data),
  };
}

/** @param {Normalized} algorithm */
const labelOf = ({ label }) => label ?? new Uint8Array();
/** @param {Normalized} algorithm @param {KeyFields} key @param {Uint8Array} data */
const encrypt = (algorithm, key, data) => ops.rsaEncrypt(key.algorithm.hash.name, labelOf(algorithm), key.bytes, data);
/** @param {Normalized} algorithm @param {KeyFields} key @param {Uint8Array} data */
const decrypt = (algorithm, key, data) => ops.rsaDecrypt(key.algorithm.hash.name, labelOf(algorithm), key.bytes, data);

const signs = { private: ["sign"], public: ["verify"] };
const encrypts = { private: ["decrypt", "unwrapKey"], public: ["encrypt", "wrapKey"] };

/** The algorithms of this file, by name. @type {Record<string, any>} */
export const rsaAlgorithms = {
  "RSA-OAEP": rsa("RSA-OAEP", encrypts, { encrypt, decrypt, wrapKey: encrypt, unwrapKey: decrypt }),
  "RSA-PSS": rsa("RSA-PSS", signs, signing("pss")),
  "RSASSA-PKCS1-v1_5": rsa("RSASSA-PKCS1-v1_5", signs, signing("pkcs1")),
};
