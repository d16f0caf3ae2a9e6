import { DOMException } from "stated:dom-exception";
import { structuredClone } from "stated:serialize";
import { assert, assertEquals, assertThrows, test } from "stated:test";

const transfers = "transfer" in ArrayBuffer.prototype;

test("primitives are returned as they are", () => {
  for (const value of [1, "x", true, null, undefined, 5n]) assertEquals(structuredClone(value), value);
});

test("a symbol cannot be cloned", () => {
  assertThrows(() => structuredClone(Symbol("x")), DOMException, "Symbol(x) could not be cloned.");
});

test("the value is required", () => {
  assertThrows(() => /** @type {any} */ (structuredClone)(), TypeError,
    "Failed to execute 'structuredClone' on 'ServiceWorkerGlobalScope': parameter 1 is not of type 'Value'.");
});

test("a clone is deep and separate", () => {
  const value = { a: [new Date(1), new Map([[1, { b: 2 }]])] };
  const copy = structuredClone(value);
  assertEquals(copy, value);
  assert(copy.a !== value.a);
});

test("class instances lose their prototype", () => {
  assertEquals(structuredClone(new (class Foo { x = 1; })()), { x: 1 });
});

test("only array buffers can be transferred", () => {
  assertThrows(() => structuredClone({}, { transfer: [{}] }), DOMException, "Object is not transferable");
  assertThrows(() => structuredClone({}, { transfer: [new Uint8Array(1)] }), DOMException, "Object is not transferable");
});

test("a buffer cannot be transferred twice in one list", () => {
  const buffer = new ArrayBuffer(1);
  assertThrows(() => structuredClone(buffer, { transfer: [buffer, buffer] }), DOMException,
    "ArrayBuffer occurs in the transfer list more than once");
});

if (transfers) {
  test("a transferred buffer moves and the original is detached", () => {
    const buffer = new Uint8Array([1, 2, 3]).buffer;
    const copy = structuredClone({ buffer, view: new Uint8Array(buffer, 1) }, { transfer: [buffer] });
    assertEquals([buffer.byteLength, [...new Uint8Array(copy.buffer)], [...copy.view]], [0, [1, 2, 3], [2, 3]]);
    assert(copy.view.buffer === copy.buffer);
  });

  test("a listed buffer that the value does not hold is detached, too", () => {
    const buffer = new ArrayBuffer(1);
    structuredClone(1, { transfer: [buffer] });
    assertThrows(() => structuredClone(buffer), DOMException, "An ArrayBuffer is detached and could not be cloned.");
    assertThrows(() => structuredClone(1, { transfer: [buffer] }), DOMException, "An ArrayBuffer is detached and could not be cloned.");
  });

  test("nothing is detached when the value cannot be cloned", () => {
    const buffer = new ArrayBuffer(1);
    assertThrows(() => structuredClone({ buffer, f() {} }, { transfer: [buffer] }), DOMException);
    assertEquals(buffer.byteLength, 1);
  });
}

test("a clone within the realm keeps a maximum of any size", () => {
  if (!("resizable" in ArrayBuffer.prototype)) return assert(/** @type {any} */ (globalThis).process !== undefined);
  const maxByteLength = 40 * 2 ** 20;
  const clone = /** @type {any} */ (structuredClone(new ArrayBuffer(2, /** @type {any} */ ({ maxByteLength }))));
  assertEquals([clone.byteLength, clone.maxByteLength], [2, maxByteLength]);
});

test("shared memory is shared by a clone, also behind views, and refused everywhere else", () => {
  const shared = new SharedArrayBuffer(8);
  const { buffer, view, again } = structuredClone({ buffer: shared, view: new Uint16Array(shared, 2, 2), again: shared });
  new Uint8Array(shared)[2] = 7;
  assertEquals([new Uint8Array(buffer)[2], view[0], view.length, view.byteOffset, view.buffer === buffer, again === buffer], [7, 7, 2, 2, true, true]);
  assertThrows(() => structuredClone(shared, { transfer: [shared] }), DOMException, "Object is not transferable");
});
