/**
 * Printing one value of any kind. `inspect.js` is the way in; the line breaking is in inspect-layout.js.
 *
 * @module
 */

import { ops } from "stated:host";
import { joinParts, widthOf } from "stated:inspect-layout";
import { errorText, keyText, numberText, quote } from "stated:inspect-text";
import { inspectSymbol, Shown } from "stated:webidl";

/** Bytes of an ArrayBuffer to print. */
const BUFFER_BYTES_MAX = 50;

/**
 * @typedef {object} Printer the state of one call of inspect
 * @property {number} depthMax
 * @property {number} maxArrayLength
 * @property {number} maxStringLength
 * @property {number} breakLength
 * @property {boolean} showHidden
 * @property {boolean | ((a: string, b: string) => number)} sorted
 * @property {number | boolean} compact
 * @property {boolean} customInspect
 * @property {boolean} showProxy
 * @property {boolean} numericSeparator
 * @property {boolean | "get" | "set"} getters
 * @property {(text: string, style: string) => string} stylize
 * @property {number} indentation
 * @property {number} deepest the level of the object printed last
 * @property {object[]} path the objects being printed
 * @property {Map<object, number>} circular objects that contain themselves, numbered
 * @property {any} options as the program gave them, for its own inspection functions
 */

/**
 * @param {any} options
 * @returns {Printer}
 */
export function newPrinter(options) {
  return {
    depthMax: unlimited(options.depth, 2),
    maxArrayLength: unlimited(options.maxArrayLength, 100),
    maxStringLength: unlimited(options.maxStringLength, 10_000),
    breakLength: options.breakLength === undefined ? 80 : Number(options.breakLength),
    showHidden: Boolean(options.showHidden),
    sorted: options.sorted ?? false,
    compact: options.compact ?? 3,
    customInspect: options.customInspect ?? true,
    showProxy: Boolean(options.showProxy),
    numericSeparator: Boolean(options.numericSeparator),
    getters: options.getters ?? false,
    stylize: options.stylize ?? ((text) => text),
    indentation: 0,
    deepest: 0,
    path: [],
    circular: new Map(),
    options,
  };
}

/** @param {any} value @param {number} absent */
function unlimited(value, absent) {
  if (value === undefined) return absent;
  return value === null ? Infinity : Number(value);
}

/**
 * @param {Printer} printer
 * @param {any} value
 * @param {number} level 0 for the value that inspect was given
 * @returns {string}
 */
export function printValue(printer, value, level) {
  if ((typeof value !== "object" || value === null) && typeof value !== "function") return printPrimitive(printer, value);
  try {
    return printObject(printer, value, level);
  } catch (error) {
    if (error instanceof CustomFailure) throw error;
    // Too deep a nesting, or a Proxy whose traps throw.
    return error instanceof RangeError || isStackOverflow(error) ? "[Object: nested too deeply to print]" : "[Object: cannot be printed]";
  }
}

/** @param {unknown} error */
function isStackOverflow(error) {
  return error instanceof Error && error.message === "too much recursion";
}

/** @param {Printer} printer @param {any} value */
function printPrimitive(printer, value) {
  if (typeof value === "string") return printString(printer, value);
  if (typeof value === "number" || typeof value === "bigint") {
    return printer.stylize(printer.numericSeparator ? separatedNumber(value) : numberText(value), typeof value);
  }
  return printer.stylize(String(value), value === null ? "null" : typeof value);
}

/** Digits in groups of three. @param {number | bigint} value */
function separatedNumber(value) {
  const text = numberText(value);
  const found = /^(-?)(\d+)(?:\.(\d+))?(n?)$/.exec(text);
  if (found === null) return text;
  const [, sign, whole, fraction, end] = found;
  const after = fraction === undefined ? "" : `.${fraction.replace(/(\d{3})(?=\d)/g, "$1_")}`;
  return `${sign}${whole.replace(/(?<=\d)(?=(?:\d{3})+$)/g, "_")}${after}${end}`;
}

