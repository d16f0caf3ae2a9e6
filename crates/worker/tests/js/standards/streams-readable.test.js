/**
 * Readable streams with a default controller, after sections 4.2 to 4.6 and 4.9 of the Streams standard.
 *
 * @module
 */

import { CountQueuingStrategy, ReadableStream, ReadableStreamDefaultController,
  ReadableStreamDefaultReader } from "stated:streams";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

/** Runs all reactions that are due. */
async function settle() {
  for (let i = 0; i < 30; i++) await null;
}

/**
 * A stream and its controller.
 *
 * @param {any} [source]
 * @param {any} [strategy]
 * @returns {{ stream: ReadableStream<any>, controller: any }}
 */
function controlled(source = {}, strategy = undefined) {
  /** @type {any} */ let controller;
  const stream = new ReadableStream({ ...source, start: (given) => { controller = given; } }, strategy);
  return { stream, controller };
}

// --- 4.2.4 the constructor --------------------------------------------------------------------------------------------

// The standard refuses null.
test("a stream needs no source, and null is none", () => {
  assertEquals([new ReadableStream().locked, new ReadableStream(undefined, undefined).locked], [false, false]);
  assertEquals(new ReadableStream(/** @type {any} */ (null)).locked, false);
});

test("a source that is no object is refused", () => {
  for (const source of [5, "source", true, Symbol("x")]) assertThrows(() => new ReadableStream(/** @type {any} */ (source)), TypeError);
});

test("a source's members must be functions", () => {
  for (const member of ["start", "pull", "cancel"]) {
    for (const value of [null, 5, "f", {}]) assertThrows(() => new ReadableStream({ [member]: value }), TypeError);
    new ReadableStream({ [member]: undefined });
  }
});

test("the type is nothing or bytes", () => {
  for (const type of ["", "byte", null, 5, "BYTES"]) assertThrows(() => new ReadableStream(/** @type {any} */ ({ type })), TypeError);
  new ReadableStream({ type: undefined });
  new ReadableStream(/** @type {any} */ ({ type: { toString: () => "bytes" } }));
});

test("a source's members are read once, in the order of their names, and before the size function is called", () => {
  const order = [];
  const source = new Proxy({}, { get: (_, key) => void order.push(String(key)) });
  const strategy = new Proxy({}, { get: (_, key) => void order.push(String(key)) });
  new ReadableStream(source, strategy);
  // The strategy is converted with the arguments, the source only in the steps of the constructor.
  assertEquals(order, ["highWaterMark", "size", "autoAllocateChunkSize", "cancel", "pull", "start", "type"]);
});

test("start, pull and cancel are called on the source with their arguments", async () => {
  const calls = [];
  const source = {
    start(...given) { calls.push(["start", this === source, given.length, given[0] instanceof ReadableStreamDefaultController]); },
    pull(...given) { calls.push(["pull", this === source, given.length, given[0] instanceof ReadableStreamDefaultController]); },
    cancel(...given) { calls.push(["cancel", this === source, given.length, given[0] === "why"]); },
  };
  const stream = new ReadableStream(source);
  await settle();
  await stream.cancel("why");
  assertEquals(calls, [["start", true, 1, true], ["pull", true, 1, true], ["cancel", true, 1, true]]);
});

test("a start that throws makes the constructor throw the same", () => {
  const error = new RangeError("no start");
  assert(assertThrows(() => new ReadableStream({ start() { throw error; } })) === error);
});

test("a start that rejects makes the stream fail, and pull is never called", async () => {
  const error = new RangeError("no start");
  let pulled = 0;
  const stream = new ReadableStream({ start: () => Promise.reject(error), pull: () => { pulled++; } });
  const reader = stream.getReader();
  assert(await assertRejects(reader.read()) === error);
  assert(await assertRejects(reader.closed) === error);
  assertEquals(pulled, 0);
});

test("pull waits for start's promise", async () => {
  let pulled = 0;
  let started = () => {};
  new ReadableStream({ start: () => new Promise((resolve) => { started = () => resolve(undefined); }), pull: () => { pulled++; } });
  await settle();
  assertEquals(pulled, 0);
  started();
  await settle();
  assertEquals(pulled, 1);
});

