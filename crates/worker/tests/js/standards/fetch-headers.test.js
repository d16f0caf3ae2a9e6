/**
 * Headers, after section 5.1 of the Fetch standard.
 *
 * @module
 */

import { Headers } from "stated:headers";
import { Request } from "stated:request";
import { Response } from "stated:response";
import { assert, assertEquals, assertThrows, test } from "stated:test";

test("a sequence is any iterable of iterables of two", () => {
  function* pairs() {
    yield ["a", "1"];
    yield new Set(["b", "2"]);
  }
  assertEquals([...new Headers(/** @type {any} */ (pairs()))], [["a", "1"], ["b", "2"]]);
});

test("what has an iterator is a sequence, also an object with members", () => {
  const init = { a: "1", [Symbol.iterator]: () => [["b", "2"]][Symbol.iterator]() };
  assertEquals([...new Headers(/** @type {any} */ (init))], [["b", "2"]]);
});

test("an iterator of null or undefined makes it a record", () => {
  for (const iterator of [null, undefined]) {
    assertEquals([...new Headers(/** @type {any} */ ({ a: "1", [Symbol.iterator]: iterator }))], [["a", "1"]]);
  }
});

test("an iterator that is no function is a TypeError", () => {
  assertThrows(() => new Headers(/** @type {any} */ ({ [Symbol.iterator]: 5 })), TypeError);
});

test("a function is a record of its enumerable properties", () => {
  assertEquals([...new Headers(/** @type {any} */ (Object.assign(() => {}, { a: "1" })))], [["a", "1"]]);
});

test("a record takes own enumerable properties only", () => {
  const init = Object.create({ inherited: "1" }, { hidden: { value: "2" }, shown: { value: "3", enumerable: true } });
  assertEquals([...new Headers(init)], [["shown", "3"]]);
});

test("a record's getters run once each, in order, and may throw", () => {
  const order = [];
  new Headers({ get b() { order.push("b"); return "1"; }, get a() { order.push("a"); return "2"; } });
  assertEquals(order, ["b", "a"]);
  const error = new RangeError("getter");
  assert(assertThrows(() => new Headers({ get a() { throw error; } })) === error);
});

test("another Headers is copied through its brand, not through its iterator", () => {
  const original = new Headers({ a: "1" });
  assertEquals([...new Headers(original)], [["a", "1"]]);
});

test("a record's symbols are passed over, as in Workers", () => {
  // Web IDL converts them to strings, which is a TypeError.
  assertEquals([...new Headers(/** @type {any} */ ({ [Symbol("x")]: "1", b: "2" }))], [["b", "2"]]);
});

test("values are normalized: HTTP white space at both ends goes, in the middle it stays", () => {
  for (const [value, expected] of [[" a", "a"], ["a\t ", "a"], ["\r\na\n", "a"], ["a \t b", "a \t b"], [" ", ""], ["\u00a0a", "\u00a0a"]]) {
    const headers = new Headers();
    headers.append("x", value);
    assertEquals(headers.get("x"), expected);
  }
});

test("a value with a NUL or a line break inside is a TypeError, other controls pass", () => {
  const headers = new Headers();
  for (const value of ["a\0b", "a\nb", "a\rb"]) {
    for (const method of ["append", "set"]) assertThrows(() => /** @type {any} */ (headers)[method]("x", value), TypeError);
  }
  headers.set("x", "a\u0001b\u007f");
  assertEquals(headers.get("x"), "a\u0001b\u007f");
});

test("a wrong name or value leaves the headers as they were", () => {
  const headers = new Headers({ a: "1" });
  for (const change of [() => headers.set("a b", "2"), () => headers.set("a", "\0"), () => headers.append("", "2"), () => headers.delete("(")]) {
    assertThrows(change, TypeError);
  }
  assertEquals([...headers], [["a", "1"]]);
});

