/**
 * Ciphers of `node:crypto`. A cipher keeps what the next piece needs: the chaining value, the offset in the key stream,
 * and, of an authenticated mode, the ciphertext that the tag is over.
 *
 * @module
 */

import { ops } from "stated:host";
import { bytesOf, encodingOf } from "stated:node-support/byte-text";
import { badDecrypt, bytesArgument, opensslError, output, sameBytes, viewBytes } from "stated:node-support/crypto-arguments";
import { checkString, invalidArgType, invalidArgValue, nodeError } from "stated:node-support/errors";
import { concatenate } from "stated:node-support/hashing";
import { secretBytes } from "stated:node-support/key-object";
import { Transform } from "stated:node/stream";

/**
 * @typedef {object} Info
 * @property {string} name
 * @property {number} nid OpenSSL's number
 * @property {"cbc" | "ecb" | "ctr" | "ofb" | "gcm" | "stream"} mode
 * @property {number} key bytes
 * @property {number} iv bytes; any number for GCM
 * @property {number} block bytes, 1 of a stream
 * @property {"aes" | "des"} [family]
 */

/** @param {string} name @param {number} nid @param {Info["mode"]} mode @param {number} key @returns {Info} */
function aes(name, nid, mode, key) {
  const blocks = mode === "cbc" || mode === "ecb";
  return { name, nid, mode, key, iv: mode === "ecb" ? 0 : mode === "gcm" ? 12 : 16, block: blocks ? 16 : 1, family: "aes" };
}

/** By name in lower case. @type {Map<string, Info>} */
const ciphers = new Map();
for (const [bits, nid, gcm, ctr] of [[128, 418, 895, 904], [192, 422, 898, 905], [256, 426, 901, 906]]) {
  const bytes = bits / 8;
  ciphers.set(`aes-${bits}-ecb`, aes(`aes-${bits}-ecb`, nid, "ecb", bytes));
  ciphers.set(`aes-${bits}-cbc`, aes(`aes-${bits}-cbc`, nid + 1, "cbc", bytes));
  ciphers.set(`aes-${bits}-ofb`, aes(`aes-${bits}-ofb`, nid + 2, "ofb", bytes));
  ciphers.set(`aes-${bits}-ctr`, aes(`aes-${bits}-ctr`, ctr, "ctr", bytes));
  ciphers.set(`aes-${bits}-gcm`, aes(`id-aes${bits}-gcm`, gcm, "gcm", bytes));
}
ciphers.set("chacha20-poly1305", { name: "chacha20-poly1305", nid: 1018, mode: "stream", key: 32, iv: 12, block: 1 });
for (const [name, nid, mode, key] of /** @type {[string, number, Info["mode"], number][]} */ ([
  ["des-ede", 32, "ecb", 16], ["des-ede-cbc", 43, "cbc", 16], ["des-ede3", 33, "ecb", 24], ["des-ede3-cbc", 44, "cbc", 24],
])) {
  ciphers.set(name, { name, nid, mode, key, iv: mode === "ecb" ? 0 : 8, block: 8, family: "des" });
}
const names = [...ciphers.keys()].sort();
/** @type {Record<string, string>} */
const aliases = { aes128: "aes-128-cbc", aes192: "aes-192-cbc", aes256: "aes-256-cbc", des3: "des-ede3-cbc" };
for (const bits of [128, 192, 256]) aliases[`id-aes${bits}-gcm`] = `aes-${bits}-gcm`;

/** @param {any} name or number @returns {Info | undefined} */
function cipherNamed(name) {
  if (typeof name === "number") return [...ciphers.values()].find(({ nid }) => nid === name);
  const lower = name.toLowerCase();
  return ciphers.get(aliases[lower] ?? lower);
}

export const getCiphers = () => [...names, ...Object.keys(aliases)].sort();

/**
 * What is known of a cipher; undefined when there is none of that name, or it does not take these lengths.
 *
 * @param {any} nameOrNid
 * @param {any} [options]
 */
export function getCipherInfo(nameOrNid, options = undefined) {
  if (typeof nameOrNid !== "string" && typeof nameOrNid !== "number") throw invalidArgType("nameOrNid", "one of type string or number", nameOrNid);
  const info = cipherNamed(nameOrNid);
  const { keyLength = info?.key, ivLength = info?.iv } = options ?? {};
  if (info === undefined || keyLength !== info.key) return undefined;
  if (ivLength !== info.iv && !(info.mode === "gcm" && ivLength > 0)) return undefined;
  return {
    mode: info.mode, name: info.name, nid: info.nid, ...(info.mode !== "stream" && { blockSize: info.block }),
    ...(info.iv > 0 && { ivLength }), keyLength,
  };
}

/** Bytes of a tag of GCM. */
const gcmTags = [4, 8, 12, 13, 14, 15, 16];
/** Bytes of a block of ChaCha20, the first of which makes the key of the tag. */
const CHACHA_BLOCK = 64;
const empty = new Uint8Array();

