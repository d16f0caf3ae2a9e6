import { DOMException } from "stated:dom-exception";
import { CloseEvent, CustomEvent, defineEventHandlers, dispatch, ErrorEvent, Event, EventTarget, ExtendableEvent, hasListeners,
  MessageEvent, PromiseRejectionEvent } from "stated:event";
import { AbortController } from "stated:abort";
import { assert, assertEquals, assertThrows, test } from "stated:test";

test("an event has the standard's defaults", () => {
  const event = new Event("x");
  assertEquals(
    [event.type, event.bubbles, event.cancelable, event.composed, event.target, event.srcElement, event.currentTarget,
      event.eventPhase, event.defaultPrevented, event.returnValue, event.isTrusted, event.cancelBubble, event.composedPath()],
    ["x", false, false, false, null, null, null, 0, false, true, false, false, []],
  );
  assertEquals(typeof event.timeStamp, "number");
});

test("event options are converted to booleans", () => {
  const event = new Event("x", /** @type {any} */ ({ bubbles: 1, cancelable: "yes", composed: {} }));
  assertEquals([event.bubbles, event.cancelable, event.composed], [true, true, true]);
});

test("the event type is converted to a string", () => {
  assertEquals(new Event(/** @type {any} */ (5)).type, "5");
  assertEquals(new Event(/** @type {any} */ (null)).type, "null");
  assertThrows(() => new Event(/** @type {any} */ (Symbol("s"))), TypeError);
});

test("an event needs a type", () => {
  assertThrows(() => new /** @type {any} */ (Event)(), TypeError,
    "Failed to construct 'Event': constructor parameter 1 is not of type 'string'.");
});

test("event options must be an object", () => {
  assertThrows(() => new Event("x", /** @type {any} */ (5)), TypeError,
    "Failed to construct 'Event': constructor parameter 2 is not of type 'Init'.");
});

test("the options of each event class are named as in Workers", () => {
  for (const [Class, type] of /** @type {const} */ ([[CustomEvent, "CustomEventInit"], [MessageEvent, "Initializer"],
    [CloseEvent, "Initializer"], [ErrorEvent, "ErrorEventInit"]])) {
    assertThrows(() => new Class("x", /** @type {any} */ (5)), TypeError,
      `Failed to construct '${Class.name}': constructor parameter 2 is not of type '${type}'.`);
  }
});

test("a listener needs a type and something that may be one", () => {
  const target = /** @type {any} */ (new EventTarget());
  const text = (method, position, type) => `Failed to execute '${method}' on 'EventTarget': parameter ${position} is not of type '${type}'.`;
  assertThrows(() => target.addEventListener(), TypeError, text("addEventListener", 1, "string"));
  assertThrows(() => target.addEventListener("x"), TypeError, text("addEventListener", 2, "function or HandlerObject"));
  assertThrows(() => target.addEventListener("x", 5), TypeError, text("addEventListener", 2, "function or HandlerObject"));
  assertThrows(() => target.removeEventListener(), TypeError, text("removeEventListener", 1, "string"));
  assertThrows(() => target.removeEventListener("x", 5), TypeError, text("removeEventListener", 2, "Object"));
  target.addEventListener("x", undefined);
  assertEquals(target.dispatchEvent(new Event("x")), true);
});

test("the phases are constants on class and prototype", () => {
  assertEquals([Event.NONE, Event.CAPTURING_PHASE, Event.AT_TARGET, Event.BUBBLING_PHASE], [0, 1, 2, 3]);
  assertEquals(new Event("x").AT_TARGET, 2);
  assertEquals(Object.getOwnPropertyDescriptor(Event, "NONE"), { value: 0, writable: false, enumerable: true, configurable: false });
});

test("listeners are called in the order they were added", () => {
  const target = new EventTarget();
  const calls = [];
  target.addEventListener("a", () => calls.push(1));
  target.addEventListener("a", () => calls.push(2));
  target.addEventListener("b", () => calls.push(3));
  assertEquals(target.dispatchEvent(new Event("a")), true);
  assertEquals(calls, [1, 2]);
});

