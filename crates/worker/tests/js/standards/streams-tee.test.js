/**
 * Tee, async iteration and ReadableStream.from, after sections 4.2.3, 4.2.5 and 4.9.1 of the Streams standard.
 *
 * @module
 */

import { ReadableStream } from "stated:streams";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

async function settle() {
  for (let i = 0; i < 40; i++) await null;
}

/** @param {any} [source] @param {any} [strategy] @returns {{ stream: ReadableStream<any>, controller: any }} */
function controlled(source = {}, strategy = undefined) {
  /** @type {any} */ let controller;
  const stream = new ReadableStream({ ...source, start: (given) => { controller = given; } }, strategy);
  return { stream, controller };
}

/** @param {AsyncIterable<any>} stream */
async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

// --- tee -----------------------------------------------------------------------------------------------------------------

test("tee locks the stream and gives an array of two", () => {
  const stream = new ReadableStream();
  const branches = stream.tee();
  assert(Array.isArray(branches) && branches.length === 2 && branches.every((branch) => branch instanceof ReadableStream));
  assertEquals(stream.locked, true);
  assertThrows(() => stream.tee(), TypeError);
});

test("the branches of a default stream share their chunks", async () => {
  const { stream, controller } = controlled();
  const chunk = {};
  controller.enqueue(chunk);
  const [a, b] = stream.tee();
  assert((await a.getReader().read()).value === chunk && (await b.getReader().read()).value === chunk);
});

test("one branch runs ahead of the other", async () => {
  const { stream, controller } = controlled();
  const [a, b] = stream.tee();
  const reader = a.getReader();
  for (const chunk of [1, 2, 3]) {
    controller.enqueue(chunk);
    assertEquals((await reader.read()).value, chunk);
  }
  controller.close();
  assertEquals(await collect(b), [1, 2, 3]);
});

test("the source is cancelled when both branches are, with both reasons", async () => {
  const reasons = [];
  const { stream } = controlled({ cancel: (reason) => { reasons.push(reason); } });
  const [a, b] = stream.tee();
  const first = a.cancel("a");
  let done = false;
  void first.then(() => { done = true; });
  await settle();
  assertEquals([reasons, done], [[], false]);
  await b.cancel("b");
  await first;
  assertEquals(reasons, [["a", "b"]]);
});

test("the reasons stand in the branches' order, whichever is cancelled first", async () => {
  const reasons = [];
  const { stream } = controlled({ cancel: (reason) => { reasons.push(reason); } });
  const [a, b] = stream.tee();
  void b.cancel("b");
  await a.cancel("a");
  assertEquals(reasons, [["a", "b"]]);
});

test("a source's failed cancel rejects both branches' cancels", async () => {
  const error = new RangeError("no cancel");
  const [a, b] = controlled({ cancel: () => { throw error; } }).stream.tee();
  const [first, second] = [a.cancel(), b.cancel()].map((promise) => promise.catch((given) => given));
  assert(await first === error && await second === error);
});

test("an error reaches both branches", async () => {
  const { stream, controller } = controlled();
  const [a, b] = stream.tee().map((branch) => branch.getReader());
  controller.error("broken");
  assertEquals([await a.read().catch((e) => e), await b.closed.catch((e) => e)], ["broken", "broken"]);
});

test("a cancelled branch does not keep the other from its chunks", async () => {
  const { stream, controller } = controlled();
  const [a, b] = stream.tee();
  void a.cancel();
  controller.enqueue("x");
  controller.close();
  assertEquals(await collect(b), ["x"]);
});

test("the cancels resolve when the stream closes by itself", async () => {
  const { stream, controller } = controlled();
  const [a, b] = stream.tee();
  const cancelling = a.cancel();
  controller.close();
  await cancelling;
  assertEquals(await collect(b), []);
});

test("tee pulls nothing but what one branch's queue asks for", async () => {
  let calls = 0;
  const { stream } = controlled({ pull: (controller) => { calls++; controller.enqueue(calls); } }, { highWaterMark: 0 });
  stream.tee();
  await settle();
  assertEquals(calls, 1);
});

// --- tee of byte streams --------------------------------------------------------------------------------------------------

