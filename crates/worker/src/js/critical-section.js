/**
 * Critical sections: callbacks that the host starts in turns of their own, with other events held back.
 *
 * The rules of who waits for whom are the host's. This module keeps a callback from the request until its turn comes and
 * tells the host how it ended. It serves `blockConcurrencyWhile` and `storage.transaction`.
 *
 * @module
 */

import { describeBreak } from "stated:error-transport";
import { ops } from "stated:host";

/** A failure breaks the object, and the promise is never settled. */
export const BLOCKING = 0;
/** A failure rejects the promise. */
export const TRANSACTION = 1;

/**
 * @typedef {object} Section
 * @property {number} contextId
 * @property {number} kind
 * @property {() => unknown} run
 * @property {unknown} frame the async-context frame of the request
 * @property {(value: any) => void} resolve
 * @property {(error: unknown) => void} reject
 */

/** @type {Map<number, Section>} requested and not yet begun, by token */
const requested = new Map();
let lastToken = 0;

/**
 * Asks for a section that runs `run`, and returns a promise of what it returns or resolves to.
 *
 * Throws at once when sections are nested too deeply.
 *
 * @param {number} contextId
 * @param {0 | 1} kind
 * @param {() => unknown} run
 * @returns {Promise<any>}
 */
export function enterSection(contextId, kind, run) {
  const token = ++lastToken;
  ops.sectionRequest(contextId, kind, token);
  return new Promise((resolve, reject) => {
    requested.set(token, { contextId, kind, run, frame: ops.asyncFrame(), resolve, reject });
  });
}

/**
 * Runs the callback requested under `token`; called by the host in the section's first turn.
 *
 * @param {number} sectionId
 * @param {number} token
 */
export function runSection(sectionId, token) {
  const section = requested.get(token);
  if (section === undefined) return;
  requested.delete(token);
  let result;
  try {
    const { run } = section;
    result = ops.withAsyncFrame(section.frame, () => run.call(globalThis));
  } catch (error) {
    fail(section, sectionId, error);
    return;
  }
  if ((typeof result !== "object" && typeof result !== "function") || result === null) {
    succeed(section, sectionId, result);
    return;
  }
  Promise.resolve(result).then(
    (value) => succeed(section, sectionId, value),
    (error) => fail(section, sectionId, error),
  );
}

/** @param {Section} section @param {number} sectionId @param {unknown} value */
function succeed(section, sectionId, value) {
  ops.sectionEnd(section.contextId, sectionId);
  section.resolve(value);
}

/** @param {Section} section @param {number} sectionId @param {unknown} error */
function fail(section, sectionId, error) {
  const [text, , flags, value] = describeBreak(error);
  ops.sectionEnd(section.contextId, sectionId, text, flags, value);
  if (section.kind === TRANSACTION) section.reject(error);
}

/**
 * Forgets the sections of a context that will not run any more.
 *
 * @param {number} contextId
 */
export function dropSections(contextId) {
  for (const [token, section] of requested) if (section.contextId === contextId) requested.delete(token);
}
