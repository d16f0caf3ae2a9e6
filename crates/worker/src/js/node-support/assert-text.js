/**
 * What a failed assertion of `node:assert` says: both values, and where their lines differ. The texts and the shape of the
 * difference are Node's.
 *
 * @module
 */

import { inspect } from "stated:inspect";

/** @type {Record<string, string>} */
const headlines = {
  deepStrictEqual: "Expected values to be strictly deep-equal:",
  strictEqual: "Expected values to be strictly equal:",
  strictEqualObject: 'Expected "actual" to be reference-equal to "expected":',
  deepEqual: "Expected values to be loosely deep-equal:",
  notDeepStrictEqual: 'Expected "actual" not to be strictly deep-equal to:',
  notStrictEqual: 'Expected "actual" to be strictly unequal to:',
  notStrictEqualObject: 'Expected "actual" not to be reference-equal to "expected":',
  notDeepEqual: 'Expected "actual" not to be loosely deep-equal to:',
  notIdentical: "Values have same structure but are not reference-equal:",
  notDeepEqualUnequal: "Expected values not to be loosely deep-equal:",
};

/** Two values that take no more characters than this are shown in one line. */
const shortMax = 12;
/** Up to this many characters of two values in one line each, a mark shows the first that differs. */
const markedMax = 80;
/** So many lines are printed before the rest is left out. */
const printedMax = 50;
/** What is left of one value that has more lines. */
const shownMax = 47;
/** What is left of a value in a text that is no difference. */
const valueMax = 512;

/** @param {unknown} value */
function isReference(value) {
  return typeof value === "object" && value !== null || typeof value === "function";
}

/** @param {unknown} value */
function show(value) {
  return inspect(value, {
    compact: false, customInspect: false, depth: 1000, maxArrayLength: Infinity, showHidden: false, showProxy: false, sorted: true, getters: true,
    breakLength: Infinity,
  });
}

/** @param {string} text @param {number} max */
function cut(text, max) {
  return text.length > max ? `${text.slice(0, max - 3)}...` : text;
}

/** @param {string[]} lines */
function shortened(lines) {
  return lines.length > printedMax ? [...lines.slice(0, shownMax - 1), "..."] : lines;
}

/**
 * The message of an assertion that has none.
 *
 * @param {string} operator
 * @param {unknown} actual
 * @param {unknown} expected
 */
export function describeFailure(operator, actual, expected) {
  if (operator === "deepStrictEqual" || operator === "strictEqual") return difference(operator, actual, expected);
  if (operator === "notDeepStrictEqual" || operator === "notStrictEqual") return sameness(operator, actual);
  if (operator === "partialDeepStrictEqual") return "Expected actual to be partially deeply strictly equal to expected";
  const [left, right] = [show(actual), show(expected)];
  if (operator === "notDeepEqual" && left === right) return cut(`${headlines.notDeepEqual}\n\n${left}`, 2 * valueMax);
  const [shortLeft, shortRight] = [cut(left, valueMax), cut(right, valueMax)];
  if (operator === "deepEqual") return `${headlines.deepEqual}\n\n${shortLeft}\n\nshould loosely deep-equal\n\n${shortRight}`;
  if (operator === "notDeepEqual") return `${headlines.notDeepEqualUnequal}\n\n${shortLeft}\n\nshould not loosely deep-equal\n\n${shortRight}`;
  return `${shortLeft} ${operator} ${shortRight}`;
}

/** @param {string} operator @param {unknown} actual */
function sameness(operator, actual) {
  const headline = headlines[operator === "notStrictEqual" && isReference(actual) ? "notStrictEqualObject" : operator];
  const lines = shortened(show(actual).split("\n"));
  if (lines.length === 1) return `${headline}${lines[0].length > 5 ? "\n\n" : " "}${lines[0]}`;
  return `${headline}\n\n${lines.join("\n")}\n`;
}

/** @param {string} operator @param {unknown} actual @param {unknown} expected */
function difference(operator, actual, expected) {
  const references = isReference(actual) && typeof actual === typeof expected && isReference(expected);
  const headline = headlines[operator === "strictEqual" && references ? "strictEqualObject" : operator];
  const left = show(actual).split("\n");
  const right = show(expected).split("\n");
  let mark = "";
  if (left.length === 1 && right.length === 1 && left[0] !== right[0]) {
    const length = left[0].length + right[0].length;
    if (length <= shortMax) {
      const objects = typeof actual === "object" && actual !== null || typeof expected === "object" && expected !== null;
      if (!objects && (actual !== 0 || expected !== 0)) return `${headline}\n\n${left[0]} !== ${right[0]}\n`;
    } else if (length < markedMax && !(operator === "strictEqual" && references)) mark = firstMismatch(left[0], right[0]);
  }
  return compareLines(headline, left, right, mark);
}

