/**
 * Signatures, and encryption by RSA, of `node:crypto`.
 *
 * @module
 */

import { ops } from "stated:host";
import { answer, bytesArgument, opensslError, orElse, output } from "stated:node-support/crypto-arguments";
import { paddings, saltLengths } from "stated:node-support/crypto-constants";
import { checkString, invalidArgValue, nodeError } from "stated:node-support/errors";
import * as hashing from "stated:node-support/hashing";
import { keyArgument } from "stated:node-support/key-object";
import { Writable } from "stated:node/stream";

/** @typedef {import("stated:node-support/key-material").Material} Material */

const tooLarge = () => opensslError("0200006E", "rsa routines", "data too large for key size");

/** @param {any} name */
function digestNamed(name) {
  const hash = hashing.algorithm(name);
  if (hash === undefined) throw nodeError(TypeError, "ERR_CRYPTO_INVALID_DIGEST", `Invalid digest: ${name}`);
  return hash;
}

/** How a key signs: its digest and padding. @param {Material} key @param {any} digest @param {any} options */
function scheme(key, digest, options) {
  if (key.kind === "ed25519") {
    if (digest !== undefined && digest !== null) throw opensslError("1C80007A", "Provider routines", "invalid digest");
    return { hash: "", salt: 0, padding: "" };
  }
  if (key.kind === "x25519") throw opensslError("03000096", "digital envelope routines", "operation not supported for this keytype");
  const hash = digestNamed(digest ?? "sha256");
  const padding = options?.padding ?? paddings.RSA_PKCS1_PADDING;
  if (padding === paddings.RSA_PKCS1_PADDING || key.kind === "ec") return { hash: hash.name, salt: 0, padding: "pkcs1" };
  if (padding !== paddings.RSA_PKCS1_PSS_PADDING) throw opensslError("1C8000A5", "Provider routines", "illegal or unsupported padding mode");
  const salt = options.saltLength ?? saltLengths.RSA_PSS_SALTLEN_AUTO;
  if (salt === saltLengths.RSA_PSS_SALTLEN_AUTO) return { hash: hash.name, salt: 0, padding: "pss-any" };
  return { hash: hash.name, salt: salt === saltLengths.RSA_PSS_SALTLEN_DIGEST ? hash.size : salt, padding: "pss" };
}

/** @param {any} options */
function encodingOfSignature(options) {
  const encoding = options?.dsaEncoding ?? "der";
  if (encoding !== "der" && encoding !== "ieee-p1363") throw invalidArgValue("options.dsaEncoding", encoding);
  return encoding;
}

/** @param {any} digest @param {Uint8Array} data @param {any} argument a key with options @returns {Uint8Array} */
function signBytes(digest, data, argument) {
  const key = keyArgument(argument, "private");
  const encoding = encodingOfSignature(argument);
  const { hash, salt, padding } = scheme(key, digest, argument);
  if (key.kind === "ed25519") return ops.ed25519Sign(key.bytes, data);
  if (key.kind === "rsa") return orElse(() => ops.rsaSign(/** @type {any} */ (padding), hash, salt, key.bytes, data), tooLarge);
  const curve = /** @type {string} */ (key.curve);
  const signature = ops.ecdsaSign(curve, hash, key.bytes, data);
  return encoding === "der" ? ops.ecdsaEncode(curve, "der", signature) : signature;
}

/** @param {any} digest @param {Uint8Array} data @param {any} argument @param {Uint8Array} signature @returns {boolean} */
function verifyBytes(digest, data, argument, signature) {
  const key = keyArgument(argument, "public");
  const encoding = encodingOfSignature(argument);
  const { hash, salt, padding } = scheme(key, digest, argument);
  if (key.kind === "ed25519") return ops.ed25519Verify(key.bytes, signature, data);
  if (key.kind === "rsa") return ops.rsaVerify(/** @type {any} */ (padding), hash, salt, key.bytes, signature, data);
  const curve = /** @type {string} */ (key.curve);
  try {
    const raw = encoding === "der" ? ops.ecdsaEncode(curve, "ieee-p1363", signature) : signature;
    return ops.ecdsaVerify(curve, hash, key.bytes, raw, data);
  } catch {
    return false;
  }
}

/** What Sign and Verify share: the message. */
class Signer extends /** @type {any} */ (Writable) {
  /** @type {Uint8Array[]} */ #parts = [];
  #digest;

  /** @param {any} algorithm @param {any} [options] */
  constructor(algorithm, options = undefined) {
    checkString("algorithm", algorithm);
    super(options);
    if (hashing.algorithm(algorithm) === undefined) throw nodeError(TypeError, "ERR_CRYPTO_INVALID_DIGEST", "Invalid digest");
    this.#digest = algorithm;
  }

  /** @param {any} data @param {any} [encoding] */
  update(data, encoding = undefined) {
    const bytes = bytesArgument(data, "data", encoding);
    this.#parts.push(typeof data === "string" ? bytes : bytes.slice());
    return this;
  }

