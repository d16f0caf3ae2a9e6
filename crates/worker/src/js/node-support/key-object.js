/**
 * KeyObject of `node:crypto`, and what is accepted where a key is.
 *
 * @module
 */

import { CryptoKey, keyFields, newKey } from "stated:crypto/key";
import { ops } from "stated:host";
import { badDecrypt, bytesArgument, orElse, output, sameBytes, unreadableKey, viewBytes } from "stated:node-support/crypto-arguments";
import { checkObject, checkString, invalidArgType, invalidArgValue, nodeError } from "stated:node-support/errors";
import * as material from "stated:node-support/key-material";
import { decodePem, encodePem } from "stated:node-support/pem";
import { decryptBody, encryptBody, writeHeaders } from "stated:node-support/pem-encryption";

/** @typedef {import("stated:node-support/key-material").Material} Material */

const token = Symbol("made here");
/** @type {(key: KeyObject) => Material} */
let materialIn;

/** A key: secret, public or private. */
export class KeyObject {
  /** @type {Material} */ #material;

  /** @param {any} type @param {any} handle @param {Material} [fields] */
  constructor(type, handle, fields = undefined) {
    if (type !== "secret" && type !== "public" && type !== "private") throw invalidArgValue("type", type);
    if (handle !== token || fields === undefined) throw invalidArgType("handle", "of type object", handle);
    this.#material = fields;
  }

  get type() {
    return this.#material.type;
  }

  /** Of a key of Web Crypto. @param {any} key */
  static from(key) {
    if (!(key instanceof CryptoKey)) throw invalidArgType("key", "an instance of CryptoKey", key);
    const { type, algorithm, bytes, point } = keyFields(key);
    const kind = type === "secret" ? undefined : kinds[algorithm.name] ?? "rsa";
    return keyObject({ type, kind, curve: kind === "ec" ? algorithm.namedCurve : undefined, bytes, point });
  }

  /** @param {any} other */
  equals(other) {
    if (!(other instanceof KeyObject)) throw invalidArgType("otherKeyObject", "an instance of KeyObject", other);
    const [a, b] = [this.#material, materialIn(other)];
    return a.type === b.type && a.kind === b.kind && a.curve === b.curve && sameBytes(a.bytes, b.bytes);
  }

  get [Symbol.toStringTag]() {
    return "KeyObject";
  }

  static {
    materialIn = (key) => key.#material;
  }
}

/** @type {Record<string, any>} */
const kinds = { ECDH: "ec", ECDSA: "ec", Ed25519: "ed25519", "NODE-ED25519": "ed25519", X25519: "x25519" };

/** @param {any} key @param {any} algorithm @param {boolean} extractable @param {string[]} usages */
function toCryptoKey(key, algorithm, extractable, usages) {
  const { type, bytes, point } = materialIn(key);
  const given = typeof algorithm === "string" ? { name: algorithm } : algorithm;
  const hash = typeof given.hash === "string" ? { name: given.hash } : given.hash;
  return newKey({ type, extractable, usages, algorithm: { ...given, ...(hash && { hash }) }, bytes, point });
}

export class SecretKeyObject extends KeyObject {
  get symmetricKeySize() {
    return materialIn(this).bytes.length;
  }

  /** @param {any} [options] */
  export(options = undefined) {
    const format = options?.format;
    if (format === "jwk") return material.toJwk(materialIn(this));
    if (format !== undefined && format !== "buffer") throw invalidArgValue("options.format", format);
    return output(materialIn(this).bytes.slice());
  }

  /** @param {any} algorithm @param {boolean} extractable @param {string[]} usages */
  toCryptoKey(algorithm, extractable, usages) {
    return toCryptoKey(this, algorithm, extractable, usages);
  }
}

class AsymmetricKeyObject extends KeyObject {
  get asymmetricKeyType() {
    return materialIn(this).kind;
  }

  /** @returns {Record<string, any>} */
  get asymmetricKeyDetails() {
    const { type, kind, curve, bytes } = materialIn(this);
    if (kind === "ec") return { namedCurve: material.curveTold(/** @type {string} */ (curve)) };
    if (kind !== "rsa") return {};
    const [n, e] = ops.rsaNumbers(type === "private" ? "pkcs8" : "spki", bytes);
    return { modulusLength: n.length * 8 - Math.clz32(n[0]) + 24, publicExponent: e.reduce((number, byte) => number << 8n | BigInt(byte), 0n) };
  }

