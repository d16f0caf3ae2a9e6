/**
 * `Date` that reads texts as V8 does.
 *
 * @module
 */

import { parseDate } from "stated:date-parse";
import { ops } from "stated:host";

/** Forms of the standard, on which all engines agree. */
const standard = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?$/;

const { construct } = Reflect;

/**
 * Replaces the constructor and `Date.parse`. All else stays the engine's, so that a date is a date wherever one is made.
 *
 * @param {any} target the global object of a realm, or what has no `Date`
 */
export function replaceDate(target) {
  const Native = target.Date;
  if (Native === undefined) return;
  const { parse, prototype } = Native;

  /** @param {string} text */
  const read = (text) => (standard.test(text) ? parse(text) : parseDate(text));

  /** @this {unknown} @param {...any} args */
  function Date(...args) {
    if (new.target === undefined) return Native();
    if (args.length === 1) {
      const [value] = args;
      // A date is copied, and every other object is what it turns into.
      const primitive = isObject(value) && ops.classOf(value) !== "Date" ? toPrimitive(value) : value;
      args[0] = typeof primitive === "string" ? read(primitive) : primitive;
    }
    return construct(Native, args, new.target === Date ? Native : new.target);
  }

  const { now, UTC } = Native;
  const statics = {
    now, UTC,
    /** @param {any} text */
    parse(text) {
      return read(`${text}`);
    },
  };
  Object.defineProperty(statics.parse, "length", { value: 1, configurable: true });
  for (const [name, value] of Object.entries(statics)) {
    Object.defineProperty(Date, name, { value, writable: true, enumerable: false, configurable: true });
  }
  Object.defineProperty(Date, "length", { value: Native.length, configurable: true });
  Object.defineProperty(Date, "prototype", { value: prototype, writable: false, enumerable: false, configurable: false });
  Object.defineProperty(prototype, "constructor", { value: Date, writable: true, enumerable: false, configurable: true });
  Object.defineProperty(target, "Date", { value: Date, writable: true, enumerable: false, configurable: true });
}

/** @param {unknown} value @returns {value is object} */
function isObject(value) {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** ToPrimitive of the language, without a hint. @param {any} object */
function toPrimitive(object) {
  const exotic = object[Symbol.toPrimitive];
  if (exotic !== undefined && exotic !== null) {
    const value = Reflect.apply(exotic, object, ["default"]);
    if (isObject(value)) throw new TypeError("Cannot convert object to primitive value");
    return value;
  }
  for (const name of ["valueOf", "toString"]) {
    const method = object[name];
    if (typeof method !== "function") continue;
    const value = Reflect.apply(method, object, []);
    if (!isObject(value)) return value;
  }
  throw new TypeError("Cannot convert object to primitive value");
}
