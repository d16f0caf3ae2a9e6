/**
 * `node:diagnostics_channel`: named channels between libraries and those who watch them.
 *
 * @module
 */

import { checkFunction, invalidArgType } from "stated:node-support/errors";
import { reportUncaught } from "stated:report";

/** @typedef {(message: any, name: string | symbol) => void} Subscriber */

/** @type {Map<string | symbol, Channel>} */
const channels = new Map();

/** A channel. */
export class Channel {
  /** @type {readonly Subscriber[]} replaced, never changed */ #subscribers = [];
  /** @type {Map<any, (data: any) => any>} */ #stores = new Map();
  name;

  /** @param {string | symbol} name */
  constructor(name) {
    this.name = name;
  }

  get hasSubscribers() {
    return this.#subscribers.length > 0 || this.#stores.size > 0;
  }

  /** @param {Subscriber} subscriber */
  subscribe(subscriber) {
    checkFunction("subscription", subscriber);
    this.#subscribers = [...this.#subscribers, subscriber];
  }

  /** @param {Subscriber} subscriber */
  unsubscribe(subscriber) {
    const index = this.#subscribers.indexOf(subscriber);
    if (index === -1) return false;
    this.#subscribers = this.#subscribers.toSpliced(index, 1);
    return true;
  }

  /** A failing subscriber disturbs nobody else. @param {any} message */
  publish(message) {
    for (const subscriber of this.#subscribers) {
      try {
        subscriber(message, this.name);
      } catch (error) {
        reportUncaught(error);
      }
    }
  }

  /** @param {any} store an AsyncLocalStorage @param {(data: any) => any} [transform] */
  bindStore(store, transform = (data) => data) {
    this.#stores.set(store, transform);
  }

  /** @param {any} store */
  unbindStore(store) {
    return this.#stores.delete(store);
  }

  /** Publishes, and calls `fn` with all bound stores set. @param {any} data @param {any} fn @param {any} [thisArg] @param {...any} args */
  runStores(data, fn, thisArg = undefined, ...args) {
    let run = () => {
      this.publish(data);
      return Reflect.apply(fn, thisArg, args);
    };
    for (const [store, transform] of this.#stores) {
      const inner = run;
      run = () => store.run(transform(data), inner);
    }
    return run();
  }
}

/** @param {string | symbol} name */
export function channel(name) {
  if (typeof name !== "string" && typeof name !== "symbol") throw invalidArgType("channel", "one of type string or symbol", name);
  let found = channels.get(name);
  if (found === undefined) {
    found = new Channel(name);
    channels.set(name, found);
  }
  return found;
}

/** @param {string | symbol} name */
export function hasSubscribers(name) {
  return channels.get(name)?.hasSubscribers ?? false;
}

/** @param {string | symbol} name @param {Subscriber} subscriber */
export function subscribe(name, subscriber) {
  channel(name).subscribe(subscriber);
}

/** @param {string | symbol} name @param {Subscriber} subscriber */
export function unsubscribe(name, subscriber) {
  return channel(name).unsubscribe(subscriber);
}

const phases = /** @type {const} */ (["start", "end", "asyncStart", "asyncEnd", "error"]);

/** The channels around one kind of operation. */
export class TracingChannel {
  /** @type {any} */ start;
  /** @type {any} */ end;
  /** @type {any} */ asyncStart;
  /** @type {any} */ asyncEnd;
  /** @type {any} */ error;

  /** @param {any} names a name, or the channels themselves */
  constructor(names) {
    if (typeof names !== "string" && (typeof names !== "object" || names === null)) {
      throw invalidArgType("nameOrChannels", "of type string or an instance of TracingChannel or Object", names);
    }
    for (const phase of phases) {
      const value = typeof names === "string" ? channel(`tracing:${names}:${phase}`) : names[phase];
      if (!(value instanceof Channel)) throw invalidArgType(`nameOrChannels.${phase}`, "an instance of Channel", value);
      Object.defineProperty(this, phase, { value, enumerable: false });
    }
  }

  get hasSubscribers() {
    return phases.some((phase) => this[phase].hasSubscribers);
  }

  /** @param {any} handlers */
  subscribe(handlers) {
    for (const phase of phases) if (handlers[phase]) this[phase].subscribe(handlers[phase]);
  }

  /** @param {any} handlers */
  unsubscribe(handlers) {
    return phases.map((phase) => !handlers[phase] || this[phase].unsubscribe(handlers[phase])).every(Boolean);
  }

  /** @param {any} fn @param {any} [context] @param {any} [thisArg] @param {...any} args */
  traceSync(fn, context = {}, thisArg = undefined, ...args) {
    return this.start.runStores(context, () => {
      try {
        const result = Reflect.apply(fn, thisArg, args);
        context.result = result;
        return result;
      } catch (error) {
        context.error = error;
        this.error.publish(context);
        throw error;
      } finally {
        this.end.publish(context);
      }
    });
  }

  /** @param {any} fn @param {any} [context] @param {any} [thisArg] @param {...any} args */
  tracePromise(fn, context = {}, thisArg = undefined, ...args) {
    const settled = (/** @type {"result" | "error"} */ key, /** @type {any} */ value) => {
      context[key] = value;
      if (key === "error") this.error.publish(context);
      this.asyncStart.publish(context);
      this.asyncEnd.publish(context);
    };
    return this.start.runStores(context, () => {
      try {
        return Promise.resolve(Reflect.apply(fn, thisArg, args)).then((value) => {
          settled("result", value);
          return value;
        }, (error) => {
          settled("error", error);
          throw error;
        });
      } catch (error) {
        context.error = error;
        this.error.publish(context);
        throw error;
      } finally {
        this.end.publish(context);
      }
    });
  }

  /** @param {any} fn @param {number} [position] of the callback @param {any} [context] @param {any} [thisArg] @param {...any} args */
  traceCallback(fn, position = -1, context = {}, thisArg = undefined, ...args) {
    const callback = args.at(position);
    checkFunction("callback", callback);
    const channels = this;
    /** @this {any} @param {any} error @param {any} result */
    const wrapped = function (error, result) {
      if (error) {
        context.error = error;
        channels.error.publish(context);
      } else context.result = result;
      channels.asyncStart.runStores(context, () => {
        try {
          Reflect.apply(callback, this, arguments);
        } finally {
          channels.asyncEnd.publish(context);
        }
      });
    };
    args.splice(position, 1, wrapped);
    return this.start.runStores(context, () => {
      try {
        return Reflect.apply(fn, thisArg, args);
      } catch (error) {
        context.error = error;
        this.error.publish(context);
        throw error;
      } finally {
        this.end.publish(context);
      }
    });
  }
}

/** @param {any} names */
export function tracingChannel(names) {
  return new TracingChannel(names);
}

export default { Channel, channel, hasSubscribers, subscribe, tracingChannel, unsubscribe };
