/** Key-value storage with promises: `ctx.storage`. Reference: section 4. */

import { RpcStub } from "cloudflare:workers";
import { caseObject, caseWorker, inObject } from "../harness.js";

const cases = {
  "4.2 a missing key is undefined": inObject(async ({ ctx }, t) => {
    t.write("get", await ctx.storage.get("missing"));
    t.write("delete", await ctx.storage.delete("missing"));
  }),

  "4.2 a written value is read back": inObject(async ({ ctx }, t) => {
    t.write("put", await ctx.storage.put("key", { count: 1 }));
    t.write("get", await ctx.storage.get("key"));
    t.write("delete", await ctx.storage.delete("key"));
    t.write("get", await ctx.storage.get("key"));
  }),

  "4.2 keys are coerced to strings": inObject(async ({ ctx }, t) => {
    await ctx.storage.put(undefined, "of undefined");
    await ctx.storage.put(7, "of seven");
    await ctx.storage.put(null, "of null");
    await ctx.storage.put("", "of nothing");
    t.write("undefined", await ctx.storage.get("undefined"));
    t.write("seven", await ctx.storage.get("7"));
    t.write("list", await ctx.storage.list());
  }),

  "4.2 an array is a key by its text, to put": inObject(async ({ ctx: { storage } }, t) => {
    await t.attempt("array", () => storage.put(["a"], 1));
    await t.attempt("nested", () => storage.put([["a", "b"], 1], 2));
    await t.attempt("empty", () => storage.put([], 3));
    await t.attempt("without a value", () => storage.put(["x", "y"]));
    t.write("list", await storage.list());
  }),

  "4.2 whatever has properties can be entries": inObject(async ({ ctx: { storage } }, t) => {
    const entries = {
      function: Object.assign(() => 1, { f: 1 }),
      "class": class { static c = 2; },
      string: new String("s"),
      typed: new Uint8Array([7]),
      proxy: new Proxy({ p: 3 }, {}),
      "without a prototype": Object.assign(Object.create(null), { n: 4 }),
      map: new Map([["m", 1]]),
    };
    for (const [label, value] of Object.entries(entries)) {
      await t.attempt(label, () => storage.put(value));
    }
    t.write("list", await storage.list());
    await t.attempt("an entry that cannot be cloned", () => storage.put({ a: 1, b: Symbol("b") }));
    t.write("a", await storage.get("a"));
  }),

  "4.2 several keys come sorted, once, and only if they exist": inObject(async ({ ctx }, t) => {
    await ctx.storage.put({ b: 2, a: 1, c: 3 });
    t.write("get", await ctx.storage.get(["c", "missing", "a", "c"]));
    t.write("none", await ctx.storage.get([]));
  }),

  "4.2 keys are ordered by their UTF-8": inObject(async ({ ctx }, t) => {
    await ctx.storage.put({ "\u{1f600}": 1, "\uffee": 2, é: 3, z: 4, Z: 5, 10: 6, 9: 7 });
    t.write("list", [...(await ctx.storage.list()).keys()]);
  }),

  "4.2 several keys are deleted and counted": inObject(async ({ ctx }, t) => {
    await ctx.storage.put({ a: 1, b: 2, c: 3 });
    t.write("delete", await ctx.storage.delete(["a", "missing", "b"]));
    t.write("list", await ctx.storage.list());
    t.write("none", await ctx.storage.delete([]));
  }),

  "4.2 an undefined value of several is skipped": inObject(async ({ ctx }, t) => {
    await ctx.storage.put({ a: 1, b: undefined, c: null });
    t.write("list", await ctx.storage.list());
  }),

  "4.2 only own enumerable string keys are written": inObject(async ({ ctx }, t) => {
    const entries = Object.create({ inherited: 1 });
    entries.own = 2;
    entries[Symbol("symbol")] = 3;
    Object.defineProperty(entries, "hidden", { value: 4, enumerable: false });
    await ctx.storage.put(entries);
    t.write("list", await ctx.storage.list());
  }),

  "4.2 a range has a start and no end of its own": inObject(async ({ ctx }, t) => {
    await ctx.storage.put({ a: 1, b: 2, c: 3, d: 4 });
    const keys = async (options) => [...(await ctx.storage.list(options)).keys()];
    t.write("start", await keys({ start: "b" }));
    t.write("startAfter", await keys({ startAfter: "b" }));
    t.write("end", await keys({ end: "c" }));
    t.write("start and end", await keys({ start: "b", end: "d" }));
    t.write("limit", await keys({ limit: 2 }));
    t.write("contradiction", await keys({ start: "d", end: "a" }));
    t.write("equal", await keys({ start: "b", end: "b" }));
  }),

  "4.2 a reversed list takes from the end": inObject(async ({ ctx }, t) => {
    await ctx.storage.put({ a: 1, b: 2, c: 3, d: 4 });
    const keys = async (options) => [...(await ctx.storage.list(options)).keys()];
    t.write("reverse", await keys({ reverse: true }));
    t.write("limit", await keys({ reverse: true, limit: 2 }));
    t.write("range", await keys({ reverse: true, start: "b", end: "d" }));
    t.write("startAfter", await keys({ reverse: true, startAfter: "b" }));
  }),

  "4.2 a prefix intersects with the range": inObject(async ({ ctx }, t) => {
    await ctx.storage.put({ a: 1, "p:1": 2, "p:2": 3, "p:3": 4, q: 5 });
    const keys = async (options) => [...(await ctx.storage.list(options)).keys()];
    t.write("prefix", await keys({ prefix: "p:" }));
    t.write("start", await keys({ prefix: "p:", start: "p:2" }));
    t.write("end", await keys({ prefix: "p:", end: "p:2" }));
    t.write("outside", await keys({ prefix: "p:", start: "q" }));
    t.write("reverse", await keys({ prefix: "p:", reverse: true, limit: 1 }));
    t.write("empty", await keys({ prefix: "" }));
    t.write("percent", await keys({ prefix: "%" }));
  }),

  "4.2 options that are null or undefined count as absent": inObject(async ({ ctx }, t) => {
    await ctx.storage.put({ a: 1, b: 2 });
    t.write("undefined", await ctx.storage.list({ start: undefined, limit: undefined, prefix: undefined }));
    t.write("no options", await ctx.storage.list(undefined));
    await t.attempt("null limit", () => ctx.storage.list({ limit: null }));
    await t.attempt("null options", () => ctx.storage.list(null));
  }),

  "4.2 a value is copied when it is written and when it is read": inObject(async ({ ctx }, t) => {
    const value = { items: [1] };
    const put = ctx.storage.put("key", value);
    value.items.push(2);
    await put;
    const first = await ctx.storage.get("key");
    first.items.push(3);
    t.write("get", await ctx.storage.get("key"));
  }),

  "4.2 a read sees a write that was not awaited": inObject(async ({ ctx }, t) => {
    ctx.storage.put("key", 1);
    ctx.storage.put("key", 2, { allowUnconfirmed: true });
    t.write("get", await ctx.storage.get("key"));
    t.write("get", await ctx.storage.get("key", { allowConcurrency: true, noCache: true }));
  }),

  "4.2 deleteAll removes every key": inObject(async ({ ctx }, t) => {
    await ctx.storage.put({ a: 1, b: 2 });
    t.write("deleteAll", await ctx.storage.deleteAll());
    t.write("list", await ctx.storage.list());
    await ctx.storage.put("c", 3);
    t.write("list", await ctx.storage.list());
  }),

  "4.2 deleteAll removes the alarm and the tables": inObject(async ({ ctx }, t) => {
    ctx.storage.sql.exec("CREATE TABLE t (x)");
    await ctx.storage.setAlarm(Date.now() + 3600000);
    await ctx.storage.deleteAll();
    t.write("alarm", await ctx.storage.getAlarm());
    await t.attempt("table", () => ctx.storage.sql.exec("SELECT * FROM t"));
  }),

  "4.2 more than 128 keys are allowed in one call": inObject(async ({ ctx }, t) => {
    const keys = Array.from({ length: 300 }, (_, index) => `key ${index}`);
    await ctx.storage.put(Object.fromEntries(keys.map((key, index) => [key, index])));
    t.write("get", (await ctx.storage.get(keys)).size);
    t.write("delete", await ctx.storage.delete(keys));
  }),

  "4.1 options are objects": inObject(async ({ ctx: { storage } }, t) => {
    const calls = {
      get: (o) => storage.get("a", o),
      "get of several": (o) => storage.get(["a"], o),
      list: (o) => storage.list(o),
      put: (o) => storage.put("a", 1, o),
      "put of entries": (o) => storage.put({ a: 1 }, o),
      "put of entries, third": (o) => storage.put({ a: 1 }, undefined, o),
      "put of entries, both": (o) => storage.put({ a: 1 }, {}, o),
      delete: (o) => storage.delete("a", o),
      "delete of several": (o) => storage.delete(["a"], o),
      deleteAll: (o) => storage.deleteAll(o),
      getAlarm: (o) => storage.getAlarm(o),
    };
    for (const [label, call] of Object.entries(calls)) {
      for (const options of [null, [], () => 1, 1, "x", true, 1n]) {
        await storage.deleteAll();
        await t.attempt(`${label} with a ${options === null ? "null" : typeof options}`, () => call(options));
      }
    }
  }),

  "4.1 options are read whether or not they matter": inObject(async ({ ctx: { storage } }, t) => {
    const log = [];
    const names = ["start", "startAfter", "end", "prefix", "reverse", "limit", "allowConcurrency", "allowUnconfirmed", "noCache"];
    const options = Object.defineProperties({}, Object.fromEntries(names.map((name) => [name, { get: () => void log.push(name) }])));
    const calls = {
      get: () => storage.get("a", options),
      list: () => storage.list(options),
      put: () => storage.put("a", 1, options),
      "put of entries": () => storage.put({ a: 1 }, options),
      "put of entries, third": () => storage.put({ a: 1 }, undefined, options),
      delete: () => storage.delete("a", options),
      deleteAll: () => storage.deleteAll(options),
      getAlarm: () => storage.getAlarm(options),
      "kv.list": () => [...storage.kv.list(options)].length,
    };
    for (const [label, call] of Object.entries(calls)) {
      await call();
      t.write(label, log.splice(0));
    }
    const failing = { get noCache() { throw new RangeError("read"); } };
    await t.attempt("get", () => storage.get("a", failing));
    await t.attempt("put", () => storage.put("a", 1, failing));
    await t.attempt("delete", () => storage.delete("a", failing));
    await t.attempt("deleteAll", () => storage.deleteAll(failing));
    t.write("a", await storage.get("a"));
  }),

  "4.3 put refuses undefined": inObject(async ({ ctx }, t) => {
    await t.attempt("put", () => ctx.storage.put("key", undefined));
    await t.attempt("put of a key alone", () => ctx.storage.put("key"));
    t.write("list", await ctx.storage.list());
  }),

  "4.3 put of entries refuses a second argument that is no options": inObject(async ({ ctx }, t) => {
    await t.attempt("string", () => ctx.storage.put({ a: 1 }, "value"));
    await t.attempt("number", () => ctx.storage.put({ a: 1 }, 7));
    await t.attempt("options", () => ctx.storage.put({ a: 1 }, { allowUnconfirmed: true }));
    t.write("list", await ctx.storage.list());
  }),

  "4.3 arguments that are missing are named": inObject(async ({ ctx }, t) => {
    await t.attempt("put", () => ctx.storage.put());
    await t.attempt("get", () => ctx.storage.get());
    await t.attempt("transaction", () => ctx.storage.transaction());
  }),

  "4.3 delete without a key": inObject(async ({ ctx }, t) => {
    await t.attempt("delete", () => ctx.storage.delete());
  }),

  "4.3 start excludes startAfter": inObject(async ({ ctx }, t) => {
    await t.attempt("list", () => ctx.storage.list({ start: "a", startAfter: "a" }));
  }),

  "4.3 the limit of a list is positive": inObject(async ({ ctx }, t) => {
    await ctx.storage.put({ a: 1, b: 2 });
    await t.attempt("1", () => ctx.storage.list({ limit: 1 }));
    await t.attempt("0", () => ctx.storage.list({ limit: 0 }));
    await t.attempt("-1", () => ctx.storage.list({ limit: -1 }));
  }),

  "4.3 the limit of a list is a 32-bit integer": inObject(async ({ ctx: { storage } }, t) => {
    await storage.put({ a: 1, b: 2, c: 3 });
    const limits = [2147483647, 2147483648, -2147483648, -2147483649, 1e300, 1.9, 0.5, NaN, Infinity, -Infinity, "2", "0x2", "x", "",
      true, false, [2], [1, 2], {}, new Date(2), 2n];
    for (const limit of limits) {
      await t.attempt(`${typeof limit} ${limit instanceof Date ? "date" : limit}`, () => storage.list({ limit }));
      await t.attempt("kv", () => [...storage.kv.list({ limit })].length);
    }
    await t.attempt("valueOf", () => storage.list({ limit: { valueOf() { throw new RangeError("valueOf"); } } }));
    await t.attempt("both starts come first", () => storage.list({ start: "a", startAfter: "a", limit: 0 }));
  }),

  "4.2 bounds of a list are coerced to strings": inObject(async ({ ctx: { storage } }, t) => {
    await storage.put({ "": 0, a: 1, ab: 2, "b\u0000": 3, null: 4, 1: 5, "\uffff": 6, "\u{1f600}": 7, é: 8, "[object Object]": 9 });
    for (const field of ["start", "startAfter", "end", "prefix"]) {
      for (const bound of ["", null, 1, {}, "a", "ab", "zz", 1n, "\uffff", "b\u0000"]) {
        t.write(`${field} ${bound}`, [...(await storage.list({ [field]: bound })).keys()]);
        t.write("reverse", [...(await storage.list({ [field]: bound, reverse: true, limit: 3 })).keys()]);
        t.write("kv", [...storage.kv.list({ [field]: bound, limit: 3 })].map(([key]) => key));
      }
    }
  }),

  "4.3 a value that cannot be cloned is refused": inObject(async ({ ctx }, t) => {
    class Point {
      x = 1;
    }
    await t.attempt("function", () => ctx.storage.put("key", (x) => x));
    await t.attempt("nested function", () => ctx.storage.put("key", { call: (x) => x }));
    await t.attempt("symbol", () => ctx.storage.put("key", Symbol("s")));
    await t.attempt("promise", () => ctx.storage.put("key", Promise.resolve(1)));
    await t.attempt("WeakMap", () => ctx.storage.put("key", new WeakMap()));
    await t.attempt("instance", () => ctx.storage.put("key", new Point()));
    t.write("list", await ctx.storage.list());
  }),

  "4.3 an object of the platform": inObject(async ({ ctx }, t) => {
    await t.attempt("Headers", () => ctx.storage.put("key", new Headers([["a", "b"]])));
    await t.attempt("get", async () => [...(await ctx.storage.get("key"))]);
    await t.attempt("URL", () => ctx.storage.put("url", new URL("http://host/")));
    await t.attempt("AbortSignal", () => ctx.storage.put("signal", new AbortController().signal));
    await t.attempt("ReadableStream", () => ctx.storage.put("stream", new Response("x").body));
    await t.attempt("Blob", () => ctx.storage.put("blob", new Blob(["x"])));
  }),

  "4.3 an object of a class that the program derived": inObject(async (object, t) => {
    const { storage } = object.ctx;
    await t.attempt("the object itself", () => storage.put("key", object));
    await t.attempt("of URL", () => storage.put("key", new (class Address extends URL {})("http://host")));
    await t.attempt("of Map", async () => {
      await storage.put("key", new (class Table extends Map {})([["a", 1]]));
      return storage.get("key");
    });
    await t.attempt("of a class of its own", async () => {
      await storage.put("key", new (class Point { x = 1; })());
      return storage.get("key");
    });
    await t.attempt("a bound function", () => storage.put("key", (() => 1).bind(null)));
  }),

  "4.3 a stub cannot be stored": inObject(async ({ ctx }, t) => {
    await t.attempt("RpcStub", () => ctx.storage.put("key", new RpcStub(() => {})));
  }),

  "4.3 a getter that throws fails the put": inObject(async ({ ctx }, t) => {
    const value = {
      get broken() {
        throw new RangeError("from the getter");
      },
    };
    await t.attempt("put", () => ctx.storage.put("key", value));
    await t.attempt("entries", () => ctx.storage.put({ a: 1, get b() { throw new RangeError("from the entries"); } }));
    t.write("list", await ctx.storage.list());
  }),

  "4.3 a key and a value may be large but not of any size": inObject(async ({ ctx }, t) => {
    await t.attempt("key", () => ctx.storage.put("k".repeat(10000), 1));
    await t.attempt("2 MiB", () => ctx.storage.put("value", "x".repeat(2 * 1024 * 1024)));
    await t.attempt("5 MiB", () => ctx.storage.put("large", "x".repeat(5 * 1024 * 1024)));
  }),

  "4.5 primitive values round-trip": inObject(async ({ ctx }, t) => {
    const values = [null, true, false, 0, -0, 1.5, NaN, Infinity, -Infinity, 2 ** 53, "", "é\u0000\ud83d\ude00", 0n, -(2n ** 70n)];
    for (const [index, value] of values.entries()) {
      await ctx.storage.put(String(index), value);
      t.write(String(index), await ctx.storage.get(String(index)));
    }
  }),

  "4.5 a lone surrogate round-trips": inObject(async ({ ctx }, t) => {
    await ctx.storage.put("key", "a\ud800b");
    t.write("get", (await ctx.storage.get("key")).charCodeAt(1));
  }),

  "4.5 objects of the language round-trip": inObject(async ({ ctx }, t) => {
    const values = {
      array: [1, , 3],
      bytes: new Uint8Array([1, 2, 3]).buffer,
      boxed: Object("boxed"),
      date: new Date(86400000),
      invalidDate: new Date(NaN),
      map: new Map([["a", new Set([1, 2])]]),
      nested: { a: { b: [{ c: undefined }] } },
      regexp: /a+b/giu,
      view: new Uint16Array([1, 2, 3]).subarray(1),
      dataView: new DataView(new Uint8Array([9, 8]).buffer, 1),
    };
    await ctx.storage.put(values);
    for (const name of Object.keys(values)) {
      t.write(name, await ctx.storage.get(name));
    }
  }),

  "4.5 the language's namespaces are plain objects": inObject(async ({ ctx: { storage } }, t) => {
    for (const [name, value] of Object.entries({ Math, JSON, Reflect, Atomics, Intl })) {
      await t.attempt(name, () => storage.put("key", value));
      await t.attempt("get", async () => Object.keys(await storage.get("key")));
      await storage.delete("key");
    }
  }),

  "4.5 errors round-trip": inObject(async ({ ctx }, t) => {
    await ctx.storage.put("type", new TypeError("wrong", { cause: new Error("why") }));
    const error = await ctx.storage.get("type");
    t.write("type", error, error.cause);
    class CustomError extends Error {
      name = "CustomError";
    }
    await ctx.storage.put("custom", new CustomError("mine"));
    t.write("custom", await ctx.storage.get("custom"));
    await ctx.storage.put("dom", new DOMException("aborted", "AbortError"));
    t.write("dom", await ctx.storage.get("dom"));
  }),

  "4.5 identity within a value is kept": inObject(async ({ ctx }, t) => {
    const shared = { name: "shared" };
    const cycle = { first: shared, second: shared };
    cycle.self = cycle;
    await ctx.storage.put("key", cycle);
    const copy = await ctx.storage.get("key");
    t.write("shared", copy.first === copy.second, copy.self === copy, copy.first !== shared);
  }),

  "4.5 extra properties of arrays are kept": inObject(async ({ ctx }, t) => {
    const array = [1, 2];
    array.extra = "kept";
    await ctx.storage.put("key", array);
    t.write("extra", (await ctx.storage.get("key")).extra);
  }),

  "4.2 sync resolves when everything is durable": inObject(async ({ ctx }, t) => {
    t.write("before", await ctx.storage.sync());
    ctx.storage.put("key", 1, { allowUnconfirmed: true });
    t.write("after", await ctx.storage.sync());
  }),

  "4.1 the methods return promises": inObject(async ({ ctx }, t) => {
    const { storage } = ctx;
    t.write("promises", [storage.get("a"), storage.put("a", 1), storage.list(), storage.delete("a"), storage.sync()]
      .map((value) => value instanceof Promise));
  }),

  "4.1 the storage is an object of its class": inObject(async ({ ctx }, t) => {
    t.write("tag", Object.prototype.toString.call(ctx.storage));
    t.write("name", ctx.storage.constructor.name);
    t.write("sql", Object.prototype.toString.call(ctx.storage.sql));
    t.write("same", ctx.storage === ctx.storage, ctx.storage.sql === ctx.storage.sql);
  }),

  "7.1 a time is a number or a date of until 2189": inObject(async ({ ctx: { storage } }, t) => {
    for (const time of [undefined, null, "1", {}, true, 1n, NaN, Infinity, new Date(NaN), 9223372036855, new Date(8.64e15)]) {
      await t.attempt(String(time), () => storage.getBookmarkForTime(time));
    }
    await t.attempt("none", () => storage.getBookmarkForTime());
    await t.attempt("no bookmark", () => storage.onNextSessionRestoreBookmark());
  }),

  "7.1 a bookmark grows with every call": inObject(async ({ ctx }, t) => {
    const first = await ctx.storage.getCurrentBookmark();
    const second = await ctx.storage.getCurrentBookmark();
    t.write("shape", /^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}$/.test(first));
    t.write("order", first < second);
  }),
};

export class Subject extends caseObject(cases) {}

export default caseWorker(cases);
