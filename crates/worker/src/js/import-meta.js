/**
 * `import.meta` of programs with the flag `new_module_registry`.
 *
 * Loaded when a module of such a program first asks for it.
 *
 * @module
 */

import { builtinModules } from "stated:node-support/builtin-modules";
import { flag } from "stated:settings";
import { URL } from "stated:url";

/** Where the modules of a program are. */
const FOLDER = "file:///bundle/";

/**
 * Fills the `import.meta` of a module.
 *
 * @param {Record<string, unknown>} meta without prototype and properties
 * @param {string} name of the module in the program
 * @param {boolean} main whether the program begins with it
 */
export function describe(meta, name, main) {
  const { href: url, pathname } = new URL(name.replace(/[%?#\\]/g, encodeURIComponent), FOLDER);
  const filename = decodeURIComponent(pathname);
  const dirname = filename.slice(0, filename.lastIndexOf("/"));
  // A method would have no prototype, and a named function a name.
  const resolve = (() => function () {
    if (arguments.length < 1) throw new TypeError("import.meta.resolve requires a specifier argument");
    return resolved(`${arguments[0]}`, url);
  })();
  Object.assign(meta, { main, url, filename, dirname, resolve });
}

/** @param {string} specifier @param {string} base */
function resolved(specifier, base) {
  if (flag("nodejs_compat_v2") && builtinModules.includes(specifier)) return `node:${specifier}`;
  const url = URL.parse(specifier, base);
  if (url === null) throw new TypeError(`Invalid module specifier: ${specifier}`);
  return url.href;
}