/** @param {Printer} printer @param {string} value */
function printString(printer, value) {
  let text = value;
  let rest = "";
  if (text.length > printer.maxStringLength) {
    const left = text.length - printer.maxStringLength;
    text = text.slice(0, printer.maxStringLength);
    rest = `... ${left} more character${left > 1 ? "s" : ""}`;
  }
  if (printer.compact !== true && text.length > 16 && text.length > printer.breakLength - printer.indentation - 4 && text.includes("\n")) {
    const lines = text.split(/(?<=\n)/).map((line) => printer.stylize(quote(line), "string"));
    return lines.join(` +\n${" ".repeat(printer.indentation + 2)}`) + rest;
  }
  return printer.stylize(quote(text), "string") + rest;
}

/** @param {Printer} printer @param {any} value @param {number} level */
function printObject(printer, value, level) {
  // First of all: any look at a Proxy, even instanceof, would run the program's traps.
  const proxied = ops.proxyParts(value);
  if (proxied !== undefined) {
    if (proxied[0] === null) return printer.stylize("<Revoked Proxy>", "special");
    if (printer.showProxy) return printProxy(printer, proxied, level);
    return `${printer.stylize("Proxy(", "special")}${printValue(printer, proxied[0], level)}${printer.stylize(")", "special")}`;
  }
  if (value instanceof Shown) return printShown(printer, value, level);
  const custom = value[inspectSymbol];
  if (typeof custom === "function" && !isClassItself(value) && (printer.customInspect || isOurs(custom))) {
    const left = printer.options.depth === null ? null : printer.depthMax - level;
    const shown = callCustom(printer, value, custom, left);
    if (shown instanceof Shown) return inPath(printer, value, level, () => printShown(printer, shown, level));
    if (shown !== value) return typeof shown === "string" ? shown.replaceAll("\n", `\n${" ".repeat(printer.indentation)}`) : printValue(printer, shown, level);
  }
  return inPath(printer, value, level, () => printRaw(printer, value, level));
}

/** Both parts. @param {Printer} printer @param {unknown[]} parts target and handler @param {number} level */
function printProxy(printer, parts, level) {
  if (level > printer.depthMax) return printer.stylize("Proxy [Array]", "special");
  printer.deepest = level;
  printer.indentation += 2;
  const texts = parts.slice(0, 2).map((part) => printValue(printer, part, level + 1));
  printer.indentation -= 2;
  return joinParts(printer, texts, "", ["Proxy [", "]"], level, undefined);
}

/** An error of a program's inspection function, which `util.inspect` passes on and the console does not. */
export class CustomFailure {
  /** @param {unknown} error */
  constructor(error) {
    this.error = error;
  }
}

/** @param {Printer} printer @param {any} value @param {Function} custom @param {number | null} left levels to print */
function callCustom(printer, value, custom, left) {
  const { inspect, ...options } = printer.options;
  try {
    return custom.call(value, left, { depth: printer.depthMax, ...options, stylize: printer.stylize }, inspect ?? inspectAgain);
  } catch (error) {
    throw inspect === undefined ? error : new CustomFailure(error);
  }
}

/** The platform's own classes print themselves also when the program's do not. @param {Function} custom */
function isOurs(custom) {
  return custom.name === "inspectInstance";
}

/** A class whose prototype can print itself is printed as a class. @param {any} value */
function isClassItself(value) {
  return typeof value === "function" && !Object.hasOwn(value, inspectSymbol);
}

/** For inspection functions of the program. @param {unknown} value @param {any} options */
function inspectAgain(value, options) {
  return printValue(newPrinter(options ?? {}), value, 0);
}

/**
 * Marks an object as being printed, so that a reference back to it is found.
 *
 * @param {Printer} printer @param {object} value @param {number} level @param {() => string} print
 */
function inPath(printer, value, level, print) {
  if (printer.path.includes(value)) {
    let index = printer.circular.get(value);
    if (index === undefined) {
      index = printer.circular.size + 1;
      printer.circular.set(value, index);
    }
    return printer.stylize(`[Circular *${index}]`, "special");
  }
  printer.path.push(value);
  try {
    return print();
  } finally {
    printer.path.pop();
  }
}

/**
 * The base of an object that contains itself has its number in front.
 *
 * @param {Printer} printer @param {string[]} parts @param {string} base @param {[string, string]} brackets @param {number} level @param {unknown} arrayLike
 */
