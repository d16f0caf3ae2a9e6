import { URL, URLSearchParams } from "stated:older-url";
import { assert, assertEquals, assertThrows, test } from "stated:test";

/** @param {any[]} input */
const hrefs = (...input) => input.map((each) => new URL(each).href);

test("a URL needs two slashes and a host of plain characters", () => {
  for (const text of ["a", "/a", "mailto:a@b", "http:h", "data:,x", "http://\u00e9/", "http://a b/", "http://a%20b/", "1http://h", "http://a@b@c/"]) {
    assertThrows(() => new URL(text), TypeError, "Invalid URL string.");
  }
  assertEquals(hrefs("HTTP://H_1:81", "foo://%41/", "http://[::1]:80/", "http://"), ["http://h_1:81", "foo://a/", "http://[::1]:80/", "http://"]);
});

test("escapes must be complete, and are written anew", () => {
  for (const end of ["a%", "a%4", "a%zz", "?%", "#%"]) assertThrows(() => new URL(`http://h/${end}`), TypeError, "Invalid URL string.");
  assertEquals(hrefs("http://h/%7Ea%2Fb c\u00e9", "http://h/?a%20b='~", "http://h/#%41 {", "http://h/\ud800"),
    ["http://h/~a%2Fb%20c%C3%A9", "http://h/?a+b=%27%7E", "http://h/#A%20{", "http://h/%ED%A0%80"]);
});

test("slashes and dots of a path, and what is empty of a query, are left out", () => {
  assertEquals(hrefs("http://h//a///b/", "http://h/a/./b/../c", "http://h/../..", "http://h/?a&&b&", "http://h?"),
    ["http://h/a/b/", "http://h/a/c", "http://h/", "http://h/?a&b", "http://h"]);
});

test("a reference is relative to its base", () => {
  const base = "http://u:p@h/a/b?c#d";
  for (const [reference, href] of [["", "http://u:p@h/a/b?c#d"], ["x", "http://u:p@h/a/x"], ["../x", "http://u:p@h/x"], ["?x", "http://u:p@h/a/b?x"],
    ["//i", "http://i"], ["HTTPS:x", "HTTPS://u:p@h/a/x"], ["a_b:c", "http://u:p@h/a/a_b:c"]]) {
    assertEquals(new URL(reference, base).href, href);
  }
  assertThrows(() => new URL("x", "y"), TypeError, "Invalid base URL string.");
  assertThrows(() => new URL("%", base), TypeError, "Invalid relative URL string.");
});

test("a setter takes what no URL has, and then there is no href", () => {
  const url = new URL("http://h/");
  url.host = "a b";
  assertThrows(() => url.href, TypeError, "Invalid hostname when stringifying URL.");
  assertThrows(() => JSON.stringify(url), TypeError, "Invalid hostname when stringifying URL.");
  assertThrows(() => {
    url.username = "x";
  }, TypeError, "Invalid hostname when stringifying URL.");
  url.host = "i";
  url.pathname = "/%2e%2e/x";
  assertEquals(url.pathname, "/../x");
  assertThrows(() => `${url}`, TypeError, "Invalid pathname when stringifying URL.");
});

test("a value that a setter cannot read changes nothing, but for href", () => {
  const url = new URL("http://h/a?b");
  for (const [part, value] of [["protocol", "1"], ["pathname", "%"], ["search", "%"]]) /** @type {any} */ (url)[part] = value;
  assertEquals(url.href, "http://h/a?b");
  assertThrows(() => {
    url.href = "x";
  }, TypeError, "Failed to set the 'href' property on 'URL': the provided value is not of type 'valid URL string'.");
});

test("the scheme's own port goes when scheme, host or port are set, and not with href", () => {
  const url = new URL("http://h:443/");
  url.protocol = "https";
  assertEquals(url.href, "https://h/");
  url.host = "i:443";
  assertEquals([url.host, url.port], ["i", ""]);
  url.href = "http://j:80";
  assertEquals([url.href, url.port], ["http://j:80", "80"]);
  url.port = "80";
  assertEquals(url.href, "http://j");
});

test("searchParams are the URL's query itself", () => {
  const url = new URL("http://h/?a&b=2");
  url.searchParams.append("c", "\u00e9 ");
  assertEquals([url.href, `${url.searchParams}`], ["http://h/?a&b=2&c=%C3%A9+", "a=&b=2&c=%C3%A9+"]);
  url.search = "?d=4";
  assertEquals([...url.searchParams], [["d", "4"]]);
  assert(url.searchParams === url.searchParams);
});

test("names that are not UTF-8 come first in order", () => {
  const params = new URLSearchParams("z&\u{10000}&\uffff&a%ff");
  params.sort();
  assertEquals([...params.keys()], ["a\ufffd", "z", "\u{10000}", "\uffff"]);
});

test("parameters are made of text, arrays of pairs, and own properties", () => {
  const made = (/** @type {any} */ init) => `${new URLSearchParams(init)}`;
  assertEquals([made("?a=%zz&%4"), made([["a", "b"]]), made({ a: 1 }), made(new Map([["a", "b"]])), made(null), made(new URLSearchParams("a"))],
    ["a=zz&%04=", "a=b", "a=1", "", "null=", "a="]);
  assertThrows(() => made([5]), TypeError, "Incorrect type for array element 0: the provided value is not of type 'Array'.");
  assertThrows(() => made([["a"]]), TypeError,
    "To initialize a URLSearchParams object from an array-of-arrays, each inner array must have exactly two elements.");
});

test("missing arguments are named", () => {
  const params = /** @type {any} */ (new URLSearchParams());
  assertThrows(() => Reflect.construct(URL, []), TypeError, "Failed to construct 'URL': constructor parameter 1 is not of type 'string'.");
  for (const name of ["get", "getAll", "has", "delete"]) {
    assertThrows(() => params[name](), TypeError, `Failed to execute '${name}' on 'URLSearchParams': parameter 1 is not of type 'string'.`);
  }
  for (const name of ["append", "set"]) {
    assertThrows(() => params[name]("a"), TypeError, `Failed to execute '${name}' on 'URLSearchParams': parameter 2 is not of type 'string'.`);
  }
});
