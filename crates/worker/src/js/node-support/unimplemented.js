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
 * @returns {(name: string) => any} makes a function or class of that name
 */
export function unimplementedIn(module) {
  return (name) => {
    // A function expression and no arrow: programs derive classes from some of these when they are loaded.
    const standIn = function () {
      throw notImplemented(`${module}.${name}`);
    };
    Object.defineProperty(standIn, "name", { value: name, configurable: true });
    return standIn;
  };
}

/** @param {string} what module and function @returns {any} */
export function notImplemented(what) {
  return Object.assign(new Error(`${what} is not implemented by stated`), { code: "ERR_METHOD_NOT_IMPLEMENTED" });
}