/** @param {string} operation */
const invalidState = (operation) => nodeError(Error, "ERR_CRYPTO_INVALID_STATE", `Invalid state for operation ${operation}`);
const wrongFinalBlock = () => opensslError("1C80006B", "Provider routines", "wrong final block length");

/** What Cipheriv and Decipheriv share. */
class Cipher extends /** @type {any} */ (Transform) {
  #info;
  #key;
  /** The iv; of CBC and OFB the block that the next one is chained to, of GCM the first counter. */ #iv;
  #encrypts;
  #padding = true;
  /** What does not fill a block yet. */ #rest = empty;
  /** Bytes of the message so far. */ #length = 0;
  /** @type {Uint8Array[]} */ #extra = [];
  /** @type {Uint8Array[]} */ #ciphertext = [];
  /** @type {Uint8Array | undefined} */ #tag;
  #tagLength = 16;
  #begun = false;
  #finished = false;

  /** @param {boolean} encrypts @param {any} name @param {any} key @param {any} iv @param {any} options */
  constructor(encrypts, name, key, iv, options) {
    checkString("cipher", name);
    const bytes = secretBytes(key, "key", options?.encoding);
    const start = iv === null ? empty : bytesArgument(iv, "iv");
    super(options);
    const info = cipherNamed(name);
    if (info === undefined) throw nodeError(Error, "ERR_CRYPTO_UNKNOWN_CIPHER", "Unknown cipher");
    if (bytes.length !== info.key) throw nodeError(RangeError, "ERR_CRYPTO_INVALID_KEYLEN", "Invalid key length");
    if (info.mode === "gcm" ? start.length === 0 : start.length !== info.iv) {
      throw nodeError(TypeError, "ERR_CRYPTO_INVALID_IV", "Invalid initialization vector");
    }
    this.#info = info;
    this.#key = bytes.slice();
    this.#encrypts = encrypts;
    this.#iv = info.mode === "gcm" ? ops.gcmCounter(bytes, start) : start.slice();
    if (options?.authTagLength !== undefined && this.#authenticates) this.#setTagLength(options.authTagLength);
  }

  get #authenticates() {
    return this.#info.mode === "gcm" || this.#info.mode === "stream";
  }