test("get joins with a comma and a space, also empty values", () => {
  const headers = new Headers([["a", ""], ["a", "x"], ["A", ""]]);
  assertEquals(headers.get("a"), ", x, ");
});

test("set keeps the place of the first of its name", () => {
  const headers = new Headers([["b", "1"], ["a", "1"], ["b", "2"]]);
  headers.set("B", "3");
  assertEquals([...headers], [["a", "1"], ["b", "3"]]);
});

test("names are compared without case and shown in lower case", () => {
  const headers = new Headers({ "X-Mixed-Case": "1" });
  assertEquals([headers.has("x-mixed-CASE"), [...headers.keys()]], [true, ["x-mixed-case"]]);
});

test("iteration is by name in byte order", () => {
  assertEquals([...new Headers({ b: "", "a-b": "", ab: "", "a_b": "", a: "", "1": "" }).keys()], ["1", "a", "a-b", "a_b", "ab", "b"]);
});

test("each set-cookie is an entry of its own, in the order they were added", () => {
  const headers = new Headers([["z", "1"], ["set-cookie", "b=2"], ["a", "1"], ["Set-Cookie", "a=1"], ["set-cookie", "b=2"]]);
  assertEquals([...headers], [["a", "1"], ["set-cookie", "b=2"], ["set-cookie", "a=1"], ["set-cookie", "b=2"], ["z", "1"]]);
  headers.set("set-cookie", "only");
  assertEquals(headers.getSetCookie(), ["only"]);
  headers.delete("Set-Cookie");
  assertEquals(headers.getSetCookie(), []);
});

test("getSetCookie gives a new array each time, of values with commas untouched", () => {
  const headers = new Headers([["set-cookie", "a=1; Expires=Wed, 21 Oct 2026"]]);
  assert(headers.getSetCookie() !== headers.getSetCookie());
  assertEquals(headers.getSetCookie(), ["a=1; Expires=Wed, 21 Oct 2026"]);
});

test("set-cookie2 is a header like any other", () => {
  const headers = new Headers([["set-cookie2", "a"], ["set-cookie2", "b"]]);
  assertEquals([[...headers], headers.getSetCookie()], [[["set-cookie2", "a, b"]], []]);
});

test("an iterator is live, and stays done", () => {
  const headers = new Headers({ b: "1" });
  const iterator = headers.entries();
  headers.append("a", "0");
  assertEquals(iterator.next(), { value: ["a", "0"], done: false });
  assertEquals(iterator.next(), { value: ["b", "1"], done: false });
  assertEquals(iterator.next(), { value: undefined, done: true });
  headers.append("c", "2");
  assertEquals(iterator.next(), { value: undefined, done: true });
});

test("each entry is a new array", () => {
  const headers = new Headers({ a: "1" });
  const [entry] = headers;
  /** @type {any} */ (entry)[1] = "changed";
  assertEquals(headers.get("a"), "1");
});

test("forEach hands over this, and sees changes", () => {
  const headers = new Headers({ a: "1", b: "2" });
  const self = {};
  const seen = [];
  headers.forEach(function each(value, name, all) {
    seen.push([this === self, value, name, all === headers]);
    if (name === "a") headers.delete("b");
  }, self);
  assertEquals(seen, [[true, "1", "a", true]]);
});

test("the headers of a request and a response can be changed, those of a redirect cannot", () => {
  for (const { headers } of [new Request("http://a/"), new Response()]) {
    headers.set("cookie", "x");
    headers.set("host", "y");
    assertEquals([...headers], [["cookie", "x"], ["host", "y"]]);
  }
  const { headers } = Response.redirect("http://a/");
  for (const change of [() => headers.set("a", "b"), () => headers.append("a", "b"), () => headers.delete("location")]) {
    assertThrows(change, TypeError);
  }
});

test("headers of Response.error can be changed, as in Workers", () => {
  // Their guard is immutable in the standard.
  const { headers } = Response.error();
  headers.set("a", "b");
  assertEquals(headers.get("a"), "b");
});
