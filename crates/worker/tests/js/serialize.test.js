import { deserialize, deserializeMessage, serialize, serializeMessage } from "stated:serialize";
import { DOMException } from "stated:dom-exception";
import { registerPlatformClass } from "stated:platform-classes";
import { RpcTarget } from "stated:rpc-target";
import { setFlags } from "stated:settings";
import { assert, assertEquals, assertThrows, test } from "stated:test";

/** @param {unknown} value @param {object} [options] */
const roundTrip = (value, options) => deserialize(serialize(value, options));

/** A value as RPC writes it, without anything that would be a reference. @param {unknown} value */
const serializeForRpc = (value) => serializeMessage(value, {}, () => {});

/** @param {string} text bytes as Latin-1, after the header FF 0F */
const wire = (text) => Uint8Array.from(`\xff\x0f${text}`, (unit) => unit.charCodeAt(0));

/** @param {Uint8Array} bytes */
const shown = (bytes) => String.fromCharCode(...bytes);

const MALFORMED = "Unable to deserialize cloned data.";

class Platform {}
registerPlatformClass(Platform);

// --- what is written, byte by byte ------------------------------------------------------------------------------------

const golden = /** @type {[string, unknown, string][]} */ ([
  ["undefined", undefined, "_"],
  ["null", null, "0"],
  ["true", true, "T"],
  ["false", false, "F"],
  ["zero", 0, "I\x00"],
  ["minus one", -1, "I\x01"],
  ["the largest int32", 2147483647, "I\xfe\xff\xff\xff\x0f"],
  ["the smallest int32", -2147483648, "I\xff\xff\xff\xff\x0f"],
  ["one above int32", 2147483648, "N\x00\x00\x00\x00\x00\x00\xe0A"],
  ["minus zero", -0, "N\x00\x00\x00\x00\x00\x00\x00\x80"],
  ["a fraction", 1.5, "N\x00\x00\x00\x00\x00\x00\xf8?"],
  ["the empty string", "", '"\x00'],
  ["a one-byte string", "h\xe9", '"\x02h\xe9'],
  ["a two-byte string", "\u0101", "c\x02\x01\x01"],
  ["a bigint of no digits", 0n, "Z\x00"],
  ["a bigint of one digit", 5n, "Z\x10\x05\x00\x00\x00\x00\x00\x00\x00"],
  ["a negative bigint of two digits", -(2n ** 70n), "Z!\x00\x00\x00\x00\x00\x00\x00\x00@\x00\x00\x00\x00\x00\x00\x00"],
  ["a date", new Date(5), "D\x00\x00\x00\x00\x00\x00\x14@"],
  ["a regular expression", /x/giv, 'R"\x01x\x83\x02'],
  ["an empty object", {}, "o{\x00"],
  ["an object with an index, names and a large number as names", { 5: 1, "-1": 2, 4294967295: 3, a: 4 },
    'oI\nI\x02"\x02-1I\x04"\n4294967295I\x06"\x01aI\x08{\x04'],
  ["a dense array", [undefined, null, true], "A\x03_0T$\x00\x03"],
  ["an array with a hole", [1, , 3], "a\x03I\x00I\x02I\x04I\x06@\x02\x03"],
  ["a map", new Map([[1, "a"]]), ';I\x02"\x01a:\x02'],
  ["a set", new Set([1, 2]), "'I\x02I\x04,\x02"],
  ["an array buffer", new Uint8Array([1, 2]).buffer, "B\x02\x01\x02"],
  ["a view", new Uint8Array([1, 2, 3]), "B\x03\x01\x02\x03VB\x00\x03\x00"],
  ["part of a buffer", new Uint8Array(new Uint8Array([1, 2, 3]).buffer, 1, 1), "B\x03\x01\x02\x03VB\x01\x01\x00"],
  ["a DataView", new DataView(new ArrayBuffer(2)), "B\x02\x00\x00V?\x00\x02\x00"],
  ["a boxed number", Object(1.5), "n\x00\x00\x00\x00\x00\x00\xf8?"],
  ["a boxed string", Object("a"), 's"\x01a'],
  ["boxed booleans", [Object(true), Object(false)], "A\x02yx$\x00\x02"],
  ["a boxed bigint", Object(5n), "z\x10\x05\x00\x00\x00\x00\x00\x00\x00"],
]);
for (const [name, value, bytes] of golden) {
  test(`${name} has the bytes that V8 writes`, () => {
    assertEquals(shown(serialize(value)), `\xff\x0f${bytes}`);
  });
  test(`${name} is read back`, () => {
    assertEquals(deserialize(wire(bytes)), value);
  });
}

