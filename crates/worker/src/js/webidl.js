/**
 * What Web IDL asks of every class here: argument checks with the texts Workers uses, property attributes, iterators over
 * name-value pairs, and how an instance is printed.
 *
 * Not a Web IDL compiler: each class converts its own arguments, with these functions where the rules are shared.
 *
 * @module
 */

/** The symbol under which an object prints itself; the same as Node's `util.inspect.custom`. */
export const inspectSymbol = Symbol.for("nodejs.util.inspect.custom");

/** Passed as first argument to constructors that only the library may call in that form. */
export const internal = Symbol("stated internal");

/**
 * The error for a missing or unsuitable argument of a method.
 *
 * @param {string} interfaceName
 * @param {string} method
 * @param {number} position 1 for the first argument
 * @param {string} type as Workers names it
 */
export function badArgument(interfaceName, method, position, type) {
  return new TypeError(`Failed to execute '${method}' on '${interfaceName}': parameter ${position} is not of type '${type}'.`);
}

/**
 * The error for a missing or unsuitable argument of a constructor.
 *
 * @param {string} interfaceName
 * @param {number} position 1 for the first argument
 * @param {string} type as Workers names it
 */
export function badConstructorArgument(interfaceName, position, type) {
  return new TypeError(`Failed to construct '${interfaceName}': constructor parameter ${position} is not of type '${type}'.`);
}

/**
 * The error for a field of an options object.
 *
 * @param {string} field
 * @param {string} dictionary the options' name in Workers' types
 * @param {string} type
 */
export function badField(field, dictionary, type) {
  return new TypeError(`Incorrect type for the '${field}' field on '${dictionary}': the provided value is not of type '${type}'.`);
}

/** The error of classes that programs cannot construct. */
export function illegalConstructor() {
  return new TypeError("Illegal constructor");
}

/** The error of members that are called on something else than an instance of their class. */
export function illegalInvocation() {
  return new TypeError("Illegal invocation: function called with incorrect `this` reference. See "
    + "https://developers.cloudflare.com/workers/observability/errors/#illegal-invocation-errors for details.");
}

/**
 * Converts to USVString: a string in which lone surrogates are U+FFFD.
 *
 * @param {any} value
 * @returns {string}
 */
export function toUSVString(value) {
  return (typeof value === "string" ? value : `${value}`).toWellFormed();
}

/**
 * Converts to DOMString; a Symbol throws a TypeError.
 *
 * @param {any} value
 * @returns {string}
 */
export function toDOMString(value) {
  return typeof value === "string" ? value : `${value}`;
}

/**
 * Checks an options argument: absent and null count as empty.
 *
 * @param {any} value
 * @param {() => TypeError} error
 * @returns {any} undefined when absent
 */
export function toDictionary(value, error) {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "object" && typeof value !== "function") throw error();
  return value;
}

/**
 * Converts to unsigned short, wrapping as ECMAScript's ToUint16 does.
 *
 * @param {any} value
 */
export function toUint16(value) {
  return Number(value) & 0xffff;
}

/**
 * The bytes of a BufferSource without a copy, or undefined for anything else.
 *
 * @param {unknown} value
 * @returns {Uint8Array | undefined}
 */
export function viewBytes(value) {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (isAnyArrayBuffer(value)) return new Uint8Array(/** @type {ArrayBuffer} */ (value));
  return undefined;
}

const arrayBufferLength = /** @type {(this: unknown) => number} */ (
  /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength")).get);
const sharedLength = typeof SharedArrayBuffer === "undefined" ? undefined
  : /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(SharedArrayBuffer.prototype, "byteLength")).get;

/**
 * Whether the value is an ArrayBuffer or a SharedArrayBuffer, whatever its prototype says.
 *
 * @param {unknown} value
 */
export function isAnyArrayBuffer(value) {
  if (typeof value !== "object" || value === null) return false;
  if (value instanceof ArrayBuffer) return true;
  try {
    arrayBufferLength.call(value);
    return true;
  } catch {
    return isSharedBuffer(value);
  }
}

/**
 * Whether the value is a SharedArrayBuffer, which is no BufferSource where the standard does not allow it.
 *
 * @param {unknown} value
 */
