/**
 * A stand-in for the host's operations (src/js/host.d.ts) on Node, for tests only. It holds no rules of its own: gates,
 * contexts and limits are the host's and are tested there.
 *
 * Other areas add their operations in files of their own and register them with `defineOps`.
 *
 * @module
 */

/** @type {any} */
export const ops = {};

/**
 * Adds operations; a test may also replace one.
 *
 * @param {Record<string, Function>} operations
 */
export function defineOps(operations) {
  Object.assign(ops, operations);
}
