import { URL } from "stated:url";
import { assert, assertEquals, assertThrows, test } from "stated:test";

/** @param {URL} url */
const partsOf = (url) => [url.href, url.origin, url.protocol, url.username, url.password, url.host, url.hostname, url.port,
  url.pathname, url.search, url.hash];

test("a URL is cut into its parts", () => {
  const cases = [
    ["https://user:pass@example.com:1234/foo/bar?baz#quux", "https://example.com:1234", "https:", "user", "pass", "example.com:1234",
      "example.com", "1234", "/foo/bar", "?baz", "#quux"],
    ["http://x/", "http://x", "http:", "", "", "x", "x", "", "/", "", ""],
    ["https://user@h/", "https://h", "https:", "user", "", "h", "h", "", "/", "", ""],
    ["https://:pass@h/", "https://h", "https:", "", "pass", "h", "h", "", "/", "", ""],
    ["ftp://h:8/a", "ftp://h:8", "ftp:", "", "", "h:8", "h", "8", "/a", "", ""],
    ["file:///a/b", "null", "file:", "", "", "", "", "", "/a/b", "", ""],
    ["mailto:a@b?c#d", "null", "mailto:", "", "", "", "", "", "a@b", "?c", "#d"],
    ["data:text/plain,hi", "null", "data:", "", "", "", "", "", "text/plain,hi", "", ""],
    ["http://[::1]:80/", "http://[::1]", "http:", "", "", "[::1]", "[::1]", "", "/", "", ""],
    ["foo://h/p", "null", "foo:", "", "", "h", "h", "", "/p", "", ""],
    ["ws://h/a#b?c", "ws://h", "ws:", "", "", "h", "h", "", "/a", "", "#b?c"],
  ];
  for (const [href, ...rest] of cases) {
    const url = new URL(href);
    assertEquals(partsOf(url).slice(1), rest, href);
  }
});

test("parsing normalizes", () => {
  const cases = { "HTTP://EXAMPLE.com:80/a/../b": "http://example.com/b", "http://x/é?é#é": "http://x/%C3%A9?%C3%A9#%C3%A9",
    "http://x": "http://x/", " http://x/ ": "http://x/", "http:\\\\x\\a": "http://x/a", "http://ex%41mple/": "http://example/",
    "http://0x7f.1/": "http://127.0.0.1/", "http://x/a%2fb/./c": "http://x/a%2fb/c", "http://müller/": "http://xn--mller-kva/" };
  for (const [input, href] of Object.entries(cases)) assertEquals(new URL(input).href, href, input);
});

test("an empty query or fragment shows as empty but stays in href", () => {
  const url = new URL("http://x/?#");
  assertEquals([url.href, url.search, url.hash], ["http://x/?#", "", ""]);
});

test("a base resolves relative input", () => {
  const cases = [["b", "http://x/a/c", "http://x/a/b"], ["/b", "http://x/a/c", "http://x/b"], ["?q", "http://x/a", "http://x/a?q"],
    ["#h", "http://x/a?q", "http://x/a?q#h"], ["//y/z", "http://x/a", "http://y/z"], ["http://y", "http://x", "http://y/"],
    ["../..", "http://x/a/b/c", "http://x/"]];
  for (const [input, base, href] of cases) assertEquals(new URL(input, base).href, href, input);
  assertEquals(new URL("b", new URL("http://x/a")).href, "http://x/b");
  assertEquals(new URL("http://x", undefined).href, "http://x/");
});

test("what cannot be parsed is a TypeError", () => {
  for (const input of ["", "x", "http://", "http://a b/", "http://x:99999/", "//x", "http://[::1/"]) {
    assertThrows(() => new URL(input), TypeError, "Invalid URL string.");
  }
  assertThrows(() => new URL("/a", "b"), TypeError, "Invalid URL string.");
  assertThrows(() => new URL("/a", /** @type {any} */ (null)), TypeError, "Invalid URL string.");
  assertThrows(() => new /** @type {any} */ (URL)(), TypeError,
    "Failed to construct 'URL': constructor parameter 1 is not of type 'USVString'.");
});

