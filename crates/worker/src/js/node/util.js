/**
 * `node:util`.
 *
 * @module
 */

import { AbortController, AbortSignal } from "stated:abort";
import { CallSite } from "stated:call-site";
import { TextDecoder, TextEncoder } from "stated:encoding";
import { ops } from "stated:host";
import { format as formatArguments, inspect as inspectValue } from "stated:inspect";
import { CustomFailure } from "stated:inspect-value";
import { deepEqual } from "stated:node-support/deep-equal";
import { Buffer } from "stated:node/buffer";
import { checkBoolean, checkFunction, checkInteger, checkObject, checkSignal, checkString, invalidArgType, invalidArgValue, nodeError, outOfRange } from "stated:node-support/errors";
import { MIMEParams, MIMEType } from "stated:node-support/mime";
import { nextTick } from "stated:node-support/next-tick";
import { parseArgs } from "stated:node-support/parse-args";
import { systemError, systemErrors } from "stated:node-support/system-errors";
import { warn } from "stated:node-support/warning";
import types from "stated:node/util/types";
import { inspectSymbol } from "stated:webidl";

const customPromisify = Symbol.for("nodejs.util.promisify.custom");

/** @type {any} */
const inspectDefaults = {
  showHidden: false, depth: 2, colors: false, customInspect: true, showProxy: false, maxArrayLength: 100, maxStringLength: 10000,
  breakLength: 80, compact: 3, sorted: false, getters: false, numericSeparator: false,
};

/**
 * Prints a value.
 *
 * @param {unknown} value
 * @param {any} [options] or, as in old programs, showHidden
 * @param {...any} old depth and colors, in old programs
 */
export function inspect(value, options, ...old) {
  const all = { ...inspectDefaults, inspect };
  if (typeof options === "boolean") all.showHidden = options;
  else Object.assign(all, options);
  if (old[0] !== undefined) all.depth = old[0];
  if (old[1] !== undefined) all.colors = old[1];
  if (all.colors) all.stylize ??= withColor;
  try {
    return inspectValue(value, all);
  } catch (error) {
    throw error instanceof CustomFailure ? error.error : error;
  }
}

/** @param {string} text @param {string} style */
function withColor(text, style) {
  const color = inspect.colors[inspect.styles[style]];
  return color === undefined ? text : `\x1b[${color[0]}m${text}\x1b[${color[1]}m`;
}
inspect.custom = inspectSymbol;
Object.defineProperty(inspect, "defaultOptions", {
  get: () => inspectDefaults,
  set(options) {
    checkObject("options", options);
    Object.assign(inspectDefaults, options);
  },
});

/** @type {Record<string, [number, number]>} */
const colors = {
  reset: [0, 0], bold: [1, 22], dim: [2, 22], italic: [3, 23], underline: [4, 24], blink: [5, 25], inverse: [7, 27], hidden: [8, 28],
  strikethrough: [9, 29], doubleunderline: [21, 24], black: [30, 39], red: [31, 39], green: [32, 39], yellow: [33, 39], blue: [34, 39],
  magenta: [35, 39], cyan: [36, 39], white: [37, 39], bgBlack: [40, 49], bgRed: [41, 49], bgGreen: [42, 49], bgYellow: [43, 49],
  bgBlue: [44, 49], bgMagenta: [45, 49], bgCyan: [46, 49], bgWhite: [47, 49], framed: [51, 54], overlined: [53, 55], gray: [90, 39],
  redBright: [91, 39], greenBright: [92, 39], yellowBright: [93, 39], blueBright: [94, 39],
  magentaBright: [95, 39], cyanBright: [96, 39], whiteBright: [97, 39], bgGray: [100, 49], 
  bgRedBright: [101, 49], bgGreenBright: [102, 49], bgYellowBright: [103, 49], bgBlueBright: [104, 49], bgMagentaBright: [105, 49],
  bgCyanBright: [106, 49], bgWhiteBright: [107, 49],
};
for (const [alias, name] of Object.entries({
  grey: "gray", blackBright: "gray", bgGrey: "bgGray", bgBlackBright: "bgGray", faint: "dim", crossedout: "strikethrough", strikeThrough: "strikethrough",
  crossedOut: "strikethrough", conceal: "hidden", swapColors: "inverse", swapcolors: "inverse", doubleUnderline: "doubleunderline",
})) Object.defineProperty(colors, alias, { get: () => colors[name], set: (value) => { colors[name] = value; }, configurable: true });
inspect.colors = colors;
/** @type {any} */
inspect.styles = {
  __proto__: null,
  special: "cyan", number: "yellow", bigint: "yellow", boolean: "yellow", undefined: "grey", null: "bold", string: "green",
  symbol: "green", date: "magenta", regexp: "red", module: "underline",
};