test("the branches of a byte stream are byte streams with bytes of their own", async () => {
  const { stream, controller } = controlled({ type: "bytes" });
  controller.enqueue(new Uint8Array([1, 2]));
  const [a, b] = stream.tee();
  const first = (await a.getReader({ mode: "byob" }).read(new Uint8Array(4))).value;
  const second = (await b.getReader().read()).value;
  assertEquals([[.../** @type {any} */ (first)], [...second]], [[1, 2], [1, 2]]);
  assert(/** @type {any} */ (first).buffer !== second.buffer);
});

test("a BYOB read of one branch fills from the source's request, and the other branch gets a copy", async () => {
  let requested = 0;
  const stream = new ReadableStream({
    type: "bytes",
    pull(controller) {
      const request = /** @type {any} */ (controller.byobRequest);
      requested = request.view.byteLength;
      request.view.set([1, 2, 3]);
      request.respond(3);
    },
  });
  const [a, b] = stream.tee();
  const { value } = await a.getReader({ mode: "byob" }).read(new Uint8Array(5));
  assertEquals([requested, [.../** @type {any} */ (value)]], [5, [1, 2, 3]]);
  assertEquals([...(await b.getReader().read()).value], [1, 2, 3]);
});

test("closing a teed byte stream answers the branches' waiting BYOB reads", async () => {
  const { stream, controller } = controlled({ type: "bytes" });
  const [a, b] = stream.tee();
  const reads = [a, b].map((branch) => branch.getReader({ mode: "byob" }).read(new Uint8Array(2)));
  await settle();
  controller.close();
  controller.byobRequest?.respond(0);
  assertEquals((await Promise.all(reads)).map(({ done }) => done), [true, true]);
});

test("an error of a teed byte stream reaches both branches", async () => {
  const { stream, controller } = controlled({ type: "bytes" });
  const reads = stream.tee().map((branch) => branch.getReader().read().catch((error) => error));
  controller.error("broken");
  assertEquals(await Promise.all(reads), ["broken", "broken"]);
});

test("both cancelled branches of a byte stream cancel the source", async () => {
  const reasons = [];
  const { stream } = controlled({ type: "bytes", cancel: (reason) => { reasons.push(reason); } });
  const [a, b] = stream.tee();
  await Promise.all([a.cancel(1), b.cancel(2)]);
  assertEquals(reasons, [[1, 2]]);
});

// --- async iteration -------------------------------------------------------------------------------------------------------------

test("an iteration locks the stream and unlocks it when it is over", async () => {
  const { stream, controller } = controlled();
  const iterator = stream.values();
  assertEquals(stream.locked, true);
  controller.close();
  assertEquals(await iterator.next(), { value: undefined, done: true });
  assertEquals(stream.locked, false);
});

test("a locked stream cannot be iterated", () => {
  const stream = new ReadableStream();
  stream.getReader();
  assertThrows(() => stream.values(), TypeError);
});

test("leaving an iteration cancels, unless preventCancel says otherwise", async () => {
  for (const preventCancel of [false, true]) {
    let cancelled = false;
    const { stream, controller } = controlled({ cancel: () => { cancelled = true; } });
    controller.enqueue("a");
    for await (const _ of stream.values({ preventCancel })) break;
    assertEquals([cancelled, stream.locked], [!preventCancel, false]);
  }
});

test("an exception in the loop's body cancels, too, and comes through", async () => {
  let cancelled = false;
  const { stream, controller } = controlled({ cancel: () => { cancelled = true; } });
  controller.enqueue("a");
  await assertRejects(async () => { for await (const _ of stream) throw new RangeError("inside"); }, RangeError, "inside");
  assertEquals([cancelled, stream.locked], [true, false]);
});

test("calls of next that overlap are answered in order", async () => {
  const { stream, controller } = controlled();
  const iterator = stream.values();
  const results = [iterator.next(), iterator.next(), iterator.next()];
  controller.enqueue("a");
  controller.enqueue("b");
  controller.close();
  assertEquals(await Promise.all(results), [{ value: "a", done: false }, { value: "b", done: false }, { value: undefined, done: true }]);
});

test("return waits for the calls of next before it, and gives its value back", async () => {
  const { stream, controller } = controlled();
  const iterator = /** @type {any} */ (stream.values());
  const next = iterator.next();
  const returned = iterator.return("value");
  const after = iterator.next();
  controller.enqueue("a");
  assertEquals([await next, await returned, await after],
    [{ value: "a", done: false }, { value: "value", done: true }, { value: undefined, done: true }]);
});

