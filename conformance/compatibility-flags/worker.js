/**
 * What each compatibility flag changes that a program can see: the same cases with the flags on and, in the folder beside
 * it, off. Reference: section 11.5.
 */

import { env as importable, withEnv } from "cloudflare:workers";

import { caseObject, caseWorker, inWorker } from "../harness.js";

const here = (body) => inWorker((tools, t) => body(t, tools));

/** What `action` throws at once, as a rejection, or gives. */
const howItFails = (action) => {
  let promise;
  try {
    promise = action();
  } catch (error) {
    return `throws ${error.constructor.name}`;
  }
  return promise.then(() => "resolves", (error) => `rejects with ${error.constructor.name}`);
};

const cases = {
  "11.5 durable_object_fetch_requires_full_url": here(async (t, { object }) => {
    await t.attempt("relative", async () => (await object.fetch("/path")).text());
    t.write("absolute", await (await object.fetch("http://host/path")).text());
  }),

  "11.5 fetch_refuses_unknown_protocols": here(async (t) => {
    const error = await fetch("ftp://127.0.0.1:1/").catch((reason) => reason);
    t.write("ftp", error.message.startsWith("Fetch API cannot load"));
  }),

  "11.5 workers_api_getters_setters_on_prototype": here((t) => {
    for (const [value, name] of [[new Response(), "status"], [new Request("http://x/"), "url"], [new Event("x"), "type"]]) {
      t.write(name, Object.hasOwn(value, name), Object.hasOwn(Object.getPrototypeOf(value), name), Object.keys(value).length > 0);
    }
  }),

  "11.5 global_navigator and enable_navigator_language": here((t) => {
    t.write("navigator", typeof navigator, typeof globalThis.navigator?.userAgent);
    t.write("language", "language" in (globalThis.navigator ?? {}), "languages" in (globalThis.navigator ?? {}));
  }),

  "11.5 no_global_importscripts": here((t) => {
    t.write("importScripts", typeof importScripts);
  }),

  "11.5 capture_async_api_throws": here(async (t) => {
    t.write("digest", await howItFails(() => crypto.subtle.digest("SHA-256")));
    t.write("fetch", await howItFails(() => fetch()));
  }),

  "11.5 url_standard": here((t) => {
    const parse = (text) => {
      try {
        return new URL(text).href;
      } catch (error) {
        return error.constructor.name;
      }
    };
    for (const text of ["http://host/a b", "http://HOST:80/%7Ea", "http://host/a|b", "http://host/?q='", "file:///c:/x"]) {
      t.write(text, parse(text));
    }
    t.write("canParse", typeof URL.canParse);
    t.write("search", new URL("http://host/?").search);
  }),

  "11.5 response_redirect_url_standard": here(async (t) => {
    await t.attempt("with a space", () => Response.redirect("http://host/a b").headers.get("Location"));
    await t.attempt("without a path", () => Response.redirect("http://host").headers.get("Location"));
  }),

  "11.5 urlsearchparams_delete_has_value_arg": here((t) => {
    const parameters = new URLSearchParams("a=1&a=2");
    t.write("has", parameters.has("a", "3"));
    parameters.delete("a", "1");
    t.write("delete", `${parameters}`);
  }),

  "11.5 streams_enable_constructors": here(async (t) => {
    await t.attempt("ReadableStream", () => new ReadableStream({}) instanceof ReadableStream);
    await t.attempt("WritableStream", () => new WritableStream({}) instanceof WritableStream);
  }),

  "11.5 transformstream_enable_standard_constructor": here(async (t) => {
    await t.attempt("with a transformer", async () => {
      const { readable, writable } = new TransformStream({ transform: (chunk, controller) => controller.enqueue(`<${chunk}>`) });
      const writer = writable.getWriter();
      writer.write("a").catch(() => {});
      return (await readable.getReader().read()).value;
    });
  }),

  "11.5 streams_byob_reader_detaches_buffer": here(async (t) => {
    const view = new Uint8Array(4);
    const { value } = await new Response("text").body.getReader({ mode: "byob" }).read(view);
    t.write("read", value.byteLength, view.byteLength);
  }),

  "11.5 internal_stream_byob_return_view": here(async (t) => {
    const reader = new Response("a").body.getReader({ mode: "byob" });
    await reader.read(new Uint8Array(4));
    const { value, done } = await reader.read(new Uint8Array(4));
    t.write("at the end", done, value);
  }),

  "11.5 http_headers_getsetcookie": here((t) => {
    t.write("getSetCookie", typeof Headers.prototype.getSetCookie);
    const headers = new Headers({ a: "b" });
    headers.append("Set-Cookie", "c=1");
    headers.append("Set-Cookie", "d=2");
    t.write("iteration", [...headers], headers.getAll("Set-Cookie"));
  }),

  "11.5 formdata_parser_supports_files": here(async (t) => {
    const body = '--b\r\nContent-Disposition: form-data; name="f"; filename="n.txt"\r\n\r\ntext\r\n--b--\r\n';
    const form = await new Response(body, { headers: { "Content-Type": "multipart/form-data; boundary=b" } }).formData();
    t.write("file", typeof form.get("f"));
  }),

  "11.5 blob_standard_mime_type": here(async (t) => {
    const response = new Response("a", { headers: { "Content-Type": "Text/HTML; Charset=UTF-8" } });
    t.write("of a response", (await response.blob()).type);
    t.write("type", new Blob([], { type: "text/plain; charset=UTF-8" }).type, new Blob([], { type: "TEXT/Plain" }).type);
  }),

  "11.5 no_resizable_array_buffer_in_blob": here(async (t) => {
    await t.attempt("size", () => new Blob([new Uint8Array(new ArrayBuffer(2, { maxByteLength: 4 }))]).size);
  }),

  "11.5 html_rewriter_treats_esi_include_as_void_tag": here(async (t) => {
    const rewriter = new HTMLRewriter().on("esi\\:include", { element: (element) => element.remove() });
    t.write("removed", await rewriter.transform(new Response("<p><esi:include src=x>a</p>b")).text());
  }),

  "11.5 strict_compression_checks": here(async (t) => {
    const compressed = new Response("text").body.pipeThrough(new CompressionStream("gzip"));
    const bytes = new Uint8Array(await new Response(compressed).arrayBuffer());
    const decompress = (part) => new Response(new Response(part).body.pipeThrough(new DecompressionStream("gzip"))).text();
    await t.attempt("short", () => decompress(bytes.slice(0, -9)));
    await t.attempt("more", () => decompress(new Uint8Array([...bytes, 1])));
  }),

  "11.5 strict_crypto_checks": here(async (t) => {
    await t.attempt("a long salt", async () => {
      const key = await crypto.subtle.importKey("raw", new Uint8Array(4), "PBKDF2", false, ["deriveBits"]);
      const bits = await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt: new Uint8Array(4), iterations: 1 }, key, 12);
      return bits.byteLength;
    });
  }),

  "11.5 crypto_preserve_public_exponent": here(async (t) => {
    const algorithm = { name: "RSA-PSS", hash: "SHA-256", modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]) };
    const { publicKey } = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    t.write("publicExponent", publicKey.algorithm.publicExponent);
  }),

  "11.5 fetcher_no_get_put_delete": here(async (t, { object }) => {
    await t.attempt("get", () => object.get("http://host/path"));
  }),

  "11.5 unwrap_custom_thenables": here(async (t, { object }) => {
    await t.attempt("a response", async () => (await object.fetch("http://host/thenable")).text());
  }),

  "11.5 set_tostring_tag": here((t, { namespace, object, ctx }) => {
    t.write("names", `${new Response()}`, `${new Headers()}`, `${new Blob([])}`, `${crypto}`, `${new URL("http://x/")}`.length);
    t.write("own", Object.prototype.toString.call(new URL("http://x/")), Object.prototype.toString.call(new Response("a").body));
    t.write("of bindings", ...[namespace, object, object.id, ctx].map((value) => Object.prototype.toString.call(value)));
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    t.write("a WebSocket in a response", new Response(null, { status: 101, webSocket: client }).webSocket === client);
  }),

  "11.5 upper_case_all_http_methods": here(async (t) => {
    await t.attempt("get", () => new Request("http://x/", { method: "get" }).method);
    await t.attempt("patch", () => new Request("http://x/", { method: "patch" }).method);
  }),

  "11.5 cache_option_enabled and cache_no_cache_enabled": here(async (t) => {
    for (const cache of ["no-store", "no-cache", "reload"]) await t.attempt(cache, () => new Request("http://x/", { cache }).cache);
  }),

  "11.5 urlpattern_standard": here(async (t) => {
    const { a, b } = new URLPattern({ pathname: "/:a/:b?" }).exec("http://x/1").pathname.groups;
    t.write("groups", a, b);
    t.write("hasRegExpGroups", "hasRegExpGroups" in URLPattern.prototype);
  }),

  "11.5 enable_weak_ref": here((t) => {
    t.write("globals", typeof WeakRef, typeof FinalizationRegistry);
  }),

  "11.5 set_event_target_this": here((t) => {
    const target = new EventTarget();
    let self;
    target.addEventListener("x", function () {
      self = this;
    });
    target.dispatchEvent(new Event("x"));
    t.write("this is the target", self === target, self === globalThis);
  }),

  "11.5 spec_compliant_dispatch_exceptions": here(async (t) => {
    const target = new EventTarget();
    const log = [];
    target.addEventListener("x", () => {
      log.push("first");
      throw new Error("from a listener");
    });
    target.addEventListener("x", () => log.push("second"));
    const listener = (event) => {
      log.push(`error: ${event.error?.message}`);
      event.preventDefault();
    };
    addEventListener("error", listener);
    await t.attempt("dispatchEvent", () => target.dispatchEvent(new Event("x")));
    removeEventListener("error", listener);
    t.write("in order", log);
  }),

  "11.5 encoder_stream_spec_compliant_backpressure": here(async (t) => {
    // Without it these streams are other ones in workerd.
    if (!Cloudflare.compatibilityFlags.transformstream_enable_standard_constructor) return;
    for (const [stream, chunk] of [[new TextEncoderStream(), "a"], [new TextDecoderStream(), new Uint8Array([97])]]) {
      const writer = stream.writable.getWriter();
      let written = 0;
      for (let i = 0; i < 3; i++) writer.write(chunk).then(() => written++);
      await scheduler.wait(1);
      t.write("chunks that nobody has read", written, writer.desiredSize);
    }
  }),

  "11.5 disallow_importable_env and process.env": here((t) => {
    t.write("variables", typeof globalThis.process?.env, "TEXT" in (globalThis.process?.env ?? {}));
  }),

  "11.5 expose_global_message_channel": here((t) => {
    t.write("globals", typeof MessageChannel, typeof MessagePort);
  }),

  "11.5 enable_ctx_exports": here((t, { ctx }) => {
    t.write("exports", typeof ctx.exports);
  }),

  "11.5 strip_bom_in_read_all_text": here(async (t) => {
    t.write("text", (await new Response(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])).text()).length);
  }),

  "11.5 fetch_iterable_type_support": here(async (t) => {
    await t.attempt("an array", async () => (await new Response([new Uint8Array([97]), new Uint8Array([98])]).text()));
    await t.attempt("a generator", async () => (await new Response((async function* () { yield new Uint8Array([99]); })()).text()));
  }),

  "11.5 text_decoder_replace_surrogates": here((t) => {
    t.write("utf-16le", new TextDecoder("utf-16le").decode(new Uint8Array([0x00, 0xd8, 0x61, 0x00])));
  }),

  "11.5 delete_all_deletes_alarm": here(async (t, { object }) => {
    t.write("alarm", await (await object.fetch("http://host/alarm")).text());
  }),

  "11.5 websocket_standard_binary_type": here(async (t) => {
    const [left, right] = Object.values(new WebSocketPair());
    const got = new Promise((resolve) => {
      right.addEventListener("message", ({ data }) => resolve(data.constructor.name), { once: true });
    });
    left.accept();
    right.accept();
    left.send(new Uint8Array([1]));
    t.write("binaryType", right.binaryType, await got);
  }),

  "11.5 websocket_close_reason_byte_limit": here(async (t) => {
    const [left, right] = Object.values(new WebSocketPair());
    left.accept();
    right.accept();
    await t.attempt("123 bytes", () => left.close(1000, "a".repeat(123)));
    const [other] = Object.values(new WebSocketPair());
    other.accept();
    await t.attempt("124 bytes", () => other.close(1000, "a".repeat(124)));
  }),

  "11.5 enhanced_error_serialization": here((t) => {
    const error = structuredClone(Object.assign(new RangeError("text", { cause: 5 }), { code: 7 }));
    t.write("error", error.constructor.name, error.message, error.cause, error.code);
  }),

  "11.5 enable_global_performance_classes": here((t) => {
    t.write("globals", typeof PerformanceEntry, typeof PerformanceMark, typeof Performance);
  }),

  "11.5 nodejs_compat": here(async (t) => {
    t.write("globals", typeof process, typeof Buffer, typeof global, typeof setImmediate);
    const specifier = "node:path";
    await t.attempt("import", async () => (await import(specifier)).join("a", "b"));
  }),

  "11.5 enable_request_signal": here(async (t, { object }) => {
    t.write("signal", await (await object.fetch("http://host/signal")).text());
  }),

  "11.5 rpc": here((t, { object }) => {
    t.write("method", typeof object.method, "method" in object, typeof object.then, typeof object.fetch);
  }),

  "11.5 disallow_importable_env": here((t) => {
    t.write("env", Object.keys(importable));
    t.write("withEnv", withEnv({ own: 1 }, () => ({ ...importable })));
  }),

  "11.5 fetch_standard_url": here(async (t, { object }) => {
    for (const url of ["http://host/a b", "http://HOST:80/a/../b", "http://host/?q='", "http://host", " http://host/y ", "http://host/\u00e9"]) {
      await t.attempt(url, () => new Request(url).url);
    }
    await t.attempt("a name and a password", async () => (await object.fetch("http://user:pw@host/url")).text());
  }),

  "11.5 handle_cross_request_promise_resolution": here(async (t, { object }) => {
    const settled = new Promise((resolve) => {
      settle = resolve;
    });
    await object.fetch("http://host/settle");
    t.write("value", await settled);
    await t.attempt("its own I/O afterwards", async () => (await object.fetch("http://host/path")).text());
  }),

  "11.5 unhandled_rejection_after_microtask_checkpoint": here(async (t) => {
    const seen = [];
    const listener = (event) => {
      seen.push(event.type);
      event.preventDefault();
    };
    addEventListener("unhandledrejection", listener);
    const rejected = Promise.reject(new Error("handled soon"));
    await undefined;
    await undefined;
    rejected.catch(() => {});
    await scheduler.wait(1);
    removeEventListener("unhandledrejection", listener);
    t.write("a handler that comes with a later microtask", seen);
  }),

  "11.5 unhandled_rejection_after_microtask_checkpoint: the moment": here(async (t) => {
    let log = [];
    const listener = (event) => {
      log.push(event.type === "rejectionhandled" ? "handled" : `unhandled ${event.reason}`);
      event.preventDefault();
    };
    const steps = (name, count) => {
      let step = Promise.resolve();
      for (let i = 1; i <= count; i++) step = step.then(() => log.push(`${name}${i}`));
    };
    const soon = (action) => Promise.resolve().then(action);
    addEventListener("unhandledrejection", listener);
    addEventListener("rejectionhandled", listener);
    const run = async (label, action) => {
      log = [];
      await action();
      await scheduler.wait(1);
      t.write(label, log.join(", "));
    };
    await run("between the steps of others", () => {
      steps("a", 2);
      Promise.reject("r");
      steps("b", 2);
    });
    await run("a handler with the next microtask", () => {
      const rejected = Promise.reject("r");
      soon(() => rejected.catch(() => {}));
      steps("a", 2);
    });
    await run("a handler with the microtask before", () => {
      let rejected;
      soon(() => rejected.catch(() => {}));
      rejected = Promise.reject("r");
    });
    await run("two at once", () => {
      Promise.reject("r");
      steps("a", 2);
      Promise.reject("s");
    });
    await run("one in a microtask", () => {
      steps("a", 3);
      soon(() => {
        Promise.reject("r");
        steps("b", 2);
      });
      steps("c", 3);
    });
    await run("of an async function", () => {
      (async () => {
        await undefined;
        throw "r";
      })();
      steps("a", 3);
    });
    await run("at the end of a chain", () => {
      Promise.reject("r").then(() => {}).then(() => {});
      steps("a", 4);
    });
    removeEventListener("unhandledrejection", listener);
    removeEventListener("rejectionhandled", listener);
  }),

  "11.5 web_socket_compression": here(async (t, { address }) => {
    const socket = new WebSocket(`ws://${address}`);
    const opened = await new Promise((resolve) => {
      socket.addEventListener("open", () => resolve(true));
      socket.addEventListener("error", () => resolve(false));
    });
    t.write("opened", opened, /permessage-deflate/.test(socket.extensions));
    socket.close();
    const response = await fetch(`http://${address}?plain`, { headers: { Upgrade: "websocket" } });
    const offer = await response.text();
    t.write("what fetch offers by itself", offer === "null" || offer.includes("permessage-deflate"));
  }),

  "11.5 enable_nodejs modules": here(async (t) => {
    const found = [];
    for (const name of ["path", "assert", "stream/promises", "fs", "fs/promises", "os", "http", "_http_server", "readline/promises", "console"]) {
      await import(`node:${name}`).then(() => found.push(name), () => {});
    }
    t.write("modules", found);
    const nothing = "node:nothing";
    await t.attempt("no module of Node.js", () => import(nothing));
    const zlib = "node:zlib";
    await t.attempt("zlib", async () => {
      const { gunzipSync, gzipSync } = await import(zlib);
      return new TextDecoder().decode(gunzipSync(gzipSync("text")));
    });
    const bare = "path";
    await t.attempt("without node:", async () => (await import(bare)).join("a", "b"));
    t.write("flags", Cloudflare.compatibilityFlags.enable_nodejs_fs_module, Cloudflare.compatibilityFlags.nodejs_compat_v2);
    t.write("a timer", typeof setTimeout(() => {}, 0));
  }),

  "11.5 Cloudflare.compatibilityFlags": here((t) => {
    const { compatibilityFlags: flags } = Cloudflare;
    for (const flag of ["url_standard", "brotli_content_encoding", "nodejs_compat", "urlpattern_standard"]) t.write(flag, flags[flag]);
  }),
};

/** Settles a promise that another event waits for. */
let settle;

for (const each of Object.values(cases)) {
  each.object.fetch = async (object, request) => {
    const { pathname, search } = new URL(request.url);
    if (search === "?plain") return new Response(`${request.headers.get("Sec-WebSocket-Extensions")}`);
    if (request.headers.get("Upgrade") === "websocket") {
      const [client, server] = Object.values(new WebSocketPair());
      server.accept();
      return new Response(null, { status: 101, webSocket: client });
    }
    switch (pathname) {
      case "/thenable":
        return { then: (resolve) => resolve(new Response("from a thenable")) };
      case "/alarm":
        await object.ctx.storage.setAlarm(Date.now() + 3_600_000);
        await object.ctx.storage.deleteAll();
        return new Response(`${(await object.ctx.storage.getAlarm()) === null ? "deleted" : "kept"}`);
      case "/url":
        return new Response(request.url);
      case "/settle":
        settle("by the object");
        return new Response();
      case "/signal":
        return new Response(`${request.signal?.constructor.name} ${request.signal?.aborted}`);
      default:
        return new Response(pathname);
    }
  };
}

const served = caseWorker(cases);

export default served;

export const Subject = caseObject(cases);