/** @param {...unknown} args */
export function format(...args) {
  return formatArguments(args);
}

/** @param {any} options @param {...unknown} args */
export function formatWithOptions(options, ...args) {
  checkObject("inspectOptions", options);
  return formatArguments(args, (value, more) => inspect(value, { ...options, ...more }));
}

/**
 * A version of a function with a callback that returns a promise.
 *
 * @param {any} original
 * @returns {any}
 */
export function promisify(original) {
  checkFunction("original", original);
  const custom = original[customPromisify];
  if (custom !== undefined) {
    checkFunction("util.promisify.custom", custom);
    return Object.defineProperty(custom, customPromisify, { value: custom, configurable: true });
  }
  /** @this {any} @param {...any} args */
  function promised(...args) {
    return new Promise((resolve, reject) => {
      Reflect.apply(original, this, [...args, (/** @type {any} */ error, /** @type {any} */ value) => {
        if (error) reject(error);
        else resolve(value);
      }]);
    });
  }
  Object.setPrototypeOf(promised, Object.getPrototypeOf(original));
  Object.defineProperty(promised, customPromisify, { value: promised, configurable: true });
  return Object.defineProperties(promised, Object.getOwnPropertyDescriptors(original));
}
promisify.custom = customPromisify;

/** A version of an async function that takes a callback. @param {any} original */
export function callbackify(original) {
  checkFunction("original", original);
  /** @this {any} @param {...any} args */
  function withCallback(...args) {
    const callback = args.pop();
    if (typeof callback !== "function") throw invalidArgType("last argument", "of type function", callback);
    Reflect.apply(original, this, args).then(
      (/** @type {any} */ value) => nextTick(callback, null, value),
      (/** @type {any} */ reason) => nextTick(callback, reason || falsyRejection(reason)),
    );
  }
  const descriptors = Object.getOwnPropertyDescriptors(original);
  if (typeof descriptors.length?.value === "number") descriptors.length.value++;
  if (typeof descriptors.name?.value === "string") descriptors.name.value += "Callbackified";
  return Object.defineProperties(withCallback, descriptors);
}

/** @param {unknown} reason */
function falsyRejection(reason) {
  return Object.assign(nodeError(Error, "ERR_FALSY_VALUE_REJECTION", "Promise was rejected with falsy value"), { reason });
}

const warned = new Set();

/** A function that warns the first time it is called. @param {any} fn @param {string} message @param {string} [code] @returns {any} */
export function deprecate(fn, message, code = undefined) {
  if (code !== undefined) checkString("code", code);
  let warnedHere = false;
  /** @this {any} @param {...any} args */
  function deprecated(...args) {
    if (!warnedHere && !(code !== undefined && warned.has(code))) {
      warn(message, "DeprecationWarning", code);
      if (code !== undefined) warned.add(code);
    }
    warnedHere = true;
    return new.target ? Reflect.construct(fn, args, new.target) : Reflect.apply(fn, this, args);
  }
  Object.setPrototypeOf(deprecated, fn);
  if (fn.prototype) deprecated.prototype = fn.prototype;
  Object.defineProperty(deprecated, "length", { value: fn.length, configurable: true });
  return deprecated;
}

/** @param {any} constructor @param {any} superConstructor */
export function inherits(constructor, superConstructor) {
  if (constructor === undefined || constructor === null) checkFunction("ctor", constructor);
  if (superConstructor === undefined || superConstructor === null) checkFunction("superCtor", superConstructor);
  if (superConstructor.prototype === undefined) {
    throw invalidArgType("superCtor.prototype", "of type object", superConstructor.prototype);
  }
  Object.defineProperty(constructor, "super_", { value: superConstructor, writable: true, configurable: true });
  Object.setPrototypeOf(constructor.prototype, superConstructor.prototype);
}

