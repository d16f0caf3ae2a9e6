/**
 * Which properties an error has of its own.
 *
 * @module
 */

const { ownKeys } = Reflect;
const { defineProperty, getOwnPropertyNames } = Object;

/** @type {(value: unknown) => boolean} */
export const isError = /** @type {any} */ (Error).isError ?? ((/** @type {unknown} */ value) => value instanceof Error);

/** What this engine gives each error of its own. */
const notV8s = new Set(["fileName", "lineNumber", "columnNumber"]);

/**
 * Lets the functions that name an object's own properties say of an error what V8 says: programs copy errors by these
 * names, `JSON.stringify(error, Object.getOwnPropertyNames(error))`.
 */
export function replaceOwnKeys() {
  const functions = {
    /** @param {any} object */
    getOwnPropertyNames(object) {
      const names = getOwnPropertyNames(object);
      return isError(object) ? asV8(names) : names;
    },
    /** @param {any} target */
    ownKeys(target) {
      const keys = ownKeys(target);
      return isError(target) ? asV8(keys) : keys;
    },
  };
  defineProperty(Object, "getOwnPropertyNames", { value: functions.getOwnPropertyNames, writable: true, enumerable: false, configurable: true });
  defineProperty(Reflect, "ownKeys", { value: functions.ownKeys, writable: true, enumerable: false, configurable: true });
}

/** @template {string | symbol} K @param {K[]} keys @returns {K[]} */
function asV8(keys) {
  const rest = keys.filter((key) => key !== "stack" && !notV8s.has(/** @type {string} */ (key)));
  return [/** @type {K} */ ("stack"), ...rest];
}
