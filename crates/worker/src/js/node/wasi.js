/**
 * `node:wasi`, to be imported only: there is no WASI.
 *
 * @module
 */

import { checkObject, invalidArgValue } from "stated:node-support/errors";
import { methodNotImplemented } from "stated:node-support/unimplemented";

const missing = methodNotImplemented("WASI");

export class WASI {
  /** @param {any} [options] */
  constructor(options = undefined) {
    if (options !== undefined) {
      checkObject("options", options);
      if (!["unstable", "preview1"].includes(options.version)) {
        throw invalidArgValue("options.version", options.version, "must be one of: 'unstable', 'preview1'");
      }
    }
    missing();
  }
}
for (const name of ["finalizeBindings", "getImportObject", "initialize", "start"]) {
  Object.defineProperty(WASI.prototype, name, { value: methodNotImplemented(`WASI.${name}`), writable: true, configurable: true });
}

export default { WASI };