  /** @param {any} algorithm @param {boolean} extractable @param {string[]} usages */
  toCryptoKey(algorithm, extractable, usages) {
    return toCryptoKey(this, algorithm, extractable, usages);
  }
}

export class PublicKeyObject extends AsymmetricKeyObject {
  /** @param {any} options */
  export(options) {
    return exportKey(materialIn(this), options);
  }
}

export class PrivateKeyObject extends AsymmetricKeyObject {
  /** @param {any} options */
  export(options) {
    return exportKey(materialIn(this), options);
  }
}

/** @param {Material} fields @returns {any} */
export function keyObject(fields) {
  const Class = { secret: SecretKeyObject, public: PublicKeyObject, private: PrivateKeyObject }[fields.type];
  return new Class(fields.type, token, fields);
}

/** The label of each document in PEM. */
const labels = { pkcs8: "PRIVATE KEY", spki: "PUBLIC KEY", sec1: "EC PRIVATE KEY" };

/**
 * @param {Material} key
 * @param {any} options `format`, `type`, `cipher` and `passphrase`
 * @param {string} name of the options in errors
 * @returns {any}
 */
export function exportKey(key, options, name = "options") {
  checkObject(name, options);
  const { format, type, cipher, passphrase } = options;
  if (format === "jwk") return material.toJwk(key);
  if (format !== "pem" && format !== "der") throw invalidArgValue(`${name}.format`, format);
  const known = key.type === "private" ? ["pkcs8", "pkcs1", "sec1"] : ["spki", "pkcs1"];
  const isDefault = type === undefined && key.kind === "rsa" && key.type === "public";
  if (!known.includes(type) && !isDefault) throw invalidArgValue(`${name}.type`, type);
  const written = isDefault ? "pkcs1" : type;
  if (written === "pkcs1" && key.kind !== "rsa") throw incompatible("pkcs1", "can only be used for RSA keys.");
  if (written === "sec1" && key.kind !== "ec") throw incompatible("sec1", "can only be used for EC keys.");
  let der = material.write(key, written);
  let label = written === "pkcs1" ? `RSA ${key.type === "private" ? "PRIVATE" : "PUBLIC"} KEY` : labels[/** @type {keyof labels} */ (written)];
  let headers = "";
  if (cipher !== undefined && cipher !== null && key.type === "private") {
    if (written !== "pkcs8" && format === "der") throw incompatible(written, "does not support encryption.");
    checkString(`${name}.cipher`, cipher);
    const secret = bytesArgument(passphrase, `${name}.passphrase`);
    if (written === "pkcs8") {
      der = orElse(() => ops.keyEncrypt(der, secret, cipher.toLowerCase()), unknownCipher);
      label = "ENCRYPTED PRIVATE KEY";
    } else {
      const encrypted = encryptBody(cipher, der, secret);
      if (encrypted === undefined) throw unknownCipher();
      der = encrypted.body;
      headers = writeHeaders(encrypted.encryption);
    }
  }
  return format === "pem" ? encodePem(label, der, headers) : output(der);
}

const unknownCipher = () => nodeError(Error, "ERR_CRYPTO_UNKNOWN_CIPHER", "Unknown cipher");

/** @param {string} encoding @param {string} reason */
function incompatible(encoding, reason) {
  return nodeError(Error, "ERR_CRYPTO_INCOMPATIBLE_KEY_OPTIONS", `The selected key encoding ${encoding} ${reason}`);
}

/** @param {any} key @param {any} [encoding] */
export function createSecretKey(key, encoding = undefined) {
  return keyObject({ type: "secret", kind: undefined, bytes: bytesArgument(key, "key", encoding).slice() });
}

/** @param {any} key */
export function createPrivateKey(key) {
  return keyObject(readKey(key, "private", "key"));
}

/** @param {any} key a private one gives its public half */
export function createPublicKey(key) {
  const given = key instanceof KeyObject ? key : key?.key;
  if (given instanceof KeyObject) {
    if (given.type !== "private") throw wrongType(given.type, "private");
    return keyObject(material.publicOf(materialIn(given)));
  }
  return keyObject(readKey(key, "public", "key"));
}

/** @param {string} type @param {string} expected */
function wrongType(type, expected) {
  return nodeError(TypeError, "ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE", `Invalid key object type ${type}, expected ${expected}.`);
}

/** The labels of PEM that hold a private key, with the format of what they hold. @type {Record<string, any>} */
const privateLabels = {
  "PRIVATE KEY": "pkcs8", "ENCRYPTED PRIVATE KEY": "encrypted", "RSA PRIVATE KEY": "pkcs1", "EC PRIVATE KEY": "sec1",
};

/**
 * A key of text, bytes or an object that describes them.
 *
 * @param {any} key
 * @param {"private" | "public"} type
 * @param {string} name
 * @returns {Material}
 */
function readKey(key, type, name) {
  const options = typeof key === "object" && key !== null && viewBytes(key) === undefined && "key" in key ? key : { key };
  const format = options.format ?? "pem";
  if (format === "jwk") {
    checkObject("key.key", options.key);
    return material.fromJwk(options.key, type);
  }
  if (format !== "pem" && format !== "der") throw invalidArgValue("key.format", format);
  const bytes = bytesArgument(options.key, options === key ? "key.key" : name, options.encoding);
  const passphrase = options.passphrase === undefined ? undefined : bytesArgument(options.passphrase, "key.passphrase", options.encoding);
  return format === "pem" ? fromPem(output(bytes).toString("latin1"), type, passphrase) : fromDer(bytes, type, options.type, passphrase);
}

/** @param {string} text @param {"private" | "public"} type @param {Uint8Array | undefined} passphrase @returns {Material} */
function fromPem(text, type, passphrase) {
  const { label, der, encryption } = decodePem(text);
  if (Object.hasOwn(privateLabels, label)) {
    const key = encryption === undefined ? material.readPrivate(privateLabels[label], der, passphrase)
      : fromEncrypted(privateLabels[label], der, encryption, passphrase);
    return type === "private" ? key : material.publicOf(key);
  }
  if (type === "private") throw unreadableKey();
  if (label === "PUBLIC KEY") return material.readPublic("spki", der);
  if (label === "RSA PUBLIC KEY") return material.readPublic("pkcs1", der);
  if (label === "CERTIFICATE") return material.readPublic("spki", ops.certificateRead(der)[1]);
  throw unreadableKey();
}

/**
 * @param {any} format
 * @param {Uint8Array} body
 * @param {import("stated:node-support/pem-encryption").Encryption} encryption
 * @param {Uint8Array | undefined} passphrase
 */
function fromEncrypted(format, body, encryption, passphrase) {
  if (passphrase === undefined) throw material.passphraseMissing();
  const der = decryptBody(encryption, body, passphrase);
  // A wrong passphrase may leave what looks like padding, and bytes that are no key.
  return orElse(() => material.readPrivate(format, der, undefined), badDecrypt);
}

/** @param {Uint8Array} der @param {"private" | "public"} type @param {any} format @param {Uint8Array | undefined} passphrase @returns {Material} */
function fromDer(der, type, format, passphrase) {
  if (type === "public" && (format === "spki" || format === "pkcs1")) return material.readPublic(format, der);
  if (format !== "pkcs8" && format !== "pkcs1" && format !== "sec1") throw invalidArgValue("key.type", format);
  const key = material.readPrivate(format === "pkcs8" && passphrase !== undefined ? "encrypted" : format, der, passphrase);
  return type === "private" ? key : material.publicOf(key);
}

/**
 * The key of an argument that may be a KeyObject, a CryptoKey, a document, or an object with one of them and options.
 *
 * @param {any} argument
 * @param {"private" | "public" | "secret"} type a private key gives its public half
 * @param {string} [name]
 * @returns {Material}
 */
export function keyArgument(argument, type, name = "key") {
  const inner = argument?.key ?? argument;
  const key = inner instanceof CryptoKey ? KeyObject.from(inner) : inner;
  if (key instanceof KeyObject) {
    const fields = materialIn(key);
    if (fields.type === "private" && type === "public") return material.publicOf(fields);
    if (fields.type !== type) throw wrongType(fields.type, type);
    return fields;
  }
  if (type === "secret") return { type, kind: undefined, bytes: secretBytes(argument, name) };
  return readKey(argument, type, name);
}

/** @param {any} value */
export const isKey = (value) => value instanceof KeyObject || value instanceof CryptoKey;

/** The bytes of a secret: a KeyObject, or what holds bytes. @param {any} value @param {string} name @param {any} [encoding] @returns {Uint8Array} */
export function secretBytes(value, name, encoding = undefined) {
  if (isKey(value)) return keyArgument(value, "secret").bytes;
  if (typeof value !== "string" && viewBytes(value) === undefined) {
    throw invalidArgType(name, "of type string or an instance of ArrayBuffer, Buffer, TypedArray, DataView, KeyObject, or CryptoKey", value);
  }
  return bytesArgument(value, name, encoding);
}

/** @param {KeyObject} key */
export const materialOf = (key) => materialIn(key);
