/** RPC with plain values: reference 10.1 to 10.3, 10.6, 10.9. Stubs and streams are in rpc-passing.test.mjs. */

import { DurableObject, env, RpcPromise, RpcProperty, RpcStub, RpcTarget, WorkerEntrypoint } from "stated:cloudflare-workers";
import { DOMException } from "stated:dom-exception";
import { Response } from "stated:response";
import { setFlags } from "stated:settings";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";
import { currentFlags, Host, settle } from "./host-objects.mjs";

const host = new Host();

class Child extends RpcTarget {
  #secret = 1;
  own = 2;
  get six() {
    return 6;
  }
  seven() {
    return 7 + this.#secret;
  }
}

class Base extends DurableObject {
  inherited() {
    return "inherited";
  }
}

class Thing extends Base {
  field = () => 1;
  obj = { a: 1 };
  inherited2 = 3;
  #hidden() {}
  get prop() {
    return 5;
  }
  get promised() {
    return Promise.resolve(8);
  }
  get failing() {
    throw new RangeError("getter");
  }
  get deep() {
    return {
      a: { b: 2 },
      f: () => 3,
      named(x) {
        return [this.a.b, x];
      },
      list: [1],
      bare: Object.create(null),
      child: new Child(),
      map: new Map([[1, 2]]),
      own: Object.assign(() => 1, { inner: () => "inner" }),
    };
  }
  toString() {
    return "mine";
  }
  echo(...args) {
    return args;
  }
  first(value) {
    return value;
  }
  num() {
    return 5;
  }
  plain() {
    return { a: { b: 1 }, s: "x" };
  }
  nothing() {}
  text() {
    return "abc";
  }
  date() {
    return new Date(0);
  }
  later() {
    return Promise.resolve({ a: 1 });
  }
  thenable() {
    return { then: (resolve) => resolve("then") };
  }
  self() {
    return this;
  }
  instance() {
    return new (class Foo {})();
  }
  fn() {
    return () => 1;
  }
  big(bytes) {
    return new Uint8Array(bytes);
  }
  fail(error) {
    throw error;
  }
  failLater() {
    return Promise.reject(new TypeError("later"));
  }
  mine() {
    throw Object.assign(new Error("text"), { name: "MyError" });
  }
  opaque() {
    throw Object.assign(new TypeError("opaque"), { f: () => 1 });
  }
  busy() {
    throw Object.assign(new Error("busy"), { overloaded: true });
  }
  order(value) {
    orders.push(value);
  }
  count() {
    calls++;
  }
}

class Legacy {
  method() {
    return 1;
  }
}

class Entry extends WorkerEntrypoint {
  hi(name) {
    return `hi ${name} ${Object.keys(this).join()} ${typeof this.env.Thing.idFromName} ${JSON.stringify(this.ctx.props)}`;
  }
  count() {
    this.n = (this.n ?? 0) + 1;
    return this.n;
  }
  fetch(request) {
    return new Response(`entry ${request.url}`);
  }
}

const handlers = {
  one(x) {
    return x;
  },
  zero() {
    return arguments.length;
  },
  four(a, b, c, d) {
    return [a, b, c, d];
  },
  three: async (a, bindings, ctx) => [a, Object.keys(bindings).includes("Thing"), typeof ctx.waitUntil],
  nested: {
    f(x) {
      return [x, arguments.length, this === handlers.nested];
    },
  },
  value: 5,
};

let orders = [];
let calls = 0;
host.run({ Thing, Legacy, Entry, handlers, default: {} },
  { namespaces: [{ className: "Thing" }, { className: "Legacy" }], services: ["Entry", "handlers", "Missing"] });
const thing = () => env.Thing.getByName("thing");

// --- what can be reached ----------------------------------------------------------------------------------------------

