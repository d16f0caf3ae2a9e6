import { mock } from "stated:node/test";
import timers from "stated:node/timers";
import promises from "stated:node/timers/promises";
import { assert, assertEquals, assertThrows, test } from "stated:test";

const codeOf = (fn) => assertThrows(fn, Error).code;

test("a mocked function does what it did and remembers its calls", () => {
  const add = mock.fn(function add(a, b) { return a + b; });
  const self = { add };
  assertEquals([add(1, 2), self.add(3, 4), add.name, add.length, add.mock.callCount()], [3, 7, "add", 2, 2]);
  const [first, second] = add.mock.calls;
  assertEquals([first.arguments, first.result, first.error, first.target, first.this], [[1, 2], 3, undefined, undefined, undefined]);
  assert(second.this === self && first.stack instanceof Error);
  assert(add.mock.calls !== add.mock.calls);
  add.mock.resetCalls();
  assertEquals([add.mock.callCount(), add.mock.calls], [0, []]);
  assertEquals(mock.fn()(), undefined);
});

test("what a mocked function throws is remembered and thrown", () => {
  const error = new Error("broken");
  const fail = mock.fn(() => { throw error; });
  assert(assertThrows(fail, Error, "broken") === error);
  assert(fail.mock.calls[0].error === error && fail.mock.calls[0].result === undefined);
});

test("another implementation is used for all calls, for one, or for the first few", () => {
  const value = mock.fn(() => "own", () => "other");
  assertEquals([value(), value()], ["other", "other"]);
  value.mock.mockImplementation(() => "new");
  value.mock.mockImplementationOnce(() => "next");
  value.mock.mockImplementationOnce(() => "fifth", 4);
  assertEquals([value(), value(), value(), value()], ["next", "new", "fifth", "new"]);
  value.mock.restore();
  assertEquals(value(), "own");
  const twice = mock.fn(() => "own", () => "other", { times: 2 });
  assertEquals([twice(), twice(), twice()], ["other", "other", "own"]);
});

test("a mocked class makes instances", () => {
  class Point { constructor(x) { this.x = x; } }
  const Mocked = mock.fn(Point);
  const point = new Mocked(5);
  assert(point instanceof Point && point.x === 5);
  const [call] = Mocked.mock.calls;
  assert(call.target === Point && call.result === point && call.this === point);
});

test("a method is replaced until it is restored", () => {
  const counter = { count: 1, get() { return this.count; } };
  const method = mock.method(counter, "get");
  assertEquals([counter.get(), counter.get === method, method.mock.calls[0].this === counter], [1, true, true]);
  method.mock.mockImplementation(() => 9);
  assertEquals(counter.get(), 9);
  method.mock.restore();
  assertEquals([counter.get(), counter.get === method], [1, false]);
  const symbol = Symbol("s");
  const keyed = { [symbol]: () => "own" };
  mock.method(keyed, symbol, () => "other");
  assertEquals(keyed[symbol](), "other");
});

test("a method that is inherited is replaced on the object alone", () => {
  class Base { name() { return "base"; } }
  const [one, other] = [new Base(), new Base()];
  mock.method(one, "name", () => "mock");
  assertEquals([one.name(), other.name()], ["mock", "base"]);
});

test("getters and setters are replaced", () => {
  let stored = 0;
  const object = { get value() { return stored; }, set value(value) { stored = value; } };
  const getter = mock.getter(object, "value", () => 7);
  object.value = 3;
  assertEquals([object.value, stored, getter.mock.callCount()], [7, 3, 1]);
  getter.mock.restore();
  const setter = mock.setter(object, "value", (value) => { stored = value * 2; });
  object.value = 4;
  assertEquals([object.value, setter.mock.calls[0].arguments], [8, [4]]);
  setter.mock.restore();
  object.value = 4;
  assertEquals(object.value, 4);
  assertEquals(mock.method(object, "value", { getter: true }).mock.callCount(), 0);
});

test("all mocks are taken back at once", () => {
  const object = { a: () => "a", b: () => "b" };
  mock.method(object, "a", () => 1);
  mock.method(object, "b", () => 2);
  mock.restoreAll();
  assertEquals([object.a(), object.b()], ["a", "b"]);
  mock.method(object, "a", () => 1);
  mock.reset();
  assertEquals(object.a(), "a");
});

