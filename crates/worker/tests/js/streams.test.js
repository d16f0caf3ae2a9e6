import { AbortController } from "stated:abort";
import { TextEncoder } from "stated:encoding";
import { ByteLengthQueuingStrategy, CountQueuingStrategy, FixedLengthStream, IdentityTransformStream, ReadableByteStreamController,
  ReadableStream, ReadableStreamBYOBReader, ReadableStreamDefaultController, ReadableStreamDefaultReader, TextDecoderStream,
  TextEncoderStream, TransformStream, WritableStream, WritableStreamDefaultWriter } from "stated:streams";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

const bytes = (text) => new TextEncoder().encode(text);

/** @param {AsyncIterable<any>} stream */
async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

test("a readable stream is read, iterated and closed", async () => {
  const stream = new ReadableStream({
    start(controller) {
      controller.enqueue(1);
      controller.enqueue(2);
      controller.close();
    },
  });
  assertEquals(await collect(stream), [1, 2]);
  assertEquals(stream.locked, false);
});

test("leaving an iteration cancels the stream", async () => {
  let reason = "not cancelled";
  const stream = new ReadableStream({
    pull: (controller) => controller.enqueue(1),
    cancel: (given) => { reason = String(given); },
  });
  for await (const _ of stream) break;
  assertEquals(reason, "undefined");
});

test("ReadableStream.from takes iterables of both kinds", async () => {
  assertEquals(await collect(ReadableStream.from([1, 2])), [1, 2]);
  async function* generate() {
    yield "a";
  }
  assertEquals(await collect(ReadableStream.from(generate())), ["a"]);
});

test("only one reader at a time", () => {
  const stream = new ReadableStream();
  const reader = stream.getReader();
  assert(reader instanceof ReadableStreamDefaultReader && stream.locked);
  assertThrows(() => stream.getReader(), TypeError);
  reader.releaseLock();
  stream.getReader();
});

test("tee gives both branches everything", async () => {
  const [a, b] = ReadableStream.from([1, 2]).tee();
  assertEquals([await collect(a), await collect(b)], [[1, 2], [1, 2]]);
});

test("pipeTo writes everything and closes", async () => {
  const written = [];
  let closed = false;
  await ReadableStream.from([1, 2]).pipeTo(new WritableStream({
    write: (chunk) => { written.push(chunk); },
    close: () => { closed = true; },
  }));
  assertEquals([written, closed], [[1, 2], true]);
});

test("pipeTo stops when its signal is aborted", async () => {
  const controller = new AbortController();
  const piping = new ReadableStream().pipeTo(new WritableStream(), { signal: /** @type {any} */ (controller.signal) });
  controller.abort(new RangeError("stop"));
  await assertRejects(piping, RangeError, "stop");
});

test("pipeThrough transforms", async () => {
  const double = new TransformStream({ transform: (chunk, controller) => controller.enqueue(chunk * 2) });
  assertEquals(await collect(ReadableStream.from([1, 2]).pipeThrough(double)), [2, 4]);
});

test("back-pressure shows as desiredSize and ready", async () => {
  const writer = new WritableStream({}, new CountQueuingStrategy({ highWaterMark: 2 })).getWriter();
  assert(writer instanceof WritableStreamDefaultWriter);
  assertEquals(writer.desiredSize, 2);
  const writing = writer.write("a");
  assertEquals(writer.desiredSize, 1);
  await writing;
  await writer.ready;
  assertEquals(new ByteLengthQueuingStrategy({ highWaterMark: 5 }).highWaterMark, 5);
});

test("a writable stream's controller has a signal that abort reaches", async () => {
  /** @type {any} */ let signal;
  const stream = new WritableStream({ start(controller) { signal = controller.signal; } });
  await stream.abort("why");
  assertEquals([signal.aborted, signal.reason], [true, "why"]);
});

test("a byte stream fills the reader's own buffer", async () => {
  /** @type {any} */ let kind;
  const stream = new ReadableStream({
    type: "bytes",
    start(controller) {
      kind = controller;
      controller.enqueue(bytes("abc"));
      controller.close();
    },
  });
  assert(kind instanceof ReadableByteStreamController && !(kind instanceof ReadableStreamDefaultController));
  const reader = stream.getReader({ mode: "byob" });
  assert(reader instanceof ReadableStreamBYOBReader);
  const { value, done } = await reader.read(new Uint8Array(2));
  assertEquals([done, [.../** @type {Uint8Array} */ (value)]], [false, [0x61, 0x62]]);
});

test("readAtLeast waits for so many bytes", async () => {
  const stream = new ReadableStream({
    type: "bytes",
    pull(controller) { controller.enqueue(bytes("ab")); },
  });
  const reader = /** @type {any} */ (stream.getReader({ mode: "byob" }));
  const { value } = await reader.readAtLeast(3, new Uint8Array(8));
  assertEquals(value.byteLength >= 3, true);
});

test("an identity stream passes bytes and settles a write when it is read", async () => {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  let written = false;
  const writing = writer.write(bytes("abc")).then(() => { written = true; });
  await Promise.resolve();
  assertEquals(written, false);
  const reader = readable.getReader();
  assertEquals((await reader.read()).value, bytes("abc"));
  await writing;
  void writer.write(bytes("d").buffer);
  assertEquals((await reader.read()).value, bytes("d"));
  void writer.close();
  assertEquals(await reader.read(), { value: undefined, done: true });
});

