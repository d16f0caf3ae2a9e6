import assert, { AssertionError, strict } from "stated:node/assert";
import strictModule from "stated:node/assert/strict";
import { assertEquals, assertRejects, assertThrows, test } from "stated:test";

const fails = (fn) => {
  const error = assertThrows(fn, AssertionError);
  return [error.code, error.operator, error.generatedMessage];
};

test("comparisons pass", () => {
  assert(1);
  assert.ok("x");
  assert.equal(1, "1");
  assert.strictEqual(NaN, NaN);
  assert.notStrictEqual(1, "1");
  assert.deepEqual({ a: 1 }, { a: "1" });
  assert.deepStrictEqual({ a: [1, new Set([2])] }, { a: [1, new Set([2])] });
  assert.notDeepStrictEqual({ a: 1 }, { a: "1" });
  assert.match("abc", /b/);
  assert.doesNotMatch("abc", /x/);
  assert.ifError(null);
  assert.throws(() => { throw new TypeError("wrong"); }, /wrong/);
  assert.doesNotThrow(() => {});
});

test("comparisons fail", () => {
  assertEquals([fails(() => assert.equal(1, 2)), fails(() => assert.strictEqual(1, "1")), fails(() => assert.deepEqual([1], [2])),
    fails(() => assert.deepStrictEqual({ a: 1 }, { a: "1" })), fails(() => assert.notStrictEqual(1, 1)), fails(() => assert.notDeepStrictEqual([], []))],
  ["==", "strictEqual", "deepEqual", "deepStrictEqual", "notStrictEqual", "notDeepStrictEqual"].map((operator) => ["ERR_ASSERTION", operator, true]));
});

test("a message is used as it is, an error is thrown itself", () => {
  const error = assertThrows(() => assert.equal(1, 2, "mine"), AssertionError, "mine");
  assertEquals([error.actual, error.expected, error.generatedMessage, error.name], [1, 2, false, "AssertionError"]);
  assertThrows(() => assert(false, new RangeError("own")), RangeError, "own");
  assertThrows(() => assert.fail("boom"), AssertionError, "boom");
  assertThrows(() => assert.fail(), AssertionError, "Failed");
});

test("messages say what differs", () => {
  assertThrows(() => assert.strictEqual(1, 2), AssertionError, "Expected values to be strictly equal:\n\n1 !== 2\n");
  assertThrows(() => assert.equal(1, 2), AssertionError, "1 == 2");
  assertThrows(() => assert.notStrictEqual(1, 1), AssertionError, 'Expected "actual" to be strictly unequal to: 1');
});

test("throws looks at the error by class, pattern, properties and function", () => {
  const thrower = () => { throw Object.assign(new TypeError("wrong"), { code: "E" }); };
  assert.throws(thrower, TypeError);
  assert.throws(thrower, { name: "TypeError", message: "wrong", code: "E" });
  assert.throws(thrower, { message: /wro/ });
  assert.throws(thrower, (error) => error instanceof TypeError);
  assert.throws(thrower, new TypeError("wrong"));
  assertThrows(() => assert.throws(thrower, /other/), AssertionError);
  assertThrows(() => assert.throws(thrower, { code: "F" }), AssertionError);
  assertThrows(() => assert.throws(() => {}), AssertionError, "Missing expected exception.");
  assertThrows(() => assert.throws(() => {}, TypeError, "text"), AssertionError, "Missing expected exception (TypeError): text");
  assertThrows(() => assert.doesNotThrow(thrower, "text"), AssertionError, 'Got unwanted exception: text\nActual message: "wrong"');
  assertEquals(assertThrows(() => assert.throws("x"), TypeError).code, "ERR_INVALID_ARG_TYPE");
});

