/**
 * Structured cloning, after section 2.7 of the HTML standard.
 *
 * @module
 */

import { DOMException } from "stated:dom-exception";
import { structuredClone } from "stated:structured-clone";
import { assert, assertEquals, assertThrows, test } from "stated:test";

/** @param {() => unknown} fn */
function assertUncloneable(fn) {
  const error = assertThrows(fn, DOMException);
  assertEquals([error.name, error.code], ["DataCloneError", 25]);
}

test("primitives are themselves", () => {
  for (const value of [undefined, null, true, false, 0, -0, NaN, Infinity, "", "a\ud800", 5n, -(2n ** 70n)]) assertEquals(structuredClone(value), value);
});

test("symbols and functions cannot be cloned, anywhere", () => {
  for (const value of [Symbol("x"), Symbol.iterator, () => {}, class {}, function named() {}]) {
    for (const wrapped of [value, [value], { a: value }, new Map([[1, value]]), new Set([value])]) assertUncloneable(() => structuredClone(wrapped));
  }
});

test("wrapper objects, dates and expressions stay what they are", () => {
  for (const value of [Object(1), Object("s"), Object(true), Object(5n), new Date(5), new Date(NaN), /a+/giu]) {
    const clone = structuredClone(value);
    assert(clone !== value);
    assertEquals(clone, value);
  }
});

test("an expression loses its lastIndex and its own properties", () => {
  const value = Object.assign(/a/g, { extra: 1 });
  value.lastIndex = 3;
  const clone = structuredClone(value);
  assertEquals([clone.lastIndex, Object.keys(clone)], [0, []]);
});

test("objects keep their own enumerable string properties, in order, and nothing of their class", () => {
  class Own { constructor() { this.b = 1; this.a = 2; } method() {} }
  const value = new Own();
  Object.defineProperty(value, "hidden", { value: 1 });
  /** @type {any} */ (value)[Symbol("s")] = 1;
  const clone = structuredClone(value);
  assert(Object.getPrototypeOf(clone) === Object.prototype);
  assertEquals([Reflect.ownKeys(clone), clone.b, clone.a], [["b", "a"], 1, 2]);
});

test("an object without a prototype gets one, a frozen one is free", () => {
  const clone = structuredClone(Object.assign(Object.create(null), { a: 1 }));
  assertEquals(clone, { a: 1 });
  assertEquals(Object.isFrozen(structuredClone(Object.freeze({ a: 1 }))), false);
});

test("accessors are read once, in order, and become plain properties", () => {
  const order = [];
  const clone = structuredClone({ get b() { order.push("b"); return 1; }, get a() { order.push("a"); return 2; } });
  assertEquals([order, Object.getOwnPropertyDescriptor(clone, "b")], [["b", "a"], { value: 1, writable: true, enumerable: true, configurable: true }]);
});

test("an exception of a getter comes through", () => {
  const error = new RangeError("getter");
  assert(assertThrows(() => structuredClone({ get a() { throw error; } })) === error);
});

test("a property that a getter removes before its turn is left out, one that it adds as well", () => {
  const value = { get a() { delete /** @type {any} */ (this).b; /** @type {any} */ (this).d = 4; return 1; }, b: 2, c: 3 };
  assertEquals(structuredClone(value), { a: 1, c: 3 });
});

test("arrays keep their length, their holes and their other properties", () => {
  // eslint-disable-next-line no-sparse-arrays
  const value = Object.assign([1, , 3], { extra: 4 });
  value.length = 5;
  const clone = structuredClone(value);
  assert(Array.isArray(clone));
  assertEquals([clone.length, Object.keys(clone), clone.extra], [5, ["0", "2", "extra"], 4]);
});

test("maps and sets keep their order, and nothing else", () => {
  const value = Object.assign(new Map([[{ k: 1 }, new Set(["b", "a"])]]), { extra: 1 });
  const clone = structuredClone(value);
  assertEquals([[...clone], Object.keys(clone)], [[[{ k: 1 }, new Set(["b", "a"])]], []]);
});

test("a map is copied before its values are cloned", () => {
  const map = new Map();
  map.set("a", { get x() { map.delete("b"); return 1; } });
  map.set("b", 2);
  assertEquals([...structuredClone(map).keys()], ["a", "b"]);
});

test("cycles and shared references are kept", () => {
  const value = /** @type {any} */ ({ list: [] });
  value.self = value;
  value.list.push(value.list);
  value.map = new Map([[value, value]]);
  const clone = structuredClone(value);
  assert(clone !== value && clone.self === clone && clone.list[0] === clone.list && clone.map.get(clone) === clone);
  const shared = {};
  const [first, second] = structuredClone([shared, shared]);
  assert(first === second && first !== shared);
});

