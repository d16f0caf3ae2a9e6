/**
 * URL and URLSearchParams, after sections 4 to 6 of the URL standard.
 *
 * @module
 */

import { URL } from "stated:url";
import { URLSearchParams } from "stated:url-search-params";
import { assert, assertEquals, assertThrows, test } from "stated:test";

/** @param {string} text @param {string} [base] */
const href = (text, base) => new URL(text, base).href;

/** @param {string} start @param {string} part @param {any} value */
function changed(start, part, value) {
  const url = /** @type {any} */ (new URL(start));
  url[part] = value;
  return url.href;
}

// --- parsing ------------------------------------------------------------------------------------------------------------

test("the input is converted to a string, and its base as well", () => {
  assertEquals(href(/** @type {any} */ ({ toString: () => "http://a/" })), "http://a/");
  assertEquals(href(/** @type {any} */ (5), "http://a/"), "http://a/5");
  assertEquals(href("b", /** @type {any} */ (new URL("http://a/c"))), "http://a/b");
  assertEquals(href(/** @type {any} */ (undefined), "http://a/"), "http://a/undefined");
  assertThrows(() => new /** @type {any} */ (URL)(), TypeError);
  assertThrows(() => new /** @type {any} */ (URL)(Symbol("x")), TypeError);
  assertThrows(() => new /** @type {any} */ (URL)("http://a", null), TypeError);
});

test("lone surrogates are U+FFFD", () => {
  assertEquals(href("http://a/\ud800?\udc00#\ud800"), "http://a/%EF%BF%BD?%EF%BF%BD#%EF%BF%BD");
});

test("tabs and line breaks are dropped, spaces and controls at the ends trimmed", () => {
  assertEquals(href(" \u0001 ht\ttp://a/b\nc\r "), "http://a/bc");
});

test("the scheme is in lower case, and the default port is dropped", () => {
  assertEquals([href("HTTP://A:80/"), href("https://a:443"), href("ws://a:80"), href("wss://a:443"), href("ftp://a:21"), href("http://a:443")],
    ["http://a/", "https://a/", "ws://a/", "wss://a/", "ftp://a/", "http://a:443/"]);
});

test("backslashes are slashes in special schemes only", () => {
  assertEquals([href("http:\\\\a\\b"), href("foo:\\\\a\\b")], ["http://a/b", "foo:\\\\a\\b"]);
});

test("dots in the path are resolved, also when they are encoded", () => {
  assertEquals([href("http://a/b/../c/./d"), href("http://a/b/%2e%2E/c"), href("http://a/../.."), href("http://a/b/.."), href("http://a/b/.")],
    ["http://a/c/d", "http://a/c", "http://a/", "http://a/", "http://a/b/"]);
});

test("IPv4 addresses are normalized from all their forms", () => {
  assertEquals([href("http://127.1"), href("http://0x7f.0.0.1"), href("http://2130706433"), href("http://0177.0.0.01"), href("http://192.168.257")],
    ["http://127.0.0.1/", "http://127.0.0.1/", "http://127.0.0.1/", "http://127.0.0.1/", "http://192.168.1.1/"]);
  for (const host of ["256.0.0.1", "1.2.3.4.5", "0x100000000", "1.2.3.256", "09.0.0.1"]) assertThrows(() => new URL(`http://${host}`), TypeError);
});

test("IPv6 addresses are compressed", () => {
  assertEquals([href("http://[0:0:0:0:0:0:0:1]"), href("http://[1:0:0:2:0:0:0:3]"), href("http://[::FFFF:1.2.3.4]"), href("http://[2001:DB8::1]:80")],
    ["http://[::1]/", "http://[1:0:0:2::3]/", "http://[::ffff:102:304]/", "http://[2001:db8::1]/"]);
  for (const host of ["[1", "[::1::]", "[1:2]", "[:::1]", "[::12345]", "[v1.x]"]) assertThrows(() => new URL(`http://${host}`), TypeError);
});

test("domains become ASCII", () => {
  assertEquals([href("http://Bücher.example"), href("http://ＧＯ.com"), href("http://ß.example"), href("http://a%C3%BC.b")],
    ["http://xn--bcher-kva.example/", "http://go.com/", "http://xn--zca.example/", "http://xn--a-eha.b/"]);
  for (const host of ["a b", "a<b", "a^b", "a|b", "a%", "%00", "a["]) {
    assertThrows(() => new URL(`http://${host}`), TypeError);
  }
});

test("ports are at most 65535 and only digits", () => {
  assertEquals([href("http://a:0"), href("http://a:65535"), href("http://a:0080"), href("http://a:")],
    ["http://a:0/", "http://a:65535/", "http://a/", "http://a/"]);
  for (const port of ["65536", "-1", "8a", "1e3", " 80x"]) assertThrows(() => new URL(`http://a:${port}`), TypeError);
});

