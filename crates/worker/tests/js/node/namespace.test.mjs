/** Namespaces, ids and stubs: reference 1; stub.fetch and its redirects. */

import { DurableObject, env as importedEnv, exports as importedExports } from "stated:cloudflare-workers";
import { DOMException } from "stated:dom-exception";
import { serialize, structuredClone } from "stated:serialize";
import { Request } from "stated:request";
import { Response } from "stated:response";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";
import { Aborted, Host } from "./host-objects.mjs";

const host = new Host();
let constructions = 0;
let refuse;

class Room extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    constructions++;
    if (refuse !== undefined) throw refuse;
  }

  async fetch(request) {
    const { pathname } = new URL(request.url);
    switch (pathname) {
      case "/throw": throw new TypeError("no");
      case "/string": return "text";
      case "/nothing": return undefined;
      case "/thenable": return { then: (resolve) => resolve(new Response("then")) };
      case "/fake": return { status: 200 };
      case "/to": return new Response(null, { status: Number(request.headers.get("x-status")), headers: { location: "/there" } });
      case "/loop": return new Response(null, { status: 302, headers: { location: "/loop" } });
      case "/bad-location": return new Response(null, { status: 302, headers: { location: "http://[" } });
      case "/length": return new Response(String(request.headers.get("content-length")));
      case "/no-location": return new Response("stay", { status: 302 });
      case "/used": {
        const response = new Response("x");
        await response.text();
        return response;
      }
      default:
        return new Response(JSON.stringify([request.method, request.url, await request.text(), request.headers.get("content-type")]));
    }
  }

  id() {
    return [this.ctx.id.toString(), this.ctx.id.name];
  }

  abort() {
    try {
      this.ctx.abort(new Error("because"));
    } catch (error) {
      if (!(error instanceof Aborted)) throw error;
    }
    return new Promise(() => {});
  }
}

class Legacy {
  constructor(state, env) {
    this.state = state;
    this.env = env;
  }

  fetch() {
    return new Response(this.state.id.name);
  }
}

class Deaf extends DurableObject {}

host.run({ Room, Legacy, Deaf, default: {} }, { namespaces: [{ className: "Room" }, { className: "Legacy" }, { className: "Deaf" }] });
const rooms = importedEnv.Room;
let count = 0;
const fresh = () => rooms.getByName(`room ${++count}`);

// --- ids --------------------------------------------------------------------------------------------------------------

test("a named id keeps its name and is the same each time", () => {
  const id = rooms.idFromName("a");
  assertEquals([id.name, id.jurisdiction, id.toString() === rooms.idFromName("a").toString()], ["a", undefined, true]);
  assert(/^[0-9a-f]{64}$/.test(id.toString()));
});

test("a unique id has no name and is new each time", () => {
  const [a, b] = [rooms.newUniqueId(), rooms.newUniqueId({})];
  assertEquals([a.name, a.equals(b)], [undefined, false]);
});

test("an id made from its string is equal and has no name", () => {
  const id = rooms.idFromName("a");
  const parsed = rooms.idFromString(id.toString().toUpperCase());
  assertEquals([parsed.equals(id), parsed.name, parsed.toString() === id.toString()], [true, undefined, true]);
});

test("JSON shows an id's own properties only", () => {
  assertEquals([JSON.stringify(rooms.idFromName("a")), Object.keys(rooms.idFromName("a"))], ['{"name":"a"}', ["jurisdiction", "name"]]);
});

test("any string is a name", () => {
  for (const name of ["", "\0", "ā", "x".repeat(5000)]) assertEquals(rooms.idFromName(name).name, name);
  assertEquals(rooms.idFromName(5).name, "5");
});

test("more names than are kept still give the right ids", () => {
  const first = rooms.idFromName("kept").toString();
  for (let i = 0; i < 2000; i++) rooms.idFromName(`n${i}`);
  assertEquals(rooms.idFromName("kept").toString(), first);
});

