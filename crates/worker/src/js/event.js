/**
 * The events of the platform, and all of event-target.js.
 *
 * @module
 */

import { DOMException } from "stated:dom-exception";
import { Event, eventInit, shownOfEvent } from "stated:event-target";
import { badConstructorArgument, badField, defineInterface, toDOMString, toUint16 } from "stated:webidl";

export { dispatch, defineEventHandlers, Event, EventTarget, hasListeners, watchListeners } from "stated:event-target";

/** An event with a value of the program. As in Workers `detail` is undefined, not null, without one. */
export class CustomEvent extends Event {
  #detail;

  /** @param {string} type @param {{ detail?: any, bubbles?: boolean, cancelable?: boolean, composed?: boolean }} [init] */
  constructor(type, init = undefined) {
    if (arguments.length < 1) throw badConstructorArgument("CustomEvent", 1, "string");
    super(type, eventInit(init, "CustomEvent", "CustomEventInit"));
    this.#detail = init?.detail;
  }

  get detail() {
    return this.#detail;
  }
}

/** A message of a WebSocket or port. */
export class MessageEvent extends Event {
  /** @type {any} */ #data = null;
  #origin = "";
  #lastEventId = "";
  /** @type {any} */ #source = null;
  /** @type {readonly any[]} */ #ports = Object.freeze([]);

  /**
   * @param {string} type
   * @param {{ data?: any, origin?: string, lastEventId?: string, source?: any, ports?: Iterable<any>, bubbles?: boolean,
   *   cancelable?: boolean, composed?: boolean }} [init]
   */
  constructor(type, init = undefined) {
    if (arguments.length < 1) throw badConstructorArgument("MessageEvent", 1, "string");
    super(type, eventInit(init, "MessageEvent", "Initializer"));
    if (init === undefined || init === null) return;
    if (init.data !== undefined) this.#data = init.data;
    if (init.origin !== undefined) this.#origin = toDOMString(init.origin);
    if (init.lastEventId !== undefined) this.#lastEventId = toDOMString(init.lastEventId);
    if (init.source !== undefined) this.#source = init.source;
    if (init.ports !== undefined) this.#ports = Object.freeze([...init.ports]);
  }

  get data() {
    return this.#data;
  }

  get origin() {
    return this.#origin;
  }

  get lastEventId() {
    return this.#lastEventId;
  }

  get source() {
    return this.#source;
  }

  get ports() {
    return this.#ports;
  }
}

/** The end of a WebSocket. */
export class CloseEvent extends Event {
  #code = 0;
  #reason = "";
  #wasClean = false;

  /**
   * @param {string} type
   * @param {{ code?: number, reason?: string, wasClean?: boolean, bubbles?: boolean, cancelable?: boolean,
   *   composed?: boolean }} [init]
   */
  constructor(type, init = undefined) {
    if (arguments.length < 1) throw badConstructorArgument("CloseEvent", 1, "string");
    super(type, eventInit(init, "CloseEvent", "Initializer"));
    if (init === undefined || init === null) return;
    if (init.code !== undefined) this.#code = toUint16(init.code);
    if (init.reason !== undefined) this.#reason = toDOMString(init.reason).toWellFormed();
    this.#wasClean = Boolean(init.wasClean);
  }

  get code() {
    return this.#code;
  }

  get reason() {
    return this.#reason;
  }

  get wasClean() {
    return this.#wasClean;
  }
}

/** A failure, with the error itself. */
export class ErrorEvent extends Event {
  #message = "";
  #filename = "";
  #lineno = 0;
  #colno = 0;
  /** @type {any} */ #error = undefined;

  /**
   * @param {string} type
   * @param {{ message?: string, filename?: string, lineno?: number, colno?: number, error?: any, bubbles?: boolean,
   *   cancelable?: boolean, composed?: boolean }} [init]
   */
  constructor(type, init = undefined) {
    if (arguments.length < 1) throw badConstructorArgument("ErrorEvent", 1, "string");
    super(type, eventInit(init, "ErrorEvent", "ErrorEventInit"));
    if (init === undefined || init === null) return;
    if (init.message !== undefined) this.#message = toDOMString(init.message);
    if (init.filename !== undefined) this.#filename = toDOMString(init.filename).toWellFormed();
    if (init.lineno !== undefined) this.#lineno = Number(init.lineno) >>> 0;
    if (init.colno !== undefined) this.#colno = Number(init.colno) >>> 0;
    this.#error = init.error;
  }

  get filename() {
    return this.#filename;
  }

  get message() {
    return this.#message;
  }

  get lineno() {
    return this.#lineno;
  }

  get colno() {
    return this.#colno;
  }

  get error() {
    return this.#error;
  }
}

/** A promise that was rejected without a handler, or got one late. */
export class PromiseRejectionEvent extends Event {
  /** @type {Promise<any>} */ #promise;
  #reason;

  /**
   * @param {string} type
   * @param {{ promise: Promise<any>, reason?: any, bubbles?: boolean, cancelable?: boolean, composed?: boolean }} init
   */
  constructor(type, init) {
    if (arguments.length < 2) throw badConstructorArgument("PromiseRejectionEvent", arguments.length + 1, "PromiseRejectionEventInit");
    super(type, init);
    if (init?.promise === undefined) throw badField("promise", "PromiseRejectionEventInit", "Promise");
    this.#promise = init.promise;
    this.#reason = init.reason;
  }

  get promise() {
    return this.#promise;
  }

  get reason() {
    return this.#reason;
  }
}

/** @type {(event: ExtendableEvent) => Promise<unknown>[]} */
let extensions;

/** An event whose handling may go on after its listeners returned. */
export class ExtendableEvent extends Event {
  /** @type {Promise<unknown>[]} */ #promises = [];

  /** @param {string} type @param {{ bubbles?: boolean, cancelable?: boolean, composed?: boolean }} [init] */
  constructor(type, init = undefined) {
    if (arguments.length < 1) throw badConstructorArgument("ExtendableEvent", 1, "string");
    super(type, init);
  }

  /** @param {PromiseLike<unknown>} promise */
  waitUntil(promise) {
    const promises = this.#promises;
    if (!this.isTrusted || this.eventPhase === 0) {
      throw new DOMException("waitUntil() can only be called while the event is being dispatched.", "InvalidStateError");
    }
    promises.push(Promise.resolve(promise));
  }

  static {
    extensions = (event) => event.#promises;
  }
}

/**
 * What the listeners passed to `waitUntil`.
 *
 * @param {ExtendableEvent} event
 */
export function extendedBy(event) {
  return extensions(event);
}

defineInterface(CustomEvent, ["detail", ...shownOfEvent]);
defineInterface(MessageEvent, ["ports", "source", "lastEventId", "origin", "data", ...shownOfEvent]);
defineInterface(CloseEvent, ["code", "reason", "wasClean", ...shownOfEvent]);
defineInterface(ErrorEvent, ["filename", "message", "lineno", "colno", "error", ...shownOfEvent]);
defineInterface(PromiseRejectionEvent, ["promise", "reason", ...shownOfEvent]);
defineInterface(ExtendableEvent, shownOfEvent);
