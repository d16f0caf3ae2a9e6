/**
 * Event and EventTarget of the DOM standard for targets without a tree: every dispatch is at its target. The other event
 * classes are in event.js, which is the module to import from.
 *
 * An exception of a listener ends a `dispatchEvent()` of the program, which throws it, as in Workers before 2026-09-15 and unlike
 * the standard. From then on, and while the runtime dispatches, it goes to the log and does not stop the other listeners. This module knows nothing of
 * sockets, timers or contexts; they make events and call `dispatch`.
 *
 * @module
 */

import { ops } from "stated:host";
import { DOMException } from "stated:dom-exception";
import { takeAccessors } from "stated:own-accessors";
import { reportUncaught } from "stated:report";
import { flag, lacks } from "stated:settings";
import { badArgument, badConstructorArgument, defineConstants, defineInspection, defineInterface, toDictionary,
  toDOMString } from "stated:webidl";

const STOPPED = 1;
const STOPPED_AT_ONCE = 2;
const CANCELED = 4;
const IN_PASSIVE_LISTENER = 8;
const DISPATCHING = 16;
const TRUSTED = 32;

/** @type {(event: Event, target: EventTarget, flags: number) => void} */
let beginDispatch;
/** @type {(event: Event) => boolean} returns whether the default was not prevented */
let endDispatch;
/** @type {(event: Event) => number} */
let flagsOf;
/** @type {(event: Event, set: number, clear: number) => void} */
let changeFlags;

/**
 * The second argument of an event's constructor, checked.
 *
 * @param {any} init
 * @param {string} name of the class
 * @param {string} type as Workers names it
 */
export function eventInit(init, name, type) {
  return toDictionary(init, () => badConstructorArgument(name, 2, type));
}

/** An event. */
export class Event {
  /** @type {string} */ #type;
  #bubbles = false;
  #cancelable = false;
  #composed = false;
  /** @type {EventTarget | null} kept after the dispatch, as `currentTarget`, too, in Workers */ #target = null;
  #flags = 0;
  #timeStamp = ops.monotonicNow();

  /**
   * @param {string} type
   * @param {{ bubbles?: boolean, cancelable?: boolean, composed?: boolean }} [init]
   */
  constructor(type, init = undefined) {
    if (arguments.length < 1) throw badConstructorArgument("Event", 1, "string");
    this.#type = toDOMString(type);
    takeAccessors(this);
    if (init === undefined || init === null) return;
    const options = eventInit(init, "Event", "Init");
    this.#bubbles = Boolean(options.bubbles);
    this.#cancelable = Boolean(options.cancelable);
    this.#composed = Boolean(options.composed);
  }

