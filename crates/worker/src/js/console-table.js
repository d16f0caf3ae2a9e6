/**
 * The text of `console.table`.
 *
 * @module
 */

import { inspect } from "stated:inspect";

/** The width of a printed value in a cell is bounded by printing one level only. @param {unknown} value */
function cell(value) {
  return inspect(value, { depth: typeof value === "object" && value !== null ? -1 : 0, maxArrayLength: 3, breakLength: Infinity });
}

/**
 * @param {any} data an object or array
 * @param {string[] | undefined} columns the properties to show; all by default
 * @returns {string}
 */
export function tableText(data, columns) {
  const isMap = data instanceof Map;
  const isSet = data instanceof Set;
  /** @type {[string, unknown][]} */
  const rows = isMap ? [...data].map(([, value], index) => [`${index}`, value])
    : isSet ? [...data].map((value, index) => [`${index}`, value])
      : Object.keys(data).map((key) => [key, data[key]]);
  /** @type {string[]} */
  const header = [isMap || isSet ? "(iteration index)" : "(index)"];
  if (isMap) header.push("Key");
  const named = columns ?? columnNames(rows);
  header.push(...named);
  const withValues = isMap || rows.some(([, value]) => typeof value !== "object" || value === null);
  if (withValues) header.push("Values");
  const keys = isMap ? [...data.keys()] : [];
  const cells = rows.map(([index, value], position) => {
    const line = [index];
    if (isMap) line.push(cell(keys[position]));
    const isObject = typeof value === "object" && value !== null;
    for (const name of named) {
      line.push(isObject && !isMap && Object.hasOwn(value, name) ? cell(/** @type {any} */ (value)[name]) : "");
    }
    if (withValues) line.push(isMap || !isObject ? cell(value) : "");
    return line;
  });
  return draw(header, cells);
}

/** @param {[string, unknown][]} rows */
function columnNames(rows) {
  /** @type {Set<string>} */
  const names = new Set();
  for (const [, value] of rows) {
    if (typeof value === "object" && value !== null) for (const key of Object.keys(value)) names.add(key);
  }
  return [...names];
}

/** @param {string[]} header @param {string[][]} rows */
function draw(header, rows) {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column].length)) + 2);
  const line = (/** @type {string} */ left, /** @type {string} */ middle, /** @type {string} */ right) => {
    return left + widths.map((width) => "─".repeat(width)).join(middle) + right;
  };
  const content = (/** @type {string[]} */ row) => {
    return `│${row.map((text, column) => ` ${text}`.padEnd(widths[column])).join("│")}│`;
  };
  return [line("┌", "┬", "┐"), content(header), line("├", "┼", "┤"), ...rows.map(content), line("└", "┴", "┘")].join("\n");
}
