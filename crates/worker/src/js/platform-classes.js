/**
 * Which classes are the platform's: their instances are never cloned property by property.
 *
 * The library's classes are ordinary JavaScript, so the engine cannot tell a Headers from an instance of the program's own
 * class; this table can, by prototype. It says what an attempt to serialize an instance answers, not how one is written.
 *
 * @module
 */

/**
 * @typedef {object} PlatformClass
 * @property {string} name as error messages show it
 * @property {string} [outsideRpc] why an instance cannot be serialized for storage or a clone
 * @property {string} [forRpc] why an instance cannot be passed over RPC, where that is not for its class
 * @property {Passing} [pass] how an instance is passed over RPC
 * @property {Keeping} [keep] how an instance is written where nothing can be referred to: for storage, or a clone
 * @property {boolean} [isStorable] whether `pass` also writes what is stored, in programs whose stubs may be
 */

/** @typedef {(writer: import("stated:wire-writer").Writer, message: any, value: any) => void} Passing writes the tag, too */

/** @typedef {(writer: import("stated:wire-writer").Writer, value: any) => void} Keeping writes the tag, too */

/** @type {Map<object, PlatformClass>} by prototype */
const classes = new Map();

/** Under this symbol, the handler of one of the library's Proxies says which platform class the Proxy stands for. */
export const standsFor = Symbol("stated platform class");

/**
 * Makes a class a platform class. Derived classes are platform classes too.
 *
 * @param {Function} Class
 * @param {Partial<PlatformClass>} [texts]
 */
export function registerPlatformClass(Class, texts = undefined) {
  classes.set(Class.prototype, { name: Class.name, ...texts });
}

/**
 * Says how instances of a class are passed over RPC.
 *
 * @param {Function} Class
 * @param {Passing} pass
 */
export function definePassing(Class, pass) {
  const known = classes.get(Class.prototype);
  classes.set(Class.prototype, { name: Class.name, ...known, pass });
}

/**
 * Says how instances of a class are written for storage and clones.
 *
 * @param {Function} Class
 * @param {Keeping} keep
 */
export function defineKeeping(Class, keep) {
  const known = classes.get(Class.prototype);
  classes.set(Class.prototype, { name: Class.name, ...known, keep });
}

/**
 * Registers the classes among a global object's properties that were not there before the library defined its own.
 *
 * @param {object} target
 * @param {ReadonlySet<string>} before the names that are ECMAScript's
 */
export function registerGlobals(target, before) {
  for (const name of Object.getOwnPropertyNames(target)) {
    if (before.has(name)) continue;
    const value = Object.getOwnPropertyDescriptor(target, name)?.value;
    if (typeof value !== "function" || typeof value.prototype !== "object" || value.prototype === null) continue;
    if (!classes.has(value.prototype)) classes.set(value.prototype, { name });
  }
}

/** Whether instances with this prototype are of a platform class itself. @param {object} prototype */
export function isPlatformPrototype(prototype) {
  return classes.has(prototype);
}

/**
 * The platform class an object belongs to, or undefined for an object of the program's own.
 *
 * @param {object | null} prototype the object's prototype
 * @returns {PlatformClass | undefined}
 */
export function platformClass(prototype) {
  for (let at = prototype; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    const found = classes.get(at);
    if (found !== undefined) return found;
  }
  return undefined;
}
