/**
 * One document on its way through a rewriter: pieces in, handlers and the content they insert in between, pieces out.
 *
 * The host's parser stops at each token and each inserted stream, and goes on when it is told to; so a handler may wait. One
 * piece of input is done before the next is read, and what came out of it is read before that.
 *
 * @module
 */

import { ops } from "stated:host";
import { CONTENT, END_TAG, newToken, releaseToken } from "stated:html-rewriter/tokens";
import { flag } from "stated:settings";
import { viewBytes } from "stated:webidl";

/** @typedef {import("stated:html-rewriter").Registration} Registration */
/** @typedef {import("stated:host").RewriterStep} RewriterStep */
/** @typedef {import("stated:streams").ReadableStream<any>} Stream */

/** What a document has open while it is rewritten. */
export class HtmlDocument {
  /** The host's number. */
  id;
  #registrations;
  #writer;
  /** The last write that was begun. @type {Promise<void>} */
  #written = Promise.resolve();
  /** By key. @type {Map<number, Function>} */
  #endTags = new Map();
  /** By key. @type {Map<number, Stream>} */
  #streams = new Map();
  #lastKey = 0;

  /**
   * @param {Registration[]} registrations
   * @param {import("stated:streams").WritableStreamDefaultWriter<any>} writer
   * @param {string} charset
   */
  constructor(registrations, writer, charset) {
    this.#registrations = registrations;
    this.#writer = writer;
    const kinds = registrations.map(({ functions }) => functions.reduce((bits, found, kind) => (
      found === undefined ? bits : bits | (1 << kind)), 0));
    this.id = ops.rewriterOpen(charset, registrations.map(({ selector }) => selector), Uint8Array.from(kinds),
      flag("html_rewriter_treats_esi_include_as_void_tag"));
  }

  /** Notes the handler of an end tag. @param {Function} handler @returns {number} its key */
  noteEndTag(handler) {
    this.#endTags.set(++this.#lastKey, handler);
    return this.#lastKey;
  }

  /** Notes a stream that becomes content. @param {Stream} stream @returns {number} its key */
  noteStream(stream) {
    this.#streams.set(++this.#lastKey, stream);
    return this.#lastKey;
  }

  /** Rewrites all of it. @param {import("stated:streams").ReadableStreamDefaultReader<any>} reader */
  async run(reader) {
    for (;;) {
      const { value, done } = await reader.read();
      await this.#follow(done ? ops.rewriterEnd(this.id) : ops.rewriterWrite(this.id, bytesOf(value)));
      this.#flush();
      await this.#written;
      if (done) return;
    }
  }

  /** @param {RewriterStep} first */
  async #follow(first) {
    for (let step = first; step !== undefined; step = ops.rewriterResume(this.id)) {
      const [kind, key] = step;
      if (kind === CONTENT) await this.#pour(key);
      else await this.#handle(kind, key);
    }
  }

  /** Calls the handler of a token and waits for what it returns. @param {number} kind @param {number} key */
  async #handle(kind, key) {
    const token = newToken(kind, this);
    try {
      const result = kind === END_TAG ? this.#callEndTag(key, token) : this.#call(key, kind, token);
      if (typeof result === "object" && result !== null) this.#flush();
      await result;
    } finally {
      releaseToken(token);
    }
  }

  /** @param {number} registration @param {number} kind @param {object} token */
  #call(registration, kind, token) {
    const { handlers, functions } = this.#registrations[registration];
    return /** @type {Function} */ (functions[kind]).call(handlers, token);
  }

  /** @param {number} key @param {object} token */
  #callEndTag(key, token) {
    const handler = /** @type {Function} */ (this.#endTags.get(key));
    this.#endTags.delete(key);
    return handler.call(globalThis, token);
  }

  /** Inserts a stream, piece by piece. @param {number} key */
  async #pour(key) {
    const stream = /** @type {Stream} */ (this.#streams.get(key));
    this.#streams.delete(key);
    if (stream.locked) throw new TypeError("The ReadableStream has been locked to a reader.");
    const reader = stream.getReader();
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        ops.rewriterPour(this.id, bytesOf(value));
        this.#flush();
        await this.#written;
      }
    } catch (error) {
      reader.cancel(error).catch(() => {});
      throw error;
    }
  }

  /** Begins to write what has come out. A handler that waits keeps back what follows it, not what came before. */
  #flush() {
    const output = ops.rewriterTake(this.id);
    if (output.byteLength === 0) return;
    this.#written = this.#writer.write(output);
    // Whoever waits for it hears of the failure; until then it is nobody's.
    this.#written.catch(() => {});
  }
}

/** @param {unknown} chunk @returns {Uint8Array} */
function bytesOf(chunk) {
  const bytes = typeof chunk === "string" ? ops.utf8Encode(chunk) : viewBytes(chunk);
  if (bytes === undefined) {
    throw new TypeError("This TransformStream is being used as a byte stream, but received an object of "
      + "non-ArrayBuffer/ArrayBufferView type on its writable side.");
  }
  return bytes;
}

/**
 * Rewrites a body into a stream, in the background. A failure of either end, or of a handler, ends both with its error.
 *
 * @param {Stream} body not locked
 * @param {import("stated:streams").WritableStream<any>} writable
 * @param {Registration[]} registrations
 * @param {string} charset
 */
export function rewrite(body, writable, registrations, charset) {
  const writer = writable.getWriter();
  const document = new HtmlDocument(registrations, writer, charset);
  const reader = body.getReader();
  document.run(reader).then(() => writer.close()).catch((error) => {
    reader.cancel(error).catch(() => {});
    writer.abort(error).catch(() => {});
  }).finally(() => ops.rewriterClose(document.id));
}
