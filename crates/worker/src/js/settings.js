/**
 * The compatibility flags of this realm, set once by `Main.init` before any of the program's code runs.
 *
 * Dates are not looked at here: the host has already turned the compatibility date into flags (reference 11.5).
 *
 * @module
 */

/** @type {Set<string>} */
const inForce = new Set();

/**
 * Replaces the flags in force.
 *
 * @param {readonly string[]} flags
 */
export function setFlags(flags) {
  inForce.clear();
  for (const flag of flags) inForce.add(flag);
}

/**
 * Whether a compatibility flag is in force. Costs one hash lookup; keep it out of loops.
 *
 * @param {string} flag the name that switches the behaviour on
 */
export function flag(flag) {
  return inForce.has(flag);
}
