/**
 * New keys of `node:crypto`.
 *
 * @module
 */

import { ops } from "stated:host";
import { bytesArgument } from "stated:node-support/crypto-arguments";
import { checkFunction, checkInteger, checkObject, checkString, invalidArgValue } from "stated:node-support/errors";
import { curveNamed, okpName, pairHalf, publicOf } from "stated:node-support/key-material";
import { exportKey, keyObject } from "stated:node-support/key-object";
import { nextTick } from "stated:node-support/next-tick";

/** @typedef {import("stated:node-support/key-material").Material} Material */

/** Checks the options of an RSA key. @param {any} options @returns {[number, Uint8Array]} */
function rsaParameters(options) {
  checkInteger("options.modulusLength", options.modulusLength, 0, 2 ** 32 - 1);
  const exponent = options.publicExponent ?? 0x10001;
  checkInteger("options.publicExponent", exponent, 0, 2 ** 32 - 1);
  return [options.modulusLength, Uint8Array.of(exponent >>> 24, exponent >>> 16, exponent >>> 8, exponent)];
}

/** @param {"ec" | "ed25519" | "x25519"} type @param {any} options @returns {Material} */
function newCurveKey(type, options) {
  if (type === "ec") {
    checkString("options.namedCurve", options.namedCurve);
    const curve = curveNamed(options.namedCurve);
    return pairHalf(type, ops.ecGenerate(curve), curve);
  }
  const bytes = ops.okpGenerate();
  return pairHalf(type, [bytes, ops.okpPublic(okpName(type), bytes)]);
}

/** @param {any} type @param {any} options */
function checkPair(type, options) {
  checkString("type", type);
  if (type === "rsa" || type === "ec") checkObject("options", options);
  else if (type !== "ed25519" && type !== "x25519") throw invalidArgValue("type", type, "must be a supported key type");
}

/** @param {Material} key @param {any} options */
function pairOf(key, options) {
  const [publicEncoding, privateEncoding] = [options?.publicKeyEncoding, options?.privateKeyEncoding];
  const half = publicOf(key);
  return {
    publicKey: publicEncoding === undefined ? keyObject(half) : exportKey(half, publicEncoding, "options.publicKeyEncoding"),
    privateKey: privateEncoding === undefined ? keyObject(key) : exportKey(key, privateEncoding, "options.privateKeyEncoding"),
  };
}

/** Makes the program wait: for an RSA key from a tenth of a second to many. @param {any} type @param {any} [options] */
export function generateKeyPairSync(type, options = undefined) {
  checkPair(type, options);
  if (type !== "rsa") return pairOf(newCurveKey(type, options), options);
  return pairOf({ type: "private", kind: "rsa", bytes: ops.rsaGenerateNow(...rsaParameters(options)) }, options);
}

/** @param {any} type @param {any} options @param {any} [callback] */
export function generateKeyPair(type, options, callback = undefined) {
  if (typeof options === "function") [options, callback] = [undefined, options];
  checkPair(type, options);
  checkFunction("callback", callback);
  const made = type === "rsa" ? ops.rsaGenerate(...rsaParameters(options)).then((bytes) => /** @type {Material} */ ({ type: "private", kind: "rsa", bytes }))
    : Promise.resolve(newCurveKey(type, options));
  made.then((key) => pairOf(key, options)).then(({ publicKey, privateKey }) => nextTick(callback, null, publicKey, privateKey), (error) => nextTick(callback, error));
}

/** @param {any} type "aes" or "hmac" @param {any} options */
export function generateKeySync(type, options) {
  checkString("type", type);
  checkObject("options", options);
  const { length } = options;
  if (type === "hmac") checkInteger("options.length", length, 8, 2 ** 31 - 1);
  else if (type !== "aes") throw invalidArgValue("type", type, "must be a supported key type");
  else if (![128, 192, 256].includes(length)) throw invalidArgValue("options.length", length, "must be one of: 128, 192, 256");
  const bytes = new Uint8Array(Math.floor(length / 8));
  ops.randomFill(bytes);
  return keyObject({ type: "secret", kind: undefined, bytes });
}

/** @param {any} type @param {any} options @param {any} callback */
export function generateKey(type, options, callback) {
  checkFunction("callback", callback);
  nextTick(callback, null, generateKeySync(type, options));
}

/** A number of a program, big-endian. @param {any} value a bigint or bytes @param {string} name */
export function numberBytes(value, name) {
  if (typeof value !== "bigint") return bytesArgument(value, name);
  if (value < 0n) throw invalidArgValue(name, value);
  const digits = value.toString(16);
  return bytesArgument(digits.length % 2 === 0 ? digits : `0${digits}`, name, "hex");
}
