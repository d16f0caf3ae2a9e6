import { assert, assertEquals, assertThrows, test } from "stated:test";

/** @typedef {{ prepareStackTrace?: unknown, stackTraceLimit: number, captureStackTrace(object: object, above?: Function): void }} V8sError */

const V8 = /** @type {V8sError & ErrorConstructor} */ (/** @type {unknown} */ (Error));

/** @param {unknown} prepare @param {() => void} run */
function prepared(prepare, run) {
  V8.prepareStackTrace = prepare;
  try {
    run();
  } finally {
    delete V8.prepareStackTrace;
  }
}

function made() {
  return new Error("here");
}

/** @param {any} error */
const lines = (error) => `${error.stack}`.split("\n");

test("a stack begins with the error and has the program's frames", () => {
  const [first, second] = lines(made());
  assertEquals(first, "Error: here");
  assert(/^ {4}at made \(test-file:\d+:\d+\)$/.test(second), second);
  for (const line of lines(made()).slice(1)) assert(line.startsWith("    at ") && !line.includes("stated:"), line);
});

test("functions that have no name are shown without one", () => {
  const [, line] = lines([0].map(() => new Error("x"))[0]);
  assert(/^ {4}at test-file:\d+:\d+$/.test(line), line);
});

test("the limit is V8's, and counts", () => {
  assertEquals(Object.getOwnPropertyDescriptor(Error, "stackTraceLimit"), { value: 10, writable: true, enumerable: true, configurable: true });
  for (const [limit, frames] of [[1, 1], [0, 0], [-1, 0]]) {
    V8.stackTraceLimit = limit;
    assertEquals(lines(made()).length, 1 + frames);
  }
  V8.stackTraceLimit = 10;
  assertEquals(lines(((/** @type {number} */ depth) => (function down(n) { return n === 0 ? made() : down(n - 1); })(depth))(20)).length, 11);
});

test("a captured stack begins with what captures it", () => {
  class Own extends Error {
    /** @param {string} message */
    constructor(message) {
      super(message);
      V8.captureStackTrace(this, Own);
      this.name = "Own";
    }
  }
  const [first, second] = lines((function maker() { return new Own("m"); })());
  assertEquals(first, "Error: m");
  assert(second.includes("at maker ("), second);
  const heading = (/** @type {object} */ object) => {
    V8.captureStackTrace(object);
    return lines(object)[0];
  };
  assertEquals([heading({}), heading({ name: "N", message: "m" }), heading({ message: "m" })], ["Error", "N: m", "Error: m"]);
  const object = {};
  V8.captureStackTrace(object);
  const { value, ...rest } = /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(object, "stack"));
  assertEquals([typeof value, rest], ["string", { writable: true, enumerable: false, configurable: true }]);
  assertEquals([V8.captureStackTrace.length, V8.captureStackTrace.name], [2, "captureStackTrace"]);
  assertThrows(() => V8.captureStackTrace(/** @type {any} */ (1)), TypeError);
});

test("a program may prepare stacks", () => {
  prepared((/** @type {Error} */ error, /** @type {any[]} */ sites) => ({ error, sites }), () => {
    const error = made();
    const { error: given, sites } = /** @type {any} */ (error.stack);
    assert(given === error);
    assert(error.stack === error.stack, "it is prepared once");
    const [site] = sites;
    assertEquals([site.getFunctionName(), site.isEval(), site.isNative(), site.isAsync(), site.getThis(), site.getTypeName()],
      ["made", false, false, false, undefined, null]);
    assert(site.getFileName() === "test-file");
    assert(site.getFileName() === site.getScriptNameOrSourceURL() && site.getLineNumber() > 1 && site.getColumnNumber() > 1);
    assertEquals(String(site), `made (${site.getFileName()}:${site.getLineNumber()}:${site.getColumnNumber()})`);
    const object = {};
    V8.captureStackTrace(object);
    assert(/** @type {any} */ (object).stack.error === object);
  });
});

test("while a stack is prepared, others are text, and what the function throws is thrown", () => {
  prepared(() => typeof made().stack, () => assertEquals(made().stack, "string"));
  prepared(() => { throw new RangeError("own"); }, () => assertThrows(() => made().stack, RangeError, "own"));
  prepared(5, () => assertEquals(typeof made().stack, "string"));
});

test("a stack that is set is a property that nobody lists", () => {
  const error = made();
  error.stack = "mine";
  assertEquals([error.stack, Object.keys(error), { ...error }], ["mine", [], {}]);
  assertThrows(() => Reflect.apply(/** @type {any} */ (Object.getOwnPropertyDescriptor(Error.prototype, "stack")).set, 1, ["x"]), TypeError,
    "Cannot set the stack of what is no object");
});

test("an error's own names are V8's", () => {
  const error = /** @type {any} */ (new TypeError("m", { cause: 1 }));
  error.code = "C";
  error[Symbol.iterator] = 1;
  assertEquals(Object.getOwnPropertyNames(error), ["stack", "message", "cause", "code"]);
  assertEquals(Reflect.ownKeys(error), ["stack", "message", "cause", "code", Symbol.iterator]);
  const copy = JSON.parse(JSON.stringify(error, Object.getOwnPropertyNames(error)));
  assertEquals(copy, { stack: error.stack, message: "m", cause: 1, code: "C" });
  assertEquals([Object.getOwnPropertyNames({ fileName: 1 }), Reflect.ownKeys({ lineNumber: 1 })], [["fileName"], ["lineNumber"]]);
  assertThrows(() => Reflect.ownKeys(/** @type {any} */ (1)), TypeError);
  assertEquals(Object.getOwnPropertyNames("ab"), ["0", "1", "length"]);
});
