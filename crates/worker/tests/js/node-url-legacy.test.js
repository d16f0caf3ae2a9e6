/** The functions of node:url from before the standard. What is expected is what Node answers. */

import url, { fileURLToPath, pathToFileURL } from "stated:node/url";
import { assertEquals, assertThrows, test } from "stated:test";

const parts = (text, ...more) => {
  const { protocol, slashes, auth, host, pathname, search, hash, href } = url.parse(text, ...more);
  return [protocol, slashes, auth, host, pathname, search, hash, href];
};

test("texts become parts, whatever they are", () => {
  assertEquals([
    parts("HTTP://u:p@Example.com:8080/a b?c=d#e"), parts("//host/path", false, true), parts("//host/path"), parts("mailto:a@b.c"), parts("javascript:alert('a b')"),
    parts("http:\\\\a.com\\b?c\\d"), parts("http://a\tb/"), parts("http://[::1]:80"), parts("  x?y  "), parts("http://münchen.de/ü"), parts("http://a.com;x"), parts("http:a/b"),
  ], [
    ["http:", true, "u:p", "example.com:8080", "/a%20b", "?c=d", "#e", "http://u:p@example.com:8080/a%20b?c=d#e"],
    [null, true, null, "host", "/path", null, null, "//host/path"],
    [null, null, null, null, "//host/path", null, null, "//host/path"],
    ["mailto:", null, "a", "b.c", null, null, null, "mailto:a@b.c"],
    ["javascript:", null, null, null, "alert('a b')", null, null, "javascript:alert('a b')"],
    ["http:", true, null, "a.com", "/b", "?c%5Cd", null, "http://a.com/b?c%5Cd"],
    ["http:", true, null, "ab", "/", null, null, "http://ab/"],
    ["http:", true, null, "[::1]:80", "/", null, null, "http://[::1]:80/"],
    [null, null, null, null, "x", "?y", null, "x?y"],
    ["http:", true, null, "xn--mnchen-3ya.de", "/ü", null, null, "http://xn--mnchen-3ya.de/ü"],
    ["http:", true, null, "a.com", ";x", null, null, "http://a.com/;x"],
    ["http:", null, null, null, "a/b", null, null, "http:a/b"],
  ]);
});

test("a query is parsed when it is asked for", () => {
  assertEquals([{ ...url.parse("/a?b=1&b=2", true).query }, url.parse("/a", true).search, { ...url.parse("http://a/", true).query }], [{ b: ["1", "2"] }, null, {}]);
});

test("references are resolved, and a password stays with its host", () => {
  const resolve = (list) => list.map(([base, reference]) => url.resolve(base, reference));
  assertEquals(resolve([
    ["http://u:p@a.com/b/c?d#e", "http://o/"], ["http://u:p@a.com/b/c", "../x"], ["http://u:p@a.com/b", "//other/y"], ["/one/two/three", "four"], ["/one/two/..", "./x/."], ["a/b", "../../../c"],
    ["http://a.com/b", ""], ["http://a.com/b", "?q"], ["http://a.com/b", "#f"], ["mailto:a@b.c", "d@e.f"], ["http://a.com", "javascript:x"], ["x:y/z", "../w"], ["http://a.com/b/", "file:c"],
  ]), [
    "http://o/", "http://u:p@a.com/x", "http://other/y", "/one/two/four", "/one/two/x/", "../../c", "http://a.com/b", "http://a.com/b?q", "http://a.com/b#f", "mailto:d@e.f", "javascript:x", "x:w",
    "file:///c",
  ]);
});

test("parts become a text", () => {
  assertEquals([
    { protocol: "http", host: "a.com", pathname: "x#y?z", search: "a=b#c", hash: "h" }, { protocol: "http:", hostname: "::1", port: 80, query: { a: 1, b: [1, 2] } },
    { auth: "a:b@c", hostname: "d" }, { protocol: "mailto", pathname: "x" }, { protocol: "file", pathname: "/x" }, {},
  ].map((object) => url.format(object)), ["http://a.com/x%23y%3Fz?a=b%23c#h", "http://[::1]:80?a=1&b=1&b=2", "a:b%40c@d", "mailto:x", "file:///x", ""]);
});

test("what is no text is refused, and so is a host that could be another", () => {
  for (const [fn, code, message] of [
    [() => url.parse(undefined), "ERR_INVALID_ARG_TYPE", 'The "url" argument must be of type string. Received undefined'],
    [() => url.resolve("a", 1), "ERR_INVALID_ARG_TYPE", 'The "url" argument must be of type string. Received type number (1)'],
    [() => url.format(1), "ERR_INVALID_ARG_TYPE", 'The "urlObject" argument must be one of type object or string. Received type number (1)'],
    [() => url.parse("http://a%b.com/".replace("%b", "\u2100")), "ERR_INVALID_URL", "Invalid URL"],
  ]) assertEquals(assertThrows(fn, TypeError, message).code, code);
});

test("paths of Windows are files' URLs too", () => {
  const windows = { windows: true };
  if (fileURLToPath("file:///C:/a", windows) !== "C:\\a") return; // Node 20 has no such option.
  assertEquals([fileURLToPath("file:///C:/a%20b", windows), fileURLToPath("file://host/a", windows), pathToFileURL("C:\\a b", windows).href, pathToFileURL("\\\\srv\\x", windows).href],
    ["C:\\a b", "\\\\host\\a", "file:///C:/a%20b", "file://srv/x"]);
  assertThrows(() => fileURLToPath("file:///a", windows), TypeError, "File URL path must be absolute");
  assertThrows(() => fileURLToPath("file:///C:/a%5cb", windows), TypeError, "File URL path must not include encoded \\ or / characters");
});

test("a path with a colon is no scheme", () => {
  assertEquals([pathToFileURL("/a?b#c%d\\e\n").href, pathToFileURL("/C:\\a").href], ["file:///a%3Fb%23c%25d%5Ce%0A", "file:///C:%5Ca"]);
});
