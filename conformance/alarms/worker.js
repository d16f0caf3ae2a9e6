/** Alarms. Reference: section 8. */

import { DurableObject } from "cloudflare:workers";
import { caseObject, caseWorker, inObject, inWorker } from "../harness.js";

/** Steps that wait until the alarm has run `count` times and give what it logged. */
const observed = {
  construct: (object) => { object.log = []; object.waiters = []; },
  async runs(object, count) {
    while (object.log.length < count) {
      await new Promise((resolve) => object.waiters.push(resolve));
    }
    return object.log;
  },
};

/** Logs a run of the alarm and wakes who waits. */
function logRun(object, ...values) {
  object.log.push(values);
  for (const wake of object.waiters.splice(0)) {
    wake();
  }
}

/** A case whose first run of the alarm aborts the object; it has ended when `isOver` of the runs and the alarm. */
const aborting = (options, isOver) => ({
  object: {
    start: ({ ctx: { storage } }) => storage.setAlarm(Date.now()),
    async alarm(object, info) {
      const { ctx } = object;
      object.hasRun = true;
      const runs = (await ctx.storage.get("runs")) ?? [];
      runs.push([info.isRetry, info.retryCount]);
      await ctx.storage.put("runs", runs);
      await ctx.storage.sync();
      if (runs.length === 1) {
        ctx.abort("in the alarm", options);
      }
    },
    // The instance whose handler runs sees no alarm of its own.
    state: async ({ hasRun, ctx: { storage } }) => [(await storage.get("runs")) ?? [], hasRun ? "running" : await storage.getAlarm()],
  },
  async worker({ object, open }, t) {
    await object.step("start");
    let state = [[], null];
    while (!isOver(...state)) {
      state = await open().step("state").catch(() => state);
      await scheduler.wait(10);
    }
    t.write("runs", state[0]);
  },
});

/** In the year 2100: an alarm that does not fire. */
const FAR = 4102444800000;

