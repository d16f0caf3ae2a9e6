import { Response } from "stated:response";
import { installGlobals } from "stated:globals";
import { globalTarget } from "stated:uncaught";
import { dispatch, Event } from "stated:event";
import { assert, assertEquals, assertThrows, test } from "stated:test";

const target = /** @type {any} */ ({});
installGlobals(target, { flags: ["nodejs_compat", "url_standard"], otherFlags: ["pedantic_wpt"] });

test("every global of the platform is there", () => {
  const names = ["AbortController", "AbortSignal", "Blob", "Body", "ByteLengthQueuingStrategy", "CloseEvent", "Cloudflare", "CountQueuingStrategy", "Crypto",
    "CustomEvent", "DOMException", "ErrorEvent", "Event", "EventTarget", "ExtendableEvent", "File", "FixedLengthStream", "FormData", "Headers",
    "IdentityTransformStream", "MessageEvent", "PromiseRejectionEvent", "ReadableStream", "ReadableStreamBYOBReader", "ReadableStreamDefaultReader", "Request",
    "Response", "SubtleCrypto", "TextDecoder", "TextDecoderStream", "TextEncoder", "TextEncoderStream", "TransformStream", "URL", "URLSearchParams",
    "WebSocket", "WebSocketPair", "WebSocketRequestResponsePair", "WritableStream", "addEventListener", "atob", "btoa", "clearInterval", "clearTimeout",
    "console", "crypto", "dispatchEvent", "fetch", "navigator", "origin", "performance", "queueMicrotask", "removeEventListener", "reportError", "scheduler",
    "self", "setInterval", "setTimeout", "structuredClone"];
  assertEquals(names.filter((name) => !(name in target)), []);
  assert(target.Response === Response && target.self === target);
});

test("classes are not enumerable, functions and objects are", () => {
  const attributes = (name) => {
    const { writable, enumerable, configurable } = /** @type {any} */ (Object.getOwnPropertyDescriptor(target, name));
    return [writable, enumerable, configurable];
  };
  for (const name of ["Response", "URL", "console"]) assertEquals(attributes(name), [true, false, true], name);
  for (const name of ["fetch", "self", "crypto", "setTimeout", "navigator"]) assertEquals(attributes(name), [true, true, true], name);
  assertEquals(attributes("origin"), [false, true, true]);
});

test("each class's name is its global name, but for the older name of TailEvent", () => {
  assert(target.TraceEvent === target.TailEvent);
  for (const name of Object.getOwnPropertyNames(target)) {
    if (name === "TraceEvent") continue;
    const value = target[name];
    if (typeof value === "function" && /^[A-Z]/.test(name)) assertEquals(value.name, name);
  }
});

test("queueMicrotask runs before the next task and survives an exception", async () => {
  const order = [];
  target.queueMicrotask(() => { order.push("first"); throw new Error("expected in the log"); });
  target.queueMicrotask(() => order.push("second"));
  order.push("now");
  await new Promise((resolve) => target.setTimeout(resolve, 0));
  assertEquals(order, ["now", "first", "second"]);
  for (const callback of [undefined, 5]) {
    assertThrows(() => target.queueMicrotask(callback), TypeError,
      "Failed to execute 'queueMicrotask' on 'ServiceWorkerGlobalScope': parameter 1 is not of type 'function'.");
  }
});

test("reportError needs a value", () => {
  target.reportError("expected in the log");
  assertThrows(() => target.reportError(), TypeError,
    "Failed to execute 'reportError' on 'ServiceWorkerGlobalScope': parameter 1 is not of type 'Value'.");
});

test("structuredClone copies", () => {
  const value = { a: [1, new Date(5)] };
  const copy = target.structuredClone(value);
  assert(copy !== value);
  assertEquals(copy, value);
});

test("listeners of the global hear what is dispatched to it", () => {
  let heard = 0;
  const listener = () => heard++;
  target.addEventListener("x", listener);
  dispatch(globalTarget, new Event("x"));
  target.dispatchEvent(new Event("x"));
  target.removeEventListener("x", listener);
  target.dispatchEvent(new Event("x"));
  assertEquals(heard, 2);
});

