/**
 * `node:console`: the global console, and consoles that write to streams.
 *
 * @module
 */

import { console as globalConsole } from "stated:console";
import { tableText } from "stated:console-table";
import { format, inspect } from "stated:inspect";
import { invalidArgType } from "stated:node-support/errors";

/** A console of its own. */
export class Console {
  #out;
  #error;
  #indentation = "";

  /** @param {any} options `{ stdout, stderr }`, or stdout @param {any} [stderr] */
  constructor(options, stderr = undefined) {
    this.#out = typeof options?.write === "function" ? options : options?.stdout;
    this.#error = (typeof options?.write === "function" ? stderr : options?.stderr) ?? this.#out;
    if (typeof this.#out?.write !== "function") throw invalidArgType("stdout", "a writable stream", this.#out);
    // Methods are handed around without their console.
    for (const name of Object.getOwnPropertyNames(Console.prototype)) {
      const method = /** @type {any} */ (this)[name];
      if (name !== "constructor") Object.defineProperty(this, name, { value: method.bind(this), writable: true, configurable: true });
    }
  }

  /** @param {any} stream @param {string} text */
  #write(stream, text) {
    stream.write(`${this.#indentation}${text.replaceAll("\n", `\n${this.#indentation}`)}\n`);
  }

  /** @param {...any} args */
  log(...args) {
    this.#write(this.#out, format(args));
  }

  /** @param {...any} args */
  info(...args) {
    this.#write(this.#out, format(args));
  }

  /** @param {...any} args */
  debug(...args) {
    this.#write(this.#out, format(args));
  }

  /** @param {...any} args */
  warn(...args) {
    this.#write(this.#error, format(args));
  }

  /** @param {...any} args */
  error(...args) {
    this.#write(this.#error, format(args));
  }

  /** @param {any} value @param {any} [options] */
  dir(value, options = undefined) {
    this.#write(this.#out, inspect(value, options));
  }

  /** @param {any} data @param {string[]} [columns] */
  table(data, columns = undefined) {
    this.#write(this.#out, typeof data === "object" && data !== null ? tableText(data, columns) : format([data]));
  }

  /** @param {any} condition @param {...any} args */
  assert(condition, ...args) {
    if (condition) return;
    if (typeof args[0] === "string") args[0] = `Assertion failed: ${args[0]}`;
    else args.unshift("Assertion failed");
    this.#write(this.#error, format(args));
  }

  /** @param {...any} args */
  group(...args) {
    if (args.length > 0) this.log(...args);
    this.#indentation += "  ";
  }

  groupEnd() {
    this.#indentation = this.#indentation.slice(2);
  }
}

export const { assert, clear, count, countReset, debug, dir, dirxml, error, group, groupCollapsed, groupEnd, info, log, profile, profileEnd,
  table, time, timeEnd, timeLog, timeStamp, trace, warn } = globalConsole;
if (globalConsole.Console === undefined) {
  Object.defineProperty(globalConsole, "Console", { value: Console, writable: true, configurable: true });
}
export default globalConsole;