test("a two-byte string is padded to an even offset", () => {
  assertEquals(shown(serialize({ a: "\u0101", b: "\u0101" })), '\xff\x0fo"\x01ac\x02\x01\x01"\x01b\x00c\x02\x01\x01{\x02');
});

test("an object met twice is written as a reference", () => {
  const inner = {};
  assertEquals(shown(serialize([inner, inner])), "\xff\x0fA\x02o{\x00^\x01$\x00\x02");
});

test("a buffer has an identity of its own before its view", () => {
  const view = new Uint8Array([7]);
  assertEquals(shown(serialize([view, view, view.buffer])), "\xff\x0fA\x03B\x01\x07VB\x00\x01\x00^\x02^\x01$\x00\x03");
});

// --- values that come back as they were -------------------------------------------------------------------------------

const values = /** @type {[string, unknown][]} */ ([
  ["NaN", NaN], ["infinity", [Infinity, -Infinity]], ["the limits of doubles", [Number.MAX_VALUE, Number.MIN_VALUE, 2 ** 53]],
  ["lone surrogates", "\ud800x\udfff"], ["an emoji", "a\u{1f600}b"], ["U+0000", "a\0b"],
  ["a long one-byte string", "\xe9".repeat(100_000)], ["a long two-byte string", "\u20ac".repeat(100_000)],
  ["an invalid date", new Date(NaN)], ["a date before 1970", new Date(-1)],
  ["nested arrays", [[[]], [1, [2]]]], ["an array of holes", new Array(5)], ["an array with names", Object.assign([1, 2], { x: 1 })],
  ["an empty map and set", [new Map(), new Set()]], ["a map with object keys", new Map([[{ a: 1 }, new Map()]])],
  ["an own property named __proto__", JSON.parse('{"__proto__": {"x": 1}, "a": 2}')],
  ["an empty property name", { "": 1 }], ["a property name of two bytes", { "\u0101": 1 }], ["a property name of 33 bytes", { ["x".repeat(33)]: 1 }],
  ["names like indices", { "01": 1, "1.5": 2, "-0": 3, "4294967294": 4, "99999999999": 5 }],
  ["an empty buffer", new ArrayBuffer(0)], ["bigints", [0n, -1n, 2n ** 64n - 1n, 2n ** 64n, -(2n ** 200n)]],
  ["a regular expression with a slash and a newline", new RegExp("a/b\\n", "dgimsuy")], ["the empty regular expression", new RegExp("")],
  ["typed arrays", [new Int8Array([-1]), new Uint8ClampedArray([255]), new Int16Array([-2]), new Uint16Array([3]), new Int32Array([-4]),
    new Uint32Array([5]), new Float32Array([1.5]), new Float64Array([NaN]), new BigInt64Array([-1n]), new BigUint64Array([2n ** 63n])]],
  ["boxed values", [Object(-0), Object(NaN), Object(""), Object("\u0101"), Object(-5n)]],
]);
for (const [name, value] of values) test(`${name} round-trips`, () => assertEquals(roundTrip(value), value));

test("a cycle keeps its shape", () => {
  /** @type {any} */
  const value = { list: [], map: new Map(), set: new Set() };
  value.self = value;
  value.list.push(value.list);
  value.map.set(value.map, value);
  value.set.add(value.set);
  const copy = roundTrip(value);
  assert(copy.self === copy);
  assert(copy.list[0] === copy.list);
  assert(copy.map.get(copy.map) === copy);
  assert(copy.set.has(copy.set));
});

test("shared references stay shared, also among more than eight objects", () => {
  const objects = Array.from({ length: 30 }, (_, index) => ({ index }));
  const copy = roundTrip([objects, objects.toReversed()]);
  for (let i = 0; i < 30; i++) assert(copy[0][i] === copy[1][29 - i]);
});

