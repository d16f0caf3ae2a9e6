import { DOMException } from "stated:dom-exception";
import { describeError, isReset, makeError } from "stated:error-transport";
import { serialize } from "stated:serialize";
import { setFlags } from "stated:settings";
import { assert, assertEquals, test } from "stated:test";

const RETRYABLE = 1;
const OVERLOADED = 2;
const REMOTE = 4;
const RESET = 8;

/** What a caller sees of something thrown. @param {unknown} thrown */
function cross(thrown) {
  const [text, , flags] = describeError(thrown);
  return /** @type {any} */ (makeError("", text, flags | REMOTE, ""));
}

for (const name of ["Error", "RangeError", "TypeError", "SyntaxError", "ReferenceError", "URIError", "EvalError"]) {
  test(`a ${name} arrives as that class`, () => {
    const Class = /** @type {any} */ (globalThis)[name];
    const error = cross(new Class("text: with a colon"));
    assertEquals([Object.getPrototypeOf(error) === Class.prototype, error.message], [true, "text: with a colon"]);
  });
}

for (const name of ["CompileError", "LinkError", "RuntimeError"]) {
  test(`WebAssembly's ${name} arrives as that class where there is WebAssembly`, () => {
    const error = makeError("", `${name}: text`, 0, "");
    const wasm = /** @type {any} */ (globalThis).WebAssembly;
    if (wasm === undefined) assertEquals(error.message, `${name}: text`);
    else assertEquals([error instanceof wasm[name], error.message], [true, "text"]);
  });
}

test("an AggregateError arrives as that class, without its errors", () => {
  const error = cross(new AggregateError([1], "text"));
  assertEquals([error instanceof AggregateError, error.message, error.errors], [true, "text", []]);
});

test("an error without a message arrives without one", () => {
  const error = cross(new TypeError());
  assertEquals([error instanceof TypeError, error.message], [true, ""]);
});

test("an error with a name of its own arrives as Error with name and message", () => {
  const error = cross(Object.assign(new TypeError("text"), { name: "MyError" }));
  assertEquals([Object.getPrototypeOf(error) === Error.prototype, error.message], [true, "MyError: text"]);
});

test("a class derived from Error without a name of its own arrives as Error", () => {
  const error = cross(new (class Mine extends Error {})("text"));
  assertEquals([Object.getPrototypeOf(error) === Error.prototype, error.message], [true, "text"]);
});

test("a name that only begins like a built-in one is no built-in", () => {
  const error = cross(Object.assign(new Error("text"), { name: "TypeErrorPlus" }));
  assertEquals([error.constructor === Error, error.message], [true, "TypeErrorPlus: text"]);
});

test("a DOMException keeps name, message and code", () => {
  const error = cross(new DOMException("two\nlines", "NotFoundError"));
  assertEquals([error instanceof DOMException, error.name, error.message, error.code], [true, "NotFoundError", "two\nlines", 8]);
});

test("a DOMException without a message keeps its name", () => {
  const error = cross(new DOMException("", "AbortError"));
  assertEquals([error.name, error.message], ["AbortError", ""]);
});

for (const [thrown, message] of /** @type {[any, string][]} */ ([["x", "x"], ["TypeError: y", "TypeError: y"], [5, "5"], [null, "null"],
  [undefined, "undefined"], [{ a: 1 }, "#<Object>"], [Symbol("s"), "Symbol(s)"], [12n, "12"]])) {
  test(`throwing ${String(thrown)} arrives as Error`, () => {
    const error = cross(thrown);
    assertEquals([error.constructor === Error, error.message], [true, message]);
  });
}

test("an error that cannot be printed is described all the same", () => {
  const hostile = [
    { get toString() { throw new Error("no"); } },
    Object.defineProperty(new Error("x"), "message", { get() { throw new Error("no"); } }),
    Object.defineProperty(new Error("x"), "retryable", { get() { throw new Error("no"); } }),
    new Proxy(new Error("x"), { get() { throw new Error("no"); }, getPrototypeOf() { throw new Error("no"); } }),
  ];
  for (const thrown of hostile) {
    assertEquals(describeError(thrown), ["Error: the error could not be converted to a string",
      "Error: the error could not be converted to a string", 0]);
  }
});

test("what is thrown and no error is named after its class, and its toString is not called", () => {
  class Point {}
  const named = /** @type {[any, string][]} */ ([
    [new Point(), "#<Point>"], [Object.create(null), "[object Object]"], [[1], "[object Array]"], [new Map(), "#<Map>"],
    [{ toString() { throw new Error("no"); } }, "[object Object]"], [{ constructor: 5 }, "[object Object]"],
    [{ [Symbol.toStringTag]: "Tag", constructor: undefined }, "[object Tag]"], [() => 1, "() => 1"],
  ]);
  for (const [thrown, text] of named) assertEquals(describeError(thrown)[0], `Error: ${text}`);
});

