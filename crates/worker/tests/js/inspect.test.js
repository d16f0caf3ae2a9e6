import { AbortController } from "stated:abort";
import { Blob } from "stated:blob";
import { DOMException } from "stated:dom-exception";
import { EventTarget } from "stated:event";
import { Headers } from "stated:headers";
import { format, inspect } from "stated:inspect";
import { Response } from "stated:response";
import { URL } from "stated:url";
import { URLSearchParams } from "stated:url-search-params";
import { assert, assertEquals, test } from "stated:test";

/** @param {[unknown, string][]} cases */
function check(cases) {
  for (const [value, text] of cases) assertEquals(inspect(value), text);
}

test("primitives", () => {
  check([[1.5, "1.5"], [-0, "-0"], [NaN, "NaN"], [1e21, "1e+21"], [10n, "10n"], [true, "true"], [null, "null"], [undefined, "undefined"],
    [Symbol("a b"), "Symbol(a b)"], ["a", "'a'"]]);
});

test("strings take the quotes that need the fewest escapes", () => {
  check([["it's", '"it\'s"'], ['it\'s "x"', '`it\'s "x"`'], ['`\'"', "'`\\'\"'"], ["a\nb\t\\\x1b\x7f\b\v", "'a\\nb\\t\\\\\\x1B\\x7F\\b\\x0B'"],
    ["\ud800", "'\\ud800'"], ["😀", "'😀'"], ["${'\"", "'${\\'\"'"]]);
});

test("plain objects and arrays", () => {
  check([[{}, "{}"], [[], "[]"], [{ a: 1, b: "x", "a-b": 2, 3: 4 }, "{ '3': 4, a: 1, b: 'x', 'a-b': 2 }"],
    [[1, "a", [2]], "[ 1, 'a', [ 2 ] ]"], [{ [Symbol("s")]: 1 }, "{ Symbol(s): 1 }"], [[undefined, null, , 3], "[ undefined, null, <1 empty item>, 3 ]"],
    [[, ,], "[ <2 empty items> ]"], [Object.assign([1], { x: 2, "-1": 3 }), "[ 1, x: 2, '-1': 3 ]"], [new Array(5), "[ <5 empty items> ]"]]);
});

test("accessors are named and not called", () => {
  const value = { get a() { throw new Error("called"); }, set b(_) {}, get c() { return 1; }, set c(_) {} };
  check([[value, "{ a: [Getter], b: [Setter], c: [Getter/Setter] }"]]);
});

test("classes, prototypes and tags", () => {
  class Foo { a = 1; #b = 2; get c() { return this.#b; } }
  class Bar extends Foo {}
  check([[new Foo(), "Foo { a: 1 }"], [new Bar(), "Bar { a: 1 }"], [new (class {})(), "{}"], [Object.create(null), "[Object: null prototype] {}"],
    [Object.create({ a: 1 }), "{}"], [new (class X { get [Symbol.toStringTag]() { return "tag"; } })(), "X [tag] {}"], [Math, "Object [Math] {}"],
    [new (class extends Map {})([[1, 2]]), "Map(1) { 1 => 2 }"], [new (class Q extends Array {})(2), "Q(2) [ <2 empty items> ]"]]);
});

test("functions and classes", () => {
  class A {}
  check([[function foo() {}, "[Function: foo]"], [(() => () => {})(), "[Function (anonymous)]"], [async () => {}, "[AsyncFunction (anonymous)]"],
    [function* g() {}, "[GeneratorFunction: g]"], [async function* h() {}, "[AsyncGeneratorFunction: h]"], [A, "[class A]"],
    [class B extends A {}, "[class B extends A]"], [class { static x = 1; }, "[class (anonymous)] { x: 1 }"],
    [Object.assign(() => {}, { a: 1 }), "[Function (anonymous)] { a: 1 }"]]);
});

test("built-in objects", () => {
  check([[new Date(0), "1970-01-01T00:00:00.000Z"], [new Date(NaN), "Invalid Date"], [/x/g, "/x/g"], [new Map([["a", { b: 1 }]]), "Map(1) { 'a' => { b: 1 } }"],
    [new Set([1, "a"]), "Set(2) { 1, 'a' }"], [new Map(), "Map(0) {}"], [new WeakMap(), "WeakMap { <items unknown> }"],
    [Object(1), "[Number: 1]"], [Object("s"), "[String: 's']"], [Object(Symbol("x")), "[Symbol: Symbol(x)]"], [Object(1n), "[BigInt: 1n]"],
    [new Uint8Array(3), "Uint8Array(3) [ 0, 0, 0 ]"], [new ArrayBuffer(2), "ArrayBuffer { [Uint8Contents]: <00 00>, byteLength: 2 }"],
    [new DataView(new ArrayBuffer(1)), "DataView {\n  byteLength: 1,\n  byteOffset: 0,\n  buffer: ArrayBuffer { [Uint8Contents]: <00>, byteLength: 1 }\n}"],
    [(function () { return arguments; })(1, 2), "[Arguments] { '0': 1, '1': 2 }"]]);
});

test("promises show their state", () => {
  const rejected = Promise.reject(5);
  rejected.catch(() => {});
  const printed = [Promise.resolve(4), new Promise(() => {}), rejected].map((promise) => inspect(promise).split(/,\n| \}/)[0].replace(/\s+/g, " "));
  assertEquals(printed, ["Promise { 4", "Promise { <pending>", "Promise { <rejected> 5"]);
});

