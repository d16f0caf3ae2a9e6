/** I/O contexts: what belongs to one request or object, and requests that can never end. Reference: sections 2.4, 10.3 and 10.8. */

import { AsyncLocalStorage } from "node:async_hooks";
import { RpcStub, RpcTarget, WorkerEntrypoint } from "cloudflare:workers";
import { caseObject, caseWorker, inWorker, Transcript } from "../harness.js";

/** What one request has left for another, by the name of its case. */
const left = new Map();

const storage = new AsyncLocalStorage();

/** Another request: every call of it is one. */
export class Peer extends WorkerEntrypoint {
  /** Makes things that belong to this request, and stays until they were used. */
  async leave(name, kind) {
    const things = await makers[kind](this);
    await new Promise((done) => { left.set(name, { ...things, done }); setTimeout(done, 5000); });
    return "left";
  }

  value() { return { v: 1 }; }
  async slow() { await scheduler.wait(20); return { v: 1 }; }
  give() { return () => 9; }
  target() { return new Target(); }

  fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/hang") return new Promise(() => {});
    if (pathname === "/socket") {
      const [client, server] = Object.values(new WebSocketPair());
      server.accept();
      return new Response(null, { status: 101, webSocket: client });
    }
    return new Response(new ReadableStream({
      async pull(controller) {
        await scheduler.wait(1);
        controller.enqueue(new Uint8Array([65]));
        controller.close();
      },
    }));
  }

  // Requests that can never end, and some that can.
  hang() { return new Promise(() => {}); }
  async hangAfterTimer() { setTimeout(() => {}, 5); await new Promise(() => {}); }
  async hangAfterCall() { await this.env.PEER.slow(); await new Promise(() => {}); }
  async hangWithWaitUntil() { this.ctx.waitUntil(scheduler.wait(5)); await new Promise(() => {}); }
  async hangWithCallback(call) { await call(); await new Promise(() => {}); }
  async hangWithStub(call) { this.kept = call.dup(); await new Promise(() => {}); }
  async hangInner() { return this.env.PEER.hang(); }
  get never() { return new Promise(() => {}); }
  async neverWaitUntil() { this.ctx.waitUntil(new Promise(() => {})); return "returned"; }
  stored() { return storage.getStore() ?? null; }
}

class Target extends RpcTarget {
  hang() { return new Promise(() => {}); }
  fine() { return "fine"; }
}

/** What a request may leave behind, by kind. */
const makers = {
  promises: ({ env }) => ({ timer: scheduler.wait(20).then(() => "waited"), call: env.PEER.slow() }),
  stubs: async ({ env }) => ({ stub: await env.PEER.give(), own: env.PEER, object: env.SUBJECT.getByName("2.4 an object") }),
  bodies: async ({ env }) => {
    const response = await env.PEER.fetch("http://peer/");
    return {
      response,
      body: (await env.PEER.fetch("http://peer/")).body,
      request: new Request("http://host/", { method: "POST", body: "text" }),
      identity: new IdentityTransformStream(),
    };
  },
  sockets: async ({ env }) => {
    const pair = Object.values(new WebSocketPair());
    const accepted = Object.values(new WebSocketPair());
    for (const socket of accepted) socket.accept();
    return { pair, accepted, response: await env.PEER.fetch("http://peer/socket", { headers: { upgrade: "websocket" } }) };
  },
  others: ({ ctx }) => ({ ctx, blob: new Blob(["blob"]), controller: new AbortController(), timer: setTimeout(() => {}, 1000) }),
};

/** Starts a request that leaves things of a kind, uses them, and lets it end. */
async function withLeft({ env, name }, kind, use) {
  left.delete(name);
  const request = env.PEER.leave(name, kind);
  while (!left.has(name)) await scheduler.wait(2);
  try {
    await use(left.get(name));
  } finally {
    left.get(name).done();
    await request;
  }
}

