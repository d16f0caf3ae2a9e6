/** Facets: child objects with storage of their own. Reference: section 2.8. */

import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import { caseObject, caseWorker, inObject } from "../harness.js";

/** The class of most facets here: counts calls in memory and in storage. */
export class Facet extends DurableObject {
  calls = 0;

  constructor(ctx, env) {
    super(ctx, env);
    if (ctx.props.fail) throw new TypeError("no construction");
  }

  async count() {
    this.calls += 1;
    const stored = ((await this.ctx.storage.get("count")) ?? 0) + 1;
    await this.ctx.storage.put("count", stored);
    return [this.calls, stored];
  }

  fetch(request) { return new Response(`${request.method} ${request.url}`); }
  identity() { const { id } = this.ctx; return [typeof id, typeof id === "string" ? id : id.name ?? null]; }
  hex() { return String(this.ctx.id); }
  props() { return this.ctx.props; }
  fail() { throw new RangeError("from the facet"); }
  hang() { return new Promise(() => {}); }
  abort() { this.ctx.abort("by itself"); }
  callback(call) { return call(5); }
  give() { return () => "called"; }
  table() { this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS t (x)"); return this.ctx.storage.sql.exec("INSERT INTO t VALUES (1) RETURNING x").toArray(); }
  async setAlarm() { await this.ctx.storage.setAlarm(Date.now() + 60_000); return "set"; }
  alarm() {}
  nested(name, method = "count") { return this.ctx.facets.get(name, () => ({ class: this.ctx.exports.Facet }))[method](); }
  depth(levels) { return levels === 0 ? "reached" : this.ctx.facets.get("deeper", () => ({ class: this.ctx.exports.Facet })).depth(levels - 1); }
  async hangNested() { return this.nested("inner", "hang"); }
  async section() { await this.ctx.blockConcurrencyWhile(async () => { throw new TypeError("section failed"); }); }
  get property() { return 7; }
}

/** A class that has a namespace, too. */
export class Bound extends Facet {}

/** A class of the old form. */
export class Legacy {
  constructor(state) { this.state = state; }
  fetch() { return Response.json(this.state.props); }
}

export class Entrypoint extends WorkerEntrypoint {}

/** What starts an ordinary facet. */
const start = ({ ctx }) => () => ({ class: ctx.exports.Facet });

const other = (object) => object.env.SUBJECT.getByName("2.8 another object");

/** A case that gets `get(name)`, which gives a stub of an ordinary facet. */
const withFacets = (body) => inObject((object, t) => body({ object, facets: object.ctx.facets, get: (name) => object.ctx.facets.get(name, start(object)) }, t));

const cases = {
  "2.8 another object": {
    object: {
      take: () => "taken",
      give: (_object, value) => Object.prototype.toString.call(value),
      async use({ ctx }, name, value) {
        const props = await ctx.facets.get(name, () => ({ class: value })).props();
        return Object.keys(props).map((key) => [key, typeof props[key]]);
      },
    },
    worker() {},
  },

  "2.8 the types": inObject(({ ctx }, t) => {
    const tag = (value) => Object.prototype.toString.call(value);
    t.write("facets", tag(ctx.facets), typeof ctx.facets, ctx.facets === ctx.facets);
    t.write("class", tag(ctx.exports.Facet), typeof ctx.exports.Facet, tag(ctx.exports.Facet({})), tag(ctx.exports.Facet({ props: { a: 1 } })));
    t.write("class with a namespace", tag(ctx.exports.Subject), typeof ctx.exports.Subject, typeof ctx.exports.Subject.getByName, tag(ctx.exports.Subject({})));
    t.write("stub", tag(ctx.facets.get("a", () => {})), Object.keys(ctx.facets.get("a", () => {})));
  }),

  "2.8 the callback starts the facet once": withFacets(async ({ object, facets }, t) => {
    let calls = 0;
    const counting = () => { calls += 1; return { class: object.ctx.exports.Facet }; };
    const stub = facets.get("a", counting);
    t.write("before", calls);
    t.write("first", await stub.count());
    t.write("second", await stub.count());
    t.write("another stub", await facets.get("a", () => { calls += 100; }).count());
    t.write("calls", calls);
  }),

  "2.8 calls wait for an asynchronous callback, in order": withFacets(async ({ object, facets }, t) => {
    let calls = 0;
    const slow = async () => { calls += 1; await scheduler.wait(10); return { class: object.ctx.exports.Facet }; };
    const stub = facets.get("a", slow);
    t.write("counts", await Promise.all([stub.count(), stub.count(), facets.get("a", slow).count(), stub.count()]));
    t.write("calls", calls);
  }),

  "2.8 a facet is called like an object": withFacets(async ({ get }, t) => {
    const stub = get("a");
    await t.attempt("fetch", async () => (await stub.fetch("http://facet/path", { method: "POST" })).text());
    await t.attempt("property", async () => await stub.property);
    await t.attempt("missing", () => stub.missing());
    await t.attempt("throws", () => stub.fail());
    await t.attempt("callback", () => stub.callback((x) => x * 2));
    await t.attempt("function", async () => (await stub.give())());
    await t.attempt("sql", () => stub.table());
  }),

  "2.8 what a facet is told of itself": withFacets(async ({ object, facets, get }, t) => {
    const { ctx, env } = object;
    const with_ = (name, options) => facets.get(name, () => ({ class: ctx.exports.Facet, ...options }));
    t.write("the parent's id", (await get("a").hex()) === String(ctx.id), await get("a").identity());
    t.write("a text", await with_("b", { id: "text" }).identity());
    t.write("an empty text", await with_("c", { id: "" }).identity());
    t.write("a number", await with_("d", { id: 7 }).identity());
    t.write("another id", await with_("e", { id: env.SUBJECT.idFromName("other") }).identity());
    t.write("no props", await get("a").props());
    t.write("props", await with_("f", { class: ctx.exports.Facet({ props: { a: [1] } }) }).props());
  }),

  "2.8 other classes": withFacets(async ({ object, facets }, t) => {
    const { Legacy, Bound, Entrypoint } = object.ctx.exports;
    await t.attempt("old form", async () => (await facets.get("a", () => ({ class: Legacy({ props: { b: 2 } }) })).fetch("http://x/")).json());
    await t.attempt("old form, RPC", () => facets.get("a", () => ({ class: Legacy })).method());
    await t.attempt("with a namespace", () => facets.get("b", () => ({ class: Bound })).count());
    await t.attempt("with a namespace and props", () => facets.get("d", () => ({ class: Bound({ props: { a: 1 } }) })).props());
    await t.attempt("entrypoint", () => facets.get("c", () => ({ class: Entrypoint })).method());
  }),

  "2.8 storage is the facet's own": withFacets(async ({ object, get }, t) => {
    await object.ctx.storage.put("count", 100);
    await get("a").count();
    t.write("a", await get("a").count());
    t.write("b", await get("b").count());
    t.write("parent", await object.ctx.storage.get("count"));
  }),

  "2.8 abort": withFacets(async ({ facets, get }, t) => {
    const stub = get("a");
    const unused = get("a");
    await stub.count();
    facets.abort("a", new RangeError("my reason"));
    await t.attempt("old stub", () => stub.count());
    await t.attempt("old stub, fetch", () => stub.fetch("http://x/"));
    await t.attempt("stub that was not used", () => unused.count());
    await t.attempt("new stub", () => get("a").count());
    await t.attempt("old stub later", () => stub.count());
  }),

  "2.8 abort ends calls": withFacets(async ({ facets, get }, t) => {
    for (const reason of [new RangeError("my reason"), "text", { code: 7 }, undefined]) {
      const call = get("a").hang().catch((error) => error);
      await get("a").count();
      facets.abort("a", reason);
      t.write("reason", await call);
    }
  }),

  "2.8 abort ends a start": withFacets(async ({ object, facets }, t) => {
    const stub = facets.get("a", async () => { await scheduler.wait(10); return { class: object.ctx.exports.Facet }; });
    const call = stub.count().catch((error) => error);
    facets.abort("a", new Error("not started"));
    t.write("call", await call);
    await t.attempt("again", () => stub.count());
    await t.attempt("in the callback", () => {
      const other = facets.get("b", () => { facets.abort("b", new Error("in the callback")); return { class: object.ctx.exports.Facet }; });
      return other.count();
    });
  }),

  "2.8 abort ends nested facets": withFacets(async ({ facets, get }, t) => {
    await get("a").nested("inner");
    const call = get("a").hangNested().catch((error) => error);
    await scheduler.wait(5);
    facets.abort("a", new Error("gone"));
    t.write("call", await call);
    t.write("storage is kept", await get("a").nested("inner"));
  }),

  "2.8 functions of a facet that was aborted": withFacets(async ({ facets, get }, t) => {
    const give = await get("a").give();
    t.write("before", await give());
    facets.abort("a", new Error("gone"));
    await t.attempt("after", () => give());
  }),

  "2.8 a facet that fails by itself": withFacets(async ({ object, facets, get }, t) => {
    const broken = get("a");
    await broken.count();
    await t.attempt("abort", () => broken.abort());
    await t.attempt("same stub", () => broken.count());
    await t.attempt("new stub", () => get("a").count());
    await t.attempt("section", () => get("b").section());
    await t.attempt("after the section", () => get("b").count());
    await t.attempt("constructor", () => facets.get("c", () => ({ class: object.ctx.exports.Facet({ props: { fail: true } }) })).count());
    await t.attempt("after the constructor", () => get("c").count());
  }),

  "2.8 a callback that fails": withFacets(async ({ facets }, t) => {
    let calls = 0;
    const stub = facets.get("a", () => { calls += 1; throw new RangeError("from the callback"); });
    await t.attempt("throws", () => stub.count());
    await t.attempt("again", () => stub.count());
    t.write("calls", calls);
    await t.attempt("rejects", () => facets.get("b", async () => { throw new RangeError("from the callback"); }).count());
    await t.attempt("no class", () => facets.get("c", () => ({})).count());
    await t.attempt("no class but a number", () => facets.get("d", () => ({ class: 7 })).count());
  }),

  "2.8 arguments": withFacets(async ({ object, facets, get }, t) => {
    await t.attempt("get()", () => facets.get());
    await t.attempt("get(name)", () => facets.get("a"));
    await t.attempt("get(name, 7)", () => facets.get("a", 7));
    await t.attempt("abort()", () => facets.abort());
    await t.attempt("abort(name)", () => facets.abort("a"));
    await t.attempt("delete()", () => facets.delete());
    await t.attempt("clone(name)", () => facets.clone("a"));
    await t.attempt("a number as name", () => facets.get(7, start(object)).count());
    await t.attempt("unknown names", () => { facets.abort("unknown", "x"); facets.delete("unknown"); facets.clone("unknown", "unknown too"); return "fine"; });
  }),

  "2.8 names": withFacets(async ({ facets, get }, t) => {
    await t.attempt("256", () => get("x".repeat(256)).count());
    await t.attempt("257", () => get("x".repeat(257)).count());
    await t.attempt("256 bytes of é", () => get("é".repeat(128)).count());
    await t.attempt("258 bytes of é", () => get("é".repeat(129)).count());
    await t.attempt("abort", () => facets.abort("x".repeat(257), "reason"));
    await t.attempt("delete", () => facets.delete("x".repeat(257)));
    await t.attempt("clone", () => facets.clone("x".repeat(257), "a"));
    await t.attempt("clone to", () => facets.clone("a", "x".repeat(257)));
  }),

  "2.8 nesting": withFacets(async ({ get }, t) => {
    await t.attempt("4 levels", () => get("a").depth(2));
    await t.attempt("5 levels", () => get("a").depth(3));
  }),

  "2.8 delete": withFacets(async ({ facets, get }, t) => {
    const stub = get("a");
    await stub.count();
    await stub.nested("inner");
    facets.delete("a");
    await t.attempt("old stub", () => stub.count());
    await t.attempt("new stub", () => get("a").count());
    await t.attempt("nested", () => get("a").nested("inner"));
  }),

  "2.8 clone": withFacets(async ({ facets, get }, t) => {
    const [source, target] = [get("source"), get("target")];
    await source.count();
    await source.count();
    await source.nested("inner");
    await target.count();
    facets.clone("source", "target");
    await t.attempt("source", () => source.count());
    await t.attempt("old stub of the target", () => target.count());
    await t.attempt("target", () => get("target").count());
    await t.attempt("nested", () => get("target").nested("inner"));
    facets.clone("source", "source");
    await t.attempt("cloned to itself", () => source.count());
    await t.attempt("its storage", () => get("source").count());
    facets.clone("unknown", "target");
    await t.attempt("from nothing", () => get("target").count());
  }),

  "2.8 deleteAll of the parent": withFacets(async ({ object, facets, get }, t) => {
    await get("a").count();
    await get("a").nested("inner");
    facets.abort("a", new Error("stopped"));
    await object.ctx.storage.deleteAll();
    t.write("facet", await get("a").count());
    t.write("nested", await get("a").nested("inner"));
  }),

  "2.8 a facet has no alarm": withFacets(async ({ get }, t) => {
    const stub = get("a");
    await stub.count();
    await t.attempt("set", () => stub.setAlarm());
    await t.attempt("same stub", () => stub.count());
    await t.attempt("new stub", () => get("a").count());
  }),

  "2.8 the parent's end is the facet's": {
    object: {
      async begin(object) { await object.ctx.facets.get("a", start(object)).count(); globalThis.call = object.ctx.facets.get("a", start(object)).hang().catch((error) => error); object.ctx.abort("the parent ends"); },
      async resume(object) { let calls = 0; const stub = object.ctx.facets.get("a", () => { calls += 1; return { class: object.ctx.exports.Facet }; }); return [await stub.count(), calls]; },
    },
    async worker({ open }, t) {
      await open().step("begin").catch(() => {});
      t.write("after", await open().step("resume"));
    },
  },

  "2.8 stubs and classes are not passed on": withFacets(async ({ object, get }, t) => {
    await t.attempt("stub", () => other(object).step("take", get("a")));
    await t.attempt("stub in a clone", () => structuredClone(get("a")));
    await t.attempt("stub stored", () => object.ctx.storage.put("stub", get("a")));
    await t.attempt("class", () => other(object).step("take", object.ctx.exports.Facet));
  }),

  "2.8 classes with props are passed on": withFacets(async ({ object, facets }, t) => {
    const { Facet, Bound } = object.ctx.exports;
    let facet = 0;
    const use = (value) => other(object).step("use", `facet ${facet += 1}`, value);
    await t.attempt("class", () => use(Facet({ props: { a: 1 } })));
    await t.attempt("class without props", () => use(Facet({})));
    await t.attempt("class of a namespace", () => use(Bound({ props: { b: "text" } })));
    await t.attempt("props refer to an object", () => use(Facet({ props: { object: other(object) } })));
    await t.attempt("what it is", () => other(object).step("give", Facet({ props: {} })));
    await t.attempt("in the props of another", async () => {
      const outer = Facet({ props: { inner: Facet({ props: { c: 3 } }) } });
      return Object.prototype.toString.call((await facets.get("outer", () => ({ class: outer })).props()).inner);
    });
    await t.attempt("in a clone", () => structuredClone(Facet({ props: {} })));
    await t.attempt("stored", () => object.ctx.storage.put("class", Facet({ props: {} })));
  }),

  "2.8 a section of the parent waits for a facet": withFacets(async ({ object, get }, t) => {
    t.write("count", await object.ctx.blockConcurrencyWhile(() => get("a").count()));
  }),
};

export const Subject = caseObject(cases);
export default caseWorker(cases);
