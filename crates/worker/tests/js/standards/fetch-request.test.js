/**
 * Request, after section 5.4 of the Fetch standard, without what only browsers need.
 *
 * @module
 */

import { AbortController, AbortSignal } from "stated:abort";
import { Headers } from "stated:headers";
import { Request } from "stated:request";
import { ReadableStream } from "stated:streams";
import { URL } from "stated:url";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

test("the input is a Request or is converted to a string", () => {
  assertEquals([new Request(/** @type {any} */ (new URL("http://a/b"))).url, new Request(/** @type {any} */ ({ toString: () => "http://c" })).url],
    ["http://a/b", "http://c/"]);
  assertThrows(() => new Request(/** @type {any} */ (Symbol("x"))), TypeError);
  assertThrows(() => new Request(/** @type {any} */ ({ url: "http://a/" })), TypeError);
});

test("the URL is parsed and serialized, with credentials and fragment", () => {
  // The standard refuses credentials; Workers do not.
  assertEquals([new Request("HTTP://u:p@A:80/ b?c#d").url], ["http://u:p@a/%20b?c#d"]);
});

test("lone surrogates in the URL are U+FFFD", () => {
  assertEquals(new Request("http://a/\ud800").url, "http://a/%EF%BF%BD");
});

test("known methods are put in upper case, unknown ones are refused", () => {
  for (const method of ["get", "Head", "pOst", "put", "delete", "options", "patch"]) {
    assertEquals(new Request("http://a/", { method }).method, method.toUpperCase());
  }
  for (const method of ["", " ", "GET ", "a b", "CONNECT", "TRACK", "x/y", "é"]) assertThrows(() => new Request("http://a/", { method }), TypeError);
});

test("the method is converted to a string, and undefined is GET", () => {
  assertEquals([new Request("http://a/", { method: undefined }).method, new Request("http://a/", { method: /** @type {any} */ ({ toString: () => "put" }) }).method],
    ["GET", "PUT"]);
  assertThrows(() => new Request("http://a/", { method: /** @type {any} */ (null) }), TypeError);
  assertThrows(() => new Request("http://a/", { method: /** @type {any} */ (Symbol("x")) }), TypeError);
});

test("the options may be inherited, and getters that throw come through", () => {
  assertEquals(new Request("http://a/", Object.create({ method: "PUT" })).method, "PUT");
  const error = new RangeError("getter");
  for (const member of ["method", "headers", "body", "redirect", "signal", "cf", "cache"]) {
    assert(assertThrows(() => new Request("http://a/", Object.defineProperty({}, member, { get() { throw error; } }))) === error, member);
  }
});

test("headers of the options replace those of the request", () => {
  const first = new Request("http://a/", { headers: { a: "1", b: "2" } });
  assertEquals([...new Request(first, { headers: { c: "3" } }).headers], [["c", "3"]]);
  assertEquals([...new Request(first, { headers: undefined }).headers], [["a", "1"], ["b", "2"]]);
  assertEquals([...new Request(first, { headers: {} }).headers], []);
});

test("headers are copied, not shared", () => {
  const headers = new Headers({ a: "1" });
  const request = new Request("http://a/", { headers });
  headers.set("a", "2");
  assert(request.headers !== headers && request.headers === request.headers);
  assertEquals(request.headers.get("a"), "1");
  const copy = new Request(request);
  copy.headers.set("a", "3");
  assertEquals(request.headers.get("a"), "1");
});

test("GET and HEAD have no body, null is none", () => {
  for (const method of ["GET", "HEAD", "get", undefined]) {
    assertThrows(() => new Request("http://a/", { method, body: "x" }), TypeError);
    assertThrows(() => new Request("http://a/", { method, body: "" }), TypeError);
    assertEquals(new Request("http://a/", { method, body: null }).body, null);
  }
});

test("a body's Content-Type is added unless there is one", () => {
  const type = (/** @type {any} */ headers) => new Request("http://a/", { method: "POST", body: "x", headers }).headers.get("content-type");
  assertEquals([type(undefined), type({ "Content-Type": "a/b" }), type([["CONTENT-TYPE", ""]])], ["text/plain;charset=UTF-8", "a/b", ""]);
});

test("a streamed body needs no duplex, and any is accepted, as in Workers", async () => {
  for (const duplex of [undefined, "half", "full"]) {
    const body = ReadableStream.from([new Uint8Array([0x61])]);
    assertEquals(await new Request("http://a/", /** @type {any} */ ({ method: "POST", body, duplex })).text(), "a");
  }
});

test("a request made from another takes its body, which is used then", async () => {
  const first = new Request("http://a/", { method: "POST", body: "x" });
  const second = new Request(first);
  assertEquals([first.bodyUsed, second.bodyUsed, await second.text()], [true, false, "x"]);
  assertThrows(() => new Request(first), TypeError);
  await assertRejects(first.text(), TypeError);
});

