/**
 * Writable streams, after section 5 of the Streams standard.
 *
 * @module
 */

import { CountQueuingStrategy, WritableStream, WritableStreamDefaultController,
  WritableStreamDefaultWriter } from "stated:streams";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

async function settle() {
  for (let i = 0; i < 30; i++) await null;
}

function deferred() {
  /** @type {any} */ let resolve;
  /** @type {any} */ let reject;
  const promise = new Promise((yes, no) => { resolve = yes; reject = no; });
  return { promise, resolve, reject };
}

/** @param {any} [sink] @param {any} [strategy] @returns {{ stream: WritableStream<any>, controller: any }} */
function controlled(sink = {}, strategy = undefined) {
  /** @type {any} */ let controller;
  const stream = new WritableStream({ ...sink, start: (given) => { controller = given; } }, strategy);
  return { stream, controller };
}

// The standard refuses null.
test("a sink needs nothing, and null is none", () => {
  assertEquals([new WritableStream().locked, new WritableStream({}, {}).locked], [false, false]);
  assertEquals(new WritableStream(/** @type {any} */ (null)).locked, false);
  for (const sink of [5, "x"]) assertThrows(() => new WritableStream(/** @type {any} */ (sink)), TypeError);
});

test("a sink's type is reserved, and its members are functions", () => {
  for (const type of ["bytes", "", null, 0]) assertThrows(() => new WritableStream(/** @type {any} */ ({ type })), RangeError);
  new WritableStream({ type: undefined });
  for (const member of ["start", "write", "close", "abort"]) {
    for (const value of [null, 5, {}]) assertThrows(() => new WritableStream({ [member]: value }), TypeError);
  }
});

test("a sink's members are read once, in the order of their names, after the strategy's", () => {
  const order = [];
  const recorder = () => new Proxy({}, { get: (_, key) => void order.push(String(key)) });
  new WritableStream(recorder(), recorder());
  assertEquals(order, ["highWaterMark", "size", "abort", "close", "start", "type", "write"]);
});

test("the sink's methods get their arguments and the sink as this", async () => {
  const calls = [];
  const sink = {
    start(...given) { calls.push(["start", this === sink, given.length, given[0] instanceof WritableStreamDefaultController]); },
    write(...given) { calls.push(["write", this === sink, given.length, given[0], given[1] instanceof WritableStreamDefaultController]); },
    close(...given) { calls.push(["close", this === sink, given.length]); },
    abort(...given) { calls.push(["abort", this === sink, given]); },
  };
  const writer = new WritableStream(sink).getWriter();
  await writer.write("a");
  await writer.close();
  await new WritableStream(sink).abort("why");
  assertEquals(calls, [["start", true, 1, true], ["write", true, 2, "a", true], ["close", true, 0], ["start", true, 1, true],
    ["abort", true, ["why"]]]);
});

test("a start that throws makes the constructor throw; one that rejects makes the stream fail", async () => {
  const error = new RangeError("no start");
  assert(assertThrows(() => new WritableStream({ start() { throw error; } })) === error);
  const writer = new WritableStream({ start: () => Promise.reject(error) }).getWriter();
  assert(await assertRejects(writer.write("a")) === error);
  assert(await assertRejects(writer.closed) === error);
});

test("nothing is written before start is over", async () => {
  const started = deferred();
  const order = [];
  const writer = new WritableStream({ start: () => started.promise, write: (chunk) => { order.push(chunk); } }).getWriter();
  const writing = writer.write("a");
  await settle();
  assertEquals(order, []);
  started.resolve();
  await writing;
  assertEquals(order, ["a"]);
});

test("writes run one after the other, in order", async () => {
  const order = [];
  const writer = new WritableStream({
    async write(chunk) { order.push(`begin ${chunk}`); await null; await null; order.push(`end ${chunk}`); },
  }).getWriter();
  await Promise.all([writer.write(1), writer.write(2)]);
  assertEquals(order, ["begin 1", "end 1", "begin 2", "end 2"]);
});