test("user info is encoded, and may hold an at sign", () => {
  const url = new URL("http://u@s:p:w@h/");
  assertEquals([url.username, url.password, url.host, url.href], ["u%40s", "p%3Aw", "h", "http://u%40s:p%3Aw@h/"]);
  assertEquals(href("http://:@h/"), "http://h/");
});

test("each part has its own set of characters to encode", () => {
  assertEquals(href("http://a/ \"<>`{}|'\u007fé"), "http://a/%20%22%3C%3E%60%7B%7D|'%7F%C3%A9");
  assertEquals(href("http://a/?q \"<>'`{}"), "http://a/?q%20%22%3C%3E%27`{}");
  assertEquals(href("foo://a/?'"), "foo://a/?'");
  assertEquals(href("http://a/#f \"<>`{}"), "http://a/#f%20%22%3C%3E%60{}");
});

test("percent signs are left as they are, also when nothing sensible follows", () => {
  assertEquals(href("http://a/%zz%?%#%"), "http://a/%zz%?%#%");
});

test("a URL with an opaque path keeps it, encodes controls, and has no host", () => {
  const url = new URL("mailto:a b@c\u0001?d#e");
  assertEquals([url.href, url.pathname, url.host, url.origin, url.search, url.hash], ["mailto:a b@c%01?d#e", "a b@c%01", "", "null", "?d", "#e"]);
});

test("relative references follow their base", () => {
  const base = "http://u:p@h:1/a/b?q#f";
  const pairs = { "": "http://u:p@h:1/a/b?q", "c": "http://u:p@h:1/a/c", "/c": "http://u:p@h:1/c", "//c": "http://c/", "?r": "http://u:p@h:1/a/b?r",
    "#g": "http://u:p@h:1/a/b?q#g", "../..": "http://u:p@h:1/", "http:c": "http://u:p@h:1/a/c", "https:c": "https://c/", "foo:c": "foo:c" };
  for (const [text, expected] of Object.entries(pairs)) assertEquals(href(text, base), expected, text);
});

test("an opaque base takes a fragment only", () => {
  assertEquals(href("#x", "mailto:a"), "mailto:a#x");
  assertThrows(() => new URL("b", "mailto:a"), TypeError);
  assertThrows(() => new URL("", "about:blank"), TypeError);
});

test("file URLs have drive letters and an empty localhost", () => {
  assertEquals([href("file:///c|/x"), href("file://localhost/x"), href("file:x", "file:///a/b"), href("file:///C:/a/../.."), href("file://h/x")],
    ["file:///c:/x", "file:///x", "file:///a/x", "file:///C:/", "file://h/x"]);
});

test("a path that begins with two slashes and no host gets a dot", () => {
  const url = new URL("web+demo:/.//not-a-host/");
  assertEquals([url.href, url.pathname, url.host], ["web+demo:/.//not-a-host/", "//not-a-host/", ""]);
});

test("the origin is that of the scheme", () => {
  const pairs = { "https://u:p@a:8/b": "https://a:8", "http://a:80": "http://a", "file:///a": "null", "data:x": "null", "foo://a": "null",
    "blob:https://a/b": "https://a", "blob:foo": "null", "blob:ftp://a/b": "null" };
  for (const [text, origin] of Object.entries(pairs)) assertEquals(new URL(text).origin, origin, text);
});

test("canParse and parse agree with the constructor", () => {
  assertEquals([URL.canParse("http://a"), URL.canParse("a"), URL.canParse("a", "http://b"), URL.canParse("a", "b")], [true, false, true, false]);
  assertEquals([URL.parse("a"), /** @type {any} */ (URL.parse("a", "http://b")).href], [null, "http://b/a"]);
  assert(URL.parse("http://a") instanceof URL);
  assertThrows(() => /** @type {any} */ (URL).canParse(), TypeError);
  assertThrows(() => /** @type {any} */ (URL).parse(Symbol("x")), TypeError);
});

// --- setters ------------------------------------------------------------------------------------------------------------------

test("href is parsed without a base, and throws for what is no URL", () => {
  assertEquals(changed("http://a/", "href", "https://b/?c"), "https://b/?c");
  const url = new URL("http://a/");
  assertThrows(() => { url.href = "b"; }, TypeError);
  assertEquals(url.href, "http://a/");
});

