/**
 * pipeTo and pipeThrough, after sections 4.2.4 and 4.9.1 of the Streams standard.
 *
 * @module
 */

import { AbortController, AbortSignal } from "stated:abort";
import { ReadableStream, TransformStream, WritableStream } from "stated:streams";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

async function settle() {
  for (let i = 0; i < 40; i++) await null;
}

/** A source and a sink that note what happens to them. */
function ends({ write = (/** @type {any} */ chunk) => void chunk } = {}) {
  const events = [];
  /** @type {any} */ let source;
  /** @type {any} */ let sink;
  const readable = new ReadableStream({ start: (c) => { source = c; }, cancel: (reason) => { events.push(["cancel", reason]); } });
  const writable = new WritableStream({
    start: (c) => { sink = c; },
    write: (chunk) => { events.push(["write", chunk]); return write(chunk); },
    close: () => { events.push(["close"]); },
    abort: (reason) => { events.push(["abort", reason]); },
  });
  return { readable, writable, source, sink, events };
}

test("a closed source closes the sink", async () => {
  const { readable, writable, source, events } = ends();
  source.enqueue(1);
  source.close();
  assertEquals(await readable.pipeTo(writable), undefined);
  assertEquals([events, readable.locked, writable.locked], [[["write", 1], ["close"]], false, false]);
});

test("preventClose leaves the sink open", async () => {
  const { readable, writable, source, events } = ends();
  source.close();
  await readable.pipeTo(writable, { preventClose: true });
  await writable.getWriter().write(2);
  assertEquals(events, [["write", 2]]);
});

test("a failed source aborts the sink, and the pipe rejects with the same", async () => {
  const { readable, writable, source, events } = ends();
  const error = new RangeError("broken");
  source.error(error);
  assert(await assertRejects(readable.pipeTo(writable)) === error);
  assert(events[0][0] === "abort" && events[0][1] === error && events.length === 1);
});

test("preventAbort leaves the sink alone", async () => {
  const { readable, writable, source, events } = ends();
  source.error("broken");
  assertEquals(await readable.pipeTo(writable, { preventAbort: true }).catch((error) => error), "broken");
  assertEquals([events, writable.locked], [[], false]);
});

test("a failed sink cancels the source with its error", async () => {
  const { readable, writable, sink, events } = ends();
  await settle();
  const error = new RangeError("broken");
  sink.error(error);
  assert(await assertRejects(readable.pipeTo(writable)) === error);
  assert(events[0][0] === "cancel" && events[0][1] === error);
});

test("preventCancel leaves the source alone", async () => {
  const { readable, writable, sink, events } = ends();
  await settle();
  sink.error("broken");
  assertEquals(await readable.pipeTo(writable, { preventCancel: true }).catch((error) => error), "broken");
  assertEquals([events, readable.locked], [[], false]);
});

test("a closed sink cancels the source with a TypeError", async () => {
  const { readable, writable, events } = ends();
  await writable.close();
  const error = await assertRejects(readable.pipeTo(writable), TypeError);
  assert(events[1][0] === "cancel" && events[1][1] === error);
});

test("a write that fails cancels the source", async () => {
  const error = new RangeError("no write");
  const { readable, writable, source, events } = ends({ write: () => { throw error; } });
  source.enqueue(1);
  assert(await assertRejects(readable.pipeTo(writable)) === error);
  assertEquals(events.map(([name]) => name), ["write", "cancel"]);
});

test("the error of abort or cancel replaces the first one", async () => {
  const failing = new WritableStream({ abort() { throw new RangeError("from abort"); } });
  await assertRejects(new ReadableStream({ start: (c) => c.error(new Error("first")) }).pipeTo(failing), RangeError, "from abort");
  const source = new ReadableStream({ cancel() { throw new RangeError("from cancel"); } });
  const closed = new WritableStream();
  await closed.close();
  await assertRejects(source.pipeTo(closed), RangeError, "from cancel");
});

test("both ends are locked while the pipe runs, and a locked end is refused", async () => {
  const { readable, writable, source } = ends();
  const piping = readable.pipeTo(writable);
  assertEquals([readable.locked, writable.locked], [true, true]);
  await assertRejects(readable.pipeTo(new WritableStream()), TypeError);
  await assertRejects(new ReadableStream().pipeTo(writable), TypeError);
  source.close();
  await piping;
});

test("pipeTo wants a writable stream", async () => {
  for (const given of [undefined, null, {}, new ReadableStream(), Object.create(WritableStream.prototype)]) {
    await assertRejects(new ReadableStream().pipeTo(/** @type {any} */ (given)), TypeError);
  }
});

test("pipeTo's options are read in the order of their names, and its signal must be one", async () => {
  const order = [];
  const recorder = new Proxy({}, { get: (_, key) => void order.push(String(key)) });
  void new ReadableStream().pipeTo(new WritableStream(), recorder);
  assertEquals(order, ["preventAbort", "preventCancel", "preventClose", "signal"]);
  for (const signal of [null, {}, 5, "x", AbortSignal, Object.create(AbortSignal.prototype)]) {
    await assertRejects(new ReadableStream().pipeTo(new WritableStream(), { signal: /** @type {any} */ (signal) }), TypeError);
  }
});

