/**
 * Byte streams and BYOB readers, after sections 4.5, 4.7 and 4.8 of the Streams standard.
 *
 * @module
 */

import { ReadableByteStreamController, ReadableStream, ReadableStreamBYOBReader,
  ReadableStreamBYOBRequest } from "stated:streams";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

async function settle() {
  for (let i = 0; i < 30; i++) await null;
}

/** @param {any} [source] @param {any} [strategy] @returns {{ stream: ReadableStream<any>, controller: any }} */
function controlled(source = {}, strategy = undefined) {
  /** @type {any} */ let controller;
  const stream = new ReadableStream({ ...source, type: "bytes", start: (given) => { controller = given; } }, strategy);
  return { stream, controller };
}

/** @param {ReadableStream<any>} stream @returns {any} */
const byob = (stream) => stream.getReader({ mode: "byob" });

/** @param {any} view @returns {number[]} */
const list = (view) => [...new Uint8Array(view.buffer, view.byteOffset, view.byteLength)];

// --- the constructor ----------------------------------------------------------------------------------------------------

test("a byte stream takes no size function, and its high water mark is 0 by default", () => {
  assertThrows(() => controlled({}, { size: () => 1 }), RangeError);
  assertEquals(controlled().controller.desiredSize, 0);
  assertEquals(controlled({}, { highWaterMark: 7 }).controller.desiredSize, 7);
});

test("autoAllocateChunkSize is a positive integer", () => {
  assertThrows(() => controlled({ autoAllocateChunkSize: 0 }), TypeError);
  for (const size of [-1, NaN, Infinity, 2 ** 53]) assertThrows(() => controlled({ autoAllocateChunkSize: size }), TypeError);
  controlled({ autoAllocateChunkSize: "5" });
});

test("the source gets a byte stream controller", () => {
  assert(controlled().controller instanceof ReadableByteStreamController);
});

// --- enqueue -----------------------------------------------------------------------------------------------------------------

test("enqueue takes views with bytes and nothing else", () => {
  const { controller } = controlled();
  for (const chunk of [undefined, null, 5, "text", {}, [1], new ArrayBuffer(1), new Uint8Array(0), new Uint8Array(new ArrayBuffer(0))]) {
    assertThrows(() => controller.enqueue(chunk), TypeError);
  }
  controller.enqueue(new DataView(new ArrayBuffer(2)));
  assertEquals(controller.desiredSize, -2);
});

test("enqueue takes the buffer away from its owner", () => {
  const { controller } = controlled();
  const chunk = new Uint8Array([1, 2, 3]);
  controller.enqueue(chunk);
  assertEquals([chunk.byteLength, chunk.buffer.byteLength], [0, 0]);
  assertThrows(() => controller.enqueue(chunk), TypeError);
});

test("a default reader gets Uint8Arrays, whatever was enqueued, and only the part that the view showed", async () => {
  const { stream, controller } = controlled();
  controller.enqueue(new Uint16Array([0x0201, 0x0403, 0x0605]).subarray(1, 2));
  controller.enqueue(new DataView(new Uint8Array([7, 8, 9]).buffer, 1));
  const reader = stream.getReader();
  assertEquals([(await reader.read()).value, (await reader.read()).value], [new Uint8Array([3, 4]), new Uint8Array([8, 9])]);
});

test("close with a half filled element is an error for both sides", async () => {
  const { stream, controller } = controlled();
  const reading = byob(stream).read(new Uint16Array(1));
  controller.enqueue(new Uint8Array([1]));
  assertThrows(() => controller.close(), TypeError);
  await assertRejects(reading, TypeError);
});

// --- BYOB reads ---------------------------------------------------------------------------------------------------------------

test("read wants a view with elements and a buffer", async () => {
  const reader = byob(controlled().stream);
  for (const view of [undefined, null, {}, 5, new ArrayBuffer(3), new Uint8Array(0), new Uint8Array(new ArrayBuffer(4), 4)]) {
    await assertRejects(reader.read(view), TypeError);
  }
  const detached = new Uint8Array(1);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  await assertRejects(reader.read(detached), TypeError);
});

