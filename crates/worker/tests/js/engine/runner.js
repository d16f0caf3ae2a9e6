/**
 * `stated:test` inside the engine: the shared assertions, and a runner that the host asks for the outcome.
 *
 * @module
 */

export { assert, assertEquals, assertRejects, assertThrows, checksOfInterface } from "stated:test/assertions";

/** @type {{ name: string, body: () => unknown }[]} */
const tests = [];

/**
 * Notes a test, to be run inside an event.
 *
 * @param {string} name
 * @param {() => unknown} body
 */
export function test(name, body) {
  tests.push({ name, body });
}

/** The Worker whose `fetch` runs the tests, one after the other, and answers with what failed. */
export const worker = {
  async fetch() {
    const failures = [];
    for (const { name, body } of tests) {
      try {
        await body();
      } catch (/** @type {any} */ error) {
        failures.push(`${name}\n  ${error?.stack ?? error}`);
      }
    }
    return Response.json({ count: tests.length, failures });
  },
};