const reachable = [
  ["a method", (s) => s.num(), 5], ["an inherited method", (s) => s.inherited(), "inherited"], ["arguments", (s) => s.echo(1, "x", null), [1, "x", null]],
  ["a getter", (s) => s.prop, 5], ["a getter of a promise", (s) => s.promised, 8],
  ["a property of a plain object", (s) => s.deep.a.b, 2], ["a function in a plain object", (s) => s.deep.f(), 3],
  ["a method with its object as this", (s) => s.deep.named(1), [2, 1]], ["a getter of an RpcTarget", (s) => s.deep.child.six, 6],
  ["a method of an RpcTarget", (s) => s.deep.child.seven(), 8], ["a function's own property", (s) => s.deep.own.inner(), "inner"],
  ["a function's name", (s) => s.deep.f.name, "f"], ["a class's own toString", (s) => s.deep.child.six.then((v) => v), 6],
  ["a promise", (s) => s.later(), { a: 1 }], ["a thenable", (s) => s.thenable(), "then"], ["nothing", (s) => s.nothing(), undefined],
];
for (const [name, act, expected] of reachable) test(`${name} can be reached`, async () => assertEquals(await act(thing()), expected));

const missing = (name) => `The RPC receiver does not implement the method "${name}".`;
const unreachable = [
  ["a name that is not there", (s) => s.nope(), missing("nope")], ["reading one", (s) => s.nope, missing("nope")],
  ["an instance's field", (s) => s.obj, missing("obj")], ["a function in an instance's field", (s) => s.field(), missing("field")],
  ["env", (s) => s.env, missing("env")], ["ctx", (s) => s.ctx.storage, missing("ctx")],
  ["a field of an RpcTarget", (s) => s.deep.child.own, missing("own")], ["a private method", (s) => s["#hidden"](), missing("#hidden")],
  ["an inherited method of a plain object", (s) => s.deep.toLocaleString2, missing("toLocaleString2")],
  ["an array's length", (s) => s.deep.list.length, missing("list")], ["an array's last element", (s) => s.deep.list[4294967295], missing("list")],
  ["a property of an object without prototype", (s) => s.deep.bare.x, missing("bare")], ["a map's size", (s) => s.deep.map.size, missing("map")],
  ["a property of a number", (s) => s.prop.x, missing("prop")],
  ["calling a number", (s) => s.prop(), '"prop" is not a function.'], ["calling a number down a path", (s) => s.deep.a.b(), '"deep.a.b" is not a function.'],
  ...["fetch2", "connect2"].map((name) => [name, (s) => s[name](), missing(name)]),
  ...["alarm", "webSocketMessage", "webSocketClose", "webSocketError", "dup"].map((name) =>
    [name, (s) => s[name](), `'${name}' is a reserved method and cannot be called over RPC.`]),
  ["reading alarm", (s) => s.alarm, "'alarm' is a reserved method and cannot be called over RPC."],
  ["dup down a path", (s) => s.deep.dup(), "'dup' is a reserved method and cannot be called over RPC."],
];
for (const [name, act, message] of unreachable) {
  test(`${name} cannot be reached`, async () => {
    const error = await assertRejects(async () => act(thing()), TypeError, message);
    assertEquals(error.remote, true);
  });
}

test("fetch and constructor are not reached through a raw path either", async () => {
  const object = host.object(0, env.Thing.idFromName("thing").toString(), "thing");
  for (const name of ["fetch", "connect", "constructor"]) {
    const failure = await host.objectEvent(object, (callId, context) => host.main.callObject(callId, context, [name], undefined, []))
      .catch((caught) => caught);
    assertEquals(failure.text, `TypeError: '${name}' is a reserved method and cannot be called over RPC.`);
  }
});

test("a legacy class refuses RPC", () => assertRejects(async () => env.Legacy.getByName("x").method(), TypeError,
  'The receiving Durable Object does not support RPC, because its class was not declared with `extends DurableObject`. In order to enable RPC, make sure your class extends the special class `DurableObject`, which can be imported from the module "cloudflare:workers".'));

// --- errors -----------------------------------------------------------------------------------------------------------

test("what a method throws rejects with class, message and origin", async () => {
  const stub = thing();
  const error = await assertRejects(async () => stub.fail(new RangeError("no")), RangeError, "no");
  assertEquals({ ...error }, { remote: true, durableObjectId: stub.id.toString() });
});

