/**
 * AbortController and AbortSignal, after section 3 of the DOM standard.
 *
 * @module
 */

import { AbortController, AbortSignal } from "stated:abort";
import { DOMException } from "stated:dom-exception";
import { Event, EventTarget } from "stated:event";
import { assert, assertEquals, assertThrows, test } from "stated:test";

test("a signal is the same object each time, and an event target", () => {
  const controller = new AbortController();
  assert(controller.signal === controller.signal && controller.signal instanceof AbortSignal && controller.signal instanceof EventTarget);
});

test("signals cannot be constructed", () => {
  for (const given of [[], [undefined], [{}]]) assertThrows(() => new /** @type {any} */ (AbortSignal)(...given), TypeError);
});

test("abort without a reason, or with undefined, makes an AbortError", () => {
  for (const given of [[], [undefined]]) {
    const controller = new AbortController();
    controller.abort(...given);
    assert(controller.signal.reason instanceof DOMException);
    assertEquals([controller.signal.reason.name, controller.signal.reason.code], ["AbortError", 20]);
    assertEquals(AbortSignal.abort(...given).reason.name, "AbortError");
  }
});

test("any other value is the reason", () => {
  for (const reason of [null, 0, "", false, {}, new TypeError("x")]) {
    const controller = new AbortController();
    controller.abort(reason);
    assert(controller.signal.reason === reason && AbortSignal.abort(reason).reason === reason);
  }
});

test("the signal is aborted before its listeners run", () => {
  const controller = new AbortController();
  const seen = [];
  controller.signal.addEventListener("abort", (event) => {
    seen.push(controller.signal.aborted, event.target === controller.signal, event.isTrusted, event.bubbles, event.cancelable);
  });
  controller.abort();
  assertEquals(seen, [true, true, true, false, false]);
});

test("an abort inside of an abort's listener does nothing", () => {
  const controller = new AbortController();
  let calls = 0;
  controller.signal.addEventListener("abort", () => {
    calls++;
    controller.abort("second");
  });
  controller.abort("first");
  assertEquals([calls, controller.signal.reason], [1, "first"]);
});

test("a listener that throws does not keep the others from being told", () => {
  const controller = new AbortController();
  let calls = 0;
  controller.signal.addEventListener("abort", () => { throw new Error("reported"); });
  controller.signal.addEventListener("abort", () => calls++);
  controller.abort();
  assertEquals(calls, 1);
});

test("a program's own abort event aborts nothing", () => {
  const { signal } = new AbortController();
  let calls = 0;
  signal.onabort = () => calls++;
  signal.dispatchEvent(new Event("abort"));
  assertEquals([calls, signal.aborted, signal.reason], [1, false, undefined]);
});

test("throwIfAborted throws the reason, whatever it is", () => {
  for (const reason of [null, 0, "x"]) {
    let thrown;
    try {
      AbortSignal.abort(reason).throwIfAborted();
    } catch (error) {
      thrown = { error };
    }
    assertEquals(thrown, { error: reason });
  }
  assertEquals(new AbortController().signal.throwIfAborted(), undefined);
});

test("onabort holds a function or an object, and is null otherwise", () => {
  const { signal } = new AbortController();
  assertEquals(signal.onabort, null);
  const callback = () => {};
  signal.onabort = callback;
  assert(signal.onabort === callback);
  for (const value of [5, "x", undefined, null, Symbol("x")]) {
    signal.onabort = /** @type {any} */ (value);
    assertEquals(signal.onabort, null);
  }
});

test("onabort keeps its place among the listeners when it is replaced, and loses it when it was emptied", () => {
  const controller = new AbortController();
  const order = [];
  controller.signal.onabort = () => order.push("old");
  controller.signal.addEventListener("abort", () => order.push("listener"));
  controller.signal.onabort = () => order.push("new");
  controller.abort();
  assertEquals(order, ["new", "listener"]);
  const other = new AbortController();
  other.signal.onabort = () => order.push("gone");
  other.signal.addEventListener("abort", () => order.push("second"));
  other.signal.onabort = null;
  other.signal.onabort = () => order.push("third");
  other.abort();
  assertEquals(order.slice(2), ["second", "third"]);
});

