/**
 * Body: what Request and Response have in common, their headers included.
 *
 * A body stays what it was made of (text, bytes or the id of a host body) until somebody asks for `.body`; reading it as a
 * whole or passing it on never makes a stream. A stream made here remembers its content until it is first read, so that
 * `new Response(response.body, response)` still moves the host's body instead of pumping it.
 *
 * Source: the Fetch standard's Body mixin; Workers has it as a class. Error texts are those of Workers.
 *
 * @module
 */

import { Blob, blobAround, blobBytes } from "stated:blob";
import { contentStream, locked, lockedForSharing, streamToHostBody, takeStream, untouchedContent, used } from "stated:body-stream";
import { FormData, parseFormData, serializeMultipart } from "stated:form-data";
import { headerIn, headersAround, headersOfHost, listBehind, toWire, wireListBehind } from "stated:headers";
import { ops } from "stated:host";
import { takeAccessors } from "stated:own-accessors";
import { extractMimeType, serializeMimeType } from "stated:mime-type";
import { flag, lacks } from "stated:settings";
import { isDisturbed, isReadableStream, lengthOf, markSpent, ReadableStream, TransformStream } from "stated:streams";
import { programClasses } from "stated:url";
import { defineInterface, illegalConstructor, internal, isSharedBuffer, toDOMString, viewBytes } from "stated:webidl";

export { hostBodyStream, streamToHostBody } from "stated:body-stream";

/** @typedef {import("stated:headers").Headers} Headers */
/** @typedef {import("stated:body-stream").Content} Content */

/** @type {(body: Body) => Headers} */
let headersOfBody;
/** @type {(body: Body) => string[]} */
let listOfBody;
/** @type {(body: Body) => string[]} */
let wireListOfBody;
/** @type {(body: Body, list: string[]) => void} */
let setListOfBody;
/** @type {(body: Body) => Content | null | Promise<Uint8Array>} */
let take;
/** @type {(body: Body, init: unknown) => string | null} */
let fill;
/** @type {(to: Body, from: Body) => void} */
let move;
/** @type {(to: Body, from: Body) => void} */
let share;
/** @type {(body: Body) => import("stated:host").WireBody} */
let toWireBody;
/** @type {(body: Body) => boolean} */
let wasUsed;
/** @type {(body: Body) => boolean} */
let isPresent;

/** The body and the headers of a Request or Response. */
export class Body {
  /** @type {Content | null} the body while it has no stream */ #content;
  /** @type {ReadableStream<any> | null} */ #stream = null;
  /** Consumed without a stream. */
  #used = false;
  /** @type {Headers | null} made when first asked for */ #headers = null;
  /** @type {string[]} the headers until then */ #list;
  /** The list came from the host: its values are byte strings and programs cannot change it. */
  #fromHost;

  /**
   * @param {symbol} token
   * @param {Content | null} content
   * @param {string[]} list
   * @param {boolean} fromHost
   */
  constructor(token, content, list, fromHost) {
    if (token !== internal) throw illegalConstructor();
    this.#content = content;
    this.#list = list;
    this.#fromHost = fromHost;
    takeAccessors(this);
  }