test("a rejected promise and a throwing getter reject alike", async () => {
  await assertRejects(async () => thing().failLater(), TypeError, "later");
  await assertRejects(async () => thing().failing, RangeError, "getter");
});

test("an error of a class of one's own arrives as Error with its name in the message", async () => {
  const error = await assertRejects(async () => thing().mine(), Error, "MyError: text");
  assertEquals(error.constructor === Error, true);
});

test("with enhanced_error_serialization the error crosses whole, and one that cannot crosses as its text", async () => {
  setFlags([...currentFlags, "enhanced_error_serialization"]);
  try {
    const error = await thing().fail(Object.assign(new RangeError("no"), { code: 7 })).catch((caught) => caught);
    assertEquals([error instanceof RangeError, error.message, error.code, error.remote], [true, "no", 7, true]);
    assertEquals((await thing().mine().catch((caught) => caught)).name, "MyError");
    const opaque = await thing().opaque().catch((caught) => caught);
    assertEquals([opaque instanceof TypeError, opaque.message], [true, "opaque"]);
  } finally {
    setFlags(currentFlags);
  }
});

test("overloaded crosses", async () => {
  assertEquals((await thing().busy().catch((error) => error)).overloaded, true);
});

for (const [name, act, message] of [
  ["an instance of a class", (s) => s.instance(), 'Could not serialize object of type "Foo". This type does not support serialization.'],
  ["the object itself", (s) => s.self(), 'Could not serialize object of type "Thing". This type does not support serialization.'],
]) {
  test(`${name} as a result rejects at the caller as from afar`, async () => {
    const error = await assertRejects(async () => act(thing()), DOMException, message);
    assertEquals([error.name, error.remote], ["DataCloneError", true]);
  });
}

for (const [name, value, message] of [
  ["an instance of a class", new (class Foo {})(), 'Could not serialize object of type "Foo". This type does not support serialization.'],
  ["an object without prototype", Object.create(null), 'Could not serialize object of type "Object". This type does not support serialization.'],
  ["a namespace", env.Thing, 'Could not serialize object of type "DurableObjectNamespace". This type does not support serialization.'],
  ["a symbol", Symbol("x"), "Symbol(x) could not be cloned."],
  ["a property", env.Thing.getByName("x").prop, 'Could not serialize object of type "RpcProperty". This type does not support serialization.'],
  ["a call", thing().num(), 'Could not serialize object of type "RpcPromise". This type does not support serialization.'],
]) {
  test(`${name} as an argument rejects without a call`, async () => {
    const before = calls;
    const error = await assertRejects(async () => thing().count([value]), DOMException, message);
    assertEquals([error.name, error.remote, calls], ["DataCloneError", undefined, before]);
  });
}

test("32 MiB cross and one byte more does not", async () => {
  const overhead = 15;
  assertEquals((await thing().big(33554432 - overhead)).length, 33554432 - overhead);
  await assertRejects(async () => thing().big(33554433 - overhead), Error,
    "Serialized RPC arguments or return values are limited to 32MiB, but the size of this value was: 33554433 bytes.");
  await assertRejects(async () => thing().count(new Uint8Array(33554432)), Error,
    /^Serialized RPC arguments or return values are limited to 32MiB, but the size of this value was: \d+ bytes\.$/);
});

test("nothing throws synchronously", async () => {
  const promise = thing().echo(Symbol());
  await assertRejects(async () => promise, DOMException);
});

test("a failed call that nobody awaits is not reported", async () => {
  const seen = [];
  const note = (error) => seen.push(error);
  process.on("unhandledRejection", note);
  thing().fail(new Error("unseen"));
  thing().plain().x.y();
  await settle();
  process.off("unhandledRejection", note);
  assertEquals([seen, host.uncaught], [[], []]);
});

// --- properties and promises ------------------------------------------------------------------------------------------

