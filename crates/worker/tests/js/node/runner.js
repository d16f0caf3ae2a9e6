/**
 * `stated:test` on Node: the shared assertions and Node's own runner.
 *
 * @module
 */

import "./host-values.mjs";
import "./host-web.mjs";
import "./host-zlib.mjs";

export { test } from "node:test";
export { assert, assertEquals, assertRejects, assertThrows, checksOfInterface } from "../assertions.js";