test("start's thenable is waited for as well", async () => {
  const order = [];
  new ReadableStream({
    start: () => /** @type {any} */ ({ then: (done) => { order.push("then"); done(); } }),
    pull: () => { order.push("pull"); },
  });
  assertEquals(order, []);
  await settle();
  assertEquals(order, ["then", "pull"]);
});

// --- 4.2.4, 7 the strategy -----------------------------------------------------------------------------------------------

test("the high water mark is 1 by default, and refuses what is no size", () => {
  assertEquals(controlled().controller.desiredSize, 1);
  for (const highWaterMark of [-1, NaN, -Infinity, "x", {}]) {
    assertThrows(() => new ReadableStream({}, { highWaterMark: /** @type {any} */ (highWaterMark) }), RangeError);
  }
  assertEquals(controlled({}, { highWaterMark: Infinity }).controller.desiredSize, Infinity);
  assertEquals(controlled({}, { highWaterMark: "3" }).controller.desiredSize, 3);
  assertEquals(controlled({}, { highWaterMark: 0.5 }).controller.desiredSize, 0.5);
});

test("a strategy is an object, its size a function", () => {
  for (const strategy of [5, "a", true]) assertThrows(() => new ReadableStream({}, /** @type {any} */ (strategy)), TypeError);
  new ReadableStream({}, /** @type {any} */ (null));
  for (const size of [null, 5, {}]) assertThrows(() => new ReadableStream({}, /** @type {any} */ ({ size })), TypeError);
});

test("the size function is called without a this, once for each chunk", () => {
  const seen = [];
  const { controller } = controlled({}, { highWaterMark: 10, size(...given) { seen.push([this, ...given]); return 2; } });
  controller.enqueue("a");
  controller.enqueue("b");
  assertEquals([seen, controller.desiredSize], [[[undefined, "a"], [undefined, "b"]], 6]);
});

test("a size that throws makes enqueue throw it and the stream fail with it", async () => {
  const error = new RangeError("no size");
  const { stream, controller } = controlled({}, { size() { throw error; } });
  assert(assertThrows(() => controller.enqueue("a")) === error);
  assert(await assertRejects(stream.getReader().read()) === error);
});

test("a size that is no number, or negative, or infinite, is a RangeError for both", async () => {
  for (const size of [NaN, -1, Infinity, -Infinity, "x", undefined]) {
    const { stream, controller } = controlled({}, { size: () => size });
    assertThrows(() => controller.enqueue("a"), RangeError);
    await assertRejects(stream.getReader().read(), RangeError);
  }
});

test("a chunk of no size is kept like any other", async () => {
  const { stream, controller } = controlled({}, { highWaterMark: 0, size: () => 0 });
  controller.enqueue("a");
  assertEquals([controller.desiredSize, await stream.getReader().read()], [0, { value: "a", done: false }]);
});

test("a size function that errors the stream leaves the chunk out, and enqueue says nothing", async () => {
  /** @type {any} */ let controller;
  const stream = new ReadableStream({ start(given) { controller = given; } }, { size() { controller.error("inside"); return 1; } });
  controller.enqueue("a");
  assertEquals(await stream.getReader().read().catch((error) => error), "inside");
});

test("a waiting read gets its chunk without a call of size", async () => {
  let sized = 0;
  const { stream, controller } = controlled({}, { size: () => { sized++; return 1; } });
  const reading = stream.getReader().read();
  await settle();
  controller.enqueue("a");
  assertEquals([await reading, sized], [{ value: "a", done: false }, 0]);
});

// --- 4.6 the controller ------------------------------------------------------------------------------------------------------

test("desiredSize counts down below zero, is 0 when closed and null when failed", () => {
  const { controller } = controlled();
  controller.enqueue("a");
  controller.enqueue("b");
  assertEquals(controller.desiredSize, -1);
  const closed = controlled().controller;
  closed.close();
  assertEquals(closed.desiredSize, 0);
  const failed = controlled().controller;
  failed.error(1);
  assertEquals(failed.desiredSize, null);
});

