/** ctx.storage: reference 4, 6, 7, 8.1. */

import { ObjectContext, rememberObject } from "stated:context";
import { DOMException } from "stated:dom-exception";
import { deserialize, serialize } from "stated:serialize";
import { setFlags } from "stated:settings";
import { defineExperimentalStorage, DurableObjectStorage } from "stated:storage";
import { assert, assertEquals, assertRejects, assertThrows, test } from "stated:test";
import { internal } from "stated:webidl";
import { Host, settle } from "./host-objects.mjs";
import { MemoryStorage } from "./host-storage.mjs";

const host = new Host();

/** A storage over fresh memory, as an object of its own has. */
function open({ sqlite = true, instance = { alarm() {} } } = {}) {
  const contextId = ++host.lastContext;
  const memory = new MemoryStorage();
  host.byContext.set(contextId, { contextId, storage: memory });
  const object = new ObjectContext(contextId, "Test", false, sqlite);
  object.instance = instance;
  rememberObject(object);
  return { storage: new DurableObjectStorage(internal, object), memory, object };
}

const pairs = (map) => [...map];

// --- get, put, delete -------------------------------------------------------------------------------------------------

test("a missing key reads as undefined", async () => {
  assertEquals(await open().storage.get("nope"), undefined);
});

test("what was put is read back, as a fresh copy each time", async () => {
  const { storage } = open();
  await storage.put("k", { a: [1, new Date(5)] });
  const first = await storage.get("k");
  first.a.push("changed");
  assertEquals(await storage.get("k"), { a: [1, new Date(5)] });
});

test("a value is serialized when put is called", async () => {
  const { storage } = open();
  const value = { a: 1 };
  const written = storage.put("k", value);
  value.a = 2;
  await written;
  assertEquals(await storage.get("k"), { a: 1 });
});

test("a read sees a write that is not awaited", async () => {
  const { storage } = open();
  storage.put("k", 1);
  assertEquals(await storage.get("k"), 1);
});

test("keys are coerced to strings", async () => {
  const { storage, memory } = open();
  await storage.put(5, "number");
  await storage.put(null, "null");
  await storage.put("undefined", "u");
  assertEquals([await storage.get("5"), await storage.get(null), await storage.get(undefined)], ["number", "null", "u"]);
  assertEquals([...memory.entries.keys()], ["5", "null", "undefined"]);
});

test("several keys give a Map of the existing ones, sorted, without duplicates", async () => {
  const { storage } = open();
  await storage.put({ b: 2, a: 1, c: 3 });
  assertEquals(pairs(await storage.get(["c", "nope", "a", "c"])), [["a", 1], ["c", 3]]);
});

test("an empty list of keys gives an empty Map", async () => {
  assertEquals(await open().storage.get([]), new Map());
});

test("entries whose value is undefined are skipped", async () => {
  const { storage } = open();
  await storage.put({ a: 1, b: undefined });
  assertEquals(pairs(await storage.list()), [["a", 1]]);
});

test("only own enumerable string keys of entries are put", async () => {
  const { storage } = open();
  const entries = Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true }, hidden: { value: 3 } });
  entries[Symbol("s")] = 4;
  await storage.put(entries);
  assertEquals(pairs(await storage.list()), [["own", 2]]);
});

test("nothing of the entries is put when one cannot be serialized", async () => {
  const { storage } = open();
  await assertRejects(storage.put({ a: 1, b: () => {} }), DOMException, "() => {} could not be cloned.");
  assertEquals(await storage.list(), new Map());
});

test("delete tells whether the key existed, and how many did", async () => {
  const { storage } = open();
  await storage.put({ a: 1, b: 2 });
  assertEquals([await storage.delete("a"), await storage.delete("a"), await storage.delete(["a", "b", "c"])], [true, false, 1]);
});

test("allowUnconfirmed reaches the host, other options do not", async () => {
  const { storage, memory } = open();
  await storage.put("a", 1, { allowUnconfirmed: true, allowConcurrency: true, noCache: true });
  await storage.put({ b: 1 }, { allowUnconfirmed: 1 });
  await storage.put("c", 1, {});
  await storage.delete("a", { allowUnconfirmed: true });
  await storage.delete(["b"], null);
  assertEquals(memory.log, [["put", "a", true], ["putMany", ["b"], true], ["put", "c", false], ["delete", "a", true],
    ["deleteMany", ["b"], false]]);
});