  static {
    beginDispatch = (event, target, flags) => {
      if (event.#flags & DISPATCHING) {
        throw new DOMException("The event is already being dispatched.", "InvalidStateError");
      }
      event.#flags = (event.#flags & ~TRUSTED) | DISPATCHING | flags;
      event.#target = target;
    };
    endDispatch = (event) => {
      event.#flags &= ~(DISPATCHING | STOPPED | STOPPED_AT_ONCE);
      return (event.#flags & CANCELED) === 0;
    };
    flagsOf = (event) => event.#flags;
    changeFlags = (event, set, clear) => {
      event.#flags = (event.#flags & ~clear) | set;
    };
  }

  get type() {
    return this.#type;
  }

  get eventPhase() {
    return this.#flags & DISPATCHING ? 2 : 0;
  }

  get composed() {
    return this.#composed;
  }

  get bubbles() {
    return this.#bubbles;
  }

  get cancelable() {
    return this.#cancelable;
  }

  get defaultPrevented() {
    return (this.#flags & CANCELED) !== 0;
  }

  get returnValue() {
    return (this.#flags & CANCELED) === 0;
  }

  set returnValue(value) {
    const keeps = Boolean(value) || !this.#cancelable || (this.#flags & IN_PASSIVE_LISTENER) !== 0;
    this.#flags |= keeps ? 0 : CANCELED;
  }

  get currentTarget() {
    return this.#target;
  }

  get target() {
    return this.#target;
  }

  get srcElement() {
    return this.#target;
  }

  /** Milliseconds since the process started. */
  get timeStamp() {
    return this.#timeStamp;
  }

  get isTrusted() {
    return (this.#flags & TRUSTED) !== 0;
  }

  get cancelBubble() {
    return (this.#flags & STOPPED) !== 0;
  }

  set cancelBubble(value) {
    this.#flags |= value ? STOPPED : 0;
  }

  stopImmediatePropagation() {
    this.#flags |= STOPPED | STOPPED_AT_ONCE;
  }

  preventDefault() {
    if (this.#cancelable && !(this.#flags & IN_PASSIVE_LISTENER)) this.#flags |= CANCELED;
  }

  stopPropagation() {
    this.#flags |= STOPPED;
  }

  composedPath() {
    return this.#flags & DISPATCHING ? [/** @type {EventTarget} */ (this.#target)] : [];
  }
}

/** What printing an event shows; subclasses put their own first. */
export const shownOfEvent = ["type", "eventPhase", "composed", "bubbles", "cancelable", "defaultPrevented", "returnValue",
  "currentTarget", "target", "srcElement", "timeStamp", "isTrusted", "cancelBubble"];

/**
 * @typedef {object} Listener
 * @property {Function | { handleEvent: Function } | null} callback null for a handler attribute that was emptied
 * @property {boolean} capture
 * @property {boolean} once
 * @property {boolean} passive
 * @property {boolean} removed
 * @property {boolean} isHandler set through an `on…` attribute
 */

/** From so many listeners on they are found by their callback. */
const INDEXED_FROM = 16;

/** Who listens to one type of event, in the order in which they were added. */
class Listeners {
  /** Those that were removed stay while somebody goes through them. @type {Listener[]} */
  list = [];
  size = 0;
  /** How many dispatches go through the list. */
  #readers = 0;
  /** By callback; without those of handler attributes, whose callbacks change. @type {Map<unknown, Listener[]> | null} */
  #index = null;

  /** @param {unknown} callback @param {boolean} capture @returns {Listener | undefined} */
  find(callback, capture) {
    const among = this.#index === null ? this.list : this.#index.get(callback);
    return among?.find((entry) => entry.callback === callback && entry.capture === capture && !entry.isHandler && !entry.removed);
  }

  /** @param {Listener} listener */
  add(listener) {
    this.list.push(listener);
    this.size++;
    if (this.#index !== null) {
      this.#enter(listener);
    } else if (this.size >= INDEXED_FROM) {
      this.#index = new Map();
      for (const entry of this.list) this.#enter(entry);
    }
  }

  /** @param {Listener} listener */
  #enter(listener) {
    if (listener.isHandler || listener.removed) return;
    const same = this.#index?.get(listener.callback);
    if (same === undefined) this.#index?.set(listener.callback, [listener]);
    else same.push(listener);
  }

  /** @param {Listener} listener */
  remove(listener) {
    listener.removed = true;
    this.size--;
    const same = this.#index?.get(listener.callback);
    if (same !== undefined) {
      const rest = same.filter((entry) => entry !== listener);
      if (rest.length === 0) this.#index?.delete(listener.callback);
      else this.#index?.set(listener.callback, rest);
    }
    if (this.#readers === 0) this.list.splice(this.list.indexOf(listener), 1);
  }

  begin() {
    this.#readers++;
  }

  end() {
    if (--this.#readers === 0 && this.list.length > this.size) this.list = this.list.filter((entry) => !entry.removed);
  }
}

/** @type {(target: EventTarget, event: Event, flags: number) => boolean} */
let dispatchWith;
/** @type {(target: EventTarget, type: string) => Listener | undefined} */
let handlerOf;
/** @type {(target: EventTarget, type: string, callback: any) => void} */
let setHandler;
/** @type {(target: EventTarget, type: string) => boolean} */
let listening;
/** @type {(target: EventTarget, changed: () => void) => void} */
let watch;

/** Something that events can be dispatched to. */
export class EventTarget {
  /** @type {Map<string, Listeners> | null} made for the first listener */
  #listeners = null;
  /** @type {(() => void) | null} */ #changed = null;

  /**
   * @param {string} type
   * @param {Function | { handleEvent: Function } | null} callback
   * @param {boolean | { capture?: boolean, once?: boolean, passive?: boolean, signal?: EventTarget & { aborted: boolean } }} [options]
   */
  addEventListener(type, callback, options = undefined) {
    if (arguments.length < 1) throw badArgument("EventTarget", "addEventListener", 1, "string");
    if (arguments.length < 2 || !isCallback(callback)) {
      throw badArgument("EventTarget", "addEventListener", 2, "function or HandlerObject");
    }
    const name = toDOMString(type);
    /** @type {any} */
    const given = typeof options === "object" && options !== null ? options : undefined;
    const capture = Boolean(given === undefined ? options : given.capture);
    const once = given !== undefined && Boolean(given.once);
    const passive = given !== undefined && Boolean(given.passive);
    const signal = given?.signal;
    if (signal !== undefined) {
      if (typeof signal?.aborted !== "boolean" || typeof signal.addEventListener !== "function") {
        throw new TypeError("Incorrect type for the 'signal' field on 'AddEventListenerOptions': the provided value is not of "
          + "type 'AbortSignal'.");
      }
      if (signal.aborted) return;
    }
    if (callback === null || callback === undefined) return;
    if (this.#listeners?.get(name)?.find(callback, capture) !== undefined) return;
    const listener = { callback, capture, once, passive, removed: false, isHandler: false };
    this.#add(name, listener);
    signal?.addEventListener("abort", () => this.#drop(name, listener), { once: true });
  }

  /**
   * @param {string} type
   * @param {Function | { handleEvent: Function } | null} callback
   * @param {boolean | { capture?: boolean }} [options]
   */
  removeEventListener(type, callback, options = undefined) {
    if (arguments.length < 2 || !isCallback(callback)) {
      throw badArgument("EventTarget", "removeEventListener", Math.min(arguments.length + 1, 2), arguments.length < 1 ? "string" : "Object");
    }
    const capture = typeof options === "object" && options !== null ? Boolean(options.capture) : Boolean(options);
    this.#remove(toDOMString(type), callback, capture);
  }

  /**
   * Calls the listeners one after the other, at once. Returns false when one of them prevented the default. Before 2026-09-15
   * throws what the first of them throws, which ends the dispatch.
   *
   * @param {Event} event
   * @returns {boolean}
   */
  dispatchEvent(event) {
    if (!(event instanceof Event)) throw badArgument("EventTarget", "dispatchEvent", 1, "Event");
    return dispatchWith(this, event, 0);
  }

  /** @param {string} type @param {Listener} listener */
  #add(type, listener) {
    this.#listeners ??= new Map();
    let listeners = this.#listeners.get(type);
    if (listeners === undefined) this.#listeners.set(type, listeners = new Listeners());
    listeners.add(listener);
    this.#changed?.();
  }

  /** @param {string} type @param {unknown} callback @param {boolean} capture */
  #remove(type, callback, capture) {
    const found = this.#listeners?.get(type)?.find(callback, capture);
    if (found !== undefined) this.#drop(type, found);
  }

  /** @param {string} type @param {Listener} listener */
  #drop(type, listener) {
    if (listener.removed) return;
    const listeners = /** @type {Listeners} */ (this.#listeners?.get(type));
    listeners.remove(listener);
    if (listeners.size === 0) this.#listeners?.delete(type);
    this.#changed?.();
  }

  static {
    dispatchWith = (target, event, flags) => {
      const listeners = target.#listeners;
      beginDispatch(event, target, flags);
      const found = listeners === null ? undefined : listeners.get(event.type);
      try {
        if (found !== undefined && !(flagsOf(event) & STOPPED)) {
          // At the target, capturing listeners come first, and may change who listens without.
          const captured = found.list.some((entry) => entry.capture);
          if (captured) target.#invoke(found, event, true);
          const rest = captured ? listeners?.get(event.type) : found;
          if (rest !== undefined && !(flagsOf(event) & STOPPED)) target.#invoke(rest, event, false);
        }
      } catch (error) {
        endDispatch(event);
        throw error;
      }
      return endDispatch(event);
    };
    handlerOf = (target, type) => target.#listeners?.get(type)?.list.find((entry) => entry.isHandler && !entry.removed);
    setHandler = (target, type, callback) => {
      const entry = handlerOf(target, type);
      if (entry !== undefined) {
        if (callback === null) target.#drop(type, entry);
        else entry.callback = callback;
      } else if (callback !== null) {
        target.#add(type, { callback, capture: false, once: false, passive: false, removed: false, isHandler: true });
      }
    };
    watch = (target, changed) => {
      target.#changed = changed;
    };
    listening = (target, type) => target.#listeners !== null && target.#listeners.has(type);
  }

  /** Calls those that listen now. @param {Listeners} listeners @param {Event} event @param {boolean} capture */
  #invoke(listeners, event, capture) {
    const { list } = listeners;
    const count = list.length;
    listeners.begin();
    try {
      for (let i = 0; i < count; i++) {
        const listener = list[i];
        if (listener.removed || listener.capture !== capture) continue;
        if (listener.once) this.#drop(event.type, listener);
        if (listener.passive) changeFlags(event, IN_PASSIVE_LISTENER, 0);
        try {
          call(listener, this, event);
        } catch (error) {
          if (!(flagsOf(event) & TRUSTED) && !flag("spec_compliant_dispatch_exceptions")) throw error;
          reportUncaught(error);
        } finally {
          if (listener.passive) changeFlags(event, 0, IN_PASSIVE_LISTENER);
        }
        if (flagsOf(event) & STOPPED_AT_ONCE) return;
      }
    } finally {
      listeners.end();
    }
  }
}

/** @param {unknown} value */
function isCallback(value) {
  return typeof value === "function" || typeof value === "object" || value === undefined;
}

/** @param {Listener} listener @param {EventTarget} target @param {Event} event */
function call(listener, target, event) {
  const { callback } = listener;
  if (typeof callback === "function") {
    const result = callback.call(lacks("set_event_target_this") ? globalThis : target, event);
    if (listener.isHandler && result === false) event.preventDefault();
    return;
  }
  // A handler attribute may hold any object and then does nothing; a listener object must have the method.
  if (callback === null || listener.isHandler) return;
  const method = callback.handleEvent;
  if (typeof method !== "function") throw new TypeError("handleEvent is not a function");
  method.call(callback, event);
}

/**
 * Dispatches an event that the runtime made: `isTrusted` is true.
 *
 * @param {EventTarget} target
 * @param {Event} event
 * @returns {boolean} false when a listener prevented the default
 */
export function dispatch(target, event) {
  return dispatchWith(target, event, TRUSTED);
}

/**
 * Whether a dispatch of such an event would call anything.
 *
 * @param {EventTarget} target
 * @param {string} type
 */
export function hasListeners(target, type) {
  return listening(target, type);
}

/**
 * Calls `changed` after each listener that is added to the target or taken away, handler attributes included.
 *
 * @param {EventTarget} target
 * @param {() => void} changed
 */
export function watchListeners(target, changed) {
  watch(target, changed);
}

/**
 * Defines attributes like `onmessage`, one per event name.
 *
 * @param {EventTarget} prototype
 * @param {string[]} names event types, without "on"
 */
export function defineEventHandlers(prototype, names) {
  for (const name of names) {
    // A literal, so that the functions have the names that accessors have.
    const accessor = {
      /** @this {EventTarget} */
      get [`on${name}`]() {
        return handlerOf(this, name)?.callback ?? null;
      },
      /** @this {EventTarget} @param {unknown} value */
      set [`on${name}`](value) {
        setHandler(this, name, (typeof value === "object" && value !== null) || typeof value === "function" ? value : null);
      },
    };
    Object.defineProperties(prototype, Object.getOwnPropertyDescriptors(accessor));
  }
}

defineInterface(Event, shownOfEvent);
defineConstants(Event, { NONE: 0, CAPTURING_PHASE: 1, AT_TARGET: 2, BUBBLING_PHASE: 3 });
defineInterface(EventTarget);
defineInspection(EventTarget.prototype, () => ({}));
