/**
 * Events and their targets, after section 2 of the DOM standard, and the event classes of the HTML and WebSockets standards.
 *
 * @module
 */

import { AbortController, AbortSignal } from "stated:abort";
import { CloseEvent, CustomEvent, dispatch, ErrorEvent, Event, EventTarget, ExtendableEvent, MessageEvent,
  PromiseRejectionEvent } from "stated:event";
import { assert, assertEquals, assertThrows, test } from "stated:test";

/** @type {any[]} */
const eventClasses = [Event, CustomEvent, MessageEvent, CloseEvent, ErrorEvent];

// --- constructors -------------------------------------------------------------------------------------------------------

test("the type is required and converted to a string", () => {
  for (const Class of eventClasses) {
    assertThrows(() => new Class(), TypeError);
    assertThrows(() => new Class(Symbol("x")), TypeError);
    assertEquals([new Class(undefined).type, new Class(null).type, new Class(5).type, new Class({ toString: () => "t" }).type, new Class("").type],
      ["undefined", "null", "5", "t", ""]);
  }
});

test("the options are an object, null or absent", () => {
  for (const Class of eventClasses) {
    for (const init of [undefined, null, {}, [], () => {}]) new Class("x", init);
    for (const init of [5, "x", true, Symbol("x")]) assertThrows(() => new Class("x", init), TypeError);
  }
});

test("the flags are converted to booleans, and may be inherited properties", () => {
  const init = Object.create({ bubbles: 1, cancelable: "yes", composed: {} });
  for (const Class of eventClasses) {
    const event = new Class("x", init);
    assertEquals([event.bubbles, event.cancelable, event.composed], [true, true, true]);
    assertEquals(new Class("x", { bubbles: 0, cancelable: "", composed: null }).cancelable, false);
  }
});

test("a new event has the defaults of the standard", () => {
  const event = new Event("x");
  assertEquals([event.type, event.target, event.srcElement, event.currentTarget, event.eventPhase, event.bubbles, event.cancelable,
    event.composed, event.defaultPrevented, event.returnValue, event.cancelBubble, event.isTrusted, event.composedPath()],
  ["x", null, null, null, 0, false, false, false, false, true, false, false, []]);
});

test("timeStamp is a time that does not go back", () => {
  const first = new Event("x").timeStamp;
  const second = new Event("x").timeStamp;
  assert(typeof first === "number" && first >= 0 && second >= first);
});

test("a getter among the options that throws comes through", () => {
  const error = new RangeError("getter");
  for (const Class of eventClasses) assert(assertThrows(() => new Class("x", { get bubbles() { throw error; } })) === error);
});

// The standard's default is null.
test("CustomEvent keeps its detail as it is, undefined by default", () => {
  const detail = {};
  assert(new CustomEvent("x", { detail }).detail === detail);
  assertEquals([new CustomEvent("x").detail, new CustomEvent("x", { detail: undefined }).detail, new CustomEvent("x", { detail: 0 }).detail],
    [undefined, undefined, 0]);
});

test("MessageEvent has the defaults of the standard, and converts its strings", () => {
  const event = new MessageEvent("x");
  assertEquals([event.data, event.origin, event.lastEventId, event.source, [...event.ports]], [null, "", "", null, []]);
  const other = new MessageEvent("x", /** @type {any} */ ({ data: 1n, origin: 5, lastEventId: null }));
  assertEquals([other.data, other.origin, other.lastEventId], [1n, "5", "null"]);
  assert(other.ports === other.ports && Object.isFrozen(other.ports));
});

test("CloseEvent converts its code to 16 bits", () => {
  const event = new CloseEvent("x", /** @type {any} */ ({ code: 65536 + 1001, reason: "a\ud800", wasClean: 1 }));
  assertEquals([event.code, event.reason, event.wasClean], [1001, "a\ufffd", true]);
  assertEquals([new CloseEvent("x").code, new CloseEvent("x").reason, new CloseEvent("x").wasClean], [0, "", false]);
  for (const [code, expected] of /** @type {[any, number][]} */ ([[-1, 65535], [NaN, 0], [1.9, 1], ["7", 7], [Infinity, 0]])) {
    assertEquals(new CloseEvent("x", { code }).code, expected);
  }
});

test("ErrorEvent converts its numbers to 32 bits", () => {
  const event = new ErrorEvent("x", /** @type {any} */ ({ message: 1, filename: "f", lineno: 2 ** 32 + 3, colno: -1, error: "e" }));
  assertEquals([event.message, event.filename, event.lineno, event.colno, event.error], ["1", "f", 3, 4294967295, "e"]);
  const empty = new ErrorEvent("x");
  assertEquals([empty.message, empty.filename, empty.lineno, empty.colno, empty.error], ["", "", 0, 0, undefined]);
});

