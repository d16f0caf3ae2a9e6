/**
 * Throws mutated bytes at the decoder of values, which reads storage, RPC messages and attachments:
 *
 *     node --import ./crates/worker/tests/js/node/register.mjs crates/worker/tests/js/fuzz/values.mjs 120 1
 *
 * for 120 seconds with seed 1. Whatever the bytes are, the decoder must end soon, take little memory, and throw nothing but
 * its own errors. What it accepts must be written and read again without a change, and where V8 accepts the bytes it must
 * see the same value. A violation ends the program with the bytes in hexadecimal.
 *
 * @module
 */

import { inspect } from "node:util";
import v8 from "node:v8";
import "../node/host-objects.mjs";
import "../node/host-values.mjs";
import "../node/host-web.mjs";
import "stated:cloudflare-workers";
import "stated:rpc-values";
import { IncomingMessage } from "stated:rpc-message";
import { deserialize, deserializeMessage, serialize } from "stated:serialize";
import * as wire from "stated:wire-format";
import { defineOps } from "../node/host.js";
import { firstInputs } from "./inputs.mjs";
import { mutate, Random } from "./mutate.mjs";

// Reading a message may use what it refers to; what that answers is not looked at.
defineOps({
  capabilityCall: () => new Promise(() => {}),
  capabilityDrop: () => {},
  capabilityIsHeld: () => false,
  capabilityDup: (/** @type {number} */ capability) => capability,
  checkContext: () => {},
});

const INPUT_BYTES_MAX = 64 * 1024;
const CORPUS_MAX = 2048;
/** One input may take this much of the processor. */
const TIME_MS_MAX = 2000;

const WHOLE = { depth: 100, maxArrayLength: 1000, maxStringLength: 10000 };

const MALFORMED = "Unable to deserialize cloned data.";
const VERSION = "Unable to deserialize cloned data due to invalid or unsupported version.";

const seconds = Number(process.argv[2] ?? 10);
const seed = Number(process.argv[3] ?? 1);
const random = new Random(seed);
const corpus = firstInputs();
const firstCount = corpus.length;
/** @type {Map<string, number>} */
const ends = new Map();
let runs = 0;
let slowest = 0;

const until = performance.now() + seconds * 1000;
while (performance.now() < until) {
  let bytes = runs < firstCount ? corpus[runs] : corpus[random.below(corpus.length)];
  if (runs >= firstCount) for (let count = random.below(4); count >= 0; count--) bytes = mutate(bytes, corpus, random);
  bytes = bytes.subarray(0, INPUT_BYTES_MAX);
  const started = process.cpuUsage();
  const end = check(bytes);
  const took = (process.cpuUsage(started).user / 1000);
  slowest = Math.max(slowest, took);
  if (took > TIME_MS_MAX) violated(bytes, `it takes ${took} ms`);
  const count = (ends.get(end) ?? 0) + 1;
  ends.set(end, count);
  runs++;
  // Inputs that are accepted, or end in a rare way, are worth changing further.
  if ((count < 100 || (end.startsWith("read") && random.below(20) === 0)) && bytes.length < 8192) {
    if (corpus.length < CORPUS_MAX) corpus.push(bytes);
    else corpus[random.below(corpus.length)] = bytes;
  }
}
console.log(`${runs} inputs in ${seconds} s, seed ${seed}, the slowest ${Math.round(slowest)} ms; they ended with:`);
for (const [end, count] of [...ends].sort()) console.log(`${String(count).padStart(10)}  ${end}`);

/**
 * @param {Uint8Array} bytes
 * @returns {string} how it ended
 */
function check(bytes) {
  const asMessage = attempt(bytes, () => deserializeMessage(bytes, new IncomingMessage([0, 1, 1, 2, 2, 3]), () => {}));
  const stored = attempt(bytes, () => deserialize(bytes));
  const byV8 = readByV8(bytes);
  if (stored.error !== undefined) {
    if (asMessage.error === undefined) return "read as a message";
    // Numbers of more bytes than they can have.
    if (byV8 !== undefined) return "only V8 reads it";
    return stored.error;
  }
  readAgain(bytes, stored.value);
  if (byV8 === undefined) return "read, and not by V8";
  compare(bytes, stored.value, byV8.value);
  return "read";
}

/** @param {Uint8Array} bytes @param {() => any} read @returns {{ value?: any, error?: string }} */
function attempt(bytes, read) {
  try {
    return { value: read() };
  } catch (error) {
    const text = /** @type {any} */ (error)?.message;
    if (Object.getPrototypeOf(error) === Error.prototype && (text === MALFORMED || text === VERSION)) return { error: text };
    return violated(bytes, `it throws ${/** @type {any} */ (error)?.stack ?? error}`);
  }
}

/** @param {Uint8Array} bytes @param {any} value */
function readAgain(bytes, value) {
  const written = serialize(value);
  const again = serialize(deserialize(written));
  if (!Buffer.from(written).equals(Buffer.from(again))) violated(bytes, "it is another value when it is written and read again");
}

/** @param {Uint8Array} bytes @returns {{ value: any } | undefined} */
function readByV8(bytes) {
  // Node's own host objects are none of Workers'.
  if (bytes.includes(0x5c)) return undefined;
  try {
    const deserializer = new v8.Deserializer(Buffer.from(bytes));
    deserializer.readHeader();
    return { value: deserializer.readValue() };
  } catch {
    return undefined;
  }
}

/** @param {Uint8Array} bytes @param {any} value @param {any} byV8 */
function compare(bytes, value, byV8) {
  if (Buffer.from(serialize(value)).equals(Buffer.from(serialize(byV8)))) return;
  // There are many NaNs, and errors that came without a stack have one of where they were read.
  if (bytes.includes(wire.TAG_ERROR)) return;
  if (inspect(value, WHOLE) !== inspect(byV8, WHOLE)) {
    violated(bytes, `V8 reads another value: ${inspect(byV8)} and not ${inspect(value)}`);
  }
}

/** @param {Uint8Array} bytes @param {string} what @returns {never} */
function violated(bytes, what) {
  console.error(`${what}\nseed ${seed}, run ${runs}: ${Buffer.from(bytes).toString("hex")}`);
  process.exit(1);
}
