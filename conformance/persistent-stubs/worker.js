/** Stubs that are stored and made again. Reference: section 10.11. */

import { DurableObject, RpcStub, RpcTarget, WorkerEntrypoint, restore } from "cloudflare:workers";
import { caseObject, caseWorker, Transcript } from "../harness.js";

class Target extends RpcTarget {
  calls = 0;

  constructor(about) {
    super();
    this.about = about;
  }

  hello() { return ["hello", this.about]; }
  count() { return ++this.calls; }
  child() { return new Target(["child", this.about]); }
  fail() { throw new RangeError("from the target"); }
  get property() { return "property"; }
}

/** What objects of this program can do. */
const object = {
  construct(object) { object.log = []; },
  restore: (object, params) => object.ctx.restore(params),
  async keep({ ctx }, value, key = "kept") { await ctx.storage.put(key, value); return "kept"; },
  async use({ ctx }, key = "kept") { return (await ctx.storage.get(key)).hello(); },
  async useAll({ ctx }, key = "kept") {
    const stub = await ctx.storage.get(key);
    return [await stub.hello(), await stub.hello(), await stub.hello()];
  },
  async tag({ ctx }, key = "kept") { const stub = await ctx.storage.get(key); return [typeof stub, Object.prototype.toString.call(stub), stub instanceof RpcStub]; },
  async give({ ctx }, key = "kept") { return ctx.storage.get(key); },
  log: ({ log }) => log.splice(0),
  async store(object, params, key = "kept") { await object.ctx.storage.put(key, await object.ctx.restore(params)); return "stored"; },
  abort: ({ ctx }) => ctx.abort("reset"),
  value: () => "value",
  setLater(object, later) { object.later = later; },
};

/** A case whose body runs in the Worker. */
const inOne = (worker) => ({ object, worker });

/** A case whose body runs in its object. */
const inBody = (body) => ({
  object: {
    ...object,
    async body(self) {
      const transcript = new Transcript();
      await body(self, transcript);
      return transcript.lines;
    },
  },
  async worker({ object }, transcript) {
    transcript.lines.push(...(await object.step("body")));
  },
});

