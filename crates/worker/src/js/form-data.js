/**
 * FormData, and its two forms as a body: multipart/form-data (RFC 7578, as the HTML standard writes it) and
 * application/x-www-form-urlencoded.
 *
 * @module
 */

import { Blob, blobBytes, File, fileAround } from "stated:blob";
import { ops } from "stated:host";
import { extractMimeType } from "stated:mime-type";
import { lacks } from "stated:settings";
import { parseUrlEncoded } from "stated:url-search-params";
import { badArgument, defineInspection, defineInterface, definePairIterable, toUSVString } from "stated:webidl";

/** @typedef {string | File} Entry */

/** @type {(form: FormData) => any[]} */
let listOf;

/** A list of names with strings and files. */
export class FormData {
  /** @type {any[]} names and values in turn */ #list = [];

  static {
    listOf = (form) => form.#list;
  }

  /** @param {string} name @param {any} value @param {string} [filename] */
  append(name, value, filename = undefined) {
    if (arguments.length < 2) throw missingEntry("append", arguments.length);
    const wanted = toUSVString(name);
    this.#list.push(wanted, toEntry(wanted, value, filename));
  }

  /** @param {string} name */
  delete(name) {
    if (arguments.length < 1) throw badArgument("FormData", "delete", 1, "string");
    const wanted = toUSVString(name);
    this.#keep((entry) => entry !== wanted);
  }

  /** @param {string} name @returns {Entry | null} */
  get(name) {
    if (arguments.length < 1) throw badArgument("FormData", "get", 1, "string");
    const wanted = toUSVString(name);
    const list = this.#list;
    for (let i = 0; i < list.length; i += 2) if (list[i] === wanted) return list[i + 1];
    return null;
  }

  /** @param {string} name @returns {Entry[]} */
  getAll(name) {
    if (arguments.length < 1) throw badArgument("FormData", "getAll", 1, "string");
    const wanted = toUSVString(name);
    const list = this.#list;
    const values = [];
    for (let i = 0; i < list.length; i += 2) if (list[i] === wanted) values.push(list[i + 1]);
    return values;
  }

  /** @param {string} name @returns {boolean} */
  has(name) {
    if (arguments.length < 1) throw badArgument("FormData", "has", 1, "string");
    const wanted = toUSVString(name);
    const list = this.#list;
    for (let i = 0; i < list.length; i += 2) if (list[i] === wanted) return true;
    return false;
  }

  /** @param {string} name @param {any} value @param {string} [filename] */
  set(name, value, filename = undefined) {
    if (arguments.length < 2) throw missingEntry("set", arguments.length);
    const wanted = toUSVString(name);
    const entry = toEntry(wanted, value, filename);
    let found = false;
    this.#keep((present, index) => {
      if (present !== wanted) return true;
      if (found) return false;
      found = true;
      this.#list[index + 1] = entry;
      return true;
    });
    if (!found) this.#list.push(wanted, entry);
  }

  /** @param {(name: string, index: number) => boolean} wants */
  #keep(wants) {
    const list = this.#list;
    let kept = 0;
    for (let i = 0; i < list.length; i += 2) {
      if (!wants(list[i], i)) continue;
      list[kept] = list[i];
      list[kept + 1] = list[i + 1];
      kept += 2;
    }
    list.length = kept;
  }
}

/** @param {string} method @param {number} given how many arguments there are */
function missingEntry(method, given) {
  return badArgument("FormData", method, given + 1, given === 0 ? "string" : "File or Blob or string");
}

/**
 * As in Workers a Blob without a file name has that of its field; in the standard it is "blob".
 *
 * @param {string} field
 * @param {any} value
 * @param {string | undefined} filename
 * @returns {Entry}
 */
function toEntry(field, value, filename) {
  if (!(value instanceof Blob)) return toUSVString(value);
  if (value instanceof File && filename === undefined) return value;
  const name = filename === undefined ? field : toUSVString(filename);
  return fileAround(blobBytes(value), name, value.type, value instanceof File ? value.lastModified : undefined);
}

