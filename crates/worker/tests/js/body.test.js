import { Blob } from "stated:blob";
import { Body } from "stated:body";
import { TextEncoder } from "stated:encoding";
import { FormData } from "stated:form-data";
import { Response } from "stated:response";
import { FixedLengthStream, ReadableStream, TransformStream } from "stated:streams";
import { URLSearchParams } from "stated:url-search-params";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

const USED = "Body has already been used. It can only be used once. Use tee() first if you need to read it twice.";
const LOCKED = "This ReadableStream is currently locked to a reader.";
const bytes = (text) => new TextEncoder().encode(text);

/** @param {...unknown} chunks */
const streamOf = (...chunks) => new ReadableStream({
  start(controller) {
    for (const chunk of chunks) controller.enqueue(chunk);
    controller.close();
  },
});

test("Body cannot be constructed", () => {
  assertThrows(() => new /** @type {any} */ (Body)(), TypeError, "Illegal constructor");
});

test("each kind of body gives its bytes and its Content-Type", async () => {
  const form = new FormData();
  form.append("a", "b");
  const cases = [
    ["aé", "aé", "text/plain;charset=UTF-8"],
    [bytes("a").buffer, "a", null],
    [new DataView(bytes("abc").buffer, 1, 1), "b", null],
    [new Blob(["a"], { type: "X/y" }), "a", "x/y"],
    [new Blob(["a"]), "a", null],
    [new URLSearchParams("a=b c"), "a=b+c", "application/x-www-form-urlencoded;charset=UTF-8"],
    [streamOf(bytes("a"), bytes("b")), "ab", null],
    [5, "5", "text/plain;charset=UTF-8"],
    [{}, "[object Object]", "text/plain;charset=UTF-8"],
  ];
  for (const [init, text, type] of cases) {
    const response = new Response(init);
    assertEquals([response.headers.get("content-type"), await response.text()], [type, text]);
  }
  const multipart = new Response(form);
  assert(/^multipart\/form-data; boundary=[0-9a-f]+$/.test(String(multipart.headers.get("content-type"))));
  assertEquals((await multipart.formData()).get("a"), "b");
});

test("a Content-Type of the program wins", () => {
  assertEquals(new Response("a", { headers: { "content-type": "x/y" } }).headers.get("content-type"), "x/y");
});

test("a body is taken when it is given", async () => {
  const view = bytes("abc");
  const response = new Response(view);
  view[0] = 0x7a;
  assertEquals(await response.text(), "abc");
});

test("an async iterable is a body", async () => {
  async function* chunks() {
    yield bytes("a");
    yield bytes("b");
  }
  assertEquals(await new Response(chunks()).text(), "ab");
});

test("null and undefined are no body, which can be read again and again", async () => {
  for (const response of [new Response(), new Response(null), new Response(undefined)]) {
    assertEquals([response.body, await response.text(), await response.text(), response.bodyUsed], [null, "", "", false]);
    assertEquals([(await response.arrayBuffer()).byteLength, (await response.bytes()).length, (await response.blob()).size], [0, 0, 0]);
  }
});

test("a body is read once, by whatever method", async () => {
  for (const first of ["text", "json", "arrayBuffer", "bytes", "blob"]) {
    const response = /** @type {any} */ (new Response("1"));
    assertEquals(response.bodyUsed, false);
    const reading = response[first]();
    assertEquals(response.bodyUsed, true);
    await reading;
    for (const second of ["text", "json", "arrayBuffer", "bytes", "blob"]) {
      await assertRejects(() => response[second](), TypeError, USED);
    }
  }
});

test("the stream of a used body is locked", async () => {
  const response = new Response("a");
  await response.text();
  assertEquals([response.body?.locked, response.bodyUsed], [true, true]);
});

test("an empty string is a body", async () => {
  const response = new Response("");
  assert(response.body !== null);
  assertEquals([await response.text(), response.bodyUsed], ["", true]);
});

test("json parses or rejects with a SyntaxError", async () => {
  assertEquals(await new Response('{"a":[1]}').json(), { a: [1] });
  assertEquals(await new Response(bytes(" 5 ")).json(), 5);
  await assertRejects(() => new Response("{").json(), SyntaxError);
  await assertRejects(() => new Response("").json(), SyntaxError);
  await assertRejects(() => new Response(null).json(), SyntaxError);
});

test("text drops a byte order mark and replaces what is malformed", async () => {
  assertEquals(await new Response("\ufeffa").text(), "a");
  assertEquals(await new Response(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])).text(), "a");
  assertEquals(await new Response("\ud800").text(), "\ufffd");
  assertEquals(await new Response(new Uint8Array([0xff])).text(), "\ufffd");
  assertEquals([...await new Response("\ufeffa").bytes()], [0xef, 0xbb, 0xbf, 0x61]);
});

test("arrayBuffer and bytes give exactly the bytes", async () => {
  const { buffer } = new Uint8Array([1, 2, 3, 4]);
  assertEquals(await new Response(new Uint8Array(buffer, 1, 2)).arrayBuffer(), new Uint8Array([2, 3]).buffer);
  const result = await new Response(new Uint8Array(buffer, 1, 2)).bytes();
  assertEquals([result.constructor === Uint8Array, result.buffer.byteLength, [...result]], [true, 2, [2, 3]]);
});

