/**
 * MessageChannel, EventSource, caches, navigator, scheduler and URLPattern: their interfaces, as Web IDL defines what their
 * declarations mean, and the clauses of the HTML and URLPattern standards that the other tests leave out.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertThrows, checksOfInterface, test } from "stated:test";

const states = { CONNECTING: 0, OPEN: 1, CLOSED: 2 };

/** @type {[any, import("../assertions.js").InterfaceShape][]} */
const interfaces = [
  [MessageChannel, { readonly: ["port1", "port2"] }],
  [MessagePort, { parent: EventTarget, attributes: ["onclose", "onmessage", "onmessageerror"], methods: { close: 0, postMessage: 1, start: 0 } }],
  [EventSource, { length: 1, parent: EventTarget, readonly: ["readyState", "url", "withCredentials"], attributes: ["onerror", "onmessage", "onopen"],
    methods: { close: 0 }, statics: { from: 1 }, constants: states }],
  [CacheStorage, { readonly: ["default"], methods: { open: 1, delete: 0, has: 0, keys: 0, match: 0 }, promises: ["open"] }],
  [Cache, { methods: { delete: 1, match: 1, put: 2, add: 0, addAll: 0, keys: 0, matchAll: 0 }, promises: ["delete", "match", "put"] }],
  [URLPattern, { readonly: ["hasRegExpGroups", "hash", "hostname", "password", "pathname", "port", "protocol", "search", "username"],
    methods: { exec: 0, test: 0 } }],
];

for (const [Class, shape] of interfaces) {
  for (const [name, check] of checksOfInterface(Class, shape)) test(name, check);
}

// --- MessageChannel -------------------------------------------------------------------------------------------------------

/** @param {MessagePort} port */
const nextMessage = (port) => new Promise((resolve) => {
  port.addEventListener("message", resolve, { once: true });
  port.start();
});

test("a message event has the clone, and the rest empty", async () => {
  const { port1, port2 } = new MessageChannel();
  const sent = { a: [1, new Date(5)] };
  port1.postMessage(sent);
  const event = /** @type {any} */ (await nextMessage(port2));
  assert(event instanceof MessageEvent && event.data !== sent && event.target === port2);
  assertEquals([event.data, event.lastEventId, event.ports.length, event.isTrusted, event.bubbles, event.cancelable], [sent, "", 0, true, false, false]);
});

test("both ways at once", async () => {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage("to 2");
  port2.postMessage("to 1");
  const [first, second] = /** @type {any[]} */ (await Promise.all([nextMessage(port1), nextMessage(port2)]));
  assertEquals([first.data, second.data], ["to 1", "to 2"]);
});

test("what is posted after a close goes nowhere, and posting does not throw", async () => {
  const { port1, port2 } = new MessageChannel();
  let calls = 0;
  port2.onmessage = () => { calls++; };
  port1.close();
  port1.postMessage("lost");
  port2.postMessage("lost");
  await new Promise((resolve) => setTimeout(resolve, 1));
  assertEquals(calls, 0);
});

test("a transfer list may be the second argument or an option", async () => {
  for (const wrap of [(/** @type {any} */ list) => list, (/** @type {any} */ transfer) => ({ transfer })]) {
    const { port1, port2 } = new MessageChannel();
    const buffer = new ArrayBuffer(3);
    port1.postMessage(buffer, wrap([buffer]));
    assertEquals([buffer.byteLength, /** @type {any} */ (await nextMessage(port2)).data.byteLength], [0, 3]);
  }
});

test("a message that cannot be cloned throws at once, and sends nothing", () => {
  const { port1 } = new MessageChannel();
  assertEquals(assertThrows(() => port1.postMessage(() => {})).name, "DataCloneError");
  assertThrows(() => /** @type {any} */ (port1).postMessage(), TypeError);
});

// --- EventSource ------------------------------------------------------------------------------------------------------------

test("an event source needs an absolute URL, and begins connecting", () => {
  assertThrows(() => new /** @type {any} */ (EventSource)(), TypeError);
  for (const url of ["", "/x", "http://"]) assertEquals(assertThrows(() => new EventSource(url)).name, "SyntaxError");
});