function joined(printer, parts, base, brackets, level, arrayLike) {
  const index = printer.circular.get(/** @type {object} */ (printer.path.at(-1)));
  if (index === undefined) return joinParts(printer, parts, base, brackets, level, arrayLike);
  const mark = printer.stylize(`<ref *${index}>`, "special");
  if (printer.compact === true) return joinParts(printer, parts, base, [`${mark} ${brackets[0]}`, brackets[1]], level, arrayLike);
  return joinParts(printer, parts, base === "" ? mark : `${mark} ${base}`, brackets, level, arrayLike);
}

/** @param {Printer} printer @param {Shown} shown @param {number} level */
function printShown(printer, shown, level) {
  if (level > printer.depthMax) return printer.stylize(`[${shown.name}]`, "special");
  printer.deepest = level;
  const { pairs, fields } = shown;
  const parts = [];
  printer.indentation += 2;
  if (pairs !== undefined) {
    for (let i = 0; i < pairs.length; i += 2) {
      parts.push(`${printValue(printer, pairs[i], level + 1)} => ${printValue(printer, pairs[i + 1], level + 1)}`);
    }
  }
  for (const key of Object.keys(fields)) {
    parts.push(`${key.startsWith("[") ? key : keyText(key)}: ${printValue(printer, fields[key], level + 1)}`);
  }
  printer.indentation -= 2;
  const name = pairs === undefined ? shown.name : `${shown.name}(${pairs.length / 2})`;
  if (parts.length === 0) return `${name} {}`;
  return joined(printer, parts, "", [`${name} {`, "}"], level, undefined);
}

/**
 * @typedef {object} Form how an object of some kind prints
 * @property {string} base stands alone when there is nothing in the brackets
 * @property {[string, string]} brackets
 * @property {() => string[]} contents printed before the properties
 * @property {boolean} isEmpty there are no contents
 * @property {unknown} arrayLike the elements, when they may be laid out in columns
 * @property {(string | symbol)[]} keys
 */

/** @param {Printer} printer @param {any} value @param {number} level */
function printRaw(printer, value, level) {
  const form = formOf(printer, value, level);
  if (typeof form === "string") return form;
  // What is empty counts neither as too deep nor as a level of nesting.
  if (form.isEmpty && form.keys.length === 0) return form.base !== "" ? form.base : `${form.brackets[0]}${form.brackets[1]}`;
  if (level > printer.depthMax) return form.base !== "" ? form.base : printer.stylize(tooDeep(value, form), "special");
  printer.deepest = level;
  const parts = form.contents();
  const inArray = form.arrayLike !== undefined;
  for (const key of form.keys) parts.push(printProperty(printer, value, key, level, inArray));
  if (printer.sorted) {
    const order = printer.sorted === true ? undefined : printer.sorted;
    const sorted = inArray ? parts.splice(parts.length - form.keys.length) : parts;
    sorted.sort(order);
    if (inArray) parts.push(...sorted);
  }
  return joined(printer, parts, form.base, form.brackets, level, form.arrayLike);
}

/** @param {any} value @param {Form} form */
function tooDeep(value, form) {
  if (Array.isArray(value)) return "[Array]";
  const prefix = form.brackets[0].slice(0, -1).trim();
  return `[${prefix === "" || prefix === "[Arguments]" ? "Object" : prefix.replace(/\(\d+\)(?=$| \[)/, "")}]`;
}

/** @param {Printer} printer @param {any} value @param {string | symbol} key @param {number} level @param {boolean} inArray */
function printProperty(printer, value, key, level, inArray) {
  const descriptor = Object.getOwnPropertyDescriptor(value, key) ?? { value: value[key], enumerable: true };
  let text;
  let space = " ";
  if (descriptor.get !== undefined) text = printGetter(printer, value, descriptor, level);
  else if (descriptor.set !== undefined) text = printer.stylize("[Setter]", "special");
  else {
    const indentation = printer.compact === true && !inArray ? 3 : 2;
    printer.indentation += indentation;
    text = printValue(printer, descriptor.value, level + 1);
    if (indentation === 3 && printer.breakLength < widthOf(text)) space = `\n${" ".repeat(printer.indentation)}`;
    printer.indentation -= indentation;
  }
  return `${printKey(printer, key, descriptor.enumerable === false)}:${space}${text}`;
}

