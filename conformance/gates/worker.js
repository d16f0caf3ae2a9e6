/** Input gate, output gate and critical sections. Reference: sections 2.3, 2.4, 3.1 to 3.3. */

import { caseObject, caseWorker, inObject } from "../harness.js";

/** Runs the step `visit` twice at the same time and writes what the visits logged. */
const twoVisits = (visit, options = {}) => ({
  object: {
    construct: (object) => { object.log = []; },
    visit: (object, name) => visit(object, name),
    log: (object) => object.log,
    ...options,
  },
  async worker({ object }, t) {
    await Promise.all([object.step("visit", "a"), object.step("visit", "b")]);
    t.write("log", await object.step("log"));
  },
});

/** Throws one of the things that can be thrown. */
function throwing(kind) {
  switch (kind) {
    case "text":
      throw "a text";
    case "undefined":
      throw undefined;
    case "object":
      throw { a: 1 };
    case "named":
      throw Object.assign(new Error("with a name"), { name: "Mine", extra: 1 });
    case "DOMException":
      throw new DOMException("of the DOM", "AbortError");
  }
}

const cases = {
  "3.1 awaits of storage let nobody in": twoVisits(async (object, name) => {
    for (const round of [1, 2]) {
      object.log.push(`${name}${round}`);
      await object.ctx.storage.get("key");
      await object.ctx.storage.put("key", round);
      await object.ctx.storage.list();
    }
  }),

  "3.1 awaits of settled promises let nobody in": twoVisits(async (object, name) => {
    for (const round of [1, 2, 3]) {
      object.log.push(`${name}${round}`);
      await null;
      await Promise.resolve();
    }
  }),

  "3.1 an await of a timer lets others in": twoVisits(async (object, name) => {
    for (const round of [1, 2]) {
      object.log.push(`${name}${round}`);
      await scheduler.wait(20);
    }
  }),

  "3.1 allowConcurrency changes nothing on SQLite": twoVisits(async (object, name) => {
    for (const round of [1, 2]) {
      object.log.push(`${name}${round}`);
      await object.ctx.storage.get("key", { allowConcurrency: true });
    }
  }),

  "3.1 a read and a write make one step": {
    object: {
      async increment({ ctx: { storage } }) {
        const value = (await storage.get("count")) ?? 0;
        await storage.put("count", value + 1);
        return value + 1;
      },
    },
    async worker({ object }, t) {
      const results = await Promise.all(Array.from({ length: 20 }, () => object.step("increment")));
      t.write("all", results.toSorted((a, b) => a - b));
    },
  },

  "3.1 the same without a write between keeps calls in order": {
    object: { echo: (_object, value) => value, construct() {} },
    async worker({ object }, t) {
      const order = [];
      await Promise.all([1, 2, 3, 4].map((value) => object.step("echo", value).then((echo) => order.push(echo))));
      t.write("order", order);
    },
  },

  "3.3 blockConcurrencyWhile gives the value": inObject(async ({ ctx }, t) => {
    t.write("promise", await ctx.blockConcurrencyWhile(async () => 7));
    t.write("plain", await ctx.blockConcurrencyWhile(() => "value"));
    await t.attempt("no callback", () => ctx.blockConcurrencyWhile());
    await t.attempt("not a function", () => ctx.blockConcurrencyWhile("callback"));
  }),

  "3.3 what the callback is called with": inObject(async ({ ctx }, t) => {
    t.write("values and this", await ctx.blockConcurrencyWhile(function (...values) {
      return [values.length, this === globalThis];
    }));
    t.write("thenable", await ctx.blockConcurrencyWhile(() => ({ then: (resolve) => resolve(4) })));
  }),

  "3.3 sections and transactions nest": inObject(async ({ ctx }, t) => {
    t.write("a transaction in a section", await ctx.blockConcurrencyWhile(() => ctx.storage.transaction(async (txn) => {
      await txn.put("a", 1);
      return txn.get("a");
    })));
    t.write("a section in a transaction", await ctx.storage.transaction(() => ctx.blockConcurrencyWhile(() => ctx.storage.get("a"))));
  }),

  "3.3 the callback starts in a turn of its own": inObject(async ({ ctx }, t) => {
    const order = [];
    const section = ctx.blockConcurrencyWhile(async () => order.push("callback"));
    order.push("after the call");
    await Promise.resolve();
    order.push("after a microtask");
    await section;
    order.push("after the section");
    t.write("order", order);
  }),

  "3.3 others wait for the section": twoVisits(async (object, name) => {
    await object.ctx.blockConcurrencyWhile(async () => {
      object.log.push(`${name} begins`);
      await scheduler.wait(10);
      object.log.push(`${name} ends`);
    });
    object.log.push(`${name} goes on`);
  }),

  "3.3 a request waits for a section of another": {
    object: {
      construct: (object) => { object.log = []; },
      async block(object) {
        const section = object.ctx.blockConcurrencyWhile(async () => {
          await scheduler.wait(30);
          object.log.push("section");
        });
        await section;
      },
      visit: (object) => { object.log.push("visit"); return object.log; },
    },
    async worker({ object }, t) {
      const block = object.step("block");
      t.write("log", await object.step("visit"));
      await block;
    },
  },

  "3.3 two sections run in order": inObject(async ({ ctx }, t) => {
    await Promise.all(["first", "second"].map((name) => ctx.blockConcurrencyWhile(async () => {
      t.write(`${name} begins`);
      await scheduler.wait(5);
      t.write(`${name} ends`);
    })));
  }),

  "3.3 sections nest": inObject(async ({ ctx }, t) => {
    t.write("value", await ctx.blockConcurrencyWhile(async () => {
      const inner = await ctx.blockConcurrencyWhile(async () => "inner");
      return `outer of ${inner}`;
    }));
  }),

  "3.3 a section that fails resets the object": {
    object: {
      construct: (object) => { object.starts = "fresh"; },
      async fail(object) {
        object.starts = "used";
        await object.ctx.blockConcurrencyWhile(async () => { throw new TypeError("section failed"); });
      },
      starts: (object) => object.starts,
    },
    async worker({ open }, t) {
      const stub = open();
      await t.attempt("fail", () => stub.step("fail"));
      await t.attempt("old stub", () => stub.step("starts"));
      await t.attempt("new stub", () => open().step("starts"));
    },
  },

  "3.3 no code of the object sees its section fail": {
    object: {
      async fail({ ctx }) {
        try {
          await ctx.blockConcurrencyWhile(() => { throw new Error("at once"); });
          return "resolved";
        } catch {
          return "caught";
        }
      },
    },
    async worker({ open }, t) {
      await t.attempt("fail", () => open().step("fail"));
    },
  },

  "3.3 whatever a section throws": {
    object: {
      async section({ ctx }, kind) {
        await ctx.blockConcurrencyWhile(async () => throwing(kind));
      },
    },
    async worker({ open }, t) {
      for (const kind of ["text", "undefined", "object", "named", "DOMException"]) {
        await t.attempt(kind, () => open().step("section", kind));
      }
    },
  },

  "2.3 whatever a constructor throws": {
    object: {
      construct({ ctx }) {
        throwing(ctx.id.name.split("#")[1]);
      },
    },
    async worker({ open }, t) {
      for (const kind of ["text", "object", "named"]) {
        await t.attempt(kind, () => open(`#${kind}`).step("any"));
      }
    },
  },

  "2.3 a request waits for a section of the constructor": {
    object: {
      construct(object) {
        object.ctx.blockConcurrencyWhile(async () => {
          await scheduler.wait(20);
          object.ready = await object.ctx.storage.get("nothing") ?? "ready";
        });
      },
      ready: (object) => object.ready,
    },
    async worker({ object }, t) {
      t.write("ready", await object.step("ready"));
    },
  },

  "2.3 a section of the constructor that fails fails those who wait": {
    object: {
      construct(object) {
        object.ctx.blockConcurrencyWhile(async () => {
          await scheduler.wait(5);
          throw new RangeError("not ready");
        });
      },
      visit: () => "visited",
    },
    async worker({ open }, t) {
      const stub = open();
      const visits = [stub.step("visit"), stub.step("visit")];
      await t.attempt("first", () => visits[0]);
      await t.attempt("second", () => visits[1]);
    },
  },

  "2.3 a constructor that throws fails its request": {
    object: {
      construct() { throw new TypeError("no construction"); },
      visit: () => "visited",
    },
    async worker({ open }, t) {
      const stub = open();
      await t.attempt("first", () => stub.step("visit"));
      await t.attempt("same stub", () => stub.step("visit"));
      await t.attempt("new stub", () => open().step("visit"));
    },
  },

  "2.3 simultaneous first requests make one object": {
    object: {
      construct: (object) => { object.count = 0; },
      count: (object) => ++object.count,
    },
    async worker({ open }, t) {
      t.write("counts", await Promise.all([open(), open(), open()].map((stub) => stub.step("count"))));
    },
  },

  "2.3 storage can be read in the constructor": {
    object: {
      construct(object) { object.seen = object.ctx.storage.kv.get("key") ?? "nothing"; },
      seen: (object) => object.seen,
    },
    async worker({ object }, t) {
      t.write("seen", await object.step("seen"));
    },
  },

  "2.4 a promise of one request is resolved by another": {
    object: {
      wait: (object) => new Promise((resolve) => { object.resolve = resolve; }),
      resolve: (object, value) => { object.resolve(value); },
    },
    async worker({ object }, t) {
      const wait = object.step("wait");
      await object.step("resolve", "from the second");
      t.write("first", await wait);
    },
  },

  "2.4 a timer of one request fires after its end": {
    object: {
      start: (object) => { setTimeout(() => object.resolve?.("fired"), 20); },
      wait: (object) => new Promise((resolve) => { object.resolve = resolve; }),
    },
    async worker({ object }, t) {
      await object.step("start");
      t.write("timer", await object.step("wait"));
    },
  },

  "2.4 waitUntil outlives the request": {
    object: {
      start: (object) => {
        object.ctx.waitUntil(scheduler.wait(10).then(() => object.ctx.storage.put("key", "written later")));
      },
      async read({ ctx: { storage } }) {
        while ((await storage.get("key")) === undefined) {
          await scheduler.wait(5);
        }
        return storage.get("key");
      },
    },
    async worker({ object }, t) {
      await object.step("start");
      t.write("read", await object.step("read"));
    },
  },

  "2.4 a rejected waitUntil fails nobody": {
    object: {
      start: ({ ctx }) => { ctx.waitUntil(Promise.reject(new Error("unseen"))); return "answered"; },
      visit: () => "alive",
    },
    async worker({ object }, t) {
      t.write("start", await object.step("start"));
      t.write("visit", await object.step("visit"));
    },
  },

  "A.12 an object may call itself": {
    object: {
      async outer({ env, ctx }) {
        return `outer of ${await env.SUBJECT.get(ctx.id).step("inner")}`;
      },
      inner: () => "inner",
    },
    async worker({ object }, t) {
      t.write("value", await object.step("outer"));
    },
  },

  "3.2 messages to another object keep their order": {
    object: {
      construct: (object) => { object.log = []; },
      async send({ env, ctx }) {
        const peer = env.SUBJECT.getByName(`${ctx.id.name}#peer`);
        const calls = [];
        for (let index = 0; index < 5; index += 1) {
          ctx.storage.put("index", index, { allowUnconfirmed: index % 2 === 0 });
          calls.push(peer.step("receive", index));
        }
        await Promise.all(calls);
        return peer.step("log");
      },
      receive: (object, index) => { object.log.push(index); },
      log: (object) => object.log,
    },
    async worker({ object }, t) {
      t.write("log", await object.step("send"));
    },
  },

  "2.5 abort gives its reason to every caller": {
    object: {
      construct: (object) => { object.state = "fresh"; },
      async hang(object) { object.state = "used"; await scheduler.wait(10000); },
      abort({ ctx }, reason) { ctx.abort(reason); },
      abortWithout({ ctx }) { ctx.abort(); },
      abortWithError({ ctx }) { ctx.abort(new TypeError("an error")); },
      state: (object) => object.state,
    },
    async worker({ open }, t) {
      const stub = open();
      const hang = stub.step("hang");
      await t.attempt("aborting call", () => stub.step("abort", "a reason"));
      await t.attempt("waiting call", () => hang);
      await t.attempt("later call", () => stub.step("state"));
      await t.attempt("new stub", () => open().step("state"));
      await t.attempt("no reason", () => open().step("abortWithout"));
      await t.attempt("error as reason", () => open().step("abortWithError"));
    },
  },

  "2.5 arguments of abort": {
    object: {
      reason: ({ ctx }) => ctx.abort({ toString() { throw new RangeError("from toString"); } }),
      options: ({ ctx }, options) => ctx.abort("aborted", options),
      getter: ({ ctx }) => ctx.abort("aborted", { get retryAlarm() { throw new RangeError("from the getter"); } }),
      alive: () => "alive",
    },
    async worker({ open }, t) {
      const stub = open();
      await t.attempt("reason", () => stub.step("reason"));
      await t.attempt("getter", () => stub.step("getter"));
      for (const options of [1, "x", true]) {
        await t.attempt(typeof options, () => stub.step("options", options));
      }
      await t.attempt("alive", () => stub.step("alive"));
    },
  },

  "2.5 abort ends the code at once": {
    object: {
      abort({ ctx }) {
        try {
          ctx.abort("stop");
          ctx.storage.put("after", 1);
        } catch {
          ctx.storage.put("caught", 1);
        } finally {
          ctx.storage.put("finally", 1);
        }
      },
      list: ({ ctx: { storage } }) => storage.list(),
    },
    async worker({ open }, t) {
      await t.attempt("abort", () => open().step("abort"));
      t.write("list", await open().step("list"));
    },
  },
};

export class Subject extends caseObject(cases) {}

export default caseWorker(cases);