test("write, close and abort resolve with undefined", async () => {
  const writer = new WritableStream({ write: () => /** @type {any} */ (5), close: () => /** @type {any} */ (6) }).getWriter();
  assertEquals([await writer.write(1), await writer.close(), await writer.closed], [undefined, undefined, undefined]);
  assertEquals(await new WritableStream({ abort: () => /** @type {any} */ (7) }).abort(), undefined);
});

test("ready waits while the queue is full", async () => {
  const gate = deferred();
  const writer = new WritableStream({ write: () => gate.promise }).getWriter();
  await writer.ready;
  assertEquals(writer.desiredSize, 1);
  void writer.write("a");
  assertEquals(writer.desiredSize, 0);
  let ready = false;
  void writer.ready.then(() => { ready = true; });
  await settle();
  assertEquals(ready, false);
  gate.resolve();
  await writer.ready;
  assertEquals(writer.desiredSize, 1);
});

test("ready is one promise for one time of back-pressure", async () => {
  const { stream } = controlled({ write: () => new Promise(() => {}) });
  const writer = stream.getWriter();
  const before = writer.ready;
  void writer.write("a");
  const during = writer.ready;
  assert(before !== during);
  void writer.write("b");
  assert(writer.ready === during);
});

test("a high water mark of 0 is back-pressure from the start", async () => {
  const writer = new WritableStream({}, { highWaterMark: 0 }).getWriter();
  assertEquals(writer.desiredSize, 0);
  let ready = false;
  void writer.ready.then(() => { ready = true; });
  await writer.write("a");
  await settle();
  assertEquals(ready, false);
});

test("the size function decides how much room a chunk takes", async () => {
  const { stream } = controlled({ write: () => new Promise(() => {}) }, { highWaterMark: 10, size: (chunk) => chunk.length });
  const writer = stream.getWriter();
  void writer.write("four");
  assertEquals(writer.desiredSize, 6);
});

test("a size that throws makes the stream fail, and the write with it", async () => {
  const error = new RangeError("no size");
  const writer = new WritableStream({}, { size() { throw error; } }).getWriter();
  assert(await assertRejects(writer.write("a")) === error);
  assert(await assertRejects(writer.closed) === error);
});

test("a size that is no number fails with a RangeError", async () => {
  for (const size of [NaN, -1, Infinity]) {
    await assertRejects(new WritableStream({}, { size: () => size }).getWriter().write("a"), RangeError);
  }
});

test("a size function that releases the lock rejects the write with a TypeError", async () => {
  /** @type {any} */ let writer;
  const stream = new WritableStream({}, { size: () => { writer.releaseLock(); return 1; } });
  writer = stream.getWriter();
  await assertRejects(writer.write("a"), TypeError);
});

test("a sink that throws or rejects makes the stream fail", async () => {
  const error = new RangeError("no write");
  for (const write of [() => { throw error; }, () => Promise.reject(error)]) {
    const writer = new WritableStream({ write }).getWriter();
    const second = deferred();
    assert(await assertRejects(writer.write("a")) === error);
    assert(await assertRejects(writer.write("b")) === error);
    assert(await assertRejects(writer.closed) === error);
    assert(await assertRejects(writer.ready) === error);
    second.resolve();
    assertEquals(writer.desiredSize, null);
  }
});

test("the writes that wait when a write fails are rejected with its error, and do not reach the sink", async () => {
  let calls = 0;
  const writer = new WritableStream({ write() { calls++; throw new RangeError("first"); } }).getWriter();
  const results = await Promise.allSettled([writer.write(1), writer.write(2), writer.close()]);
  assertEquals(results.map((result) => /** @type {any} */ (result).reason?.message), ["first", "first", "first"]);
  assertEquals(calls, 1);
});

test("close waits for the writes and then forbids more", async () => {
  const order = [];
  const writer = new WritableStream({ write: (chunk) => { order.push(chunk); }, close: () => { order.push("close"); } }).getWriter();
  void writer.write(1);
  const closing = writer.close();
  await assertRejects(writer.write(2), TypeError);
  await assertRejects(writer.close(), TypeError);
  await closing;
  assertEquals(order, [1, "close"]);
  await assertRejects(writer.write(3), TypeError);
  await assertRejects(writer.close(), TypeError);
  assertEquals([writer.desiredSize, await writer.closed], [0, undefined]);
});

