/**
 * Agreement on a secret: Diffie-Hellman over numbers and over curves.
 *
 * @module
 */

import { ops } from "stated:host";
import { answer, bytesArgument, opensslError, orElse, output } from "stated:node-support/crypto-arguments";
import { verifyErrors } from "stated:node-support/crypto-constants";
import { groups } from "stated:node-support/dh-groups";
import { checkObject, checkString, invalidArgType, invalidArgValue, nodeError } from "stated:node-support/errors";
import { curveNamed } from "stated:node-support/key-material";
import { keyArgument } from "stated:node-support/key-object";

/** Bits of the shortest and the longest modulus. */
const MODULUS_BITS_MIN = 512;
const MODULUS_BITS_MAX = 10_000;

/** @param {Uint8Array} bytes without zeros in front */
function significant(bytes) {
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? new Uint8Array(1) : bytes.subarray(first);
}

/** @param {Uint8Array} bytes */
const toBigInt = (bytes) => bytes.reduce((number, byte) => number << 8n | BigInt(byte), 0n);

const invalidState = (/** @type {string} */ text) => nodeError(Error, "ERR_CRYPTO_INVALID_STATE", text);

/** Diffie-Hellman modulo a prime. */
class Numbers {
  #prime;
  #generator;
  /** @type {Uint8Array | undefined} */ #private;
  /** @type {Uint8Array | undefined} */ #public;
  /** @type {number | undefined} */ #verifyError;

  /** @param {Uint8Array} prime @param {Uint8Array} generator @param {number} [verifyError] when it is known */
  constructor(prime, generator, verifyError = undefined) {
    this.#prime = significant(prime);
    this.#generator = significant(generator);
    this.#verifyError = verifyError;
  }

  get verifyError() {
    return this.#verifyError ??= this.#check();
  }

