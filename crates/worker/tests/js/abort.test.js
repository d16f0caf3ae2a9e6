import { abortWith, AbortController, AbortSignal, isAbortSignal, newSignal, onAbort } from "stated:abort";
import { DOMException } from "stated:dom-exception";
import { assert, assertEquals, assertThrows, test } from "stated:test";

test("a signal cannot be constructed", () => {
  assertThrows(() => new AbortSignal(), TypeError, "Illegal constructor");
});

test("aborting sets the default reason and fires a trusted event once", () => {
  const controller = new AbortController();
  const events = [];
  controller.signal.addEventListener("abort", (event) => events.push(event.isTrusted));
  controller.signal.onabort = (event) => events.push(event.type);
  assertEquals([controller.signal.aborted, controller.signal.reason], [false, undefined]);
  controller.abort();
  controller.abort();
  assertEquals(events, [true, "abort"]);
  assert(controller.signal.aborted);
  const { reason } = controller.signal;
  assert(reason instanceof DOMException);
  assertEquals([reason.name, reason.message], ["AbortError", "The operation was aborted"]);
});

test("the reason is kept as it is, and the first one counts", () => {
  const controller = new AbortController();
  controller.abort(5);
  controller.abort(6);
  assertEquals(controller.signal.reason, 5);
  const other = new AbortController();
  other.abort(null);
  assertEquals(other.signal.reason, null);
});

test("throwIfAborted throws the reason", () => {
  const controller = new AbortController();
  controller.signal.throwIfAborted();
  const reason = new TypeError("why");
  controller.abort(reason);
  assert(assertThrows(() => controller.signal.throwIfAborted(), TypeError, "why") === reason);
});

test("AbortSignal.abort gives an aborted signal", () => {
  assertEquals([AbortSignal.abort().aborted, AbortSignal.abort().reason.name, AbortSignal.abort(3).reason], [true, "AbortError", 3]);
});

test("AbortSignal.timeout aborts with a TimeoutError", async () => {
  const signal = AbortSignal.timeout(1);
  assertEquals(signal.aborted, false);
  await new Promise((resolve) => { signal.onabort = resolve; });
  assertEquals([signal.reason.name, signal.reason.message], ["TimeoutError", "The operation was aborted due to timeout"]);
});

test("AbortSignal.timeout needs a number", () => {
  assertThrows(() => /** @type {any} */ (AbortSignal).timeout(), TypeError,
    "Failed to execute 'timeout' on 'AbortSignal': parameter 1 is not of type 'number'.");
});

test("any follows the first source that is aborted, with its reason", () => {
  const first = new AbortController();
  const second = new AbortController();
  const signal = AbortSignal.any([first.signal, second.signal]);
  let events = 0;
  signal.addEventListener("abort", () => events++);
  second.abort("second");
  first.abort("first");
  assertEquals([signal.aborted, signal.reason, events], [true, "second", 1]);
});

test("any of an aborted signal is aborted", () => {
  const signal = AbortSignal.any([new AbortController().signal, AbortSignal.abort(7)]);
  assertEquals([signal.aborted, signal.reason], [true, 7]);
});

test("any of nothing is never aborted", () => {
  assertEquals(AbortSignal.any([]).aborted, false);
});

test("any of a result of any follows the sources of that", () => {
  const controller = new AbortController();
  const inner = AbortSignal.any([controller.signal]);
  const outer = AbortSignal.any([inner]);
  const order = [];
  outer.addEventListener("abort", () => order.push("outer"));
  inner.addEventListener("abort", () => order.push("inner"));
  controller.signal.addEventListener("abort", () => order.push(`source ${inner.aborted} ${outer.aborted}`));
  controller.abort(1);
  assertEquals([inner.reason, outer.reason], [1, 1]);
  assertEquals(order, ["source true true", "inner", "outer"]);
});

test("any checks its argument", () => {
  assertThrows(() => /** @type {any} */ (AbortSignal).any(), TypeError,
    "Failed to execute 'any' on 'AbortSignal': parameter 1 is not of type 'Array'.");
  assertThrows(() => AbortSignal.any(/** @type {any} */ ([1])), TypeError,
    "Incorrect type for array element 0: the provided value is not of type 'AbortSignal'.");
});

test("a signal combined many times still aborts every result", () => {
  const controller = new AbortController();
  const signals = Array.from({ length: 100 }, () => AbortSignal.any([controller.signal]));
  controller.abort();
  assert(signals.every((signal) => signal.aborted));
});

test("library algorithms run before listeners and can be taken back", () => {
  const controller = new AbortController();
  const order = [];
  controller.signal.addEventListener("abort", () => order.push("listener"));
  onAbort(controller.signal, () => order.push("algorithm"));
  const takeBack = onAbort(controller.signal, () => order.push("never"));
  takeBack();
  controller.abort();
  assertEquals(order, ["algorithm", "listener"]);
});

test("newSignal is aborted by abortWith only", () => {
  const signal = newSignal();
  assert(isAbortSignal(signal));
  abortWith(signal, undefined);
  assertEquals(signal.reason.name, "AbortError");
});

test("isAbortSignal goes by brand", () => {
  assertEquals([isAbortSignal({}), isAbortSignal(null), isAbortSignal(Object.create(AbortSignal.prototype))], [false, false, false]);
});

test("the abort classes have the attributes of Web IDL interfaces", () => {
  assertEquals(`${new AbortController()}${newSignal()}`, "[object AbortController][object AbortSignal]");
  assertEquals([AbortSignal.abort.length, AbortSignal.timeout.length, AbortSignal.any.length, AbortController.prototype.abort.length],
    [0, 1, 1, 0]);
  const signal = /** @type {any} */ (Object.getOwnPropertyDescriptor(AbortController.prototype, "signal"));
  assertEquals([signal.enumerable, signal.set], [true, undefined]);
});
