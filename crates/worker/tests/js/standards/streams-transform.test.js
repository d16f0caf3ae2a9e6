/**
 * Transform streams, after section 6 of the Streams standard.
 *
 * @module
 */

import { ReadableStream, TransformStream, TransformStreamDefaultController, WritableStream } from "stated:streams";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

async function settle() {
  for (let i = 0; i < 40; i++) await null;
}

/** @param {AsyncIterable<any>} stream */
async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

test("without a transformer, chunks pass as they are", async () => {
  const { readable, writable } = new TransformStream();
  assert(readable instanceof ReadableStream && writable instanceof WritableStream);
  const chunk = {};
  void writable.getWriter().write(chunk);
  assert((await readable.getReader().read()).value === chunk);
});

test("a transformer is an object, its types are reserved, its members functions", () => {
  for (const transformer of [5, "x"]) assertThrows(() => new TransformStream(/** @type {any} */ (transformer)), TypeError);
  for (const member of ["readableType", "writableType"]) {
    assertThrows(() => new TransformStream({ [member]: "bytes" }), RangeError);
    assertThrows(() => new TransformStream({ [member]: null }), RangeError);
    new TransformStream({ [member]: undefined });
  }
  for (const member of ["start", "transform", "flush", "cancel"]) {
    for (const value of [null, 5, {}]) assertThrows(() => new TransformStream({ [member]: value }), TypeError);
  }
});

test("the members are read once, in the order of their names, after the strategies'", () => {
  const order = [];
  const recorder = (/** @type {string} */ name) => new Proxy({}, { get: (_, key) => void order.push(`${name}${String(key)}`) });
  new TransformStream(recorder(""), recorder("w."), recorder("r."));
  assertEquals(order, ["w.highWaterMark", "w.size", "r.highWaterMark", "r.size",
    "cancel", "flush", "readableType", "start", "transform", "writableType"]);
});

test("the methods get their arguments and the transformer as this", async () => {
  const calls = [];
  const transformer = {
    start(...given) { calls.push(["start", this === transformer, given.length, given[0] instanceof TransformStreamDefaultController]); },
    transform(...given) { calls.push(["transform", this === transformer, given.length, given[0]]); },
    flush(...given) { calls.push(["flush", this === transformer, given.length]); },
    cancel(...given) { calls.push(["cancel", this === transformer, given]); },
  };
  const { readable, writable } = new TransformStream(transformer);
  const writer = writable.getWriter();
  const reading = readable.getReader().read();
  await writer.write("a");
  await writer.close();
  await reading;
  await new TransformStream(transformer).readable.cancel("why");
  assertEquals(calls, [["start", true, 1, true], ["transform", true, 2, "a"], ["flush", true, 1], ["start", true, 1, true],
    ["cancel", true, ["why"]]]);
});

test("the readable side has a high water mark of 0 and the writable one of 1", async () => {
  /** @type {any} */ let controller;
  const { writable } = new TransformStream({ start(given) { controller = given; } });
  assertEquals([controller.desiredSize, writable.getWriter().desiredSize], [0, 1]);
  new TransformStream({ start(given) { controller = given; } }, { highWaterMark: 5 }, { highWaterMark: 7 });
  assertEquals(controller.desiredSize, 7);
});

test("a start that throws makes the constructor throw, one that rejects makes both sides fail", async () => {
  const error = new RangeError("no start");
  assert(assertThrows(() => new TransformStream({ start() { throw error; } })) === error);
  const { readable, writable } = new TransformStream({ start: () => Promise.reject(error) });
  assert(await assertRejects(readable.getReader().read()) === error);
  assert(await assertRejects(writable.getWriter().closed) === error);
});