test("two views share their buffer", () => {
  const buffer = new ArrayBuffer(4);
  const [bytes, words] = roundTrip([new Uint8Array(buffer), new Uint16Array(buffer)]);
  bytes[0] = 7;
  assertEquals(words[0], 7);
});

test("every read gives a fresh copy", () => {
  const bytes = serialize({ a: new Uint8Array([1]) });
  const first = deserialize(bytes);
  first.a[0] = 9;
  assertEquals(deserialize(bytes).a[0], 1);
});

test("what is written does not follow later changes of the value", () => {
  const value = { a: 1 };
  const bytes = serialize(value);
  value.a = 2;
  assertEquals(deserialize(bytes), { a: 1 });
});

test("a resizable buffer keeps its maximum, and a view of it its kind", () => {
  if (!("resizable" in ArrayBuffer.prototype)) return assert(/** @type {any} */ (globalThis).process !== undefined);
  const buffer = new ArrayBuffer(2, /** @type {any} */ ({ maxByteLength: 8 }));
  const [following, fixed] = roundTrip([new Uint8Array(buffer), new Uint8Array(buffer, 0, 2)]);
  assertEquals(following.buffer.maxByteLength, 8);
  following.buffer.resize(6);
  assertEquals([following.length, fixed.length], [6, 2]);
});

// 32 MiB are an eighth of the heap's limit in the hosts that run these tests.
const mebibytes = (/** @type {number} */ count) => {
  const digits = [];
  let rest = count * 2 ** 20;
  for (; rest >= 128; rest = Math.floor(rest / 128)) digits.push(rest % 128 | 128);
  return String.fromCharCode(...digits, rest);
};
/** @param {string} text */
const maxima = (text) => deserialize(wire(text)).map((/** @type {any} */ buffer) => buffer.maxByteLength / 2 ** 20);

test("the buffers of a value reserve an eighth of the heap together, and the rest have a lower maximum", () => {
  if (!("resizable" in ArrayBuffer.prototype)) return assert(/** @type {any} */ (globalThis).process !== undefined);
  const buffer = (/** @type {number} */ count) => `~\x00${mebibytes(count)}`;
  assertEquals(maxima(`A\x01${buffer(32)}$\x00\x01`), [32]);
  assertEquals(maxima(`A\x01${buffer(33)}$\x00\x01`), [32]);
  assertEquals(maxima(`A\x01${buffer(4095)}$\x00\x01`), [32]);
  assertEquals(maxima(`A\x04${buffer(20)}${buffer(12)}${buffer(1)}${buffer(4095)}$\x00\x04`), [20, 12, 0, 0]);
});

test("a buffer of a lower maximum has all its bytes, and a view that follows it", () => {
  if (!("resizable" in ArrayBuffer.prototype)) return assert(/** @type {any} */ (globalThis).process !== undefined);
  const [, view] = deserialize(wire(`A\x02~\x00${mebibytes(32)}~\x02${mebibytes(64)}abVB\x00\x02\x02$\x00\x02`));
  assertEquals([[...view], view.buffer.maxByteLength, view.buffer.resizable], [[97, 98], 2, true]);
});

// --- errors -----------------------------------------------------------------------------------------------------------

for (const Class of [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]) {
  test(`a ${Class.name} keeps class, message and cause`, () => {
    const copy = roundTrip(new Class("text", { cause: { a: 1 } }));
    assert(copy instanceof Class);
    assertEquals([Object.getPrototypeOf(copy) === Class.prototype, copy.message, copy.cause], [true, "text", { a: 1 }]);
  });
}

test("an error's stack is stored with it", () => {
  const error = new Error("text");
  assertEquals(roundTrip(error).stack, error.stack);
});

test("an error's stack does not cross RPC", () => {
  const error = new Error("text");
  Object.defineProperty(error, "stack", { value: "the callee's stack" });
  assert(roundTrip(error, { forErrors: true }).stack !== "the callee's stack");
});

test("message, stack and cause of an error are not enumerable", () => {
  assertEquals(Object.keys(roundTrip(new Error("text", { cause: 1 }))), []);
});