test("rejects takes promises and async functions", async () => {
  await assert.rejects(Promise.reject(new TypeError("a")), TypeError);
  await assert.rejects(async () => { throw new Error("b"); }, /b/);
  await assert.doesNotReject(async () => {});
  await assertRejects(() => assert.rejects(Promise.resolve(1)), AssertionError, "Missing expected rejection.");
  await assertRejects(() => assert.doesNotReject(Promise.reject(new Error("c"))), AssertionError, 'Got unwanted rejection.\nActual message: "c"');
});

test("ifError throws what it is given", () => {
  assertThrows(() => assert.ifError(new Error("x")), AssertionError, "ifError got unwanted exception: x");
  assertThrows(() => assert.ifError(0), AssertionError, "ifError got unwanted exception: 0");
});

test("strict compares strictly under the short names", () => {
  assertThrows(() => strict.equal(1, "1"), AssertionError);
  assertThrows(() => strictModule.deepEqual({ a: 1 }, { a: "1" }), AssertionError);
  assertEquals([strict.strict === strict, strictModule === strict, assert.strict === strict], [true, true, true]);
});

const says = (fn) => assertThrows(fn, AssertionError).message;

test("short primitives are shown in one line", () => {
  assertEquals([says(() => assert.strictEqual(1, 2)), says(() => assert.deepStrictEqual("a", "b")), says(() => assert.equal(1, 2)), says(() => assert.notEqual(1, 1))],
    ["Expected values to be strictly equal:\n\n1 !== 2\n", "Expected values to be strictly deep-equal:\n\n'a' !== 'b'\n", "1 == 2", "1 != 1"]);
  assertEquals(says(() => assert.strictEqual(0, -0)), "Expected values to be strictly equal:\n+ actual - expected\n\n+ 0\n- -0");
});

test("a mark shows where two lines begin to differ", () => {
  assertEquals(says(() => assert.strictEqual("abcdefgh", "abcdxfgh")),
    "Expected values to be strictly equal:\n+ actual - expected\n\n+ 'abcdefgh'\n- 'abcdxfgh'\n       ^");
  assertEquals(says(() => assert.strictEqual("x".repeat(50), `${"x".repeat(49)}y`)),
    `Expected values to be strictly equal:\n+ actual - expected\n\n+ '${"x".repeat(50)}'\n- '${"x".repeat(49)}y'`);
});

test("only lines that differ have a sign", () => {
  assertEquals(says(() => assert.deepStrictEqual({ a: 1, b: { c: 2 } }, { a: 1, b: { c: 3 } })),
    "Expected values to be strictly deep-equal:\n+ actual - expected\n\n  {\n    a: 1,\n    b: {\n+     c: 2\n-     c: 3\n    }\n  }");
  assertEquals(says(() => assert.deepStrictEqual([1], [1, 2])),
    "Expected values to be strictly deep-equal:\n+ actual - expected\n\n  [\n    1,\n-   2\n  ]");
  assertEquals(says(() => assert.strictEqual([1], [2])),
    'Expected "actual" to be reference-equal to "expected":\n+ actual - expected\n\n  [\n+   1\n-   2\n  ]');
});

test("lines that are the same are left out", () => {
  const list = Array.from({ length: 30 }, (_, i) => i);
  assertEquals(says(() => assert.deepStrictEqual(list, list.with(15, "x"))),
    "Expected values to be strictly deep-equal:\n+ actual - expected ... Lines skipped\n\n  [\n    0,\n...\n    13,\n    14,\n+   15,\n-   'x',\n    16,\n...\n    28,\n    29\n  ]");
  const other = list.map((i) => -1 - i);
  const text = says(() => assert.deepStrictEqual(list, other));
  assert(text.startsWith("Expected values to be strictly deep-equal:\n+ actual - expected ... Lines skipped\n") && text.endsWith("\n..."), text);
  assertEquals(text.split("\n").length, 56);
});