test("a capturing listener is called before the others", () => {
  const target = new EventTarget();
  const calls = [];
  target.addEventListener("a", () => calls.push("bubble"));
  target.addEventListener("a", () => calls.push("capture"), true);
  target.dispatchEvent(new Event("a"));
  assertEquals(calls, ["capture", "bubble"]);
});

test("this and currentTarget are the target while listeners run, and the phase is at target", () => {
  const target = new EventTarget();
  const event = new Event("a");
  let seen;
  target.addEventListener("a", function (given) {
    seen = [this === target, given === event, given.currentTarget === target, given.eventPhase, given.composedPath().length];
  });
  target.dispatchEvent(event);
  assertEquals(seen, [true, true, true, 2, 1]);
  // The standard's currentTarget is null again.
  assertEquals([event.target === target, event.currentTarget === target, event.eventPhase, event.composedPath()], [true, true, 0, []]);
});

test("the same listener is added once", () => {
  const target = new EventTarget();
  let calls = 0;
  const listener = () => calls++;
  target.addEventListener("a", listener);
  target.addEventListener("a", listener, { once: true });
  target.dispatchEvent(new Event("a"));
  target.dispatchEvent(new Event("a"));
  assertEquals(calls, 2);
});

test("a listener with capture and one without are two", () => {
  const target = new EventTarget();
  let calls = 0;
  const listener = () => calls++;
  target.addEventListener("a", listener, true);
  target.addEventListener("a", listener, false);
  target.removeEventListener("a", listener);
  target.dispatchEvent(new Event("a"));
  assertEquals(calls, 1);
});

test("a once listener is removed before it is called", () => {
  const target = new EventTarget();
  let calls = 0;
  target.addEventListener("a", () => {
    calls++;
    target.dispatchEvent(new Event("a"));
  }, { once: true });
  target.dispatchEvent(new Event("a"));
  assertEquals(calls, 1);
});

test("a listener removed during the dispatch is not called any more", () => {
  const target = new EventTarget();
  const calls = [];
  const second = () => calls.push(2);
  target.addEventListener("a", () => {
    calls.push(1);
    target.removeEventListener("a", second);
  });
  target.addEventListener("a", second);
  target.dispatchEvent(new Event("a"));
  assertEquals(calls, [1]);
});

test("a listener added during the dispatch is called from the next one on", () => {
  const target = new EventTarget();
  const calls = [];
  target.addEventListener("a", () => {
    calls.push(1);
    target.addEventListener("a", () => calls.push(2));
  }, { once: true });
  target.dispatchEvent(new Event("a"));
  assertEquals(calls, [1]);
  target.dispatchEvent(new Event("a"));
  assertEquals(calls, [1, 2]);
});

test("a listener object's handleEvent is looked up at each call, with the object as this", () => {
  const target = new EventTarget();
  const calls = [];
  const listener = { handleEvent() { calls.push(this === listener ? "first" : "?"); } };
  target.addEventListener("a", listener);
  target.dispatchEvent(new Event("a"));
  listener.handleEvent = () => calls.push("second");
  target.dispatchEvent(new Event("a"));
  assertEquals(calls, ["first", "second"]);
});

test("an exception of a listener ends the dispatch and reaches the caller", () => {
  const target = new EventTarget();
  let calls = 0;
  const fails = () => { calls += 1; throw new RangeError("of the listener"); };
  target.addEventListener("a", fails, { passive: true });
  target.addEventListener("a", () => { calls += 10; });
  const event = new Event("a", { cancelable: true });
  assertThrows(() => target.dispatchEvent(event), RangeError, "of the listener");
  assertEquals([calls, event.eventPhase, event.currentTarget === target], [1, 0, true]);
  target.removeEventListener("a", fails);
  assertEquals(target.dispatchEvent(event), true);
  assertEquals(calls, 11);
});

test("an exception of a listener does not stop the others when the runtime dispatches", () => {
  const target = new EventTarget();
  let called = false;
  target.addEventListener("a", () => { throw new Error("expected in the log"); });
  target.addEventListener("a", () => { called = true; });
  assertEquals(dispatch(target, new Event("a")), true);
  assert(called);
});

