/** RPC with values, its order and its errors; stubs and functions as values are elsewhere. Reference: sections 10.1 to 10.5. */

import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import { caseObject, caseWorker, inWorker } from "../harness.js";

const echo = { echo: (_object, ...values) => values };

/** A case that sends each value to its object and writes what comes back. */
const echoes = (values) => ({
  object: echo,
  async worker({ object }, t) {
    for (const [name, value] of Object.entries(values)) {
      await t.attempt(name, async () => (await object.step("echo", value))[0]);
    }
  },
});

class Point {
  x = 1;
}

const cases = {
  "10.4 primitive values": echoes({
    undefined: undefined, null: null, true: true, zero: 0, minusZero: -0, nan: NaN, large: 2 ** 53, fraction: 0.1,
    empty: "", text: "é\u0000\u{1f600}", bigint: 12345678901234567890n, negative: -1n,
  }),

  "10.4 objects of the language": echoes({
    array: [1, [2], { a: 3 }],
    object: { a: { b: undefined }, "": 1 },
    date: new Date(0),
    regexp: /a/g,
    map: new Map([[{ a: 1 }, new Set([1])]]),
    bytes: new Uint8Array([1, 2, 3]),
    buffer: new ArrayBuffer(2),
    view: new DataView(new ArrayBuffer(2), 1),
    floats: new Float64Array([1.5]),
    error: new RangeError("text"),
    boxed: Object(7n),
  }),

  "10.4 objects of the platform": {
    object: {
      ...echo,
      async read(_object, value) { return value.text(); },
      make: () => ({
        headers: new Headers({ a: "1" }),
        response: new Response("body", { status: 201, headers: { b: "2" } }),
        request: new Request("http://host/", { method: "POST", body: "sent" }),
        blob: new Blob(["blob"], { type: "x/y" }),
      }),
    },
    async worker({ object }, t) {
      await t.attempt("response", () => object.step("read", new Response("of a response")));
      await t.attempt("request", () => object.step("read", new Request("http://host/", { method: "POST", body: "of a request" })));
      await t.attempt("blob", () => object.step("read", new Blob(["of a blob"])));
      await t.attempt("headers", async () => [...(await object.step("echo", new Headers({ a: "1" })))[0]]);
      await t.attempt("made", async () => {
        const { headers, response, request, blob } = await object.step("make");
        return [[...headers], response.status, await response.text(), request.method, await request.text(), blob.type, await blob.text()];
      });
    },
  },

  "10.4 values that cannot be sent": {
    object: { ...echo, give: (_object, what) => ({ point: new Point(), symbol: Symbol("s"), weak: new WeakSet(), bare: Object.create(null) })[what] },
    async worker({ object }, t) {
      await t.attempt("instance", () => object.step("echo", new Point()));
      await t.attempt("nested instance", () => object.step("echo", { a: [new Point()] }));
      await t.attempt("symbol", () => object.step("echo", Symbol("s")));
      await t.attempt("WeakMap", () => object.step("echo", new WeakMap()));
      await t.attempt("without a prototype", () => object.step("echo", Object.create(null)));
      await t.attempt("URL", () => object.step("echo", new URL("http://host/")));
      await t.attempt("instance as result", () => object.step("give", "point"));
      await t.attempt("symbol as result", () => object.step("give", "symbol"));
      await t.attempt("WeakSet as result", () => object.step("give", "weak"));
      await t.attempt("no prototype as result", () => object.step("give", "bare"));
    },
  },

  "10.4 identity within a message is kept": {
    object: { same: (_object, first, second) => first === second, cycle: (_object, value) => value.self === value },
    async worker({ object }, t) {
      const shared = { a: 1 };
      const cycle = {};
      cycle.self = cycle;
      t.write("same", await object.step("same", shared, shared));
      t.write("cycle", await object.step("cycle", cycle));
    },
  },

  "10.4 getters are read when a value is sent": {
    object: echo,
    async worker({ object }, t) {
      let count = 0;
      await t.attempt("value", async () => (await object.step("echo", { get a() { count += 1; return count; } }))[0]);
      await t.attempt("throws", () => object.step("echo", { get a() { throw new RangeError("from the getter"); } }));
    },
  },

  "10.2 which members can be called": inWorker(async ({ env, name }, t) => {
    const stub = env.MEMBERS.getByName(name);
    await t.attempt("method", () => stub.method(1, 2));
    await t.attempt("asynchronous", () => stub.asynchronous());
    await t.attempt("inherited", () => stub.inherited());
    await t.attempt("getter", async () => await stub.getter);
    await t.attempt("own field", () => stub.field());
    await t.attempt("value of a field", async () => await stub.field);
    await t.attempt("missing", () => stub.missing());
    await t.attempt("missing property", async () => await stub.missing);
    await t.attempt("of Object", () => stub.hasOwnProperty("a"));
    await t.attempt("toString", () => stub.toString());
    await t.attempt("not a function", () => stub.getter());
    await t.attempt("env", async () => await stub.env);
    await t.attempt("ctx", async () => await stub.ctx);
    await t.attempt("alarm", () => stub.alarm());
    await t.attempt("webSocketMessage", () => stub.webSocketMessage());
    await t.attempt("private", () => stub["#secret"]());
    await t.attempt("this", () => stub.self());
    await t.attempt("property of a result", async () => await stub.getter.nested);
  }),

  "10.1 properties of a result": inWorker(async ({ env, name }, t) => {
    const stub = env.MEMBERS.getByName(name);
    await t.attempt("property", async () => await stub.asynchronous().nested);
    await t.attempt("missing", async () => await stub.asynchronous().missing);
    await t.attempt("of a primitive", async () => await stub.method(1, 2).anything);
    await t.attempt("of a failure", async () => await stub.fail().anything);
  }),

  "10.1 nothing throws at once": inWorker(async ({ env, name }, t) => {
    const stub = env.MEMBERS.getByName(name);
    const call = stub.missing();
    t.write("then", typeof call.then, typeof call.catch, typeof call.finally);
    t.write("caught", await call.catch((error) => error.name));
    t.write("finally", await stub.method(1, 2).finally(() => {}));
  }),

  "10.3 legal names": inWorker(async ({ env, name }, t) => {
    const stub = env.MEMBERS.getByName(name);
    await t.attempt("dup", () => stub.dup());
    await t.attempt("fetch", async () => (await stub.fetch("http://object/")).text());
    t.write("then", stub.then);
    await t.attempt("get", () => stub.get("key"));
    await t.attempt("put", () => stub.put("key"));
    await t.attempt("delete", () => stub.delete("key"));
  }),

  "10.5 calls arrive in order at a new object": {
    object: {
      construct(object) {
        object.log = [];
        object.ctx.blockConcurrencyWhile(() => scheduler.wait(10));
      },
      note(object, value) { object.log.push(value); return [...object.log]; },
    },
    async worker({ object }, t) {
      t.write("log", (await Promise.all([0, 1, 2, 3].map((value) => object.step("note", value)))).at(-1));
    },
  },

  "10.5 fetch keeps the order of calls": {
    object: {
      construct: (object) => { object.log = []; },
      note(object, value) { object.log.push(value); return object.log; },
      fetch(object) { object.log.push("fetch"); return new Response("x"); },
    },
    async worker({ object }, t) {
      const calls = [object.step("note", 1), object.fetch("http://object/"), object.step("note", 2)];
      await Promise.all(calls);
      t.write("log", await object.step("note", 3));
    },
  },

  "10.5 calls interleave at awaits": {
    object: {
      construct: (object) => { object.log = []; },
      async slow(object, name) {
        object.log.push(`${name} begins`);
        await scheduler.wait(10);
        object.log.push(`${name} ends`);
        return object.log;
      },
    },
    async worker({ object }, t) {
      const [, log] = await Promise.all([object.step("slow", "a"), object.step("slow", "b")]);
      t.write("log", log.map((line) => line.split(" ")[1]));
    },
  },

  "10.4 a result that is a promise of a promise": {
    object: { deep: async () => Promise.resolve(Promise.resolve(7)), nested: () => ({ a: Promise.resolve(1) }) },
    async worker({ object }, t) {
      await t.attempt("deep", () => object.step("deep"));
      await t.attempt("in an object", async () => Object.keys(await object.step("nested")));
    },
  },

  "10.6 a result can be disposed": {
    object: { give: () => ({ a: 1 }) },
    async worker({ object }, t) {
      const result = await object.step("give");
      t.write("dispose", typeof result[Symbol.dispose], Object.keys(result), typeof result[Symbol.asyncDispose]);
      result[Symbol.dispose]();
      t.write("after", result.a);
    },
  },

  "10.3 a message has a size": {
    object: { length: (_object, text) => text.length, make: (_object, size) => "x".repeat(size) },
    async worker({ object }, t) {
      await t.attempt("1 MiB", () => object.step("length", "x".repeat(1024 * 1024)));
      await t.attempt("result of 1 MiB", async () => (await object.step("make", 1024 * 1024)).length);
      await t.attempt("33 MiB", async () => {
        try {
          return await object.step("length", new Uint8Array(33 * 1024 * 1024));
        } catch (error) {
          throw new Error(error.message.replace(/: \d+ bytes/, ": N bytes"));
        }
      });
    },
  },

  "10.9 an entrypoint class of this Worker": inWorker(async ({ env }, t) => {
    await t.attempt("method", () => env.ADMIN.add(1, 2));
    await t.attempt("fetch", async () => (await env.ADMIN.fetch("http://host/path")).text());
    await t.attempt("env", () => env.ADMIN.greeting());
    await t.attempt("missing", () => env.ADMIN.missing());
    await t.attempt("throws", () => env.ADMIN.fail());
    await t.attempt("fresh instance", async () => [await env.ADMIN.count(), await env.ADMIN.count()]);
    await t.attempt("props", () => env.ADMIN.props());
  }),

  "10.3 handlers of a plain object": inWorker(async ({ env }, t) => {
    await t.attempt("one argument", () => env.PLAIN.double(7));
    await t.attempt("no argument", () => env.PLAIN.double());
    await t.attempt("two arguments", () => env.PLAIN.double(1, 2));
    await t.attempt("three parameters", () => env.PLAIN.whole("a"));
    await t.attempt("four parameters", () => env.PLAIN.wide("a"));
    await t.attempt("fetch", async () => (await env.PLAIN.fetch("http://host/")).text());
  }),
};