test("PromiseRejectionEvent wants a promise", () => {
  const promise = Promise.resolve();
  const event = new PromiseRejectionEvent("x", { promise, reason: 5 });
  assert(event.promise === promise && event.reason === 5);
  assertEquals(new PromiseRejectionEvent("x", { promise }).reason, undefined);
  for (const given of [[], ["x"], ["x", undefined], ["x", {}], ["x", 5]]) assertThrows(() => new /** @type {any} */ (PromiseRejectionEvent)(...given), TypeError);
});

test("ExtendableEvent refuses waitUntil outside of a dispatch by the platform", () => {
  const event = new ExtendableEvent("x");
  assertEquals(assertThrows(() => event.waitUntil(Promise.resolve())).name, "InvalidStateError");
});

// --- 2.2 flags ----------------------------------------------------------------------------------------------------------------

test("preventDefault acts on cancelable events only", () => {
  for (const cancelable of [true, false]) {
    const event = new Event("x", { cancelable });
    event.preventDefault();
    assertEquals([event.defaultPrevented, event.returnValue], [cancelable, !cancelable]);
  }
});

test("returnValue is the older name: false prevents, true takes nothing back", () => {
  const event = new Event("x", { cancelable: true });
  event.returnValue = true;
  assertEquals(event.defaultPrevented, false);
  event.returnValue = false;
  event.returnValue = true;
  assertEquals([event.defaultPrevented, event.returnValue], [true, false]);
});

test("cancelBubble is the older name of stopPropagation, and cannot be taken back", () => {
  const event = new Event("x");
  event.cancelBubble = false;
  assertEquals(event.cancelBubble, false);
  event.cancelBubble = true;
  event.cancelBubble = false;
  assertEquals(event.cancelBubble, true);
  const other = new Event("x");
  other.stopPropagation();
  assertEquals(other.cancelBubble, true);
});

test("an event whose propagation was stopped before the dispatch reaches no listener, and can be used again", () => {
  const target = new EventTarget();
  let calls = 0;
  target.addEventListener("x", () => calls++);
  const event = new Event("x");
  event.stopPropagation();
  target.dispatchEvent(event);
  assertEquals([calls, event.cancelBubble], [0, false]);
  target.dispatchEvent(event);
  assertEquals(calls, 1);
});

test("defaultPrevented survives a dispatch, and a second one returns false", () => {
  const target = new EventTarget();
  const event = new Event("x", { cancelable: true });
  target.addEventListener("x", (given) => given.preventDefault(), { once: true });
  assertEquals([target.dispatchEvent(event), event.defaultPrevented, target.dispatchEvent(event)], [false, true, false]);
});

// --- 2.7 listeners ------------------------------------------------------------------------------------------------------------

test("addEventListener needs two arguments", () => {
  const target = /** @type {any} */ (new EventTarget());
  for (const method of ["addEventListener", "removeEventListener"]) {
    assertThrows(() => target[method](), TypeError);
    assertThrows(() => target[method]("x"), TypeError);
    for (const callback of [5, "x", true, Symbol("x"), 1n]) assertThrows(() => target[method]("x", callback), TypeError);
    target[method]("x", null);
  }
});

test("dispatchEvent wants an event", () => {
  for (const given of [[], [undefined], [null], [{}], ["x"], [Object.create(Event.prototype)]]) {
    assertThrows(() => /** @type {any} */ (new EventTarget()).dispatchEvent(...given), TypeError);
  }
});

test("the type is converted to a string on both sides", () => {
  const target = new EventTarget();
  let calls = 0;
  const callback = () => calls++;
  target.addEventListener(/** @type {any} */ (5), callback);
  target.dispatchEvent(new Event("5"));
  target.removeEventListener(/** @type {any} */ ({ toString: () => "5" }), callback);
  target.dispatchEvent(new Event("5"));
  assertEquals(calls, 1);
});

test("a listener is the same by type, callback and capture", () => {
  const target = new EventTarget();
  let calls = 0;
  const callback = () => { calls++; };
  target.addEventListener("x", callback);
  target.addEventListener("x", callback, { once: true, passive: true });
  target.addEventListener("x", callback, true);
  target.addEventListener("x", callback, { capture: true });
  target.dispatchEvent(new Event("x"));
  assertEquals(calls, 2);
  target.removeEventListener("x", callback);
  target.dispatchEvent(new Event("x"));
  assertEquals(calls, 3);
  target.removeEventListener("x", callback, /** @type {any} */ ({ capture: 1 }));
  target.dispatchEvent(new Event("x"));
  assertEquals(calls, 3);
});

test("listeners are called in the order they were added, capturing ones first", () => {
  const target = new EventTarget();
  const order = [];
  for (const [name, capture] of /** @type {[string, boolean][]} */ ([["a", false], ["b", true], ["c", false], ["d", true]])) {
    target.addEventListener("x", () => order.push(name), capture);
  }
  target.dispatchEvent(new Event("x"));
  assertEquals(order, ["b", "d", "a", "c"]);
});