test("what cannot be mocked is refused", () => {
  const object = { value: 1, method() {} };
  assertEquals([codeOf(() => mock.fn(1)), codeOf(() => mock.fn(() => {}, 1)), codeOf(() => mock.method(object, 1)), codeOf(() => mock.method(1, "a"))],
    Array(4).fill("ERR_INVALID_ARG_TYPE"));
  assertEquals([codeOf(() => mock.method(object, "value")), codeOf(() => mock.method(object, "none")),
    codeOf(() => mock.method(object, "method", { getter: true, setter: true })), codeOf(() => mock.getter(object, "value", { getter: false }))],
  Array(4).fill("ERR_INVALID_ARG_VALUE"));
  assertEquals(codeOf(() => mock.fn(() => {}, { times: 0 })), "ERR_OUT_OF_RANGE");
  const called = mock.fn();
  called();
  assertEquals([codeOf(() => called.mock.mockImplementationOnce(() => {}, 0)), codeOf(() => called.mock.mockImplementation(1))],
    ["ERR_OUT_OF_RANGE", "ERR_INVALID_ARG_TYPE"]);
});

test("mocked timers run when the program says so, in the order of time", () => {
  const real = setTimeout;
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "setImmediate"] });
  assert(setTimeout !== real && timers.setTimeout !== real);
  const ran = [];
  setTimeout((...args) => ran.push(["a", ...args]), 10, 1, 2);
  setTimeout(() => ran.push("b"), 5);
  const repeated = setInterval(() => ran.push("i"), 4);
  setImmediate((value) => ran.push(value), "at once");
  clearTimeout(setTimeout(() => ran.push("never"), 7));
  mock.timers.tick(6);
  assertEquals(ran.splice(0), ["at once", "i", "b"]);
  mock.timers.tick();
  assertEquals(ran.splice(0), []);
  mock.timers.tick(10);
  assertEquals(ran.splice(0), ["i", ["a", 1, 2], "i", "i"]);
  clearInterval(repeated);
  mock.timers.tick(100);
  assertEquals(ran, []);
  mock.timers.reset();
  assert(setTimeout === real);
});

test("a timer that sets another, and one that throws", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const ran = [];
  setTimeout(() => {
    ran.push("first");
    setTimeout(() => ran.push("second"), 5);
  }, 5);
  mock.timers.tick(10);
  assertEquals(ran.splice(0), ["first"]);
  mock.timers.runAll();
  assertEquals(ran, ["second"]);
  setTimeout(() => { throw new Error("in the timer"); }, 1);
  assertThrows(() => mock.timers.tick(1), Error, "in the timer");
  mock.timers.reset();
});

test("mocked timers keep promises", async () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const waited = promises.setTimeout(10, "value");
  mock.timers.tick(10);
  assertEquals(await waited, "value");
  const controller = new AbortController();
  const stopped = promises.setTimeout(10, "value", { signal: controller.signal }).catch((error) => error.code);
  controller.abort();
  assertEquals(await stopped, "ABORT_ERR");
  mock.timers.reset();
});

test("a mocked clock stands still", () => {
  const RealDate = Date;
  mock.timers.enable({ apis: ["Date"], now: 50 });
  assertEquals([Date.now(), new Date().getTime(), new Date(7).getTime(), new Date(0) instanceof RealDate, Date.UTC(2020, 0), typeof Date()], [50, 50, 7, true, 1577836800000, "string"]);
  mock.timers.tick(25);
  assertEquals(Date.now(), 75);
  mock.timers.setTime(1000);
  assertEquals(Date.now(), 1000);
  mock.timers.reset();
  assert(Date === RealDate && Date.now() > 1e12);
});

test("the clock of mocks is enabled once, and moved by positive numbers", () => {
  assertEquals([codeOf(() => mock.timers.tick(1)), codeOf(() => mock.timers.runAll())], ["ERR_INVALID_STATE", "ERR_INVALID_STATE"]);
  assertEquals([codeOf(() => mock.timers.enable({ apis: ["none"] })), codeOf(() => mock.timers.enable({ apis: 1 }))], ["ERR_INVALID_ARG_VALUE", "ERR_INVALID_ARG_TYPE"]);
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  assertEquals([codeOf(() => mock.timers.enable()), codeOf(() => mock.timers.tick(-1))], ["ERR_INVALID_STATE", "ERR_INVALID_ARG_VALUE"]);
  mock.timers.reset();
  mock.timers.reset();
});