test("a property and a call are thenables of their classes", async () => {
  const property = thing().prop;
  const call = thing().num();
  assert(property instanceof RpcProperty);
  assert(call instanceof RpcPromise);
  assertEquals([typeof property, typeof call], ["function", "function"]);
  assertEquals([Object.prototype.toString.call(property), Object.prototype.toString.call(call)], ["[object JsRpcProperty]", "[object JsRpcPromise]"]);
  assertEquals([property.constructor === RpcProperty, Object.keys(call)], [true, []]);
  assertThrows(() => new RpcPromise(), TypeError, "Illegal constructor");
  await call;
});

test("then, catch and finally are a promise's", async () => {
  assertEquals(await thing().num().then((value) => value + 1), 6);
  assertEquals(await thing().nope().catch((error) => error.message), missing("nope"));
  let settled = 0;
  assertEquals(await thing().num().finally(() => settled++), 5);
  assertEquals([settled, await thing().prop.finally(() => settled++), settled], [1, 5, 2]);
});

test("a property is read when it is awaited, each time", async () => {
  const object = thing();
  const property = object.deep;
  calls = 0;
  assertEquals(await property.a.b, 2);
  assertEquals([await object.prop, await object.prop], [5, 5]);
});

test("calls on one stub start in order", async () => {
  orders = [];
  const stub = env.Thing.getByName("ordered");
  const all = [stub.order(0), stub.order(1), stub.order(2)];
  await Promise.all(all);
  assertEquals(orders, [0, 1, 2]);
});

test("arguments are taken when the call is made", async () => {
  const value = { a: 1 };
  const call = thing().echo(value);
  value.a = 2;
  assertEquals(await call, [{ a: 1 }]);
});

test("an object that a call returns can be disposed", async () => {
  const result = await thing().plain();
  assertEquals([typeof result[Symbol.dispose], Object.keys(result)], ["function", ["a", "s"]]);
  assertEquals(result[Symbol.dispose](), undefined);
  assertEquals(typeof (await thing().date())[Symbol.dispose], "function");
});

// --- pipelining -------------------------------------------------------------------------------------------------------

test("a path goes on from the result of a call", async () => {
  assertEquals(await thing().plain().a.b, 1);
});

const pipelined = [
  ["a name that is not there", (s) => s.plain().zz, missing("zz")], ["beyond a number", (s) => s.plain().a.b.c, missing("b")],
  ["a number", (s) => s.num().x, missing("x")], ["a string's length", (s) => s.text().length, missing("length")],
  ["an array's length", (s) => s.echo(1).length, missing("length")], ["a date's method", (s) => s.date().getTime(), missing("getTime")],
  ["a method of a number", (s) => s.num().foo(), missing("foo")], ["calling a string", (s) => s.plain().s(), '"s" is not a function.'],
  ["calling the result", (s) => s.num()(), '"(this)" is not a function.'],
];
for (const [name, act, message] of pipelined) {
  test(`pipelining to ${name} rejects`, async () => {
    const error = await assertRejects(async () => act(thing()), TypeError, message);
    assertEquals(error.remote, true);
  });
}

test("pipelining on a failed call rejects with that call's error", async () => {
  const first = thing().fail(new RangeError("first"));
  const error = await first.catch((caught) => caught);
  assert(await first.x.y().catch((caught) => caught) === error);
});

test("a path of 65 names is sent and one of 66 is too deep", async () => {
  const walk = (depth) => {
    let at = thing();
    for (let i = 0; i < depth; i++) at = at.a;
    return at;
  };
  await assertRejects(async () => walk(65), TypeError, missing("a"));
  assertThrows(() => walk(66), TypeError, "RPC pipelined property path is too deep (max 64).");
});

test("nothing remote has elements", async () => {
  const stub = thing();
  assertEquals([stub[0], stub.deep.list[0], stub.deep[4294967294], stub.plain()[1], new RpcStub(() => 1)[7]], new Array(5).fill(undefined));
  await assertRejects(async () => stub["01"], TypeError, missing("01"));
});

test("a disposed call still gives its value, and what goes on from it rejects", async () => {
  const call = thing().plain();
  call[Symbol.dispose]();
  assertEquals((await call).s, "x");
  await assertRejects(async () => call.a, Error, "RPC promise used after being disposed.");
  await assertRejects(async () => call(), Error, "RPC promise used after being disposed.");
});