const cases = {
  "10.11 restore of an object": inBody(async (self, t) => {
    const { ctx, log } = self;
    t.write("types", typeof restore, typeof ctx.restore, ctx.restore.length);
    await t.attempt("no params", () => ctx.restore());
    await t.attempt("a number", () => ctx.restore(1));
    await t.attempt("null", () => ctx.restore(null));
    await t.attempt("a function", () => ctx.restore(() => 1));
    await t.attempt("a function in params", () => ctx.restore({ a: () => 1 }));
    await t.attempt("a target in params", () => ctx.restore({ a: new Target(1) }));
    await t.attempt("an array", async () => (await ctx.restore(["array"])).hello());
    const promise = ctx.restore({ n: 1 });
    t.write("result", promise instanceof Promise, log.splice(0));
    const stub = await promise;
    t.write("stub", typeof stub, Object.prototype.toString.call(stub), stub instanceof RpcStub, log.splice(0));
    await t.attempt("call", () => stub.hello());
    await t.attempt("count", async () => [await stub.count(), await stub.count()]);
    await t.attempt("child", async () => (await stub.child()).hello());
    await t.attempt("pipelined", () => stub.child().hello());
    await t.attempt("property", () => stub.property);
    await t.attempt("fail", () => stub.fail());
    await t.attempt("missing", () => stub.missing());
    t.write("restored", log.splice(0));
    const copy = stub.dup();
    stub[Symbol.dispose]();
    await t.attempt("disposed", () => stub.hello());
    await t.attempt("store disposed", () => ctx.storage.put("a", stub));
    await t.attempt("copy", () => copy.count());
    await t.attempt("store copy", () => ctx.storage.put("a", copy));
    await t.attempt("copy again", () => copy.count());
    t.write("restored", log.splice(0));
  }),

  "10.11 a stored stub of a target": inBody(async (self, t) => {
    const { ctx, log } = self;
    await ctx.storage.put("a", await ctx.restore({ n: 1 }));
    t.write("stored", log.splice(0));
    const stub = await ctx.storage.get("a");
    t.write("loaded", typeof stub, Object.prototype.toString.call(stub), stub instanceof RpcStub, log.splice(0));
    await t.attempt("call", () => stub.count());
    t.write("restored", log.splice(0));
    await t.attempt("call", () => stub.count());
    t.write("restored", log.splice(0));
    await t.attempt("two", () => Promise.all([stub.count(), stub.count()]));
    t.write("restored", log.splice(0));
    await t.attempt("pipelined", () => stub.child().hello());
    await t.attempt("property", () => stub.property);
    await t.attempt("fail", () => stub.fail());
    await t.attempt("missing", () => stub.missing());
    const copy = stub.dup();
    await t.attempt("copy", () => copy.count());
    t.write("restored", log.splice(0));
    const other = await ctx.storage.get("a");
    t.write("is the same", other === stub);
    await t.attempt("other", () => other.count());
    t.write("restored", log.splice(0));
    await t.attempt("in a list", async () => (await ctx.storage.list()).get("a").hello());
    await t.attempt("synchronous", () => ctx.storage.kv.get("a").hello());
    await t.attempt("stored again", () => ctx.storage.put("b", stub));
    await t.attempt("read again", async () => (await ctx.storage.get("b")).count());
    await t.attempt("nested", () => ctx.storage.put("c", { list: [stub, stub], map: new Map([["k", stub]]) }));
    await t.attempt("read nested", async () => { const c = await ctx.storage.get("c"); return [await c.list[0].hello(), await c.map.get("k").hello(), c.list[0] === c.list[1], c.list[0] === c.map.get("k")]; });
    stub[Symbol.dispose]();
    await t.attempt("disposed", () => stub.hello());
    await t.attempt("copy", () => copy.count());
    log.splice(0);
    const unused = await ctx.storage.get("a");
    unused[Symbol.dispose]();
    await t.attempt("disposed before use", () => unused.hello());
    t.write("restored", log.splice(0));
    const first = await ctx.storage.get("a");
    const second = first.dup();
    await t.attempt("copied before use", async () => [await first.count(), await second.count(), await first.count()]);
    t.write("restored", log.splice(0).length);
    await t.attempt("called as a function", async () => (await ctx.storage.get("a"))());
  }),

  "10.11 a stored stub of a service": inBody(async (self, t) => {
    const { ctx, log } = self;
    const made = await ctx.restore({ kind: "service" });
    t.write("made", typeof made, Object.prototype.toString.call(made), log.splice(0));
    await t.attempt("call", () => made.hello());
    t.write("restored", log.splice(0));
    await t.attempt("call", () => made.hello());
    t.write("restored", log.splice(0));
    await t.attempt("fetch", async () => (await made.fetch("http://host/path")).text());
    t.write("restored", log.splice(0));
    await ctx.storage.put("a", made);
    const stub = await ctx.storage.get("a");
    t.write("loaded", typeof stub, Object.prototype.toString.call(stub), log.splice(0));
    await t.attempt("call", () => stub.hello());
    t.write("restored", log.splice(0));
    await t.attempt("call", () => stub.hello());
    t.write("restored", log.splice(0));
    await t.attempt("fetch", async () => (await stub.fetch("http://host/path")).text());
    t.write("restored", log.splice(0));
    await t.attempt("an object", async () => { const s = await ctx.restore({ kind: "object" }); return [Object.keys(s), s.id, await s.step("value")]; });
    await t.attempt("store it", async () => ctx.storage.put("b", await ctx.restore({ kind: "object" })));
    await t.attempt("use it", async () => (await ctx.storage.get("b")).step("value"));
    await t.attempt("own entrypoint", async () => (await ctx.restore({ kind: "own" })).hello());
    await t.attempt("entrypoint with props", async () => (await ctx.restore({ kind: "props" })).hello());
  }),

  "10.11 what restore may return": inBody(async (self, t) => {
    const { ctx } = self;
    for (const kind of ["number", "undefined", "object", "function", "raw target", "object with a stub", "promise", "throws", "loaded", "callback stub"]) {
      await t.attempt(kind, async () => { const stub = await ctx.restore({ kind }); return [Object.prototype.toString.call(stub), await stub.hello()]; });
    }
  }),

  "10.11 what is given back later is checked": inBody(async (self, t) => {
    const { ctx } = self;
    self.later = "target";
    await ctx.storage.put("stub", await ctx.restore({ kind: "later" }));
    self.later = "service";
    await ctx.storage.put("service", await ctx.restore({ kind: "later" }));
    for (const kind of ["target", "service", "number", "throws", "undefined"]) {
      self.later = kind;
      await t.attempt(`stub, then ${kind}`, async () => (await ctx.storage.get("stub")).hello());
      await t.attempt(`service, then ${kind}`, async () => (await ctx.storage.get("service")).hello());
      await t.attempt(`fetch of service, then ${kind}`, async () => (await (await ctx.storage.get("service")).fetch("http://host/")).text());
    }
    const stub = await ctx.storage.get("stub");
    await t.attempt("failed", () => stub.hello());
    self.later = "target";
    await t.attempt("after a failure", () => stub.hello());
  }),

  "10.11 the params": inBody(async (self, t) => {
    const { ctx, log } = self;
    const inner = await ctx.restore({ n: 1 });
    log.splice(0);
    await t.attempt("a stub in params", async () => (await ctx.restore({ kind: "inner", inner: inner.dup() })).hello());
    t.write("log", log.length);
    await t.attempt("store", async () => ctx.storage.put("a", await ctx.restore({ kind: "inner", inner: inner.dup() })));
    await t.attempt("given away", async () => { await ctx.restore({ kind: "inner", inner }); return inner.hello(); });
    await t.attempt("use", async () => (await ctx.storage.get("a")).hello());
    await t.attempt("a plain stub in params", () => ctx.restore({ a: new RpcStub(new Target(1)) }));
    await t.attempt("a service in params", () => ctx.restore({ a: self.env.ADMIN }));
    const params = { list: [1, new Date(0), new Map([[1, 2]])], text: "t" };
    const pending = ctx.restore(params);
    params.text = "changed";
    await t.attempt("taken at the call", async () => (await pending).hello());
    await ctx.storage.put("b", await pending);
    await t.attempt("later", async () => (await ctx.storage.get("b")).hello());
  }),

  "10.11 what can be stored": inBody(async (self, t) => {
    const { ctx, env } = self;
    const put = (label, value) => t.attempt(label, () => ctx.storage.put("x", value()));
    await put("a service of env", () => env.ADMIN);
    await put("an object of env", () => env.SUBJECT.getByName("other"));
    await put("an object of exports", () => ctx.exports.Subject.getByName("other"));
    await put("an entrypoint of exports", () => ctx.exports.Admin);
    await put("an entrypoint with props", () => ctx.exports.Admin({ props: { a: [1] } }));
    await t.attempt("use", async () => (await ctx.storage.get("x")).hello());
    await t.attempt("fetch", async () => (await (await ctx.storage.get("x")).fetch("http://host/p")).text());
    await t.attempt("what it is", async () => { const x = await ctx.storage.get("x"); return [typeof x, Object.keys(x), Object.prototype.toString.call(x)]; });
    await put("without props", () => ctx.exports.Admin({}));
    await t.attempt("use", async () => (await ctx.storage.get("x")).hello());
    const made = await ctx.restore({ n: 3 });
    await put("with a stub in props", () => ctx.exports.Admin({ props: { made } }));
    await put("with an entrypoint in props", () => ctx.exports.Admin({ props: { inner: ctx.exports.Admin({ props: { b: 2 } }) } }));
    await t.attempt("use", async () => { const [, props] = await (await ctx.storage.get("x")).about(); return props; });
    await put("with a service of env in props", () => ctx.exports.Admin({ props: { made: env.ADMIN } }));
    await put("an entrypoint that is missing", () => ctx.exports.Missing);
    await put("a target", () => new Target(1));
    await put("a function", () => () => 1);
    await put("a stub of a target", () => new RpcStub(new Target(1)));
    await put("a namespace", () => env.SUBJECT);
    await put("a class", () => ctx.exports.Facet);
    await put("a class with props", () => ctx.exports.Facet({ props: { a: 1 } }));
    await put("a facet", () => ctx.facets.get("f", () => ({ class: ctx.exports.Facet })));
    await put("ctx", () => ctx);
    await put("a promise of RPC", () => made.hello());
    await t.attempt("synchronous", () => ctx.storage.kv.put("y", made));
    await t.attempt("in a transaction", () => ctx.storage.transaction(async (transaction) => { await transaction.put("z", made); }));
    await t.attempt("after it", async () => (await ctx.storage.get("z")).hello());
    await t.attempt("in a clone", () => structuredClone(made));
    await t.attempt("as an attachment", () => new WebSocketPair()[0].serializeAttachment(made));
    await t.attempt("entrypoint in a clone", () => structuredClone(ctx.exports.Admin({ props: {} })));
    await t.attempt("several", () => ctx.storage.put({ one: made, two: ctx.exports.Admin({ props: {} }) }));
    await t.attempt("keys", async () => [...(await ctx.storage.list()).keys()]);
    await t.attempt("delete", () => ctx.storage.delete(["one", "two", "z"]));
    await t.attempt("delete all", () => ctx.storage.deleteAll());
  }),

  "10.11 others keep what an object restored": inOne(async ({ object, open }, t) => {
    const other = open("#other");
    await t.attempt("given", async () => { const stub = await object.step("restore", { n: 1 }); return [typeof stub, await stub.hello(), await stub.count(), await stub.count()]; });
    await t.attempt("log", () => object.step("log"));
    await t.attempt("kept", async () => { using stub = await object.step("restore", { n: 2 }); return other.step("keep", stub); });
    await t.attempt("log", () => object.step("log"));
    await t.attempt("tag", () => other.step("tag"));
    await t.attempt("used", () => other.step("use"));
    await t.attempt("log", () => object.step("log"));
    await t.attempt("used thrice", () => other.step("useAll"));
    await t.attempt("log", () => object.step("log"));
    await t.attempt("given on", async () => { using stub = await other.step("give"); return [await stub.hello(), await open("#third").step("keep", stub)]; });
    await t.attempt("used by the third", () => open("#third").step("use"));
    await t.attempt("reset", () => object.step("abort"));
    await t.attempt("used after that", () => other.step("use"));
    await t.attempt("own log", () => other.step("log"));
  }),

  "10.11 others keep services": inOne(async ({ object, open, ctx, env }, t) => {
    const other = open("#other");
    await t.attempt("restored", async () => { const stub = await object.step("restore", { kind: "service" }); return [typeof stub, await stub.hello()]; });
    await t.attempt("kept", async () => other.step("keep", await object.step("restore", { kind: "service" })));
    await t.attempt("used", () => other.step("use"));
    await t.attempt("log", () => object.step("log"));
    await t.attempt("of env", () => other.step("keep", env.ADMIN));
    await t.attempt("of exports", () => other.step("keep", ctx.exports.Admin({ props: { a: 1 } })));
    await t.attempt("used", () => other.step("use"));
    await t.attempt("an object", () => other.step("keep", ctx.exports.Subject.getByName("x")));
    await t.attempt("a target", () => other.step("keep", new Target(1)));
    await t.attempt("a stub", () => other.step("keep", new RpcStub(new Target(1))));
    await t.attempt("that fails", async () => other.step("keep", await object.step("restore", { kind: "later", later: "target" })));
    await t.attempt("used", () => other.step("use"));
    await object.step("setLater", "throws");
    await t.attempt("used", () => other.step("use"));
    await object.step("setLater", "number");
    await t.attempt("used", () => other.step("use"));
    await object.step("setLater", "aborts");
    await t.attempt("used", () => other.step("use"));
    await t.attempt("used after that", () => other.step("use"));
    await t.attempt("a function", () => other.step("keep", () => 1));
  }),

  "10.11 entrypoints restore": inOne(async ({ open, ctx, env }, t) => {
    const object = open();
    await t.attempt("use", async () => { const stub = await env.RESTORER.give({ n: 4 }); return [typeof stub, await stub.hello()]; });
    await t.attempt("keep", async () => object.step("keep", await env.RESTORER.give({ n: 4 })));
    await t.attempt("kept", () => object.step("use"));
    await t.attempt("with props", async () => (await ctx.exports.Restorer({ props: { a: 1 } }).give({ n: 5 })).hello());
    await t.attempt("keep with props", async () => object.step("keep", await ctx.exports.Restorer({ props: { a: 1 } }).give({ n: 4 })));
    await t.attempt("kept with props", () => object.step("use"));
    await t.attempt("same instance", () => env.RESTORER.same());
    await t.attempt("service", async () => (await env.RESTORER.give({ kind: "service" })).hello());
    await t.attempt("keep service", async () => object.step("keep", await env.RESTORER.give({ kind: "service" })));
    await t.attempt("kept service", () => object.step("use"));
    await t.attempt("no method", () => env.ADMIN.restoreIt());
    await t.attempt("a handler object", () => ctx.restore({}));
    await t.attempt("a function of one", () => env.HANDLERS.make({}));
    await t.attempt("by its name", () => env.RESTORER.restore());
  }),

  "10.11 facets": inBody(async (self, t) => {
    const { ctx } = self;
    const facet = ctx.facets.get("f", () => ({ class: ctx.exports.Facet }));
    await t.attempt("in a facet", () => facet.restoreIt({ n: 1 }));
    await t.attempt("stored by a facet", async () => facet.keep(await ctx.restore({ n: 2 })));
    await t.attempt("used by a facet", () => facet.use());
    await t.attempt("entrypoint stored by a facet", async () => facet.keep(ctx.exports.Admin({ props: { a: 1 } })));
    await t.attempt("used by a facet", () => facet.use());
  }),

  "10.11 a class without the method": inOne(async ({ ctx }, t) => {
    await t.attempt("object", () => ctx.exports.Plain.getByName("a").restoreIt());
  }),
};