  static {
    headersOfBody = (body) => (body.#headers ??= body.#fromHost ? headersOfHost(body.#list) : headersAround(body.#list));
    listOfBody = (body) => {
      // The host's list is turned to text by the Headers object, which knows that it is done.
      return body.#headers === null && !body.#fromHost ? body.#list : listBehind(headersOfBody(body));
    };
    wireListOfBody = (body) => {
      if (body.#headers !== null) return wireListBehind(body.#headers);
      return body.#fromHost ? body.#list : toWire(body.#list);
    };
    setListOfBody = (body, list) => {
      body.#list = list;
    };
    take = (body) => {
      const stream = body.#stream;
      if (stream !== null) return takeStream(stream);
      if (body.#used) throw used();
      const content = body.#content;
      if (content === null) return null;
      body.#used = true;
      body.#content = null;
      return typeof content === "number" ? ops.bodyReadAll(content) : content;
    };
    fill = (body, init) => {
      const extracted = extract(init);
      if (typeof extracted.content === "object" && isReadableStream(extracted.content)) body.#stream = extracted.content;
      else body.#content = /** @type {Content} */ (extracted.content);
      return extracted.type;
    };
    move = (to, from) => {
      if (from.#stream !== null) {
        if (isDisturbed(from.#stream) || from.#stream.locked) throw used();
        const content = untouchedContent(from.#stream);
        if (content !== undefined) {
          to.#content = content;
          markSpent(from.#stream);
        } else {
          to.#stream = from.#stream.pipeThrough(new TransformStream());
        }
        return;
      }
      if (from.#used) throw used();
      if (from.#content === null) return;
      to.#content = from.#content;
      from.#content = null;
      from.#used = true;
    };
    share = (to, from) => {
      to.#fromHost = from.#fromHost;
      to.#list = (from.#fromHost ? wireListOfBody(from) : listOfBody(from)).slice();
      if (from.#used) throw lockedForSharing();
      const stream = from.#stream;
      if (stream !== null && (isDisturbed(stream) || stream.locked)) throw lockedForSharing();
      if (stream !== null) {
        const untouched = untouchedContent(stream);
        if (untouched === undefined) {
          [from.#stream, to.#stream] = stream.tee();
          return;
        }
        from.#content = untouched;
        from.#stream = null;
        markSpent(stream);
      }
      const content = from.#content;
      if (typeof content === "number") [from.#content, to.#content] = ops.bodyTee(content);
      else to.#content = content instanceof Uint8Array ? content.slice() : content;
    };
    wasUsed = (body) => body.#used || (body.#stream !== null && isDisturbed(body.#stream));
    isPresent = (body) => body.#used || body.#stream !== null || body.#content !== null;
    toWireBody = (body) => {
      const stream = body.#stream;
      if (stream !== null) {
        if (isDisturbed(stream)) throw used();
        if (stream.locked) throw locked();
        const content = untouchedContent(stream);
        if (content === undefined) return streamToHostBody(stream, lengthOf(stream));
        markSpent(stream);
        return wireContent(content);
      }
      if (body.#used) throw used();
      const content = body.#content;
      if (content === null) return null;
      body.#content = null;
      body.#used = true;
      return wireContent(content);
    };
  }

  /** @returns {ReadableStream<Uint8Array> | null} */
  get body() {
    if (this.#stream !== null) return this.#stream;
    if (this.#used) {
      this.#stream = new ReadableStream({ type: "bytes" });
      markSpent(this.#stream);
    } else if (this.#content !== null) {
      this.#stream = contentStream(this.#content, null);
      this.#content = null;
    }
    return this.#stream;
  }

  get bodyUsed() {
    return wasUsed(this);
  }

  /** @returns {Promise<ArrayBuffer>} */
  async arrayBuffer() {
    return ownBuffer(await takeBytes(this));
  }

  /** @returns {Promise<Uint8Array>} */
  async bytes() {
    return new Uint8Array(ownBuffer(await takeBytes(this)));
  }

  /** @returns {Promise<string>} */
  async text() {
    const content = take(this);
    return typeof content === "string" ? withoutBom(content) : textOf(await content);
  }

  /** @returns {Promise<any>} */
  async json() {
    const content = take(this);
    return JSON.parse(typeof content === "string" ? withoutBom(content) : textOf(await content));
  }

  /** @returns {Promise<FormData>} */
  async formData() {
    const contentType = headerIn(listOfBody(this), "content-type");
    return parseFormData(await takeBytes(this), contentType);
  }

  /** @returns {Promise<Blob>} */
  async blob() {
    const contentType = headerIn(listOfBody(this), "content-type");
    if (lacks("blob_standard_mime_type")) return blobAround(await takeBytes(this), contentType ?? "", true);
    const mimeType = extractMimeType(contentType);
    return blobAround(await takeBytes(this), mimeType === null ? "" : serializeMimeType(mimeType), true);
  }
}

defineInterface(Body);
// To programs it takes nothing.
Object.defineProperty(Body, "length", { value: 0, configurable: true });

/** @param {Body} body @returns {Promise<Uint8Array>} */
async function takeBytes(body) {
  const content = take(body);
  if (content === null) return new Uint8Array(0);
  return typeof content === "string" ? ops.utf8Encode(content) : /** @type {Uint8Array} */ (await content);
}

/** @param {Content | null} content @returns {string} */
function textOf(content) {
  return content === null ? "" : ops.textDecode("utf-8", /** @type {Uint8Array} */ (content), false, lacks("strip_bom_in_read_all_text"));
}

/** What encoding and decoding would do to a text. @param {string} text */
function withoutBom(text) {
  const wellFormed = text.toWellFormed();
  return wellFormed.charCodeAt(0) === 0xfeff && !lacks("strip_bom_in_read_all_text") ? wellFormed.slice(1) : wellFormed;
}

/** @param {Uint8Array} bytes @returns {ArrayBuffer} */
function ownBuffer(bytes) {
  const { buffer } = bytes;
  const whole = bytes.byteLength === buffer.byteLength;
  return /** @type {ArrayBuffer} */ (whole ? buffer : bytes.slice().buffer);
}

/** @param {Content} content */
function wireContent(content) {
  return typeof content === "string" ? ops.utf8Encode(content) : content;
}

/**
 * Turns what a program gives as a body into content and its Content-Type. Bytes are copied.
 *
 * @param {any} init
 * @returns {{ content: Content | ReadableStream<any>, type: string | null }}
 */
function extract(init) {
  if (typeof init === "string") return { content: init, type: "text/plain;charset=UTF-8" };
  if (typeof init === "object" && init !== null) {
    if (isReadableStream(init)) return { content: usable(init), type: null };
    const bytes = isSharedBuffer(init) ? undefined : viewBytes(init);
    if (bytes !== undefined) return { content: bytes.slice(), type: null };
    if (init instanceof Blob) return { content: blobBytes(init).slice(), type: init.type === "" ? null : init.type };
    if (init instanceof programClasses.URLSearchParams) {
      return { content: init.toString(), type: "application/x-www-form-urlencoded;charset=UTF-8" };
    }
    if (init instanceof FormData) {
      const { bytes: content, type } = serializeMultipart(init);
      return { content, type };
    }
    if (isAsyncIterable(init) || isListOfBytes(init)) {
      return { content: ReadableStream.from(init), type: null };
    }
  }
  return { content: toDOMString(init), type: "text/plain;charset=UTF-8" };
}

/** @param {any} init */
function isAsyncIterable(init) {
  return typeof init[Symbol.asyncIterator] === "function" && !lacks("fetch_iterable_type_support");
}

/**
 * Whether an iterable is a body of chunks. What has a text of its own is that text.
 *
 * @param {any} init
 */
function isListOfBytes(init) {
  if (typeof init[Symbol.iterator] !== "function" || !flag("fetch_iterable_type_support")) return false;
  return Array.isArray(init) || (init.toString === Object.prototype.toString && init[Symbol.toPrimitive] === undefined);
}

/** @param {ReadableStream<any>} stream */
function usable(stream) {
  if (isDisturbed(stream)) {
    throw new TypeError("This ReadableStream is disturbed (has already been read from), and cannot be used as a body.");
  }
  if (stream.locked) throw new TypeError("This ReadableStream is locked to a reader, and cannot be used as a body.");
  return stream;
}

/**
 * The headers as an object.
 *
 * @param {Body} body
 * @returns {Headers}
 */
export function headersOf(body) {
  return headersOfBody(body);
}

/**
 * The headers as a flat list, not a copy.
 *
 * @param {Body} body
 * @returns {string[]}
 */
export function headerListOf(body) {
  return listOfBody(body);
}

/**
 * Replaces the list of a body whose `headers` nobody has seen yet.
 *
 * @param {Body} body
 * @param {string[]} list
 */
export function setHeaderList(body, list) {
  setListOfBody(body, list);
}

/**
 * The headers as the host takes them.
 *
 * @param {Body} body
 * @returns {string[]}
 */
export function wireHeaders(body) {
  return wireListOfBody(body);
}

/**
 * Gives a new Request or Response the body that a program passed in, and the Content-Type that goes with it unless the
 * headers have one.
 *
 * @param {Body} body
 * @param {unknown} init neither null nor undefined
 */
export function setBody(body, init) {
  const type = fill(body, init);
  if (type === null) return;
  const list = listOfBody(body);
  if (headerIn(list, "content-type") === null) list.push("content-type", type);
}

/**
 * Whether anything of the body was read.
 *
 * @param {Body} body
 * @returns {boolean}
 */
export function isUsed(body) {
  return wasUsed(body);
}

/**
 * Whether there is a body, used or not.
 *
 * @param {Body} body
 * @returns {boolean}
 */
export function hasBody(body) {
  return isPresent(body);
}

/**
 * Moves the body of one to the other; the former is used afterwards.
 *
 * @param {Body} to
 * @param {Body} from
 */
export function moveBody(to, from) {
  move(to, from);
}

/**
 * Gives a clone a body of its own with the same content, and the same headers; immutable ones stay so.
 *
 * @param {Body} to
 * @param {Body} from
 */
export function shareBody(to, from) {
  share(to, from);
}

/**
 * The body as the host takes it; it is used afterwards.
 *
 * @param {Body} body
 * @returns {import("stated:host").WireBody}
 */
export function wireBody(body) {
  return toWireBody(body);
}
