/** Async context, and what calls back later: timers, ticks, channels. */

import { AsyncLocalStorage, AsyncResource } from "stated:node/async_hooks";
import { channel, tracingChannel } from "stated:node/diagnostics_channel";
import { EventEmitter, EventEmitterAsyncResource } from "stated:node/events";
import process from "stated:node/process";
import { PassThrough } from "stated:node/stream";
import { clearImmediate, clearTimeout, setImmediate, setInterval, setTimeout } from "stated:node/timers";
import { scheduler, setImmediate as immediately, setInterval as intervals, setTimeout as wait } from "stated:node/timers/promises";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

const storage = new AsyncLocalStorage();
const seenBy = (schedule) => new Promise((resolve) => { schedule(() => resolve(storage.getStore())); });

test("a store follows everything asynchronous that starts in it", async () => {
  const seen = await storage.run("x", async () => {
    await null;
    const awaited = storage.getStore();
    return [awaited, await seenBy((done) => setTimeout(done, 1)), await seenBy((done) => setImmediate(done)), await seenBy((done) => process.nextTick(done)),
      await seenBy((done) => Promise.resolve().then(done)), await seenBy(queueMicrotask), (await wait(1, "w"), storage.getStore())];
  });
  assertEquals([seen, storage.getStore()], [Array(7).fill("x"), undefined]);
});

test("stores nest, leave, and do not mix", async () => {
  const other = new AsyncLocalStorage();
  const inner = storage.run(1, () => other.run(2, () => storage.run(3, async () => {
    await null;
    return [storage.getStore(), other.getStore(), storage.exit(() => storage.getStore()), other.getStore()];
  })));
  assertEquals(await inner, [3, 2, undefined, 2]);
  assertEquals(storage.run(5, (a, b) => [storage.getStore(), a, b], "a", "b"), [5, "a", "b"]);
  assertThrows(() => storage.run(1, () => { throw new RangeError("x"); }), RangeError, "x");
  assertEquals(storage.getStore(), undefined);
});

test("work keeps the context in which it was bound", () => {
  const [bound, snapshot, resource] = storage.run("then", () => [AsyncResource.bind((value) => [storage.getStore(), value]), AsyncLocalStorage.snapshot(), new AsyncResource("R")]);
  storage.run("now", () => {
    assertEquals([bound(1), snapshot(() => storage.getStore()), resource.runInAsyncScope(function (value) { return [storage.getStore(), this.a, value]; }, { a: 1 }, 2), AsyncLocalStorage.bind(() => storage.getStore())()],
      [["then", 1], "then", ["then", 1, 2], "now"]);
  });
  assertEquals(assertThrows(() => new AsyncResource(5), TypeError).code, "ERR_INVALID_ARG_TYPE");
});

test("a listener runs in the context of the emitter's caller, unless the emitter has its own", () => {
  const seen = [];
  const [plain, own] = storage.run("made", () => [new EventEmitter(), new EventEmitterAsyncResource({ name: "E" })]);
  for (const emitter of [plain, own]) emitter.on("e", () => seen.push(storage.getStore()));
  storage.run("emitted", () => [plain, own].forEach((emitter) => emitter.emit("e")));
  assertEquals(seen, ["emitted", "made"]);
});

test("a stream's callbacks run in the context of whoever writes", async () => {
  const stream = new PassThrough();
  const seen = await storage.run("writer", () => seenBy((done) => stream.write("x", done)));
  assertEquals(seen, "writer");
});

test("timers are objects that can be started again", async () => {
  const timer = setTimeout(() => {}, 100_000);
  assertEquals([timer.hasRef(), timer.unref() === timer, timer.hasRef(), timer.ref().refresh() === timer, typeof +timer], [true, true, false, true, "number"]);
  clearTimeout(timer);
  const cleared = [];
  clearTimeout(+setTimeout(() => cleared.push(1), 0));
  clearImmediate(setImmediate(() => cleared.push(2)));
  await new Promise((resolve) => {
    let count = 0;
    const interval = setInterval((name) => { if (name === "n" && ++count === 2) { clearTimeout(interval); resolve(); } }, 1, "n");
  });
  assertEquals(cleared, []);
  assertEquals(assertThrows(() => setTimeout("x"), TypeError).code, "ERR_INVALID_ARG_TYPE");
});