test("stopImmediatePropagation ends the dispatch, stopPropagation does not", () => {
  const target = new EventTarget();
  const calls = [];
  target.addEventListener("a", (event) => { calls.push(1); event.stopPropagation(); });
  target.addEventListener("a", (event) => { calls.push(2); event.stopImmediatePropagation(); });
  target.addEventListener("a", () => calls.push(3));
  target.dispatchEvent(new Event("a"));
  assertEquals(calls, [1, 2]);
});

test("preventDefault counts only on a cancelable event", () => {
  const target = new EventTarget();
  target.addEventListener("a", (event) => event.preventDefault());
  assertEquals(target.dispatchEvent(new Event("a")), true);
  const event = new Event("a", { cancelable: true });
  assertEquals(target.dispatchEvent(event), false);
  assertEquals([event.defaultPrevented, event.returnValue], [true, false]);
});

test("a passive listener cannot prevent the default", () => {
  const target = new EventTarget();
  target.addEventListener("a", (event) => event.preventDefault(), { passive: true });
  assertEquals(target.dispatchEvent(new Event("a", { cancelable: true })), true);
});

test("setting returnValue to false prevents the default, setting it to true does nothing", () => {
  const event = new Event("a", { cancelable: true });
  event.returnValue = true;
  assertEquals(event.defaultPrevented, false);
  event.returnValue = false;
  assertEquals(event.defaultPrevented, true);
  event.returnValue = true;
  assertEquals(event.defaultPrevented, true);
});

test("dispatching an event that is being dispatched is an InvalidStateError", () => {
  const target = new EventTarget();
  let error;
  target.addEventListener("a", (event) => {
    error = assertThrows(() => target.dispatchEvent(event), DOMException, "The event is already being dispatched.");
  });
  target.dispatchEvent(new Event("a"));
  assertEquals(error.name, "InvalidStateError");
});

test("an event can be dispatched again", () => {
  const target = new EventTarget();
  let calls = 0;
  target.addEventListener("a", (event) => { calls++; event.stopImmediatePropagation(); });
  const event = new Event("a");
  target.dispatchEvent(event);
  target.dispatchEvent(event);
  assertEquals(calls, 2);
});

test("only the runtime's events are trusted, and dispatching one by hand takes that away", () => {
  const target = new EventTarget();
  const trusted = [];
  target.addEventListener("a", (event) => trusted.push(event.isTrusted));
  const event = new Event("a");
  dispatch(target, event);
  target.dispatchEvent(event);
  assertEquals(trusted, [true, false]);
});

test("dispatchEvent wants an Event", () => {
  assertThrows(() => new EventTarget().dispatchEvent(/** @type {any} */ ({ type: "a" })), TypeError,
    "Failed to execute 'dispatchEvent' on 'EventTarget': parameter 1 is not of type 'Event'.");
});

test("addEventListener wants a callback, and null is none", () => {
  const target = new EventTarget();
  const message = "Failed to execute 'addEventListener' on 'EventTarget': parameter 2 is not of type 'function or HandlerObject'.";
  assertThrows(() => /** @type {any} */ (target).addEventListener("a"), TypeError, message);
  assertThrows(() => target.addEventListener("a", /** @type {any} */ (5)), TypeError, message);
  target.addEventListener("a", null);
  assertEquals(hasListeners(target, "a"), false);
});

test("an aborted signal removes the listener", () => {
  const target = new EventTarget();
  const controller = new AbortController();
  let calls = 0;
  target.addEventListener("a", () => calls++, { signal: controller.signal });
  target.dispatchEvent(new Event("a"));
  controller.abort();
  target.dispatchEvent(new Event("a"));
  target.addEventListener("a", () => calls++, { signal: controller.signal });
  target.dispatchEvent(new Event("a"));
  assertEquals(calls, 1);
});

test("the signal option must be a signal", () => {
  assertThrows(() => new EventTarget().addEventListener("a", () => {}, /** @type {any} */ ({ signal: null })), TypeError,
    "Incorrect type for the 'signal' field on 'AddEventListenerOptions': the provided value is not of type 'AbortSignal'.");
});

