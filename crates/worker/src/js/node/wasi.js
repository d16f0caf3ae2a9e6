/**
 * `node:wasi`, to be imported only: there is no WASI.
 *
 * @module
 */

import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("wasi");

export const WASI = stub("WASI", ["finalizeBindings", "getImportObject", "initialize", "start"]);

export default { WASI };
