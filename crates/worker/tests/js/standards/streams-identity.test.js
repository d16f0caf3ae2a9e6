/**
 * IdentityTransformStream and FixedLengthStream, after Cloudflare's documentation: byte streams on which a write settles
 * when its bytes were read.
 *
 * @module
 */

import { FixedLengthStream, IdentityTransformStream, ReadableStream } from "stated:streams";
import { assertEquals, assertRejects, test } from "stated:test";

/** @param {number[]} list */
const bytes = (...list) => new Uint8Array(list);

async function settle() {
  for (let i = 0; i < 40; i++) await null;
}

test("a write may be read in pieces, and settles with the last", async () => {
  const { readable, writable } = new IdentityTransformStream();
  let written = false;
  const writing = writable.getWriter().write(bytes(1, 2, 3)).then(() => { written = true; });
  const reader = readable.getReader({ mode: "byob" });
  assertEquals((await reader.read(new Uint8Array(2))).value, bytes(1, 2));
  assertEquals((await reader.read(new Uint8Array(2))).value, bytes(3));
  await writing;
  assertEquals(written, true);
});

test("a read with a minimum waits for several writes", async () => {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const reading = readable.getReader({ mode: "byob" }).read(new Uint8Array(8), { min: 3 });
  void writer.write(bytes(1, 2));
  void writer.write(bytes(3, 4));
  assertEquals((await reading).value, bytes(1, 2, 3, 4));
});

test("nothing to write settles without a reader", async () => {
  const { writable } = new IdentityTransformStream();
  await writable.getWriter().write(bytes());
});

test("views write their part only", async () => {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const { buffer } = bytes(1, 2, 3, 4);
  const reader = readable.getReader();
  for (const [chunk, expected] of /** @type {[any, Uint8Array][]} */ ([[new DataView(buffer, 1, 2), bytes(2, 3)], [new Uint16Array(buffer, 2), bytes(3, 4)],
    [buffer, bytes(1, 2, 3, 4)]])) {
    void writer.write(chunk);
    assertEquals((await reader.read()).value, expected);
  }
});

test("chunks that are neither bytes nor text are refused", async () => {
  for (const chunk of [5, null, {}, [1], true]) {
    const { writable } = new IdentityTransformStream();
    await assertRejects(writable.getWriter().write(chunk), TypeError);
  }
});

test("close ends the reader, and settles", async () => {
  const { readable, writable } = new IdentityTransformStream();
  const reading = readable.getReader().read();
  await writable.close();
  assertEquals(await reading, { value: undefined, done: true });
});

test("an abort makes the reader fail with its reason, or with undefined", async () => {
  const { readable, writable } = new IdentityTransformStream();
  await writable.abort("why");
  assertEquals(await readable.getReader().read().catch((error) => error), "why");
});

test("a cancel rejects the write that waits", async () => {
  const { readable, writable } = new IdentityTransformStream();
  const writing = writable.getWriter().write(bytes(1)).catch((error) => error);
  await readable.cancel("enough");
  const outcome = await writing;
  assertEquals(outcome === undefined || outcome === "enough", true);
});

test("a pipe through two of them keeps the bytes and the order", async () => {
  const source = ReadableStream.from([bytes(1), bytes(2, 3), bytes(4)]);
  const piped = source.pipeThrough(new IdentityTransformStream()).pipeThrough(new IdentityTransformStream());
  const seen = [];
  for await (const chunk of piped) seen.push(...chunk);
  assertEquals(seen, [1, 2, 3, 4]);
});

test("the readable side can be split", async () => {
  const { readable, writable } = new IdentityTransformStream();
  const [a, b] = readable.tee();
  const writer = writable.getWriter();
  void writer.write(bytes(1));
  void writer.close();
  const texts = [];
  for (const branch of [a, b]) for await (const chunk of branch) texts.push([...chunk]);
  assertEquals(texts, [[1], [1]]);
});

test("a high water mark lets writes settle ahead of the reader", async () => {
  const writer = new IdentityTransformStream({ highWaterMark: 4 }).writable.getWriter();
  assertEquals(writer.desiredSize, 4);
  void writer.write(bytes(1, 2));
  await writer.ready;
  assertEquals(writer.desiredSize, 2);
  void writer.write(bytes(3, 4));
  let ready = false;
  void writer.ready.then(() => { ready = true; });
  await settle();
  assertEquals(ready, false);
});

test("a length of nothing is fulfilled by closing, and by no byte", async () => {
  const empty = new FixedLengthStream(0);
  const reading = empty.readable.getReader().read();
  await empty.writable.close();
  assertEquals((await reading).done, true);
  const refused = new FixedLengthStream(0);
  const failed = assertRejects(refused.readable.getReader().read(), TypeError, "Attempt to write too many bytes through a FixedLengthStream.");
  await refused.writable.getWriter().write(bytes(1));
  await failed;
});

test("an abort of a fixed length stream needs no bytes", async () => {
  const { readable, writable } = new FixedLengthStream(5);
  await writable.abort(new RangeError("stop"));
  await assertRejects(readable.getReader().read(), RangeError, "stop");
});
