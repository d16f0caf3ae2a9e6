/**
 * The last stop of an exception that nobody caught.
 *
 * @module
 */

import { ops } from "stated:host";
import { inspect } from "stated:inspect";

/**
 * Hands an uncaught exception to the host's log, with its stack. Never throws, whatever the value is: a getter or a Proxy
 * of the program must not turn one failure into two.
 *
 * @param {unknown} error
 */
export function reportUncaught(error) {
  ops.reportUncaught(describe(error));
}

/**
 * The stack stays in the engine's own form, which the host maps to the program's sources.
 *
 * @param {unknown} error
 */
function describe(error) {
  try {
    if (!(error instanceof Error)) return typeof error === "string" ? error : inspect(error);
    const title = `${error}`;
    const stack = typeof error.stack === "string" ? error.stack : "";
    const text = stack.startsWith(title) ? stack : `${title}\n${stack}`;
    return error.cause === undefined ? text : `${text.trimEnd()}\n[cause]: ${inspect(error.cause)}`;
  } catch {
    return "an exception that cannot be printed";
  }
}