test("errors keep their class, message, stack and cause", () => {
  for (const Class of [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]) {
    const error = new Class("text", { cause: { a: 1 } });
    const clone = structuredClone(error);
    assert(clone instanceof Class && Object.getPrototypeOf(clone) === Class.prototype);
    assertEquals([clone.message, clone.stack, clone.cause], ["text", error.stack, { a: 1 }]);
  }
});

test("an error of a class of its own becomes an error of the kind its name tells", () => {
  class Own extends TypeError {}
  const clone = structuredClone(new Own("text"));
  assert(Object.getPrototypeOf(clone) === TypeError.prototype);
});

test("a DOMException is one", () => {
  const clone = structuredClone(new DOMException("text", "AbortError"));
  assert(clone instanceof DOMException);
  assertEquals([clone.name, clone.message, clone.code], ["AbortError", "text", 20]);
});

test("buffers and views are copied, and views of one buffer still share it", () => {
  const buffer = new ArrayBuffer(8);
  const value = { a: new Uint8Array(buffer, 1, 3), b: new Float64Array(buffer), c: new DataView(buffer, 2), buffer };
  value.a.set([1, 2, 3]);
  const clone = structuredClone(value);
  assert(clone.buffer !== buffer && clone.a.buffer === clone.buffer && clone.b.buffer === clone.buffer && clone.c.buffer === clone.buffer);
  assertEquals([[...clone.a], clone.a.byteOffset, clone.c.byteOffset, clone.c.byteLength], [[1, 2, 3], 1, 2, 6]);
});

test("every kind of typed array is kept", () => {
  for (const Class of [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array,
    BigInt64Array, BigUint64Array]) {
    assert(structuredClone(new Class(2)) instanceof Class);
  }
});

test("weak collections, promises, generators and iterators cannot be cloned", () => {
  for (const value of [new WeakMap(), new WeakSet(), new WeakRef({}), Promise.resolve(), (function* () {})(), [][Symbol.iterator](), new Map().keys(),
    new Proxy({}, {})]) {
    assertUncloneable(() => structuredClone(value));
  }
});

test("nothing is cloned without an argument, and the options are an object", () => {
  assertThrows(() => /** @type {any} */ (structuredClone)(), TypeError);
  for (const options of [5, "x", true]) assertThrows(() => structuredClone({}, /** @type {any} */ (options)), TypeError);
  assertEquals([structuredClone(1, /** @type {any} */ (null)), structuredClone(1, {}), structuredClone(1, { transfer: undefined })], [1, 1, 1]);
});

// --- transfer -------------------------------------------------------------------------------------------------------------

test("a transferred buffer is moved, also when the value does not hold it", () => {
  const buffer = new Uint8Array([1, 2]).buffer;
  const clone = structuredClone({ buffer }, { transfer: [buffer] });
  assertEquals([buffer.byteLength, [...new Uint8Array(clone.buffer)]], [0, [1, 2]]);
  const other = new ArrayBuffer(2);
  structuredClone(1, { transfer: [other] });
  assertEquals(other.byteLength, 0);
});

test("a view of a transferred buffer is a view of the moved one", () => {
  const view = new Uint16Array([1, 2, 3]).subarray(1);
  const clone = structuredClone(view, { transfer: [view.buffer] });
  assertEquals([view.length, [...clone], clone.byteOffset], [0, [2, 3], 2]);
});

test("the transfer list is any iterable of what can be transferred, once each", () => {
  const buffer = new ArrayBuffer(1);
  for (const transfer of [5, null, {}]) assertThrows(() => structuredClone(1, { transfer: /** @type {any} */ (transfer) }), TypeError);
  for (const item of [{}, new Uint8Array(1), new SharedArrayBuffer(1), () => {}]) assertUncloneable(() => structuredClone(1, { transfer: [item] }));
  assertUncloneable(() => structuredClone(1, { transfer: [buffer, buffer] }));
  assertEquals(buffer.byteLength, 1);
  structuredClone(1, { transfer: new Set([buffer]) });
  assertEquals(buffer.byteLength, 0);
});

test("a detached buffer can be neither transferred nor cloned", () => {
  const buffer = new ArrayBuffer(1);
  structuredClone(1, { transfer: [buffer] });
  assertUncloneable(() => structuredClone(1, { transfer: [buffer] }));
  assertUncloneable(() => structuredClone(buffer));
});

test("nothing is detached when the value cannot be cloned", () => {
  const buffer = new ArrayBuffer(1);
  assertUncloneable(() => structuredClone({ buffer, f: () => {} }, { transfer: [buffer] }));
  assertEquals(buffer.byteLength, 1);
});

test("a resizable buffer stays one", () => {
  const buffer = new /** @type {any} */ (ArrayBuffer)(2, { maxByteLength: 4 });
  const clone = structuredClone(buffer);
  assertEquals([clone.resizable, clone.maxByteLength, clone.byteLength], [true, 4, 2]);
});