const cases = {
  "8.1 an alarm is set, read and deleted": inObject(async ({ ctx: { storage } }, t) => {
    t.write("none", await storage.getAlarm());
    t.write("set", await storage.setAlarm(FAR));
    t.write("get", await storage.getAlarm());
    t.write("overwritten", (await storage.setAlarm(FAR + 1), await storage.getAlarm()));
    t.write("delete", await storage.deleteAlarm());
    t.write("gone", await storage.getAlarm());
    t.write("delete nothing", await storage.deleteAlarm());
  }),

  "8.1 a time is a number or a date": inObject(async ({ ctx: { storage } }, t) => {
    await storage.setAlarm(new Date(FAR));
    t.write("date", await storage.getAlarm());
    await storage.setAlarm(FAR + 0.9);
    t.write("fraction", await storage.getAlarm());
  }),

  "8.1 a time must be positive": inObject(async ({ ctx: { storage } }, t) => {
    await t.attempt("0", () => storage.setAlarm(0));
    await t.attempt("-1", () => storage.setAlarm(-1));
    await t.attempt("NaN", () => storage.setAlarm(NaN));
    await t.attempt("date of 0", () => storage.setAlarm(new Date(0)));
    await t.attempt("nothing", () => storage.setAlarm());
    await t.attempt("string", () => storage.setAlarm("tomorrow"));
    await t.attempt("null", () => storage.setAlarm(null));
    t.write("get", await storage.getAlarm());
    await t.attempt("2189", () => storage.setAlarm(new Date("2189-01-01")));
    await t.attempt("3000", () => storage.setAlarm(new Date("3000-01-01")));
  }),

  "8.1 options of alarms": inObject(async ({ ctx: { storage } }, t) => {
    const log = [];
    const options = { get allowConcurrency() { log.push("allowConcurrency"); }, get allowUnconfirmed() { log.push("allowUnconfirmed"); } };
    await storage.setAlarm(4102444800000, options);
    await storage.getAlarm(options);
    await storage.deleteAlarm(options);
    t.write("read", log);
    for (const value of [null, [], 1, "x", false]) {
      const label = value === null ? "null" : typeof value;
      await t.attempt(`setAlarm with a ${label}`, () => storage.setAlarm(4102444800000, value));
      await t.attempt(`deleteAlarm with a ${label}`, () => storage.deleteAlarm(value));
    }
    await t.attempt("the time comes first", () => storage.setAlarm("x", 1));
    await t.attempt("the time's sign comes last", () => storage.setAlarm(0, 1));
  }),

  "8.1 times of every type": inObject(async ({ ctx: { storage } }, t) => {
    const times = [9223372036854, 9223372036855, 9223372036854.9, 1e300, Number.MAX_SAFE_INTEGER, new Date(8.64e15), -0, -0.5,
      Infinity, -Infinity, new Date(NaN), new Number(4102444800000), true, 4102444800000n, [4102444800000], { valueOf: () => 4102444800000 }, Symbol("s")];
    for (const time of times) {
      await storage.deleteAlarm();
      await t.attempt(`${typeof time} ${time instanceof Date ? time.getTime() : String(time)}`, () => storage.setAlarm(time));
      t.write("get", await storage.getAlarm());
    }
  }),

  "8.1 a class without alarm() cannot set one": inWorker(async ({ env, name }, t) => {
    await t.attempt("setAlarm", () => env.SILENT.getByName(name).set());
    await t.attempt("getAlarm", () => env.SILENT.getByName(name).get());
    await t.attempt("deleteAlarm", () => env.SILENT.getByName(name).remove());
  }),

  "8.1 an alarm is part of the transaction": inObject(async ({ ctx: { storage } }, t) => {
    await storage.setAlarm(FAR);
    await t.attempt("transaction", () => storage.transaction(async (txn) => {
      await txn.setAlarm(FAR + 1);
      t.write("inside", await txn.getAlarm());
      throw new Error("undone");
    }));
    t.write("after", await storage.getAlarm());
    await t.attempt("transactionSync", () => storage.transactionSync(() => {
      storage.deleteAlarm();
      throw new Error("undone");
    }));
    t.write("after", await storage.getAlarm());
  }),

  "8.2 the handler is told about its run": {
    object: {
      ...observed,
      async start({ ctx: { storage } }) {
        await storage.setAlarm(Date.now() + 5);
        return storage.getAlarm();
      },
      alarm: (object, info) => logRun(object, Object.keys(info).sort().join(), info.isRetry, info.retryCount, info.scheduledTime),
    },
    async worker({ object }, t) {
      const time = await object.step("start");
      const [[keys, isRetry, retryCount, scheduledTime]] = await object.step("runs", 1);
      t.write("info", keys, isRetry, retryCount, scheduledTime === time);
    },
  },

  "8.2 an alarm in the past fires at once": {
    object: {
      ...observed,
      start: ({ ctx: { storage } }) => storage.setAlarm(1),
      alarm: async (object) => logRun(object, await object.ctx.storage.getAlarm()),
    },
    async worker({ object }, t) {
      await object.step("start");
      t.write("runs", await object.step("runs", 1));
    },
  },

  "8.2 no alarm is set while its handler runs, and none after": {
    object: {
      ...observed,
      start: ({ ctx: { storage } }) => storage.setAlarm(Date.now()),
      alarm: async (object) => logRun(object, await object.ctx.storage.getAlarm()),
      read: ({ ctx: { storage } }) => storage.getAlarm(),
    },
    async worker({ object }, t) {
      await object.step("start");
      t.write("inside", await object.step("runs", 1));
      t.write("after", await object.step("read"));
    },
  },

  "8.2 a handler may set the next alarm": {
    object: {
      ...observed,
      start: ({ ctx: { storage } }) => storage.setAlarm(Date.now()),
      async alarm(object, info) {
        if (object.log.length < 2) {
          await object.ctx.storage.setAlarm(Date.now() + 1);
        }
        logRun(object, info.retryCount, (await object.ctx.storage.getAlarm()) !== null);
      },
      read: ({ ctx: { storage } }) => storage.getAlarm(),
    },
    async worker({ object }, t) {
      await object.step("start");
      t.write("runs", await object.step("runs", 3));
      t.write("after", await object.step("read"));
    },
  },

  "8.2 a deleted alarm does not fire": {
    object: {
      ...observed,
      async start({ ctx: { storage } }) {
        await storage.setAlarm(Date.now() + 20);
        await storage.deleteAlarm();
        await scheduler.wait(60);
      },
      alarm: (object) => logRun(object, "fired"),
      log: (object) => object.log,
    },
    async worker({ object }, t) {
      await object.step("start");
      t.write("log", await object.step("log"));
    },
  },

  "8.2 an alarm that is moved fires once": {
    object: {
      ...observed,
      async start({ ctx: { storage } }) {
        await storage.setAlarm(Date.now() + 20);
        await storage.setAlarm(Date.now() + 40);
        await scheduler.wait(100);
      },
      alarm: (object) => logRun(object, "fired"),
      log: (object) => object.log,
    },
    async worker({ object }, t) {
      await object.step("start");
      t.write("log", await object.step("log"));
    },
  },

  "8.3 a handler that throws runs again": {
    object: {
      ...observed,
      start: ({ ctx: { storage } }) => storage.setAlarm(Date.now()),
      alarm(object, info) {
        logRun(object, info.isRetry, info.retryCount);
        if (info.retryCount === 0) {
          throw new Error("the first run fails");
        }
      },
      pending: async ({ ctx: { storage } }) => (await storage.getAlarm()) !== null,
    },
    async worker({ object }, t) {
      await object.step("start");
      await object.step("runs", 1);
      t.write("pending between", await object.step("pending"));
      const before = Date.now();
      t.write("runs", await object.step("runs", 2));
      t.write("after two seconds", Date.now() - before > 1800);
    },
  },

  "8.3 an abort in the handler is a failed run": aborting(undefined, (runs) => runs.length === 2),

  "8.3 an abort that wants no retry gives the alarm up": aborting({ retryAlarm: false }, (runs, alarm) => runs.length === 1 && alarm === null),

  "8.3 an alarm set by a run that fails replaces the retry": {
    object: {
      ...observed,
      start: ({ ctx: { storage } }) => storage.setAlarm(Date.now()),
      async alarm(object, info) {
        const runs = object.log.length;
        if (runs === 0) {
          await object.ctx.storage.setAlarm(Date.now() + 10);
        }
        logRun(object, info.isRetry, info.retryCount);
        if (runs === 0) {
          throw new Error("the first run fails");
        }
      },
    },
    async worker({ object }, t) {
      await object.step("start");
      t.write("runs", await object.step("runs", 2));
    },
  },

  "8.3 an alarm deleted between two tries is not tried again": {
    object: {
      ...observed,
      start: ({ ctx: { storage } }) => storage.setAlarm(Date.now()),
      async remove({ ctx: { storage } }) {
        await storage.deleteAlarm();
        await scheduler.wait(3000);
      },
      alarm(object) {
        logRun(object, "fired");
        throw new Error("the run fails");
      },
      log: (object) => object.log,
    },
    async worker({ object }, t) {
      await object.step("start");
      await object.step("runs", 1);
      await object.step("remove");
      t.write("log", await object.step("log"));
    },
  },

  "8.3 writes of a run that fails are kept": {
    object: {
      ...observed,
      start: ({ ctx: { storage } }) => storage.setAlarm(Date.now()),
      async alarm(object, info) {
        await object.ctx.storage.put(`run ${info.retryCount}`, true);
        logRun(object, info.retryCount);
        if (info.retryCount === 0) {
          throw new Error("the first run fails");
        }
      },
      list: ({ ctx: { storage } }) => storage.list(),
    },
    async worker({ object }, t) {
      await object.step("start");
      await object.step("runs", 2);
      t.write("list", await object.step("list"));
    },
  },

  "1.5 the name of the object is known to its alarm": {
    object: {
      ...observed,
      start: ({ ctx: { storage } }) => storage.setAlarm(Date.now()),
      alarm: (object) => logRun(object, object.ctx.id.name),
    },
    async worker({ object }, t) {
      await object.step("start");
      t.write("runs", await object.step("runs", 1));
    },
  },

  "8.2 others may come in while an alarm waits": {
    object: {
      ...observed,
      start: ({ ctx: { storage } }) => storage.setAlarm(Date.now()),
      async alarm(object) {
        logRun(object, "begins");
        await new Promise((resolve) => { object.release = resolve; });
        logRun(object, "ends");
      },
      release: (object) => { object.release(); },
    },
    async worker({ object }, t) {
      await object.step("start");
      await object.step("runs", 1);
      await object.step("release");
      t.write("runs", await object.step("runs", 2));
    },
  },

  "8.5 deleteAll deletes the alarm": inObject(async ({ ctx: { storage } }, t) => {
    await storage.setAlarm(FAR);
    await storage.deleteAll();
    t.write("alarm", await storage.getAlarm());
  }),
};

/** A class without `alarm()`. */
export class Silent extends DurableObject {
  set() {
    return this.ctx.storage.setAlarm(FAR);
  }

  get() {
    return this.ctx.storage.getAlarm();
  }

  remove() {
    return this.ctx.storage.deleteAlarm();
  }
}

export class Subject extends caseObject(cases) {}

export default caseWorker(cases);