test("an error without a message has none of its own", () => {
  assertEquals(Object.hasOwn(roundTrip(new Error()), "message"), false);
});

test("an error that is its own cause round-trips", () => {
  const error = new Error("text");
  error.cause = error;
  const copy = roundTrip(error);
  assert(copy.cause === copy);
});

test("a class derived from Error is read as Error, with its name only where properties are kept", () => {
  class MyError extends Error {
    name = "MyError";
    code = 7;
  }
  const plain = roundTrip(new MyError("text"));
  assertEquals([Object.getPrototypeOf(plain) === Error.prototype, plain.name, plain.code], [true, "Error", undefined]);
  setFlags(["enhanced_error_serialization"]);
  try {
    const enhanced = roundTrip(new MyError("text"));
    assertEquals([enhanced.message, enhanced.name, enhanced.code], ["text", "MyError", 7]);
  } finally {
    setFlags([]);
  }
});

const storedErrors = /** @type {[string, string, string, string][]} */ ([
  ["Error", '\x01"\x01mo{\x00', "Error", "m"],
  ["TypeError", '\x02"\x01mo{\x00', "TypeError", "m"],
  ["RangeError", '\x03"\x01mo{\x00', "RangeError", "m"],
  ["ReferenceError", '\x04"\x01mo{\x00', "ReferenceError", "m"],
  ["SyntaxError", '\x05"\x01mo{\x00', "SyntaxError", "m"],
  ["EvalError", '\x0a"\x01mo{\x00', "EvalError", "m"],
  ["URIError", '\x0b"\x01mo{\x00', "URIError", "m"],
  ["AggregateError", '\x0c"\x01mo"\x06errorsA\x00$\x00\x00{\x01', "AggregateError", "m"],
  ["an error with a name of its own", '\x00"\x03Zed"\x01qo{\x00', "Zed", "q"],
  ["an error without a message", '\x01"\x00o{\x00', "Error", ""],
]);
for (const [what, bytes, name, message] of storedErrors) {
  test(`${what} as Workers stores it with all properties is read`, () => {
    const error = deserialize(wire(`\\\x0a${bytes}`));
    assert(error instanceof Error);
    assertEquals([error.name, error.message], [name, message]);
  });
}

test("an error with all properties has the bytes that Workers writes", () => {
  const error = Object.assign(new Error("boo"), { name: "MyError", code: 7 });
  Object.defineProperty(error, "stack", { value: "S", configurable: true });
  setFlags(["enhanced_error_serialization"]);
  try {
    assertEquals(shown(serialize(error)), '\xff\x0f\\\n\x00"\x07MyError"\x03booo"\x05stack"\x01S"\x04codeI\x0e{\x02');
  } finally {
    setFlags([]);
  }
});

test("a DOMException keeps name, message and code", () => {
  const copy = roundTrip(new DOMException("text", "AbortError"));
  assert(copy instanceof DOMException);
  assertEquals([copy.name, copy.message, copy.code], ["AbortError", "text", 20]);
});

test("a DOMException that Workers stored is read", () => {
  const copy = deserialize(wire("\\\x08\x0aAbortError\x01m\x03S T"));
  assertEquals([copy.name, copy.message, copy.stack], ["AbortError", "m", "S T"]);
});

// --- what is refused --------------------------------------------------------------------------------------------------