test("start may enqueue, and nothing is transformed before it is over", async () => {
  const order = [];
  let started = () => {};
  const { readable, writable } = new TransformStream({
    start(controller) {
      controller.enqueue("first");
      return new Promise((resolve) => { started = () => resolve(undefined); });
    },
    transform(chunk) { order.push(chunk); },
  });
  const reader = readable.getReader();
  assertEquals(await reader.read(), { value: "first", done: false });
  void reader.read();
  void writable.getWriter().write("a");
  await settle();
  assertEquals(order, []);
  started();
  await settle();
  assertEquals(order, ["a"]);
});

test("a chunk is transformed only when somebody reads", async () => {
  let calls = 0;
  const { readable, writable } = new TransformStream({ transform(chunk, controller) { calls++; controller.enqueue(chunk); } });
  const writing = writable.getWriter().write("a");
  await settle();
  assertEquals(calls, 0);
  await readable.getReader().read();
  await writing;
  assertEquals(calls, 1);
});

test("one chunk may become none, one or many", async () => {
  const repeat = new TransformStream({ transform(count, controller) { for (let i = 0; i < count; i++) controller.enqueue(count); } });
  assertEquals(await collect(ReadableStream.from([0, 1, 3]).pipeThrough(repeat)), [1, 3, 3, 3]);
});

test("an asynchronous transform keeps the order", async () => {
  const slow = new TransformStream({
    async transform(chunk, controller) {
      for (let i = 0; i < 3 - chunk; i++) await settle();
      controller.enqueue(chunk);
    },
  });
  assertEquals(await collect(ReadableStream.from([0, 1, 2]).pipeThrough(slow)), [0, 1, 2]);
});

test("flush may enqueue before the end", async () => {
  const tail = new TransformStream({ flush: (controller) => controller.enqueue("tail") });
  assertEquals(await collect(ReadableStream.from(["a"]).pipeThrough(tail)), ["a", "tail"]);
});

test("close waits for flush", async () => {
  let flushed = () => {};
  const { readable, writable } = new TransformStream({ flush: () => new Promise((resolve) => { flushed = () => resolve(undefined); }) });
  let closed = false;
  const closing = writable.close().then(() => { closed = true; });
  const reading = readable.getReader().read();
  await settle();
  assertEquals(closed, false);
  flushed();
  await closing;
  assertEquals((await reading).done, true);
});

test("a transform or a flush that throws makes both sides fail with it", async () => {
  const error = new RangeError("broken");
  for (const method of ["transform", "flush"]) {
    const { readable, writable } = new TransformStream({ [method]() { throw error; } });
    const writer = writable.getWriter();
    const reading = readable.getReader().read().catch((given) => given);
    const results = await Promise.allSettled([writer.write("a"), writer.close()]);
    assert(/** @type {any} */ (results[1]).reason === error, method);
    assert(method === "flush" || await reading === error, method);
    assert(await assertRejects(writer.closed) === error, method);
  }
});

test("controller.error makes both sides fail", async () => {
  /** @type {any} */ let controller;
  const { readable, writable } = new TransformStream({ start(given) { controller = given; } });
  controller.error("broken");
  assertEquals(await readable.getReader().read().catch((error) => error), "broken");
  assertEquals(await writable.getWriter().write("a").catch((error) => error), "broken");
});

test("terminate ends the readable side and makes the writable one fail with a TypeError", async () => {
  /** @type {any} */ let controller;
  const { readable, writable } = new TransformStream({ start(given) { controller = given; } });
  controller.terminate();
  assertEquals(await readable.getReader().read(), { value: undefined, done: true });
  await assertRejects(writable.getWriter().write("a"), TypeError);
  assertThrows(() => controller.enqueue("b"), TypeError);
});

test("terminate lets through what is queued", async () => {
  const { readable, writable } = new TransformStream({
    transform(chunk, controller) { controller.enqueue(chunk); controller.terminate(); },
  });
  const writer = writable.getWriter();
  void writer.write("a");
  writer.closed.catch(() => {});
  assertEquals(await collect(readable), ["a"]);
});

