import { ByteLengthQueuingStrategy, CountQueuingStrategy, FixedLengthStream, IdentityTransformStream, ReadableStream,
  ReadableStreamBYOBReader, ReadableStreamDefaultReader, TransformStream, WritableStream, WritableStreamDefaultWriter } from "stated:streams";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

/** @type {any} */
const anything = undefined;
const never = () => {};

test("a locked readable stream says so in all methods", async () => {
  const stream = new ReadableStream();
  stream.getReader();
  const text = "This ReadableStream is currently locked to a reader.";
  for (const use of [() => stream.getReader(), () => stream.values(), () => new ReadableStreamDefaultReader(stream),
    () => stream.pipeThrough(new TransformStream())]) assertThrows(use, TypeError, text);
  assertThrows(() => stream.tee(), TypeError, "This ReadableStream is currently locked to a reader,");
  await assertRejects(stream.cancel(), TypeError, text);
  await assertRejects(stream.pipeTo(new WritableStream()), TypeError, text);
});

test("a locked writable stream says so in all methods", async () => {
  const stream = new WritableStream();
  stream.getWriter();
  const text = "This WritableStream is currently locked to a writer.";
  assertThrows(() => stream.getWriter(), TypeError, text);
  await assertRejects(stream.close(), TypeError, text);
  await assertRejects(stream.abort(), TypeError, text);
  assertThrows(() => new ReadableStream().pipeThrough({ readable: new ReadableStream(), writable: stream }), TypeError, text);
  await assertRejects(new ReadableStream().pipeTo(stream), TypeError, "This WritableStream is currently locked to a writer");
});

test("a released reader says so", async () => {
  const reader = new ReadableStream().getReader();
  const pending = reader.read();
  reader.releaseLock();
  for (const promise of [pending, reader.read(), reader.cancel(), reader.closed]) {
    await assertRejects(promise, TypeError, "This ReadableStream reader has been released.");
  }
});

test("a released writer says so", async () => {
  const writer = new WritableStream().getWriter();
  writer.releaseLock();
  const text = "This WritableStream writer has been released.";
  for (const promise of [writer.write(1), writer.close(), writer.abort(), writer.closed, writer.ready]) {
    await assertRejects(promise, TypeError, text);
  }
  assertThrows(() => writer.desiredSize, TypeError, text);
});

test("a closed stream takes nothing more", async () => {
  let readable = anything;
  new ReadableStream({ start(controller) { readable = controller; } });
  readable.close();
  assertThrows(() => readable.enqueue(1), TypeError, "Unable to enqueue");
  assertThrows(() => readable.close(), TypeError, "This ReadableStream is closed.");
  new ReadableStream({ type: "bytes", start(controller) { readable = controller; } });
  readable.close();
  assertThrows(() => readable.enqueue(new Uint8Array(1)), TypeError, "This ReadableByteStreamController is closed.");
  assertThrows(() => readable.close(), TypeError, "This ReadableStream is closed.");

  const writer = new WritableStream().getWriter();
  await writer.close();
  await assertRejects(writer.write(1), TypeError, "This WritableStream has been closed.");
  await assertRejects(writer.close(), TypeError, "This WritableStream has been closed.");
});

test("closing the writer of a stream that failed gives what it failed with", async () => {
  const writer = new WritableStream({ start: (controller) => controller.error(new RangeError("full")) }).getWriter();
  writer.closed.catch(never);
  writer.ready.catch(never);
  await assertRejects(writer.close(), RangeError, "full");
});

test("a pipe into a closed stream fails", async () => {
  const sink = new WritableStream();
  await sink.close();
  await assertRejects(new ReadableStream().pipeTo(sink), TypeError, "This destination writable stream is closed.");
});

test("a terminated transform says so on both sides", async () => {
  let controller = anything;
  const { readable, writable } = new TransformStream({ start(own) { controller = own; } });
  const writer = writable.getWriter();
  writer.closed.catch(never);
  writer.ready.catch(never);
  controller.terminate();
  await assertRejects(writer.write(1), TypeError, "The transform stream has been terminated");
  assertThrows(() => controller.enqueue(1), TypeError, "The readable side of this TransformStream is no longer readable.");
  assertEquals((await readable.getReader().read()).done, true);
});

