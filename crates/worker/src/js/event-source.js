/**
 * EventSource: server-sent events over fetch, and, as in Workers, from any stream.
 *
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html and
 * https://developers.cloudflare.com/workers/runtime-apis/eventsource/
 *
 * @module
 */

import { DOMException } from "stated:dom-exception";
import { TextDecoder } from "stated:encoding";
import { defineEventHandlers, dispatch, ErrorEvent, Event, EventTarget, MessageEvent } from "stated:event";
import { fetch } from "stated:fetch";
import { isReadableStream } from "stated:streams";
import { setTimeout } from "stated:timers";
import { URL } from "stated:url";
import { badArgument, badConstructorArgument, defineConstants, defineInterface, internal, toUSVString } from "stated:webidl";

/** Milliseconds before a lost connection is made again, unless the server says otherwise. */
const RECONNECT_MS = 2000;
/** The longest line, in code units: a server that never ends one must not fill the memory. */
const LINE_MAX = 10 << 20;

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 2;

/** Receives the events of a server. */
export class EventSource extends EventTarget {
  #url = "";
  /** @type {any} */ #fetcher;
  #readyState = CONNECTING;
  #lastEventId = "";
  #reconnectMs = RECONNECT_MS;
  /** @type {{ cancel(reason?: unknown): Promise<void> } | undefined} */ #reader;

  /**
   * @param {string | URL} url
   * @param {{ withCredentials?: boolean, fetcher?: any }} [init]
   */
  constructor(url, init = undefined) {
    if (arguments.length < 1) throw badConstructorArgument("EventSource", 1, "string");
    super();
    if (/** @type {unknown} */ (url) === internal) {
      this.#readyState = OPEN;
      return;
    }
    if (init?.withCredentials) {
      throw new DOMException("The init.withCredentials option is not supported. It must be false or undefined.", "NotSupportedError");
    }
    const text = toUSVString(url);
    const parsed = URL.parse(text);
    if (parsed === null) throw new DOMException(`Cannot open an EventSource to '${text}'. The URL is invalid.`, "SyntaxError");
    this.#url = parsed.href;
    this.#fetcher = init?.fetcher;
    this.#connect();
  }

  /**
   * An EventSource over a stream that is there already; it is not connected again.
   *
   * @param {import("stated:streams").ReadableStream<any>} stream
   */
  static from(stream) {
    if (!isReadableStream(stream)) throw badArgument("EventSource", "from", 1, "ReadableStream");
    const source = new EventSource(/** @type {any} */ (internal));
    source.#run(stream).then(() => source.#end(), (error) => source.#fail(error));
    return source;
  }

  get url() {
    return this.#url;
  }

  get withCredentials() {
    void this.#url;
    return false;
  }

  get readyState() {
    return this.#readyState;
  }

  close() {
    if (this.#readyState === CLOSED) return;
    this.#readyState = CLOSED;
    this.#reader?.cancel().catch(() => {});
  }

  async #connect() {
    try {
      /** @type {Record<string, string>} */
      const headers = { accept: "text/event-stream", "cache-control": "no-cache" };
      if (this.#lastEventId !== "") headers["last-event-id"] = this.#lastEventId;
      const response = await (this.#fetcher === undefined ? fetch(this.#url, { headers }) : this.#fetcher.fetch(this.#url, { headers }));
      if (this.#isClosed()) return;
      const refusal = refusalOf(response);
      if (refusal !== undefined) {
        this.#fail(new DOMException(refusal, "AbortError"));
        return;
      }
      this.#readyState = OPEN;
      dispatch(this, new Event("open"));
      await this.#run(response.body);
    } catch {
      // A connection that was lost, or never made, is made again.
    }
    this.#reconnect();
  }

  #isClosed() {
    return this.#readyState === CLOSED;
  }

  #reconnect() {
    if (this.#isClosed()) return;
    this.#readyState = CONNECTING;
    dispatch(this, new ErrorEvent("error"));
    setTimeout(() => {
      if (!this.#isClosed()) this.#connect();
    }, this.#reconnectMs);
  }

  #end() {
    if (this.#isClosed()) return;
    this.#readyState = CLOSED;
    dispatch(this, new ErrorEvent("error"));
  }

  /** @param {any} error */
  #fail(error) {
    if (this.#isClosed()) return;
    this.#readyState = CLOSED;
    dispatch(this, new ErrorEvent("error", { error, message: String(error?.message ?? error) }));
  }

  /**
   * Reads a stream to its end.
   *
   * @param {import("stated:streams").ReadableStream<any> | null} stream
   */
  async #run(stream) {
    if (stream === null) return;
    const reader = stream.getReader();
    this.#reader = reader;
    const parser = new EventParser();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || this.#isClosed()) return;
      for (const event of parser.push(value)) {
        if (event.retry !== undefined) this.#reconnectMs = event.retry;
        if (event.id !== undefined) this.#lastEventId = event.id;
        if (event.data === undefined || this.#isClosed()) continue;
        dispatch(this, new MessageEvent(event.type ?? "message", { data: event.data, lastEventId: this.#lastEventId }));
      }
    }
  }
}

/**
 * Why a response is no event stream, or undefined.
 *
 * @param {import("stated:response").Response} response
 */
function refusalOf(response) {
  if (response.status !== 200) return `The response status code was ${response.status}.`;
  const type = response.headers.get("content-type") ?? "";
  return /^text\/event-stream\s*(;|$)/i.test(type) ? undefined : "The content type in the response was invalid.";
}

/** @typedef {{ type?: string, data?: string, id?: string, retry?: number }} ParsedEvent */

/** Cuts a stream of bytes or text into events. */
class EventParser {
  #decoder = new TextDecoder("utf-8");
  #rest = "";
  #afterCr = false;
  /** @type {string[]} */ #data = [];
  /** @type {string | undefined} */ #type;
  /** @type {string | undefined} */ #id;

  /**
   * @param {any} chunk
   * @returns {ParsedEvent[]}
   */
  push(chunk) {
    let text = typeof chunk === "string" ? chunk : this.#decoder.decode(chunk, { stream: true });
    // A CRLF may be cut in two.
    if (this.#afterCr && text.startsWith("\n")) text = text.slice(1);
    if (text !== "") this.#afterCr = text.endsWith("\r");
    const lines = (this.#rest + text).split(/\r\n|\n|\r/);
    this.#rest = /** @type {string} */ (lines.pop());
    if (this.#rest.length > LINE_MAX) throw new TypeError("A line of the event stream is too long.");
    return lines.flatMap((line) => this.#line(line));
  }

  /**
   * @param {string} line
   * @returns {ParsedEvent[]}
   */
  #line(line) {
    if (line === "") return this.#finish();
    const colon = line.indexOf(":");
    if (colon === 0) return [];
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#type = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "retry" && /^[0-9]+$/.test(value)) return [{ retry: Number(value) }];
    return [];
  }

  /** @returns {ParsedEvent[]} */
  #finish() {
    const data = this.#data.length === 0 ? undefined : this.#data.join("\n");
    const event = { type: this.#type === "" ? undefined : this.#type, data, id: this.#id };
    this.#data = [];
    this.#type = undefined;
    this.#id = undefined;
    return [event];
  }
}

defineEventHandlers(EventSource.prototype, ["open", "message", "error"]);
defineConstants(EventSource, { CONNECTING, OPEN, CLOSED });
defineInterface(EventSource, ["url", "withCredentials", "readyState"]);
