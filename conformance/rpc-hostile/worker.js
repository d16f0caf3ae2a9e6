/** Values that are meant to hurt: what they cost whom, as arguments, results and stored values. Reference: sections 4.5, 10.3, 10.4. */

import { RpcTarget } from "cloudflare:workers";
import { caseObject, caseWorker, inWorker } from "../harness.js";

/** Objects in objects, so many levels. */
function nested(levels) {
  let value = {};
  for (let i = 0; i < levels; i++) value = { value };
  return value;
}

function depthOf(value) {
  let depth = 0;
  for (let at = value; at.value !== undefined; at = at.value) depth += 1;
  return depth;
}

/** What a case's object does with values. */
const object = {
  echo: (_object, value) => value,
  depth: (_object, value) => depthOf(value),
  make: (_object, name) => makers[name](),
  describe(_object, value) {
    const found = [typeof value, Object.prototype.toString.call(value)];
    if (Array.isArray(value)) found.push(value.length, Object.keys(value).length);
    return found;
  },
  async store({ ctx }, name) {
    await ctx.storage.put("value", makers[name]());
    return "stored";
  },
  targets: [],
  dispose(object, name, order) { return object.handlers.targets.push([name, order]); },
};

/** @type {string[]} */
const touched = [];
const touch = (name, value) => { touched.push(name); return value; };

const makers = {
  "too deep": () => nested(100_000),
  "a cycle": () => { const a = { name: "a" }; const b = { name: "b", a, list: [] }; a.b = b; b.list.push(a, b, b.list); return a; },
  "a map in itself": () => { const map = new Map(); map.set("self", map).set(map, "as key"); return map; },
  "a huge sparse array": () => { const list = []; list[4_294_967_294 - 1] = "last"; return list; },
  "a getter that throws": () => ({ get a() { throw new RangeError("from the getter"); } }),
  "a getter that changes": () => { let count = 0; return { get a() { return count += 1; }, get b() { return count += 1; }, c: 0 }; },
  "a getter that deletes": () => ({ get a() { delete this.b; return 1; }, b: 2, c: 3 }),
  "a getter that adds": () => ({ get a() { this.z = 9; return 1; }, b: 2 }),
  "an array that its getter empties": () => { const list = [1, 2, 3]; Object.defineProperty(list, 0, { enumerable: true, get() { list.length = 1; return "first"; } }); return list; },
  "toJSON": () => ({ a: 1, toJSON: 5, nested: { valueOf: 1, then: 2 } }),
  "an accessor named __proto__": () => JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}'),
  "a thenable in the value": () => ({ inner: { then: "not a function" } }),
  "a symbol": () => ({ a: Symbol("s") }),
  "a WeakMap": () => ({ a: new WeakMap() }),
  "a generator": () => ({ a: (function* () {})() }),
  "a Proxy of an array": () => ({ a: new Proxy([1, 2], {}) }),
  "a Proxy of a Map": () => ({ a: new Proxy(new Map(), {}) }),
  "a Proxy in its prototype chain": () => Object.create(new Proxy({}, { get: (_t, key) => touch(String(key)), getPrototypeOf: () => touch("prototype", null) })),
  "an invalid date": () => new Date(NaN),
  "a long BigInt": () => 2n ** 100_000n === 1n ? 0 : 2n ** 4_096n - 1n,
};

const both = Object.keys(makers).filter((name) => !["too deep", "a huge sparse array"].includes(name));

