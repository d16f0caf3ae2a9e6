/**
 * Digests in the names of `node:crypto`.
 *
 * @module
 */

import { ops } from "stated:host";

/** @typedef {{ name: string, size: number, isExtendable?: boolean }} Algorithm the host's name, and the bytes of a result */

/** @type {Map<string, Algorithm>} */
const algorithms = new Map([
  ["blake2b512", { name: "BLAKE2b-512", size: 64 }],
  ["blake2s256", { name: "BLAKE2s-256", size: 32 }],
  ["md5", { name: "MD5", size: 16 }],
  ["ripemd160", { name: "RIPEMD-160", size: 20 }],
  ["sha1", { name: "SHA-1", size: 20 }],
  ["sha224", { name: "SHA-224", size: 28 }],
  ["sha256", { name: "SHA-256", size: 32 }],
  ["sha3-224", { name: "SHA3-224", size: 28 }],
  ["sha3-256", { name: "SHA3-256", size: 32 }],
  ["sha3-384", { name: "SHA3-384", size: 48 }],
  ["sha3-512", { name: "SHA3-512", size: 64 }],
  ["sha384", { name: "SHA-384", size: 48 }],
  ["sha512", { name: "SHA-512", size: 64 }],
  ["sha512-224", { name: "SHA-512/224", size: 28 }],
  ["sha512-256", { name: "SHA-512/256", size: 32 }],
  ["shake128", { name: "SHAKE128", size: 16, isExtendable: true }],
  ["shake256", { name: "SHAKE256", size: 32, isExtendable: true }],
]);

/** Digests of RSA signatures have names of their own. */
const signed = ["md5", "ripemd160", "sha1", "sha224", "sha256", "sha3-224", "sha3-256", "sha3-384", "sha3-512", "sha384", "sha512"];

/** Names that `algorithm` knows, as Node lists them. */
export const hashNames = [...signed.map((name) => `RSA-${name.toUpperCase()}`), "rmd160", ...algorithms.keys()].sort();

/** @param {any} name as Node's programs write it: "sha256", "SHA-256", "RSA-SHA256" */
export function algorithm(name) {
  if (typeof name !== "string") return undefined;
  const short = name.toLowerCase().replace(/^rsa-/, "").replace(/^sha-(?=\d)/, "sha").replace(/^sha512\//, "sha512-");
  return algorithms.get(short === "rmd160" || short === "ripemd" ? "ripemd160" : short);
}

/** @param {readonly Uint8Array[]} parts */
export function concatenate(parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** @param {Algorithm} hash @param {Uint8Array} bytes @param {number} [length] of an extendable digest */
export function digest(hash, bytes, length = hash.size) {
  return hash.isExtendable ? ops.shake(hash.name, bytes, length) : ops.digest(hash.name, bytes);
}
