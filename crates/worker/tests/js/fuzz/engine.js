/**
 * The program of the fuzz target examples/values.rs, inside the engine: GET answers the inputs that mutation begins with, POST
 * reads a batch of them and says how each ended.
 *
 * @module
 */

import { IncomingMessage } from "stated:rpc-message";
import { deserialize, deserializeMessage, serialize } from "stated:serialize";
import { decodeStored, encodeStored } from "stated:stored-value";
import * as wire from "stated:wire-format";

const MALFORMED = "Unable to deserialize cloned data.";
const VERSION = "Unable to deserialize cloned data due to invalid or unsupported version.";

/** @returns {Uint8Array[]} */
function firstInputs() {
  const cycle = /** @type {any} */ ({ a: [] });
  cycle.a.push(cycle, new Map([[cycle, new Set([cycle])]]));
  /** @type {any} */
  let deep = {};
  for (let i = 0; i < 2990; i++) deep = i % 2 ? { a: deep } : [deep];
  const values = [
    undefined, null, true, false, 0, -1, 2 ** 31, 1.5, NaN, 7n, -(2n ** 200n), "", "text", "é", "ā€😀", "x".repeat(300),
    { a: 1, b: { c: [1, 2, 3] }, 0: "zero" }, [1, , 3], Object.assign([1, 2], { extra: true }), Array(50), new Date(0), /a\/b/dgimsuy,
    Object(1), Object("s"), Object(true), Object(7n), new Map([["a", 1]]), new Set([1, "two", [3]]), new ArrayBuffer(5),
    new Uint8Array([1, 2, 3]), new Float64Array([1.5, NaN]), new DataView(new ArrayBuffer(8), 1, 3), cycle, deep, new Error("text"),
    new TypeError("type", { cause: new RangeError("cause") }), Object.assign(new Error("own"), { code: 7 }), new DOMException("text", "NotFoundError"),
  ].map((value) => serialize(value, { forStorage: true }));
  return [...values, ...stubs(), ...messages().map((bytes) => Uint8Array.from([0xff, 15, ...bytes]))];
}

/** Stored stubs: addresses of an entrypoint and of an object, and one that is made again. */
function stubs() {
  const addresses = [["service", "default", { a: 1 }], ["service", "Class", "0123456789abcdef".repeat(4), "name"]];
  const [entrypoint, object] = addresses.map((address) => [...encodeStored(address).subarray(2)]);
  const recipe = (/** @type {number} */ kind) => {
    const address = encodeStored(addresses[1]);
    return [kind, address.length, ...address, 3, 0xff, 15, 0x30, 0];
  };
  return [
    [0x5c, ...varint(wire.HOST_STORED_SERVICE), ...entrypoint],
    [0x5c, ...varint(wire.HOST_STORED_SERVICE), ...object],
    [0x5c, ...varint(wire.HOST_RESTORED_STUB), ...recipe(0)],
    [0x5c, ...varint(wire.HOST_RESTORED_STUB), ...recipe(1)],
  ].map((bytes) => Uint8Array.from([0xff, 15, ...bytes]));
}

/** @param {number} value */
function varint(value) {
  return value < 128 ? [value] : [value & 0x7f | 0x80, value >>> 7];
}

/** What only messages of RPC hold, and bytes that claim to be much. */
function messages() {
  const most = [0xff, 0xff, 0xff, 0xff, 0x0f];
  const list = (/** @type {unknown} */ value) => [...serialize(value, { forStorage: true }).subarray(2)];
  return [
    [0x5c, 1, 0], [0x5c, 3, 2, 1, 2], [0x5c, 4, ...list(["a", "1"])], [0x5c, 11, 1], [0x5c, 12, 0x22, 1, 0x61, 2, 1, 2],
    [0x5c, 5, ...list(["POST", "http://host/", ["a", "b"], "manual", { a: 1 }]), 0x30, 1, 2, 1, 2],
    [0x5c, 6, ...list([404, "Text", ["a", "1"]]), 0], [0x5c, 9, 0x54, 0x49, 2], [0x5c, 13, 0x22, 1, 0x61, 0x22, 1, 0x62, 0x49, 2, 2, 1, 2],
    [0x5c, 20, ...list("service"), ...list("Class"), ...list({ a: 1 })],
    [0x61, ...most, 0x40, 0, ...most], [0x41, ...most], [0x22, ...most], [0x5a, ...most], [0x42, ...most], [0x7e, 0, ...most],
    Array(4000).fill([0x41, 0x7f]).flat(), Array(4000).fill(0x3b), Array(10000).fill(0),
  ];
}

/** @param {Uint8Array} bytes */
function check(bytes) {
  const plain = attempt(() => deserialize(bytes));
  const message = attempt(() => deserializeMessage(bytes, new IncomingMessage([]), () => {}));
  const stored = attempt(() => decodeStored(bytes));
  if (stored.error !== undefined) return message.error === undefined ? "read as a message" : stored.error;
  // To write a stub again, what it leads to would have to be there.
  if (plain.error !== undefined) return "read with stubs";
  const written = encodeStored(stored.value);
  const again = encodeStored(decodeStored(written));
  if (!isSame(written, again)) throw new Error("it is another value when it is written and read again");
  return "read";
}

/** @param {() => any} read @returns {{ value?: any, error?: string }} */
function attempt(read) {
  try {
    return { value: read() };
  } catch (/** @type {any} */ error) {
    const text = error?.message;
    if (Object.getPrototypeOf(error) === Error.prototype && (text === MALFORMED || text === VERSION)) return { error: text };
    throw error;
  }
}

/** @param {Uint8Array} a @param {Uint8Array} b */
function isSame(a, b) {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** @param {Uint8Array[]} inputs */
function joined(inputs) {
  const bytes = new Uint8Array(inputs.reduce((sum, input) => sum + 4 + input.length, 0));
  let at = 0;
  for (const input of inputs) {
    new DataView(bytes.buffer).setUint32(at, input.length, true);
    bytes.set(input, at + 4);
    at += 4 + input.length;
  }
  return bytes;
}

export default {
  /** @param {Request} request */
  async fetch(request) {
    if (request.method === "GET") return new Response(joined(firstInputs()));
    const body = new Uint8Array(await request.arrayBuffer());
    const view = new DataView(body.buffer);
    const ends = [];
    for (let at = 0; at < body.length;) {
      const end = at + 4 + view.getUint32(at, true);
      try {
        ends.push(check(body.slice(at + 4, end)));
      } catch (/** @type {any} */ error) {
        return Response.json({ ends, violation: `${error?.stack ?? error}` });
      }
      at = end;
    }
    return Response.json({ ends, violation: null });
  },
};
