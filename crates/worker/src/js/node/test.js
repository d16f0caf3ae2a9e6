/**
 * `node:test`: importable, for files that are tests as well as modules; there is no test runner here.
 *
 * @module
 */

import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("test");
export const after = stub("after");
export const afterEach = stub("afterEach");
export const before = stub("before");
export const beforeEach = stub("beforeEach");
export const describe = stub("describe");
export const it = stub("it");
export const mock = { fn: stub("mock.fn"), method: stub("mock.method"), timers: {} };
export const run = stub("run");
export const snapshot = {};
export const suite = stub("suite");
export const test = Object.assign(stub("test"), { after, afterEach, before, beforeEach, describe, it, mock, run, snapshot, suite });
test.test = test;
export default test;
