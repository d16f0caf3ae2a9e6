/**
 * The encryption of PEM from before PKCS #8: its headers are those of RFC 1421, its key is one round of MD5 over the passphrase,
 * as OpenSSL has it. It is weak; keys that were kept so should be written anew as PKCS #8.
 *
 * @module
 */

import { ops } from "stated:host";
import { badDecrypt, orElse } from "stated:node-support/crypto-arguments";
import { concatenate } from "stated:node-support/hashing";

/**
 * @typedef {object} Encryption
 * @property {string} name of the cipher, as the header has it
 * @property {Uint8Array} iv
 */

/** Family, and bytes of the key and of a block. @type {Record<string, ["aes" | "des", number, number]>} */
const ciphers = { "AES-128-CBC": ["aes", 16, 16], "AES-192-CBC": ["aes", 24, 16], "AES-256-CBC": ["aes", 32, 16], "DES-EDE3-CBC": ["des", 24, 8] };
/** Bytes of the salt, which is the start of the iv. */
const SALT = 8;

/** @param {Uint8Array} passphrase @param {Uint8Array} iv @param {number} length */
function derivedKey(passphrase, iv, length) {
  const salt = iv.subarray(0, SALT);
  /** @type {Uint8Array} */
  let part = new Uint8Array();
  /** @type {Uint8Array} */
  let key = part;
  while (key.length < length) {
    part = ops.digest("MD5", concatenate([part, passphrase, salt]));
    key = concatenate([key, part]);
  }
  return key.subarray(0, length);
}

/**
 * What the headers of a document say; undefined when they are no such encryption, or of a cipher that is not here.
 *
 * @param {string} headers
 * @returns {Encryption | undefined}
 */
export function readHeaders(headers) {
  const found = /^Proc-Type: *4,ENCRYPTED\s+DEK-Info: *([A-Z0-9-]+),([0-9A-F]+)\s*$/i.exec(headers);
  const name = found?.[1].toUpperCase() ?? "";
  if (found === null || !Object.hasOwn(ciphers, name) || found[2].length !== ciphers[name][2] * 2) return undefined;
  const pairs = /** @type {string[]} */ (found[2].match(/../g));
  return { name, iv: Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16)) };
}

/** @param {Encryption} encryption */
export function writeHeaders({ name, iv }) {
  const hex = Array.from(iv, (byte) => byte.toString(16).padStart(2, "0")).join("").toUpperCase();
  return `Proc-Type: 4,ENCRYPTED\nDEK-Info: ${name},${hex}\n\n`;
}

/** @param {Encryption} encryption @param {Uint8Array} body @param {Uint8Array} passphrase @returns {Uint8Array} */
export function decryptBody({ name, iv }, body, passphrase) {
  const [family, length, block] = ciphers[name];
  const plain = orElse(() => ops.cipherBlocks(family, false, derivedKey(passphrase, iv, length), iv, body), badDecrypt);
  const padding = plain.at(-1) ?? 0;
  const isPadded = padding > 0 && padding <= block && plain.subarray(-padding).every((byte) => byte === padding);
  if (!isPadded) throw badDecrypt();
  return plain.subarray(0, plain.length - padding);
}

/**
 * Encrypts a document; undefined when the cipher is not one of these.
 *
 * @param {string} cipher OpenSSL's name
 * @param {Uint8Array} der
 * @param {Uint8Array} passphrase
 * @returns {{ encryption: Encryption, body: Uint8Array } | undefined}
 */
export function encryptBody(cipher, der, passphrase) {
  const name = cipher.toUpperCase();
  if (!Object.hasOwn(ciphers, name)) return undefined;
  const [family, length, block] = ciphers[name];
  const iv = new Uint8Array(block);
  ops.randomFill(iv);
  const padding = block - der.length % block;
  const plain = concatenate([der, new Uint8Array(padding).fill(padding)]);
  return { encryption: { name, iv }, body: ops.cipherBlocks(family, true, derivedKey(passphrase, iv, length), iv, plain) };
}