class Base extends DurableObject {
  inherited() { return "inherited"; }
}

/** Members of every kind. */
export class Members extends Base {
  #hidden = 1;
  field = () => "field";

  method(...values) { return values.length; }
  async asynchronous() { return { nested: "value" }; }
  get getter() { return { nested: "of the getter" }; }
  fail() { throw new TypeError("failed"); }
  self() { return this instanceof Members && this.#secret(); }
  #secret() { return this.#hidden; }
  alarm() {}
  get(key) { return `get ${key}`; }
  put(key) { return `put ${key}`; }
  delete(key) { return `delete ${key}`; }
  fetch(request) { return new Response(`fetched ${request.url}`); }
}

/** A stateless entrypoint. */
export class Admin extends WorkerEntrypoint {
  calls = 0;

  add(a, b) { return a + b; }
  fetch(request) { return new Response(`admin ${new URL(request.url).pathname}`); }
  greeting() { return typeof this.env.SUBJECT; }
  fail() { throw new RangeError("failed"); }
  count() { this.calls += 1; return this.calls; }
  props() { return this.ctx.props; }
}

/** An entrypoint without a class. */
export const Plain = {
  fetch: () => new Response("plain"),
  double: (value) => value * 2,
  whole: (value, env, ctx) => [value, typeof env.SUBJECT, typeof ctx.waitUntil],
  wide: (_value, _env, _ctx, _more) => "never",
};

export class Subject extends caseObject(cases) {}

export default caseWorker(cases);