test("another body leaves the first request's alone", async () => {
  const first = new Request("http://a/", { method: "POST", body: "x" });
  const second = new Request(first, { body: "y" });
  assertEquals([first.bodyUsed, await second.text(), await first.text()], [false, "y", "x"]);
});

test("a null body leaves the first request's alone, too", async () => {
  const first = new Request("http://a/", { method: "POST", body: "x" });
  const second = new Request(first, { body: null });
  assertEquals([second.body, first.bodyUsed, await first.text()], [null, false, "x"]);
});

test("a request that failed to be made leaves the body of the other alone", async () => {
  const first = new Request("http://a/", { method: "POST", body: "x" });
  assertThrows(() => new Request(first, { method: "GET" }), TypeError);
  assertThrows(() => new Request(first, { redirect: /** @type {any} */ ("nowhere") }), TypeError);
  assertEquals([first.bodyUsed, await first.text()], [false, "x"]);
});

test("redirect is follow by default, and inherited", () => {
  assertEquals(new Request("http://a/").redirect, "follow");
  const manual = new Request("http://a/", { redirect: "manual" });
  assertEquals([manual.redirect, new Request(manual).redirect, new Request(manual, { redirect: "follow" }).redirect, manual.clone().redirect],
    ["manual", "manual", "follow", "manual"]);
});

test("redirect error is not there, as in Workers", () => {
  for (const redirect of ["error", "", "Follow", null]) assertThrows(() => new Request("http://a/", { redirect: /** @type {any} */ (redirect) }), TypeError);
});

test("the cache modes that Workers have are no-store and no-cache", () => {
  assertEquals([new Request("http://a/", { cache: "no-store" }).cache, new Request("http://a/", { cache: "no-cache" }).cache, new Request("http://a/").cache],
    ["no-store", "no-cache", undefined]);
  for (const cache of ["default", "reload", "force-cache", "only-if-cached", "x"]) {
    assertThrows(() => new Request("http://a/", { cache: /** @type {any} */ (cache) }), TypeError);
  }
});

test("keepalive is converted to a boolean, integrity must be empty", () => {
  assertEquals([new Request("http://a/").keepalive, new Request("http://a/").integrity, new Request("http://a/", { integrity: "" }).integrity],
    [false, "", ""]);
  assertThrows(() => new Request("http://a/", { integrity: "sha256-x" }), TypeError);
});

test("the attributes of browsers are not there", () => {
  const request = /** @type {any} */ (new Request("http://a/", /** @type {any} */ ({ mode: "cors", credentials: "omit", referrer: "x", priority: "high" })));
  for (const name of ["mode", "credentials", "referrer", "referrerPolicy", "destination", "duplex", "isReloadNavigation", "isHistoryNavigation"]) {
    assert(!(name in request), name);
  }
});

test("the signal is the one that was given, and follows it", () => {
  // The standard makes a dependent signal; Workers hand out the same object.
  const controller = new AbortController();
  const request = new Request("http://a/", { signal: /** @type {any} */ (controller.signal) });
  controller.abort("why");
  assertEquals([request.signal.aborted, request.signal.reason], [true, "why"]);
});

test("the signal is inherited, replaced, or dropped by null", () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const request = new Request("http://a/", { signal: /** @type {any} */ (first.signal) });
  const inherited = new Request(request);
  const replaced = new Request(request, { signal: /** @type {any} */ (second.signal) });
  const dropped = new Request(request, { signal: null });
  first.abort();
  assertEquals([inherited.signal.aborted, replaced.signal.aborted, dropped.signal.aborted], [true, false, false]);
});

test("a signal that is none is a TypeError", () => {
  for (const signal of [{}, 5, "x", AbortSignal, new EventTarget()]) {
    assertThrows(() => new Request("http://a/", { signal: /** @type {any} */ (signal) }), TypeError);
  }
});

test("clone gives both a body, and the same everything else", async () => {
  const request = new Request("http://a/b", { method: "PUT", body: "x", headers: { c: "d" } });
  const clone = request.clone();
  assertEquals([clone.url, clone.method, clone.headers.get("c"), await request.text(), await clone.text()], ["http://a/b", "PUT", "d", "x", "x"]);
});

test("clone of a used or locked request is a TypeError", async () => {
  const used = new Request("http://a/", { method: "POST", body: "x" });
  await used.text();
  assertThrows(() => used.clone(), TypeError);
  const locked = new Request("http://a/", { method: "POST", body: "x" });
  locked.body?.getReader();
  assertThrows(() => locked.clone(), TypeError);
});

test("cf is kept as it was given, by clones and copies as well", () => {
  const cf = { cacheTtl: 5 };
  const request = new Request("http://a/", /** @type {any} */ ({ cf }));
  assertEquals([request.cf, /** @type {any} */ (new Request(request)).cf, /** @type {any} */ (request.clone()).cf], [cf, cf, cf]);
});