  /** @param {number} length */
  #setTagLength(length) {
    const possible = this.#info.mode === "gcm" ? gcmTags.includes(length) : length > 0 && length <= 16;
    if (!possible) throw nodeError(TypeError, "ERR_CRYPTO_INVALID_AUTH_TAG", `Invalid authentication tag length: ${length}`);
    this.#tagLength = length;
  }

  /** @param {any} data @param {any} [inputEncoding] @param {any} [outputEncoding] */
  update(data, inputEncoding = undefined, outputEncoding = undefined) {
    if (typeof data !== "string" && viewBytes(data) === undefined) {
      throw invalidArgType("data", "of type string or an instance of Buffer, TypedArray, or DataView", data);
    }
    const encoding = encodingOf(inputEncoding) ?? "utf8";
    if (typeof data === "string" && encoding === "hex" && data.length % 2 === 1) {
      throw invalidArgValue("encoding", inputEncoding, `is invalid for data of length ${data.length}`);
    }
    if (this.#finished) throw new Error("Trying to add data in unsupported state");
    this.#begun = true;
    const bytes = typeof data === "string" ? bytesOf(data, encoding) : /** @type {Uint8Array} */ (viewBytes(data));
    return output(this.#run(bytes), outputEncoding);
  }

  /** @param {Uint8Array} bytes */
  #run(bytes) {
    const { mode } = this.#info;
    if (mode === "cbc" || mode === "ecb") return this.#runBlocks(bytes);
    const at = this.#length;
    this.#length += bytes.length;
    if (mode === "ctr") return ops.cipherStream("ctr", this.#key, this.#iv, at, bytes);
    if (mode === "ofb") return this.#runFeedback(bytes, at % 16);
    const result = mode === "gcm" ? ops.cipherStream("gcm", this.#key, this.#iv, 16 + at, bytes)
      : ops.cipherStream("chacha20", this.#key, this.#iv, CHACHA_BLOCK + at, bytes);
    this.#ciphertext.push(this.#encrypts ? result : bytes.slice());
    return result;
  }

  /** Whole blocks; a decryption that will take padding off keeps the last one back. @param {Uint8Array} bytes */
  #runBlocks(bytes) {
    const { block, family, mode } = this.#info;
    const all = concatenate([this.#rest, bytes]);
    const keeps = !this.#encrypts && this.#padding && all.length % block === 0 && all.length > 0 ? block : all.length % block;
    const whole = all.subarray(0, all.length - keeps);
    this.#rest = all.slice(whole.length);
    if (whole.length === 0) return empty;
    const result = ops.cipherBlocks(/** @type {any} */ (family), this.#encrypts, this.#key, mode === "cbc" ? this.#iv : undefined, whole);
    if (mode === "cbc") this.#iv = (this.#encrypts ? result : whole).slice(-block);
    return result;
  }

  /** OFB from the middle of a block: zeros fill the blocks up, and show the key stream to chain to. @param {Uint8Array} bytes @param {number} used */
  #runFeedback(bytes, used) {
    const padded = new Uint8Array(Math.ceil((used + bytes.length) / 16) * 16);
    padded.set(bytes, used);
    const result = ops.cipherStream("ofb", this.#key, this.#iv, 0, padded);
    const full = Math.floor((used + bytes.length) / 16) * 16;
    if (full > 0) this.#iv = result.slice(full - 16, full).map((byte, index) => byte ^ padded[full - 16 + index]);
    return result.slice(used, used + bytes.length);
  }

  /** @param {any} [outputEncoding] */
  final(outputEncoding = undefined) {
    if (this.#finished) throw nodeError(Error, "ERR_CRYPTO_INVALID_STATE", "Invalid state");
    this.#finished = true;
    return output(this.#authenticates ? this.#finishTag() : this.#finishBlocks(), outputEncoding);
  }

  #finishBlocks() {
    const { block } = this.#info;
    if (block === 1) return empty;
    const rest = this.#rest;
    if (this.#encrypts && this.#padding) {
      const padding = block - rest.length;
      return this.#runBlocks(new Uint8Array(padding).fill(padding));
    }
    if (!this.#padding) {
      if (rest.length > 0) throw wrongFinalBlock();
      return empty;
    }
    if (rest.length !== block) throw wrongFinalBlock();
    this.#padding = false;
    const last = this.#runBlocks(empty);
    const padding = last[block - 1];
    if (padding === 0 || padding > block || last.subarray(block - padding).some((byte) => byte !== padding)) throw badDecrypt();
    return last.slice(0, block - padding);
  }

  #finishTag() {
    const [extra, ciphertext] = [concatenate(this.#extra), concatenate(this.#ciphertext)];
    const compute = this.#info.mode === "gcm" ? ops.gcmTag : ops.poly1305Tag;
    const tag = compute(this.#key, this.#iv, extra, ciphertext).slice(0, this.#tag === undefined ? this.#tagLength : this.#tag.length);
    this.#ciphertext = [];
    if (this.#encrypts) this.#tag = tag;
    else if (this.#tag === undefined || !sameBytes(tag, this.#tag)) throw new Error("Unsupported state or unable to authenticate data");
    return empty;
  }

  /** @param {any} [automatic] */
  setAutoPadding(automatic = true) {
    if (this.#finished) throw invalidState("setAutoPadding");
    this.#padding = Boolean(automatic);
    return this;
  }

  /** @param {any} data @param {any} [options] */
  setAAD(data, options = undefined) {
    const bytes = bytesArgument(data, "buffer", options?.encoding);
    if (!this.#authenticates || this.#begun || this.#finished) throw invalidState("setAAD");
    this.#extra.push(bytes.slice());
    return this;
  }

  /** What getAuthTag of a cipher gives. */
  takeTag() {
    if (!this.#authenticates || this.#tag === undefined) throw invalidState("getAuthTag");
    return output(this.#tag.slice());
  }

  /** What setAuthTag of a decipher takes. @param {any} tag @param {any} encoding */
  giveTag(tag, encoding) {
    const bytes = bytesArgument(tag, "buffer", encoding);
    if (!this.#authenticates || this.#finished || this.#tag !== undefined) throw invalidState("setAuthTag");
    this.#setTagLength(bytes.length);
    this.#tag = bytes.slice();
  }

  /** @param {any} chunk @param {any} encoding @param {any} callback */
  _transform(chunk, encoding, callback) {
    /** @type {any} */ (this).push(this.update(chunk, encoding));
    callback();
  }

  /** @param {any} callback */
  _flush(callback) {
    try {
      /** @type {any} */ (this).push(this.final());
    } catch (error) {
      callback(error);
      return;
    }
    callback();
  }
}

/** The class of createCipheriv. */
export class Cipheriv extends Cipher {
  /** @param {any} name @param {any} key @param {any} iv @param {any} [options] */
  constructor(name, key, iv, options = undefined) {
    super(true, name, key, iv, options);
  }

  getAuthTag() {
    return this.takeTag();
  }
}

/** The class of createDecipheriv. */
export class Decipheriv extends Cipher {
  /** @param {any} name @param {any} key @param {any} iv @param {any} [options] */
  constructor(name, key, iv, options = undefined) {
    super(false, name, key, iv, options);
  }

  /** @param {any} tag @param {any} [encoding] */
  setAuthTag(tag, encoding = undefined) {
    this.giveTag(tag, encoding);
    return this;
  }
}

/** @param {any} name @param {any} key @param {any} iv @param {any} [options] */
export const createCipheriv = (name, key, iv, options = undefined) => new Cipheriv(name, key, iv, options);
/** @param {any} name @param {any} key @param {any} iv @param {any} [options] */
export const createDecipheriv = (name, key, iv, options = undefined) => new Decipheriv(name, key, iv, options);
