import { restoreOlder } from "stated:older-behaviours";
import { URL as OlderURL } from "stated:older-url";
import { globalClasses } from "stated:globals";
import { setFlags } from "stated:settings";
import { assert, assertEquals, assertThrows, test } from "stated:test";
import { replaceProgramClasses } from "stated:url";
import { URLSearchParams } from "stated:url-search-params";

/** The globals of a program that lacks these flags. */
function realm(lacking) {
  setFlags([], lacking);
  const target = /** @type {any} */ ({ ...globalClasses, fetch: async () => {
    throw new TypeError("Failed to execute 'fetch' on 'ServiceWorkerGlobalScope': parameter 1 is not of type 'Request or string'.");
  } });
  restoreOlder(target);
  return target;
}

// What is restored stays for good, so the cases follow each other.
test("without flags that are missing nothing changes", () => {
  const target = realm([]);
  assertEquals([target.ReadableStream, target.importScripts, Object.keys(new target.Response())], [globalClasses.ReadableStream, undefined, []]);
});

test("stream constructors refuse, and streams are still instances", () => {
  const target = realm(["streams_enable_constructors"]);
  for (const name of ["ReadableStream", "WritableStream"]) {
    assertThrows(() => new target[name](), Error, `To use the new ${name}() constructor, enable the streams_enable_constructors compatibility flag. `
      + "Refer to the docs for more information: https://developers.cloudflare.com/workers/platform/compatibility-dates/#compatibility-flags");
  }
  assert(new target.Response("x").body instanceof target.ReadableStream);
});

test("a TransformStream passes bytes on", async () => {
  const target = realm(["transformstream_enable_standard_constructor"]);
  const { readable, writable } = new target.TransformStream({ transform: (chunk, controller) => controller.enqueue(`<${chunk}>`) });
  void writable.getWriter().write("a");
  assertEquals([...(await readable.getReader().read()).value], [97]);
});

test("what is wrong with arguments is thrown", () => {
  const target = realm(["capture_async_api_throws"]);
  assertThrows(() => target.fetch(), TypeError, "Failed to execute 'fetch' on 'ServiceWorkerGlobalScope': parameter 1 is not of type 'Request or string'.");
});

test("a buffer that is read into is kept, and the end has no view", async () => {
  const target = realm(["streams_byob_reader_detaches_buffer", "internal_stream_byob_return_view"]);
  const reader = new target.Response("abc").body.getReader({ mode: "byob" });
  const view = new Uint8Array(4);
  const { value } = await reader.read(view);
  assertEquals([[...view], value.buffer === view.buffer, value.length], [[97, 98, 99, 0], true, 3]);
  assertEquals(await reader.read(new Uint8Array(4)), { value: undefined, done: true });
});

test("importScripts is there and loads nothing", () => {
  assertThrows(() => realm(["no_global_importscripts"]).importScripts(), TypeError, "importScripts() is not supported.");
});

test("lone surrogates of UTF-16 stay", () => {
  const target = realm(["text_decoder_replace_surrogates"]);
  assertEquals(new target.TextDecoder("utf-16le").decode(new Uint8Array([0xff, 0xfe, 0x00, 0xd8, 0x61, 0x00, 0x62])), "\ud800a\ufffd");
  assertEquals(new target.TextDecoder("utf-16be", { ignoreBOM: true }).decode(new Uint8Array([0xfe, 0xff, 0xd8, 0x00])), "\ufeff\ud800");
});

test("attributes are each object's own", () => {
  replaceProgramClasses({ URL: OlderURL, URLSearchParams });
  const target = realm(["workers_api_getters_setters_on_prototype", "url_standard"]);
  for (const [value, name] of [[new target.Response(), "status"], [new target.Request("http://x/"), "url"], [new target.Event("x"), "type"],
    [new OlderURL("http://x/"), "href"]]) {
    assertEquals([Object.hasOwn(value, name), name in Object.getPrototypeOf(value), Object.keys(value).includes(name)], [true, false, true]);
  }
  const url = new OlderURL("http://x/");
  url.pathname = "/y";
  assertEquals(Object.keys(new target.URL("http://x/")), []);
  assertEquals([url.href, new target.Response(null, { status: 404 }).ok], ["http://x/y", false]);
});

test("what nobody reads is let out of the encoder streams: nothing, one chunk, or all", async () => {
  const { TextEncoderStream } = globalClasses;
  for (const [lacking, expected] of /** @type {[string[], number][]} */ ([[[], 0], [["encoder_stream_spec_compliant_backpressure"], 1],
    [["encoder_stream_spec_compliant_backpressure", "fixup-transform-stream-backpressure"], 3]])) {
    setFlags([], lacking);
    const writer = new TextEncoderStream().writable.getWriter();
    let written = 0;
    for (let i = 0; i < 3; i++) void writer.write("a").then(() => written++);
    for (let i = 0; i < 50; i++) await undefined;
    assertEquals(written, expected);
  }
});

test("no-cache and reload are cache modes with their flags only", () => {
  const { Request } = globalClasses;
  const mode = (/** @type {string} */ cache) => new Request("http://x/", { cache }).cache;
  setFlags([], ["cache_no_cache_enabled"]);
  assertEquals(mode("no-store"), "no-store");
  assertThrows(() => mode("no-cache"), TypeError, "Unsupported cache mode: no-cache");
  assertThrows(() => mode("reload"), TypeError, "Unsupported cache mode: reload");
  setFlags(["cache_reload_enabled"]);
  assertEquals([mode("no-cache"), mode("reload")], ["no-cache", "reload"]);
});

test("an exception of a listener is reported, or ends the dispatch before 2026-09-15", () => {
  const { Event, EventTarget } = globalClasses;
  const dispatched = () => {
    const target = new EventTarget();
    let later = 0;
    target.addEventListener("x", () => {
      throw new Error("thrown");
    });
    target.addEventListener("x", () => later++);
    return [target.dispatchEvent(new Event("x")), later];
  };
  setFlags(["spec_compliant_dispatch_exceptions"]);
  assertEquals(dispatched(), [true, 1]);
  setFlags([]);
  assertThrows(dispatched, Error, "thrown");
});