for (const [name, act, Class, message] of [
  ["get without an id", () => rooms.get(), TypeError,
    "Failed to execute 'get' on 'DurableObjectNamespace': parameter 1 is not of type 'DurableObjectId'."],
  ["get with a string", () => rooms.get("x"), TypeError,
    "Failed to execute 'get' on 'DurableObjectNamespace': parameter 1 is not of type 'DurableObjectId'."],
  ["get with options that are none", () => rooms.get(rooms.newUniqueId(), 5), TypeError,
    "Failed to execute 'get' on 'DurableObjectNamespace': parameter 2 is not of type 'GetDurableObjectOptions'."],
  ["get with an unknown routing mode", () => rooms.get(rooms.newUniqueId(), { routingMode: "x" }), RangeError, "unknown routingMode: x"],
  ["getByName with an unknown routing mode", () => rooms.getByName("a", { routingMode: "x" }), RangeError, "unknown routingMode: x"],
  ["getByName without a name", () => rooms.getByName(), TypeError,
    "Failed to execute 'getByName' on 'DurableObjectNamespace': parameter 1 is not of type 'string'."],
  ["idFromName without a name", () => rooms.idFromName(), TypeError,
    "Failed to execute 'idFromName' on 'DurableObjectNamespace': parameter 1 is not of type 'string'."],
  ["idFromString of something else", () => rooms.idFromString("x"), TypeError, "Invalid Durable Object ID: must be 64 hex digits"],
  ["equals with a string", () => rooms.newUniqueId().equals("x"), TypeError,
    "Failed to execute 'equals' on 'DurableObjectId': parameter 1 is not of type 'DurableObjectId'."],
  ["a jurisdiction of an id", () => rooms.newUniqueId({ jurisdiction: "eu" }), Error,
    "Jurisdiction restrictions are not implemented in workerd."],
  ["a jurisdiction of a namespace", () => rooms.jurisdiction("eu"), Error, "Jurisdiction restrictions are not implemented in workerd."],
  ["cloning a namespace", () => structuredClone(rooms), DOMException,
    'Could not serialize object of type "DurableObjectNamespace". This type does not support serialization.'],
  ["cloning an id", () => structuredClone(rooms.newUniqueId()), DOMException,
    'Could not serialize object of type "DurableObjectId". This type does not support serialization.'],
  ["cloning a stub", () => structuredClone({ a: fresh() }), DOMException, "ServiceStub cannot be serialized in this context."],
  ["constructing a stub", () => new (fresh().constructor)(), TypeError, "Illegal constructor"],
  ["constructing a namespace", () => new rooms.constructor(), TypeError, "Illegal constructor"],
]) test(`${name} throws`, () => assertThrows(act, Class, message));

test("no jurisdiction is accepted, whatever says so", () => {
  for (const none of [undefined, null]) {
    assertEquals(rooms.jurisdiction(none).idFromName("a").equals(rooms.idFromName("a")), true);
    assertEquals(typeof rooms.newUniqueId({ jurisdiction: none }).toString(), "string");
  }
});

test("a location hint and the known routing mode are accepted", () => {
  assertEquals(rooms.get(rooms.idFromName("a"), { locationHint: "nowhere", routingMode: "primary-only" }).name, "a");
});

// --- stubs ------------------------------------------------------------------------------------------------------------

test("a stub has exactly id and name", () => {
  const id = rooms.idFromName("a");
  const stub = rooms.get(id);
  assertEquals([Object.keys(stub), stub.id === id, stub.name], [["id", "name"], true, "a"]);
  assertEquals(Object.prototype.toString.call(stub), "[object DurableObject]");
});

test("a stub can be returned from an async function", async () => {
  const stub = fresh();
  assert(await (async () => stub)() === stub);
  assertEquals(stub.then, undefined);
});

test("the program can give a stub properties of its own", () => {
  const stub = fresh();
  stub.mine = 5;
  assertEquals([stub.mine, Object.keys(stub)], [5, ["id", "name", "mine"]]);
});

test("methods that every object has are the stub's own", () => {
  const stub = fresh();
  assertEquals([stub.toString(), stub.hasOwnProperty("id"), "anything" in stub, "then" in stub], ["[object DurableObject]", true, true, false]);
});

test("making a stub makes no object", () => {
  const before = constructions;
  fresh();
  assertEquals(constructions, before);
});

test("without the rpc flag unknown properties are undefined", async () => {
  const { setFlags } = await import("stated:settings");
  const { currentFlags } = await import("./host-objects.mjs");
  const stub = fresh();
  setFlags([]);
  try {
    assertEquals([stub.method, stub.other], [undefined, undefined]);
  } finally {
    setFlags(currentFlags);
  }
  assertEquals(host.logged.filter(([, text]) => text.includes("not enabled")).length, 1);
});

