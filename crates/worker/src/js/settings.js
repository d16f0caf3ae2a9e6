/**
 * The compatibility flags and the service of this realm, set once by `Main.init` before any of the program's code runs.
 *
 * Dates are not looked at here: the host has already turned the compatibility date into flags (reference 11.5).
 *
 * @module
 */

let service = "";

/** @param {string} name of the service whose program this is; empty for a dynamic worker, which has none */
export function setServiceName(name) {
  service = name;
}

export function serviceName() {
  return service;
}

/** @type {Set<string>} */
const inForce = new Set();
/** @type {Set<string>} */
const lacking = new Set();

/**
 * Replaces the flags in force, and those that are known not to be.
 *
 * @param {readonly string[]} flags
 * @param {readonly string[]} [others]
 */
export function setFlags(flags, others = []) {
  inForce.clear();
  lacking.clear();
  for (const flag of flags) inForce.add(flag);
  for (const flag of others) lacking.add(flag);
}

/** The flag of programs whose stubs may be stored (reference 10.11). */
export const STORABLE = "allow_irrevocable_stub_storage";

/**
 * Whether a compatibility flag is in force. Costs one hash lookup; keep it out of loops.
 *
 * @param {string} flag the name that switches the behaviour on
 */
export function flag(flag) {
  return inForce.has(flag);
}

/**
 * Whether the host says that a compatibility flag is not in force: for what every newer program has, which is taken from
 * those of older dates.
 *
 * @param {string} flag the name that switches the behaviour on
 */
export function lacks(flag) {
  return lacking.has(flag);
}
