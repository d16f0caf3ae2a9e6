import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

const formats = ["gzip", "deflate", "deflate-raw"];
const utf8 = (text) => new TextEncoder().encode(text);
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Everything that comes out of a stream when these chunks go in. */
async function through(stream, ...chunks) {
  const writer = stream.writable.getWriter();
  const written = (async () => {
    for (const chunk of chunks) await writer.write(chunk);
    await writer.close();
  })();
  written.catch(() => {});
  const output = new Uint8Array(await new Response(stream.readable).arrayBuffer());
  await written;
  return output;
}

test("what was compressed comes back", async () => {
  const text = "to be or not to be, that is the question. ".repeat(1000);
  for (const format of formats) {
    const compressed = await through(new CompressionStream(format), utf8(text));
    assert(compressed.length < 1000, `${compressed.length}`);
    const back = await through(new DecompressionStream(format), compressed);
    assertEquals(new TextDecoder().decode(back), text);
  }
});

test("chunks are any buffers and may be cut anywhere", async () => {
  for (const format of formats) {
    const compressed = await through(new CompressionStream(format), utf8("abc").buffer, new DataView(utf8("def").buffer), new Uint8Array());
    const bytes = Array.from(compressed, (byte) => Uint8Array.of(byte));
    assertEquals(new TextDecoder().decode(await through(new DecompressionStream(format), ...bytes)), "abcdef");
  }
});

test("the formats are those of RFC 1950, 1951 and 1952", async () => {
  // A stored or fixed block of nothing, in each wrapper.
  assertEquals(hex(await through(new CompressionStream("deflate-raw"))), "0300");
  assertEquals(hex(await through(new CompressionStream("deflate"))), "789c030000000001");
  const gzip = hex(await through(new CompressionStream("gzip")));
  assertEquals([gzip.slice(0, 6), gzip.slice(20)], ["1f8b08", "03000000000000000000"]);
});

test("pipeThrough takes the pair", async () => {
  const body = new Response("text").body.pipeThrough(new CompressionStream("gzip")).pipeThrough(new DecompressionStream("gzip"));
  assertEquals(await new Response(body).text(), "text");
});

test("malformed, incomplete and trailing input are TypeErrors", async () => {
  for (const format of formats) {
    const compressed = await through(new CompressionStream(format), utf8("some text"));
    await assertRejects(() => through(new DecompressionStream(format), compressed.subarray(0, -1)), TypeError,
      "Called close() on a decompression stream with incomplete data");
    await assertRejects(() => through(new DecompressionStream(format)), TypeError,
      "Called close() on a decompression stream with incomplete data");
    await assertRejects(() => through(new DecompressionStream(format), compressed, Uint8Array.of(0)), TypeError,
      "Trailing bytes after end of compressed data");
  }
  await assertRejects(() => through(new DecompressionStream("gzip"), utf8("no gzip at all")), TypeError, "Decompression failed.");
});

test("other chunks are a TypeError on both sides", async () => {
  for (const chunk of [1, {}, null, undefined]) {
    const stream = new CompressionStream("gzip");
    const text = "This TransformStream is being used as a byte stream, but received an object of non-ArrayBuffer/ArrayBufferView type on its writable side.";
    const reading = new Response(stream.readable).text();
    reading.catch(() => {});
    await assertRejects(() => stream.writable.getWriter().write(chunk), TypeError, text);
    await assertRejects(() => reading, TypeError, text);
  }
});

test("a format must be one of three", () => {
  for (const Class of [CompressionStream, DecompressionStream]) {
    for (const format of ["br", "GZIP", "", null]) {
      assertThrows(() => new Class(format), TypeError, "The compression format must be either 'deflate', 'deflate-raw' or 'gzip'.");
    }
    assertThrows(() => new Class(), TypeError, `Failed to construct '${Class.name}': constructor parameter 1 is not of type 'string'.`);
    assertEquals(`${new Class("gzip")}`, `[object ${Class.name}]`);
  }
});

test("a reader that cancels ends the writer", async () => {
  const stream = new CompressionStream("gzip");
  const writer = stream.writable.getWriter();
  await stream.readable.cancel("enough");
  await assertRejects(() => writer.write(utf8("x")));
});

test("much output from little input comes in pieces", async () => {
  const compressed = await through(new CompressionStream("gzip"), new Uint8Array(1_000_000));
  assert(compressed.length < 2000);
  const stream = new DecompressionStream("gzip");
  const writer = stream.writable.getWriter();
  const written = writer.write(compressed).then(() => writer.close());
  let total = 0;
  for await (const chunk of stream.readable) {
    assert(chunk.length <= 65_536);
    total += chunk.length;
  }
  await written;
  assertEquals(total, 1_000_000);
});