test("the log's text has the stack and the caller's has not", () => {
  const error = new RangeError("text");
  Object.defineProperty(error, "stack", { value: "inner@file.js:1:2\n" });
  assertEquals(describeError(error), ["RangeError: text", "RangeError: text\ninner@file.js:1:2\n", 0]);
});

test("a stack that begins with the error is not given a second beginning", () => {
  const error = new RangeError("text");
  Object.defineProperty(error, "stack", { value: "RangeError: text\n    at inner" });
  assertEquals(describeError(error)[1], "RangeError: text\n    at inner");
});

test("truthy overloaded and retryable cross as true, and overloaded wins", () => {
  const seen = (/** @type {object} */ properties) => {
    const { overloaded, retryable } = cross(Object.assign(new Error("x"), properties));
    return [overloaded, retryable];
  };
  assertEquals(seen({ retryable: 1 }), [undefined, true]);
  assertEquals(seen({ overloaded: "yes" }), [true, undefined]);
  assertEquals(seen({ overloaded: true, retryable: true }), [true, undefined]);
  assertEquals(seen({ overloaded: 0, retryable: "" }), [undefined, undefined]);
});

test("remote is noted, durableObjectReset of another object is not passed on", () => {
  const error = Object.assign(new Error("x"), { remote: true, durableObjectReset: true });
  assertEquals(describeError(error)[2], REMOTE);
});

test("the flags become properties", () => {
  const id = "ab".repeat(32);
  const error = makeError("Error", "x", RETRYABLE | OVERLOADED | REMOTE | RESET, id);
  assertEquals({ ...error }, { retryable: true, overloaded: true, remote: true, durableObjectReset: true, durableObjectId: id });
  assertEquals({ ...makeError("Error", "x", 0, "") }, {});
});

test("only the host's reset counts as one", () => {
  assert(isReset(makeError("", "Error: x", RESET, "")));
  assert(!isReset(Object.assign(new Error("x"), { durableObjectReset: true })));
  assert(!isReset(makeError("", "Error: x", REMOTE, "")));
  assert(!isReset(undefined));
});

test("the host makes errors of a class", () => {
  assertEquals([makeError("TypeError", "TypeError: x", 0, "").constructor === TypeError, makeError("TypeError", "y", 0, "").message],
    [true, "y"]);
  const quota = makeError("DOMException:QuotaExceededError", "full", 0, "");
  assertEquals([quota instanceof DOMException, quota.name, quota.message], [true, "QuotaExceededError", "full"]);
  assertEquals(makeError("NoSuchError", "x", 0, "").message, "NoSuchError: x");
});

// --- with the error itself --------------------------------------------------------------------------------------------

/** What a caller sees of something thrown when the thrown value crosses, too. @param {unknown} thrown @returns {any} */
function crossWhole(thrown) {
  setFlags(["enhanced_error_serialization"]);
  try {
    const [text, , flags] = describeError(thrown);
    return makeError("", text, flags | REMOTE, "", serialize(thrown, { forErrors: true }));
  } finally {
    setFlags([]);
  }
}

test("an error crosses whole: class, name, cause and properties of its own", () => {
  const error = crossWhole(Object.assign(new TypeError("text", { cause: { a: 1 } }), { code: 7 }));
  assertEquals([error.constructor === TypeError, error.message, error.cause, error.code, error.remote], [true, "text", { a: 1 }, 7, true]);
  const named = crossWhole(Object.assign(new Error("text"), { name: "MyError" }));
  assertEquals([named.constructor === Error, named.name, named.message], [true, "MyError", "text"]);
});

test("the errors of an AggregateError cross", () => {
  const error = crossWhole(new AggregateError([new RangeError("one"), 2], "all"));
  assertEquals([error instanceof AggregateError, error.errors[0] instanceof RangeError, error.errors[1]], [true, true, 2]);
});

test("a thrown plain object crosses as one", () => {
  assertEquals(crossWhole({ a: 1 }), { a: 1, remote: true });
});

test("overloaded and retryable are true whatever the program set", () => {
  assertEquals(crossWhole(Object.assign(new Error("x"), { overloaded: 5 })).overloaded, true);
});

test("the callee's stack does not cross", () => {
  const thrown = Object.assign(new Error("x"));
  Object.defineProperty(thrown, "stack", { value: "secret@callee.js" });
  assertEquals(crossWhole(thrown).stack.includes("secret"), false);
});

test("bytes that cannot be read leave the text", () => {
  const error = makeError("", "TypeError: text", 0, "", new Uint8Array([0xff, 0x0f, 1]));
  assertEquals([error instanceof TypeError, error.message], [true, "text"]);
});