/** @param {Printer} printer @param {string | symbol} key @param {boolean} hidden */
function printKey(printer, key, hidden) {
  if (typeof key === "symbol") {
    const text = printer.stylize(keyText(key), "symbol");
    return hidden ? `[${text}]` : text;
  }
  if (hidden) return `[${key}]`;
  if (key === "__proto__") return "['__proto__']";
  const text = keyText(key);
  return printer.stylize(text, text === key ? "name" : "string");
}

/** @param {Printer} printer @param {any} value @param {PropertyDescriptor} descriptor with a getter @param {number} level */
function printGetter(printer, value, descriptor, level) {
  const label = descriptor.set === undefined ? "Getter" : "Getter/Setter";
  const { getters, stylize } = printer;
  if (getters !== true && getters !== (descriptor.set === undefined ? "get" : "set")) return stylize(`[${label}]`, "special");
  const around = (/** @type {string} */ text) => `${stylize(`[${label}:`, "special")} ${text}${stylize("]", "special")}`;
  printer.indentation += 2;
  try {
    const result = /** @type {() => unknown} */ (descriptor.get).call(value);
    if (typeof result === "object" && result !== null) return `${stylize(`[${label}]`, "special")} ${printValue(printer, result, level + 1)}`;
    return around(typeof result === "function" ? printValue(printer, result, level + 1) : printPrimitive(printer, result));
  } catch (error) {
    return around(`<Inspection threw (${/** @type {any} */ (error)?.message})>`);
  } finally {
    printer.indentation -= 2;
  }
}

/** @param {Printer} printer @param {any} value @returns {(string | symbol)[]} */
function keysOf(printer, value) {
  if (printer.showHidden) return Reflect.ownKeys(value);
  const keys = /** @type {(string | symbol)[]} */ (Object.keys(value));
  for (const symbol of Object.getOwnPropertySymbols(value)) {
    if (Object.prototype.propertyIsEnumerable.call(value, symbol)) keys.push(symbol);
  }
  return keys;
}

/** Without the elements. @param {Printer} printer @param {any} value */
function keysOfArray(printer, value) {
  return keysOf(printer, value).filter((key) => typeof key === "symbol" || !isIndex(key));
}

/** @param {string} key */
function isIndex(key) {
  return /^(0|[1-9]\d{0,9})$/.test(key) && Number(key) < 2 ** 32 - 1;
}

/**
 * The name of the class, as the nearest prototype with a constructor says; null without any.
 *
 * @param {any} value
 * @returns {string | null}
 */
function classNameOf(value) {
  for (let object = value; object !== null; object = Object.getPrototypeOf(object)) {
    const descriptor = Object.getOwnPropertyDescriptor(object, "constructor");
    const constructor = descriptor?.value;
    if (typeof constructor === "function" && constructor.name !== "" && isInstance(value, constructor)) return String(constructor.name);
  }
  return null;
}

/** @param {unknown} value @param {Function} constructor */
function isInstance(value, constructor) {
  try {
    return value instanceof constructor;
  } catch {
    return false;
  }
}

/**
 * What stands before the bracket: class name, size, toStringTag.
 *
 * @param {any} value @param {string} fallback the kind of object, for those without a prototype @param {number} [size]
 */
function prefixOf(value, fallback, size = undefined) {
  const name = classNameOf(value);
  const count = size === undefined ? "" : `(${size})`;
  let tag = value[Symbol.toStringTag];
  // A tag that is printed as a property is not printed twice.
  const printed = Object.prototype.propertyIsEnumerable.call(value, Symbol.toStringTag);
  if (typeof tag !== "string" || tag === "" || tag === name || printed) tag = "";
  const shownTag = tag === "" || (name === null && tag === fallback) ? "" : `[${tag}] `;
  if (name === null) return `[${fallback}${count}: null prototype] ${shownTag}`;
  return `${name}${count} ${shownTag}`;
}

/** Nothing for an instance of the built-in class itself. @param {any} value @param {string} kind */
function subclassPrefix(value, kind) {
  const prefix = prefixOf(value, kind);
  return prefix === `${kind} ` ? "" : prefix;
}

const noParts = () => /** @type {string[]} */ ([]);

/**
 * @param {Printer} printer
 * @param {any} value
 * @param {number} level
 * @returns {Form | string}
 */
function formOf(printer, value, level) {
  const kind = ops.classOf(value);
  const keys = () => keysOf(printer, value);
  switch (kind) {
    case "Array":
      return arrayForm(printer, value, level, value.length, prefixOf(value, "Array", value.length), "Array");
    case "Arguments":
      return objectForm("[Arguments] ", keys(), noParts);
    case "Set":
      return collectionForm(value, "Set", keys(), () => printEntries(printer, Set.prototype.values.call(value), level, false));
    case "Map":
      return collectionForm(value, "Map", keys(), () => printEntries(printer, Map.prototype.entries.call(value), level, true));
    case "Function":
      return baseForm(printer, functionText(value), "special", keys().filter((key) => key !== "prototype" || printer.showHidden));
    case "RegExp":
      return baseForm(printer, subclassPrefix(value, "RegExp") + RegExp.prototype.toString.call(value), "regexp", keys());
    case "Date":
      return baseForm(printer, subclassPrefix(value, "Date") + dateText(value), "date", keys());
    case "Error":
      return errorForm(printer, value);
    case "Promise":
      return objectForm(prefixOf(value, "Promise"), keys(), () => printPromise(printer, value, level));
    case "ArrayBuffer":
    case "SharedArrayBuffer":
      return bufferForm(printer, value, kind, keys());
    case "Number":
    case "String":
    case "Boolean":
    case "BigInt":
      return boxedForm(printer, value, kind);
    default:
      return otherForm(printer, value, level, keys);
  }
}

/** @param {Printer} printer @param {any} value @param {number} level @param {() => (string | symbol)[]} keys @returns {Form | string} */
function otherForm(printer, value, level, keys) {
  if (ArrayBuffer.isView(value)) {
    if (value instanceof DataView) return dataViewForm(printer, value, level, keys());
    const { length } = /** @type {any} */ (value);
    const form = arrayForm(printer, value, level, length, prefixOf(value, "TypedArray", length), "typed");
    if (!printer.showHidden) return form;
    return { ...form, isEmpty: false, contents: () => [...form.contents(), ...hiddenOfView(printer, value, level)] };
  }
  if (value instanceof WeakSet || value instanceof WeakMap) {
    return objectForm(prefixOf(value, "WeakSet"), keys(), () => [printer.stylize("<items unknown>", "special")]);
  }
  const isSymbol = typeof Symbol.prototype.valueOf === "function" && isBoxedSymbol(value);
  if (isSymbol) return boxedForm(printer, value, "Symbol");
  if (Object.getPrototypeOf(value) === null && value[Symbol.toStringTag] === "Module") {
    return objectForm("[Module: null prototype] ", keys(), noParts);
  }
  if (value instanceof Error) return errorForm(printer, value);
  const prefix = prefixOf(value, "Object");
  return objectForm(prefix === "Object " ? "" : prefix, keys(), noParts);
}

/** What a typed array has from its prototype. @param {Printer} printer @param {any} value @param {number} level */
function hiddenOfView(printer, value, level) {
  printer.indentation += 2;
  const parts = ["BYTES_PER_ELEMENT", "length", "byteLength", "byteOffset", "buffer"].map((key) => `[${key}]: ${printValue(printer, value[key], level + 1)}`);
  printer.indentation -= 2;
  return parts;
}

/** @param {string} prefix @param {(string | symbol)[]} keys @param {() => string[]} contents @returns {Form} */
function objectForm(prefix, keys, contents) {
  return { base: "", brackets: [`${prefix}{`, "}"], contents, isEmpty: contents === noParts, arrayLike: undefined, keys };
}

/** @param {any} value @param {string} fallback @param {(string | symbol)[]} keys @param {() => string[]} contents @returns {Form} */
function collectionForm(value, fallback, keys, contents) {
  const size = sizeOf[fallback].call(value);
  return objectForm(prefixOf(value, fallback, size), keys, size === 0 ? noParts : contents);
}

/** The size of a collection, whatever its prototype is now. @type {Record<string, () => number>} */
const sizeOf = {
  Map: /** @type {any} */ (Object.getOwnPropertyDescriptor(Map.prototype, "size")).get,
  Set: /** @type {any} */ (Object.getOwnPropertyDescriptor(Set.prototype, "size")).get,
};

/**
 * @param {Printer} printer @param {string} base @param {string | undefined} style of a base that stands alone
 * @param {(string | symbol)[]} keys
 * @returns {Form | string}
 */
function baseForm(printer, base, style, keys) {
  if (keys.length === 0) return style === undefined ? base : printer.stylize(base, style);
  return { base, brackets: ["{", "}"], contents: noParts, isEmpty: true, arrayLike: undefined, keys };
}

/**
 * @param {Printer} printer @param {any} value @param {number} level @param {number} length @param {string} prefix
 * @param {string} plain the class whose name is left out
 * @returns {Form}
 */
function arrayForm(printer, value, level, length, prefix, plain) {
  const shownPrefix = prefix === `${plain}(${length}) ` ? "" : prefix;
  return {
    base: "",
    brackets: [`${shownPrefix}[`, "]"],
    contents: () => printElements(printer, value, level, length),
    isEmpty: length === 0,
    arrayLike: value,
    keys: keysOfArray(printer, value),
  };
}

/** @param {Printer} printer @param {any} value @param {number} level @param {number} length */
function printElements(printer, value, level, length) {
  /** @type {string[]} */
  const parts = [];
  let holes = 0;
  let index = 0;
  const flushHoles = () => {
    if (holes > 0) parts.push(printer.stylize(`<${holes} empty item${holes > 1 ? "s" : ""}>`, "undefined"));
    holes = 0;
  };
  printer.indentation += 2;
  while (index < length && parts.length < printer.maxArrayLength) {
    if (Object.hasOwn(value, index)) {
      flushHoles();
      if (parts.length >= printer.maxArrayLength) break;
      const descriptor = /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(value, index));
      if (descriptor.get !== undefined) parts.push(printGetter(printer, value, descriptor, level));
      else parts.push(descriptor.set === undefined ? printValue(printer, descriptor.value, level + 1) : printer.stylize("[Setter]", "special"));
      index++;
    } else {
      const next = nextElement(value, index, length);
      holes += next - index;
      index = next;
    }
  }
  flushHoles();
  printer.indentation -= 2;
  if (index < length) parts.push(moreItems(length - index));
  return parts;
}

