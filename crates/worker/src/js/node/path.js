/**
 * `node:path`: the paths of POSIX, as the package `path-unified` has them.
 *
 * @module
 */

import { checkObject, checkString } from "stated:node-support/errors";
import { matchesGlob as matches } from "stated:node-support/glob";
import { posix as packagedPosix, win32 as packagedWin32 } from "stated:vendor/node/path-unified";

/** The parameters that must be strings. @type {Record<string, string[]>} */
const parameters = {
  basename: ["path"], dirname: ["path"], extname: ["path"], isAbsolute: ["path"], normalize: ["path"], parse: ["path"], relative: ["from", "to"],
};

/**
 * The package's errors are no TypeErrors, so arguments are checked before.
 *
 * @param {any} packaged
 * @returns {any}
 */
function checked(packaged) {
  const flavour = { ...packaged };
  for (const [name, names] of Object.entries(parameters)) {
    flavour[name] = (/** @type {any[]} */ ...args) => {
      names.forEach((parameter, index) => checkString(parameter, args[index]));
      return packaged[name](...args);
    };
  }
  for (const name of ["join", "resolve"]) {
    flavour[name] = (/** @type {any[]} */ ...args) => {
      args.forEach((arg, index) => checkString(name === "join" ? "path" : `paths[${index}]`, arg));
      return packaged[name](...args);
    };
  }
  flavour.format = (/** @type {any} */ parts) => {
    checkObject("pathObject", parts);
    return packaged.format(parts);
  };
  for (const [name, value] of Object.entries(flavour)) {
    if (typeof value === "function") Object.defineProperty(value, "name", { value: name, configurable: true });
  }
  return flavour;
}

/** @type {any} */
export const posix = checked(packagedPosix);
/** @type {any} */
export const win32 = checked(packagedWin32);
for (const flavour of [posix, win32]) {
  flavour.matchesGlob = function matchesGlob(/** @type {any} */ path, /** @type {any} */ pattern) {
    checkString("path", path);
    checkString("pattern", pattern);
    return matches(path, pattern, flavour === win32);
  };
}
/** Also a path that needs no prefix is resolved. @param {any} path @returns {any} */
win32.toNamespacedPath = function toNamespacedPath(path) {
  const long = packagedWin32.toNamespacedPath(path);
  if (typeof path !== "string" || long !== path) return long;
  const resolved = win32.resolve(path);
  return path === "" || resolved.length <= 2 ? path : resolved;
};
for (const flavour of [posix, win32]) Object.assign(flavour, { _makeLong: flavour.toNamespacedPath, posix, win32 });

export const { _makeLong, basename, delimiter, dirname, extname, format, isAbsolute, join, matchesGlob, normalize, parse, relative, resolve, sep,
  toNamespacedPath } = posix;
export default posix;