test("close waits for what is queued", async () => {
  const { stream, controller } = controlled();
  controller.enqueue("a");
  controller.close();
  const reader = stream.getReader();
  let closed = false;
  void reader.closed.then(() => { closed = true; });
  await settle();
  assertEquals(closed, false);
  assertEquals(await reader.read(), { value: "a", done: false });
  await reader.closed;
  assertEquals(await reader.read(), { value: undefined, done: true });
});

test("close and enqueue are errors after close, error or cancel", async () => {
  const closed = controlled();
  closed.controller.close();
  const requested = controlled();
  requested.controller.enqueue("a");
  requested.controller.close();
  const failed = controlled();
  failed.controller.error("x");
  const cancelled = controlled();
  await cancelled.stream.cancel();
  for (const { controller } of [closed, requested, failed, cancelled]) {
    assertThrows(() => controller.close(), TypeError);
    assertThrows(() => controller.enqueue("b"), TypeError);
    controller.error("again");
  }
});

test("error drops what is queued, and only the first one counts", async () => {
  const { stream, controller } = controlled();
  controller.enqueue("a");
  controller.error("first");
  controller.error("second");
  assertEquals(await stream.getReader().read().catch((error) => error), "first");
});

test("error without a reason is undefined", async () => {
  const { stream, controller } = controlled();
  controller.error();
  const reader = stream.getReader();
  assertEquals(await reader.closed.catch((error) => [error]), [undefined]);
});

test("any value is a chunk, also a promise, which is not waited for", async () => {
  const { stream, controller } = controlled();
  const promise = Promise.resolve(1);
  for (const chunk of [undefined, null, promise]) controller.enqueue(chunk);
  const reader = stream.getReader();
  assertEquals((await reader.read()).value, undefined);
  assertEquals((await reader.read()).value, null);
  assert((await reader.read()).value === promise);
});

// --- pulling ----------------------------------------------------------------------------------------------------------------

test("pull is called until the queue is full, one call at a time", async () => {
  let running = 0;
  let most = 0;
  let calls = 0;
  new ReadableStream({
    async pull(controller) {
      most = Math.max(most, ++running);
      await null;
      calls++;
      controller.enqueue(calls);
      running--;
    },
  }, new CountQueuingStrategy({ highWaterMark: 4 }));
  await settle();
  await settle();
  assertEquals([calls, most], [4, 1]);
});

test("pull is not called again when it enqueued nothing, until somebody reads", async () => {
  let calls = 0;
  const stream = new ReadableStream({ pull: () => { calls++; } });
  await settle();
  assertEquals(calls, 1);
  void stream.getReader().read();
  await settle();
  assertEquals(calls, 2);
});

test("a high water mark of 0 pulls only for a read", async () => {
  let calls = 0;
  const stream = new ReadableStream({ pull: (controller) => { controller.enqueue(++calls); } }, { highWaterMark: 0 });
  await settle();
  assertEquals(calls, 0);
  const reader = stream.getReader();
  assertEquals(await reader.read(), { value: 1, done: false });
  await settle();
  assertEquals(calls, 1);
});

test("pull is not called after close, error or cancel", async () => {
  for (const end of ["close", "error", "cancel"]) {
    let calls = 0;
    const { stream, controller } = controlled({ pull: () => { calls++; } });
    if (end === "cancel") void stream.cancel();
    else controller[end]();
    await settle();
    assertEquals(calls, 0, end);
  }
});

test("a pull that throws or rejects makes the stream fail with that", async () => {
  const error = new RangeError("no more");
  for (const pull of [() => { throw error; }, () => Promise.reject(error)]) {
    const reader = new ReadableStream({ pull }).getReader();
    assert(await assertRejects(reader.read()) === error);
    assert(await assertRejects(reader.closed) === error);
  }
});

test("a pull that errors the stream and then throws keeps the first error", async () => {
  const stream = new ReadableStream({ pull(controller) { controller.error("first"); throw new Error("second"); } });
  assertEquals(await stream.getReader().read().catch((error) => error), "first");
});

test("a pull that closes ends the read that caused it", async () => {
  const stream = new ReadableStream({ pull: (controller) => controller.close() }, { highWaterMark: 0 });
  assertEquals(await stream.getReader().read(), { value: undefined, done: true });
});

