/**
 * The pieces of printed values that are text: quoted strings, property keys, stacks.
 *
 * @module
 */

const mustEscape = /[\x00-\x1f'\\\x7f-\x9f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const escapes = /** @type {Record<string, string>} */ ({
  "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", "\v": "\\x0B", "\\": "\\\\",
});

/**
 * A string as a literal, in the quotes that need the fewest escapes: single, else double, else backticks.
 *
 * @param {string} text
 * @returns {string}
 */
export function quote(text) {
  if (!mustEscape.test(text)) return `'${text}'`;
  const mark = quotesFor(text);
  let result = "";
  for (const character of text) result += escapeCharacter(character, mark);
  return `${mark}${result}${mark}`;
}

/** @param {string} text */
function quotesFor(text) {
  if (!text.includes("'")) return "'";
  if (!text.includes('"')) return '"';
  return text.includes("`") || text.includes("${") ? "'" : "`";
}

/** @param {string} character one code point @param {string} mark */
function escapeCharacter(character, mark) {
  if (Object.hasOwn(escapes, character)) return escapes[character];
  if (character === mark) return `\\${mark}`;
  const code = character.charCodeAt(0);
  if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return `\\x${code.toString(16).toUpperCase().padStart(2, "0")}`;
  if (character.length === 1 && code >= 0xd800 && code <= 0xdfff) return `\\u${code.toString(16)}`;
  return character;
}

/**
 * A property key as it stands before the colon.
 *
 * @param {string | symbol} key
 * @returns {string}
 */
export function keyText(key) {
  if (typeof key === "symbol") return escapeControls(key.toString());
  return /^[A-Za-z_][A-Za-z_0-9]*$/.test(key) ? key : quote(key);
}

/** @param {string} text */
function escapeControls(text) {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, (character) => escapeCharacter(character, ""));
}

/**
 * A number or bigint; negative zero keeps its sign.
 *
 * @param {number | bigint} value
 * @returns {string}
 */
export function numberText(value) {
  if (typeof value === "bigint") return `${value}n`;
  return Object.is(value, -0) ? "-0" : `${value}`;
}

/**
 * An error's title and stack in the usual form, whichever engine wrote the stack: `Name: message`, then lines of
 * `    at function (file:line:column)`. Without a stack it is `[Name: message]`.
 *
 * @param {Error} error
 * @returns {string}
 */
export function errorText(error) {
  const title = titleOf(error);
  const { stack } = error;
  if (typeof stack !== "string" || stack === "") return `[${title}]`;
  const at = stack.search(/^\s+at /m);
  if (at === 0) return `${title}\n${stack.trimEnd()}`;
  if (at > 0) return withTitle(stack, error);
  const frames = framesOf(stack);
  if (frames !== "") return `${title}\n${frames}`;
  return `[${stack}]`;
}

const builtInNames = new Set(["Error", "AggregateError", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError",
  "URIError"]);

/** A class that inherits its `name` from a built-in one is shown by its own name. @param {any} error */
function titleOf(error) {
  const name = error.name === undefined ? "Error" : `${error.name}`;
  const message = error.message === undefined ? "" : `${error.message}`;
  const shown = builtInNames.has(name) ? classNameOf(error) ?? name : name;
  return message === "" ? shown : `${shown}: ${message}`;
}

/** @param {any} error @returns {string | undefined} */
function classNameOf(error) {
  const Class = error.constructor;
  return typeof Class === "function" && Class.name !== "" && error instanceof Class ? Class.name : undefined;
}

/**
 * A stack that begins with a title of its own: the engine's, which knows neither a name set later nor the class. The class's name
 * stands in for that of a built-in one which it contains, else before it.
 *
 * @param {string} stack
 * @param {any} error
 */
function withTitle(stack, error) {
  const name = error.name === undefined ? "Error" : `${error.name}`;
  const [first] = /^\w+/.exec(stack) ?? [""];
  const Class = classNameOf(error) ?? name;
  const rest = stack.slice(first.length);
  if (first !== name) return builtInNames.has(first) && Class !== first ? name + rest : stack;
  if (Class === name || !name.endsWith("Error") || !/^$|^[:\n]/.test(rest.slice(0, 1))) return stack;
  return Class.includes(name) ? Class + rest : `${Class} [${name}]${rest}`;
}

/**
 * SpiderMonkey's `function@file:line:column` lines in the usual form.
 *
 * @param {string} stack
 */
function framesOf(stack) {
  const lines = [];
  for (const line of stack.split("\n")) {
    const found = /^(?:(async)\*)?(.*?)@(.*:\d+:\d+)$/.exec(line);
    if (found === null) continue;
    const [, isAsync, name, place] = found;
    const where = name === "" ? place : `${name.replace(/[/<]+$/, "")} (${place})`;
    lines.push(`    at ${isAsync === undefined ? "" : "async "}${where}`);
  }
  return lines.join("\n");
}