/** @param {unknown} a @param {unknown} b */
export function isDeepStrictEqual(a, b) {
  return deepEqual(a, b, "strict");
}

/** @param {string} text */
export function stripVTControlCharacters(text) {
  checkString("str", text);
  return text.replace(/[\u001b\u009b][[\]()#;?]*(?:(?:(?:;[-\w/#&.:=?%@~]+)*[^\n]*?(?:\u0007|\u001b\\|\u009c))|(?:(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PR-TZcf-nq-uy=><~]))/g, "");
}

/**
 * @param {string | string[]} format
 * @param {string} text
 * @param {any} [options] whose stream is not a terminal, as no stream is: with validateStream, as it is by default, there are no styles
 */
export function styleText(format, text, options = undefined) {
  checkString("text", text);
  const { stream, validateStream = true } = options ?? {};
  checkBoolean("options.validateStream", validateStream);
  if (validateStream && stream !== undefined && typeof stream?.pipe !== "function" && typeof stream?.pipeTo !== "function" && typeof stream?.getWriter !== "function"
    && typeof stream?.write !== "function") {
    throw invalidArgType("stream", "an instance of ReadableStream, WritableStream, or Stream", stream);
  }
  const styles = Array.isArray(format) ? format : [format];
  return styles.reduceRight((styled, name) => {
    if (name === "none") return styled;
    if (!Object.hasOwn(colors, name)) {
      throw invalidArgValue("format", name, `must be one of: ${Object.keys(colors).map((key) => `'${key}'`).join(", ")}`);
    }
    const [open, close] = colors[name];
    return validateStream ? styled : `\u001b[${open}m${styled}\u001b[${close}m`;
  }, text);
}

/** @param {unknown} text */
export function toUSVString(text) {
  return `${text}`.toWellFormed();
}

/** Output for developers of a package; never enabled, since there is no NODE_DEBUG. @param {string} section */
export function debuglog(section) {
  void section;
  const logger = () => {};
  return Object.assign(logger, { enabled: false });
}
export const debug = debuglog;

/** Resolves when a signal is aborted. @param {any} signal @param {object} resource */
export async function aborted(signal, resource) {
  if (signal === undefined) throw invalidArgType("signal", "an instance of AbortSignal", signal);
  checkSignal("signal", signal);
  checkObject("resource", resource);
  if (signal.aborted) return undefined;
  return new Promise((resolve) => {
    signal.addEventListener("abort", resolve, { once: true });
  });
}

/**
 * Variables of a text in the format of `.env` files.
 *
 * @param {string} content
 * @returns {Record<string, string>}
 */
export function parseEnv(content) {
  checkString("content", content);
  /** @type {Record<string, string>} */
  const found = {};
  const line = /^\s*(?:export\s+)?([\w.-]+)\s*=[^\S\n]*(?:"([^"]*)"|'([^']*)'|`([^`]*)`|([^\n#]*))/gm;
  for (const [, name, double, single, back, bare] of content.matchAll(line)) {
    found[name] = double?.replaceAll("\\n", "\n") ?? single ?? back ?? bare.trim();
  }
  return found;
}

/** @param {any} target @param {any} source */
export function _extend(target, source) {
  return typeof source === "object" && source !== null ? Object.assign(target, source) : target;
}

/** @param {any} errno a negative number @returns {[string, string]} */
function checkedSystemError(errno) {
  if (typeof errno !== "number") throw invalidArgType("err", "of type number", errno);
  if (errno >= 0 || !Number.isSafeInteger(errno)) throw outOfRange("err", "a negative integer", errno);
  return systemError(errno);
}

/** @param {number} errno */
export function getSystemErrorName(errno) {
  return checkedSystemError(errno)[0];
}

/** @param {number} errno */
export function getSystemErrorMessage(errno) {
  return checkedSystemError(errno)[1];
}

/** Names and messages by number; a map of its own for each caller. */
export function getSystemErrorMap() {
  return new Map(systemErrors);
}

/**
 * The error of a system call.
 *
 * @param {number} errno negative
 * @param {string} syscall
 * @param {string} [original] what else is to be said
 */
export function _errnoException(errno, syscall, original = undefined) {
  const code = getSystemErrorName(errno);
  return Object.assign(new Error(`${syscall} ${code}${original ? ` ${original}` : ""}`), { errno, code, syscall });
}

/**
 * The error of a system call about an address.
 *
 * @param {number} errno negative
 * @param {string} syscall
 * @param {string} address
 * @param {number} [port]
 * @param {string} [additional] the local address
 */
export function _exceptionWithHostPort(errno, syscall, address, port = undefined, additional = undefined) {
  const code = getSystemErrorName(errno);
  const where = port !== undefined && port > 0 ? ` ${address}:${port}` : address ? ` ${address}` : "";
  const local = additional ? ` - Local (${additional})` : "";
  return Object.assign(new Error(`${syscall} ${code}${where}${local}`), { errno, code, syscall, address, ...port && { port } });
}

/** Controllers have nowhere to be transferred to: threads are missing. */
export function transferableAbortController() {
  return new AbortController();
}

/** @param {any} signal */
export function transferableAbortSignal(signal) {
  if (!(signal instanceof AbortSignal)) throw invalidArgType("signal", "an instance of AbortSignal", signal);
  return signal;
}

/** The functions on the stack. @param {number} [count] */
export function getCallSites(count = 10) {
  if (typeof count === "object") checkObject("options", count);
  else checkInteger("frameCount", count, 1, 200);
  const most = typeof count === "object" ? 10 : count;
  // This function's own frame is not among them in the engine, where nothing of the library is.
  const lines = (new Error().stack ?? "").split("\n").filter((line) => /^\s*at /.test(line) && !line.includes("/src/js/node/util.js"));
  return lines.slice(0, most).map((line) => {
    const site = new CallSite(line);
    const columnNumber = site.getColumnNumber() ?? 0;
    return {
      functionName: site.getFunctionName() ?? "", scriptName: site.getFileName() ?? "", lineNumber: site.getLineNumber() ?? 0,
      columnNumber, column: columnNumber,
    };
  });
}

/** The old name. */
export const getCallSite = getCallSites;

/** @param {unknown} value */
export const isArray = (value) => Array.isArray(value);
/** @param {unknown} value */
export const isBoolean = (value) => typeof value === "boolean";
/** @param {unknown} value */
export const isBuffer = (value) => value instanceof Buffer;
/** @param {unknown} value */
export const isDate = (value) => types.isDate(value);
/** @param {unknown} value */
export const isError = (value) => types.isNativeError(value) || value instanceof Error;
/** @param {unknown} value */
export const isFunction = (value) => typeof value === "function";
/** @param {unknown} value */
export const isNull = (value) => value === null;
/** @param {unknown} value */
export const isNullOrUndefined = (value) => value === null || value === undefined;
/** @param {unknown} value */
export const isNumber = (value) => typeof value === "number";
/** @param {unknown} value */
export const isObject = (value) => typeof value === "object" && value !== null;
/** @param {unknown} value */
export const isPrimitive = (value) => (typeof value !== "object" && typeof value !== "function") || value === null;
/** @param {unknown} value */
export const isRegExp = (value) => types.isRegExp(value);
/** @param {unknown} value */
export const isString = (value) => typeof value === "string";
/** @param {unknown} value */
export const isSymbol = (value) => typeof value === "symbol";
/** @param {unknown} value */
export const isUndefined = (value) => value === undefined;

/** @param {...unknown} args */
export function log(...args) {
  ops.log(1, formatArguments(args));
}

export { MIMEParams, MIMEType, parseArgs, TextDecoder, TextEncoder, types };
export default {
  _errnoException, _exceptionWithHostPort, _extend, aborted, callbackify, debug, debuglog, deprecate, format, formatWithOptions,
  getCallSite, getCallSites, getSystemErrorMap, getSystemErrorMessage, getSystemErrorName, inherits, inspect, isArray,
  isBoolean, isBuffer, isDate, isDeepStrictEqual, isError, isFunction, isNull, isNullOrUndefined, isNumber, isObject,
  isPrimitive, isRegExp, isString, isSymbol, isUndefined, log, MIMEParams, MIMEType, parseArgs, parseEnv, promisify,
  stripVTControlCharacters, styleText, TextDecoder, TextEncoder, toUSVString, transferableAbortController,
  transferableAbortSignal, types,
};