test("promises of timers, and their end by a signal", async () => {
  assertEquals([await wait(1, "a"), await immediately("b"), await scheduler.wait(1)], ["a", "b", undefined]);
  const controller = new AbortController();
  const waiting = wait(100_000, undefined, { signal: controller.signal });
  controller.abort(new Error("why"));
  const error = await assertRejects(() => waiting, Error, "The operation was aborted");
  assertEquals([error.name, error.code, error.cause.message], ["AbortError", "ABORT_ERR", "why"]);
  let count = 0;
  for await (const value of intervals(1, "v")) if (value === "v" && ++count === 3) break;
  assertEquals(count, 3);
});

test("ticks run after the running code, in order", async () => {
  const order = [];
  process.nextTick((value) => order.push(value), "tick");
  order.push("now");
  await wait(1);
  assertEquals(order, ["now", "tick"]);
});

test("channels reach their subscribers and bind stores", () => {
  const made = channel("stated:test:channel");
  const seen = [];
  const subscriber = (message, name) => seen.push([message, name]);
  assertEquals([channel("stated:test:channel") === made, made.hasSubscribers], [true, false]);
  made.subscribe(subscriber);
  made.publish(1);
  made.bindStore(storage, (data) => `${data} stored`);
  assertEquals(made.runStores("data", () => storage.getStore()), "data stored");
  made.unbindStore(storage);
  assertEquals([made.unsubscribe(subscriber), made.hasSubscribers, seen], [true, false, [[1, "stated:test:channel"], ["data", "stated:test:channel"]]]);
});

test("an operation is traced from start to end", async () => {
  const traced = tracingChannel("stated:test:operation");
  const seen = [];
  traced.subscribe(Object.fromEntries(["start", "end", "asyncStart", "asyncEnd", "error"].map((phase) => [phase, ({ id, result }) => seen.push([phase, id, result])])));
  assertEquals([traced.traceSync(() => 1, { id: "s" }), await traced.tracePromise(async () => 2, { id: "p" })], [1, 2]);
  assertThrows(() => traced.traceSync(() => { throw new Error("x"); }, { id: "e" }), Error, "x");
  assertEquals(seen, [["start", "s", undefined], ["end", "s", 1], ["start", "p", undefined], ["end", "p", undefined], ["asyncStart", "p", 2], ["asyncEnd", "p", 2],
    ["start", "e", undefined], ["error", "e", undefined], ["end", "e", undefined]]);
});

test("the process tells what a Worker can know", () => {
  const [seconds, nanoseconds] = process.hrtime();
  assert(seconds >= 0 && nanoseconds < 1e9 && process.hrtime.bigint() > 0n && process.uptime() > 0);
  process.env.NUMBER = 5;
  assertEquals([process.env.NUMBER, process.platform, typeof process.version, process.hrtime([seconds, nanoseconds])[0]], ["5", "linux", "string", 0]);
  const seen = [];
  process.once("stated test", (value) => seen.push(value));
  assertEquals([process.emit("stated test", 1), process.emit("stated test", 2), seen], [true, false, [1]]);
});

test("a tracing channel is made of a name or of channels", () => {
  const phases = ["start", "end", "asyncStart", "asyncEnd", "error"];
  const given = Object.fromEntries(phases.map((phase) => [phase, channel(`stated:test:own:${phase}`)]));
  assert(tracingChannel(given).asyncEnd === given.asyncEnd);
  assertEquals(Object.keys(tracingChannel("stated:test:named")), []);
  for (const names of [undefined, null, 5, { ...given, error: 1 }]) assertEquals(assertThrows(() => tracingChannel(names), TypeError).code, "ERR_INVALID_ARG_TYPE");
});

test("an immediate holds the loop until it has run or was cleared, and a bound function knows its resource", async () => {
  const ran = [];
  const immediate = setImmediate((...args) => ran.push(args), 1, 2);
  const cleared = setImmediate(() => ran.push("never"));
  const before = [immediate.hasRef(), cleared.hasRef()];
  clearImmediate(cleared);
  await wait(1);
  assertEquals([before, ran, immediate.hasRef(), cleared.hasRef()], [[true, true], [[1, 2]], false, false]);
  const resource = new AsyncResource("R");
  assertEquals([resource.bind((a, b) => [a, b]).length, resource.bind(() => {}).name], [2, "bound"]);
});

test("what runs in a context is a function", () => {
  for (const use of [() => storage.run(1, undefined), () => storage.exit(5), () => AsyncLocalStorage.bind(null), () => AsyncResource.bind("text")]) assertThrows(use, TypeError);
});
