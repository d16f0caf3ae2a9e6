import { fromWire, Headers, headersOfHost, toWire, wireListBehind } from "stated:headers";
import { assert, assertEquals, assertThrows, test } from "stated:test";

test("headers are made from a record, pairs, a map or other headers", () => {
  assertEquals([...new Headers({ B: "1", a: "2" })], [["a", "2"], ["b", "1"]]);
  assertEquals([...new Headers([["a", "1"], ["A", "2"]])], [["a", "1, 2"]]);
  assertEquals([...new Headers(new Map([["x", "y"]]))], [["x", "y"]]);
  const original = new Headers({ a: "1" });
  const copy = new Headers(original);
  copy.set("a", "2");
  assertEquals([original.get("a"), copy.get("a")], ["1", "2"]);
  assertEquals([...new Headers(), ...new Headers(undefined), ...new Headers({})], []);
});

test("what else headers are made from is a TypeError", () => {
  const message = "Failed to construct 'Headers': constructor parameter 1 is not of type 'Headers or Sequence or object'.";
  assertThrows(() => new Headers(/** @type {any} */ (5)), TypeError, message);
  assertThrows(() => new Headers(/** @type {any} */ (null)), TypeError, message);
  assertThrows(() => new Headers(/** @type {any} */ ("a")), TypeError, message);
  const pairs = "To initialize a Headers object from a sequence, each inner sequence must have exactly two elements.";
  assertThrows(() => new Headers(/** @type {any} */ ([["a"]])), TypeError, pairs);
  assertThrows(() => new Headers(/** @type {any} */ ([["a", "b", "c"]])), TypeError, pairs);
  assertThrows(() => new Headers(/** @type {any} */ (["ab"])), TypeError, "Incorrect type: the provided value is not of type 'Sequence'.");
});

test("names are tokens", () => {
  for (const name of ["", "a b", "a:b", "é", "a\n", "(", "a/b"]) {
    assertThrows(() => new Headers({ [name]: "x" }), TypeError, "Invalid header name.");
    assertThrows(() => new Headers().get(name), TypeError, "Invalid header name.");
    assertThrows(() => new Headers().has(name), TypeError, "Invalid header name.");
    assertThrows(() => new Headers().delete(name), TypeError, "Invalid header name.");
  }
  assertEquals(new Headers({ "!#$%&'*+-.^_`|~09Az": "x" }).get("!#$%&'*+-.^_`|~09aZ"), "x");
  assertEquals([...new Headers(/** @type {any} */ ({ [Symbol("s")]: "x", a: "b" }))], [["a", "b"]]);
});

test("values are trimmed and hold no line breaks or NUL", () => {
  assertEquals(new Headers({ a: " \t\r\nx y\n " }).get("a"), "x y");
  assertEquals([new Headers({ a: " " }).get("a"), new Headers({ a: "\v" }).get("a")], ["", "\v"]);
  for (const value of ["a\nb", "a\rb", "a\0b", "\0"]) {
    assertThrows(() => new Headers({ a: value }), TypeError, "Invalid header value.");
    assertThrows(() => new Headers().append("a", value), TypeError, "Invalid header value.");
  }
});

test("values are converted to strings", () => {
  const headers = new Headers(/** @type {any} */ ({ a: 5, b: null, c: undefined }));
  assertEquals([headers.get("a"), headers.get("b"), headers.get("c")], ["5", "null", "undefined"]);
  assertThrows(() => headers.set("a", /** @type {any} */ (Symbol("x"))), TypeError);
});

test("append combines, set replaces the first and drops the rest, delete removes all", () => {
  const headers = new Headers();
  headers.append("A", "1");
  headers.append("b", "x");
  headers.append("a", "2");
  assertEquals([headers.get("a"), headers.has("A")], ["1, 2", true]);
  headers.set("a", "3");
  assertEquals([...headers], [["a", "3"], ["b", "x"]]);
  headers.delete("A");
  headers.delete("missing");
  assertEquals([headers.get("a"), headers.has("a"), [...headers.keys()]], [null, false, ["b"]]);
});

test("iteration is sorted and keeps each set-cookie apart", () => {
  const headers = new Headers([["b", "1"], ["set-cookie", "x"], ["a", "1"], ["Set-Cookie", "y"], ["a", "2"]]);
  assertEquals([...headers], [["a", "1, 2"], ["b", "1"], ["set-cookie", "x"], ["set-cookie", "y"]]);
  assertEquals([...headers.values()], ["1, 2", "1", "x", "y"]);
});