test("an option whose getter throws rejects and locks nothing", async () => {
  const error = new RangeError("getter");
  const { readable, writable } = ends();
  assert(await assertRejects(readable.pipeTo(writable, { get preventClose() { throw error; } })) === error);
  assertEquals([readable.locked, writable.locked], [false, false]);
});

test("an aborted signal ends the pipe before it begins", async () => {
  const { readable, writable, source, events } = ends();
  source.enqueue(1);
  const signal = /** @type {any} */ (AbortSignal.abort("stop"));
  assertEquals(await readable.pipeTo(writable, { signal }).catch((error) => error), "stop");
  assertEquals(events, [["abort", "stop"], ["cancel", "stop"]]);
});

test("an abort in the middle aborts the sink and cancels the source, after the write that runs", async () => {
  let finish = () => {};
  const { readable, writable, source, events } = ends({ write: () => new Promise((resolve) => { finish = () => resolve(undefined); }) });
  source.enqueue(1);
  const controller = new AbortController();
  const piping = readable.pipeTo(writable, { signal: /** @type {any} */ (controller.signal) });
  await settle();
  controller.abort("stop");
  await settle();
  assertEquals(events.filter(([name]) => name === "abort"), []);
  finish();
  assertEquals(await piping.catch((error) => error), "stop");
  assertEquals(events.map(([name]) => name).sort(), ["abort", "cancel", "write"]);
});

test("an abort with preventAbort and preventCancel only ends the pipe", async () => {
  const { readable, writable, events } = ends();
  const controller = new AbortController();
  const signal = /** @type {any} */ (controller.signal);
  const piping = readable.pipeTo(writable, { signal, preventAbort: true, preventCancel: true });
  controller.abort("stop");
  assertEquals(await piping.catch((error) => error), "stop");
  assertEquals([events, readable.locked, writable.locked], [[], false, false]);
});

test("an abort after the end does nothing", async () => {
  const { readable, writable, source, events } = ends();
  const controller = new AbortController();
  source.close();
  await readable.pipeTo(writable, { signal: /** @type {any} */ (controller.signal) });
  controller.abort();
  await settle();
  assertEquals(events, [["close"]]);
});

test("a pipe reads no more than the sink has room for", async () => {
  let pulls = 0;
  const readable = new ReadableStream({ pull: (c) => { pulls++; c.enqueue(pulls); } }, { highWaterMark: 0 });
  const writable = new WritableStream({ write: () => new Promise(() => {}) }, { highWaterMark: 3 });
  void readable.pipeTo(writable);
  await settle();
  await settle();
  assertEquals(pulls, 3);
});

test("a pipe writes all chunks that were read before it lets the error through", async () => {
  const { readable, writable, source, events } = ends({ write: () => settle() });
  source.enqueue(1);
  source.enqueue(2);
  const piping = readable.pipeTo(writable).catch((error) => error);
  await settle();
  source.error("broken");
  assertEquals(await piping, "broken");
  assertEquals(events[0], ["write", 1]);
  assertEquals(events.at(-1), ["abort", "broken"]);
});

test("the sink's write that cancels nothing but aborts the signal ends after itself", async () => {
  const controller = new AbortController();
  const { readable, writable, source, events } = ends({ write: () => controller.abort("inside") });
  source.enqueue(1);
  source.enqueue(2);
  const signal = /** @type {any} */ (controller.signal);
  assertEquals(await readable.pipeTo(writable, { signal }).catch((error) => error), "inside");
  assertEquals(events.filter(([name]) => name === "write").length, 1);
});

// --- pipeThrough -----------------------------------------------------------------------------------------------------------

test("pipeThrough gives the pair's readable side back", () => {
  const { readable, writable } = new TransformStream();
  assert(new ReadableStream().pipeThrough({ readable, writable }) === readable);
});

test("pipeThrough checks both sides, readable first", () => {
  const order = [];
  const pair = { get readable() { order.push("readable"); return new ReadableStream(); }, get writable() { order.push("writable"); return new WritableStream(); } };
  new ReadableStream().pipeThrough(pair);
  assertEquals(order, ["readable", "writable"]);
  for (const given of [undefined, null, {}, { readable: new ReadableStream() }, { writable: new WritableStream() },
    { readable: new WritableStream(), writable: new WritableStream() }]) {
    assertThrows(() => new ReadableStream().pipeThrough(/** @type {any} */ (given)), TypeError);
  }
});

test("pipeThrough refuses what is locked", () => {
  const locked = new ReadableStream();
  locked.getReader();
  assertThrows(() => locked.pipeThrough(new TransformStream()), TypeError);
  const pair = new TransformStream();
  pair.writable.getWriter();
  assertThrows(() => new ReadableStream().pipeThrough(pair), TypeError);
});

test("a pipe that fails inside of pipeThrough is no unhandled rejection", async () => {
  const failing = new ReadableStream({ start: (c) => c.error(new RangeError("broken")) });
  await assertRejects(failing.pipeThrough(new TransformStream()).getReader().read(), RangeError, "broken");
});

test("pipeThrough passes its options on", async () => {
  const { readable, source } = ends();
  const pair = new TransformStream();
  readable.pipeThrough(pair, { preventClose: true });
  source.enqueue(1);
  source.close();
  const reader = pair.readable.getReader();
  assertEquals(await reader.read(), { value: 1, done: false });
  await settle();
  const writer = pair.writable.getWriter();
  void writer.write(2);
  assertEquals(await reader.read(), { value: 2, done: false });
});