test("read takes the view's buffer at once, and gives a view of the same kind, length and place", async () => {
  const { stream, controller } = controlled();
  const reader = byob(stream);
  const view = new Uint16Array(new ArrayBuffer(10), 2, 3);
  const reading = reader.read(view);
  assertEquals([view.byteLength, view.buffer.byteLength], [0, 0]);
  controller.enqueue(new Uint8Array([1, 2, 3, 4]));
  const { value, done } = await reading;
  assert(value instanceof Uint16Array);
  assertEquals([done, value.byteOffset, value.length, value.buffer.byteLength, list(value)], [false, 2, 2, 10, [1, 2, 3, 4]]);
});

test("a DataView comes back as a DataView", async () => {
  const { stream, controller } = controlled();
  controller.enqueue(new Uint8Array([5]));
  const { value } = await byob(stream).read(new DataView(new ArrayBuffer(4)));
  assert(value instanceof DataView);
  assertEquals(list(value), [5]);
});

test("bytes that do not fill an element wait for the rest", async () => {
  const { stream, controller } = controlled();
  const reader = byob(stream);
  const reading = reader.read(new Uint16Array(2));
  let done = false;
  void reading.then(() => { done = true; });
  controller.enqueue(new Uint8Array([1]));
  await settle();
  assertEquals(done, false);
  controller.enqueue(new Uint8Array([2, 3]));
  assertEquals(list((await reading).value), [1, 2]);
  controller.enqueue(new Uint8Array([4]));
  assertEquals(list((await reader.read(new Uint8Array(4))).value), [3, 4]);
});

test("one read takes from several chunks, and leaves what does not fit", async () => {
  const { stream, controller } = controlled();
  controller.enqueue(new Uint8Array([1, 2]));
  controller.enqueue(new Uint8Array([3, 4]));
  const reader = byob(stream);
  assertEquals(list((await reader.read(new Uint8Array(3))).value), [1, 2, 3]);
  assertEquals(list((await reader.read(new Uint8Array(3))).value), [4]);
});

test("min waits for so many elements", async () => {
  const { stream, controller } = controlled();
  const reading = byob(stream).read(new Uint16Array(4), { min: 2 });
  let done = false;
  void reading.then(() => { done = true; });
  controller.enqueue(new Uint8Array([1, 2, 3]));
  await settle();
  assertEquals(done, false);
  controller.enqueue(new Uint8Array([4, 5]));
  assertEquals(list((await reading).value), [1, 2, 3, 4]);
});

test("min is at least 1 and at most the view's length", async () => {
  const reader = byob(controlled().stream);
  for (const min of [0, -1, NaN, Infinity]) await assertRejects(reader.read(new Uint8Array(4), { min }), TypeError);
  await assertRejects(reader.read(new Uint8Array(4), { min: 5 }), RangeError);
  await assertRejects(reader.read(new Uint16Array(2), { min: 3 }), RangeError);
  await assertRejects(reader.read(new DataView(new ArrayBuffer(2)), { min: 3 }), RangeError);
});

test("the end of the stream answers a read with min by what there is", async () => {
  const { stream, controller } = controlled();
  controller.enqueue(new Uint8Array([1, 2]));
  controller.close();
  const reader = byob(stream);
  const first = await reader.read(new Uint8Array(4), { min: 2 });
  assertEquals([first.done, list(first.value)], [false, [1, 2]]);
  const last = await reader.read(new Uint8Array(4), { min: 4 });
  assertEquals([last.done, last.value.byteLength, last.value.buffer.byteLength], [true, 0, 4]);
});

test("a closed stream gives the buffer back in an empty view", async () => {
  const { stream, controller } = controlled();
  controller.close();
  const { value, done } = await byob(stream).read(new Uint16Array(new ArrayBuffer(8), 2, 2));
  assert(value instanceof Uint16Array);
  assertEquals([done, value.length, value.byteOffset, value.buffer.byteLength], [true, 0, 2, 8]);
});

test("a cancelled stream answers a waiting BYOB read without a view", async () => {
  const { stream } = controlled();
  const reader = byob(stream);
  const reading = reader.read(new Uint8Array(2));
  await reader.cancel();
  assertEquals(await reading, { value: undefined, done: true });
});

test("a waiting BYOB read of a stream that is closed is answered when the request is", async () => {
  const { stream, controller } = controlled();
  const reading = byob(stream).read(new Uint8Array(2));
  let answered = false;
  void reading.then(() => { answered = true; });
  controller.close();
  await settle();
  assertEquals(answered, false);
  controller.byobRequest.respond(0);
  const { value, done } = await reading;
  assertEquals([done, value.byteLength, value.buffer.byteLength], [true, 0, 2]);
});

