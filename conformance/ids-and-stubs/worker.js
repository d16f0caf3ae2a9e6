/** Namespaces, ids and stubs. Reference: section 1. */

import { DurableObject } from "cloudflare:workers";
import { caseObject, caseWorker, inObject, inWorker, refuses } from "../harness.js";

const cases = {
  "1.2 an id prints as 64 hexadecimal digits": inWorker(({ namespace }, t) => {
    for (const id of [namespace.newUniqueId(), namespace.idFromName("name")]) {
      t.write("shape", /^[0-9a-f]{64}$/.test(id.toString()), `${id}` === id.toString());
    }
  }),

  "1.3 the id of a name is derived from the namespace's key": inWorker(({ namespace }, t) => {
    t.write("name", namespace.idFromName("name").toString());
    t.write("empty", namespace.idFromName("").toString());
    t.write("emoji", namespace.idFromName("\u{1f600}").toString());
  }),

  "1.2 an id knows its name if it came from one": inWorker(({ namespace }, t) => {
    const id = namespace.idFromName("a name");
    t.write("from a name", id.name);
    t.write("empty name", namespace.idFromName("").name);
    t.write("unique", namespace.newUniqueId().name);
    t.write("parsed", namespace.idFromString(id.toString()).name);
  }),

  "1.2 ids are compared by their bytes": inWorker(({ namespace }, t) => {
    const id = namespace.idFromName("a name");
    t.write("same name", id.equals(namespace.idFromName("a name")));
    t.write("parsed", id.equals(namespace.idFromString(id.toString())));
    t.write("upper case", id.equals(namespace.idFromString(id.toString().toUpperCase())));
    t.write("other name", id.equals(namespace.idFromName("another")));
    t.write("unique", namespace.newUniqueId().equals(namespace.newUniqueId()));
  }),

  "1.2 an id compares with ids only": inWorker(async ({ namespace }, t) => {
    const id = namespace.idFromName("a name");
    await t.attempt("string", () => id.equals(id.toString()));
    await t.attempt("nothing", () => id.equals());
  }),

  "1.2 what JSON and Object.keys see of an id": inWorker(({ namespace }, t) => {
    const id = namespace.idFromName("a name");
    t.write("json", JSON.stringify(id));
    t.write("keys", Object.keys(id));
    t.write("unique", JSON.stringify(namespace.newUniqueId()));
    t.write("tag", Object.prototype.toString.call(id));
    t.write("class", id.constructor.name);
  }),

  "1.3 a text that is no id": inWorker(async ({ namespace }, t) => {
    await t.attempt("short", () => namespace.idFromString("abc"));
    await t.attempt("empty", () => namespace.idFromString(""));
    await t.attempt("not hexadecimal", () => namespace.idFromString("z".repeat(64)));
    await t.attempt("65 digits", () => namespace.idFromString("0".repeat(65)));
    await t.attempt("corrupted", () => namespace.idFromString("0".repeat(64)));
    await t.attempt("nothing", () => namespace.idFromString());
  }),

  "1.3 an id belongs to one namespace": inWorker(async ({ env, namespace }, t) => {
    const foreign = env.OTHER.idFromName("name");
    t.write("different", foreign.equals(namespace.idFromName("name")));
    await t.attempt("idFromString", () => namespace.idFromString(foreign.toString()));
    await t.attempt("get", () => typeof namespace.get(foreign));
  }),

  "1.1 a name is coerced to a string": inWorker(async ({ namespace }, t) => {
    t.write("number", namespace.idFromName(7).name, namespace.idFromName(7).equals(namespace.idFromName("7")));
    t.write("undefined", namespace.idFromName(undefined).name);
    await t.attempt("nothing", () => namespace.idFromName());
    refuses(t, "symbol", () => namespace.idFromName(Symbol.iterator));
  }),

  "1.1 get wants an id": inWorker(async ({ namespace }, t) => {
    await t.attempt("string", () => namespace.get("name"));
    await t.attempt("nothing", () => namespace.get());
    await t.attempt("null", () => namespace.get(null));
    await t.attempt("plain object", () => namespace.get({ name: "x" }));
  }),

  "1.1 options of get": inWorker(async ({ namespace, name }, t) => {
    const id = namespace.idFromName(name);
    await t.attempt("location", () => typeof namespace.get(id, { locationHint: "enam" }));
    await t.attempt("unknown location", () => typeof namespace.get(id, { locationHint: "moon" }));
    await t.attempt("routing mode", () => typeof namespace.get(id, { routingMode: "primary-only" }));
    await t.attempt("unknown routing mode", () => namespace.get(id, { routingMode: "nearest" }));
    await t.attempt("null", () => typeof namespace.get(id, null));
    await t.attempt("undefined", () => typeof namespace.get(id, undefined));
    await t.attempt("number", () => namespace.get(id, 7));
  }),

  "1.1 jurisdictions": inWorker(async ({ namespace }, t) => {
    await t.attempt("newUniqueId", () => namespace.newUniqueId({ jurisdiction: "eu" }));
    await t.attempt("jurisdiction", () => namespace.jurisdiction("eu"));
    await t.attempt("none", () => typeof namespace.newUniqueId({ jurisdiction: undefined }).toString());
    await t.attempt("no options", () => typeof namespace.newUniqueId({}).toString());
    await t.attempt("sub-namespace of none", () => namespace.jurisdiction(null).idFromName("a").equals(namespace.idFromName("a")));
  }),

  "1.4 the own properties of a stub": inWorker(({ namespace, name }, t) => {
    const id = namespace.idFromName(name);
    const stub = namespace.get(id);
    t.write("keys", Object.keys(stub).sort());
    t.write("id", stub.id === id);
    t.write("name", stub.name === name);
    t.write("unique", namespace.get(namespace.newUniqueId()).name);
    t.write("class", stub.constructor.name, Object.prototype.toString.call(stub));
    t.write("then", stub.then);
    t.write("typeof method", typeof stub.anything);
  }),

  "1.4 a stub takes further properties": inWorker(({ open }, t) => {
    const stub = open();
    stub.extra = 7;
    t.write("extra", stub.extra, Object.keys(stub).sort());
  }),

  "1.4 a stub may be returned from an asynchronous function": inWorker(async ({ open }, t) => {
    const stub = await (async () => open())();
    t.write("stub", typeof stub.fetch);
  }),

  "1.4 fetch wants a whole URL": {
    object: { fetch: (_object, request) => new Response(`${request.method} ${request.url}`) },
    async worker({ open }, t) {
      const text = async (...values) => (await open().fetch(...values)).text();
      await t.attempt("relative", () => text("/path"));
      await t.attempt("absolute", () => text("http://host/path?query#fragment"));
      await t.attempt("https", () => text("https://host:444/"));
      await t.attempt("default port", () => text("http://host:80/"));
      await t.attempt("URL", () => text(new URL("http://host/a b")));
      await t.attempt("Request", () => text(new Request("http://host/", { method: "POST", body: "x" })));
      await t.attempt("init", () => text("http://host/", { method: "PUT" }));
      await t.attempt("nothing", () => open().fetch());
    },
  },

  "1.5 the object knows its id and name": {
    object: { identity: ({ ctx: { id } }) => [id.toString(), id.name] },
    async worker({ namespace, object, name }, t) {
      const [id, own] = await object.step("identity");
      t.write("id", id === namespace.idFromName(name).toString());
      t.write("name", own === name);
    },
  },

  "1.5 who was reached without a name has none": inWorker(async ({ env }, t) => {
    t.write("unique", await env.OTHER.get(env.OTHER.newUniqueId()).ownName());
    const named = env.OTHER.idFromName("named");
    t.write("parsed", await env.OTHER.get(env.OTHER.idFromString(named.toString())).ownName());
  }),

  "1.5 a name of more than 1024 bytes is not told": inWorker(async ({ env }, t) => {
    t.write("1024", (await env.OTHER.getByName("n".repeat(1024)).ownName())?.length);
    t.write("1025", (await env.OTHER.getByName("n".repeat(1025)).ownName())?.length);
    t.write("stub", env.OTHER.getByName("n".repeat(1025)).name.length);
  }),

  "1.1 getByName is get of idFromName": inWorker(async ({ namespace, name }, t) => {
    const stub = namespace.getByName(name);
    t.write("id", stub.id.equals(namespace.idFromName(name)), stub.name === name);
    await t.attempt("nothing", () => namespace.getByName());
  }),

  "1.1 neither namespaces nor ids nor stubs can be cloned": inWorker(async ({ namespace, open }, t) => {
    await t.attempt("namespace", () => structuredClone(namespace));
    await t.attempt("id", () => structuredClone(namespace.idFromName("a")));
    await t.attempt("stub", () => structuredClone(open()));
  }),

  "1.1 an id cannot be sent to an object": {
    object: { take: () => "taken" },
    async worker({ namespace, object }, t) {
      await t.attempt("id", () => object.step("take", namespace.newUniqueId()));
      await t.attempt("namespace", () => object.step("take", namespace));
    },
  },

  "1.1 the namespace is an object of its class": inWorker(({ namespace }, t) => {
    t.write("tag", Object.prototype.toString.call(namespace), namespace.constructor.name);
  }),

  "2.2 what ctx is made of": inObject(({ ctx }, t) => {
    t.write("tag", Object.prototype.toString.call(ctx), ctx.constructor.name);
    t.write("own", Object.keys(ctx).sort());
    t.write("props", ctx.props);
    t.write("container", ctx.container);
    t.write("passThroughOnException", typeof ctx.passThroughOnException);
  }),

  "2.2 the properties of ctx can be replaced": inObject(({ ctx }, t) => {
    ctx.storage = "replaced";
    t.write("storage", ctx.storage);
  }),
};

/** A second namespace. */
export class Other extends DurableObject {
  ownName() {
    return this.ctx.id.name;
  }
}

export class Subject extends caseObject(cases) {}

export default caseWorker(cases);
