/**
 * `util.MIMEType` and `util.MIMEParams`.
 *
 * Source: https://mimesniff.spec.whatwg.org/ and https://nodejs.org/api/util.html#class-utilmimetype
 *
 * @module
 */

import { parseParameters } from "stated:mime-type";
import { nodeError } from "stated:node-support/errors";

const notToken = /[^!#$%&'*+\-.^_`|~A-Za-z0-9]/;
const notQuotable = /[^\t\u0020-\u007e\u0080-\u00ff]/;

/** @param {string} part @param {string} text @param {number} at -1 when there is nothing at all @returns {any} */
function malformed(part, text, at) {
  return nodeError(TypeError, "ERR_INVALID_MIME_SYNTAX", `The MIME syntax for a ${part} in "${text}" is invalid${at === -1 ? "" : ` at ${at}`}`);
}

/** @param {string} part @param {string} text that must be a token */
function requireToken(part, text) {
  const at = text.search(notToken);
  if (text === "" || at !== -1) throw malformed(part, text, at);
}

/** @param {string} value as it stands behind a `=` */
function quoted(value) {
  if (value === "") return "\"\"";
  return notToken.test(value) ? `"${value.replace(/["\\]/g, "\\$&")}"` : value;
}

/** @param {string} text upper case letters of ASCII become lower case */
const lower = (text) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** @type {(params: MIMEParams, text: string) => void} */
let parse;

/** The parameters of a MIME type, in their order. */
export class MIMEParams {
  /** @type {Map<string, string>} */ #data = new Map();

  static {
    parse = (params, text) => {
      params.#data = parseParameters(text, 0);
    };
  }

  /** @param {string} name */
  delete(name) {
    this.#data.delete(name);
  }

  /** @param {string} name */
  get(name) {
    return this.#data.get(`${name}`) ?? null;
  }

  /** @param {string} name */
  has(name) {
    return this.#data.has(`${name}`);
  }

  /** @param {string} name @param {string} value */
  set(name, value) {
    name = `${name}`;
    value = `${value}`;
    requireToken("parameter name", name);
    const at = value.search(notQuotable);
    if (at !== -1) throw malformed("parameter value", value, at);
    this.#data.set(name, value);
  }

  *entries() {
    yield* this.#data.entries();
  }

  *keys() {
    yield* this.#data.keys();
  }

  *values() {
    yield* this.#data.values();
  }

  [Symbol.iterator]() {
    return this.entries();
  }

  toString() {
    return Array.from(this.#data, ([name, value]) => `${name}=${quoted(value)}`).join(";");
  }

  toJSON() {
    return this.toString();
  }
}

/** A MIME type. */
export class MIMEType {
  #type;
  #subtype;
  #params = new MIMEParams();

  /** @param {string} text */
  constructor(text) {
    text = `${text}`;
    const trimmed = text.replace(/^[\r\n\t ]+/, "");
    const slash = trimmed.indexOf("/");
    const type = slash === -1 ? trimmed : trimmed.slice(0, slash);
    const at = type.search(notToken);
    if (type === "" || slash === -1 || at !== -1) throw malformed("type", text, at);
    const rest = trimmed.slice(slash + 1);
    const end = rest.indexOf(";");
    const subtype = (end === -1 ? rest : rest.slice(0, end)).replace(/[\r\n\t ]+$/, "");
    const wrong = subtype.search(notToken);
    if (subtype === "" || wrong !== -1) throw malformed("subtype", text, wrong);
    this.#type = lower(type);
    this.#subtype = lower(subtype);
    if (end !== -1) parse(this.#params, rest.slice(end));
  }

  get type() {
    return this.#type;
  }

  set type(value) {
    requireToken("type", `${value}`);
    this.#type = lower(`${value}`);
  }

  get subtype() {
    return this.#subtype;
  }

  set subtype(value) {
    requireToken("subtype", `${value}`);
    this.#subtype = lower(`${value}`);
  }

  get essence() {
    return `${this.#type}/${this.#subtype}`;
  }

  get params() {
    return this.#params;
  }

  toString() {
    const params = this.#params.toString();
    return params === "" ? this.essence : `${this.essence};${params}`;
  }

  toJSON() {
    return this.toString();
  }
}
for (const [Class, names] of /** @type {[any, string[]][]} */ ([[MIMEType, ["type", "subtype", "essence", "params", "toString", "toJSON"]], [MIMEParams, ["toString", "toJSON"]]])) {
  for (const name of names) Object.defineProperty(Class.prototype, name, { enumerable: true });
}
