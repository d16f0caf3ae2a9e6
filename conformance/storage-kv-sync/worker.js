/** Key-value storage without promises: `ctx.storage.kv`. Reference: section 6. */

import { caseObject, caseWorker, inObject, refuses } from "../harness.js";

const cases = {
  "6 a value is put, read and deleted at once": inObject(({ ctx: { storage: { kv } } }, t) => {
    t.write("get", kv.get("key"));
    t.write("put", kv.put("key", { count: 1 }));
    t.write("get", kv.get("key"));
    t.write("delete", kv.delete("key"), kv.delete("key"));
  }),

  "6 both interfaces share their data": inObject(async ({ ctx: { storage } }, t) => {
    storage.kv.put("sync", 1);
    await storage.put("async", 2);
    t.write("get", await storage.get("sync"), storage.kv.get("async"));
    t.write("list", [...storage.kv.list()]);
  }),

  "6 undefined is a value": inObject(async ({ ctx: { storage } }, t) => {
    storage.kv.put("key", undefined);
    t.write("list", [...storage.kv.list()]);
    t.write("async", await storage.list());
    t.write("delete", storage.kv.delete("key"));
  }),

  "6 a list takes the options of the other": inObject(({ ctx: { storage: { kv } } }, t) => {
    for (const key of ["a", "b", "c", "d"]) {
      kv.put(key, key.toUpperCase());
    }
    t.write("all", [...kv.list()]);
    t.write("range", [...kv.list({ start: "b", end: "d" })]);
    t.write("startAfter", [...kv.list({ startAfter: "b" })]);
    t.write("reverse", [...kv.list({ reverse: true, limit: 2 })]);
    t.write("prefix", [...kv.list({ prefix: "c" })]);
    t.write("nothing", [...kv.list({ start: "x" })]);
  }),

  "6 a list refuses what the other refuses": inObject(async ({ ctx: { storage: { kv } } }, t) => {
    await t.attempt("both starts", () => kv.list({ start: "a", startAfter: "a" }));
    await t.attempt("limit", () => kv.list({ limit: 0 }));
  }),

  "6 a list is an iterator": inObject(({ ctx: { storage: { kv } } }, t) => {
    kv.put("a", 1);
    const list = kv.list();
    t.write("same", list[Symbol.iterator]() === list);
    t.write("next", list.next());
    t.write("next", list.next());
    t.write("next", list.next());
  }),

  "6 a new list invalidates the former": inObject(async ({ ctx: { storage } }, t) => {
    storage.kv.put("a", 1);
    storage.kv.put("b", 2);
    const first = storage.kv.list();
    t.write("next", first.next());
    const second = storage.kv.list();
    t.write("second", second.next());
    await t.attempt("first", () => first.next());
    await storage.list();
    await t.attempt("after an asynchronous list", () => second.next());
  }),

  "6 values are copied": inObject(({ ctx: { storage: { kv } } }, t) => {
    const value = { items: [1] };
    kv.put("key", value);
    value.items.push(2);
    kv.get("key").items.push(3);
    t.write("get", kv.get("key"));
  }),

  "6 a value that cannot be cloned is refused at once": inObject(async ({ ctx: { storage: { kv } } }, t) => {
    await t.attempt("function", () => kv.put("key", (x) => x));
    t.write("get", kv.get("key"));
  }),

  "6 keys are coerced to strings": inObject(async ({ ctx: { storage: { kv } } }, t) => {
    kv.put(7, "seven");
    kv.put(null, "null");
    t.write("list", [...kv.list()]);
    refuses(t, "symbol", () => kv.get(Symbol("key")));
    await t.attempt("no key", () => kv.get());
  }),

  "6 writes of a transaction that fails are undone": inObject(async ({ ctx: { storage } }, t) => {
    storage.kv.put("a", 1);
    await t.attempt("transactionSync", () =>
      storage.transactionSync(() => {
        storage.kv.put("a", 2);
        storage.kv.put("b", 3);
        throw new Error("undone");
      }),
    );
    t.write("list", [...storage.kv.list()]);
  }),
};

export class Subject extends caseObject(cases) {}

export default caseWorker(cases);
