/**
 * `node:console`: the global console, and consoles that write to streams.
 *
 * @module
 */

import { console as globalConsole, durationText } from "stated:console";
import { tableText } from "stated:console-table";
import { ops } from "stated:host";
import { format, inspect } from "stated:inspect";
import { checkInteger, invalidArgType, nodeError } from "stated:node-support/errors";
import { methodNotImplemented } from "stated:node-support/unimplemented";

/** Spaces of a group. */
const INDENTATION = 2;
const INDENTATION_MAX = 1000;

/** @param {unknown} label */
const labelOf = (label) => (label === undefined ? "default" : `${label}`);

/** @param {string} text */
const warning = (text) => ops.builtInModule("node:process").default.emitWarning(text);

/** A console of its own. */
export class Console {
  /** @type {any} */ _stdout;
  /** @type {any} */ _stderr;
  _ignoreErrors = true;
  /** When each timer was started, in milliseconds. @type {Map<string, number>} */
  _times = new Map();
  #indentation = "";
  #step;
  /** @type {any} */ #inspectOptions;
  /** @type {Map<string, number>} */ #counts = new Map();

  /**
   * @param {any} options `{ stdout, stderr, ignoreErrors, inspectOptions, groupIndentation }`, or stdout
   * @param {any} [stderr]
   * @param {boolean} [ignoreErrors]
   */
  constructor(options, stderr = undefined, ignoreErrors = true) {
    const given = typeof options?.write === "function" ? { stdout: options, stderr, ignoreErrors } : options ?? {};
    const { stdout, stderr: errors = stdout, groupIndentation = INDENTATION, inspectOptions = undefined } = given;
    if (typeof stdout?.write !== "function") throw notWritable("stdout");
    if (typeof errors?.write !== "function") throw notWritable("stderr");
    checkInteger("groupIndentation", groupIndentation, 0, INDENTATION_MAX);
    if (inspectOptions !== undefined && (typeof inspectOptions !== "object" || inspectOptions === null)) {
      throw invalidArgType("options.inspectOptions", "of type object", inspectOptions);
    }
    this.#step = " ".repeat(groupIndentation);
    this.#inspectOptions = inspectOptions;
    const plain = { writable: true, configurable: true, enumerable: false };
    Object.defineProperties(this, {
      _stdout: { ...plain, value: stdout }, _stderr: { ...plain, value: errors }, _times: { ...plain, enumerable: true },
      _ignoreErrors: { ...plain, value: Boolean(given.ignoreErrors ?? true) },
      _stdoutErrorHandler: { ...plain, value: () => {} }, _stderrErrorHandler: { ...plain, value: () => {} },
    });
    // Methods are handed around without their console.
    for (const name of Object.getOwnPropertyNames(Console.prototype)) {
      const method = /** @type {any} */ (this)[name];
      if (name === "constructor") continue;
      const value = method.bind(this);
      Object.defineProperty(value, "name", { value: name, configurable: true });
      Object.defineProperty(this, name, { value, writable: true, configurable: true });
    }
  }

  /** @param {any} stream @param {string} text */
  #write(stream, text) {
    const line = `${this.#indentation}${this.#indentation === "" ? text : text.replaceAll("\n", `\n${this.#indentation}`)}\n`;
    if (!this._ignoreErrors) {
      stream.write(line);
      return;
    }
    // Streams report errors when they are written to, or later.
    const ignore = () => {};
    if (typeof stream.once === "function") stream.once("error", ignore);
    try {
      stream.write(line, () => stream.removeListener?.("error", ignore));
    } catch {
      // As it says.
    }
  }