test("every promise is settled when it is returned", async () => {
  const { storage } = open();
  const order = [];
  const microtask = Promise.resolve().then(() => order.push("other"));
  await storage.put("a", 1);
  order.push("put");
  await storage.get("a");
  order.push("get");
  await microtask;
  assertEquals(order, ["other", "put", "get"]);
});

const failures = [
  ["get without a key", (s) => s.get(), TypeError,
    "Failed to execute 'get' on 'DurableObjectStorage': parameter 1 is not of type 'string or Array'."],
  ["get with options that are none", (s) => s.get("a", 5), TypeError,
    "Failed to execute 'get' on 'DurableObjectStorage': parameter 2 is not of type 'GetOptions'."],
  ["get of a symbol", (s) => s.get(Symbol("x")), TypeError, "Cannot convert a Symbol value to a string"],
  ["put without arguments", (s) => s.put(), TypeError,
    "Failed to execute 'put' on 'DurableObjectStorage': parameter 1 is not of type 'string or object'."],
  ["put without a value", (s) => s.put("a"), TypeError, "put() called with undefined value."],
  ["put of undefined", (s) => s.put("a", undefined), TypeError, "put() called with undefined value."],
  ["put of an array, which is a key, without a value", (s) => s.put(["a", "b"]), TypeError, "put() called with undefined value."],
  ["put of entries and a number", (s) => s.put({ a: 1 }, 5), TypeError,
    "put() may only be called with a single key-value pair and optional options as put(key, value, options) or with multiple key-value pairs and optional options as put(entries, options)"],
  ["put of entries and a string", (s) => s.put({ a: 1 }, "x"), TypeError,
    "put() may only be called with a single key-value pair and optional options as put(key, value, options) or with multiple key-value pairs and optional options as put(entries, options)"],
  ["put of a function's properties", (s) => s.put(() => {}, 1), TypeError,
    "put() may only be called with a single key-value pair and optional options as put(key, value, options) or with multiple key-value pairs and optional options as put(entries, options)"],
  ["put of a value that cannot be cloned", (s) => s.put("a", { f() {} }), DOMException, "f() {} could not be cloned."],
  ["list with both starts", (s) => s.list({ start: "a", startAfter: "b" }), TypeError,
    "list() cannot be called with both start and startAfter values."],
  ["list with options that are none", (s) => s.list(5), TypeError,
    "Failed to execute 'list' on 'DurableObjectStorage': parameter 1 is not of type 'ListOptions'."],
  ...[0, -1, NaN, Infinity, null, "x", {}].map((limit) => [`list with the limit ${String(limit)}`, (s) => s.list({ limit }), TypeError,
    "List limit must be positive."]),
  ["list with a limit above int32", (s) => s.list({ limit: 2147483648 }), TypeError,
    "Value out of range. Must be between -2147483648 and 2147483647 (inclusive)."],
  ["getBookmarkForTime without a time", (s) => s.getBookmarkForTime(), TypeError,
    "Failed to execute 'getBookmarkForTime' on 'DurableObjectStorage': parameter 1 is not of type 'date'."],
  ["getBookmarkForTime of a string", (s) => s.getBookmarkForTime("2026"), TypeError,
    "Failed to execute 'getBookmarkForTime' on 'DurableObjectStorage': parameter 1 is not of type 'date'."],
  ["getBookmarkForTime of no time", (s) => s.getBookmarkForTime(NaN), TypeError,
    "The value cannot be converted because it is not a valid Date."],
  ["onNextSessionRestoreBookmark without a bookmark", (s) => s.onNextSessionRestoreBookmark(), TypeError,
    "Failed to execute 'onNextSessionRestoreBookmark' on 'DurableObjectStorage': parameter 1 is not of type 'string'."],
  ["transaction without a function", (s) => s.transaction(5), TypeError,
    "Failed to execute 'transaction' on 'DurableObjectStorage': parameter 1 is not of type 'function'."],
];
for (const [name, act, Class, message] of failures) {
  test(`${name} rejects`, () => assertRejects(() => act(open().storage), Class, message));
}

test("delete without a key throws", () => {
  assertThrows(() => open().storage.delete(), TypeError,
    "Failed to execute 'delete' on 'DurableObjectStorage': parameter 1 is not of type 'string or Array'.");
});