test("a foreign this is refused", () => {
  assertThrows(() => EventTarget.prototype.addEventListener.call({}, "a", () => {}), TypeError);
  const type = /** @type {any} */ (Object.getOwnPropertyDescriptor(Event.prototype, "type"));
  assertThrows(() => type.get.call({}), TypeError);
});

class Door extends EventTarget {}
defineEventHandlers(Door.prototype, ["open"]);

test("a handler attribute is null, holds a function, and keeps its place in the order", () => {
  const door = /** @type {any} */ (new Door());
  const calls = [];
  assertEquals(door.onopen, null);
  door.addEventListener("open", () => calls.push("first"));
  const handler = () => calls.push("handler");
  door.onopen = handler;
  door.addEventListener("open", () => calls.push("last"));
  door.onopen = () => calls.push("new handler");
  door.dispatchEvent(new Event("open"));
  assertEquals(calls, ["first", "new handler", "last"]);
  door.onopen = 5;
  assertEquals(door.onopen, null);
});

test("a handler attribute that returns false prevents the default", () => {
  const door = /** @type {any} */ (new Door());
  door.onopen = () => false;
  assertEquals(door.dispatchEvent(new Event("open", { cancelable: true })), false);
});

test("a handler attribute is enumerable on the prototype", () => {
  const descriptor = /** @type {any} */ (Object.getOwnPropertyDescriptor(Door.prototype, "onopen"));
  assertEquals([descriptor.enumerable, descriptor.configurable, typeof descriptor.get, typeof descriptor.set],
    [true, true, "function", "function"]);
});

test("a handler attribute is not removed by removeEventListener", () => {
  const door = /** @type {any} */ (new Door());
  let calls = 0;
  const handler = () => calls++;
  door.onopen = handler;
  door.removeEventListener("open", handler);
  door.dispatchEvent(new Event("open"));
  assertEquals(calls, 1);
});

test("hasListeners tells whether a dispatch would call anything", () => {
  const target = new EventTarget();
  const listener = () => {};
  assertEquals(hasListeners(target, "a"), false);
  target.addEventListener("a", listener);
  assertEquals(hasListeners(target, "a"), true);
  target.removeEventListener("a", listener);
  assertEquals(hasListeners(target, "a"), false);
});

test("CustomEvent carries its detail", () => {
  assertEquals(new CustomEvent("x").detail, undefined);
  assertEquals(new CustomEvent("x", { detail: { a: 1 } }).detail, { a: 1 });
  assertEquals(new CustomEvent("x", { detail: 0, cancelable: true }).cancelable, true);
});

test("MessageEvent has the standard's defaults and takes what it is given", () => {
  const empty = new MessageEvent("message");
  assertEquals([empty.data, empty.origin, empty.lastEventId, empty.source, empty.ports], [null, "", "", null, []]);
  const event = new MessageEvent("message", { data: 5, origin: "o", lastEventId: "l", ports: [1] });
  assertEquals([event.data, event.origin, event.lastEventId, event.ports], [5, "o", "l", [1]]);
  assert(Object.isFrozen(event.ports));
});

test("CloseEvent converts its code as an unsigned short", () => {
  const event = new CloseEvent("close", { code: 1000, reason: "bye", wasClean: true });
  assertEquals([event.code, event.reason, event.wasClean], [1000, "bye", true]);
  const empty = new CloseEvent("close");
  assertEquals([empty.code, empty.reason, empty.wasClean], [0, "", false]);
  assertEquals(new CloseEvent("close", { code: 65537 }).code, 1);
});

test("ErrorEvent carries the error and where it was", () => {
  const error = new Error("x");
  const event = new ErrorEvent("error", { message: "m", filename: "f", lineno: 3, colno: 4, error });
  assertEquals([event.message, event.filename, event.lineno, event.colno, event.error === error], ["m", "f", 3, 4, true]);
  assertEquals(new ErrorEvent("error").error, undefined);
});