test("a stream of events is read as the standard's parser says", async () => {
  const text = "\ufeff: comment\nretry: 5\nid: 1\nevent: named\ndata: a\ndata:b\ndata\n\n"
    + "data:  two spaces\n\nid\ndata: x: y\nunknown: field\n\nevent: none\n\ndata: unfinished";
  const source = /** @type {any} */ (EventSource).from(/** @type {any} */ (new Response(text)).body);
  const seen = [];
  for (const type of ["message", "named"]) source.addEventListener(type, (/** @type {any} */ event) => seen.push([event.type, event.data, event.lastEventId]));
  await new Promise((resolve) => { source.onerror = resolve; });
  source.close();
  assertEquals(seen, [["named", "a\nb\n", "1"], ["message", " two spaces", "1"], ["message", "x: y", ""]]);
  assertEquals(source.readyState, 2);
});

// --- URLPattern ---------------------------------------------------------------------------------------------------------------

test("each part of a pattern stands for itself, and a missing one for anything", () => {
  const pattern = new URLPattern({ protocol: "https", hostname: "*.example.com", pathname: "/a/:id" });
  assertEquals([pattern.protocol, pattern.hostname, pattern.pathname, pattern.search, pattern.port], ["https", "*.example.com", "/a/:id", "*", "*"]);
  assertEquals([pattern.test("https://x.example.com/a/5?q"), pattern.test("http://x.example.com/a/5"), pattern.test("https://example.com/a/5")], [true, false, false]);
});

test("exec gives the inputs and the groups of each part, or null", () => {
  const result = /** @type {any} */ (new URLPattern({ pathname: "/:a/*" }).exec("http://h/1/2/3?q#f"));
  assertEquals([result.inputs, result.pathname, result.search.input, result.hash.input], [["http://h/1/2/3?q#f"],
    { input: "/1/2/3", groups: { a: "1", 0: "2/3" } }, "q", "f"]);
  assertEquals(new URLPattern({ pathname: "/a" }).exec("http://h/b"), null);
});

test("an optional group that is not there is undefined", () => {
  const result = /** @type {any} */ (new URLPattern({ pathname: "/a/:id?" }).exec("http://h/a"));
  assertEquals([Object.hasOwn(result.pathname.groups, "id"), result.pathname.groups.id], [true, undefined]);
});

test("a relative pattern needs a base, and an object takes none as an argument", () => {
  assertEquals(new URLPattern("/a", "http://h").hostname, "h");
  assertThrows(() => new URLPattern("/a"), TypeError);
  assertThrows(() => new URLPattern(/** @type {any} */ ({ pathname: "/a" }), "http://h"), TypeError);
  for (const pattern of ["(", "http://h/:a:a".slice(0, 9) + "(", "http://[/"]) assertThrows(() => new URLPattern(pattern, "http://h"), TypeError);
});

// --- navigator, scheduler ---------------------------------------------------------------------------------------------------

test("navigator has the values of Workers", () => {
  const { userAgent, language, languages, hardwareConcurrency, platform } = /** @type {any} */ (navigator);
  assertEquals([userAgent, language, [...languages], hardwareConcurrency > 0, typeof platform], ["Cloudflare-Workers", "en", ["en"], true, "string"]);
});

test("scheduler.wait rejects and never throws", async () => {
  const { scheduler } = /** @type {any} */ (globalThis);
  await assertRejects(() => scheduler.wait(), TypeError);
  await assertRejects(() => scheduler.wait(1, { signal: {} }), TypeError);
  assertEquals(await scheduler.wait(0).then((/** @type {any} */ value) => value), undefined);
});

// --- globals ----------------------------------------------------------------------------------------------------------------

test("classes are writable and configurable globals, and not enumerable", () => {
  for (const Class of [Headers, Request, Response, URL, EventTarget, ReadableStream, MessageChannel, CryptoKey, URLPattern, DOMException]) {
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, Class.name);
    assertEquals([descriptor?.value === Class, descriptor?.writable, descriptor?.enumerable, descriptor?.configurable], [true, true, false, true], Class.name);
  }
});

test("self and globalThis are one, and the functions of the scope need no this", () => {
  assert(self === globalThis);
  const { atob: decode, setTimeout: start, clearTimeout: stop, structuredClone: clone } = globalThis;
  assertEquals([decode("YQ=="), clone(5)], ["a", 5]);
  stop(start(() => {}, 1000));
});
