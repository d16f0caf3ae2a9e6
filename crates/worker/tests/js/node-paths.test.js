/** Paths, query strings, URLs and punycode. */

import path from "stated:node/path";
import win32 from "stated:node/path/win32";
import punycode from "stated:node/punycode";
import querystring from "stated:node/querystring";
import { StringDecoder } from "stated:node/string_decoder";
import url, { domainToASCII, fileURLToPath, pathToFileURL, urlToHttpOptions } from "stated:node/url";
import { assertEquals, assertThrows, test } from "stated:test";

test("paths of POSIX", () => {
  assertEquals([path.join("/a", "..", "b", "./c", ""), path.resolve("/a/b", "../c", "./d"), path.normalize("/a//b/../c/."), path.relative("/a/b/c", "/a/d"),
    path.basename("/a/b.txt", ".txt"), path.extname(".b.txt"), path.extname(".b"), path.dirname("/a/b/c"), path.isAbsolute("a"), path.sep],
  ["/b/c", "/a/c/d", "/a/c", "../../d", "b", ".txt", "", "/a/b", false, "/"]);
  assertEquals({ ...path.parse("/home/x/file.tar.gz") }, { root: "/", dir: "/home/x", base: "file.tar.gz", ext: ".gz", name: "file.tar" });
  assertEquals(path.format({ dir: "/a", name: "b", ext: "c" }), "/a/b.c");
  assertEquals(assertThrows(() => path.join(5), TypeError).code, "ERR_INVALID_ARG_TYPE");
});

test("paths of Windows", () => {
  assertEquals([win32.join("C:\\a", "..", "b"), win32.normalize("C:/a//b/.."), win32.relative("C:\\a\\b", "C:\\a\\c"), win32.isAbsolute("C:/"), win32.basename("C:\\x\\y.z"),
    win32 === path.win32, path.posix === path], ["C:\\b", "C:\\a", "..\\c", true, "y.z", true, true]);
});

test("query strings are parsed", () => {
  const cases = { "a=1&b=2": { a: "1", b: "2" }, "a=1&a=2&a=3": { a: ["1", "2", "3"] }, "a": { a: "" }, "a%20b=c+d": { "a b": "c d" }, "=x&&y=": { "": "x", y: "" }, "a=%zz": { a: "%zz" }, "é=%C3%A9": { é: "é" } };
  for (const [text, expected] of Object.entries(cases)) assertEquals({ ...querystring.parse(text) }, expected, text);
  assertEquals([{ ...querystring.parse("a:1;b:2", ";", ":") }, Object.keys(querystring.parse("a&b&c", null, null, { maxKeys: 2 })), Object.getPrototypeOf(querystring.parse(""))],
    [{ a: "1", b: "2" }, ["a", "b"], null]);
});

test("query strings are written", () => {
  assertEquals([querystring.stringify({ a: [1, "x y"], b: true, c: NaN, d: null, é: "&" }), querystring.stringify({ a: 1, b: 2 }, ";", ":"), querystring.stringify("x"), querystring.escape("a b&"), querystring.unescape("a%20b%zz")],
    ["a=1&a=x%20y&b=true&c=&d=&%C3%A9=%26", "a:1;b:2", "", "a%20b%26", "a b%zz"]);
});

test("legacy URLs are parsed, formatted and resolved", () => {
  const parsed = url.parse("http://user:pass@host.com:8080/p/a?query=x#hash", true);
  assertEquals([parsed.protocol, parsed.auth, parsed.host, parsed.port, parsed.hostname, parsed.pathname, parsed.search, { ...parsed.query }, parsed.hash, parsed.href],
    ["http:", "user:pass", "host.com:8080", "8080", "host.com", "/p/a", "?query=x", { query: "x" }, "#hash", "http://user:pass@host.com:8080/p/a?query=x#hash"]);
  assertEquals([url.format({ protocol: "http", host: "a.com", pathname: "x", query: { b: "c d" } }), url.resolve("/one/two/three", "four"), url.resolve("http://a.com/b", "../c")],
    ["http://a.com/x?b=c%20d", "/one/two/four", "http://a.com/c"]);
});

test("URL objects are formatted in parts, and files have paths", () => {
  const parsed = new url.URL("http://u:p@ex.com/a?b#c");
  assertEquals([url.format(parsed, { auth: false, fragment: false, search: false }), fileURLToPath("file:///a%20b"), pathToFileURL("/a b#c%").href, domainToASCII("español.com")],
    ["http://ex.com/a", "/a b", "file:///a%20b%23c%25", "xn--espaol-zwa.com"]);
  assertEquals([assertThrows(() => fileURLToPath("http://x"), TypeError, "The URL must be of scheme file").code, { ...urlToHttpOptions(parsed) }.auth], ["ERR_INVALID_URL_SCHEME", "u:p"]);
});

test("what is not there is not decoded, and what is no URL gives options all the same", () => {
  const decode = (text) => `<${text}>`;
  assertEquals({ ...querystring.parse("a&=b&c=&d=1", null, null, { decodeURIComponent: decode }) }, { "<a>": "", "": "<b>", "<c>": "", "<d>": "<1>" });
  assertEquals(assertThrows(() => querystring.unescapeBuffer(5), TypeError).code, "ERR_INVALID_ARG_TYPE");
  const added = Object.assign(new url.URL("http://ex.com:81/a"), { agent: "mine" });
  assertEquals([{ ...urlToHttpOptions(added) }.agent, { ...urlToHttpOptions(added) }.port, { ...urlToHttpOptions({}) }.path], ["mine", 81, ""]);
  assertEquals([win32.toNamespacedPath("C:\\a\\"), win32.toNamespacedPath("")], ["\\\\?\\C:\\a", ""]);
});

test("punycode", () => {
  assertEquals([punycode.encode("mañana"), punycode.decode("maana-pta"), punycode.toASCII("mañana.com"), punycode.toUnicode("xn--maana-pta.com"), punycode.ucs2.decode("😀")],
    ["maana-pta", "mañana", "xn--maana-pta.com", "mañana.com", [0x1f600]]);
});

test("a StringDecoder keeps incomplete characters", () => {
  const decoder = new StringDecoder("utf8");
  assertEquals([decoder.write(new Uint8Array([0xe2, 0x82])), decoder.write(new Uint8Array([0xac, 97])), decoder.end()], ["", "€a", ""]);
  const base64 = new StringDecoder("base64");
  assertEquals([base64.write(new Uint8Array([1])), base64.end()], ["", "AQ=="]);
  assertEquals(new StringDecoder("utf16le").write(new Uint8Array([97, 0, 98])), "a");
});