test("the phase is at the target, also for capturing listeners", () => {
  const target = new EventTarget();
  const phases = [];
  for (const capture of [true, false]) target.addEventListener("x", (event) => phases.push(event.eventPhase), capture);
  const event = new Event("x", { bubbles: true });
  target.dispatchEvent(event);
  assertEquals([phases, event.eventPhase], [[2, 2], 0]);
});

test("while it is dispatched, an event shows its target and its path", () => {
  const target = new EventTarget();
  const seen = [];
  target.addEventListener("x", (event) => seen.push(event.target === target, event.currentTarget === target, event.srcElement === target,
    event.composedPath().length === 1 && event.composedPath()[0] === target));
  const event = new Event("x");
  target.dispatchEvent(event);
  assertEquals(seen, [true, true, true, true]);
  // The standard's currentTarget is null again.
  assertEquals([event.target === target, event.currentTarget === target, event.composedPath()], [true, true, []]);
});

test("a function is called with the target as this, an object's handleEvent with the object", () => {
  const target = new EventTarget();
  const seen = [];
  target.addEventListener("x", function listener() { seen.push(this === target); });
  const object = { handleEvent(event) { seen.push(this === object, event.type); } };
  target.addEventListener("x", object);
  target.dispatchEvent(new Event("x"));
  assertEquals(seen, [true, true, "x"]);
});

test("handleEvent is looked up at each dispatch", () => {
  const target = new EventTarget();
  const order = [];
  const object = { handleEvent() { order.push(1); } };
  target.addEventListener("x", object);
  target.dispatchEvent(new Event("x"));
  object.handleEvent = () => { order.push(2); };
  target.dispatchEvent(new Event("x"));
  assertEquals(order, [1, 2]);
});

test("a callable object with handleEvent is called itself", () => {
  const target = new EventTarget();
  const order = [];
  const callback = Object.assign(() => order.push("called"), { handleEvent() { order.push("handleEvent"); } });
  target.addEventListener("x", callback);
  target.dispatchEvent(new Event("x"));
  assertEquals(order, ["called"]);
});

// Where the runtime dispatches: dispatchEvent() throws what a listener throws, as in Workers (event.test.js).
test("a listener that throws, or has no handleEvent, does not keep the others from being called", () => {
  const target = new EventTarget();
  let calls = 0;
  target.addEventListener("x", () => { throw new Error("reported"); });
  target.addEventListener("x", /** @type {any} */ ({}));
  target.addEventListener("x", /** @type {any} */ ({ get handleEvent() { throw new Error("reported"); } }));
  target.addEventListener("x", () => calls++);
  assertEquals([dispatch(target, new Event("x")), calls], [true, 1]);
});

test("once removes the listener before it is called", () => {
  const target = new EventTarget();
  let calls = 0;
  target.addEventListener("x", () => {
    calls++;
    target.dispatchEvent(new Event("x"));
  }, { once: true });
  target.dispatchEvent(new Event("x"));
  assertEquals(calls, 1);
});

test("a once listener that throws is gone, too", () => {
  const target = new EventTarget();
  let calls = 0;
  target.addEventListener("x", () => { calls++; throw new Error("reported"); }, { once: true });
  dispatch(target, new Event("x"));
  dispatch(target, new Event("x"));
  assertEquals(calls, 1);
});

test("a passive listener cannot prevent the default, the next one can", () => {
  const target = new EventTarget();
  const seen = [];
  target.addEventListener("x", (event) => { event.preventDefault(); seen.push(event.defaultPrevented); }, { passive: true });
  target.addEventListener("x", (event) => { event.returnValue = false; seen.push(event.defaultPrevented); }, { passive: true });
  target.addEventListener("x", (event) => { event.preventDefault(); seen.push(event.defaultPrevented); });
  target.dispatchEvent(new Event("x", { cancelable: true }));
  assertEquals(seen, [false, false, true]);
});

test("a listener added during the dispatch waits for the next, a removed one is not called any more", () => {
  const target = new EventTarget();
  const order = [];
  const removed = () => order.push("removed");
  target.addEventListener("x", () => {
    order.push("first");
    target.addEventListener("x", () => order.push("added"));
    target.removeEventListener("x", removed);
  }, { once: true });
  target.addEventListener("x", removed);
  target.dispatchEvent(new Event("x"));
  assertEquals(order, ["first"]);
  target.dispatchEvent(new Event("x"));
  assertEquals(order, ["first", "added"]);
});

