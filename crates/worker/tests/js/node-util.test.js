import util, { callbackify, deprecate, format, inherits, inspect, isDeepStrictEqual, promisify, stripVTControlCharacters, styleText, types } from "stated:node/util";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

test("format follows its directives", () => {
  assertEquals([format("%s=%d %i %j %%", "a", 1.5, "7.9", { a: 1 }), format("a", { b: 1 }, "c"), format("%o", [1]), format(5, "%s"), format("%s")],
    ["a=1.5 7 {\"a\":1} %", "a { b: 1 } c", "[ 1, [length]: 1 ]", "5 %s", "%s"]);
});

test("inspect takes options or the old positions, and its defaults can be changed", () => {
  const deep = { a: { b: { c: { d: 1 } } } };
  assertEquals([inspect(deep), inspect(deep, { depth: 0 }), inspect(deep, false, 1), inspect(new Map([[1, "a"]]))],
    ["{ a: { b: { c: [Object] } } }", "{ a: [Object] }", "{ a: { b: [Object] } }", "Map(1) { 1 => 'a' }"]);
  inspect.defaultOptions.depth = 0;
  assertEquals(inspect(deep), "{ a: [Object] }");
  inspect.defaultOptions.depth = 2;
  assertEquals([inspect({ [inspect.custom]: () => "own" }), inspect.custom], ["own", Symbol.for("nodejs.util.inspect.custom")]);
});

test("promisify turns callbacks into promises", async () => {
  const halve = promisify((value, callback) => (value % 2 ? callback(new Error("odd")) : callback(null, value / 2)));
  assertEquals(await halve(4), 2);
  await assertRejects(() => halve(3), Error, "odd");
  const custom = Object.assign(() => {}, { [promisify.custom]: async () => "custom" });
  assertEquals(await promisify(custom)(), "custom");
  assertEquals(assertThrows(() => promisify("x"), TypeError).code, "ERR_INVALID_ARG_TYPE");
});

test("callbackify turns promises into callbacks", async () => {
  const called = (fn, ...args) => new Promise((resolve) => { callbackify(fn)(...args, (error, value) => resolve([error, value])); });
  assertEquals(await called(async (a, b) => a + b, 1, 2), [null, 3]);
  const [error] = await called(async () => { throw null; });
  assertEquals([error.code, error.reason], ["ERR_FALSY_VALUE_REJECTION", null]);
});

test("inherits links the prototypes", () => {
  function Base() {}
  function Derived() {}
  inherits(Derived, Base);
  assertEquals([new Derived() instanceof Base, Derived.super_ === Base], [true, true]);
  assertEquals(assertThrows(() => inherits(Derived, null), TypeError).code, "ERR_INVALID_ARG_TYPE");
});

test("a deprecated function works as before", () => {
  const deprecated = deprecate(function (a) { return [this.x, a]; }, "use another");
  assertEquals(deprecated.call({ x: 1 }, 2), [1, 2]);
});

test("deep equality is strict", () => {
  const cases = [
    [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, true], [{ a: 1 }, { a: "1" }, false], [NaN, NaN, true], [0, -0, false], [[1, , 3], [1, undefined, 3], false],
    [new Set([1, { a: 1 }]), new Set([{ a: 1 }, 1]), true], [new Set([1]), new Set([2]), false], [new Map([[{ a: 1 }, "x"]]), new Map([[{ a: 1 }, "x"]]), true],
    [new Map([["a", 1]]), new Map([["a", 2]]), false], [new Date(0), new Date(0), true], [/a/g, /a/i, false], [new Error("a"), new Error("a"), true],
    [new Error("a"), new Error("b"), false], [new Uint8Array([1]), new Uint8Array([1]), true], [new Uint8Array([1]), new Int8Array([1]), false],
    [Object(1), Object(1), true], [Object(1), Object(2), false], [{ [Symbol.iterator]: 1 }, {}, false], [Object.create(null), {}, false], [1n, 1n, true],
    [new Float32Array([0]), new Float32Array([-0]), false], [[], {}, false], [new ArrayBuffer(1), new ArrayBuffer(1), true],
  ];
  for (const [a, b, expected] of cases) assertEquals([isDeepStrictEqual(a, b), isDeepStrictEqual(b, a)], [expected, expected], `${inspect(a)} ${inspect(b)}`);
  const [left, right] = [{ n: 1 }, { n: 1 }];
  left.self = left;
  right.self = right;
  assertEquals(isDeepStrictEqual(left, right), true);
});

