import EventEmitter, { errorMonitor, getEventListeners, listenerCount, on, once, setMaxListeners } from "stated:node/events";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

test("listeners run in order with the emitter as this", () => {
  const emitter = new EventEmitter();
  const calls = [];
  emitter.on("e", function (...args) { calls.push(["on", this === emitter, ...args]); });
  emitter.prependListener("e", () => calls.push("first"));
  assertEquals([emitter.emit("e", 1, 2), emitter.emit("other")], [true, false]);
  assertEquals(calls, ["first", ["on", true, 1, 2]]);
});

test("a listener added with once runs once", () => {
  const emitter = new EventEmitter();
  let count = 0;
  const listener = () => { count++; };
  emitter.once("e", listener);
  assert(emitter.rawListeners("e")[0] !== listener && emitter.listeners("e")[0] === listener);
  emitter.emit("e");
  emitter.emit("e");
  emitter.once("e", listener);
  emitter.off("e", listener);
  emitter.emit("e");
  assertEquals([count, emitter.eventNames()], [1, []]);
});

test("a listener may remove itself and others while they run", () => {
  const emitter = new EventEmitter();
  const calls = [];
  const second = () => calls.push("second");
  emitter.on("e", () => { emitter.off("e", second); calls.push("first"); });
  emitter.on("e", second);
  emitter.emit("e");
  emitter.emit("e");
  assertEquals(calls, ["first", "second", "first"]);
});

test("the last of equal listeners is removed", () => {
  const emitter = new EventEmitter();
  const calls = [];
  const twice = () => calls.push("twice");
  emitter.on("e", twice).on("e", () => calls.push("other")).on("e", twice);
  emitter.removeListener("e", twice);
  emitter.emit("e");
  assertEquals(calls, ["twice", "other"]);
});

test("newListener and removeListener tell of changes", () => {
  const emitter = new EventEmitter();
  const seen = [];
  const listener = () => {};
  emitter.on("newListener", (name, added) => seen.push(["new", name, added === listener, emitter.listenerCount(name)]));
  emitter.on("removeListener", (name, removed) => seen.push(["removed", name, removed === listener]));
  emitter.once("e", listener);
  emitter.emit("e");
  assertEquals(seen, [["new", "removeListener", false, 0], ["new", "e", true, 0], ["removed", "e", true]]);
});

test("an error without listener is thrown", () => {
  const emitter = new EventEmitter();
  assertThrows(() => emitter.emit("error", new RangeError("x")), RangeError, "x");
  const error = assertThrows(() => emitter.emit("error", { a: 1 }), Error, "Unhandled error. ({ a: 1 })");
  assertEquals([error.code, error.context], ["ERR_UNHANDLED_ERROR", { a: 1 }]);
  assertThrows(() => emitter.emit("error", "text"), Error, "Unhandled error. ('text')");
  const seen = [];
  emitter.on(errorMonitor, (monitored) => seen.push(monitored));
  assertThrows(() => emitter.emit("error", new Error("y")), Error, "y");
  emitter.on("error", () => seen.push("handled"));
  emitter.emit("error", 5);
  assertEquals([seen.length, seen.slice(1)], [3, [5, "handled"]]);
});

test("listeners must be functions", () => {
  const error = assertThrows(() => new EventEmitter().on("e", "x"), TypeError,
    'The "listener" argument must be of type function. Received type string (\'x\')');
  assertEquals(error.code, "ERR_INVALID_ARG_TYPE");
});

test("an emitter may be any object that calls the constructor", () => {
  function Old() { EventEmitter.call(this); }
  Object.setPrototypeOf(Old.prototype, EventEmitter.prototype);
  const old = new Old();
  let seen;
  old.on("e", (value) => { seen = value; });
  old.emit("e", 5);
  class Derived extends EventEmitter {}
  assertEquals([seen, new Derived() instanceof EventEmitter, EventEmitter.EventEmitter === EventEmitter], [5, true, true]);
});

test("limits on listeners", () => {
  const emitter = new EventEmitter();
  assertEquals([emitter.getMaxListeners(), emitter.setMaxListeners(1).getMaxListeners()], [10, 1]);
  assertEquals(assertThrows(() => emitter.setMaxListeners(-1), RangeError).code, "ERR_OUT_OF_RANGE");
  setMaxListeners(5, emitter);
  assertEquals(emitter.getMaxListeners(), 5);
});

