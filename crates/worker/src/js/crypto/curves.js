/**
 * Algorithms on elliptic curves: ECDSA and ECDH on the NIST curves, Ed25519 and X25519, and Ed25519 by the older name NODE-ED25519,
 * whose keys have a curve of the same name and go together with that name only.
 *
 * @module
 */

import { checkPairJwk, fromBase64Url, newJwk, toBase64Url } from "stated:crypto/jwk";
import { checkUsages, CryptoKey, dataError, invalidAccess, keyFields, newKey, notSupported,
  operationError } from "stated:crypto/key";
import { DOMException } from "stated:dom-exception";
import { ops } from "stated:host";
import { badField } from "stated:webidl";

const none = new Uint8Array();

/** The "alg" of a JWK for ECDSA, by curve. @type {Record<string, string>} */
const signatureOf = { "P-256": "ES256", "P-384": "ES384", "P-521": "ES512" };

/** @typedef {import("stated:crypto/algorithm").Normalized} Normalized */
/** @typedef {import("stated:crypto/key").KeyFields} KeyFields */

/** Bytes of a coordinate. @type {Record<string, number>} */
const fieldBytes = { "P-256": 32, "P-384": 48, "P-521": 66 };

/** The curve's name as the standard spells it. @param {string} given @returns {string} */
function checkCurve(given) {
  const namedCurve = given.toUpperCase();
  if (!Object.hasOwn(fieldBytes, namedCurve)) {
    throw notSupported(`Unrecognized or unimplemented EC curve "${given}" requested.`);
  }
  return namedCurve;
}

/** The usages that the two halves of a pair can have. @type {Record<string, { private: string[], public: string[] }>} */
const usagesOf = {
  ECDSA: { private: ["sign"], public: ["verify"] },
  Ed25519: { private: ["sign"], public: ["verify"] },
  "NODE-ED25519": { private: ["sign"], public: ["verify"] },
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
  checkUsages(`generate ${algorithm.name}`, asked, [...possible.private, ...possible.public]);
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
  checkUsages(`import ${type} ${name}`, usages, usagesOf[name][type]);
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
  if (!(other instanceof CryptoKey)) throw badField("public", "DeriveKeyAlgorithm", "CryptoKey");
  const fields = keyFields(other);
  if (fields.type !== "public") throw invalidAccess(`The provided key has type "${fields.type}", not "public"`);
  const [mine, theirs] = [key.algorithm, fields.algorithm];
  if (theirs.name !== mine.name) {
    throw invalidAccess(`Base ${mine.name} private key cannot be used to derive a key from a peer ${theirs.name} public key`);
  }
  if (theirs.namedCurve !== mine.namedCurve) {
    throw invalidAccess(`Private key for derivation is using curve "${mine.namedCurve}" while public key is using "${theirs.namedCurve}".`);
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
    throw operationError(`Derived key length (${bits} bits) is too long (should be at most ${secret.length * 8} bits).`);
  }
  const cut = secret.slice(0, Math.ceil(bits / 8));
  if (bits % 8 !== 0) cut[cut.length - 1] &= 0xff << (8 - bits % 8);
  return cut;
}