test("types tell kinds of objects apart", () => {
  const values = {
    isDate: new Date(), isRegExp: /a/, isMap: new Map(), isSet: new Set(), isPromise: Promise.resolve(), isProxy: new Proxy({}, {}), isNativeError: new TypeError("x"),
    isArrayBuffer: new ArrayBuffer(1), isUint8Array: new Uint8Array(1), isDataView: new DataView(new ArrayBuffer(1)), isWeakMap: new WeakMap(), isWeakSet: new WeakSet(),
    isGeneratorFunction: function* () {}, isAsyncFunction: async () => {}, isGeneratorObject: (function* () {})(), isNumberObject: Object(1), isStringObject: Object(""),
    isSymbolObject: Object(Symbol.iterator), isBigIntObject: Object(1n), isBooleanObject: Object(true), isMapIterator: new Map().entries(), isSetIterator: new Set().values(),
  };
  for (const [name, value] of Object.entries(values)) assertEquals([types[name](value), types[name]({}), types[name](undefined), types[name](5)], [true, false, false, false], name);
  assertEquals([types.isTypedArray(new DataView(new ArrayBuffer(1))), types.isBoxedPrimitive(Object("")), types.isAnyArrayBuffer(new SharedArrayBuffer(1))], [false, true, true]);
});

test("control characters and styles", () => {
  assertEquals([stripVTControlCharacters("\u001b[31mred\u001b[39m"), styleText("red", "x", { validateStream: false })], ["red", "\u001b[31mx\u001b[39m"]);
});

test("old names", () => {
  assertEquals([util.isArray([]), util.isString(""), util.isFunction(5), util.isPrimitive(null), util._extend({ a: 1 }, { b: 2 })], [true, true, false, true, { a: 1, b: 2 }]);
});

test("inspect breaks lines as it is told", () => {
  const value = { a: 1, b: { c: [1, 2] } };
  assertEquals(util.inspect(value, { compact: false }), "{\n  a: 1,\n  b: {\n    c: [\n      1,\n      2\n    ]\n  }\n}");
  assertEquals(util.inspect(value, { compact: 1 }), "{\n  a: 1,\n  b: {\n    c: [ 1, 2 ]\n  }\n}");
  assertEquals(util.inspect({ a: "x".repeat(60), b: "y".repeat(60) }, { compact: true }), `{ a: '${"x".repeat(60)}',\n  b: '${"y".repeat(60)}' }`);
  assertEquals(util.inspect(value, { breakLength: 25 }), "{\n  a: 1,\n  b: {\n    c: [ 1, 2 ]\n  }\n}");
});

test("inspect has colours", () => {
  assertEquals(util.inspect({ a: 1, b: "x", c: null, e() {} }, { colors: true }),
    "{ a: \u001b[33m1\u001b[39m, b: \u001b[32m'x'\u001b[39m, c: \u001b[1mnull\u001b[22m, e: \u001b[36m[Function: e]\u001b[39m }");
  assertEquals(util.inspect([/a/, new Date(0), true, 1n, undefined], { colors: true }),
    "[ \u001b[31m/a/\u001b[39m, \u001b[35m1970-01-01T00:00:00.000Z\u001b[39m, \u001b[33mtrue\u001b[39m, \u001b[33m1n\u001b[39m, \u001b[90mundefined\u001b[39m ]");
  assertEquals(util.formatWithOptions({ colors: true }, "%O", { a: 1 }), "{ a: \u001b[33m1\u001b[39m }");
});