definePairIterable(FormData, (self) => listOf(self));
defineInterface(FormData);
defineInspection(FormData.prototype, () => ({}), listOf);

/**
 * Serializes as multipart/form-data.
 *
 * @param {FormData} form
 * @returns {{ bytes: Uint8Array, type: string }} the body and its Content-Type with the boundary
 */
export function serializeMultipart(form) {
  const boundary = ops.randomUuid().replaceAll("-", "");
  const list = listOf(form);
  /** @type {Uint8Array[]} */
  const chunks = [];
  for (let i = 0; i < list.length; i += 2) {
    const value = list[i + 1];
    let head = `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(lineBreaks(list[i]))}"`;
    if (typeof value === "string") {
      chunks.push(ops.utf8Encode(`${head}\r\n\r\n${lineBreaks(value)}\r\n`));
    } else {
      head += `; filename="${escapeName(value.name)}"\r\nContent-Type: ${value.type || "application/octet-stream"}`;
      chunks.push(ops.utf8Encode(`${head}\r\n\r\n`), blobBytes(value), ops.utf8Encode("\r\n"));
    }
  }
  chunks.push(ops.utf8Encode(`--${boundary}--\r\n`));
  return { bytes: concat(chunks), type: `multipart/form-data; boundary=${boundary}` };
}

/** @param {string} text */
function lineBreaks(text) {
  return text.replace(/\r\n|\r|\n/g, "\r\n");
}

/** @param {string} name */
function escapeName(name) {
  return name.replace(/[\n\r"]/g, (match) => (match === "\n" ? "%0A" : match === "\r" ? "%0D" : "%22"));
}

/** @param {Uint8Array[]} chunks */
function concat(chunks) {
  let length = 0;
  for (const chunk of chunks) length += chunk.byteLength;
  const bytes = new Uint8Array(length);
  let position = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, position);
    position += chunk.byteLength;
  }
  return bytes;
}

/**
 * Parses a body by its Content-Type.
 *
 * @param {Uint8Array} bytes
 * @param {string | null} contentType
 * @returns {FormData}
 */
export function parseFormData(bytes, contentType) {
  if (contentType === null) throw new TypeError("Parsing a Body as FormData requires a Content-Type header.");
  const mimeType = extractMimeType(contentType);
  const essence = mimeType?.essence;
  if (essence === "application/x-www-form-urlencoded") {
    const charset = mimeType?.parameters.get("charset") ?? "utf-8";
    if (ops.encodingName(charset) !== "utf-8") throw new TypeError("Non-utf-8 application/x-www-form-urlencoded body.");
    const form = new FormData();
    const list = parseUrlEncoded(ops.textDecode("utf-8", bytes, false, true));
    for (const part of list) listOf(form).push(part);
    return form;
  }
  if (essence !== "multipart/form-data") {
    throw new TypeError("Unrecognized Content-Type header value. FormData can only parse the following MIME types: "
      + "multipart/form-data, application/x-www-form-urlencoded");
  }
  const boundary = mimeType?.parameters.get("boundary");
  if (boundary === undefined || boundary === "") {
    throw new TypeError("No boundary string in Content-Type header. The multipart/form-data MIME type requires a boundary "
      + "parameter, e.g. 'Content-Type: multipart/form-data; boundary=\"abcd\"'. See RFC 7578, section 4.");
  }
  return parseMultipart(bytes, boundary);
}

/**
 * Accepts LF where RFC 7578 wants CRLF, as Workers does.
 *
 * @param {Uint8Array} bytes
 * @param {string} boundary
 */
function parseMultipart(bytes, boundary) {
  const form = new FormData();
  const delimiter = ops.utf8Encode(`--${boundary}`);
  let position = indexOf(bytes, delimiter, 0);
  if (position === -1) throw new TypeError("No initial boundary string (or you have a truncated message).");
  position += delimiter.byteLength;
  for (;;) {
    if (bytes[position] === 0x2d && bytes[position + 1] === 0x2d) return form;
    position = afterLine(bytes, position);
    const headers = readPartHeaders(bytes, position);
    position = headers.end;
    const next = findDelimiter(bytes, delimiter, position);
    if (next === -1) throw new TypeError("No subsequent boundary string after multipart message.");
    const end = bytes[next - 1] === 0x0a ? (bytes[next - 2] === 0x0d ? next - 2 : next - 1) : next;
    addPart(form, headers, bytes.slice(position, Math.max(position, end)));
    position = next + delimiter.byteLength;
  }
}

