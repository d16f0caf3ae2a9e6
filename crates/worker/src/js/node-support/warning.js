/**
 * Warnings of Node's modules, apart from `process` so that a module which warns does not load it: without `process` nobody can
 * listen for warnings.
 *
 * @module
 */

import { console } from "stated:console";

/** @type {(warning: string | Error, type?: string, code?: string) => void} */
let emit = (warning, type, code) => {
  console.warn(`(node:1) ${typeof warning === "string" ? `${code === undefined ? "" : `[${code}] `}${type}: ${warning}` : warning}`);
};

/** @param {typeof emit} emitWarning of `process` */
export function setWarner(emitWarning) {
  emit = emitWarning;
}

/** @param {string | Error} warning @param {string} [type] of a text @param {string} [code] */
export function warn(warning, type = undefined, code = undefined) {
  emit(warning, type, code);
}