test("blob has the type of the headers", async () => {
  assertEquals((await new Response("a").blob()).type, "text/plain;charset=UTF-8");
  assertEquals((await new Response("a", { headers: { "content-type": "x/y" } }).blob()).type, "x/y");
  assertEquals((await new Response(bytes("a")).blob()).type, "");
});

test("formData goes by the headers", async () => {
  assertEquals((await new Response(new URLSearchParams("a=1")).formData()).get("a"), "1");
  await assertRejects(() => new Response(bytes("a")).formData(), TypeError, "Parsing a Body as FormData requires a Content-Type header.");
});

test("the reading methods reject, and never throw, for a foreign this", async () => {
  for (const method of ["text", "json", "arrayBuffer", "bytes", "blob", "formData"]) {
    await assertRejects(() => /** @type {any} */ (Response.prototype)[method].call({}), TypeError);
  }
});

test("body is one byte stream", async () => {
  const response = new Response("abc");
  const { body } = response;
  assert(body !== null && response.body === body);
  assertEquals(response.bodyUsed, false);
  const reader = body.getReader({ mode: "byob" });
  const first = await reader.read(new Uint8Array(2));
  assertEquals([[.../** @type {Uint8Array} */ (first.value)], response.bodyUsed], [[0x61, 0x62], true]);
  await assertRejects(() => response.text(), TypeError, USED);
});

test("a given stream is the body itself", () => {
  const stream = streamOf(bytes("a"));
  assert(new Response(stream).body === stream);
});

test("touching body does not use it", async () => {
  for (const init of ["abc", bytes("abc")]) {
    const response = new Response(init);
    void response.body;
    assertEquals([response.bodyUsed, await response.text(), response.bodyUsed], [false, "abc", true]);
  }
});

test("the body of one response can become the body of another", async () => {
  const first = new Response("abc", { headers: { "content-type": "x/y" } });
  const second = new Response(first.body, first);
  assertEquals([await second.text(), second.headers.get("content-type"), first.bodyUsed], ["abc", "x/y", true]);
  await assertRejects(() => first.text(), TypeError, USED);
});

test("a locked body cannot be read", async () => {
  const response = new Response("a");
  const reader = response.body?.getReader();
  await assertRejects(() => response.text(), TypeError, LOCKED);
  reader?.releaseLock();
  assertEquals(await response.text(), "a");
});

test("a disturbed or locked stream cannot become a body", async () => {
  const disturbed = streamOf(bytes("a"), bytes("b"));
  const reader = disturbed.getReader();
  assertThrows(() => new Response(disturbed), TypeError, "This ReadableStream is locked to a reader, and cannot be used as a body.");
  await reader.read();
  reader.releaseLock();
  assertThrows(() => new Response(disturbed), TypeError,
    "This ReadableStream is disturbed (has already been read from), and cannot be used as a body.");
});

test("a stream that does not give bytes cannot be read as a body", async () => {
  for (const chunk of ["text", 5, null, {}]) {
    await assertRejects(() => new Response(streamOf(chunk)).text(), TypeError, "This ReadableStream did not return bytes.");
  }
});

test("what is read from a stream is a copy of its chunks", async () => {
  const chunk = bytes("abc");
  (await new Response(streamOf(chunk)).bytes())[0] = 0;
  assertEquals(chunk, bytes("abc"));
});

test("a body from a failing stream rejects with its error", async () => {
  const stream = new ReadableStream({ pull(controller) { controller.error(new RangeError("broken")); } });
  await assertRejects(() => new Response(stream).text(), RangeError, "broken");
});

test("a transform stream's readable side is a body", async () => {
  const transform = new TransformStream({ transform: (chunk, controller) => controller.enqueue(bytes(chunk.toUpperCase())) });
  const writer = transform.writable.getWriter();
  void writer.write("ab");
  void writer.close();
  assertEquals(await new Response(transform.readable).text(), "AB");
});

test("a fixed length stream's readable side is a body", async () => {
  const fixed = new FixedLengthStream(3);
  const writer = fixed.writable.getWriter();
  void writer.write(bytes("abc")).then(() => writer.close());
  assertEquals(await new Response(fixed.readable).text(), "abc");
});

test("clones are read independently, whatever the body is made of", async () => {
  for (const init of ["abc", bytes("abc"), streamOf(bytes("a"), bytes("bc")), null]) {
    const response = new Response(init);
    const clone = response.clone();
    const wanted = init === null ? "" : "abc";
    assertEquals([await clone.text(), await response.text()], [wanted, wanted]);
  }
});

test("a clone after touching body is independent, too", async () => {
  const response = new Response("abc");
  void response.body;
  const clone = response.clone();
  assertEquals([await clone.text(), response.bodyUsed, await response.text()], ["abc", false, "abc"]);
});

test("bytes of a clone are a copy", async () => {
  const response = new Response(bytes("abc"));
  const clone = response.clone();
  (await response.bytes())[0] = 0;
  assertEquals(await clone.text(), "abc");
});

test("a used or locked body cannot be cloned", async () => {
  const used = new Response("a");
  await used.text();
  const text = "This ReadableStream is currently locked to a reader,";
  assertThrows(() => used.clone(), TypeError, text);
  const locked = new Response("a");
  locked.body?.getReader();
  assertThrows(() => locked.clone(), TypeError, text);
});