const cases = {
  "10.4 nesting": { object, async worker({ object }, t) {
    await t.attempt("1000 levels", () => object.step("depth", nested(1_000)));
    await t.attempt("1000 levels back", async () => depthOf(await object.step("echo", nested(1_000))));
    await t.attempt("100000 levels", () => object.step("depth", nested(100_000)));
    await t.attempt("100000 levels as the result", () => object.step("make", "too deep"));
    await t.attempt("100000 levels in storage", () => object.step("store", "too deep"));
    await t.attempt("it still answers", () => object.step("echo", "yes"));
  } },

  "10.4 graphs": { object, async worker({ object }, t) {
    for (const name of ["a cycle", "a map in itself"]) {
      const check = (value) => name === "a cycle" ? [value.b.a === value, value.b.list[2] === value.b.list] : [value.get("self") === value, value.get(value)];
      await t.attempt(`${name} and back`, async () => check(await object.step("echo", makers[name]())));
      await t.attempt(`${name} as the result`, async () => check(await object.step("make", name)));
      await t.attempt(`${name} in storage`, () => object.step("store", name));
    }
    const shared = { shared: true };
    await t.attempt("one object a thousand times", async () => { const back = await object.step("echo", Array(1_000).fill(shared)); return [back.length, back.every((item) => item === back[0])]; });
    await t.attempt("a huge sparse array", () => object.step("describe", makers["a huge sparse array"]()));
    await t.attempt("a huge sparse array as the result", async () => { const list = await object.step("make", "a huge sparse array"); return [list.length, list[4_294_967_293]]; });
    await t.attempt("a huge sparse array in storage", () => object.step("store", "a huge sparse array"));
    await t.attempt("an array of holes", () => object.step("describe", Array(1_000_000)));
  } },

  "10.4 hostile members as arguments": { object, async worker({ object }, t) {
    for (const name of both.filter((name) => !["a cycle", "a map in itself", "a long BigInt"].includes(name))) {
      await t.attempt(name, () => object.step("echo", makers[name]()));
    }
    t.write("touched", touched.splice(0));
    await t.attempt("a long BigInt", async () => (await object.step("echo", makers["a long BigInt"]())) === makers["a long BigInt"]());
  } },

  "10.4 hostile members in results": { object, async worker({ object }, t) {
    for (const name of both.filter((name) => !["a cycle", "a map in itself", "a long BigInt"].includes(name))) {
      await t.attempt(name, () => object.step("make", name));
    }
  } },

  "4.5 hostile members in storage": { object: { ...object, async body(self) {
    const lines = [];
    for (const name of both.filter((name) => !["a cycle", "a map in itself", "a long BigInt"].includes(name))) {
      try {
        await self.ctx.storage.put("value", makers[name]());
        lines.push([name, await self.ctx.storage.get("value")]);
      } catch (error) {
        lines.push([name, `${error.name}: ${error.message}`]);
      }
    }
    return lines;
  } }, async worker({ object }, t) {
    for (const [name, value] of await object.step("body")) t.write(name, value);
  } },

  "10.2 a hostile receiver": { object: { ...object, give: () => new Hostile() }, async worker({ object }, t) {
    const stub = await object.step("give");
    for (const name of ["getter", "endless", "own", "returns itself", "throws undefined", "throws a function", "valueOf", "toJSON", "toString"]) {
      await t.attempt(name, async () => { const value = await stub[name](); return typeof value === "function" ? "a stub" : value; });
    }
    await t.attempt("read getter", () => stub.getter);
    await t.attempt("a rejected thenable", () => stub.thenable());
    await t.attempt("a thenable that never calls back twice", () => stub.thenableTwice());
    await t.attempt("a thenable with a getter that throws", () => stub.thenableThrows());
  } },

  "10.6 disposing in odd orders": { object: { ...object, take(_object, a, b) { a[Symbol.dispose](); a[Symbol.dispose](); return b.hello(); }, callAfter(_object, a) { a[Symbol.dispose](); return a.hello(); } }, async worker({ object }, t) {
    const log = [];
    class Logged extends RpcTarget {
      constructor(name) { super(); this.name = name; }
      hello() { return this.name; }
      [Symbol.dispose]() { log.push(this.name); }
    }
    await t.attempt("one before the other", () => object.step("take", new Logged("a"), new Logged("b")));
    await t.attempt("used after it", () => object.step("callAfter", new Logged("c")));
    const call = object.step("take", new Logged("d"), new Logged("e"));
    call[Symbol.dispose]();
    call[Symbol.dispose]();
    await t.attempt("a promise disposed before it is answered", () => call);
    for (let i = 0; i < 100 && log.length < 5; i++) await scheduler.wait(5);
    t.write("disposed", log.sort());
  } },
};

class Hostile extends RpcTarget {
  get getter() { throw new RangeError("from the getter"); }
  endless() { return this.endless(); }
  constructor() { super(); this.own = () => "own"; }
  "returns itself"() { return this; }
  "throws undefined"() { throw undefined; }
  "throws a function"() { throw () => 1; }
  valueOf() { return "valueOf"; }
  toJSON() { return "toJSON"; }
  toString() { return "toString"; }
  thenable() { return { then(_resolve, reject) { reject(new TypeError("from then")); } }; }
  thenableTwice() { return { then(resolve) { resolve("first"); resolve("second"); throw new Error("late"); } }; }
  thenableThrows() { return { get then() { throw new RangeError("no then"); } }; }
}

export const Subject = caseObject(cases);
export default caseWorker(cases);
