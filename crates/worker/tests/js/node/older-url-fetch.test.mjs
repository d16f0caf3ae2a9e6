// What is restored stays for good, which is why these tests have a file, and so a process, of their own.
import { DurableObject, env } from "stated:cloudflare-workers";
import { fetch } from "stated:fetch";
import { restoreRedirect, restoreRequestUrls } from "stated:older-url-fetch";
import { Request } from "stated:request";
import { Response } from "stated:response";
import { setFlags } from "stated:settings";
import { assertEquals, assertRejects, assertThrows, test } from "stated:test";
import { Host } from "./host-objects.mjs";
import { answerFetch } from "./host-web.mjs";

class Echo extends DurableObject {
  /** @param {Request} request */
  fetch(request) {
    return new Response(request.url);
  }
}

new Host().run({ Echo, default: {} }, { namespaces: [{ className: "Echo" }] });
restoreRequestUrls();
restoreRedirect();

/** Answers every fetch, redirects by `moves` (URL to Location), and gives what was asked for. @param {Record<string, string>} moves */
function network(moves = {}) {
  /** @type {any[]} */
  const seen = [];
  answerFetch((/** @type {any} */ request) => {
    seen.push([request.method, request.url, request.redirect, request.headers]);
    const location = moves[request.url];
    return location === undefined ? [200, "", [], null, request.url, false, 0] : [302, "", ["location", location], null, request.url, false, 0];
  });
  return seen;
}

test("a request keeps its text, whatever it is", () => {
  assertEquals(["x", "http://h", " http://H/a b", "http://h/\ud800"].map((text) => new Request(new Request(text)).clone().url),
    ["x", "http://h", " http://H/a b", "http://h/\ufffd\ufffd\ufffd"]);
});

test("a redirect keeps its text, as far as a URL does", () => {
  const location = (/** @type {string} */ text) => Response.redirect(text).headers.get("location");
  assertEquals([location("HTTP://H:80/a b//../\u00e9?&&"), location("http://u:p@h#f")], ["http://h:80/a b/\u00e9?&&", "http://u:p@h#f"]);
  assertThrows(() => location("x"), TypeError, "Unable to parse URL: x");
  assertThrows(() => location("http://h/\n"), TypeError, "Redirect URL cannot contain '\\r', '\\n', or '\\0': http://h/\n");
});

test("the net gets the text with controls and spaces escaped, and the response has it as it was", async () => {
  const seen = network();

  const response = await fetch("http://u:p@h/a b\t\u00e9\"?'#f");

  assertEquals(seen.map(([, url, redirect]) => [url, redirect]), [["http://h/a%20b%09\u00e9%22?'", "verbatim"]]);
  assertEquals([response.url, response.redirected], ["http://u:p@h/a b\t\u00e9\"?'", false]);
});

test("what is no URL, or of another scheme, cannot be loaded", async () => {
  network();
  for (const text of ["x", "", "//h", "http:h", "http://\u00e9/", "ftp://h/"]) await assertRejects(fetch(text), TypeError, `Fetch API cannot load: ${text}`);
});

test("another scheme is taken for http where nobody refuses it", async () => {
  const seen = network();
  setFlags([], ["fetch_refuses_unknown_protocols"]);
  try {
    await fetch("foo://h/a");
  } finally {
    setFlags([]);
  }
  assertEquals(seen.map(([, url]) => url), ["http://h/a"]);
});

test("a data: URL is answered here", async () => {
  assertEquals(await (await fetch("DATA:text/plain,a%20b#c")).text(), "a b");
});

test("redirects are followed with the same parser", async () => {
  const seen = network({ "http://h/d/e": "x//y z?a&&b#f" });

  const response = await fetch("http://h/d/e");

  assertEquals(seen.map(([, url]) => url), ["http://h/d/e", "http://h/d/x/y%20z?a&b"]);
  assertEquals([response.url, response.redirected], ["http://h/d/x/y z?a&b", true]);
});

test("a redirect that leads to no URL is an error, and one that is not followed an answer", async () => {
  network({ "http://h/": "//\u00e9/" });
  await assertRejects(fetch("http://h/"), TypeError, "Invalid Location header; unable to follow redirect.");
  const response = await fetch("http://h/", { redirect: "manual" });
  assertEquals([response.status, response.url, response.redirected], [302, "http://h/", false]);
});

test("who the program is stays with the origin", async () => {
  const seen = network({ "http://h/": "/x", "http://h/x": "http://i/" });
  await fetch("http://h/", { headers: { Authorization: "a", Cookie: "b", Accept: "c" } });
  assertEquals(seen.map(([, , , headers]) => headers.length / 2), [3, 3, 1]);
});

test("redirects end", async () => {
  network({ "http://h/": "/" });
  await assertRejects(fetch("http://h/"), TypeError, `Too many redirects.${Array.from({ length: 21 }, () => "http://h/").join(", ")}`);
});

test("a relative URL is an object's before the flag", async () => {
  const stub = /** @type {any} */ (env).Echo.getByName("x");
  await assertRejects(stub.fetch("/x"), TypeError, "Fetch API cannot load: /x");
  setFlags([], ["durable_object_fetch_requires_full_url"]);
  const response = await stub.fetch("/x y//z#f");
  assertEquals([response.url, await response.text()], ["https://fake-host/x y/z", "https://fake-host/x%20y/z"]);
});
