/**
 * `node:trace_events`, to be imported only: there is no tracing.
 *
 * @module
 */

import { unimplementedIn } from "stated:node-support/unimplemented";

const stub = unimplementedIn("trace_events");

export const createTracing = stub("createTracing");
/** None. @returns {undefined} */
export function getEnabledCategories() {
  return undefined;
}

export default { createTracing, getEnabledCategories };
