/**
 * What the global scope hears of exceptions that nobody caught, after section 8.1 of the HTML standard.
 *
 * @module
 */

import { ErrorEvent, Event, EventTarget } from "stated:event";
import { reportUncaught } from "stated:report";
import { globalTarget, rejectionHandled, rejectionUnhandled } from "stated:uncaught";
import { assert, assertEquals, assertThrows, test } from "stated:test";

/** Runs `body` with a listener, and gives what it heard. */
function heard(type, body, prevent = true) {
  const events = [];
  const listener = (event) => {
    events.push(event);
    if (prevent) event.preventDefault();
  };
  globalTarget.addEventListener(type, listener);
  body();
  globalTarget.removeEventListener(type, listener);
  return events;
}

test("an exception is told as a trusted ErrorEvent that can be cancelled", () => {
  const error = new RangeError("text");
  const [event] = heard("error", () => reportUncaught(error));
  assert(event instanceof ErrorEvent && event.error === error);
  assertEquals([event.message, event.isTrusted, event.cancelable, event.bubbles], ["Uncaught RangeError: text", true, true, false]);
});

test("any value may be told", () => {
  for (const value of ["text", 5, null, undefined]) {
    const [event] = heard("error", () => reportUncaught(value));
    assertEquals([event.error, event.message], [value, `Uncaught ${value}`]);
  }
  const [event] = heard("error", () => reportUncaught(Object.create(null)));
  assertEquals(event.message, "Uncaught exception");
});

// Workers throws where the standard reports; an event that the runtime dispatches is reported.
test("an exception of a listener is thrown by dispatchEvent and ends the dispatch", () => {
  const target = new EventTarget();
  let calls = 0;
  target.addEventListener("x", () => { throw new Error("inside"); });
  target.addEventListener("x", () => calls++);
  const events = heard("error", () => assertThrows(() => target.dispatchEvent(new Event("x")), Error, "inside"));
  assertEquals([events.length, calls], [0, 0]);
});

test("an exception of a listener for exceptions is not told again", () => {
  let calls = 0;
  const listener = () => {
    calls++;
    throw new Error("inside of the listener");
  };
  globalTarget.addEventListener("error", listener);
  reportUncaught(new Error("first"));
  globalTarget.removeEventListener("error", listener);
  assertEquals(calls, 1);
});

test("a rejection is told with its promise and reason, and whether it was prevented", () => {
  const promise = Promise.resolve();
  const answers = [];
  const [event] = heard("unhandledrejection", () => answers.push(rejectionUnhandled(promise, "why")));
  assert(event.promise === promise);
  assertEquals([event.reason, event.cancelable, event.isTrusted], ["why", true, true]);
  heard("unhandledrejection", () => answers.push(rejectionUnhandled(promise, "why")), false);
  assertEquals([answers, rejectionUnhandled(promise, "why")], [[true, false], false]);
});

test("a late handler is told once, and only for a promise that was told before", () => {
  const [told, other] = [Promise.resolve(1), Promise.resolve(2)];
  rejectionUnhandled(told, "why");
  const events = heard("rejectionhandled", () => {
    rejectionHandled(other, "why");
    rejectionHandled(told, "why");
    rejectionHandled(told, "why");
  });
  assertEquals(events.map(({ promise, reason, cancelable }) => [promise === told, reason, cancelable]), [[true, "why", false]]);
});
