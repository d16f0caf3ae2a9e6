/**
 * The Body mixin, after sections 2.2.4, 5.2 and 5.3 of the Fetch standard, and the MIME types of the MIME Sniffing standard.
 *
 * @module
 */

import { Blob, File } from "stated:blob";
import { FormData } from "stated:form-data";
import { Request } from "stated:request";
import { Response } from "stated:response";
import { setFlags } from "stated:settings";
import { ReadableStream } from "stated:streams";
import { URL } from "stated:url";
import { URLSearchParams } from "stated:url-search-params";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

/** @param {string} text */
const bytes = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** @param {any} body */
const extracted = async (body) => {
  const response = new Response(body);
  return [response.headers.get("content-type"), await response.text()];
};

test("each kind of body has its Content-Type", async () => {
  assertEquals(await extracted("é"), ["text/plain;charset=UTF-8", "é"]);
  assertEquals(await extracted(new URLSearchParams("a=b c")), ["application/x-www-form-urlencoded;charset=UTF-8", "a=b+c"]);
  assertEquals(await extracted(bytes("a")), [null, "a"]);
  assertEquals(await extracted(bytes("a").buffer), [null, "a"]);
  assertEquals(await extracted(new Blob(["a"], { type: "X/Y" })), ["x/y", "a"]);
  assertEquals(await extracted(new Blob(["a"])), [null, "a"]);
  assertEquals(await extracted(new File(["a"], "n", { type: "t/u" })), ["t/u", "a"]);
  assertEquals(await extracted(ReadableStream.from([bytes("a")])), [null, "a"]);
  assert(/^multipart\/form-data; ?boundary=/.test(/** @type {any} */ ((await extracted(new FormData()))[0])));
});

test("a view is the bytes it shows", async () => {
  const { buffer } = bytes("abcd");
  assertEquals(await extracted(new DataView(buffer, 1, 2)), [null, "bc"]);
  assertEquals(await extracted(new Uint16Array(buffer, 2)), [null, "cd"]);
});

test("anything else is converted to a string", async () => {
  for (const [value, text] of /** @type {[any, string][]} */ ([[5, "5"], [false, "false"], [{}, "[object Object]"], [new URL("http://a/"), "http://a/"],
    [new String("x"), "x"], [{ toString: () => "own" }, "own"], ["\ud800", "\ufffd"]])) {
    assertEquals(await extracted(value), ["text/plain;charset=UTF-8", text]);
  }
  assertThrows(() => new Response(/** @type {any} */ (Symbol("x"))), TypeError);
});

test("shared memory is no body, but text", async () => {
  assertEquals(await extracted(new SharedArrayBuffer(2)), ["text/plain;charset=UTF-8", "[object SharedArrayBuffer]"]);
});

test("an iterable of bytes is a stream of them, as in Workers", async () => {
  setFlags?.(["fetch_iterable_type_support"]);
  function* generate() {
    yield bytes("g");
  }
  for (const [body, text] of /** @type {[any, string][]} */ ([[[bytes("a"), bytes("b")], "ab"], [[], ""], [new Set([bytes("s")]), "s"], [generate(), "g"]])) {
    assertEquals(await extracted(body), [null, text]);
  }
  await assertRejects(extracted(["text"]), TypeError, "This ReadableStream did not return bytes.");
  assertEquals(await extracted({ [Symbol.iterator]: generate, toString: () => "own" }), ["text/plain;charset=UTF-8", "own"]);
  assertEquals(await extracted({ [Symbol.iterator]: generate, [Symbol.toPrimitive]: () => "own" }), ["text/plain;charset=UTF-8", "own"]);
  setFlags?.([]);
});

test("without the flag of 2026-02-19 an array is text", async () => {
  if (setFlags === undefined) return;
  assertEquals(await extracted([1, 2]), ["text/plain;charset=UTF-8", "1,2"]);
});

test("bytes are copied when the body is made", async () => {
  const chunk = bytes("a");
  const response = new Response(chunk);
  chunk[0] = 0x62;
  assertEquals(await response.text(), "a");
});

test("an object's toString runs when the body is made, once", async () => {
  let calls = 0;
  const response = new Response(/** @type {any} */ ({ toString() { calls++; return "x"; } }));
  assertEquals([calls, await response.text(), calls], [1, "x", 1]);
});

// --- reading --------------------------------------------------------------------------------------------------------------

test("each method gives its kind, also of no body", async () => {
  for (const body of ["", null]) {
    assertEquals(await new Response(body).text(), "");
    assert(await new Response(body).arrayBuffer() instanceof ArrayBuffer);
    assert(await new Response(body).bytes() instanceof Uint8Array);
    assert(await new Response(body).blob() instanceof Blob);
    await assertRejects(new Response(body).json(), SyntaxError);
    await assertRejects(new Response(body).formData(), TypeError);
  }
});

test("no body is never used, an empty one is", async () => {
  for (const [body, used] of /** @type {[any, boolean][]} */ ([[null, false], ["", true]])) {
    const response = new Response(body);
    await response.text();
    assertEquals(response.bodyUsed, used);
  }
});

test("a body is used as soon as a method is called, and can be read once", async () => {
  for (const method of ["text", "json", "arrayBuffer", "bytes", "blob", "formData"]) {
    const response = /** @type {any} */ (new Response("{}"));
    const reading = response[method]();
    assertEquals(response.bodyUsed, true, method);
    await Promise.allSettled([reading]);
    for (const other of ["text", "bytes", "formData"]) await assertRejects(response[other](), TypeError);
  }
});

