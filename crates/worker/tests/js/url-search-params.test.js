import { percentDecode, URLSearchParams } from "stated:url-search-params";
import { assert, assertEquals, assertThrows, test } from "stated:test";

test("text is parsed as application/x-www-form-urlencoded", () => {
  const cases = { "": [], "a": [["a", ""]], "?a=b": [["a", "b"]], "??a": [["?a", ""]], "a=b&a=c": [["a", "b"], ["a", "c"]], "&&a&&": [["a", ""]],
    "=": [["", ""]], "a=b=c": [["a", "b=c"]], "a+b=c+d": [["a b", "c d"]], "%61=%C3%A9": [["a", "é"]], "a=%zz%": [["a", "%zz%"]],
    "a=%ff": [["a", "\ufffd"]], "a=%2B": [["a", "+"]], "é=1": [["é", "1"]] };
  for (const [text, pairs] of Object.entries(cases)) assertEquals([...new URLSearchParams(text)], pairs, text);
});

test("pairs, records and other parameters are copied", () => {
  assertEquals([...new URLSearchParams([["a", "1"], ["a", "2"]])], [["a", "1"], ["a", "2"]]);
  assertEquals([...new URLSearchParams(/** @type {any} */ ({ a: 1, b: null }))], [["a", "1"], ["b", "null"]]);
  assertEquals([...new URLSearchParams(new URLSearchParams("x=y"))], [["x", "y"]]);
  assertEquals([...new URLSearchParams(new Map([["m", "n"]]))], [["m", "n"]]);
});

test("other values are converted to text", () => {
  assertEquals([`${new URLSearchParams(/** @type {any} */ (5))}`, `${new URLSearchParams(/** @type {any} */ (null))}`], ["5=", "null="]);
  assertEquals(`${new URLSearchParams(undefined)}`, "");
});

test("sequences must be of pairs", () => {
  assertThrows(() => new URLSearchParams(/** @type {any} */ ([["a"]])), TypeError, "Invalid URL search params sequence.");
  assertThrows(() => new URLSearchParams(/** @type {any} */ ([["a", "b", "c"]])), TypeError, "Invalid URL search params sequence.");
  assertThrows(() => new URLSearchParams(/** @type {any} */ (["ab"])), TypeError,
    "Incorrect type: the provided value is not of type 'Sequence'.");
});

test("a record's keys that become equal count once", () => {
  assertEquals([...new URLSearchParams({ "\ud800": "1", "\udc01": "2" })], [["\ufffd", "2"]]);
});

test("get, getAll, has and size look names up", () => {
  const params = new URLSearchParams("a=1&b=2&a=3");
  assertEquals([params.get("a"), params.get("c"), params.getAll("a"), params.getAll("c"), params.size], ["1", null, ["1", "3"], [], 3]);
  assertEquals([params.has("a"), params.has("c"), params.has("a", "3"), params.has("a", "2"), params.has("a", undefined)],
    [true, false, true, false, true]);
});

test("append, set and delete change the list", () => {
  const params = new URLSearchParams("a=1&b=2&a=3");
  params.set("a", "x");
  assertEquals(`${params}`, "a=x&b=2");
  params.set("c", "y");
  params.append("a", "z");
  assertEquals(`${params}`, "a=x&b=2&c=y&a=z");
  params.delete("a", "z");
  params.delete("b");
  assertEquals(`${params}`, "a=x&c=y");
});

test("sort goes by code units and is stable", () => {
  const params = new URLSearchParams("z=1&😀=2&a=3&ﬃ=4&a=2");
  params.sort();
  assertEquals([...params.keys()], ["a", "a", "z", "😀", "ﬃ"]);
  assertEquals(params.getAll("a"), ["3", "2"]);
});

test("serializing escapes all but letters, digits and *-._", () => {
  const params = new URLSearchParams([["a b", "*-._~!'()é&=+%"], ["\ud800", ""]]);
  assertEquals(`${params}`, "a+b=*-._%7E%21%27%28%29%C3%A9%26%3D%2B%25&%EF%BF%BD=");
});

test("iteration is live", () => {
  const params = new URLSearchParams("a=1&b=2");
  const seen = [];
  for (const [name] of params) {
    seen.push(name);
    if (name === "a") params.append("c", "3");
  }
  assertEquals(seen, ["a", "b", "c"]);
  const iterator = params.keys();
  assertEquals(Object.prototype.toString.call(iterator), "[object URLSearchParams Iterator]");
  assertEquals(iterator.next(), { value: "a", done: false });
});

test("forEach passes value, name and the parameters, with this", () => {
  const params = new URLSearchParams("a=1");
  const seen = [];
  params.forEach(function (...args) { seen.push(this, ...args); }, 7);
  assertEquals([seen[0], seen[1], seen[2], seen[3] === params], [7, "1", "a", true]);
  assertThrows(() => params.forEach(/** @type {any} */ (5)), TypeError,
    "Failed to execute 'forEach' on 'URLSearchParams': parameter 1 is not of type 'function'.");
});

test("missing arguments are TypeErrors", () => {
  const params = /** @type {any} */ (new URLSearchParams());
  assertThrows(() => params.append("a"), TypeError, "Failed to execute 'append' on 'URLSearchParams': parameter 2 is not of type 'USVString'.");
  assertThrows(() => params.set(), TypeError, "Failed to execute 'set' on 'URLSearchParams': parameter 1 is not of type 'USVString'.");
  for (const method of ["get", "getAll", "has", "delete"]) {
    assertThrows(() => params[method](), TypeError, `Failed to execute '${method}' on 'URLSearchParams': parameter 1 is not of type 'USVString'.`);
  }
});

test("URLSearchParams has the attributes of a Web IDL interface", () => {
  assert(URLSearchParams.prototype[Symbol.iterator] === URLSearchParams.prototype.entries);
  assertEquals([URLSearchParams.length, URLSearchParams.prototype.append.length, URLSearchParams.prototype.has.length], [0, 2, 1]);
  assertEquals(Object.getOwnPropertyDescriptor(URLSearchParams.prototype, "forEach")?.enumerable, true);
  assertThrows(() => URLSearchParams.prototype.get.call({}, "a"), TypeError);
  assertThrows(() => URLSearchParams.prototype.entries.call({}), TypeError);
});

test("percentDecode leaves what is no escape", () => {
  const decode = (text) => String.fromCharCode(...percentDecode(Uint8Array.from(text, (character) => character.charCodeAt(0))));
  assertEquals([decode("a%41%4"), decode("%"), decode("%4G"), decode("%fF%00")], ["aA%4", "%", "%4G", "\xff\0"]);
});
