/** What mutation begins with: values of every kind, and bombs. @module */

import v8 from "node:v8";
import { DOMException } from "stated:dom-exception";
import { serialize } from "stated:serialize";

/** @returns {Uint8Array[]} */
export function firstInputs() {
  const cycle = /** @type {any} */ ({ a: [] });
  cycle.a.push(cycle, new Map([[cycle, new Set([cycle])]]));
  const values = [
    undefined, null, true, false, 0, -1, 2 ** 31, 2 ** 32 - 1, 1.5, NaN, 7n, -(2n ** 200n), "", "text", "é", "ā€😀", "x".repeat(300),
    { a: 1, b: { c: [1, 2, 3] }, 0: "zero", __proto__x: 1 }, [1, , 3], Object.assign([1, 2], { extra: true }), Array(50),
    Object.assign(Array(1000), { 5: "five", 999: "last" }), new Date(0), new Date(NaN), /a\/b/dgimsuy, Object(1), Object("s"), Object(true),
    Object(7n), new Map([["a", 1], [{}, []]]), new Set([1, "two", [3]]), new ArrayBuffer(5), new Uint8Array([1, 2, 3]),
    new Float64Array([1.5, NaN]), new DataView(new ArrayBuffer(8), 1, 3), new BigInt64Array(2), cycle,
    new ArrayBuffer(4, /** @type {any} */ ({ maxByteLength: 16 })), new Uint8Array(new ArrayBuffer(4, /** @type {any} */ ({ maxByteLength: 16 }))),
    new Error("text"), new TypeError("type", { cause: new RangeError("cause") }), Object.assign(new Error("own"), { code: 7 }),
    new AggregateError([new Error("one")], "all"), new DOMException("text", "NotFoundError"), nested(50), nested(2999),
  ];
  return [...values.map((value) => serialize(value)), ...values.flatMap(byV8), ...bombs(), ...messages()];
}

/** @param {number} depth */
function nested(depth) {
  /** @type {any} */
  let value = {};
  for (let i = 0; i < depth; i++) value = i % 2 ? { a: value } : [value];
  return value;
}

/** @param {unknown} value */
function byV8(value) {
  try {
    const serializer = new v8.Serializer();
    serializer.writeHeader();
    serializer.writeValue(value);
    return [new Uint8Array(serializer.releaseBuffer())];
  } catch {
    return [];
  }
}

const MOST = [0xff, 0xff, 0xff, 0xff, 0x0f];

/** Few bytes that claim to be much. */
function bombs() {
  const repeated = (/** @type {number[]} */ piece, /** @type {number} */ count) => Array(count).fill(piece).flat();
  return [
    [0xff, 15, 0x61, ...MOST, 0x40, 0, ...MOST],
    [0xff, 15, 0x41, ...MOST],
    [0xff, 15, 0x22, ...MOST],
    [0xff, 15, 0x5a, ...MOST],
    [0xff, 15, 0x42, ...MOST],
    [0xff, 15, 0x7e, 0, ...MOST],
    [0xff, 15, 0x41, 50, ...repeated([0x7e, 0, 0x80, 0x80, 0x80, 0x80, 4], 50), 0x24, 0, 50],
    [0xff, 15, ...repeated([0x41, 0x7f], 4000)],
    [0xff, 15, ...repeated([0x6f, 0x22, 1, 0x61], 4000)],
    [0xff, 15, ...repeated([0x3b], 4000)],
    [0xff, 15, ...repeated([0x27], 4000)],
    [0xff, 15, ...repeated([0], 10000), 0x30],
    [0xff, 15, 0x5a, 0x80, 0xf0, 1, ...repeated([0xff], 15360)],
    [0xff, 15, 0x52, 0x22, 40, ...repeated([0x28], 20), ...repeated([0x29], 20), 0],
    [0xff, 15, 0x41, 1, 0x49, 2, 0x22, 6, ...Buffer.from("length"), 0x49, 1, 0x24, 1, 1],
    [0xff, 15, 0x41, 1, 0x49, 2, 0x22, 6, ...Buffer.from("length"), 0x30, 0x24, 1, 1],
    [0xff, 15, 0x6f, 0x22, 9, ...Buffer.from("__proto__"), 0x30, 0x7b, 1],
  ].map((bytes) => Uint8Array.from(bytes));
}

/** What only messages of RPC hold. */
function messages() {
  const list = (/** @type {unknown[]} */ values) => [...serialize(values).subarray(2)];
  return [
    [0x5c, 1, 0],
    [0x5c, 2, 0],
    [0x5c, 3, 0],
    [0x5c, 3, 2],
    [0x5c, 4, ...list(["a", "1"])],
    [0x5c, 5, ...list(["GET", "http://host/", [], "follow", undefined]), 0x30, 0],
    [0x5c, 5, ...list(["POST", "http://host/", ["a", "b"], "manual", { a: 1 }]), 0x30, 1, 2, 1, 2],
    [0x5c, 6, ...list([200, "", []]), 0],
    [0x5c, 6, ...list([404, "Text", ["a", "1"]]), 2, 2],
    [0x5c, 9, 0x54, 0x49, 2],
    [0x5c, 9, 0x46, 0],
    [0x5c, 11, 1],
    [0x5c, 12, 0x22, 1, 0x61, 2, 1, 2],
    [0x5c, 13, 0x22, 1, 0x61, 0x22, 1, 0x62, 0x49, 2, 2, 1, 2],
  ].map((bytes) => Uint8Array.from([0xff, 15, ...bytes]));
}
