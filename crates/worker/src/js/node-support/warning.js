/**
 * Warnings of Node's modules, apart from `process` so that a module which warns does not load it: without `process` nobody can
 * listen for warnings.
 *
 * @module
 */

import { console } from "stated:console";

/** @type {(warning: string, type: string, code: string | undefined) => void} */
let emit = (warning, type, code) => console.warn(`(node:1) ${code === undefined ? "" : `[${code}] `}${type}: ${warning}`);

/** @param {typeof emit} emitWarning of `process` */
export function setWarner(emitWarning) {
  emit = emitWarning;
}

/** @param {string} warning @param {string} type @param {string} [code] */
export function warn(warning, type, code = undefined) {
  emit(warning, type, code);
}