test("arguments that are no streams are named", async () => {
  for (const Class of [ReadableStreamDefaultReader, ReadableStreamBYOBReader]) {
    const text = `Failed to construct '${Class.name}': constructor parameter 1 is not of type 'ReadableStream'.`;
    for (const value of [undefined, 5, {}]) assertThrows(() => new Class(/** @type {any} */ (value)), TypeError, text);
  }
  for (const value of [undefined, {}]) {
    assertThrows(() => new WritableStreamDefaultWriter(/** @type {any} */ (value)), TypeError,
      "Failed to construct 'WritableStreamDefaultWriter': constructor parameter 1 is not of type 'WritableStream'.");
    await assertRejects(new ReadableStream().pipeTo(/** @type {any} */ (value)), TypeError,
      "Failed to execute 'pipeTo' on 'ReadableStream': parameter 1 is not of type 'WritableStream'.");
  }
  const source = () => new ReadableStream();
  const through = "Failed to execute 'pipeThrough' on 'ReadableStream': parameter 1 is not of type 'Transform'.";
  assertThrows(() => source().pipeThrough(anything), TypeError, through);
  assertThrows(() => source().pipeThrough(/** @type {any} */ (5)), TypeError, through);
  const wrong = (name, type) => `Incorrect type for the '${name}' field on 'Transform': the provided value is not of type '${type}'.`;
  assertThrows(() => source().pipeThrough(/** @type {any} */ ({})), TypeError, wrong("readable", "ReadableStream"));
  assertThrows(() => source().pipeThrough(/** @type {any} */ ({ readable: source() })), TypeError, wrong("writable", "WritableStream"));
});

test("options that are no objects, and fields of a wrong type, are named", async () => {
  const method = (name, position, type) => `Failed to execute '${name}' on 'ReadableStream': parameter ${position} is not of type '${type}'.`;
  const five = /** @type {any} */ (5);
  assertThrows(() => new ReadableStream().getReader(five), TypeError, method("getReader", 1, "GetReaderOptions"));
  assertThrows(() => new ReadableStream().values(five), TypeError, method("values", 1, "ValuesOptions"));
  await assertRejects(new ReadableStream().pipeTo(new WritableStream(), five), TypeError, method("pipeTo", 2, "PipeToOptions"));
  await assertRejects(new ReadableStream().pipeTo(new WritableStream(), { signal: five }), TypeError,
    "Incorrect type for the 'signal' field on 'PipeToOptions': the provided value is not of type 'AbortSignal'.");
});

test("sources, sinks, transformers and strategies are checked", () => {
  const five = /** @type {any} */ (5);
  const field = (name, on) => `Incorrect type for the '${name}' field on '${on}': the provided value is not of type 'function'.`;
  for (const [Class, dictionary, members] of /** @type {[any, string, string[]][]} */ ([
    [ReadableStream, "UnderlyingSource", ["start", "pull", "cancel"]],
    [WritableStream, "UnderlyingSink", ["start", "write", "close", "abort"]],
    [TransformStream, "Transformer", ["start", "transform", "flush", "cancel"]],
  ])) {
    assertThrows(() => new Class(five), TypeError, `Failed to construct '${Class.name}': constructor parameter 1 is not of type '${dictionary}'.`);
    for (const member of members) assertThrows(() => new Class({ [member]: 5 }), TypeError, field(member, dictionary));
    assertThrows(() => new Class({}, five), TypeError, `Failed to construct '${Class.name}': constructor parameter 2 is not of type 'StreamQueuingStrategy'.`);
    assertThrows(() => new Class({}, { size: 5 }), TypeError, field("size", "StreamQueuingStrategy"));
  }
  assertThrows(() => new ReadableStream(/** @type {any} */ ({ type: "x" })), TypeError, "\"x\" is not a valid type of ReadableStream.");
  assertThrows(() => new ReadableStream({ type: "bytes", autoAllocateChunkSize: 0 }), TypeError, "The autoAllocateChunkSize option cannot be zero.");
  for (const Class of [CountQueuingStrategy, ByteLengthQueuingStrategy]) {
    assertThrows(() => new Class(anything), TypeError, `Failed to construct '${Class.name}': constructor parameter 1 is not of type 'QueuingStrategyInit'.`);
  }
});

test("what can be read from is named", () => {
  for (const value of [undefined, null, 5, {}]) {
    assertThrows(() => ReadableStream.from(/** @type {any} */ (value)), TypeError,
      "Failed to execute 'from' on 'ReadableStream': parameter 1 is not of type 'AsyncGenerator'.");
  }
});

