import { test, assert, assertEquals, assertRejects, assertThrows } from "stated:test";

test("assertEquals tells values apart that look alike", () => {
  assertEquals({ a: [1, { b: new Map([[1, new Set([2])]]) }] }, { a: [1, { b: new Map([[1, new Set([2])]]) }] });
  assertEquals(NaN, NaN);
  const pairs = [[0, -0], [1, "1"], [[1], [1, 2]], [{ a: 1 }, { a: 1, b: undefined }], [new Map([[1, 2]]), new Map([[1, 3]])],
    [new Uint8Array([1]), new Uint8Array([2])], [new ArrayBuffer(1), new ArrayBuffer(2)], [new Date(0), new Date(1)],
    [new Error("a"), new Error("b")], [new Error("a"), new TypeError("a")], [[], {}], [null, undefined]];
  for (const [a, b] of pairs) assertThrows(() => assertEquals(a, b));
});

test("assertEquals compares cyclic values", () => {
  /** @type {any} */ const a = { name: "a" };
  /** @type {any} */ const b = { name: "a" };
  a.self = a;
  b.self = b;
  assertEquals(a, b);
});

test("assertThrows checks class and message and returns the error", () => {
  const error = assertThrows(() => { throw new TypeError("no"); }, TypeError, "no");
  assert(error instanceof TypeError);
  assertThrows(() => assertThrows(() => {}));
  assertThrows(() => assertThrows(() => { throw new TypeError("no"); }, RangeError));
  assertThrows(() => assertThrows(() => { throw new TypeError("no"); }, TypeError, "yes"));
});

test("assertRejects wants a rejection and not a throw", async () => {
  await assertRejects(Promise.reject(new TypeError("no")), TypeError, "no");
  await assertRejects(() => assertRejects(Promise.resolve(1)));
  await assertRejects(() => assertRejects(() => { throw new TypeError("no"); }));
});
