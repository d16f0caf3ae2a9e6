/**
 * Dates in other forms than the standard's, read as V8 reads them: `Jan 2024`, `5 March 2024 10:00 PM EST`, `2024/1/5`.
 *
 * The standard leaves them to the engine, and engines differ. A text is a row of numbers, words and signs; what a number
 * is follows from what stands around it. Words that mean nothing may stand before the first number, and anything in
 * parentheses anywhere.
 *
 * Source: what V8 takes; the tests compare.
 *
 * @module
 */

/** Digits of a number that count; further ones are read and dropped. */
const DIGITS_MAX = 9;

/** @typedef {{ kind: "number" | "word" | "sign" | "space" | "other" | "end", value: number, length: number, text: string }} Token */

/** @type {Token} */
const end = { kind: "end", value: 0, length: 0, text: "" };

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** Hours from UTC. @type {Map<string, number>} */
const zones = new Map([["ut", 0], ["utc", 0], ["z", 0], ["gmt", 0], ["cdt", -5], ["cst", -6], ["edt", -4], ["est", -5], ["mdt", -6],
  ["mst", -7], ["pdt", -7], ["pst", -8]]);

/** @param {number} n @param {number} least @param {number} most */
const between = (n, least, most) => n >= least && n <= most;
/** @param {number} n */
const isMinute = (n) => between(n, 0, 59);

/** @param {string} text @returns {Token[]} */
function tokens(text) {
  /** @type {Token[]} */
  const found = [];
  for (let at = 0; at < text.length;) {
    const token = tokenAt(text, at);
    found.push(token);
    at += token.length;
  }
  return found;
}

/** @param {string} text @param {number} at @returns {Token} */
function tokenAt(text, at) {
  const first = text[at];
  let next = at + 1;
  if (isDigit(first)) {
    while (isDigit(text[next])) next++;
    const digits = text.slice(at, next);
    return { kind: "number", value: Number(digits.replace(/^0+/, "").slice(0, DIGITS_MAX)), length: next - at, text: digits };
  }
  if (":-+.)".includes(first)) return { kind: "sign", value: 0, length: 1, text: first };
  if (isLetter(first)) {
    while (next < text.length && isLetter(text[next])) next++;
    return { kind: "word", value: 0, length: next - at, text: text.slice(at, next).toLowerCase() };
  }
  if (/\s/.test(first)) return { kind: "space", value: 0, length: 1, text: first };
  if (first === "(") {
    for (let open = 1; open > 0 && next < text.length; next++) {
      if (text[next] === "(") open++;
      else if (text[next] === ")") open--;
    }
  }
  return { kind: "other", value: 0, length: next - at, text: first };
}

/** @param {string | undefined} character */
function isDigit(character) {
  return character !== undefined && character >= "0" && character <= "9";
}

/** Everything from "A" on that is no white space, to which the two separators of Unicode do not belong. @param {string} character */
function isLetter(character) {
  return character >= "A" && !/[^\S\u2028\u2029]/.test(character);
}

/**
 * @param {string} text
 * @returns {number} milliseconds since 1970, or NaN
 */
export function parseDate(text) {
  const reader = new Reader(tokens(text));
  return reader.standard() && reader.rest() ? reader.time() : NaN;
}

class Reader {
  #at = 0;
  /** Up to three, in the order in which they came. @type {number[]} */
  #day = [];
  #month = 0;
  #isStandard = false;
  /** Hour, minute, second, millisecond. @type {number[]} */
  #clock = [];
  /** What "am" or "pm" adds. @type {number | null} */
  #half = null;
  /** @type {number | null} */
  #sign = null;
  /** @type {number | null} */
  #zoneHour = null;
  /** @type {number | null} */
  #zoneMinute = null;

  /** @param {Token[]} list */
  constructor(list) {
    this.list = list;
  }

  get #peek() {
    return this.list[this.#at] ?? end;
  }