test("a failed stream rejects one call of next, and the later ones are done", async () => {
  const { stream, controller } = controlled();
  controller.error("broken");
  const iterator = stream.values();
  assertEquals(await iterator.next().catch((error) => error), "broken");
  assertEquals(await iterator.next(), { value: undefined, done: true });
});

test("next and return of another object reject", async () => {
  const iterator = new ReadableStream().values();
  const { next } = Object.getPrototypeOf(iterator);
  const leave = Object.getPrototypeOf(iterator).return;
  await assertRejects(next.call({}), TypeError);
  await assertRejects(leave.call(undefined), TypeError);
});

test("the iterator is its own async iterable", () => {
  const iterator = new ReadableStream().values();
  assert(iterator[Symbol.asyncIterator]() === iterator);
});

// --- from -------------------------------------------------------------------------------------------------------------------------

test("from wants an iterable", () => {
  for (const value of [undefined, null, 5, {}, Symbol.iterator, { [Symbol.iterator]: 5 }, () => {}]) {
    assertThrows(() => ReadableStream.from(/** @type {any} */ (value)), TypeError);
  }
});

test("from takes a string as its characters, and promises of an iterable are waited for", async () => {
  assertEquals(await collect(ReadableStream.from(/** @type {any} */ ("a😀"))), ["a", "😀"]);
  assertEquals(await collect(ReadableStream.from([Promise.resolve(1), 2])), [1, 2]);
});

test("from asks for the async iterator first, and null is no method", async () => {
  const both = { async* [Symbol.asyncIterator]() { yield "async"; }, * [Symbol.iterator]() { yield "sync"; } };
  assertEquals(await collect(ReadableStream.from(both)), ["async"]);
  assertEquals(await collect(ReadableStream.from({ ...both, [Symbol.asyncIterator]: /** @type {any} */ (null) })), ["sync"]);
});

test("from reads nothing ahead", async () => {
  let steps = 0;
  const stream = ReadableStream.from({ [Symbol.iterator]: () => ({ next: () => ({ value: ++steps, done: false }) }) });
  await settle();
  assertEquals(steps, 0);
  await stream.getReader().read();
  assertEquals(steps, 1);
});

test("a next that throws, or answers with no object, makes the stream fail", async () => {
  const throws = ReadableStream.from({ [Symbol.asyncIterator]: () => ({ next() { throw new RangeError("next"); } }) });
  await assertRejects(throws.getReader().read(), RangeError, "next");
  const odd = ReadableStream.from(/** @type {any} */ ({ [Symbol.asyncIterator]: () => ({ next: () => 5 }) }));
  await assertRejects(odd.getReader().read(), TypeError);
});

test("an iterator method that gives no object is a TypeError at once", () => {
  assertThrows(() => ReadableStream.from(/** @type {any} */ ({ [Symbol.iterator]: () => 5 })), TypeError);
  assertThrows(() => ReadableStream.from(/** @type {any} */ ({ [Symbol.asyncIterator]: () => null })), TypeError);
});

test("cancel calls return with the reason, and waits for it", async () => {
  const seen = [];
  const stream = ReadableStream.from({
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ value: 1, done: false }),
      async return(/** @type {any} */ reason) { seen.push(reason); return /** @type {any} */ ({}); },
    }),
  });
  assertEquals(await stream.cancel("why"), undefined);
  assertEquals(seen, ["why"]);
});

test("cancel without a return method is fine, a return that answers no object is a TypeError", async () => {
  await ReadableStream.from({ [Symbol.asyncIterator]: () => ({ next: async () => ({ value: 1, done: false }) }) }).cancel();
  const odd = ReadableStream.from(/** @type {any} */ ({ [Symbol.asyncIterator]: () => ({ next() {}, return: () => 5 }) }));
  await assertRejects(odd.cancel(), TypeError);
});

test("from of a readable stream reads it", async () => {
  const { stream, controller } = controlled();
  controller.enqueue("a");
  controller.close();
  assertEquals(await collect(ReadableStream.from(stream)), ["a"]);
});