// --- inside the object ------------------------------------------------------------------------------------------------

test("ctx.id is the caller's id", async () => {
  const stub = rooms.getByName("inside");
  assertEquals(await stub.id.toString() === (await rooms.get(stub.id).fetch("http://x/")).url, false);
  const [, record] = [...host.objects].find(([hex]) => hex === stub.id.toString());
  assertEquals(record.name, "inside");
});

test("a name of 1024 bytes is shown to the object and one of 1025 is not", async () => {
  class Named extends DurableObject {}
  const { createObject } = host.main;
  const names = [];
  host.main.start({ Named: class extends Named { constructor(ctx, env) { super(ctx, env); names.push(ctx.id.name); } } });
  for (const name of ["é".repeat(512), `${"é".repeat(512)}x`]) {
    const contextId = ++host.lastContext;
    createObject(contextId, "Named", 0, "ab".repeat(32), name);
    host.main.dropObject(contextId);
  }
  host.main.start(host.program);
  assertEquals(names, ["é".repeat(512), undefined]);
});

test("a legacy class gets state and env", async () => {
  assertEquals(await (await importedEnv.Legacy.getByName("old").fetch("http://x/")).text(), "old");
});

// --- fetch ------------------------------------------------------------------------------------------------------------

test("fetch sends method, URL and body and resolves with the response", async () => {
  const response = await fresh().fetch("http://x/a?b", { method: "POST", body: "text" });
  assertEquals([response.status, response.url, response.redirected], [200, "http://x/a?b", false]);
  assertEquals(await response.json(), ["POST", "http://x/a?b", "text", "text/plain;charset=UTF-8"]);
});

test("a Request is passed on as it is", async () => {
  const request = new Request("http://x/", { method: "PUT", body: new Uint8Array([65]) });
  assertEquals((await (await fresh().fetch(request)).json()).slice(0, 3), ["PUT", "http://x/", "A"]);
});

for (const [name, act, Class, message] of [
  ["nothing", (s) => s.fetch(), TypeError, "Failed to execute 'fetch' on 'Fetcher': parameter 1 is not of type 'Request or string'."],
  ["a relative URL", (s) => s.fetch("/x"), TypeError, "Invalid URL: /x"],
]) test(`fetch of ${name} rejects`, () => assertRejects(() => act(fresh()), Class, message));

test("what cannot be loaded is refused, and a data: URL answered at once", async () => {
  await assertRejects(fresh().fetch("foo://x/"), TypeError, "Fetch API cannot load: foo://x/");
  assertEquals(await (await fresh().fetch("data:text/plain,a%20b")).text(), "a b");
});

test("the callee sees neither a name and password in the URL nor its fragment", async () => {
  for (const [url, sent] of [
    ["http://user:pw@host/a?b#c", "http://host/a?b"], ["https://user@host:8443", "https://host:8443/"],
    ["http://a%40b:c@d@host/", "http://host/"], ["http://host/@x?y@z", "http://host/@x?y@z"], ["http://host/?a@b", "http://host/?a@b"],
  ]) {
    const response = await fresh().fetch(url);
    assertEquals((await response.json())[1], sent);
    assertEquals(response.url, new URL(url).href.replace("#c", ""));
  }
});

test("the callee sees the length of a body that is sent whole, and only of that", async () => {
  const length = async (init) => (await fresh().fetch("http://x/length", { method: "POST", ...init })).text();

  assertEquals(await length({ body: "\u00e9" }), "2");
  assertEquals(await length({ body: "abc", headers: { "content-length": "99" } }), "3");
  assertEquals(await length({}), "null");
  assertEquals(await length({ body: new ReadableStream({ start: (controller) => controller.close() }) }), "null");
});

test("an exception of the handler rejects the fetch", async () => {
  const stub = fresh();
  const error = await assertRejects(stub.fetch("http://x/throw"), TypeError, "no");
  assertEquals([error.remote, error.durableObjectId, error.durableObjectReset], [true, stub.id.toString(), undefined]);
});

for (const path of ["string", "nothing", "fake"]) {
  test(`a handler that returns ${path} rejects the fetch`, () => assertRejects(fresh().fetch(`http://x/${path}`), TypeError,
    "Incorrect type for Promise: the Promise did not resolve to 'Response'."));
}

test("a thenable is awaited", async () => {
  assertEquals(await (await fresh().fetch("http://x/thenable")).text(), "then");
});