test("inspect calls getters when it is told", () => {
  const value = { get a() { return 1; }, set b(_) {}, get c() { return { d: 1 }; }, set c(_) {}, get e() { throw new Error("no"); } };
  assertEquals(util.inspect(value), "{ a: [Getter], b: [Setter], c: [Getter/Setter], e: [Getter] }");
  assertEquals(util.inspect(value, { getters: true }), "{\n  a: [Getter: 1],\n  b: [Setter],\n  c: [Getter/Setter] { d: 1 },\n  e: [Getter: <Inspection threw (no)>]\n}");
  assertEquals(util.inspect(value, { getters: "set" }), "{ a: [Getter], b: [Setter], c: [Getter/Setter] { d: 1 }, e: [Getter] }");
});

test("inspect's other options change what is shown", () => {
  const custom = { a: 1, [util.inspect.custom]: () => "own" };
  assert(util.inspect(custom, { customInspect: false }).startsWith("{\n  a: 1,"));
  assertEquals(util.inspect(new Proxy({ a: 1 }, { has: undefined }), { showProxy: true }), "Proxy [ { a: 1 }, { has: undefined } ]");
  assertEquals([1234567.8912, -12345n, 999].map((number) => util.inspect(number, { numericSeparator: true })), ["1_234_567.891_2", "-12_345n", "999"]);
  assertEquals([util.inspect({ b: 1, a: 2 }, { sorted: true }), util.inspect({ a: 1, b: 2 }, { sorted: (x, y) => (x < y ? 1 : -1) })], ["{ a: 2, b: 1 }", "{ b: 2, a: 1 }"]);
  assertEquals([util.inspect({ a: { b: {} } }, true, 0).includes("[Object]"), util.inspect("a", undefined, undefined, true)], [true, "\u001b[32m'a'\u001b[39m"]);
});

test("an inspection function gets all options and what goes on", () => {
  let seen;
  util.inspect({ [util.inspect.custom](...args) { seen = args; return ""; } }, { depth: 5, own: 1 });
  const [depth, options, inspect] = seen;
  assertEquals([depth, options.depth, options.own, options.breakLength, options.stylize("a", "string"), inspect === util.inspect], [5, 5, 1, 80, "a", true]);
  assertThrows(() => util.inspect({ [util.inspect.custom]() { throw new RangeError("own"); } }), RangeError, "own");
});

test("inspect's defaults can be set", () => {
  const before = { ...util.inspect.defaultOptions };
  util.inspect.defaultOptions = { depth: 0 };
  assertEquals([util.inspect({ a: {} , b: { c: 1 } }), util.inspect.defaultOptions.breakLength], ["{ a: {}, b: [Object] }", before.breakLength]);
  util.inspect.defaultOptions = before;
  assertEquals(assertThrows(() => { util.inspect.defaultOptions = null; }, TypeError).code, "ERR_INVALID_ARG_TYPE");
});

test("a style that is unknown is refused", () => {
  assertEquals(styleText(["red", "bold"], "a", { validateStream: false }), "\u001b[31m\u001b[1ma\u001b[22m\u001b[39m");
  const error = assertThrows(() => styleText("nope", "a"), TypeError);
  assert(error.code === "ERR_INVALID_ARG_VALUE" && error.message.endsWith("'bgWhiteBright'. Received 'nope'"), error.message);
});

test("buffers are told from other bytes, and an abort from one that was before", async () => {
  const { Buffer } = await import("stated:node/buffer");
  assertEquals([util.isBuffer(Buffer.alloc(1)), util.isBuffer(new Uint8Array(1)), util.isBuffer("b")], [true, false, false]);
  const controller = new AbortController();
  const aborted = util.aborted(controller.signal, {});
  controller.abort();
  assertEquals((await aborted)?.type, "abort");
  assertEquals(await util.aborted(controller.signal, {}), undefined);
});
