import { removeNewer } from "stated:older-dates";
import { globalClasses, installGlobals } from "stated:globals";
import { setFlags } from "stated:settings";
import { assert, assertEquals, assertThrows, test } from "stated:test";

const all = ["global_navigator", "enable_navigator_language", "enable_weak_ref", "http_headers_getsetcookie",
  "urlsearchparams_delete_has_value_arg", "set_tostring_tag"];

function realm(flags) {
  setFlags(flags, all.filter((flag) => !flags.includes(flag)));
  const target = /** @type {any} */ ({ WeakRef, FinalizationRegistry });
  installGlobals(target, { flags });
  removeNewer(target, globalClasses);
  return target;
}

// What is taken away is gone for good, so the newest date comes first.
test("with all flags nothing is missing", () => {
  const target = realm(all);
  assertEquals([typeof target.navigator.language, typeof target.WeakRef, typeof target.FinalizationRegistry], ["string", "function", "function"]);
  assertEquals(typeof target.Headers.prototype.getSetCookie, "function");
  const parameters = new target.URLSearchParams("a=1&a=2");
  assert(!parameters.has("a", "3"));
  parameters.delete("a", "2");
  assertEquals(`${parameters}`, "a=1");
  assertEquals(Object.prototype.toString.call(parameters), "[object URLSearchParams]");
});

test("each flag that is not in force takes what came with it", () => {
  const navigator = realm(["global_navigator"]).navigator;
  assertEquals(["language" in navigator, "languages" in navigator, navigator.userAgent], [false, false, "Cloudflare-Workers"]);
  const target = realm([]);
  for (const name of ["navigator", "WeakRef", "FinalizationRegistry"]) assert(!(name in target), name);
  assert(!("getSetCookie" in target.Headers.prototype));
  const parameters = new target.URLSearchParams("a=1&a=2");
  assert(parameters.has("a", "3"));
  parameters.delete("a", "2");
  assertEquals(`${parameters}`, "");
  assertEquals(parameters.delete.name, "delete");
  for (const value of [parameters, new target.Request("http://x/"), target.crypto, new target.Event("x")]) {
    assertEquals(Object.prototype.toString.call(value), "[object Object]");
  }
  const headers = new target.Headers([["set-cookie", "a"], ["set-cookie", "b"]]);
  assertEquals([[...headers], headers.getAll("set-cookie")], [[["set-cookie", "a, b"]], ["a", "b"]]);
  const [client] = Object.values(new target.WebSocketPair());
  assert(new target.Response(null, { status: 101, webSocket: client }).webSocket === client);
});

test("what the library does itself follows the flags, too", async () => {
  const others = ["strip_bom_in_read_all_text", "upper_case_all_http_methods", "cache_option_enabled", "set_event_target_this",
    "formdata_parser_supports_files"];
  const observe = async () => {
    const bom = (await new Response(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])).text()).length;
    const form = await new Response('--b\r\nContent-Disposition: form-data; name="f"; filename="n.txt"\r\n\r\nx\r\n--b--\r\n', {
      headers: { "Content-Type": "multipart/form-data; boundary=b" },
    }).formData();
    const events = new EventTarget();
    let self;
    events.addEventListener("x", function () { self = this === events; });
    events.dispatchEvent(new Event("x"));
    return [bom, (await new Response("\ufeffa").text()).length, typeof form.get("f"), self];
  };
  const { Response, EventTarget, Event, Request } = realm([]);
  setFlags(others, []);
  assertEquals(await observe(), [1, 1, "object", true]);
  assertEquals([new Request("http://x/", { method: "patch" }).method, new Request("http://x/", { cache: "no-store" }).cache],
    ["PATCH", "no-store"]);
  setFlags([], others);
  assertEquals(await observe(), [2, 2, "string", false]);
  assertEquals(new Request("http://x/", { method: "get" }).method, "GET");
  assertThrows(() => new Request("http://x/", { method: "patch" }), TypeError, "Invalid HTTP method string: patch");
  assertThrows(() => new Request("http://x/", { cache: "no-store" }), Error,
    "The 'cache' field on 'RequestInitializerDict' is not implemented.");
});
