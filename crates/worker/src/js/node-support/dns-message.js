/**
 * Messages of the Domain Name System: questions and their answers (RFC 1035, with EDNS of RFC 6891), as bytes.
 *
 * @module
 */

import { Buffer } from "stated:node/buffer";

/** Numbers of the types of records. @type {Record<string, number>} */
export const recordTypes = { A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, MX: 15, TXT: 16, AAAA: 28, SRV: 33, NAPTR: 35, ANY: 255, CAA: 257 };
const typeNames = Object.fromEntries(Object.entries(recordTypes).map(([name, number]) => [number, name]));

const CLASS_IN = 1;
const TYPE_OPT = 41;
/** Bytes of a label and of a name. */
const LABEL_BYTES_MAX = 63;
const NAME_BYTES_MAX = 255;
/** Bytes of an answer that is welcome by UDP: what passes through any network whole. */
const ANSWER_BYTES = 1232;
/** "Recursion desired". */
const RECURSE = 0x0100;
/** Jumps that one name may make: more than there can be labels. */
const JUMPS_MAX = 128;
const CODE_MASK = 0x000f;

/** What servers say is wrong, in the words of c-ares. */
const failures = ["", "EFORMERR", "ESERVFAIL", "ENOTFOUND", "ENOTIMP", "EREFUSED"];

/** An answer that breaks the rules. */
class Malformed extends Error {}

/**
 * A question, or undefined when the name cannot be one.
 *
 * @param {number} id
 * @param {string} name
 * @param {string} type
 * @returns {Uint8Array | undefined}
 */
export function question(id, name, type) {
  // The root has no labels.
  const labels = name === "." ? [] : name.replace(/\.$/, "").split(".").map((label) => Buffer.from(label));
  if (labels.some((label) => label.length === 0 || label.length > LABEL_BYTES_MAX)) return undefined;
  const encoded = Buffer.concat([...labels.flatMap((label) => [Buffer.from([label.length]), label]), Buffer.from([0])]);
  if (encoded.length > NAME_BYTES_MAX) return undefined;
  const words = (/** @type {number[]} */ ...values) => Buffer.from(values.flatMap((value) => [value >> 8, value & 0xff]));
  // One question, and one further record, which says how long the answer may be.
  const extension = Buffer.concat([Buffer.from([0]), words(TYPE_OPT, ANSWER_BYTES, 0, 0, 0)]);
  return Buffer.concat([words(id, RECURSE, 1, 0, 0, 1), encoded, words(recordTypes[type], CLASS_IN), extension]);
}

/** A record of an answer. @typedef {{ type: string, ttl: number, value: any }} Found */

/**
 * The records of an answer, or the code of what is wrong.
 *
 * @param {Uint8Array} bytes
 * @returns {{ failure: string } | { records: Found[] }}
 */
export function answerOf(bytes) {
  try {
    return read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    if (error instanceof Malformed || error instanceof RangeError) return { failure: "EBADRESP" };
    throw error;
  }
}

/** @param {any} message a Buffer, which throws a RangeError for what is behind its end */
function read(message) {
  const code = message.readUInt16BE(2) & CODE_MASK;
  if (code !== 0) return { failure: failures[code] ?? "ESERVFAIL" };
  let at = 12;
  for (let left = message.readUInt16BE(4); left > 0; left--) at = nameAt(message, at).end + 4;
  /** @type {Found[]} */
  const records = [];
  for (let left = message.readUInt16BE(6); left > 0; left--) {
    at = nameAt(message, at).end;
    const [number, recordClass, ttl, length] = [message.readUInt16BE(at), message.readUInt16BE(at + 2), message.readUInt32BE(at + 4), message.readUInt16BE(at + 8)];
    at += 10;
    if (at + length > message.length) throw new Malformed();
    const type = typeNames[number];
    if (recordClass === CLASS_IN && type !== undefined && Object.hasOwn(readers, type)) {
      records.push({ type, ttl, value: readers[type](message, at, at + length) });
    }
    at += length;
  }
  return { records };
}

