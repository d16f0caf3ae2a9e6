/**
 * TextEncoder and TextDecoder of the Encoding standard, and base64 as in HTML: atob, btoa. The conversions are the host's.
 *
 * @module
 */

import { ops } from "stated:host";
import { DOMException } from "stated:dom-exception";
import { lacks } from "stated:settings";
import { badArgument, badConstructorArgument, defineInterface, toDictionary, toDOMString, viewBytes } from "stated:webidl";

/** Encodes as UTF-8. */
export class TextEncoder {
  /** Only its presence counts: a method of another object throws. */
  #encoding = "utf-8";

  get encoding() {
    return this.#encoding;
  }

  /** @param {string} [input] @returns {Uint8Array<ArrayBuffer>} */
  encode(input = "") {
    void this.#encoding;
    return /** @type {Uint8Array<ArrayBuffer>} */ (ops.utf8Encode(toDOMString(input)));
  }

  /**
   * @param {string} source
   * @param {Uint8Array} destination
   * @returns {{ read: number, written: number }}
   */
  encodeInto(source, destination) {
    void this.#encoding;
    if (arguments.length < 1) throw badArgument("TextEncoder", "encodeInto", 1, "String");
    if (arguments.length < 2 || !(destination instanceof Uint8Array)) {
      throw badArgument("TextEncoder", "encodeInto", 2, "Uint8Array");
    }
    const [read, written] = ops.utf8EncodeInto(toDOMString(source), destination);
    return { read, written };
  }
}

const noBytes = new Uint8Array(0);

/** Frees the host's half of a streaming decoder that was never finished. */
const abandoned = new FinalizationRegistry((/** @type {number} */ decoderId) => {
  try {
    ops.decoderPush(decoderId, noBytes, true);
  } catch {
    // A malformed tail of a decoder that nobody reads from.
  }
});

/** Decodes text of any encoding the standard knows, at once or in pieces. */
export class TextDecoder {
  /** @type {string} */ #name;
  #fatal = false;
  #ignoreBom = false;
  /** The host's streaming decoder; 0 between texts. */
  #decoderId = 0;

  /**
   * @param {string} [label]
   * @param {{ fatal?: boolean, ignoreBOM?: boolean }} [options]
   */
  constructor(label = "utf-8", options = undefined) {
    const text = toDOMString(label);
    const given = toDictionary(options, () => badConstructorArgument("TextDecoder", 2, "ConstructorOptions"));
    const name = ops.encodingName(text);
    if (name === undefined) throw new RangeError(`"${text}" is not a valid encoding.`);
    this.#name = name;
    if (given === undefined) return;
    this.#fatal = Boolean(given.fatal);
    this.#ignoreBom = Boolean(given.ignoreBOM);
  }

  get encoding() {
    return this.#name;
  }

  get fatal() {
    return this.#fatal;
  }

  get ignoreBOM() {
    return this.#ignoreBom;
  }

  /**
   * @param {ArrayBufferLike | ArrayBufferView} [input]
   * @param {{ stream?: boolean }} [options]
   * @returns {string}
   */
  decode(input = undefined, options = undefined) {
    const bytes = input === undefined ? noBytes : viewBytes(input);
    if (bytes === undefined) throw badArgument("TextDecoder", "decode", 1, "Array");
    const stream = Boolean(toDictionary(options, () => badArgument("TextDecoder", "decode", 2, "DecodeOptions"))?.stream);
    if (this.#decoderId === 0) {
      if (!stream) {
        if (this.#name.startsWith("utf-16") && !this.#fatal && lacks("text_decoder_replace_surrogates")) {
          return utf16With(bytes, this.#name === "utf-16be", this.#ignoreBom);
        }
        return ops.textDecode(this.#name, bytes, this.#fatal, this.#ignoreBom);
      }
      this.#decoderId = ops.decoderOpen(this.#name, this.#fatal, this.#ignoreBom);
      abandoned.register(this, this.#decoderId, this);
    }
    const decoderId = this.#decoderId;
    let finished = !stream;
    try {
      return ops.decoderPush(decoderId, bytes, finished);
    } catch (error) {
      // A fatal decoder is done after its first error; the next call begins a new text.
      if (!finished) this.#close(decoderId);
      finished = true;
      throw error;
    } finally {
      if (finished) {
        this.#decoderId = 0;
        abandoned.unregister(this);
      }
    }
  }

  /** @param {number} decoderId */
  #close(decoderId) {
    try {
      ops.decoderPush(decoderId, noBytes, true);
    } catch {
      // The error that counts is already on its way.
    }
  }
}

/**
 * UTF-16 whose lone surrogates stay what they are, as in programs of dates before 2026-02-24.
 *
 * @param {Uint8Array} bytes
 * @param {boolean} bigEndian
 * @param {boolean} ignoreBom
 */
function utf16With(bytes, bigEndian, ignoreBom) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = "";
  for (let at = 0; at + 1 < bytes.byteLength; at += 2) text += String.fromCharCode(view.getUint16(at, !bigEndian));
  if (bytes.byteLength % 2 === 1) text += "\ufffd";
  return !ignoreBom && text.startsWith("\ufeff") ? text.slice(1) : text;
}

defineInterface(TextEncoder, ["encoding"]);
defineInterface(TextDecoder, ["encoding", "fatal", "ignoreBOM"]);

/**
 * Decodes base64 to a byte string.
 *
 * @param {string} data
 * @returns {string}
 */
export function atob(data) {
  if (arguments.length < 1) throw badArgument("ServiceWorkerGlobalScope", "atob", 1, "string");
  const text = ops.base64Decode(toDOMString(data));
  if (text === undefined) {
    throw new DOMException("atob() called with invalid base64-encoded data. (Only whitespace, '+', '/', alphanumeric ASCII, "
      + "and up to two terminal '=' signs when the input data length is divisible by 4 are allowed.)", "InvalidCharacterError");
  }
  return text;
}

/**
 * Encodes a byte string as base64.
 *
 * @param {string} data
 * @returns {string}
 */
export function btoa(data) {
  if (arguments.length < 1) throw badArgument("ServiceWorkerGlobalScope", "btoa", 1, "String");
  const text = ops.base64Encode(toDOMString(data));
  if (text === undefined) {
    throw new DOMException("btoa() can only operate on characters in the Latin1 (ISO/IEC 8859-1) range.", "InvalidCharacterError");
  }
  return text;
}