test("reading into a buffer says what is wrong with it", async () => {
  const stream = () => new ReadableStream({ type: "bytes" });
  const reader = stream().getReader({ mode: "byob" });
  const text = (method, position, type) => `Failed to execute '${method}' on 'ReadableStreamBYOBReader': parameter ${position} is not of type '${type}'.`;
  for (const value of [undefined, 5, {}, new ArrayBuffer(3)]) {
    await assertRejects(reader.read(/** @type {any} */ (value)), TypeError, text("read", 1, "ArrayBufferView"));
  }
  await assertRejects(reader.read(new Uint8Array(0)), TypeError, "You must call read() on a \"byob\" reader with a positive-sized TypedArray object.");
  await assertRejects(reader.read(new Uint8Array(4), { min: 0 }), TypeError, "Requested invalid minimum number of bytes to read (0).");
  await assertRejects(reader.read(new Uint8Array(4), { min: 5 }), RangeError, "Minimum bytes to read (5) exceeds size of buffer (4).");
  await assertRejects(reader.read(new Uint8Array(4), /** @type {any} */ (5)), TypeError, text("read", 2, "ReadableStreamBYOBReaderReadOptions"));
  const own = /** @type {any} */ (reader);
  await assertRejects(own.readAtLeast(), TypeError, text("readAtLeast", 1, "integer"));
  await assertRejects(own.readAtLeast(1), TypeError, text("readAtLeast", 2, "ArrayBufferView"));
  assertThrows(() => new ReadableStream().getReader({ mode: "byob" }), TypeError, "This ReadableStream does not support BYOB reads.");
});

test("readAtLeast gives what came before the end, then the end", async () => {
  const stream = new ReadableStream({
    type: "bytes",
    pull(controller) {
      const request = /** @type {any} */ (controller.byobRequest);
      if (request.view.byteOffset === 0) {
        request.view.set([1, 2]);
        request.respond(2);
      } else {
        controller.close();
        request.respond(0);
      }
    },
  });
  const reader = /** @type {any} */ (stream.getReader({ mode: "byob" }));
  const first = await reader.readAtLeast(4, new Uint8Array(4));
  assertEquals([[...first.value], first.done], [[1, 2], false]);
  const last = await reader.readAtLeast(1, new Uint8Array(4));
  assertEquals([last.value.byteLength, last.done], [0, true]);
});

test("an answer to a BYOB request is checked", async () => {
  /** @type {any} */ let request;
  const stream = new ReadableStream({ type: "bytes", pull(controller) { request = controller.byobRequest; } });
  const read = stream.getReader({ mode: "byob" }).read(new Uint8Array(4));
  await undefined;
  await undefined;
  assertThrows(() => request.respond(0), TypeError, "The bytesWritten must be more than zero while the stream is open.");
  assertThrows(() => request.respond(100), RangeError, "Too many bytes [100] in response to a BYOB read request.");
  assertThrows(() => request.respondWithNewView(), TypeError, "Failed to execute 'respondWithNewView' on 'ReadableStreamBYOBRequest': parameter 1 is not of type 'BufferSource'.");
  assertThrows(() => request.respondWithNewView(new Uint8Array(1)), RangeError, "The underlying ArrayBuffer is not the correct length.");
  const kept = request;
  request.respond(1);
  assertEquals((await read).value?.byteLength, 1);
  assertThrows(() => kept.respond(1), TypeError, "This ReadableStreamBYOBRequest has been invalidated.");
});

test("a stream's state does not show in its properties", () => {
  const { readable, writable } = new TransformStream();
  for (const value of [readable, writable, new ReadableStream({ type: "bytes" }), new IdentityTransformStream(), readable.getReader(),
    writable.getWriter(), new CountQueuingStrategy({ highWaterMark: 1 })]) {
    assertEquals([Object.getOwnPropertyNames(value), JSON.stringify(value)], [[], "{}"]);
    for (const name in value) assert(!name.startsWith("_"), name);
  }
});

test("a chunk without bytes fails the reader of an identity stream, too", async () => {
  const { readable, writable } = new IdentityTransformStream();
  const text = "This TransformStream is being used as a byte stream, but received an object of non-ArrayBuffer/ArrayBufferView type on its writable side.";
  const read = readable.getReader().read();
  await assertRejects(writable.getWriter().write(5), TypeError, text);
  await assertRejects(read, TypeError, text);
});

test("the length of a FixedLengthStream is an integer below 2^53", () => {
  const text = "FixedLengthStream requires an integer expected length less than 2^53.";
  for (const length of [2 ** 53, 2 ** 60]) assertThrows(() => new FixedLengthStream(length), TypeError, text);
  for (const length of [2 ** 53 - 1, 1.5, 5n, "5"]) assert(new FixedLengthStream(/** @type {any} */ (length)) instanceof FixedLengthStream);
  assertThrows(() => new FixedLengthStream(NaN), TypeError, "The value cannot be converted because it is not an integer.");
  assertThrows(() => new FixedLengthStream(-1), TypeError, "The value cannot be converted because it is negative and this API expects a positive bigint.");
  assertThrows(() => new FixedLengthStream(1, /** @type {any} */ (5)), TypeError, "Failed to construct 'FixedLengthStream': constructor parameter 2 is not of type 'QueuingStrategy'.");
});