test("a close that throws or rejects makes the stream fail", async () => {
  const error = new RangeError("no close");
  for (const close of [() => { throw error; }, () => Promise.reject(error)]) {
    const writer = new WritableStream({ close }).getWriter();
    assert(await assertRejects(writer.close()) === error);
    assert(await assertRejects(writer.closed) === error);
  }
});

test("close of the stream itself wants it unlocked and not closing", async () => {
  const locked = new WritableStream();
  locked.getWriter();
  await assertRejects(locked.close(), TypeError);
  const stream = new WritableStream();
  const closing = stream.close();
  await assertRejects(stream.close(), TypeError);
  await closing;
  await assertRejects(stream.close(), TypeError);
});

test("abort goes to the sink after the write that runs, drops the rest, and rejects it with the reason", async () => {
  const gate = deferred();
  const order = [];
  const writer = new WritableStream({
    write: (chunk) => { order.push(chunk); return gate.promise; },
    abort: (reason) => { order.push(`abort ${reason}`); },
  }).getWriter();
  await writer.ready;
  const first = writer.write(1);
  const second = writer.write(2).catch((error) => error);
  await settle();
  const aborting = writer.abort("why");
  await settle();
  assertEquals(order, [1]);
  gate.resolve();
  await first;
  assertEquals(await second, "why");
  await aborting;
  assertEquals(order, [1, "abort why"]);
  assertEquals(await writer.closed.catch((error) => error), "why");
});

test("abort aborts the controller's signal at once", async () => {
  const { stream, controller } = controlled({ write: () => new Promise(() => {}) });
  const writer = stream.getWriter();
  await writer.ready;
  void writer.write("a");
  await settle();
  const seen = [];
  controller.signal.addEventListener("abort", () => seen.push(controller.signal.reason));
  void writer.abort("why");
  assertEquals([seen, controller.signal.aborted], [["why"], true]);
});

test("a signal's listener that errors the stream leaves abort nothing to do", async () => {
  const { stream, controller } = controlled();
  await settle();
  controller.signal.addEventListener("abort", () => controller.error("inside"));
  // The stream has failed by the time abort looks again.
  assertEquals([await stream.abort("outside"), await stream.getWriter().closed.catch((error) => error)], [undefined, "inside"]);
});

test("two aborts share one promise, and the first reason counts", async () => {
  const gate = deferred();
  const reasons = [];
  const { stream } = controlled({ write: () => gate.promise, abort: (reason) => { reasons.push(reason); } });
  const writer = stream.getWriter();
  await writer.ready;
  void writer.write("a");
  await settle();
  const first = writer.abort("first");
  const second = writer.abort("second");
  gate.resolve();
  await Promise.all([first, second]);
  assertEquals(reasons, ["first"]);
});

test("abort of a closed or failed stream resolves without the sink", async () => {
  let calls = 0;
  const abort = () => { calls++; };
  const closed = new WritableStream({ abort });
  await closed.close();
  await closed.abort("x");
  const failed = controlled({ abort });
  await settle();
  failed.controller.error("broken");
  await settle();
  await failed.stream.abort("x");
  assertEquals(calls, 0);
});

test("an abort that throws rejects, and the stream fails with the abort's reason", async () => {
  const error = new RangeError("no abort");
  const stream = new WritableStream({ abort() { throw error; } });
  assert(await assertRejects(stream.abort("why")) === error);
  assertEquals(await stream.getWriter().closed.catch((given) => given), "why");
});

test("abort while the sink closes waits for it; a close that succeeds wins", async () => {
  const gate = deferred();
  let aborted = false;
  const writer = new WritableStream({ close: () => gate.promise, abort: () => { aborted = true; } }).getWriter();
  await writer.ready;
  const closing = writer.close();
  await settle();
  const aborting = writer.abort("late");
  gate.resolve();
  await Promise.all([closing, aborting, writer.closed]);
  assertEquals(aborted, false);
});

