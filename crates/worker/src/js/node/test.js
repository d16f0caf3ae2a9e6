/**
 * `node:test`: mocks, which need no test runner; the rest is importable, for files that are tests as well as modules.
 *
 * @module
 */

import { MockFunctionContext, MockTracker } from "stated:node-support/mock";
import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("test");
export const after = stub("after");
export const afterEach = stub("afterEach");
export const before = stub("before");
export const beforeEach = stub("beforeEach");
export const describe = stub("describe");
export const it = stub("it");
export const mock = new MockTracker();
export const run = stub("run");
export const snapshot = {};
export const suite = stub("suite");
export const test = Object.assign(stub("test"), {
  after, afterEach, before, beforeEach, describe, it, mock, MockFunctionContext, MockTracker, run, snapshot, suite,
});
test.test = test;
export { MockFunctionContext, MockTracker };
export default test;