const refused = /** @type {[string, () => unknown, string][]} */ ([
  ["an arrow function", () => () => {}, "() => {} could not be cloned."],
  ["a named function", () => function foo(/** @type {any} */ a) { return a; }, "function foo(/** @type {any} */ a) { return a; } could not be cloned."],
  ["a function within an object", () => ({ a() {} }), "a() {} could not be cloned."],
  ["a class", () => class Foo {}, "class Foo {} could not be cloned."],
  ["a symbol", () => Symbol("x"), "Symbol(x) could not be cloned."],
  ["a promise", () => Promise.resolve(), "#<Promise> could not be cloned."],
  ["a WeakMap", () => new WeakMap(), "#<WeakMap> could not be cloned."],
  ["a WeakRef", () => new WeakRef({}), "#<WeakRef> could not be cloned."],
  ["a generator", () => (function* () {})(), "[object Generator] could not be cloned."],
  ["an array iterator", () => [][Symbol.iterator](), "[object Array Iterator] could not be cloned."],
  ["a map iterator", () => new Map().keys(), "[object Map Iterator] could not be cloned."],
  ["an arguments object", () => (function () { return arguments; })(), "#<Object> could not be cloned."],
  ["a Proxy", () => new Proxy({}, {}), "#<Object> could not be cloned."],
  ["a Proxy of an array", () => new Proxy([], {}), "#<Object> could not be cloned."],
  ["a formatter", () => new Intl.NumberFormat("en"), "#<NumberFormat> could not be cloned."],
  ["a platform object", () => new Platform(), 'Could not serialize object of type "Platform". This type does not support serialization.'],
  ["an object of a class derived from a platform class", () => new (class Mine extends Platform {})(),
    'Could not serialize object of type "Mine". This type does not support serialization.'],
  ["an RpcTarget", () => new (class Mine extends RpcTarget {})(), "Remote RPC references can only be serialized for RPC."],
]);
for (const [name, make, message] of refused) {
  test(`${name} cannot be serialized`, () => {
    const error = assertThrows(() => serialize(make()), DOMException, message);
    assertEquals(error.name, "DataCloneError");
  });
}

test("an instance of the program's class is stored as a plain object", () => {
  class Foo {
    x = 1;
    get y() {
      return 2;
    }
  }
  assertEquals(roundTrip(new Foo()), { x: 1 });
});

test("an object without prototype is stored as a plain object", () => {
  assertEquals(roundTrip(Object.assign(Object.create(null), { x: 1 })), { x: 1 });
});

test("an instance of the program's class does not cross RPC", () => {
  class Foo {}
  assertThrows(() => serializeForRpc([new Foo()]), DOMException,
    'Could not serialize object of type "Foo". This type does not support serialization.');
});

test("an object without prototype does not cross RPC", () => {
  assertThrows(() => serializeForRpc({ a: Object.create(null) }), DOMException,
    'Could not serialize object of type "Object". This type does not support serialization.');
});

const refusedOverRpc = /** @type {[string, () => unknown, string][]} */ ([
  ["a platform object", () => new Platform(), 'Could not serialize object of type "Platform". This type does not support serialization.'],
  ["a symbol", () => Symbol("x"), "Symbol(x) could not be cloned."],
  ["a promise", () => [Promise.resolve()], "#<Promise> could not be cloned."],
]);
for (const [name, make, message] of refusedOverRpc) {
  test(`${name} does not cross RPC`, () => {
    assertEquals(assertThrows(() => serializeForRpc(make()), DOMException, message).name, "DataCloneError");
  });
}

test("instances of classes derived from built-in ones cross RPC as the built-in", () => {
  class MyMap extends Map {}
  assertEquals(deserializeMessage(serializeForRpc([new MyMap([[1, 2]])]), {}), [new Map([[1, 2]])]);
});

test("non-enumerable and symbol properties are left out", () => {
  const value = Object.defineProperty({ a: 1, [Symbol("s")]: 2 }, "hidden", { value: 3 });
  assertEquals(roundTrip(value), { a: 1 });
});

// --- hostile values ---------------------------------------------------------------------------------------------------

test("what a getter throws is thrown", () => {
  assertThrows(() => serialize({ get x() { throw new TypeError("hostile"); } }), TypeError, "hostile");
});

test("the writer works on after a throw", () => {
  assertThrows(() => serialize([{ a: Symbol() }]));
  assertEquals(roundTrip([{ a: 1 }]), [{ a: 1 }]);
});

test("toJSON is not called", () => {
  assertThrows(() => serialize({ toJSON: () => 1 }), DOMException, "() => 1 could not be cloned.");
  assertEquals(roundTrip({ toJSON: 1 }), { toJSON: 1 });
});

test("a getter may serialize another value meanwhile", () => {
  const value = { a: 1, get b() { return [...serialize({ c: "x" })]; }, d: "end" };
  assertEquals(roundTrip(value), { a: 1, b: [...serialize({ c: "x" })], d: "end" });
});

