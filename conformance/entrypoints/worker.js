/**
 * What a Worker exports and how it reaches it: `ctx.exports`, props, and what `cloudflare:workers` gives to import.
 * Reference: sections 10.9 and 11.1 to 11.3.
 */

import { RpcTarget, WorkerEntrypoint, env as importedEnv, exports as importedExports, waitUntil, withEnv,
  withEnvAndExports, withExports } from "cloudflare:workers";
import { caseObject, caseWorker, inWorker } from "../harness.js";

/** What a module finds while it is evaluated. */
const atStart = [Object.keys(importedEnv).sort(), Object.keys(importedExports).sort()];

const cases = {
  "11.2 what is there while modules are evaluated": inWorker((_scene, t) => {
    t.write("env", atStart[0]);
    t.write("exports", atStart[1]);
  }),

  "11.2 env and exports": inWorker(({ env, ctx }, t) => {
    t.write("same", importedEnv === env, importedEnv.ADMIN === env.ADMIN, importedExports === ctx.exports, importedExports.Admin === ctx.exports.Admin);
    t.write("keys", Object.keys(importedEnv).sort(), Object.keys(importedExports).sort());
    t.write("has", "ADMIN" in importedEnv, "missing" in importedEnv, importedEnv.missing, importedExports.missing);
    t.write("prototype", Object.getPrototypeOf(importedEnv) === Object.prototype);
    importedEnv.NEW = 1;
    t.write("set", importedEnv.NEW, env.NEW);
    delete importedEnv.NEW;
    t.write("deleted", importedEnv.NEW, env.NEW);
  }),

  "11.2 withEnv": inWorker(async ({ env }, t) => {
    await t.attempt("replaces all", () => withEnv({ A: 1 }, () => [importedEnv.A, importedEnv.ADMIN, Object.keys(importedEnv)]));
    await t.attempt("follows promises", () => withEnv({ A: 1 }, async () => { await scheduler.wait(1); return importedEnv.A; }));
    await t.attempt("nested", () => withEnv({ A: 1 }, () => [withEnv({ A: 2 }, () => importedEnv.A), importedEnv.A]));
    await t.attempt("throws", () => withEnv({ A: 1 }, () => { throw new RangeError("inside"); }));
    await t.attempt("arguments", () => withEnv({ A: 1 }, (...args) => args.length, 1, 2));
    await t.attempt("ends at a call", () => withEnv({ A: 1 }, () => env.ADMIN.bindings()));
    for (const [name, value] of Object.entries({ number: 5, null: null, undefined: undefined, text: "text" })) {
      await t.attempt(name, () => withEnv(value, () => Object.keys(importedEnv).length));
    }
    await t.attempt("no function", () => withEnv({ A: 1 }));
    await t.attempt("after", () => [importedEnv.A, Object.keys(importedEnv).length]);
  }),

  "11.2 withExports and withEnvAndExports": inWorker(async (_scene, t) => {
    await t.attempt("exports", () => withExports({ E: 1 }, () => [importedExports.E, Object.keys(importedExports), Object.keys(importedEnv).length]));
    await t.attempt("both", () => withEnvAndExports({ A: 1 }, { E: 2 }, () => [importedEnv.A, importedExports.E]));
    await t.attempt("exports, no function", () => withExports({}));
    await t.attempt("both, no function", () => withEnvAndExports({}, {}));
  }),

  "11.2 waitUntil": inWorker(async ({ ctx }, t) => {
    await t.attempt("a promise", () => waitUntil(Promise.resolve(1)));
    await t.attempt("a value", () => waitUntil(5));
    await t.attempt("nothing", () => waitUntil());
    await t.attempt("of ctx, a value", () => ctx.waitUntil(5));
    await t.attempt("of ctx, nothing", () => ctx.waitUntil());
    await t.attempt("of ctx, a promise that rejects", () => ctx.waitUntil(Promise.reject(new Error("not seen"))));
    await t.attempt("passThroughOnException", () => ctx.passThroughOnException());
  }),

  "11.2 what ctx.exports has": inWorker(async ({ ctx: { exports } }, t) => {
    for (const name of ["default", "Admin", "Derived", "Plain", "Empty", "Subject", "Target", "missing"]) {
      t.write(name, typeof exports[name]);
    }
    await t.attempt("a class", () => exports.Admin.echo(1));
    await t.attempt("a derived class", () => exports.Derived.echo(2));
    await t.attempt("its own", () => exports.Derived.own());
    await t.attempt("a handler object", () => exports.Plain.double(4));
    await t.attempt("an empty object", () => exports.Empty.anything());
    await t.attempt("fetch", async () => (await exports.Admin.fetch("http://host/path")).text());
    await t.attempt("fetch of the default", async () => (await exports.default.fetch("http://host/")).status);
    await t.attempt("a method of the default", () => exports.default.anything());
    await t.attempt("an object", () => exports.Subject.getByName("11.2 an object").step("hello"));
    t.write("its id", exports.Subject.idFromName("x").equals(importedEnv.SUBJECT.idFromName("x")));
  }),

  "11.2 an object": { object: { hello: () => "hello" }, worker() {} },

  "10.9 props": inWorker(async ({ env, ctx: { exports } }, t) => {
    for (const [name, options] of Object.entries({
      values: { props: { a: 1, b: [new Date(0)], c: undefined, d: 5n } }, none: {}, undefined: { props: undefined }, array: { props: [1] },
      map: { props: new Map([[1, 2]]) }, null: { props: null }, number: { props: 5 }, text: { props: "text" }, "of options null": null, "of options number": 5,
      url: { props: { url: new URL("http://host/") } },
    })) {
      await t.attempt(name, () => exports.Admin(options).props());
    }
    await t.attempt("no options", () => exports.Admin().props());
    await t.attempt("of a handler object", () => exports.Plain({ props: { z: 1 } }).props(0));
    await t.attempt("none are given", () => exports.Admin.props());
    await t.attempt("of a binding", () => env.ADMIN.props());
    await t.attempt("changed by the callee", () => env.ADMIN.changeProps());
    await t.attempt("a stub of a service", () => exports.Admin({ props: { stub: env.ADMIN } }).useProp());
    await t.attempt("a stub of an object", () => exports.Admin({ props: { stub: env.SUBJECT.getByName("11.2 an object") } }).useObject());
    await t.attempt("again", async () => (await exports.Admin({ props: { a: 1 } }).again({ b: 2 })));
  }),

  "10.9 an instance per call": inWorker(async ({ env }, t) => {
    t.write("counts", await Promise.all([env.ADMIN.count(), env.ADMIN.count()]));
    t.write("fetch", await (await env.ADMIN.fetch("http://host/count")).text());
    await t.attempt("an own field", async () => await env.ADMIN.field);
    await t.attempt("env", async () => await env.ADMIN.env);
    await t.attempt("ctx", async () => await env.ADMIN.ctx);
    await t.attempt("a getter", async () => await env.ADMIN.nested.value);
    await t.attempt("a method of it", () => env.ADMIN.nested.method(3));
    await t.attempt("a member of the base", () => env.ADMIN.hasOwnProperty("field"));
    await t.attempt("queue, which it has not", () => env.ADMIN.queue("name", []));
    await t.attempt("scheduled, which it has not", () => env.ADMIN.scheduled({}));
  }),

  "10.9 what fetch may answer": inWorker(async ({ ctx: { exports } }, t) => {
    const answer = (path, init) => exports.Answers.fetch(`http://host/${path}`, init);
    await t.attempt("a promise", async () => (await answer("promise")).text());
    await t.attempt("nothing", () => answer("nothing"));
    await t.attempt("an error response", () => answer("error"));
    await t.attempt("an exception", () => answer("throw"));
    await t.attempt("no body", async () => (await answer("304")).status);
    await t.attempt("a redirect", async () => { const response = await answer("redirect"); return [response.status, response.url, response.redirected, await response.text()]; });
    await t.attempt("a redirect that is not followed", async () => { const response = await answer("redirect", { redirect: "manual" }); return [response.status, response.headers.get("location")]; });
    await t.attempt("a body", async () => (await answer("echo", { method: "POST", body: "text" })).text());
    await t.attempt("a stream", async () => (await answer("echo", { method: "POST", body: new Response("stream").body })).text());
    await t.attempt("a WebSocket", async () => {
      const { webSocket } = await answer("socket", { headers: { Upgrade: "websocket" } });
      const message = new Promise((resolve) => webSocket.addEventListener("message", ({ data }) => resolve(data)));
      webSocket.accept();
      webSocket.send("hi");
      return message;
    });
    await t.attempt("a class without fetch", () => exports.Quiet.fetch("http://host/"));
    await t.attempt("a class whose constructor throws", () => exports.Stillborn.fetch("http://host/"));
    await t.attempt("a call of it", () => exports.Stillborn.hello());
    await t.attempt("a fetch that is a getter", async () => (await exports.Odd.fetch("http://host/")).text());
    await t.attempt("a relative URL", () => exports.Answers.fetch("/path"));
  }),

  "10.9 how long an entrypoint lives": inWorker(async ({ env }, t) => {
    const target = await env.ADMIN.target();
    const child = await target.child();
    await scheduler.wait(20);
    await t.attempt("its target", () => target.hello());
    target[Symbol.dispose]();
    await t.attempt("disposed", () => target.hello());
    await scheduler.wait(20);
    await t.attempt("what the target gave", () => child.hello());
    const call = await env.ADMIN.call();
    await scheduler.wait(20);
    await t.attempt("a function", () => call(1));
    const log = [];
    await env.ADMIN.callLater((value) => log.push(value));
    while (log.length === 0) await scheduler.wait(1);
    t.write("waitUntil", log);
    await t.attempt("20 calls deep", () => env.ADMIN.nest(20));
    await t.attempt("aborted later", async () => { const { constructor, message } = await env.ADMIN.abortLater().catch((error) => error); return [constructor.name, message]; });
  }),

  "10.9 what of an entrypoint is passed on": inWorker(async ({ env, ctx: { exports } }, t) => {
    await t.attempt("with props", () => env.ADMIN.propsOf(exports.Admin({ props: { q: 1 } })));
    await t.attempt("a binding", () => env.ADMIN.propsOf(env.ADMIN));
    await t.attempt("of exports", () => env.ADMIN.propsOf(exports.Admin));
    await t.attempt("all exports", () => env.ADMIN.echo(exports));
    await t.attempt("env", () => env.ADMIN.echo(env));
    await t.attempt("ctx", () => env.ADMIN.giveCtx());
    await t.attempt("itself", () => env.ADMIN.giveItself());
  }),
};

