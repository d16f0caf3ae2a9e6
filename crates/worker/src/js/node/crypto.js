/**
 * `node:crypto`.
 *
 * Functions with a callback do their work at once and call back afterwards, except the making of RSA keys.
 *
 * @module
 */

import { crypto as webcrypto } from "stated:crypto";
import { CryptoKey } from "stated:crypto/key";
import { ops } from "stated:host";
import { Buffer } from "stated:node/buffer";
import * as agreement from "stated:node-support/agreement";
import * as certificate from "stated:node-support/certificate";
import * as cipher from "stated:node-support/cipher";
import { answer, bytesArgument, hashNamed, opensslError, output } from "stated:node-support/crypto-arguments";
import { constants } from "stated:node-support/crypto-constants";
import { checkFunction, checkInteger, checkObject, checkString, invalidArgType, invalidArgValue, nodeError, outOfRange } from "stated:node-support/errors";
import * as hashing from "stated:node-support/hashing";
import { curveNames } from "stated:node-support/key-material";
import * as keys from "stated:node-support/key-object";
import * as pairs from "stated:node-support/key-pair";
import { nextTick } from "stated:node-support/next-tick";
import * as primes from "stated:node-support/prime";
import * as signature from "stated:node-support/signature";
import { Certificate } from "stated:node-support/spkac";
import { methodNotImplemented } from "stated:node-support/unimplemented";
import { Transform } from "stated:node/stream";

/** Bytes of one call for random values. */
const RANDOM_BYTES_MAX = 2 ** 31 - 1;
/** Bytes that scrypt may use unless the program says more. */
const SCRYPT_MEMORY = 32 * 1024 * 1024;

/** What Hash and Hmac share: bytes that are collected until the result is asked for. */
class Collector extends /** @type {any} */ (Transform) {
  /** @type {Uint8Array[]} */ #parts = [];
  /** @type {(bytes: Uint8Array) => Uint8Array} */ #finish;
  #finished = false;

  /** @param {(bytes: Uint8Array) => Uint8Array} finish @param {any} options */
  constructor(finish, options) {
    super(options);
    this.#finish = finish;
  }