// --- timeout ----------------------------------------------------------------------------------------------------------------

test("timeout's milliseconds are converted to a number, and any number will do, as in Workers", () => {
  for (const given of [[], [Symbol("x")]]) assertThrows(() => /** @type {any} */ (AbortSignal).timeout(...given), TypeError);
  // The standard refuses what is no unsigned integer.
  for (const milliseconds of [-1, NaN, 1.5, "5", null]) assertEquals(AbortSignal.timeout(/** @type {any} */ (milliseconds)).aborted, false);
});

test("timeout aborts later with a TimeoutError, and tells its listeners", async () => {
  const signal = AbortSignal.timeout(0);
  assertEquals(signal.aborted, false);
  const event = await new Promise((resolve) => signal.addEventListener("abort", resolve));
  assertEquals([event.isTrusted, signal.reason instanceof DOMException, signal.reason.name, signal.reason.code], [true, true, "TimeoutError", 23]);
});

// --- any --------------------------------------------------------------------------------------------------------------------

test("any wants an iterable of signals", () => {
  for (const given of [[], [undefined], [null], [5], [{}], [[null]], [[{}]], [[new EventTarget()]], [[Object.create(AbortSignal.prototype)]]]) {
    assertThrows(() => /** @type {any} */ (AbortSignal).any(...given), TypeError);
  }
  assert(AbortSignal.any(new Set([new AbortController().signal])) instanceof AbortSignal);
});

test("any reads its iterable once, in order, and closes it on a wrong element", () => {
  const order = [];
  function* signals() {
    try {
      order.push(1);
      yield new AbortController().signal;
      order.push(2);
      yield /** @type {any} */ (5);
      order.push(3);
    } finally {
      order.push("closed");
    }
  }
  assertThrows(() => AbortSignal.any(signals()), TypeError);
  assertEquals(order[0], 1);
});

test("any of aborted signals takes the first reason", () => {
  assertEquals(AbortSignal.any([AbortSignal.abort(1), AbortSignal.abort(2)]).reason, 1);
});

test("a signal that is given twice counts once", () => {
  const controller = new AbortController();
  const signal = AbortSignal.any([controller.signal, controller.signal]);
  let calls = 0;
  signal.onabort = () => calls++;
  controller.abort();
  assertEquals(calls, 1);
});

test("the reason of a combined signal is the very same object", () => {
  const controller = new AbortController();
  const signal = AbortSignal.any([controller.signal]);
  controller.abort();
  assert(signal.reason === controller.signal.reason);
});

test("all dependent signals are aborted before any listener runs", () => {
  const controller = new AbortController();
  const first = AbortSignal.any([controller.signal]);
  const second = AbortSignal.any([controller.signal]);
  const seen = [];
  controller.signal.addEventListener("abort", () => seen.push(["source", first.aborted, second.aborted]));
  first.addEventListener("abort", () => seen.push(["first", second.aborted]));
  second.addEventListener("abort", () => seen.push(["second"]));
  controller.abort();
  assertEquals(seen, [["source", true, true], ["first", true], ["second"]]);
});

test("a listener of the source that aborts another source changes no reason", () => {
  const [a, b] = [new AbortController(), new AbortController()];
  const signal = AbortSignal.any([a.signal, b.signal]);
  a.signal.addEventListener("abort", () => b.abort("b"));
  let calls = 0;
  signal.onabort = () => calls++;
  a.abort("a");
  assertEquals([signal.reason, b.signal.reason, calls], ["a", "b", 1]);
});

test("a combined signal of a timeout is aborted by it", async () => {
  const signal = AbortSignal.any([AbortSignal.timeout(0), new AbortController().signal]);
  await new Promise((resolve) => { signal.onabort = resolve; });
  assertEquals(signal.reason.name, "TimeoutError");
});

test("combining after the abort of an inner source gives an aborted signal", () => {
  const controller = new AbortController();
  const inner = AbortSignal.any([controller.signal]);
  controller.abort("x");
  const outer = AbortSignal.any([inner]);
  assertEquals([outer.aborted, outer.reason], [true, "x"]);
});