// --- entrypoints ------------------------------------------------------------------------------------------------------

test("an entrypoint class has an instance per call, with env and ctx", async () => {
  assertEquals(await env.Entry.hi("you"), "hi you ctx,env function {}");
  assertEquals([await env.Entry.count(), await env.Entry.count()], [1, 1]);
});

test("an entrypoint class is fetched", async () => {
  assertEquals(await (await env.Entry.fetch("http://x/")).text(), "entry http://x/");
});

test("a handler object's functions get env and ctx behind their argument", async () => {
  assertEquals([await env.handlers.one(1), await env.handlers.zero(1), await env.handlers.three(1)], [1, 3, [1, true, "function"]]);
  assertEquals(await env.handlers.nested.f(1), [1, 3, true]);
  assertEquals(await env.handlers.value, 5);
});

test("a handler function with four parameters cannot be called", () => assertRejects(async () => env.handlers.four(1), TypeError,
  'Cannot call handler function "four" over RPC because it has the wrong number of arguments. A simple function handler can only be called over RPC if it has exactly the arguments (arg, env, ctx), where only the first argument comes from the client. To support multi-argument RPC functions, use class-based syntax (extending WorkerEntrypoint) instead.'));

for (const args of [[], [1, 2]]) {
  test(`a handler function cannot be called with ${args.length} arguments`, () => assertRejects(async () => env.handlers.one(...args), TypeError,
    'Attempted to call RPC function "one" with the wrong number of arguments. When calling a top-level handler function that is not declared as part of a class, you must always send exactly one argument. In order to support variable numbers of arguments, the server must use class-based syntax (extending WorkerEntrypoint) instead.'));
}

test("a handler object without fetch rejects", () => assertRejects(env.handlers.fetch("http://x/"), Error,
  "Handler does not export a fetch() function."));

test("an object class is no stateless entrypoint", async () => {
  const failure = await host.service((callId, context) => host.main.callEntrypoint(callId, context, "Thing", undefined, ["num"], undefined, []))
    .catch((error) => error);
  assertEquals(failure.message,
    "The entrypoint name Thing refers to a Durable Object class, but the incoming request is trying to invoke it as a stateless worker.");
});

test("an entrypoint that is not there is named", () => assertRejects(async () => env.Missing.method(), TypeError,
  "The entrypoint name Missing was not found in this worker. Ensure the worker exports an entrypoint with that name."));

// --- RpcStub ----------------------------------------------------------------------------------------------------------

test("a local stub calls through serialization", async () => {
  const value = { a: 1 };
  const stub = new RpcStub({ same: (other) => other === value, nested: { f: () => 2 } });
  assertEquals([await stub.same(value), await stub.nested.f()], [false, 2]);
});

test("a local stub of an RpcTarget reaches its class's members only", async () => {
  const stub = new RpcStub(new Child());
  assertEquals([await stub.six, await stub.seven()], [6, 8]);
  await assertRejects(async () => stub.own, TypeError, missing("own"));
});

test("a local stub is duplicated and disposed", async () => {
  const stub = new RpcStub({ f: () => 1 });
  const other = stub.dup();
  stub[Symbol.dispose]();
  stub[Symbol.dispose]();
  await assertRejects(async () => stub.f(), Error, "RPC stub used after being disposed.");
  assertThrows(() => stub.dup(), Error, "RPC stub used after being disposed.");
  assertEquals(await other.f(), 1);
});

for (const target of [1, "x", null, undefined]) {
  test(`a stub cannot wrap ${String(target)}`, () =>
    assertThrows(() => new RpcStub(target), TypeError, "Failed to construct 'JsRpcStub': constructor parameter 1 is not of type 'Object'."));
}

for (const target of [[], new Map(), new (class Foo {})(), Object.create(null)]) {
  test(`a stub cannot wrap ${Object.prototype.toString.call(target)}${target?.constructor?.name ?? ""}`, () =>
    assertThrows(() => new RpcStub(target), TypeError, "RpcStubs can only wrap plain objects, functions, and RpcTarget derivatives."));
}