test("canParse and parse tell instead of throwing", () => {
  assertEquals([URL.canParse("http://x"), URL.canParse("x"), URL.canParse("a", "http://x")], [true, false, true]);
  assertEquals([URL.parse("x"), URL.parse("a", "http://x")?.href], [null, "http://x/a"]);
  assertThrows(() => /** @type {any} */ (URL).canParse(), TypeError,
    "Failed to execute 'canParse' on 'URL': parameter 1 is not of type 'USVString'.");
});

test("setters change one part", () => {
  const cases = [["protocol", "https", "https://h:1/p?q#f"], ["username", "u", "http://u@h:1/p?q#f"], ["password", "w", "http://:w@h:1/p?q#f"],
    ["host", "g:2", "http://g:2/p?q#f"], ["hostname", "g", "http://g:1/p?q#f"], ["port", "", "http://h/p?q#f"],
    ["pathname", "a b", "http://h:1/a%20b?q#f"], ["search", "x=1", "http://h:1/p?x=1#f"], ["search", "", "http://h:1/p#f"],
    ["hash", "g", "http://h:1/p?q#g"], ["hash", "", "http://h:1/p?q"]];
  for (const [part, value, href] of cases) {
    const url = /** @type {any} */ (new URL("http://h:1/p?q#f"));
    url[part] = value;
    assertEquals(url.href, href, part);
  }
});

test("a setter that fails changes nothing", () => {
  const url = new URL("http://h/");
  url.port = "x";
  url.protocol = "mailto";
  url.host = "";
  assertEquals(url.href, "http://h/");
});

test("setting href parses anew or throws", () => {
  const url = new URL("http://h/?a=1");
  const { searchParams } = url;
  url.href = "http://g/?b=2";
  assertEquals([url.host, searchParams.get("a"), searchParams.get("b")], ["g", null, "2"]);
  assertThrows(() => { url.href = "nope"; }, TypeError,
    "Failed to set the 'href' property on 'URL': the provided value is not of type 'valid URL string'.");
  assertEquals(url.host, "g");
});

test("searchParams is one object that follows the URL and changes it", () => {
  const url = new URL("http://x/?a=b");
  const { searchParams } = url;
  assert(url.searchParams === searchParams);
  searchParams.append("c d", "é&");
  assertEquals(url.href, "http://x/?a=b&c+d=%C3%A9%26");
  url.search = "?z=1";
  assertEquals([...searchParams], [["z", "1"]]);
  searchParams.delete("z");
  assertEquals(url.href, "http://x/");
  searchParams.set("q", "");
  assertEquals(url.search, "?q=");
});

test("toString, toJSON and JSON give the href", () => {
  const url = new URL("http://x/a");
  assertEquals([`${url}`, url.toJSON(), JSON.stringify({ url })], ["http://x/a", "http://x/a", '{"url":"http://x/a"}']);
});

test("origin of a blob URL is that of the URL in it", () => {
  assertEquals([new URL("blob:https://x:1/uuid").origin, new URL("blob:ftp://x/a").origin, new URL("blob:x").origin],
    ["https://x:1", "null", "null"]);
});

test("object URLs are not there", () => {
  assertThrows(() => URL.createObjectURL(), Error, "URL.createObjectURL() is not implemented");
});

test("URL has the attributes of a Web IDL interface", () => {
  assertEquals([URL.length, URL.canParse.length, Object.prototype.toString.call(new URL("http://x"))], [1, 1, "[object URL]"]);
  const origin = /** @type {any} */ (Object.getOwnPropertyDescriptor(URL.prototype, "origin"));
  assertEquals([origin.enumerable, origin.set], [true, undefined]);
  assertThrows(() => origin.get.call({}), TypeError);
  assertThrows(() => /** @type {any} */ (URL)("http://x"), TypeError);
});