test("all listeners are removed", () => {
  const emitter = new EventEmitter();
  emitter.on("a", () => {}).on("b", () => {}).on(Symbol.iterator, () => {});
  assertEquals([emitter.eventNames(), listenerCount(emitter, "a"), getEventListeners(emitter, "b").length], [["a", "b", Symbol.iterator], 1, 1]);
  assertEquals([emitter.removeAllListeners("a").eventNames().length, emitter.removeAllListeners().eventNames()], [2, []]);
});

test("once adds its listener by on, which a class may have replaced", () => {
  const added = [];
  class Watched extends EventEmitter {
    on(name, listener) {
      added.push(name);
      return super.on(name, listener);
    }
  }
  const watched = new Watched();
  const heard = [];
  watched.once("e", (value) => heard.push(value));
  watched.emit("e", 1);
  watched.emit("e", 2);
  assertEquals([added, heard], [["e"], [1]]);
});

test("once gives a promise of the arguments, and fails on error or abort", async () => {
  const emitter = new EventEmitter();
  const arrived = once(emitter, "e");
  emitter.emit("e", 1, 2);
  assertEquals(await arrived, [1, 2]);
  const failed = once(emitter, "e");
  emitter.emit("error", new Error("no"));
  await assertRejects(() => failed, Error, "no");
  const controller = new AbortController();
  const aborted = once(emitter, "e", { signal: controller.signal });
  controller.abort();
  const error = await assertRejects(() => aborted, Error, "The operation was aborted");
  assertEquals([error.name, error.code, emitter.eventNames()], ["AbortError", "ABORT_ERR", []]);
});

test("on iterates over events, also those that came before it was asked", async () => {
  const emitter = new EventEmitter();
  const events = on(emitter, "e", { close: ["end"] });
  emitter.emit("e", 1);
  const later = (async () => {
    const seen = [];
    for await (const args of events) seen.push(args);
    return seen;
  })();
  emitter.emit("e", 2, 3);
  await Promise.resolve();
  emitter.emit("end");
  assertEquals([await later, emitter.eventNames()], [[[1], [2, 3]], []]);
});

test("rejections of async listeners are captured on request", async () => {
  const emitter = new EventEmitter({ captureRejections: true });
  const failed = once(emitter, "error");
  emitter.on("e", async () => { throw new Error("captured"); });
  emitter.emit("e");
  assertEquals((await Promise.race([failed, new Promise(() => {})]))[0].message, "captured");
});

test("too many listeners are a warning of the process", async () => {
  const { default: process } = await import("stated:node/process");
  const heard = [];
  const listener = (warning) => heard.push([warning.name, warning.message.startsWith("Possible EventEmitter memory leak detected. 3 x listeners added to [EventEmitter]."), warning.type, warning.count]);
  process.on("warning", listener);
  const emitter = new EventEmitter().setMaxListeners(2);
  for (let i = 0; i < 4; i++) emitter.on("x", () => {});
  await new Promise((resolve) => { setTimeout(resolve, 1); });
  process.off("warning", listener);
  assertEquals(heard, [["MaxListenersExceededWarning", true, "x", 3]]);
});

test("options are checked, and an abort has a class of its own", async () => {
  const error = assertThrows(() => new EventEmitter({ captureRejections: 1 }), TypeError, 'The "options.captureRejections" property must be of type boolean. Received type number (1)');
  assertEquals(error.code, "ERR_INVALID_ARG_TYPE");
  const aborted = await once(new EventEmitter(), "x", { signal: AbortSignal.abort() }).catch((reason) => reason);
  assertEquals([aborted.constructor.name, aborted.name, aborted.code, aborted.message], ["AbortError", "AbortError", "ABORT_ERR", "The operation was aborted"]);
});

test("listeners that a listener adds or removes do not change who hears of this event", () => {
  const emitter = new EventEmitter();
  /** @type {string[]} */
  const calls = [];
  const second = () => { calls.push("second"); };
  const third = () => { calls.push("third"); };
  emitter.on("a", () => {
    emitter.off("a", second);
    emitter.prependListener("a", third);
  });
  emitter.on("a", second);
  emitter.once("a", third);

  emitter.emit("a");
  assertEquals([calls.splice(0), emitter.listenerCount("a")], [["second", "third"], 2]);
  emitter.emit("a");
  assertEquals(calls, ["third"]);
});
