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
