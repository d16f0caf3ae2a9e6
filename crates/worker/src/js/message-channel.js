/**
 * MessageChannel and MessagePort: two ports in one isolate. Messages are clones and arrive after the running code, in
 * order, once the receiving port was started.
 *
 * Differs: a port itself cannot be sent, as in Workers.
 *
 * @module
 */

import { defineEventHandlers, dispatch, EventTarget, MessageEvent } from "stated:event";
import { reportUncaught } from "stated:report";
import { structuredClone } from "stated:structured-clone";
import { badArgument, defineInterface, illegalConstructor, internal } from "stated:webidl";

const settled = Promise.resolve();

/** @type {(left: MessagePort, right: MessagePort) => void} */
let entangle;
/** The oldest message of a port that was not started, without an event. @type {(port: MessagePort) => { message: any } | undefined} */
export let takeMessage;

/** One end of a MessageChannel. */
export class MessagePort extends EventTarget {
  /** @type {MessagePort | undefined} */ #other;
  /** @type {unknown[]} messages that wait for start() */ #waiting = [];
  #started = false;
  #closed = false;

  /** @param {unknown} [token] */
  constructor(token = undefined) {
    if (token !== internal) throw illegalConstructor();
    super();
  }

  /**
   * @param {any} message
   * @param {Iterable<any> | { transfer?: Iterable<any> }} [options]
   */
  postMessage(message, options = undefined) {
    void this.#closed;
    if (arguments.length < 1) throw badArgument("MessagePort", "postMessage", 1, "Value");
    const transfer = typeof options === "object" && options !== null && Symbol.iterator in options
      ? /** @type {Iterable<any>} */ (options) : options?.transfer;
    const clone = structuredClone(message, transfer === undefined ? undefined : { transfer: [...transfer] });
    const other = this.#other;
    if (other !== undefined) other.#receive(clone);
  }

  /** @param {unknown} message */
  #receive(message) {
    if (this.#closed) return;
    if (this.#started) this.#deliver(message);
    else this.#waiting.push(message);
  }

  /** @param {unknown} message */
  #deliver(message) {
    settled.then(() => {
      if (this.#closed) return;
      try {
        dispatch(this, new MessageEvent("message", { data: message }));
      } catch (error) {
        reportUncaught(error);
      }
    });
  }

  /** Lets messages arrive; setting `onmessage` does it, too. */
  start() {
    if (this.#started || this.#closed) return;
    this.#started = true;
    for (const message of this.#waiting.splice(0)) this.#deliver(message);
  }

  /** Ends both ports. */
  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting.length = 0;
    const other = this.#other;
    this.#other = undefined;
    if (other !== undefined) {
      other.#other = undefined;
      // What was sent before is delivered first.
      settled.then(() => other.#end());
    }
  }

  #end() {
    if (this.#closed) return;
    this.#closed = true;
    dispatch(this, new MessageEvent("close"));
  }

  static {
    entangle = (left, right) => {
      left.#other = right;
      right.#other = left;
    };
    takeMessage = (port) => (port.#waiting.length === 0 ? undefined : { message: port.#waiting.shift() });
  }
}

defineEventHandlers(MessagePort.prototype, ["message", "messageerror", "close"]);

const onmessage = /** @type {PropertyDescriptor & { set: (this: MessagePort, value: any) => void }} */ (
  Object.getOwnPropertyDescriptor(MessagePort.prototype, "onmessage"));
// A literal, so that the function has the name that setters have.
const starting = {
  /** @this {MessagePort} @param {any} value */
  set onmessage(value) {
    onmessage.set.call(this, value);
    this.start();
  },
};
Object.defineProperty(MessagePort.prototype, "onmessage", {
  ...onmessage,
  set: /** @type {PropertyDescriptor} */ (Object.getOwnPropertyDescriptor(starting, "onmessage")).set,
});

/** Two entangled ports. */
export class MessageChannel {
  #port1 = new MessagePort(internal);
  #port2 = new MessagePort(internal);

  constructor() {
    entangle(this.#port1, this.#port2);
  }

  get port1() {
    return this.#port1;
  }

  get port2() {
    return this.#port2;
  }
}

defineInterface(MessagePort, []);
defineInterface(MessageChannel, ["port1", "port2"]);
