/**
 * The operations of the stand-in host behind the web platform: text, URLs, random values, time, log lines, bodies and
 * fetch. What the library logs and reports is kept in `logged` and `reported`; `answerFetch` decides what fetch gets.
 *
 * @module
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { createHash, createHmac, hkdfSync, pbkdf2Sync, randomUUID, scryptSync, webcrypto } from "node:crypto";
import { lookup as lookupAddresses } from "node:dns/promises";
import { performance } from "node:perf_hooks";
import { types } from "node:util";
import { defineOps } from "./host.js";
import { promiseDetails, proxyDetails } from "./internals.mjs";

// Node's own, taken before a test could replace them.
const { URL: NodeURL, TextDecoder: NodeTextDecoder, TextEncoder: NodeTextEncoder, atob: nodeAtob, setInterval: nodeSetInterval,
  setTimeout: nodeSetTimeout, clearTimeout: nodeClearTimeout } = globalThis;

// --- text -----------------------------------------------------------------------------------------------------------

const encoder = new NodeTextEncoder();

/** A digest in Node's words. */
const nodesHash = (name) => name.toLowerCase().replace("/", "-").replace(/^(sha|ripemd|blake2[bs])-/, "$1");

/** @param {string} label */
function encodingName(label) {
  try {
    return new NodeTextDecoder(label).encoding;
  } catch {
    return undefined;
  }
}

/** @param {string} name @param {Uint8Array} bytes @param {boolean} fatal @param {boolean} ignoreBOM */
function textDecode(name, bytes, fatal, ignoreBOM) {
  return decodeWith(new NodeTextDecoder(name, { fatal, ignoreBOM }), bytes, false);
}

/** @param {any} decoder @param {Uint8Array} bytes @param {boolean} stream */
function decodeWith(decoder, bytes, stream) {
  try {
    return decoder.decode(bytes, { stream });
  } catch {
    throw new TypeError("Failed to decode input.");
  }
}

let lastDecoderId = 0;
const decoders = new Map();

/** The number of streaming decoders that were not freed. */
export const openDecoders = () => decoders.size;

const isByteString = (text) => /^[\x00-\xff]*$/.test(text);

// --- URL ------------------------------------------------------------------------------------------------------------

/** The offsets that ada's url_aggregator would have. @param {any} url a Node URL */
function partsOf(url) {
  const { href, protocol, username, password, hostname, port, pathname, search, hash } = url;
  const protocolEnd = protocol.length;
  const hasAuthority = href.startsWith("//", protocolEnd);
  let usernameEnd = protocolEnd;
  let hostStart = protocolEnd;
  let hostEnd = protocolEnd;
  if (hasAuthority) {
    usernameEnd = protocolEnd + 2 + username.length;
    hostStart = usernameEnd + (password === "" ? 0 : 1 + password.length);
    hostEnd = hostStart + (username === "" && password === "" ? 0 : 1) + hostname.length;
  }
  const hashStart = href.indexOf("#");
  const beforeHash = hashStart === -1 ? href : href.slice(0, hashStart);
  const searchStart = beforeHash.indexOf("?");
  const end = searchStart === -1 ? beforeHash.length : searchStart;
  void search;
  void hash;
  return [href, protocolEnd, usernameEnd, hostStart, hostEnd, port === "" ? -1 : Number(port), end - pathname.length, searchStart,
    hashStart];
}

/** @param {string} input @param {string | undefined} base */
function urlParse(input, base) {
  try {
    return partsOf(new NodeURL(input, base));
  } catch {
    return null;
  }
}

/** @param {string} href @param {string} part @param {string} value */
function urlSet(href, part, value) {
  const url = new NodeURL(href);
  try {
    url[part] = value;
  } catch {
    return null;
  }
  return url.href === href ? null : partsOf(url);
}

/** What the engine carries from a promise to its reactions. */
const frames = new AsyncLocalStorage();

// --- time -----------------------------------------------------------------------------------------------------------

