/**
 * TextEncoderStream and TextDecoderStream of the Encoding standard.
 *
 * @module
 */

import { TextDecoder, TextEncoder } from "stated:encoding";
import { lacks } from "stated:settings";
import { TransformStream } from "stated:vendor/web-streams-polyfill";
import { defineInterface, toDOMString } from "stated:webidl";

/** How many chunks are let out before anybody reads: before 2026-03-24 one, and before 2024-12-16 all. */
function readableStrategy() {
  if (lacks("fixup-transform-stream-backpressure")) return { highWaterMark: Infinity };
  return { highWaterMark: lacks("encoder_stream_spec_compliant_backpressure") ? 1 : 0 };
}

/** Strings in, UTF-8 out; a surrogate pair may be cut in two chunks. */
export class TextEncoderStream {
  #stream;

  constructor() {
    const encoder = new TextEncoder();
    let highSurrogate = "";
    this.#stream = new TransformStream({
      transform(chunk, controller) {
        let text = highSurrogate + toDOMString(chunk);
        highSurrogate = "";
        const last = text.charCodeAt(text.length - 1);
        if (last >= 0xd800 && last <= 0xdbff) {
          highSurrogate = text.slice(-1);
          text = text.slice(0, -1);
        }
        if (text !== "") controller.enqueue(encoder.encode(text));
      },
      flush(controller) {
        if (highSurrogate !== "") controller.enqueue(encoder.encode("\ufffd"));
      },
    }, undefined, readableStrategy());
  }

  get encoding() {
    void this.#stream;
    return "utf-8";
  }

  get readable() {
    return this.#stream.readable;
  }

  get writable() {
    return this.#stream.writable;
  }
}

/** Bytes in, strings out. */
export class TextDecoderStream {
  #decoder;
  #stream;

  /**
   * @param {string} [label]
   * @param {{ fatal?: boolean, ignoreBOM?: boolean }} [options]
   */
  constructor(label = "utf-8", options = undefined) {
    const decoder = new TextDecoder(label, options);
    this.#decoder = decoder;
    this.#stream = new TransformStream({
      transform(chunk, controller) {
        // A missing argument of decode is no bytes, a missing chunk is an error.
        const text = decoder.decode(chunk === undefined ? null : chunk, { stream: true });
        if (text !== "") controller.enqueue(text);
      },
      flush(controller) {
        const text = decoder.decode();
        if (text !== "") controller.enqueue(text);
      },
    }, undefined, readableStrategy());
  }

  get encoding() {
    return this.#decoder.encoding;
  }

  get fatal() {
    return this.#decoder.fatal;
  }

  get ignoreBOM() {
    return this.#decoder.ignoreBOM;
  }

  get readable() {
    return this.#stream.readable;
  }

  get writable() {
    return this.#stream.writable;
  }
}

defineInterface(TextEncoderStream, ["encoding", "readable", "writable"]);
defineInterface(TextDecoderStream, ["encoding", "fatal", "ignoreBOM", "readable", "writable"]);