test("abort before start is over waits for it", async () => {
  const started = deferred();
  const order = [];
  const stream = new WritableStream({ start: () => started.promise.then(() => { order.push("start"); }), abort: () => { order.push("abort"); } });
  const aborting = stream.abort();
  await settle();
  assertEquals(order, []);
  started.resolve();
  await aborting;
  assertEquals(order, ["start", "abort"]);
});

test("abort of a locked stream but by its writer is refused", async () => {
  const stream = new WritableStream();
  const writer = stream.getWriter();
  await assertRejects(stream.abort(), TypeError);
  await writer.abort();
});

test("the controller's error makes the stream fail unless it is over", async () => {
  const { stream, controller } = controlled();
  await settle();
  const writer = stream.getWriter();
  controller.error("first");
  controller.error("second");
  assertEquals(await writer.closed.catch((error) => error), "first");
  const done = controlled();
  await done.stream.close();
  done.controller.error("x");
  await done.stream.getWriter().closed;
});

test("a failing stream rejects ready before closed", async () => {
  const { stream, controller } = controlled({}, { highWaterMark: 0 });
  const writer = stream.getWriter();
  await settle();
  const order = [];
  const all = [writer.closed.catch(() => order.push("closed")), writer.ready.catch(() => order.push("ready"))];
  controller.error("x");
  await Promise.all(all);
  assertEquals(order, ["ready", "closed"]);
});

test("only one writer at a time, and a released one can do nothing", async () => {
  const stream = new WritableStream();
  const writer = new WritableStreamDefaultWriter(stream);
  assertEquals(stream.locked, true);
  assertThrows(() => stream.getWriter(), TypeError);
  assertThrows(() => new WritableStreamDefaultWriter(stream), TypeError);
  writer.releaseLock();
  writer.releaseLock();
  assertEquals(stream.locked, false);
  for (const promise of [writer.write(1), writer.close(), writer.abort(), writer.closed, writer.ready]) await assertRejects(promise, TypeError);
  assertThrows(() => writer.desiredSize, TypeError);
});

test("a write that runs when the lock is released goes on", async () => {
  const gate = deferred();
  const stream = new WritableStream({ write: () => gate.promise });
  const writer = stream.getWriter();
  const writing = writer.write("a");
  await settle();
  writer.releaseLock();
  gate.resolve();
  await writing;
  await stream.getWriter().write("b");
});

test("a writer of a closed stream is ready and closed, one of a failed stream rejects both", async () => {
  const closed = new WritableStream();
  await closed.close();
  const writer = closed.getWriter();
  await Promise.all([writer.ready, writer.closed]);
  const { stream, controller } = controlled();
  await settle();
  controller.error("broken");
  await settle();
  const other = stream.getWriter();
  assertEquals([await other.ready.catch((e) => e), await other.closed.catch((e) => e), other.desiredSize], ["broken", "broken", null]);
});

test("a write inside of write waits for it", async () => {
  const order = [];
  /** @type {any} */ let writer;
  /** @type {any} */ let inner;
  const stream = new WritableStream({
    write(chunk) {
      order.push(`begin ${chunk}`);
      if (chunk === 1) inner = writer.write(2);
      order.push(`end ${chunk}`);
    },
  }, new CountQueuingStrategy({ highWaterMark: 5 }));
  writer = stream.getWriter();
  await writer.write(1);
  await inner;
  assertEquals(order, ["begin 1", "end 1", "begin 2", "end 2"]);
});

test("the high water mark refuses what is no size", () => {
  for (const highWaterMark of [-1, NaN, "x"]) {
    assertThrows(() => new WritableStream({}, { highWaterMark: /** @type {any} */ (highWaterMark) }), RangeError);
  }
  assertEquals(new WritableStream({}, { highWaterMark: Infinity }).getWriter().desiredSize, Infinity);
});
