/**
 * The patterns of `path.matchesGlob` and `fs.glob`: `*`, `?`, `[…]`, `{a,b}`, `{1..3}`, `@(a|b)` and its kind, and `**` for
 * any number of folders. A name that starts with a dot is matched by a pattern that starts with one only. A backslash is a slash.
 *
 * @module
 */

/** Any number of folders. */
export const ANY_DEPTH = Symbol("**");

/** @typedef {string | RegExp | typeof ANY_DEPTH} Segment what a name has to be */

const hasMagic = /[*?[]|[!@+]\(/;
const regexpSyntax = /[\\^$.*+?()[\]{}|/]/g;

/** The named sets of characters. @type {Record<string, string>} */
const characterClasses = {
  alnum: "\\p{L}\\p{Nl}\\p{Nd}", alpha: "\\p{L}\\p{Nl}", ascii: "\\x00-\\x7f", blank: "\\p{Zs}\\t", cntrl: "\\p{Cc}", digit: "\\p{Nd}",
  lower: "\\p{Ll}", print: "\\P{C}", punct: "\\p{P}", space: "\\p{Z}\\t\\r\\n\\v\\f", upper: "\\p{Lu}", word: "\\p{L}\\p{Nl}\\p{Nd}\\p{Pc}", xdigit: "A-Fa-f0-9",
};

/** @param {string} text */
const literal = (text) => text.replace(regexpSyntax, "\\$&");
/** The same in a set. @param {string} character */
const literalOfSet = (character) => (character === "-" ? "\\-" : literal(character));

/**
 * The ends of a bracketed part, and where its alternatives are separated.
 *
 * @param {string} text
 * @param {number} from the opening bracket
 * @param {string} brackets
 * @param {string} separator
 * @returns {{ end: number, parts: string[] } | undefined} nothing when it is not closed
 */
function bracketed(text, from, brackets, separator) {
  const [open, close] = brackets;
  const parts = [];
  let depth = 0;
  let start = from + 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === open) depth++;
    else if (text[at] === close && --depth === 0) return { end: at, parts: [...parts, text.slice(start, at)] };
    else if (text[at] === separator && depth === 1) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return undefined;
}

/** `1..3`, `01..10..2` and `a..e`. @param {string} text @returns {Generator<string> | undefined} */
function rangeOf(text) {
  const [whole, first, last, given] = /^(-?\d+|[a-zA-Z])\.\.(-?\d+|[a-zA-Z])(?:\.\.(-?\d+))?$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const numeric = /\d/.test(first);
  if (numeric !== /\d/.test(last)) return undefined;
  const [from, to] = [first, last].map((end) => (numeric ? Number(end) : end.charCodeAt(0)));
  const step = Math.max(1, Math.abs(Number(given ?? 1))) * (from <= to ? 1 : -1);
  const width = [first, last].some((end) => /^-?0\d/.test(end)) ? Math.max(first.length, last.length) : 0;
  return (function* () {
    for (let value = from; step > 0 ? value <= to : value >= to; value += step) {
      if (!numeric) yield String.fromCharCode(value);
      else yield `${value < 0 ? "-" : ""}${`${Math.abs(value)}`.padStart(value < 0 ? width - 1 : width, "0")}`;
    }
  })();
}

/** The patterns that one with braces stands for, one after the other. @param {string} pattern @returns {Generator<string>} */
function* withoutBraces(pattern) {
  for (let at = pattern.indexOf("{"); at !== -1; at = pattern.indexOf("{", at + 1)) {
    const group = bracketed(pattern, at, "{}", ",");
    if (group === undefined) continue;
    const range = group.parts.length === 1 ? rangeOf(group.parts[0]) : undefined;
    if (group.parts.length === 1 && range === undefined) continue;
    for (const part of range ?? group.parts) {
      for (const inner of withoutBraces(part)) {
        for (const rest of withoutBraces(pattern.slice(group.end + 1))) yield pattern.slice(0, at) + inner + rest;
      }
    }
    return;
  }
  yield pattern;
}

/**
 * The set of characters that starts at a bracket.
 *
 * @param {string} text
 * @param {number} from
 * @returns {{ end: number, source: string } | undefined} nothing when it is not closed
 */
function characterSet(text, from) {
  const negated = text[from + 1] === "!" || text[from + 1] === "^";
  const start = from + (negated ? 2 : 1);
  let source = "";
  for (let at = start; at < text.length; at++) {
    if (text[at] === "]" && at > start) {
      if (source === "") return { end: at, source: negated ? "[^/]" : "(?!)" };
      return { end: at, source: `[${negated ? "^/" : ""}${source}]` };
    }
    const [named = "", name = ""] = /^\[:([a-z]+):\]/.exec(text.slice(at)) ?? [];
    if (Object.hasOwn(characterClasses, name)) {
      source += characterClasses[name];
      at += named.length - 1;
    } else if (text[at + 1] === "-" && at + 2 < text.length && text[at + 2] !== "]") {
      if (text[at] <= text[at + 2]) source += `${literalOfSet(text[at])}-${literalOfSet(text[at + 2])}`;
      at += 2;
    } else source += literalOfSet(text[at]);
  }
  return undefined;
}

/** A part of a pattern without slashes as the source of a regular expression. @param {string} text @returns {string} */
function sourceOf(text) {
  let source = "";
  for (let at = 0; at < text.length; at++) {
    const group = text[at + 1] === "(" && "!?*+@".includes(text[at]) ? bracketed(text, at + 1, "()", "|") : undefined;
    const set = text[at] === "[" ? characterSet(text, at) : undefined;
    if (group !== undefined) {
      const choice = `(?:${group.parts.map(sourceOf).join("|")})`;
      // What follows belongs to what must not be.
      if (text[at] === "!") {
        const rest = sourceOf(text.slice(group.end + 1));
        return `${source}(?!${choice}${rest}$)[^/]*?${rest}`;
      }
      source += choice + (text[at] === "@" ? "" : text[at]);
      at = group.end;
    } else if (set !== undefined) {
      source += set.source;
      at = set.end;
    } else if (text[at] === "*") {
      if (text[at - 1] !== "*") source += "[^/]*?";
    } else if (text[at] === "?") source += "[^/]";
    else source += literal(text[at]);
  }
  return source;
}

/** @param {string} text @returns {Segment} */
function segmentOf(text) {
  if (text === "**") return ANY_DEPTH;
  if (!hasMagic.test(text)) return text;
  const source = sourceOf(text);
  const guard = text.startsWith(".") ? "(?!\\.\\.?$)" : /^[!?*+@]\((?:.*\|)?\./.test(text) ? "(?!\\.\\.?$)" : "(?!\\.)";
  return new RegExp(`^${guard}(?!$)${source}$`, "su");
}

/** A path without steps that lead nowhere, and back up from a name. @param {string} path @returns {string[]} */
function stepsOf(path) {
  const steps = path.split(/\/+/);
  /** @type {string[]} */
  const kept = [];
  steps.forEach((step, index) => {
    const last = kept.at(-1);
    if (index > 0 && index < steps.length - 1 && step === ".") return;
    if (step !== ".." || last === undefined || ["", ".", "..", "**"].includes(last)) kept.push(step);
    else if (kept.pop() !== undefined && kept.length === 0 && steps[index + 1] === "**") kept.push(".");
  });
  if (kept.length === 2 && kept[0] === "." && (kept[1] === "." || kept[1] === "")) kept.pop();
  return kept.length === 0 ? [""] : kept;
}

/** What a pattern stands for, each as its segments. @param {string} pattern @returns {Generator<Segment[]>} */
export function* patternsOf(pattern) {
  for (const text of withoutBraces(pattern.replaceAll("\\", "/"))) {
    yield stepsOf(text).map(segmentOf).filter((segment, index, all) => segment !== ANY_DEPTH || all[index - 1] !== ANY_DEPTH);
  }
}

/** @param {Segment} segment @param {string} name */
export function matchesSegment(segment, name) {
  return typeof segment === "string" ? segment === name : segment === ANY_DEPTH ? !name.startsWith(".") : segment.test(name);
}

/** @param {string[]} names @param {Segment[]} segments */
function matchesSegments(names, segments) {
  /** Places that were tried without success. */
  const failed = new Set();
  /** @param {number} name @param {number} segment @returns {boolean} */
  const from = (name, segment) => {
    if (segment === segments.length) return name === names.length || name === names.length - 1 && names[name] === "";
    const place = name * (segments.length + 1) + segment;
    if (failed.has(place)) return false;
    let matched = false;
    if (segments[segment] !== ANY_DEPTH) matched = name < names.length && matchesSegment(segments[segment], names[name]) && from(name + 1, segment + 1);
    else if (segment === segments.length - 1) matched = name < names.length && names.slice(name).every((step) => !step.startsWith("."));
    else {
      for (let next = name; next < names.length && !matched; next++) {
        matched = from(next, segment + 1);
        if (names[next].startsWith(".")) break;
      }
    }
    if (!matched) failed.add(place);
    return matched;
  };
  return from(0, 0);
}

/**
 * Whether a path is what a pattern describes.
 *
 * @param {string} path
 * @param {string} pattern
 * @param {boolean} windows the path may have backslashes
 */
export function matchesGlob(path, pattern, windows) {
  if (pattern === "") return path === "";
  const names = stepsOf(windows ? path.replaceAll("\\", "/") : path);
  const drive = windows && /^[a-z]:$/i.test(names[0]) ? names[0].toLowerCase() : undefined;
  for (const segments of patternsOf(pattern)) {
    const [first] = segments;
    const sameDrive = drive !== undefined && typeof first === "string" && first.toLowerCase() === drive;
    if (matchesSegments(names, sameDrive ? [names[0], ...segments.slice(1)] : segments)) return true;
  }
  return false;
}