test("a listener that is removed and added again during the dispatch is a new one", () => {
  const target = new EventTarget();
  const order = [];
  const again = () => order.push("again");
  target.addEventListener("x", () => {
    target.removeEventListener("x", again);
    target.addEventListener("x", again);
  }, { once: true });
  target.addEventListener("x", again);
  target.dispatchEvent(new Event("x"));
  assertEquals(order, []);
  target.dispatchEvent(new Event("x"));
  assertEquals(order, ["again"]);
});

test("a bubbling listener added by a capturing one is called in the same dispatch", () => {
  const target = new EventTarget();
  const order = [];
  target.addEventListener("x", () => {
    order.push("capture");
    target.addEventListener("x", () => order.push("bubble"));
  }, { capture: true });
  target.dispatchEvent(new Event("x"));
  // The two phases clone the list one after the other.
  assertEquals(order, ["capture", "bubble"]);
});

test("stopImmediatePropagation skips the rest, stopPropagation only the other phase", () => {
  const target = new EventTarget();
  const order = [];
  target.addEventListener("x", (event) => { order.push("c1"); event.stopPropagation(); }, true);
  target.addEventListener("x", () => order.push("c2"), true);
  target.addEventListener("x", () => order.push("b1"));
  target.dispatchEvent(new Event("x"));
  assertEquals(order, ["c1", "c2"]);
  const other = new EventTarget();
  other.addEventListener("x", (event) => { order.push("i1"); event.stopImmediatePropagation(); });
  other.addEventListener("x", () => order.push("i2"));
  other.dispatchEvent(new Event("x"));
  assertEquals(order.slice(2), ["i1"]);
});

test("an event that is being dispatched cannot be dispatched", () => {
  const target = new EventTarget();
  let name;
  target.addEventListener("x", (event) => {
    try {
      new EventTarget().dispatchEvent(event);
    } catch (error) {
      name = /** @type {any} */ (error).name;
    }
  });
  target.dispatchEvent(new Event("x"));
  assertEquals(name, "InvalidStateError");
});

test("another event may be dispatched inside of a dispatch", () => {
  const target = new EventTarget();
  const order = [];
  target.addEventListener("outer", () => {
    order.push("outer begins");
    target.dispatchEvent(new Event("inner"));
    order.push("outer ends");
  });
  target.addEventListener("inner", () => order.push("inner"));
  target.dispatchEvent(new Event("outer"));
  assertEquals(order, ["outer begins", "inner", "outer ends"]);
});

test("an aborted signal keeps a listener from being added, a later abort removes it", () => {
  const target = new EventTarget();
  let calls = 0;
  target.addEventListener("x", () => calls++, { signal: AbortSignal.abort() });
  const controller = new AbortController();
  target.addEventListener("x", () => calls++, { signal: controller.signal });
  target.dispatchEvent(new Event("x"));
  controller.abort();
  target.dispatchEvent(new Event("x"));
  assertEquals(calls, 1);
});

test("an abort inside of a dispatch keeps the later listeners of the signal from being called", () => {
  const target = new EventTarget();
  const controller = new AbortController();
  let calls = 0;
  target.addEventListener("x", () => controller.abort());
  target.addEventListener("x", () => calls++, { signal: controller.signal });
  target.dispatchEvent(new Event("x"));
  assertEquals(calls, 0);
});

test("the signal of a listener must be one", () => {
  for (const signal of [null, {}, 5, "x", new EventTarget(), Object.create(AbortSignal.prototype)]) {
    assertThrows(() => new EventTarget().addEventListener("x", () => {}, /** @type {any} */ ({ signal })), TypeError);
  }
});

test("a signal removes the very listener it was given for", () => {
  const target = new EventTarget();
  const controller = new AbortController();
  let calls = 0;
  const callback = () => calls++;
  target.addEventListener("x", callback, { signal: controller.signal });
  target.removeEventListener("x", callback);
  target.addEventListener("x", callback);
  controller.abort();
  target.dispatchEvent(new Event("x"));
  // The standard removes by identity of the listener, and the second one is another.
  assertEquals(calls, 1);
});

test("listener options are read in the order of their names, capture first", () => {
  const order = [];
  const recorder = new Proxy({}, { get: (_, key) => void order.push(String(key)) });
  new EventTarget().addEventListener("x", () => {}, recorder);
  assertEquals(order, ["capture", "once", "passive", "signal"]);
});

test("options that are no object are the capture flag", () => {
  const target = new EventTarget();
  let calls = 0;
  const callback = () => calls++;
  target.addEventListener("x", callback, /** @type {any} */ ("yes"));
  target.removeEventListener("x", callback);
  target.dispatchEvent(new Event("x"));
  target.removeEventListener("x", callback, true);
  target.dispatchEvent(new Event("x"));
  assertEquals(calls, 1);
});

test("a null callback is accepted and never called", () => {
  const target = new EventTarget();
  target.addEventListener("x", null);
  assertEquals(target.dispatchEvent(new Event("x")), true);
});