test("what is the same is told from what is identical", () => {
  assertEquals([says(() => assert.strictEqual({ a: 1 }, { a: 1 })), says(() => assert.strictEqual(new Error("a"), new Error("b")))],
    ["Values have same structure but are not reference-equal:\n\n{\n  a: 1\n}\n",
      'Expected "actual" to be reference-equal to "expected":\n+ actual - expected\n\n+ [Error: a]\n- [Error: b]']);
  const object = { a: 1 };
  assertEquals([says(() => assert.notStrictEqual(object, object)), says(() => assert.notStrictEqual(1, 1)), says(() => assert.notDeepStrictEqual("abcd", "abcd"))],
    ['Expected "actual" not to be reference-equal to "expected":\n\n{\n  a: 1\n}\n', 'Expected "actual" to be strictly unequal to: 1',
      "Expected \"actual\" not to be strictly deep-equal to:\n\n'abcd'"]);
  const long = Array.from({ length: 60 }, (_, i) => i);
  assertEquals(says(() => assert.notDeepStrictEqual(long, [...long])).split("\n").length, 50);
});

test("loose comparisons show both values", () => {
  assertEquals([says(() => assert.deepEqual({ a: 1 }, { a: 2 })), says(() => assert.notDeepEqual([1], [1])), says(() => assert.notDeepEqual([1], ["1"]))],
    ["Expected values to be loosely deep-equal:\n\n{\n  a: 1\n}\n\nshould loosely deep-equal\n\n{\n  a: 2\n}", 'Expected "actual" not to be loosely deep-equal to:\n\n[\n  1\n]',
      "Expected values not to be loosely deep-equal:\n\n[\n  1\n]\n\nshould not loosely deep-equal\n\n[\n  '1'\n]"]);
  assertEquals(says(() => assert.equal("x".repeat(600), "y")), `'${"x".repeat(508)}... == 'y'`);
});

test("an error that is not as described is compared with the description", () => {
  const fails = () => { throw Object.assign(new Error("one"), { code: 1 }); };
  const error = assertThrows(() => assert.throws(fails, { message: "two", code: 1 }), AssertionError);
  assertEquals([error.message, error.operator, error.expected],
    ["Expected values to be strictly deep-equal:\n+ actual - expected\n\n  Comparison {\n    code: 1,\n+   message: 'one'\n-   message: 'two'\n  }", "throws", { message: "two", code: 1 }]);
  assertEquals(says(() => assert.throws(fails, { message: "two" }, "mine")), "mine");
  assertEquals(says(() => assert.throws(() => { throw 5; }, { message: "two" })), "Expected values to be strictly deep-equal:\n+ actual - expected\n\n+ 5\n- {\n-   message: 'two'\n- }");
  assertEquals(says(() => assert.throws(fails, function check() { return 1; })), 'The "check" validation function is expected to return "true". Received 1\n\nCaught error:\n\nError: one');
  assertEquals(says(() => assert.throws(() => { throw "text"; }, TypeError)), `The error is expected to be an instance of "TypeError". Received "'text'"`);
  assertEquals(assertThrows(() => assert.throws(fails, "one"), TypeError, 'The "error/message" argument is ambiguous. The error message "one" is identical to the message.').code,
    "ERR_AMBIGUOUS_ARGUMENT");
});

test("an unwanted error is told from one that is thrown on", () => {
  const fails = () => { throw new Error("one"); };
  assertEquals([says(() => assert.doesNotThrow(fails, /one/, "mine")), says(() => assert.doesNotThrow(fails, Error))],
    ['Got unwanted exception: mine\nActual message: "one"', 'Got unwanted exception.\nActual message: "one"']);
  assertThrows(() => assert.doesNotThrow(fails, TypeError), Error, "one");
  assertThrows(() => assert.doesNotThrow(fails, /two/), Error, "one");
});

test("an assertion error is titled with its code", () => {
  const error = assertThrows(() => assert.equal(1, 2), AssertionError);
  assertEquals([error.stack.split("\n")[0], `${error}`, error.name], ["AssertionError [ERR_ASSERTION]: 1 == 2", "AssertionError [ERR_ASSERTION]: 1 == 2", "AssertionError"]);
});