test("a property that a getter deleted is left out", () => {
  const value = { get a() { delete this.b; return 1; }, /** @type {any} */ b: 2 };
  assertEquals(roundTrip(value), { a: 1 });
});

test("an array that a getter shortens leaves holes", () => {
  const value = [0, 1, 2];
  Object.defineProperty(value, 0, { enumerable: true, get() { value.length = 1; return "first"; } });
  const copy = roundTrip(value);
  assertEquals([copy.length, copy[0], 1 in copy], [3, "first", false]);
});

test("a map that a getter extends is written as it was", () => {
  const map = new Map();
  map.set("a", { get x() { map.set("b", 1); return 1; } });
  assertEquals(roundTrip(map), new Map([["a", { x: 1 }]]));
});

test("overridden built-in methods are not consulted", () => {
  const map = new Map([[1, 2]]);
  map.forEach = map.entries = () => { throw new Error("called"); };
  const date = new Date(5);
  date.getTime = date.valueOf = () => 6;
  const view = new Uint8Array([1, 2]);
  Object.defineProperty(view, "buffer", { value: new ArrayBuffer(1000) });
  const regExp = /a/g;
  Object.defineProperty(regExp, "source", { value: "evil" });
  const [m, d, v, r] = roundTrip([map, date, view, regExp]);
  assertEquals([[...m], d.getTime(), [...v], r.source], [[[1, 2]], 5, [1, 2], "a"]);
});

/** @param {number} depth */
function nest(depth) {
  let value = {};
  for (let i = 1; i < depth; i++) value = { a: value };
  return value;
}

test("2000 levels round-trip", () => {
  let value = roundTrip(nest(2000));
  let depth = 1;
  for (; value.a !== undefined; value = value.a) depth++;
  assertEquals(depth, 2000);
});

for (const depth of [3001, 300_000]) {
  test(`${depth} levels are too deep`, () => {
    assertThrows(() => serialize(nest(depth)), RangeError, "Maximum call stack size exceeded");
  });
}

test("a value serialized on a stack that is nearly used up is an error and no crash", () => {
  const value = nest(1500);
  let thrown;
  const descend = () => {
    try {
      descend();
    } catch {
      // The stack ends here; the error of this frame's attempt is what counts.
    }
    if (thrown === undefined) {
      try {
        serialize(value);
      } catch (error) {
        thrown = error;
      }
    }
  };
  descend();
  assert(thrown instanceof Error);
  assertEquals(roundTrip({ a: 1 }), { a: 1 });
});

// --- hostile bytes ----------------------------------------------------------------------------------------------------

const malformed = /** @type {[string, Uint8Array][]} */ ([
  ["no bytes", new Uint8Array()],
  ["a header alone", wire("")],
  ["an unknown tag", wire("\x01")],
  ["a string longer than the input", wire('"\x05ab')],
  ["a string of four gigabytes", wire('"\xff\xff\xff\xff\x0f')],
  ["a two-byte string of odd length", wire("c\x03abc")],
  ["a number that never ends", wire("I\xff\xff\xff\xff\xff\xff\xff")],
  ["a number of six bytes", wire("U\xff\xff\xff\xff\x8f\x00")],
  ["half a double", wire("N\0\0\0\0")],
  ["a bigint of half a digit", wire("Z\x08\0\0\0\0")],
  ["a bigint longer than the input", wire("Z\x20\0\0\0\0\0\0\0\0")],
  ["a bigint of more than 2^20 bits", wire(`Z\x90\x80\x10${"\xff".repeat(131080)}`)],
  ["an unfinished object", wire('o"\x01aI\x02')],
  ["an object with a wrong count", wire('o"\x01aI\x02{\x02')],
  ["an object whose name is an object", wire("oo{\x00I\x02{\x01")],
  ["an array longer than the input", wire("A\xff\xff\xff\xff\x0f")],
  ["an array with a wrong length", wire("A\x01I\x02$\x00\x02")],
  ["an array whose length is an entry", wire('A\x01I\x02"\x06lengthI\x01$\x01\x01')],
  ["a sparse array whose length is an entry", wire('a\x05"\x06lengthI\x06@\x01\x05')],
  ["a sparse array with a wrong length", wire("a\x05@\x00\x06")],
  ["a map with a wrong count", wire(";I\x02I\x02:\x01")],
  ["a set with a wrong count", wire("'I\x02,\x02")],
  ["a reference to nothing", wire("^\x00")],
  ["a reference to an object being made", wire("R^\x00\x00")],
  ["a buffer longer than the input", wire("B\x05ab")],
  ["a resizable buffer above its maximum", wire("~\x02\x01ab")],
  ["a resizable buffer longer than the input", wire("~\x05\x08ab")],
  ["a view beyond its buffer", wire("B\x02abVB\x01\x02\x00")],
  ["a view of no known type", wire("B\x02abVX\x00\x02\x00")],
  ["a misaligned view", wire("B\x04abcdVW\x01\x02\x00")],
  ["a view of half an element", wire("B\x04abcdVW\x00\x03\x00")],
  ["a transferred buffer that is not there", wire("t\x00")],
  ["a regular expression with unknown flags", wire('R"\x01a\x80\x08')],
  ["a regular expression that is none", wire('R"\x01(\x00')],
  ["an error with an unknown member", wire("rx")],
  ["an unknown host object", wire("\\\x63")],
  ["an error of an unknown type", wire('\\\x0a\x63"\x00o{\x00')],
  ["an error without properties", wire('\\\x0a\x01"\x000')],
]);
for (const [name, bytes] of malformed) {
  test(`${name} cannot be read`, () => {
    assertThrows(() => deserialize(bytes), Error, MALFORMED);
  });
}