  #next() {
    const token = this.#peek;
    this.#at++;
    return token;
  }

  /** @param {string} text */
  #skip(text) {
    const found = this.#peek.kind === "sign" && this.#peek.text === text;
    if (found) this.#at++;
    return found;
  }

  /** @param {number} length */
  #isFixed(length) {
    return this.#peek.kind === "number" && this.#peek.length === length;
  }

  /** @param {string} text */
  #isWord(text) {
    return this.#peek.kind === "word" && this.#peek.text === text;
  }

  /**
   * Reads as much as is in the standard's form.
   *
   * @returns {boolean} whether the text may be a date still
   */
  standard() {
    if (!this.#standardDate()) return true;
    if (!this.#isWord("t")) {
      if (this.#peek !== end) return true;
    } else {
      this.#at++;
      if (!this.#standardClock()) return false;
    }
    if (this.#zoneHour === null && this.#clock.length === 0) this.#setZone(0);
    this.#isStandard = true;
    return true;
  }

  #standardDate() {
    const start = this.#at;
    const signed = this.#peek.kind === "sign" && "+-".includes(this.#peek.text);
    const sign = signed && this.#next().text === "-" ? -1 : 1;
    if (!this.#isFixed(signed ? 6 : 4) || (sign < 0 && this.#peek.value === 0)) {
      // The year -000000 has been read, and is gone.
      this.#at = start;
      return false;
    }
    this.#day.push(sign * this.#next().value);
    for (const most of [12, 31]) {
      if (!this.#skip("-")) break;
      if (!this.#isFixed(2) || !between(this.#peek.value, 1, most)) return false;
      this.#day.push(this.#next().value);
    }
    return true;
  }

  #standardClock() {
    const is24 = this.#peek.value === 24;
    if (!this.#standardPart(24) || !this.#skip(":") || !this.#standardPart(is24 ? 0 : 59)) return false;
    if (this.#skip(":")) {
      if (!this.#standardPart(is24 ? 0 : 59)) return false;
      if (this.#skip(".")) {
        if (this.#peek.kind !== "number" || (is24 && this.#peek.value > 0)) return false;
        this.#clock.push(milliseconds(this.#next()));
      }
    }
    return this.#standardZone() && this.#peek === end;
  }

  /** @param {number} most */
  #standardPart(most) {
    if (!this.#isFixed(2) || this.#peek.value > most) return false;
    this.#clock.push(this.#next().value);
    return true;
  }

  #standardZone() {
    if (this.#isWord("z")) {
      this.#at++;
      this.#setZone(0);
      return true;
    }
    const { kind, text } = this.#peek;
    if (kind !== "sign" || !"+-".includes(text)) return true;
    this.#sign = this.#next().text === "-" ? -1 : 1;
    const both = this.#isFixed(4);
    if (!both && !this.#isFixed(2)) return false;
    const { value } = this.#next();
    this.#zoneHour = both ? Math.trunc(value / 100) : value;
    this.#zoneMinute = value % 100;
    if (!both) {
      if (!this.#skip(":") || !this.#isFixed(2)) return false;
      this.#zoneMinute = this.#next().value;
    }
    return this.#zoneHour < 24 && isMinute(this.#zoneMinute);
  }

  /** Reads what the standard does not know. */
  rest() {
    let hasNumber = this.#day.length > 0;
    for (let token = this.#next(); token !== end; token = this.#next()) {
      if (token.kind === "number") {
        hasNumber = true;
        if (!this.#number(token)) return false;
      } else if (token.kind === "word") {
        if (!this.#word(token, hasNumber)) return false;
      } else if (token.kind === "sign") {
        const offset = "+-".includes(token.text);
        if (offset && (this.#isUtc() || this.#clock.length > 0)) {
          if (!this.#offset(token.text === "-" ? -1 : 1)) return false;
          hasNumber = true;
        } else if ((offset || token.text === ")") && hasNumber) {
          return false;
        }
      }
    }
    return true;
  }

  /** @param {Token} token */
  #number(token) {
    const { value } = token;
    if (this.#skip(":")) {
      if (this.#skip(":")) {
        if (this.#clock.length > 0) return false;
        this.#clock.push(value, 0);
        return true;
      }
      if (this.#clock.length === 4) return false;
      this.#clock.push(value);
      this.#skip(".");
      return true;
    }
    if (this.#skip(".") && this.#expects(value)) {
      this.#clock.push(value);
      if (this.#peek.kind !== "number") return false;
      this.#finishClock(milliseconds(this.#next()));
      return true;
    }
    if (this.#zoneHour !== null && this.#zoneMinute === null && isMinute(value)) {
      this.#zoneMinute = value;
      return true;
    }
    if (this.#expects(value)) {
      this.#finishClock(value);
      const { kind, text } = this.#peek;
      return kind === "end" || kind === "space" || this.#isWord("z") || (kind === "sign" && "+-".includes(text));
    }
    if (this.#day.length === 3) return false;
    this.#day.push(value);
    this.#skip("-");
    return true;
  }

  /** Whether a number may be the next part of the time of day. @param {number} value */
  #expects(value) {
    const { length } = this.#clock;
    return ((length === 1 || length === 2) && isMinute(value)) || (length === 3 && value < 1000);
  }

  /** @param {number} value */
  #finishClock(value) {
    this.#clock.push(value);
    while (this.#clock.length < 4) this.#clock.push(0);
  }

  /** @param {Token} token @param {boolean} hasNumber */
  #word({ text }, hasNumber) {
    const month = months.indexOf(text.slice(0, 3)) + 1;
    const zone = zones.get(text);
    if ((text === "am" || text === "pm") && this.#clock.length > 0) {
      this.#half = text === "am" ? 0 : 12;
    } else if (month > 0) {
      this.#month = month;
      this.#skip("-");
    } else if (zone !== undefined && hasNumber) {
      this.#setZone(zone);
    } else {
      return !hasNumber && this.#peek.kind !== "number";
    }
    return true;
  }

  /** @param {number} hours */
  #setZone(hours) {
    this.#sign = hours < 0 ? -1 : 1;
    this.#zoneHour = Math.abs(hours);
    this.#zoneMinute = 0;
  }

  #isUtc() {
    return this.#zoneHour === 0 && this.#zoneMinute === 0;
  }

  /** @param {number} sign */
  #offset(sign) {
    this.#sign = sign;
    const { value, length } = this.#peek.kind === "number" ? this.#next() : end;
    if (this.#peek.kind === "sign" && this.#peek.text === ":") {
      this.#zoneHour = value;
      this.#zoneMinute = null;
    } else if (length === 1 || length === 2) {
      this.#zoneHour = value;
      this.#zoneMinute = 0;
    } else if (length === 3 || length === 4) {
      this.#zoneHour = Math.trunc(value / 100);
      this.#zoneMinute = value % 100;
    } else {
      return false;
    }
    return true;
  }

  /** What was read, as a time value. */
  time() {
    const date = this.#date();
    const clock = this.#timeOfDay();
    if (date === null || clock === null) return NaN;
    const offset = this.#sign === null ? 0 : this.#sign * ((this.#zoneHour ?? 0) * 60 + (this.#zoneMinute ?? 0));
    const day = new Date(0);
    day.setUTCFullYear(date[0], date[1] - 1, date[2]);
    return new Date(day.getTime() + clock - offset * 60_000).getTime();
  }

  /** @returns {[number, number, number] | null} */
  #date() {
    if (this.#day.length === 0) return null;
    const [a, b = 1, c = 1] = this.#day;
    let [year, month, day] = [c, a, b];
    if (this.#month > 0) {
      month = this.#month;
      [year, day] = between(a, 1, 31) ? [b, a] : [a, b];
    } else if (this.#isStandard || !between(a, 1, 31)) {
      [year, month, day] = [a, b, c];
    }
    if (!this.#isStandard && between(year, 0, 99)) year += year < 50 ? 2000 : 1900;
    return between(month, 1, 12) && between(day, 1, 31) ? [year, month, day] : null;
  }

  #timeOfDay() {
    let [hour = 0, minute = 0, second = 0, millisecond = 0] = this.#clock;
    if (this.#half !== null) {
      if (hour > 12) return null;
      hour = (hour % 12) + this.#half;
    }
    const isTime = hour < 24 && isMinute(minute) && isMinute(second) && millisecond < 1000;
    const isMidnight = hour === 24 && minute === 0 && second === 0 && millisecond === 0;
    return isTime || isMidnight ? ((hour * 60 + minute) * 60 + second) * 1000 + millisecond : null;
  }
}

/** The thousandths in what stands after a point. @param {Token} token */
function milliseconds({ value, length }) {
  return Math.trunc(value / 10 ** (Math.min(length, DIGITS_MAX) - 3));
}
