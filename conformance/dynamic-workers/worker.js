/** Workers that a program loads, and their classes as facets. Reference: sections 2.8 and 17. */

import { RpcTarget, WorkerEntrypoint } from "cloudflare:workers";
import { caseObject, caseWorker, inObject, inWorker } from "../harness.js";

/** What dynamic workers are given. */
export class Host extends WorkerEntrypoint {
  greet(name) { return `hello ${name}, ${JSON.stringify(this.ctx.props)}`; }
  take() { return "taken"; }
  fetch(request) {
    if (request.headers.get("Upgrade") !== "websocket") return new Response(`${request.method} ${request.url}`);
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    server.addEventListener("message", ({ data }) => server.send(`${data} to ${request.url}`));
    const protocol = request.headers.get("Sec-WebSocket-Protocol");
    const headers = protocol === null ? {} : { "Sec-WebSocket-Protocol": protocol.split(", ").at(-1) };
    return new Response(null, { status: 101, webSocket: client, headers });
  }
}

const PROGRAM = `
  import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";

  let requests = 0;

  export default {
    fetch(request, env, ctx) {
      requests += 1;
      return Response.json([request.url, env, requests, ctx.props]);
    },
    single(argument, env) { return [argument, Object.keys(env)]; },
  };

  export class Named extends WorkerEntrypoint {
    add(a, b) { return a + b; }
    props() { return this.ctx.props; }
    given() { return this.env; }
    callback(call) { return call(1); }
    give() { return () => 7; }
    fail() { throw new RangeError("inside"); }
    async outside() { return (await fetch("http://example.com/path")).text(); }
  socket(protocols) {
    const socket = new WebSocket("ws://example.com/path", protocols);
    return new Promise((resolve) => {
      socket.addEventListener("open", () => socket.send("hello"));
      socket.addEventListener("message", ({ data }) => resolve([data, socket.protocol ?? "", socket.url]));
      socket.addEventListener("error", ({ message }) => resolve(message));
    });
  }
    greet() { return this.env.HOST.greet("dynamic"); }
    async wait() { await scheduler.wait(1); return "waited"; }
    hang() { return new Promise(() => {}); }
  }

  export class Stored extends DurableObject {
    async count() {
      const count = ((await this.ctx.storage.get("count")) ?? 0) + 1;
      await this.ctx.storage.put("count", count);
      return [count, this.ctx.props, this.env, this.ctx.id];
    }
  }
`;

const code = (text = PROGRAM, rest = {}) => ({ compatibilityDate: "2026-08-01", mainModule: "main.js", modules: { "main.js": text }, ...rest });

/** A case that gets the loader, and `named`, which loads the program and gives its entrypoint. */
const withLoader = (body) => inWorker((scene, t) => {
  const { LOADER: loader } = scene.env;
  return body({ ...scene, loader, named: (rest) => loader.load(code(PROGRAM, rest)).getEntrypoint("Named") }, t);
});

/** The text of a failure without what the engine adds. */
const firstLine = async (action) => {
  try {
    await action();
    return "it started";
  } catch (error) {
    return `${error.constructor.name} ${error.message.split("\n").slice(0, 1).join("")}`;
  }
};

