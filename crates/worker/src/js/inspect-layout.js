/**
 * Where printed values break into lines: an object stays on one line while it is short and flat enough, a long array of
 * short elements is laid out in columns. The rules give what Node prints.
 *
 * @module
 */

/** An array with more elements than this may be laid out in columns. */
const COLUMNS_FROM = 6;

/**
 * @typedef {object} Layout what the line breaking needs to know of where it is
 * @property {number} indentation in columns
 * @property {number} breakLength
 * @property {number} maxArrayLength
 * @property {number} deepest the level of the object printed last
 * @property {number | boolean} compact objects nested deeper than this inside an object put it on several lines; true: as much on
 *   one line as there is room for, false: nothing
 */

/**
 * Joins the printed parts of one object.
 *
 * @param {Layout} layout
 * @param {string[]} parts
 * @param {string} base stands before the opening bracket
 * @param {[string, string]} brackets
 * @param {number} level
 * @param {unknown} arrayLike the array whose elements the parts are, if they are
 * @returns {string}
 */
export function joinParts(layout, parts, base, brackets, level, arrayLike) {
  if (layout.compact === true) return joinTightly(layout, parts, base, brackets);
  const before = base === "" ? "" : `${base} `;
  const [open, close] = brackets;
  const levels = Number(layout.compact);
  const rows = levels >= 1 && arrayLike !== undefined && parts.length > COLUMNS_FROM ? toColumns(layout, levels, parts, arrayLike) : parts;
  if (layout.deepest - level < levels && rows === parts) {
    const start = rows.length + layout.indentation + open.length + base.length + 10;
    if (fitsOneLine(layout, rows, start) && !base.includes("\n")) {
      const line = rows.join(", ");
      if (!line.includes("\n")) return `${before}${open} ${line} ${close}`;
    }
  }
  const newLine = `\n${" ".repeat(layout.indentation)}`;
  return `${before}${open}${newLine}  ${rows.join(`,${newLine}  `)}${newLine}${close}`;
}

/** @param {Layout} layout @param {string[]} parts @param {string} base @param {[string, string]} brackets */
function joinTightly(layout, parts, base, [open, close]) {
  if (fitsOneLine(layout, parts, 0) && !base.includes("\n")) return `${open}${base === "" ? "" : ` ${base}`} ${parts.join(", ")} ${close}`;
  const newLine = `\n${" ".repeat(layout.indentation)}  `;
  const start = base === "" && open.length === 1 ? " " : `${base === "" ? "" : ` ${base}`}${newLine}`;
  return `${open}${start}${parts.join(`,${newLine}`)} ${close}`;
}

/** Columns of a text, which may have colours. @param {string} text */
export function widthOf(text) {
  return text.includes("\x1b") ? text.replace(/\x1b\[\d+m/g, "").length : text.length;
}

/** @param {Layout} layout @param {string[]} parts @param {number} start */
function fitsOneLine(layout, parts, start) {
  let length = parts.length + start;
  if (length + parts.length > layout.breakLength) return false;
  for (const part of parts) {
    length += widthOf(part);
    if (length > layout.breakLength) return false;
  }
  return true;
}

/** @param {Layout} layout @param {number} levels @param {string[]} parts @param {any} arrayLike */
function toColumns(layout, levels, parts, arrayLike) {
  // The last part may be "... 5 more items", which stands alone.
  const count = parts.length > layout.maxArrayLength ? parts.length - 1 : parts.length;
  const widths = parts.slice(0, count).map((part) => widthOf(part) + 2);
  const widest = Math.max(...widths);
  const total = widths.reduce((sum, width) => sum + width, 0);
  if (widest * 3 + layout.indentation >= layout.breakLength) return parts;
  if (total / widest <= 5 && widest > 8) return parts;
  const columns = Math.min(columnCount(layout, count, parts.length, widest, total), levels * 4);
  if (columns <= 1) return parts;

  const columnWidths = [];
  for (let column = 0; column < columns; column++) {
    let width = 0;
    for (let i = column; i < count; i += columns) width = Math.max(width, widths[i]);
    columnWidths.push(width);
  }
  const alignRight = isNumeric(arrayLike, parts.length);
  const rows = [];
  for (let start = 0; start < count; start += columns) {
    const end = Math.min(start + columns, count);
    let row = "";
    for (let i = start; i < end; i++) {
      const width = columnWidths[i - start];
      const isLast = i === end - 1;
      const padding = " ".repeat(Math.max(0, width - widths[i]));
      if (alignRight) row += `${padding}${parts[i]}${isLast ? "" : ", "}`;
      else row += isLast ? parts[i] : `${parts[i]}, ${padding}`;
    }
    rows.push(row);
  }
  if (count < parts.length) rows.push(parts[count]);
  return rows;
}

/**
 * About a square on a screen whose characters are two and a half times as high as wide.
 *
 * @param {Layout} layout @param {number} count @param {number} partCount @param {number} widest @param {number} total
 */
function columnCount(layout, count, partCount, widest, total) {
  const bias = Math.sqrt(widest - total / partCount);
  const typical = Math.max(widest - 3 - bias, 1);
  return Math.min(
    Math.round(Math.sqrt(2.5 * typical * count) / typical),
    Math.floor((layout.breakLength - layout.indentation) / widest),
    15,
  );
}

/** @param {any} arrayLike @param {number} count */
function isNumeric(arrayLike, count) {
  for (let i = 0; i < count; i++) {
    if (typeof arrayLike[i] !== "number" && typeof arrayLike[i] !== "bigint") return false;
  }
  return true;
}