// --- list -------------------------------------------------------------------------------------------------------------

test("list gives everything in UTF-8 order", async () => {
  const { storage } = open();
  await storage.put({ "\u{1f600}": 3, "\uffff": 2, b: 1, a: 0 });
  assertEquals([...(await storage.list()).keys()], ["a", "b", "\uffff", "\u{1f600}"]);
});

const listed = [
  [{ start: "b" }, "bcd"], [{ startAfter: "b" }, "cd"], [{ end: "c" }, "ab"], [{ start: "b", end: "d" }, "bc"], [{ prefix: "c" }, "c"],
  [{ reverse: true }, "dcba"], [{ limit: 2 }, "ab"], [{ limit: 1.9 }, "a"], [{ limit: "2" }, "ab"], [{ reverse: true, limit: 2 }, "dc"],
  [{ start: "z" }, ""], [{ start: "c", end: "b" }, ""], [null, "abcd"], [undefined, "abcd"], [{ start: undefined, limit: 2147483647 }, "abcd"],
];
for (const [options, keys] of listed) {
  test(`list(${JSON.stringify(options)}) gives "${keys}"`, async () => {
    const { storage } = open();
    await storage.put({ d: 4, a: 1, c: 3, b: 2 });
    assertEquals([...(await storage.list(options)).keys()].join(""), keys);
  });
}

test("list bounds are coerced to strings", async () => {
  const { storage, memory } = open();
  await storage.list({ start: 1, end: 2, prefix: 3 });
  assertEquals(memory.log, [["list", "1", undefined, "2", "3", false, undefined]]);
});

// --- deleteAll, sync, bookmarks ---------------------------------------------------------------------------------------

for (const alarmGoes of [false, true]) {
  test(`deleteAll ${alarmGoes ? "takes" : "leaves"} the alarm by flag`, async () => {
    const { storage, memory } = open();
    await storage.put("a", 1);
    setFlags(alarmGoes ? ["delete_all_deletes_alarm"] : []);
    try {
      await storage.deleteAll();
    } finally {
      setFlags([]);
    }
    assertEquals([memory.entries.size, memory.log.at(-1)], [0, ["deleteAll", alarmGoes]]);
  });
}

test("sync waits for the host", async () => {
  const { storage, memory } = open();
  assertEquals(await storage.sync(), undefined);
  assertEquals(memory.log, [["sync"]]);
});

test("the current bookmark is the host's", async () => {
  assertEquals(await open().storage.getCurrentBookmark(), "00000000-00000000-00000000-00000000000000000000000000000000");
});

// --- alarms -----------------------------------------------------------------------------------------------------------

test("an alarm is read back in whole milliseconds", async () => {
  const { storage } = open();
  assertEquals(await storage.getAlarm(), null);
  await storage.setAlarm(9e12 + 0.9);
  assertEquals(await storage.getAlarm(), 9e12);
  await storage.setAlarm(new Date(8e12));
  assertEquals(await storage.getAlarm(), 8e12);
  await storage.deleteAlarm();
  assertEquals(await storage.getAlarm(), null);
});

test("a past time becomes now", async () => {
  const { storage } = open();
  const before = Date.now();
  await storage.setAlarm(1);
  const at = await storage.getAlarm();
  assert(at >= before && at <= Date.now());
});

test("the alarm's options reach the host", async () => {
  const { storage, memory } = open();
  await storage.setAlarm(9e12, { allowUnconfirmed: true });
  await storage.deleteAlarm({ allowUnconfirmed: true });
  assertEquals(memory.log, [["setAlarm", 9e12, true], ["deleteAlarm", true]]);
});

for (const time of [0, -1, 0.5, new Date(0)]) {
  test(`setAlarm(${time instanceof Date ? "the epoch" : time}) is refused`, () => assertRejects(open().storage.setAlarm(time), TypeError,
    "setAlarm() cannot be called with an alarm time <= 0"));
}
for (const time of [undefined, null, "5", {}, 10n]) {
  test(`setAlarm of ${typeof time} ${String(time)} is no date`, () => assertRejects(open().storage.setAlarm(time), TypeError,
    "Failed to execute 'setAlarm' on 'DurableObjectStorage': parameter 1 is not of type 'date'."));
}
for (const time of [NaN, Infinity, new Date(NaN)]) {
  test(`setAlarm(${String(time)}) is no valid date`, () => assertRejects(open().storage.setAlarm(time), TypeError,
    "The value cannot be converted because it is not a valid Date."));
}