  /** Ends the message. @template T @param {(digest: string, message: Uint8Array) => T} use @returns {T} */
  finishWith(use) {
    const message = hashing.concatenate(this.#parts);
    this.#parts = [];
    return use(this.#digest, message);
  }

  /** @param {any} chunk @param {any} encoding @param {any} callback */
  _write(chunk, encoding, callback) {
    this.update(chunk, encoding);
    callback();
  }
}

/** The class of createSign. */
export class Sign extends Signer {
  /** @param {any} key @param {any} [encoding] */
  sign(key, encoding = undefined) {
    if (!key) throw nodeError(Error, "ERR_CRYPTO_SIGN_KEY_REQUIRED", "No key provided to sign");
    return output(this.finishWith((digest, message) => signBytes(digest, message, key)), encoding);
  }
}

/** The class of createVerify. */
export class Verify extends Signer {
  /** @param {any} key @param {any} signature @param {any} [encoding] @returns {boolean} */
  verify(key, signature, encoding = undefined) {
    const bytes = bytesArgument(signature, "signature", encoding);
    return this.finishWith((digest, message) => verifyBytes(digest, message, key, bytes));
  }
}

/** @param {any} algorithm @param {any} [options] */
export const createSign = (algorithm, options = undefined) => new Sign(algorithm, options);
/** @param {any} algorithm @param {any} [options] */
export const createVerify = (algorithm, options = undefined) => new Verify(algorithm, options);

/** @param {any} algorithm a digest, or nothing for Ed25519 @param {any} data @param {any} key @param {any} [callback] */
export function sign(algorithm, data, key, callback = undefined) {
  const bytes = bytesArgument(data, "data");
  if (!key) throw nodeError(Error, "ERR_CRYPTO_SIGN_KEY_REQUIRED", "No key provided to sign");
  return answer(callback, () => output(signBytes(algorithm, bytes, key)));
}

/** @param {any} algorithm @param {any} data @param {any} key @param {any} signature @param {any} [callback] */
export function verify(algorithm, data, key, signature, callback = undefined) {
  const [bytes, given] = [bytesArgument(data, "data"), bytesArgument(signature, "signature")];
  return answer(callback, () => verifyBytes(algorithm, bytes, key, given));
}

const oaepFailed = () => opensslError("02000079", "rsa routines", "oaep decoding error");
const tooSmall = () => opensslError("0200007A", "rsa routines", "data too small for key size");

/** @param {any} argument @param {any} type @param {any} data */
function rsaArguments(argument, type, data) {
  const key = keyArgument(argument, type);
  if (key.kind !== "rsa") throw opensslError("03000096", "digital envelope routines", "operation not supported for this keytype");
  const hash = digestNamed(argument?.oaepHash ?? "sha1").name;
  const label = argument?.oaepLabel === undefined ? new Uint8Array() : bytesArgument(argument.oaepLabel, "key.oaepLabel");
  return { key: key.bytes, message: bytesArgument(data, "buffer", argument?.encoding), hash, label, padding: argument?.padding };
}

/** @param {"public" | "private"} half @param {Uint8Array} key @param {Uint8Array} message as long as the modulus */
function unpadded(half, key, message) {
  const result = orElse(() => ops.rsaApply(half, key, message), tooSmall);
  if (message.length < result.length) throw tooSmall();
  return output(result);
}

/** @param {any} padding */
function unknownPadding(padding) {
  return opensslError("02000076", "rsa routines", padding === paddings.RSA_PKCS1_PSS_PADDING ? "illegal or unsupported padding mode" : "unknown padding type");
}

/** @param {any} argument a public key, or a private one for its public half @param {any} data */
export function publicEncrypt(argument, data) {
  const { key, message, hash, label, padding = paddings.RSA_PKCS1_OAEP_PADDING } = rsaArguments(argument, "public", data);
  switch (padding) {
    case paddings.RSA_PKCS1_OAEP_PADDING:
      return output(orElse(() => ops.rsaEncrypt(hash, label, key, message), tooLarge));
    case paddings.RSA_PKCS1_PADDING:
      return output(orElse(() => ops.rsaApply("encrypt", key, message), tooLarge));
    case paddings.RSA_NO_PADDING:
      return unpadded("public", key, message);
    default:
      throw unknownPadding(padding);
  }
}

/** @param {any} argument @param {any} data */
export function privateDecrypt(argument, data) {
  const { key, message, hash, label, padding = paddings.RSA_PKCS1_OAEP_PADDING } = rsaArguments(argument, "private", data);
  switch (padding) {
    case paddings.RSA_PKCS1_OAEP_PADDING:
      return output(orElse(() => ops.rsaDecrypt(hash, label, key, message), oaepFailed));
    case paddings.RSA_PKCS1_PADDING:
      return output(orElse(() => ops.rsaApply("decrypt", key, message), () => opensslError("0200009F", "rsa routines", "pkcs decoding error")));
    case paddings.RSA_NO_PADDING:
      return unpadded("private", key, message);
    default:
      throw unknownPadding(padding);
  }
}

/** @param {any} argument @param {any} data */
export function privateEncrypt(argument, data) {
  const { key, message, padding = paddings.RSA_PKCS1_PADDING } = rsaArguments(argument, "private", data);
  if (padding === paddings.RSA_NO_PADDING) return unpadded("private", key, message);
  if (padding !== paddings.RSA_PKCS1_PADDING) throw unknownPadding(padding);
  return output(orElse(() => ops.rsaApply("sign", key, message), tooLarge));
}

/** @param {any} argument @param {any} data */
export function publicDecrypt(argument, data) {
  const { key, message, padding = paddings.RSA_PKCS1_PADDING } = rsaArguments(argument, "public", data);
  if (padding === paddings.RSA_NO_PADDING) return unpadded("public", key, message);
  if (padding !== paddings.RSA_PKCS1_PADDING) throw unknownPadding(padding);
  return output(orElse(() => ops.rsaApply("recover", key, message), () => opensslError("02000072", "rsa routines", "padding check failed")));
}