test("text and json decode UTF-8, drop one byte order mark, and never fail", async () => {
  assertEquals(await new Response(bytes("\xef\xbb\xbf\xef\xbb\xbfa")).text(), "\ufeffa");
  assertEquals(await new Response(bytes("a\xff\xe2\x82")).text(), "a\ufffd\ufffd");
  assertEquals(await new Response(bytes("\xef\xbb\xbf[1]")).json(), [1]);
  assertEquals(await new Response("x", { headers: { "content-type": "text/plain;charset=utf-16" } }).text(), "x");
});

test("json fails with a SyntaxError, and the body stays used", async () => {
  const response = new Response("{");
  await assertRejects(response.json(), SyntaxError);
  assertEquals(response.bodyUsed, true);
});

test("an array buffer is of its own", async () => {
  const chunk = bytes("abc");
  const response = new Response(chunk);
  const clone = response.clone();
  const [first, second] = [await response.arrayBuffer(), await clone.arrayBuffer()];
  new Uint8Array(first)[0] = 0;
  assertEquals([chunk[0], new Uint8Array(second)[0], first.byteLength], [0x61, 0x61, 3]);
});

test("a stream that gives no bytes rejects with a TypeError", async () => {
  for (const chunk of ["text", 5, null, undefined, {}, [1]]) {
    for (const method of ["text", "bytes", "blob"]) {
      await assertRejects(/** @type {any} */ (new Response(ReadableStream.from([chunk])))[method](), TypeError);
    }
  }
});

test("a stream that fails rejects with its error", async () => {
  const error = new RangeError("broken");
  const response = new Response(new ReadableStream({ start(controller) { controller.error(error); } }));
  assert(await assertRejects(response.text()) === error);
});

test("a locked body cannot be read until it is released untouched", async () => {
  const response = new Response("abc");
  const reader = response.body?.getReader();
  await assertRejects(response.text(), TypeError);
  assertEquals(response.bodyUsed, false);
  reader?.releaseLock();
  assertEquals(await response.text(), "abc");
});

test("a body that was cancelled, or read in part, is used", async () => {
  const cancelled = new Response("abc");
  await cancelled.body?.cancel();
  const begun = new Response("abc");
  const reader = begun.body?.getReader();
  await reader?.read();
  reader?.releaseLock();
  for (const response of [cancelled, begun]) {
    assertEquals(response.bodyUsed, true);
    await assertRejects(response.text(), TypeError);
    assertThrows(() => response.clone(), TypeError);
  }
});

test("a disturbed or locked stream cannot become a body", async () => {
  const locked = new ReadableStream();
  locked.getReader();
  const disturbed = new ReadableStream();
  await disturbed.cancel();
  for (const stream of [locked, disturbed]) {
    assertThrows(() => new Response(stream), TypeError);
    assertThrows(() => new Request("http://a/", { method: "POST", body: stream }), TypeError);
  }
});

test("body is one byte stream, null when there is none", async () => {
  const response = new Response("abc");
  assert(response.body === response.body);
  const reader = /** @type {any} */ (response.body).getReader({ mode: "byob" });
  const { value } = await reader.read(new Uint8Array(2));
  assertEquals([...value], [0x61, 0x62]);
});

test("a given stream is the body itself, and what it is asked is what is read", async () => {
  let pulls = 0;
  const stream = new ReadableStream({ pull(controller) { pulls++; controller.enqueue(bytes("a")); controller.close(); } }, { highWaterMark: 0 });
  const response = new Response(stream);
  assert(response.body === stream);
  assertEquals([pulls, await response.text(), pulls], [0, "a", 1]);
});

// --- blob() -----------------------------------------------------------------------------------------------------------------

test("a blob's type is the serialized MIME type of the headers, or nothing", async () => {
  const pairs = {
    "Text/Plain; Charset=UTF-8": "text/plain;charset=UTF-8", "a/b": "a/b", "x": "", "": "", "a/": "", "/b": "", "a b/c": "", "a/b c": "", "é/x": "",
    "a/b;": "a/b", "a/b; ;c=d": "a/b;c=d", "a/b;c": "a/b", "a/b;c=": "a/b", "a/b;c=d;C=e": "a/b;c=d", "a/b;c=\"d\"": "a/b;c=d",
    "a/b;c=\"d e\"": "a/b;c=\"d e\"", "a/b;c=\"d\\\"e\"": "a/b;c=\"d\\\"e\"", "a/b;c=\"\"": "a/b;c=\"\"", "a/b;c=\"d\" x;e=f": "a/b;c=d;e=f",
    "a/b;c=d e": "a/b;c=\"d e\"", "a/b;c d=e": "a/b", " a/b ": "a/b", "*/*": "",
    // Several values, the last valid one counts.
    "a/b, c/d": "c/d", "a/b, x": "a/b", "text/html;charset=x, text/html": "text/html;charset=x", "text/html;charset=x, a/b": "a/b",
    "a/b;c=\"d,e\"": "a/b;c=\"d,e\"",
  };
  for (const [header, type] of Object.entries(pairs)) {
    assertEquals((await new Response("x", { headers: { "content-type": header } }).blob()).type, type, header);
  }
  assertEquals((await new Response("x").blob()).type, "text/plain;charset=UTF-8");
});

test("a body's blob keeps its type when it becomes a body again", async () => {
  const blob = await new Response("x", { headers: { "content-type": "text/html; charset=UTF-8" } }).blob();
  assertEquals(new Response(blob).headers.get("content-type"), "text/html;charset=UTF-8");
});
