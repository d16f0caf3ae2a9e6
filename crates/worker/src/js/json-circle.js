/**
 * Where a structure closes into a circle, in the words that V8 has for it.
 *
 * Nothing here runs unless the engine has found that there is a circle.
 *
 * Source: what V8 says; the tests compare.
 *
 * @module
 */

/** So many steps of a circle are shown at its beginning and at its end. */
const STEPS_FIRST = 2;
const STEPS_LAST = 1;

/**
 * The message of the `TypeError` for a structure that contains itself.
 *
 * Follows what the objects hold, and calls nothing of the program: where an accessor, `toJSON` or a replacer makes the
 * circle, it says no more than that there is one.
 *
 * @param {unknown} root
 * @returns {string}
 */
export function messageOfCircle(root) {
  const path = circleIn(root);
  const heading = "Converting circular structure to JSON";
  if (path === null) return heading;
  const [{ holder }, ...steps] = path;
  const closing = /** @type {Step} */ (steps.pop());
  const lines = steps.map((step) => `|     ${step.key} -> object with constructor '${nameOf(step.holder)}'`);
  if (lines.length > STEPS_FIRST + STEPS_LAST) lines.splice(STEPS_FIRST, lines.length - STEPS_FIRST - STEPS_LAST, "|     ...");
  return [heading, `--> starting at object with constructor '${nameOf(holder)}'`, ...lines, `--- ${closing.key} closes the circle`].join("\n    ");
}

/**
 * @typedef {object} Step
 * @property {object} holder
 * @property {string} key what leads to the holder: `property 'a'`, `index 0`
 */

/**
 * The first circle: its beginning, the steps, and the step that leads back to the beginning.
 *
 * @param {unknown} root
 * @returns {Step[] | null}
 */
function circleIn(root) {
  if (!isObject(root)) return null;
  const seen = new Set();
  /** @type {(Step & { rest: Iterator<[string, unknown]> })[]} */
  const path = [];
  /** @param {object} holder @param {string} key */
  const enter = (holder, key) => {
    seen.add(holder);
    path.push({ holder, key, rest: held(holder) });
  };
  enter(root, "");
  while (path.length > 0) {
    const { value, done } = path[path.length - 1].rest.next();
    if (done) {
      path.pop();
      continue;
    }
    const [key, object] = value;
    if (!isObject(object)) continue;
    const start = path.findIndex((step) => step.holder === object);
    if (start !== -1) return [...path.slice(start), { holder: object, key }];
    if (!seen.has(object)) enter(object, key);
  }
  return null;
}

/** @param {unknown} value @returns {value is object} */
function isObject(value) {
  return typeof value === "object" && value !== null;
}

/** @param {object} object @returns {Iterator<[string, unknown]>} */
function* held(object) {
  const indexed = Array.isArray(object);
  for (const key of Object.keys(object)) {
    const descriptor = Object.getOwnPropertyDescriptor(object, key);
    if (descriptor !== undefined && "value" in descriptor) yield [indexed ? `index ${key}` : `property '${key}'`, descriptor.value];
  }
}

/** @param {object} object */
function nameOf(object) {
  for (let at = object; at !== null; at = Object.getPrototypeOf(at)) {
    const made = Object.getOwnPropertyDescriptor(at, "constructor")?.value;
    if (typeof made === "function") return Object.getOwnPropertyDescriptor(made, "name")?.value || "Object";
  }
  return "Object";
}
