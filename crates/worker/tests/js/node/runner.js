/**
 * `stated:test` on Node: the shared assertions and Node's own runner.
 *
 * @module
 */

export { test } from "node:test";
export { assert, assertEquals, assertRejects, assertThrows } from "../assertions.js";
