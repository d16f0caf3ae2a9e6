/**
 * The global `console`: formatted lines for the host's log.
 *
 * Groups indent by two spaces. Counters, timers and groups belong to the realm, as they do on Workers.
 *
 * @module
 */

import { tableText } from "stated:console-table";
import { ops } from "stated:host";
import { format, inspect } from "stated:inspect";

// As in host.d.ts.
const DEBUG = 0;
const LOG = 1;
const INFO = 2;
const WARN = 3;
const ERROR = 4;

let indentation = "";
/** @type {Map<string, number>} */
const counts = new Map();
/** @type {Map<string, number>} milliseconds since the process started */
const timers = new Map();

/** @param {number} level @param {string} text */
function write(level, text) {
  ops.log(level, indentation === "" ? text : indentation + text.replaceAll("\n", `\n${indentation}`));
}

/** @param {unknown} label */
function labelText(label) {
  return label === undefined ? "default" : `${label}`;
}

/** @param {number} ms */
export function durationText(ms) {
  if (ms < 1000) return `${Number(ms.toFixed(3))}ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(3)}s`;
  const seconds = Math.floor(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const pad = (/** @type {number} */ value) => `${value}`.padStart(2, "0");
  if (minutes < 60) return `${minutes}:${pad(seconds % 60)}.${`${Math.floor(ms % 1000)}`.padStart(3, "0")} (m:ss.mmm)`;
  return `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(seconds % 60)} (h:mm:ss)`;
}

/** @param {unknown} label @param {(name: string, started: number) => void} use */
function withTimer(label, use) {
  const name = labelText(label);
  const started = timers.get(name);
  if (started === undefined) write(WARN, `Timer '${name}' does not exist`);
  else use(name, started);
}

/** The stack of the caller of a console method, without the library's own frames. */
function callerStack() {
  const stack = new Error().stack ?? "";
  return stack.split("\n").filter((line) => line !== "" && line !== "Error" && !line.includes("stated:console")
    && !line.includes("/src/js/console.js")).map((line) => `    ${line.trim()}`).join("\n");
}

/** The global of that name. Its methods work without it as `this`. */
export const console = Object.create({}, {
  [Symbol.toStringTag]: { value: "console", configurable: true },
});

Object.assign(console, {
  /** @param {...unknown} args */
  log(...args) {
    write(LOG, format(args));
  },
  /** @param {...unknown} args */
  info(...args) {
    write(INFO, format(args));
  },
  /** @param {...unknown} args */
  warn(...args) {
    write(WARN, format(args));
  },
  /** @param {...unknown} args */
  error(...args) {
    write(ERROR, format(args));
  },
  /** @param {...unknown} args */
  debug(...args) {
    write(DEBUG, format(args));
  },
  /** @param {...unknown} args */
  trace(...args) {
    const title = format(args);
    write(LOG, `Trace${title === "" ? "" : `: ${title}`}\n${callerStack()}`.trimEnd());
  },
  /** @param {unknown} [condition] @param {...unknown} args */
  assert(condition = false, ...args) {
    if (condition) return;
    if (typeof args[0] === "string") args[0] = `Assertion failed: ${args[0]}`;
    else args.unshift("Assertion failed");
    write(ERROR, format(args));
  },
  /** @param {unknown} [value] @param {import("stated:inspect").InspectOptions} [options] */
  dir(value = undefined, options = undefined) {
    write(LOG, inspect(value, options));
  },
  /** @param {...unknown} args */
  dirxml(...args) {
    write(LOG, format(args));
  },
  /** @param {unknown} [data] @param {string[]} [columns] */
  table(data = undefined, columns = undefined) {
    if (typeof data !== "object" || data === null) write(LOG, format([data]));
    else write(LOG, tableText(data, columns));
  },
  /** @param {...unknown} args */
  group(...args) {
    if (args.length > 0) write(LOG, format(args));
    indentation += "  ";
  },
  /** @param {...unknown} args */
  groupCollapsed(...args) {
    console.group(...args);
  },
  groupEnd() {
    indentation = indentation.slice(2);
  },
  /** @param {unknown} [label] */
  count(label = undefined) {
    const name = labelText(label);
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    write(LOG, `${name}: ${count}`);
  },
  /** @param {unknown} [label] */
  countReset(label = undefined) {
    const name = labelText(label);
    if (!counts.delete(name)) write(WARN, `Count for '${name}' does not exist`);
  },
  /** @param {unknown} [label] */
  time(label = undefined) {
    const name = labelText(label);
    if (timers.has(name)) write(WARN, `Timer '${name}' already exists`);
    else timers.set(name, ops.monotonicNow());
  },
  /** @param {unknown} [label] @param {...unknown} args */
  timeLog(label = undefined, ...args) {
    withTimer(label, (name, started) => {
      write(LOG, format([`${name}: ${durationText(ops.monotonicNow() - started)}`, ...args]));
    });
  },
  /** @param {unknown} [label] */
  timeEnd(label = undefined) {
    withTimer(label, (name, started) => {
      timers.delete(name);
      write(LOG, `${name}: ${durationText(ops.monotonicNow() - started)}`);
    });
  },
  clear() {},
  timeStamp() {},
  profile() {},
  profileEnd() {},
});