test("a Proxy is looked through without calling its traps", () => {
  const fail = () => { throw new Error("trap"); };
  const traps = { get: fail, has: fail, ownKeys: fail, getPrototypeOf: fail, getOwnPropertyDescriptor: fail };
  check([[new Proxy({ a: 1 }, traps), "Proxy({ a: 1 })"], [[new Proxy([1], traps)], "[ Proxy([ 1 ]) ]"]]);
});

test("nesting deeper than two levels is abbreviated, empty objects are not", () => {
  check([[{ a: { b: { c: { d: 1 } } } }, "{ a: { b: { c: [Object] } } }"], [[[[[1]]]], "[ [ [ [Array] ] ] ]"], [{ a: { b: { c: {} } } }, "{ a: { b: { c: {} } } }"],
    [[[[new Map([[1, 2]])]]], "[ [ [ [Map] ] ] ]"]]);
  assertEquals(inspect([[[[1]]]], { depth: null }), "[\n  [ [ [ 1 ] ] ]\n]");
  assertEquals(inspect({ a: {} , b: [1] }, { depth: 0 }), "{ a: {}, b: [Array] }");
});

test("circular references are numbered", () => {
  const value = /** @type {any} */ ({ a: {} });
  value.a.b = value;
  check([[value, "<ref *1> { a: { b: [Circular *1] } }"]]);
});

test("long objects break into lines and long arrays into columns", () => {
  check([
    [{ a: "x".repeat(40), b: "y".repeat(40) }, `{\n  a: '${"x".repeat(40)}',\n  b: '${"y".repeat(40)}'\n}`],
    [[1, 22, 333, 4444, 55_555, 666_666, 7, 8, 9, 10], "[\n     1,    22,    333,\n  4444, 55555, 666666,\n     7,     8,      9,\n    10\n]"],
    [["a", "bb", "ccc", "dddd", "eeeee", "ffffff", "ggggggg"], "[\n  'a',       'bb',\n  'ccc',     'dddd',\n  'eeeee',   'ffffff',\n  'ggggggg'\n]"],
  ]);
});

test("an array shows 100 elements and a string 10000 characters", () => {
  assert(!inspect(new Array(100).fill(1)).includes("more item"));
  assert(inspect(new Array(101).fill(1)).endsWith("... 1 more item\n]"));
  assert(inspect(new Set(Array.from({ length: 102 }, (_, i) => i))).endsWith("... 2 more items\n}"));
  assertEquals(inspect("x".repeat(10_000)).length, 10_002);
  assert(inspect("x".repeat(10_001)).endsWith("'... 1 more character"));
});

test("errors show their stack, properties and cause", () => {
  const error = Object.assign(new TypeError("bad", { cause: new RangeError("why") }), { code: 5 });
  const text = inspect(error);
  assert(text.startsWith("TypeError: bad\n    at "), text);
  assert(text.includes(" {\n  code: 5,\n  [cause]: RangeError: why\n      at "), text);
  class Custom extends Error {}
  assert(inspect(new Custom("x")).startsWith("Custom [Error]: x\n"));
  class CustomError extends Error {}
  assert(inspect(new CustomError("x")).startsWith("CustomError: x\n"));
  const named = Object.assign(new Error("q"), { name: "Other" });
  assert(inspect(named).startsWith("Other: q\n"), inspect(named));
  assert(inspect(new DOMException("m", "AbortError")).startsWith("DOMException [AbortError]: m\n"));
});

