import { assert, assertEquals, assertThrows, test } from "stated:test";

test("dates are made from texts as V8 reads them", () => {
  assertEquals(new Date("Jan 2024").toISOString(), "2024-01-01T00:00:00.000Z");
  assertEquals([Date.parse("Jan 2024"), Date.parse("2024-01-05T10:00:00Z")], [1704067200000, 1704448800000]);
  assertEquals(new Date(/** @type {any} */ ({ toString: () => "Jan 2024" })).getTime(), 1704067200000);
  assertEquals(new Date(/** @type {any} */ (Object("Jan 2024"))).getTime(), 1704067200000);
  assert(Number.isNaN(new Date("no date").getTime()) && Number.isNaN(Date.parse("24:00:01 Dec")));
});

test("dates are made from numbers, parts, dates and objects as before", () => {
  assertEquals([new Date(5).getTime(), new Date(2024, 0).getTime(), new Date(2024, 0, 2, 3, 4, 5, 6).toISOString()],
    [5, 1704067200000, "2024-01-02T03:04:05.006Z"]);
  assertEquals(new Date(new Date(7)).getTime(), 7);
  const changed = Object.defineProperty(new Date(7), Symbol.toPrimitive, { value: () => "Jan 2024" });
  assertEquals(new Date(changed).getTime(), 7);
  assertEquals([new Date(/** @type {any} */ ({ valueOf: () => 8 })).getTime(), new Date(/** @type {any} */ (true)).getTime(),
    new Date(/** @type {any} */ (null)).getTime()], [8, 1, 0]);
  assert(Number.isNaN(new Date(/** @type {any} */ (undefined)).getTime()));
  assert(Math.abs(new Date().getTime() - Date.now()) < 1000);
  assertEquals(typeof Date(), "string");
  for (const bad of [{ [Symbol.toPrimitive]: () => ({}) }, Object.create(null), { valueOf: 1, toString: () => ({}) }]) {
    assertThrows(() => new Date(/** @type {any} */ (bad)), TypeError, "Cannot convert object to primitive value");
  }
  assertThrows(() => new Date(/** @type {any} */ (Symbol("s"))), TypeError, "Cannot convert a Symbol value to a number");
  assertThrows(() => new Date(/** @type {any} */ (1n)), TypeError, "Cannot convert a BigInt value to a number");
});

test("the constructor looks like the language's", () => {
  assertEquals([Date.name, Date.length, Date.parse.name, Date.parse.length, Date.now.length, Date.UTC.length], ["Date", 7, "parse", 1, 0, 7]);
  assertEquals(Object.keys(Date), []);
  assertEquals(Object.getOwnPropertyDescriptor(globalThis, "Date"), { value: Date, writable: true, enumerable: false, configurable: true });
  assertEquals(Object.getOwnPropertyDescriptor(Date, "prototype"),
    { value: Date.prototype, writable: false, enumerable: false, configurable: false });
  assert(Date.prototype.constructor === Date && structuredClone(new Date(1)) instanceof Date);
  class Day extends Date {
    day() { return this.toISOString().slice(0, 10); }
  }
  const day = new Day("Mar 5 2024");
  assertEquals([day.day(), day instanceof Day, day instanceof Date, new Day(2024, 0).day()], ["2024-03-05", true, true, "2024-01-01"]);
});
