/**
 * The last stop of an exception that nobody caught.
 *
 * @module
 */

import { ops } from "stated:host";
import { inspect } from "stated:inspect";

/** Tells the program's listeners; true when one of them prevented the report. @type {(error: unknown) => boolean} */
let tellProgram = () => false;
/** An exception of a listener for exceptions is only logged. */
let telling = false;

/** @param {(error: unknown) => boolean} tell */
export function setErrorListener(tell) {
  tellProgram = tell;
}

/**
 * Hands an uncaught exception to the program's listeners for "error" and, unless they prevent that, to the host's log, with
 * its stack. Never throws, whatever the value is: a getter or a Proxy of the program must not turn one failure into two.
 *
 * @param {unknown} error
 */
export function reportUncaught(error) {
  if (!telling) {
    telling = true;
    try {
      if (tellProgram(error)) return;
    } finally {
      telling = false;
    }
  }
  ops.reportUncaught(describe(error));
}

/**
 * What an ErrorEvent shows of an exception as its message.
 *
 * @param {unknown} error
 * @returns {string}
 */
export function messageOf(error) {
  try {
    return `Uncaught ${error}`;
  } catch {
    return "Uncaught exception";
  }
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
