/**
 * Response, after section 5.5 of the Fetch standard.
 *
 * @module
 */

import { Headers } from "stated:headers";
import { Response } from "stated:response";
import { ReadableStream } from "stated:streams";
import { URL } from "stated:url";
import { assert, assertEquals, assertThrows, test } from "stated:test";

// The standard's status text is empty.
test("a response has the defaults of the standard, and its status a text", () => {
  const { type, url, redirected, status, ok, statusText, headers, body, bodyUsed } = new Response();
  assertEquals([type, url, redirected, status, ok, statusText, [...headers], body, bodyUsed], ["default", "", false, 200, true, "OK", [], null, false]);
});

test("undefined and null are no body", () => {
  assertEquals([new Response(undefined).body, new Response(null).body, new Response(undefined, undefined).body], [null, null, null]);
  assert(new Response("").body instanceof ReadableStream);
});

test("the options are an object, null or absent, and may be inherited", () => {
  for (const init of [5, "x", true]) assertThrows(() => new Response(null, /** @type {any} */ (init)), TypeError);
  assertEquals(new Response(null, Object.create({ status: 201 })).status, 201);
  assertEquals([new Response(null, /** @type {any} */ (null)).status, new Response(null, /** @type {any} */ (() => {})).status], [200, 200]);
});

test("a status outside of 200 to 599 is a RangeError", () => {
  for (const status of [0, 100, 101, 199, 600, 1000, -1, NaN]) assertThrows(() => new Response(null, { status }), RangeError);
  for (const status of [200, 204, 299, 404, 599]) assertEquals(new Response(null, { status }).status, status);
});

test("a status is converted to a number", () => {
  assertEquals([new Response(null, { status: /** @type {any} */ ("201") }).status, new Response(null, { status: 200.9 }).status,
    new Response(null, { status: /** @type {any} */ ({ valueOf: () => 202 }) }).status], [201, 200, 202]);
  assertThrows(() => new Response(null, { status: /** @type {any} */ (Symbol("x")) }), TypeError);
  assertThrows(() => new Response(null, { status: /** @type {any} */ (1n) }), TypeError);
});

test("ok is 200 to 299", () => {
  assertEquals([200, 299, 300, 404, 599].map((status) => new Response(null, { status }).ok), [true, true, false, false, false]);
});

test("a status text is a reason phrase", () => {
  assertEquals(["", "OK", "a b", "\u00e9", 5].map((statusText) => new Response(null, { statusText: /** @type {any} */ (statusText) }).statusText),
    ["", "OK", "a b", "\u00e9", "5"]);
  for (const statusText of ["\n", "a\r", "\0", "\u007f"]) assertThrows(() => new Response(null, { statusText }), TypeError);
});

test("a null body status has no body, not even a stream", () => {
  for (const status of [204, 205, 304]) {
    for (const body of ["x", new Uint8Array(1), new ReadableStream()]) assertThrows(() => new Response(body, { status }), TypeError);
    assertEquals(new Response(null, { status }).body, null);
  }
});

test("headers are filled from anything that Headers takes", () => {
  for (const headers of [{ a: "1" }, [["a", "1"]], new Headers({ a: "1" }), new Map([["a", "1"]])]) {
    assertEquals(new Response(null, { headers: /** @type {any} */ (headers) }).headers.get("a"), "1");
  }
  for (const headers of [5, "x", null, [["a"]]]) assertThrows(() => new Response(null, { headers: /** @type {any} */ (headers) }), TypeError);
});

test("headers are one object, and a copy", () => {
  const headers = new Headers({ a: "1" });
  const response = new Response(null, { headers });
  headers.set("a", "2");
  assert(response.headers === response.headers && response.headers !== headers);
  assertEquals(response.headers.get("a"), "1");
});

test("an error leaves a given stream unlocked", () => {
  const stream = new ReadableStream();
  assertThrows(() => new Response(stream, { status: 1000 }), RangeError);
  assertEquals(stream.locked, false);
});

test("the options' members are read in order, headers first", () => {
  const order = [];
  new Response(null, new Proxy({}, { get: (_, key) => void order.push(String(key)) }));
  assertEquals(order.slice(0, 3), ["headers", "status", "statusText"]);
});

