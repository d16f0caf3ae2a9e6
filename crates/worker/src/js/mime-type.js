/**
 * MIME types: parsing and serializing of the MIME Sniffing standard, and how the Fetch standard takes one out of a header.
 *
 * @module
 */

/**
 * @typedef {object} MimeType
 * @property {string} essence type and subtype in lower case
 * @property {Map<string, string>} parameters names in lower case
 */

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const quotable = /^[\t\x20-\x7e\x80-\xff]*$/;
const edges = /^[\t\n\r ]+|[\t\n\r ]+$/g;

/**
 * Parses a MIME type, or returns null.
 *
 * @param {string} text
 * @returns {MimeType | null}
 */
export function parseMimeType(text) {
  const input = text.replace(edges, "");
  const slash = input.indexOf("/");
  if (slash === -1) return null;
  const semicolon = input.indexOf(";", slash);
  const end = semicolon === -1 ? input.length : semicolon;
  const type = input.slice(0, slash);
  const subtype = input.slice(slash + 1, end).replace(edges, "");
  if (!token.test(type) || !token.test(subtype)) return null;
  return { essence: `${type}/${subtype}`.toLowerCase(), parameters: parseParameters(input, end) };
}

/** Letters outside of ASCII stay: the Kelvin sign is no k. @param {string} text */
const lower = (text) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

/**
 * The parameters behind a type and subtype. What is malformed is skipped; of a name, the first value counts.
 *
 * @param {string} input
 * @param {number} start of the first semicolon
 * @returns {Map<string, string>}
 */
export function parseParameters(input, start) {
  /** @type {Map<string, string>} */
  const parameters = new Map();
  let position = start;
  while (position < input.length) {
    position += 1;
    while (position < input.length && "\t\n\r ".includes(input[position])) position += 1;
    const nameEnd = indexOfAny(input, ";=", position);
    const name = lower(input.slice(position, nameEnd));
    position = nameEnd;
    if (input[position] !== "=") continue;
    /** @type {string} */
    let value;
    if (input[position + 1] === '"') {
      [value, position] = quotedString(input, position + 1);
      position = indexOfAny(input, ";", position);
    } else {
      const valueEnd = indexOfAny(input, ";", position);
      value = input.slice(position + 1, valueEnd).replace(/[\t\n\r ]+$/, "");
      position = valueEnd;
      if (value === "") continue;
    }
    if (token.test(name) && quotable.test(value) && !parameters.has(name)) parameters.set(name, value);
  }
  return parameters;
}

/** @param {string} text @param {string} wanted characters @param {number} from */
function indexOfAny(text, wanted, from) {
  let position = from;
  while (position < text.length && !wanted.includes(text[position])) position += 1;
  return position;
}

/**
 * The text of a quoted string that begins at `start`, and the position behind it. The closing quote may be missing.
 *
 * @param {string} text
 * @param {number} start
 * @returns {[string, number]}
 */
function quotedString(text, start) {
  let value = "";
  for (let position = start + 1; position < text.length; position += 1) {
    const character = text[position];
    if (character === '"') return [value, position + 1];
    if (character !== "\\") value += character;
    else value += text[++position] ?? "\\";
  }
  return [value, text.length];
}

/**
 * @param {MimeType} mimeType
 * @returns {string}
 */
export function serializeMimeType({ essence, parameters }) {
  let text = essence;
  for (const [name, value] of parameters) {
    text += `;${name}=${token.test(value) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`}`;
  }
  return text;
}

/**
 * The MIME type of a Content-Type header whose values were combined, or null: the last one that is valid, with the charset
 * of those of the same kind before it.
 *
 * @param {string | null} header
 * @returns {MimeType | null}
 */
export function extractMimeType(header) {
  if (header === null) return null;
  /** @type {MimeType | null} */
  let found = null;
  /** @type {string | undefined} */
  let charset;
  for (const value of splitAtCommas(header)) {
    const parsed = parseMimeType(value);
    if (parsed === null || parsed.essence === "*/*") continue;
    const own = parsed.parameters.get("charset");
    if (found?.essence !== parsed.essence) charset = own;
    else if (own === undefined && charset !== undefined) parsed.parameters.set("charset", charset);
    found = parsed;
  }
  return found;
}

/** @param {string} text @returns {string[]} what stands between the commas that are not in quotes */
function splitAtCommas(text) {
  if (!text.includes(",")) return [text];
  const values = [];
  let start = 0;
  let position = 0;
  while (position < text.length) {
    position = indexOfAny(text, '",', position);
    if (text[position] === '"') {
      [, position] = quotedString(text, position);
      continue;
    }
    values.push(text.slice(start, position));
    position += 1;
    start = position;
  }
  if (start <= text.length) values.push(text.slice(start));
  return values;
}
