/**
 * Which classes are the platform's: their instances are never cloned property by property.
 *
 * The library's classes are ordinary JavaScript, so the engine cannot tell a Headers from an instance of the program's own
 * class; this table can, by prototype. It says nothing about how an instance is written, only that it is not plain data.
 *
 * @module
 */

/** @type {Map<object, string>} prototype to the name shown in errors */
const names = new Map();

/**
 * Makes a class a platform class. Derived classes are platform classes too.
 *
 * @param {Function} Class
 * @param {string} [name] as error messages show it
 */
export function registerPlatformClass(Class, name = Class.name) {
  names.set(Class.prototype, name);
}

/**
 * Registers the classes among a global object's properties that a former look at the same object did not have.
 *
 * @param {object} target
 * @param {ReadonlySet<string>} before the properties that are ECMAScript's
 */
export function registerGlobals(target, before) {
  for (const name of Object.getOwnPropertyNames(target)) {
    if (before.has(name)) continue;
    const value = Object.getOwnPropertyDescriptor(target, name)?.value;
    if (typeof value !== "function" || typeof value.prototype !== "object" || value.prototype === null) continue;
    if (!names.has(value.prototype)) names.set(value.prototype, name);
  }
}

/**
 * The name of the platform class an object belongs to, or undefined for an object of the program's own.
 *
 * @param {object} prototype the object's prototype, not Object.prototype
 * @returns {string | undefined}
 */
export function platformClassName(prototype) {
  for (let at = prototype; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    const name = names.get(at);
    if (name !== undefined) return name;
  }
  return undefined;
}