test("an enqueue inside pull causes no second pull until the first one is over", async () => {
  const order = [];
  let calls = 0;
  const stream = new ReadableStream({
    async pull(controller) {
      calls++;
      order.push(`begin ${calls}`);
      controller.enqueue(calls);
      await null;
      order.push(`end ${calls}`);
      if (calls === 2) controller.close();
    },
  }, { highWaterMark: 0 });
  const reader = stream.getReader();
  await Promise.all([reader.read(), reader.read()]);
  await settle();
  assertEquals(order.slice(0, 4), ["begin 1", "end 1", "begin 2", "end 2"]);
});

// --- 4.2.5 cancel ---------------------------------------------------------------------------------------------------------------

test("cancel passes its reason and resolves with undefined, whatever the source answers", async () => {
  const stream = new ReadableStream({ cancel: () => /** @type {any} */ ("answer") });
  assertEquals(await stream.cancel("why"), undefined);
});

test("cancel waits for the source, and closes the stream at once", async () => {
  let finish = () => {};
  const stream = new ReadableStream({ cancel: () => new Promise((resolve) => { finish = () => resolve(undefined); }) });
  const reader = stream.getReader();
  let done = false;
  const cancelling = reader.cancel().then(() => { done = true; });
  assertEquals(await reader.read(), { value: undefined, done: true });
  await reader.closed;
  assertEquals(done, false);
  finish();
  await cancelling;
});

test("a cancel that throws or rejects rejects the promise, and the stream stays closed", async () => {
  const error = new RangeError("no cancel");
  for (const cancel of [() => { throw error; }, () => Promise.reject(error)]) {
    const stream = new ReadableStream({ cancel });
    const reader = stream.getReader();
    assert(await assertRejects(reader.cancel()) === error);
    await reader.closed;
  }
});

test("a closed stream is cancelled without the source, a failed one rejects with its error", async () => {
  let calls = 0;
  const closed = controlled({ cancel: () => { calls++; } });
  closed.controller.close();
  assertEquals(await closed.stream.cancel("x"), undefined);
  const failed = controlled({ cancel: () => { calls++; } });
  failed.controller.error("reason");
  assertEquals(await failed.stream.cancel("x").catch((error) => error), "reason");
  assertEquals(calls, 0);
});

test("a locked stream is not cancelled but by its reader", async () => {
  let calls = 0;
  const stream = new ReadableStream({ cancel: () => { calls++; } });
  const reader = stream.getReader();
  await assertRejects(stream.cancel(), TypeError);
  assertEquals(calls, 0);
  await reader.cancel();
  assertEquals(calls, 1);
});

test("cancel drops what is queued and ends the waiting reads", async () => {
  const { stream, controller } = controlled();
  controller.enqueue("a");
  const reader = stream.getReader();
  void reader.cancel();
  assertEquals(await reader.read(), { value: undefined, done: true });
  const waiting = controlled().stream.getReader();
  const reading = waiting.read();
  void waiting.cancel();
  assertEquals(await reading, { value: undefined, done: true });
});

test("a cancel inside the source's cancel resolves, and the source is asked once", async () => {
  let calls = 0;
  /** @type {any} */ let reader;
  const stream = new ReadableStream({ cancel() { calls++; return reader.cancel("inner"); } });
  reader = stream.getReader();
  await reader.cancel("outer");
  assertEquals(calls, 1);
});

test("a chunk's reaction that cancels leaves the later reads without chunks", async () => {
  const { stream, controller } = controlled();
  const reader = stream.getReader();
  const first = reader.read().then((result) => { void reader.cancel("enough"); return result; });
  const second = reader.read();
  const third = reader.read();
  controller.enqueue("a");
  assertEquals([await first, await second, await third].map(({ done }) => done), [false, true, true]);
});

// --- 4.4 the default reader -----------------------------------------------------------------------------------------------------

test("getReader takes no other mode than byob", () => {
  for (const mode of ["", "bytes", "BYOB", null, 5]) assertThrows(() => new ReadableStream().getReader(/** @type {any} */ ({ mode })), TypeError);
  for (const options of [undefined, null, {}, { mode: undefined }]) new ReadableStream().getReader(/** @type {any} */ (options));
  assertThrows(() => new ReadableStream().getReader(/** @type {any} */ (5)), TypeError);
});