test("the flags in force are frozen properties", () => {
  const { compatibilityFlags } = target.Cloudflare;
  assertEquals({ ...compatibilityFlags }, { nodejs_compat: true, url_standard: true, pedantic_wpt: false });
  assertEquals(Object.getPrototypeOf(compatibilityFlags), null);
  assert(Object.isFrozen(compatibilityFlags));
  assertEquals(`${target.Cloudflare}`, "[object Cloudflare]");
});

test("navigator has the constants of Workers", () => {
  const { userAgent, hardwareConcurrency, language, languages, platform } = target.navigator;
  assertEquals([userAgent, hardwareConcurrency, language, [...languages], platform], ["Cloudflare-Workers", 1, "en", ["en"], ""]);
  assertThrows(() => new target.navigator.constructor(), TypeError, "Illegal constructor");
});

test("performance does not go back and agrees with the clock", () => {
  const { performance } = target;
  const first = performance.now();
  assert(performance.now() >= first);
  assert(Math.abs(performance.timeOrigin + performance.now() - Date.now()) < 1000);
  assertEquals([performance.toJSON(), `${performance}`], [{ timeOrigin: performance.timeOrigin }, "[object Performance]"]);
});

test("the events of handlers are classes that programs cannot make", () => {
  for (const [name, ...methods] of [["FetchEvent", "respondWith", "passThroughOnException"], ["ScheduledEvent", "noRetry"], ["TailEvent"]]) {
    const Class = target[name];
    assertThrows(() => new Class("x"), TypeError, "Illegal constructor");
    assert(Object.getPrototypeOf(Class) === target.ExtendableEvent, name);
    for (const method of methods) assertEquals(typeof Class.prototype[method], "function");
  }
});

test("what caches have in name only says so", () => {
  for (const name of ["add", "addAll", "keys", "matchAll"]) {
    assertThrows(() => target.caches.default[name]("http://a/"), Error, `Failed to execute '${name}' on 'Cache': the method is not implemented.`);
  }
  for (const name of ["delete", "has", "keys", "match"]) {
    assertThrows(() => target.caches[name]("a"), Error, `Failed to execute '${name}' on 'CacheStorage': the method is not implemented.`);
  }
});

test("performance has Node's members with zeros", () => {
  const { performance } = target;
  assertEquals(performance.eventLoopUtilization(), { idle: 0, active: 0, utilization: 0 });
  assertEquals(performance.nodeTiming.toJSON(), { name: "node", entryType: "node", startTime: 0, duration: 0, nodeStart: 0, v8Start: 0,
    bootstrapComplete: 0, environment: 0, loopStart: 0, loopExit: 0, idleTime: 0, uvMetricsInfo: { loopCount: 0, events: 0, eventsWaiting: 0 } });
  assert(performance.nodeTiming === performance.nodeTiming);
  assertEquals(performance.timerify((/** @type {number} */ number) => number + 1)(1), 2);
  assertThrows(() => performance.timerify(1), TypeError,
    "Failed to execute 'timerify' on 'Performance': parameter 1 is not of type 'function'.");
  assertEquals(performance.markResourceTiming(), undefined);
});

test("no events are counted", () => {
  const { eventCounts } = target.performance;
  assertEquals([eventCounts.size, eventCounts.has("click"), eventCounts.get("click")], [0, false, undefined]);
  assertEquals([[...eventCounts], [...eventCounts.keys()], [...eventCounts.values()], [...eventCounts.entries()]], [[], [], [], []]);
  eventCounts.forEach(() => assert(false));
});

test("the class of timed requests comes with a flag and cannot be made", () => {
  assert(!("PerformanceResourceTiming" in target));
  const newer = /** @type {any} */ ({});
  installGlobals(newer, { flags: ["enable_global_performance_classes"] });
  const Class = newer.PerformanceResourceTiming;
  assertThrows(() => new Class(), TypeError, "Illegal constructor");
  assertEquals(Object.getOwnPropertyDescriptor(Class.prototype, "fetchStart")?.enumerable, true);
  assert(Object.getPrototypeOf(Class) === newer.PerformanceEntry);
});