export function isSharedBuffer(value) {
  if (sharedLength === undefined || value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return false;
  try {
    sharedLength.call(value);
    return true;
  } catch {
    return false;
  }
}

/** The prototypes with a tag of `defineInterface`. @type {object[]} */
const tagged = [];

/** Takes the tags away, for programs of dates before 2024-09-26. */
export function removeTags() {
  for (const prototype of tagged) Reflect.deleteProperty(prototype, Symbol.toStringTag);
}

/**
 * Gives a class the attributes that Web IDL interfaces have: methods and accessors enumerable, `Symbol.toStringTag`.
 * `shown` names the attributes that printing an instance shows, in that order.
 *
 * @param {Function} Class
 * @param {string[]} [shown]
 * @param {string} [name] when the interface is not called like the class
 */
export function defineInterface(Class, shown, name = Class.name) {
  const { prototype } = Class;
  for (const key of Object.getOwnPropertyNames(prototype)) {
    if (key !== "constructor") Object.defineProperty(prototype, key, { enumerable: true });
  }
  for (const key of Object.getOwnPropertyNames(Class)) {
    if (key !== "length" && key !== "name" && key !== "prototype") Object.defineProperty(Class, key, { enumerable: true });
  }
  Object.defineProperty(prototype, Symbol.toStringTag, { value: name, configurable: true });
  tagged.push(prototype);
  if (shown !== undefined) defineInspection(prototype, (self) => attributesOf(self, shown));
}

/** How an instance of a platform class prints: its name, then fields in braces, or pairs as a Map prints them. */
export class Shown {
  /**
   * @param {string} name
   * @param {Record<string, unknown>} fields a key in brackets is printed as it is
   * @param {unknown[] | undefined} pairs flat
   */
  constructor(name, fields, pairs) {
    this.name = name;
    this.fields = fields;
    this.pairs = pairs;
  }
}

/**
 * Makes instances print as their class name followed by what `fields` returns, and by `pairs` for collections.
 *
 * @param {object} prototype
 * @param {(self: any) => Record<string, unknown>} fields
 * @param {(self: any) => unknown[]} [pairs] flat
 */
export function defineInspection(prototype, fields, pairs = undefined) {
  Object.defineProperty(prototype, inspectSymbol, {
    configurable: true,
    writable: true,
    /** @this {any} */
    value: function inspectInstance() {
      const tag = /** @type {any} */ (prototype)[Symbol.toStringTag];
      if (this === prototype) return new Shown(`Object [${tag}]`, {}, undefined);
      return new Shown(this.constructor?.name || tag, fields(this), pairs?.(this));
    },
  });
}

/**
 * @param {any} self
 * @param {string[]} names
 */
function attributesOf(self, names) {
  /** @type {Record<string, unknown>} */
  const result = {};
  for (const name of names) result[name] = self[name];
  return result;
}

/**
 * Defines constants on an interface and its prototype.
 *
 * @param {Function} Class
 * @param {Record<string, number>} constants
 */
export function defineConstants(Class, constants) {
  for (const name of Object.keys(constants)) {
    const descriptor = { value: constants[name], enumerable: true, writable: false, configurable: false };
    Object.defineProperty(Class, name, descriptor);
    Object.defineProperty(Class.prototype, name, descriptor);
  }
}

const iteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));

/**
 * Defines `entries`, `keys`, `values`, `forEach` and `Symbol.iterator` for an interface that is a list of pairs. The
 * iterators are live: each step looks at the list as it is then.
 *
 * @param {Function} Class
 * @param {(self: any) => any[]} pairsOf the pairs now, flat; throws for a foreign `this`
 */
export function definePairIterable(Class, pairsOf) {
  const interfaceName = Class.name;

  class PairIterator {
    /** @type {any} */ #target;
    /** @type {0 | 1 | 2} keys, values, entries */ #kind;
    #index = 0;

    /** @param {any} target @param {0 | 1 | 2} kind */
    constructor(target, kind) {
      pairsOf(target);
      this.#target = target;
      this.#kind = kind;
    }

    next() {
      if (this.#target === undefined) return { value: undefined, done: true };
      const pairs = pairsOf(this.#target);
      const index = this.#index;
      if (index >= pairs.length) {
        this.#target = undefined;
        return { value: undefined, done: true };
      }
      this.#index = index + 2;
      if (this.#kind === 2) return { value: [pairs[index], pairs[index + 1]], done: false };
      return { value: pairs[index + this.#kind], done: false };
    }
  }

  const methods = {
    /** @this {any} */
    entries() {
      return new PairIterator(this, 2);
    },
    /** @this {any} */
    keys() {
      return new PairIterator(this, 0);
    },
    /** @this {any} */
    values() {
      return new PairIterator(this, 1);
    },
    /**
     * @this {any}
     * @param {(value: any, name: any, self: any) => void} callback
     * @param {unknown} [thisArgument]
     */
    forEach(callback, thisArgument = undefined) {
      let pairs = pairsOf(this);
      if (typeof callback !== "function") throw badArgument(interfaceName, "forEach", 1, "function");
      for (let i = 0; i < pairs.length; i += 2) {
        callback.call(thisArgument, pairs[i + 1], pairs[i], this);
        pairs = pairsOf(this);
      }
    },
  };
  for (const [name, method] of Object.entries(methods)) {
    Object.defineProperty(Class.prototype, name, { value: method, writable: true, enumerable: true, configurable: true });
  }
  Object.defineProperty(Class.prototype, Symbol.iterator, { value: methods.entries, writable: true, configurable: true });

  Object.setPrototypeOf(PairIterator.prototype, iteratorPrototype);
  Object.defineProperty(PairIterator.prototype, "next", { enumerable: true });
  Object.defineProperty(PairIterator.prototype, Symbol.toStringTag, { value: `${interfaceName} Iterator`, configurable: true });
  delete /** @type {any} */ (PairIterator.prototype).constructor;
}