/** @param {Uint8Array} bytes @param {number} position */
function afterLine(bytes, position) {
  const end = bytes.indexOf(0x0a, position);
  if (end === -1) throw new TypeError("No subsequent boundary string after multipart message.");
  return end + 1;
}

/**
 * The delimiter counts only at the start of a line and followed by its end, white space or "--".
 *
 * @param {Uint8Array} bytes
 * @param {Uint8Array} delimiter
 * @param {number} from
 */
function findDelimiter(bytes, delimiter, from) {
  let position = from;
  for (;;) {
    position = indexOf(bytes, delimiter, position);
    if (position === -1) return -1;
    const startsLine = position === from || bytes[position - 1] === 0x0a;
    const next = bytes[position + delimiter.byteLength];
    if (startsLine && (next === undefined || next === 0x0d || next === 0x0a || next === 0x20 || next === 0x09 || next === 0x2d)) {
      return position;
    }
    position++;
  }
}

/** @param {Uint8Array} bytes @param {Uint8Array} wanted @param {number} from */
function indexOf(bytes, wanted, from) {
  const last = bytes.byteLength - wanted.byteLength;
  let position = bytes.indexOf(wanted[0], from);
  while (position !== -1 && position <= last) {
    let i = 1;
    while (i < wanted.byteLength && bytes[position + i] === wanted[i]) i++;
    if (i === wanted.byteLength) return position;
    position = bytes.indexOf(wanted[0], position + 1);
  }
  return -1;
}

/**
 * @param {Uint8Array} bytes
 * @param {number} start
 * @returns {{ disposition: string | undefined, type: string, end: number }}
 */
function readPartHeaders(bytes, start) {
  /** @type {string | undefined} */
  let disposition;
  let type = "";
  let position = start;
  for (;;) {
    const end = afterLine(bytes, position);
    const line = ops.textDecode("utf-8", bytes.subarray(position, end), false, true).replace(/\r?\n$/, "");
    position = end;
    if (line === "") return { disposition, type, end };
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    if (name === "content-disposition") disposition = line.slice(colon + 1).trim();
    if (name === "content-type") type = line.slice(colon + 1).trim();
  }
}

/** @param {FormData} form @param {{ disposition: string | undefined, type: string }} headers @param {Uint8Array} content */
function addPart(form, headers, content) {
  const { disposition } = headers;
  if (disposition === undefined) throw new TypeError("No valid Content-Disposition header found in FormData part.");
  if (!/^form-data\s*(;|$)/i.test(disposition)) {
    throw new TypeError('Content-Disposition header for FormData part must have the value "form-data", possibly followed by parameters. '
      + `Got: "${disposition.split(";")[0].trim()}"`);
  }
  const name = parameter(disposition, "name");
  if (name === undefined) throw new TypeError("Content-Disposition header in FormData part is missing a name.");
  const filename = parameter(disposition, "filename");
  // As in Workers an empty file name is none: what a browser sends for an empty file input is an empty string.
  const isText = filename === undefined || filename === "" || lacks("formdata_parser_supports_files");
  const value = isText ? ops.textDecode("utf-8", content, false, true) : fileAround(content, filename, headers.type);
  listOf(form).push(name, value);
}

/** @param {string} disposition @param {string} name @returns {string | undefined} */
function parameter(disposition, name) {
  for (const match of disposition.matchAll(/;\s*([^\s=;]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))/g)) {
    if (match[1].toLowerCase() !== name) continue;
    const text = match[2] === undefined ? match[3].trim() : match[2].replace(/\\(["\\])/g, "$1");
    return text.replace(/%(0A|0D|22)/gi, (escape) => String.fromCharCode(Number.parseInt(escape.slice(1), 16)));
  }
  return undefined;
}