test("an error rejects the waiting reads", async () => {
  const { stream, controller } = controlled();
  const reading = byob(stream).read(new Uint8Array(1));
  controller.error("broken");
  assertEquals(await reading.catch((error) => error), "broken");
});

test("releaseLock rejects the waiting BYOB reads, and the bytes go to the next reader", async () => {
  const { stream, controller } = controlled();
  const first = byob(stream);
  const reading = first.read(new Uint8Array(2));
  first.releaseLock();
  await assertRejects(reading, TypeError);
  controller.enqueue(new Uint8Array([1]));
  assertEquals((await stream.getReader().read()).value, new Uint8Array([1]));
});

test("a partly filled read that was released leaves its bytes to the next reader", async () => {
  const { stream, controller } = controlled();
  const first = byob(stream);
  const reading = first.read(new Uint8Array(4), { min: 3 });
  controller.enqueue(new Uint8Array([1, 2]));
  first.releaseLock();
  await assertRejects(reading, TypeError);
  controller.enqueue(new Uint8Array([3]));
  const second = byob(stream);
  const seen = [];
  while (seen.length < 3) seen.push(...list((await second.read(new Uint8Array(8))).value));
  assertEquals(seen, [1, 2, 3]);
});

// --- byobRequest ------------------------------------------------------------------------------------------------------------

test("there is no request without a BYOB read", async () => {
  const { stream, controller } = controlled();
  assertEquals(controller.byobRequest, null);
  void stream.getReader().read();
  await settle();
  assertEquals(controller.byobRequest, null);
});

test("a BYOB read shows as a request with the room that is left", async () => {
  const { stream, controller } = controlled();
  void byob(stream).read(new Uint16Array(new ArrayBuffer(12), 4, 3));
  const request = controller.byobRequest;
  assert(request instanceof ReadableStreamBYOBRequest && controller.byobRequest === request);
  const { view } = request;
  assert(view instanceof Uint8Array);
  assertEquals([view.byteOffset, view.byteLength, view.buffer.byteLength], [4, 6, 12]);
  assert(request.view === view);
});

test("respond tells how many bytes were written", async () => {
  const { stream, controller } = controlled();
  const reading = byob(stream).read(new Uint8Array(4));
  const request = controller.byobRequest;
  request.view[0] = 9;
  request.view[1] = 8;
  request.respond(2);
  assertEquals(list((await reading).value), [9, 8]);
  assertEquals([request.view, controller.byobRequest], [null, null]);
});

test("respond refuses more than there is room for, nothing while open, and anything after close", async () => {
  const { stream, controller } = controlled();
  const reader = byob(stream);
  void reader.read(new Uint8Array(2));
  assertThrows(() => controller.byobRequest.respond(3), RangeError);
  assertThrows(() => controller.byobRequest.respond(0), TypeError);
  for (const count of [-1, NaN, Infinity]) assertThrows(() => controller.byobRequest.respond(count), TypeError);
  controller.close();
  assertThrows(() => controller.byobRequest.respond(1), TypeError);
  controller.byobRequest.respond(0);
});

test("an answered request cannot be answered again", () => {
  const { stream, controller } = controlled();
  void byob(stream).read(new Uint8Array(2));
  const request = controller.byobRequest;
  request.respond(1);
  assertThrows(() => request.respond(1), TypeError);
  assertThrows(() => request.respondWithNewView(new Uint8Array(1)), TypeError);
});

test("enqueue makes the request before it invalid", () => {
  const { stream, controller } = controlled();
  void byob(stream).read(new Uint8Array(2));
  const request = controller.byobRequest;
  controller.enqueue(new Uint8Array([1]));
  assertEquals([request.view, controller.byobRequest], [null, null]);
  assertThrows(() => request.respond(1), TypeError);
});

test("respondWithNewView takes a view of the same place in a moved buffer", async () => {
  const { stream, controller } = controlled();
  const reading = byob(stream).read(new Uint8Array(new ArrayBuffer(8), 2, 4));
  const moved = structuredClone(controller.byobRequest.view.buffer, { transfer: [controller.byobRequest.view.buffer] });
  const view = new Uint8Array(moved, 2, 3);
  view.set([1, 2, 3]);
  controller.byobRequest.respondWithNewView(view);
  const { value } = await reading;
  assertEquals([list(value), value.byteOffset], [[1, 2, 3], 2]);
});