/** The next index that exists; a sparse array is not walked hole by hole. @param {any} value @param {number} index @param {number} length */
function nextElement(value, index, length) {
  for (let i = index + 1; i < length && i < index + 1000; i++) if (Object.hasOwn(value, i)) return i;
  if (index + 1000 >= length) return length;
  for (const key of Object.keys(value)) if (isIndex(key) && Number(key) > index) return Number(key);
  return length;
}

/** @param {number} count */
function moreItems(count) {
  return `... ${count} more item${count > 1 ? "s" : ""}`;
}

/** @param {Printer} printer @param {Iterator<any>} iterator @param {number} level @param {boolean} pairs */
function printEntries(printer, iterator, level, pairs) {
  const parts = [];
  printer.indentation += 2;
  let left = 0;
  for (let step = iterator.next(); !step.done; step = iterator.next()) {
    if (parts.length >= printer.maxArrayLength) left++;
    else if (pairs) parts.push(`${printValue(printer, step.value[0], level + 1)} => ${printValue(printer, step.value[1], level + 1)}`);
    else parts.push(printValue(printer, step.value, level + 1));
  }
  printer.indentation -= 2;
  if (left > 0) parts.push(moreItems(left));
  return parts;
}

/** @param {Printer} printer @param {Promise<unknown>} value @param {number} level */
function printPromise(printer, value, level) {
  const [state, result] = ops.promiseState(value);
  if (state === 0) return [printer.stylize("<pending>", "special")];
  printer.indentation += 2;
  const text = printValue(printer, result, level + 1);
  printer.indentation -= 2;
  return [state === 1 ? text : `${printer.stylize("<rejected>", "special")} ${text}`];
}

