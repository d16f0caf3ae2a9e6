/**
 * Why a text is no JSON, in the words that V8 has for it.
 *
 * Programs show these texts to their users and look for parts of them. Nothing here runs unless the engine has refused a text.
 *
 * Source: what V8 says; the tests compare.
 *
 * @module
 */

/** So many characters of the text are shown on each side of the one that should not be there. */
const CONTEXT = 10;

/** Texts that come from values which are no texts, and are shown whole. */
const strays = new Set(["undefined", "NaN", "Infinity", "[object Object]"]);

const TRAILING = "Unexpected non-whitespace character after JSON";

const literals = new Map([["t", "true"], ["f", "false"], ["n", "null"]]);

/** What failed, thrown by the reader of a text. */
class Found {
  /** @param {number} at @param {string | null} what null when the character itself is what is wrong */
  constructor(at, what) {
    this.at = at;
    this.what = what;
  }
}

/**
 * The message of the `SyntaxError` for a text that the engine has refused.
 *
 * @param {string} text
 * @returns {string}
 */
export function messageOfBadJson(text) {
  try {
    new Reader(text).all();
  } catch (error) {
    if (error instanceof Found) return describe(text, error);
    throw error;
  }
  return "Unexpected end of JSON input";
}

/** @param {string} text @param {Found} found */
function describe(text, { at, what }) {
  if (what === TRAILING) return `${what} at position ${at} ${lineAndColumn(text, at)}`;
  if (what !== null) return `${what} in JSON at position ${at} ${lineAndColumn(text, at)}`;
  if (at >= text.length) return "Unexpected end of JSON input";
  const character = text[at];
  if (character === '"') return `Unexpected string in JSON at position ${at} ${lineAndColumn(text, at)}`;
  if (/[-0-9]/.test(character)) return `Unexpected number in JSON at position ${at} ${lineAndColumn(text, at)}`;
  if (strays.has(text)) return `"${text}" is not valid JSON`;
  return `Unexpected token '${character}', ${excerpt(text, at)} is not valid JSON`;
}

/** @param {string} text @param {number} at */
function excerpt(text, at) {
  if (text.length <= 2 * CONTEXT) return `"${text}"`;
  if (at < CONTEXT) return `"${text.slice(0, at + CONTEXT)}"...`;
  if (at < text.length - CONTEXT) return `..."${text.slice(at - CONTEXT, at + CONTEXT)}"...`;
  return `..."${text.slice(at - CONTEXT)}"`;
}

/** Both from 1. @param {string} text @param {number} at */
function lineAndColumn(text, at) {
  let line = 1;
  let start = 0;
  for (let i = 0; i < at; i++) {
    const character = text[i];
    if (character === "\r" && i + 1 < at && text[i + 1] === "\n") i++;
    else if (character !== "\r" && character !== "\n") continue;
    line++;
    start = i + 1;
  }
  return `(line ${line} column ${at - start + 1})`;
}

/** Reads a text in V8's order and throws what is {@link Found} first. Does not call itself, however deep the text is. */
class Reader {
  #at = 0;

  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }

  all() {
    /** @type {string[]} what closes the arrays and objects that are open */
    const open = [];
    for (;;) {
      const begun = this.#begin();
      if (begun !== null && !this.#sees(begun)) {
        open.push(begun);
        if (begun === "}") this.#key("Expected property name or '}'");
        continue;
      }
      if (begun !== null) this.#at++;
      // After a value: everything that it ends.
      for (;;) {
        const close = open.at(-1);
        if (close === undefined) {
          if (this.#next() !== undefined) throw new Found(this.#at, TRAILING);
          return;
        }
        if (this.#sees(",")) {
          this.#at++;
          if (close === "}") this.#key("Expected double-quoted property name");
          break;
        }
        if (!this.#sees(close)) {
          throw new Found(this.#at, close === "}" ? "Expected ',' or '}' after property value" : "Expected ',' or ']' after array element");
        }
        this.#at++;
        open.pop();
      }
    }
  }

  /** The next character that is no white space. */
  #next() {
    while (/[ \t\n\r]/.test(this.text[this.#at] ?? "")) this.#at++;
    return this.text[this.#at];
  }

  /** @param {string} character */
  #sees(character) {
    return this.#next() === character;
  }

  /** Reads a value that is no array or object, or begins one and says what will close it. */
  #begin() {
    const first = this.#next();
    if (first === "[" || first === "{") {
      this.#at++;
      return first === "[" ? "]" : "}";
    }
    if (first === '"') this.#string();
    else if (first !== undefined && /[-0-9]/.test(first)) this.#number();
    else this.#literal(literals.get(first ?? ""));
    return null;
  }

  /** @param {string} otherwise */
  #key(otherwise) {
    if (!this.#sees('"')) throw new Found(this.#at, otherwise);
    this.#string();
    if (!this.#sees(":")) throw new Found(this.#at, "Expected ':' after property name");
    this.#at++;
  }

  /** @param {string | undefined} literal */
  #literal(literal) {
    for (const character of literal ?? "-") {
      if (this.text[this.#at] !== character) throw new Found(this.#at, null);
      this.#at++;
    }
  }

  #string() {
    this.#at++;
    for (;; this.#at++) {
      const character = this.text[this.#at];
      if (character === undefined) throw new Found(this.#at, "Unterminated string");
      if (character === '"') break;
      if (character < " ") throw new Found(this.#at, "Bad control character in string literal");
      if (character === "\\") this.#escape();
    }
    this.#at++;
  }

  #escape() {
    this.#at++;
    const character = this.text[this.#at];
    if (character === undefined || character > "\xff") throw new Found(this.#at, null);
    if (character !== "u") {
      if (!'"\\/bfnrt'.includes(character)) throw new Found(this.#at, "Bad escaped character");
      return;
    }
    for (let count = 0; count < 4; count++) {
      this.#at++;
      if (!/[0-9a-fA-F]/.test(this.text[this.#at] ?? "")) throw new Found(this.#at, "Bad Unicode escape");
    }
  }

  #number() {
    if (this.text[this.#at] === "-") {
      this.#at++;
      if (!this.#isDigit()) throw new Found(this.#at, "No number after minus sign");
    }
    if (this.text[this.#at] === "0") {
      this.#at++;
      if (this.#isDigit()) throw new Found(this.#at, null);
    } else {
      this.#digits();
    }
    if (this.text[this.#at] === ".") {
      this.#at++;
      if (!this.#isDigit()) throw new Found(this.#at, "Unterminated fractional number");
      this.#digits();
    }
    if (/[eE]/.test(this.text[this.#at] ?? "")) {
      this.#at++;
      if (/[-+]/.test(this.text[this.#at] ?? "")) this.#at++;
      if (!this.#isDigit()) throw new Found(this.#at, "Exponent part is missing a number");
      this.#digits();
    }
  }

  #isDigit() {
    return /[0-9]/.test(this.text[this.#at] ?? "");
  }

  #digits() {
    while (this.#isDigit()) this.#at++;
  }
}