test("setAlarm needs an alarm handler", async () => {
  for (const instance of [{}, { alarm: 5 }]) {
    await assertRejects(open({ instance }).storage.setAlarm(9e12), TypeError,
      "Your Durable Object class must have an alarm() handler in order to call setAlarm()");
  }
});

test("the alarm handler is not looked for while the constructor runs", async () => {
  const { storage } = open({ instance: undefined });
  await storage.setAlarm(9e12);
  assertEquals(await storage.getAlarm(), 9e12);
});

test("a bookmark for a time is asked for in whole milliseconds", async () => {
  const { storage, memory } = open();
  assertEquals([await storage.getBookmarkForTime(5.7), await storage.getBookmarkForTime(new Date(7))], ["at 5", "at 7"]);
  assertEquals(await storage.onNextSessionRestoreBookmark("b"), "before b");
  assertEquals(memory.log, [["bookmarkForTime", 5], ["bookmarkForTime", 7], ["bookmarkRestore", "b"]]);
});

test("point-in-time recovery is not for objects without SQLite", async () => {
  const { storage } = open({ sqlite: false });
  const message = "This Durable Object's storage back-end does not implement point-in-time recovery.";
  await assertRejects(storage.getBookmarkForTime(0), Error, message);
  await assertRejects(storage.onNextSessionRestoreBookmark("x"), Error, message);
});

test("waitForBookmark exists under the flag experimental and resolves at once", async () => {
  assertEquals("waitForBookmark" in open().storage, false);
  setFlags(["experimental"]);
  defineExperimentalStorage();
  setFlags([]);
  const { storage } = open();
  assertEquals(await storage.waitForBookmark("x"), undefined);
  await assertRejects(storage.waitForBookmark(), TypeError,
    "Failed to execute 'waitForBookmark' on 'DurableObjectStorage': parameter 1 is not of type 'string'.");
});

// --- the limits of namespaces without SQLite --------------------------------------------------------------------------

test("a key of 2048 bytes is accepted without SQLite, one of 2049 is not", async () => {
  const { storage } = open({ sqlite: false });
  const key = "é".repeat(1024);
  await storage.put(key, 1);
  assertEquals([await storage.get(key), await storage.delete(key)], [1, true]);
  const message = "Keys cannot be larger than 2048 bytes. A key of size 2049 was provided.";
  for (const act of [(k) => storage.put(k, 1), (k) => storage.put({ [k]: 1 }), (k) => storage.get(k), (k) => storage.get([k])]) {
    await assertRejects(act(`${key}x`), RangeError, message);
  }
  for (const act of [() => storage.delete(`${key}x`), () => storage.delete([`${key}x`])]) assertThrows(act, RangeError, message);
});

test("a value of 131106 bytes is accepted without SQLite, one of 131107 is not", async () => {
  const { storage } = open({ sqlite: false });
  const overhead = serialize("x".repeat(131072)).length - 131072;
  const fits = "x".repeat(131106 - overhead);
  await storage.put("k", fits);
  await assertRejects(storage.put("k", `${fits}x`), RangeError,
    "Values cannot be larger than 131072 bytes. A value of size 131107 was provided.");
  assertEquals((await storage.get("k")).length, fits.length);
});

test("128 keys can be read at once without SQLite, 129 cannot", async () => {
  const { storage } = open({ sqlite: false });
  const keys = Array.from({ length: 128 }, (_, i) => `k${i}`);
  assertEquals((await storage.get(keys)).size, 0);
  await assertRejects(storage.get([...keys, "x"]), RangeError, "Maximum number of key value pairs is 128. 129 pairs were provided.");
  assertEquals(await storage.delete([...keys, "x"]), 0);
});

test("SQLite has none of these limits", async () => {
  const { storage } = open();
  await storage.put("x".repeat(5000), "y".repeat(200_000));
  assertEquals((await storage.get(Array.from({ length: 200 }, (_, i) => `${i}`))).size, 0);
});

// --- kv ---------------------------------------------------------------------------------------------------------------

