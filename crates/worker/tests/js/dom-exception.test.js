import { DOMException } from "stated:dom-exception";
import { assert, assertEquals, assertThrows, test } from "stated:test";

test("a DOMException is an Error with name, message, code and stack", () => {
  const error = new DOMException("gone", "AbortError");
  assertEquals([error.name, error.message, error.code, `${error}`], ["AbortError", "gone", 20, "AbortError: gone"]);
  assert(error instanceof Error && error instanceof DOMException);
  assertEquals(typeof error.stack, "string");
  assertEquals(Object.prototype.toString.call(error), "[object DOMException]");
});

test("without arguments the name is Error and the message empty", () => {
  const error = new DOMException();
  assertEquals([error.name, error.message, error.code, `${error}`], ["Error", "", 0, "Error"]);
});

test("arguments are converted to strings", () => {
  const error = new DOMException(/** @type {any} */ (null), /** @type {any} */ (5));
  assertEquals([error.message, error.name], ["null", "5"]);
  assertThrows(() => new DOMException(/** @type {any} */ (Symbol("x"))), TypeError);
});

test("options can carry name and cause", () => {
  const error = new DOMException("m", { name: "DataError", cause: 5 });
  assertEquals([error.name, error.cause], ["DataError", 5]);
  assertEquals(Object.hasOwn(new DOMException("m"), "cause"), false);
});

test("each old name has its code", () => {
  const codes = { IndexSizeError: 1, HierarchyRequestError: 3, WrongDocumentError: 4, InvalidCharacterError: 5,
    NoModificationAllowedError: 7, NotFoundError: 8, NotSupportedError: 9, InUseAttributeError: 10, InvalidStateError: 11,
    SyntaxError: 12, InvalidModificationError: 13, NamespaceError: 14, InvalidAccessError: 15, TypeMismatchError: 17,
    SecurityError: 18, NetworkError: 19, AbortError: 20, URLMismatchError: 21, QuotaExceededError: 22, TimeoutError: 23,
    InvalidNodeTypeError: 24, DataCloneError: 25, EncodingError: 0, OperationError: 0, toString: 0 };
  for (const [name, code] of Object.entries(codes)) assertEquals(new DOMException("", name).code, code, name);
});

test("the constants are on class and prototype", () => {
  assertEquals([DOMException.ABORT_ERR, DOMException.DATA_CLONE_ERR, new DOMException().QUOTA_EXCEEDED_ERR], [20, 25, 22]);
});

test("name, message and code are read-only accessors of the prototype", () => {
  const error = new DOMException("a", "b");
  assertEquals([Object.hasOwn(error, "name"), Object.hasOwn(error, "message")], [false, false]);
  assertThrows(() => { /** @type {any} */ (error).name = "c"; }, TypeError);
  for (const key of ["name", "message", "code"]) {
    const descriptor = /** @type {any} */ (Object.getOwnPropertyDescriptor(DOMException.prototype, key));
    assertEquals([typeof descriptor.get, descriptor.set, descriptor.enumerable], ["function", undefined, true]);
    assertThrows(() => descriptor.get.call(new Error("no")), TypeError);
  }
});
