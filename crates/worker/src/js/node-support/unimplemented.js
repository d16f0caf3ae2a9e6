/**
 * Stand-ins for what Node.js has and this runtime has not. They can be imported, named and extended, and fail with their
 * own name when they are called or constructed, so that a package which never uses them runs.
 *
 * @module
 */

/**
 * Makes the stand-ins of a module.
 *
 * @param {string} module without `node:`
 * @returns {(name: string, methods?: string[]) => any} makes a function of that name, or a class with those methods
 */
export function unimplementedIn(module) {
  return (name, methods = []) => {
    // A function expression and no arrow: programs derive classes from some of these when they are loaded.
    const standIn = function () {
      throw notImplemented(`${module}.${name}`);
    };
    nameAs(standIn, name);
    for (const method of methods) {
      const value = () => { throw notImplemented(`${module}.${name}.${method}`); };
      nameAs(value, method);
      Object.defineProperty(standIn.prototype, method, { value, writable: true, configurable: true });
    }
    return standIn;
  };
}

/** Its own name is the last of the path. @template {Function} T @param {T} standIn @param {string} path @returns {T} */
function nameAs(standIn, path) {
  return Object.defineProperty(standIn, "name", { value: path.slice(path.lastIndexOf(".") + 1), configurable: true });
}

/**
 * A stand-in whose error has the text of Workers.
 *
 * @param {string} name as the text has it, with or without its module
 * @returns {any}
 */
export function methodNotImplemented(name) {
  const standIn = function () {
    throw methodMissing(name);
  };
  return nameAs(standIn, name);
}

/**
 * A class that can be named and extended, and not be constructed. Its methods are there for those who look.
 *
 * @param {string} name as the text has it, with or without its module
 * @param {string[]} methods
 * @param {any} [Base]
 * @returns {any}
 */
export function classNotImplemented(name, methods, Base = Object) {
  const standIn = function () {
    throw methodMissing(name);
  };
  if (Base !== Object) {
    Object.setPrototypeOf(standIn, Base);
    Object.setPrototypeOf(standIn.prototype, Base.prototype);
  }
  for (const method of methods) {
    const value = methodNotImplemented(`${name}.${method}`);
    Object.defineProperty(standIn.prototype, method, { value, writable: true, configurable: true });
  }
  return nameAs(standIn, name);
}

/** @param {string} name */
function methodMissing(name) {
  return Object.assign(new Error(`The ${name} method is not implemented`), { code: "ERR_METHOD_NOT_IMPLEMENTED" });
}

/** @param {string} what module and function @returns {any} */
export function notImplemented(what) {
  return Object.assign(new Error(`${what} is not implemented by stated`), { code: "ERR_METHOD_NOT_IMPLEMENTED" });
}
