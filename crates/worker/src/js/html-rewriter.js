/**
 * HTMLRewriter: handlers for what is in an HTML document, called while it passes through.
 *
 * Source: https://developers.cloudflare.com/workers/runtime-apis/html-rewriter/; error texts are those of workerd.
 *
 * @module
 */

import { ops } from "stated:host";
import { rewrite } from "stated:html-rewriter/document";
import { COMMENT, DOCTYPE, DOCUMENT_END, ELEMENT, TEXT } from "stated:html-rewriter/tokens";
import { isResponse, Response } from "stated:response";
import { IdentityTransformStream } from "stated:streams";
import { badArgument, badField, defineInterface, toDOMString } from "stated:webidl";

/**
 * What one call of `on` or `onDocument` has registered.
 *
 * @typedef {object} Registration
 * @property {string} selector "" for the document's
 * @property {any} handlers what its functions are called on
 * @property {(Function | undefined)[]} functions by kind of token
 */

/** @type {[string, number][]} */
const elementHandlers = [["element", ELEMENT], ["comments", COMMENT], ["text", TEXT]];
/** @type {[string, number][]} */
const documentHandlers = [["doctype", DOCTYPE], ["comments", COMMENT], ["text", TEXT], ["end", DOCUMENT_END]];

/** Rewrites HTML documents as they pass through. */
export class HTMLRewriter {
  /** @type {Registration[]} */ #registrations = [];

  /**
   * Registers handlers for the elements that match, and for the comments and text in them.
   *
   * @param {string} [selector]
   * @param {{ element?: Function, comments?: Function, text?: Function }} [handlers] its functions are read now
   */
  on(selector = undefined, handlers = undefined) {
    if (arguments.length < 1) throw badArgument("HTMLRewriter", "on", 1, "string");
    const text = toDOMString(selector);
    const functions = functionsOf("on", 2, "ElementContentHandlers", handlers, elementHandlers);
    ops.rewriterSelector(text);
    this.#registrations.push({ selector: text, handlers, functions });
    return this;
  }

  /**
   * Registers handlers for the document itself and all comments and text in it.
   *
   * @param {{ doctype?: Function, comments?: Function, text?: Function, end?: Function }} [handlers]
   */
  onDocument(handlers = undefined) {
    const functions = functionsOf("onDocument", 1, "DocumentContentHandlers", handlers, documentHandlers);
    this.#registrations.push({ selector: "", handlers, functions });
    return this;
  }

  /**
   * A response with the same head, whose body is what the handlers make of this one's. Handlers run as the body arrives,
   * without waiting for a reader.
   *
   * @param {Response} [response] not used yet
   * @returns {Response}
   */
  transform(response = undefined) {
    if (!isResponse(response)) throw badArgument("HTMLRewriter", "transform", 1, "Response");
    const { body } = response;
    if (body === null) return response;
    if (body.locked) throw new TypeError("The ReadableStream has been locked to a reader.");
    const { readable, writable } = new IdentityTransformStream();
    const result = new Response(readable, response);
    rewrite(body, writable, this.#registrations.slice(), charsetOf(response.headers.get("content-type")));
    return result;
  }
}

/**
 * @param {string} method
 * @param {number} position
 * @param {string} type
 * @param {any} handlers
 * @param {[string, number][]} names
 */
function functionsOf(method, position, type, handlers, names) {
  if (handlers !== null && typeof handlers !== "object" && typeof handlers !== "function") {
    throw badArgument("HTMLRewriter", method, position, type);
  }
  /** @type {(Function | undefined)[]} */
  const functions = [];
  for (const [name, kind] of names) {
    const found = handlers?.[name];
    if (found !== undefined && typeof found !== "function") throw badField(name, type, "function");
    functions[kind] = found;
  }
  return functions;
}

/** The label of the encoding that a Content-Type names. @param {string | null} type */
function charsetOf(type) {
  const found = /;[\t\n\r ]*charset=(?:"([^"]*)"|([^;]*))/i.exec(type ?? "");
  return found === null ? "utf-8" : (found[1] ?? found[2]).trim();
}

defineInterface(HTMLRewriter, []);
