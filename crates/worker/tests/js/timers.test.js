import { AbortController, AbortSignal } from "stated:abort";
import { scheduler, Scheduler } from "stated:scheduler";
import { setFlags } from "stated:settings";
import { clampDelay, clearInterval, clearTimeout, setInterval, setTimeout } from "stated:timers";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

test("setTimeout calls back once, with its arguments and the global as this", async () => {
  const seen = await new Promise((resolve) => {
    setTimeout(function (...args) { resolve([this === globalThis, ...args]); }, 0, "a", 2);
  });
  assertEquals(seen, [true, "a", 2]);
});

test("setTimeout returns a positive integer and clearTimeout stops it", async () => {
  let called = false;
  const id = setTimeout(() => { called = true; }, 0);
  assert(Number.isInteger(id) && id > 0);
  clearTimeout(id);
  await new Promise((resolve) => setTimeout(resolve, 2));
  assertEquals(called, false);
});

test("setInterval repeats until it is cleared from within", async () => {
  let calls = 0;
  await new Promise((resolve) => {
    const id = setInterval(() => {
      calls++;
      if (calls < 3) return;
      clearInterval(id);
      setTimeout(resolve, 3);
    }, 1);
  });
  assertEquals(calls, 3);
});

test("clearTimeout and clearInterval stop each other's timers and ignore what is none", async () => {
  let called = false;
  clearInterval(setTimeout(() => { called = true; }, 0));
  clearTimeout();
  clearTimeout(undefined);
  clearTimeout(123456789);
  clearTimeout(/** @type {any} */ ("nothing"));
  await scheduler.wait(2);
  assertEquals(called, false);
});

test("an exception of a timer does not stop the next", async () => {
  setTimeout(() => { throw new Error("expected in the log"); }, 0);
  await new Promise((resolve) => setTimeout(resolve, 1));
});

test("the delay is an integer between 0 and a hundred years", () => {
  const cases = [[undefined, 0], [null, 0], [NaN, 0], [-5, 0], ["7", 7], [1.9, 1], ["x", 0], [{}, 0],
    [3_153_599_999_999, 3_153_599_999_999], [3_153_600_000_000, 3_153_600_000_000], [3_153_600_000_001, 3_153_600_000_000],
    [Infinity, 3_153_600_000_000], [-Infinity, 0]];
  for (const [given, wanted] of cases) assertEquals(clampDelay(given), wanted, String(given));
});

test("the callback must be a function", () => {
  const message = (/** @type {string} */ name) =>
    `Failed to execute '${name}' on 'ServiceWorkerGlobalScope': parameter 1 is not of type 'function'.`;
  assertThrows(() => setTimeout(/** @type {any} */ ("a")), TypeError, message("setTimeout"));
  assertThrows(() => setInterval(/** @type {any} */ (undefined)), TypeError, message("setInterval"));
});

test("with the timers of Node.js a callback that is no function is refused in Node's words", () => {
  setFlags(["enable_nodejs_global_timers"]);
  const cases = [[undefined, "undefined"], [null, "null"], ["a", "type string ('a')"], [5, "type number (5)"], [{}, "an instance of Object"],
    [10n, "type bigint (10n)"], [true, "type boolean (true)"]];
  for (const [given, received] of cases) {
    const message = `The "callback" argument must be of type function. Received ${received}`;
    assertThrows(() => setTimeout(/** @type {any} */ (given)), TypeError, message);
    assertThrows(() => setInterval(/** @type {any} */ (given)), TypeError, message);
  }
  setFlags([]);
});

test("scheduler.wait resolves with undefined", async () => {
  assertEquals(await scheduler.wait(1), undefined);
});

test("scheduler.wait rejects with the reason of its signal", async () => {
  const controller = new AbortController();
  const waiting = scheduler.wait(1_000_000, { signal: controller.signal });
  controller.abort(new RangeError("enough"));
  await assertRejects(waiting, RangeError, "enough");
  const error = await assertRejects(() => scheduler.wait(10, { signal: AbortSignal.abort() }));
  assertEquals(error.name, "AbortError");
});

test("scheduler.wait that finished ignores its signal", async () => {
  const controller = new AbortController();
  await scheduler.wait(0, { signal: controller.signal });
  controller.abort();
});

test("scheduler.wait checks its arguments", async () => {
  await assertRejects(() => /** @type {any} */ (scheduler).wait(), TypeError,
    "Failed to execute 'wait' on 'Scheduler': parameter 1 is not of type 'number'.");
  await assertRejects(() => scheduler.wait(1, { signal: /** @type {any} */ ({}) }), TypeError,
    "Incorrect type for the 'signal' field on 'WaitOptions': the provided value is not of type 'AbortSignal'.");
  assertThrows(() => new Scheduler(), TypeError, "Illegal constructor");
});

test("the timer functions have the standard's lengths", () => {
  assertEquals([setTimeout.length, setInterval.length, clearTimeout.length], [1, 1, 0]);
});