// --- statics ------------------------------------------------------------------------------------------------------------

test("error is a network error", () => {
  const { type, status, ok, statusText, url, body, headers } = Response.error();
  assertEquals([type, status, ok, statusText, url, body, [...headers]], ["error", 0, false, "", "", null, []]);
  assert(Response.error() !== Response.error());
});

test("redirect parses its URL and sets Location", () => {
  const response = Response.redirect("http://a/b c?d#e");
  assertEquals([response.status, response.headers.get("location"), response.type, response.body], [302, "http://a/b%20c?d#e", "default", null]);
  assertEquals(Response.redirect(new URL("http://a/")).headers.get("location"), "http://a/");
});

test("redirect takes the five redirect statuses", () => {
  for (const status of [301, 302, 303, 307, 308]) assertEquals(Response.redirect("http://a/", status).status, status);
  for (const status of [200, 300, 304, 305, 306, 309, 0, NaN]) assertThrows(() => Response.redirect("http://a/", status), RangeError);
  assertEquals(Response.redirect("http://a/", /** @type {any} */ ("301")).status, 301);
});

test("redirect refuses what is no absolute URL, before the status", () => {
  for (const url of ["", "/a", "a", "http://"]) assertThrows(() => Response.redirect(url, 999), TypeError);
  assertThrows(() => /** @type {any} */ (Response).redirect(), TypeError);
});

test("json serializes as JSON.stringify does, and sets its type", async () => {
  for (const value of [null, 1, "x", [1, { a: 2 }], { toJSON: () => "own" }, new Date(0)]) {
    const response = Response.json(value);
    assertEquals([response.headers.get("content-type"), await response.text()], ["application/json", JSON.stringify(value)]);
  }
});

test("json keeps a type that was given, and the other options", () => {
  const response = Response.json({}, { status: 201, statusText: "s", headers: { "Content-Type": "a/b", x: "y" } });
  assertEquals([response.status, response.statusText, [...response.headers]], [201, "s", [["content-type", "a/b"], ["x", "y"]]]);
});

test("json of what cannot be serialized throws the serializer's error", () => {
  assertThrows(() => Response.json(1n), TypeError);
  const cycle = /** @type {any} */ ({});
  cycle.self = cycle;
  assertThrows(() => Response.json(cycle), TypeError);
  const error = new RangeError("getter");
  assert(assertThrows(() => Response.json({ get a() { throw error; } })) === error);
});

test("json of undefined is the word, as in Workers", async () => {
  // The standard throws a TypeError.
  for (const value of [undefined, () => {}, Symbol("x")]) assertEquals(await Response.json(value).text(), "undefined");
});

test("json refuses a null body status and a wrong one", () => {
  assertThrows(() => Response.json({}, { status: 204 }), TypeError);
  assertThrows(() => Response.json({}, { status: 100 }), RangeError);
});

test("json serializes before it looks at the options", () => {
  const order = [];
  assertThrows(() => Response.json({ toJSON() { order.push("data"); throw new Error("x"); } }, { get status() { order.push("status"); return 200; } }), Error);
  assertEquals(order, ["data"]);
});

// --- clone --------------------------------------------------------------------------------------------------------------------

test("a clone has the same head and a body of its own", async () => {
  const response = new Response("x", { status: 201, statusText: "s", headers: { a: "b" } });
  const clone = response.clone();
  clone.headers.set("a", "c");
  assertEquals([clone.status, clone.statusText, response.headers.get("a"), await clone.text(), await response.text()], [201, "s", "b", "x", "x"]);
});

test("a clone of no body has none, a clone of an error is one", () => {
  assertEquals([new Response(null).clone().body, Response.error().clone().type], [null, "error"]);
});

test("a used or locked response cannot be cloned", async () => {
  const used = new Response("x");
  await used.text();
  assertThrows(() => used.clone(), TypeError);
  const locked = new Response("x");
  locked.body?.getReader();
  assertThrows(() => locked.clone(), TypeError);
});

test("cancelling one clone's body leaves the other's", async () => {
  const response = new Response(ReadableStream.from([new Uint8Array([0x61])]));
  const clone = response.clone();
  void clone.body?.cancel();
  assertEquals(await response.text(), "a");
});