test("cancel of the readable side calls cancel, and makes the writable side fail with the reason", async () => {
  const seen = [];
  const { readable, writable } = new TransformStream({ cancel(reason) { seen.push(reason); }, flush() { seen.push("flush"); } });
  await readable.cancel("why");
  assertEquals(seen, ["why"]);
  assertEquals(await writable.getWriter().closed.catch((error) => error), "why");
});

test("abort of the writable side calls cancel, and makes the readable side fail with the reason", async () => {
  const seen = [];
  const { readable, writable } = new TransformStream({ cancel(reason) { seen.push(reason); } });
  await writable.abort("why");
  assertEquals([seen, await readable.getReader().read().catch((error) => error)], [["why"], "why"]);
});

test("a cancel that throws rejects whoever caused it, and both sides fail", async () => {
  const error = new RangeError("no cancel");
  const first = new TransformStream({ cancel() { throw error; } });
  assert(await assertRejects(first.readable.cancel("x")) === error);
  assert(await assertRejects(first.writable.getWriter().closed) === error);
  const second = new TransformStream({ cancel() { throw error; } });
  assert(await assertRejects(second.writable.abort("x")) === error);
  assert(await assertRejects(second.readable.getReader().closed) === error);
});

test("cancel is called once, whichever sides end", async () => {
  let calls = 0;
  const { readable, writable } = new TransformStream({ cancel() { calls++; } });
  await Promise.allSettled([readable.cancel("r"), writable.abort("w")]);
  assertEquals(calls, 1);
});

test("flush does not run after cancel, nor cancel after flush", async () => {
  const order = [];
  const transformer = { flush() { order.push("flush"); }, cancel() { order.push("cancel"); } };
  const first = new TransformStream(transformer);
  const closing = first.writable.close();
  await settle();
  await Promise.allSettled([closing, first.readable.cancel()]);
  const second = new TransformStream(transformer);
  void second.readable.cancel();
  await Promise.allSettled([second.writable.close()]);
  assertEquals(order, ["flush", "cancel"]);
});

test("back-pressure shows on the writable side", async () => {
  const { readable, writable } = new TransformStream();
  const writer = writable.getWriter();
  let ready = false;
  void writer.ready.then(() => { ready = true; });
  await settle();
  // The readable side wants nothing, yet one chunk may wait on the writable side.
  assertEquals([ready, writer.desiredSize], [true, 1]);
  void writer.write("a");
  assertEquals(writer.desiredSize, 0);
  await readable.getReader().read();
  await writer.ready;
});

test("enqueue above the readable side's mark shows in desiredSize", () => {
  /** @type {any} */ let controller;
  new TransformStream({ start(given) { controller = given; } }, undefined, { highWaterMark: 2 });
  controller.enqueue("a");
  controller.enqueue("b");
  controller.enqueue("c");
  assertEquals(controller.desiredSize, -1);
});

test("a readable strategy's size that throws makes enqueue throw, and the writable side fail", async () => {
  const error = new RangeError("no size");
  /** @type {any} */ let controller;
  const { readable, writable } = new TransformStream({ start(given) { controller = given; } }, undefined, { size() { throw error; }, highWaterMark: 1 });
  assert(assertThrows(() => controller.enqueue("a")) === error);
  assert(await assertRejects(readable.getReader().read()) === error);
  assert(await assertRejects(writable.getWriter().write("a")) === error);
});

test("a transform that cancels its own readable side ends the write", async () => {
  const { readable, writable } = new TransformStream({
    transform(_, controller) { controller.enqueue("last"); void reader.cancel("enough"); },
  });
  const reader = readable.getReader();
  const reading = reader.read();
  const writer = writable.getWriter();
  writer.closed.catch(() => {});
  await Promise.allSettled([writer.write("a")]);
  assertEquals([await reading, await reader.read()], [{ value: "last", done: false }, { value: undefined, done: true }]);
});
