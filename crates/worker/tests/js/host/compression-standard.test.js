/**
 * CompressionStream and DecompressionStream, after the Compression standard and RFC 1950, 1951 and 1952.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertThrows, checksOfInterface, test } from "stated:test";

for (const Class of [CompressionStream, DecompressionStream]) {
  for (const [name, check] of checksOfInterface(Class, { length: 1, readonly: ["readable", "writable"] })) test(name, check);
}

const formats = /** @type {const} */ (["gzip", "deflate", "deflate-raw"]);
/** @param {string} hex */
const bytes = (hex) => Uint8Array.from(hex.replaceAll(" ", "").match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** @param {any} pair @param {any[]} chunks @returns {Promise<Uint8Array>} */
async function through(pair, ...chunks) {
  return new Response(/** @type {any} */ (ReadableStream.from(chunks).pipeThrough(pair))).bytes();
}

/** @param {any} format @param {any[]} chunks */
const compressed = (format, ...chunks) => through(new CompressionStream(format), ...chunks);
/** @param {any} format @param {any[]} chunks */
const decompressed = async (format, ...chunks) => new TextDecoder().decode(await through(new DecompressionStream(format), ...chunks));
/** @param {string} text */
const utf8 = (text) => new TextEncoder().encode(text);

/** "hello", by the RFCs: a fixed block, with the heads and sums of each format. */
const hello = { "deflate-raw": "cb48cdc9c90700", deflate: "789ccb48cdc9c907000 62c0215".replace(" ", ""), gzip: "1f8b0800000000000003cb48cdc9c9070086a6103605000000" };

for (const format of formats) {
  test(`${format}: a fixed document is read`, async () => {
    assertEquals(await decompressed(format, bytes(hello[format])), "hello");
  });

  test(`${format}: what was compressed is read, in pieces of any size`, async () => {
    const text = "abc".repeat(3000);
    const all = await compressed(format, ...Array.from({ length: 30 }, () => utf8("abc".repeat(100))));
    for (const size of [1, 7, all.length]) {
      const pieces = [];
      for (let at = 0; at < all.length; at += size) pieces.push(all.slice(at, at + size));
      assertEquals(await decompressed(format, ...pieces), text);
    }
  });

  test(`${format}: nothing becomes a document of nothing`, async () => {
    const none = await compressed(format);
    assert(none.length > 0);
    assertEquals([await decompressed(format, none), await decompressed(format, await compressed(format, new Uint8Array()))], ["", ""]);
  });

  test(`${format}: a document that is cut anywhere is a TypeError`, async () => {
    const all = bytes(hello[format]);
    for (let length = 0; length < all.length; length++) await assertRejects(decompressed(format, all.slice(0, length)), TypeError);
  });

  test(`${format}: what follows the document is a TypeError, in the same chunk and in the next`, async () => {
    const all = bytes(hello[format]);
    await assertRejects(decompressed(format, Uint8Array.of(...all, 0)), TypeError);
    await assertRejects(decompressed(format, all, bytes("00")), TypeError);
    await assertRejects(decompressed(format, all, all), TypeError);
  });

  test(`${format}: what is no document is a TypeError`, async () => {
    await assertRejects(decompressed(format, bytes("ffffffffffffffffffffffffffffffffffff")), TypeError);
  });

  test(`${format}: output is bytes, input buffers of any kind`, async () => {
    const { buffer } = utf8("abcdefgh");
    const all = await compressed(format, buffer, new DataView(buffer, 1, 2), new Float64Array(buffer));
    assertEquals(await decompressed(format, all), "abcdefghbcabcdefgh");
    const reader = new Response(utf8("x")).body?.pipeThrough(new CompressionStream(format)).getReader();
    assert((await reader?.read())?.value instanceof Uint8Array);
  });
}

test("a changed sum is a TypeError", async () => {
  for (const format of /** @type {const} */ (["gzip", "deflate"])) {
    const all = bytes(hello[format]);
    all[all.length - (format === "gzip" ? 5 : 1)] ^= 1;
    await assertRejects(decompressed(format, all), TypeError);
  }
});

test("a changed length of gzip is a TypeError", async () => {
  const all = bytes(hello.gzip);
  all[all.length - 1] ^= 1;
  await assertRejects(decompressed("gzip", all), TypeError);
});

test("a head of gzip may have a name, a comment and extra fields", async () => {
  const head = "1f8b081c000000000003 0200 6162 6e616d6500 636f6d6d656e7400";
  assertEquals(await decompressed("gzip", bytes(head + hello.gzip.slice(20))), "hello");
});

test("a head with another method, a wrong magic or a dictionary is a TypeError", async () => {
  for (const [format, hex] of /** @type {[any, string][]} */ ([["gzip", `1f8b07${hello.gzip.slice(6)}`], ["gzip", `1f8c${hello.gzip.slice(4)}`],
    ["deflate", `799c${hello.deflate.slice(4)}`], ["deflate", `78bb00000000${hello.deflate.slice(4)}`]])) {
    await assertRejects(decompressed(format, bytes(hex)), TypeError);
  }
});

test("the format is one of three, and required", () => {
  for (const Class of [CompressionStream, DecompressionStream]) {
    for (const format of [undefined, null, "", "GZIP", "br", "zlib", 5]) assertThrows(() => new Class(/** @type {any} */ (format)), TypeError);
    assertThrows(() => new /** @type {any} */ (Class)(), TypeError);
  }
  new CompressionStream(/** @type {any} */ ({ toString: () => "gzip" }));
});

test("chunks that are no bytes make the stream fail with a TypeError", async () => {
  for (const Class of [CompressionStream, DecompressionStream]) {
    for (const chunk of [5, null, {}, [1]]) await assertRejects(through(new Class("gzip"), chunk), TypeError);
  }
});

test("an error on the one side reaches the other", async () => {
  const error = new RangeError("stop");
  const first = new CompressionStream("gzip");
  await first.writable.abort(error);
  assert(await assertRejects(first.readable.getReader().read()) === error);
  const second = new DecompressionStream("gzip");
  const writing = second.writable.getWriter().write(bytes("ffff"));
  await assertRejects(second.readable.getReader().read(), TypeError);
  await assertRejects(writing, TypeError);
});

test("the ends are the same objects each time", () => {
  const pair = new CompressionStream("gzip");
  assert(pair.readable === pair.readable && pair.writable === pair.writable);
});

test("concatenated gzip members are not one document", async () => {
  await assertRejects(decompressed("gzip", bytes(hello.gzip + hello.gzip)), TypeError);
});