test("the synchronous interface shares its data with the asynchronous one", async () => {
  const { storage } = open();
  storage.kv.put("a", { x: 1 });
  assertEquals([await storage.get("a"), storage.kv.get("a"), storage.kv.get("b")], [{ x: 1 }, { x: 1 }, undefined]);
  assertEquals([storage.kv.delete("a"), storage.kv.delete("a")], [true, false]);
});

test("kv.put stores undefined", () => {
  const { kv } = open().storage;
  kv.put("u", undefined);
  assertEquals([[...kv.list()], kv.delete("u"), kv.get("u")], [[["u", undefined]], true, undefined]);
});

test("kv.list takes the options of list", () => {
  const { kv } = open().storage;
  for (const key of ["a", "b", "c", "d"]) kv.put(key, key);
  assertEquals([...kv.list({ startAfter: "a", reverse: true, limit: 2 })], [["d", "d"], ["c", "c"]]);
  assertThrows(() => kv.list({ limit: 0 }), TypeError, "List limit must be positive.");
  assertThrows(() => kv.list({ start: "a", startAfter: "b" }), TypeError,
    "list() cannot be called with both start and startAfter values.");
});

test("kv.list is an iterator that is its own iterable", () => {
  const { kv } = open().storage;
  kv.put("a", 1);
  const list = kv.list();
  assert(list[Symbol.iterator]() === list);
  assertEquals([list.next(), list.next(), list.next()],
    [{ done: false, value: ["a", 1] }, { done: true, value: undefined }, { done: true, value: undefined }]);
});

test("another listing of either kind ends a kv.list iterator", async () => {
  const { storage } = open();
  storage.kv.put("a", 1);
  for (const interfere of [() => storage.kv.list(), () => storage.list()]) {
    const list = storage.kv.list();
    await interfere();
    assertThrows(() => list.next(), Error,
      "kv.list() iterator was invalidated because a new call to kv.list() was started. Only one kv.list() iterator can exist at a time.");
  }
});

test("kv methods require their arguments", () => {
  const { kv } = open().storage;
  assertThrows(() => kv.get(), TypeError, "Failed to execute 'get' on 'SyncKvStorage': parameter 1 is not of type 'string'.");
  assertThrows(() => kv.put("a"), TypeError, "Failed to execute 'put' on 'SyncKvStorage': parameter 2 is not of type 'Value'.");
  assertThrows(() => kv.put("a", Symbol("x")), DOMException, "Symbol(x) could not be cloned.");
});

test("without SQLite kv exists and every operation throws", () => {
  const { kv } = open({ sqlite: false }).storage;
  const message = "The storage.kv (synchronous KV) API is only available for SQLite-backed Durable Objects, but this object's namespace is not declared to use SQLite. You can use the older, asyncronous interface via methods of `storage` itself (e.g. `storage.get()`). Alternatively, to enable SQLite, change `new_classes` to `new_sqlite_classes` within the 'migrations' field in your wrangler.jsonc or wrangler.toml file. If using workerd directly, set `enableSql = true` in your workerd config for the class. Note that this change cannot be made after the class is already deployed to production.";
  for (const act of [() => kv.get("a"), () => kv.put("a", 1), () => kv.delete("a"), () => kv.list()]) assertThrows(act, Error, message);
});

// --- shape ------------------------------------------------------------------------------------------------------------

test("sql and kv are made once and can be replaced", () => {
  const { storage } = open();
  assert(storage.sql === storage.sql && storage.kv === storage.kv);
  storage.sql = null;
  assertEquals(storage.sql, null);
});

test("storage cannot be constructed, cloned or stored", async () => {
  const { storage } = open();
  assertThrows(() => new DurableObjectStorage(), TypeError, "Illegal constructor");
  assertEquals(Object.prototype.toString.call(storage), "[object DurableObjectStorage]");
  await assertRejects(storage.put("a", storage), DOMException,
    'Could not serialize object of type "DurableObjectStorage". This type does not support serialization.');
});

test("what is stored has the bytes of V8's format", async () => {
  const { storage, memory } = open();
  await storage.put("a", "x");
  assertEquals([...memory.entries.get("a")], [0xff, 0x0f, 0x22, 1, 0x78]);
  assertEquals(deserialize(memory.entries.get("a")), "x");
});

test("nothing was reported as uncaught", async () => {
  await settle();
  assertEquals(host.uncaught, []);
});