test("the reader's constructor locks the stream, and only one may", () => {
  const stream = new ReadableStream();
  new ReadableStreamDefaultReader(stream);
  assertEquals(stream.locked, true);
  assertThrows(() => new ReadableStreamDefaultReader(stream), TypeError);
});

test("a default stream has no BYOB reader", () => {
  assertThrows(() => new ReadableStream().getReader({ mode: "byob" }), TypeError);
});

test("reads are answered in their order", async () => {
  const { stream, controller } = controlled();
  const reader = stream.getReader();
  const order = [];
  const reads = ["first", "second"].map((name) => reader.read().then(({ value }) => { order.push([name, value]); }));
  controller.enqueue("a");
  controller.enqueue("b");
  await Promise.all(reads);
  assertEquals(order, [["first", "a"], ["second", "b"]]);
});

test("a read's result is an ordinary object with value and done", async () => {
  const { stream, controller } = controlled();
  controller.enqueue("a");
  const reader = stream.getReader();
  const result = await reader.read();
  assert(Object.getPrototypeOf(result) === Object.prototype);
  assertEquals(Object.keys(result), ["value", "done"]);
  assertEquals(Object.getOwnPropertyDescriptor(result, "value"), { value: "a", writable: true, enumerable: true, configurable: true });
  controller.close();
  assertEquals(Object.keys(await reader.read()), ["value", "done"]);
});

test("each read of a failed stream rejects with the very same error", async () => {
  const { stream, controller } = controlled();
  const error = { any: "thing" };
  const reader = stream.getReader();
  const waiting = reader.read().catch((given) => given);
  controller.error(error);
  assert(await waiting === error && await reader.read().catch((given) => given) === error);
});

test("closed is the same promise until the lock is released, then a rejected one", async () => {
  const { stream, controller } = controlled();
  const reader = stream.getReader();
  const { closed } = reader;
  assert(reader.closed === closed);
  reader.releaseLock();
  // It was pending, so it is the one that is rejected.
  assert(reader.closed === closed);
  await assertRejects(closed, TypeError);
  const again = stream.getReader();
  controller.close();
  await again.closed;
  const before = again.closed;
  again.releaseLock();
  assert(again.closed !== before);
  await before;
  await assertRejects(again.closed, TypeError);
});

test("releaseLock rejects the waiting reads with a TypeError, and the chunk goes to the next reader", async () => {
  const { stream, controller } = controlled();
  const first = stream.getReader();
  const reading = first.read();
  first.releaseLock();
  await assertRejects(reading, TypeError);
  controller.enqueue("a");
  assertEquals(await stream.getReader().read(), { value: "a", done: false });
});

test("a released reader can do nothing, and may be released again", async () => {
  const { stream } = controlled();
  const reader = stream.getReader();
  reader.releaseLock();
  reader.releaseLock();
  await assertRejects(reader.read(), TypeError);
  await assertRejects(reader.cancel(), TypeError);
  assertEquals(stream.locked, false);
});

test("releasing one reader twice does not release the next one's lock", () => {
  const { stream } = controlled();
  const first = stream.getReader();
  first.releaseLock();
  stream.getReader();
  first.releaseLock();
  assertEquals(stream.locked, true);
});

test("the reactions of closed run after those of the last read", async () => {
  const { stream, controller } = controlled();
  const reader = stream.getReader();
  const order = [];
  const all = [
    reader.closed.then(() => order.push("closed")),
    reader.read().then(() => order.push("read")),
  ];
  controller.close();
  await Promise.all(all);
  // ReadableStreamClose resolves the closed promise first, then the reads.
  assertEquals(order, ["closed", "read"]);
});

test("an error rejects closed before the reads", async () => {
  const { stream, controller } = controlled();
  const reader = stream.getReader();
  const order = [];
  const all = [
    reader.read().catch(() => order.push("read")),
    reader.closed.catch(() => order.push("closed")),
  ];
  controller.error("x");
  await Promise.all(all);
  assertEquals(order, ["closed", "read"]);
});
