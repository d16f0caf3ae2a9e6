/**
 * The assertions of the JavaScript tests: plain ECMAScript, so that the same test files run on Node and inside the
 * engine. Not a test runner; `stated:test` adds `test` to these and is the only thing that test files import.
 *
 * @module
 */

/** What a failed assertion throws. */
export class AssertionError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = "AssertionError";
  }
}

/**
 * Fails unless `condition` is truthy.
 *
 * @param {unknown} condition
 * @param {string} [message]
 * @returns {asserts condition}
 */
export function assert(condition, message = "the condition does not hold") {
  if (!condition) throw new AssertionError(message);
}

/**
 * Fails unless both values are deeply equal: same prototype, same own enumerable properties and symbols, same bytes,
 * same map and set entries in the same order, `Object.is` for primitives.
 *
 * @param {unknown} actual
 * @param {unknown} expected
 * @param {string} [message]
 */
export function assertEquals(actual, expected, message) {
  const difference = findDifference(actual, expected, "", new Map());
  if (difference === undefined) return;
  throw new AssertionError(`${message === undefined ? "" : `${message}: `}${difference}`);
}

/**
 * Fails unless `fn` throws. With a class, the error's prototype chain must contain it; with a string, the message must
 * be exactly that; with a regular expression, it must match. Returns what was thrown, for closer looks.
 *
 * @param {() => unknown} fn
 * @param {Function} [errorClass]
 * @param {string | RegExp} [message]
 * @returns {any}
 */
export function assertThrows(fn, errorClass, message) {
  let thrown;
  try {
    fn();
  } catch (error) {
    thrown = { error };
  }
  if (thrown === undefined) throw new AssertionError("the function did not throw");
  return checkError(thrown.error, errorClass, message);
}

/**
 * The same for a promise, or a function that returns one. A synchronous throw is a failure: promise-returning platform
 * functions must reject.
 *
 * @param {PromiseLike<unknown> | (() => unknown)} promise
 * @param {Function} [errorClass]
 * @param {string | RegExp} [message]
 * @returns {Promise<any>}
 */
export async function assertRejects(promise, errorClass, message) {
  let pending;
  try {
    pending = typeof promise === "function" ? promise() : promise;
  } catch (error) {
    throw new AssertionError(`the call threw ${describe(error)} instead of rejecting`);
  }
  let thrown;
  try {
    await pending;
  } catch (error) {
    thrown = { error };
  }
  if (thrown === undefined) throw new AssertionError("the promise did not reject");
  return checkError(thrown.error, errorClass, message);
}

/**
 * @typedef {object} InterfaceShape
 * @property {string} [name] when it is not the class's own
 * @property {number} [length] of the constructor; 0 by default
 * @property {Function} [parent]
 * @property {string[]} [readonly] attributes without a setter
 * @property {string[]} [attributes] attributes with one
 * @property {Record<string, number>} [methods] names to lengths
 * @property {Record<string, number>} [statics] names to lengths
 * @property {Record<string, number>} [constants]
 * @property {string[]} [promises] methods and attributes that answer a foreign `this` by rejecting
 */

/**
 * The parts of an interface as Web IDL says them, each as a name and a check to be run as a test of its own.
 *
 * @param {Function} Class
 * @param {InterfaceShape} shape
 * @returns {[string, () => unknown][]}
 */
export function checksOfInterface(Class, shape) {
  const { name = Class.name, readonly = [], attributes = [], methods = {}, statics = {}, constants = {}, promises = [] } = shape;
  const { prototype } = Class;
  /** @param {object} owner @param {PropertyKey} key */
  const property = (owner, key) => {
    const descriptor = Object.getOwnPropertyDescriptor(owner, key);
    assert(descriptor !== undefined, `${name} lacks ${String(key)}`);
    return /** @type {PropertyDescriptor} */ (descriptor);
  };
  /** @param {string} key @param {() => unknown} fn */
  const refusesForeign = (key, fn) => (promises.includes(key) ? assertRejects(fn, TypeError) : assertThrows(fn, TypeError));
  /** @param {PropertyDescriptor} descriptor */
  const flags = ({ writable, enumerable, configurable }) => [writable, enumerable, configurable];
  /** @type {[string, () => unknown][]} */
  const checks = [
    ["the interface object", () => {
      assertEquals([Class.name, Class.length], [name, shape.length ?? 0]);
      assertEquals(flags(property(Class, "prototype")), [false, false, false]);
      assertEquals(flags(property(prototype, "constructor")), [true, false, true]);
      assert(prototype.constructor === Class);
      assertThrows(() => /** @type {any} */ (Class)(), TypeError);
      const parent = shape.parent ?? Function.prototype;
      assert(Object.getPrototypeOf(Class) === parent, `the parent is not ${shape.parent?.name ?? "Function.prototype"}`);
      assert(Object.getPrototypeOf(prototype) === (shape.parent ?? Object).prototype);
    }],
    ["its class string", () => {
      const tag = property(prototype, Symbol.toStringTag);
      assertEquals([tag.value, ...flags(tag)], [name, false, false, true]);
    }],
    ["no other members", () => {
      const expected = [...readonly, ...attributes, ...Object.keys(methods), ...Object.keys(constants)].sort();
      assertEquals(Object.keys(prototype).sort(), expected);
      assertEquals(Object.keys(Class).sort(), [...Object.keys(statics), ...Object.keys(constants)].sort());
    }],
  ];
  if (readonly.length + attributes.length > 0) {
    checks.push(["its attributes", async () => {
      for (const key of [...readonly, ...attributes]) {
        const { get, set, enumerable, configurable } = property(prototype, key);
        assertEquals([get?.name, get?.length, enumerable, configurable], [`get ${key}`, 0, true, true], key);
        assertEquals([set?.name, set?.length], attributes.includes(key) ? [`set ${key}`, 1] : [undefined, undefined], key);
      }
    }], ["its attributes on another object", async () => {
      for (const key of [...readonly, ...attributes]) {
        const { get, set } = property(prototype, key);
        await refusesForeign(key, () => get?.call({}));
        await refusesForeign(key, () => get?.call(prototype));
        if (set !== undefined) assertThrows(() => set.call({}, ""), TypeError);
      }
    }]);
  }
  if (Object.keys(methods).length > 0) {
    checks.push(["its methods", () => {
      for (const [key, length] of Object.entries(methods)) {
        const descriptor = property(prototype, key);
        assertEquals([descriptor.value.name, descriptor.value.length, ...flags(descriptor)], [key, length, true, true, true], key);
        assertThrows(() => new descriptor.value(), TypeError);
      }
    }], ["its methods on another object", async () => {
      for (const key of Object.keys(methods)) await refusesForeign(key, () => prototype[key].call({}, "a", "b", "c"));
    }]);
  }
  if (Object.keys(statics).length > 0) {
    checks.push(["its static methods", () => {
      for (const [key, length] of Object.entries(statics)) {
        const descriptor = property(Class, key);
        assertEquals([descriptor.value.name, descriptor.value.length, ...flags(descriptor)], [key, length, true, true, true], key);
      }
    }]);
  }
  if (Object.keys(constants).length > 0) {
    checks.push(["its constants", () => {
      for (const [key, value] of Object.entries(constants)) {
        for (const owner of [Class, prototype]) {
          const descriptor = property(owner, key);
          assertEquals([descriptor.value, ...flags(descriptor)], [value, false, true, false], key);
        }
      }
    }]);
  }
  return checks.map(([what, check]) => [`${name}: ${what}`, check]);
}