/** @param {Date} value */
function dateText(value) {
  return Number.isNaN(Date.prototype.getTime.call(value)) ? "Invalid Date" : Date.prototype.toISOString.call(value);
}

/** @param {Function} value */
function functionText(value) {
  const source = Function.prototype.toString.call(value);
  const { name } = value;
  const hasName = typeof name === "string" && name !== "";
  if (source.startsWith("class") && source.endsWith("}")) {
    const parent = Object.getPrototypeOf(value);
    const extending = typeof parent === "function" && parent.name ? ` extends ${parent.name}` : parent === null ? " extends [null prototype]" : "";
    return `[class ${hasName ? name : "(anonymous)"}${extending}]`;
  }
  const tag = /** @type {any} */ (value)[Symbol.toStringTag];
  const kind = tag === "AsyncFunction" || tag === "GeneratorFunction" || tag === "AsyncGeneratorFunction" ? tag : "Function";
  const nullPrototype = Object.getPrototypeOf(value) === null ? " (null prototype)" : "";
  return hasName ? `[${kind}${nullPrototype}: ${name}]` : `[${kind}${nullPrototype} (anonymous)]`;
}

/** Properties of an error that its text already shows. */
const impliedByText = new Set(["stack", "message", "fileName", "lineNumber", "columnNumber"]);