/** An entrypoint of every kind of member. */
export class Admin extends WorkerEntrypoint {
  field = 1;
  calls = 0;

  echo(value) { return value; }
  count() { this.calls += 1; return this.calls; }
  bindings() { return Object.keys(importedEnv).sort(); }
  props() { return this.ctx.props; }
  changeProps() { this.ctx.props.x = 1; return this.ctx.props; }
  useProp() { return this.ctx.props.stub.echo("through"); }
  useObject() { return this.ctx.props.stub.step("hello"); }
  again(props) { return this.ctx.exports.Admin({ props }).props(); }
  propsOf(stub) { return stub.props(); }
  giveCtx() { return this.ctx; }
  giveItself() { return this; }
  target() { return new Target(); }
  call() { return (x) => x + 1; }
  callLater(call) { const copy = call.dup(); this.ctx.waitUntil(scheduler.wait(5).then(() => copy(7))); }
  nest(depth) { return depth === 0 ? "bottom" : this.env.ADMIN.nest(depth - 1); }
  async abortLater() { setTimeout(() => this.ctx.abort(new RangeError("aborted later")), 5); await scheduler.wait(10_000); }
  get nested() { return { value: 5, method: (x) => x + 1 }; }
  fetch(request) { return new Response(request.url.endsWith("count") ? `${this.count()}` : `admin ${request.url}`); }
}

