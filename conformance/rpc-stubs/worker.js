/**
 * RPC with references: stubs, functions and targets as values, what can be reached through them, and how they end.
 * Reference: sections 10.1 to 10.7 and appendix A.
 *
 * The folder rpc-stubs-given-away runs the same program with a date before rpc_params_dup_stubs.
 */

import { DurableObject, RpcPromise, RpcProperty, RpcStub, RpcTarget, WorkerEntrypoint } from "cloudflare:workers";
import { caseObject, caseWorker, inWorker, refuses } from "../harness.js";

/** What happened to a target, by the name of its case. */
class Log extends RpcTarget {
  #lines = [];
  add(line) { this.#lines.push(line); }
  lines() { return this.#lines; }
}

/** Waits until a list has this many entries, which come by themselves. */
async function until(lines, count) {
  for (let tries = 0; lines.length < count && tries < 500; tries++) await scheduler.wait(2);
  return lines;
}

/** Gives what is to come by itself a moment in which it should not. */
const moment = () => scheduler.wait(20);

class Counter extends RpcTarget {
  #count = 0;
  field = 7;
  increment(by = 1) { this.#count += by; return this.#count; }
  get count() { return this.#count; }
  get child() { return new Counter(); }
  next() { return new Counter(); }
  fail() { throw new RangeError("from the target"); }
  get undefinedGetter() { return undefined; }
  get broken() { throw new RangeError("from the getter"); }
  #secret() { return 1; }
  secret() { return this.#secret(); }
  toString() { return "its own toString"; }
  get promise() { return Promise.resolve({ a: 1 }); }
}

class Noted extends RpcTarget {
  constructor(name, lines) { super(); this.name = name; this.lines = lines; }
  hello() { return `hello of ${this.name}`; }
  [Symbol.dispose]() { this.lines.push(this.name); }
}

class Duplicated extends Noted {
  dup() { this.lines.push(`dup of ${this.name}`); return new Noted(`copy of ${this.name}`, this.lines); }
}

class Point { x = 1; }

const functionWithMembers = () => Object.assign((x) => x + 1, { own: () => "own of a function", value: 5 });

/** A case with the stub of an object that has members of every kind. */
const withMembers = (body) => inWorker((scene, t) => body({ ...scene, stub: scene.env.MEMBERS.getByName(scene.name) }, t));

const typeOf = (value) => [typeof value, Object.prototype.toString.call(value), value instanceof RpcStub, value instanceof RpcPromise, value instanceof RpcProperty];

const cases = {
  "10.1 what stubs, promises and properties are": withMembers(async ({ stub }, t) => {
    const promise = stub.counter();
    t.write("property", ...typeOf(stub.counter));
    t.write("promise", ...typeOf(promise));
    t.write("property of a promise", ...typeOf(promise.increment));
    t.write("stub", ...typeOf(await promise));
    t.write("stub of a function", ...typeOf(await stub.fn()));
    t.write("stub made here", ...typeOf(new RpcStub(() => 1)));
    t.write("names", typeof stub.a.b.c, typeof promise.a.b);
    t.write("then of a stub", (await promise).then);
    t.write("constructed", (() => { try { return new RpcPromise(); } catch (error) { return error.message; } })());
    t.write("constructed", (() => { try { return new RpcProperty(); } catch (error) { return error.message; } })());
  }),

  "10.1 then, catch and finally": withMembers(async ({ stub }, t) => {
    for (const Class of [RpcPromise, RpcProperty]) {
      for (const method of ["then", "catch", "finally"]) {
        const { name, length } = Class.prototype[method];
        t.write(`${method} of ${Class.name}`, name, length, Object.hasOwn(Class.prototype, method));
        for (const [what, make] of [["nothing", () => undefined], ["an object", () => ({})], ["a promise", () => Promise.resolve(1)], ["a call", () => stub.number()], ["a property", () => stub.getter], ["a stub", () => new RpcStub(() => 1)]]) {
          await t.attempt(`on ${what}`, () => Class.prototype[method].call(make(), () => "handled"));
        }
      }
    }
    const promise = stub.number();
    t.write("the same", promise.then === promise.then, promise.then === RpcPromise.prototype.then, stub.getter.then === RpcProperty.prototype.then);
    t.write("what they give", promise.then(() => 1) instanceof Promise, stub.getter.catch(() => 1) instanceof Promise, promise.finally(() => 1) instanceof Promise);
    for (const [name, args] of Object.entries({ nothing: [], null: [null], undefined: [undefined, () => 1], number: [1], object: [{}], "second null": [(value) => value, null], "second undefined": [(value) => value, undefined], "second number": [(value) => value, 5] })) {
      await t.attempt(`then of ${name}`, () => stub.number().then(...args));
    }
    await t.attempt("catch of nothing", () => stub.number().catch());
    await t.attempt("catch of a number", () => stub.getter.catch(5));
    await t.attempt("finally of nothing", () => stub.getter.finally());
    await t.attempt("then of nothing on a property", () => stub.getter.then());
    await t.attempt("a handler of a failure", () => stub.fail().then(() => "not called", (error) => error.message));
    await t.attempt("a handler that throws", () => stub.number().then(() => { throw new RangeError("in then"); }));
    await t.attempt("finally that throws", () => stub.number().finally(() => { throw new RangeError("in finally"); }));
    await t.attempt("arguments of finally", async () => { let count; await stub.number().finally((...args) => { count = args.length; }); return count; });
    const counter = stub.counter();
    t.write("a call is made once", (await counter) === (await counter));
    const property = stub.times;
    t.write("a property is read each time", await property, await property);
    await t.attempt("all", () => Promise.all([stub.number(), stub.getter, 3]));
    await t.attempt("race", () => Promise.race([stub.number()]));
    await t.attempt("allSettled", async () => (await Promise.allSettled([stub.number(), stub.fail()])).map(({ status }) => status));
    await t.attempt("resolve", async () => { const call = stub.number(); return [Promise.resolve(call) === call, await Promise.resolve(call)]; });
  }),

  "10.1 properties of the caller's own": withMembers(async ({ stub }, t) => {
    const promise = stub.counter();
    promise.extra = 7;
    promise[Symbol.for("s")] = 8;
    t.write("set", promise.extra, promise[Symbol.for("s")], "extra" in promise, Object.keys(promise));
    t.write("described", Object.getOwnPropertyDescriptor(promise, "extra"));
    t.write("deleted", delete promise.extra, typeof promise.extra, Object.keys(promise));
    t.write("call", await promise.increment());
    const counter = await stub.counter();
    Object.assign(counter, { a: 1, count: "mine" });
    Object.defineProperty(counter, "g", { get: () => 5, enumerable: true, configurable: true });
    t.write("of a stub", Object.entries(counter), counter.count, { ...counter });
    t.write("other members", await counter.increment(2));
    for (const [name, value] of [["promise", promise], ["stub", counter], ["property", stub.getter], ["object", stub]]) {
      t.write(`in a ${name}`, "anything" in value, "0" in value, "then" in value, "constructor" in value, Symbol.iterator in value);
      t.write("symbols", typeof value[Symbol.dispose], typeof value[Symbol.asyncDispose], typeof value[Symbol.iterator], typeof value[Symbol.toPrimitive]);
    }
    await t.attempt("dispose of something else", () => RpcPromise.prototype[Symbol.dispose].call({}));
    await t.attempt("dup of a promise", () => RpcStub.prototype.dup.call(promise));
  }),

  "10.1 calls go on from calls": withMembers(async ({ stub }, t) => {
    await t.attempt("method of a target", () => stub.counter().increment(2));
    await t.attempt("getter of a target", async () => await stub.counter().count);
    await t.attempt("target of a target", () => stub.counter().next().next().increment(3));
    await t.attempt("target by getter", () => stub.counter().child.increment(4));
    await t.attempt("function", () => stub.fn()(5));
    await t.attempt("method of a plain object", () => stub.plain().method(6));
    await t.attempt("deep method", () => stub.plain().deep.deeper.method(7));
    await t.attempt("deep value", async () => await stub.plain().deep.deeper.value);
    await t.attempt("target in an object", () => stub.plain().counter.increment(8));
    await t.attempt("property, then method", () => stub.property.method(9));
    await t.attempt("property, then target", () => stub.property.counter.increment(10));
    await t.attempt("a promise", async () => await stub.counter().promise.a);
    await t.attempt("all on one", async () => {
      const counter = stub.counter();
      return Promise.all([counter.increment(1), counter.increment(10), counter.count, counter.increment(100)]);
    });
  }),

  "10.1 the error of the first call is the error of all": withMembers(async ({ stub }, t) => {
    const failed = stub.fail();
    await t.attempt("call", () => failed);
    await t.attempt("property", async () => await failed.a);
    await t.attempt("method", () => failed.a.b.c());
    await t.attempt("call of the result", () => failed(1));
    await t.attempt("missing method", () => stub.missing().a());
  }),

  "10.1 going on from what is no object": withMembers(async ({ stub }, t) => {
    await t.attempt("property of a number", async () => await stub.number().a);
    await t.attempt("method of a number", () => stub.number().a());
    await t.attempt("method of a text", () => stub.text().toUpperCase());
    await t.attempt("call of a number", () => stub.number()());
    await t.attempt("property of undefined", async () => await stub.nothing().a);
    await t.attempt("property of null", async () => await stub.null().a);
    await t.attempt("property of an array", async () => await stub.array().length);
    await t.attempt("element of an array", async () => await stub.array()[0]);
    await t.attempt("method of an array", () => stub.array().map((x) => x));
    await t.attempt("property of a Map", async () => await stub.map().size);
    await t.attempt("property of a Date", () => stub.date().getTime());
    await t.attempt("property of a Response", async () => await stub.response().status);
  }),

  "10.1 a path has 64 names": withMembers(async ({ stub }, t) => {
    const path = (from, length) => { let value = from; for (let i = 0; i < length; i++) value = value.a; return value; };
    await t.attempt("64", async () => { await path(stub, 64); });
    await t.attempt("65", async () => { await path(stub, 65); });
    await t.attempt("66", async () => { await path(stub, 66); });
    await t.attempt("64 from a promise", async () => { await path(stub.plain(), 64); });
    await t.attempt("65 from a promise", async () => { await path(stub.plain(), 65); });
    await t.attempt("66 from a promise", async () => { await path(stub.plain(), 66); });
  }),

  "10.1 a getter runs each time it is read": withMembers(async ({ stub }, t) => {
    const property = stub.times;
    t.write("read", await property, await property, await stub.times);
  }),

  "10.1 stubs made of local values": inWorker(async (_scene, t) => {
    const plain = new RpcStub({ value: 1, nested: { a: [2] }, method: (x) => x * 2, counter: new Counter() });
    await t.attempt("value", async () => await plain.value);
    await t.attempt("nested", async () => await plain.nested);
    await t.attempt("deep", async () => await plain.nested.a);
    await t.attempt("method", () => plain.method(4));
    await t.attempt("target", () => plain.counter.increment(5));
    await t.attempt("missing", () => plain.missing());
    await t.attempt("call", () => plain());
    const shared = { a: 1 };
    const same = new RpcStub({ is: (value) => value === shared });
    await t.attempt("values are copied", () => same.is(shared));
    await t.attempt("function", () => new RpcStub((a, b) => a + b)(1, 2));
    await t.attempt("member of a function", () => new RpcStub(functionWithMembers()).own());
    await t.attempt("value of a function", async () => await new RpcStub(functionWithMembers()).value);
    await t.attempt("target", () => new RpcStub(new Counter()).increment(3));
    await t.attempt("throws", () => new RpcStub(() => { throw new TypeError("in the function"); })());
    for (const [name, make] of Object.entries({
      text: () => "text", number: () => 7, null: () => null, undefined: () => undefined, symbol: () => Symbol("s"),
      array: () => [1], map: () => new Map(), date: () => new Date(0), instance: () => new Point(),
      "without a prototype": () => Object.create(null), stub: () => new RpcStub(() => 1), promise: () => Promise.resolve(1),
    })) {
      await t.attempt(name, () => typeof new RpcStub(make()));
    }
  }),

  "10.2 what is reached of a target": withMembers(async ({ stub }, t) => {
    const counter = await stub.counter();
    await t.attempt("method", () => counter.increment());
    await t.attempt("getter", async () => await counter.count);
    await t.attempt("own field", async () => await counter.field);
    await t.attempt("its own toString", () => counter.toString());
    await t.attempt("of Object", () => counter.hasOwnProperty("field"));
    await t.attempt("valueOf", () => counter.valueOf());
    await t.attempt("private", () => counter["#secret"]());
    await t.attempt("through a private", () => counter.secret());
    refuses(t, "constructor", () => counter.constructor());
    await t.attempt("value of constructor", async () => await counter.constructor);
    await t.attempt("getter that throws", async () => await counter.broken);
    await t.attempt("method that throws", () => counter.fail());
    await t.attempt("getter that is no function", () => counter.count());
    await t.attempt("name of a method", async () => await counter.increment.name);
    await t.attempt("a method as a value", async () => typeof await counter.increment);
    t.write("a symbol as name", counter[Symbol.iterator], counter[Symbol.toPrimitive]);
  }),

  "10.2 members that are undefined or null": withMembers(async ({ stub }, t) => {
    await t.attempt("an undefined getter", async () => await stub.undefinedGetter);
    await t.attempt("called", () => stub.undefinedGetter());
    await t.attempt("gone on from", async () => await stub.undefinedGetter.a);
    await t.attempt("of a target", async () => await stub.counter().undefinedGetter);
    await t.attempt("a setter", async () => await stub.setter);
    await t.attempt("null", async () => await stub.nullGetter);
    await t.attempt("null, called", () => stub.nullGetter());
    await t.attempt("null, gone on from", async () => await stub.nullGetter.a);
    await t.attempt("of a plain object", async () => await stub.withUndefined.a);
    await t.attempt("of a plain object, called", () => stub.withUndefined.a());
    await t.attempt("of a result", async () => await stub.plainWithUndefined().a);
    await t.attempt("of a result, called", () => stub.plainWithUndefined().a());
  }),

  "10.2 names that are no identifiers": withMembers(async ({ stub }, t) => {
    await t.attempt("with a space", () => stub["a b"](1));
    await t.attempt("empty", () => stub[""]());
    await t.attempt("emoji", () => stub["\u{1f600}"]());
    await t.attempt("a number", () => typeof stub[5]);
    await t.attempt("call()", () => stub.count.call(null, 1));
    await t.attempt("apply()", () => stub.count.apply(null, [1]));
    const { count } = stub;
    await t.attempt("taken off the stub", () => count(1, 2));
    await t.attempt("300 arguments", () => stub.count(...Array.from({ length: 300 }, (_, index) => index)));
    await t.attempt("undefined arguments", () => stub.count(undefined, undefined));
    await t.attempt("a generator", () => stub.generator());
    await t.attempt("a static method", () => stub.staticMethod());
  }),

  "10.2 what is reached of a plain object": withMembers(async ({ stub }, t) => {
    const object = await stub.plain();
    t.write("keys", Object.keys(object));
    await t.attempt("value", () => object.value);
    await t.attempt("method", () => object.method(1));
    await t.attempt("deep", () => object.deep.deeper.method(2));
    await t.attempt("inherited", async () => await stub.property.toString);
    await t.attempt("hasOwnProperty", () => stub.property.hasOwnProperty("method"));
    refuses(t, "constructor", () => stub.property.constructor());
    await t.attempt("dup", () => stub.property.dup());
    await t.attempt("missing", () => stub.property.missing());
    await t.attempt("missing in between", () => stub.property.missing.more());
    await t.attempt("not a function", () => stub.property.value());
    await t.attempt("not a function, deep", () => stub.property.deep.value());
    await t.attempt("through a number", () => stub.property.value.more());
  }),

  "10.2 what is reached of a function": withMembers(async ({ stub }, t) => {
    const fn = await stub.functionWithMembers();
    await t.attempt("call", () => fn(1));
    await t.attempt("own", () => fn.own());
    await t.attempt("value", async () => await fn.value);
    await t.attempt("length", async () => await fn.length);
    await t.attempt("name", async () => await fn.name);
    await t.attempt("call()", () => fn.call(null, 1));
    await t.attempt("apply()", () => fn.apply(null, [1]));
    await t.attempt("bind()", () => fn.bind(null));
    await t.attempt("prototype", async () => await fn.prototype);
    await t.attempt("class", () => stub.aClass());
  }),

  "10.2 what is not reached": withMembers(async ({ stub }, t) => {
    await t.attempt("object without a prototype", () => stub.bare.method());
    await t.attempt("its value", async () => await stub.bare.value);
    await t.attempt("instance of a class", () => stub.instance.x());
    await t.attempt("its value", async () => await stub.instance.x);
    await t.attempt("array", async () => await stub.list[0]);
    await t.attempt("length of an array", async () => await stub.list.length);
    await t.attempt("through a promise", async () => await stub.promised.a);
    await t.attempt("through a stub that is held", () => stub.held.increment(3));
    await t.attempt("through an object that is held", async () => (await stub.other.number()));
  }),

  "10.2 proxies": withMembers(async ({ stub }, t) => {
    await t.attempt("of a plain object", () => stub.proxy("plain").anything(1));
    await t.attempt("property of it", async () => await stub.proxy("plain").value);
    await t.attempt("of a target", () => stub.proxy("target").greet());
    await t.attempt("of a function", () => stub.proxy("function")(3));
    await t.attempt("of an instance", () => stub.proxy("instance"));
    await t.attempt("of an array", () => stub.proxy("array"));
    await t.attempt("that hides its prototype", () => stub.proxy("hidden"));
    await t.attempt("whose prototype throws", () => stub.proxy("throwing"));
    await t.attempt("as argument", () => stub.callMethod(new Proxy({}, { get: (_target, key) => (key === "dup" ? undefined : () => `called ${String(key)}`) })));
    await t.attempt("revoked", () => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return stub.echo(proxy).catch((error) => error.constructor.name); });
  }),

  "10.3 names that are reserved": withMembers(async ({ env, stub }, t) => {
    for (const name of ["alarm", "webSocketMessage", "webSocketClose", "webSocketError", "dup"]) {
      await t.attempt(`${name} of an object`, () => stub[name]());
      await t.attempt(`${name} of an entrypoint`, () => env.ADMIN[name]());
    }
    refuses(t, "constructor of an object", () => stub.constructor());
    refuses(t, "constructor of an entrypoint", () => env.ADMIN.constructor());
    const counter = await stub.named();
    for (const name of ["fetch", "connect", "alarm", "webSocketMessage"]) {
      await t.attempt(`${name} of a target`, () => counter[name]());
    }
    refuses(t, "constructor of a target", () => counter.constructor());
  }),

  "10.3 what cannot be sent": withMembers(async ({ env, stub }, t) => {
    await t.attempt("a promise of RPC", () => stub.echo(stub.counter()));
    await t.attempt("a promise of RPC in an object", () => stub.echo({ a: stub.counter() }));
    await t.attempt("a property of RPC", () => stub.echo([stub.counter]));
    await t.attempt("an instance", () => stub.echo(new Point()));
    await t.attempt("a namespace", () => stub.echo(env.MEMBERS));
    await t.attempt("a class", async () => typeof await stub.echo(Point));
    await t.attempt("ctx", () => stub.giveCtx());
    await t.attempt("storage", () => stub.giveStorage());
    await t.attempt("a promise in the result", () => stub.nestedPromise());
  }),

  "10.3 references outside of RPC": withMembers(async ({ env, stub }, t) => {
    const counter = await stub.counter();
    t.attempt("stub", () => structuredClone(counter));
    t.attempt("function", () => structuredClone({ a: () => 1 }).a);
    t.attempt("target", () => structuredClone(new Counter()));
    t.attempt("promise", () => structuredClone(stub.counter()));
    t.attempt("property", () => structuredClone(stub.counter));
    t.attempt("object", () => structuredClone(stub));
    t.attempt("service", () => structuredClone(env.ADMIN));
    await t.attempt("stored target", () => stub.store("target"));
    await t.attempt("stored function", () => stub.store("function"));
    await t.attempt("stored stub", () => stub.store("stub"));
    await t.attempt("stored object", () => stub.store("object"));
  }),

  "10.4 functions and targets in values": withMembers(async ({ stub }, t) => {
    await t.attempt("function as argument", () => stub.call((x) => x + 1, 4));
    await t.attempt("asynchronous function", () => stub.call(async (x) => { await scheduler.wait(1); return x + 2; }, 4));
    await t.attempt("function that throws", () => stub.call(() => { throw new RangeError("in the callback"); }));
    await t.attempt("function in an object", () => stub.callMethod({ x: 5, method: () => "in an object" }));
    await t.attempt("function in an array", () => stub.callAll([() => 1, () => 2, async () => 3]));
    await t.attempt("function in a Map", () => stub.callAll(new Map([["a", () => 4]])));
    await t.attempt("target as argument", () => stub.incrementTwice(new Counter()));
    await t.attempt("a function gets functions", () => stub.call((call) => call(7), (x) => x * 2));
    await t.attempt("a result has functions", async () => { const { add, deep } = await stub.functions(); return [await add(1, 2), await deep.sub(5, 3)]; });
    await t.attempt("a function of a function", async () => (await (await stub.maker())(3))(4));
    await t.attempt("one function twice", () => stub.twoAreOne(functionWithMembers()));
    await t.attempt("comes back", async () => { const fn = () => "home"; const back = await stub.echo(fn); return [back === fn, typeof back, await back()]; });
  }),

  "10.4 stubs go on to others": withMembers(async ({ env, stub, open }, t) => {
    const counter = await stub.counter();
    await t.attempt("to a service", () => env.ADMIN.use(counter, 1));
    await t.attempt("to an object", () => env.MEMBERS.getByName("other").incrementTwice(counter));
    await t.attempt("through two", () => env.MEMBERS.getByName("first").relay("second", () => "at home"));
    await t.attempt("a service", () => stub.callService(env.ADMIN));
    await t.attempt("an object", () => stub.callObject(env.MEMBERS.getByName("other")));
    await t.attempt("what an object is after that", async () => { const other = await stub.echo(env.MEMBERS.getByName("other")); return [Object.keys(other), other.constructor.name]; });
    await t.attempt("what a service is after that", async () => { const other = await stub.echo(env.ADMIN); return [Object.keys(other), other.constructor.name]; });
  }),

  "10.4 a promise as the result is awaited": withMembers(async ({ stub }, t) => {
    await t.attempt("promise of RPC", () => stub.forward());
    await t.attempt("property of RPC", () => stub.forwardProperty());
    await t.attempt("stub of a forwarded call", async () => (await stub.forwardCounter()).increment(2));
    await t.attempt("method of a forwarded call", () => stub.forwardCounter().increment(3));
    await t.attempt("thenable", () => stub.thenable());
    await t.attempt("rejected promise of RPC", () => stub.forwardFailure());
  }),

  "10.4 streams of bytes": withMembers(async ({ stub }, t) => {
    const text = (chunks) => new ReadableStream({ start(controller) { for (const chunk of chunks) controller.enqueue(chunk); controller.close(); } });
    const bytes = (value) => new TextEncoder().encode(value);
    await t.attempt("argument", () => stub.readAll(text([bytes("one "), bytes("two")])));
    await t.attempt("result", async () => new Response(await stub.stream()).text());
    await t.attempt("in an object", async () => new Response((await stub.echo({ a: { stream: text([bytes("deep")]) } })).a.stream).text());
    await t.attempt("chunks of text", () => stub.readAll(text(["te", bytes("x"), "té"])));
    await t.attempt("chunks that are neither", () => stub.readAll(text([7])));
    await t.attempt("text of text", () => new Response(text(["te", "xt"])).text());
    const given = text([bytes("x")]);
    const reading = stub.readAll(given);
    t.write("locked here", given.locked);
    await reading;
    await t.attempt("locked", () => { const stream = text([]); stream.getReader(); return stub.readAll(stream); });
    await t.attempt("locked writable", () => { const { writable } = new IdentityTransformStream(); writable.getWriter(); return stub.writeAll(writable, []); });
    await t.attempt("that fails", () => stub.readAll(new ReadableStream({ pull(controller) { controller.error(new RangeError("source")); } })));
    await t.attempt("writable", async () => {
      const { readable, writable } = new IdentityTransformStream();
      const writing = stub.writeAll(writable, ["one ", "two"]);
      const got = await new Response(readable).text();
      await writing;
      return got;
    });
    await t.attempt("identity stream", async () => { const [a, b] = new Response("teed").body.tee(); return [await stub.readAll(a), await stub.readAll(b)]; });
  }),

  "10.4 a reader that stops": withMembers(async ({ stub }, t) => {
    const stopped = (act) => new Promise((resolve, reject) => {
      const stream = new ReadableStream({
        type: "bytes",
        async pull(controller) {
          await scheduler.wait(1);
          controller.enqueue(new Uint8Array(1000));
        },
        cancel: resolve,
      });
      act(stream).catch(reject);
    });
    t.write("canceled", await stopped((stream) => stub.readOne(stream)));
    t.write("in a value", await stopped((stream) => stub.readOne(new Response(stream).body)));
  }),

  "10.4 messages of HTTP": withMembers(async ({ stub }, t) => {
    await t.attempt("response", async () => { const r = await stub.echo(new Response("body", { status: 418, statusText: "Words", headers: { a: "1" } })); return [r.status, r.statusText, r.headers.get("a"), await r.text()]; });
    await t.attempt("response without a body", async () => { const r = await stub.echo(new Response(null, { status: 204 })); return [r.status, r.body]; });
    await t.attempt("request", async () => { const r = await stub.echo(new Request("http://host/a?b", { method: "PUT", body: "sent", headers: { a: "1" }, redirect: "manual" })); return [r.method, r.url, r.headers.get("a"), r.redirect, await r.text()]; });
    await t.attempt("used response", async () => { const r = new Response("x"); await r.text(); return stub.echo(r); });
    await t.attempt("headers", async () => [...await stub.echo(new Headers([["a", "1"], ["set-cookie", "b"], ["set-cookie", "c"]]))]);
    await t.attempt("blob", async () => { const b = await stub.echo(new Blob(["text"], { type: "a/b" })); return [b.constructor.name, b.type, b.size, await b.text()]; });
    await t.attempt("response with a socket", () => stub.echo(new Response(null, { status: 101, webSocket: new WebSocketPair()[0] })));
    await t.attempt("web socket", () => stub.echo(new WebSocketPair()[0]));
    await t.attempt("form", () => stub.echo(new FormData()));
    await t.attempt("DOMException", () => stub.echo(new DOMException("text", "NotFoundError")));
    await t.attempt("parameters", () => stub.echo(new URLSearchParams("a=1")));
    await t.attempt("signal", () => stub.echo(new AbortController().signal));
  }),

  "10.5 pipelined calls arrive in order": withMembers(async ({ stub }, t) => {
    const log = stub.log();
    const calls = [log.add(1), log.add(2), log.add(3), log.add(4)];
    await Promise.all(calls);
    t.write("log", await log.lines());
  }),

  "10.6 stubs among the arguments end with the call": withMembers(async ({ stub }, t) => {
    const lines = [];
    await stub.keep(new Noted("kept", lines), false);
    t.write("disposed", await until(lines, 1));
    await t.attempt("used after the call", () => stub.useKept());
    await stub.keep(new Noted("duplicated", lines), true);
    await moment();
    t.write("not disposed", lines);
    await t.attempt("used after the call", () => stub.useKept());
    await stub.disposeKept();
    t.write("disposed", await until(lines, 2));
    await t.attempt("used after that", () => stub.useKept());
  }),

  "10.6 a call that fails gives its arguments back too": withMembers(async ({ stub }, t) => {
    const lines = [];
    await t.attempt("throws", () => stub.failWith(new Noted("a", lines)));
    t.write("disposed", await until(lines, 1));
    await t.attempt("missing", () => stub.missing(new Noted("b", lines)));
    t.write("disposed", await until(lines, 2));
  }),

  "10.6 a target is disposed once for each stub": withMembers(async ({ stub }, t) => {
    const lines = [];
    const noted = new Noted("target", lines);
    await stub.echoNothing(noted);
    await stub.echoNothing(noted);
    await stub.echoNothing([noted, noted]);
    t.write("disposed", await until(lines, 3));
    await moment();
    t.write("later", lines.length);
  }),

  "10.6 a target with dup gives a duplicate": withMembers(async ({ stub }, t) => {
    const lines = [];
    const target = new Duplicated("target", lines);
    await t.attempt("call", () => stub.callHello(target));
    await until(lines, 2);
    t.write("lines", lines);
  }),

  "10.6 a dup that gives something else": withMembers(async ({ stub }, t) => {
    await t.attempt("target", () => stub.echoNothing(new (class extends RpcTarget { dup() { return {}; } })()));
    await t.attempt("function", () => stub.echoNothing(Object.assign(() => 1, { dup: () => new Counter() })));
    await t.attempt("proxy", () => stub.echoNothing(new Proxy({ dup: () => 7 }, {})));
    await t.attempt("throws", () => stub.echoNothing(new (class extends RpcTarget { dup() { throw new RangeError("in dup"); } })()));
  }),

  "10.6 what happens to a stub that was an argument": withMembers(async ({ env, stub }, t) => {
    const counter = await stub.counter();
    await t.attempt("first", () => env.ADMIN.use(counter, 1));
    await t.attempt("second", () => env.ADMIN.use(counter, 1));
    await t.attempt("here", () => counter.increment());
    const other = await stub.counter();
    await t.attempt("a duplicate", () => env.ADMIN.use(other.dup(), 1));
    await t.attempt("here", () => other.increment());
  }),

  "10.6 using what was disposed": withMembers(async ({ stub }, t) => {
    const counter = await stub.counter();
    const copy = counter.dup();
    counter[Symbol.dispose]();
    await t.attempt("call", () => counter.increment());
    await t.attempt("property", async () => await counter.count);
    refuses(t, "dup", () => counter.dup());
    await t.attempt("as argument", () => stub.echoNothing(counter));
    t.write("again", counter[Symbol.dispose]());
    await t.attempt("the duplicate", () => copy.increment());
    copy[Symbol.dispose]();
    await t.attempt("the duplicate disposed", () => copy.increment());
    const promise = stub.counter();
    promise[Symbol.dispose]();
    await t.attempt("promise", async () => typeof await promise);
    await t.attempt("method of a promise", () => promise.increment());
    await t.attempt("property of a promise", () => promise.a);
    const result = await stub.plain();
    result[Symbol.dispose]();
    await t.attempt("value of a result", () => result.value);
    await t.attempt("method of a result", () => result.method(1));
    await t.attempt("target of a result", () => result.counter.increment());
  }),

  "10.6 results of every kind can be disposed": withMembers(async ({ stub }, t) => {
    for (const kind of ["object", "array", "map", "date", "response", "target", "number", "null"]) {
      const value = await stub.result(kind);
      const dispose = value?.[Symbol.dispose];
      t.write(kind, typeof dispose, dispose === undefined ? "" : Object.getOwnPropertyDescriptor(value, Symbol.dispose)?.enumerable);
    }
    const functions = await stub.result("functions");
    await t.attempt("before", () => functions[0]());
    functions[Symbol.dispose]();
    await t.attempt("after", () => functions[0]());
    const map = await stub.result("map");
    map[Symbol.dispose]();
    await t.attempt("in a map", () => map.get("fn")());
  }),

  "10.6 a promise that is disposed": withMembers(async ({ stub }, t) => {
    await t.attempt("by using", async () => { using counter = stub.counter(); return counter.increment(2); });
    await t.attempt("of a number", async () => { const call = stub.number(); call[Symbol.dispose](); return call; });
    await t.attempt("before its answer", async () => { const call = stub.counter(); call[Symbol.dispose](); return (await call).increment(); });
    await t.attempt("after its answer", async () => { const call = stub.counter(); const counter = await call; call[Symbol.dispose](); return counter.increment(); });
    await t.attempt("with a result that has one", async () => { const call = stub.plain(); const { counter } = await call; call[Symbol.dispose](); return counter.increment(); });
    await t.attempt("a property that was read", async () => { const call = stub.plain(); const counter = await call.counter; call[Symbol.dispose](); return counter.increment(); });
    await t.attempt("a property that was not", async () => { const call = stub.plain(); const { counter } = call; call[Symbol.dispose](); return counter.increment(); });
    await t.attempt("a duplicate", async () => { const { counter, [Symbol.dispose]: dispose } = await stub.plain(); const copy = counter.dup(); void dispose; counter[Symbol.dispose](); return copy.increment(); });
  }),

  "10.6 stubs in the hands of callbacks": withMembers(async ({ stub }, t) => {
    await t.attempt("given and used", () => stub.giveTo(async (counter) => [await counter.increment(), await counter.increment()]));
    let kept;
    await stub.giveTo((counter) => { kept = counter; });
    await t.attempt("kept", () => kept.increment());
    await stub.giveTo((counter) => { kept = counter.dup(); });
    await t.attempt("duplicated", () => kept.increment());
    await t.attempt("returned", () => stub.useReturned(() => new Counter()));
    await t.attempt("returned in an object", () => stub.useReturned(() => ({ increment: (by) => by })));
    await t.attempt("an argument that is returned", async () => { const counter = await stub.echo(new Counter()); return [await counter.increment(), await counter.increment()]; });
    await t.attempt("one target twice", async () => { const counter = new Counter(); return stub.incrementEach([counter, counter]); });
    await t.attempt("one stub twice", async () => { const counter = await stub.counter(); return stub.incrementEach([counter, counter]); });
    await t.attempt("one target twice in a result", async () => { const [a, b] = await stub.twins(); return [a === b, await a.increment(), await b.increment()]; });
  }),

  "10.6 the disposer of a result": withMembers(async ({ stub }, t) => {
    const result = await stub.disposable();
    t.write("keys", Object.keys(result));
    result[Symbol.dispose]();
    result[Symbol.dispose]();
    t.write("disposed twice", await settledDisposals(stub, 1));
    {
      using _value = await stub.disposable();
    }
    t.write("by using", await settledDisposals(stub, 2));
    const target = await stub.disposableTarget();
    const copy = target.dup();
    target[Symbol.dispose]();
    await moment();
    t.write("one of two", await stub.disposals());
    copy[Symbol.dispose]();
    t.write("both", await settledDisposals(stub, 3));
    const pipelined = stub.disposableTarget();
    await t.attempt("call", () => pipelined.hello());
    pipelined[Symbol.dispose]();
    t.write("of a promise", await settledDisposals(stub, 4));
  }),

  "10.6 a disposer that throws": withMembers(async ({ stub }, t) => {
    const target = await stub.throwingDisposer();
    target[Symbol.dispose]();
    await moment();
    await t.attempt("after", () => stub.number());
  }),

  "10.6 dispose in odd orders": withMembers(async ({ stub }, t) => {
    const result = await stub.plain();
    const { counter } = result;
    counter[Symbol.dispose]();
    result[Symbol.dispose]();
    counter[Symbol.dispose]();
    result[Symbol.dispose]();
    await t.attempt("all disposed", () => counter.increment());
    const pending = stub.slowCounter();
    const call = pending.increment(5);
    pending[Symbol.dispose]();
    await t.attempt("a call made before", () => call);
    const stubs = [await stub.counter()];
    for (let i = 0; i < 20; i++) stubs.push(stubs[i].dup());
    for (const each of stubs.slice(0, 20)) each[Symbol.dispose]();
    await t.attempt("the last of many", () => stubs[20].increment(3));
    let self;
    const target = { [Symbol.dispose]: () => self[Symbol.dispose](), call: () => "called" };
    self = new RpcStub(target);
    await t.attempt("own stub", () => self.call());
    self[Symbol.dispose]();
    await t.attempt("disposed by itself", () => self.call());
  }),

  "10.7 a stateless entrypoint aborts": inWorker(async ({ env }, t) => {
    await t.attempt("error", () => env.ADMIN.abort("error"));
    await t.attempt("text", () => env.ADMIN.abort("text"));
    await t.attempt("nothing", () => env.ADMIN.abort("nothing"));
  }),

  "A.27 members of an object": withMembers(async ({ stub }, t) => {
    await t.attempt("method on the prototype", () => stub.number());
    await t.attempt("arrow function of the instance", () => stub.arrow());
    await t.attempt("getter", async () => await stub.getter);
    await t.attempt("private", () => stub["#secret"]());
  }),

  "A.31 an object that aborts": withMembers(async ({ env, name }, t) => {
    const lines = [];
    const open = () => env.MEMBERS.getByName(`${name} 2`);
    const counter = await open().counter();
    await open().keep(new Noted("held", lines), true);
    await t.attempt("abort", () => open().abort());
    await t.attempt("its stub", () => counter.increment());
    t.write("disposed", await until(lines, 1));
    await t.attempt("again", () => open().number());
  }),
};

async function settledDisposals(stub, count) {
  for (let tries = 0; tries < 500; tries++) {
    const lines = await stub.disposals();
    if (lines.length >= count) return lines;
    await scheduler.wait(2);
  }
  return "never";
}

/** Members of every kind. */
export class Members extends DurableObject {
  arrow = () => "arrow";
  #secret() { return 1; }
  #times = 0;
  #disposals = [];
  #kept;
  #log = new Log();

  number() { return this.#secret(); }
  count(...args) { return args.length; }
  ["a b"](value) { return `a b ${value}`; }
  [""]() { return "empty"; }
  ["\u{1f600}"]() { return "emoji"; }
  *generator() { yield 1; }
  static staticMethod() { return 1; }
  get undefinedGetter() { return undefined; }
  get nullGetter() { return null; }
  set setter(_value) {}
  get withUndefined() { return { a: undefined }; }
  plainWithUndefined() { return { a: undefined }; }
  twins() { const counter = new Counter(); return [counter, counter]; }
  giveTo(call) { return call(new Counter()); }
  async useReturned(call) { const counter = await call(); return [await counter.increment(1), await counter.increment(1)]; }
  async incrementEach(counters) { const counts = []; for (const counter of counters) counts.push(await counter.increment()); return counts; }
  text() { return "text"; }
  nothing() {}
  null() { return null; }
  array() { return [1, 2]; }
  map() { return new Map([["a", 1]]); }
  date() { return new Date(0); }
  response() { return new Response("x"); }
  fail() { throw new TypeError("failed"); }
  get getter() { return "of the getter"; }
  get times() { this.#times += 1; return this.#times; }

  echo(value) { return value; }
  echoNothing() {}
  counter() { return new Counter(); }
  async slowCounter() { await scheduler.wait(5); return new Counter(); }
  named() { return new (class extends RpcTarget { fetch() { return "fetch"; } alarm() { return "alarm"; } webSocketMessage() { return "message"; } connect() { return "connect"; } })(); }
  log() { return this.#log; }
  fn() { return (x) => x * 2; }
  functionWithMembers() { return functionWithMembers(); }
  async aClass() { return typeof Point; }
  plain() { return { value: 1, method: (x) => x * 3, deep: { deeper: { value: 4, method: (x) => x * 5 } }, counter: new Counter() }; }
  get property() { return this.plain(); }
  functions() { return { add: (a, b) => a + b, deep: { sub: (a, b) => a - b } }; }
  maker() { return (a) => (b) => [a, b]; }

  get bare() { return Object.assign(Object.create(null), { value: 1, method: () => 1 }); }
  get instance() { return new Point(); }
  get list() { return [1, 2]; }
  get promised() { return Promise.resolve({ a: 1 }); }
  get held() { return new RpcStub(new Counter()); }
  get other() { return this.env.MEMBERS.getByName("other"); }

  proxy(kind) {
    const handler = { get: (target, key) => (key in target || key === "then" ? target[key] : (...args) => [String(key), ...args]) };
    switch (kind) {
      case "plain": return new Proxy({ value: 5 }, handler);
      case "target": return new Proxy(new (class extends RpcTarget { greet() { return "hello"; } })(), {});
      case "function": return new Proxy((x) => x * 7, {});
      case "instance": return new Proxy(new Point(), {});
      case "array": return new Proxy([1], {});
      case "hidden": return new Proxy({}, { getPrototypeOf: () => null });
      default: return new Proxy({}, { getPrototypeOf: () => { throw new RangeError("no prototype"); } });
    }
  }

  call(fn, ...args) { return fn(...args); }
  callMethod(object) { return object.method(1); }
  callHello(target) { return target.hello(); }
  async callAll(fns) { const results = []; for (const fn of fns.values()) results.push(await fn()); return results; }
  async incrementTwice(counter) { return [await counter.increment(1), await counter.increment(1)]; }
  async twoAreOne(fn) { return [await fn(1), await fn.own()]; }
  relay(next, fn) { return this.env.MEMBERS.getByName(next).call(fn); }
  async callService(service) { return [await service.use(() => 1, "plain"), await (await service.fetch("http://admin/path")).text()]; }
  async callObject(object) { return [await object.number(), await object.counter().increment(2)]; }

  forward() { return this.env.MEMBERS.getByName("other").number(); }
  forwardProperty() { return this.env.MEMBERS.getByName("other").getter; }
  forwardCounter() { return this.env.MEMBERS.getByName("other").counter(); }
  forwardFailure() { return this.env.MEMBERS.getByName("other").fail(); }
  thenable() { return { then(resolve) { resolve("of a thenable"); } }; }
  nestedPromise() { return { a: this.env.MEMBERS.getByName("other").number() }; }
  giveCtx() { return this.ctx; }
  giveStorage() { return this.ctx.storage; }

  stream() { return new Response("of the object").body; }
  readAll(stream) { return new Response(stream).text(); }
  async readOne(stream) {
    const reader = stream.getReader();
    await reader.read();
    await reader.cancel("enough");
  }
  async writeAll(stream, chunks) {
    const writer = stream.getWriter();
    for (const chunk of chunks) await writer.write(new TextEncoder().encode(chunk));
    await writer.close();
  }

  async store(kind) {
    const value = { target: () => new Counter(), function: () => () => 1, stub: () => new RpcStub(() => 1), object: () => this.env.MEMBERS.getByName("other") }[kind]();
    await this.ctx.storage.put("value", value);
  }

  keep(stub, duplicated) { this.#kept = duplicated ? stub.dup() : stub; }
  useKept() { return this.#kept.hello(); }
  disposeKept() { this.#kept[Symbol.dispose](); }
  failWith() { throw new RangeError("with an argument"); }

  result(kind) {
    return { object: {}, array: [], map: new Map([["fn", () => 1]]), date: new Date(0), response: new Response(), target: new Counter(), number: 1, null: null, functions: [() => "called"] }[kind];
  }
  disposable() { return { a: 1, [Symbol.dispose]: () => { this.#disposals.push("object"); } }; }
  disposableTarget() { return new Noted("target", this.#disposals); }
  throwingDisposer() { return new (class extends RpcTarget { [Symbol.dispose]() { throw new Error("in the disposer"); } })(); }
  disposals() { return this.#disposals; }
  abort() { this.ctx.abort("aborted on purpose"); }
}

/** A stateless entrypoint. */
export class Admin extends WorkerEntrypoint {
  fetch(request) { return new Response(`admin ${new URL(request.url).pathname}`); }
  use(target, by) { return by === "plain" ? target() : target.increment(by); }
  abort(kind) { this.ctx.abort(...{ error: [new RangeError("ended")], text: ["text"], nothing: [] }[kind]); }
}

export class Subject extends caseObject(cases) {}

export default caseWorker(cases);
