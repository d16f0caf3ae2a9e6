// The bytes are workerd's, from a Durable Object's storage.
import { AbortController } from "stated:abort";
import { Blob, File } from "stated:blob";
import { DOMException } from "stated:dom-exception";
import { Headers } from "stated:headers";
import "stated:kept-values";
import { Request } from "stated:request";
import { Response } from "stated:response";
import { deserialize, serialize } from "stated:serialize";
import { ReadableStream, WritableStream } from "stated:streams";
import { structuredClone } from "stated:structured-clone";
import { assert, assertEquals, assertThrows, test } from "stated:test";

/** @param {string} hex */
const bytesOf = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (digits) => parseInt(digits, 16));
/** @param {Uint8Array} bytes */
const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
/** @param {unknown} value */
const stored = (value) => hexOf(serialize(value, { forStorage: true }));

const HEADERS = "ff0f5c0403042903783d312903793d32000161013100016202c3a9";
const headers = () => new Headers([["b", "é"], ["set-cookie", "x=1"], ["a", "1"], ["set-cookie", "y=2"]].sort());

test("headers are written as Workers writes them, common fields first", () => {
  assertEquals(stored(new Headers()), "ff0f5c040300");
  assertEquals(stored(new Headers({ "x-foo": "1", "content-type": "text/plain" })), "ff0f5c040302110a746578742f706c61696e0005782d666f6f0131");
  assertEquals(stored(headers()), HEADERS);
});

test("headers are read, also with names in any case", () => {
  const fields = [["a", "1"], ["b", "é"], ["set-cookie", "x=1"], ["set-cookie", "y=2"]];
  assertEquals([...deserialize(bytesOf(HEADERS))], fields);
  assertEquals([...deserialize(bytesOf(HEADERS.replace("000162", "000142")))], fields);
});

test("a field with a number that nobody knows makes the value unreadable", () => {
  assertEquals([...deserialize(bytesOf("ff0f5c0403012f0161"))], [["www-authenticate", "a"]]);
  assertThrows(() => deserialize(bytesOf("ff0f5c040301300161")), Error, "Unable to deserialize cloned data.");
});

test("a blob is written and read as Workers does it", async () => {
  const hex = "ff0f5c0f0a746578742f706c61696e0378797a";
  assertEquals(stored(new Blob(["xyz"], { type: "text/plain" })), hex);
  assertEquals(stored(new Blob([])), "ff0f5c0f0000");
  const blob = deserialize(bytesOf(hex));
  assertEquals([blob instanceof Blob, blob.type, await blob.text()], [true, "text/plain", "xyz"]);
});

const PUT = "ff0f5c050c687474703a2f2f782f613f626f22066d6574686f6422035055542207686561646572735c04030100016201322204626f647930220872"
  + "656469726563745f2207666574636865725f220263665f220563616368655f2209696e746567726974795f22067369676e616c5f2212656e636f6465526573"
  + "706f6e7365426f64795f7b0a";
const WITH_CF = "ff0f5c0509687474703a2f2f782f6f22066d6574686f645f2207686561646572735c0403002204626f6479302208726564697265637422066d616e75"
  + "616c2207666574636865725f220263666f22016149027b01220563616368655f2209696e746567726974795f22067369676e616c5f2212656e636f64655265"
  + "73706f6e7365426f64795f7b0a";

test("a request without a body is written and read as Workers does it", () => {
  assertEquals(stored(new Request("http://x/a?b", { method: "PUT", headers: { b: "2" } })), PUT);
  assertEquals(stored(new Request("http://x/", { cf: { a: 1 }, redirect: "manual" })), WITH_CF);
  const request = deserialize(bytesOf(PUT));
  assertEquals([request instanceof Request, request.method, request.url, [...request.headers], request.body],
    [true, "PUT", "http://x/a?b", [["b", "2"]], null]);
  const { cf, redirect, method } = deserialize(bytesOf(WITH_CF));
  assertEquals([cf, redirect, method], [{ a: 1 }, "manual", "GET"]);
});

const CREATED = "ff0f5c06306f2206737461747573499203220a737461747573546578745f2207686561646572735c0403010001630133220263665f220977656253"
  + "6f636b65745f220a656e636f6465426f64795f7b06";
const NOPE = "ff0f5c06306f220673746174757349a806220a7374617475735465787422044e6f70652207686561646572735c040300220263665f2209776562536f"
  + "636b65745f220a656e636f6465426f64795f7b06";
const MANUAL = "ff0f5c06306f22067374617475735f220a737461747573546578745f2207686561646572735c040300220263665f2209776562536f636b65745f22"
  + "0a656e636f6465426f647922066d616e75616c7b06";

test("a response without a body is written and read as Workers does it", () => {
  assertEquals(stored(new Response(null, { status: 201, headers: { c: "3" } })), CREATED);
  assertEquals(stored(new Response(null, { status: 404, statusText: "Nope" })), NOPE);
  assertEquals(stored(new Response(null, { encodeBody: "manual" })), MANUAL);
  const created = deserialize(bytesOf(CREATED));
  assertEquals([created instanceof Response, created.status, [...created.headers], created.body], [true, 201, [["c", "3"]], null]);
  const nope = deserialize(bytesOf(NOPE));
  assertEquals([nope.status, nope.statusText], [404, "Nope"]);
});

test("an object that is there twice is one object in the copy", () => {
  const both = headers();
  const copy = structuredClone([both, both, { blob: new Blob(["a"]) }]);
  assert(copy[0] === copy[1] && copy[0] !== both && copy[2].blob instanceof Blob);
  copy[0].set("c", "3");
  assertEquals([...copy[0]].length, 5);
});

test("what has a body, is a stream, or is not a value is refused by its name", () => {
  const noStream = "ReadableStream can only be serialized for RPC.";
  for (const [value, text] of /** @type {[unknown, string][]} */ ([
    [new ReadableStream(), noStream],
    [new WritableStream(), "WritableStream can only be serialized for RPC."],
    [new Response("x"), noStream],
    [new Request("http://x/", { method: "POST", body: "x" }), noStream],
    [new AbortController().signal, "AbortSignal serialization is not enabled."],
    [new File([], "a"), 'Could not serialize object of type "File". This type does not support serialization.'],
    [Response.error(), 'Could not serialize object of type "Response". This type does not support serialization.'],
  ])) {
    assertThrows(() => structuredClone({ value }), DOMException, text);
    assertThrows(() => serialize({ value }, { forStorage: true }), DOMException, text);
  }
});

test("kept bytes that are cut off or no object of the class are unreadable", () => {
  for (const hex of [HEADERS, PUT, CREATED, "ff0f5c0f0a746578742f706c61696e0378797a"]) {
    for (let length = 6; length < hex.length; length += 2) {
      assertThrows(() => deserialize(bytesOf(hex.slice(0, length))), Error, "Unable to deserialize cloned data.");
    }
  }
  // No message is kept with a body, and one that was could not be kept again.
  assertThrows(() => deserialize(bytesOf(CREATED.replace("5c0630", "5c06220178"))), Error, "Unable to deserialize cloned data.");
  assertThrows(() => deserialize(bytesOf(PUT.replace("04626f647930", "04626f6479220178"))), Error, "Unable to deserialize cloned data.");
  // A status that no response has.
  assertThrows(() => deserialize(bytesOf(CREATED.replace("499203", "490203"))), Error, "Unable to deserialize cloned data.");
});