test("respondWithNewView refuses another place, another size, more bytes, and none", () => {
  const refused = [
    ["offset", (/** @type {Uint8Array} */ view) => new Uint8Array(view.buffer, 1, 1), RangeError],
    ["buffer", () => new Uint8Array(new ArrayBuffer(9), 0, 1), RangeError],
    ["length", () => new Uint8Array(new ArrayBuffer(4), 0, 4), undefined],
    ["empty", (/** @type {Uint8Array} */ view) => new Uint8Array(view.buffer, 0, 0), TypeError],
    ["no view", () => 5, TypeError],
  ];
  for (const [name, make, Class] of /** @type {[string, Function, any][]} */ (refused)) {
    const { stream, controller } = controlled();
    void byob(stream).read(new Uint8Array(4));
    const request = controller.byobRequest;
    if (Class === undefined) request.respondWithNewView(make(request.view));
    else assert(assertThrows(() => request.respondWithNewView(make(request.view)), Class) !== undefined, name);
  }
});

test("the bytes of a request that are no whole element go to the next read", async () => {
  const { stream, controller } = controlled();
  const reader = byob(stream);
  const reading = reader.read(new Uint16Array(2));
  controller.byobRequest.view.set([1, 2, 3]);
  controller.byobRequest.respond(3);
  assertEquals(list((await reading).value), [1, 2]);
  controller.enqueue(new Uint8Array([4]));
  assertEquals(list((await reader.read(new Uint16Array(1))).value), [3, 4]);
});

test("a source with autoAllocateChunkSize gets a request for a default read", async () => {
  let asked = 0;
  const stream = new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: 6,
    pull(controller) {
      const { view } = /** @type {any} */ (controller.byobRequest);
      asked = view.byteLength;
      view[0] = 7;
      /** @type {any} */ (controller.byobRequest).respond(1);
    },
  });
  const { value } = await stream.getReader().read();
  assertEquals([value, value.buffer.byteLength, asked], [new Uint8Array([7]), 6, 6]);
});

test("pull is called for a BYOB read, and again until it is answered", async () => {
  let calls = 0;
  const stream = new ReadableStream({
    type: "bytes",
    pull(controller) {
      calls++;
      /** @type {any} */ (controller.byobRequest).view[0] = calls;
      /** @type {any} */ (controller.byobRequest).respond(1);
    },
  });
  assertEquals(list((await byob(stream).read(new Uint8Array(8), { min: 3 })).value), [1, 2, 3]);
  assertEquals(calls, 3);
});

test("a cancel inside pull leaves the request without a stream", async () => {
  /** @type {any} */ let reader;
  let error;
  const stream = new ReadableStream({
    type: "bytes",
    pull(controller) {
      const request = /** @type {any} */ (controller.byobRequest);
      void reader.cancel();
      try {
        request.respond(1);
      } catch (thrown) {
        error = thrown;
      }
    },
  });
  reader = byob(stream);
  assertEquals(await reader.read(new Uint8Array(1)), { value: undefined, done: true });
  assert(error instanceof TypeError);
});

test("an enqueue fills several waiting reads in order", async () => {
  const { stream, controller } = controlled();
  const reader = byob(stream);
  const reads = [reader.read(new Uint8Array(2)), reader.read(new Uint8Array(2))];
  controller.enqueue(new Uint8Array([1, 2, 3]));
  assertEquals((await Promise.all(reads)).map(({ value }) => list(value)), [[1, 2], [3]]);
});

test("the byte stream's desiredSize counts bytes", async () => {
  const { stream, controller } = controlled({}, { highWaterMark: 10 });
  controller.enqueue(new Uint8Array(4));
  assertEquals(controller.desiredSize, 6);
  await byob(stream).read(new Uint8Array(1));
  assertEquals(controller.desiredSize, 7);
});

test("a BYOB reader's constructor wants a byte stream", () => {
  assertThrows(() => new ReadableStreamBYOBReader(/** @type {any} */ (new ReadableStream())), TypeError);
  new ReadableStreamBYOBReader(/** @type {any} */ (controlled().stream));
});