/**
 * @param {any} error
 * @param {Function | undefined} errorClass
 * @param {string | RegExp | undefined} message
 */
function checkError(error, errorClass, message) {
  if (errorClass !== undefined && !(error instanceof errorClass)) {
    throw new AssertionError(`expected a ${errorClass.name}, got ${describe(error)}`);
  }
  if (typeof message === "string" && error?.message !== message) {
    throw new AssertionError(`expected the message ${JSON.stringify(message)}, got ${describe(error)}`);
  }
  if (message instanceof RegExp && !message.test(error?.message)) {
    throw new AssertionError(`expected a message like ${message}, got ${describe(error)}`);
  }
  return error;
}

/** @param {any} error */
function describe(error) {
  return error instanceof Error ? `${error.name} ${JSON.stringify(error.message)}` : show(error);
}

/**
 * @param {any} a
 * @param {any} b
 * @param {string} path
 * @param {Map<object, object>} seen
 * @returns {string | undefined}
 */
function findDifference(a, b, path, seen) {
  if (Object.is(a, b)) return undefined;
  const where = path === "" ? "" : `at ${path}: `;
  const different = `${where}expected ${show(b)}, got ${show(a)}`;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return different;
  if (seen.get(a) === b) return undefined;
  seen.set(a, b);
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) {
    return `${where}expected a ${b.constructor?.name}, got a ${a.constructor?.name}: ${show(a)}`;
  }
  if (a instanceof Date) return Object.is(a.getTime(), b.getTime()) ? undefined : different;
  if (a instanceof RegExp) return String(a) === String(b) && a.lastIndex === b.lastIndex ? undefined : different;
  if (a instanceof Number || a instanceof String || a instanceof Boolean || a instanceof BigInt) {
    if (!Object.is(a.valueOf(), b.valueOf())) return different;
  }
  if (a instanceof Error && (a.message !== b.message || a.name !== b.name)) return different;
  if (a instanceof ArrayBuffer) {
    return findDifference(new Uint8Array(a), new Uint8Array(b), `${path}<bytes>`, seen);
  }
  if (a instanceof DataView) {
    return findDifference(bytesOf(a), bytesOf(b), `${path}<bytes>`, seen);
  }
  if (a instanceof Map || a instanceof Set) {
    const inner = findDifference([...a], [...b], `${path}<entries>`, seen);
    if (inner !== undefined) return inner;
  }
  const keys = Reflect.ownKeys(b).filter((key) => Object.prototype.propertyIsEnumerable.call(b, key));
  const others = Reflect.ownKeys(a).filter((key) => Object.prototype.propertyIsEnumerable.call(a, key));
  if (Array.isArray(a) && a.length !== b.length) return `${different} (lengths ${a.length} and ${b.length})`;
  for (const key of others) {
    if (!Object.prototype.propertyIsEnumerable.call(b, key)) return `${where}unexpected property ${String(key)} in ${show(a)}`;
  }
  for (const key of keys) {
    if (!Object.prototype.propertyIsEnumerable.call(a, key)) return `${where}missing property ${String(key)} in ${show(a)}`;
    const inner = findDifference(a[key], b[key], `${path}.${String(key)}`, seen);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** @param {ArrayBufferView} view */
function bytesOf(view) {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** @param {any} value @returns {string} */
function show(value) {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (Object.is(value, -0)) return "-0";
  if (typeof value === "function") return `function ${value.name}`;
  if (typeof value !== "object" || value === null) return String(value);
  try {
    const text = JSON.stringify(value, (_key, inner) => (typeof inner === "bigint" ? `${inner}n` : inner));
    const name = value.constructor?.name;
    const shown = text.length > 300 ? `${text.slice(0, 300)}…` : text;
    return name === "Object" || name === "Array" ? shown : `${name} ${shown}`;
  } catch {
    return Object.prototype.toString.call(value);
  }
}
