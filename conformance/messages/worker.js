/** Request, Response, Headers and bodies. Reference: sections 1.4 and 11.4. */

import { caseObject, caseWorker, inWorker } from "../harness.js";

const here = (body) => inWorker((_, t) => body(t));

/** Writes name and value of every header. */
const listed = (headers) => [...headers].map(([name, value]) => `${name}: ${value}`);

/** An object that answers what it was sent. */
const mirror = {
  async fetch(_object, request) {
    return Response.json({
      method: request.method,
      url: request.url,
      headers: [...request.headers].filter(([name]) => name.startsWith("x-") || name.startsWith("content-")),
      body: await request.text(),
    });
  },
};

const cases = {
  "11.4 headers fold case and sort": here((t) => {
    const headers = new Headers([["X-B", "1"], ["x-a", "2"], ["X-b", "3"]]);
    t.write("list", listed(headers));
    t.write("get", headers.get("X-B"), headers.get("missing"));
    t.write("has", headers.has("x-A"), headers.has("missing"));
    headers.set("x-b", "4");
    headers.append("x-b", "5");
    headers.delete("X-A");
    t.write("list", listed(headers));
    t.write("iterators", [...headers.keys()], [...headers.values()], [...headers.entries()]);
  }),

  "11.4 headers from every kind of value": here(async (t) => {
    t.write("object", listed(new Headers({ a: "1", b: 2, c: null })));
    t.write("headers", listed(new Headers(new Headers({ a: "1" }))));
    t.write("map", listed(new Headers(new Map([["a", "1"]]))));
    t.write("nothing", listed(new Headers()));
    await t.attempt("null", () => listed(new Headers(null)));
    await t.attempt("string", () => listed(new Headers("a: b")));
    await t.attempt("triple", () => listed(new Headers([["a", "b", "c"]])));
  }),

  "11.4 headers refuse what HTTP refuses": here(async (t) => {
    const headers = new Headers();
    await t.attempt("name", () => headers.set("a b", "1"));
    await t.attempt("empty name", () => headers.set("", "1"));
    await t.attempt("value", () => headers.set("a", "1\n2"));
    await t.attempt("nul", () => headers.append("a", "\u0000"));
    await t.attempt("get", () => headers.get("a b"));
    await t.attempt("missing value", () => headers.set("a"));
    headers.set("a", "  spaces around \t");
    t.write("trimmed", headers.get("a"));
  }),

  "11.4 cookies stay apart": here((t) => {
    const headers = new Headers();
    headers.append("Set-Cookie", "a=1");
    headers.append("set-cookie", "b=2, c");
    t.write("get", headers.get("set-cookie"));
    t.write("getSetCookie", headers.getSetCookie());
    t.write("list", listed(headers));
    t.write("none", new Headers().getSetCookie());
  }),

  "11.4 headers forEach": here((t) => {
    const seen = [];
    new Headers({ b: "2", a: "1" }).forEach(function each(value, name, headers) {
      seen.push([value, name, headers instanceof Headers, this.tag]);
    }, { tag: 7 });
    t.write("seen", seen);
  }),

  "11.4 a request's parts": here((t) => {
    const request = new Request("http://host/path?q=1#f", { method: "post", headers: { a: "1" }, body: "text", redirect: "manual" });
    t.write("method", request.method);
    t.write("url", request.url);
    t.write("headers", listed(request.headers));
    t.write("redirect", request.redirect);
    t.write("body", request.body instanceof ReadableStream, request.bodyUsed);
    t.write("signal", request.signal instanceof AbortSignal, request.signal.aborted);
    t.write("cf", request.cf);
    t.write("keepalive", request.keepalive, request.integrity, request.cache);
    t.write("tag", Object.prototype.toString.call(request));
  }),

  "11.4 methods are normalised": here(async (t) => {
    for (const method of ["get", "Post", "patch", "custom", "delete", "", "a b", "CONNECT", "trace"]) {
      await t.attempt(method, () => new Request("http://host/", { method }).method);
    }
  }),

  "11.4 a request refuses": here(async (t) => {
    await t.attempt("GET with a body", () => new Request("http://host/", { body: "x" }).method);
    await t.attempt("HEAD with a body", () => new Request("http://host/", { method: "HEAD", body: "x" }).method);
    await t.attempt("relative", () => new Request("/path").url);
    await t.attempt("nonsense", () => new Request("http://").url);
    await t.attempt("nothing", () => new Request());
    await t.attempt("redirect", () => new Request("http://host/", { redirect: "sideways" }).redirect);
    await t.attempt("credentials", () => new Request("http://user:password@host/").url);
    await t.attempt("number", () => new Request(7).url);
  }),

  "11.4 a request from a request": here(async (t) => {
    const first = new Request("http://host/", { method: "POST", headers: { a: "1" }, body: "text" });
    const second = new Request(first, { headers: { b: "2" } });
    t.write("second", second.method, second.url, listed(second.headers));
    t.write("used", first.bodyUsed);
    t.write("body", await second.text());
    await t.attempt("first", () => first.text());
    await t.attempt("a used one", () => new Request("http://other/", first));
    const other = new Request("http://other/", new Request("http://host/", { method: "PUT", headers: { a: "1" }, body: "more" }));
    t.write("other URL", other.method, other.url, listed(other.headers), await other.text());
  }),

  "11.4 a request is cloned with its body": here(async (t) => {
    const request = new Request("http://host/", { method: "POST", body: "text" });
    const clone = request.clone();
    t.write("both", await request.text(), await clone.text());
    await t.attempt("used", () => request.clone());
  }),

  "11.4 a response's parts": here((t) => {
    const response = new Response("text", { status: 201, statusText: "Made", headers: { a: "1" } });
    t.write("status", response.status, response.statusText, response.ok);
    t.write("headers", listed(response.headers));
    t.write("rest", response.redirected, response.url, response.type, response.webSocket, response.bodyUsed);
    t.write("empty", new Response().status, new Response().body, new Response(null).statusText);
    t.write("tag", Object.prototype.toString.call(response));
  }),

  "11.4 statuses": here(async (t) => {
    for (const status of [100, 199, 200, 204, 304, 404, 599, 600, 1000, "301", 200.9, NaN]) {
      await t.attempt(String(status), () => new Response(null, { status }).status);
    }
    for (const status of [101, 204, 205, 304]) {
      await t.attempt(`${status} with a body`, () => new Response("x", { status }).status);
      await t.attempt(`${status} with an empty body`, () => new Response("", { status }).status);
    }
    await t.attempt("status text", () => new Response(null, { statusText: "é" }).statusText);
  }),

  "11.4 types of bodies": here(async (t) => {
    const type = (body) => new Response(body).headers.get("content-type");
    t.write("string", type("x"));
    t.write("parameters", type(new URLSearchParams("a=1")));
    t.write("blob", type(new Blob(["x"], { type: "text/x" })), type(new Blob(["x"])));
    t.write("bytes", type(new Uint8Array(1)), type(new ArrayBuffer(1)));
    t.write("form", type(new FormData()).replace(/boundary=.*/, "boundary="));
    t.write("stream", type(new ReadableStream()));
    t.write("number", type(7), await new Response(7).text());
    t.write("object", await new Response({ a: 1 }).text());
    t.write("kept", new Response("x", { headers: { "content-type": "a/b" } }).headers.get("content-type"));
  }),

  "11.4 reading a body": here(async (t) => {
    const make = () => new Response("{\"a\":\"é\"}", { headers: { "content-type": "application/json" } });
    t.write("text", await make().text());
    t.write("json", await make().json());
    t.write("arrayBuffer", (await make().arrayBuffer()).byteLength);
    t.write("bytes", (await make().bytes()) instanceof Uint8Array);
    const blob = await make().blob();
    t.write("blob", blob.type, blob.size);
    const form = await new Response(new URLSearchParams("a=1&b=2&a=3")).formData();
    t.write("formData", [...form]);
    await t.attempt("not JSON", async () => { try { await new Response("{").json(); } catch (error) { return error.name; } return ""; });
    await t.attempt("not a form", () => new Response("x", { headers: { "content-type": "text/plain" } }).formData());
    t.write("empty", await new Response().text(), (await new Response(null).arrayBuffer()).byteLength);
  }),

  "11.4 a body is read once": here(async (t) => {
    const response = new Response("x");
    t.write("before", response.bodyUsed);
    await response.text();
    t.write("after", response.bodyUsed);
    await t.attempt("again", () => response.text());
    await t.attempt("clone", () => response.clone());
    const locked = new Response("x");
    locked.body.getReader();
    await t.attempt("locked", () => locked.text());
  }),

  "11.4 multipart forms": here(async (t) => {
    const form = new FormData();
    form.append("text", "é");
    form.append("file", new File(["content"], "name.txt", { type: "text/x" }));
    form.append("blob", new Blob(["b"]));
    const read = await new Response(form).formData();
    t.write("text", read.get("text"));
    const file = read.get("file");
    t.write("file", file instanceof File, file.name, file.type, await file.text());
    t.write("blob", read.get("blob").name, read.get("missing"));
    t.write("keys", [...read.keys()]);
  }),

  "11.4 static responses": here(async (t) => {
    const json = Response.json({ a: 1 }, { status: 201, headers: { b: "2" } });
    t.write("json", json.status, listed(json.headers), await json.text());
    await t.attempt("undefined", async () => (await Response.json(undefined)).text());
    const redirect = Response.redirect("http://host/a b");
    t.write("redirect", redirect.status, redirect.headers.get("location"));
    t.write("redirect", Response.redirect("http://host/", 307).status);
    await t.attempt("wrong status", () => Response.redirect("http://host/", 200));
    await t.attempt("wrong URL", () => Response.redirect("nonsense"));
    t.write("error", Response.error().type, Response.error().status);
  }),

  "11.4 headers of some messages are fixed": here(async (t) => {
    await t.attempt("redirect", () => Response.redirect("http://host/").headers.set("a", "1"));
    await t.attempt("own", () => new Response().headers.set("a", "1"));
  }),

  "1.4 what an object receives": {
    object: mirror,
    async worker({ object }, t) {
      const send = async (...values) => (await object.fetch(...values)).json();
      t.write("get", await send("http://object/path?q"));
      t.write("text", await send("http://object/", { method: "POST", body: "é", headers: { "X-A": "1" } }));
      t.write("parameters", await send("http://object/", { method: "PUT", body: new URLSearchParams("a=1") }));
      t.write("request", await send(new Request("http://object/", { method: "DELETE" })));
      t.write("request and init", await send(new Request("http://object/", { method: "POST", body: "a" }), { method: "PATCH", body: "b" }));
    },
  },

  "1.4 cf goes along to an object": {
    object: {
      fetch: (_object, request) => (new URL(request.url).pathname === "/from"
        ? new Response(null, { status: 307, headers: { Location: "/to" } })
        : Response.json({ type: typeof request.cf, cf: request.cf, copy: new Request(request).cf, own: new Request(request, { cf: { b: 2 } }).cf })),
    },
    async worker({ object }, t) {
      const send = async (...values) => (await object.fetch(...values)).json();
      t.write("none", await send("http://object/"));
      t.write("empty", await send("http://object/", { cf: {} }));
      const cf = { a: 1, list: [1, "é", null], nested: { b: true }, gone: undefined, at: new Date(0), toText() {} };
      t.write("init", await send("http://object/", { cf }));
      t.write("request", await send(new Request("http://object/", { cf: { a: 1 } })));
      t.write("request and init", await send(new Request("http://object/", { cf: { a: 1 } }), { cf: { a: 2 } }));
      t.write("array", await send("http://object/", { cf: [1, 2] }));
      t.write("redirected", await send("http://object/from", { cf: { a: 1 } }));
      const cyclic = {};
      cyclic.self = cyclic;
      await send("http://object/", { cf: cyclic }).catch((error) => t.write("cyclic", error.name));
      await t.attempt("BigInt", () => send("http://object/", { cf: { a: 1n } }));
      await t.attempt("toJSON throws", () => send("http://object/", { cf: { toJSON() { throw new RangeError("no"); } } }));
    },
  },

  "1.4 what an object answers": {
    object: {
      fetch: (_object, request) => {
        const status = Number(new URL(request.url).pathname.slice(1));
        const headers = new Headers({ "X-A": "1", Location: "/next" });
        headers.append("Set-Cookie", "a=1");
        headers.append("Set-Cookie", "b=2");
        return new Response([204, 304].includes(status) ? null : "body", { status, statusText: "Words", headers });
      },
    },
    async worker({ object }, t) {
      for (const status of [200, 204, 304, 404, 500]) {
        const response = await object.fetch(`http://object/${status}`);
        t.write(String(status), response.status, response.statusText, response.ok, response.url, response.redirected);
        t.write("headers", listed(response.headers));
        t.write("body", await response.text(), response.type);
      }
      const manual = await object.fetch("http://object/302", { redirect: "manual" });
      t.write("manual", manual.status, manual.headers.get("location"));
    },
  },

  "1.4 redirects of an object are followed": {
    object: {
      fetch: (_object, request) => (new URL(request.url).pathname === "/from"
        ? new Response(null, { status: 302, headers: { Location: "http://object/to" } })
        : new Response(`${request.method} ${request.url}`)),
    },
    async worker({ object }, t) {
      const response = await object.fetch("http://object/from");
      t.write("followed", response.status, response.redirected, response.url, await response.text());
      await t.attempt("error", async () => (await object.fetch("http://object/from", { redirect: "error" })).status);
    },
  },

  "1.4 a request that arrived follows no redirect": {
    object: {
      async fetch({ env, ctx }, request) {
        const { pathname } = new URL(request.url);
        if (pathname === "/mode") return Response.json([request.redirect, new Request(request).redirect, request.clone().redirect, new Request("http://other/", request).redirect]);
        // Forwarded as it is, to the object that answers with the redirect.
        if (pathname === "/forward") return env.SUBJECT.getByName(`${ctx.id.name}#2`).fetch(new Request("http://object/from", request));
        if (pathname === "/from") return new Response(null, { status: 302, headers: { Location: "/elsewhere" } });
        return new Response(pathname);
      },
    },
    async worker({ object }, t) {
      t.write("mode", await (await object.fetch("http://object/mode")).json());
      const forwarded = await object.fetch("http://object/forward", { redirect: "manual" });
      t.write("forwarded", forwarded.status, forwarded.headers.get("location"), forwarded.redirected);
      const streamed = await object.fetch("http://object/forward", { method: "POST", body: new Blob(["x"]).stream(), redirect: "manual" });
      t.write("with a body", streamed.status, streamed.headers.get("location"));
    },
  },

  "1.4 headers of a response from an object cannot be changed": {
    object: { fetch: () => new Response("x") },
    async worker({ object }, t) {
      const response = await object.fetch("http://object/");
      await t.attempt("set", () => response.headers.set("a", "1"));
      const copy = new Response(response.body, response);
      await t.attempt("copy", () => { copy.headers.set("a", "1"); return copy.headers.get("a"); });
    },
  },

  "1.4 headers of the request of an object cannot be changed": {
    object: {
      async fetch(_object, request) {
        try {
          request.headers.set("a", "1");
          return new Response("changed");
        } catch (error) {
          return new Response(`${error.name}: ${error.message}`);
        }
      },
    },
    async worker({ object }, t) {
      t.write("answer", await (await object.fetch("http://object/")).text());
    },
  },

  "1.4 a body streams through": {
    object: {
      fetch: (_object, request) => new Response(request.body, { headers: { "content-type": "x/y" } }),
    },
    async worker({ object }, t) {
      const { readable, writable } = new TransformStream();
      const writer = writable.getWriter();
      const answer = object.fetch("http://object/", { method: "POST", body: readable });
      const written = ["one ", "two ", "three"].map((chunk) => writer.write(new TextEncoder().encode(chunk)));
      written.push(writer.close());
      const response = await answer;
      t.write("body", response.headers.get("content-type"), await response.text());
      await Promise.all(written);
    },
  },

  "1.4 a body of a megabyte": {
    object: {
      async fetch(_object, request) {
        return new Response(new Uint8Array((await request.arrayBuffer()).byteLength * 2));
      },
    },
    async worker({ object }, t) {
      const response = await object.fetch("http://object/", { method: "POST", body: new Uint8Array(1024 * 1024) });
      t.write("bytes", (await response.arrayBuffer()).byteLength);
    },
  },

  "1.4 a body that fails": {
    object: {
      fetch: () => new Response(new ReadableStream({
        start(controller) { controller.enqueue(new TextEncoder().encode("part")); },
        pull(controller) { controller.error(new Error("broken")); },
      })),
    },
    async worker({ object }, t) {
      try {
        const response = await object.fetch("http://object/");
        await response.text();
        t.write("read whole");
      } catch (error) {
        t.write("fails", error instanceof Error);
      }
    },
  },

  "1.4 a call that is aborted": {
    object: {
      async fetch() { await scheduler.wait(10000); return new Response("late"); },
    },
    async worker({ object }, t) {
      const controller = new AbortController();
      const call = object.fetch("http://object/", { signal: controller.signal });
      controller.abort();
      await t.attempt("default reason", () => call);
      await t.attempt("before", () => object.fetch("http://object/", { signal: AbortSignal.abort(new RangeError("mine")) }));
    },
  },
};

export class Subject extends caseObject(cases) {}

export default caseWorker(cases);