/** @param {Printer} printer @param {any} value @returns {Form | string} */
function errorForm(printer, value) {
  const text = errorText(value).replaceAll("\n", `\n${" ".repeat(printer.indentation)}`);
  const keys = keysOf(printer, value).filter((key) => printer.showHidden || !(typeof key === "string" && impliedByText.has(key))
    && !(key === "name" && typeof value.name === "string" && text.includes(value.name)));
  for (const key of ["cause", "errors"]) if (Object.hasOwn(value, key) && !keys.includes(key)) keys.push(key);
  return baseForm(printer, text, undefined, keys);
}

/** @param {Printer} printer @param {any} value @param {string} kind @param {(string | symbol)[]} keys @returns {Form} */
function bufferForm(printer, value, kind, keys) {
  return objectForm(prefixOf(value, kind), keys, () => {
    const bytes = new Uint8Array(value);
    const shown = bytes.subarray(0, Math.min(BUFFER_BYTES_MAX, printer.maxArrayLength));
    let text = Array.from(shown, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const left = bytes.length - shown.length;
    if (left > 0) text += ` ... ${left} more byte${left > 1 ? "s" : ""}`;
    return [`${printer.stylize("[Uint8Contents]", "special")}: <${text}>`, `byteLength: ${printer.stylize(`${bytes.length}`, "number")}`];
  });
}

/** @param {Printer} printer @param {DataView} value @param {number} level @param {(string | symbol)[]} keys @returns {Form} */
function dataViewForm(printer, value, level, keys) {
  return objectForm(prefixOf(value, "DataView"), keys, () => {
    printer.indentation += 2;
    const buffer = printValue(printer, value.buffer, level + 1);
    printer.indentation -= 2;
    const number = (/** @type {number} */ count) => printer.stylize(`${count}`, "number");
    return [`byteLength: ${number(value.byteLength)}`, `byteOffset: ${number(value.byteOffset)}`, `buffer: ${buffer}`];
  });
}

/** @param {unknown} value */
function isBoxedSymbol(value) {
  try {
    Symbol.prototype.valueOf.call(value);
    return true;
  } catch {
    return false;
  }
}

const unbox = /** @type {Record<string, (this: any) => any>} */ ({
  Number: Number.prototype.valueOf,
  String: String.prototype.valueOf,
  Boolean: Boolean.prototype.valueOf,
  BigInt: BigInt.prototype.valueOf,
  Symbol: Symbol.prototype.valueOf,
});

/** @param {Printer} printer @param {any} value @param {string} kind @returns {Form | string} */
function boxedForm(printer, value, kind) {
  const inner = unbox[kind].call(value);
  const keys = kind === "String" ? keysOfArray(printer, value) : keysOf(printer, value);
  const name = classNameOf(value);
  const label = name === null ? `${kind} (null prototype)` : name === kind ? kind : `${kind} (${name})`;
  const plain = { ...printer, stylize: (/** @type {string} */ text) => text };
  return baseForm(printer, `[${label}: ${printPrimitive(plain, inner)}]`, kind.toLowerCase(), keys);
}