  #check() {
    const prime = toBigInt(this.#prime);
    if (!ops.primeCheck(this.#prime)) return verifyErrors.DH_CHECK_P_NOT_PRIME;
    let error = 0;
    const half = (prime - 1n) / 2n;
    const digits = half.toString(16);
    if (!ops.primeCheck(bytesArgument(digits.length % 2 ? `0${digits}` : digits, "prime", "hex"))) error |= verifyErrors.DH_CHECK_P_NOT_SAFE_PRIME;
    const generator = toBigInt(this.#generator);
    if (generator <= 1n || generator >= prime - 1n) error |= verifyErrors.DH_NOT_SUITABLE_GENERATOR;
    return error;
  }

  /** @param {any} [encoding] */
  generateKeys(encoding = undefined) {
    if (this.#private === undefined) {
      // As long as the prime less a bit: whatever is above it, the group takes away.
      const bytes = new Uint8Array(this.#prime.length);
      ops.randomFill(bytes);
      bytes[0] &= this.#prime[0] >> 1;
      bytes[bytes.length - 1] |= 1;
      this.#private = bytes;
    }
    this.#public = ops.modPower(this.#generator, this.#private, this.#prime);
    return output(this.#public.slice(), encoding);
  }

  /** @param {any} other @param {any} [inputEncoding] @param {any} [outputEncoding] */
  computeSecret(other, inputEncoding = undefined, outputEncoding = undefined) {
    const key = significant(bytesArgument(other, "otherPublicKey", inputEncoding));
    if (this.#private === undefined) throw invalidState("No private key - did you forget to generate one?");
    const number = toBigInt(key);
    const prime = toBigInt(this.#prime);
    if (number <= 1n) throw nodeError(RangeError, "ERR_CRYPTO_INVALID_KEYLEN", "Supplied key is too small");
    if (number >= prime - 1n) throw nodeError(RangeError, "ERR_CRYPTO_INVALID_KEYLEN", "Supplied key is too large");
    return output(ops.modPower(key, this.#private, this.#prime), outputEncoding);
  }

  /** @param {any} [encoding] */
  getPrime(encoding = undefined) {
    return output(this.#prime.slice(), encoding);
  }

  /** @param {any} [encoding] */
  getGenerator(encoding = undefined) {
    return output(this.#generator.slice(), encoding);
  }

  /** @param {any} [encoding] */
  getPublicKey(encoding = undefined) {
    if (this.#public === undefined) throw invalidState("No public key - did you forget to generate one?");
    return output(this.#public.slice(), encoding);
  }

  /** @param {any} [encoding] */
  getPrivateKey(encoding = undefined) {
    if (this.#private === undefined) throw invalidState("No private key - did you forget to generate one?");
    return output(this.#private.slice(), encoding);
  }

  /** @param {Uint8Array} key */
  takePrivate(key) {
    this.#private = key;
  }

  /** @param {Uint8Array} key */
  takePublic(key) {
    this.#public = key;
  }
}

/** The class of createDiffieHellman. */
export class DiffieHellman extends Numbers {
  /** @param {any} sizeOrPrime @param {any} [encoding] or the generator @param {any} [generator] @param {any} [generatorEncoding] */
  constructor(sizeOrPrime, encoding = undefined, generator = undefined, generatorEncoding = undefined) {
    if (typeof encoding === "number" || typeof encoding === "bigint" || typeof encoding === "object" && encoding !== null) {
      [generator, generatorEncoding, encoding] = [encoding, generator, undefined];
    }
    const base = generatorOf(generator ?? 2, generatorEncoding);
    if (typeof sizeOrPrime === "number") {
      if (sizeOrPrime < MODULUS_BITS_MIN) throw opensslError("0280007E", "Diffie-Hellman routines", "modulus too small");
      if (sizeOrPrime > MODULUS_BITS_MAX) throw opensslError("02800067", "Diffie-Hellman routines", "modulus too large");
      super(ops.primeNew(sizeOrPrime, true), base, 0);
      return;
    }
    super(bytesArgument(sizeOrPrime, "sizeOrKey", encoding, "one of type number or string or an instance of ArrayBuffer, Buffer, TypedArray, or DataView"), base);
  }

  /** @param {any} key @param {any} [encoding] */
  setPublicKey(key, encoding = undefined) {
    this.takePublic(bytesArgument(key, "key", encoding).slice());
  }

  /** @param {any} key @param {any} [encoding] */
  setPrivateKey(key, encoding = undefined) {
    this.takePrivate(bytesArgument(key, "key", encoding).slice());
  }
}

/** @param {any} generator @param {any} encoding */
function generatorOf(generator, encoding) {
  if (typeof generator !== "number") return bytesArgument(generator, "generator", encoding);
  if (!Number.isInteger(generator) || generator < 2 || generator > 2 ** 31 - 1) throw opensslError("02800065", "Diffie-Hellman routines", "bad generator");
  return Uint8Array.of(generator >>> 24, generator >>> 16, generator >>> 8, generator);
}

/** The class of getDiffieHellman: a group that has a name. */
export class DiffieHellmanGroup extends Numbers {
  /** @param {any} name */
  constructor(name) {
    checkString("name", name);
    if (!Object.hasOwn(groups, name)) throw nodeError(Error, "ERR_CRYPTO_UNKNOWN_DH_GROUP", "Unknown DH group");
    super(bytesArgument(groups[name], "name", "base64"), Uint8Array.of(2), 0);
  }
}

/** @param {any} sizeOrPrime @param {any} [encoding] @param {any} [generator] @param {any} [generatorEncoding] */
export const createDiffieHellman = (sizeOrPrime, encoding = undefined, generator = undefined, generatorEncoding = undefined) =>
  new DiffieHellman(sizeOrPrime, encoding, generator, generatorEncoding);
/** @param {any} name */
export const createDiffieHellmanGroup = (name) => new DiffieHellmanGroup(name);
export const getDiffieHellman = createDiffieHellmanGroup;

/** @param {string} curve @param {Uint8Array} point @param {any} format */
function pointAs(curve, point, format = "uncompressed") {
  switch (format) {
    case "uncompressed":
      return point.slice();
    case "compressed":
      return ops.ecCompress(curve, point);
    case "hybrid": {
      // The uncompressed form that also says whether y is odd.
      const hybrid = point.slice();
      hybrid[0] = 6 + (point[point.length - 1] & 1);
      return hybrid;
    }
    default:
      throw nodeError(TypeError, "ERR_CRYPTO_ECDH_INVALID_FORMAT", `Invalid ECDH format: ${format}`);
  }
}

/** A point of a program, which may be hybrid. @param {string} curve @param {Uint8Array} bytes */
function pointOf(curve, bytes) {
  const isHybrid = bytes.length > 1 && (bytes[0] === 6 || bytes[0] === 7);
  return ops.ecImport(curve, "point", isHybrid ? Uint8Array.of(4, ...bytes.subarray(1)) : bytes)[0];
}

/** The class of createECDH. */
export class ECDH {
  #curve;
  /** @type {Uint8Array | undefined} */ #private;
  /** @type {Uint8Array | undefined} */ #public;

  /** @param {any} curve */
  constructor(curve) {
    checkString("curve", curve);
    this.#curve = curveNamed(curve);
  }

  /** @param {any} key @param {any} curve @param {any} [inputEncoding] @param {any} [outputEncoding] @param {any} [format] */
  static convertKey(key, curve, inputEncoding = undefined, outputEncoding = undefined, format = undefined) {
    checkString("curve", curve);
    const name = curveNamed(curve);
    const bytes = bytesArgument(key, "key", inputEncoding);
    const point = orElse(() => pointOf(name, bytes), () => nodeError(Error, "ERR_CRYPTO_OPERATION_FAILED", "Failed to convert Buffer to EC_POINT"));
    return output(pointAs(name, point, format), outputEncoding);
  }

  /** @param {any} [encoding] @param {any} [format] */
  generateKeys(encoding = undefined, format = undefined) {
    [this.#private, this.#public] = ops.ecGenerate(this.#curve);
    return this.getPublicKey(encoding, format);
  }

  /** @param {any} other @param {any} [inputEncoding] @param {any} [outputEncoding] */
  computeSecret(other, inputEncoding = undefined, outputEncoding = undefined) {
    const bytes = bytesArgument(other, "otherPublicKey", inputEncoding);
    const point = orElse(() => pointOf(this.#curve, bytes),
      () => nodeError(Error, "ERR_CRYPTO_ECDH_INVALID_PUBLIC_KEY", "Public key is not valid for specified curve"));
    if (this.#private === undefined) throw nodeError(Error, "ERR_CRYPTO_OPERATION_FAILED", "Failed to get ECDH private key");
    return output(ops.ecdhAgree(this.#curve, this.#private, point), outputEncoding);
  }

  /** @param {any} [encoding] @param {any} [format] */
  getPublicKey(encoding = undefined, format = undefined) {
    if (this.#public === undefined) throw nodeError(Error, "ERR_CRYPTO_OPERATION_FAILED", "Failed to get ECDH public key");
    return output(pointAs(this.#curve, this.#public, format), encoding);
  }

  /** @param {any} [encoding] */
  getPrivateKey(encoding = undefined) {
    if (this.#private === undefined) throw nodeError(Error, "ERR_CRYPTO_OPERATION_FAILED", "Failed to get ECDH private key");
    return output(this.#private.slice(), encoding);
  }

  /** @param {any} key @param {any} [encoding] */
  setPrivateKey(key, encoding = undefined) {
    const bytes = bytesArgument(key, "key", encoding);
    const length = { "P-384": 48, "P-521": 66 }[this.#curve] ?? 32;
    const scalar = new Uint8Array(length);
    const invalid = () => nodeError(RangeError, "ERR_CRYPTO_INVALID_KEYTYPE", "Private key is not valid for specified curve.");
    const number = significant(bytes);
    if (number.length > length) throw invalid();
    scalar.set(number, length - number.length);
    [this.#private, this.#public] = orElse(() => ops.ecImport(this.#curve, "scalar", scalar), invalid);
  }

  /** @param {any} key @param {any} [encoding] */
  setPublicKey(key, encoding = undefined) {
    const bytes = bytesArgument(key, "key", encoding);
    this.#public = orElse(() => pointOf(this.#curve, bytes),
      () => nodeError(Error, "ERR_CRYPTO_OPERATION_FAILED", "Failed to convert Buffer to EC_POINT"));
  }
}

/** @param {any} curve */
export const createECDH = (curve) => new ECDH(curve);

/** The secret of a private key and somebody's public one. @param {any} options @param {any} [callback] */
export function diffieHellman(options, callback = undefined) {
  checkObject("options", options);
  for (const name of ["privateKey", "publicKey"]) {
    if (options[name]?.type === undefined) throw invalidArgValue(`options.${name}`, options[name]);
  }
  if (typeof options.privateKey !== "object") throw invalidArgType("options.privateKey", "an instance of KeyObject", options.privateKey);
  const [own, other] = [keyArgument(options.privateKey, "private"), keyArgument(options.publicKey, "public")];
  if (own.kind !== other.kind || own.kind !== "ec" && own.kind !== "x25519") {
    throw nodeError(Error, "ERR_CRYPTO_INCOMPATIBLE_KEY", `Incompatible key types for Diffie-Hellman: ${own.kind} and ${other.kind}`);
  }
  if (own.curve !== other.curve) throw opensslError("05880099", "elliptic curve routines", "incompatible objects");
  return answer(callback, () => output(own.kind === "ec" ? ops.ecdhAgree(/** @type {string} */ (own.curve), own.bytes, other.bytes)
    : ops.x25519Agree(own.bytes, other.bytes)));
}