test("nesting without end cannot be read", () => {
  for (const tag of ["A\x01", 'o"\x01a', ";", "'"]) assertThrows(() => deserialize(wire(tag.repeat(500_000))), Error, MALFORMED);
});

test("every prefix of a value fails cleanly", () => {
  const bytes = serialize({ a: [1, "x", new Map([[1, new Date(0)]])], b: new Uint8Array(3), c: new TypeError("t", { cause: 1 }) });
  for (let length = 2; length < bytes.length; length++) assertThrows(() => deserialize(bytes.subarray(0, length)), Error, MALFORMED);
});

test("one wrong byte is an error or another value, never anything else", () => {
  const bytes = serialize({ a: [1, "x\u0101", new Map([[1, new Set([2])]])], b: new Uint16Array(3), c: new TypeError("t"), d: /x/g });
  for (let at = 2; at < bytes.length; at++) {
    for (const wrong of [0, 1, 0x7f, 0xff, bytes[at] ^ 1, 0x41, 0x6f, 0x5e]) {
      const copy = bytes.slice();
      copy[at] = wrong;
      try {
        deserialize(copy);
      } catch (error) {
        assert(error instanceof Error);
      }
    }
  }
});

test("a sparse array of the greatest length takes no memory", () => {
  assertEquals(deserialize(wire("a\xff\xff\xff\xff\x0f@\x00\xff\xff\xff\xff\x0f")).length, 4294967295);
});

// --- versions ---------------------------------------------------------------------------------------------------------

test("bytes without a header are read", () => {
  assertEquals(deserialize(wire('o"\x01aI\x02{\x01').subarray(2)), { a: 1 });
});

test("versions 13 to 15 are read", () => {
  for (const version of [13, 14, 15]) assertEquals(deserialize(Uint8Array.of(0xff, version, 0x54)), true);
});

test("views of version 13 have no flags", () => {
  assertEquals(deserialize(Uint8Array.from("\xff\x0dA\x02B\x01\x07VB\x00\x01T$\x00\x02", (unit) => unit.charCodeAt(0))),
    [new Uint8Array([7]), true]);
});

for (const version of [12, 16]) {
  test(`version ${version} is refused`, () => {
    assertThrows(() => deserialize(Uint8Array.of(0xff, version, 0x54)), Error,
      "Unable to deserialize cloned data due to invalid or unsupported version.");
  });
}

test("forms that only old writers used are read", () => {
  assertEquals(deserialize(wire("U\xff\xff\xff\xff\x0f")), 4294967295);
  assertEquals(deserialize(wire("S\x02\xc3\xa9")), "\xe9");
  assertEquals(deserialize(wire("?\x00T")), true);
});