let lastTimerId = 0;
const timers = new Map();

/** @param {number} id */
async function fire(id) {
  const { timerFired } = await import("stated:timers");
  timerFired(id);
}

/** @param {number} delayMs @param {boolean} repeat */
function timerStart(delayMs, repeat) {
  const id = ++lastTimerId;
  const start = repeat ? nodeSetInterval : nodeSetTimeout;
  timers.set(id, start(() => void fire(id), Math.min(delayMs, 2 ** 31 - 1)));
  startedDelays.push(delayMs);
  return id;
}

/** @param {number} id */
function timerStop(id) {
  nodeClearTimeout(timers.get(id));
  timers.delete(id);
}

/** Every delay that a timer was started with, as the host got it. @type {number[]} */
export const startedDelays = [];

// --- diagnostics ------------------------------------------------------------------------------------------------------

/** @type {[number, string][]} */
export const logged = [];
/** @type {string[]} */
export const reported = [];

// --- bodies -----------------------------------------------------------------------------------------------------------

let lastBodyId = 0;
/** @type {Map<number, any>} */
const bodies = new Map();

/** How many operations touched bodies, by name. @type {Record<string, number>} */
export const bodyCalls = {};

/**
 * A body with content, as the host would hand it over.
 *
 * @param {(string | Uint8Array)[]} chunks
 * @returns {number}
 */
