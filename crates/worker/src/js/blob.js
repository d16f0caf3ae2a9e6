/**
 * Blob and File of the File API. The bytes are in memory, in one piece, and never change.
 *
 * @module
 */

import { ops } from "stated:host";
import { flag } from "stated:settings";
import { ReadableStream } from "stated:streams";
import { badConstructorArgument, defineInterface, isSharedBuffer, toDictionary, toDOMString, toUSVString, viewBytes } from "stated:webidl";

/** Bytes per chunk of `stream()`. */
const CHUNK_BYTES = 65_536;

/** @type {(blob: Blob) => Uint8Array} */
let bytesOf;
/** @type {(blob: Blob, bytes: Uint8Array) => void} */
let setBytes;
/** @type {(blob: Blob, type: string) => void} */
let setType;

/** Immutable bytes with a media type. */
export class Blob {
  /** @type {Uint8Array} */ #bytes;
  #type = "";

  /**
   * @param {Iterable<any>} [parts]
   * @param {{ type?: string, endings?: "transparent" | "native" }} [options]
   */
  constructor(parts = undefined, options = undefined) {
    const given = toDictionary(options, () => badConstructorArgument("Blob", 2, "Options"));
    this.#bytes = parts === undefined ? new Uint8Array(0) : join(parts, endingsOf(given));
    if (given?.type !== undefined) this.#type = normalizeType(toDOMString(given.type));
  }

  static {
    bytesOf = (blob) => blob.#bytes;
    setBytes = (blob, bytes) => {
      blob.#bytes = bytes;
    };
    setType = (blob, type) => {
      blob.#type = type;
    };
  }

  get size() {
    return this.#bytes.byteLength;
  }

  /** The media type in lower case, or "". */
  get type() {
    return this.#type;
  }

  /**
   * A part of the bytes; they are shared, not copied.
   *
   * @param {number} [start] negative counts from the end
   * @param {number} [end]
   * @param {string} [type]
   * @returns {Blob}
   */
  slice(start = 0, end = undefined, type = "") {
    const { size } = this;
    const from = clampIndex(start, size, 0);
    const to = clampIndex(end, size, size);
    const blob = new Blob([], { type });
    blob.#bytes = this.#bytes.subarray(from, Math.max(from, to));
    return blob;
  }

  /** @returns {Promise<ArrayBuffer>} */
  async arrayBuffer() {
    return /** @type {ArrayBuffer} */ (this.#bytes.slice().buffer);
  }

  /** @returns {Promise<Uint8Array>} */
  async bytes() {
    return this.#bytes.slice();
  }

  /** @returns {Promise<string>} */
  async text() {
    return ops.textDecode("utf-8", this.#bytes, false, false);
  }

  /** @returns {ReadableStream<Uint8Array>} */
  stream() {
    const bytes = this.#bytes;
    let position = 0;
    return new ReadableStream({
      type: "bytes",
      pull(controller) {
        if (position < bytes.byteLength) {
          const chunk = bytes.slice(position, position + CHUNK_BYTES);
          position += chunk.byteLength;
          controller.enqueue(/** @type {Uint8Array<ArrayBuffer>} */ (chunk));
        }
        if (position >= bytes.byteLength) {
          controller.close();
          controller.byobRequest?.respond(0);
        }
      },
    }, { highWaterMark: 0 });
  }
}

/** A Blob with a name and a time. */
export class File extends Blob {
  /** @type {string} */ #name;
  #lastModified;

  /**
   * @param {Iterable<any>} parts
   * @param {string} name
   * @param {{ type?: string, endings?: "transparent" | "native", lastModified?: number }} [options]
   */
  constructor(parts, name, options = undefined) {
    if (arguments.length < 2) throw badConstructorArgument("File", 2, "string");
    if (typeof parts !== "object" || parts === null) throw badConstructorArgument("File", 1, "Array");
    super(parts, options);
    this.#name = toUSVString(name);
    const time = options?.lastModified;
    this.#lastModified = time === undefined ? ops.now() : Math.trunc(Number(time)) || 0;
  }

  get name() {
    return this.#name;
  }

  /** Milliseconds since the Unix epoch. */
  get lastModified() {
    return this.#lastModified;
  }
}

/** @param {any} options @returns {"transparent" | "native"} */
function endingsOf(options) {
  const endings = options?.endings;
  if (endings === undefined) return "transparent";
  const text = toDOMString(endings);
  if (text !== "transparent" && text !== "native") {
    throw new TypeError(`The provided value '${text}' is not a valid enum value of type EndingType.`);
  }
  return text;
}

/** @param {any} parts @param {"transparent" | "native"} endings */
function join(parts, endings) {
  if (typeof parts !== "object" || parts === null || typeof parts[Symbol.iterator] !== "function") {
    throw badConstructorArgument("Blob", 1, "Array");
  }
  /** @type {Uint8Array[]} */
  const chunks = [];
  let length = 0;
  for (const part of parts) {
    const chunk = chunkOf(part, endings);
    chunks.push(chunk);
    length += chunk.byteLength;
  }
  const bytes = new Uint8Array(length);
  let position = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, position);
    position += chunk.byteLength;
  }
  return bytes;
}

/** @param {any} part @param {"transparent" | "native"} endings @returns {Uint8Array} */
function chunkOf(part, endings) {
  if (part instanceof Blob) return bytesOf(part);
  const bytes = isSharedBuffer(part) ? undefined : viewBytes(part);
  if (bytes !== undefined) {
    if (/** @type {ArrayBuffer} */ (bytes.buffer).resizable && flag("no_resizable_array_buffer_in_blob")) {
      throw new TypeError("Cannot create a Blob with a resizable ArrayBuffer");
    }
    return bytes;
  }
  const text = toDOMString(part);
  return ops.utf8Encode(endings === "native" ? text.replace(/\r\n?/g, "\n") : text);
}

/** @param {string} type */
function normalizeType(type) {
  return /[^\x20-\x7e]/.test(type) ? "" : type.toLowerCase();
}

/** @param {any} value @param {number} size @param {number} absent */
function clampIndex(value, size, absent) {
  if (value === undefined) return absent;
  const index = Math.trunc(Number(value)) || 0;
  return index < 0 ? Math.max(size + index, 0) : Math.min(index, size);
}

defineInterface(Blob, ["size", "type"]);
defineInterface(File, ["name", "lastModified", "size", "type"]);

/**
 * The bytes of a Blob, not copied: the caller must not change them.
 *
 * @param {Blob} blob
 * @returns {Uint8Array}
 */
export function blobBytes(blob) {
  return bytesOf(blob);
}

/**
 * A Blob around bytes that nobody changes any more.
 *
 * @param {Uint8Array} bytes
 * @param {string} type
 * @param {boolean} [asItIs] the type is a serialized MIME type, whose parameters may be in upper case
 * @returns {Blob}
 */
export function blobAround(bytes, type, asItIs = false) {
  const blob = new Blob([], { type });
  setBytes(blob, bytes);
  if (asItIs) setType(blob, type);
  return blob;
}

/**
 * A File around bytes that nobody changes any more.
 *
 * @param {Uint8Array} bytes
 * @param {string} name
 * @param {string} type
 * @param {number} [lastModified]
 * @returns {File}
 */
export function fileAround(bytes, name, type, lastModified = undefined) {
  const file = new File([], name, { type, lastModified });
  setBytes(file, bytes);
  return file;
}