export class Derived extends Admin {
  own() { return "own"; }
}

/** Answers of every kind, by path. */
export class Answers extends WorkerEntrypoint {
  async fetch(request) {
    switch (new URL(request.url).pathname) {
      case "/promise": return Promise.resolve(new Response("promised"));
      case "/nothing": return undefined;
      case "/error": return Response.error();
      case "/throw": throw new RangeError("in fetch");
      case "/304": return new Response(null, { status: 304 });
      case "/redirect": return Response.redirect("http://host/promise");
      case "/echo": return new Response(request.body);
      default: {
        const [client, server] = Object.values(new WebSocketPair());
        server.accept();
        server.addEventListener("message", ({ data }) => server.send(`re ${data}`));
        return new Response(null, { status: 101, webSocket: client });
      }
    }
  }
}

export class Quiet extends WorkerEntrypoint {}

export class Stillborn extends WorkerEntrypoint {
  constructor(ctx, env) { super(ctx, env); throw new RangeError("in the constructor"); }
  hello() {}
}

export class Odd extends WorkerEntrypoint {
  get fetch() { return () => new Response("of a getter"); }
}

export const Plain = { double: (value) => value * 2, props: (_value, _env, ctx) => ctx.props };
export const Empty = {};
export class Target extends RpcTarget {
  hello() { return "hello"; }
  child() { return new Target(); }
}
export class Subject extends caseObject(cases) {}

export default caseWorker(cases);