const cases = {
  "17 the types": withLoader(({ loader }, t) => {
    const tag = (value) => Object.prototype.toString.call(value);
    const worker = loader.load(code());
    t.write("tags", tag(loader), tag(worker), tag(worker.getEntrypoint()), tag(worker.getDurableObjectClass("Stored")));
  }),

  "17 get asks for the code once": withLoader(async ({ loader, name }, t) => {
    let calls = 0;
    const worker = loader.get(name, async () => { calls += 1; return code(PROGRAM, { env: { A: 1, B: "two", C: { d: [3] } } }); });
    const entrypoint = worker.getEntrypoint();
    t.write("before", calls);
    t.write("first", await (await entrypoint.fetch("http://dynamic/")).json());
    t.write("second", await (await loader.get(name, () => { throw new Error("not called"); }).getEntrypoint().fetch("http://dynamic/")).json());
    t.write("calls", calls);
  }),

  "17 without a name every worker is another": withLoader(async ({ loader }, t) => {
    for (const name of [null, undefined]) {
      t.write("requests", (await (await loader.get(name, () => code()).getEntrypoint().fetch("http://dynamic/")).json())[2]);
    }
    t.write("load", (await (await loader.load(code()).getEntrypoint(null).fetch("http://dynamic/")).json())[2]);
  }),

  "17 entrypoints": withLoader(async ({ loader, named }, t) => {
    const worker = loader.load(code());
    await t.attempt("call", () => named().add(1, 2));
    await t.attempt("handler object", () => worker.getEntrypoint().single(4));
    await t.attempt("callback", () => named().callback((x) => x + 1));
    await t.attempt("function", async () => (await named().give())());
    await t.attempt("throws", () => named().fail());
    await t.attempt("timer", () => named().wait());
    await t.attempt("no props", () => named().props());
    await t.attempt("props", () => worker.getEntrypoint("Named", { props: { a: 1 } }).props());
    await t.attempt("missing", () => worker.getEntrypoint("Missing").method());
    await t.attempt("props of a wrong type", () => worker.getEntrypoint("Named", { props: 7 }).props());
  }),

  "17 env": withLoader(async ({ env, ctx, named }, t) => {
    await t.attempt("values", () => named({ env: { a: 1, b: [new Date(0)], c: "text" } }).given());
    await t.attempt("a service", () => named({ env: { HOST: env.HOST } }).greet());
    await t.attempt("an entrypoint with props", () => named({ env: { HOST: ctx.exports.Host({ props: { q: 1 } }) } }).greet());
    await t.attempt("an object", () => named({ env: { OBJECT: env.SUBJECT.getByName("x") } }).add(1, 1));
    await t.attempt("a class instance", () => named({ env: { a: new (class Odd {})() } }).given());
    await t.attempt("a namespace", () => named({ env: { a: env.SUBJECT } }).given());
    await t.attempt("an RpcTarget", () => named({ env: { a: new RpcTarget() } }).given());
  }),

  "17 where requests go": withLoader(async ({ ctx, named }, t) => {
    await t.attempt("nowhere", () => named({ globalOutbound: null }).outside());
    await t.attempt("to a stub", () => named({ globalOutbound: ctx.exports.Host }).outside());
    await t.attempt("to a stub with props", () => named({ globalOutbound: ctx.exports.Host({ props: { a: 1 } }) }).outside());
  }),

  "17 where WebSockets go": withLoader(async ({ ctx, named }, t) => {
    await t.attempt("nowhere", () => named({ globalOutbound: null }).socket([]));
    await t.attempt("to a stub", () => named({ globalOutbound: ctx.exports.Host }).socket([]));
    await t.attempt("to a stub with protocols", () => named({ globalOutbound: ctx.exports.Host }).socket(["a", "b"]));
  }),

  "17 modules": withLoader(async ({ loader }, t) => {
    const main = `
      import text from "./a.txt";
      import data from "./b.bin";
      import json from "../c.json";
      import common from "./d.cjs";
      import { value } from "./e.js";
      import wasm from "./f.wasm";
      export default { fetch: () => Response.json([text, data.byteLength, json, common, value, wasm.constructor.name]) };
    `;
    const worker = loader.load({
      compatibilityDate: "2026-08-01",
      mainModule: "folder/main.js",
      modules: {
        "folder/main.js": main,
        "folder/a.txt": { text: "text" },
        "folder/b.bin": { data: new Uint8Array([1, 2, 3]).buffer },
        "c.json": { json: { a: [1, null] } },
        "folder/d.cjs": { cjs: "module.exports = { b: 2, type: typeof require };" },
        "folder/e.js": { js: "export const value = 5;" },
        "folder/f.wasm": { wasm: new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]) },
      },
    });
    t.write("values", await (await worker.getEntrypoint().fetch("http://dynamic/")).json());
  }),

  "17 code that is refused": withLoader(async ({ loader }, t) => {
    const run = (worker) => loader.load(worker).getEntrypoint().fetch("http://dynamic/");
    await t.attempt("no code", () => loader.load());
    await t.attempt("no callback", () => loader.get("name"));
    await t.attempt("no arguments", () => loader.get());
    await t.attempt("empty", () => run({}));
    await t.attempt("no modules", () => run({ ...code(), modules: {} }));
    await t.attempt("no date", () => run({ ...code(), compatibilityDate: undefined }));
    await t.attempt("bad date", () => run({ ...code(), compatibilityDate: "yesterday" }));
    await t.attempt("bad flag", () => run({ ...code(), compatibilityFlags: ["no_such_flag"] }));
    await t.attempt("bad extension", () => run({ ...code(), modules: { "main.xx": "" } }));
    await t.attempt("two kinds", () => run({ ...code(), modules: { "main.js": { js: "", text: "" } } }));
    await t.attempt("no kind", () => run({ ...code(), modules: { "main.js": {} } }));
    await t.attempt("main is missing", () => run({ ...code(), mainModule: "other.js" }));
    await t.attempt("main is a text", () => run({ ...code(), mainModule: "a.txt", modules: { "a.txt": { text: "x" } } }));
    t.write("syntax", await firstLine(() => run(code("export default {"))));
    t.write("throws", await firstLine(() => run(code("throw new TypeError('top');"))));
    t.write("missing import", await firstLine(() => run(code("import 'missing.js';"))));
  }),

  "17 a callback that fails": withLoader(async ({ loader, name }, t) => {
    const run = (text) => loader.get(name, () => { throw new RangeError(text); }).getEntrypoint().method();
    await t.attempt("first", () => run("one"));
    await t.attempt("second", () => run("two"));
  }),

  "17 what is not passed on": withLoader(async ({ env, loader, named }, t) => {
    await t.attempt("entrypoint", () => env.HOST.take(named()));
    await t.attempt("worker", () => env.HOST.take(loader.load(code())));
    await t.attempt("loader", () => env.HOST.take(loader));
  }),

  "10.3 a dynamic worker that can never end": withLoader(async ({ named }, t) => {
    await t.attempt("call", () => named().hang());
  }),

  "2.8 a class of a dynamic worker": inObject(async ({ ctx, env }, t) => {
    const worker = env.LOADER.load(code(PROGRAM, { env: { E: 1 } }));
    const stub = (name, props) => ctx.facets.get(name, () => ({ class: worker.getDurableObjectClass("Stored", { props }), id: "text" }));
    t.write("first", await stub("a", { p: 1 }).count());
    t.write("second", await stub("a").count());
    t.write("another", await stub("b").count());
    ctx.facets.abort("a", new Error("stopped"));
    t.write("again", await stub("a", { p: 2 }).count());
  }),
};

export const Subject = caseObject(cases);
export default caseWorker(cases);
