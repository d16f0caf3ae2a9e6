/**
 * Spans that a program opens around parts of its work: `tracing` of `cloudflare:workers` and of the context of stateless
 * handlers. Nobody records them here, so they run what they are given and tell that they are not traced.
 *
 * Source: https://developers.cloudflare.com/workers/observability/traces/
 *
 * @module
 */

import { registerPlatformClass } from "stated:platform-classes";
import { badArgument, defineInterface, illegalConstructor, internal, toDOMString } from "stated:webidl";

/** A part of an event's work. */
export class Span {
  #isTraced = false;

  /** @param {symbol} [key] */
  constructor(key = undefined) {
    if (key !== internal) throw illegalConstructor();
  }

  /** Whether somebody records it. */
  get isTraced() {
    return this.#isTraced;
  }

  /**
   * @param {string} name
   * @param {string | number | boolean | undefined} _value
   * @returns {this}
   */
  setAttribute(name, _value) {
    if (arguments.length < 1) throw badArgument("Span", "setAttribute", 1, "string");
    toDOMString(name);
    void this.#isTraced;
    return this;
  }

  /**
   * @param {Record<string, string | number | boolean | undefined>} attributes
   * @returns {this}
   */
  setAttributes(attributes) {
    if (typeof attributes !== "object" || attributes === null) throw badArgument("Span", "setAttributes", 1, "object");
    void this.#isTraced;
    return this;
  }

  /** Ends it, if it has not ended. */
  end() {
    void this.#isTraced;
  }
}

/** What opens spans. */
export class Tracing {
  /** @param {symbol} [key] */
  constructor(key = undefined) {
    if (key !== internal) throw illegalConstructor();
  }

  /**
   * Calls `fn` with a span that ends when `fn` has returned, or what it returned is settled.
   *
   * @template T
   * @param {string} name
   * @param {(span: Span, ...args: any[]) => T} fn
   * @param {...any} args
   * @returns {T}
   */
  enterSpan(name, fn, ...args) {
    return inSpan("enterSpan", arguments.length, name, fn, args);
  }

  /**
   * The same with a span that the program ends.
   *
   * @template T
   * @param {string} name
   * @param {(span: Span, ...args: any[]) => T} fn
   * @param {...any} args
   * @returns {T}
   */
  startActiveSpan(name, fn, ...args) {
    return inSpan("startActiveSpan", arguments.length, name, fn, args);
  }

  /** A span that the program ends. @param {string} name */
  startSpan(name) {
    if (arguments.length < 1) throw badArgument("Tracing", "startSpan", 1, "string");
    toDOMString(name);
    return new Span(internal);
  }
}

/**
 * @param {string} method
 * @param {number} count of arguments
 * @param {string} name
 * @param {Function} fn
 * @param {unknown[]} args
 */
function inSpan(method, count, name, fn, args) {
  if (count < 1) throw badArgument("Tracing", method, 1, "string");
  toDOMString(name);
  if (typeof fn !== "function") throw badArgument("Tracing", method, 2, "Function");
  return fn(new Span(internal), ...args);
}

Object.defineProperty(Tracing.prototype, "Span", { value: Span, writable: true, configurable: true });
defineInterface(Span, ["isTraced"]);
defineInterface(Tracing, []);
registerPlatformClass(Span);
registerPlatformClass(Tracing);

/** The one of each realm. */
export const tracing = new Tracing(internal);
