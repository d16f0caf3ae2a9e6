/**
 * Printing values for people: `inspect`, and `format` with its `%` directives. The text is what Node's util.inspect and
 * util.format give with their defaults, since that is what Workers prints.
 *
 * Nothing here throws for a hostile value: a getter is not called, a Proxy is looked through by the host, and what fails to
 * print is named instead.
 *
 * @module
 */

import { ops } from "stated:host";
import { newPrinter, printValue } from "stated:inspect-value";
import { numberText } from "stated:inspect-text";

/**
 * @typedef {object} InspectOptions
 * @property {number | null} [depth] levels of nested objects to print; 2 by default, null or Infinity for all
 * @property {number | null} [maxArrayLength] elements to print; 100 by default
 * @property {number | null} [maxStringLength] characters to print; 10000 by default
 * @property {number} [breakLength] columns; 80 by default
 * @property {boolean} [showHidden] also non-enumerable properties
 * @property {boolean | ((a: string, b: string) => number)} [sorted] keys in order
 * @property {number | boolean} [compact] levels of nested objects that stay on one line; 3 by default
 * @property {boolean} [customInspect] whether inspection functions of the program are called; true by default
 * @property {boolean} [showProxy] also a Proxy's handler
 * @property {boolean} [numericSeparator] digits in groups of three
 * @property {boolean | "get" | "set"} [getters] which getters are called; none by default
 * @property {(text: string, style: string) => string} [stylize] adds colours
 * @property {Function} [inspect] what inspection functions of the program get as their third argument
 */

/**
 * Prints a value.
 *
 * @param {unknown} value
 * @param {InspectOptions} [options]
 * @returns {string}
 */
export function inspect(value, options = undefined) {
  return printValue(newPrinter(options ?? {}), value, 0);
}

/**
 * Joins the arguments of a console method: directives in a first string take the arguments after it, the rest follows
 * after spaces, strings as they are and everything else inspected.
 *
 * Directives: %s string, %d number, %i integer, %f float, %j JSON, %o object in detail, %O object, %c nothing, %% percent.
 *
 * @param {readonly unknown[]} args
 * @param {(value: unknown, options?: any) => string} [print]
 * @returns {string}
 */
export function format(args, print = inspect) {
  if (args.length === 0) return "";
  const [first] = args;
  let text = "";
  let next = 0;
  if (typeof first === "string") {
    next = 1;
    text = args.length === 1 || !first.includes("%") ? first
      : first.replace(/%[sdifjoOc%]/g, (directive) => {
        if (directive === "%%") return "%";
        return next < args.length ? direct(directive, args[next++], print) : directive;
      });
  }
  for (let i = next; i < args.length; i++) {
    const part = args[i];
    if (i > 0) text += " ";
    text += typeof part === "string" ? part : print(part);
  }
  return text;
}

/** @param {string} directive @param {any} value @param {(value: unknown, options?: any) => string} print */
function direct(directive, value, print) {
  switch (directive) {
    case "%s":
      return asString(value, print);
    case "%d":
      return toNumber(value, Number);
    case "%i":
      return toNumber(value, Number.parseInt);
    case "%f":
      return typeof value === "bigint" ? numberText(Number(value)) : toNumber(value, Number.parseFloat);
    case "%j":
      return asJson(value);
    case "%o":
      return print(value, { showHidden: true, showProxy: true, depth: 4 });
    case "%O":
      return print(value);
    default:
      return "";
  }
}

/** @param {any} value @param {(value: any) => number} convert */
function toNumber(value, convert) {
  if (typeof value === "bigint") return numberText(value);
  try {
    return numberText(convert(value));
  } catch {
    // A Symbol, or an object that refuses.
    return "NaN";
  }
}

/** @param {any} value @param {(value: unknown, options?: any) => string} print */
function asString(value, print) {
  if (typeof value === "bigint" || typeof value === "number") return numberText(value);
  if (typeof value !== "object" || value === null) return String(value);
  if (hasOwnText(value)) return String(value);
  return print(value, { depth: 0, colors: false, compact: 3 });
}

/**
 * Whether the program gave the object a text of its own: a toString that is no built-in one.
 *
 * @param {object} value
 */
function hasOwnText(value) {
  if (ops.classOf(value) === "Proxy") return false;
  for (let object = value; object !== null; object = Object.getPrototypeOf(object)) {
    if (ops.classOf(object) === "Proxy") return false;
    const descriptor = Object.getOwnPropertyDescriptor(object, "toString");
    if (descriptor === undefined) continue;
    return typeof descriptor.value === "function" && !isBuiltIn(descriptor.value);
  }
  return false;
}

const builtInConstructors = new Set([Object, Array, Function, Date, RegExp, Map, Set, Promise, Number, String, Boolean, Symbol,
  BigInt, Uint8Array, ArrayBuffer, Error]);

/** @param {Function} toString */
function isBuiltIn(toString) {
  for (const constructor of builtInConstructors) if (constructor.prototype.toString === toString) return true;
  return false;
}

/** @param {any} value */
function asJson(value) {
  try {
    return `${JSON.stringify(value)}`;
  } catch (error) {
    if (error instanceof TypeError && /circular|cyclic/i.test(error.message)) return "[Circular]";
    throw error;
  }
}