/** The text of "on behalf of a different", and the kind of I/O. */
async function io(t, label, action) {
  try {
    t.write(label, await action());
  } catch (error) {
    const text = error.message;
    const [, who, type] = /^Cannot perform I\/O on behalf of a different (request|Durable Object)\. .* \(I\/O type: (.*)\)$/.exec(text) ?? [];
    if (who === undefined) t.write(`${label} throws`, error);
    else t.write(`${label}: different ${who}`, type);
  }
}

const useStubs = async (t, { stub, own }) => {
  await io(t, "function", () => stub());
  await io(t, "dup", () => stub.dup()());
  await io(t, "service binding", () => own.value());
};

const useBodies = async (t, { response, body, request }) => {
  await io(t, "text of a response", () => response.text());
  await io(t, "its status", () => response.status);
  await io(t, "a body", () => body.getReader().read());
  await io(t, "text of a request", () => request.text());
};

const useSockets = async (t, { pair, accepted, response }) => {
  await io(t, "accept", () => pair[0].accept());
  await io(t, "send", () => accepted[0].send("text"));
  await io(t, "close", () => accepted[0].close());
  await io(t, "of a response", () => response.webSocket.accept());
};

/** A case whose things are used by another request, and by an object. */
const used = (kind, use) => ({
  object: {
    async use(object) {
      const t = new Transcript();
      await use(t, left.get(object.ctx.id.name));
      return t.lines;
    },
  },
  async worker(scene, t) {
    await withLeft(scene, kind, async (things) => {
      await use(t, things);
      t.lines.push("in an object", ...(await scene.object.step("use")));
    });
  },
});

const HUNG = { timeout: 10_000 };

/** The result of a call, or a word after a deadline that no correct answer needs. */
const within = (promise) => Promise.race([promise, scheduler.wait(HUNG.timeout).then(() => "nothing came")]);