test("the protocol changes among special schemes, or among others", () => {
  assertEquals([changed("http://a/", "protocol", "https"), changed("http://a/", "protocol", "https:foo"), changed("http://a/", "protocol", "foo"),
    changed("foo://a/", "protocol", "bar"), changed("foo://a/", "protocol", "http"), changed("http://a/", "protocol", ""),
    changed("http://u@a/", "protocol", "file"), changed("https://a:80/", "protocol", "http")],
  ["https://a/", "https://a/", "http://a/", "bar://a/", "foo://a/", "http://a/", "http://u@a/", "http://a/"]);
});

test("user name and password are encoded, and refused where there is no host", () => {
  assertEquals([changed("http://a/", "username", "u:@é"), changed("http://a/", "password", "p/"), changed("http://u:p@a/", "username", ""),
    changed("mailto:a", "username", "u"), changed("file:///a", "username", "u")],
  ["http://u%3A%40%C3%A9@a/", "http://:p%2F@a/", "http://:p@a/", "mailto:a", "file:///a"]);
});

test("host may have a port, hostname may not", () => {
  assertEquals([changed("http://a:1/", "host", "b:2"), changed("http://a:1/", "host", "b"), changed("http://a:1/", "hostname", "b:2"),
    changed("http://a/", "host", "b/c"), changed("http://a/", "host", ""), changed("http://a/", "hostname", "b#c"), changed("foo://a/", "host", ""),
    changed("mailto:a", "host", "b"), changed("http://a/", "host", "b:99999")],
  ["http://b:2/", "http://b:1/", "http://a:1/", "http://b/", "http://a/", "http://b/", "foo:///", "mailto:a", "http://b/"]);
});

test("the port takes leading digits, and nothing removes it", () => {
  assertEquals([changed("http://a/", "port", "8080"), changed("http://a/", "port", "81x"), changed("http://a:1/", "port", ""), changed("http://a:1/", "port", "x"),
    changed("http://a:1/", "port", "80"), changed("http://a:1/", "port", "65536"), changed("http://a/", "port", 90)],
  ["http://a:8080/", "http://a:81/", "http://a/", "http://a:1/", "http://a/", "http://a:1/", "http://a:90/"]);
});

test("the path gets its slash, and its question marks and hashes are encoded", () => {
  assertEquals([changed("http://a/", "pathname", "b c"), changed("http://a/x", "pathname", ""), changed("http://a/", "pathname", "?#"), changed("mailto:a", "pathname", "b"),
    changed("foo://a/b", "pathname", "")],
  ["http://a/b%20c", "http://a/", "http://a/%3F%23", "mailto:a", "foo://a"]);
});

test("search and hash take or add their sign, and an empty one removes them", () => {
  assertEquals([changed("http://a/", "search", "b"), changed("http://a/", "search", "?b#"), changed("http://a/?b", "search", ""), changed("http://a/?b", "search", "?"),
    changed("http://a/", "hash", "b c"), changed("http://a/#b", "hash", ""), changed("http://a/", "hash", "#")],
  ["http://a/?b", "http://a/?b%23", "http://a/", "http://a/?", "http://a/#b%20c", "http://a/", "http://a/#"]);
});

test("an empty search or hash shows as nothing", () => {
  const url = new URL("http://a/?#");
  assertEquals([url.search, url.hash, url.href], ["", "", "http://a/?#"]);
});

// --- search parameters ------------------------------------------------------------------------------------------------------------

test("the parameters are made from a string, pairs, a record or nothing", () => {
  for (const [init, expected] of /** @type {[any, string][]} */ ([["?a=1&b", "a=1&b="], ["??a=1", "%3Fa=1"], [[["a", "1"], ["a", "2"]], "a=1&a=2"],
    [{ a: 1, b: null }, "a=1&b=null"], [undefined, ""], ["", ""], [null, "null="], [5, "5="], [new URLSearchParams("x=y"), "x=y"],
    [new Map([["m", "1"]]), "m=1"], [() => {}, ""]])) {
    assertEquals(new URLSearchParams(init).toString(), expected);
  }
});

test("pairs have two elements", () => {
  for (const init of [[["a"]], [["a", "b", "c"]], [[]], [5], ["ab", "c"]]) assertThrows(() => new URLSearchParams(/** @type {any} */ (init)), TypeError);
  assertEquals(new URLSearchParams(/** @type {any} */ ([new Set(["a", "b"])])).toString(), "a=b");
});

test("a record's keys that become equal keep the later value", () => {
  assertEquals(new URLSearchParams({ "a\ud800": "1", "a\ufffd": "2" }).toString(), "a%EF%BF%BD=2");
});

// The standard throws a TypeError.
test("a record's keys that are symbols are passed over", () => {
  assertEquals([...new URLSearchParams(/** @type {any} */ ({ [Symbol("x")]: "1", a: "2" }))], [["a", "2"]]);
});