test("an error without a stack is in brackets", () => {
  const error = new Error("m");
  error.stack = undefined;
  check([[error, "[Error: m]"], [{ error }, "{ error: [Error: m] }"]]);
});

test("SpiderMonkey's stack lines are printed in the usual form", () => {
  const error = new Error("m");
  error.stack = "inner/<@file.js:1:2\n@file.js:3:4\nasync*outer@dir/file.js:5:6\n";
  check([[error, "Error: m\n    at inner (file.js:1:2)\n    at file.js:3:4\n    at async outer (dir/file.js:5:6)"]]);
});

test("an inspection function of the program is used", () => {
  const custom = { [Symbol.for("nodejs.util.inspect.custom")]: (depth) => `<${depth}>` };
  check([[custom, "<2>"], [{ custom }, "{ custom: <1> }"], [{ [Symbol.for("nodejs.util.inspect.custom")]: () => ({ a: 1 }) }, "{ a: 1 }"]]);
});

test("what cannot be printed is named", () => {
  const hostile = Object.create({ get constructor() { throw new Error("no"); } });
  assertEquals(typeof inspect(hostile), "string");
  let deep = [];
  for (let i = 0; i < 100_000; i++) deep = [deep];
  assert(inspect(deep, { depth: Infinity }).includes("nested too deeply"));
});

test("platform objects show their attributes", () => {
  check([[new Headers([["b", "1"], ["a", "2"]]), "Headers(2) { 'a' => '2', 'b' => '1', [immutable]: false }"], [new URLSearchParams("a=b"), "URLSearchParams(1) { 'a' => 'b' }"],
    [new Blob(["a"], { type: "x/y" }), "Blob { size: 1, type: 'x/y' }"], [new EventTarget(), "EventTarget {}"],
    [new AbortController(), "AbortController {\n  signal: AbortSignal { aborted: false, reason: undefined, onabort: null }\n}"],
    [{ a: { b: { c: new Headers() } } }, "{ a: { b: { c: [Headers] } } }"]]);
  assert(inspect(new URL("http://x/")).startsWith("URL {\n  origin: 'http://x',\n  href: 'http://x/',"));
  assert(inspect(new Response("a")).includes("  body: ReadableStream { locked: false, [state]: 'readable' },\n"));
});

test("inspecting a response leaves its body alone", async () => {
  const response = new Response("a");
  inspect(response);
  assertEquals([response.bodyUsed, await response.text()], [false, "a"]);
});

test("format fills directives and appends the rest", () => {
  const cases = [
    [[], ""], [["a", 1, "b", { c: 1 }], "a 1 b { c: 1 }"], [[1, "a"], "1 a"], [["%s is %d and %i", "a", 1.5, 1.5], "a is 1.5 and 1"],
    [["%f|%j|%o|%O|%c|", "2.5", { a: 1 }, [1], { b: { c: { d: {} } } }, "css"], '2.5|{"a":1}|[ 1, [length]: 1 ]|{ b: { c: { d: {} } } }||'],
    [["100%", 1], "100% 1"], [["%%s", 1], "%s 1"], [["%s"], "%s"], [["%s %s", 1], "1 %s"], [["%x", 1], "%x 1"],
    [["%d %d %d", "x", Symbol("s"), 5n], "NaN NaN 5n"], [["%s|%s|%s|%s", -0, 5n, Symbol("a"), null], "-0|5n|Symbol(a)|null"],
    [["%s", { a: 1, b: { c: 2 } }], "{ a: 1, b: [Object] }"], [["%s", { toString: () => "own" }], "own"], [["%j", 1n === 1n], "true"],
  ];
  for (const [args, text] of cases) assertEquals(format(/** @type {unknown[]} */ (args)), text);
  const circular = /** @type {any} */ ({});
  circular.self = circular;
  assertEquals(format(["%j", circular]), "[Circular]");
});
