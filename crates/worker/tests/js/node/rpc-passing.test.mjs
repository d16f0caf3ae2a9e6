/** What RPC passes by reference, and who disposes it: reference 10.2, 10.4, 10.6. */

import { DurableObject, env, exports, RpcStub, RpcTarget, WorkerEntrypoint } from "stated:cloudflare-workers";
import { AbortController, AbortSignal } from "stated:abort";
import { Blob, File } from "stated:blob";
import { DOMException } from "stated:dom-exception";
import { Headers } from "stated:headers";
import { Request } from "stated:request";
import { Response } from "stated:response";
import { setFlags } from "stated:settings";
import { ReadableStream, WritableStream } from "stated:streams";
import { structuredClone } from "stated:structured-clone";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";
import { currentFlags, Host, settle } from "./host-objects.mjs";
import "./host-web.mjs";

const host = new Host();
const DISPOSED = "RPC stub used after being disposed.";
const transferring = currentFlags.filter((flag) => flag !== "rpc_params_dup_stubs");
let disposed = [];

class Counter extends RpcTarget {
  #count = 0;
  constructor(name = "counter") {
    super();
    this.tag = name;
  }
  get value() {
    return this.#count;
  }
  increment(by = 1) {
    return (this.#count += by);
  }
  [Symbol.dispose]() {
    disposed.push(this.tag);
  }
}

class Copyable extends Counter {
  dup() {
    return new Copyable(`${this.tag}'`);
  }
}

class Thing extends DurableObject {
  counter() {
    return new Counter();
  }
  function() {
    return Object.assign((x) => x + 1, { inner: () => "inner" });
  }
  nested() {
    return { counter: new Counter("first"), list: [new Counter("second")], map: new Map([["f", () => 3]]), own: 1 };
  }
  proxy() {
    return new Proxy({ a: 1, f: () => 2 }, {});
  }
  wrong() {
    return new Proxy([], {});
  }
  ownDisposer() {
    return { a: 1, [Symbol.dispose]: () => disposed.push("own") };
  }
  echo(value) {
    return value;
  }
  kind(value) {
    return [typeof value, Object.prototype.toString.call(value), value instanceof RpcStub, typeof value.then];
  }
  call(target, ...args) {
    return target(...args);
  }
  increment(counter) {
    return counter.increment();
  }
  keep(stub) {
    this.kept = stub;
  }
  keepDup(stub) {
    this.kept = stub.dup();
  }
  useKept() {
    return this.kept();
  }
  giveKept() {
    return this.kept;
  }
  dropKept() {
    this.kept[Symbol.dispose]();
  }
  async failWith(stub) {
    this.kept = stub;
    throw new Error("failed");
  }
  get property() {
    return new Counter("property");
  }
}

class Entry extends WorkerEntrypoint {
  hi() {
    return "hi";
  }
  props() {
    return this.ctx.props;
  }
  fetch(request) {
    return new Response(request.url);
  }
}

host.run({ Thing, Entry, default: {} }, { namespaces: [{ className: "Thing" }], services: ["Entry"] });

const thing = (name = "thing") => env.Thing.getByName(name);
/** Runs a test inside of one stateless context, as a handler is. */
const inside = (name, act) => test(name, async () => {
  // What the test before left to be disposed.
  await settle();
  disposed = [];
  return host.inContext(++host.lastContext, act);
});

// --- functions, targets and stubs -------------------------------------------------------------------------------------

inside("a function in a result is a stub that is called", async () => {
  const fn = await thing().function();
  assertEquals([await fn(1), await fn.inner()], [2, "inner"]);
  assertEquals([typeof fn, Object.prototype.toString.call(fn), fn instanceof RpcStub, fn.then], ["function", "[object JsRpcStub]", true, undefined]);
});

inside("a target in a result keeps its state between calls and its fields to itself", async () => {
  const counter = await thing().counter();
  assertEquals([await counter.increment(2), await counter.increment(), await counter.value], [2, 3, 3]);
  await assertRejects(async () => counter.tag, TypeError, 'The RPC receiver does not implement the method "tag".');
});

inside("references at any depth arrive as stubs in a copy of what holds them", async () => {
  const result = await thing().nested();
  assertEquals([result.own, await result.counter.increment(), await result.list[0].increment(), await result.map.get("f")()], [1, 1, 1, 3]);
});

for (const [name, value] of [["a function", () => 1], ["an RpcTarget", new Counter()], ["a Proxy of a plain object", new Proxy({}, {})],
  ["a Proxy of a function", new Proxy(() => 1, {})], ["a Proxy of a target", new Proxy(new Counter(), {})]]) {
  inside(`${name} as an argument arrives as a stub`, async () => {
    assertEquals(await thing().kind(value), ["function", "[object JsRpcStub]", true, "undefined"]);
  });
}

inside("an argument's function is called back with what the callee gives", async () => {
  assertEquals(await thing().call((a, b) => [a, b.x], 1, { x: 2 }), [1, 2]);
  await assertRejects(async () => thing().call(() => {
    throw new RangeError("back");
  }), RangeError, "back");
});

inside("a value that occurs twice is one stub", async () => {
  const f = () => 1;
  const [first, second] = await thing().echo([f, f]);
  assert(first === second);
});

inside("a function goes through objects and comes back as what is called at home", async () => {
  const through = await thing("a").echo(await thing("b").echo((x) => x * 2));
  assertEquals(await through(4), 8);
});

inside("a Proxy of a plain object is a stub and not a copy", async () => {
  const proxy = await thing().proxy();
  assertEquals([typeof proxy, await proxy.a, await proxy.f()], ["function", 1, 2]);
});

inside("a Proxy of anything else is refused", () => assertRejects(async () => thing().wrong(), DOMException,
  "Proxy could not be serialized because it is not a valid RPC receiver type. The Proxy must emulate either a plain object or an RpcTarget, as indicated by the Proxy's prototype chain."));

inside("a stub of an object arrives as one of a service", async () => {
  const other = await thing().echo(thing("other"));
  assertEquals([Object.keys(other), Object.prototype.toString.call(other)], [[], "[object Fetcher]"]);
  assertEquals(await other.echo(3), 3);
});

inside("a service binding is passed with its fetch and its methods", async () => {
  const service = await thing().echo(env.Entry);
  assertEquals([await service.hi(), await (await service.fetch("http://x/y")).text()], ["hi", "http://x/y"]);
});

inside("a local stub is called through serialization, as a function too", async () => {
  const stub = new RpcStub((value) => value + 1);
  assertEquals([await stub(3), typeof stub], [4, "function"]);
});

for (const [name, value, message] of [["a stub", () => new RpcStub(() => 1), "#<RpcStub> could not be cloned."],
  ["a target", () => new Counter(), "Remote RPC references can only be serialized for RPC."],
  ["an object's stub", () => thing(), "ServiceStub cannot be serialized in this context."]]) {
  inside(`${name} is not cloned outside of RPC`, () => assertThrows(() => structuredClone(value()), DOMException, message));
}

// --- pipelining through stubs -----------------------------------------------------------------------------------------

inside("a call goes on from the target or function that another one returns", async () => {
  assertEquals([await thing().counter().increment(2), await thing().function()(1), await thing().nested().list, await thing().property.increment()].slice(0, 2), [2, 2]);
  assertEquals([await thing().nested().counter.increment(), await thing().property.increment(5)], [1, 5]);
});

inside("a stub that is read alone outlives the rest of its result", async () => {
  const call = thing().nested();
  const counter = await call.counter;
  (await call)[Symbol.dispose]();
  assertEquals(await counter.increment(), 1);
});

// --- disposal ---------------------------------------------------------------------------------------------------------

inside("disposing a result disposes the stubs in it, once", async () => {
  const result = await thing().nested();
  result[Symbol.dispose]();
  result[Symbol.dispose]();
  await settle();
  assertEquals(disposed, ["first", "second"]);
  await assertRejects(async () => result.counter.increment(), Error, DISPOSED);
});

inside("a stub is disposed once however often it is told, and only with its last duplicate", async () => {
  const counter = await thing().counter();
  const copy = counter.dup();
  counter[Symbol.dispose]();
  counter[Symbol.dispose]();
  await settle();
  assertEquals([disposed, await copy.increment()], [[], 1]);
  copy[Symbol.dispose]();
  await settle();
  assertEquals(disposed, ["counter"]);
  await assertRejects(async () => counter.increment(), Error, DISPOSED);
  assertThrows(() => counter.dup(), Error, DISPOSED);
});

inside("a plain result's own disposer runs when the caller disposes the result", async () => {
  const result = await thing().ownDisposer();
  assertEquals([Object.keys(result), disposed], [["a"], []]);
  result[Symbol.dispose]();
  await settle();
  assertEquals(disposed, ["own"]);
});

inside("arguments' stubs are disposed when the method is done, also when it fails", async () => {
  await thing().keep(() => 1);
  await assertRejects(async () => thing().useKept(), Error, DISPOSED);
  await assertRejects(async () => thing().failWith(() => 1), Error, "failed");
  await assertRejects(async () => thing().useKept(), Error, DISPOSED);
});

inside("an argument's stub that the callee duplicated lives on", async () => {
  await thing().keepDup(Object.assign(() => 7, { [Symbol.dispose]: () => disposed.push("function") }));
  await settle();
  assertEquals([await thing().useKept(), disposed], [7, []]);
  await thing().dropKept();
  await settle();
  assertEquals(disposed, ["function"]);
});

inside("a stub that is returned belongs to the caller from then on", async () => {
  await thing().keepDup(() => 7);
  const kept = await thing().giveKept();
  assertEquals(await kept(), 7);
  await assertRejects(async () => thing().useKept(), Error, DISPOSED);
});

inside("a target is disposed once for each time it was sent", async () => {
  const counter = new Counter();
  assertEquals([await thing().increment(counter), await thing().increment(counter)], [1, 2]);
  await settle();
  assertEquals(disposed, ["counter", "counter"]);
});

inside("a target with dup() sends a duplicate", async () => {
  await thing().increment(new Copyable("original"));
  await settle();
  assertEquals(disposed, ["original'"]);
});

for (const [what, target, message] of [
  ["target", class extends RpcTarget { dup() { return 5; } }, "Couldn't create a stub for the RcpTarget because it has a dup() method which did not return another RpcTarget. Either remove the dup() method or make sure it returns an RpcTarget."],
  ["function", () => Object.assign(() => 1, { dup: () => 5 }), "Couldn't create a stub for the function because it has a dup() method which did not return another function. Either remove the dup() method or make sure it returns a function."],
  ["Proxy", () => new Proxy({ dup: () => 5 }, {}), "Couldn't create a stub for the Proxy because it has a dup() method which did not return the same underlying type (RpcTarget or Function) as the Proxy itself represents. Either remove the dup() method or make sure it returns an RpcTarget."],
]) {
  inside(`a ${what} whose dup() returns something else is refused`, () => assertRejects(
    async () => thing().echo(what === "target" ? new target() : target()), DOMException, message));
}

inside("a stub that is sent stays usable with rpc_params_dup_stubs and is given away without", async () => {
  const stub = new RpcStub(() => 1);
  await thing().echo(stub);
  assertEquals(await stub(), 1);
  setFlags(transferring);
  try {
    const copy = stub.dup();
    await thing().echo(copy);
    await assertRejects(async () => copy(), Error, DISPOSED);
    assertEquals(await stub(), 1);
  } finally {
    setFlags(currentFlags);
  }
});

inside("a value that cannot be sent takes no stub with it", async () => {
  setFlags(transferring);
  try {
    const stub = new RpcStub(() => 1);
    await assertRejects(async () => thing().echo([stub, Symbol("no")]), DOMException, "Symbol(no) could not be cloned.");
    assertEquals(await stub(), 1);
  } finally {
    setFlags(currentFlags);
  }
});

inside("what a disposer throws is reported at home", async () => {
  const before = host.uncaught.length;
  await thing().echo(Object.assign(() => 1, { [Symbol.dispose]: () => {
    throw new Error("in a disposer");
  } })).then((stub) => stub[Symbol.dispose]());
  await settle();
  assert(host.uncaught[before].startsWith("Error: in a disposer"));
});

// --- platform objects -------------------------------------------------------------------------------------------------

inside("Headers are copied", async () => {
  const headers = await thing().echo(new Headers([["a", "1"], ["set-cookie", "x"], ["set-cookie", "y"]]));
  assertEquals([[...headers], headers instanceof Headers], [[["a", "1"], ["set-cookie", "x"], ["set-cookie", "y"]], true]);
});

inside("a Request is passed with its body, and its headers can be changed", async () => {
  const request = await thing().echo(new Request("http://x/y", { method: "POST", body: "body", headers: { h: "1" }, redirect: "manual" }));
  request.headers.set("k", "2");
  assertEquals([request.method, request.url, request.redirect, request.headers.get("h"), request.headers.get("k"), await request.text()],
    ["POST", "http://x/y", "manual", "1", "2", "body"]);
});

inside("a Response is passed with its body, and its headers can be changed", async () => {
  const response = await thing().echo(new Response("body", { status: 201, statusText: "Made", headers: { h: "1" } }));
  response.headers.set("k", "2");
  assertEquals([response.status, response.statusText, response.headers.get("h"), response.headers.get("k"), await response.text()],
    [201, "Made", "1", "2", "body"]);
  assertEquals((await thing().echo(new Response(null, { status: 204 }))).body, null);
});

inside("the body of what was sent is used", async () => {
  const response = new Response("body");
  await thing().echo(response);
  assert(response.bodyUsed);
  await assertRejects(async () => thing().echo(response), TypeError,
    "The ReadableStream has been locked to a reader.");
});

inside("a Blob and a File are copied", async () => {
  const blob = await thing().echo(new Blob(["abc"], { type: "a/b" }));
  assertEquals([blob.size, blob.type, await blob.text(), blob instanceof File], [3, "a/b", "abc", false]);
  const file = await thing().echo(new File(["abc"], "name", { type: "a/b", lastModified: 5 }));
  assertEquals([file.name, file.lastModified, file.type, await file.text()], ["name", 5, "a/b", "abc"]);
});

inside("a stream that is locked is refused", async () => {
  const readable = new ReadableStream({ type: "bytes" });
  readable.getReader();
  await assertRejects(async () => thing().echo(readable), TypeError, "The ReadableStream has been locked to a reader.");
  const writable = new WritableStream();
  writable.getWriter();
  await assertRejects(async () => thing().echo(writable), TypeError, "This WritableStream is currently locked to a writer.");
});

inside("a WritableStream's receiver writes to it and closes it, and takes bytes and text only", async () => {
  const log = [];
  const writable = await thing().echo(new WritableStream({
    write: (chunk) => void log.push([...chunk]),
    close: () => void log.push("closed"),
  }));
  const writer = writable.getWriter();
  await writer.write(new Uint8Array([1, 2]));
  await writer.write("A");
  await writer.close();
  assertEquals(log, [[1, 2], [65], "closed"]);
  const other = (await thing().echo(new WritableStream())).getWriter();
  await assertRejects(async () => other.write(5), TypeError, "This TransformStream is being used as a byte stream, "
    + "but received an object of non-ArrayBuffer/ArrayBufferView type on its writable side.");
});

inside("an AbortSignal needs its flag and then follows the sender's", async () => {
  const controller = new AbortController();
  await assertRejects(async () => thing().echo(controller.signal), DOMException, "AbortSignal serialization is not enabled.");
  setFlags([...currentFlags, "enable_abortsignal_rpc"]);
  try {
    const signal = await thing().echo(controller.signal);
    assertEquals([signal.aborted, signal instanceof AbortSignal], [false, true]);
    controller.abort(new RangeError("enough"));
    await settle();
    assertEquals([signal.aborted, signal.reason.message], [true, "enough"]);
    assertEquals((await thing().echo(AbortSignal.abort("early"))).reason, "early");
  } finally {
    setFlags(currentFlags);
  }
});

// --- loop-back bindings -----------------------------------------------------------------------------------------------

inside("an entrypoint of ctx.exports is called, and called for one with props", async () => {
  assertEquals([await exports.Entry.hi(), await exports.Entry.props(), await exports.Entry({ props: { a: [1] } }).props()], ["hi", {}, { a: [1] }]);
  assertEquals([typeof exports.Entry, Object.keys(exports.Entry)], ["function", []]);
  assertEquals(await (await thing().echo(exports.Entry({ props: { b: 2 } }))).props(), { b: 2 });
});