const cases = {
  "2.4 an object": { object: { hello: () => "hello" }, worker() {} },

  "2.4 the whole text, of another request": inWorker(async (scene, t) => {
    await withLeft(scene, "stubs", ({ stub }) => t.attempt("call", () => stub()));
  }),

  "2.4 the whole text, of another object": {
    object: {
      async keep(object) { left.set("storage", object.ctx.storage); },
      async use(object) {
        try {
          return await left.get("storage").get("key");
        } catch (error) {
          return error.message;
        }
      },
    },
    async worker({ open }, t) {
      await open("#a").step("keep");
      t.write("text", await open("#b").step("use"));
    },
  },

  "2.4 stubs of another request": used("stubs", useStubs),
  "2.4 bodies of another request": used("bodies", useBodies),
  "2.4 sockets of another request": used("sockets", useSockets),

  "2.4 what any request may use": used("others", async (t, { ctx, blob, controller, timer }) => {
    await io(t, "props", () => ctx.props);
    await io(t, "blob", () => blob.text());
    await io(t, "abort", () => { controller.abort(); return controller.signal.aborted; });
    await io(t, "clearTimeout", () => clearTimeout(timer));
  }),

  "2.4 the storage of another object": {
    object: {
      keep(object) {
        const { storage: own, facets } = object.ctx;
        left.set("other", { own, facets, cursor: own.sql.exec("SELECT 1") });
      },
      async use() {
        const t = new Transcript();
        const { own, facets } = left.get("other");
        await io(t, "get", () => own.get("key"));
        await io(t, "put", () => own.put("key", 1));
        await io(t, "kv", () => own.kv.get("key"));
        await io(t, "sql", () => own.sql.exec("SELECT 1"));
        await io(t, "sync", () => own.sync());
        await io(t, "facets", () => facets.get("a", () => {}));
        return t.lines;
      },
    },
    async worker({ open }, t) {
      await open("#a").step("keep");
      t.lines.push(...(await open("#b").step("use")));
    },
  },

  "10.8 promises of another request": inWorker(async (scene, t) => {
    await withLeft(scene, "promises", async ({ timer, call }) => {
      await io(t, "timer", () => timer);
      await io(t, "call", () => call);
      await io(t, "pipelined property", () => call.v);
      await io(t, "pipelined call", () => call.method());
    });
  }),

  "10.3 a call that can never end": inWorker(async ({ env }, t) => {
    await t.attempt("at once", () => within(env.PEER.hang()));
    await t.attempt("after a timer", () => within(env.PEER.hangAfterTimer()));
    await t.attempt("after a call", () => within(env.PEER.hangAfterCall()));
    await t.attempt("with waitUntil", () => within(env.PEER.hangWithWaitUntil()));
    await t.attempt("with a callback", () => within(env.PEER.hangWithCallback(() => 1)));
    await t.attempt("with a stub", () => within(env.PEER.hangWithStub(() => 1)));
    await t.attempt("of a call", () => within(env.PEER.hangInner()));
    await t.attempt("of a property", async () => within(env.PEER.never.then((value) => value)));
  }),

  "10.3 a request that can never end": inWorker(async ({ env }, t) => {
    await t.attempt("fetch", () => within(env.PEER.fetch("http://peer/hang")));
  }),

  "10.3 what does not count as hung": inWorker(async ({ env, object }, t) => {
    await t.attempt("waitUntil that never settles", () => env.PEER.neverWaitUntil());
    const target = await env.PEER.target();
    const hanging = target.hang();
    t.write("a target", await Promise.race([hanging, scheduler.wait(50).then(() => "still waiting")]), await target.fine());
    hanging.catch(() => {});
  }),

  "2.4 an object may wait for ever": {
    object: { hang: () => new Promise(() => {}) },
    async worker({ object }, t) {
      const call = object.step("hang");
      call.catch(() => {});
      t.write("call", await Promise.race([call, scheduler.wait(50).then(() => "still waiting")]));
    },
  },

  "11.6 AsyncLocalStorage follows promises and timers": inWorker(async (_, t) => {
    const seen = await storage.run("outer", async () => {
      const values = [storage.getStore()];
      await scheduler.wait(1);
      values.push(storage.getStore());
      values.push(await new Promise((resolve) => setTimeout(() => resolve(storage.getStore()), 1)));
      values.push(await storage.run("inner", async () => { await null; return storage.getStore(); }));
      values.push(await Promise.resolve().then(() => storage.getStore()));
      values.push(await new Promise((resolve) => queueMicrotask(() => resolve(storage.getStore()))));
      values.push(storage.exit(() => storage.getStore()));
      return values;
    });
    t.write("seen", seen);
    t.write("outside", storage.getStore());
    const snapshot = storage.run("kept", () => AsyncLocalStorage.snapshot());
    t.write("snapshot", snapshot(() => storage.getStore()));
    const bound = storage.run("bound", () => AsyncLocalStorage.bind(() => storage.getStore()));
    t.write("bind", bound());
  }),

  "11.6 AsyncLocalStorage follows events and calls": inWorker(async ({ env }, t) => {
    const target = new EventTarget();
    const heard = [];
    storage.run("listener", () => target.addEventListener("x", () => heard.push(storage.getStore())));
    storage.run("dispatcher", () => target.dispatchEvent(new Event("x")));
    t.write("an event", heard);
    t.write("after a call", await storage.run("caller", async () => { await env.PEER.value(); return storage.getStore(); }));
    t.write("at the callee", await storage.run("caller", () => env.PEER.stored()));
    const callback = storage.run("given", () => () => storage.getStore() ?? null);
    t.write("in a callback", await storage.run("calling", () => env.PEER.hangFree(callback)));
    const { readable, writable } = new TransformStream({ transform: (chunk, controller) => controller.enqueue([chunk, storage.getStore() ?? null]) });
    const writer = writable.getWriter();
    storage.run("writer", () => writer.write(1).catch(() => {}));
    t.write("a transform", (await readable.getReader().read()).value);
  }),

  "11.6 AsyncLocalStorage follows what a call gives": inWorker(async ({ env, ctx }, t) => {
    const inside = (body) => storage.run("caller", body);
    await t.attempt("then", () => inside(() => env.PEER.value().then(() => storage.getStore())));
    await t.attempt("catch", () => inside(() => env.PEER.missing().catch(() => storage.getStore())));
    await t.attempt("finally", () => inside(async () => { let seen; await env.PEER.value().finally(() => { seen = storage.getStore(); }); return seen; }));
    const call = storage.run("maker", () => env.PEER.value());
    await t.attempt("then of a call made elsewhere", () => inside(() => call.then(() => storage.getStore())));
    await t.attempt("a stub made here", () => inside(() => new RpcStub(() => storage.getStore() ?? null)()));
    await t.attempt("a getter of one", () => inside(async () => await new RpcStub({ get store() { return storage.getStore() ?? null; } }).store));
    const disposed = new Promise((resolve) => {
      storage.run("giver", () => env.PEER.hangFree(Object.assign(() => 1, { [Symbol.dispose]: () => resolve(storage.getStore() ?? null) })));
    });
    await t.attempt("a disposer", () => disposed);
    await t.attempt("waitUntil", () => inside(async () => { let seen; const task = scheduler.wait(1).then(() => { seen = storage.getStore(); }); ctx.waitUntil(task); await task; return seen; }));
    await t.attempt("an abort", () => {
      const controller = new AbortController();
      let seen;
      storage.run("listener", () => controller.signal.addEventListener("abort", () => { seen = storage.getStore() ?? null; }));
      storage.run("aborter", () => controller.abort());
      return seen;
    });
    const [a, b] = Object.values(new WebSocketPair());
    a.accept();
    const heard = new Promise((resolve) => { storage.run("listener", () => a.addEventListener("message", () => resolve(storage.getStore() ?? null))); });
    storage.run("accepter", () => b.accept());
    storage.run("sender", () => b.send("x"));
    await t.attempt("a message of a WebSocket", () => heard);
  }),

  "11.6 AsyncLocalStorage in the sections of an object": {
    object: {
      body({ ctx }) {
        const seen = [];
        const look = (label) => seen.push([label, storage.getStore() ?? null]);
        return storage.run("event", async () => {
          await ctx.storage.get("key");
          look("read");
          await ctx.blockConcurrencyWhile(async () => { look("section"); await scheduler.wait(1); look("section, later"); });
          look("after a section");
          await ctx.storage.transaction(async () => { look("transaction"); await scheduler.wait(1); look("transaction, later"); });
          ctx.storage.transactionSync(() => look("synchronous transaction"));
          await ctx.storage.sync();
          look("sync");
          return seen;
        });
      },
      keep(object) {
        storage.run("keeper", () => {
          const waiting = new Promise((resolve) => { object.release = resolve; });
          object.seen = waiting.then(() => storage.getStore() ?? null);
        });
      },
      async release(object) {
        storage.run("releaser", () => object.release());
        return [await object.seen, storage.getStore() ?? null];
      },
    },
    async worker({ object }, t) {
      for (const line of await object.step("body")) t.write(...line);
      await object.step("keep");
      t.write("resolved by another event", await object.step("release"));
    },
  },

  "11.6 AsyncLocalStorage in an object": {
    object: {
      async enter(object) { return storage.run("first", async () => { await scheduler.wait(10); return storage.getStore(); }); },
      async look() { await scheduler.wait(1); return storage.getStore() ?? null; },
    },
    async worker({ object }, t) {
      t.write("two events", await Promise.all([object.step("enter"), object.step("look")]));
    },
  },
};

Peer.prototype.hangFree = function (callback) { return callback(); };

export const Subject = caseObject(cases);
export default caseWorker(cases);
