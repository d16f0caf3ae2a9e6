/**
 * Unhandled rejections as programs hear of them, after section 8.1.7.5 of the HTML standard: at the end of a turn.
 *
 * @module
 */

import { assert, assertEquals, test } from "stated:test";

const nextTurn = () => new Promise((resolve) => setTimeout(resolve, 1));

/** Notes events of a kind while `body` runs. @param {string[]} types @param {(events: any[]) => unknown} body */
async function listening(types, body) {
  const events = [];
  const listener = (event) => {
    events.push(event);
    event.preventDefault();
  };
  for (const type of types) addEventListener(type, listener);
  await body(events);
  for (const type of types) removeEventListener(type, listener);
  return events;
}

test("a rejection without a handler is told at the end of the turn", async () => {
  const error = new RangeError("nobody");
  const events = await listening(["unhandledrejection"], async (seen) => {
    const promise = Promise.reject(error);
    await Promise.resolve();
    assertEquals(seen.length, 0);
    await nextTurn();
    assert(seen[0].promise === promise && seen[0].reason === error && seen[0] instanceof PromiseRejectionEvent);
  });
  assertEquals(events.length, 1);
});

test("a handler in the same turn keeps it from being told", async () => {
  const events = await listening(["unhandledrejection", "rejectionhandled"], async () => {
    const promise = Promise.reject(new Error("handled"));
    await Promise.resolve();
    promise.catch(() => {});
    await nextTurn();
  });
  assertEquals(events.length, 0);
});

test("a handler in a later turn is told", async () => {
  const events = await listening(["unhandledrejection", "rejectionhandled"], async () => {
    const promise = Promise.reject("late");
    await nextTurn();
    promise.catch(() => {});
    await nextTurn();
  });
  assertEquals(events.map(({ type, reason }) => [type, reason]), [["unhandledrejection", "late"], ["rejectionhandled", "late"]]);
  assert(events[0].promise === events[1].promise);
});

test("a listener may reject and resolve promises itself", async () => {
  let depth = 0;
  const reasons = [];
  const listener = (event) => {
    event.preventDefault();
    reasons.push(event.reason);
    if (++depth < 3) void Promise.reject(`again ${depth}`);
  };
  addEventListener("unhandledrejection", listener);
  void Promise.reject("first");
  await nextTurn();
  removeEventListener("unhandledrejection", listener);
  assertEquals(reasons, ["first", "again 1", "again 2"]);
});

test("reportError tells listeners for errors", () => {
  const seen = [];
  const listener = (event) => {
    seen.push(event.error, event.message);
    event.preventDefault();
  };
  addEventListener("error", listener);
  const error = new TypeError("reported");
  reportError(error);
  removeEventListener("error", listener);
  assertEquals(seen, [error, "Uncaught TypeError: reported"]);
});

test("exceptions of microtasks and timers are told", async () => {
  const events = await listening(["error"], async () => {
    queueMicrotask(() => { throw new Error("microtask"); });
    setTimeout(() => { throw new Error("timer"); }, 0);
    await nextTurn();
    await nextTurn();
  });
  assertEquals(events.map(({ error }) => error.message).sort(), ["microtask", "timer"]);
});