/** @param {"ECDSA" | "ECDH"} name */
function ec(name) {
  const use = name === "ECDSA" ? "sig" : "enc";
  return {
    /** @param {Normalized} asked @param {boolean} extractable @param {string[]} usages */
    generateKey(asked, extractable, usages) {
      const namedCurve = checkCurve(asked.namedCurve);
      return newPair({ name, namedCurve }, extractable, usages, () => ops.ecGenerate(namedCurve));
    },
    /**
     * @param {string} format @param {any} data @param {Normalized} asked @param {boolean} extractable
     * @param {string[]} usages
     */
    importKey(format, data, asked, extractable, usages) {
      const namedCurve = checkCurve(asked.namedCurve);
      const algorithm = { name, namedCurve };
      const fromPrivate = format === "jwk" || format === "raw" ? isPrivate(name, format, data, usages) : false;
      if (format === "jwk") {
        if (data.kty !== "EC") {
          throw dataError(`Elliptic curve "jwk" key import requires a JSON Web Key with Key Type parameter "kty" ("${data.kty}") equal to "EC".`);
        }
        checkPairJwk(data, { name, extractable, usages, use });
        if (name === "ECDSA") checkSignatureAlg(data.alg, namedCurve);
        return importedKey(algorithm, extractable, usages, fromJwk(data, namedCurve, fromPrivate));
      }
      const parts = importedBytes(format, () => ops.ecImport(namedCurve, format === "raw" ? "point" : /** @type {"pkcs8" | "spki"} */ (format), data),
        "Failed to import raw EC key data: Invalid point encoding..");
      // As in Workers, what is encoded is read before its usages are looked at.
      isPrivate(name, format, data, usages);
      return importedKey(algorithm, extractable, usages, parts);
    },
    /** @param {string} format @param {KeyFields} key */
    exportKey(format, key) {
      const { namedCurve } = key.algorithm;
      if (format === "jwk") return toJwk(key);
      requireHalf(format, key, "elliptic curve");
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
  // Differs: workerd does not look at "crv".
  if (jwk.crv !== undefined && jwk.crv !== namedCurve) throw dataError("Invalid EC key in JSON Web Key.");
  const length = fieldBytes[namedCurve];
  const [x, y] = ["x", "y"].map((field) => fromBase64Url(jwk, field, `Invalid EC key in JSON Web Key; missing "${field}".`));
  const wrongPoint = "Invalid EC key; public key coordinates \"x\" and \"y\" are invalid: Point is not on curve..";
  if (x.length !== length || y.length !== length) throw operationError(wrongPoint);
  const [point] = insteadOf(() => ops.ecImport(namedCurve, "point", Uint8Array.of(4, ...x, ...y)), () => operationError(wrongPoint));
  if (!isPrivateKey) return [point];
  const d = fromBase64Url(jwk, "d", "Invalid EC key in JSON Web Key; missing or invalid private key component (\"d\").");
  const parts = insteadOf(() => ops.ecImport(namedCurve, "scalar", d), () => operationError("Invalid EC key; private key component \"d\" is invalid."));
  if (!parts[1].every((byte, index) => byte === point[index])) throw dataError("Invalid EC key in JSON Web Key.");
  return parts;
}

/** @param {unknown} alg of a JWK @param {string} namedCurve */
function checkSignatureAlg(alg, namedCurve) {
  if (alg === undefined) return;
  if (!Object.values(signatureOf).includes(/** @type {string} */ (alg))) {
    throw notSupported(`Unrecognized or unimplemented algorithm "${alg}" listed in JSON Web Key Algorithm parameter.`);
  }
  if (alg !== signatureOf[namedCurve]) {
    throw dataError(`JSON Web Key Algorithm parameter "alg" ("${alg}") does not match requested curve.`);
  }
}

/**
 * What `action` gives; an error of the host's becomes another.
 *
 * @template T
 * @param {() => T} action
 * @param {() => Error} other
 * @returns {T}
 */
function insteadOf(action, other) {
  try {
    return action();
  } catch (error) {
    throw error instanceof DOMException ? other() : error;
  }
}

/**
 * What the host reads from an encoded key.
 *
 * @template T
 * @param {string} format
 * @param {() => T} read
 * @param {string} [wrongRaw] the text for the format "raw", where there is one
 * @returns {T}
 */
export function importedBytes(format, read, wrongRaw = undefined) {
  if (format !== "spki" && format !== "pkcs8" && (format !== "raw" || wrongRaw === undefined)) {
    throw notSupported(`Unrecognized key import format "${format}".`);
  }
  return insteadOf(read, () => dataError(format === "raw" && wrongRaw !== undefined ? wrongRaw : `Invalid ${format.toUpperCase()} input.`));
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
 * Requires that a format exists and that it is for this half of a pair.
 *
 * @param {string} format
 * @param {KeyFields} key
 * @param {string} [what] the kind of key that has the format "raw", for the text
 */
export function requireHalf(format, key, what = undefined) {
  if (format !== "pkcs8" && format !== "spki" && (format !== "raw" || what === undefined)) {
    throw invalidAccess(`Cannot export "${key.algorithm.name}" in "${format}" format.`);
  }
  const type = format === "pkcs8" ? "private" : "public";
  if (key.type === type) return;
  if (format === "raw") throw invalidAccess(`Raw export of ${what} keys is only allowed for public keys.`);
  throw invalidAccess(`Asymmetric ${format} export requires ${type} key (not "${key.type}").`);
}

/** @param {"Ed25519" | "X25519"} curve @param {string} [name] of the algorithm, if that is another */
function okp(curve, name = curve) {
  const newAlgorithm = () => (name === curve ? { name } : { name, namedCurve: name });
  /** @param {Normalized} asked */
  const check = ({ namedCurve }) => {
    if (name !== curve && namedCurve !== name) throw notSupported(`EDDSA curve "${namedCurve}" isn't supported.`);
  };
  return {
    /** @param {Normalized} asked @param {boolean} extractable @param {string[]} usages */
    generateKey(asked, extractable, usages) {
      check(asked);
      return newPair(newAlgorithm(), extractable, usages, () => withPublic(curve, ops.okpGenerate()));
    },
    /** @param {string} format @param {any} data @param {Normalized} asked @param {boolean} extractable @param {string[]} usages */
    importKey(format, data, asked, extractable, usages) {
      check(asked);
      const isEncoded = format !== "jwk" && format !== "raw";
      // As in Workers, what is encoded is read before its usages are looked at.
      const encoded = isEncoded ? okpBytes(curve, format, data, extractable, usages, false) : none;
      const fromPrivate = isPrivate(name, format, data, usages);
      if (format === "jwk" && data.kty !== "OKP") {
        throw dataError(`${curve} "jwk" key imports requires a JSON Web Key with Key Type parameter "kty" ("${data.kty}") equal to "OKP".`);
      }
      const bytes = isEncoded ? encoded : okpBytes(curve, format, data, extractable, usages, fromPrivate);
      return importedKey(newAlgorithm(), extractable, usages, fromPrivate ? withPublic(curve, bytes) : [bytes]);
    },
    /** @param {string} format @param {KeyFields} key */
    exportKey(format, key) {
      if (format === "jwk") {
        /** @type {Record<string, string>} */
        const fields = { kty: "OKP", crv: curve, x: toBase64Url(key.point ?? key.bytes) };
        if (name === "Ed25519") fields.alg = "EdDSA";
        if (key.type === "private") fields.d = toBase64Url(key.bytes);
        return newJwk(fields, key);
      }
      requireHalf(format, key, name);
      return format === "raw" ? key.bytes : ops.okpExport(curve, /** @type {"pkcs8" | "spki"} */ (format), key.bytes);
    },
    /** @param {Normalized} _ @param {KeyFields} key @param {Uint8Array} data */
    sign: (_, key, data) => ops.ed25519Sign(key.bytes, data),
    /** @param {Normalized} _ @param {KeyFields} key @param {Uint8Array} signature @param {Uint8Array} data */
    verify(_, key, signature, data) {
      if (signature.length !== 64) throw operationError(`Invalid ${name} signature length ${signature.length}`);
      return ops.ed25519Verify(key.bytes, signature, data);
    },
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
  if (format === "raw") {
    if (data.length !== 32) throw dataError(`${name} raw keys must be exactly 32-bytes (provided ${data.length}).`);
    return data;
  }
  if (format !== "jwk") return importedBytes(format, () => ops.okpImport(name, /** @type {"pkcs8" | "spki"} */ (format), data));
  checkPairJwk(data, { name, extractable, usages, use: name === "Ed25519" ? "sig" : "enc" });
  if (name === "Ed25519" && data.alg !== undefined && data.alg !== "EdDSA" && data.alg !== "Ed25519") {
    throw dataError(`JSON Web Key Algorithm parameter "alg" ("${data.alg}") does not match requested Ed25519 curve.`);
  }
  if (data.crv === undefined) throw dataError(`Missing field "crv" for ${name} key.`);
  if (data.crv !== name) throw notSupported(`Only ${name} is supported but "${data.crv}" was requested.`);
  const bytes = fromBase64Url(data, "x", `Invalid ${name} key in JSON WebKey; missing or invalid public key component ("x").`);
  if (bytes.length !== 32) throw dataError(`Invalid length ${bytes.length} for public key`);
  if (!isPrivateKey) return bytes;
  const secret = fromBase64Url(data, "d", `Invalid ${name} key in JSON Web Key; missing or invalid private key component ("d").`);
  if (secret.length !== 32) throw dataError(`Invalid length ${secret.length} for private key`);
  if (!ops.okpPublic(name, secret).every((byte, index) => byte === bytes[index])) {
    throw dataError(`Invalid ${name} key in JSON Web Key; "d" and "x" do not fit together.`);
  }
  return secret;
}

/** The algorithms of this file, by name. @type {Record<string, any>} */
export const curveAlgorithms = {
  ECDH: ec("ECDH"), ECDSA: ec("ECDSA"), Ed25519: okp("Ed25519"), "NODE-ED25519": okp("Ed25519", "NODE-ED25519"), X25519: okp("X25519"),
};
