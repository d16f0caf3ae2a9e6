/**
 * Runs the library's tests on Node, without the engine and without the host:
 *
 *     node --import ./crates/worker/tests/js/node/register.mjs --test crates/worker/tests/js/
 *
 * `stated:<name>` is src/js/<name>.js, `stated:host` a stand-in for the operations (host.js), `stated:test` Node's runner.
 *
 * @module
 */

import { register } from "node:module";

register("./hooks.mjs", import.meta.url);
