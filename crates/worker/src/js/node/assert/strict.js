/**
 * `node:assert/strict`: `node:assert` with strict comparisons only.
 *
 * @module
 */

import { strict } from "stated:node/assert";

export { AssertionError, deepStrictEqual, deepStrictEqual as deepEqual, doesNotMatch, doesNotReject, doesNotThrow, fail, ifError, match,
  notDeepStrictEqual, notDeepStrictEqual as notDeepEqual, notStrictEqual, notStrictEqual as notEqual, ok, partialDeepStrictEqual, rejects,
  strict, strictEqual, strictEqual as equal, throws } from "stated:node/assert";
export default strict;