/**
 * A name, which may go on elsewhere.
 *
 * @param {any} message
 * @param {number} start
 * @returns {{ name: string, end: number }} `end` is behind it in its place
 */
function nameAt(message, start) {
  /** @type {string[]} */
  const labels = [];
  let at = start;
  let end = -1;
  for (let jumps = 0; ;) {
    const length = message.readUInt8(at);
    if (length === 0) return { name: labels.join("."), end: end === -1 ? at + 1 : end };
    if ((length & 0xc0) === 0xc0) {
      if (++jumps > JUMPS_MAX) throw new Malformed();
      if (end === -1) end = at + 2;
      at = message.readUInt16BE(at) & 0x3fff;
      continue;
    }
    if (length > LABEL_BYTES_MAX || at + 1 + length > message.length || labels.length > NAME_BYTES_MAX) throw new Malformed();
    labels.push(message.latin1Slice(at + 1, at + 1 + length).replace(/[.\\]/g, "\\$&"));
    at += 1 + length;
  }
}

/** Texts that have their length in front. @param {any} message @param {number} at @param {number} end @param {number} [most] @returns {{ texts: string[], at: number }} */
function textsAt(message, at, end, most = Infinity) {
  /** @type {string[]} */
  const texts = [];
  while (at < end && texts.length < most) {
    const length = message.readUInt8(at);
    if (at + 1 + length > end) throw new Malformed();
    texts.push(message.latin1Slice(at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { texts, at };
}

/** @param {any} message @param {number} at */
const nameOnly = (message, at) => nameAt(message, at).name;

/** What is in the records of each type, as Node gives it. @type {Record<string, (message: any, at: number, end: number) => any>} */
const readers = {
  A: (message, at, end) => addressText(message.subarray(at, end), 4),
  AAAA: (message, at, end) => addressText(message.subarray(at, end), 16),
  NS: nameOnly,
  CNAME: nameOnly,
  PTR: nameOnly,
  MX: (message, at) => ({ exchange: nameOnly(message, at + 2), priority: message.readUInt16BE(at) }),
  TXT: (message, at, end) => textsAt(message, at, end).texts,
  SRV: (message, at) => ({
    name: nameOnly(message, at + 6), port: message.readUInt16BE(at + 4), priority: message.readUInt16BE(at), weight: message.readUInt16BE(at + 2),
  }),
  SOA: (message, at) => {
    const nsname = nameAt(message, at);
    const hostmaster = nameAt(message, nsname.end);
    const [serial, refresh, retry, expire, minttl] = [0, 4, 8, 12, 16].map((offset) => message.readUInt32BE(hostmaster.end + offset));
    return { nsname: nsname.name, hostmaster: hostmaster.name, serial, refresh, retry, expire, minttl };
  },
  NAPTR: (message, at, end) => {
    const { texts: [flags = "", service = "", regexp = ""], at: rest } = textsAt(message, at + 4, end, 3);
    return { flags, service, regexp, replacement: nameOnly(message, rest), order: message.readUInt16BE(at), preference: message.readUInt16BE(at + 2) };
  },
  CAA: (message, at, end) => {
    const { texts: [tag = ""], at: rest } = textsAt(message, at + 1, end, 1);
    return { critical: message.readUInt8(at), [tag]: message.latin1Slice(rest, end) };
  },
};

/** @param {any} bytes @param {number} length that it must have */
function addressText(bytes, length) {
  if (bytes.length !== length) throw new Malformed();
  if (length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index));
  // The longest run of zeros is left out, the first of those that are equally long.
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let run = 0;
    while (start + run < 8 && groups[start + run] === 0) run++;
    if (run > best.length) best = { start, length: run };
  }
  const text = (/** @type {number[]} */ part) => part.map((group) => group.toString(16)).join(":");
  return best.start === -1 ? text(groups) : `${text(groups.slice(0, best.start))}::${text(groups.slice(best.start + best.length))}`;
}