/** @param {string} left @param {string} right */
function firstMismatch(left, right) {
  let at = 0;
  while (left[at] === right[at]) at += 1;
  return at > 2 ? `\n  ${" ".repeat(at)}^` : "";
}

/** @param {string} headline @param {string[]} allLeft @param {string[]} allRight @param {string} mark */
function compareLines(headline, allLeft, allRight, mark) {
  const { left, right, end, skipped } = withoutCommonEnd(allLeft, allRight);
  const count = Math.max(left.length, right.length);
  if (count === 0) return `${headlines.notIdentical}\n\n${shortened(allLeft).join("\n")}\n`;
  const printed = new Printed(skipped);
  const longer = left.length < count ? right : left;
  const bothEnd = Math.min(left.length, right.length);
  for (let at = 0; at < count; at++) {
    if (at >= bothEnd) printed.only(longer, at, longer === left);
    else printed.both(left, right, at);
    if (printed.count > printedMax && at < count - 2) {
      return `${headline}\n+ actual - expected ... Lines skipped\n${printed.text}\n...${printed.waiting}\n...`;
    }
  }
  return `${headline}\n+ actual - expected${printed.skipped ? " ... Lines skipped" : ""}\n${printed.text}${printed.waiting}${end}${mark}`;
}

/** The lines without those that are the same at the end, of which a few are shown. @param {string[]} allLeft @param {string[]} allRight */
function withoutCommonEnd(allLeft, allRight) {
  const [left, right] = [[...allLeft], [...allRight]];
  let [end, other, same] = ["", "", 0];
  while (left.length > 0 && right.length > 0 && left.at(-1) === right.at(-1)) {
    if (same < 3) end = `\n  ${left.at(-1)}${end}`;
    else other = /** @type {string} */ (left.at(-1));
    same += 1;
    left.pop();
    right.pop();
  }
  const skipped = same >= 5;
  if (skipped) end = `\n...${end}`;
  if (other !== "") end = `\n  ${other}${end}`;
  return { left, right, end, skipped };
}

/** The difference as far as it is printed. */
class Printed {
  text = "";
  /** Lines of the expected value that follow those of the actual one. */
  waiting = "";
  count = 0;
  identical = 0;

  /** @param {boolean} skipped */
  constructor(skipped) {
    this.skipped = skipped;
  }

  /** The last of the lines that were the same. @param {string[]} lines @param {number} at */
  #catchUp(lines, at) {
    if (this.identical > 4) {
      if (this.identical === 5) this.#same(lines[at - 3]);
      else {
        this.text += "\n...";
        this.skipped = true;
      }
    }
    if (this.identical > 3) this.#same(lines[at - 2]);
    if (this.identical > 2) this.#same(lines[at - 1]);
    this.identical = 0;
  }

  /** @param {string} line */
  #same(line) {
    this.text += `\n  ${line}`;
    this.count += 1;
  }

  /** A line that only one value has. @param {string[]} lines @param {number} at @param {boolean} actual */
  only(lines, at, actual) {
    this.#catchUp(lines, at);
    if (actual) this.text += `\n+ ${lines[at]}`;
    else this.waiting += `\n- ${lines[at]}`;
    this.count += 1;
  }

  /** @param {string[]} left @param {string[]} right @param {number} at */
  both(left, right, at) {
    const expected = right[at];
    let actual = left[at];
    // Lines that differ by the comma at their end are the same.
    let differ = actual !== expected && !(actual.endsWith(",") && actual.slice(0, -1) === expected);
    if (differ && expected.endsWith(",") && expected.slice(0, -1) === actual) {
      differ = false;
      actual += ",";
    }
    if (differ) {
      this.#catchUp(left, at);
      this.text += `\n+ ${actual}`;
      this.waiting += `\n- ${expected}`;
      this.count += 2;
      return;
    }
    this.text += this.waiting;
    this.waiting = "";
    this.identical += 1;
    if (this.identical <= 2) this.#same(actual);
  }
}
