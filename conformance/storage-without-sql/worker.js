/** What an object of a class from `new_classes` may use. Reference: sections 5.1 and 6. */

import { caseObject, caseWorker, inObject } from "../harness.js";

const cases = {
  "4.1 keys and values work": inObject(async ({ ctx: { storage } }, t) => {
    await storage.put({ a: 1, b: 2 });
    t.write("get", await storage.get(["a", "b"]));
    t.write("list", await storage.list({ reverse: true, limit: 1 }));
    t.write("delete", await storage.delete("a"));
  }),

  "5.1 sql exists but refuses": inObject(async ({ ctx: { storage } }, t) => {
    t.write("sql", typeof storage.sql);
    await t.attempt("exec", () => storage.sql.exec("SELECT 1"));
    await t.attempt("databaseSize", () => storage.sql.databaseSize);
  }),

  "6 kv exists but refuses": inObject(async ({ ctx: { storage } }, t) => {
    t.write("kv", typeof storage.kv);
    await t.attempt("get", () => storage.kv.get("a"));
    await t.attempt("put", () => storage.kv.put("a", 1));
    await t.attempt("delete", () => storage.kv.delete("a"));
    await t.attempt("list", () => storage.kv.list());
  }),

  "6 arguments are converted before kv refuses": inObject(async ({ ctx: { storage } }, t) => {
    const throwing = { toString() { throw new RangeError("from toString"); } };
    await t.attempt("get", () => storage.kv.get(throwing));
    await t.attempt("put", () => storage.kv.put(throwing, 1));
    await t.attempt("delete", () => storage.kv.delete(throwing));
    await t.attempt("list", () => storage.kv.list({ prefix: throwing }));
    await t.attempt("list with a limit of 2^31", () => storage.kv.list({ limit: 2 ** 31 }));
    await t.attempt("list with a limit of 0", () => storage.kv.list({ limit: 0 }));
    await t.attempt("get without a key", () => storage.kv.get());
    await t.attempt("put without a value", () => storage.kv.put("a"));
  }),

  "4.4 transactions work": inObject(async ({ ctx: { storage } }, t) => {
    await storage.put("a", 1);
    await t.attempt("transaction", () =>
      storage.transaction(async (txn) => {
        await txn.put("a", 2);
        throw new Error("undone");
      }),
    );
    t.write("get", await storage.get("a"));
  }),

  "8.1 alarms work": inObject(async ({ ctx: { storage } }, t) => {
    await storage.setAlarm(4102444800000);
    t.write("alarm", await storage.getAlarm());
    await storage.deleteAlarm();
    t.write("alarm", await storage.getAlarm());
  }),
};

export class Subject extends caseObject(cases) {}

export default caseWorker(cases);