test("a response whose body is used rejects the fetch", async () => {
  await assertRejects(fresh().fetch("http://x/used"), TypeError);
});

test("a class without fetch rejects, and the author is warned once", async () => {
  for (let i = 0; i < 2; i++) {
    await assertRejects(importedEnv.Deaf.getByName("x").fetch("http://x/"), Error, "Handler does not export a fetch() function.");
  }
  assertEquals(host.logged.filter(([, text]) => text === "Received a FetchEvent but we lack a handler for FetchEvents. Did you remember to export a fetch() function?").length, 1);
});

test("an aborted signal rejects with its reason", async () => {
  const { AbortSignal } = await import("stated:abort");
  await assertRejects(fresh().fetch("http://x/", { signal: AbortSignal.abort() }), DOMException, "The operation was aborted");
});

test("a signal that is never aborted changes nothing", async () => {
  const { AbortController } = await import("stated:abort");
  const response = await fresh().fetch("http://x/", { signal: new AbortController().signal });
  assertEquals((await response.json())[0], "GET");
});

for (const [status, method, expected, body] of [[301, "POST", "GET", ""], [302, "POST", "GET", ""], [303, "PUT", "GET", ""],
  [307, "POST", "POST", "b"], [308, "PUT", "PUT", "b"], [302, "PUT", "PUT", "b"]]) {
  test(`a ${status} answer to ${method} is followed with ${expected}`, async () => {
    const response = await fresh().fetch("http://x/to", { method, body: "b", headers: { "x-status": `${status}` } });
    const seen = await response.json();
    assertEquals([response.url, response.redirected, ...seen.slice(0, 3)], ["http://x/there", true, expected, "http://x/there", body]);
    assertEquals(seen[3], body === "" ? null : "text/plain;charset=UTF-8");
  });
}

test("a manual redirect is not followed", async () => {
  const response = await fresh().fetch("http://x/loop", { redirect: "manual" });
  assertEquals([response.status, response.redirected, response.headers.get("location")], [302, false, "/loop"]);
});

test("a redirect without location is an answer", async () => {
  const response = await fresh().fetch("http://x/no-location");
  assertEquals([response.status, await response.text()], [302, "stay"]);
});

test("20 redirects are followed and the 21st fails", async () => {
  await assertRejects(fresh().fetch("http://x/loop"), TypeError, `Too many redirects.${Array(21).fill("http://x/loop").join(", ")}`);
});

test("a location that is no URL fails", async () => {
  await assertRejects(fresh().fetch("http://x/bad-location"), TypeError, "Invalid Location header; unable to follow redirect.");
});

// --- broken objects ---------------------------------------------------------------------------------------------------

test("a constructor that throws breaks the stub for ever, and a new stub tries again", async () => {
  const stub = fresh();
  refuse = new RangeError("not yet");
  const error = await assertRejects(stub.fetch("http://x/"), RangeError, "not yet");
  refuse = undefined;
  assertEquals([error.remote, error.durableObjectReset], [true, true]);
  assert(await stub.fetch("http://x/").catch((caught) => caught) === error);
  assert(await stub.id2().catch((caught) => caught) === error);
  assertEquals((await rooms.get(stub.id).fetch("http://x/")).status, 200);
});

test("abort breaks the stub, and a new one reaches a new life", async () => {
  const stub = fresh();
  await stub.fetch("http://x/");
  await assertRejects(stub.abort(), Error, "Error: because");
  const error = await assertRejects(stub.fetch("http://x/"), Error, "Error: because");
  assertEquals([error.durableObjectReset, error.remote], [true, true]);
  const before = constructions;
  await rooms.get(stub.id).fetch("http://x/");
  assertEquals(constructions, before + 1);
});

test("a stub outlives an eviction", async () => {
  const stub = fresh();
  await stub.fetch("http://x/");
  host.evict(host.objects.get(stub.id.toString()));
  assertEquals((await stub.fetch("http://x/")).status, 200);
});

// --- ctx.exports ------------------------------------------------------------------------------------------------------

test("exports has the namespaces of classes and stubs of entrypoints", () => {
  assertEquals(Object.keys(importedExports).sort(), ["Deaf", "Legacy", "Room", "default"]);
  assertEquals(importedExports.Room.idFromName("a").equals(rooms.idFromName("a")), true);
  assert(importedExports.default === importedExports.default);
});