test("parsing splits at ampersands and the first equals sign, and decodes plus and percent", () => {
  assertEquals([...new URLSearchParams("a=b=c&&=d&e&+f=%20g+h&%zz=%e9&%F0%9F%98%80")],
    [["a", "b=c"], ["", "d"], ["e", ""], [" f", " g h"], ["%zz", "\ufffd"], ["😀", ""]]);
});

test("serializing encodes all but a few characters", () => {
  assertEquals(new URLSearchParams([["a b*-._", "~!'()é&=+%"]]).toString(), "a+b*-._=%7E%21%27%28%29%C3%A9%26%3D%2B%25");
});

test("has and delete take a value, and undefined is none", () => {
  const params = /** @type {any} */ (new URLSearchParams("a=1&a=2&a=3&b=undefined"));
  assertEquals([params.has("a", "2"), params.has("a", "9"), params.has("a", undefined), params.has("b", "undefined"), params.has("a", 2)], [true, false, true, true, true]);
  params.delete("a", "2");
  assertEquals(`${params}`, "a=1&a=3&b=undefined");
  params.delete("a", undefined);
  assertEquals([`${params}`, params.size], ["b=undefined", 1]);
});

test("set replaces the first and removes the others, or appends", () => {
  const params = new URLSearchParams("a=1&b=2&a=3");
  params.set("a", "x");
  params.set("c", "y");
  assertEquals(`${params}`, "a=x&b=2&c=y");
});

test("sort is stable and by code units", () => {
  const params = new URLSearchParams("z=1&a=2&z=0&\ufffd=3&😀=4&a=1");
  params.sort();
  assertEquals([...params].map(([name, value]) => `${name}${value}`), ["a2", "a1", "z1", "z0", "😀4", "\ufffd3"]);
});

test("iterators are live", () => {
  const params = new URLSearchParams("a=1&b=2&c=3");
  const seen = [];
  for (const [name] of params) {
    seen.push(name);
    if (name === "a") params.delete("b");
    if (name === "c" && seen.length < 4) params.append("d", "");
  }
  assertEquals(seen, ["a", "c", "d"]);
});

test("forEach is live, passes its this, and wants a function", () => {
  const params = new URLSearchParams("a=1&b=2");
  const seen = [];
  params.forEach(function each(value, name, self) { seen.push([this, value, name, self === params]); }, "this");
  assertEquals(seen, [[Object("this"), "1", "a", true], [Object("this"), "2", "b", true]].map(([, ...rest]) => ["this", ...rest]));
  for (const callback of [undefined, null, {}, 5]) assertThrows(() => params.forEach(/** @type {any} */ (callback)), TypeError);
});

test("missing arguments are TypeErrors, and symbols are no strings", () => {
  const params = /** @type {any} */ (new URLSearchParams());
  for (const [method, given] of /** @type {[string, any[]][]} */ ([["append", ["a"]], ["set", ["a"]], ["get", []], ["getAll", []], ["has", []], ["delete", []]])) {
    assertThrows(() => params[method](...given), TypeError);
    assertThrows(() => params[method](Symbol("x"), "y"), TypeError);
  }
});

test("searchParams is one object that the URL and it keep in step", () => {
  const url = new URL("http://a/?b=1#c");
  const { searchParams } = url;
  assert(url.searchParams === searchParams);
  searchParams.append("d e", "é");
  assertEquals(url.href, "http://a/?b=1&d+e=%C3%A9#c");
  url.search = "x=1";
  assertEquals([...searchParams], [["x", "1"]]);
  url.href = "http://a/?y=2";
  assertEquals(searchParams.get("y"), "2");
  searchParams.delete("y");
  assertEquals([url.href, url.search], ["http://a/", ""]);
  searchParams.delete("y");
  assertEquals(url.href, "http://a/");
});

test("a change rewrites the whole query, reading does not", () => {
  const url = new URL("http://a/?b=~&&c");
  assertEquals([url.searchParams.get("b"), url.href], ["~", "http://a/?b=~&&c"]);
  url.searchParams.sort();
  assertEquals(url.href, "http://a/?b=%7E&c=");
});

test("setting a part that is not the query leaves the parameters", () => {
  const url = new URL("http://a/?b=1");
  url.hash = "x";
  url.pathname = "/y";
  assertEquals([url.searchParams.get("b"), url.href], ["1", "http://a/y?b=1#x"]);
});

test("toJSON and toString are the href", () => {
  const url = new URL("http://a/b");
  assertEquals([JSON.stringify({ url }), `${url}`, url.toString === URL.prototype.toString], ['{"url":"http://a/b"}', "http://a/b", true]);
});
