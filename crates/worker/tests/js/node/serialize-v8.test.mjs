/** Comparison with the serializer that defines the format: V8's own, as Node exposes it. */

import v8 from "node:v8";
import { deserialize, serialize } from "stated:serialize";
import { assertEquals, test } from "stated:test";

// The default serializer of Node writes views in a form of its own; the plain one is V8's.
function v8Serialize(value) {
  const serializer = new v8.Serializer();
  serializer.writeHeader();
  serializer.writeValue(value);
  return new Uint8Array(serializer.releaseBuffer());
}

function v8Deserialize(bytes) {
  const deserializer = new v8.Deserializer(Buffer.from(bytes));
  deserializer.readHeader();
  return deserializer.readValue();
}

/** A small generator with a seed, so that a failure can be repeated. */
function generator(seed) {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor(((state >>> 8) / 2 ** 24) * bound);
  };
}

const numbers = [0, -0, 1, -1, 127, 128, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 32, 2 ** 53, 1.5, NaN, Infinity, 1e300, 5e-324];
const strings = ["", "a", "hello", "é", "ÿ", "Ā", "a€", "😀", "\ud800", "x".repeat(130), "ā".repeat(70), "0", "10", "-1", "__proto__"];

function randomValue(random, depth, seen) {
  const leaf = depth === 0 ? 9 : 20;
  switch (random(leaf)) {
    case 0: return undefined;
    case 1: return null;
    case 2: return random(2) === 0;
    case 3: case 4: return numbers[random(numbers.length)];
    case 5: return random(2 ** 24) - 2 ** 23;
    case 6: case 7: return strings[random(strings.length)];
    case 8: return (BigInt(random(2 ** 24)) << BigInt(random(200))) * (random(2) === 0 ? 1n : -1n);
    case 9: return remember(seen, new Date(random(3) === 0 ? NaN : random(2 ** 24) * 1e5));
    case 10: return remember(seen, new RegExp(["a", "a/b", "[é]", "ā+"][random(4)], ["", "g", "gi", "dmsuy"][random(4)]));
    case 11: return remember(seen, Object([1, -0, "s", "ā", true, false, 7n][random(7)]));
    case 12: {
      const Class = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array,
        Float64Array, BigInt64Array, BigUint64Array][random(11)];
      const buffer = new ArrayBuffer(32);
      new Uint8Array(buffer).forEach((_, index, bytes) => { bytes[index] = random(128); });
      return remember(seen, random(3) === 0 ? new DataView(buffer, random(8), random(8)) : new Class(buffer, 8 * random(2), random(2)));
    }
    case 13: {
      const map = remember(seen, new Map());
      for (let i = random(4); i > 0; i--) map.set(randomValue(random, depth - 1, seen), randomValue(random, depth - 1, seen));
      return map;
    }
    case 14: {
      const set = remember(seen, new Set());
      for (let i = random(4); i > 0; i--) set.add(randomValue(random, depth - 1, seen));
      return set;
    }
    case 15: case 16: {
      const array = remember(seen, []);
      for (let i = random(6); i > 0; i--) {
        if (random(6) === 0) array.length++;
        else array.push(randomValue(random, depth - 1, seen));
      }
      if (random(8) === 0) array.extra = randomValue(random, depth - 1, seen);
      return array;
    }
    case 17: return seen.length === 0 ? {} : seen[random(seen.length)];
    default: {
      const object = remember(seen, {});
      for (let i = random(6); i > 0; i--) {
        const name = strings[random(strings.length)];
        const value = randomValue(random, depth - 1, seen);
        Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
      }
      return object;
    }
  }
}

function remember(seen, object) {
  seen.push(object);
  return object;
}

const ROUNDS = 4000;

test("V8 reads what is written here", () => {
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const value = randomValue(generator(seed), 4, []);
    assertEquals(v8Deserialize(serialize(value)), value, `seed ${seed}`);
  }
});

test("what V8 writes is read here", () => {
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const value = randomValue(generator(seed), 4, []);
    assertEquals(deserialize(v8Serialize(value)), value, `seed ${seed}`);
  }
});

test("a value round-trips here", () => {
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const value = randomValue(generator(seed), 4, []);
    assertEquals(deserialize(serialize(value)), value, `seed ${seed}`);
  }
});

test("errors cross in both directions", () => {
  for (const Class of [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]) {
    const error = new Class("text", { cause: [1] });
    for (const copy of [v8Deserialize(serialize(error)), deserialize(v8Serialize(error))]) {
      assertEquals([Object.getPrototypeOf(copy) === Class.prototype, copy.message, copy.stack, copy.cause],
        [true, "text", error.stack, [1]]);
    }
  }
});

test("integers of 2^20 bits are read, in a moment", () => {
  const largest = 2n ** 1048576n - 1n;
  const started = performance.now();
  assertEquals(deserialize(v8Serialize(largest)) === largest, true);
  assertEquals(deserialize(v8Serialize(-largest)) === -largest, true);
  assertEquals(performance.now() - started < 5000, true);
});

test("a changed byte is an error or a value, never a crash", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = generator(seed);
    const bytes = serialize(randomValue(random, 3, []));
    for (let i = 0; i < 40; i++) {
      const copy = bytes.slice();
      copy[2 + random(copy.length - 2)] = random(256);
      try {
        deserialize(copy);
      } catch (error) {
        assertEquals(error instanceof Error, true, `seed ${seed}`);
      }
    }
  }
});
