/** Transactions: implicit, asynchronous and synchronous. Reference: sections 3.4, 4.4, 5.8. */

import { caseObject, caseWorker, inObject } from "../harness.js";

const cases = {
  "4.4 a transaction gives the value of its callback": inObject(async ({ ctx: { storage } }, t) => {
    t.write("value", await storage.transaction(async (txn) => {
      await txn.put("a", 1);
      return [await txn.get("a"), await storage.get("a")];
    }));
    t.write("get", await storage.get("a"));
  }),

  "4.4 the callback may be synchronous": inObject(async ({ ctx: { storage } }, t) => {
    await t.attempt("value", () => storage.transaction((txn) => { txn.put("a", 1); return "done"; }));
    await t.attempt("throw", () => storage.transaction(() => { throw new RangeError("at once"); }));
    t.write("list", await storage.list());
  }),

  "4.4 the callback starts later": inObject(async ({ ctx: { storage } }, t) => {
    const transaction = storage.transaction(async () => t.write("callback"));
    t.write("after the call");
    await transaction;
  }),

  "4.4 an error undoes and comes out": inObject(async ({ ctx: { storage } }, t) => {
    await storage.put({ a: 1, gone: 1 });
    await t.attempt("transaction", () => storage.transaction(async (txn) => {
      await txn.put("a", 2);
      await txn.delete("gone");
      await storage.put("b", 3);
      storage.sql.exec("CREATE TABLE t (x)");
      await txn.setAlarm(4102444800000);
      throw new TypeError("no");
    }));
    t.write("list", await storage.list());
    t.write("alarm", await storage.getAlarm());
    t.write("tables", storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 't'").toArray());
  }),

  "4.4 rollback undoes, and the callback's value still comes out": inObject(async ({ ctx: { storage } }, t) => {
    await storage.put("a", 1);
    t.write("value", await storage.transaction(async (txn) => {
      await txn.put("a", 2);
      t.write("rollback", txn.rollback());
      txn.rollback();
      return "value";
    }));
    t.write("get", await storage.get("a"));
  }),

  "4.4 nothing works on a transaction after its rollback": inObject(async ({ ctx: { storage } }, t) => {
    await storage.transaction(async (txn) => {
      txn.rollback();
      await t.attempt("get", () => txn.get("a"));
      await t.attempt("put", () => txn.put("a", 1));
      await t.attempt("list", () => txn.list());
      await t.attempt("delete", () => txn.delete("a"));
      await t.attempt("getAlarm", () => txn.getAlarm());
      await t.attempt("setAlarm", () => txn.setAlarm(1));
      await t.attempt("deleteAlarm", () => txn.deleteAlarm());
      await t.attempt("deleteAll", () => txn.deleteAll());
    });
  }),

  "4.4 nothing works on a transaction after its end": inObject(async ({ ctx: { storage } }, t) => {
    let kept;
    await storage.transaction(async (txn) => { kept = txn; });
    await t.attempt("get", () => kept.get("a"));
    await t.attempt("put", () => kept.put("a", 1));
    await t.attempt("list", () => kept.list());
    await t.attempt("delete", () => kept.delete("a"));
    await t.attempt("getAlarm", () => kept.getAlarm());
    await t.attempt("setAlarm", () => kept.setAlarm(1));
    await t.attempt("rollback", () => kept.rollback());
  }),

  "4.4 arguments are looked at before the state of the transaction": inObject(async ({ ctx: { storage } }, t) => {
    let ended;
    await storage.transaction(async (txn) => {
      ended = txn;
    });
    for (const name of ["get", "put", "list", "delete", "getAlarm", "setAlarm", "deleteAlarm"]) {
      await t.attempt(name, () => ended[name]("a", 1));
      await t.attempt(`${name} without arguments`, () => ended[name]());
    }
    await t.attempt("put of undefined", () => ended.put("a", undefined));
    await t.attempt("setAlarm of 0", () => ended.setAlarm(0));
    await t.attempt("list with a limit of 0", () => ended.list({ limit: 0 }));
  }),

  "4.4 what a callback is called with": inObject(async ({ ctx: { storage } }, t) => {
    await t.attempt("transaction", () => storage.transaction(function (...values) {
      return [values.length, this === globalThis];
    }));
    await t.attempt("transactionSync", () => storage.transactionSync(function (...values) {
      return [values.length, this === globalThis];
    }));
    await t.attempt("thenable", () => storage.transaction(() => ({ then: (resolve) => resolve(9) })));
  }),

  "4.4 whatever is thrown comes out": inObject(async ({ ctx: { storage } }, t) => {
    for (const thrown of ["text", undefined, null, 5, { a: 1 }]) {
      await t.attempt("transaction", () => storage.transaction(async () => {
        throw thrown;
      }));
      await t.attempt("transactionSync", () => storage.transactionSync(() => {
        throw thrown;
      }));
    }
    const error = new Error("same");
    const caught = await storage.transaction(async () => { throw error; }).catch((reason) => reason);
    t.write("same", caught === error);
    await t.attempt("after a rollback", () => storage.transaction(async (txn) => {
      txn.rollback();
      throw new RangeError("after");
    }));
  }),

  "4.4 after its rollback a transaction goes on as part of nothing": inObject(async ({ ctx: { storage } }, t) => {
    await t.attempt("storage", () => storage.transaction(async (txn) => {
      await txn.put("undone", 1);
      txn.rollback();
      txn.rollback();
      await storage.put("kept", 1);
      return 5;
    }));
    t.write("list", await storage.list());
  }),

  "4.4 deleteAll is not for transactions": inObject(async ({ ctx: { storage } }, t) => {
    await storage.transaction(async (txn) => {
      await t.attempt("txn", () => txn.deleteAll());
      await t.attempt("storage", () => storage.deleteAll());
    });
  }),

  "4.4 an inner transaction is undone alone": inObject(async ({ ctx: { storage } }, t) => {
    await storage.transaction(async (outer) => {
      await outer.put("outer", 1);
      await t.attempt("inner", () => storage.transaction(async (inner) => {
        await inner.put("inner", 2);
        t.write("inside", await inner.list());
        throw new Error("inner fails");
      }));
      t.write("outside", await outer.list());
    });
    t.write("list", await storage.list());
  }),

  "4.4 an outer transaction undoes what an inner one kept": inObject(async ({ ctx: { storage } }, t) => {
    await storage.transaction(async (outer) => {
      await storage.transaction(async (inner) => { await inner.put("inner", 2); });
      outer.rollback();
    });
    t.write("list", await storage.list());
  }),

  "4.4 an outer transaction cannot roll back while an inner one runs": inObject(async ({ ctx: { storage } }, t) => {
    await storage.transaction(async (outer) => {
      await storage.transaction(async () => {
        await t.attempt("rollback", () => outer.rollback());
      });
    });
  }),

  "4.4 a transaction takes every form of the storage": inObject(async ({ ctx: { storage } }, t) => {
    await storage.transaction(async (txn) => {
      await txn.put({ a: 1, b: 2, c: 3 });
      t.write("get", await txn.get(["a", "c"]));
      t.write("list", await txn.list({ start: "b" }));
      t.write("delete", await txn.delete(["a", "x"]));
      await txn.setAlarm(4102444800000);
      t.write("alarm", await txn.getAlarm());
      await txn.deleteAlarm();
      t.write("alarm", await txn.getAlarm());
      await t.attempt("undefined", () => txn.put("a", undefined));
    });
    t.write("list", await storage.list());
  }),

  "4.4 others wait while a transaction waits": {
    object: {
      async slow({ ctx: { storage } }) {
        await storage.transaction(async (txn) => {
          await txn.put("value", "inside");
          await scheduler.wait(50);
          await txn.put("value", "committed");
        });
      },
      read: ({ ctx: { storage } }) => storage.get("value"),
    },
    async worker({ object }, t) {
      const slow = object.step("slow");
      t.write("read", await object.step("read"));
      await slow;
    },
  },

  "4.4 two transactions run one after the other": inObject(async ({ ctx: { storage } }, t) => {
    await Promise.all(["first", "second"].map((name) => storage.transaction(async (txn) => {
      t.write(`${name} begins`);
      await scheduler.wait(5);
      await txn.put(name, (await txn.list()).size);
      t.write(`${name} ends`);
    })));
    t.write("list", await storage.list());
  }),

  "4.4 a transaction that fails leaves the object alive": {
    object: {
      construct: (object) => { object.count = 0; },
      async fail(object) {
        object.count += 1;
        await object.ctx.storage.transaction(() => { throw new Error("no"); });
      },
      count: (object) => object.count,
    },
    async worker({ object }, t) {
      await t.attempt("fail", () => object.step("fail"));
      t.write("count", await object.step("count"));
    },
  },

  "5.8 transactionSync gives the value": inObject(({ ctx: { storage } }, t) => {
    t.write("value", storage.transactionSync(() => { storage.kv.put("a", 1); return 7; }));
    t.write("kv", storage.kv.get("a"));
  }),

  "5.8 a transactionSync that throws undoes everything": inObject(async ({ ctx: { storage } }, t) => {
    storage.sql.exec("CREATE TABLE t (x)");
    await t.attempt("throws", () => storage.transactionSync(() => {
      storage.sql.exec("INSERT INTO t VALUES (1)");
      storage.put("a", 1);
      storage.setAlarm(4102444800000);
      throw new TypeError("no");
    }));
    t.write("rows", storage.sql.exec("SELECT * FROM t").toArray());
    t.write("get", await storage.get("a"), await storage.getAlarm());
  }),

  "5.8 the tables made on demand are made again": inObject(async ({ ctx: { storage } }, t) => {
    await t.attempt("throws", () => storage.transactionSync(() => {
      storage.kv.put("a", 1);
      storage.setAlarm(4102444800000);
      throw new Error("no");
    }));
    storage.kv.put("b", 2);
    await storage.setAlarm(4102444800001);
    t.write("after", [...storage.kv.list()], await storage.getAlarm());
  }),

  "5.8 synchronous transactions nest": inObject(async ({ ctx: { storage } }, t) => {
    storage.transactionSync(() => {
      storage.kv.put("outer", 1);
      try {
        storage.transactionSync(() => {
          storage.kv.put("inner", 2);
          throw new Error("inner");
        });
      } catch (error) {
        t.write("caught", error);
      }
    });
    t.write("list", [...storage.kv.list()]);
  }),

  "5.8 a synchronous transaction within an asynchronous one": inObject(async ({ ctx: { storage } }, t) => {
    await storage.transaction(async (txn) => {
      storage.transactionSync(() => storage.kv.put("a", 1));
      await t.attempt("throws", () => storage.transactionSync(() => { storage.kv.put("b", 2); throw new Error("no"); }));
      t.write("inside", await txn.list());
    });
    t.write("list", await storage.list());
  }),

  "5.8 a promise of the callback is not awaited": inObject(async ({ ctx: { storage } }, t) => {
    const promise = storage.transactionSync(async () => { storage.kv.put("a", 1); throw new Error("later"); });
    await t.attempt("promise", () => promise);
    t.write("kept", storage.kv.get("a"));
  }),

  "5.8 arguments": inObject(async ({ ctx: { storage } }, t) => {
    await t.attempt("none", () => storage.transactionSync());
    await t.attempt("string", () => storage.transactionSync("callback"));
  }),

  "3.4 a thrown exception does not undo writes": {
    object: {
      async fail({ ctx: { storage } }) {
        storage.put("a", 1);
        storage.sql.exec("CREATE TABLE t (x)");
        throw new Error("after the writes");
      },
      read: async ({ ctx: { storage } }) => [await storage.get("a"), storage.sql.exec("SELECT count(*) AS n FROM t").one()],
    },
    async worker({ object }, t) {
      await t.attempt("fail", () => object.step("fail"));
      t.write("read", await object.step("read"));
    },
  },

  "3.4 an abort undoes the writes of its turn only": {
    object: {
      async fail({ ctx }) {
        await ctx.storage.put("committed", 1);
        await scheduler.wait(1);
        ctx.storage.put("discarded", 2);
        ctx.abort("stop here");
      },
      read: ({ ctx: { storage } }) => storage.list(),
    },
    async worker({ open }, t) {
      const stub = open();
      await t.attempt("fail", () => stub.step("fail"));
      await t.attempt("old stub", () => stub.step("read"));
      await t.attempt("new stub", () => open().step("read"));
    },
  },

  "3.4 a deferred constraint that is violated resets the object": {
    object: {
      setUp({ ctx: { storage } }) {
        storage.sql.exec("CREATE TABLE parent (id INTEGER PRIMARY KEY)");
        storage.sql.exec("CREATE TABLE child (p INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)");
      },
      violate({ ctx: { storage } }) {
        storage.sql.exec("INSERT INTO child VALUES (99)");
        return "not seen";
      },
      count: ({ ctx: { storage } }) => storage.sql.exec("SELECT count(*) AS n FROM child").one().n,
    },
    async worker({ open }, t) {
      const stub = open();
      await stub.step("setUp");
      await t.attempt("violate", () => stub.step("violate"));
      await t.attempt("old stub", () => stub.step("count"));
      await t.attempt("new stub", () => open().step("count"));
    },
  },

  "5.8 deferred constraints may be repaired before the end": inObject(async ({ ctx: { storage } }, t) => {
    storage.sql.exec("CREATE TABLE parent (id INTEGER PRIMARY KEY)");
    storage.sql.exec("CREATE TABLE child (p INTEGER REFERENCES parent (id))");
    storage.transactionSync(() => {
      storage.sql.exec("PRAGMA defer_foreign_keys = ON");
      storage.sql.exec("INSERT INTO child VALUES (1)");
      storage.sql.exec("INSERT INTO parent VALUES (1)");
    });
    t.write("rows", storage.sql.exec("SELECT * FROM child").toArray());
  }),
};

export class Subject extends caseObject(cases) {}

export default caseWorker(cases);