export function newBody(chunks) {
  const id = bodyNew(-1);
  const body = bodies.get(id);
  for (const chunk of chunks) body.chunks.push(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
  body.closed = true;
  return id;
}

/** A body's state, for tests to look at. @param {number} id */
export const bodyState = (id) => bodies.get(id);

/** @param {number} length */
function bodyNew(length) {
  const id = ++lastBodyId;
  bodies.set(id, { chunks: [], closed: false, error: undefined, cancelled: false, length, wake: () => {}, room: () => {} });
  return id;
}

/** @param {number} id */
async function bodyRead(id) {
  const body = bodies.get(id);
  for (;;) {
    if (body.error !== undefined) throw body.error;
    if (body.chunks.length > 0) {
      const chunk = body.chunks.shift();
      body.room();
      return chunk;
    }
    if (body.closed) return undefined;
    await new Promise((resolve) => {
      body.wake = resolve;
    });
  }
}

/** @param {number} id */
async function bodyReadAll(id) {
  const chunks = [];
  for (let chunk = await bodyRead(id); chunk !== undefined; chunk = await bodyRead(id)) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

/** @param {number} id @param {Uint8Array} bytes */
async function bodyWrite(id, bytes) {
  const body = bodies.get(id);
  if (body.cancelled) return false;
  body.chunks.push(bytes.slice());
  body.wake();
  await new Promise((resolve) => {
    body.room = resolve;
    if (body.chunks.length === 0) resolve(undefined);
  });
  return !body.cancelled;
}

/** @param {number} id */
function bodyTee(id) {
  const body = bodies.get(id);
  bodies.delete(id);
  return [0, 0].map(() => {
    const copy = bodyNew(body.length);
    Object.assign(bodies.get(copy), { chunks: [...body.chunks], closed: body.closed });
    return copy;
  });
}

/** Counts the calls of each operation. @param {Record<string, any>} operations */
function counted(operations) {
  return Object.fromEntries(Object.entries(operations).map(([name, operation]) => [name, (...args) => {
    bodyCalls[name] = (bodyCalls[name] ?? 0) + 1;
    return operation(...args);
  }]));
}

// --- fetch ------------------------------------------------------------------------------------------------------------

/** @type {(request: { token: number, method: string, url: string, headers: string[], body: any, redirect: string }) => any} */
let answer = () => [200, "OK", [], null, "", false, 0];
/** @type {Set<number>} */
export const abortedFetches = new Set();
/** @type {Map<number, () => void>} */
export const callerWatches = new Map();
/** Calls whose callers have left. @type {Set<number>} */
export const callersLeft = new Set();
let lastToken = 0;
let lastSocketId = 0;

/** @param {typeof answer} next returns a WireResponse or a promise of one */
export function answerFetch(next) {
  answer = next;
}

defineOps({
  utf8Encode: (text) => encoder.encode(text),
  utf8EncodeInto(text, target) {
    const { read, written } = encoder.encodeInto(text, target);
    return [read, written];
  },
  encodingName,
  textDecode,
  decoderOpen(name, fatal, ignoreBOM) {
    decoders.set(++lastDecoderId, new NodeTextDecoder(name, { fatal, ignoreBOM }));
    return lastDecoderId;
  },
  decoderPush(id, bytes, last) {
    const decoder = decoders.get(id);
    if (last) decoders.delete(id);
    return decodeWith(decoder, bytes, !last);
  },
  base64Decode(text) {
    try {
      return nodeAtob(text);
    } catch {
      return undefined;
    }
  },
  base64Encode: (text) => (isByteString(text) ? Buffer.from(text, "latin1").toString("base64") : undefined),
  urlParse,
  urlSet,
  randomFill: (bytes) => void webcrypto.getRandomValues(bytes),
  randomUuid: () => randomUUID(),
  digest: (name, bytes) => new Uint8Array(createHash(nodesHash(name)).update(bytes).digest()),
  shake: (name, bytes, outputLength) => new Uint8Array(createHash(name, { outputLength }).update(bytes).digest()),
  hmacSign: (name, key, bytes) => new Uint8Array(createHmac(nodesHash(name), key).update(bytes).digest()),
  pbkdf2Now: (name, key, salt, rounds, length) => new Uint8Array(pbkdf2Sync(key, salt, rounds, length, nodesHash(name))),
  hkdf: (name, key, salt, info, length) => new Uint8Array(hkdfSync(nodesHash(name), key, salt, info, length)),
  scrypt: (key, salt, N, r, p, length) => new Uint8Array(scryptSync(key, salt, length, { N, r, p })),
  now: () => Date.now(),
  monotonicNow: () => performance.now(),
  timerStart,
  timerStop,
  log: (level, text) => void logged.push([level, text]),
  reportUncaught: (text) => void reported.push(text),
  contextId: () => 1,
  contextKept: () => {},
  checkContext: () => {},
  asyncFrame: () => frames.getStore(),
  withAsyncFrame: (frame, fn, ...args) => frames.run(frame, fn, ...args),
  taskBegin: () => {},
  taskEnd: () => {},
  ...counted({
    bodyNew,
    bodyRead,
    bodyReadAll,
    bodyWrite,
    bodyTee,
    bodyKeepEncoded() {},
    bodyCancel(id) {
      const body = bodies.get(id);
      body.cancelled = true;
      body.room();
    },
    bodyClose(id) {
      const body = bodies.get(id);
      body.closed = true;
      body.wake();
    },
    bodyAbort(id, message) {
      const body = bodies.get(id);
      body.error = new Error(message);
      body.wake();
    },
  }),
  watchCaller(callId, fn) {
    if (callersLeft.has(callId)) return true;
    callerWatches.set(callId, fn);
    return false;
  },
  fetchToken: () => ++lastToken,
  async fetchStart(token, method, url, headers, body, redirect) {
    return answer({ token, method, url, headers, body, redirect });
  },
  async dnsLookup(host) {
    const found = await lookupAddresses(host, { all: true });
    return encoder.encode(found.map(({ address }) => address).join("\n"));
  },
  fetchAbort: (token) => void abortedFetches.add(token),
  // Ends without a connection; host-sockets.mjs has working ones.
  socketPair: () => [++lastSocketId, ++lastSocketId],
  promiseState: (promise) => {
    const { state, result } = promiseDetails(promise);
    return state === 0 ? [0] : [state, result];
  },
  proxyParts: (value) => (types.isProxy(value) ? proxyDetails(value) : undefined),
});