test("PromiseRejectionEvent needs a promise", () => {
  const promise = Promise.resolve(1);
  const event = new PromiseRejectionEvent("unhandledrejection", { promise, reason: 5 });
  assertEquals([event.promise === promise, event.reason], [true, 5]);
  assertThrows(() => new PromiseRejectionEvent("x", /** @type {any} */ ({})), TypeError,
    "Incorrect type for the 'promise' field on 'PromiseRejectionEventInit': the provided value is not of type 'Promise'.");
});

test("waitUntil works only while the runtime dispatches the event", () => {
  const target = new EventTarget();
  const event = new ExtendableEvent("x");
  assertEquals(assertThrows(() => event.waitUntil(Promise.resolve()), DOMException,
    "waitUntil() can only be called while the event is being dispatched.").name, "InvalidStateError");
  let called = false;
  target.addEventListener("x", (given) => {
    given.waitUntil(Promise.resolve());
    called = true;
  });
  dispatch(target, event);
  assert(called);
});

test("the event classes have the attributes of Web IDL interfaces", () => {
  for (const Class of [Event, EventTarget, CustomEvent, MessageEvent, CloseEvent, ErrorEvent]) {
    assertEquals(Object.prototype.toString.call(Class.prototype), `[object ${Class.name}]`);
    assertEquals(Object.getOwnPropertyDescriptor(Class.prototype, Symbol.toStringTag),
      { value: Class.name, writable: false, enumerable: false, configurable: true });
    assertEquals(Object.getOwnPropertyDescriptor(Class.prototype, "constructor")?.enumerable, false);
  }
  assertEquals([Event.length, EventTarget.length, MessageEvent.length, EventTarget.prototype.addEventListener.length,
    EventTarget.prototype.dispatchEvent.length], [1, 0, 1, 2, 1]);
  assertEquals(Object.getOwnPropertyDescriptor(EventTarget.prototype, "dispatchEvent")?.enumerable, true);
  assertThrows(() => /** @type {any} */ (Event)("x"), TypeError);
});

test("of many listeners each is there once, and is found by its callback and phase", () => {
  const target = new EventTarget();
  /** @type {number[]} */
  const calls = [];
  const listeners = Array.from({ length: 40 }, (_, i) => () => { calls.push(i); });
  for (const listener of listeners) target.addEventListener("a", listener);
  for (const listener of listeners) target.addEventListener("a", listener, { once: true });
  target.addEventListener("a", listeners[5], true);
  target.dispatchEvent(new Event("a"));
  assertEquals(calls, [5, ...listeners.keys()]);

  calls.length = 0;
  target.removeEventListener("a", listeners[5]);
  for (const i of [0, 39, 17]) target.removeEventListener("a", listeners[i]);
  target.removeEventListener("a", listeners[17], true);
  target.addEventListener("a", listeners[17]);
  target.dispatchEvent(new Event("a"));
  assertEquals(calls, [5, ...[...listeners.keys()].filter((i) => ![0, 5, 17, 39].includes(i)), 17]);

  for (const listener of listeners) target.removeEventListener("a", listener);
  target.removeEventListener("a", listeners[5], true);
  calls.length = 0;
  target.dispatchEvent(new Event("a"));
  assertEquals(calls, []);
});

test("of many listeners those that are added or removed in a dispatch count from the next one, or at once", () => {
  const target = new EventTarget();
  /** @type {string[]} */
  const calls = [];
  const late = () => { calls.push("late"); };
  const removed = () => { calls.push("removed"); };
  target.addEventListener("a", () => {
    target.removeEventListener("a", removed);
    target.addEventListener("a", late);
    target.addEventListener("a", late);
  });
  for (let i = 0; i < 20; i++) target.addEventListener("a", () => { calls.push(`once ${i}`); }, { once: true });
  target.addEventListener("a", removed);
  target.addEventListener("a", () => {
    if (calls.length < 30) target.dispatchEvent(new Event("a"));
  }, { once: true });

  target.dispatchEvent(new Event("a"));

  assertEquals(calls, [...Array.from({ length: 20 }, (_, i) => `once ${i}`), "late"]);
  target.addEventListener("a", removed);
  calls.length = 0;
  target.dispatchEvent(new Event("a"));
  assertEquals(calls, ["late"]);
});