  /** @param {any[]} args */
  #text(args) {
    if (this.#inspectOptions === undefined) return format(args);
    return format(args.map((arg) => (typeof arg === "object" && arg !== null ? inspect(arg, this.#inspectOptions) : arg)));
  }

  /** @param {...any} args */
  log(...args) {
    this.#write(this._stdout, this.#text(args));
  }

  /** @param {...any} args */
  info(...args) {
    this.#write(this._stdout, this.#text(args));
  }

  /** @param {...any} args */
  debug(...args) {
    this.#write(this._stdout, this.#text(args));
  }

  /** @param {...any} args */
  dirxml(...args) {
    this.#write(this._stdout, this.#text(args));
  }

  /** @param {...any} args */
  warn(...args) {
    this.#write(this._stderr, this.#text(args));
  }

  /** @param {...any} args */
  error(...args) {
    this.#write(this._stderr, this.#text(args));
  }

  /** @param {any} value @param {any} [options] */
  dir(value, options = undefined) {
    this.#write(this._stdout, inspect(value, { customInspect: false, ...this.#inspectOptions, ...options }));
  }

  /** @param {any} data @param {string[]} [columns] */
  table(data, columns = undefined) {
    this.#write(this._stdout, typeof data === "object" && data !== null ? tableText(data, columns) : format([data]));
  }

  /** @param {any} condition @param {...any} args */
  assert(condition, ...args) {
    if (condition) return;
    if (typeof args[0] === "string") args[0] = `Assertion failed: ${args[0]}`;
    else args.unshift("Assertion failed");
    this.#write(this._stderr, this.#text(args));
  }

  /** @param {...any} args */
  trace(...args) {
    const stack = (new Error().stack ?? "").split("\n").filter((line) => line !== "" && line !== "Error" && !line.includes("node/console"));
    const text = args.length === 0 ? "Trace" : `Trace: ${this.#text(args)}`;
    this.#write(this._stderr, [text, ...stack.map((line) => `    ${line.trim()}`)].join("\n"));
  }

  /** @param {...any} args */
  group(...args) {
    if (args.length > 0) this.log(...args);
    this.#indentation += this.#step;
  }

  /** @param {...any} args */
  groupCollapsed(...args) {
    this.group(...args);
  }

  groupEnd() {
    this.#indentation = this.#indentation.slice(0, this.#indentation.length - this.#step.length);
  }

  /** @param {any} [label] */
  count(label = undefined) {
    const name = labelOf(label);
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    this.log(`${name}: ${count}`);
  }

  /** @param {any} [label] */
  countReset(label = undefined) {
    const name = labelOf(label);
    if (!this.#counts.delete(name)) warning(`Count for '${name}' does not exist`);
  }

  /** @param {any} [label] */
  time(label = undefined) {
    const name = labelOf(label);
    if (this._times.has(name)) warning(`Label '${name}' already exists for console.time()`);
    else this._times.set(name, ops.monotonicNow());
  }

  /** @param {any} [label] @param {...any} args */
  timeLog(label = undefined, ...args) {
    this.#tell(label, args, "timeLog");
  }

  /** @param {any} [label] */
  timeEnd(label = undefined) {
    if (this.#tell(label, [], "timeEnd")) this._times.delete(labelOf(label));
  }

  /** @param {any} label @param {any[]} args @param {string} method */
  #tell(label, args, method) {
    const name = labelOf(label);
    const started = this._times.get(name);
    if (started === undefined) warning(`No such label '${name}' for console.${method}()`);
    else this.log("%s: %s", name, durationText(ops.monotonicNow() - started), ...args);
    return started !== undefined;
  }

  /** There is no screen and no inspector. */
  clear() {}
  profile() {}
  profileEnd() {}
  timeStamp() {}
}

/** @param {string} name */
function notWritable(name) {
  return nodeError(TypeError, "ERR_CONSOLE_WRITABLE_STREAM", `Console expects a writable stream instance for ${name}`);
}

export const { assert, clear, count, countReset, debug, dir, dirxml, error, group, groupCollapsed, groupEnd, info, log, profile, profileEnd,
  table, time, timeEnd, timeLog, timeStamp, trace, warn } = globalConsole;
export const context = methodNotImplemented("Console.context");
export const createTask = methodNotImplemented("Console.createTask");
export const _ignoreErrors = true;
/** @type {Map<string, number>} */
export const _times = new Map();
export const _stdoutErrorHandler = () => {};
export const _stderrErrorHandler = () => {};

// What Node's console has and that of other runtimes has not.
for (const [name, value] of Object.entries({ Console, context, createTask, _ignoreErrors, _times, _stdoutErrorHandler, _stderrErrorHandler })) {
  if (!(name in globalConsole)) Object.defineProperty(globalConsole, name, { value, writable: true, configurable: true });
}
for (const name of ["stdout", "stderr"]) {
  if (`_${name}` in globalConsole) continue;
  Object.defineProperty(globalConsole, `_${name}`, { configurable: true, get: () => ops.builtInModule("node:process").default[name] });
}
export default globalConsole;
