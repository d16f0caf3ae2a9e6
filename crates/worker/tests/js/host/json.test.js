import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";

test("what is no JSON fails in V8's words", async () => {
  assertThrows(() => JSON.parse("{a"), SyntaxError, "Expected property name or '}' in JSON at position 1 (line 1 column 2)");
  assertThrows(() => JSON.parse(/** @type {any} */ (undefined)), SyntaxError, '"undefined" is not valid JSON');
  assertThrows(() => JSON.parse(/** @type {any} */ (Symbol("s"))), TypeError, "Cannot convert a Symbol value to a string");
  await assertRejects(() => new Response("<p>").json(), SyntaxError, "Unexpected token '<', \"<p>\" is not valid JSON");
  let error;
  try {
    JSON.parse("[");
  } catch (caught) {
    error = caught;
  }
  assert(error instanceof SyntaxError && error.stack?.startsWith("SyntaxError: Unexpected end of JSON input\n    at "), error.stack);
});

test("what a reviver, toJSON or a replacer throws stays as it is", () => {
  const own = new SyntaxError("own");
  assertThrows(() => JSON.parse("[1]", () => { throw own; }), SyntaxError, "own");
  assertThrows(() => JSON.stringify({ toJSON() { throw own; } }), SyntaxError, "own");
  assertThrows(() => JSON.stringify({}, () => { throw own; }), SyntaxError, "own");
});

test("a structure that contains itself fails in V8's words", () => {
  /** @type {any} */
  const own = {};
  own.own = own;
  const heading = "Converting circular structure to JSON";
  const whole = `${heading}\n    --> starting at object with constructor 'Object'\n    --- property 'own' closes the circle`;
  assertThrows(() => JSON.stringify(own), TypeError, whole);
  assertThrows(() => Response.json(own), TypeError, whole);
  assertThrows(() => JSON.stringify(own, (key, value) => value), TypeError, heading);
  assertThrows(() => JSON.stringify(1n), TypeError, "Do not know how to serialize a BigInt");
});

test("values are read and written as before", () => {
  assertEquals(JSON.parse(' {"a":[1,"b",null]} '), { a: [1, "b", null] });
  assertEquals(JSON.parse("[1,2]", (key, value) => (key === "0" ? undefined : value)), [, 2]);
  let asked = 0;
  assertEquals(JSON.parse(/** @type {any} */ ({ toString: () => (asked++, "1") })), 1);
  assertEquals(asked, 1);
  assertEquals(JSON.stringify({ a: 1, b: [2] }, ["a"], 2), '{\n  "a": 1\n}');
  assertEquals([JSON.parse.name, JSON.parse.length, JSON.stringify.name, JSON.stringify.length], ["parse", 2, "stringify", 3]);
  assertEquals(Object.keys(JSON), []);
});
