/**
 * Digests in the names of `node:crypto`, and what is made of them: HMAC, PBKDF2, HKDF, scrypt.
 *
 * @module
 */

import { ops } from "stated:host";

/** The host's name and the bytes of a block and of a result. @type {Map<string, { name: string, block: number, size: number }>} */
const algorithms = new Map([
  ["md5", { name: "MD5", block: 64, size: 16 }],
  ["sha1", { name: "SHA-1", block: 64, size: 20 }],
  ["sha256", { name: "SHA-256", block: 64, size: 32 }],
  ["sha384", { name: "SHA-384", block: 128, size: 48 }],
  ["sha512", { name: "SHA-512", block: 128, size: 64 }],
]);

/** Names that `algorithm` knows. */
export const hashNames = [...algorithms.keys()];

/** @param {string} name as Node's programs write it: "sha256", "SHA-256", "RSA-SHA256" */
export function algorithm(name) {
  return algorithms.get(name.toLowerCase().replace(/^rsa-/, "").replace("sha-", "sha"));
}

/** @typedef {NonNullable<ReturnType<typeof algorithm>>} Algorithm */

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

/** @param {Algorithm} hash @param {Uint8Array} bytes */
export function digest(hash, bytes) {
  return ops.digest(hash.name, bytes);
}

/**
 * The function bytes -> HMAC of a key.
 *
 * @param {Algorithm} hash
 * @param {Uint8Array} key
 */
export function hmacWith(hash, key) {
  const block = new Uint8Array(hash.block);
  block.set(key.length > hash.block ? digest(hash, key) : key);
  const inner = block.map((byte) => byte ^ 0x36);
  const outer = block.map((byte) => byte ^ 0x5c);
  return (/** @type {Uint8Array} */ bytes) => digest(hash, concatenate([outer, digest(hash, concatenate([inner, bytes]))]));
}

/**
 * @param {Algorithm} hash
 * @param {Uint8Array} password
 * @param {Uint8Array} salt
 * @param {number} iterations
 * @param {number} length
 */
export function pbkdf2(hash, password, salt, iterations, length) {
  const hmac = hmacWith(hash, password);
  const blocks = [];
  for (let index = 1; (index - 1) * hash.size < length; index++) {
    const number = new Uint8Array(4);
    new DataView(number.buffer).setUint32(0, index);
    let last = hmac(concatenate([salt, number]));
    const sum = last.slice();
    for (let round = 1; round < iterations; round++) {
      last = hmac(last);
      for (let i = 0; i < sum.length; i++) sum[i] ^= last[i];
    }
    blocks.push(sum);
  }
  return concatenate(blocks).slice(0, length);
}

/**
 * @param {Algorithm} hash
 * @param {Uint8Array} key
 * @param {Uint8Array} salt
 * @param {Uint8Array} info
 * @param {number} length
 */
export function hkdf(hash, key, salt, info, length) {
  const hmac = hmacWith(hash, hmacWith(hash, salt)(key));
  /** @type {Uint8Array[]} */
  const blocks = [];
  for (let index = 1; (index - 1) * hash.size < length; index++) {
    blocks.push(hmac(concatenate([blocks.at(-1) ?? new Uint8Array(), info, Uint8Array.of(index)])));
  }
  return concatenate(blocks).slice(0, length);
}

/**
 * Source: RFC 7914.
 *
 * @param {Uint8Array} password
 * @param {Uint8Array} salt
 * @param {{ cost: number, blockSize: number, parallelization: number }} parameters
 * @param {number} length
 */
export function scrypt(password, salt, { cost, blockSize, parallelization }, length) {
  const hash = /** @type {Algorithm} */ (algorithm("sha256"));
  const size = 128 * blockSize;
  const bytes = pbkdf2(hash, password, salt, 1, size * parallelization);
  const table = new Uint32Array(32 * blockSize * cost);
  for (let i = 0; i < parallelization; i++) mixBlocks(bytes.subarray(i * size, (i + 1) * size), blockSize, cost, table);
  return pbkdf2(hash, password, bytes, 1, length);
}

/** @param {Uint8Array} bytes changed in place @param {number} blockSize @param {number} cost @param {Uint32Array} table */
function mixBlocks(bytes, blockSize, cost, table) {
  const words = 32 * blockSize;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let state = new Uint32Array(words);
  let next = new Uint32Array(words);
  for (let i = 0; i < words; i++) state[i] = view.getUint32(4 * i, true);
  for (let i = 0; i < cost; i++) {
    table.set(state, i * words);
    mixBlock(state, next, blockSize);
    [state, next] = [next, state];
  }
  for (let i = 0; i < cost; i++) {
    const row = (state[words - 16] & (cost - 1)) * words;
    for (let j = 0; j < words; j++) state[j] ^= table[row + j];
    mixBlock(state, next, blockSize);
    [state, next] = [next, state];
  }
  for (let i = 0; i < words; i++) view.setUint32(4 * i, state[i], true);
}

/** BlockMix with Salsa20/8. @param {Uint32Array} from @param {Uint32Array} to @param {number} blockSize */
function mixBlock(from, to, blockSize) {
  const x = from.slice(from.length - 16);
  for (let i = 0; i < 2 * blockSize; i++) {
    for (let j = 0; j < 16; j++) x[j] ^= from[16 * i + j];
    salsa(x);
    to.set(x, 16 * ((i >> 1) + (i & 1) * blockSize));
  }
}

/** The four words of each quarter round: columns, then rows. */
const quarters = [[0, 4, 8, 12], [5, 9, 13, 1], [10, 14, 2, 6], [15, 3, 7, 11], [0, 1, 2, 3], [5, 6, 7, 4], [10, 11, 8, 9],
  [15, 12, 13, 14]].flat();
const salsaInput = new Uint32Array(16);

/** @param {Uint32Array} x changed in place */
function salsa(x) {
  salsaInput.set(x);
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < 32; i += 4) {
      const a = quarters[i];
      const b = quarters[i + 1];
      const c = quarters[i + 2];
      const d = quarters[i + 3];
      x[b] ^= rotated(x[a] + x[d], 7);
      x[c] ^= rotated(x[b] + x[a], 9);
      x[d] ^= rotated(x[c] + x[b], 13);
      x[a] ^= rotated(x[d] + x[c], 18);
    }
  }
  for (let i = 0; i < 16; i++) x[i] += salsaInput[i];
}

/** @param {number} value @param {number} bits */
function rotated(value, bits) {
  return value << bits | value >>> (32 - bits);
}