test("an identity stream copies what is written and encodes text", async () => {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const chunk = bytes("ab");
  void writer.write(chunk);
  const reader = readable.getReader();
  const { value } = await reader.read();
  assertEquals([chunk.byteLength, value.byteLength], [2, 2]);
  void writer.write("é");
  assertEquals((await reader.read()).value, bytes("é"));
});

test("an identity stream serves reads that were made before the writes, in order", async () => {
  const { readable, writable } = new IdentityTransformStream();
  const reader = readable.getReader();
  const reads = [reader.read(), reader.read(), reader.read()];
  const writer = writable.getWriter();
  await writer.write(bytes("a"));
  await writer.write(bytes("b"));
  await writer.close();
  const results = await Promise.all(reads);
  assertEquals(results.map(({ value, done }) => (done ? "end" : String.fromCharCode(...value))), ["a", "b", "end"]);
});

test("an identity stream refuses what is no bytes", async () => {
  const { writable } = new IdentityTransformStream();
  await assertRejects(writable.getWriter().write(5), TypeError, "This TransformStream is being used as a byte stream, but received "
    + "an object of non-ArrayBuffer/ArrayBufferView type on its writable side.");
});

test("an identity stream passes errors both ways", async () => {
  const first = new IdentityTransformStream();
  const reading = first.readable.getReader().read();
  await first.writable.abort(new RangeError("from the writer"));
  await assertRejects(reading, RangeError, "from the writer");
  const second = new IdentityTransformStream();
  await second.readable.cancel(new RangeError("from the reader"));
  await assertRejects(second.writable.getWriter().write(bytes("a")), RangeError, "from the reader");
});

test("an identity stream is a transform stream with a byte stream to read", async () => {
  const stream = new IdentityTransformStream();
  assert(stream instanceof TransformStream && stream.readable === stream.readable);
  const reader = stream.readable.getReader({ mode: "byob" });
  void stream.writable.getWriter().write(bytes("abc"));
  assertEquals((await reader.read(new Uint8Array(2))).value, bytes("ab"));
  assertEquals((await reader.read(new Uint8Array(2))).value, bytes("c"));
  assertEquals([`${stream}`, IdentityTransformStream.length, FixedLengthStream.length], ["[object IdentityTransformStream]", 0, 1]);
});

test("a closed identity stream gives a waiting reader its buffer back", async () => {
  const stream = new IdentityTransformStream();
  const reading = stream.readable.getReader({ mode: "byob" }).read(new Uint8Array(2));
  await stream.writable.close();
  const { value, done } = await reading;
  assertEquals([done, value?.byteLength], [true, 0]);
});

test("a fixed length stream passes exactly its length", async () => {
  const { readable, writable } = new FixedLengthStream(3);
  const writer = writable.getWriter();
  void writer.write(bytes("ab")).then(() => writer.write(bytes("c"))).then(() => writer.close());
  assertEquals((await collect(readable)).map((chunk) => chunk.byteLength), [2, 1]);
});

test("a fixed length stream fails for one byte more and for one less", async () => {
  const more = new FixedLengthStream(2);
  const reading = more.readable.getReader().read();
  const tooMany = "Attempt to write too many bytes through a FixedLengthStream.";
  const long = more.writable.getWriter();
  const [wrote] = await Promise.all([long.write(bytes("abc")), assertRejects(reading, TypeError, tooMany)]);
  assertEquals(wrote, undefined);
  await assertRejects(long.close(), TypeError, tooMany);
  await assertRejects(long.closed, TypeError, tooMany);

  const less = new FixedLengthStream(2n);
  const writer = less.writable.getWriter();
  const reader = less.readable.getReader();
  void writer.write(bytes("a"));
  await reader.read();
  const tooFew = "FixedLengthStream did not see all expected bytes before close().";
  await writer.close();
  await assertRejects(reader.read(), TypeError, tooFew);
});

test("the length is a natural number", () => {
  assertThrows(() => new /** @type {any} */ (FixedLengthStream)(), TypeError,
    "Failed to construct 'FixedLengthStream': constructor parameter 1 is not of type 'bigint'.");
  assertThrows(() => new FixedLengthStream(-1), TypeError,
    "The value cannot be converted because it is negative and this API expects a positive bigint.");
  for (const length of [NaN, Infinity, "x"]) {
    assertThrows(() => new FixedLengthStream(/** @type {any} */ (length)), TypeError,
      "The value cannot be converted because it is not an integer.");
  }
});

test("text streams encode and decode across chunks", async () => {
  const encoded = await collect(ReadableStream.from(["a", "\ud83d", "\ude00", "\ud800"]).pipeThrough(/** @type {any} */ (new TextEncoderStream())));
  assertEquals(encoded.flatMap((chunk) => [...chunk]), [...bytes("a😀\ufffd")]);
  const pieces = [new Uint8Array([0xe2, 0x82]), new Uint8Array([0xac, 0x61])];
  assertEquals((await collect(ReadableStream.from(pieces).pipeThrough(/** @type {any} */ (new TextDecoderStream())))).join("|"), "€a");
});

test("a fatal text decoder stream fails", async () => {
  const stream = ReadableStream.from([new Uint8Array([0xff])]).pipeThrough(/** @type {any} */ (new TextDecoderStream("utf-8", { fatal: true })));
  await assertRejects(collect(stream), TypeError);
});

test("text streams show their encoding", () => {
  const decoder = new TextDecoderStream("latin1", { fatal: true, ignoreBOM: true });
  assertEquals([new TextEncoderStream().encoding, decoder.encoding, decoder.fatal, decoder.ignoreBOM], ["utf-8", "windows-1252", true, true]);
});