export class Subject extends caseObject(cases) {
  [restore](params) {
    this.log?.push(params);
    switch (params.kind) {
      case "service": return this.env.ADMIN;
      case "object": return this.env.SUBJECT.getByName("10.11 restore of an object#x");
      case "own": return this.ctx.exports.Admin;
      case "props": return this.ctx.exports.Admin({ props: { p: 1 } });
      case "number": return 7;
      case "undefined": return undefined;
      case "object with a stub": return { stub: new RpcStub(new Target(1)) };
      case "function": return () => "called";
      case "raw target": return new Target("raw");
      case "promise": return scheduler.wait(2).then(() => new RpcStub(new Target("later")));
      case "throws": throw new RangeError("in restore");
      case "loaded": return this.ctx.restore({ n: 9 });
      case "callback stub": return new RpcStub({ hello: () => "of an object" });
            case "inner": return params.inner;
      case "later":
        switch (this.later ?? params.later) {
          case "aborts": return this.ctx.abort("in restore");
          case "target": return new RpcStub(new Target("later"));
          case "service": return this.env.ADMIN;
          case "throws": throw new RangeError("in restore");
          case "number": return 7;
        }
        return undefined;
    }
    return new RpcStub(new Target(params));
  }
}

export class Facet extends DurableObject {
  restoreIt(params) { return this.ctx.restore(params); }
  async keep(stub) { await this.ctx.storage.put("kept", stub); return "kept"; }
  async use() { return (await this.ctx.storage.get("kept")).hello(); }
  [restore](params) { return new RpcStub(new Target(params)); }
}

export class Plain extends DurableObject {
  restoreIt() { return this.ctx.restore({}); }
}

export class Admin extends WorkerEntrypoint {
  hello() { return ["admin", this.ctx.props]; }
  async about() { const props = {}; for (const [name, value] of Object.entries(this.ctx.props)) props[name] = await value.hello(); return ["admin", props]; }
  fetch(request) { return new Response(request.url); }
  restoreIt() { return this.ctx.restore({}); }
}

export class Restorer extends WorkerEntrypoint {
  restored = 0;
  give(params) { return this.ctx.restore(params); }
  async same() { const stub = await this.ctx.restore({ n: 1 }); return [this.restored, (await stub.hello())]; }
  [restore](params) { this.restored += 1; return params.kind === "service" ? this.env.ADMIN : new RpcStub(new Target([params, this.ctx.props, this.restored])); }
}

export const handlers = {
  make: (params, env, ctx) => ctx.restore(params),
};

export default caseWorker(cases);