test("set-cookie is read by getSetCookie, getAll and combined by get", () => {
  const headers = new Headers([["Set-Cookie", "a=1"], ["set-cookie", "b=2"]]);
  assertEquals([headers.getSetCookie(), headers.getAll("SET-cookie"), headers.get("set-cookie")],
    [["a=1", "b=2"], ["a=1", "b=2"], "a=1, b=2"]);
  assertEquals(new Headers().getSetCookie(), []);
  assertThrows(() => headers.getAll("a"), TypeError, 'getAll() can only be used with the header name "Set-Cookie".');
});

test("iteration sees changes made meanwhile", () => {
  const headers = new Headers({ a: "1", c: "3" });
  const seen = [];
  for (const [name] of headers) {
    seen.push(name);
    if (name === "a") headers.set("d", "4");
  }
  assertEquals(seen, ["a", "c", "d"]);
});

test("forEach passes value, name and the headers", () => {
  const headers = new Headers({ a: "1" });
  const seen = [];
  headers.forEach((value, name, self) => seen.push(value, name, self === headers));
  assertEquals(seen, ["1", "a", true]);
  assertThrows(() => headers.forEach(/** @type {any} */ (undefined)), TypeError,
    "Failed to execute 'forEach' on 'Headers': parameter 1 is not of type 'function'.");
});

test("missing arguments are TypeErrors", () => {
  const headers = /** @type {any} */ (new Headers());
  const text = (method, position) => `Failed to execute '${method}' on 'Headers': parameter ${position} is not of type 'string'.`;
  assertThrows(() => headers.append("a"), TypeError, text("append", 2));
  assertThrows(() => headers.set(), TypeError, text("set", 1));
  for (const method of ["get", "has", "delete", "getAll"]) assertThrows(() => headers[method](), TypeError, text(method, 1));
});

test("immutable headers can be read and copied but not changed", () => {
  const headers = headersOfHost(["a", "1"]);
  assertEquals(headers.get("A"), "1");
  for (const change of [() => headers.set("a", "2"), () => headers.append("b", "2"), () => headers.delete("a")]) {
    assertThrows(change, TypeError, "Can't modify immutable headers.");
  }
  const copy = new Headers(headers);
  copy.set("a", "2");
  assertEquals([copy.get("a"), headers.get("a")], ["2", "1"]);
});

test("no name is forbidden", () => {
  const headers = new Headers({ host: "h", cookie: "c", "content-length": "1", connection: "x", "sec-fetch-mode": "y" });
  assertEquals([...headers.keys()].length, 5);
});

test("text beyond ASCII travels as UTF-8 bytes", () => {
  const headers = new Headers({ a: "é", b: "€", c: "x" });
  assertEquals(wireListBehind(headers), ["a", "\xc3\xa9", "b", "\xe2\x82\xac", "c", "x"]);
  assertEquals(headers.get("a"), "é");
  const ascii = ["a", "x"];
  assert(toWire(ascii) === ascii);
  assertEquals(fromWire(["a", "\xc3\xa9", "b", "\xe9"]), ["a", "é", "b", "\ufffd"]);
});

test("the host's values become text when they are read and stay bytes when they are passed on", () => {
  const list = ["a", "\xc3\xa9", "set-cookie", "\xc3\xa9", "a", "x"];
  const headers = headersOfHost(list);
  assertEquals(headers.get("A"), "é, x");
  assert(wireListBehind(headers) === list);
  assertEquals(list[1], "\xc3\xa9");
  assertEquals([...headers], [["a", "é, x"], ["set-cookie", "é"]]);
  assertEquals([headers.get("a"), headers.getSetCookie(), new Headers(headers).get("a")], ["é, x", ["é"], "é, x"]);
  assertEquals(wireListBehind(headers), ["a", "\xc3\xa9", "set-cookie", "\xc3\xa9", "a", "x"]);
});

test("more names than are remembered work all the same", () => {
  const headers = new Headers();
  for (let i = 0; i < 600; i++) headers.set(`X-Name-${i}`, `${i}`);
  assertEquals([headers.get("x-name-0"), headers.get("X-NAME-599"), [...headers.keys()].length], ["0", "599", 600]);
});

test("Headers has the attributes of a Web IDL interface", () => {
  assert(Headers.prototype[Symbol.iterator] === Headers.prototype.entries);
  assertEquals([Headers.length, Headers.prototype.append.length, Headers.prototype.getSetCookie.length, `${new Headers()}`],
    [0, 2, 0, "[object Headers]"]);
  assertEquals(Object.prototype.toString.call(new Headers().keys()), "[object Headers Iterator]");
  assertThrows(() => Headers.prototype.get.call({}, "a"), TypeError);
  assertThrows(() => /** @type {any} */ (Headers)(), TypeError);
});