  /** @param {any} data @param {any} [encoding] of a string */
  update(data, encoding = undefined) {
    if (this.#finished) throw nodeError(Error, "ERR_CRYPTO_HASH_FINALIZED", "Digest already called");
    const bytes = bytesArgument(data, "data", encoding, "of type string or an instance of Buffer, TypedArray, or DataView");
    this.#parts.push(typeof data === "string" ? bytes : bytes.slice());
    return this;
  }

  /** @param {any} [encoding] */
  digest(encoding = undefined) {
    // As in Node, only a hash complains.
    if (this.#finished && this instanceof Hmac) return output(new Uint8Array(0), encoding);
    if (this.#finished) throw nodeError(Error, "ERR_CRYPTO_HASH_FINALIZED", "Digest already called");
    this.#finished = true;
    return output(this.#finish(hashing.concatenate(this.#parts)), encoding);
  }

  /** @param {Collector} other */
  takeFrom(other) {
    if (other.#finished) throw nodeError(Error, "ERR_CRYPTO_HASH_FINALIZED", "Digest already called");
    this.#parts = [...other.#parts];
  }

  /** @param {any} chunk @param {any} encoding @param {any} callback */
  _transform(chunk, encoding, callback) {
    this.update(chunk, encoding);
    callback();
  }

  /** @param {any} callback */
  _flush(callback) {
    /** @type {any} */ (this).push(this.digest());
    callback();
  }
}

/** The class of createHash. */
export class Hash extends Collector {
  #algorithm;
  #options;

  /** @param {string} name @param {any} [options] `outputLength` of an extendable digest, and those of a stream */
  constructor(name, options = undefined) {
    checkString("algorithm", name);
    const hash = hashing.algorithm(name);
    if (hash === undefined) throw Object.assign(new Error("Digest method not supported"), { code: "ERR_OSSL_EVP_UNSUPPORTED" });
    const length = options?.outputLength ?? hash.size;
    checkInteger("options.outputLength", length, 0, 2 ** 31 - 1);
    if (!hash.isExtendable && length !== hash.size) throw opensslError("030000B2", "digital envelope routines", "not XOF or invalid length");
    super((bytes) => hashing.digest(hash, bytes, length), options);
    this.#algorithm = name;
    this.#options = options;
  }

  /** @param {any} [options] */
  copy(options = this.#options) {
    const copy = new Hash(this.#algorithm, options);
    copy.takeFrom(this);
    return copy;
  }
}

/** The class of createHmac. */
export class Hmac extends Collector {
  /** @param {string} name @param {any} key @param {any} [options] */
  constructor(name, key, options = undefined) {
    checkString("hmac", name);
    const hash = hashing.algorithm(name);
    const bytes = keys.secretBytes(key, "key", options?.encoding).slice();
    if (hash === undefined || hash.isExtendable) throw nodeError(Error, "ERR_CRYPTO_INVALID_DIGEST", `Invalid digest: ${name}`);
    super((message) => ops.hmacSign(hash.name, bytes, message), options);
  }
}

/** @param {string} algorithm @param {any} [options] */
export function createHash(algorithm, options = undefined) {
  return new Hash(algorithm, options);
}

/** @param {string} algorithm @param {any} key @param {any} [options] */
export function createHmac(algorithm, key, options = undefined) {
  return new Hmac(algorithm, key, options);
}

/** The digest of one value. @param {string} algorithm @param {any} data @param {any} [encoding] */
export function hash(algorithm, data, encoding = "hex") {
  return new Hash(algorithm).update(data).digest(encoding);
}

export function getHashes() {
  return [...hashing.hashNames];
}

/** @param {number} size @param {any} [callback] @returns {any} */
export function randomBytes(size, callback = undefined) {
  checkInteger("size", size, 0, RANDOM_BYTES_MAX);
  const bytes = Buffer.alloc(size);
  ops.randomFill(bytes);
  return answer(callback, () => bytes);
}

/**
 * @param {any} buffer
 * @param {number} [offset] in elements
 * @param {number} [size] in elements
 */
export function randomFillSync(buffer, offset = 0, size = undefined) {
  if (!ArrayBuffer.isView(buffer) && !(buffer instanceof ArrayBuffer)) {
    throw invalidArgType("buf", "an instance of ArrayBuffer or ArrayBufferView", buffer);
  }
  const unit = /** @type {any} */ (buffer).BYTES_PER_ELEMENT ?? 1;
  const length = buffer.byteLength / unit;
  checkInteger("offset", offset, 0, length);
  const count = size ?? length - offset;
  checkInteger("size", count, 0, RANDOM_BYTES_MAX);
  if (offset + count > length) throw outOfRange("size + offset", `<= ${length}`, offset + count);
  ops.randomFill(bytesArgument(buffer, "buf").subarray(offset * unit, (offset + count) * unit));
  return buffer;
}

/** @param {any} buffer @param {...any} rest offset, size and callback */
export function randomFill(buffer, ...rest) {
  const callback = rest.pop();
  checkFunction("callback", callback);
  randomFillSync(buffer, ...rest);
  nextTick(callback, null, buffer);
}

/** @param {any} [options] */
export function randomUUID(options = undefined) {
  if (options !== undefined) checkObject("options", options);
  return ops.randomUuid();
}

/**
 * An integer of [min, max), each as likely as the other.
 *
 * @param {any} min or max, with 0 as min
 * @param {any} [max]
 * @param {any} [callback]
 * @returns {any}
 */
export function randomInt(min, max = undefined, callback = undefined) {
  if (max === undefined || typeof max === "function") {
    callback = max;
    max = min;
    min = 0;
  }
  if (!Number.isSafeInteger(min)) throw invalidArgType("min", "a safe integer", min);
  if (!Number.isSafeInteger(max)) throw invalidArgType("max", "a safe integer", max);
  if (max <= min) throw outOfRange("max", `greater than the value of "min" (${min})`, max);
  const range = max - min;
  if (range > 2 ** 48 - 1) throw outOfRange("max - min", "<= 281474976710655", range);
  const limit = 2 ** 48 - 2 ** 48 % range;
  const view = new DataView(new ArrayBuffer(8));
  let value;
  do {
    ops.randomFill(new Uint8Array(view.buffer, 2));
    value = Number(view.getBigUint64(0));
  } while (value >= limit);
  return answer(callback, () => value % range + min);
}

/** Takes a time that depends only on the number of bytes. @param {any} a @param {any} b @returns {boolean} */
export function timingSafeEqual(a, b) {
  for (const [name, value] of /** @type {[string, any][]} */ ([["buf1", a], ["buf2", b]])) {
    if (!ArrayBuffer.isView(value) && !(value instanceof ArrayBuffer)) {
      throw invalidArgType(name, "an instance of ArrayBuffer, Buffer, TypedArray, or DataView", value);
    }
  }
  if (a.byteLength !== b.byteLength) {
    throw nodeError(RangeError, "ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH", "Input buffers must have the same byte length");
  }
  return webcrypto.subtle.timingSafeEqual(a, b);
}

/** @param {any} password @param {any} salt @param {any} iterations @param {any} length @param {any} digest */
export function pbkdf2Sync(password, salt, iterations, length, digest) {
  const key = bytesArgument(password, "password");
  const grain = bytesArgument(salt, "salt");
  checkInteger("iterations", iterations, 1, 2 ** 31 - 1);
  checkInteger("keylen", length, 0, 2 ** 31 - 1);
  return output(ops.pbkdf2Now(hashNamed(digest).name, key, grain, iterations, length));
}

/** @param {any} password @param {any} salt @param {any} iterations @param {any} length @param {any} digest @param {any} callback */
export function pbkdf2(password, salt, iterations, length, digest, callback) {
  if (typeof digest === "function") throw invalidArgType("digest", "of type string", undefined);
  checkFunction("callback", callback);
  nextTick(callback, null, pbkdf2Sync(password, salt, iterations, length, digest));
}

/** HKDF has an order of its own in what it wants. @param {any} value @param {string} name @param {string} [kinds] */
function hkdfBytes(value, name, kinds = "ArrayBuffer, TypedArray, DataView, or Buffer") {
  return bytesArgument(value, name, undefined, `of type string or an instance of ${kinds}`);
}

/** @param {any} digest @param {any} key @param {any} salt @param {any} info @param {any} length @returns {ArrayBuffer} */
export function hkdfSync(digest, key, salt, info, length) {
  const hash = hashNamed(digest);
  const ikm = hkdfBytes(keys.isKey(key) ? keys.secretBytes(key, "ikm") : key, "ikm", "SecretKeyObject, ArrayBuffer, TypedArray, DataView, or Buffer");
  const [grain, context] = [hkdfBytes(salt, "salt"), hkdfBytes(info, "info")];
  checkInteger("length", length, 0, 2 ** 31 - 1);
  if (context.length > 1024) throw outOfRange("info", "must not contain more than 1024 bytes", context.length);
  if (length > 255 * hash.size) throw nodeError(RangeError, "ERR_CRYPTO_INVALID_KEYLEN", "Invalid key length");
  return /** @type {ArrayBuffer} */ (ops.hkdf(hash.name, ikm, grain, context, length).slice().buffer);
}

/** @param {any} digest @param {any} key @param {any} salt @param {any} info @param {any} length @param {any} callback */
export function hkdf(digest, key, salt, info, length, callback) {
  checkFunction("callback", callback);
  nextTick(callback, null, hkdfSync(digest, key, salt, info, length));
}

/** @param {any} options */
function scryptParameters(options) {
  const { N = 16384, cost = N, r = 8, blockSize = r, p = 1, parallelization = p, maxmem: memory = SCRYPT_MEMORY } = options ?? {};
  for (const [name, value] of [["N", cost], ["r", blockSize], ["p", parallelization]]) checkInteger(name, value, 0, 2 ** 32 - 1);
  const valid = cost > 1 && (cost & (cost - 1)) === 0 && blockSize > 0 && parallelization > 0;
  if (!valid || 128 * cost * blockSize > memory) {
    const reason = valid ? ": memory limit exceeded" : "";
    throw nodeError(RangeError, "ERR_CRYPTO_INVALID_SCRYPT_PARAMS", `Invalid scrypt params${reason}`);
  }
  return { cost, blockSize, parallelization };
}

/** @param {any} password @param {any} salt @param {any} length @param {any} [options] */
export function scryptSync(password, salt, length, options = undefined) {
  const key = bytesArgument(password, "password");
  const grain = bytesArgument(salt, "salt");
  checkInteger("keylen", length, 0, 2 ** 31 - 1);
  const { cost, blockSize, parallelization } = scryptParameters(options);
  return output(ops.scrypt(key, grain, cost, blockSize, parallelization, length));
}

/** @param {any} password @param {any} salt @param {any} length @param {...any} rest options and callback */
export function scrypt(password, salt, length, ...rest) {
  const callback = rest.pop();
  checkFunction("callback", callback);
  nextTick(callback, null, scryptSync(password, salt, length, rest[0]));
}

/** @param {any} array */
export function getRandomValues(array) {
  return webcrypto.getRandomValues(array);
}

/** There is no hardware to choose. @param {unknown} engine */
export function setEngine(engine) {
  void engine;
}

export function getFips() {
  return 0;
}

/** @param {unknown} fips */
export function setFips(fips) {
  if (fips) throw invalidArgValue("fips", fips);
}

export function secureHeapUsed() {
  return { total: 0, used: 0, utilization: 0, min: 0 };
}

export const { createCipheriv, createDecipheriv, Cipheriv, Decipheriv, getCipherInfo, getCiphers } = cipher;
export const { createPrivateKey, createPublicKey, createSecretKey, KeyObject, PrivateKeyObject, PublicKeyObject, SecretKeyObject } = keys;
export const { generateKey, generateKeyPair, generateKeyPairSync, generateKeySync } = pairs;
export const { checkPrime, checkPrimeSync, generatePrime, generatePrimeSync } = primes;
export const { createSign, createVerify, privateDecrypt, privateEncrypt, publicDecrypt, publicEncrypt, Sign, sign, Verify, verify } = signature;
export const {
  createDiffieHellman, createDiffieHellmanGroup, createECDH, DiffieHellman, DiffieHellmanGroup, diffieHellman, ECDH, getDiffieHellman,
} = agreement;
export const { X509Certificate } = certificate;

/** The old name. */
export const pseudoRandomBytes = randomBytes;

/** Ciphers whose key is made of a password without salt: Node has removed them. */
export const [Cipher, createCipher, createDecipher, Decipher] = ["Cipher", "createCipher", "createDecipher", "Decipher"].map(methodNotImplemented);

/** Whether cryptography is limited to what FIPS 140 allows. */
export const fips = false;

export const getCurves = () => [...curveNames];


export const { subtle } = webcrypto;
export { Certificate, constants, CryptoKey, webcrypto };
const all = {
  Certificate, checkPrime, checkPrimeSync, Cipher, Cipheriv, constants, createCipher, createCipheriv, createDecipher,
  createDecipheriv, createDiffieHellman, createDiffieHellmanGroup, createECDH, createHash, createHmac, createPrivateKey,
  createPublicKey, createSecretKey, createSign, createVerify, CryptoKey, Decipher, Decipheriv, DiffieHellman, diffieHellman,
  DiffieHellmanGroup, ECDH, generateKey, generateKeyPair, generateKeyPairSync, generateKeySync, generatePrime,
  generatePrimeSync, getCipherInfo, getCiphers, getCurves, getDiffieHellman, getFips, getHashes, getRandomValues, Hash, hash,
  hkdf, hkdfSync, Hmac, KeyObject, pbkdf2, pbkdf2Sync, privateDecrypt, privateEncrypt, PrivateKeyObject, pseudoRandomBytes,
  publicDecrypt, publicEncrypt, PublicKeyObject, randomBytes, randomFill, randomFillSync, randomInt, randomUUID, scrypt,
  scryptSync, SecretKeyObject, secureHeapUsed, setEngine, setFips, Sign, sign, subtle, timingSafeEqual, Verify, verify,
  webcrypto, X509Certificate,
};
export default /** @type {typeof all & { fips: boolean }} */ (Object.defineProperty(all, "fips", {
  configurable: true, enumerable: true, get: () => getFips() === 1, set: setFips,
}));
