/** Globals of the platform: URLs, text, streams, timers, events, copies. Reference: sections 2.9 and 11.4. */

import { cache, tracing } from "cloudflare:workers";

import { caseObject, caseWorker, inObject, inWorker } from "../harness.js";

const here = (body) => inWorker((_, t) => body(t));

/** Keeps the thread for a while. */
const work = () => {
  let sum = 0;
  for (let i = 0; i < 10_000_000; i++) sum = (sum * 31 + i) | 0;
  return sum;
};

const cases = {
  "11.4 the parts of a URL": here((t) => {
    const url = new URL("https://user:pw@Host.example:8443/a/../b%20c?x=1&y=é#frag");
    t.write("parts", url.href, url.origin, url.host, url.hostname, url.port, url.pathname, url.search, url.hash, url.username);
    url.searchParams.append("z", "a b");
    url.port = "443";
    url.pathname = "/new path";
    t.write("changed", url.href);
    t.write("relative", new URL("../c?d", "http://host/a/b/").href);
  }),

  "11.4 what is no URL": here(async (t) => {
    for (const text of ["", "path", "http://", "http://host:99999/", "http://a b/"]) {
      await t.attempt(text, () => new URL(text).href);
    }
    t.write("canParse", URL.canParse("http://host/"), URL.canParse("nonsense"));
    t.write("idna", new URL("http://bücher.example/").hostname);
  }),

  "11.4 search parameters": here((t) => {
    const parameters = new URLSearchParams("a=1&b=2&a=3&c=%C3%A9+x");
    t.write("get", parameters.get("a"), parameters.getAll("a"), parameters.get("c"), parameters.has("b", "2"));
    parameters.sort();
    parameters.delete("b");
    t.write("text", parameters.toString(), parameters.size);
    t.write("from", new URLSearchParams({ x: "1 2" }).toString(), new URLSearchParams([["k", "&"]]).toString());
  }),

  "11.4 text and bytes": here(async (t) => {
    t.write("encode", new TextEncoder().encode("é\u{1f600}"));
    t.write("decode", new TextDecoder().decode(new Uint8Array([0xc3, 0xa9, 0xff])));
    await t.attempt("fatal", () => new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array([0xff])));
    t.write("other", new TextDecoder("windows-1252").decode(new Uint8Array([0x80])));
    t.write("bom", new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])));
    await t.attempt("unknown", () => new TextDecoder("nonsense"));
    t.write("base64", btoa("\u00ff\u0000"), atob("/wA="));
    await t.attempt("btoa", () => btoa("\u0100"));
    await t.attempt("atob", () => atob("a"));
  }),

  "11.4 structuredClone": here(async (t) => {
    const source = { date: new Date(5), map: new Map([[1, { a: [1] }]]), error: new RangeError("text"), bytes: new Uint8Array([1]) };
    source.self = source;
    const copy = structuredClone(source);
    t.write("copy", copy.date, copy.map, copy.error, copy.bytes, copy.self === copy, copy !== source);
    await t.attempt("function", () => structuredClone((x) => x));
    await t.attempt("symbol", () => structuredClone(Symbol("s")));
    await t.attempt("promise", () => structuredClone(Promise.resolve()));
    const buffer = new ArrayBuffer(2);
    t.write("moved", structuredClone(buffer, { transfer: [buffer] }).byteLength, buffer.byteLength);
    await t.attempt("nothing", () => structuredClone());
  }),

  "11.4 events": here((t) => {
    const target = new EventTarget();
    const seen = [];
    target.addEventListener("x", (event) => seen.push(["one", event.type, event.target === target]));
    target.addEventListener("x", { handleEvent: () => seen.push("object") });
    target.addEventListener("x", () => seen.push("once"), { once: true });
    const event = new Event("x", { cancelable: true });
    t.write("dispatch", target.dispatchEvent(event));
    target.dispatchEvent(new Event("x"));
    t.write("seen", seen);
    t.write("custom", new CustomEvent("y", { detail: 7 }).detail);
    target.addEventListener("z", (cancelled) => cancelled.preventDefault());
    t.write("cancelled", target.dispatchEvent(new Event("z", { cancelable: true })));
  }),

  "11.4 a listener that throws": here(async (t) => {
    const target = new EventTarget();
    const seen = [];
    target.addEventListener("x", () => { seen.push("one"); throw new RangeError("of the first"); }, { once: true });
    target.addEventListener("x", () => { seen.push("two"); });
    const event = new Event("x");
    await t.attempt("dispatch", () => target.dispatchEvent(event));
    t.write("seen", seen, event.eventPhase, event.target === target);
    await t.attempt("again", () => target.dispatchEvent(event));
    t.write("seen", seen);
    target.addEventListener("y", { handleEvent() { throw new TypeError("of an object"); } });
    await t.attempt("object", () => target.dispatchEvent(new Event("y")));
  }),

  "11.4 the global object": here(async (t) => {
    t.write("text", String(self), Object.prototype.toString.call(globalThis), self.constructor.name);
    t.write("classes", ServiceWorkerGlobalScope.name, WorkerGlobalScope.name, self instanceof ServiceWorkerGlobalScope);
    await t.attempt("made", () => new ServiceWorkerGlobalScope());
    await t.attempt("made", () => new WorkerGlobalScope());
    t.write("methods", typeof self.addEventListener, typeof self.hasOwnProperty, "toString" in self);
    const chain = [];
    for (let at = Object.getPrototypeOf(self); at !== null; at = Object.getPrototypeOf(at)) chain.push(at.constructor.name);
    t.write("chain", chain);
  }),

  "11.4 the length of a stack": here((t) => {
    const deep = (levels) => (levels === 0 ? new Error("text") : deep(levels - 1));
    const frames = () => deep(20).stack.split("\n").filter((line) => line.startsWith("    at ")).length;
    t.write("limit", Error.stackTraceLimit, frames());
    Error.stackTraceLimit = 3;
    t.write("three", Error.stackTraceLimit, frames());
    Error.stackTraceLimit = 0;
    t.write("none", frames());
    Error.stackTraceLimit = 10;
  }),

  "11.4 a fetch that is refused": here(async (t) => {
    await t.attempt("nobody listens", () => fetch("http://127.0.0.1:1/"));
    await t.attempt("an upgrade", () => fetch("http://127.0.0.1:1/", { headers: { Upgrade: "websocket" } }));
    await t.attempt("another scheme", () => fetch("ftp://127.0.0.1/"));
  }),

  "11.4 aborting": here(async (t) => {
    const controller = new AbortController();
    const seen = [];
    controller.signal.addEventListener("abort", (event) => seen.push(event.type));
    controller.abort();
    controller.abort("again");
    t.write("aborted", controller.signal.aborted, controller.signal.reason, seen);
    await t.attempt("throwIfAborted", () => AbortSignal.abort("reason").throwIfAborted());
    t.write("any", AbortSignal.any([new AbortController().signal, AbortSignal.abort(7)]).reason);
    const timeout = AbortSignal.timeout(1);
    await new Promise((resolve) => timeout.addEventListener("abort", resolve));
    t.write("timeout", timeout.reason);
  }),

  "2.9 timers fire in order": inObject(async (_, t) => {
    const order = [];
    setTimeout((...values) => order.push(values), 5, "later", 1);
    setTimeout(() => order.push("sooner"), 1);
    setTimeout(() => order.push("same, second"), 1);
    const cancelled = setTimeout(() => order.push("cancelled"), 1);
    clearTimeout(cancelled);
    queueMicrotask(() => order.push("microtask"));
    await scheduler.wait(20);
    t.write("order", order);
  }),

  "2.9 intervals": inObject(async (_, t) => {
    let count = 0;
    await new Promise((resolve) => {
      const id = setInterval(() => {
        count += 1;
        if (count === 3) {
          clearInterval(id);
          resolve();
        }
      }, 1);
    });
    await scheduler.wait(10);
    t.write("count", count);
  }),

  "2.9 timers fire by their time, also those that became due in one long turn": inObject(async (_, t) => {
    const order = [];
    const delays = [33, 5, 70, 29, 5, 2, 61, 3, 12, 45];
    for (const delay of delays) setTimeout(() => order.push(delay), delay);
    work();
    await scheduler.wait(150);
    t.write("one turn", order);
    order.length = 0;
    setTimeout(() => {
      order.push("first");
      setTimeout(() => order.push("set by the first"), 20);
      work();
    }, 10);
    setTimeout(() => order.push("later than that"), 60);
    setTimeout(() => order.push("sooner than that"), 20);
    await scheduler.wait(150);
    t.write("two turns", order);
  }),

  "2.9 at most 10000 timers are active": inObject(async (_, t) => {
    const ids = [];
    const start = () => ids.push(ids.length % 2 ? setTimeout(() => {}, 100_000) : setInterval(() => {}, 100_000));
    while (ids.length < 10_000) start();
    await t.attempt("one more", start);
    await t.attempt("to wait", () => scheduler.wait(1));
    clearTimeout(ids[0]);
    await t.attempt("instead of one", start);
    ids.forEach(clearTimeout);
    await t.attempt("after all", () => scheduler.wait(1));
  }),

  "2.9 delays of every kind": inObject(async (_, t) => {
    const fired = [];
    for (const delay of [0, -1, undefined, null, "1", NaN, 0.5]) {
      setTimeout(() => fired.push(String(delay)), delay);
    }
    await scheduler.wait(20);
    t.write("fired", fired.length);
    t.write("clear nothing", clearTimeout(null), clearTimeout(undefined), clearTimeout(123456));
    await t.attempt("no function", () => setTimeout());
    await t.attempt("a string", () => setTimeout("1 + 1", 1));
  }),

  "2.9 scheduler.wait": inObject(async (_, t) => {
    t.write("value", await scheduler.wait(1));
    await t.attempt("aborted", () => scheduler.wait(1000, { signal: AbortSignal.abort() }));
    const controller = new AbortController();
    const wait = scheduler.wait(10000, { signal: controller.signal });
    controller.abort(new RangeError("enough"));
    await t.attempt("aborted later", () => wait);
  }),

  "11.4 a stream that a program fills": here(async (t) => {
    const stream = new ReadableStream({
      start(controller) { controller.enqueue("a"); },
      pull(controller) { controller.enqueue("b"); controller.close(); },
    });
    const seen = [];
    for await (const chunk of stream) {
      seen.push(chunk);
    }
    t.write("chunks", seen);
    const reader = new ReadableStream({ start(controller) { controller.error(new RangeError("broken")); } }).getReader();
    await t.attempt("error", () => reader.read());
  }),

  "11.4 streams are piped, teed and transformed": here(async (t) => {
    const upper = new TransformStream({ transform(chunk, controller) { controller.enqueue(chunk.toUpperCase()); } });
    const source = () => new ReadableStream({ start(controller) { controller.enqueue("ab"); controller.enqueue("c"); controller.close(); } });
    const chunks = [];
    await source().pipeThrough(upper).pipeTo(new WritableStream({ write(chunk) { chunks.push(chunk); } }));
    t.write("piped", chunks);
    const [one, two] = source().tee();
    t.write("teed", await Array.fromAsync(one), await Array.fromAsync(two));
    t.write("text", await new Response(source().pipeThrough(new TextEncoderStream())).text());
  }),

  "11.4 a stream of a fixed length gets more or less": here(async (t) => {
    const filled = async (length, ...chunks) => {
      const { readable, writable } = new FixedLengthStream(length);
      const writer = writable.getWriter();
      const read = new Response(readable).text();
      const steps = [...chunks.map((chunk) => writer.write(new TextEncoder().encode(chunk))), writer.close(), writer.closed, read];
      return (await Promise.allSettled(steps)).map(({ value = "done", reason }) => reason ?? value);
    };
    await t.attempt("exactly", () => filled(3, "ab", "c"));
    await t.attempt("more", () => filled(3, "ab", "cd"));
    await t.attempt("more at once", () => filled(3, "abcd"));
    await t.attempt("less", () => filled(3, "ab"));
  }),

  "11.4 a reader locks its stream": here(async (t) => {
    const stream = new Response("x").body;
    const reader = stream.getReader();
    t.write("locked", stream.locked);
    await t.attempt("again", () => stream.getReader());
    const { value, done } = await reader.read();
    t.write("read", value, done);
    t.write("end", (await reader.read()).done);
    reader.releaseLock();
    t.write("released", stream.locked);
    await t.attempt("cancel", () => new Response("x").body.cancel("enough"));
  }),

  "11.4 blobs and files": here(async (t) => {
    const blob = new Blob(["ab", new Uint8Array([99]), new Blob(["d"])], { type: "Text/Plain" });
    t.write("blob", blob.size, blob.type, await blob.text(), await blob.slice(1, 3).text());
    const file = new File(["x"], "name", { type: "a/b", lastModified: 5 });
    t.write("file", file.name, file.lastModified, file instanceof Blob);
  }),

  "11.4 digests and random values": here(async (t) => {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("abc"));
    t.write("sha256", new Uint8Array(digest).toHex?.() ?? digest.byteLength);
    t.write("uuid", /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID()));
    t.write("random", crypto.getRandomValues(new Uint8Array(4)).length);
    await t.attempt("too many", () => crypto.getRandomValues(new Uint8Array(65537)));
    await t.attempt("floats", () => crypto.getRandomValues(new Float32Array(1)));
  }),

  "11.4 the names of errors": here((t) => {
    const error = new DOMException("text", "AbortError");
    t.write("error", error, error.code, error instanceof Error, String(error));
    t.write("default", new DOMException().name, new DOMException("x", "Mine").code);
  }),

  "11.4 who the navigator is": here((t) => {
    t.write("agent", navigator.userAgent);
    t.write("self", self === globalThis, typeof caches, typeof WebAssembly);
  }),

  "11.2 spans that nobody records": here(async (t) => {
    t.write("result", tracing.enterSpan("work", (span, ...args) => [String(span), ...args], 1, 2));
    t.write("awaited", await tracing.startActiveSpan("work", async (span) => (span.end(), "done")));
    t.write("attributes", tracing.enterSpan("work", (span) => [span.setAttribute("a", 1) === span, span.setAttributes({ b: true }) === span]));
    t.write("started", String(tracing.startSpan("work")), String(tracing));
    for (const method of ["enterSpan", "startActiveSpan"]) {
      await t.attempt("thrown", () => tracing[method]("work", () => { throw new RangeError("no"); }));
      await t.attempt("no function", () => tracing[method]("work"));
      await t.attempt("nothing", () => tracing[method]());
    }
    await t.attempt("startSpan of nothing", () => tracing.startSpan());
    await t.attempt("new Span", () => new tracing.Span());
    t.write("cache", typeof cache, Object.keys(cache).length);
  }),

  "11.4 events of handlers are classes without a constructor": here(async (t) => {
    for (const Class of [FetchEvent, ScheduledEvent, TailEvent]) await t.attempt(Class.name, () => new Class("x"));
    t.write("names", TraceEvent === TailEvent, new Set([FetchEvent, ScheduledEvent, TailEvent].map(Object.getPrototypeOf)).size);
    t.write("members", Object.keys(FetchEvent.prototype), Object.keys(ScheduledEvent.prototype));
  }),

  "11.4 what caches have in name only": here(async (t) => {
    for (const method of ["add", "addAll", "keys", "matchAll"]) await t.attempt(method, () => caches.default[method]("http://a/"));
    for (const method of ["delete", "has", "keys", "match"]) await t.attempt(method, () => caches[method]("a"));
  }),

  "11.1 no code from strings": here(async (t) => {
    await t.attempt("eval", () => { try { (0, eval)("1"); } catch (error) { return error.name; } return "ran"; });
    await t.attempt("Function", () => { try { new Function("return 1"); } catch (error) { return error.name; } return "made"; });
  }),

  "11.1 what a module knows of itself": here((t) => {
    t.write("type", typeof import.meta, Object.keys(import.meta), Object.getPrototypeOf(import.meta));
    t.write("url", import.meta.url);
  }),

  "2.9 platform objects as values": inObject(async ({ ctx }, t) => {
    const values = {
      headers: new Headers([["b", "1"], ["set-cookie", "x"], ["a", "2"], ["set-cookie", "y"]]),
      blob: new Blob(["xyz"], { type: "text/plain" }),
      request: new Request("http://host/a?b", { method: "PUT", headers: { c: "3" }, cf: { d: 4 } }),
      response: new Response(null, { status: 404, statusText: "Nope", headers: { e: "5" } }),
    };
    const describe = async ({ headers, blob, request, response }) => [
      [...headers], blob instanceof Blob, blob.type, await blob.text(),
      request.method, request.url, [...request.headers], request.cf, request.body,
      response.status, response.statusText, [...response.headers], response.body,
    ];
    t.write("cloned", await describe(structuredClone(values)));
    await ctx.storage.put("values", values);
    t.write("stored", await describe(await ctx.storage.get("values")));
    const others = {
      file: new File(["x"], "a"), stream: new ReadableStream(), sink: new WritableStream(), body: new Response("x"),
      signal: new AbortController().signal,
    };
    for (const [name, value] of Object.entries(others)) {
      await t.attempt(name, () => { structuredClone(value); });
      await t.attempt(name, () => ctx.storage.put("other", value));
    }
  }),
};

export class Subject extends caseObject(cases) {}

export default caseWorker(cases);
